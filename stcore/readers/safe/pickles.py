"""Reading pickles of the field (``adj_mx.pkl``) without running them.

Only numpy arrays, numbers, text, lists, tuples and dicts are read.

A pickle is a program. Here it may name a few of numpy's constructors, and even those are replaced by our own, which build
checked arrays only. Every other name is refused, and the message shows it.
"""

import io
import pickle
import pickletools
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import numpy as np

from stcore.findings import DataError, refuse
from stcore.readers.safe.limits import check_room
from stcore.readers.source import Source

MOST_STEPS = 5_000_000
MOST_DEPTH = 20
INSTRUCTIONS = {instruction.code: instruction for instruction in pickletools.opcodes}
ELSEWHERE = ("EXT1", "EXT2", "EXT4", "PERSID", "BINPERSID", "NEXT_BUFFER")
COUNTS = {
    pickletools.TAKEN_FROM_ARGUMENT1: 1,
    pickletools.TAKEN_FROM_ARGUMENT4: 4,
    pickletools.TAKEN_FROM_ARGUMENT4U: 4,
    pickletools.TAKEN_FROM_ARGUMENT8U: 8,
}
"""Bytes that hold the length of an argument."""
Known = Mapping[tuple[str, str], Any]
"""The replacement for each (module, name) that a pickle may ask for."""
KeptElsewhere = Callable[[Any], Any]
"""Returns the object that a pickle says is kept elsewhere."""
PLAIN_DTYPE = re.compile(r"[<>|=]?(b1|\\?|[iu][1248]|f[248]|[SU]\d{1,6})")


class _Dtype:
    """Replaces numpy.dtype: plain numbers and text of fixed length."""

    def __init__(self, code: Any, align: Any = False, copy: Any = False) -> None:
        text = code.decode("latin1") if isinstance(code, bytes) else code
        if not isinstance(text, str) or not PLAIN_DTYPE.fullmatch(text):
            raise _runs_programs("numpy arrays of objects" if text == "O8" else f"the numpy type {str(text)[:40]!r}")
        self.code = text.lstrip("<>|=")
        self.order = text[0] if text[0] in "<>" else "="

    def __setstate__(self, state: Any) -> None:
        if not isinstance(state, tuple) or len(state) < 5 or any(part is not None for part in state[2:5]):
            raise _runs_programs("a numpy type with fields")
        order = state[1].decode("latin1") if isinstance(state[1], bytes) else state[1]
        self.order = order if order in ("<", ">") else "="

    def real(self) -> np.dtype:
        return np.dtype(self.order + self.code if self.code != "b1" else "?")


class _Array:
    """Replaces numpy.ndarray: its state becomes an array only if shape, type and bytes agree."""

    value: np.ndarray | None = None

    def __setstate__(self, state: Any) -> None:
        if not isinstance(state, tuple) or len(state) != 5 or not isinstance(state[2], _Dtype):
            raise ValueError("an array's state is not what numpy writes")
        _, shape, dtype, fortran, raw = state
        self.value = _array(raw, dtype, shape, "F" if fortran else "C")


def _array(raw: Any, dtype: Any, shape: Any, order: Any = "C") -> np.ndarray:
    raw = raw.encode("latin1") if isinstance(raw, str) else raw
    if not isinstance(raw, bytes | bytearray) or not isinstance(dtype, _Dtype) or not isinstance(shape, tuple):
        raise ValueError("an array's state is not what numpy writes")
    size = 1
    for length in shape:
        if not isinstance(length, int) or length < 0:
            raise ValueError("an array's shape is not made of lengths")
        size *= length
    if size * dtype.real().itemsize != len(raw):
        raise ValueError("an array holds more or fewer bytes than its shape says")
    return np.frombuffer(raw, dtype=dtype.real()).reshape(shape, order="F" if order == "F" else "C")


def _reconstruct(kind: Any, shape: Any, code: Any) -> _Array:
    if kind is not _Array:
        raise _runs_programs(f"{kind!r} as an array")
    return _Array()


def _scalar(dtype: Any, raw: Any = None) -> Any:
    return _array(raw, dtype, ()).item()


def _frombuffer(raw: Any, dtype: Any, shape: Any, order: Any = "C") -> np.ndarray:
    return _array(bytes(raw) if isinstance(raw, pickle.PickleBuffer) else raw, dtype, shape, order)


def _encode(text: Any, encoding: Any = "latin1") -> bytes:
    """Bytes, as Python 3 writes them in the old protocols."""
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise _runs_programs("_codecs.encode with another encoding")
    return text.encode("latin1")


class Call:
    """A replacement that can only be called: a pickle cannot reach its state."""

    __slots__ = ("_function",)

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def __call__(self, *arguments: Any) -> Any:
        """Call the function."""
        return self._function(*arguments)

    def __setstate__(self, state: Any) -> None:
        raise _runs_programs("a change of numpy's own functions")


_CORE = ("numpy.core", "numpy._core")
KNOWN: dict[tuple[str, str], Any] = {
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _Dtype,
    ("_codecs", "encode"): Call(_encode),
    **{(f"{core}.multiarray", "_reconstruct"): Call(_reconstruct) for core in _CORE},
    **{(f"{core}.multiarray", "scalar"): Call(_scalar) for core in _CORE},
    **{(f"{core}.numeric", "_frombuffer"): Call(_frombuffer) for core in _CORE},
}


def _runs_programs(what: str) -> DataError:
    return refuse(
        "runs-programs",
        f"This file can run programs: besides plain arrays and lists it asks for {what}. It was not opened. "
        "Save its content as .npz, .npy or .csv.",
    )


class _Plain(pickle.Unpickler):
    """An unpickler for the names that it is given, and no others."""

    def __init__(self, raw: bytes, known: Known, kept: KeptElsewhere | None) -> None:
        super().__init__(io.BytesIO(raw), encoding="latin1")
        self._known, self._kept = known, kept

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self._known:
            raise _runs_programs(f"{module}.{name}")
        return self._known[module, name]

    def persistent_load(self, pid: Any) -> Any:
        if self._kept is None:
            raise _runs_programs("an object kept elsewhere")
        return self._kept(pid)


def load_pickle(source: Source) -> Any:
    """The content as numpy arrays, numbers, text, lists, tuples and dicts; DataError for anything else."""
    check_room(4 * source.size, source.name)
    raw = source.path.read_bytes()
    try:
        return _load_checked(raw, KNOWN)
    except DataError as error:
        raise _with_file_name(error, source) from error
    except Exception as first:  # an unpickler may raise anything on damaged bytes
        if b"\r\n" in raw and not raw.startswith(b"\x80"):  # protocol 0 is text; copying may have changed its line ends
            with suppress(Exception):  # where this does not help, the first reason is the one to show
                return _load_checked(raw.replace(b"\r\n", b"\n"), KNOWN)
        raise refuse("damaged", f"{source.name} is no pickle, or a damaged one: {str(first)[:120]}.") from first


def load_with(raw: bytes, source: Source, more: Known, kept: KeptElsewhere) -> Any:
    """The same for a pickle in an archive. It may also use the names ``more`` and the objects ``kept`` beside it."""
    try:
        return _load_checked(raw, {**KNOWN, **more}, kept)
    except DataError as error:
        raise _with_file_name(error, source) from error
    except Exception as error:
        raise refuse("damaged", f"{source.name} is damaged, or not understood: {str(error)[:120]}.") from error


def _with_file_name(error: DataError, source: Source) -> DataError:
    """The same reason, with the name of the file."""
    finding = error.findings[0]
    return refuse(finding.code, f"{source.name}: {finding.text[:1].lower()}{finding.text[1:]}")


def _load_checked(raw: bytes, known: Known, kept: KeptElsewhere | None = None) -> Any:
    _walk(raw, known, ("BINPERSID",) if kept else ())
    return _as_plain(_Plain(raw, known, kept).load(), 0, [0])


def _walk(raw: bytes, known: Known, allowed: tuple[str, ...]) -> None:
    """Check every instruction before any runs: the names it uses, and numbers that would reserve memory."""
    position = number = 0
    while True:
        if number > MOST_STEPS:
            raise refuse("too-large", f"The pickle has more than {MOST_STEPS} instructions, which no graph needs.")
        code = INSTRUCTIONS.get(raw[position : position + 1].decode("latin1"))
        if code is None:
            raise ValueError("it ends early" if position >= len(raw) else "it holds what is no instruction")
        argument, position = _argument(code, raw, position + 1)
        if code.name in ("GLOBAL", "INST"):
            module, _, name = argument.decode("latin1").partition("\n")
            if (module, name) not in known or code.name == "INST":
                raise _runs_programs(f"{module}.{name}")
        elif code.name in ELSEWHERE and code.name not in allowed:
            raise _runs_programs("an object kept elsewhere")
        elif code.name in ("PUT", "BINPUT", "LONG_BINPUT"):
            kept = int(argument) if code.name == "PUT" else int.from_bytes(argument, "little")
            if kept > number + 1:
                raise ValueError("it keeps more than it holds")
        if code.name == "STOP":
            return
        number += 1


def _argument(code: pickletools.OpcodeInfo, raw: bytes, position: int) -> tuple[bytes, int]:
    """The bytes of an instruction's argument, not decoded, and where the next instruction starts."""
    if code.arg is None:
        return b"", position
    length = code.arg.n
    if length == pickletools.UP_TO_NEWLINE:
        end = raw.find(b"\n", position)
        if code.name in ("GLOBAL", "INST") and end >= 0:
            end = raw.find(b"\n", end + 1)
        if end < 0:
            raise ValueError("it ends early")
        return raw[position:end], end + 1
    if length < 0:
        width = COUNTS[length]
        length = width + int.from_bytes(raw[position : position + width], "little")
    if position + length > len(raw):
        raise ValueError("it ends early")
    return raw[position : position + length], position + length


def _as_plain(item: Any, depth: int, count: list[int]) -> Any:
    """The same without our replacements. A small pickle that unfolds into something huge is refused."""
    count[0] += 1
    if depth > MOST_DEPTH or count[0] > MOST_STEPS:
        raise refuse("too-large", "The pickle unfolds into far more than it holds.")
    if isinstance(item, _Array):
        if item.value is None:
            raise ValueError("an array without values")
        return item.value
    if isinstance(item, list | tuple):
        return type(item)([_as_plain(part, depth + 1, count) for part in item])
    if isinstance(item, dict):
        return {_key(key): _as_plain(part, depth + 1, count) for key, part in item.items()}
    if item is None or isinstance(item, np.ndarray | bool | int | float | str | bytes):
        return item
    raise _runs_programs(type(item).__name__.lstrip("_"))


def _key(key: Any) -> Any:
    if not isinstance(key, str | bytes | int | float | tuple):
        raise _runs_programs(f"{type(key).__name__} as a key")
    return key


def adjacency_pickle(ids: list[str], matrix: np.ndarray) -> bytes:
    """``adj_mx.pkl`` as DCRNN writes and reads it: ids, positions by id, and the [N, N] matrix, also for old numpy."""
    raw = pickle.dumps((ids, {name: position for position, name in enumerate(ids)}, matrix), protocol=2)
    return raw.replace(b"cnumpy._core.multiarray\n", b"cnumpy.core.multiarray\n")
