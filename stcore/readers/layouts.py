"""Saving: any dataset as one file of our own, or in the layout of another program, so that cleaned data can go back there."""

import shutil
import tempfile
from pathlib import Path
from typing import NamedTuple

from stcore import registry
from stcore.data import STData
from stcore.findings import refuse
from stcore.readers.reader import Writer


class Layout(NamedTuple):
    """A way to write data: its name, the reader that reads it back, a description, and the suffix of its file or folder."""

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
    """All layouts by name: ours, then those of readers from other packages, under the name of the reader."""
    ours = {layout.name: layout for layout in OURS}
    here = {layout.reader for layout in OURS}
    others = {
        name: Layout(name, name, card.summary, "")
        for name, card in registry.cards("readers").items()
        if name not in here and card.load().write
    }
    return ours | others


def save(data: STData, path: Path, layout: str = "netcdf") -> list[str]:
    """Write a dataset as a new file or folder in a layout; returns sentences that say what the layout cannot hold.

    Raises DataError for an unknown layout, a path that exists, and values that the layout cannot hold. Raises OSError where
    the path cannot be written; then nothing is left behind.
    """
    if layout not in (available := layouts()):
        raise refuse("layout", f"Data cannot be written as {layout!r}; the layouts are {', '.join(available)}.")
    if path.exists() or path.is_symlink():
        raise refuse("exists", f"There is a file or folder {path} already; nothing was written.")
    if not path.parent.is_dir():
        raise refuse("not-found", f"There is no folder {path.parent} to write {path.name} into.")
    write: Writer = registry.card("readers", available[layout].reader).load().write
    try:
        return write(data, path)
    except BaseException:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
        raise


def pack(data: STData, name: str, layout: str) -> tuple[str, bytes, list[str]]:
    """A dataset in a layout as one file to download: its name, its bytes (a folder as a zip), and what it cannot hold."""
    chosen = layouts()[layout]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}{chosen.suffix}"
        losses = save(data, path, layout)
        if path.is_dir():
            archive = Path(shutil.make_archive(str(Path(folder) / "packed"), "zip", folder, path.name))
            return f"{name}.zip", archive.read_bytes(), losses
        return path.name, path.read_bytes(), losses
