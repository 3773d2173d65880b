"""An estimate of a distillation's seconds, before it starts. Plain numbers, no torch; the rates are those of training.

A distiller's card gives the cost of the distiller itself. This file adds the work of every distillation: a validation trains
models on the set and forecasts every validation window; a teacher is trained on all real windows.
"""

from collections.abc import Iterable
from math import ceil
from typing import NamedTuple

import numpy as np

from stcore import registry
from stcore.distil.clusters import windows_and_clusters
from stcore.distil.options import DistilOptions, SizeOptions, teacher_epochs
from stcore.training.cost import BEGIN, CELL, PRODUCT, Work, model_cost, training_seconds
from stcore.training.recipe import batch_size

# An epoch on a set has about so many steps.
STEPS = 64


class Shape(NamedTuple):
    """Numbers of training and validation windows, sensors, input channels and target channels."""

    train: int
    validation: int
    sensors: int
    inputs: int
    targets: int


def expected_seconds(options: DistilOptions, data: Shape) -> float:
    """Seconds of work for resolved ``options`` on the machine whose rates we know. Another machine has a factor."""
    card = registry.card("distillers", options.distil["name"])
    size = registry.options_of("distillers", options.distil)
    assert isinstance(size, SizeOptions)
    windows, clusters, _ = windows_and_clusters(data.train, data.sensors, size, card.fewest(size))
    small, plan = Shape(windows, 0, clusters, data.inputs, data.targets), card.decide(size)
    batch = batch_size(options.train, data.sensors, data.train)
    shape = registry.DistilShape(data.train, data.sensors, windows, clusters, batch)
    cost = card.cost(plan, shape) if card.cost is not None else registry.DistilCost()
    method = _training(options, cost.steps, cost.cells, small) + cost.seconds
    method += _training(options, cost.real_steps, cost.real_cells, data)
    return (
        method
        + cost.validations * _validation_seconds(options, plan, small, data)
        + _teacher_seconds(options, plan, data)
    )


def _validation_seconds(options: DistilOptions, size: SizeOptions, small: Shape, data: Shape) -> float:
    """A validation trains models on the set and measures each one after every epoch."""
    epochs = (size.trained or 1) * (size.epochs or 5)
    batch = batch_size(options.train, small.sensors, small.train)
    steps = max(STEPS, ceil(small.train / batch))
    training = _training(options, steps, steps * batch * small.sensors, small)
    return epochs * (training + _forecasts(options, data))


def _teacher_seconds(options: DistilOptions, size: SizeOptions, data: Shape) -> float:
    """A teacher trains on all real windows and is measured after every epoch."""
    if size.targets != "teacher":
        return 0.0
    batch = batch_size(options.train, data.sensors, data.train)
    epochs = teacher_epochs(size.teacher, data.train, batch)
    return epochs * (
        _training(options, data.train / batch, data.train * data.sensors, data) + _forecasts(options, data)
    )


def _forecasts(options: DistilOptions, data: Shape) -> float:
    """Every validation window is forecast once."""
    return data.validation * data.sensors * (CELL + _model(options, data).products * PRODUCT)


def _training(options: DistilOptions, steps: float, cells: float, data: Shape) -> float:
    model = _model(options, data)
    return training_seconds(Work(steps, cells, 0.0, model.products, model.width))


def _model(options: DistilOptions, data: Shape) -> registry.ModelCost:
    shape = registry.Shape(options.data.lookback, options.data.horizon, data.inputs, data.targets, data.sensors)
    return model_cost(options.model, shape)


def seconds(work: float, factor: float = 1.0) -> float:
    """Seconds from the start to the result, for ``work`` in expected seconds and the machine's factor."""
    return BEGIN + work * factor


def speed(finished: Iterable[tuple[float, float]]) -> float | None:
    """The machine's factor: the median of measured over expected seconds. ``finished`` holds pairs (expected, measured).
    None if there is no measurement."""
    factors = [measured / work for work, measured in finished if work > 0 and measured > 0]
    return float(np.median(factors)) if factors else None
