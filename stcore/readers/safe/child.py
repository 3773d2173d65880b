"""Reading a file in a child process: the dataset, its findings and layers come back in one file."""

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
from stcore.readers.safe.limits import guard
from stcore.readers.source import Source

SECONDS = 3600
"""The longest time that one file may take. The caller waits, and may stop it."""
ABOUT = "about"


def read_apart(source: Source, reader: str, answers: Answers) -> Raw:
    """Read a file with the reader of that name, in a child process. DataError where the reader raises it or the child dies."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "raw.npz"
        sandbox.open_in_child(source.path, out, answers, SECONDS, ["--as", reader])
        return parse_raw(out)


def read_here(path: Path, reader: str, answers: Answers, out: Path) -> None:
    """The part of the child process."""
    with guard(path.name):
        write_raw(registry.card("readers", reader).load().read(Source(path.absolute()), answers), out)


def write_raw(raw: Raw, out: Path) -> None:
    """Write a raw dataset, not yet checked, with everything that its reader returned."""
    arrays: dict[str, Any] = {f"array {name}": _texts(raw.ds[name].values) for name in raw.ds.variables}
    about = {
        "dims": {str(name): list(raw.ds[name].dims) for name in raw.ds.variables},
        "coords": [str(name) for name in raw.ds.coords],
        "attrs": raw.ds.attrs,
        "findings": [asdict(finding) for finding in raw.findings],
        "layers": raw.layers,
        "numbered": raw.numbered,
        "likely_zone": raw.likely_zone,
    }
    np.savez(out, **arrays | {ABOUT: np.array(json.dumps(about, default=_plain))})


def _texts(array: np.ndarray) -> np.ndarray:
    """Text in arrays of objects as arrays of text, since objects are not written."""
    return array.astype(str) if array.dtype == object else array


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} cannot be written")


def parse_raw(out: Path) -> Raw:
    """Read what ``write_raw`` wrote."""
    with np.load(out) as archive:
        about = json.loads(str(archive[ABOUT]))
        parts = {name: (dims, archive[f"array {name}"]) for name, dims in about["dims"].items()}
    coords = {name: parts.pop(name) for name in about["coords"]}
    ds = xr.Dataset(parts, coords, about["attrs"])
    findings = [Finding(**finding) for finding in about["findings"]]
    return Raw(ds, findings, about["layers"], about["numbered"], about["likely_zone"])
