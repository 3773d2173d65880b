"""Too little memory: the run ends as failed and says how much was needed and what to lower."""

import re
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from running import Command

from stcore.runs import Run
from stcore.runs.record import sentence

resource = pytest.importorskip("resource", reason="this system bounds no process")


def at_most(more: int) -> None:
    """This process may take so many bytes more than it has."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + more
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="this system does not tell a process its size")
def test_a_model_too_large_for_the_memory_is_told_so(small_file: Path, tmp_path: Path) -> None:
    command = Command(
        tmp_path,
        "train",
        small_file,
        "--set",
        "model.width=1024",
        "--set",
        "train.threads=1",
        "--batch",
        "16",
        "--runs",
        tmp_path,
        "--id",
        "run",
        "--json",
        "--quiet",
        first=partial(at_most, 200 * 2**20),
    )
    assert command.wait() == 1, command.stderr
    reason = command.document["reason"]
    assert command.stderr.splitlines()[-1] == reason
    assert re.fullmatch(
        r"The memory is not enough: [\d.]+ \w+ more were needed. Lower the batch or the lookback.", reason
    ), reason
    assert Run(tmp_path / "run").status == "failed"


def test_what_numpy_asks_for_is_told() -> None:
    with pytest.raises(MemoryError) as caught:
        np.empty(2**60, np.uint8)
    assert sentence(caught.value, 3) == (
        "The memory is not enough: 1.00 EiB more were needed. Lower the batch or the lookback. "
        "The last checkpoint (epoch 3) is intact."
    )
