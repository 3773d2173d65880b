"""Whose clock is it? Asked wherever a file does not say, because only a named zone tells which hours the clock changed."""

from difflib import get_close_matches
from zoneinfo import available_timezones

import numpy as np
import xarray as xr

from stcore.data.checks.finding import Answers, CheckResult
from stcore.findings import DataError, Finding, refuse
from stcore.words import listing, moment

UNKNOWN, NAMED = "unknown", "<zone>"


def check_zone(ds: xr.Dataset, answers: Answers) -> CheckResult:
    """The answer ``zone`` for data whose zone is unknown; ``attrs["likely_zone"]`` is a known set's, offered and not taken."""
    if ds.attrs.get("zone", UNKNOWN) != UNKNOWN or "clock" in ds or (daily(ds) and "zone" not in answers):
        return ds, []
    choices, chosen = zone_choices(ds), answers.get("zone", UNKNOWN).strip()
    said = f"The file does not say whose clock its times are (the first is {moment(ds['time'].values[0])})."
    if chosen == UNKNOWN:
        text = f"{said} They stay as written; with a zone, hours that clock changes skip or double are found."
        return ds, [Finding("note", "zone", text, choices, UNKNOWN)]
    if chosen not in available_timezones():
        raise _no_zone(chosen)
    return ds.assign_attrs(zone=chosen), [Finding("note", "zone", f"{said} They are {chosen}'s.", choices, chosen)]


def daily(ds: xr.Dataset) -> bool:
    """Whether all rows have one time of day, as days, weeks and months do: no clock change can skip or double one."""
    seconds = ds["time"].values.astype("datetime64[s]").astype(np.int64)
    return len(seconds) > 1 and bool((seconds % 86_400 == seconds[0] % 86_400).all())


def zone_choices(ds: xr.Dataset) -> dict[str, str]:
    """What can be answered: as written, a known set's zone, or any zone by its name."""
    choices = {UNKNOWN: "leave the clock as it was written"}
    if likely := ds.attrs.get("likely_zone"):
        choices[likely] = f"the clock of {likely}, where the published set of this name was measured"
    return choices | {NAMED: "the zone of the clock by its name, such as Europe/Berlin or America/Los_Angeles"}


def _no_zone(name: str) -> DataError:
    """Names that look like it: the whole name, or the city alone."""
    plain = name.lower().replace(" ", "_").replace("-", "_")
    whole = {zone.lower().replace("-", "_"): zone for zone in sorted(available_timezones())}
    cities = {key.rsplit("/", 1)[-1]: zone for key, zone in whole.items() if "/" in key}
    found = [cities[key] for key in get_close_matches(plain.rsplit("/", 1)[-1], cities, 3, 0.75)]
    found += [whole[key] for key in get_close_matches(plain, whole, 3, 0.75)]
    near = f" Was {listing(dict.fromkeys(found), 4)} meant?" if found else ""
    text = f"There is no time zone {name[:80]!r}.{near} Zones are named as Europe/Berlin or America/Los_Angeles."
    choices = {UNKNOWN: "leave the clock as it was written"} | {zone: f"the clock of {zone}" for zone in found}
    return refuse("zone", text, choices | {NAMED: "a zone by its name"})
