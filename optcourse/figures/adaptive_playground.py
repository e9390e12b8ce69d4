"""The playground of 3.4, and what playgrounds of adaptive methods share: the effective rate of each coordinate."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from optcourse.arguments import Array, one_of
from optcourse.figures.base import Setting, short
from optcourse.figures.descent_playground import draw_map
from optcourse.figures.methods import ARRIVED, METHOD_CONSTANTS, METHOD_FILES, RACERS, OnLandscape
from optcourse.figures.palette import scheme
from optcourse.trace import Trace

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture

AXES = ("x", "y")
LINES = ("vermilion", "purple")  # of the two coordinates

State = dict[str, Array]
Settings = dict[str, float]


def _over_root(record: str) -> Callable[[Settings, State], Array]:
    """η over the root of what the method records."""
    return lambda own, state: own["lr"] / (np.sqrt(state[record]) + own["eps"])


def _of_adadelta(own: Settings, state: State) -> Array:
    before = np.vstack([np.zeros(2), state["mean_square_step"][:-1]])
    rates: Array = np.sqrt(before + own["eps"]) / np.sqrt(state["mean_square"] + own["eps"])
    return rates


def _of_adam(own: Settings, state: State) -> Array:
    t = np.arange(1, len(state["second_moment"]) + 1)[:, None]
    rates: Array = own["lr"] / (np.sqrt(state["second_moment"] / (1 - own["beta2"] ** t)) + own["eps"])
    return rates


# By method: the records that its effective rates need, and the rates from them, one row a step.
EFFECTIVE: dict[str, tuple[tuple[str, ...], Callable[[Settings, State], Array]]] = {
    "adagrad": (("squares",), _over_root("squares")),
    "rmsprop": (("mean_square",), _over_root("mean_square")),
    "adadelta": (("mean_square", "mean_square_step"), _of_adadelta),
    "adam": (("second_moment",), _of_adam),
    "adamw": (("second_moment",), _of_adam),
    "adamax": (("largest",), lambda own, state: own["lr"] / state["largest"]),
    "nadam": (("second_moment",), _of_adam),
}


def offering(*methods: str, title: str, correctable: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return the class arguments of a playground of these methods.

    For those that are `correctable` bias correction can be switched off, by a trait ``corrected``.
    """
    own = {"OFFERED": list(methods), "TITLE": title, "CORRECTABLE": list(correctable)}
    return {"files": (*METHOD_FILES, "adaptive_playground.js"), "constants": {**METHOD_CONSTANTS, **own}}


class MethodPlayground(OnLandscape):
    """One method at a time on a landscape, beside gradient descent: its path, its effective rates, its loss.

    A subclass says which methods it offers: ``class Mine(MethodPlayground, **offering("adam", title="Adam"))``, with a
    trait ``method`` that allows them.
    """

    method: ClassVar[Any]

    @property
    def who(self) -> str:
        """What the method is called."""
        return RACERS[self.method][0]

    @property
    def trace(self) -> Trace:
        """The run that the figure draws; its `kept` holds what the method records."""
        return self.race(self.method, keep=EFFECTIVE[self.method][0])

    @property
    def rates(self) -> Array:
        """The effective rate of each coordinate, one row a step."""
        return EFFECTIVE[self.method][1](self.chosen(self.method), dict(self.trace.kept))

    @property
    def text(self) -> str:
        """What the run does, and the rates at its end; ``told`` in ``adaptive_playground.js`` says the same."""
        own = self.chosen(self.method)
        where = f"{self.who}, {self.landscape.label}"
        return told(where, self.method, own, self.objective.minimum, self.trace, self.rates)

    def picture(self) -> Picture:
        """Draw the path on the landscape, and the effective rates."""
        from matplotlib.figure import Figure as Picture

        problem, colours, trace, rates = self.objective, scheme("light"), self.trace, self.rates
        plain = self.race("gradient_descent")
        picture = Picture(figsize=(8, 3.9), layout="constrained")
        left, right = picture.subplots(1, 2, width_ratios=(3, 2))
        with np.errstate(over="ignore", invalid="ignore"):
            draw_map(left, problem, plain, self.landscape.window or problem.window, colours)
        left.plot(*trace.iterates.T, ".-", color=colours[self.method], ms=3.5, lw=1.2)
        left.plot([], [], color=colours[self.method], label=RACERS[self.method][0])
        left.plot([], [], color=colours["gradient_descent"], label="gradient descent")
        left.legend(fontsize=7)
        steps = np.arange(1, len(rates) + 1)
        for axis, colour, dash, along in zip(AXES, LINES, ("-", ":"), rates.T, strict=True):
            right.semilogy(steps, along, dash, color=colours[colour], label=f"rate along {axis}")
        constant = self.chosen("gradient_descent")["lr"]
        right.axhline(constant, color=colours["gradient_descent"], ls="--", lw=1, label="gradient descent's")
        right.set_xlabel("step")
        right.set_title("Effective rate of each coordinate", fontsize=9, color=colours["muted"], loc="left")
        right.grid(color=colours["grid"], lw=0.6)
        right.legend(fontsize=7)
        picture.supxlabel(self.text, fontsize=8, wrap=True)
        return picture


def told(where: str, name: str, settings: Settings, minimum: float, trace: Trace, rates: Array) -> str:
    """Say what the run did."""
    assert trace.losses is not None
    knobs = ", ".join(f"{RACERS[name][1][knob].label.split()[-1]} = {short(value)}" for knob, value in settings.items())
    gaps = trace.losses - minimum
    near = np.flatnonzero(gaps <= ARRIVED)
    end = f"{short(gaps[-1])} above the minimum after {trace.steps} steps"
    if trace.reason != "steps" or not gaps[-1] <= gaps[0]:
        did = f"diverges, {end}"
    elif near.size:
        did = f"{near[0]} steps to a loss within 10⁻⁶ of the minimum" + (f", but {end}" if gaps[-1] > ARRIVED else "")
    else:
        did = end
    last = ", ".join(f"{axis} {short(rate)}" for axis, rate in zip(AXES, rates[-1], strict=True))
    return f"{where}, {knobs}: {did}. Effective rates at the last step: {last}."


ADAPTIVE = ("adagrad", "rmsprop", "adadelta")


class AdaptivePlayground(MethodPlayground, **offering(*ADAPTIVE, title="Adaptive methods")):
    """AdaGrad, RMSProp or AdaDelta: drag the start, move η, ρ and ε, watch the effective rate of each coordinate.

    Parameters
    ----------
    problem : str
        A landscape of `ObjectiveGallery`.
    method : str
        ``"adagrad"``, ``"rmsprop"`` or ``"adadelta"``.
    settings : dict
        What differs from a method's own settings here: ``{"rmsprop": {"lr": 0.01}}``.
    kappa, steps, theta0
        As for `DescentPlayground`.

    Examples
    --------
    >>> playground = AdaptivePlayground(method="rmsprop", kappa=10.0, steps=500, settings={"rmsprop": {"lr": 0.1}})
    >>> playground.rates[-1].round(3)  # 2/curvature
    array([2. , 0.2])
    """

    problem = Setting(one_of(*METHOD_CONSTANTS["FACTS"]), "quadratic")
    method = Setting(one_of(*ADAPTIVE), "rmsprop")
