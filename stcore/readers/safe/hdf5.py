"""Opening an HDF5 file without being led out of it: no links, no storage elsewhere, nothing larger than there is room for.

HDF5 can point at other files of the machine (external storage, external links, virtual datasets), and h5py follows. So the
whole file is walked by its lowest-level calls before a single value is read.
"""

import mmap
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stcore.findings import DataError, refuse
from stcore.readers.safe.limits import check_room, words

if TYPE_CHECKING:
    import h5py

MOST_OBJECTS = 100_000
MOST_ATTRIBUTE_BYTES = 64 * 2**20
MOST_TEXTS = 50_000
MOST_DEPTH = 32


@contextmanager
def opened(path: Path, whole: bool = True) -> "Iterator[h5py.File]":
    """The file, checked; raises DataError where it is damaged or points elsewhere.

    ``whole``: there must be room for all of it; else only for lists, which are read at once, and whoever reads more looks
    whether there is room for that.
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
        return "it is shorter than it says it is (cut off while it was copied?)"
    return text.split("(", 2)[-1].strip("() ") or type(error).__name__


def _check(file: "h5py.File", name: str, whole: bool) -> None:
    """Walk all groups by hard links only, each object once, and refuse what leads elsewhere or is too large."""
    import h5py

    seen: set[int] = set()
    total = 0
    todo: list[tuple[str, Any, int]] = [("/", file.id, 0)]
    while todo:
        place, group, depth = todo.pop()
        _check_attributes(group, f"{name}:{place}")
        for key in group:
            link = group.links.get_info(key)
            path = f"{place.rstrip('/')}/{key.decode(errors='replace')}"
            if link.type != h5py.h5l.TYPE_HARD:
                raise refuse(
                    "leads-elsewhere",
                    f"{name} holds a link at {path} that leads elsewhere; files with such links are not opened.",
                )
            item = h5py.h5o.open(group, key)
            address = h5py.h5o.get_info(item).addr
            if address in seen:
                continue
            seen.add(address)
            if len(seen) > MOST_OBJECTS or depth > MOST_DEPTH:
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
    """Declared bytes of a dataset that lies wholly in this file."""
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
    """Real bytes of texts of any length: many cells can point at one long text, which no declared size tells."""
    total = 0
    if texts.size is None or texts.size > MOST_TEXTS:
        raise refuse("too-large", f"{where} holds more than {MOST_TEXTS} texts.")
    for place in np.ndindex(*texts.shape):
        cell = texts[place]
        total += len(cell) if isinstance(cell, bytes | str | np.ndarray) else 0
        if total > MOST_ATTRIBUTE_BYTES:
            raise refuse("too-large", f"The texts of {where} are longer than {words(MOST_ATTRIBUTE_BYTES)} together.")
    return total


def _check_attributes(item: Any, where: str) -> None:
    import h5py

    for number in range(h5py.h5a.get_num_attrs(item)):
        attribute = h5py.h5a.open(item, index=number)
        points = int(attribute.get_space().get_simple_extent_npoints())
        if max(points, 1) * attribute.get_type().get_size() > MOST_ATTRIBUTE_BYTES:
            raise refuse("too-large", f"An attribute of {where} is larger than {words(MOST_ATTRIBUTE_BYTES)}.")


def text(value: Any) -> str:
    """An attribute or a cell as text; empty where it holds nothing."""
    if isinstance(value, bytes | np.bytes_):
        return bytes(value).decode("utf-8", errors="replace")
    return value if isinstance(value, str) else ""


def names(array: np.ndarray) -> np.ndarray:
    """Ids as text, whatever HDF5 kept them as; numbers that are whole are written without a point."""
    if array.dtype.kind == "f" and np.all(array == np.floor(array)):
        array = array.astype(np.int64)
    return np.array(
        [text(cell) if isinstance(cell, bytes | str) else str(cell) for cell in array.ravel().tolist()], dtype=str
    )


SIGNATURE = b"GCOL\x01\x00\x00\x00"
HEAD = 16  # bytes before a collection's first object, and of an object's own header


def check_heaps(path: Path) -> None:
    """DataError for a file with a heap whose objects do not lie one behind the other."""
    told = path.stat()
    if not whole(path, told.st_size, told.st_mtime_ns):
        raise refuse(
            "damaged", f"{path.name} is damaged: its list of texts is not in order. Copy or download it again."
        )


@lru_cache(maxsize=256)
def whole(path: Path, size: int, changed: int) -> bool:
    """Whether every heap of a file, of that size and last changed then, can be walked to its end."""
    if not size:
        return True
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        place = content.find(SIGNATURE)
        while place >= 0:
            if not walked(content, place):
                return False
            place = content.find(SIGNATURE, place + len(SIGNATURE))
    return True


def walked(content: mmap.mmap, place: int) -> bool:
    """Whether the objects of the collection at ``place`` end where it does."""
    end = place + int.from_bytes(content[place + 8 : place + HEAD], "little")
    place += HEAD
    while place + HEAD <= end and place + HEAD <= len(content):
        index, size = (
            int.from_bytes(content[place + first : place + last], "little") for first, last in ((0, 2), (8, 16))
        )
        needed = size if index == 0 else HEAD + -(-size // 8) * 8
        if needed < HEAD or place + needed > end:
            return False
        place += needed
    return True
