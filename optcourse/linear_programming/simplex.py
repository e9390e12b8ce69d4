"""The simplex method: from corner to corner, always downhill."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

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
REFACTOR = 64  # pivots between two fresh factorisations

Walk = Generator[None, None, str]


class Basis:
    """A corner: the columns that may be nonzero, the inverse of their matrix, and their values."""

    def __init__(self, A: Any, b: Array, columns: Array):
        self.A, self.b, self.columns = A, b, columns.copy()
        self.transposed = A.T.tocsr()
        self.ray: Array | None = None
        self.pivots = 0
        self.refactor()

    def refactor(self) -> None:
        """Invert the basis afresh: the updates below add up rounding errors."""
        B = self.A[:, self.columns].toarray()
        self.inverse = np.linalg.inv(B)
        self.values = self.inverse @ self.b
        self.values += self.inverse @ (self.b - B @ self.values)  # one step of iterative refinement

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
        return c[self.columns] @ self.inverse

    def pivot(self, r: int, j: int, falling: Array) -> None:
        """Let variable j enter in place of the r-th basic one."""
        step = self.values[r] / falling[r]
        self.values -= step * falling
        self.values[r] = step
        pivot_row = self.inverse[r] / falling[r]
        falling = falling.copy()
        falling[r] = 0.0
        self.inverse -= np.outer(falling, pivot_row)
        self.inverse[r] = pivot_row
        self.columns[r] = j
        self.pivots += 1
        if self.pivots % REFACTOR == 0:
            self.refactor()

    def point(self) -> Array:
        """Return z."""
        z = np.zeros(self.A.shape[1])
        z[self.columns] = np.maximum(self.values, 0.0)
        return z


def bland(costs: Array, _: Array) -> int:
    """The first variable that promises anything (Bland 1977): slow, but can never cycle."""
    return int(np.flatnonzero(costs < -REDUCED_COST)[0])


def dantzig(costs: Array, _: Array) -> int:
    """The variable that promises most per unit (Dantzig 1947): natural, and may cycle."""
    return int(np.argmin(costs))


def steepest(costs: Array, weights: Array) -> int:
    """The variable that promises most per unit of distance, by approximate weights (Devex, Harris 1973)."""
    return int(np.argmax(np.where(costs < -REDUCED_COST, costs**2 / weights, -1.0)))


RULES: dict[str, Callable[[Array, Array], int]] = {"bland": bland, "dantzig": dantzig, "steepest": steepest}


def walk(basis: Basis, c: Array, may_enter: Array, rule: str) -> Walk:
    """Pivot until no cost is negative ("optimal") or nothing stops an entering variable ("unbounded")."""
    weights = np.ones(len(c))
    costs = c - basis.transposed @ basis.prices(c)
    stalled = 0
    while True:
        if basis.pivots % REFACTOR == 0:
            costs = c - basis.transposed @ basis.prices(c)
        costs[basis.columns] = 0.0
        candidates = np.where(may_enter, costs, 0.0)
        if candidates.min() >= -REDUCED_COST:
            costs = c - basis.transposed @ basis.prices(c)  # was that true, or rounding?
            costs[basis.columns] = 0.0
            candidates = np.where(may_enter, costs, 0.0)
            if candidates.min() >= -REDUCED_COST:
                return "optimal"
        patient = rule == "steepest" and stalled < 2 * len(basis.b)
        j = RULES[rule if rule != "steepest" or patient else "bland"](candidates, weights)
        falling = basis.column(j)
        r = leaving(basis, falling, smallest_index=not patient)
        if r is None:
            basis.ray = np.zeros(len(c))
            basis.ray[basis.columns] = -falling
            basis.ray[j] = 1.0
            return "unbounded"
        stalled = stalled + 1 if basis.values[r] <= FEASIBLE else 0
        row, left = basis.row(r), basis.columns[r]
        costs = costs - (costs[j] / row[j]) * row
        weights = np.maximum(weights, (row / row[j]) ** 2 * weights[j])
        weights[left] = max(weights[j] / row[j] ** 2, 1.0)
        basis.pivot(r, j, falling)
        yield


def leaving(basis: Basis, falling: Array, smallest_index: bool) -> int | None:
    """Return the row whose variable first reaches zero: of several, the largest pivot or (Bland) the smallest index."""
    blocks = np.flatnonzero(falling > PIVOT)
    if not blocks.size:
        return None
    values = np.maximum(basis.values[blocks], 0.0)
    if smallest_index:
        ratios = values / falling[blocks]
        tied = blocks[ratios <= ratios.min()]
        return int(tied[np.argmin(basis.columns[tied])])
    bound = ((values + FEASIBLE) / falling[blocks]).min()
    allowed = blocks[values / falling[blocks] <= bound]
    return int(allowed[np.argmax(falling[allowed])])


def first_corner(form: StandardForm, rule: str) -> tuple[Basis, Array, str]:
    """Phase one: drive artificial variables to zero. Returns the corner, who may enter later, and how it went."""
    from scipy import sparse

    m, n = form.A.shape
    needy = np.flatnonzero(form.slack < 0)
    artificial = sparse.csc_matrix((np.ones(len(needy)), (needy, np.arange(len(needy)))), (m, len(needy)))
    columns = form.slack.copy()
    columns[needy] = n + np.arange(len(needy))
    basis = Basis(sparse.hstack([form.A, artificial], format="csc"), form.b, columns)
    real = np.arange(n + len(needy)) < n
    if len(needy):
        for _ in walk(basis, np.where(real, 0.0, 1.0), real, rule):
            pass
        basis.refactor()
        missing = basis.values[~real[basis.columns]].sum()
        if missing > 1e-8 * (1 + np.abs(form.b).max(initial=0.0)):
            return basis, real, "infeasible"
        for r in map(int, np.flatnonzero(~real[basis.columns])):  # zero now: replace them where the row allows it
            row = np.where(real, np.abs(basis.row(r)), 0.0)
            row[basis.columns] = 0.0
            if row.max() > 1e-7:
                j = int(np.argmax(row))
                basis.pivot(r, j, basis.column(j))
    return basis, real, "feasible"


@stream(program=linear_program, rule=one_of(*RULES))
def simplex(program: LinearProgram, rule: str = "steepest") -> Iterates:
    r"""Walk along the edges of the feasible polyhedron, from corner to corner, while the cost falls.

    Phase one finds a corner, phase two the best. At each corner the reduced costs :math:`c - A^\top y`, y = c_B B⁻¹,
    tell which edges go down; the ratio test tells where the edge ends. No edge goes down: the corner is optimal, and y
    is the proof.

    Parameters
    ----------
    program : LinearProgram
        What to minimise.
    rule : {"steepest", "dantzig", "bland"}
        Which edge to take: the steepest (falling back on Bland's when no progress is made for long), the one with the
        largest reduced cost, or the first. Only the second can cycle. Of several rows that block, the largest pivot
        leaves under the first rule, the smallest index under the others.

    Yields
    ------
    x : array, shape (n,)
        The feasible corners, one for every pivot of phase two and the first. Returns ``"optimal"``, ``"infeasible"`` or
        ``"unbounded"``; ``state["solution"]`` is then the `LPSolution`.

    Notes
    -----
    ``scipy.optimize.linprog(method="highs-ds")`` is the practitioner's choice: a dual simplex on sparse factorisations.
    Here the inverse of the basis is kept whole, so that a pivot is one line; made for up to about a thousand rows.

    References
    ----------
    G. B. Dantzig, *Linear Programming and Extensions* (1963). R. G. Bland, "New finite pivoting rules for the simplex
    method", Math. Oper. Res. 2 (1977). P. M. J. Harris, "Pivot selection methods of the Devex LP code", Math.
    Programming 5 (1973).

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
    basis, real, status = first_corner(form, rule)
    cost = np.concatenate([form.c, np.zeros(len(real) - len(form.c))])
    if status == "feasible":
        x = form.point(basis.point()[real])
        yield x
        phase_two = walk(basis, cost, real, rule)
        while True:
            try:
                next(phase_two)
            except StopIteration as end:
                status = end.value
                break
            x = form.point(basis.point()[real])
            yield x
    solution = conclude(program, form, basis, real, cost, status)
    return solution.status


def conclude(
    program: LinearProgram, form: StandardForm, basis: Basis, real: Array, cost: Array, status: str
) -> LPSolution:
    """Read the solution, its prices or its ray off the last basis."""
    if status != "infeasible":
        basis.refactor()
    x = form.point(basis.point()[real])
    y_ub, y_eq = form.prices(program, basis.prices(cost if status != "infeasible" else np.where(real, 0.0, 1.0)))
    ray = None if basis.ray is None else form.map @ basis.ray[real]
    value = {"infeasible": np.inf, "unbounded": -np.inf}.get(status, program.value(x))
    return LPSolution(status, x, float(value), y_ub, y_eq, ray, basis.pivots)


def solution(corners: Stream) -> LPSolution:
    """Follow a solver of linear programs to its end and return the `LPSolution`.

    Raises
    ------
    ValueError
        If the stream is not one of `simplex` or `interior_point`.

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
