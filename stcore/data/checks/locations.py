"""Locations: latitude and longitude in degrees. Where two meanings are possible, a question is asked."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import xarray as xr

from stcore.data.checks.finding import Answers, CheckResult, note, repair
from stcore.findings import Finding, refuse
from stcore.words import listing, quantity

FAR = 20
"""A sensor so many times farther from the middle than is usual is named as perhaps misplaced."""
MOST_FAR = 0.25
"""Where more than this share of the sensors is far away, the network has several parts and no sensor is misplaced."""
# south, north, west, east of the continents by which time zones are named
BOXES = {
    "Europe": (34, 72, -32, 60),
    "Africa": (-36, 38, -26, 60),
    "Asia": (-12, 82, 25, 180),
    "America": (-56, 84, -170, -30),
    "Australia": (-45, -9, 110, 160),
}


def check_locations(ds: xr.Dataset, answers: Answers) -> CheckResult:
    """``lat`` and ``lon`` [sensor] are degrees, NaN for a sensor without a location; both may be absent."""
    if "lat" not in ds or "lon" not in ds:
        ds = ds.drop_vars([name for name in ("lat", "lon") if name in ds])
        return ds, [
            note(
                "no-coordinates",
                "There are no coordinates, so there is no map and no graph by distance. Everything else works.",
            )
        ]
    if ds["lat"].dims != ("sensor",) or ds["lon"].dims != ("sensor",):
        raise refuse(
            "coordinates",
            f"Coordinates need one latitude and one longitude per sensor; they have the dims {ds['lat'].dims}.",
        )
    lat, lon, findings = _degrees(ds["lat"].values, ds["lon"].values, answers)
    lat, lon, more = _swap_by_zone(lat, lon, ds.attrs, answers)
    findings += more
    known = np.isfinite(lat) & np.isfinite(lon)
    if not known.any():
        return ds.drop_vars(["lat", "lon"]), [
            *findings,
            note("no-coordinates", "No sensor has coordinates, so there is no map."),
        ]
    lat, lon = np.where(known, lat, np.nan), np.where(known, lon, np.nan)
    lat, lon, odd = _odd_locations(ds["sensor"].values, lat, lon, answers)
    findings += odd
    if not np.isfinite(lat).any():
        return ds.drop_vars(["lat", "lon"]), [
            *findings,
            note("no-coordinates", "No sensor has coordinates, so there is no map."),
        ]
    return ds.assign(lat=("sensor", lat), lon=("sensor", lon)), findings


def _degrees(lat: np.ndarray, lon: np.ndarray, answers: Answers) -> tuple[np.ndarray, np.ndarray, list[Finding]]:
    """Degrees from what a file holds: swapped axes are exchanged, 0..360 becomes -180..180, projected ones are converted."""
    known = np.isfinite(lat) & np.isfinite(lon)
    if not known.any():
        return lat, lon, []
    tall, wide = np.abs(lat[known]).max(), np.abs(lon[known]).max()
    if tall > 90 and tall <= 180 and wide <= 90:
        text = (
            "Latitude and longitude were swapped (a latitude of "
            f"{lat[known][np.abs(lat[known]).argmax()]:g} is impossible); they were exchanged."
        )
        return lon, lat, [repair("swapped", text)]
    if tall > 90 or wide > 360:
        return _unprojected(lat, lon, answers)
    if wide > 180 and lon[known].min() >= 0:
        text = "Longitudes from 0 to 360 were changed to -180 to 180."
        return lat, np.where(lon > 180, lon - 360, lon), [repair("longitude", text)]
    if wide > 180:
        raise refuse("coordinates", f"A longitude of {lon[known][np.abs(lon[known]).argmax()]:g} is impossible.")
    return lat, lon, []


def _swap_by_zone(
    lat: np.ndarray, lon: np.ndarray, attrs: Mapping[str, Any], answers: Answers
) -> tuple[np.ndarray, np.ndarray, list[Finding]]:
    """A question where no location lies on the continent of the time zone, and all do with their axes swapped."""
    zone = str(attrs.get("local_zone") or attrs.get("zone") or "")
    box, known = BOXES.get(zone.split("/")[0]), np.isfinite(lat) & np.isfinite(lon)
    if box is None or not known.any() or _inside(lat[known], lon[known], box).any():
        return lat, lon, []
    if np.abs(lon[known]).max() > 90 or not _inside(lon[known], lat[known], box).all():
        return lat, lon, []
    choices = {"keep": "leave latitude and longitude as they are", "swap": "swap latitude and longitude"}
    chosen = "swap" if answers.get("swapped") == "swap" else "keep"
    text = (
        f"No sensor lies in the part of the world of the time zone {zone}; with latitude and longitude swapped all do."
        f"{' They were swapped.' if chosen == 'swap' else ' They may be swapped.'}"
    )
    finding = Finding("repaired" if chosen == "swap" else "note", "swapped", text, choices, chosen)
    return (lon, lat, [finding]) if chosen == "swap" else (lat, lon, [finding])


def _inside(lat: np.ndarray, lon: np.ndarray, box: tuple[float, float, float, float]) -> np.ndarray:
    return (lat >= box[0]) & (lat <= box[1]) & (lon >= box[2]) & (lon <= box[3])


def _unprojected(lat: np.ndarray, lon: np.ndarray, answers: Answers) -> tuple[np.ndarray, np.ndarray, list[Finding]]:
    choices = {"<EPSG:number>": "the coordinate system of these numbers, such as EPSG:25832"}
    code = re.fullmatch(r"(?:EPSG:)?(\d{4,6})", answers.get("projected", "").strip().upper())
    text = (
        f"Coordinates up to {np.nanmax(np.abs([lat, lon])):,.0f} are not degrees; they look like projected coordinates."
    )
    if not code:
        raise refuse("projected", f"{text} Which coordinate system do they use?", choices)
    from pyproj import Transformer
    from pyproj.exceptions import CRSError

    try:
        turn = Transformer.from_crs(int(code[1]), 4326, always_xy=True)
    except CRSError as error:
        raise refuse("projected", f"There is no coordinate system EPSG:{code[1]}.", choices) from error
    east, north = turn.transform(lon, lat)
    if not (np.isfinite(east) == np.isfinite(lon)).all():
        raise refuse("projected", f"Some coordinates lie outside EPSG:{code[1]}.", choices)
    return (
        np.asarray(north),
        np.asarray(east),
        [Finding("repaired", "projected", f"{text} They were converted.", choices, answers["projected"])],
    )


def _odd_locations(
    names: np.ndarray, lat: np.ndarray, lon: np.ndarray, answers: Answers
) -> tuple[np.ndarray, np.ndarray, list[Finding]]:
    """Sensors without a location, at (0, 0), at the same location as another, or far from all others.

    The locations at (0, 0) and far away can be left out by an answer.
    """
    findings = []
    nowhere = (lat == 0) & (lon == 0)
    if nowhere.any():
        text = f"{quantity(int(nowhere.sum()), 'sensor')} at latitude 0, longitude 0, which usually means unknown"
        findings.append(_question("zero-coordinates", text, names[nowhere], answers))
        lat, lon = _without_odd(lat, lon, nowhere, findings[-1])
    far = np.isfinite(lat) & _far_from_all(lat, lon)
    if far.any():
        text = f"{quantity(int(far.sum()), 'sensor')} far from all others, perhaps misplaced"
        where = [
            f"{name} ({north:.4g}, {east:.4g})"
            for name, north, east in zip(names[far], lat[far], lon[far], strict=True)
        ]
        findings.append(_question("far-away", text, where, answers))
        lat, lon = _without_odd(lat, lon, far, findings[-1])
    known = np.isfinite(lat)
    if not known.all():
        text = f"{quantity(int((~known).sum()), 'sensor')} without coordinates and not on the map: {listing(names[~known])}."
        findings.append(note("no-place", text))
    _, first, number = np.unique(np.stack([lat, lon], axis=1)[known], axis=0, return_index=True, return_counts=True)
    if (number > 1).any():
        text = (
            f"{quantity(int(number[number > 1].sum()), 'sensor')} share their location "
            f"with another, such as {listing(names[known][first[number > 1]], 3)}."
        )
        findings.append(note("same-place", text))
    return lat, lon, findings


def _question(code: str, text: str, names: Iterable[object], answers: Answers) -> Finding:
    """The question whether odd locations are right; they are kept unless the answer is to leave them out."""
    choices = {"keep": "keep their locations", "leave-out": "treat their locations as unknown; their readings stay"}
    if answers.get(code) != "leave-out":
        return Finding("note", code, f"{text}: {listing(names)}.", choices, "keep")
    return Finding("repaired", code, f"{text}; their locations were left out: {listing(names)}.", choices, "leave-out")


def _without_odd(lat: np.ndarray, lon: np.ndarray, odd: np.ndarray, finding: Finding) -> tuple[np.ndarray, np.ndarray]:
    if finding.chosen != "leave-out":
        return lat, lon
    return np.where(odd, np.nan, lat), np.where(odd, np.nan, lon)


def _far_from_all(lat: np.ndarray, lon: np.ndarray) -> np.ndarray:
    """[N] whether a sensor is more than FAR times the median distance away from the median location."""
    if not np.isfinite(lat).any():
        return np.zeros(len(lat), bool)
    turns = np.radians(lon)
    middle = np.degrees(np.arctan2(np.nanmean(np.sin(turns)), np.nanmean(np.cos(turns))))
    # relative to the middle, so that a network across the date line is in one piece
    east = (lon - middle + 180) % 360 - 180
    away = np.hypot(lat - np.nanmedian(lat), (east - np.nanmedian(east)) * np.cos(np.radians(np.nanmedian(lat))))
    usual = np.nanmedian(away)
    far = np.nan_to_num(away) > FAR * usual if usual > 0 else np.zeros(len(lat), bool)
    return far if far.mean() <= MOST_FAR else np.zeros(len(lat), bool)
