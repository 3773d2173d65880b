"""Layers that can be pointed at and clicked: a user's own layers, and areas coloured by numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from stcore.charts.words import deck_text

MOST_SAID = 8
"""Most attributes of a feature in the text that a pointer over it shows."""


@dataclass(frozen=True)
class Overlay:
    """A GeoJSON ``collection`` of F features, with the text that a pointer over each one shows in ``said`` [F].

    ``values`` [F] colour its areas by the map's scale (NaN: hatched), ``label`` says what they are.
    """

    name: str
    collection: Mapping[str, Any]
    said: Sequence[str]
    values: np.ndarray | None = None
    label: str = ""


def plain_overlay(name: str, collection: Mapping[str, Any]) -> Overlay:
    """A layer without numbers, with its attributes as text."""
    return Overlay(name, collection, [attribute_text(name, feature) for feature in collection["features"]])


def attribute_text(name: str, feature: Mapping[str, Any]) -> str:
    """The name of the layer and the attributes of a feature, one per line."""
    held = [f"{key}: {value}" for key, value in (feature.get("properties") or {}).items() if value not in (None, "")]
    more = [f"and {len(held) - MOST_SAID} more"] if len(held) > MOST_SAID else []
    return deck_text("\n".join([name, *held[:MOST_SAID], *more]))
