"""Commands that keep a runs folder in order: label, delete, restore, trash, doctor."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from stcore.cli.common import RUNS, Json, Name, Runs, app, say, text_table
from stcore.processes import health
from stcore.readers.safe.limits import size_text
from stcore.runs import open_run, trash, uploads, write_label

PANEL = "Runs"


@app.command(rich_help_panel=PANEL)
def label(
    run: Name,
    *,
    title: Annotated[str | None, typer.Option(help="Title of the run; an empty text removes it.")] = None,
    tag: Annotated[
        list[str] | None, typer.Option(help="A tag; give the option once for each. They replace all earlier tags.")
    ] = None,
    no_tags: Annotated[bool, typer.Option("--no-tags", help="Remove all tags.")] = False,
    note: Annotated[str | None, typer.Option(help="A note; an empty text removes it.")] = None,
    archive: Annotated[
        bool | None, typer.Option("--archive/--unarchive", help="Leave the run out of lists, or list it again.")
    ] = None,
    runs: Runs = RUNS,
    json: Json = False,
) -> None:
    """Give a run a title, tags or a note, or archive it. Its id and its record stay the same."""
    tags = [] if no_tags else tag or None
    fields = asdict(write_label(open_run(run, runs), title=title, tags=tags, note=note, archived=archive))
    cells = [[name, ", ".join(value) if isinstance(value, tuple) else value] for name, value in fields.items()]
    say({"run": run, **fields}, json, text_table(cells, ["label", run]))


@app.command(rich_help_panel=PANEL)
def delete(
    names: Annotated[list[str], typer.Argument(metavar="RUN ...", help="Ids in the runs folder, or paths.")],
    *,
    runs: Runs = RUNS,
    json: Json = False,
) -> None:
    """Move runs into the trash of their folder. `restore` brings them back; `trash --empty` deletes them for good."""
    moved = [trash.delete(run) for run in [open_run(name, runs) for name in names]]
    text = "\n".join(f"{run.id} is in the trash; `python -m stcore restore {run.id}` brings it back." for run in moved)
    say({"deleted": [run.id for run in moved], "trash": [str(run.path) for run in moved]}, json, text)


@app.command(rich_help_panel=PANEL)
def restore(
    run: Annotated[str, typer.Argument(metavar="RUN", help="The id of a deleted run.")],
    *,
    runs: Runs = RUNS,
    json: Json = False,
) -> None:
    """Bring a deleted run back."""
    restored = trash.restore(runs, run)
    say({"run": restored.id, "path": str(restored.path)}, json, f"{restored.id} is back.")


@app.command("trash", rich_help_panel=PANEL)
def list_or_empty_trash(
    empty: Annotated[
        bool, typer.Option("--empty", help="Delete these runs for good, with all uploads that no run uses.")
    ] = False,
    *,
    runs: Runs = RUNS,
    json: Json = False,
) -> None:
    """List the deleted runs of a folder, or delete them for good."""
    deleted = [(run, trash.size(run.path)) for run in trash.deleted(runs)]
    rows = [{"run": run.id, "when": f"{run.when:%Y-%m-%d %H:%M}", "bytes": size} for run, size in deleted]
    if empty:
        number, unused = trash.empty(runs), uploads.remove_unused(runs)
        total = size_text(sum(size for _, size in deleted))
        text = f"deleted for good: {number} runs ({total}) and {unused} uploads that no run used"
        say({"emptied": rows, "uploads": unused}, json, text)
        return
    cells = [[run.id, f"{run.when:%Y-%m-%d %H:%M}", size_text(size)] for run, size in deleted]
    text = text_table(cells, ["run", "deleted (UTC)", "on disk"]) if rows else "The trash is empty."
    say({"trash": rows}, json, text)


@app.command(rich_help_panel=PANEL)
def doctor(runs: Runs = RUNS, json: Json = False) -> int:
    """Check Python packages, disk space, old locks and lost worker processes, and say what to do about each problem."""
    checks = health.checks(Path(runs))
    lines = [
        line
        for check in checks
        for line in (f"{health.MARKS[check.level]} {check.name}: {check.text}", f"        {check.remedy}")
        if line.strip()
    ]
    say({"checks": [asdict(check) for check in checks], "well": health.is_healthy(checks)}, json, "\n".join(lines))
    return 0 if health.is_healthy(checks) else 1
