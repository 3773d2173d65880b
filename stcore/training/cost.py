"""About how long a run will take and how much memory it needs, before it starts. Plain numbers, no torch.

The cost model is ours: so many steps, cells and multiply-adds at the rates below, times a factor that says how fast this
machine is. The factor comes from runs that it has finished (``speed``) or, where there are none, from a small matrix
product (``glance``). How many multiply-adds a model takes, and how long a mask takes to decide, their cards say.
"""

import time
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from stcore import registry
from stcore.options import OptionError, RunOptions
from stcore.registry import MaskCost, ModelCost, Shape
from stcore.sensors.candidates import ranking_cost

# seconds that a step, a cell and a multiply-add take on one thread
STEP, CELL, PRODUCT = 7e-4, 2.5e-7, 2.5e-11
GLANCE = 1.7e-11  # seconds of a multiply-add in the small matrix product on the same machine
BEGIN = 5.0  # seconds until torch is loaded and the data are open
PASSES = 3  # forward and backward cost about three forward passes
TORCH = 450e6  # bytes of an idle worker
COPIES = 5  # of the data
ARRAYS, CHUNK = 4, 65_536  # arrays of rows that are alive, and cells that are forecast at once


class Work(NamedTuple):
    """What a run has to do. A cell is one sensor of one window."""

    steps: float
    cells: float
    """Cells in training steps."""
    forecasts: float
    """Cells that are forecast outside training."""
    products: float
    """Multiply-adds of a cell."""
    width: float
    """Numbers alive for a cell at the widest layer."""
    deciding: float = 0.0
    """Seconds in which the mask decides."""
    ranking: float = 0.0
    """Bytes that it needs for that."""
    pairs: float = 0.0
    """Bytes of the model's matrices over pairs of sensors."""
    layers: int = 1
    """Layers whose states a training step keeps."""


def work(options: RunOptions, windows: tuple[int, int, int], sensors: int, inputs: int, targets: int) -> Work:
    """The work of resolved ``options`` on so many training, validation and test windows."""
    train, data = options.train, options.data
    passes = passes_of(options.prune, train.epochs) + pilot_of(options.mask, train.epochs)
    visits = windows[0] * passes
    size = sensors if data.samples == "cells" else 1  # samples in a window
    batch = train.batch or 1
    model = model_cost(options.model, Shape(data.lookback, data.horizon, inputs, targets, sensors))
    stored = min(sum(windows), train.forecasts * 2**20 / (2 * data.horizon * sensors * targets))
    forecasts = (train.epochs * windows[1] + windows[2] + stored) * sensors
    mask = mask_cost(options, sensors)
    return Work(
        steps=visits * size / batch,
        cells=visits * sensors,
        forecasts=forecasts,
        products=model.products + model.step / (batch * sensors),
        width=model.width,
        deciding=mask.seconds,
        ranking=mask.bytes,
        pairs=4.0 * model.pairs * sensors**2,
        layers=model.layers,
    )


def passes_of(choice: Mapping[str, Any], epochs: int) -> float:
    """Passes over all samples under a strategy, short trainings before the run counted."""
    card, options = card_and_options("strategies", choice)
    return epochs if card is None else card.visits(options, epochs)


def pilot_of(choice: Mapping[str, Any], epochs: int) -> int:
    """Passes over all samples before the run, in which a mask measures other masks."""
    card, options = card_and_options("masks", choice)
    return 0 if card is None else card.pilot(options, epochs)


def model_cost(choice: Mapping[str, Any], shape: Shape) -> ModelCost:
    """What a model computes, as its card says. STID's cost, over the card's speed, stands in for one that does not say."""
    card, options = card_and_options("models", choice)
    if card is not None and card.cost is not None:
        return card.cost(options, shape)
    inside, outside, row = shape.lookback * shape.inputs, shape.horizon * shape.targets, 64
    products = 16 * (inside + row) + 4 * row**2 + 2 * row * outside
    return ModelCost(products / ((card.speed if card else None) or 1.0), row, layers=3)


def card_and_options(kind: registry.Kind, choice: Mapping[str, Any]) -> tuple[Any, Any]:
    """The card of a choice and its options: of old runs as far as they are still known, no card for a thing not installed."""
    card = registry.find(kind, choice["name"])
    if card is None:
        return None, None
    known = {name: value for name, value in choice.items() if name in card.options.model_fields}
    try:
        return card, card.options.read(known)
    except OptionError:
        return card, card.options()


def mask_cost(options: RunOptions, sensors: int) -> MaskCost:
    """What a mask takes to decide over sensors. On grids, of which this knows nothing, it decides over fewer regions."""
    model, (card, settings) = registry.find("models", options.model["name"]), card_and_options("masks", options.mask)
    if card is None or (model is not None and model.needs_grid):
        return MaskCost(0.0, 0.0)
    return ranking_cost(card, settings, sensors)


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
    batch = about.cells / max(about.steps, 1) * (4 * about.layers + 4)
    rows = max(batch, ARRAYS * min(CHUNK, about.forecasts)) * about.width * 4 + about.pairs
    return (
        TORCH
        + COPIES * numbers * 4
        + max(rows, about.ranking)
        + 3 * min(options.train.forecasts * 2**20, about.forecasts * options.data.horizon * 2)
    )
