"""A run lives apart from the page: reload, second visitor, keys, zoom, a server that goes away and comes back."""

import os
import signal
import time
from collections.abc import Callable, Iterator

import pytest
from browsing import Browse, Server, badge, figure, patience, settled

from stcore.processes import worker
from stcore.runs import Run, create

pytestmark = pytest.mark.browser
LONG = {"train": {"epochs": 2000, "threads": 1}, "model": {"width": 16}, "prune": {"name": "st-prune", "keep": 0.5}}


def until(truth: Callable[[], object], what: str, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not truth():
        assert time.monotonic() < end, f"waited in vain until {what}"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def shared(server: Server) -> Iterator[Run]:
    """A run that trains in a process of its own; ended after the last test."""
    run = create("demo", LONG, server.runs)
    yield run
    run.control("stop")
    until(lambda: not run.locked, "it has stopped", 20)


@pytest.fixture
def long_run(shared: Run) -> Run:
    """The same run, at work and with an epoch behind it."""
    if not shared.locked:
        worker.start(shared)
    until(lambda: shared.epochs() and shared.status == "running", "it trains")
    return shared


def done(page) -> int:
    return int(figure(page, "Epochs done").split(" ")[0])


def epochs_shown(chart) -> list[str]:
    """The labels of the axis of epochs."""
    return chart.locator(".role-axis-label").first.locator("text").all_text_contents()


def test_reload_and_a_second_visitor_find_the_run_and_steer_it(browse: Browse, long_run: Run) -> None:
    first = browse()
    page = first.open(f"/?run={long_run.id}")
    badge(page, "Running")
    before = done(page)
    page.reload()
    settled(page)
    badge(page, "Running")
    until(lambda: done(page) > before, "epochs go on after the reload")
    other = browse("dark").open(f"/?run={long_run.id}")
    badge(other, "Running")
    other.get_by_role("button", name="Pause").click()
    badge(other, "Paused")
    badge(page, "Paused")
    still = len(long_run.epochs())
    page.wait_for_timeout(1500)
    assert len(long_run.epochs()) == still, "a paused run does nothing"
    page.locator("body").press("s")  # one epoch, then pause again
    until(lambda: len(long_run.epochs()) == still + 1 and long_run.status == "paused", "one step is taken")
    badge(page, "Paused")
    page.locator("body").press("p")
    badge(page, "Running")
    page.locator(".st-key-run-header").get_by_role("button", name="Stop").click()
    badge(page, "Stopped")
    badge(other, "Stopped")
    other.get_by_role("button", name="Resume from epoch").click()
    badge(other, "Starting")
    badge(other, "Running")
    badge(page, "Running")


@pytest.mark.slow
def test_epochs_come_within_a_second_and_a_half_and_leave_the_zoom_alone(browse: Browse, long_run: Run) -> None:
    page = browse().open(f"/?run={long_run.id}")
    badge(page, "Running")
    chart = page.get_by_test_id("stVegaLiteChart").first
    chart.locator("svg").wait_for()
    box = chart.bounding_box()
    assert box
    whole = epochs_shown(chart)
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.keyboard.down("Shift")
    for _ in range(4):
        page.mouse.wheel(0, -200)
    page.keyboard.up("Shift")
    chart.evaluate("element => element.marked = true")
    zoomed = epochs_shown(chart)
    assert zoomed and zoomed != whole, "the wheel zooms"
    late = []
    for _ in range(5):
        told = len(long_run.epochs())
        until(lambda told=told: len(long_run.epochs()) > told, "another epoch")
        began = time.monotonic()
        until(lambda told=told: done(page) > told, "the page shows it", 10)
        late.append(time.monotonic() - began)
    assert sorted(late)[2] <= patience(1.5), late
    assert epochs_shown(chart) == zoomed, "the zoom stays"
    assert chart.evaluate("element => element.marked"), "the chart is the same element"


@pytest.mark.slow
def test_a_run_survives_the_server_and_the_tab_finds_it_again(browse: Browse, server: Server, long_run: Run) -> None:
    page = browse().open(f"/?run={long_run.id}")
    badge(page, "Running")
    before, worker = done(page), long_run.worker_process
    server.stop()
    told = len(long_run.epochs())
    until(lambda: len(long_run.epochs()) > told, "training goes on without the server")
    server.start()
    until(lambda: done(page) > before, "the tab, untouched, shows later epochs")
    badge(page, "Running")
    assert long_run.worker_process == worker and long_run.locked


@pytest.mark.slow
def test_a_killed_worker_is_shown_and_goes_on_from_its_last_epoch(browse: Browse, long_run: Run) -> None:
    page = browse().open(f"/?run={long_run.id}")
    badge(page, "Running")
    assert long_run.worker_process
    os.kill(long_run.worker_process, signal.SIGKILL)
    began = time.monotonic()
    badge(page, "Interrupted")
    assert time.monotonic() - began < 5
    told = len(long_run.epochs())
    page.get_by_role("button", name=f"Resume from epoch {told + 1}").click()
    badge(page, "Running")
    until(lambda: len(long_run.epochs()) > told, "it goes on")
    assert [event["epoch"] for event in long_run.epochs()] == list(range(len(long_run.epochs())))
