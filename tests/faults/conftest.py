"""What the tests of faults share: runs that nothing has disturbed, to compare with."""

import hashlib
from pathlib import Path

import pytest
from once import Once
from running import SMALL, Undisturbed, done

from stcore.runs import Run, open_run


@pytest.fixture(scope="session")
def undisturbed(small_file: Path, once: Once) -> Undisturbed:
    """A finished run with the given arguments, made once for all processes."""

    def get(*arguments: str) -> Run:
        def make(runs: Path) -> None:
            done(runs, "train", small_file, *SMALL, *arguments, "--runs", runs, "--id", "run")

        name = hashlib.sha256(repr(arguments).encode()).hexdigest()[:16]
        return open_run("run", once(f"undisturbed-{name}", make))

    return get
