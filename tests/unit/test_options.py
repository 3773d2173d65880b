"""Options, registry, findings."""

import pytest

from stcore import registry
from stcore.options import DataOptions, OptionError, RunOptions, TrainOptions, merge, parse_assignments
from stcore.registry import KINDS, Card


def test_an_unknown_option_is_answered_with_the_known() -> None:
    with pytest.raises(OptionError, match="no option 'epoch'; known are epochs"):
        TrainOptions.read({"epoch": 3})


@pytest.mark.parametrize("values", [{"epochs": 0}, {"lr": -1}, {"epochs": "many"}, {"optimizer": "sgd"}])
def test_a_bad_value_says_which_and_what_it_was(values: dict[str, object]) -> None:
    with pytest.raises(OptionError, match=next(iter(values))):
        TrainOptions.read(values)


def test_splits_have_to_sum_to_one() -> None:
    assert DataOptions.read({"split": "0.6,0.2,0.2"}).split == (0.6, 0.2, 0.2)
    with pytest.raises(OptionError, match="sum to 1"):
        DataOptions.read({"split": [0.6, 0.2, 0.3]})


def test_set_reaches_nested_options() -> None:
    tree = parse_assignments(["model.width=32", "train.milestones=1,50", "prune.keep=0.5", "data.targets=speed"])
    options = RunOptions.read(tree)
    assert options.model == {"width": 32} and options.train.milestones == [1, 50] and options.data.targets == ["speed"]
    with pytest.raises(OptionError, match="name=value"):
        parse_assignments(["model"])
    with pytest.raises(OptionError, match="goes through"):
        parse_assignments(["model=stid", "model.width=3"])


def test_names_that_look_like_numbers_are_names() -> None:
    from stcore.sensors.options import MaskOptions

    assert MaskOptions.read(parse_assignments(["on=773869"])).on == ["773869"]
    assert MaskOptions.read({"off": [773869, "a"]}).off == ["773869", "a"]
    with pytest.raises(OptionError):
        MaskOptions.read({"on": [1.5]})


def test_merging_lays_later_values_on_top() -> None:
    assert merge({"a": {"b": 1, "c": 2}, "d": 3}, {"a": {"b": 9}}, {"d": {"e": 1}}) == {
        "a": {"b": 9, "c": 2},
        "d": {"e": 1},
    }


@pytest.mark.parametrize("kind", KINDS)
def test_every_card_is_complete(kind: registry.Kind) -> None:
    for name, card in registry.cards(kind).items():
        assert name == card.name == name.lower() and " " not in name
        assert card.summary.endswith(".") and card.source
        assert card.load() is not None
        for option in card.options.describe():
            assert option["help"].endswith("."), (name, option)


def test_the_fields_own_names_are_registered() -> None:
    assert {"persistence", "seasonal-naive", "dlinear", "stid"} <= set(registry.cards("models"))
    assert {"full", "random", "infobatch", "st-prune"} <= set(registry.cards("strategies"))


def test_an_unknown_name_is_answered_with_the_known() -> None:
    with pytest.raises(ValueError, match="no 'stidd' among the models: persistence"):
        registry.card("models", "stidd")


def test_two_of_one_name_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Point:
        @staticmethod
        def load() -> Card:
            return Card("full", "Mine.", "me", "x:Y")

    monkeypatch.setattr(registry, "entry_points", lambda group: [Point])
    registry.forget()
    with pytest.raises(ValueError, match="two strategies are called 'full'"):
        registry.cards("strategies")
    registry.forget()
