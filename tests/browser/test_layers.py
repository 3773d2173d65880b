"""Layers, districts, lasso and the map from the internet, in a real browser."""

import re
from pathlib import Path

import pytest
from browsing import MAP, Browse, like, picture, settled
from geopandas import GeoDataFrame
from playwright.sync_api import Page
from shapely.geometry import box

from stcore.charts.maps.layers import TILE_SERVER
from stcore.charts.theme import theme_of as tokens

pytestmark = pytest.mark.browser


def layers_box(page: Page) -> None:
    page.get_by_role("button", name="Layers").click()
    page.get_by_text("Online basemap").wait_for()
    settled(page)


@pytest.mark.slow
def test_a_layer_is_brought_and_colours_the_map_by_district(browse: Browse, tmp_path: Path) -> None:
    shapes = [box(-30.3, 45.8, -30.0, 46.2), box(-30.0, 45.8, -29.7, 46.2)]
    frame = GeoDataFrame({"name": ["<b>West</b>", "East"]}, geometry=shapes, crs=4326).to_crs(32626)
    frame.to_file(tmp_path / "halves.gpkg")
    visitor = browse()
    page = visitor.open("/sensors")
    layers_box(page)
    page.get_by_test_id("stPopoverBody").locator("input[type=file]").set_input_files([tmp_path / "halves.gpkg"])
    page.get_by_role("button", name="Add it").click()
    page.get_by_text("was converted from 32626").wait_for()
    page.keyboard.press("Escape")
    page.get_by_text("By halves").click()
    page.locator("svg").get_by_text("mean validation error, epoch 15 (km/h)").wait_for()
    settled(page)
    scale = tokens("light").sequential
    pixels = picture(page)
    assert like(pixels, scale[-1]).mean() + like(pixels, "#feea60").mean() > 0.05, "no district has the highest colour"
    box_of = page.get_by_test_id(MAP).bounding_box()
    assert box_of
    page.mouse.click(box_of["x"] + 0.3 * box_of["width"], box_of["y"] + 0.12 * box_of["height"])
    page.get_by_text(re.compile("sensors, in <b>West</b>")).wait_for()
    assert visitor.broken == []


@pytest.mark.slow
def test_a_lasso_on_the_flat_map_chooses_several(browse: Browse) -> None:
    page = browse().open("/sensors")
    page.get_by_text("Flat map").click()
    plot = page.locator(".js-plotly-plot").first
    plot.locator(".scatterlayer path.point").first.wait_for()
    settled(page)
    plot.hover()
    plot.locator("[data-title='Box Select']").click()
    area = plot.bounding_box()
    assert area
    page.mouse.move(area["x"] + 0.35 * area["width"], area["y"] + 0.35 * area["height"])
    page.mouse.down()
    page.mouse.move(area["x"] + 0.6 * area["width"], area["y"] + 0.6 * area["height"], steps=8)
    page.mouse.up()
    page.get_by_text("inside the lasso").wait_for()
    settled(page)
    assert plot.locator(".selectionlayer path").count() > 0, "the page has redrawn the map and lost the lasso"
    page.get_by_role("button", name="Let go of all").click()
    page.get_by_text("inside the lasso").wait_for(state="detached")


@pytest.mark.slow
def test_the_internet_is_asked_when_wanted_and_the_map_stays_when_it_does_not_answer(browse: Browse) -> None:
    visitor = browse()
    visitor.context.route(re.compile(r"https://.*"), lambda route: route.abort())
    page = visitor.open("/sensors")
    before = like(picture(page), tokens("light").sequential[-1]).sum()
    assert visitor.foreign == []
    layers_box(page)
    page.get_by_text("Online basemap").click()
    page.get_by_text("OpenStreetMap contributors").wait_for()
    page.keyboard.press("Escape")
    page.mouse.move(5, 5)
    pixels = picture(page)
    assert visitor.foreign and all(TILE_SERVER in address for address in visitor.foreign)
    assert like(pixels, tokens("light").sequential[-1]).sum() > 0.8 * before > 0, "the sensors went away with the tiles"
    assert like(pixels, tokens("light").road).mean() > 0.002, "the roads went away with the tiles"
    visitor.foreign.clear()  # that was asked for
