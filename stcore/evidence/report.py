"""The report: the answer of an experiment's runs to "was it worth it?", as tables of plain values."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from stcore.data import STData
from stcore.evidence import diebold_mariano, payers
from stcore.evidence.arms import EQUAL, Arm, Arms
from stcore.evidence.intervals import Interval
from stcore.evidence.paired import EvidenceError, Paired
from stcore.evidence.payers import Link, split
from stcore.evidence.verdict import Figures, verdict
from stcore.runs.files import plain

Records = list[dict[str, Any]]
CONTROLS = ("full", "full-equal", "random-equal")
LEEWAY = 0.01  # costs nearer than that are equal: so near does a budget come


def report(arms: Sequence[Any], data: STData | None = None) -> dict[str, Any]:
    """Tables as lists of records that JSON can hold. An unknown figure is None.

    ``arms`` are the methods and their controls: ``Arm``, or anything with its fields. ``data`` may be left out; it gives the
    local clock and the planted incidents. Differences are relative, and negative where the method errs less; ``low`` and
    ``high`` bound the 95 % interval. Tables: ``summary``, ``differences``, ``by_horizon``, ``by_hour``, ``by_sensor``,
    ``hardest``, ``incidents``, ``split``, ``front``, ``costs``, ``verdicts``; ``notes`` are sentences. What the runs cannot
    show is left out, and a note says so.
    """
    known = Arms(arms)
    note_unequal_visits(known)
    if data is not None and known.of_other_data(data):
        known.note("The data given are not those of the runs; neither clock nor incidents are taken from them.")
        data = None
    tables = {
        "summary": summary(known),
        "differences": differences(known),
        "by_horizon": by_horizon(known),
        "by_hour": by_hour(known, data),
        "by_sensor": by_sensor(known),
        "hardest": hardest_windows(known),
        "incidents": incidents(known, data),
        "split": split_table(known),
        "front": front_table(known),
        "costs": cost_table(known),
        "verdicts": verdict_table(known),
    }
    found: dict[str, Any] = plain({**tables, "notes": known.notes})
    return found


def note_unequal_visits(known: Arms) -> None:
    """Add a note for each arm that made more or fewer visits than its control, for example where patience ended a run."""
    for arm in known.methods:
        for control in filter(None, (known.control(arm, role) for role in EQUAL)):
            apart = arm.mean("visits", "kept") / max(control.mean("visits", "kept"), 1) - 1
            if abs(apart) > 2 * LEEWAY:  # each may miss its budget by one
                more = "more" if apart > 0 else "fewer"
                known.note(f"{arm.label} made {abs(apart):.0%} {more} visits than {control.label}: they are not equal.")


def arm_fields(arm: Arm) -> dict[str, Any]:
    """The fields with which every record of an arm begins."""
    return {"label": arm.label, "role": arm.role, "method": arm.method, "keep": arm.keep, "samples": arm.samples}


def interval_fields(found: Interval) -> dict[str, Any]:
    """An interval as part of a record."""
    return {**asdict(found), "notes": "\n".join(found.notes)}


def all_notes(report: Mapping[str, Any]) -> list[str]:
    """All notes of the report, of its intervals and of its parts, each sentence once."""
    found = list(report.get("notes", ()))
    for table in ("differences", "hardest", "incidents", "split"):
        for record in report.get(table, ()):
            found += [line for field in ("notes", "note") for line in str(record.get(field) or "").splitlines()]
    return [sentence for sentence in dict.fromkeys(found) if sentence]


def summary(known: Arms) -> Records:
    """One record an arm: test MAE over its seeds with their spread, visits and seconds."""
    records = []
    for arm in known.all:
        errors = [test.mae for test in arm.tests]
        spread = float(np.std(errors, ddof=1)) if len(errors) > 1 else None
        visits = {"visits": arm.mean("visits", "kept"), "share": arm.mean("visits", "share")}
        worked = {"seconds": arm.work(), "cpu_seconds": arm.work("cpu")}
        records.append(
            {**arm_fields(arm), "seeds": len(errors), "mae": arm.mae, "mae_spread": spread, **visits, **worked}
        )
    return records


def differences(known: Arms) -> Records:
    """Each method, and each control at equal visits, against its controls."""
    records = []
    for arm in known.all:
        for role in CONTROLS if arm.role == "method" or arm.role in ("full-equal", "random-equal") else ():
            control = known.control(arm, role)
            if (arm.role, role) == ("full-equal", "random-equal") or control is None:
                continue  # the pair stands in the table the other way round
            if found := known.between(arm, control):
                records.append(
                    {**arm_fields(arm), "control": control.label, "control_role": role, **interval_fields(found)}
                )
    return records


def against_main(known: Arms) -> Iterator[tuple[dict[str, Any], Paired]]:
    """Each method paired with its main control, and the fields with which its records begin."""
    for arm in known.methods:
        control = known.main_control(arm)
        if control and (pair := known.pair(arm, control)):
            yield {**arm_fields(arm), "control": control.label}, pair


def by_horizon(known: Arms) -> Records:
    """Diebold-Mariano per horizon, against the main control."""
    return [{**head, **row} for head, pair in against_main(known) for row in diebold_mariano.horizon_tests(pair)]


def by_hour(known: Arms, data: STData | None) -> Records:
    """Differences by hour of the week, against the main control."""
    records = []
    if data is None and known.methods:
        known.note(
            "The data are not at hand: hours are those of the times as written in the file, and incidents unknown."
        )
    for head, pair in against_main(known):
        one = pair.one
        clock = pd.DatetimeIndex(one.time) if data is None else data.clock(one.start + one.lookback)
        records += [{**head, **row} for row in payers.hour_differences(pair, clock)]
    return records


def by_sensor(known: Arms) -> Records:
    """Differences by sensor, against the main control."""
    return [{**head, **row} for head, pair in against_main(known) for row in payers.sensor_differences(pair)]


def hardest_windows(known: Arms) -> Records:
    """On the windows that were hardest for the control, against full training and full training at equal visits."""
    records = []
    for arm in known.methods:
        for control in filter(None, (known.control(arm, role) for role in ("full", "full-equal"))):
            if pair := known.pair(arm, control):
                records.append(_part(arm, control, payers.hardest_difference(pair)))
    return records


def incidents(known: Arms, data: STData | None) -> Records:
    """On incident windows and on all others, against full training and full training at equal visits."""
    steps = payers.planted_steps(data) if data is not None else None
    records: Records = []
    for arm in known.methods if steps is not None else ():
        for control in filter(None, (known.control(arm, role) for role in ("full", "full-equal"))):
            if steps is not None and (pair := known.pair(arm, control)):
                records += [_part(arm, control, row) for row in payers.incident_differences(pair, steps)]
    return records


def _part(arm: Arm, control: Arm, row: dict[str, Any]) -> dict[str, Any]:
    """A record of a part of the windows."""
    rest = {name: value for name, value in row.items() if name != "interval"}
    return {
        **arm_fields(arm),
        "control": control.label,
        "control_role": control.role,
        **rest,
        **interval_fields(row["interval"]),
    }


def split_table(known: Arms) -> Records:
    """What each method gained, split from the field's recipe on; and random at equal visits beside it."""
    records = []
    for arm in known.methods:
        chains = [chain(known, arm)]
        other, equal = known.control(arm, "random-equal"), known.control(arm, "full-equal")
        if other and equal:
            chains.append([Link("", equal.label, equal.tests), Link("pruning at random", other.label, other.tests)])
        for links in chains:
            try:
                rows, notes = split(links)
            except EvidenceError as error:
                rows, notes = [], [str(error)]
            for sentence in notes:
                known.note(f"Split of {arm.label}: {sentence}")
            for row in rows:
                rest = {name: value for name, value in row.items() if name != "interval"}
                records.append({**arm_fields(arm), **rest, **interval_fields(row["interval"])})
    return records


def chain(known: Arms, arm: Arm) -> list[Link]:
    """The arms from the field's recipe to a method, each with what its step changes."""
    cells = arm.samples == "cells"
    steps = [("", "field"), ("batch and learning rate", "full-windows" if cells else "full")]
    steps += [("samples", "full")] if cells else []
    steps += [("schedule", "full-equal")]
    links = []
    for step, role in steps:
        control = known.control(arm, role)
        links.append(Link(step, control.label if control else role, control.tests if control else ()))
    return [*links, Link("pruning", arm.label, arm.tests)]


def front_table(known: Arms) -> Records:
    """Accuracy against visits, passes without gradient included and counted in cells, and against seconds.

    Seconds of training, scoring and selecting: of the processor, ``cpu_seconds``, where every arm tells them, else ``seconds``.
    """
    visits = [arm.cells("kept", "refresh", "pilot") for arm in known.all]
    walls, processor = ([arm.work(clock) for arm in known.all] for clock in ("seconds", "cpu"))
    costs_in_time = walls if None in processor else processor
    errors, seconds = [arm.mae for arm in known.all], [np.nan if cost is None else cost for cost in costs_in_time]
    by_visits, by_seconds = pareto_front(errors, visits, LEEWAY), pareto_front(errors, seconds, LEEWAY)
    return [
        {
            **arm_fields(arm),
            "mae": errors[place],
            "cell_visits": visits[place],
            "seconds": walls[place],
            "cpu_seconds": processor[place],
            "front_visits": bool(by_visits[place]),
            "front_seconds": bool(by_seconds[place]),
        }
        for place, arm in enumerate(known.all)
    ]


def cost_table(known: Arms) -> Records:
    """One record an arm: seconds by kind of work and visits by kind, means over its seeds."""
    kinds = ("train", "score", "select", "evaluate")
    visits = ["kept", "full", "refresh", "pilot"]
    return [
        {
            **arm_fields(arm),
            **{f"seconds_{kind}": arm.mean("seconds", kind) for kind in (*kinds, "total")},
            **{f"cpu_{kind}": arm.mean("cpu", kind) if arm.work("cpu") is not None else None for kind in kinds},
            **{f"visits_{kind}": arm.mean("visits", kind) for kind in visits},
        }
        for arm in known.all
    ]


def verdict_table(known: Arms) -> Records:
    """One record a method: the answer and the sentence."""
    records = []
    for arm in known.methods:
        full, equal = known.control(arm, "full"), known.control(arm, "full-equal")
        figures = Figures(
            method=arm.label,
            share=arm.keep if arm.keep is not None else arm.mean("visits", "share"),
            against_full=known.between(arm, full),
            against_equal=known.between(arm, equal),
            equal_against_full=known.between(equal, full),
            longer_than_full=arm.longer(full),
            longer_than_equal=arm.longer(equal),
        )
        records.append({**arm_fields(arm), **verdict(figures)._asdict()})
    return records


def pareto_front(error: Sequence[float], cost: Sequence[float], leeway: float = 0.0) -> np.ndarray:
    """Whether each arm [A] is on the Pareto front: no other has less error at no more cost, or less cost at no more error.

    Costs that differ by at most ``leeway``, a share, count as equal: a budget is met within 1 %, and by such a hair no arm
    is cheaper. Arms that are equal in both stand or fall together. NaN is never on the front and beats nobody.
    """
    errors, costs = np.asarray(error, float), np.asarray(cost, float)
    known = np.isfinite(errors) & np.isfinite(costs)
    no_worse = (errors[:, None] <= errors) & (costs[:, None] <= costs * (1 + leeway))
    better = (errors[:, None] < errors) | (costs[:, None] * (1 + leeway) < costs)
    return known & ~(no_worse & better).any(axis=0)
