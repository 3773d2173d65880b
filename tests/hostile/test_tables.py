"""Tables of text and Parquet as people have them: odd marks, odd dates, torn, lying, or made to do harm."""

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from data_samples.grids import write_grid
from data_samples.tables import write_wide_csv
from data_samples.values import IDS, STEPS, times, values
from hostile_tools import refused

import stcore.readers as readers
from stcore.readers.safe import limits


def csv(path: Path, rows: list[str], header: str = "time,a,b", encoding: str = "utf-8") -> Path:
    path.write_bytes("\n".join([header, *rows, ""]).encode(encoding))
    return path


def hours(number: int = 48, form: str = "%Y-%m-%d %H:%M") -> list[str]:
    return list(pd.date_range("2024-05-01", periods=number, freq="h").strftime(form))


def codes(data: readers.STData) -> list[str]:
    return [finding.code for finding in data.findings]


def test_a_netcdf_named_csv_and_the_other_way(tmp_path: Path) -> None:
    csv_named_nc = write_wide_csv(tmp_path).rename(tmp_path / "table.nc")
    data = readers.open(csv_named_nc)
    assert data.sensors == IDS
    assert "suffix" in codes(data)
    nc_named_csv = write_grid(tmp_path).rename(tmp_path / "grid.csv")
    assert readers.open(nc_named_csv).values.shape == (STEPS, 6, 1)


@pytest.mark.parametrize("separator", [";", "\t", "|"])
@pytest.mark.parametrize("decimal", [".", ","])
def test_other_marks(tmp_path: Path, separator: str, decimal: str) -> None:
    path = tmp_path / "t.csv"
    pd.DataFrame(values(), index=pd.Index(times(), name="Datum"), columns=IDS).to_csv(
        path, sep=separator, decimal=decimal
    )
    data = readers.open(path)
    np.testing.assert_array_equal(data.values[:, :, 0], values().astype(np.float32))
    assert data.sensors == IDS
    assert "dialect" in codes(data)


def test_thousands_marks(tmp_path: Path) -> None:
    rows = [f'{time};"1.{number:03d},5";{number},25' for number, time in enumerate(hours())]
    data = readers.open(csv(tmp_path / "t.csv", rows, "Zeit;a;b"))
    assert data.values[7, :, 0].tolist() == [1007.5, 7.25]


def test_a_comma_with_two_readings_is_asked(tmp_path: Path) -> None:
    path = csv(tmp_path / "t.csv", [f"{time};1,{number:03d};2,500" for number, time in enumerate(hours())], "time;a;b")
    assert "decimal comma" in refused(path, "decimal")
    assert readers.open(path, {"decimal": "comma"}).values[3, :, 0].tolist() == [np.float32(1.003), 2.5]
    assert readers.open(path, {"decimal": "thousands"}).values[3, :, 0].tolist() == [1003, 2500]


def test_commas_and_points_mixed(tmp_path: Path) -> None:
    rows = [f"{time};1,{number % 90 + 10};2.25" for number, time in enumerate(hours())]
    refused(csv(tmp_path / "t.csv", rows, "time;a;b"), "decimal")


@pytest.mark.parametrize(
    ("encoding", "told"), [("utf-8", False), ("utf-8-sig", False), ("cp1252", True), ("utf-16", True)]
)
def test_encodings(tmp_path: Path, encoding: str, told: bool) -> None:
    data = readers.open(
        csv(
            tmp_path / "t.csv",
            [f"{time},1,{number}" for number, time in enumerate(hours())],
            "time,Münster,Café",
            encoding,
        )
    )
    assert data.sensors == ["Münster", "Café"]
    assert ("encoding" in codes(data)) == told


def test_what_is_no_text(tmp_path: Path) -> None:
    rows = [f"{time},1,{number}" for number, time in enumerate(hours(2000))]
    path = csv(tmp_path / "t.csv", rows)
    path.write_bytes(path.read_bytes()[:20_000] + b"\x00\x01\xff" + path.read_bytes()[20_000:])
    refused(path, "encoding")
    path.write_bytes(bytes(range(256)) * 40)
    refused(path, "unknown-format")


DAY, MONTH = {"day-month": "day"}, {"day-month": "month"}
DATES = {
    "iso": ("%Y-%m-%d %H:%M", None),
    "iso with T": ("%Y-%m-%dT%H:%M:%S", None),
    "slashes, year first": ("%Y/%m/%d %H:%M", None),
    "dots": ("%d.%m.%Y %H:%M", None),
    "day first": ("%d/%m/%Y %H:%M", DAY),
    "month first": ("%m/%d/%Y %H:%M", MONTH),
    "two digits": ("%d.%m.%y %H:%M", None),
    "compact": ("%Y%m%d%H%M", None),
    "american": ("%m/%d/%Y %I:%M %p", MONTH),
}


@pytest.mark.parametrize("name", DATES)
def test_dates(tmp_path: Path, name: str) -> None:
    form, answers = DATES[name]
    path = csv(tmp_path / "t.csv", [f"{time},1,{number}" for number, time in enumerate(hours(form=form))])
    assert readers.open(path, answers).time.equals(pd.date_range("2024-05-01", periods=48, freq="h").as_unit("ns"))
    if answers:
        assert "day or with the month" in refused(path, "day-month")


def test_a_day_above_12_decides(tmp_path: Path) -> None:
    rows = [f"{time},1,{number}" for number, time in enumerate(hours(24 * 20, "%m/%d/%Y %H:%M"))]
    data = readers.open(csv(tmp_path / "t.csv", rows))
    assert data.time[-1] == pd.Timestamp("2024-05-20 23:00")


@pytest.mark.parametrize(("unit", "ticks"), [("s", 1), ("ms", 10**3), ("us", 10**6), ("ns", 10**9)])
def test_times_as_numbers(tmp_path: Path, unit: str, ticks: int) -> None:
    rows = [f"{(1714521600 + 300 * number) * ticks},1,{number}" for number in range(48)]
    data = readers.open(csv(tmp_path / "t.csv", rows, "timestamp,a,b"))
    assert (data.time[0], data.step_seconds) == (pd.Timestamp("2024-05-01"), 300)
    assert "epoch" in codes(data)


def test_times_with_offsets_become_utc(tmp_path: Path) -> None:
    form = [time.isoformat() for time in pd.date_range("2024-03-30", periods=72, freq="h", tz="Europe/Berlin")]
    data = readers.open(csv(tmp_path / "t.csv", [f"{time},1,{number}" for number, time in enumerate(form)]))
    assert data.zone == "UTC"
    assert data.time[0] == pd.Timestamp("2024-03-29 23:00")
    assert data.step_seconds == 3600
    assert "Some times" in refused(
        csv(tmp_path / "u.csv", [*[f"{time},1,2" for time in form[:9]], "2024-04-01 00:00,1,2"]), "time"
    )


@pytest.mark.parametrize(
    ("wrong", "said"), [("yesterday", "not understood"), ("2024-13-45 00:00", "not understood"), ("", "no time")]
)
def test_a_wrong_time_is_named_by_its_row(tmp_path: Path, wrong: str, said: str) -> None:
    rows = [f"{time},1,2" for time in hours()]
    rows[41] = f"{wrong},1,2"
    text = refused(csv(tmp_path / "t.csv", rows), "time")
    assert said in text
    assert "Row 42" in text


def test_ragged_torn_and_header_alone(tmp_path: Path) -> None:
    rows = [f"{time},1,2" for time in hours()]
    torn = csv(tmp_path / "torn.csv", rows)
    torn.write_text(torn.read_text().rstrip()[:-2])
    assert "Line 49" in refused(torn, "ragged") and "cut off" in refused(torn, "ragged")
    rows[20] += ",3"
    assert "Line 22" in refused(csv(tmp_path / "long.csv", rows), "ragged")
    assert "no rows" in refused(csv(tmp_path / "header.csv", []), "empty")
    refused(csv(tmp_path / "blank.csv", [], header="\n\n"))
    refused(csv(tmp_path / "quote.csv", [f'{hours()[0]},"1,2', *[f"{time},1,2" for time in hours()[1:]]]))


def test_words_among_numbers(tmp_path: Path) -> None:
    rows = [f"{time},1.5,{number}" for number, time in enumerate(hours(400))]
    rows[3], rows[9], rows[11] = f"{hours(4)[3]},err,7", f"{hours(10)[9]},--,7", f"{hours(12)[11]},N/A,7"
    data = readers.open(csv(tmp_path / "t.csv", rows))
    said = {finding.code: finding for finding in data.findings}
    assert said["text-in-numbers"].level == "repaired"
    assert "'err'" in said["text-in-numbers"].text
    assert np.isnan(data.values[[3, 9, 11], 0, 0]).all()
    half = [f"{time},{'on' if number % 2 else 1},2" for number, time in enumerate(hours(400))]
    assert "'on'" in refused(csv(tmp_path / "half.csv", half), "text-in-numbers")


def test_sensor_names_stay_text(tmp_path: Path) -> None:
    header = "time,001,1,=cmd|x,<b>bold</b>"
    data = readers.open(
        csv(tmp_path / "t.csv", [f"{time},1,2,3,{number}" for number, time in enumerate(hours())], header)
    )
    assert data.sensors == ["001", "1", "=cmd|x", "<b>bold</b>"]
    twice = csv(tmp_path / "u.csv", [f"{time},1,2" for time in hours()], "time,a,a")
    assert "more than once: a" in refused(twice, "duplicate-sensors")


def test_a_column_of_row_numbers_is_no_sensor(tmp_path: Path) -> None:
    rows = [f"{number},{time},{number % 7},5" for number, time in enumerate(hours())]
    assert readers.open(csv(tmp_path / "t.csv", rows, ",time,a,b")).sensors == ["a", "b"]


def test_a_table_without_a_header(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("\n".join(f"{time},{number}.5,2" for number, time in enumerate(hours())))
    data = readers.open(path)
    assert data.values[:3, 0, 0].tolist() == [0.5, 1.5, 2.5]
    assert data.sensors == ["1", "2"]


def test_a_table_without_times(tmp_path: Path) -> None:
    path = csv(tmp_path / "t.csv", [f"{number},1.5,2" for number in range(60)], "x,a,b")
    assert "column of times" in refused(path, "unknown-format")


def test_zipped_text_and_a_zip_bomb(tmp_path: Path) -> None:
    whole = write_wide_csv(tmp_path).read_bytes()
    (tmp_path / "table.csv.gz").write_bytes(gzip.compress(whole))
    assert readers.open(tmp_path / "table.csv.gz").sensors == IDS
    (tmp_path / "bomb.csv.gz").write_bytes(gzip.compress(b"time,a\n" + b"0" * 50_000_000))
    refused(tmp_path / "bomb.csv.gz")
    (tmp_path / "cut.csv.gz").write_bytes(gzip.compress(whole)[:-20])
    refused(tmp_path / "cut.csv.gz")


def test_all_streams_of_a_zipped_text_are_read(tmp_path: Path) -> None:
    whole = write_wide_csv(tmp_path).read_bytes()
    half = whole.index(b"\n", len(whole) // 2) + 1
    one, two = gzip.compress(whole[:half]), gzip.compress(whole[half:])
    (tmp_path / "two.csv.gz").write_bytes(one + two + bytes(512))
    assert readers.open(tmp_path / "two.csv.gz").steps == STEPS
    (tmp_path / "cut.csv.gz").write_bytes(one + two[:-20])
    refused(tmp_path / "cut.csv.gz", "cut-off")
    (tmp_path / "late.csv.gz").write_bytes(one + gzip.compress(b"0" * 50_000_000))
    refused(tmp_path / "late.csv.gz", "bomb")


def test_parquet_with_a_zone_and_with_text(tmp_path: Path) -> None:
    frame = pd.DataFrame(values(), columns=IDS)
    frame.insert(0, "time", times().tz_localize("Europe/Berlin"))
    frame.to_parquet(tmp_path / "zone.parquet")
    data = readers.open(tmp_path / "zone.parquet")
    assert (data.zone, data.ds.attrs["local_zone"]) == ("UTC", "Europe/Berlin")
    assert (data.local_time == times()).all()
    frame["words"] = "x"
    frame.to_parquet(tmp_path / "words.parquet")
    assert "'words'" in refused(tmp_path / "words.parquet", "not-numbers")


def test_a_parquet_larger_than_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run lengths make a small file of very many rows."""
    path = tmp_path / "long.parquet"
    pq.write_table(pa.table({"time": pa.array(np.zeros(3_000_000, "datetime64[ns]")), "a": np.zeros(3_000_000)}), path)
    assert path.stat().st_size < 100_000
    monkeypatch.setattr(limits, "free_memory", lambda: 50_000_000)
    assert "room" in refused(path, "too-large")


def test_a_file_larger_than_memory_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_wide_csv(tmp_path)
    monkeypatch.setattr(limits, "free_memory", lambda: 1000)
    assert "room" in refused(path, "too-large")


def test_a_sparse_file_of_a_terabyte(tmp_path: Path) -> None:
    with (tmp_path / "t.csv").open("wb") as file:
        file.write(b"time,a\n2024-01-01 00:00,1\n")
        file.truncate(10**12)
    refused(tmp_path / "t.csv")


def test_words_among_numbers_with_a_decimal_comma(tmp_path: Path) -> None:
    rows = [f"{time};{number},5;1.{number % 900 + 100},25" for number, time in enumerate(hours(400))]
    rows[7] = f"{hours(8)[7]};err;7"
    data = readers.open(csv(tmp_path / "t.csv", rows, "time;a;b"))
    assert np.isnan(data.values[7, 0, 0]) and np.isfinite(data.values).sum() == 799
    assert data.values[399, :, 0].tolist() == [399.5, 1499.25]


def test_readings_that_look_like_a_year_and_a_month_are_no_times(tmp_path: Path) -> None:
    rows = [f"{1000 + number}.5,{time},2" for number, time in enumerate(hours())]
    data = readers.open(csv(tmp_path / "t.csv", rows, "a,when,b"))
    assert (data.sensors, data.values[3, 0, 0]) == (["a", "b"], 1003.5)


def test_a_wide_table_with_a_date_and_a_time_of_day(tmp_path: Path) -> None:
    rows = [f"{time.replace(' ', ',')},{number},2" for number, time in enumerate(hours())]
    data = readers.open(csv(tmp_path / "t.csv", rows, "date,time,a,b"))
    assert data.sensors == ["a", "b"]
    assert data.step_seconds == 3600


def test_parquet_whose_rows_are_named_by_two_things_is_no_table_of_plain_numbers(tmp_path: Path) -> None:
    rows = pd.MultiIndex.from_product([range(10), range(10)])
    pd.DataFrame(np.random.default_rng(0).random((100, 4)), rows, list("abcd")).to_parquet(tmp_path / "two.parquet")
    assert "without a column of times" in refused(tmp_path / "two.parquet")
