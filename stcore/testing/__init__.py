"""Contracts for things from other packages: ``check_strategy(card)`` and the like, as scikit-learn has ``check_estimator``.

Each takes a card, or the name of an installed one, and checks all that things of its kind promise. A BrokenPromise names the
promise and what was seen. The modules of the kinds give the promises one by one, such as
``stcore.testing.strategies.strategy_promises(card)`` for ``pytest.mark.parametrize``.
"""

from stcore.testing.distillers import check_distiller
from stcore.testing.masks import check_mask
from stcore.testing.models import check_model
from stcore.testing.promise import BrokenPromise, Promise
from stcore.testing.readers import Example, check_reader
from stcore.testing.strategies import check_strategy

__all__ = [
    "BrokenPromise",
    "Example",
    "Promise",
    "check_distiller",
    "check_mask",
    "check_model",
    "check_reader",
    "check_strategy",
]
