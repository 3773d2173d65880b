"""Live sample pruning on plain arrays, one strategy a file: a file that holds a ``CARD`` is one, nothing else to do."""

from stcore.registry import discovered

ORDER = (
    *("full", "random", "infobatch", "st-prune", "epsilon-greedy", "ucb", "seta", "repb"),
    *("static-random", "stride", "el2n", "grand", "forgetting", "k-center", "herding", "craig"),
)

CARDS = discovered(__name__, __path__, ORDER)
