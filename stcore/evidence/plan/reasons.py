"""Why each sensor stays or is switched off, in words that are short enough for a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from stcore.data import STData
from stcore.sensors.correlation import correlation
from stcore.sensors.daily_course import daily_residuals
from stcore.sensors.duplicates import duplicate_groups
from stcore.sensors.faulty import Fault, find_faults
from stcore.sensors.sites import Sites

TELLERS, LEAST = 2, 0.2  # kept sites that are named as telling one that is off, and how alike they have to be


@dataclass
class SiteFacts:
    """What the data say of their R sites, whatever the plan. Each property is computed once."""

    data: STData
    sites: Sites

    @cached_property
    def copies(self) -> np.ndarray:
        """The group [R] of copies that each site belongs to, -1 for none."""
        return duplicate_groups(self.sites)

    @cached_property
    def rest(self) -> np.ndarray:
        """The readings [T, R] without their usual course of the day."""
        return daily_residuals(self.sites)

    @cached_property
    def alike(self) -> np.ndarray:
        """The correlation [R, R] of the readings without their usual course of the day."""
        found = correlation(self.rest)
        np.fill_diagonal(found, 0)
        return found

    @cached_property
    def faults(self) -> dict[int, Fault]:
        """The longest suspected fault of each sensor that has one, by position."""
        found: dict[int, Fault] = {}
        for fault in find_faults(self.data, self.sites.target):
            other = found.get(fault.sensor)
            if other is None or fault.end - fault.start > other.end - other.start:
                found[fault.sensor] = fault
        return found

    @property
    def day(self) -> int:
        """The steps of a day. A fault has to last as long to be the reason for switching a sensor off."""
        return max(round(86_400 / self.data.step_seconds), 1)

    def apart(self, one: int, other: int) -> float:
        """How much two sites differ, without the usual day: the variance of their difference over the smaller of their own."""
        both = np.isfinite(self.sites.series[:, one]) & np.isfinite(self.sites.series[:, other])
        left = self.rest[both][:, [one, other]]
        own = float((left**2).mean(axis=0).min()) if len(left) else 0.0
        return float(((left[:, 0] - left[:, 1]) ** 2).mean() / own) if own > 0 else 0.0


@dataclass(frozen=True)
class Reasons:
    """The facts behind the reasons.

    ``keep`` [R] bool, ``worth`` [N] shares of what is ``called`` so, and the errors [N] under the plan and with all sensors on.
    """

    known: SiteFacts
    keep: np.ndarray
    worth: np.ndarray
    error: np.ndarray
    whole: np.ndarray
    unit: str = ""
    called: str = "importance"

    def reasons(self) -> list[str]:
        """A reason [N] for each sensor. The cells of a region share the region's reason."""
        by_site = [self._kept(site) if self.keep[site] else "" for site in range(self.known.sites.count)]
        more = self.error - self.whole
        told = []
        for sensor, site in enumerate(self.known.sites.of.tolist()):
            fault = self.known.faults.get(sensor)
            said = by_site[site] if self.keep[site] else self._off(site, float(more[sensor]), fault)
            told.append(said if fault is None or fault.reason in said else f"{said}; looks faulty: {fault.reason}")
        return told

    def by_site(self) -> list[str]:
        """A reason [R] for each site. For a region it also says how many of its cells look faulty."""
        sites, told = self.known.sites, []
        more = sites.mean(self.error - self.whole)
        faulty = np.bincount(sites.of[list(self.known.faults)], minlength=sites.count)
        for site in range(sites.count):
            said = self._kept(site) if self.keep[site] else self._off(site, float(more[site]), None)
            told.append(f"{said}; {faulty[site]} of its cells look faulty" if faulty[site] else said)
        return told

    def _kept(self, site: int) -> str:
        sites, group = self.known.sites, self.known.copies
        if site in sites.on:
            return "kept: you asked for it"
        part = np.flatnonzero(sites.part == sites.part[site])
        if self.keep[part].sum() == 1 and sites.part.max() > 0 and sites.options.connected:
            return "kept: the only one of its part of the graph"
        share = f"kept: {100 * sites.sum(self.worth)[site]:.2g} % of all {self.called}"
        twins = [place for place in np.flatnonzero(group == group[site]) if place != site and not self.keep[place]]
        return (
            f"{share}, and stands for its copies {join_names([sites.name[place] for place in twins])}"
            if group[site] >= 0 and twins
            else share
        )

    def _off(self, site: int, more: float, fault: Fault | None) -> str:
        sites, group = self.known.sites, self.known.copies
        if site in sites.off:
            return "off: you asked for it"
        if not sites.observed[site]:
            return "off: it has measured nothing in training"
        if fault and fault.end - fault.start >= self.known.day:
            return f"off: looks faulty: {fault.reason}"
        twins = np.flatnonzero((group == group[site]) & self.keep).tolist() if group[site] >= 0 else []
        if twins:
            twin = min(twins, key=lambda other: self.known.apart(site, other))
            return f"off: copy of {sites.name[twin]} (differs by {100 * self.known.apart(site, twin):.2g} %)"
        likeness = np.where(self.keep, self.known.alike[site], -1)
        near = [other for other in np.argsort(-likeness, kind="stable")[:TELLERS] if likeness[other] >= LEAST]
        cost = f", its error changes by {more:+.2g} {self.unit}".rstrip() if np.isfinite(more) else ""
        if near:
            return f"off: {join_names([sites.name[other] for other in near])} forecast it{cost}"
        return f"off: no kept sensor reads much like it; all together forecast it{cost}"


def join_names(names: Sequence[str], most: int = 3) -> str:
    """A few names: ``a``, ``a and b``, ``a, b, c and 4 others``."""
    shown = list(names[:most]) + ([f"{len(names) - most} others"] if len(names) > most else [])
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
