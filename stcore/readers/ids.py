"""Ids as text, whatever a file kept them as: 007 stays 007, and a number that is whole has no point."""

from typing import Any


def text(cell: Any) -> str:
    """One id, without blanks around."""
    if isinstance(cell, bytes):
        return cell.decode("utf-8", "replace").strip()
    return f"{cell:.0f}" if isinstance(cell, float) and cell.is_integer() else str(cell).strip()
