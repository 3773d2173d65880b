"""What every reader of files promises."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from stcore import readers, registry
from stcore.data import STData
from stcore.findings import DataError
from stcore.readers.reader import FolderReader, Reader
from stcore.readers.source import Folder, Source
from stcore.registry import Card
from stcore.testing.promise import Promise, Promises, card_of, expect

PARTS = (0.0, 0.0005, 0.01, *np.linspace(0.03, 0.999, 27))  # shares of a file that are left when it is cut off


@dataclass(frozen=True)
class Example:
    """A file or folder of the format, and what it holds.

    ``write(folder)`` writes it into an empty folder and gives its path. ``values`` [T, N] are those of the first channel.
    """

    write: Callable[[Path], Path]
    values: np.ndarray
    times: Sequence[object] | pd.DatetimeIndex | None = None
    """[T]; None where the file does not say when its steps are, so that the reader assumes a start."""
    sensors: Sequence[str] | None = None
    """[N]; None where their names do not matter."""
    ordered: bool = True
    """Whether the file says the order of its sensors; else they are brought into the order of ``sensors`` first."""
    exact: bool = True
    """Whether the values are equal as float32; else they were scaled and are equal up to rounding."""

    @property
    def single(self) -> np.ndarray:
        """The values [T, N] in float32."""
        return self.values.astype(np.float32)


class ReaderTrial:
    """A reader and an example of what it reads."""

    def __init__(self, card: Card, example: Example) -> None:
        card.load()
        self.card, self.example = card, example

    @contextmanager
    def example_file(self) -> Iterator[Path]:
        """The example in a folder of its own."""
        with TemporaryDirectory() as folder:
            yield self.example.write(Path(folder))

    def open(self, path: Path) -> STData:
        """What opens at the path, the sensors in the example's order."""
        data = readers.open(path)
        sensors = self.example.sensors
        return data if self.example.ordered or sensors is None else data.like(list(sensors), data.channels)


PROMISES = Promises[ReaderTrial]("readers", "reader")


@PROMISES()
def _values_times_and_sensors_are_those_of_the_file(trial: ReaderTrial) -> None:
    """What opens has the values, times and sensors of the file, and says that this reader read it."""
    example = trial.example
    with trial.example_file() as path:
        data = trial.open(path)
    expect(data.ds.attrs["reader"] == trial.card.name, f"the reader {data.ds.attrs['reader']!r} read it")
    read, wanted = data.values[:, :, 0], example.single
    expect(read.shape == wanted.shape, f"{read.shape} steps and sensors were read of {wanted.shape}")
    equal = np.array_equal(read, wanted, equal_nan=True)
    close = not example.exact and np.allclose(read, wanted, rtol=2e-6, atol=0, equal_nan=True)
    expect(equal or close, f"{int((read != wanted).sum())} readings differ, missing ones counted")
    if example.sensors is not None:
        expect(data.sensors == list(example.sensors), f"the sensors are {data.sensors[:10]}")
    if example.times is not None:
        expect(np.array_equal(data.time, pd.DatetimeIndex(example.times)), f"the times begin with {data.time[:3]}")


@PROMISES()
def _an_assumed_start_is_said(trial: ReaderTrial) -> None:
    """A start that the file does not say is marked as assumed, and one that it says is not."""
    with trial.example_file() as path:
        assumed = readers.open(path).ds.attrs.get("assumed") or ""
    expect(("start" in assumed) == (trial.example.times is None), f"what is assumed is {assumed or 'nothing'}")


@PROMISES()
def _it_alone_is_sure(trial: ReaderTrial) -> None:
    """Of all readers this one alone is sure that the file is its own; scores lie between 0 and 1."""
    everyone = {name: card.load() for name, card in registry.cards("readers").items()}
    with trial.example_file() as path:
        if path.is_dir():
            folders = {name: reader for name, reader in everyone.items() if isinstance(reader, FolderReader)}
            claims = [name for name, reader in folders.items() if reader.members(Folder(path))]
            expect(claims == [trial.card.name], f"the folder is claimed by {claims}")
            return
        source = Source(path)
        scores = {name: reader.recognises(source) for name, reader in everyone.items() if isinstance(reader, Reader)}
    expect(all(0 <= score <= 1 for score in scores.values()), f"the scores are {scores}")
    surest = [name for name, score in scores.items() if score == max(scores.values())]
    expect(surest == [trial.card.name], f"surest are {surest}")


@PROMISES()
def _content_decides_over_the_suffix(trial: ReaderTrial) -> None:
    """A file with another suffix opens by its content, and a note says that the suffix is another's."""
    with trial.example_file() as path:
        if path.is_dir():
            return  # there the names of the files say which is which
        renamed = path.rename(path.with_name("renamed.docx"))
        reader = readers.open(renamed).ds.attrs["reader"]
        expect(reader == trial.card.name, f"called .docx, the reader {reader!r} read it")
        suffix = ".h5" if Source(renamed).content != "hdf5" else ".csv"
        data = readers.open(renamed.rename(path.with_name(f"renamed{suffix}")))
    reader, codes = data.ds.attrs["reader"], [finding.code for finding in data.findings]
    expect(reader == trial.card.name, f"called {suffix}, the reader {reader!r} read it")
    expect("suffix" in codes, f"called {suffix}, the findings are {codes}")


@PROMISES()
def _opening_is_repeatable_and_survives_saving(trial: ReaderTrial) -> None:
    """Opened twice, the data are the same; saved and opened again, so are values, answers and units."""
    with trial.example_file() as path:
        data, again = readers.open(path), readers.open(path)
        copy = path.parent / "saved-again.nc"
        data.save(copy)
        saved = readers.open(copy)
    expect(data.fingerprint == again.fingerprint, "the second opening has another fingerprint")
    expect(saved.fingerprint == data.fingerprint, "after saving the fingerprint is another")
    expect(saved.answers == data.answers, f"after saving the answers are {saved.answers}, not {data.answers}")
    expect(saved.units == data.units, f"after saving the units are {saved.units}, not {data.units}")


@PROMISES()
def _an_answer_that_is_no_choice_is_refused(trial: ReaderTrial) -> None:
    """An answer that is no choice of its question is refused with a DataError that names the question."""
    with trial.example_file() as path:
        try:
            readers.open(path, {"graph": "spaghetti"})
        except DataError as error:
            expect("graph" in str(error), f"the error is {error}")
        else:
            expect(False, "the answer graph = spaghetti was taken")


@PROMISES()
def _a_file_cut_off_is_refused_in_words(trial: ReaderTrial) -> None:
    """A file that is cut off ends in a DataError that names it, or what opens is the beginning of the data."""
    with trial.example_file() as path:
        files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
        cut = max(files, key=lambda file: (file.stat().st_size, file.name))
        whole = cut.read_bytes()
        for part in PARTS:
            cut.write_bytes(whole[: int(part * len(whole))])
            try:
                data = readers.open(path)
            except DataError as error:
                named = any(word in str(error) for word in (path.name, cut.name, "time step"))
                expect(named, f"with {part:.1%} of {cut.name} left the error is {error}")
            else:
                expect(
                    path.is_dir() or is_beginning(data, trial.example), f"{part:.1%} of {cut.name} opens as other data"
                )


def is_beginning(data: STData, example: Example) -> bool:
    """Whether the data are the first steps of an exact example, but for the last of them, which may be torn."""
    read = data.values[:-1, :, 0]
    return not example.exact or np.array_equal(read, example.single[: len(read)], equal_nan=True)


def reader_promises(card: Card | str, example: Example) -> list[Promise]:
    """What a reader promises, one by one; ``hold`` checks each."""
    return PROMISES.of(card_of("readers", card), lambda card: ReaderTrial(card, example))


def check_reader(card: Card | str, example: Example) -> None:
    """Check all that a reader promises: a card, or the name of an installed one, on an example. Raises BrokenPromise."""
    for promise in reader_promises(card, example):
        promise.hold()
