"""Claims of section 3.10: at a constrained minimum the forces balance."""

import cvxpy as cp
import numpy as np
import pytest
from sklearn.svm import SVC

from optcourse import (
    QuadraticProgram,
    active_set_qp,
    newton_kkt,
    run,
    solve_equality_qp,
    svm_dual,
)
from optcourse.certificates import kkt_residuals


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def residuals(program, point):
    return kkt_residuals(
        program.grad(point.x),
        equality=program.A_eq @ point.x - program.b_eq,
        equality_jacobian=program.A_eq,
        nu=point.nu,
        inequality=program.A_ub @ point.x - program.b_ub,
        inequality_jacobian=program.A_ub,
        mu=point.mu,
    )


def test_the_largest_rectangle_of_perimeter_twenty_is_a_square_with_multiplier_minus_five():
    # ∇f = −λ∇g with f = xy, g = x + y − 10: y = −λ, x = −λ, x + y = 10. It is one linear system.
    kkt = np.array([[0.0, 1.0, 1.0], [1.0, 0.0, 1.0], [1.0, 1.0, 0.0]])
    x, y, lam = np.linalg.solve(kkt, [0.0, 0.0, 10.0])
    np.testing.assert_allclose([x, y, x * y, lam], [5, 5, 25, -5], atol=1e-12)
    theta = next(newton_kkt(lambda t: -t[::-1], lambda t: -np.eye(2)[::-1], [1.0, 2.0], [[1.0, 1.0]], [10.0]))
    np.testing.assert_allclose(theta, [5, 5], atol=1e-12)


def test_a_multiplier_is_the_price_of_its_constraint(rng):
    Q, A, c, b = np.diag([1.0, 2.0, 3.0]), rng.normal(size=(1, 3)), rng.normal(size=3), np.ones(1)
    value = lambda b: (p := QuadraticProgram(Q, c, A, b)).value(solve_equality_qp(p).x)  # noqa: E731
    nu = solve_equality_qp(QuadraticProgram(Q, c, A, b)).nu[0]
    assert (value(b + 1e-4) - value(b - 1e-4)) / 2e-4 == pytest.approx(-nu, rel=1e-8)


@pytest.mark.parametrize("seed", range(6))
def test_the_active_set_finds_cvxpys_solution(seed):
    rng = np.random.default_rng(seed)
    L, inside = rng.normal(size=(4, 4)), rng.normal(size=4)
    A_ub = rng.normal(size=(6, 4))
    program = QuadraticProgram(L @ L.T + np.eye(4), 5 * rng.normal(size=4), A_ub=A_ub, b_ub=A_ub @ inside + 0.5)
    point = active_set_qp(program, inside)
    assert residuals(program, point).failing(1e-9) == []
    x = cp.Variable(4)
    rows = program.A_ub @ x <= program.b_ub
    cp.Problem(cp.Minimize(0.5 * cp.quad_form(x, cp.psd_wrap(program.Q)) + program.c @ x), [rows]).solve(
        solver=cp.CLARABEL
    )
    np.testing.assert_allclose(point.x, x.value, atol=1e-5)
    np.testing.assert_allclose(point.mu, rows.dual_value, atol=1e-4)


def test_newton_on_the_constraints_meets_the_optimality_conditions():
    A, b, costs = np.ones((1, 3)), np.ones(1), np.array([1.0, 2.0, 3.0])
    stream = newton_kkt(lambda t: np.exp(t) * costs, lambda t: np.diag(np.exp(t) * costs), np.zeros(3), A, b)
    theta = run(stream, steps=15).theta
    nu = -np.exp(theta[0])
    found = kkt_residuals(np.exp(theta) * costs, equality=A @ theta - b, equality_jacobian=A, nu=[nu])
    assert found.failing(1e-9) == []


def test_an_optimum_without_a_qualification_need_not_satisfy_kkt():
    # min x subject to x² ≤ 0: only 0 is feasible, yet ∇f = 1 and ∇g = 0 there, whatever the price.
    for mu in (0.0, 1.0, 1e9):
        point = kkt_residuals([1.0], inequality=[0.0], inequality_jacobian=[[0.0]], mu=[mu])
        assert point.failing() == ["stationarity"]


def test_a_singular_kkt_system_and_a_non_convex_program_are_refused():
    with pytest.raises(ValueError, match="singular"):
        solve_equality_qp(QuadraticProgram(np.eye(2), np.zeros(2), [[1.0, 1.0], [2.0, 2.0]], [1.0, 2.0]))
    with pytest.raises(ValueError, match="not convex"):
        QuadraticProgram(np.diag([1.0, -1.0]), np.zeros(2))


@pytest.mark.parametrize("C", [0.1, 1.0, 10.0])
def test_the_svm_is_sklearns(rng, C):
    y = np.where(np.arange(60) < 30, -1.0, 1.0)
    X = rng.normal(size=(60, 2)) + y[:, None]
    stream = svm_dual(X, y, C=C)
    theta = list(stream)[-1]
    w, bias = X.T @ (theta * y), stream.state["bias"]
    primal = 0.5 * w @ w + C * np.maximum(0, 1 - y * (X @ w + bias)).sum()
    dual = theta.sum() - 0.5 * w @ w
    assert abs(theta @ y) <= 1e-10
    assert -1e-9 <= primal - dual <= 1e-7 * (1 + primal)
    peer = SVC(kernel="linear", C=C, tol=1e-10).fit(X, y)
    assert set(peer.support_) == set(np.flatnonzero(theta > 1e-9 * C))
    assert theta.sum() - 0.5 * w @ w == pytest.approx(
        np.abs(peer.dual_coef_).sum() - 0.5 * float(np.sum(peer.coef_**2)), rel=1e-8
    )
    np.testing.assert_allclose((theta * y)[peer.support_], peer.dual_coef_[0], atol=1e-5 * C)
