"""PEMS sets of traffic research: an npz with ``data`` [T, N, F] or [T, N], without times and ids."""

import numpy as np
import xarray as xr

from stcore.findings import refuse
from stcore.readers.archives import torch_mts
from stcore.readers.archives.start_times import assumed_times, published_set
from stcore.readers.companions import network
from stcore.readers.reader import Answers, Raw, Reader
from stcore.readers.safe import numpy_files
from stcore.readers.source import Folder, Source
from stcore.registry import Card

CARD = Card(
    "pems-npz",
    "A numpy archive with data [steps, sensors, channels], as the PEMS sets come, and its from,to,cost table.",
    "Guo et al. 2019, ASTGCN; Song et al. 2020, STSGCN",
    "stcore.readers.archives.pems:READER",
)
CHANNELS = {"flow": "veh/5 min", "occupancy": "share", "speed": "mph"}


def recognises(source: Source) -> float:
    """0.9 for an archive with a member data.npy; 0 for scaled values (LargeST), sparse matrices and parts of a dataset."""
    if source.content != "zip":
        return 0.0
    names = set(numpy_files.members(source))
    other = names >= {"mean.npy", "std.npy"} or network.is_sparse(names)
    if "data.npy" not in names or other or torch_mts.members(Folder(source.path.parent)):
        return 0.0
    return 0.9


def read(source: Source, answers: Answers) -> Raw:
    """Values [T, N, F]. Sensors are numbered by column until a file beside them gives ids."""
    values = numpy_files.read_member(source, "data.npy")
    if values.ndim == 2:
        values = values[:, :, None]
    if values.ndim != 3:
        raise refuse(
            "shape",
            f"'data' in {source.name} has {values.ndim} dims; (steps, sensors) or (steps, sensors, channels) are needed.",
        )
    steps, sensors, channels = values.shape
    published = published_set(source.stem, sensors)
    stamps, findings = assumed_times(steps, source.name, answers, published and published.by_day())
    names, units = _channels(channels, source.stem)
    ds = xr.Dataset(
        {"value": (("time", "sensor", "channel"), values)},
        coords={"time": stamps, "sensor": np.arange(sensors).astype(str), "channel": names},
        attrs={"title": source.path.stem, "units": units},
    )
    return Raw(ds, findings, {}, numbered=True, likely_zone=published.zone if published else None)


def _channels(number: int, stem: str) -> tuple[list[str], dict[str, str]]:
    if "pems" in stem and number in (1, 3):
        names = list(CHANNELS)[:number]
        return names, {name: CHANNELS[name] for name in names}
    names = ["value"] if number == 1 else [f"channel-{number_of + 1}" for number_of in range(number)]
    return names, {}


READER = Reader(recognises, read, order=40)
