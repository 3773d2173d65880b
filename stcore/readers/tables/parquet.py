"""Parquet files as columns. Their metadata are checked before values are read, and text stays text."""

from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from stcore.findings import refuse
from stcore.readers.safe.limits import check_room
from stcore.readers.source import Source

SAMPLE_ROWS = 40
Kind = Literal["number", "time", "text", "other"]


class Schema(NamedTuple):
    """Column ``names`` and ``kinds``, the number of ``rows``, the metadata of the file (``about``), and the type of each
    column in words."""

    names: tuple[str, ...]
    kinds: tuple[Kind, ...]
    rows: int
    about: dict[bytes, bytes]
    words: tuple[str, ...]


def read_schema(source: Source) -> Schema:
    """The schema of a file; DataError where it declares more than there is room for."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(source.path) as file:
        about, arrow_schema = file.metadata, file.schema_arrow
        declared = sum(about.row_group(place).total_byte_size for place in range(about.num_row_groups))
        check_room(max(16 * about.num_rows * max(about.num_columns, 1), declared), source.name)
        kinds = tuple(_kind(column.type) for column in arrow_schema)
        words = tuple(str(column.type) for column in arrow_schema)
        names = tuple(str(name) for name in arrow_schema.names)
        return Schema(names, kinds, about.num_rows, dict(arrow_schema.metadata or {}), words)


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
    schema = read_schema(source)
    usable = [column for column, kind in enumerate(schema.kinds) if kind != "other"]
    if not schema.rows or len(set(schema.names)) < len(schema.names):
        return None
    frame = next(read_batches(source, schema, usable, SAMPLE_ROWS))
    texts = {
        column: _as_text(frame[column]) if column in usable else [""] * len(frame)
        for column in range(len(schema.names))
    }
    return schema.names, [list(row) for row in zip(*texts.values(), strict=True)]


def _as_text(column: pd.Series) -> list[str]:
    """Entries as in a table of text: whole numbers without a point, missing ones empty."""
    cells = column.astype(object).tolist()
    return ["" if pd.isna(cell) else f"{cell:.0f}" if _whole(cell) else str(cell) for cell in cells]


def _whole(cell: Any) -> bool:
    return isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53


def read_batches(source: Source, schema: Schema, columns: list[int], rows: int) -> Any:
    """Frames of at most ``rows`` rows. Columns are numbered as in the file, text is categorical, dates are times."""
    import pyarrow.parquet as pq

    texts = [schema.names[column] for column in columns if schema.kinds[column] == "text"]
    with pq.ParquetFile(source.path, read_dictionary=texts) as file:
        for batch in file.iter_batches(rows, columns=[schema.names[column] for column in columns]):
            frame = batch.to_pandas(ignore_metadata=True, date_as_object=False)
            frame = frame[[schema.names[column] for column in columns]]
            frame.columns = pd.Index(columns)
            yield _objects_to_floats(frame, schema)


def _objects_to_floats(frame: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """Decimals and booleans with gaps, which pandas keeps as objects, as floats."""
    for column in frame.columns:
        if schema.kinds[column] == "number" and frame[column].dtype == object:
            frame[column] = np.array([np.nan if pd.isna(cell) else float(cell) for cell in frame[column]])
    return frame


def read_frame(source: Source, columns: list[int] | None = None) -> pd.DataFrame:
    """All rows of some columns, or of all; DataError for a column without numbers, times or text."""
    schema = read_schema(source)
    columns = list(range(len(schema.names))) if columns is None else columns
    for column in columns:
        if schema.kinds[column] == "other":
            what = f"holds {schema.words[column]}, neither numbers nor times"
            raise refuse("not-numbers", f"The column {schema.names[column][:80]!r} of {source.name} {what}.")
    if not schema.rows:
        raise refuse("empty", f"{source.name} has columns and no rows.")
    return pd.concat(read_batches(source, schema, columns, 2**17), ignore_index=True)
