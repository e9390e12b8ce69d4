"""The interior-point method: through the middle of the polyhedron, guided away from its walls."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from optcourse.arguments import Array
from optcourse.conjugate_gradient import conjugate_gradient
from optcourse.linear_programming.program import (
    LinearProgram,
    LPSolution,
    StandardForm,
    linear_program,
    standard_form,
)
from optcourse.streams import Iterates, stream

REGULARISATION = 1e-9  # primal and dual: without it a sixth of Netlib diverges on dependent or nearly dependent rows
STEP = 0.995  # how much of the way to the wall to go

Solver = Callable[[Array], Array]
Directions = tuple[Array, Array, Array]


def starting_point(A: Any, b: Array, c: Array) -> tuple[Array, Array, Array]:
    """Return (z, y, s): least-squares answers pushed into the positive (Nocedal & Wright, section 14.2)."""
    solve = normal_equations(A, np.ones(A.shape[1]))
    z, y = A.T @ solve(b), solve(A @ c)
    s = c - A.T @ y
    z = z + max(-1.5 * z.min(), 0.0)
    s = s + max(-1.5 * s.min(), 0.0)
    product = max(float(z @ s), 1e-8)
    return z + max(0.5 * product / max(s.sum(), 1e-8), 1e-3), y, s + max(0.5 * product / max(z.sum(), 1e-8), 1e-3)


def normal_equations(A: Any, D: Array) -> Solver:
    """Factorise A D Aᵀ, slightly regularised, and return the solver of the system without it."""
    from scipy.linalg import cho_factor, cho_solve

    scaled = A.multiply(D).tocsr()
    M = (scaled @ A.T).toarray()
    diagonal = M.diagonal().copy()
    boost = REGULARISATION
    while True:
        M.flat[:: len(M) + 1] = diagonal + boost * np.maximum(1.0, diagonal)
        try:
            factor = cho_factor(M, lower=True, check_finite=False)
            break
        except np.linalg.LinAlgError:
            boost *= 100

    def solve(right: Array) -> Array:
        """Conjugate gradients, preconditioned by the regularised factor: one to three steps as a rule."""
        y = np.zeros_like(right)
        steps = conjugate_gradient(
            lambda d: scaled @ (A.T @ d), right, M=lambda r: cho_solve(factor, r, check_finite=False)
        )
        try:
            for y in itertools.islice(steps, 20):  # noqa: B007 (the last one is the answer)
                if np.abs(steps.state["residual"]).max() <= 1e-12 * np.abs(right).max():
                    break
        except ValueError:  # no curvature along dependent rows: what is solved so far will do
            pass
        return y

    return solve


def longest(v: Array, dv: Array) -> float:
    """Return the largest step ≤ 1 that keeps v + step · dv ≥ 0."""
    falling = dv < 0
    return min(1.0, float((-v[falling] / dv[falling]).min(initial=np.inf)))


def verdict(form: StandardForm, z: Array, y: Array, s: Array, tol: float) -> str | None:
    """Say how it ends, or None: residuals and gap below tol, or a ray that proves there is no solution."""
    A, b, c = form.A, form.b, form.c
    primal, dual = np.abs(b - A @ z).max(initial=0.0), np.abs(c - A.T @ y - s).max()
    cost, floor = float(c @ z), float(b @ y)
    met = primal <= tol * (1 + np.abs(b).max(initial=0.0)) and dual <= tol * (1 + np.abs(c).max())
    if met and abs(cost - floor) <= tol * (1 + abs(cost)):
        return "optimal"
    if floor > 0 and (A.T @ y).max() <= 1e-9 * floor:  # Farkas: Aᵀy ≤ 0 and bᵀy > 0 leave no z ≥ 0 with Az = b
        return "infeasible"
    if cost < 0 and np.abs(A @ z).max(initial=0.0) <= 1e-9 * -cost:
        return "unbounded"
    return None


def newton_step(A: Any, z: Array, s: Array, r_primal: Array, r_dual: Array) -> Callable[[Array], Directions]:
    """Factorise once; return the solver of A dz = r_primal, Aᵀdy + ds = r_dual, s dz + z ds = r_product."""
    D = 1 / (s / z + REGULARISATION)
    solve = normal_equations(A, D)

    def direction(r_product: Array) -> Directions:
        tilt = r_dual - r_product / z
        dy = solve(r_primal + A @ (D * tilt))
        dz = D * (A.T @ dy - tilt)
        return dz, dy, (r_product - s * dz) / z

    return direction


@stream(program=linear_program)
def interior_point(program: LinearProgram, tol: float = 1e-10) -> Iterates:
    r"""Follow the central path (Mehrotra's predictor–corrector).

    Newton's method on the optimality conditions with the complementarity relaxed,

    .. math:: Az = b, \qquad A^\top y + s = c, \qquad z_i s_i = \sigma \mu, \qquad z, s > 0,

    first with σ = 0, to see how far that would get; then with σ chosen by what was seen, and the second-order term
    added. Both directions come from one factorisation of A D Aᵀ, D = diag(z/s), slightly regularised.

    Parameters
    ----------
    program : LinearProgram
        What to minimise.
    tol : float
        Relative size of residuals and gap at which to stop.

    Yields
    ------
    x : array, shape (n,)
        x₁, x₂, … strictly inside the bounds. ``state["z"]``, ``state["y"]`` and ``state["s"]`` belong to the standard
        form, ``state["mu"]`` is the mean of z∘s. Returns ``"optimal"``, ``"infeasible"``, ``"unbounded"`` or
        ``"stalled"``; ``state["solution"]`` is then the `LPSolution`.

    References
    ----------
    S. Mehrotra, "On the implementation of a primal-dual interior point method", SIAM J. Optim. 2 (1992).
    J. Nocedal and S. Wright, *Numerical Optimization*, 2nd ed. (2006), algorithm 14.3.

    Examples
    --------
    >>> from optcourse.linear_programming.simplex import solution
    >>> program = LinearProgram(c=[-3.0, -2.0], A_ub=[[1.0, 1.0], [1.0, 0.0]], b_ub=[4.0, 3.0])
    >>> found = solution(interior_point(program))
    >>> found.status, found.x.round(6), found.y_ub.round(6)
    ('optimal', array([3., 1.]), array([-2., -1.]))
    """
    form = standard_form(program)
    A, b, c = form.A, form.b, form.c
    z, y, s = starting_point(A, b, c)
    status, iterations, shortest = None, 0, 0
    while status is None:
        mu = float(z @ s) / len(z)
        direction = newton_step(A, z, s, b - A @ z, c - A.T @ y - s)
        dz, _, ds = direction(-z * s)
        reached = (z + longest(z, dz) * dz) @ (s + longest(s, ds) * ds) / len(z)
        sigma = (reached / mu) ** 3
        dz, dy, ds = direction(sigma * mu - z * s - dz * ds)
        step_z, step_s = (min(1.0, STEP * longest(v, dv)) for v, dv in ((z, dz), (s, ds)))
        z, y, s = z + step_z * dz, y + step_s * dy, s + step_s * ds
        iterations += 1
        shortest = shortest + 1 if max(step_z, step_s) < 1e-4 else 0
        status = verdict(form, z, y, s, tol) or ("stalled" if shortest >= 5 or iterations >= 200 else None)
        x = form.point(z)
        yield x
    value = {"infeasible": np.inf, "unbounded": -np.inf}.get(status, program.value(x))
    ray = form.map @ (z / np.abs(z).max()) if status == "unbounded" else None
    solution = LPSolution(status, x, float(value), *form.prices(program, y), ray, iterations)
    return solution.status
