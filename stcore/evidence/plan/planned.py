"""A deployment plan: which sensors stay on, which are switched off, what that costs, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from stcore.data import STData
from stcore.evidence.plan import ground
from stcore.evidence.plan.answers import (
    PARTS,
    Answer,
    Ask,
    all_on,
    ask_weights,
    check_run,
    knows_all_on,
    load_whatif,
    trained_for,
)
from stcore.evidence.plan.chance import OVER, error_change, expected_error, measured_period
from stcore.evidence.plan.curve import Curve, curve_around, draw_curve, mask_keeping, stored_curve
from stcore.evidence.plan.ground import OWN, Worth, demands, own_mask, site_word, sites_of
from stcore.evidence.plan.reasons import Reasons, SiteFacts
from stcore.options import OptionError
from stcore.processes import jobs
from stcore.runs import Run
from stcore.sensors.choose import gap_notes, mask_by_order, unkept_parts
from stcore.sensors.sites import Sites

Answers = Mapping[str, Answer]


@dataclass(frozen=True)
class Plan:
    """The sensors in ``keep`` [N] bool stay on.

    ``answers`` by part are the errors under the plan, ``whole`` those with all sensors on: mean absolute errors of the first
    target, in ``unit``. ``importance`` [N] are shares of what ``worth`` describes. ``reasons`` [N] and ``site_reasons`` [R] are
    sentences.
    """

    run: Run
    sites: Sites
    keep: np.ndarray
    answers: Answers
    whole: Answers
    importance: np.ndarray
    worth: Worth
    reasons: Sequence[str]
    site_reasons: Sequence[str]
    ranking: str
    unit: str
    notes: Sequence[str] = field(default_factory=tuple)
    curve: Curve | None = None

    @property
    def data(self) -> STData:
        """The data that the plan is for."""
        return self.sites.data

    @property
    def expected(self) -> np.ndarray:
        """The expected error [N] of each sensor: that of its validation forecasts under the plan."""
        return self.answers["validation"].by_sensor

    @property
    def cost(self) -> float:
        """The cost of the sites that stay on."""
        return float(self.sites.cost[self.site_keep].sum())

    @property
    def site_keep(self) -> np.ndarray:
        """The sites [R] bool that stay on."""
        keep = np.zeros(self.sites.count, bool)
        keep[self.sites.of[self.keep]] = True
        return keep

    def table(self) -> pd.DataFrame:
        """One row for each sensor, in the data's order.

        Columns sensor, kept, importance, expected_error, reason, lat, lon (NaN where unknown).
        """
        places = self.data.locations
        lat, lon = (np.full(len(self.keep), np.nan),) * 2 if places is None else places.T
        return pd.DataFrame(
            {
                "sensor": self.data.sensors,
                "kept": self.keep,
                "importance": self.importance,
                "expected_error": self.expected,
                "reason": list(self.reasons),
                "lat": lat,
                "lon": lon,
            }
        )

    def by_region(self) -> pd.DataFrame:
        """One row for each site of a grid: region, cells, kept, importance (of all its cells), expected_error, reason."""
        sites, validation = self.sites, self.answers["validation"]
        absolute, count = sites.sum(validation.absolute), sites.sum(validation.count)
        error = np.divide(absolute, count, out=np.full(sites.count, np.nan), where=count > 0)
        return pd.DataFrame(
            {
                "region": sites.name,
                "cells": sites.size,
                "kept": self.site_keep,
                "importance": sites.sum(self.importance),
                "expected_error": error,
                "reason": list(self.site_reasons),
            }
        )

    @property
    def measured(self) -> dict[str, dict[str, Any]]:
        """The period of each part's errors; see ``measured_period``."""
        return {part: measured_period(answer, self.data, part) for part, answer in self.answers.items()}

    def intervals(self) -> dict[str, dict[str, list[float]]]:
        """The 95 % interval [low, high] of the error in each part, over all sensors, those kept, and those off."""
        step = self.data.step_seconds
        found = {
            part: {over: expected_error(answer, over, step, part) for over in OVER}
            for part, answer in self.answers.items()
        }
        return {part: {over: [one.low, one.high] for over, one in sure.items()} for part, sure in found.items()}

    def changes(self) -> dict[str, dict[str, list[float]]]:
        """How much more the plan errs than all sensors on, as a share, with its 95 % interval: [share, low, high]."""
        step = self.data.step_seconds
        found = {
            part: {over: error_change(answer, self.whole[part], over, step, part) for over in OVER}
            for part, answer in self.answers.items()
        }
        return {
            part: {over: [one.estimate, one.low, one.high] for over, one in sure.items()}
            for part, sure in found.items()
        }

    def figures(self) -> dict[str, Any]:
        """The plan as plain values: how many stay, their cost, and the errors by part.

        Errors are given under the plan and with all sensors on, with ``intervals``, ``changes`` and the period in which they
        were ``measured``.
        """
        return {
            "run": self.run.id,
            "sensors": len(self.keep),
            "kept": int(self.keep.sum()),
            "sites": self.sites.count,
            "sites_kept": int(self.site_keep.sum()),
            "stay": ground.count_in_words(self.sites, self.keep),
            "cost": self.cost,
            "ranking": self.ranking,
            "unit": self.unit,
            "importance": f"{self.worth.name}: {self.worth.meaning}",
            "measured": self.measured,
            "errors": {part: dict(zip(OVER, answer.three, strict=True)) for part, answer in self.answers.items()},
            "intervals": self.intervals(),
            "unmasked": {part: dict(zip(OVER, answer.three, strict=True)) for part, answer in self.whole.items()},
            "changes": self.changes(),
            "notes": list(self.notes),
        }


def plan(
    run: Run,
    keep: int | None = None,
    budget: float | None = None,
    *,
    on: Sequence[str] | None = None,
    off: Sequence[str] | None = None,
    costs: Sequence[str] | None = None,
    ask: Ask | None = None,
    with_curve: bool = False,
) -> Plan:
    """The plan of a finished run that keeps so many sensors (on grids: regions), or as many as ``budget`` pays for.

    Without either number the plan is the run's own mask, else it keeps as many as the knee of the curve. ``on``, ``off`` and
    ``costs`` (such as a=3) are added to the run's own. The run's mask is the plan where it fits the demands; else the ranking
    with the least validation error decides. ``ask`` gives the errors; by default this process loads the weights. Raises
    OptionError and RunError.
    """
    check_run(run)
    data = jobs.dataset(run)
    sites = sites_of(run, data, demands(run, {"on": on, "off": off, "costs": costs, "budget": budget}))
    _check_number(sites, keep, budget)
    ask = ask or ask_weights(load_whatif(run, data))
    curve = draw_curve(run, sites, ask) if with_curve else stored_curve(run, sites.options)
    if keep is None and budget is None and own_mask(run) is None:
        curve = curve or draw_curve(run, sites, ask)
        keep = curve.knee() or round(sites.count / 2)
    name, mask = best_ranking(run, sites, keep, ask)
    return make_plan(run, sites, sites.to_sensors(mask), ask, ranking=name, curve=curve)


def _check_number(sites: Sites, keep: int | None, budget: float | None) -> None:
    if keep is not None and budget is not None:
        raise OptionError("Give either how many sensors to keep or a budget, not both.")
    if keep is not None and not 1 <= keep <= sites.count:
        raise OptionError(
            f"The data have {sites.count} {site_word(sites)}, so 1 to {sites.count} of them can be kept; not {keep}."
        )
    if keep is not None and keep > (most := sites.count - len(sites.off)):
        raise OptionError(f"All but {most} are switched off by name, so no {keep} of them can be kept.")


def best_ranking(run: Run, sites: Sites, keep: int | None, ask: Ask) -> tuple[str, np.ndarray]:
    """The name of the ranking that decides, and its mask [R].

    The run's own mask is taken where it fits what is asked. Else the ranking with the lowest validation error at that number
    decides; with a budget, at the number that it pays for at the mean cost.
    """
    own = own_mask(run)
    if own is not None:
        mask = sites.mean(own.astype(float)) > 0.5
        forced = bool(mask[sites.on].all() and not mask[sites.off].any())
        if forced and (keep is None or mask.sum() == keep) and sites.options.budget is None:
            return OWN, mask
    many = keep
    if many is None:
        budget = sites.options.budget
        many = sites.count if budget is None else round(sites.count * budget / float(sites.cost.sum()))
    curve = curve_around(run, sites, many, ask)
    name = curve.best_at(many) or OWN
    order = np.array(curve.orders[name])
    return name, mask_by_order(order, sites) if keep is None else mask_keeping(order, sites, keep)


def make_plan(
    run: Run,
    sites: Sites,
    keep: np.ndarray,
    ask: Ask,
    *,
    ranking: str = "",
    curve: Curve | None = None,
    facts: SiteFacts | None = None,
) -> Plan:
    """The plan that keeps exactly ``keep`` [N] bool, with its errors, reasons and notes."""
    everyone = np.ones(len(keep), bool)
    answers = {part: ask(keep, part) for part in PARTS}
    whole = {part: all_on(run, ask(everyone, part, keep)) for part in PARTS}
    shares, unit, about = ground.sensor_worth(run), target_unit(run), ground.WORTH[ground.has_learned_mask(run)]
    facts = facts or SiteFacts(sites.data, sites)
    mask = sites.mean(keep.astype(float)) > 0.5
    errors = answers["validation"].by_sensor, whole["validation"].by_sensor
    why = Reasons(facts, mask, shares, *errors, unit, about.name)
    return Plan(
        run,
        sites,
        keep,
        answers,
        whole,
        shares,
        about,
        why.reasons(),
        why.by_site(),
        ranking,
        unit,
        plan_notes(run, sites, mask, facts),
        curve,
    )


def target_unit(run: Run) -> str:
    """The first target's unit."""
    return run.spec.unit


def plan_notes(run: Run, sites: Sites, keep: np.ndarray, facts: SiteFacts) -> list[str]:
    """Notes on a plan, as sentences without their full stops."""
    said = gap_notes(keep, sites)
    if not trained_for(run):
        said.append(
            f"run {run.id} was not trained to forecast under any mask: errors under masks other than its own are "
            "guesses; a run with mask any answers better"
        )
    if not knows_all_on(run):
        said.append(
            f"run {run.id} was trained with sensors off, so it cannot say what the error with all on would be: compare with a "
            "run of the same settings without a mask"
        )
    if bad := [place for place in facts.faults if keep[sites.of[place]]]:
        first = facts.faults[bad[0]]
        said.append(
            f"{len(bad)} of the sensors that stay look faulty, such as {sites.data.sensors[first.sensor]}: {first.reason}"
        )
    if alone := unkept_parts(keep, sites):
        said.append(f"{alone} of the graph's {int(sites.part.max()) + 1} connected parts keep no sensor")
    if sites.count < len(sites.of):
        side = sites.options.region
        said.append(f"sensors are cells of a grid and are kept by regions of {side} x {side} cells")
    if len(run.spec.targets) > 1:
        said.append(f"errors are those of {run.spec.target}, the first target")
    return said
