"""The one chosen sensor of map, table, list and address: the one that was clicked last."""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from app.session import address_value, set_address


def widget_rows(key: str, *path: str) -> list[int]:
    """What is selected in the widget ``key``, such as ``widget_rows("table", "rows")``."""
    selection: Any = st.session_state.get(key) or {}
    for name in ("selection", *path):
        selection = selection.get(name) or {}
    return [int(index) for index in selection] if isinstance(selection, list | tuple) else []


def choose_on_click(key: str, clicked: Sequence[int], name_of: Callable[[int], str | None]) -> bool:
    """Let a new click in the widget ``key`` choose the sensor; True if it chose another one. Call it before
    ``choose_sensor``."""
    now, seen = (clicked[0] if clicked else None), f"{key} seen"
    fresh = now is not None and now != st.session_state.get(seen)
    st.session_state[seen] = now
    name = name_of(now) if fresh and now is not None else None
    if name is None or name == address_value("sensor"):
        return False
    set_address("sensor", name)
    return True


def chosen_sensor(names: Sequence[str], default: int) -> int:
    """The index of the sensor in the address, or the default one."""
    name = address_value("sensor")
    return list(names).index(name) if name is not None and name in names else default


def choose_sensor(names: Sequence[str], default: int, help: str, label: str = "Sensor") -> int:
    """The list of sensors; gives the index of the chosen one."""
    st.session_state["sensor list"] = names[chosen_sensor(names, default)]
    name = st.selectbox(label, names, key="sensor list", on_change=_set_sensor, help=help)
    return list(names).index(name)


def _set_sensor() -> None:
    set_address("sensor", st.session_state["sensor list"])
