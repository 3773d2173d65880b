"""What a finished run leaves for evidence is read back whole, and what cannot be paired is refused in a sentence."""

from pathlib import Path

import numpy as np
import pytest
from evidence import one_run, seeds, written

from stcore.evidence import Evidence as Found  # pytest takes names that begin with Test for tests
from stcore.evidence import EvidenceError
from stcore.evidence.paired import pair_by_seed


def test_a_run_is_read_back(tmp_path: Path) -> None:
    made = one_run([[3.0, 6.0], [0.0, 9.0]], seed=4, count=[[3, 3], [0, 3]])
    found = Found.of(written(tmp_path, made, "one"))
    for name in ("error", "count", "start", "time", "sensor_error"):
        assert np.array_equal(getattr(found, name), getattr(made, name)), name
    assert (found.seed, found.lookback, found.horizon, found.sensors) == (4, 2, 2, ["a", "b", "c"])
    assert found.mae == 18 / 9


def test_missing_targets_weigh_nothing() -> None:
    assert one_run([[2.0], [0.0]], count=[[2], [0]]).mae == 1.0


@pytest.mark.parametrize(
    ("leave_out", "result", "said"),
    [
        (["test_error"], {}, "did not keep the test errors"),
        ([], {"status": "stopped"}, "is stopped, not done"),
    ],
)
def test_a_run_without_evidence_says_why(tmp_path: Path, leave_out: list[str], result: dict, said: str) -> None:
    with pytest.raises(EvidenceError, match=said):
        Found.of(written(tmp_path, one_run([[1.0]]), "one", leave_out, **result))


def test_a_damaged_run_says_so(tmp_path: Path) -> None:
    run = written(tmp_path, one_run([[1.0], [2.0]]), "one")
    (run.path / "rows" / "test_count.bin").write_bytes(b"\0" * 4)
    with pytest.raises(EvidenceError, match=r"test_count\.bin of run one is damaged"):
        Found.of(run)


def test_runs_are_paired_by_seed() -> None:
    pair = pair_by_seed(
        [one_run([[3.0]], 1), one_run([[2.0]], 0), one_run([[9.0]], 5)], [one_run([[4.0]], 0), one_run([[5.0]], 1)]
    )
    assert pair.seeds == [0, 1]
    assert pair.error[:, :, 0, 0].tolist() == [[2, 3], [4, 5]] and pair.error.dtype == np.float64


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        (seeds(1, windows=48), seeds(1, windows=47), "different windows"),
        (seeds(1, windows=48), seeds(1, windows=48, fingerprint="another"), "different windows"),
        (seeds(1, windows=48), seeds(1, windows=48, count=np.full((48, 2), 2.0)), "different windows"),
        ([one_run([[1.0]], 1)], [one_run([[1.0]], 2)], "No seed was run with all"),
        ([one_run([[1.0]], 1)] * 2, [one_run([[1.0]], 1)], "two runs with the same seed"),
    ],
)
def test_what_cannot_be_paired_is_refused(one: list, other: list, said: str) -> None:
    with pytest.raises(EvidenceError, match=said):
        pair_by_seed(one, other)
