"""A look at a Zarr store before it is opened: nothing leads out of its folder, runs, or unpacks to more than it says.

Zarr reads what its metadata name: codecs by name, some of which run programs (pickle), and chunks whose own headers say how
much to allocate. So all metadata are read here first, and the beginning of every chunk.
"""

import json
import os
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from stcore.findings import refuse
from stcore.readers.safe.limits import check_room, words

MOST_FILES = 1_000_000
MOST_DEPTH = 16
MOST_METADATA = 32 * 2**20
MOST_TEXT = 64 * 2**20
"""Bytes of a chunk of texts, whose size no type tells."""
PACKED = ("blosc", "zstd", "lz4", "gzip", "zlib")
PLAIN = ("bytes", "crc32", "crc32c", "adler32", "fletcher32", "transpose", "shuffle", "delta", "fixedscaleoffset", "astype",
         "bitround", "quantize", "vlen-utf8", "vlen-bytes")  # fmt: skip
MOST_WIDE = 16
"""Bytes of one value that a codec turns into another type."""
NOTHING = 2**64 - 1
"""Where a shard has no chunk."""


class Layout(NamedTuple):
    """How an array lies on disk: bytes of a chunk, what packs it, and of a shard its chunks and where their list is."""

    chunk: int
    packed: str | None
    shard: int = 0
    listed_first: bool = False
    checked: bool = False


def check(root: Path) -> int:
    """2 or 3, the store's format; raises DataError for what is not opened."""
    found = 2 if (root / ".zgroup").is_file() else 3
    small = 0
    for folder, files in _walked(root):
        names = {path.name for path in files}
        marker = ".zarray" if found == 2 else "zarr.json"  # of the format that is opened; the other's is not looked at
        if marker not in names:
            continue
        held = _metadata(folder / marker)
        if marker == ".zarray" or held.get("node_type") == "array":
            shape = [int(size) for size in held["shape"]]
            small += int(np.prod(shape, dtype=object)) * _itemsize(held) if len(shape) < 2 else 0
            check_room(small, root.name)
            layout = _layout(held, folder.name)
            for _, below in _walked(folder):
                for path in below:
                    if path.name not in (".zarray", ".zattrs", "zarr.json", ".zgroup", ".zmetadata"):
                        _check_chunk(path, layout)
    return found


def _walked(root: Path) -> Iterator[tuple[Path, list[Path]]]:
    """Every folder with its files; a link, or anything that is neither file nor folder, is refused."""
    todo, count = [(root, 0)], 0
    while todo:
        folder, depth = todo.pop()
        files = []
        with os.scandir(folder) as listed:
            entries = list(islice(listed, MOST_FILES + 1))
        for entry in entries:
            count += 1
            if entry.is_symlink() or not (entry.is_file() or entry.is_dir()):
                raise refuse("leads-elsewhere", f"{root.name} holds {entry.name[:80]!r}, a link that may lead elsewhere; such "
                             "stores are not opened.")  # fmt: skip
            if count > MOST_FILES or depth > MOST_DEPTH:
                raise refuse(
                    "too-many-files", f"{root.name} holds more than {MOST_FILES} files, or nests them too deep."
                )
            if entry.is_dir():
                todo.append((Path(entry.path), depth + 1))
            else:
                files.append(Path(entry.path))
        yield folder, files


def _metadata(path: Path) -> dict[str, Any]:
    if path.stat().st_size > MOST_METADATA:
        raise refuse("too-large", f"{path.name} of {path.parent.name} is larger than {words(MOST_METADATA)}.")
    held = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(held, dict):
        raise refuse("damaged", f"{path.name} of {path.parent.name} is not what Zarr writes.")
    return held


def _itemsize(held: Mapping[str, Any]) -> int:
    """Bytes of one value; 0 for texts of any length."""
    kind = held.get("dtype", held.get("data_type"))
    if isinstance(kind, Mapping):  # such as numpy.datetime64, or texts of one length
        return int((kind.get("configuration") or {}).get("length_bytes", 8))
    if kind in ("string", "variable_length_bytes", "|O", "O"):
        return 0
    if not isinstance(kind, str):
        raise refuse("not-numbers", "An array of the store holds records; open one of numbers.")
    return int(np.dtype(kind.replace("bool", "?") if kind == "bool" else kind).itemsize)


def _layout(held: Mapping[str, Any], name: str) -> Layout:
    """The layout of an array with codecs that are known and run nothing."""
    if "zarr_format" in held and held["zarr_format"] == 2:
        codecs = [*(held.get("filters") or []), *([held["compressor"]] if held.get("compressor") else [])]
        size, unit = [int(length) for length in held["chunks"]], _itemsize(held)
        if unit == 0 and not any(_named(codec) in ("vlen-utf8", "vlen-bytes") for codec in codecs):
            raise refuse("runs-programs", f"{name} holds Python objects, which can run programs; it was not opened.")
        return Layout(_chunk(size, unit, name), _packed(codecs, name))
    grid = held["chunk_grid"]
    if grid["name"] != "regular" or held.get("storage_transformers"):
        raise refuse("zarr", f"{name} is stored in a way of Zarr that is not known here (chunks of several sizes).")
    size, codecs = [int(length) for length in grid["configuration"]["chunk_shape"]], held["codecs"]
    outer = _chunk(size, _itemsize(held), name)
    if not any(_named(codec) == "sharding_indexed" for codec in codecs):
        return Layout(outer, _packed(codecs, name))
    about = codecs[0]["configuration"]
    index = [_named(codec) for codec in about["index_codecs"]]
    if len(codecs) > 1 or index not in (["bytes"], ["bytes", "crc32c"]):
        raise refuse("zarr", f"The shards of {name} are packed in a way that is not known here.")
    inner = [int(length) for length in about["chunk_shape"]]
    number = int(np.prod([-(-whole // part) for whole, part in zip(size, inner, strict=True)]))
    packed = _packed(about["codecs"], name)
    first = about.get("index_location", "end") == "start"
    return Layout(_chunk(inner, _itemsize(held), name), packed, number, first, "crc32c" in index)


def _chunk(size: list[int], unit: int, name: str) -> int:
    declared = int(np.prod(size, dtype=object)) * unit or MOST_TEXT
    check_room(3 * declared, f"A chunk of {name}")
    return declared


def _named(codec: Mapping[str, Any] | str) -> str:
    name = codec if isinstance(codec, str) else str(codec.get("id", codec.get("name", "")))
    return name.removeprefix("numcodecs.")


def _packed(codecs: list[Any], name: str) -> str | None:
    """The one codec that packs; others only turn or check bytes."""
    names = [_named(codec) for codec in codecs]
    if unknown := [codec for codec in names if codec not in (*PACKED, *PLAIN)]:
        raise refuse("codec", f"{name} is packed with {unknown[0][:80]!r}, which is not opened here; "
                     f"{', '.join(PACKED)} are.")  # fmt: skip
    for codec in codecs:
        about = codec.get("configuration") or codec if isinstance(codec, Mapping) else {}
        for kind in (about.get(part) for part in ("dtype", "astype", "encode_dtype", "decode_dtype")):
            if kind is not None and np.dtype(kind).itemsize > MOST_WIDE:
                raise refuse("codec", f"{name} is turned into values of {words(np.dtype(kind).itemsize)} each when it is "
                             "unpacked; it was not opened.")  # fmt: skip
    packed = [codec for codec in names if codec in PACKED]
    if len(packed) > 1:
        raise refuse("codec", f"{name} is packed twice, with {' and '.join(packed)}; such arrays are not opened.")
    return packed[0] if packed else None


def _check_chunk(path: Path, layout: Layout) -> None:
    with path.open("rb") as file:
        size = path.stat().st_size
        if not layout.shard:
            _check_unpacked(file, 0, size, layout, path)
            return
        listed = 16 * layout.shard + 4 * layout.checked
        if size < listed:
            raise refuse(
                "damaged", f"The shard {path.name} of {path.parent.name} ends early; copy or download it again."
            )
        file.seek(0 if layout.listed_first else size - listed)
        places = np.frombuffer(file.read(16 * layout.shard), "<u8").reshape(-1, 2).tolist()
        for start, length in places:
            if start != NOTHING:
                _check_unpacked(file, start, min(length, size), layout, path)


def _check_unpacked(file: Any, start: int, length: int, layout: Layout, path: Path) -> None:
    """What a chunk says it unpacks to, or really does where it does not say, against what the array declares."""
    most = 2 * layout.chunk + 4096
    file.seek(start)
    if layout.packed in ("gzip", "zlib"):
        unpacked = _counted(file, length, most)
    else:
        head = file.read(min(length, 32))
        unpacked = length if layout.packed is None else _said(head, layout.packed)
    if unpacked > most:
        raise refuse("bomb", f"A chunk of {path.parent.name} unpacks to {words(unpacked)} or more and should have "
                     f"{words(layout.chunk)}; it was not opened.")  # fmt: skip


def _counted(file: Any, length: int, most: int) -> int:
    """Bytes that come out of deflated streams, one behind the other, counted until they are too many."""
    opener, total = zlib.decompressobj(wbits=47), 0
    with suppress(zlib.error):  # no such stream: unpacking will say so
        while length > 0 and total <= most and (raw := file.read(min(length, 2**16))):
            length -= len(raw)
            while raw and total <= most:
                total += len(opener.decompress(raw, 2**20))
                raw = opener.unconsumed_tail
                if opener.eof:
                    raw, opener = opener.unused_data, zlib.decompressobj(wbits=47)
    return total


def _said(head: bytes, packed: str) -> int:
    """Bytes that the header of a packed chunk announces; a stream that does not say is taken for endless."""
    if packed == "blosc":
        return int.from_bytes(head[4:8], "little")
    if packed == "lz4":
        return int.from_bytes(head[:4], "little")
    if len(head) < 6 or head[:4] != b"\x28\xb5\x2f\xfd":
        return 0  # no such stream: unpacking will say so
    about = head[4]
    single = bool(about & 0x20)
    place = 5 + (not single) + (0, 1, 2, 4)[about & 3]
    size = (1 if single else 0, 2, 4, 8)[about >> 6]
    if size == 0:
        return 2**62
    return int.from_bytes(head[place : place + size], "little") + (256 if size == 2 else 0)
