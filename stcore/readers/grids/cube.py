"""Many arrays, from one file or several, into one, block by block. At no time is there a second array of that size.

Dimensions: T steps, N positions (grid cells or stations), K of them with a reading, C channels.
"""

from collections.abc import Iterator, Sequence
from itertools import product
from typing import NamedTuple

import numpy as np
import xarray as xr

from stcore.readers.safe.limits import check_room

BLOCK = 2**21
"""Values that are read at once, unless a stored chunk is larger."""


class Piece(NamedTuple):
    """A variable over ``dims`` in any order, its channel, and the step [t] of each of its rows, -1 for rows to leave out.

    ``under``: the piece counts only where earlier pieces have no reading.
    """

    array: xr.DataArray
    channel: int
    rows: np.ndarray
    under: bool = False


class Cube(NamedTuple):
    """``values`` [T, K, C] float32, ``seen`` [N] bool (which positions have a reading), and the number of readings that came
    from pieces ``under`` others."""

    values: np.ndarray
    seen: np.ndarray
    under: int


def read_cube(pieces: Sequence[Piece], dims: tuple[str, ...], steps: int, what: str) -> Cube:
    """The pieces in one array; ``dims`` are time, then the dimensions of the positions. Positions without a reading get no
    memory.

    The first row of each piece shows which positions have readings. Where a later row adds positions, everything is read
    again.
    """
    sizes, channels = [pieces[0].array.sizes[dim] for dim in dims[1:]], 1 + max(piece.channel for piece in pieces)
    seen = np.zeros(int(np.prod(sizes)), bool)
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
    """Write a piece into ``values``. Positions with readings that have no memory yet are marked in ``late`` [N].
    Returns how many readings came from a piece ``under`` others."""
    shape = [piece.array.sizes[dim] for dim in dims]
    number = np.arange(int(np.prod(shape[1:]))).reshape(shape[1:])
    column = np.cumsum(seen) - 1
    under = 0
    for part in _blocks(piece.array, dims):
        rows = piece.rows[part[0]]
        if (rows < 0).all():
            continue
        block = piece.array.isel(dict(zip(dims, part, strict=True))).transpose(*dims).values
        cells = number[tuple(part[1:])].ravel()
        with np.errstate(over="ignore"):  # too large a number becomes infinite, and a check reports it
            flat = np.asarray(block, np.float32).reshape(len(rows), len(cells))
        there = seen[cells]
        if not there.all():
            late[cells] |= ~there & ~np.isnan(flat).all(axis=0)
            flat = flat[:, there]
        flat, rows = flat[rows >= 0], rows[rows >= 0]
        where = (_as_slice(rows), _as_slice(column[cells[there]]), piece.channel)
        if not isinstance(where[0], slice) and not isinstance(where[1], slice):
            where = (where[0][:, None], where[1][None, :], piece.channel)
        if piece.under:
            earlier = values[where]
            under += int((np.isnan(earlier) & ~np.isnan(flat)).sum())
            flat = np.where(np.isnan(earlier), flat, earlier)
        values[where] = flat
    return under


def _as_slice(numbers: np.ndarray) -> slice | np.ndarray:
    """A slice, where the numbers are consecutive."""
    if len(numbers) and numbers[-1] - numbers[0] == len(numbers) - 1 and (np.diff(numbers) == 1).all():
        return slice(int(numbers[0]), int(numbers[-1]) + 1)
    return numbers


def _blocks(array: xr.DataArray, dims: tuple[str, ...]) -> Iterator[tuple[slice, ...]]:
    """Blocks in storage order, as slices along ``dims``; whole chunks where there are chunks."""
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
