"""The list of experiments: the progress of each, the time left, and the buttons that control it."""

from typing import Any

import streamlit as st

from app import control
from app.labels import card_label
from app.session import address_value, runs_folder, set_address
from app.words import plain, sentence
from stcore.evidence.experiment import Experiment, experiments_in
from stcore.processes import worker
from stcore.runs import RunError
from stcore.words import duration

LIVE = ("starting", "running", "paused")
BADGES = control.BADGES | {"new": ("Not started", "gray", ":material/schedule:")}
POLL, SLOW_POLL = 1.0, 4.0  # seconds between two looks, while one works and while one could be resumed elsewhere
SHOWN = 4  # older ones are folded away


def chosen_experiment(experiments: list[Experiment]) -> Experiment | None:
    """The experiment in the address, else the newest."""
    asked = address_value("experiment")
    found = next((one for one in experiments if one.name == asked), None)
    if asked and found is None:
        st.warning(f"Experiment {plain(asked, 80)} is not on this machine.", icon=":material/link_off:")
        return None
    return found or (experiments[0] if experiments else None)


def show_experiments(experiments: list[Experiment], chosen: Experiment | None) -> None:
    """The list; it is drawn again by itself while an experiment works."""
    st.session_state["listed"] = progress_key(experiments)
    every = POLL if any(one.status in LIVE for one in experiments) else SLOW_POLL
    st.fragment(_show_experiments, run_every=every)(chosen.name if chosen else "")
    control.show_problem("experiment problem")


def progress_key(experiments: list[Experiment]) -> list[tuple[str, str, int]]:
    """Names, states and numbers of finished runs; when these change, the whole page is drawn again."""
    return [(one.name, one.status, int(one.progress.get("done", 0))) for one in experiments]


def _show_experiments(chosen: str) -> None:
    experiments = experiments_in(runs_folder())
    if st.session_state.get("listed") != progress_key(experiments):
        st.rerun()  # the whole page, since the report may have changed
    for one in experiments[:SHOWN]:
        show_experiment(one, one.name == chosen)
    if rest := experiments[SHOWN:]:
        with st.expander(f"{len(rest)} earlier ones", expanded=any(one.name == chosen for one in rest)):
            for one in rest:
                show_experiment(one, one.name == chosen)


def show_experiment(experiment: Experiment, chosen: bool) -> None:
    """One experiment: its name, methods, progress and buttons."""
    now, progress = experiment_state(experiment), experiment.progress
    word, color, icon = BADGES[now]
    with st.container(border=True, key=f"experiment-{experiment.name}", gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.badge(word, color=color, icon=icon)  # type: ignore[arg-type]
            st.markdown(f"**{plain(experiment.name)}** · {plain(experiment_words(experiment))}", width="stretch")
            show_buttons(experiment, now, chosen)
        if now != "done":
            st.progress(*experiment_progress(experiment, now))
        for failed in progress.get("failed") or []:
            st.markdown(f":red[{plain(failed['run'])} failed:] {plain(failed['reason'], 300)}")
        if now == "interrupted" and (last := last_log_line(experiment)):
            st.markdown(f"Last line of its log: {plain(last, 300)}")


def experiment_state(experiment: Experiment) -> str:
    """The status; of an interrupted experiment whether it was stopped or never started."""
    status = experiment.status
    if status != "interrupted":
        return status
    last = experiment.progress.get("state")
    return "new" if last is None else "stopped" if last == "stopped" else "interrupted"


def experiment_words(experiment: Experiment) -> str:
    """Methods, budgets, seeds and data in one line."""
    options = experiment.options
    methods = ", ".join(one.label or card_label(one.name) for one in options.methods)
    budgets = ", ".join(
        f"{100 * keep:g} %" for keep in sorted({k for one in options.methods for k in one.keep or options.keep})
    )
    seeds = f"{len(options.seeds)} {'seed' if len(options.seeds) == 1 else 'seeds'}"
    return f"{methods} at {budgets} · {seeds} · {options.samples} · {options.data.rsplit('/', 1)[-1]}"


def experiment_progress(experiment: Experiment, now: str) -> tuple[float, str]:
    """The finished share of the runs (those under way count by their epochs), and the same in words."""
    progress = experiment.progress
    done, whole = int(progress.get("done", 0)), int(progress.get("all") or len(experiment.plan.runs))
    current: list[dict[str, Any]] = progress.get("current") or []
    begun = sum(((one.get("epoch") or 1) - 1) / max(one.get("epochs") or 1, 1) for one in current)
    text = f"{done} of {whole} runs"
    if now in ("running", "paused"):
        left = progress.get("seconds_left")
        text += f" · about {duration(left)} left for the whole" if isinstance(left, int | float) else ""
        where = ", ".join(
            f"{one['run'].split('.', 1)[-1]} epoch {one.get('epoch') or 1}/{one['epochs']}" for one in current
        )
        text += f" · {plain(where)}" if where else ""
    elif now == "starting":
        text += " · loading PyTorch"
    return min((done + begun) / max(whole, 1), 1.0), text


def last_log_line(experiment: Experiment) -> str:
    """The last line of the worker's log."""
    try:
        lines = (experiment.folder.path / "log.txt").read_text("utf-8", "replace").split("\n")
    except OSError:
        return ""
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def show_buttons(experiment: Experiment, now: str, chosen: bool) -> None:
    """Start or resume, pause, stop, and show the report."""
    name = experiment.name
    if now in ("running", "paused"):
        word, label, icon = (
            ("run", "Resume", ":material/play_arrow:") if now == "paused" else ("pause", "Pause", ":material/pause:")
        )
        st.button(label, icon=icon, key=f"{word} experiment {name}", on_click=experiment.control, args=(word,))
        hint = "Stop after this batch. Finished runs stay; unfinished epochs are repeated if you resume."
        st.button(
            "Stop",
            icon=":material/stop:",
            help=hint,
            key=f"stop experiment {name}",
            on_click=experiment.control,
            args=("stop",),
        )
    elif now != "done" and now != "starting":
        label = "Start" if now == "new" else "Resume"
        st.button(
            label,
            icon=":material/play_arrow:",
            key=f"start experiment {name}",
            on_click=resume_experiment,
            args=(name,),
        )
    st.button(
        "Shown" if chosen else "Show",
        type="tertiary",
        disabled=chosen,
        key=f"show experiment {name}",
        on_click=set_address,
        args=("experiment", name),
    )


def resume_experiment(name: str) -> None:
    """Start a process that works on the experiment. For callbacks."""
    try:
        worker.start_experiment(name, runs_folder(), bool(st.session_state.get("experiment.in turn")))
    except (RunError, OSError) as error:
        st.session_state["experiment problem"] = sentence(str(error))
