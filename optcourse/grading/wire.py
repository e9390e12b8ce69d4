"""The wire between the judge and the sandbox: frames of JSON and raw bytes, measured before anything is built of them.

A frame is eight bytes (the lengths of what follows), a JSON object, and the bytes of all its arrays. A value is plain
JSON where that is exact (None, True, 3, 0.1, "text"), else a list that begins with a letter:

    ["l", items] list         ["a", dtype, shape, offset] array          ["g", name, state] random generator
    ["t", items] tuple        ["n", dtype, offset] NumPy number          ["mine", id, type, can] an object kept here
    ["d", pairs] dict         ["c", re, im] complex number               ["yours", id] one that you told me of

Nothing else exists: no class, no code, no pickle. What one side cannot write down it keeps, and gives it a number.
The worker's side of the wire is in the hands of whoever wrote the notebook, so on the judge's side every length, depth,
count, dtype and shape is held against `Bounds` before memory is taken, and whatever does not fit is a `WireError`.
"""

from __future__ import annotations

import functools
import json
import math
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

DTYPES = frozenset(["|b1", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f2", "<f4", "<f8", "<c8", "<c16"])
LONGEST = {"g": np.float64, "G": np.complex128}  # long doubles, which no two machines write alike, are sent as doubles
GENERATORS = ("PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64")
PREFIX = struct.Struct("!II")
CHUNK = 1 << 16
TICK = struct.pack("@ll", 0, 50_000)  # seconds and microseconds after which a wait looks at the clock
REMEMBERED, SHORT = 64, 256  # how many headers a channel remembers, and how many bytes such a header has at most
_encoded = json.JSONEncoder(separators=(",", ":")).encode  # `json.dumps` would make an encoder for every frame
_decoded = json.JSONDecoder().decode
LARGEST_INTEGER = 1 << 1024  # beyond it a float cannot follow, and printing it takes long


class WireError(Exception):
    """A frame that no honest worker sends."""


class TooLargeError(WireError):
    """A frame, or something in it, over its bound."""


class ClosedError(WireError):
    """The other side is gone."""


@dataclass(frozen=True)
class Bounds:
    """What one frame may hold.

    Attributes
    ----------
    header, body : int
        Bytes of its two parts.
    items, depth : int
        Values in it, one in another.
    pairs : int
        Entries of one dict: whoever chooses the keys can make them collide, and then filling it takes the square.
    text, axes : int
        Length of a text, dimensions of an array.
    arguments, asked : int
        Bytes that one call of a function kept here may bring, and all calls of a part together: they are remembered.
    answered : int
        Bytes of all answers of a part together: a test may collect them.
    """

    header: int = 1 << 20
    body: int = 1 << 26
    items: int = 100_000
    depth: int = 32
    pairs: int = 1_000
    text: int = 200_000
    axes: int = 16
    arguments: int = 1 << 20
    asked: int = 1 << 26
    answered: int = 1 << 28


class Channel:
    """Frames over a stream socket, none later than `deadline` (of `time.monotonic`).

    The kernel wakes a wait from time to time for it to look at the clock: to tell it the deadline anew before each
    frame would take three calls of the system where one does. And since most frames are calls of one function with
    arrays of one shape, whose headers are the same to the byte, what was read of a short header is remembered.
    """

    def __init__(self, stream: socket.socket, bounds: Bounds):
        self.stream, self.bounds = stream, bounds
        self.buffer = bytearray()
        self.deadline = math.inf
        self.held_up: Callable[[], float] = float  # seconds by which the deadline, once it is reached, is put off
        self.known: dict[bytes, dict[str, Any]] = {}

    def ticking(self) -> Channel:
        """Let waits of this side end at its deadlines."""
        for kind in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            self.stream.setsockopt(socket.SOL_SOCKET, kind, TICK)
        return self

    def send(self, header: dict[str, Any], body: list[bytes] | None = None) -> None:
        self.post(written(header), b"".join(body) if body else b"")

    def post(self, text: bytes, body: bytes) -> None:
        """Send a header that is written down already, and its bytes."""
        if len(text) > self.bounds.header or len(body) > self.bounds.body:
            raise TooLargeError("an answer of more than the wire carries")
        left = memoryview(PREFIX.pack(len(text), len(body)) + text + body)
        try:
            while left:
                self._look_at_the_clock()
                try:
                    left = left[self.stream.send(left) :]
                except BlockingIOError:
                    continue
        except (BrokenPipeError, ConnectionResetError):
            raise ClosedError("the other side is gone") from None

    def receive(self) -> tuple[dict[str, Any], bytes]:
        """Return the next frame's header, which is not to be changed, and its body.

        TimeoutError when the deadline comes first.
        """
        if len(self.buffer) < PREFIX.size:
            self._fill(PREFIX.size)
        header_size, body_size = PREFIX.unpack_from(self.buffer)
        if header_size > self.bounds.header or body_size > self.bounds.body:
            raise TooLargeError(f"an answer of {header_size + body_size} bytes")
        start, end = PREFIX.size + header_size, PREFIX.size + header_size + body_size
        if len(self.buffer) < end:
            self._fill(end)
        text, body = bytes(self.buffer[PREFIX.size : start]), bytes(self.buffer[start:end])
        del self.buffer[:end]
        header = self.known.get(text)
        if header is None:
            header = _read(text)
            if header_size <= SHORT and len(self.known) < REMEMBERED:
                self.known[text] = header
        return header, body

    def _fill(self, size: int) -> None:
        """Have so many bytes. Memory grows with what has arrived, not with what was announced."""
        while len(self.buffer) < size:
            self._look_at_the_clock()
            try:
                chunk = self.stream.recv(min(max(CHUNK, size - len(self.buffer)), 1 << 22))
            except BlockingIOError:
                continue
            except ConnectionResetError:
                chunk = b""
            if not chunk:
                raise ClosedError("the other side is gone")
            self.buffer += chunk

    def _look_at_the_clock(self) -> None:
        if time.monotonic() >= self.deadline and time.monotonic() >= self.deadline + self.held_up():
            raise TimeoutError


def written(header: dict[str, Any]) -> bytes:
    """Return a header as it goes over the wire."""
    return _encoded(header).encode()


def _read(text: bytes) -> dict[str, Any]:
    try:
        header = _decoded(text.decode())
    except (ValueError, RecursionError):
        raise WireError("a frame that is not JSON") from None
    if not isinstance(header, dict):
        raise WireError("a frame without a header")
    return header


# ------------------------------------------------------------------------------------- the commonest frames
#
# Nine of ten frames of a descent are a function kept here, asked with one array, and its answer, one array. They are
# the same JSON as any other, only found in a table instead of being written down anew.


def lone(value: Any) -> tuple[str, tuple[int, ...]] | None:
    """Return type and shape of a plain array; None for what a `Packer` must look at."""
    if type(value) is not np.ndarray or value.ndim > Bounds.axes or (name := value.dtype.str) not in DTYPES:
        return None
    return name, value.shape


@functools.lru_cache(maxsize=REMEMBERED)
def asking(number: int, dtype: str, shape: tuple[int, ...]) -> bytes:
    """The header of a call of a function kept on the other side, with one array."""
    array = ["a", dtype, shape, 0]
    return written({"op": "callback", "what": number, "value": ["t", [["t", [array]], ["d", []]]]})


@functools.lru_cache(maxsize=REMEMBERED)
def answering(dtype: str, shape: tuple[int, ...]) -> bytes:
    """The header of an answer that is one array."""
    return written({"op": "value", "value": ["a", dtype, shape, 0]})


class Packer:
    """Writes values down. `keep` gives an object kept here its entry: ``["mine", …]`` or ``["yours", …]``."""

    def __init__(self, keep: Callable[[Any], list[Any]]):
        self.keep = keep
        self.body: list[bytes] = []
        self.size = 0
        self.mutable: list[Any] = []  # arrays and lists, in the order in which the other side rebuilds them

    def pack(self, value: Any, depth: int = 0) -> Any:
        kind = type(value)
        if value is None or kind is bool or kind is str or kind is float:
            return value
        if kind is int:
            return value if abs(value) < LARGEST_INTEGER else self.keep(value)
        if depth > Bounds.depth - 2:
            return self.keep(value)
        # Exact types first: most values are of one, and to ask for subclasses takes longer than to write them down.
        if kind is np.ndarray or isinstance(value, np.ndarray):
            return self._array(value)
        if kind is tuple or isinstance(value, tuple):
            return ["t", [self.pack(item, depth + 1) for item in value]]
        if kind is dict or isinstance(value, dict):
            return ["d", [[self.pack(key, depth + 1), self.pack(item, depth + 1)] for key, item in value.items()]]
        if isinstance(value, np.generic):
            value = value.astype(LONGEST[value.dtype.char]) if value.dtype.char in LONGEST else value
            return (
                ["n", value.dtype.str, self._blob(value.tobytes())] if value.dtype.str in DTYPES else self.keep(value)
            )
        if isinstance(value, list):
            self.mutable.append(value)
            return ["l", [self.pack(item, depth + 1) for item in value]]
        if isinstance(value, complex):
            return ["c", value.real, value.imag]
        if isinstance(value, np.random.Generator) and value.bit_generator.state["bit_generator"] in GENERATORS:
            state = value.bit_generator.state
            return ["g", state["bit_generator"], _plain_state(state)]
        return self.keep(value)

    def _array(self, value: np.ndarray[Any, Any]) -> Any:
        plain = np.asarray(value)
        if plain.dtype.byteorder == ">":
            plain = plain.astype(plain.dtype.newbyteorder("<"))
        if plain.dtype.char in LONGEST:
            plain = plain.astype(LONGEST[plain.dtype.char])
        if plain.dtype.str not in DTYPES or plain.ndim > Bounds.axes:
            return self.keep(value)
        self.mutable.append(value)
        return ["a", plain.dtype.str, list(plain.shape), self._blob(plain.tobytes())]

    def _blob(self, data: bytes) -> int:
        offset, self.size = self.size, self.size + len(data)
        self.body.append(data)
        return offset


def _plain_state(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain_state(item) for key, item in value.items()}
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value


class Unpacker:
    """Rebuilds plain values of one frame. `mine` and `yours` turn the numbers of kept objects into something.

    From where this side stands, the frame's "mine" is the other's object and "yours" is ours.
    """

    def __init__(
        self,
        body: bytes,
        bounds: Bounds,
        theirs: Callable[[int, str, str], Any],
        ours: Callable[[int], Any],
        generators: bool = False,
    ):
        self.body, self.bounds, self.theirs, self.ours, self.generators = body, bounds, theirs, ours, generators
        self.items = 0
        self.bytes = 0
        self.mutable: list[Any] = []

    def unpack(self, tree: Any, depth: int = 0) -> Any:
        self.items += 1
        if self.items > self.bounds.items:
            raise TooLargeError(f"a value of more than {self.bounds.items} parts")
        if depth > self.bounds.depth:
            raise TooLargeError(f"a value nested more than {self.bounds.depth} deep")
        kind = type(tree)
        if tree is None or kind is bool or kind is float:
            return tree
        if kind is str:
            return self.text(tree)
        if kind is int:
            return self._integer(tree)
        try:
            letter, *fields = tree
            rebuild: Callable[..., Any] = self._TAGS[letter]
            return rebuild(self, depth, *fields)
        except WireError:
            raise
        except (TypeError, ValueError, KeyError, OverflowError, RecursionError):
            raise WireError("a value that is not one of the wire's") from None

    def arguments(self, tree: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Rebuild the arguments of a call, positional and named."""
        match tree:
            case ["t", [["t", [["a", *_] as array]], ["d", []]]]:  # nearly always, and then there is no more to see
                self.items += 3
                return (self.unpack(array, 2),), {}
        asked = self.unpack(tree)
        if not (type(asked) is tuple and len(asked) == 2 and type(asked[0]) is tuple and type(asked[1]) is dict):
            raise WireError("a call without arguments")
        if not all(type(name) is str for name in asked[1]):
            raise WireError("a call with strange arguments")
        return asked

    def text(self, text: str) -> str:
        """Return plain text: of bounded length, and writable as UTF-8."""
        if len(text) > self.bounds.text:
            raise TooLargeError(f"a text of {len(text)} characters")
        return text.encode("utf-8", "replace").decode("utf-8")

    def _integer(self, value: int) -> int:
        if abs(value) >= LARGEST_INTEGER:
            raise TooLargeError("an integer of more than 1024 bits")
        return value

    def _list(self, depth: int, items: Any) -> list[Any]:
        self._sized(items, list)
        rebuilt: list[Any] = []
        self.mutable.append(rebuilt)
        rebuilt.extend(self.unpack(item, depth + 1) for item in items)
        return rebuilt

    def _tuple(self, depth: int, items: Any) -> tuple[Any, ...]:
        self._sized(items, list)
        return tuple([self.unpack(item, depth + 1) for item in items])

    def _dict(self, depth: int, pairs: Any) -> dict[Any, Any]:
        self._sized(pairs, list)
        if len(pairs) > self.bounds.pairs:
            raise TooLargeError(f"a dict of more than {self.bounds.pairs} entries")
        return {self.unpack(key, depth + 1): self.unpack(item, depth + 1) for key, item in pairs}

    def _complex(self, depth: int, real: Any, imag: Any) -> complex:
        self._sized(real, float, int), self._sized(imag, float, int)
        return complex(real, imag)

    def _array(self, depth: int, dtype: Any, shape: Any, offset: Any) -> np.ndarray[Any, Any]:
        self._sized(shape, list)
        if len(shape) > self.bounds.axes or any(
            type(length) is not int or not 0 <= length <= self.bounds.body for length in shape
        ):
            raise WireError("an array of impossible shape")
        rebuilt = self._entries(dtype, math.prod(shape), offset).reshape(shape).copy()
        self.mutable.append(rebuilt)
        return rebuilt

    def _number(self, depth: int, dtype: Any, offset: Any) -> Any:
        return self._entries(dtype, 1, offset)[0]

    def _entries(self, dtype: Any, count: int, offset: Any) -> np.ndarray[Any, Any]:
        """A view of `count` entries of the body: both ends are inside it, or there is no array."""
        if type(dtype) is not str or dtype not in DTYPES:
            raise WireError("an array of a type that the wire does not carry")
        if type(offset) is not int or offset < 0 or offset + count * np.dtype(dtype).itemsize > len(self.body):
            raise WireError("an array whose shape does not fit its bytes")
        self.bytes += count * np.dtype(dtype).itemsize
        if self.bytes > len(self.body):  # each array is copied out of the body: none may be copied twice
            raise WireError("arrays that share their bytes")
        return np.frombuffer(self.body, dtype, count, offset) if count else np.empty(0, dtype)

    def _generator(self, depth: int, name: Any, state: Any) -> np.random.Generator:
        if not self.generators or name not in GENERATORS:
            raise WireError("a random generator from the wrong side")
        bits = getattr(np.random, name)()
        bits.state = state
        return np.random.Generator(bits)

    def _mine(self, depth: int, number: Any, kind: Any, can: Any) -> Any:
        self._sized(number, int), self._sized(kind, str), self._sized(can, str)
        return self.theirs(number, self.text(kind)[:80], can[:8])

    def _yours(self, depth: int, number: Any) -> Any:
        self._sized(number, int)
        return self.ours(number)

    @staticmethod
    def _sized(value: Any, *kinds: type) -> None:
        if type(value) not in kinds:
            raise WireError("a value that is not one of the wire's")

    _TAGS: dict[str, Callable[..., Any]] = {  # noqa: RUF012 (a table, never changed)
        "l": _list,
        "t": _tuple,
        "d": _dict,
        "c": _complex,
        "a": _array,
        "n": _number,
        "g": _generator,
        "mine": _mine,
        "yours": _yours,
    }
