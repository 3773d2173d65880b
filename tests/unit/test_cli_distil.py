"""The command that distils: what it writes, what it says, and what it refuses before the work."""

import json
from pathlib import Path

import pytest
from distillations import COMMON, QUICK
from tiny import tiny

from stcore import readers
from stcore.cli import main
from stcore.processes import jobs
from stcore.runs import create_distillation


def test_the_command_line_distils_writes_both_layouts_and_trains(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, runs = tmp_path / "data.nc", ["--runs", str(tmp_path / "runs")]
    tiny(400, 12).save(data)
    quick = [
        part
        for name, value in QUICK.items()
        if name not in ("name", "time", "space")
        for part in ("--set", f"distil.{name}={value}")
    ]
    size = ["--time", "0.1", "--space", "0.34", "--lookback", "6", "--horizon", "4", *runs]
    for out in ("small.nc", "small.pt"):
        assert main(["distil", str(data), *size, *quick, "--out", str(tmp_path / out), "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert told["size"]["sensors"] == 4 and told["status"] == "done"
        opened = readers.open(tmp_path / out)
        assert opened.ds.sizes["window"] == told["size"]["windows"]
    on_it = ["train", str(data), "--distilled", str(tmp_path / "small.nc"), "--epochs", "1", "--json", *size[4:]]
    assert main(on_it) == 0
    assert json.loads(capsys.readouterr().out)["metrics"]["test"]["mae"] > 0


def test_a_set_that_no_round_made_better_is_told_as_such(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tiny(400, 12).save(tmp_path / "data.nc")
    quick = [f"--set=distil.{name}={value}" for name, value in QUICK.items() if name not in ("name", "time", "space")]
    size = ["--time", "0.1", "--space", "0.34", "--lookback", "6", "--horizon", "4", "--runs", str(tmp_path / "runs")]
    worse = ["--set", "distil.rate=10", "--set", "distil.targets=own", "--set", "train.threads=1"]
    assert main(["distil", str(tmp_path / "data.nc"), *size, *quick, *worse, "--quiet"]) == 0
    assert "of a model trained on the set, at the start, since no round improved it" in capsys.readouterr().out


def test_how_large_a_set_is_is_not_told_before_the_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = create_distillation(tiny(400, 12), {"distil": QUICK, **COMMON}, tmp_path, "part")
    for event in jobs.work(run):
        if event.name == "epoch":
            run.control("stop")
    assert run.summary()["visits"] == {"kept": 0, "full": 0, "share": None}
    assert main(["show", "part", "--runs", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "stopped" in said and "time:" in said and "size:" not in said and "visits" not in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--out", "small.txt"], "ends in .nc or .pt"),
        (["--out", "nowhere/small.nc"], "no folder"),
        (["--out", "x" * 300 + ".nc"], "File name too long"),
        (["--method", "random", "--paper"], "learns nothing"),
        (["--method", "magic"], "no 'magic' among the distillers"),
        (["--time", "0"], "greater than 0"),
        (["--set", "train.epochs=3"], "distil.epochs says for how long"),
        (["--set", "prune.name=infobatch"], "prunes nothing"),
        (["--method", "gradient-matching", "--set", "distil.subsets=2"], "no option 'subsets'"),
        (["--method", "distribution-matching", "--set", "distil.inner=1"], "no option 'inner'"),
    ],
)
def test_wrong_use_is_said_before_the_work(
    arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    tiny(400, 12).save(Path("data.nc"))
    assert main(["distil", "data.nc", *arguments]) == 2
    assert said in capsys.readouterr().err
    assert not Path("runs").exists()
