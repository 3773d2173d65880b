"""PyG-Temporal's JSON files with values and graph: chickenpox, windmill, pedalme, encovid, wikimath and montevideo."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from stcore.data import graph
from stcore.findings import DataError, Finding, refuse
from stcore.readers.archives.pygt_arrays import with_edges
from stcore.readers.archives.start_times import PublishedSet, assumed_times
from stcore.readers.reader import Answers, Raw, Reader
from stcore.readers.safe.limits import check_room
from stcore.readers.source import Source
from stcore.registry import Card

CARD = Card(
    "pygt-json",
    "A JSON file with edges and values, as PyG-Temporal has them (chickenpox, windmill, pedalme, encovid, "
    "wikimath, montevideo).",
    "Rozemberczki et al. 2021, PyTorch Geometric Temporal",
    "stcore.readers.archives.pygt_json:READER",
)
FIRST = re.compile(
    r'\s*\{\s*"(edges|edge_mapping|weights|block|FX|X|node_ids|time_periods|y|\d+)"\s*:'
    r'|\s*\{[^\[]*"nodes"\s*:\s*\[\s*\{\s*"(bus_stop|lon|lat|id|in_degree|y|X)"'
)
GROWTH = 12
"""Bytes of memory for each byte of a JSON file of numbers, at most."""
Edges = Mapping[str, np.ndarray]


class Layout(NamedTuple):
    """Values [T, N] or [T, N, C] and their channel, the step of the published set, edges and the rule for them; ``extra`` may
    hold names, lat, lon and a finding."""

    values: np.ndarray
    channel: str
    step: str
    edges: Edges
    rule: str
    extra: dict[str, Any]


def recognises(source: Source) -> float:
    """0.9 for text that begins as one of these files does."""
    if source.content != "text":
        return 0.0
    return 0.9 if FIRST.match(source.head.decode("utf-8-sig", errors="replace")) else 0.0


def read(source: Source, answers: Answers) -> Raw:
    """Values [T, N], edges, and the names and dates in the file."""
    check_room(GROWTH * source.size, source.name)
    try:
        content = json.loads(source.text_and_encoding[0])
    except (ValueError, RecursionError) as error:
        raise refuse("damaged", f"{source.name} begins as JSON but is not valid: {error}.") from error
    if not isinstance(content, dict):
        raise _unknown_format(source)
    layout = _layout(content, source)
    values = layout.values if layout.values.ndim == 3 else layout.values[:, :, None]
    stamps, findings = _times(content, len(values), layout.step, source, answers)
    names, notes = _names(content, layout, values.shape[1], source)
    channels = (
        [layout.channel] if values.shape[2] == 1 else [f"channel-{number + 1}" for number in range(values.shape[2])]
    )
    attrs = {"title": source.path.stem, "units": {}}
    sensors = np.arange(values.shape[1]).astype(str) if names is None else np.array(names, dtype=str)
    coords = {"time": stamps, "sensor": sensors, "channel": channels}
    ds = xr.Dataset({"value": (("time", "sensor", "channel"), values)}, coords=coords, attrs=attrs)
    ds = ds.assign({name: ("sensor", layout.extra[name]) for name in ("lat", "lon") if name in layout.extra})
    findings += notes + ([layout.extra["said"]] if "said" in layout.extra else [])
    raw = Raw(ds, findings, {}, numbered=names is None)
    return with_edges(raw, layout.edges, layout.rule) if layout.edges else raw


def _unknown_format(source: Source) -> DataError:
    text = f"{source.name} is JSON, but holds no known table of values."
    return refuse("unknown-format", text)


def _layout(content: dict[str, Any], source: Source) -> Layout:
    """The layout of the file, by its keys."""
    if isinstance(content.get("nodes"), list) and isinstance(content.get("links"), list):
        return _bus_stops(content, source)
    if isinstance(mapping := content.get("edge_mapping"), dict) and "y" in content:
        return _dynamic_graph(content, mapping, source)
    edges = _edges(content.get("edges"), content.get("weights"), source)
    rule = f"edges from {source.name} as they are"
    for key, channel, step in (("FX", "cases", "7d"), ("block", "output", "1h"), ("X", "demand", "7d")):
        if isinstance(content.get(key), list):
            return Layout(_table(content[key], key, source), channel, step, edges, rule, {})
    if isinstance(content.get("0"), dict) and "y" in content["0"]:
        rows = [content[str(step)]["y"] for step in range(_periods(content))]
        step = "7d" if "week" in content["0"] else "1d"
        return Layout(_table(rows, "y", source), "value", step, edges, rule, {})
    raise _unknown_format(source)


def _periods(content: dict[str, Any]) -> int:
    """The number of entries with the keys 0, 1, 2 ... without a gap."""
    return next(number for number in range(len(content) + 1) if not isinstance(content.get(str(number)), dict))


def _table(rows: Any, key: str, source: Source) -> np.ndarray:
    try:
        table = np.array(rows, dtype=np.float64)
    except (ValueError, TypeError, OverflowError) as error:
        text = f"{key!r} in {source.name} is no table of numbers: its rows differ in length, or hold something else."
        raise refuse("shape", text) from error
    if table.ndim not in (2, 3):
        raise refuse("shape", f"{key!r} in {source.name} has {table.ndim} dims; rows by time of readings are needed.")
    return table


def _edges(pairs: Any, weights: Any, source: Source) -> Edges:
    """Start, end and weight [E]; empty where the file has no edges."""
    if pairs is None:
        return {}
    try:
        table = np.array(pairs, dtype=np.int64)
        weight = np.ones(len(table)) if weights is None else np.array(weights, dtype=np.float64)
    except (ValueError, TypeError, OverflowError) as error:
        raise refuse("edges", f"The edges in {source.name} are no pairs of sensors with a weight each.") from error
    if table.ndim != 2 or table.shape[1] != 2 or weight.shape != (len(table),):
        raise refuse("edges", f"The edges in {source.name} are no pairs of sensors with a weight each.")
    return {"edge_from": table[:, 0], "edge_to": table[:, 1], "edge_weight": weight}


def _dynamic_graph(content: dict[str, Any], mapping: dict[str, Any], source: Source) -> Layout:
    """A file with a graph for every step. The edges are averaged, since a dataset has one graph."""
    values = _table(content["y"], "y", source)
    index, weight = mapping.get("edge_index"), mapping.get("edge_weight")
    if not isinstance(index, dict) or not isinstance(weight, dict) or not index:
        raise _unknown_format(source)
    parts = [_edges(pairs, weight.get(step), source) for step, pairs in index.items() if pairs]
    many = values.shape[1]
    start, end, value = (
        np.concatenate([part[name] for part in parts]) for name in ("edge_from", "edge_to", "edge_weight")
    )
    if len(start) and (min(start.min(), end.min()) < 0 or max(start.max(), end.max()) >= many):
        raise refuse("edges", f"The edges in {source.name} name sensors beyond the {many} that it has.")
    pairs, inverse = np.unique(start * many + end, return_inverse=True)
    mean = np.bincount(inverse, value, len(pairs)) / len(index)
    rule = f"means of the graphs of {len(index)} steps in {source.name}, where an absent edge counts as 0"
    edges = {"edge_from": pairs // many, "edge_to": pairs % many, "edge_weight": mean}
    return Layout(values, "cases", "1d", edges, rule, {})


def _bus_stops(content: dict[str, Any], source: Source) -> Layout:
    """Montevideo's bus stops: values per stop, links with the length of the road."""
    nodes = [node for node in content["nodes"] if isinstance(node, dict)]
    names = [str(node.get("bus_stop", node.get("id"))) for node in nodes]
    values = _table([node.get("y", node.get("X", {}).get("y")) for node in nodes], "y", source).T
    position = {name: number for number, name in enumerate(names)}
    try:
        pairs = [(position[str(link["source"])], position[str(link["target"])]) for link in content["links"]]
    except (KeyError, TypeError) as error:
        raise refuse("edges", f"The links in {source.name} name stops that it does not have: {error}.") from error
    links = _edges(pairs, [link.get("weight", 1) for link in content["links"]], source)
    weighted = graph.from_neighbours(links["edge_from"], links["edge_to"], links["edge_weight"])
    edges = {"edge_from": weighted.start, "edge_to": weighted.end, "edge_weight": weighted.weight}
    rule = f"links of {source.name} with lengths of roads; weight exp(-(d/s)\u00b2), s their root mean square"
    return Layout(values, "passengers", "1h", edges, rule, {"names": names} | _locations(nodes, source))


def _locations(nodes: list[dict[str, Any]], source: Source) -> dict[str, Any]:
    """Latitude and longitude, where the numbers are degrees."""
    if not all("lat" in node and "lon" in node for node in nodes):
        return {}
    lat, lon = (np.array([node[name] for node in nodes], dtype=np.float64) for name in ("lat", "lon"))
    if np.abs(lat).max() <= 90 and np.abs(lon).max() <= 180:
        return {"lat": lat, "lon": lon}
    text = f"'lon' and 'lat' in {source.name} are metres of a map that it does not name; the locations were not used."
    return {"said": Finding("note", "places", text)}


def _names(
    content: dict[str, Any], layout: Layout, many: int, source: Source
) -> tuple[list[str] | None, list[Finding]]:
    """The ids in the order of the columns, where the file has them; else None."""
    if "names" in layout.extra:
        return layout.extra["names"], []
    ids = content.get("node_ids")
    if not isinstance(ids, dict) or len(ids) < 1:
        return None, []
    if sorted(map(str, ids.values())) != sorted(map(str, range(many))):
        text = f"'node_ids' in {source.name} do not number the {many} sensors from 0; the sensors stay numbered."
        return None, [Finding("note", "ids", text)]
    by_place = {int(number): str(name) for name, number in ids.items()}
    return [by_place[number] for number in range(many)], []


def _times(
    content: dict[str, Any], steps: int, step: str, source: Source, answers: Answers
) -> tuple[np.ndarray, list[Finding]]:
    """Times from the dates in the entries, else from an assumed start. The step is that of the published set."""
    day = _first_day(content.get("0"))
    step_answers = {"step": answers.get("step", step)} | ({"start": answers["start"]} if "start" in answers else {})
    own = PublishedSet("", 0, steps, day, "") if day else None
    stamps, (start, width) = assumed_times(steps, source.name, step_answers, own)
    if "step" not in answers:
        width = replace(width, text=f"{source.name} holds no step; {step} is the step of the published set.")
    if day and "start" not in answers:
        start = replace(
            start, text=f"The first row of {source.name} is of {day[:10]}, by its own year and week or day."
        )
    return stamps, [start, width]


def _first_day(entry: Any) -> str | None:
    """The day of an entry with year and week, or year, month and day; else None."""
    if not isinstance(entry, dict):
        return None
    try:
        if "week" in entry:
            return f"{date.fromisocalendar(int(entry['year']), int(entry['week']), 1)} 00:00"
        return f"{date(int(entry['year']), int(entry['month']), int(entry['day']))} 00:00"
    except (KeyError, ValueError, TypeError, OverflowError):
        return None


READER = Reader(recognises, read, order=20)
