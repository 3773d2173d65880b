"""Who may import whom, which doors there are, how long things may be: the rules, and a reader of sources for them.

``python tests/architecture.py`` prints the figures of the house, ``--exceptions`` what tests/exceptions.txt has to hold.
"""

import ast
import builtins
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache

ROWS = [  # a file imports from rows above its own, or from its own folder
    {"options", "events", "ranks", "findings", "words"},
    {"registry", "sandbox", "simulate"},
    {"data"},
    {"readers", "models", "prune", "sensors"},
    {"training"},
    {"distil"},
    {"runs"},
    {"processes"},
    {"evidence"},
    {"charts"},
    {"exports", "testing"},  # testing: the contracts, for other packages too
    {"__init__"},  # the front door
    {"__main__", "cli", "app"},
]
ROW = {name: row for row, names in enumerate(ROWS) for name in names}
SAME_FOLDER = {"__main__": "cli"}  # the command line is a file and a folder

# files that import no torch
CARDS = {f"stcore/{room}/{file}.py" for room in ("models", "sensors", "distil") for file in ("__init__", "cards")}
WRITERS = {"runs", "exports", "data", "simulate", "readers", "testing"}
NOBODY: set[str] = set()
DOORS: list[tuple[set[str], str]] = [  # who may use what is named so
    ({"models", "sensors", "training", "distil", "ranks", "readers", "testing"}, "torch"),
    ({"ranks"}, "torch.distributed"),
    ({"app"}, "streamlit"),
    ({"charts"}, "plotly altair pydeck"),
    (
        {"processes", "sandbox"},
        "subprocess multiprocessing pty concurrent.futures.ProcessPoolExecutor asyncio.create_subprocess*",
    ),
    ({"processes"}, "os.fork* os.exec* os.spawn* os.posix_spawn* os.system os.popen"),
    (WRITERS, "os.replace os.rename* os.remove* os.unlink os.mkdir os.makedirs os.rmdir os.open os.symlink os.link"),
    (WRITERS, "shutil.copy* shutil.move shutil.rmtree shutil.*archive os.truncate os.ftruncate numpy.save*"),
    (WRITERS | {"processes"}, "tempfile"),  # where a child process leaves its answer
    ({"readers"}, "pickle"),
    ({"__init__", "registry", "readers", "models", "prune", "sensors", "distil"}, "importlib.import_module"),  # cards
    (NOBODY, "builtins.eval builtins.exec builtins.compile builtins.__import__ torch.multiprocessing"),
    (NOBODY, "pickle.load* marshal shelve dill cloudpickle joblib.load"),
    (NOBODY, "pandas.read_hdf pandas.HDFStore pandas.read_pickle numpy.random.* random.*"),
]
OWN_GENERATORS = ("numpy.random.default_rng", "numpy.random.Generator", "numpy.random.SeedSequence", "random.Random")
FILE_OPENERS = {f"{module}.open" for module in ("builtins", "io", "gzip", "bz2", "lzma", "codecs", "tarfile")}
FILE_OPENERS |= {"os.fdopen", "zipfile.ZipFile", "gzip.GzipFile", "h5py.File", "h5netcdf.File"}
WRITING_METHODS = {"write_text", "write_bytes", "touch", "mkdir", "rmdir", "unlink", "symlink_to", "hardlink_to"}
WRITING_METHODS |= {"tofile", "to_file", "to_pickle", "to_hdf", "write_html", "write_image", "savefig"}
WRITING_WITH_A_PATH = {"to_netcdf", "to_zarr", "to_csv", "to_parquet", "to_json", "to_excel", "to_feather"}
LINES, FUNCTION_LINES, POSITIONAL = 300, 60, 5


@dataclass
class Source:
    """One file as it is read: where it is, its tree, and what each imported name stands for."""

    path: str
    tree: ast.Module
    names: dict[str, str] = field(default_factory=dict)

    @property
    def own(self) -> str:
        """The file's or folder's name in ROWS."""
        parts = self.path.split("/")
        return parts[0] if parts[0] != "stcore" else parts[1].removesuffix(".py")

    def imports(self) -> Iterator[tuple[int, str, bool]]:
        """(line, dotted name, whether it happens when the file is imported) of each import."""
        lazy = {id(part) for node in ast.walk(self.tree) if is_function(node) for part in ast.walk(node)}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    first = alias.name.split(".")[0]
                    self.names[alias.asname or first] = alias.name if alias.asname else first
                    yield node.lineno, alias.name, id(node) not in lazy
            elif isinstance(node, ast.ImportFrom):
                package = self.path.split("/")[: -node.level or None] if node.level else []
                for alias in node.names:
                    full = ".".join([*package, *([node.module] if node.module else []), alias.name])
                    self.names[alias.asname or alias.name] = full
                    yield node.lineno, full, id(node) not in lazy

    def dotted(self, node: ast.expr) -> str:
        """What an expression names, imports resolved: ``np.random.rand`` is ``numpy.random.rand``."""
        if isinstance(node, ast.Attribute):
            return f"{self.dotted(node.value)}.{node.attr}"
        if isinstance(node, ast.Name):
            return self.names.get(node.id, f"builtins.{node.id}" if hasattr(builtins, node.id) else f"?{node.id}")
        return "?"


def is_function(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)


def covers(pattern: str, name: str) -> bool:
    return fnmatchcase(name, pattern) or name.startswith(pattern + ".")


def breaches(path: str, text: str) -> list[str]:
    """What the file at that path, with that text, breaks: ``path:line: what``."""
    source = Source(path, ast.parse(text))
    found = [*import_breaches(source), *size_breaches(source, text)]
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute | ast.Name):
            found += [(node.lineno, what) for what in door_breaches(source.own, source.dotted(node))]
        if isinstance(node, ast.Call):
            found += [(node.lineno, what) for what in call_breaches(source, node)]
    return [f"{path}:{line}: {what}" for line, what in sorted(set(found))]


def import_breaches(source: Source) -> Iterator[tuple[int, str]]:
    if source.own not in ROW:
        yield 1, f"{source.own} has no row; give it one in tests/test_architecture.py"
    for line, name, eager in list(source.imports()):
        for what in door_breaches(source.own, name):
            yield line, what
        if covers("torch", name) and (source.path in CARDS or (source.own == "readers" and eager)):
            yield line, "torch is not for cards, and in readers only inside the function that needs it"
        root, _, rest = name.partition(".")
        if root not in ("stcore", "app") or name == "stcore.__version__":
            continue
        other = root if root == "app" else rest.split(".")[0]
        other = other if other in ROW else "__init__"
        if source.own == "__init__":
            if eager:
                yield line, f"the front door imports {name} before it is used"
        elif other not in (source.own, SAME_FOLDER.get(source.own)) and ROW[other] >= ROW.get(source.own, 0):
            yield line, f"{source.own} imports {name}, but {other} does not stand above it"


@cache
def door_breaches(own: str, name: str) -> list[str]:
    if name.startswith(OWN_GENERATORS):
        return []
    return [
        f"{name} is for {', '.join(sorted(allowed)) or 'nobody'}"
        for allowed, patterns in DOORS
        if own not in allowed and any(covers(pattern, name) for pattern in patterns.split())
    ]


def call_breaches(source: Source, call: ast.Call) -> Iterator[str]:
    for keyword in call.keywords:
        safe = {"allow_pickle": False, "weights_only": True}.get(keyword.arg or "")
        if safe is not None and not (isinstance(keyword.value, ast.Constant) and keyword.value.value is safe):
            yield f"{keyword.arg} must be {safe}, written out"
    method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if method == "eval" and call.args:
        yield "eval of a text is for nobody"
    named = {keyword.arg for keyword in call.keywords}
    to_path = method in WRITING_WITH_A_PATH and (call.args or named & {"path", "path_or_buf", "store", "excel_writer"})
    if source.own not in WRITERS and (method in WRITING_METHODS or to_path or opens_to_write(source, call)):
        yield f"writing files is for {', '.join(sorted(WRITERS))}"


def opens_to_write(source: Source, call: ast.Call) -> bool:
    """Whether a file is opened in a mode that writes, or in one that cannot be read here."""
    name = source.dotted(call.func)
    modes = [keyword.value for keyword in call.keywords if keyword.arg == "mode"]
    if name in ("numpy.memmap", "numpy.lib.format.open_memmap"):
        return [mode.value for mode in modes if isinstance(mode, ast.Constant)] != ["r"]  # left out it means r+
    if name in FILE_OPENERS:
        modes += call.args[1:2]
    elif name.startswith("?") and name.endswith(".open"):  # of a path, mode first; of an archive, mode second
        modes += [part for part in call.args[:2] if isinstance(part, ast.Constant)]
    else:
        return False
    return any(not isinstance(mode, ast.Constant) or is_writing(str(mode.value)) for mode in modes)


def is_writing(mode: str) -> bool:
    return re.fullmatch(r"[rwaxbt+]{1,4}", mode) is not None and not set(mode) <= set("rbt")


def size_breaches(source: Source, text: str) -> Iterator[tuple[int, str]]:
    lines = len(text.splitlines())
    if lines > LINES:
        yield LINES, f"{lines} lines; at most {LINES}"
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            long = (node.end_lineno or node.lineno) - node.lineno + 1
            if long > FUNCTION_LINES:
                yield node.lineno, f"{node.name} has {long} lines; at most {FUNCTION_LINES}"
            names = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]
            positional = len(names) - (names[:1] in (["self"], ["cls"]))
            if positional > POSITIONAL:
                yield node.lineno, f"{node.name} takes {positional} positional parameters; at most {POSITIONAL}"


if __name__ == "__main__":
    from house import main

    main(sys.argv[1:])
