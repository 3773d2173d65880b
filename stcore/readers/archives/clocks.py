"""Calendar channels: the time of day and the day of the week that many sets carry beside their values, as a clock again.

They are no values: here they become the times of the steps, as far as they say them (the date they never say).
"""

from typing import NamedTuple

import numpy as np

from stcore.findings import Finding
from stcore.readers.archives.calendar_columns import one_of_seven, weekdays
from stcore.readers.archives.published import Published
from stcore.readers.archives.start import DAY, MONDAY, WEEK, Seen, assumed_times, first_row
from stcore.readers.reader import Answers
from stcore.words import duration

MOST_JUMPS = 0.5
"""Of the steps, this share may jump in the calendar, as blocks do that do not follow one another."""


class Clock(NamedTuple):
    """``seconds`` [T] since the first step; ``first``, the first step's seconds since midnight, Monday's where ``weekday``
    is known; ``step`` in seconds, whether all steps are of that length, and the ``channels`` that said so."""

    seconds: np.ndarray
    first: int
    weekday: bool
    step: int
    regular: bool
    channels: tuple[int, ...]


def found(values: np.ndarray) -> Clock | None:
    """The clock in the channels behind the first of [T, N, C] values: time of day as a share, perhaps then the weekday."""
    for channel in range(1, values.shape[2]):
        share = _shared(values[:, :, channel])
        if share is None or (clock := _time_of_day(share, channel)) is None:
            continue
        for channels, days in _weekdays(values, channel + 1):
            if (both := _with_weekday(share, days, (channel, *channels))) is not None:
                return both
        return clock
    return None


def _shared(column: np.ndarray) -> np.ndarray | None:
    """[T] the reading that all sensors of [T, N] have in common, NaN where none is; None where they differ."""
    first = column[:, :1].astype(np.float64)
    same = (column == first) | (np.isnan(column) & np.isnan(first))
    return first[:, 0] if same.all() else None


def _time_of_day(share: np.ndarray, channel: int) -> Clock | None:
    known = np.isfinite(share)
    if known.sum() < 2 or share[known].min() < 0 or share[known].max() >= 1:
        return None
    return _clock(np.round(share * DAY), DAY, (channel,))


def _weekdays(values: np.ndarray, channel: int) -> list[tuple[tuple[int, ...], np.ndarray]]:
    """Readings of the channels from ``channel`` on as days [T] from Monday 0: whole numbers, sevenths, or one of seven."""
    places = range(channel, min(channel + 7, values.shape[2]))
    shared = [_shared(values[:, :, place]) for place in places]
    columns = [one for one in shared if one is not None]
    if not columns or shared[0] is None:
        return []
    read = [(tuple(places), one_of_seven(np.stack(columns, axis=1))), ((channel,), weekdays(columns[0]))]
    return [(channels, days) for channels, days in read if days is not None]


def _with_weekday(share: np.ndarray, days: np.ndarray, channels: tuple[int, ...]) -> Clock | None:
    """The clock of both, where the day changes at midnight and nowhere else."""
    seconds = np.round(share * DAY)
    inside = np.isfinite(seconds[1:] + seconds[:-1] + days[1:] + days[:-1])
    turned, changed = np.diff(seconds) <= 0, np.diff(days) % 7
    fits = np.where(turned, changed == 1, changed == 0)
    if not inside.any() or fits[inside].mean() < MOST_JUMPS:
        return None
    return _clock(seconds + days * DAY, WEEK, channels)


def _clock(seconds: np.ndarray, round_: int, channels: tuple[int, ...]) -> Clock | None:
    """Seconds [T] within a day or a week, NaN where unknown, as seconds since the first step."""
    known = np.flatnonzero(np.isfinite(seconds))
    apart, gone = np.diff(known), np.diff(seconds[known]).astype(np.int64) % round_
    steps, counts = np.unique(gone[apart == 1], return_counts=True)
    step = int(steps[counts.argmax()]) if len(steps) else 0
    if step == 0 or DAY % step or counts.max() < MOST_JUMPS * counts.sum():
        return None
    jump = (gone - apart * step) % round_
    late = np.zeros(len(seconds), np.int64)
    late[known[1:]] = jump
    since = step * np.arange(len(seconds)) + np.cumsum(late)
    first = (int(seconds[known[0]]) - int(since[known[0]])) % round_
    return Clock(since, first, round_ == WEEK, step, not jump.any(), channels)


def times(
    clock: Clock | None, steps: int, name: str, answers: Answers, known: Published | None = None
) -> tuple[dict[str, np.ndarray], list[Finding]]:
    """``time`` [T], and ``clock`` [T] where the calendar jumps; ``known`` is the published set that these may be."""
    if clock is None:
        stamps, findings = assumed_times(steps, name, answers, known)
        return {"time": stamps}, findings
    what = "the time of day and the day of the week" if clock.weekday else "the time of day"
    own = np.datetime64(MONDAY.replace(" ", "T"), "ns") + np.timedelta64(clock.first, "s")
    seen = Seen(own, WEEK if clock.weekday else DAY, f"its channels say {what}")
    first, said = first_row(name, steps, answers, known, seen)
    stamps = first + np.arange(steps) * np.timedelta64(clock.step, "s")
    text = f"{what[0].upper()}{what[1:]} in {name} became the clock of the steps, {duration(clock.step)} long, and no channel."
    findings = [said, Finding("note", "calendar", text)]
    if clock.regular:
        return {"time": stamps}, findings
    jumps = int((np.diff(clock.seconds) != clock.step).sum())
    text = f"The calendar in {name} jumps at {jumps} of {steps} steps; its rows were kept as they follow one another."
    findings.append(Finding("note", "jumps", text))
    return {"time": stamps, "clock": stamps[0] + clock.seconds.astype("timedelta64[s]")}, findings
