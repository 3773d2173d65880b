"""Sensors by district of a layer: the means of the districts on the map and as a table."""

from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from app import picking
from app.sensors.view import View
from app.words import plain
from stcore.charts.maps.districts import district_means, district_overlay
from stcore.charts.maps.page import SensorMap
from stcore.exports import spreadsheet_text

SENSORS, KEY = "", "district table"


def choose_map_kind(view: View) -> str:
    """The choice between sensors and a layer whose districts the map shows; sensors where no layer has sensors in it."""
    options = [SENSORS, *view.districts]
    if len(options) == 1:
        return SENSORS
    if st.session_state.get("drawn by") not in options:
        st.session_state["drawn by"] = SENSORS
    words = {SENSORS: "Sensors"} | {name: f"By {plain(name, 40)}" for name in view.districts}
    chosen = st.segmented_control(
        "The map shows", options, key="drawn by", format_func=words.__getitem__, label_visibility="collapsed"
    )
    return str(chosen or SENSORS)


def district_table(view: View, name: str) -> pd.DataFrame:
    """Means of the error, the importance and the numbers on the map by district, the highest first."""
    row, collection = view.trace.isel(epoch=view.epoch - 1), view.districts[name]
    numbers = {
        "shown": view.values,
        "error": row["sensor_error"].values.astype(float),
        "importance": 100 * row["importance"].values.astype(float),
    }
    table = district_means(collection, view.member(name, collection), numbers)
    return table.sort_values("shown", ascending=False, na_position="last", kind="stable")


def district_map(view: View, name: str) -> SensorMap:
    """The map, by district if a layer is chosen."""
    if not name:
        return view.sensors
    words = view.label, view.numbers.unit
    areas = district_overlay(name, view.districts[name], district_table(view, name), "shown", words)
    others = [part for part in view.sensors.overlays if part.name != name]
    return replace(view.sensors, overlays=[areas, *others])


def choose_district(view: View, name: str, sensors: SensorMap, area: tuple[int, int] | None) -> bool:
    """Choose the sensors of a district that was clicked on the map or in the table; True for a new click."""
    if area is not None:
        overlay = sensors.overlays[area[0]]
        feature = int(district_table(view, name).index[area[1]]) if overlay is sensors.areas else area[1]
        return _mark_district(view, overlay.name, feature)
    rows = picking.widget_rows(KEY, "rows") if name else []
    fresh = bool(rows) and (name, rows) != st.session_state.get(f"{KEY} seen")
    st.session_state[f"{KEY} seen"] = (name, rows)
    table = district_table(view, name) if fresh else None
    return table is not None and rows[0] < len(table) and _mark_district(view, name, int(table.index[rows[0]]))


def _mark_district(view: View, name: str, feature: int) -> bool:
    """Choose the sensors in a feature of a layer; False where it has none."""
    if name not in view.districts:
        return False
    sensors = [sensor for sensor, of in enumerate(view.member(name, view.districts[name])) if of == feature]
    label = district_table(view, name)["district"].get(feature, "a district")
    if sensors:
        view.mark(sensors, f"in {label} ({name})")
    return bool(sensors)


def show_districts(view: View) -> None:
    """The map by district as a table."""
    name = st.session_state.get("drawn by") or SENSORS
    if name not in view.districts:
        return
    st.subheader(
        f"By {plain(name, 60)}", help="Means over the sensors in each area. A click on a row chooses its sensors."
    )
    table = district_table(view, name)
    member = view.member(name, view.districts[name])
    empty, outside = int((table["sensors"] == 0).sum()), int((member < 0).sum())
    notes = [f"{empty} of {len(table)} have no sensor and are hatched"] if empty else []
    notes += [f"{outside} of {len(member)} sensors are in none"] if outside else []
    if notes:
        st.markdown(f"{'; '.join(notes)}.")
    columns: Any = {
        "district": "district",
        "sensors": "sensors",
        "shown": st.column_config.NumberColumn(f"{view.label} ({view.numbers.unit})", format="%.3g"),
        "error": st.column_config.NumberColumn(f"validation error ({view.unit})", format="%.3g"),
        "importance": st.column_config.NumberColumn("mean importance (%)", format="%.3g"),
    }
    kept = table if view.numbers.diverging or view.what in ("test", "kept") else table.drop(columns="shown")
    st.dataframe(kept, hide_index=True, key=KEY, on_select="rerun", selection_mode="single-row", column_config=columns)
    st.download_button(
        "Districts as CSV",
        lambda: kept.assign(district=kept["district"].map(spreadsheet_text)).to_csv(index=False),
        f"{view.run.id}-districts-epoch-{view.epoch}.csv",
        "text/csv",
        key="districts csv",
        on_click="ignore",
    )
