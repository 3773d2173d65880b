"""What the any-mask model answers for the masks of other runs, without retraining. Used by bench/sensors.py."""

from pathlib import Path

import numpy as np
import torch

from stcore import jobs
from stcore.metrics import Errors
from stcore.options import RunOptions
from stcore.runs import Run, runs_in
from stcore.runs.record import weights
from stcore.training.predict import predict
from stcore.training.state import from_bytes, to_bytes
from stcore.windows import cut

FILE = "live.npz"  # in the folder of the run whose mask is asked about
Key = tuple[str, str, int]


def answer(folder: Path) -> None:
    """For every finished run with a mask: the errors under it of the any-mask model of its set, model and seed."""
    done = [run for run in runs_in(folder) if jobs.finished(run)]
    models = {key(run): run for run in done if run.spec["options"]["mask"]["name"] == "any"}
    asked = [run for run in done if key(run) in models and not (run.path / FILE).exists()]
    for run in asked:
        kept = from_bytes(weights(run) or b"")["gate"]
        if kept is not None:
            error, count = errors(models[key(run)], kept > 0)
            np.savez(run.path / FILE, error=error, count=count)


def key(run: Run) -> Key:
    """Its set (by fingerprint), model and seed."""
    options = run.spec["options"]
    return run.spec["data"]["fingerprint"], options["model"]["name"], options["seed"]


def errors(run: Run, keep: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Summed absolute errors and their counts [W, H] on the test windows, by a run's weights with ``keep`` [N] bool on."""
    options, data = RunOptions.read(run.spec["options"]), jobs.dataset(run)
    packed = {**from_bytes(weights(run) or b""), "gate": keep.float()}
    windows, target = cut(data, options.data).test, data.channel(options.data.targets, data.channels[:1])
    forecast = predict(data, options, to_bytes(packed), windows.starts)
    ids = np.arange(len(windows))
    truth = data.values[windows.steps(ids)[:, windows.lookback :]][..., target]
    found = Errors(truth.shape[1:], windows=len(windows))
    found.add(forecast, truth, ids)
    return found.windows[0], found.windows[1]
