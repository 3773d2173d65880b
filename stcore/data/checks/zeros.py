"""Zero or missing? The question that every set of counts and speeds raises; never answered silently."""

import numpy as np
import xarray as xr

from stcore.data.checks.finding import Answers, CheckResult
from stcore.data.checks.stretches import counts, without
from stcore.findings import Finding, refuse
from stcore.words import listing, percentage

KEEP, MISSING, SOME = "keep", "missing", "<channels>"


def zero_share(ds: xr.Dataset) -> np.ndarray:
    """[N] share of each sensor's readings that are exactly zero, as the file had them; 0 where nothing was read."""
    if "zero_share" in ds:
        return np.asarray(ds["zero_share"].values)
    value = ds["value"].values
    return _share(counts(value, _zero), counts(value, np.isfinite), 1).astype(np.float32)


def zeros_of_all(ds: xr.Dataset) -> float:
    """Share of all readings that are exactly zero, as the file had them."""
    if "zeros_of_all" in ds.attrs:
        return float(ds.attrs["zeros_of_all"])
    value = ds["value"].values
    return float(counts(value, _zero).sum() / max(counts(value, np.isfinite).sum(), 1))


def _zero(block: np.ndarray) -> np.ndarray:
    return block == 0


def _share(zeros: np.ndarray, observed: np.ndarray, axis: int) -> np.ndarray:
    """Of zeros and observed readings by sensor and channel [N, C], the share along one of the two."""
    return zeros.sum(axis=axis) / np.maximum(observed.sum(axis=axis), 1)


def check_zeros(ds: xr.Dataset, answers: Answers) -> CheckResult:
    """Exact zeros stay measurements until somebody answers; the shares stay with the dataset as ``zero_share`` [sensor]."""
    value = ds["value"].values
    zeros = counts(value, _zero)
    if not zeros.any():
        return ds, []
    observed = counts(value, np.isfinite)
    chosen = answers.get("zeros", KEEP)
    channels = [str(name) for name in ds["channel"].values]
    choices = {KEEP: "zeros are measurements", MISSING: "zeros mean: not measured"}
    if len(channels) > 1:
        choices[SOME] = (
            f"zeros mean: not measured, in these channels only; names with commas between, such as {channels[0]}"
        )
    text = _text(ds, zeros, observed)
    if "zero_share" not in ds:
        ds = ds.assign(zero_share=("sensor", _share(zeros, observed, 1).astype(np.float32)))
        ds = ds.assign_attrs(zeros_of_all=float(zeros.sum() / observed.sum()))
    if chosen != KEEP:
        meant = np.isin(channels, channels if chosen == MISSING else _named(chosen, channels))
        ds = without(ds, lambda block: (block == 0) & meant)
    taken = "They stay measurements until you say otherwise." if chosen == KEEP else "They were taken as missing."
    return ds, [Finding("note", "zeros", f"{text} {taken}", choices, chosen)]


def _named(answer: str, channels: list[str]) -> list[str]:
    names = [name.strip() for name in answer.split(",")]
    if unknown := [name for name in names if name not in channels]:
        raise refuse(
            "zeros",
            f"Zeros can be 'keep', 'missing' or names of channels ({listing(channels)}); {unknown[0]!r} is none of these.",
        )
    return names


def _text(ds: xr.Dataset, zeros: np.ndarray, observed: np.ndarray) -> str:
    """How many, where most, and by channel where there are several."""
    by_sensor, by_channel = _share(zeros, observed, 1), _share(zeros, observed, 0)
    worst = np.argsort(-by_sensor, kind="stable")[:3]
    names, channels = ds["sensor"].values, ds["channel"].values
    most = listing(f"{names[place]} ({percentage(by_sensor[place])})" for place in worst if by_sensor[place] > 0)
    text = (
        f"{percentage(zeros.sum() / max(observed.sum(), 1))} of the readings are exactly zero, most of them at {most}."
    )
    if len(channels) > 1:
        shares = (f"{name} {percentage(part)}" for name, part in zip(channels, by_channel, strict=True))
        text += f" By channel: {listing(shares, 8)}."
    return text
