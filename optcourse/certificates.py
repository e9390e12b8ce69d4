"""Certificates of optimality: numbers that are zero at a solution and only there, one home for all of them.

Each takes what defines the problem and a candidate, and returns how far the candidate is from being optimal, without
knowing the answer. Tests assert them before they compare with any peer; `optcourse.run` stops on them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from optcourse.arguments import Array, Gradient, checked, matrix, positive, refuse, vector


@checked()
def gradient_norm(grad: Gradient, theta: Array) -> float:
    r"""Return :math:`\|\nabla L(\theta)\|_2`: zero exactly at stationary points, which for convex L are the minima.

    Examples
    --------
    >>> gradient_norm(lambda theta: 2 * theta, [3.0, 4.0])
    10.0
    """
    return float(np.linalg.norm(np.ravel(grad(theta))))


@checked(lr=positive)
def prox_residual(grad: Gradient, prox: Callable[[Array, float], Array], theta: Array, lr: float) -> float:
    r"""Return how far a proximal step moves, divided by its rate.

    .. math:: \frac{1}{\eta} \bigl\| \theta - \mathrm{prox}_{\eta h}(\theta - \eta \nabla f(\theta)) \bigr\|

    Zero exactly where 0 ∈ ∇f(θ) + ∂h(θ), which for convex f and h are the minima of f + h; without h it is the norm
    of the gradient.

    References
    ----------
    N. Parikh and S. Boyd, "Proximal algorithms", Found. Trends Optim. 1 (2014), section 4.2.

    Examples
    --------
    >>> prox_residual(lambda theta: theta - 3, lambda v, rate: max(v - rate, 0.0), theta=2.0, lr=0.5)
    0.0
    """
    return float(np.linalg.norm(np.ravel(theta - prox(theta - lr * grad(theta), lr)))) / lr


@checked()
def lasso_gap(X: Array, y: Array, lam: float, theta: Array) -> float:
    r"""Return the duality gap of the LASSO :math:`\tfrac12 \|y - X\theta\|^2 + \lambda \|\theta\|_1` at θ.

    The residual r = y − Xθ, scaled down until ‖Xᵀν‖∞ ≤ λ, is a feasible dual point ν with value
    ½‖y‖² − ½‖y − ν‖²; the gap bounds how far L(θ) is above the minimum, and is zero exactly there.

    Raises
    ------
    ValueError
        If shapes do not fit, or λ < 0.

    References
    ----------
    S.-J. Kim, K. Koh, M. Lustig, S. Boyd and D. Gorinevsky, "An interior-point method for large-scale ℓ1-regularized
    least squares", IEEE J. Sel. Top. Signal Process. 1 (2007), section III.B.

    Examples
    --------
    >>> lasso_gap([[2.0, 0.0], [0.0, 1.0]], [4.0, 1.5], 1.0, [1.75, 0.5])
    0.0
    """
    if X.shape != (np.size(y), np.size(theta)):
        raise refuse("X", X, f"must have shape {(np.size(y), np.size(theta))} to fit y and theta, not {X.shape}")
    residual = y - X @ theta
    return lasso_gap_of(residual, residual @ X, lam, theta)


def lasso_gap_of(residual: Array, pull: Array, lam: float, theta: Array) -> float:
    r"""Return the LASSO's duality gap from what a solver has at hand: r and Xᵀr.

    With s the factor that makes ν = s r feasible, the difference of the two values is
    :math:`\tfrac12 (1-s)^2 \|r\|^2 + \sum_j (\lambda |\theta_j| - s\, \theta_j X_j^\top r)`: every term is ≥ 0, so a
    tiny gap is not lost between two large values.

    Examples
    --------
    >>> import numpy as np
    >>> lasso_gap_of(np.array([0.5, 1.0]), np.array([1.0, 1.0]), 1.0, np.array([1.75, 0.5]))
    0.0
    """
    steepest = float(np.abs(pull).max())
    s = min(1.0, lam / steepest) if steepest > 0 else 1.0
    slack = lam * np.abs(theta) - s * theta * pull
    return float(0.5 * (1 - s) ** 2 * (residual @ residual) + np.maximum(slack, 0.0).sum())


class KKTResiduals(NamedTuple):
    """How far a point and its multipliers are from each of the four conditions; all zero at a KKT point."""

    stationarity: float
    primal: float
    dual: float
    complementarity: float

    def failing(self, tol: float = 1e-8) -> list[str]:
        """Name the conditions missed by more than tol."""
        return [name for name, size in self._asdict().items() if not size <= tol]


def kkt_residuals(
    gradient: ArrayLike,
    *,
    equality: ArrayLike = (),
    equality_jacobian: ArrayLike | None = None,
    nu: ArrayLike = (),
    inequality: ArrayLike = (),
    inequality_jacobian: ArrayLike | None = None,
    mu: ArrayLike = (),
) -> KKTResiduals:
    r"""Return the four residuals of the KKT conditions for min f subject to h = 0, g ≤ 0, at one point.

    ==================  ==================================
    stationarity        ‖∇f + J_hᵀ ν + J_gᵀ μ‖∞
    primal feasibility  max(‖h‖∞, max(g, 0))
    dual feasibility    max(−μ, 0)
    complementarity     max |μ_i g_i|
    ==================  ==================================

    Parameters
    ----------
    gradient : array, shape (n,)
        ∇f at the point.
    equality, equality_jacobian, nu : arrays of shapes (m,), (m, n), (m,), optional
        h, its Jacobian and its multipliers.
    inequality, inequality_jacobian, mu : arrays of shapes (k,), (k, n), (k,), optional
        g, its Jacobian and its multipliers.

    Raises
    ------
    ValueError
        If the shapes do not fit.

    References
    ----------
    W. Karush (1939); H. W. Kuhn and A. W. Tucker, "Nonlinear programming" (1951). S. Boyd and L. Vandenberghe,
    *Convex Optimization* (2004), eq. (5.49).

    Examples
    --------
    >>> at_corner = dict(inequality=[0.0], inequality_jacobian=[[1.0]])  # min −x subject to x ≤ 1, at x = 1
    >>> kkt_residuals([-1.0], mu=[1.0], **at_corner).failing(), kkt_residuals([-1.0], mu=[0.5], **at_corner).failing()
    ([], ['stationarity'])
    """
    balance = vector("gradient", gradient)
    h, nu = vector("equality", equality), vector("nu", nu)
    g, mu = vector("inequality", inequality), vector("mu", mu)
    for name, jacobian, values, prices in (
        ("equality_jacobian", equality_jacobian, h, nu),
        ("inequality_jacobian", inequality_jacobian, g, mu),
    ):
        J = np.empty((0, balance.size)) if jacobian is None else matrix(name, jacobian)
        if J.shape != (values.size, balance.size) or prices.size != values.size:
            raise refuse(name, jacobian, f"must have shape {(values.size, balance.size)}, with one multiplier a row")
        balance = balance + J.T @ prices
    return KKTResiduals(
        stationarity=float(np.abs(balance).max()),
        primal=float(max(np.abs(h).max(initial=0.0), g.max(initial=0.0))),
        dual=float((-mu).max(initial=0.0)),
        complementarity=float(np.abs(mu * g).max(initial=0.0)),
    )


class LPResiduals(NamedTuple):
    """How far a point and its prices are from solving a linear program, each relative to the numbers in it."""

    primal: float
    dual: float
    gap: float


def lp_floor(program: Any, y_ub: ArrayLike, y_eq: ArrayLike) -> tuple[float, float]:
    r"""Return the floor under all feasible :math:`c^\top x` that prices prove, and by how much they miss being prices.

    The floor is :math:`b_{ub}^\top y_{ub} + b_{eq}^\top y_{eq}` plus the least of :math:`r^\top x` within the bounds,
    r = c − A_ubᵀ y_ub − A_eqᵀ y_eq. It needs y_ub ≤ 0, and r_j ≥ 0 (≤ 0) where x_j has no upper (lower) bound: what is
    missed there is the second number.

    Parameters
    ----------
    program : LinearProgram
        The problem. With all costs zero, a floor above zero proves that nothing is feasible (Farkas).
    y_ub, y_eq : arrays
        The prices of the inequalities and equalities.

    Examples
    --------
    >>> from optcourse import LinearProgram
    >>> program = LinearProgram(c=[-3.0, -2.0], A_ub=[[1.0, 1.0], [1.0, 0.0]], b_ub=[4.0, 3.0])
    >>> lp_floor(program, [-2.0, -1.0], []), lp_floor(program, [-3.0, 0.0], []), lp_floor(program, [-2.0, 0.0], [])
    ((-11.0, 0.0), (-12.0, 0.0), (-8.0, 1.0))
    """
    y_ub, y_eq = vector("y_ub", y_ub), vector("y_eq", y_eq)
    reduced = program.c - program.A_ub.T @ y_ub - program.A_eq.T @ y_eq
    nearest = np.where(reduced >= 0, *program.bounds.T)  # where r_j x_j is least
    bounded = np.isfinite(nearest)
    floor = program.b_ub @ y_ub + program.b_eq @ y_eq + reduced[bounded] @ nearest[bounded]
    return float(floor), float(max(y_ub.max(initial=0.0), np.abs(reduced[~bounded]).max(initial=0.0)))


def lp_residuals(program: Any, x: ArrayLike, y_ub: ArrayLike, y_eq: ArrayLike) -> LPResiduals:
    r"""Return how much x misses feasibility, how much the prices do, and how far :math:`c^\top x` is from their floor.

    All three are zero exactly at a solution; the first is relative to the sides and bounds, the second to the costs,
    the third to the value.

    Parameters
    ----------
    program : LinearProgram
        The problem.
    x, y_ub, y_eq : arrays
        The point, and the prices of the inequalities and equalities.

    Examples
    --------
    >>> from optcourse import LinearProgram
    >>> program = LinearProgram(c=[-3.0, -2.0], A_ub=[[1.0, 1.0], [1.0, 0.0]], b_ub=[4.0, 3.0])
    >>> lp_residuals(program, [3.0, 1.0], [-2.0, -1.0], [])
    LPResiduals(primal=0.0, dual=0.0, gap=0.0)
    """
    floor, off = lp_floor(program, y_ub, y_eq)
    value = program.value(x)
    sides = np.concatenate([program.b_ub, program.b_eq, program.bounds[np.isfinite(program.bounds)]])
    return LPResiduals(
        primal=program.violation(x) / (1 + float(np.abs(sides).max(initial=0.0))),
        dual=off / (1 + float(np.abs(program.c).max())),
        gap=abs(value - floor) / (1 + abs(value)),
    )


@checked()
def conjugacy(A: ArrayLike, directions: ArrayLike) -> float:
    r"""Return the largest :math:`|d_i^\top A d_j| / \sqrt{d_i^\top A d_i\; d_j^\top A d_j}` of any two directions.

    The cosine of their angle as A measures it: zero exactly if the directions are A-conjugate.

    Examples
    --------
    >>> conjugacy([[2.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [0.0, 1.0]])
    0.0
    """
    D = matrix("directions", directions)
    products = D @ matrix("A", A) @ D.T
    size = np.sqrt(np.diag(products))
    cosines = np.abs(products) / np.outer(size, size)
    return float(np.max(cosines - np.diag(np.diag(cosines)), initial=0.0))


def wolfe_conditions(
    here: float, slope: float, there: float, slope_there: float, alpha: float, c1: float = 1e-4, c2: float = 0.9
) -> tuple[float, float]:
    r"""Return by how much a step α misses the strong Wolfe conditions: in decrease, and in slope.

    Both are zero exactly if it meets them.

    Parameters
    ----------
    here, slope : float
        φ(0) and φ′(0) < 0.
    there, slope_there : float
        φ(α) and φ′(α).

    References
    ----------
    J. Nocedal and S. Wright, *Numerical Optimization*, 2nd ed. (2006), eq. (3.7).

    Examples
    --------
    >>> wolfe_conditions(4.0, -16.0, 0.0, 0.0, alpha=0.5, c1=0.1)
    (0.0, 0.0)
    """
    return max(0.0, there - here - c1 * alpha * slope), max(0.0, abs(slope_there) + c2 * slope)
