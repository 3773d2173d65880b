"""Ten browsers on one server while two runs train: how long a page takes, and whether the server's memory stays flat.

    python bench/class_load.py [--browsers 10] [--minutes 10]

A browser is a WebSocket that speaks Streamlit's own messages: it opens a view, waits until the page is drawn, waits a
moment as a person does, and goes to the next view. Everything stays on this machine. Results go to results/class.md.
"""

import argparse
import asyncio
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from statistics import median, quantiles

import psutil
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import connect

ROOT = Path(__file__).resolve().parent.parent
RESULT = ROOT / "bench" / "results" / "class.md"
VIEWS = ("data", "train", "samples", "sensors", "distil", "compare")
THINKS = 4.0  # seconds between two pages of one browser
LONGEST = 60.0
WARM = 60.0  # seconds after which memory is compared


@contextmanager
def served(runs: Path) -> Iterator[tuple[int, psutil.Process]]:
    """The app for a class, on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    told = {"STCORE_CLASS": "1", "STCORE_RUNS": str(runs), "STCORE_SLOTS_IN": str(runs), "STCORE_SLOTS": "2"}
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        "app/main.py",
        f"--server.port={port}",
        "--server.headless=true",
    ]
    with open(runs / "server.log", "wb") as log:
        server = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **told}, stdout=log, stderr=log)
    try:
        for _ in range(300):
            with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2):
                break
            time.sleep(0.1)
        yield port, psutil.Process(server.pid)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(20)


@contextmanager
def training(runs: Path) -> Iterator[None]:
    """Two runs on the demo city that go on as long as this lasts."""
    command = [sys.executable, "-m", "stcore", "train", "demo", "--epochs", "400", "--runs", str(runs), "--quiet"]
    workers = [
        subprocess.Popen(
            [*command, "--seed", str(seed), "--set", "train.threads=1"], cwd=ROOT, stdout=subprocess.DEVNULL
        )
        for seed in range(2)
    ]
    try:
        yield
    finally:
        for worker in workers:
            worker.terminate()
            worker.wait(30)


async def browse(port: int, number: int, until: float, took: list[tuple[float, str, float]]) -> None:
    """One browser: view after view, each timed from the request until the page is drawn."""
    await asyncio.sleep(number * THINKS / 10)
    headers = {"Cookie": f"winnow={number:032x}", "Origin": f"http://127.0.0.1:{port}"}
    address = f"ws://127.0.0.1:{port}/_stcore/stream"
    async with connect(address, additional_headers=headers, max_size=None, ping_interval=None) as socket_:
        while time.monotonic() < until:
            view = VIEWS[(number + len(took)) % len(VIEWS)]
            began = time.monotonic()
            asked = BackMsg()
            asked.rerun_script.page_name = view
            asked.rerun_script.query_string = ""
            await socket_.send(asked.SerializeToString())
            await asyncio.wait_for(drawn(socket_), LONGEST)
            took.append((began, view, time.monotonic() - began))
            await asyncio.sleep(THINKS)


async def drawn(socket_) -> None:  # type: ignore[no-untyped-def]
    """Wait for the end of the script."""
    while True:
        message = ForwardMsg()
        message.ParseFromString(await socket_.recv())
        if message.WhichOneof("type") == "script_finished":
            return


async def load(port: int, server: psutil.Process, browsers: int, seconds: float) -> tuple[list, list]:
    """All browsers at once; gives what each page took and the server's memory, both with their times."""
    until, took, memory = time.monotonic() + seconds, [], []

    async def watch() -> None:
        while time.monotonic() < until:
            memory.append((time.monotonic(), server.memory_info().rss / 1e6))
            await asyncio.sleep(5)

    await asyncio.gather(watch(), *(browse(port, number, until, took) for number in range(browsers)))
    return took, memory


def main() -> None:
    """Load the server, and write what was seen."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--browsers", type=int, default=10)
    parser.add_argument("--minutes", type=float, default=10.0)
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        served(Path(folder)) as (port, server),
        training(Path(folder) / "own"),
    ):
        began = time.monotonic()
        took, memory = asyncio.run(load(port, server, given.browsers, 60 * given.minutes))
    settled = [rss for when, rss in memory if when > began + WARM] or [rss for _, rss in memory]
    lines = [
        "# A class on one server\n",
        f"Written by `bench/class_load.py`: {given.browsers} browsers for {given.minutes:g} min on {os.cpu_count()} cores, "
        f"two runs training beside them; {THINKS:g} s between two pages of a browser; {len(took)} pages.\n",
        "| view | pages | median s | 95 % below, s | longest s |",
        "| --- | --- | --- | --- | --- |",
        *(row(view, [seconds for _, name, seconds in took if name == view]) for view in VIEWS),
        row("all", [seconds for *_, seconds in took]),
        f"\nMemory of the server: {settled[0]:.0f} MB after {WARM:.0f} s, {settled[-1]:.0f} MB at the end, at most "
        f"{max(settled):.0f} MB between.",
    ]
    RESULT.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


def row(name: str, seconds: list[float]) -> str:
    """A line of the table."""
    if len(seconds) < 2:
        return f"| {name} | {len(seconds)} | | | |"
    return (
        f"| {name} | {len(seconds)} | {median(seconds):.2f} | {quantiles(seconds, n=20)[-1]:.2f} | {max(seconds):.2f} |"
    )


if __name__ == "__main__":
    main()
