"""One sample: its window, its score through the epochs, its error by sensor."""

import numpy as np
import pandas as pd
import streamlit as st

from app import picking
from app.samples.look import Look, pick_sample
from app.session import address_value, set_address
from app.words import plain
from stcore.charts.maps.grid_cells import cells_of
from stcore.charts.maps.layers import base_layers
from stcore.charts.maps.page import DOTS, SensorMap, clicked_sensor, initial_view, sensor_map
from stcore.charts.style import instant_text
from stcore.charts.window import Window, error_rows, history_chart, history_rows, window_chart, window_of, worst_sensors
from stcore.charts.words import percent, short
from stcore.data.windows import Windows, cut
from stcore.models import naive
from stcore.processes import oneshot
from stcore.runs import RunError
from stcore.runs.trace import forecast

MAP_SIZE = (520, 250)
WORST = ""  # the list's first entry: whichever sensor is worst in the window


def choose_sample(look: Look) -> None:
    """The field for the sample's number; it is drawn before everything that shows the picked sample."""
    last = len(look.table) - 1
    asked = address_value("sample")
    if asked is not None and look.picked is None:
        st.markdown(f"This run has no sample {plain(asked, 20)}; its samples are 0 to {last}.")
    st.session_state["sample number"] = look.picked
    words = "Samples are training windows, numbered by time from 0. Plus and minus go to the next and the previous one."
    st.number_input(
        "Sample",
        0,
        last,
        None,
        1,
        key="sample number",
        on_change=_pick_number,
        placeholder="number of a sample, or click one in any chart",
        help=words,
    )


def _pick_number() -> None:
    pick_sample(st.session_state["sample number"])


def show_sample(look: Look) -> None:
    """Everything about the sample that is shown."""
    show_sample_text(look)
    if look.data is None:
        st.warning(f"The window cannot be shown, since the data cannot be opened: {plain(look.missing)}")
    else:
        show_window(look)
    show_history(look)


def show_sample_text(look: Look) -> None:
    """The sample in one sentence."""
    row, sample = look.table.loc[look.shown], look.shown
    if look.picked is None:
        of = "sample" if look.inside is None else "of the chosen samples"
        st.markdown(f"Nothing is picked; this is the most complex {of}.")
    parts = [f"complexity **{short(row['score'])}**, {rank_text(look)}"] if np.isfinite(row["score"]) else []
    parts += [f"**{row['region']}**"] if isinstance(row["region"], str) else []
    parts.append(kept_text(look))
    if row["kept"]:
        parts.append(f"weight {short(row['weight'])} in epoch {look.epoch}")
    if row.get("incident"):
        parts.append("overlaps a **planted incident**")
    st.markdown(
        f"**{instant_text(row['time'], look.step_seconds >= 86_400)}** (sample {sample}): " + "; ".join(parts) + "."
    )


def kept_text(look: Look) -> str:
    """How often the sample was kept; of cells, how much of it."""
    row, plural = look.table.loc[look.shown], "s" * (look.epoch > 1)
    if look.of_cells:
        now, mean = unbroken_percent(float(row["kept"])), unbroken_percent(float(row["kept_share"]))
        return f"**{now}** of its cells kept in epoch {look.epoch}, {mean} over {look.epoch} epoch{plural}"
    return f"kept in **{round(float(row['kept_share']) * look.epoch)} of {look.epoch}** epoch{plural}"


def unbroken_percent(share: float) -> str:
    """A percentage without a line break in it."""
    return percent(share).replace(" ", "\u00a0")


def rank_text(look: Look) -> str:
    """The rank of the sample by its score."""
    scores = look.table["score"]
    above = int((scores > scores[look.shown]).sum())
    if above == 0:
        return "the largest of all"
    return (
        f"rank {above + 1:,} of {len(scores):,}"
        if above < 20
        else f"above {unbroken_percent(1 - (above + 1) / len(scores))} of all"
    )


# ---- the window ----------------------------------------------------------------------------------------------------
def show_window(look: Look) -> None:
    """Inputs, truth and forecast of one sensor, and the error of all sensors."""
    targets = look.run.spec.targets
    if len(targets) > 1:
        st.selectbox("Target", targets, key="target")
    window = window_numbers(look)
    choose_clicked_sensor(window)
    sensor = choose_window_sensor(window)
    st.altair_chart(
        window_chart(window, sensor, look.theme),
        key="window",
        width="stretch",
        alt=f"{window.target} at {window.sensors[sensor]}: what the model saw, what came, its forecast and persistence",
    )
    if window.forecast is None:
        offer_forecast(look)
    else:
        show_errors(look, window, sensor)


def window_numbers(look: Look) -> Window:
    """The window that is shown, for the chosen target."""
    assert look.data is not None
    targets = look.run.spec.targets
    target = st.session_state.get("target", targets[0])
    target = target if target in targets else targets[0]
    made = window_forecast(look)
    windows = Windows(np.array([int(look.table.at[look.shown, "start"])]), look.lookback, look.horizon)
    of_target = None if made is None else made[:, :, targets.index(target)]
    return window_of(
        look.data,
        windows,
        target,
        persistence(str(look.run.path), look.run.spec.data.fingerprint, target, look),
        of_target,
    )


@st.cache_resource(show_spinner=False, max_entries=4)
def persistence(path: str, fingerprint: str, target: str, _look: Look) -> naive.Naive:
    """Persistence of a run's target. The cache knows a run by its folder and data, since ids may repeat between visitors."""
    assert _look.data is not None
    train = cut(_look.data, _look.run.spec.options.data).label == 0
    values = _look.data.values[:, :, [_look.data.channels.index(target)]]
    return naive.persistence(values, train, _look.data.step_seconds)


def choose_window_sensor(window: Window) -> int:
    """The list of sensors, worst first; the choice is in the address, and the Sensors view has the same."""
    order = window.worst_first
    names = [window.sensors[index] for index in order]
    errors = window.naive_errors if window.forecast is None else window.errors
    words = {
        window.sensors[index]: f"{window.sensors[index]}, off by {short(errors[index], window.unit)}" for index in order
    }
    asked = address_value("sensor")
    st.session_state["sample sensor"] = asked if asked in names else WORST
    chosen = st.selectbox(
        "Sensor, worst first",
        [WORST, *names],
        key="sample sensor",
        on_change=_set_sensor,
        format_func=lambda name: words.get(name, f"the worst one: {words[names[0]]}"),
        help="Ordered by the mean absolute error of the forecast in this window, or of persistence while there is no forecast.",
    )
    return window.sensors.index(chosen or names[0])


def _set_sensor() -> None:
    set_address("sensor", st.session_state["sample sensor"] or None)


def choose_clicked_sensor(window: Window) -> None:
    """Let a click on the map or on a bar choose the sensor. Call it before the list is drawn."""

    def name_of(position: int | None) -> str | None:
        return window.sensors[position] if position is not None and position < len(window.sensors) else None

    def from_map(index: int) -> str | None:
        drawn = st.session_state.get("sample-map-drawn")
        return None if drawn is None else name_of(clicked_sensor(drawn, index))

    picking.choose_on_click("sample-map", picking.widget_rows("sample-map", "indices", DOTS), from_map)
    bars = (st.session_state.get("worst") or {}).get("selection", {}).get("sensor") or []
    picking.choose_on_click("worst", [int(bar["position"]) for bar in bars if "position" in bar], name_of)


# ---- the forecast --------------------------------------------------------------------------------------------------
def window_forecast(look: Look) -> np.ndarray | None:
    """The forecast [H, N, C'] of the sample by the best weights, stored with the run or made on demand; else None."""
    start = int(look.table.at[look.shown, "start"])
    made: dict[tuple[str, int], np.ndarray] = st.session_state.setdefault("forecasts", {})
    return made.get((look.run.id, start), forecast(look.run, start))


def offer_forecast(look: Look) -> None:
    """Why there is no forecast yet, or the button that makes one."""
    if look.run.status != "done":
        st.markdown("The forecast appears when the run is finished, because it is made with the best weights.")
        return
    if st.button("Forecast this window", help="Loads the run's weights in a process of its own; about 5 seconds."):
        start = int(look.table.at[look.shown, "start"])
        try:
            with st.spinner("Loading PyTorch and forecasting, about 5 s"):
                made = oneshot.predict(look.run, np.array([start]))[0]
        except (RunError, OSError, ValueError) as error:
            st.error(plain(error))
            return
        st.session_state["forecasts"][(look.run.id, start)] = made
        st.rerun()


def show_errors(look: Look, window: Window, sensor: int) -> None:
    """The forecast's error by sensor: map, bars and table."""
    st.markdown(
        f"##### Where was it wrong? {short(float(np.nanmean(window.errors)), window.unit)} on average",
        help="Mean absolute error of the forecast over the window's observed steps, by sensor. Persistence repeats the last "
        f"observed value; it was off by {short(float(np.nanmean(window.naive_errors)), window.unit)} on average.",
    )
    places = look.run.spec.data.locations
    names = (["Map"] if places else []) + ["Worst sensors", "Table"]
    parts = dict(zip(names, st.tabs(names), strict=True))
    if places:
        with parts["Map"]:
            show_error_map(look, window, sensor, np.array(places, float))
    with parts["Worst sensors"]:
        st.altair_chart(
            worst_sensors(window, look.theme, chosen=sensor),
            key="worst",
            on_select="rerun",
            selection_mode="sensor",
            width="stretch",
            alt="The ten sensors with the largest error; the tick is the error of persistence",
        )
        st.markdown("Bars: the forecast. Ticks: persistence. Click a bar to see that sensor.")
    with parts["Table"]:
        st.dataframe(
            error_rows(window),
            hide_index=True,
            height=250,
            column_config={
                "sensor": "sensor",
                "error": st.column_config.NumberColumn(f"forecast ({window.unit})", format="%.3g"),
                "persistence": st.column_config.NumberColumn(f"persistence ({window.unit})", format="%.3g"),
            },
        )


def show_error_map(look: Look, window: Window, sensor: int, places: np.ndarray) -> None:
    """The error by sensor on a small map."""
    assert look.data is not None
    cells = cells_of(look.data)
    layers = base_layers(look.data.layers, places, None if cells else look.data.edges)
    sensors = SensorMap(window.sensors, places, window.errors, "error", window.unit, layers=layers, cells=cells)
    st.session_state["sample-map-drawn"] = sensors
    deck = sensor_map(sensors, look.theme, sensor)
    deck.initial_view_state = initial_view(places, MAP_SIZE)
    st.pydeck_chart(
        deck,
        key="sample-map",
        on_select="rerun",
        selection_mode="single-object",
        height=MAP_SIZE[1],
        alt="Map of the forecast's error in this window; the table beside it has the same numbers",
    )
    low, high = sensors.range
    st.markdown(
        f"{'Dark' if cells else 'Small and dark'}: {short(low, window.unit)} and less; "
        f"{'yellow' if cells else 'large and yellow'}: {short(high, window.unit)} and more."
    )


# ---- the history ---------------------------------------------------------------------------------------------------
def show_history(look: Look) -> None:
    """The score through the epochs, and whether the sample was kept."""
    st.markdown(
        "##### Through the epochs",
        help="A pruned sample keeps its last score in that epoch, unless the strategy scores all samples. The strip shows in "
        "which epochs the sample was kept.",
    )
    count = look.trace.sizes["epoch"]
    st.altair_chart(
        history_chart(look.trace, look.shown, count, look.theme),
        key="history",
        width="stretch",
        alt="The sample's complexity through the epochs beside the median of all, and whether it was kept",
    )


def history_table(look: Look) -> pd.DataFrame:
    """The score and whether it was kept, a row an epoch, for downloads."""
    return history_rows(look.trace, look.shown, look.trace.sizes["epoch"])
