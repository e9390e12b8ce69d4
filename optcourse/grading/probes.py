"""Questions about behaviour that a value cannot answer. Each returns a `Probe` for an exercise's declaration."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from optcourse.grading.exercise import Case, Probe
from optcourse.grading.watch import Run

Count = int | Callable[[Case], int]


def _times(count: Count, case: Case) -> int:
    return count(case) if callable(count) else count


def evaluations(name: str, most: Count | None = None, least: Count | None = None) -> Probe:
    """The function `name` is called as often as the reference calls it, or from `least` to `most` times."""

    def ask(case: Case, run: Run, model: Run) -> str | None:
        upper = len(model.calls[name]) if most is None else _times(most, case)
        lower = upper if least is None else _times(least, case)
        called = len(run.calls[name])
        if lower <= called <= upper:
            return None
        needed = f"{upper}" if lower == upper else f"{lower} to {upper}"
        return f"it calls {name} {_often(called)}, where {needed} {'is' if needed == '1' else 'are'} enough"

    return Probe("evaluations", ask)


def _often(called: int) -> str:
    return {0: "not at all", 1: "once", 2: "twice"}.get(called, f"{called} times")


def evaluated_at(name: str, position: int = 0, rtol: float = 1e-9, atol: float = 1e-12) -> Probe:
    """The function `name` is called where the reference calls it, in the same order."""

    def ask(case: Case, run: Run, model: Run) -> str | None:
        for number, (call, right) in enumerate(zip(run.calls[name], model.calls[name], strict=False), start=1):
            asked, point = np.asarray(call.arguments[position]), np.asarray(right.arguments[position])
            if asked.shape != point.shape or not np.allclose(asked, point, rtol=rtol, atol=atol, equal_nan=True):
                return f"call {number} of {name} is at another place than the method's"
        return None

    return Probe("points", ask)


def passes_over(name: str, n: Callable[[Case], int], position: int = 1) -> Probe:
    """Index arguments of `name` go through 0, …, n − 1 once each before any of them comes again."""

    def ask(case: Case, run: Run, model: Run) -> str | None:
        size = n(case)
        asked = np.concatenate([np.ravel(call.arguments[position]) for call in run.calls[name]] or [np.zeros(0)])
        for epoch, start in enumerate(range(0, len(asked) - size + 1, size), start=1):
            if sorted(asked[start : start + size].tolist()) != list(range(size)):
                return f"in epoch {epoch} it does not use every example exactly once"
        return None

    return Probe("order", ask)


def reshuffles(name: str, n: Callable[[Case], int], position: int = 1) -> Probe:
    """The order in which `name` goes through the examples changes from one epoch to the next."""

    def ask(case: Case, run: Run, model: Run) -> str | None:
        size = n(case)
        asked = np.concatenate([np.ravel(call.arguments[position]) for call in run.calls[name]] or [np.zeros(0)])
        epochs = [tuple(asked[start : start + size]) for start in range(0, len(asked) - size + 1, size)]
        # Two shuffles of four agree by chance once in 24: ask only where chance is out of the question.
        if size >= 8 and len(epochs) > 1 and len(set(epochs)) < len(epochs):
            return "it goes through the examples in the same order in two epochs"
        return None

    return Probe("order", ask)
