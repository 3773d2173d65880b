"""Sensors by district: which polygon of a layer each one stands in, and what their numbers are there on average."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from stcore.charts.maps.layers import outlines
from stcore.charts.maps.overlays import Overlay, attribute_text
from stcore.charts.words import deck_text, short

NAMES = ("name", "title", "label", "district", "region")


def district_of(collection: Mapping[str, Any], places: np.ndarray) -> np.ndarray:
    """[N] position of the feature whose area holds each of ``places`` [N, 2] (latitude, longitude); -1 for none.

    Even-odd rule over all rings of a feature, so that holes are outside (Shimrat 1962); of areas that overlap the first. A
    place on a border is in exactly one of two areas that share it. Areas that go on past the date line count there, too.
    """
    found = np.full(len(places), -1)
    lat, lon = places[:, 0], places[:, 1]
    for number, feature in enumerate(collection["features"]):
        rings = [ring for area, ring in outlines({"features": [feature]}) if area and len(ring) > 2]
        if not rings:
            continue
        west, east = min(ring[:, 0].min() for ring in rings), max(ring[:, 0].max() for ring in rings)
        for turn in (0.0, 360.0, -360.0):
            near = np.flatnonzero((found < 0) & (lon + turn >= west) & (lon + turn <= east))
            if len(near):
                within = _odd(rings, lon[near] + turn, lat[near])
                found[near[within]] = number
    return found


def _odd(rings: Sequence[np.ndarray], x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """[M] whether a ray to the east crosses the rings an odd number of times."""
    crossed = np.zeros(len(x), int)
    for ring in rings:
        for (x0, y0), (x1, y1) in zip(ring, np.roll(ring, -1, axis=0), strict=True):
            if y0 == y1:
                continue
            between = (y0 <= y) != (y1 <= y)
            crossed += between & (x < x0 + (y - y0) * (x1 - x0) / (y1 - y0))
    return crossed % 2 == 1


def district_means(
    collection: Mapping[str, Any], member: np.ndarray, numbers: Mapping[str, np.ndarray]
) -> pd.DataFrame:
    """One row a polygon: ``district``, ``sensors``, and the mean over its sensors of each of ``numbers`` {name: [N]}.

    ``member`` [N] is what ``inside`` gave; a district without sensors, or without a number of any, has NaN. Lines and points
    of the collection have no row; the index is the feature's position.
    """
    kept = [place for place, feature in enumerate(collection["features"]) if _is_area(feature)]
    count = np.bincount(member[member >= 0], minlength=len(collection["features"]))
    table = {"district": district_names(collection), "sensors": count}
    for name, values in numbers.items():
        seen = (member >= 0) & np.isfinite(values)
        total = np.bincount(member[seen], values[seen], minlength=len(count))
        known = np.bincount(member[seen], minlength=len(count))
        table[name] = np.divide(total, known, out=np.full(len(count), np.nan), where=known > 0)
    return pd.DataFrame(table).iloc[kept]


def _is_area(feature: Mapping[str, Any]) -> bool:
    return (feature.get("geometry") or {}).get("type") in ("Polygon", "MultiPolygon")


def district_names(collection: Mapping[str, Any]) -> list[str]:
    """[F] what each feature is called: by an attribute called name or so, else by its first one, else by its number."""
    held = [feature.get("properties") or {} for feature in collection["features"]]
    keys = list(dict.fromkeys(key for part in held for key in part))
    called = [key for word in NAMES for key in keys if word in key.lower()] + keys
    name = called[0] if called else ""
    found = [str(part.get(name) or f"area {place + 1}") for place, part in enumerate(held)]
    times = Counter(found)
    return [text if times[text] == 1 else f"{text} ({place + 1})" for place, text in enumerate(found)]


def district_overlay(
    name: str, collection: Mapping[str, Any], table: pd.DataFrame, values: str, words: tuple[str, str]
) -> Overlay:
    """The polygons of a collection in the colours of a column of ``by_district``; ``words``: what it is, and its unit."""
    label, unit = words
    features = list(table.index)
    held = [collection["features"][place] for place in features]
    said = []
    for feature, (_, row) in zip(held, table.iterrows(), strict=True):
        count = f"{row['sensors']} sensor" + "s" * (row["sensors"] != 1)
        told = f"mean {label}: {short(row[values], unit)} ({count})" if row["sensors"] else "no sensors"
        rest = [
            line for line in attribute_text(name, feature).split("\n")[1:] if not line.endswith(f": {row['district']}")
        ]
        said.append(deck_text("\n".join([row["district"], told, *rest])))
    means = table[values].to_numpy(float)
    return Overlay(name, {"type": "FeatureCollection", "features": held}, said, means, f"mean {label}")
