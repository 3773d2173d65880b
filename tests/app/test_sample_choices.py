"""How the Samples view tells how a method chose, among windows and among cells."""

from collections.abc import Callable
from shutil import copytree, ignore_patterns
from typing import Any

import pytest
from cases import only
from pages import canvas_of, texts
from streamlit.testing.v1 import AppTest
from training_runs import trained

from app.samples import choices
from stcore.runs import Run

Open = Callable[..., AppTest]


# ---- how it chose --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("words", "said"),
    only(
        [0, 1],
        [
            ("hours of the week", "of the hardest tenth of the hours"),
            ("always or never", "by pure chance"),
            ("changes", "newly pruned"),
            ("weights", "of equal weight"),
            ("threshold", "count as easy"),
            ("age of scores", "score of its last visit"),
            ("another method", "compares choices, not results"),
        ],
    ),
)
def test_each_figure_has_its_line_and_its_address(app: Open, here: Run, words: str, said: str) -> None:
    test = app("samples", run=here.id, choices=words)
    assert said in texts(test) and choices.WORDS[test.session_state["choices"]] == words


def test_a_run_that_prunes_nothing_says_so(app: Open, folder: Any, tiny_file: Any) -> None:
    run = trained(tiny_file, folder, "all", prune={"name": "full"})
    assert "kept every sample in every epoch" in texts(app("samples", run=run.id))


def test_before_the_first_pruned_epoch_the_figures_are_awaited(app: Open, in_state: Any) -> None:
    assert "Nothing has been pruned so far" in texts(app("samples", run=in_state("running", 1).id))


def test_an_epoch_before_the_first_pruned_one_says_so(app: Open, here: Run) -> None:
    assert "Nothing had been pruned up to this epoch" in texts(app("samples", run=here.id, epoch="1"))


def test_a_method_without_a_threshold_says_so(app: Open, folder: Any, tiny_file: Any) -> None:
    run = trained(tiny_file, folder, "random", prune={"name": "random", "keep": 0.5})
    assert "uses no threshold" in texts(app("samples", run=run.id, choices="threshold"))


def test_what_only_another_method_keeps_can_be_chosen(app: Open, here: Run) -> None:
    test = app("samples", run=here.id, choices="another method")
    for method in test.selectbox(key="replayed").options:
        assert method not in ("el2n", "grand")
    only = next(part for part in test.button if part.label.startswith("Choose the"))
    count = int(only.label.split()[2].replace(",", ""))
    only.click().run()
    assert len(test.dataframe[-1].value) == count


# ---- cells ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "words", only([0], ["hours of the week", "always or never", "changes", "weights", "threshold"])
)
def test_a_run_on_cells_shows_shares_of_windows(app: Open, folder: Any, tiny_file: Any, words: str) -> None:
    run = trained(tiny_file, folder, "cells", data={"samples": "cells"})
    test = app("samples", run=run.id, sample="5", epoch="2", choices=words)
    share = 100 * float(run.trace()["kept"].values[1, 5])
    assert "of its cells kept in epoch 2" in texts(test) and f"{share:.3g}"[:4] in texts(test)
    assert '"parts": "cells"' in canvas_of(test, "Raster")
    test.toggle(key="still").set_value(True).run()
    assert not test.exception


def test_of_cells_no_figure_is_offered_that_has_nothing_to_show(app: Open, folder: Any, tiny_file: Any) -> None:
    prune = {"name": "guarded", "keep": 0.6}
    run = trained(tiny_file, folder, "few", data={"samples": "cells"}, prune=prune)
    for words in ("another method", "age of scores", "threshold", "nonsense"):
        test = app("samples", run=run.id, choices=words)
        assert test.session_state["choices"] == "hours" and "of the hardest tenth of the hours" in texts(test)
        assert offered(test) == ["hours of the week", "always or never", "changes", "weights"]


def offered(test: AppTest) -> list[str]:
    """The names of the figures that can be chosen."""
    (part,) = [part for part in test.button_group if part.key == "choices"]
    return list(part.options)


def test_a_figure_that_another_run_lacks_gives_way_to_the_first(
    app: Open, finished: Run, folder: Any, tiny_file: Any
) -> None:
    copytree(finished.path, folder / "windows", ignore=ignore_patterns("lock"))
    trained(tiny_file, folder, "cells", data={"samples": "cells"})
    test = app("samples", run="windows", choices="another method")
    assert test.session_state["choices"] == "replay"
    test.selectbox(key="run list").set_value("cells").run()
    assert not test.exception and test.session_state["choices"] == "hours"
    assert "of the hardest tenth of the hours" in texts(test)


def test_of_cells_often_and_seldom_are_relative_to_the_mean(app: Open, folder: Any, tiny_file: Any) -> None:
    prune = {"name": "guarded", "keep": 0.6}
    run = trained(tiny_file, folder, "few", data={"samples": "cells"}, prune=prune)
    said = texts(app("samples", run=run.id, choices="always or never"))
    mean = 100 * float(run.trace()["kept"].values.mean())
    assert mean < 50 and f"A pruned epoch keeps {mean:.3g} % on average" in said and "one and a half times" in said


@pytest.mark.parametrize(("method", "rounds"), only([0], [("guarded", True), ("random", False)]))
def test_of_windows_the_groups_are_relative_in_rounds_only(
    app: Open, folder: Any, tiny_file: Any, method: str, rounds: bool
) -> None:
    run = trained(tiny_file, folder, "whole", prune={"name": method, "keep": 0.6})
    test = app("samples", run=run.id, choices="always or never")
    assert ("one and a half times" in texts(test)) == rounds
    (table,) = [part.value for part in test.dataframe if "by chance" in part.value]
    assert ("always (in at least 90 %)" in list(table["kept"])) != rounds
