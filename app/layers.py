"""Layers that a visitor brings for the map: kept for the session and the dataset, each shown, hidden or taken away."""

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
    "Off, the map asks nobody on the internet. On, your browser loads map pictures from openstreetmap.org, which so learns "
    "where you look. Where they do not come, the map is the same as without."
)


def user_layers(fingerprint: str) -> dict[str, Layer]:
    """The layers that were brought for a dataset, by name. To be changed in place."""
    everything: dict[str, dict[str, Layer]] = st.session_state.setdefault("user layers", {})
    return everything.setdefault(fingerprint, {})


def visible_layers(fingerprint: str) -> dict[str, Layer]:
    """Those that are not hidden."""
    return {name: layer for name, layer in user_layers(fingerprint).items() if st.session_state.get(_key(name), True)}


def map_overlays(fingerprint: str) -> list[Overlay]:
    """Those that are not hidden, as the map draws them."""
    return [plain_overlay(name, layer.collection) for name, layer in visible_layers(fingerprint).items()]


def is_online() -> bool:
    """Whether the visitor has asked for a map from the internet."""
    return bool(st.session_state.get("online basemap", False))


def show_layers_box(fingerprint: str, placed: bool) -> None:
    """The button behind which layers are added, hidden and removed. ``placed``: the sensors have true places."""
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
                st.markdown("Layers need true places, and these sensors have none.")


def _show_layers(fingerprint: str, layers: dict[str, Layer]) -> None:
    with st.container(width=430):
        for name in list(layers):
            _show_layer(name, layers)
        _add_layer(fingerprint, layers)
        st.toggle(ONLINE, key="online basemap", persist_state="session", help=ONLINE_HELP)


def _show_layer(name: str, layers: dict[str, Layer]) -> None:
    """One layer: shown or not, away with it, and what was done to it."""
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
    """A file, then its questions if it has any."""
    number = st.session_state.get("layer number", 0)  # a new one empties the field
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
        found = error.findings if isinstance(error, DataError) else [Finding("error", "disk", str(error))]
        st.session_state["layer question"] = (given.file_id, found)
        if not any(finding.choices for finding in found):
            for finding in found:
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
    """What a file leaves open, and the answer."""
    st.warning(plain(finding.text), icon=":material/help:")
    if not finding.choices:
        return {}
    if any(choice.startswith("<") for choice in finding.choices):
        said = st.text_input("Coordinate system, such as EPSG:25832", key=f"layer {finding.code}")
    else:
        said = st.selectbox("Which one?", list(finding.choices), key=f"layer {finding.code}")
    return {finding.code: said} if said else {}


def _free_name(name: str, layers: Mapping[str, Any]) -> str:
    """The name, with a number where another layer is called so."""
    names = (name, *(f"{name} {number}" for number in range(2, 1000)))
    return next(candidate for candidate in names if candidate not in layers)
