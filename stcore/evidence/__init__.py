"""Runs against runs: side by side, and as evidence of whether pruning was worth it."""

from stcore.evidence.arms import Arm
from stcore.evidence.report import report
from stcore.evidence.side_by_side import compare, saved
from stcore.evidence.test_errors import EvidenceError, Tested

__all__ = ["Arm", "EvidenceError", "Tested", "compare", "report", "saved"]
