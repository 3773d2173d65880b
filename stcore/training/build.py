"""What a trainer is made of: model, strategy and optimizer, each from the options alone."""

import numpy as np
import torch

from stcore import registry
from stcore.data import STData
from stcore.models import Setting
from stcore.models.forecaster import Forecaster
from stcore.options import RunOptions, TrainOptions
from stcore.prune.strategy import PruningStrategy, Samples
from stcore.training.samples import TrainingSamples
from stcore.training.tensors import DataTensors

DTYPES = {"float32": torch.float32, "bfloat16": torch.float32, "float64": torch.float64}


def build_samples(data: STData, options: RunOptions, distilled: STData | None = None) -> TrainingSamples:
    """The samples of a run: those of the data, or of the ``distilled`` set alone where one is given to train on."""
    tensors = DataTensors(data, options.data, options.train.device, DTYPES[options.train.precision])
    if distilled is None or options.distilled.warm is not None:
        return TrainingSamples(tensors)
    return distilled_samples(distilled, tensors, options)


def distilled_samples(distilled: STData, tensors: DataTensors, options: RunOptions) -> TrainingSamples:
    """The samples of a distilled set that stands for the data of ``tensors``."""
    return TrainingSamples(
        DataTensors(distilled, options.data, options.train.device, DTYPES[options.train.precision], stands_for=tensors),
        tensors,
    )


def build_model(
    tensors: DataTensors, options: RunOptions, seen: tuple[np.ndarray, np.ndarray] | None = None
) -> Forecaster:
    """The chosen forecaster over the sensors of some data. Its parameters come from the seed; see Setting for ``seen``."""
    choice = dict(options.model)
    card = registry.card("models", choice.pop("name"))
    setting = setting_of(tensors, options)._replace(seen=seen)
    torch.manual_seed(options.seed)
    return card.load()(setting, card.options.read(choice)).to(options.train.device, DTYPES[options.train.precision])


def build_learner(model: Forecaster, samples: TrainingSamples, options: RunOptions) -> Forecaster:
    """The model over the sensors that it is trained on: itself, or its twin over those of a distilled set."""
    return model.among(setting_of(samples.tensors, options)) if samples.distilled else model


def setting_of(tensors: DataTensors, options: RunOptions) -> Setting:
    """What the model is told of the sensors of some data; their mean inputs only where it reads them."""
    card = registry.card("models", options.model["name"])
    reads = card.reads_location(registry.options_of("models", options.model))
    return tensors.setting._replace(location=tensors.location()) if reads else tensors.setting


def build_strategy(samples: TrainingSamples, options: RunOptions) -> PruningStrategy:
    """The chosen strategy over the training samples."""
    choice = dict(options.prune)
    card = registry.card("strategies", choice.pop("name"))
    known = Samples(samples.count, options.train.epochs, options.seed, samples.features)
    return card.load()(card.options.read(choice), known)


def flatten_parameters(model: torch.nn.Module) -> torch.nn.Parameter:
    """One vector of which all parameters become views, and its gradient, of which theirs become views.

    So zeroing, clipping, a step of the optimizer and a message between ranks are one operation each.
    """
    parameters = list(model.parameters())
    sizes = [parameter.numel() for parameter in parameters]
    whole = torch.nn.Parameter(torch.cat([parameter.detach().reshape(-1) for parameter in parameters]))
    gradient = torch.zeros_like(whole)
    whole.grad = gradient
    for parameter, values, slopes in zip(parameters, whole.detach().split(sizes), gradient.split(sizes), strict=True):
        parameter.data, parameter.grad = values.view_as(parameter), slopes.view_as(parameter)
    return whole


def build_optimizer(whole: torch.nn.Parameter, options: TrainOptions, decay: float) -> torch.optim.Optimizer:
    """Adam or AdamW on a flattened model; the rate is set at every step."""
    make = torch.optim.AdamW if options.optimizer == "adamw" else torch.optim.Adam
    return make([whole], weight_decay=decay, fused=True)
