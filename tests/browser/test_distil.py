"""Distilling in a real browser: watched live, paused and resumed, and at the end its clusters are on the map."""

import numpy as np
import pytest
from browsing import Browse, Server, like, picture, settled
from distillations import SMALL
from playwright.sync_api import expect
from running import until
from tiny import tiny

from stcore.charts.theme import LIGHT
from stcore.processes import worker
from stcore.runs import create_distillation

pytestmark = pytest.mark.browser


@pytest.mark.slow
def test_it_is_watched_paused_and_ends_with_its_clusters_on_the_map(browse: Browse, server: Server) -> None:
    tiny(400, 12).save(file := server.runs / "distilled-tiny.nc")
    options = SMALL | {"distil": SMALL["distil"] | {"rounds": 40, "steps": 10, "check": 20}}
    run = create_distillation(file, options, server.runs, "watched")
    worker.start(run)
    until(lambda: any(event["event"] == "epoch" for event in run.events()), "its first round")
    run.control("pause")  # before the page is there, which on a busy machine may take longer than all rounds
    visitor = browse(width=1280)
    page = visitor.open(f"/distil?distillation={run.id}")
    bar = page.locator(".st-key-distillation-header")
    stop = bar.get_by_role("button", name="Stop")
    bar.get_by_text("Paused").wait_for(timeout=60_000)
    settled(page)
    assert (box := stop.bounding_box()) and box["x"] + box["width"] <= 1280, "no button is beyond the edge"
    page.get_by_text("Paused in round").wait_for()
    bar.get_by_role("button", name="Resume").click()
    bar.get_by_text("Finished").wait_for(timeout=120_000)
    settled(page)
    expect(page.get_by_text("Window 1", exact=True)).to_be_visible(timeout=60_000)
    page.get_by_text("Clusters of sensors", exact=True).wait_for(timeout=60_000)
    page.get_by_test_id("stDeckGlJsonChart").scroll_into_view_if_needed()
    pixels = picture(page)
    colours = [colour for colour in LIGHT.runs if np.count_nonzero(like(pixels, colour)) > 20]
    assert len(colours) >= 3, "clusters are drawn in colours of their own"
    assert visitor.broken == []
