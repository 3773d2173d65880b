"""What an experiment may ask for: data, methods, budgets, seeds, the search, and the run options common to all."""

import json
import re
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from stcore import registry
from stcore.options import OptionError, Options, RunOptions, TrainOptions, option

Samples = Literal["windows", "cells"]
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")  # without dots: they part the words of a run's id
LARGEST = 1_000_000  # bytes of a file of options
MOST = 10_000  # seeds
DEEPEST = 20  # tables in tables


def _counted(value: Any) -> Any:
    """``3`` as the seeds 0, 1, 2."""
    if not isinstance(value, int) or isinstance(value, bool):
        return value
    if not 1 <= value <= MOST:
        raise ValueError(f"so many seeds are none; 1 to {MOST} can be asked for")
    return list(range(value))


def _single(value: Any) -> Any:
    """One budget as a list of one."""
    return [value] if isinstance(value, int | float) and not isinstance(value, bool) else value


def _searched(value: Any) -> Any:
    """``false`` for no search, ``true`` for the usual one."""
    if isinstance(value, bool):
        return TuneOptions() if value else None
    return TuneOptions.read(value) if isinstance(value, Mapping) else value


def _methods(value: Any) -> Any:
    """Names, or tables whose further entries are the method's own options."""
    if isinstance(value, str | Mapping):
        value = [value]
    return [_method(one) for one in value] if isinstance(value, list | tuple) else value


def _method(given: Any) -> Any:
    if isinstance(given, str):
        given = {"name": given}
    if not isinstance(given, Mapping):
        return given
    own = {name: part for name, part in given.items() if name not in MethodOptions.model_fields}
    more = given.get("options", {})
    if not isinstance(more, Mapping):
        raise ValueError("a method's options are a table of names and values")
    known = {name: part for name, part in given.items() if name in MethodOptions.model_fields}
    return MethodOptions.read({**known, "options": {**more, **own}})


def _plain(value: Any, deepest: int = DEEPEST) -> bool:
    """Whether a value can be written as JSON, of which TOML's dates and endless nesting are no part."""
    if isinstance(value, dict | list):
        parts = value.values() if isinstance(value, dict) else value
        return deepest > 0 and all(_plain(part, deepest - 1) for part in parts)
    return value is None or isinstance(value, str | int | float)


Budget = Annotated[float, Field(gt=0, le=1)]
Seed = Annotated[int, Field(ge=0, lt=2**31)]


class TuneOptions(Options):
    """The search for batch, learning rate and weight decay, the same for every method and every control."""

    cells: list[Annotated[int, Field(ge=1, le=10_000_000)]] = option(
        [512, 1024, 2048], "Batch sizes to try, in (window, sensor) cells.", min_length=1, max_length=20
    )
    rates: list[Annotated[float, Field(gt=0, le=1)]] | None = option(
        None,
        "Learning rates to try with each batch; the one that follows the batch when left out.",
        min_length=1,
        max_length=20,
    )
    decays: list[Annotated[float, Field(ge=0, le=1)]] | None = option(
        None,
        "Weight decays to try with each batch and rate; that of all runs when left out.",
        min_length=1,
        max_length=20,
    )
    seed: Seed = option(1000, "The search's own seed, none of the experiment's.")


class MethodOptions(Options):
    """One method of an experiment, as it stands in the file: a name, or a table."""

    name: str = option(..., "Name of the pruning strategy.")
    label: str | None = option(None, "What figures and tables call it; its name when left out.", max_length=60)
    samples: Samples | None = option(None, "windows or cells, where it differs from the experiment's.")
    keep: Annotated[list[Budget], BeforeValidator(_single)] | None = option(
        None, "Budgets of this method alone, instead of the experiment's.", min_length=1
    )
    options: dict[str, Any] = option({}, "The strategy's own options.")

    @field_validator("label")
    @classmethod
    def _printable(cls, label: str | None) -> str | None:
        if label is not None and not label.isprintable():
            raise ValueError("a label is one line of printable text")
        return label

    @model_validator(mode="after")
    def _known(self) -> Self:
        """The strategy exists, takes a budget, and has the options that are given."""
        card = registry.card("strategies", self.name)
        if "keep" not in card.options.model_fields:
            raise ValueError(f"{self.name} takes no budget (keep), so nothing can be held against it at equal visits")
        if "keep" in self.options:
            raise ValueError("a method's budgets stand beside its name, as keep")
        card.options.read({**self.options, "keep": 0.5})
        return self


class ExperimentOptions(Options):
    """Methods x budgets x seeds over one dataset, with the controls that make an answer of it."""

    name: str | None = option(None, "The experiment's name; that of its file when left out.")
    data: str = option("demo", "A file, a folder, or demo.", min_length=1)
    answers: dict[str, str] = option({}, "Answers to the data's questions, {code: choice}.")
    methods: Annotated[list[MethodOptions], BeforeValidator(_methods)] = option(
        ["st-prune"],
        "Names of strategies, or tables of a name, label, samples, keep and its own options.",
        min_length=1,
        validate_default=True,
    )
    keep: Annotated[list[Budget], BeforeValidator(_single)] = option(
        [0.5], "Budgets: shares of all sample visits of a full run.", min_length=1
    )
    seeds: Annotated[list[Seed], BeforeValidator(_counted)] = option(
        [0, 1, 2], "Seeds, or how many; every arm is trained with each, so that differences are paired.", min_length=1
    )
    samples: Samples = option("windows", "What is pruned: windows of all sensors, or (window, sensor) cells.")
    controls: bool = option(True, "Train full, full and random at equal visits, and the field's recipe beside them.")
    tune: Annotated[TuneOptions | None, BeforeValidator(_searched)] = option(
        TuneOptions(), "The search for batch and learning rate; false for none."
    )
    options: dict[str, Any] = option({}, "Run options common to all: model, data, train.")

    @field_validator("name")
    @classmethod
    def _speakable(cls, name: str | None) -> str | None:
        if name is not None and not NAME.fullmatch(name):
            raise ValueError("a name is up to 32 letters, digits and dashes and begins with a letter or digit")
        return name

    @field_validator("keep", "seeds")
    @classmethod
    def _once(cls, values: list[float]) -> list[float]:
        if len(set(values)) < len(values):
            raise ValueError("each may stand there once")
        return values

    @field_validator("options")
    @classmethod
    def _common(cls, options: dict[str, Any]) -> dict[str, Any]:
        """Those of a run that the experiment does not decide itself."""
        known = ("model", "data", "train", "mask")
        if unknown := [name for name in options if name not in known]:
            raise ValueError(f"{unknown[0]} is not common to all runs; known are {', '.join(known)}")
        if not _plain(options):
            raise ValueError(
                f"values are numbers, texts, true or false, and no more than {DEEPEST} tables deep; no dates"
            )
        RunOptions.read(options)
        if "samples" in options.get("data", {}):
            raise ValueError("samples stand beside the methods, not in data")
        return options

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        """What the search decides is not given too."""
        called = [(one.label or one.name, one.samples or self.samples) for one in self.methods]
        budgets = [set(one.keep or self.keep) for one in self.methods]
        for place, one in enumerate(called):
            if any(one == other and budgets[place] & budgets[before] for before, other in enumerate(called[:place])):
                raise ValueError(f"two methods are called {one[0]}; give them labels")
        train = TrainOptions.read(self.options.get("train", {}))
        if self.tune and self.tune.seed in self.seeds:
            raise ValueError(f"the search's seed, {self.tune.seed}, must be none of the experiment's")
        if self.tune and (train.batch is not None or train.lr is not None):
            raise ValueError("batch and learning rate are searched for; write tune = false to give them")
        return self


def read_file(path: Path) -> ExperimentOptions:
    """The experiment in a TOML or JSON file, named like the file where it has no name. OptionError in one sentence.

    Such a file holds values only. A path in it counts from where one is, or else from the file's folder.
    """
    values = _values(path)
    stem = re.sub(r"[^A-Za-z0-9_-]+", "-", path.stem).strip("-_")[:32] or "experiment"
    values = {"name": stem, **values}
    beside = path.parent / str(values.get("data", "demo"))
    with suppress(OSError, ValueError):  # a name that no file can have is refused where the data are opened
        if values.get("data", "demo") != "demo" and not Path(str(values["data"])).exists() and beside.exists():
            values["data"] = str(beside)
    return ExperimentOptions.read(values)


def _values(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > LARGEST:
            raise OptionError(f"{path} is too large for a file of options.")
        text = path.read_text("utf-8")
        values = json.loads(text) if path.suffix.lower() == ".json" else tomllib.loads(text)
    except FileNotFoundError:
        raise OptionError(f"There is no file {path}.") from None
    except (OSError, ValueError, RecursionError) as error:
        if isinstance(error, OptionError):
            raise
        kind = "JSON" if path.suffix.lower() == ".json" else "TOML"
        raise OptionError(f"{path} is no {kind}: {error}.") from None
    if not isinstance(values, dict):
        raise OptionError(f"{path} has to hold a table of options.")
    return values
