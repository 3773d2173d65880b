"""Tables without times: their orientation, their published sets, and files that are no such tables."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from data_samples.tables import write_bare, write_bare_with_ids, write_slots
from data_samples.values import IDS, SENSORS, times, values
from hostile_tools import refused

import stcore.readers as readers
from stcore.data import STData
from stcore.findings import Finding

RNG = np.random.default_rng(6)


def found(data: STData, code: str) -> Finding:
    return next(finding for finding in data.findings if finding.code == code)


def write(values: np.ndarray, path: Path, **more: object) -> Path:
    pd.DataFrame(values, **more).to_csv(path, header="columns" in more, index=False)
    return path


def test_stgcn_with_distances_and_stations(tmp_path: Path) -> None:
    """V_228.csv, W_228.csv and PeMSD7_M_Station_Info.csv; the distances tell that the stations are in the columns' order."""
    places = np.stack([34 + RNG.random(30), -118 + RNG.random(30)], axis=1)
    east = (places[:, 1] - places[:, 1].mean()) * np.cos(np.radians(34.5))
    apart = 111_000 * np.hypot(places[:, None, 0] - places[None, :, 0], east[:, None] - east[None])
    readings = np.round(60 + RNG.normal(0, 5, (120, 30)), 1)
    write(readings, tmp_path / "V_30.csv")
    write(apart, tmp_path / "W_30.csv")
    rows = [f"{400000 + n},5,N,7,{lat},{lon}" for n, (lat, lon) in enumerate(places)]
    (tmp_path / "PeMSD7_M_Station_Info.csv").write_text("\n".join(["ID,Fwy,Dir,District,Latitude,Longitude", *rows]))
    data = readers.open(tmp_path)
    np.testing.assert_array_equal(data.values[:, :, 0], readings.astype(np.float32))
    assert data.channels == ["speed"]
    assert data.locations is None or data.sensors[0] == "400000"
    assert "W_30.csv" in found(data, "orientation").text or "Station_Info" in found(data, "orientation").text
    assert data.edges is not None and len(data.edges[0])
    answered = readers.open(tmp_path, {"places": "rows", "start": "2012-05-01 00:00", "step": "5min"})
    assert answered.sensors == [str(400000 + n) for n in range(30)]
    assert answered.locations is not None
    np.testing.assert_array_equal(answered.locations, places)
    assert answered.time[1] == pd.Timestamp("2012-05-01 00:05")


def test_t_gcn_with_its_adjacency(tmp_path: Path) -> None:
    write_bare_with_ids(tmp_path)
    matrix = np.triu(RNG.integers(0, 2, (SENSORS, SENSORS)), 1)
    write(matrix, tmp_path / "los_adj.csv")
    data = readers.open(tmp_path)
    assert data.sensors == IDS
    assert data.edges is not None
    dense = np.zeros((SENSORS, SENSORS))
    dense[data.edges[0], data.edges[1]] = data.edges[2]
    np.testing.assert_array_equal(dense, matrix)
    assert data.ds.attrs["assumed"] == "start, step"


@pytest.mark.parametrize("kind", ["matrix", "list", "ids"])
@pytest.mark.parametrize("across", [False, True])
def test_a_graph_or_a_list_beside_a_table_decides_its_orientation(kind: str, across: bool, tmp_path: Path) -> None:
    """276 x 1800, small: both readings are possible until something beside says how many sensors there are."""
    readings = np.round(20 + RNG.random((40, 28)) * 90, 1)
    write(readings.T if across else readings, tmp_path / "vel.csv")
    if kind == "matrix":
        write(RNG.integers(0, 2, (28, 28)), tmp_path / "adj.csv")
    elif kind == "list":
        rows = [f"{n + 7},{50 + n / 100},{8 + n / 100}" for n in range(28)]
        (tmp_path / "stations.csv").write_text("\n".join(["id,lat,lon", *rows]))
    else:
        (tmp_path / "ids.txt").write_text("\n".join(str(7000 + n) for n in range(28)))
    data = readers.open(tmp_path)
    np.testing.assert_array_equal(data.values[:, :, 0], readings.astype(np.float32))
    assert found(data, "orientation").chosen == ("steps-across" if across else "steps-down")
    assert "28 sensors" in found(data, "orientation").text


def test_a_table_alone_asks_for_its_orientation(tmp_path: Path) -> None:
    readings = np.round(20 + RNG.random((28, 180)) * 90, 1)
    path = write(readings, tmp_path / "table.csv")
    said = refused(path, "orientation")
    assert "28 rows and 180 columns" in said
    with pytest.raises(readers.DataError) as caught:
        readers.open(path)
    assert "transposed" in caught.value.findings[0].choices["steps-across"]
    assert readers.open(path, {"orientation": "steps-across"}).values.shape == (180, 28, 1)
    assert readers.open(path, {"orientation": "steps-down"}).values.shape == (28, 180, 1)
    tall = readers.open(write(readings.T, tmp_path / "tall.csv"))
    assert tall.values.shape == (180, 28, 1)
    assert found(tall, "orientation").chosen == "steps-down"


def test_rows_with_names_are_sensors(tmp_path: Path) -> None:
    readings = np.round(20 + RNG.random((9, 30)) * 90, 1)
    frame = pd.DataFrame(readings, columns=range(30), index=pd.Index([f"0{n}" for n in range(9)], name="sensor_id"))
    frame.to_csv(tmp_path / "speeds.csv")
    data = readers.open(tmp_path / "speeds.csv")
    assert data.sensors == [f"0{n}" for n in range(9)]
    np.testing.assert_array_equal(data.values[:, :, 0], readings.T.astype(np.float32))


def test_a_square_table_is_a_graph(tmp_path: Path) -> None:
    write_bare(tmp_path)
    (tmp_path / "V_6.csv").unlink()
    said = refused(tmp_path, "no-values")
    assert "W_6.csv" in said
    write(np.where(np.eye(7), 0, RNG.random((7, 7)) * 1000), tmp_path / "W_7.csv")
    alone = refused(tmp_path / "W_7.csv", "unknown-format")
    assert "sensors x sensors" in alone and "a first line with the sensors' names" in alone
    square = (tmp_path / "W_7.csv").read_text()
    (tmp_path / "named.csv").write_text(",".join("abcdefg") + "\n" + square)  # what the sentence says to do
    assert readers.open(tmp_path / "named.csv", {"orientation": "steps-down"}).sensors == list("abcdefg")


def test_edges_and_locations_are_no_tables_of_values(tmp_path: Path) -> None:
    (tmp_path / "edges.csv").write_text("\n".join(f"{n},{n + 1},{n / 7}" for n in range(40)))
    (tmp_path / "where.csv").write_text("\n".join(f"{n},{50 + n / 100},{8 + n / 90},{n},5" for n in range(40)))
    for name in ("edges.csv", "where.csv"):
        assert readers.recognise(readers.Source(tmp_path / name)) is None


def test_published_sizes_have_their_start(tmp_path: Path) -> None:
    write(np.round(40 + RNG.random((2976, 156)), 1), tmp_path / "sz_speed.csv", columns=range(90217, 90373))
    data = readers.open(tmp_path / "sz_speed.csv")
    assert (data.time[0], data.step_seconds) == (pd.Timestamp("2015-01-01"), 900)
    assert data.units == {"speed": "km/h"}


SLOTS = {
    "clock": [f"{n // 4}:{15 * (n % 4):02d}" for n in range(96)],
    "ranges": [f"{n // 4:02d}:{15 * (n % 4):02d} - {(n + 1) // 4:02d}:{15 * ((n + 1) % 4):02d}" for n in range(96)],
    "numbers": [str(n + 1) for n in range(96)],
    "letters": [f"V{n + 1}" for n in range(96)],
    "padded": [f"q{n:02d}" for n in range(96)],
}


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@pytest.mark.parametrize("kind", SLOTS)
def test_a_column_per_time_of_day(kind: str, suffix: str, tmp_path: Path) -> None:
    frame = pd.read_csv(write_slots(tmp_path), dtype={"station": str}).set_axis(["id", "day", *SLOTS[kind]], axis=1)
    later = frame.assign(day="2024-05-08")
    frame = pd.concat([later, frame])
    path = tmp_path / f"days{suffix}"
    frame.to_parquet(path, index=False) if suffix == ".parquet" else frame.to_csv(path, index=False)
    data = readers.open(path)
    assert data.ds.attrs["reader"] == "slot-table"
    assert data.sensors == IDS
    assert data.step_seconds == 900
    assert (data.time[:96] == times()).all() and len(data.time) == 3 * 96
    np.testing.assert_array_equal(data.values[:96, :, 0], values().astype(np.float32))
    np.testing.assert_array_equal(data.values[192:, :, 0], values().astype(np.float32))
    assert np.isnan(data.values[96:192]).all()


def test_a_duplicate_day_is_a_question_and_slots_may_be_quantities(tmp_path: Path) -> None:
    frame = pd.read_csv(write_slots(tmp_path), dtype={"station": str})
    again = frame.iloc[[2]].assign(**{"07:15": 3.0})
    pd.concat([frame, again]).to_csv(tmp_path / "twice.csv", index=False)
    assert "a b at 2024-05-06 07:15" in refused(tmp_path / "twice.csv", "duplicate-times")
    days = pd.concat([frame.assign(date=day) for day in ("2024-05-06", "2024-05-07", "2024-05-08")])
    days.to_csv(tmp_path / "days.csv", index=False)
    data = readers.open(tmp_path / "days.csv", {"slots": "channels"})
    assert data.values.shape == (3, SENSORS, 96)


def test_sensors_called_1_to_24_are_no_hours(tmp_path: Path) -> None:
    frame = pd.DataFrame(RNG.random((50, 24)), columns=[str(n + 1) for n in range(24)])
    frame.insert(0, "date", pd.date_range("2024-01-01", periods=50).strftime("%Y-%m-%d"))
    frame.to_csv(tmp_path / "daily.csv", index=False)
    assert readers.open(tmp_path / "daily.csv").values.shape == (50, 24, 1)


def test_two_cities_in_one_folder_keep_their_own_graph(tmp_path: Path) -> None:
    """As T-GCN's data folder."""
    write_bare_with_ids(tmp_path)
    write(np.eye(SENSORS, k=1, dtype=int), tmp_path / "los_adj.csv")
    write(np.round(30 + RNG.random((50, 5)) * 9, 2), tmp_path / "sz_speed.csv", columns=range(90217, 90222))
    write(np.eye(5, k=2, dtype=int), tmp_path / "sz_adj.csv")
    data = readers.open(tmp_path, {"values": "sz_speed.csv"})
    assert data.edges is not None
    assert data.edges[1].tolist() == [2, 3, 4]
    first = readers.open(tmp_path)
    assert first.sensors == IDS and first.edges is not None and len(first.edges[0]) == SENSORS - 1


def test_a_table_alone_gets_the_graph_of_its_name(tmp_path: Path) -> None:
    data = readers.open(write_bare(tmp_path))
    assert data.edges is not None and len(data.edges[0]) == SENSORS * (SENSORS - 1)
    assert "W_6.csv" in found(data, "graph").text
    assert "W_6.csv" in found(data, "orientation").text


def test_hazdzz_with_its_sparse_adjacency(tmp_path: Path) -> None:
    from scipy import sparse

    readings = np.round(50 + RNG.random((90, 20)) * 9, 1)
    path = write(readings, tmp_path / "vel.csv", columns=range(773000, 773020))
    matrix = np.where(RNG.random((20, 20)) < 0.2, RNG.random((20, 20)), 0)
    sparse.save_npz(tmp_path / "adj.npz", sparse.csc_matrix(matrix))
    data = readers.open(tmp_path)
    assert data.sensors == [str(name) for name in range(773000, 773020)]
    np.testing.assert_array_equal(data.values[:, :, 0], readings.astype(np.float32))
    assert data.edges is not None
    dense = np.zeros((20, 20))
    dense[data.edges[0], data.edges[1]] = data.edges[2]
    np.testing.assert_allclose(dense, matrix)
    assert readers.open(write(readings, path)).edges is not None


@pytest.mark.parametrize("name", ["PEMS03.csv", "adj_PEMS03.npy", "distance.csv"])
def test_a_pems_set_with_ids_and_a_dense_or_listed_graph(name: str, tmp_path: Path) -> None:
    """PEMS03.txt names the columns; the graph speaks of ids where it is a list and of columns where it is a matrix."""
    ids = ["317842", "318711", "315955", "318780", "318086", "318180"]
    np.savez(tmp_path / "PEMS03.npz", data=values()[:, :, None])
    (tmp_path / ("index.txt" if name == "distance.csv" else "PEMS03.txt")).write_text("\n".join(ids) + "\n")
    matrix = np.triu(RNG.integers(0, 2, (SENSORS, SENSORS)), 1) + np.eye(SENSORS, k=1, dtype=int)
    if name == "distance.csv":
        rows = [f"{ids[a]},{ids[b]},{100 + a}" for a, b in np.argwhere(matrix)]
        (tmp_path / name).write_text("\n".join(["from,to,distance", *rows]))
    elif name.endswith(".npy"):
        np.save(tmp_path / name, matrix)
    else:
        write(matrix, tmp_path / name)
    for data in (readers.open(tmp_path), readers.open(tmp_path / "PEMS03.npz")):
        assert data.sensors == ids
        assert data.edges is not None
        assert np.array_equal(np.stack(data.edges[:2], axis=1), np.argwhere(matrix))


@pytest.mark.parametrize(
    ("name", "start"), [("los_speed", "2012-03-01"), ("metr-la", "2000-01-03"), ("week", "2000-01-03")]
)
def test_a_week_of_many_sensors_is_t_gcns_only_by_name(name: str, start: str, tmp_path: Path) -> None:
    write(np.round(30 + RNG.random((2016, 207)) * 9, 2), tmp_path / f"{name}.csv")
    data = readers.open(tmp_path / f"{name}.csv")
    assert data.time[0] == pd.Timestamp(start)
    assert ("2012-03-01" in found(data, "start").choices) == (name == "metr-la")


PEMS = [("PEMS08", 17856, True), ("data_pems08", 17856, True), ("PEMS08", 2016, False), ("any", 17856, False)]


@pytest.mark.parametrize(("name", "steps", "known"), PEMS)
def test_only_a_whole_pems_set_has_the_published_start(name: str, steps: int, known: bool, tmp_path: Path) -> None:
    np.savez(tmp_path / f"{name}.npz", data=np.full((steps, 170), 5.0) + np.arange(170) + np.arange(steps)[:, None] % 9)
    data = readers.open(tmp_path / f"{name}.npz")
    assert data.time[0] == pd.Timestamp("2016-07-01" if known else "2000-01-03")
    said = found(data, "start")
    assert ("assumed" in said.text) is not known
    assert ("2016-07-01" in said.choices) == ((name, steps) == ("PEMS08", 2016))
    assert readers.open(tmp_path / f"{name}.npz", {"start": "2016-07-01"}).time[0] == pd.Timestamp("2016-07-01")


# ---- Parquet --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("steps", ["down", "across", "across, ids as index"])
def test_a_bare_table_may_be_parquet(steps: str, tmp_path: Path) -> None:
    frame = pd.DataFrame(values(), columns=IDS)
    if steps == "across":
        frame = (
            frame.T.set_axis([f"t{step}" for step in range(len(frame))], axis=1).rename_axis("sensor_id").reset_index()
        )
    elif steps != "down":
        frame = frame.T.set_axis([f"t{step}" for step in range(len(frame))], axis=1)
    frame.to_parquet(tmp_path / "speed.parquet")
    data = readers.open(tmp_path / "speed.parquet", {} if steps == "down" else {"orientation": "steps-across"})
    assert data.ds.attrs["reader"] == "bare-table"
    assert (data.sensors, data.channels) == (IDS, ["speed"])
    np.testing.assert_array_equal(data.values[:, :, 0], values().astype(np.float32))
    assert data.ds.attrs["assumed"] == "start, step"


def test_square_parquet_and_parquet_with_text_are_no_bare_tables(tmp_path: Path) -> None:
    pd.DataFrame(np.eye(6), columns=list("abcdef")).to_parquet(tmp_path / "adj.parquet")
    assert "Parquet" in refused(tmp_path / "adj.parquet", "unknown-format")
    frame = pd.DataFrame(values(), columns=IDS).assign(note="dry")
    frame.to_parquet(tmp_path / "noted.parquet")
    assert "Parquet" in refused(tmp_path / "noted.parquet", "unknown-format")
