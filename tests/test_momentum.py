"""3.3: what the chapter says of momentum and Nesterov, asserted."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

from optcourse import gradient_descent, momentum, nesterov, optimal_momentum, run

CURVATURES = np.array([1.0, 10.0, 100.0])


def bowl(theta):
    return CURVATURES * theta


def test_without_memory_both_are_gradient_descent():
    expected = list(islice(gradient_descent(bowl, np.ones(3), lr=0.01), 20))
    for method in (momentum, nesterov):
        assert np.array_equal(list(islice(method(bowl, np.ones(3), lr=0.01, beta=0.0), 20)), expected)


def test_a_steady_slope_is_amplified_up_to_tenfold_by_a_memory_of_nine_tenths():
    descent = momentum(lambda theta: 1.0, 0.0, lr=0.01, beta=0.9)
    velocities = [(next(descent), descent.state["velocity"])[1] for _ in range(200)]
    assert velocities[:3] == pytest.approx([1.0, 1.9, 2.71])
    assert np.all(np.diff(velocities) >= 0)
    assert velocities[-1] == pytest.approx(10.0)


def folded(grad, theta, lr, beta, steps):
    velocity = 0.0
    for step in range(steps):
        velocity = beta * velocity + lr(step) * grad(theta)
        theta = theta - velocity
    return theta


def test_the_folded_form_is_the_same_only_while_the_rate_stays():
    for schedule, agree in ((lambda step: 0.05, True), (lambda step: 0.05 / (1 + step), False)):
        ours = list(islice(momentum(lambda t: 2 * t, 4.0, lr=schedule, beta=0.5), 10))[-1]
        theirs = folded(lambda t: 2 * t, 4.0, schedule, 0.5, 10)
        assert bool(abs(ours - theirs) < 1e-12) is agree
        assert agree or abs(ours - theirs) > 0.1


def test_nesterov_asks_for_the_gradient_at_the_look_ahead_point():
    asked = []

    def grad(theta):
        asked.append(float(theta))
        return 2 * theta

    descent = nesterov(grad, 4.0, lr=0.1, beta=0.5)
    expected, theta, velocity = [], 4.0, 0.0
    for _ in range(5):
        expected.append(theta - 0.1 * 0.5 * velocity)
        theta = next(descent)
        velocity = descent.state["velocity"]
    assert asked == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize(("schedule", "agree"), [(lambda step: 0.005, True), (lambda step: 0.005 / (1 + step), False)])
def test_the_librarys_variable_is_our_next_lookahead_while_the_rate_stays(schedule, agree):
    descent = nesterov(bowl, np.ones(3), lr=schedule, beta=0.9)
    stored, buffer, worst = np.ones(3), np.zeros(3), 0.0
    for step in range(100):
        theta = next(descent)
        worst = max(worst, np.abs(descent.state["lookahead"] - stored).max())
        g = bowl(stored)
        buffer = 0.9 * buffer + g
        stored = stored - schedule(step) * (g + 0.9 * buffer)
        if step == 10:
            assert np.abs(theta - stored).max() > 1e-3  # θ itself is another point
    assert bool(worst < 1e-13) is agree
    assert agree or worst > 1e-3


def measured_rate(stream, steps):
    norms = [np.linalg.norm(theta) for theta in islice(stream, steps)]
    return (norms[-1] / norms[steps // 2]) ** (1 / (steps - 1 - steps // 2))


def test_heavy_ball_with_its_best_constants_reaches_the_rate_of_theory():
    lr, beta, rate = optimal_momentum(mu=1.0, L_smooth=100.0)
    assert (rate, beta) == pytest.approx((9 / 11, (9 / 11) ** 2))
    # Both extreme curvatures have a double root there, so the error falls as k·rateᵏ: a little slower than rateᵏ.
    assert rate < measured_rate(momentum(bowl, np.ones(3), lr=lr, beta=beta), 120) < rate * 1.02
    descent = measured_rate(gradient_descent(bowl, np.ones(3), lr=2 / 101), 400)
    assert descent == pytest.approx(99 / 101, rel=1e-3)


def test_the_best_constants_scale_with_the_curvature_and_a_round_bowl_needs_no_memory():
    assert optimal_momentum(mu=4.0, L_smooth=36.0) == pytest.approx((1 / 16, 1 / 4, 1 / 2), rel=1e-15)
    assert optimal_momentum(mu=2.0, L_smooth=2.0) == pytest.approx((1 / 2, 0, 0), rel=1e-15)


def test_no_other_heavy_ball_constants_nearby_are_better():
    best = optimal_momentum(1.0, 100.0)

    def radius(lr, beta):
        return max(max(abs(np.roots([1, -(1 + beta - lr * h), beta]))) for h in (1.0, 100.0))

    for change in (0.97, 1.03):
        assert radius(best.lr * change, best.beta) > best.rate + 1e-3
        assert radius(best.lr, best.beta * change) > best.rate + 1e-3


def kinked(theta):
    """The gradient of Lessard, Recht and Packard's function: curvature 25, then 1, then 25."""
    return np.where(theta < 1, 25 * theta, np.where(theta < 2, theta + 24, 25 * theta - 24))[()]


def test_heavy_ball_with_the_quadratics_constants_cycles_on_a_strongly_convex_function():
    lr, beta, _ = optimal_momentum(mu=1.0, L_smooth=25.0)
    assert (lr, beta) == pytest.approx((1 / 9, 4 / 9))
    thetas = np.array(list(islice(momentum(kinked, 3.3, lr=lr, beta=beta), 3000)))
    assert np.abs(thetas[-300:]).min() > 0.5
    assert thetas[-3:] == pytest.approx(thetas[-6:-3], abs=1e-9)  # three points, round and round
    assert run(gradient_descent(kinked, 3.3, lr=1 / 25), steps=500, tol=1e-9, grad=kinked).converged
    assert run(nesterov(kinked, 3.3, lr=1 / 25, beta=4 / 6), steps=500, tol=1e-9, grad=kinked).converged


def test_nesterov_with_growing_memory_keeps_below_its_bound_and_beats_gradient_descent():
    n = 200
    A = 2 * np.eye(n) - np.eye(n, k=1) - np.eye(n, k=-1)  # Nesterov's hardest quadratic, L_smooth = 4
    b = np.eye(n)[0]
    best = np.linalg.solve(A, b)

    def gaps(stream):
        return np.array([0.5 * (t - best) @ A @ (t - best) for t in islice(stream, 100)])

    def slope(theta):
        return A @ theta - b

    k = np.arange(1, 101)
    fast = gaps(nesterov(slope, np.zeros(n), lr=0.25, beta=lambda step: step / (step + 3)))
    slow = gaps(gradient_descent(slope, np.zeros(n), lr=0.25))
    assert np.all(fast <= 2 * 4 * best @ best / (k + 1) ** 2)
    assert fast[-1] < slow[-1] / 4
    order = -np.polyfit(np.log(k[20:]), np.log(fast[20:]), 1)[0]
    assert order > -np.polyfit(np.log(k[20:]), np.log(slow[20:]), 1)[0] + 0.3


@pytest.mark.parametrize("beta", [1.0, -0.1, float("nan"), "0.9"])
@pytest.mark.parametrize("method", [momentum, nesterov])
def test_a_memory_outside_its_range_is_refused(method, beta):
    with pytest.raises(ValueError, match="beta = "):
        method(bowl, np.ones(3), lr=0.01, beta=beta)


def test_a_memory_schedule_that_leaves_its_range_is_refused_at_that_step():
    descent = nesterov(bowl, np.ones(3), lr=0.01, beta=lambda step: step / 2)
    assert all(np.isfinite(next(descent)).all() for _ in range(2))
    with pytest.raises(ValueError, match="beta = 1"):
        next(descent)


def test_constants_in_the_wrong_order_are_refused():
    with pytest.raises(ValueError, match="mu = 2"):
        optimal_momentum(mu=2.0, L_smooth=1.0)


@pytest.mark.parametrize(("mu", "L_smooth"), [(1e-308, 1e308), (1e308, 1e308), (5e-324, 1.0)])
def test_the_best_constants_are_numbers_whatever_the_curvatures(mu, L_smooth):
    lr, beta, rate = optimal_momentum(mu, L_smooth)
    assert lr == pytest.approx(4 / L_smooth if mu < L_smooth else 1 / L_smooth, abs=0, rel=1e-12)
    assert rate == (1.0 if mu < L_smooth else 0.0)
    assert beta == rate**2
