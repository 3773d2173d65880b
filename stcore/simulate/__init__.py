"""The demo city: Ringstadt, simulated, with everything that was planted in it written down."""

from stcore.simulate.dataset import simulate, write

__all__ = ["simulate", "write"]
