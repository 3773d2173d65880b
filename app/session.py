"""What every view needs: where runs lie, which run and dataset are looked at, the theme, and cached readings of both."""

import os
import re
import secrets
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st
import xarray as xr

from stcore import readers
from stcore.charts.theme import Theme, theme_of
from stcore.data import STData
from stcore.findings import DataError, refuse
from stcore.processes import worker
from stcore.readers.answers import answers_path
from stcore.runs import Run, label, open_run, runs_in
from stcore.runs.quota import check_inside, folders, own_folder
from stcore.words import listing

ROOT = Path(__file__).resolve().parent.parent
DEMO_RUN = ROOT / "data" / "demo-run"
COOKIE, SECRET = "winnow", re.compile(r"[0-9a-f]{32}")


def runs_folder() -> Path:
    """Where runs are kept: STCORE_RUNS, else ``runs`` beside the app; of a class, the visitor's own folder in it."""
    whole = Path(os.environ.get("STCORE_RUNS", ROOT / "runs"))
    return own_folder(whole, _secret()) if in_class() else whole


def in_class() -> bool:
    """Whether the page is served to a class, each visitor with runs of their own."""
    return bool(os.environ.get("STCORE_CLASS"))


def _secret() -> str:
    """What this browser alone has: its cookie, or what is to become its cookie."""
    kept = st.context.cookies.get(COOKIE, "")
    return kept if SECRET.fullmatch(kept) else str(st.session_state.setdefault("visitor", secrets.token_hex(16)))


SETTLE = """<script>(() => {
  const settle = () => {
    const kept = (document.cookie.match(/(?:^|; )NAME=([0-9a-f]{32})(?:;|$)/) || [])[1];
    if (!kept) document.cookie = "NAME=SECRET; path=/; max-age=AGE; SameSite=Strict";
    else if (kept !== "SECRET" && sessionStorage.getItem("NAME") !== kept) {
      sessionStorage.setItem("NAME", kept);
      location.reload();
    }
  };
  settle();
  setTimeout(settle, 1000);
})()</script>"""
"""A browser keeps the first secret that one of its tabs is given; the others, which come with one of their own, load again."""


def keep_visitor() -> None:
    """Of a class: have a browser that comes for the first time keep its secret, so that it finds its runs again."""
    if in_class() and st.context.cookies.get(COOKIE, "") != (secret := _secret()):
        script = SETTLE.replace("NAME", COOKIE).replace("SECRET", secret).replace("AGE", str(90 * 86_400))
        st.html(script, unsafe_allow_javascript=True)


def current_theme() -> Theme:
    """The tokens of the theme that the page is shown in."""
    return theme_of(st.context.theme.type)


def current_zone() -> str:
    """The zone of the clock that the person at the page has."""
    return st.context.timezone or "UTC"


# ---- runs ----------------------------------------------------------------------------------------------------------
def demo_run() -> Run | None:
    """The finished run that the project brings."""
    return Run(DEMO_RUN) if (DEMO_RUN / "spec.json").is_file() else None


def all_runs(kind: str | None = "train") -> list[Run]:
    """The runs of the folder, newest first, then the demo run; with ``kind`` None the distillations among them, too."""
    demo = demo_run()
    return runs_in(runs_folder(), kind) + ([demo] if demo else [])


def listed_runs(chosen: str | None = None) -> list[Run]:
    """The runs that lists offer: all but archived ones and trials of an experiment's search, unless ``chosen``."""
    return [run for run in all_runs() if run.id == chosen or not (run.spec.is_trial or label(run).archived)]


def distillations(chosen: str | None = None) -> list[Run]:
    """The distillations of the folder, newest first: all but archived ones, unless ``chosen``."""
    return [run for run in runs_in(runs_folder(), "distil") if run.id == chosen or not label(run).archived]


def find_run(name: str) -> Run | None:
    """A run of this machine by its id, or None. Ids never become paths."""
    return next((run for run in all_runs() if run.id == name), None)


def run_state(run: Run) -> str:
    """The run's status; ``starting``, too, while a worker that was started here has not come so far as to say so."""
    return "starting" if worker.launching(run) else run.status


def show_run(run: Run) -> None:
    """Have every view look at ``run`` from now on. For callbacks."""
    set_address("run", run.id)


# ---- what the address says -----------------------------------------------------------------------------------------
def address_value(name: str) -> str | None:
    """A value that stands in the address, as ``?name=``, and outlasts a change of view.

    The address wins where it says something new: a link, the back button. Else it is what ``link`` last set.
    """
    told = st.query_params.get(name)
    if told is None or told == st.session_state.get(f"address {name}"):
        told = st.session_state.get(f"linked {name}")
    set_address(name, told)
    return told


def set_address(name: str, value: str | None) -> None:
    """Set a value that ``linked`` gives back; None takes it out of the address."""
    st.session_state[f"address {name}"] = st.session_state[f"linked {name}"] = value
    if value is None:
        st.query_params.pop(name, None)
    elif st.query_params.get(name) != value:
        st.query_params[name] = value


# ---- readings, kept while their files do not change ----------------------------------------------------------------
@st.cache_resource(show_spinner=False, max_entries=8)
def _trace(path: str, told: int, stamp: float) -> xr.Dataset:
    return open_run(path).trace()


@st.cache_data(show_spinner=False, max_entries=32)
def _table(path: str, told: int, stamp: float) -> pd.DataFrame:
    return open_run(path).table()


def run_trace(run: Run) -> xr.Dataset:
    """The run's trace, read again only when its folder has more to tell. Never change what comes back."""
    return _trace(str(run.path), *_events_stamp(run))


def epoch_table(run: Run) -> pd.DataFrame:
    """One row an epoch, read again only when the run's folder has more to tell."""
    return _table(str(run.path), *_events_stamp(run))


def _events_stamp(run: Run) -> tuple[int, float]:
    events = run.path / "events.jsonl"
    about = events.stat() if events.exists() else None
    return (about.st_size, about.st_mtime) if about else (0, 0.0)


def check_readable(path: Path) -> None:
    """DataError where a path lies in none of the folders that this page may read; a class is told in a visitor's words."""
    try:
        check_inside(path, folders(ROOT / "data", runs_folder()))
    except DataError:
        if not in_class():
            raise
        shared = [str(place) for place in dict.fromkeys(folders()) if place != (ROOT / "data").resolve()]
        where = f"files and folders in {listing(shared, 4)}, " if shared else ""
        raise refuse(
            "outside", f"This cannot be opened here. What can be: {where}the demo city, and what you upload."
        ) from None


@st.cache_resource(show_spinner=False, max_entries=4)
def _dataset(source: str, answers: tuple[tuple[str, str], ...], stamp: float) -> STData:
    return readers.open(source, dict(answers))


def open_dataset(source: str, answers: dict[str, str] | None = None) -> STData:
    """An opened dataset from the folders that this page may read, kept while its file and the answers beside it stay.

    Never change what comes back. DataError.
    """
    if source != "demo":
        check_readable(Path(source))
    try:
        path = Path(source).expanduser()
        parts = [path, answers_path(path), *(path.iterdir() if path.is_dir() else ())]
        stamp = sum(part.stat().st_mtime for part in parts if part.exists())
    except OSError as error:  # such as a name too long, or a folder of somebody else
        raise refuse("not-found", f"{source[:80]} cannot be opened: {error.strerror or error}.") from None
    return _dataset(source, tuple(sorted((answers or {}).items())), stamp)


def run_dataset(run: Run) -> STData:
    """The data that a run was made of, where they lie in folders that this page may read. DataError."""
    source = run.spec.data.source
    return open_dataset(str(run.path / source) if source == "data.nc" else source, run.spec.data.answers)


def session_answers(source: str) -> dict[str, str]:
    """What was answered about a dataset in this session; what is kept beside the data is found by the reader."""
    return dict(_all_answers().get(source, {}))


def set_answer(source: str, code: str, choice: str) -> None:
    """Take an answer; the next opening uses it."""
    _all_answers().setdefault(source, {})[code] = choice


def drop_answers(source: str) -> None:
    """Back to what is taken when nobody answers."""
    _all_answers().pop(source, None)


def _all_answers() -> dict[str, dict[str, str]]:
    kept: Any = st.session_state.setdefault("answers", {})
    return kept
