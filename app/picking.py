"""One chosen sensor for map, table, list and address bar: whatever was clicked last."""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from app.session import address_value, set_address


def widget_rows(key: str, *path: str) -> list[int]:
    """What is selected in the widget ``key``, read as plain mappings: ``selected("table", "rows")``."""
    found: Any = st.session_state.get(key) or {}
    for name in ("selection", *path):
        found = found.get(name) or {}
    return [int(place) for place in found] if isinstance(found, list | tuple) else []


def choose_on_click(key: str, found: Sequence[int], name_of: Callable[[int], str | None]) -> bool:
    """Let a new click in ``key`` choose the sensor; True where it chose another one. To be called before ``sensor_list``."""
    now, seen = (found[0] if found else None), f"{key} seen"
    fresh = now is not None and now != st.session_state.get(seen)
    st.session_state[seen] = now
    name = name_of(now) if fresh and now is not None else None
    if name is None or name == address_value("sensor"):
        return False
    set_address("sensor", name)
    return True


def chosen_sensor(names: Sequence[str], default: int) -> int:
    """The position of the sensor in the address, or the default one."""
    name = address_value("sensor")
    return list(names).index(name) if name is not None and name in names else default


def choose_sensor(names: Sequence[str], default: int, help: str, label: str = "Sensor") -> int:
    """The list to choose a sensor from. Gives the chosen sensor's position."""
    st.session_state["sensor list"] = names[chosen_sensor(names, default)]
    name = st.selectbox(label, names, key="sensor list", on_change=_set_sensor, help=help)
    return list(names).index(name)


def _set_sensor() -> None:
    set_address("sensor", st.session_state["sensor list"])
