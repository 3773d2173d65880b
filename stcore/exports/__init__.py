"""Files for others: forecasts, reports and their tables, kept samples, training dynamics, deployment plans."""

from stcore.exports.cartography import cartography, check_cartography, write_cartography
from stcore.exports.forecasts import (
    FORMATS,
    check_forecast,
    forecast_dataset,
    forecast_table,
    write_forecast,
    write_windows,
)
from stcore.exports.kept import check_kept, kept_table, write_kept
from stcore.exports.plan_page import plan_curve_figure, plan_map_figure
from stcore.exports.reports import (
    check_report,
    report_html,
    report_page,
    report_tables,
    write_report,
    write_tables,
    zip_tables,
)
from stcore.exports.sensors import (
    PLAN_FORMATS,
    check_importance,
    check_plan,
    plan_bytes,
    write_importance,
    write_plan,
)
from stcore.exports.tables import check_writable, spreadsheet_text

__all__ = [
    "FORMATS",
    "PLAN_FORMATS",
    "cartography",
    "check_cartography",
    "check_forecast",
    "check_importance",
    "check_kept",
    "check_plan",
    "check_report",
    "check_writable",
    "forecast_dataset",
    "forecast_table",
    "kept_table",
    "plan_bytes",
    "plan_curve_figure",
    "plan_map_figure",
    "report_html",
    "report_page",
    "report_tables",
    "spreadsheet_text",
    "write_cartography",
    "write_forecast",
    "write_importance",
    "write_kept",
    "write_plan",
    "write_report",
    "write_tables",
    "write_windows",
    "zip_tables",
]
