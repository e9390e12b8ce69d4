"""The corners of a polygon, for the picture."""

from __future__ import annotations

import itertools

import numpy as np

from optcourse.arguments import Array, checked, power_of_two, refuse
from optcourse.linear_programming.program import LinearProgram, linear_program


@checked(program=linear_program)
def vertices(program: LinearProgram, tol: float = 1e-9) -> Array:
    """Return the corners of a feasible region in the plane, by trying every pair of boundary lines.

    Parameters
    ----------
    program : LinearProgram
        With two variables; its costs do not matter.
    tol : float
        How far outside a corner may lie, as a share of the largest number in it or of the farthest line's distance.

    Returns
    -------
    array, shape (k, 2)
        The corners in counter-clockwise order from the lowest (of two: the left one); none if the region is empty or
        has no corner.

    Raises
    ------
    ValueError
        If the program has not exactly two variables.

    References
    ----------
    D. Bertsimas and J. N. Tsitsiklis, *Introduction to Linear Optimization* (1997), definition 2.9: a corner is a
    feasible point where two linearly independent constraints hold with equality.

    Examples
    --------
    >>> vertices(LinearProgram(c=[-3.0, -2.0], A_ub=[[1.0, 1.0], [1.0, 0.0]], b_ub=[4.0, 3.0]))
    array([[0., 0.],
           [3., 0.],
           [3., 1.],
           [0., 4.]])
    """
    if program.c.size != 2:
        raise refuse("program", program.c, f"must have two variables, not {program.c.size}")
    (low, high), box = program.bounds.T, np.eye(2)
    rows = np.vstack([program.A_ub, program.A_eq, -program.A_eq, -box, box])
    sides = np.concatenate([program.b_ub, program.b_eq, -program.b_eq, -low, high])
    lengths = np.hypot(*rows.T)
    if np.any(sides[lengths == 0] < 0):  # 0 ≤ −1: no point at all
        return np.empty((0, 2))
    lines = np.isfinite(sides) & (lengths > 0)
    lengths = power_of_two(lengths[lines])
    rows, sides = rows[lines] / lengths[:, None], sides[lines] / lengths
    corners: list[Array] = []
    for i, k in itertools.combinations(range(len(sides)), 2):
        pair = rows[[i, k]]
        if abs(np.linalg.det(pair)) <= 1e-12:
            continue
        x = np.linalg.solve(pair, sides[[i, k]]) + 0.0
        near = tol * max(sides.max(), np.abs(x).max())
        if (rows @ x - sides).max() <= near and not any(np.abs(x - other).max() <= near for other in corners):
            corners.append(x)
    if not corners:
        return np.empty((0, 2))
    found = np.array(corners)
    around = found - found.mean(axis=0)
    order = np.argsort(np.arctan2(around[:, 1], around[:, 0]), kind="stable")
    start = np.lexsort((found[order, 0], found[order, 1]))[0]
    return found[np.roll(order, -start)]
