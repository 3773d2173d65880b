"""Deployment plans: which sensors stay and which are switched off, asked of a finished run's weights."""

from stcore.plan.answers import Answer, why_not
from stcore.plan.curve import Curve
from stcore.plan.planned import Plan, plan

__all__ = ["Answer", "Curve", "Plan", "plan", "why_not"]
