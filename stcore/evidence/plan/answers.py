"""The errors of a run's weights under any mask: which runs can be asked, and what an answer holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from stcore import registry
from stcore.data import STData
from stcore.options import OptionError
from stcore.runs import Run, RunError
from stcore.runs.record import weights

if TYPE_CHECKING:
    from stcore.training.whatif import WhatIf

PARTS = "validation", "test"


class Period(NamedTuple):
    """The W windows that an answer was measured on: ``start`` [W] are their first steps, ``total`` all windows of the part."""

    start: np.ndarray
    lookback: int
    horizon: int
    total: int


@dataclass(frozen=True)
class Answer:
    """Errors of a part: the summed ``absolute`` error [N] and the ``count`` [N] of truths.

    ``keep`` [N] bool is the plan that the errors are about. ``by_window`` [2, 2, W] holds absolute errors and counts for each
    window of the ``period``, summed over the sensors that the plan keeps and over those that it switches off.
    """

    keep: np.ndarray
    absolute: np.ndarray
    count: np.ndarray
    by_window: np.ndarray
    period: Period

    def mean(self, which: np.ndarray | None = None) -> float:
        """Mean absolute error over all sensors, or over those in ``which`` [N] bool. NaN where there is no truth."""
        chosen = np.ones(len(self.keep), bool) if which is None else which
        count = self.count[chosen].sum()
        return float(self.absolute[chosen].sum() / count) if count else float("nan")

    @property
    def all(self) -> float:
        """Mean absolute error over all sensors."""
        return self.mean()

    @property
    def kept(self) -> float:
        """Mean absolute error over the sensors that stay on."""
        return self.mean(self.keep)

    @property
    def off(self) -> float:
        """Mean absolute error over the sensors that are off."""
        return self.mean(~self.keep)

    @property
    def by_sensor(self) -> np.ndarray:
        """The mean absolute error [N] of each sensor. NaN where nothing was observed."""
        return np.divide(self.absolute, self.count, out=np.full(len(self.keep), np.nan), where=self.count > 0)

    @property
    def three(self) -> list[float]:
        """The errors over all sensors, over those kept, and over those that are off."""
        return [self.all, self.kept, self.off]


class Ask(Protocol):
    """A function that gives the errors under a mask."""

    def __call__(self, on: np.ndarray, part: str, over: np.ndarray | None = None) -> Answer:
        """The errors with those in ``on`` [N] bool on, in validation or test, told about the plan ``over`` [N] bool: itself,
        unless another is named."""


def mixing_models() -> list[str]:
    """The models that can forecast a sensor that is off."""
    return [card.name for card in registry.cards("models").values() if card.mixes_sensors]


def mixes_sensors(run: Run) -> bool:
    """Whether the run's model can forecast a sensor that is off."""
    return run.spec.model_name in mixing_models()


def why_no_plan(run: Run) -> str:
    """Why no plan can be made of a run, in a sentence. Empty where one can."""
    if not mixes_sensors(run):
        return (
            f"{run.spec.model_name} forecasts each sensor from its own readings alone, so one that is off "
            "would have none: a plan needs a run of a model that mixes sensors or reads neighbours, such as "
            f"{', '.join(mixing_models())}."
        )
    return "" if run.status == "done" else f"Run {run.id} is {run.status}; a plan is made of a finished run."


def check_run(run: Run) -> None:
    """OptionError where the run's model cannot forecast sensors that are off, RunError where the run is not finished."""
    if said := why_no_plan(run):
        raise (RunError if mixes_sensors(run) else OptionError)(said)


def mask_of(run: Run) -> dict[str, Any]:
    """The run's mask and its options. Older runs have none."""
    return dict(run.spec.options.mask)


def mask_card(run: Run) -> registry.MaskCard | None:
    """The card of the run's mask; None of a mask that is not installed here."""
    return registry.find("masks", mask_of(run)["name"])


def trained_for(run: Run) -> bool:
    """Whether the run was trained to forecast under any mask."""
    card = mask_card(run)
    return card is not None and card.off == "steps"


def knows_all_on(run: Run) -> bool:
    """Whether the run was trained with all sensors on, at least sometimes. Else its error with all on means nothing."""
    card = mask_card(run)
    return card is not None and card.off != "good"


def all_on(run: Run, answer: Answer) -> Answer:
    """The answer with all sensors on. NaN for a run that was trained with some of them off for good."""
    if knows_all_on(run):
        return answer
    return Answer(answer.keep, 0 * answer.absolute, 0 * answer.count, 0 * answer.by_window, answer.period)


def load_whatif(run: Run, data: STData) -> "WhatIf":
    """The run's weights, loaded into this process. OptionError or RunError where they cannot be asked."""
    from stcore.training.whatif import WhatIf

    check_run(run)
    run.spec.check_options()
    run.spec.check_options()
    content = weights(run)
    if content is None:
        raise RunError(f"The weights of run {run.id} are missing or damaged.")
    return WhatIf(data, run.spec.options, content)


def ask_weights(whatif: "WhatIf", whole: bool = False) -> Ask:
    """A function that asks the weights, on ``whole`` parts or on some windows of them."""
    everyone: dict[str, np.ndarray] = {}  # asked about beside every plan

    def ask(on: np.ndarray, part: str, over: np.ndarray | None = None) -> Answer:
        sums = everyone[part] if on.all() and part in everyone else whatif.by_window(on, part, whole)  # type: ignore[arg-type]
        if on.all():
            everyone[part] = sums
        windows, keep = whatif.windows(part, whole), on if over is None else over  # type: ignore[arg-type]
        total = len(whatif.windows(part, True))  # type: ignore[arg-type]
        period = Period(windows.starts, windows.lookback, windows.horizon, total)
        groups = np.stack([keep, ~keep]).astype(np.float64)
        absolute, count = sums.sum(axis=1, dtype=np.float64)
        return Answer(keep, absolute, count, np.einsum("pwn,gn->pgw", sums, groups), period)

    return ask


def answers_to_json(answers: Sequence[Answer]) -> list[dict[str, Any]]:
    """Answers as plain values that JSON can hold."""
    return [
        {name: getattr(one, name).tolist() for name in ("absolute", "count", "by_window")}
        | {"period": one.period._asdict() | {"start": one.period.start.tolist()}}
        for one in answers
    ]


def answer_from_json(keep: np.ndarray, said: Mapping[str, Any]) -> Answer:
    """The answer about the plan ``keep`` [N] bool from its plain values."""
    absolute, count, by_window = (np.array(said[name], float) for name in ("absolute", "count", "by_window"))
    period = Period(**{**said["period"], "start": np.array(said["period"]["start"], np.int64)})
    return Answer(keep, absolute, count, by_window, period)
