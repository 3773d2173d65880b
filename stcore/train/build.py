"""What a trainer is made of: model, strategy and optimizer, each from the options alone."""

import torch

from stcore import registry, scores
from stcore.models.forecaster import Forecaster
from stcore.options import RunOptions, TrainOptions
from stcore.prune.strategy import PruningStrategy, Samples
from stcore.train.feed import Feed

DTYPES = {"float32": torch.float32, "bfloat16": torch.float32, "float64": torch.float64}


def build_model(feed: Feed, options: RunOptions) -> Forecaster:
    """The chosen forecaster, its parameters drawn from the seed alone."""
    choice = dict(options.model)
    card = registry.card("models", choice.pop("name"))
    torch.manual_seed(options.seed)
    return card.load()(feed.setting, card.options.read(choice)).to(
        options.train.device, DTYPES[options.train.precision]
    )


def build_strategy(feed: Feed, options: RunOptions) -> PruningStrategy:
    """The chosen strategy over the training windows."""
    choice = dict(options.prune)
    card = registry.card("strategies", choice.pop("name"))
    windows = feed.parts.train
    samples = Samples(
        len(windows),
        options.train.epochs,
        options.seed,
        lambda name: scores.feature(name, feed.data, windows, feed.targets),
    )
    return card.load()(card.options.read(choice), samples)


def build_optimizer(model: torch.nn.Module, options: TrainOptions) -> torch.optim.Optimizer:
    """Adam or AdamW; the rate is set at every step."""
    make = torch.optim.AdamW if options.optimizer == "adamw" else torch.optim.Adam
    return make(model.parameters(), weight_decay=options.weight_decay, fused=True)
