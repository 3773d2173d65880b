"""The door for data: bytes to STData. Nothing else parses a file, and no file can run programs or fill the memory."""

from collections.abc import Mapping
from pathlib import Path

from stcore.data import STData
from stcore.findings import DataError, Finding, refuse
from stcore.readers import folder, kept
from stcore.readers.kept import save_answers
from stcore.readers.reader import Raw, Reader
from stcore.readers.recognise import cards_here, recognise
from stcore.readers.source import WORDS, Source

__all__ = ["CARDS", "DEMO", "Raw", "Reader", "open", "save_answers"]

CARDS = cards_here()
DEMO = Path(__file__).resolve().parents[2] / "data" / "simulated-city.nc"


def open(source: str | Path, answers: Mapping[str, str] | None = None) -> STData:
    """A dataset from ``"demo"``, a file, or a folder with values, places and graph; what it is, is found out.

    ``answers`` decide findings with choices; those kept beside the data are used where none are given here. Raises
    DataError, in a sentence for the person who has the file, whatever is wrong with it.
    """
    path = DEMO if str(source) == "demo" else Path(source).expanduser()
    try:
        beside, notes = kept.answers(path)
        raw = _read(path, asked := beside | dict(answers or {}))
        raw.ds.attrs.pop("positions", None)
        return STData.of(raw.ds, answers=asked, findings=[*notes, *raw.findings], layers=raw.layers)
    except DataError:
        raise
    except FileNotFoundError as error:
        raise refuse("not-found", f"There is no file or folder {path}.") from error
    except PermissionError as error:
        raise refuse("not-allowed", f"{error.filename or path} may not be read by this user.") from error
    except MemoryError as error:
        raise refuse("too-large", f"{path.name} needs more memory than there is.") from error
    except Exception as error:  # what damaged bytes make other people's parsers raise is no finite list
        why = str(error).strip().splitlines()[:1] or [type(error).__name__]
        raise refuse("damaged", f"{path.name} is damaged or not understood: {why[0][:200]}.") from error


def _read(path: Path, answers: Mapping[str, str]) -> Raw:
    if path.is_dir():
        return folder.read(path, answers)
    source = Source(path)
    if not path.exists():
        raise FileNotFoundError(path)
    if not path.is_file():
        raise refuse("not-a-file", f"{path} is neither a file nor a folder.")
    found = recognise(source)
    if found is None:
        raise _unknown(source)
    raw = found.read(answers)
    if not raw.ds.attrs.get("positions"):
        return raw
    ds, more = folder.attach(raw.ds, _named_alike(source), answers)
    return Raw(ds, [*raw.findings, *more], raw.layers)


def _named_alike(source: Source) -> folder.Contents:
    """For a file without ids: the graph and the ids of the same name beside it, or the ones that every such set calls so."""
    names = [source.path.with_suffix(suffix).name for suffix in (".csv", ".txt")] + ["distance.csv", "index.txt"]
    contents = folder.Contents()
    for name in names:
        beside = source.path.parent / name
        if beside.is_file():
            folder.sort_in(Source(beside), beside.parent, contents)
    return contents


def _unknown(source: Source) -> DataError:
    """Why no reader takes a file, as far as its content tells."""
    if source.content == "empty":
        return refuse("empty", f"{source.name} is empty.")
    if source.content == "pickle":
        return refuse(
            "runs-programs",
            (
                f"{source.name} is a Python pickle: such a file can run programs "
                "and was not opened. Save it as CSV, Parquet or NetCDF."
            ),
        )
    text = f"{source.name} is {WORDS[source.content]}, and no reader here knows it."
    if source.content == "text":
        text = (
            f"{source.name} is text without a column of times; a table needs "
            "one, written as 2024-03-31 14:05, and one column per sensor."
        )
    return DataError(Finding("error", "unknown-format", f"{text} Known are: {', '.join(card.name for card in CARDS)}."))
