"""The cards of the compact forecasters, with their options and what they cost. No torch here."""

from collections.abc import Mapping
from typing import Any, Literal

from stcore import registry
from stcore.options import OptionError, Options, option
from stcore.registry import ModelCard, ModelCost, Shape

UNFIT = "table"  # an option's value that stands for a table learned for certain sensors alone


class DLinearOptions(Options):
    """Options of DLinear."""

    kernel: int = option(
        5,
        "Length of the moving average that splits trend from rest; the paper's 25 suits long inputs.",
        ge=1,
        le=999,
        unit="steps",
    )


Identity = Literal["table", "attention", "mlp"]


def identity() -> Any:
    """The option that says what tells sensors apart."""
    return option(
        "table",
        "What tells sensors apart: a table that is learned for these sensors alone, or an encoder of their mean inputs, with "
        "attention among the sensors or without (mlp), whose weights fit sensors never seen (STemDist's location encoder).",
    )


def reads_location(options: Any) -> bool:
    """Whether an encoder of the sensors' mean inputs tells them apart."""
    return options.identity != "table"


class ResidualOptions(Options):
    """Options of the residual networks on single series."""

    width: int = option(
        16,
        "Size of each of the four embeddings (series, sensor, time of day, day of week); the paper has 32.",
        ge=1,
        le=1024,
    )
    layers: int = option(3, "Residual layers.", ge=1, le=32)
    dropout: float = option(
        0.0, "Share of hidden units dropped while training; the paper's 0.15 costs a third of the speed.", ge=0, lt=1
    )


class STIDOptions(ResidualOptions):
    """Options of STID."""

    identity: Identity = identity()


class GraphWaveNetOptions(Options):
    """Options of Graph WaveNet."""

    identity: Identity = identity()

    width: int = option(16, "Channels of the hidden states; the paper has 32.", ge=1, le=512)
    skip: int = option(64, "Channels of the skip connections and of the last layers; the paper has 256.", ge=1, le=2048)
    nodes: int = option(
        10, "Size of the two embeddings of each sensor whose products are the learned graph.", ge=1, le=256
    )


class MTGNNOptions(Options):
    """Options of MTGNN."""

    identity: Identity = identity()
    width: int = option(
        32, "Channels of the hidden states; twice as many in the skip, four times at the end.", ge=4, le=512
    )
    layers: int = option(3, "Layers; each sees 6 steps further back.", ge=1, le=8)
    nodes: int = option(10, "Size of the identities whose products are the learned graph.", ge=1, le=256)
    neighbours: int = option(20, "Largest number of sensors that each one hears.", ge=1, le=4096)
    dropout: float = option(0.0, "Share of hidden states dropped while training; the paper has 0.3.", ge=0, lt=1)


class SimVPOptions(Options):
    """Options of SimVP."""

    width: int = option(16, "Channels of the convolutions; three times as many in the layers after them.", ge=1, le=512)
    blocks: int = option(
        1, "Residual blocks between encoder and decoder; each lets a grid cell see 6 cells further.", ge=1, le=32
    )
    layers: int = option(2, "Residual layers on each grid cell after the convolutions.", ge=1, le=32)


class NeighboursOptions(ResidualOptions):
    """Options of STID with neighbours."""

    identity: Literal["encoder", "table"] = option(
        "encoder",
        "What tells sensors apart: an encoder of their mean days and locations, whose weights fit sensors never seen, or a "
        "table that is learned for these sensors alone.",
    )


# ---- what they cost ----------------------------------------------------------------------------------------------------
PAIR = 80  # multiply-adds' worth of a pair of sensors whose score a step computes, most of it reading and writing
MATRICES = 5  # over pairs of sensors: the weights, their slope and what lies between; none is a parameter


def dlinear_cost(options: DLinearOptions, shape: Shape) -> ModelCost:
    """Two linear maps."""
    inside, outside = shape.lookback * shape.inputs, shape.horizon * shape.targets
    return ModelCost(2.0 * inside * outside, inside + outside)


def stid_cost(options: ResidualOptions, shape: Shape) -> ModelCost:
    """A map of the series into an embedding, layers of two maps each, and a map to the forecast."""
    inside, outside = shape.lookback * shape.inputs, shape.horizon * shape.targets
    width, layers, row = options.width, options.layers, 4 * options.width
    products = inside * width + width * row + (layers - 1) * 2 * row * row + 2 * row * outside
    return ModelCost(float(products), row, layers=layers)


def neighbours_cost(options: NeighboursOptions, shape: Shape) -> ModelCost:
    """That of STID, and a second history, mixed of those of all sensors, whose scores every step computes."""
    more = float((shape.sensors + options.width) * shape.lookback * shape.inputs)
    own = stid_cost(options, shape)
    return own._replace(products=own.products + more, pairs=MATRICES, step=float(PAIR * shape.sensors**2))


def graph_wavenet_cost(options: GraphWaveNetOptions, shape: Shape) -> ModelCost:
    """Its layers compute about as many states as the input has; in its learned graph every sensor hears every other."""
    inside, width, skip = shape.lookback * shape.inputs, options.width, options.skip
    products = inside * width * (11 * width + 2 * shape.sensors) + skip * (inside.bit_length() * width + skip)
    return ModelCost(float(products), 2.5 * inside * width, pairs=MATRICES)


def mtgnn_cost(options: MTGNNOptions, shape: Shape) -> ModelCost:
    """Each layer has 6 steps fewer than the one before, and propagates over all pairs of sensors."""
    width, layers = options.width, options.layers
    steps = sum(1 + 6 * left for left in range(layers))
    ends = 8 * width**2 + 4 * width * shape.horizon * shape.targets
    products = steps * (15.0 * width**2 + 4 * shape.sensors * width) + ends
    return ModelCost(products, 8.0 * width * steps, pairs=MATRICES, layers=layers)


def simvp_cost(options: SimVPOptions, shape: Shape) -> ModelCost:
    """Convolutions, whose blocks work on a quarter of the grid cells, and layers on each cell."""
    inside, outside = shape.lookback * shape.inputs, shape.horizon * shape.targets
    width, row = options.width, 3 * options.width
    block = 2 * 49 * width + 16 * width**2
    convolved = 9 * width * (inside + 1 + width / 2 + 2 * width) + options.blocks * block / 4
    layers = row * (width + inside + outside) + options.layers * 2 * row**2
    return ModelCost(convolved + layers, 8.0 * width, layers=options.layers)


# ---- the cards ---------------------------------------------------------------------------------------------------------
CARDS = (
    ModelCard(
        "persistence",
        "The last observed value, repeated: the forecast to beat in the first steps. Nothing to train.",
        "common practice",
        "stcore.models.naive:persistence",
        trains=False,
    ),
    ModelCard(
        "seasonal-naive",
        "The value one period before: a week where training holds two, else a day. Nothing to train.",
        "common practice",
        "stcore.models.naive:seasonal_naive",
        trains=False,
    ),
    ModelCard(
        "dlinear",
        "Two linear maps shared by all sensors, one for the trend and one for the rest.",
        "Zeng et al. 2023, arXiv 2205.13504",
        "stcore.models.dlinear:DLinear",
        DLinearOptions,
        unseen={},
        title="DLinear",
        parameters=312,
        speed=4.0,
        cost=dlinear_cost,
    ),
    ModelCard(
        "stid",
        "A small residual network on each sensor's series with embeddings for sensor, time of day and day of week.",
        "Shao et al. 2022, arXiv 2208.05233; factored arithmetic is ours",
        "stcore.models.stid:STID",
        STIDOptions,
        unseen={"identity": "mlp"},
        title="STID",
        parameters=33_980,
        speed=1.0,
        cost=stid_cost,
        reads_location=reads_location,
    ),
    ModelCard(
        "stid-neighbours",
        "STID that also sees a mixture of the other sensors' histories, so it forecasts sensors that are switched off.",
        "Shao et al. 2022, arXiv 2208.05233; the neighbour head is ours",
        "stcore.models.stid_neighbours:StidNeighbours",
        NeighboursOptions,
        ours=True,
        mixes_sensors=True,
        unseen={"identity": "encoder"},
        title="STID with neighbours",
        parameters=35_773,
        speed=0.84,
        cost=neighbours_cost,
    ),
    ModelCard(
        "graph-wavenet",
        "Gated dilated convolutions over time, diffusion over the given graph and over a learned one.",
        "Wu et al. 2019, arXiv 1906.00121; smaller, and factored arithmetic is ours",
        "stcore.models.graph_wavenet:GraphWaveNet",
        GraphWaveNetOptions,
        mixes_sensors=True,
        unseen={"identity": "mlp"},
        title="Graph WaveNet",
        parameters=32_952,
        speed=0.16,
        rate=0.5,
        decay=0.0,
        cost=graph_wavenet_cost,
        reads_location=reads_location,
    ),
    ModelCard(
        "mtgnn",
        "Convolutions of several lengths over time, propagation over a graph that is learned from the sensors' identities.",
        "Wu et al. 2020, arXiv 2005.11650, normalised as in STemDist, arXiv 2603.10410",
        "stcore.models.mtgnn:MTGNN",
        MTGNNOptions,
        mixes_sensors=True,
        unseen={"identity": "attention"},
        title="MTGNN",
        parameters=107_348,
        speed=0.03,
        rate=0.3,
        cost=mtgnn_cost,
        reads_location=reads_location,
    ),
    ModelCard(
        "simvp",
        "Convolutions over a grid, with the steps of the input stacked as channels, then layers on each grid cell.",
        "Gao et al. 2022, arXiv 2206.05099; smaller, and the layers after the convolutions are ours",
        "stcore.models.simvp:SimVP",
        SimVPOptions,
        mixes_sensors=True,
        needs_grid=True,
        title="SimVP",
        parameters=52_957,
        speed=0.7,
        rate=0.3,
        cost=simvp_cost,
    ),
)


def for_unseen_sensors(choice: Mapping[str, Any]) -> dict[str, Any]:
    """A model's name and options, with what it needs to run on sensors never seen. OptionError where it cannot."""
    card = registry.card("models", choice.get("name", "stid"))
    if card.unseen is None or any(choice.get(name) == UNFIT for name in card.unseen):
        able = [other for other in registry.cards("models").values() if other.unseen is not None]
        ways = [[other.name, *(f"with {key} {value}" for key, value in (other.unseen or {}).items())] for other in able]
        words = ", ".join(map(" ".join, ways))
        raise OptionError(
            f"the weights of {card.name}{' with a table' if card.unseen else ''} fit its own sensors alone, and a distilled "
            f"set has others; {words} can be trained on it"
        )
    return {**card.unseen, "name": card.name, **choice}
