"""PEMS sets of traffic research: an npz with ``data`` [T, N, F] or [T, N], which knows no times and no ids."""

import re
import zipfile
from typing import Any

import numpy as np
import xarray as xr

from stcore.findings import Finding, refuse
from stcore.readers.limits import check_room, words
from stcore.readers.reader import Answers, Raw, Reader
from stcore.readers.source import UNZIPPED_RATIO, Source
from stcore.readers.start import assumed_times
from stcore.registry import Card

CARD = Card(
    "pems-npz", "A numpy archive with data [steps, sensors, channels], as the PEMS sets come, and its from,to,cost table.",
    "Guo et al. 2019, ASTGCN; Song et al. 2020, STSGCN", "stcore.readers.pems:READER",
)  # fmt: skip
STARTS = {
    "pems03": ("2018-09-01", 26208, 358), "pems04": ("2018-01-01", 16992, 307),
    "pems07": ("2017-05-01", 28224, 883), "pems08": ("2016-07-01", 17856, 170),
}  # fmt: skip
CHANNELS = {"flow": "veh/5 min", "occupancy": "share", "speed": "mph"}
MOST_MEMBERS = 1000


def recognises(source: Source) -> float:
    """0.9 for an archive with a member data.npy."""
    return 0.9 if source.content == "zip" and "data.npy" in members(source) else 0.0


def members(source: Source) -> dict[str, zipfile.ZipInfo]:
    """What an archive holds by name, after a look at how large it would become."""
    try:
        with zipfile.ZipFile(source.path) as archive:
            listed = archive.infolist()
    except zipfile.BadZipFile as error:
        raise refuse("damaged", f"{source.name} is a damaged archive ({error}); copy or download it again.") from error
    if len(listed) > MOST_MEMBERS:
        raise refuse("bomb", f"{source.name} holds more than {MOST_MEMBERS} files; it was not opened.")
    total, packed = sum(member.file_size for member in listed), sum(member.compress_size for member in listed)
    if total > UNZIPPED_RATIO * max(packed, 1) and total > 2**26:
        raise refuse(
            "bomb",
            f"{source.name} unzips to {words(total)}, {total // max(packed, 1)} times its size; it was not opened.",
        )
    check_room(total, source.name)
    return {member.filename: member for member in listed}


def array(source: Source, name: str) -> np.ndarray:
    """One array of an archive; its header must agree with the size of its member before anything is allocated."""
    member = members(source)[name]
    with zipfile.ZipFile(source.path) as archive, archive.open(name) as file:
        version = np.lib.format.read_magic(file)
        header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, fortran, dtype = header(file, max_header_size=10_000)
        if dtype.hasobject:
            raise refuse(
                "runs-programs",
                f"{name} in {source.name} holds Python objects, which can run programs; it was not opened.",
            )
        start = file.tell()
        size = int(np.prod([int(length) for length in shape], dtype=object)) * dtype.itemsize
        if min(shape, default=1) < 0 or size != member.file_size - start:
            raise refuse(
                "damaged",
                f"{name} in {source.name} says it holds {words(size)} but has {words(max(member.file_size - start, 0))}.",
            )
        check_room(2 * size, source.name)
        raw = file.read(size)
    if len(raw) != size:
        raise refuse("damaged", f"{name} in {source.name} ends early; copy or download it again.")
    return np.frombuffer(raw, dtype=dtype).reshape(shape, order="F" if fortran else "C")


def read(source: Source, answers: Answers) -> Raw:
    """Values [T, N, F]; sensors are numbered by their column until a file beside gives ids."""
    values = array(source, "data.npy")
    if values.ndim == 2:
        values = values[:, :, None]
    if values.ndim != 3:
        raise refuse(
            "shape",
            f"'data' in {source.name} has {values.ndim} dims; (steps, sensors) or (steps, sensors, channels) are needed.",
        )
    steps, sensors, channels = values.shape
    known = next(
        (
            start
            for name, start in STARTS.items()
            if name in re.sub(r"[^a-z0-9]", "", source.stem) and start[2] == sensors
        ),
        None,
    )
    stamps, findings = assumed_times(steps, source.name, answers, known[0] if known else None)
    names, units = _channels(channels, source.stem)
    if known and steps != known[1]:
        findings.append(Finding("note", "length", f"The published set has {known[1]} steps; this file has {steps}."))
    attrs: dict[str, Any] = {"title": source.path.stem, "units": units, "positions": 1}
    ds = xr.Dataset(
        {"value": (("time", "sensor", "channel"), values)},
        coords={"time": stamps, "sensor": np.arange(sensors).astype(str), "channel": names}, attrs=attrs,
    )  # fmt: skip
    return Raw(ds, findings, {})


def _channels(number: int, stem: str) -> tuple[list[str], dict[str, str]]:
    if "pems" in stem and number in (1, 3):
        names = list(CHANNELS)[:number]
        return names, {name: CHANNELS[name] for name in names}
    names = ["value"] if number == 1 else [f"channel-{place + 1}" for place in range(number)]
    return names, {}


READER = Reader(recognises, read, order=40)
