"""Several sensors chosen together by lasso, district or list: their figures and readings; and the tables of all sensors."""

import numpy as np
import pandas as pd
import streamlit as st

from app.data.charts import choose_days
from app.sensors import measured
from app.sensors.view import View
from app.session import current_theme
from app.words import plain
from stcore.charts.sensors import epoch_chart, mean_readings, sensor_table
from stcore.charts.words import short
from stcore.exports import spreadsheet_text

KEY = "several sensors"


def show_many(view: View) -> None:
    """The list of chosen sensors, and their figures beside those of all sensors."""
    st.subheader(
        "Several sensors together",
        help="Draw a lasso or a box on the flat map, click a district on the map or in its table, or choose them in this list.",
    )
    chosen, how = view.marked
    st.session_state[KEY] = [view.names[sensor] for sensor in chosen]
    left, right = st.columns([6, 1], vertical_alignment="bottom")
    left.multiselect(
        "Sensors",
        view.names,
        key=KEY,
        on_change=_mark_listed,
        args=(view,),
        placeholder="Choose here, by lasso, or by district",
    )
    right.button("Let go of all", disabled=not chosen, on_click=view.mark, args=([],), key="unmark", width="stretch")
    if chosen:
        _show_figures(view, chosen, how)


def _mark_listed(view: View) -> None:
    names = st.session_state[KEY]
    view.mark([view.names.index(name) for name in names], "chosen in the list")


def _show_figures(view: View, chosen: list[int], how: str) -> None:
    table = sensor_table(view.trace, view.epoch)
    table["importance"] *= 100
    part = table.iloc[chosen]
    error, usual = part["error"].mean(), table["error"].mean()
    more = f", {100 * abs(error / usual - 1):.0f}\u00a0% {'above' if error > usual else 'below'} all" if usual else ""
    st.markdown(
        f"**{len(chosen)} of {len(table)} sensors**{f', {plain(how)}' if how else ''}. After epoch {view.epoch}: mean error "
        f"**{short(error, view.unit)}**{more}; together **{short(part['importance'].sum())}\u00a0%** of all importance."
    )
    left, right = st.columns(2, gap="large")
    with left:
        _show_courses(view, chosen)
    with right:
        _show_readings(view, chosen)
        _show_table(view, part)


def _show_courses(view: View, chosen: list[int]) -> None:
    if view.trace.sizes["epoch"] < 2:
        st.markdown("The course through the epochs appears after epoch 2.")
        return
    for name, label in (("sensor_error", ("mean error", view.unit)), ("importance", ("mean importance", "%"))):
        values = view.trace[name].values.astype(float)
        chart = epoch_chart(values, chosen, label, current_theme(), view.epoch)
        st.altair_chart(chart, key=f"several {name}", alt=f"{label[0]} of the chosen sensors through the epochs")
    st.markdown("Line: mean of the chosen sensors. Dashed: median of all sensors. Band: their middle 80 %.")


def _show_readings(view: View, chosen: list[int]) -> None:
    data = view.ground.data
    if data is None:
        return
    target = view.run.spec.target
    channel = data.channels.index(target)
    steps = choose_days(data, "several")
    chart = mean_readings(data, chosen, channel, steps, current_theme())
    st.altair_chart(chart, key="several readings", alt=f"Mean {target} of the chosen sensors over time")
    st.markdown("Line: mean of their readings. Band: from the lowest to the highest reading.")


def _show_table(view: View, part: pd.DataFrame) -> None:
    number = {
        name: st.column_config.NumberColumn(title, format="%.3g")
        for name, title in {
            "error": f"error ({view.unit})",
            "change": f"change since epoch 1 ({view.unit})",
            "importance": "importance (%)",
            "kept": "kept share",
            "test": f"test error ({view.unit})",
        }.items()
    }
    held = part.assign(value=view.values[part.index]) if view.numbers.diverging else part
    with st.expander(f"These {len(part)} sensors as a table"):
        st.dataframe(held.dropna(axis=1, how="all"), hide_index=True, height=260, column_config=number)
        st.download_button(
            "These sensors as CSV",
            lambda: held.assign(sensor=held["sensor"].map(spreadsheet_text)).to_csv(index=False),
            f"{view.run.id}-chosen-sensors.csv",
            "text/csv",
            key="several csv",
            on_click="ignore",
        )


def mark_lasso(view: View, lasso: list[int] | None) -> bool:
    """Choose the sensors in a lasso; True for a new lasso."""
    if lasso is None:
        return False
    view.mark(np.unique(lasso).tolist(), "inside the lasso")
    return True


def show_top_ten(view: View) -> None:
    """The table of the ten highest sensors; a row chooses its sensor."""
    values, names, numbers = view.values, view.names, view.numbers
    st.subheader(
        "Ten largest differences" if numbers.diverging else "Ten highest",
        help=f"By {numbers.label}. Click a row to choose the sensor.",
    )
    table = measured.highest_sensors(values, names, diverging=numbers.diverging)
    title = numbers.label + (f" ({numbers.unit})" if numbers.unit else "")
    high = float(table["value"].max()) if len(table) else 1.0
    column = (
        st.column_config.NumberColumn(title, format="%+.3g")
        if numbers.diverging
        else st.column_config.ProgressColumn(
            title, format="%.3g", min_value=0.0, max_value=high or 1.0, color="primary"
        )
    )
    st.dataframe(
        table,
        hide_index=True,
        key="ranked",
        on_select="rerun",
        selection_mode="single-row",
        column_config={"value": column},
    )


def show_all_sensors(view: View) -> None:
    """The table of all sensors; a row chooses its sensor."""
    run, epoch, ground, unit = view.run, view.epoch, view.ground, view.unit
    table = sensor_table(view.trace, epoch)
    table["importance"] *= 100
    if "kept" in table:
        table["kept"] *= 100
    if "active" in view.trace:
        table["on"] = view.trace["active"].values[epoch - 1]
    if (planted := measured.planted_words(ground.data)) is not None:
        table["planted"] = planted
    if view.what == measured.DIFFERENCE:
        table["difference"] = view.values
    number = {
        name: st.column_config.NumberColumn(title, format="%.3g")
        for name, title in {
            "error": f"error ({unit})",
            "change": f"change since epoch 1 ({unit})",
            "importance": "importance (%)",
            "kept": "kept share (%)",
            "test": f"test error ({unit})",
            "difference": f"difference ({unit})",
        }.items()
    }
    with st.expander(f"All {len(table)} sensors as a table"):
        st.dataframe(
            table,
            hide_index=True,
            key="all sensors",
            on_select="rerun",
            selection_mode="single-row",
            height=360,
            column_config=number,
        )
        st.download_button(
            "Sensors as CSV",
            lambda: pd.DataFrame(table.assign(sensor=table["sensor"].map(spreadsheet_text))).to_csv(index=False),
            f"{run.id}-sensors-epoch-{epoch}.csv",
            "text/csv",
            on_click="ignore",
        )
