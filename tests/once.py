"""What takes long to make is made once for all processes that run the tests."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from filelock import FileLock

Once = Callable[[str, Callable[[Path], Any]], Path]


def once_in(shared: Path) -> Once:
    """``once(name, make)``: the folder of that name, which ``make(folder)`` has filled in the first process that asked.

    All processes read the same files, so a test that changes them works on a copy.
    """

    def get(name: str, make: Callable[[Path], Any]) -> Path:
        folder, made = shared / name, shared / f"{name}.made"
        with FileLock(shared / f"{name}.lock"):
            if not made.exists():
                folder.mkdir()
                make(folder)
                made.touch()
        return folder

    return get
