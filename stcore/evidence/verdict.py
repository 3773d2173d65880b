"""Was it worth it? One plain sentence from the figures. The margins and the rules are ours."""

from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeGuard

import numpy as np

from stcore.evidence.intervals import Interval, student_quantile

MARGIN = 0.005
"""Relative difference below which two arms count as equally good."""
SLOWER = 0.02
"""Seconds up to 2 % longer count as equal: clocks of shared machines are no finer."""
MANY = 100  # seeds beyond which nobody will go


@dataclass(frozen=True)
class Figures:
    """The figures behind a verdict.

    ``share`` of all visits that ``method`` used. Intervals: the method ``against_full`` training on everything, and
    ``against_equal``, full training that made as many visits; that ``equal_against_full``. ``longer_than``: seconds of
    training, scoring and selecting beyond the control's, as a share of those. None where an arm was not run.
    """

    method: str
    share: float
    against_full: Interval | None
    against_equal: Interval | None
    equal_against_full: Interval | None
    longer_than_full: float | None
    longer_than_equal: float | None


class Verdict(NamedTuple):
    """The answer, and one or two sentences that give it with its conditions."""

    answer: Literal["worth it", "not worth it", "cannot be told"]
    sentence: str


def verdict(figures: Figures) -> Verdict:
    """Worth it only where the method is clearly better than full training at equal visits and takes no longer than it may."""
    answer, reason = _judged(figures)
    told = _told(figures) or "was not compared with anything"
    said = f"At {100 * figures.share:.0f} % of the visits {figures.method} {told}: {answer} here{reason}."
    return Verdict(answer, " ".join([said, *_additions(figures)]))


def _judged(figures: Figures) -> tuple[Literal["worth it", "not worth it", "cannot be told"], str]:
    """The answer, and the reason that is added to it."""
    equal, full = figures.against_equal, figures.against_full
    if equal is None:
        return "cannot be told", ", as full training at equal visits was not run"
    if not np.isfinite(equal.high):
        return "cannot be told", ", as the test is too short for an interval"
    if _slower(figures.longer_than_full) and not (full and full.side < 0):
        return "not worth it", ", as it took longer than full training and is not clearly better"
    if equal.side < 0:
        return "worth it", ""
    if equal.side > 0:
        return "not worth it", ", as simply training less does better"
    if equal.low > -MARGIN and equal.high < MARGIN:
        return "not worth it", f", as simply training less does as well (within {_percent(MARGIN)})"
    return "cannot be told", f"; {seeds_needed(equal)}"


def _told(figures: Figures) -> str:
    """What the method lost or won against both controls."""
    pairs = ((figures.against_full, "full training"), (figures.against_equal, "full training at equal visits"))
    return " and ".join(compare_in_words(found, control) for found, control in pairs if found)


def compare_in_words(found: Interval, control: str) -> str:
    """``lost 0.4 % +- 0.2 against full training``, or that the two cannot be told apart."""
    if not np.isfinite(found.half):
        return f"differed by {100 * found.estimate:+.1f} % (no interval) from {control}"
    if not found.side:
        return f"could not be told from {control} ({_signed(found)})"
    digits = _digits(found)
    size = f"{100 * abs(found.estimate):.{digits}f} % +- {100 * found.half:.{digits}f}"
    return f"{'won' if found.side < 0 else 'lost'} {size} against {control}"


def _signed(found: Interval) -> str:
    digits = _digits(found)
    return f"{round(100 * found.estimate, digits) + 0.0:+.{digits}f} % +- {100 * found.half:.{digits}f}"


def _digits(found: Interval) -> int:
    """How many decimals of a per cent the interval needs."""
    return 1 if found.half >= 0.0005 else 2


def seeds_needed(found: Interval) -> str:
    """About how many seeds would make a difference of this size clear, as the second half of a sentence."""
    if found.seed_error is None:
        return "one seed says nothing about training chance, so train at least 3"
    size, days = abs(np.log1p(found.estimate)), student_quantile(found.blocks - 1) * found.time_error
    if size <= days:
        return "more seeds alone would not tell, as the test period is too short for so small a difference"
    for seeds in range(found.seeds + 1, MANY + 1):
        if np.hypot(student_quantile(seeds - 1) * found.seed_error * np.sqrt(found.seeds / seeds), days) < size:
            return f"about {seeds} seeds would be needed"
    return f"more than {MANY} seeds would be needed"


def _additions(figures: Figures) -> list[str]:
    """Sentences that stand beside the verdict."""
    said, as_good = [], figures.equal_against_full
    if as_good and np.isfinite(as_good.high) and as_good.high < MARGIN:
        said.append(
            f"Full training at {100 * figures.share:.0f} % of the visits is as good as at all of them "
            f"({_signed(as_good)}): then nothing needs pruning to save visits."
        )
    if _slower(more := figures.longer_than_equal):
        said.append(
            f"It took {_percent(more)} longer than full training at equal visits, scoring and selecting included."
        )
    if _slower(more := figures.longer_than_full):
        said.append(f"It took {_percent(more)} longer than full training at all visits: it saves visits, but no time.")
    if figures.against_equal and figures.against_equal.seed_error is None:
        said.append("Only one seed was run: training chance is not in these intervals.")
    return said


def _slower(longer: float | None) -> TypeGuard[float]:
    return longer is not None and longer > SLOWER


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
