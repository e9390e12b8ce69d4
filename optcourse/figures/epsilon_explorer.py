"""The ε-explorer of section 3.15: the U-shaped error of a numerical gradient, measured live."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from optcourse.arguments import Array, one_of, refuse
from optcourse.figures.base import Figure, Setting, short, some_of, within
from optcourse.figures.palette import scheme
from optcourse.gradient_check import SCHEMES, numerical_gradient
from optcourse.problems import sigmoid, softplus

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture

SMALLEST, LARGEST = 1e-20, 1.0  # ε
FLOOR = 1e-18  # errors below it, and no error at all, are drawn here
REACH = 10.0  # of θ


@dataclass(frozen=True, eq=False)
class Smooth:
    """A loss of one number whose derivatives are known.

    Attributes
    ----------
    label, formula : str
        What it is called, and its formula.
    loss : function
        The loss, for single, double and complex numbers alike.
    slopes : function
        Returns L′, L″ and L‴ at θ.
    theta : float
        Where the figure begins. At round numbers differences can be exact by luck: of θ³ at 2 the forward one is.
    """

    label: str
    formula: str
    loss: Callable[[Any], Any]
    slopes: Callable[[float], tuple[float, float, float]]
    theta: float


def _cube(theta: Any) -> Any:
    return theta * theta * theta


def _cube_slopes(theta: float) -> tuple[float, float, float]:
    return 3 * theta**2, 6 * theta, 6.0


def _wavy_slopes(theta: float) -> tuple[float, float, float]:
    s, c = math.sin(theta), math.cos(theta)
    value = math.exp(s)
    return c * value, (c**2 - s) * value, (c**3 - 3 * s * c - c) * value


def _bell_slopes(t: float) -> tuple[float, float, float]:
    q = 1 + 25 * t**2
    return -50 * t / q**2, (5000 * t**2 - 50 * q) / q**3, (15000 * t * q - 750000 * t**3) / q**4


def _softplus_slopes(theta: float) -> tuple[float, float, float]:
    p, q = sigmoid(np.array([theta, -theta])).tolist()
    return p, p * q, p * q * (q - p)


LOSSES: dict[str, Smooth] = {
    "wavy": Smooth("wavy", "exp(sin θ)", lambda theta: np.exp(np.sin(theta)), _wavy_slopes, 1.0),
    "cube": Smooth("cube", "θ³", _cube, _cube_slopes, 1.7),
    "bell": Smooth("narrow bell", "1 / (1 + 25 θ²)", lambda t: 1 / (1 + 25 * (t * t)), _bell_slopes, 0.3),
    "softplus": Smooth("logistic", "log(1 + exp θ)", softplus, _softplus_slopes, 1.0),
    "lifted": Smooth("lifted cube", "θ³ + 10⁶", lambda theta: _cube(theta) + 1e6, _cube_slopes, 1.7),
}
FACTS = {name: {"label": one.label, "formula": one.formula, "theta": one.theta} for name, one in LOSSES.items()}
ORDER = ("forward", "central", "complex")
WORDS = {"forward": "forward", "central": "central", "complex": "complex step"}
assert set(ORDER) == set(SCHEMES)


def yes_or_no(name: str, value: Any) -> bool:
    """True or False."""
    if not isinstance(value, bool | np.bool_):
        raise refuse(name, value, "must be True or False")
    return bool(value)


class EpsilonExplorer(
    Figure,
    files=("differences.js", "epsilon_explorer.js"),
    constants={"FACTS": FACTS, "WORDS": WORDS, "EPS_RANGE": [SMALLEST, LARGEST], "FLOOR": FLOOR, "REACH": REACH},
    css=("epsilon_explorer.css",),
):
    """The error of a measured slope against ε: too large and the loss bends, too small and rounding drowns the change.

    Parameters
    ----------
    loss : str
        ``"wavy"``: exp(sin θ), ``"cube"``: θ³, ``"bell"``: 1 / (1 + 25 θ²), ``"softplus"``: log(1 + exp θ),
        ``"lifted"``: θ³ + 10⁶.
    theta : float
        Where the slope is measured, between −10 and 10.
    eps : float
        The step ε, between 1e-20 and 1.
    schemes : list of str
        Which are shown, out of ``"forward"``, ``"central"`` and ``"complex"``.
    single : bool
        Compute in single precision.

    Examples
    --------
    >>> explorer = EpsilonExplorer(loss="cube", theta=2.0, eps=0.1)
    >>> round(explorer.slope, 6), {name: round(slope, 6) for name, slope in explorer.measured.items()}
    (12.0, {'forward': 12.61, 'central': 12.01, 'complex': 11.99})
    >>> explorer.text
    'θ³ at θ = 2, slope 12, ε = 0.1. Off by: forward 0.61 (1 digit right), central 0.01 (3 digits right), ...'
    """

    loss = Setting(one_of(*LOSSES), "wavy")
    theta = Setting(within(-REACH, REACH), 1.0)
    eps = Setting(within(SMALLEST, LARGEST), 1e-2)
    schemes = Setting(some_of(*ORDER), ORDER)
    single = Setting(yes_or_no, False)

    @property
    def point(self) -> Any:
        """The point θ in the working precision."""
        return (np.float32 if self.single else np.float64)(self.theta)

    @property
    def slope(self) -> float:
        """The true slope there."""
        return LOSSES[self.loss].slopes(float(self.point))[0]

    def measure(self, scheme: str, eps: float) -> float:
        """Measure the slope with `optcourse.numerical_gradient`; NaN where θ + ε rounds to θ."""
        step = type(self.point)(eps)
        if scheme != "complex" and self.point + step == self.point:
            return math.nan
        loss = LOSSES[self.loss].loss
        return float(numerical_gradient(lambda theta: loss(theta[0]), self.point[None], eps=eps, scheme=scheme)[0])

    @property
    def measured(self) -> dict[str, float]:
        """The slope as each shown scheme measures it at the chosen ε."""
        return {name: self.measure(name, self.eps) for name in self.schemes}

    def errors(self, scheme: str, grid: Array) -> Array:
        """Return the error of the slope for each ε of a grid."""
        return np.array([abs(self.measure(scheme, float(eps)) - self.slope) for eps in grid])

    @property
    def text(self) -> str:
        """What the figure shows, in words."""
        precision = ", single precision" if self.single else ""
        opening = f"{LOSSES[self.loss].formula} at θ = {short(self.theta)}{precision}, slope {short(self.slope)}, "
        opening += f"ε = {short(self.eps)}."
        if not self.schemes:
            return f"{opening} No scheme is shown."
        return f"{opening} Off by: {', '.join(self._told(name, found) for name, found in self.measured.items())}."

    def _told(self, name: str, found: float) -> str:
        if math.isnan(found):
            return f"{WORDS[name]} everything (θ + ε rounds to θ)"
        digits = right_digits(found, self.slope)
        counted = "1 digit" if digits == 1 else f"{digits} digits" if digits else "no digit"
        return f"{WORDS[name]} {short(abs(found - self.slope))} ({counted} right)"

    def picture(self) -> Picture:
        """Draw the errors against ε."""
        from matplotlib.figure import Figure as Picture

        colours = scheme("light")
        picture = Picture(figsize=(8, 3.8), layout="constrained")
        axes = picture.subplots()
        grid = 10.0 ** np.arange(-20, 0.01, 0.125)
        for name in self.schemes:
            errors = np.maximum(self.errors(name, grid), FLOOR)
            axes.loglog(
                grid,
                errors,
                ".-",
                color=colours[name],
                ms=3,
                lw=1,
                label=WORDS[name],
                zorder=2 if name == "complex" else 3,
            )
            if name != "complex":
                u = float(np.finfo(type(self.point)).eps) / 2
                best = SCHEMES[name][1](u) * max(1.0, abs(self.theta))
                axes.axvline(best, color=colours[name], lw=1, ls=":")
        axes.axvline(self.eps, color=colours["edge"], lw=1, ls="--")
        axes.set(xlim=(SMALLEST, LARGEST), ylim=(FLOOR / 3, 1e4), xlabel="ε", ylabel="error of the slope")
        title = (
            f"L(θ) = {LOSSES[self.loss].formula}; dotted: the ε that optcourse takes by default; dashed: the chosen ε"
        )
        axes.set_title(title, fontsize=9, color=colours["muted"], loc="left")
        axes.grid(color=colours["grid"], lw=0.6)
        if self.schemes:
            axes.legend(fontsize=8, frameon=False)
        picture.supxlabel(self.text, fontsize=8, wrap=True)
        return picture


def right_digits(measured: float, slope: float) -> int:
    """Count the right digits of a measured slope, 0 to 16; ``differences.js`` has the same rule.

    Examples
    --------
    >>> right_digits(12.01, 12.0), right_digits(-12.0, 12.0), right_digits(12.0, 12.0)
    (3, 0, 16)
    """
    if not abs(measured - slope) < abs(slope):
        return 0
    return 16 if measured == slope else min(16, math.floor(-math.log10(abs(measured - slope) / abs(slope))))
