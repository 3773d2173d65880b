"""How alike runs chose: the overlap of what they kept, epoch by epoch."""

import numpy as np
import pandas as pd
import streamlit as st

from app.session import current_theme, trace
from stcore.charts import curves
from stcore.diagnostics.replay import by_chance, overlaps
from stcore.runs import Run

MEANING = (
    "Of all windows that either run kept in an epoch, the share that both kept (Jaccard). At 100 % they chose the same; at the "
    "dashed line of chance they have nothing in common but their sizes. Epochs in which both kept everything are left out."
)
CHANCE = "chance · A and {}"


def show_overlap(runs: dict[str, Run]) -> None:
    """Every run's overlap with the first; nothing for one that kept all, whose overlap is chance by definition."""
    (first, baseline), *others = runs.items()
    tables: dict[str, pd.DataFrame] = {}
    for name, run in others:
        found = overlap_table(baseline, run)
        if found is not None and len(found) and not np.allclose(found["overlap"], found["chance"]):
            tables[f"{name[:1]} · {name[4:]}"] = found[["epoch", "overlap"]]
            tables[CHANCE.format(name[:1])] = found[["epoch", "chance"]].rename(columns={"chance": "overlap"})
    if not tables:
        return
    st.markdown(f"**What they kept alike with {first[:1]}**", help=MEANING)
    figure = curves.overlaid(tables, "overlap", "overlap of kept windows (Jaccard)", current_theme())
    st.altair_chart(figure, key="compare overlap", alt="Overlap of the kept windows by epoch, beside chance")
    whole = pd.concat({name: frame.set_index("epoch")["overlap"] for name, frame in tables.items()}, axis=1)
    st.download_button("Overlap as CSV", lambda: whole.to_csv(), "overlap.csv", "text/csv", on_click="ignore")


def overlap_table(one: Run, other: Run) -> pd.DataFrame | None:
    """Columns epoch, overlap, chance of the epochs in which either left something out; None where windows differ.

    Of runs on cells only shares of windows are recorded, so there is none of them either.
    """
    first, second = trace(one), trace(other)
    same = one.spec["data"]["fingerprint"] == other.spec["data"]["fingerprint"]
    if not same or not np.array_equal(first["start"].values, second["start"].values):
        return None
    epochs = min(first.sizes["epoch"], second.sizes["epoch"])
    if not epochs or first["kept"].dtype != bool or second["kept"].dtype != bool:
        return None
    kept, beside = first["kept"].values[:epochs], second["kept"].values[:epochs]
    pruned = ~(kept.all(axis=1) & beside.all(axis=1))
    frame = {"epoch": np.arange(1, epochs + 1), "overlap": overlaps(kept, beside), "chance": by_chance(kept, beside)}
    return pd.DataFrame(frame)[pruned]
