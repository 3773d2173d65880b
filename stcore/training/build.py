"""What a trainer is made of: model, strategy and optimizer, each from the options alone."""

import torch

from stcore import registry
from stcore.models.forecaster import Forecaster
from stcore.options import RunOptions, TrainOptions
from stcore.prune.strategy import PruningStrategy, Samples
from stcore.training.feed import Feed
from stcore.training.pool import Pool

DTYPES = {"float32": torch.float32, "bfloat16": torch.float32, "float64": torch.float64}


def build_model(feed: Feed, options: RunOptions) -> Forecaster:
    """The chosen forecaster, its parameters drawn from the seed alone."""
    choice = dict(options.model)
    card = registry.card("models", choice.pop("name"))
    torch.manual_seed(options.seed)
    return card.load()(feed.setting, card.options.read(choice)).to(
        options.train.device, DTYPES[options.train.precision]
    )


def build_strategy(pool: Pool, options: RunOptions) -> PruningStrategy:
    """The chosen strategy over the training samples."""
    choice = dict(options.prune)
    card = registry.card("strategies", choice.pop("name"))
    samples = Samples(pool.count, options.train.epochs, options.seed, pool.features)
    return card.load()(card.options.read(choice), samples)


def flattened(model: torch.nn.Module) -> torch.nn.Parameter:
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
