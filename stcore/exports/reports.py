"""A report as files: one page that opens without internet, and every table as CSV and Parquet."""

import io
import json
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from stcore.exports.report_page import report_page
from stcore.exports.tables import check_writable, csv_text
from stcore.options import OptionError
from stcore.runs.files import plain

__all__ = ["report_html", "report_page", "report_tables", "write_report", "write_tables", "zip_tables"]
Report = Mapping[str, Any]
REPORT_FORMATS = (".html", ".json", ".zip", ".csv", ".parquet")


def check_report(out: Path) -> None:
    """Raise OptionError, before any work, where a report cannot be written to ``out``."""
    if out.suffix and out.suffix not in REPORT_FORMATS:
        raise OptionError(f"{out.name!r} must end in {', '.join(REPORT_FORMATS)}, or have no suffix for a folder.")
    if out.suffix in (".html", ".json", ".zip"):
        check_writable(out)
    elif out.suffix:
        check_writable(out.parent / f"{out.stem}-notes{out.suffix}")
    elif os.path.isfile(out):
        raise OptionError(f"{out} is a file; name a folder.")
    else:
        check_writable(out / "notes.csv" if os.path.isdir(out) else out)


def write_report(report: Report, out: Path) -> list[Path]:
    """Write a report in the form that the suffix of ``out`` asks for; gives the files. Raises OptionError for other suffixes.

    .html: the page; .json: the report as it is; .zip, or a name without a suffix for a folder: every table as CSV and
    Parquet; .csv or .parquet: every table as a file of its own beside ``out``, ``out-summary.csv`` and so on.
    """
    check_report(out)
    if out.suffix == ".html":
        report_html(report, out)
    elif out.suffix == ".json":
        out.write_text(json.dumps(plain(dict(report))), "utf-8")
    elif out.suffix == ".zip":
        out.write_bytes(zip_tables(report))
    elif out.suffix:
        return write_tables(report, out.parent, f"{out.stem}-", (out.suffix,))
    else:
        return write_tables(report, out)
    return [out]


def report_html(report: Report, out: Path) -> None:
    """Write a report as one page that needs no network. It is light or dark as the reader's system is, and can be printed.

    Texts from data are shown letter for letter and never become HTML.
    """
    out.write_text(report_page(report), "utf-8")


def report_tables(report: Report) -> dict[str, pd.DataFrame]:
    """All tables of a report that have rows; the trials of the search are a table of their own."""
    parts = {name: part for name, part in report.items() if isinstance(part, list) and part}
    if "notes" in parts:
        parts["notes"] = [{"note": note} for note in parts["notes"]]
    if search := parts.get("search"):
        parts["trials"] = [{"arm": one["arm"], **trial} for one in search for trial in one.get("trials", [])]
        parts["search"] = [
            {**{name: value for name, value in one.items() if name != "trials"}, "tied": ", ".join(one.get("tied", []))}
            for one in search
        ]
    return {name: pd.DataFrame(rows) for name, rows in parts.items() if rows}


def write_tables(
    report: Report, folder: Path, before: str = "", suffixes: tuple[str, ...] = (".csv", ".parquet")
) -> list[Path]:
    """Write all tables into ``folder``, named ``before`` + table + each suffix; gives the files."""
    if folder.exists() and not folder.is_dir():
        raise OptionError(f"{folder} is a file; name a folder.")
    folder.mkdir(exist_ok=True)
    written = []
    for name, frame in report_tables(report).items():
        for suffix in suffixes:
            written.append(folder / f"{before}{name}{suffix}")
            written[-1].write_bytes(table_bytes(frame, suffix))
    return written


def table_bytes(frame: pd.DataFrame, suffix: str) -> bytes:
    """A table as the bytes of a .csv or .parquet file."""
    return csv_text(frame).encode() if suffix == ".csv" else bytes(frame.to_parquet(index=False))


def zip_tables(report: Report) -> bytes:
    """Every table as CSV and as Parquet in one archive."""
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, frame in report_tables(report).items():
            for suffix in (".csv", ".parquet"):
                archive.writestr(f"{name}{suffix}", table_bytes(frame, suffix))
    return memory.getvalue()
