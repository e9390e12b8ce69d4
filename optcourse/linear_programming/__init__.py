"""3.12 Constrained optimization and linear programming: straight walls, flat costs."""

from optcourse.linear_programming.branch_and_bound import Node, branch_and_bound
from optcourse.linear_programming.interior_point import interior_point
from optcourse.linear_programming.program import LinearProgram, LPSolution
from optcourse.linear_programming.simplex import simplex, solution
from optcourse.linear_programming.vertices import vertices

__all__ = [
    "LPSolution",
    "LinearProgram",
    "Node",
    "branch_and_bound",
    "interior_point",
    "simplex",
    "solution",
    "vertices",
]
