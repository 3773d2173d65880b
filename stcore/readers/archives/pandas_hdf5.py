"""METR-LA and its kin: a pandas table in HDF5, read without pandas, so that nothing in the file can run.

pandas wrote the attributes in two generations, and times in nanoseconds or in microseconds; ``kind`` says which. Files of
Torch Spatiotemporal hold tables of places and of masks beside the values.
"""

import h5py
import xarray as xr

from stcore.findings import Finding, refuse
from stcore.readers.archives import dcrnn, pandas_frames
from stcore.readers.archives.pandas_frames import is_frame
from stcore.readers.archives.published import PACIFIC, published
from stcore.readers.companions import locations
from stcore.readers.reader import Answers, Raw, Reader
from stcore.readers.safe import hdf5
from stcore.readers.source import Source
from stcore.registry import Card
from stcore.words import listing

CARD = Card(
    "metr-la-hdf5", "A table of times x sensors as pandas writes it to HDF5 (METR-LA, PEMS-BAY, LargeST, AQI, EngRad).",
    "Li et al. 2018, DCRNN; Cini & Marisca 2022, Torch Spatiotemporal; pandas fixed format",
    "stcore.readers.archives.pandas_hdf5:READER",
)  # fmt: skip
KEYS = ("df", "speed", "t", "readings", "pm25", "actual", "data", "raw")
"""Names that published sets use, in the order in which they are preferred."""
KNOWN = {
    "metr-la": ("speed", "mph"),
    "metr_la": ("speed", "mph"),
    "pems-bay": ("speed", "mph"),
    "pems_bay": ("speed", "mph"),
}
TABLES = {"speed": ("speed", ""), "pm25": ("pm25", "µg/m³")}
"""Channel and unit by the table's name."""


def recognises(source: Source) -> float:
    """1 for a file with at least one pandas table."""
    if source.content != "hdf5":
        return 0.0
    with hdf5.opened(source.path, whole=False) as file:
        return float(bool(_tables(file)))


def read(source: Source, answers: Answers) -> Raw:
    """One table: values [T, N, C] with times and ids as text, and the places that another table of the file holds."""
    with hdf5.opened(source.path) as file:
        tables, placed, masks = _sorted(file, source)
        taken, findings = _choose(tables, answers, source)
        group = file[taken]
        pandas_frames.refuse_table_format(group, source.name)
        named = pandas_frames.columns(group, "axis0", source.name)
        values, sensors, channels = pandas_frames.cube(
            pandas_frames.values(group, named, source.name), named, source.name
        )
        ticks, zone = pandas_frames.times(group["axis1"], source.name)
    if values.shape[0] != len(ticks):
        raise refuse("shape", f"{source.name} holds {len(ticks)} times but {values.shape[0]} rows of values.")
    channel, unit = _known(source, taken)
    likely = {"likely_zone": zone_of} if (zone_of := _likely_zone(source, taken, len(sensors))) else {}
    attrs = {"units": {} if channels else {channel: unit}, "title": source.path.stem} | likely | zone
    ds = xr.Dataset(
        {"value": (("time", "sensor", "channel"), values)},
        coords={"time": ticks, "sensor": sensors, "channel": channels or [channel]}, attrs=attrs,
    )  # fmt: skip
    if placed:
        ds, more = locations.attach(ds, placed, answers)
        findings += more
    return Raw(ds, [*findings, *_told(masks, source)], {})


def _tables(file: h5py.File) -> list[str]:
    """Groups that pandas wrote, at the top or one level below, in preferred order."""
    found = [name for name, item in file.items() if isinstance(item, h5py.Group) and is_frame(item)]
    for parent, item in file.items():
        if isinstance(item, h5py.Group) and parent not in found:
            found += [
                f"{parent}/{name}" for name, inner in item.items() if isinstance(inner, h5py.Group) and is_frame(inner)
            ]
    return sorted(found, key=lambda name: (KEYS.index(name) if name in KEYS else len(KEYS), name))


def _sorted(file: h5py.File, source: Source) -> tuple[list[str], locations.Places | None, list[str]]:
    """Tables of values, the first one of places, and the names of masks; a file of masks alone holds them as values."""
    every = _tables(file)
    found = {name: held for name in every if (held := pandas_frames.coordinates(file[name], source.name))}
    masks = [name for name in every if "mask" in name.lower() and name not in found]
    tables = [name for name in every if name not in found and name not in masks]
    if not tables and not masks:
        text = f"{source.name} holds places alone ({listing(found)}), and no table of readings."
        raise refuse("no-values", text)
    first = next(iter(found), None)
    placed = locations.Places(*found[first], name=f"the table {first!r} of {source.name}") if first else None
    return (tables, placed, masks) if tables else (masks, placed, [])


def _choose(tables: list[str], answers: Answers, source: Source) -> tuple[str, list[Finding]]:
    if len(tables) == 1:
        return tables[0], []
    taken = answers.get("table", tables[0])
    choices = {name: f"open the table {name!r}" for name in tables}
    note = Finding("note", "table", f"{source.name} holds {len(tables)} tables; {taken!r} was taken.", choices, taken)
    if taken not in tables:
        raise refuse("table", f"There is no table {taken!r} in {source.name}; there are {', '.join(tables)}.", choices)
    return taken, [note]


def _told(masks: list[str], source: Source) -> list[Finding]:
    """Masks mark readings, to hide them in an evaluation; they are no values and were not applied."""
    if not masks:
        return []
    text = f"{source.name} holds masks beside the values ({listing(masks)}); they were left out, and no reading was hidden."
    return [Finding("note", "masks", text)]


def _known(source: Source, table: str) -> tuple[str, str]:
    """Channel and unit, where the set is known by its name."""
    named = [pair for name, pair in KNOWN.items() if source.stem.startswith(name)]
    return named[0] if named else TABLES.get(table, ("value", ""))


def _likely_zone(source: Source, table: str, sensors: int) -> str | None:
    """The zone of the published set of this name and size; LargeST's years are told by their size alone."""
    if table == "readings" and sensors == 8600:
        return PACIFIC
    known = published(source.stem, sensors)
    return known.zone if known else None


READER = Reader(recognises, read, order=10, write=dcrnn.write)
