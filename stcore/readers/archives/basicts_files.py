"""BasicTS up to 0.5: data, index and scaler as pickles with scaled values (0.3), or a flat file with a description (0.4 on)."""

import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from stcore.findings import Finding, refuse
from stcore.readers.archives import calendar_columns
from stcore.readers.archives.basicts_parts import (
    BasictsData,
    calendar_of,
    null_of,
    read_description,
    seconds_of,
    shares_of,
    split_at,
    text_list,
)
from stcore.readers.archives.calendar_columns import NAMES, fits_calendar
from stcore.readers.safe import pickles
from stcore.readers.safe.limits import check_room, size_text
from stcore.readers.source import Folder, Source
from stcore.words import quantity

FILES = re.compile(r"(data|index|scaler)((_in_?\d+_out_?\d+)(_rescale_(true|false))?)?\.pkl")
STANDARD, LIMITS = "re_standard_transform", "re_min_max_transform"


def pickle_sets(folder: Folder) -> list[list[Source]]:
    """Each data file with its index and its scaler, matched by the lengths in their names."""
    files = {
        kind: [source for source in folder.named(f"{kind}*.pkl") if FILES.fullmatch(source.name.lower())]
        for kind in ("data", "index", "scaler")
    }
    if not (files["index"] or files["scaler"]):
        return []
    return [[data, *_partner(data, files["index"]), *_partner(data, files["scaler"])] for data in files["data"]]


def _partner(data: Source, others: list[Source]) -> list[Source]:
    """The file with the same name, else with the same lengths in it, else without any lengths."""
    lengths = _lengths(data)
    fitting = [source for source in others if _lengths(source) in (lengths, [])]
    suffix = data.name.lower().removeprefix("data")
    fitting.sort(key=lambda source: (not source.name.lower().endswith(suffix), _lengths(source) == [], source.name))
    return fitting[:1]


def _lengths(source: Source) -> list[str]:
    return re.findall(r"\d+", source.name)


def read_pickles(files: list[Source]) -> BasictsData:
    """Values [T, N, C] in their own unit, calendar columns, and the split of the index."""
    data = files[0]
    beside = {source.name.lower()[:5]: source for source in files[1:]}
    cube = _processed_data(pickles.load_pickle(data), data)
    names = _calendar_names(cube)
    values = cube[:, :, : cube.shape[2] - len(names)]
    calendar = {name: cube[:, 0, values.shape[2] + number] for number, name in enumerate(names)}
    channels = ["value"] if values.shape[2] == 1 else [f"channel-{number + 1}" for number in range(values.shape[2])]
    values, findings = _undo_scaling(values, beside.get("scale"), data)
    contents = BasictsData(values, channels, calendar, findings=findings)
    if index := beside.get("index"):
        contents.split, more = _index_split(pickles.load_pickle(index), len(cube), index)
        contents.findings += more
    return contents


def _processed_data(content: Any, data: Source) -> np.ndarray:
    cube = content.get("processed_data") if isinstance(content, Mapping) else None
    if not isinstance(cube, np.ndarray) or cube.ndim != 3 or cube.dtype.kind not in "fiu" or 0 in cube.shape:
        raise refuse("shape", f"{data.name} holds no array 'processed_data' of steps x nodes x features.")
    return cube


def _calendar_names(cube: np.ndarray) -> list[str]:
    """The names of the last features that are a calendar: equal for all sensors, in the range of their column."""
    for many in range(min(len(NAMES), cube.shape[2] - 1), 0, -1):
        names, tail = NAMES[:many], cube[:, :, cube.shape[2] - many :]
        if (tail == tail[:, :1]).all() and all(
            calendar_columns.fits_calendar(name, tail[:, 0, number]) for number, name in enumerate(names)
        ):
            return list(names)
    return []


def _undo_scaling(values: np.ndarray, scaler: Source | None, data: Source) -> tuple[np.ndarray, list[Finding]]:
    """Values as before BasicTS scaled them. Without its scaler they stay scaled, with a note."""
    if scaler is None:
        text = (
            f"{data.name} holds scaled values, and no scaler lies beside it: the values stay scaled and have no unit."
        )
        return values, [Finding("note", "scaled", text)]
    content = pickles.load_pickle(scaler)
    kind, numbers = (content.get("func"), content.get("args")) if isinstance(content, Mapping) else (None, None)
    keys = {STANDARD: ("std", "mean"), LIMITS: ("max_value", "min_value")}.get(str(kind))
    if keys is None or not isinstance(numbers, Mapping) or any(key not in numbers for key in keys):
        raise refuse("scaler", f"{scaler.name} holds no known scaler ({STANDARD} or {LIMITS}).")
    first, second = (_scale_number(numbers[key], values, scaler) for key in keys)
    if kind == STANDARD:
        raw, words = (
            values * first + second,
            f"multiplied by {_number_text(first)}, plus {_number_text(second)} (std and mean)",
        )
    else:
        raw = (values + 1) / 2 * (first - second) + second
        words = f"from -1 to 1 back to {_number_text(second)} to {_number_text(first)} (min and max)"
    fine = np.finfo(values.dtype if values.dtype.kind == "f" else np.float64).eps
    raw, zeros = _exact_zeros(raw, 8 * fine * np.maximum(np.abs(first), np.abs(second)))
    text = f"The values of {data.name} were scaled; the scaling was undone with {scaler.name}: {words}."
    text += f" {quantity(zeros, 'reading')} within rounding of zero became zero." if zeros else ""
    return raw, [Finding("repaired", "scaled", text)]


def _scale_number(part: Any, values: np.ndarray, scaler: Source) -> np.ndarray:
    """A number, or one for each sensor and feature. Where there are more features than in the values, the first count."""
    array = np.asarray(part, dtype=np.float64) if isinstance(part, int | float | np.ndarray) else np.array([])
    if array.ndim == 3 and array.shape[2] >= values.shape[2]:
        array = array[:, :, : values.shape[2]]
    fits = array.ndim in (0, 3) and all(own in (1, size) for own, size in zip(array.shape, values.shape, strict=False))
    if not fits or not array.size or not np.isfinite(array).all() or array.shape[:1] not in ((), (1,)):
        raise refuse("scaler", f"{scaler.name} holds numbers that do not fit values of shape {values.shape}.")
    return array


def _number_text(number: np.ndarray) -> str:
    return f"{float(number):.6g}" if number.ndim == 0 else f"{number.min():.6g} to {number.max():.6g} by sensor"


def _exact_zeros(raw: np.ndarray, within: np.ndarray) -> tuple[np.ndarray, int]:
    """Values within rounding of zero become exact zeros, since a zero may mean missing in these sets; and how many."""
    near = (np.abs(raw) <= within) & (raw != 0)
    return np.where(near, 0, raw), int(near.sum())


def _index_split(content: Any, steps: int, index: Source) -> tuple[np.ndarray, list[Finding]]:
    """[T] the split. Each part begins at the first forecast step of its first window."""
    parts = {name: _part_windows(content, name, steps, index) for name in ("train", "valid", "test")}
    begins = [int(parts[name][0, 1]) for name in ("valid", "test")]
    if not parts["train"][0, 1] < begins[0] < begins[1]:
        raise refuse("index", f"The parts of {index.name} do not follow one another in time.")
    split = np.repeat(["train", "validation", "test"], np.diff([0, *begins, steps]))
    counts = ", ".join(f"{len(windows)} {name}" for name, windows in parts.items())
    text = (
        f"The split is that of {index.name} ({counts} windows), at steps {begins[0]} and {begins[1]}. Windows across these "
        "borders are left out, since no part may see the steps of another."
    )
    return split, [Finding("note", "split", text)]


def _part_windows(content: Any, name: str, steps: int, index: Source) -> np.ndarray:
    """[W, 3] first step, first forecast step and end of each window."""
    rows = content.get(name) if isinstance(content, Mapping) else None
    try:
        windows = np.asarray(rows if rows is not None else [])
    except ValueError:  # rows of several lengths
        windows = np.array([])
    if windows.ndim != 2 or windows.shape[1] != 3 or windows.dtype.kind not in "iu":
        raise refuse("index", f"{index.name} lists no {name} windows of (first, now, end).")
    if windows.min() < 0 or windows.max() > steps or (np.diff(windows, axis=1) <= 0).any():
        raise refuse(
            "index", f"A {name} window of {index.name} lies outside the {steps} steps of the data, or is empty."
        )
    return windows


PARTS = {"day of month": 31, "day of year": 366}
REGULAR = 0.9
"""The share of steps in a column of the time of day that must have one length."""


def memmap_sets(folder: Folder) -> list[list[Source]]:
    """data.dat and its description, where both are there."""
    files = [*folder.named("data.dat"), *folder.named("desc.json")]
    return [files] if [source.name.lower() for source in files] == ["data.dat", "desc.json"] else []


def read_memmap(files: list[Source]) -> BasictsData:
    """Values of all channels that are no calendar, in their own unit, and the split in the shares of the description."""
    data, description = files[0], read_description(files[1])
    shape = _shape(description, data, files[1])
    if not data.size:
        raise refuse("empty", f"{data.name} is empty.")
    cube = np.memmap(data.path, dtype="<f4", mode="r", shape=shape)
    names, findings = _channel_names(description, cube, files[1])
    value_places = [number for number, name in enumerate(names) if name not in NAMES]
    calendar_places = [number for number, name in enumerate(names) if name in NAMES]
    check_room(4 * cube.nbytes * len(value_places) // shape[2], data.name)
    calendar, more = calendar_of([names[number] for number in calendar_places], np.array(cube[:, 0, calendar_places]))
    contents = BasictsData(np.array(cube[:, :, value_places]), [names[number] for number in value_places], calendar)
    contents.name, contents.seconds = str(description.get("name", ""))[:80], seconds_of(description)
    contents.null, contents.findings = null_of(description), [*findings, *more]
    if shares := shares_of(description):
        contents.split = split_at(shape[0], int(shape[0] * shares[0]), int(shape[0] * shares[1]))
        text = f"Training, validation and test have the shares in {files[1].name}: {shares[0]:g}, {shares[1]:g} and the rest."
        contents.findings.append(Finding("note", "split", text))
    return contents


def _shape(description: Mapping[str, Any], data: Source, where: Source) -> tuple[int, int, int]:
    shape = description.get("shape")
    if (
        not isinstance(shape, list)
        or len(shape) != 3
        or not all(isinstance(length, int) and not isinstance(length, bool) and length > 0 for length in shape)
    ):
        raise refuse(
            "shape", f"{where.name} does not say the shape of {data.name} as three lengths (steps, nodes, features)."
        )
    if (size := 4 * math.prod(shape)) != data.size:
        text = (
            f"{where.name} says that {data.name} holds {' x '.join(map(str, shape))} numbers ({size_text(size)}), but it has "
            f"{data.size} bytes instead of {size}. Was it cut off, or is the description another set's?"
        )
        raise refuse("shape", text)
    return shape[0], shape[1], shape[2]


def _channel_names(description: Mapping[str, Any], cube: np.ndarray, where: Source) -> tuple[list[str], list[Finding]]:
    """Names of the channels. Without a description, the first is the value and the others are the calendar in BasicTS's
    order; what cannot be a calendar stays a channel."""
    channels = cube.shape[2]
    names = [name.strip().lower() for name in text_list(description.get("feature_description"))]
    if len(names) == channels and names[0] not in NAMES:
        plain = [name for name in names if name not in NAMES]
        if len(set(plain)) == len(plain) and all(plain):
            return names, []
    named = dict(enumerate(NAMES, 1))
    names = ["value"]
    for number in range(1, channels):
        calendar = number in named and _is_calendar(named[number], cube[:, :, number])
        names.append(named[number] if calendar else f"channel-{number + 1}")
    text = f"{where.name} does not name the {channels} features; they were read as {', '.join(names)}."
    if others := [named[number] for number in range(1, min(channels, len(NAMES) + 1)) if names[number] not in NAMES]:
        text += f" They do not hold what BasicTS has there: {', '.join(others)}."
    return names, [Finding("note", "features", text)]


def _is_calendar(name: str, table: np.ndarray) -> bool:
    """Whether a feature [T, N] is equal for all sensors and moves as the calendar does: the time of day in steps of one
    length, days in whole parts of the month and the year."""
    first = np.array(table[:, 0], np.float64)
    if not fits_calendar(name, first) or not (table == table[:, :1]).all():
        return False
    if name == "time of day":
        _, counts = np.unique(np.rint(np.diff(first) % 1 * 86_400), return_counts=True)
        return not len(counts) or bool(counts.max() >= REGULAR * counts.sum())
    if name not in PARTS:
        return True
    parts = first * PARTS[name]
    return bool(np.allclose(parts, np.rint(parts), atol=0.01))
