"""Which sensors matter, seen four ways: the mask, the loss's gradient, permuted histories, regions left out and retrained.

No view is the truth. A mask says what a model can do without; of several copies it drops all but one. Gradient and
permutation ask about one sensor at a time, so each of several copies looks dispensable, or all look needed. Leaving a region
out and training anew is the most honest view and the most expensive. Believe views that agree, also between seeds.

Dimensions: N sensors, S runs, P permutations, K regions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from stcore import registry
from stcore.data import STData
from stcore.evidence.agreement import (
    Agreement,
    across_seeds,
    agreement,
    final_masks,
    overlap_between_runs,
    overlap_by_epoch,
)
from stcore.runs import Run, RunError
from stcore.runs.derived import find_permutation
from stcore.runs.trace import check_rows, trace
from stcore.sensors.faulty import Fault, find_faults

MASK, GRADIENT, PERMUTATION, REGIONS = "mask", "gradient", "permutation", "regions"
MEANING = {
    MASK: "what the run's mask thinks of each sensor at the end, the greatest worth most",
    GRADIENT: "share of each sensor in the input's pull on the loss, by the best weights",
    PERMUTATION: "rise of the test error over all sensors when this one's history is another window's",
    REGIONS: "rise of the test error, for each sensor of the region, when its whole region is off and the model trained anew",
}


class View(NamedTuple):
    """One view: ``values`` [S, N] of S ``runs``, higher where a sensor matters more, NaN where nothing is known."""

    name: str
    values: np.ndarray
    runs: list[str]
    unit: str = ""

    @property
    def mean(self) -> np.ndarray:
        """The mean [N] over the runs."""
        return np.asarray(self.values.mean(axis=0))

    @property
    def rank(self) -> np.ndarray:
        """The rank [N] of each sensor, 1 for the one that matters most. Equal sensors share their mean rank."""
        return pd.Series(-self.mean).rank(method="average").to_numpy()


class RegionsLeftOut(NamedTuple):
    """The effect of leaving each of K regions out.

    ``region`` [N] of each sensor, ``name`` [K]. ``rise`` [K] of the test error over all sensors, against a run of as many
    ``epochs`` with all sensors; ``outside`` [K] is the same over the sensors of other regions.
    """

    region: np.ndarray
    name: list[str]
    rise: np.ndarray
    outside: np.ndarray
    epochs: int
    unit: str

    @property
    def per_sensor(self) -> np.ndarray:
        """The rise [K] for each sensor that was switched off, so that large regions do not matter more by size alone."""
        return self.rise / np.bincount(self.region, minlength=len(self.rise))

    def mean(self, values: np.ndarray) -> np.ndarray:
        """The mean [K] over each region of ``values`` [N]. Sensors without a number are left out."""
        return pd.Series(values).groupby(self.region).mean().to_numpy()


@dataclass(frozen=True)
class ImportanceViews:
    """The views side by side, how far they agree, how stable the mask is, and which sensors look faulty.

    ``agreement``: one row a pair of views (``view``, ``other``; equal where runs of one view are compared) with Kendall's
    ``tau``, its 95 % interval ``low`` to ``high`` over ``over`` (sensors or regions), and ``count`` of these. ``stability``:
    by run, see ``stability.through_epochs``; ``overlap``: between runs, see ``stability.between_runs``.
    """

    sensors: list[str]
    views: dict[str, View]
    agreement: pd.DataFrame
    stability: dict[str, pd.DataFrame]
    overlap: pd.DataFrame
    faults: list[Fault]
    others: np.ndarray | None
    regions: RegionsLeftOut | None
    kept: np.ndarray | None
    notes: list[str]

    def table(self) -> pd.DataFrame:
        """One row for each sensor.

        Every view and its rank (1 matters most), the permutation's effect on ``others``, the share of the masked runs that
        keep the sensor, its region, and why it looks faulty.
        """
        columns: dict[str, Any] = {"sensor": self.sensors}
        for name, view in self.views.items():
            columns |= {name: view.mean, f"{name}_rank": view.rank}
        if self.others is not None:
            columns["permutation_others"] = self.others
        if self.kept is not None:
            columns["kept"] = self.kept
        if self.regions is not None:
            columns["region"] = [self.regions.name[place] for place in self.regions.region]
        columns["faulty"] = self.reasons
        return pd.DataFrame(columns)

    @property
    def reasons(self) -> list[str]:
        """Why each sensor [N] looks faulty. Empty where it does not."""
        return [
            "; ".join(fault.reason for fault in self.faults if fault.sensor == place)
            for place in range(len(self.sensors))
        ]

    def document(self) -> dict[str, Any]:
        """All views as plain values."""
        return {
            "sensors": self.table().to_dict("records"),
            "views": {
                name: {"runs": view.runs, "unit": view.unit, "is": MEANING[name]} for name, view in self.views.items()
            },
            "agreement": self.agreement.to_dict("records"),
            "stability": {run: frame.to_dict("records") for run, frame in self.stability.items()},
            "overlap": self.overlap.to_dict("records"),
            "faulty": [fault._asdict() | {"sensor": self.sensors[fault.sensor]} for fault in self.faults],
            "notes": self.notes,
        }


def importance_views(
    runs: Sequence[Run], data: STData | None = None, regions: RegionsLeftOut | None = None
) -> ImportanceViews:
    """The views that some runs on the same data can give, whatever their masks and seeds.

    Without ``data`` no faulty sensors are named. Gradient and permutation come from runs in which no sensor is off, where there
    are such: of one that is off they are nothing by themselves, and would only repeat the mask. RunError where the runs do not
    fit together or none has finished an epoch.
    """
    begun = comparable_runs(runs)
    notes: list[str] = []
    found = [mask_view(begun), gradient_view(begun), permutation_view(begun, notes), region_view(regions)]
    views = {view.name: view for view in found if view is not None}
    notes += masked_note(begun, views)
    last = final_masks(begun)
    target = data.channel(begun[0].spec.targets[:1], [])[0] if data is not None else 0
    return ImportanceViews(
        list(begun[0].spec.data.sensors),
        views,
        agreement_table(views, regions),
        {run.id: overlap_by_epoch(trace(run)["active"].values) for run in begun if run.id in last},
        overlap_between_runs(last),
        [] if data is None else find_faults(data, target),
        rise_on_others(begun, views),
        regions,
        np.mean(list(last.values()), axis=0) if last else None,
        notes,
    )


def comparable_runs(runs: Sequence[Run]) -> list[Run]:
    """The runs with a finished epoch.

    RunError where none has one, where data or targets differ, or where rows that every epoch writes are missing.
    """
    about = {(run.spec.data.fingerprint, *run.spec.targets) for run in runs}
    if len(about) > 1:
        raise RunError("These runs are of different data or targets, so their sensors cannot be compared.")
    begun = [run for run in runs if run.epochs()]
    if not begun:
        raise RunError(
            f"Run {runs[0].id} has no finished epoch yet; it is {runs[0].status}." if runs else "No run was named."
        )
    for run in begun:
        card = registry.find("masks", run.spec.mask_name)
        masked = card is None or card.off != "never"
        check_rows(trace(run), "importance", *(("active", "mask_score") if masked else ()))
    return begun


# ---- the views -------------------------------------------------------------------------------------------------------
def mask_view(runs: Sequence[Run]) -> View | None:
    """The scores of the masks after the last epoch: of masks that switched sensors off, else of an any-mask model."""
    scored = [run for run in runs if "mask_score" in trace(run)]
    chosen = [run for run in scored if not all_on(run)] or scored
    if not chosen:
        return None
    values = np.stack([trace(run)["mask_score"].values[-1].astype(float) for run in chosen])
    return View(MASK, values, [run.id for run in chosen])


def gradient_view(runs: Sequence[Run]) -> View:
    """The gradient's importance in the best epoch, as shares in per cent."""
    chosen = unmasked_runs(runs)
    values = np.stack([100 * trace(run)["importance"].values[best_epoch(run)].astype(float) for run in chosen])
    return View(GRADIENT, values, [run.id for run in chosen], "%")


def permutation_view(runs: Sequence[Run], notes: list[str]) -> View | None:
    """The rise of the error under permuted histories, a mean over permutations. None where nothing was measured."""
    measured = [run for run in runs if find_permutation(run)]
    if not measured:
        return None
    chosen = unmasked_runs(measured)
    found = [part for run in chosen if (part := find_permutation(run)) is not None]
    if not all(part.mixes for part in found):
        notes.append(
            "The model forecasts each sensor from its own readings alone: permuting one says nothing about others."
        )
    return View(
        PERMUTATION, np.stack([np.mean(part.rise, axis=1) for part in found]), [run.id for run in chosen], found[0].unit
    )


def region_view(regions: RegionsLeftOut | None) -> View | None:
    """Each sensor with the rise of its region, divided by the region's sensors."""
    return (
        None
        if regions is None
        else View(REGIONS, regions.per_sensor[regions.region][None], ["retrained"], regions.unit)
    )


def rise_on_others(runs: Sequence[Run], views: dict[str, View]) -> np.ndarray | None:
    """The part [N] of the permutation's rise that falls on other sensors. None where it was not or cannot be measured."""
    if PERMUTATION not in views:
        return None
    found = [part for run in runs if run.id in views[PERMUTATION].runs and (part := find_permutation(run)) is not None]
    return (
        np.mean([np.mean(part.others, axis=1) for part in found], axis=0) if all(part.mixes for part in found) else None
    )


def unmasked_runs(runs: Sequence[Run]) -> list[Run]:
    """The runs in which no sensor is off. All runs where there are none."""
    return [run for run in runs if all_on(run)] or list(runs)


def masked_note(runs: Sequence[Run], views: dict[str, View]) -> list[str]:
    """A note on views from runs in which sensors are off. Empty where there are none."""
    masked = {run.id for run in runs if not all_on(run)}
    told = [name for name in (GRADIENT, PERMUTATION) if name in views and masked & set(views[name].runs)]
    if not told:
        return []
    return [
        f"In the {'run' if len(masked) == 1 else 'runs'} that {' and '.join(told)} {'is' if len(told) == 1 else 'are'} "
        "taken from, sensors are off, and one that is off has no importance there: so far the views agree with the mask by "
        "themselves. Add a run on the same data without a mask, or with the any mask: it says more."
    ]


def all_on(run: Run) -> bool:
    """Whether no sensor is off after the last epoch."""
    seen = trace(run)
    return "active" not in seen or bool(seen["active"].values[-1].all())


def best_epoch(run: Run) -> int:
    """Position of the epoch whose weights were best in validation."""
    return [place for place, event in enumerate(run.epochs()) if event["best"]][-1]


# ---- do they agree? --------------------------------------------------------------------------------------------------
def agreement_table(views: dict[str, View], regions: RegionsLeftOut | None) -> pd.DataFrame:
    """The agreement of every view between its runs and with every other view; with regions by the means over them."""
    rows = [
        agreement_row(name, name, found, "sensors")
        for name, view in views.items()
        if name != REGIONS and (found := across_seeds(view.values)) is not None
    ]
    for one, other in combinations(views.values(), 2):
        if other.name == REGIONS and regions is not None:
            found = agreement(regions.mean(one.mean), regions.per_sensor)
            rows.append(agreement_row(one.name, other.name, found, "regions"))
        else:
            rows.append(agreement_row(one.name, other.name, agreement(one.mean, other.mean), "sensors"))
    return pd.DataFrame(rows, columns=["view", "other", "tau", "low", "high", "count", "over", "pairs"])


def agreement_row(one: str, other: str, found: Agreement, over: str) -> dict[str, Any]:
    """One row of the table of agreements."""
    told = {"tau": found.tau, "low": found.low, "high": found.high, "count": found.sensors, "pairs": found.pairs}
    return {"view": one, "other": other, "over": over, **told}
