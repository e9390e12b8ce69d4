"""Claims of section 3.14: where the loss has kinks, a subgradient or a proximal operator takes the gradient's place."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import NamedTuple

import cvxpy as cp
import numpy as np
import pytest
import sklearn.linear_model
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from optcourse import (
    fista,
    gradient_descent,
    lasso,
    lasso_gap,
    lasso_lam_max,
    project_simplex,
    prox_box,
    prox_group,
    prox_l1,
    prox_l2,
    prox_nuclear,
    prox_simplex,
    prox_tv1d,
    proximal_gradient,
    run,
    subgradient_descent,
)
from optcourse.certificates import gradient_norm, prox_residual

GROUPS = [[0, 3], [1, 2, 5]]  # entry 4 is in none: nothing pulls at it


class Operator(NamedTuple):
    """A proximal operator of t·h, what h is, and h once more in cvxpy's words."""

    prox: Callable
    h: Callable
    in_cvxpy: Callable
    shape: tuple[int, ...] = (6,)


def norm_of_groups(u, norm=np.linalg.norm):
    return sum(norm(u[group]) for group in GROUPS)


OPERATORS = {
    "l1": Operator(prox_l1, lambda u: np.abs(u).sum(), cp.norm1),
    "l2": Operator(prox_l2, lambda u: 0.5 * np.sum(u**2), lambda u: 0.5 * cp.sum_squares(u)),
    "l2 norm": Operator(prox_group, np.linalg.norm, cp.norm2),
    "group": Operator(
        lambda v, t: prox_group(v, t, GROUPS), norm_of_groups, lambda u: norm_of_groups(u, norm=cp.norm2)
    ),
    "tv1d": Operator(prox_tv1d, lambda u: np.abs(np.diff(u)).sum(), cp.tv),
    "nuclear": Operator(prox_nuclear, lambda u: np.linalg.svd(u, compute_uv=False).sum(), cp.normNuc, (4, 3)),
}
# The prox of a set's indicator is the projection onto it, whatever t is.
PROJECTIONS = {
    "box": Operator(lambda v, t: prox_box(v, -1.0, 2.0), None, lambda u: [u >= -1, u <= 2]),
    "simplex": Operator(lambda v, t: prox_simplex(v, 1.5), None, lambda u: [u >= 0, cp.sum(u) == 1.5]),
}
EVERY = OPERATORS | PROJECTIONS
REACH = 8.0
weights = st.one_of(st.just(0.0), st.floats(1e-3, 10.0))


def each(operators):
    return pytest.mark.parametrize("name", operators)


def points(name, data, count):
    """Draw points of the operator's shape; round numbers make ties, and ties are where such code goes wrong."""
    entries = st.one_of(st.integers(-3, 3).map(float), st.floats(-REACH, REACH, allow_subnormal=False))
    return [data.draw(arrays.arrays(float, EVERY[name].shape, elements=entries)) for _ in range(count)]


# ---------------------------------------------------------------------------------------- what every prox has in common


@each(EVERY)
@settings(max_examples=40, deadline=None)
@given(data=st.data(), t=weights)
def test_every_prox_is_firmly_non_expansive(name, data, t):
    v, w = points(name, data, 2)
    moved = EVERY[name].prox(v, t) - EVERY[name].prox(w, t)
    assert np.sum(moved**2) <= np.vdot(moved, v - w) + 1e-12 * (1 + np.sum((v - w) ** 2))


@each(EVERY)
def test_every_prox_keeps_the_precision_of_its_point(name):
    single = np.random.default_rng(0).normal(size=EVERY[name].shape).astype(np.float32)
    kept, double = EVERY[name].prox(single, 0.3), EVERY[name].prox(single.astype(float), 0.3)
    assert (kept.dtype, double.dtype) == (np.float32, np.float64)
    np.testing.assert_allclose(kept, double, atol=1e-6)


def test_a_box_of_arrays_and_the_projection_onto_the_simplex_keep_it_too():
    single = np.array([2.0, -0.5, 0.25], np.float32)
    assert prox_box(single, -np.ones(3), np.ones(3)).dtype == np.float32
    assert project_simplex(single).dtype == np.float32
    assert project_simplex(single.astype(float)).dtype == np.float64


@each(OPERATORS)
@settings(max_examples=40, deadline=None)
@given(data=st.data(), t=weights)
def test_no_other_point_has_a_lower_value(name, data, t):
    v, other = points(name, data, 2)

    def value(u):
        return t * OPERATORS[name].h(u) + 0.5 * np.sum((u - v) ** 2)

    u = OPERATORS[name].prox(v, t)
    for nearby in (other, v, 0 * v, u + 1e-3 * (other - u), u + 1e-6 * (v - u)):
        # Strong convexity, too: the value rises by half the squared distance from u.
        assert value(u) + 0.5 * np.sum((nearby - u) ** 2) <= value(nearby) + 1e-12 * (1 + value(v))


@each(OPERATORS)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_without_a_weight_nothing_moves(name, data):
    (v,) = points(name, data, 1)
    assert OPERATORS[name].prox(v, 0.0) == pytest.approx(v, abs=1e-13 * REACH)


@each(EVERY)
def test_the_argument_is_left_as_it_was(name):
    v = np.random.default_rng(1).normal(size=EVERY[name].shape)
    before = v.copy()
    u = EVERY[name].prox(v, 0.5)
    assert np.array_equal(v, before)
    assert not np.shares_memory(u, v)


@each(EVERY)
@pytest.mark.parametrize(("seed", "t"), [(0, 0.1), (1, 0.7), (2, 2.5)])
def test_the_answer_is_cvxpys(name, seed, t):
    prox, _, in_cvxpy, shape = EVERY[name]
    v = 2 * np.random.default_rng(seed).normal(size=shape)
    u = cp.Variable(shape)
    nearness = 0.5 * cp.sum_squares(u - v)
    if name in PROJECTIONS:
        cp.Problem(cp.Minimize(nearness), in_cvxpy(u)).solve(solver=cp.CLARABEL)
    else:
        cp.Problem(cp.Minimize(t * in_cvxpy(u) + nearness)).solve(solver=cp.CLARABEL)
    np.testing.assert_allclose(
        prox(v, t), u.value, atol=1e-4
    )  # cvxpy's values are right to 1e-8, its points to the root


# ----------------------------------------------------------------------------------------------- Moreau's decomposition


def clipped_rows(v, t):
    """Project every group onto the ball of radius t; what is in no group has nothing to be projected onto but 0."""
    inside = np.zeros_like(v)
    for group in GROUPS:
        norm = np.linalg.norm(v[group])
        inside[group] = v[group] * min(1.0, t / norm) if norm > 0 else 0.0
    return inside


def in_spectral_ball(v, t):
    left, singular, right = np.linalg.svd(v, full_matrices=False)
    return left @ np.diag(np.minimum(singular, t)) @ right


# What a norm's prox takes off is the projection onto the ball of radius t of the dual norm.
DUAL_BALL = {
    "l1": lambda v, t: np.clip(v, -t, t),
    "l2 norm": lambda v, t: v if np.linalg.norm(v) <= t else t * v / np.linalg.norm(v),
    "group": clipped_rows,
    "nuclear": in_spectral_ball,
}


@each(DUAL_BALL)
@settings(max_examples=40, deadline=None)
@given(data=st.data(), t=weights)
def test_moreau_a_point_is_the_prox_of_a_norm_plus_the_projection_onto_the_dual_ball(name, data, t):
    (v,) = points(name, data, 1)
    assert OPERATORS[name].prox(v, t) + DUAL_BALL[name](v, t) == pytest.approx(v, abs=1e-13 * REACH)


@settings(max_examples=40, deadline=None)
@given(data=st.data(), t=st.floats(0.01, 10.0))
def test_moreau_half_the_squared_norm_is_its_own_conjugate(data, t):
    (v,) = points("l2", data, 1)
    assert prox_l2(v, t) + t * prox_l2(v / t, 1 / t) == pytest.approx(v, abs=1e-13 * REACH)


@settings(max_examples=60, deadline=None)
@given(v=arrays.arrays(float, st.integers(1, 30), elements=st.floats(-REACH, REACH)), t=weights)
def test_the_taut_string_stays_in_its_tube_and_bends_only_at_the_walls(v, t):
    # The conjugate of total variation: v − u is the difference of a z with |z_i| ≤ t, z = ±t where u jumps up or down.
    u = prox_tv1d(v, t)
    z = np.cumsum(u - v)
    noise = 1e-12 * (1 + np.abs(v).sum())
    assert abs(z[-1]) <= noise  # the sum is kept
    assert np.abs(z).max() <= t + noise
    jumps = np.diff(u)
    far = np.abs(jumps) > 1e-9
    assert z[:-1][far] == pytest.approx(t * np.sign(jumps[far]), abs=noise)


@pytest.mark.parametrize("t", [1e-3, 0.3, 3.0, 40.0])
def test_a_long_noisy_signal_becomes_cvxpys_few_flat_pieces(t):
    rng = np.random.default_rng(4)
    v = np.repeat([0.0, 4.0, 1.0, 1.5, -2.0], 40) + rng.normal(size=200)
    u = cp.Variable(200)
    cp.Problem(cp.Minimize(t * cp.tv(u) + 0.5 * cp.sum_squares(u - v))).solve(solver=cp.CLARABEL)
    ours = prox_tv1d(v, t)
    np.testing.assert_allclose(ours, u.value, atol=1e-4)
    assert 1 + np.count_nonzero(np.diff(ours)) <= {1e-3: 200, 0.3: 150, 3.0: 25, 40.0: 6}[t]


def test_total_variation_ends_at_the_mean():
    v = np.array([3.0, -1.0, 4.0, 0.0])
    assert prox_tv1d(v, 100.0) == pytest.approx(np.full(4, 1.5), abs=1e-15)
    assert prox_tv1d([2.5], 100.0) == [2.5]


# ---------------------------------------------------------------------------------------------------------- projections


@each(PROJECTIONS)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_projection_done_twice_is_done_once(name, data):
    project = PROJECTIONS[name].prox
    (v,) = points(name, data, 1)
    assert project(project(v, 1.0), 1.0) == pytest.approx(project(v, 1.0), abs=1e-15)


@each(PROJECTIONS)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_projection_stands_upright_on_the_set(name, data):
    project = PROJECTIONS[name].prox
    v, other = points(name, data, 2)
    u, inside = project(v, 1.0), project(other, 1.0)
    assert (v - u) @ (inside - u) <= 1e-12 * (1 + v @ v + other @ other)


def test_a_box_has_a_wall_for_each_entry_or_one_for_all():
    assert prox_box([-3.0, 5.0], low=[-1.0, 0.0], high=[0.0, 4.0]).tolist() == [-1.0, 4.0]
    assert prox_box([-3.0, 5.0], low=-np.inf, high=[0.0, 4.0]).tolist() == [-3.0, 4.0]
    assert prox_box(5.0, low=2.0, high=2.0) == 2.0  # a box may be thin


@pytest.mark.parametrize(
    ("low", "high", "named"),
    [
        (1.0, 0.0, "low = 1.0: must not exceed high = 0.0"),
        ([0.0, 3.0], [1.0, 2.0], "low"),
        ("0", 1.0, "low = '0': must be a number"),
        ([np.nan, 0.0], 1.0, "low = .*must be a number"),
        (0.0, np.nan, "high = nan: must be a number"),
        ([0.0], 1.0, r"low = .*shape of v, \(2,\)"),
        (0.0, [[1.0, 1.0]], r"high = .*shape of v, \(2,\)"),
    ],
)
def test_a_box_that_makes_no_sense_is_refused_by_name(low, high, named):
    with pytest.raises(ValueError, match=named):
        prox_box([1.0, 2.0], low, high)


# -------------------------------------------------------------------------------------------- what each does to a point


def test_each_norm_makes_its_own_kind_of_zero():
    v = np.array([3.0, -0.5, 2.0, 0.5, 1.0, 0.5])
    assert prox_l1(v, 1.0).tolist() == [2, 0, 1, 0, 0, 0]  # single entries
    assert prox_l2(v, 1.0).tolist() == (v / 2).tolist()  # none
    grouped = prox_group(v, 2.5, GROUPS)  # whole groups: (2, −0.5, 0.5) is shorter than 2.5, (3, 0.5) is not
    assert grouped[[1, 2, 5]].tolist() == [0, 0, 0]
    assert np.all(grouped[[0, 3]] > 0)
    assert grouped[4] == v[4]
    assert np.linalg.matrix_rank(prox_nuclear(np.diag([3.0, 2.0, 0.5]), 1.0)) == 2  # directions


def test_one_group_shrinks_towards_zero_along_its_own_direction():
    assert prox_group([3.0, 4.0], 1.0) == pytest.approx([2.4, 3.2], abs=1e-15)
    assert prox_group([3.0, 4.0], 5.0).tolist() == [0, 0]
    assert prox_group([0.0, 0.0], 0.5).tolist() == [0, 0]
    assert prox_group([0.0, 0.0], 0.0).tolist() == [0, 0]
    with pytest.raises(ValueError, match=r"^t = -1: must be zero or a positive number"):
        prox_nuclear([[1.0]], -1)
    assert prox_group([3.0, 4.0], 1.0) == pytest.approx(prox_group([3.0, 4.0], 1.0, [[0, 1]]), abs=0)


@pytest.mark.parametrize(
    "groups", [[[0, 0]], [[0, 1], [1]], [[2]], [[0, 2]], [[-1]], [[-1, 0]], [[0.5]], [["0"]], 3, [3]]
)
def test_groups_that_overlap_or_reach_too_far_are_refused(groups):
    with pytest.raises(ValueError, match=r"groups = .*disjoint lists of indices below 2"):
        prox_group([1.0, 2.0], 0.1, groups)


def test_a_group_and_a_signal_are_vectors():
    for prox in (prox_group, prox_tv1d):
        for v in (3.0, [[1.0, 2.0]]):
            with pytest.raises(ValueError, match=r"v = .*must be a vector"):
                prox(v, 1.0)


# ------------------------------------------------------------------------------------------------------- ISTA and FISTA


class Lasso:
    """½‖y − Xθ‖² + λ‖θ‖₁, as the pieces that proximal methods ask for."""

    def __init__(self, X, y, share):
        self.X, self.y, self.lam = X, y, share * lasso_lam_max(X, y)
        self.rate = 1 / np.linalg.norm(X, 2) ** 2
        self.scale = 0.5 * y @ y

    def grad(self, theta):
        return self.X.T @ (self.X @ theta - self.y)

    def prox(self, v, rate):
        return prox_l1(v, self.lam * rate)

    def loss(self, theta):
        return 0.5 * np.sum((self.y - self.X @ theta) ** 2) + self.lam * np.abs(theta).sum()

    def gap(self, theta):
        return lasso_gap(self.X, self.y, self.lam, theta)

    def residual(self, theta):
        return prox_residual(self.grad, self.prox, theta, self.rate)

    def stream(self, method, **options):
        return method(self.grad, self.prox, np.zeros(self.X.shape[1]), self.rate, **options)


@pytest.fixture(scope="module")
def problem():
    rng = np.random.default_rng(2)
    X = rng.normal(size=(50, 30)) * np.linspace(0.3, 2, 30)  # columns of different lengths, as data have
    return Lasso(X, X[:, ::6] @ np.array([3.0, -2.0, 1.0, 2.0, -1.0]) + 0.3 * rng.normal(size=50), share=0.05)


METHODS = pytest.mark.parametrize("method", [proximal_gradient, fista])


def test_the_residual_of_a_step_is_zero_at_the_solution_and_nowhere_else(problem):
    solved = list(lasso(problem.X, problem.y, problem.lam))[-1]
    assert problem.residual(solved) <= 1e-11 * np.abs(problem.X.T @ problem.y).max()
    assert problem.residual(solved + 1e-3) > 1e-2
    assert problem.residual(0 * solved) > 1


def test_without_a_second_part_the_residual_is_the_norm_of_the_gradient():
    grad, theta = lambda t: 3 * t, np.array([[1.0, -2.0], [0.5, 0.0]])
    assert prox_residual(grad, lambda v, rate: v, theta, lr=0.1) == pytest.approx(gradient_norm(grad, theta), rel=1e-14)


@METHODS
def test_the_gap_closes_to_rounding_and_the_step_comes_to_rest(problem, method):
    found = run(problem.stream(method), steps=20_000, certificate=problem.gap, tol=1e-14 * problem.scale)
    assert found.reason == "converged"
    assert problem.residual(found.theta) <= 1e-5 * np.abs(problem.X.T @ problem.y).max()
    assert np.count_nonzero(found.theta) < problem.X.shape[1]  # zeros, exactly


@METHODS
def test_scikit_learn_finds_no_lower_loss(problem, method):
    alpha = problem.lam / len(problem.y)
    peer = sklearn.linear_model.Lasso(alpha=alpha, fit_intercept=False, tol=1e-12, max_iter=100_000)
    theirs = peer.fit(problem.X, problem.y).coef_
    ours = run(problem.stream(method), steps=20_000, certificate=problem.gap, tol=1e-13 * problem.scale).theta
    assert problem.loss(ours) <= problem.loss(theirs) + 1e-13 * problem.scale
    assert problem.loss(theirs) <= problem.loss(ours) + problem.gap(theirs) + 1e-13 * problem.scale
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_ista_never_raises_the_loss_and_fista_sometimes_does(problem):
    slow, fast = (run(problem.stream(method), steps=300, loss=problem.loss).losses for method in METHODS.args[1])
    assert np.all(np.diff(slow) <= 1e-14 * problem.scale)
    ripples = run(problem.stream(fista, restart="never"), steps=300, loss=problem.loss).losses
    assert np.diff(ripples).max() > 1e-6 * problem.scale
    assert fast[-1] <= slow[-1]


def test_momentum_pays_early_and_restart_pays_late(problem):
    def steps(share, method, **options):
        goal = share * problem.scale
        return len(run(problem.stream(method, **options), steps=20_000, certificate=problem.gap, tol=goal).iterates)

    assert steps(1e-4, fista, restart="never") < 0.7 * steps(1e-4, proximal_gradient)
    # On the support the loss is strongly convex: there momentum that is not forgotten ripples longer than ISTA crawls.
    assert steps(1e-12, fista) < 0.5 * min(steps(1e-12, fista, restart="never"), steps(1e-12, proximal_gradient))


def test_without_restart_the_sequence_and_the_look_ahead_are_those_of_the_page(problem):
    stream, t, before = problem.stream(fista, restart="never"), 1.0, np.zeros(30)
    ahead = before
    for k in range(1, 40):
        theta = next(stream)
        np.testing.assert_allclose(theta, problem.prox(ahead - problem.rate * problem.grad(ahead), problem.rate))
        t, t_before = 0.5 * (1 + np.sqrt(1 + 4 * t**2)), t
        ahead, before = theta + (t_before - 1) / t * (theta - before), theta
        assert stream.state["t"] == pytest.approx(t, rel=1e-14)
        assert stream.state["t"] >= (k + 2) / 2
        np.testing.assert_allclose(stream.state["ahead"], ahead, atol=1e-13)


def test_a_restart_forgets_the_momentum_exactly_when_the_last_step_points_uphill(problem):
    stream = problem.stream(fista)
    before, ahead, restarts = np.zeros(30), np.zeros(30), 0
    for k in range(200):
        theta = next(stream)
        uphill = (ahead - theta) @ (theta - before) > 0
        assert (stream.state["t"] == pytest.approx(0.5 * (1 + np.sqrt(5)))) == (uphill or k == 0)
        if uphill:
            np.testing.assert_array_equal(stream.state["ahead"], theta)
        restarts += uphill
        before, ahead = theta, stream.state["ahead"]
    assert restarts >= 2


def test_standing_still_is_not_uphill(problem):
    stream = fista(lambda theta: 0 * theta, lambda v, rate: v, [1.0, 2.0], 0.1)
    waiting = [stream.state["t"] for _ in islice(stream, 5)]
    assert np.all(np.diff(waiting) > 0.4)  # the sequence grows on


def test_what_fista_may_do_about_its_momentum_is_named():
    with pytest.raises(ValueError, match=r"^restart = 'always': must be one of 'never', 'gradient'$"):
        fista(np.sign, prox_l1, 1.0, 0.5, restart="always")


def test_the_first_step_of_fista_is_istas():
    arguments = (lambda theta: theta - 3, lambda v, rate: prox_l1(v, rate), 0.0, 0.5)
    assert next(fista(*arguments)) == next(proximal_gradient(*arguments)) == 1.0


def test_without_a_second_part_ista_is_gradient_descent():
    grad = lambda theta: np.array([1.0, 10.0]) * theta  # noqa: E731
    plain = islice(gradient_descent(grad, [1.0, 2.0], lr=0.05), 20)
    np.testing.assert_array_equal(
        list(islice(proximal_gradient(grad, prox_l1_of_nothing, [1.0, 2.0], 0.05), 20)), [*plain]
    )


def prox_l1_of_nothing(v, rate):
    return prox_l1(v, 0.0 * rate)


@METHODS
def test_the_prox_hears_the_rate_of_its_own_step(method):
    heard = []
    schedule = lambda step: 0.5 / (step + 1)  # noqa: E731
    stream = method(lambda theta: theta, lambda v, rate: heard.append(rate) or v, 1.0, lr=schedule)
    list(islice(stream, 4))
    assert heard == [schedule(step) for step in range(4)]


@METHODS
def test_with_a_projection_for_a_prox_the_answer_is_the_constrained_one(method):
    rng = np.random.default_rng(5)
    A, b = rng.normal(size=(12, 6)), rng.normal(size=12)
    grad, project = (lambda x: A.T @ (A @ x - b)), (lambda v, rate: prox_simplex(v))
    found = run(method(grad, project, np.full(6, 1 / 6), 1 / np.linalg.norm(A, 2) ** 2), steps=2000).theta
    x = cp.Variable(6)
    cp.Problem(cp.Minimize(cp.sum_squares(A @ x - b)), [x >= 0, cp.sum(x) == 1]).solve(solver=cp.CLARABEL)
    assert prox_residual(grad, project, found, 0.01) <= 1e-10
    np.testing.assert_allclose(found, x.value, atol=1e-4)


@pytest.mark.parametrize("share", [0.02, 0.3])
def test_the_group_lasso_is_cvxpys(share):
    rng = np.random.default_rng(6)
    X, y = rng.normal(size=(30, 6)), rng.normal(size=30)
    lam = share * max(np.linalg.norm(X[:, group].T @ y) for group in GROUPS)
    arguments = (lambda theta: X.T @ (X @ theta - y), lambda v, rate: prox_group(v, lam * rate, GROUPS))
    rate = 1 / np.linalg.norm(X, 2) ** 2
    found = run(fista(*arguments, np.zeros(6), rate), steps=2000).theta
    theta = cp.Variable(6)
    penalty = lam * norm_of_groups(theta, norm=cp.norm2)
    cp.Problem(cp.Minimize(0.5 * cp.sum_squares(X @ theta - y) + penalty)).solve(solver=cp.CLARABEL)
    assert prox_residual(*arguments, found, rate) <= 1e-9
    np.testing.assert_allclose(found, theta.value, atol=1e-4)


# --------------------------------------------------------------------------------------------------------- subgradients


def tilted(theta):
    """f(x) = |x₁| + 2|x₂|, with its kinks along both axes."""
    return abs(theta[0]) + 2 * abs(theta[1])


def test_a_negative_subgradient_need_not_point_downhill_but_points_towards_the_minimiser():
    start, g = np.array([1.0, 0.0]), np.array([1.0, 2.0])
    for other in np.random.default_rng(0).normal(size=(200, 2)):  # g is a subgradient at the start
        assert tilted(other) >= tilted(start) + g @ (other - start) - 1e-14
    for rate in np.geomspace(1e-9, 0.3, 30):
        theta = next(subgradient_descent(tilted, lambda theta: g, start, lr=rate))
        assert tilted(theta) > tilted(start)  # up, at every step length: (1 − η) + 4η
        assert tilted(theta) == pytest.approx(1 + 3 * rate, rel=1e-14)
        assert np.linalg.norm(theta) < np.linalg.norm(start)  # but nearer to 0: ‖θ − ηg‖² = 1 − 2η + 5η²


@settings(max_examples=60, deadline=None)
@given(theta=arrays.arrays(float, 2, elements=st.floats(-5, 5)), share=st.floats(0.01, 0.99))
def test_every_step_shorter_than_twice_the_gap_over_the_squared_slope_comes_nearer(theta, share):
    g = np.sign(theta) * [1, 2]
    if tilted(theta) > 1e-6:
        rate = share * 2 * tilted(theta) / (g @ g)
        after = next(subgradient_descent(tilted, lambda theta: np.sign(theta) * [1, 2], theta, lr=rate))
        assert np.linalg.norm(after) < np.linalg.norm(theta)


def test_the_best_iterate_is_kept_while_the_last_one_wanders():
    stream = subgradient_descent(tilted, lambda theta: np.sign(theta) * [1, 2], [1.0, 0.7], lr=lambda k: 0.5 / (k + 1))
    seen = [stream.start]
    for theta in islice(stream, 60):
        seen.append(theta)
        losses = [tilted(one) for one in seen]
        assert stream.state["best_loss"] == min(losses)
        np.testing.assert_array_equal(stream.state["best"], seen[int(np.argmin(losses))])
    assert losses[-1] > min(losses)
    assert np.diff(losses).max() > 0


def test_the_best_loss_obeys_its_bound_and_a_constant_rate_ends_nearby():
    start, R, G = np.array([2.0, 1.5]), 2.5, np.sqrt(5)
    for schedule in (lambda k: 0.5 / np.sqrt(k + 1), lambda k: 1 / (k + 1), lambda k: 0.1):
        stream = subgradient_descent(tilted, lambda theta: np.where(theta >= 0, 1, -1) * [1, 2], start, lr=schedule)
        rates = np.array([schedule(k) for k in range(500)])
        bound = (R**2 + G**2 * np.cumsum(rates**2)) / (2 * np.cumsum(rates))
        best = [stream.state["best_loss"] for _ in stream_of(stream, 500)]
        assert np.all(best <= bound)
    losses = np.array([tilted(theta) for theta in islice(stream, 50)])  # the constant one, long after
    assert 0.01 < losses.max() <= 0.5


def stream_of(stream, steps):
    for _ in range(steps):
        yield next(stream)


def test_a_tie_is_no_better():
    stream = subgradient_descent(lambda theta: 1.0, lambda theta: 1.0, 0.5, lr=1.0)
    assert list(islice(stream, 3)) == [-0.5, -1.5, -2.5]
    assert stream.state["best"] == 0.5


def test_a_loss_without_a_value_is_named():
    stream = subgradient_descent(lambda theta: np.nan if theta < 0 else theta, lambda theta: 1.0, 0.5, lr=1.0)
    assert run(stream, steps=3).reason == "non-finite"
    with pytest.raises(ValueError, match=r"loss returned nan at theta = -0.5"):
        next(subgradient_descent(lambda theta: np.nan if theta < 0 else theta, lambda theta: 1.0, 0.5, lr=1.0))


def test_in_single_precision_a_wall_may_stand_where_only_double_precision_reaches():
    nearest = prox_box(np.array([1.0, -2.0], np.float32), -1e300, 0.5)
    assert nearest.dtype == np.float32
    assert nearest.tolist() == [0.5, -2.0]
