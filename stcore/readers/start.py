"""Times for data that bring none: known for published sets, else assumed and said."""

import re

import numpy as np
import pandas as pd

from stcore.findings import Finding, refuse
from stcore.readers.reader import Answers

MONDAY = "2000-01-03 00:00"
STEP = "5min"
UNITS = {"s": 1, "min": 60, "h": 3600, "d": 86400}


def assumed_times(
    steps: int, name: str, answers: Answers, known: str | None = None, *, step: str = STEP
) -> tuple[np.ndarray, list[Finding]]:
    """[T] times from the answers ``start`` and ``step``; ``known`` is a published set's start, ``step`` its step."""
    start, step = answers.get("start", known or MONDAY), answers.get("step", step)
    first, size = instant(start), step_seconds(step)
    source = "the published set's" if known else "assumed"
    choices = {"<date and time>": "when the first row was measured, such as 2023-04-01 00:00"}
    widths = {"<step>": "the time from row to row, a number and s, min, h or d, such as 1h"}
    findings = [
        Finding("note", "start", (
            f"{name} holds no times. Its start is "
            f"{'' if 'start' in answers else source + ': '}{start}."
        ), choices, start),
        Finding("note", "step", (
            f"{name} holds no times. "
            f"Its step is {'' if 'step' in answers else source + ': '}{step}."
        ), widths, step),
    ]  # fmt: skip
    return first + np.arange(steps) * np.timedelta64(size, "s"), findings


def instant(text: str) -> np.datetime64:
    """A moment as people write it, such as 2023-04-01 00:00; DataError for anything else."""
    try:
        stamp = pd.Timestamp(text.strip())
        if stamp.tz is None and stamp is not pd.NaT:
            return stamp.as_unit("ns").to_datetime64()
        why = "has a zone, and is meant by the data's own clock" if stamp is not pd.NaT else "is no date and time"
    except ValueError:
        why = "is no date and time"
    raise refuse("start", f"The start {text[:80]!r} {why}; write it as 2023-04-01 00:00.")


def step_seconds(text: str) -> int:
    """Seconds of a step as people write it, such as 15min; DataError for anything else."""
    match = re.fullmatch(r"(\d{1,6})\s*(s|min|h|d)", text.strip().lower())
    if not match or int(match[1]) == 0:
        raise refuse("step", f"The step {text!r} is not understood; write a number and s, min, h or d, such as 15min.")
    return int(match[1]) * UNITS[match[2]]
