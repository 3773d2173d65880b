"""What the cards of models say of their size is true."""

import numpy as np
import pytest

from stcore import registry
from stcore.models import Setting

TRAINED = [card for card in registry.cards("models").values() if card.trains]
SENSORS = 207


def reference() -> Setting:
    """The setting of ``registry.REFERENCE``, on a grid for those that need one."""
    start = np.arange(SENSORS)
    places = np.stack([34 + start / 1000, -118 + start / 1000], axis=1)
    profile = np.zeros((SENSORS, 48), np.float32)
    edges = start, np.roll(start, 1), np.ones(SENSORS)
    return Setting(12, 12, SENSORS, 1, 1, 288, (9, 23), start, edges, places, profile)


@pytest.mark.parametrize("card", TRAINED, ids=lambda card: card.name)
def test_parameters_are_counted_right(card: registry.Card) -> None:
    model = card.load()(reference(), card.options())
    assert card.parameters == sum(parameter.numel() for parameter in model.parameters())


@pytest.mark.parametrize("card", TRAINED, ids=lambda card: card.name)
def test_size_and_speed_are_listed_with_what_they_refer_to(card: registry.Card) -> None:
    told = card.to_json()
    assert told["parameters"] > 0 and told["speed"] > 0 and "207 sensors" in told["reference"]


def test_only_what_is_trained_has_a_size() -> None:
    assert "parameters" not in registry.card("models", "persistence").to_json()
    assert "parameters" not in registry.card("strategies", "full").to_json()
