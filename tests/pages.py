"""Reading a page as AppTest gives it."""

from typing import Any

import pytest
import streamlit
from streamlit.testing.v1 import AppTest


def texts(test: AppTest) -> str:
    """All that the page says in words."""
    parts = [*test.markdown, *test.info, *test.warning, *test.error, *test.success, *test.subheader]
    return "\n".join(str(part.value) for part in parts)


def button(test: AppTest, label: str) -> Any:
    """The button with that label."""
    return next(part for part in test.button if part.label == label)


def canvas_of(test: AppTest, what: str) -> str:
    """What the calendar or the raster is drawn from."""
    return str(next(part for part in test.get("bidi_component") if what in part.proto.json).proto.json)


def calling(monkeypatch: pytest.MonkeyPatch, **state: Any) -> None:
    """Session state as a callback finds it."""
    linked = {f"linked {name}": None for name in ("sample", "epoch", "selection")}
    monkeypatch.setattr(streamlit, "session_state", linked | state)
    monkeypatch.setattr(streamlit, "query_params", {})
