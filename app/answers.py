"""Answers to a dataset's questions, kept for this visitor until they are saved beside the data."""

from typing import Any

import streamlit as st


def answers(source: str) -> dict[str, str]:
    """What was answered about a dataset in this session; what is kept beside the data is found by the reader."""
    return dict(_all().get(source, {}))


def answer(source: str, code: str, choice: str) -> None:
    """Take an answer; the next opening uses it."""
    _all().setdefault(source, {})[code] = choice


def forget(source: str) -> None:
    """Back to what is taken when nobody answers."""
    _all().pop(source, None)


def _all() -> dict[str, dict[str, str]]:
    kept: Any = st.session_state.setdefault("answers", {})
    return kept
