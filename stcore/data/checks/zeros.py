"""Zero or missing? Most counts and speeds raise this question; it is never answered without a word."""

import numpy as np
import xarray as xr

from stcore.data.checks.finding import Answers, CheckResult
from stcore.data.checks.stretches import count_where, without_where
from stcore.findings import Finding, refuse
from stcore.words import listing, percentage

KEEP, MISSING, SOME = "keep", "missing", "<channels>"


def zero_share(ds: xr.Dataset) -> np.ndarray:
    """[N] share of each sensor's readings that are exactly zero in the file; 0 where a sensor has none."""
    if "zero_share" in ds:
        return np.asarray(ds["zero_share"].values)
    value = ds["value"].values
    return _share(count_where(value, _zero), count_where(value, np.isfinite), 1).astype(np.float32)


def zeros_of_all(ds: xr.Dataset) -> float:
    """Share of all readings that are exactly zero in the file."""
    if "zeros_of_all" in ds.attrs:
        return float(ds.attrs["zeros_of_all"])
    value = ds["value"].values
    return float(count_where(value, _zero).sum() / max(count_where(value, np.isfinite).sum(), 1))


def _zero(block: np.ndarray) -> np.ndarray:
    return block == 0


def _share(zeros: np.ndarray, observed: np.ndarray, axis: int) -> np.ndarray:
    """The share of ``zeros`` among ``observed`` readings [N, C], summed over ``axis``."""
    return zeros.sum(axis=axis) / np.maximum(observed.sum(axis=axis), 1)


def check_zeros(ds: xr.Dataset, answers: Answers) -> CheckResult:
    """Zeros stay measurements unless the answer says otherwise. Their shares are kept as ``zero_share`` [sensor]."""
    value = ds["value"].values
    zeros = count_where(value, _zero)
    if not zeros.any():
        return ds, []
    observed = count_where(value, np.isfinite)
    chosen = answers.get("zeros", KEEP)
    channels = [str(name) for name in ds["channel"].values]
    choices = {KEEP: "zeros are measurements", MISSING: "zeros mean not measured"}
    if len(channels) > 1:
        choices[SOME] = (
            f"zeros mean not measured in these channels only: names separated by commas, such as {channels[0]}"
        )
    text = _text(ds, zeros, observed)
    if "zero_share" not in ds:
        ds = ds.assign(zero_share=("sensor", _share(zeros, observed, 1).astype(np.float32)))
        ds = ds.assign_attrs(zeros_of_all=float(zeros.sum() / observed.sum()))
    if chosen != KEEP:
        meant = np.isin(channels, channels if chosen == MISSING else _named_channels(chosen, channels))
        ds = without_where(ds, lambda block: (block == 0) & meant)
    effect = "They stay measurements unless you answer otherwise." if chosen == KEEP else "They were taken as missing."
    return ds, [Finding("note", "zeros", f"{text} {effect}", choices, chosen)]


def _named_channels(answer: str, channels: list[str]) -> list[str]:
    names = [name.strip() for name in answer.split(",")]
    if unknown := [name for name in names if name not in channels]:
        raise refuse(
            "zeros",
            f"Zeros can be 'keep', 'missing' or names of channels ({listing(channels)}); {unknown[0]!r} is none of these.",
        )
    return names


def _text(ds: xr.Dataset, zeros: np.ndarray, observed: np.ndarray) -> str:
    """The share of zeros, the sensors with most of them, and the share by channel where there are several."""
    by_sensor, by_channel = _share(zeros, observed, 1), _share(zeros, observed, 0)
    worst = np.argsort(-by_sensor, kind="stable")[:3]
    names, channels = ds["sensor"].values, ds["channel"].values
    most = listing(f"{names[sensor]} ({percentage(by_sensor[sensor])})" for sensor in worst if by_sensor[sensor] > 0)
    text = (
        f"{percentage(zeros.sum() / max(observed.sum(), 1))} of the readings are exactly zero, most of them at {most}."
    )
    if len(channels) > 1:
        shares = (f"{name} {percentage(part)}" for name, part in zip(channels, by_channel, strict=True))
        text += f" By channel: {listing(shares, 8)}."
    return text
