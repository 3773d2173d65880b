"""What a trainer is made of: model, strategy and optimizer, each from the options alone."""

import numpy as np
import torch

from stcore import registry
from stcore.data import STData
from stcore.models import Setting
from stcore.models.forecaster import Forecaster
from stcore.options import RunOptions, TrainOptions
from stcore.prune.strategy import PruningStrategy, Samples
from stcore.training.samples import Pool
from stcore.training.tensors import Feed

DTYPES = {"float32": torch.float32, "bfloat16": torch.float32, "float64": torch.float64}


def build_pool(data: STData, options: RunOptions, distilled: STData | None = None) -> Pool:
    """The samples of a run: those of the data, or of the ``distilled`` set alone where one is given to train on."""
    feed = Feed(data, options.data, options.train.device, DTYPES[options.train.precision])
    if distilled is None or options.distilled.warm is not None:
        return Pool(feed)
    return small_pool(distilled, feed, options)


def small_pool(distilled: STData, feed: Feed, options: RunOptions) -> Pool:
    """The samples of a distilled set that stands for the data of ``feed``."""
    return Pool(
        Feed(distilled, options.data, options.train.device, DTYPES[options.train.precision], stands_for=feed), feed
    )


def build_model(feed: Feed, options: RunOptions, seen: tuple[np.ndarray, np.ndarray] | None = None) -> Forecaster:
    """The chosen forecaster over the sensors of a feed, its parameters drawn from the seed alone; see Setting for ``seen``."""
    choice = dict(options.model)
    card = registry.card("models", choice.pop("name"))
    setting = setting_of(feed, options)._replace(seen=seen)
    torch.manual_seed(options.seed)
    return card.load()(setting, card.options.read(choice)).to(options.train.device, DTYPES[options.train.precision])


def build_learner(model: Forecaster, pool: Pool, options: RunOptions) -> Forecaster:
    """The model over the sensors that it is trained on: itself, or its twin over those of a distilled set."""
    return model.among(setting_of(pool.feed, options)) if pool.distilled else model


def setting_of(feed: Feed, options: RunOptions) -> Setting:
    """What the model is told of the sensors of a feed; their mean inputs only where it reads them."""
    card = registry.card("models", options.model["name"])
    reads = card.reads_location(registry.options_of("models", options.model))
    return feed.setting._replace(location=feed.location()) if reads else feed.setting


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
