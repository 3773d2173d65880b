"""What the any-mask model answers for the masks of other runs, without retraining. Used by bench/sensors.py."""

from pathlib import Path

import numpy as np

from stcore.data.metrics import Errors
from stcore.processes import jobs
from stcore.runs import Run, runs_in
from stcore.runs.record import weights
from stcore.training.evaluate import chunks
from stcore.training.tensors import from_bytes
from stcore.training.whatif import WhatIf

FILE = "live.npz"  # in the folder of the run whose mask is asked about
Key = tuple[str, str, int]


def answer(folder: Path) -> None:
    """For every finished run with a mask: the errors under it of the any-mask model of its set, model and seed."""
    done = [run for run in runs_in(folder) if jobs.finished(run)]
    models = {key(run): run for run in done if run.spec.mask_name == "any"}
    opened: dict[str, WhatIf] = {}
    for run in done:
        gate = from_bytes(weights(run) or b"")["gate"]
        asked = models.get(key(run))
        if asked is None or gate is None or answered(run, asked):
            continue
        if asked.id not in opened:
            opened = {asked.id: what_if(asked)}
        error, count = errors(opened[asked.id], (gate > 0).numpy())
        np.savez(run.path / FILE, error=error, count=count)


def answered(run: Run, asked: Run) -> bool:
    """Whether the model has been asked since it was trained."""
    path = run.path / FILE
    return path.exists() and path.stat().st_mtime >= (asked.path / "result.json").stat().st_mtime


def key(run: Run) -> Key:
    """Its data, model and seed."""
    return run.spec.data.fingerprint, run.spec.model_name, run.spec.options.seed


def what_if(run: Run) -> WhatIf:
    """A finished run, to be asked about masks."""
    return WhatIf(jobs.dataset(run), run.spec.options, weights(run) or b"")


def errors(model: WhatIf, keep: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Summed absolute errors and their counts [W, H] on all test windows, with ``keep`` [N] bool on."""
    tensors, windows = model.tensors, model.tensors.parts.test
    shape = (tensors.setting.horizon, tensors.setting.sensors, tensors.setting.targets)
    found = Errors(shape, windows=len(windows))
    for ids in chunks(tensors, len(windows)):
        found.add(model.forecast(windows, ids, keep), tensors.truths(windows, ids), ids)
    return found.windows[0], found.windows[1]
