"""Grade one notebook: the tests run here, in a process that runs no learner's code; that runs in a sandbox.

`grade_notebook` takes bytes and returns plain data. A test cell is taken from the source assignment and executed in a
namespace in which the learner's functions are `Proxy` objects: a call goes over the wire to the worker, functions
that the test passes along stay here and are called back. The judge owns the clock. Whatever happens, each test cell
ends with a verdict, and a cell without full marks always holds an error output: nbgrader gives a silent cell all its
points.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import functools
import hashlib
import io
import json
import os
import re
import signal
import sys
import time
import types
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from optcourse.grading import checking, wire
from optcourse.grading.intake import (
    BadFileError,
    Cell,
    Merged,
    as_written,
    assignment,
    harmless,
    hidden_lines,
    merge,
    parsed,
)
from optcourse.grading.sandbox import Child, Sandbox, Spec, waited, warm
from optcourse.grading.verdict import Verdict
from optcourse.grading.watch import LearnerError, Stopped, bell, frugal, hushed, limited, timed

MESSAGE = 2_000
PRINTED = 100_000
KEPT_EXCEPTIONS = 8
ENDING = 5.0  # seconds in which a process that has closed its end of the wire may end by itself
BUSY = 10  # times its seconds that a part may take where the machine is busy with others
MEMORY = 1 << 30  # what the judge itself may take for one notebook: the bounds of the wire add up to less


@dataclass(frozen=True)
class Limits:
    """What grading a notebook may take.

    Attributes
    ----------
    seconds : float
        For one part: a learner's cell, or all that one test cell asks of the learner's functions. By the clock, less
        what was spent waiting for a processor that others had: up to `BUSY` times as long.
    grace : float
        How long an interrupted part may take to give up before its process is ended.
    total : float
        For the whole notebook.
    restarts : int
        How many times a notebook whose process ended is run again for the parts that are left.
    spec : Spec
        What the sandbox allows.
    """

    seconds: float = 10.0
    grace: float = 0.5
    total: float = 120.0
    restarts: int = 3
    spec: Spec = field(default_factory=Spec)


@dataclass(frozen=True)
class Part:
    """The verdict on one graded cell: points, why not all (`kind`, `sentence`), the words of its checks."""

    grade_id: str
    points: float
    max_points: float
    kind: str = ""
    sentence: str = ""
    verdicts: tuple[dict[str, Any], ...] = ()
    manual: bool = False


@dataclass(frozen=True)
class Result:
    """The verdict on a notebook.

    Attributes
    ----------
    parts : tuple of Part
        One for each graded cell of the source, in its order.
    kind : str
        What went wrong with the run, if something did: timeout, memory, exit, crash, output, wire, bad file, missing,
        crashed (the judge's own process, twice).
    sentence : str
        The same in words.
    notes : tuple of str
        What had to be put right in the file.
    notebook : dict
        The autograded notebook (nbformat 4.5).
    isolation : str
        What kept the learner's code in: ``bubblewrap``, or ``none``.
    seed : str
        What fresh cases were drawn from; the same seed gives the same submission the same result. Not for learners.
    """

    parts: tuple[Part, ...]
    kind: str
    sentence: str
    notes: tuple[str, ...]
    notebook: dict[str, Any]
    isolation: str
    seed: str

    @property
    def score(self) -> float:
        """Points given by tests."""
        return sum(part.points for part in self.parts)

    @property
    def max_score(self) -> float:
        """All points there are, also those that a person gives."""
        return sum(part.max_points for part in self.parts)

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        parts = tuple(vars(part) | {} for part in self.parts)
        return vars(self) | {"parts": parts, "score": self.score, "max_score": self.max_score}


class Lost(Stopped):
    """The worker cannot go on with this part."""

    def __init__(self, kind: str, sentence: str):
        super().__init__({"timeout": "time", "memory": "memory", "output": "output"}.get(kind, "exception"), sentence)
        self.kind = kind


class Proxy:
    """An object of the learner's that stayed in the sandbox. All that can be done with it is to call it or step it."""

    def __init__(self, link: Link, number: int, kind: str):
        self._link, self._number, self.remote_kind = link, number, kind

    def __repr__(self) -> str:
        return f"<{self.remote_kind} of the notebook>"


class CallableProxy(Proxy):
    """A function of the learner's."""

    def __call__(self, *positional: Any, **named: Any) -> Any:
        return self._link.call(self._number, positional, named)


class IteratorProxy(Proxy):
    """An iterator of the learner's."""

    def __iter__(self) -> IteratorProxy:
        return self

    def __next__(self) -> Any:
        try:
            return self._link.ask("next", {"what": self._number})
        except LearnerError as error:
            if error.kind == "StopIteration":
                raise StopIteration from None
            raise


class Link:
    """The judge's end of one worker: asks, serves callbacks meanwhile, and watches the clock."""

    def __init__(self, child: Child, limits: Limits):
        self.child, self.limits = child, limits
        self.channel = wire.Channel(child.stream, wire.Bounds()).ticking()
        self.channel.held_up = self.held_up
        self._allow(limits.seconds)
        self.lost: Lost | None = None
        self.dead = False
        self.sequence = 0
        self.functions: dict[int, Callable[..., Any]] = {}
        self.given = 0
        self.asked = self.answered = 0
        self.raised: deque[tuple[int, BaseException]] = deque(maxlen=KEPT_EXCEPTIONS)
        self.failures = 0

    def part(self, seconds: float) -> None:
        """Begin a new part with its own time. What the parts before it handed out is taken back."""
        self._allow(seconds)
        self.functions.clear()
        self.asked = self.answered = 0
        self.lost = None if not self.dead else self.lost

    def _allow(self, seconds: float) -> None:
        """Let so much time go by from now on."""
        self.seconds, self.since = seconds, self._times()
        self.channel.deadline = time.monotonic() + seconds

    def _times(self) -> tuple[float, float, float]:
        """Clock, seconds of waiting for a processor, and of using one: of both ends together, which take turns."""
        waiting, used = self.child.times()
        return time.monotonic(), waiting + waited("thread-self"), used + time.thread_time()

    def held_up(self) -> float:
        """Seconds by which others, who had the processors, have held up this part.

        Threads that keep each other waiting are not others: what the part itself has used is no waiting.
        """
        passed, waiting, used = (now - then for now, then in zip(self._times(), self.since, strict=True))
        return max(0.0, min(waiting, passed - used, (BUSY - 1) * self.seconds))

    def run(self, source: str) -> dict[str, Any]:
        """Run a cell; return what it printed, its result and its error as texts."""
        answer, _ = self._exchange("run", {"source": source}, [])
        error = answer.get("error")
        return {
            "text": _text(answer.get("text"), self.limits.spec.output),
            "written": _count(answer.get("written")),
            "result": None if answer.get("result") is None else _text(answer["result"], self.limits.spec.output),
            "error": _error(error) if isinstance(error, dict) else None,
            "number": _count(error.get("number")) if isinstance(error, dict) else 0,
        }

    def names(self, wanted: list[str]) -> dict[str, Any]:
        """Return those of these names that the notebook defines."""
        found = self.ask("names", {"names": wanted})
        return {name: found[name] for name in wanted if name in found} if isinstance(found, dict) else {}

    def call(self, number: int, positional: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """Call a function of the learner's, and copy back what it did to its arguments."""
        packer = wire.Packer(self._keep)
        tree = packer.pack((positional, named))
        return self.ask("call", {"what": number, "value": tree}, packer.body, packer.mutable)

    def ask(
        self, op: str, fields: dict[str, Any], body: list[bytes] | None = None, mutable: list[Any] | None = None
    ) -> Any:
        """Ask for a value. LearnerError if the learner's code raised, `Lost` if there will be no answer."""
        answer, data = self._exchange(op, fields, body or [])
        try:
            self._print(answer)
            unpacker = self._unpacker(data)
            value = unpacker.unpack(answer["value"]) if "value" in answer else None
            if mutable and "changed" in answer:
                _copy_back(mutable, unpacker.unpack(answer["changed"]))
            self.answered += len(data) + 8 * unpacker.items
            if self.answered > self.channel.bounds.answered:
                raise wire.TooLargeError("more answers than are kept")
        except wire.WireError as error:
            raise self._broken(error) from None
        if answer.get("op") == "raised":
            cause = answer.get("cause")
            for number, original in self.raised:
                if type(cause) is int and cause == number:
                    raise original
            raise _error(answer)
        return value

    def _exchange(self, op: str, fields: dict[str, Any], body: list[bytes]) -> tuple[dict[str, Any], bytes]:
        if self.lost is not None:
            raise self.lost
        self.sequence += 1
        try:
            self.channel.send({"op": op, "seq": self.sequence, **fields}, body)
            return self._answer()
        except TimeoutError:
            raise self._overdue() from None
        except wire.WireError as error:
            raise self._broken(error) from None

    def _answer(self) -> tuple[dict[str, Any], bytes]:
        """Wait for the answer; meanwhile do what the learner's code asks of our functions."""
        while True:
            header, body = self.channel.receive()
            if header.get("op") == "callback":
                self._call_back(header, body)
            elif header.get("seq") != self.sequence:
                raise wire.WireError("an answer to a question that was not asked")
            elif header.get("op") == "large":
                raise wire.TooLargeError("an answer of more than the wire carries")
            elif header.get("op") not in ("ran", "value", "raised"):
                raise wire.WireError("an answer that is none")
            else:
                return header, body

    def _call_back(self, header: dict[str, Any], body: bytes) -> None:
        function = self._given(header.get("what"))
        unpacker = self._unpacker(body)
        positional, named = unpacker.arguments(header.get("value"))
        size = len(body) + 8 * unpacker.items
        self.asked += size
        if size > self.channel.bounds.arguments or self.asked > self.channel.bounds.asked:
            raise wire.TooLargeError("arguments for a function that it was given")
        try:
            # The function is ours, what it is asked is not: `10**9` may be a number to it, or a length.
            with timed(self._left()):
                answer = self._answer_with(function(*positional, **named))
        except (wire.WireError, TimeoutError, KeyboardInterrupt):
            raise
        except BaseException as error:
            if type(error) is Stopped and error.property == "time":  # rung by our own bell: the part has had its time
                raise TimeoutError from None
            # The learner's code may catch it. If it does not, the very same exception goes on here.
            self.failures += 1
            self.raised.append((self.failures, error))
            kind = "Stopped" if isinstance(error, Stopped) else type(error).__name__
            told = {"op": "raised", "kind": kind, "message": str(error)[:MESSAGE], "cause": self.failures}
            answer = wire.written(told), b""
        self.channel.post(*answer)

    def _left(self) -> float:
        """Seconds that this part may still use."""
        left = self.channel.deadline - time.monotonic()
        return left if left > 0 else max(left + self.held_up(), 0.01)

    def _answer_with(self, value: Any) -> tuple[bytes, bytes]:
        """Header and body of the frame that brings a value to the learner's code."""
        if (kind := wire.lone(value)) is not None:
            return wire.answering(*kind), value.tobytes()
        packer = wire.Packer(self._keep)
        return wire.written({"op": "value", "value": packer.pack(value)}), b"".join(packer.body)

    def _given(self, number: Any) -> Callable[..., Any]:
        if type(number) is not int or not 0 <= number < self.given:
            raise wire.WireError("a call of a function that was never given")
        return self.functions.get(number, _taken_back)

    def _keep(self, value: Any) -> list[Any]:
        if isinstance(value, Proxy):
            return ["yours", value._number]
        if not callable(value):
            raise TypeError(f"a {type(value).__name__} cannot be handed to a learner's function")
        number = next((known for known, function in self.functions.items() if function is value), self.given)
        self.given = max(self.given, number + 1)
        self.functions[number] = value
        return ["mine", number, getattr(value, "__name__", type(value).__name__)[:80], "c"]

    def _unpacker(self, body: bytes) -> wire.Unpacker:
        return wire.Unpacker(body, self.channel.bounds, self._theirs, self._ours)

    def _theirs(self, number: int, kind: str, can: str) -> Proxy:
        shape = CallableProxy if "c" in can else IteratorProxy if "n" in can else Proxy
        return shape(self, number, kind)

    def _ours(self, number: int) -> Callable[..., Any]:
        if number not in self.functions:
            raise wire.WireError("a function that was never given")
        return self.functions[number]

    @staticmethod
    def _print(answer: dict[str, Any]) -> None:
        """Let what the learner's function printed appear where it would have, had it been a plain function."""
        if _count(answer.get("written")) > PRINTED:
            raise Stopped("output", f"printed more than {PRINTED} characters: take the print out of the loop")
        if text := _text(answer.get("text"), MESSAGE):
            sys.stdout.write(text)

    def _overdue(self) -> Lost:
        """Out of time: ask it to stop, and end it if it does not."""
        self.lost = Lost("timeout", f"did not end within {self.limits.seconds:g} s")
        self.child.interrupt()
        self._allow(self.limits.grace)
        try:
            while self.channel.receive()[0].get("seq") != self.sequence:
                # It asks for more of our functions: no more answers, it has to stop.
                self.channel.send({"op": "raised", "kind": "Stopped", "message": "out of time", "cause": None})
        except (TimeoutError, wire.WireError):
            self.dead = True
            self.child.end()
        return self.lost

    def _broken(self, error: wire.WireError) -> Lost:
        """The worker is gone, or no longer to be understood."""
        code, memory = self.child.wait(ENDING) if isinstance(error, wire.ClosedError) else (self.child.end()[0], False)
        if memory:
            self.lost = Lost("memory", f"needed more than {self.limits.spec.memory >> 20} MB of memory")
        elif isinstance(error, wire.TooLargeError):
            self.lost = Lost("output", f"gave too much: {error}")
        elif not isinstance(error, wire.ClosedError):
            self.lost = Lost("wire", f"sent something that no function returns ({error})")
        elif code == -signal.SIGXCPU or code == -signal.SIGKILL:
            self.lost = Lost("crash", "was ended by the system")
        elif code < 0:
            # abort() too ends in a fault: the first process of a namespace takes no SIGABRT from itself.
            reason = "a fault in memory, or abort()" if code == -signal.SIGSEGV else _signal_name(-code)
            self.lost = Lost("crash", f"crashed Python itself ({reason})")
        else:
            self.lost = Lost("exit", f"ended Python itself (exit code {code})")
        self.dead = True
        return self.lost


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _text(value: Any, most: int) -> str:
    return value[:most].encode("utf-8", "replace").decode("utf-8") if isinstance(value, str) else ""


def _count(value: Any) -> int:
    return min(max(value, 0), 1 << 40) if type(value) is int else 0


def _taken_back(*positional: Any, **named: Any) -> Any:
    raise LearnerError("RuntimeError", "this function belonged to another test")


def _error(answer: dict[str, Any]) -> LearnerError:
    return LearnerError(
        _text(answer.get("kind"), 80), _text(answer.get("message"), MESSAGE), _text(answer.get("line"), 100)
    )


def _copy_back(mutable: list[Any], changed: Any) -> None:
    """Do to our arguments what the learner's function did to its copies."""
    if not isinstance(changed, list):
        raise wire.WireError("changes that are none")
    for change in changed:
        if not (
            type(change) is tuple and len(change) == 2 and type(change[0]) is int and 0 <= change[0] < len(mutable)
        ):
            raise wire.WireError("a change of nothing")
        ours, now = mutable[change[0]], change[1]
        if isinstance(ours, np.ndarray) and isinstance(now, np.ndarray) and ours.dtype == now.dtype:
            if ours.shape == now.shape and ours.flags.writeable:
                ours[...] = now
        elif isinstance(ours, list) and isinstance(now, list):
            ours[:] = now


# ------------------------------------------------------------------------------------------- one notebook


class Session:
    """The worker of one notebook, replaced by a fresh one where it was lost."""

    def __init__(self, sandbox: Sandbox, limits: Limits):
        self.sandbox, self.limits = sandbox, limits
        self.end_of_all = time.monotonic() + limits.total
        self.ran: list[str] = []
        self.restarts = 0
        self.link: Link | None = None
        self.gone: Lost | None = None
        self.cut_off: dict[str, str] = {}  # names that a cell would have defined, and why it did not come to its end

    def ready(self) -> Link:
        """Return a link to a living worker in which all earlier cells have run, or raise `Lost`."""
        if self.gone is not None:
            raise self.gone
        if self.link is not None and not self.link.dead:
            self.link.part(self._seconds())
            return self.link
        if self.link is not None:
            self.restarts += 1
        if self.restarts > self.limits.restarts:
            self.gone = Lost("crash", f"was not run: earlier parts ended Python {self.restarts} times")
            raise self.gone
        self.link = Link(self.sandbox.spawn(), self.limits)
        self.link.part(self._seconds())
        replayed = []
        for source in self.ran:
            with contextlib.suppress(Lost):
                self.link.run(source)
                replayed.append(source)
            if self.link.dead:
                self.ran = replayed
                return self.ready()
        self.link.part(self._seconds())
        return self.link

    def _seconds(self) -> float:
        left = self.end_of_all - time.monotonic()
        if left <= 0:
            self.gone = Lost("timeout", f"was not run: the notebook had used its {self.limits.total:g} s")
            raise self.gone
        return min(self.limits.seconds, left)

    def close(self) -> None:
        if self.link is not None:
            self.link.child.end()


def grade_notebook(
    source: bytes | dict[str, Any],
    submission: bytes,
    limits: Limits | None = None,
    seed: str = "",
    sandbox: Sandbox | None = None,
) -> Result:
    """Grade one submission against its source assignment.

    Parameters
    ----------
    source : bytes or dict
        The source assignment, with solutions and hidden tests.
    submission : bytes
        Whatever was handed in.
    limits : Limits
        Time and sandbox.
    seed : str
        The secret that fresh cases are drawn from, together with the submission itself; by default a new one.
    sandbox : Sandbox, optional
        By default one that this process keeps warm.

    Raises
    ------
    NoSandboxError
        If there is no working sandbox. Never for anything that a submission holds.
    """
    limits = limits or Limits()
    seed = seed or os.urandom(16).hex()
    # What a function was given, a later cell may print. So the next version of the notebook is given something else.
    drawn_from = f"{seed}/{hashlib.sha256(submission).hexdigest()}"
    original = assignment(source)
    graded = {cell.grade_id for cell in original if cell.graded}
    sandbox = sandbox or warm(limits.spec, os.getpid())
    try:
        merged = merge(original, parsed(submission))
    except BadFileError as error:
        return not_run(original, "bad file", str(error), limits, seed)
    session = Session(sandbox, limits)
    space: dict[str, Any] = {"__name__": "__judge__", "__builtins__": builtins}
    helpers = [cell.source for cell in original if cell.role == "locked"]
    parts: dict[str, Part] = {}
    outputs: list[list[dict[str, Any]]] = []
    trouble: Lost | None = None
    with contextlib.closing(session), frugal(MEMORY), bell(), hushed():
        for cell in merged.cells:
            if cell.role == "test":
                part, shown, lost = _judged(cell, session, space, helpers, drawn_from)
                parts[cell.grade_id] = part
            elif cell.kind == "code":
                shown, lost = _worked(cell, session)
            else:
                shown, lost = [], None
            outputs.append(shown)
            trouble = trouble or lost
    for cell in original:
        if cell.grade_id in graded and cell.grade_id not in parts:
            parts[cell.grade_id] = Part(cell.grade_id, 0.0, cell.points, manual=cell.role == "manual")
    return Result(
        parts=tuple(parts[cell.grade_id] for cell in original if cell.grade_id in graded),
        kind=trouble.kind if trouble else "",
        sentence=f"The code {trouble.sentence}." if trouble else "",
        notes=tuple(merged.notes),
        notebook=_notebook(merged, outputs),
        isolation=limits.spec.isolation,
        seed=seed,
    )


def _worked(cell: Cell, session: Session) -> tuple[list[dict[str, Any]], Lost | None]:
    """Run a learner's cell."""
    if not cell.source.strip():
        return [], None
    try:
        link = session.ready()
        answer = link.run(cell.source)
    except Lost as lost:
        session.cut_off |= dict.fromkeys(_defined(cell.source), str(lost))
        if not (session.link is None or session.link.dead):
            session.ran.append(cell.source)
        return [_error_output(lost.kind.capitalize(), f"This cell {lost.sentence}.")], lost
    session.ran.append(cell.source)
    shown = []
    if answer["text"]:
        more = answer["written"] - len(answer["text"])
        shown.append(_stream(answer["text"] + (f"\n… and {more} characters more" if more > 0 else "")))
    if answer["result"] is not None:
        shown.append(_value(answer["result"]))
    if answer["error"] is not None:
        error = answer["error"]
        session.cut_off |= dict.fromkeys(_defined(cell.source), f"raised {str(error)[:200]}")
        where = [f"line {answer['number']}: {error.line}"] if error.line else []
        shown.append(_error_output(error.kind, error.message, where))
    return shown, None


def _judged(
    cell: Cell, session: Session, space: dict[str, Any], helpers: list[str], seed: str
) -> tuple[Part, list[dict[str, Any]], Lost | None]:
    """Run a test cell here, with the learner's functions at the end of the wire."""
    printed = io.StringIO()
    verdicts: list[Verdict] = []
    lost: Lost | None = None
    failure: BaseException | None = None
    borrowed: dict[str, Any] = {}
    try:
        needed, statements = _prepared(cell.source, cell.grade_id)
        _help(needed, helpers, space)
        link = session.ready()
        with (
            contextlib.redirect_stdout(printed),
            contextlib.redirect_stderr(io.StringIO()),
            checking.delivered_to(verdicts.append),
            checking.drawn_from(seed),
            checking.asked_once(),
            limited(seconds=None, output=None),
        ):
            wanted = sorted(name for name in needed if name not in space and not hasattr(builtins, name))
            borrowed = link.names(wanted)
            space.update(borrowed)
            _execute(statements, space)
    except Lost as error:
        lost = failure = error
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        failure = error
    # A check that caught the loss of the worker, and perhaps went on, does not count.
    lost = lost or (session.link.lost if session.link is not None else None)
    for name, value in borrowed.items():
        if space.get(name) is value:
            del space[name]
    kind, sentence = _reason(lost, failure, session.cut_off)
    stamped = tuple(replace(one, isolation=session.limits.spec.isolation) for one in verdicts)
    shown = [_stream(text)] if (text := printed.getvalue()[: session.limits.spec.output]) else []
    shown += [_value(str(one), one._repr_html_(), summary(one)) for one in stamped]
    if kind:
        shown.append(_error_output("AssertionError" if kind == "wrong" else kind.capitalize(), sentence))
    points = 0.0 if kind else cell.points
    return (
        Part(cell.grade_id, points, cell.points, kind, sentence, tuple(one.to_json() for one in stamped)),
        shown,
        lost,
    )


class HiddenTestError(Exception):
    """A statement of a hidden test failed: what it said may hold its values, and is not repeated."""


@functools.lru_cache(maxsize=64)
def _prepared(source: str, grade_id: str) -> tuple[frozenset[str], tuple[tuple[types.CodeType, bool], ...]]:
    """The same for a whole class: the names that a test needs, and its statements, with whether each is hidden."""
    tree = ast.parse(source)
    hidden = hidden_lines(source)
    statements = ((compile(ast.Module([one], []), f"<{grade_id}>", "exec"), one.lineno in hidden) for one in tree.body)
    return frozenset(_loaded(tree)), tuple(statements)


def _execute(statements: Iterable[tuple[types.CodeType, bool]], space: dict[str, Any]) -> None:
    """Execute a test cell. What its hidden statements print, or fail with, goes no further."""
    for code, hidden in statements:
        if not hidden:
            exec(code, space)
            continue
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                exec(code, space)
        except (checking.WrongAnswerError, NameError):
            raise  # a verdict is discreet by itself; and a name is the learner's
        except Exception:
            raise HiddenTestError("A hidden test does not pass.") from None


def _reason(lost: Lost | None, failure: BaseException | None, cut_off: dict[str, str]) -> tuple[str, str]:
    if lost is not None:
        return lost.kind, f"The code {lost.sentence}."
    if failure is None:
        return "", ""
    if isinstance(failure, LearnerError):
        return "wrong", f"The code raised {failure}"
    if isinstance(failure, NameError):
        if failure.name in cut_off:
            return "wrong", f"{failure.name} is not defined: its cell {cut_off[failure.name]}."
        return "wrong", f"{failure.name or 'A name'} is not defined: was its cell deleted, or did it fail?"
    if isinstance(failure, Stopped):
        return "wrong", f"The code {failure}."
    if isinstance(failure, AssertionError | HiddenTestError):
        return "wrong", str(failure)[:MESSAGE] or "This test does not pass."
    return "wrong", f"The test could not use what the code gave it ({type(failure).__name__})."


def _loaded(tree: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}


def _defined(source: str) -> set[str]:
    """Every name that a cell binds at its top level; what cannot be parsed was to define what its lines say."""
    try:
        return {name for statement in ast.parse(source).body for name in _bound(statement)}
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set(re.findall(r"(?m)^def[ \t]+(\w+)", source))


def _help(needed: frozenset[str], helpers: list[str], space: dict[str, Any]) -> None:
    """Execute those statements of the source's set-up cells that define something needed."""
    wanted, chosen = set(needed) - set(space), []
    for source in reversed(helpers):
        try:
            statements = ast.parse(source).body
        except SyntaxError:  # a magic
            continue
        for statement in reversed(statements):
            if _bound(statement) & wanted:
                chosen.append(statement)
                wanted |= _loaded(statement) - set(space)
    for statement in reversed(chosen):
        exec(compile(ast.Module([statement], []), "<set-up>", "exec"), space)


def _bound(statement: ast.stmt) -> set[str]:
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return {(alias.asname or alias.name).partition(".")[0] for alias in statement.names}
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return {statement.name}
    if isinstance(statement, ast.Assign | ast.AnnAssign):
        return {
            node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }
    return set()


# ------------------------------------------------------------------------------------------ its notebook


def _stream(text: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": text}


def _value(text: str, html: str = "", about: dict[str, Any] | None = None) -> dict[str, Any]:
    data = {"text/plain": text} | ({"text/html": html} if html else {})
    return {"output_type": "display_data", "data": data, "metadata": {"optcourse": about} if about else {}}


def summary(verdict: Verdict) -> dict[str, Any]:
    """What programs that read the autograded notebook want to know of a verdict."""
    fresh = sum(not one.public for one in verdict.results)
    return {"exercise": verdict.exercise, "passed": verdict.passed, "fresh": fresh, "mistake": verdict.mistake}


def _error_output(kind: str, message: str, where: list[str] | None = None) -> dict[str, Any]:
    lines = [*(where or []), f"{kind}: {message}"]
    return {"output_type": "error", "ename": kind, "evalue": message, "traceback": lines}


def _notebook(merged: Merged, outputs: list[list[dict[str, Any]]]) -> dict[str, Any]:
    cells = []
    for number, (cell, shown) in enumerate(zip(merged.cells, outputs, strict=True), start=1):
        learners = cell.role in ("text", "manual", "extra")
        plain: dict[str, Any] = {
            "id": f"cell-{number}",
            "cell_type": cell.kind,
            "metadata": {"nbgrader": dict(cell.metadata)} if cell.metadata else {},
            "source": harmless(cell.source) if learners and cell.kind != "code" else cell.source,
        }
        cells.append(plain | ({"execution_count": None, "outputs": shown} if cell.kind == "code" else {}))
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": kernel}, "cells": cells}


def not_run(
    source: bytes | dict[str, Any] | list[Cell], kind: str, sentence: str, limits: Limits | None = None, seed: str = ""
) -> Result:
    """Return the verdict on what was never run: every test fails, with the reason in its output."""
    limits = limits or Limits()
    original = source if isinstance(source, list) else assignment(source)
    shown = [as_written(cell) if cell.role == "text" else cell for cell in original]
    blank = Merged([cell for cell in shown if cell.role in ("test", "locked")], [])
    error = _error_output("".join(word.capitalize() for word in kind.split()), sentence)
    outputs = [[error] if cell.role == "test" else [] for cell in blank.cells]
    parts = tuple(
        Part(cell.grade_id, 0.0, cell.points, kind, sentence, manual=cell.role == "manual")
        for cell in original
        if cell.graded
    )
    return Result(parts, kind, sentence, (), _notebook(blank, outputs), limits.spec.isolation, seed)


def as_json(result: Result) -> str:
    """The same text for the same verdict, whoever graded and when."""
    return json.dumps(result.to_json(), sort_keys=True, ensure_ascii=False)


def graded_cells(result: Result) -> Iterator[tuple[Part, dict[str, Any]]]:
    """Pair each part with its cell in the autograded notebook."""
    by_name = {cell["metadata"].get("nbgrader", {}).get("grade_id"): cell for cell in result.notebook["cells"]}
    return ((part, by_name[part.grade_id]) for part in result.parts if part.grade_id in by_name)
