"""Loose runs as arms: those that differ in nothing but the seed, each with its role."""

from pathlib import Path
from typing import Any

import evidence

from stcore.evidence import report
from stcore.evidence.about import describe_report
from stcore.evidence.arms import group_runs
from stcore.evidence.report import pareto_front
from stcore.runs import Run

FULL = {"name": "full", "keep": 1.0}
LEVELS = {"full": 1.0, "random": 1.02, "st-prune": 0.99}


def run_of(folder: Path, name: str, prune: dict[str, Any], seed: int = 0, **more: Any) -> Run:
    """A finished run's folder with these options."""
    test = evidence.seeds(LEVELS.get(prune["name"], 1.0), 0.002, 3)[seed]
    run = evidence.written(folder, test, name)
    asked = {
        "seed": seed,
        "data": {"samples": more.get("samples", "windows")},
        "train": {"batch": more.get("batch", 8), "lr": more.get("lr", 0.01)},
    }
    trial = {"experiment": {"trial": more["trial"]}} if "trial" in more else {}
    return evidence.edit(run, {"options": {**asked, "prune": prune}, **trial})


def roles(runs: list[Run]) -> dict[str, str]:
    """Label and role of the arms that runs form."""
    return {arm.label: arm.role for arm in group_runs(runs)}


def test_seeds_of_one_arm_stand_together_and_roles_follow_from_the_options(tmp_path: Path) -> None:
    asked = {"full": FULL, "equal": {**FULL, "keep": 0.5}, "random": {"name": "random", "keep": 0.5}}
    asked["mine"] = {"name": "st-prune", "keep": 0.5}
    runs = [run_of(tmp_path, f"{name}-{seed}", prune, seed) for seed in range(3) for name, prune in asked.items()]
    runs.append(run_of(tmp_path, "field", FULL, batch=64, lr=2e-3))
    runs.append(run_of(tmp_path, "search", asked["mine"], trial=0, batch=4))
    found = {arm.role: arm for arm in group_runs(runs)}
    assert set(found) == {"full", "full-equal", "random-equal", "field", "method"}
    assert [[run.id for run in found[role].runs] for role in ("method", "field")] == [
        ["mine-0", "mine-1", "mine-2"],
        ["field"],
    ]
    told = report(list(found.values()))
    assert [row["control_role"] for row in told["differences"] if row["role"] == "method"] == [
        "full",
        "full-equal",
        "random-equal",
    ]


def test_random_alone_is_a_method_and_full_on_windows_beside_cells_is_told_apart(tmp_path: Path) -> None:
    random = run_of(tmp_path, "random", {"name": "random", "keep": 0.5})
    full = run_of(tmp_path, "full", FULL)
    assert roles([random, full]) == {"random": "method", "full training": "full"}
    cells = run_of(tmp_path, "cells", {"name": "st-prune", "keep": 0.5}, samples="cells")
    same = run_of(tmp_path, "full-cells", FULL, samples="cells")
    assert roles([cells, full, same]) == {
        "ST-Prune": "method",
        "full training on windows": "full-windows",
        "full training": "full",
    }


def test_methods_that_would_be_called_the_same_say_how_they_differ(tmp_path: Path) -> None:
    one, other = ({"name": "st-prune", "keep": 0.5, "tail": tail} for tail in (0.1, 0.2))
    assert set(roles([run_of(tmp_path, "a", one), run_of(tmp_path, "b", other)])) == {
        "ST-Prune (tail 0.1)",
        "ST-Prune (tail 0.2)",
    }


def test_a_report_is_told_what_it_is_about(tmp_path: Path) -> None:
    runs = [run_of(tmp_path, "full", FULL), run_of(tmp_path, "mine", {"name": "st-prune", "keep": 0.5})]
    facts = {"units": {"c": "mph"}, "places": [[48.0, 11.0], [None, None], [48.1, 11.2]]}
    runs = [evidence.edit(run, {"data": facts}) for run in runs]
    found = describe_report(report(group_runs(runs)), runs)
    assert found["unit"] == "mph" and found["about"]["title"] == "made" and found["about"]["runs"] == ["full", "mine"]
    assert [(row["lat"], row["lon"]) for row in found["by_sensor"]] == [(48.0, 11.0), (None, None), (48.1, 11.2)]


def test_a_hair_of_cost_puts_nobody_on_the_front() -> None:
    error, cost = [1.0, 1.1, 0.9], [100.0, 99.9, 200.0]
    assert pareto_front(error, cost).tolist() == [True, True, True]
    assert pareto_front(error, cost, 0.01).tolist() == [True, False, True]
    assert pareto_front([1.0, 1.0], [100.0, 99.9], 0.01).tolist() == [True, True], "equal in both, they stand together"
