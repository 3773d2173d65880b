"""The Plan section of the Sensors view: the slider, the map, the errors of the plan, its reasons, and files."""

from functools import partial

import numpy as np
import streamlit as st

from app import picking
from app.sensors.measured import map_ground
from app.sensors.plan import answers, confirm, draft, look
from app.sensors.plan.scene import Scene, show_plan_figures
from app.session import run_state, set_address
from app.words import plain
from stcore.evidence.plan.answers import all_on, check_run, knows_all_on, mixes_sensors, trained_for, why_no_plan
from stcore.evidence.plan.ground import WORTH, has_learned_mask
from stcore.exports import plan_bytes
from stcore.findings import DataError
from stcore.options import OptionError
from stcore.runs import Run, RunError
from stcore.runs.folder import LIVE

PACE = 1.0  # seconds between two drawings while something is being prepared
BUSY = "plan busy"


def show_plan(run: Run) -> None:
    """The section; it is drawn again by itself while the answering process starts or the curve is computed."""
    busy = bool(st.session_state.get(BUSY))
    st.fragment(run_every=PACE if busy else None)(_show_plan)(run, busy)


def _show_plan(run: Run, busy: bool) -> None:
    try:
        now = _show_section(run)
    except (OptionError, RunError, DataError) as error:
        st.error(plain(str(error)), icon=":material/block:")
        now = False
    if now != busy:
        st.session_state[BUSY] = now
        st.rerun(scope="app")


def _show_section(run: Run) -> bool:
    """Draw everything; True where it should be drawn again soon."""
    draft.begin_draft(run)
    if reason := why_no_plan(run):
        show_why_not(run, reason)
        return mixes_sensors(run) and run_state(run) in LIVE
    check_run(run)
    try:
        sites, facts = answers.plan_ground(run, split_costs(look.costs_text()))
    except OptionError as error:  # about the costs, which the visitor can correct here
        st.error(plain(str(error)), icon=":material/block:")
        look.show_costs(run.spec.data.sensors)
        return False
    if not answers.answer_process(run).ready:
        st.info("Loading the model that answers. This takes a few seconds.", icon=":material/hourglass_top:")
        return True
    curve, share = answers.plan_curve(run, sites)
    if not trained_for(run):
        st.warning(
            "This run was not trained to forecast under any mask, so its answers about other masks than its own are guesses"
            + ("." if knows_all_on(run) else ", also with all sensors on."),
            icon=":material/info:",
        )
        show_other_run(run)
    ranked, under = draft.choose_plan(run, sites, curve), map_ground(run)
    tried = draft.apply_switches(sites, ranked)
    if (sensor := look.clicked_sensor(run, sites, under)) is not None:
        draft.switch(sites, sensor, tried.keep)
        set_address("sensor", sites.data.sensors[sensor])
        tried = draft.apply_switches(sites, ranked)
    now, everyone = (
        answers.plan_answers(run, tried.keep),
        answers.plan_answers(run, np.ones(len(tried.keep), bool), tried.keep),
    )
    whole = {part: all_on(run, answer) for part, answer in everyone.items()}
    show_scene(Scene(run, sites, facts, curve, share, tried, now, whole, under))
    return share < 1 or confirm.is_confirming(run, sites, tried.keep)


def split_costs(text: str) -> tuple[str, ...]:
    """The entries of a text with commas or line ends between them."""
    return tuple(part.strip() for part in text.replace(",", "\n").splitlines() if part.strip())


def show_scene(scene: Scene) -> None:
    """The whole plan, from top to bottom."""
    if not scene.draft.settled:
        st.info(
            "Provisional: the rankings are still being compared. The plan and its figures may change until the curve is "
            "drawn. A ranking that you choose yourself stays.",
            icon=":material/hourglass_top:",
        )
    show_plan_figures(scene)
    left, right = st.columns([3, 2], gap="large")
    with right:
        what, one = ("cell", "its region") if scene.of_cells else ("sensor", "it")
        words = f"Click a {what} on the map or a row of the table to switch {one}, or choose the {what} here."
        chosen = picking.choose_sensor(scene.names, 0, words, what.capitalize())
        look.show_sensor_card(scene, chosen)
        look.show_plan_curve(scene)
    with left:
        look.show_plan_map(scene, chosen)
    look.show_plan_table(scene)
    left, right = st.columns(2, gap="large")
    with left:
        confirm.show_confirmation(scene.run, scene.sites, scene.draft.keep, scene.draft.settled)
    with right:
        look.show_speed(scene)
        show_files(scene)
    look.show_costs(scene.names)


def show_why_not(run: Run, reason: str) -> None:
    """Why there is no plan, and how to get one."""
    st.info(plain(reason), icon=":material/info:")
    if not mixes_sensors(run):
        show_other_run(run)


def show_other_run(run: Run) -> None:
    """The run on the same data that can answer, or the button that trains one."""
    other = confirm.any_mask_run(run)
    if other is None:
        confirm.show_any_mask_button(run)
    else:
        words = "finished" if run_state(other) == "done" else "still training"
        st.markdown(f"A run on these data that can answer is {words}:")
        st.button("Go to that run", type="primary", key="plan go", on_click=set_address, args=("run", other.id))


FORMATS = {
    ".csv": ("CSV", "text/csv"),
    ".geojson": ("GeoJSON", "application/geo+json"),
    ".gpkg": ("GPKG", "application/geopackage+sqlite3"),
    ".html": ("Report (HTML)", "text/html"),
}


def show_files(scene: Scene) -> None:
    """Buttons that save the plan, one for each format."""
    about = WORTH[has_learned_mask(scene.run)]
    st.subheader(
        "Take the plan along",
        help="Every sensor with kept, importance, expected error (in validation) and reason; GeoJSON and GPKG in EPSG:4326. In "
        f"them, importance is {about.meaning}. The report is one page with map, curve and table that opens without internet.",
    )
    if not scene.draft.settled:
        st.markdown("The files can be saved when the curve is drawn and the plan no longer changes.")
        return
    keep = answers.mask_text(scene.draft.keep)
    kept = int(scene.draft.keep.sum())
    with st.container(horizontal=True):
        for suffix, (label, mime) in FORMATS.items():
            st.download_button(
                label,
                partial(file_content, scene, keep, suffix),
                f"{scene.run.id}-plan-{kept}{suffix}",
                mime,
                key=f"plan file {suffix}",
                on_click="ignore",
            )


def file_content(scene: Scene, keep: str, suffix: str) -> bytes:
    """The content of the file, with the speed if it was measured."""
    measured = st.session_state.get(f"plan speed {scene.run.id} {keep}")
    return plan_bytes(scene.plan(), suffix, answers.plan_speed(scene.run, scene.draft.keep) if measured else None)
