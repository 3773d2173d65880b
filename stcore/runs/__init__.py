"""Runs on disk: a folder holds whatever must survive a reload, a crash or a colleague. App, notebook and CLI read it alike."""

from stcore.runs.create import create, create_distillation
from stcore.runs.folder import Run
from stcore.runs.labels import Label, label, write_label
from stcore.runs.record import record
from stcore.runs.spec import RunError
from stcore.runs.store import damaged_in, open_run, remove, runs_in

__all__ = [
    "Label",
    "Run",
    "RunError",
    "create",
    "create_distillation",
    "damaged_in",
    "label",
    "open_run",
    "record",
    "remove",
    "runs_in",
    "write_label",
]
