"""What was seen in the data, in plain words, and the questions that only a person can answer."""

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
SETTLED = ("graph", "zone", "answers")  # asked last: what is taken without an answer is seldom wrong
OTHER = "<"


def repeat_questions(findings: Sequence[Finding], given: Mapping[str, str]) -> list[Finding]:
    """Refusals of an answer as the question once more, with what was answered, so that it can be put right."""
    return [
        replace(finding, choices=finding.choices or {"<answer>": "Your answer"}, chosen=given[finding.code])
        if finding.code in given
        else finding
        for finding in findings
    ]


def show_findings(source: str, findings: Sequence[Finding]) -> None:
    """Questions first, then what was changed, then what was only seen."""
    questions = sorted(
        (finding for finding in findings if finding.choices), key=lambda finding: finding.code in SETTLED
    )
    said = [finding for level in ICONS for finding in findings if finding.level == level and not finding.choices]
    if questions:
        st.subheader("Questions", help="Answering opens the data again. Every answer is part of what a run remembers.")
    for finding in questions:
        with st.container(border=True):
            st.markdown(f"{ICONS[finding.level]} {plain(finding.text)}")
            ask_question(source, finding)
    if questions:
        show_answers(source, taken=all(finding.level != "error" for finding in findings))
    if said:
        st.subheader("Noticed", help="Nothing is changed without being said here.")
        for finding in said:
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
    """One question: a choice among a few, a list where there are many, a field where the answer is free."""
    fixed = [choice for choice in finding.choices if not choice.startswith(OTHER)]
    free = [choice for choice in finding.choices if choice.startswith(OTHER)]
    key = f"answer-{finding.code}-{hashlib.sha256(source.encode()).hexdigest()[:8]}"
    how: dict[str, Any] = {"on_change": use_answer, "args": (source, finding.code, key), "key": key}
    if fixed:
        if st.session_state.get(key) not in free:  # else somebody is about to write an answer
            known = finding.chosen in fixed
            st.session_state[key] = finding.chosen if known else free[0] if finding.chosen and free else None
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
    """Take what was just answered; the data are opened again with it."""
    given = (st.session_state[key] or "").strip()
    if given and not given.startswith(OTHER):
        sources.answer_question(source, code, given)


def show_answers(source: str, taken: bool = True) -> None:
    """Take the answers along, where the data opened with them: beside the data, for the command line, or not at all."""
    if note := st.session_state.pop("answers note", None):
        st.success(plain(note))
    given = sources.current_answers(source)
    if not given:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        if taken and sources.can_save(source):
            st.button(
                "Save answers beside the data",
                on_click=sources.save_answers_beside,
                args=(source,),
                help="Writes a small JSON file next to the data; every later opening uses it and says so.",
            )
        if taken:
            st.download_button(
                "Download answers",
                json.dumps(given, indent=1),
                "answers.json",
                "application/json",
                on_click="ignore",
                help="For the command line: --answers answers.json",
            )
        st.button("Take back", on_click=sources.forget_answers, args=(source,), help="Forget this session's answers.")


NARROW = "\u00a0"  # a name stays on one line
ZONES = {"unknown": "as written; the zone is not known"}


@st.cache_data(show_spinner=False, max_entries=16)
def missing_and_zero_shares(fingerprint: str, _data: STData) -> tuple[float, float]:
    """Share of readings that are missing, and share of those read that are exactly zero."""
    return float(missing_shares(_data).mean()), zeros_of_all(_data.ds)


def show_summary(data: STData) -> None:
    """Size, time, units, gaps, graph and where it came from."""
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
    """The reader's own sentence about what it reads."""
    card = cards("readers").get(name)
    return f"{name}: {card.summary}" if card else name or "dataset in memory"
