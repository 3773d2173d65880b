"""Checks of a Zarr store before it is opened: nothing leads out of its folder, runs programs, or unpacks to too much.

Zarr follows its metadata: codecs by name, some of which run programs (pickle), and chunks whose headers say how much memory
to allocate. So all metadata and the beginning of every chunk are read here first.
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
from stcore.readers.safe.limits import check_room, size_text

MOST_FILES = 1_000_000
MOST_DEPTH = 16
MOST_METADATA = 32 * 2**20
MOST_TEXT = 64 * 2**20
"""Bytes of a chunk of texts, whose size the type does not say."""
PACKED = ("blosc", "zstd", "lz4", "gzip", "zlib")
PLAIN = (
    "bytes",
    "crc32",
    "crc32c",
    "adler32",
    "fletcher32",
    "transpose",
    "shuffle",
    "delta",
    "fixedscaleoffset",
    "astype",
    "bitround",
    "quantize",
    "vlen-utf8",
    "vlen-bytes",
)
MOST_WIDE = 16
"""Bytes of one value that a codec converts to another type."""
NOTHING = 2**64 - 1
"""The position of a chunk that a shard does not have."""


class Layout(NamedTuple):
    """The layout of an array on disk: bytes of a chunk, its compressor; for shards the number of chunks and where their
    index is."""

    chunk: int
    packed: str | None
    shard: int = 0
    listed_first: bool = False
    checked: bool = False


def check_store(root: Path) -> int:
    """The format of the store, 2 or 3. Raises DataError for a store that cannot be opened safely."""
    form = 2 if (root / ".zgroup").is_file() else 3
    small = 0
    for folder, files in _walk(root):
        names = {path.name for path in files}
        marker = ".zarray" if form == 2 else "zarr.json"  # of the format that is opened; the other one is not read
        if marker not in names:
            continue
        metadata = _metadata(folder / marker)
        if marker == ".zarray" or metadata.get("node_type") == "array":
            shape = [int(size) for size in metadata["shape"]]
            small += int(np.prod(shape, dtype=object)) * _itemsize(metadata) if len(shape) < 2 else 0
            check_room(small, root.name)
            layout = _layout(metadata, folder.name)
            for _, below in _walk(folder):
                for path in below:
                    if path.name not in (".zarray", ".zattrs", "zarr.json", ".zgroup", ".zmetadata"):
                        _check_chunk(path, layout)
    return form


def _walk(root: Path) -> Iterator[tuple[Path, list[Path]]]:
    """Every folder with its files. Links, and whatever is neither file nor folder, are refused."""
    todo, count = [(root, 0)], 0
    while todo:
        folder, depth = todo.pop()
        files = []
        with os.scandir(folder) as scan:
            entries = list(islice(scan, MOST_FILES + 1))
        for entry in entries:
            count += 1
            if entry.is_symlink() or not (entry.is_file() or entry.is_dir()):
                raise refuse(
                    "leads-elsewhere",
                    f"{root.name} holds {entry.name[:80]!r}, a link that may lead elsewhere; such "
                    "stores are not opened.",
                )
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
        raise refuse("too-large", f"{path.name} of {path.parent.name} is larger than {size_text(MOST_METADATA)}.")
    metadata = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(metadata, dict):
        raise refuse("damaged", f"{path.name} of {path.parent.name} is not what Zarr writes.")
    return metadata


def _itemsize(metadata: Mapping[str, Any]) -> int:
    """Bytes of one value; 0 for text of any length."""
    kind = metadata.get("dtype", metadata.get("data_type"))
    if isinstance(kind, Mapping):  # such as numpy.datetime64, or text of fixed length
        return int((kind.get("configuration") or {}).get("length_bytes", 8))
    if kind in ("string", "variable_length_bytes", "|O", "O"):
        return 0
    if not isinstance(kind, str):
        raise refuse("not-numbers", "An array of the store holds records; open one of numbers.")
    return int(np.dtype(kind.replace("bool", "?") if kind == "bool" else kind).itemsize)


def _layout(metadata: Mapping[str, Any], name: str) -> Layout:
    """The layout of an array. All codecs must be known ones that run no programs."""
    if "zarr_format" in metadata and metadata["zarr_format"] == 2:
        codecs = [*(metadata.get("filters") or []), *([metadata["compressor"]] if metadata.get("compressor") else [])]
        size, unit = [int(length) for length in metadata["chunks"]], _itemsize(metadata)
        if unit == 0 and not any(_codec_name(codec) in ("vlen-utf8", "vlen-bytes") for codec in codecs):
            raise refuse("runs-programs", f"{name} holds Python objects, which can run programs; it was not opened.")
        return Layout(_chunk(size, unit, name), _packing(codecs, name))
    grid = metadata["chunk_grid"]
    if grid["name"] != "regular" or metadata.get("storage_transformers"):
        raise refuse("zarr", f"{name} is stored in a way of Zarr that is not known here (chunks of several sizes).")
    size, codecs = [int(length) for length in grid["configuration"]["chunk_shape"]], metadata["codecs"]
    outer = _chunk(size, _itemsize(metadata), name)
    if not any(_codec_name(codec) == "sharding_indexed" for codec in codecs):
        return Layout(outer, _packing(codecs, name))
    about = codecs[0]["configuration"]
    index = [_codec_name(codec) for codec in about["index_codecs"]]
    if len(codecs) > 1 or index not in (["bytes"], ["bytes", "crc32c"]):
        raise refuse("zarr", f"The shards of {name} are packed in a way that is not known here.")
    inner = [int(length) for length in about["chunk_shape"]]
    number = int(np.prod([-(-whole // part) for whole, part in zip(size, inner, strict=True)]))
    packed = _packing(about["codecs"], name)
    first = about.get("index_location", "end") == "start"
    return Layout(_chunk(inner, _itemsize(metadata), name), packed, number, first, "crc32c" in index)


def _chunk(size: list[int], unit: int, name: str) -> int:
    declared = int(np.prod(size, dtype=object)) * unit or MOST_TEXT
    check_room(3 * declared, f"A chunk of {name}")
    return declared


def _codec_name(codec: Mapping[str, Any] | str) -> str:
    name = codec if isinstance(codec, str) else str(codec.get("id", codec.get("name", "")))
    return name.removeprefix("numcodecs.")


def _packing(codecs: list[Any], name: str) -> str | None:
    """The one codec that compresses; the others only convert or check bytes."""
    names = [_codec_name(codec) for codec in codecs]
    if unknown := [codec for codec in names if codec not in (*PACKED, *PLAIN)]:
        raise refuse(
            "codec", f"{name} is packed with {unknown[0][:80]!r}, which is not opened here; {', '.join(PACKED)} are."
        )
    for codec in codecs:
        about = codec.get("configuration") or codec if isinstance(codec, Mapping) else {}
        for kind in (about.get(part) for part in ("dtype", "astype", "encode_dtype", "decode_dtype")):
            if kind is not None and np.dtype(kind).itemsize > MOST_WIDE:
                raise refuse(
                    "codec",
                    f"{name} is turned into values of {size_text(np.dtype(kind).itemsize)} each when it is "
                    "unpacked; it was not opened.",
                )
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
        index_size = 16 * layout.shard + 4 * layout.checked
        if size < index_size:
            raise refuse(
                "damaged", f"The shard {path.name} of {path.parent.name} ends early; copy or download it again."
            )
        file.seek(0 if layout.listed_first else size - index_size)
        positions = np.frombuffer(file.read(16 * layout.shard), "<u8").reshape(-1, 2).tolist()
        for start, length in positions:
            if start != NOTHING:
                _check_unpacked(file, start, min(length, size), layout, path)


def _check_unpacked(file: Any, start: int, length: int, layout: Layout, path: Path) -> None:
    """Refuse a chunk that unpacks to more than its array declares, by its header or, without one, by unpacking."""
    most = 2 * layout.chunk + 4096
    file.seek(start)
    if layout.packed in ("gzip", "zlib"):
        unpacked = _count_unpacked(file, length, most)
    else:
        head = file.read(min(length, 32))
        unpacked = length if layout.packed is None else _declared_size(head, layout.packed)
    if unpacked > most:
        raise refuse(
            "bomb",
            f"A chunk of {path.parent.name} unpacks to {size_text(unpacked)} or more and should have "
            f"{size_text(layout.chunk)}; it was not opened.",
        )


def _count_unpacked(file: Any, length: int, most: int) -> int:
    """The bytes that deflate streams unpack to, one behind the other; the count stops where there are too many."""
    opener, total = zlib.decompressobj(wbits=47), 0
    with suppress(zlib.error):  # no such stream: unpacking reports it later
        while length > 0 and total <= most and (raw := file.read(min(length, 2**16))):
            length -= len(raw)
            while raw and total <= most:
                total += len(opener.decompress(raw, 2**20))
                raw = opener.unconsumed_tail
                if opener.eof:
                    raw, opener = opener.unused_data, zlib.decompressobj(wbits=47)
    return total


def _declared_size(head: bytes, packed: str) -> int:
    """The bytes that the header of a compressed chunk announces; very many where it does not say."""
    if packed == "blosc":
        return int.from_bytes(head[4:8], "little")
    if packed == "lz4":
        return int.from_bytes(head[:4], "little")
    if len(head) < 6 or head[:4] != b"\x28\xb5\x2f\xfd":
        return 0  # no such stream: unpacking reports it later
    about = head[4]
    single = bool(about & 0x20)
    start = 5 + (not single) + (0, 1, 2, 4)[about & 3]
    size = (1 if single else 0, 2, 4, 8)[about >> 6]
    if size == 0:
        return 2**62
    return int.from_bytes(head[start : start + size], "little") + (256 if size == 2 else 0)
