"""What a distillation leaves to be looked at is read as it was written, and a damaged file is a sentence."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from distillations import distilled
from tiny import tiny

from stcore import registry
from stcore.data import STData
from stcore.distil.clusters import Clusters, cluster_means, even_positions, windows_and_clusters
from stcore.distil.options import MatchingOptions, SizeOptions
from stcore.processes import jobs
from stcore.runs import Run, RunError, pictures
from stcore.runs.pictures import nearest


@pytest.fixture(scope="module")
def data() -> STData:
    return tiny(400, 12, missing=0.02)


@pytest.fixture(scope="module")
def made(data: STData, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A finished distillation of two rounds."""
    place = tmp_path_factory.mktemp("distilled")
    data.save(place / "data.nc")
    return distilled(place / "data.nc", place, "learned", check=2, targets="own")


@pytest.fixture
def copy(made: Run, tmp_path: Path) -> Run:
    return Run(Path(shutil.copytree(made.path, tmp_path / "copy")))


def test_a_round_without_a_validation_has_none(made: Run) -> None:
    found = pictures.rounds(made)
    assert list(found["round"]) == [1, 2] and found["loss"].gt(0).all()
    assert np.isnan(found["mae"][0]) and found["mae"][1] > 0 and list(found["best"]) == [False, True]
    assert found["windows"].nunique() == 1 and found["seconds"].gt(0).all()


def test_pictures_are_the_set_in_z_scores(made: Run, data: STData) -> None:
    seen, small = pictures.pictures(made), jobs.distilled(made)
    assert seen.shape == (2, 8, 10, 8)
    starts = small.ds["start"].values[even_positions(small.ds.sizes["window"])]
    scale = made.spec.scale
    wanted = (small.values[starts[:, None] + np.arange(10)][..., 0] - scale.mean[0]) / scale.std[0]
    np.testing.assert_allclose(seen[-1, : len(starts), :, :6], wanted, atol=5e-3)
    assert np.isnan(seen[:, :, :, 6:]).all() and (seen[0, :, :, :6] != seen[1, :, :, :6]).any()


def test_clusters_are_those_of_the_set(made: Run) -> None:
    found = pictures.clusters(made)
    assert found and found.count == 6 and found.weight.sum() == 12
    assert sorted(found.weight) == sorted(jobs.distilled(made).ds["weight"].values)


def test_the_nearest_real_windows_are_the_nearest(made: Run, data: STData) -> None:
    small, found = jobs.distilled(made), pictures.beside(made, data, jobs.distilled(made))
    groups = pictures.clusters(made)
    assert groups is not None
    scale = made.spec.scale
    series = cluster_means(((data.values - scale.mean[0]) / scale.std[0]).astype(np.float32), groups)[..., 0]
    first = (small.values[small.ds["start"].values[0] + np.arange(10)][..., 0] - scale.mean[0]) / scale.std[0]
    apart = [np.nanmean((series[start : start + 10] - first) ** 2) for start in range(231)]
    assert found.apart[0] == pytest.approx(min(apart), rel=1e-4)
    assert found.time[0] == data.time[int(np.argmin(apart))].to_datetime64()
    np.testing.assert_allclose(found.values[0, :, :6], series[np.argmin(apart) : np.argmin(apart) + 10], atol=1e-5)


def test_picked_windows_have_themselves_beside_them(data: STData, tmp_path: Path) -> None:
    data.save(tmp_path / "data.nc")
    run = distilled(tmp_path / "data.nc", tmp_path, "picked", name="random", time=0.05, space=0.3, epochs=1)
    found = pictures.beside(run, data, jobs.distilled(run))
    assert found.apart.max() < 1e-8
    np.testing.assert_allclose(found.values, pictures.pictures(run)[-1], atol=5e-3)


def test_what_is_missing_is_left_out_of_a_distance() -> None:
    series = np.array([[0.0, 5.0], [1.0, np.nan], [2.0, 9.0], [7.0, 9.0]])
    window = np.array([[[1.0, 3.0], [np.nan, 9.0]]])
    places, apart = nearest(window, series, np.array([0, 1, 2]))
    assert places.tolist() == [1] and apart.tolist() == [0.0]
    assert nearest(np.full((1, 2, 2), np.nan), series, np.array([0, 1]))[1].tolist() == [np.inf]


CUTS: dict[str, tuple[str, Callable[[bytes], bytes | None], Callable[[Run], object]]] = {
    "cut pictures": ("synthetic.bin", lambda content: content[:-1], pictures.pictures),
    "no pictures": ("synthetic.bin", lambda content: None, pictures.pictures),
    "cut clusters": ("cluster.bin", lambda content: content[:-4], pictures.clusters),
    "no clusters": ("cluster.bin", lambda content: None, pictures.clusters),
    "a cluster nobody is in": ("cluster.bin", lambda content: b"\x09" + content[1:], pictures.clusters),
    "far below": ("cluster.bin", lambda content: b"\xff\xff\x00\xff" + content[4:], pictures.clusters),
}


@pytest.mark.parametrize("damage", CUTS)
def test_a_damaged_file_is_a_sentence(copy: Run, damage: str) -> None:
    name, change, look = CUTS[damage]
    place = copy.path / "rows" / name
    content = change(place.read_bytes())
    place.unlink()
    if content is not None:
        place.write_bytes(content)
    with pytest.raises(RunError, match=rf"Distillation copy is damaged: its file {name}.* distil again"):
        look(copy)


def test_before_the_end_there_are_no_clusters(copy: Run) -> None:
    (copy.path / "result.json").unlink()
    assert pictures.clusters(copy) is None and len(pictures.pictures(copy)) == 2


def test_a_set_of_other_clusters_is_a_sentence(copy: Run, data: STData) -> None:
    with pytest.raises(RunError, match="do not belong together"):
        pictures.beside(copy, data, data)


def test_means_know_what_was_measured() -> None:
    series = np.array([[1.0, np.nan, 3.0, 8.0], [np.nan, np.nan, 4.0, 8.0]], np.float32)[..., None]
    found = cluster_means(series, Clusters(np.array([0, 0, 1, -1]), np.array([2.0, 1.0])))[..., 0]
    np.testing.assert_array_equal(found, [[1, 3], [np.nan, 4]])


@pytest.mark.parametrize("name", ("stemdist", "distribution-matching", "random"))
def test_sizes_are_told_before_the_work_as_they_come_out(name: str, tmp_path: Path) -> None:
    data = tiny(300, 12)
    data.save(tmp_path / "data.nc")
    options = registry.card("distillers", name).options
    quick = {"rounds": 1, "steps": 1} if issubclass(options, MatchingOptions) else {}
    asked = {"time": 0.1, "space": 0.1, "epochs": 1, **quick}
    run = distilled(tmp_path / "data.nc", tmp_path, "sized", name=name, **asked)
    small, size = jobs.distilled(run), options.read(asked)
    assert isinstance(size, SizeOptions)
    windows, clusters, notes = windows_and_clusters(
        run.spec.windows.train, 12, size, registry.card("distillers", name).fewest(size)
    )
    assert (windows, clusters) == (small.ds.sizes["window"], len(small.sensors))
    assert bool(notes) == (name != "random")
