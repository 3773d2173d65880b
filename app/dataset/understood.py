"""What was understood of a dataset, in a few lines."""

import streamlit as st

from app.words import duration, plain
from stcore.charts.coverage import missing_shares
from stcore.charts.words import percent
from stcore.checks import node, share, spoken, zeros_of_all
from stcore.data import STData
from stcore.registry import cards

NARROW = "\u00a0"  # a name stays on one line
ZONES = {"unknown": "as written; the zone is not known"}


@st.cache_data(show_spinner=False, max_entries=16)
def shares(fingerprint: str, _data: STData) -> tuple[float, float]:
    """Share of readings that are missing, and share of those read that are exactly zero."""
    return float(missing_shares(_data).mean()), zeros_of_all(_data.ds)


def show(data: STData) -> None:
    """Size, time, units, gaps, graph and where it came from."""
    missing, zeros = shares(data.fingerprint, data)
    first, last = data.local_time[0], data.local_time[-1]
    units = ", ".join(
        f"{plain(name)} ({plain(unit) if unit else 'unit not known'})" for name, unit in data.units.items()
    )
    edges = 0 if data.edges is None else len(data.edges[0])
    rows = {
        "Size": f"{data.steps:,} steps × {len(data.sensors):,} {node(data.ds)}s × {len(data.channels)} "
        f"{'channel' if len(data.channels) == 1 else 'channels'}",
        "Time": f"{first:%d %b %Y %H:%M} to {last:%d %b %Y %H:%M}, every {duration(data.step_seconds)}"
        + (f" (assumed: {plain(data.assumed)})" if data.assumed else ""),
        "Clock": plain(ZONES.get(data.zone, data.zone)),
        "Channels": units,
        "Missing": f"{percent(missing)} of the readings",
        "Exactly zero": f"{share(zeros)} of the readings",
        "Graph": f"{edges:,} edges: {plain(spoken(data.ds.attrs.get('graph') or 'none', data.ds))}"
        if edges
        else "none",
        "Places": "latitude and longitude"
        if data.places is not None
        else ("none; the map shows the graph instead" if edges else "none; the map shows the sensors in rows"),
        "Read as": plain(read_as(str(data.ds.attrs.get("reader", "")))),
        "Fingerprint": f"`{data.fingerprint[:12]}`",
    }
    lines = [f"| **{name.replace(' ', NARROW)}** | {text} |" for name, text in rows.items()]
    st.markdown("\n".join([lines[0], "|:--|:--|", *lines[1:]]))


def read_as(name: str) -> str:
    """The reader's own sentence about what it reads."""
    card = cards("readers").get(name)
    return f"{name}: {card.summary}" if card else name or "dataset in memory"
