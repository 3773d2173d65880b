"""Permutation importance of a finished run, measured once and kept in its folder."""

from collections.abc import Iterator

from stcore.data import STData
from stcore.options import RunOptions
from stcore.runs import Run, RunError
from stcore.runs.permuted import Permuted, save, tell
from stcore.runs.record import weights


def permute(run: Run, data: STData, permutations: int = 3, windows: int | None = None) -> Iterator[tuple[int, int]]:
    """Permute each sensor's history over the test's windows; says after each of the N sensors how many are done.

    ``data`` are the run's own. Without a number of ``windows`` as many as are forecast in some ten seconds to a minute, evenly
    spaced. At the end the result is in the run's folder, see ``stcore.runs.permuted.kept``. RunError without weights.
    """
    from stcore.training.importance import Permutation

    content = weights(run)
    if content is None:
        raise RunError(
            f"Run {run.id} has no finished weights yet, so no histories can be permuted for it; it is {run.status}."
        )
    options = RunOptions.read(run.spec["options"])
    measured = Permutation(data, options, content, permutations, windows)
    rise, others, count = [], [], len(data.sensors)
    try:
        for moved in measured:
            rise.append(moved.rise.tolist())
            others.append(moved.others.tolist())
            tell(run, len(rise), count)
            yield len(rise), count
    finally:
        tell(run, None, count)
    targets = run.spec["targets"]
    unit = run.spec["data"]["units"].get(targets[0], "") if len(targets) == 1 else "training spreads"
    found = Permuted(rise, others, measured.baseline, len(measured.windows), str(unit), measured.mixes)
    save(run, found)
