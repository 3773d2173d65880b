"""More views of importance, measured on request by processes of their own: permuted histories, and regions left out."""

from pathlib import Path

import streamlit as st

from app.sensors.view import View
from app.session import DEMO_RUN, runs_folder
from app.words import plain
from stcore.evidence.experiment.regions import FEWEST, MOST, LeavingOut, leave_out, questions_begun
from stcore.options import OptionError
from stcore.processes import worker
from stcore.runs import Run
from stcore.runs.derived import FILE, find_permutation, under_way
from stcore.runs.folder import LIVE
from stcore.words import duration

PERMUTE_HELP = (
    "Gives each sensor in turn the history of other times and measures how much worse all forecasts become (Breiman 2001). "
    "Nothing is trained. It takes about a minute in a process of its own, and the result is saved with the run."
)
REGIONS_HELP = (
    "Switches off one region of neighbouring sensors after the other and trains the same model again without it. This is the "
    "most reliable view, and the most expensive. You can stop it, and resume it later."
)
EVERY = 1.5


def show_measuring(view: View) -> None:
    """What can be measured, side by side; or why nothing can."""
    if view.run.path == DEMO_RUN:
        st.markdown(
            "The demo run comes with the project and cannot be changed, so nothing more is measured of it. Train a "
            "run of your own."
        )
        return
    if view.run.status != "done":
        st.markdown("More can be measured when the run is finished.")
        return
    if view.ground.data is None:
        st.markdown("Nothing more can be measured, because the dataset can no longer be opened.")
        return
    left, right = st.columns(2, gap="large")
    with left:
        st.fragment(show_permutation, run_every=EVERY if is_permuting(view.run) else None)(view.run)
    with right:
        show_regions(view)


# ---- permuted histories ----------------------------------------------------------------------------------------------
def is_permuting(run: Run) -> bool:
    """Whether a process permutes histories of the run now."""
    return worker.is_working(run.path / FILE) or (under_way(run) is not None and find_permutation(run) is None)


def show_permutation(run: Run) -> None:
    """The button, the progress or the result."""
    st.markdown("**Permuted histories**", help=PERMUTE_HELP)
    now, asked = is_permuting(run), f"permuting {run.id}"
    if st.session_state.get(asked) and not now:
        st.session_state[asked] = False
        if find_permutation(run) is None:
            st.session_state[f"{asked} failed"] = run.log(1) or "it gave no reason"
        st.rerun(scope="app")
    if now:
        st.session_state[asked] = True
        done, count = under_way(run) or (0, len(run.spec.data.sensors))
        st.progress(min(done / max(count, 1), 1.0), f"{done} of {count} sensors" if done else "Loading the weights …")
        return
    found = find_permutation(run)
    if found is not None:
        st.markdown(f"Measured over {found.windows:,} test windows, {len(found.rise[0])} permutations a sensor.")
        return
    if failed := st.session_state.get(f"{asked} failed"):
        st.error(f"It ended without a result: {plain(failed)}", icon=":material/error:")
    if st.button("Permute histories", key="permute", help=PERMUTE_HELP):
        start_permuting(run)
        st.session_state[asked] = True
        st.rerun(scope="app")


def start_permuting(run: Run) -> None:
    """Start a process that permutes histories; its messages go to the run's log."""
    with run.open_log() as log:
        worker.start_command(["importance", str(run.path), "--permutation", "--quiet"], run.path / FILE, log)


# ---- regions left out ------------------------------------------------------------------------------------------------
def show_regions(view: View) -> None:
    """The number of regions and epochs, with the cost, the progress and the button."""
    st.markdown("**Regions left out, and retrained**", help=REGIONS_HELP)
    most = min(MOST, len(view.names))
    left, right = st.columns(2)
    count = left.number_input("Regions", FEWEST, most, min(6, most), key="regions")
    length = view.run.spec.options.train.epochs
    epochs = right.number_input("Epochs each", 1, max(length, 1), min(5, length), key="region epochs")
    try:
        asked = region_question(view, int(count), int(epochs))
    except OptionError as refusal:
        st.markdown(plain(refusal))
        return
    st.fragment(show_region_training, run_every=EVERY if is_busy(asked) else None)(asked)


def region_question(view: View, count: int, epochs: int) -> LeavingOut:
    """The question about so many regions; a session keeps it, because finding regions takes a moment. OptionError."""
    questions, key = st.session_state.setdefault("regions asked", {}), (view.run.id, count, epochs)
    if key not in questions:
        assert view.ground.data is not None
        questions[key] = leave_out(view.run, view.ground.data, count, epochs, str(runs_folder()))
    question: LeavingOut = questions[key]
    return question


def region_answer(view: View) -> LeavingOut | None:
    """A question whose trainings are all done, if possible the one in the form; else None."""
    if view.ground.data is None:
        return None
    numbers = questions_begun(view.run, str(runs_folder()))
    wish = st.session_state.get("regions"), st.session_state.get("region epochs")
    found = [region_question(view, *each) for each in sorted(numbers, key=lambda each: (each == wish, each))]
    done = [asked for asked in found if asked.done > asked.count]
    return done[-1] if done else None


def is_busy(asked: LeavingOut) -> bool:
    """Whether a process works on the question, of this server or another."""
    return worker.is_working(process_mark(asked)) or any(run.status in LIVE for run in asked.runs())


def process_mark(asked: LeavingOut) -> Path:
    """The path that identifies the process of a question."""
    return asked.parent.path / f"regions-{asked.count}-{asked.epochs}"


def show_region_training(asked: LeavingOut) -> None:
    """The cost and the button before the trainings, the progress during them, a sentence after them."""
    now, seen, done = is_busy(asked), f"leaving out {asked.names[-1]}", asked.done
    if st.session_state.get(seen, now) and not now:
        st.session_state[seen] = False
        st.rerun(scope="app")
    if done > asked.count:
        st.markdown(f"All {asked.count} regions have been left out; see **Left out**.")
        return
    if now:
        st.session_state[seen] = True
        epochs = sum(len(run.epochs()) for run in asked.runs())
        whole = (asked.count + 1) * asked.epochs
        st.progress(min(epochs / whole, 1.0), f"{done} of {asked.count + 1} trainings done")
        if st.button("Stop", key="stop regions", help="The unfinished epoch is lost; you can resume from there."):
            for run in asked.runs():
                if run.status in LIVE:
                    run.control("stop")
        return
    cost = f", about {duration(asked.seconds)}" if asked.seconds else ""
    st.markdown(f"{asked.count + 1 - done} trainings of {asked.epochs} epoch{'s' * (asked.epochs > 1)} each{cost}.")
    if st.button("Resume" if asked.runs() else "Leave regions out", key="leave out", help=REGIONS_HELP):
        start_leaving_out(asked)
        st.session_state[seen] = True
        st.rerun(scope="app")


def start_leaving_out(asked: LeavingOut) -> None:
    """Start a process that leaves out regions; it outlives the page."""
    how = ["--regions", str(asked.count), "--epochs", str(asked.epochs), "--runs", asked.root, "--quiet"]
    with asked.parent.open_log() as log:
        worker.start_command(["importance", str(asked.parent.path), *how], process_mark(asked), log)
