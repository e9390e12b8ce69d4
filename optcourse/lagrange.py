"""3.10 Lagrange multipliers and KKT: at a constrained minimum the forces balance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from optcourse.arguments import (
    Array,
    Gradient,
    Hessian,
    Loss,
    NonFiniteError,
    checked,
    count,
    fitting,
    function,
    norm,
    positive,
    power_of_two,
    refuse,
    squares_fit,
    vector,
)
from optcourse.convexity import QuadraticProgram, quadratic_program
from optcourse.newton import bfgs
from optcourse.streams import Iterates, stream

BALANCED = 1e-13  # forces that leave no more than this share of themselves are in balance: the rest is rounding


class KKTPoint(NamedTuple):
    """A solution with its multipliers: ν of the equalities, μ ≥ 0 of the inequalities."""

    x: Array
    nu: Array
    mu: Array


@checked(program=quadratic_program)
def solve_equality_qp(program: QuadraticProgram) -> KKTPoint:
    r"""Solve an equality-constrained quadratic program by its optimality conditions, one linear system.

    .. math:: \begin{pmatrix} Q & A^\top \\ A & 0 \end{pmatrix} \begin{pmatrix} x \\ \nu \end{pmatrix}
              = \begin{pmatrix} -c \\ b \end{pmatrix}

    Parameters
    ----------
    program : QuadraticProgram
        Without inequalities.

    Returns
    -------
    KKTPoint
        ``x`` and the multipliers ``nu``; Qx + c + Aᵀν = 0.

    Raises
    ------
    ValueError
        If there are inequalities, or the matrix is singular: dependent constraints, or no curvature along them.

    References
    ----------
    J. Nocedal and S. Wright, *Numerical Optimization*, 2nd ed. (2006), eq. (16.4).

    Examples
    --------
    >>> program = QuadraticProgram(Q=np.eye(2), c=[0.0, 0.0], A_eq=[[1.0, 1.0]], b_eq=[2.0])
    >>> solve_equality_qp(program)[:2]
    (array([1., 1.]), array([-1.]))
    """
    if len(program.b_ub):
        raise refuse("program", program.b_ub, "must have no inequalities: use active_set_qp")
    x, nu = _solve_kkt(program.Q, program.A_eq, -program.c, program.b_eq)
    return KKTPoint(x, nu, np.empty(0))


def _solve_kkt(H: Array, A: Array, top: Array, bottom: Array) -> tuple[Array, Array]:
    """Solve [[H, Aᵀ], [A, 0]] [x; ν] = [top; bottom]: x across the constraints, then along them, then the prices.

    Solved as one matrix, rows of A that nearly depend on each other would blur x. Units are taken out first.
    """
    m, n = A.shape
    units = _units(H)
    H, A, top = H / np.outer(units, units), A / units, top / units
    lengths = power_of_two(_largest(A))
    u, size, axes = np.linalg.svd(A / lengths[:, None])
    across, along = axes[:m].T, axes[m:].T
    curvature, least = along.T @ H @ along, n * np.finfo(float).eps
    if m > n or np.any(size <= least):
        raise refuse("A", A * units, "makes the KKT matrix singular: drop the rows that depend on others")
    if np.linalg.matrix_rank(curvature, tol=least * np.abs(H).max()) < n - m:
        raise refuse("A", A * units, "makes the KKT matrix singular: a direction along it has no curvature")
    x = across @ (u.T @ (bottom / lengths) / size)
    x = x + along @ np.linalg.solve(curvature, along.T @ (top - H @ x))
    nu = u @ (across.T @ (top - H @ x) / size)
    return x / units, nu / lengths


def _units(H: Array) -> Array:
    """What to multiply each variable by, so that its own curvature is about one."""
    curvature = np.abs(np.diag(H))
    return power_of_two(np.sqrt(np.where(curvature > 0, curvature, curvature.max())))


def _rows_fit(given: dict[str, Any]) -> None:
    A, b, theta = given["A"], given["b"], given["theta"]
    if A.shape != (b.size, theta.size):
        raise refuse("A", A, f"must have shape {(b.size, theta.size)} to fit b and theta, not {A.shape}")


@stream(prepare=_rows_fit)
def newton_kkt(grad: Gradient, hess: Hessian, theta: Array, A: Array, b: Array) -> Iterates:
    r"""Newton's method on Aθ = b: minimise the local quadratic among the points that meet the constraints.

    .. math:: \begin{pmatrix} H & A^\top \\ A & 0 \end{pmatrix} \begin{pmatrix} d \\ \nu \end{pmatrix}
              = \begin{pmatrix} -\nabla L(\theta) \\ b - A\theta \end{pmatrix}, \qquad
              \theta \leftarrow \theta + \alpha d

    with α halved from 1 until the residual of the optimality conditions shrinks.

    Parameters
    ----------
    grad, hess : functions of theta
        ∇L(θ), shape (n,), and ∇²L(θ), shape (n, n).
    theta : array, shape (n,)
        The start; need not satisfy Aθ = b.
    A, b : arrays of shapes (m, n) and (m,)
        The constraints, linearly independent.

    Yields
    ------
    theta : array, shape (n,)
        θ₁, θ₂, …; feasible from the first full step on. ``state["nu"]`` holds the multipliers. Returns ``"stalled"``
        when no step shrinks the residual any more.

    Raises
    ------
    ValueError
        If shapes do not fit, or the KKT matrix is singular at an iterate.

    References
    ----------
    S. Boyd and L. Vandenberghe, *Convex Optimization* (2004), algorithm 10.2 and eq. (10.19).

    Examples
    --------
    >>> steps = newton_kkt(lambda t: np.log(t) + 1, lambda t: np.diag(1 / t), [0.2, 0.7], A=[[1.0, 1.0]], b=[1.0])
    >>> list(steps)[-1]
    array([0.5, 0.5])
    """
    nu = np.zeros(len(b))

    def residual(theta: Array, nu: Array) -> float:
        try:
            return norm(np.concatenate([grad(theta) + A.T @ nu, A @ theta - b]))
        except ValueError:  # outside the domain, e.g. log of a negative number: a shorter step will do
            return np.inf

    here = residual(theta, nu)
    while here > 0:
        d, nu_full = _solve_kkt(hess(theta), A, -grad(theta), b - A @ theta)
        alpha = 1.0
        while not (there := residual(theta + alpha * d, nu + alpha * (nu_full - nu))) <= (1 - 0.01 * alpha) * here:
            alpha /= 2
            if alpha < 1e-12:
                return "stalled"
        theta, nu, here = theta + alpha * d, nu + alpha * (nu_full - nu), there
        yield theta
    return "solved"


@checked(program=quadratic_program, x=vector, max_steps=count)
def active_set_qp(program: QuadraticProgram, x: Array, max_steps: int = 1000) -> KKTPoint:
    r"""Solve a strictly convex quadratic program by guessing which inequalities bind, and correcting the guess.

    With the working set held as equalities, step to their minimum; a constraint in the way joins the set, and at the
    minimum the one with the most negative multiplier leaves it. Ends when all multipliers are ≥ 0: then KKT holds.
    Where more constraints meet than there are dimensions that may go round in circles for ever; so after a step of
    length zero the first with a negative multiplier leaves, as in Bland's rule for the simplex method.

    Parameters
    ----------
    program : QuadraticProgram
        With Q positive definite along the constraints.
    x : array, shape (n,)
        A feasible start, no further than 1e-9 · (1 + ‖x‖∞) beyond a constraint (for instance from `simplex`).
    max_steps : int
        A bound on the changes of the working set.

    Returns
    -------
    KKTPoint
        ``x``, ``nu`` and ``mu`` ≥ 0 (zero for constraints that do not bind).

    Raises
    ------
    ValueError
        If the start is not feasible, Q has no curvature along a direction the constraints leave free, or the working
        set has not settled after `max_steps` changes.

    References
    ----------
    J. Nocedal and S. Wright, *Numerical Optimization*, 2nd ed. (2006), algorithm 16.3. R. G. Bland, "New finite
    pivoting rules for the simplex method", Math. Oper. Res. 2 (1977).

    Examples
    --------
    >>> program = QuadraticProgram(Q=2 * np.eye(2), c=[-2.0, -5.0], A_ub=[[1.0, 2.0], [-1.0, 0.0]], b_ub=[2.0, 0.0])
    >>> point = active_set_qp(program, [0.0, 0.0])
    >>> point.x.round(12), point.mu.round(12)
    (array([0.2, 0.9]), array([1.6, 0. ]))
    """
    if x.shape != program.c.shape:
        raise refuse("x", x, f"must have shape {program.c.shape}, not {x.shape}")
    allowed = 1e-9 * (1 + np.abs(x).max(initial=0.0))
    above, off = program.A_ub @ x - program.b_ub, np.abs(program.A_eq @ x - program.b_eq)
    if np.any(above > allowed * _largest(program.A_ub)) or np.any(off > allowed * _largest(program.A_eq)):
        raise refuse("x", x, "must be feasible to start from")
    working: list[int] = []
    equalities, units, reach = len(program.b_eq), _units(program.Q), np.inf
    for _ in range(max_steps):
        A = np.vstack([program.A_eq, program.A_ub[working]])
        d, multipliers = _solve_kkt(program.Q, A, -program.grad(x), np.zeros(len(A)))
        forces = np.abs(program.Q) @ np.abs(x) + np.abs(program.c)
        rounding = BALANCED * np.max(forces / units)
        if np.max(np.abs(program.Q @ d) / units) <= rounding:
            nu, mu = multipliers[:equalities], np.zeros(len(program.b_ub))
            mu[working] = multipliers[equalities:]
            pulling = np.flatnonzero(-mu * _largest(program.A_ub / units) > rounding)
            if not pulling.size:
                return KKTPoint(x, nu, np.maximum(mu, 0.0))
            working.remove(int(pulling[0] if reach == 0 else pulling[np.argmin(mu[pulling])]))
            continue
        reach, blocking = _ratio_test(program, x, d, working, units)
        x = x + reach * d
        if blocking is not None:
            working.append(blocking)
    raise refuse("max_steps", max_steps, "was not enough: the working set keeps changing (a degenerate problem?)")


def _largest(rows: Array) -> Array:
    """The largest entry of each row, in magnitude."""
    return np.abs(rows).max(axis=1)


def _ratio_test(
    program: QuadraticProgram, x: Array, d: Array, working: list[int], units: Array
) -> tuple[float, int | None]:
    """How far d may be followed, at most 1, and the inequality that stops it (None if none does)."""
    approach = program.A_ub @ d
    free = approach > 1e-13 * np.max(np.abs(d) * units) * _largest(program.A_ub / units)
    free[working] = False
    if not free.any():
        return 1.0, None
    ratios = np.full(len(approach), np.inf)
    ratios[free] = np.maximum(0.0, (program.b_ub - program.A_ub @ x)[free]) / approach[free]
    first = int(np.argmin(ratios))
    return (1.0, None) if ratios[first] >= 1 else (float(ratios[first]), first)


@stream(constraint=function, jacobian=function, penalty=positive)
def augmented_lagrangian(
    loss: Loss,
    grad: Gradient,
    constraint: Callable[[Array], Array],
    jacobian: Callable[[Array], Array],
    theta: Array,
    penalty: float = 10.0,
) -> Iterates:
    r"""Minimise L(θ) subject to h(θ) = 0 by a few unconstrained problems with a price on the violation.

    .. math:: \theta \leftarrow \arg\min_\theta L(\theta) + \nu^\top h(\theta) + \tfrac{\rho}{2} \|h(\theta)\|^2, \qquad
              \nu \leftarrow \nu + \rho\, h(\theta)

    ρ grows tenfold whenever the violation does not fall to a quarter.

    Parameters
    ----------
    loss, grad : functions of theta
        L(θ) and ∇L(θ), shape (n,).
    constraint, jacobian : functions of theta
        h(θ), shape (m,), and its Jacobian, shape (m, n).
    theta : array, shape (n,)
        The start θ₀.
    penalty : float
        The first ρ.

    Yields
    ------
    theta : array, shape (n,)
        The minimiser of each subproblem; ``state["nu"]`` holds the multipliers, ``state["violation"]`` is ‖h‖∞.

    Raises
    ------
    ValueError
        If an argument is not as above, or a function returns another shape or kind. A gradient of NaN or infinity
        raises a `NonFiniteError`; a loss of NaN or infinity is stepped back from.

    References
    ----------
    M. R. Hestenes, "Multiplier and gradient methods", JOTA 4 (1969). J. Nocedal and S. Wright, *Numerical
    Optimization*, 2nd ed. (2006), algorithm 17.4.

    Examples
    --------
    >>> steps = augmented_lagrangian(lambda t: -t[0] * t[1], lambda t: -t[::-1], lambda t: t.sum(keepdims=True) - 10,
    ...                              lambda t: np.ones((1, 2)), theta=[1.0, 2.0])
    >>> [next(steps) for _ in range(8)][-1].round(6), steps.state["nu"].round(6)
    (array([5., 5.]), array([5.]))
    """
    nu = np.zeros_like(constraint(theta), dtype=float)
    violation = np.inf
    while True:

        def lagrangian(t: Array, nu: Array = nu, rho: float = penalty) -> float:
            h = constraint(t)
            return float(loss(t) + nu @ h + 0.5 * rho * h @ h)

        def slope(t: Array, nu: Array = nu, rho: float = penalty) -> Array:
            return grad(t) + jacobian(t).T @ (nu + rho * constraint(t))

        for theta in bfgs(lagrangian, slope, theta):  # noqa: B007, B020 (from where the last one ended to its own end)
            pass
        if np.isnan(loss(theta)):  # the inner solver stepped back from it, to no avail
            raise NonFiniteError(f"loss returned nan at theta = {theta}")
        h = constraint(theta)
        nu = nu + penalty * h
        blur = 1e-8 * np.abs(jacobian(theta)) @ np.abs(theta)  # what h is uncertain by, as exactly as θ is found
        if np.abs(h).max(initial=0.0) > max(0.25 * violation, blur.max(initial=0.0)):
            penalty *= 10
        violation = float(np.abs(h).max(initial=0.0))
        yield theta


def _classes(given: dict[str, Any]) -> None:
    X, y = given["X"], given["y"]
    if len(X) != len(y):
        raise refuse("y", y, f"must have one label for each of the {len(X)} rows of X, not {len(y)}")
    if set(np.unique(y)) != {-1.0, 1.0}:
        raise refuse("y", y, "must hold the labels −1 and +1, and both of them")
    squares_fit("X", X)
    theta = given["theta"] = np.zeros(len(y)) if given["theta"] is None else fitting("theta", given["theta"], y)
    rounding = 1e-9 * given["C"] * len(y)
    if theta.min() < 0 or theta.max() > given["C"] or abs(theta @ y) > rounding:
        raise refuse("theta", theta, f"must be feasible: entries in [0, C = {given['C']}], and Σ θ_i y_i = 0")


@stream(prepare=_classes, C=positive)
def svm_dual(X: Array, y: Array, C: float = 1.0, theta: Array | None = None, tol: float = 1e-10) -> Iterates:
    r"""Train a linear support vector machine on its dual, two multipliers at a time (SMO).

    .. math:: \max_\theta\ \sum_i \theta_i - \tfrac12 \Bigl\|\sum_i \theta_i y_i x_i\Bigr\|^2 \quad
              \text{subject to } 0 \le \theta_i \le C,\ \sum_i \theta_i y_i = 0

    The pair is the one that promises the most: i violates optimality the most, j gains the most together with it.

    Parameters
    ----------
    X : array, shape (n, p)
        The points.
    y : array, shape (n,)
        Their labels, −1 or +1.
    C : float
        The price of a violated margin.
    theta : array, shape (n,), optional
        A feasible start; zero if not given.
    tol : float
        Stop when no pair violates optimality by more.

    Yields
    ------
    theta : array, shape (n,)
        The multipliers after each pair; ``state["w"]`` and ``state["bias"]`` are the hyperplane wᵀx + b. Support
        vectors are the points with θ_i > 0. Returns ``"optimal"``.

    Raises
    ------
    ValueError
        If X and y do not fit, a label is not −1 or +1 or one is missing, C ≤ 0, or the start is not feasible.

    Notes
    -----
    ``sklearn.svm.SVC(kernel="linear", C=C)`` solves the same problem: ``dual_coef_`` holds θ_i y_i of the support
    vectors.

    References
    ----------
    J. Platt, "Sequential minimal optimization" (1998). R.-E. Fan, P.-H. Chen and C.-J. Lin, "Working set selection
    using second order information for training support vector machines", JMLR 6 (2005), algorithm 2.

    Examples
    --------
    >>> steps = svm_dual([[0.0, 0.0], [2.0, 0.0], [3.0, 1.0]], [-1.0, 1.0, 1.0], C=10.0)
    >>> list(steps)[-1], steps.reason
    (array([0.5, 0.5, 0. ]), 'optimal')
    """
    assert theta is not None  # `_classes` has seen to it
    w, plus = X.T @ (y * theta), y == 1
    while True:
        climb = y - X @ w  # y_i times the gradient of the objective
        can_rise, can_fall = np.where(plus, theta < C, theta > 0), np.where(plus, theta > 0, theta < C)
        i = int(np.argmax(np.where(can_rise, climb, -np.inf)))
        violation = climb[i] - climb
        bias = 0.5 * (climb[i] + np.where(can_fall, climb, np.inf).min())
        if np.where(can_fall, violation, -np.inf).max() <= tol:
            return "optimal"
        with np.errstate(divide="ignore", invalid="ignore"):  # points that are alike have no curvature between them
            best = violation / np.square(X - X[i]).sum(axis=1)
        j = int(np.argmax(np.where(can_fall & (violation > 0), violation * best, -np.inf)))
        room_i = C - theta[i] if plus[i] else theta[i]
        room_j = theta[j] if plus[j] else C - theta[j]
        move = min(best[j], room_i, room_j)
        theta = theta.copy()
        theta[i] = min(max(theta[i] + y[i] * move, 0.0), C)
        theta[j] = min(max(theta[j] - y[j] * move, 0.0), C)
        w = w + move * (X[i] - X[j])
        yield theta
