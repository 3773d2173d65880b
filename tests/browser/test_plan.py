"""The plan in a real browser: the slider is answered in a moment, a click on the map switches a sensor, the zoom stays."""

import time

import numpy as np
import pytest
from browsing import MAP, Browse, Server, like, patience, picture
from planning import masked_run
from playwright.sync_api import Page, expect

from stcore.charts.theme import LIGHT

pytestmark = pytest.mark.browser


def kept(page: Page) -> str:
    return page.get_by_test_id("stMetricValue").nth(3).inner_text()


def changed(page: Page, before: str, seconds: float = 10) -> float:
    began = time.monotonic()
    while kept(page) == before and time.monotonic() - began < seconds:
        page.wait_for_timeout(20)
    return time.monotonic() - began


@pytest.mark.slow
def test_slider_and_click_are_answered_live(browse: Browse, server: Server) -> None:
    run = masked_run(server.runs, "planned", {"name": "any"})
    page = browse().open(f"/sensors?run={run.id}&section=plan")
    slider = page.get_by_role("slider", name="Sensors kept")
    slider.wait_for(timeout=60_000)
    expect(page.get_by_text("Drawing the curve")).to_have_count(0, timeout=60_000)
    waits = []
    for key in ("Home", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight"):
        before = kept(page)
        slider.press(key)
        waits.append(changed(page, before))
        page.wait_for_timeout(300)
    # most of it is the browser's, on software graphics
    assert sorted(waits[1:])[1] < patience(1.5), f"the slider is slow: {waits}"

    before, pixels = kept(page), picture(page)
    box = page.get_by_test_id(MAP).bounding_box()
    heights, widths = np.nonzero(like(pixels, LIGHT.kept))
    assert box and len(heights), "no kept sensor is drawn"
    middle = len(heights) // 2
    page.mouse.click(box["x"] + float(widths[middle]), box["y"] + 40 + float(heights[middle]))
    assert changed(page, before) < 10 and kept(page) != before
    page.get_by_role("button", name="Undo the one switched by hand").click()
    changed(page, kept(page))
    assert kept(page) == before
