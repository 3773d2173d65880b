"""What the doctor sees, and that it changes nothing."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import filelock
import pytest

from stcore.cli import main
from stcore.processes import health
from stcore.processes.health import Check
from stcore.runs import Run, trash

FINISHED = Path(__file__).parent.parent / "legacy" / "masks" / "done"
STOPPED = FINISHED.parent / "stopped"


def found(runs: Path, name: str) -> Check:
    return next(check for check in health.checks(runs) if check.name == name)


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """A folder with one finished run."""
    shutil.copytree(FINISHED, tmp_path / "runs" / "done")
    return tmp_path / "runs"


def test_this_machine_and_an_empty_folder_are_well(tmp_path: Path) -> None:
    checks = health.checks(tmp_path / "none")
    assert {"python", "packages", "demo", "memory", "disk", "runs", "workers"} == {check.name for check in checks}
    assert [check for check in checks if check.level == "problem"] == []
    assert not (tmp_path / "none").exists()


def test_every_problem_says_what_to_do(monkeypatch: pytest.MonkeyPatch, runs: Path) -> None:
    monkeypatch.setattr(health, "requires", lambda name: ["pandas>=99", "no-such-package>1", "numpy>=1; extra == 'x'"])
    monkeypatch.setattr(health, "LEAST_DISK", 1e18)
    monkeypatch.setattr(health, "NETWORK_FILESYSTEMS", (health._filesystem(runs),))
    problems = {check.name: check for check in health.checks(runs) if check.level == "problem"}
    assert set(problems) == {"packages", "disk", "filesystem"}
    assert "pandas" in problems["packages"].text and "no-such-package (missing)" in problems["packages"].text
    assert "numpy" not in problems["packages"].text
    assert all(check.remedy for check in problems.values())
    assert not health.is_healthy(list(problems.values()))


def test_interrupted_runs_are_named_with_the_way_on(runs: Path) -> None:
    shutil.copytree(STOPPED, runs / "broken")
    (runs / "broken" / "result.json").unlink()
    os.utime(runs / "broken" / "spec.json", (0, 0))
    check = found(runs, "interrupted")
    assert (check.level, "broken" in check.text, "resume" in check.remedy) == ("note", True, True)


def test_a_worker_without_a_word_is_a_problem(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(STOPPED, runs / "deaf")
    (runs / "deaf" / "result.json").unlink()
    events = runs / "deaf" / "events.jsonl"
    os.utime(events, (time.time() - 3600,) * 2)
    with filelock.FileLock(runs / "deaf" / "lock"):
        assert found(runs, "silent").level == "problem"
        os.utime(events)
        assert "silent" not in [check.name for check in health.checks(runs)]


def test_torn_writes_are_told_where_nobody_works(runs: Path) -> None:
    torn = runs / "done" / "checkpoint.new.partial"
    torn.write_bytes(b"half")
    assert "torn-writes" not in [check.name for check in health.checks(runs)], "it may be in the making"
    os.utime(torn, (0, 0))
    assert "checkpoint.new.partial" in found(runs, "torn-writes").text
    assert torn.is_file()


def test_a_run_that_cannot_be_opened_is_a_problem_with_its_reason(runs: Path) -> None:
    spec = runs / "done" / "spec.json"
    spec.write_text(spec.read_text().replace('"lookback": ', '"lookback": 9999'))
    check = found(runs, "damaged")
    assert check.level == "problem" and "run 'done'" in check.text and "'data.lookback'" in check.text


def test_the_trash_is_told(runs: Path) -> None:
    trash.delete(Run(runs / "done"))
    assert found(runs, "trash").text.startswith("1 deleted run is")


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Path]:
    """A process that looks like a worker of the run that is given back; it only waits."""
    target = tmp_path / "runs" / "gone"
    code = "import sys, time; print('here', flush=True); time.sleep(60)"
    command = [sys.executable, "-c", code, "-m", "stcore", "resume", str(target), "--quiet"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield target
        process.kill()


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="processes are only told by Linux")
def test_a_worker_whose_run_is_gone_is_an_orphan(worker: Path, runs: Path) -> None:
    check = found(runs, "orphans")
    assert check.level == "problem"
    assert "gone, whose folder is gone" in check.text
    shutil.copytree(FINISHED, worker)
    assert found(runs, "workers").level == "well"


def test_the_command_says_it_and_its_exit_code_too(
    runs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", "--runs", str(runs), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["well"] is True
    assert {"name", "level", "text", "remedy"} == set(told["checks"][0])
    monkeypatch.setattr(health, "LEAST_DISK", 1e18)
    assert main(["doctor", "--runs", str(runs)]) == 1
    printed = capsys.readouterr().out
    assert "PROBLEM disk:" in printed and "trash --empty" in printed
