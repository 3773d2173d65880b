"""A trainer's state as bytes: tensors, numbers and text only, so that reading it can run nothing."""

import io
from typing import Any

import torch


def to_bytes(state: dict[str, Any]) -> bytes:
    """Serialised in memory first, so that a full disk is an error of writing and leaves the old file whole."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    return buffer.getvalue()


def from_bytes(content: bytes) -> dict[str, Any]:
    """The state back; only plain values and tensors are accepted."""
    return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
