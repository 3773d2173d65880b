"""What the form of a new run offers: only what can run on the data, and only options that act there."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from app.header import named
from app.words import plain
from stcore import registry
from stcore.data import STData

UNMASKED = "new.no mask"
Described = list[dict[str, Any]]


def models(data: STData | None) -> tuple[dict[str, registry.ModelCard], str]:
    """The models that can be trained on the data, all of them where these are not known yet; and which cannot, and why."""
    trained = {name: card for name, card in registry.cards("models").items() if card.trains}
    if data is None or "grid" in data.ds.attrs:
        return trained, ""
    able = {name: card for name, card in trained.items() if not card.needs_grid}
    unable = ", ".join(card.label for name, card in trained.items() if name not in able)
    return able, f"Not offered: {unable}, since these sensors are no cells of a grid." if unable else ""


def choose_model(key: str, data: STData | None) -> str:
    """The list of models under ``key``; what was chosen and cannot be any more becomes STID."""
    able, _ = models(data)
    if st.session_state.get(key) not in able:
        st.session_state[key] = "stid"
    return str(st.selectbox("Model", list(able), key=key, format_func=named, persist_state="session"))


def acting(
    section: str, described: Sequence[dict[str, Any]], model: registry.ModelCard, data: STData | None
) -> Described:
    """The options of a section that do something: regions on grids alone, parts where there is a graph, single cells as
    samples for models that do not mix sensors."""
    idle = {"samples"} if section == "data" and model.mixes_sensors else set()
    if section == "mask" and data is not None:
        idle |= {"region"} if "grid" not in data.ds.attrs else set()
        idle |= {"connected"} if data.edges is None or not len(data.edges[0]) else set()
    return [option for option in described if option["name"] not in idle]


def choose_mask(model: registry.ModelCard) -> None:
    """Which sensors are switched off; for models that forecast each sensor from itself alone there is nothing to choose."""
    if not model.mixes_sensors:
        able = ", ".join(card.label for card in registry.cards("models").values() if card.mixes_sensors)
        st.session_state[UNMASKED] = "none"
        st.selectbox("Mask over sensors", ["none"], key=UNMASKED, disabled=True)
        st.markdown(
            f":small[{plain(model.label)} forecasts each sensor from its own readings alone, so none can be off. "
            f"These models can do without some: {plain(able)}.]"
        )
        return
    known = registry.cards("masks")
    st.session_state.setdefault("new.mask", "none")
    name = st.selectbox("Mask over sensors", list(known), key="new.mask", format_func=named, persist_state="session")
    st.markdown(f":small[{plain(known[name].summary)}]", help=f"{plain(known[name].source)}.")


def chosen_mask() -> str:
    """The mask that is chosen; none where the model allows none."""
    mixes = registry.card("models", st.session_state["new.model"]).mixes_sensors
    return str(st.session_state.get("new.mask", "none")) if mixes else "none"
