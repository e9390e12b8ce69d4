"""How fast: the rates that theory promises, measured on problems where each shows, within a band.

A rate is a claim about the worst problem, and most problems are kinder. So each method gets a problem on which it can
do no better than its rate for as long as we look: a method that is slower, or suspiciously faster, falls out of the
band. Powers of k are slopes in a plot with two logarithmic axes; factors per step are slopes with one.
"""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

from optcourse import (
    bfgs,
    conjugate_gradient,
    damped_newton,
    fista,
    gradient_descent,
    momentum,
    nesterov,
    newton,
    optimal_momentum,
    problems,
    prox_l1,
    proximal_gradient,
    run,
    subgradient_descent,
)

KAPPA = 400.0
BOWL = problems.quadratic(kappa=KAPPA, dim=30)


def factor(errors):
    """The factor per step that a sequence settles to: the slope of its logarithm over its second half."""
    tail = np.log(errors[len(errors) // 2 :])
    return float(np.exp(np.polyfit(np.arange(tail.size), tail, 1)[0]))


def power(errors, since):
    """The p of an error ∝ k^−p."""
    k = np.arange(1, len(errors) + 1)
    return float(-np.polyfit(np.log(k[since:]), np.log(errors[since:]), 1)[0])


def distances(stream, steps):
    return np.array([np.linalg.norm(theta) for theta in islice(stream, steps)])


# --------------------------------------------------------------------------------------------------------- linear rates


def test_gradient_descent_loses_two_over_kappa_plus_one_of_its_error_a_step():
    errors = distances(gradient_descent(BOWL.grad, np.ones(30), lr=2 / (KAPPA + 1)), 3000)
    assert 1 - factor(errors) == pytest.approx(2 / (KAPPA + 1), rel=1e-3)


def test_heavy_ball_loses_two_over_the_root_of_kappa():
    lr, beta, rate = optimal_momentum(1.0, KAPPA)
    root = np.sqrt(KAPPA)
    assert rate == pytest.approx((root - 1) / (root + 1), rel=1e-14)
    # At the two ends of the spectrum the roots coincide, and the error is k·rateᵏ: slower by the factor 1 + 1/k.
    measured = factor(distances(momentum(BOWL.grad, np.ones(30), lr=lr, beta=beta), 200))
    assert 0.9 * (1 - rate) < 1 - measured < 1 - rate


def test_nesterov_with_the_constant_memory_loses_one_over_the_root_of_kappa():
    root = np.sqrt(KAPPA)
    stream = nesterov(BOWL.grad, np.ones(30), lr=1 / KAPPA, beta=(root - 1) / (root + 1))
    # On a quadratic the slowest mode has the double root 1 − 1/√κ; what is promised for any convex loss is its root.
    measured = factor(distances(stream, 400))
    assert 0.9 / root < 1 - measured < 1 / root


def test_conjugate_gradients_are_at_least_as_fast_as_the_heavy_ball_that_knows_the_spectrum():
    A, b = np.diag(np.linspace(1, KAPPA, 1000)), np.ones(1000)
    errors = run(conjugate_gradient(A, b), steps=60).iterates - b / np.diag(A)
    size = np.sqrt(np.einsum("ki,i->k", errors**2, np.diag(A)))
    root = np.sqrt(KAPPA)
    assert factor(size) == pytest.approx((root - 1) / (root + 1), abs=0.03)


# --------------------------------------------------------------------------------------------- powers of the step count


def chain(n):
    """Nesterov's chain, of which each gradient shows one link more."""

    def grad(theta):
        return np.convolve(theta, [-1.0, 2.0, -1.0], mode="same") - first

    def gap(theta):
        away = theta - best
        return 0.5 * away @ np.convolve(away, [-1.0, 2.0, -1.0], mode="same")

    first = np.eye(1, n)[0]
    best = 1 - np.arange(1, n + 1) / (n + 1)
    return grad, gap, best, 4.0  # the largest curvature


def gaps(stream, gap, steps):
    return np.array([gap(theta) for theta in islice(stream, steps)])


def nothing(v, rate):
    return v


FAST = {
    "nesterov": lambda grad, start, L: nesterov(grad, start, lr=1 / L, beta=lambda k: k / (k + 3)),
    "fista": lambda grad, start, L: fista(grad, nothing, start, 1 / L, restart="never"),
}
SLOW = {
    "gradient_descent": lambda grad, start, L: gradient_descent(grad, start, lr=1 / L),
    "proximal_gradient": lambda grad, start, L: proximal_gradient(grad, nothing, start, 1 / L),
}
# Of L‖θ₀ − θ*‖².
BOUNDS = {
    "slow": lambda k: 1 / (2 * k),
    "fast": lambda k: 2 / (k + 1) ** 2,
}


@pytest.mark.parametrize(("name", "kind"), [*((name, "slow") for name in SLOW), *((name, "fast") for name in FAST)])
def test_the_error_stays_below_its_bound(name, kind):
    grad, gap, best, L = chain(300)
    errors = gaps((SLOW | FAST)[name](grad, np.zeros(300), L), gap, 600)
    k = np.arange(1, 601)
    assert np.all(errors <= L * (best @ best) * BOUNDS[kind](k))


def spread(steps):
    """A quadratic with as many curvatures in each decade, down to where k steps see no difference.

    With errors of one size gradient descent leaves Σ h(1 − h)^{2k} of it, that is ∫ exp(−2hk) dh = 1/2k: its worst.
    """
    h = np.geomspace(1 / (100 * steps**2), 1.0, 4000)
    return (lambda theta: h * theta), (lambda theta: 0.5 * theta @ (h * theta))


@pytest.mark.parametrize("name", SLOW)
def test_without_strong_convexity_gradient_and_proximal_descent_are_of_order_one_over_k(name):
    grad, gap = spread(400)
    assert power(gaps(SLOW[name](grad, np.ones(4000), 1.0), gap, 400), 20) == pytest.approx(1.0, abs=0.03)


@pytest.mark.parametrize("name", FAST)
def test_nesterov_and_fista_are_of_order_one_over_k_squared(name):
    grad, gap = spread(400)
    assert power(gaps(FAST[name](grad, np.ones(4000), 1.0), gap, 400), 20) == pytest.approx(2.0, abs=0.1)


def test_on_a_lasso_fista_gains_a_power_of_k_over_ista():
    # Before the support is found: more columns than rows, curvatures spread over six decades.
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 400)) * np.geomspace(1, 1e-3, 400)
    y = X @ rng.normal(size=400)
    lam, rate = 1e-6 * np.abs(X.T @ y).max(), 1 / np.linalg.norm(X, 2) ** 2

    def loss(theta):
        return 0.5 * np.sum((X @ theta - y) ** 2) + lam * np.abs(theta).sum()

    arguments = (lambda theta: X.T @ (X @ theta - y), lambda v, eta: prox_l1(v, lam * eta), np.zeros(400), rate)
    best = run(fista(*arguments), steps=20_000).theta
    slow, fast = (
        power(gaps(stream, lambda theta: loss(theta) - loss(best), 300), 20)
        for stream in (proximal_gradient(*arguments), fista(*arguments, restart="never"))
    )
    assert 0.7 < slow < 1.3
    assert slow + 0.8 < fast < 3


def test_subgradients_with_steps_of_one_over_the_root_of_k_are_of_order_one_over_the_root_of_k():
    # The largest of k coordinates, a resisting loss: each step hears of one coordinate more, so until the k-th the best
    # of all is 0, which is 1/√k above the least within distance 1. The k-th step reaches it.
    def errors(k):
        stream = subgradient_descent(np.max, lambda theta: np.eye(k)[np.argmax(theta)], np.zeros(k), lr=1 / np.sqrt(k))
        best = np.array([stream.state["best_loss"] for _ in islice(stream, k)])
        return best + 1 / np.sqrt(k)

    k = np.array([16, 64, 256])
    before, after = np.array([errors(n)[-2:] for n in k]).T
    assert np.all(before <= 1 / np.sqrt(k - 1))  # RG/√k, the promise for a constant step of R/(G√k)
    assert -np.polyfit(np.log(k), np.log(before), 1)[0] == pytest.approx(0.5, abs=1e-6)
    assert after == pytest.approx(np.zeros(3), abs=1e-13)


# --------------------------------------------------------------------------------------------------- faster than linear


CURVED = {
    "logistic regression": problems.logistic_regression(dim=4),
    "Rosenbrock's valley": problems.rosenbrock(),
}


@pytest.mark.parametrize("method", ["newton", "damped_newton"])
@pytest.mark.parametrize("name", CURVED)
def test_newton_doubles_the_digits_near_the_minimum(name, method):
    problem = CURVED[name]
    start = problem.minimisers[0] + 0.05 * np.resize([1.0, -0.5, 0.7], problem.dim)
    loss = (problem.loss,) if method == "damped_newton" else ()
    stream = {"newton": newton, "damped_newton": damped_newton}[method](*loss, problem.grad, problem.hess, start)
    errors = np.array([np.linalg.norm(theta - problem.minimisers[0]) for theta in islice(stream, 12)])
    errors = errors[: np.argmax(errors < 1e-11) + 1] if np.any(errors < 1e-11) else errors
    assert errors[-1] < 1e-11
    assert len(errors) <= 8
    constant = {"logistic regression": 1.0, "Rosenbrock's valley": 500.0}[name]  # the change of H, in units of H
    assert np.all(errors[1:] <= constant * errors[:-1] ** 2 + 1e-14)


def test_bfgs_is_faster_than_linear_and_slower_than_newton():
    problem = CURVED["logistic regression"]
    errors = [
        np.linalg.norm(theta - problem.minimisers[0])
        for theta in islice(bfgs(problem.loss, problem.grad, problem.start), 30)
    ]
    errors = np.array(errors)[: int(np.argmax(np.array(errors) < 1e-7)) + 1]
    ratios = errors[1:] / errors[:-1]
    assert np.median(ratios[-3:]) < 0.5 * np.median(ratios[:3])  # ever smaller factors
    assert len(errors) > 5


@pytest.mark.parametrize("n", [2, 5, 10, 40])
def test_conjugate_gradients_need_no_more_steps_than_there_are_dimensions(n):
    rng = np.random.default_rng(n)
    Q = np.linalg.qr(rng.normal(size=(n, n)))[0]
    A, b = (Q * np.linspace(1, 8, n)) @ Q.T, rng.normal(size=n)
    A = (A + A.T) / 2
    residuals = [np.linalg.norm(b - A @ theta) for theta in islice(conjugate_gradient(A, b), n)]
    assert residuals[-1] <= 1e-10 * np.linalg.norm(b)
    if n <= 10:  # and hardly fewer, where all curvatures differ
        assert residuals[n - 2] > 1e-6 * np.linalg.norm(b)
