"""Residents: child processes that stay alive and answer, so that a page without torch gets answers in a moment.

A resident writes one JSON object when it is ready. Then it reads one JSON object per line and answers each with one. It ends
when its input closes, when this process ends, or when nobody has asked for a while. It keeps no state: the next question
starts another.
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

# Residents alive at a time; the one that was asked longest ago makes room.
MOST_RESIDENTS = 2
# Seconds until a resident has to be ready, and until it has to answer.
START, ANSWER = 180.0, 60.0
NO_WINDOW = getattr(subprocess, "CREATE_NO_WINDOW", 0)


class Resident:
    """One child, ``python -m stcore ARGUMENTS``. The first question starts it, and so does ``ready``."""

    def __init__(self, arguments: Sequence[str]) -> None:
        self.command = [sys.executable, "-m", "stcore", *arguments]
        self.lock = Lock()
        self.child: subprocess.Popen[str] | None = None
        self.lines: SimpleQueue[str] = SimpleQueue()
        self.greeted = False

    @property
    def ready(self) -> bool:
        """Whether a question gets an answer, or an error, without waiting for the start. Never waits itself."""
        if self.lock.acquire(blocking=False):
            try:
                if self.child is not None and not self.greeted and self.child.poll() is not None:
                    return True  # it died while starting: the next question raises the reason
                self._start()
                return self.greeted or not self.lines.empty()
            finally:
                self.lock.release()
        return self.greeted

    def ask(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """The answer. RunError with the child's message, or if the child has died or is silent."""
        with self.lock:
            for _ in range(2):
                self._start()
                with suppress(OSError):  # the child had ended, as it does when nobody asks for a while
                    return self._exchange(question)
                self.end()
        raise RunError("The process that answers ended without a word; there may be too little memory.")

    def _exchange(self, question: Mapping[str, Any]) -> dict[str, Any]:
        assert self.child and self.child.stdin
        if not self.greeted:
            self._next_answer(START)
            self.greeted = True
        self.child.stdin.write(json.dumps(dict(question)) + "\n")
        self.child.stdin.flush()
        return self._next_answer(ANSWER)

    def _next_answer(self, seconds: float) -> dict[str, Any]:
        """The next line of the child. RunError if none comes within ``seconds``."""
        try:
            line = self.lines.get(timeout=seconds)
        except Empty:
            self.end()  # a late answer must not pass for the answer to the next question
            raise RunError(f"There was no answer within {seconds:g} s.") from None
        if not line.endswith("\n"):  # the child has ended, perhaps within a line
            raise BrokenPipeError
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise RunError(str(answer["error"]))
        return answer

    def _start(self) -> None:
        """Start the child unless it lives."""
        if self.child is not None and self.child.poll() is None:
            return
        self.end()
        self.lines, self.greeted = SimpleQueue(), False
        self.child = subprocess.Popen(
            self.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            bufsize=1,
            encoding="utf-8",
            start_new_session=True,
            creationflags=NO_WINDOW,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        Thread(target=_collect, args=(self.child, self.lines), daemon=True).start()

    def end(self) -> None:
        """End the child."""
        if self.child is None:
            return
        with suppress(OSError):
            if self.child.stdin:
                self.child.stdin.close()
        self.child.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.child.wait(2)
        self.child = None


def _collect(child: "subprocess.Popen[str]", lines: "SimpleQueue[str]") -> None:
    """Put the child's lines into a queue, where a reader can stop waiting. An empty line marks the end."""
    assert child.stdout
    with suppress(ValueError, OSError), child.stdout:
        for line in child.stdout:
            lines.put(line)
    lines.put("")


_residents: dict[tuple[str, ...], Resident] = {}
_lock = Lock()


def resident(*arguments: str) -> Resident:
    """The child for these arguments. All visitors of this process share it."""
    with _lock:
        wanted = _residents.pop(arguments, None) or Resident(arguments)
        _residents[arguments] = wanted  # at the end: it was asked last
        surplus = [_residents.pop(key) for key in list(_residents)[: max(len(_residents) - MOST_RESIDENTS, 0)]]
    for one in surplus:
        Thread(target=one.end, daemon=True).start()  # in a thread: it may still be answering
    return wanted
