"""Distillation: a small dataset that trains models like the big one.

One method a file. Their cards stand in ``cards``, apart from the code: listing methods loads no torch.
"""

from stcore.distil.cards import CARDS

__all__ = ["CARDS"]
