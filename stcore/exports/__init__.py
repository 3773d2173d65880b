"""Files for others: forecasts, reports and their tables, kept sets, training dynamics, deployment plans."""

from stcore.exports.cartography import cartography, check_cartography, write_cartography
from stcore.exports.forecasts import FORMATS, check_forecast, forecast, forecast_dataset, table, write_windows
from stcore.exports.kept import check_kept, kept_table, write_kept
from stcore.exports.plan_page import plan_curve_figure, plan_map_figure
from stcore.exports.reports import check_report, page, report_html, tables, write_report, write_tables, zipped
from stcore.exports.sensors import (
    PLAN_FORMATS,
    check_importance,
    check_plan_place,
    plan_bytes,
    write_importance,
    write_plan,
)
from stcore.exports.tables import check_place, safe

__all__ = [
    "FORMATS",
    "PLAN_FORMATS",
    "cartography",
    "check_cartography",
    "check_forecast",
    "check_importance",
    "check_kept",
    "check_place",
    "check_plan_place",
    "check_report",
    "forecast",
    "forecast_dataset",
    "kept_table",
    "page",
    "plan_bytes",
    "plan_curve_figure",
    "plan_map_figure",
    "report_html",
    "safe",
    "table",
    "tables",
    "write_cartography",
    "write_importance",
    "write_kept",
    "write_plan",
    "write_report",
    "write_tables",
    "write_windows",
    "zipped",
]
