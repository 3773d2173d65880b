"""BasicTS 1.x, reading and writing: train, val and test arrays [L, N] with timestamps [L, K], split before windows are cut."""

import csv
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from stcore.data import STData
from stcore.findings import Finding, refuse
from stcore.options import DataOptions
from stcore.readers.archives.basicts_parts import (
    BasictsData,
    calendar_of,
    null_of,
    read_description,
    seconds_of,
    split_at,
    text_list,
)
from stcore.readers.archives.calendar_columns import NAMES
from stcore.readers.safe import numpy_files
from stcore.readers.source import Folder, Source

PARTS = ("train", "val", "test")
DATA, STAMPS = [f"{part}_data.npy" for part in PARTS], [f"{part}_timestamps.npy" for part in PARTS]


def array_sets(folder: Folder) -> list[list[Source]]:
    """The three arrays, the timestamps that lie beside them, and the description."""
    beside = {source.name.lower(): source for source in folder.named(*DATA, *STAMPS, "meta.json")}
    names = [name for name in DATA if name in beside]
    if not names or ("meta.json" not in beside and len(names) < 3):
        return []
    return [[beside[name] for name in (*DATA, *STAMPS, "meta.json") if name in beside]]


def read_arrays(files: list[Source]) -> BasictsData:
    """Values [T, N, 1] of the three parts, one after another, in their own unit."""
    beside = {source.name.lower(): source for source in files}
    if missing := [name for name in DATA if name not in beside]:
        raise refuse("parts", f"{missing[0]} is missing: the parts of a BasicTS set follow one another in time.")
    parts = [_read_array(beside[name]) for name in DATA]
    if len({part.shape[1] for part in parts}) > 1:
        widths = ", ".join(f"{name} {part.shape[1]}" for name, part in zip(DATA, parts, strict=True))
        raise refuse("shape", f"The parts have different numbers of sensors: {widths}.")
    description = read_description(beside["meta.json"]) if "meta.json" in beside else {}
    lengths = [len(part) for part in parts]
    calendar, findings = _read_calendar(beside, lengths, text_list(description.get("timestamps_description")))
    contents = BasictsData(
        np.concatenate(parts)[:, :, None], [str(description.get("domain") or "value")[:80].strip() or "value"], calendar
    )
    contents.name, contents.seconds, contents.null = (
        str(description.get("name", ""))[:80],
        seconds_of(description),
        null_of(description),
    )
    contents.split = split_at(sum(lengths), *lengths[:2])
    text = f"Training, validation and test are the three files, {', '.join(map(str, lengths))} steps; no window crosses them."
    contents.findings = [*findings, Finding("note", "split", text)]
    shape = description.get("shape")
    if shape is not None and shape != (own := [sum(lengths), parts[0].shape[1]]):
        contents.findings.append(
            Finding("note", "described", f"meta.json says {str(shape)[:80]} values; the files hold {own}.")
        )
    return contents


def _read_array(source: Source) -> np.ndarray:
    table = numpy_files.read_npy(source)
    if table.ndim != 2 or table.dtype.kind not in "fiu" or 0 in table.shape:
        raise refuse("shape", f"{source.name} holds {table.dtype} of shape {table.shape}; steps x sensors are needed.")
    return table


def _read_calendar(
    beside: dict[str, Source], lengths: list[int], names: list[str]
) -> tuple[dict[str, np.ndarray], list[Finding]]:
    """Calendar columns [T] of all parts by name; empty where a part has no timestamps."""
    if not all(name in beside for name in STAMPS):
        return {}, []
    tables = [_read_array(beside[name]) for name in STAMPS]
    for table, length, name in zip(tables, lengths, STAMPS, strict=True):
        if len(table) != length or table.shape[1] != tables[0].shape[1]:
            raise refuse("shape", f"{name} holds {table.shape} timestamps for {length} steps of data.")
    width = tables[0].shape[1]
    names = [name.strip().lower() for name in names] if len(names) == width else list(NAMES[:width])
    names += [f"timestamp {place + 1}" for place in range(len(names), width)]
    return calendar_of(names, np.concatenate(tables))


# ---- writing -------------------------------------------------------------------------------------------------------
def write(data: STData, path: Path) -> list[str]:
    """The six arrays, meta.json, adj_mx.npy where there is a graph, and meta.csv where there are locations."""
    if len(data.channels) > 1:
        raise refuse(
            "channels",
            f"BasicTS 1.x keeps one channel, and these data have {len(data.channels)} ({', '.join(data.channels)[:200]}). "
            "Keep one of them first.",
        )
    ends = [0, *_part_ends(data)]
    stamps = _calendar_table(data)
    path.mkdir()
    for part, (first, last) in zip(PARTS, pairwise(ends), strict=True):
        np.save(path / f"{part}_data.npy", data.values[first:last, :, 0])
        np.save(path / f"{part}_timestamps.npy", stamps[first:last])
    lengths = np.diff(ends) / data.steps
    (path / "meta.json").write_text(
        json.dumps(_description_of(data, lengths.round(6).tolist()), indent=4) + "\n", encoding="utf-8"
    )
    return [*_losses(data), *_write_graph(data, path), *_write_places(data, path)]


def _part_ends(data: STData) -> list[int]:
    """The ends of the parts: the data's own split, else the default shares; DataError where its parts are out of order."""
    if "split" not in data.ds:
        return [*np.round(np.cumsum(DataOptions().split) * data.steps).astype(int)[:2].tolist(), data.steps]
    names = data.ds["split"].values.astype(str)
    ends = np.cumsum([(names == part).sum() for part in ("train", "validation", "test")])
    if not np.array_equal(names, np.repeat(["train", "validation", "test"], np.diff([0, *ends]))[: len(names)]):
        raise refuse("split", "The parts of these data do not follow one another in time, as they do in BasicTS.")
    return [int(end) for end in ends]


def _calendar_table(data: STData) -> np.ndarray:
    """[T, 4] time of day, day of week, month and year on the wall clock, as shares from 0."""
    clock = data.local_time
    second = (clock.hour * 60 + clock.minute) * 60 + clock.second
    columns = (second / 86_400, clock.day_of_week / 7, (clock.day - 1) / 31, (clock.day_of_year - 1) / 366)
    return np.stack([np.asarray(column) for column in columns], axis=1).astype(np.float32)


def _description_of(data: STData, shares: list[float]) -> dict[str, Any]:
    minutes = data.step_seconds / 60
    return {
        "name": data.title,
        "domain": data.channels[0],
        "frequency (minutes)": int(minutes) if minutes.is_integer() else minutes,
        "shape": [data.steps, len(data.sensors)],
        "timestamps_shape": [data.steps, len(NAMES)],
        "timestamps_description": list(NAMES),
        "num_time_steps": data.steps,
        "num_vars": len(data.sensors),
        "has_graph": data.edges is not None,
        "regular_settings": {
            "train_val_test_ratio": shares,
            "norm_each_channel": False,
            "rescale": True,
            "metrics": ["MAE", "RMSE", "MAPE"],
            "null_val": float("nan"),
        },
    }


def _losses(data: STData) -> list[str]:
    lost = [
        "BasicTS keeps the time of day and the day of the year, but no year and no zone: note when the times begin: "
        f"{data.local_time[0]}."
    ]
    if any(data.units.values()):
        lost.append(f"The units are lost ({', '.join(unit for unit in data.units.values() if unit)}).")
    return lost


def _write_graph(data: STData, path: Path) -> list[str]:
    """A dense matrix as an array. (BasicTS itself uses a pickle, and this program writes none here.)"""
    if data.edges is None:
        return []
    start, end, weight = data.edges
    matrix = np.zeros((len(data.sensors), len(data.sensors)), np.float32)
    matrix[start, end] = weight
    np.save(path / "adj_mx.npy", matrix)
    return [
        "The edges are in adj_mx.npy; BasicTS wants adj_mx.pkl, a pickle of this array, and pickles are not written here."
    ]


def _write_places(data: STData, path: Path) -> list[str]:
    if data.locations is None or not np.isfinite(data.locations).all():
        return ["BasicTS keeps no ids and no places of sensors; they are numbered from now on."]
    with (path / "meta.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["ID", "Lat", "Lng"])
        writer.writerows(
            [name, lat, lon] for name, (lat, lon) in zip(data.sensors, data.locations.tolist(), strict=True)
        )
    return []
