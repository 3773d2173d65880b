"""The demo city: Ringstadt, a simulation whose incidents, copies and faults are known and written with the data."""

from stcore.simulate.dataset import simulate, write

__all__ = ["simulate", "write"]
