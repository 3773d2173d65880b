"""Pickles: the field's own are read, whatever can run is refused by name, and none fills the memory."""

import collections
import io
import pickle
import pickletools
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from data_samples.tables import write_wide_csv
from data_samples.values import IDS
from hostile_tools import Bomb, refused

import stcore.readers as readers
from stcore.findings import DataError
from stcore.readers.safe import pickles
from stcore.readers.source import Source

ADJACENCY = np.arange(36, dtype=np.float32).reshape(6, 6)
TRIPLE = (IDS, {name: number for number, name in enumerate(IDS)}, ADJACENCY)


def stored(path: Path, raw: bytes) -> Source:
    path.write_bytes(raw)
    return Source(path)


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize(
    "held",
    [
        TRIPLE,
        list(TRIPLE),
        ADJACENCY,
        np.asfortranarray(ADJACENCY),
        ADJACENCY.astype(">f8"),
        np.array(IDS),
        np.float64(2.5),
        {"a": (1, 2.5, b"x")},
    ],
)
def test_plain_things_in_every_protocol(tmp_path: Path, protocol: int, held: Any) -> None:
    read = pickles.load_pickle(stored(tmp_path / "adj.pkl", pickle.dumps(held, protocol)))
    if isinstance(held, list | tuple):
        assert read[0] == IDS
        assert read[1] == TRIPLE[1]
        read, held = read[2], held[2]
    if isinstance(held, np.ndarray):
        assert read.dtype.newbyteorder("=") == held.dtype.newbyteorder("=")
        np.testing.assert_array_equal(read, held)
    else:
        assert read == held


def test_a_pickle_mangled_into_windows_lines(tmp_path: Path) -> None:
    raw = pickle.dumps([["773869", "767541"], {"773869": 0, "767541": 1}, [1.5, 2.0]], 0).replace(b"\n", b"\r\n")
    assert pickles.load_pickle(stored(tmp_path / "adj.pkl", raw)) == [
        ["773869", "767541"],
        {"773869": 0, "767541": 1},
        [1.5, 2.0],
    ]


def test_python_2_text_and_arrays(tmp_path: Path) -> None:
    """As cPickle of Python 2 wrote them: quoted text with escapes, an array's bytes as text."""
    raw = (
        b"(lp1\nS'773869'\np2\naS'\\xe9t\\xe9'\np3\na"
        b"cnumpy.core.multiarray\n_reconstruct\np4\n(cnumpy\nndarray\np5\n(I0\ntp6\nS'b'\np7\ntp8\nRp9\n"
        b"(I1\n(I2\ntp10\ncnumpy\ndtype\np11\n(S'f4'\np12\nI0\nI1\ntp13\nRp14\n(I3\nS'<'\np15\nNNNI-1\nI-1\nI0\ntp16\nbI00\n"
        b"S'\\x00\\x00\\x80?\\x00\\x00\\x00@'\np17\ntp18\nba."
    )
    ids, accented, array = pickles.load_pickle(stored(tmp_path / "adj.pkl", raw))
    assert (ids, accented) == ("773869", "\xe9t\xe9")
    assert array.tolist() == [1.0, 2.0]


PLACES: dict[str, Callable[[Any], Any]] = {
    "alone": lambda bomb: bomb,
    "first": lambda bomb: (bomb, TRIPLE[1], ADJACENCY),
    "among ids": lambda bomb: ([*IDS[:5], bomb], TRIPLE[1], ADJACENCY),
    "as position": lambda bomb: (IDS, {**TRIPLE[1], "x": bomb}, ADJACENCY),
    "as adjacency": lambda bomb: (IDS, TRIPLE[1], bomb),
    "in an array": lambda bomb: np.array([[bomb, 1], [1, 1]], dtype=object),
    "behind": lambda bomb: [*TRIPLE, bomb],
}


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("place", PLACES)
def test_a_program_in_any_position(tmp_path: Path, place: str, protocol: int) -> None:
    mark = tmp_path / "ran"
    source = stored(tmp_path / "adj_mx.pkl", pickle.dumps(PLACES[place](Bomb(mark)), protocol))
    with pytest.raises(DataError, match=r"can run programs.*system|can run programs.*objects"):
        pickles.load_pickle(source)
    assert not mark.exists()
    write_wide_csv(tmp_path)
    assert "can run programs" in refused(tmp_path)
    assert not mark.exists()


@pytest.mark.parametrize(
    "held",
    [
        collections.OrderedDict(a=1),
        {1, 2},
        frozenset([1]),
        bytearray(b"x"),
        complex(1, 2),
        range(3),
        np.random.default_rng(0),
        Path("x"),
        len,
    ],
    ids=lambda held: type(held).__name__,
)
def test_anything_else_is_named(tmp_path: Path, held: Any) -> None:
    with pytest.raises(DataError, match="can run programs"):
        pickles.load_pickle(stored(tmp_path / "adj.pkl", pickle.dumps(held, 2)))


GADGETS = {
    "a name put together on the stack": b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x04true\x85R.",
    "a dotted name": b"\x80\x04\x8c\x05numpy\x8c\x0fndarray.tofile.x\x93.",
    "an object by its number": b"\x80\x02\x82\x01.",
    "an object kept elsewhere": b"(lp0\nPelsewhere\na.",
    "an instance": b"(S'true'\nios\nsystem\n.",
    "numpy's own file reader": b"cnumpy\nfromfile\n(S'/etc/passwd'\ntR.",
    "another codec": b"c_codecs\nencode\n(S'x'\nS'zip'\ntR.",
    "a changed function": b"c_codecs\nencode\n(N(dS'_function'\nI1\nstb.",
    "an array that is no array": b"cnumpy.core.multiarray\n_reconstruct\n(c_codecs\nencode\n(I1\ntS'b'\ntR.",
}


@pytest.mark.parametrize("gadget", GADGETS)
def test_gadgets(tmp_path: Path, gadget: str) -> None:
    with pytest.raises(DataError):
        pickles.load_pickle(stored(tmp_path / "adj.pkl", GADGETS[gadget]))
    assert (
        pickles.load_pickle(stored(tmp_path / "good.pkl", pickle.dumps(b"x\xe9", 2))) == b"x\xe9"
    )  # nothing was left changed


def bombs() -> dict[str, bytes]:
    """Small pickles that ask for much memory, each in another way."""
    laughs: Any = ["ha"] * 10
    for _ in range(12):
        laughs = [laughs] * 10
    huge = b"\x80\x02cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nJ\xff\xff\xff\x7f\x85C\x01btR."
    return {
        "references to references": pickle.dumps(laughs, 2),
        "nested": b"\x80\x02" + b"]" * 200_000 + b"a" * 199_999 + b".",
        "memo": b"\x80\x02]r\xff\xff\xff\x7f.",
        "memo as text": b"(lp4000000000\n.",
        "bytearray": b"\x80\x05\x96" + struct.pack("<Q", 2**40) + b".",
        "text": b"\x80\x04\x8d" + struct.pack("<Q", 2**62) + b"x.",
        "bytes": b"\x80\x03B\xff\xff\xff\x7fx.",
        "an array of 16 GB": huge.replace(b"C\x01b", b"U\x01b"),
        "digits": b"I" + b"9" * 1_000_000 + b"\n.",
    }


@pytest.mark.parametrize("bomb", bombs())
def test_bombs(tmp_path: Path, bomb: str) -> None:
    with pytest.raises(DataError):
        pickles.load_pickle(stored(tmp_path / "adj.pkl", bombs()[bomb]))


def test_a_state_that_says_more_than_it_holds(tmp_path: Path) -> None:
    raw = pickle.dumps(np.zeros(5), 2).replace(b"K\x05\x85", b"K\x06\x85", 1)
    assert raw != pickle.dumps(np.zeros(5), 2)
    with pytest.raises(DataError, match="more or fewer bytes"):
        pickles.load_pickle(stored(tmp_path / "adj.pkl", raw))


def test_cut_and_flipped_bytes(tmp_path: Path) -> None:
    raw = pickle.dumps(TRIPLE, 2)
    rng = np.random.default_rng(5)
    for number in range(300):
        broken = bytearray(raw[: rng.integers(0, len(raw))]) if number % 2 else bytearray(raw)
        for place in rng.integers(0, max(len(broken), 1), 3):
            if len(broken):
                broken[place] ^= int(rng.integers(1, 255))
        try:
            pickles.load_pickle(stored(tmp_path / "adj.pkl", bytes(broken)))
        except DataError as error:
            assert str(error)


def test_a_pickle_alone_is_no_dataset(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    path = tmp_path / "data.nc"  # the suffix lies, too
    path.write_bytes(pickle.dumps(Bomb(mark)))
    assert "can run programs" in refused(path, "runs-programs")
    assert not mark.exists()


def test_an_array_of_objects_in_npy_and_npz(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    folder = tmp_path / "set"
    folder.mkdir()
    write_wide_csv(folder)
    np.save(folder / "adj.npy", np.array([[Bomb(mark)]], dtype=object), allow_pickle=True)
    assert "can run programs" in refused(folder)
    np.savez(tmp_path / "a.npz", data=np.array([Bomb(mark)], dtype=object))
    assert "can run programs" in refused(tmp_path / "a.npz", "runs-programs")
    assert not mark.exists()


def test_the_reader_agrees_with_pickletools_on_where_instructions_end() -> None:
    for protocol in range(6):
        raw = pickle.dumps(TRIPLE, protocol)
        walked, place = [], 0
        while place < len(raw):
            code = pickles.INSTRUCTIONS[raw[place : place + 1].decode("latin1")]
            walked.append((code.name, place))
            _, place = pickles._argument(code, raw, place + 1)
        assert walked == [(code.name, at) for code, _, at in pickletools.genops(io.BytesIO(raw))]


def test_the_adjacency_is_used_by_id(tmp_path: Path) -> None:
    write_wide_csv(tmp_path)
    order = [3, 1, 0, 2, 5, 4]
    ids = [IDS[number] for number in order]
    triple = (ids, {name: number for number, name in enumerate(ids)}, ADJACENCY[np.ix_(order, order)])
    (tmp_path / "adj_mx.pkl").write_bytes(pickle.dumps(triple, 2))
    data = readers.open(tmp_path)
    assert data.edges is not None
    start, end, weight = data.edges
    dense = np.zeros((6, 6))
    dense[start, end] = weight
    np.testing.assert_array_equal(dense, ADJACENCY)
