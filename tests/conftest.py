"""What tests share."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data sets that STCORE_REAL_DATA names; without it the tests that need one are skipped."""
    named = os.environ.get("STCORE_REAL_DATA")
    if not named:
        pytest.skip("STCORE_REAL_DATA names no folder of real data sets")
    folder = Path(named)
    if not folder.is_dir():
        pytest.fail(f"STCORE_REAL_DATA names {named}, which is no folder")
    return folder


@pytest.fixture(scope="session")
def small_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset of 4 sensors and 600 hours, on which an epoch takes a fraction of a second."""
    from running import small_data

    path = tmp_path_factory.mktemp("data") / "small.nc"
    small_data().save(path)
    return path
