"""A dataset in several files: values, places, a graph and lists of ids, told apart by content and put together by id."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import xarray as xr

from stcore.findings import DataError, Finding, refuse
from stcore.readers.companions import linked, locations, network
from stcore.readers.reader import Answers, FolderReader, Raw
from stcore.readers.recognise import Recognised, recognise, recognise_folder
from stcore.readers.safe.guard import guarded
from stcore.readers.source import MOST_DEPTH, Folder, Source
from stcore.readers.tables import wide_table
from stcore.words import listing

MOST_COMPARED = 256 * 2**20
"""Bytes of a file up to which others are read to see whether they hold the same values."""


@dataclass
class Contents:
    """The files of a folder by what they are for."""

    values: list[Recognised] = field(default_factory=list)
    places: list[Source] = field(default_factory=list)
    graphs: list[tuple[Source, network.Kind]] = field(default_factory=list)
    ids: list[Source] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    refused: list[DataError] = field(default_factory=list)


def look(path: Path) -> Contents:
    """Every file of a folder and its folders, recognised, and folders that are one dataset; only beginnings are read."""
    contents = Contents()
    _sort(Folder(path), path, contents, frozenset(), MOST_DEPTH)
    contents.values.sort(key=lambda found: (found.reader.order, len(found.source.path.parts), str(found.source.path)))
    return contents


def _sort(folder: Folder, root: Path, contents: Contents, taken: frozenset[Path], depth: int) -> None:
    """Sort in what lies in a folder, but for what is already part of a dataset of several files."""
    try:
        known = recognise_folder(folder)
    except DataError as error:
        contents.refused.append(error)
        known = None
    if known and not taken.issuperset(known.members):
        contents.values.append(known)
        taken |= frozenset(known.members)
        if isinstance(known.reader, FolderReader) and known.reader.whole:
            return
    if depth == MOST_DEPTH:
        _ = folder.files  # counts them, before any is opened
    for source in folder.own:
        if source.path not in taken and not source.name.endswith("answers.json"):
            sort_in(source, root, contents)
    contents.unread += [f"{path.relative_to(root)} (a link)" for path in folder.links]
    for below in folder.below if depth else ():
        _sort(below, root, contents, taken, depth - 1)


def sort_in(source: Source, folder: Path, contents: Contents) -> None:
    """Put a file where it belongs, by content; a refused one is kept as a reason."""
    try:
        with guarded(source.name):
            _place(source, folder, contents)
    except DataError as error:
        contents.unread.append(str(source.path.relative_to(folder)))
        contents.refused.append(error)


def _place(source: Source, folder: Path, contents: Contents) -> None:
    if found := recognise(source):
        contents.values.append(found)
    elif locations.recognises(source):
        contents.places.append(source)
    elif (kind := network.recognise_network(source)) == "ids":
        contents.ids.append(source)
    elif kind:
        contents.graphs.append((source, kind))
    else:
        contents.unread.append(str(source.path.relative_to(folder)))


def partners(source: Source) -> Recognised | None:
    """The dataset of several files that a file is a part of, where the others lie beside it."""
    known = recognise_folder(Folder(source.path.parent))
    return known if known and source.path in known.members else None


def read(folder: Path, answers: Answers) -> Raw:
    """The folder as one dataset; what was taken and what was left is said."""
    contents = look(folder)
    if not contents.values:
        if contents.refused:
            raise contents.refused[0]
        beside = [source.name for source in (*contents.places, *contents.ids, *(graph for graph, _ in contents.graphs))]
        inside = f"; it has {listing([*beside, *contents.unread])}" if beside or contents.unread else "; it is empty"
        raise refuse("no-values", f"No file in {folder.name} holds values that can be read{inside}.")
    raw, taken, others = _values(folder, contents, answers)
    raw.ds.attrs["title"] = (
        folder.name if raw.ds.attrs.get("title") == taken.path.stem else raw.ds.attrs.get("title", folder.name)
    )
    ds, findings = attach(raw.ds, _beside(taken, contents), answers)
    unread = [*contents.unread, *others]
    if unread:
        findings = [*findings, Finding("note", "not-read", f"Not read: {listing(sorted(unread), 8)}.")]
    return Raw(ds, [*raw.findings, *findings], raw.layers)


def _beside(taken: Source | Folder, contents: Contents) -> Contents:
    """Companions from the values' own folder and below, where there are any, else from everywhere."""

    def near(sources: Iterable[Source]) -> list[Source]:
        every = list(sources)
        place = taken.path if isinstance(taken, Folder) else taken.path.parent
        own = [source for source in every if source.path.is_relative_to(place)]
        return own or every

    kinds = {source.path: kind for source, kind in contents.graphs}
    graphs = [(source, kinds[source.path]) for source in near(source for source, _ in contents.graphs)]
    own = [pair for pair in graphs if pair[0].stem.split("_")[0] == taken.stem.split("_")[0]]
    return Contents(
        places=near(contents.places), graphs=own or graphs, ids=near(contents.ids)
    )  # los_adj is of los_speed


def _values(folder: Path, contents: Contents, answers: Answers) -> tuple[Raw, Source | Folder, list[str]]:
    """One value file of several: that which was answered, else the first; equal ones are told apart from different ones."""
    found = _of_listed_sensors(contents)
    label = {entry.source.path: _label(entry.source.path, folder) for entry in contents.values}
    names = [label[entry.source.path] for entry in found]
    left = [name for name in label.values() if name not in names]
    if len(found) == 1:
        return found[0].read(answers), found[0].source, left
    wanted = answers.get("values", names[0])
    if wanted == "all":
        return _together(found, answers), found[0].source, left
    if wanted not in label.values():
        raise refuse(
            "values",
            f"{folder.name} holds no values in {wanted!r}; it holds {listing(names)}.",
            {name: f"open {name}" for name in names},
        )
    taken = next(entry for entry in contents.values if label[entry.source.path] == wanted)
    raw = taken.read(answers)
    others = [entry for entry in found if entry is not taken]
    same = [entry for entry in others[:4] if _equal(raw, entry, answers, taken)]
    findings = []
    if same:
        text = f"{wanted} and {listing(label[entry.source.path] for entry in same)} hold the same values; {wanted} was taken."
        findings.append(Finding("note", "same-values", text))
    rest = [label[entry.source.path] for entry in others if entry not in same]
    if rest:
        choices = {name: f"open {name}" for name in names} | _all_choice([taken, *others])
        text = (
            f"{folder.name} holds several files of values ({listing(names)}); "
            f"{wanted} was taken, the first by kind and name."
        )
        findings.append(Finding("note", "values", text, choices, wanted))
    return Raw(raw.ds, [*raw.findings, *findings], raw.layers), taken.source, [*left, *rest]


def _label(path: Path, folder: Path) -> str:
    """What a file, or the folder itself, is called in questions."""
    return folder.name if path == folder else path.relative_to(folder).as_posix()


def _of_listed_sensors(contents: Contents) -> list[Recognised]:
    """Without tables whose columns are no sensors, where a list of places says what the sensors are."""
    tables = [entry for entry in contents.values if _text(entry)]
    if not contents.places or len(tables) < 2:
        return contents.values
    known = {name for source in contents.places for name in locations.read(source, {}).ids}
    strange = [entry for entry in tables if (source := _text(entry)) and not known & set(wide_table.sensors_of(source))]
    return (
        contents.values if len(strange) == len(tables) else [entry for entry in contents.values if entry not in strange]
    )


def _equal(raw: Raw, other: Recognised, answers: Answers, taken: Recognised) -> bool:
    """Whether another file of about the same size, and not too large to look, holds the same values."""
    size = taken.source.size
    if other.card.name != taken.card.name or size > MOST_COMPARED or abs(other.source.size - size) > 0.01 * size:
        return False
    try:
        ds = other.read(answers).ds
    except DataError:
        return False
    return ds["value"].shape == raw.ds["value"].shape and np.array_equal(
        ds["value"].values, raw.ds["value"].values, equal_nan=True
    )


def _all_choice(found: list[Recognised]) -> dict[str, str]:
    """Whether wide tables may be taken together, as channels."""
    headers = [wide_table.sensors_of(source)[1:] for entry in found if (source := _text(entry))]
    fits = len(headers) > 1 and len(headers) == len(found) and all(header == headers[0] for header in headers)
    return {"all": "open all of them, each as a channel"} if fits else {}


def _text(entry: Recognised) -> Source | None:
    """The file, where it is a table of text."""
    return entry.source if isinstance(entry.source, Source) and entry.source.content == "text" else None


def _together(found: list[Recognised], answers: Answers) -> Raw:
    """Tables of the same times and sensors as channels of one dataset."""
    tables = [entry for entry in found if _text(entry)]
    raws = [entry.read(answers) for entry in tables]
    first = raws[0].ds
    for entry, raw in zip(tables, raws, strict=True):
        for name in ("time", "sensor"):
            if not np.array_equal(raw.ds[name].values, first[name].values):
                raise refuse(
                    "values",
                    (
                        f"{entry.source.name} has another {name} axis than "
                        f"{tables[0].source.name}; they cannot be opened as channels."
                    ),
                )
    ds = xr.concat([raw.ds["value"] for raw in raws], dim="channel").to_dataset()
    units = {channel: unit for raw in raws for channel, unit in raw.ds.attrs["units"].items()}
    ds.attrs = first.attrs | {"units": units}
    names = listing(entry.source.name for entry in tables)
    choices = {"all": "open all of them, each as a channel"} | {
        entry.source.name: f"open {entry.source.name}" for entry in tables
    }
    said = Finding("note", "values", f"Opened as channels: {names}.", choices, "all")
    return Raw(ds, [*(finding for raw in raws for finding in raw.findings), said], {})


def attach(ds: xr.Dataset, companions: Contents, answers: Answers) -> tuple[xr.Dataset, list[Finding]]:
    """Ids, graph and places from the files beside the values, as far as the values do not bring them."""
    findings: list[Finding] = []
    lists = [names for names in (network.ids(source) for source in companions.ids) if len(names) > 1]
    order = lists[0] if lists else None
    if ds.attrs.get("positions") and order and len(order) == ds.sizes["sensor"]:
        findings.append(
            Finding("note", "ids", f"Sensor ids are from {companions.ids[0].name}, in the order of the data's columns.")
        )
        ds = ds.assign_coords(sensor=np.array(order, dtype=str)).assign_attrs(positions=0)
    if companions.graphs and "edge_from" not in ds:
        source, kind = _best(companions.graphs)
        with guarded(source.name):
            ds, more = linked.attach(ds, network.read_network(source, kind, answers), order, _rows(companions, answers))
        findings += more
    if companions.places and "lat" not in ds:
        with guarded(companions.places[0].name):
            ds, more = locations.attach(ds, locations.read(companions.places[0], answers), answers)
        findings += more
    return ds.drop_vars("edge_cost", errors="ignore"), findings


def _rows(companions: Contents, answers: Answers) -> list[str] | None:
    """The ids of the one table of places, which graphs by position count by."""
    if len(companions.places) != 1:
        return None
    with guarded(companions.places[0].name):
        return locations.read(companions.places[0], answers).ids


def _best(graphs: list[tuple[Source, network.Kind]]) -> tuple[Source, network.Kind]:
    """A finished adjacency before a list of edges before a table of distances."""
    ranks: dict[network.Kind, int] = {"adjacency": 0, "edges": 1, "matrix": 2, "ids": 3}
    return min(graphs, key=lambda pair: (ranks[pair[1]], str(pair[0].path)))
