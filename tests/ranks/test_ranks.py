"""Several processes do the same work as one: the same numbers and kept sets, one voice, and an end agreed by all."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cases import mostly_slow
from hypothesis import given
from hypothesis import strategies as st
from once import Once
from running import (
    LONGER,
    SMALL,
    Command,
    assert_each_epoch_once,
    assert_same_run,
    begun,
    done,
    free_port,
    trained,
    weights,
)

from stcore.ranks import Ranks
from stcore.runs import Run

EXACT = (*SMALL, "--set", "train.precision=float64")


def ranks(folder: Path, world: int, *arguments: str | Path) -> list[Command]:
    """The command on ``world`` processes of this machine, as torchrun sets them up."""
    shared = {"WORLD_SIZE": str(world), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port())}
    return [
        Command(folder, *arguments, environment={**shared, "RANK": str(rank), "LOCAL_RANK": str(rank)})
        for rank in range(world)
    ]


def train(folder: Path, small_file: Path, world: int, *arguments: str, name: str = "run") -> list[Command]:
    parts = (*EXACT, *arguments, "--runs", folder, "--id", name, "--json")
    return ranks(folder, world, "train", small_file, *parts)


def ended(commands: Sequence[Command], code: int = 0) -> dict[str, Any]:
    """What the first rank printed, when all have ended and no other has printed anything."""
    assert [command.wait() for command in commands] == [code] * len(commands), [command.stderr for command in commands]
    assert "".join(command.stdout for command in commands[1:]) == ""
    assert code or "".join(command.stderr for command in commands[1:]) == ""
    return commands[0].document


def assert_as_alone(run: Run, alone: Run) -> None:
    """The same kept sets; losses, metrics and weights equal but for the order in which numbers were added."""
    for name in ("kept.bin", "weight.bin"):
        assert (run.path / "rows" / name).read_bytes() == (alone.path / "rows" / name).read_bytes()
    for one, other in zip(run.epochs(), alone.epochs(), strict=True):
        assert one["train_loss"] == pytest.approx(other["train_loss"], rel=1e-9)
        assert flat(one["validation"]) == pytest.approx(flat(other["validation"]), rel=1e-9)
        assert [one[key] for key in ("visits", "kept", "best")] == [other[key] for key in ("visits", "kept", "best")]
    pair = [run.result or {}, alone.result or {}]
    for part in ("validation", "test"):
        assert flat(pair[0]["metrics"][part]) == pytest.approx(flat(pair[1]["metrics"][part]), rel=1e-9)
    assert pair[0]["visits"] == pair[1]["visits"]
    found, expected = weights(run), weights(alone)
    for name, tensor in expected.items():
        np.testing.assert_allclose(found[name].numpy(), tensor.numpy(), rtol=1e-7, atol=1e-10)


def flat(metrics: dict[str, Any]) -> list[float]:
    rows = [metrics, *metrics["by_horizon"]]
    return [row[name] for row in rows for name in ("mae", "rmse", "mape")]


@pytest.fixture(scope="session")
def whole(small_file: Path, once: Once) -> Callable[[int], Run]:
    """A run of some seconds that so many processes have trained without being disturbed."""

    def get(world: int) -> Run:
        folder = once(f"ranks-{world}", lambda folder: ended(train(folder, small_file, world, *LONGER, name="whole")))
        return Run(folder / "whole")

    return get


CASES = [
    *[("st-prune", 2, "25"), ("infobatch", 2, "24"), ("random", 2, "37"), ("full", 3, "24")],
    *[("repb", 2, "25"), ("el2n", 2, "26"), ("craig", 2, "26")],  # batches compared; short trainings beforehand
    ("guarded", 2, "25"),  # sums over strata
]


@pytest.mark.parametrize(
    ("prune", "world", "batch"), mostly_slow(CASES, [CASES[0], ("full", 3, "24"), ("craig", 2, "26")])
)
def test_several_processes_compute_what_one_computes(
    prune: str, world: int, batch: str, small_file: Path, tmp_path: Path
) -> None:
    chosen = ("--prune", prune, "--batch", batch, "--epochs", "3")
    together = train(tmp_path, small_file, world, *chosen)
    alone = train(tmp_path, small_file, 1, *chosen, name="alone")
    assert ended(together)["status"] == ended(alone)["status"] == "done"
    assert_as_alone(Run(tmp_path / "run"), Run(tmp_path / "alone"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mask", "prune"), [("dynst", "st-prune"), ("best", "full"), ("gradient", "random"), ("any", "full")]
)
def test_a_mask_is_the_same_on_several_processes(mask: str, prune: str, small_file: Path, tmp_path: Path) -> None:
    shape = ("--model", "stid-neighbours", "--mask", mask, "--sparsity", "0.5")
    chosen = (*shape, "--prune", prune, "--batch", "5", "--epochs", "4")
    together = train(tmp_path, small_file, 2, *chosen)
    alone = train(tmp_path, small_file, 1, *chosen, name="alone")
    assert ended(together)["status"] == ended(alone)["status"] == "done"
    run, other = Run(tmp_path / "run"), Run(tmp_path / "alone")
    assert_as_alone(run, other)
    assert (run.path / "rows" / "active.bin").read_bytes() == (other.path / "rows" / "active.bin").read_bytes()
    np.testing.assert_allclose(run.trace()["mask_score"], other.trace()["mask_score"], rtol=1e-5)
    assert [event["notes"] for event in run.epochs()] == [event["notes"] for event in other.epochs()]


@pytest.mark.slow
def test_torchrun_starts_them(small_file: Path, tmp_path: Path) -> None:
    launcher = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--master-addr", "127.0.0.1"]
    command = [*launcher, "--master-port", str(free_port()), "-m", "stcore", "train", str(small_file), *EXACT]
    asked = subprocess.run(
        [*command, "--runs", str(tmp_path), "--id", "run", "--json"],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        cwd=Path(__file__).parents[2],
    )
    assert asked.returncode == 0, asked.stderr
    assert len(asked.stdout.splitlines()) == 1, "the first rank alone speaks"
    assert asked.stderr.count("epoch 5: validation MAE") == 1
    assert json.loads(asked.stdout)["run"] == "run"
    ended(train(tmp_path, small_file, 1, name="alone"))
    assert_as_alone(Run(tmp_path / "run"), Run(tmp_path / "alone"))


def test_all_stop_together_and_go_on(small_file: Path, whole: Callable[[int], Run], tmp_path: Path) -> None:
    commands = train(tmp_path, small_file, 2, *LONGER)
    run = begun(commands[0], tmp_path / "run")
    trained(run, 1, commands[0])
    run.control("stop")
    assert ended(commands)["status"] == run.status == "stopped"
    assert ended(ranks(tmp_path, 2, "resume", run.path, "--json"))["status"] == "done"
    assert_each_epoch_once(run, 5)
    assert_same_run(run, whole(2))
    again = ranks(tmp_path, 2, "resume", run.path, "--json", "--quiet")
    assert ended(again)["status"] == "done"


@pytest.mark.parametrize("victim", mostly_slow([0, 1], [0]))
def test_a_killed_rank_ends_the_others_and_the_run_goes_on(
    victim: int, small_file: Path, whole: Callable[[int], Run], tmp_path: Path
) -> None:
    commands = train(tmp_path, small_file, 2, *LONGER)
    run = begun(commands[0], tmp_path / "run")
    trained(run, 2, commands[0])
    commands[victim].kill(signal.SIGKILL)
    assert commands[1 - victim].wait() == 1
    assert run.status == ("interrupted" if victim == 0 else "failed")
    assert ended(ranks(tmp_path, 2, "resume", run.path, "--json", "--quiet"))["status"] == "done"
    assert_each_epoch_once(run, 5)
    assert_same_run(run, whole(2))


def test_all_end_when_the_loss_of_one_is_no_number(small_file: Path, tmp_path: Path) -> None:
    wild = ("--set", "train.precision=float32", "--set", "model.layers=32", "--lr", "1", "--batch", "16")
    document = ended(train(tmp_path, small_file, 2, *wild), code=1)
    assert document["status"] == "failed"
    assert document["reason"].startswith("diverged at epoch 1: ")


def test_a_run_begun_alone_goes_on_with_two(small_file: Path, whole: Callable[[int], Run], tmp_path: Path) -> None:
    (command,) = train(tmp_path, small_file, 1, *LONGER)
    run = begun(command, tmp_path / "run")
    trained(run, 2, command)
    command.kill()
    ended(ranks(tmp_path, 2, "resume", run.path, "--json", "--quiet"))
    notes = [event["notes"] for event in run.events() if event["event"] == "started"]
    assert notes == [[], ["worked on by 1 processes before and by 2 now: not bit for bit the same"]]
    assert_each_epoch_once(run, 5)
    assert_as_alone(run, whole(1))
    done(tmp_path, "show", run.path)


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=40, unique=True), st.integers(1, 9))
def test_a_batch_is_dealt_once_and_evenly(batch: list[int], world: int) -> None:
    one = Ranks()
    parts = []
    for rank in range(world):
        one.rank, one.world = rank, world
        parts.append(one.deal(np.array(batch)))
    assert len({len(mine) for mine, _ in parts}) == 1, "equally many for all"
    real = np.concatenate([mine[keep] for mine, keep in parts])
    assert sorted(real.tolist()) == sorted(batch), "every sample once"
    assert all(np.array_equal(keep, np.sort(keep)[::-1]) for _, keep in parts), "copies come last"
