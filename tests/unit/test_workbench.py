"""The way in: it starts anywhere, does nothing twice, and says in one sentence what is in the way."""

import ast
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tomllib
import urllib.request
from pathlib import Path
from types import SimpleNamespace

import pytest
from packaging.requirements import Requirement

import workbench

ROOT = Path(workbench.__file__).parent
SOURCE = Path(workbench.__file__).read_text(encoding="utf-8")


def pins() -> list[Requirement]:
    lines = (line.split("#")[0].strip() for line in (ROOT / "requirements.txt").read_text().splitlines())
    return [Requirement(line) for line in lines if line]


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder of its own whose environment is the running one, with pip's calls written down."""
    for name in ("requirements.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    monkeypatch.setattr(workbench, "ROOT", tmp_path)
    monkeypatch.setattr(workbench, "PYTHON", Path(sys.executable))
    monkeypatch.setattr(workbench, "STAMP", tmp_path / "installed.sha256")
    return tmp_path


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    made: list[tuple[str, ...]] = []
    monkeypatch.setattr(workbench, "pip", lambda *arguments: made.append(arguments))
    return made


def test_an_old_python_can_read_it_and_it_needs_only_python() -> None:
    tree = ast.parse(SOURCE, feature_version=(3, 7))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in names} <= sys.stdlib_module_names


def test_an_old_python_is_told_that_it_is_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbench, "sys", SimpleNamespace(version_info=(3, 8, 10), exit=sys.exit))
    with pytest.raises(SystemExit, match=r"needs Python 3\.11 or newer; this is 3\.8\."):
        workbench.main([])


def test_nothing_is_installed_twice(house: Path, calls: list[tuple[str, ...]]) -> None:
    workbench.install()
    assert calls == [("-r", "requirements.txt"), ("--no-deps", "--no-build-isolation", "--editable", ".")]
    workbench.install()
    assert len(calls) == 2
    (house / "requirements.txt").write_text("torch==2.13.0\n")
    workbench.install()
    assert len(calls) == 4


def test_a_moved_project_is_installed_again(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = workbench.fingerprint()
    elsewhere = house / "elsewhere"
    elsewhere.mkdir()
    for name in ("requirements.txt", "pyproject.toml"):
        shutil.copy(house / name, elsewhere)
    monkeypatch.setattr(workbench, "ROOT", elsewhere)
    assert workbench.fingerprint() != before


def test_an_installation_cut_short_is_done_again(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def cut(*arguments: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(workbench, "pip", cut)
    with pytest.raises(KeyboardInterrupt):
        workbench.install()
    assert not workbench.STAMP.exists()


def test_a_missing_venv_module_names_the_package(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbench, "PYTHON", house / "none")
    monkeypatch.setattr(workbench.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SystemExit, match=r"apt install python3\.\d+-venv"):
        workbench.install()


def test_a_full_disk_is_seen_before_anything_is_made(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbench, "PYTHON", house / "none")
    monkeypatch.setattr(workbench, "VENV", house / ".venv")
    monkeypatch.setattr(workbench, "DISK_GB", 10**9)
    with pytest.raises(SystemExit, match=r"too full: \d+ GB are needed where .* lies, [\d.]+ GB are free"):
        workbench.install()
    assert not (house / ".venv").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--index-url", "http://localhost:9/", "--retries", "1"], "reached no network"),
        (["--no-index"], "could not install what is needed"),
    ],
)
def test_pip_that_fails_ends_in_a_sentence(
    house: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], sentence: str
) -> None:
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    with pytest.raises(SystemExit, match=sentence):
        workbench.pip("--dry-run", *arguments, "winnow-is-not-on-any-index")


def test_a_taken_port_is_named(house: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SystemExit, match=f"Port {port} is taken.*--port {port + 1}"):
            workbench.start(port, browser=False)


def test_the_app_may_read_ones_own_folder_and_those_that_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STCORE_DATA", raising=False)
    assert workbench.data_environment([str(tmp_path)]) == {
        "STCORE_DATA": os.pathsep.join([str(Path.home()), str(tmp_path)])
    }
    monkeypatch.setenv("STCORE_DATA", "elsewhere")
    assert workbench.data_environment([]) == {"STCORE_DATA": "elsewhere"}
    both = os.pathsep.join(["elsewhere", str(tmp_path)])
    assert workbench.data_environment([str(tmp_path)]) == {"STCORE_DATA": both}  # in place of the own one
    with pytest.raises(SystemExit, match="no folder"):
        workbench.data_environment([str(tmp_path / "none")])


def test_a_class_has_its_hosts_its_quota_and_its_folders_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STCORE_DATA", "elsewhere")
    monkeypatch.setenv("STCORE_RUNS", str(tmp_path / "runs"))
    (shared := tmp_path / "shared").mkdir()
    flags, told = workbench.class_settings(["lab.example.org"], [str(shared)], "500MB", 3)
    assert flags[0] == "--server.address=0.0.0.0" and flags[-1] == "--server.allowedHosts=lab.example.org"
    assert told["STCORE_DATA"] == os.pathsep.join([str(workbench.ROOT / "data"), str(shared)])
    assert (told["STCORE_QUOTA"], told["STCORE_SLOTS"]) == ("500MB", "3")
    assert told["STCORE_RUNS"] == told["STCORE_SLOTS_IN"] == str(tmp_path / "runs")
    with pytest.raises(SystemExit, match="500MB"):
        workbench.class_settings(["lab.example.org"], [], "much", 3)
    with pytest.raises(SystemExit, match="where all may read"):  # else each could read what the others made
        workbench.class_settings(["lab.example.org"], [str(tmp_path)], "500MB", 3)


def test_requirements_are_exact_and_within_the_ranges() -> None:
    exact = {re.sub(r"[-_.]+", "-", pin.name).lower(): pin for pin in pins()}
    assert next(iter(exact)) == "torch"
    assert not [name for name in exact if name.startswith(("nvidia", "cuda", "triton"))]
    assert all(re.fullmatch(r"==[0-9][0-9a-z.]*", str(pin.specifier)) for pin in exact.values())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for text in (*project["dependencies"], *project["optional-dependencies"]["test"]):
        wanted = Requirement(text)
        version = str(exact[re.sub(r"[-_.]+", "-", wanted.name).lower()].specifier).removeprefix("==")
        assert wanted.specifier.contains(version), f"{wanted} leaves out {version}"


@pytest.mark.skipif(os.name == "nt", reason="sends the signal of a terminal's Ctrl-C to a process group")
def test_the_app_starts_on_this_machine_only_says_where_and_ends_with_ctrl_c(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "main.py").write_text("import streamlit as st\nst.write('here')\n")
    shutil.copytree(ROOT / ".streamlit", tmp_path / ".streamlit")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    steps = "import pathlib, sys, workbench as w; w.ROOT = pathlib.Path(sys.argv[1]); w.PYTHON = sys.executable"
    command = [sys.executable, "-c", f"{steps}; sys.exit(w.start({port}, browser=False))", str(tmp_path)]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    ) as started:
        assert started.stdout is not None
        said = ""
        for line in started.stdout:
            said += line
            if "Winnow is at" in line:
                break
        try:
            with urllib.request.urlopen(f"http://localhost:{port}/_stcore/health", timeout=10) as answer:
                assert answer.status == 200
        finally:
            os.killpg(started.pid, signal.SIGINT)
        rest, _ = started.communicate(timeout=15)
    assert f"http://localhost:{port} " in said
    assert "Traceback" not in said + rest
    assert "config option" not in said + rest
    assert not workbench.is_taken(port)


def test_help_says_what_counts_where_a_variable_names_folders_too(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        workbench.main(["--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert (
        "it also reads your home, or the folders that STCORE_DATA names instead (a class reads neither of these)"
        in said
    )
