"""What a reader found, carried from the child process that read it to the one that asked."""

import json
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from stcore import registry, sandbox
from stcore.findings import Finding
from stcore.readers.reader import Answers, Raw
from stcore.readers.safe.guard import guarded
from stcore.readers.source import Source

SECONDS = 3600
"""Of work on one file; those who ask wait for it, and may end it."""
ABOUT = "about"


def read_apart(source: Source, reader: str, answers: Answers) -> Raw:
    """The file as the reader of that name reads it, in a child process. DataError, too, where the child comes to grief."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "found.npz"
        sandbox.take(source.path, out, answers, SECONDS, ["--as", reader])
        return parse(out)


def read_here(path: Path, reader: str, answers: Answers, out: Path) -> None:
    """The child's part of it."""
    with guarded(path.name):
        write(registry.card("readers", reader).load().read(Source(path.absolute()), answers), out)


def write(raw: Raw, out: Path) -> None:
    """A dataset as its reader made it, not yet checked, with findings and layers."""
    arrays: dict[str, Any] = {f"array {name}": _texts(raw.ds[name].values) for name in raw.ds.variables}
    about = {
        "dims": {str(name): list(raw.ds[name].dims) for name in raw.ds.variables},
        "coords": [str(name) for name in raw.ds.coords],
        "attrs": raw.ds.attrs,
        "findings": [asdict(finding) for finding in raw.findings],
        "layers": raw.layers,
    }
    np.savez(out, **arrays | {ABOUT: np.array(json.dumps(about, default=_plain))})


def _texts(array: np.ndarray) -> np.ndarray:
    """Texts of objects as texts, since objects are not carried."""
    return array.astype(str) if array.dtype == object else array


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} is not carried")


def parse(out: Path) -> Raw:
    """What ``write`` wrote."""
    with np.load(out) as held:
        about = json.loads(str(held[ABOUT]))
        parts = {name: (dims, held[f"array {name}"]) for name, dims in about["dims"].items()}
    coords = {name: parts.pop(name) for name in about["coords"]}
    ds = xr.Dataset(parts, coords, about["attrs"])
    return Raw(ds, [Finding(**finding) for finding in about["findings"]], about["layers"])
