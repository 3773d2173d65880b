"""A folder with one table per station: the stations, their times, and differences between the files."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from data_samples.tables import write_wide_csv
from data_samples.values import IDS, times, values
from hostile_tools import refused

import stcore.readers as readers
from stcore.data import STData
from stcore.findings import Finding


def found(data: STData, code: str) -> Finding:
    return next(finding for finding in data.findings if finding.code == code)


def station(place: int, first: int = 0, last: int = 96, **more: object) -> pd.DataFrame:
    stamps = times()[first:last].strftime("%Y-%m-%d %H:%M")
    return pd.DataFrame({"time": stamps, "NO2": values()[first:last, place], "temp": 20.0 + place, **more})


def write(folder: Path, frames: dict[str, pd.DataFrame], suffix: str = ".csv") -> Path:
    for name, frame in frames.items():
        frame.to_parquet(folder / f"{name}{suffix}") if suffix == ".parquet" else frame.to_csv(
            folder / f"{name}{suffix}", index=False
        )
    return folder


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".csv.gz"])
def test_names_are_ids_columns_are_channels_and_times_are_united(suffix: str, tmp_path: Path) -> None:
    frames = {"001": station(0), "002": station(1, 10, 60), "010": station(2, 40)}
    data = readers.open(write(tmp_path, frames, suffix))
    assert (data.sensors, data.channels) == (["001", "002", "010"], ["NO2", "temp"])
    assert (data.time == times()).all()
    wanted = values()[:, :3].copy()
    wanted[:10, 1] = wanted[60:, 1] = wanted[:40, 2] = np.nan
    np.testing.assert_array_equal(data.values[:, :, 0], wanted.astype(np.float32))
    assert data.ds.attrs["reader"] == "station-folder"
    assert "3 sensors" in found(data, "station-folder").text


def test_a_list_of_locations_matches_by_name(tmp_path: Path) -> None:
    write(tmp_path, {name.replace(" ", "-"): station(place) for place, name in enumerate(IDS)})
    rows = [f"{name.replace(' ', '-')},{50 + place},{8 + place}" for place, name in reversed(list(enumerate(IDS)))]
    (tmp_path / "stations.csv").write_text("\n".join(["id,lat,lon", *rows]))
    data = readers.open(tmp_path)
    assert data.locations is not None
    wanted = {name.replace(" ", "-"): 50 + place for place, name in enumerate(IDS)}
    assert data.locations[:, 0].tolist() == [wanted[name] for name in data.sensors]


def test_different_columns_are_a_question(tmp_path: Path) -> None:
    write(tmp_path, {"s1": station(0), "s2": station(1), "s3": station(2, wind=3.5).drop(columns="temp")})
    said = refused(tmp_path, "columns")
    assert "1 of 3 are in all" in said
    assert readers.open(tmp_path, {"columns": "common"}).channels == ["NO2"]
    every = readers.open(tmp_path, {"columns": "all"})
    assert every.channels == ["NO2", "temp", "wind"]
    assert np.isnan(every.values[:, 2, 1]).all() and np.isnan(every.values[:, :2, 2]).all()
    assert (every.values[:, 2, 2] == 3.5).all()


def test_a_duplicate_time_in_one_file_is_a_question_with_its_station(tmp_path: Path) -> None:
    twice = pd.concat([station(1), station(1, 5, 6).assign(NO2=1.0)])
    write(tmp_path, {"s1": station(0), "s2": twice})
    assert "s2 at 2024-05-06 01:15" in refused(tmp_path, "duplicate-times")
    assert readers.open(tmp_path, {"duplicate-times": "first"}).values[5, 1, 0] == np.float32(values()[5, 1])


def test_one_of_the_files_alone_opens_as_itself(tmp_path: Path) -> None:
    write(tmp_path, {"s1": station(0), "s2": station(1)})
    assert readers.open(tmp_path / "s1.csv").sensors == ["NO2", "temp"]


def test_tables_of_quantities_are_no_stations(tmp_path: Path) -> None:
    """As charged does it: a file per quantity, a column per station."""
    table = write_wide_csv(tmp_path)
    (tmp_path / "speed.csv").write_bytes(table.read_bytes().replace(b".5", b".6"))
    table.rename(tmp_path / "volume.csv")
    data = readers.open(tmp_path)
    assert data.ds.attrs["reader"] == "wide-table"
    assert data.sensors == IDS
    assert readers.open(tmp_path, {"values": "all"}).channels == ["speed", "volume"]


def test_files_with_and_without_offsets(tmp_path: Path) -> None:
    frames = {"s1": station(0), "s2": station(1)}
    frames["s2"]["time"] += "+02:00"
    assert "clock" in refused(write(tmp_path, frames), "time")
