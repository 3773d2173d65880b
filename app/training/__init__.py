"""The parts of the Train view."""
