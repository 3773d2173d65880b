"""Edges: they link sensors that exist, and their weights are numbers of at least zero."""

from dataclasses import replace

import numpy as np
import xarray as xr

from stcore.data.checks.finding import Answers, CheckResult, note, with_sensor_word
from stcore.findings import refuse
from stcore.words import quantity

NAMES = ("edge_from", "edge_to", "edge_weight")


def check_edges(ds: xr.Dataset, answers: Answers) -> CheckResult:
    """``edge_from``, ``edge_to`` in 0..N-1 and ``edge_weight`` >= 0, all of one length, or none of them."""
    present = [name for name in NAMES if name in ds]
    if not present:
        return ds, []
    if present[:2] != list(NAMES[:2]):
        raise refuse("edges", f"The graph is incomplete: it has only {', '.join(present)}.")
    if "edge_weight" not in ds:
        ds = ds.assign(edge_weight=(ds["edge_from"].dims, np.ones(ds["edge_from"].size)))
    if len({ds[name].dims for name in NAMES}) > 1 or ds["edge_from"].ndim != 1:
        raise refuse(
            "edges", "The graph needs a list of starts, a list of ends and a list of weights, all of the same length."
        )
    start, end, weight = (ds[name].values for name in NAMES)
    sensors = ds.sizes["sensor"]
    if len(start) and (min(start.min(), end.min()) < 0 or max(start.max(), end.max()) >= sensors):
        worst = max(int(start.max()), int(end.max()))
        raise refuse(
            "edges", f"The graph names sensor number {worst} (counted from 0), but there are {sensors} sensors."
        )
    if not np.isfinite(weight).all():
        raise refuse("edges", f"{quantity(int((~np.isfinite(weight)).sum()), 'weight')} of the graph are not numbers.")
    if (weight < 0).any():
        raise refuse(
            "edges",
            f"{quantity(int((weight < 0).sum()), 'weight')} of the graph are below zero, the lowest is {weight.min():g}.",
        )
    notes = _edge_findings(start, end, weight, sensors)
    return ds, [replace(finding, text=with_sensor_word(finding.text, ds)) for finding in notes]


def _edge_findings(start: np.ndarray, end: np.ndarray, weight: np.ndarray, sensors: int) -> list:
    findings = []
    linked = weight > 0
    if not linked.any():
        return [note("no-edges", "The graph has no edges with a weight above zero.")]
    if (start[linked] == end[linked]).all():
        return [note("self-loops", "The graph links every sensor only with itself.")]
    ahead, back = start * sensors + end, end * sensors + start
    if not np.isin(back[linked], ahead[linked]).all():
        findings.append(note("directed", "The graph is directed: some edges lead one way only."))
    apart = sensors - len(np.union1d(start[linked & (start != end)], end[linked & (start != end)]))
    if apart:
        findings.append(note("unlinked", f"{quantity(apart, 'sensor')} of {sensors} without any edge to another."))
    return findings
