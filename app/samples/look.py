"""What the Samples view shows: a run after an epoch, its samples as a table, and those that are picked or chosen."""

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
    """One run as it was after ``epoch`` epochs. ``data`` is None where they cannot be opened; ``missing`` then says why."""

    run: Run
    trace: xr.Dataset
    epoch: int
    data: STData | None
    missing: str
    theme: Theme

    @property
    def lookback(self) -> int:
        """The number of steps that the model sees."""
        return self.run.spec.lookback

    @property
    def horizon(self) -> int:
        """The number of steps that it forecasts."""
        return self.run.spec.horizon

    @property
    def step_seconds(self) -> float:
        """Seconds from one step to the next."""
        return self.run.spec.data.step_seconds

    @property
    def of_cells(self) -> bool:
        """Whether the run prunes cells, (window, sensor) pairs, so that a window may be kept in part."""
        return self.run.spec.of_cells

    @property
    def in_rounds(self) -> bool:
        """Whether an epoch of the run is a round, a part of a pass, which keeps less than the budget says."""
        return self.run.passes > self.run.spec.options.train.epochs

    def clock(self, steps: np.ndarray) -> pd.DatetimeIndex:
        """The times of ``steps`` [M] on the wall clock, as far as the data know them."""
        if self.data is not None:
            return self.data.clock(steps)
        facts = self.run.spec.data
        return pd.DatetimeIndex(times(pd.Timestamp(facts.first_step), facts.step_seconds, steps))

    @cached_property
    def planted(self) -> pd.DataFrame | None:
        """The incidents that a simulation planted, or None."""
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
        """The trace up to the epoch that is shown."""
        return self.trace.isel(epoch=slice(0, self.epoch))

    @cached_property
    def picked(self) -> int | None:
        """The picked sample, or None."""
        return picked_sample(len(self.trace["sample"]))

    @cached_property
    def shown(self) -> int:
        """The sample whose window is shown: the picked one, else the most complex of the chosen ones."""
        if self.picked is not None:
            return self.picked
        known = np.nan_to_num(self.table["score"].to_numpy(), nan=-1.0)
        return int(np.where(self.chosen, known, -2.0).argmax())

    @cached_property
    def named(self) -> Selection | None:
        """The named selection in the address, or None."""
        return named_selection(self.run)

    @cached_property
    def inside(self) -> np.ndarray | None:
        """The samples of the named selection, or of the lasso; None for all."""
        return lasso_samples(self.run) if self.named is None else self.named.samples

    @cached_property
    def chosen(self) -> np.ndarray:
        """[W] bool: the samples ``inside``, or all."""
        return np.ones(len(self.table), bool) if self.inside is None else self.table.index.isin(self.inside)


def look_at(run: Run, frozen: int, epoch: int) -> Look:
    """The run with its trace up to ``frozen`` epochs, as it was after ``epoch``."""
    data, missing = None, ""
    try:
        data = run_dataset(run)
    except (OSError, ValueError) as error:
        missing = str(error)
    whole = run_trace(run)
    return Look(run, whole.isel(epoch=slice(0, frozen)), epoch, data, missing, current_theme())


# ---- picked and chosen samples ---------------------------------------------------------------------------------------------
def pick_sample(sample: int | None, on_map: bool = False) -> None:
    """Pick a sample; ``on_map``: it was clicked on the data map. For callbacks."""
    set_address("sample", None if sample is None else str(sample))
    redraw_map(on_map)


def picked_sample(count: int) -> int | None:
    """The picked sample, if the run has it."""
    asked = address_value("sample") or ""
    return int(asked) if asked.isdecimal() and int(asked) < count else None


def choose_lasso(run: Run, inside: Sequence[int] | np.ndarray | None, on_map: bool = True) -> None:
    """Choose the samples in a lasso on the data map; None for all. For callbacks."""
    st.session_state["lasso"] = None if inside is None else (run.id, np.array(inside, int))
    set_address("selection", None)
    redraw_map(on_map)


def choose_selection(run: Run, name: str | None) -> None:
    """Choose a named selection by its id; None for all samples. For callbacks."""
    choose_lasso(run, None, on_map=False)
    st.session_state["selection of"] = run.id
    set_address("selection", name)


def named_selection(run: Run) -> Selection | None:
    """The named selection in the address, if the run has it; a selection of another run leaves the address."""
    asked = address_value("selection")
    selection = selection_of(run, asked) if asked else None
    if asked and not selection and st.session_state.get("selection of") not in (None, run.id):
        set_address("selection", None)
    return selection


def lasso_samples(run: Run) -> np.ndarray | None:
    """The samples in the lasso, or None without one."""
    lasso = st.session_state.get("lasso")
    return lasso[1] if lasso is not None and lasso[0] == run.id else None


def redraw_map(on_map: bool) -> None:
    """Have the data map drawn again, unless the choice was made on it: drawing would lose its zoom and lasso."""
    if not on_map:
        st.session_state.pop("on map", None)


def map_selection(look: Look) -> tuple[int | None, np.ndarray | None]:
    """The picked sample and the lasso that the data map shows: those of its last drawing, until ``redraw_map``."""
    about = look.run.id, None if look.named is None else look.named.id
    what, *drawn = st.session_state.get("on map", (None, None, None))
    if what != about:
        drawn = [look.picked, look.inside]
        st.session_state["on map"] = (about, *drawn)
    return drawn[0], drawn[1]


def widget_selection(key: str) -> dict[str, Any]:
    """What is selected in a chart or table."""
    state: Any = st.session_state.get(key) or {}
    return state.get("selection") or {}
