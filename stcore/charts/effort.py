"""What an arm's work was: seconds of training, scoring and selecting."""

import plotly.graph_objects as go

from stcore.charts.arms import Record, Records, harmless, key, title
from stcore.charts.style import plain
from stcore.charts.theme import Theme
from stcore.charts.words import percent, short

KINDS = {"train": "training", "score": "scoring", "select": "selecting"}


def effort(records: Records, theme: Theme) -> go.Figure:
    """``costs`` of a report: stacked bars of seconds, with the share of scoring and selecting behind each."""
    names = [harmless(title(key(record))) for record in records]
    figure = go.Figure()
    for kind, colour in zip(KINDS, (theme.muted, theme.pruned, theme.kept), strict=True):
        figure.add_bar(
            y=names,
            x=[record[f"seconds_{kind}"] for record in records],
            orientation="h",
            name=KINDS[kind],
            marker={"color": colour},
            hovertext=[told(record) for record in records],
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
    figure = plain(figure, theme, 90 + 30 * len(names))
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


def told(record: Record) -> str:
    """What a pointer over a bar is told."""
    seconds = "<br>".join(f"{name}: {short(record[f'seconds_{kind}'])} s" for kind, name in KINDS.items())
    more = {"kept": "visits", "refresh": "visits to refresh scores", "pilot": "visits before training"}
    visits = "<br>".join(f"{name}: {record[f'visits_{kind}']:,.0f}" for kind, name in more.items())
    return f"<b>{harmless(title(key(record)))}</b><br>{seconds}<br>{visits}"
