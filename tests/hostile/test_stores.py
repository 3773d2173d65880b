"""Zarr stores that lead elsewhere, name codecs that run, or unpack to more than they say: refused before they are opened."""

import json
import os
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numcodecs
import numpy as np
import pytest
from data_samples.grids import write_saved_store, write_weatherbench2
from hostile_tools import Bomb, refused

import stcore.readers as readers
from stcore.readers.safe import zarr

ARRAY = "2m_temperature"


def changed(path: Path, **parts: Any) -> Path:
    """A metadata file with other parts."""
    path.write_text(json.dumps(json.loads(path.read_text()) | parts))
    return path


def chunk(store: Path) -> Path:
    return next(path for path in sorted((store / ARRAY).rglob("*")) if path.is_file() and path.name[0].isdigit())


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("place", ["", ARRAY, f"{ARRAY}/chunk"])
def test_links_in_a_store(version: Any, place: str, tmp_path: Path) -> None:
    store = write_weatherbench2(tmp_path, version)
    secret = tmp_path / "secret"
    secret.write_bytes(b"x" * 1000)
    if place.endswith("chunk"):
        found = chunk(store)
        found.unlink()
        found.symlink_to(secret)
    else:
        (store / place / "more").symlink_to(tmp_path, target_is_directory=True)
    assert "link" in refused(store, "leads-elsewhere")


def test_a_pipe_in_a_store_is_not_waited_for(tmp_path: Path) -> None:
    store = write_weatherbench2(tmp_path)
    os.mkfifo(store / ARRAY / "9.9.9")
    refused(store, "leads-elsewhere")


def test_objects_that_run_programs(tmp_path: Path) -> None:
    """A chunk of pickles, as Zarr 2 could hold; nothing of it may be unpickled."""
    store, mark = write_weatherbench2(tmp_path), tmp_path / "mark"
    about = store / "latitude" / ".zarray"
    found = next(path for path in (store / "latitude").iterdir() if path.name[0].isdigit())
    found.write_bytes(numcodecs.Pickle().encode(np.array([Bomb(mark), Bomb(mark)], dtype=object)))
    changed(about, dtype="|O", filters=[{"id": "pickle", "protocol": 5}], compressor=None, fill_value=None)
    assert "pickle" in refused(store) or "programs" in refused(store)
    changed(about, filters=None)
    assert "programs" in refused(store, "runs-programs")
    assert not mark.exists()


@pytest.mark.parametrize("codec", ["pickle", "lzma", "bz2", "json2", "n5_wrapper", "imagecodecs_jpeg"])
def test_codecs_that_are_not_known(codec: str, tmp_path: Path) -> None:
    store = write_weatherbench2(tmp_path, 2)
    changed(store / ARRAY / ".zarray", compressor={"id": codec})
    assert codec in refused(store, "codec")
    newer = write_weatherbench2(tmp_path / "newer", 3)
    changed(newer / ARRAY / "zarr.json", codecs=[{"name": "bytes"}, {"name": f"numcodecs.{codec}"}])
    assert codec in refused(newer, "codec")


@pytest.mark.parametrize("version", [2, 3])
def test_sizes_that_only_the_metadata_have(version: Any, tmp_path: Path) -> None:
    """Zarr fills up what is not there: a store of a few bytes may declare any size."""
    store = write_weatherbench2(tmp_path, version)
    name = ".zarray" if version == 2 else "zarr.json"
    for array, dims in ((ARRAY, 3), ("time", 1)):
        about = store / array / name
        before = about.read_text()
        changed(about, shape=[10**5] * dims if dims > 1 else [10**13])
        assert refused(store)
        about.write_text(before)
    chunks: dict[str, Any] = {"chunks": [10**5] * 3}
    if version == 3:
        chunks = {"chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [10**5] * 3}}}
    changed(store / ARRAY / name, **chunks)
    refused(store, "too-large")


BOMBS: dict[str, Callable[[], bytes]] = {
    "zlib": lambda: zlib.compress(bytes(2**26)),
    "gzip": lambda: numcodecs.GZip().encode(bytes(2**26)),
    "zstd": lambda: bytes(numcodecs.Zstd().encode(bytes(2**26))),
    "blosc": lambda: bytes(numcodecs.Blosc().encode(bytes(2**26))),
    "lz4": lambda: bytes(numcodecs.LZ4().encode(bytes(2**26))),
}


@pytest.mark.parametrize("codec", BOMBS)
def test_chunks_that_unpack_to_more_than_they_should(codec: str, tmp_path: Path) -> None:
    store = write_weatherbench2(tmp_path)
    changed(store / ARRAY / ".zarray", compressor={"id": codec})
    chunk(store).write_bytes(BOMBS[codec]())
    assert "unpacks to" in refused(store, "bomb")


def test_a_bomb_behind_a_small_stream(tmp_path: Path) -> None:
    store = write_weatherbench2(tmp_path)
    changed(store / ARRAY / ".zarray", compressor={"id": "gzip"})
    chunk(store).write_bytes(numcodecs.GZip().encode(bytes(8)) + BOMBS["gzip"]())
    refused(store, "bomb")


def test_metadata_of_the_other_format_hide_nothing(tmp_path: Path) -> None:
    """What is checked is what is opened, whatever else lies beside it."""
    store = write_weatherbench2(tmp_path / "new", 3)
    old = write_weatherbench2(tmp_path / "old", 2)
    (store / ARRAY / ".zarray").write_bytes((old / ARRAY / ".zarray").read_bytes())
    changed(store / ARRAY / "zarr.json", codecs=[{"name": "bytes"}, {"name": "numcodecs.bz2"}])
    assert "bz2" in refused(store, "codec")


def test_codecs_that_make_values_wide(tmp_path: Path) -> None:
    store = write_weatherbench2(tmp_path)
    wide = {"id": "astype", "encode_dtype": "<f4", "decode_dtype": "<U100000000"}
    changed(store / ARRAY / ".zarray", filters=[wide])
    refused(store, "codec")


def test_a_bomb_in_a_shard(tmp_path: Path) -> None:
    store = write_weatherbench2(tmp_path, 3, shards=(48, 3, 2))
    found = next(path for path in sorted((store / ARRAY / "c").rglob("*")) if path.is_file())
    whole, bomb = found.read_bytes(), BOMBS["zstd"]()
    index = np.frombuffer(whole[-36:-4], "<u8").copy()
    index[:2] = len(whole) - 36, len(bomb)
    found.write_bytes(whole[:-36] + bomb + index.tobytes() + whole[-4:])
    refused(store, "bomb")


def test_headers_of_chunks_say_what_they_unpack_to() -> None:
    rng = np.random.default_rng(0)
    for size in (1, 200, 300, 70_000, 2**20):
        raw = rng.integers(0, 4, size, dtype=np.uint8).tobytes()
        for name, codec in (("zstd", numcodecs.Zstd()), ("blosc", numcodecs.Blosc()), ("lz4", numcodecs.LZ4())):
            assert zarr._declared_size(bytes(codec.encode(raw))[:32], name) == size


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"zarr_format": 2}', '{"shape": "many", "zarr_format": 2}', "[" * 100_000]
)
def test_metadata_that_are_no_metadata(text: str, tmp_path: Path) -> None:
    store = write_weatherbench2(tmp_path)
    (store / ARRAY / ".zarray").write_text(text)
    assert refused(store)


def test_a_store_in_an_archive_is_refused_in_a_sentence(tmp_path: Path) -> None:
    store = write_saved_store(tmp_path)
    with zipfile.ZipFile(tmp_path / "store.zip", "w") as archive:
        for path in store.rglob("*"):
            archive.write(path, path.relative_to(store))
    assert "Unpack it" in refused(tmp_path / "store.zip")


def test_bytes_flipped_anywhere_end_in_data_or_in_words(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    for version in (2, 3):
        store = write_weatherbench2(tmp_path / str(version), version)  # type: ignore[arg-type]
        every = sorted(path for path in store.rglob("*") if path.is_file())
        for _ in range(60):
            broken = every[rng.integers(len(every))]
            whole = broken.read_bytes()
            flipped = np.frombuffer(whole, np.uint8).copy()
            flipped[rng.integers(0, len(flipped), 2)] ^= rng.integers(1, 255, 2, dtype=np.uint8)
            broken.write_bytes(flipped.tobytes())
            try:
                readers.open(store)
            except readers.DataError as error:
                assert str(error)
            broken.write_bytes(whole)
