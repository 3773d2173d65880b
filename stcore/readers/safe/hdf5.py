"""Opening an HDF5 file safely: no links, no values in other files, nothing larger than there is room for.

HDF5 can point at other files of the machine (external storage, external links, virtual datasets), and h5py follows them. So
every object of the file is checked, with h5py's lowest-level calls, before any value is read.
"""

import mmap
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stcore.findings import DataError, refuse
from stcore.readers.safe.limits import check_room, size_text

if TYPE_CHECKING:
    import h5py

MOST_OBJECTS = 100_000
MOST_ATTRIBUTE_BYTES = 64 * 2**20
MOST_TEXTS = 50_000
MOST_DEPTH = 32


@contextmanager
def open_hdf5(path: Path, whole: bool = True) -> "Iterator[h5py.File]":
    """The file, checked. Raises DataError where it is damaged or points to other files.

    ``whole``: there must be room for all values. Otherwise only arrays of one dimension count, since they are read at once;
    the caller then checks the room for whatever else it reads.
    """
    import h5py

    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise refuse(
            "damaged", f"{path.name} cannot be opened: {_reason(error)}. Copy or download it again."
        ) from error
    with file:
        try:
            check_heaps(path)
            _check(file, path.name, whole)
            yield file
        except DataError:
            raise
        except (OSError, RuntimeError, KeyError, ValueError, TypeError, MemoryError) as error:
            raise refuse(
                "damaged", f"{path.name} is damaged or not understood: {_reason(error)}. Copy or download it again."
            ) from error


def _reason(error: BaseException) -> str:
    text = str(error).strip("'\" ")
    if "truncated" in text:
        return "it is shorter than it says it is (was it cut off while it was copied?)"
    return text.split("(", 2)[-1].strip("() ") or type(error).__name__


def _check(file: "h5py.File", name: str, whole: bool) -> None:
    """Walk through all groups by hard links, each object once. Refuse links to elsewhere and what is too large."""
    import h5py

    addresses: set[int] = set()
    total = 0
    todo: list[tuple[str, Any, int]] = [("/", file.id, 0)]
    while todo:
        name_of_group, group, depth = todo.pop()
        _check_attributes(group, f"{name}:{name_of_group}")
        for key in group:
            link = group.links.get_info(key)
            path = f"{name_of_group.rstrip('/')}/{key.decode(errors='replace')}"
            if link.type != h5py.h5l.TYPE_HARD:
                raise refuse(
                    "leads-elsewhere",
                    f"{name} holds a link at {path} that leads elsewhere; files with such links are not opened.",
                )
            item = h5py.h5o.open(group, key)
            address = h5py.h5o.get_info(item).addr
            if address in addresses:
                continue
            addresses.add(address)
            if len(addresses) > MOST_OBJECTS or depth > MOST_DEPTH:
                raise refuse(
                    "too-large",
                    f"{name} holds more than {MOST_OBJECTS} objects or nests them deeper than {MOST_DEPTH}.",
                )
            if isinstance(item, h5py.h5g.GroupID):
                todo.append((path, item, depth + 1))
            elif isinstance(item, h5py.h5d.DatasetID):
                declared = _check_dataset(item, f"{name}:{path}")
                total += declared if whole or item.get_space().get_simple_extent_ndims() < 2 else 0
                check_room(total, name)


def _check_dataset(item: Any, where: str) -> int:
    """The declared bytes of a dataset, all of which must lie in this file."""
    import h5py

    plan = item.get_create_plist()
    if plan.get_external_count() or plan.get_layout() == h5py.h5d.VIRTUAL:
        raise refuse(
            "leads-elsewhere",
            f"{where} keeps its values in another file; such files are not opened. Copy the values into one file.",
        )
    _check_attributes(item, where)
    kind = item.get_type()
    if isinstance(kind, h5py.h5t.TypeVlenID) or (isinstance(kind, h5py.h5t.TypeStringID) and kind.is_variable_str()):
        return _check_texts(h5py.Dataset(item), where)
    return int(item.get_space().get_simple_extent_npoints()) * int(item.get_type().get_size())


def _check_texts(texts: "h5py.Dataset", where: str) -> int:
    """Real bytes of texts of any length. Many entries can point at one long text, which no declared size shows."""
    total = 0
    if texts.size is None or texts.size > MOST_TEXTS:
        raise refuse("too-large", f"{where} holds more than {MOST_TEXTS} texts.")
    for index in np.ndindex(*texts.shape):
        entry = texts[index]
        total += len(entry) if isinstance(entry, bytes | str | np.ndarray) else 0
        if total > MOST_ATTRIBUTE_BYTES:
            raise refuse(
                "too-large", f"The texts of {where} are longer than {size_text(MOST_ATTRIBUTE_BYTES)} together."
            )
    return total


def _check_attributes(item: Any, where: str) -> None:
    import h5py

    for number in range(h5py.h5a.get_num_attrs(item)):
        attribute = h5py.h5a.open(item, index=number)
        points = int(attribute.get_space().get_simple_extent_npoints())
        if max(points, 1) * attribute.get_type().get_size() > MOST_ATTRIBUTE_BYTES:
            raise refuse("too-large", f"An attribute of {where} is larger than {size_text(MOST_ATTRIBUTE_BYTES)}.")


def attribute_text(value: Any) -> str:
    """An attribute or an entry as text; empty where it is no text."""
    if isinstance(value, bytes | np.bytes_):
        return bytes(value).decode("utf-8", errors="replace")
    return value if isinstance(value, str) else ""


def id_texts(array: np.ndarray) -> np.ndarray:
    """Ids as text, whatever their type in the file. Whole numbers have no decimal point."""
    if array.dtype.kind == "f" and np.all(array == np.floor(array)):
        array = array.astype(np.int64)
    return np.array(
        [attribute_text(cell) if isinstance(cell, bytes | str) else str(cell) for cell in array.ravel().tolist()],
        dtype=str,
    )


SIGNATURE = b"GCOL\x01\x00\x00\x00"
HEAD = 16
"""Bytes before a collection's first object, and of an object's own header."""


def check_heaps(path: Path) -> None:
    """Refuse a file with a damaged heap of texts: one whose objects do not follow one another to its end."""
    status = path.stat()
    if not heaps_are_whole(path, status.st_size, status.st_mtime_ns):
        raise refuse(
            "damaged", f"{path.name} is damaged: its list of texts is not in order. Copy or download it again."
        )


@lru_cache(maxsize=256)
def heaps_are_whole(path: Path, size: int, changed: int) -> bool:
    """Whether every heap of a file is whole. ``size`` and ``changed`` (nanoseconds) make the cached answer valid."""
    if not size:
        return True
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        start = content.find(SIGNATURE)
        while start >= 0:
            if not _objects_end_with_heap(content, start):
                return False
            start = content.find(SIGNATURE, start + len(SIGNATURE))
    return True


def _objects_end_with_heap(content: mmap.mmap, start: int) -> bool:
    """Whether the objects of the collection at byte ``place`` end where the collection ends."""
    end = start + int.from_bytes(content[start + 8 : start + HEAD], "little")
    start += HEAD
    while start + HEAD <= end and start + HEAD <= len(content):
        index, size = (
            int.from_bytes(content[start + first : start + last], "little") for first, last in ((0, 2), (8, 16))
        )
        needed = size if index == 0 else HEAD + -(-size // 8) * 8
        if needed < HEAD or start + needed > end:
            return False
        start += needed
    return True
