"""Whom the sensors of a finished set stand for: the clusters on a map, and each as a list."""

import numpy as np
import pandas as pd
import streamlit as st

from app.data.look import no_places
from app.distil.known import called, spoken
from app.distil.saving import PLAIN, page_file, table_files
from app.maps import HEIGHT
from app.sensors.measured import ground
from app.session import current_theme
from app.words import plain
from stcore.charts.maps.clusters import ClusterMap, cluster_map, flat_cluster_map
from stcore.distil.clusters import Clusters
from stcore.runs import Run, RunError, pictures

EVERY_ONE = -1
KEY = "cluster-map"


def show(run: Run) -> None:
    """Map and list."""
    colours = (
        "Six colours are used again and again, so that those beside each other differ: point at a dot, or choose one."
    )
    title, words = "Sensors of the set", "The real sensors that are in the set."
    if called(run) == "clusters":
        title, words = (
            "Clusters of sensors",
            "Sensors that read alike stand together as one sensor of the set; the larger the dots, the more of them.",
        )
    st.subheader(spoken(title, run), anchor=False, help=spoken(f"{words} {colours}", run))
    try:
        found = pictures.clusters(run)
    except RunError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    if found is None:
        return
    left, right = st.columns([3, 2], gap="large")
    with right:
        chosen = choose(run, found)
        table(run, found, chosen)
    with left:
        draw(run, found, None if chosen == EVERY_ONE else chosen)


def choose(run: Run, found: Clusters) -> int:
    """The cluster that stands out; a click on the map chooses it, too."""
    if st.session_state.get("cluster of") != run.id:
        st.session_state["cluster of"], st.session_state["cluster"] = run.id, EVERY_ONE
    clicked = _clicked(run, found)
    if clicked is not None:
        st.session_state["cluster"] = clicked

    def name(place: int) -> str:
        if place == EVERY_ONE:
            return f"All {found.count}"
        if called(run) != "clusters":
            return spoken(f"Sensor {place + 1}", run)
        many = int(found.weight[place])
        return f"Cluster {place + 1}: {many} {spoken('sensor' if many == 1 else 'sensors', run)}"

    order = [int(place) for place in np.argsort(-found.weight, kind="stable")]
    one = called(run).removesuffix("s").capitalize()
    return int(st.selectbox(one, [EVERY_ONE, *order], key="cluster", format_func=name))


def _clicked(run: Run, found: Clusters) -> int | None:
    """The cluster of a sensor that was just clicked on the map."""
    selection = (st.session_state.get(KEY) or {}).get("selection") or {}
    index = next((int(place) for place in (selection.get("indices") or {}).get("clusters", [])), None)
    if index is None or index == st.session_state.get(f"{KEY} seen"):
        st.session_state[f"{KEY} seen"] = index
        return None
    st.session_state[f"{KEY} seen"] = index
    places = ground(run).places
    drawn = np.flatnonzero(np.isfinite(places).all(axis=1))
    label = int(found.label[drawn[index]]) if index < len(drawn) else -1
    return label if label >= 0 else None


def draw(run: Run, found: Clusters, chosen: int | None) -> None:
    """The map, with its way to a file."""
    under = ground(run)
    if under.problem:
        st.warning(f"The data cannot be opened: {plain(under.problem)} The map shows what the record remembers.")
    if under.made_up:
        st.info(no_places(under.data) if under.data else "No coordinates: the sensors stand in rows.")
    names = [str(name) for name in run.spec["data"]["sensors"]]
    shown = ClusterMap(names, under.places, found.label, found.weight, under.layers, under.cells, chosen)
    words = f"Map of the {found.count} {called(run)}"
    if st.session_state.get(f"{KEY}-kind", False):
        figure = flat_cluster_map(shown, current_theme())
        st.plotly_chart(
            figure, key=f"{KEY}-flat", config=PLAIN | {"scrollZoom": True}, theme=None, height=HEIGHT, alt=words
        )
    else:
        deck = cluster_map(shown, current_theme())
        st.pydeck_chart(deck, key=KEY, on_select="rerun", selection_mode="single-object", height=HEIGHT, alt=words)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.toggle(
            "Flat map",
            key=f"{KEY}-kind",
            persist_state="session",
            help="The same map without WebGL, where clusters of one colour have marks of different shapes.",
        )
        page_file(lambda: flat_cluster_map(shown, current_theme()), f"{run.id}-clusters", words)


def table(run: Run, found: Clusters, chosen: int) -> None:
    """Which sensors each cluster has."""
    names = np.array([str(name) for name in run.spec["data"]["sensors"]])
    places = range(found.count) if chosen == EVERY_ONE else [chosen]
    column = spoken("sensors", run)
    rows = [
        {"cluster": place + 1, "members": int(found.weight[place]), column: ", ".join(names[found.label == place])}
        for place in places
    ]
    frame = pd.DataFrame(rows).sort_values("members", ascending=False, kind="stable")
    if called(run) != "clusters":
        frame = frame.drop(columns="members").rename(columns={"cluster": "number", "sensors": spoken("sensor", run)})
    st.dataframe(frame, hide_index=True, height=380, key="clusters table")
    label = pd.array([None if place < 0 else int(place) + 1 for place in found.label], "Int64")
    table_files(
        pd.DataFrame({"sensor": names, "cluster": label}), f"{run.id}-clusters", spoken("Sensors and clusters", run)
    )
