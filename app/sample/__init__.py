"""The parts of the Samples view."""
