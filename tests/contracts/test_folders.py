"""Values, locations, graphs and ids in several files: matched by id or by an answer, never by luck."""

import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from data_samples.arrays import write_pems
from data_samples.hdf5 import write_metr_la
from data_samples.tables import write_parquet, write_wide_csv
from data_samples.values import IDS, SENSORS, values
from hostile_tools import refused

import stcore.readers as readers
from stcore.data import STData, graph
from stcore.findings import Finding

LAT, LON = 37.25 + np.arange(SENSORS) / 50, -121.5 + np.arange(SENSORS) / 40
SHUFFLED = [4, 2, 0, 5, 1, 3]


def found(data: STData, code: str) -> Finding:
    return next(finding for finding in data.findings if finding.code == code)


def placed(data: STData) -> None:
    assert data.locations is not None
    np.testing.assert_allclose(data.locations, np.stack([LAT, LON], axis=1))


def dense(data: STData) -> np.ndarray:
    matrix = np.zeros((SENSORS, SENSORS))
    assert data.edges is not None
    matrix[data.edges[0], data.edges[1]] = data.edges[2]
    return matrix


LOCATIONS = {
    "dcrnn": ("index,sensor_id,latitude,longitude", lambda n: f"{n},{IDS[n]},{LAT[n]},{LON[n]}"),
    "bay, no header": ("", lambda n: f"{IDS[n]},{LAT[n]},{LON[n]}"),
    "no header, longitude first": ("", lambda n: f"{IDS[n]},{LON[n]},{LAT[n]}"),
    "largest": ("ID,Lat,Lng,District,Fwy,ID2", lambda n: f"{IDS[n]},{LAT[n]},{LON[n]},3,I80-E,{n}"),
    "stgcn": ("ID,Fwy,Dir,District,Latitude,Longitude", lambda n: f"{IDS[n]},5,N,7,{LAT[n]},{LON[n]}"),
    "semicolons and commas": ("Station;Lon;Lat", lambda n: f"{IDS[n]};{LON[n]};{LAT[n]}".replace(".", ",")),
    "long names": ("station_id,NB_LATITUDE,NB_LONGITUDE", lambda n: f"{IDS[n]},{LAT[n]},{LON[n]}"),
}


@pytest.mark.parametrize("kind", LOCATIONS)
def test_locations_match_by_id_in_any_order(kind: str, tmp_path: Path) -> None:
    header, line = LOCATIONS[kind]
    (tmp_path / "where.csv").write_text("\n".join([*([header] if header else []), *(line(n) for n in SHUFFLED)]) + "\n")
    write_wide_csv(tmp_path)
    data = readers.open(tmp_path)
    placed(data)
    assert data.sensors == IDS
    assert data.title == tmp_path.name


def test_locations_of_some_sensors_and_of_others(tmp_path: Path) -> None:
    rows = [f"{IDS[n]},{LAT[n]},{LON[n]}" for n in range(4)] + ["stranger,1.5,2.5"]
    (tmp_path / "where.csv").write_text("\n".join(["id,lat,lon", *rows]))
    write_parquet(tmp_path)
    data = readers.open(tmp_path)
    assert data.locations is not None
    assert np.isfinite(data.locations[:, 0]).tolist() == [True] * 4 + [False] * 2
    assert "1 of its 5 rows" in found(data, "places").text
    assert "500, 0600" in found(data, "no-place").text


def test_locations_of_other_sensors_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "where.csv").write_text("id,lat,lon\n" + "\n".join(f"x{n},{LAT[n]},{LON[n]}" for n in range(6)))
    write_metr_la(tmp_path)
    data = readers.open(tmp_path)
    assert data.locations is None
    assert "None of the ids" in found(data, "places").text


def test_numbered_sensors_and_ids_that_look_like_numbers(tmp_path: Path) -> None:
    """The trap: ids 0 to 5 in another order are either the rows' names or the columns' numbers. It is asked."""
    write_pems(tmp_path)
    (tmp_path / "roads.csv").unlink()
    (tmp_path / "where.csv").write_text("id,lat,lon\n" + "\n".join(f"{n},{LAT[n]},{LON[n]}" for n in SHUFFLED))
    data = readers.open(tmp_path)
    assert data.locations is None
    question = found(data, "places")
    assert set(question.choices) == {"rows", "numbers", "none"}
    placed(readers.open(tmp_path, {"places": "numbers"}))
    rows = readers.open(tmp_path, {"places": "rows"})
    assert rows.sensors == [str(n) for n in SHUFFLED]
    assert rows.locations is not None
    np.testing.assert_allclose(rows.locations[:, 0], LAT[SHUFFLED])
    np.testing.assert_array_equal(rows.values[:, :, 0], values().astype(np.float32))


@pytest.mark.parametrize("truth", ["rows", "numbers"])
def test_distances_in_the_graph_match_locations_with_sensors(truth: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    many = 40
    places = np.stack([50 + rng.random(many), 8 + rng.random(many)], axis=1)
    order = rng.permutation(many)
    np.savez(tmp_path / "roads.npz", data=rng.random((50, many)))
    apart = 1000 * graph.haversine(places, places)
    edges = [(a, b) for a in range(many) for b in np.argsort(apart[a])[1:5]]
    (tmp_path / "roads.csv").write_text("from,to,cost\n" + "\n".join(f"{a},{b},{apart[a, b]:.1f}" for a, b in edges))
    listed = range(many) if truth == "rows" else order
    names = order if truth == "rows" else listed
    rows = [f"{name},{places[n, 0]},{places[n, 1]}" for name, n in zip(names, listed, strict=True)]
    (tmp_path / "where.csv").write_text("\n".join(["id,lat,lon", *rows]))
    data = readers.open(tmp_path)
    assert found(data, "places").chosen == truth
    assert data.locations is not None
    np.testing.assert_allclose(data.locations, places)


def test_a_list_of_ids_gives_columns_their_names(tmp_path: Path) -> None:
    """As PEMS03: the table of roads speaks of ids, and a text file says which column is whose."""
    write_pems(tmp_path)
    ids = [317842, 318711, 315955, 318780, 318086, 318180]
    (tmp_path / "roads.txt").write_text("\n".join(map(str, ids)) + "\n")
    (tmp_path / "roads.csv").write_text("from,to,distance\n318711,317842,2.5\n315955,318711,1.5\n")
    for data in (readers.open(tmp_path), readers.open(tmp_path / "roads.npz")):
        assert data.sensors == [str(name) for name in ids]
        assert data.edges is not None
        assert (data.edges[0].tolist(), data.edges[1].tolist()) == ([1, 2], [0, 1])


def test_ids_in_the_graph_but_nowhere_else_are_refused(tmp_path: Path) -> None:
    write_pems(tmp_path)
    (tmp_path / "roads.csv").write_text("from,to,cost\n318711,317842,2.5\n")
    assert "list of ids" in refused(tmp_path, "adjacency")


MATRIX = np.array(np.random.default_rng(9).random((SENSORS, SENSORS)).round(3) * (1 - np.eye(SENSORS)))


def test_square_tables_by_name(tmp_path: Path) -> None:
    write_wide_csv(tmp_path)
    shuffled = [IDS[n] for n in SHUFFLED]
    frame = pd.DataFrame(MATRIX[np.ix_(SHUFFLED, SHUFFLED)], index=shuffled, columns=shuffled)
    frame.to_csv(tmp_path / "adj.csv")
    np.testing.assert_allclose(dense(readers.open(tmp_path)), MATRIX)


def test_distances_with_holes_by_position(tmp_path: Path) -> None:
    write_pems(tmp_path)
    (tmp_path / "roads.csv").unlink()
    apart = np.where(MATRIX > 0.4, MATRIX * 1000, np.inf)
    np.save(tmp_path / "roads_dist.npy", apart)
    linked = dense(readers.open(tmp_path)) > 0
    np.testing.assert_array_equal(linked, np.isfinite(apart) & ~np.eye(SENSORS, dtype=bool))


def test_a_bare_matrix_matches_by_position_or_by_the_list_of_ids(tmp_path: Path) -> None:
    write_wide_csv(tmp_path)
    np.save(tmp_path / "adj.npy", MATRIX)
    data = readers.open(tmp_path)
    np.testing.assert_allclose(dense(data), MATRIX)
    assert "order of the data's columns" in found(data, "graph-order").text
    np.save(tmp_path / "adj.npy", MATRIX[np.ix_(SHUFFLED, SHUFFLED)])
    (tmp_path / "graph_sensor_ids.txt").write_text(",".join(IDS[n].replace(" ", "_") for n in SHUFFLED))
    other = [name.replace(" ", "_") for name in IDS]
    frame = pd.read_csv(tmp_path / "table.csv", index_col=0)
    frame.columns = other
    frame.to_csv(tmp_path / "table.csv")
    np.testing.assert_allclose(dense(readers.open(tmp_path)), MATRIX)


def test_a_matrix_of_another_size(tmp_path: Path) -> None:
    write_wide_csv(tmp_path)
    np.save(tmp_path / "adj.npy", np.ones((7, 7)))
    text = refused(tmp_path, "adjacency")
    assert "7 x 7" in text
    assert "6 sensors" in text
    np.save(tmp_path / "adj.npy", np.ones((7, 6)))
    assert "no square" in refused(tmp_path, "adjacency")


def test_a_larger_matrix_with_ids_is_cut_to_the_data(tmp_path: Path) -> None:
    write_wide_csv(tmp_path)
    ids = ["other", *IDS]
    held = (ids, {name: n for n, name in enumerate(ids)}, np.pad(MATRIX, ((1, 0), (1, 0)), constant_values=5.0))
    (tmp_path / "adj_mx.pkl").write_bytes(pickle.dumps(held, 2))
    data = readers.open(tmp_path)
    np.testing.assert_allclose(dense(data), MATRIX)
    assert "other" in found(data, "graph-others").text


@pytest.mark.parametrize(("wrong", "said"), [(np.nan, "not numbers"), (-0.5, "below zero")])
def test_matrices_with_wrong_entries(wrong: float, said: str, tmp_path: Path) -> None:
    write_wide_csv(tmp_path)
    broken = MATRIX.copy()
    broken[2, 3] = wrong
    np.save(tmp_path / "adj.npy", broken)
    assert said in refused(tmp_path)


def test_dcrnns_table_of_all_distances(tmp_path: Path) -> None:
    """Long tables are thinned by DCRNN's rule; ids that the data do not have are told."""
    rng = np.random.default_rng(0)
    many = 30
    frame = pd.DataFrame(
        rng.random((60, many)),
        index=pd.date_range("2024", periods=60, freq="h"),
        columns=[f"s{n}" for n in range(many)],
    )
    frame.to_csv(tmp_path / "table.csv")
    pairs = [(f"s{a}", f"s{b}", 1 + rng.random() * 9000) for a in range(many) for b in range(many) if a != b] + [
        ("zz", "s1", 4.0)
    ]
    (tmp_path / "distances.csv").write_text("from,to,cost\n" + "\n".join(f"{a},{b},{c:.2f}" for a, b, c in pairs))
    data = readers.open(tmp_path)
    assert data.edges is not None
    assert len(data.edges[0]) < len(pairs) - 1
    assert data.edges[2].min() >= 0.1
    assert "DCRNN" in found(data, "graph").text
    assert "zz" in found(data, "graph-others").text


def test_unreadable_files_are_named_and_do_no_harm(tmp_path: Path) -> None:
    write_wide_csv(tmp_path)
    (tmp_path / "notes.docx").write_bytes(b"PK\x03\x04" + bytes(30))
    (tmp_path / "air.rda").write_bytes(b"\x1f\x8b\x08" + bytes(50))
    (tmp_path / "broken.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(50))
    (tmp_path / ".hidden").write_bytes(b"\x00")
    data = readers.open(tmp_path)
    assert data.sensors == IDS
    text = found(data, "not-read").text
    assert all(name in text for name in ("notes.docx", "air.rda", "broken.h5"))
    assert ".hidden" not in text


def test_a_folder_whose_only_file_is_broken_says_why(tmp_path: Path) -> None:
    (tmp_path / "broken.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(50))
    assert "broken.h5" in refused(tmp_path, "damaged")


def test_a_folder_of_too_many_files(tmp_path: Path) -> None:
    for number in range(2001):
        (tmp_path / f"{number}.txt").touch()
    assert "2000" in refused(tmp_path, "too-many-files")


def test_links_in_a_folder_are_not_followed_in_circles(tmp_path: Path) -> None:
    write_wide_csv(tmp_path)
    (tmp_path / "again").symlink_to(tmp_path, target_is_directory=True)
    assert readers.open(tmp_path).sensors == IDS
