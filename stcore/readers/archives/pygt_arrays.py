"""PyG-Temporal's METR-LA and PEMS-BAY unpacked: node_values.npy [T, N, F] beside adj_mat.npy."""

from collections.abc import Mapping

import numpy as np

from stcore.findings import refuse
from stcore.readers.archives import series
from stcore.readers.reader import Answers, FolderReader, Raw
from stcore.readers.safe import numpy_files
from stcore.readers.source import Folder, Source
from stcore.registry import Card

CARD = Card(
    "pygt-arrays",
    "A folder with node_values.npy [steps, sensors, channels] and adj_mat.npy, as PyG-Temporal unpacks them.",
    "Rozemberczki et al. 2021, PyTorch Geometric Temporal",
    "stcore.readers.archives.pygt_arrays:READER",
)
VALUES, GRAPH = "node_values.npy", "adj_mat.npy"


def members(folder: Folder) -> list[Source]:
    """The values and the matrix of the same name."""
    for source in folder.named(f"*{VALUES}"):
        partner = f"{source.name.lower().removesuffix(VALUES)}{GRAPH}"
        beside = [other for other in folder.named(f"*{GRAPH}") if other.name.lower() == partner]
        if beside and {source.content, beside[0].content} == {"npy"} and len(numpy_files.npy_shape(source)) == 3:
            return [source, beside[0]]
    return []


def read(folder: Folder, answers: Answers) -> Raw:
    """Values and edges. A channel with the time of day becomes the clock."""
    values, graph = members(folder)
    raw = series.numbered_series(numpy_files.read_npy(values), [], folder.name, answers)
    return with_graph(raw, numpy_files.read_npy(graph), graph.name)


def with_graph(raw: Raw, matrix: np.ndarray, name: str) -> Raw:
    """The dataset with an edge for each non-zero entry of an [N, N] matrix; DataError where its size is wrong."""
    many = raw.ds.sizes["sensor"]
    if matrix.shape != (many, many) or matrix.dtype.kind not in "fiub":
        text = f"{name} has the shape {matrix.shape}, but the values have {many} sensors."
        raise refuse("adjacency", text)
    if np.isnan(matrix).any():
        raise refuse("adjacency", f"{int(np.isnan(matrix).sum())} entries of the adjacency in {name} are not numbers.")
    start, end = np.nonzero(matrix)
    return with_edges(
        raw, {"edge_from": start, "edge_to": end, "edge_weight": matrix[start, end]}, f"weights from {name} as they are"
    )


def with_edges(raw: Raw, edges: Mapping[str, np.ndarray], rule: str) -> Raw:
    """The dataset with edges [E] and the rule that made them, in words."""
    ds = raw.ds.assign({part: ("edge", array) for part, array in edges.items()}).assign_attrs(graph=rule)
    return raw._replace(ds=ds)


READER = FolderReader(members, read, order=20)
