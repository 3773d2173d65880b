"""The demo opens by its name, fast, with its truth and its layers."""

import time

import stcore.readers as readers


def test_the_demo_opens() -> None:
    took = []
    for _ in range(4):  # the first brings what is imported late; of the others the quickest is the machine's own
        begun = time.process_time()
        data = readers.open("demo")
        took.append(time.process_time() - begun)
    assert min(took) < 0.5
    assert data.values.shape[:2] == (8064, 120)
    assert data.simulated
    assert "simulated" in data.title.lower()
    assert data.layers
    assert data.edges is not None
    assert data.locations is not None
    assert data.step_seconds == 300
    assert "incident_start" in data.ds
