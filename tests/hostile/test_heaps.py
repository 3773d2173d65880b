"""Heaps of an HDF5 file that would keep the library in an endless loop."""

from pathlib import Path

import h5py
import numpy as np
import pytest
from tiny import tiny

from stcore import readers
from stcore.findings import DataError
from stcore.readers.safe.hdf5 import HEAD, SIGNATURE, heaps_are_whole


def free_part(content: bytes) -> int:
    """Where the free part at the end of the first heap begins."""
    place = content.index(SIGNATURE)
    end, place = place + int.from_bytes(content[place + 8 : place + HEAD], "little"), place + HEAD
    while int.from_bytes(content[place : place + 2], "little"):
        place += HEAD + -(-int.from_bytes(content[place + 8 : place + 16], "little") // 8) * 8
        assert place + HEAD <= end
    return place


@pytest.mark.parametrize("size", [0, 8, 2**40])
def test_a_free_part_of_no_size_or_beyond_its_heap_is_refused_before_the_library_reads_it(
    size: int, tmp_path: Path
) -> None:
    path = tmp_path / "saved.nc"
    tiny(100, 3).save(path)
    content = bytearray(path.read_bytes())
    place = free_part(bytes(content))
    content[place + 8 : place + 16] = size.to_bytes(8, "little")
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"saved\.nc is damaged: its list of texts is not in order"):
        readers.open(path)


def test_whole_heaps_are_walked_to_their_end(tmp_path: Path) -> None:
    path = tmp_path / "texts.h5"
    with h5py.File(path, "w") as file:
        texts = [f"text {number} " * (number % 50) for number in range(2000)]
        file.create_dataset("texts", data=np.array(texts, object), dtype=h5py.string_dtype())
    assert path.read_bytes().count(SIGNATURE) > 1
    assert heaps_are_whole(path, path.stat().st_size, path.stat().st_mtime_ns)
