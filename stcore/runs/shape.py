"""What a run's files have to hold at the least, so that a damaged or edited one is found where it is read."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from stcore import registry
from stcore.options import DataOptions, OptionError, TrainOptions

NUMBER = (int, float)
PARTS = ("train", "validation", "test")
SPEC = {
    "created": str,
    "data": {
        "title": str, "source": str, "answers": dict, "fingerprint": str, "first_step": str, "step_seconds": NUMBER,
        "sensors": list, "channels": list, "places": (list, type(None)), "units": dict, "simulated": bool,
    },
    "targets": list,
    "windows": dict.fromkeys(PARTS, int),
    "scale": {"mean": list, "spread": list},
    "options": {
        "data": {"lookback": int, "horizon": int},
        "train": {"epochs": int, "threads": int},
        "model": {"name": str},
        "prune": {"name": str},
    },
    "versions": dict,
}  # fmt: skip
EPOCH = {
    "epoch": int, "train_loss": object, "learning_rate": object, "best": object, "visits": int, "kept": int,
    "validation": {"mae": object, "rmse": object, "mape": object},
    "seconds": {"train": NUMBER, "score": NUMBER, "select": NUMBER, "evaluate": NUMBER},
    "selection": dict,
}  # fmt: skip
ARM = {"label": str, "role": str, "method": str, "keep": NUMBER, "samples": str, "key": str, "options": dict}
PLANNED = {"id": str, "key": str, "role": str, "seed": int, "options": dict}
CHOSEN = {"batch": int, "lr": NUMBER, "edge": bool, "visits": NUMBER, "seconds": NUMBER, "trials": list}
TOLD = {"epoch": EPOCH, "started": {"epochs": int}}
DONE = {
    "metrics": {"validation": dict, "test": dict},
    "naive": dict,
    "visits": {"kept": NUMBER, "full": NUMBER, "share": object},
    "seconds": {"total": NUMBER, "score": NUMBER, "select": NUMBER},
}
ENDED = {"done": DONE, "failed": {"reason": str}, "stopped": {}}


def fits(value: Any, shape: Any) -> bool:
    """Whether ``value`` has all that ``shape`` names, of the kinds that it names; more is no harm."""
    if isinstance(shape, dict):
        return isinstance(value, dict) and all(name in value and fits(value[name], shape[name]) for name in shape)
    return isinstance(value, shape)


def wrong(spec: Mapping[str, Any]) -> str:
    """What a spec that ``fits`` says and that cannot be, in words; empty where it is sound."""
    data, options, targets = spec["data"], spec["options"], spec["targets"]
    sensors, channels, scale = data["sensors"], data["channels"], spec["scale"]
    told, is_one = spec.get("kind", "train"), "distil" in options
    if told not in ("train", "distil") or is_one != (told == "distil"):
        return f"it is told as {told!r} and has the options of a {'distillation' if is_one else 'training run'}"
    parts = {name: options.get(name) or {"name": ""} for name in ("model", "prune", "mask")}
    parts |= {"distil": options["distil"]} if is_one else {}
    checks = {
        "it names no sensors": bool(sensors) and _texts(sensors),
        "it names no target among its channels": bool(targets) and all(target in channels for target in targets),
        "its channels are no names": _texts(channels),
        "its places are not one a sensor": data["places"] is None or _places(data["places"], len(sensors)),
        "its scale is not one number a target": all(_numbers(scale[name], len(targets)) for name in ("mean", "spread")),
        "its numbers of windows are below 0": min(spec["windows"][name] for name in PARTS) >= 0,
        "its step is no time above 0": 0 < data["step_seconds"] < LONGEST_STEP,
        f"its first step is {data['first_step'][:40]!r}": _is_time(data["first_step"]),
        f"it was made on {spec['created'][:40]!r}": _is_time(spec["created"], zone=True),
        "its model or its method has no name": all(fits(part, {"name": str}) for part in parts.values()),
        "its share to keep is no number": fits(parts["prune"].get("keep") or 0, NUMBER),
        "its experiment is none": fits(spec.get("experiment") or {}, dict),
    }  # fmt: skip
    try:
        DataOptions.read({name: options["data"][name] for name in ("lookback", "horizon")})
        TrainOptions.read({name: options["train"][name] for name in ("epochs", "threads")})
        if is_one and fits(options["distil"], {"name": str}):
            _read_method(options["distil"])
    except OptionError as error:
        return str(error)
    return next((said for said, sound in checks.items() if not sound), "")


def _read_method(choice: Mapping[str, Any]) -> None:
    """OptionError where the options of a method of distillation cannot be; one that is not known here may have any."""
    if card := registry.cards("distillers").get(choice["name"]):
        card.options.read({name: value for name, value in choice.items() if name != "name"})


LONGEST_STEP = 1e9
"""Seconds, about 30 years."""


def _texts(values: list[Any]) -> bool:
    return all(isinstance(value, str) for value in values)


def _numbers(values: Any, count: int) -> bool:
    return len(values) == count and all(
        value is None or (fits(value, NUMBER) and abs(value) < 1e300) for value in values
    )


def _places(values: list[Any], count: int) -> bool:
    kinds = (*NUMBER, type(None))
    pairs = (isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], kinds) for pair in values)
    return len(values) == count and all(pairs)


def _is_time(text: str, zone: bool = False) -> bool:
    """Whether it is a moment that every part of the program can count with."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return False
    return 1700 <= moment.year <= 2200 and (moment.tzinfo is not None) == zone


def is_event(value: Any) -> bool:
    """Whether a line of ``events.jsonl`` is an event, and one of an epoch a whole one."""
    if not (isinstance(value, dict) and isinstance(value.get("event"), str)):
        return False
    return fits(value, TOLD.get(value["event"], {}))


def is_result(value: Any) -> bool:
    """Whether ``result.json`` says how a run ended."""
    if not (isinstance(value, dict) and isinstance(value.get("status"), str)):
        return False
    return value["status"] in ENDED and fits(value, ENDED[value["status"]])
