"""Every file keeps the rules of tests/architecture.py; small bad sources show that the rules would be seen broken."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from architecture import Source, breaches
from house import House, texts_of

ROOT = Path(__file__).parents[1]


def project_files() -> list[str]:
    paths = (path for name in ("stcore", "app") for path in (ROOT / name).rglob("*.py"))
    return sorted(path.relative_to(ROOT).as_posix() for path in paths)


def test_every_file_keeps_the_rules() -> None:
    files = project_files()
    assert "stcore/__init__.py" in files
    found = [breach for path in files for breach in breaches(path, (ROOT / path).read_text(encoding="utf-8"))]
    assert not found, "\n".join(["the architecture is broken:", *found])


def test_the_house_as_a_whole_keeps_its_rules() -> None:
    """No circle, no crowded folder, no small file that only adds a hop. What is still excepted shrinks: see exceptions.txt."""
    found = set(House.of(texts_of("stcore", "app")).exceptions())
    excepted = set((Path(__file__).parent / "exceptions.txt").read_text("utf-8").split("\n")) - {""}
    assert not found - excepted, "\n".join(["the house is broken:", *sorted(found - excepted)])
    assert not excepted - found, "\n".join(["no exception any more, so take it out:", *sorted(excepted - found)])


def test_circles_hops_and_crowds_would_be_seen() -> None:
    a, b, c = "stcore/data/a.py", "stcore/data/b.py", "stcore/data/c.py"
    late = "def f():\n    from stcore.data import b"
    typed = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .a import x"
    assert House.of({a: late, b: typed, c: "from stcore.data.a import x"}).circles() == [[a, b]]
    assert House.of({a: "from stcore.data.b import x", b: "from .c import y", c: "y = 1"}).circles() == []
    assert House.of({a: "from stcore.data.b import x", b: "x = 1"}).hops() == [b]
    assert House.of({a: "from stcore.data.b import x", b: "x = 1\n" * 40}).hops() == []
    assert House.of({a: "from stcore.data.b import x", b: "CARD = Card()"}).hops() == []
    assert House.of({a: "from stcore.data.b import x", b: "x = 1", c: "CARD = Card('stcore.data.b:x')"}).hops() == []
    many = {f"stcore/data/f{number}.py": "" for number in range(25)}
    assert House.of(many).crowded() == {}
    assert House.of({**many, "stcore/data/more/one.py": "", "stcore/data/more/two.py": ""}).crowded() == {
        "stcore/data": 26
    }
    assert House.of({**many, a: "CARD = Card()"}).crowded() == {}
    texts = {f"stcore/data/f{number}.py": "def load(): ...\ndef _own(): ..." for number in range(4)}
    assert House.of(texts).repeated() == {"load": 4}


def test_a_pickle_is_opened_in_one_place() -> None:
    uses = []
    for path in project_files():
        source = Source(path, ast.parse((ROOT / path).read_text(encoding="utf-8")))
        list(source.imports())
        nodes = (node for node in ast.walk(source.tree) if isinstance(node, ast.Attribute | ast.Name))
        uses += [f"{path}:{node.lineno}" for node in nodes if source.dotted(node) == "pickle.Unpickler"]
    assert len(uses) <= 1, f"pickle.Unpickler is used more than once: {uses}"


def loaded(modules: list[str], heavy: str) -> str:
    """Which of the modules brought ``heavy`` into a fresh process, in order of import; empty when none did."""
    code = (
        "import importlib, sys\n"
        f"for name in {modules!r}:\n"
        "    importlib.import_module(name)\n"
        f"    if {heavy!r} in sys.modules: sys.exit(name)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode in (0, 1) and "Traceback" not in done.stderr, done.stderr
    return done.stderr.strip()


def page_modules() -> list[str]:
    """What the page loads: the readers, runs, jobs and charts, every card, and whatever app/ imports, early or late."""
    page = {"options", "registry", "readers", "runs", "processes", "evidence", "charts", "exports"}
    files = [path for path in project_files() if path.startswith("stcore/")]
    own = {path.removesuffix("/__init__.py").removesuffix(".py").replace("/", ".") for path in files}
    wanted = {name for name in own if name.split(".")[1:2] and name.split(".")[1] in page}
    wanted |= own & {"stcore", "stcore.models", "stcore.prune", "stcore.sensors", "stcore.distil"}
    for path in (ROOT / "app").rglob("*.py"):
        local = {part.stem for part in (ROOT / "app").iterdir()} | {"app"}
        for _, name, _ in Source(f"app/{path.name}", ast.parse(path.read_text(encoding="utf-8"))).imports():
            if name.startswith("stcore"):
                wanted |= {name, name.rpartition(".")[0]} & own
            elif name.split(".")[0] not in local:
                wanted.add(name.split(".")[0])
    return sorted(wanted)


def test_no_torch_in_the_page() -> None:
    assert loaded(page_modules(), "torch") == ""


def test_a_heavy_import_would_be_seen() -> None:
    assert loaded(["csv", "wave"], "wave") == "wave"


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        ("stcore/novelty.py", "", "has no row"),
        (
            "stcore/data/stdata.py",
            "from stcore.training.samples import TrainingSamples",
            "training does not stand above",
        ),
        ("stcore/processes/jobs.py", "def f():\n    from stcore import evidence", "does not stand above"),
        ("stcore/events.py", "import stcore.findings", "does not stand above"),
        ("stcore/data/stdata.py", "from .. import train", "does not stand above"),
        ("stcore/data/stdata.py", "import stcore", "does not stand above"),
        ("stcore/charts/map.py", "from app import forms", "does not stand above"),
        ("stcore/__init__.py", "from stcore import data", "before it is used"),
        ("stcore/data/stdata.py", "import torch", "torch is for"),
        ("stcore/models/__init__.py", "def f():\n    import torch.nn", "not for cards"),
        ("stcore/readers/torch_file.py", "import torch", "only inside the function"),
        (
            "stcore/training/loop.py",
            "import torch\ntorch.distributed.barrier()",
            "torch.distributed.barrier is for ranks",
        ),
        ("stcore/training/loop.py", "from torch import distributed", "torch.distributed is for ranks"),
        ("stcore/charts/map.py", "import streamlit as st", "streamlit is for app"),
        ("app/data/page.py", "import plotly.express as px", "is for charts"),
        ("stcore/runs/lock.py", "from subprocess import run", "is for processes, sandbox"),
        ("stcore/runs/lock.py", "import os\nos.execv('a', [])", "os.execv is for processes"),
        ("stcore/processes/jobs.py", "open('a', 'w')", "writing files is for"),
        ("stcore/processes/jobs.py", "open('a', mode='r+b')", "writing files is for"),
        ("stcore/processes/jobs.py", "def f(mode):\n    open('a', mode)", "writing files is for"),
        ("stcore/processes/jobs.py", "from pathlib import Path\nPath('a').open('ab')", "writing files is for"),
        ("stcore/processes/jobs.py", "def f(path):\n    path.write_text('')", "writing files is for"),
        ("stcore/charts/map.py", "def f(table, path):\n    table.to_csv(path)", "writing files is for"),
        ("stcore/charts/map.py", "import numpy as np\nnp.savez('a')", "numpy.savez is for"),
        ("stcore/charts/map.py", "import numpy as np\nnp.memmap('a', dtype='u1')", "writing files is for"),
        ("stcore/training/loop.py", "import os\nos.replace('a', 'b')", "os.replace is for"),
        ("app/main.py", "import shutil\nshutil.rmtree('a')", "shutil.rmtree is for"),
        ("stcore/readers/graph.py", "import pickle\npickle.loads(b'')", "pickle.loads is for nobody"),
        ("stcore/readers/graph.py", "from pickle import load", "pickle.load is for nobody"),
        ("stcore/runs/trace.py", "import pickle", "pickle is for readers"),
        ("stcore/readers/hdf5.py", "import pandas as pd\npd.read_hdf('a')", "pandas.read_hdf is for nobody"),
        ("stcore/readers/npz.py", "import numpy\nnumpy.load('a', allow_pickle=True)", "allow_pickle must be False"),
        ("stcore/training/loop.py", "import torch\ntorch.load('a', weights_only=False)", "weights_only must be True"),
        ("stcore/options.py", "eval('1')", "builtins.eval is for nobody"),
        ("stcore/options.py", "def f(table):\n    table.eval('a + b')", "eval of a text"),
        ("stcore/prune/random.py", "import numpy as np\nnp.random.rand(3)", "numpy.random.rand is for nobody"),
        ("stcore/prune/random.py", "import random\nrandom.shuffle([])", "random.shuffle is for nobody"),
        ("stcore/prune/random.py", "from random import shuffle", "random.shuffle is for nobody"),
        ("stcore/data/scale.py", "\n" * 301, "301 lines"),
        ("stcore/data/scale.py", "def f():\n" + "    1\n" * 60, "f has 61 lines"),
        ("stcore/data/scale.py", "def f(a, b, c, d, e, g): ...", "6 positional parameters"),
    ],
)
def test_a_bad_source_is_refused(path: str, text: str, said: str) -> None:
    assert said in "\n".join(breaches(path, text))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("stcore/__init__.py", "def f():\n    from stcore import readers"),
        ("stcore/models/stid.py", "import torch\nfrom .forecaster import Forecaster\nfrom stcore.data import STData"),
        ("stcore/models/stid.py", "def f(model):\n    model.eval()"),
        ("stcore/readers/torch_file.py", "def f():\n    import torch\n    torch.load('a', weights_only=True)"),
        ("stcore/__main__.py", "from stcore.cli import show\nimport stcore.exports"),
        ("stcore/runs/store.py", "from stcore import __version__\nopen('a', 'ab')"),
        ("stcore/prune/random.py", "import numpy as np\nnp.random.default_rng([0, 1]).random(3)"),
        ("stcore/processes/jobs.py", "import subprocess\nopen('a')\nopen('w', 'rb')\nopen('b', encoding='utf-8')"),
        ("app/data/page.py", "import stcore, streamlit\nstcore.open('a', answers).to_csv()"),
        ("stcore/data/scale.py", "class A:\n    def f(self, a, b, c, d, e, *, g=1): ..."),
    ],
)
def test_a_good_source_is_not(path: str, text: str) -> None:
    assert breaches(path, text) == []
