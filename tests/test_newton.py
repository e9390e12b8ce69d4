"""Claims of section 3.7: what curvature buys, what it costs, and where it misleads."""

import itertools

import numpy as np
import pytest
import scipy.optimize

from optcourse import bfgs, damped_newton, gradient_descent, lbfgs, newton, nonlinear_cg, problems, run
from optcourse.certificates import gradient_norm
from optcourse.line_search import Step
from optcourse.newton import Pairs, Wandering, first_step, two_loop


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def random_spd(rng, n):
    basis = rng.normal(size=(n, n))
    return basis @ basis.T + n * np.eye(n)


@pytest.mark.parametrize("n", [1, 2, 7])
def test_newton_reaches_the_minimum_of_a_quadratic_in_one_step(rng, n):
    A = random_spd(rng, n)
    theta = next(newton(lambda t: A @ t, lambda t: A, rng.normal(size=n)))
    assert gradient_norm(lambda t: A @ t, theta) <= 1e-12 * np.linalg.norm(A)
    np.testing.assert_allclose(theta, 0, atol=1e-13)


def test_in_one_dimension_newton_divides_the_slope_by_the_curvature():
    theta = next(newton(lambda t: np.exp(t) - 2, np.exp, theta=1.0))
    assert theta == pytest.approx(1.0 - (np.e - 2) / np.e, rel=1e-15)


def test_plain_newton_goes_to_the_saddle_and_the_damped_step_goes_past_it():
    saddle = {"grad": lambda t: np.array([2 * t[0], -2 * t[1] + 4 * t[1] ** 3])}
    saddle["hess"] = lambda t: np.diag([2.0, -2 + 12 * t[1] ** 2])
    plain = run(newton(**saddle, theta=[1.0, 0.1]), steps=20).theta
    np.testing.assert_allclose(plain, [0, 0], atol=1e-12)
    loss = lambda t: t[0] ** 2 - t[1] ** 2 + t[1] ** 4  # noqa: E731
    damped = run(damped_newton(loss, **saddle, theta=[1.0, 0.1]), steps=50).theta
    assert gradient_norm(saddle["grad"], damped) <= 1e-7
    np.testing.assert_allclose(damped, [0, np.sqrt(0.5)], atol=1e-7)


def test_plain_newton_climbs_a_hill_that_damped_newton_descends():
    start = 2.8  # cos is concave down to its top at 0 on one side; its minimum is at pi
    hill = 0.5  # here the second derivative of cos is negative
    loss, grad, hess = np.cos, lambda t: -np.sin(t), lambda t: -np.cos(t)
    assert np.cos(next(newton(grad, hess, theta=hill))) > np.cos(hill)
    assert np.cos(next(newton(grad, hess, theta=start))) < np.cos(start)
    assert loss(next(damped_newton(lambda t: loss(t).sum(), grad, lambda t: np.diag(hess(t)), [hill]))) < loss(hill)


@pytest.mark.parametrize(
    ("curvature", "given", "sizes"),
    [
        ([-8.0, 0.0], {"least_curvature": 0.25}, [8, 2]),  # a quarter of the largest, whatever its sign
        ([-8.0, -4.0], {"least_curvature": 0.25}, [8, 4]),
        ([0.0, 2.0], {}, [2e-8, 2]),
        ([0.0, 0.0], {}, [1, 1]),  # no curvature at all: the way of gradient descent
    ],
)
def test_damped_newton_divides_by_the_size_of_the_curvature_where_there_is_enough(curvature, given, sizes):
    curvature, slope = np.array(curvature), np.array([8.0, -4.0])
    loss, grad = lambda t: slope @ t + 0.5 * curvature @ t**2, lambda t: slope + curvature * t
    stream = damped_newton(loss, grad, lambda t: np.diag(curvature), [0.0, 0.0], **given)
    next(stream)
    np.testing.assert_allclose(stream.state["direction"], -slope / sizes, rtol=1e-14)


def test_newton_doubles_the_digits_at_every_step():
    errors = np.abs(run(newton(lambda t: np.exp(t) - 1, np.exp, theta=0.5), steps=4).iterates)
    order = np.log(errors[2:] / errors[1:-1]) / np.log(errors[1:-1] / errors[:-2])
    assert np.all((order > 1.8) & (order < 2.2)), order


def test_newton_does_not_see_a_change_of_coordinates_but_gradient_descent_does(rng):
    valley, T = problems.rosenbrock(), rng.normal(size=(2, 2)) + 2 * np.eye(2)
    start = np.array([-0.5, 0.6])
    grad = lambda u: T.T @ valley.grad(T @ u)  # noqa: E731
    hess = lambda u: T.T @ valley.hess(T @ u) @ T  # noqa: E731
    here = run(newton(valley.grad, valley.hess, start), steps=5).iterates
    there = run(newton(grad, hess, np.linalg.solve(T, start)), steps=5).iterates @ T.T
    np.testing.assert_allclose(there, here, rtol=1e-9, atol=1e-9)
    slow = next(gradient_descent(valley.grad, start, lr=1e-4))
    slow_there = T @ next(gradient_descent(grad, np.linalg.solve(T, start), lr=1e-4))
    assert np.linalg.norm(slow - slow_there) > 0.1 * np.linalg.norm(slow - start)


def test_every_bfgs_update_keeps_the_secant_condition_and_positive_definiteness():
    valley = problems.rosenbrock()
    stream, before = bfgs(valley.loss, valley.grad, valley.start), valley.start
    for _ in range(25):
        after = next(stream)
        s, y = after - before, valley.grad(after) - valley.grad(before)
        B = stream.state["inverse_hessian"]
        assert s @ y > 0
        np.testing.assert_allclose(B @ y, s, rtol=1e-7, atol=1e-9 * np.abs(s).max())
        assert np.linalg.eigvalsh(B).min() > 0
        before = after


def test_the_first_update_begins_from_the_larger_of_the_two_scalings():
    valley = problems.rosenbrock()
    stream = bfgs(valley.loss, valley.grad, valley.start)
    after = next(stream)
    s, y = after - valley.start, valley.grad(after) - valley.grad(valley.start)
    V = np.eye(2) - np.outer(s, y) / (s @ y)
    B = s @ s / (s @ y) * V @ V.T + np.outer(s, s) / (s @ y)
    np.testing.assert_allclose(stream.state["inverse_hessian"], B, rtol=1e-12)


@pytest.mark.parametrize("method", [bfgs, lbfgs])
def test_while_nothing_is_learnt_the_next_trial_goes_as_far_as_the_first(method):
    slope = np.array([-30.0, 40.0])
    stream = method(lambda t: slope @ t, lambda t: slope, [0.0, 0.0])
    next(stream)
    np.testing.assert_allclose(stream.state["direction"], [0.6, -0.8], rtol=1e-15)


@pytest.mark.parametrize("method", [bfgs, lbfgs])
def test_where_the_slope_does_not_change_there_is_nothing_to_learn(method):
    stream = method(lambda t: -t[0], lambda t: np.array([-1.0, 0.0]), [0.0, 0.0])  # y = 0, so that ρ = 1 / yᵀs is none
    theta = next(stream)
    assert theta[0] > 1
    if method is bfgs:
        np.testing.assert_array_equal(stream.state["inverse_hessian"], np.eye(2))
    else:
        assert len(stream.state["pairs"]) == 0


def test_two_loops_multiply_by_the_bfgs_matrix_that_starts_from_the_same_scaling(rng):
    A = random_spd(rng, 6)
    steps = rng.normal(size=(4, 6))
    pairs = [(s, A @ s, 1 / (s @ A @ s)) for s in steps]
    s, y, rho = pairs[-1]
    B = np.eye(6) / (rho * (y @ y))
    for s, y, rho in pairs:
        V = np.eye(6) - rho * np.outer(s, y)
        B = V @ B @ V.T + rho * np.outer(s, s)
    g = rng.normal(size=6)
    np.testing.assert_allclose(two_loop(g, pairs), B @ g, rtol=1e-11, atol=1e-13)


def test_the_stored_pairs_multiply_as_the_two_loops_do_and_forget_the_oldest(rng):
    A, stored, pairs = random_spd(rng, 6), Pairs(3, 6), []
    g = rng.normal(size=6)
    np.testing.assert_array_equal(stored.dot(g), g)
    np.testing.assert_array_equal(Pairs(3, 6, gamma=0.5).dot(g), 0.5 * g)
    for s in rng.normal(size=(8, 6)):
        y = A @ s
        stored.remember(s, y)
        pairs = [*pairs, (s, y, 1 / (s @ y))][-3:]
        assert len(stored) == len(pairs)
        np.testing.assert_allclose(stored.dot(g), two_loop(g, pairs), rtol=1e-10, atol=1e-12)


def test_the_first_step_is_by_one_at_most_and_comparable_with_the_point():
    steep, flat = np.array([3.0, -4.0]), np.array([0.3, -0.4])
    for theta in (np.zeros(2), np.array([1.0, -2.0])):
        assert first_step(theta, steep) == pytest.approx(0.2, rel=1e-15)
        assert first_step(theta, flat) == 1
        assert first_step(theta, np.zeros(2)) == 1
    for unit in (1e-200, 1e200):
        point, share = np.array([unit, -2 * unit]), 1e-8 if unit > 1 else 1e8
        assert first_step(point, steep) * 5 == pytest.approx(share * 2 * unit, rel=1e-14, abs=0)
        for slopes in (unit * steep, np.array([0.0, 5 * unit])):
            assert first_step(np.zeros(2), slopes) * 5 * unit == pytest.approx(min(1, 5 * unit), rel=1e-14, abs=0)
            least = max(min(1, 5 * unit), 1e-8)
            assert first_step(np.ones(2), slopes) * 5 * unit == pytest.approx(least, rel=1e-14, abs=0)


@pytest.mark.parametrize("method", [bfgs, lbfgs])
def test_the_first_trial_moves_by_one_at_most_and_later_ones_are_whole_steps(method):
    tried = []
    loss, grad = (lambda t: tried.append(t) or 2.5 * t @ t), (lambda t: 5 * t)
    stream = method(loss, grad, np.array([0.72, -0.96]))
    next(stream)
    np.testing.assert_allclose(tried[1], [0.12, -0.16], rtol=1e-14)  # of 6 a 6th
    del tried[:]
    next(stream)
    np.testing.assert_allclose(tried[0], 0, atol=1e-14)  # the curvature is known now


def test_lbfgs_remembers_no_more_than_it_was_told():
    valley = problems.rosenbrock()
    stream = lbfgs(valley.loss, valley.grad, valley.start, memory=3)
    for _ in range(10):
        next(stream)
    assert len(stream.state["pairs"]) == 3


@pytest.mark.parametrize(("ours", "peer"), [(bfgs, "BFGS"), (lbfgs, "L-BFGS-B")])
@pytest.mark.parametrize("problem", [problems.rosenbrock(), problems.beale(), problems.quadratic(100.0, 20)], ids=str)
def test_quasi_newton_methods_find_the_minimiser_that_scipy_finds(ours, peer, problem):
    found = run(ours(problem.loss, problem.grad, problem.start), steps=500, tol=1e-8, grad=problem.grad)
    assert gradient_norm(problem.grad, found.theta) <= 1e-8
    theirs = scipy.optimize.minimize(problem.loss, problem.start, jac=problem.grad, method=peer, tol=1e-12)
    np.testing.assert_allclose(found.theta, theirs.x, atol=1e-5)


@pytest.mark.parametrize("method", [bfgs, lbfgs, nonlinear_cg])
@pytest.mark.parametrize(("height", "width"), [(500, 0), (-500, 0), (0, 500), (0, -500), (900, 333), (-900, -333)])
def test_the_minimiser_is_found_in_whatever_units_the_loss_and_the_point_are(method, height, width):
    # In these units squares of losses, of points or of gradients are too large or too small for numbers.
    valley, height, width = problems.rosenbrock(), 2.0**height, 2.0**width
    stream = method(
        lambda t: height * valley.loss(t / width),
        lambda t: height / width * valley.grad(t / width),
        width * valley.start,
    )
    *_, last = itertools.islice(stream, 200)
    assert stream.reason in ("stationary", "stalled")
    np.testing.assert_allclose(last / width, [1, 1], rtol=1e-7)
    assert sum(stream.evaluations.values()) <= 300


@pytest.mark.parametrize("method", [bfgs, lbfgs, nonlinear_cg])
def test_a_steep_loss_times_a_power_of_two_is_walked_down_by_the_same_iterates(method):
    valley, height = problems.rosenbrock(), 2.0**600
    plain = list(itertools.islice(method(valley.loss, valley.grad, valley.start), 25))
    stream = method(lambda t: height * valley.loss(t), lambda t: height * valley.grad(t), valley.start)
    np.testing.assert_array_equal(list(itertools.islice(stream, 25)), plain)


@pytest.mark.parametrize("method", [bfgs, lbfgs, nonlinear_cg])
@pytest.mark.parametrize("distance", [1e-7, 1e-9, 1e-10])
@pytest.mark.parametrize("problem", [problems.least_squares(dim=5), problems.styblinski_tang(5)], ids=str)
def test_near_a_minimum_where_losses_look_alike_the_slopes_still_lead_on(method, distance, problem):
    # A step of length ‖∇L‖, the first there is, is too long; and so near, the loss changes in its last digit at most.
    start = problem.minimisers[0] + distance * np.resize([1.0, -0.5, 0.7], problem.dim)
    before = gradient_norm(problem.grad, start)
    trace = run(method(problem.loss, problem.grad, start), steps=60, grad=problem.grad)
    assert trace.grad_norms.min() <= max(1e-3 * before, 2e-14 * problem.dim)


@pytest.mark.parametrize("method", [bfgs, lbfgs])
@pytest.mark.parametrize("dim", [2, 5])
def test_methods_that_could_walk_to_and_fro_between_two_points_end_instead(method, dim, rng):
    # At the deepest basin two points, a rounding apart, have the lower loss and the shorter gradient.
    problem = problems.styblinski_tang(dim)
    for distance in np.repeat([1e-3, 1e-5, 1e-7], 4):
        start = problem.minimisers[0] + distance * rng.normal(size=dim)
        stream = method(problem.loss, problem.grad, start)
        *_, last = itertools.islice(stream, 60)
        assert stream.reason in ("stalled", "stationary")
        assert gradient_norm(problem.grad, last) <= 1e-13 * dim


def test_wandering_is_over_when_losses_differ_or_a_gradient_is_shorter_than_any_before():
    def step(loss, length):
        return Step(1.0, np.zeros(2), loss, np.array([1.0, -length]))

    wandering = Wandering()
    for turn in range(Wandering.PATIENCE):
        assert not wandering.long
        wandering.after(step(1.0, 2.0), step(1.0, 3.0 + turn % 2))  # the first is the shortest yet
    assert not wandering.long
    wandering.after(step(1.0, 2.0), step(1.0, 3.0))
    assert wandering.long
    wandering.after(step(1.0, 2.0), step(1.0, 2.9))
    assert not wandering.long
    for _ in range(Wandering.PATIENCE):
        wandering.after(step(1.0, 2.0), step(1.0, 3.0))
    assert wandering.long
    wandering.after(step(1.0, 2.0), step(1.0 - 1e-14, 9.0))
    assert not wandering.long
    wandering.after(step(1.0, 2.0), step(1.0 - 1e-16, 8.0))
    assert wandering.shortest == 8.0


def test_twenty_steps_without_a_shorter_gradient_are_long_also_where_the_loss_is_zero():
    wandering, here = Wandering(), Step(1.0, np.zeros(1), 0.0, np.ones(1))
    for _ in range(1 + 20):
        assert not wandering.long
        wandering.after(here, here)
    assert wandering.long


@pytest.mark.parametrize("shape", [(), (1,), (2, 2)])
@pytest.mark.parametrize("method", [damped_newton, bfgs, lbfgs])
def test_at_the_bottom_of_a_bowl_of_any_shape_the_end_is_stationary(method, shape):
    given = {"hess": lambda t: 2 * np.eye(np.size(t)) if np.ndim(t) else 2.0} if method is damped_newton else {}
    stream = method(loss=lambda t: np.sum(t**2), grad=lambda t: 2 * t, theta=np.ones(shape), **given)
    found = list(stream)
    assert np.shape(found[-1]) == shape
    np.testing.assert_array_equal(found[-1], np.zeros(shape))
    assert stream.reason == "stationary"


@pytest.mark.parametrize("method", [damped_newton, bfgs, lbfgs])
def test_at_a_kink_where_some_slopes_are_zero_and_some_are_not_the_end_is_stalled(method):
    given = {"hess": lambda t: np.zeros((2, 2))} if method is damped_newton else {}
    loss, grad = lambda t: abs(t[0] - 0.1), lambda t: np.array([1.0 if t[0] >= 0.1 else -1.0, 0.0])
    stream = method(loss, grad, theta=[0.95, 0.0], **given)
    last = list(itertools.islice(stream, 200))[-1]
    assert stream.reason == "stalled"
    assert last[0] == pytest.approx(0.1, rel=1e-12)


def test_lbfgs_on_noisy_mini_batches_does_not_arrive_where_the_full_batch_does(rng):
    X = rng.normal(size=(400, 10))
    y = X @ np.ones(10) + 3 * rng.normal(size=400)
    best = np.linalg.lstsq(X, y, rcond=None)[0]

    def distance(batch):
        def rows():
            return rng.choice(400, size=batch, replace=False)

        def loss(t):
            i = rows()
            return 0.5 * np.mean((X[i] @ t - y[i]) ** 2)

        def grad(t):
            i = rows()
            return X[i].T @ (X[i] @ t - y[i]) / batch

        return np.linalg.norm(run(lbfgs(loss, grad, np.zeros(10)), steps=60).theta - best)

    assert distance(400) <= 1e-6
    assert distance(8) >= 0.1


BOWL = np.array([[3.0, 1.0], [1.0, 2.0]])


@pytest.mark.parametrize("method", [newton, damped_newton, bfgs, lbfgs, nonlinear_cg])
@pytest.mark.parametrize("exponent", [-37, -27, 0, 27, 37])
def test_a_start_in_single_precision_is_walked_down_from_wherever_it_lies(method, exponent):
    start = (np.array([1.0, -2.0]) * 10.0**exponent).astype(np.float32)
    functions = {"loss": lambda t: 0.5 * t @ BOWL @ t, "grad": lambda t: BOWL @ t, "hess": lambda t: BOWL}
    needed = {name: function for name, function in functions.items() if name in method.__annotations__}
    trace = run(method(theta=start, **needed), steps=100)
    assert trace.theta.dtype == np.float32
    assert np.abs(trace.theta).max() <= 1e-6 * np.abs(start).max()


@pytest.mark.parametrize("method", [bfgs, lbfgs])
@pytest.mark.parametrize("exponent", [-130, -20, 0, 20, 130])
def test_at_the_centre_of_a_bowl_steps_that_underflow_end_it_without_a_word_from_numpy(method, exponent, rng):
    # There losses stay apart down to the smallest floats, so no rounding ends the walk before products underflow.
    for _ in range(20):
        A = random_spd(rng, 3)
        start = 10.0**exponent * rng.normal(size=3)
        trace = run(method(lambda t, A=A: 0.5 * t @ A @ t, lambda t, A=A: A @ t, start), steps=1000)
        assert trace.reason in ("stalled", "stationary")
        assert np.abs(trace.theta).max() <= 1e-15 * np.abs(start).max()
