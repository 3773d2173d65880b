"""The map that several views share: with WebGL or flat, its legend, and what was clicked on it.

The flat map is for browsers without WebGL, for files, and for choosing sensors by lasso.
"""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from app import picking
from app.session import current_theme
from stcore.charts.maps.page import (
    DOTS,
    SensorMap,
    clicked_area,
    clicked_sensor,
    flat_sensor_map,
    sensor_map,
    sensor_map_legend,
)
from stcore.charts.style import standalone_page

HEIGHT = 500
PLAIN = {"displaylogo": False, "modeBarButtonsToRemove": ["select2d", "lasso2d"], "scrollZoom": True}
WITH_LASSO = {"displaylogo": False, "scrollZoom": True}


def choose_from_map(sensors: SensorMap, key: str) -> bool:
    """Choose the sensor that was clicked on the map; True if that is another one than before."""

    def name_of(position: int | None) -> str | None:
        return None if position is None else str(sensors.names[position])

    on_map = picking.choose_on_click(
        key, picking.widget_rows(key, "indices", DOTS), lambda index: name_of(clicked_sensor(sensors, index))
    )
    points = _points(f"{key}-flat")
    return picking.choose_on_click(f"{key}-flat", points if len(points) == 1 else [], name_of) or on_map


def new_lasso(key: str) -> list[int] | None:
    """The sensors in a new lasso or box on the flat map; None if there is no new one."""
    points = _points(f"{key}-flat")
    fresh = len(points) > 1 and points != st.session_state.get(f"{key} lasso")
    st.session_state[f"{key} lasso"] = points
    return points if fresh else None


def new_area_click(sensors: SensorMap, key: str) -> tuple[int, int] | None:
    """(overlay, feature) of a new click on an area of the map; None if there is no new one."""
    layers = ((st.session_state.get(key) or {}).get("selection") or {}).get("indices") or {}
    areas = [
        area
        for layer, indices in layers.items()
        for index in indices
        if (area := clicked_area(sensors, str(layer), int(index)))
    ]
    now = areas[0] if areas else None
    fresh = now is not None and now != st.session_state.get(f"{key} area")
    st.session_state[f"{key} area"] = now
    return now if fresh else None


def _points(key: str) -> list[int]:
    """The sensors among the points selected on the flat map; lines and areas below them have no number."""
    points = (st.session_state.get(key) or {}).get("selection", {}).get("points", [])
    return [int(point["customdata"]) for point in points if isinstance(point.get("customdata"), int | float)]


def show_map(
    sensors: SensorMap,
    key: str,
    chosen: int | None,
    alt: str,
    about: str = "",
    *,
    marked: Sequence[int] = (),
    neighbours: Sequence[tuple[int, float]] = (),
    lasso: bool = False,
) -> None:
    """Draw the map with its legend; its zoom stays while the numbers change. ``about``: the title of a saved map.

    ``marked`` sensors stand out. ``neighbours`` (sensor index, weight 0 to 1) are tied to the chosen sensor. ``lasso``: several
    sensors can be chosen on the flat map, see ``new_lasso``.
    """
    theme, flat = current_theme(), st.session_state.get(f"{key}-kind", False)
    if flat:
        show_flat_map(sensors, key, chosen, alt, marked=marked, lasso=lasso)
    else:
        deck = sensor_map(sensors, theme, chosen, marked, neighbours)
        st.pydeck_chart(deck, key=key, on_select="rerun", selection_mode="single-object", height=HEIGHT, alt=alt)
        look = "dark is low, yellow is high" if not sensors.diverging else "purple is below 0, orange above"
        size = (
            ""
            if sensors.tiled or sensors.areas
            else ", small is near the first"
            if sensors.diverging
            else ", small is low"
        )
        st.altair_chart(
            sensor_map_legend(sensors, theme),
            key=f"{key}-legend",
            width=360,
            alt=f"Legend: {sensors.title}; {look}{size}{', hatched is no data' if sensors.gaps else ''}",
        )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.toggle(
            "Flat map",
            key=f"{key}-kind",
            persist_state="session",
            help="The same map without WebGL. The camera at its top right saves it as a picture"
            + ("; lasso and box beside it choose several sensors." if lasso else "."),
        )
        st.download_button(
            "Map as HTML",
            lambda: standalone_page(flat_sensor_map(sensors, theme, chosen), about or alt, PLAIN),
            f"{key}.html",
            "text/html",
            key=f"{key}-html",
            on_click="ignore",
            type="tertiary",
            help="One file of about 5 MB that opens anywhere, without internet.",
        )


def show_flat_map(
    sensors: SensorMap, key: str, chosen: int | None, alt: str, *, marked: Sequence[int], lasso: bool
) -> None:
    """The flat map. It loses its zoom whenever its drawing changes, so it draws the marks of a lasso only with the next
    numbers."""
    drawn: dict[str, Any] = st.session_state.setdefault(f"{key} drawn", {})
    now = (sensors.title, chosen, current_theme().name, len(sensors.overlays))
    if drawn.get("now") != now or not len(marked):
        drawn |= {"now": now, "marked": tuple(marked)}
    st.plotly_chart(
        flat_sensor_map(sensors, current_theme(), chosen, drawn["marked"]),
        key=f"{key}-flat",
        on_select="rerun",
        selection_mode=("points", "box", "lasso") if lasso else "points",
        config=WITH_LASSO if lasso else PLAIN,
        theme=None,
        height=HEIGHT,
        alt=alt,
    )
