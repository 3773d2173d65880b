"""About how long a distillation will take, told before it starts. Plain numbers, no torch; the rates are those of a training.

A matching step takes slopes on a batch of real windows, and on all synthetic ones slopes of slopes; between two steps the
surrogate is trained on the set; a validation trains models on the set and forecasts every validation window. A teacher is
trained on all real windows.
"""

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from stcore import registry
from stcore.distil.clusters import counted, fewest_clusters
from stcore.distil.options import (
    CRAIGOptions,
    DistilOptions,
    GradientOptions,
    MatchingOptions,
    SizeOptions,
    STemDistOptions,
    lessons,
    scheduled,
)
from stcore.training.cost import BEGIN, CELL, PRODUCT, Work, per_cell, training_seconds
from stcore.training.features import SKETCH
from stcore.training.recipe import batch_size

SLOPES = 3  # how much more slopes of slopes cost than slopes
STEPS = 64  # of an epoch on a set, about
COMPARED = 4e-9  # seconds in which CRAIG compares two windows


class Shape(NamedTuple):
    """The data: training and validation windows, sensors, and channels that go in and come out."""

    train: int
    validation: int
    sensors: int
    inputs: int
    targets: int


def expected(options: DistilOptions, data: Shape) -> float:
    """Seconds of work of resolved ``options`` on the machine that the rates are of; times its factor on another."""
    choice = dict(options.distil)
    card = registry.card("distillers", choice.pop("name"))
    size = card.options.read(choice)
    assert isinstance(size, SizeOptions)
    windows, clusters, _ = counted(data.train, data.sensors, size, fewest_clusters(size))
    small = Shape(windows, 0, clusters, data.inputs, data.targets)
    if not isinstance(size, MatchingOptions):
        picked = _validation(options, size, small, data) + _choosing(options, card.name, size, small, data)
        return picked + _teaching(options, size, data)
    plan = scheduled(size)
    rounds, check = plan.rounds or 1, plan.check or 1
    validations = 1 + math.ceil(rounds / check)  # the start is measured, too
    learned = _matching(options, plan, small) * rounds + _validation(options, plan, small, data) * validations
    return learned + _teaching(options, plan, data)


def _matching(options: DistilOptions, plan: MatchingOptions, small: Shape) -> float:
    """A round: its matching steps, and the epochs of training between them."""
    cells, steps = small.train * small.sensors, plan.steps or 1
    subsets = plan.subsets if isinstance(plan, STemDistOptions) else 1
    trained = (steps - 1) * (plan.inner or 0) if isinstance(plan, GradientOptions) else 0
    visited = steps * (plan.batch * small.sensors + SLOPES * cells) + trained * cells
    return _training(options, (steps * (1 + SLOPES) + trained) * subsets, visited, small)


def _validation(options: DistilOptions, size: SizeOptions, small: Shape, data: Shape) -> float:
    """A validation: its models trained on the set, and each measured after every epoch."""
    epochs = (size.trained or 1) * (size.epochs or 5)
    batch = batch_size(options.train, small.sensors, small.train)
    steps = max(STEPS, math.ceil(small.train / batch))
    trained = _training(options, steps, steps * batch * small.sensors, small)
    return epochs * (trained + _forecasts(options, data))


def _teaching(options: DistilOptions, size: SizeOptions, data: Shape) -> float:
    """A teacher's training on all real windows, measured after every epoch."""
    if size.targets != "teacher":
        return 0.0
    batch = batch_size(options.train, data.sensors, data.train)
    epochs = lessons(size.teacher, data.train, batch)
    return epochs * (
        _training(options, data.train / batch, data.train * data.sensors, data) + _forecasts(options, data)
    )


def _forecasts(options: DistilOptions, data: Shape) -> float:
    """Every validation window forecast once."""
    return data.validation * data.sensors * (CELL + _per_cell(options, data)[0] * PRODUCT)


def _choosing(options: DistilOptions, method: str, size: SizeOptions, small: Shape, data: Shape) -> float:
    """What the methods take that look at all windows before they pick some."""
    if not isinstance(size, CRAIGOptions):
        return small.train * data.train * SKETCH * PRODUCT if method in ("k-center", "herding") else 0.0
    cells = (size.pilot + 1) * data.train * data.sensors
    pilot = _training(options, cells / batch_size(options.train, data.sensors, data.train) / data.sensors, cells, data)
    return pilot + data.train**2 * COMPARED


def _training(options: DistilOptions, steps: float, cells: float, data: Shape) -> float:
    return training_seconds(Work(steps, cells, 0.0, *_per_cell(options, data)))


def _per_cell(options: DistilOptions, data: Shape) -> tuple[float, float]:
    before, behind = options.data.lookback * data.inputs, options.data.horizon * data.targets
    return per_cell(options.model, before, behind, data.sensors)


def seconds(work: float, factor: float = 1.0) -> float:
    """Seconds from the start to the result, by the machine's factor."""
    return BEGIN + work * factor


def speed(finished: Iterable[tuple[float, float]]) -> float | None:
    """The machine's factor: the middle one of taken over ``expected`` seconds; None without a measurement."""
    factors = [taken / work for work, taken in finished if work > 0 and taken > 0]
    return float(np.median(factors)) if factors else None
