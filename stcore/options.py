"""Options. One declaration yields the checks, the command line's ``--set``, the app's forms and the JSON of a run."""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator


def _as_list(value: Any) -> Any:
    """A list from ``"1,50,80"`` or from a single ``1``, as a command line writes it."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return [value] if isinstance(value, int) else value


def _as_names(value: Any) -> Any:
    """A list of names. A whole number becomes a name, since a command line reads sensor 773869 as a number."""
    parts = _as_list(value)
    return [str(part) if type(part) is int else part for part in parts] if isinstance(parts, list) else parts


def _as_three_shares(value: Any) -> Any:
    """Three shares. Pydantic's own message would name the missing ones by number."""
    shares = _as_list(value)
    if not isinstance(shares, list | tuple) or len(shares) != 3:
        raise ValueError(SHARES_RULE)
    return shares


# An error quotes at most so many letters of a value.
LONGEST_QUOTE = 200
SHARES_RULE = "three shares above 0 that sum to 1 are needed, such as 0.6,0.2,0.2"
Names = Annotated[list[str], BeforeValidator(_as_names)]
Steps = Annotated[list[int], BeforeValidator(_as_list)]


class OptionError(ValueError):
    """An option that is not allowed. The message says which one, its value, and what is allowed."""


class Options(BaseModel):
    """A set of options. Values are checked, unknown names refused, and nothing changes later."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> Self:
        """Options from plain values. OptionError, with one sentence for each wrong value."""
        try:
            return cls.model_validate(dict(values))
        except ValidationError as error:
            raise OptionError("; ".join(_sentence(cls, part) for part in error.errors())) from None

    @classmethod
    def describe(cls) -> list[dict[str, Any]]:
        """Name, type, default, unit, bounds and help of each option as plain values; ``optional`` if it may be None."""
        schema = cls.model_json_schema()
        rows = []
        for name, field in cls.model_fields.items():
            extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
            default = json.loads(json.dumps(field.get_default(call_default_factory=True), default=_plain))
            shape = _shape(schema["properties"][name])
            rows.append({"name": name, "default": default, "help": field.description or "", **shape, **extra})
        return rows


SCHEMA_KEYS = ("type", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "enum")


def _shape(part: dict[str, Any]) -> dict[str, Any]:
    """Type, bounds and choices from an option's schema. If the option may be null, from its other form."""
    forms = part.get("anyOf", [part])
    form = next((form for form in forms if form.get("type") != "null"), part)
    if "const" in form:
        form = {**form, "enum": [form["const"]]}
    optional = {"optional": True} if len(forms) > 1 else {}
    return {key: form[key] for key in SCHEMA_KEYS if key in form} | optional


def _plain(value: Any) -> Any:
    return value.model_dump() if isinstance(value, BaseModel) else list(value)


def _sentence(cls: type[Options], error: Mapping[str, Any]) -> str:
    where = ".".join(str(part) for part in error["loc"]) or cls.__name__
    if error["type"] == "extra_forbidden":
        known = f"known are {', '.join(cls.model_fields)}" if cls.model_fields else "there are none to choose here"
        return f"there is no option {where!r}; {known}"
    message, given = error["msg"].removeprefix("Value error, "), repr(error["input"])
    given = given if len(given) <= LONGEST_QUOTE else f"{given[:LONGEST_QUOTE]}..."
    return f"option {where!r}: {message[:1].lower()}{message[1:]} (it was {given})"


def option(default: Any, description: str, **more: Any) -> Any:
    """A field with its help. Forms show ``unit=...`` beside it."""
    unit = more.pop("unit", None)
    return Field(default, description=description, json_schema_extra={"unit": unit} if unit else None, **more)


class DataOptions(Options):
    """How samples are cut from the data."""

    lookback: int = option(12, "Steps that the model sees.", ge=1, le=2016, unit="steps")
    horizon: int = option(12, "Steps that it forecasts.", ge=1, le=2016, unit="steps")
    split: Annotated[tuple[float, float, float], BeforeValidator(_as_three_shares)] = option(
        (0.6, 0.2, 0.2), "Shares of time for training, validation and test, in this order."
    )
    targets: Names | None = option(None, "Channels to forecast; the first when left out.")
    inputs: Names | None = option(None, "Channels that the model sees; all when left out.")
    samples: Literal["windows", "cells"] = option(
        "windows",
        "What is pruned: whole windows of all sensors, or cells, single (window, sensor) pairs in batches of shuffled "
        "ones, for models that do not mix sensors.",
    )
    mape_floor: float = option(
        0.0, "MAPE leaves out truths whose absolute value is at most this.", ge=0, unit="of the target"
    )

    @field_validator("split")
    @classmethod
    def _shares(cls, split: tuple[float, float, float]) -> tuple[float, float, float]:
        if not (min(split) > 0 and abs(sum(split) - 1) <= 1e-6):
            raise ValueError(SHARES_RULE)
        return split

    @field_validator("targets", "inputs")
    @classmethod
    def _channels(cls, names: list[str] | None) -> list[str] | None:
        if names is not None and (not names or len(set(names)) < len(names)):
            raise ValueError("at least one channel is needed, and none twice")
        return names


class TrainOptions(Options):
    """How the model is trained."""

    epochs: int = option(15, "Passes over the training windows, pruned or not.", ge=1, le=10_000)
    batch: int | None = option(
        None, "Samples in a step; about 1024 (window, sensor) cells when left out.", ge=1, le=65_536, unit="samples"
    )
    loss: Literal["mae", "mse", "huber"] = option(
        "mae",
        "What an error costs in training, and a sample's error for the strategy: its absolute value, its square, or Huber's "
        "between the two, which is a square up to one training spread.",
    )
    lr: float | None = option(None, "Learning rate at the start; follows the batch when left out.", gt=0, le=1.0)
    optimizer: Literal["adam", "adamw"] = option(
        "adam", "Adam with its weight decay in the gradient, or AdamW with it apart."
    )
    weight_decay: float | None = option(
        None, "Pull of the weights towards zero; what suits the model when left out.", ge=0, le=1.0
    )
    milestones: Steps | None = option(
        None, "Epochs after which the learning rate is multiplied by gamma; a cosine to zero when left out."
    )
    gamma: float = option(0.5, "Factor at a milestone.", gt=0, le=1.0)
    clip: float = option(5.0, "Largest norm of a step's gradient; 0 never clips.", ge=0)
    patience: int | None = option(
        None, "Stop after so many epochs without a better validation error; never when left out.", ge=1, unit="epochs"
    )
    precision: Literal["float32", "bfloat16", "float64"] = option(
        "float32",
        "Arithmetic of the forward pass; bfloat16 is faster on processors that know it and costs up to 1 % accuracy.",
    )
    threads: int | None = option(None, "Processor threads; one less than there are cores when left out.", ge=1, le=256)
    device: Literal["cpu", "cuda"] = option("cpu", "Where tensors live.")
    forecasts: int = option(256, "Room for stored forecasts at the end of a run.", ge=0, le=65_536, unit="MB")


class DistilledOptions(Options):
    """Which distilled set a run trains on, if any."""

    source: str | None = option(None, "A distilled set to train on; validation and test stay the data's own.")
    warm: int | None = option(
        None,
        "Epochs on the distilled set, after which the run trains on the data themselves; on the set alone when left out.",
        ge=1,
        le=10_000,
        unit="epochs",
    )


class RunOptions(Options):
    """Everything besides the data that determines a run. ``model``, ``prune`` and ``mask`` hold a ``name`` and the options of
    the thing with that name."""

    seed: int = option(0, "The one seed of every random draw.", ge=0, lt=2**31)
    data: DataOptions = DataOptions()
    train: TrainOptions = TrainOptions()
    model: dict[str, Any] = option({"name": "stid"}, "The forecaster and its options.")
    prune: dict[str, Any] = option({"name": "st-prune"}, "The pruning strategy and its options.")
    mask: dict[str, Any] = option({"name": "none"}, "The mask over sensors and its options.")
    distilled: DistilledOptions = DistilledOptions()


def parse_assignments(assignments: list[str]) -> dict[str, Any]:
    """``["model.width=32"]`` as ``{"model": {"width": 32}}``. A value is read as JSON if it is JSON, else as text."""
    tree: dict[str, Any] = {}
    for assignment in assignments:
        path, equals, text = assignment.partition("=")
        if not equals or not path:
            raise OptionError(f"--set takes name=value, such as model.width=32; it was {assignment!r}")
        *parents, last = path.split(".")
        branch = tree
        for parent in parents:
            branch = branch.setdefault(parent, {})
            if not isinstance(branch, dict):
                raise OptionError(f"{path!r} goes through {parent!r}, which has a value already")
        branch[last] = _value(text)
    return tree


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def merge(*trees: Mapping[str, Any]) -> dict[str, Any]:
    """One nested dict from several. Later values replace earlier ones."""
    result: dict[str, Any] = {}
    for tree in trees:
        for key, value in tree.items():
            below = result.get(key)
            result[key] = merge(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return result
