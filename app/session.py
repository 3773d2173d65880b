"""What every view needs: where runs lie, which run and dataset are looked at, the theme, and cached readings of both."""

import os
from pathlib import Path
from typing import Any

import streamlit as st
import xarray as xr

from stcore import readers
from stcore.charts.theme import Theme, theme
from stcore.data import STData
from stcore.runs import Run, RunError, open_run, runs_in

ROOT = Path(__file__).resolve().parent.parent
DEMO_RUN = ROOT / "data" / "demo-run"


def runs_folder() -> Path:
    """Where runs are kept: STCORE_RUNS, else ``runs`` beside the app."""
    return Path(os.environ.get("STCORE_RUNS", ROOT / "runs"))


def current_theme() -> Theme:
    """The tokens of the theme that the page is shown in."""
    return theme(st.context.theme.type)


def all_runs() -> list[Run]:
    """The runs of the folder, newest first, then the demo run."""
    demo = [Run(DEMO_RUN)] if (DEMO_RUN / "spec.json").is_file() else []
    return runs_in(runs_folder()) + demo


def find_run(name: str) -> Run | None:
    """A run of this machine by its id, or None. Ids never become paths."""
    return next((run for run in all_runs() if run.id == name), None)


@st.cache_data(show_spinner=False, max_entries=8)
def _trace(path: str, told: int, stamp: float) -> xr.Dataset:
    return open_run(path).trace()


def trace(run: Run) -> xr.Dataset:
    """The run's trace, read again only when its folder has more to tell."""
    events = run.path / "events.jsonl"
    about = events.stat() if events.exists() else None
    return _trace(str(run.path), about.st_size if about else 0, about.st_mtime if about else 0.0)


@st.cache_resource(show_spinner=False, max_entries=4)
def _dataset(source: str, answers: tuple[tuple[str, str], ...], stamp: float) -> STData:
    return readers.open(source, dict(answers))


def dataset(source: str, answers: dict[str, str] | None = None) -> STData:
    """An opened dataset, kept while its file does not change. Never change what comes back. Raises DataError."""
    path = Path(source)
    stamp = path.stat().st_mtime if path.exists() else 0.0
    return _dataset(source, tuple(sorted((answers or {}).items())), stamp)


def run_dataset(run: Run) -> STData:
    """The data that a run was made of."""
    source: Any = run.spec["data"]["source"]
    return dataset(str(run.path / source) if source == "data.nc" else source, run.spec["data"]["answers"])


__all__ = ["RunError", "all_runs", "current_theme", "dataset", "find_run", "run_dataset", "runs_folder", "trace"]
