"""Deployment plans: which sensors stay and which are switched off, asked of a finished run's weights."""

from stcore.evidence.plan.answers import Answer, why_no_plan
from stcore.evidence.plan.curve import Curve
from stcore.evidence.plan.planned import Plan, plan

__all__ = ["Answer", "Curve", "Plan", "plan", "why_no_plan"]
