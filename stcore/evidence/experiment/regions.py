"""Leave regions out: train the same model anew for a few epochs, once with all sensors and once without each region.

The runs are ordinary ones and named after the run that the question is about. Lists leave them out, like the trials of a
search. They are trained one after another. The work may be stopped at any moment; called again it goes on where it stopped.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from stcore import registry
from stcore.data import STData
from stcore.data.graph import to_globe
from stcore.events import Event
from stcore.evidence.importance import RegionsLeftOut
from stcore.options import OptionError
from stcore.processes import jobs
from stcore.runs import Run, create, open_run
from stcore.runs.spec import RunError
from stcore.runs.trace import trace
from stcore.sensors.correlation import correlation

FEWEST, MOST, EPOCHS = 2, 12, 5
LONGEST = 50  # characters of a name that leave room for what the runs are


@dataclass(frozen=True)
class LeavingOut:
    """The question: ``parent`` without each of the regions ``region`` [N], trained for ``epochs``, under ``root``."""

    parent: Run
    data: STData
    region: np.ndarray
    epochs: int
    root: str

    @property
    def count(self) -> int:
        """K regions."""
        return int(self.region.max()) + 1

    @property
    def names(self) -> list[str]:
        """K + 1 ids: that with all sensors, then those without a region each."""
        first = f"{run_stem(self.parent)}.{self.epochs}-epochs"
        return [f"{first}.all", *(f"{first}.without-{place + 1}-of-{self.count}" for place in range(self.count))]

    @property
    def seconds(self) -> float | None:
        """About how long all runs take that are not finished, by the parent's own epochs; None where it has none."""
        epochs = self.parent.epochs()
        if not epochs:
            return None
        each = [sum(epoch["seconds"][kind] for kind in ("train", "evaluate")) for epoch in epochs]
        seen = np.mean([epoch["kept"] / max(self.parent.samples, 1) for epoch in epochs])
        return float(np.mean(each) / max(seen, 0.05)) * self.epochs * (self.count + 1 - self.done)

    @property
    def done(self) -> int:
        """How many of the K + 1 runs are finished."""
        return sum(jobs.finished(run) for run in self.runs())

    def runs(self) -> list[Run]:
        """The runs that exist so far."""
        found = []
        for name in self.names:
            with suppress(RunError):
                found.append(open_run(name, self.root))
        return [run for run in found if self.belongs(run)]

    def belongs(self, run: Run) -> bool:
        """Whether a run has the parent's data, model and seed. A run of that name may be left from a deleted parent."""
        first, second = (one.spec.options for one in (run, self.parent))
        alike = all(getattr(first, name) == getattr(second, name) for name in ("seed", "model", "data"))
        return alike and run.spec.data.fingerprint == self.parent.spec.data.fingerprint

    def options(self, place: int) -> dict[str, Any]:
        """The options of run ``place``: the parent's without pruning, with one region off, or none."""
        options = self.parent.spec.options_json
        mask: dict[str, Any] = {"name": "none"}
        if place:
            off = [self.data.sensors[sensor] for sensor in np.flatnonzero(self.region == place - 1)]
            mask = {"name": "random", "sparsity": 0.0, "off": off, "connected": False, "region": 1}
        train = {**options["train"], "epochs": self.epochs, "patience": None, "forecasts": 0}
        return {**options, "prune": {"name": "full"}, "mask": mask, "train": train}

    def work(self) -> Iterator[tuple[Run, Event]]:
        """Train what is not trained yet, one run after another; ends early where one of them is told to stop."""
        for place, name in enumerate(self.names):
            run = self._opened(place, name)
            for event in jobs.work(run, self.data):
                yield run, event
            if not jobs.finished(run):
                return

    def _opened(self, place: int, name: str) -> Run:
        try:
            run = open_run(name, self.root)
            if not self.belongs(run):
                raise OptionError(
                    f"Run {name} is of other data, another model or seed than {self.parent.id}; delete it first."
                )
            return run
        except RunError:
            facts = self.parent.spec.data
            source = str(self.parent.path / "data.nc") if facts.source == "data.nc" else facts.source
            told = {"name": f"regions of {self.parent.id}", "trial": place}
            return create(source, self.options(place), self.root, name, facts.answers, data=self.data, experiment=told)

    def found(self) -> RegionsLeftOut | None:
        """The effect of leaving each region out. None until all runs are finished."""
        if self.done <= self.count:
            return None
        whole, *without = self.runs()
        errors = [trace(run)["test_sensor_error"].values.astype(float) for run in (whole, *without)]
        results = [float((run.result or {})["metrics"]["test"]["mae"]) for run in (whole, *without)]
        outside = [np.nanmean((error - errors[0])[self.region != place]) for place, error in enumerate(errors[1:])]
        unit = self.parent.spec.error_unit
        rise = np.array(results[1:]) - results[0]
        return RegionsLeftOut(
            self.region, region_names(self.data, self.region), rise, np.array(outside), self.epochs, unit
        )


def leave_out(parent: Run, data: STData, regions: int, epochs: int | None = None, root: str = "runs") -> LeavingOut:
    """The question what leaving each of so many regions out of ``parent`` does. Nothing is trained yet.

    OptionError for fewer than 2 regions or more than 12, and for a model that does not mix sensors.
    """
    if not FEWEST <= regions <= min(MOST, len(data.sensors)):
        raise OptionError(
            f"Between {FEWEST} and {min(MOST, len(data.sensors))} regions can be left out, not {regions}."
        )
    name = parent.spec.model_name
    if not registry.card("models", name).mixes_sensors:
        able = ", ".join(card.name for card in registry.cards("models").values() if card.mixes_sensors)
        raise OptionError(
            f"{name} forecasts each sensor from its own readings alone, so leaving a region out changes nothing elsewhere; "
            f"models that mix sensors are {able}."
        )
    target = data.channel(parent.spec.targets[:1], [])[0]
    length = epochs or min(EPOCHS, parent.spec.options.train.epochs)
    return LeavingOut(parent, data, group_nearby(data, regions, target), length, str(root))


def questions_begun(parent: Run, root: str = "runs") -> list[tuple[int, int]]:
    """(regions, epochs) of the questions about ``parent`` under ``root`` of which the first region has begun."""
    pattern = re.compile(rf"{re.escape(run_stem(parent))}\.(\d+)-epochs\.without-1-of-(\d+)")
    names = [path.name for path in Path(root).iterdir()] if Path(root).is_dir() else []
    return sorted((int(found[2]), int(found[1])) for name in names if (found := pattern.fullmatch(name)))


def run_stem(parent: Run) -> str:
    """The beginning of the names of its runs: the parent's id, shortened where it is too long."""
    short = sha256(parent.id.encode()).hexdigest()[:8]
    return parent.id if len(parent.id) <= LONGEST else f"{parent.id[: LONGEST - 9]}-{short}"


def region_names(data: STData, region: np.ndarray) -> list[str]:
    """Names of the regions, by the sensor in the middle of each, or by the first where there are no locations."""
    found = []
    for number in range(int(region.max()) + 1):
        inside = np.flatnonzero(region == number)
        middle = inside[0]
        if data.locations is not None and np.isfinite(data.locations[inside]).all():
            away = data.locations[inside] - data.locations[inside].mean(axis=0)
            middle = inside[np.argmin((away**2).sum(axis=1))]
        found.append(f"region {number + 1}, {len(inside)} sensors around {data.sensors[middle]}")
    return found


def group_nearby(data: STData, count: int, target: int = 0, seed: int = 0) -> np.ndarray:
    """[N] region of each sensor, 0 to at most ``count`` - 1, numbered by their first sensors; none is empty.

    Where all have a place: k-means on the globe (Lloyd 1982), so that the date line is no edge; cells of a grid come in
    compact patches. Else sensors whose readings of a channel rise and fall together (average linkage of 1 - |correlation|).
    """
    count = min(count, len(data.sensors))
    places = data.locations
    if places is not None and np.isfinite(places).all():
        from sklearn.cluster import KMeans

        globe = to_globe(places.astype(float))
        spread = (globe - globe.mean(axis=0)) / max(float(globe.std(axis=0).max()), 1e-12)  # places lie close together
        label = KMeans(count, n_init=10, random_state=seed).fit_predict(spread)
    elif len(data.sensors) > 1:
        from scipy.cluster.hierarchy import fcluster, linkage
        from scipy.spatial.distance import squareform

        apart = 1 - np.abs(correlation(data.values[..., target].astype(float)))
        np.fill_diagonal(apart, 0)
        tree = linkage(squareform(np.clip((apart + apart.T) / 2, 0, None), checks=False), "average")
        label = fcluster(tree, count, "maxclust")
    else:
        label = np.zeros(len(data.sensors), int)
    _, first, number = np.unique(label, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[number].astype(np.int64)
