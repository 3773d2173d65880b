"""Nothing is fetched from another machine, in any view, in either theme; every view shows something."""

import pytest
from browsing import Browse, settled, varied

pytestmark = pytest.mark.browser
VIEWS = ("", "data", "samples", "sensors", "compare")


@pytest.mark.parametrize("theme", ["light", pytest.param("dark", marks=pytest.mark.slow)])
def test_no_view_asks_another_machine_and_none_is_blank(browse: Browse, theme: str) -> None:
    visitor = browse(theme)
    for view in VIEWS:
        page = visitor.open(f"/{view}")
        page.wait_for_timeout(1500)  # maps and canvases draw after the script
        settled(page)
        assert page.get_by_test_id("stException").count() == 0, view
        assert varied(page.screenshot()), f"{view or 'train'} is blank"
    assert visitor.broken == []  # and the fixture checks the requests
