"""The gradient-descent playground of section 3.1, and what it shares with the gallery of objectives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets

from optcourse.arguments import Array, one_of, positive
from optcourse.figures.base import Figure, Point, Setting, entries, up_to, within
from optcourse.figures.landscapes import LANDSCAPES, Landscape, facts, landscape
from optcourse.figures.palette import scheme
from optcourse.figures.words import descent
from optcourse.gradient_descent import gradient_descent
from optcourse.problems import Problem
from optcourse.streams import run
from optcourse.trace import Trace

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture

few = up_to(10_000)  # steps: the figure draws them all
condition = within(1, 1000)  # a condition number that can be drawn


class Descent(Figure):
    """What figures of gradient descent on a landscape share: their settings, and what follows from them."""

    lr = Setting(positive, 0.1)
    steps = Setting(few, 50)
    theta0 = Point([0.0, 0.0])

    def __init__(self, **settings: Any):
        chosen = landscape(self._known("problem", settings.get("problem", self.traits()["problem"].default_value)))
        start = {"theta0": chosen.theta0(), "lr": chosen.lr, "steps": chosen.steps}
        super().__init__(**(start | settings))

    def _known(self, name: str, value: Any) -> str:
        checked: str = self.traits()[name].rule(name, value)
        return checked

    @traitlets.observe("problem")
    def _begin_anew(self, change: Any) -> None:
        """Another landscape: its own start and step size, unless they came with it."""
        chosen = landscape(change["new"])
        if len(self.theta0) != len(chosen.theta0()) or change["old"] in self._names():
            with self.hold_sync():
                self.lr, self.steps = chosen.lr, chosen.steps
                self.theta0 = chosen.theta0()

    @traitlets.validate("theta0")
    def _right_length(self, proposal: Any) -> Array:
        rule = entries(len(self.landscape.theta0()), f" on the landscape {self.problem!r}")
        theta: Array = rule("theta0", proposal["value"])
        return theta

    @classmethod
    def _names(cls) -> tuple[str, ...]:
        return tuple(cls.constants["FACTS"])

    @property
    def landscape(self) -> Landscape:
        """The landscape as the figure offers it."""
        return landscape(self.problem)

    @property
    def objective(self) -> Problem:
        """The landscape as a problem of `optcourse.problems`."""
        return self.landscape.make(getattr(self, "kappa", 10.0))

    @property
    def trace(self) -> Trace:
        """The run that the figure draws, made by `optcourse.run`."""
        problem = self.objective
        descending = gradient_descent(problem.grad, self.theta0, lr=self.lr)
        return run(descending, steps=self.steps, loss=problem.loss, grad=problem.grad)

    @property
    def text(self) -> str:
        """What the figure shows, in words."""
        return descent(self.landscape, self.objective, self.lr, self.trace)

    def picture(self) -> Picture:
        """Draw the path on the landscape and the loss along it."""
        from matplotlib.figure import Figure as Picture

        problem, trace, colours = self.objective, self.trace, scheme("light")
        picture = Picture(figsize=(8, 3.6), layout="constrained")
        left, right = picture.subplots(1, 2, width_ratios=(3, 2))
        window = self.landscape.window or problem.window
        with np.errstate(over="ignore", invalid="ignore"):
            (_draw_bowl if problem.dim == 1 else draw_map)(left, problem, trace, window, colours)
        left.set_title(self.landscape.formula, fontsize=9, color=colours["muted"], loc="left")
        assert trace.losses is not None
        right.semilogy(np.maximum(trace.losses - problem.minimum, 1e-16), color=colours["gradient_descent"], lw=1.5)
        right.set_title("Loss above the minimum, step by step", fontsize=9, color=colours["muted"], loc="left")
        right.set_xlabel("step")
        right.grid(color=colours["grid"], lw=0.6)
        picture.supxlabel(self.text, fontsize=8, wrap=True)
        return picture


def draw_map(axes: Any, problem: Problem, trace: Trace, window: Any, colours: dict[str, str]) -> None:
    (left, right), (bottom, top) = window
    x, y = np.meshgrid(np.linspace(left, right, 81), np.linspace(bottom, top, 81))
    lifted = problem.loss(np.stack([x, y], axis=-1)) - problem.minimum
    heights = np.log1p(np.maximum(lifted, 0) / np.quantile(lifted, 0.12))
    axes.contour(x, y, heights, levels=12, colors=colours["contour"], linewidths=0.5)
    axes.plot(*problem.minimisers.T, "*", color=colours["green"], ms=10)
    axes.plot(*trace.iterates.T, ".-", color=colours["gradient_descent"], ms=3.5, lw=1)
    axes.plot(*trace.iterates[0], "o", color=colours["gradient_descent"], mfc="white", ms=8, mew=2)
    axes.set(xlim=(left, right), ylim=(bottom, top), xlabel="x", ylabel="y", aspect="equal")


def _draw_bowl(axes: Any, problem: Problem, trace: Trace, window: Any, colours: dict[str, str]) -> None:
    (left, right), (bottom, top) = window
    wall = np.linspace(left, right, 121)
    axes.plot(wall, problem.loss(wall[:, None]), color=colours["edge"], lw=1.5)
    assert trace.losses is not None
    axes.plot(trace.iterates[:, 0], trace.losses, ".-", color=colours["gradient_descent"], lw=1)
    axes.plot(trace.iterates[0, 0], trace.losses[0], "o", color=colours["gradient_descent"], mfc="white", ms=8, mew=2)
    axes.set(xlim=(left, right), ylim=(bottom, top), xlabel="θ", ylabel="L")


PLAYGROUND = tuple(one.name for one in LANDSCAPES)


class DescentPlayground(
    Descent,
    files=("problems.js", "rules.js", "landscape.js", "step_size.js", "descent_playground.js"),
    constants={"FACTS": facts(*PLAYGROUND)},
):
    """Gradient descent to play with: drag the start, move η, watch the path, the loss and the verdict on η.

    Parameters
    ----------
    problem : str
        ``"parabola"`` (one parameter, with the rolling ball), or a landscape of two: ``"quadratic"``, ``"ravine"``,
        ``"rosenbrock"``, ``"himmelblau"``, ``"beale"``, ``"saddle"``, ``"rastrigin"``, ``"styblinski_tang"``.
    lr : float
        The step size η > 0.
    steps : int
        How many steps to take, 1 to 10 000.
    theta0 : array
        The start.
    kappa : float
        The condition number of the quadratic landscapes, 1 to 1000.

    Examples
    --------
    >>> playground = DescentPlayground(problem="parabola", lr=0.1, steps=20, theta0=4.0)
    >>> playground.trace.theta.round(4)
    array([0.0461])
    >>> playground.lr = 1.1
    >>> playground.text
    'Gradient descent, η = 1.1: diverges. After 20 steps the loss has grown from 16 to 23516; ...'
    >>> playground.lr = -1
    Traceback (most recent call last):
    ValueError: lr = -1: must be a positive number
    """

    problem = Setting(one_of(*PLAYGROUND), "quadratic")
    kappa = Setting(condition, 10.0)
