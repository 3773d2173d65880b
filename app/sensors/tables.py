"""The table twins of the map: the ten highest, and all sensors."""

import pandas as pd
import streamlit as st

from app.sensors import measured
from app.sensors.view import View
from stcore.charts.sensors import sensor_table
from stcore.exports import safe


def top_ten(view: View) -> None:
    """The ten highest; a row chooses its sensor."""
    values, names, numbers = view.values, view.names, view.numbers
    st.subheader(
        "Ten largest differences" if numbers.diverging else "Ten highest",
        help=f"By {numbers.label}. Click a row to choose the sensor.",
    )
    table = measured.ranked(values, names, diverging=numbers.diverging)
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


def everything(view: View) -> None:
    """The table twin of the map."""
    run, epoch, ground, unit = view.run, view.epoch, view.ground, view.unit
    table = sensor_table(view.trace, epoch)
    table["importance"] *= 100
    if "kept" in table:
        table["kept"] *= 100
    if "active" in view.trace:
        table["on"] = view.trace["active"].values[epoch - 1]
    if (planted := measured.truth(ground.data)) is not None:
        table["planted"] = planted
    if view.what == measured.DIFFERENCE:
        table["difference"] = view.values
    number = {
        name: st.column_config.NumberColumn(title, format="%.3g")
        for name, title in {
            "error": f"error ({unit})", "change": f"change since epoch 1 ({unit})", "importance": "importance (%)",
            "kept": "kept share (%)", "test": f"test error ({unit})", "difference": f"difference ({unit})",
        }.items()
    }  # fmt: skip
    with st.expander(f"All {len(table)} sensors as a table"):
        st.dataframe(
            table, hide_index=True, key="all sensors", on_select="rerun", selection_mode="single-row", height=360,
            column_config=number,
        )  # fmt: skip
        st.download_button(
            "Sensors as CSV", lambda: pd.DataFrame(table.assign(sensor=table["sensor"].map(safe))).to_csv(index=False),
            f"{run.id}-sensors-epoch-{epoch}.csv", "text/csv", on_click="ignore",
        )  # fmt: skip
