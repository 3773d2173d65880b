"""Distillation: a small dataset that trains models like the large one.

Each distiller is one file. The cards are in ``cards``, apart from the code, so that listing distillers loads no torch.
"""

from stcore.distil.cards import CARDS

__all__ = ["CARDS"]
