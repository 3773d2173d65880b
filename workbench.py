"""Start Winnow: ``python3 workbench.py [--port N] [--no-browser] [--data FOLDER]``, or its tests: ``... test``.

The first start makes ``.venv`` beside this file and installs ``requirements.txt`` and the project into it, with your
own pip settings; later starts install only what changed. It needs nothing but Python 3.11 or newer.
"""

import argparse
import contextlib
import hashlib
import importlib.util
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import webbrowser
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMP = VENV / "installed.sha256"
DISK_GB = 3
SIZE = f"First start: about 0.5 GB to download and {DISK_GB} GB on disk"
CUDA = "; 3 GB and 8 GB with the CUDA build of PyTorch, which pip takes on Linux unless its settings offer a CPU build"
OFFLINE = ("connection broken", "failed to establish", "name resolution", "timed out", "cannot connect")


def fingerprint() -> str:
    """A hash of what the environment is made from. The folder counts, since the project is installed as a link to it."""
    needs = ((ROOT / name).read_bytes() for name in ("requirements.txt", "pyproject.toml"))
    return hashlib.sha256(b"\0".join((str(ROOT).encode(), *needs))).hexdigest()


def pip(*arguments: str) -> None:
    """Run pip install in the environment and show its output. Exit with one sentence if it fails."""
    command = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", *arguments]
    output = ""
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, encoding="utf-8", errors="replace") as process:
        for line in process.stderr or ():
            sys.stderr.write(line)
            output += line.lower()
    if process.returncode == 0:
        return
    if "no space left" in output or "not enough space" in output:
        sys.exit(f"The disk is full: make room where {ROOT} and your temporary files lie, then start again.")
    if any(sign in output for sign in OFFLINE):
        sys.exit("pip reached no network: check the connection and pip's proxy settings, then start again.")
    sys.exit("pip could not install what is needed; its reason stands above (tested with Python 3.11 to 3.14).")


def install() -> None:
    """Make ``.venv`` if it is missing or broken, and install what changed in ``requirements.txt``. Mostly nothing is to do."""
    if PYTHON.exists() and STAMP.exists() and STAMP.read_text() == fingerprint():
        return
    if not PYTHON.exists() or subprocess.call([str(PYTHON), "-c", "import pip"], stderr=subprocess.DEVNULL) != 0:
        if not (importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip")):
            package = "python{}.{}-venv".format(*sys.version_info)
            sys.exit(f"Python lacks its venv module: install it (Debian, Ubuntu: apt install {package}), start again.")
        free = shutil.disk_usage(ROOT).free / 1e9
        if free < DISK_GB:
            sys.exit(f"The disk is too full: {DISK_GB} GB are needed where {ROOT} lies, {free:.1f} GB are free.")
        print(SIZE + (CUDA if sys.platform == "linux" else ""), flush=True)
        if subprocess.call([sys.executable, "-m", "venv", "--clear", VENV]) != 0:
            sys.exit(f"No environment could be made in {VENV}; Python's reason stands above.")
    pip("-r", "requirements.txt")
    pip("--no-deps", "--no-build-isolation", "--editable", ".")
    STAMP.write_text(fingerprint())


def is_taken(port: int) -> bool:
    """Whether a program on this machine listens on the port."""
    try:
        socket.create_connection(("localhost", port), timeout=0.5).close()
    except OSError:
        return False
    return True


def wait_for(process: "subprocess.Popen[bytes]") -> int:
    """Wait for a child and return its exit code. Ctrl-C reaches the child too, so it gets time to end by itself."""
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    try:
        return process.wait()
    except KeyboardInterrupt:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.wait(timeout=10)
        process.kill()
        return process.wait()


def announce(server: "subprocess.Popen[bytes]", port: int, browser: bool, host: str = "localhost") -> None:
    """Once the server answers, print its address and, if there is a screen, open it in a browser."""
    while server.poll() is None and not is_taken(port):
        time.sleep(0.05)
    if server.poll() is None:
        print(f"Winnow is at http://{host}:{port} (Ctrl-C ends the page; training goes on)", flush=True)
        if browser and (sys.platform != "linux" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
            webbrowser.open(f"http://localhost:{port}")


def data_environment(folders: "Sequence[str]", always: str = "") -> "dict[str, str]":
    """Environment of the app: the folders it may read data from. These are ``folders`` and ``always``; without ``always`` the
    folders of STCORE_DATA, or your home."""
    for folder in folders:
        if not os.path.isdir(folder):
            sys.exit(f"There is no folder {folder} to read data from.")
    named = always or os.environ.get("STCORE_DATA") or os.path.expanduser("~")
    return {"STCORE_DATA": os.pathsep.join([named, *map(os.path.abspath, folders)])}


def class_settings(
    hosts: "Sequence[str]", data: "Sequence[str]", quota: str, slots: int
) -> "tuple[list[str], dict[str, str]]":
    """How the app is served to a class: flags for the server, and the environment of the app.

    The app listens on the network and answers only to the given host names. Each browser has its own runs folder with a
    quota. All browsers share the slots and read data from the ``data`` folders only.
    """
    if not re.fullmatch(r"(?i)\d+(\.\d+)?\s*[kmgt]?b?", quota):
        sys.exit(f"--quota has to be a size such as 500MB or 2GB; it is {quota}.")
    allowed = ["localhost", "127.0.0.1", *hosts]
    flags = ["--server.address=0.0.0.0", *(f"--server.allowedHosts={host}" for host in allowed)]
    runs = os.path.abspath(os.environ.get("STCORE_RUNS") or str(ROOT / "runs" / "class"))
    for folder in (str(ROOT / "data"), *data):
        if Path(runs).resolve().is_relative_to(Path(folder).resolve()):
            sys.exit(f"The class's runs are kept in {runs}, inside {folder}, where all may read; share another folder.")
    environment = {"STCORE_CLASS": "1", "STCORE_RUNS": runs, "STCORE_SLOTS_IN": runs, "STCORE_QUOTA": quota}
    environment["STCORE_SLOTS"] = str(slots)
    return flags, {**environment, **data_environment(data, str(ROOT / "data"))}


def start(port: int, browser: bool, flags: "Sequence[str]" = (), environment: "dict[str, str] | None" = None) -> int:
    """Serve the app until Ctrl-C, on this machine only, unless ``flags`` say otherwise."""
    if is_taken(port):
        sys.exit(f"Port {port} is taken, perhaps by Winnow: see http://localhost:{port}, or add --port {port + 1}")
    command = [str(PYTHON), "-m", "streamlit", "run", "app/main.py", f"--server.port={port}", "--server.headless=true"]
    # The server prints no welcome: announce prints the address.
    quiet = {**os.environ, **(environment or {}), "STREAMLIT_LOGGER_HIDE_WELCOME_MESSAGE": "true"}
    server = subprocess.Popen([*command, *flags], cwd=ROOT, env=quiet)
    # The last flag allows the last host name.
    host = flags[-1].rpartition("=")[2] if flags else "localhost"
    threading.Thread(target=announce, args=(server, port, browser, host), daemon=True).start()
    return wait_for(server)


def main(arguments: "list[str]") -> int:
    """Install what is missing, then start the app or the tests. Returns the exit code."""
    if sys.version_info < (3, 11):
        sys.exit("Winnow needs Python 3.11 or newer; this is {}.{}.".format(*sys.version_info))
    if arguments[:1] == ["test"]:
        install()
        return wait_for(subprocess.Popen([str(PYTHON), "-m", "pytest", *arguments[1:]], cwd=ROOT))
    parser = argparse.ArgumentParser(description="Start Winnow; `workbench.py test` runs its tests instead.")
    parser.add_argument("--port", type=int, default=8501, help="where the page is served (8501)")
    parser.add_argument("--no-browser", action="store_true", help="only print the address")
    text = (
        "a further folder that the app may read data from; it also reads your home, or the folders that STCORE_DATA names "
        "instead (a class reads neither of these); may be given several times"
    )
    parser.add_argument("--data", metavar="FOLDER", action="append", default=[], help=text)
    text = "serve a class on the network under this host name; see docs/serving.md"
    parser.add_argument("--class", dest="hosts", metavar="HOST", action="append", default=[], help=text)
    parser.add_argument("--quota", default="1GB", help="of a class: what the runs of one browser may take (1GB)")
    many = max(1, (os.cpu_count() or 2) // 2)
    parser.add_argument("--slots", type=int, default=many, help=f"of a class: how many runs train at once ({many})")
    given = parser.parse_args(arguments)
    install()
    if given.hosts:
        return start(given.port, False, *class_settings(given.hosts, given.data, given.quota, given.slots))
    return start(given.port, not given.no_browser, (), data_environment(given.data))


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit("Stopped; the next start goes on from here.")
