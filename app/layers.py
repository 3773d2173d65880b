"""Layers that a visitor adds to the map: kept for the session and the dataset; each can be hidden or removed."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from app.words import plain
from stcore.charts.maps.overlays import Overlay, plain_overlay
from stcore.findings import DataError, Finding
from stcore.processes import oneshot
from stcore.readers.layers.layers import Layer

UPLOAD_HELP = (
    "GeoJSON, GeoPackage, a zipped Shapefile or GeoParquet, up to 100 MB, in any coordinate system. A separate process with "
    "limits reads it; it is kept for this session and this dataset only."
)
ONLINE = "Online basemap: sends map positions to openstreetmap.org"
ONLINE_HELP = (
    "Off: the map asks nobody on the internet. On: your browser loads map pictures from openstreetmap.org, which therefore "
    "learns where you look. If they do not arrive, the map looks the same as without them."
)


def user_layers(fingerprint: str) -> dict[str, Layer]:
    """The layers that a visitor added to a dataset, by name. Callers change this mapping."""
    layers: dict[str, dict[str, Layer]] = st.session_state.setdefault("user layers", {})
    return layers.setdefault(fingerprint, {})


def visible_layers(fingerprint: str) -> dict[str, Layer]:
    """The layers that are not hidden."""
    return {name: layer for name, layer in user_layers(fingerprint).items() if st.session_state.get(_key(name), True)}


def map_overlays(fingerprint: str) -> list[Overlay]:
    """The layers that are not hidden, as the map draws them."""
    return [plain_overlay(name, layer.collection) for name, layer in visible_layers(fingerprint).items()]


def is_online() -> bool:
    """Whether the visitor switched on the map from the internet."""
    return bool(st.session_state.get("online basemap", False))


def show_layers_box(fingerprint: str, placed: bool) -> None:
    """The button with the list of layers, where they are added, hidden and removed. ``placed``: sensors have locations."""
    layers = user_layers(fingerprint)
    box = st.popover(
        "Layers",
        icon=":material/layers:",
        key="layers box",
        on_change="rerun",
        help="Draw your own roads, districts or coast, or a map from the internet.",
    )
    if box.open:
        with box:
            if placed:
                _show_layers(fingerprint, layers)
            else:
                st.markdown("Layers need the locations of the sensors, and these have none.")


def _show_layers(fingerprint: str, layers: dict[str, Layer]) -> None:
    with st.container(width=430):
        for name in list(layers):
            _show_layer(name, layers)
        _add_layer(fingerprint, layers)
        st.toggle(ONLINE, key="online basemap", persist_state="session", help=ONLINE_HELP)


def _show_layer(name: str, layers: dict[str, Layer]) -> None:
    """One layer with its checkbox, its remove button, and what the reader changed in it."""
    layer = layers[name]
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        count = len(layer.collection["features"])
        st.checkbox(
            f"{plain(name)} ({count:,} feature{'s' * (count != 1)})", True, key=_key(name), persist_state="session"
        )
        st.button(
            "Remove",
            key=f"remove {name}",
            on_click=_remove,
            args=(name, layers),
            type="tertiary",
            icon=":material/close:",
        )
    for finding in layer.findings:
        st.markdown(f":gray[{plain(finding.text)}]")


def _remove(name: str, layers: dict[str, Layer]) -> None:
    layers.pop(name, None)


def _key(name: str) -> str:
    return f"layer {name} shown"


def _add_layer(fingerprint: str, layers: dict[str, Layer]) -> None:
    """The field for a file, then the questions about it, if there are any."""
    number = st.session_state.get("layer number", 0)  # another number empties the field
    given = st.file_uploader("Add a layer", key=f"layer file {number}", max_upload_size=100, help=UPLOAD_HELP)
    asked = st.session_state.get("layer question")
    if given is None:
        st.session_state.pop("layer question", None)
        return
    answers: dict[str, str] = {}
    if asked is not None and asked[0] == given.file_id:
        for finding in asked[1]:
            answers |= _ask(finding)
    if not st.button("Add it", type="primary", key="add layer"):
        return
    try:
        with st.spinner("Reading the layer, about 3 s"):
            layer = oneshot.layer(given.name, given.getvalue(), answers)
    except (DataError, OSError) as error:
        findings = error.findings if isinstance(error, DataError) else [Finding("error", "disk", str(error))]
        st.session_state["layer question"] = (given.file_id, findings)
        if not any(finding.choices for finding in findings):
            for finding in findings:
                st.error(plain(finding.text), icon=":material/block:")
            return
        st.rerun()
    several = [finding for finding in layer.findings if finding.code == "layer" and "layer" not in answers]
    if several:
        st.session_state["layer question"] = (given.file_id, several)
        st.rerun()
    layers[_free_name(layer.name, layers)] = layer
    st.session_state["layer number"] = number + 1
    st.session_state.pop("layer question", None)
    st.rerun()


def _ask(finding: Finding) -> dict[str, str]:
    """A question about a file; gives the answer by the question's code."""
    st.warning(plain(finding.text), icon=":material/help:")
    if not finding.choices:
        return {}
    if any(choice.startswith("<") for choice in finding.choices):
        answer = st.text_input("Coordinate system, such as EPSG:25832", key=f"layer {finding.code}")
    else:
        answer = st.selectbox("Which one?", list(finding.choices), key=f"layer {finding.code}")
    return {finding.code: answer} if answer else {}


def _free_name(name: str, layers: Mapping[str, Any]) -> str:
    """The name, with a number if another layer has it already."""
    names = (name, *(f"{name} {number}" for number in range(2, 1000)))
    return next(candidate for candidate in names if candidate not in layers)
