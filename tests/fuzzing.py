"""Cut-off and flipped files of every format, opened one after the other in a child process: each is data or a sentence.

A child, since what damaged bytes can bring down is the process that reads them. Used by tests/hostile and bench/fuzz.py.
"""

import gc
import json
import multiprocessing
import os
import pkgutil
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from data_samples import EVERY, files

import stcore.readers as readers
from stcore.data import STData
from stcore.findings import DataError

HANGS = 30  # seconds for one variant
HEAD = 4096  # half of the flips hit the beginning, where headers are
LOADED = [found.name for found in pkgutil.walk_packages(readers.__path__, "stcore.readers.")]
LOADED += ["pytest", "h5netcdf.legacyapi", "pandas", "pyarrow.parquet", "zarr", "scipy.sparse", "scipy.io"]


class Slow(BaseException):
    """Nothing that a parser may take for damage."""


class Campaign(NamedTuple):
    """What came of it: how many variants opened and were refused, and the longest in seconds."""

    opened: int
    refused: int
    slowest: float


def variant(content: bytes, generator: np.random.Generator) -> bytes:
    """The file cut off somewhere, or with 1 to 8 of its bytes changed, or with a stretch of it repeated or left out."""
    size = max(len(content), 1)
    kind = generator.integers(10)
    if kind < 4:
        return content[: generator.integers(size)]
    if kind < 9:
        bytes_ = np.frombuffer(content, np.uint8).copy()
        reach = min(len(bytes_), HEAD) if kind < 7 else len(bytes_)
        if reach:
            places = generator.integers(reach, size=generator.integers(1, 9))
            bytes_[places] ^= generator.integers(1, 256, len(places), dtype=np.uint8)
        return bytes_.tobytes()
    first, last = sorted(generator.integers(size, size=2))
    return content[:last] + content[first:] if generator.integers(2) else content[:first] + content[last:]


def variants(place: int, folder: Path, count: int, seed: int) -> Iterator[tuple[Path, str]]:
    """The sample's path, with one of its files spoilt anew at each step; and which one."""
    _, sample = EVERY[place]
    path = sample.make(folder)
    generator = np.random.default_rng([seed, place])
    whole = {file: file.read_bytes() for file in files(path)}
    for _ in range(count):
        spoilt = list(whole)[generator.integers(len(whole))]
        spoilt.write_bytes(variant(whole[spoilt], generator))
        yield path, spoilt.name
        spoilt.write_bytes(whole[spoilt])


def _run(place: int, folder: Path, count: int, seed: int, log: Path) -> None:
    """In the child: open every variant and write down how far it is, so that a crash can be told from where it came."""

    def too_slow(*_: Any) -> None:
        raise Slow

    gc.freeze()  # what is loaded stays, and need not be searched, which would copy all its pages
    signal.signal(signal.SIGALRM, too_slow)
    told: dict[str, Any] = {"opened": 0, "refused": 0, "slowest": 0.0, "wrong": ""}
    before = os.times()
    for number, (path, name) in enumerate(variants(place, folder, count, seed)):
        told["at"] = f"variant {number} (seed {seed}) of {name}"
        log.write_text(json.dumps(told))
        signal.alarm(HANGS)
        try:
            data = readers.open(path)
            told["opened"] += 1
            wrong = "" if isinstance(data, STData) else f"gave {type(data).__name__}"
        except DataError as error:
            told["refused"] += 1
            wrong = "" if sentence(str(error)) else f"was answered with {str(error)!r}"
        except Slow:
            wrong = f"takes more than {HANGS} s"
        except BaseException as error:  # a parser's own error, which nobody turned into words
            wrong = f"ended in {type(error).__name__}: {error}"
        signal.alarm(0)
        now = os.times()
        told["slowest"] = max(told["slowest"], now.elapsed - before.elapsed)
        before = now
        if wrong:
            told["wrong"] = wrong
            break
    log.write_text(json.dumps(told))


def sentence(said: str) -> bool:
    """Whether a refusal is words for a person."""
    return bool(said) and "\n" not in said and "Traceback" not in said and len(said) < 2000


def campaign(place: int, folder: Path, count: int, seed: int = 0) -> Campaign:
    """Open ``count`` variants of a sample. AssertionError for one that crashes, hangs, or ends in anything but words."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "files").mkdir(parents=True)
    context: Any = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(LOADED)
    log = folder / "told.json"
    child = context.Process(target=_run, args=(place, folder / "files", count, seed, log), daemon=True)
    child.start()
    child.join(HANGS * 4 + 2 * count)  # a busy machine takes its time
    if child.is_alive():
        child.kill()
        child.join()
    told = json.loads(log.read_text()) if log.exists() else {"at": "the start", "wrong": ""}
    assert child.exitcode == 0, f"{told['at']} ended the process with {child.exitcode}"
    assert not told["wrong"], f"{told['at']} {told['wrong']}"
    assert told["opened"] + told["refused"] == count
    return Campaign(told["opened"], told["refused"], told["slowest"])
