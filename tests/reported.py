"""A report of made-up tests: two methods with all their controls, one of them under a name that would like to be HTML."""

from typing import Any

import evidence

from stcore.evidence import Arm, report

HOSTILE = "</script><img src=x onerror=alert(1)>"
LEVELS = {"full": 1.0, "full-equal": 1.03, "random-equal": 1.02, "field": 1.4}


def arm(role: str, level: float, label: str = "", keep: float | None = None, number: int = 3) -> Arm:
    """An arm of ``number`` seeds whose errors are ``level`` times those of full training."""
    share = keep if keep is not None else 0.5 if role.endswith("equal") or role == "method" else 1.0
    method = {"method": "st-prune", "random-equal": "random"}.get(role, "full")
    visits = {"kept": 200 * share, "full": 200, "share": share, "refresh": 0, "pilot": 0}
    tests = evidence.seeds(level, 0.002, number, visits=visits)
    return Arm(label or role, role, method, share, "windows", tests=tests)


def made(number: int = 3, **levels: float) -> dict[str, Any]:
    """The report; ``levels`` by label of methods, all at half the visits."""
    methods = levels or {"good": 1.0, "bad": 1.08}
    controls = [arm(role, level, number=number) for role, level in LEVELS.items()]
    return report([*controls, *(arm("method", level, label, number=number) for label, level in methods.items())])


def hostile() -> dict[str, Any]:
    """The report with a method, a sensor and a note whose names are HTML."""
    found = made(**{HOSTILE: 1.0})
    sensors = [{**record, "sensor": HOSTILE} for record in found["by_sensor"]]
    return {**found, "by_sensor": sensors, "experiment": HOSTILE, "notes": [HOSTILE], "about": {"title": HOSTILE}}
