"""3.8 Line search: the direction is given, how far should we go?"""

from __future__ import annotations

import math
import sys
from typing import Any, NamedTuple

import numpy as np

from optcourse.arguments import (
    Array,
    Gradient,
    Loss,
    checked,
    count,
    defined,
    iterate,
    open_fraction,
    positive,
    refuse,
)
from optcourse.streams import Counted

ROUNDING = 4 * sys.float_info.epsilon  # relative: below this, two losses cannot be told apart
LEAST_RATE = 1e-18


class Step(NamedTuple):
    """One trial of a line search: θ + α d, with what was evaluated there."""

    rate: float
    theta: Array
    loss: float
    grad: Any = None  # ∇L there, if the loss was low enough to ask
    slope: float = math.nan  # φ′ there, likewise


def standing(loss: Loss, grad: Gradient, theta: Array) -> Step:
    """Return the step of no length from which a method sets out."""
    return Step(0.0, theta, loss(theta), grad(theta))


def fits(direction: Array, theta: Array) -> None:
    """Refuse a direction of another shape than the point."""
    if np.shape(direction) != np.shape(theta):
        raise refuse("direction", direction, f"must have the shape of theta, {np.shape(theta)}")


def downhill(slope: float, direction: Array) -> float:
    """Return the slope φ′(0) if the direction goes down."""
    if not slope < 0:
        raise refuse("direction", direction, f"must point downhill, but the slope along it is {slope:.3g}")
    return slope


@checked(direction=iterate, lr=positive, c1=open_fraction, shrink=open_fraction)
def backtracking(
    loss: Loss, grad: Gradient, theta: Array, direction: Array, lr: float = 1.0, c1: float = 1e-4, shrink: float = 0.5
) -> Step:
    r"""Shorten the step until it pays: :math:`\varphi(\alpha) \le \varphi(0) + c_1 \alpha \varphi'(0)` (Armijo).

    Here φ(α) = L(θ + α d).

    Parameters
    ----------
    loss, grad : functions of theta
        L and ∇L; the gradient is asked for once, at θ.
    theta, direction : float or array of one shape
        The point θ and a direction d with φ′(0) = ∇L(θ)ᵀd < 0.
    lr : float
        The first α to try.
    c1 : float
        The share of the promised decrease to insist on, in (0, 1).
    shrink : float
        What α is multiplied with after a refusal, in (0, 1).

    Returns
    -------
    Step
        ``rate`` α, ``theta`` θ + α d, in the precision of θ, and ``loss`` L(θ + α d).

    Raises
    ------
    ValueError
        If the direction does not point downhill, the loss at θ or the gradient there is NaN, or no step above 1e-18
        decreases the loss (then `grad` and `loss` do not belong together: see `check_gradient`).

    References
    ----------
    L. Armijo, "Minimization of functions having Lipschitz continuous first partial derivatives", Pacific J. Math. 16
    (1966). J. Nocedal and S. Wright, *Numerical Optimization*, 2nd ed. (2006), algorithm 3.1.

    Examples
    --------
    >>> backtracking(lambda theta: theta**2, lambda theta: 2 * theta, theta=2.0, direction=-4.0, c1=0.1).rate
    0.5
    """
    fits(direction, theta)
    start, way = theta.astype(float), direction.astype(float)
    loss, grad = Counted("loss", loss, start), Counted("grad", grad, start)
    slope = downhill(float(np.vdot(grad(start), way)), direction)
    found = armijo_step(loss, start, way, slope, lr, c1, shrink)
    if found is None:
        raise refuse("direction", direction, "gives no decrease at any step: does grad belong to loss?")
    return found._replace(theta=found.theta.astype(theta.dtype))


def armijo_step(
    loss: Loss, theta: Array, direction: Array, slope: float, lr: float = 1.0, c1: float = 1e-4, shrink: float = 0.5
) -> Step | None:
    """Backtrack along a direction of known slope; None if no step pays."""
    here, alpha = defined("loss", loss(theta), theta), lr
    while not (there := loss(theta + alpha * direction)) <= here + c1 * alpha * slope:  # NaN is refused too
        alpha *= shrink
        if alpha < LEAST_RATE:
            return None
    return Step(alpha, theta + alpha * direction, float(there))


@checked(direction=iterate, lr=positive, c1=open_fraction, c2=open_fraction, evaluations=count)
def strong_wolfe(
    loss: Loss,
    grad: Gradient,
    theta: Array,
    direction: Array,
    lr: float = 1.0,
    c1: float = 1e-4,
    c2: float = 0.9,
    evaluations: int = 60,
) -> Step:
    r"""Find a step that pays and ends where the slope is flat: the strong Wolfe conditions.

    .. math:: \varphi(\alpha) \le \varphi(0) + c_1 \alpha \varphi'(0), \qquad
              |\varphi'(\alpha)| \le c_2 |\varphi'(0)|

    The first makes the step pay, the second keeps it from being too short, and makes yᵀs > 0 for quasi-Newton.

    Parameters
    ----------
    loss, grad : functions of theta
        L and ∇L.
    theta, direction : float or array of one shape
        The point θ and a direction d with φ′(0) = ∇L(θ)ᵀd < 0.
    lr : float
        The first α to try.
    c1, c2 : float
        0 < c1 < c2 < 1; for nonlinear conjugate gradients c2 < 1/2.
    evaluations : int
        The most trial steps.

    Returns
    -------
    Step
        ``rate`` α, and ``theta``, ``loss``, ``grad`` there, in the precision of θ.

    Raises
    ------
    ValueError
        If c1 ≥ c2, the direction does not point downhill, the loss at θ or a gradient is NaN, or no such step was found
        (the loss falls for ever along d, or `grad` does not belong to `loss`).

    References
    ----------
    P. Wolfe, "Convergence conditions for ascent methods", SIAM Review 11 (1969). J. Nocedal and S. Wright,
    *Numerical Optimization*, 2nd ed. (2006), algorithms 3.5 and 3.6. The interval kept by the widening phase is that
    of J. J. Moré and D. J. Thuente, "Line search algorithms with guaranteed sufficient decrease", ACM TOMS 20 (1994).

    Examples
    --------
    >>> step = strong_wolfe(lambda theta: theta**2, lambda theta: 2 * theta, theta=2.0, direction=-4.0, c1=0.1)
    >>> float(step.rate), float(step.theta)
    (0.5, 0.0)
    """
    fits(direction, theta)
    if c1 >= c2:
        raise refuse("c1", c1, f"must be below c2 = {c2}")
    start, way = np.ravel(theta).astype(float), np.ravel(direction).astype(float)
    loss, grad = (Counted(name, f, theta, as_vector=True) for name, f in (("loss", loss), ("grad", grad)))
    here = Step(0.0, start, defined("loss", loss(start), theta), grad(start))
    slope = downhill(float(np.vdot(here.grad, way)), direction)
    found = wolfe_step(loss, grad, here, way, lr, c1, c2, evaluations)
    if found is None or abs(found.slope) > -c2 * slope:
        raise refuse("direction", direction, f"gives no strong Wolfe step within {evaluations} trials")
    there, gradient = (one.reshape(np.shape(theta)).astype(theta.dtype)[()] for one in (found.theta, found.grad))
    return found._replace(theta=there, grad=gradient)


def wolfe_step(
    loss: Loss,
    grad: Gradient,
    here: Step,
    direction: Array,
    lr: float = 1.0,
    c1: float = 1e-4,
    c2: float = 0.9,
    evaluations: int = 60,
    thrifty: bool = False,
) -> Step | None:
    """Search from a point already evaluated; None if nothing pays: the line search inside the methods of 3.7, 3.8.

    Points, gradients and the direction are vectors. A thrifty search asks for no gradient at a first trial that looks
    too steep by the losses alone: worth it where c2 is small and most first trials are.
    """
    slope = float(np.vdot(here.grad, direction))  # which, unlike dot, does not warn where it is beyond all floats
    if not slope < 0:
        return None
    noise = ROUNDING * abs(here.loss)
    low = Step(0.0, here.theta, here.loss, here.grad, slope)  # pays best so far; a Wolfe step lies towards `high`
    high: Step | None = None
    alpha = lr
    for trials in range(evaluations):
        theta = here.theta + alpha * direction
        there = float(loss(theta))
        if not there <= min(here.loss + c1 * alpha * slope, low.loss) + noise:  # NaN is refused too
            high = Step(alpha, theta, there)
        elif thrifty and trials == 0 and (better := _flatter(low, alpha, there, c2, noise)):
            alpha = better
            continue
        else:
            gradient = grad(theta)
            trial = Step(alpha, theta, there, gradient, float(gradient.dot(direction)))
            if abs(trial.slope) <= -c2 * slope:
                return trial
            if high is None and trial.slope < 0:  # still falling: widen
                alpha, low = _beyond(low, trial), trial
                continue
            if high is None or trial.slope * (high.rate - low.rate) >= 0:
                high = low
            low = trial
        if abs(low.slope * (high.rate - low.rate)) <= noise and _alike(low.theta, high.theta):
            break  # what is left to win drowns in rounding, and so does the way there, where slopes could still tell
        alpha = _between(low, high)
    return low if low.loss < here.loss else None


def _flatter(low: Step, alpha: float, there: float, c2: float, noise: float) -> float | None:
    """Return where the parabola through φ(0), φ′(0) and φ(α) is flat, if by it φ′(α) is too steep for strong Wolfe.

    None where it is flat enough, where the way there is at least four times as long, or where rounding blurs it.
    """
    bend = (there - low.loss) / alpha - low.slope  # half of what the slope changes on the way to α
    if -low.slope * alpha <= 1e3 * noise or abs(low.slope + 2 * bend) <= -c2 * low.slope or bend <= -low.slope / 8:
        return None
    return -low.slope * alpha / (2 * bend)


def _alike(theta: Array, other: Array) -> bool:
    """Whether rounding keeps the points apart, and nothing more."""
    return bool(np.abs(other - theta).max() <= ROUNDING * np.abs(theta).max())


def _beyond(low: Step, trial: Step) -> float:
    """Return where a straight line through the two slopes reaches zero, kept 1.1 to 4 widths beyond `trial`."""
    width, flattening = trial.rate - low.rate, trial.slope - low.slope
    further = -trial.slope * width / flattening if flattening > 0 else math.inf
    return trial.rate + min(max(further, 1.1 * width), 4 * width)


def _between(low: Step, high: Step) -> float:
    """Return where a curve through both ends is lowest, kept inside; half way where it has no bottom."""
    width = high.rate - low.rate
    fall = -low.slope * width  # by a straight line; measured in it, losses and slopes may be squared
    share = _bottom((high.loss - low.loss) / fall, high.slope * width / fall) if fall else math.nan
    return low.rate + width * (min(max(share, 0.1), 0.9) if math.isfinite(share) else 0.5)


def _bottom(rise: float, slope: float) -> float:
    """Return the minimiser of the cubic that is 0 at 0, with slope −1, and `rise` at 1, with `slope`; NaN if none.

    Without that slope (NaN) the curve is a parabola.
    """
    if math.isnan(slope):
        return 0.5 / (rise + 1) if -1 < rise < math.inf else math.nan
    theta = slope - 1 - 3 * rise  # Nocedal & Wright, eq. (3.59)
    square = theta * theta + slope  # not theta**2: of floats that raises an error where this is infinite
    root = math.sqrt(square) if square >= 0 else math.nan
    bend = slope + 1 + 2 * root
    return 1 - (slope + root - theta) / bend if bend else math.nan


def first_trial(last: float, last_slope: float, slope: float) -> float:
    """Return a first α that by the slopes alone promises as much as the last step did; the last, if there was none.

    Nocedal & Wright, section 3.5; kept finite where the slope is lost in rounding.
    """
    return last * min(last_slope / slope, 1e10) if last_slope else last
