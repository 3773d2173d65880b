"""What the Samples view looks at: a run frozen at an epoch, its samples as a table, and the one that is picked."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
import xarray as xr

from app.session import address_value, current_theme, run_dataset, run_trace, set_address
from stcore.charts.sample_table import overlaps_incident, planted_incidents, sample_table
from stcore.charts.theme import Theme
from stcore.data import STData
from stcore.runs import Run
from stcore.runs.selections import Selection
from stcore.runs.selections import selection as selection_of
from stcore.runs.trace import times


@dataclass(frozen=True)
class Look:
    """One run as it stood after ``epoch`` epochs. ``data`` is None, and ``missing`` says why, where they cannot be opened."""

    run: Run
    trace: xr.Dataset
    epoch: int
    data: STData | None
    missing: str
    theme: Theme

    @property
    def lookback(self) -> int:
        """Steps the model sees."""
        return self.run.spec.lookback

    @property
    def horizon(self) -> int:
        """Steps it forecasts."""
        return self.run.spec.horizon

    @property
    def step_seconds(self) -> float:
        """Seconds from one step to the next."""
        return self.run.spec.data.step_seconds

    @property
    def of_cells(self) -> bool:
        """Whether (window, sensor) cells were pruned, so that a window is kept in part."""
        return self.run.spec.of_cells

    @property
    def in_rounds(self) -> bool:
        """Whether an epoch of the run is a round, a part of a pass, and so keeps less than its budget says."""
        return self.run.passes > self.run.spec.options.train.epochs

    def clock(self, steps: np.ndarray) -> pd.DatetimeIndex:
        """Instants of ``steps`` [M] on the wall clock, as far as the data tell it."""
        if self.data is not None:
            return self.data.clock(steps)
        facts = self.run.spec.data
        return pd.DatetimeIndex(times(pd.Timestamp(facts.first_step), facts.step_seconds, steps))

    @cached_property
    def planted(self) -> pd.DataFrame | None:
        """Incidents that a simulation planted, or None."""
        return None if self.data is None else planted_incidents(self.data)

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a sample."""
        starts = self.trace["start"].values
        incident = (
            None if self.planted is None else overlaps_incident(self.planted, starts, self.lookback + self.horizon)
        )
        return sample_table(self.trace, self.epoch, clock=self.clock(starts + self.lookback), incident=incident)

    @cached_property
    def seen(self) -> xr.Dataset:
        """The trace up to the epoch that is looked at."""
        return self.trace.isel(epoch=slice(0, self.epoch))

    @cached_property
    def picked(self) -> int | None:
        """The sample that somebody picked, or None."""
        return picked_sample(len(self.trace["sample"]))

    @cached_property
    def shown(self) -> int:
        """The sample whose window is shown: the picked one, else the most complex of those that are chosen."""
        if self.picked is not None:
            return self.picked
        known = np.nan_to_num(self.table["score"].to_numpy(), nan=-1.0)
        return int(np.where(self.chosen, known, -2.0).argmax())

    @cached_property
    def named(self) -> Selection | None:
        """The named selection that the address asks for, or None."""
        return named_selection(self.run)

    @cached_property
    def inside(self) -> np.ndarray | None:
        """The samples of the named selection, or inside the lasso; None for all."""
        return lasso_samples(self.run) if self.named is None else self.named.samples

    @cached_property
    def chosen(self) -> np.ndarray:
        """[W] bool over samples: those ``inside``, or everything."""
        return np.ones(len(self.table), bool) if self.inside is None else self.table.index.isin(self.inside)


def look_at(run: Run, frozen: int, epoch: int) -> Look:
    """The run's trace up to ``frozen`` epochs, seen after ``epoch``."""
    data, missing = None, ""
    try:
        data = run_dataset(run)
    except (OSError, ValueError) as error:
        missing = str(error)
    whole = run_trace(run)
    return Look(run, whole.isel(epoch=slice(0, frozen)), epoch, data, missing, current_theme())


# ---- the one selection ---------------------------------------------------------------------------------------------
def pick_sample(sample: int | None, on_map: bool = False) -> None:
    """Pick a sample, wherever it was clicked. For callbacks, so that everything drawn next shows it."""
    set_address("sample", None if sample is None else str(sample))
    redraw_map(on_map)


def picked_sample(count: int) -> int | None:
    """The picked sample, where the run has it."""
    asked = address_value("sample") or ""
    return int(asked) if asked.isdecimal() and int(asked) < count else None


def choose_lasso(run: Run, inside: Sequence[int] | np.ndarray | None, on_map: bool = True) -> None:
    """Choose the samples inside a lasso of the run's data map; None for all."""
    st.session_state["lasso"] = None if inside is None else (run.id, np.array(inside, int))
    set_address("selection", None)
    redraw_map(on_map)


def choose_selection(run: Run, place: str | None) -> None:
    """Choose a named selection by its id; None for all samples."""
    choose_lasso(run, None, on_map=False)
    st.session_state["selection of"] = run.id
    set_address("selection", place)


def named_selection(run: Run) -> Selection | None:
    """The named selection in the address, where the run has it; one of another run is let go of."""
    asked = address_value("selection")
    found = selection_of(run, asked) if asked else None
    if asked and not found and st.session_state.get("selection of") not in (None, run.id):
        set_address("selection", None)
    return found


def lasso_samples(run: Run) -> np.ndarray | None:
    """The samples inside the lasso, or None where there is none."""
    kept = st.session_state.get("lasso")
    return kept[1] if kept is not None and kept[0] == run.id else None


def redraw_map(on_map: bool) -> None:
    """Let the data map show the selection, unless it was made there: redrawing would lose its zoom and its lasso."""
    if not on_map:
        st.session_state.pop("on map", None)


def map_selection(look: Look) -> tuple[int | None, np.ndarray | None]:
    """The picked sample and the lasso that the data map is to be drawn with: those it was last drawn with, until settled."""
    about = look.run.id, None if look.named is None else look.named.id
    what, *drawn = st.session_state.get("on map", (None, None, None))
    if what != about:
        drawn = [look.picked, look.inside]
        st.session_state["on map"] = (about, *drawn)
    return drawn[0], drawn[1]


def widget_selection(key: str) -> dict[str, Any]:
    """What is selected in a chart or table, as a plain mapping."""
    state: Any = st.session_state.get(key) or {}
    return state.get("selection") or {}
