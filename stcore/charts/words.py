"""Numbers and labels in figures: three significant digits, and exponents only for very small or large numbers."""

import math
from collections.abc import Iterable


def short(value: float | None, unit: str = "", digits: int = 3) -> str:
    """A number with three significant ``digits`` and its unit: ``3.46 mph``, ``1,230``, ``0.0123``; a dash for none."""
    if value is None or not math.isfinite(value):
        return "–"
    size = abs(value)
    if size == 0:
        text = "0"
    elif size >= 1e15 or size < 1e-5:
        text = f"{value:.{digits - 1}e}"
    else:
        places = digits - 1 - math.floor(math.log10(size))
        text = f"{round(value, places):,.{max(places, 0)}f}"
    return f"{text} {unit}".strip()


def percent(share: float | None) -> str:
    """A share as a percentage with three significant digits; a dash for none."""
    return "–" if share is None or not math.isfinite(share) else f"{short(100 * share)} %"


def distinct_numbers(values: Iterable[float]) -> list[str]:
    """Numbers with as many digits as make them differ, six at most: ``50.22, 50.24``."""
    known = list(values)
    for digits in range(3, 7):
        said = [short(value, digits=digits) for value in known]
        if len(set(said)) == len(set(known)):
            break
    return said


def signed(share: float) -> str:
    """A change as a percentage with its sign, ``0.0 %`` where it rounds to zero; an empty text for NaN."""
    return f"{round(100 * share, 1) + 0.0:+.1f} %".replace("+0.0", "0.0") if math.isfinite(share) else ""


def axis_title(name: str, unit: str = "") -> str:
    """An axis title: ``speed (mph)``, or the name alone."""
    return f"{name} ({unit})" if unit else name


def printed_signs(sentence: str) -> str:
    """A sentence of a report with the typographic signs ± and −."""
    return sentence.replace("+-", "±").replace(" -", " −")


def deck_text(text: str) -> str:
    """A text for a deck.gl map, which takes texts that begin with @@ for formulas."""
    return f" {text}" if text.startswith("@@") else text
