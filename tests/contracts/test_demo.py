"""The demo opens by its name, fast, with its truth and its layers."""

import time

import stcore.readers as readers


def test_the_demo_opens() -> None:
    readers.open("demo")
    begun = time.process_time()
    data = readers.open("demo")
    assert time.process_time() - begun < 0.5
    assert data.values.shape[:2] == (8064, 120)
    assert data.simulated
    assert "simulated" in data.title.lower()
    assert data.layers
    assert data.edges is not None
    assert data.locations is not None
    assert data.step_seconds == 300
    assert "incident_start" in data.ds
