"""The same seed gives the same run, another one another; not pruning is the same by whatever name."""

from pathlib import Path

import pytest
from running import SMALL, Undisturbed, assert_same_run, bits, done, weights, without_clock

from stcore.runs import Run


def test_the_same_seed_gives_the_same_run(small_file: Path, undisturbed: Undisturbed, tmp_path: Path) -> None:
    done(tmp_path, "train", small_file, *SMALL, "--runs", tmp_path, "--id", "again")
    assert_same_run(Run(tmp_path / "again"), undisturbed())


def test_another_seed_gives_another_run(undisturbed: Undisturbed) -> None:
    one, other = weights(undisturbed()), weights(undisturbed("--seed", "1"))
    assert all(bits(one[name]) != bits(other[name]) for name in one)
    first, second = (run.trace()["kept"].values for run in (undisturbed(), undisturbed("--seed", "1")))
    assert (first != second).any()


@pytest.mark.parametrize("prune", ["st-prune", "infobatch"])
@pytest.mark.parametrize("how", ["prune_probability=0", "keep=1"])
def test_pruning_nothing_is_full_training_bit_for_bit(prune: str, how: str, undisturbed: Undisturbed) -> None:
    nothing = ("--set", f"prune.{how}") if how == "keep=1" else ("--set", f"prune.{how}", "--set", "prune.keep=null")
    full, run = undisturbed("--prune", "full"), undisturbed("--prune", prune, *nothing)
    one, other = weights(full), weights(run)
    assert [name for name in one if bits(one[name]) != bits(other[name])] == []
    assert (run.result or {})["visits"] == {"kept": 5 * 337, "full": 5 * 337, "share": 1.0, "refresh": 0, "pilot": 0}
    for first, second in zip(full.epochs(), run.epochs(), strict=True):
        assert without_clock({**first, "selection": None}) == without_clock({**second, "selection": None})
