"""The newcomer's path: open, start the small run, watch it finish, look at one of its windows."""

import re

import pytest
from browsing import Browse, badge, figure, settled, varied
from cases import mostly_slow

pytestmark = pytest.mark.browser


def test_open_start_watch_finish_and_click_a_window(browse: Browse) -> None:
    page = browse().open()
    assert page.title() == "Winnow"
    assert figure(page, "Test MAE").endswith("km/h")  # the demo run, before anything is done
    page.get_by_role("button", name="Train a small one live").click()
    badge(page, "Starting")
    badge(page, "Running")
    page.get_by_test_id("stVegaLiteChart").locator("svg").first.wait_for()
    assert "run=" in page.url
    badge(page, "Finished", 120)
    settled(page)
    assert figure(page, "Test MAE").endswith("km/h") and figure(page, "Visits saved") == "50.0 %"
    page.get_by_role("link", name="Samples").click()
    settled(page)
    assert re.search("run=", page.url), "the run stays chosen"
    chart = page.get_by_test_id("stPlotlyChart").first
    chart.wait_for()
    box = chart.bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.45)
    page.wait_for_url("**sample=**")
    settled(page)
    assert varied(page.screenshot())


@pytest.mark.parametrize("theme", mostly_slow(["light", "dark"], ["dark"]))
def test_the_first_page_shows_curves_in_both_themes(browse: Browse, theme: str) -> None:
    page = browse(theme).open()
    charts = page.get_by_test_id("stVegaLiteChart").locator("svg")
    charts.nth(1).wait_for()
    marks = charts.first.locator(".mark-line path")
    assert marks.count() >= 2 and varied(page.screenshot())
    background = page.evaluate("getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor")
    dark = sum(map(int, re.findall(r"\d+", background)[:3])) < 200
    assert dark == (theme == "dark")
