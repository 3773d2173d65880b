"""PyG-Temporal's METR-LA.zip and PEMS-BAY.zip: node_values.npy and adj_mat.npy in one archive."""

from stcore.findings import refuse
from stcore.readers.archives import series
from stcore.readers.archives.pygt_arrays import GRAPH, VALUES, with_graph
from stcore.readers.reader import Answers, Raw, Reader
from stcore.readers.safe import numpy_files
from stcore.readers.source import Source
from stcore.registry import Card

CARD = Card(
    "pygt-archive",
    "A zip archive with node_values.npy [steps, sensors, channels] and adj_mat.npy (PyG-Temporal).",
    "Rozemberczki et al. 2021, PyTorch Geometric Temporal",
    "stcore.readers.archives.pygt_archive:READER",
)


def recognises(source: Source) -> float:
    """1 for an archive with both arrays."""
    return float(len(_members(source)) == 2) if source.content == "zip" else 0.0


def _members(source: Source) -> list[str]:
    """The members with values and graph, in any folder of the archive."""
    names = list(numpy_files.members(source))
    matches = [[name for name in names if name.lower().endswith(wanted)] for wanted in (VALUES, GRAPH)]
    return [one[0] for one in matches if one]


def read(source: Source, answers: Answers) -> Raw:
    """Values and edges. A channel with the time of day becomes the clock."""
    values_name, graph = _members(source)
    values = numpy_files.read_member(source, values_name)
    if values.ndim != 3:
        raise refuse(
            "shape", f"{values_name} in {source.name} has {values.ndim} dims; (steps, sensors, channels) are needed."
        )
    raw = series.numbered_series(values, [], source.path.stem, answers)
    return with_graph(raw, numpy_files.read_member(source, graph), f"{graph} in {source.name}")


READER = Reader(recognises, read, order=20)
