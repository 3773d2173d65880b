"""The examples of the README and of docs/extending.md, installed as a package of somebody else, keep the promises of ours."""

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tiny import tiny

from stcore import registry, testing
from stcore.processes import jobs
from stcore.runs.folder import Run

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "extending.md").read_text("utf-8")
README = (ROOT / "README.md").read_text("utf-8")
FAST = {"train": {"epochs": 4, "batch": 16, "threads": 1}, "data": {"lookback": 8, "horizon": 4}}
CHECKS = {
    "newest": testing.check_strategy,
    "hardest": testing.check_strategy,
    "linear": testing.check_model,
    "busiest": testing.check_mask,
    "last-windows": testing.check_distiller,
}


def own_method() -> str:
    """The README's example."""
    found = re.search(r"### A pruning method of your own.*?```python\n(.*?)```", README, re.S)
    assert found
    return found[1]


def write_package(folder: Path) -> None:
    """What the guide and the README show, as an installed distribution: modules, and entry points that name their cards."""
    for name, code in re.findall(r"```python\n# (\w+\.py)\n(.*?)```", GUIDE, re.S):
        (folder / name).write_text(code, "utf-8")
    (folder / "hardest_first.py").write_text(own_method(), "utf-8")
    declared = re.search(r"```toml\n(.*?)```", GUIDE, re.S)
    assert declared
    groups = tomllib.loads(declared[1])["project"]["entry-points"]
    groups["stcore.strategies"]["hardest"] = "hardest_first:CARD"
    info = folder / "examples-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: examples\nVersion: 1.0\n")
    lines = [
        f"[{group}]\n" + "".join(f"{name} = {card}\n" for name, card in cards.items())
        for group, cards in groups.items()
    ]
    (info / "entry_points.txt").write_text("\n".join(lines))


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The package in a folder outside the tree, on the path of this process."""
    folder = tmp_path_factory.mktemp("site-packages")
    write_package(folder)
    sys.path.insert(0, str(folder))
    registry.forget()
    yield folder
    sys.path.remove(str(folder))
    registry.forget()
    for path in folder.glob("*.py"):
        sys.modules.pop(path.stem, None)


@pytest.fixture(scope="module")
def environment(package: Path) -> dict[str, str]:
    """The environment of a process in which the package is installed."""
    paths = os.pathsep.join([str(package), str(ROOT), os.environ.get("PYTHONPATH", "")])
    return {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}


@pytest.mark.parametrize("name", CHECKS)
def test_an_example_keeps_the_promises_of_its_kind(name: str, package: Path) -> None:
    CHECKS[name](name)


def test_the_guides_own_tests_pass(package: Path, environment: dict[str, str]) -> None:
    tests = sorted(path.name for path in package.glob("test_*.py"))
    assert tests == ["test_bike_log.py", "test_contracts.py"]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *tests]
    done = subprocess.run(command, cwd=package, env=environment, capture_output=True, text=True)
    assert done.returncode == 0 and "2 passed" in done.stdout, done.stdout + done.stderr


def test_the_readmes_method_is_ten_lines() -> None:
    assert len([line for line in own_method().splitlines() if line.strip()]) <= 10


# ---- they take part in a training ---------------------------------------------------------------------------------------
def trained(folder: Path, **options: object) -> Run:
    return jobs.train(tiny(300, 6), folder / "runs", **FAST, **options).finish()


def test_the_readmes_method_keeps_the_hardest(package: Path, tmp_path: Path) -> None:
    run = trained(tmp_path, model={"name": "stid", "width": 4}, prune={"name": "hardest", "keep": 0.5})
    trace = run.trace()
    score, kept = trace.score.values.astype(float), trace.kept.values
    assert run.summary()["visits"]["share"] == pytest.approx(0.5, rel=0.01)
    assert score[0][kept[1]].min() >= np.nextafter(score[0][~kept[1]].max(), -1, dtype=np.float32)


def test_model_and_strategy_are_used_together(package: Path, tmp_path: Path) -> None:
    run = trained(tmp_path, model={"name": "linear", "dropout": 0.1}, prune={"name": "newest", "keep": 0.5})
    kept = run.trace().kept.values
    half = kept.shape[1] // 2
    assert kept[:, half:].mean() > 2 * kept[:, :half].mean() > 0
    assert run.summary()["metrics"]["test"]["mae"] > 0


def test_the_mask_switches_sensors_off_and_is_compared_by_best(package: Path, tmp_path: Path) -> None:
    mixing = {"model": {"name": "stid-neighbours", "width": 4}, "prune": {"name": "full"}}
    run = trained(tmp_path, **mixing, mask={"name": "busiest", "sparsity": 0.5})
    assert run.trace().active.values[-1].sum() == 3
    from stcore.sensors.candidates import candidates

    assert "busiest" in candidates()


def test_a_set_is_distilled_and_trained_on(package: Path, tmp_path: Path) -> None:
    small = {
        "distil": {"name": "last-windows", "time": 0.1, "space": 0.5},
        "data": FAST["data"],
        "train": {"threads": 1},
    }
    work = jobs.distil(tiny(300, 6), tmp_path / "runs", **small)
    data = jobs.distilled(work.finish())
    data.save(tmp_path / "small.nc")
    run = trained(
        tmp_path, model={"name": "linear"}, prune={"name": "full"}, distilled={"source": str(tmp_path / "small.nc")}
    )
    assert run.summary()["metrics"]["test"]["mae"] > 0


def test_the_command_line_lists_and_trains_them(package: Path, environment: dict[str, str], tmp_path: Path) -> None:
    code = "import pathlib, sys, test_bike_log; print(test_bike_log.write(pathlib.Path(sys.argv[1])))"
    log = output_of([sys.executable, "-c", code, str(tmp_path)], environment, tmp_path).strip()
    command = [sys.executable, "-m", "stcore"]
    listed = json.loads(output_of([*command, "methods", "--json"], environment, tmp_path))
    names = {card["name"] for cards in listed.values() for card in cards}
    assert {*CHECKS, "bike-log"} <= names
    options = [
        "--model",
        "linear",
        "--prune",
        "newest",
        "--keep",
        "0.5",
        "--epochs",
        "2",
        "--lookback",
        "4",
        "--horizon",
        "2",
    ]
    output_of(
        [*command, "train", log, *options, "--id", "mine", "--runs", str(tmp_path / "runs")], environment, tmp_path
    )
    spec = json.loads((tmp_path / "runs" / "mine" / "spec.json").read_text("utf-8"))
    assert spec["options"]["model"]["name"] == "linear" and spec["options"]["prune"]["name"] == "newest"


def output_of(command: list[str], environment: dict[str, str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
