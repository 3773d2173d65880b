"""An experiment's report: the verdicts, files, then every figure with its meaning and numbers."""

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from app.saving import OFFLINE, PLOTLY, save_figure, save_table
from app.session import current_theme
from app.words import plain
from stcore import exports
from stcore.charts.arms import Key, arm_title, method_arms, only_method
from stcore.charts.evidence import TABLES, Section, sections_of
from stcore.charts.words import printed_signs
from stcore.evidence.about import describe_report
from stcore.evidence.experiment import Experiment, open_experiment
from stcore.evidence.report import all_notes
from stcore.processes.jobs import finished

ANSWERS = {  # answer: colour, icon
    "worth it": ("blue", ":material/thumb_up:"),
    "not worth it": ("orange", ":material/thumb_down:"),
    "cannot be told": ("gray", ":material/help:"),
}
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
    """The report, or what is still missing for it."""
    done = sum(finished(run) for arm in experiment.arms for run in arm["runs"])
    if experiment.status != "done":
        if not done:
            how = "The report appears when all runs are finished"
            words = f"{how}." if live else f"{how}. Nothing is training at the moment: resume it with the button above."
            st.info(words, icon=":material/hourglass_top:")
            return
        wanted = st.session_state.get("so far", {}).get(experiment.name)
        label = "Show the report so far" if wanted is None else f"Update to the {done} finished runs"
        if wanted != done:
            st.button(
                label, icon=":material/update:", key="so far button", on_click=set_so_far, args=(experiment.name, done)
            )
        if wanted is None:
            st.markdown("The whole report appears when all runs are finished.")
            return
        st.warning("Not all runs are finished: this report may still change.", icon=":material/info:")
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
    """The report; it is made again only when more runs are finished."""
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
    """The verdicts, in large letters."""
    for number, record in enumerate(report["verdicts"]):
        color, icon = ANSWERS[record["answer"]]
        with st.container(border=True, key=f"verdict-{number}", gap="xsmall"):
            st.badge(record["answer"].capitalize(), color=color, icon=icon)  # type: ignore[arg-type]
            st.markdown(f"### {plain(printed_signs(record['sentence']), 1200)}")
    if not report["verdicts"]:
        st.info("No method of this experiment is finished yet, so there is no verdict.", icon=":material/info:")


def show_report_figures(report: Report) -> None:
    """All figures; those that belong together stand side by side."""
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
    """The list of arms; the figures that follow are of the chosen one."""
    if len(arms) == 1:
        return arms[0]
    st.markdown("##### One method in detail")
    index = st.selectbox(
        "Method", range(len(arms)), format_func=lambda index: arm_title(arms[index]), key="report method"
    )
    return arms[index]


def show_section(section: Section, report: Report, arm: Key | None) -> None:
    """One figure with its title, meaning and numbers."""
    whose = f" · {plain(arm_title(arm))}" if section.each and arm else ""
    st.markdown(f"##### {section.title}{whose}")
    st.markdown(f":small[{section.meaning}]")
    if not any(report.get(table) for table in section.tables):
        st.markdown("The arms that this figure needs were not trained.")
        return
    figure = section.draw(report, current_theme())
    st.plotly_chart(figure, key=f"evidence {section.name}", theme=None, config=PLOTLY, alt=section.title)
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
                save_table(frame, name, name.replace("_", " "), f"{section.name} {name}")
        about = f"{section.title}{' · ' + arm_title(arm) if section.each and arm else ''}"
        theme = current_theme()
        save_figure(lambda: section.draw(report, theme), section.name, about)


def readable_table(frame: pd.DataFrame) -> pd.DataFrame:
    """A table without the columns that only name the arm."""
    return frame.drop(columns=[name for name in ("role", "control_role", "method", "notes") if name in frame])


def show_notes(report: Report) -> None:
    """The table of the search, and notes on the figures."""
    if report.get("search"):
        with st.expander(TABLES["search"]):
            st.markdown("One search on the validation windows chose the batch and learning rate of every arm.")
            frame = pd.DataFrame(report["search"]).drop(columns=["trials", "tied"], errors="ignore")
            st.dataframe(frame, hide_index=True, key="numbers search")
    notes = all_notes(report)
    if notes:
        with st.expander(f"Notes ({len(notes)})", expanded=True):
            st.markdown("\n".join(f"- {plain(note)}" for note in notes))


def save_report(report: dict[str, Any], name: str) -> None:
    """Buttons that save the report as one page, and its tables."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("**Save** the report as")
        st.download_button(
            "HTML",
            partial(exports.report_page, report),
            f"{name}.html",
            "text/html",
            key="report html",
            on_click="ignore",
            help=f"{OFFLINE} It is light or dark like the reader's system, and can be printed.",
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
