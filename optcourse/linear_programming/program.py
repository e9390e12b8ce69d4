"""What a linear program is, and the one form in which the solvers see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from optcourse.arguments import Array, matrix, power_of_two, refuse, vector

EPS = float(np.finfo(float).eps)


@dataclass(frozen=True, eq=False)
class LinearProgram:
    r"""Minimise :math:`c^\top x` subject to :math:`A_{ub} x \le b_{ub},\ A_{eq} x = b_{eq}` and bounds.

    Parameters
    ----------
    c : array, shape (n,)
        The costs; to maximise, pass −c.
    A_ub, b_ub, A_eq, b_eq : arrays, optional
        The constraints, named as in ``scipy.optimize.linprog``; no rows if not given.
    bounds : sequence of (low, high), optional
        For each variable, None (or ±inf) where there is no bound; x ≥ 0 if not given.

    Raises
    ------
    ValueError
        If shapes do not fit, or a lower bound exceeds its upper one.

    Examples
    --------
    >>> program = LinearProgram(c=[-3.0, -2.0], A_ub=[[1.0, 1.0], [1.0, 0.0]], b_ub=[4.0, 3.0])
    >>> program.value([3.0, 1.0])
    -11.0
    """

    c: Any
    A_ub: Any = None
    b_ub: Any = None
    A_eq: Any = None
    b_eq: Any = None
    bounds: Any = None

    def __post_init__(self) -> None:
        c = vector("c", self.c)
        if c.size == 0:
            raise refuse("c", self.c, "must have at least one entry")
        object.__setattr__(self, "c", c)
        for rows, side in (("A_ub", "b_ub"), ("A_eq", "b_eq")):
            given_rows, given_side = getattr(self, rows), getattr(self, side)
            A = np.empty((0, c.size)) if given_rows is None else matrix(rows, given_rows)
            b = np.empty(0) if given_side is None else vector(side, given_side)
            if A.shape != (b.size, c.size):
                raise refuse(rows, given_rows, f"must have shape {(b.size, c.size)} to fit {side} and c, not {A.shape}")
            object.__setattr__(self, rows, A)
            object.__setattr__(self, side, b)
        object.__setattr__(self, "bounds", _bounds(self.bounds, c.size))

    def value(self, x: Array) -> float:
        """Return cᵀx."""
        return float(self.c @ vector("x", x))

    def violation(self, x: Array) -> float:
        """Return by how much x misses a constraint or a bound, at the most."""
        x = vector("x", x)
        return float(
            max(
                (self.A_ub @ x - self.b_ub).max(initial=0.0),
                np.abs(self.A_eq @ x - self.b_eq).max(initial=0.0),
                (self.bounds[:, 0] - x).max(initial=0.0),
                (x - self.bounds[:, 1]).max(initial=0.0),
            )
        )


def linear_program(name: str, value: Any) -> LinearProgram:
    """A `LinearProgram`."""
    if not isinstance(value, LinearProgram):
        raise refuse(name, value, "must be an optcourse.LinearProgram")
    return value


def _bounds(given: Sequence[Any] | None, n: int) -> Array:
    """Return the bounds as an array of shape (n, 2) with infinities where there are none."""
    if given is None:
        return np.column_stack([np.zeros(n), np.full(n, np.inf)])
    try:
        pairs = [(-np.inf if low is None else low, np.inf if high is None else high) for low, high in given]
        table = np.array(pairs, dtype=float)
    except (TypeError, ValueError):
        raise refuse("bounds", given, "must be pairs (low, high), None where there is no bound") from None
    if table.shape != (n, 2) or np.isnan(table).any():
        raise refuse("bounds", given, f"must be {n} pairs (low, high), one a variable")
    if np.any(table[:, 0] == np.inf) or np.any(table[:, 1] == -np.inf):
        raise refuse("bounds", given, "must leave room for a number: no lower bound of +∞, no upper one of −∞")
    if np.any(table[:, 0] > table[:, 1]):
        raise refuse("bounds", given, "must not have a lower bound above the upper one")
    return table


class LPSolution(NamedTuple):
    """How a solver ended.

    Attributes
    ----------
    status : str
        ``"optimal"``, ``"infeasible"`` or ``"unbounded"`` (or ``"steps"`` / ``"stalled"``: no answer).
    x : array, shape (n,)
        The solution, or the last iterate.
    value : float
        cᵀx; +∞ if infeasible, −∞ if unbounded.
    y_ub, y_eq : arrays
        The prices: how much the optimal value changes per unit of b_ub (≤ 0) and b_eq.
    ray : array, shape (n,), or None
        For an unbounded program, a direction that stays feasible for ever and along which the cost falls.
    iterations : int
        Pivots, or steps of the interior-point method.
    """

    status: str
    x: Array
    value: float
    y_ub: Array
    y_eq: Array
    ray: Array | None
    iterations: int


class StandardForm(NamedTuple):
    """Minimise cᵀz subject to Az = b, 0 ≤ z ≤ upper, with x = shift + map z: one shape for every program.

    The last m columns of A are the identity: one slack for each row, which an equality bounds by zero. Rows and columns
    are scaled by powers of two, which changes no digit; `row_scale` carries prices back to the program's own rows. So
    are sides with bounds, and costs, where all are tiny or large, since solvers take a billionth for zero; `worth` is
    what one unit of cost is in those of the program. `halves`, of shape (2, …), are the columns of z⁺ and z⁻ for every
    x = z⁺ − z⁻.
    """

    A: Any
    b: Array
    c: Array
    upper: Array
    shift: Array
    map: Any
    row_scale: Array
    halves: Array
    worth: float

    def point(self, z: Array) -> Array:
        """Return the x of a z."""
        return self.shift + self.map @ z

    def prices(self, program: LinearProgram, y: Array) -> tuple[Array, Array]:
        """Return the prices of the program's own constraints for a y of the standard form."""
        original = y * self.row_scale
        m_ub, m_eq = len(program.b_ub), len(program.b_eq)
        return original[:m_ub], original[m_ub : m_ub + m_eq]


def standard_form(program: LinearProgram, scaled: bool = True) -> StandardForm:
    """Shift lower bounds to zero, mirror or split variables without one, add slacks, and scale (if asked to)."""
    from scipy import sparse

    low, high = program.bounds.T
    n, m_ub = program.c.size, len(program.b_ub)
    mirrored = np.isinf(low) & np.isfinite(high)  # x = high − z
    split = np.flatnonzero(np.isinf(low) & np.isinf(high))  # x = z⁺ − z⁻
    shift = np.where(np.isfinite(low), low, np.where(mirrored, high, 0.0))
    width = high - low

    rows = np.vstack([program.A_ub, program.A_eq])
    sides = np.concatenate([program.b_ub, program.b_eq])
    b = sides - rows @ shift
    noise = 4 * EPS * (np.abs(sides) + np.abs(rows) @ np.abs(shift))
    b[np.abs(b) <= noise] = 0.0  # what rounding left is no side to be scaled up to one
    if not len(b):  # 0 = 0, so that no solver has to ask whether there are rows
        b = np.zeros(1)
    m = len(b)
    signs = np.concatenate([np.where(mirrored, -1.0, 1.0), np.full(len(split), -1.0)])
    of = np.concatenate([np.arange(n), split])  # the variable that each column stands for
    row, column = np.nonzero(rows)
    value = rows[row, column]
    if len(split):
        again = np.isin(column, split)
        row, column, value = (
            np.concatenate([row, row[again]]),
            np.concatenate([column, n + np.searchsorted(split, column[again])]),
            np.concatenate([value, value[again]]),
        )
    value = signs[column] * value
    row_scale, column_scale = _equilibrate(row, column, np.abs(value), (m, len(of)), rounds=2 if scaled else 0)
    if not scaled:  # all rows alike: which one is longer than which decides where the plain rules go
        row_scale /= moderate(np.abs(value))

    n_z = len(of)
    value = np.concatenate([value * row_scale[row] * column_scale[column], np.ones(m)])
    place = np.concatenate([row, np.arange(m)]), np.concatenate([column, n_z + np.arange(m)])
    A = sparse.csc_array((value, place), shape=(m, n_z + m))
    scale = signs * column_scale
    mapping = sparse.csr_array((scale, (of, np.arange(n_z))), shape=(n, n_z + m))
    slack_upper = np.where(np.arange(m) < m_ub, np.inf, 0.0)
    upper = np.concatenate([width[of] / column_scale, slack_upper])
    cost = np.concatenate([program.c[of] * scale, np.zeros(m)])
    b = b * row_scale
    unit = moderate(np.abs(np.append(b, upper[np.isfinite(upper)])))
    worth = moderate(np.abs(cost) * unit)
    costs, prices = cost * (unit / worth), row_scale * (worth / unit)
    halves = np.array([split, np.arange(n, n_z)])
    return StandardForm(A, b / unit, costs, upper / unit, shift, mapping * unit, prices, halves, worth)


def moderate(sizes: Array) -> float:
    """Return the power of two that brings the largest number up to about one, or the smallest down to it."""
    sizes = sizes[sizes > 0]
    if not sizes.size:
        return 1.0
    return float(power_of_two(min(sizes.max(), max(1.0, sizes.min()))))


def _equilibrate(row: Array, column: Array, size: Array, shape: tuple[int, int], rounds: int) -> tuple[Array, Array]:
    """Scale rows and columns towards size one, by powers of two (Ruiz 2001): exact, and kind to every tolerance."""
    scales = np.ones(shape[0]), np.ones(shape[1])
    for _ in range(rounds):
        now = size * scales[0][row] * scales[1][column]
        for scale, index in zip(scales, (row, column), strict=True):
            largest = np.zeros(len(scale))
            np.maximum.at(largest, index, now)
            scale /= power_of_two(np.sqrt(largest))
    for scale, index in zip(scales, (row, column), strict=True):
        if len(index):  # what has no entries goes with the others
            mean = np.exp2(np.log2(scale[index]).mean())
            scale[np.bincount(index, minlength=len(scale)) == 0] = power_of_two(mean)
    return scales
