"""Masks over sensors on plain arrays, one a file: a file that holds a ``CARD`` is one, nothing else to do."""

from stcore.registry import discovered

ORDER = (
    *("none", "dynst", "any", "best", "random", "farthest-first", "variance", "coverage"),
    *("conditional-variance", "predictive", "degree", "gradient", "given"),
)

CARDS = discovered(__name__, __path__, ORDER)
