"""An algorithm is a stream of iterates, and `run` is the one loop that consumes them.

Every method of the course is a generator decorated with `stream`. These rules hold for all of them:

* **A stream yields the iterate θ₁, θ₂, … and nothing else.** The start θ₀ is ``stream.start``.
* **Whatever else the method keeps is in ``stream.state``**, under the name it has on the page: ``"velocity"``,
  ``"first_moment"``, ``"population"``. The loop needs no flag, callback or history for it.
* What it yields and keeps is the method's own, and where it goes on from: take a copy before you change any of it.
* A method that knows when it is done returns one word (``return "optimal"``), which becomes ``stream.reason``.

>>> from optcourse import momentum
>>> descent = momentum(lambda theta: 2 * theta, theta=4.0, lr=0.1, beta=0.9)
>>> for theta in descent:
...     if abs(theta) < 1:
...         break
>>> float(round(theta, 4)), float(round(descent.state["velocity"], 4)), descent.evaluations
(0.248, 15.92, {'grad': 3})
"""

from __future__ import annotations

import functools
import inspect
import itertools
import math
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from types import FrameType, GeneratorType
from typing import Any, ParamSpec, TypeAlias, cast

import numpy as np

from optcourse.arguments import (
    RULES,
    Array,
    Gradient,
    Loss,
    NonFiniteError,
    Rule,
    check_all,
    checked,
    count,
    function,
    norm,
    refuse,
    shown,
)
from optcourse.trace import Trace

P = ParamSpec("P")

Schedule: TypeAlias = Callable[[int], float]
Rate: TypeAlias = float | Schedule
Iterates: TypeAlias = Generator[Array, None, Any]

# The callables a method may ask for, by name, and what each must give back for a θ of a given shape.
# `None` leaves the answer to the method (a line search may meet an infinite loss and step back).
ANSWERS: dict[str, str | None] = {
    "grad": "theta",
    "grad_i": "theta",
    "prox": "theta",
    "project": "theta",
    "hess": "matrix",
    "minimise": "entry",
    "constraint": "values",
    "jacobian": "values",
    "M": "theta",
    "loss": "number",
    "losses": "row",
    "f": None,
}

NUMPY = (np.ndarray, np.floating)
NOTHING = np.empty(0)
KEPT = ("prox", "project", "M")  # whose answers a method may keep for longer than until it asks again
ROOM = 1e-8  # an answer within this share of the largest float can be multiplied by a rate, and added to others
DIVERGED = 1e12  # an iterate this many times larger than 1 + ‖θ₀‖ will not come back


class Counted:
    """A learner's or user's function: counts its calls, refuses an answer of another shape or with NaN in it."""

    def __init__(
        self,
        name: str,
        function: Callable[..., Any],
        start: Any,
        as_vector: bool = False,
        kind: str | None = None,
        squares: bool = False,
    ):
        self.name, self.function, self.calls = name, function, 0
        self.outer: tuple[int, ...] = np.shape(start)  # the θ that the function knows, when the method sees a vector
        self.dtype = np.dtype(float) if as_vector else getattr(start, "dtype", np.dtype(float))
        self.largest, self.squares = ROOM * float(np.finfo(self.dtype).max), squares
        self.as_vector = as_vector and len(self.outer) != 1
        self.kept = as_vector or name in KEPT
        self.kind = kind or ANSWERS[name]
        size = math.prod(self.outer)
        self.shape = {"theta": self.outer, "matrix": (size, size) if self.outer else ()}.get(self.kind or "")

    @staticmethod
    def maybe(name: str, function: Callable[..., Any] | None, kind: str = "number") -> Counted | None:
        """A function that was given, or none, and what it must return wherever it is asked."""
        return None if function is None else Counted(name, function, None, kind=kind)

    def __call__(self, *args: Any) -> Any:
        self.calls += 1
        if self.as_vector:
            args = (args[0].reshape(self.outer)[()], *args[1:])
        theta = args[0] if isinstance(args[0], np.ndarray) and args[0].flags.writeable else NOTHING
        theta.setflags(False)  # type: ignore[call-arg]  # (the keyword is slow.) To be seen, not changed
        try:
            answer = self.function(*args)
        except ValueError as error:
            if "read-only" in str(error):
                raise refuse(self.name, self.function, "must not change its argument: let it work on a copy") from error
            raise
        finally:
            theta.setflags(True)  # type: ignore[call-arg]
        if self.shape is None:
            if self.kind == "number" and isinstance(answer, float):
                return float(answer)  # not NumPy's: ordinary floats are several times quicker
            return self.losses(args[0], answer)
        if not isinstance(answer, NUMPY) or answer.dtype is not self.dtype:
            answer = self.converted(answer)
        elif self.kept:
            answer = answer.copy()  # it may be a buffer, where the next answer will be written
        if answer.shape != self.shape:
            raise refuse(self.name, self.function, f"must return shape {self.shape}, not {answer.shape}")
        # The sum of squares is small unless an entry is not, or none: look closer only then.
        if not np.vdot(answer, answer) < self.largest:
            self.look_closer(answer, args[0])
        if self.as_vector:
            size = np.size(args[0])
            return answer.reshape((size, size) if self.kind == "matrix" else size)
        return answer

    def __repr__(self) -> str:
        return repr(self.function)

    def look_closer(self, answer: Array, theta: Array) -> None:
        """Refuse an answer with NaN or infinity in it, or so large that the method would make one of it."""
        returned = f"{self.name} returned {shown(answer)} at theta = {shown(theta)}"
        if not np.isfinite(answer).all():
            raise NonFiniteError(returned)
        largest = float(np.abs(answer).max())
        if largest > (math.sqrt(self.largest) if self.squares else self.largest):
            raise NonFiniteError(f"{returned}: too large for {self.dtype}, take smaller steps or scale the loss down")

    def converted(self, answer: Any) -> Array:
        """The answer as an array in θ's precision: a float32 θ stays float32 whatever its gradient is."""
        if answer is None:
            raise refuse(self.name, self.function, "returned None: is its return statement missing?")
        try:
            found = np.asarray(answer)
        except ValueError:  # rows of different lengths
            found = np.array("ragged")
        if found.dtype.kind not in "fiub":
            raise refuse(self.name, self.function, f"must return real numbers, not {shown(answer)}")
        with np.errstate(over="ignore"):
            inside = found.astype(self.dtype)[()]
        if not np.array_equal(np.isinf(inside), np.isinf(found)):
            raise NonFiniteError(f"{self.name} returned {shown(answer)}: too large for {self.dtype}")
        return inside

    def losses(self, theta: Array, answer: Any) -> Any:
        """One loss, or those of a whole population, or finite values of any shape, or what the method can handle."""
        if self.kind in ("values", "entry"):
            values = self.converted(answer)
            if self.kind == "entry" and values.ndim:
                raise refuse(self.name, self.function, f"must return one number, not shape {values.shape}")
            if not np.isfinite(values).all():
                raise NonFiniteError(f"{self.name} returned {shown(values)} at theta = {shown(theta)}")
            return values
        if self.kind == "number":
            try:
                if np.ndim(answer) == 0:
                    return float(answer)
            except (TypeError, ValueError):
                raise refuse(self.name, self.function, f"must return a real number, not {shown(answer)}") from None
            raise refuse(self.name, self.function, f"must return one number, not shape {np.shape(answer)}")
        if self.kind == "row":
            return self.row(theta, answer)
        return answer

    def row(self, population: Array, answer: Any) -> Array:
        """Check the losses of a whole population, one a row, and count them all."""
        self.calls += len(population) - 1
        try:
            losses = np.array(answer, dtype=float)
        except (TypeError, ValueError):
            raise refuse(self.name, self.function, f"must return real numbers, not {shown(answer)}") from None
        if losses.shape != (len(population),):
            raise refuse(self.name, self.function, f"must return {len(population)} losses, not shape {losses.shape}")
        if math.isnan(np.vdot(losses, losses)):  # squares make no NaN of infinities, and vdot does not warn of them
            raise NonFiniteError(f"{self.name} returned NaN at theta = {shown(population[np.isnan(losses)][0])}")
        return losses


class Stream(Iterator[Array]):
    """The iterates of one run of a method. See the module's docstring for what it promises.

    Attributes
    ----------
    method : str
        The method's name.
    start : array or float
        θ₀, checked and converted; the stream's own copy.
    reason : str or None
        The word with which the method ended itself, or ``"failed"`` if an error ended it; None while it runs.
    """

    def __init__(self, method: str, start: Array, body: Iterates, counted: dict[str, Counted], as_vector: bool):
        self.method, self.start = method, start
        self._outer = np.shape(start) if as_vector and np.ndim(start) != 1 else None
        self._dtype = start.dtype if as_vector else None
        self.reason: str | None = None
        self._body, self._counted = body, counted
        # The frame is held, so that the method's variables outlive its end.
        self._frame = cast(FrameType, cast("GeneratorType[Array, None, Any]", body).gi_frame)

    def __next__(self) -> Array:
        try:
            theta = next(self._body)
        except StopIteration as end:
            self.reason = self.reason or end.value or "finished"
            raise StopIteration from None
        except BaseException as error:
            self.reason = "non-finite" if isinstance(error, NonFiniteError) else "failed"
            raise
        if self._dtype is not None and theta.dtype is not self._dtype:
            theta = theta.astype(self._dtype)
        return theta if self._outer is None else theta.reshape(self._outer)[()]

    @property
    def state(self) -> dict[str, Any]:
        """The method's own variables, by their names on the page, as they are now or as they were at its end."""
        return dict(self._frame.f_locals)

    @property
    def evaluations(self) -> dict[str, int]:
        """How often the method has called each function it was given."""
        return {name: counted.calls for name, counted in self._counted.items()}

    def __repr__(self) -> str:
        ended = f", ended: {self.reason}" if self.reason else ""
        return f"<{self.method} from {shown(self.start)}, {self.evaluations}{ended}>"


def stream(
    as_vector: bool = False,
    squares: bool = False,
    prepare: Callable[[dict[str, Any]], None] | None = None,
    **own: Rule,
) -> Callable[[Callable[P, Iterates]], Callable[P, Stream]]:
    """Turn a generator function into a method: arguments checked at the call, evaluations counted, state in sight.

    Parameters
    ----------
    as_vector : bool
        For methods that need inner products or matrices: the body and the functions see θ in double precision, the body
        as a vector and with it every gradient, whatever shape (or number) and precision the caller works with.
    squares : bool
        For methods that square gradients, entry by entry: one whose square is beyond all floats is refused.
    prepare : function of the arguments, optional
        Looks at all of them together, once each is right by itself: refuses shapes that do not fit each other,
        fills in a start θ₀ that was not given.
    **own
        Rules for arguments that `optcourse.arguments.RULES` does not know, or that mean something else here.

    Returns
    -------
    function
        A decorator. What it makes of a generator function takes the same arguments and returns a `Stream`.

    Raises
    ------
    ValueError
        From the decorated function: the first argument that is not as its name promises.

    Examples
    --------
    >>> @stream()
    ... def half_steps(grad, theta, lr=0.1):
    ...     while True:
    ...         theta = theta - 0.5 * lr * grad(theta)
    ...         yield theta
    >>> descent = half_steps(lambda theta: 2 * theta, 4, lr=0.5)
    >>> next(descent), descent.evaluations
    (np.float64(2.0), {'grad': 1})
    """

    def decorate(body: Callable[P, Iterates]) -> Callable[P, Stream]:
        signature = inspect.signature(body)
        rules = RULES | own

        @functools.wraps(body)
        def call(*args: P.args, **kwargs: P.kwargs) -> Stream:
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            check_all(bound, rules)
            given = bound.arguments
            if prepare is not None:
                prepare(given)
            start: Any = given.get("theta")
            counted = {
                name: Counted(name, given[name], start, as_vector, squares=squares)
                for name in ANSWERS
                if given.get(name) is not None
            }
            given.update(counted)
            if as_vector:
                given["theta"] = np.ravel(start).astype(float)
            _make_room(start)
            return Stream(body.__name__, start, body(*bound.args, **bound.kwargs), counted, as_vector)

        return call

    return decorate


def _make_room(start: Any) -> None:
    """Let the memory of large iterates be used again: what a step needs for its new arrays, the last one has left.

    To a fresh process glibc lends large arrays page by page, and takes them back when they die, which can cost three
    times the arithmetic. One that is freed here, untouched, teaches it the size to keep (``man mallopt``,
    M_MMAP_THRESHOLD); elsewhere this does nothing.
    """
    size = np.size(start) * 8
    if size > 2**16:
        np.empty(min(8 * size, 2**25 - 2**13), np.uint8)


def rates(lr: Rate) -> Iterator[float]:
    """Yield η₀, η₁, …: a number stands for the same rate for ever, a schedule is asked at every step.

    Parameters
    ----------
    lr : float or function of the step
        η, or a schedule.

    Yields
    ------
    rate : float
        η₀, η₁, …, each ≥ 0.

    Raises
    ------
    ValueError
        If a schedule returns something that is not a finite number ≥ 0 (a warm-up may begin at 0).

    Examples
    --------
    >>> import itertools
    >>> list(itertools.islice(rates(lambda step: 1 / (1 + step)), 3))
    [1.0, 0.5, 0.3333333333333333]
    """
    if not callable(lr):
        yield from itertools.repeat(lr)
    else:
        for step in itertools.count():
            rate = lr(step)
            try:
                fits = np.ndim(rate) == 0 and math.isfinite(rate) and rate >= 0
            except (TypeError, ValueError, OverflowError):  # None, a word, a ragged list, a number beyond all floats
                fits = False
            if not fits:
                raise refuse("lr", rate, f"the schedule must return a finite number ≥ 0 at step {step}")
            yield float(rate)


@checked(steps=count, certificate=function)
def run(
    iterates: Iterable[Array],
    *,
    steps: int = 1000,
    tol: float | None = None,
    loss: Loss | None = None,
    grad: Gradient | None = None,
    certificate: Callable[[Array], float] | None = None,
    keep: Iterable[str] = (),
) -> Trace:
    """Consume a stream, keep what was asked for, and say in a word why it stopped.

    Parameters
    ----------
    iterates : Stream or iterable of arrays
        What to consume. A stream's start θ₀ becomes the first row of the trace.
    steps : int
        The most iterates to take, ≥ 1.
    tol : float, optional
        Stop as ``"converged"`` once the certificate is at most `tol`.
    loss : function of theta, optional
        Record L(θ) at every iterate.
    grad : function of theta, optional
        Record ‖∇L(θ)‖ at every iterate; it is also the certificate if no other is given.
    certificate : function of theta, optional
        What `tol` is compared with, e.g. a duality gap (see `optcourse.certificates`).
    keep : names
        Entries of ``stream.state`` to record at every iterate, e.g. ``["velocity"]``.

    Returns
    -------
    Trace
        Its ``reason`` is ``"converged"``, ``"steps"`` (used up), ``"diverged"`` (iterates grow beyond all bounds),
        ``"non-finite"`` (NaN or infinity; ``message`` says where), or the word with which the method ended itself.

    Raises
    ------
    ValueError
        If `steps` < 1, `tol` < 0, `tol` comes with nothing to compare it to, or `keep` names no variable of the method.

    Notes
    -----
    The evaluations counted are the method's own; those made for the record (`loss`, `grad`) are not among them,
    and ``seconds`` times the method alone.

    Examples
    --------
    >>> from optcourse import gradient_descent, run
    >>> trace = run(gradient_descent(lambda theta: 2 * theta, 4.0, lr=0.1), steps=3, loss=lambda theta: theta**2)
    >>> trace.iterates.round(3), trace.losses.round(3), trace.reason
    (array([4.   , 3.2  , 2.56 , 2.048]), array([16.   , 10.24 ,  6.554,  4.194]), 'steps')
    """
    if not isinstance(iterates, Iterable):
        raise refuse("iterates", iterates, "must be a stream, or anything else that yields iterates")
    if isinstance(keep, str):
        raise refuse("keep", keep, f"must be a list of names: [{keep!r}]")
    if tol is not None and certificate is None and grad is None:
        raise refuse("tol", tol, "has nothing to be compared with: pass grad=… or certificate=… too")
    recorder = _Recorder(iterates, loss, grad, certificate, tuple(keep))
    reason, message = recorder.consume(steps, tol)
    return recorder.trace(reason, message)


class _Recorder:
    """The state of one `run`: what has been seen so far."""

    def __init__(
        self,
        iterates: Iterable[Array],
        loss: Loss | None,
        grad: Gradient | None,
        certificate: Callable[[Array], float] | None,
        keep: tuple[str, ...],
    ):
        self.source, self.iterates = iterates, iter(iterates)
        self.loss, self.certificate = Counted.maybe("loss", loss), Counted.maybe("certificate", certificate)
        self.grad, self.keep = Counted.maybe("grad", grad, kind="values"), keep
        self.rows: list[Array] = []
        self.losses: list[float] = []
        self.grad_norms: list[float] = []
        self.certificates: list[float] = []
        self.kept: dict[str, list[Any]] = {name: [] for name in keep}
        self.seconds = 0.0

    def consume(self, steps: int, tol: float | None) -> tuple[str, str]:
        """Take up to `steps` iterates; return the reason for stopping and a message that may be empty."""
        start = getattr(self.source, "start", None)
        bound = DIVERGED * (1 + float(np.max(np.abs(start)))) if start is not None else DIVERGED
        try:
            if start is not None and self.is_within(tol, self.record(start)):
                return "converged", ""
            for _ in range(steps):
                before = time.perf_counter()
                theta = next(self.iterates, None)
                self.seconds += time.perf_counter() - before
                if theta is None:
                    return getattr(self.source, "reason", None) or "finished", ""
                size = float(np.max(np.abs(theta)))
                if not size <= bound:  # also true of NaN
                    reason = "non-finite" if math.isnan(size) else "diverged"
                    return reason, f"an entry of theta reached {size:.3g} after {len(self.rows)} iterates"
                distance = self.record(theta)
                self.remember()
                if self.is_within(tol, distance):
                    return "converged", ""
        except NonFiniteError as error:
            return "non-finite", str(error)
        return "steps", ""

    @staticmethod
    def is_within(tol: float | None, distance: float) -> bool:
        return tol is not None and distance <= tol

    def record(self, theta: Array) -> float:
        """Write down one iterate and what was asked about it; return the certificate (∞ if there is none)."""
        self.rows.append(np.copy(theta))
        if self.loss is not None:
            self.losses.append(self.loss(theta))
        if self.grad is not None:
            self.grad_norms.append(norm(self.grad(theta)))
        if self.certificate is not None:
            self.certificates.append(self.certificate(theta))
            return self.certificates[-1]
        return self.grad_norms[-1] if self.grad is not None else math.inf

    def remember(self) -> None:
        """Copy the asked-for variables out of the method."""
        if not self.keep:
            return
        state = getattr(self.source, "state", {})
        for name in self.keep:
            if name not in state:
                known = ", ".join(sorted(state)) or "nothing"
                raise refuse("keep", name, f"is not a variable of this method, which has {known}")
            self.kept[name].append(np.copy(state[name]))

    def trace(self, reason: str, message: str) -> Trace:
        return Trace(
            method=getattr(self.source, "method", type(self.source).__name__),
            iterates=np.array(self.rows),
            losses=np.array(self.losses) if self.loss is not None else None,
            grad_norms=np.array(self.grad_norms) if self.grad is not None else None,
            certificates=np.array(self.certificates) if self.certificate is not None else None,
            kept={name: np.array(values) for name, values in self.kept.items()},
            evaluations=getattr(self.source, "evaluations", {}),
            seconds=self.seconds,
            reason=reason,
            message=message,
        )
