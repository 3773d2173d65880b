"""Residents: child processes that stay and answer, so that a page which loads no torch gets answers in a moment.

A resident says one JSON object when it is ready, then reads one a line and answers with one; it ends when its input closes,
with this process, or when nobody has asked for a while. Nothing is lost with it: the next question starts another.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import Any

from stcore.runs import RunError

MOST = 2  # residents at a time; the one asked longest ago makes room
START, ANSWER = 180.0, 60.0  # seconds until it is ready, and until each answer
APART = getattr(subprocess, "CREATE_NO_WINDOW", 0)


class Resident:
    """One child, ``python -m stcore ARGUMENTS``, started when it is first asked, or asked whether it is ready."""

    def __init__(self, arguments: Sequence[str]) -> None:
        self.command = [sys.executable, "-m", "stcore", *arguments]
        self.lock = Lock()
        self.child: subprocess.Popen[str] | None = None
        self.lines: SimpleQueue[str] = SimpleQueue()
        self.greeted = False

    @property
    def ready(self) -> bool:
        """Whether a question would be answered at once, or with the reason why none is answered; never waits."""
        if self.lock.acquire(blocking=False):
            try:
                if self.child is not None and not self.greeted and self.child.poll() is not None:
                    return True  # it ended before it was ready: whoever asks is told why, instead of waiting for the next one
                self._start()
                return self.greeted or not self.lines.empty()
            finally:
                self.lock.release()
        return self.greeted

    def ask(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """The answer; RunError with the child's own words, or where it has died or is silent."""
        with self.lock:
            for _ in range(2):
                self._start()
                with suppress(OSError):  # it had ended by itself, as it does when nobody asks
                    return self._asked(question)
                self.end()
        raise RunError("The process that answers ended without a word; there may be too little memory.")

    def _asked(self, question: Mapping[str, Any]) -> dict[str, Any]:
        assert self.child and self.child.stdin
        if not self.greeted:
            self._heard(START)
            self.greeted = True
        self.child.stdin.write(json.dumps(dict(question)) + "\n")
        self.child.stdin.flush()
        return self._heard(ANSWER)

    def _heard(self, seconds: float) -> dict[str, Any]:
        """The next line, within so many seconds."""
        try:
            line = self.lines.get(timeout=seconds)
        except Empty:
            self.end()  # a late answer must not be taken for that of the next question
            raise RunError(f"There was no answer within {seconds:g} s.") from None
        if not line.endswith("\n"):  # it has ended, perhaps in the middle of a word
            raise BrokenPipeError
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise RunError(str(answer["error"]))
        return answer

    def _start(self) -> None:
        """Have the child live."""
        if self.child is not None and self.child.poll() is None:
            return
        self.end()
        self.lines, self.greeted = SimpleQueue(), False
        self.child = subprocess.Popen(
            self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, bufsize=1,
            encoding="utf-8", start_new_session=True, creationflags=APART, env={**os.environ, "OMP_NUM_THREADS": "1"},
        )  # fmt: skip
        Thread(target=_pass_on, args=(self.child, self.lines), daemon=True).start()

    def end(self) -> None:
        """Let the child go."""
        if self.child is None:
            return
        with suppress(OSError):
            if self.child.stdin:
                self.child.stdin.close()
        self.child.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.child.wait(2)
        self.child = None


def _pass_on(child: "subprocess.Popen[str]", lines: "SimpleQueue[str]") -> None:
    """Lines as they come, so that whoever waits can wait for so long only; an empty one at the end."""
    assert child.stdout
    with suppress(ValueError, OSError), child.stdout:
        for line in child.stdout:
            lines.put(line)
    lines.put("")


_residents: dict[tuple[str, ...], Resident] = {}
_lock = Lock()


def resident(*arguments: str) -> Resident:
    """The child that answers under these arguments, shared by all visitors of this process."""
    with _lock:
        found = _residents.pop(arguments, None) or Resident(arguments)
        _residents[arguments] = found  # now the one asked last
        gone = [_residents.pop(key) for key in list(_residents)[: max(len(_residents) - MOST, 0)]]
    for one in gone:
        Thread(target=one.end, daemon=True).start()  # it may be in the middle of an answer
    return found
