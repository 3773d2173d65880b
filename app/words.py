"""Text that comes from data, made harmless before it is shown."""

import re


def plain(text: object, most: int = 600) -> str:
    """A text as Markdown shows it letter for letter, cut where it is very long."""
    said = " ".join(str(text).split())
    said = said if len(said) <= most else said[: most - 1] + "…"
    return re.sub(r"([\\`*_{}\[\]()#+.!|<>~$:^=-])", r"\\\1", said)


def duration(seconds: float) -> str:
    """A time step as people say it: 5 min, 1 h, 1 day."""
    for unit, size in (("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size and seconds % size == 0:
            number = int(seconds // size)
            return f"{number} {'day' if unit == 'days' and number == 1 else unit}"
    return f"{seconds:g} s"


def lasting(seconds: float) -> str:
    """How long something takes, as people say it: 8 s, 3 min 20 s, 2 h 5 min."""
    whole = max(round(seconds), 0)
    if whole < 60:
        return f"{whole} s"
    return f"{whole // 60} min {whole % 60} s" if whole < 3600 else f"{whole // 3600} h {whole % 3600 // 60} min"


def sentence(text: str) -> str:
    """An error as a sentence."""
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"
