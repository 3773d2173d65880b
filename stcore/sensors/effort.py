"""How long masks take to decide and how much memory that needs: told before a run starts, since some are cubic in the sites.

Processor seconds on one thread, measured at 500 to 2,000 sites (conditional-variance 7 s at 2,000, predictive 12 s at 1,500).
"""

from stcore.sensors.candidates import CANDIDATES, MANY, SLOW
from stcore.sensors.predictive import MANY as SHORT
from stcore.sensors.predictive import MOST

CUBED = {"conditional-variance": 8.5e-10, "predictive": 3.5e-9}  # seconds per site cubed
TWICE = 1.1e-8  # the same of predictive where it takes two readings of each site
MATRICES = {"conditional-variance": 5, "predictive": 9, "coverage": 5}  # float64 [R, R] that are alive at once
COMPARING = ("best", "dynst", "any")  # the last trains under them by turns
LONG = 60.0  # seconds from which on it is said


def deciding(mask: str, sites: int) -> float:
    """Seconds that a mask takes to rank so many sites, before the first epoch."""
    return sum(
        (TWICE if name == "predictive" and sites <= SHORT else CUBED.get(name, 0.0)) * float(sites) ** 3
        for name in ranked(mask, sites)
    )


def room(mask: str, sites: int) -> float:
    """Bytes that a mask needs beside everything else while it decides."""
    return 8.0 * sites**2 * max((MATRICES.get(name, 0) for name in ranked(mask, sites)), default=0)


def ranked(mask: str, sites: int) -> list[str]:
    """The masks whose order is found: its own, or those that it compares or trains under."""
    return [mask] if mask not in COMPARING else [name for name in CANDIDATES if name not in left_out(sites)]


def left_out(sites: int) -> list[str]:
    """The candidates that are passed over, since they would take too long over so many sites."""
    return [*(SLOW if sites > MANY else ()), *(["predictive"] if sites > MOST else [])]


def told(mask: str, sites: int) -> list[str]:
    """Notes on what is slow, or left out for that."""
    said, out = [], left_out(sites) if mask in COMPARING else []
    if out:
        said.append(
            f"over {sites:,} sensors {' and '.join(out)} would take too long and {'is' if len(out) == 1 else 'are'} "
            "not among the masks that are compared or trained under"
        )
    if (seconds := deciding(mask, sites)) >= LONG:
        said.append(
            f"ranking {sites:,} sensors takes about {max(round(seconds / 60), 1)} min of the processor, before the first epoch"
        )
    return said
