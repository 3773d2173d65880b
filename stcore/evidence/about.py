"""What a report is about, taken from its runs: data, unit, seeds, versions and the locations of the sensors."""

from collections.abc import Mapping, Sequence
from typing import Any

from stcore.runs import Run

SAME = ("title", "simulated", "zone", "fingerprint", "first_step", "step_seconds", "steps")
SEARCHED = ("batch", "lr", "weight_decay")  # may differ from arm to arm


def describe_report(report: Mapping[str, Any], runs: Sequence[Run]) -> dict[str, Any]:
    """The report with ``unit`` of its errors, ``about`` its runs, and ``lat``, ``lon`` of sensors where they are known."""
    if not runs:
        return {**report, "unit": "", "about": {}}
    spec, data, options = runs[0].spec, runs[0].spec.data, runs[0].spec.options_json
    about = {
        **{name: getattr(data, name) for name in SAME if name in data.model_fields_set},
        "targets": spec.targets,
        "windows": spec.windows.model_dump(),
        "model": options["model"],
        "data": options["data"],
        "train": {name: value for name, value in options["train"].items() if name not in SEARCHED},
        "seeds": sorted({run.spec.options.seed for run in runs}),
        "runs": sorted(run.id for run in runs),
        "versions": spec.versions,
    }
    placed = dict(zip(data.sensors, data.locations or [], strict=False))
    sensors = [{**record, **_place(placed.get(record["sensor"]))} for record in report.get("by_sensor", [])]
    return {**report, "by_sensor": sensors, "unit": spec.error_unit, "about": about}


def _place(place: Sequence[float | None] | None) -> dict[str, float | None]:
    """Latitude and longitude; None where they are not known."""
    lat, lon = place if place and all(isinstance(part, int | float) for part in place) else (None, None)
    return {"lat": lat, "lon": lon}
