"""The LASSO by its duality gap, against scikit-learn and its own slow form."""

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
