"""A figure of 3.5: the convex problem of Reddi, Kale and Kumar on which Adam walks to the worst point."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from optcourse.adam import adam
from optcourse.arguments import Array, fraction
from optcourse.figures.base import Figure, Setting, short, within
from optcourse.figures.palette import scheme

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture

STEPS, RATE, EPS = 3000, 0.5, 1e-8
BIG, ROUND = (1.0, 40.0), (2.0, 40.0)
RUNNERS = (("adam", "Adam", "adam"), ("amsgrad", "AMSGrad", "green"))  # name, label, colour


class OnlineTrap(
    Figure,
    files=("problems.js", "rules.js", "first_order.js", "online_trap.js"),
    constants={"STEPS": STEPS, "RATE": RATE, "EPS": EPS, "BIG": BIG, "ROUND": ROUND, "RUNNERS": RUNNERS},
):
    """Straight losses on [−1, 1]: one steep slope a round, the others −1. Adam's position and regret, and AMSGrad's.

    Parameters
    ----------
    big : float
        The steep slope, from 1 to 40.
    period : int
        How many losses a round has, from 2 to 40.
    beta1, beta2 : float
        The memories, in [0, 1).

    Examples
    --------
    >>> trap = OnlineTrap()
    >>> trap.best, {name: float(position[-300:].mean().round(2)) for name, position in trap.positions.items()}
    (-1.0, {'adam': 1.0, 'amsgrad': -1.0})
    """

    big = Setting(within(*BIG), 3.0)
    period = Setting(within(*ROUND), 3.0)
    beta1 = Setting(fraction, 0.0)
    beta2 = Setting(fraction, 0.1)

    @property
    def slopes(self) -> Array:
        """The slope of each step's loss."""
        return np.where(np.arange(STEPS) % round(self.period) == 0, self.big, -1.0)

    @property
    def best(self) -> float:
        """The place with the lowest sum over a round."""
        return -1.0 if self.big > round(self.period) - 1 else 1.0

    @property
    def positions(self) -> dict[str, Array]:
        """Where each method stands before every step, and after the last."""
        return {name: self._walk(amsgrad=name == "amsgrad") for name, _, _ in RUNNERS}

    def _walk(self, amsgrad: bool) -> Array:
        """Slopes do not depend on θ: to project after each step is to clip the sum of the steps as it grows."""
        coming = iter(self.slopes)
        stream = adam(
            lambda theta: next(coming),
            np.zeros(()),
            lambda k: RATE / np.sqrt(k + 1),
            self.beta1,
            self.beta2,
            EPS,
            amsgrad,
        )
        free = np.array([0.0, *map(float, itertools.islice(stream, STEPS))])
        position = [0.0]
        for step in np.diff(free):
            position.append(min(1.0, max(-1.0, position[-1] + step)))
        return np.array(position)

    def regret(self, position: Array) -> Array:
        """Return the average regret after each step of a walk."""
        regret: Array = np.cumsum(self.slopes * (position[:-1] - self.best)) / np.arange(1, STEPS + 1)
        return regret

    @property
    def text(self) -> str:
        """Where each ends; ``told`` in ``online_trap.js`` says the same."""
        rounds, positions = round(self.period), self.positions
        ends = ", ".join(
            f"{label} stands at {short(positions[name][-rounds:].mean())} with an average regret of "
            f"{short(self.regret(positions[name])[-1])}"
            for name, label, _ in RUNNERS
        )
        return (
            f"One slope of {short(self.big)} and {rounds - 1} of −1 a round, β₁ = {short(self.beta1)}, β₂ = "
            f"{short(self.beta2)}; the best place is {short(self.best)}. After {STEPS} steps {ends}."
        )

    def picture(self) -> Picture:
        """Draw positions and average regrets."""
        from matplotlib.figure import Figure as Picture

        colours = scheme("light")
        picture = Picture(figsize=(8, 3.4), layout="constrained")
        left, right = picture.subplots(1, 2)
        after, positions = np.arange(1, STEPS + 1), self.positions
        for name, label, colour in RUNNERS:
            left.semilogx(after[:300], positions[name][1:301], color=colours[colour], lw=0.9, label=label)
            regret = np.maximum(self.regret(positions[name])[::3], 1e-4)
            right.loglog(after[::3], regret, color=colours[colour], lw=1.2)
        left.set(xlabel="step", ylim=(-1.1, 1.1))
        right.set(xlabel="step")
        for axes, title in ((left, "Position"), (right, "Average regret")):
            axes.set_title(title, fontsize=9, color=colours["muted"], loc="left")
            axes.grid(color=colours["grid"], lw=0.6)
        left.legend(fontsize=7)
        picture.supxlabel(self.text, fontsize=8, wrap=True)
        return picture
