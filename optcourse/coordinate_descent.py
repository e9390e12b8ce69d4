"""3.11 Coordinate descent: one parameter at a time, exactly."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

from optcourse.arguments import (
    Array,
    checked,
    count,
    function,
    iterate,
    non_negative,
    point,
    refuse,
    squares_fit,
    vector,
)
from optcourse.certificates import lasso_gap, lasso_gap_of
from optcourse.streams import Iterates, stream


@checked(v=iterate, t=non_negative)
def soft_threshold(v: Array, t: float) -> Array:
    r"""Move every entry towards zero by t, and stop there: :math:`\mathrm{sign}(v) \max(|v| - t, 0)`.

    Parameters
    ----------
    v : float or array
        The point.
    t : float
        The threshold, ≥ 0.

    Returns
    -------
    array
        Of the shape and precision of v.

    Raises
    ------
    ValueError
        If v is not finite, or t < 0.

    References
    ----------
    D. L. Donoho and I. M. Johnstone, "Ideal spatial adaptation by wavelet shrinkage", Biometrika 81 (1994).

    Examples
    --------
    >>> soft_threshold([3.0, -0.5, -2.0], 1.0)
    array([ 2., -0., -1.])
    """
    return np.sign(v) * np.maximum(np.abs(v) - t, 0.0)


@stream(theta=point, minimise=function)
def coordinate_descent(
    minimise: Callable[[Array, int], float], theta: Array, rng: np.random.Generator | None = None
) -> Iterates:
    r"""Minimise over one coordinate after the other: :math:`\theta_j \leftarrow \arg\min_u L(…, \theta_{j-1}, u, …)`.

    Parameters
    ----------
    minimise : function of (theta, j)
        Returns the best value of coordinate j, the others held where they are.
    theta : array, shape (n,)
        The start θ₀.
    rng : numpy.random.Generator, optional
        Draw the coordinates at random instead of in turn.

    Yields
    ------
    theta : array, shape (n,)
        After every single coordinate; ``state["j"]`` is the one just moved.

    Raises
    ------
    ValueError
        If θ₀ is not a vector, or `minimise` returns something else than one finite number.

    Notes
    -----
    Reaches the minimum of smooth convex losses, and of smooth convex + separable ones such as the LASSO. On a
    non-smooth loss that is not separable it can stall at a point that no single coordinate improves.

    References
    ----------
    S. J. Wright, "Coordinate descent algorithms", Math. Programming 151 (2015), algorithm 1.
    P. Tseng, "Convergence of a block coordinate descent method for nondifferentiable minimization", JOTA 109 (2001).

    Examples
    --------
    >>> step = lambda theta, j: -0.5 * theta[1 - j]  # exact for x² + xy + y²
    >>> descent = coordinate_descent(step, [1.0, 1.0])
    >>> next(descent), next(descent)
    (array([-0.5,  1. ]), array([-0.5 ,  0.25]))
    """
    turn = 0
    while True:
        j = turn % theta.size if rng is None else int(rng.integers(theta.size))
        theta = theta.copy()
        theta[j] = minimise(theta, j)
        turn += 1
        yield theta


def _fits(X: Array, y: Array) -> None:
    """Refuse data that are empty or do not belong together, or cannot be squared."""
    if X.size == 0:
        raise refuse("X", X, f"must not be empty, but has shape {X.shape}")
    if len(y) != len(X):
        raise refuse("y", y, f"must have one entry for each of the {len(X)} rows of X, not {len(y)}")
    squares_fit("X", X)
    squares_fit("y", y)


def _lasso_data(given: dict[str, Any]) -> None:
    """Check X against y, and start at zero unless told otherwise."""
    X, y = given["X"], given["y"]
    _fits(X, y)
    if given["theta"] is None:
        given["theta"] = np.zeros(X.shape[1])
    if np.shape(given["theta"]) != (X.shape[1],):
        raise refuse("theta", given["theta"], f"must have one entry for each of the {X.shape[1]} columns of X")
    given["theta"] = np.where(X.any(axis=0), given["theta"], 0.0)  # a column of zeros costs λ|θ_j| and explains nothing


@stream(prepare=_lasso_data)
def lasso_cd(X: Array, y: Array, lam: float, theta: Array | None = None) -> Iterates:
    r"""LASSO by cyclic coordinate descent: minimise :math:`\tfrac12 \|y - X\theta\|^2 + \lambda \|\theta\|_1`.

    .. math:: \theta_j \leftarrow S\Bigl(\theta_j + \frac{X_j^\top r}{\|X_j\|^2},\ \frac{\lambda}{\|X_j\|^2}\Bigr),
              \qquad r = y - X\theta

    with S the soft threshold. The threshold is λ/‖X_j‖², not λ: the curvature along coordinate j is ‖X_j‖².

    Parameters
    ----------
    X : array, shape (n, p)
        The data, one row an observation.
    y : array, shape (n,)
        The targets.
    lam : float
        The weight λ ≥ 0; from `lasso_lam_max` on, the answer is zero.
    theta : array, shape (p,), optional
        The start θ₀; zero if not given.

    Yields
    ------
    theta : array, shape (p,)
        After every sweep over all coordinates; ``state["residual"]`` is y − Xθ, kept up to date in O(n) a coordinate.

    Raises
    ------
    ValueError
        If X is empty, or y or θ do not fit it, or λ < 0; if the squares of X or y leave the range of floats.

    Notes
    -----
    ``sklearn.linear_model.Lasso(alpha=lam / n, fit_intercept=False)`` minimises the same objective divided by n.
    Stop on the duality gap: ``run(…, certificate=lambda theta: lasso_gap(X, y, lam, theta), tol=…)``.

    The more alike the columns, the slower: correlations of 0.99 can cost thousands of sweeps. `lasso` does not mind.

    References
    ----------
    J. Friedman, T. Hastie, H. Höfling and R. Tibshirani, "Pathwise coordinate optimization", Ann. Appl. Stat. 1 (2007),
    section 2.1.

    Examples
    --------
    >>> next(lasso_cd([[2.0, 0.0], [0.0, 1.0]], [4.0, 1.5], lam=1.0))
    array([1.75, 0.5 ])
    """
    columns = np.ascontiguousarray(X.T)
    curvature = np.einsum("jn,jn->j", columns, columns)
    residual = y - X @ theta
    while True:
        theta = np.array(theta)
        for j in np.flatnonzero(curvature):
            column, before = columns[j], theta[j]
            target = before + (column @ residual) / curvature[j]
            threshold = lam / curvature[j]
            theta[j] = target - min(max(target, -threshold), threshold)  # the soft threshold of one number
            if theta[j] != before:
                residual = residual - (theta[j] - before) * column
        yield theta


@checked()
def lasso_lam_max(X: Array, y: Array) -> float:
    r"""Return the least λ whose LASSO solution is zero: :math:`\max_j |X_j^\top y|`.

    Parameters
    ----------
    X : array, shape (n, p)
        The data.
    y : array, shape (n,)
        The targets.

    Returns
    -------
    float
        In units of the loss ½‖y − Xθ‖² per unit of θ.

    Raises
    ------
    ValueError
        If X is empty or does not fit y; if the squares of X or y leave the range of floats.

    References
    ----------
    J. Friedman, T. Hastie and R. Tibshirani, "Regularization paths for generalized linear models via coordinate
    descent", J. Stat. Softw. 33 (2010), section 2.5.

    Examples
    --------
    >>> lasso_lam_max([[2.0, 0.0], [0.0, 1.0]], [4.0, 1.5])
    8.0
    """
    _fits(X, y)
    return float(np.abs(X.T @ y).max())


@stream(prepare=_lasso_data)
def lasso(X: Array, y: Array, lam: float, theta: Array | None = None, tol: float = 1e-14) -> Iterates:
    r"""LASSO, fast: solve exactly on the few columns that matter, and ask which others should.

    Most coefficients are zero, and stay so. Each step computes all correlations :math:`X^\top r` once, takes the
    columns that violate :math:`|X_j^\top r| \le \lambda` the most into a working set W, at most as many as the support
    has already, and solves on W alone. With the signs s of the active coefficients A ⊆ W held, that is a linear system:

    .. math:: X_A^\top X_A \theta_A = X_A^\top y - \lambda s_A

    A few sweeps of coordinate descent guess the signs; feature-sign search corrects the guess. On the way to the
    solution of the system coefficients may reach zero; the step ends where the loss is least, there or at the solution.
    Once it is reached, the coefficient at zero whose slope is steepest becomes active, with the sign that leads down.

    Parameters
    ----------
    X, y, lam, theta
        As in `lasso_cd`.
    tol : float
        Stop when the duality gap is at most tol · ½‖y‖².

    Yields
    ------
    theta : array, shape (p,)
        After every working set, whose columns are ``state["working"]``; ``state["gap"]`` is the duality gap before it,
        ``state["residual"]`` y − Xθ after it. Returns ``"optimal"``, or ``"stalled"`` when W is complete and three
        solutions in a row did not halve the gap: with columns that nearly depend on each other, where rounding in Xθ
        keeps it above tol, and for λ = 0, where no multiple of the residual is a dual point.

    Raises
    ------
    ValueError
        If X is empty, or y or θ do not fit it, or λ < 0; if the squares of X or y leave the range of floats.

    Notes
    -----
    The same objective and the same answer as `lasso_cd`, which reads like its formula; this one is for large p, and for
    columns nearly alike. The Gram matrix exists for W only. The loss never rises, so that no choice of signs is solved
    for twice: but for rounding, the search ends.

    References
    ----------
    H. Lee, A. Battle, R. Raina and A. Ng, "Efficient sparse coding algorithms", NIPS (2006), algorithm 1 (feature-sign
    search); M. Massias, A. Gramfort and J. Salmon, "Celer: a fast solver for the Lasso with dual extrapolation", ICML
    (2018) (growing working sets).

    Examples
    --------
    >>> descent = lasso([[2.0, 0.0], [0.0, 1.0]], [4.0, 1.5], lam=1.0)
    >>> list(descent)[-1], descent.reason
    (array([1.75, 0.5 ]), 'optimal')
    """
    assert theta is not None  # `_lasso_data` has seen to it
    goal = tol * 0.5 * float(y @ y)
    working = np.flatnonzero(theta)
    columns = X.T[working]
    gram, residual = columns @ columns.T, y - theta[working] @ columns
    least_gap, idle = np.inf, 0
    while True:
        pull = residual @ X
        gap = lasso_gap_of(residual, pull, lam, theta)
        if gap <= goal:
            return "optimal"
        fresh = _most_violating(pull, lam, working, room=max(int(np.count_nonzero(theta)), FIRST_ROOM))
        idle = 0 if fresh.size or gap < 0.5 * least_gap else idle + 1
        if idle == PATIENCE:  # all that is left is rounding
            return "stalled"
        least_gap, added = min(gap, least_gap), X.T[fresh]
        across = columns @ added.T
        gram = np.block([[gram, across], [across.T, added @ added.T]])
        working, columns = np.append(working, fresh), np.vstack([columns, added])
        held = _solve_small_lasso(gram, pull[working], lam, theta[working])
        residual = y - held @ columns
        theta = np.zeros_like(theta)
        theta[working] = held
        yield theta


FIRST_ROOM = 20  # columns let in while there is no support to go by
PATIENCE = 3  # solutions in a row, each corrected by a residual computed afresh
GUESSES, SWEEPS = 2, 5  # enough to settle most signs; more cost what a linear system costs


def _most_violating(pull: Array, lam: float, working: Array, room: int) -> Array:
    """Return the columns outside the working set with the largest |X_jᵀr| > λ, as many as there is room for."""
    outside = np.abs(pull)
    outside[working] = 0.0
    urgent = np.flatnonzero(outside > lam)
    return urgent if urgent.size <= room else urgent[np.argpartition(outside[urgent], -room)[-room:]]


def _solve_small_lasso(gram: Array, pull: Array, lam: float, theta: Array) -> Array:
    """Solve the LASSO on the working set. `pull` is X_Wᵀr at the given θ_W, and follows θ_W through the Gram matrix.

    Sweeps let in many coordinates at once, but among columns nearly alike each one undoes what an exact step has done:
    after the first steps there are none, and coordinates enter one by one.
    """
    theta, pull, signs = theta.copy(), pull.copy(), np.sign(theta)
    for turn in range(GUESSES + 10 * theta.size):  # about as many as there are columns, unless signs do not settle
        if turn < GUESSES:
            _sweep(gram, pull, lam, theta)
            signs = np.sign(theta)
        if _exact_step(gram, pull, lam, theta, signs) == 0:  # rounding turns the step against the one to enter
            break
        settled, signs = np.array_equal(np.sign(theta), signs), np.sign(theta)
        if settled:
            at_rest = np.where(theta == 0, np.abs(pull), 0.0)
            entering = np.argmax(at_rest)
            if at_rest[entering] <= lam:
                break
            signs[entering] = np.sign(pull[entering])
    return theta


def _sweep(gram: Array, pull: Array, lam: float, theta: Array) -> None:
    """Move every coordinate that is not at rest to its best value, in place, until no sign changes.

    It is `lasso_cd` in terms of XᵀX and Xᵀr.
    """
    for _ in range(SWEEPS):
        signs = np.sign(theta)
        for j in np.flatnonzero((theta != 0) | (np.abs(pull) > lam)):
            before, curvature = theta[j], gram[j, j]
            target = pull[j] + curvature * before
            after = (target - min(max(target, -lam), lam)) / curvature
            if after != before:
                pull -= (after - before) * gram[j]
                theta[j] = after
        if np.array_equal(np.sign(theta), signs):
            break


def _exact_step(gram: Array, pull: Array, lam: float, theta: Array, signs: Array) -> float:
    """Move the coordinates that have a sign towards their solution, in place; return how much of the way.

    Where columns depend on each other, a ridge of a few roundings lets the step run far along the directions that leave
    Xθ as it is, while ‖θ‖₁ falls: it ends where the first of them is no longer needed.
    """
    active = np.flatnonzero(signs)
    here, signs, block = theta[active], signs[active], gram[active[:, None], active]
    ridge = np.diag(64 * np.finfo(gram.dtype).eps * block.diagonal())
    slope = lam * signs - pull[active]
    step = np.linalg.solve(block + ridge, -slope)
    reach, crossing = _best_on_line(step, here, signs, lam, float(slope @ step), float(step @ block @ step))
    moved = here + reach * step
    if crossing is not None:
        moved[crossing] = 0.0
    pull -= gram[:, active] @ (moved - here)
    theta[active] = moved
    return reach


def _best_on_line(
    step: Array, here: Array, signs: Array, lam: float, slope: float, curvature: float
) -> tuple[float, int | None]:
    """Return how much of the step to take, and the coordinate that is zero there: the best of its end and all zeros.

    Down to zero a coordinate costs what its sign says; each unit beyond costs 2λ more than that.
    """
    crossing = np.flatnonzero((signs * step < 0) & (np.abs(here) < np.abs(step)))
    distance, size = np.abs(here[crossing]), np.abs(step[crossing])
    reach = np.append(distance / size, 1.0)
    beyond = np.maximum(reach[:, None] * size - distance, 0.0).sum(axis=1)
    best = int(np.argmin((slope + 0.5 * curvature * reach) * reach + 2 * lam * beyond))
    return float(reach[best]), int(crossing[best]) if best < crossing.size else None


class LassoPath(NamedTuple):
    """Solutions for a falling sequence of λ."""

    lams: Array
    thetas: Array
    gaps: Array


@checked(lams=vector, n_lams=count)
def lasso_path(
    X: Array, y: Array, lams: Iterable[float] | None = None, n_lams: int = 50, tol: float = 1e-8
) -> LassoPath:
    r"""Solve the LASSO for many λ, from large to small, each by `lasso` from the last answer.

    Parameters
    ----------
    X, y
        As in `lasso_cd`.
    lams : array, shape (k,), optional
        Falling λ; by default `n_lams` of them in equal ratios from λ_max to λ_max/1000.
    n_lams : int
        How many λ to choose if none are given.
    tol : float
        Duality gap to reach, as a share of ½‖y‖².

    Returns
    -------
    LassoPath
        ``lams`` (k,), ``thetas`` (k, p) and the duality gap ``gaps`` (k,) each ended with: above tol · ½‖y‖²
        only where rounding allows no more (see `lasso`).

    Raises
    ------
    ValueError
        If X and y do not fit, or `lams` do not fall.

    References
    ----------
    J. Friedman, T. Hastie and R. Tibshirani, "Regularization paths for generalized linear models via coordinate
    descent", J. Stat. Softw. 33 (2010), section 2.5.

    Examples
    --------
    >>> path = lasso_path([[2.0, 0.0], [0.0, 1.0]], [4.0, 1.5], lams=[8.0, 1.0])
    >>> path.thetas
    array([[0.  , 0.  ],
           [1.75, 0.5 ]])
    """
    chosen = np.geomspace(1, 1e-3, n_lams) * lasso_lam_max(X, y) if lams is None else np.asarray(lams)
    if chosen.size == 0 or np.any(np.diff(chosen) >= 0) or chosen[-1] < 0:
        raise refuse("lams", lams, "must be ≥ 0 and fall: each answer is the start of the next")
    thetas, theta = [], np.zeros(X.shape[1])
    for lam in chosen:
        *_, theta = theta, *lasso(X, y, lam, theta, tol)
        thetas.append(theta)
    gaps = [lasso_gap(X, y, lam, theta) for lam, theta in zip(chosen, thetas, strict=True)]
    return LassoPath(chosen, np.array(thetas), np.array(gaps))
