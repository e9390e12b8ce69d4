"""The wire carries values exactly, and refuses everything else before it takes memory for it."""

from __future__ import annotations

import contextlib
import json
import math
import socket
import struct
import threading
import time
import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from optcourse.grading import wire

FEW = settings(max_examples=200, deadline=None)
BOUNDS = wire.Bounds()


class Kept:
    """Stands for an object that stays on the other side."""

    def __init__(self, *what: Any):
        self.what = what


def packed(value: Any) -> tuple[Any, bytes]:
    packer = wire.Packer(lambda kept: ["mine", 0, type(kept).__name__, ""])
    tree = json.loads(json.dumps(packer.pack(value)))
    return tree, b"".join(packer.body)


def unpacked(tree: Any, body: bytes = b"", bounds: wire.Bounds = BOUNDS, generators: bool = False) -> Any:
    return wire.Unpacker(body, bounds, Kept, Kept, generators).unpack(tree)


def there_and_back(value: Any) -> Any:
    return unpacked(*packed(value), generators=True)


def identical(one: Any, other: Any) -> bool:
    """Equal in type and in every bit; NaN is NaN."""
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray | np.generic):
        return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(identical, one, other))
    if isinstance(one, dict):
        return identical(list(one.items()), list(other.items()))
    if isinstance(one, float):
        return struct.pack("d", one) == struct.pack("d", other) or (math.isnan(one) and math.isnan(other))
    if isinstance(one, complex):
        return identical(one.real, other.real) and identical(one.imag, other.imag)
    return one == other


DTYPES = st.sampled_from(sorted(wire.DTYPES)).map(np.dtype)
ARRAYS = arrays.arrays(DTYPES, arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5))
LEAVES = (
    st.none() | st.booleans() | st.integers(-(1 << 1000), 1 << 1000) | st.floats() | st.complex_numbers() | ARRAYS
) | st.text(st.characters(exclude_categories=["Cs"]))
KEYS = st.text(st.characters(exclude_categories=["Cs"])) | st.integers() | st.booleans()
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4) | st.lists(inner, max_size=4).map(tuple) | st.dictionaries(KEYS, inner, max_size=4)
    ),
    max_leaves=20,
)


# ------------------------------------------------------------------------------------------------ round trip


@FEW
@given(VALUES)
def test_every_plain_value_comes_back_bit_for_bit(value):
    assert identical(there_and_back(value), value)


@FEW
@given(ARRAYS)
def test_numbers_of_numpy_keep_their_type(array):
    for number in array.ravel()[:3]:
        assert identical(there_and_back(number), number)


@pytest.mark.parametrize("name", wire.GENERATORS)
def test_a_generator_goes_on_where_it_was(name):
    generator = np.random.Generator(getattr(np.random, name)(3))
    generator.normal(size=5)
    copy = there_and_back(generator)
    assert copy is not generator
    assert np.array_equal(copy.normal(size=9), generator.normal(size=9))


def test_what_comes_back_is_a_copy_that_may_be_written_to():
    array = there_and_back(np.arange(3.0))
    array[0] = 7
    assert array[0] == 7


def test_a_subclass_arrives_as_the_numbers_in_it():
    class Liar(np.ndarray):
        def __eq__(self, other):
            return True

    assert type(there_and_back(np.zeros(2).view(Liar))) is np.ndarray


@pytest.mark.parametrize("value", [object(), print, np, {1, 2}, b"x", np.zeros(2, object), 1 << 2000])
def test_what_cannot_be_written_down_stays_behind(value):
    assert isinstance(there_and_back(value), Kept)


def test_a_long_double_arrives_as_a_double():
    there = there_and_back([np.longdouble(1) / 3, np.ones(2, np.longdouble) / 3, np.ones(1, np.clongdouble)])
    assert [value.dtype for value in there] == [np.float64, np.float64, np.complex128]
    assert there[0] == np.float64(np.longdouble(1) / 3)


def test_the_other_byte_order_is_turned_round():
    value = np.array([1.0, 2.0], dtype=">f8")
    assert identical(there_and_back(value), value.astype("<f8"))


# ------------------------------------------------------------------------------------ whatever else may come

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["l", "t", "d", "c", "a", "n", "g", "mine", "yours", "<f8", "|O", "PCG64"])
    | st.sampled_from([10**400, -1, 1 << 62, 1e300]),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=25,
)
TAGGED = st.tuples(st.sampled_from(sorted(wire.Unpacker._TAGS)), st.lists(JSON, max_size=4)).map(
    lambda p: [p[0], *p[1]]
)


@FEW
@given(JSON | TAGGED | st.lists(TAGGED, max_size=4).map(lambda items: ["l", items]), st.binary(max_size=64))
def test_any_tree_is_a_value_or_is_refused(tree, body):
    """Nothing but `WireError` comes out: an answer that no worker gives must not end the judge."""
    with contextlib.suppress(wire.WireError):
        unpacked(tree, body)


NAMES = st.sampled_from(["<f8", "|u1", "<c16", "|O", "<U9", "f8,f8", ""])
SHAPES = st.lists(st.integers(-2, 1 << 70) | st.integers(0, 4), max_size=20)


@FEW
@given(
    st.sampled_from(["<f8", "|u1", "<c16", "|O", "<U9", "f8,f8", ""]),
    SHAPES,
    st.integers(-9, 99),
    st.binary(max_size=99),
)
def test_an_array_is_inside_its_bytes_or_is_none(dtype, shape, offset, body):
    try:
        array = unpacked(["a", dtype, shape, offset], body)
    except wire.WireError:
        return
    assert array.nbytes <= len(body)
    assert list(array.shape) == shape


REFUSED = {
    "more entries than bytes": ["a", "<f8", [2], 0],
    "an enormous shape": ["a", "<f8", [1 << 40], 0],
    "nothing, of an enormous shape": ["a", "<f8", [0, 1 << 62], 0],
    "bytes that are used twice": ["l", [["a", "<f8", [1], 0], ["a", "<f8", [1], 0]]],
    "too many parts": ["l", [0] * (BOUNDS.items + 1)],
    "too many pairs": ["d", [[k, 0] for k in range(BOUNDS.pairs + 1)]],
    "a long text": "x" * (BOUNDS.text + 1),
    "a long integer": 1 << 1025,
    "a generator from below": ["g", "PCG64", {}],
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused_is_refused_before_memory_is_taken(what):
    tree, body = REFUSED[what], bytes(8)
    tracemalloc.start()
    try:
        with pytest.raises(wire.WireError):
            unpacked(tree, body)
        assert tracemalloc.get_traced_memory()[1] < 10 << 20  # what the list of all allowed parts takes
    finally:
        tracemalloc.stop()


def test_a_value_may_be_nested_so_deep_and_no_deeper():
    def nest(depth: int) -> Any:
        return ["l", [nest(depth - 1)]] if depth else 0

    assert unpacked(nest(BOUNDS.depth)) is not None
    with pytest.raises(wire.TooLargeError):
        unpacked(nest(BOUNDS.depth + 1))


# --------------------------------------------------------------------------------------------------- frames


def received(data: bytes, bounds: wire.Bounds = BOUNDS) -> tuple[dict[str, Any], bytes]:
    """What a channel makes of these bytes and the end of the stream."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        sender = threading.Thread(target=lambda: (theirs.sendall(data), theirs.shutdown(socket.SHUT_WR)))
        sender.start()
        channel = wire.Channel(ours, bounds)
        try:
            return channel.receive()
        finally:
            sender.join()


def framed(text: bytes, body: bytes = b"") -> bytes:
    return wire.PREFIX.pack(len(text), len(body)) + text + body


@FEW
@given(st.dictionaries(st.text(max_size=5), st.integers(), max_size=5), st.binary(max_size=500))
def test_a_frame_arrives_as_it_was_sent(header, body):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        wire.Channel(theirs, BOUNDS).send(header, [body])
        assert wire.Channel(ours, BOUNDS).receive() == (header, body)


@FEW
@given(st.binary(max_size=300))
def test_noise_is_refused(data):
    with pytest.raises(wire.WireError):
        received(data)


@FEW
@given(st.binary(max_size=300))
def test_a_header_that_is_no_object_is_refused(text):
    try:
        is_object = isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        is_object = False
    if is_object:
        assert received(framed(text))[1] == b""
    else:
        with pytest.raises(wire.WireError):
            received(framed(text))


@given(st.integers(0, 40))
@settings(deadline=None)
def test_a_frame_that_is_cut_off_is_refused(length):
    whole = framed(b'{"op":"value"}', bytes(20))
    with pytest.raises(wire.ClosedError):
        received(whole[: min(length, len(whole) - 1)])


@pytest.mark.parametrize("sizes", [(0xFFFFFFFF, 0), (0, 0xFFFFFFFF), (BOUNDS.header + 1, 0), (2, BOUNDS.body + 1)])
def test_a_size_that_is_announced_takes_no_memory(sizes):
    tracemalloc.start()
    try:
        with pytest.raises(wire.TooLargeError):
            received(wire.PREFIX.pack(*sizes) + b"{}")
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


@FEW
@given(ARRAYS, st.integers(0, 1 << 30))
def test_what_is_found_in_the_table_is_what_would_have_been_written_down(array, number):
    kind = wire.lone(array)
    assert kind is not None
    packer = wire.Packer(Kept)
    tree = packer.pack(((array,), {}))
    assert wire.asking(number, *kind) == wire.written({"op": "callback", "what": number, "value": tree})
    assert wire.answering(*kind) == wire.written({"op": "value", "value": wire.Packer(Kept).pack(array)})
    assert packer.body == [array.tobytes()]


@pytest.mark.parametrize(
    "value", [3.0, [1.0], np.float64(1), np.zeros(2, object), np.zeros(2, ">f8"), np.zeros((1,) * 20)]
)
def test_only_plain_arrays_are_looked_up_in_the_table(value):
    assert wire.lone(value) is None


def test_of_a_header_that_comes_again_the_bytes_are_measured_again():
    header, whole = wire.asking(0, "<f8", (3,)), bytes(24)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        channel = wire.Channel(ours, BOUNDS)
        for body in (whole, whole, whole[:-1], b"", whole):
            theirs.sendall(framed(header, body))
            told, came = channel.receive()
            assert came == body
            unpacker = wire.Unpacker(came, BOUNDS, Kept, Kept)
            if body == whole:
                assert identical(unpacker.arguments(told["value"])[0][0], np.zeros(3))
            else:
                with pytest.raises(wire.WireError, match="does not fit"):
                    unpacker.arguments(told["value"])


def test_few_headers_are_remembered_and_only_short_ones():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        channel = wire.Channel(ours, BOUNDS)
        for k in range(3 * wire.REMEMBERED):
            for text in (b'{"k":%d}' % k, b'{"k":%d,"long":"%s"}' % (k, b"x" * wire.SHORT)):
                theirs.sendall(framed(text))
                assert channel.receive()[0]["k"] == k
        assert len(channel.known) == wire.REMEMBERED
        assert max(map(len, channel.known)) <= wire.SHORT


@FEW
@given(
    JSON | TAGGED | st.lists(TAGGED, max_size=2).map(lambda items: ["t", [["t", items], ["d", []]]]),
    st.binary(max_size=64),
)
def test_any_tree_is_the_arguments_of_a_call_or_is_refused(tree, body):
    """What the short way accepts, the long one accepts, and takes for the same."""
    try:
        positional, named = wire.Unpacker(body, BOUNDS, Kept, Kept).arguments(tree)
    except wire.WireError:
        return
    assert all(type(name) is str for name in named)
    again = unpacked(tree, body)
    assert len(again[0]) == len(positional)
    if any(isinstance(value, np.ndarray) for value in positional):
        assert identical(again[0][0], positional[0])


def test_the_short_way_counts_as_many_parts_as_the_long_one():
    tree, body = ["t", [["t", [["a", "<f8", [3], 0]]], ["d", []]]], bytes(24)
    short, long = (wire.Unpacker(body, BOUNDS, Kept, Kept) for _ in range(2))
    short.arguments(tree)
    long.unpack(tree)
    assert (short.items, short.bytes) == (long.items, long.bytes)


@pytest.mark.parametrize("act", [lambda channel: channel.receive(), lambda channel: channel.send({}, [bytes(1 << 25)])])
def test_a_wait_ends_with_its_deadline(act):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        channel = wire.Channel(ours, BOUNDS).ticking()
        channel.deadline = time.monotonic() + 0.1
        with pytest.raises(TimeoutError):
            act(channel)
        assert time.monotonic() >= channel.deadline


def test_a_deadline_is_put_off_by_what_others_have_held_up():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        channel = wire.Channel(ours, BOUNDS).ticking()
        channel.deadline, channel.held_up = time.monotonic() + 0.1, lambda: 0.2
        with pytest.raises(TimeoutError):
            channel.receive()
        assert time.monotonic() >= channel.deadline + 0.2


def test_deep_json_is_refused():
    with pytest.raises(wire.WireError):
        received(framed(b"[" * 100_000))


def test_a_frame_of_more_than_the_wire_carries_is_not_sent():
    ours, theirs = socket.socketpair()
    with ours, theirs, pytest.raises(wire.TooLargeError):
        wire.Channel(ours, wire.Bounds(body=10)).send({}, [bytes(11)])
