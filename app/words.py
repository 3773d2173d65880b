"""Text that comes from data, made harmless before it is shown."""

import re


def plain(text: object, most: int = 600) -> str:
    """A text as Markdown shows it letter for letter, cut where it is very long."""
    said = " ".join(str(text).split())
    said = said if len(said) <= most else said[: most - 1] + "…"
    return re.sub(r"([\\`*_{}\[\]()#+.!|<>~$:^=-])", r"\\\1", said)


def sentence(text: str) -> str:
    """An error as a sentence."""
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"
