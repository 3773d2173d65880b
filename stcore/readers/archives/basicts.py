"""BasicTS folders of all three generations, on one card, since a folder may hold several. A finding says which was read."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from stcore.findings import DataError, Finding, refuse
from stcore.readers.archives import basicts_arrays, basicts_files
from stcore.readers.archives.basicts_parts import BasictsData, read_description
from stcore.readers.archives.calendar_columns import column_times, step_from_columns
from stcore.readers.archives.start_times import STEP, WIDTHS, parse_step, published_set
from stcore.readers.companions import locations
from stcore.readers.reader import Answers, FolderReader, Raw
from stcore.readers.source import Folder, Source
from stcore.registry import Card
from stcore.words import listing

CARD = Card(
    "basicts",
    "A BasicTS folder: train, val and test arrays (1.x), data.dat with desc.json (0.4 on), or pickles (0.3).",
    "Shao et al. 2024, BasicTS; GestaltCogTeam/BasicTS",
    "stcore.readers.archives.basicts:READER",
)


class Generation(NamedTuple):
    """A generation of the layout: its name, its files in a folder, and how they are read.

    ``datasets(folder)`` gives the files of every dataset of this generation, the main file first.
    """

    words: str
    datasets: Callable[[Folder], list[list[Source]]]
    read: Callable[[list[Source]], BasictsData]


GENERATIONS = (
    Generation("the arrays of BasicTS 1.x", basicts_arrays.array_sets, basicts_arrays.read_arrays),
    Generation("the flat file of BasicTS 0.4 to 0.5", basicts_files.memmap_sets, basicts_files.read_memmap),
    Generation("the pickles of BasicTS 0.3", basicts_files.pickle_sets, basicts_files.read_pickles),
)


def members(folder: Folder) -> Sequence[Source]:
    """The files of all generations in the folder; DataError for kinds of BasicTS folders that cannot be forecast."""
    files = [source for generation in GENERATIONS for files in generation.datasets(folder) for source in files]
    if not files:
        _refuse_others(folder)
        return []
    return list(dict.fromkeys([*files, *folder.named("meta.csv")]))


def _refuse_others(folder: Folder) -> None:
    """Refuse folders of BasicTS's other tasks, and descriptions without their data."""
    if folder.named("*_inputs.npy") and folder.named("*_labels.npy"):
        raise refuse(
            "basicts",
            (
                f"{folder.name} is a BasicTS folder for classification (UEA: inputs and labels). It holds separate labelled "
                "samples and no common time axis, so nothing can be forecast from it."
            ),
        )
    blast = [below for below in folder.below if below.named("shape.npy") and below.named("data.dat")]
    if blast or (folder.named("shape.npy") and folder.named("data.dat")):
        raise refuse(
            "basicts",
            (
                f"{folder.name} is BLAST, BasicTS's collection of unrelated series for pretraining. Its series have no "
                "common time axis, so nothing can be forecast from it here."
            ),
        )
    for name, data in (("meta.json", "train_data.npy, val_data.npy and test_data.npy"), ("desc.json", "data.dat")):
        for source in folder.named(name):
            if "num_time_steps" in _description_or_nothing(source):
                raise refuse("basicts", f"{folder.name} has {name} of a BasicTS set, but not the {data} it describes.")


def _description_or_nothing(source: Source) -> Mapping[str, Any]:
    """The description; empty where the file of that name is none."""
    try:
        return read_description(source)
    except DataError:
        return {}


def read(folder: Folder, answers: Answers) -> Raw:
    """The newest generation, or the answered one: values [T, N, C], their split, and times from the calendar columns."""
    sets = {files[0].name: (kind, files) for kind in GENERATIONS for files in kind.datasets(folder)}
    name_of_set, findings = _choose_generation(folder, {name: kind.words for name, (kind, _) in sets.items()}, answers)
    kind, files = sets[name_of_set]
    contents = kind.read(files)
    values, more = _mark_missing(contents, answers)
    findings += [*contents.findings, *more]
    steps, sensors = values.shape[:2]
    published = published_set(contents.name, sensors) or published_set(folder.name, sensors)
    seconds, more = _step(contents, folder.name, answers)
    stamps, dates = column_times(contents.calendar, steps, seconds, answers, (folder.name, published))
    ds = xr.Dataset(
        {"value": (("time", "sensor", "channel"), values)},
        coords={"time": stamps, "sensor": np.arange(sensors).astype(str), "channel": contents.channels},
        attrs={"title": folder.name, "units": {}},
    )
    if contents.split is not None:
        ds = ds.assign(split=("time", contents.split))
    raw = Raw(ds, [*findings, *dates, *more], {}, numbered=True, likely_zone=published.zone if published else None)
    return _add_meta(raw, folder, answers)


def _choose_generation(folder: Folder, sets: Mapping[str, str], answers: Answers) -> tuple[str, list[Finding]]:
    """The answered dataset, else the first of several, with a finding."""
    chosen = answers.get("generation", next(iter(sets)))
    if len(sets) == 1:
        return next(iter(sets)), []
    choices = {name: f"open {name}, {words}" for name, words in sets.items()}
    if chosen not in sets:
        raise refuse("generation", f"{folder.name} holds no {chosen!r}; it holds {listing(sets)}.", choices)
    text = (
        f"{folder.name} holds its data more than once: {listing(f'{name} ({words})' for name, words in sets.items())}. "
        f"{chosen} was opened."
    )
    return chosen, [Finding("note", "generation", text, choices, chosen)]


def _mark_missing(contents: BasictsData, answers: Answers) -> tuple[np.ndarray, list[Finding]]:
    """[T, N, C], with a question about the number that the file calls a missing value. For zeros, the general question
    decides."""
    values, null = contents.values, contents.null
    if (
        null is None
        or not np.isfinite(null)
        or not (is_null := values == np.asarray(null, np.result_type(values, np.float32))).any()
    ):
        return values, []
    if null == 0:
        text = "The description says that 0 stands for a missing value (null_val); the question about zeros decides."
        return values, [Finding("note", "null-value", text)]
    chosen = answers.get("null-value", "keep")
    choices = {"keep": f"{null:g} is a measurement", "missing": f"{null:g} means: not measured"}
    outcome = (
        "They were taken as missing." if chosen == "missing" else "They stay measurements until you say otherwise."
    )
    text = (
        f"{int(is_null.sum())} readings are {null:g}, which the description calls a missing value (null_val). {outcome}"
    )
    return np.where(is_null & (chosen == "missing"), np.float32(np.nan), values), [
        Finding("note", "null-value", text, choices, chosen)
    ]


def _step(contents: BasictsData, name: str, answers: Answers) -> tuple[int, list[Finding]]:
    """The step in seconds, from the file or its calendar columns; else an assumed one, with a question."""
    if contents.seconds or (seconds := step_from_columns(contents.calendar)):
        return contents.seconds or int(seconds or 0), []
    step = answers.get("step", STEP)
    text = f"{name} does not say its step. It is {'' if 'step' in answers else 'assumed: '}{step}."
    return parse_step(step), [Finding("note", "step", text, WIDTHS, step)]


def _add_meta(raw: Raw, folder: Folder, answers: Answers) -> Raw:
    """The data with ids and locations from meta.csv, whose rows are in the order of the columns."""
    for source in folder.named("meta.csv"):
        if not locations.recognises(source):
            text = f"{source.name} has no ids with latitude and longitude; it was left out."
            return raw.more(Finding("note", "places", text))
        location_list = locations.read(source, answers)
        if len(location_list.ids) != (many := raw.ds.sizes["sensor"]):
            text = f"{source.name} lists {len(location_list.ids)} sensors, the data have {many}; it was left out."
            return raw.more(Finding("note", "places", text))
        ds = raw.ds.assign_coords(sensor=np.array(location_list.ids, dtype=str))
        ds = ds.assign(lat=("sensor", location_list.lat), lon=("sensor", location_list.lon))
        text = f"Ids and locations are from {source.name}, in the order of the data's columns."
        return raw.more(Finding("note", "places", text), ds=ds, numbered=False)
    return raw


READER = FolderReader(members, read, order=5, write=basicts_arrays.write)
