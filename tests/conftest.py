"""What tests share: which of them run, how they are shared out, and what is made once for all processes."""

import os
from datetime import date
from pathlib import Path

import pytest
from hypothesis import settings
from once import Once, once_in

# Several processes share the processors: with a thread each they are done sooner than with one a processor.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")

# How long one example takes says nothing of the code while another process works beside it.
settings.register_profile("same", settings(), deadline=None, derandomize=True)
settings.register_profile("drawn", settings(), deadline=None, derandomize=False)


# ---- which tests run -----------------------------------------------------------------------------------------------
def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("winnow")
    group.addoption("--all", dest="everything", action="store_true", help="run what takes minutes, too")
    group.addoption("--seed", type=int, help="of what tests draw: 0, with --all the date as a number")


def pytest_configure(config: pytest.Config) -> None:
    """The seed is decided once, by the process that starts the others."""
    everything = config.option.everything
    if config.option.seed is None:
        config.option.seed = int(f"{date.today():%Y%m%d}") if everything else 0
    settings.load_profile("drawn" if everything else "same")


def pytest_report_header(config: pytest.Config) -> str:
    what = "everything" if config.option.everything else "the default selection; --all runs everything"
    return f"selection: {what}\nseed: {config.option.seed} (--seed {config.option.seed} draws the same again)"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is slow, unless all or ``-m slow`` is asked for. What drives a browser comes first, since it takes
    longest."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is None)
    if config.option.everything or "slow" in config.option.markexpr:
        return
    left_out = [item for item in items if item.get_closest_marker("slow")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not item.get_closest_marker("slow")]


# ---- how they are shared out ---------------------------------------------------------------------------------------
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Three for folders, however many cores there are: many tests start processes of their own, and as many wait for them;
    ``-n`` overrides it."""
    few = any("::" in asked or asked.endswith(".py") for asked in config.args)
    return 0 if few or config.option.lf or config.option.keyword else 3


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of this run of the tests that all of its processes see."""
    own = tmp_path_factory.getbasetemp()
    folder = own.parent if os.environ.get("PYTEST_XDIST_WORKER") else own
    (folder / "shared").mkdir(exist_ok=True)
    return folder / "shared"


@pytest.fixture(scope="session")
def once(shared_folder: Path) -> Once:
    """What takes long to make, made once for all processes; see tests/once.py."""
    return once_in(shared_folder)


# ---- data ----------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="session")
def seed(pytestconfig: pytest.Config) -> int:
    """Of what a test draws; see ``--seed``."""
    return int(pytestconfig.option.seed)


@pytest.fixture(scope="session")
def everything(pytestconfig: pytest.Config) -> bool:
    """Whether ``--all`` was asked for."""
    return bool(pytestconfig.option.everything)


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
def small_file(once: Once) -> Path:
    """A dataset of 4 sensors and 600 hours, on which an epoch takes a fraction of a second."""
    from running import small_data

    return once("small", lambda folder: small_data().save(folder / "small.nc")) / "small.nc"
