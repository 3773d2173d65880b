"""Spec: what was asked of a run and of which data, as its spec.json says it. Written once, never changed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from stcore import registry
from stcore.distil.options import DistilOptions
from stcore.options import LONGEST_QUOTE, OptionError, RunOptions, merge

Kind = Literal["train", "distil"]
LONGEST_STEP = 1e9
"""Seconds, about 30 years."""
LARGEST = 1e300
"""Numbers of a scale are below it, so that arithmetic with them stays finite."""
NEEDED = (("data", "lookback"), ("data", "horizon"), ("train", "epochs"), ("train", "threads"))
"""Options that every run's record has, whatever its version."""


class RunError(ValueError):
    """A run that cannot be opened, made or resumed; says which and why."""


class SpecError(ValueError):
    """A spec that cannot be: says what is wrong with it; ``incomplete`` where parts are missing."""

    def __init__(self, text: str, incomplete: bool = False) -> None:
        super().__init__(text)
        self.incomplete = incomplete


def _moment(text: str) -> str:
    """A time that every part of the program can count with."""
    try:
        year = datetime.fromisoformat(text).year
    except ValueError:
        raise ValueError("a time in ISO 8601 is needed") from None
    if not 1700 <= year <= 2200:
        raise ValueError("a time between the years 1700 and 2200 is needed")
    return text


def _local(text: str) -> str:
    if datetime.fromisoformat(_moment(text)).tzinfo is not None:
        raise ValueError("a time without a zone is needed")
    return text


def _zoned(text: str) -> str:
    if datetime.fromisoformat(_moment(text)).tzinfo is None:
        raise ValueError("a time with its zone is needed")
    return text


def _number(value: Any) -> float:
    """A finite number; JSON's null stands for one that is not a number."""
    if value is None:
        return float("nan")
    if isinstance(value, int | float) and abs(value) < LARGEST:
        return float(value)
    raise ValueError("a number is needed")


Number = Annotated[float, BeforeValidator(_number)]
LocalTime = Annotated[str, AfterValidator(_local)]
ZonedTime = Annotated[str, AfterValidator(_zoned)]


class Part(BaseModel):
    """A part of a record: never changed, and what newer versions add to it is kept."""

    model_config = ConfigDict(frozen=True, extra="allow", populate_by_name=True)


class DataFacts(Part):
    """What a run remembers of its data, so that it can be shown without them."""

    title: str
    source: str
    answers: dict[str, Any]
    fingerprint: str
    simulated: bool
    zone: str | None = None
    assumed: str = ""
    first_step: LocalTime
    step_seconds: float = Field(gt=0, lt=LONGEST_STEP)
    steps: int | None = None
    sensors: list[str]
    channels: list[str]
    node: str = "sensor"
    units: dict[str, str]
    locations: list[tuple[float | None, float | None]] | None = Field(alias="places")


class WindowCounts(Part):
    """How many windows each part of the data has."""

    train: int = Field(ge=0)
    validation: int = Field(ge=0)
    test: int = Field(ge=0)


class ScaleFacts(Part):
    """Mean and standard deviation of each target over the training part, in its unit."""

    mean: list[Number]
    std: list[Number] = Field(alias="spread")


class Spec(Part):
    """The record of one run. Records of earlier versions lack what has a default here.

    ``options`` are those of a DistilOptions for a distillation. Option names that only a newer version knows are set aside
    in ``unknown_options``: the run can be looked at, and ``check_options`` refuses to work on it.
    """

    format: int = 1
    id: str | None = None
    kind: Kind = "train"
    created: ZonedTime
    data: DataFacts
    targets: list[str]
    samples: int | None = None
    windows: WindowCounts
    scale: ScaleFacts
    options: RunOptions
    unknown_options: dict[str, Any] = Field(default_factory=dict, exclude=True)
    versions: dict[str, str | None]
    experiment: dict[str, Any] | None = None
    distilled: dict[str, Any] | None = None

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> Self:
        """A spec from the values of a spec.json. SpecError in one sentence where they cannot be."""
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            first, *_ = parts = error.errors()
            raise SpecError(_sentence(first), any(map(_is_missing, parts))) from None

    @model_validator(mode="before")
    @classmethod
    def _set_unknown_aside(cls, values: Any) -> Any:
        if not isinstance(values, Mapping) or not isinstance(asked := values.get("options"), Mapping):
            return values
        options, unknown = read_leniently(DistilOptions if "distil" in asked else RunOptions, asked)
        return {**values, "options": options, "unknown_options": unknown}

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        is_one, count = isinstance(self.options, DistilOptions), len(self.targets)
        if is_one != (self.kind == "distil"):
            whose = "a distillation" if is_one else "a training run"
            raise ValueError(f"its kind is {self.kind!r}, but its options are those of {whose}")
        if not self.data.sensors or not self.targets:
            raise ValueError(f"it names no {'target' if self.data.sensors else 'sensors'}")
        if missing := [name for name in self.targets if name not in self.data.channels]:
            raise ValueError(f"its target {missing[0]!r} is not among its channels")
        if len(self.scale.mean) != count or len(self.scale.std) != count:
            raise ValueError("its scale needs one number for each target")
        if self.data.locations is not None and len(self.data.locations) != len(self.data.sensors):
            raise ValueError("its places need one location for each sensor")
        return self

    def to_json(self) -> dict[str, Any]:
        """The values that spec.json holds, with every option."""
        record = self.model_dump(mode="json", by_alias=True, exclude_unset=True)
        return {**record, "options": merge(self.options_json, self.unknown_options)}

    def check_options(self) -> None:
        """OptionError where the run has options that this version does not know, so that nothing may be computed with it."""
        if self.unknown_options:
            type(self.options).read(merge(self.options_json, self.unknown_options))

    @property
    def options_json(self) -> dict[str, Any]:
        """All options as plain values."""
        return self.options.model_dump(mode="json")

    @property
    def distil(self) -> dict[str, Any]:
        """The distiller's name and options; empty for a training run."""
        return self.options.distil if isinstance(self.options, DistilOptions) else {}

    @property
    def distil_options(self) -> DistilOptions:
        """The options of a distillation. SpecError for a training run."""
        if not isinstance(self.options, DistilOptions):
            raise SpecError("it is a training run, which has no options of a distillation")
        return self.options

    @property
    def lookback(self) -> int:
        """Steps that the model sees."""
        return self.options.data.lookback

    @property
    def horizon(self) -> int:
        """Steps that the model forecasts."""
        return self.options.data.horizon

    @property
    def of_cells(self) -> bool:
        """Whether a sample is a cell, not a window."""
        return self.options.data.samples == "cells"

    @property
    def is_trial(self) -> bool:
        """Whether it is one of the trials of an experiment's search for batch and learning rate."""
        return (self.experiment or {}).get("trial") is not None

    @property
    def target(self) -> str:
        """The first target, whose errors stand for the run in lists and pictures."""
        return self.targets[0]

    @property
    def unit(self) -> str:
        """The unit of the first target; empty where it has none."""
        return self.data.units.get(self.target, "")

    @property
    def error_unit(self) -> str:
        """The unit of errors over all targets; training spreads where there are several, whose units may differ."""
        return self.unit if len(self.targets) == 1 else "training spreads"

    @property
    def model_name(self) -> str:
        """The name of the model, or of a distillation's surrogate."""
        return str(self.options.model["name"])

    @property
    def mask_name(self) -> str:
        """The name of the mask over sensors; ``none`` where there is none."""
        return str(self.options.mask["name"])


def read_leniently(kind: type[RunOptions], asked: Mapping[str, Any]) -> tuple[RunOptions, dict[str, Any]]:
    """Recorded options, and apart from them those that this version does not know, nested alike.

    OptionError for what no version writes: values that cannot be, or a record without the options that all have.
    """
    known = {name: value for name, value in asked.items() if name != "mask" or value}  # an empty mask is none
    unknown: dict[str, Any] = {}
    try:
        options = kind.model_validate(known)
    except ValidationError as error:
        for loc in [part["loc"] for part in error.errors() if part["type"] == "extra_forbidden"]:
            known, unknown = _without(known, loc), merge(unknown, _only(known, loc))
        options = kind.read(known)
    for group, name in NEEDED:
        if getattr(getattr(options, group), name) is None or name not in getattr(options, group).model_fields_set:
            raise OptionError(f"option '{group}.{name}' is missing")
    things = [options.model, options.prune, options.mask]
    things += [options.distil] if isinstance(options, DistilOptions) else []
    if not all(isinstance(thing.get("name"), str) for thing in things):
        raise OptionError("its model, strategy, mask or distiller has no name")
    if not isinstance(options.prune.get("keep") or 0, int | float):
        raise OptionError("option 'prune.keep': a number is needed")
    if isinstance(options, DistilOptions):
        _check_distiller(options.distil)
    return options, unknown


def _check_distiller(choice: Mapping[str, Any]) -> None:
    """OptionError where a distiller's options cannot be; one that is not known here may have any."""
    if card := registry.cards("distillers").get(choice["name"]):
        card.options.read({name: value for name, value in choice.items() if name != "name"})


def _without(values: Mapping[str, Any], path: tuple[Any, ...]) -> dict[str, Any]:
    first, *rest = path
    if not rest:
        return {name: value for name, value in values.items() if name != first}
    return {**values, first: _without(values[first], tuple(rest))}


def _only(values: Mapping[str, Any], path: tuple[Any, ...]) -> dict[str, Any]:
    first, *rest = path
    return {first: _only(values[first], tuple(rest)) if rest else values[first]}


def _is_missing(error: Mapping[str, Any]) -> bool:
    """Whether a named part is missing, not one of a list."""
    return error["type"] == "missing" and isinstance(error["loc"][-1], str)


def _sentence(error: Mapping[str, Any]) -> str:
    """The first thing that is wrong, in words."""
    said = error["msg"].removeprefix("Value error, ")
    if not (where := ".".join(str(part) for part in error["loc"])):
        return str(said)
    given = repr(error["input"])
    given = given if len(given) <= LONGEST_QUOTE else f"{given[:LONGEST_QUOTE]}..."
    return f"its {where!r}: {said[:1].lower()}{said[1:]} (it was {given})"
