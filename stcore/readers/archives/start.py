"""Times for data that bring none: known for published sets, else assumed and said."""

import re
from typing import NamedTuple

import numpy as np
import pandas as pd

from stcore.findings import Finding, refuse
from stcore.readers.archives.published import Published
from stcore.readers.reader import Answers
from stcore.words import moment

MONDAY = "2000-01-03 00:00"
STEP = "5min"
UNITS = {"s": 1, "min": 60, "h": 3600, "d": 86400}
WIDTHS = {"<step>": "the time from row to row, a number and s, min, h or d, such as 1h"}
DAY, WEEK = 86_400, 7 * 86_400
"""Seconds after which a time of day, or a time of the week, comes again."""


class Seen(NamedTuple):
    """What data say themselves of their first row: the ``first`` moment that fits, after how many seconds the next one does
    (0 where every one does), and ``words`` for a sentence: ``its columns begin on a Monday``."""

    first: np.datetime64
    period: int
    words: str

    def fits(self, stamp: np.datetime64) -> bool:
        """Whether the first row can be of that moment."""
        apart = int((stamp - self.first) / np.timedelta64(1, "s"))
        return not self.period or apart % self.period == 0


def first_row(
    name: str, rows: int, answers: Answers, known: Published | None = None, seen: Seen | None = None
) -> tuple[np.datetime64, Finding]:
    """When the first row was measured: as answered, else as the ``known`` set began where its length and what is ``seen``
    agree, else assumed; and the question about it."""
    begins = known.begins(rows) if known else ""
    fits = seen is None or (bool(begins) and seen.fits(instant(begins)))
    start = answers.get("start") or (begins if fits else "") or (moment(seen.first) if seen else MONDAY)
    text = f"{name} holds no {f'dates; {seen.words}' if seen else 'times'}. Its start is "
    if "start" in answers:
        text += start + ("" if seen is None or seen.fits(instant(start)) else ", which they contradict")
    elif begins and fits:
        text += f"the published set's: {start}"
    else:
        text += f"assumed: {start}"
    choices = {"<date and time>": "when the first row was measured, such as 2023-04-01 00:00"}
    if known and known.start and not (begins and fits):
        choices = {known.start: "when the published set of this name begins"} | choices
        why = "does not fit" if begins else f"is that of {known.steps} steps, and these are {rows}"
        text += "" if "start" in answers else f"; the published set's, {known.start}, {why}"
    return instant(start), Finding("note", "start", f"{text}.", choices, start)


def assumed_times(
    steps: int, name: str, answers: Answers, known: Published | None = None
) -> tuple[np.ndarray, list[Finding]]:
    """[T] times from the answers ``start`` and ``step``, else those of the ``known`` set, else assumed ones."""
    first, said = first_row(name, steps, answers, known)
    by_set = known is not None and bool(known.begins(steps))
    step = answers.get("step", known.step if known and by_set else STEP)
    source = "" if "step" in answers else "the published set's: " if by_set else "assumed: "
    asked = Finding("note", "step", f"{name} holds no times. Its step is {source}{step}.", WIDTHS, step)
    return first + np.arange(steps) * np.timedelta64(step_seconds(step), "s"), [said, asked]


def instant(text: str) -> np.datetime64:
    """A moment as people write it, such as 2023-04-01 00:00; DataError for anything else."""
    try:
        stamp = pd.Timestamp(text.strip())
        if stamp.tz is None and stamp is not pd.NaT:
            return stamp.as_unit("ns").to_datetime64()
        why = "has a zone, and is meant by the data's own clock" if stamp is not pd.NaT else "is no date and time"
    except ValueError:
        why = "is no date and time"
    choices = {"<date and time>": "when the first row was measured, such as 2023-04-01 00:00"}
    raise refuse("start", f"The start {text[:80]!r} {why}; write it as 2023-04-01 00:00.", choices)


def step_seconds(text: str) -> int:
    """Seconds of a step as people write it, such as 15min; DataError for anything else."""
    match = re.fullmatch(r"(\d{1,6})\s*(s|min|h|d)", text.strip().lower())
    if not match or int(match[1]) == 0:
        said = f"The step {text[:80]!r} is not understood; write a number and s, min, h or d, such as 15min."
        raise refuse("step", said, {"<step>": "the time from row to row, a number and s, min, h or d, such as 1h"})
    return int(match[1]) * UNITS[match[2]]


def as_step(seconds: float) -> str:
    """A step as people write it, such as 15min; empty where it is no whole number of seconds."""
    fitting = [(size, unit) for unit, size in UNITS.items() if seconds >= size and seconds % size == 0]
    return f"{seconds / max(fitting)[0]:.0f}{max(fitting)[1]}" if fitting else ""
