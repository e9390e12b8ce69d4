"""The LASSO by its duality gap, against scikit-learn and its own slow form."""

from itertools import islice

import numpy as np
import pytest
import sklearn.linear_model
from sklearn.datasets import load_breast_cancer, load_diabetes

from optcourse import fista, lasso, lasso_cd, lasso_gap, lasso_lam_max, lasso_path, prox_l1, proximal_gradient, run


def wide():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 400))
    return X, X[:, :5] @ np.arange(1.0, 6) + 0.1 * rng.normal(size=60)


def standardised(data):
    return (data.data - data.data.mean(0)) / data.data.std(0), data.target - data.target.mean()


SETS = {
    "wide": wide(),
    "diabetes": standardised(load_diabetes()),
    "breast cancer": standardised(load_breast_cancer()),
}
several = pytest.mark.parametrize(("name", "share"), [(name, share) for name in SETS for share in (0.5, 0.1, 0.01)])


def problem(name, share):
    X, y = SETS[name]
    return X, y, share * lasso_lam_max(X, y)


def loss(X, y, lam, theta):
    return 0.5 * np.sum((y - X @ theta) ** 2) + lam * np.abs(theta).sum()


@several
def test_the_working_set_closes_the_gap_to_rounding_and_no_step_raises_the_loss(name, share):
    X, y, lam = problem(name, share)
    descent = lasso(X, y, lam)
    losses = [loss(X, y, lam, descent.start)]
    for theta in descent:
        losses.append(loss(X, y, lam, theta))
    assert descent.reason == "optimal"
    assert lasso_gap(X, y, lam, theta) <= 1e-14 * 0.5 * y @ y
    assert np.all(np.diff(losses) <= 1e-13 * losses[0])  # a sum of n squares is no better than that


@several
def test_scikit_learn_reaches_no_lower_loss_and_is_within_its_own_gap(name, share):
    X, y, lam = problem(name, share)
    ours = list(lasso(X, y, lam))[-1]
    peer = sklearn.linear_model.Lasso(alpha=lam / len(y), fit_intercept=False, tol=1e-10, max_iter=100_000).fit(X, y)
    difference = loss(X, y, lam, peer.coef_) - loss(X, y, lam, ours)
    assert -1e-13 * 0.5 * y @ y <= difference <= lasso_gap(X, y, lam, peer.coef_) + 1e-13 * 0.5 * y @ y


def test_the_gram_matrix_is_only_that_of_the_working_set():
    X, y, lam = problem("wide", 0.1)
    descent = lasso(X, y, lam)
    for theta in descent:
        working = descent.state["working"]
        assert descent.state["gram"].shape == (working.size, working.size)
        assert np.isin(np.flatnonzero(theta), working).all()
    assert working.size <= X.shape[1] / 4


def test_from_lambda_max_on_the_start_zero_is_the_answer():
    X, y, _ = problem("wide", 1.0)
    descent = lasso(X, y, lasso_lam_max(X, y))
    assert list(descent) == []
    assert descent.reason == "optimal"


def test_a_column_of_zeros_keeps_no_coefficient_whatever_the_start():
    X = np.array([[1.0, 0.0], [2.0, 0.0]])
    for method in (lasso, lasso_cd):
        assert next(method(X, [1.0, 2.0], 0.5, theta=[0.0, 3.0]))[1] == 0


def test_ista_fista_and_coordinate_descent_agree_on_the_same_lasso():
    X, y, lam = problem("diabetes", 0.1)
    rate = 1 / np.linalg.norm(X, 2) ** 2
    arguments = (lambda theta: X.T @ (X @ theta - y), lambda v, t: prox_l1(v, lam * t), np.zeros(X.shape[1]), rate)
    expected = list(lasso(X, y, lam))[-1]
    for stream in (proximal_gradient(*arguments), fista(*arguments), lasso_cd(X, y, lam)):
        certificate = lambda theta: lasso_gap(X, y, lam, theta)  # noqa: E731
        found = run(stream, steps=20_000, certificate=certificate, tol=1e-12 * 0.5 * y @ y)
        assert found.reason == "converged"
        np.testing.assert_allclose(found.theta, expected, atol=1e-4 * np.abs(expected).max())


def test_thresholding_by_plain_lambda_solves_another_problem():
    # With ‖X_j‖² = 4 the threshold is λ/4; plain λ on the least-squares value 2 gives 1 where 1.75 is right.
    X, y, lam = np.array([[2.0]]), np.array([4.0]), 1.0
    right, wrong = prox_l1(np.array([2.0]), lam / 4), prox_l1(np.array([2.0]), lam)
    assert (right[0], wrong[0]) == (1.75, 1.0)
    pull = {theta[0]: float(X[:, 0] @ (y - X @ theta)) for theta in (right, wrong)}  # λ sign(θ) at the solution
    assert pull[right[0]] == lam
    assert pull[wrong[0]] == 4.0


def test_the_path_is_scikit_learns_path():
    X, y, _ = problem("diabetes", 1.0)
    ours = lasso_path(X, y, n_lams=10, tol=1e-12)
    _, theirs, _ = sklearn.linear_model.lasso_path(X, y, alphas=ours.lams / len(y), tol=1e-12, max_iter=100_000)
    np.testing.assert_allclose(ours.thetas, theirs.T, atol=1e-3)
    assert np.all(ours.gaps <= 1e-12 * 0.5 * y @ y)


# ------------------------------------------------------------------------------------------------ data that are no help


def drawn(kind, rng):
    """A small problem of one of the kinds at which a solver can crawl, cycle or meet a singular matrix."""
    n, p = rng.integers(3, 13, 2)
    X, y = rng.normal(size=(n, p)), rng.normal(size=n)
    match kind:
        case "wide":
            X = rng.normal(size=(n, 60))
        case "nearly alike":
            X += 10.0 ** rng.integers(1, 6)
        case "alike, and more of them than rows":
            X = 1e4 + rng.normal(size=(6, 25))
            y = y[:6] if n >= 6 else rng.normal(size=6)
        case "repeated":
            X = np.hstack([X, X[:, rng.integers(0, p, p)] * rng.choice([-1, 1], p)])
        case "repeated, and nearly alike":
            X = 1e3 + X
            X = np.hstack([X, X[:, rng.integers(0, p, p)] * rng.choice([-1, 1, 2], p)])
        case "constant, or zero":
            X[:, rng.integers(0, p, 3)] = rng.integers(0, 3, 3)
        case "whole numbers":
            X, y = rng.integers(-2, 3, size=(n, p)).astype(float), rng.integers(-3, 4, size=n).astype(float)
        case "of rank two":
            X = X[:, :2] @ rng.normal(size=(2, p))
        case "of rank two, nearly":
            X = X[:, :2] @ rng.normal(size=(2, p)) + 1e-6 * X
        case "powers":
            X = np.vander(np.linspace(0, 1, n), p)
        case "one row":
            X, y = X[:1], y[:1]
        case "of all scales":
            X *= 10.0 ** rng.uniform(-8, 8, p)
        case "huge or tiny":
            X, y = X * 10.0 ** rng.uniform(-150, 150), y * 10.0 ** rng.uniform(-150, 150)
    y = y - y.mean() if len(y) > 1 and rng.random() < 0.5 else y
    return X, y, 10.0 ** rng.uniform(-6, 0) * lasso_lam_max(X, y)


def rounding(X, y, lam, theta):
    """What rounding in Xθ can do to the gap: to each X_jᵀr, and through it to λ|θ_j| − θ_j X_jᵀr and to the scale s."""
    lengths = np.linalg.norm(X, axis=0)
    pull = np.finfo(float).eps * lengths.max() * (np.linalg.norm(y) + lengths @ np.abs(theta))
    return pull * np.abs(theta).sum() + 0.5 * min(1.0, pull / lam) ** 2 * np.sum((y - X @ theta) ** 2)


KINDS = (
    "wide",
    "nearly alike",
    "alike, and more of them than rows",
    "repeated",
    "repeated, and nearly alike",
    "constant, or zero",
    "whole numbers",
    "of rank two",
    "of rank two, nearly",
    "powers",
    "one row",
    "of all scales",
    "huge or tiny",
)


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_the_columns_the_gap_is_closed_to_rounding_within_a_few_rounds(kind):
    rng = np.random.default_rng(KINDS.index(kind))
    for _ in range(40):
        X, y, lam = drawn(kind, rng)
        if lam == 0:  # y is orthogonal to all columns
            continue
        descent = lasso(X, y, lam)
        theta = [descent.start, *islice(descent, 25)][-1]
        within = 1e-14 * 0.5 * y @ y if descent.reason == "optimal" else 0.0
        assert descent.reason in ("optimal", "stalled")
        assert lasso_gap(X, y, lam, theta) <= within + 10 * rounding(X, y, lam, theta)


def test_so_alike_that_half_of_the_digits_are_lost_it_still_ends_and_claims_nothing_false():
    rng = np.random.default_rng(0)
    for _ in range(60):
        n, p = rng.integers(3, 13, 2)
        X, y = 10.0 ** rng.integers(6, 9) + rng.normal(size=(n, p)), rng.normal(size=n)
        y -= y.mean()
        lam = 10.0 ** rng.uniform(-6, 0) * lasso_lam_max(X, y)
        descent = lasso(X, y, lam)
        theta = [descent.start, *islice(descent, 25)][-1]
        assert descent.reason == "stalled" or lasso_gap(X, y, lam, theta) <= 1e-13 * 0.5 * y @ y
        assert descent.reason is not None


def test_a_path_closes_the_gap_where_sweeps_would_take_for_ever():
    rng = np.random.default_rng(9)
    X, y = 1e3 + rng.normal(size=(10, 20)), rng.normal(size=10)
    path = lasso_path(X, y - y.mean(), n_lams=20)
    assert np.all(path.gaps <= 1e-8 * 0.5 * y @ y)


def test_the_units_of_the_data_do_not_matter():
    X, y, lam = problem("diabetes", 0.05)
    expected = list(lasso(X, y, lam))[-1]
    for a, b in ((2.0**490, 2.0**-490), (2.0**-490, 2.0**490), (2.0**490, 2.0**490), (2.0**-490, 2.0**-490)):
        found = list(lasso(a * X, b * y, a * b * lam))[-1]
        np.testing.assert_allclose(found, expected * (b / a), rtol=1e-9)


@pytest.mark.parametrize("method", [lasso, lasso_cd, lambda X, y, lam: lasso_path(X, y)])
def test_data_whose_squares_are_no_floats_are_refused(method):
    X, y = np.array([[1.0, 2.0], [0.0, 5.0]]), np.array([1.0, 0.0])
    for size in (1e-160, 1e160):
        with pytest.raises(ValueError, match=r"X = .*must lie between about 1e-150 and 1e150 in size"):
            method(size * X, size * y, 0.0)
        with pytest.raises(ValueError, match=r"X = .*must lie between about 1e-150 and 1e150 in size"):
            method(size * X, y, 0.0)
        with pytest.raises(ValueError, match=r"y = .*must lie between about 1e-150 and 1e150 in size"):
            method(X, size * y, 0.0)
    if method in (lasso, lasso_cd):
        for size in (0.0, 2.0**-511, 1e152):  # the square of the second is the least normal number
            method(size * X, y, 0.0), method(X, size * y, 0.0)


def test_repeated_columns_in_single_precision_are_no_singular_matrix():
    rng = np.random.default_rng(2)
    X, y = rng.normal(size=(8, 4)).astype(np.float32), rng.normal(size=8).astype(np.float32)
    X = np.hstack([X, X])
    descent = lasso(X, y, 0.1, theta=np.ones(8, np.float32))
    theta = [*descent][-1]
    assert lasso_gap(X, y, 0.1, theta) <= 1e-5 * 0.5 * y @ y
