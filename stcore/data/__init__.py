"""One validated dataset, STData, and what is cut from it: windows, scales, graphs and metrics."""

from stcore.data.stdata import RULES, Layers, STData

__all__ = ["RULES", "Layers", "STData"]
