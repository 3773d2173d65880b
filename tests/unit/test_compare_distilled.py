"""Sets against each other and against all the data: what is counted, what can be compared, and when a set has paid."""

import shutil
from pathlib import Path

import evidence
import numpy as np
import pandas as pd
import pytest
from distillations import SMALL, distilled
from tiny import tiny
from training_runs import trained

from stcore import readers
from stcore.evidence.distilled import (
    ALL,
    ALONE,
    PAID,
    SET,
    TRAINED,
    WARM,
    origin_of_set,
    payback_table,
    same_task,
    set_table,
    training_table,
)
from stcore.processes import jobs
from stcore.runs import Run


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """A set, and runs on all the data, on the set, warm from the set, and pruned."""
    place = tmp_path_factory.mktemp("sets")
    tiny(400, 12).save(file := place / "data.nc")
    made = distilled(file, place, "made")
    same = {
        "data": SMALL["data"],
        "model": SMALL["model"],
        "train": {"epochs": 2, "threads": 1},
        "prune": {"name": "full"},
    }
    source = str(made.path / "distilled.nc")
    return {
        "made": made,
        "full": trained(file, place, "full", **same),
        "small": trained(file, place, "small", **same, distilled={"source": source}),
        "warm": trained(file, place, "warm", **same, distilled={"source": source, "warm": 1}),
        "pruned": trained(file, place, "pruned", **same | {"prune": {"name": "random", "keep": 0.5}}),
    }


def test_a_set_is_a_row_with_its_size_and_error(found: dict[str, Run]) -> None:
    row = set_table([found["made"]]).iloc[0]
    assert (row["set"], row["method"], row["model"], row["sensors"]) == ("made", "stemdist", "stid", 6)
    assert row["share"] == pytest.approx(row["windows"] * 6 / (found["made"].spec.windows.train * 12))
    assert row["validation"] > 0 and row["seconds"] > 0


def test_runs_are_told_apart_by_what_they_trained_on(found: dict[str, Run]) -> None:
    rows = training_table([found[name] for name in ("full", "small", "warm", "pruned")], [found["made"]]).set_index(
        "run"
    )
    assert rows["on"].to_dict() == {"full": ALL, "small": ALONE, "warm": WARM}
    assert rows["set"].to_dict() == {"full": "", "small": "made", "warm": "made"}
    assert rows[["validation", "test", "seconds", "cpu"]].gt(0).all(axis=None)
    assert set_table([found["made"]])["cpu"].gt(0).all()
    known = payback_table(set_table([found["made"]]), rows.reset_index()).iloc[0]
    assert known["clock"] == "cpu" and known["distilling"] == sum((found["made"].result or {})["cpu"].values())


def test_a_damaged_set_is_left_out(found: dict[str, Run], tmp_path: Path) -> None:
    copy = Run(Path(shutil.copytree(found["made"].path, tmp_path / "copy")))
    (copy.path / "rows" / "cluster.bin").write_bytes(b"")
    assert set_table([copy]).empty


def test_runs_of_other_windows_or_data_cannot_be_compared(found: dict[str, Run], tmp_path: Path) -> None:
    made = found["made"]
    assert same_task(made, found["full"]) and same_task(made, found["small"])
    tiny(400, 12, seed=1).save(tmp_path / "other.nc")
    assert not same_task(made, distilled(tmp_path / "other.nc", tmp_path, "other"))
    copy = Run(Path(shutil.copytree(found["full"].path, tmp_path / "longer")))
    longer = evidence.edit(copy, {"options": {"data": {"horizon": 5}}})
    assert not same_task(made, longer)


def rows(*seconds: tuple[str, str, float]) -> pd.DataFrame:
    return pd.DataFrame(
        [("r", "stid", on, made, 1.0, 2.0, taken, np.nan) for on, made, taken in seconds], columns=list(TRAINED)
    )


def test_it_has_paid_when_what_models_save_is_what_it_took() -> None:
    made = pd.DataFrame([("a", "stemdist", "stid", "", 1, 1, 0.1, 1.0, 300.0, np.nan)], columns=list(SET))
    known = rows((ALL, "", 110.0), (ALL, "", 90.0), (ALONE, "a", 40.0), (ALONE, "b", 1.0), (WARM, "a", 1.0))
    row = payback_table(made, known).iloc[0]
    assert (row["distilling"], row["full"], row["small"], row["models"]) == (300, 100, 40, 5)
    assert payback_table(made, rows((ALL, "", 30.0), (ALONE, "a", 40.0))).iloc[0]["models"] == np.inf
    assert row["clock"] == "seconds"
    timed = payback_table(made.assign(cpu=90.0), known.assign(cpu=[31.0, 29.0, 12.0, 1.0, np.nan])).iloc[0]
    assert (timed["distilling"], timed["full"], timed["small"], timed["models"]) == (90, 30, 12, 5)
    assert timed["clock"] == "cpu", "a warm run, which knows none, is none of these"
    nothing = payback_table(made, rows((ALL, "", 30.0)))
    assert nothing.empty and list(nothing) == list(PAID)


@pytest.mark.parametrize("suffix", ["nc", "pt"])
def test_a_set_is_known_wherever_its_file_lay(suffix: str, found: dict[str, Run], tmp_path: Path) -> None:
    made, same = found["made"], dict(SMALL, train={"epochs": 2, "threads": 1}, prune={"name": "full"})
    same.pop("distil")
    elsewhere = tmp_path / f"by hand.{suffix}"
    readers.save(jobs.distilled(made), elsewhere, "stemdist" if suffix == "pt" else "netcdf")
    source = made.spec.data.source
    run = trained(Path(source), tmp_path, "moved", **same, distilled={"source": str(elsewhere)})
    other = distilled(Path(source), tmp_path, "other", name="random", time=0.05, space=0.3, epochs=1)
    assert origin_of_set(run, [other, made]) == "made" and origin_of_set(run, [other]) == ""
    copy = Run(Path(shutil.copytree(made.path, tmp_path / "copy")))
    assert origin_of_set(found["small"], [copy, made]) == "made", "of equal sets, the one whose file was read"
    (copy.path / "distilled.nc").write_bytes(b"torn")
    assert origin_of_set(run, [copy]) == ""
