"""Reading a page as AppTest gives it."""

from typing import Any

from streamlit.testing.v1 import AppTest


def texts(test: AppTest) -> str:
    """All that the page says in words."""
    parts = [*test.markdown, *test.info, *test.warning, *test.error, *test.success, *test.subheader]
    return "\n".join(str(part.value) for part in parts)


def button(test: AppTest, label: str) -> Any:
    """The button with that label."""
    return next(part for part in test.button if part.label == label)
