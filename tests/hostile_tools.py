"""What the hostile tests share."""

import os
from pathlib import Path

import pytest

import stcore.readers as readers
from stcore.findings import DataError


class Bomb:
    """Unpickling it leaves a mark, which no test may find."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch '{self.mark}'",)


def refused(path: Path, code: str | None = None, answers: dict[str, str] | None = None) -> str:
    """The sentence with which a file is refused."""
    with pytest.raises(DataError) as caught:
        readers.open(path, answers)
    said = str(caught.value)
    assert said and "\n" not in said and "Traceback" not in said
    if code:
        assert caught.value.findings[0].code == code, said
    return said
