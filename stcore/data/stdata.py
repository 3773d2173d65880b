"""STData: one validated spatio-temporal dataset, the only form of data behind the readers.

Dimensions: T steps, N sensors, C channels. ``STData.of`` is the only way in: it checks a dataset, repairs what
can be repaired safely, names each repair in ``findings``, and refuses the rest with a ``DataError``.
"""

import hashlib
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from stcore.data import checks, graph
from stcore.findings import DataError, Finding, refuse

Layers = Mapping[str, Mapping[str, Any]]
NETCDF: dict[str, Any] = {"engine": "h5netcdf", "encoding": {"value": {"zlib": True, "complevel": 1}}}


class STData:
    """A dataset of T steps x N sensors x C channels with its calendar, locations, graph and map layers.

    ``ds`` holds ``value`` [time, sensor, channel] float32 (NaN: not measured), ``time`` (one constant step), ``sensor``
    and ``channel`` (unique text), and where known ``lat`` and ``lon`` [sensor] in degrees, ``edge_from``, ``edge_to``
    and ``edge_weight`` [edge] (>= 0), ``start`` [window], ``clock`` and ``split`` [time], ``weight`` and ``cell`` [sensor].
    Other variables, such as a simulation's ground truth, are kept. ``layers`` are GeoJSON collections by name.
    """

    def __init__(self, ds: xr.Dataset, findings: Iterable[Finding], layers: Layers) -> None:
        self.ds = ds
        self.findings = list(findings)
        self.layers = dict(layers)

    @classmethod
    def of(
        cls,
        ds: xr.Dataset,
        *,
        answers: Mapping[str, str] | None = None,
        findings: Iterable[Finding] = (),
        layers: Layers | None = None,
        ours: bool = False,
    ) -> "STData":
        """The STData of a raw dataset, checked and repaired.

        ``ds`` needs ``value`` with dims (time, sensor, channel) in any order and coordinates for time and sensor;
        ``attrs`` may hold ``title``, ``zone``, ``units`` ({channel: unit}), ``graph`` (how the edges were made).
        ``answers`` {code: choice} decide questions; ``findings`` are those of the reader. The values are copied, unless
        they are ``ours``: then nobody else holds them, and they may be changed in place. Raises DataError.
        """
        if not ours and "value" in ds and ds["value"].dtype == np.float32:  # other types become new arrays anyway
            ds = ds.assign(value=ds["value"].copy())
        findings = list(findings)
        earlier = {finding.code: finding for finding in findings if finding.chosen is not None}
        answers = {code: str(finding.chosen) for code, finding in earlier.items()} | dict(answers or {})
        checked: list[Finding] = []
        for check in (*checks.CHECKS, _check_graph):
            ds, more = check(ds, answers)
            checked += more
        codes = {finding.code for finding in checked}
        every = [finding for finding in findings if finding.code not in codes] + checked
        if errors := [finding for finding in every if finding.level == "error"]:
            raise DataError(*errors)
        _check_answers(answers, every)
        return cls(ds, every, layers or {})

    @property
    def values(self) -> np.ndarray:
        """[T, N, C] float32, NaN where nothing was measured."""
        return self.ds["value"].values

    @property
    def time(self) -> pd.DatetimeIndex:
        """[T] times with one constant step: UTC where the file gives offsets, else local time as written."""
        return pd.DatetimeIndex(self.ds["time"].values)

    @property
    def local_time(self) -> pd.DatetimeIndex:
        """[T] local times, for calendar features and profiles."""
        return self.clock(np.arange(self.steps))

    def clock(self, steps: np.ndarray) -> pd.DatetimeIndex:
        """Local times of ``steps``, which may lie after the last one."""
        if "clock" in self.ds:
            times, steps = self.ds["clock"].values, np.asarray(steps)
            after = np.maximum(steps - (len(times) - 1), 0)  # beyond the end of the file's own calendar
            return pd.DatetimeIndex(times[steps - after]) + pd.to_timedelta(after * self.step_seconds, unit="s")
        instants = self.time[0] + pd.to_timedelta(np.asarray(steps) * self.step_seconds, unit="s")
        zone = self.ds.attrs.get("local_zone")
        return instants.tz_localize("UTC").tz_convert(zone).tz_localize(None) if zone else instants

    @property
    def steps(self) -> int:
        """T, the number of steps."""
        return int(self.ds.sizes["time"])

    @property
    def sensors(self) -> list[str]:
        """The N sensor names, all different."""
        return [str(name) for name in self.ds["sensor"].values]

    @property
    def channels(self) -> list[str]:
        """The C channel names, all different."""
        return [str(name) for name in self.ds["channel"].values]

    @property
    def step_seconds(self) -> float:
        """Seconds from one step to the next."""
        return float((self.time[1] - self.time[0]).total_seconds())

    @property
    def units(self) -> dict[str, str]:
        """Unit by channel, an empty text where unknown."""
        units = self.ds.attrs.get("units", {})
        return {channel: str(units.get(channel, "")) for channel in self.channels}

    @property
    def title(self) -> str:
        """The dataset's name for people."""
        return str(self.ds.attrs.get("title", "dataset"))

    @property
    def zone(self) -> str:
        """The time zone of ``time``, or ``unknown``."""
        return str(self.ds.attrs.get("zone", "unknown"))

    @property
    def assumed(self) -> str:
        """What the file does not say about its times and was assumed: ``start``, ``step``, ``start, step`` or nothing."""
        return str(self.ds.attrs.get("assumed") or "")

    @property
    def simulated(self) -> bool:
        """Whether the values were computed, not measured."""
        return bool(self.ds.attrs.get("simulated", False))

    @property
    def locations(self) -> np.ndarray | None:
        """[N, 2] latitude and longitude in degrees, or None."""
        return (
            np.stack([self.ds["lat"].values, self.ds["lon"].values], axis=1)
            if "lat" in self.ds and "lon" in self.ds
            else None
        )

    @property
    def edges(self) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
        """(from [E], to [E], weight [E]) as sensor positions and weights >= 0, or None."""
        if "edge_from" not in self.ds:
            return None
        return self.ds["edge_from"].values, self.ds["edge_to"].values, self.ds["edge_weight"].values

    @cached_property
    def fingerprint(self) -> str:
        """sha256 of values, coordinates, edges and answers: equal data, equal fingerprint."""
        digest = hashlib.sha256()
        for name in sorted(str(name) for name in self.ds.variables):
            array = self.ds[name].values
            if array.dtype.kind == "M":
                array = array.astype("datetime64[ns]").astype(np.int64)
            digest.update(f"{name}{array.shape}".encode())
            text = array.dtype.kind in "OUST"
            digest.update(
                "\0".join(map(str, array.ravel())).encode() if text else np.ascontiguousarray(array).ravel().data
            )
        answers = {code: answer for code, answer in self.answers.items() if (code, answer) != ("zone", "unknown")}
        digest.update(json.dumps([answers, self.units, self.zone], sort_keys=True).encode())
        return digest.hexdigest()

    @property
    def answers(self) -> dict[str, str]:
        """The answers in force, given or taken by default."""
        return {finding.code: finding.chosen for finding in self.findings if finding.chosen is not None}

    def like(self, sensors: list[str], channels: list[str]) -> "STData":
        """These data with the given sensors and channels in that order, without a graph. Raises DataError where one is missing.

        A single channel may have another name, since a table with one channel is often named after its file.
        """
        ds = self.ds.drop_dims("edge") if "edge" in self.ds.dims else self.ds
        if len(channels) == len(self.channels) == 1:
            ds = ds.assign_coords(channel=channels).assign_attrs(units={channels[0]: self.units[self.channels[0]]})
        for dim, wanted in (("sensor", sensors), ("channel", channels)):
            if missing := [name for name in wanted if name not in ds[dim].values]:
                raise refuse(
                    "other-data",
                    f"{len(missing)} of {len(wanted)} {dim}s are not in these data, the first of them {missing[0]!r}; "
                    f"they have {ds.sizes[dim]}.",
                )
        return STData(ds.sel(sensor=sensors, channel=channels), self.findings, self.layers)

    def channel(self, names: list[str] | None, default: list[str]) -> list[int]:
        """Positions of the named channels. The DataError for an unknown name lists all channels."""
        wanted = default if names is None else names
        if unknown := [name for name in wanted if name not in self.channels]:
            raise refuse("channel", f"There is no channel {unknown[0]!r}; the channels are {', '.join(self.channels)}.")
        return [self.channels.index(name) for name in wanted]

    def save(self, path: Path) -> None:
        """Write everything, with layers and answers, as one NetCDF file that ``stcore.open`` reads."""
        path.write_bytes(self.to_bytes())  # made in memory first: HDF5 ends the whole process where a disk is full

    def to_bytes(self) -> bytes:
        """The content of the file that ``save`` writes."""
        self.to_dataset().to_netcdf(buffer := io.BytesIO(), **NETCDF)
        return buffer.getvalue()

    def to_dataset(self) -> xr.Dataset:
        """Everything as one xarray dataset that can be written to a file; layers, findings and mappings are JSON."""
        ds = self.ds.copy()
        ds.attrs = {name: _as_attribute(value) for name, value in self.ds.attrs.items() if value is not None}
        ds.attrs |= {"layers": json.dumps(self.layers), "stcore": "STData 1"}
        ds.attrs["findings"] = json.dumps([asdict(finding) for finding in self.findings])
        for name in ("sensor", "channel"):
            ds[name] = ds[name].astype(object)
        return ds


def _check_answers(answers: Mapping[str, str], findings: list[Finding]) -> None:
    """Every answer must be a choice of its question. What was answered before a file was saved cannot be changed later."""
    for finding in findings:
        answer = answers.get(finding.code)
        if not finding.choices or answer is None:
            continue
        free = any(choice.startswith("<") for choice in finding.choices)
        if answer not in finding.choices and not free:
            raise refuse(
                finding.code,
                f"The answer to {finding.code!r} can be {' or '.join(finding.choices)}; it was {answer!r}.",
                finding.choices,
            )
        if finding.chosen != answer:
            text = (
                f"{finding.code!r} was answered with {finding.chosen!r} when this file was saved; "
                "open the original file to change it."
            )
            raise refuse(finding.code, text)


RULES = {
    "nearest": "each sensor with its 6 nearest, both ways; weight exp(-(d/s)\u00b2), s the root mean square distance",
    "gaussian": "every pair with exp(-(d/std)\u00b2) >= 0.1, d the great-circle distance (DCRNN's rule)",
    "correlation": "each sensor with the 6 whose readings correlate most over the first 60 % of time; weight the correlation",
    "none": "no graph",
}
MOST_CORRELATED = 4096
"""Most sensors, and most steps, of a graph from correlation."""


def _check_graph(ds: xr.Dataset, answers: Mapping[str, str]) -> tuple[xr.Dataset, list[Finding]]:
    """Keep the file's own edges, else link nearest sensors. A question names the rule and lets it be changed."""
    has_locations, own_rule = "lat" in ds, ds.attrs.get("graph")
    has_edges = "edge_from" in ds
    present = next((name for name, rule in RULES.items() if rule == own_rule), "file") if has_edges else ""
    choices = {rule: text for rule, text in RULES.items() if has_locations or rule in ("correlation", "none", present)}
    if present == "file":
        choices = {"file": own_rule or "the edges that came with the data"} | choices
    chosen = answers.get("graph") or present or ("nearest" if has_locations else "none")
    same = chosen == present or chosen not in choices
    graph_ds, rule = (ds if same else _with_edges(ds, chosen)), choices.get(chosen, "")
    graph_ds = graph_ds.assign_attrs(graph=rule)
    number = graph_ds["edge_from"].size if "edge_from" in graph_ds else 0
    text = (
        checks.with_sensor_word(f"{number} edges between {graph_ds.sizes['sensor']} sensors: {rule}.", graph_ds)
        if number
        else "There is no graph, so models that need one cannot be used."
    )
    texts = {rule: checks.with_sensor_word(words, graph_ds) for rule, words in choices.items()}
    return graph_ds, [Finding("note", "graph", text, texts, chosen)]


def _with_edges(ds: xr.Dataset, rule: str) -> xr.Dataset:
    ds = ds.drop_dims(ds["edge_from"].dims) if "edge_from" in ds else ds
    if rule == "none":
        return ds
    if rule == "correlation":
        values = ds["value"].values[: max(int(0.6 * ds.sizes["time"]), 2), :, 0]
        if ds.sizes["sensor"] > MOST_CORRELATED:
            text = f"A graph from correlation is possible for at most {MOST_CORRELATED} sensors; here are {ds.sizes['sensor']}."
            raise refuse("graph", text)
        edges = graph.from_correlation(values[:: len(values) // MOST_CORRELATED + 1])
    else:
        edges = graph.from_coordinates(np.stack([ds["lat"].values, ds["lon"].values], axis=1), rule=rule)
    parts = {"edge_from": edges.start, "edge_to": edges.end, "edge_weight": edges.weight}
    return ds.assign({name: ("edge", part) for name, part in parts.items()})


def _as_attribute(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, Mapping) else int(value) if isinstance(value, bool) else value
