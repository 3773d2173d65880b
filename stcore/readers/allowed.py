"""Which folders a page may read from: those that its server was started with, whatever links say."""

import os
from collections.abc import Sequence
from pathlib import Path

from stcore.checks import listed
from stcore.findings import refuse

VARIABLE = "STCORE_DATA"


def folders(*always: Path) -> list[Path]:
    """The folders of STCORE_DATA, separated as in PATH, or the user's own one where it is not set; and ``always``."""
    named = os.environ.get(VARIABLE)
    chosen = [Path(part) for part in named.split(os.pathsep) if part] if named else [Path.home()]
    return [place.expanduser().resolve() for place in (*chosen, *always)]


def check_inside(path: Path, places: Sequence[Path]) -> None:
    """DataError where a file or folder, followed through all links, lies in none of the folders, or can be none."""
    try:
        real = path.expanduser().resolve()
    except (OSError, RuntimeError, ValueError):  # the home of nobody, links in a circle, a name with a null in it
        raise refuse("not-found", f"No file or folder can be called {str(path)[:80]!r}.") from None
    if not any(real.is_relative_to(place) for place in places):
        raise refuse(
            "outside",
            f"{path} is outside the folders that this page may read, which are {listed(dict.fromkeys(places), 4)}. "
            "To add one, start the page with python3 workbench.py --data FOLDER; or upload the files.",
        )
