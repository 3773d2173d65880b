"""Files for others: forecasts, reports and their tables, kept sets, training dynamics."""

from stcore.exports.cartography import cartography, write_cartography
from stcore.exports.forecasts import FORMATS, check_place, forecast, forecast_dataset, table, write_windows
from stcore.exports.kept import kept_table, write_kept
from stcore.exports.reports import page, report_html, tables, write_report, write_tables, zipped
from stcore.exports.spreadsheet import safe

__all__ = [
    "FORMATS",
    "cartography",
    "check_place",
    "forecast",
    "forecast_dataset",
    "kept_table",
    "page",
    "report_html",
    "safe",
    "table",
    "tables",
    "write_cartography",
    "write_kept",
    "write_report",
    "write_tables",
    "write_windows",
    "zipped",
]
