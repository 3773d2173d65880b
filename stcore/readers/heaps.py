"""The global heaps of an HDF5 file, where texts of any length lie: looked at before the library reads them.

A damaged heap can keep HDF5's own code in an endless loop (a free part of no size), which nothing in Python can end. The
layout is that of the HDF5 file format specification 3.0, section III.E: signature, version 1, size of the collection, then
objects, each with index, size and contents in multiples of 8 bytes; index 0 is what is free, its own header counted.
"""

import mmap
from functools import lru_cache
from pathlib import Path

from stcore.findings import refuse

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
