"""The mathematics of the figures' modules is the package's: held together under node, to 1e-12."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from host import Compute

from optcourse import gradient_descent, run
from optcourse.figures import DescentPlayground, Figure, ObjectiveGallery
from optcourse.figures.base import short
from optcourse.figures.landscapes import LANDSCAPES
from optcourse.figures.words import turns_back

NAMES = [one.name for one in LANDSCAPES]

# Relative to the size of the terms that are added up: where they cancel, rounding errors are as large as before.
EXACT = 1e-12


def points(rng: np.random.Generator, name: str, n: int) -> np.ndarray:
    """Draw points from a little more than the landscape's window."""
    problem = next(one for one in LANDSCAPES if one.name == name).make(10.0)
    reach = max(abs(edge) for side in problem.window for edge in side) * 1.2
    return rng.uniform(-reach, reach, (n, problem.dim))


@pytest.mark.parametrize("name", NAMES)
def test_losses_gradients_and_hessians_are_pythons(compute: Compute, name: str) -> None:
    rng = np.random.default_rng(7)
    thetas, kappas = points(rng, name, 60), rng.uniform(1, 100, 60)
    cases = [[theta.tolist(), kappa] for theta, kappa in zip(thetas, kappas, strict=True)]
    what = (
        f"""(() => {{ const p = problemOf({name!r}, c[1]); return [p.loss(c[0]), p.grad(c[0]), p.hess(c[0])]; }})()"""
    )
    landscape = next(one for one in LANDSCAPES if one.name == name)
    for (theta, kappa), (loss, grad, hess) in zip(cases, compute(DescentPlayground, what, cases), strict=True):
        problem = landscape.make(kappa)
        at = np.array(theta)
        curvature = np.abs(problem.hess(at)).max()
        reach = 1 + np.abs(at).max()
        np.testing.assert_allclose(loss, problem.loss(at), rtol=EXACT, atol=EXACT * curvature * reach**2)
        np.testing.assert_allclose(grad, problem.grad(at), rtol=EXACT, atol=EXACT * curvature * reach)
        np.testing.assert_allclose(hess, problem.hess(at), rtol=EXACT, atol=EXACT * curvature)


def test_eigenvalues_of_small_matrices_are_numpys(compute: Compute) -> None:
    matrices = [(half + half.T).tolist() for half in np.random.default_rng(1).normal(size=(50, 2, 2))]
    found = compute(DescentPlayground, "extremes(c)", [*matrices, [[2.0]]])
    for matrix, pair in zip([*matrices, [[2.0]]], found, strict=True):
        eigenvalues = np.linalg.eigvalsh(matrix)
        np.testing.assert_allclose(pair, [eigenvalues[0], eigenvalues[-1]], rtol=EXACT, atol=EXACT)


def safe_runs(rng: np.random.Generator, n: int) -> list[dict[str, Any]]:
    """Draw settings whose descent is not chaotic: steps below the largest curvature met, on every landscape."""
    cases: list[dict[str, Any]] = []
    for k in range(n):
        landscape = LANDSCAPES[k % len(LANDSCAPES)]
        kappa = float(rng.uniform(1, 60))
        problem = landscape.make(kappa)
        start = landscape.theta0() * rng.uniform(0.6, 1.0) + rng.normal(scale=0.02, size=problem.dim)
        steepest = max(np.abs(np.linalg.eigvalsh(problem.hess(start))).max(), problem.L_smooth or 0)
        share = rng.uniform(0.05, 1.9 if problem.mu else 0.5)
        lr = float(share / steepest)
        cases.append({"name": landscape.name, "kappa": kappa, "start": start.tolist(), "lr": lr, "steps": 120})
    return cases


DESCEND = """(() => { const p = problemOf(c.name, c.kappa);
  const r = run(gradientDescent(p.grad, c.start, c.lr), c.start, c.steps);
  return { path: [...r.path], rows: r.rows, reason: r.reason, turns: turnsBack(r.path, r.dim) }; })()"""


@pytest.mark.parametrize("figure", [DescentPlayground, ObjectiveGallery])
def test_two_hundred_descents_of_120_steps_are_pythons(compute: Compute, figure: type[Figure]) -> None:
    cases = [case for case in safe_runs(np.random.default_rng(3), 230) if case["name"] in figure.constants["FACTS"]]
    assert len(cases) >= 200
    for case, drawn in zip(cases, compute(figure, DESCEND, cases), strict=True):
        problem = next(one for one in LANDSCAPES if one.name == case["name"]).make(case["kappa"])
        trace = run(gradient_descent(problem.grad, case["start"], lr=case["lr"]), steps=case["steps"])
        assert (drawn["rows"], drawn["reason"]) == (len(trace.iterates), trace.reason)
        path = np.reshape(drawn["path"], trace.iterates.shape)
        scale = np.abs(trace.iterates).max()
        np.testing.assert_allclose(path, trace.iterates, rtol=EXACT, atol=EXACT * scale, err_msg=str(case))
        assert [drawn["turns"]["back"], drawn["turns"]["turns"]] == list(turns_back(trace.iterates))


@pytest.mark.parametrize(("name", "lr"), [("parabola", 1.5), ("rosenbrock", 0.02), ("himmelblau", 0.2), ("beale", 1.0)])
def test_a_descent_that_diverges_ends_at_the_same_step_for_the_same_reason(
    compute: Compute, name: str, lr: float
) -> None:
    landscape = next(one for one in LANDSCAPES if one.name == name)
    case = {"name": name, "kappa": 10, "start": landscape.theta0().tolist(), "lr": lr, "steps": 300}
    (drawn,) = compute(DescentPlayground, DESCEND, [case])
    trace = run(gradient_descent(landscape.make(10.0).grad, case["start"], lr=lr), steps=300)
    assert drawn["reason"] == trace.reason == "diverged"
    assert drawn["rows"] == len(trace.iterates)


def test_numbers_are_written_alike(compute: Compute) -> None:
    rng = np.random.default_rng(5)
    numbers = [0.0, 1.0, -1.0, 0.125, 1.125, 999.5, 1000.0, 12345.0, 99999.5, 0.001, 0.000999, 9.995, 0.3]
    numbers += (rng.choice([-1, 1], 300) * 10 ** rng.uniform(-9, 9, 300)).tolist()
    assert compute(DescentPlayground, "short(c)", numbers) == [short(value) for value in numbers]


def test_contours_lie_where_the_function_has_their_level(compute: Compute) -> None:
    n, radius = 41, 1.3
    what = "contours(grid((x, y) => x * x + y * y, [-2, 2], [-2, 2], 41), 41, [c * c])"
    (pieces,) = compute(DescentPlayground, what, [radius])
    ends = np.reshape(pieces, (-1, 2)) * 4 / (n - 1) - 2
    # Between grid points the function is taken as straight: off by at most h²/4 in its value, h²/(8 r) in the radius.
    np.testing.assert_allclose(np.hypot(*ends.T), radius, atol=(4 / (n - 1)) ** 2 / (8 * radius) * 1.01)
    length = np.hypot(*(ends[::2] - ends[1::2]).T).sum()
    assert length == pytest.approx(2 * np.pi * radius, rel=5e-3)
