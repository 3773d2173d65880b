"""Texts for the page: data shown letter for letter, errors as sentences, lost time."""

import re

from stcore.charts.words import short
from stcore.words import duration


def plain(text: object, most: int = 600) -> str:
    """A text from data, escaped so that Markdown shows it letter for letter; cut after ``most`` letters."""
    line = " ".join(str(text).split())
    line = line if len(line) <= most else line[: most - 1] + "…"
    return re.sub(r"([\\`*_{}\[\]()#+.!|<>~$:^=-])", r"\\\1", line)


def sentence(text: str) -> str:
    """An error message with a capital and a full stop."""
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"


def signed_duration(seconds: float | None) -> str:
    """Seconds in words, with a minus where they were lost; a dash for none."""
    if seconds is None:
        return "–"
    return f"−{short(-seconds)} s" if seconds < 0 else duration(seconds)
