"""The simplex method: from corner to corner, always downhill."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import NamedTuple

import numpy as np

from optcourse.arguments import Array, one_of, refuse
from optcourse.linear_programming.program import (
    LinearProgram,
    LPSolution,
    StandardForm,
    linear_program,
    standard_form,
)
from optcourse.streams import Iterates, Stream, stream

PIVOT = 1e-9  # an entry this small is zero: pivoting on it would be dividing by noise
REDUCED_COST = 1e-9  # a cost this close to zero promises nothing
FEASIBLE = 1e-9  # the ratio test may overstep by this much, to be free to choose a large pivot (Harris)
REFACTOR = 100  # pivots between two fresh factorisations

Walk = Generator[bool, None, str]


class Basis:
    """A corner: which variables may be off their bounds, the inverse of their columns, and their values.

    All others stand at zero, or at their upper bound where `at_upper` says so.
    """

    def __init__(self, form: StandardForm, columns: Array):
        from scipy.linalg.blas import dger

        self.A, self.b, self.upper, self.columns = form.A, form.b, form.upper, columns.copy()
        self.transposed = form.A.T.tocsr()
        self.rank_one = dger
        self.at_upper = np.zeros(len(form.c), dtype=bool)
        self.movable = form.upper > 0  # not basic, and not fixed
        self.movable[columns] = False
        self.ray: Array | None = None
        self.pivots = 0
        self.refactor()

    def refactor(self) -> None:
        """Invert the basis afresh: the updates below add up rounding errors."""
        from scipy.sparse.linalg import splu

        B = self.A[:, self.columns]
        self.inverse = splu(B).solve(np.eye(len(self.b), order="F"))
        right = self.b - self.A @ np.where(self.at_upper, self.upper, 0.0)
        self.values = self.inverse @ right
        self.values += self.inverse @ (right - B @ self.values)  # one step of iterative refinement
        self.limits = self.upper[self.columns]
        self.updates = 0

    def column(self, j: int) -> Array:
        """Return how fast each basic variable falls when variable j rises."""
        start, stop = self.A.indptr[j], self.A.indptr[j + 1]
        falling: Array = self.inverse[:, self.A.indices[start:stop]] @ self.A.data[start:stop]
        return falling

    def row(self, r: int) -> Array:
        """Return row r of the tableau: how fast basic variable r falls when each variable rises."""
        falling: Array = self.transposed @ self.inverse[r]
        return falling

    def prices(self, c: Array) -> Array:
        """Return y = c_B B⁻¹."""
        return c @ self.inverse

    def outside(self) -> Array:
        """Return −1 for each basic variable below zero, +1 for each above its upper bound, 0 for the others."""
        return (self.values > self.limits + FEASIBLE) - 1.0 * (self.values < -FEASIBLE)

    def move(self, j: int, falling: Array, block: Block) -> None:
        """Let variable j move until something blocks: its own other bound, or the r-th basic variable, which leaves."""
        sign = -1.0 if self.at_upper[j] else 1.0
        self.values -= block.step * sign * falling
        self.pivots += 1
        if block.row is None:
            self.at_upper[j] = not self.at_upper[j]
            return
        r, left = block.row, self.columns[block.row]
        self.values[r] = (self.upper[j] if self.at_upper[j] else 0.0) + sign * block.step
        pivot_row = self.inverse[r] / falling[r]
        falling = falling.copy()
        falling[r] -= 1.0
        self.inverse = self.rank_one(-1.0, falling, pivot_row, a=self.inverse, overwrite_a=True)
        self.columns[r], self.limits[r] = j, self.upper[j]
        self.at_upper[left], self.at_upper[j] = block.at_upper, False
        self.movable[left], self.movable[j] = self.upper[left] > 0, False
        self.updates += 1

    def point(self) -> Array:
        """Return z."""
        z = np.where(self.at_upper, self.upper, 0.0)
        z[self.columns] = np.clip(self.values, 0.0, self.limits)
        return z


def bland(gains: Array, _: Array) -> int:
    """The first variable that promises anything (Bland 1977): slow, but can never cycle."""
    return int(np.flatnonzero(gains > REDUCED_COST)[0])


def dantzig(gains: Array, _: Array) -> int:
    """The variable that promises most per unit (Dantzig 1947): natural, and may cycle."""
    return int(np.argmax(gains))


def steepest(gains: Array, weights: Array) -> int:
    """The variable that promises most per unit of distance along its edge (Goldfarb and Reid 1977)."""
    return int(np.argmax(np.where(gains > REDUCED_COST, gains * gains / weights, 0.0)))


RULES: dict[str, Callable[[Array, Array], int]] = {"bland": bland, "dantzig": dantzig, "steepest": steepest}


class Block(NamedTuple):
    """What ends a step: a row (None: the entering variable's own other bound), how far, where its variable stops."""

    row: int | None
    step: float
    at_upper: bool = False


def walk(basis: Basis, c: Array, rule: str) -> Walk:
    """Move until no variable promises anything. While some are outside their bounds, the cost is how far (phase one).

    Yields, after every move, whether all were inside before it.
    """
    weights = edge_lengths(basis) if rule == "steepest" else np.ones(len(c))
    costs, stalled, last = c, 0, None
    while True:
        outside = basis.outside()
        phase_one = bool(outside.any())
        if phase_one or last is not False or basis.updates == 0:
            prices = basis.prices(outside if phase_one else c[basis.columns])
            costs = -(basis.transposed @ prices) if phase_one else c - basis.transposed @ prices
        last = phase_one
        gains = np.where(basis.movable, np.where(basis.at_upper, costs, -costs), 0.0)
        if gains.max() <= REDUCED_COST:
            if basis.updates == 0:
                return "infeasible" if phase_one else "optimal"
            basis.refactor()  # was that true, or rounding?
            continue
        patient = rule == "steepest" and stalled < 2 * len(basis.b)
        j = RULES[rule if rule != "steepest" or patient else "bland"](gains, weights)
        column = basis.column(j)
        falling = -column if basis.at_upper[j] else column
        block = first_block(basis, falling, basis.upper[j], outside if phase_one else None, gains[j], not patient)
        if block is None and phase_one:  # nothing that misses its bound is brought nearer: the gain was rounding
            basis.movable[j] = False
            continue
        if block is None:
            basis.ray = np.zeros(len(c))
            basis.ray[basis.columns] = -falling
            basis.ray[j] = 1.0  # upwards: at an upper bound it would have a lower one to stop at
            return "unbounded"
        stalled = stalled + 1 if block.step <= FEASIBLE else 0
        if block.row is not None:
            row, left = basis.row(block.row), basis.columns[block.row]
            ratio = row / row[j]
            costs = costs - costs[j] * ratio
            if rule == "steepest":
                update_lengths(weights, basis, column, ratio, j, left)
        basis.move(j, column, block)
        if basis.updates >= REFACTOR:
            basis.refactor()
        yield not phase_one


def edge_lengths(basis: Basis) -> Array:
    """Return the squared length of the edge along which each variable would move: 1 + ‖B⁻¹ a_j‖²."""
    return 1.0 + np.square(basis.transposed @ basis.inverse.T).sum(axis=1)


def update_lengths(squares: Array, basis: Basis, column: Array, ratio: Array, j: int, left: int) -> None:
    """Adapt the squared lengths, in place, to variable j entering for variable `left`, without a new inverse."""
    own = 1.0 + float(column @ column)
    along = basis.transposed @ (column @ basis.inverse)
    np.maximum(squares + ratio * (ratio * own - 2 * along), 1.0 + ratio * ratio, out=squares)
    squares[left] = own * ratio[left] ** 2


def first_block(
    basis: Basis, falling: Array, own: float, outside: Array | None, gain: float, smallest_index: bool
) -> Block | None:
    """Return what ends the step; in phase one, variables pass bounds while the sum of what is missed still falls."""
    size = np.abs(falling)
    down = falling > 0
    values, limits = basis.values, basis.limits
    room = np.where(down, values, limits - values)
    size_or_none = np.where(size > PIVOT, size, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        if outside is None:
            room = np.maximum(room, 0.0)
            times = np.where(size_or_none > 0, room / size, np.inf)
            if smallest_index:
                bound = times.min()
                tied = np.flatnonzero(times <= bound)
                r = int(tied[np.argmin(basis.columns[tied])])
            else:
                bound = np.where(size_or_none > 0, (room + FEASIBLE) / size, np.inf).min()
                r = int(np.argmax(np.where(times <= bound, size_or_none, 0.0)))
            if own <= times[r]:
                return Block(None, own) if np.isfinite(own) else None
            return Block(r, float(times[r]), not down[r])
        return pass_through(basis, size_or_none, down, room, own, outside, gain, smallest_index)


def pass_through(
    basis: Basis,
    size: Array,
    down: Array,
    room: Array,
    own: float,
    outside: Array,
    gain: float,
    smallest_index: bool,
) -> Block | None:
    """Phase one's ratio test: the sum of what is missed is convex along the edge, with a kink at every bound passed."""
    values, limits, m = basis.values, basis.limits, len(size)
    side = np.where(down, -1.0, 1.0)
    coming = (outside == -side) & (size > 0)
    going = (outside != side) & (size > 0) & np.isfinite(room)
    rows = np.concatenate([np.flatnonzero(coming), np.flatnonzero(going)])
    if not len(rows):
        return Block(None, own) if np.isfinite(own) else None
    first = np.count_nonzero(coming)
    distance = np.concatenate([np.where(down, values - limits, -values)[coming], np.maximum(room, 0.0)[going]])
    sizes = size[rows]
    times = distance / sizes
    if smallest_index:
        k = int(np.lexsort((basis.columns[rows], times))[0])
    else:
        order = np.argsort(times, kind="stable")
        passed = int(np.searchsorted(np.cumsum(sizes[order]), gain * (1 - 1e-9)))
        order = order[: passed + 1]
        k = int(order[np.flatnonzero(sizes[order] >= 0.01 * sizes[order].max())[-1]])
    if own <= times[k]:
        return Block(None, own)
    return Block(int(rows[k]), float(times[k]), bool(down[rows[k]] == (k < first)))


def triangular_start(form: StandardForm) -> Array:
    """Choose columns for the equalities that form a triangle, so that no pivots are spent on making their slacks leave.

    Row by row, the shortest first: it takes the cheapest of the columns left, then all with an entry in it are out of
    the game (Maros 2003, section 9.8).
    """
    A, by_row = form.A, form.A.tocsr()
    m = len(form.b)
    columns = len(form.c) - m + np.arange(m)
    row_lists = np.split(by_row.indices, by_row.indptr[1:-1])
    entries = np.diff(A.indptr)
    alive = form.upper > 0
    largest = abs(A).max(axis=0).toarray().ravel()
    equalities = np.flatnonzero(form.upper[columns] == 0)
    for i in sorted(equalities, key=lambda i: len(row_lists[i])):
        candidates = row_lists[i][alive[row_lists[i]]]
        start, stop = by_row.indptr[i], by_row.indptr[i + 1]
        sizes = np.abs(by_row.data[start:stop])[alive[row_lists[i]]]
        good = candidates[sizes >= 0.1 * largest[candidates]]
        if len(good):
            columns[i] = good[np.lexsort((entries[good], form.c[good]))[0]]
            alive[candidates] = False
    return columns


@stream(program=linear_program, rule=one_of(*RULES))
def simplex(program: LinearProgram, rule: str = "steepest") -> Iterates:
    r"""Walk along the edges of the feasible polyhedron, from corner to corner, while the cost falls.

    Phase one finds a corner, by lowering what all bounds together are missed by; phase two the best. At each corner the
    reduced costs :math:`c - A^\top y`, y = c_B B⁻¹, tell which edges go down; the ratio test tells where the edge ends.
    No edge goes down: the corner is optimal, and y is the proof.

    Parameters
    ----------
    program : LinearProgram
        What to minimise.
    rule : {"steepest", "dantzig", "bland"}
        Which edge to take: the steepest (falling back on Bland's when no progress is made for long), the one with the
        largest reduced cost, or the first. Only the second can cycle. Of several rows that block, the largest pivot
        leaves under the first rule, the smallest index under the others; and the first alone scales the program, and
        starts from a triangle of columns instead of the slacks.

    Yields
    ------
    x : array, shape (n,)
        The feasible corners, one for every pivot of phase two and the first. Returns ``"optimal"``, ``"infeasible"`` or
        ``"unbounded"``; ``state["solution"]`` is then the `LPSolution`.

    Raises
    ------
    ValueError
        If `program` is none, or the rule is unknown. A program without an answer is no error: the stream ends as
        ``"infeasible"`` or ``"unbounded"``.

    Notes
    -----
    ``scipy.optimize.linprog(method="highs-ds")`` is the practitioner's choice: a dual simplex on sparse factorisations.
    Here the inverse of the basis is kept whole, so that a pivot is one line; made for up to about a thousand rows.

    References
    ----------
    G. B. Dantzig, *Linear Programming and Extensions* (1963). R. G. Bland, "New finite pivoting rules for the simplex
    method", Math. Oper. Res. 2 (1977). D. Goldfarb and J. K. Reid, "A practicable steepest-edge simplex algorithm",
    Math. Programming 12 (1977). P. M. J. Harris, "Pivot selection methods of the Devex LP code", Math. Programming 5
    (1973). I. Maros, *Computational Techniques of the Simplex Method* (2003).

    Examples
    --------
    >>> program = LinearProgram(c=[-3.0, -2.0], A_ub=[[1.0, 1.0], [1.0, 0.0]], b_ub=[4.0, 3.0])
    >>> corners = simplex(program)
    >>> for x in corners: print(x)
    [0. 0.]
    [3. 0.]
    [3. 1.]
    >>> corners.reason, corners.state["solution"].y_ub
    ('optimal', array([-2., -1.]))
    """
    form = standard_form(program, scaled=rule == "steepest")
    m = len(form.b)
    basis = Basis(form, triangular_start(form) if rule == "steepest" else len(form.c) - m + np.arange(m))
    steps = walk(basis, form.c, rule)
    status = None
    while status is None:
        if not basis.outside().any():
            x = form.point(basis.point())
            yield x
        try:
            next(steps)
        except StopIteration as end:
            status = end.value
    solution = conclude(program, form, basis, status)
    return solution.status


def conclude(program: LinearProgram, form: StandardForm, basis: Basis, status: str) -> LPSolution:
    """Read the solution, its prices or its ray off the last basis."""
    x = form.point(basis.point())
    costs = basis.outside() if status == "infeasible" else form.c[basis.columns]
    y_ub, y_eq = form.prices(program, basis.prices(costs))
    ray = None if basis.ray is None else form.map @ basis.ray
    value = {"infeasible": np.inf, "unbounded": -np.inf}.get(status, program.value(x))
    return LPSolution(status, x, float(value), y_ub, y_eq, ray, basis.pivots)


def solution(corners: Stream) -> LPSolution:
    """Follow a solver of linear programs to its end and return the `LPSolution`.

    Parameters
    ----------
    corners : Stream
        From `simplex` or `interior_point`, at any step.

    Returns
    -------
    LPSolution

    Raises
    ------
    ValueError
        If the stream is not one of `simplex` or `interior_point`.

    References
    ----------
    As for the solver: the status is proved by ``y_ub`` and ``y_eq`` (optimal, infeasible) or ``ray`` (unbounded); D.
    Bertsimas and J. N. Tsitsiklis, *Introduction to Linear Optimization* (1997), sections 4.3, 4.6 and 4.8.

    Examples
    --------
    >>> solution(simplex(LinearProgram(c=[1.0], A_ub=[[1.0]], b_ub=[-1.0]))).status
    'infeasible'
    """
    for _ in corners:
        pass
    found = corners.state.get("solution")
    if not isinstance(found, LPSolution):
        raise refuse("corners", corners, "must come from simplex or interior_point")
    return found
