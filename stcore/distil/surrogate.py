"""Surrogates: fresh models without a fixed number of sensors, on which real and synthetic windows are compared."""

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
    """Makes surrogates for the clusters of a ``setting``; each is drawn from its seed alone. OptionError for a model whose
    weights fit its own sensors alone."""

    def __init__(self, choice: Mapping[str, Any], setting: Setting) -> None:
        given = for_unseen_sensors(choice)
        self.card = registry.card("models", given.pop("name"))
        self.options, self.setting = self.card.options.read(given), setting

    def fresh(self, seed: list[int]) -> Forecaster:
        """A new one."""
        torch.manual_seed(int(np.random.default_rng(seed).integers(2**31)))
        model: Forecaster = self.card.load()(self.setting, self.options)
        return model.train()

    def among(self, model: Forecaster, clusters: np.ndarray, location: Tensor) -> Forecaster:
        """The surrogate among some ``clusters`` [n] alone, whose mean inputs are ``location`` [n, L * C]."""
        return model.among(self.setting.some(clusters)._replace(location=location))


def compared_parameters(model: Forecaster) -> list[torch.nn.Parameter]:
    """The parameters whose gradients are compared: those of two and more dimensions.

    Tables over time of day and week are left out: windows of other hours have no row in common.
    """
    tables = model.calendar_tables
    return [one for name, one in model.named_parameters() if one.ndim >= 2 and name.split(".")[0] not in tables]
