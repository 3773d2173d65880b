"""The process that answers a page: one JSON object a line in, one out; between questions it draws the curve."""

import json
from collections.abc import Callable, Iterable
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

import numpy as np

from stcore import jobs
from stcore.options import OptionError
from stcore.plan.answers import PARTS, Ask, asked_of, told, weighed
from stcore.plan.curve import Drawing
from stcore.plan.ground import sites_of
from stcore.runs import Run
from stcore.runs.files import plain
from stcore.sensors.options import MaskOptions

IDLE = 600.0  # seconds without a question after which it ends


class Server:
    """Answers questions about a run: ``keep`` (errors under a mask, told about the plan ``over``), ``speed`` (under a mask),
    ``curve`` (as far as it is)."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.data = jobs.dataset(run)
        self.whatif = weighed(run, self.data)
        self.ask: Ask = asked_of(self.whatif)
        self.drawing: Drawing | None = None
        self.asked: dict[str, Any] = {}

    def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        """The answer as plain values."""
        if "curve" in question:
            return self.curve(question["curve"])
        if "speed" in question:
            from stcore.training.speed import measure

            return {"speed": measure(self.whatif, self.mask(question["speed"]))}
        keep, over = self.mask(question["keep"]), self.mask(question.get("over") or question["keep"])
        ask = asked_of(self.whatif, whole=True) if question.get("whole") else self.ask
        return {"answers": told([ask(keep, part, over) for part in PARTS])}

    def mask(self, text: object) -> np.ndarray:
        """[N] bool from a text of zeros and ones."""
        keep = np.array([letter == "1" for letter in str(text)])
        if len(keep) != len(self.data.sensors) or not keep.any():
            raise OptionError(f"A mask of {len(self.data.sensors)} sensors is needed, with at least one of them on.")
        return keep

    def curve(self, asked: dict[str, Any]) -> dict[str, Any]:
        """The curve under these demands as far as it has come; from now on it is drawn between questions."""
        if self.drawing is None or asked != self.asked:
            self.drawing, self.asked = Drawing(self.run, sites_of(self.run, self.data, MaskOptions.read(asked))), asked
        return {"curve": self.drawing.curve.to_json(), "share": self.drawing.share}

    def work(self) -> bool:
        """Another point of the curve; False where there is nothing to do."""
        return self.drawing is not None and self.drawing.step(self.ask)


def serve(run: Run, questions: Iterable[str], say: Callable[[str], None]) -> None:
    """Say that it is ready, then answer until the questions end or nobody has asked for a while.

    What goes wrong is told as ``error``.
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
