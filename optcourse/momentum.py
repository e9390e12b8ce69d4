"""3.3 Momentum and Nesterov: keep some of the last step."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from optcourse.arguments import Array, Gradient, checked, fraction, positive, refuse
from optcourse.streams import Iterates, Rate, rates, stream


@stream()
def momentum(grad: Gradient, theta: Array, lr: Rate = 0.01, beta: float = 0.9) -> Iterates:
    r"""Polyak's heavy ball: :math:`v \leftarrow \beta v + \nabla L(\theta),\ \theta \leftarrow \theta - \eta v`.

    Parameters
    ----------
    grad : function of theta
        Returns ∇L(θ), of the shape of θ.
    theta : float or array
        The start θ₀, of any shape.
    lr : float or schedule
        The step size η > 0.
    beta : float
        The memory, in [0, 1); 0 is gradient descent.

    Yields
    ------
    theta : float or array
        θ₁, θ₂, …; ``state["velocity"]`` is v.

    Raises
    ------
    ValueError
        If an argument is not as above, or `grad` returns another shape, NaN or infinity.

    Notes
    -----
    The same rule as ``torch.optim.SGD(momentum=beta, dampening=0)``. The folded form v ← βv + ηg, θ ← θ − v differs
    from it whenever η changes in time.

    References
    ----------
    B. T. Polyak, "Some methods of speeding up the convergence of iteration methods", USSR Comput. Math. Math. Phys.
    4(5) (1964), eq. (9).

    Examples
    --------
    >>> from itertools import islice
    >>> [float(round(theta, 3)) for theta in islice(momentum(lambda theta: 2 * theta, 4.0, lr=0.1, beta=0.5), 3)]
    [3.2, 2.16, 1.208]
    """
    velocity = np.zeros_like(theta)
    for rate in rates(lr):
        velocity = beta * velocity + grad(theta)
        theta = theta - rate * velocity
        yield theta


def memory_rule(name: str, value: Any) -> Any:
    """A number in [0, 1), or a function of the step that returns one."""
    return value if callable(value) else fraction(name, value)


def memories(beta: Rate) -> Iterator[float]:
    """Yield β₀, β₁, …: a number for ever, or what a function of the step says, each in [0, 1)."""
    if not callable(beta):
        return itertools.repeat(beta)
    return (fraction("beta", beta(step)) for step in itertools.count())


@stream(beta=memory_rule)
def nesterov(grad: Gradient, theta: Array, lr: Rate = 0.01, beta: Rate = 0.9) -> Iterates:
    r"""Look ahead, then step: :math:`v \leftarrow \beta v + \nabla L(\theta - \eta\beta v)`, then as `momentum`.

    The step itself is :math:`\theta \leftarrow \theta - \eta v`, with the velocity just made.

    Parameters
    ----------
    grad : function of theta
        Returns ∇L(θ), of the shape of θ. It is asked at the look-ahead point, not at θ.
    theta : float or array
        The start θ₀, of any shape.
    lr : float or schedule
        The step size η > 0.
    beta : float or function of the step
        The memory, in [0, 1); 0 is gradient descent. For convex losses without strong convexity
        ``beta=lambda step: step / (step + 3)`` and η = 1/L_smooth give the rate O(1/k²).

    Yields
    ------
    theta : float or array
        θ₁, θ₂, …; ``state["velocity"]`` is v and ``state["lookahead"]`` where the gradient was taken.

    Raises
    ------
    ValueError
        If an argument is not as above, or `grad` returns another shape, NaN or infinity.

    Notes
    -----
    ``torch.optim.SGD(momentum=beta, nesterov=True)`` stores θ̃ = θ − ηβv and updates it by v ← βv + ∇L(θ̃),
    θ̃ ← θ̃ − η(∇L(θ̃) + βv): its parameters are not our θ but our next look-ahead, as long as η and β are constant.
    When η changes, our look-ahead uses the new η and the library's the old one.

    References
    ----------
    Y. Nesterov, "A method of solving a convex programming problem with convergence rate O(1/k²)", Soviet Math. Dokl.
    27 (1983).
    I. Sutskever, J. Martens, G. Dahl and G. Hinton, "On the importance of initialization and momentum in deep
    learning", ICML (2013), eqs. (3)–(4).

    Examples
    --------
    >>> from itertools import islice
    >>> [float(round(theta, 3)) for theta in islice(nesterov(lambda theta: 2 * theta, 4.0, lr=0.1, beta=0.5), 3)]
    [3.2, 2.24, 1.408]
    """
    velocity = np.zeros_like(theta)
    for rate, memory in zip(rates(lr), memories(beta), strict=False):
        lookahead = theta - rate * memory * velocity
        velocity = memory * velocity + grad(lookahead)
        theta = theta - rate * velocity
        yield theta


class HeavyBall(NamedTuple):
    """The best constants of `momentum` for a quadratic, and the factor they win per step."""

    lr: float
    beta: float
    rate: float


@checked(mu=positive, L_smooth=positive)
def optimal_momentum(mu: float, L_smooth: float) -> HeavyBall:
    r"""Return heavy ball's best constants for a quadratic with curvatures between `mu` and `L_smooth`.

    With κ = L_smooth/μ they are :math:`\eta = 4/(\sqrt{L} + \sqrt{\mu})^2` and :math:`\beta = \rho^2`, where the error
    shrinks by :math:`\rho = (\sqrt\kappa - 1)/(\sqrt\kappa + 1)` a step; gradient descent's best is (κ − 1)/(κ + 1).

    Parameters
    ----------
    mu, L_smooth : float
        The smallest and the largest curvature, 0 < mu ≤ L_smooth.

    Returns
    -------
    HeavyBall
        Named tuple of ``lr``, ``beta`` and the ``rate`` ρ.

    Raises
    ------
    ValueError
        If not 0 < mu ≤ L_smooth.

    Notes
    -----
    Best for *quadratics* only: on a strongly convex function that is not one, these constants may cycle for ever
    (Lessard, Recht and Packard 2016, section 4.6).

    References
    ----------
    B. T. Polyak, "Some methods of speeding up the convergence of iteration methods", USSR Comput. Math. Math. Phys.
    4(5) (1964), theorem 3.
    L. Lessard, B. Recht and A. Packard, "Analysis and design of optimization algorithms via integral quadratic
    constraints", SIAM J. Optim. 26 (2016).

    Examples
    --------
    >>> lr, beta, rate = optimal_momentum(mu=1.0, L_smooth=9.0)
    >>> lr, beta, rate
    (0.25, 0.25, 0.5)
    """
    if mu > L_smooth:
        raise refuse("mu", mu, f"must be at most L_smooth = {L_smooth}")
    low, high = math.sqrt(mu), math.sqrt(L_smooth)  # κ itself may be beyond all floats
    rate = (high - low) / (high + low)
    return HeavyBall(lr=(2 / (high + low)) ** 2, beta=rate**2, rate=rate)
