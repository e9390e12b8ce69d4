"""Print what is solved of the published problem sets, and how well: ``python tests/problem_sets/scores.py``.

The tests hold the same things to their bounds, name by name: `test_netlib.py`, `test_nist.py`, `test_mgh.py`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

import netlib
import test_mgh as mgh
import test_nist as nist

from optcourse import interior_point, lp_residuals, simplex
from optcourse.linear_programming import solution


def linear_programs() -> None:
    """Netlib: the certificate and the published optimum, by both solvers."""
    print("| Netlib | solved | worst residual or gap | worst error of the value (of 1 + its size) |")
    print("| --- | --- | --- | --- |")
    optima = netlib.optima()
    for solver, bound in ((simplex, 1e-9), (interior_point, 1e-8)):
        certified, apart = [], []
        for name in netlib.FEASIBLE:
            program, found = netlib.feasible(name), solution(solver(netlib.feasible(name)))
            certified.append(max(lp_residuals(program, found.x, found.y_ub, found.y_eq)))
            apart.append(abs(found.value - optima[name]) / (1 + abs(optima[name])))
        solved = sum(max(both) <= bound for both in zip(certified, apart, strict=True))
        refused = sum(solution(solver(netlib.infeasible(name))).status == "infeasible" for name in netlib.INFEASIBLE)
        print(
            f"| {solver.__name__} | {solved} of {len(apart)}, infeasible {refused} of {len(netlib.INFEASIBLE)} "
            f"| {max(certified):.1e} | {max(apart):.1e} |"
        )


def regressions() -> None:
    """NIST StRD: digits of the certified residual sum of squares, from start 2 by BFGS."""
    digits = {name: -np.log10(max(abs(nist.fit(name)[0] / nist.read(name)[-1] - 1), 1e-16)) for name in nist.MODELS}
    good = sum(found >= 4 for found in digits.values())
    print(f"\nNIST, digits of the certified RSS ({good} of {len(digits)} have four or more):")
    print(", ".join(f"{name} {found:.1f}" for name, found in digits.items()))


def sums_of_squares() -> None:
    """Moré, Garbow and Hillstrom: who reaches a published minimum, and the evaluations spent by all that do."""
    print("\n| Moré–Garbow–Hillstrom | reached | evaluations | exceptions |\n| --- | --- | --- | --- |")
    for method in mgh.METHODS:
        spent = {problem: mgh.spent_until_reached(method, problem) for problem in mgh.PROBLEMS}
        missed = [str(problem) for problem, count in spent.items() if count is None]
        total = sum(count or 0 for count in spent.values())
        print(f"| {method} | {len(spent) - len(missed)} of {len(spent)} | {total} | {', '.join(missed) or 'none'} |")


def main() -> None:
    linear_programs()
    regressions()
    sums_of_squares()


if __name__ == "__main__":
    main()
