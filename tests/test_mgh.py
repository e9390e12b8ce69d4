"""Thirty-five published problems: the derivatives are right, and the methods of 3.7 and 3.8 reach the minima."""

import itertools

import numpy as np
import pytest
from problem_sets.mgh import PROBLEMS, TINY

from optcourse import bfgs, check_gradient, damped_newton, lbfgs, nonlinear_cg

METHODS = {"bfgs": bfgs, "lbfgs": lbfgs, "nonlinear_cg": nonlinear_cg, "damped_newton": damped_newton}
STEPS = 1500

# Who does not arrive, and why. This list may only shrink: a pair in it that arrives after all is a failure.
EXCEPTIONS = {
    ("nonlinear_cg", 3): "curvatures 1e8 apart: the loss stops at 2e-8, the slope drowned in rounding",
    ("nonlinear_cg", 10): "curvatures 1e17 apart: no method without a picture of the curvature gets along the valley",
}
# Where rounding decides: of starts that differ by 1e-13 most arrive, and some stop a hair short of the tolerance as the
# slope drowns. Processors round differently: one of eight such starts has to do. May only shrink.
FRAIL = {("bfgs", 10), ("nonlinear_cg", 17)}
# What the rest of the set may cost: evaluations of loss and gradient until each loss is a published one. May only fall.
# Measured: 3044, 4484, 6164, 2438, and up to a tenth more from other starts within rounding.
CEILING = {"bfgs": 3400, "lbfgs": 4800, "nonlinear_cg": 7000, "damped_newton": 2550}
# Where the terms of the loss are so much larger than its changes that finite differences cannot see those.
UNRESOLVED = {4, 17}


def nearby(problem):
    """A point that is neither the start nor stationary, with every parameter away from zero."""
    return problem.start * np.linspace(1.02, 1.1, problem.start.size) + 0.01


def descent(method, problem, start=None):
    start = problem.start if start is None else start
    if method == "damped_newton":  # its least curvature lets the problems pass that are badly scaled on purpose
        return damped_newton(problem.loss, problem.grad, problem.hess, start, least_curvature=1e-16)
    return METHODS[method](problem.loss, problem.grad, start)


def walk(stream):
    """Let a line search try points where exp overflows: the loss is infinite there, and the step refused."""
    with np.errstate(over="ignore", invalid="ignore"):
        yield from itertools.islice(stream, STEPS)


def spent_until_reached(method, problem, start=None):
    """Evaluations until the loss is that of a published minimum; None if it never is."""
    stream = descent(method, problem, start)
    for theta in walk(stream):
        if problem.is_reached(problem.loss(theta)):
            return stream.evaluations["loss"] + stream.evaluations["grad"]
    return None


@pytest.mark.parametrize("problem", PROBLEMS, ids=str)
def test_the_gradient_is_that_of_the_complex_step(problem):
    theta = nearby(problem)
    exact = [problem.loss(theta + TINY * 1j * unit).imag / TINY for unit in np.eye(theta.size)]
    np.testing.assert_allclose(problem.grad(theta), exact, rtol=1e-11, atol=1e-12 * np.abs(exact).max())


@pytest.mark.parametrize("problem", PROBLEMS, ids=str)
def test_the_gradient_checker_believes_the_gradient(problem):
    report = check_gradient(problem.loss, problem.grad, nearby(problem))
    assert report.passed or (problem.number in UNRESOLVED and report.relative_error <= 1e-3), report


def starts(method, problem):
    """The published start, and for who is frail seven others that differ from it by rounding."""
    others = range(1, 8) if (method, problem.number) in FRAIL else ()
    return [problem.start * (1 + 1e-13 * k) for k in (0, *others)]


@pytest.mark.parametrize("problem", PROBLEMS, ids=str)
@pytest.mark.parametrize("method", METHODS)
def test_the_published_minimum_is_reached(method, problem):
    arrived = any(spent_until_reached(method, problem, start) is not None for start in starts(method, problem))
    assert arrived != ((method, problem.number) in EXCEPTIONS), EXCEPTIONS.get((method, problem.number), "not reached")


def test_the_list_of_exceptions_may_only_shrink():
    assert len(PROBLEMS) == len({problem.number for problem in PROBLEMS}) == 35
    assert set(EXCEPTIONS) <= {("nonlinear_cg", 3), ("nonlinear_cg", 10)}
    assert not FRAIL - {("bfgs", 10), ("nonlinear_cg", 17)}


@pytest.mark.parametrize("method", METHODS)
def test_the_whole_set_costs_no_more_evaluations_than_it_did(method):
    left_out = FRAIL | set(EXCEPTIONS)
    spent = [spent_until_reached(method, one) for one in PROBLEMS if (method, one.number) not in left_out]
    assert sum(spent) <= CEILING[method]


@pytest.mark.parametrize("k", range(3))
def test_where_rounding_decides_the_end_comes_all_the_same_and_close_by(k):
    [osborne] = [one for one in PROBLEMS if one.number == 17]
    stream = nonlinear_cg(osborne.loss, osborne.grad, starts("nonlinear_cg", osborne)[k])
    with np.errstate(over="ignore", invalid="ignore"):
        *_, last = itertools.islice(stream, 20_000)  # it takes 500 to 1500
    assert stream.reason == "stalled"
    assert osborne.loss(last) == pytest.approx(5.46489e-5, rel=1e-3)


@pytest.mark.parametrize("method", ["bfgs", "lbfgs"])
def test_quasi_newton_methods_end_by_themselves_when_the_precision_is_used_up(method):
    for problem in PROBLEMS:
        stream = descent(method, problem)
        *_, last = walk(stream)
        assert stream.reason in ("stationary", "stalled"), problem
        assert problem.is_reached(problem.loss(last)), problem
