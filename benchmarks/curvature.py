"""Quasi-Newton methods and nonlinear conjugate gradients against SciPy's.

``PYTHONPATH=. python benchmarks/curvature.py`` prints tables of milliseconds, evaluations and ratios ours/SciPy. Both
sides get the loss and its gradient and stop as soon as no entry of the gradient exceeds `GTOL`, or what SciPy was left
with where its line search gave up sooner; what they count is evaluations of the loss and of the gradient together.
SciPy's BFGS and CG are Python, its L-BFGS-B is compiled.
"""

from __future__ import annotations

import statistics
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

from timing import interleaved, machine, table  # first: it fixes the number of threads

import numpy as np  # isort: skip
import scipy.optimize  # isort: skip

from optcourse import bfgs, lbfgs, nonlinear_cg, problems  # isort: skip
from tests.problem_sets import mgh  # isort: skip

GTOL = 1e-6
ROUNDS = 9
PAIRS: dict[str, tuple[Callable[..., Any], str, dict[str, float]]] = {
    "bfgs": (bfgs, "BFGS", {"gtol": GTOL}),
    "lbfgs": (lbfgs, "L-BFGS-B", {"gtol": GTOL, "ftol": 0.0, "maxcor": 10}),
    "nonlinear_cg": (nonlinear_cg, "CG", {"gtol": GTOL}),
}
CLASSICS = ("Rosenbrock", "Beale", "helical valley", "Wood", "Powell, singular", "Brown and Dennis")


class Case(NamedTuple):
    """One problem."""

    name: str
    loss: Callable[[Any], float]
    grad: Callable[[Any], Any]
    start: Any


def classics() -> list[Case]:
    """Six of Moré, Garbow and Hillstrom's, each in its standard dimension."""
    return [Case(f"{one.name}, n = {one.start.size}", *pieces(one)) for one in mgh.PROBLEMS if one.name in CLASSICS]


def pieces(problem: Any) -> tuple[Any, Any, Any]:
    return problem.loss, problem.grad, problem.start


def large() -> list[Case]:
    """Losses of 200 and more parameters."""
    rng = np.random.default_rng(0)
    logistic = problems.logistic_regression(rng=rng, n=1000, dim=200)
    return [
        Case("extended Rosenbrock, n = 200", *pieces(mgh.rosenbrock(200))),
        Case("extended Powell, n = 200", *pieces(mgh.powell_singular(200))),
        Case("Broyden, tridiagonal, n = 200", *pieces(mgh.broyden_tridiagonal(200))),
        Case("quadratic, κ = 1000, n = 300", *pieces(problems.quadratic(1000.0, 300))),
        Case("logistic regression, n = 200", *pieces(logistic)),
    ]


class Duel(NamedTuple):
    """One problem solved by both: median seconds, evaluations, and whether each reached the tolerance."""

    name: str
    ours: float
    theirs: float
    our_evaluations: int
    their_evaluations: int
    solved: tuple[bool, bool]


def measure(method: str, case: Case) -> Duel:
    """Let both solve one problem."""
    solver, peer, options = PAIRS[method]

    def call_peer() -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # CG and BFGS say when the precision is used up
            return scipy.optimize.minimize(
                case.loss, case.start, jac=case.grad, method=peer, options={"maxiter": 100_000, **options}
            )

    theirs = call_peer()
    goal = max(GTOL, float(np.abs(theirs.jac).max()))

    def call_ours() -> tuple[int, bool]:
        stream = solver(case.loss, case.grad, case.start)
        solved = any(np.abs(stream.state["here"].grad).max() <= goal for _ in stream)
        return sum(stream.evaluations.values()), solved

    seconds = interleaved({"ours": call_ours, "theirs": call_peer}, ROUNDS)
    our_evaluations, ours_solved = call_ours()
    their_evaluations = int(theirs.nfev + theirs.njev)
    solved = (ours_solved, goal == GTOL)
    return Duel(case.name, seconds["ours"], seconds["theirs"], our_evaluations, their_evaluations, solved)


def rows(method: str, cases: list[Case], label: str) -> list[list[str]]:
    """Return one method's lines: each problem, then the medians of the ratios."""
    duels = [measure(method, case) for case in cases]
    lines = [
        [
            duel.name
            + "".join(
                f" ({who} stopped short)" for who, yes in zip(("ours", "SciPy"), duel.solved, strict=True) if not yes
            ),
            f"{1e3 * duel.ours:.2f} / {1e3 * duel.theirs:.2f} ms = {duel.ours / duel.theirs:.2f}×",
            f"{duel.our_evaluations} / {duel.their_evaluations} = {duel.our_evaluations / duel.their_evaluations:.2f}×",
        ]
        for duel in duels
    ]
    time = statistics.median(duel.ours / duel.theirs for duel in duels)
    evaluations = statistics.median(duel.our_evaluations / duel.their_evaluations for duel in duels)
    return [*lines, [f"**median, {label}**", f"**{time:.2f}×**", f"**{evaluations:.2f}×**"]]


def main() -> None:
    print(machine("scipy"), f"ours / SciPy, median of {ROUNDS} interleaved rounds")
    for method, (_, peer, _) in PAIRS.items():
        print(f"\n### {method} against {peer}\n")
        lines = [*rows(method, classics(), "six classics"), *rows(method, large(), "n ≥ 200")]
        print(table(["problem", "time", "evaluations"], lines))


if __name__ == "__main__":
    main()
