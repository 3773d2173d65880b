"""Options of distillers and distillations. No torch here, so that a form can show them."""

from math import ceil
from typing import Any, Literal

from pydantic import model_validator

from stcore.options import Options, RunOptions, option

# The set's file, in the folder of its distillation and of every run that trains on it.
FILE = "distilled.nc"
# A subset has at least so many clusters, whatever share was asked for.
FEWEST_CLUSTERS = 2

Targets = Literal["own", "teacher"]
TARGETS = (
    "The targets of the windows: their own, real or learned, as in the papers; or the forecasts of a teacher, a model trained "
    "on all real windows, which vary less (ours, after CondTSF, arXiv 2406.02131)."
)


class SizeOptions(Options):
    """How small the small set is."""

    time: float = option(0.1, "Windows of the small set, as a share of the training windows.", gt=0, le=1)
    space: float = option(
        0.1, "Sensors of the small set, as a share of the sensors; each stands for a cluster of them.", gt=0, le=1
    )
    targets: Targets | None = option("own", TARGETS)
    teacher: int | None = option(
        None,
        "Epochs of the teacher on the real windows; when left out, as many as make 3,000 steps, 2 to 15.",
        ge=1,
        le=1000,
        unit="epochs",
    )
    trained: int | None = option(
        None, "Models that a validation trains on the set; 1, and 3 in the paper.", ge=1, le=100
    )
    epochs: int | None = option(
        None, "Epochs, of 64 steps each, that a validation trains a model for.", ge=1, le=10_000, unit="epochs"
    )


Sensors = Literal["clusters", "k-center", "random"]
SENSORS = "Its sensors: means of clusters, sensors far from each other in their readings, or random ones."


class PickOptions(SizeOptions):
    """Options of the distillers that pick real windows."""

    sensors: Sensors = option("clusters", SENSORS)


class RandomOptions(PickOptions):
    """Options of the random choice."""

    sensors: Sensors = option("random", SENSORS)


class KCenterOptions(PickOptions):
    """Options of k-center."""

    sensors: Sensors = option("k-center", SENSORS)


class CRAIGOptions(PickOptions):
    """Options of CRAIG."""

    pilot: int = option(2, "Epochs of the short training on all windows.", ge=1, le=1000, unit="epochs")


RETIRED = {"subsets": 4, "inner": None, "inner_rate": None}
Real = Literal["means", "members"]
REAL = (
    "What the windows of a cluster begin as and are matched with: the mean of its members, as in the paper, or a member "
    "drawn anew in every step (ours), whose readings vary as much as those that will be forecast."
)


class MatchingOptions(SizeOptions):
    """Options of the distillers that learn windows."""

    schedule: Literal["preview", "paper"] = option(
        "preview",
        "How long: a preview (10 rounds of 10 steps), or the paper's schedule (100 rounds of 20 steps). The options below "
        "override it.",
    )
    real: Real | None = option("means", REAL)
    rounds: int | None = option(None, "Fresh surrogates that are trained on the way.", ge=1, le=10_000, unit="rounds")
    steps: int | None = option(None, "Matching steps with each surrogate.", ge=1, le=10_000)
    batch: int = option(256, "Real windows in a matching step.", ge=1, le=65_536, unit="windows")
    rate: float | None = option(None, "Learning rate of the synthetic windows.", gt=0, le=10)
    check: int | None = option(None, "Rounds from one validation to the next.", ge=1, le=10_000, unit="rounds")

    @model_validator(mode="before")
    @classmethod
    def _drop_retired(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Drop options of earlier records that had no effect, if they have their old default."""
        retired = {
            name for name, value in RETIRED.items() if name not in cls.model_fields and values.get(name, ...) == value
        }
        return {name: value for name, value in values.items() if name not in retired}


class GradientOptions(MatchingOptions):
    """Options of gradient matching, whose surrogates are trained on the way."""

    inner: int | None = option(None, "Epochs that a surrogate is trained between two steps.", ge=0, le=10_000)
    inner_rate: float | None = option(None, "Learning rate of the surrogate.", gt=0, le=1)


class STemDistOptions(GradientOptions):
    """Options of STemDist: gradient matching by subsets, with a schedule that also decides targets and real."""

    subsets: int = option(4, "Random parts of the clusters that are matched one after the other.", ge=1, le=256)
    targets: Targets | None = option(None, TARGETS + " A preview takes a teacher.")
    real: Real | None = option(None, REAL + " A preview takes members.")


SCHEDULES: dict[str, dict[str, Any]] = {
    "preview": {
        "rounds": 10,
        "steps": 10,
        "inner": 5,
        "rate": 0.003,
        "inner_rate": 5e-3,
        "check": 2,
        "trained": 1,
        "epochs": 3,
        "real": "members",
        "targets": "teacher",
    },
    "paper": {
        "rounds": 100,
        "steps": 20,
        "inner": 10,
        "rate": 1e-3,
        "inner_rate": 1e-3,
        "check": 5,
        "trained": 3,
        "epochs": 10,
        "real": "means",
        "targets": "own",
    },
}
"""``paper`` is the schedule of STemDist (arXiv 2603.10410), where a validation trains its models to the end. ``preview`` is
ours: it has fewer steps, so they are larger."""


def teacher_epochs(asked: int | None, windows: int, batch: int) -> int:
    """Epochs of a teacher: as asked, or as many as make 3,000 steps of ``batch`` windows, 2 to 15."""
    return asked or min(max(ceil(3000 * batch / windows), 2), 15)


def with_schedule(options: MatchingOptions) -> MatchingOptions:
    """The options, with missing values taken from the schedule."""
    given = {name: value for name, value in options.model_dump().items() if value is not None}
    plan = {name: value for name, value in SCHEDULES[options.schedule].items() if name in type(options).model_fields}
    return type(options).read(plan | given)


class DistilOptions(RunOptions):
    """Everything besides the data that determines a distillation: the options of a run and ``distil``.

    ``model`` is the surrogate, ``train`` says how a validation trains it, and ``distil`` holds the ``name`` of a distiller and
    its options.
    """

    distil: dict[str, Any] = option({"name": "stemdist"}, "The method and its options.")
