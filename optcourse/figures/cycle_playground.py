"""The counterexample of section 3.3, alive: a strongly convex loss on which heavy ball goes round in a circle."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from optcourse.arguments import Array, flag
from optcourse.figures.base import Figure, Setting, short, within
from optcourse.figures.palette import scheme
from optcourse.gradient_descent import gradient_descent
from optcourse.momentum import momentum, nesterov
from optcourse.streams import run

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture

STEPS, SHOWN, LONGEST, ARRIVED = 600, 40, 12, 1e-6  # steps computed and drawn, the longest period looked for
REACH, STARTS = 4.0, 161  # starts from −4 to 4
BEST = (1 / 9, 4 / 9)  # of heavy ball on a quadratic with curvatures 1 and 25
SAFE = (1 / 25, 2 / 3)  # Nesterov's, with a guarantee
RUNNERS = {"momentum": "Heavy ball", "nesterov": "Nesterov", "gradient_descent": "gradient descent"}


class Fate(NamedTuple):
    """How a run ends: in a word of the palette, after how many steps it arrived, on which points it goes round."""

    word: str
    arrived: int
    points: list[float]


def slope(theta: Array) -> Array:
    """The loss's slope: curvature 25 up to 1, then 1 up to 2, then 25 again."""
    found: Array = np.where(theta < 1, 25 * theta, np.where(theta < 2, theta + 24, 25 * theta - 24))
    return found


def loss(theta: Array) -> Array:
    """The loss itself; its minimum is at 0."""
    gentle = 0.5 * theta**2 + 24 * theta - 12
    found: Array = np.where(theta < 1, 12.5 * theta**2, np.where(theta < 2, gentle, 12.5 * theta**2 - 24 * theta + 36))
    return found


def fate(path: Array) -> Fate:
    """Tell how a run of 600 steps ends."""
    near = np.flatnonzero(np.abs(path) > ARRIVED)
    last = int(near[-1]) + 1 if near.size else 0
    if len(path) <= STEPS or not np.abs(path[-1]) < 1e6:
        return Fate("diverges", 0, [])
    if last < len(path):
        return Fate("converges", last, [])
    for period in range(1, LONGEST + 1):
        if np.abs(path[-period:] - path[-2 * period : -period]).max() < 1e-9:
            return Fate("oscillates", 0, path[-period:].tolist())
    return Fate("oscillates", 0, [])


class CyclePlayground(
    Figure,
    files=("problems.js", "rules.js", "first_order.js", "cycle_playground.js"),
    constants={
        "STEPS": STEPS,
        "SHOWN": SHOWN,
        "LONGEST": LONGEST,
        "ARRIVED": ARRIVED,
        "REACH": REACH,
        "STARTS": STARTS,
        "BEST": BEST,
        "SAFE": SAFE,
        "RUNNERS": RUNNERS,
    },
):
    """Heavy ball, Nesterov and gradient descent on a loss with curvatures 25, 1, 25.

    Parameters
    ----------
    theta0 : float
        The start, −4 to 4.
    lr, beta : float
        Heavy ball's step size, 0.001 to 0.2, and memory, 0 to 0.95.
    same : bool
        Whether the others take heavy ball's constants too, instead of those that are guaranteed for them.

    Examples
    --------
    >>> playground = CyclePlayground(theta0=3.3)
    >>> playground.fates["momentum"].word, np.round(playground.fates["momentum"].points, 2)
    ('oscillates', array([-1.8 ,  2.12,  0.65]))
    """

    theta0 = Setting(within(-REACH, REACH), 3.3)
    lr = Setting(within(0.001, 0.2), BEST[0])
    beta = Setting(within(0, 0.95), BEST[1])
    same = Setting(flag, False)

    @property
    def paths(self) -> dict[str, Array]:
        """The iterates of the three methods; fewer than 601 if one runs away."""
        lr, beta = (self.lr, self.beta) if self.same else SAFE
        streams = {
            "momentum": momentum(slope, self.theta0, lr=self.lr, beta=self.beta),
            "nesterov": nesterov(slope, self.theta0, lr=lr, beta=beta),
            "gradient_descent": gradient_descent(slope, self.theta0, lr=lr),
        }
        return {name: run(stream, steps=STEPS).iterates for name, stream in streams.items()}

    @property
    def fates(self) -> dict[str, Fate]:
        """How each ends."""
        return {name: fate(path) for name, path in self.paths.items()}

    @property
    def ends(self) -> list[str]:
        """How heavy ball ends from each of 161 starts: a word of the palette."""
        starts = np.linspace(-REACH, REACH, STARTS)
        theta, velocity = starts.copy(), np.zeros(STARTS)
        with np.errstate(over="ignore", invalid="ignore"):
            for _ in range(STEPS):
                velocity = self.beta * velocity + slope(theta)
                theta = theta - self.lr * velocity
        small = (np.abs(theta) <= ARRIVED) & (np.abs(self.lr * velocity) <= ARRIVED)
        return [
            "converges" if near else "oscillates" if abs(end) < 1e6 else "diverges"
            for near, end in zip(small, theta, strict=True)
        ]

    @property
    def text(self) -> str:
        """What the three do, and from how many starts; ``told`` in ``cycle_playground.js`` says the same."""
        parts = [f"{RUNNERS[name]} {_ending(one)}" for name, one in self.fates.items()]
        ends = self.ends
        return (
            f"From {short(self.theta0)}, with η = {short(self.lr)} and β = {short(self.beta)}: {'; '.join(parts)}. "
            f"Of {STARTS} starts from −4 to 4, heavy ball arrives from {ends.count('converges')}, "
            f"has not arrived after {STEPS} steps from {ends.count('oscillates')}, "
            f"and runs away from {ends.count('diverges')}."
        )

    def picture(self) -> Picture:
        """Draw the loss with heavy ball's last points, the iterates, and what comes of each start."""
        from matplotlib.figure import Figure as Picture

        colours = scheme("light")
        picture = Picture(figsize=(8, 4.2), layout="constrained")
        grid = picture.add_gridspec(2, 2, height_ratios=(8, 1))
        left, right, strip = (picture.add_subplot(place) for place in (grid[0, 0], grid[0, 1], grid[1, :]))
        theta = np.linspace(-REACH, REACH, 201)
        left.axvspan(1, 2, color=colours["high"], alpha=0.6, lw=0)
        left.plot(theta, loss(theta), color=colours["edge"])
        for name, path in self.paths.items():
            right.plot(path[: SHOWN + 1], ".-", color=colours[name], lw=1, ms=4, label=RUNNERS[name])
        ball = self.paths["momentum"][-7:]
        left.plot(ball, loss(ball), "o-", color=colours["momentum"], lw=1, ms=5)
        left.plot(self.theta0, loss(np.array(self.theta0)), "o", mfc="none", color=colours["momentum"], ms=9)
        left.set(xlim=(-REACH, REACH), ylim=(-8, 215), xlabel="θ", ylabel="loss")
        right.set(xlim=(0, SHOWN), ylim=(-REACH, REACH), xlabel="step", ylabel="θ")
        right.legend(fontsize=7)
        starts = np.linspace(-REACH, REACH, STARTS)
        strip.bar(starts, 1, width=2 * REACH / STARTS, color=[colours[word] for word in self.ends])
        strip.set(xlim=(-REACH, REACH), yticks=[], xlabel="start")
        picture.supxlabel(self.text, fontsize=8, wrap=True)
        return picture


def _ending(one: Fate) -> str:
    if one.word == "diverges":
        return "runs away"
    if one.word == "converges":
        return f"comes within 10⁻⁶ of the minimum in {'1 step' if one.arrived == 1 else f'{one.arrived} steps'}"
    if not one.points:
        return f"has not arrived after {STEPS} steps"
    return f"goes round {len(one.points)} points for ever, {', '.join(map(short, one.points))}"
