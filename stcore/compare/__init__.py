"""Runs against runs: side by side, and as evidence of whether pruning was worth it."""

from stcore.compare.arms import Arm
from stcore.compare.report import report
from stcore.compare.side_by_side import compare, saved
from stcore.compare.tested import EvidenceError, Tested

__all__ = ["Arm", "EvidenceError", "Tested", "compare", "report", "saved"]
