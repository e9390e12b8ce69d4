"""One step of each first-order method against ``torch.optim`` at its defaults; needs PyTorch.

``PYTHONPATH=. python benchmarks/first_order.py`` prints a table of microseconds a step and ratios ours/PyTorch.
The gradient costs nothing on either side (a constant array), so that the update rules alone are timed.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

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


def measure(torch: object, method: str, n: int) -> tuple[float, float]:
    """Return seconds a step, ours and PyTorch's."""
    steps = 200 if n < 10_000 else 20
    slope = np.random.default_rng(0).normal(size=n)
    ours = ours_of(method, slope)
    name, settings = PAIRS[method]
    theta = torch.zeros(n, dtype=torch.float64, requires_grad=True)
    theta.grad = torch.from_numpy(slope.copy())
    theirs = getattr(torch.optim, name)([theta], lr=1e-3, **settings)

    def step_ours() -> None:
        for _ in range(steps):
            next(ours)

    def step_theirs() -> None:
        for _ in range(steps):
            theirs.step()

    seconds = interleaved({"ours": step_ours, "theirs": step_theirs})
    return seconds["ours"] / steps, seconds["theirs"] / steps


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

    def twenty(piece: Callable[[], object]) -> None:
        for _ in range(20):
            piece()

    found = interleaved({name: functools.partial(twenty, piece) for name, piece in pieces.items()})
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
    rows = []
    for method in PAIRS:
        row = [method]
        for n in SIZES:
            ours, theirs = measure(torch, method, n)
            row.append(f"{1e6 * ours:.1f} / {1e6 * theirs:.1f} µs = {ours / theirs:.2f}×")
        rows.append(row)
    print(machine("torch"), "ours / PyTorch, median of 15 interleaved rounds\n")
    print(table(["method", *(f"n = {n}" for n in SIZES)], rows))
    print(f"\n{profile(SIZES[-1])}")


if __name__ == "__main__":
    main()
