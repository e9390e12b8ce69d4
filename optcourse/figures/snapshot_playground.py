"""Snapshots of section 3.6, alive: one run with restarts, the minima it visits, and what their mean is worth."""

from __future__ import annotations

import base64
import math
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from optcourse.arguments import Array
from optcourse.figures.base import Figure, Point, Setting, entries, short, up_to, within
from optcourse.figures.palette import scheme
from optcourse.figures.range_test_playground import in_order
from optcourse.gradient_descent import gradient_descent
from optcourse.schedules import cosine_annealing, cosine_restarts
from optcourse.streams import Schedule

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture

BUDGET, MOST, BATCH, SEEDS = 400, 8, 4, 4  # steps of a run, cycles, examples in a batch, draws of the batches
PEAKS = (0.3, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0)
START, WINDOW, APART = (-1.5, -0.2), (-3.2, 3.2), 0.5
WIDTH2 = 0.36  # a bump's width, squared
BUMPS = (-2.2, -0.8, 0.7, 2.3)  # of the truth: two more than the model has


def bump(u: Array) -> Array:
    """A bump of height 1 around 0, of sums, products and quotients only: the browser's is the same to the last bit."""
    q = 1 / (1 + u * u / WIDTH2)
    return q * q


_rng = np.random.default_rng(4)
X = np.sort(_rng.uniform(*WINDOW, 40)).round(3)
Y = (bump(X[:, None] - np.array(BUMPS)).sum(axis=1) + 0.1 * _rng.normal(size=len(X))).round(3)
TEST = np.linspace(-3, 3, 121).round(3)
TRUTH = bump(TEST[:, None] - np.array(BUMPS)).sum(axis=1).round(6)
PICKS = np.ascontiguousarray(_rng.integers(0, len(X), (SEEDS, BUDGET, BATCH), dtype=np.uint8)[::-1])


def answers(theta: Array, x: Array) -> Array:
    """What the model says: two bumps, at θ₁ and at θ₂."""
    return bump(x - theta[0]) + bump(x - theta[1])


def grad(theta: Array, batch: Array) -> Array:
    """The gradient of half the mean squared error on a batch."""
    u = X[batch] - theta[:, None]
    q = 1 / (1 + u * u / WIDTH2)
    error = (answers(theta, X[batch]) - Y[batch]) / len(batch)
    return in_order(error * (4 * u / WIDTH2 * q * q * q))


def half_square(answer: Array, wanted: Array) -> float:
    """Half the mean squared difference."""
    error = answer - wanted
    return float(in_order(error * error)) / (2 * len(error))


class SnapshotPlayground(
    Figure,
    files=("problems.js", "rules.js", "landscape.js", "first_order.js", "schedules.js", "snapshot_playground.js"),
    constants={
        "FACTS": {},  # landscape.js: of its gallery nothing is used
        "BUDGET": BUDGET,
        "MOST": MOST,
        "BATCH": BATCH,
        "SEEDS": SEEDS,
        "PEAKS": PEAKS,
        "START": START,
        "WINDOW": WINDOW,
        "APART": APART,
        "WIDTH2": WIDTH2,
        "DATA": {"x": X.tolist(), "y": Y.tolist()},
        "TEST": {"x": TEST.tolist(), "y": TRUTH.tolist()},
        "PICKS": base64.b64encode(PICKS.tobytes()).decode(),
    },
):
    """Two bumps fitted to data with four: a run with restarts, its snapshots, and the errors of them and of their mean.

    Parameters
    ----------
    cycles : int
        Into how many cycles the 400 steps are cut, 1 to 8.
    lr : float
        The rate at the start of each cycle, 0.1 to 10.
    seed : int
        Which draw of the batches, 0 to 3.
    theta0 : array of 2
        Where the two bumps stand at first.

    Examples
    --------
    >>> playground = SnapshotPlayground(cycles=4, lr=5)
    >>> members, ensemble = playground.errors["members"], playground.errors["ensemble"]
    >>> bool(ensemble < members.min()), bool(np.isclose(ensemble, members.mean() - playground.spread))
    (True, True)
    """

    cycles = Setting(up_to(MOST), 4)
    lr = Setting(within(0.1, 10), 5.0)
    seed = Setting(up_to(SEEDS - 1, least=0), 0)
    theta0 = Point(START, entries(2))

    def descend(self, lr: Schedule) -> Array:
        """The iterates of a run under a schedule, shape (401, 2).

        At a high rate a run is chaotic: a last digit decides where it ends. Two libraries' cosines differ in it, so the
        rates are rounded to nine decimals, here and in the module.
        """
        picks = iter(PICKS[self.seed])
        descent = gradient_descent(
            lambda theta: grad(theta, next(picks)), self.theta0, lambda step: math.floor(lr(step) * 1e9 + 0.5) / 1e9
        )
        return np.array([self.theta0, *islice(descent, BUDGET)])

    @property
    def cycle(self) -> int:
        """How many steps a cycle has."""
        return BUDGET // self.cycles

    @property
    def path(self) -> Array:
        """The run with restarts, shape (401, 2)."""
        return self.descend(cosine_restarts(self.lr, self.cycle))

    @property
    def single(self) -> Array:
        """The run with one long cosine, shape (401, 2)."""
        return self.descend(cosine_annealing(self.lr, BUDGET))

    @property
    def snapshots(self) -> Array:
        """The iterates at the ends of the cycles, shape (cycles, 2)."""
        found: Array = self.path[self.cycle :: self.cycle][: self.cycles]
        return found

    @property
    def mean(self) -> Array:
        """What the ensemble says at the test points: the mean of its members' answers, shape (121,)."""
        said = np.array([answers(theta, TEST) for theta in self.snapshots])
        found: Array = in_order(said.T) / self.cycles
        return found

    @property
    def errors(self) -> dict[str, Any]:
        """Half the mean squared error at the test points: of the members, of the ensemble, of the one long cosine."""
        return {
            "members": np.array([half_square(answers(theta, TEST), TRUTH) for theta in self.snapshots]),
            "ensemble": half_square(self.mean, TRUTH),
            "single": half_square(answers(self.single[-1], TEST), TRUTH),
        }

    @property
    def spread(self) -> float:
        """How far the members' answers are from their mean, in the measure of the errors."""
        return float(np.mean([half_square(answers(theta, TEST), self.mean) for theta in self.snapshots]))

    @property
    def places(self) -> int:
        """In how many places the snapshots lie: further than half a unit apart, whichever bump is called the first."""
        found: list[Array] = []
        for theta in np.sort(self.snapshots, axis=1):
            if all(np.hypot(*(theta - other)) > APART for other in found):
                found.append(theta)
        return len(found)

    @property
    def text(self) -> str:
        """What the run found and what that is worth; ``told`` in ``snapshot_playground.js`` says the same."""
        errors = self.errors
        cycles = "1 cycle" if self.cycles == 1 else f"{self.cycles} cycles"
        places = "one place" if self.places == 1 else f"{self.places} places"
        return (
            f"{cycles} of {self.cycle} steps, η_max = {short(self.lr)}: the snapshots lie in {places}. Test error of "
            f"the members: {short(errors['members'].mean())} on average, {short(errors['members'].min())} the best. "
            f"Their answers spread by {short(self.spread)}, and so the ensemble has {short(errors['ensemble'])}. "
            f"One cosine of {BUDGET} steps: {short(errors['single'])}."
        )

    def picture(self) -> Picture:
        """Draw the path, the answers, the loss and the errors."""
        from matplotlib.figure import Figure as Picture

        colours, path, snapshots, errors = scheme("light"), self.path, self.snapshots, self.errors
        restarts, ink = colours["cosine_restarts"], colours["ink"]
        picture = Picture(figsize=(8, 7), layout="constrained")
        (plane, curve), (losses, bars) = picture.subplots(2, 2)
        side = np.linspace(*WINDOW, 61)
        heights = [[half_square(answers(np.array([a, b]), X), Y) for a in side] for b in side]
        plane.contour(side, side, heights, 12, colors=colours["contour"], linewidths=0.6)
        plane.plot(*path.T, color=restarts, lw=0.8)
        plane.plot(*snapshots.T, "*", color=ink, ms=9)
        plane.set(xlim=WINDOW, ylim=WINDOW, xlabel="θ₁", ylabel="θ₂")
        curve.plot(X, Y, ".", color=colours["edge"], ms=4)
        for theta in snapshots:
            curve.plot(TEST, answers(theta, TEST), color=restarts, lw=0.8)
        curve.plot(TEST, TRUTH, "--", color=colours["muted"], lw=1.2, label="truth")
        curve.plot(TEST, self.mean, color=ink, lw=2, label="mean of the snapshots")
        curve.set(xlabel="x", ylabel="answer")
        curve.legend(fontsize=7)
        losses.plot([half_square(answers(theta, X), Y) for theta in path], color=restarts, lw=0.8)
        for end in np.arange(self.cycle, BUDGET + 1, self.cycle):
            losses.axvline(end, color=colours["edge"], lw=0.8, ls=":")
        losses.set(xlabel="step", ylabel="training loss")
        bars.bar(np.arange(1, self.cycles + 1), errors["members"], color=restarts)
        bars.bar(
            [self.cycles + 2, self.cycles + 4],
            [errors["ensemble"], errors["single"]],
            color=[ink, colours["cosine_annealing"]],
        )
        names = {k + 1: str(k + 1) for k in range(self.cycles)} | {self.cycles + 2: "all", self.cycles + 4: "one"}
        bars.set_xticks(list(names), list(names.values()))
        bars.set_ylabel("test error")
        picture.supxlabel(self.text, fontsize=8, wrap=True)
        return picture
