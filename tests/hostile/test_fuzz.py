"""Spoilt variants of a file of every format: each ends in data or in a sentence, never in a crash or a hang.

Forty a format by default, always the same; two hundred with ``--all``, others each day.
"""

from pathlib import Path

import pytest
from _pytest.mark import ParameterSet
from data_samples import EVERY
from fuzzing import campaign

FEW, MANY = 40, 200
CRASHES = {
    "grib"
}  # its library ends the process on some bytes; such a file is only ever read by a child process, see test_apart.py


def case(place: int) -> ParameterSet:
    """A format; of that whose every opening takes a quarter of a second the variants are slow."""
    return pytest.param(place, marks=[pytest.mark.slow] if EVERY[place][0] == "weatherbench" else [])


NAMES = [f"{name}-{sample.name}" for name, sample in EVERY]


@pytest.mark.parametrize("place", [case(place) for place in range(len(EVERY))], ids=NAMES)
def test_spoilt_files_end_in_data_or_in_words(place: int, everything: bool, seed: int, tmp_path: Path) -> None:
    if EVERY[place][0] in CRASHES:
        pytest.skip("the library that reads it ends its process on some damaged bytes")
    of_its_format = sum(name == EVERY[place][0] for name, _ in EVERY)
    count = -(-(MANY if everything else FEW) // of_its_format)
    found = campaign(place, tmp_path / "fuzz", count, seed)
    assert found.refused, "nothing was spoilt"
