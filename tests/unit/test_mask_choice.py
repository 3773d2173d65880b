"""How an order of worth becomes a mask: forced sensors, connected parts, room and budget."""

import numpy as np
import pytest
from sites import begun, sites, with_values

from stcore.options import OptionError
from stcore.sensors.choose import allowance, mask_by_order
from stcore.sensors.options import MaskOptions
from stcore.sensors.sites import Sites


# ---- from an order to a mask -------------------------------------------------------------------------------------------
def test_ties_in_worth_are_decided_by_position() -> None:
    values = np.tile(np.random.default_rng(0).normal(size=(100, 1)), 6)
    assert (
        begun("variance", with_values(values), sparsity=0.5, connected=False).keep.tolist() == [True] * 3 + [False] * 3
    )


def test_what_does_not_fit_is_passed_over() -> None:
    known = sites(4, costs=["s0=5", "s1=4", "s2=2", "s3=1"], budget=6, connected=False)
    assert mask_by_order(np.arange(4), known).tolist() == [True, False, False, True]
    assert mask_by_order(np.array([1, 0, 2, 3]), known).tolist() == [False, True, True, False]


def test_the_way_to_a_budget_is_the_way_to_the_sparsity() -> None:
    known = sites(4, costs=["s0=5", "s1=4", "s2=2", "s3=1"], budget=6, sparsity=0.5)
    assert [allowance(known, sparsity) for sparsity in (0.0, 0.25, 0.5)] == [12, 9, 6]
    assert allowance(known) == 6
    plain = sites(10, sparsity=0.5)
    assert [allowance(plain, sparsity) for sparsity in (0.0, 0.25, 0.5)] == [10, 8, 5]


def test_large_parts_come_first_where_there_is_not_room_for_all() -> None:
    edges = {"edge_from": np.array([1, 2, 3, 5]), "edge_to": np.array([2, 1, 4, 4]), "edge_weight": np.ones(4)}
    data = with_values(np.random.default_rng(0).normal(size=(100, 6)), **edges)  # parts {0}, {1, 2}, {3, 4, 5}
    for count, expected in ((1, [3]), (2, [1, 3]), (3, [0, 1, 3]), (4, [0, 1, 2, 3])):
        known = Sites(data, MaskOptions.read({"sparsity": 1 - count / 6}))
        assert np.flatnonzero(mask_by_order(np.arange(6), known)).tolist() == expected
    free = Sites(data, MaskOptions.read({"sparsity": 0.5, "connected": False}))
    assert np.flatnonzero(mask_by_order(np.arange(6), free)).tolist() == [0, 1, 2]


def test_forced_sensors_go_before_everything() -> None:
    known = sites(6, sparsity=0.5, on=["s5"], off=["s0"])
    assert np.flatnonzero(mask_by_order(np.arange(6), known)).tolist() == [1, 2, 5]
    with pytest.raises(OptionError, match="need 4, more than the 3"):
        allowance(sites(6, sparsity=0.5, on=["s0", "s1", "s2", "s3"]))


def test_keeping_gaps_instead_of_readings_is_told() -> None:
    values = np.random.default_rng(0).normal(size=(100, 6))
    values[:60, :2] = np.nan
    told = [
        note for note in begun("variance", with_values(values), sparsity=0.5, on=["s0", "s1"]).notes if "miss" in note
    ]
    assert len(told) == 1 and told[0].startswith("2 of the sensors that stay on") and "while 3 of those" in told[0]
    assert not begun("variance", with_values(values), sparsity=0.5, off=["s0", "s1"]).notes


def test_where_the_first_of_a_part_is_too_dear_the_next_stands_for_it() -> None:
    """Two rings of three; what ranks first in the second one costs more than there is."""
    start = np.array([0, 1, 2, 3, 4, 5])
    edges = {"edge_from": start, "edge_to": np.array([1, 2, 0, 4, 5, 3]), "edge_weight": np.ones(6)}
    data = with_values(np.random.default_rng(0).normal(size=(100, 6)), **edges)
    found = Sites(data, MaskOptions.read({"budget": 3, "costs": ["s3=9"]}))
    keep = mask_by_order(np.array([3, 0, 1, 2, 4, 5]), found)
    assert keep.tolist() == [True, True, False, False, True, False]
