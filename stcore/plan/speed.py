"""What a measurement of speed says, for people; the measurement itself is in ``stcore.training.speed``."""

from typing import TYPE_CHECKING, Any

from stcore.plan.answers import weighed

if TYPE_CHECKING:
    from stcore.plan.planned import Plan

WORTH = 1.1  # times as fast, below which nobody notices


def measured(plan: "Plan") -> dict[str, Any]:
    """Latency, arithmetic and inputs of a plan, measured in this process; see ``stcore.training.speed.measure``."""
    from stcore.training.speed import measure

    return measure(weighed(plan.run, plan.data), plan.keep)


def sentence(found: dict[str, Any]) -> str:
    """What was measured, in one plain sentence; where only the inputs are saved it says so."""
    kept, sensors, ratio, every = found["kept"], found["sensors"], found["faster"]["kept"], found["faster"]["all"]
    if kept == sensors:
        return f"All {sensors} sensors stay, so nothing is saved."
    less = f"{found['inputs']['full']:,} to {found['inputs']['kept']:,} numbers read for a forecast"
    if not found["gathers"] or (ratio["median"] < WORTH and every["median"] < WORTH):
        return f"Only the inputs are saved ({less}): the model takes as long as with all {sensors} sensors."
    arithmetic = 1 - found["flops"]["kept"] / max(found["flops"]["full"], 1)
    return (
        f"Forecasts of the {kept} kept sensors are {times(ratio)} those of all {sensors} from all; those of all {sensors} from "
        f"the kept ones are {times(every)} that. Measured in turn, {found['windows']} windows at once; {less}, and "
        f"{arithmetic:.0%} less arithmetic for the kept ones."
    )


def times(ratio: dict[str, float]) -> str:
    """How fast in words: ``3.2 times as fast (2.9 to 3.4 times) as``."""
    spread = f"({ratio['low']:.2g} to {ratio['high']:.2g} times)"
    if 1 / WORTH < ratio["median"] < WORTH:
        return f"about as fast {spread} as"
    return f"{ratio['median']:.2g} times as fast {spread} as"
