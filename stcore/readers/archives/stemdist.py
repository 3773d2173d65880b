"""STemDist's distilled sets: a .pt file with windows ``x`` [M, L, N, F] and ``y`` [M, H, N], and the clusters' sizes ``w``.

Our own files also hold ``mean`` and ``std`` [F], the names of the channels (``channels``, as bytes, one a line), and the
fingerprint of the set they were written from (``set`` [32], as bytes). The fingerprint says that runs on the file are runs on
that set, since standardised values do not come back to the last bit.
"""

import io
import re
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import ZipFile

import numpy as np

from stcore.data import STData
from stcore.findings import Finding, refuse
from stcore.readers.archives import series
from stcore.readers.reader import Answers, Raw, Reader
from stcore.readers.safe import tensors
from stcore.readers.source import Source
from stcore.registry import Card

CARD = Card(
    "stemdist-pt",
    "A distilled set or a coreset of STemDist: a .pt file with windows x and y, and perhaps weights w.",
    "STemDist 2026 (arXiv 2603.10410)",
    "stcore.readers.archives.stemdist:READER",
)
STANDARD = "standard deviations"


class Distilled(NamedTuple):
    """``inputs`` [M, L, N, F], ``targets`` [M, H, N], and ``weight`` or ``node`` [N] for the sensors, where given."""

    inputs: np.ndarray
    targets: np.ndarray
    weight: np.ndarray | None
    node: np.ndarray | None


def recognises(source: Source) -> float:
    """0.9 for torch's archive of a dict with x and y and with tensors."""
    if (name := tensors.pickle_member(source)) is None:
        return 0.0
    with ZipFile(source.path) as archive, archive.open(name) as file:
        head = file.read(2**16)
    named = all(b"X\x01\x00\x00\x00" + key in head for key in (b"x", b"y"))
    return 0.9 if named and b"torch._utils\n_rebuild_tensor" in head else 0.0


def read(source: Source, answers: Answers) -> Raw:
    """M blocks of L + H steps with ``start``, and the ``weight`` of each sensor. Targets are the last H steps of the first
    channel."""
    content = tensors.load_tensors(source)
    parts = _read_parts(content, source)
    values, scaled = _undo_scaling(_blocks(parts), content, source)
    windows, lookback, sensors, features = parts.inputs.shape
    names = _channel_names(content, features) or ["value"] + [f"channel-{number + 2}" for number in range(features - 1)]
    raw = series.numbered_series(values, names, source.path.stem, answers)
    length = lookback + parts.targets.shape[1]
    ds = raw.ds.assign(start=("window", length * np.arange(windows)))
    ds.attrs |= {"lookback": lookback, "horizon": length - lookback, "distilled": "{}", **_set_attribute(content)}
    if scaled.level == "note":
        ds.attrs["units"] = dict.fromkeys(ds["channel"].values.tolist(), STANDARD)
    if parts.weight is not None:
        ds = ds.assign(weight=("sensor", parts.weight.astype(np.float64)))
    if parts.node is not None:
        ds = ds.assign_coords(sensor=parts.node.astype(str))
    text = (
        f"{source.name} holds {windows} windows of {lookback} + {length - lookback} steps of {sensors} sensors or clusters; "
        "they follow one another and have no dates."
    )
    findings = [Finding("note", "distilled", text), scaled, *raw.findings]
    return raw._replace(ds=ds, findings=findings, numbered=parts.node is None)


def _read_parts(content: Any, source: Source) -> Distilled:
    """The arrays of the dict, with their shapes checked."""
    if not isinstance(content, dict) or not {"x", "y"} <= set(content):
        raise refuse("shape", f"{source.name} holds no dict with the tensors x and y, as a distilled set does.")
    x, y = content["x"], content["y"]
    for name, part, dims in (("x", x, (4,)), ("y", y, (3, 4))):
        if (
            not isinstance(part, np.ndarray)
            or part.ndim not in dims
            or part.dtype.kind not in "fiub"
            or 0 in part.shape
        ):
            what = f"an array of shape {part.shape}" if isinstance(part, np.ndarray) else f"a {type(part).__name__}"
            raise refuse("shape", f"{name!r} in {source.name} is {what}; windows x steps x sensors were expected.")
    y = y[..., 0] if y.ndim == 4 else y
    if (x.shape[0], x.shape[2]) != (y.shape[0], y.shape[2]):
        raise refuse(
            "shape", f"x and y in {source.name} have the shapes {x.shape} and {y.shape}, which do not fit together."
        )
    return Distilled(x, y, *(_by_sensor(content.get(name), name, x.shape[2], source) for name in ("w", "node")))


def _by_sensor(part: Any, name: str, sensors: int, source: Source) -> np.ndarray | None:
    """[N] weights above zero, or positions; dimensions of length one are dropped."""
    if part is None:
        return None
    array = np.asarray(part)
    kinds = "fiu" if name == "w" else "iu"
    if array.dtype.kind not in kinds or array.size != sensors or not np.isfinite(array).all() or array.min() < 0:
        raise refuse("shape", f"{name!r} in {source.name} does not hold a number for each of the {sensors} sensors.")
    if name == "w" and array.min() <= 0:
        raise refuse("weights", f"{int((array <= 0).sum())} of the weights 'w' in {source.name} are not above zero.")
    return array.ravel()


def _channel_names(content: dict[str, Any], features: int) -> list[str] | None:
    """The names of the channels, where the file has them."""
    names = (_bytes(content.get("channels")) or b"").decode("utf-8", "replace").split("\n")
    sound = len(names) == len(set(names)) == features and all(name.isprintable() and name.strip() for name in names)
    return names if sound else None


def _set_attribute(content: dict[str, Any]) -> dict[str, str]:
    """The fingerprint of the set that the file was written from, where it has one."""
    fingerprint = _bytes(content.get("set"))
    return {"set": fingerprint.hex()} if fingerprint and len(fingerprint) == 32 else {}


def _bytes(part: Any) -> bytes | None:
    """The bytes in a tensor of numbers from 0 to 255; None for anything else."""
    if not isinstance(part, np.ndarray) or not np.isin(part, np.arange(256)).all():
        return None
    return part.astype(np.uint8).tobytes()


def set_fingerprint(data: STData) -> str:
    """The fingerprint of a distilled set; for data from such a file, that of the set that the file was written from."""
    fingerprint = str(data.ds.attrs.get("set", ""))
    return fingerprint if re.fullmatch("[0-9a-f]{64}", fingerprint) else data.fingerprint


def _blocks(parts: Distilled) -> np.ndarray:
    """[M (L + H), N, F]; NaN at the target steps of the other channels, which have no readings."""
    many, lookback, sensors, features = parts.inputs.shape
    length = lookback + parts.targets.shape[1]
    values = np.full((many, length, sensors, features), np.nan, np.result_type(parts.inputs.dtype, np.float32))
    values[:, :lookback] = parts.inputs
    values[:, lookback:, :, 0] = parts.targets
    return values.reshape(many * length, sensors, features)


def _undo_scaling(values: np.ndarray, content: dict[str, Any], source: Source) -> tuple[np.ndarray, Finding]:
    """Values in their own units where the file holds ``mean`` and ``std`` [F]; else standardised, with a note."""
    mean, std = content.get("mean"), content.get("std")
    if not isinstance(mean, np.ndarray) or not isinstance(std, np.ndarray):
        text = (
            f"{source.name} holds standardised values but not their mean and std, those of the training set that it was "
            f"distilled from. The unit of its values is {STANDARD}."
        )
        return values, Finding("note", "scaled", text)
    scale = np.stack([mean.ravel(), std.ravel()]) if mean.size == std.size == values.shape[2] else np.zeros((2, 1))
    if not np.isfinite(scale).all() or (scale[1] <= 0).any():
        raise refuse("scaled", f"'mean' and 'std' in {source.name} are no scale of its {values.shape[2]} channels.")
    text = f"The values in {source.name} were standardised; they were multiplied by its 'std' and its 'mean' was added."
    return values.astype(np.float64) * scale[1] + scale[0], Finding("repaired", "scaled", text)


def write(data: STData, path: Path) -> list[str]:
    """A distilled set (blocks of equal length with ``start`` and ``weight``) as a dict of tensors that torch loads safely."""
    values, lookback = _windows(data)
    order = _channel_order(values, lookback)
    values = values[..., order]
    seen = np.isfinite(values)
    mean, std = np.zeros(values.shape[3]), np.ones(values.shape[3])
    if set(data.units.values()) != {STANDARD}:
        mean, std = (
            measure(values.astype(np.float64), axis=(0, 1, 2)).astype(np.float32) for measure in (np.nanmean, np.nanstd)
        )
        std[std == 0] = 1
    values = (values.astype(np.float64) - mean) / std
    weight = data.ds["weight"].values
    parts = {
        "x": values[:, :lookback],
        "y": values[:, lookback:, :, 0],
        "w": weight[None, None],
        "mean": mean,
        "std": std,
        "set": np.frombuffer(bytes.fromhex(set_fingerprint(data)), np.uint8),
        "channels": np.frombuffer("\n".join(data.channels[channel] for channel in order).encode(), np.uint8),
    }
    path.write_bytes(_torch_bytes(parts))
    losses = [
        "STemDist's file has no room for times, ids, units, locations, graph and findings.",
        "x and y are standardised, as STemDist's are; mean and std are kept beside them, and are those of this set.",
    ]
    if order[0] != 0:
        losses.append(f"STemDist forecasts the first channel: {data.channels[order[0]]} was put there.")
    if empty := len(data.channels) - len(order):
        losses.append(f"{empty} of {len(data.channels)} channels hold no reading and are left out.")
    if len(order) > 1:
        losses.append("At the target steps only the first channel is kept.")
    if not seen[:, :, :, 0].all():
        losses.append(
            f"{int((~seen[:, :, :, 0]).sum())} readings are missing and are written as NaN, which STemDist does not mask."
        )
    return losses


def _channel_order(values: np.ndarray, lookback: int) -> list[int]:
    """Channels of [M, L + H, N, C] with a reading; the first one has readings at the target steps."""
    is_known = np.isfinite(values)
    with_targets = np.flatnonzero(is_known[:, lookback:].any(axis=(0, 1, 2)))
    first = int(with_targets[0]) if len(with_targets) else 0
    others = [int(channel) for channel in np.flatnonzero(is_known.any(axis=(0, 1, 2))) if channel != first]
    return [first, *others]


def _windows(data: STData) -> tuple[np.ndarray, int]:
    """[M, L + H, N, C] and L; DataError where the data are no distilled set."""
    if "weight" not in data.ds or "start" not in data.ds:
        raise refuse(
            "layout", "Only a distilled set, windows with weights of their sensors, can be written for STemDist."
        )
    start = np.sort(data.ds["start"].values)
    length = data.steps // max(len(start), 1)
    if not np.array_equal(start, length * np.arange(len(start))) or length * len(start) != data.steps:
        raise refuse(
            "layout", "The windows of these data do not follow one another with one length, so they cannot be written."
        )
    lookback = int(data.ds.attrs.get("lookback", length // 2))
    if not 0 < lookback < length:
        raise refuse("layout", f"A lookback of {lookback} leaves nothing to forecast in windows of {length} steps.")
    return data.values.reshape(len(start), length, *data.values.shape[1:]), lookback


def _torch_bytes(parts: dict[str, np.ndarray]) -> bytes:
    """The bytes that torch writes. They are made in memory, so that the system, not torch, reports a full disk."""
    import torch

    buffer = io.BytesIO()
    torch.save({name: torch.from_numpy(np.ascontiguousarray(part, np.float32)) for name, part in parts.items()}, buffer)
    return buffer.getvalue()


READER = Reader(recognises, read, order=25, write=write)
