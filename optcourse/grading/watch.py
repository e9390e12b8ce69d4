"""One call of a learner's function, watched: what it returned, raised, printed, asked for, and did to its arguments.

The function may be a plain one, or a proxy that forwards the call to a sandbox. Nothing is asked of it but that it can
be called. A proxy owes three things for its verdicts to be those of a plain function:

* it raises `LearnerError` for an exception on the learner's side;
* it lets `Stopped`, raised by one of the functions passed in, end the call and come through;
* it copies what the learner did to an array argument back into that array, so that a changed input is seen.
"""

from __future__ import annotations

import contextlib
import gc
import io
import linecache
import re
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import numpy as np

from optcourse.grading.exercise import Case

PACKAGE = str(Path(__file__).resolve().parents[1])
OUR_FILES = re.compile(rf"^{re.escape(PACKAGE)}|^<frozen ")
ARITY = re.compile(r"^[\w.<>]+\(\) (takes|missing|got an unexpected)")
KEPT_OUTPUT = 2_000
SEQUENCES = (np.ndarray, list, tuple)
WAITING = 4  # times the processor time it may use: how long a call may take by the clock


@dataclass(frozen=True)
class Limits:
    """What one call may use; None: somebody else sees to it.

    Attributes
    ----------
    seconds : float or None
        Processor time, for a busy machine is no fault of the learner's; `WAITING` times as long by the clock, for what
        only waits. Enforced where the platform has interval timers and the call is made on the main thread.
    output : int or None
        Characters printed.
    evaluations : int
        Calls of any one function that was passed in.
    """

    seconds: float | None = 5.0
    output: int | None = 100_000
    evaluations: int = 20_000


_LIMITS: ContextVar[Limits | None] = ContextVar("limits", default=None)
USUAL = Limits()


@contextlib.contextmanager
def limited(**changed: Any) -> Iterator[Limits]:
    """Change the limits for a while: ``with limited(seconds=None): …``."""
    limits = replace(_LIMITS.get() or USUAL, **changed)
    token = _LIMITS.set(limits)
    try:
        yield limits
    finally:
        _LIMITS.reset(token)


class LearnerError(Exception):
    """An exception on the learner's side of a wire.

    Attributes
    ----------
    kind : str
        The name of its type.
    message : str
        Its text.
    line : str
        The learner's line it came from, or nothing.
    """

    def __init__(self, kind: str, message: str = "", line: str = ""):
        super().__init__(f"{kind}: {message}" if message else kind)
        self.kind, self.message, self.line = kind, message, line


class Stopped(BaseException):
    """A limit was reached. Not an `Exception`, so that a learner's ``except Exception`` lets it through."""

    def __init__(self, property: str, sentence: str):
        super().__init__(sentence)
        self.property, self.sentence = property, sentence


@dataclass(frozen=True)
class Failure:
    """Why a call gave no value: the property broken, a sentence, and the type of the exception if there was one."""

    property: str
    sentence: str
    kind: str = ""


class Call(NamedTuple):
    """One call of a function that was passed in: copies of its arguments and of its answer."""

    arguments: tuple[Any, ...]
    answer: Any


@dataclass
class Run:
    """Everything that was seen of one call.

    Attributes
    ----------
    value : object
        What it returned.
    failure : Failure or None
        Why it returned nothing.
    calls : dict of lists
        For every function passed in, by the argument's name: its calls, in order.
    changed : tuple of str
        Arguments that are not what they were.
    output : str
        The beginning of what was printed.
    """

    value: Any = None
    failure: Failure | None = None
    calls: dict[str, list[Call]] = field(default_factory=dict)
    changed: tuple[str, ...] = ()
    output: str = ""


class Watched:
    """A function passed to the learner's: counts its calls and remembers them."""

    def __init__(self, name: str, function: Callable[..., Any], most: int):
        self.name, self.function, self.most = name, function, most
        self.calls: list[Call] = []

    def __call__(self, *arguments: Any) -> Any:
        if len(self.calls) >= self.most:
            raise Stopped("evaluations", f"called {self.name} {self.most} times and did not come to an end")
        kept = tuple(map(_plain, arguments))
        answer = self.function(*map(_plain, arguments))
        self.calls.append(Call(kept, _plain(answer)))
        return answer


def _plain(value: Any) -> Any:
    """A copy; lists of numbers become arrays, as every function of the course takes them."""
    if isinstance(value, SEQUENCES):
        try:
            return np.array(value)
        except ValueError:  # rows of different lengths
            return value
    return value


class _Capped(io.TextIOBase):
    """Keeps the beginning of what is written and ends the call when there is too much."""

    def __init__(self, most: int | None):
        self.most, self.kept, self.written = most, "", 0

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.written += len(text)
        if len(self.kept) < KEPT_OUTPUT:
            self.kept += text[: KEPT_OUTPUT - len(self.kept)]
        if self.most is not None and self.written > self.most:
            raise Stopped("output", f"printed more than {self.most} characters: take the print out of the loop")
        return len(text)


def run(function: Callable[..., Any], case: Case) -> Run:
    """Call `function` with a case's arguments and write down everything there is to see."""
    limits = _LIMITS.get() or USUAL
    given = case.copies()
    watched = {name: Watched(name, value, limits.evaluations) for name, value in given.items() if callable(value)}
    output = _Capped(limits.output)
    seen = Run(calls={name: one.calls for name, one in watched.items()})
    try:
        with hushed(), _Caught(output), timed(limits.seconds):
            seen.value = function(*(given | watched).values())
    except Stopped as stop:
        seen.failure = Failure(stop.property, stop.sentence)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        seen.failure = explained(error)
    seen.output = output.kept
    seen.changed = tuple(name for name in given if name not in watched and not same(given[name], case[name]))
    return seen


@contextlib.contextmanager
def hushed() -> Iterator[None]:
    """Let no warning through, neither Python's nor NumPy's. `run` sees to it itself; for many calls, do it around them.

    nbgrader takes a cell's points for a single line on the error stream.
    """
    if _HUSHED.get():
        yield
        return
    token = _HUSHED.set(True)
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            yield
    finally:
        _HUSHED.reset(token)


_HUSHED: ContextVar[bool] = ContextVar("hushed", default=False)


class _Caught(contextlib.AbstractContextManager[None]):
    """Everything printed goes to `output`. The streams are changed by hand, since a call takes no longer than that."""

    def __init__(self, output: _Capped):
        self.output = output

    def __enter__(self) -> None:
        self.before = sys.stdout, sys.stderr
        sys.stdout = sys.stderr = self.output

    def __exit__(self, *error: Any) -> None:
        sys.stdout, sys.stderr = self.before


def timed(seconds: float | None, again: float = 0.05) -> contextlib.AbstractContextManager[None]:
    """Raise `Stopped` in whatever computes longer, where the platform has interval timers and on the main thread.

    Or in what takes `WAITING` times as long by the clock: it waits for something that does not come. It is raised
    `again` and again, for a bare `except:` in a learner's loop swallows the first, and so does Python itself what is
    raised at the end of an object.
    """
    return contextlib.nullcontext() if seconds is None or not _can_ring() else _Timer(seconds, again)


class _Timer(contextlib.AbstractContextManager[None]):
    """What `timed` makes: a class of its own, for a generator's `with` takes as long as the calls that are timed."""

    def __init__(self, seconds: float, again: float):
        self.seconds, self.again = seconds, again
        self.bell = None if _Bell.hung else bell()

    def __enter__(self) -> None:
        if self.bell is not None:
            self.bell.__enter__()
        # Who wants to be told of collections is not: a ring in there would be lost, and what is endless go on for ever.
        self.told = gc.callbacks[:]
        gc.callbacks.clear()
        _Bell.seconds = self.seconds
        signal.setitimer(signal.ITIMER_REAL, WAITING * self.seconds, self.again)
        signal.setitimer(signal.ITIMER_PROF, self.seconds, self.again)

    def __exit__(self, *error: Any) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        gc.callbacks[:] = self.told
        if self.bell is not None:
            self.bell.__exit__(None, None, None)


class _Bell:
    """What the signal's handler has to know."""

    hung = False
    seconds = 0.0

    @staticmethod
    def ring(signum: int, frame: FrameType | None) -> None:
        # Raised while it is switched on or off, it would never be switched off, and ring in what comes after. A busy
        # machine brings that about: who waits for a processor has a ring waiting whenever there is one again.
        if frame is None or frame.f_code not in _SWITCHES:
            raise Stopped("time", f"did not end within {_Bell.seconds:g} s")


_SWITCHES = (_Timer.__enter__.__code__, _Timer.__exit__.__code__)


def _can_ring() -> bool:
    return hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()


@contextlib.contextmanager
def bell() -> Iterator[None]:
    """Hang up what `timed` rings. It does so itself for a single call; for thousands it takes longer than the calls."""
    if _Bell.hung or not _can_ring():
        yield
        return
    before = {number: signal.signal(number, _Bell.ring) for number in (signal.SIGALRM, signal.SIGPROF)}
    _Bell.hung = True
    try:
        yield
    finally:
        _Bell.hung = False
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def frugal(more: int) -> Iterator[None]:
    """Let this process take so many bytes of address space more than it has, and no more: then a MemoryError.

    On Linux and on the main thread; elsewhere two of these would undo each other's limit.
    """
    if sys.platform != "linux" or threading.current_thread() is not threading.main_thread():
        yield
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize() + more
    resource.setrlimit(resource.RLIMIT_AS, (most if soft == resource.RLIM_INFINITY else min(most, soft), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def explained(error: BaseException) -> Failure:
    """Say what an exception means to its author."""
    remote = isinstance(error, LearnerError)
    kind = error.kind if isinstance(error, LearnerError) else type(error).__name__
    message = error.message if isinstance(error, LearnerError) else str(error)
    if kind == "NotImplementedError":
        return Failure("blank", "is not written yet: replace the line that raises NotImplementedError", kind)
    at_the_call = remote or error.__traceback__ is None or _learners_frame(error) is None
    if kind == "TypeError" and at_the_call and ARITY.match(message):
        return Failure("arguments", f"does not take the arguments of the exercise: {message}", kind)
    if kind == "SystemExit":
        return Failure("exception", "asked Python to exit instead of returning", kind)
    line = error.line if isinstance(error, LearnerError) else _line(error)
    text = f"raised {kind}" + (f": {message[:200]}" if message else "") + (f", at `{line}`" if line else "")
    return Failure("exception", text, kind)


def _learners_frame(error: BaseException) -> traceback.FrameSummary | None:
    frames = traceback.extract_tb(error.__traceback__)
    return next((frame for frame in reversed(frames) if not OUR_FILES.match(frame.filename)), None)


def _line(error: BaseException) -> str:
    frame = _learners_frame(error)
    if frame is None or frame.lineno is None:
        return ""
    return (frame.line or linecache.getline(frame.filename, frame.lineno)).strip()[:100]


def same(one: Any, other: Any) -> bool:
    """Whether two arguments are equal, in every bit that matters to a caller."""
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        one, other = np.asarray(one), np.asarray(other)
        if one.dtype != other.dtype or one.shape != other.shape:
            return False
        if not one.dtype.hasobject and one.tobytes() == other.tobytes():
            return True  # nearly always, and told at a fraction of the cost
        return bool((one == other).all()) or np.array_equal(one, other, equal_nan=one.dtype.kind in "fc")
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(same(*pair) for pair in zip(one, other, strict=True))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, np.random.Generator):
        return True  # it is there to be used up
    return bool(one == other) or (one != one and other != other)
