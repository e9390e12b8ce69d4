"""The learner's side of the wire: runs cells in order, calls what the judge asks for, and knows nothing else.

Whatever is here is in the hands of the learner's code, which shares the process: nothing in it is trusted, and nothing
in it needs to be. It holds no test, no reference and no expected value. It is written for honest notebooks: an error in
a cell does not stop later cells, output is captured and cut, magics are left out with a sentence, and libraries for
pictures are replaced by something that takes every call.
"""

from __future__ import annotations

import ast
import builtins
import importlib.abc
import importlib.machinery
import io
import linecache
import random
import re
import signal
import socket
import sys
import types
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from optcourse.grading import wire

PICTURES = frozenset(["matplotlib", "mpl_toolkits", "seaborn", "plotly", "ipywidgets", "anywidget", "IPython"])
ABSENT = ("optcourse.figures", "optcourse.problems")  # notebooks look at them, and answer without them
BODY_MAGICS = ("%%time", "%%timeit", "%%capture", "%%prun")
KEPT_MAGIC = re.compile(r"[\w\s,]+=\s*[%!]")  # files = !ls
TEXT = 2_000  # characters of a message or of what a call prints


class Nothing:
    """Takes every call and every attribute, and does nothing: stands for figures, axes, widgets and problems."""

    __name__ = __qualname__ = "Nothing"

    def __init__(self, *arguments: Any, **options: Any):
        pass

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        # `@interact` and its like must give the function back.
        return arguments[0] if len(arguments) == 1 and isinstance(arguments[0], types.FunctionType) else Nothing()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Nothing()

    def __getitem__(self, key: Any) -> Any:
        return Nothing()

    def __setitem__(self, key: Any, value: Any) -> None:
        pass

    def __iter__(self) -> Iterator[Any]:
        return iter((Nothing(), Nothing()))  # fig, ax = plt.subplots()

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *error: Any) -> None:
        pass

    def __repr__(self) -> str:
        return "(not there while grading)"


class StandIns(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds `Nothing` for pictures, and says why the rest of `optcourse` is not here."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        if name.partition(".")[0] in PICTURES or name.startswith(ABSENT):
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        if name.startswith("optcourse."):
            raise ModuleNotFoundError(f"{name} is not here while your notebook is graded: your own code is what counts")
        return None

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        class Module(types.ModuleType):
            __all__ = ()

            def __getattr__(self, name: str) -> Any:
                if name.startswith("__"):
                    raise AttributeError(name)
                return Nothing()

        return Module(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        pass


class Capped(io.TextIOBase):
    """Keeps the beginning of what is written, and counts the rest."""

    def __init__(self, most: int):
        self.most, self.kept, self.written = most, [], 0  # type: ignore[var-annotated]

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        left = self.most - self.written
        if left > 0:
            self.kept.append(text[:left])
        self.written += len(text)
        return len(text)

    def taken(self) -> tuple[str, int]:
        """Return what was kept and how much was written, and begin anew."""
        text, written = "".join(self.kept)[: self.most], self.written
        self.kept, self.written = [], 0
        return text, written


class RemoteError(Exception):
    """An exception on the judge's side whose type is not known here."""

    def __init__(self, kind: str, message: str):
        super().__init__(message)
        self.kind = kind


class Worker:
    """Answers the judge until the wire closes."""

    def __init__(self, channel: wire.Channel, output: int):
        self.channel, self.output = channel, Capped(output)
        self.space: dict[str, Any] = {"__name__": "__main__", "__builtins__": builtins, "display": self.display}
        self.kept: dict[int, Any] = {}
        self.running = False
        self.cells = 0

    def serve(self) -> None:
        answers: dict[str, Callable[..., dict[str, Any]]] = {
            "run": self.run,
            "names": self.names,
            "call": self.call,
            "next": self.next,
        }
        while True:
            try:
                header, body = self.channel.receive()
                answer = answers[header["op"]](header, body)
                self.reply({"seq": header["seq"], **answer})
            except KeyboardInterrupt:
                continue  # between two orders: there is nothing to interrupt
            except wire.ClosedError:
                return

    def reply(self, answer: dict[str, Any]) -> None:
        packer = wire.Packer(self.keep)
        for field in ("value", "changed"):
            if field in answer:
                answer[field] = packer.pack(answer[field])
        try:
            self.channel.send(answer, packer.body)
        except wire.TooLargeError as error:
            self.channel.send({"seq": answer["seq"], "op": "large", "message": str(error)})

    # -- what the judge can ask for ----------------------------------------------------------------------------------

    def run(self, header: dict[str, Any], body: bytes) -> dict[str, Any]:
        """Run one cell."""
        self.cells += 1
        label = f"<cell {self.cells}>"
        result, error = None, None
        self.running = True
        try:
            value = self.execute(header["source"], label)
            if value is not None:
                result = repr(value)
        except BaseException as raised:
            error = self.described(raised)
        finally:
            self.running = False
        text, written = self.output.taken()
        if result is not None:
            result = str.__str__(result)[: self.output.most] if isinstance(result, str) else None
        return {"op": "ran", "text": text, "written": written, "result": result, "error": error}

    def execute(self, source: str, label: str) -> Any:
        try:
            tree = ast.parse(source, label)
        except SyntaxError:
            source = self.without_magics(source)
            tree = ast.parse(source, label)
        linecache.cache[label] = (len(source), None, source.splitlines(True), label)
        shown = bool(tree.body) and isinstance(tree.body[-1], ast.Expr)
        last = tree.body.pop() if shown else None
        exec(compile(tree, label, "exec"), self.space)
        if not isinstance(last, ast.Expr) or source.rstrip().endswith(";"):
            return None
        return eval(compile(ast.Expression(last.value), label, "eval"), self.space)

    def without_magics(self, source: str) -> str:
        """Leave out the lines that only IPython understands, keeping the numbers of all others."""
        lines = source.split("\n")
        first = next((index for index, line in enumerate(lines) if line.strip()), 0)
        if lines[first].startswith("%%") and not lines[first].startswith(BODY_MAGICS):
            print(f"Left out while grading: the cell, because of {lines[first].strip()[:80]}")
            return ""
        for index, line in enumerate(lines):
            text = line.strip()
            if text.startswith(("%", "!")) or text.endswith("?") or text.startswith("?") or KEPT_MAGIC.match(text):
                print(f"Left out while grading: {text[:80]}")
                lines[index] = line[: len(line) - len(line.lstrip())] + "pass"
        return "\n".join(lines)

    def display(self, *values: Any, **options: Any) -> None:
        for value in values:
            print(repr(value))

    def names(self, header: dict[str, Any], body: bytes) -> dict[str, Any]:
        """Tell which of these names the notebook has defined, and what they are."""
        return {"op": "value", "value": {name: self.space[name] for name in header["names"] if name in self.space}}

    def call(self, header: dict[str, Any], body: bytes) -> dict[str, Any]:
        """Call a function of the learner's with what the judge sends."""
        unpacker = self.unpacker(body)
        positional, named = unpacker.unpack(header["value"])
        before = [_copy(value) for value in unpacker.mutable]

        def call() -> Any:
            return self.kept[header["what"]](*positional, **named)

        answer = self.attempt(call)
        # In a notebook the caller would see what the function did to its arguments. Here the judge has to be told.
        if changed := [
            (index, now)
            for index, (now, then) in enumerate(zip(unpacker.mutable, before, strict=True))
            if not _same(now, then)
        ]:
            answer["changed"] = changed
        return answer

    def next(self, header: dict[str, Any], body: bytes) -> dict[str, Any]:
        """Take one value from an iterator of the learner's."""
        answer = self.attempt(lambda: next(self.kept[header["what"]]))
        return answer

    def attempt(self, act: Callable[[], Any]) -> dict[str, Any]:
        self.running = True
        try:
            # As in a learner's own check: what overflows on the way is no news, and no part of what it printed.
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                answer: dict[str, Any] = {"op": "value", "value": act()}
        except BaseException as raised:
            answer = {"op": "raised", **self.described(raised)}
        finally:
            self.running = False
        if self.output.written:
            text, answer["written"] = self.output.taken()
            answer["text"] = text[:TEXT]
        return answer

    # -- objects that stay on one side -------------------------------------------------------------------------------

    def keep(self, value: Any) -> list[Any]:
        """Give an object that cannot be written down a number."""
        if isinstance(value, Callback):
            return ["yours", value.number]
        number = len(self.kept)
        self.kept[number] = value
        can = ("c" if callable(value) else "") + ("n" if hasattr(type(value), "__next__") else "")
        return ["mine", number, type(value).__name__[:80], can]

    def unpacker(self, body: bytes) -> wire.Unpacker:
        return wire.Unpacker(
            body,
            self.channel.bounds,
            theirs=self.callback,
            ours=self.kept.__getitem__,
            generators=True,
        )

    def callback(self, number: int, kind: str, can: str) -> Callback:
        return Callback(self, number, kind)

    def described(self, error: BaseException) -> dict[str, Any]:
        """Return an exception as three texts: its type, its message, and the learner's line."""
        try:
            message = str(error)[:TEXT]
        except Exception:
            message = "(its message could not be read)"
        line, trace = "", error.__traceback__
        number = 0
        while trace is not None:
            name = trace.tb_frame.f_code.co_filename
            if name.startswith("<cell"):
                line, number = linecache.getline(name, trace.tb_lineno).strip()[:100], trace.tb_lineno
            trace = trace.tb_next
        if isinstance(error, SyntaxError) and str(error.filename).startswith("<cell"):
            line, number = (error.text or "").strip()[:100], error.lineno or 0
        kind = error.kind if isinstance(error, RemoteError) else type(error).__name__
        return {
            "kind": str(kind)[:80],
            "message": message,
            "line": line,
            "number": number,
            "cause": getattr(error, "_callback", None),
        }


class Callback:
    """A function of the judge's. Calling it asks the judge."""

    def __init__(self, worker: Worker, number: int, name: str):
        self._worker, self.number, self.__name__ = worker, number, name

    def __call__(self, *positional: Any, **named: Any) -> Any:
        worker = self._worker
        if len(positional) == 1 and not named and (kind := wire.lone(positional[0])) is not None:
            worker.channel.post(wire.asking(self.number, *kind), positional[0].tobytes())
        else:
            packer = wire.Packer(worker.keep)
            value = packer.pack((positional, named))
            worker.channel.send({"op": "callback", "what": self.number, "value": value}, packer.body)
        header, body = worker.channel.receive()
        if header["op"] == "raised":
            error = _as_raised(header["kind"], header["message"])
            error._callback = header["cause"]  # type: ignore[attr-defined]
            raise error
        return worker.unpacker(body).unpack(header["value"])

    def __repr__(self) -> str:
        return f"<function {self.__name__}>"


class Enough(BaseException):
    """The judge has seen enough of this call. Not an `Exception`: a broad `except` lets it through."""


def _as_raised(kind: str, message: str) -> BaseException:
    known = getattr(builtins, kind, None)
    if kind == "Stopped":
        return Enough(message)
    if isinstance(known, type) and issubclass(known, Exception) and not issubclass(known, UnicodeError):
        return known(message)
    return RemoteError(kind, message)


def _copy(value: Any) -> Any:
    return value.copy() if isinstance(value, np.ndarray) else list(value)


def _same(now: Any, then: Any) -> bool:
    if isinstance(now, np.ndarray):
        return now.dtype == then.dtype and now.shape == then.shape and now.tobytes() == then.tobytes()
    return len(now) == len(then) and all(one is other for one, other in zip(now, then, strict=True))


def _no_input(prompt: object = "") -> str:
    raise EOFError("input() has nobody to answer it while your notebook is graded")


def main(descriptor: int, output: int) -> None:
    """Take over the process: everything printed is captured, the clock may interrupt, chance is the same every time."""
    channel = wire.Channel(socket.socket(fileno=descriptor), wire.Bounds())
    worker = Worker(channel, output)

    def interrupt(number: int, frame: types.FrameType | None) -> None:
        if worker.running:
            raise KeyboardInterrupt("stopped: over the time limit")

    signal.signal(signal.SIGINT, interrupt)
    sys.stdout = sys.stderr = worker.output
    sys.stdin = io.StringIO()
    sys.meta_path.append(StandIns())
    sys.modules["__main__"] = space = types.ModuleType("__main__")
    space.__dict__.update(worker.space)
    worker.space = space.__dict__
    builtins.input = _no_input
    builtins.get_ipython = Nothing  # type: ignore[attr-defined]
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002 (notebooks that use the global generator should repeat too)
    worker.serve()
