"""`stcore sensors` on the command line: the file, the document, the refusals."""

import json
from pathlib import Path

import geopandas
import pytest
from planning import masked_run
from tiny import tiny
from training_runs import trained

from stcore.cli import main
from stcore.runs import Run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return masked_run(tmp_path_factory.mktemp("cli"), "any", {"name": "any"})


def test_a_plan_is_written_and_told(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "plan.geojson"
    assert (
        main(["sensors", str(run.path), "--keep", "3", "--out", str(out), "--on", "s3", "--off", "s0,s2", "--json"])
        == 0
    )
    told = json.loads(capsys.readouterr().out)
    found = geopandas.read_file(out).set_index("sensor")
    assert len(found) == told["rows"] == 8 and found["kept"].sum() == told["kept"] == 3
    assert found["kept"]["s3"] and not found["kept"][["s0", "s2"]].any()
    assert set(told["errors"]) == set(told["unmasked"]) == {"validation", "test"}
    assert set(told["errors"]["test"]) == {"all", "kept", "off"}
    for part, errors in told["errors"].items():
        low, high = told["intervals"][part]["off"]
        assert low < errors["off"] < high and len(told["changes"][part]["all"]) == 3
        assert told["measured"][part]["part"] == part and told["measured"][part]["from"][:2] == "20"


def test_a_budget_decides_instead_and_the_knee_where_nothing_does(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sensors", str(run.path), "--budget", "5", "--costs", "s0=4,s1=2", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["cost"] <= 5
    assert main(["sensors", str(run.path), "--speed"]) == 0
    said = capsys.readouterr().out
    assert "of 8 sensors stay on" in said and "note: " in said
    assert "measured in validation period (20" in said and "measured in test period (20" in said and "95 %" in said


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--keep", "9"], "1 to 8 of them can be kept"),
        (["--keep", "0"], "not 0"),
        (["--keep", "2", "--out", "plan.pdf"], ".csv, .geojson, .gpkg or .html"),
        (["--keep", "2", "--out", "nowhere/plan.csv"], "no folder"),
        (["--keep", "2", "--on", "nobody"], "no sensor"),
        (["--keep", "2", "--on", "s1", "--off", "s1"], "on and to be off"),
        (["--keep", "1", "--on", "s1,s2"], "more than the 1"),
        (["--keep", "7", "--off", "s1,s2"], "All but 6"),
        (["--keep", "2", "--budget", "3"], "not both"),
        (["--budget", "0.5"], "mask.budget"),
        (["--costs", "s1=-1", "--keep", "2"], "above 0"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(
    run: Run,
    more: list[str],
    words: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["sensors", str(run.path), *more]) == 2
    said = capsys.readouterr()
    assert words in said.err and said.err.count("\n") == 1 and not said.out and not list(tmp_path.iterdir())


def test_a_model_that_reads_no_neighbours_is_refused_with_those_that_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny().save(tmp_path / "tiny.nc")
    alone = trained(tmp_path / "tiny.nc", tmp_path, "alone")
    assert main(["sensors", str(alone.path), "--keep", "2", "--out", str(tmp_path / "plan.csv")]) == 2
    assert (
        "stid-neighbours, graph-wavenet, mtgnn, simvp" in capsys.readouterr().err
        and not (tmp_path / "plan.csv").exists()
    )
