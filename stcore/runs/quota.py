"""Where many use one page: a runs folder for each visitor, a bound on what it may take (STCORE_QUOTA), and what else a
visitor may read."""

import hashlib
import os
import re
from collections.abc import Sequence
from pathlib import Path

from stcore import readers
from stcore.data import STData
from stcore.findings import refuse
from stcore.readers.safe.limits import size_text
from stcore.runs.folder import Run
from stcore.runs.spec import RunError
from stcore.runs.trash import size
from stcore.words import listing

QUOTA_VARIABLE = "STCORE_QUOTA"


def own_folder(root: Path, secret: str) -> Path:
    """The runs folder of the visitor who alone knows ``secret``, made where it is missing. RunError where it cannot be."""
    own = root / hashlib.sha256(f"winnow {secret}".encode()).hexdigest()[:16]
    try:
        own.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"No folder for your runs can be made in {root}: {error.strerror or error}.") from None
    return own


def quota() -> int | None:
    """Bytes that a runs folder may take, or None. RunError where the variable is no size such as 500MB."""
    asked = os.environ.get(QUOTA_VARIABLE, "").strip().lower()
    if not asked:
        return None
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]?)b?", asked)
    if not found or float(found[1]) <= 0:
        raise RunError(f"{QUOTA_VARIABLE} has to be a size such as 500MB or 2GB; it is {asked[:40]!r}.")
    return int(float(found[1]) * 1000 ** " kmgt".index(found[2] or " "))


def check_quota(root: Path, more: int = 0) -> None:
    """RunError where a runs folder, with ``more`` bytes that come in, takes more than its quota, trash included."""
    most = quota()
    if most is None or not root.is_dir():
        return
    taken = size(root) + more
    if taken > most:
        raise RunError(
            f"There is no room for more: {size_text(most)} is what each visitor has here, "
            f"and {size_text(taken)} would be taken. "
            "Delete runs, then empty the trash (Compare, All runs), which takes uploads along that no run uses."
        )


def check_reach(source: str | Path | STData, root: str | Path) -> None:
    """In a class (STCORE_CLASS): DataError where ``source`` lies neither in the shared folders nor in the visitor's ``root``.

    Whoever uses this machine by themselves reads whatever their account may.
    """
    if os.environ.get("STCORE_CLASS") and isinstance(source, str | Path) and str(source) != "demo":
        check_inside(Path(source), folders(readers.DEMO.parent, Path(root)))


def is_shared(run: Run) -> bool:
    """In a class: whether a run is everybody's, such as the demo run, so that no visitor may write into it."""
    own = os.environ.get("STCORE_RUNS")
    return bool(os.environ.get("STCORE_CLASS") and own) and not run.path.resolve().is_relative_to(
        Path(str(own)).resolve()
    )


DATA_VARIABLE = "STCORE_DATA"


def folders(*always: Path) -> list[Path]:
    """The folders of STCORE_DATA, separated as in PATH, or the user's own one where it is not set; and ``always``."""
    named = os.environ.get(DATA_VARIABLE)
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
            f"{path} is outside the folders that this page may read, which are {listing(dict.fromkeys(places), 4)}. "
            "To add one, start the page with python3 workbench.py --data FOLDER; or upload the files.",
        )
