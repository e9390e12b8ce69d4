"""What gradient descent did, in words: the sentences of the figures' modules, said by Python too."""

from __future__ import annotations

import numpy as np

from optcourse.arguments import Array
from optcourse.figures.base import short
from optcourse.figures.landscapes import Landscape
from optcourse.problems import Problem
from optcourse.trace import Trace


def turns_back(path: Array) -> tuple[int, int]:
    """Count the turns sharper than a right angle, and all turns, among the first 200 of a path."""
    steps = np.diff(path[:202], axis=0)
    lengths = np.sum(steps**2, axis=1)
    back = turns = 0
    for k in range(1, len(steps)):
        if lengths[k - 1] < 1e-12 or lengths[k] < 1e-12:
            break
        turns += 1
        back += bool(steps[k - 1] @ steps[k] < 0)
    return back, turns


def descent(landscape: Landscape, problem: Problem, lr: float, trace: Trace) -> str:
    """Say what the run did; ``describe`` in ``landscape.js`` says the same."""
    assert trace.losses is not None
    steps, losses, last = trace.steps, trace.losses, trace.iterates[-1]
    gap = losses[-1] - problem.minimum
    back, turns = turns_back(trace.iterates)
    manner = (
        "no step turns back on the one before"
        if back == 0
        else "the iterates zig-zag"
        if 2 * back >= turns
        else "the iterates zig-zag part of the way"
    )
    place = f"θ = {short(last[0])}" if problem.dim == 1 else f"({', '.join(map(short, last))})"
    opening = f"Gradient descent, η = {short(lr)}"
    if trace.reason != "steps":
        return (
            f"{opening}: diverges. Within {_counted(steps)} the loss grew "
            f"from {short(losses[0])} to {short(losses[-1])}."
        )
    near = np.flatnonzero(losses - problem.minimum <= 1e-6)
    if near.size:
        arrived = _counted(int(near[0]))
        return f"{opening}: {arrived} to a loss within 10⁻⁶ of the minimum, near {place}; {manner}."
    if losses[-1] > losses[0]:
        return (
            f"{opening}: diverges. After {_counted(steps)} the loss has grown "
            f"from {short(losses[0])} to {short(losses[-1])}; {manner}."
        )
    slope = float(np.hypot.reduce(problem.grad(last)))
    curvatures = np.linalg.eigvalsh(problem.hess(last))
    if slope < 1e-3 and curvatures[0] < 0:
        return f"{opening}: lingers at a saddle near {place} after {_counted(steps)}, {short(gap)} above the minimum."
    if slope < 1e-5 * (1 + curvatures[-1]):
        return (
            f"{opening}: comes to rest near {place} after {_counted(steps)}, {short(gap)} above the minimum; {manner}."
        )
    return f"{opening}: after {_counted(steps)} the loss is {short(gap)} above the minimum, at {place}; {manner}."


def _counted(steps: int) -> str:
    return "1 step" if steps == 1 else f"{steps} steps"
