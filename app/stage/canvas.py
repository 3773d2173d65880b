"""A canvas for grids of many small squares: the raster of kept and pruned samples, and the calendar.

It needs no build step and no network.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

from stcore.charts.grid import Picture, pack
from stcore.charts.theme import Theme

HTML = """
<div class="grid">
  <div class="head">
    <span class="what"></span><span class="low"></span><span class="scale"></span><span class="high"></span>
    <span class="marked" hidden><i></i> planted incident</span>
    <button type="button" title="Save this picture as a PNG file">PNG</button>
  </div>
  <div class="frame">
    <canvas tabindex="0" role="application" aria-roledescription="grid: arrow keys move, Enter picks"></canvas>
    <div class="tip" role="status" hidden></div>
  </div>
</div>
"""
CSS = """
.grid { font: 0.8rem var(--st-font, sans-serif); color: var(--ink); }
.head { display: flex; flex-wrap: wrap; gap: 0.4rem; align-items: center; min-height: 1.9rem; }
.scale { width: 5.5rem; height: 0.7rem; border: 1px solid var(--line); border-radius: 2px; }
.marked { margin-left: 0.6rem; white-space: nowrap; }
.marked[hidden] { display: none; }
.marked i { display: inline-block; width: 0.8rem; height: 0.6rem; border: 2px solid var(--mark); }
button { margin-left: auto; font: inherit; color: var(--ink); background: none; cursor: pointer;
  border: 1px solid var(--line); border-radius: 4px; }
button:focus-visible, canvas:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
.frame { position: relative; }
canvas { display: block; width: 100%; cursor: crosshair; }
.tip { position: absolute; transform: translateY(-50%); pointer-events: none; white-space: nowrap; padding: 0.2rem 0.5rem;
  background: var(--paper); color: var(--ink); border: 1px solid var(--line); border-radius: 4px; box-shadow: 0 1px 4px #0004; }
.tip[hidden] { display: none; }
"""
_canvas = st.components.v2.component(
    "winnow_grid", html=HTML, css=CSS, js=Path(__file__).with_name("raster.js").read_text("utf-8")
)


def show_canvas(
    key: str,
    picture: Picture,
    theme: Theme,
    pick: Callable[[int, int], None],
    *,
    alt: str,
    height: int,
    picked: tuple[int, int | None] | None = None,
    boxes: list[tuple[int, float, float]] | None = None,
) -> None:
    """Draw ``picture``; ``pick(row, column)`` is called when a square is clicked, before the page is drawn again.

    ``picked``: the row, or row and column, that is marked. ``boxes``: (row, first column, last column) to outline.
    """
    rows, columns = picture.cells.shape
    rows_are_days = picture.row_names is not None and columns % 24 == 0
    data = pack(picture, theme) | {
        "alt": f"{alt} Arrow keys move, Enter picks.",
        "height": height,
        "file": key,
        "picked": None if picked is None else {"row": picked[0] * rows // picture.samples, "column": picked[1]},
        "boxes": [list(box) for box in boxes or []],
        "steps": label_steps(columns) if rows_are_days else None,
    }

    def picked_now() -> None:
        cell = clicked_cell(st.session_state.get(key))
        if cell is not None and cell[0] < rows and cell[1] < columns:
            pick(cell[0] * picture.samples // rows, cell[1])

    _canvas(key=key, data=data, on_picked_change=picked_now)


def clicked_cell(state: Any) -> tuple[int, int] | None:
    """(row, column) of the square that was clicked, or None where the browser sent nothing sensible."""
    try:
        cell = state["picked"]
        row, column = int(cell["row"]), int(cell["column"])
    except (TypeError, KeyError, ValueError, AttributeError):
        return None
    return (row, column) if row >= 0 and column >= 0 else None


def label_steps(columns: int) -> list[int]:
    """The numbers of columns that may lie between two labels of the time of day: whole hours."""
    hour = columns // 24
    return [hour, 2 * hour, 3 * hour, 6 * hour, 12 * hour]
