"""A dataset in several files: values, locations, a graph and lists of ids, sorted by content and matched by id."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import xarray as xr

from stcore.findings import DataError, Finding, refuse
from stcore.readers.companions import linked, locations, network
from stcore.readers.reader import Answers, FolderReader, Raw
from stcore.readers.recognise import Match, recognise, recognise_folder
from stcore.readers.safe.limits import guard
from stcore.readers.source import MOST_DEPTH, Folder, Source
from stcore.readers.tables import wide_table
from stcore.words import listing

MOST_COMPARED = 256 * 2**20
"""Bytes of the largest file that is compared with others, to see whether they hold the same values."""


@dataclass
class Contents:
    """The files of a folder, by their purpose."""

    values: list[Match] = field(default_factory=list)
    locations: list[Source] = field(default_factory=list)
    graphs: list[tuple[Source, network.Kind]] = field(default_factory=list)
    ids: list[Source] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    refused: list[DataError] = field(default_factory=list)


def sort_folder(path: Path) -> Contents:
    """Sort every file of a folder and its folders, and folders that are one dataset. Only the beginnings are read."""
    contents = Contents()
    _sort(Folder(path), path, contents, frozenset(), MOST_DEPTH)
    contents.values.sort(key=lambda match: (match.reader.order, len(match.source.path.parts), str(match.source.path)))
    return contents


def _sort(folder: Folder, root: Path, contents: Contents, used: frozenset[Path], depth: int) -> None:
    """Sort the files of a folder, except those that are already part of a dataset of several files."""
    try:
        match = recognise_folder(folder)
    except DataError as error:
        contents.refused.append(error)
        match = None
    if match and not used.issuperset(match.members):
        contents.values.append(match)
        used |= frozenset(match.members)
        if isinstance(match.reader, FolderReader) and match.reader.whole:
            return
    if depth == MOST_DEPTH:
        _ = folder.files  # refuses too many files before any is opened
    for source in folder.own:
        if source.path not in used and not source.name.endswith("answers.json"):
            sort_file(source, root, contents)
    contents.unread += [f"{path.relative_to(root)} (a link)" for path in folder.links]
    for below in folder.below if depth else ():
        _sort(below, root, contents, used, depth - 1)


def sort_file(source: Source, folder: Path, contents: Contents) -> None:
    """Sort one file by its content. Where it is refused, the reason is kept."""
    try:
        with guard(source.name):
            _sort_by_content(source, folder, contents)
    except DataError as error:
        contents.unread.append(str(source.path.relative_to(folder)))
        contents.refused.append(error)


def _sort_by_content(source: Source, folder: Path, contents: Contents) -> None:
    if match := recognise(source):
        contents.values.append(match)
    elif locations.recognises(source):
        contents.locations.append(source)
    elif (kind := network.recognise_network(source)) == "ids":
        contents.ids.append(source)
    elif kind:
        contents.graphs.append((source, kind))
    else:
        contents.unread.append(str(source.path.relative_to(folder)))


def dataset_around(source: Source) -> Match | None:
    """The dataset of several files that this file belongs to, where the others lie beside it."""
    match = recognise_folder(Folder(source.path.parent))
    return match if match and source.path in match.members else None


def read(folder: Path, answers: Answers) -> Raw:
    """The folder as one dataset; findings say which files were used and which were not."""
    contents = sort_folder(folder)
    if not contents.values:
        if contents.refused:
            raise contents.refused[0]
        beside = [
            source.name for source in (*contents.locations, *contents.ids, *(graph for graph, _ in contents.graphs))
        ]
        inside = f"; it has {listing([*beside, *contents.unread])}" if beside or contents.unread else "; it is empty"
        raise refuse("no-values", f"No file in {folder.name} holds values that can be read{inside}.")
    raw, source, others = _choose_values(folder, contents, answers)
    raw.ds.attrs["title"] = (
        folder.name if raw.ds.attrs.get("title") == source.path.stem else raw.ds.attrs.get("title", folder.name)
    )
    raw = attach_companions(raw, _companions_of(source, contents), answers)
    unread = [*contents.unread, *others]
    return raw.more(Finding("note", "not-read", f"Not read: {listing(sorted(unread), 8)}.")) if unread else raw


def _companions_of(values: Source | Folder, contents: Contents) -> Contents:
    """Companions from the folder of the values and below, where there are any, else from everywhere."""

    def near(sources: Iterable[Source]) -> list[Source]:
        every = list(sources)
        folder = values.path if isinstance(values, Folder) else values.path.parent
        own = [source for source in every if source.path.is_relative_to(folder)]
        return own or every

    kinds = {source.path: kind for source, kind in contents.graphs}
    graphs = [(source, kinds[source.path]) for source in near(source for source, _ in contents.graphs)]
    own = [pair for pair in graphs if pair[0].stem.split("_")[0] == values.stem.split("_")[0]]
    return Contents(
        locations=near(contents.locations), graphs=own or graphs, ids=near(contents.ids)
    )  # los_adj is of los_speed


def _choose_values(folder: Path, contents: Contents, answers: Answers) -> tuple[Raw, Source | Folder, list[str]]:
    """One of several files of values: the answered one, else the first. Findings tell equal files from different ones."""
    matches = _of_listed_sensors(contents)
    label = {entry.source.path: _label(entry.source.path, folder) for entry in contents.values}
    names = [label[entry.source.path] for entry in matches]
    unlisted = [name for name in label.values() if name not in names]
    if len(matches) == 1:
        return matches[0].read(answers), matches[0].source, unlisted
    name = answers.get("values", names[0])
    if name == "all":
        return _stack_channels(matches, answers), matches[0].source, unlisted
    if name not in label.values():
        raise refuse(
            "values",
            f"{folder.name} holds no values in {name!r}; it holds {listing(names)}.",
            {name: f"open {name}" for name in names},
        )
    chosen = next(entry for entry in contents.values if label[entry.source.path] == name)
    raw = chosen.read(answers)
    others = [entry for entry in matches if entry is not chosen]
    same = [entry for entry in others[:4] if _same_values(raw, entry, answers, chosen)]
    findings = []
    if same:
        text = (
            f"{name} and {listing(label[entry.source.path] for entry in same)} hold the same values; {name} was opened."
        )
        findings.append(Finding("note", "same-values", text))
    rest = [label[entry.source.path] for entry in others if entry not in same]
    if rest:
        choices = {name: f"open {name}" for name in names} | _all_choice([chosen, *others])
        text = f"{folder.name} holds several files of values ({listing(names)}); "
        text += f"{name} was opened, the first by kind and name."
        findings.append(Finding("note", "values", text, choices, name))
    return raw.more(*findings), chosen.source, [*unlisted, *rest]


def _label(path: Path, folder: Path) -> str:
    """The name of a file, or of the folder itself, in questions."""
    return folder.name if path == folder else path.relative_to(folder).as_posix()


def _of_listed_sensors(contents: Contents) -> list[Match]:
    """The files of values, without tables whose columns are not in the list of sensors, where there is such a list."""
    tables = [entry for entry in contents.values if _text_source(entry)]
    if not contents.locations or len(tables) < 2:
        return contents.values
    ids = {name for source in contents.locations for name in locations.read(source, {}).ids}
    strange = [
        entry for entry in tables if (source := _text_source(entry)) and not ids & set(wide_table.header_names(source))
    ]
    return (
        contents.values if len(strange) == len(tables) else [entry for entry in contents.values if entry not in strange]
    )


def _same_values(raw: Raw, other: Match, answers: Answers, taken: Match) -> bool:
    """Whether another file holds the same values; only files of about the same size are read, and no very large ones."""
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


def _all_choice(matches: list[Match]) -> dict[str, str]:
    """The choice to open all tables as channels, where their columns are the same."""
    headers = [wide_table.header_names(source)[1:] for entry in matches if (source := _text_source(entry))]
    fits = len(headers) > 1 and len(headers) == len(matches) and all(header == headers[0] for header in headers)
    return {"all": "open all of them, each as a channel"} if fits else {}


def _text_source(entry: Match) -> Source | None:
    """The file, where it is text."""
    return entry.source if isinstance(entry.source, Source) and entry.source.content == "text" else None


def _stack_channels(matches: list[Match], answers: Answers) -> Raw:
    """Tables with the same times and sensors, as channels of one dataset."""
    tables = [entry for entry in matches if _text_source(entry)]
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
    finding = Finding("note", "values", f"Opened as channels: {names}.", choices, "all")
    findings = [*(finding for raw in raws for finding in raw.findings), finding]
    return raws[0]._replace(ds=ds, findings=findings, layers={})


def attach_companions(raw: Raw, companions: Contents, answers: Answers) -> Raw:
    """Ids, graph and locations from the files beside the values, where the values do not have their own."""
    lists = [names for names in (network.sensor_ids(source) for source in companions.ids) if len(names) > 1]
    order = lists[0] if lists else None
    if raw.numbered and order and len(order) == raw.ds.sizes["sensor"]:
        text = f"Sensor ids are from {companions.ids[0].name}, in the order of the data's columns."
        ds = raw.ds.assign_coords(sensor=np.array(order, dtype=str))
        raw = raw.more(Finding("note", "ids", text), ds=ds, numbered=False)
    if companions.graphs and "edge_from" not in raw.ds:
        source, kind = _best(companions.graphs)
        with guard(source.name):
            raw = linked.attach_network(
                raw, network.read_network(source, kind, answers), order, _location_ids(companions, answers)
            )
    if companions.locations and "lat" not in raw.ds:
        with guard(companions.locations[0].name):
            raw = locations.attach_locations(raw, locations.read(companions.locations[0], answers), answers)
    return raw._replace(ds=raw.ds.drop_vars("edge_cost", errors="ignore"))


def _location_ids(companions: Contents, answers: Answers) -> list[str] | None:
    """The ids of the only list of locations, whose rows a graph may count."""
    if len(companions.locations) != 1:
        return None
    with guard(companions.locations[0].name):
        return locations.read(companions.locations[0], answers).ids


def _best(graphs: list[tuple[Source, network.Kind]]) -> tuple[Source, network.Kind]:
    """The best graph: an adjacency, else a list of edges, else a table of distances."""
    ranks: dict[network.Kind, int] = {"adjacency": 0, "edges": 1, "matrix": 2, "ids": 3}
    return min(graphs, key=lambda pair: (ranks[pair[1]], str(pair[0].path)))
