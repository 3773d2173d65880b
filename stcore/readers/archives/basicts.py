"""BasicTS folders of all three generations: one card, since a folder may hold several, and which one was read is said."""

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
    """What a generation of the layout is called, which files of a folder are its, and how they are read.

    ``sets(folder)`` gives for every dataset of this generation its main file and all its files, the main one first.
    """

    words: str
    sets: Callable[[Folder], list[list[Source]]]
    read: Callable[[list[Source]], BasictsData]


GENERATIONS = (
    Generation("the arrays of BasicTS 1.x", basicts_arrays.array_sets, basicts_arrays.read_arrays),
    Generation("the flat file of BasicTS 0.4 to 0.5", basicts_files.memmap_sets, basicts_files.read_memmap),
    Generation("the pickles of BasicTS 0.3", basicts_files.pickle_sets, basicts_files.read_pickles),
)


def members(folder: Folder) -> Sequence[Source]:
    """Files of all generations that the folder holds; DataError for those kinds of BasicTS folders that are no such data."""
    found = [source for generation in GENERATIONS for files in generation.sets(folder) for source in files]
    if not found:
        _refuse_others(folder)
        return []
    return list(dict.fromkeys([*found, *folder.named("meta.csv")]))


def _refuse_others(folder: Folder) -> None:
    """BasicTS's other tasks, and descriptions without their data, in a sentence."""
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
    """Somebody else's file of that name is none of our business."""
    try:
        return read_description(source)
    except DataError:
        return {}


def read(folder: Folder, answers: Answers) -> Raw:
    """The newest generation, or the one answered: raw values [T, N, C], their split, and times as far as the columns tell."""
    sets = {files[0].name: (kind, files) for kind in GENERATIONS for files in kind.sets(folder)}
    taken, findings = _choose_generation(folder, {name: kind.words for name, (kind, _) in sets.items()}, answers)
    kind, files = sets[taken]
    held = kind.read(files)
    values, more = _mark_missing(held, answers)
    findings += [*held.findings, *more]
    steps, sensors = values.shape[:2]
    known = published_set(held.name, sensors) or published_set(folder.name, sensors)
    seconds, more = _step(held, folder.name, answers)
    stamps, dates = column_times(held.calendar, steps, seconds, answers, (folder.name, known))
    ds = xr.Dataset(
        {"value": (("time", "sensor", "channel"), values)},
        coords={"time": stamps, "sensor": np.arange(sensors).astype(str), "channel": held.channels},
        attrs={"title": folder.name, "units": {}},
    )
    if held.split is not None:
        ds = ds.assign(split=("time", held.split))
    raw = Raw(ds, [*findings, *dates, *more], {}, numbered=True, likely_zone=known.zone if known else None)
    return _add_meta(raw, folder, answers)


def _choose_generation(folder: Folder, sets: Mapping[str, str], answers: Answers) -> tuple[str, list[Finding]]:
    """The first of several datasets, or that answered; which it is is said."""
    taken = answers.get("generation", next(iter(sets)))
    if len(sets) == 1:
        return next(iter(sets)), []
    choices = {name: f"open {name}, {words}" for name, words in sets.items()}
    if taken not in sets:
        raise refuse("generation", f"{folder.name} holds no {taken!r}; it holds {listing(sets)}.", choices)
    text = (
        f"{folder.name} holds its data more than once: {listing(f'{name} ({words})' for name, words in sets.items())}. "
        f"{taken} was taken."
    )
    return taken, [Finding("note", "generation", text, choices, taken)]


def _mark_missing(held: BasictsData, answers: Answers) -> tuple[np.ndarray, list[Finding]]:
    """[T, N, C]; what the file calls a missing value is asked about: zeros by the question that all data are asked."""
    values, null = held.values, held.null
    if (
        null is None
        or not np.isfinite(null)
        or not (marked := values == np.asarray(null, np.result_type(values, np.float32))).any()
    ):
        return values, []
    if null == 0:
        text = "The description says that 0 stands for a missing value (null_val); the question about zeros decides."
        return values, [Finding("note", "null-value", text)]
    chosen = answers.get("null-value", "keep")
    choices = {"keep": f"{null:g} is a measurement", "missing": f"{null:g} means: not measured"}
    done = "They were taken as missing." if chosen == "missing" else "They stay measurements until you say otherwise."
    text = f"{int(marked.sum())} readings are {null:g}, which the description calls a missing value (null_val). {done}"
    return np.where(marked & (chosen == "missing"), np.float32(np.nan), values), [
        Finding("note", "null-value", text, choices, chosen)
    ]


def _step(held: BasictsData, name: str, answers: Answers) -> tuple[int, list[Finding]]:
    """The step that the file says, or that its columns show; else an assumed one, which is asked."""
    if held.seconds or (seen := step_from_columns(held.calendar)):
        return held.seconds or int(seen or 0), []
    step = answers.get("step", STEP)
    text = f"{name} does not say its step. It is {'' if 'step' in answers else 'assumed: '}{step}."
    return parse_step(step), [Finding("note", "step", text, WIDTHS, step)]


def _add_meta(raw: Raw, folder: Folder, answers: Answers) -> Raw:
    """Ids and places of meta.csv, whose rows are the columns of the data in their order."""
    for source in folder.named("meta.csv"):
        if not locations.recognises(source):
            text = f"{source.name} has no ids with latitude and longitude; it was left out."
            return raw.more(Finding("note", "places", text))
        listed_places = locations.read(source, answers)
        if len(listed_places.ids) != (many := raw.ds.sizes["sensor"]):
            text = f"{source.name} lists {len(listed_places.ids)} sensors, the data have {many}; it was left out."
            return raw.more(Finding("note", "places", text))
        ds = raw.ds.assign_coords(sensor=np.array(listed_places.ids, dtype=str))
        ds = ds.assign(lat=("sensor", listed_places.lat), lon=("sensor", listed_places.lon))
        text = f"Ids and places are from {source.name}, in the order of the data's columns."
        return raw.more(Finding("note", "places", text), ds=ds, numbered=False)
    return raw


READER = FolderReader(members, read, order=5, write=basicts_arrays.write)
