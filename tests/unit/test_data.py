"""STData: its graph, its fingerprint, its answers, and the way to disk and back."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from data_samples.values import IDS, raw
from tiny import tiny

import stcore.readers as readers
from stcore.data import RULES, STData
from stcore.findings import DataError


def test_the_fingerprint_changes_with_everything_that_matters() -> None:
    changed = {
        "same": raw(),
        "value": raw().assign(value=raw()["value"] + 1),
        "place": raw().assign(lat=raw()["lat"] + 0.001),
        "time": raw().assign_coords(time=raw()["time"] + np.timedelta64(1, "D")),
        "name": raw().assign_coords(sensor=[*IDS[:-1], "other"]),
        "unit": raw().assign_attrs(units={"count": "mph"}),
        "zone": raw().assign_attrs(zone="UTC"),
    }
    prints = {name: STData.of(ds).fingerprint for name, ds in changed.items()}
    prints["answer"] = STData.of(raw(), answers={"graph": "none"}).fingerprint
    assert len(set(prints.values())) == len(prints)
    assert STData.of(raw()).fingerprint == prints["same"]
    assert STData.of(raw().assign_attrs(title="another")).fingerprint == prints["same"]


def test_one_hidden_value_changes_the_fingerprint() -> None:
    ds = raw()
    other = ds["value"].values.copy()
    other[50, 3, 0] = np.nextafter(np.float32(other[50, 3, 0]), np.float32(1e9))
    assert STData.of(ds).fingerprint != STData.of(ds.assign(value=(ds["value"].dims, other))).fingerprint


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_for_the_graph_is_said_and_kept(rule: str, tmp_path: Path) -> None:
    data = STData.of(raw(), answers={"graph": rule})
    said = next(finding for finding in data.findings if finding.code == "graph")
    assert said.chosen == rule
    assert (data.edges is None) == (rule == "none")
    assert data.edges is None or (RULES[rule] in said.text and len(data.edges[0]) > 0)
    data.save(tmp_path / "a.nc")
    again = readers.open(tmp_path / "a.nc")
    assert again.fingerprint == data.fingerprint
    assert again.answers == data.answers
    changed = readers.open(tmp_path / "a.nc", {"graph": "gaussian"})
    assert changed.answers["graph"] == "gaussian"
    assert changed.fingerprint == STData.of(raw(), answers={"graph": "gaussian"}).fingerprint


def test_nearest_is_taken_unless_the_data_bring_edges() -> None:
    assert STData.of(raw()).answers["graph"] == "nearest"
    brought = raw().assign(edge_from=("edge", [0]), edge_to=("edge", [1]), edge_weight=("edge", [0.5]))
    data = STData.of(brought.assign_attrs(graph="by hand"))
    assert data.answers["graph"] == "file"
    assert "by hand" in next(finding.text for finding in data.findings if finding.code == "graph")
    assert data.edges is not None
    assert data.edges[2].tolist() == [0.5]
    rebuilt = STData.of(brought, answers={"graph": "nearest"})
    assert rebuilt.edges is not None
    assert len(rebuilt.edges[0]) > 1


def test_without_places_there_is_no_distance_rule() -> None:
    ds = raw().drop_vars(["lat", "lon"])
    assert STData.of(ds).answers["graph"] == "none"
    assert STData.of(ds, answers={"graph": "correlation"}).edges is not None
    with pytest.raises(DataError, match="correlation or none"):
        STData.of(ds, answers={"graph": "nearest"})


def test_an_answer_given_before_saving_cannot_be_taken_back(tmp_path: Path) -> None:
    ds = raw()
    ds["value"][:20, 1] = 0
    STData.of(ds, answers={"zeros": "missing"}).save(tmp_path / "a.nc")
    again = readers.open(tmp_path / "a.nc")
    assert again.answers["zeros"] == "missing"
    assert np.isnan(again.values[:20, 1]).all()
    with pytest.raises(DataError, match="open the original"):
        readers.open(tmp_path / "a.nc", {"zeros": "keep"})
    STData.of(ds).save(tmp_path / "b.nc")
    assert np.isnan(readers.open(tmp_path / "b.nc", {"zeros": "missing"}).values[:20, 1]).all()


def test_layers_findings_and_other_variables_travel(tmp_path: Path) -> None:
    roads = {"type": "FeatureCollection", "features": []}
    ds = raw().assign(
        incident_start=("incident", pd.date_range("2024-05-06", periods=2)),
        label=("sensor", [f"Straße {name}" for name in IDS]),
    )
    data = STData.of(ds.assign_attrs(simulated=True, zone="Europe/Berlin"), layers={"roads": roads})
    data.save(tmp_path / "a.nc")
    again = readers.open(tmp_path / "a.nc")
    assert again.layers == {"roads": roads}
    assert again.simulated
    assert again.zone == "Europe/Berlin"
    assert [finding.to_json() for finding in again.findings] == [finding.to_json() for finding in data.findings]
    np.testing.assert_array_equal(again.ds["incident_start"].values, data.ds["incident_start"].values)
    assert again.ds["label"].values.tolist() == data.ds["label"].values.tolist()
    assert again.fingerprint == data.fingerprint


def test_of_does_not_change_what_it_was_given() -> None:
    ds = raw()
    before = ds.copy(deep=True)
    STData.of(ds, answers={"graph": "none"})
    xr.testing.assert_identical(ds, before)


def test_like_orders_by_name_and_refuses_what_is_missing() -> None:
    data = tiny(60, 4, 2)
    turned = data.like(["s2", "s0"], ["c1", "c0"])
    np.testing.assert_array_equal(turned.values, data.values[:, [2, 0]][..., [1, 0]])
    assert tiny(60, 2).like(["s0", "s1"], ["march"]).channels == ["march"]
    with pytest.raises(DataError, match="1 of 2 sensors are not in these data, the first of them 'x'"):
        data.like(["x", "s0"], ["c0"])
    with pytest.raises(DataError, match="channels are not in these data"):
        data.like(["s0"], ["speed"])
