"""The Samples view in a browser: one selection wherever it was made, and a raster whose pixels are true shares."""

import base64
import json
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from browsing import ROOT, Browse, Server, settled, varied
from cases import mostly_slow
from playwright.sync_api import Browser, Locator, Page, expect
from tiny import tiny
from training_runs import OPTIONS

from app.stage import canvas
from stcore.charts.grid import Picture, kept_ramp, pack
from stcore.charts.theme import LIGHT
from stcore.processes import jobs
from stcore.runs import create

pytestmark = pytest.mark.browser
SCRIPT = Path(canvas.__file__).with_name("raster.js")


def canvas_of(page: Page, what: str) -> Locator:
    """The canvas of the calendar, or of the raster."""
    found = page.locator(f"canvas[aria-label^='{what}']")
    found.wait_for()
    found.scroll_into_view_if_needed()
    return found


def at(where: Locator, across: float, down: float) -> dict[str, float]:
    """A place in an element, as shares of its size."""
    box = where.bounding_box()
    assert box
    return {"x": across * box["width"], "y": down * box["height"]}


def now_picked(page: Page, before: str = "") -> str:
    """The sample in the address, once it is another one and the page shows it."""
    page.wait_for_function(
        "before => (new URL(location).searchParams.get('sample') ?? '') !== before", arg=before, timeout=15_000
    )
    settled(page)
    sample = re.search(r"sample=(\d+)", page.url)
    assert sample
    page.locator("p").filter(has_text=f"(sample {sample[1]})").wait_for()
    return sample[1]


@pytest.mark.slow
def test_a_click_anywhere_picks_a_sample_that_outlasts_a_reload(browse: Browse) -> None:
    page = browse().open("/samples?run=demo-run")
    calendar = canvas_of(page, "Calendar")
    calendar.click(position=at(calendar, 0.4, 0.3))
    first = now_picked(page)
    calendar.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    second = now_picked(page, first)
    assert int(second) == int(first) + 3
    line = page.get_by_test_id("stVegaLiteChart").first
    line.click(position=at(line, 0.8, 0.5))
    third = now_picked(page, second)
    shares = canvas_of(page, "Raster")
    shares.click(position=at(shares, 0.5, 0.3))
    fourth = now_picked(page, third)
    assert "epoch=" not in page.url, "a click into the raster moves the epoch of the whole view"
    page.reload()
    settled(page)
    page.locator("p").filter(has_text=f"(sample {fourth})").wait_for()
    expect(page.get_by_label("Sample", exact=True).first).to_have_value(fourth, timeout=15_000)


def point_of_the_map(page: Page) -> tuple[float, float]:
    """Where the rightmost point of the data map is drawn."""
    page.locator(".js-plotly-plot .main-svg").first.wait_for()
    place = page.evaluate("""() => {
        const graph = document.querySelector('.js-plotly-plot'), { xaxis, yaxis } = graph._fullLayout;
        graph.dataset.same = 'yes';
        const points = graph._fullData.filter((part) => part.type === 'scattergl').at(-1);
        const last = points.x.reduce((best, x, place) => (x > points.x[best] ? place : best), 0);
        const frame = graph.getBoundingClientRect();
        return [frame.x + xaxis._offset + xaxis.d2p(points.x[last]), frame.y + yaxis._offset + yaxis.d2p(points.y[last])];
    }""")
    return float(place[0]), float(place[1])


def lasso(page: Page, x: float, y: float) -> None:
    """Draw a lasso on the data map around the place left of (x, y)."""
    page.locator("[data-title='Lasso Select']").click()
    page.mouse.move(x - 120, y - 60)
    page.mouse.down()
    for across, down in ((20, -60), (20, 60), (-120, 60), (-120, -55)):
        page.mouse.move(x + across, y + down, steps=5)
    page.mouse.up()
    page.get_by_text("are chosen").wait_for()


@pytest.mark.slow
def test_the_map_keeps_its_place_while_it_is_clicked_and_lassoed(browse: Browse) -> None:
    page = browse().open("/samples?run=demo-run")
    page.get_by_test_id("stPlotlyChart").first.scroll_into_view_if_needed()
    page.wait_for_timeout(1000)
    x, y = point_of_the_map(page)
    page.mouse.move(x - 60, y + 30)
    page.mouse.move(x, y, steps=8)
    page.locator(".hoverlayer .hovertext").first.wait_for()
    page.mouse.click(x, y)
    now_picked(page)
    lasso(page, x, y)
    assert page.locator(".js-plotly-plot").first.get_attribute("data-same") == "yes", "the map was rebuilt"
    page.get_by_role("button", name="Show all").click()
    page.get_by_text("Showing all").wait_for()


@pytest.mark.slow
def test_a_lasso_is_named_and_its_link_opens_it_in_a_fresh_browser(browse: Browse, server: Server) -> None:
    shutil.copytree(ROOT / "data" / "demo-run", server.runs / "named", dirs_exist_ok=True)
    page = browse().open("/samples?run=named")
    page.get_by_test_id("stPlotlyChart").first.scroll_into_view_if_needed()
    page.wait_for_timeout(1000)
    x, y = point_of_the_map(page)
    lasso(page, x, y)
    page.get_by_placeholder("name this selection").fill("hard <b>ones</b>")
    page.get_by_placeholder("name this selection").press("Tab")
    settled(page)
    page.get_by_role("button", name="Keep").click()
    page.get_by_text("Selection hard <b>ones</b>:").wait_for()
    found = re.search(r"selection=([0-9a-f]{12})", page.url)
    assert found
    said = page.get_by_text("Selection hard <b>ones</b>:").first.inner_text()
    other = browse("dark").open(f"/samples?run=named&selection={found[1]}")
    assert other.get_by_text("Selection hard <b>ones</b>:").first.inner_text() == said
    calendar = canvas_of(other, "Calendar")
    assert varied(calendar.screenshot())
    with other.expect_download() as waited:
        other.get_by_role("button", name="CSV").first.click()
    rows = pd.read_csv(waited.value.path())
    assert f"{len(rows):,} of" in said and {"input_from", "forecast_until", "complexity"} <= set(rows)
    other.get_by_role("button", name="Delete").click()
    other.get_by_text("Showing all").wait_for()


@pytest.mark.slow
def test_samples_outside_a_selection_are_paled_in_the_calendar(chromium: Browser) -> None:
    values = np.tile(np.linspace(0, 1, 24, dtype=np.float32), (4, 1))
    inside = np.zeros(values.shape, bool)
    inside[:2] = True
    words = {"x_title": "", "y_title": "", "value_title": "v", "row_names": list("abcd")}
    names = [f"{hour:02d}:00" for hour in range(24)]
    picture = Picture(values, names, 4, 0.0, 1.0, inside=inside, **words)  # type: ignore[arg-type]
    page = chromium.new_page(viewport={"width": 800, "height": 400})
    pixels = drawn_by(page, pack(picture, LIGHT), 300)["pixels"]
    colours = np.array(pixels, float)[..., :3]
    high = len(colours)
    chosen, paled = colours[high // 4], colours[3 * high // 4]
    assert np.abs(paled - (0.18 * chosen + 0.82 * 255)).max() < 3
    page.close()


def drawn_by(page: Page, picture: dict[str, Any], height: int) -> dict[str, Any]:
    """What the canvas drew [height, width, 4] of a picture, and how long it took."""
    data = picture | {"alt": "", "height": height, "file": "x", "picked": None, "boxes": [], "steps": None}
    page.set_content(f"<style>{canvas.CSS}</style><div id='host' style='width: 700px'>{canvas.HTML}</div>")
    address = "data:text/javascript;base64," + base64.b64encode(SCRIPT.read_bytes()).decode()
    drawn = page.evaluate(
        """async ([address, data]) => {
            const { default: draw } = await import(address), host = document.getElementById('host'), began = performance.now();
            draw({ data, parentElement: host, setTriggerValue: (name, value) => { window.told = [name, value]; } });
            const canvas = host.querySelector('canvas'), pen = canvas.getContext('2d');
            const box = [92, 6, canvas.width - 102, canvas.height - 46];
            return { took: performance.now() - began, box, pixels: [...pen.getImageData(...box).data] };
        }""",
        [address, json.loads(json.dumps(data))],
    )
    width, tall = drawn["box"][2:]
    return drawn | {"pixels": np.array(drawn["pixels"], float).reshape(tall, width, 4)}


@pytest.mark.slow
def test_the_canvas_follows_the_theme(browse: Browse) -> None:
    page = browse("dark").open("/samples?run=demo-run")
    page.wait_for_timeout(500)
    for what in ("Calendar", "Raster"):
        drawn = canvas_of(page, what)
        assert varied(drawn.screenshot())
        corner = drawn.evaluate("canvas => [...canvas.getContext('2d').getImageData(1, 1, 1, 1).data]")
        assert sum(corner[:3]) < 200


# ---- a run that goes on --------------------------------------------------------------------------------------------
@pytest.fixture
def going_on(server: Server, tmp_path: Path) -> Iterator[Any]:
    """A run of the server's folder that is trained here, epoch by epoch."""
    source = tmp_path / "tiny.nc"
    tiny().save(source)
    run = create(
        source, {**OPTIONS, "train": {**OPTIONS["train"], "epochs": 8}}, server.runs, f"going-on-{time.time_ns()}"
    )
    events = jobs.work(run)

    def until(epochs: int) -> Any:
        while len(run.epochs()) < epochs:
            next(events)
        return run

    yield until
    events.close()


@pytest.mark.slow
def test_a_live_run_stands_still_and_tells_of_the_next_epoch(browse: Browse, going_on: Any) -> None:
    run = going_on(3)
    page = browse().open(f"/samples?run={run.id}")
    page.get_by_text("of 3 epochs").wait_for()
    shares = canvas_of(page, "Raster")
    shares.evaluate("canvas => { canvas.dataset.same = 'yes'; }")
    going_on(4)
    told = time.monotonic()
    update = page.get_by_role("button", name="Epoch 4 available")
    update.wait_for(timeout=10_000)
    assert time.monotonic() - told < 5
    assert page.get_by_text("of 3 epochs").count() == 1
    update.click()
    page.get_by_text("of 4 epochs").wait_for()
    assert shares.get_attribute("data-same") == "yes", "the canvas was rebuilt"
    page.get_by_text("Follow", exact=True).click()
    for epochs in (5, 6, 7):
        going_on(epochs)
        page.get_by_text(f"of {epochs} epochs").wait_for(timeout=10_000)
    page.wait_for_timeout(1500)
    assert page.get_by_text("of 7 epochs").count() == 1 and "epoch=" not in page.url, "following fell back"


# ---- true shares ---------------------------------------------------------------------------------------------------
def beneath(kept: np.ndarray, width: int, height: int) -> np.ndarray:
    """The exact kept share beneath each pixel [height, width] of a picture of ``kept`` [R, C], by sums up to each edge."""
    total = np.pad(np.cumsum(np.cumsum(kept.astype(float), axis=0), axis=1), ((1, 0), (1, 0)))
    down, across = np.linspace(0, kept.shape[0], height + 1), np.linspace(0, kept.shape[1], width + 1)
    rows = np.stack([np.interp(down, np.arange(kept.shape[0] + 1), column) for column in total.T], axis=1)
    edges = np.stack([np.interp(across, np.arange(kept.shape[1] + 1), row) for row in rows])
    sums = np.diff(np.diff(edges, axis=0), axis=1)
    return np.asarray(sums / (kept.size / (width * height)))


@pytest.mark.parametrize(("rows", "columns"), mostly_slow([(17_000, 100), (40, 7)], [(40, 7)]))
def test_every_pixel_of_the_raster_is_the_exact_share_beneath_it(chromium: Browser, rows: int, columns: int) -> None:
    rng = np.random.default_rng(0)
    kept = rng.random((rows, columns)) < np.linspace(0, 1, rows)[:, None]
    kept[rows // 2 :, columns // 2] = True
    times = pd.date_range("2026-01-01", periods=rows, freq="5min")
    names = [str(epoch + 1) for epoch in range(columns)]
    picture = Picture(
        kept, names, rows, 0.0, 1.0, "epoch", "samples", "kept share", row_time=times, labels=("pruned", "kept")
    )
    page = chromium.new_page(viewport={"width": 1000, "height": 600})
    drawn = drawn_by(page, pack(picture, LIGHT), 400)
    width, height = drawn["box"][2:]
    pixels = drawn["pixels"][..., :3]
    stops = np.array(
        [[int(colour[place : place + 2], 16) for place in (1, 3, 5)] for colour in kept_ramp(LIGHT)], float
    )
    levels = np.arange(255) / 254
    scale = np.stack([np.interp(levels, [0, 0.5, 1], stops[:, part]) for part in range(3)], axis=1)
    inside = pixels[2:-2, 2:-2].reshape(-1, 3)[::7]  # the frame is drawn over the outermost
    seen = np.array([levels[np.abs(scale - pixel).sum(axis=1).argmin()] for pixel in inside])
    exact = beneath(kept, width, height)[2:-2, 2:-2].ravel()[::7]
    assert np.abs(seen - exact).max() < 0.01
    assert drawn["took"] < 3000
    canvas = page.locator("canvas")
    canvas.click(position={"x": 92 + 0.755 * width, "y": 6 + 0.25 * height})
    name, cell = page.evaluate("window.told")
    assert name == "picked" and cell["column"] == int(0.755 * columns)
    assert abs(cell["row"] - rows / 4) <= rows / height + 1  # a pixel's worth
    page.close()
