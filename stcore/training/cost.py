"""About how long a run will take and how much memory it needs, told before it starts. Plain numbers, no torch.

The cost model is ours: so many steps, cells and multiply-adds at the rates below, times a factor that says how fast this
machine is, from runs it has finished (``speed``) or, where there are none, from a small matrix product (``glance``).
"""

import time
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from stcore.options import RunOptions
from stcore.sensors import effort

STEP, CELL, PRODUCT = (
    7e-4,
    2.5e-7,
    2.5e-11,
)  # seconds a step, a cell and a multiply-add take, one thread
GLANCE = 1.7e-11  # seconds of a multiply-add in the small matrix product on the same machine
BEGIN = 5.0  # seconds until torch is loaded and the data are open
PAIR = 80  # multiply-adds' worth of a pair of sensors whose score a step computes, most of it reading and writing
PASSES = 3  # forward and backward cost about three forward passes
PAIRS = {
    "stid-neighbours": 5,
    "graph-wavenet": 5,
    "mtgnn": 5,
}  # float32 [N, N] matrices alive at once: what each sensor makes of each,
# its slope and what lies between; none of them is a parameter, so that the optimizer keeps none
TORCH, COPIES, ARRAYS, CHUNK = (
    450e6,
    5,
    4,
    65_536,
)  # bytes of an idle worker; copies of the data; rows alive; cells at once


class Work(NamedTuple):
    """What a run has to do: steps, training cells (window, sensor), forecast cells, multiply-adds and width of a cell; seconds
    and bytes in which its mask decides, and bytes of the matrices over pairs of sensors that its model holds."""

    steps: float
    cells: float
    forecasts: float
    products: float
    width: float
    deciding: float = 0.0
    ranking: float = 0.0
    pairs: float = 0.0


def work(options: RunOptions, windows: tuple[int, int, int], sensors: int, inputs: int, targets: int) -> Work:
    """The work of resolved ``options`` on so many training, validation and test windows."""
    train, epochs = options.train, options.train.epochs
    beforehand = options.prune.get("epochs", 0) * options.prune.get("repeats", 1)  # short trainings on everything
    beforehand += round(epochs * options.mask.get("pilot", 0.0))
    visits = windows[0] * (epochs * (options.prune.get("keep") or 1.0) + beforehand)
    size = sensors if options.data.samples == "cells" else 1  # samples in a window
    lookback, horizon = options.data.lookback, options.data.horizon
    products, width = per_cell(options.model, lookback * inputs, horizon * targets, sensors)
    if options.model["name"] == "stid-neighbours":
        products += PAIR * sensors / (train.batch or 1)
    stored = min(sum(windows), train.forecasts * 2**20 / (2 * options.data.horizon * sensors * targets))
    forecasts = (epochs * windows[1] + windows[2] + stored) * sensors
    mask, pairs = options.mask["name"], 4.0 * PAIRS.get(options.model["name"], 0) * sensors**2
    # on grids, of which this knows nothing, a mask decides over fewer regions
    before = (
        (effort.deciding(mask, sensors), effort.room(mask, sensors)) if options.model["name"] != "simvp" else (0.0, 0.0)
    )
    return Work(visits * size / (train.batch or 1), visits * sensors, forecasts, products, width, *before, pairs)


def per_cell(model: Mapping[str, Any], inside: int, outside: int, sensors: int = 1) -> tuple[float, float]:
    """Multiply-adds of one cell's forecast and numbers alive in a row. STID's is taken for a model not known here."""
    if model["name"] == "dlinear":
        return 2.0 * inside * outside, inside + outside
    if model["name"] == "graph-wavenet":
        return in_graph_wavenet(model, inside, sensors), 2.5 * inside * model.get("width", 16)
    if model["name"] == "mtgnn":
        return in_mtgnn(model, outside, sensors)
    if model["name"] == "simvp":
        return in_simvp(model, inside, outside), 8 * model.get("width", 16)
    width, layers = model.get("width", 16), model.get("layers", 3)
    row = 4 * width
    if model["name"] == "stid-neighbours":  # a second history, mixed of those of all sensors
        return float((sensors + width) * inside) + per_cell({**model, "name": "stid"}, inside, outside)[0], row
    return float(inside * width + width * row + (layers - 1) * 2 * row * row + 2 * row * outside), row


def in_graph_wavenet(model: Mapping[str, Any], inside: int, sensors: int) -> float:
    """Multiply-adds of a cell in Graph WaveNet: its layers compute about as many states as the input has, and in its learned
    graph every sensor hears every other."""
    width, skip = model.get("width", 16), model.get("skip", 64)
    return inside * width * (11 * width + 2 * sensors) + skip * (inside.bit_length() * width + skip)


def in_mtgnn(model: Mapping[str, Any], outside: int, sensors: int) -> tuple[float, float]:
    """Multiply-adds of a cell in MTGNN, whose layers have 6 steps fewer each and propagate over all pairs of sensors, and
    numbers alive in a row."""
    width, layers = model.get("width", 32), model.get("layers", 3)
    steps = sum(1 + 6 * left for left in range(layers))
    return steps * (15.0 * width**2 + 4 * sensors * width) + 8 * width**2 + 4 * width * outside, 8.0 * width * steps


def in_simvp(model: Mapping[str, Any], inside: int, outside: int) -> float:
    """Multiply-adds of a cell in SimVP, whose blocks see a quarter of the cells."""
    width, row = model.get("width", 16), 3 * model.get("width", 16)
    block = 2 * 49 * width + 16 * width**2
    convolved = 9 * width * (inside + 1 + width / 2 + 2 * width) + model.get("blocks", 1) * block / 4
    return convolved + row * (width + inside + outside) + model.get("layers", 2) * 2 * row**2


def seconds(about: Work, factor: float = 1.0) -> float:
    """Seconds from the start to the result."""
    forecasts = about.forecasts * (CELL + about.products * PRODUCT)
    return BEGIN + training_seconds(about, factor) + factor * (forecasts + about.deciding)


def training_seconds(about: Work, factor: float = 1.0) -> float:
    """Seconds of the training steps alone."""
    return factor * (about.steps * STEP + about.cells * (CELL + PASSES * about.products * PRODUCT))


def speed(finished: Iterable[tuple[Work, float]]) -> float | None:
    """The machine's factor: the middle one of measured over expected training seconds; None without a measurement."""
    factors = [measured / training_seconds(about) for about, measured in finished if measured > 0 and about.cells]
    return float(np.median(factors)) if factors else None


@cache
def glance() -> float:
    """The machine's factor from the quickest of many small matrix products; others at work slow the rest, not that one.

    They are so small that none is split among threads, which would wait for each other where all cores have work.
    """
    rows, square = np.ones((64, 64), np.float32), np.full((64, 64), 1 / 64, np.float32)
    took = []
    for _ in range(200):
        began = time.perf_counter()
        rows @ square
        took.append(time.perf_counter() - began)
    return min(took) / (rows.size * 64) / GLANCE


def memory(options: RunOptions, about: Work, numbers: int) -> float:
    """Bytes of the worker at its fullest. ``numbers``: readings in the dataset, missing ones counted."""
    batch = about.cells / max(about.steps, 1) * (4 * options.model.get("layers", 1) + 4)
    rows = max(batch, ARRAYS * min(CHUNK, about.forecasts)) * about.width * 4 + about.pairs
    return (
        TORCH
        + COPIES * numbers * 4
        + max(rows, about.ranking)
        + 3 * min(options.train.forecasts * 2**20, about.forecasts * options.data.horizon * 2)
    )
