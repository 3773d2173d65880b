"""Files of torch: what could run, what asks for more than there is, and what is no set at all."""

import io
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hostile_tools import Bomb, refused


def parts(held: object) -> dict[str, bytes]:
    """The members of what torch saves, by name."""
    buffer = io.BytesIO()
    torch.save(held, buffer)
    with zipfile.ZipFile(buffer) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


WHOLE = {"x": torch.ones(4, 8, 6, 1), "y": torch.ones(4, 4, 6)}


def test_what_runs_is_not_run(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    torch.save(WHOLE | {"w": Bomb(mark)}, tmp_path / "a.pt")
    said = refused(tmp_path / "a.pt", "runs-programs")
    assert "system" in said and "a.pt" in said
    assert not mark.exists()


@pytest.mark.parametrize("module", [torch.nn.Linear(2, 2), Path("x"), torch.device("cpu")])
def test_objects_of_other_libraries_are_named(module: object, tmp_path: Path) -> None:
    torch.save(WHOLE | {"z": module}, tmp_path / "a.pt")
    refused(tmp_path / "a.pt", "runs-programs")


def changed(members: dict[str, bytes], change: Callable[[bytes], bytes]) -> dict[str, bytes]:
    return {name: change(content) if name.endswith("data.pkl") else content for name, content in members.items()}


LARGE: dict[str, Callable[[bytes], bytes]] = {
    "a shape of a billion": lambda raw: raw.replace(b"(K\x04K\x08K\x06K\x01t", b"(J\x00\xca\x9a\x3bK\x08K\x06K\x01t"),
    "a shape that repeats": lambda raw: raw.replace(b"(K0K\x06K\x01K\x01t", b"(K\x00K\x00K\x00K\x00t").replace(
        b"(K\x04K\x08K\x06K\x01t", b"(J\x00\xca\x9a\x3bK\x08K\x06K\x01t"
    ),
    "an offset beyond": lambda raw: raw.replace(b"QK\x00(K\x04", b"QK\xc8(K\x04"),
    "a stride below zero": lambda raw: raw.replace(b"(K0K\x06K\x01K\x01t", b"(J\xff\xff\xff\xffK\x06K\x01K\x01t"),
    "numbers that are missing": lambda raw: raw.replace(b"X\x01\x00\x00\x000q", b"X\x01\x00\x00\x009q"),
    "a way out of the archive": lambda raw: raw.replace(b"X\x01\x00\x00\x000q", b"X\x05\x00\x00\x00../..q"),
}


@pytest.mark.parametrize("kind", LARGE)
def test_tensors_that_are_more_than_their_numbers(kind: str, tmp_path: Path) -> None:
    members = parts(WHOLE)
    other = changed(members, LARGE[kind])
    assert other != members
    refused(zipped(tmp_path / "a.pt", other), "damaged")


def test_numbers_cut_short(tmp_path: Path) -> None:
    members = {name: content[:-4] if "/data/" in name else content for name, content in parts(WHOLE).items()}
    refused(zipped(tmp_path / "a.pt", members), "damaged")


def test_a_storage_that_is_changed_is_refused(tmp_path: Path) -> None:
    """A pickle that puts its own thing where a tensor's numbers are expected."""
    members = parts(WHOLE)
    forged = pickle.dumps({"x": [1, 2], "y": "_rebuild_tensor"}, 2)
    assert "no reader" in refused(zipped(tmp_path / "a.pt", changed(members, lambda _: forged)), "unknown-format")


def test_a_checkpoint_is_no_set(tmp_path: Path) -> None:
    torch.save(torch.nn.Linear(3, 3).state_dict(), tmp_path / "model.pt")
    assert "no reader" in refused(tmp_path / "model.pt", "unknown-format")
    torch.save({"x": torch.ones(2), "y": torch.ones(2)}, tmp_path / "other.pt")
    assert "windows x steps" in refused(tmp_path / "other.pt", "shape")
