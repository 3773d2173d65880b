"""An experiment's report: the verdicts, then every figure with what it means, then files."""

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from app.session import current_theme
from app.words import plain
from stcore import exports
from stcore.charts.arms import Key, arm_title, method_arms, only_method
from stcore.charts.evidence import TABLES, Section, sections_of
from stcore.charts.style import standalone_page
from stcore.charts.words import printed_signs
from stcore.evidence.about import describe_report
from stcore.evidence.experiment import Experiment, open_experiment
from stcore.evidence.report import all_notes
from stcore.exports.reports import table_bytes
from stcore.processes.jobs import finished

ANSWERS = {  # answer: colour, icon
    "worth it": ("blue", ":material/thumb_up:"),
    "not worth it": ("orange", ":material/thumb_down:"),
    "cannot be told": ("gray", ":material/help:"),
}
PLAIN = {"displaylogo": False, "modeBarButtonsToRemove": ["select2d", "lasso2d"]}
ROWS = (
    ("differences",),
    ("visits",),
    ("seconds",),
    ("split", "horizons"),
    ("hours",),
    ("sensors",),
    ("parts", "costs"),
)
Report = dict[str, Any]


def show_report(experiment: Experiment, live: bool) -> None:
    """The report, or what has to happen before there is one."""
    done = sum(finished(run) for arm in experiment.arms for run in arm["runs"])
    if experiment.status != "done":
        if not done:
            how = "The report appears when all runs are finished"
            words = f"{how}." if live else f"{how}. Nothing is training at the moment: go on with the button above."
            st.info(words, icon=":material/hourglass_top:")
            return
        wanted = st.session_state.get("so far", {}).get(experiment.name)
        label = "Show what is known so far" if wanted is None else f"Take in the {done} finished runs"
        if wanted != done:
            st.button(
                label, icon=":material/update:", key="so far button", on_click=set_so_far, args=(experiment.name, done)
            )
        if wanted is None:
            st.markdown("The whole report appears when all runs are finished.")
            return
        st.warning("Not all runs are finished: what follows may still change.", icon=":material/info:")
        done = wanted
    report = load_report(experiment, done)
    if not report["summary"]:
        st.info("No arm of this experiment is finished yet.", icon=":material/info:")
        return
    show_verdicts(report)
    save_report(report, experiment.name)
    show_report_figures(report)
    show_notes(report)


def set_so_far(name: str, done: int) -> None:
    """Show the report of so many finished runs. For callbacks."""
    st.session_state.setdefault("so far", {})[name] = done


def load_report(experiment: Experiment, done: int) -> Report:
    """The report, made anew only when more runs are finished."""
    stored = experiment.folder.path / "report.json"
    return _load_report(
        experiment.name, str(experiment.folder.root), done, stored.stat().st_mtime if stored.is_file() else 0.0
    )


@st.cache_data(show_spinner="Comparing the runs …", max_entries=8)
def _load_report(name: str, root: str, done: int, stamp: float) -> Report:
    experiment = open_experiment(name, Path(root))
    runs = [run for arm in experiment.arms for run in arm["runs"] if finished(run)]
    return describe_report(experiment.report(), runs)


def show_verdicts(report: Report) -> None:
    """The answers, large."""
    for place, record in enumerate(report["verdicts"]):
        color, icon = ANSWERS[record["answer"]]
        with st.container(border=True, key=f"verdict-{place}", gap="xsmall"):
            st.badge(record["answer"].capitalize(), color=color, icon=icon)  # type: ignore[arg-type]
            st.markdown(f"### {plain(printed_signs(record['sentence']), 1200)}")
    if not report["verdicts"]:
        st.info("No method of this experiment is finished yet, so there is no verdict.", icon=":material/info:")


def show_report_figures(report: Report) -> None:
    """All figures, those that belong together beside each other."""
    sections = {section.name: section for section in sections_of(report)}
    arm: Key | None = None
    for names in ROWS:
        row = [sections[name] for name in names if name in sections]
        if arm is None and any(section.each for section in row):
            arm = choose_method(method_arms(report))
        columns = st.columns(len(row), gap="medium") if len(row) > 1 else [st.container()] if row else []
        for column, section in zip(columns, row, strict=True):
            with column:
                show_section(section, only_method(report, arm) if section.each and arm else report, arm)


def choose_method(arms: Sequence[Key]) -> Key:
    """Whose figures follow."""
    if len(arms) == 1:
        return arms[0]
    st.markdown("##### One method in detail")
    place = st.selectbox(
        "Method", range(len(arms)), format_func=lambda place: arm_title(arms[place]), key="report method"
    )
    return arms[place]


def show_section(section: Section, report: Report, arm: Key | None) -> None:
    """One figure: title, what it means, and its numbers."""
    whose = f" · {plain(arm_title(arm))}" if section.each and arm else ""
    st.markdown(f"##### {section.title}{whose}")
    st.markdown(f":small[{section.meaning}]")
    if not any(report.get(table) for table in section.tables):
        st.markdown("The arms that this needs were not run.")
        return
    drawn = section.draw(report, current_theme())
    st.plotly_chart(drawn, key=f"evidence {section.name}", theme=None, config=PLAIN, alt=section.title)
    with st.expander("The numbers"):
        for name in section.tables:
            if report.get(name):
                frame = pd.DataFrame(report[name])
                st.dataframe(
                    readable_table(frame),
                    hide_index=True,
                    height=min(36 * len(frame) + 40, 320),
                    key=f"numbers {name} {section.name}",
                )
                one_table(frame, name, section.name)
        figure(section, report, f"{section.title}{' · ' + arm_title(arm) if section.each and arm else ''}")


def readable_table(frame: pd.DataFrame) -> pd.DataFrame:
    """A table without what is the same in every row and only names the arm."""
    return frame.drop(columns=[name for name in ("role", "control_role", "method", "notes") if name in frame])


def show_notes(report: Report) -> None:
    """The search, and what has to be known beside the figures."""
    if report.get("search"):
        with st.expander(TABLES["search"]):
            st.markdown("Every arm's batch and learning rate were chosen by one search on the validation windows.")
            frame = pd.DataFrame(report["search"]).drop(columns=["trials", "tied"], errors="ignore")
            st.dataframe(frame, hide_index=True, key="numbers search")
    said = all_notes(report)
    if said:
        with st.expander(f"To be known ({len(said)})", expanded=True):
            st.markdown("\n".join(f"- {plain(sentence)}" for sentence in said))


PARQUET = "application/vnd.apache.parquet"
OFFLINE = "One file of about 5 MB that opens anywhere, without internet."


def save_report(report: dict[str, Any], name: str) -> None:
    """The report as one page, and its tables."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("**Save** the report as")
        st.download_button(
            "HTML",
            partial(exports.report_page, report),
            f"{name}.html",
            "text/html",
            key="report html",
            on_click="ignore",
            help=f"{OFFLINE} Light or dark as its reader's system is, and fit to be printed.",
        )
        st.download_button(
            "JSON", lambda: json.dumps(report), f"{name}.json", "application/json", key="report json", on_click="ignore"
        )
        st.markdown("all its tables as")
        st.download_button(
            "CSV and Parquet",
            partial(exports.zip_tables, report),
            f"{name}-tables.zip",
            "application/zip",
            key="report zip",
            on_click="ignore",
            help="One archive with every table in both forms.",
        )


def one_table(frame: pd.DataFrame, name: str, section: str) -> None:
    """A table as CSV and Parquet."""
    with st.container(horizontal=True):
        for suffix, kind in ((".csv", "text/csv"), (".parquet", PARQUET)):
            st.download_button(
                f"{name.replace('_', ' ')} as {suffix[1:].upper() if suffix == '.csv' else 'Parquet'}",
                partial(table_bytes, frame, suffix),
                f"{name}{suffix}",
                kind,
                key=f"{section} {name} {suffix}",
                on_click="ignore",
                type="tertiary",
            )


def figure(section: Section, report: dict[str, Any], about: str) -> None:
    """A figure as one page."""
    theme = current_theme()
    st.download_button(
        "Figure as HTML",
        lambda: standalone_page(section.draw(report, theme), about),
        f"{section.name}.html",
        "text/html",
        key=f"figure {section.name}",
        on_click="ignore",
        type="tertiary",
        help=f"{OFFLINE} The camera at the figure's top right saves it as a picture.",
    )
