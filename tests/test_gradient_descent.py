"""3.1: what the chapter says of gradient descent, asserted."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optcourse import gradient_descent, problems, run, smoothness


def slope(theta):
    return 2 * theta


def path(grad, start, lr, steps):
    return np.array(list(islice(gradient_descent(grad, start, lr=lr), steps)))


# ------------------------------------------------------------------------------------- the worked example


def test_the_worked_example_takes_the_values_of_the_page():
    assert path(slope, 4.0, 0.1, 3) == pytest.approx([3.2, 2.56, 2.048], rel=1e-15)


def test_every_step_of_the_worked_example_multiplies_by_one_minus_two_eta():
    thetas = np.concatenate([[4.0], path(slope, 4.0, 0.1, 20)])
    assert thetas[1:] / thetas[:-1] == pytest.approx(np.full(20, 0.8))
    assert thetas[-1] == pytest.approx(4 * 0.8**20)
    assert round(float(thetas[-1]), 4) == 0.0461


def test_too_long_a_step_flips_the_sign_grows_by_a_fifth_and_diverges():
    thetas = np.concatenate([[4.0], path(slope, 4.0, 1.1, 10)])
    assert thetas[1:] / thetas[:-1] == pytest.approx(np.full(10, -1.2))
    assert run(gradient_descent(slope, 4.0, lr=1.1)).reason == "diverged"


@pytest.mark.parametrize(
    ("lr", "behaviour"), [(0.1, "slides"), (0.5, "lands"), (0.9, "oscillates"), (1.0, "swings"), (1.1, "diverges")]
)
def test_the_step_size_decides_what_happens(lr, behaviour):
    thetas = np.concatenate([[4.0], path(slope, 4.0, lr, 60)])
    crosses = bool((thetas[1:] * thetas[:-1] < 0).any())
    last = abs(thetas[-1])
    seen = {
        "slides": not crosses and 0 < last < 1e-4,
        "lands": thetas[1] == 0,
        "oscillates": crosses and last < 1e-4,
        "swings": crosses and last == 4,
        "diverges": crosses and last > 1e4,
    }
    assert [name for name, is_so in seen.items() if is_so] == [behaviour]


def test_componentwise_and_vector_form_are_the_same():
    together = path(lambda theta: theta * np.array([1.0, 10.0]), [3.0, 1.0], 0.05, 30)
    first = path(lambda theta: theta, 3.0, 0.05, 30)
    second = path(lambda theta: 10 * theta, 1.0, 0.05, 30)
    assert np.array_equal(together, np.column_stack([first, second]))


# ------------------------------------------------------------------------------------------- what theory says


CONVEX = (problems.quadratic(kappa=40), problems.ravine(), problems.least_squares(), problems.logistic_regression())
convex = pytest.mark.parametrize("problem", CONVEX, ids=lambda problem: problem.name)


@convex
def test_the_loss_error_is_at_most_one_over_k(problem):
    """L(θ_k) − L* ≤ L_smooth ‖θ₀ − θ*‖² / 2k for η = 1/L_smooth."""
    trace = run(gradient_descent(problem.grad, problem.start, lr=1 / problem.L_smooth), steps=300, loss=problem.loss)
    k = np.arange(1, 301)
    distance = np.sum((problem.start - problem.minimisers[0]) ** 2)
    assert np.all(trace.losses[1:] - problem.minimum <= problem.L_smooth * distance / (2 * k) + 1e-15)


@convex
def test_every_step_lowers_the_loss_by_at_least_half_eta_times_the_squared_slope(problem):
    trace = run(
        gradient_descent(problem.grad, problem.start, lr=1 / problem.L_smooth),
        steps=200,
        loss=problem.loss,
        grad=problem.grad,
    )
    promised = trace.grad_norms[:-1] ** 2 / (2 * problem.L_smooth)
    assert np.all(-np.diff(trace.losses) >= promised - 1e-14 * trace.losses[0])


@convex
def test_strong_convexity_makes_the_rate_linear(problem):
    """‖θ_k − θ*‖ shrinks by (κ − 1)/(κ + 1) or more at every step of η = 2/(L_smooth + μ)."""
    kappa = problem.L_smooth / problem.mu
    thetas = path(problem.grad, problem.start, 2 / (problem.L_smooth + problem.mu), 100)
    distance = np.linalg.norm(np.vstack([problem.start, thetas]) - problem.minimisers[0], axis=1)
    assert np.all(distance[1:] <= (kappa - 1) / (kappa + 1) * distance[:-1] + 1e-14)


def test_on_a_quadratic_the_measured_rate_is_the_promised_one():
    bowl = problems.quadratic(kappa=40)
    thetas = path(bowl.grad, bowl.start, 2 / 41, 200)
    measured = (np.linalg.norm(thetas[-1]) / np.linalg.norm(thetas[99])) ** (1 / 100)
    assert measured == pytest.approx(39 / 41, rel=1e-12)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.floats(0.01, 1.99),
    st.sampled_from(CONVEX),
)
def test_the_loss_never_increases_up_to_two_over_the_smoothness(seed, times, problem):
    """Often told wrong: monotone decrease needs η < 2/L_smooth, not η ≤ 1/L_smooth."""
    start = problem.minimisers[0] + np.random.default_rng(seed).normal(0, 2, problem.dim)
    trace = run(gradient_descent(problem.grad, start, lr=times / problem.L_smooth), steps=60, loss=problem.loss)
    assert np.all(np.diff(trace.losses) <= 1e-13 * (1 + trace.losses[:-1]))


def test_one_over_the_smoothness_gives_the_best_guarantee():
    """The loss falls by at least η(1 − ηL/2)‖∇L‖²: a parabola in η with its top at 1/L."""
    steepest = 8.0
    lrs = np.linspace(0.01, 2 / steepest, 50)
    guaranteed = lrs * (1 - lrs * steepest / 2)
    assert lrs[np.argmax(guaranteed)] == pytest.approx(1 / steepest, abs=lrs[1] - lrs[0])
    # The guarantee is tight: on ½ L θ² it is an equality.
    for lr in lrs:
        before, after = 1.0, float(next(gradient_descent(lambda theta: steepest * theta, 1.0, lr=lr)))
        fall = 0.5 * steepest * (before**2 - after**2)
        assert fall == pytest.approx(lr * (1 - lr * steepest / 2) * steepest**2, abs=1e-12)


def test_beyond_two_over_the_smoothness_it_diverges_from_almost_everywhere():
    bowl = problems.ravine(kappa=50)
    assert run(gradient_descent(bowl.grad, bowl.start, lr=2.02 / 50), steps=5000).reason == "diverged"


# -------------------------------------------------------------------------------------------------- non-convex


def test_two_starts_end_in_two_basins_and_a_third_on_the_saddle():
    pass_between = problems.saddle()
    ends = [path(pass_between.grad, start, 0.1, 500)[-1] for start in ([1.6, 0.02], [1.6, -0.02], [1.6, 0.0])]
    assert ends[0] == pytest.approx([0, 1], abs=1e-9)
    assert ends[1] == pytest.approx([0, -1], abs=1e-9)
    assert ends[2] == pytest.approx([0, 0], abs=1e-9)
    assert np.linalg.eigvalsh(pass_between.hess(ends[2])) == pytest.approx([-1, 1])  # stationary, not a minimum


def test_on_rastrigin_it_stops_in_the_first_hollow_it_meets():
    box = problems.rastrigin()
    trace = run(gradient_descent(box.grad, box.start, lr=1 / box.L_smooth), steps=2000, grad=box.grad, tol=1e-9)
    assert trace.reason == "converged"
    assert box.loss(trace.theta) > box.minimum + 5


def test_it_crawls_along_rosenbrocks_valley():
    valley = problems.rosenbrock()
    trace = run(gradient_descent(valley.grad, valley.start, lr=0.001), steps=2000, loss=valley.loss)
    assert trace.losses[5] < 0.2 * trace.losses[0]  # at once into the valley,
    assert trace.losses[-1] > 0.01  # and then hardly on


# -------------------------------------------------------------------------------------------------- equivariance


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_it_follows_a_shift_and_a_turn_of_the_plane_but_not_a_stretch(seed):
    rng = np.random.default_rng(seed)
    valley, start, offset = problems.logistic_regression(), rng.normal(size=2), rng.normal(size=2)
    turn = np.linalg.qr(rng.normal(size=(2, 2)))[0]
    plain = path(valley.grad, start, 0.3, 30)
    moved = path(lambda theta: turn @ valley.grad(turn.T @ (theta - offset)), turn @ start + offset, 0.3, 30)
    assert moved == pytest.approx(plain @ turn.T + offset, abs=1e-11)
    stretch = np.array([1.0, 3.0])
    stretched = path(lambda theta: valley.grad(theta / stretch) / stretch, start * stretch, 0.3, 30)
    assert not np.allclose(stretched, plain * stretch, atol=1e-6)


# --------------------------------------------------------------------------------------------------- smoothness


def test_smoothness_is_the_largest_curvature():
    assert smoothness([[1.0, 0.0], [0.0, 10.0]]) == 10
    assert smoothness([[2.0]]) == 2
    assert smoothness(np.diag([1.0, -7.0])) == 7
    assert smoothness(np.zeros((2, 2))) == 0


def test_a_matrix_that_rounding_left_askew_is_symmetric_and_one_that_is_askew_is_not():
    assert smoothness([[-1.0, 0.0], [1e-14, -1.0]]) == pytest.approx(1.0)
    assert smoothness([[2.0, 1.0], [1.0 + 1e-11, 2.0]]) == pytest.approx(3.0)
    for askew in ([[-1.0, 0.0], [1e-10, -1.0]], [[2.0, 1.0], [1.0 + 1e-8, 2.0]]):
        with pytest.raises(ValueError, match="must be symmetric"):
            smoothness(askew)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 6))
def test_gradients_of_a_quadratic_change_at_most_smoothness_times_faster_than_theta(seed, n):
    rng = np.random.default_rng(seed)
    A = rng.normal(size=(n, n))
    A = A + A.T
    steepest = smoothness(A)
    moves = rng.normal(size=(50, n))
    assert np.all(np.linalg.norm(moves @ A, axis=1) <= steepest * np.linalg.norm(moves, axis=1) * (1 + 1e-12))
    values, vectors = np.linalg.eigh(A)
    worst = vectors[:, np.argmax(np.abs(values))]
    assert np.linalg.norm(A @ worst) == pytest.approx(steepest)


@pytest.mark.parametrize(
    ("A", "complaint"),
    [
        ([[1.0, 2.0]], "must be square"),
        ([[1.0, 2.0], [0.0, 1.0]], "must be symmetric"),
        ([[np.nan]], "must be finite"),
        ([1.0], "must be a matrix"),
        (np.zeros((0, 0)), "must have at least one row"),
    ],
)
def test_smoothness_refuses_what_has_no_curvature(A, complaint):
    with pytest.raises(ValueError, match=rf"^A = .*{complaint}"):
        smoothness(A)


@pytest.mark.parametrize("scale", [1.0, 1e6, -1e6])
def test_a_matrix_that_rounding_made_a_little_skewed_has_a_smoothness_constant_all_the_same(scale):
    def skewed(off, beside=0.0):
        return scale * np.array([[1.0, beside + off], [beside, 1.0]])

    assert smoothness(skewed(0.9e-12)) == pytest.approx(abs(scale))
    assert smoothness(skewed(4e-11, beside=0.5)) == pytest.approx(1.5 * abs(scale))
    for more in (skewed(1.2e-12), skewed(6e-11, beside=0.5)):
        with pytest.raises(ValueError, match=r"^A = .*must be symmetric: pass \(A \+ A.T\) / 2"):
            smoothness(more)
