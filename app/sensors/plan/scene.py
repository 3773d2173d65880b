"""A plan with its answers, and its figures: errors with intervals and changes, sensors kept, and what decided."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from app.sensors.measured import Ground
from app.sensors.plan import answers, draft
from app.sensors.plan.answers import Answers
from app.sensors.plan.draft import Draft
from app.session import address_value, set_address
from app.words import plain
from stcore.charts.words import percent, short, signed
from stcore.evidence.intervals import Interval
from stcore.evidence.plan.answers import Answer
from stcore.evidence.plan.chance import (
    describe_intervals,
    describe_period,
    error_change,
    expected_error,
    measured_period,
)
from stcore.evidence.plan.curve import Curve
from stcore.evidence.plan.ground import OWN, WORTH, count_in_words, has_learned_mask, site_word
from stcore.evidence.plan.planned import Plan, make_plan, target_unit
from stcore.evidence.plan.reasons import SiteFacts
from stcore.runs import Run
from stcore.sensors.sites import Sites


@dataclass(frozen=True)
class Scene:
    """What the section shows: a run's sites and facts, the curve and its ``share`` done, the draft, the answers to it (``now``)
    and those with all sensors on (``whole``)."""

    run: Run
    sites: Sites
    facts: SiteFacts
    curve: Curve
    share: float
    draft: Draft
    now: Answers
    whole: Answers
    ground: Ground

    @property
    def names(self) -> list[str]:
        """The names of the N sensors."""
        return self.sites.data.sensors

    @property
    def stay(self) -> str:
        """How many sensors are kept, in words."""
        return count_in_words(self.sites, self.draft.keep)

    @property
    def of_cells(self) -> bool:
        """Whether the sensors are cells of a grid, which are switched by regions."""
        return site_word(self.sites) != "sensors"

    @property
    def unit(self) -> str:
        """The first target's unit."""
        return target_unit(self.run)

    def plan(self) -> Plan:
        """The plan with its reasons, for the table and for files."""

        def ask(on: np.ndarray, part: str, over: np.ndarray | None = None) -> Answer:
            return answers.plan_answers(self.run, on, over)[part]

        ranking = OWN if self.draft.ranking == draft.MASK else self.draft.ranking
        return make_plan(
            self.run, self.sites, self.draft.keep, ask, ranking=ranking, curve=self.curve, facts=self.facts
        )


PARTS = {"test": "Test", "validation": "Validation"}
PART = "plan part"


def errors_part() -> str:
    """The part whose errors are shown."""
    return "validation" if address_value("errors") == "validation" else "test"


def show_plan_figures(scene: Scene) -> None:
    """The errors of the plan over all, kept and switched-off sensors; and how many are kept."""
    answer, whole, step = scene.now[errors_part()], scene.whole[errors_part()], scene.sites.data.step_seconds
    every = "cells" if scene.of_cells else "sensors"
    words = {
        "all": (
            f"All {every}",
            f"Mean absolute error over all {every} under the plan, and its change against all {every} on.",
        ),
        "kept": ("Those kept", f"The same over the {every} that stay on."),
        "off": ("Those off", f"The same over the {every} that are off, forecast from the others."),
    }
    grid = st.grid(4, min_column_width=190)
    for over, (label, help) in words.items():
        sure, change = (
            expected_error(answer, over, step, errors_part()),
            error_change(answer, whole, over, step, errors_part()),
        )
        with grid.container(border=True, height="stretch", gap="small"):
            st.metric(
                f"{PARTS[errors_part()]} MAE · {label}",
                short(sure.estimate, scene.unit),
                signed(change.estimate) or None,
                delta_color="inverse",
                delta_description="to all on",
                help=help,
            )
            st.markdown(interval_text(sure, change, scene.unit))
    show_savings(scene, grid)
    period = measured_period(answer, scene.sites.data, errors_part())
    with st.container(horizontal=True, vertical_alignment="center"):
        st.session_state[PART] = errors_part()
        st.segmented_control(
            "Errors on",
            list(PARTS),
            key=PART,
            format_func=PARTS.__getitem__,
            required=True,
            label_visibility="collapsed",
            on_change=lambda: set_address("errors", st.session_state[PART]),
            help="Plans are chosen by their validation error; the test part shows how they do on other data.",
        )
        st.markdown(
            f"Errors of the {plain(describe_period(period))}, {ranking_text(scene)}.",
            help=f"{describe_intervals(period)}. Confirming by training measures on all windows.",
            width="content",
        )
        if number := len(scene.draft.switched):
            st.button(
                f"Undo the {number} switched by hand" if number > 1 else "Undo the one switched by hand",
                key="plan undo",
                on_click=draft.undo_switches,
                icon=":material/undo:",
            )


def ranking_text(scene: Scene) -> str:
    """What decided which sensors are kept: the run's own mask, a ranking, or the best ranking at this number."""
    plan, own = scene.draft, WORTH[has_learned_mask(scene.run)].name
    if plan.ranking == draft.MASK:
        return "by **this run's own mask**"
    name = f"**{plain(f'this run’s own {own}' if plan.ranking == OWN else plan.ranking)}**"
    if not plan.best:
        return f"ranked by {name}"
    at = "for this cost" if plan.by_cost else f"at {plan.number} kept"
    return f"ranked by {name}, the best in validation {at}" + ("" if plan.settled else " so far")


def interval_text(sure: Interval, change: Interval, unit: str) -> str:
    """The 95 % intervals of an error and of its change."""
    if not np.isfinite([sure.low, sure.high]).all():
        return ":small[no interval]"
    ends = f"{short(sure.low)} to {short(sure.high, unit)}"
    known = np.isfinite([change.low, change.high]).all()
    more = f"  \n:small[change: {plain(signed(change.low))} to {plain(signed(change.high))}]" if known else ""
    return f":small[95 %: {plain(ends)}]{more}"


def show_savings(scene: Scene, grid: Any) -> None:
    """How many sensors are kept, and what that saves."""
    mask, keep = scene.sites.mean(scene.draft.keep.astype(float)) > 0.5, scene.draft.keep
    spent, total = float(scene.sites.cost[mask].sum()), float(scene.sites.cost.sum())
    what = f"cost {spent:g} of {total:g}" if scene.draft.by_cost else f"{percent(1 - mask.mean())} off"
    with grid.container(border=True, height="stretch", gap="small"):
        st.metric(
            f"{site_word(scene.sites).capitalize()} kept",
            f"{mask.sum()} of {len(mask)}",
            what,
            delta_color="off",
            delta_arrow="off",
            help="A forecast reads only these sensors; it still covers all.",
        )
        if scene.of_cells:
            st.markdown(f":small[{keep.sum():,} of {len(keep):,} cells]")
