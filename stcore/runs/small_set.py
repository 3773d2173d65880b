"""A distilled set that a run trains on: checked against the run's data, and kept in its folder."""

from pathlib import Path
from typing import Any

import numpy as np

from stcore import readers, registry
from stcore.data import STData
from stcore.data.windows import blocks
from stcore.distil.options import FILE
from stcore.findings import refuse
from stcore.options import OptionError, RunOptions
from stcore.readers.archives.start_times import step_text
from stcore.readers.archives.stemdist import set_fingerprint
from stcore.words import listing


def open_set(place: str, data: STData) -> STData:
    """The distilled set in a file, or in the folder of the run that made it. One that knows no step of its own, as a .pt
    does not, has that of ``data``. DataError where a folder holds several."""
    if not place.strip():
        raise refuse("distilled", "The name of the distilled set is empty.")
    path = Path(place).expanduser()
    if (path / "spec.json").is_file():
        path = path / FILE
        if not path.is_file():
            raise refuse("distilled", f"The run in {place} has made no distilled set, or has not made it yet.")
    held = sorted(file.name for file in path.iterdir() if file.suffix in (".nc", ".pt")) if path.is_dir() else []
    if len(held) > 1:
        raise refuse("distilled", f"{place} is a folder with {len(held)} files; choose one of them: {listing(held)}.")
    small, step = readers.open(path), step_text(data.step_seconds)
    return readers.open(path, {"step": step}) if step and "step" in small.assumed else small


def check_set(data: STData, options: RunOptions, small: STData) -> STData:
    """The distilled set; OptionError or DataError where it cannot be trained on in place of the data's own windows."""
    if options.data.samples == "cells":
        raise OptionError("a distilled set is trained on in windows; set data.samples to windows")
    if registry.card("masks", options.mask.get("name", "none")).off != "never":
        raise OptionError(
            "a mask says which of the data's sensors are on, and a distilled set has others; train without one"
        )
    if "start" not in small.ds:
        raise OptionError(f"{small.title} is no distilled set: it has no windows of its own")
    small = small.like(small.sensors, data.channels)
    parts, targets = blocks(small, options.data), small.channel(options.data.targets, small.channels[:1])
    after = parts.train.steps(np.arange(len(parts.train)))[:, options.data.lookback :]
    if not np.isfinite(small.values[after][..., targets]).any():
        raise refuse("distilled", f"The windows of {small.title} have nothing to forecast: every target is missing.")
    if not np.isclose(small.step_seconds, data.step_seconds):
        raise OptionError(
            f"the distilled set has a step of {small.step_seconds:g} s and the data one of {data.step_seconds:g} s; they do "
            "not belong together"
        )
    return small


def set_facts(small: STData) -> dict[str, Any]:
    """What a run remembers of the set; of one that was carried in a .pt, the fingerprint that it had before, and as
    ``kept`` that of the run's own copy."""
    windows, sensors = int(small.ds["start"].size), len(small.sensors)
    known = {"title": small.title, "fingerprint": set_fingerprint(small), "windows": windows, "sensors": sensors}
    return {**known, "kept": small.fingerprint}


def origins(small: STData, starts: np.ndarray) -> np.ndarray:
    """Where in the data's own time its windows lie [M]: where they came from, or evenly among ``starts`` [W] where nobody
    knows, or where they came from data that reached farther."""
    many = int(small.ds["start"].size)
    if "origin" in small.ds and (origin := np.sort(small.ds["origin"].values))[-1] <= starts[-1]:
        return origin.astype(np.int64)
    return starts[np.linspace(0, len(starts) - 1, many).round().astype(int)]
