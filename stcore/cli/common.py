"""What all commands share: the app, how answers and options are read, and how results are said."""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer

from stcore.options import OptionError
from stcore.runs.files import plain

app = typer.Typer(
    name="stcore",
    help="Winnow: train compact forecasters on spatio-temporal data while samples are pruned live.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on one line of stdout.")]
Runs = Annotated[Path, typer.Option("--runs", help="Folder that holds the runs.")]
Name = Annotated[str, typer.Argument(metavar="RUN", help="A run's id in the runs folder, or its path.")]
Answers = Annotated[
    Path | None, typer.Option("--answers", help="JSON file of answers to the data's questions, {code: choice}.")
]
RUNS = Path("runs")


def say(document: Mapping[str, Any], as_json: bool, text: str) -> None:
    """The result: one line of JSON, or text for people. Only rank 0 speaks."""
    if int(os.environ.get("RANK", 0)) == 0:
        typer.echo(json.dumps(plain(dict(document))) if as_json else text)


def aside(text: str, end: bool = True) -> None:
    """A line on stderr; that nobody can read it any more, as when a terminal is closed, is no reason to stop."""
    with suppress(OSError):
        typer.echo(text, nl=end, err=True)


def refuse(sentence: str, code: int) -> int:
    """Say why on stderr, in one line; gives the exit code."""
    aside(" ".join(sentence.split()))
    return code


def read_object(path: Path | None) -> dict[str, Any]:
    """A JSON object from a file; empty without one. OptionError where it is none."""
    if path is None:
        return {}
    try:
        value = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise OptionError(f"There is no file {path}.") from None
    except (OSError, ValueError, RecursionError) as error:
        raise OptionError(f"{path} is no JSON: {error}.") from None
    if not isinstance(value, dict):
        raise OptionError(f"{path} has to hold a JSON object.")
    return value


def read_answers(path: Path | None) -> dict[str, str]:
    """Answers to a dataset's questions from a file; empty without one. OptionError where they are none."""
    answers = read_object(path)
    if not all(isinstance(choice, str) for choice in answers.values()):
        raise OptionError(f'{path} has to hold answers as {{"question": "choice"}}.')
    return answers


LONGEST = 160  # letters in a cell, so that one long name does not push all others off the screen


def table(rows: list[list[Any]], head: list[str]) -> str:
    """Columns of text, aligned."""
    cells = [head, *([shown(cell) for cell in row] for row in rows)]
    widths = [max(len(row[place]) for row in cells) for place in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells
    )


def shown(value: Any) -> str:
    """A value as people read it."""
    if value is None or value != value:
        return "-"
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
