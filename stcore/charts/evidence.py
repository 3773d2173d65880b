"""A report's figures in the order in which they answer "was it worth it?", each with what it means and how to read it.

Page, notebook and exported file draw the same list. A report is the plain tables of ``stcore.evidence.report``.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import plotly.graph_objects as go

from stcore.charts import payers
from stcore.charts.arms import Record, Records, Report, arm_key, arm_title, method_arms, only_method, plotly_text
from stcore.charts.forest import differences_figure, parts_figure, split_figure
from stcore.charts.frontier import frontier_figure
from stcore.charts.style import style_figure
from stcore.charts.theme import Theme
from stcore.charts.words import percent, short


class Section(NamedTuple):
    """One figure of a report: its title, what it means, the tables it is drawn from, and how.

    ``each``: it is about one method, so it draws a report narrowed to that one.
    """

    name: str
    title: str
    meaning: str
    tables: tuple[str, ...]
    draw: Callable[[Report, Theme], go.Figure]
    each: bool = False


SECTIONS = (
    Section(
        "differences",
        "How much better or worse",
        "Each mark is how much more (right) or less (left) an arm errs on the test than one control, with its 95 % interval "
        "over days and seeds. Filled marks are clear of zero; inside the grey band of half a per cent either way nobody "
        "would notice. Look at full training at equal visits first: whoever does not beat it needs no pruning.",
        ("differences",),
        lambda report, theme: differences_figure(report["differences"], theme),
    ),
    Section(
        "visits",
        "Accuracy against visits",
        "Each arm by how many samples it looked at and how much it then errs; lower left is better, whiskers are one "
        "standard deviation over the seeds. The dotted line is the Pareto front: no other arm is better in one and as good "
        "in the other.",
        ("front",),
        lambda report, theme: frontier_figure(report, "visits", theme),
    ),
    Section(
        "seconds",
        "Accuracy against seconds",
        "The same against the seconds of training, scoring and selecting. An arm that saves visits but stands further right "
        "here has spent on choosing what it saved on training.",
        ("front",),
        lambda report, theme: frontier_figure(report, "seconds", theme),
    ),
    Section(
        "split",
        "Where the gain comes from",
        "From the field's usual recipe to this method, one change at a time; a bar downwards is a gain, with its 95 % "
        "interval. Only the step called pruning is due to the choice of samples: hold it against pruning at random beside it.",
        ("split",),
        lambda report, theme: split_figure(report["split"], theme),
        each=True,
    ),
    Section(
        "horizons",
        "By horizon",
        "The difference for each step ahead, below zero where the method errs less. Filled where the Diebold-Mariano test, "
        "adjusted for the number of horizons (Holm), finds a difference at 5 %.",
        ("by_horizon",),
        lambda report, theme: payers.horizons_figure(report["by_horizon"], theme),
        each=True,
    ),
    Section(
        "hours",
        "Who pays: hours of the week",
        "Blue hours gain, orange hours pay; hours without test windows are empty. Each hour rests on few windows, so look for "
        "whole patterns such as rush hours, not for single squares.",
        ("by_hour",),
        lambda report, theme: payers.hours_figure(report["by_hour"], theme),
        each=True,
    ),
    Section(
        "sensors",
        "Who pays: sensors",
        "Every sensor's difference in order of size, and where it lies. A few tall bars at the right mean that some sensors "
        "pay for the others.",
        ("by_sensor",),
        lambda report, theme: payers.sensors_figure(report["by_sensor"], theme),
        each=True,
    ),
    Section(
        "parts",
        "Who pays: hard and rare windows",
        "The same differences on the hardest 5 % of the test windows and, in simulated data, on windows with a planted "
        "incident. A method that wins on average and loses here has bought its mean with what matters.",
        ("hardest", "incidents"),
        lambda report, theme: parts_figure([*report["hardest"], *report["incidents"]], theme),
    ),
    Section(
        "costs",
        "What choosing costs",
        "Seconds of a run by kind of work. Visits to refresh scores and those before training are in the table.",
        ("costs",),
        lambda report, theme: effort_figure(report["costs"], theme),
    ),
)
TABLES = {  # every table of a report, and what it is called
    "verdicts": "Verdicts",
    "summary": "Arms",
    "differences": "Differences to the controls",
    "front": "Accuracy against cost",
    "split": "Where the gain comes from",
    "by_horizon": "By horizon, with the Diebold-Mariano test",
    "by_hour": "By hour of the week",
    "by_sensor": "By sensor",
    "hardest": "Hardest windows",
    "incidents": "Incident windows",
    "costs": "Costs",
    "search": "The search for batch and learning rate",
}


def sections_of(report: Report) -> Iterator[Section]:
    """The sections for which the report has data."""
    return (section for section in SECTIONS if any(report.get(table) for table in section.tables))


def section_figures(section: Section, report: Report, theme: Theme) -> Iterator[tuple[str, go.Figure]]:
    """The figures of a section: one, or one per method with the arm's name; methods without data are left out."""
    if not section.each:
        yield "", section.draw(report, theme)
        return
    for arm in method_arms(report):
        part = only_method(report, arm)
        if any(part.get(table) for table in section.tables):
            yield arm_title(arm), section.draw(part, theme)


KINDS = {"train": "training", "score": "scoring", "select": "selecting"}


def effort_figure(records: Records, theme: Theme) -> go.Figure:
    """``costs`` of a report: stacked bars of seconds, with the share of scoring and selecting behind each."""
    names = [plotly_text(arm_title(arm_key(record))) for record in records]
    figure = go.Figure()
    for kind, colour in zip(KINDS, (theme.muted, theme.pruned, theme.kept), strict=True):
        figure.add_bar(
            y=names,
            x=[record[f"seconds_{kind}"] for record in records],
            orientation="h",
            name=KINDS[kind],
            marker={"color": colour},
            hovertext=[bar_text(record) for record in records],
            hoverinfo="text",
            textposition="none",
        )
    for name, record in zip(names, records, strict=True):
        note = f" {percent(overhead(record))} for scoring and selecting" if record["role"] == "method" else ""
        figure.add_annotation(
            x=sum(record[f"seconds_{kind}"] for kind in KINDS),
            y=name,
            text=note,
            showarrow=False,
            xanchor="left",
            font={"size": 11, "color": theme.text},
        )
    figure = style_figure(figure, theme, 90 + 30 * len(names))
    longest = max((sum(record[f"seconds_{kind}"] for kind in KINDS) for record in records), default=1.0)
    figure.update_xaxes(title="seconds of a run, mean over the seeds", range=[0, 1.35 * longest])
    figure.update_yaxes(autorange="reversed", showgrid=False, ticksuffix="  ")
    return figure.update_layout(
        barmode="stack",
        legend={"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom", "traceorder": "normal"},
        margin_t=40,
    )


def overhead(record: Record) -> float | None:
    """Scoring and selecting as a share of all work."""
    whole = sum(record[f"seconds_{kind}"] for kind in KINDS)
    return (record["seconds_score"] + record["seconds_select"]) / whole if whole else None


def bar_text(record: Record) -> str:
    """The text that a pointer over a bar shows."""
    seconds = "<br>".join(f"{name}: {short(record[f'seconds_{kind}'])} s" for kind, name in KINDS.items())
    more = {"kept": "visits", "refresh": "visits to refresh scores", "pilot": "visits before training"}
    visits = "<br>".join(f"{name}: {record[f'visits_{kind}']:,.0f}" for kind, name in more.items())
    return f"<b>{plotly_text(arm_title(arm_key(record)))}</b><br>{seconds}<br>{visits}"
