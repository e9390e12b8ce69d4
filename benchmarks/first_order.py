"""One step of each first-order method against ``torch.optim`` at its defaults; needs PyTorch.

``PYTHONPATH=. python benchmarks/first_order.py`` prints a table of microseconds a step and ratios ours/PyTorch.
The gradient costs nothing on either side (a constant array), so that the update rules alone are timed. Ours ask for it,
count it and look whether it fits and is finite, which PyTorch does not do; in brackets is what the page's lines take
without that.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

from timing import interleaved, machine, table  # first: it fixes the number of threads

import numpy as np  # isort: skip

import optcourse  # isort: skip
from optcourse.streams import Stream  # isort: skip

SIZES = (10, 1_000, 100_000)
PAIRS = {
    "gradient_descent": ("SGD", {}),
    "momentum": ("SGD", {"momentum": 0.9}),
    "nesterov": ("SGD", {"momentum": 0.9, "nesterov": True}),
    "adagrad": ("Adagrad", {}),
    "rmsprop": ("RMSprop", {}),
    "adadelta": ("Adadelta", {}),
    "adam": ("Adam", {}),
    "adamw": ("AdamW", {}),
    "adamax": ("Adamax", {}),
    "nadam": ("NAdam", {}),
}


class Step(NamedTuple):
    """Seconds of one step: our stream's, our lines' alone, and PyTorch's."""

    ours: float
    lines: float
    theirs: float

    def __str__(self) -> str:
        ours, lines, theirs = (f"{1e6 * seconds:.1f}" for seconds in self)
        return f"{ours} ({lines}) / {theirs} µs = {self.ours / self.theirs:.2f}×"


def measure(torch: Any, method: str, n: int) -> Step:
    """Time one method at one size."""
    steps = 200 if n < 10_000 else 20
    slope = np.random.default_rng(0).normal(size=n)
    ours = ours_of(method, slope)
    lines = getattr(optcourse, method).__wrapped__(lambda theta: slope, np.zeros(n))  # the generator, undecorated
    name, settings = PAIRS[method]
    theta = torch.zeros(n, dtype=torch.float64, requires_grad=True)
    theta.grad = torch.from_numpy(slope.copy())
    theirs = getattr(torch.optim, name)([theta], lr=1e-3, **settings)
    contestants = {"ours": ours.__next__, "lines": lines.__next__, "theirs": theirs.step}
    seconds = interleaved({who: functools.partial(repeat, step, steps) for who, step in contestants.items()})
    return Step(**{who: found / steps for who, found in seconds.items()})


def repeat(piece: Callable[[], object], times: int) -> None:
    for _ in range(times):
        piece()


def profile(n: int) -> str:
    """Say what a step of gradient descent consists of, and what it would be in buffers, which the page does without."""
    slope, theta, buffer = np.random.default_rng(0).normal(size=n), np.zeros(n), np.zeros(n)

    def in_buffers() -> None:
        np.multiply(slope, 1e-3, out=buffer)
        np.subtract(theta, buffer, out=theta)

    pieces = {
        "step": ours_of("gradient_descent", slope).__next__,
        "update": lambda: theta - 1e-3 * slope,
        "check": lambda: np.vdot(slope, slope),
        "buffers": in_buffers,
    }
    found = interleaved({name: functools.partial(repeat, piece, 20) for name, piece in pieces.items()})
    step, update, check, buffers = (1e6 * found[name] / 20 for name in pieces)
    return (
        f"A step of gradient_descent at n = {n} takes {step:.0f} µs: the update as the page has it {update:.0f} µs, a "
        f"look for NaN in the gradient {check:.0f} µs. In buffers the update would take {buffers:.0f} µs; the methods "
        "keep the page's form, whose every line makes a new array where the library writes into the old ones: at this "
        "length that is what the ratios above 1 are made of."
    )


def ours_of(method: str, slope: Any) -> Stream:
    return getattr(optcourse, method)(lambda theta: slope, np.zeros(slope.size))


def main() -> None:
    try:
        import torch
    except ImportError:
        raise SystemExit("this comparison needs PyTorch: pip install torch") from None
    torch.set_num_threads(1)
    steps = {method: [measure(torch, method, n) for n in SIZES] for method in PAIRS}
    print(machine("torch"), "ours / PyTorch, median of 15 interleaved rounds\n")
    rows = [[method, *map(str, row)] for method, row in steps.items()]
    print(table(["method", *(f"n = {n}" for n in SIZES)], rows))
    print("\nIn brackets the page's lines alone: no counting of gradients, no look for NaN in them.", end=" ")
    for place, n in enumerate(SIZES):
        shares = [row[place].lines / row[place].theirs for row in steps.values()]
        print(f"At n = {n} they take {min(shares):.2f}–{max(shares):.2f} of PyTorch's step.", end=" ")
    print(profile(SIZES[-1]))


if __name__ == "__main__":
    main()
