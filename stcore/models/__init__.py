"""Compact forecasters. The cards stand here, apart from the code, so that listing models loads no torch."""

from typing import Any, Literal, NamedTuple

import numpy as np

from stcore.options import Options, option
from stcore.registry import Card


class Setting(NamedTuple):
    """What a model has to know of the data before it is built.

    ``edges`` are sensor positions from [E], to [E] and weights [E] >= 0; ``places`` [N, 2] latitude and longitude in
    degrees (NaN: unknown); ``profile`` [N, P] each sensor's mean course of a working day and of a weekend in training;
    ``location`` [N, L * C] the mean of its training inputs in z-scores, an array or a tensor; ``seen`` which slots of the day
    [slots] bool and days of the week [7] bool training forecasts at, None where they are about all; see ``Moments``.
    """

    lookback: int
    horizon: int
    sensors: int
    inputs: int
    targets: int
    slots: int  # steps in a day
    grid: tuple[int, int] | None = None  # rows and columns of the grid whose cells the sensors are
    cells: np.ndarray | None = None  # [N] place of each sensor among the grid's cells, row by row
    edges: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None
    places: np.ndarray | None = None
    profile: np.ndarray | None = None
    location: Any = None
    seen: tuple[np.ndarray, np.ndarray] | None = None

    def some(self, sensors: np.ndarray) -> "Setting":
        """The same of some sensors alone, at positions [n]; the graph among them is left out, and a grid is none any more."""
        parts: dict[str, Any] = {"places": self.places, "profile": self.profile, "location": self.location}
        kept: dict[str, Any] = {name: None if part is None else part[sensors] for name, part in parts.items()}
        return self._replace(sensors=len(sensors), edges=None, grid=None, cells=None, **kept)


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
    """What tells sensors apart, as an option."""
    return option(
        "table",
        "What tells sensors apart: a table learned for these alone, or an encoder of their mean inputs, with attention among "
        "them or without, so that the weights fit sensors never seen (STemDist's location encoder).",
    )


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
    layers: int = option(3, "Layers, each of which sees 6 steps further back.", ge=1, le=8)
    nodes: int = option(10, "Size of the identities whose products are the learned graph.", ge=1, le=256)
    neighbours: int = option(20, "Sensors that each hears at most.", ge=1, le=4096)
    dropout: float = option(0.0, "Share of hidden states dropped while training; the paper has 0.3.", ge=0, lt=1)


class SimVPOptions(Options):
    """Options of SimVP."""

    width: int = option(16, "Channels of the convolutions; three times as many in the layers after them.", ge=1, le=512)
    blocks: int = option(
        1, "Residual blocks between encoder and decoder; each lets a cell see 6 cells further.", ge=1, le=32
    )
    layers: int = option(2, "Residual layers of each cell after the convolutions.", ge=1, le=32)


class NeighboursOptions(ResidualOptions):
    """Options of STID with neighbours."""

    identity: Literal["encoder", "table"] = option(
        "encoder",
        "What tells sensors apart: their mean days and places, so that the weights fit sensors never seen, or a table learned "
        "for these alone.",
    )


CARDS = (
    Card(
        "persistence",
        "The last observed value, repeated; the forecast to beat in the first steps. Nothing to train.",
        "common practice",
        "stcore.models.naive:persistence",
        trains=False,
    ),
    Card(
        "seasonal-naive",
        "The value one period before: a week where training holds two, else a day. Nothing to train.",
        "common practice",
        "stcore.models.naive:seasonal_naive",
        trains=False,
    ),
    Card(
        "dlinear",
        "Two linear maps shared by all sensors, one for the trend and one for the rest.",
        "Zeng et al. 2023, arXiv 2205.13504",
        "stcore.models.dlinear:DLinear",
        DLinearOptions,
        unseen={},
        title="DLinear",
        parameters=312,
        speed=4.0,
    ),
    Card(
        "stid",
        "A small residual network on each sensor's series with embeddings for sensor, time of day and day of week.",
        "Shao et al. 2022, arXiv 2208.05233; factored arithmetic is ours",
        "stcore.models.stid:STID",
        STIDOptions,
        unseen={"identity": "mlp"},
        title="STID",
        parameters=33_980,
        speed=1.0,
    ),
    Card(
        "stid-neighbours",
        "STID that also sees a mixture of the other sensors' histories, and so forecasts sensors that are switched off.",
        "Shao et al. 2022, arXiv 2208.05233; the neighbour head is ours",
        "stcore.models.stid_neighbours:StidNeighbours",
        NeighboursOptions,
        ours=True,
        mixes_sensors=True,
        unseen={"identity": "encoder"},
        title="STID with neighbours",
        parameters=35_773,
        speed=0.84,
    ),
    Card(
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
    ),
    Card(
        "mtgnn",
        "Convolutions of several lengths over time, propagation over a graph learned from who the sensors are.",
        "Wu et al. 2020, arXiv 2005.11650, normalised as in STemDist, arXiv 2603.10410",
        "stcore.models.mtgnn:MTGNN",
        MTGNNOptions,
        mixes_sensors=True,
        unseen={"identity": "attention"},
        title="MTGNN",
        parameters=107_348,
        speed=0.03,
        rate=0.3,
    ),
    Card(
        "simvp",
        "Convolutions over a grid of cells, the steps of the input stacked as channels, then layers of each cell's own.",
        "Gao et al. 2022, arXiv 2206.05099; smaller, and the layers after the convolutions are ours",
        "stcore.models.simvp:SimVP",
        SimVPOptions,
        mixes_sensors=True,
        needs_grid=True,
        title="SimVP",
        parameters=52_957,
        speed=0.7,
        rate=0.3,
    ),
)
