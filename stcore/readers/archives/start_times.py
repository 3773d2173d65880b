"""Start and step for data without times: those of a published set, else assumed ones, with a finding that says so.

Published sets are recognised by name or size."""

import re
from typing import NamedTuple

import numpy as np
import pandas as pd

from stcore.findings import Finding, refuse
from stcore.readers.reader import Answers
from stcore.words import moment

PACIFIC, CHINA = "America/Los_Angeles", "Asia/Shanghai"
WEEKDAYS = " It holds weekdays only, one after another, so later dates are earlier than they were."


class PublishedSet(NamedTuple):
    """A published set: its ``name`` in letters and digits, its number of ``sensors``, and the ``zone`` of its clock. Where all
    versions agree, also its number of ``steps`` and its ``start``. ``said`` is a sentence about its calendar.

    ``bare``: it is published as a table of numbers, otherwise as arrays. ``by_size``: its size is enough to recognise it.
    """

    name: str
    sensors: int
    steps: int
    start: str
    zone: str
    step: str = "5min"
    unit: str = ""
    said: str = ""
    bare: bool = False
    by_size: bool = True

    def begins(self, steps: int) -> str:
        """The start, for data with as many steps. A part of the set, or a longer version, may begin at any time."""
        return self.start if steps == self.steps else ""

    def by_day(self) -> "PublishedSet":
        """The same with a day as its start, without a time: the form that the answers of old runs have for tables and PEMS."""
        return self._replace(start=self.start[:10])


SETS = (
    PublishedSet("metrla", 207, 34272, "2012-03-01 00:00", PACIFIC),
    PublishedSet("pemsbay", 325, 52116, "2017-01-01 00:00", PACIFIC),
    PublishedSet("pems03", 358, 26208, "2018-09-01 00:00", PACIFIC),
    PublishedSet("pems04", 307, 16992, "2018-01-01 00:00", PACIFIC),
    PublishedSet("pems07", 883, 28224, "2017-05-01 00:00", PACIFIC),
    PublishedSet("pems08", 170, 17856, "2016-07-01 00:00", PACIFIC),
    PublishedSet("v228", 228, 12672, "2012-05-01 00:00", PACIFIC, unit="mph", said=WEEKDAYS, bare=True),
    PublishedSet(
        "losspeed", 207, 2016, "2012-03-01 00:00", PACIFIC, unit="mph", bare=True, by_size=False
    ),  # METR-LA's week
    PublishedSet("szspeed", 156, 2976, "2015-01-01 00:00", CHINA, "15min", "km/h", bare=True),
    PublishedSet("pemsd7", 228, 0, "", PACIFIC),
    PublishedSet("ca", 8600, 0, "", PACIFIC),
    PublishedSet("gla", 3834, 0, "", PACIFIC),
    PublishedSet("gba", 2352, 0, "", PACIFIC),
    PublishedSet("sd", 716, 0, "", PACIFIC),
    PublishedSet("full437", 437, 0, "", CHINA),
    PublishedSet("small36", 36, 0, "", CHINA),
)


def published_set(name: str, sensors: int) -> PublishedSet | None:
    """The published set with this name. Other signs between its letters do not count, nor does text behind it, nor, for a
    long name, text before it.

    The number of sensors must be the same, the number of steps need not: see ``begins``.
    """
    plain = re.sub(r"[^a-z0-9]", "", name.lower())
    matches = (
        candidate
        for candidate in SETS
        if plain.startswith(candidate.name) or (len(candidate.name) > 5 and candidate.name in plain)
    )
    return next((candidate for candidate in matches if candidate.sensors == sensors), None)


def published_set_of_size(steps: int, sensors: int, *, bare: bool = False) -> PublishedSet | None:
    """The published set of this size, among the tables of numbers if ``bare``, else among the arrays."""
    matches = (
        candidate
        for candidate in SETS
        if (candidate.steps, candidate.sensors, candidate.bare) == (steps, sensors, bare) and candidate.by_size
    )
    return next(matches, None)


MONDAY = "2000-01-03 00:00"
STEP = "5min"
UNITS = {"s": 1, "min": 60, "h": 3600, "d": 86400}
WIDTHS = {"<step>": "the time from row to row, a number and s, min, h or d, such as 1h"}
DAY, WEEK = 86_400, 7 * 86_400
"""Seconds after which a time of day, or a time of the week, comes again."""


class Evidence(NamedTuple):
    """What the data say of their first row: the ``first`` moment that fits, the ``period`` in seconds after which the next one
    fits (0: every moment does), and ``words`` for a sentence: ``its columns begin on a Monday``."""

    first: np.datetime64
    period: int
    words: str

    def fits(self, stamp: np.datetime64) -> bool:
        """Whether the first row can be of this moment."""
        apart = int((stamp - self.first) / np.timedelta64(1, "s"))
        return not self.period or apart % self.period == 0


def first_time(
    name: str, rows: int, answers: Answers, published: PublishedSet | None = None, evidence: Evidence | None = None
) -> tuple[np.datetime64, Finding]:
    """The time of the first row, and the question about it. The answer counts first, then the start of the ``known`` set
    where its length and the ``evidence`` agree, then an assumption."""
    begins = published.begins(rows) if published else ""
    fits = evidence is None or (bool(begins) and evidence.fits(parse_instant(begins)))
    start = answers.get("start") or (begins if fits else "") or (moment(evidence.first) if evidence else MONDAY)
    text = f"{name} holds no {f'dates; {evidence.words}' if evidence else 'times'}. Its start is "
    if "start" in answers:
        text += start + ("" if evidence is None or evidence.fits(parse_instant(start)) else ", which they contradict")
    elif begins and fits:
        text += f"the published set's: {start}"
    else:
        text += f"assumed: {start}"
    choices = {"<date and time>": "when the first row was measured, such as 2023-04-01 00:00"}
    if published and published.start and not (begins and fits):
        choices = {published.start: "when the published set of this name begins"} | choices
        why = "does not fit" if begins else f"is that of {published.steps} steps, and these are {rows}"
        text += "" if "start" in answers else f"; the published set's, {published.start}, {why}"
    return parse_instant(start), Finding("note", "start", f"{text}.", choices, start)


def assumed_times(
    steps: int, name: str, answers: Answers, published: PublishedSet | None = None
) -> tuple[np.ndarray, list[Finding]]:
    """[T] times from the answers ``start`` and ``step``, else from the ``known`` set, else assumed; and two questions."""
    first, start_question = first_time(name, steps, answers, published)
    by_set = published is not None and bool(published.begins(steps))
    step = answers.get("step", published.step if published and by_set else STEP)
    source = "" if "step" in answers else "the published set's: " if by_set else "assumed: "
    step_question = Finding("note", "step", f"{name} holds no times. Its step is {source}{step}.", WIDTHS, step)
    return first + np.arange(steps) * np.timedelta64(parse_step(step), "s"), [start_question, step_question]


def parse_instant(text: str) -> np.datetime64:
    """A moment in plain writing, such as 2023-04-01 00:00; DataError for anything else."""
    try:
        stamp = pd.Timestamp(text.strip())
        if stamp.tz is None and stamp is not pd.NaT:
            return stamp.as_unit("ns").to_datetime64()
        why = "has a zone, and is meant by the data's own clock" if stamp is not pd.NaT else "is no date and time"
    except ValueError:
        why = "is no date and time"
    choices = {"<date and time>": "when the first row was measured, such as 2023-04-01 00:00"}
    raise refuse("start", f"The start {text[:80]!r} {why}; write it as 2023-04-01 00:00.", choices)


def parse_step(text: str) -> int:
    """Seconds of a step in plain writing, such as 15min; DataError for anything else."""
    match = re.fullmatch(r"(\d{1,6})\s*(s|min|h|d)", text.strip().lower())
    if not match or int(match[1]) == 0:
        text_of_error = f"The step {text[:80]!r} is not understood; write a number and s, min, h or d, such as 15min."
        raise refuse(
            "step", text_of_error, {"<step>": "the time from row to row, a number and s, min, h or d, such as 1h"}
        )
    return int(match[1]) * UNITS[match[2]]


def step_text(seconds: float) -> str:
    """A step in plain writing, such as 15min; empty where it is no whole number of seconds."""
    fitting = [(size, unit) for unit, size in UNITS.items() if seconds >= size and seconds % size == 0]
    return f"{seconds / max(fitting)[0]:.0f}{max(fitting)[1]}" if fitting else ""
