"""Ids as text, whatever a file kept them as: 007 stays 007, and a number that is whole has no point."""

import re
from typing import Any


def text(cell: Any) -> str:
    """One id, without blanks around."""
    if isinstance(cell, bytes):
        return cell.decode("utf-8", "replace").strip()
    return f"{cell:.0f}" if isinstance(cell, float) and cell.is_integer() else str(cell).strip()


UNITS = {
    "mph": "mph",
    "kmh": "km/h",
    "kwh": "kWh",
    "mwh": "MWh",
    "celsius": "°C",
    "kelvin": "K",
    "mm": "mm",
    "ugm3": "µg/m³",
}
BRACKETS = re.compile(r"\S.*?\s*[(\[]\s*([^()\[\]]{1,12})\s*[)\]]$")


def unit_of(name: str) -> str:
    """The unit in a name such as ``speed_mph`` or ``PM10 (µg/m³)``; empty where it tells none."""
    if named := BRACKETS.match(name.strip()):
        return named[1].strip()
    return next((unit for word, unit in UNITS.items() if word in re.split(r"[^a-z0-9]+", name.lower())), "")
