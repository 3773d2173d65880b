"""The plan as it is tried: how many sensors stay, ranked by what, and which of them were switched by hand."""

from copy import copy
from dataclasses import dataclass, replace

import numpy as np
import streamlit as st

from stcore.plan.curve import Curve, counts, keeping
from stcore.plan.ground import OWN, own_mask
from stcore.runs import Run
from stcore.sensors.choose import chosen, room
from stcore.sensors.sites import Sites

BEST = "best"
SWITCHED = "plan switched"
KEYS = "plan number", "plan cost", "plan ranking", "plan by"


@dataclass(frozen=True)
class Draft:
    """``keep`` [N] bool of the sensors, those that were ``switched`` by hand among them, ranked by ``ranking``."""

    keep: np.ndarray
    ranking: str
    switched: dict[int, bool]
    by_cost: bool = False


def switched(run: Run) -> dict[int, bool]:
    """Sites that were switched by hand in this run, on or off."""
    kept = st.session_state.get(SWITCHED)
    return dict(kept[1]) if kept and kept[0] == run.id else {}


def switch(run: Run, sites: Sites, sensor: int, keep: np.ndarray) -> None:
    """Switch a sensor (of a grid: its region) to the other state; back again is as if nothing had been done. For callbacks."""
    site, changed = int(sites.of[sensor]), switched(run)
    if site in changed:
        del changed[site]
    else:
        changed[site] = not bool(keep[sensor])
    st.session_state[SWITCHED] = (run.id, changed)


def back(run: Run) -> None:
    """Forget what was switched by hand. For callbacks."""
    st.session_state[SWITCHED] = (run.id, {})


def controls(run: Run, sites: Sites, curve: Curve) -> Draft:
    """The slider and the ranking, and the mask that they give. OptionError where none is possible."""
    if st.session_state.get("plan of") != run.id:
        st.session_state["plan of"] = run.id
        for key in KEYS:
            st.session_state.pop(key, None)
    what = "sensors" if sites.count == len(sites.of) else "regions"
    left, right = st.columns([3, 2], vertical_alignment="bottom", gap="large")
    with right:
        ranking = choose_ranking(curve)
    with left:
        by_cost = bool(sites.options.costs) and (
            st.segmented_control(
                "Limit", ["number", "cost"], key="plan by", default="number", format_func=str.capitalize
            )
            == "cost"
        )
        mask, name = limited(sites, curve, ranking) if by_cost else counted(run, sites, curve, ranking, what)
    return Draft(sites.spread(mask), name, {}, by_cost)


def by_hand(run: Run, sites: Sites, ranked: Draft) -> Draft:
    """What the ranking gives with what was switched by hand; where that leaves none on, it is forgotten."""
    mask, changed = sites.mean(ranked.keep.astype(float)) > 0.5, switched(run)
    for site, on in changed.items():
        mask[site] = on
    if not mask.any():
        st.toast("At least one sensor has to stay on.")
        back(run)
        return ranked
    return replace(ranked, keep=sites.spread(mask), switched=changed)


def choose_ranking(curve: Curve) -> str:
    """Which ranking decides who stays."""
    names = [BEST, *(name for name in curve.orders if not name.startswith("random"))]
    words = {BEST: "The best by validation error", OWN: "This run's own importance"}
    if st.session_state.get("plan ranking") not in names:
        st.session_state["plan ranking"] = BEST
    chosen_name = st.selectbox(
        "Ranked by", names, key="plan ranking", format_func=lambda name: words.get(name, name),
        help="In which order sensors are worth keeping. The best is the one whose curve is lowest in validation here.",
    )  # fmt: skip
    return str(chosen_name)


def counted(run: Run, sites: Sites, curve: Curve, ranking: str, what: str) -> tuple[np.ndarray, str]:
    """[R] mask by the number that stays, and the ranking it is from."""
    low, high = min(counts(sites)), max(counts(sites))
    own = own_mask(run)
    first = (
        int((sites.mean(own.astype(float)) > 0.5).sum()) if own is not None else curve.knee() or round(sites.count / 2)
    )
    if low >= high:
        return keeping(np.arange(sites.count), sites, high), ranking
    st.session_state.setdefault("plan number", min(max(first, low), high))
    kept = st.slider(
        f"{what.capitalize()} kept", low, high, key="plan number",
        help=f"Of {sites.count}. It begins at the run's own mask, or at the knee of the curve.",
    )  # fmt: skip
    if ranking == BEST and own is not None and (sites.mean(own.astype(float)) > 0.5).sum() == kept:
        return sites.mean(own.astype(float)) > 0.5, OWN
    name = named(curve, ranking, kept)
    return keeping(order_of(curve, name, sites), sites, kept), name


def limited(sites: Sites, curve: Curve, ranking: str) -> tuple[np.ndarray, str]:
    """[R] mask by what may be spent, and the ranking it is from."""
    whole, least = float(sites.cost.sum()), float(max(sites.cost[sites.on].sum(), sites.cost.min()))
    st.session_state.setdefault("plan cost", round(whole / 2, 2))
    budget = st.slider("Cost of the kept sensors", least, whole, key="plan cost", help=f"All together cost {whole:g}.")
    spending = copy(sites)
    spending.options = sites.options.model_copy(update={"budget": float(budget)})
    room(spending)
    name = named(curve, ranking, round(sites.count * budget / whole))
    return chosen(order_of(curve, name, sites), spending), name


def named(curve: Curve, ranking: str, kept: int) -> str:
    """The ranking itself where the best is asked for."""
    return (curve.best_at(kept) or next(iter(curve.orders), OWN)) if ranking == BEST else ranking


def order_of(curve: Curve, name: str, sites: Sites) -> np.ndarray:
    """[R] sites in the ranking's order."""
    return np.array(curve.orders.get(name, range(sites.count)), int)
