"""Coordinates: degrees on the earth, latitude first, or a question."""

import re

import numpy as np
import xarray as xr

from stcore.checks.finding import Answers, Checked, counted, listed, note, repaired
from stcore.findings import Finding, refuse

FAR = 20
"""Beyond so many times the usual distance from the middle, a place is told."""


def check_places(ds: xr.Dataset, answers: Answers) -> Checked:
    """``lat`` and ``lon`` in degrees, or absent; a sensor may have none (NaN)."""
    if "lat" not in ds or "lon" not in ds:
        ds = ds.drop_vars([name for name in ("lat", "lon") if name in ds])
        return ds, [
            note("no-coordinates", "No coordinates: there is no map and no graph by distance; everything else works.")
        ]
    if ds["lat"].dims != ("sensor",) or ds["lon"].dims != ("sensor",):
        raise refuse(
            "coordinates",
            f"Coordinates need one latitude and one longitude per sensor; they lie over {ds['lat'].dims}.",
        )
    lat, lon, findings = _degrees(ds["lat"].values, ds["lon"].values, answers)
    known = np.isfinite(lat) & np.isfinite(lon)
    if not known.any():
        return ds.drop_vars(["lat", "lon"]), [
            *findings,
            note("no-coordinates", "No sensor has coordinates: there is no map."),
        ]
    lat, lon = np.where(known, lat, np.nan), np.where(known, lon, np.nan)
    findings += _odd(ds["sensor"].values, lat, lon)
    return ds.assign(lat=("sensor", lat), lon=("sensor", lon)), findings


def _degrees(lat: np.ndarray, lon: np.ndarray, answers: Answers) -> tuple[np.ndarray, np.ndarray, list[Finding]]:
    """Swapped axes put right, 0..360 brought to -180..180, projected ones converted or refused."""
    known = np.isfinite(lat) & np.isfinite(lon)
    if not known.any():
        return lat, lon, []
    tall, wide = np.abs(lat[known]).max(), np.abs(lon[known]).max()
    if tall > 90 and tall <= 180 and wide <= 90:
        text = (
            "Latitude and longitude were swapped (a latitude of "
            f"{lat[known][np.abs(lat[known]).argmax()]:g} cannot be); they changed places."
        )
        return lon, lat, [repaired("swapped", text)]
    if tall > 90 or wide > 360:
        return _unprojected(lat, lon, answers)
    if wide > 180 and lon[known].min() >= 0:
        text = "Longitudes from 0 to 360 were brought to -180 to 180."
        return lat, np.where(lon > 180, lon - 360, lon), [repaired("longitude", text)]
    if wide > 180:
        raise refuse("coordinates", f"A longitude of {lon[known][np.abs(lon[known]).argmax()]:g} cannot be.")
    return lat, lon, []


def _unprojected(lat: np.ndarray, lon: np.ndarray, answers: Answers) -> tuple[np.ndarray, np.ndarray, list[Finding]]:
    choices = {"<EPSG:number>": "the coordinate system of these numbers, such as EPSG:25832"}
    code = re.fullmatch(r"(?:EPSG:)?(\d{4,6})", answers.get("projected", "").strip().upper())
    text = f"Coordinates up to {np.nanmax(np.abs([lat, lon])):,.0f} are no degrees; they look like projected ones."
    if not code:
        raise refuse("projected", f"{text} Which coordinate system is it?", choices)
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


def _odd(names: np.ndarray, lat: np.ndarray, lon: np.ndarray) -> list[Finding]:
    """Sensors with no place, at (0, 0), on top of each other, or far from all others."""
    known = np.isfinite(lat)
    findings = []
    if not known.all():
        text = (
            f"{counted(int((~known).sum()), 'sensor')} without coordinates, so not on the map: {listed(names[~known])}."
        )
        findings.append(note("no-place", text))
    nowhere = (lat == 0) & (lon == 0)
    if nowhere.any():
        text = (
            f"{counted(int(nowhere.sum()), 'sensor')} at latitude 0, longitude "
            f"0, which usually means unknown: {listed(names[nowhere])}."
        )
        findings.append(note("zero-coordinates", text))
    _, first, number = np.unique(np.stack([lat, lon], axis=1)[known], axis=0, return_index=True, return_counts=True)
    if (number > 1).any():
        text = (
            f"{counted(int(number[number > 1].sum()), 'sensor')} share their place "
            f"with another, such as {listed(names[known][first[number > 1]], 3)}."
        )
        findings.append(note("same-place", text))
    far = known & _far(lat, lon)
    if far.any():
        text = f"{counted(int(far.sum()), 'sensor')} far from all others, perhaps misplaced: {listed(names[far])}."
        findings.append(note("far-away", text))
    return findings


def _far(lat: np.ndarray, lon: np.ndarray) -> np.ndarray:
    """[N] more than FAR times the median distance from the median place (longitudes over the shorter way round)."""
    east = (lon - np.nanmedian(lon) + 180) % 360 - 180
    away = np.hypot(lat - np.nanmedian(lat), east * np.cos(np.radians(np.nanmedian(lat))))
    usual = np.nanmedian(away)
    return np.nan_to_num(away) > FAR * usual if usual > 0 else np.zeros(len(lat), bool)
