"""Tensors that ``torch.save`` wrote, as numpy arrays and without torch: a zip archive with a pickle and the numbers beside it.

The restricted unpickler reads the pickle. The pickle may name torch's functions that rebuild a tensor; ours replace them and
only give views of numbers that the archive really holds.
"""

from collections.abc import Callable
from typing import Any
from zipfile import ZipFile

import numpy as np

from stcore.findings import refuse
from stcore.readers.safe import numpy_files, pickles
from stcore.readers.safe.limits import check_room
from stcore.readers.source import Source

KINDS = {
    "FloatStorage": "f4",
    "DoubleStorage": "f8",
    "HalfStorage": "f2",
    "BFloat16Storage": "bf2",
    "LongStorage": "i8",
    "IntStorage": "i4",
    "ShortStorage": "i2",
    "CharStorage": "i1",
    "ByteStorage": "u1",
    "BoolStorage": "?",
}
MOST_PICKLE = 2**24
"""Bytes of the pickle, which only describes how the numbers are laid out."""


def pickle_member(source: Source) -> str | None:
    """The name of the member with the pickle, where the archive is one of torch's."""
    if source.content != "zip":
        return None
    names = numpy_files.members(source)
    member = next((name for name in names if name == "data.pkl" or name.endswith("/data.pkl")), None)
    return member if member and f"{member.removesuffix('data.pkl')}version" in names else None


def load_tensors(source: Source) -> Any:
    """Dicts and lists with the tensors as arrays; DataError for a file that asks for more than that."""
    name = str(pickle_member(source))
    if numpy_files.members(source)[name].file_size > MOST_PICKLE:
        raise refuse("too-large", f"The pickle in {source.name} is larger than tensors need.")
    with ZipFile(source.path) as archive:
        raw = archive.read(name)
    more = {("torch", kind): code for kind, code in KINDS.items()}
    rebuild: dict[tuple[str, str], Any] = {
        ("torch._utils", "_rebuild_tensor_v2"): pickles.Call(_tensor),
        ("torch._utils", "_rebuild_parameter"): pickles.Call(lambda tensor, *_: tensor),
        ("collections", "OrderedDict"): pickles.Call(dict),
    }
    return pickles.load_with(raw, source, more | rebuild, _storage(source, name.removesuffix("data.pkl")))


def _storage(source: Source, prefix: str) -> Callable[[Any], np.ndarray]:
    """A function that returns the numbers [M] for ``("storage", kind, key, device, M)``. Each array is read once."""
    members = numpy_files.members(source)
    read: dict[tuple[str, str], np.ndarray] = {}

    def storage(pid: Any) -> np.ndarray:
        if not isinstance(pid, tuple) or len(pid) != 5 or pid[1] not in KINDS.values() or not isinstance(pid[2], str):
            raise ValueError("it keeps its numbers in an unknown way")
        kind, key = pid[1], pid[2]
        if (kind, key) not in read:
            if (name := f"{prefix}data/{key}") not in members:
                raise ValueError(f"its numbers {key[:20]!r} are missing")
            check_room(2 * members[name].file_size, source.name)
            with ZipFile(source.path) as archive:
                raw = archive.read(name)
                order = ">" if _is_big_endian(archive, prefix) else "<"
            read[kind, key] = _numbers(raw, kind, order)
        return read[kind, key]

    return storage


def _is_big_endian(archive: ZipFile, prefix: str) -> bool:
    name = f"{prefix}byteorder"
    return name in archive.namelist() and archive.read(name) == b"big"


def _numbers(raw: bytes, kind: str, order: str) -> np.ndarray:
    if kind != "bf2":
        return np.frombuffer(raw, np.dtype(order + kind) if kind != "?" else np.dtype("?"))
    return (np.frombuffer(raw, order + "u2").astype(np.uint32) << 16).view(
        np.float32
    )  # bfloat16 is the upper half of a float32


def _tensor(storage: Any, offset: Any, size: Any, stride: Any, *_: Any) -> np.ndarray:
    """A view of the numbers; ValueError where it asks for more than there are."""
    if not isinstance(storage, np.ndarray) or not isinstance(size, tuple) or not isinstance(stride, tuple):
        raise ValueError("a tensor is not rebuilt in torch's way")
    steps = [offset, *size, *stride]
    if len(size) != len(stride) or not all(isinstance(step, int) and step >= 0 for step in steps):
        raise ValueError("a tensor has an impossible shape")
    total, last = 1, offset
    for length, step in zip(size, stride, strict=True):
        total *= length
        last += max(length - 1, 0) * step
    if total > len(storage) or (total and last >= len(storage)):
        raise ValueError("a tensor needs more numbers than there are")
    if not total:
        return np.zeros(size, storage.dtype)
    wide = tuple(step * storage.itemsize for step in stride)
    return np.lib.stride_tricks.as_strided(storage[offset:], size, wide, writeable=False)
