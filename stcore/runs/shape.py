"""The least that events and results have to hold, so that a damaged or edited file is noticed where it is read."""

from typing import Any

NUMBER = (int, float)
EPOCH = {
    "epoch": int,
    "train_loss": object,
    "learning_rate": object,
    "best": object,
    "visits": int,
    "kept": int,
    "validation": {"mae": object, "rmse": object, "mape": object},
    "seconds": {"train": NUMBER, "score": NUMBER, "select": NUMBER, "evaluate": NUMBER},
    "selection": dict,
}
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
