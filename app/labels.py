"""What runs, distillations and registered things are called on the page."""

from collections.abc import Sequence

import pandas as pd

from app.session import current_zone
from stcore import registry
from stcore.charts.words import percent
from stcore.distil.clusters import windows_and_clusters
from stcore.runs import Run
from stcore.runs import labels as labels_of


def card_label(name: str) -> str:
    """The label of a model, strategy or mask, as its authors write it."""
    card = registry.find("models", name) or registry.find("strategies", name) or registry.find("masks", name)
    return card.label if card else name


def distiller_label(name: str) -> str:
    """The label of a distiller, as its authors write it."""
    card = registry.find("distillers", name)
    return card.label if card else name


# ---- runs and distillations ----------------------------------------------------------------------------------------
def run_label(run: Run) -> str:
    """The title that a person gave the run; else method, model, when it was made, and its data.

    What tells runs apart comes first, because a list may cut off the end.
    """
    if title := labels_of.label(run).title:
        return title
    created = run.spec.created
    local = pd.Timestamp(created).tz_convert(current_zone())
    when = f"{local.day} {local:%b, %H:%M}" if run.id[:8] == created[:10].replace("-", "") else run.id
    method = distiller_words(run) if run.kind == "distil" else strategy_words(run)
    return f"{method} · {card_label(run.spec.model_name)} · {when} · {run.spec.data.title}"


def run_labels(runs: Sequence[Run]) -> dict[str, str]:
    """A distinct label for each run by its id: of two that are called alike, the later one shows its id too."""
    labels: dict[str, str] = {}
    for run in runs:
        label = run_label(run)
        labels[run.id] = label if label not in labels.values() else f"{label} · {run.id}"
    return labels


def strategy_words(run: Run) -> str:
    """How a run trains: its strategy and budget, its mask, and the distilled set if it trains on one."""
    prune = run.spec.options.prune
    keep = prune.get("keep")
    method = f"{card_label(prune['name'])}{f' {keep:.0%}' if keep else ''}"
    if mask := mask_words(run):
        method += f" · {mask}"
    if training_set := training_set_words(run):
        method = training_set if prune["name"] == "full" else f"{method} · {training_set}"
    return method


def training_set_words(run: Run) -> str:
    """The distilled set that a run trains on; empty for a run on the data themselves."""
    distilled = run.spec.distilled
    if not distilled:
        return ""
    then_all = ", then all" if run.spec.options.distilled.warm else ""
    return f"on a set of {distilled['windows']:,} × {distilled['sensors']:,}{then_all}"


def mask_words(run: Run) -> str:
    """The run's mask over sensors and how many are off; empty without one."""
    mask = run.spec.options.mask
    card = registry.find("masks", mask["name"])
    if card is not None and card.off == "never":
        return ""
    words = card.title if card is not None and card.title else f"{card_label(mask['name'])} mask"
    if card is not None and not card.chooses:
        return f"{words}, {len(mask['on'])} on" if mask.get("on") else words
    if (card is not None and card.off == "steps") or mask.get("budget") or "sparsity" not in mask:
        return words
    return f"{words}, {mask['sparsity']:.0%} off"


def error_unit(run: Run) -> str:
    """The unit of the run's errors."""
    return run.spec.error_unit


# ---- distilled sets ------------------------------------------------------------------------------------------------
def distiller_words(run: Run) -> str:
    """A distillation's method and the size of its set."""
    windows, sensors = set_size(run)
    return f"{distiller_label(run.method)} {windows:,} × {sensors:,}"


def set_size(run: Run) -> tuple[int, int]:
    """Windows and clusters (or sensors) of the set that a distillation makes; those of the data if its method is unknown."""
    windows, sensors = run.spec.windows.train, len(run.spec.data.sensors)
    choice = run.spec.distil
    card = registry.find("distillers", choice["name"])
    if card is None:
        return windows, sensors
    options = registry.options_of("distillers", choice)
    return windows_and_clusters(windows, sensors, options, card.fewest(options))[:2]  # type: ignore[arg-type]


def set_share(run: Run) -> float:
    """The size of a distillation's set as a share of its training data."""
    windows, sensors = set_size(run)
    return windows * sensors / (run.spec.windows.train * len(run.spec.data.sensors))


def set_size_words(run: Run) -> str:
    """The size of the set in words."""
    windows, sensors = set_size(run)
    return f"{windows:,} windows × {sensors:,} {set_sensor_words(run)}, {percent(set_share(run))} of the whole"


def set_sensor_words(run: Run) -> str:
    """What the sensors of the set are: clusters, or real sensors (of a grid: cells)."""
    is_picked = run.spec.distil.get("sensors", "clusters") != "clusters"
    return say_cells("sensors", run) if is_picked else "clusters"


def say_cells(text: str, run: Run) -> str:
    """A text about sensors for a distillation's data: of a grid it says cells."""
    return say_node(text, "cell" if run.spec.data.node == "cell" else "sensor")  # old records name none


def say_node(text: str, node: str) -> str:
    """A text about sensors with another word for them: ``node``, a sensor or a cell."""
    return text.replace("sensor", node).replace("Sensor", node.capitalize())
