"""The door for data: bytes to STData. Nothing else parses a file, and no file can run programs or fill the memory."""

from collections.abc import Mapping
from pathlib import Path

from stcore.data import STData
from stcore.findings import DataError, Finding, refuse
from stcore.readers import folder
from stcore.readers.answers import kept_answers, save_answers
from stcore.readers.companions import network
from stcore.readers.grids import zarr_store
from stcore.readers.layouts import layouts, packed, save
from stcore.readers.reader import FolderReader, Raw, Reader
from stcore.readers.recognise import Recognised, cards_here, recognise
from stcore.readers.safe.guard import guarded
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
    "packed",
    "save",
    "save_answers",
]

CARDS = cards_here()
OPENS = (
    "What opens: tables as CSV or Parquet; NetCDF, Zarr and GRIB; HDF5 and npz as METR-LA, PEMS, LargeST, BasicTS and Torch "
    "Spatiotemporal come; JSON and .pt of PyG-Temporal and STemDist."
)
"""What is told about a file that no reader knows: kinds as people call them, not the names of readers."""
DEMO = Path(__file__).resolve().parents[2] / "data" / "simulated-city.nc"


def open(source: str | Path, answers: Mapping[str, str] | None = None) -> STData:
    """A dataset from ``"demo"``, a file, or a folder with values, places and graph; what it is, is found out.

    ``answers`` decide findings with choices; those kept beside the data are used where none are given here. Raises
    DataError, in a sentence for the person who has the file, whatever is wrong with it.
    """
    if not str(source):
        raise refuse("not-found", "The name of a file or folder is empty.")
    with guarded(Path(source).name):
        path = DEMO if str(source) == "demo" else Path(source).expanduser()
        path = path if path.name else path.resolve()  # "." has no name to be called by
        beside, notes = kept_answers(path)
        asked = beside | dict(answers or {})
        raw = _read(path, asked)
        raw.ds.attrs.pop("positions", None)
        ds = raw.ds.assign_attrs(assumed=_assumed(raw.findings, asked))
        data = STData.of(ds, answers=asked, findings=[*notes, *raw.findings], layers=raw.layers, ours=True)
        data.findings += _unused(asked, data)
        return data


def _assumed(findings: list[Finding], answers: Mapping[str, str]) -> str | None:
    """What of the times nobody has said, ``start`` and ``step``, so that whatever shows them can mark it."""
    guesses = [finding.code for finding in findings if finding.code in ("start", "step") and "assumed" in finding.text]
    return ", ".join(code for code in guesses if code not in answers) or None


def _unused(answers: Mapping[str, str], data: STData) -> list[Finding]:
    """A note on answers that nobody asked for, which may be misspelt."""
    asked = [finding.code for finding in data.findings if finding.choices]
    if not (unused := [code for code in answers if code not in asked]):
        return []
    text = f"Nothing was asked that is called {listing(unused)}; the questions here are {listing(asked, 10)}."
    return [Finding("note", "unused-answers", text)]


def _read(path: Path, answers: Mapping[str, str]) -> Raw:
    if path.is_dir():
        return folder.read(path, answers)
    source = Source(path)
    if not path.exists():
        raise refuse("not-found", f"There is no file or folder {path}.")
    if not path.is_file():
        raise refuse("not-a-file", f"{path} is neither a file nor a folder.")
    found = recognise(source)
    if found is None and (whole := folder.partners(source)):
        raw = folder.read(whole.source.path, answers)
        return Raw(raw.ds, [_part(source, whole), *raw.findings], raw.layers)
    if found is None:
        raise _unknown(source)
    raw = found.read(answers)
    if not raw.ds.attrs.get("positions"):
        return raw
    ds, more = folder.attach(raw.ds, _named_alike(source), answers)
    return Raw(ds, [*raw.findings, *more], raw.layers)


def _part(source: Source, whole: Recognised) -> Finding:
    """A file that is nothing by itself was read with those beside it."""
    others = [path.name for path in whole.members if path != source.path]
    return Finding(
        "note", "partners", f"{source.name} is a part of a dataset; it was read together with {listing(others)}."
    )


def _named_alike(source: Source) -> folder.Contents:
    """For a file without ids: the graph and the ids of the same name beside it, or the ones that every such set calls so."""
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
    if source.content == "zip" and zarr_store.zipped(source):
        text = f"{source.name} is a Zarr store in a zip archive; unpack it into a folder and open that."
        return refuse("zarr-zip", text)
    text = f"{source.name} is {WORDS[source.content]}, and no reader here knows it."
    if source.content == "unknown":
        text = f"What {source.name} holds is of no kind that is known here."
    if source.content == "parquet":
        text = (
            f"{source.name} is a Parquet table without a column of times; a table of values needs one, and either a column "
            "per sensor or one that names the sensors; or it holds numbers alone."
        )
    if source.content == "text":
        text_table.table(source, {"decimal": "comma", "day-month": "day"})  # may know better what is wrong
        text = (
            f"{source.name} is text without a column of times; a table needs "
            "one, written as 2024-03-31 14:05, and one column per sensor."
        )
        if network.is_bare(source):
            return _matrix(source)
    return refuse("unknown-format", f"{text} {OPENS}")


def _matrix(source: Source) -> DataError:
    """A square table of bare numbers is a graph's matrix as long as nothing says otherwise."""
    many = len(text_table.lines_of(source))
    text = (
        f"{source.name} holds {many} rows of {many} bare numbers: it looks like the matrix of a graph (sensors x sensors), not "
        "like readings. If it is one, open it together with its readings: in one folder, or in one upload. If these are "
        "readings, add a first line with the sensors' names, or better a column of times, written as 2024-03-31 14:05."
    )
    return refuse("unknown-format", text)
