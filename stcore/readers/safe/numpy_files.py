"""Numpy arrays from .npy and .npz files: never arrays of objects, and no memory is allocated because a header asks for it."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import numpy as np

from stcore.findings import refuse
from stcore.readers.safe.limits import check_room, size_text
from stcore.readers.source import UNZIPPED_RATIO, Source

MOST_MEMBERS = 1000


def read_npy(source: Source) -> np.ndarray:
    """The array of a .npy file; DataError for one of objects."""
    try:
        mapped = np.load(source.path, mmap_mode="r", allow_pickle=False)
    except ValueError as error:
        raise refuse(
            "damaged", f"{source.name} is damaged, or holds Python objects, which can run programs. It was not opened."
        ) from error
    check_room(4 * mapped.nbytes, source.name)
    return np.array(mapped)


def npy_shape(source: Source) -> tuple[int, ...]:
    """The shape in the header of a .npy file; (-1,) where the header is not understood."""
    try:
        with source.path.open("rb") as file:
            return tuple(int(length) for length in _header(file)[0])
    except (ValueError, EOFError):
        return (-1,)


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype]:
    """(shape, whether it is stored column by column, type) from the header of an array."""
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    return read(file, max_header_size=10_000)


def members(source: Source) -> dict[str, zipfile.ZipInfo]:
    """The members of an archive by name; DataError where they would become too large."""
    try:
        with zipfile.ZipFile(source.path) as archive:
            entries = archive.infolist()
    except zipfile.BadZipFile as error:
        raise refuse("damaged", f"{source.name} is a damaged archive ({error}); copy or download it again.") from error
    if len(entries) > MOST_MEMBERS:
        raise refuse("bomb", f"{source.name} holds more than {MOST_MEMBERS} files; it was not opened.")
    total, packed = sum(member.file_size for member in entries), sum(member.compress_size for member in entries)
    if total > UNZIPPED_RATIO * max(packed, 1) and total > 2**26:
        raise refuse(
            "bomb",
            f"{source.name} unzips to {size_text(total)}, {total // max(packed, 1)} times its size; it was not opened.",
        )
    check_room(total, source.name)
    return {member.filename: member for member in entries}


def read_member(source: Source, name: str) -> np.ndarray:
    """One array of an archive. Its header must agree with the size of its member before memory is allocated."""
    with _member(source, name) as (file, shape, fortran, dtype):
        size = int(np.prod([int(length) for length in shape], dtype=object)) * dtype.itemsize
        check_room(2 * size, source.name)
        raw = file.read(size)
    if len(raw) != size:
        raise refuse("damaged", f"{name} in {source.name} ends early; copy or download it again.")
    return np.frombuffer(raw, dtype=dtype).reshape(shape, order="F" if fortran else "C")


def member_shape(source: Source, name: str) -> tuple[int, ...]:
    """The shape of an array in an archive, without reading its values."""
    with _member(source, name) as (_, shape, _, _):
        return shape


def read_rows(source: Source, name: str, most: int) -> Iterator[np.ndarray]:
    """An array of an archive in blocks of at most ``most`` rows, so that the whole array is never in memory."""
    with _member(source, name) as (file, shape, fortran, dtype):
        if not shape or fortran:  # stored column by column: a row needs the whole array
            array = read_member(source, name)
            for first in range(0, len(array) if shape else 0, most):
                yield array[first : first + most]
            return
        width = int(np.prod(shape[1:], dtype=object)) * dtype.itemsize
        check_room(2 * width * min(most, shape[0]), source.name)
        for first in range(0, shape[0], most):
            count = min(most, shape[0] - first)
            raw = file.read(count * width)
            if len(raw) != count * width:
                raise refuse("damaged", f"{name} in {source.name} ends early; copy or download it again.")
            yield np.frombuffer(raw, dtype=dtype).reshape(count, *shape[1:])


@contextmanager
def _member(source: Source, name: str) -> Iterator[tuple[IO[bytes], tuple[int, ...], bool, np.dtype]]:
    """A member, open where its numbers begin, with its header, which agrees with its size."""
    entry = members(source)[name]
    with zipfile.ZipFile(source.path) as archive, archive.open(name) as file:
        shape, fortran, dtype = _header(file)
        if dtype.hasobject:
            raise refuse(
                "runs-programs",
                f"{name} in {source.name} holds Python objects, which can run programs; it was not opened.",
            )
        rest = entry.file_size - file.tell()
        size = int(np.prod([int(length) for length in shape], dtype=object)) * dtype.itemsize
        if min(shape, default=1) < 0 or size != rest:
            raise refuse(
                "damaged",
                f"{name} in {source.name} says it holds {size_text(size)} but has {size_text(max(rest, 0))}.",
            )
        yield file, tuple(int(length) for length in shape), fortran, dtype
