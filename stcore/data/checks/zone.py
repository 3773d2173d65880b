"""The time zone: asked for wherever a file does not name one, since only a zone says in which hours clocks changed."""

from collections.abc import Iterable
from dataclasses import replace
from difflib import get_close_matches
from zoneinfo import available_timezones

import numpy as np
import xarray as xr

from stcore.data.checks.finding import Answers, CheckResult
from stcore.findings import DataError, Finding, refuse
from stcore.words import listing, moment

UNKNOWN, NAMED = "unknown", "<zone>"


def check_zone(ds: xr.Dataset, answers: Answers) -> CheckResult:
    """Ask for the zone of data that name none."""
    if ds.attrs.get("zone", UNKNOWN) != UNKNOWN or "clock" in ds or (is_daily(ds) and "zone" not in answers):
        return ds, []
    choices, chosen = zone_choices(), answers.get("zone", UNKNOWN).strip()
    text = f"The file does not say in which time zone its times are (the first is {moment(ds['time'].values[0])})."
    if chosen == UNKNOWN:
        text += " They stay as written. With a zone, the hours that clock changes skip or repeat can be found."
        return ds, [Finding("note", "zone", text, choices, UNKNOWN)]
    if chosen not in available_timezones():
        raise _no_zone(chosen)
    return ds.assign_attrs(zone=chosen), [Finding("note", "zone", f"{text} They are in {chosen}.", choices, chosen)]


def is_daily(ds: xr.Dataset) -> bool:
    """Whether all rows have the same time of day, as in daily or weekly data, so that clock changes do not matter."""
    seconds = ds["time"].values.astype("datetime64[s]").astype(np.int64)
    return len(seconds) > 1 and bool((seconds % 86_400 == seconds[0] % 86_400).all())


def zone_choices() -> dict[str, str]:
    """The possible answers: as written, or any zone by its name."""
    return {
        UNKNOWN: "keep the times as they were written",
        NAMED: "the name of the time zone, such as Europe/Berlin or America/Los_Angeles",
    }


def offer_zone(findings: Iterable[Finding], zone: str | None) -> list[Finding]:
    """The findings, with the ``zone`` of a published set as a further choice of the zone question."""
    if zone is None:
        return list(findings)
    offer = {zone: f"times in {zone}, where the published set of this name was measured"}
    return [
        replace(finding, choices={UNKNOWN: finding.choices[UNKNOWN]} | offer | dict(finding.choices))
        if finding.code == "zone" and {UNKNOWN, NAMED} <= finding.choices.keys()
        else finding
        for finding in findings
    ]


def offered_zone(findings: Iterable[Finding]) -> str | None:
    """The zone that an earlier zone question offered."""
    offers = [zone for finding in findings if finding.code == "zone" for zone in finding.choices]
    return next((zone for zone in offers if zone not in (UNKNOWN, NAMED)), None)


def _no_zone(name: str) -> DataError:
    """The error for a name that is no zone, with zones of similar names or cities."""
    plain = name.lower().replace(" ", "_").replace("-", "_")
    whole = {zone.lower().replace("-", "_"): zone for zone in sorted(available_timezones())}
    cities = {key.rsplit("/", 1)[-1]: zone for key, zone in whole.items() if "/" in key}
    similar = [cities[key] for key in get_close_matches(plain.rsplit("/", 1)[-1], cities, 3, 0.75)]
    similar += [whole[key] for key in get_close_matches(plain, whole, 3, 0.75)]
    near = f" Was {listing(dict.fromkeys(similar), 4)} meant?" if similar else ""
    text = f"There is no time zone {name[:80]!r}.{near} Zones have names such as Europe/Berlin or America/Los_Angeles."
    choices = {UNKNOWN: "keep the times as they were written"} | {zone: f"times in {zone}" for zone in similar}
    return refuse("zone", text, choices | {NAMED: "the name of a time zone"})
