"""HDF5 of Torch Spatiotemporal and LargeST: two levels of columns, locations and masks beside the values, one file per year."""

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
from data_samples.hdf5 import write_air_quality, write_engrad, write_frame, write_years
from data_samples.values import IDS, SENSORS, STEPS, degrees, times, values
from hostile_tools import refused

import stcore.readers as readers
from stcore.data import STData
from stcore.findings import Finding

LEVELS = [[name for name in IDS for _ in range(2)], ["power", "wind"] * SENSORS]
CUBE = np.stack([values(), values() + 1], axis=2)


def found(data: STData, code: str) -> Finding:
    return next(finding for finding in data.findings if finding.code == code)


def codes(data: STData) -> set[str]:
    return {finding.code for finding in data.findings}


def same(table: np.ndarray, wanted: np.ndarray) -> None:
    np.testing.assert_array_equal(table, wanted.astype(np.float32))


@pytest.mark.parametrize("write", [write_air_quality, write_engrad])
def test_locations_match_by_id(write: Callable[[Path], Path], tmp_path: Path) -> None:
    data = readers.open(write(tmp_path))
    assert data.locations is not None
    np.testing.assert_array_equal(data.locations, degrees())
    assert "table" in found(data, "places").text


def test_the_evaluation_mask_is_reported_and_not_applied(tmp_path: Path) -> None:
    data = readers.open(write_air_quality(tmp_path))
    same(data.values[:, :, 0], values())
    assert "eval_mask" in found(data, "masks").text
    assert (data.channels, data.units) == (["pm25"], {"pm25": "µg/m³"})
    assert "table" not in codes(data)


def test_a_file_of_only_a_mask_opens_as_values(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "mask.h5", "w") as file:
        write_frame(file.create_group("eval_mask"), (values() > 50).astype(np.uint8), [IDS], times())
    assert set(np.unique(readers.open(tmp_path / "mask.h5").values)) == {0, 1}


def test_nodes_and_channels(tmp_path: Path) -> None:
    data = readers.open(write_engrad(tmp_path))
    assert data.channels == ["swr", "precipitation", "cloud"]
    assert data.sensors == IDS
    same(data.values, np.stack([values(), values() + 1, values() * 2], axis=2))


@pytest.mark.parametrize("order", ["channels first", "shuffled", "a column short", "channels as the first level"])
def test_columns_of_two_levels_in_any_order(order: str, tmp_path: Path) -> None:
    table, levels, names = CUBE.reshape(STEPS, -1), LEVELS, ("nodes", "channels")
    taken = np.arange(2 * SENSORS)
    if order == "channels first":
        taken = taken.reshape(SENSORS, 2).T.ravel()
    elif order == "shuffled":
        taken = np.random.default_rng(2).permutation(taken)
    elif order == "a column short":
        taken = taken[:-1]
    table, levels = table[:, taken], [[level[place] for place in taken] for level in levels]
    if order == "channels as the first level":
        levels, names = levels[::-1], ("channels", "nodes")
    with h5py.File(tmp_path / "data.h5", "w") as file:
        write_frame(file.create_group("actual"), table, levels, times(), names)
    data = readers.open(tmp_path / "data.h5")
    assert sorted(data.sensors) == sorted(IDS)
    assert set(data.channels) == {"power", "wind"}
    for place, name in enumerate(data.sensors):
        for number, channel in enumerate(data.channels):
            wanted = CUBE[:, IDS.index(name), ["power", "wind"].index(channel)]
            if order == "a column short" and (name, channel) == (IDS[-1], "wind"):
                wanted = np.full(STEPS, np.nan)
            same(data.values[:, place, number], wanted)


def broken(path: Path, change: Callable[[h5py.Group], None]) -> Path:
    with h5py.File(path, "w") as file:
        group = file.create_group("data")
        write_frame(group, CUBE.reshape(STEPS, -1), LEVELS, times(), ("nodes", "channels"))
        change(group)
    return path


def replaced(group: h5py.Group, name: str, held: np.ndarray) -> None:
    del group[name]
    group[name] = held


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("columns", lambda group: replaced(group, "axis0_label0", np.full(12, -1, np.int8))),
        ("columns", lambda group: replaced(group, "axis0_label1", np.full(12, 99, np.int8))),
        ("damaged", lambda group: replaced(group, "axis0_label0", np.zeros(3, np.int8))),
        ("damaged", lambda group: group.__delitem__("axis0_label1")),
        ("columns", lambda group: group.__delitem__("axis0_level1")),
        (
            "duplicate-sensors",
            lambda group: [
                replaced(group, f"{axis}_label1", np.zeros(12, np.int8)) for axis in ("axis0", "block0_items")
            ],
        ),
        ("shape", lambda group: replaced(group, "block0_items_label1", np.zeros(12, np.int8))),
    ],
)
def test_levels_that_do_not_fit(code: str, change: Callable[[h5py.Group], None], tmp_path: Path) -> None:
    assert "data.h5" in refused(broken(tmp_path / "data.h5", change), code)


def test_levels_cannot_ask_for_a_huge_cube(tmp_path: Path) -> None:
    """A column for each node with a channel of its own would be a cube of their square."""
    many = 100
    names = [f"n{number}" for number in range(many)]
    with h5py.File(tmp_path / "data.h5", "w") as file:
        write_frame(file.create_group("data"), np.zeros((3, many)), [names, names], times()[:3], ("nodes", "channels"))
        for axis in ("axis0", "block0_items"):
            for level in (0, 1):
                replaced(file["data"], f"{axis}_label{level}", np.arange(many, dtype=np.int16))
    assert "most would be missing" in refused(tmp_path / "data.h5", "columns")


def test_locations_are_no_values(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "places.h5", "w") as file:
        write_frame(file.create_group("stations"), degrees(), [["latitude", "longitude"]], IDS)
    assert "stations" in refused(tmp_path / "places.h5", "no-values")


def test_the_table_format_stays_refused(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "table.h5", "w") as file:
        group = file.create_group("df")
        group.attrs["pandas_type"] = np.bytes_("frame_table")
        group["table"] = np.zeros(4)
    assert "format='fixed'" in refused(tmp_path / "table.h5", "table-format")


def test_pems_bay_has_gaps_that_become_missing(tmp_path: Path) -> None:
    seen = np.r_[0:40, 52:STEPS]
    for unit in ("ns", "us"):
        path = tmp_path / f"pems-bay-{unit}.h5"
        with h5py.File(path, "w") as file:
            group = file.create_group("speed")
            write_frame(group, values()[seen], [IDS], times()[seen])
            replaced(group, "axis1", times()[seen].values.astype(f"datetime64[{unit}]").astype(np.int64))
            group["axis1"].attrs["kind"] = np.bytes_(f"datetime64[{unit}]" if unit == "us" else "datetime64")
        data = readers.open(path)
        assert (data.time == times()).all()
        assert np.isnan(data.values[40:52]).all()
        assert "12 time steps" in found(data, "gaps").text
        assert (data.channels, data.units) == (["speed"], {"speed": "mph"})


@pytest.mark.parametrize(
    ("tz", "zone", "local"),
    [
        (b"Europe/Berlin", "UTC", 2),
        (b"UTC", "UTC", 0),
        (b"N.", "unknown", 0),
        (b"", "unknown", 0),
        (b"cdatetime\ntimezone\np0\n(cdatetime\ntimedelta\np1\n(I0\nI0\nI0\ntp2\nRp3\ntp4\nRp5\n.", "UTC", 0),
    ],
)
def test_zones_as_pandas_keeps_them_without_opening_its_pickles(
    tz: bytes, zone: str, local: int, tmp_path: Path
) -> None:
    with h5py.File(tmp_path / "data.h5", "w") as file:
        write_frame(file.create_group("df"), values(), [IDS], times())
        file["df/axis1"].attrs["tz"] = np.bytes_(tz)
    data = readers.open(tmp_path / "data.h5")
    assert data.zone == zone
    assert (data.time == times()).all()
    assert data.local_time[0].hour == local


def test_largest_of_tsl_with_its_metadata_and_edges(tmp_path: Path) -> None:
    """Rows of the metadata are what the edges count, whatever the order of the columns is."""
    (tmp_path / "sensors").mkdir()
    rows = [f"{name},{lat},{lon},12" for name, (lat, lon) in zip(IDS, degrees(), strict=True)]
    (tmp_path / "sensors" / "metadata.csv").write_text("\n".join(["ID,Lat,Lng,District", *rows]) + "\n")
    np.savez(tmp_path / "sensors" / "adj.npz", np.array([[0, 1, 4], [1, 2, 5]]), np.array([0.5, 0.25, 1.0]))
    turned = [3, 0, 5, 1, 4, 2]
    for year, part in (("2018", slice(0, 50)), ("2019", slice(50, None))):
        (tmp_path / year).mkdir()
        with h5py.File(tmp_path / year / "data.h5", "w") as file:
            write_frame(
                file.create_group("readings"), values()[part][:, turned], [[IDS[n] for n in turned]], times()[part]
            )
    data = readers.open(tmp_path)
    assert data.ds.attrs["reader"] == "yearly-hdf5"
    same(data.values[:, :, 0], values()[:, turned])
    assert data.locations is not None and data.edges is not None
    np.testing.assert_array_equal(data.locations, degrees()[turned])
    named = {(data.sensors[a], data.sensors[b]): w for a, b, w in zip(*data.edges, strict=True)}
    assert named == {(IDS[0], IDS[1]): 0.5, (IDS[1], IDS[2]): 0.25, (IDS[4], IDS[5]): 1.0}


# ---- a file a year ---------------------------------------------------------------------------------------------------
def year(path: Path, part: slice, names: list[str], table: np.ndarray | None = None) -> None:
    columns = [IDS.index(name) if name in IDS else 0 for name in names]
    with h5py.File(path, "w") as file:
        write_frame(
            file.create_group("t"), values()[part][:, columns] if table is None else table, [names], times()[part]
        )


def test_years_are_joined_with_a_finding(tmp_path: Path) -> None:
    where = write_years(tmp_path)
    data = readers.open(where)
    text = found(data, "joined").text
    assert "ca_his_raw_2018.h5 (2024-05-06 00:00 to 2024-05-06 09:45)" in text
    assert data.title == "largest"
    one = readers.open(where / "ca_his_raw_2019.h5")
    assert one.steps == STEPS - 40
    (where / "ca_his_raw_2018.h5").write_bytes((where / "ca_his_raw_2018.h5").read_bytes()[:900])
    assert "ca_his_raw_2018.h5" in refused(where, "damaged")


def test_columns_in_another_order_and_years_by_their_times(tmp_path: Path) -> None:
    """The names of the files do not decide; the order of the first columns does."""
    turned = IDS[::-1]
    year(tmp_path / "sd_his_2020.h5", slice(0, 40), IDS)
    year(tmp_path / "sd_his_2019.h5", slice(40, 90), turned)
    data = readers.open(tmp_path)
    assert data.sensors == IDS
    same(data.values[:, :, 0], values()[:90])


def test_other_sensors_in_one_file_are_a_question(tmp_path: Path) -> None:
    year(tmp_path / "sd_2019.h5", slice(0, 40), IDS[:5])
    year(tmp_path / "sd_2020.h5", slice(40, 96), [IDS[5], *IDS[1:4]])
    text = refused(tmp_path, "sensors")
    assert "sd_2019.h5 5, sd_2020.h5 4" in text and "6 together, 3 of them in every file" in text
    common = readers.open(tmp_path, {"sensors": "common"})
    assert common.sensors == IDS[1:4]
    same(common.values[:, :, 0], values()[:, 1:4])
    every = readers.open(tmp_path, {"sensors": "all"})
    assert every.sensors == IDS
    wanted = values()
    wanted[40:, [0, 4]], wanted[:40, 5] = np.nan, np.nan
    same(every.values[:, :, 0], wanted)
    assert found(every, "sensors").level == "repaired"
    every.save(tmp_path / "saved.nc")
    assert readers.open(tmp_path / "saved.nc").answers["sensors"] == "all"


def test_nothing_in_common_and_overlaps(tmp_path: Path) -> None:
    year(tmp_path / "sd_2019.h5", slice(0, 60), IDS)
    year(tmp_path / "sd_2020.h5", slice(50, 96), IDS)
    data = readers.open(tmp_path)
    same(data.values[:, :, 0], values())
    assert "10 times appeared more than once" in found(data, "duplicate-times").text
    year(tmp_path / "sd_2020.h5", slice(50, 96), [f"x{n}" for n in range(SENSORS)])
    assert "No sensor is left" in refused(tmp_path, "sensors", {"sensors": "common"})
    year(tmp_path / "sd_2020.h5", slice(50, 96), [IDS[0]] * SENSORS)
    assert "sd_2020.h5 has sensor" in refused(tmp_path, "duplicate-sensors")


def test_years_of_other_things_are_not_joined(tmp_path: Path) -> None:
    year(tmp_path / "sd_2019.h5", slice(0, 60), IDS)
    with h5py.File(tmp_path / "sd_2020.h5", "w") as file:
        write_frame(file.create_group("t"), CUBE.reshape(STEPS, -1), LEVELS, times(), ("nodes", "channels"))
    assert "sd_2020.h5 has power, wind" in refused(tmp_path, "files-differ")
    with h5py.File(tmp_path / "sd_2020.h5", "w") as file:
        write_frame(file.create_group("t"), values(), [IDS], times())
        replaced(file["t"], "axis1", 1_700_000_000 + 900 * np.arange(STEPS))
    assert "different kinds" in refused(tmp_path, "files-differ")


def test_a_year_among_other_files_is_still_one_file(tmp_path: Path) -> None:
    year(tmp_path / "sd_2019.h5", slice(0, 60), IDS)
    year(tmp_path / "ca_2019.h5", slice(0, 60), IDS[:3])
    data = readers.open(tmp_path)
    assert data.ds.attrs["reader"] == "metr-la-hdf5"
    assert found(data, "values").chosen == "ca_2019.h5"


def test_published_sets_offer_their_zone_and_do_not_assume_it(tmp_path: Path) -> None:
    names = [f"{767000 + number}" for number in range(207)]
    table = 40 + np.random.default_rng(0).random((60, 207))
    with h5py.File(tmp_path / "metr-la.h5", "w") as file:
        write_frame(file.create_group("df"), table, [names], pd.date_range("2012-03-11", periods=60, freq="h"))
    data = readers.open(tmp_path / "metr-la.h5")
    assert data.zone == "unknown"
    assert list(found(data, "zone").choices) == ["unknown", "America/Los_Angeles", "<zone>"]
    text = refused(tmp_path / "metr-la.h5", "clock-change", {"zone": "America/Los_Angeles"})
    assert "2012-03-11 02:00" in text
    assert readers.open(tmp_path / "metr-la.h5", {"zone": "America/Phoenix"}).zone == "America/Phoenix"
    np.savez(tmp_path / "PEMS08.npz", data=np.random.default_rng(0).random((40, 170, 3)))
    assert "America/Los_Angeles" in found(readers.open(tmp_path / "PEMS08.npz"), "zone").choices


def test_metr_la_week_and_its_zone(real_data: Path) -> None:
    data = readers.open(real_data / "metr-la-week", {"zone": "America/Los_Angeles"})
    assert data.zone == "America/Los_Angeles"
    assert "clock-change" not in codes(data) and "doubled-hour" not in codes(data)
