"""The charts of a dataset: map, readings of a sensor, its usual week, what is missing, and the graph."""

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from app import picking
from app.layers import is_online, map_overlays, show_layers_box
from app.maps import PLAIN, choose_from_map, show_map
from app.session import current_theme
from app.words import plain
from stcore.charts import coverage as gaps
from stcore.charts.maps.grid_cells import cells_of
from stcore.charts.maps.layers import base_layers
from stcore.charts.maps.layout import layout_locations
from stcore.charts.maps.page import SensorMap
from stcore.charts.series import planted_near, profile_chart, readings_chart, sensor_readings, usual_week
from stcore.data import STData
from stcore.data.checks import sensor_word, with_sensor_word
from stcore.exports import spreadsheet_text

FIRST_DAYS, FIRST_STEPS = 7, 180  # shown at first, whichever is longer
MAP_WORDS = {"missing": "share missing", "zeros": "share exactly zero", "neighbours": "neighbours in the graph"}


@st.cache_data(show_spinner=False, max_entries=64)
def sensor_numbers(fingerprint: str, what: str, _data: STData) -> Any:
    """One number for each sensor, and the unit."""
    return gaps.by_sensor(_data, what)


@st.cache_data(show_spinner=False, max_entries=16)
def observed_shares(fingerprint: str, _data: STData) -> pd.DataFrame:
    return gaps.observed_shares(_data)


@st.cache_data(show_spinner=False, max_entries=64)
def week_of_all_sensors(fingerprint: str, channel: int, _data: STData) -> pd.DataFrame:
    return usual_week(_data, None, channel)


@st.cache_data(show_spinner="Drawing the graph …", max_entries=16)
def made_up_places(fingerprint: str, _data: STData) -> Any:
    return layout_locations(len(_data.sensors), _data.edges)


def sensor_places(data: STData) -> Any:
    """[N, 2] where the map draws the sensors: their places, or a drawing of the graph."""
    return made_up_places(data.fingerprint, data) if data.locations is None else data.locations


def no_places(data: STData) -> str:
    """What the map shows where nobody knows where the sensors stand."""
    if data.edges is None or not len(data.edges[0]):
        return "No coordinates and no graph: the sensors stand in rows, in the order of the data."
    return "No coordinates: the map is a drawing of the graph, neighbours near each other. Distances mean nothing."


def show_data_map_panel(data: STData) -> SensorMap:
    """The map, coloured by the chosen number; a click chooses the sensor."""
    options = [*data.channels, *MAP_WORDS]
    if st.session_state.get("map what") not in options:
        st.session_state["map what"] = options[0]
    words = {name: f"mean {name}" for name in data.channels} | MAP_WORDS
    left, right = st.columns([4, 1], vertical_alignment="bottom")
    what = left.selectbox("Colour and size show", options, key="map what", format_func=lambda name: words[name])
    with right:
        show_layers_box(data.fingerprint, data.locations is not None)
    values, unit = sensor_numbers(data.fingerprint, what, data)
    places = sensor_places(data)
    if data.locations is None:
        st.info(no_places(data))
    cells = cells_of(data)
    layers = base_layers(data.layers if data.locations is not None else {}, places, None if cells else data.edges)
    placed = data.locations is not None
    sensors = SensorMap(
        data.sensors,
        places,
        values,
        words[what],
        unit,
        layers=layers,
        cells=cells,
        overlays=map_overlays(data.fingerprint) if placed else (),
        online=placed and is_online(),
    )
    if choose_from_map(sensors, "data-map"):
        st.rerun()
    chosen = picking.chosen_sensor(data.sensors, 0)
    show_map(
        sensors,
        "data-map",
        chosen,
        f"Map of {len(sensors.drawn)} {sensor_word(data.ds)}s of {data.title} by {words[what]}",
    )
    return sensors


def show_sensor_readings(data: STData) -> None:
    """The readings of the chosen sensor over the chosen days."""
    left, middle, right = st.columns([3, 3, 4], vertical_alignment="bottom")
    with left:
        sensor = picking.choose_sensor(
            data.sensors, 0, "Click one on the map, or choose it here.", sensor_word(data.ds).capitalize()
        )
    names = data.channels
    if not set(st.session_state.get("channels shown", [""])) <= set(names):
        st.session_state["channels shown"] = names[:2]
    shown = middle.multiselect("Channels", names, key="channels shown") or names[:1]
    with right:
        steps = choose_days(data)
    for name in shown:
        show_series(data, sensor, names.index(name), steps)
    if len(marks := planted_near(data, sensor)):
        kinds = ", ".join(sorted(set(marks["what"])))
        st.markdown(f"Shaded: {kinds}. This city is simulated, so the page knows what was planted.")
    table = pd.DataFrame({"time": data.local_time[steps]})
    for name in shown:
        table[name] = sensor_readings(data, sensor, names.index(name), steps)["value"]
    with st.expander("The readings as a table"):
        st.dataframe(table, hide_index=True, height=260)
        st.download_button(
            "Readings as CSV",
            lambda: table.assign(sensor=spreadsheet_text(data.sensors[sensor])).to_csv(index=False),
            "readings.csv",
            "text/csv",
            on_click="ignore",
        )


def show_series(data: STData, sensor: int, channel: int, steps: slice) -> None:
    """The readings as a curve, or that there are none."""
    name = data.channels[channel]
    if not sensor_readings(data, sensor, channel, steps)["value"].notna().any():
        st.info(f"{plain(data.sensors[sensor])} has no reading of {plain(name)} in these days. Choose others.")
        return
    chart = readings_chart(data, sensor, channel, steps, current_theme())
    st.altair_chart(
        chart, key=f"series-{name}", alt=f"{name} of {sensor_word(data.ds)} {data.sensors[sensor]} over time"
    )


def choose_days(data: STData, name: str = "days") -> slice:
    """The slider of days; gives their steps. ``name``: tells several such sliders on one page apart."""
    time = data.local_time
    days = pd.date_range(time[0].normalize(), time[-1].normalize(), freq="D")
    if len(days) < 2:
        return slice(0, data.steps)
    options = [day.date() for day in days]
    some = max(FIRST_DAYS, round(FIRST_STEPS * data.step_seconds / 86400))
    words = "%d %b" if time[0].year == time[-1].year else "%d %b %Y"
    begin = min(days.searchsorted(time[first_reading(data)].normalize()), max(len(options) - some, 0))
    first, last = st.select_slider(
        "Days",
        options,
        (options[begin], options[min(begin + some, len(options)) - 1]),
        key=f"{name} of {data.fingerprint[:12]}",
        format_func=lambda day: day.strftime(words),
    )
    begin = time.searchsorted(pd.Timestamp(first))
    end = time.searchsorted(pd.Timestamp(last) + pd.Timedelta(days=1))
    return slice(int(begin), max(int(end), int(begin) + 1))


def first_reading(data: STData) -> int:
    """The first step at which the chosen sensor has a reading."""
    seen = np.isfinite(data.values[:, picking.chosen_sensor(data.sensors, 0)]).any(axis=1)
    return int(seen.argmax())


def show_week(data: STData) -> None:
    """The usual week of the chosen sensor beside that of all sensors."""
    theme, sensor, word = current_theme(), picking.chosen_sensor(data.sensors, 0), sensor_word(data.ds)
    shown = st.session_state.get("channels shown") or data.channels[:1]
    channel = data.channels.index(shown[0])
    st.subheader("Usual week", help="Mean by hour of the local week; the band holds the middle 80 % of the readings.")
    around = week_of_all_sensors(data.fingerprint, channel, data)
    st.altair_chart(
        profile_chart(data, sensor, channel, theme, around),
        key="week",
        alt=f"Usual week of {word} {data.sensors[sensor]}",
    )
    st.markdown(f"Line and band: {word} {plain(data.sensors[sensor])}. Dashed: mean of all {word}s.")
    with st.expander("The week as a table"):
        table = usual_week(data, sensor, channel).assign(sensor=data.sensors[sensor])
        st.dataframe(table, hide_index=True, height=260)
        save_csv(table, "usual week")


def show_coverage(data: STData) -> None:
    """Where readings are missing, by time and sensor."""
    st.subheader("Coverage", help=f"Share of readings that are present, by time and {sensor_word(data.ds)}.")
    shares = observed_shares(data.fingerprint, data)
    if (shares.to_numpy() == 1).all():
        st.markdown("No reading is missing.")
        return
    figure = gaps.coverage(data, current_theme(), shares)
    st.plotly_chart(
        figure,
        key="coverage",
        theme=None,
        config=PLAIN,
        alt=f"Share of readings observed, by time and {sensor_word(data.ds)}",
    )
    with st.expander("Missing readings as a table"):
        table = pd.DataFrame({"sensor": data.sensors, "missing": sensor_numbers(data.fingerprint, "missing", data)[0]})
        show_share_table(table, "missing")


def show_zeros(data: STData) -> None:
    """The share of exact zeros by sensor, for the question whether a zero is a missing reading."""
    values, _ = sensor_numbers(data.fingerprint, "zeros", data)
    st.subheader("Exact zeros", help=f"A {sensor_word(data.ds)} that is often exactly zero may be reporting nothing.")
    if not values.any():
        st.markdown("No reading is exactly zero.")
        return
    chart = gaps.ranked_shares(data.sensors, values / 100, "exactly zero", current_theme(), sensor_word(data.ds))
    st.altair_chart(chart, key="zeros", alt=f"Share of exact zeros by {sensor_word(data.ds)}, highest first")
    with st.expander("Zeros as a table"):
        show_share_table(pd.DataFrame({"sensor": data.sensors, "zero": values}), "zero")


def show_share_table(table: pd.DataFrame, name: str) -> None:
    """A table of percentages by sensor, highest first."""
    column = st.column_config.NumberColumn(f"{name} (%)", format="%.3g")
    st.dataframe(table.sort_values(name, ascending=False), hide_index=True, height=260, column_config={name: column})
    save_csv(table, name)


def save_csv(table: pd.DataFrame, name: str) -> None:
    """The button that saves a table; sensor names cannot become formulas in a spreadsheet."""
    st.download_button(
        "As CSV",
        lambda: table.assign(sensor=table["sensor"].map(spreadsheet_text)).to_csv(index=False),
        f"{name}.csv",
        "text/csv",
        key=f"{name} csv",
        on_click="ignore",
    )


def show_graph(data: STData) -> None:
    """The rule of the graph, and how many neighbours sensors have."""
    st.subheader("Graph", help="Which sensors are neighbours; models that use a graph pass information along it.")
    counts, _ = sensor_numbers(data.fingerprint, "neighbours", data)
    if not counts.any():
        st.markdown("There is no graph.")
        return
    st.markdown(f"Rule: {plain(with_sensor_word(data.ds.attrs.get('graph', 'unknown'), data.ds))}.")
    chart = gaps.neighbour_histogram(counts.astype(int), current_theme(), sensor_word(data.ds))
    st.altair_chart(chart, key="degrees", alt=f"How many {sensor_word(data.ds)}s have how many neighbours")
    with st.expander("Neighbours as a table"):
        table = pd.DataFrame({"sensor": data.sensors, "neighbours": counts.astype(int)})
        st.dataframe(table.sort_values("neighbours", ascending=False), hide_index=True, height=260)
        save_csv(table, "neighbours")
