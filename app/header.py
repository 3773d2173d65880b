"""The line on top of every view: which run is looked at, how it stands, and its controls, never a page away."""

from collections.abc import Callable
from typing import Literal

import pandas as pd
import streamlit as st

from app import control
from app.session import current_zone, link, linked, listed_runs, state
from app.words import plain
from stcore import registry
from stcore.runs import Run
from stcore.runs import labels as labels_of
from stcore.runs.folder import LIVE

POLL, SLOW_POLL = 1.0, 3.0  # seconds between two looks at a run that works, and at one that could be resumed elsewhere


def header(kind: Literal["run", "data"] = "run") -> Run | None:
    """Draw the header and give the chosen run: the address's, else one that works, the demo run, the newest.

    None where there is no run at all or the address names one that is not here; it has then said so. ``kind="data"`` draws
    no list of runs, only the controls of a chosen run that works.
    """
    asked = linked("run")
    runs = listed_runs(asked)
    run = next((run for run in runs if run.id == asked), None)
    if kind == "data":
        if run and state(run) in LIVE:
            with st.container(horizontal=True, vertical_alignment="center", key="header"):
                st.markdown(plain(label(run)), width="stretch")  # a long one takes two lines, not the buttons' room
                strip(run)
        return run
    if asked is None and runs:
        works = (run for run in runs if state(run) in LIVE)
        run = next(works, next((run for run in runs if run.id == "demo-run"), runs[0]))
    with st.container(horizontal=True, vertical_alignment="center", key="header"):
        choose(runs, run)
        if run:
            strip(run)
    if not runs:
        st.info("There is no run on this machine yet. Start one in the Train view.", icon=":material/info:")
    elif run is None:
        st.warning(
            f"Run {plain(asked, 80)} is not on this machine. Choose another one above.", icon=":material/link_off:"
        )
    return run


def choose(runs: list[Run], run: Run | None) -> None:
    """The list of runs."""
    names = labels(runs)
    st.session_state["run list"] = run.id if run else None
    st.selectbox(
        "Run",
        list(names),
        key="run list",
        format_func=lambda name: names.get(name, name),
        on_change=_chosen,
        index=0 if run else None,
        placeholder="Choose a run",
        width="stretch",
        label_visibility="collapsed",
    )


def _chosen() -> None:
    link("run", st.session_state["run list"])


def labels(runs: list[Run]) -> dict[str, str]:
    """A distinct name for each run by its id: method, model, when, data."""
    return distinct(runs, label)


def distinct(runs: list[Run], called: Callable[[Run], str]) -> dict[str, str]:
    """What each run is ``called``, by its id; of two that are called alike the later one has its id behind."""
    found: dict[str, str] = {}
    for run in runs:
        name = called(run)
        found[run.id] = name if name not in found.values() else f"{name} · {run.id}"
    return found


def label(run: Run) -> str:
    """What people call a run: the title that it was given, else its method, model, when it was made, and its data.

    What tells runs apart comes first, as the end may be cut off.
    """
    options, made = run.spec["options"], run.spec["created"]
    if title := labels_of.label(run).title:
        return title
    local = pd.Timestamp(made).tz_convert(current_zone())
    when = f"{local.day} {local:%b, %H:%M}" if run.id[:8] == made[:10].replace("-", "") else run.id
    keep = options["prune"].get("keep")
    method = f"{named(options['prune']['name'])}{f' {keep:.0%}' if keep else ''}"
    if mask := masked(run):
        method += f" · {mask}"
    if set_ := trained_on(run):
        method = set_ if options["prune"]["name"] == "full" else f"{method} · {set_}"
    return f"{method} · {named(options['model']['name'])} · {when} · {run.spec['data']['title']}"


def trained_on(run: Run) -> str:
    """The distilled set that a run trains on; empty for the data themselves."""
    small = run.spec.get("distilled")
    if not small:
        return ""
    first = ", then all" if (run.spec["options"].get("distilled") or {}).get("warm") else ""
    return f"on a set of {small['windows']:,} × {small['sensors']:,}{first}"


def masked(run: Run) -> str:
    """The run's mask over sensors and how many are off; empty without one."""
    mask = run.spec["options"].get("mask") or {"name": "none"}
    if mask["name"] == "none":
        return ""
    said = named(mask["name"]) + (" mask" if mask["name"] not in ("any", "dynst") else "")
    if mask["name"] == "given" and mask.get("on"):
        return f"{said}, {len(mask['on'])} on"
    return (
        f"{said}, {mask['sparsity']:.0%} off"
        if mask["name"] not in ("any", "given") and not mask.get("budget")
        else said
    )


def named(name: str) -> str:
    """A registered thing's name as its authors write it."""
    card = registry.find("models", name) or registry.find("strategies", name) or registry.find("masks", name)
    return card.label if card else name


def strip(run: Run) -> None:
    """Badge, progress and buttons; looks again by itself while the run may change."""
    now = state(run)
    st.session_state["drawn state"] = (run.id, now)
    every = POLL if now in LIVE else SLOW_POLL if now != "done" else None
    st.fragment(_strip, run_every=every)(run)


def _strip(run: Run) -> None:
    now = state(run)
    if st.session_state.get("drawn state") != (run.id, now):
        st.rerun()  # the whole page: other states show other things
    control.controls(run, now)
