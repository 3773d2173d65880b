"""Which sensors matter, in several views: small maps, their agreement, the stability of the mask, faulty sensors."""

from typing import Any

import pandas as pd
import streamlit as st

from app.labels import card_label, run_labels
from app.sensors import measuring
from app.sensors.view import View
from app.session import current_theme, listed_runs, run_state
from app.words import plain
from stcore.charts.importance import TITLES, agreement_matrix, ranked_dots, small_maps, stability_chart
from stcore.data import STData
from stcore.evidence.experiment.regions import LeavingOut
from stcore.evidence.importance import MASK, MEANING, ImportanceViews, importance_views
from stcore.evidence.sensor_errors import comparable_runs
from stcore.exports.tables import csv_text
from stcore.runs import Run
from stcore.runs.derived import find_permutation
from stcore.runs.folder import LIVE

KEY = "importance runs"
TAU = (
    "Kendall's tau is 1 where both views rank the sensors alike, 0 where they are unrelated, below 0 where they contradict. "
    "Under it stands the 95 % interval from a bootstrap over sensors; if it contains 0, the views may be unrelated. On the "
    "diagonal: the same view in runs with other seeds, if several runs are chosen."
)
STABLE = (
    "Jaccard: the sensors that are on in both, as a share of those that are on in either. A shrinking set cannot stay "
    "the same, so compare with the dashed line: random sets of the same sizes."
)


def show_importance(view: View) -> None:
    """The section; it computes nothing while the run works."""
    st.subheader(
        "Which sensors matter?",
        help="Several answers to one question. None is the truth; believe them where they agree with each other and "
        "between runs with other seeds.",
    )
    if run_state(view.run) in LIVE:
        st.markdown("The views are compared when the run has ended.")
        return
    runs = choose_runs_together(view.run)
    found = read_views(view, runs)
    show_importance_maps(view, found)
    left, right = st.columns(2, gap="large")
    with left:
        show_agreement(found)
    with right:
        show_stability(view.run, found)
    with st.expander("Measure more", expanded=len(found.views) == 1):
        measuring.show_measuring(view)
    show_faults(view, found)
    show_importance_tables(view, found)


def choose_runs_together(run: Run) -> list[Run]:
    """The list of other runs on the same data; gives this run and the chosen ones."""
    others = {other.id: other for other in comparable_runs(run, listed_runs()) if other.status == "done"}
    if not others:
        return [run]
    names = run_labels(list(others.values()))
    held = f"{KEY} {run.id}"
    st.session_state[held] = [name for name in st.session_state.get(held, []) if name in others]
    picked: Any = st.multiselect(
        "Together with",
        list(others),
        key=held,
        format_func=lambda name: names.get(name, name),
        placeholder="Other seeds, or other masks, on the same data",
        help="Runs with other seeds show how reliable a ranking is. A run without a mask, or with the any mask, adds "
        "views by gradient and permutation that do not depend on this run's mask.",
    )
    return [run, *(others[name] for name in picked)]


def read_views(view: View, runs: list[Run]) -> ImportanceViews:
    """The views; they are computed again only when a run or a measurement has changed."""
    asked = measuring.region_answer(view)
    stamps = tuple((str(run.path), len(run.epochs()), find_permutation(run) is not None) for run in runs)
    return _read_views(stamps, view.fingerprint, asked.names[-1] if asked else "", (runs, view.ground.data, asked))


@st.cache_resource(show_spinner="Comparing the views …", max_entries=8)
def _read_views(
    stamps: tuple[tuple[str, int, bool], ...],
    fingerprint: str,
    question: str,
    _what: tuple[list[Run], STData | None, LeavingOut | None],
) -> ImportanceViews:
    runs, data, asked = _what
    return importance_views(runs, data, asked.found() if asked else None)


def show_importance_maps(view: View, found: ImportanceViews) -> None:
    """One small map for each view, or the ranks in rows."""
    meanings = " ".join(f"**{TITLES[name]}**: {MEANING[name]}." for name in found.views)
    if len(found.views) > 1:
        st.markdown(meanings)
    for note in found.notes:
        st.info(plain(note), icon=":material/info:")
    as_rows = st.segmented_control(
        "Show as", ["Maps", "Ranks"], default="Maps", key="importance as", label_visibility="collapsed"
    )
    words = ", ".join(TITLES[name].lower() for name in found.views)
    if as_rows == "Ranks":
        chart: Any = ranked_dots(found, current_theme())
        st.altair_chart(chart, key="importance ranks", alt=f"The sensors that matter most, ranked by {words}")
        return
    chosen = st.session_state.get("sensor list")
    sensor = view.names.index(chosen) if chosen in view.names else None
    chart = small_maps(found, view.ground.places, current_theme(), sensor)
    crossed = "; a cross marks one that looks faulty" if found.faults else ""
    legend = f"Yellow and large: matters most, by rank. The ring is the chosen sensor{crossed}."
    alt = f"Small maps of the sensors by {words}"
    if len(found.views) > 1:
        st.altair_chart(chart, key="importance maps", width="content", alt=alt)
        st.markdown(legend)
        return
    left, right = st.columns(2, gap="large", vertical_alignment="center")  # a single map has its words beside it
    left.altair_chart(chart, key="importance maps", width="content", alt=alt)
    right.markdown(f"{meanings}  \n{legend}")


def show_agreement(found: ImportanceViews) -> None:
    """How much the views agree."""
    st.markdown("**Do they agree?**", help=TAU)
    if found.agreement.empty:
        st.markdown("There is only one view. Choose another run above, or measure more below.")
        return
    chart = agreement_matrix(found, current_theme())
    st.altair_chart(chart, key="importance agreement", alt="Kendall's tau between the views, with intervals")


def show_stability(run: Run, found: ImportanceViews) -> None:
    """How stable the mask is, from epoch to epoch and between runs."""
    st.markdown("**Is the mask stable?**", help=STABLE)
    if not found.stability:
        name = run.spec.mask_name
        st.markdown(
            "This run has no mask."
            if name == "none"
            else f"This run's mask, {plain(card_label(name))}, has switched no sensor off permanently."
        )
        return
    run_id = run.id if run.id in found.stability else next(iter(found.stability))
    if len(found.stability[run_id]) > 1:
        chart = stability_chart(found.stability, run_id, current_theme())
        st.altair_chart(
            chart, key="importance stability", alt="Overlap of the sensors that are on, from epoch to epoch"
        )
    for _, pair in found.overlap.iterrows():
        st.markdown(
            f"**{plain(pair['run'])}** and **{plain(pair['other'])}** share **{100 * pair['overlap']:.0f} %** of the sensors "
            f"that either keeps; random sets share {100 * pair['chance']:.0f} %."
        )


def show_faults(view: View, found: ImportanceViews) -> None:
    """Sensors that look faulty, and why."""
    if view.ground.data is None:
        return
    if not found.faults:
        st.markdown("No sensor looks faulty: none is stuck, drifts or is suddenly noisy.")
        return
    st.markdown(
        "**Sensors that look faulty**",
        help="Judged by the readings alone; nothing was changed. A faulty sensor may look important, or be the first "
        "that a mask switches off.",
    )
    rows = [
        {"sensor": found.sensors[fault.sensor], "looks": fault.kind, "why": fault.reason}
        | {f"{TITLES[name]} rank": part.rank[fault.sensor] for name, part in found.views.items()}
        for fault in found.faults
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, key="faulty sensors")


def show_importance_tables(view: View, found: ImportanceViews) -> None:
    """The views and their agreement as tables, and a button that saves them."""
    with st.expander("All views as a table"):
        table = found.table()
        columns: Any = {
            name: st.column_config.NumberColumn(
                TITLES[name] + (f" ({part.unit})" if part.unit else ""), format="%.3g", help=MEANING[name]
            )
            for name, part in found.views.items()
        }
        columns |= {f"{name}_rank": f"{TITLES[name]} rank" for name in found.views}
        columns |= {"permutation_others": st.column_config.NumberColumn("of it on other sensors", format="%.3g")}
        columns |= {"kept": st.column_config.NumberColumn("kept by", format="percent")} if MASK in found.views else {}
        st.dataframe(table, hide_index=True, key="importance table", height=320, column_config=columns)
        st.download_button(
            "Views as CSV",
            lambda: csv_text(table),
            f"{view.run.id}-importance.csv",
            "text/csv",
            key="importance csv",
            on_click="ignore",
        )
        if not found.agreement.empty:
            st.dataframe(found.agreement, hide_index=True, key="agreement table")
