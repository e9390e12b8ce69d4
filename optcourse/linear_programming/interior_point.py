"""The interior-point method: through the middle of the polyhedron, guided away from its walls."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from optcourse.arguments import Array
from optcourse.linear_programming.program import (
    LinearProgram,
    LPSolution,
    linear_program,
    standard_form,
)
from optcourse.linear_programming.simplex import simplex, solution
from optcourse.streams import Iterates, stream

REGULARISATION = 1e-9  # primal and dual: without it a sixth of Netlib diverges on dependent or nearly dependent rows
PAIRS = 2_000_000  # pairs of entries in one column worth listing; with more, A D Aᵀ is multiplied out
ACCURACY = 1e-10  # how exactly to solve for a direction
REFINEMENTS = 10  # by so many steps of conjugate gradients at most; two are the rule
HOPELESS = 1e8  # a residual this many times the least: an equation without a solution, e.g. of a row of zeros
STEP = 0.9995  # how much of the way to the wall to go
CORRECTORS = 2  # how often to bend a direction: a solve each, and a sixth fewer factorisations
LONGER = 0.3  # by how much a bent direction should lengthen the steps; a tenth of that is worth the bend
COMMON = 30.0  # how many times their difference both halves of a free variable may be: less hinders, more stalls later
HUGE = 1e18  # an iterate this large will not come back
SPREAD = 10.0  # how many times the target a product of complementary variables may be, or a fraction of it


def banded(A: Any) -> Array:
    """Return an order of the rows in which those that share columns stand close together: A D Aᵀ is then a band."""
    from scipy import sparse
    from scipy.sparse.csgraph import reverse_cuthill_mckee

    order: Array = reverse_cuthill_mckee(sparse.csr_array(abs(A) @ abs(A).T))
    return order


class Pairs(NamedTuple):
    """The terms of A D Aᵀ: where each goes, its a_ij a_kj, its column j; and the shape of the band."""

    place: Array
    products: Array
    of: Array
    shape: tuple[int, int]


class NormalEquations:
    """A D Aᵀ for any diagonal D: what does not change with D is worked out once."""

    def __init__(self, A: Any, transposed: Any):
        from scipy.linalg.lapack import dpbtrf, dpbtrs

        self.A, self.transposed, self.cholesky, self.substitute = A, transposed, dpbtrf, dpbtrs
        lengths = np.diff(A.indptr)
        self.pairs = self.list_pairs(lengths) if (lengths**2).sum() <= PAIRS else None

    def list_pairs(self, lengths: Array) -> Pairs:
        """List what is summed: entry (i, k) of A D Aᵀ has a_ij a_kj d_j of every column j with rows i and k."""
        A = self.A
        of = np.repeat(np.arange(len(lengths)), lengths**2)
        one = np.repeat(np.arange(A.nnz), np.repeat(lengths, lengths))
        other = A.indptr[of] + np.arange(len(of)) % lengths[of]  # once round all entries, wherever it begins
        below = A.indices[one] >= A.indices[other]
        one, other, of = one[below], other[below], of[below]
        depth = A.indices[one] - A.indices[other]
        place = depth * A.shape[0] + A.indices[other]
        return Pairs(place, A.data[one] * A.data[other], of, (int(depth.max(initial=0)) + 1, A.shape[0]))

    def band(self, D: Array) -> Array:
        """Return A D Aᵀ by diagonals: row k holds the k-th below the main one, as LAPACK wants it."""
        if self.pairs is not None:
            place, products, of, shape = self.pairs
            band = np.bincount(place, products * D[of], shape[0] * shape[1]).reshape(shape)
            return band.astype(float, copy=False)  # of no pairs at all it counts whole numbers
        whole = (self.A.multiply(D) @ self.transposed).toarray()
        return np.array([np.pad(np.diagonal(whole, k), (0, k)) for k in range(len(whole))])

    def factorise(self, D: Array) -> None:
        """Find the Cholesky factor of A D Aᵀ, slightly regularised."""
        band = self.band(D)
        self.D, diagonal = D, band[0].copy()
        for boost in REGULARISATION * 100.0 ** np.arange(8):
            band[0] = diagonal + boost * np.maximum(1.0, diagonal)
            self.factor, fault = self.cholesky(band, lower=True)
            if not fault:
                return

    def solve(self, right: Array) -> Array:
        """Solve A D Aᵀ y = right by conjugate gradients, preconditioned by the regularised factor: a step or two."""
        r, y = right, np.zeros(len(right))
        best = size = np.abs(r).max()
        answer, enough, direction, last = y, ACCURACY * size, y, np.inf
        for _ in range(REFINEMENTS):
            preconditioned, _ = self.substitute(self.factor, r, lower=True)
            fit = float(r @ preconditioned)
            direction = preconditioned + fit / last * direction
            product = self.A @ (self.D * (self.transposed @ direction))
            curvature = float(direction @ product)
            if not curvature > 0:  # dependent rows: what is solved so far will do
                return answer
            y, r, last = y + fit / curvature * direction, r - fit / curvature * product, fit
            size = np.abs(r).max()
            if size < best:
                best, answer = size, y
            if size <= enough or size > HOPELESS * best:
                return answer
        return answer


class Point(NamedTuple):
    """Where the method is, or where it goes: z and its distance w to the upper bounds, their multipliers, the prices y.

    w and v stand for the bounded variables only.
    """

    z: Array
    w: Array
    s: Array
    v: Array
    y: Array

    def mu(self) -> float:
        """Return the mean of the products z∘s and w∘v."""
        return float(self.z @ self.s + self.w @ self.v) / (len(self.z) + len(self.w))

    def towards(self, d: Point, primal: float, dual: float) -> Point:
        """Return the point a part of the way along a direction."""
        return Point(
            self.z + primal * d.z, self.w + primal * d.w, self.s + dual * d.s, self.v + dual * d.v, self.y + dual * d.y
        )

    def steps(self, d: Point) -> tuple[float, float]:
        """Return how far d may be followed, at most 1, in z and w, and in s and v."""
        return min(longest(self.z, d.z), longest(self.w, d.w)), min(longest(self.s, d.s), longest(self.v, d.v))


def longest(v: Array, dv: Array) -> float:
    """Return the largest step ≤ 1 that keeps v + step · dv ≥ 0."""
    return 1 / float((-dv / v).max(initial=1.0))


class Problem(NamedTuple):
    """The standard form without what is fixed, and which of its variables are bounded above."""

    A: Any
    transposed: Any
    b: Array
    c: Array
    upper: Array
    box: Array
    normal: NormalEquations

    def residuals(self, at: Point) -> tuple[Array, Array, Array]:
        """Return b − Az, u − z − w and c − Aᵀy − s + v."""
        dual = self.c - self.transposed @ at.y - at.s
        dual[self.box] += at.v
        return self.b - self.A @ at.z, self.upper - at.z[self.box] - at.w, dual

    def direction(self, at: Point, rest: tuple[Array, Array, Array], zs: Array, wv: Array) -> Point:
        """Solve Newton's equations for the given residuals and the wanted changes of the products z∘s and w∘v."""
        primal, upper, dual = rest
        tilt = dual - zs / at.z
        tilt[self.box] += (wv - at.v * upper) / at.w
        y = self.normal.solve(primal + self.A @ (self.normal.D * tilt))
        z = self.normal.D * (self.transposed @ y - tilt)
        w = upper - z[self.box]
        return Point(z, w, (zs - at.s * z) / at.z, (wv - at.v * w) / at.w, y)

    def centred(self, at: Point, d: Point, target: float) -> Point:
        """Bend a direction back towards equal products, as long as that lengthens the steps (Gondzio 1996)."""
        nothing = np.zeros_like(self.b), np.zeros_like(self.upper), np.zeros_like(self.c)
        for _ in range(CORRECTORS):
            steps = at.steps(d)
            ahead = at.towards(d, *(min(1.0, step + LONGER) for step in steps))
            off = [
                np.maximum(np.clip(product, target / SPREAD, SPREAD * target) - product, -SPREAD * target)
                for product in (ahead.z * ahead.s, ahead.w * ahead.v)
            ]
            bent = Point(*(part + more for part, more in zip(d, self.direction(at, nothing, *off), strict=True)))
            if sum(at.steps(bent)) < sum(steps) + 0.1 * LONGER:
                return d
            d = bent
        return d

    def factorise(self, at: Point) -> None:
        """Prepare for the directions from a point."""
        weight = at.s / at.z + REGULARISATION
        weight[self.box] += at.v / at.w
        self.normal.factorise(1 / weight)


def starting_point(problem: Problem) -> Point:
    """Return least-squares answers pushed into the positive (Nocedal & Wright, section 14.2)."""
    A, transposed, b, c, upper, box, normal = problem
    weight = np.ones(len(c))
    weight[box] = 0.5
    normal.factorise(weight)
    half = np.zeros(len(c))
    half[box] = upper / 2
    z = half + weight * (transposed @ normal.solve(b - A @ half))
    y = normal.solve(A @ (weight * c))
    slack = c - transposed @ y
    w, v, s = upper - z[box], np.maximum(-slack[box], 0), slack
    s[box] = np.maximum(slack[box], 0)
    lift_z = -1.5 * np.concatenate([z, w]).min(initial=0.0)
    lift_s = -1.5 * s.min(initial=0.0)
    z, w, s, v = z + lift_z, w + lift_z, s + lift_s, v + lift_s
    product = max(float(z @ s + w @ v), 1e-8)
    lift_z = max(0.5 * product / max(s.sum() + v.sum(), 1e-8), 1e-3)
    lift_s = max(0.5 * product / max(z.sum() + w.sum(), 1e-8), 1e-3)
    return Point(z + lift_z, w + lift_z, s + lift_s, v + lift_s, y)


def optimal(problem: Problem, at: Point, tol: float, constant: float) -> bool:
    """Tell whether residuals and gap are below tol, relative to the numbers in the program and to its value."""
    b, c, upper = problem.b, problem.c, problem.upper
    primal, above, dual = problem.residuals(at)
    cost, floor = float(c @ at.z), float(b @ at.y - upper @ at.v)
    sides = max(np.abs(b).max(initial=0.0), upper.max(initial=0.0))
    missed = max(np.abs(primal).max(initial=0.0), np.abs(above).max(initial=0.0))
    met = missed <= tol * (1 + sides) and np.abs(dual).max(initial=0.0) <= tol * (1 + np.abs(c).max(initial=0.0))
    return bool(met and abs(cost - floor) <= tol * (1 + abs(cost + constant)))


def diverging(problem: Problem, at: Point) -> bool:
    """Tell whether there seems to be no solution: z is nearly a falling ray, or y nearly a proof that nothing fits."""
    A, transposed, b, c, upper, box, _ = problem
    floor, cost = float(b @ at.y - upper @ at.v), float(c @ at.z)
    slope = transposed @ at.y
    slope[box] -= at.v
    reach = max(np.abs(A @ at.z).max(initial=0.0), at.z[box].max(initial=0.0))
    return bool((floor > 0 and slope.max(initial=0.0) <= 1e-6 * floor) or (cost < 0 and reach <= 1e-6 * -cost))


def explain(program: LinearProgram) -> LPSolution:
    """Say why the path leads nowhere, if there is a reason, and prove it.

    Corners are wanted, so it is the simplex method's turn: its phase one ends with prices where nothing fits, its phase
    two with a direction that stays feasible for ever.
    """
    return solution(simplex(program))


@stream(program=linear_program)
def interior_point(program: LinearProgram, tol: float = 1e-9) -> Iterates:
    r"""Follow the central path (Mehrotra's predictor–corrector).

    Newton's method on the optimality conditions with the complementarity relaxed,

    .. math:: Az = b,\ z + w = u,\ A^\top y + s - v = c,\quad z_i s_i = w_i v_i = \sigma \mu,\quad z, w, s, v > 0,

    first with σ = 0, to see how far that would get; then with σ chosen by what was seen, and the second-order term
    added; then bent twice towards equal products, where that lengthens the step. All directions of a step come from one
    factorisation of A D Aᵀ, D = 1 / (s/z + v/w), slightly regularised.

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

    Raises
    ------
    ValueError
        If `program` is none, or `tol` < 0. A program without an answer is no error: the stream ends as ``"infeasible"``
        or ``"unbounded"``.

    References
    ----------
    S. Mehrotra, "On the implementation of a primal-dual interior point method", SIAM J. Optim. 2 (1992).
    J. Gondzio, "Multiple centrality corrections in a primal-dual method for linear programming", Comput. Optim. Appl. 6
    (1996).
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
    free = form.upper > 0
    if not free.any():  # the bounds leave one point: there is no inside to go through
        solution = explain(program)
        yield solution.x
        return solution.status
    order = banded(form.A[:, free])
    A, box = form.A[order][:, free], np.flatnonzero(np.isfinite(form.upper[free]))
    normal = NormalEquations(A, A.T.tocsr())
    problem = Problem(A, normal.transposed, form.b[order], form.c[free], form.upper[free][box], box, normal)
    halves = np.searchsorted(np.flatnonzero(free), form.halves)
    at = starting_point(problem)
    first = at.mu()
    doubt, status, iterations, shortest = None, None, 0, 0
    while status is None:
        mu, rest = at.mu(), problem.residuals(at)
        problem.factorise(at)
        d = problem.direction(at, rest, -at.z * at.s, -at.w * at.v)
        sigma = (at.towards(d, *at.steps(d)).mu() / mu) ** 3
        d = problem.direction(at, rest, sigma * mu - at.z * at.s - d.z * d.s, sigma * mu - at.w * at.v - d.w * d.v)
        d = problem.centred(at, d, sigma * mu)
        primal, dual = at.steps(d)
        at = drawn_in(at.towards(d, min(1.0, STEP * primal), min(1.0, STEP * dual)), halves)
        z, s, y = at.z, at.s, at.y[np.argsort(order)]
        iterations += 1
        shortest = shortest + 1 if max(primal, dual) < 1e-4 else 0
        size = np.abs(np.concatenate(at)).max()
        stuck = shortest >= 5 or iterations >= 200 or size > HUGE or at.mu() <= 1e-20 * first
        if optimal(problem, at, tol, constant=program.c @ form.shift / form.worth):
            status = "optimal"
        elif stuck or (doubt is None and diverging(problem, at)):
            doubt = doubt or explain(program)
            status = doubt.status if doubt.status != "optimal" else "stalled" if stuck else None
        x = form.point(spread(z, free))
        yield x
    if doubt is not None and status == doubt.status:
        solution = doubt._replace(x=x, iterations=iterations)
    else:
        solution = LPSolution(status, x, program.value(x), *form.prices(program, y), None, iterations)
    return solution.status


def drawn_in(at: Point, halves: Array) -> Point:
    """Take from both halves of a free variable what they have too much in common.

    Their difference alone counts, so nothing keeps them from growing for ever, while their multipliers fall to nothing.
    """
    pair = at.z[halves]
    excess = np.maximum(pair.min(axis=0) - COMMON * np.maximum(1.0, np.abs(pair[0] - pair[1])), 0.0)
    at.z[halves] -= excess
    return at


def spread(z: Array, free: Array) -> Array:
    """Put the variables that are fixed at zero back in."""
    full = np.zeros(len(free))
    full[free] = z
    return full
