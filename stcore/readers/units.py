"""Units that names of files and columns tell."""

import re

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
