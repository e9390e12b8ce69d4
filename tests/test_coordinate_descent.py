"""Claims of section 3.11: one coordinate at a time, exactly; when that is enough, and when it is not."""

from __future__ import annotations

import importlib
from itertools import islice

import cvxpy as cp
import numpy as np
import pytest
import sklearn.linear_model
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from sklearn.datasets import load_diabetes

from optcourse import (
    coordinate_descent,
    lasso,
    lasso_cd,
    lasso_gap,
    lasso_lam_max,
    lasso_path,
    prox_l1,
    proximal_gradient,
    run,
    soft_threshold,
)
from optcourse.coordinate_descent import _best_on_line, _exact_step, _most_violating, _solve_small_lasso, _sweep

entries = st.floats(-5, 5, allow_subnormal=False)


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def uneven(rng, n=40, p=12):
    """Data whose columns have lengths between 1 and 10: where the threshold of a coordinate shows."""
    X = rng.normal(size=(n, p))
    X *= np.geomspace(1, 10, p) / np.linalg.norm(X, axis=0)
    return X, X[:, ::3] @ np.linspace(1, 2, p // 3) + 0.1 * rng.normal(size=n)


def loss(X, y, lam, theta):
    return 0.5 * np.sum((y - X @ theta) ** 2) + lam * np.abs(theta).sum()


# --------------------------------------------------------------------------------------------- any loss, coordinatewise


def test_steps_follow_the_axes_in_turn_and_the_others_stay():
    H = np.array([[2.0, 1.0, 0.5], [1.0, 3.0, 0.2], [0.5, 0.2, 1.0]])
    stream = coordinate_descent(lambda theta, j: theta[j] - (H @ theta)[j] / H[j, j], [1.0, -2.0, 3.0])
    before = stream.start
    for turn, theta in enumerate(islice(stream, 12)):
        assert stream.state["j"] == turn % 3
        changed = theta != before
        assert not np.delete(changed, turn % 3).any()
        assert (H @ theta)[turn % 3] == pytest.approx(0, abs=1e-14)  # the slope along the axis just left
        before = theta


def test_with_chance_every_coordinate_gets_its_turn_but_not_in_turn(rng):
    stream = coordinate_descent(lambda theta, j: 0.5 * theta[j], np.ones(4), rng=rng)
    drawn = []
    for _ in islice(stream, 4000):
        drawn.append(stream.state["j"])
    assert np.bincount(drawn) == pytest.approx(np.full(4, 1000), abs=150)
    assert drawn[:40] != [k % 4 for k in range(40)]


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_on_a_smooth_strongly_convex_loss_it_finds_the_minimum(seed):
    rng = np.random.default_rng(seed)
    A, b = rng.normal(size=(8, 5)), rng.normal(size=5)
    H = A.T @ A + np.eye(5)
    stream = coordinate_descent(lambda theta, j: theta[j] + (b - H @ theta)[j] / H[j, j], np.zeros(5))
    theta = list(islice(stream, 5 * 300))[-1]
    assert np.linalg.norm(H @ theta - b) <= 1e-6 * np.linalg.norm(b)


def test_the_stronger_the_coupling_the_slower():
    def sweeps(coupling):
        stream = coordinate_descent(lambda theta, j: -coupling * theta[1 - j], [1.0, 1.0])
        return next(k for k, theta in enumerate(stream, 1) if np.abs(theta).max() <= 1e-6)

    counts = [sweeps(coupling) for coupling in (0.0, 0.5, 0.9, 0.99)]
    assert counts[0] == 2
    # Each step multiplies the error by the coupling: as many steps as that takes.
    assert counts[1:] == pytest.approx([np.log(1e-6) / np.log(c) for c in (0.5, 0.9, 0.99)], abs=2)


def creased(theta):
    """|x + y| + 3|x − y|: convex, with its minimum 0 at the origin, and a crease along x = y."""
    return abs(theta[0] + theta[1]) + 3 * abs(theta[0] - theta[1])


def test_where_the_loss_is_neither_smooth_nor_separable_it_stalls_far_from_the_minimum():
    # With the other held, |u + o| + 3|u − o| is least at u = o: from (1, 1) no coordinate wants to move alone.
    start = np.array([1.0, 1.0])
    for rng in (None, np.random.default_rng(0)):
        stalled = list(islice(coordinate_descent(lambda theta, j: theta[1 - j], start, rng=rng), 50))[-1]
        np.testing.assert_array_equal(stalled, start)
    for j in range(2):  # it is exact: a fine grid along either axis finds nothing better
        for u in np.linspace(-3, 3, 601):
            moved = start.copy()
            moved[j] = u
            assert creased(moved) >= creased(start)
    assert creased(0.9 * start) < creased(start)  # both together would go down


def test_the_kink_of_the_lasso_is_separable_and_so_it_does_not_stall(rng):
    X, y = uneven(rng)
    lam = 0.1 * lasso_lam_max(X, y)
    curvature = np.sum(X**2, axis=0)

    def minimise(theta, j):
        pull = X[:, j] @ (y - X @ theta)
        return soft_threshold(theta[j] + pull / curvature[j], lam / curvature[j])

    theta = list(islice(coordinate_descent(minimise, np.zeros(12)), 12 * 400))[-1]
    assert lasso_gap(X, y, lam, theta) <= 1e-12 * 0.5 * y @ y
    # The same steps as `lasso_cd`'s, which keeps the residual up to date instead of computing Xθ each time.
    sweeps = list(islice(coordinate_descent(minimise, np.zeros(12)), 12 * 5))[11::12]
    np.testing.assert_allclose(sweeps, list(islice(lasso_cd(X, y, lam), 5)), rtol=1e-9, atol=1e-12)


def test_a_start_must_be_a_vector():
    with pytest.raises(ValueError, match=r"theta = .*must be a vector"):
        coordinate_descent(lambda theta, j: 0.0, 3.0)


# --------------------------------------------------------------------------------------------- the threshold λ / ‖X_j‖²


@settings(max_examples=60, deadline=None)
@given(v=arrays.arrays(float, 5, elements=entries), t=st.floats(0, 4))
def test_the_soft_threshold_is_what_is_left_beyond_the_threshold(v, t):
    shrunk = soft_threshold(v, t)
    np.testing.assert_allclose(v - shrunk, np.clip(v, -t, t), atol=1e-15)
    assert np.all(shrunk * v >= 0)


def test_along_a_coordinate_the_threshold_is_lambda_over_the_squared_length_of_its_column(rng):
    X, y = uneven(rng)
    lam, grid = 0.1 * lasso_lam_max(X, y), np.linspace(-5, 5, 200_001)
    for j in range(X.shape[1]):
        length = X[:, j] @ X[:, j]
        alone = X[:, j] @ y / length
        value = 0.5 * length * (grid - alone) ** 2 + lam * np.abs(grid)
        assert soft_threshold(alone, lam / length) == pytest.approx(grid[np.argmin(value)], abs=5.1e-5)


def with_threshold(X, y, threshold, sweeps=500):
    """Coordinate descent whose thresholds are the caller's."""
    curvature = np.sum(X**2, axis=0)
    minimise = lambda theta, j: soft_threshold(  # noqa: E731
        theta[j] + X[:, j] @ (y - X @ theta) / curvature[j], threshold[j]
    )
    return list(islice(coordinate_descent(minimise, np.zeros(X.shape[1])), sweeps * X.shape[1]))[-1]


def test_with_plain_lambda_it_solves_another_problem_and_the_gap_tells(rng):
    X, y = uneven(rng)
    lam = 0.02 * lasso_lam_max(X, y)
    curvature = np.sum(X**2, axis=0)
    right, wrong = with_threshold(X, y, lam / curvature), with_threshold(X, y, np.full(12, lam))
    assert lasso_gap(X, y, lam, right) <= 1e-12 * 0.5 * y @ y
    assert lasso_gap(X, y, lam, wrong) >= 1e-3 * 0.5 * y @ y
    # At a solution X_jᵀr = λ sign(θ_j) on the support. The wrong one has X_jᵀr = λ‖X_j‖² sign(θ_j): a weight for each.
    for theta, weights in ((right, np.full(12, lam)), (wrong, lam * curvature)):
        pull, support = X.T @ (y - X @ theta), theta != 0
        assert support.any()
        np.testing.assert_allclose(pull[support], (weights * np.sign(theta))[support], rtol=1e-6)
        assert np.all(np.abs(pull) <= weights * (1 + 1e-9))


def test_columns_of_length_one_hide_the_mistake(rng):
    X, y = uneven(rng)
    X /= np.linalg.norm(X, axis=0)
    lam = 0.1 * lasso_lam_max(X, y)
    assert lasso_gap(X, y, lam, with_threshold(X, y, np.full(12, lam))) <= 1e-12 * 0.5 * y @ y


def test_ista_ends_where_coordinate_descent_ends_and_only_with_the_right_threshold(rng):
    X, y = uneven(rng)
    lam, rate = 0.02 * lasso_lam_max(X, y), 1 / np.linalg.norm(X, 2) ** 2
    ista = proximal_gradient(lambda t: X.T @ (X @ t - y), lambda v, eta: prox_l1(v, lam * eta), np.zeros(12), rate)
    theta = list(islice(ista, 10_000))[-1]
    np.testing.assert_allclose(theta, with_threshold(X, y, lam / np.sum(X**2, axis=0)), atol=1e-7)
    assert np.abs(theta - with_threshold(X, y, np.full(12, lam))).max() > 0.1


# --------------------------------------------------------------------------------------------------- lasso_cd and lasso


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), share=st.floats(0.01, 0.9))
def test_no_sweep_raises_the_loss_and_the_residual_is_kept_up_to_date(seed, share):
    X, y = uneven(np.random.default_rng(seed))
    lam = share * lasso_lam_max(X, y)
    stream = lasso_cd(X, y, lam)
    before = loss(X, y, lam, stream.start)
    for theta in islice(stream, 15):
        np.testing.assert_allclose(stream.state["residual"], y - X @ theta, atol=1e-12 * np.linalg.norm(y))
        now = loss(X, y, lam, theta)
        assert now <= before + 1e-13 * (y @ y)
        before = now


@settings(max_examples=25, deadline=None)
@given(
    X=arrays.arrays(float, (6, 4), elements=st.integers(-3, 3).map(float)),
    y=arrays.arrays(float, 6, elements=st.integers(-3, 3).map(float)),
    share=st.floats(0.05, 0.9),
)
def test_whole_numbers_with_their_repeated_and_empty_columns_are_solved_too(X, y, share):
    lam = share * lasso_lam_max(X, y)
    theta = list(lasso(X, y, lam))
    solved = theta[-1] if theta else np.zeros(4)
    assert lasso_gap(X, y, lam, solved) <= 1e-12 * (1 + y @ y)


@pytest.mark.parametrize("method", [lasso_cd, lasso])
@pytest.mark.parametrize("share", [0.3, 0.03])
def test_the_lasso_is_cvxpys(method, share, rng):
    X, y = uneven(rng)
    lam = share * lasso_lam_max(X, y)
    theta = list(islice(method(X, y, lam), 3000))[-1]
    theirs = cp.Variable(12)
    cp.Problem(cp.Minimize(0.5 * cp.sum_squares(y - X @ theirs) + lam * cp.norm1(theirs))).solve(solver=cp.CLARABEL)
    assert lasso_gap(X, y, lam, theta) <= 1e-12 * 0.5 * y @ y
    np.testing.assert_allclose(theta, theirs.value, atol=1e-4)


@pytest.mark.parametrize("method", [lasso_cd, lasso])
def test_the_answer_does_not_depend_on_the_start(method, rng):
    X, y = uneven(rng)
    lam = 0.1 * lasso_lam_max(X, y)
    one, other = (list(islice(method(X, y, lam, start), 2000))[-1] for start in (None, 10 * rng.normal(size=12)))
    np.testing.assert_allclose(one, other, atol=1e-7)


def test_without_a_penalty_the_answer_is_least_squares(rng):
    X, y = uneven(rng)
    expected = np.linalg.lstsq(X, y, rcond=None)[0]
    np.testing.assert_allclose(list(islice(lasso_cd(X, y, 0.0), 4000))[-1], expected, atol=1e-8)
    np.testing.assert_allclose(list(lasso(X, y, 0.0))[-1], expected, atol=1e-8)


def test_lambda_max_is_the_least_penalty_that_leaves_nothing(rng):
    X, y = uneven(rng)
    top = lasso_lam_max(X, y)
    assert top == np.abs(X.T @ y).max()
    for method in (lasso_cd, lasso):
        above = list(islice(method(X, y, top * (1 + 1e-12)), 50)) or [np.zeros(12)]
        below = list(islice(method(X, y, top * (1 - 1e-3)), 50))
        assert np.count_nonzero(above[-1]) == 0
        assert np.flatnonzero(below[-1]).tolist() == [np.argmax(np.abs(X.T @ y))]


@pytest.mark.parametrize("method", [lasso_cd, lasso, lasso_path, lasso_lam_max])
def test_data_that_do_not_fit_are_refused_by_name(method):
    more = (0.1,) if method in (lasso_cd, lasso) else ()
    with pytest.raises(ValueError, match=r"y = .*one entry for each of the 2 rows of X, not 3"):
        method([[1.0], [2.0]], [1.0, 2.0, 3.0], *more)
    with pytest.raises(ValueError, match=r"X = .*must not be empty, but has shape \(2, 0\)"):
        method(np.zeros((2, 0)), [1.0, 2.0], *more)
    if more:
        for theta in ([1.0, 2.0], [[1.0]]):
            with pytest.raises(ValueError, match=r"theta = .*one entry for each of the 1 columns of X"):
                method([[1.0], [2.0]], [1.0, 2.0], 0.1, theta=theta)


# ---------------------------------------------------------------------------------------- inside the working-set method


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), lam=st.floats(0, 3), n=st.integers(1, 6), length=st.sampled_from([0.3, 3.0]))
def test_the_best_of_a_steps_end_and_the_zeros_on_the_way_is_taken(seed, lam, n, length):
    rng = np.random.default_rng(seed)
    X, y, here, step = rng.normal(size=(8, n)), rng.normal(size=8), rng.normal(size=n), length * rng.normal(size=n)
    signs = np.sign(here)
    slope = lam * signs - X.T @ (y - X @ here)
    reach, crossing = _best_on_line(step, here, signs, lam, float(slope @ step), float(step @ X.T @ X @ step))
    zeros = {int(j): -here[j] / step[j] for j in range(n) if 0 < -here[j] / step[j] < 1}
    assert reach == pytest.approx(1.0 if crossing is None else zeros[crossing], rel=1e-12)
    best = loss(X, y, lam, here + reach * step)
    for other in (1.0, *zeros.values()):
        assert best <= loss(X, y, lam, here + other * step) + 1e-12 * (1 + best)


def test_a_coordinate_about_to_enter_against_its_sign_allows_no_step_at_all():
    here, signs = np.array([1.0, 0.0]), np.array([1.0, -1.0])
    assert _best_on_line(np.array([0.5, 2.0]), here, signs, 1.0, slope=-1.0, curvature=1.0) == (0.0, 1)
    assert _best_on_line(np.array([0.5, -2.0]), here, signs, 1.0, slope=-1.0, curvature=1.0) == (1.0, None)


def test_it_stops_at_the_first_gap_within_its_tolerance(rng):
    X, y = uneven(rng)
    lam, scale = 0.05 * lasso_lam_max(X, y), 0.5 * y @ y
    stream = lasso(X, y, lam, tol=0.0)
    gaps = [stream.state["gap"] for _ in islice(stream, 2)]  # each is that before the step
    met, missed = (lasso(X, y, lam, tol=times * gaps[1] / scale) for times in (1 + 1e-9, 1 - 1e-9))
    assert [len(list(stream)) for stream in (met, missed)] == [
        1,
        len(list(lasso(X, y, lam, tol=0.9 * gaps[1] / scale))),
    ]
    assert len(list(lasso(X, y, lam, tol=(1 - 1e-9) * gaps[1] / scale))) > 1
    assert (met.reason, missed.reason) == ("optimal", "optimal")
    exact = lasso([[2.0, 0.0], [0.0, 1.0]], [4.0, 1.5], lam=1.0, tol=0.0)  # the gap is 0 there, to the last bit
    assert list(exact)[-1].tolist() == [1.75, 0.5]
    assert exact.reason == "optimal"


def test_the_first_working_set_has_room_for_twenty_and_the_next_for_as_many_as_the_support_has(rng):
    X, y = rng.normal(size=(200, 300)), rng.normal(size=200)
    stream = lasso(X, y, 0.02 * lasso_lam_max(X, y))
    first = next(stream)
    assert stream.state["working"].size == 20
    next(stream)
    assert stream.state["working"].size == 20 + max(20, np.count_nonzero(first))


def test_with_too_little_precision_left_it_says_stalled(rng):
    X, y = uneven(rng)
    stalled = lasso(X, y, 0.0)  # no multiple of the residual is a dual point, so the gap stays
    *_, last = stalled
    assert stalled.reason == "stalled"
    assert np.linalg.norm(X.T @ (y - X @ last)) <= 1e-10 * np.linalg.norm(X.T @ y)


def test_iterates_stay_what_they_were_when_the_next_are_made(rng):
    X, y = uneven(rng)
    lam = 0.1 * lasso_lam_max(X, y)
    for stream in (
        coordinate_descent(lambda theta, j: 0.5 * theta[j] + 1, np.ones(3)),
        lasso_cd(X, y, lam),
        lasso(X, y, lam, tol=0.0),
    ):
        kept = [(theta, theta.copy()) for theta in islice(stream, 6)]
        assert len(kept) > 1
        for now, then in [(stream.start, np.full_like(stream.start, stream.start[0])), *kept]:
            np.testing.assert_array_equal(now, then)


def test_a_support_of_more_than_a_hundred_is_found(rng):
    X, y = rng.normal(size=(300, 130)), rng.normal(size=300)
    stream = lasso(X, y, 1e-3 * lasso_lam_max(X, y))
    *_, theta = stream
    assert stream.reason == "optimal"
    assert np.count_nonzero(theta) > 110


@pytest.mark.parametrize(("left", "rounds"), [(0.3, 5), (0.45, 5), (0.55, 4)])
def test_it_gives_up_at_the_third_solution_in_a_row_that_does_not_halve_the_gap(left, rounds, rng):
    # Without a penalty the gap is ½‖r‖², of which the columns leave a share, once and for all.
    X, y = uneven(rng)
    fit = X @ np.linalg.lstsq(X, y, rcond=None)[0]
    y = np.sqrt(1 - left) * fit / np.linalg.norm(fit) + np.sqrt(left) * (y - fit) / np.linalg.norm(y - fit)
    stalled = lasso(X, y, 0.0)
    gaps = [stalled.state["gap"] for _ in stalled] + [stalled.state["gap"]]  # each is that before the step
    assert gaps == pytest.approx([0.5] + [0.5 * left] * (rounds - 1), rel=1e-9)
    assert stalled.reason == "stalled"


def test_the_most_violating_columns_are_let_in_as_many_as_there_is_room_for():
    pull, working = np.array([5.0, -9.0, 1.0, 7.0, -6.0, 2.0]), np.array([1])
    assert sorted(_most_violating(pull, 1.5, working, room=10)) == [0, 3, 4, 5]
    assert sorted(_most_violating(pull, 1.5, working, room=2)) == [3, 4]
    assert sorted(_most_violating(pull, 1.5, working, room=3)) == [0, 3, 4]
    assert sorted(_most_violating(pull, 1.5, working, room=1)) == [3]
    assert sorted(_most_violating(pull, 0.5, working, room=9)) == [0, 2, 3, 4, 5]  # never one that is in already
    assert _most_violating(pull, 7.0, working, room=2).size == 0  # on the edge is no violation
    many = np.random.default_rng(0).permutation(np.arange(400.0) * np.tile([1, -1], 200))
    assert sorted(_most_violating(many, 0.5, np.array([0]), room=30)) == sorted(np.argsort(-np.abs(many))[:30])


@pytest.mark.parametrize("share", [0.5, 0.1, 0.01])
@pytest.mark.parametrize("seed", range(12))
def test_a_working_set_is_solved_at_once_from_any_start(seed, share):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(40, 15)) + 2 * rng.normal(
        size=(40, 1)
    )  # all alike to some degree: many signs are wrong at first
    y = X[:, :5] @ rng.normal(size=5) + rng.normal(size=40)
    lam, start = share * lasso_lam_max(X, y), 3 * rng.normal(size=15) * (rng.random(15) < 0.5)
    gram, pull = X.T @ X, X.T @ (y - X @ start)
    kept = start.copy(), pull.copy()
    theta = _solve_small_lasso(gram, pull, lam, start)
    assert lasso_gap(X, y, lam, theta) <= 1e-12 * 0.5 * y @ y
    slopes, support = X.T @ (y - X @ theta), theta != 0
    assert slopes[support] == pytest.approx(lam * np.sign(theta[support]), rel=1e-9)
    assert np.all(np.abs(slopes[~support]) <= lam * (1 + 1e-12))
    np.testing.assert_array_equal((start, pull), kept)


module = importlib.import_module("optcourse.coordinate_descent")  # the package has a function of that name


def recorded(monkeypatch):
    """A list that fills with the exact steps: θ before, the signs it goes by, and θ after."""
    exact, steps = module._exact_step, []

    def step(gram, pull, lam, theta, signs):
        before = theta.copy()
        reach = exact(gram, pull, lam, theta, signs)
        steps.append((before, signs.copy(), theta.copy()))
        return reach

    monkeypatch.setattr(module, "_exact_step", step)
    return steps


@pytest.mark.parametrize("kind", ["tall", "wide", "nearly alike", "repeated"])
@pytest.mark.parametrize("seed", range(5))
def test_the_search_goes_down_at_every_step_and_solves_for_no_choice_of_signs_twice(kind, seed, monkeypatch):
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(8, 20) if kind == "wide" else (25, 12)), rng.normal(size=25)
    X += 100 if kind == "nearly alike" else 0
    X[:, 6:12] = X[:, :6] if kind == "repeated" else X[:, 6:12]
    y = y[: len(X)]
    lam = 0.003 * lasso_lam_max(X, y)
    steps = recorded(monkeypatch)
    monkeypatch.setattr(module, "GUESSES", 0)  # no sweep helps
    start = 0.1 * rng.normal(size=X.shape[1]) * (rng.random(X.shape[1]) < 0.3)
    theta = _solve_small_lasso(X.T @ X, X.T @ (y - X @ start), lam, start)
    assert lasso_gap(X, y, lam, theta) <= 1e-9 * 0.5 * y @ y  # by XᵀX alone, whose condition is that of X squared
    settled = [tuple(signs) for _, signs, after in steps if np.array_equal(np.sign(after), signs)]
    assert len(settled) == len(set(settled))
    assert len(steps) <= 2 * len(theta)  # most coordinates enter once and stay
    for before, signs, after in steps:
        assert loss(X, y, lam, after) <= loss(X, y, lam, before) + 1e-13 * y @ y
        entering = np.flatnonzero(signs != np.sign(before))
        assert entering.size <= 1
        slopes = X.T @ (y - X @ before)
        if entering.size:  # the one that violates the most, in the direction of its pull
            at_rest = np.where(before == 0, np.abs(slopes), 0)
            assert at_rest[entering] == pytest.approx(at_rest.max(), rel=1e-9)
            assert at_rest[entering] > lam * (1 - 1e-11)
            assert signs[entering] == np.sign(slopes[entering])


def test_it_ends_where_rounding_alone_calls_for_a_coordinate_and_lets_none_in(monkeypatch):
    # Where a column is there twice, the pull of the second is λ but for rounding: it may seem to violate for ever.
    rng, steps = np.random.default_rng(0), recorded(monkeypatch)
    for _ in range(100):
        n, p = rng.integers(3, 13, 2)
        X, y = rng.normal(size=(n, p)), rng.normal(size=n)
        X = np.hstack([X, X[:, rng.integers(0, p, p)] * rng.choice([-1, 1], p)])
        lam = 10.0 ** rng.uniform(-6, 0) * lasso_lam_max(X, y)
        steps.clear()
        _solve_small_lasso(X.T @ X, X.T @ y, lam, np.zeros(2 * p))
        assert len(steps) <= 2 + 2 * 2 * p


def test_sweeps_come_before_the_first_two_exact_steps_only(rng, monkeypatch):
    X, y = rng.normal(size=(6, 12)) + 100, rng.normal(size=6)
    turns, sweep, exact = [], module._sweep, module._exact_step
    monkeypatch.setattr(module, "_sweep", lambda *given: turns.append("sweep") or sweep(*given))
    monkeypatch.setattr(module, "_exact_step", lambda *given: turns.append("step") or exact(*given))
    _solve_small_lasso(X.T @ X, X.T @ y, 1e-3 * lasso_lam_max(X, y), np.zeros(12))
    assert turns[:4] == ["sweep", "step", "sweep", "step"]
    assert len(turns) > 4
    assert set(turns[4:]) == {"step"}


def test_where_no_sign_ever_settles_it_ends_all_the_same(monkeypatch):
    steps = []

    def restless(gram, pull, lam, theta, signs):
        steps.append(1)
        theta[:] = np.where(signs > 0, -1.0, 1.0)
        return 1.0

    monkeypatch.setattr(module, "_exact_step", restless)
    _solve_small_lasso(np.eye(3), np.ones(3), 0.5, np.zeros(3))
    assert len(steps) == 2 + 10 * 3


def swept(gram, pull, lam, theta):
    """One sweep by the formula over the coordinates that were not at rest before it, and Xᵀr after it."""
    theta, start = theta.copy(), theta
    for j in np.flatnonzero((theta != 0) | (np.abs(pull) > lam)):
        slope = (pull - gram @ (theta - start))[j]
        theta[j] = soft_threshold(theta[j] + slope / gram[j, j], lam / gram[j, j])
    return theta, pull - gram @ (theta - start)


@pytest.mark.parametrize("seed", range(20))
def test_sweeps_go_on_while_signs_change_but_for_no_more_than_five(seed):
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(12, 6)) + 2 * rng.normal(size=(12, 1)), rng.normal(size=12)
    gram, lam, theta = X.T @ X, 0.05 * lasso_lam_max(X, y), rng.normal(size=6) * (rng.random(6) < 0.7)
    pull = X.T @ (y - X @ theta)
    expected = theta, pull
    for _ in range(5):
        signs = np.sign(expected[0])
        expected = swept(gram, expected[1], lam, expected[0])
        if np.array_equal(np.sign(expected[0]), signs):
            break
    _sweep(gram, pull, lam, theta)
    np.testing.assert_allclose(theta, expected[0], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(pull, expected[1], rtol=1e-9, atol=1e-10)


def test_a_sixth_sweep_is_left_undone_whatever_the_signs_do():
    # Each column is alike to the next: as soon as one is in use, the next one is called for, and in use a sweep later.
    gram, pull, theta = np.eye(9) - 0.45 * (np.eye(9, k=1) + np.eye(9, k=-1)), np.full(9, 0.999), np.zeros(9)
    pull[0] = 2.0
    _sweep(gram, pull, 1.0, theta)
    assert np.flatnonzero(theta).tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("seed", range(20))
def test_an_exact_step_solves_for_the_signs_or_ends_where_one_of_them_is_lost(seed):
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(12, 6)), rng.normal(size=12)
    gram, lam = X.T @ X, 0.2 * lasso_lam_max(X, y)
    theta = 0.3 * rng.normal(size=6) * (rng.random(6) < 0.7)
    before, signs, pull = theta.copy(), np.sign(theta), X.T @ (y - X @ theta)
    reach = _exact_step(gram, pull, lam, theta, signs)
    np.testing.assert_allclose(pull, X.T @ (y - X @ theta), atol=1e-12)  # kept up to date
    active = signs != 0
    assert not theta[~active].any()
    solution = np.linalg.solve(gram[np.ix_(active, active)], (X.T @ y - lam * signs)[active])
    expected = before[active] + reach * (solution - before[active])
    np.testing.assert_allclose(theta[active], expected, rtol=1e-9, atol=1e-13)
    assert reach == 1.0 or np.count_nonzero(theta[active] == 0) == 1
    assert loss(X, y, lam, theta) <= loss(X, y, lam, before)


@pytest.mark.parametrize("unit", [1e-3, 1.0, 1e3])
def test_columns_that_repeat_each_other_are_solved_though_both_are_in_use(unit):
    X, y = unit * np.array([[1.0, 1.0], [2.0, 2.0]]), np.array([3.0, 4.0])
    start = np.array([1.0, 1.0]) / unit
    theta = _solve_small_lasso(X.T @ X, X.T @ (y - X @ start), 0.5 * unit, start)
    assert theta.sum() * unit == pytest.approx((11 - 0.5) / 5, rel=1e-9)


def test_a_start_is_taken_as_it_is_but_where_a_column_is_all_zeros():
    X = [[0.0, 1.0, 0.0], [2.0, 0.0, 0.0], [0.0, 3.0, 0.0]]
    for method in (lasso_cd, lasso):
        stream = method(X, [1.0, 2.0, 3.0], 0.1, theta=[1.0, -2.0, 3.0])
        assert stream.start.tolist() == [1.0, -2.0, 0.0]
    next(stream)
    assert stream.state["gap"] == pytest.approx(lasso_gap(X, [1.0, 2.0, 3.0], 0.1, stream.start), rel=1e-12)


def test_one_column_and_one_row_are_data_too():
    for method in (lasso_cd, lasso):
        assert next(method([[2.0]], [4.0], 1.0)).tolist() == [1.75]
        assert next(method([[2.0]], [-4.0], 1.0)).tolist() == [-1.75]


# ---------------------------------------------------------------------------------------------------------------- paths


def test_a_path_falls_in_equal_ratios_from_lambda_max_to_its_thousandth(rng):
    X, y = uneven(rng)
    path = lasso_path(X, y, n_lams=4)
    np.testing.assert_allclose(path.lams, lasso_lam_max(X, y) * 10.0 ** -np.arange(4), rtol=1e-12)
    assert lasso_path(X, y).lams.shape == (50,)
    assert path.thetas.shape == (4, 12)
    assert not path.thetas[0].any()
    assert np.all(path.gaps <= 1e-8 * 0.5 * y @ y)


def test_a_path_is_as_exact_as_it_says(rng):
    X, y = uneven(rng)
    said, unsaid = lasso_path(X, y, n_lams=6, tol=1e-8), lasso_path(X, y, n_lams=6)
    np.testing.assert_array_equal(said.thetas, unsaid.thetas)


def test_a_path_leaves_a_penalty_at_the_first_gap_within_its_tolerance():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 200)), rng.normal(size=60)
    lam, scale = 0.05 * lasso_lam_max(X, y), 0.5 * y @ y
    gaps = [lasso_gap(X, y, lam, theta) for theta in lasso(X, y, lam)]
    assert lasso_path(X, y, [lam], tol=gaps[1] * (1 + 1e-9) / scale).gaps == pytest.approx([gaps[1]], rel=1e-9)
    assert lasso_path(X, y, [lam], tol=gaps[1] * (1 - 1e-9) / scale).gaps == pytest.approx([gaps[2]], rel=1e-9)


def test_every_gap_is_that_of_its_own_solution(rng):
    X, y = uneven(rng)
    path = lasso_path(X, y, n_lams=6, tol=0.1)  # far from there: then the gap says so
    for lam, theta, gap in zip(*path, strict=True):
        assert gap == pytest.approx(lasso_gap(X, y, lam, theta), rel=1e-9)
    assert path.gaps.max() > 1e-8 * 0.5 * y @ y


def test_a_warm_start_saves_sweeps(rng):
    X, y = uneven(rng)
    lams = lasso_lam_max(X, y) * np.geomspace(1, 1e-2, 40)

    def sweeps(lam, start):
        goal = 1e-8 * 0.5 * y @ y
        trace = run(lasso_cd(X, y, lam, start), certificate=lambda t: lasso_gap(X, y, lam, t), tol=goal, steps=5000)
        return len(trace.iterates) - 1

    thetas = lasso_path(X, y, lams).thetas
    warm = sum(sweeps(lam, before) for lam, before in zip(lams[1:], thetas[:-1], strict=True))
    cold = sum(sweeps(lam, None) for lam in lams[1:])
    assert warm < 0.8 * cold


@pytest.mark.parametrize("tol", [1e-6, 1e-12])
def test_the_path_is_scikit_learns_by_its_gap(tol):
    data = load_diabetes()
    X, y = data.data / data.data.std(axis=0), data.target - data.target.mean()
    ours = lasso_path(X, y, n_lams=12, tol=tol)
    _, theirs, _ = sklearn.linear_model.lasso_path(X, y, alphas=ours.lams / len(y), tol=1e-12, max_iter=100_000)
    scale = 0.5 * y @ y
    for lam, theta, peer in zip(ours.lams, ours.thetas, theirs.T, strict=True):
        assert loss(X, y, lam, theta) <= loss(X, y, lam, peer) + (tol + 1e-13) * scale
        assert loss(X, y, lam, peer) <= loss(X, y, lam, theta) + lasso_gap(X, y, lam, peer) + 1e-13 * scale


def test_a_path_that_does_not_fall_is_refused(rng):
    X, y = uneven(rng)
    for lams in ([1.0, 1.0], [1.0, 2.0], [1.0, -0.5], []):
        with pytest.raises(ValueError, match=r"lams = .*must be ≥ 0 and fall"):
            lasso_path(X, y, lams)
    for wrong in ({"lams": [np.nan]}, {"lams": [[1.0]]}, {"lams": 1.0}, {"n_lams": 0}):
        (name,) = wrong
        with pytest.raises(ValueError, match=rf"^{name} = .*: must be"):
            lasso_path(X, y, **wrong)
    assert lasso_path(X, y, [1.0, 0.0]).lams.tolist() == [1.0, 0.0]
