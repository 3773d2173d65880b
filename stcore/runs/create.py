"""Making a run: every option resolved and checked, and what is remembered of its data. Nothing is trained yet."""

import sys
from collections.abc import Mapping
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from stcore import __version__, readers, registry
from stcore.data import STData
from stcore.data.checks import sensor_word
from stcore.data.scale import fit
from stcore.data.windows import PARTS, Parts, cut, observed_cells
from stcore.distil.options import FILE, DistilOptions
from stcore.models.cards import for_unseen_sensors
from stcore.options import DataOptions, DistilledOptions, OptionError, RunOptions, merge
from stcore.prune.strategy import Samples
from stcore.registry import ModelCard
from stcore.runs import small_set
from stcore.runs.folder import Run
from stcore.runs.quota import check_quota, check_reach
from stcore.sensors.options import SiteOptions
from stcore.sensors.sites import Sites
from stcore.training import recipe
from stcore.training.features import SKETCH

WHOLE = ("hour", "window", "sensor")
"""Features of samples that are whole numbers."""
DISTIL_DEFAULTS: dict[str, Any] = {"model": {"name": "stid"}, "distil": {"name": "stemdist"}}


def create(
    source: str | Path | STData,
    options: Mapping[str, Any],
    runs: str | Path = "runs",
    name: str | None = None,
    answers: Mapping[str, str] | None = None,
    *,
    data: STData | None = None,
    experiment: Mapping[str, Any] | None = None,
) -> Run:
    """A new run's folder, with every option resolved and checked; nothing is trained yet.

    ``data`` is what ``source`` holds, where that is open already. ``experiment`` says for which one the run is made.
    """
    check_source(source, runs)
    data = open_source(source, runs, answers) if data is None else data
    asked = RunOptions.read(options)
    small = None
    if (place := asked.distilled.source) is not None:
        check_reach(place, runs)
        small = small_set.check_set(data, asked, small_set.open_set(place, data))
    alone = small if asked.distilled.warm is None else None  # trained on in place of the data's own windows
    resolved, parts = resolve(data, asked, alone)
    starts = parts.train.starts if alone is None else small_set.origins(alone, parts.train.starts)
    spec = {
        **common_spec(source, data, resolved, parts, starts),
        **({"samples": sample_count(data, resolved, parts)} if alone is None else {}),
        **({"experiment": dict(experiment)} if experiment else {}),
        **({"distilled": small_set.set_facts(small)} if small is not None else {}),
    }
    run = write_run(source, spec, starts, runs, name)
    if small is not None:
        small.save(run.path / FILE)
    return run


def create_distillation(
    source: str | Path | STData,
    options: Mapping[str, Any],
    runs: str | Path = "runs",
    name: str | None = None,
    answers: Mapping[str, str] | None = None,
    *,
    data: STData | None = None,
) -> Run:
    """A new folder for a distillation of ``source``, with every option resolved and checked; see ``create``.

    A distillation is a run of another kind: its result is a distilled set.
    """
    check_source(source, runs)
    data = open_source(source, runs, answers) if data is None else data
    resolved, parts = resolve_distillation(data, options)
    spec = {"kind": "distil", **common_spec(source, data, resolved, parts, parts.train.starts)}
    return write_run(source, spec, parts.train.starts, runs, name)


def common_spec(
    source: str | Path | STData, data: STData, options: RunOptions, parts: Parts, starts: np.ndarray
) -> dict[str, Any]:
    """What the spec of every run says; ``starts`` [W] are the first steps of its training windows."""
    targets = data.channel(options.data.targets, data.channels[:1])
    scale = fit(data.values[parts.label == 0]).only(targets)
    return {
        "data": {"source": data_source(source), "answers": data.answers, **data_facts(data)},
        "targets": [data.channels[index] for index in targets],
        "samples": len(starts),
        "windows": {name: len(windows) for name, windows in zip(PARTS, parts[:3], strict=True)}
        | {"train": len(starts)},
        "scale": {"mean": scale.mean.tolist(), "spread": scale.spread.tolist()},
        "options": options.model_dump(mode="json"),
        "versions": versions(),
    }


def write_run(
    source: str | Path | STData, spec: Mapping[str, Any], starts: np.ndarray, runs: str | Path, name: str | None
) -> Run:
    """The run's folder; data that come from memory are saved in it."""
    run = Run.create(Path(runs), spec, starts, name)
    if isinstance(source, STData):
        source.save(run.path / "data.nc")
    return run


def open_source(
    source: str | Path | STData, runs: str | Path = "runs", answers: Mapping[str, str] | None = None
) -> STData:
    """The data for a new run in the folder ``runs``, checked as by ``check_source``."""
    check_source(source, runs)
    return source if isinstance(source, STData) else readers.open(source, answers)


def check_source(source: str | Path | STData, runs: str | Path) -> None:
    """RunError where the folder ``runs`` is full, DataError where a class may not read ``source``."""
    check_quota(Path(runs))
    check_reach(source, runs)


def data_source(source: str | Path | STData) -> str:
    """Where the worker finds the data: a path, ``demo``, or the run folder's own copy of data that came from memory."""
    if isinstance(source, STData):
        return "data.nc"
    return "demo" if source == "demo" else str(Path(source).expanduser().resolve())


def resolve(data: STData, options: RunOptions, alone: STData | None = None) -> tuple[RunOptions, Parts]:
    """Options with every default decided (batch, rate, threads, those of model and strategy), and the data's windows.

    ``alone`` is the distilled set that is trained on in their place; where nothing else is asked, it is not pruned.
    Raises OptionError for what cannot be, such as a model with nothing to train or a share of visits that cannot be met.
    """
    parts, train = cut(data, options.data), options.train
    samples = sample_count(data, options, parts) if alone is None else alone.ds["start"].size
    if alone is not None and "prune" not in options.model_fields_set:
        options = options.model_copy(update={"prune": {"name": "full"}})
    chosen: dict[str, Any] = {}
    kinds: tuple[tuple[str, registry.Kind, str], ...] = (
        ("model", "models", "stid"),
        ("prune", "strategies", "st-prune"),
        ("mask", "masks", "none"),
    )
    for field, kind, default in kinds:
        given = dict(getattr(options, field))
        if kind == "models" and options.distilled.source is not None:
            given = for_unseen_sensors(given)
        card = registry.card(kind, given.pop("name", default))
        chosen[field] = {"name": card.name, **card.options.read(given).model_dump(mode="json")}
        if isinstance(card, ModelCard):
            check_model(card, data, options.data)
    check_mask(data, options.data, chosen, parts)
    chosen["prune"] = resolve_pruning(chosen["prune"], "keep" in options.prune, samples, train.epochs)
    size = 1 if options.data.samples == "cells" else len((alone or data).sensors)
    batch = recipe.batch_size(train, size, samples)
    rate = recipe.base_rate(train, batch, size, chosen["model"]["name"])
    decided = {"batch": batch, "lr": rate, "threads": recipe.threads(train)}
    decided["weight_decay"] = recipe.weight_decay(train, chosen["model"]["name"], alone is not None)
    return options.model_copy(update={**chosen, "train": train.model_copy(update=decided)}), parts


def check_model(card: ModelCard, data: STData, options: DataOptions) -> None:
    """OptionError where a model cannot be trained on these data, or on samples of this kind."""
    if not card.trains:
        raise OptionError(f"{card.name} has nothing to train; every run reports it beside its own metrics")
    if card.mixes_sensors and options.samples == "cells":
        raise OptionError(f"{card.name} mixes sensors, so a sample is a whole window; set data.samples to windows")
    if card.needs_grid and "grid" not in data.ds.attrs:
        able = [one.name for one in registry.cards("models").values() if one.trains and not one.needs_grid]
        raise OptionError(
            f"{card.name} needs sensors that are cells of a grid, and these are not; {', '.join(able)} need none"
        )


def check_mask(data: STData, options: DataOptions, chosen: Mapping[str, Any], parts: Parts) -> None:
    """OptionError where the mask cannot be: for a model that does not mix sensors, or with sensors that do not exist."""
    mask = dict(chosen["mask"])
    card, model = registry.card("masks", mask.pop("name")), registry.card("models", chosen["model"]["name"])
    if card.off == "never":
        return
    if not model.mixes_sensors:
        able = ", ".join(card.name for card in registry.cards("models").values() if card.mixes_sensors)
        raise OptionError(
            f"{model.name} forecasts each sensor from its own readings alone, so one that is off would have none: "
            f"a mask needs a model that mixes sensors, such as {able}"
        )
    settings = card.options.read(mask)
    if isinstance(settings, SiteOptions):
        target = data.channel(options.targets, data.channels[:1])[0]
        card.load()(settings, Sites(data, settings, target, parts.label == 0), 1, 0)


def sample_count(data: STData, options: RunOptions, parts: Parts) -> int:
    """How many samples there are to prune: training windows, or those of their cells that hold a target."""
    if options.data.samples == "windows":
        return len(parts.train)
    return len(observed_cells(data, parts.train, data.channel(options.data.targets, data.channels[:1])))


def resolve_pruning(prune: dict[str, Any], asked: bool, samples: int, epochs: int) -> dict[str, Any]:
    """The strategy's options, after building it once on blank features: a budget it cannot meet is refused now.

    Where no share was ``asked`` for and the default cannot be met, as in one epoch, the method's own threshold decides;
    where it has none, nothing is pruned.
    """
    card = registry.card("strategies", prune["name"])

    def blank(name: str) -> np.ndarray:
        return np.zeros((samples, SKETCH) if name == "series" else samples, int if name in WHOLE else float)

    def possible(keep: dict[str, Any]) -> dict[str, Any]:
        settings = {name: value for name, value in (prune | keep).items() if name != "name"}
        card.load()(card.options.read(settings), Samples(samples, epochs, 0, blank))
        return prune | keep

    ways: list[dict[str, Any]] = [{}] if asked or "keep" not in prune else [{}, {"keep": None}, {"keep": 1.0}]
    for keep in ways[:-1]:
        with suppress(OptionError):
            return possible(keep)
    return possible(ways[-1])


def data_facts(data: STData) -> dict[str, Any]:
    """What a run remembers of its data."""
    places = data.locations
    return {
        "title": data.title,
        "fingerprint": data.fingerprint,
        "simulated": data.simulated,
        "zone": data.zone,
        "assumed": data.assumed,
        "first_step": str(data.time[0]),
        "step_seconds": data.step_seconds,
        "steps": data.steps,
        "sensors": data.sensors,
        "channels": data.channels,
        "node": sensor_word(data.ds),
        "units": data.units,
        "places": None if places is None else places.tolist(),
    }


def versions() -> dict[str, str]:
    """What the run was made with, without importing any of it."""
    found = {"stcore": __version__, "python": sys.version.split()[0]}
    for package in ("torch", "numpy", "pandas", "xarray", "streamlit"):
        with suppress(PackageNotFoundError):
            found[package] = version(package)
    return found


def resolve_distillation(data: STData, options: Mapping[str, Any]) -> tuple[DistilOptions, Parts]:
    """Options with every default decided, and the data's windows.

    OptionError for what cannot be, such as a surrogate that knows no other sensors.
    """
    asked = DistilOptions.read(merge(DISTIL_DEFAULTS, options))
    if asked.data.samples == "cells":
        raise OptionError("a distillation works on windows; set data.samples to windows")
    if asked.mask not in ({}, {"name": "none"}) or asked.distilled != DistilledOptions():
        raise OptionError(
            "a distillation makes its set of all sensors of the data: it has no mask and begins with no other set"
        )
    if asked.train.device != "cpu" or asked.train.precision == "float64":
        raise OptionError(
            "a distillation works on the processor, in float32; leave train.device and train.precision as they are"
        )
    plain, idle = RunOptions(), ("epochs", "patience", "forecasts")
    if told := [name for name in idle if getattr(asked.train, name) != getattr(plain.train, name)]:
        raise OptionError(
            f"a distillation does not follow train.{told[0]}: distil.epochs says for how long a validation trains its models"
        )
    if asked.prune not in (plain.prune, {"name": "full"}):
        raise OptionError("a distillation prunes nothing; runs on its set do, with train DATA --distilled")
    model, distil = for_unseen_sensors(asked.model), dict(asked.distil)
    surrogate = registry.card("models", model.pop("name"))
    method = registry.card("distillers", distil.pop("name"))
    chosen = {
        "model": {"name": surrogate.name, **surrogate.options.read(model).model_dump(mode="json")},
        "distil": {"name": method.name, **method.options.read(distil).model_dump(mode="json")},
        "prune": {"name": "full"},
        "mask": {"name": "none"},
        "train": asked.train.model_copy(update={"threads": recipe.threads(asked.train)}),
    }
    return asked.model_copy(update=chosen), cut(data, asked.data)
