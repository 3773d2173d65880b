"""An experiment's report in a real browser: its verdict and figures, and the file that it is saved as."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import Browse, Server, settled, varied
from cases import only
from playwright.sync_api import Browser, expect
from reported import HOSTILE, hostile, made
from tiny import tiny

from stcore import exports
from stcore.evidence.experiment import create_experiment, open_experiment

pytestmark = pytest.mark.browser
ASKED = {
    "name": "seen",
    "seeds": 2,
    "tune": False,
    "options": {"model": {"width": 4}, "train": {"epochs": 3, "batch": 32}},
}
FIGURES = 9


@pytest.fixture
def seen(server: Server, tmp_path: Path) -> Iterator[str]:
    """The address of a small finished experiment's report."""
    data = tmp_path / "tiny.nc"
    tiny().save(data)
    list(create_experiment({**ASKED, "data": str(data)}, server.runs).work(in_turn=True))
    yield "/compare?experiment=seen"
    for run in server.runs.glob("seen.*"):
        shutil.rmtree(run)
    shutil.rmtree(server.runs / ".experiments" / "seen")


@pytest.mark.slow
def test_the_report_shows_its_verdict_and_figures_and_is_saved_as_one_file(
    browse: Browse, server: Server, seen: str, tmp_path: Path, chromium: Browser
) -> None:
    visitor = browse("dark", 1280, 5200)
    page = visitor.open(seen)
    page.get_by_text("How much better or worse").wait_for()
    page.wait_for_function(
        f"document.querySelectorAll('[data-testid=stPlotlyChart] .plot-container').length === {FIGURES}"
    )
    sentence = open_experiment("seen", server.runs).report()["verdicts"][0]["sentence"]
    verdict = page.locator(".st-key-verdict-0")
    assert sentence.split(" (")[0].replace("+-", "±") in verdict.inner_text().replace("−", "-")
    assert page.get_by_test_id("stException").count() == 0 and varied(page.screenshot())
    page.get_by_text("One run at a time").or_(page.get_by_text("New experiment")).first.click()
    page.get_by_role("button", name="Small (demo city, minutes)").click()
    settled(page)
    page.get_by_text(re.compile(r"10 runs, about")).wait_for()
    with page.expect_download() as download:
        page.get_by_role("button", name="HTML", exact=True).click()
    download.value.save_as(tmp_path / "report.html")
    assert visitor.broken == []
    assert_opens(chromium, tmp_path / "report.html", "light", sentence)


@pytest.mark.parametrize("theme", only([0], ["light", "dark"]))
def test_a_saved_report_asks_nothing_of_the_network_and_shows_its_verdict(
    chromium: Browser, tmp_path: Path, theme: str
) -> None:
    report = made()
    exports.report_html(report, tmp_path / "out.html")
    assert_opens(chromium, tmp_path / "out.html", theme, report["verdicts"][0]["sentence"])


def test_names_in_a_saved_report_run_nothing(chromium: Browser, tmp_path: Path) -> None:
    report = hostile()
    exports.report_html(report, tmp_path / "out.html")
    assert_opens(chromium, tmp_path / "out.html", "light", HOSTILE)


def assert_opens(chromium: Browser, path: Path, theme: str, told: str) -> None:
    """A file that opens without a network, draws all its figures in the reader's theme, and breaks nothing."""
    context = chromium.new_context(color_scheme=theme, offline=True, viewport={"width": 1280, "height": 12_000})  # type: ignore[arg-type]
    asked, wrong = [], []
    context.on("request", lambda request: asked.append(request.url))
    page = context.new_page()
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on("dialog", lambda dialog: wrong.append(dialog.message))
    page.goto(path.as_uri())
    boxes = page.locator(".figure").count()
    assert boxes >= FIGURES
    expect(page.locator(".figure > .plot-container")).to_have_count(
        boxes
    )  # the report's policy forbids a page to poll itself
    assert told.split(" (")[0].replace("+-", "±").replace(" -", " −") in page.locator("main").inner_text()
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == [] and wrong == []
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", background)[:3])) < 200) == (theme == "dark")
    assert page.locator("img[src='x']").count() == 0 and varied(page.screenshot())
    context.close()
