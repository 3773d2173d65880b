"""All samples at once: calendar, curve, data map and raster. A click on one of them picks a sample."""

import numpy as np
import streamlit as st

from app.samples.look import Look, choose_lasso, map_selection, pick_sample, widget_selection
from app.stage.canvas import show_canvas
from stcore.charts.data_map import data_map
from stcore.charts.grid import calendar_grid
from stcore.charts.raster import SORTS, drawing_order, raster_figure, raster_picture
from stcore.charts.samples import MEASURES, calendar_figure, calendar_picture, complexity_curve, incident_boxes

PLAIN = {"displaylogo": False, "scrollZoom": True}
SORT_WORDS = {"time": "time", "score": "complexity", "kept_share": "kept share"}


def show_calendar(look: Look, measure: str, still: bool) -> None:
    """The calendar: days by times of day."""
    st.markdown(
        "##### When were samples hard?",
        help="Each square is one training window, at its first forecast step. Its colour is the "
        f"{MEASURES[measure]}. Click a square to see the window.",
    )
    if still:
        inside = None if look.inside is None else look.chosen
        figure = calendar_figure(
            look.table, look.step_seconds, look.theme, value=measure, planted=look.planted, inside=inside
        )
        st.plotly_chart(figure, key="still-calendar", theme=None, config=PLAIN, alt="Calendar of complexity")
        return
    grid = calendar_grid(look.table, look.step_seconds, measure)
    squares = np.argwhere(grid.sample == look.shown)
    planted = look.planted if not grid.by_week else None
    show_canvas(
        "calendar",
        calendar_picture(look.table, look.step_seconds, measure, None if look.inside is None else look.chosen),
        look.theme,
        lambda row, column: pick_cell(int(grid.sample[row, column])),
        alt=f"Calendar: {MEASURES[measure]} by day and time of day.",
        height=int(np.clip(46 + 13 * len(grid.row_names), 190, 420)),
        picked=(int(squares[0][0]), int(squares[0][1])) if len(squares) else None,
        boxes=incident_boxes(planted, grid.days, look.step_seconds) if planted is not None else None,
    )


def pick_cell(sample: int) -> None:
    """Pick the sample of a square of the calendar; an empty square picks nothing. For callbacks."""
    if sample >= 0:
        pick_sample(sample)


def show_curve(look: Look, measure: str) -> None:
    """The same measure over time."""
    chart = complexity_curve(look.table, look.theme, value=measure, picked=look.shown, planted=look.planted)
    st.altair_chart(
        chart,
        key="curve",
        on_select=pick_point,
        selection_mode="point",
        alt=f"{MEASURES[measure]} over time",
        width="stretch",
    )


def pick_point() -> None:
    """Pick the sample whose point was clicked on the curve. For callbacks."""
    points = widget_selection("curve").get("point") or []
    if points and "sample" in points[0]:
        pick_sample(int(points[0]["sample"]))


def show_data_map(look: Look) -> None:
    """The data map: mean complexity against variability."""
    st.markdown(
        "##### Which are easy, ambiguous, hard?",
        help="Every point is a sample. Further right: a larger complexity on average. Further up: more change from epoch to "
        "epoch. Ambiguous is the third that varies most; of the others, those with a mean in the upper third are hard. The "
        "first epoch is left out. Click a point to see it. The lasso or the box at the top right of the chart choose several; "
        "a double click chooses all again.",
    )
    if look.epoch < 2:
        st.info("The data map needs two epochs; it appears after epoch 2.")
        return
    sample, inside = map_selection(look)
    unknown = int(look.table["variability"].isna().sum())
    if unknown == len(look.table):
        st.info("No sample has been scored twice yet; the data map appears as soon as one has.")
        return
    figure = data_map(look.table, look.theme, picked=sample, inside=inside)
    st.plotly_chart(
        figure,
        key="data-map",
        on_select=lambda: use_map_selection(look),
        selection_mode=("points", "box", "lasso"),
        theme=None,
        config=PLAIN | {"displayModeBar": True},
        alt="Data map: mean of each sample's complexity against its variability over epochs",
    )
    if unknown:
        st.markdown(f"{unknown:,} samples were scored fewer than two times and are not on the map.")


def use_map_selection(look: Look) -> None:
    """A click picks a sample, a lasso or box chooses several, a double click all again. For callbacks."""
    selection = widget_selection("data-map")
    points = [int(point["customdata"]) for point in selection.get("points") or [] if "customdata" in point]
    if selection.get("lasso") or selection.get("box"):
        choose_lasso(look.run, points or None)
    elif points:
        pick_sample(points[0], on_map=True)
    else:
        choose_lasso(look.run, None)


def show_raster(look: Look, still: bool) -> None:
    """The raster: epochs by samples, kept or pruned."""
    st.markdown(
        "##### What was kept, what was pruned?",
        help="A row is a sample, a column an epoch. Where several samples share a pixel, it shows the share of them that was "
        "kept. Click a row to see its sample; the slider at the top chooses the epoch.",
    )
    by = st.segmented_control(
        "Rows by",
        list(SORT_WORDS),
        format_func=SORT_WORDS.__getitem__,
        default="time",
        key="sort",
        required=True,
        bind="query-params",
    )
    if look.epoch < 2:
        st.info("The raster needs two epochs; it appears after epoch 2.")
        return
    order = drawing_order(look.table, by or "time")
    order = order[look.chosen[order]]
    if still:
        figure = raster_figure(look.trace, look.table, look.theme, by or "time", inside=look.chosen)
        st.plotly_chart(figure, key="still-raster", theme=None, config=PLAIN, alt="Raster of kept samples by epoch")
        return
    row_of_shown = np.flatnonzero(order == look.shown)
    show_canvas(
        "raster",
        raster_picture(look.trace, look.table, order, by or "time"),
        look.theme,
        lambda row, column: pick_sample(int(order[row])),
        alt=f"Raster of {len(order)} samples {SORTS[by or 'time']} over {look.trace.sizes['epoch']} epochs: kept or pruned.",
        height=330,
        picked=(int(row_of_shown[0]), look.epoch - 1) if len(row_of_shown) else None,
    )
