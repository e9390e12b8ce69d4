"""Test problems: losses with their gradients, Hessians and known answers.

Each function returns a `Problem`. Its ``loss`` takes θ in the last axis and any number of leading ones, so that a
whole grid is one call, and it is complex-analytic where the mathematics is, so that the complex step can differentiate it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from optcourse.arguments import Array, checked, count, refuse

Window = tuple[tuple[float, float], tuple[float, float]]


def at_least_one(name: str, value: Any) -> float:
    """A condition number."""
    if not (np.ndim(value) == 0 and np.isfinite(value) and value >= 1):
        raise refuse(name, value, "must be a finite number, 1 or more")
    return float(value)


@dataclass(frozen=True, eq=False)
class Problem:
    """A loss to minimise, and what is known about it.

    Attributes
    ----------
    name : str
        As in code, e.g. ``"rosenbrock"``.
    title : str
        As in prose, e.g. ``"Rosenbrock's valley"``.
    formula : str
        L(θ) in LaTeX.
    loss : function
        Maps θ of shape (..., n) to L of shape (...).
    grad, hess : function
        Map θ of shape (n,) to ∇L (n,) and ∇²L (n, n).
    start : array, shape (n,)
        A start worth watching.
    minimisers : array, shape (k, n)
        All global minimisers (those inside the window, if there are infinitely many).
    minimum : float
        L at the minimisers.
    window : pair of pairs
        ((left, right), (bottom, top)): what a picture of the first two coordinates should show.
    L_smooth, mu : float or None
        The largest and smallest curvature over all θ, where they exist.
    """

    name: str
    title: str
    formula: str
    loss: Callable[[Array], Any]
    grad: Callable[[Array], Array]
    hess: Callable[[Array], Array]
    start: Array
    minimisers: Array
    minimum: float
    window: Window = ((-2.0, 2.0), (-2.0, 2.0))
    L_smooth: float | None = None
    mu: float | None = None

    @property
    def dim(self) -> int:
        """How many parameters θ has."""
        return int(self.start.size)


@checked(kappa=at_least_one, dim=count)
def quadratic(kappa: float = 10.0, dim: int = 2) -> Problem:
    r"""Build a bowl with chosen condition number: :math:`\tfrac12 \sum_j \lambda_j \theta_j^2`, 1 = λ₁ ≤ … ≤ λ_n = κ.

    Parameters
    ----------
    kappa : float
        The condition number κ ≥ 1: the curvatures run from 1 to κ in equal ratios.
    dim : int
        The number of parameters.

    Examples
    --------
    >>> bowl = quadratic(kappa=10)
    >>> bowl.grad(np.array([1.0, 1.0])), bowl.L_smooth, bowl.mu
    (array([ 1., 10.]), 10.0, 1.0)
    """
    curvature = np.geomspace(1.0, kappa, dim) if dim > 1 else np.array([kappa])
    return Problem(
        name="quadratic",
        title=f"Bowl, κ = {kappa:g}",
        formula=r"\tfrac12 \sum_j \lambda_j \theta_j^2",
        loss=lambda theta: 0.5 * np.sum(curvature * theta**2, axis=-1),
        grad=lambda theta: curvature * theta,
        hess=lambda theta: np.diag(curvature),
        start=np.where(np.arange(dim) % 2, 1.0, -1.8),
        minimisers=np.zeros((1, dim)),
        minimum=0.0,
        L_smooth=float(curvature.max()),
        mu=float(curvature.min()),
    )


def rosenbrock() -> Problem:
    r"""Build Rosenbrock's curved valley: :math:`(1 - x)^2 + 100 (y - x^2)^2`, minimum 0 at (1, 1).

    References
    ----------
    H. H. Rosenbrock, "An automatic method for finding the greatest or least value of a function", Comput. J. 3 (1960).
    """

    def loss(theta: Array) -> Any:
        x, y = theta[..., 0], theta[..., 1]
        return (1 - x) ** 2 + 100 * (y - x**2) ** 2

    def grad(theta: Array) -> Array:
        x, y = theta
        return np.array([-2 * (1 - x) - 400 * x * (y - x**2), 200 * (y - x**2)])

    def hess(theta: Array) -> Array:
        x, y = theta
        return np.array([[2 - 400 * (y - 3 * x**2), -400 * x], [-400 * x, 200.0]])

    return Problem(
        name="rosenbrock",
        title="Rosenbrock's valley",
        formula=r"(1 - x)^2 + 100\,(y - x^2)^2",
        loss=loss,
        grad=grad,
        hess=hess,
        start=np.array([-1.2, 1.0]),
        minimisers=np.array([[1.0, 1.0]]),
        minimum=0.0,
        window=((-2.0, 2.0), (-1.0, 3.0)),
    )
