"""What the tests of faults share: runs that nothing has disturbed, to compare with."""

from pathlib import Path

import pytest
from running import SMALL, Undisturbed, done

from stcore.runs import Run, open_run


@pytest.fixture(scope="session")
def undisturbed(small_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """A finished run with the given arguments, made once."""
    runs = tmp_path_factory.mktemp("undisturbed")
    made: dict[tuple[str, ...], Run] = {}

    def get(*arguments: str) -> Run:
        if arguments not in made:
            name = f"run-{len(made)}"
            done(runs, "train", small_file, *SMALL, *arguments, "--runs", runs, "--id", name)
            made[arguments] = open_run(name, runs)
        return made[arguments]

    return get
