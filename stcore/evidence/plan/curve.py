"""Error against sensors kept: one curve for each ranking, measured point by point with the weights of one run."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from stcore import registry
from stcore.evidence.plan.answers import PARTS, Ask
from stcore.evidence.plan.ground import is_draw, ranking, ranking_names
from stcore.runs import Run, derived
from stcore.sensors.choose import mask_by_order
from stcore.sensors.options import MaskOptions
from stcore.sensors.sites import Sites

SHARES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
COLUMNS = ["ranking", "kept", "cost", *(f"{part}_{over}" for part in PARTS for over in ("all", "kept", "off"))]


@dataclass
class Curve:
    """The orders of the rankings and their measured points.

    ``orders`` {ranking: sites [R]} has the site most worth keeping first. ``points`` are rows of COLUMNS, and ``done`` says
    that all are there. ``kept`` counts sites, ``cost`` is their sum. Errors are in the target's unit, measured on some evenly
    spaced windows of validation and test.
    """

    orders: dict[str, list[int]] = field(default_factory=dict)
    points: list[list[Any]] = field(default_factory=list)
    done: bool = False

    @property
    def table(self) -> pd.DataFrame:
        """The points as a table."""
        return pd.DataFrame(self.points, columns=COLUMNS)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"orders": self.orders, "points": self.points, "done": self.done}

    def best_at(self, kept: int) -> str | None:
        """The ranking with the least validation error at so many sites, read from straight lines between the points.

        Random draws do not count. None before there are points.
        """
        at = {name: float(np.interp(kept, rows["kept"], rows["validation_all"])) for name, rows in self._ranked()}
        return min(at, key=lambda name: at[name]) if at else None

    def lowest(self) -> pd.DataFrame:
        """The best ranking's point at each number kept, by validation."""
        table = self.table
        table = table[~table["ranking"].map(is_draw).astype(bool)]
        return table.loc[table.groupby("kept")["validation_all"].idxmin()] if len(table) else table

    def knee(self) -> int | None:
        """How many sites are kept at the knee of the lowest validation errors. None without a knee or while points are missing.

        The knee of half a curve would move a moment later.
        """
        if not self.done:
            return None
        low = self.lowest().sort_values("kept")
        errors = np.minimum.accumulate(low["validation_all"].to_numpy(float))
        place = knee(low["kept"].to_numpy(float), errors)
        return None if place is None else int(low["kept"].iloc[place])

    def _ranked(self) -> list[tuple[str, pd.DataFrame]]:
        """The rankings that have all their points, without random draws."""
        groups = [(str(name), rows.sort_values("kept")) for name, rows in self.table.groupby("ranking", sort=False)]
        most = max((len(rows) for _, rows in groups), default=0)
        return [(name, rows) for name, rows in groups if len(rows) == most and not is_draw(name)]


class Drawing:
    """A curve that is being measured. ``step`` adds one point, so that the caller can do other work in between."""

    def __init__(self, run: Run, sites: Sites) -> None:
        self.run, self.sites = run, sites
        self.curve = stored_curve(run, sites.options) or Curve()
        self.names = ranking_names(run)
        self.at = measured_counts(sites)

    def step(self, ask: Ask) -> bool:
        """Compute one ranking or add one point. False where nothing is left to do."""
        if self.curve.done:
            return False
        if (new := next((name for name in self.names if name not in self.curve.orders), None)) is not None:
            order = ranking(self.run, self.sites, new)
            if order is None:  # these data do not allow it
                self.names.remove(new)
            else:
                self.curve.orders[new] = [int(site) for site in order]
            return True
        have = {(name, kept) for name, kept, *_ in self.curve.points}
        left = ((name, kept) for kept in self.at for name in self.names if (name, kept) not in have)
        if (point := next(left, None)) is not None:
            self.curve.points.append(self._point(*point, ask))
            return True
        self.curve.done = True
        derived.keep(self.run, curve_file(self.sites.options), self.curve.to_json())
        return False

    def _point(self, name: str, kept: int, ask: Ask) -> list[Any]:
        mask = mask_keeping(np.array(self.curve.orders[name]), self.sites, kept)
        answers = [ask(self.sites.to_sensors(mask), part) for part in PARTS]
        errors = [value for answer in answers for value in answer.three]
        return [name, kept, float(self.sites.cost[mask].sum()), *errors]

    @property
    def share(self) -> float:
        """The share of the curve that is measured."""
        if self.curve.done:
            return 1.0
        return min(len(self.curve.points) / max(len(self.names) * len(self.at), 1), 0.99)


def mask_keeping(order: np.ndarray, sites: Sites, kept: int) -> np.ndarray:
    """The mask [R] bool that keeps so many sites of an order, with forced sites and connected parts. OptionError."""
    return mask_by_order(order, sites, sparsity=1 - kept / sites.count)


def measured_counts(sites: Sites) -> list[int]:
    """Numbers of sites at which the curves are measured: from what has to stay on to what may."""
    low, high = max(len(sites.on), 1), sites.count - len(sites.off)
    at = sorted({min(max(round(share * sites.count), low), high) for share in SHARES})
    middle = len(at) // 3  # where plans usually are: there first, so that a ranking can be chosen soon
    return sorted(at, key=lambda kept: abs(at.index(kept) - middle))


def curve_around(run: Run, sites: Sites, kept: int, ask: Ask) -> Curve:
    """The part of the curve that decides which ranking is best at so many sites: validation at the numbers next to it.

    So a plan made without the whole curve has the same ranking as one chosen on it.
    """
    if (whole := stored_curve(run, sites.options)) is not None and whole.done:
        return whole
    at, curve = measured_counts(sites), Curve()
    beside = {
        max((one for one in at if one <= kept), default=min(at)),
        min((one for one in at if one >= kept), default=max(at)),
    }
    for name in ranking_names(run):
        order = None if is_draw(name) else ranking(run, sites, name)
        if order is None:
            continue
        curve.orders[name] = [int(site) for site in order]
        for count in sorted(beside):
            mask = mask_keeping(order, sites, count)
            errors = ask(sites.to_sensors(mask), "validation").three
            curve.points.append([name, count, float(sites.cost[mask].sum()), *errors, *[np.nan] * 3])
    return curve


def draw_curve(run: Run, sites: Sites, ask: Ask) -> Curve:
    """The whole curve; it is read from the run's folder where it was measured before."""
    drawing = Drawing(run, sites)
    while drawing.step(ask):
        continue
    return drawing.curve


def stored_curve(run: Run, options: MaskOptions) -> Curve | None:
    """The stored curve of the same demands and weights, or None."""
    kept = derived.find(run, curve_file(options))
    return parse_curve(kept) if kept else None


def parse_curve(kept: dict[str, Any]) -> Curve | None:
    """A curve from its plain values. None where they are damaged."""
    orders, points = kept.get("orders"), kept.get("points")
    if not isinstance(orders, dict) or not isinstance(points, list) or any(len(row) != len(COLUMNS) for row in points):
        return None
    rows = [[now_called(row[0]), *(np.nan if value is None else value for value in row[1:])] for row in points]
    return Curve({now_called(name): order for name, order in orders.items()}, rows, bool(kept.get("done")))


def now_called(ranking: str) -> str:
    """A ranking's name today: a mask may have had another when the curve was drawn."""
    card = registry.find("masks", ranking)
    return card.name if card else ranking


def curve_file(options: MaskOptions) -> str:
    """The name under which a curve is kept: what decides it."""
    asked = options.model_dump(mode="json", exclude={"sparsity", "budget"})
    return "curve-" + hashlib.sha256(json.dumps([asked, SHARES], sort_keys=True).encode()).hexdigest()[:16]


SENSITIVITY = 1.0


def knee(x: np.ndarray, y: np.ndarray) -> int | None:
    """Position on a falling, convex curve ``y`` [P] over rising ``x`` [P] of the point that Kneedle declares; None without one.

    Both are scaled to 0..1; a local maximum of the difference to the diagonal is a knee once the difference has fallen by
    the mean step of x (sensitivity 1). Of several the highest is taken; the paper's smoothing is left out (ours).
    """
    if len(x) < 3 or not (np.isfinite(y).all() and np.ptp(x) > 0 and np.ptp(y) > 0):
        return None
    across, up = (x - x[0]) / (x[-1] - x[0]), (y - y.min()) / np.ptp(y)
    difference = (1 - up) - across
    fall = SENSITIVITY * float(np.mean(np.diff(across)))
    inner = np.arange(1, len(x) - 1)
    peaks = inner[(difference[inner] >= difference[inner - 1]) & (difference[inner] >= difference[inner + 1])]
    declared = [peak for peak in peaks if difference[peak] > 0 and (difference[peak:] < difference[peak] - fall).any()]
    return int(max(declared, key=lambda peak: difference[peak])) if declared else None
