"""The door for data: from bytes to STData. Only this package parses files. No file can run programs or fill the memory."""

from collections.abc import Mapping
from pathlib import Path

from stcore.data import STData
from stcore.data.checks.time import offer_zone
from stcore.findings import DataError, Finding, refuse
from stcore.readers import folder
from stcore.readers.answers import load_answers, save_answers
from stcore.readers.companions import network
from stcore.readers.grids import zarr_store
from stcore.readers.layouts import layouts, pack, save
from stcore.readers.reader import FolderReader, Raw, Reader
from stcore.readers.recognise import Match, own_cards, recognise
from stcore.readers.safe.limits import guard
from stcore.readers.source import WORDS, Source
from stcore.readers.tables import text_table
from stcore.words import listing

__all__ = [
    "CARDS",
    "DEMO",
    "FolderReader",
    "Raw",
    "Reader",
    "layouts",
    "open",
    "pack",
    "save",
    "save_answers",
]

CARDS = own_cards()
OPENS = (
    "What opens: tables as CSV or Parquet; NetCDF, Zarr and GRIB; HDF5 and npz as METR-LA, PEMS, LargeST, BasicTS and Torch "
    "Spatiotemporal come; JSON and .pt of PyG-Temporal and STemDist."
)
"""The answer to a file that no reader recognises: formats by their common names."""
DEMO = Path(__file__).resolve().parents[2] / "data" / "simulated-city.nc"


def open(source: str | Path, answers: Mapping[str, str] | None = None) -> STData:
    """Open ``"demo"``, a file, or a folder with values, locations and a graph. The content decides what it is.

    ``answers`` decide findings with choices. Where an answer is not given here, the one saved beside the data counts. Whatever
    is wrong with the file, a DataError says it in a sentence for the person who has the file.
    """
    if not str(source):
        raise refuse("not-found", "The name of a file or folder is empty.")
    with guard(Path(source).name):
        path = DEMO if str(source) == "demo" else Path(source).expanduser()
        path = path if path.name else path.resolve()  # "." has no name
        beside, notes = load_answers(path)
        asked = beside | dict(answers or {})
        raw = _read(path, asked)
        ds = raw.ds.assign_attrs(assumed=_assumptions(raw.findings, asked))
        try:
            data = STData.of(ds, answers=asked, findings=[*notes, *raw.findings], layers=raw.layers, ours=True)
        except DataError as error:
            raise DataError(*offer_zone(error.findings, raw.likely_zone)) from error
        data.findings = offer_zone(data.findings, raw.likely_zone)
        data.findings += _unused_note(asked, data)
        return data


def _assumptions(findings: list[Finding], answers: Mapping[str, str]) -> str | None:
    """What was assumed of the times, ``start`` and ``step``, so that pages can mark it."""
    guesses = [finding.code for finding in findings if finding.code in ("start", "step") and "assumed" in finding.text]
    return ", ".join(code for code in guesses if code not in answers) or None


def _unused_note(answers: Mapping[str, str], data: STData) -> list[Finding]:
    """A note on answers to questions that these data do not ask; the names may be misspelt."""
    asked = [finding.code for finding in data.findings if finding.choices]
    if not (unused := [code for code in answers if code not in asked]):
        return []
    text = f"No question here is called {listing(unused)}; the questions are {listing(asked, 10)}."
    return [Finding("note", "unused-answers", text)]


def _read(path: Path, answers: Mapping[str, str]) -> Raw:
    if path.is_dir():
        return folder.read(path, answers)
    source = Source(path)
    if not path.exists():
        raise refuse("not-found", f"There is no file or folder {path}.")
    if not path.is_file():
        raise refuse("not-a-file", f"{path} is neither a file nor a folder.")
    match = recognise(source)
    if match is None and (match := folder.dataset_around(source)):
        raw = folder.read(match.source.path, answers)
        return raw._replace(findings=[_part_note(source, match), *raw.findings])
    if match is None:
        raise _unknown_format(source)
    raw = match.read(answers)
    return folder.attach_companions(raw, _companions_by_name(source), answers) if raw.numbered else raw


def _part_note(source: Source, whole: Match) -> Finding:
    """That a file was read together with the others of its dataset."""
    others = [path.name for path in whole.members if path != source.path]
    return Finding(
        "note", "partners", f"{source.name} is a part of a dataset; it was read together with {listing(others)}."
    )


def _companions_by_name(source: Source) -> folder.Contents:
    """The graph and the ids of a file without ids: files beside it with its name, or with the names of published sets."""
    stem = source.path.name.split(".")[0]
    names = [source.path.with_suffix(suffix).name for suffix in (".csv", ".txt")] + ["distance.csv", "index.txt"]
    names += [
        f"{name}{suffix}" for name in (f"adj_{stem}", f"{stem}_adj") for suffix in (".npy", ".npz", ".pkl", ".csv")
    ]
    names += [stem.replace("V_", "W_") + ".csv"] if stem.startswith("V_") else []  # STGCN
    names += ["adj.npz"] if stem == "vel" else []
    names = [name for name in dict.fromkeys(names) if name != source.name]
    contents = folder.Contents()
    for name in names:
        beside = source.path.parent / name
        if beside.is_file() and not beside.is_symlink():
            folder.sort_file(Source(beside), beside.parent, contents)
    return contents


def _unknown_format(source: Source) -> DataError:
    """Why no reader takes a file, as far as its content shows."""
    if source.content == "empty":
        return refuse("empty", f"{source.name} is empty.")
    if source.content == "pickle":
        return refuse(
            "runs-programs",
            f"{source.name} is a Python pickle. Such a file can run programs, so it was not opened. "
            "Save it as CSV, Parquet or NetCDF.",
        )
    if source.content == "zip" and zarr_store.is_zipped_store(source):
        text = f"{source.name} is a Zarr store in a zip archive. Unpack it into a folder and open the folder."
        return refuse("zarr-zip", text)
    text = f"{source.name} is {WORDS[source.content]}, and no reader here recognises it."
    if source.content == "unknown":
        text = f"{source.name} is of a kind that is not known here."
    if source.content == "parquet":
        text = (
            f"{source.name} is a Parquet table without a column of times. A table of values needs one, and either a column "
            "per sensor or a column that names the sensors. Or it holds nothing but numbers."
        )
    if source.content == "text":
        text_table.read_table(source, {"decimal": "comma", "day-month": "day"})  # it may find a more exact reason
        text = (
            f"{source.name} is text without a column of times. A table needs "
            "one, written as 2024-03-31 14:05, and one column per sensor."
        )
        if network.is_bare_matrix(source):
            return _matrix_error(source)
    return refuse("unknown-format", f"{text} {OPENS}")


def _matrix_error(source: Source) -> DataError:
    """A square table of bare numbers is taken for the matrix of a graph, not for readings."""
    many = len(text_table.table_lines(source))
    text = (
        f"{source.name} holds {many} rows of {many} bare numbers: it looks like the matrix of a graph (sensors x sensors), not "
        "like readings. If it is one, open it together with its readings: in one folder, or in one upload. If these are "
        "readings, add a first line with the sensors' names, or better a column of times, written as 2024-03-31 14:05."
    )
    return refuse("unknown-format", text)
