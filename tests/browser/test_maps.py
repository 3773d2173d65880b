"""Maps in a real browser: they draw without internet, keep their zoom while the numbers change, and answer to clicks."""

from pathlib import Path

import numpy as np
import pytest
from browsing import MAP, ROOT, Browse, like, picture, settled, varied
from playwright.sync_api import Browser, Page

from stcore.charts.theme import theme_of as tokens
from stcore.runs import open_run

pytestmark = pytest.mark.browser


def chosen(page: Page) -> str:
    return page.locator(".st-key-sensor-list, .st-key-sensor_list").locator("input").input_value()


@pytest.mark.parametrize("name", ["light", pytest.param("dark", marks=pytest.mark.slow)])
def test_the_city_is_drawn_under_its_sensors_in_both_themes(browse: Browse, name: str) -> None:
    page = browse(name).open("/sensors")
    pixels, theme = picture(page), tokens(name)
    assert like(pixels, theme.land).mean() > 0.15, "the districts are missing"
    assert like(pixels, theme.sea).mean() > 0.002, "the river is missing"
    assert like(pixels, theme.road).mean() > 0.002, "the roads are missing"
    assert like(pixels, theme.sequential[-1]).any(), "no sensor at the top of the scale"


@pytest.mark.slow
def test_zoom_is_kept_while_it_plays_and_a_click_chooses_a_sensor(browse: Browse) -> None:
    page = browse().open("/sensors?sensor=R1-in-1")
    road = tokens("light").road
    before = like(picture(page), road)
    box = page.get_by_test_id(MAP).bounding_box()
    assert box and chosen(page) == "R1-in-1"
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.wheel(0, -200)
    pixels = picture(page)
    zoomed = like(pixels, road)
    assert (zoomed & before).sum() < 0.5 * zoomed.sum(), "the wheel does nothing"

    heights, widths = np.nonzero(like(pixels, tokens("light").sequential[-1]))
    middle = len(heights) // 2
    page.mouse.click(box["x"] + float(widths[middle]), box["y"] + 40 + float(heights[middle]))
    page.wait_for_url("**sensor=*")
    page.wait_for_function("!location.search.includes('sensor=R1-in-1')")
    settled(page)
    error = open_run(ROOT / "data" / "demo-run").trace()["sensor_error"][-1]
    assert float((error > error.sel(sensor=chosen(page))).mean()) < 0.06, "the yellow dot is one of the worst"

    page.get_by_role("slider", name="Epoch").focus()
    page.keyboard.press("Home")
    page.locator("svg").get_by_text("validation error, epoch 1 (km/h)").wait_for()
    page.get_by_role("button", name="Play").click()
    page.locator("svg").get_by_text("validation error, epoch 4 (km/h)").wait_for()
    page.get_by_role("button", name="Pause the play").click()
    settled(page)
    after = like(picture(page), road)
    assert (after & zoomed).sum() > 0.8 * zoomed.sum(), "the zoom was lost"


@pytest.mark.slow
def test_an_upload_is_opened_and_the_box_closes(browse: Browse, tmp_path: Path) -> None:
    hours = np.arange("2026-01-05", "2026-01-15", dtype="datetime64[h]")
    rows = [f"{hour},{number % 24},{number % 7 * (number % 2)}" for number, hour in enumerate(hours)]
    (tmp_path / "counts.csv").write_text("\n".join(["time,a,b", *rows]))
    page = browse().open("/data")
    page.get_by_role("button", name="Upload files").click()
    page.locator("input[type=file]").set_input_files([tmp_path / "counts.csv"])
    page.get_by_role("button", name="Open the upload").and_(page.locator(":enabled")).click()
    page.get_by_role("heading", name="counts").wait_for()
    page.get_by_text("of the readings are exactly zero").first.wait_for()
    assert page.get_by_role("button", name="Open the upload").count() == 0 and "data=" in page.url
    page.get_by_text("zeros mean not measured").click()
    page.get_by_text("They were taken as missing").wait_for()
    page.reload()
    page.get_by_text("They were taken as missing").wait_for()


@pytest.mark.slow
def test_the_exported_map_opens_from_disk_and_asks_nobody(browse: Browse, chromium: Browser, tmp_path: Path) -> None:
    page = browse().open("/sensors")
    with page.expect_download() as download:
        page.get_by_role("button", name="Map as HTML").click()
    download.value.save_as(tmp_path / "map.html")
    asked: list[str] = []
    with chromium.new_context(viewport={"width": 900, "height": 600}) as context:
        context.on("request", lambda request: asked.append(request.url))
        saved = context.new_page()
        saved.goto((tmp_path / "map.html").as_uri())
        saved.locator(".scatterlayer path.point").nth(100).wait_for()
        assert varied(saved.screenshot())
    assert all(address.startswith(("file:", "data:", "blob:")) for address in asked)
