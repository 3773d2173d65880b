"""Naming sensors on the command line: names that hold commas, the option several times, files."""

import json
from pathlib import Path

import pytest
from planning import copied, masked_run

from stcore.cli import main
from stcore.cli.sensors import sensor_costs, sensor_names
from stcore.data import STData
from stcore.options import OptionError

KNOWN = ["a", "b", "A1, north", "x=y", "@home"]


@pytest.mark.parametrize(
    ("texts", "names"),
    [
        (["a,b"], ["a", "b"]),
        (["a", " b "], ["a", "b"]),
        (["A1, north"], ["A1, north"]),
        (["A1, north", "a,b"], ["A1, north", "a", "b"]),
        (["@home", "x=y"], ["@home", "x=y"]),
        ([""], []),
        (None, None),
    ],
)
def test_a_whole_name_comes_before_its_commas(texts: list[str] | None, names: list[str] | None) -> None:
    assert sensor_names(texts, KNOWN) == names


def test_costs_may_be_of_names_with_commas_and_equal_signs() -> None:
    assert sensor_costs(["A1, north=3", "a=1,b=2", "x=y=4"], KNOWN) == ["A1, north=3", "a=1", "b=2", "x=y=4"]


def test_files_hold_a_line_or_a_row_each(tmp_path: Path) -> None:
    lines, table = tmp_path / "names.txt", tmp_path / "names.csv"
    lines.write_text("\ufeffa\n\nA1, north\n", "utf-8")
    table.write_text('kept,Sensor,cost\ntrue,"A1, north",3\nfalse,b,2.5\n', "utf-8")
    assert sensor_names([f"@{lines}", "b"], KNOWN) == ["a", "A1, north", "b"]
    assert sensor_names([f"@{table}"], KNOWN) == ["A1, north", "b"]
    assert sensor_costs([f"@{table}"], KNOWN) == ["A1, north=3", "b=2.5"]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("none.txt", None, "There is no file"),
        ("broken.txt", b"\xff\xfe\x00", "cannot be read as text"),
        ("other.csv", b"place,cost\na,1\n", "has no column sensor; it has place, cost"),
        ("free.csv", b"sensor\na\n", "has no column cost; it has sensor"),
        ("empty.csv", b"", "it has none"),
        ("short.csv", b"sensor,cost\na\n", "fewer columns than its head: 'a'"),
    ],
)
def test_files_that_name_nothing_are_refused(tmp_path: Path, name: str, content: bytes | None, words: str) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(OptionError, match=words):
        sensor_costs([f"@{path}"], KNOWN)


def test_a_plan_takes_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = copied()
    renamed = ["A1, north", *data.sensors[1:]]
    run = masked_run(tmp_path, "any", {"name": "any"}, STData.of(data.ds.assign_coords(sensor=renamed)))
    off = tmp_path / "off.txt"
    off.write_text("s2\ns3\n")
    asked = ["sensors", str(run.path), "--out", str(tmp_path / "plan.csv"), "--json"]
    assert main([*asked, "--keep", "3", "--on", "A1, north", "--on", "s1,s4", "--off", f"@{off}"]) == 0
    assert json.loads(capsys.readouterr().out)["kept"] == 3
    kept = [line.split('",')[0] for line in (tmp_path / "plan.csv").read_text().splitlines() if ",True," in line]
    assert '"A1, north' in kept
    assert main([*asked, "--budget", "5", "--costs", "A1, north=4", "--costs", "s1=2"]) == 0
    assert json.loads(capsys.readouterr().out)["cost"] <= 5
    assert main([*asked, "--keep", "3", "--on", "S1", "--on", "A1 north"]) == 2
    told = capsys.readouterr().err
    assert "'S1', 'A1 north'" in told and "near: 's1'" in told and "'A1, north'" in told and "are no sensors" in told
