"""Saving: any dataset as one file of our own, and in the layouts of others, so that people can carry cleaned data back."""

import shutil
import tempfile
from pathlib import Path
from typing import NamedTuple

from stcore import registry
from stcore.data import STData
from stcore.findings import refuse
from stcore.readers.reader import Writer


class Layout(NamedTuple):
    """A way to write data: its name, the reader that reads it back, what it is, and how a file or folder of it is called."""

    name: str
    reader: str
    text: str
    suffix: str


OURS = (
    Layout("netcdf", "stdata", "one NetCDF file with everything in it, answers and map layers too", ".nc"),
    Layout("parquet", "parquet", "a folder: values, stations (GeoParquet) and edges, each a Parquet file", ""),
    Layout("zarr", "zarr", "a Zarr store, read in chunks", ".zarr"),
    Layout("basicts", "basicts", "a folder as BasicTS 1.x reads it, split into train, val and test", ""),
    Layout(
        "dcrnn", "metr-la-hdf5", "a folder as DCRNN and Graph WaveNet read it: HDF5, ids, locations, adj_mx.pkl", ""
    ),
    Layout("stemdist", "stemdist-pt", "a distilled set as STemDist reads it", ".pt"),
)


def layouts() -> dict[str, Layout]:
    """All layouts by name: ours, then those that readers of other packages bring, which are called like the reader."""
    known = {layout.name: layout for layout in OURS}
    here = {layout.reader for layout in OURS}
    others = {
        name: Layout(name, name, card.summary, "")
        for name, card in registry.cards("readers").items()
        if name not in here and card.load().write
    }
    return known | others


def save(data: STData, place: Path, layout: str = "netcdf") -> list[str]:
    """Write a dataset as a new file or folder in a layout; gives, in sentences, what the layout cannot hold.

    Raises DataError for an unknown layout, a place that exists, and values that the layout cannot hold; OSError where it
    cannot be written, and then nothing is left behind.
    """
    if layout not in (known := layouts()):
        raise refuse("layout", f"Data cannot be written as {layout!r}; they can as {', '.join(known)}.")
    if place.exists() or place.is_symlink():
        raise refuse("exists", f"There is a file or folder {place} already; nothing was written.")
    if not place.parent.is_dir():
        raise refuse("not-found", f"There is no folder {place.parent} to write {place.name} into.")
    write: Writer = registry.card("readers", known[layout].reader).load().write
    try:
        return write(data, place)
    except BaseException:
        if place.is_dir():
            shutil.rmtree(place, ignore_errors=True)
        else:
            place.unlink(missing_ok=True)
        raise


def packed(data: STData, name: str, layout: str) -> tuple[str, bytes, list[str]]:
    """A dataset in a layout as one file to hand over: its name, its bytes (a folder as a zip), and what it cannot hold."""
    chosen = layouts()[layout]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / f"{name}{chosen.suffix}"
        lost = save(data, place, layout)
        if place.is_dir():
            place = Path(shutil.make_archive(str(Path(folder) / "packed"), "zip", folder, place.name))
            return f"{name}.zip", place.read_bytes(), lost
        return place.name, place.read_bytes(), lost
