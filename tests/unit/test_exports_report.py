"""A report's files: a page that asks nothing of anybody and runs nothing but its own, and tables that come back equal."""

import io
import json
import re
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
from reported import HOSTILE, hostile, made

from stcore import exports
from stcore.evidence.about import describe_report
from stcore.exports.report_page import cell
from stcore.options import OptionError

REPORT = made()


class Elements(HTMLParser):
    """Tags, their attributes and the text of a page, as a browser would take them apart."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.told: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.told.append(data)


@pytest.fixture(scope="module")
def page() -> str:
    return exports.report_page(hostile())


def test_names_never_become_html(page: str) -> None:
    found = Elements(page)
    assert "img" not in found.tags and not [name for name, _ in found.attributes if name.startswith("on")]
    assert sum(HOSTILE in told for told in found.told) >= 4, "they are shown letter for letter"


def test_the_page_asks_nothing_of_anybody(page: str) -> None:
    found = Elements(page)
    assert not [name for name, _ in found.attributes if name in ("src", "href", "action", "srcset", "data")]
    policy = next(value for name, value in found.attributes if name == "content" and "default-src" in str(value))
    assert policy and "default-src 'none'" in policy and "http" not in policy
    assert not set(found.tags) & {"link", "iframe", "object", "embed", "base", "form"}
    assert not re.search(r"@import|url\(", page[: page.index("</style>")])


def test_the_page_holds_one_plotly_and_a_light_and_a_dark_picture_of_each_figure() -> None:
    text = exports.report_page(REPORT)
    assert text.count("plotly.js v") == 1
    parts = re.findall(r'<script type="application/json" id="(figure\d+)-(light|dark)">(.*?)</script>', text, re.S)
    boxes = re.findall(r'<div class=figure id="(figure\d+)"', text)
    assert len(boxes) == 5 + 2 * 4 and [name for name, theme, _ in parts if theme == "light"] == boxes
    for _, _, content in parts:
        assert json.loads(content)["data"]
    assert json.loads(parts[0][2])["layout"]["paper_bgcolor"] != json.loads(parts[1][2])["layout"]["paper_bgcolor"]
    assert REPORT["verdicts"][0]["sentence"].split(":")[0].replace("+-", "±").replace(" -", " −") in text


def test_every_table_comes_back_equal(tmp_path: Path) -> None:
    (out,) = exports.write_report(REPORT, tmp_path / "all.zip")
    with zipfile.ZipFile(out) as archive:
        names = set(archive.namelist())
        assert names == {f"{name}{suffix}" for name in exports.report_tables(REPORT) for suffix in (".csv", ".parquet")}
        for name, frame in exports.report_tables(REPORT).items():
            back = pd.read_parquet(io.BytesIO(archive.read(f"{name}.parquet")))
            assert len(back) == len(frame) and list(back) == list(frame)
            numbers = frame.select_dtypes("number")
            pd.testing.assert_frame_equal(back[list(numbers)], numbers)
            read = pd.read_csv(io.BytesIO(archive.read(f"{name}.csv")))
            assert read[list(numbers)].to_numpy() == pytest.approx(numbers.to_numpy(), nan_ok=True)


def test_the_search_is_a_table_and_its_trials_another() -> None:
    trials = [{"run": "t0", "batch": 8, "mae": 1.0}, {"run": "t1", "batch": 16, "mae": 0.9}]
    found = exports.report_tables(
        {**REPORT, "search": [{"arm": "full", "batch": 16, "tied": ["t0"], "trials": trials}]}
    )
    assert found["trials"]["batch"].tolist() == [8, 16] and found["trials"]["arm"].tolist() == ["full", "full"]
    assert "trials" not in found["search"] and found["search"]["tied"].tolist() == ["t0"]


def test_a_spreadsheet_runs_nothing(tmp_path: Path) -> None:
    files = exports.write_report(made(**{"=1+1": 1.0}), tmp_path / "out.csv")
    assert {path.name for path in files} >= {"out-summary.csv", "out-differences.csv", "out-verdicts.csv"}
    labels = pd.read_csv(tmp_path / "out-summary.csv")["label"].tolist()
    assert "'=1+1" in labels and "=1+1" not in labels


@pytest.mark.parametrize("name", ["out.html", "out.json", "out.parquet", "folder"])
def test_the_suffix_says_what_is_written(tmp_path: Path, name: str) -> None:
    files = exports.write_report(REPORT, tmp_path / name)
    assert files and all(path.stat().st_size for path in files)
    if name == "out.json":
        assert json.loads(files[0].read_text())["summary"] == REPORT["summary"]
    if name == "folder":
        assert {path.suffix for path in files} == {".csv", ".parquet"}


@pytest.mark.parametrize("name", ["out.docx", "nowhere/out.html", "nowhere/folder"])
def test_what_cannot_be_written_is_said_in_a_sentence(tmp_path: Path, name: str) -> None:
    with pytest.raises(OptionError, match=r"must end in|There is no folder"):
        exports.write_report(REPORT, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_report_without_runs_is_about_nothing() -> None:
    assert describe_report(REPORT, []) == {**REPORT, "unit": "", "about": {}}


@pytest.mark.parametrize(
    ("column", "value", "text"),
    [
        ("difference", -0.012, "-1.20 %"),
        ("keep", 0.5, "50 %"),
        ("mae", None, "–"),
        ("mae", float("nan"), "–"),
        ("front_visits", True, "yes"),
        ("windows", 1234, "1,234"),
        ("label", "a", "a"),
    ],
)
def test_cells_are_written_as_people_read_them(column: str, value: object, text: str) -> None:
    assert cell(column, value) == text
