"""BasicTS 0.4 to 0.5.8: data.dat, float32 without a header [T, N, C], whose shape only desc.json tells."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from stcore.findings import Finding, refuse
from stcore.readers.basicts_held import Held, calendar_of, described, null_of, seconds_of, shares_of, split_at, texts
from stcore.readers.calendar_columns import NAMES, fits
from stcore.readers.limits import check_room, words
from stcore.readers.source import Folder, Source

PARTS = {"day of month": 31, "day of year": 366}
REGULAR = 0.9
"""Of the steps in a column of the time of day, this share is of one length."""


def sets(folder: Folder) -> list[list[Source]]:
    """data.dat and its description, where both are there."""
    files = [*folder.named("data.dat"), *folder.named("desc.json")]
    return [files] if [source.name.lower() for source in files] == ["data.dat", "desc.json"] else []


def read(files: list[Source]) -> Held:
    """Values of all channels but the calendar's, as they were measured, and the split in the description's shares."""
    data, description = files[0], described(files[1])
    shape = _shape(description, data, files[1])
    if not data.size:
        raise refuse("empty", f"{data.name} is empty.")
    cube = np.memmap(data.path, dtype="<f4", mode="r", shape=shape)
    names, findings = _names(description, cube, files[1])
    kept = [place for place, name in enumerate(names) if name not in NAMES]
    rest = [place for place, name in enumerate(names) if name in NAMES]
    check_room(4 * cube.nbytes * len(kept) // shape[2], data.name)
    calendar, more = calendar_of([names[place] for place in rest], np.array(cube[:, 0, rest]))
    held = Held(np.array(cube[:, :, kept]), [names[place] for place in kept], calendar)
    held.name, held.seconds = str(description.get("name", ""))[:80], seconds_of(description)
    held.null, held.findings = null_of(description), [*findings, *more]
    if shares := shares_of(description):
        held.split = split_at(shape[0], int(shape[0] * shares[0]), int(shape[0] * shares[1]))
        text = f"Training, validation and test are the parts that {files[1].name} names, {shares[0]:g} and {shares[1]:g} first."
        held.findings.append(Finding("note", "split", text))
    return held


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
            f"{where.name} says that {data.name} holds {' x '.join(map(str, shape))} numbers ({words(size)}), but it has "
            f"{data.size} bytes instead of {size}. Was it cut off, or is the description another set's?"
        )
        raise refuse("shape", text)
    return shape[0], shape[1], shape[2]


def _names(description: Mapping[str, Any], cube: np.ndarray, where: Source) -> tuple[list[str], list[Finding]]:
    """Names of the channels; without a description the first is the value, and the rest the calendar in BasicTS's order,
    but for what can be none, which stays a channel."""
    channels = cube.shape[2]
    names = [name.strip().lower() for name in texts(description.get("feature_description"))]
    if len(names) == channels and names[0] not in NAMES:
        plain = [name for name in names if name not in NAMES]
        if len(set(plain)) == len(plain) and all(plain):
            return names, []
    named = dict(enumerate(NAMES, 1))
    names = ["value"]
    for place in range(1, channels):
        calendar = place in named and _is_calendar(named[place], cube[:, :, place])
        names.append(named[place] if calendar else f"channel-{place + 1}")
    text = f"{where.name} does not name the {channels} features; they were taken as {', '.join(names)}."
    if others := [named[place] for place in range(1, min(channels, len(NAMES) + 1)) if names[place] not in NAMES]:
        text += f" What BasicTS would have in their place, {', '.join(others)}, they do not hold."
    return names, [Finding("note", "features", text)]


def _is_calendar(name: str, table: np.ndarray) -> bool:
    """Whether a feature [T, N] is the same for all nodes and runs as the calendar does: a share of the day by steps of one
    length, days by whole parts of the month and the year."""
    first = np.array(table[:, 0], np.float64)
    if not fits(name, first) or not (table == table[:, :1]).all():
        return False
    if name == "time of day":
        _, counts = np.unique(np.rint(np.diff(first) % 1 * 86_400), return_counts=True)
        return not len(counts) or bool(counts.max() >= REGULAR * counts.sum())
    if name not in PARTS:
        return True
    parts = first * PARTS[name]
    return bool(np.allclose(parts, np.rint(parts), atol=0.01))
