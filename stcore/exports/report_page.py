"""The page of a report: verdicts, figures and tables in one file. Every text that comes from data is escaped here."""

import json
from collections.abc import Mapping
from html import escape
from typing import Any

import pandas as pd

from stcore.charts.theme import DARK, LIGHT
from stcore.charts.words import percent, printed_signs, short
from stcore.evidence.report import all_notes
from stcore.exports.report_style import POLICY, SCRIPT, STYLE

Report = Mapping[str, Any]
HIDDEN = {"role", "method", "control_role", "notes", "note", "trials", "tied", "lat", "lon", "seeds_better"}
SHARES = {
    "estimate",
    "low",
    "high",
    "error",
    "seed_error",
    "time_error",
    "difference",
    "share",
}
LOOKS = {"worth it": "yes", "not worth it": "no"}


def report_page(report: Report) -> str:
    """The whole page as HTML."""
    from stcore.charts.evidence import TABLES, section_figures, sections_of
    from stcore.charts.style import plotly_script

    figures = Figures()
    parts = [head_html(report), *map(verdict_html, report["verdicts"])]
    for section in sections_of(report):
        parts.append(f"<h2>{html_text(section.title)}</h2><p class=meaning>{html_text(section.meaning)}</p>")
        light, dark = (list(section_figures(section, report, theme)) for theme in (LIGHT, DARK))
        for (arm, one), (_, other) in zip(light, dark, strict=True):
            parts += [f"<h3>{html_text(arm)}</h3>" if arm else "", figures.box(f"{section.title} {arm}", one, other)]
        parts += [
            details_html(f"{TABLES[name]}: the numbers", html_table(report[name]))
            for name in section.tables
            if report.get(name)
        ]
    parts += ["<h2>Arms</h2>", html_table(report["summary"])]
    if report.get("search"):
        meaning = "Every arm's batch and learning rate were chosen by the same search on the validation windows."
        parts += [f"<h2>{html_text(TABLES['search'])}</h2><p class=meaning>{meaning}</p>", html_table(report["search"])]
    parts += [notes_html(report), about_html(report)]
    body = "\n".join(parts)
    return (
        f'<!doctype html>\n<html lang=en><head><meta charset=utf-8>\n<meta http-equiv="Content-Security-Policy" '
        f'content="{POLICY}">\n<meta name=viewport content="width=device-width, initial-scale=1">\n'
        f"<title>{html_text(report_name(report))}: was it worth it?</title>\n<style>{STYLE}</style>\n</head>\n"
        f"<body><main>\n{body}\n"
        f"</main>\n{figures.data}\n<script>{plotly_script()}</script>\n<script>{SCRIPT}</script>\n</body></html>\n"
    )


def html_text(text: object) -> str:
    """A text that HTML shows letter for letter, in attributes too."""
    return escape(str(text), quote=True)


def report_name(report: Report) -> str:
    """The name of the report."""
    return str(report.get("experiment") or "Comparison")


def head_html(report: Report) -> str:
    """The title and, below it, the data and the number of seeds."""
    about = report.get("about") or {}
    parts = [html_text(part) for part in (report_name(report), about.get("title")) if part]
    if seeds := about.get("seeds"):
        parts.append(f"{len(seeds)} {'seed' if len(seeds) == 1 else 'seeds'}")
    tag = " <span class=tag>Simulated data</span>" if about.get("simulated") else ""
    return f"<h1>Was it worth it?</h1><p class=about>{' · '.join(parts)}{tag}</p>"


def verdict_html(record: Mapping[str, Any]) -> str:
    """One verdict: its answer and its sentence."""
    look = LOOKS.get(str(record["answer"]), "")
    sentence = html_text(printed_signs(record["sentence"]))
    return f'<div class="verdict {look}"><b>{html_text(record["answer"])}</b>{sentence}</div>'


class Figures:
    """Figures as empty boxes of the page and, apart from them, the data that the script draws, light and dark."""

    def __init__(self) -> None:
        self.parts: list[str] = []

    def box(self, title: str, light: Any, dark: Any) -> str:
        """The box of a figure."""
        number = f"figure{len(self.parts) // 2}"
        for theme, figure in (("light", light), ("dark", dark)):
            figure.update_layout(title=None)
            content = figure.to_json().replace("<", "\\u003c")  # so that no text can end the script
            self.parts.append(f'<script type="application/json" id="{number}-{theme}">{content}</script>')
        height = int(light.layout.height or 400)
        return f'<div class=figure id="{number}" role=img aria-label="{html_text(title)}" style="min-height:{height}px"></div>'

    @property
    def data(self) -> str:
        """The data of all figures."""
        return "\n".join(self.parts)


def html_table(records: list[dict[str, Any]]) -> str:
    """Records as an HTML table."""
    frame = pd.DataFrame(records)
    names = [column for column in frame if column not in HIDDEN]
    kinds = {column: " class=number" if pd.api.types.is_numeric_dtype(frame[column]) else "" for column in names}
    first = "".join(f"<th{kinds[column]}>{html_text(str(column).replace('_', ' '))}</th>" for column in names)
    rows = (
        "<tr>"
        + "".join(f"<td{kinds[column]}>{html_text(cell(column, record.get(column)))}</td>" for column in names)
        + "</tr>"
        for record in records
    )
    return f"<div class=scroll><table><thead><tr>{first}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"


def cell(column: str, value: Any) -> str:
    """A value as text: shares as percentages, a dash for none."""
    if value is None or (isinstance(value, float) and value != value):
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if column in SHARES and isinstance(value, int | float):
        return percent(float(value))
    if column == "keep":
        return f"{100 * value:g} %"
    return f"{value:,}" if isinstance(value, int) else short(value) if isinstance(value, float) else str(value)


def details_html(title: str, content: str) -> str:
    """A part of the page that opens on a click."""
    return f"<details><summary>{html_text(title)}</summary>{content}</details>"


def notes_html(report: Report) -> str:
    """The notes of the report as a list, each of them once."""
    said = all_notes(report)
    return f"<h2>Notes</h2><ul>{''.join(f'<li>{html_text(sentence)}</li>' for sentence in said)}</ul>" if said else ""


def about_html(report: Report) -> str:
    """What was run, for whoever wants to repeat it: a line for each part."""
    known = report.get("about") or {}
    lines = "\n".join(f"{part}: {json.dumps(value, ensure_ascii=False)}" for part, value in known.items())
    made = f"<h2>How it was made</h2><pre>{html_text(lines)}</pre>" if lines else ""
    return f"{made}<footer>Made with Winnow.</footer>"
