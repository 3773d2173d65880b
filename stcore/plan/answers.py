"""What a run's weights answer when asked under another mask: who may be asked, and the numbers that come back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stcore import registry
from stcore.data import STData
from stcore.options import OptionError, RunOptions
from stcore.runs import Run, RunError
from stcore.runs.record import weights

if TYPE_CHECKING:
    from stcore.training.whatif import WhatIf

PARTS = "validation", "test"


@dataclass(frozen=True)
class Answer:
    """Errors of a part under ``keep`` [N] bool: the summed ``absolute`` error [N] and the ``count`` [N] of truths."""

    keep: np.ndarray
    absolute: np.ndarray
    count: np.ndarray

    def mean(self, which: np.ndarray | None = None) -> float:
        """Mean absolute error over all sensors, or those in ``which`` [N] bool; NaN over none."""
        chosen = np.ones(len(self.keep), bool) if which is None else which
        count = self.count[chosen].sum()
        return float(self.absolute[chosen].sum() / count) if count else float("nan")

    @property
    def all(self) -> float:
        """Over all sensors."""
        return self.mean()

    @property
    def kept(self) -> float:
        """Over those that stay on."""
        return self.mean(self.keep)

    @property
    def off(self) -> float:
        """Over those that are off."""
        return self.mean(~self.keep)

    @property
    def by_sensor(self) -> np.ndarray:
        """[N] each one's own; NaN where nothing was observed."""
        return np.divide(self.absolute, self.count, out=np.full(len(self.keep), np.nan), where=self.count > 0)

    @property
    def three(self) -> list[float]:
        """Over all, over the kept, over those that are off."""
        return [self.all, self.kept, self.off]


Ask = Callable[[np.ndarray, str], Answer]
"""The answer under a mask [N] bool on a part, ``validation`` or ``test``."""


def mixing() -> list[str]:
    """The models that can forecast a sensor that is off."""
    return [card.name for card in registry.cards("models").values() if card.mixes_sensors]


def mixes(run: Run) -> bool:
    """Whether the run's model can forecast a sensor that is off."""
    return run.spec["options"]["model"]["name"] in mixing()


def why_not(run: Run) -> str:
    """Why a run cannot be asked, in a sentence; empty where it can."""
    if not mixes(run):
        return (
            f"{run.spec['options']['model']['name']} forecasts each sensor from its own readings alone, so one that is off "
            "would have none: a plan needs a run of a model that mixes sensors or reads neighbours, such as "
            f"{', '.join(mixing())}."
        )
    return "" if run.status == "done" else f"Run {run.id} is {run.status}; a plan is made of a finished run."


def check(run: Run) -> None:
    """OptionError where the run's model cannot be asked, RunError where it is not finished."""
    if said := why_not(run):
        raise (RunError if mixes(run) else OptionError)(said)


def mask_of(run: Run) -> dict[str, Any]:
    """The run's mask and its options; older runs have none."""
    return dict(run.spec["options"].get("mask") or {"name": "none"})


def trained_for(run: Run) -> bool:
    """Whether the run was trained to forecast under any mask."""
    return bool(mask_of(run)["name"] == "any")


def knows_all_on(run: Run) -> bool:
    """Whether the run was trained with all sensors on, at least now and then: else its error with all on means nothing."""
    return mask_of(run)["name"] in ("none", "any")


def all_on(run: Run, answer: Answer) -> Answer:
    """The answer with all sensors on; unknown (NaN) of a run that was trained with some of them off for good."""
    return answer if knows_all_on(run) else Answer(answer.keep, 0 * answer.absolute, 0 * answer.count)


def weighed(run: Run, data: STData) -> "WhatIf":
    """The run's weights, ready to be asked in this process. OptionError or RunError where they cannot be."""
    from stcore.training.whatif import WhatIf

    check(run)
    content = weights(run)
    if content is None:
        raise RunError(f"The weights of run {run.id} are missing or damaged.")
    return WhatIf(data, RunOptions.read(run.spec["options"]), content)


def asked_of(whatif: "WhatIf", whole: bool = False) -> Ask:
    """Answers by weights; measured on the ``whole`` parts or on some windows of them."""

    def ask(keep: np.ndarray, part: str) -> Answer:
        absolute, count = whatif.errors(keep, part, whole)  # type: ignore[arg-type]
        return Answer(keep, absolute, count)

    return ask


def told(answers: Sequence[Answer]) -> list[dict[str, Any]]:
    """Answers as plain values, for a line of JSON."""
    return [{"absolute": one.absolute.tolist(), "count": one.count.tolist()} for one in answers]
