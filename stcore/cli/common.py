"""What all commands share: the app, the options that many of them have, and how results and messages are printed."""

import json
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer

from stcore.runs.files import plain

app = typer.Typer(
    name="stcore",
    help="Winnow: train compact forecasters on spatio-temporal data while samples are pruned live.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Json = Annotated[bool, typer.Option("--json", help="Print the result as one line of JSON.")]
Runs = Annotated[Path, typer.Option("--runs", help="The runs folder.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print no progress.")]
Name = Annotated[str, typer.Argument(metavar="RUN", help="A run's id in the runs folder, or its path.")]
DataSource = Annotated[str, typer.Argument(metavar="DATA", help="A file, a folder, or the word demo.")]
Answers = Annotated[
    Path | None,
    typer.Option("--answers", help='JSON file with answers to the questions about the data: {"code": "choice"}.'),
]
RUNS = Path("runs")
INTERRUPTED = 130
"""What shells give for Ctrl-C."""
LONGEST = 160
"""Letters in a table's cell, so that one long name does not push all other columns off the screen."""


def say(document: Mapping[str, Any], as_json: bool, text: str) -> None:
    """Print a result on stdout: one line of JSON, or text for people. Only rank 0 prints."""
    if is_first_rank():
        typer.echo(json.dumps(plain(dict(document))) if as_json else text)


def say_aside(text: str, end: bool = True) -> None:
    """Print a line on stderr. Work goes on where nobody can read it any more, as when a terminal was closed."""
    with suppress(OSError):
        typer.echo(text, nl=end, err=True)


def fail(sentence: str, code: int) -> int:
    """Print on stderr, in one line, why a command fails; gives its exit code."""
    say_aside(" ".join(sentence.split()))
    return code


def is_first_rank() -> bool:
    """Whether this process is the one rank that prints and writes."""
    return int(os.environ.get("RANK", 0)) == 0


def is_watched() -> bool:
    """Whether a terminal shows stderr."""
    return sys.stderr is not None and sys.stderr.isatty()


def text_table(rows: list[list[Any]], head: list[str]) -> str:
    """Rows under their ``head`` as aligned columns of text."""
    cells = [head, *([cell_text(value) for value in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells
    )


def cell_text(value: Any) -> str:
    """A value as people read it: numbers with four digits, a dash for none or NaN."""
    if value is None or value != value:
        return "-"
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
