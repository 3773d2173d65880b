"""What tests share, and how they are shared out: the whole selection goes to three processes, single files stay in one."""

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# How long one example takes says nothing of the code while another process works beside it.
settings.register_profile("untimed", settings(), deadline=None)
settings.load_profile("untimed")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Three for folders, however many cores there are: many tests start processes of their own, and as many wait for them;
    ``-n`` overrides it."""
    few = any("::" in asked or asked.endswith(".py") for asked in config.args)
    return 0 if few or config.option.lf or config.option.keyword else 3


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """A file is one worker's, with its fixtures; so is all that drives a browser, which then never drives two at once."""
    from xdist.scheduler import LoadFileScheduling

    if config.option.dist != "loadfile":
        return None

    class ByFileOrBrowser(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return "browser" if "browser/" in nodeid else str(super()._split_scope(nodeid))

    return ByFileOrBrowser(config, log)


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
