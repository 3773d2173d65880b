"""The distillations that are there: the one that is looked at, how they are called, and how large their sets are to be."""

import pandas as pd
import streamlit as st

from app import control
from app.header import POLL, SLOW_POLL, distinct, named
from app.session import current_zone, link, linked, runs_folder, state
from app.words import plain
from stcore import registry
from stcore.charts.words import percent
from stcore.distil.clusters import counted
from stcore.runs import Run, damaged_in, label, runs_in
from stcore.runs.folder import LIVE

DRAWN = "drawn distillation"


def distillations() -> list[Run]:
    """Those of the runs folder, newest first; archived ones are left out, but for the one in the address."""
    asked = linked("distillation")
    return [run for run in runs_in(runs_folder(), "distil") if run.id == asked or not label(run).archived]


def header(runs: list[Run]) -> Run | None:
    """The list of distillations, and how the chosen one stands with its buttons. None where there is none, and why is said."""
    asked = linked("distillation")
    run = next((run for run in runs if run.id == asked), None)
    if asked is None and runs:
        run = next((run for run in runs if state(run) in LIVE), runs[0])
    if runs:
        with st.container(horizontal=True, vertical_alignment="center", key="distillation-header"):
            choose(runs, run)
            if run:
                strip(run)
    if asked and run is None:
        more = " Choose another one above." if runs else ""
        damaged = next((said for said in damaged_in(runs_folder()) if repr(asked) in said), None)
        said = damaged or f"Distillation {asked[:80]} is not on this machine."
        st.warning(f"{plain(said)}{more}", icon=":material/link_off:")
    return run


def choose(runs: list[Run], run: Run | None) -> None:
    """The list."""
    names = titles(runs)
    st.session_state["distillation list"] = run.id if run else None
    st.selectbox(
        "Distillation",
        list(names),
        key="distillation list",
        format_func=lambda name: names.get(name, name),
        on_change=lambda: link("distillation", st.session_state["distillation list"]),
        index=0 if run else None,
        placeholder="Choose a distillation",
        width="stretch",
        label_visibility="collapsed",
    )


def titles(runs: list[Run]) -> dict[str, str]:
    """A distinct name for each by its id."""
    return distinct(runs, title)


def title(run: Run) -> str:
    """What people call a distillation: its method and size, its surrogate, when it was made, and its data."""
    if own := label(run).title:
        return own
    options, made = run.spec["options"], run.spec["created"]
    local = pd.Timestamp(made).tz_convert(current_zone())
    when = f"{local.day} {local:%b, %H:%M}" if run.id[:8] == made[:10].replace("-", "") else run.id
    method, size = options["distil"], asked_size(run)
    name = f"{method_name(method['name'])} {size[0]:,} × {size[1]:,}"
    return f"{name} · {named(options['model']['name'])} · {when} · {run.spec['data']['title']}"


def method_name(name: str) -> str:
    """A method as its authors write it."""
    card = registry.cards("distillers").get(name)
    return card.label if card else name


def asked_size(run: Run) -> tuple[int, int]:
    """Windows and clusters (or sensors) of the set that a distillation makes; its whole where its method is not known here."""
    windows, sensors = run.spec["windows"]["train"], len(run.spec["data"]["sensors"])
    choice = dict(run.spec["options"]["distil"])
    card = registry.cards("distillers").get(choice.pop("name"))
    if card is None:
        return windows, sensors
    options = card.options.read(choice)
    return counted(windows, sensors, options, card.fewest(options))[:2]  # type: ignore[arg-type]


def said_size(run: Run) -> str:
    """The size in words."""
    windows, clusters = asked_size(run)
    whole = run.spec["windows"]["train"] * len(run.spec["data"]["sensors"])
    return f"{windows:,} windows × {clusters:,} {called(run)}, {percent(windows * clusters / whole)} of the whole"


def called(run: Run) -> str:
    """What the sensors of the set are."""
    picked = run.spec["options"]["distil"].get("sensors", "clusters") != "clusters"
    return spoken("sensors", run) if picked else "clusters"


def spoken(text: str, run: Run) -> str:
    """A text about sensors as it is said of a distillation's data: of a grid they are cells."""
    return worded(text, "cell" if run.spec["data"].get("node") == "cell" else "sensor")  # records of before have none


def worded(text: str, node: str) -> str:
    """A text about sensors as it is said of each ``node``, a sensor or a cell."""
    return text.replace("sensor", node).replace("Sensor", node.capitalize())


def unit_of(run: Run) -> str:
    """The unit of the validation errors."""
    targets, data = run.spec["targets"], run.spec["data"]
    return str(data["units"].get(targets[0], "")) if len(targets) == 1 else "training spreads"


def strip(run: Run) -> None:
    """Badge, progress and buttons; looks again by itself while the distillation may change."""
    now = state(run)
    st.session_state[DRAWN] = (run.id, now)
    every = POLL if now in LIVE else SLOW_POLL if now != "done" else None
    st.fragment(run_every=every)(_strip)(run)


def _strip(run: Run) -> None:
    now = state(run)
    if st.session_state.get(DRAWN) != (run.id, now):
        st.rerun()  # the whole page: other states show other things
    control.controls(run, now)
