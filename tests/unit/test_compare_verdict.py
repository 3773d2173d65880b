"""Every branch of the verdict: the answer, its reason, and what has to be known beside it."""

from dataclasses import replace

import numpy as np
import pytest

from stcore.evidence.intervals import Interval
from stcore.evidence.verdict import Figures, compare_in_words, seeds_needed, verdict


def around(estimate: float, half: float, **other: float | None) -> Interval:
    known = {
        "error": half / 2,
        "seed_error": half / 2,
        "time_error": 0.0,
        "seeds": 5,
        "blocks": 30,
        "block_hours": 24.0,
    }
    return Interval(estimate, estimate - half, estimate + half, **(known | other))  # type: ignore[arg-type]


WON = Figures("ST-Prune", 0.5, around(0.004, 0.002), around(-0.011, 0.003), around(0.015, 0.003), -0.4, 0.01)


def test_the_sentence_of_the_field() -> None:
    answer, sentence = verdict(WON)
    assert answer == "worth it"
    assert sentence == (
        "At 50 % of the visits ST-Prune lost 0.4 % +- 0.2 against full training and won 1.1 % +- 0.3 "
        "against full training at equal visits: worth it here."
    )


@pytest.mark.parametrize(
    ("change", "answer", "said"),
    [
        ({"against_equal": None}, "cannot be told", "as full training at equal visits was not run"),
        ({"against_equal": around(0.011, 0.003)}, "not worth it", "as simply training less does better"),
        (
            {"against_equal": around(0.001, 0.003)},
            "not worth it",
            "as simply training less does as well (within 0.5 %)",
        ),
        ({"against_equal": around(-0.004, 0.006)}, "cannot be told", "seeds would be needed"),
        ({"against_equal": around(-0.004, np.nan)}, "cannot be told", "too short for an interval"),
        ({"longer_than_full": 0.1}, "not worth it", "took longer than full training and is not clearly better"),
        ({"longer_than_full": 0.1, "against_full": None}, "not worth it", "took longer than full training"),
        ({"longer_than_full": 0.1, "against_full": around(-0.01, 0.002)}, "worth it", "saves visits, but no time"),
        ({"longer_than_full": None, "longer_than_equal": None}, "worth it", "worth it here."),
        ({"longer_than_equal": 0.123}, "worth it", "12.3 % longer than full training at equal visits, scoring"),
        ({"equal_against_full": around(0.001, 0.003)}, "worth it", "then nothing needs pruning"),
        ({"equal_against_full": around(-0.02, 0.003)}, "worth it", "50 % of the visits is as good as at all of them"),
        ({"against_full": None}, "worth it", "ST-Prune won 1.1 % +- 0.3 against full training at equal visits"),
        ({"against_full": None, "against_equal": None}, "cannot be told", "was not compared with anything"),
        ({"against_equal": around(-0.01, 0.002, seed_error=None, seeds=1)}, "worth it", "Only one seed was run"),
    ],
)
def test_each_answer_has_its_reason(change: dict, answer: str, said: str) -> None:
    found = verdict(replace(WON, **change))
    assert found.answer == answer
    assert f"{answer} here" in found.sentence
    assert said in found.sentence


@pytest.mark.parametrize("equal", [around(0.001, 0.006), around(0.015, 0.003), None, around(0.0, np.nan)])
def test_pruning_is_not_called_needless_without_proof(equal: Interval | None) -> None:
    assert "nothing needs pruning" not in verdict(replace(WON, equal_against_full=equal)).sentence


def test_little_longer_is_not_longer() -> None:
    assert "longer" not in verdict(replace(WON, longer_than_full=0.01, longer_than_equal=0.02)).sentence


def test_outcomes_in_words() -> None:
    assert compare_in_words(around(-0.011, 0.003), "x") == "won 1.1 % +- 0.3 against x"
    assert compare_in_words(around(0.011, 0.003), "x") == "lost 1.1 % +- 0.3 against x"
    assert compare_in_words(around(0.011, 0.03), "x") == "could not be told from x (+1.1 % +- 3.0)"
    assert compare_in_words(around(-0.0004, 0.03), "x") == "could not be told from x (+0.0 % +- 3.0)"
    assert compare_in_words(around(-0.0042, 0.0004), "x") == "won 0.42 % +- 0.04 against x"
    assert compare_in_words(around(0.011, np.nan), "x") == "differed by +1.1 % (no interval) from x"


def test_how_many_seeds_it_would_take() -> None:
    few = around(-0.01, 0.012, seed_error=0.01, seeds=3)
    assert seeds_needed(few) == "about 14 seeds would be needed"  # t(13) 0.01 sqrt(3 / 14) = 0.0100 < log 0.99
    assert "more than 100" in seeds_needed(around(-0.0001, 0.01))
    assert "more seeds alone would not tell" in seeds_needed(around(-0.004, 0.006, time_error=0.003))
    assert "train at least 3" in seeds_needed(around(-0.004, 0.006, seed_error=None, seeds=1))
