"""A figure of 3.2: from the data to a batch, to its mean gradient, to a step; and what the batch size changes."""

from __future__ import annotations

import base64
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from optcourse.arguments import Array
from optcourse.figures.base import Figure, Point, Setting, entries, short, up_to, within
from optcourse.figures.palette import scheme
from optcourse.gradient_descent import gradient_descent
from optcourse.problems import least_squares
from optcourse.stochastic import minibatches, sgd
from optcourse.streams import run
from optcourse.trace import Trace

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture

N, MOST_EPOCHS, SEEDS = 60, 10, 4
SIZES = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 30, 40, 50, 60)
RATES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0)
START = (-2.5, 2.0)

_rng = np.random.default_rng(2)
X = np.column_stack([np.ones(N), _rng.normal(0.5, 1.0, N)]).round(3)
Y = (X @ [-1.0, 1.0] + _rng.normal(0, 1.0, N)).round(3)
PROBLEM = least_squares(X, Y)


def grad_i(theta: Array, batch: Array) -> Array:
    """The mean gradient of the examples in a batch."""
    slope: Array = X[batch].T @ (X[batch] @ theta - Y[batch]) / len(batch)
    return slope


def orders() -> Array:
    """What `sgd` shuffles: of every seed the orders of its epochs, shape (seeds, epochs, examples)."""
    deals = (minibatches(N, N, np.random.default_rng(seed)) for seed in range(SEEDS))
    return np.array([list(islice(deal, MOST_EPOCHS)) for deal in deals], dtype=np.uint8)


# What the ES module of a figure of the sixty points stands on, before its own file.
POINTS_FILES = ("problems.js", "rules.js", "landscape.js", "first_order.js", "sixty_points.js")
POINTS_CONSTANTS: dict[str, Any] = {
    "FACTS": {},  # landscape.js: of its gallery nothing is used
    "DATA": {"x": X[:, 1].tolist(), "y": Y.tolist()},
    "ORDERS": base64.b64encode(orders().tobytes()).decode(),
    "SHAPE": [SEEDS, MOST_EPOCHS, N],
    "BEST": {"theta": PROBLEM.minimisers[0].tolist(), "loss": PROBLEM.minimum, "window": PROBLEM.window},
}


class MinibatchPlayground(
    Figure,
    files=(*POINTS_FILES, "minibatch_playground.js"),
    css=("race.css",),
    constants={**POINTS_CONSTANTS, "SIZES": SIZES, "ETAS": RATES, "START": START},
):
    """Least squares on sixty points: the paths of SGD and of the full batch, and the cloud of batch gradients.

    Parameters
    ----------
    batch_size : int
        B, from 1 to 60.
    lr : float
        η, from 0.001 to 2.
    epochs : int
        From 1 to 10; both methods spend 60 gradients in each.
    step : int
        The step of SGD at which the figure looks: its batch, and the cloud there.
    seed : int
        Which shuffle, from 0 to 3.
    theta0 : array of 2
        The start.

    Examples
    --------
    >>> playground = MinibatchPlayground(batch_size=8, epochs=2)
    >>> {name: trace.steps for name, trace in playground.traces.items()}
    {'sgd': 16, 'gradient_descent': 2}
    """

    batch_size = Setting(up_to(N), 8)
    lr = Setting(within(0.001, 2.0), 0.1)
    epochs = Setting(up_to(MOST_EPOCHS), 5)
    step = Setting(up_to(MOST_EPOCHS * N, least=0), 0)
    seed = Setting(up_to(SEEDS - 1, least=0), 0)
    theta0 = Point(START, entries(2))

    @property
    def steps_an_epoch(self) -> int:
        """How many updates an epoch has."""
        return -(-N // self.batch_size)

    @property
    def traces(self) -> dict[str, Trace]:
        """Both runs, by method."""
        rng = np.random.default_rng(self.seed)
        descents = {
            "sgd": (sgd(grad_i, self.theta0, N, self.lr, self.batch_size, rng), self.epochs * self.steps_an_epoch),
            "gradient_descent": (gradient_descent(PROBLEM.grad, self.theta0, self.lr), self.epochs),
        }
        return {name: run(stream, steps=steps, loss=PROBLEM.loss) for name, (stream, steps) in descents.items()}

    @property
    def here(self) -> Array:
        """Where SGD stands at `step`."""
        path = self.traces["sgd"].iterates
        where: Array = path[min(self.step, len(path) - 1)]
        return where

    def cloud(self, batch_size: int, theta: Array) -> Array:
        """The gradients at θ of all whole batches of all shuffles, one a row."""
        shuffled = orders().reshape(-1, N)[:, : N - N % batch_size].reshape(-1, batch_size)
        return np.array([grad_i(theta, batch) for batch in shuffled])

    def variances(self, theta: Array) -> dict[int, float]:
        """The mean squared error of a batch's gradient, measured, by batch size."""
        exact = PROBLEM.grad(theta)
        return {size: float(np.mean(np.sum((self.cloud(size, theta) - exact) ** 2, axis=1))) for size in SIZES}

    def expected(self, batch_size: int, theta: Array) -> float:
        """The same in theory."""
        each = self.cloud(1, theta)
        alone = float(np.mean(np.sum((each - PROBLEM.grad(theta)) ** 2, axis=1)))
        return alone / batch_size * (N - batch_size) / (N - 1)

    @property
    def text(self) -> str:
        """What is to be seen, in words; ``told`` in ``minibatch_playground.js`` says the same."""
        gaps = {
            name: trace.losses[-1] - PROBLEM.minimum for name, trace in self.traces.items() if trace.losses is not None
        }
        theta, size, at = self.here, self.batch_size, min(self.step, self.epochs * self.steps_an_epoch)
        exact = PROBLEM.grad(theta)
        measured = float(np.mean(np.sum((self.cloud(size, theta) - exact) ** 2, axis=1)))
        return (
            f"B = {size} of {N}, η = {short(self.lr)}: an epoch costs {N} gradients and makes {self.steps_an_epoch} "
            f"updates; the full batch makes 1. Loss above the minimum after {self.epochs} epochs: SGD "
            f"{short(gaps['sgd'])}, full batch {short(gaps['gradient_descent'])}. At step {at} "
            f"the variance of a batch's gradient is {short(measured)}, in theory {short(self.expected(size, theta))}; "
            f"the squared gradient is {short(float(exact @ exact))}."
        )

    def picture(self) -> Picture:
        """Draw the paths, the losses, the cloud and the variances."""
        from matplotlib.figure import Figure as Picture

        colours, traces, theta = scheme("light"), self.traces, self.here
        picture = Picture(figsize=(8, 6.4), layout="constrained")
        (plane, losses), (cloud, line) = picture.subplots(2, 2)
        (left, right), (low, high) = PROBLEM.window
        across, up = np.meshgrid(np.linspace(left, right, 60), np.linspace(low, high, 60))
        values = PROBLEM.loss(np.stack([across, up], -1))
        plane.contour(across, up, values, 12, colors=colours["contour"], linewidths=0.6)
        for name, trace in traces.items():
            assert trace.losses is not None
            plane.plot(*trace.iterates.T, color=colours[name], lw=1.2)
            gap = np.maximum(trace.losses - PROBLEM.minimum, 1e-9)
            losses.semilogy(np.linspace(0, self.epochs, len(gap)), gap, color=colours[name], lw=1.2, label=_NAMES[name])
        plane.set(xlim=(left, right), ylim=(low, high), xlabel="θ₁", ylabel="θ₂")
        losses.set(xlabel="epochs", ylabel="loss above the minimum")
        losses.legend(fontsize=7)
        cloud.plot(*self.cloud(self.batch_size, theta).T, ".", color=colours["sgd"], ms=3)
        cloud.plot(*PROBLEM.grad(theta), "X", color=colours["gradient_descent"], ms=8)
        reach = np.abs(self.cloud(1, theta)).max()
        cloud.set(xlim=(-reach, reach), ylim=(-reach, reach), xlabel="∂/∂θ₁", ylabel="∂/∂θ₂")
        measured = {size: value for size, value in self.variances(theta).items() if size < N}
        line.loglog([1 / size for size in measured], list(measured.values()), "o", color=colours["sgd"], ms=4)
        theory = [self.expected(size, theta) for size in range(1, N)]
        line.loglog([1 / size for size in range(1, N)], theory, color=colours["ink"], lw=1)
        line.set(xlabel="1 / B", ylabel="variance of the gradient")
        picture.supxlabel(self.text, fontsize=8, wrap=True)
        return picture


_NAMES = {"sgd": "SGD", "gradient_descent": "full batch"}
