"""Runs against runs: side by side, and as evidence of whether pruning was worth it."""

from stcore.evidence.arms import Arm
from stcore.evidence.paired import Evidence, EvidenceError
from stcore.evidence.report import report
from stcore.evidence.side_by_side import compare, saved_work

__all__ = ["Arm", "Evidence", "EvidenceError", "compare", "report", "saved_work"]
