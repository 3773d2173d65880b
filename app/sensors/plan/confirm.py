"""Confirming a plan by a run that trains under exactly its mask; and training the any-mask run that plans need."""

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from app import control
from app.sensors.plan.answers import plan_answers
from app.session import all_runs, run_state, runs_folder, set_address
from app.words import plain
from stcore.charts.words import axis_title, percent, short
from stcore.evidence.plan.answers import knows_all_on, mask_of, mixes_sensors, trained_for
from stcore.evidence.plan.planned import target_unit
from stcore.runs import Run, create
from stcore.runs.folder import LIVE
from stcore.sensors.sites import Sites

PROBLEM = "plan problem"


def show_confirmation(run: Run, sites: Sites, keep: np.ndarray, settled: bool = True) -> None:
    """The button that trains under the plan (once it is ``settled``), the progress of that run, and its result."""
    st.subheader(
        "Confirm by training",
        help="The live answer comes from a model that was not trained for exactly these sensors. A run that is trained "
        "under the plan shows what the plan really costs.",
    )
    control.show_problem(PROBLEM)
    names = [name for name, on in zip(sites.name, sites.mean(keep.astype(float)) > 0.5, strict=True) if on]
    found = confirming_run(run, names)
    if found is not None and found.id == run.id:
        st.markdown(
            f"This run was trained under exactly this plan: its test error is **{short(test_error(run), target_unit(run))}**."
        )
        return
    if found is None or run_state(found) not in (*LIVE, "done"):
        st.button(
            "Confirm by training",
            icon=":material/model_training:",
            key="plan confirm",
            on_click=start_confirming,
            args=(run, names),
            disabled=not settled,
            help="A run of its own with this run's settings and the plan as its mask; it goes on when this page is closed.",
        )
        if found is not None:
            st.markdown(f"The last one, {plain(found.id)}, is {run_state(found)}; the Train view shows why.")
        return
    if run_state(found) in LIVE:
        done, of = len(found.epochs()), found.passes
        st.progress(min(done / max(of, 1), 1.0), f"Training under the plan: epoch {min(done + 1, of)} of {of}")
    else:
        show_plan_errors(run, found, keep)
    st.button("Look at that run", key="plan look", on_click=set_address, args=("run", found.id), type="tertiary")


def confirming_run(run: Run, names: list[str]) -> Run | None:
    """The newest run with the same data and model that is trained under exactly these sites."""
    wanted = set(names)
    return next(
        (
            one
            for one in similar_runs(run)
            if mask_of(one)["name"] == "given" and set(mask_of(one).get("on") or []) == wanted
        ),
        None,
    )


def similar_runs(run: Run) -> list[Run]:
    """The runs on the same data with the same model, newest first."""
    return [
        one
        for one in all_runs()
        if one.spec.data.fingerprint == run.spec.data.fingerprint
        and one.spec.options.model == run.spec.options.model
        and one.spec.options.data == run.spec.options.data
    ]


def show_plan_errors(run: Run, found: Run, keep: np.ndarray) -> None:
    """Errors on all test windows: by the live answer, by training under the plan, and with all sensors on."""
    unit = target_unit(run)
    live, everyone = (plan_answers(run, mask, whole=True)["test"].all for mask in (keep, np.ones(len(keep), bool)))
    trained = test_error(found)
    unmasked = next((one for one in similar_runs(run) if mask_of(one)["name"] == "none" and one.status == "done"), None)
    rows = [("The plan, live answer", live), ("The plan, trained", trained)]
    rows = [*([("All sensors on, this run", everyone)] if knows_all_on(run) else []), *rows]
    rows += [("All sensors on, trained without a mask", test_error(unmasked))] if unmasked else []
    base = test_error(unmasked) if unmasked else everyone if knows_all_on(run) else float("nan")
    table = pd.DataFrame([{"what": what, "error": error, "change": error / base - 1} for what, error in rows])
    st.markdown(
        f"Trained under the plan the test error is **{short(trained, unit)}**; the live answer was {short(live, unit)}, "
        f"**{percent(abs(live / trained - 1))} {'too high' if live > trained else 'too low'}**."
    )
    columns: Any = {
        "what": "",
        "error": st.column_config.NumberColumn(axis_title("test MAE over all", unit), format="%.4g"),
        "change": st.column_config.NumberColumn("change to all on", format="percent"),
    }
    st.dataframe(table, hide_index=True, key="plan confirmed", column_config=columns, width="content")
    if not unmasked:
        st.caption("To know what switching these sensors off costs, train a run with the same settings and no mask.")


def test_error(run: Run) -> float:
    """Mean absolute test error of a finished run, over all sensors, of the first target."""
    test = (run.result or {})["metrics"]["test"]
    by_target = test.get("by_target")
    return float((by_target[run.spec.target] if by_target else test)["mae"])


def start_confirming(run: Run, names: list[str]) -> None:
    """Train under the plan; pressing the button again starts no second run. For callbacks."""
    found = confirming_run(run, names)
    if found is not None and run_state(found) in LIVE:
        return
    options = run.spec.options_json
    shared = {name: value for name, value in mask_of(run).items() if name in ("region", "costs", "connected")}
    _start(run, options | {"mask": {"name": "given", "on": names, **shared}})


def show_any_mask_button(run: Run) -> None:
    """The button that trains a run which can answer under any mask."""
    control.show_problem(PROBLEM)
    words = "the same model" if mixes_sensors(run) else "STID with neighbours"
    st.button(
        "Train an any-mask run on these data",
        type="primary",
        icon=":material/play_arrow:",
        key="plan any",
        on_click=start_any_mask_run,
        args=(run,),
        help=f"A new run of {words} in which every training step switches off other sensors, so that it can "
        "forecast under every mask without training again. This page then shows it.",
    )


def any_mask_run(run: Run) -> Run | None:
    """An any-mask run on the same data that is finished or working."""
    same = (one for one in all_runs() if one.spec.data.fingerprint == run.spec.data.fingerprint)
    return next(
        (one for one in same if trained_for(one) and mixes_sensors(one) and run_state(one) in (*LIVE, "done")), None
    )


def start_any_mask_run(run: Run) -> None:
    """Train a run on the same data that can answer under any mask; a second press starts no second run. For callbacks."""
    if (found := any_mask_run(run)) is not None and run_state(found) in LIVE:
        set_address("run", found.id)
        return
    options = run.spec.options_json
    options |= {"mask": {"name": "any"}, "prune": {"name": "full"}}
    options["data"] = options["data"] | {"samples": "windows"}
    if not mixes_sensors(run):
        options["model"] = {"name": "stid-neighbours"}
    options["train"] = {
        name: value for name, value in options["train"].items() if name not in ("batch", "lr", "weight_decay")
    }
    if (made := _start(run, options)) is not None:
        set_address("run", made.id)


def _start(run: Run, options: dict[str, Any]) -> Run | None:
    answers = run.spec.data.answers
    return control.start_task(
        lambda: create(control.data_source(run), options, runs_folder(), answers=answers), PROBLEM
    )


def is_confirming(run: Run, sites: Sites, keep: np.ndarray) -> bool:
    """Whether a run under the plan is working."""
    names = [name for name, on in zip(sites.name, sites.mean(keep.astype(float)) > 0.5, strict=True) if on]
    found = confirming_run(run, names)
    return found is not None and run_state(found) in LIVE
