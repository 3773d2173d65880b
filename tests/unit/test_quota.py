"""What one visitor may take, and slots that several folders share."""

import os
import time
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
from running import small_data

from stcore.findings import DataError
from stcore.runs import Run, RunError, create, trash, uploads
from stcore.runs.queue import slot
from stcore.runs.quota import check_quota, quota


@pytest.mark.parametrize(("said", "size"), [("500MB", 500e6), ("2 GB", 2e9), ("1.5g", 1.5e9), ("10kb", 1e4), ("7", 7)])
def test_sizes_are_read_as_people_write_them(said: str, size: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STCORE_QUOTA", said)
    assert quota() == size


@pytest.mark.parametrize("said", ["much", "-1GB", "0", "1 PB", "GB"])
def test_what_is_no_size_is_refused(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STCORE_QUOTA", said)
    with pytest.raises(RunError, match="such as 500MB"):
        quota()


def test_without_a_quota_there_is_no_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STCORE_QUOTA", raising=False)
    check_quota(tmp_path, 10**15)


def test_a_full_folder_takes_no_run_and_no_upload(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STCORE_QUOTA", "100kB")
    data = small_data()
    create(data, {"model": {"width": 4}}, tmp_path, "first")
    with pytest.raises(DataError, match="no room for more"):
        uploads.keep({"a.csv": bytes(100_000)}, tmp_path)
    (tmp_path / "first" / "more").write_bytes(np.random.default_rng(0).bytes(100_000))
    with pytest.raises(RunError, match=r"100.0 kB is what each visitor has.*empty the trash"):
        create(data, {"model": {"width": 4}}, tmp_path, "second")
    assert not (tmp_path / "second").exists()


def test_what_is_uploaded_again_counts_once_and_what_no_run_uses_can_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STCORE_QUOTA", "100kB")
    kept = uploads.keep({"a.csv": bytes(60_000)}, tmp_path)
    assert uploads.keep({"a.csv": bytes(60_000)}, tmp_path) == kept
    assert [path.name for path in uploads.unused(tmp_path)] == [kept.parent.parent.name]
    assert uploads.remove_unused(tmp_path) == 1
    assert not kept.exists()


def test_an_upload_of_a_damaged_run_stays_too(tmp_path: Path) -> None:
    small_data().save(tmp_path / "small.nc")
    kept = uploads.keep({"small.nc": (tmp_path / "small.nc").read_bytes()}, tmp_path)
    for name in ("damaged", "deleted"):
        run = create(kept, {"model": {"width": 4}}, tmp_path, name)
        spec = run.path / "spec.json"
        spec.write_text(spec.read_text().replace('"lookback": ', '"lookback": 9999'))
    os.utime(spec, (0, 0))  # nobody works on it
    (tmp_path / ".trash").mkdir()
    run.path.rename(tmp_path / ".trash" / "deleted~20240101T000000")
    assert uploads.unused(tmp_path) == []


def test_an_upload_that_a_run_is_made_of_stays_even_while_that_run_is_in_the_trash(tmp_path: Path) -> None:
    small_data().save(tmp_path / "small.nc")
    kept = uploads.keep({"small.nc": (tmp_path / "small.nc").read_bytes()}, tmp_path)
    run = create(kept, {"model": {"width": 4}}, tmp_path, "first")
    assert uploads.unused(tmp_path) == []
    run.reopen()
    (run.path / "result.json").write_text('{"status": "failed", "reason": "a test"}')
    trash.delete(run)
    assert uploads.remove_unused(tmp_path) == 0
    trash.empty(tmp_path)
    assert uploads.remove_unused(tmp_path) == 1
    assert not kept.exists()


# ---- turns ---------------------------------------------------------------------------------------------------------
def test_folders_take_turns_when_a_slot_is_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STCORE_SLOTS_IN", str(tmp_path))
    monkeypatch.setenv("STCORE_SLOTS", "1")
    data = small_data()
    many = [create(data, {}, tmp_path / "many", f"run-{number}") for number in range(4)]
    few = [create(data, {}, tmp_path / name, f"{name}-{number}") for name in ("few", "other") for number in range(2)]
    order: list[str] = []

    def work(run: Run) -> None:
        with slot(run) as free:
            assert free
            order.append(run.id)

    waiting = [Thread(target=work, args=(run,)) for run in (*many[1:], *few)]
    with slot(many[0]) as free:
        assert free
        for number, thread in enumerate(waiting):  # in this order
            thread.start()
            while len(list((tmp_path / ".slots" / "waiting").iterdir())) <= number:
                time.sleep(0.01)
        order.append(many[0].id)
    for thread in waiting:
        thread.join(60)
    assert order == ["run-0", "few-0", "other-0", "run-1", "few-1", "other-1", "run-2", "run-3"]
    assert list((tmp_path / ".slots" / "waiting").iterdir()) == []


def test_who_stops_waiting_or_was_killed_holds_up_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STCORE_SLOTS", "1")
    data = small_data()
    first, stopped, last = (create(data, {}, tmp_path, name) for name in ("first", "stopped", "last"))
    stopped.control("stop")
    with slot(first):
        with slot(stopped) as free:
            assert not free
        (tmp_path / ".slots" / "waiting" / f"{0:020} whoever 1.lock").touch()  # of a killed one: no lock is held
    with slot(last) as free:
        assert free
