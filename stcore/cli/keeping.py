"""Commands that keep a runs folder in order: label, delete, restore, trash, doctor."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from stcore.cli.common import RUNS, Json, Name, Runs, app, say, table
from stcore.processes import health
from stcore.readers.safe.limits import words
from stcore.runs import open_run, trash, uploads, write_label


@app.command()
def label(
    run: Name,
    *,
    title: Annotated[str | None, typer.Option(help="What to call the run; empty takes the title away.")] = None,
    tag: Annotated[list[str] | None, typer.Option(help="A tag, once for each; these replace all before.")] = None,
    no_tags: Annotated[bool, typer.Option("--no-tags", help="Take all tags away.")] = False,
    note: Annotated[str | None, typer.Option(help="A note; empty takes it away.")] = None,
    archive: Annotated[
        bool | None, typer.Option("--archive/--unarchive", help="Leave it out of lists, or not.")
    ] = None,
    runs: Runs = RUNS,
    json: Json = False,
) -> None:
    """Give a run a title, tags or a note, or put it away. Its id and its record stay as they are."""
    tags = [] if no_tags else tag or None
    told = asdict(write_label(open_run(run, runs), title=title, tags=tags, note=note, archived=archive))
    cells = [[name, ", ".join(value) if isinstance(value, tuple) else value] for name, value in told.items()]
    say({"run": run, **told}, json, table(cells, ["label", run]))


@app.command()
def delete(
    names: Annotated[list[str], typer.Argument(metavar="RUN ...")], *, runs: Runs = RUNS, json: Json = False
) -> None:
    """Put runs into the trash of their folder; restore takes them back, trash --empty deletes them for good."""
    chosen = [open_run(name, runs) for name in names]
    gone = [trash.delete(run) for run in chosen]
    text = "\n".join(f"{run.id} is in the trash; `restore {run.id}` takes it back." for run in gone)
    say({"deleted": [run.id for run in gone], "trash": [str(run.path) for run in gone]}, json, text)


@app.command()
def restore(run: Annotated[str, typer.Argument(metavar="RUN")], *, runs: Runs = RUNS, json: Json = False) -> None:
    """Take a deleted run back."""
    found = trash.restore(runs, run)
    say({"run": found.id, "path": str(found.path)}, json, f"{found.id} is back.")


@app.command("trash")
def show_trash(
    empty: Annotated[
        bool, typer.Option("--empty", help="Delete what is in it for good, and uploads that no run uses.")
    ] = False,
    *,
    runs: Runs = RUNS,
    json: Json = False,
) -> None:
    """List the deleted runs of a folder, or delete them for good."""
    found = [(run, trash.size(run.path)) for run in trash.deleted(runs)]
    rows = [{"run": run.id, "when": f"{run.when:%Y-%m-%d %H:%M}", "bytes": size} for run, size in found]
    if empty:
        text = f"{trash.empty(runs)} runs were deleted for good, {words(sum(size for _, size in found))}"
        more = uploads.remove_unused(runs)
        say({"emptied": rows, "uploads": more}, json, f"{text}, and {more} uploads that no run uses.")
        return
    cells = [[run.id, f"{run.when:%Y-%m-%d %H:%M}", words(size)] for run, size in found]
    say({"trash": rows}, json, table(cells, ["run", "deleted (UTC)", "on disk"]) if rows else "The trash is empty.")


@app.command()
def doctor(runs: Runs = RUNS, json: Json = False) -> int:
    """Check environment, versions, disk, locks left behind and orphaned workers, and say what to do."""
    found = health.checked(Path(runs))
    lines = [
        line
        for check in found
        for line in (f"{health.MARKS[check.level]} {check.name}: {check.text}", f"        {check.remedy}")
        if line.strip()
    ]
    say({"checks": [asdict(check) for check in found], "well": health.well(found)}, json, "\n".join(lines))
    return 0 if health.well(found) else 1
