"""What was seen in the data, in plain words, and the questions that only a person can answer."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from app.dataset import source as sources
from app.words import plain
from stcore.findings import Finding

ICONS = {"error": ":material/block:", "repaired": ":material/build:", "note": ":material/info:"}
WORDS = {"error": "Refused", "repaired": "Changed", "note": "Noticed"}
MOST_RADIO = 6
SETTLED = ("graph", "zone", "answers")  # asked last: what is taken without an answer is seldom wrong
OTHER = "<"


def again(findings: Sequence[Finding], given: Mapping[str, str]) -> list[Finding]:
    """Refusals of an answer as the question once more, with what was answered, so that it can be put right."""
    return [
        replace(finding, choices=finding.choices or {"<answer>": "Your answer"}, chosen=given[finding.code])
        if finding.code in given
        else finding
        for finding in findings
    ]


def show(source: str, findings: Sequence[Finding]) -> None:
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
            ask(source, finding)
    if questions:
        keep(source, taken=all(finding.level != "error" for finding in findings))
    if said:
        st.subheader("Noticed", help="Nothing is changed without being said here.")
        for finding in said:
            st.markdown(f"{ICONS[finding.level]} **{WORDS[finding.level]}:** {plain(finding.text)}")
    if findings:
        st.download_button(
            "Findings as JSON", json.dumps([finding.to_json() for finding in findings], indent=1), "findings.json",
            "application/json", on_click="ignore", type="tertiary",
        )  # fmt: skip


def ask(source: str, finding: Finding) -> None:
    """One question: a choice among a few, a list where there are many, a field where the answer is free."""
    fixed = [choice for choice in finding.choices if not choice.startswith(OTHER)]
    free = [choice for choice in finding.choices if choice.startswith(OTHER)]
    key = f"answer-{finding.code}-{hashlib.sha256(source.encode()).hexdigest()[:8]}"
    how: dict[str, Any] = {"on_change": take, "args": (source, finding.code, key), "key": key}
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


def take(source: str, code: str, key: str) -> None:
    """Take what was just answered; the data are opened again with it."""
    given = (st.session_state[key] or "").strip()
    if given and not given.startswith(OTHER):
        sources.take_answer(source, code, given)


def keep(source: str, taken: bool = True) -> None:
    """Take the answers along, where the data opened with them: beside the data, for the command line, or not at all."""
    if note := st.session_state.pop("answers note", None):
        st.success(plain(note))
    given = sources.answered(source)
    if not given:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        if taken and sources.can_save(source):
            st.button(
                "Save answers beside the data", on_click=sources.save_beside, args=(source,),
                help="Writes a small JSON file next to the data; every later opening uses it and says so.",
            )  # fmt: skip
        if taken:
            st.download_button(
                "Download answers", json.dumps(given, indent=1), "answers.json", "application/json", on_click="ignore",
                help="For the command line: --answers answers.json",
            )  # fmt: skip
        st.button("Take back", on_click=sources.take_back, args=(source,), help="Forget this session's answers.")
