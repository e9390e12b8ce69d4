"""Certificates of optimality: numbers that are zero at a solution and only there, one home for all of them.

Each takes what defines the problem and a candidate, and returns how far the candidate is from being optimal, without
knowing the answer. Tests assert them before they compare with any peer; `optcourse.run` stops on them.
"""

from __future__ import annotations

from collections.abc import Callable
from numbers import Real
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from optcourse.arguments import (
    Array,
    Gradient,
    Rule,
    checked,
    fitting,
    matrix,
    norm,
    number,
    open_fraction,
    positive,
    refuse,
    vector,
)
from optcourse.streams import Counted


def program_with(*parts: str) -> Rule:
    """Make a rule: a program that has these parts, since this module knows no method and none of their classes."""

    def rule(name: str, value: Any) -> Any:
        if not all(hasattr(value, part) for part in parts):
            raise refuse(name, value, "must be a LinearProgram" if "bounds" in parts else "must be a QuadraticProgram")
        return value

    return rule


linear, quadratic = program_with("c", "A_ub", "A_eq", "bounds"), program_with("Q", "c", "A_ub", "A_eq", "floor")


@checked()
def gradient_norm(grad: Gradient, theta: Array) -> float:
    r"""Return :math:`\|\nabla L(\theta)\|_2`: zero exactly at stationary points, which for convex L are the minima.

    Parameters
    ----------
    grad : function of theta
        Returns ∇L(θ), of the shape of θ.
    theta : float or array
        The candidate.

    Returns
    -------
    float
        In units of the loss per unit of θ.

    Raises
    ------
    ValueError
        If θ is not finite, or ∇L(θ) is NaN or infinite (a `NonFiniteError`) or of another shape.

    References
    ----------
    J. Nocedal and S. Wright, *Numerical Optimization*, 2nd ed. (2006), theorem 2.2.

    Examples
    --------
    >>> gradient_norm(lambda theta: 2 * theta, [3.0, 4.0])
    10.0
    """
    return norm(Counted("grad", grad, theta)(theta))


@checked(lr=positive)
def prox_residual(grad: Gradient, prox: Callable[[Array, float], Array], theta: Array, lr: float) -> float:
    r"""Return how far a proximal step moves, divided by its rate.

    .. math:: \frac{1}{\eta} \bigl\| \theta - \mathrm{prox}_{\eta h}(\theta - \eta \nabla f(\theta)) \bigr\|

    Zero exactly where 0 ∈ ∇f(θ) + ∂h(θ), which for convex f and h are the minima of f + h; without h it is the norm
    of the gradient. With a projection for a prox it is the certificate of projected gradient descent.

    Parameters
    ----------
    grad : function of theta
        Returns ∇f(θ), of the shape of θ.
    prox : function of (v, rate)
        Returns the prox of rate · h at v, of the shape of v.
    theta : float or array
        The candidate.
    lr : float
        η > 0.

    Returns
    -------
    float
        In units of the loss per unit of θ.

    Raises
    ------
    ValueError
        If η ≤ 0, or what a function returns is NaN, infinite or of another shape than θ.

    References
    ----------
    N. Parikh and S. Boyd, "Proximal algorithms", Found. Trends Optim. 1 (2014), section 4.2.

    Examples
    --------
    >>> prox_residual(lambda theta: theta - 3, lambda v, rate: max(v - rate, 0.0), theta=2.0, lr=0.5)
    0.0
    """
    ahead = theta - lr * Counted("grad", grad, theta)(theta)
    return norm(theta - Counted("prox", prox, theta)(ahead, lr)) / lr


@checked()
def lasso_gap(X: Array, y: Array, lam: float, theta: Array) -> float:
    r"""Return the duality gap of the LASSO :math:`\tfrac12 \|y - X\theta\|^2 + \lambda \|\theta\|_1` at θ.

    The residual r = y − Xθ, scaled down until ‖Xᵀν‖∞ ≤ λ, is a feasible dual point ν with value
    ½‖y‖² − ½‖y − ν‖²; the gap bounds how far L(θ) is above the minimum, and is zero exactly there.

    Parameters
    ----------
    X : array, shape (n, p)
        The data.
    y : array, shape (n,)
        The targets.
    lam : float
        λ ≥ 0.
    theta : array, shape (p,)
        The candidate.

    Returns
    -------
    float
        ≥ 0, in units of the loss.

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

    Parameters
    ----------
    residual : array, shape (n,)
        r = y − Xθ.
    pull : array, shape (p,)
        Xᵀr.
    lam : float
        λ ≥ 0.
    theta : array, shape (p,)
        The candidate.

    Returns
    -------
    float
        ≥ 0, in units of the loss; NaN if an entry is NaN. Nothing is checked: it is called at every step.

    References
    ----------
    As for `lasso_gap`; the sum is its difference, multiplied out.

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


@checked(program=quadratic)
def duality_gap(program: Any, x: ArrayLike, nu: ArrayLike = (), mu: ArrayLike = ()) -> float:
    r"""Return f(x) − g(ν, μ) for a feasible x and multipliers ν, μ ≥ 0: how far x can be from optimal, at the most.

    Parameters
    ----------
    program : QuadraticProgram
        The problem; g is its Lagrange dual (see `optcourse.lagrange_dual`).
    x : array, shape (n,)
        A feasible point, within 1e-8.
    nu, mu : arrays, shapes (m,) and (k,)
        Multipliers of the m equalities (any sign) and k inequalities (≥ 0).

    Returns
    -------
    float
        In units of the objective; +∞ where the dual has no floor.

    Raises
    ------
    ValueError
        If x is not feasible: then the difference bounds nothing. If shapes do not fit.

    References
    ----------
    S. Boyd and L. Vandenberghe, *Convex Optimization* (2004), section 5.5.1.

    Examples
    --------
    >>> from optcourse import QuadraticProgram
    >>> program = QuadraticProgram(Q=np.eye(2), c=[0.0, 0.0], A_eq=[[1.0, 1.0]], b_eq=[2.0])
    >>> duality_gap(program, [2.0, 0.0], nu=[-1.0]), duality_gap(program, [1.0, 1.0], nu=[-1.0])
    (1.0, 0.0)
    """
    x = fitting("x", x, program.c)
    floor = program.floor(nu, mu)
    off = max(np.abs(program.A_eq @ x - program.b_eq).max(initial=0), (program.A_ub @ x - program.b_ub).max(initial=0))
    if off > 1e-8 * (1 + np.abs(x).max()):
        raise refuse("x", x, f"must be feasible, but misses a constraint by {off:.3g}")
    return float(program.value(x) - floor)


class KKTResiduals(NamedTuple):
    """How far a point and its multipliers are from each of the four conditions; all zero at a KKT point.

    Attributes
    ----------
    stationarity, primal, dual, complementarity : float
        The largest entry by which each is missed; see `kkt_residuals`.
    """

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

    Returns
    -------
    KKTResiduals
        Whose ``failing(tol)`` names the conditions that are missed.

    Raises
    ------
    ValueError
        If the shapes do not fit, or an entry is not finite.

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
    if balance.size == 0:
        raise refuse("gradient", gradient, "must have at least one entry")
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
    """How far a point and its prices are from solving a linear program, each relative to the numbers in it.

    Attributes
    ----------
    primal, dual, gap : float
        What is missed of feasibility, of dual feasibility, and between value and floor; see `lp_residuals`.
    """

    primal: float
    dual: float
    gap: float


@checked(program=linear)
def lp_floor(program: Any, y_ub: ArrayLike, y_eq: ArrayLike) -> tuple[float, float]:
    r"""Return the floor under all feasible :math:`c^\top x` that prices prove, and by how much they miss being prices.

    The floor is :math:`b_{ub}^\top y_{ub} + b_{eq}^\top y_{eq}` plus the least of :math:`r^\top x` within the bounds,
    r = c − A_ubᵀ y_ub − A_eqᵀ y_eq. It needs y_ub ≤ 0, and r_j ≥ 0 (≤ 0) where x_j has no upper (lower) bound: what is
    missed there is the second number.

    Parameters
    ----------
    program : LinearProgram
        The problem. With all costs zero, a floor above zero proves that nothing is feasible (Farkas).
    y_ub, y_eq : arrays, shapes (k,) and (m,)
        The prices of the k inequalities and m equalities.

    Returns
    -------
    floor, off : float
        The floor, in units of cᵀx, and what is missed, in units of c.

    Raises
    ------
    ValueError
        If the program is none, or prices do not fit it.

    References
    ----------
    S. Boyd and L. Vandenberghe, *Convex Optimization* (2004), sections 5.2.1 and 5.8 (alternatives).

    Examples
    --------
    >>> from optcourse import LinearProgram
    >>> program = LinearProgram(c=[-3.0, -2.0], A_ub=[[1.0, 1.0], [1.0, 0.0]], b_ub=[4.0, 3.0])
    >>> lp_floor(program, [-2.0, -1.0], []), lp_floor(program, [-3.0, 0.0], []), lp_floor(program, [-2.0, 0.0], [])
    ((-11.0, 0.0), (-12.0, 0.0), (-8.0, 1.0))
    """
    y_ub, y_eq = fitting("y_ub", y_ub, program.b_ub), fitting("y_eq", y_eq, program.b_eq)
    reduced = program.c - program.A_ub.T @ y_ub - program.A_eq.T @ y_eq
    nearest = np.where(reduced >= 0, *program.bounds.T)  # where r_j x_j is least
    bounded = np.isfinite(nearest)
    floor = program.b_ub @ y_ub + program.b_eq @ y_eq + reduced[bounded] @ nearest[bounded]
    return float(floor), float(max(y_ub.max(initial=0.0), np.abs(reduced[~bounded]).max(initial=0.0)))


@checked(program=linear)
def lp_residuals(program: Any, x: ArrayLike, y_ub: ArrayLike, y_eq: ArrayLike) -> LPResiduals:
    r"""Return how much x misses feasibility, how much the prices do, and how far :math:`c^\top x` is from their floor.

    All three are zero exactly at a solution; the first is relative to the sides and bounds, the second to the costs,
    the third to the value.

    Parameters
    ----------
    program : LinearProgram
        The problem.
    x, y_ub, y_eq : arrays, shapes (n,), (k,) and (m,)
        The point, and the prices of the k inequalities and m equalities.

    Returns
    -------
    LPResiduals

    Raises
    ------
    ValueError
        If the program is none, or the point or the prices do not fit it.

    References
    ----------
    H. D. Mittelmann, "An independent benchmarking of SDP and SOCP solvers", Math. Programming 95 (2003): the error
    measures of the DIMACS challenge; here with the largest entry for a norm.

    Examples
    --------
    >>> from optcourse import LinearProgram
    >>> program = LinearProgram(c=[-3.0, -2.0], A_ub=[[1.0, 1.0], [1.0, 0.0]], b_ub=[4.0, 3.0])
    >>> lp_residuals(program, [3.0, 1.0], [-2.0, -1.0], [])
    LPResiduals(primal=0.0, dual=0.0, gap=0.0)
    """
    x = fitting("x", x, program.c)
    floor, off = lp_floor(program, y_ub, y_eq)
    value = program.value(x)
    sides = np.concatenate([program.b_ub, program.b_eq, program.bounds[np.isfinite(program.bounds)]])
    return LPResiduals(
        primal=program.violation(x) / (1 + float(np.abs(sides).max(initial=0.0))),
        dual=off / (1 + float(np.abs(program.c).max())),
        gap=abs(value - floor) / (1 + abs(value)),
    )


@checked()
def conjugacy(A: Array, directions: ArrayLike) -> float:
    r"""Return the largest :math:`|d_i^\top A d_j| / \sqrt{d_i^\top A d_i\; d_j^\top A d_j}` of any two directions.

    The cosine of their angle as A measures it: zero exactly if the directions are A-conjugate.

    Parameters
    ----------
    A : array, shape (n, n)
        Symmetric positive definite.
    directions : array, shape (k, n)
        One a row.

    Returns
    -------
    float
        Between 0 and 1; 0 for a single direction.

    Raises
    ------
    ValueError
        If shapes do not fit, or A has no positive curvature along a direction (a direction of zeros, for one).

    References
    ----------
    M. R. Hestenes and E. Stiefel, "Methods of conjugate gradients for solving linear systems", J. Res. Nat. Bur.
    Standards 49 (1952), section 4.

    Examples
    --------
    >>> conjugacy([[2.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [0.0, 1.0]])
    0.0
    """
    D = matrix("directions", directions)
    if A.shape != (D.shape[1], D.shape[1]):
        raise refuse("A", A, f"must have shape {(D.shape[1], D.shape[1])} to fit the directions, not {A.shape}")
    products = D @ A @ D.T
    if not np.all(np.diag(products) > 0):
        raise refuse("directions", directions, "must have positive curvature dᵀAd, each of them")
    size = np.sqrt(np.diag(products))
    cosines = np.abs(products) / np.outer(size, size)
    return float(np.max(cosines - np.diag(np.diag(cosines)), initial=0.0))


def falling(name: str, value: Any) -> float:
    """A slope that leads down."""
    if number(name, value) >= 0:
        raise refuse(name, value, "must be below zero: the direction leads down")
    return float(value)


def no_nan(name: str, value: Any) -> float:
    """A number, which may be infinite: a step may have left the domain."""
    if not isinstance(value, Real) or np.isnan(float(value)):
        raise refuse(name, value, "must be a number: by NaN nothing is certified")
    return float(value)


@checked(
    here=number,
    slope=falling,
    there=no_nan,
    slope_there=no_nan,
    alpha=positive,
    c1=open_fraction,
    c2=open_fraction,
)
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
    alpha : float
        The step, > 0.
    c1, c2 : float
        The shares of the conditions, in (0, 1).

    Returns
    -------
    decrease, slope : float
        max(0, φ(α) − φ(0) − c₁ α φ′(0)) and max(0, |φ′(α)| − c₂ |φ′(0)|).

    Raises
    ------
    ValueError
        If φ′(0) ≥ 0, α ≤ 0, a share is not in (0, 1), or a value is NaN.

    References
    ----------
    J. Nocedal and S. Wright, *Numerical Optimization*, 2nd ed. (2006), eq. (3.7).

    Examples
    --------
    >>> wolfe_conditions(4.0, -16.0, 0.0, 0.0, alpha=0.5, c1=0.1)
    (0.0, 0.0)
    """
    return max(0.0, there - here - c1 * alpha * slope), max(0.0, abs(slope_there) + c2 * slope)
