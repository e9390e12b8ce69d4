"""The range test of section 3.6, alive: a short run with a growing rate, and what the rates are worth when held."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from optcourse.arguments import Array, NonFiniteError, one_of
from optcourse.figures.base import Figure, Point, Setting, short, up_to, within
from optcourse.figures.palette import scheme
from optcourse.gradient_descent import gradient_descent
from optcourse.schedules import RangeTest, lr_range_test
from optcourse.streams import Schedule

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture

LONGEST, HELD, SEEDS, NOTCH = 200, 200, 3, 10.0  # steps of a test, steps at a constant rate, draws of chance
CURVATURE, START = (1.0, 0.05), (2.0, 10.0)  # the chapter's bowl: rates above 2 explode
SIZES = (1, 2, 4, 8, 16)  # of the network's batches
GRID = 10.0 ** (np.arange(49) / 6 - 6)  # the rates that are held: 10⁻⁶ … 100
PROBLEMS = {"bowl": "Noisy bowl", "network": "Small network"}
HIDDEN, EXAMPLES, LARGEST = 16, 40, 1e30

_rng = np.random.default_rng(1)
X = _rng.uniform(-1, 1, EXAMPLES).round(3)
Y = (np.sin(3 * X) + 0.2 * _rng.normal(size=EXAMPLES)).round(3)
FRESH = [*(_rng.normal(size=(3, HIDDEN)) * np.array([[1], [0.5], [0.25]])).round(3).ravel().tolist(), 0.0]
NORMALS = _rng.normal(size=(SEEDS, LONGEST, 2)).round(2)
PICKS = _rng.integers(0, EXAMPLES, (SEEDS, LONGEST, max(SIZES)), dtype=np.uint8)


def in_order(terms: Array) -> Array:
    """Add up the last axis from left to right, as a loop does: then the browser's sums are the same to the last bit."""
    added: Array = np.add.accumulate(terms, axis=-1)[..., -1]
    return added


def weights(theta: Array) -> tuple[Array, Array, Array, Array]:
    """Slopes, offsets and outgoing weights of the hidden units, and the last offset."""
    slope, offset, out = theta[..., :-1].reshape(*theta.shape[:-1], 3, HIDDEN).swapaxes(0, -2)
    return slope, offset, out, theta[..., -1]


def forward(theta: Array, x: Array) -> tuple[Array, Array]:
    """What the hidden units let through, shape (examples, hidden), and the network's answers."""
    slope, offset, out, last = weights(theta)
    through = np.maximum(x[:, None] * slope + offset, 0.0)
    return through, in_order(through * out) + last


def network_loss(theta: Array) -> float:
    """Half the mean squared error on all examples."""
    error = forward(theta, X)[1] - Y
    return float(in_order(error * error)) / (2 * EXAMPLES)


def network_grad(theta: Array, batch: Array) -> Array:
    """The mean gradient of the examples in a batch."""
    through, answers = forward(theta, X[batch])
    error = (answers - Y[batch]) / len(batch)
    back = np.where(through > 0, error[:, None] * weights(theta)[2], 0.0)
    terms = (back * X[batch][:, None], back, error[:, None] * through)
    return np.concatenate([*(in_order(term.T) for term in terms), [in_order(error)]])


@cache
def held_losses() -> Array:
    """The network's loss after 200 steps at each rate of the grid, by seed and batch size, shape (3, 5, 49).

    All rates at once, a row each: sums may be rounded otherwise than by `network_grad`.
    """
    found = np.empty((SEEDS, len(SIZES), len(GRID)))
    for seed, which in np.ndindex(SEEDS, len(SIZES)):
        theta = np.tile(FRESH, (len(GRID), 1))
        with np.errstate(over="ignore", invalid="ignore"):
            for batch in PICKS[seed, :HELD, : SIZES[which]]:
                theta = theta - GRID[:, None] * _many_grads(theta, X[batch], Y[batch])
            found[seed, which] = [network_loss(one) for one in theta]
    return np.where(found < LARGEST, found, LARGEST)


def _many_grads(thetas: Array, x: Array, y: Array) -> Array:
    slope, offset, out = thetas[:, :-1].reshape(-1, 3, 1, HIDDEN).swapaxes(0, 1)
    through = np.maximum(x[:, None] * slope + offset, 0.0)
    error = ((through * out).sum(-1) + thetas[:, -1:] - y) / len(x)
    back = np.where(through > 0, error[..., None] * out, 0.0)
    parts = ((back * x[:, None]).sum(1), back.sum(1), (error[..., None] * through).sum(1), error.sum(1)[:, None])
    return np.concatenate(parts, axis=1)


class RangeTestPlayground(
    Figure,
    files=("first_order.js", "range_test_playground.js"),
    constants={
        "LONGEST": LONGEST,
        "HELD": HELD,
        "SEEDS": SEEDS,
        "NOTCH": NOTCH,
        "CURVATURE": CURVATURE,
        "START": START,
        "SIZES": SIZES,
        "GRID": GRID.tolist(),
        "PROBLEMS": PROBLEMS,
        "HIDDEN": HIDDEN,
        "DATA": {"x": X.tolist(), "y": Y.tolist()},
        "FRESH": FRESH,
        "NORMALS": NORMALS.ravel().tolist(),
        "PICKS": base64.b64encode(PICKS.tobytes()).decode(),
    },
):
    """A learning-rate range test with its knobs; beside it, the loss after 200 steps at each constant rate.

    Parameters
    ----------
    problem : str
        ``"bowl"``, whose bound is known to be 2, or ``"network"``, 16 hidden units on 40 points.
    noise : float
        The standard deviation of the bowl's gradient, 0 to 3.
    batch_size : int
        Of the network's gradient, 1 to 16.
    lr_min, lr_max : float
        The first and the last rate, 10⁻⁶ to 10⁻² and 0.1 to 100.
    steps : int
        How many rates are tried, 20 to 200.
    memory : float
        Of the running average of the losses, 0 to 0.98.
    seed : int
        Which draw of the noise or of the batches, 0 to 2.

    Examples
    --------
    >>> playground = RangeTestPlayground(problem="bowl", noise=0)
    >>> bool(playground.found.lr < 2 < playground.found.rates[-1])
    True
    """

    problem = Setting(one_of(*PROBLEMS), "network")
    noise = Setting(within(0, 3), 1.0)
    batch_size = Setting(up_to(max(SIZES)), 4)
    lr_min = Setting(within(1e-6, 1e-2), 1e-4)
    lr_max = Setting(within(0.1, 100), 10.0)
    steps = Setting(up_to(LONGEST, least=20), 100)
    memory = Setting(within(0, 0.98), 0.9)
    seed = Setting(up_to(SEEDS - 1, least=0), 0)
    _data = Point(np.zeros(0))

    def __init__(self, **chosen: Any):
        super().__init__(**({"_data": held_losses().ravel()} | chosen))

    def training(self, lr: float | Schedule) -> Iterator[Array]:
        """Start gradient descent on the chosen problem, with the chosen noise."""
        if self.problem == "bowl":
            draws, slope = iter(NORMALS[self.seed]), np.array(CURVATURE)
            return gradient_descent(lambda theta: slope * theta + self.noise * next(draws), np.array(START), lr)
        picks = iter(PICKS[self.seed, :, : self.batch_size])
        return gradient_descent(lambda theta: network_grad(theta, next(picks)), np.array(FRESH), lr)

    @property
    def loss(self) -> Callable[[Array], float]:
        """What is watched."""
        return network_loss if self.problem == "network" else lambda theta: float(0.5 * theta**2 @ np.array(CURVATURE))

    @property
    def found(self) -> RangeTest:
        """What the package's range test sees."""
        return lr_range_test(self.training, self.loss, self.lr_min, self.lr_max, self.steps, self.memory, NOTCH)

    @property
    def turning(self) -> float:
        """The rate at which the smoothed loss is lowest."""
        return float(self.found.rates[np.argmin(self.found.smoothed)])

    @property
    def steepest(self) -> float:
        """The rate at which the smoothed loss falls most steeply before it turns, which other tools suggest."""
        found = self.found
        before = found.smoothed[: int(np.argmin(found.smoothed)) + 1]
        return float(found.rates[1 + np.argmin(before[2:] - before[:-2])] if len(before) > 2 else found.rates[0])

    def held(self, rate: float) -> float:
        """The loss after 200 steps at one rate: expected on the bowl, of one run on the network."""
        if self.problem == "bowl":
            return float(expected(np.array([rate]), self.noise)[0])
        try:
            with np.errstate(over="ignore", invalid="ignore"):
                *_, theta = islice(self.training(rate), HELD)
                loss = network_loss(theta)
        except NonFiniteError:
            return LARGEST
        return loss if loss < LARGEST else LARGEST

    @property
    def worth(self) -> Array:
        """The loss after 200 steps at every rate of the grid, shape (49,)."""
        if self.problem == "bowl":
            return expected(GRID, self.noise)
        size = int(np.argmin(np.abs(np.array(SIZES) - self.batch_size)))
        worth: Array = held_losses()[self.seed, size]
        return worth

    @property
    def text(self) -> str:
        """What the test says and what that is worth; ``told`` in ``range_test_playground.js`` says the same."""
        found, turning = self.found, self.turning
        opening = (
            f"Noisy bowl, σ = {short(self.noise)}"
            if self.problem == "bowl"
            else f"Small network, batches of {self.batch_size}"
        )
        ending = (
            f"It ends after {len(found.rates)} steps, at rate {short(found.rates[-1])}: the loss is four times its best"
            if len(found.rates) < self.steps or found.smoothed[-1] > 4 * found.smoothed.min()
            else "It ends with its last step, and the loss has not grown fourfold"
        )
        worth = [self.held(written(rate)) for rate in (found.lr, turning)]
        ends = ["explodes" if loss > 1e6 else f"ends at {short(loss)}" for loss in worth]
        return (
            f"{opening}, {self.steps} steps from {short(self.lr_min)} to {short(self.lr_max)}: the smoothed loss turns "
            f"at rate {short(turning)}, so the suggestion is {short(found.lr)}; the steepest fall is at "
            f"{short(self.steepest)}. {ending}. Held for {HELD} steps, the suggestion {ends[0]}, "
            f"the turning rate {ends[1]}."
        )

    def picture(self) -> Picture:
        """Draw the test, and what its rates are worth."""
        from matplotlib.figure import Figure as Picture

        colours, found = scheme("light"), self.found
        picture = Picture(figsize=(8, 3.6), layout="constrained")
        left, right = picture.subplots(1, 2, sharex=True)
        left.loglog(found.rates, found.losses, color=colours["sgd"], lw=0.8, alpha=0.6, label="loss")
        left.loglog(found.rates, found.smoothed, color=colours["sgd"], lw=2, label="smoothed")
        left.plot(found.rates[-1], found.smoothed[-1], "x", color=colours["ink"], label="the test ends")
        right.loglog(GRID, self.worth, color=colours["sgd"], lw=1.6)
        for axes in (left, right):
            axes.axvline(self.turning, color=colours["diverges"], lw=1.2, ls=":", label="turning point")
            axes.axvline(found.lr, color=colours["converges"], lw=1.4, ls="--", label="suggestion")
            axes.axvline(self.steepest, color=colours["edge"], lw=1, label="steepest fall")
            axes.set(xlim=(self.lr_min, self.lr_max), ylim=bounds(self.worth, found.smoothed), xlabel="rate")
            axes.grid(color=colours["grid"], lw=0.6)
        left.set_title("Range test: loss while the rate grows", fontsize=9, color=colours["muted"], loc="left")
        right.set_title(f"Loss after {HELD} steps at one rate", fontsize=9, color=colours["muted"], loc="left")
        left.legend(fontsize=7)
        picture.supxlabel(self.text, fontsize=8, wrap=True)
        return picture


def expected(rates: Array, noise: float) -> Array:
    """The expected loss on the bowl after 200 steps, by constant rate, exactly; at most 10³⁰."""
    total = np.zeros(len(rates))
    with np.errstate(over="ignore"):
        for curvature, start in zip(CURVATURE, START, strict=True):
            square = np.full(len(rates), start**2)
            for _ in range(HELD):
                square = (1 - rates * curvature) ** 2 * square + (rates * noise) ** 2
            total += 0.5 * curvature * square
    return np.minimum(total, LARGEST)


def bounds(worth: Array, smoothed: Array) -> tuple[float, float]:
    """Whole powers of ten around what is drawn, up to ten times the first loss; the module has the same."""
    lowest = max(1e-9, min(float(worth.min()), float(smoothed.min())))
    return 10.0 ** np.floor(np.log10(lowest)), 10.0 ** np.ceil(np.log10(4 * float(smoothed[0])))


def written(rate: float) -> float:
    """A rate as it is written, to three digits: what is told is what is run."""
    return float(f"{rate:.2e}")
