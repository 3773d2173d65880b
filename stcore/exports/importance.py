"""The views of which sensors matter as a file."""

import json
from pathlib import Path

from stcore.diagnostics.importance import ImportanceViews
from stcore.exports.forecasts import check_place
from stcore.exports.spreadsheet import csv
from stcore.options import OptionError
from stcore.runs.files import plain

IMPORTANCE_FORMATS = (".csv", ".parquet", ".json")


def check_importance(out: Path) -> None:
    """OptionError where the views cannot be written to ``out``, before any work is done."""
    if out.suffix not in IMPORTANCE_FORMATS:
        raise OptionError(f"{out.name!r} has to end in {', '.join(IMPORTANCE_FORMATS)}.")
    check_place(out)


def write_importance(views: ImportanceViews, out: Path) -> int:
    """Write one row a sensor to .csv or .parquet, or all of it to .json; gives the number of sensors. OptionError."""
    check_importance(out)
    table = views.table()
    if out.suffix == ".csv":
        out.write_text(csv(table), "utf-8")
    elif out.suffix == ".parquet":
        table.to_parquet(out, index=False)
    else:
        out.write_text(json.dumps(plain(views.document())), "utf-8")
    return len(table)
