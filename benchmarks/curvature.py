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
    our_functions: float  # seconds within the loss and the gradient themselves
    their_functions: float


def again(solve: Callable[[Any, Any], object], case: Case) -> Callable[[], None]:
    """Return what asks for every loss and gradient once more that one run asks for, and does nothing else."""
    asked: list[tuple[Callable[[Any], Any], Any]] = []

    def noting(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
        return lambda theta: asked.append((function, theta.copy())) or function(theta)

    solve(noting(case.loss), noting(case.grad))

    def ask() -> None:
        for function, theta in asked:
            function(theta)

    return ask


def largest(gradient: Any) -> float:
    """Return the largest entry of a gradient; of few entries, ordinary floats are compared sooner."""
    return max(map(abs, gradient.tolist())) if gradient.size < 20 else float(np.abs(gradient).max())


def measure(method: str, case: Case) -> Duel:
    """Let both solve one problem."""
    solver, peer, options = PAIRS[method]

    def call_peer(loss: Any = case.loss, grad: Any = case.grad) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # CG and BFGS say when the precision is used up
            settings = {"maxiter": 100_000, **options}
            return scipy.optimize.minimize(loss, case.start, jac=grad, method=peer, options=settings)

    theirs = call_peer()
    goal = max(GTOL, float(np.abs(theirs.jac).max()))

    def call_ours(loss: Any = case.loss, grad: Any = case.grad) -> tuple[int, bool]:
        stream = solver(loss, grad, case.start)
        solved = any(largest(stream.state["here"].grad) <= goal for _ in stream)
        return sum(stream.evaluations.values()), solved

    contestants = {"ours": call_ours, "theirs": call_peer}
    functions = {f"{name}, functions": again(call, case) for name, call in contestants.items()}
    seconds = interleaved(contestants | functions, ROUNDS)
    evaluations, solved = call_ours()
    return Duel(
        case.name,
        seconds["ours"],
        seconds["theirs"],
        evaluations,
        int(theirs.nfev + theirs.njev),
        (solved, goal == GTOL),
        seconds["ours, functions"],
        seconds["theirs, functions"],
    )


def rows(method: str, cases: list[Case], label: str) -> tuple[list[list[str]], str]:
    """Return one method's lines, each problem and the medians of the ratios; and what the functions' part in it is."""
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
    share = statistics.median(duel.our_functions / duel.ours for duel in duels)
    rest = statistics.median((duel.ours - duel.our_functions) / (duel.theirs - duel.their_functions) for duel in duels)
    part = f"the losses and gradients themselves are {share:.0%} of our time; what is left is {rest:.2f}× SciPy's."
    return [*lines, [f"**median, {label}**", f"**{time:.2f}×**", f"**{evaluations:.2f}×**"]], part


def main() -> None:
    print(machine("scipy"), f"ours / SciPy, median of {ROUNDS} interleaved rounds")
    for method, (_, peer, _) in PAIRS.items():
        print(f"\n### {method} against {peer}\n")
        (small_lines, small_part), (large_lines, large_part) = (
            rows(method, classics(), "six classics"),
            rows(method, large(), "n ≥ 200"),
        )
        print(table(["problem", "time", "evaluations"], [*small_lines, *large_lines]))
        print(f"\nSix classics: {small_part} At n ≥ 200: {large_part}")


if __name__ == "__main__":
    main()
