"""What every view needs: the runs folder, the values in the address, the theme, and cached traces and datasets."""

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
    """The folder of runs: STCORE_RUNS, else ``runs`` beside the app; in a class, the visitor's own folder in it."""
    whole = Path(os.environ.get("STCORE_RUNS", ROOT / "runs"))
    return own_folder(whole, _secret()) if in_class() else whole


def in_class() -> bool:
    """Whether the page is served to a class, in which each visitor has their own runs."""
    return bool(os.environ.get("STCORE_CLASS"))


def _secret() -> str:
    """The secret of this browser: its cookie, or the one that it is about to get."""
    cookie = st.context.cookies.get(COOKIE, "")
    return cookie if SECRET.fullmatch(cookie) else str(st.session_state.setdefault("visitor", secrets.token_hex(16)))


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
"""A browser keeps the secret that its first tab gets. Other tabs, which got another secret, load the page again."""


def keep_visitor() -> None:
    """In a class: have a new browser keep its secret in a cookie, so that it finds its runs again."""
    if in_class() and st.context.cookies.get(COOKIE, "") != (secret := _secret()):
        script = SETTLE.replace("NAME", COOKIE).replace("SECRET", secret).replace("AGE", str(90 * 86_400))
        st.html(script, unsafe_allow_javascript=True)


def current_theme() -> Theme:
    """The colours of the theme that the page has."""
    return theme_of(st.context.theme.type)


def current_zone() -> str:
    """The time zone of the visitor's clock."""
    return st.context.timezone or "UTC"


# ---- runs ----------------------------------------------------------------------------------------------------------
def demo_run() -> Run | None:
    """The finished run that comes with the project."""
    return Run(DEMO_RUN) if (DEMO_RUN / "spec.json").is_file() else None


def all_runs(kind: str | None = "train") -> list[Run]:
    """The runs of the folder, newest first, then the demo run; with ``kind`` None the distillations, too."""
    demo = demo_run()
    return runs_in(runs_folder(), kind) + ([demo] if demo else [])


def listed_runs(chosen: str | None = None) -> list[Run]:
    """The runs that lists offer: all except archived ones and trials of an experiment's search. ``chosen`` stays in."""
    return [run for run in all_runs() if run.id == chosen or not (run.spec.is_trial or label(run).archived)]


def distillations(chosen: str | None = None) -> list[Run]:
    """The distillations of the folder, newest first, except archived ones. ``chosen`` stays in."""
    return [run for run in runs_in(runs_folder(), "distil") if run.id == chosen or not label(run).archived]


def find_run(name: str) -> Run | None:
    """A run of this machine by its id, or None. Ids never become paths."""
    return next((run for run in all_runs() if run.id == name), None)


def run_state(run: Run) -> str:
    """The run's status; also ``starting`` while its worker was started here but has not reported yet."""
    return "starting" if worker.is_launching(run) else run.status


def show_run(run: Run) -> None:
    """Have every view look at ``run`` from now on. For callbacks."""
    set_address("run", run.id)


# ---- values in the address -----------------------------------------------------------------------------------------
def address_value(name: str) -> str | None:
    """A value of the address, ``?name=``, that stays when the view changes.

    A new value in the address wins, as after a link or the back button; else it is what ``set_address`` set last.
    """
    value = st.query_params.get(name)
    if value is None or value == st.session_state.get(f"address {name}"):
        value = st.session_state.get(f"linked {name}")
    set_address(name, value)
    return value


def set_address(name: str, value: str | None) -> None:
    """Set the value that ``address_value`` gives; None takes it out of the address."""
    st.session_state[f"address {name}"] = st.session_state[f"linked {name}"] = value
    if value is None:
        st.query_params.pop(name, None)
    elif st.query_params.get(name) != value:
        st.query_params[name] = value


# ---- traces and datasets, cached while their files stay the same -----------------------------------------------------
@st.cache_resource(show_spinner=False, max_entries=8)
def _trace(path: str, size: int, stamp: float) -> xr.Dataset:
    return open_run(path).trace()


@st.cache_data(show_spinner=False, max_entries=32)
def _table(path: str, size: int, stamp: float) -> pd.DataFrame:
    return open_run(path).table()


def run_trace(run: Run) -> xr.Dataset:
    """The run's trace, read again only when it has new events. It is shared: never change it."""
    return _trace(str(run.path), *_events_stamp(run))


def epoch_table(run: Run) -> pd.DataFrame:
    """One row an epoch, read again only when the run has new events."""
    return _table(str(run.path), *_events_stamp(run))


def _events_stamp(run: Run) -> tuple[int, float]:
    events = run.path / "events.jsonl"
    about = events.stat() if events.exists() else None
    return (about.st_size, about.st_mtime) if about else (0, 0.0)


def check_readable(path: Path) -> None:
    """DataError for a path outside the folders that this page may read; in a class the message is for visitors."""
    try:
        check_inside(path, folders(ROOT / "data", runs_folder()))
    except DataError:
        if not in_class():
            raise
        shared = [str(folder) for folder in dict.fromkeys(folders()) if folder != (ROOT / "data").resolve()]
        where = f"files and folders in {listing(shared, 4)}, " if shared else ""
        raise refuse(
            "outside", f"This cannot be opened here. You can open {where}the demo city, and your uploads."
        ) from None


@st.cache_resource(show_spinner=False, max_entries=4)
def _dataset(source: str, answers: tuple[tuple[str, str], ...], stamp: float) -> STData:
    return readers.open(source, dict(answers))


def open_dataset(source: str, answers: dict[str, str] | None = None) -> STData:
    """A dataset from the folders that this page may read; cached while its files and answers stay the same. DataError.

    It is shared: never change it.
    """
    if source != "demo":
        check_readable(Path(source))
    try:
        path = Path(source).expanduser()
        parts = [path, answers_path(path), *(path.iterdir() if path.is_dir() else ())]
        stamp = sum(part.stat().st_mtime for part in parts if part.exists())
    except OSError as error:  # such as a name that is too long, or another person's folder
        raise refuse("not-found", f"{source[:80]} cannot be opened: {error.strerror or error}.") from None
    return _dataset(source, tuple(sorted((answers or {}).items())), stamp)


def run_dataset(run: Run) -> STData:
    """The data of a run, from folders that this page may read. DataError."""
    source = run.spec.data.source
    return open_dataset(str(run.path / source) if source == "data.nc" else source, run.spec.data.answers)


def session_answers(source: str) -> dict[str, str]:
    """The answers about a dataset in this session. The reader finds those that are saved beside the data."""
    return dict(_all_answers().get(source, {}))


def set_answer(source: str, code: str, choice: str) -> None:
    """Set an answer; the data are opened with it the next time."""
    _all_answers().setdefault(source, {})[code] = choice


def drop_answers(source: str) -> None:
    """Forget the answers of this session."""
    _all_answers().pop(source, None)


def _all_answers() -> dict[str, dict[str, str]]:
    answers: Any = st.session_state.setdefault("answers", {})
    return answers
