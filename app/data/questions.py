"""What the reader found in the data, and the questions that only a person can answer."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from app.data import source as sources
from app.words import plain
from stcore.charts.coverage import missing_shares
from stcore.charts.words import percent
from stcore.data import STData
from stcore.data.checks import sensor_word, with_sensor_word, zeros_of_all
from stcore.findings import Finding
from stcore.registry import cards
from stcore.words import duration, percentage

ICONS = {"error": ":material/block:", "repaired": ":material/build:", "note": ":material/info:"}
WORDS = {"error": "Refused", "repaired": "Changed", "note": "Noticed"}
MOST_RADIO = 6
LAST = ("graph", "zone", "answers")  # asked last, because their default is rarely wrong
FREE = "<"  # a choice that begins so stands for an answer in a person's own words


def repeat_questions(findings: Sequence[Finding], given: Mapping[str, str]) -> list[Finding]:
    """A refused answer becomes its question again, with the answer in it, so that it can be corrected."""
    return [
        replace(finding, choices=finding.choices or {"<answer>": "Your answer"}, chosen=given[finding.code])
        if finding.code in given
        else finding
        for finding in findings
    ]


def show_findings(source: str, findings: Sequence[Finding]) -> None:
    """Questions first, then what was changed, then what was only noticed."""
    questions = sorted((finding for finding in findings if finding.choices), key=lambda finding: finding.code in LAST)
    noticed = [finding for level in ICONS for finding in findings if finding.level == level and not finding.choices]
    if questions:
        st.subheader("Questions", help="An answer opens the data again. A run records every answer.")
    for finding in questions:
        with st.container(border=True):
            st.markdown(f"{ICONS[finding.level]} {plain(finding.text)}")
            ask_question(source, finding)
    if questions:
        show_answers(source, opened=all(finding.level != "error" for finding in findings))
    if noticed:
        st.subheader("Noticed", help="Every change to the data is listed here.")
        for finding in noticed:
            st.markdown(f"{ICONS[finding.level]} **{WORDS[finding.level]}:** {plain(finding.text)}")
    if findings:
        st.download_button(
            "Findings as JSON",
            json.dumps([finding.to_json() for finding in findings], indent=1),
            "findings.json",
            "application/json",
            on_click="ignore",
            type="tertiary",
        )


def ask_question(source: str, finding: Finding) -> None:
    """One question: a few choices, a list of many, or a field for an answer in one's own words."""
    fixed = [choice for choice in finding.choices if not choice.startswith(FREE)]
    free = [choice for choice in finding.choices if choice.startswith(FREE)]
    key = f"answer-{finding.code}-{hashlib.sha256(source.encode()).hexdigest()[:8]}"
    how: dict[str, Any] = {"on_change": use_answer, "args": (source, finding.code, key), "key": key}
    if fixed:
        if st.session_state.get(key) not in free:  # else the person is about to write an answer
            is_fixed = finding.chosen in fixed
            st.session_state[key] = finding.chosen if is_fixed else free[0] if finding.chosen and free else None
        ask_by: Any = st.radio if len(finding.choices) <= MOST_RADIO else st.selectbox
        options = [*fixed, *free]
        chosen = ask_by(
            "Your answer", options, format_func=finding.choices.__getitem__, label_visibility="collapsed", **how
        )
        if chosen not in free:
            return
    st.session_state[f"{key}-text"] = "" if finding.chosen in fixed else finding.chosen or ""
    label = plain(finding.choices[free[0]]) if not fixed else "Your answer"
    how |= {"key": f"{key}-text", "args": (source, finding.code, f"{key}-text")}
    st.text_input(label, placeholder=free[0].strip("<>"), **how)


def use_answer(source: str, code: str, key: str) -> None:
    """Use the answer that was just given; the data are opened again with it. For callbacks."""
    answer = (st.session_state[key] or "").strip()
    if answer and not answer.startswith(FREE):
        sources.answer_question(source, code, answer)


def show_answers(source: str, opened: bool = True) -> None:
    """Buttons that save the answers beside the data or for the command line (once the data open), or forget them."""
    if note := st.session_state.pop("answers note", None):
        st.success(plain(note))
    answers = sources.current_answers(source)
    if not answers:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        if opened and sources.can_save(source):
            st.button(
                "Save answers beside the data",
                on_click=sources.save_answers_beside,
                args=(source,),
                help="Writes a small JSON file next to the data. Whoever opens the data later uses it and is told so.",
            )
        if opened:
            st.download_button(
                "Download answers",
                json.dumps(answers, indent=1),
                "answers.json",
                "application/json",
                on_click="ignore",
                help="For the command line: --answers answers.json",
            )
        st.button("Take back", on_click=sources.forget_answers, args=(source,), help="Forgets this session's answers.")


NARROW = "\u00a0"  # a name stays on one line
ZONES = {"unknown": "as written; the zone is not known"}


@st.cache_data(show_spinner=False, max_entries=16)
def missing_and_zero_shares(fingerprint: str, _data: STData) -> tuple[float, float]:
    """The share of readings that are missing, and the share of the others that are exactly zero."""
    return float(missing_shares(_data).mean()), zeros_of_all(_data.ds)


def show_summary(data: STData) -> None:
    """A table of size, time, units, gaps, graph and source."""
    missing, zeros = missing_and_zero_shares(data.fingerprint, data)
    first, last = data.local_time[0], data.local_time[-1]
    units = ", ".join(
        f"{plain(name)} ({plain(unit) if unit else 'unit not known'})" for name, unit in data.units.items()
    )
    edges = 0 if data.edges is None else len(data.edges[0])
    rows = {
        "Size": f"{data.steps:,} steps × {len(data.sensors):,} {sensor_word(data.ds)}s × {len(data.channels)} "
        f"{'channel' if len(data.channels) == 1 else 'channels'}",
        "Time": f"{first:%d %b %Y %H:%M} to {last:%d %b %Y %H:%M}, every {duration(data.step_seconds)}"
        + (f" (assumed: {plain(data.assumed)})" if data.assumed else ""),
        "Clock": plain(ZONES.get(data.zone, data.zone)),
        "Channels": units,
        "Missing": f"{percent(missing)} of the readings",
        "Exactly zero": f"{percentage(zeros)} of the readings",
        "Graph": f"{edges:,} edges: {plain(with_sensor_word(data.ds.attrs.get('graph') or 'none', data.ds))}"
        if edges
        else "none",
        "Places": "latitude and longitude"
        if data.locations is not None
        else ("none; the map shows the graph instead" if edges else "none; the map shows the sensors in rows"),
        "Read as": plain(reader_words(str(data.ds.attrs.get("reader", "")))),
        "Fingerprint": f"`{data.fingerprint[:12]}`",
    }
    lines = [f"| **{name.replace(' ', NARROW)}** | {text} |" for name, text in rows.items()]
    st.markdown("\n".join([lines[0], "|:--|:--|", *lines[1:]]))


def reader_words(name: str) -> str:
    """The name of a reader and the summary of what it reads."""
    card = cards("readers").get(name)
    return f"{name}: {card.summary}" if card else name or "dataset in memory"
