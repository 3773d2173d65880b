"""Many arrays of a file or of several into one, block by block: at no time is there a second array of that size.

Dimensions: T steps, N places (cells or stations), C channels.
"""

from collections.abc import Iterator, Sequence
from itertools import product
from typing import NamedTuple

import numpy as np
import xarray as xr

from stcore.readers.safe.limits import check_room

BLOCK = 2**21
"""Values that are read at once, unless a stored chunk has more."""


class Piece(NamedTuple):
    """A variable over ``dims`` in any order: its channel, and the step [t] of each of its rows, -1 where a row is left out.

    ``under``: it counts only where earlier pieces have no reading.
    """

    array: xr.DataArray
    channel: int
    rows: np.ndarray
    under: bool = False


class Cube(NamedTuple):
    """``values`` [T, K, C] float32 of the K places with any reading, ``seen`` [N] which these are, and how many readings
    came from pieces that lie under others."""

    values: np.ndarray
    seen: np.ndarray
    under: int


def read(pieces: Sequence[Piece], dims: tuple[str, ...], steps: int, what: str) -> Cube:
    """The pieces in one array; ``dims`` is time and then the dims of places. Places without any reading get no room.

    Which those are is told by the first rows, and where later ones know better, everything is read once more.
    """
    places, channels = [pieces[0].array.sizes[dim] for dim in dims[1:]], 1 + max(piece.channel for piece in pieces)
    seen = np.zeros(int(np.prod(places)), bool)
    for piece in pieces:
        check_room(4 * BLOCK + 4 * len(seen), what)
        early = piece.array.isel({dims[0]: slice(0, 1)}).transpose(*dims).values
        seen |= ~np.isnan(early.reshape(len(seen)).astype(np.float32))
    while True:
        check_room(4 * steps * int(seen.sum()) * channels, what)
        values = np.full((steps, int(seen.sum()), channels), np.nan, np.float32)
        late, under = np.zeros_like(seen), 0
        for piece in pieces:
            under += _fill(values, piece, dims, seen, late)
        if not late.any():
            return Cube(values, seen, under)
        seen |= late
        del values


def _fill(values: np.ndarray, piece: Piece, dims: tuple[str, ...], seen: np.ndarray, late: np.ndarray) -> int:
    """Write a piece where it belongs; ``late`` [N] gets places with readings that have no room."""
    shape = [piece.array.sizes[dim] for dim in dims]
    number = np.arange(int(np.prod(shape[1:]))).reshape(shape[1:])
    column = np.cumsum(seen) - 1
    under = 0
    for part in _parts(piece.array, dims):
        rows = piece.rows[part[0]]
        if (rows < 0).all():
            continue
        block = piece.array.isel(dict(zip(dims, part, strict=True))).transpose(*dims).values
        cells = number[tuple(part[1:])].ravel()
        with np.errstate(over="ignore"):  # what does not fit becomes infinite, which has a check of its own
            flat = np.asarray(block, np.float32).reshape(len(rows), len(cells))
        there = seen[cells]
        if not there.all():
            late[cells] |= ~there & ~np.isnan(flat).all(axis=0)
            flat = flat[:, there]
        flat, rows = flat[rows >= 0], rows[rows >= 0]
        where = (_run(rows), _run(column[cells[there]]), piece.channel)
        if not isinstance(where[0], slice) and not isinstance(where[1], slice):
            where = (where[0][:, None], where[1][None, :], piece.channel)
        if piece.under:
            held = values[where]
            under += int((np.isnan(held) & ~np.isnan(flat)).sum())
            flat = np.where(np.isnan(held), flat, held)
        values[where] = flat
    return under


def _run(numbers: np.ndarray) -> slice | np.ndarray:
    """A slice, where the numbers follow one another."""
    if len(numbers) and numbers[-1] - numbers[0] == len(numbers) - 1 and (np.diff(numbers) == 1).all():
        return slice(int(numbers[0]), int(numbers[-1]) + 1)
    return numbers


def _parts(array: xr.DataArray, dims: tuple[str, ...]) -> Iterator[tuple[slice, ...]]:
    """Blocks in the order in which they are stored, whole chunks where there are chunks, as slices along ``dims``."""
    chunks = array.encoding.get("preferred_chunks") or {}
    sizes = {str(dim): int(array.sizes[dim]) for dim in array.dims}
    block = {dim: min(max(int(chunks.get(dim, 1)), 1), max(size, 1)) for dim, size in sizes.items()}
    for dim in reversed(sizes):
        room = BLOCK // int(np.prod(list(block.values())))
        block[dim] = min(block[dim] * max(room, 1), max(sizes[dim], 1))
    check_room(12 * int(np.prod(list(block.values()))), "A stored block")
    starts = [range(0, sizes[dim], block[dim]) for dim in sizes]
    for corner in product(*starts):
        part = {dim: slice(start, start + block[dim]) for dim, start in zip(sizes, corner, strict=True)}
        yield tuple(slice(part[dim].start, min(part[dim].stop, sizes[dim])) for dim in dims)
