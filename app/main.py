"""The workbench: six views. Start it with ``python workbench.py``."""

from pathlib import Path

import streamlit as st

from app.session import keep_visitor
from app.words import plain
from stcore.runs import RunError

HERE = Path(__file__).parent
VIEWS = ("Data", "Train", "Samples", "Sensors", "Distil", "Compare")

st.set_page_config("Winnow", HERE / "static" / "favicon.png", "wide", "expanded")
st.logo(HERE / "static" / "winnow.svg", size="large")
st.html(HERE / "static" / "look.css")
keep_visitor()
pages = [
    st.Page(f"{name.lower()}/page.py", title=name, url_path=name.lower(), default=name == "Train") for name in VIEWS
]
try:
    st.navigation(pages, position="top").run()
except RunError as error:  # a run's folder is damaged, or was deleted in the meantime
    st.error(plain(str(error)))
