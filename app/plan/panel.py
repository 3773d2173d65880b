"""The Plan section of the Sensors view: a slider, the map, what it costs, why, and what can be taken along."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from app import picking
from app.plan import asking, confirm, draft, figures, look, take
from app.plan.asking import Answers
from app.plan.draft import Draft
from app.sensors.measured import Ground, ground
from app.session import link, state
from app.words import plain
from stcore.findings import DataError
from stcore.options import OptionError
from stcore.plan.answers import Answer, all_on, check, mask_of, mixes, trained_for, why_not
from stcore.plan.curve import Curve
from stcore.plan.ground import OWN, called, counted
from stcore.plan.planned import Plan, made, unit_of
from stcore.plan.reasons import Known
from stcore.runs import Run, RunError
from stcore.runs.folder import LIVE
from stcore.sensors.sites import Sites

PACE = 1.0  # seconds between two looks while something is being prepared
BUSY = "plan busy"


@dataclass(frozen=True)
class Scene:
    """What the section shows: a run's sites, what its data say, the plan as it is tried, and the answers to it."""

    run: Run
    sites: Sites
    facts: Known
    curve: Curve
    share: float
    draft: Draft
    now: Answers
    whole: Answers
    ground: Ground

    @property
    def names(self) -> list[str]:
        """The N sensors."""
        return self.sites.data.sensors

    @property
    def stay(self) -> str:
        """How many stay, in words."""
        return counted(self.sites, self.draft.keep)

    @property
    def of_cells(self) -> bool:
        """Whether the sensors are cells of a grid that are decided over by regions."""
        return called(self.sites) != "sensors"

    @property
    def unit(self) -> str:
        """The first target's unit."""
        return unit_of(self.run)

    def plan(self) -> Plan:
        """The plan with its reasons, for the table and for files."""

        def ask(on: np.ndarray, part: str, over: np.ndarray | None = None) -> Answer:
            return asking.answered(self.run, on, over)[part]

        ranking = OWN if self.draft.ranking == draft.MASK else self.draft.ranking
        return made(self.run, self.sites, self.draft.keep, ask, ranking=ranking, curve=self.curve, facts=self.facts)


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
    if said := why_not(run):
        unable(run, said)
        return mixes(run) and state(run) in LIVE
    check(run)
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
    figures.figures(scene)
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
        take.show(scene)
    look.costs(scene.names)


def unable(run: Run, said: str) -> None:
    """Why there is no plan, and how there would be one."""
    st.info(plain(said), icon=":material/info:")
    if not mixes(run):
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
