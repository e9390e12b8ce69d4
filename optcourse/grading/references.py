"""What declarations share: the last of a stream, slopes to descend, bowls to draw, goals that any method may reach."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

import numpy as np

import optcourse
from optcourse.arguments import Array, Gradient
from optcourse.grading.exercise import Case, Probe
from optcourse.grading.watch import Run


def last_of(stream: Iterable[Any], start: Any, steps: int) -> Any:
    """Return where a stream is after some steps, its start after none.

    Examples
    --------
    >>> float(last_of(optcourse.gradient_descent(lambda theta: 2 * theta, 4.0, lr=0.25), 4.0, steps=2))
    1.0
    """
    *_, last = [start, *islice(stream, steps)]
    return last


def parabola(theta: Array) -> Array:
    """The slope of θ², the example by hand."""
    return 2 * theta


def ravine(theta: Array) -> Array:
    """The slope of a bowl with curvatures 1 and 10 along the axes."""
    return np.array([1.0, 10.0]) * theta


def tilted(theta: Array) -> Array:
    """The slope of a bowl of three parameters that lies across the axes."""
    return np.array([[2.0, 1.0, 0.0], [1.0, 3.0, 0.5], [0.0, 0.5, 1.0]]) @ theta - np.array([1.0, 0.0, 2.0])


def rippled_bowl(rng: np.random.Generator) -> tuple[Gradient, Array, float]:
    """Draw a bowl in a random direction with a ripple on it: its gradient, a start, and its smoothness."""
    n = int(rng.integers(2, 5))
    root = rng.normal(size=(n, n))
    A, b = root @ root.T + np.eye(n), rng.normal(size=n)

    def grad(theta: Array) -> Array:
        return A @ theta - b + 0.3 * np.sin(theta)

    return grad, 2 * rng.normal(size=n), optcourse.smoothness(A) + 0.3


def any_answer(reference: Callable[..., Any]) -> Callable[[Case, Run], Any]:
    """Make the `replay` of an exercise whose answer is free: what has the reference's shape and is finite stands.

    Whether it is good enough is then for a probe to say, such as `reaches`.
    """

    def replay(case: Case, seen: Run) -> Any:
        model = np.asarray(reference(**case.copies()), dtype=float)
        try:
            found = np.array(np.real(seen.value), dtype=float)
        except (TypeError, ValueError, OverflowError):
            return model
        return found if found.shape == model.shape and np.isfinite(found).all() else model

    return replay


def reaches(measure: Callable[[Case, Any], float], goal: float | Callable[[Case], float], what: str) -> Probe:
    """The answer brings `measure` down to `goal`, which may be the case's own, however it does so."""

    def ask(case: Case, run: Run, model: Run) -> str | None:
        asked = goal(case) if callable(goal) else goal
        with np.errstate(over="ignore", invalid="ignore"):  # of an answer that has run away
            reached = measure(case, run.value)
        return None if reached <= asked else f"{what} is {reached:.2g}, and the goal is {asked:g}"

    return Probe("value", ask)


def is_the_references(answer: Array, right: Any) -> bool:
    """Whether an answer is the reference's, but for rounding."""
    return answer.shape == np.shape(right) and (
        bool((answer == right).all()) or np.allclose(answer, right, rtol=1e-9, atol=1e-12)
    )


def agrees_with(loss: Callable[[Case, Array], float], of: str = "theta") -> Probe:
    """The answer is the slope of `loss` in the argument `of`, says the gradient checker, whatever the formula."""

    def ask(case: Case, run: Run, model: Run) -> str | None:
        answer = np.asarray(run.value, dtype=float)
        if is_the_references(answer, model.value):
            return None  # the tests put that one before the checker; here it would take a fifth of the judge's time
        report = optcourse.check_gradient(lambda theta: loss(case, theta), lambda _: answer, case[of])
        if report.verdict != "bug":
            return None
        return f"the gradient checker says {report.verdict}, worst coordinate {report.worst[0]}"

    return Probe("value", ask)
