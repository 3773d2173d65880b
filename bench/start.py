"""From `python3 workbench.py` on an installed environment to the first chart in a real browser.

    python bench/start.py [--rounds 3]

The browser is started beforehand, as a person's is; the clock runs from the command to the first drawn chart.
"""

import argparse
import shutil
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

from playwright.sync_api import Error, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
FLAGS = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    found = []
    with sync_playwright() as playwright:
        path = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        for _ in range(rounds):
            port = free_port()
            before = time.perf_counter()
            command = [sys.executable, "workbench.py", "--no-browser", "--port", str(port)]
            server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
            page = browser.new_page()
            while True:
                try:
                    page.goto(f"http://localhost:{port}")
                    break
                except Error:
                    time.sleep(0.05)
            page.wait_for_selector(
                "[data-testid=stVegaLiteChart] canvas, [data-testid=stVegaLiteChart] svg", timeout=60_000
            )
            found.append(time.perf_counter() - before)
            page.close()
            server.terminate()
            server.wait()
        browser.close()
    print(
        f"start to first chart: median {statistics.median(found):.1f} s of {[round(seconds, 1) for seconds in found]}"
    )


if __name__ == "__main__":
    main()
