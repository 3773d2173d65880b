"""Parquet files as columns. Their metadata are checked before values are read, and text stays text."""

from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from stcore.findings import refuse
from stcore.readers.safe.limits import check_room
from stcore.readers.source import Source

SAMPLE_ROWS = 40
Kind = Literal["number", "time", "text", "other"]


class Layout(NamedTuple):
    """Column ``names`` and ``kinds``, the number of ``rows``, the metadata of the file (``about``), and the type of each
    column in words."""

    names: tuple[str, ...]
    kinds: tuple[Kind, ...]
    rows: int
    about: dict[bytes, bytes]
    words: tuple[str, ...]


def layout(source: Source) -> Layout:
    """The layout of a file; DataError where it declares more than there is room for."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(source.path) as file:
        about, schema = file.metadata, file.schema_arrow
        declared = sum(about.row_group(place).total_byte_size for place in range(about.num_row_groups))
        check_room(max(16 * about.num_rows * max(about.num_columns, 1), declared), source.name)
        kinds = tuple(_kind(column.type) for column in schema)
        words = tuple(str(column.type) for column in schema)
        names = tuple(str(name) for name in schema.names)
        return Layout(names, kinds, about.num_rows, dict(schema.metadata or {}), words)


def _kind(column_type: Any) -> Kind:
    import pyarrow as pa

    kind = column_type.value_type if pa.types.is_dictionary(column_type) else column_type
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return "time"
    numbers = (pa.types.is_floating, pa.types.is_integer, pa.types.is_boolean, pa.types.is_decimal, pa.types.is_null)
    if any(is_kind(kind) for is_kind in numbers):
        return "number"
    return "text" if pa.types.is_string(kind) or pa.types.is_large_string(kind) else "other"


def header_and_rows(source: Source) -> tuple[tuple[str, ...], list[list[str]]] | None:
    """(names, first rows as text) of a Parquet file; None for other files and for one without rows."""
    if source.content != "parquet":
        return None
    in_file = layout(source)
    usable = [place for place, kind in enumerate(in_file.kinds) if kind != "other"]
    if not in_file.rows or len(set(in_file.names)) < len(in_file.names):
        return None
    frame = next(read_batches(source, in_file, usable, SAMPLE_ROWS))
    texts = {
        place: _as_text(frame[place]) if place in usable else [""] * len(frame) for place in range(len(in_file.names))
    }
    return in_file.names, [list(row) for row in zip(*texts.values(), strict=True)]


def _as_text(column: pd.Series) -> list[str]:
    """Entries as in a table of text: whole numbers without a point, missing ones empty."""
    cells = column.astype(object).tolist()
    return ["" if pd.isna(cell) else f"{cell:.0f}" if _whole(cell) else str(cell) for cell in cells]


def _whole(cell: Any) -> bool:
    return isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53


def read_batches(source: Source, columns_in_file: Layout, columns: list[int], rows: int) -> Any:
    """Frames of at most ``rows`` rows. Columns are numbered as in the file, text is categorical, dates are times."""
    import pyarrow.parquet as pq

    texts = [columns_in_file.names[place] for place in columns if columns_in_file.kinds[place] == "text"]
    with pq.ParquetFile(source.path, read_dictionary=texts) as file:
        for batch in file.iter_batches(rows, columns=[columns_in_file.names[place] for place in columns]):
            frame = batch.to_pandas(ignore_metadata=True, date_as_object=False)
            frame = frame[[columns_in_file.names[place] for place in columns]]
            frame.columns = pd.Index(columns)
            yield _objects_to_floats(frame, columns_in_file)


def _objects_to_floats(frame: pd.DataFrame, held: Layout) -> pd.DataFrame:
    """Decimals and booleans with gaps, which pandas keeps as objects, as floats."""
    for place in frame.columns:
        if held.kinds[place] == "number" and frame[place].dtype == object:
            frame[place] = np.array([np.nan if pd.isna(cell) else float(cell) for cell in frame[place]])
    return frame


def read_frame(source: Source, columns: list[int] | None = None) -> pd.DataFrame:
    """All rows of some columns, or of all; DataError for a column without numbers, times or text."""
    held = layout(source)
    columns = list(range(len(held.names))) if columns is None else columns
    for place in columns:
        if held.kinds[place] == "other":
            what = f"holds {held.words[place]}, neither numbers nor times"
            raise refuse("not-numbers", f"The column {held.names[place][:80]!r} of {source.name} {what}.")
    if not held.rows:
        raise refuse("empty", f"{source.name} has columns and no rows.")
    return pd.concat(read_batches(source, held, columns, 2**17), ignore_index=True)
