"""Long tables and folders of Parquet that ask for more than there is, or are not what they say."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from data_samples.values import raw
from hostile_tools import refused

import stcore.readers as readers
from stcore.data import STData
from stcore.readers.safe import limits


def test_few_rows_that_would_be_a_huge_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every row a sensor and a time of its own: 40 kB of rows would be 4 million cells."""
    stamps = pd.date_range("2024-01-01", periods=2000, freq="h").strftime("%Y-%m-%d %H:%M")
    frame = pd.DataFrame({"station": [f"s{n}" for n in range(2000)], "time": stamps, "value": 1.0})
    frame.to_csv(tmp_path / "rows.csv", index=False)
    monkeypatch.setattr(limits, "free_memory", lambda: 20_000_000)
    assert "2000 times and 2000 sensors" in refused(tmp_path / "rows.csv", "too-large")


@pytest.mark.slow
def test_a_long_name_repeated_many_times_needs_little_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dictionary makes 2 GB of text out of a small file; the names are never written out."""
    many = 200_000
    codes = pa.DictionaryArray.from_arrays(pa.array(np.zeros(many, np.int32)), pa.array(["x" * 10_000]))
    stamps = pa.array(np.arange(many) * 3600 * 10**9 + 10**18, pa.timestamp("ns"))
    pq.write_table(
        pa.table({"station": codes, "time": stamps, "value": np.arange(many) % 97}), tmp_path / "rows.parquet"
    )
    assert (tmp_path / "rows.parquet").stat().st_size < 3_000_000
    monkeypatch.setattr(limits, "free_memory", lambda: 200_000_000)
    data = readers.open(tmp_path / "rows.parquet")
    assert data.values.shape == (many, 1, 1)


def test_columns_of_lists_and_bytes_are_not_read(tmp_path: Path) -> None:
    frame = pd.DataFrame({"time": pd.date_range("2024", periods=50, freq="h"), "a": [[1, 2]] * 50, "b": range(50)})
    frame.to_parquet(tmp_path / "t.parquet")
    assert "'a'" in refused(tmp_path / "t.parquet", "not-numbers")


@pytest.mark.parametrize(
    "about",
    ["[]", "{", '{"channels": 3, "units": {}}', '{"channels": {}, "units": [1]}', "[" * 100_000, '{"units": {}}'],
)
def test_a_saved_folder_that_lies_about_itself(about: str, tmp_path: Path) -> None:
    readers.save(STData.of(raw()), tmp_path / "kept", "parquet")
    path = tmp_path / "kept" / "values.parquet"
    table = pq.read_table(path).replace_schema_metadata({b"stcore": about.encode()})
    pq.write_table(table, path)
    refused(tmp_path / "kept", "damaged")


def test_edges_of_a_saved_folder_that_lead_nowhere(tmp_path: Path) -> None:
    readers.save(STData.of(raw()), tmp_path / "kept", "parquet")
    edges = pd.DataFrame({"from": ["007"], "to": ["../../etc"], "weight": [1.0]})
    edges.to_parquet(tmp_path / "kept" / "edges.parquet")
    assert "../../etc" in refused(tmp_path / "kept", "edges")
    edges.assign(to="41", weight=-1.0).to_parquet(tmp_path / "kept" / "edges.parquet")
    assert "below zero" in refused(tmp_path / "kept", "edges")


@pytest.mark.parametrize("about", [{}, {"primary_column": "geometry"}, {"primary_column": 3, "columns": []}, [1]])
def test_geoparquet_with_other_metadata(about: object, tmp_path: Path) -> None:
    frame = pd.DataFrame({"id": ["a", "b"], "geometry": [b"\x01\x02", b"\x00"]})
    table = pa.Table.from_pandas(frame).replace_schema_metadata({b"geo": json.dumps(about).encode()})
    pq.write_table(table, tmp_path / "stations.parquet")
    refused(tmp_path / "stations.parquet")
    claims = {
        "primary_column": "geometry",
        "columns": {"geometry": {"geometry_types": ["Point"], "encoding": "WKB"}},
        "version": "1.0.0",
    }
    pq.write_table(table.replace_schema_metadata({b"geo": json.dumps(claims).encode()}), tmp_path / "stations.parquet")
    (tmp_path / "t.csv").write_text("\n".join(["time,a,b", *(f"2024-01-{n:02d},{n},2" for n in range(1, 30))]))
    assert "stations.parquet" in refused(tmp_path)
