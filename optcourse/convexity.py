"""3.9 Convex optimization and duality: one valley, and a floor under it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from optcourse.arguments import Array, Gradient, checked, count, function, generator, iterate, positive, refuse
from optcourse.streams import Iterates, Rate, rates, stream


class ConvexityVerdict(NamedTuple):
    """What the chord test found. `witness` is (a, b, t) with f above its chord at (1 − t) a + t b, by `excess`."""

    convex: bool
    witness: tuple[Array, Array, float] | None
    excess: float


@checked(low=iterate, high=iterate, rng=generator, samples=count)
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
        If the corners have different shapes or low ≥ high somewhere.

    References
    ----------
    S. Boyd and L. Vandenberghe, *Convex Optimization* (2004), eq. (3.1).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> is_convex_on(lambda x: x**2, -1.0, 1.0, rng).convex, is_convex_on(np.sin, 0.0, 6.0, rng).convex
    (True, False)
    """
    if np.shape(low) != np.shape(high) or not np.all(low < high):
        raise refuse("low", low, f"must lie below high = {high}, entry by entry")
    worst, witness = 0.0, None
    for _ in range(samples):
        a, b, t = rng.uniform(low, high), rng.uniform(low, high), float(rng.uniform())
        ends = float(f(a)), float(f(b))
        excess = float(f((1 - t) * a + t * b)) - (1 - t) * ends[0] - t * ends[1]
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

    Raises
    ------
    ValueError
        If A is not square or not symmetric.

    Examples
    --------
    >>> is_psd([[1.0, 1.0], [1.0, 1.0]]), is_psd([[1.0, 2.0], [2.0, 1.0]])
    (True, False)
    """
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

    References
    ----------
    M. Held, P. Wolfe and H. Crowder, "Validation of subgradient optimization", Math. Programming 6 (1974);
    J. Duchi et al., "Efficient projections onto the ℓ1-ball", ICML (2008), figure 1.

    Examples
    --------
    >>> project_simplex([0.5, 1.5, -1.0])
    array([0., 1., 0.])
    """
    if np.ndim(v) != 1 or v.size == 0:
        raise refuse("v", v, "must be a vector with at least one entry")
    falling = np.sort(v)[::-1]
    levels = (np.cumsum(falling) - radius) / np.arange(1, v.size + 1)
    level = levels[np.flatnonzero(falling > levels)[-1]]
    return np.maximum(v - level, 0.0)


@stream(project=function)
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
