"""What a card says: of everything that can be chosen, and of models, strategies, masks, distillers and readers in particular.

Plain values and functions of plain values: no card loads the code that it stands for, and none imports torch. What is left
out has a default under which a thing from another package takes part in everything: it is listed, offered in forms,
estimated before a run, compared and reported.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal, NamedTuple

from stcore.options import Options

REFERENCE = (
    "parameters: 207 sensors with a graph, 12 steps of 5 minutes in and 12 out, one channel, default options; speed: windows "
    "trained on in a second over those of stid, about 1024 readings of 207 sensors (simvp: a grid of 33 x 49) in a step, one "
    "of two processor cores"
)


@dataclass(frozen=True, init=False)
class Card:
    """What one registered thing is: its name, a sentence, its source, and ``module:Class`` to load when it is used."""

    name: str
    summary: str
    source: str
    target: str
    options: type[Options] = Options
    ours: bool = False
    title: str = ""
    """As its authors write it, where that is not its name."""
    former: tuple[str, ...] = ()
    """Names that it had before: options and old runs that say them open."""

    def __init__(
        self, name: str, summary: str, source: str, target: str, options: type[Options] = Options, **more: Any
    ) -> None:
        """``more`` are the other fields, and what its kind knows where a package brings a card without a kind."""
        given = {"name": name, "summary": summary, "source": source, "target": target, "options": options}
        given |= {part: more.pop(part) for part in ("ours", "title", "former") if part in more}
        for part, value in given.items():
            object.__setattr__(self, part, value)
        object.__setattr__(self, "more", more)

    @property
    def label(self) -> str:
        """What people are shown."""
        return self.title or self.name

    def load(self) -> Any:
        """The class (or function) behind the card, imported now."""
        module, attribute = self.target.split(":")
        return getattr(import_module(module), attribute)

    def to_json(self) -> dict[str, Any]:
        """The card as plain values, its options with default, range, unit and help."""
        return {
            "name": self.name,
            "title": self.label,
            "summary": self.summary,
            "source": self.source,
            "ours": self.ours,
            "options": self.options.describe(),
        }


# ---- models ------------------------------------------------------------------------------------------------------------
class Shape(NamedTuple):
    """The data as a model meets them."""

    lookback: int
    horizon: int
    inputs: int
    """Channels that the model sees."""
    targets: int
    """Channels that it forecasts."""
    sensors: int


class ModelCost(NamedTuple):
    """What a model computes and holds. A cell is one sensor of one window."""

    products: float
    """Multiply-adds of the forecast of a cell."""
    width: float
    """Numbers alive for a cell in a training step, at the widest layer."""
    pairs: float = 0.0
    """Float32 matrices over pairs of sensors that are alive at once."""
    step: float = 0.0
    """Multiply-adds that a step takes once, whatever its batch."""
    layers: int = 1
    """Layers whose states a training step keeps."""


@dataclass(frozen=True)
class ModelCard(Card):
    """A forecaster, or a forecast that needs no training."""

    trains: bool = True
    """Whether there is anything to train."""
    mixes_sensors: bool = False
    """Whether a sensor's forecast depends on other sensors, so that some can be off."""
    needs_grid: bool = False
    """Whether the sensors have to be cells of a grid."""
    rate: float = 1.0
    """The part of the default learning rate that suits it."""
    decay: float = 1e-4
    """The weight decay that suits it."""
    unseen: Mapping[str, str] | None = None
    """Options with which its weights fit sensors never seen; None where none can."""
    reads_location: Callable[[Any], bool] = lambda options: False
    """Whether it reads the sensors' mean inputs, ``Setting.location``, with these ``options``."""
    cost: Callable[[Any, Shape], ModelCost] | None = None
    """What it computes with these options; None: about what STID does, over ``speed``."""
    parameters: int | None = None
    """How many it has; see REFERENCE."""
    speed: float | None = None
    """How fast it is; see REFERENCE."""

    def to_json(self) -> dict[str, Any]:
        """As any card's, with the model's size where it is known."""
        if self.parameters is None:
            return super().to_json()
        size = {"parameters": self.parameters, "speed": self.speed, "reference": REFERENCE}
        return {**super().to_json(), **size}


# ---- pruning strategies ------------------------------------------------------------------------------------------------
def visits_by_options(options: Options, epochs: int) -> float:
    """Passes over all samples by options that mean what they mean in ours: the share ``keep``, and ``repeats`` short
    trainings of ``epochs`` before the run."""
    keep = getattr(options, "keep", None) or 1.0
    return epochs * float(keep) + float(getattr(options, "epochs", 0) * getattr(options, "repeats", 1))


@dataclass(frozen=True)
class StrategyCard(Card):
    """A pruning strategy. Its class says when it decides and what its draws promise; see ``stcore.prune.strategy``.

    ``stcore.testing.check_strategy`` checks its promises.
    """

    prunes: bool = True
    """Whether it leaves samples out unless it is asked to end earlier."""
    visits: Callable[[Any, int], float] = visits_by_options
    """Passes over all samples that a run of so many epochs makes with these options, trainings before it counted."""


# ---- masks over sensors ------------------------------------------------------------------------------------------------
class MaskCost(NamedTuple):
    """What a mask takes to rank its sites, before the first epoch: processor ``seconds`` on one thread, and ``bytes``."""

    seconds: float
    bytes: float


def pilot_by_options(options: Options, epochs: int) -> int:
    """Epochs of a model that is trained beforehand: the share ``pilot`` of the run's, where there is such an option."""
    share = getattr(options, "pilot", None)
    return max(1, round(share * epochs)) if share else 0


@dataclass(frozen=True)
class MaskCard(Card):
    """A mask over sensors. What it promises is checked by ``stcore.testing.check_mask``."""

    off: Literal["good", "steps", "never"] = "good"
    """When sensors are off: for good; in training steps alone, others in each; never."""
    chooses: bool = True
    """Whether it chooses which sensors are off; not where they are named to it."""
    needs_graph: bool = False
    """Whether it refuses data without a graph."""
    candidate: bool = False
    """Whether it has an ``order`` that is known from the data alone, so that masks that compare others take it in, and a
    plan offers it as a ranking. It is made with the options that all masks share, as far as it has them."""
    most: int | None = None
    """Sites up to which it is compared with other candidates: beyond them it would take too long."""
    cost: Callable[[int], MaskCost] | None = None
    """What ranking so many sites takes; None: next to nothing."""
    compares: Callable[[Any, bool], bool] = lambda options, grid: False
    """Whether it ranks its sites by all candidates, with these options, on a grid or not."""
    pilot: Callable[[Any, int], int] = pilot_by_options
    """Epochs of the model that is trained beforehand, with these options and so many epochs of the run."""


# ---- distillers --------------------------------------------------------------------------------------------------------
class DistilShape(NamedTuple):
    """What a distillation works on."""

    windows: int
    """Real training windows."""
    sensors: int
    """Sensors of the data."""
    small_windows: int
    """Windows of the small set."""
    small_sensors: int
    """Its clusters or sensors."""
    batch: int
    """Real windows in a training step on all sensors."""


class DistilCost(NamedTuple):
    """What a method takes besides validations and a teacher. A cell is one sensor of one window."""

    steps: float = 0.0
    """Steps of a model on the small set's sensors, one with slopes of slopes counted as several."""
    cells: float = 0.0
    """Cells in those steps."""
    real_steps: float = 0.0
    """Steps of a model on all sensors."""
    real_cells: float = 0.0
    """Cells in those steps."""
    seconds: float = 0.0
    """Other processor seconds on one thread."""
    validations: int = 1
    """How often a set is measured by models that are trained on it."""


@dataclass(frozen=True)
class DistillerCard(Card):
    """A method that makes a small set of a large one. Its options are ``stcore.distil.options.SizeOptions`` or more of them.
    What it promises is checked by ``stcore.testing.check_distiller``."""

    learns: bool = False
    """Whether its windows are learned, round by round; else they are real ones that it picks."""
    decide: Callable[[Any], Any] = lambda options: options
    """The options with everything decided that depends on others of them, such as on a schedule."""
    fewest: Callable[[Any], int] = lambda options: 1
    """How many clusters it needs with these options."""
    cost: Callable[[Any, DistilShape], DistilCost] | None = None
    """What it takes with decided options; None: next to nothing."""


# ---- readers -----------------------------------------------------------------------------------------------------------
class Layout(NamedTuple):
    """A way to write data, which its reader reads back: its name, what it is, and how a file or folder of it ends."""

    name: str
    text: str
    suffix: str = ""
    torch: bool = False
    """Whether writing it loads torch, so that a page has a child process write it."""


@dataclass(frozen=True)
class ReaderCard(Card):
    """A reader of files or folders. What it promises is checked by ``stcore.testing.check_reader``."""

    layout: Layout | None = None
    """How data are written that it reads back. A reader that writes without saying how has a layout of its own name."""
