"""Branch and bound: integer programs by linear ones."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from optcourse.arguments import Array, refuse, table
from optcourse.linear_programming.program import LinearProgram, linear_program
from optcourse.linear_programming.simplex import simplex, solution
from optcourse.streams import Iterates, stream

INTEGRAL = 1e-6  # this close to a whole number is one


@dataclass
class Node:
    """One relaxation of the tree: its bounds, what it could promise, and what became of it."""

    number: int
    parent: int | None
    branch: str  # the bound that was added, e.g. "x3 ≤ 2"
    bounds: Array
    bound: float
    fate: str = "open"  # then "branched", "integral", "infeasible", "unbounded" or "pruned"


def whole(name: str, value: Any) -> Any:
    """Indices of the variables that must be whole numbers."""
    needed = "must be indices of variables: whole numbers, 0 or more"
    indices = np.atleast_1d(table(name, value, needed))
    if indices.ndim == 1 and indices.size == 0:
        return indices.astype(int)  # none: NumPy takes an empty list for one of floats
    if indices.ndim != 1 or indices.dtype.kind not in "iu" or indices.min() < 0:
        raise refuse(name, value, needed)
    return indices


def _below_the_number_of_variables(given: dict[str, Any]) -> None:
    integers, n = given["integers"], given["program"].c.size
    if np.max(integers, initial=0) >= n:
        raise refuse("integers", integers, f"must be below {n}, the number of variables")


@stream(program=linear_program, integers=whole, prepare=_below_the_number_of_variables)
def branch_and_bound(program: LinearProgram, integers: Array) -> Iterates:
    r"""Solve the linear relaxation; split on a fractional variable; drop what cannot beat the best so far.

    A relaxation's value is a floor under all whole solutions below it in the tree, so a branch whose floor is not below
    the incumbent's value holds nothing better. The open node with the lowest floor is taken first.

    Parameters
    ----------
    program : LinearProgram
        What to minimise, apart from the whole numbers.
    integers : sequence of indices
        The variables that must be whole.

    Yields
    ------
    x : array, shape (n,)
        Every whole solution that was better than all before. ``state["tree"]`` is the list of `Node`. Returns
        ``"optimal"``, ``"infeasible"`` or ``"unbounded"``.

    Raises
    ------
    ValueError
        If `program` is none, or `integers` are not indices of its variables.

    Notes
    -----
    ``scipy.optimize.milp`` adds presolve, cuts and heuristics to the same idea.

    References
    ----------
    A. H. Land and A. G. Doig, "An automatic method of solving discrete programming problems", Econometrica 28 (1960).

    Examples
    --------
    >>> knapsack = LinearProgram(c=[-10.0, -13.0, -7.0], A_ub=[[5.0, 7.0, 4.0]], b_ub=[9.0], bounds=[(0, 1)] * 3)
    >>> search = branch_and_bound(knapsack, integers=[0, 1, 2])
    >>> list(search)[-1], search.reason
    (array([1., 0., 1.]), 'optimal')
    """
    best = np.inf
    tree = [Node(0, None, "", program.bounds, -np.inf)]
    queue = [(tree[0].bound, tree[0].number, tree[0])]
    while queue:
        _, _, node = heapq.heappop(queue)
        if not promises(node.bound, best):
            node.fate = "pruned"
            continue
        relaxed = solution(simplex(replace(program, bounds=node.bounds)))
        node.bound = relaxed.value
        if relaxed.status == "unbounded":
            node.fate = "unbounded"
            return "unbounded"
        if relaxed.status == "infeasible" or not promises(relaxed.value, best):
            node.fate = "infeasible" if relaxed.status == "infeasible" else "pruned"
            continue
        parts = np.abs(relaxed.x[integers] - np.round(relaxed.x[integers]))
        if parts.max(initial=0.0) <= INTEGRAL:
            node.fate = "integral"
            x = relaxed.x.copy()
            x[integers] = np.round(x[integers])
            best = program.value(x)
            yield x
            continue
        node.fate = "branched"
        j = int(integers[int(np.argmax(parts))])
        for child in children(node, j, float(relaxed.x[j]), len(tree)):
            tree.append(child)
            if child.fate == "open":
                heapq.heappush(queue, (child.bound, child.number, child))
    return "optimal" if np.isfinite(best) else "infeasible"


def promises(bound: float, best: float) -> bool:
    """Whether a branch with this floor could hold something better than the incumbent."""
    return bound < best - 1e-9 * (1 + abs(best)) if np.isfinite(best) else True


def children(node: Node, j: int, value: float, number: int) -> list[Node]:
    """Split a node at a fractional value: x_j ≤ ⌊value⌋, or x_j ≥ ⌈value⌉."""
    born = []
    for offset, (column, limit, sign) in enumerate([(1, np.floor(value), "≤"), (0, np.ceil(value), "≥")]):
        bounds = node.bounds.copy()
        bounds[j, column] = limit
        child = Node(number + offset, node.number, f"x{j} {sign} {limit:g}", bounds, node.bound)
        if bounds[j, 0] > bounds[j, 1]:  # no whole number between the bounds given
            child.bound, child.fate = np.inf, "infeasible"
        born.append(child)
    return born
