"""Making a distillation: a run of another kind, whose result is a distilled set. Nothing is distilled yet."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stcore import registry
from stcore.data import STData
from stcore.data.scale import fit
from stcore.data.windows import PARTS, cut
from stcore.distil.options import DistilOptions
from stcore.models.cards import for_unseen_sensors
from stcore.options import DistilledOptions, OptionError, RunOptions, merge
from stcore.runs.create import about, check_source, open_source, versions, where
from stcore.runs.folder import Run
from stcore.training import recipe

DEFAULTS: dict[str, Any] = {"model": {"name": "stid"}, "distil": {"name": "stemdist"}}


def create_distillation(
    source: str | Path | STData,
    options: Mapping[str, Any],
    runs: str | Path = "runs",
    name: str | None = None,
    answers: Mapping[str, str] | None = None,
    *,
    data: STData | None = None,
) -> Run:
    """A new folder for a distillation of ``source``, with every option resolved and checked; see ``create``."""
    check_source(source, runs)
    data = open_source(source, runs, answers) if data is None else data
    resolved = resolve_distillation(data, options)
    parts = cut(data, resolved.data)
    targets = data.channel(resolved.data.targets, data.channels[:1])
    scale = fit(data.values[parts.label == 0]).only(targets)
    spec = {
        "kind": "distil",
        "data": {"source": where(source), "answers": data.answers, **about(data)},
        "targets": [data.channels[place] for place in targets],
        "samples": len(parts.train),
        "windows": {name: len(windows) for name, windows in zip(PARTS, parts[:3], strict=True)},
        "scale": {"mean": scale.mean.tolist(), "spread": scale.spread.tolist()},
        "options": resolved.model_dump(mode="json"),
        "versions": versions(),
    }
    run = Run.create(Path(runs), spec, parts.train.starts, name)
    if isinstance(source, STData):
        source.save(run.path / "data.nc")
    return run


def resolve_distillation(data: STData, options: Mapping[str, Any]) -> DistilOptions:
    """Options with every default decided. OptionError for what cannot be, such as a surrogate that knows no other sensors."""
    asked = DistilOptions.read(merge(DEFAULTS, options))
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
    cut(data, asked.data)
    return asked.model_copy(update=chosen)
