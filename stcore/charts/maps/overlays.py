"""Layers that may be pointed at and clicked: what a user brings, and areas coloured by a number each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from stcore.charts.words import deck_text

MOST_SAID = 8
"""Attributes of a feature that a pointer over it is told."""


@dataclass(frozen=True)
class Overlay:
    """A GeoJSON ``collection`` of F features, with what a pointer is told of each in ``said`` [F].

    ``values`` [F] colour its areas by the map's scale (NaN: hatched), ``label`` says what they are.
    """

    name: str
    collection: Mapping[str, Any]
    said: Sequence[str]
    values: np.ndarray | None = None
    label: str = ""


def plain_overlay(name: str, collection: Mapping[str, Any]) -> Overlay:
    """A layer as it is, its attributes told as plain text."""
    return Overlay(name, collection, [attribute_text(name, feature) for feature in collection["features"]])


def attribute_text(name: str, feature: Mapping[str, Any]) -> str:
    """The layer's name and a feature's attributes, one a line."""
    held = [f"{key}: {value}" for key, value in (feature.get("properties") or {}).items() if value not in (None, "")]
    more = [f"and {len(held) - MOST_SAID} more"] if len(held) > MOST_SAID else []
    return deck_text("\n".join([name, *held[:MOST_SAID], *more]))
