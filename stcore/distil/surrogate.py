"""Surrogates: fresh models for any number of sensors. Real and synthetic windows are compared through them."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from stcore import registry
from stcore.models import Setting
from stcore.models.cards import for_unseen_sensors
from stcore.models.forecaster import Forecaster


class Surrogates:
    """Makes surrogates for the clusters of a ``setting``. The seed alone determines a surrogate.

    OptionError for a model whose weights are tied to certain sensors.
    """

    def __init__(self, choice: Mapping[str, Any], setting: Setting) -> None:
        given = for_unseen_sensors(choice)
        self.card = registry.card("models", given.pop("name"))
        self.options, self.setting = self.card.options.read(given), setting

    def fresh(self, seed: list[int]) -> Forecaster:
        """A new surrogate with random weights."""
        torch.manual_seed(int(np.random.default_rng(seed).integers(2**31)))
        model: Forecaster = self.card.load()(self.setting, self.options)
        return model.train()

    def among(self, model: Forecaster, clusters: np.ndarray, location: Tensor) -> Forecaster:
        """The surrogate for some ``clusters`` [n] only, whose mean inputs are ``location`` [n, L * C]."""
        return model.among(self.setting.some(clusters)._replace(location=location))


def compared_parameters(model: Forecaster) -> list[torch.nn.Parameter]:
    """The parameters whose gradients are compared: tensors with two or more dimensions.

    Tables over the time of day or week are left out, since windows of different hours share no row.
    """
    tables = model.calendar_tables
    return [part for name, part in model.named_parameters() if part.ndim >= 2 and name.split(".")[0] not in tables]
