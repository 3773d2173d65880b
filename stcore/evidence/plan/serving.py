"""The process that answers a page: one JSON object in, one out. Between questions it measures the curve."""

import json
from collections.abc import Callable, Iterable
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any

import numpy as np

from stcore.evidence.plan.answers import PARTS, Ask, answers_to_json, ask_weights, load_whatif
from stcore.evidence.plan.curve import Drawing
from stcore.evidence.plan.ground import sites_of
from stcore.options import OptionError
from stcore.processes import jobs
from stcore.runs import Run
from stcore.runs.files import plain
from stcore.sensors.options import MaskOptions

IDLE = 600.0  # seconds without a question after which it ends


class Server:
    """Answers questions about a run.

    ``keep``: the errors under a mask, about the plan ``over``. ``speed``: that of forecasts under a mask. ``curve``: the curve
    as far as it is measured.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self.data = jobs.dataset(run)
        self.whatif = load_whatif(run, self.data)
        self.ask: Ask = ask_weights(self.whatif)
        self.drawing: Drawing | None = None
        self.asked: dict[str, Any] = {}

    def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        """The answer as plain values."""
        if "curve" in question:
            return self.curve(question["curve"])
        if "speed" in question:
            from stcore.training.speed import measure_speed

            return {"speed": measure_speed(self.whatif, self.mask(question["speed"]))}
        keep, over = self.mask(question["keep"]), self.mask(question.get("over") or question["keep"])
        ask = ask_weights(self.whatif, whole=True) if question.get("whole") else self.ask
        return {"answers": answers_to_json([ask(keep, part, over) for part in PARTS])}

    def mask(self, text: object) -> np.ndarray:
        """A mask [N] bool from a text of zeros and ones."""
        keep = np.array([letter == "1" for letter in str(text)])
        if len(keep) != len(self.data.sensors) or not keep.any():
            raise OptionError(f"A mask of {len(self.data.sensors)} sensors is needed, with at least one of them on.")
        return keep

    def curve(self, asked: dict[str, Any]) -> dict[str, Any]:
        """The curve under these demands, as far as it is measured. From now on it is continued between questions."""
        if self.drawing is None or asked != self.asked:
            self.drawing, self.asked = Drawing(self.run, sites_of(self.run, self.data, MaskOptions.read(asked))), asked
        return {"curve": self.drawing.curve.to_json(), "share": self.drawing.share}

    def work(self) -> bool:
        """Measure one more point of the curve. False where there is nothing to do."""
        return self.drawing is not None and self.drawing.step(self.ask)


def serve(run: Run, questions: Iterable[str], say: Callable[[str], None]) -> None:
    """Say that the process is ready, then answer until the questions end or nobody has asked for a while.

    What goes wrong is answered as ``error``.
    """
    lines: SimpleQueue[str] = SimpleQueue()
    Thread(target=_read, args=(questions, lines), daemon=True).start()
    try:
        server = Server(run)
    except Exception as error:
        say(_told(error))
        return
    say(json.dumps({"ready": True}))
    busy = False
    while True:
        try:
            line = lines.get(block=not busy, timeout=IDLE)
        except Empty:
            if not busy:
                return
            line = None
        if line == "":
            return
        try:
            if line:
                say(json.dumps(plain(server.answer(json.loads(line)))))
            busy = server.work()
        except Exception as error:  # a person gets a sentence, whatever it was
            server.drawing, busy = (None, False) if line is None else (server.drawing, busy)
            if line:
                say(_told(error))


def _told(error: Exception) -> str:
    return json.dumps({"error": str(error) or type(error).__name__})


def _read(questions: Iterable[str], lines: "SimpleQueue[str]") -> None:
    for line in questions:
        if line.strip():
            lines.put(line)
    lines.put("")


if TYPE_CHECKING:
    from stcore.evidence.plan.planned import Plan

WORTH = 1.1  # times as fast, below which nobody notices


def measure_speed(plan: "Plan") -> dict[str, Any]:
    """Latency, arithmetic and inputs of a plan, measured in this process; see ``stcore.training.speed.measure_speed``."""
    from stcore.training.speed import measure_speed

    return measure_speed(load_whatif(plan.run, plan.data), plan.keep)


def describe_speed(found: dict[str, Any]) -> str:
    """The measured speed in one plain sentence. Where only the inputs are saved it says so."""
    kept, sensors, ratio, every = found["kept"], found["sensors"], found["faster"]["kept"], found["faster"]["all"]
    if kept == sensors:
        return f"All {sensors} sensors stay, so nothing is saved."
    less = f"{found['inputs']['full']:,} to {found['inputs']['kept']:,} numbers read for a forecast"
    if not found["gathers"] or (ratio["median"] < WORTH and every["median"] < WORTH):
        return f"Only the inputs are saved ({less}): the model takes as long as with all {sensors} sensors."
    arithmetic = 1 - found["flops"]["kept"] / max(found["flops"]["full"], 1)
    return (
        f"Forecasts of the {kept} kept sensors are {speed_in_words(ratio)} those of all {sensors} from all; "
        f"those of all {sensors} from the kept ones are {speed_in_words(every)} that. "
        f"Measured in turn, {found['windows']} windows at once; {less}, and {arithmetic:.0%} less arithmetic for the kept ones."
    )


def speed_in_words(ratio: dict[str, float]) -> str:
    """A ratio of speeds in words: ``3.2 times as fast (2.9 to 3.4 times) as``."""
    spread = f"({ratio['low']:.2g} to {ratio['high']:.2g} times)"
    if 1 / WORTH < ratio["median"] < WORTH:
        return f"about as fast {spread} as"
    return f"{ratio['median']:.2g} times as fast {spread} as"
