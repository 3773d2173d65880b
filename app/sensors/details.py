"""The chosen sensor: its error and importance through the epochs, and what it read."""

import numpy as np
import streamlit as st

from app.dataset.look import show_series, stretch
from app.sensors.view import View
from app.session import current_theme
from app.words import plain
from stcore.charts.sensors import through_epochs
from stcore.charts.words import short


def details(view: View, chosen: int) -> None:
    """Error and importance of the chosen sensor through the epochs."""
    theme, found, epoch, unit = current_theme(), view.trace, view.epoch, view.unit
    name = str(found["sensor"].values[chosen])
    error, importance = found["sensor_error"].values.astype(float), found["importance"].values.astype(float)
    kept = 100 * found["sensor_kept"].values.astype(float) if "sensor_kept" in found else None
    place = int((error[epoch - 1] > error[epoch - 1, chosen]).sum()) + 1
    st.markdown(
        f"**{plain(name)}** after epoch {epoch}: error **{short(error[epoch - 1, chosen], unit)}** "
        f"(number {place} of {error.shape[1]}), importance **{short(100 * importance[epoch - 1, chosen])}\u00a0%**"
        + ("." if kept is None else f", **{short(kept[epoch - 1, chosen])}\u00a0%** of its cells kept.")
    )
    if len(error) < 2:
        st.markdown("Its course through the epochs is drawn after epoch 2.")
        return
    courses = [("error", error, ("error", unit)), ("importance", importance, ("importance", "%"))]
    if kept is not None and (pruned := kept.mean(axis=1) < 100).any():  # full epochs would flatten the rest
        courses.append(("kept", np.where(pruned[:, None], kept / 100, np.nan), ("kept share", "%")))
    if "active" in found:
        worth = np.where(found["active"].values, found["mask_score"].values.astype(float), np.nan)
        courses.append(("mask", worth, ("worth to the mask", "")))
    for key, values, label in courses:
        chart = through_epochs(values, chosen, label, theme, epoch)
        st.altair_chart(chart, key=f"course-{key}", alt=f"{label[0]} of sensor {name} through the epochs")
    st.markdown("Line: this sensor. Dashed: median of all; band: their middle 80 %.")


def past(view: View, chosen: int) -> None:
    """What the chosen sensor read."""
    st.subheader("Readings", help="What the chosen sensor measured, missing readings left out.")
    data = view.ground.data
    if data is None:
        st.markdown("The dataset is not there any more.")
        return
    target = data.channels.index(view.run.spec["targets"][0])
    show_series(data, chosen, target, stretch(data))
