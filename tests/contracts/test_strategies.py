"""Every registered pruning strategy against the contract of ``stcore.testing``, and the contract against broken ones."""

import numpy as np
import pytest

from stcore import registry
from stcore.prune.dynamic import Dynamic
from stcore.prune.epsilon_greedy import EpsilonGreedy, EpsilonGreedyOptions
from stcore.prune.random import Random
from stcore.prune.schedule import BudgetOptions, EvenOptions
from stcore.prune.strategy import Selection
from stcore.registry import Card
from stcore.testing import BrokenPromise, Promise, check_strategy
from stcore.testing.strategies import strategy_promises
from stcore.testing.trials import StrategyTrial, run_pilot, train

CASES = [
    pytest.param(promise, id=f"{name}-{promise.name}")
    for name, card in registry.cards("strategies").items()
    for promise in strategy_promises(card)
]


@pytest.mark.parametrize("promise", CASES)
def test_it_keeps_its_promise(promise: Promise) -> None:
    promise.hold()


def test_half_the_methods_do_not_claim_to_be_unbiased() -> None:
    claims = {name: StrategyTrial(card).unbiased for name, card in registry.cards("strategies").items()}
    assert {name for name, claim in claims.items() if claim == "sum"} == {"full", "infobatch", "st-prune"}
    assert {name for name, claim in claims.items() if claim == "mean"} == {"random", "static-random"}


# ---- the contract sees what is broken -----------------------------------------------------------------------------------
class Unsorted(Random):
    def select(self, epoch: int) -> Selection:
        indices, weights = super().select(epoch)
        return Selection(indices[::-1], weights)


class Greedy(Random):
    def select(self, epoch: int) -> Selection:
        indices, weights = super().select(epoch)
        return Selection(indices[: len(indices) // 2 + 1], weights[: len(indices) // 2 + 1])


class Forgetful(EpsilonGreedy):
    arrays = ("scores",)


class Fickle(Dynamic):
    calls = 0

    def generator(self, epoch: int) -> np.random.Generator:
        type(self).calls += 1
        return np.random.default_rng(type(self).calls)


class Leaning(EpsilonGreedy):
    unbiased = "mean"


class Seedless(Random):
    def generator(self, epoch: int) -> np.random.Generator:
        return np.random.default_rng(epoch)


class Colourful(Random):
    needs = ("colour",)


class Once(Random):
    decides = "once"


class Infinite(Random):
    def score(self) -> np.ndarray:
        return np.full(len(self.scores), np.inf)


@pytest.mark.parametrize(
    ("broken", "options", "words"),
    [
        (Unsorted, EvenOptions, "do not ascend"),
        (Greedy, EvenOptions, "met within 1 %"),
        (Forgetful, EpsilonGreedyOptions, "holds all that resuming needs"),
        (Fickle, BudgetOptions, "Equal seeds and equal errors"),
        (Leaning, EpsilonGreedyOptions, "is the full gradient"),
        (Seedless, EvenOptions, "by_chance = False"),
        (Colourful, EvenOptions, "colour are none of error"),
        (Once, EvenOptions, "What is chosen once stays"),
        (Infinite, EvenOptions, "a score is infinite"),
    ],
)
def test_a_broken_promise_is_named(broken: type, options: type, words: str) -> None:
    card = Card("broken", "Breaks one promise.", "these tests", f"{__name__}:{broken.__name__}", options)
    with pytest.raises(BrokenPromise, match="The strategy 'broken' breaks a promise") as refused:
        check_strategy(card)
    assert words in str(refused.value)


def test_a_card_that_cannot_be_loaded_is_named() -> None:
    with pytest.raises(BrokenPromise, match=r"can be loaded and made.*ModuleNotFoundError"):
        check_strategy(Card("absent", "Is not there.", "these tests", "no_such_package:Nothing"))
    with pytest.raises(ValueError, match="there is no 'nobody' among the strategies"):
        check_strategy("nobody")


def test_a_card_is_taken_as_it_is_however_many_have_its_name() -> None:
    check_strategy(Card("full", "Random, in truth.", "these tests", "stcore.prune.random:Random", EvenOptions))
    assert registry.card("strategies", "full").target == "stcore.prune.full:Full"


def test_a_trial_runs_pilots_and_refreshes() -> None:
    trial = StrategyTrial(registry.card("strategies", "el2n"))
    strategy = run_pilot(trial.make(100, keep=0.1), np.arange(100.0))
    assert strategy.select(0).indices.tolist() == list(range(90, 100))
    assert len(train(trial.make(100))) == 12
