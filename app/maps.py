"""The map panel that several views share: map, legend, and the flat map for those without WebGL and for files."""

import streamlit as st

from app import picking
from app.session import current_theme
from stcore.charts.maps import DOTS, SensorMap, clicked, flat_sensor_map, sensor_map, sensor_map_legend
from stcore.charts.style import standalone

HEIGHT = 500
PLAIN = {"displaylogo": False, "modeBarButtonsToRemove": ["select2d", "lasso2d"], "scrollZoom": True}


def take_click(sensors: SensorMap, key: str) -> bool:
    """Choose the sensor that was clicked on the map; True where that changed the choice."""

    def name_of(position: int | None) -> str | None:
        return None if position is None else str(sensors.names[position])

    on_map = picking.take(key, picking.selected(key, "indices", DOTS), lambda index: name_of(clicked(sensors, index)))
    points = [int(point["customdata"]) for point in _points(f"{key}-flat")]
    return picking.take(f"{key}-flat", points, name_of) or on_map


def _points(key: str) -> list[dict[str, int]]:
    """The sensors among the points clicked on the flat map; lines and areas underneath carry no number."""
    found = (st.session_state.get(key) or {}).get("selection", {}).get("points", [])
    return [point for point in found if isinstance(point.get("customdata"), int | float)]


def show_map(sensors: SensorMap, key: str, chosen: int | None, alt: str, about: str = "") -> None:
    """Draw the map with its legend; zoom and place stay while the numbers change. ``about``: what a saved one is called."""
    theme, flat = current_theme(), st.session_state.get(f"{key}-kind", False)
    if flat:
        figure = flat_sensor_map(sensors, theme, chosen)
        st.plotly_chart(
            figure, key=f"{key}-flat", on_select="rerun", selection_mode="points", config=PLAIN, theme=None, height=HEIGHT,
            alt=alt,
        )  # fmt: skip
    else:
        deck = sensor_map(sensors, theme, chosen)
        st.pydeck_chart(deck, key=key, on_select="rerun", selection_mode="single-object", height=HEIGHT, alt=alt)
        st.altair_chart(
            sensor_map_legend(sensors, theme), key=f"{key}-legend", width=360,
            alt=f"Legend: {sensors.label}, small and dark is low, large and yellow is high",
        )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="center"):
        st.toggle(
            "Flat map", key=f"{key}-kind", persist_state="session",
            help="The same map without WebGL. The camera at its top right saves it as a picture.",
        )  # fmt: skip
        st.download_button(
            "Map as HTML", lambda: standalone(flat_sensor_map(sensors, theme, chosen), about or alt, PLAIN),
            f"{key}.html", "text/html", key=f"{key}-html", on_click="ignore", type="tertiary",
            help="One file of about 5 MB that opens anywhere, without internet.",
        )  # fmt: skip
