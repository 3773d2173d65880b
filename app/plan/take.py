"""The plan as files for others."""

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from app.plan import asking
from stcore.exports import plan_bytes
from stcore.plan.ground import WORTH, learnt

if TYPE_CHECKING:
    from app.plan.panel import Scene

FORMATS = {
    ".csv": ("CSV", "text/csv"),
    ".geojson": ("GeoJSON", "application/geo+json"),
    ".gpkg": ("GPKG", "application/geopackage+sqlite3"),
    ".html": ("Report (HTML)", "text/html"),
}


def show(scene: "Scene") -> None:
    """A button for each format."""
    about = WORTH[learnt(scene.run)]
    st.subheader(
        "Take the plan along",
        help="Every sensor with kept, importance, expected error (in validation) and reason; GeoJSON and GPKG in EPSG:4326. "
        f"What they call importance is {about.meaning}. The report is one page with map, curve and table that opens without "
        "internet.",
    )
    if not scene.draft.settled:
        st.markdown("The files are there once the curve is drawn and the plan no longer changes.")
        return
    keep = asking.text(scene.draft.keep)
    kept = int(scene.draft.keep.sum())
    with st.container(horizontal=True):
        for suffix, (label, mime) in FORMATS.items():
            st.download_button(
                label, partial(content, scene, keep, suffix), f"{scene.run.id}-plan-{kept}{suffix}", mime,
                key=f"plan file {suffix}", on_click="ignore",
            )  # fmt: skip


def content(scene: "Scene", keep: str, suffix: str) -> bytes:
    """The file, with the speed where it was measured."""
    measured = st.session_state.get(f"plan speed {scene.run.id} {keep}")
    return plan_bytes(scene.plan(), suffix, asking.speed(scene.run, scene.draft.keep) if measured else None)
