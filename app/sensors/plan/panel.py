"""The Plan section of the Sensors view: a slider, the map, what it costs, why, and what can be taken along."""

from functools import partial

import numpy as np
import streamlit as st

from app import picking
from app.sensors.measured import ground
from app.sensors.plan import asking, confirm, draft, look
from app.sensors.plan.scene import Scene, figures
from app.session import link, state
from app.words import plain
from stcore.evidence.plan.answers import all_on, check_run, mask_of, mixes_sensors, trained_for, why_no_plan
from stcore.evidence.plan.ground import WORTH, has_learned_mask
from stcore.exports import plan_bytes
from stcore.findings import DataError
from stcore.options import OptionError
from stcore.runs import Run, RunError
from stcore.runs.folder import LIVE

PACE = 1.0  # seconds between two looks while something is being prepared
BUSY = "plan busy"


def show(run: Run) -> None:
    """The section, drawn again by itself while the process that answers is starting or the curve is being drawn."""
    busy = bool(st.session_state.get(BUSY))
    st.fragment(run_every=PACE if busy else None)(_show)(run, busy)


def _show(run: Run, busy: bool) -> None:
    try:
        now = _section(run)
    except (OptionError, RunError, DataError) as error:
        st.error(plain(str(error)), icon=":material/block:")
        now = False
    if now != busy:
        st.session_state[BUSY] = now
        st.rerun(scope="app")


def _section(run: Run) -> bool:
    """Draw everything; True where it should be looked at again soon."""
    draft.begin(run)
    if said := why_no_plan(run):
        unable(run, said)
        return mixes_sensors(run) and state(run) in LIVE
    check_run(run)
    try:
        sites, facts = asking.ground(run, given(look.costs_given()))
    except OptionError as error:  # of the costs, which can be put right here
        st.error(plain(str(error)), icon=":material/block:")
        look.costs(run.spec["data"]["sensors"])
        return False
    if not asking.asked(run).ready:
        st.info("Loading the model that answers. This takes a few seconds.", icon=":material/hourglass_top:")
        return True
    curve, share = asking.curve(run, sites)
    if not trained_for(run):
        st.warning(
            "This run was not trained to forecast under any mask: what it answers about masks other than its own is a guess"
            + (", with all sensors on, too." if mask_of(run)["name"] != "none" else "."),
            icon=":material/info:",
        )
        elsewhere(run)
    ranked, under = draft.controls(run, sites, curve), ground(run)
    tried = draft.by_hand(sites, ranked)
    if (sensor := look.clicked(run, sites, under)) is not None:
        draft.switch(sites, sensor, tried.keep)
        link("sensor", sites.data.sensors[sensor])
        tried = draft.by_hand(sites, ranked)
    now, everyone = asking.answered(run, tried.keep), asking.answered(run, np.ones(len(tried.keep), bool), tried.keep)
    whole = {part: all_on(run, answer) for part, answer in everyone.items()}
    draw(Scene(run, sites, facts, curve, share, tried, now, whole, under))
    return share < 1 or confirm.works(run, sites, tried.keep)


def given(text: str) -> tuple[str, ...]:
    """Entries with commas or line ends between them."""
    return tuple(part.strip() for part in text.replace(",", "\n").splitlines() if part.strip())


def draw(scene: Scene) -> None:
    """From top to bottom."""
    if not scene.draft.settled:
        st.info(
            "Provisional: the rankings are still being compared. The plan and its figures may change until the curve is drawn; "
            "a ranking that you choose yourself stays.",
            icon=":material/hourglass_top:",
        )
    figures(scene)
    left, right = st.columns([3, 2], gap="large")
    with right:
        what, one = ("cell", "its region") if scene.of_cells else ("sensor", "it")
        words = f"Click a {what} on the map or a row of the table to switch {one}, or choose the {what} here."
        chosen = picking.sensor_list(scene.names, 0, words, what.capitalize())
        look.card(scene, chosen)
        look.curve(scene)
    with left:
        look.plan_map(scene, chosen)
    look.table(scene)
    left, right = st.columns(2, gap="large")
    with left:
        confirm.show(scene.run, scene.sites, scene.draft.keep, scene.draft.settled)
    with right:
        look.speed(scene)
        show_files(scene)
    look.costs(scene.names)


def unable(run: Run, said: str) -> None:
    """Why there is no plan, and how there would be one."""
    st.info(plain(said), icon=":material/info:")
    if not mixes_sensors(run):
        elsewhere(run)


def elsewhere(run: Run) -> None:
    """The run on the same data that answers well, or the button that makes it."""
    other = confirm.waiting(run)
    if other is None:
        confirm.offer(run)
    else:
        words = "finished" if state(other) == "done" else "in work"
        st.markdown(f"A run on these data that can answer is {words}:")
        st.button("Go to that run", type="primary", key="plan go", on_click=link, args=("run", other.id))


FORMATS = {
    ".csv": ("CSV", "text/csv"),
    ".geojson": ("GeoJSON", "application/geo+json"),
    ".gpkg": ("GPKG", "application/geopackage+sqlite3"),
    ".html": ("Report (HTML)", "text/html"),
}


def show_files(scene: Scene) -> None:
    """A button for each format."""
    about = WORTH[has_learned_mask(scene.run)]
    st.subheader(
        "Take the plan along",
        help="Every sensor with kept, importance, expected error (in validation) and reason; GeoJSON and GPKG in EPSG:4326. "
        f"What they call importance is {about.meaning}. The report is one page with map, curve and table that opens without "
        "internet.",
    )
    if not scene.draft.settled:
        st.markdown("The files are there once the curve is drawn and the plan no longer changes.")
        return
    keep = asking.text(scene.draft.keep)
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
    """The file, with the speed where it was measured."""
    measured = st.session_state.get(f"plan speed {scene.run.id} {keep}")
    return plan_bytes(scene.plan(), suffix, asking.speed(scene.run, scene.draft.keep) if measured else None)
