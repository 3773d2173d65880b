"""What the tests of BasicTS share."""

import json
from pathlib import Path

from stcore.data import STData
from stcore.findings import Finding


def found(data: STData, code: str) -> Finding:
    return next(finding for finding in data.findings if finding.code == code)


def codes(data: STData) -> set[str]:
    return {finding.code for finding in data.findings}


def changed(path: Path, **keys: object) -> None:
    held = json.loads(path.read_text())
    path.write_text(json.dumps(held | keys))
