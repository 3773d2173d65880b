"""What a plan needs to know, cached while the run's weights stay the same: its sites, the live answers, and the curve."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import streamlit as st

from app.session import run_dataset
from stcore.evidence.plan.answers import PARTS, Answer, answer_from_json
from stcore.evidence.plan.curve import Curve, parse_curve, stored_curve
from stcore.evidence.plan.ground import demands, sites_of
from stcore.evidence.plan.reasons import SiteFacts
from stcore.options import OptionError
from stcore.processes.resident import Resident, resident
from stcore.runs import Run
from stcore.runs.derived import weights_seal
from stcore.sensors.sites import Sites

Answers = Mapping[str, Answer]


def answer_process(run: Run) -> Resident:
    """The process that answers for the run; it takes some seconds to start."""
    return resident("answer", str(run.path))


@st.cache_resource(show_spinner="Reading the sensors …", max_entries=8)
def _plan_ground(path: str, seal: str, costs: tuple[str, ...], _run: Run) -> tuple[Sites, SiteFacts]:
    data = run_dataset(_run)
    sites = sites_of(_run, data, demands(_run, {"costs": list(costs) or None}))
    return sites, SiteFacts(data, sites)


def plan_ground(run: Run, costs: tuple[str, ...]) -> tuple[Sites, SiteFacts]:
    """The run's sites with these costs, and facts about them from the data. They are shared: never change them. OptionError."""
    return _plan_ground(str(run.path), weights_seal(run), costs, run)


@st.cache_data(show_spinner=False, max_entries=2000)
def _plan_answers(path: str, seal: str, masks: tuple[str, str], whole: bool, _run: Run) -> dict[str, Answer]:
    on, over = masks
    answers = answer_process(_run).ask({"keep": on, "over": over, "whole": whole})["answers"]
    keep = np.array([letter == "1" for letter in over])
    return {part: answer_from_json(keep, one) for part, one in zip(PARTS, answers, strict=True)}


def plan_answers(run: Run, on: np.ndarray, over: np.ndarray | None = None, *, whole: bool = False) -> Answers:
    """Errors of both parts with the sensors in ``on`` [N] bool on, grouped by the plan ``over`` (default: ``on`` itself).

    Each question is asked once. OptionError where no sensor is on, RunError without an answer.
    """
    if not on.any():
        raise OptionError("At least one sensor has to stay on.")
    masks = mask_text(on), mask_text(on if over is None else over)
    return _plan_answers(str(run.path), weights_seal(run), masks, whole, run)


def mask_text(keep: np.ndarray) -> str:
    """A mask as a text of zeros and ones."""
    return "".join("1" if on else "0" for on in keep)


def plan_curve(run: Run, sites: Sites) -> tuple[Curve, float]:
    """The curve as far as it is computed, and the share that is done; each call has it computed further."""
    if (whole := stored_curve(run, sites.options)) is not None and whole.done:
        return whole, 1.0
    answer = answer_process(run).ask({"curve": sites.options.model_dump(mode="json")})
    return parse_curve(answer["curve"]) or Curve(), float(answer["share"])


@st.cache_data(show_spinner=False, max_entries=32)
def _plan_speed(path: str, seal: str, mask: str, _run: Run) -> dict[str, Any]:
    speed: dict[str, Any] = answer_process(_run).ask({"speed": mask})["speed"]
    return speed


def plan_speed(run: Run, keep: np.ndarray) -> dict[str, Any]:
    """How much faster forecasts are under a mask; measured once, which takes some seconds."""
    return _plan_speed(str(run.path), weights_seal(run), mask_text(keep), run)
