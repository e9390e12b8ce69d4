"""3.9 Convex optimization and duality: one valley, and a floor under it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from optcourse.arguments import (
    Array,
    Gradient,
    below,
    checked,
    count,
    defined,
    fitting,
    iterate,
    matrix,
    positive,
    refuse,
    vector,
)
from optcourse.streams import Counted, Iterates, Rate, rates, stream


class ConvexityVerdict(NamedTuple):
    """What the chord test found. `witness` is (a, b, t) with f above its chord at (1 − t) a + t b, by `excess`."""

    convex: bool
    witness: tuple[Array, Array, float] | None
    excess: float


@checked(low=iterate, high=iterate, samples=count)
def is_convex_on(
    f: Callable[[Array], Any], low: Array, high: Array, rng: np.random.Generator, samples: int = 2000
) -> ConvexityVerdict:
    r"""Look for a chord that f rises above: :math:`f((1-t)a + tb) > (1-t) f(a) + t f(b)` disproves convexity.

    Parameters
    ----------
    f : function of theta
        The function to doubt.
    low, high : float or array of one shape
        The corners of the box to look in.
    rng : numpy.random.Generator
        Draws the chords.
    samples : int
        How many chords to try.

    Returns
    -------
    ConvexityVerdict
        ``convex`` is False with a witness that proves it; True only says that no chord of `samples` disproved it.

    Raises
    ------
    ValueError
        If the corners have different shapes or low ≥ high somewhere, or f returns NaN or no number; +∞ is a value.

    References
    ----------
    S. Boyd and L. Vandenberghe, *Convex Optimization* (2004), eq. (3.1).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> is_convex_on(lambda x: x**2, -1.0, 1.0, rng).convex, is_convex_on(np.sin, 0.0, 6.0, rng).convex
    (True, False)
    """
    below(low, high)
    value = Counted("f", f, low, kind="number")
    worst, witness = 0.0, None
    for _ in range(samples):
        a, b, t = rng.uniform(low, high), rng.uniform(low, high), float(rng.uniform())
        *ends, between = (defined("f", value(theta), theta) for theta in (a, b, (1 - t) * a + t * b))
        excess = between - (1 - t) * ends[0] - t * ends[1]
        rounding = 8 * np.finfo(float).eps * (abs(ends[0]) + abs(ends[1]) + 1e-300)
        if excess > max(worst, rounding):
            worst, witness = excess, (a, b, t)
    return ConvexityVerdict(witness is None, witness, worst)


@checked()
def is_psd(A: Array, tol: float = 1e-12) -> bool:
    r"""Tell whether a symmetric matrix has no negative curvature: :math:`x^\top A x \ge 0` for all x.

    Parameters
    ----------
    A : array, shape (n, n)
        Symmetric.
    tol : float
        An eigenvalue counts as negative below −tol times the largest magnitude.

    Returns
    -------
    bool
        Whether no eigenvalue is below −tol · max |eigenvalue|.

    Raises
    ------
    ValueError
        If A is not square or not symmetric.

    References
    ----------
    S. Boyd and L. Vandenberghe, *Convex Optimization* (2004), section 3.1.4.

    Examples
    --------
    >>> is_psd([[1.0, 1.0], [1.0, 1.0]]), is_psd([[1.0, 2.0], [2.0, 1.0]])
    (True, False)
    """
    if A.size == 0:
        raise refuse("A", A, "must have at least one entry")
    if A.shape[0] != A.shape[1] or not np.allclose(A, A.T, rtol=1e-10, atol=1e-12 * np.abs(A).max()):
        raise refuse("A", A, "must be square and symmetric")
    eigenvalues = np.linalg.eigvalsh(A)
    return bool(eigenvalues[0] >= -tol * np.abs(eigenvalues).max())


@checked(v=iterate, radius=positive)
def project_simplex(v: Array, radius: float = 1.0) -> Array:
    r"""Return the nearest point of the simplex :math:`\{u \ge 0, \sum u = r\}`: subtract one level, cut at zero.

    Parameters
    ----------
    v : array, shape (n,)
        The point to project.
    radius : float
        What the entries sum to, > 0.

    Returns
    -------
    array
        Of the shape and precision of v.

    Raises
    ------
    ValueError
        If v is not a finite vector, or the radius is not above zero.

    References
    ----------
    M. Held, P. Wolfe and H. Crowder, "Validation of subgradient optimization", Math. Programming 6 (1974);
    J. Duchi et al., "Efficient projections onto the ℓ1-ball", ICML (2008), figure 1.

    Examples
    --------
    >>> project_simplex([0.5, 1.5, -1.0])
    array([0., 1., 0.])
    """
    if np.ndim(v) != 1:
        raise refuse("v", v, "must be a vector")
    dtype, v = v.dtype, v - v.max()  # the same projection, and the radius is not lost beside large entries
    falling = np.sort(v)[::-1]
    levels = (np.cumsum(falling) - radius) / np.arange(1, v.size + 1)
    level = levels[np.flatnonzero(falling > levels)[-1]]
    return np.maximum(v - level, 0.0).astype(dtype)


@stream()
def projected_gradient(grad: Gradient, project: Callable[[Array], Array], theta: Array, lr: Rate = 0.1) -> Iterates:
    r"""Step downhill, then to the nearest allowed point: :math:`\theta \leftarrow P(\theta - \eta \nabla L(\theta))`.

    Parameters
    ----------
    grad : function of theta
        Returns ∇L(θ), of the shape of θ.
    project : function of theta
        Returns the nearest point of a convex set, e.g. `project_simplex` or ``lambda v: prox_box(v, 0, 1)``.
    theta : float or array
        The start θ₀; need not be allowed.
    lr : float or schedule
        η ≤ 1/L_smooth guarantees descent from the first allowed point on.

    Yields
    ------
    theta : float or array
        θ₁, θ₂, …, all allowed.

    Raises
    ------
    ValueError
        If an argument is not as above, or a function returns another shape, NaN or infinity.

    References
    ----------
    A. A. Goldstein, "Convex programming in Hilbert space", Bull. AMS 70 (1964);
    E. S. Levitin and B. T. Polyak, "Constrained minimization methods", USSR Comput. Math. Math. Phys. 6 (1966).

    Examples
    --------
    >>> descent = projected_gradient(lambda theta: theta - np.array([2.0, 1.0]), project_simplex, [0.5, 0.5], lr=1.0)
    >>> next(descent)
    array([1., 0.])
    """
    for rate in rates(lr):
        theta = project(theta - rate * grad(theta))
        yield theta


@dataclass(frozen=True, eq=False)
class QuadraticProgram:
    r"""Minimise :math:`\tfrac12 x^\top Q x + c^\top x` subject to :math:`A_{eq} x = b_{eq},\ A_{ub} x \le b_{ub}`.

    Least norm (Q = I, c = 0, equalities), quadratic programs and linear programs (Q = 0) are all of this form.

    Parameters
    ----------
    Q : array, shape (n, n)
        Symmetric and positive semidefinite: else the problem is not convex.
    c : array, shape (n,)
        The linear part.
    A_eq, b_eq, A_ub, b_ub : arrays, optional
        The constraints, named as in ``scipy.optimize.linprog``; no rows if not given.

    Raises
    ------
    ValueError
        If shapes do not fit, or Q is not positive semidefinite.

    Examples
    --------
    >>> program = QuadraticProgram(Q=np.eye(2), c=[0.0, 0.0], A_eq=[[1.0, 1.0]], b_eq=[2.0])
    >>> program.value([1.0, 1.0])
    1.0
    """

    Q: Any
    c: Any
    A_eq: Any = None
    b_eq: Any = None
    A_ub: Any = None
    b_ub: Any = None

    def __post_init__(self) -> None:
        c = vector("c", self.c)
        if c.size == 0:
            raise refuse("c", self.c, "must have at least one entry")
        Q = matrix("Q", self.Q)
        if Q.shape != (c.size, c.size):
            raise refuse("Q", self.Q, f"must have shape {(c.size, c.size)}, like c, not {Q.shape}")
        if not is_psd(Q):
            raise refuse(
                "Q", self.Q, "must be positive semidefinite: with negative curvature the problem is not convex"
            )
        object.__setattr__(self, "Q", Q)
        object.__setattr__(self, "c", c)
        for rows, side in (("A_eq", "b_eq"), ("A_ub", "b_ub")):
            given = getattr(self, rows), getattr(self, side)
            A = np.empty((0, c.size)) if given[0] is None else matrix(rows, given[0])
            b = np.empty(0) if given[1] is None else vector(side, given[1])
            if A.shape != (b.size, c.size):
                raise refuse(rows, given[0], f"must have shape {(b.size, c.size)} to fit {side} and c, not {A.shape}")
            object.__setattr__(self, rows, A)
            object.__setattr__(self, side, b)

    def value(self, x: Array) -> float:
        """Return the objective at x."""
        x = vector("x", x)
        return float(0.5 * x @ self.Q @ x + self.c @ x)

    def grad(self, x: Array) -> Array:
        """Return the objective's gradient at x."""
        return self.Q @ x + self.c

    def prices(self, nu: Any, mu: Any) -> tuple[Array, Array]:
        """Return the multipliers as arrays: one for each equality, and one for each inequality."""
        return fitting("nu", nu, self.b_eq), fitting("mu", mu, self.b_ub)

    def floor(self, nu: Any = (), mu: Any = ()) -> float:
        """Return the Lagrange dual g(ν, μ): what the objective is at least, wherever the constraints hold."""
        return lagrange_dual(self).value(nu, mu)


class LagrangeDual(NamedTuple):
    """The dual of a `QuadraticProgram`: a concave function of the multipliers, below the primal everywhere.

    Attributes
    ----------
    value : function of (nu, mu)
        g(ν, μ) = inf over x of the Lagrangian; −∞ where it is unbounded below, or where μ has a negative entry.
    minimiser : function of (nu, mu)
        The x of least norm that attains it.
    """

    value: Callable[..., float]
    minimiser: Callable[..., Array]


def quadratic_program(name: str, value: Any) -> QuadraticProgram:
    """Be sure that a program is one."""
    if not isinstance(value, QuadraticProgram):
        raise refuse(name, value, "must be a QuadraticProgram")
    return value


@checked(program=quadratic_program)
def lagrange_dual(program: QuadraticProgram) -> LagrangeDual:
    r"""Build the dual function, the infimum of the Lagrangian over x.

    .. math:: g(\nu, \mu) = \inf_x\ \tfrac12 x^\top Q x + w^\top x - b_{eq}^\top\nu - b_{ub}^\top\mu, \qquad
              w = c + A_{eq}^\top \nu + A_{ub}^\top \mu

    The infimum over x is :math:`-\tfrac12 w^\top Q^+ w` where w lies in the range of Q, and −∞ elsewhere (for a linear
    program: unless w = 0). What lies outside counts as rounding up to a billionth of the terms that w is the sum of.

    Parameters
    ----------
    program : QuadraticProgram
        The primal problem.

    Returns
    -------
    LagrangeDual
        ``value(nu, mu)`` and ``minimiser(nu, mu)``, with one multiplier for each equality and inequality.

    Raises
    ------
    ValueError
        If `program` is none; from ``value`` and ``minimiser``, if multipliers do not fit it or are not finite.

    References
    ----------
    S. Boyd and L. Vandenberghe, *Convex Optimization* (2004), sections 5.1.2, 5.2.1 and 5.2.4.

    Examples
    --------
    >>> program = QuadraticProgram(Q=np.eye(2), c=[0.0, 0.0], A_eq=[[1.0, 1.0]], b_eq=[2.0])
    >>> dual = lagrange_dual(program)
    >>> dual.value([-1.0]), dual.minimiser([-1.0])
    (1.0, array([1., 1.]))
    """
    curvature, axes = np.linalg.eigh(program.Q)
    curved = curvature > 1e-12 * curvature.max()

    def tilt(nu: Array, mu: Array) -> Array:
        return axes.T @ (program.c + program.A_eq.T @ nu + program.A_ub.T @ mu)

    def value(nu: Any = (), mu: Any = ()) -> float:
        nu, mu = program.prices(nu, mu)
        w = tilt(nu, mu)
        size = np.max(np.abs(program.c) + np.abs(program.A_eq.T) @ np.abs(nu) + np.abs(program.A_ub.T) @ mu)
        if np.abs(w[~curved]).max(initial=0.0) > 1e-9 * size or np.any(mu < 0):
            return -np.inf
        least = -0.5 * np.sum(w[curved] ** 2 / curvature[curved])
        return float(least - program.b_eq @ nu - program.b_ub @ mu)

    def minimiser(nu: Any = (), mu: Any = ()) -> Array:
        return -axes[:, curved] @ (tilt(*program.prices(nu, mu))[curved] / curvature[curved])

    return LagrangeDual(value, minimiser)
