"""Writing so that a reader sees what was there before or what is there after, never between."""

import hashlib
import json
import os
import secrets
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

SEAL = b"stcore sealed 1 "


def leads_elsewhere(folder: Path) -> bool:
    """Whether a run's folder, or a file that is read of it, is a link; False where there is no such folder."""
    if folder.is_symlink():
        return True
    for place in (folder, folder / "rows", folder / "found", folder / "selections"):
        with suppress(OSError), os.scandir(place) as entries:
            if place.is_symlink() or any(entry.is_symlink() for entry in entries):
                return True
    return False


def write_json(path: Path, value: Any, durable: bool = False) -> None:
    """Replace ``path`` by ``value`` as JSON."""
    replace(path, json.dumps(plain(value), indent=1).encode(), durable)


def read_json(path: Path) -> dict[str, Any] | None:
    """The JSON object in ``path``, or None where the file is missing, torn or holds anything else."""
    try:
        value = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def replace(path: Path, content: bytes, durable: bool = True) -> None:
    """Replace ``path`` at once; ``durable`` has file and folder on the disk before the name changes hands."""
    own = "" if durable else f".{secrets.token_hex(4)}"  # page, command line and worker may all replace control.json
    partial = path.with_name(f"{path.name}{own}.partial")
    try:
        with open(partial, "wb") as file:
            file.write(content)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        _rename(partial, path)
    except OSError:
        with suppress(OSError):
            partial.unlink()  # on a full disk it is in the way of saying so
        raise
    if durable:
        sync_folder(path.parent)


def _rename(partial: Path, path: Path) -> None:
    """Give ``partial`` its name; on Windows, where nobody may be reading ``path`` just then, with some patience."""
    for wait in (0.01, 0.03, 0.1, 0.3, 1.0):
        try:
            os.replace(partial, path)
            return
        except PermissionError:
            if os.name == "posix":
                raise
            time.sleep(wait)
    os.replace(partial, path)


def sync_folder(path: Path) -> None:
    """Have a folder's names on the disk, where the system can."""
    if os.name == "posix":
        folder = os.open(path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def seal(content: bytes) -> bytes:
    """Content behind a line with its sha256, so that file and checksum cannot part."""
    return SEAL + hashlib.sha256(content).hexdigest().encode() + b"\n" + content


def unseal(path: Path) -> bytes | None:
    """The sealed content of ``path``, or None where it is missing or damaged."""
    try:
        head, _, content = path.read_bytes().partition(b"\n")
    except OSError:
        return None
    return content if head == SEAL + hashlib.sha256(content).hexdigest().encode() else None


def append_line(path: Path, value: Any, durable: bool = False) -> None:
    """One JSON line at the end; ``durable`` waits for the disk."""
    with open(path, "ab") as file:
        file.write(json.dumps(plain(value)).encode() + b"\n")
        if durable:
            file.flush()
            os.fsync(file.fileno())


def cut_torn_line(path: Path) -> None:
    """Drop an unfinished last line, as a crash leaves it, before anything is appended."""
    if not path.exists():
        return
    with open(path, "rb+") as file:
        content = file.read()
        file.truncate(content.rfind(b"\n") + 1)


def write_row(path: Path, place: int, row: bytes) -> None:
    """Row ``place`` of a file of equal rows; a repeated row overwrites the one before."""
    path.touch()
    with open(path, "rb+") as file:
        file.seek(place * len(row))
        file.write(row)
        file.flush()


def plain(value: Any) -> Any:
    """JSON's own types: NaN and infinity become null, numpy numbers become numbers."""
    if isinstance(value, dict):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, Path):
        return str(value)
    return None if isinstance(value, float) and not np.isfinite(value) else value
