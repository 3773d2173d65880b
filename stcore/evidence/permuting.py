"""Permutation importance of a finished run, measured once and kept in its folder."""

from collections.abc import Iterator

import numpy as np

from stcore.data import STData
from stcore.runs import Run, RunError
from stcore.runs.derived import Permuted, keep_permutation, tell
from stcore.runs.record import weights


def permute(run: Run, data: STData, permutations: int = 3, windows: int | None = None) -> Iterator[tuple[int, int]]:
    """Permute each sensor's history over the test's windows; says again and again how many of the N are done.

    ``data`` are the run's own. Without a number of ``windows`` as many as are forecast in some ten seconds to a minute, evenly
    spaced. At the end ``stcore.runs.derived.find_permutation`` finds the result in the run's folder. RunError without weights.
    """
    from stcore.training.permutation import Permutation

    content = weights(run)
    if content is None:
        raise RunError(
            f"Run {run.id} has no finished weights yet, so no histories can be permuted for it; it is {run.status}."
        )
    run.spec.check_options()
    measured = Permutation(data, run.spec.options, content, permutations, windows)
    done, count = 0, len(data.sensors)
    rise, others = np.zeros((2, count, permutations))
    try:
        for moved in measured:
            rise[moved.sensors], others[moved.sensors] = moved.rise, moved.others
            done += len(moved.sensors)
            tell(run, done, count)
            yield done, count
    finally:
        tell(run, None, count)
    found = Permuted(
        rise.tolist(), others.tolist(), measured.baseline, len(measured.windows), run.spec.error_unit, measured.mixes
    )
    keep_permutation(run, found)
