"""Archives of arrays: bombs, lying headers, wrong shapes, and names that lead out of a folder."""

import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from data_samples.values import values
from hostile_tools import refused

import stcore.readers as readers


def header(shape: tuple[int, ...], descr: str = "<f8") -> bytes:
    """The beginning of an npy file that says it has this shape."""
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"descr": descr, "fortran_order": False, "shape": shape})
    return buffer.getvalue()


def archive(path: Path, member: bytes, name: str = "data.npy", kind: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", kind) as file:
        file.writestr(name, member)
    return path


def test_a_bomb(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.npz", header((25_000_000,)) + bytes(200_000_000))
    assert path.stat().st_size < 300_000
    assert "times its size" in refused(path, "bomb")


@pytest.mark.parametrize("shape", [(10**12, 3), (2**62, 4), (-5, 3), (10, 10**9)])
def test_a_header_that_says_more_than_there_is(tmp_path: Path, shape: tuple[int, ...]) -> None:
    assert "holds" in refused(archive(tmp_path / "a.npz", header(shape) + bytes(4800)), "damaged")


@pytest.mark.parametrize(
    "junk",
    [b"", b"\x93NUMPY", b"\x93NUMPY\x01\x00\xff\xff{", b"\x93NUMPY\x09\x00", header((2, 2), "|O"), header((3,), "<U4")],
)
def test_headers_of_junk(tmp_path: Path, junk: bytes) -> None:
    refused(archive(tmp_path / "a.npz", junk + bytes(36)))


def test_too_many_members(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as file:
        for number in range(1001):
            file.writestr(f"{number}.npy", b"")
        file.writestr("data.npy", header((1,)) + bytes(8))
    refused(tmp_path / "a.npz", "bomb")


def test_names_that_lead_out(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    with zipfile.ZipFile(folder / "a.npz", "w") as file:
        for name in ("../out.npy", "/tmp/out.npy", "..\\out.npy"):
            file.writestr(name, header((2,)) + bytes(16))
        buffer = io.BytesIO()
        np.save(buffer, values())
        file.writestr("data.npy", buffer.getvalue())
    assert readers.open(folder / "a.npz").values.shape == (96, 6, 1)
    assert sorted(os.listdir(tmp_path)) == ["in"]
    assert os.listdir(folder) == ["a.npz"]


def test_an_archive_without_data(tmp_path: Path) -> None:
    assert "no reader" in refused(archive(tmp_path / "a.npz", header((2,)) + bytes(16), "x.npy"), "unknown-format")


@pytest.mark.parametrize("shape", [(), (7,), (2, 2, 2, 2)])
def test_the_wrong_number_of_dims(tmp_path: Path, shape: tuple[int, ...]) -> None:
    np.savez(tmp_path / "a.npz", data=np.ones(shape))
    assert "dims" in refused(tmp_path / "a.npz", "shape")


@pytest.mark.parametrize("kind", [complex, "U3", "datetime64[s]"])
def test_what_is_no_number(tmp_path: Path, kind: object) -> None:
    np.savez(tmp_path / "a.npz", data=np.zeros((9, 3), dtype=kind))  # type: ignore[call-overload]
    refused(tmp_path / "a.npz", "not-numbers")


def test_small_integers_do_not_wrap(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", data=np.array([[200, 100], [100, 200], [250, 5]], dtype=np.uint8))
    data = readers.open(tmp_path / "a.npz")
    assert (data.values[:, 0] + data.values[:, 1]).ravel().tolist() == [300, 300, 255]


def test_an_array_in_the_other_order(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", data=np.asfortranarray(values()))
    np.testing.assert_array_equal(readers.open(tmp_path / "a.npz").values[:, :, 0], values().astype(np.float32))
