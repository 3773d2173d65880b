"""Which sensors each cluster of a finished set stands for, on a map and as a list."""

import numpy as np
import pandas as pd
import streamlit as st

from app.data.charts import no_places
from app.labels import say_cells, set_sensor_words
from app.maps import HEIGHT
from app.saving import PLOTLY, save_figure, save_table
from app.sensors.measured import map_ground
from app.session import current_theme
from app.words import plain
from stcore.charts.maps.clusters import ClusterMap, cluster_map, flat_cluster_map
from stcore.distil.clusters import Clusters
from stcore.runs import Run, RunError, pictures

EVERY_ONE = -1
KEY = "cluster-map"


def show_clusters(run: Run) -> None:
    """The map and the list of clusters; of a set of real sensors, the map and the list of these."""
    title, words = "Sensors of the set", "The real sensors that are in the set."
    if set_sensor_words(run) == "clusters":
        title = "Clusters of sensors"
        words = "Sensors with similar readings form one sensor of the set, a cluster. Larger dots: more sensors in it."
    colours = "There are only six colours, but neighbours differ. Point at a dot, or choose one in the list."
    st.subheader(say_cells(title, run), anchor=False, help=say_cells(f"{words} {colours}", run))
    try:
        clusters = pictures.clusters(run)
    except RunError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    if clusters is None:
        return
    left, right = st.columns([3, 2], gap="large")
    with right:
        chosen = choose_cluster(run, clusters)
        show_table(run, clusters, chosen)
    with left:
        draw_map(run, clusters, None if chosen == EVERY_ONE else chosen)


def choose_cluster(run: Run, clusters: Clusters) -> int:
    """The list of clusters; a click on the map chooses one, too. ``EVERY_ONE`` for all."""
    if st.session_state.get("cluster of") != run.id:
        st.session_state["cluster of"], st.session_state["cluster"] = run.id, EVERY_ONE
    clicked = _clicked_cluster(run, clusters)
    if clicked is not None:
        st.session_state["cluster"] = clicked

    def name(number: int) -> str:
        if number == EVERY_ONE:
            return f"All {clusters.count}"
        if set_sensor_words(run) != "clusters":
            return say_cells(f"Sensor {number + 1}", run)
        many = int(clusters.weight[number])
        return f"Cluster {number + 1}: {many} {say_cells('sensor' if many == 1 else 'sensors', run)}"

    order = [int(number) for number in np.argsort(-clusters.weight, kind="stable")]
    one = set_sensor_words(run).removesuffix("s").capitalize()
    return int(st.selectbox(one, [EVERY_ONE, *order], key="cluster", format_func=name))


def _clicked_cluster(run: Run, clusters: Clusters) -> int | None:
    """The cluster of the sensor that was just clicked on the map, or None."""
    selection = (st.session_state.get(KEY) or {}).get("selection") or {}
    index = next((int(number) for number in (selection.get("indices") or {}).get("clusters", [])), None)
    if index is None or index == st.session_state.get(f"{KEY} seen"):
        st.session_state[f"{KEY} seen"] = index
        return None
    st.session_state[f"{KEY} seen"] = index
    places = map_ground(run).places
    drawn = np.flatnonzero(np.isfinite(places).all(axis=1))
    label = int(clusters.label[drawn[index]]) if index < len(drawn) else -1
    return label if label >= 0 else None


def draw_map(run: Run, clusters: Clusters, chosen: int | None) -> None:
    """The map and a button that saves it."""
    below = map_ground(run)
    if below.problem:
        st.warning(f"The data cannot be opened: {plain(below.problem)} The map shows what the record holds.")
    if below.made_up:
        st.info(no_places(below.data) if below.data else "No coordinates: the sensors stand in rows.")
    names = [str(name) for name in run.spec.data.sensors]
    drawing = ClusterMap(names, below.places, clusters.label, clusters.weight, below.layers, below.cells, chosen)
    words = f"Map of the {clusters.count} {set_sensor_words(run)}"
    if st.session_state.get(f"{KEY}-kind", False):
        figure = flat_cluster_map(drawing, current_theme())
        st.plotly_chart(
            figure, key=f"{KEY}-flat", config=PLOTLY | {"scrollZoom": True}, theme=None, height=HEIGHT, alt=words
        )
    else:
        deck = cluster_map(drawing, current_theme())
        st.pydeck_chart(deck, key=KEY, on_select="rerun", selection_mode="single-object", height=HEIGHT, alt=words)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.toggle(
            "Flat map",
            key=f"{KEY}-kind",
            persist_state="session",
            help="The same map without WebGL, where clusters of one colour have marks of different shapes.",
        )
        save_figure(lambda: flat_cluster_map(drawing, current_theme()), f"{run.id}-clusters", words)


def show_table(run: Run, clusters: Clusters, chosen: int) -> None:
    """The sensors of the chosen cluster, or of each."""
    names = np.array([str(name) for name in run.spec.data.sensors])
    places = range(clusters.count) if chosen == EVERY_ONE else [chosen]
    column = say_cells("sensors", run)
    rows = [
        {
            "cluster": number + 1,
            "members": int(clusters.weight[number]),
            column: ", ".join(names[clusters.label == number]),
        }
        for number in places
    ]
    frame = pd.DataFrame(rows).sort_values("members", ascending=False, kind="stable")
    if set_sensor_words(run) != "clusters":
        frame = frame.drop(columns="members").rename(columns={"cluster": "number", "sensors": say_cells("sensor", run)})
    st.dataframe(frame, hide_index=True, height=380, key="clusters table")
    label = pd.array([None if number < 0 else int(number) + 1 for number in clusters.label], "Int64")
    save_table(
        pd.DataFrame({"sensor": names, "cluster": label}), f"{run.id}-clusters", say_cells("Sensors and clusters", run)
    )
