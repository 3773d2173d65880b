"""Forecasts as files, with names of sensors and real times."""

import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from stcore import readers
from stcore.data import STData
from stcore.data.windows import Windows, cut
from stcore.exports.tables import check_writable, csv_text
from stcore.models import naive
from stcore.options import OptionError
from stcore.processes import jobs
from stcore.runs import Run

FORMATS = (".csv", ".parquet", ".nc")


def write_forecast(
    run: Run, out: Path, source: str | None = None, answers: Mapping[str, str] | None = None, test: bool = False
) -> int:
    """Write a run's forecasts (``forecast_dataset``) to ``out``; gives the number of rows.

    ``source``: other data of the same sensors. Raises OptionError unless ``out`` ends in .csv, .parquet or .nc.
    """
    check_forecast(out)
    facts = run.spec.data
    data = readers.open(source, answers).like(facts.sensors, facts.channels) if source else jobs.dataset(run)
    ds = forecast_dataset(run, data, test)
    rows = int(np.prod([ds.sizes[dim] for dim in ("issued", "horizon", "sensor", "target")]))
    if out.suffix == ".nc":
        ds.to_netcdf(buffer := io.BytesIO(), engine="h5netcdf")  # HDF5 ends the whole process where a disk is full
        out.write_bytes(buffer.getvalue())
    elif out.suffix == ".parquet":
        forecast_table(ds).to_parquet(out, index=False)
    else:
        out.write_text(csv_text(forecast_table(ds)), "utf-8")
    return rows


def check_forecast(out: Path) -> None:
    """Raise OptionError, before any work, where forecasts cannot be written to ``out``."""
    if out.suffix not in FORMATS:
        raise OptionError(f"{out.name!r} must end in {', '.join(FORMATS)}.")
    check_writable(out)


def forecast_dataset(run: Run, data: STData, test: bool) -> xr.Dataset:
    """``forecast``, ``truth``, ``persistence`` and ``seasonal_naive`` over (issued, horizon, sensor, target), in units.

    ``issued`` is the time of the last input step, ``time`` [issued, horizon] the time that is forecast. There is one issue,
    after the last step of the data; for ``test`` one for every test window.
    """
    options = run.spec.options
    lookback, horizon = options.data.lookback, options.data.horizon
    parts = cut(data, options.data) if test else None
    starts = parts.test.starts if parts else np.array([data.steps - lookback])
    if starts[0] < 0:
        raise OptionError(f"The data have {data.steps} steps, but the model needs {lookback}.")
    windows = Windows(starts, lookback, horizon)
    targets = data.channel(options.data.targets, data.channels[:1])
    values = data.values[..., targets]
    known = parts.label == 0 if parts else np.ones(data.steps, bool)  # all steps lie before the forecast
    ids, dims = np.arange(len(starts)), ("issued", "horizon", "sensor", "target")
    steps = windows.steps(ids)[:, lookback:]
    padded = np.concatenate([values, np.full((horizon, *values.shape[1:]), np.nan, values.dtype)])
    variables = {"forecast": jobs.predict(run, starts, data), "truth": padded[steps]}
    for name, make in (("persistence", naive.persistence), ("seasonal_naive", naive.seasonal_naive)):
        variables[name] = make(values, known, data.step_seconds).forecast(windows, ids)
    instants = data.time[0] + pd.to_timedelta(steps.ravel() * data.step_seconds, unit="s")
    coords = {
        "issued": data.time[windows.origins].to_numpy(),
        "horizon": np.arange(1, horizon + 1),
        "sensor": np.array(data.sensors, object),
        "target": np.array([data.channels[channel] for channel in targets], object),
        "time": (("issued", "horizon"), instants.to_numpy().reshape(steps.shape)),
    }
    about = {"run": run.id, "title": data.title, "zone": data.zone, "units": str(data.units)}
    return xr.Dataset({name: (dims, array) for name, array in variables.items()}, coords, about)


def forecast_table(ds: xr.Dataset) -> pd.DataFrame:
    """A forecast dataset as rows: sensor, issued, time, horizon, target, forecast, truth, persistence, seasonal_naive."""
    frame = ds.to_dataframe().reset_index()
    order = ["sensor", "issued", "time", "horizon", "target", "forecast", "truth", "persistence", "seasonal_naive"]
    return frame[order].sort_values(["issued", "sensor", "target", "horizon"], ignore_index=True)


def write_windows(run: Run, starts: np.ndarray, out: Path) -> None:
    """Write forecasts of the run's own windows, given by their start steps, as an array file (.npy)."""
    np.save(out, jobs.predict(run, starts))
