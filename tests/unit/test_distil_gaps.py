"""Data with gaps, and counts that are mostly zero, as small sets: no sensor without a reading, and nothing taken for wrong."""

from pathlib import Path

import numpy as np
import pytest
from distillations import distilled
from tiny import tiny

from stcore import registry
from stcore.data import STData
from stcore.distil.clusters import Clusters
from stcore.distil.distilling import Distilling
from stcore.distil.ground import Ground
from stcore.distil.options import DistilOptions, MatchingOptions
from stcore.distil.small import Small, drop_silent
from stcore.findings import DataError
from stcore.options import DataOptions
from stcore.processes import jobs
from stcore.runs import pictures
from stcore.training.tensors import DataTensors

PICKED = [name for name, card in registry.cards("distillers").items() if not issubclass(card.options, MatchingOptions)]
SIZES = {"lookback": 6, "horizon": 4}


def gap() -> STData:
    """Six sensors of which the third was not there yet in training."""
    data = tiny(400, 6)
    values = data.ds["value"].values.copy()
    values[:240, 2] = np.nan
    return STData.of(data.ds.assign(value=(data.ds["value"].dims, values)))


@pytest.mark.parametrize("targets", ["own", "teacher"])
@pytest.mark.parametrize("name", PICKED)
def test_a_sensor_without_a_reading_is_left_out_and_said_to_be(name: str, targets: str) -> None:
    choice = {"name": name, "time": 0.1, "space": 1.0, "epochs": 1, "teacher": 1, "targets": targets}
    plain = {"data": SIZES, "train": {"threads": 1}, "model": {"name": "stid", "identity": "mlp", "width": 2}}
    work = Distilling(gap(), DistilOptions.read({**plain, "distil": choice}))
    notes = [note for event in work for note in getattr(event, "notes", [])]
    clusters, result = work.result_small().clusters, work.result()
    assert clusters.label[2] == -1 and clusters.count == len(result.sensors) == 5
    assert sorted(set(clusters.label)) == [-1, 0, 1, 2, 3, 4]
    assert sum("1 of 6 sensors or clusters have no reading in the windows" in note for note in notes) == 1


def test_what_is_left_out_leaves_set_and_clusters_together(tmp_path: Path) -> None:
    gap().save(tmp_path / "gap.nc")
    run = distilled(tmp_path / "gap.nc", tmp_path, "small", name="stride", time=0.1, space=1.0, epochs=1)
    found = pictures.beside(run, jobs.dataset(run), jobs.distilled(run))
    assert np.isfinite(found.apart).any()


@pytest.mark.parametrize(("taught", "first"), [(False, 6), (True, 0)])
def test_a_set_of_which_nothing_is_known_is_refused(taught: bool, first: int) -> None:
    data = tiny(400, 6)
    ground = Ground(DataTensors(data, DataOptions.read(SIZES)))
    values = np.zeros((2, 10, 3, 1), np.float32)
    values[:, first:] = np.nan
    small = Small(values, np.array([0, 20]), Clusters(np.array([0, 0, 1, 1, 2, 2]), np.full(3, 2.0)))
    with pytest.raises(DataError, match="no reading to forecast in the windows that were picked"):
        drop_silent(small, ground, taught)


@pytest.mark.parametrize("name", ["stemdist", "random"])
def test_counts_that_are_mostly_zero_are_not_taken_for_wrong(name: str, tmp_path: Path) -> None:
    """On its way through z-scores a zero may come out a little below; that is no count with the wrong sign."""
    data = tiny(400, 6)
    values = (np.random.default_rng(1).random((400, 6, 1)) < 0.02).astype(np.float32)
    ds = data.ds.assign(value=(data.ds["value"].dims, values)).assign_coords(channel=["count"])
    STData.of(ds.assign_attrs(units={})).save(tmp_path / "counts.nc")
    method = {} if name == "stemdist" else {"name": name, "time": 0.1, "space": 1.0, "epochs": 1}
    run = distilled(tmp_path / "counts.nc", tmp_path, "small", **method)
    assert run.status == "done"
    assert jobs.distilled(run).channels == ["count"]
