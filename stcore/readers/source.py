"""A file as the readers see it, and a folder of such files. The bytes decide what a file is; its name is only a hint."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Literal

from stcore.findings import Finding, refuse
from stcore.readers.safe.limits import check_room

Content = Literal[
    "hdf5", "netcdf3", "zip", "parquet", "pickle", "npy", "gzip", "grib", "text", "empty", "unknown", "folder"
]

MAGIC: tuple[tuple[bytes, Content], ...] = (
    (b"\x89HDF\r\n\x1a\n", "hdf5"),
    (b"CDF\x01", "netcdf3"),
    (b"CDF\x02", "netcdf3"),
    (b"CDF\x05", "netcdf3"),
    (b"PK\x03\x04", "zip"),
    (b"PAR1", "parquet"),
    (b"\x93NUMPY", "npy"),
    (b"\x1f\x8b", "gzip"),
    (b"GRIB", "grib"),
    (b"\x80\x02", "pickle"),
    (b"\x80\x03", "pickle"),
    (b"\x80\x04", "pickle"),
    (b"\x80\x05", "pickle"),
)
SUFFIXES: dict[str, tuple[Content, ...]] = {
    ".h5": ("hdf5",),
    ".hdf5": ("hdf5",),
    ".hdf": ("hdf5",),
    ".nc": ("hdf5", "netcdf3"),
    ".nc4": ("hdf5",),
    ".npz": ("zip",),
    ".zip": ("zip",),
    ".npy": ("npy",),
    ".parquet": ("parquet",),
    ".pkl": ("pickle",),
    ".pickle": ("pickle",),
    ".csv": ("text",),
    ".tsv": ("text",),
    ".txt": ("text",),
    ".gz": ("gzip",),
    ".grib": ("grib",),
}
WORDS: dict[Content, str] = {
    "hdf5": "an HDF5 file (NetCDF 4 is one, too)",
    "netcdf3": "a NetCDF 3 file",
    "zip": "a zip archive (npz is one, too)",
    "parquet": "a Parquet file",
    "pickle": "a Python pickle",
    "npy": "a numpy array",
    "gzip": "a gzip file",
    "grib": "a GRIB file",
    "text": "text",
    "empty": "empty",
    "unknown": "of a kind that is not known here",
    "folder": "a folder",
}
UNZIPPED_RATIO = 200
MOST_FILES = 2000
MOST_DEPTH = 3


@dataclass(frozen=True)
class Source:
    """One file on disk."""

    path: Path

    @property
    def name(self) -> str:
        """The file's name, as messages show it."""
        return self.path.name

    @property
    def stem(self) -> str:
        """The name without its suffixes, lower case."""
        return self.path.name.split(".")[0].lower()

    @cached_property
    def size(self) -> int:
        """Bytes on disk."""
        return self.path.stat().st_size

    @cached_property
    def head(self) -> bytes:
        """The first bytes."""
        with self.path.open("rb") as file:
            return file.read(8192)

    @cached_property
    def content(self) -> Content:
        """The format that the bytes have."""
        if not self.head:
            return "empty"
        for magic, content in MAGIC:
            if self.head.startswith(magic):
                return content
        if self._hdf5_after_user_block():
            return "hdf5"
        if self.path.suffix.lower() in (".pkl", ".pickle"):
            return "pickle"
        return "text" if _is_text(self.head) else "unknown"

    def _hdf5_after_user_block(self) -> bool:
        return any(self.head[offset : offset + 8] == MAGIC[0][0] for offset in (512, 1024, 2048, 4096))

    def suffix_findings(self) -> list[Finding]:
        """A note where the suffix belongs to another format than the bytes."""
        suffix = self.path.suffix.lower()
        if suffix not in SUFFIXES or self.content in SUFFIXES[suffix]:
            return []
        return [
            Finding(
                "note",
                "suffix",
                f"{self.name} is named {suffix} but is {WORDS[self.content]}; it was read as that.",
            )
        ]

    def read_bytes(self) -> bytes:
        """All bytes, unzipped where the file is gzip; DataError where there is no room for them."""
        check_room(10 * self.size, self.name)
        raw = self.path.read_bytes()
        return self._unzipped(raw) if self.content == "gzip" else raw

    def beginning(self, most: int) -> bytes:
        """The first bytes of the text, unzipped where the file is gzip."""
        with self.path.open("rb") as file:
            raw = file.read(most)
        return zlib.decompressobj(wbits=31).decompress(raw, most) if self.content == "gzip" else raw

    def _unzipped(self, raw: bytes) -> bytes:
        """All streams of a gzip file: bgzip and ``cat`` write several, one behind the other."""
        most, parts = min(UNZIPPED_RATIO * len(raw), 2**31), list[bytes]()
        while raw:
            opener = zlib.decompressobj(wbits=31)
            parts.append(opener.decompress(raw, most + 1))
            most -= len(parts[-1])
            if opener.unconsumed_tail or most < 0:
                raise refuse(
                    "bomb",
                    f"{self.name} unzips to more than {UNZIPPED_RATIO} times its size, as no table does; it was not opened.",
                )
            if not opener.eof:
                raise refuse(
                    "cut-off", f"{self.name} ends in the middle of its gzip stream; copy or download it again."
                )
            raw = opener.unused_data.lstrip(b"\0")  # tapes fill the rest with zeros
        return b"".join(parts)

    @cached_property
    def text_and_encoding(self) -> tuple[str, str]:
        """The text and its encoding: UTF-8, UTF-16, or else Windows-1252."""
        raw = self.read_bytes()
        for encoding in ("utf-8-sig", "utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "cp1252", "cp1252"):
            try:
                text = raw.decode(encoding)
            except UnicodeError:
                continue
            if any(text.count(mark) for mark in CONTROL):
                break
            return text, encoding
        raise refuse("encoding", f"{self.name} is not text: it is neither UTF-8 nor Windows-1252. Save it as UTF-8.")


@dataclass(frozen=True)
class Folder:
    """One folder on disk. Hidden files are left out, and no link is followed."""

    path: Path

    @property
    def name(self) -> str:
        """The folder's name, as messages show it."""
        return self.path.name

    @property
    def stem(self) -> str:
        """The name in lower case."""
        return self.path.name.lower()

    @property
    def content(self) -> Content:
        """``folder``, in the place of a file's format."""
        return "folder"

    @property
    def size(self) -> int:
        """Bytes on disk of all files."""
        return sum(source.size for source in self.files)

    @cached_property
    def own(self) -> tuple[Source, ...]:
        """The files directly in it, by name."""
        return tuple(Source(path) for path in self._entries if path.is_file() and not path.is_symlink())

    @cached_property
    def below(self) -> tuple["Folder", ...]:
        """The folders directly in it, by name."""
        return tuple(Folder(path) for path in self._entries if path.is_dir() and not path.is_symlink())

    @cached_property
    def links(self) -> tuple[Path, ...]:
        """The links directly in it. They may lead anywhere and are not followed."""
        return tuple(path for path in self._entries if path.is_symlink())

    @cached_property
    def files(self) -> tuple[Source, ...]:
        """Its files and those of the folders below, ``MOST_DEPTH`` deep; DataError where there are more than ``MOST_FILES``."""
        files: list[Source] = []
        for source in self._walk(MOST_DEPTH):
            files.append(source)
            if len(files) > MOST_FILES:
                raise refuse(
                    "too-many-files", f"{self.name} holds more than {MOST_FILES} files; open one of its folders."
                )
        return tuple(files)

    def named(self, *patterns: str) -> list[Source]:
        """Files directly in it whose names match a pattern such as ``*_his.npz``; upper and lower case are the same."""
        return [source for source in self.own if any(fnmatchcase(source.name.lower(), name) for name in patterns)]

    @cached_property
    def _entries(self) -> list[Path]:
        return [path for path in sorted(self.path.iterdir()) if not path.name.startswith(".")]

    def _walk(self, depth: int) -> Iterator[Source]:
        yield from self.own
        for folder in self.below if depth else ():
            yield from folder._walk(depth - 1)


CONTROL = [chr(code) for code in range(32) if chr(code) not in "\t\n\r\f\x1a"]


def _is_text(head: bytes) -> bool:
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return True
    return not any(byte in head for byte in (code.encode() for code in CONTROL))
