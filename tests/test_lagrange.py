"""Claims of section 3.10: at a constrained minimum the forces balance."""

from itertools import islice
from types import SimpleNamespace

import cvxpy as cp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from sklearn.svm import SVC

from optcourse import (
    LinearProgram,
    QuadraticProgram,
    active_set_qp,
    augmented_lagrangian,
    newton_kkt,
    run,
    simplex,
    solve_equality_qp,
    svm_dual,
)
from optcourse.certificates import kkt_residuals
from optcourse.lagrange import KKTPoint, _ratio_test
from optcourse.linear_programming import solution

seeds = st.integers(0, 2**32 - 1)


def decades(most):
    """Powers of ten, down to one with `most` zeros behind the point and up to one with as many before it."""
    return st.sampled_from([-most, -9, -3, 0, 3, 9, most]).map(lambda power: 10.0**power)


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


def random_program(seed, degenerate=False):
    """A strictly convex program and a feasible point, where all inequalities meet if degenerate, one doubled."""
    rng = np.random.default_rng(seed)
    n, m_eq, m_ub = int(rng.integers(3, 7)), int(rng.integers(0, 3)), int(rng.integers(1, 9))
    L, inside = rng.normal(size=(n, n)), rng.integers(-2, 3, n).astype(float)
    A_eq, A_ub = rng.normal(size=(m_eq, n)).round(1), rng.normal(size=(m_ub, n)).round(1)
    slack = np.zeros(m_ub) if degenerate else rng.uniform(0, 1, m_ub)
    if degenerate:
        A_ub, slack = np.vstack([A_ub, 2 * A_ub[:1]]), np.append(slack, 0.0)
    c = 4 * rng.normal(size=n)
    return QuadraticProgram(L @ L.T + 0.1 * np.eye(n), c, A_eq, A_eq @ inside, A_ub, A_ub @ inside + slack), inside


def peer(program):
    """Cvxpy's solution and dual values."""
    x = cp.Variable(program.c.size)
    equal, below = program.A_eq @ x == program.b_eq, program.A_ub @ x <= program.b_ub
    rows = [equal] * bool(len(program.b_eq)) + [below] * bool(len(program.b_ub))
    objective = 0.5 * cp.quad_form(x, cp.psd_wrap(program.Q)) + program.c @ x
    accuracy = dict.fromkeys(("tol_gap_abs", "tol_gap_rel", "tol_feas"), 1e-12)
    cp.Problem(cp.Minimize(objective), rows).solve(solver=cp.CLARABEL, **accuracy)
    return x.value, (equal if len(program.b_eq) else x[:0] == 0).dual_value, below.dual_value


@pytest.mark.parametrize("seed", range(12))
def test_the_active_set_finds_cvxpys_solution_and_dual_values(seed):
    program, inside = random_program(seed)
    point = active_set_qp(program, inside)
    assert residuals(program, point).failing(1e-9) == []
    x, nu, mu = peer(program)
    np.testing.assert_allclose(point.x, x, atol=1e-6)
    np.testing.assert_allclose(point.mu, mu, atol=1e-5)
    if len(point.nu):
        np.testing.assert_allclose(point.nu, nu, atol=1e-5)


@pytest.mark.parametrize("seed", range(12))
def test_the_active_set_leaves_a_point_where_more_walls_meet_than_there_are_dimensions(seed):
    program, inside = random_program(seed, degenerate=True)
    point = active_set_qp(program, inside)
    assert residuals(program, point).failing(1e-8) == []
    assert program.value(point.x) == pytest.approx(program.value(peer(program)[0]), abs=1e-7)


def shares(program, point):
    """The four residuals as shares of the numbers that should cancel: what they are of does not depend on units."""
    rows, prices = np.vstack([program.A_eq, program.A_ub]), np.append(point.nu, point.mu)
    forces = (np.abs(program.Q) @ np.abs(point.x) + np.abs(program.c) + np.abs(rows.T) @ np.abs(prices)).max()
    heights = np.abs(np.append(program.b_eq, program.b_ub)) + np.abs(rows).max(axis=1) * np.abs(point.x).max()
    missed = rows @ point.x - np.append(program.b_eq, program.b_ub)
    missed[len(program.b_eq) :] = np.maximum(missed[len(program.b_eq) :], 0.0)
    found = residuals(program, point)
    return (
        found.stationarity / forces,
        (np.abs(missed) / np.where(heights > 0, heights, 1.0)).max(initial=0.0),
        found.dual,
        found.complementarity / max(forces * np.abs(point.x).max(), 1e-300),
    )


def cone(seed):
    """A strictly convex program whose walls all meet at zero; one in three has them nearly double."""
    rng = np.random.default_rng(seed)
    n, m = int(rng.integers(2, 7)), int(rng.integers(2, 9))
    root, A = rng.normal(size=(n, n)), rng.normal(size=(m, n))
    if seed % 3 == 0:
        A = np.vstack([A, A + 1e-7 * rng.normal(size=A.shape)])
    return root @ root.T + np.eye(n), 3 * rng.normal(size=n), A


@settings(max_examples=150, deadline=None)
@given(seed=seeds, loss=decades(150), length=decades(60), data=st.data())
def test_where_all_walls_meet_the_active_set_finds_the_answer_in_any_units(seed, loss, length, data):
    Q, c, A = cone(seed)
    rows = np.array(data.draw(st.lists(decades(20), min_size=len(A), max_size=len(A))))
    units = length * np.array(data.draw(st.lists(decades(6), min_size=len(c), max_size=len(c))))
    program = QuadraticProgram(loss * Q, loss * c, A_ub=A, b_ub=np.zeros(len(A)))
    point = active_set_qp(program, np.zeros(len(c)))
    assert max(shares(program, point)) <= 1e-11
    seen = QuadraticProgram(
        loss * Q * np.outer(units, units), loss * c * units, A_ub=rows[:, None] * A * units, b_ub=np.zeros(len(A))
    )
    there = active_set_qp(seen, np.zeros(len(c)))
    again = KKTPoint(there.x * units, there.nu, there.mu * rows)
    assert max(shares(program, again)) <= 1e-9


@pytest.mark.parametrize("order", [(0, 1, 2, 3, 4, 5), (0, 1, 2, 4, 5, 3)])
@pytest.mark.parametrize("curvature", [1e-4, 1e-8])
def test_the_active_set_does_not_go_round_in_circles_where_dantzigs_rule_does(order, curvature):
    # Beale's linear program, bent a little: its walls meet at zero, and the most negative price leads in a circle.
    A = np.vstack([[[0.25, -8.0, -1.0, 9.0], [0.5, -12.0, -0.5, 3.0]], -np.eye(4)])[list(order)]
    program = QuadraticProgram(curvature * np.eye(4), [-0.75, 20.0, -0.5, 6.0], A_ub=A, b_ub=np.zeros(6))
    bounded = QuadraticProgram(program.Q, program.c, A_ub=np.vstack([A, [0, 0, 1, 0]]), b_ub=np.eye(7)[6])
    for one in (program, bounded):
        assert max(shares(one, active_set_qp(one, np.zeros(4), max_steps=200))) <= 1e-12


@pytest.mark.parametrize("size", [1e-150, 1e-20, 1.0, 1e20, 1e150])
def test_the_optimality_conditions_of_small_and_of_large_losses_are_solved_alike(size):
    # Curvatures of 10^±150 beside constraints of one: no entry of their matrix is zero for that.
    Q, c, A, b = np.diag([1.0, 2.0, 3.0]), np.array([1.0, -2.0, 0.5]), np.array([[1.0, 1.0, 1.0]]), np.ones(1)
    plain = solve_equality_qp(QuadraticProgram(Q, c, A, b))
    for rows in (1.0, 1e-30, 1e30):
        x, nu, _ = solve_equality_qp(QuadraticProgram(size * Q, size * c, rows * A, rows * b))
        np.testing.assert_allclose(x, plain.x, rtol=1e-14)
        np.testing.assert_allclose(nu * (rows / size), plain.nu, rtol=1e-14)


def test_the_active_set_can_start_where_phase_one_of_the_simplex_method_ends():
    program, _ = random_program(3)
    rows = {name: getattr(program, name) for name in ("A_ub", "b_ub", "A_eq", "b_eq")}
    start = solution(simplex(LinearProgram(np.zeros_like(program.c), **rows, bounds=[(None, None)] * program.c.size)))
    assert residuals(program, active_set_qp(program, start.x)).failing(1e-8) == []


@pytest.mark.parametrize("seed", range(8))
def test_one_linear_system_finds_cvxpys_solution_and_dual_values(seed):
    rng = np.random.default_rng(seed)
    L, A = rng.normal(size=(5, 5)), rng.normal(size=(2, 5))
    program = QuadraticProgram(L @ L.T, rng.normal(size=5), A, rng.normal(size=2))  # convex along the constraints
    point = solve_equality_qp(program)
    assert residuals(program, point).failing(1e-9) == []
    x, nu, _ = peer(program)
    np.testing.assert_allclose(point.x, x, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(point.nu, nu, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_prices_and_penalties_find_cvxpys_solution_and_dual_values(seed):
    rng = np.random.default_rng(seed)
    L, A = rng.normal(size=(5, 5)), rng.normal(size=(2, 5))
    program = QuadraticProgram(L @ L.T + np.eye(5), rng.normal(size=5), A, rng.normal(size=2))
    steps = augmented_lagrangian(program.value, program.grad, lambda t: A @ t - program.b_eq, lambda t: A, np.zeros(5))
    theta = run(steps, steps=20).theta
    nu = steps.state["nu"]
    found = kkt_residuals(program.grad(theta), equality=A @ theta - program.b_eq, equality_jacobian=A, nu=nu)
    # The inner solver compares losses, which hide a slope of the size of the square root of rounding, 1.5e-8.
    assert found.failing(1e-7) == []
    np.testing.assert_allclose(theta, peer(program)[0], atol=1e-6)
    np.testing.assert_allclose(nu, peer(program)[1], atol=1e-6)


def test_the_penalty_stops_growing_once_the_constraint_is_met_to_rounding():
    steps = augmented_lagrangian(
        lambda t: -t[0] * t[1],
        lambda t: -t[::-1],
        lambda t: t.sum(keepdims=True) - 10,
        lambda t: np.ones((1, 2)),
        [1, 2],
    )
    theta = run(steps, steps=100).theta
    assert steps.state["penalty"] <= 1e3
    np.testing.assert_allclose(theta, [5, 5], atol=1e-8)
    assert steps.state["nu"][0] == pytest.approx(5, abs=1e-7)


def test_on_a_curved_constraint_the_augmented_lagrangian_ends_where_slsqp_does():
    # The point of a circle nearest to (2, 1): the multiplier balances the pull, 2(θ − p) + 2νθ = 0.
    target = np.array([2.0, 1.0])
    steps = augmented_lagrangian(
        lambda t: np.sum((t - target) ** 2),
        lambda t: 2 * (t - target),
        lambda t: np.array([t @ t - 1]),
        lambda t: 2 * t[None],
        np.array([1.0, 0.0]),
    )
    theta = run(steps, steps=15).theta
    slsqp = minimize(
        lambda t: np.sum((t - target) ** 2),
        [1.0, 0.0],
        method="SLSQP",
        constraints={"type": "eq", "fun": lambda t: t @ t - 1},
        options={"ftol": 1e-14},
    )
    np.testing.assert_allclose(theta, target / np.sqrt(5), atol=1e-8)
    np.testing.assert_allclose(theta, slsqp.x, atol=1e-6)
    assert steps.state["nu"][0] == pytest.approx(np.sqrt(5) - 1, abs=1e-7)


@pytest.mark.parametrize(("worth", "length"), [(1e-12, 1.0), (1e-6, 1.0), (1e6, 1.0), (1.0, 1e-9), (1.0, 1e9)])
def test_prices_and_penalties_find_the_answer_in_any_units(worth, length):
    target = np.array([2.0, 1.0])
    steps = augmented_lagrangian(
        lambda t: worth * np.sum((t / length - target) ** 2),
        lambda t: worth * 2 * (t / length - target) / length,
        lambda t: np.array([(t / length) @ (t / length) - 1]),
        lambda t: 2 * t[None] / length**2,
        length * np.array([1.0, 0.0]),
        penalty=10.0 * worth,
    )
    theta = run(steps, steps=15).theta
    np.testing.assert_allclose(theta / length, target / np.sqrt(5), atol=1e-7)
    assert steps.state["nu"][0] / worth == pytest.approx(np.sqrt(5) - 1, abs=1e-6)


def test_without_constraints_the_augmented_lagrangian_is_the_loss():
    nothing, rows = (lambda t: np.zeros(0)), (lambda t: np.zeros((0, 2)))
    steps = augmented_lagrangian(lambda t: (t - 3) @ (t - 3), lambda t: 2 * (t - 3), nothing, rows, [1.0, 2.0])
    np.testing.assert_allclose(list(islice(steps, 2))[-1], [3.0, 3.0], rtol=1e-9)
    assert (steps.state["penalty"], steps.state["violation"]) == (10.0, 0.0)


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
    # Of min ½‖w‖² − Σθ on the box and the line: the price of the line is the bias, those of the walls what is left.
    slack = y * (X @ w + bias) - 1
    found = kkt_residuals(
        y * (X @ w) - 1,
        equality=[theta @ y],
        equality_jacobian=y[None],
        nu=[bias],
        inequality=[*-theta, *(theta - C)],
        inequality_jacobian=np.vstack([-np.eye(60), np.eye(60)]),
        mu=[*np.maximum(slack, 0), *np.maximum(-slack, 0)],
    )
    assert found.failing(1e-8) == []
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


def test_support_vectors_stand_on_the_margin_or_inside_it_and_the_others_do_not_matter(rng):
    C, y = 1.0, np.where(np.arange(40) < 20, -1.0, 1.0)
    X = rng.normal(size=(40, 2)) + 1.2 * y[:, None]
    stream = svm_dual(X, y, C=C)
    theta = list(stream)[-1]
    margin = y * (X @ stream.state["w"] + stream.state["bias"])
    free, stuck, idle = (theta > 1e-9) & (theta < C - 1e-9), theta >= C - 1e-9, theta <= 1e-9
    assert free.any()
    assert stuck.any()
    np.testing.assert_allclose(margin[free], 1, atol=1e-8)
    assert (margin[stuck] <= 1 + 1e-8).all()
    assert (margin[idle] >= 1 - 1e-8).all()
    without = svm_dual(X[~idle], y[~idle], C=C)
    list(without)
    np.testing.assert_allclose(without.state["w"], stream.state["w"], atol=1e-7)


@pytest.mark.parametrize("length", [2.0**-500, 2.0**-30, 2.0**-20, 2.0**20, 2.0**500])
def test_the_svm_takes_the_same_path_in_any_units(rng, length):
    y = np.where(np.arange(30) < 15, -1.0, 1.0)
    X = rng.normal(size=(30, 3)) + 0.5 * y[:, None]
    X[1] = X[0]
    plain = list(svm_dual(X, y))
    seen = list(svm_dual(length * X, y, C=length**-2))
    np.testing.assert_array_equal(np.array(seen) * length**2, plain)


def test_of_points_that_all_are_zero_the_svm_makes_no_plane():
    stream = svm_dual(np.zeros((3, 2)), [1.0, -1.0, 1.0], C=2.0)
    np.testing.assert_array_equal(list(stream), [[2.0, 2.0, 0.0]])
    np.testing.assert_array_equal(stream.state["w"], [0.0, 0.0])


def test_every_pair_raises_the_dual_and_stays_feasible(rng):
    y = np.where(np.arange(30) < 15, -1.0, 1.0)
    X = rng.normal(size=(30, 3)) + 0.5 * y[:, None]
    values = []
    for theta in svm_dual(X, y, C=2.0):
        assert theta.min() >= 0
        assert theta.max() <= 2
        assert abs(theta @ y) <= 1e-12 * len(y)
        values.append(theta.sum() - 0.5 * np.sum((X.T @ (theta * y)) ** 2))
    assert (np.diff(values) >= -1e-12).all()


def test_the_svm_says_what_it_cannot_work_with():
    X, y = np.eye(3), [1.0, -1.0, 1.0]
    for labels, named in (([1.0, 1.0, 1.0], r"^y = .*both of them"), ([0.0, 1.0, 1.0], r"^y = "), (y[:2], r"^y = ")):
        with pytest.raises(ValueError, match=named):
            svm_dual(X, labels)
    with pytest.raises(ValueError, match=r"^C = 0: "):
        svm_dual(X, y, C=0)


@pytest.mark.parametrize(("C", "feasible"), [(2.0, True), (2.0 - 1e-6, False)])
def test_multipliers_may_miss_the_sum_of_zero_by_a_billionth_of_what_all_could_hold(C, feasible):
    X, y, start = np.eye(2), [1.0, -1.0], [4e-9, 0.0]
    if feasible:
        assert list(svm_dual(X, y, C=C, theta=start))
    else:
        with pytest.raises(ValueError, match=r"theta = .*must be feasible"):
            svm_dual(X, y, C=C, theta=start)


def test_a_start_may_miss_a_wall_by_the_rounding_of_its_own_size():
    program = QuadraticProgram(Q=np.eye(2), c=[-2e6, 0.0], A_ub=[[1.0, 0.0]], b_ub=[1e6])
    assert active_set_qp(program, [1e6 + 5e-4, 0.0]).x == pytest.approx([1e6, 0.0], rel=1e-9)
    with pytest.raises(ValueError, match=r"x = .*must be feasible to start from"):
        active_set_qp(program, [1e6 + 2e-3, 0.0])


def test_the_active_set_says_what_it_cannot_work_with():
    program = QuadraticProgram(np.eye(2), [1.0, 1.0], A_ub=[[1.0, 0.0], [0.0, 1.0]], b_ub=[0.0, 0.0])
    with pytest.raises(ValueError, match=r"^x = .* must be feasible"):
        active_set_qp(program, [1.0, 0.0])
    with pytest.raises(ValueError, match=r"^max_steps = 0: must be a whole number"):
        active_set_qp(program, [0.0, 0.0], max_steps=0)
    with pytest.raises(ValueError, match=r"^max_steps = 1: was not enough"):
        active_set_qp(program, [0.0, 0.0], max_steps=1)
    with pytest.raises(ValueError, match=r"^program = .* must have no inequalities"):
        solve_equality_qp(program)
    flat = QuadraticProgram(np.diag([1.0, 0.0]), [0.0, 1.0], A_ub=[[0.0, -1.0]], b_ub=[1.0])
    with pytest.raises(ValueError, match="singular"):
        active_set_qp(flat, [0.0, 0.0])


def test_newton_keeps_its_steps_inside_the_domain():
    # From (0.001, 0.999) a full Newton step on −log would leave the positive numbers.
    grad, hess = lambda t: np.array([-1 / t[0], -3 / t[1]]), lambda t: np.diag([1 / t[0] ** 2, 3 / t[1] ** 2])
    path = list(newton_kkt(grad, hess, [0.9, 0.001], [[1.0, 1.0]], [1.0]))
    assert min(theta.min() for theta in path) > 0
    np.testing.assert_allclose(path[-1], [0.25, 0.75], atol=1e-9)
    with pytest.raises(ValueError, match=r"^A = .* must have shape \(1, 2\)"):
        newton_kkt(grad, hess, [0.5, 0.5], [[1.0]], [1.0])


# ------------------------------------------------------------------------------------------ step by step


def test_the_ratio_test_stops_at_the_first_wall_that_is_not_held():
    rng = np.random.default_rng(0)
    ends = set()
    for _ in range(300):
        n, m = int(rng.integers(1, 4)), int(rng.integers(1, 5))
        A, b, x = (rng.integers(-2, 3, shape).astype(float) for shape in ((m, n), m, n))
        b = np.maximum(b, A @ x) - rng.choice([0.0, 1e-12], m)
        d, working = rng.integers(-2, 3, n).astype(float), list(rng.permutation(m)[: int(rng.integers(0, m))])
        ratios = [
            max(0.0, b[i] - A[i] @ x) / (A[i] @ d) if i not in working and A[i] @ d > 0 else 9.0 for i in range(m)
        ]
        first = min(range(m), key=lambda i: ratios[i])
        expected = (1.0, None) if ratios[first] >= 1 else (ratios[first], first)
        assert _ratio_test(SimpleNamespace(A_ub=A, b_ub=b), x, d, working, np.ones(n)) == expected
        ends.add((expected[1] is None, expected[0] == 0))
    assert ends == {(True, False), (False, False), (False, True)}


@pytest.mark.parametrize(("approach", "expected"), [(0.9e-13, (1.0, None)), (1.1e-13, (0.0, 0))])
def test_a_wall_that_the_step_hardly_approaches_does_not_block(approach, expected):
    # Of a step whose largest part is −2, a ten-trillionth is rounding.
    for size in (1.0, 1e-20):
        program = SimpleNamespace(A_ub=size * np.array([[-approach, -1.0]]), b_ub=np.zeros(1))
        assert _ratio_test(program, np.zeros(2), np.array([-2.0, 0.0]), [], np.ones(2)) == expected


@pytest.mark.parametrize("length", [1.0, 1e-12, 1e6])
@pytest.mark.parametrize("x", [[-3.0, 1.0], [-0.5, 0.25]])
def test_a_start_may_miss_rows_by_a_billionth_of_its_size_on_either_side(x, length):
    x, row, scale = np.array(x), length * np.array([[0.5, 1.0]]), length * 1e-9 * (1 + abs(x[0]))
    for share, fine in ((0.9, True), (1.1, False)):
        missed = {
            "row": QuadraticProgram(np.eye(2), [0.0, 0.0], A_ub=row, b_ub=row @ x - share * scale),
            "above": QuadraticProgram(np.eye(2), [0.0, 0.0], row, row @ x + share * scale),
            "below": QuadraticProgram(np.eye(2), [0.0, 0.0], row, row @ x - share * scale),
        }
        for program in missed.values():
            if fine:
                assert residuals(program, active_set_qp(program, x)).failing(1e-6 * max(1, length)) == []
            else:
                with pytest.raises(ValueError, match=r"^x = .*must be feasible to start from"):
                    active_set_qp(program, x)


@pytest.mark.parametrize("goal", [[-1.0, -2.0], [1.0, 0.0], [1e6, 2e6], [-1e6, -3e6], [0.0, -1e6]])
def test_without_walls_in_the_way_the_active_set_steps_to_the_minimum(goal):
    program = QuadraticProgram(np.diag([1.0, 3.0]), -np.diag([1.0, 3.0]) @ goal, A_ub=[[1.0, 1.0]], b_ub=[9e6])
    point = active_set_qp(program, [0.0, 0.0])
    np.testing.assert_allclose(point.x, goal, atol=1e-9)
    np.testing.assert_array_equal(point.mu, [0.0])
    with pytest.raises(ValueError, match=r"^x = .*must have shape \(2,\), not \(3,\)"):
        active_set_qp(program, [0.0, 0.0, 0.0])


def test_newton_on_the_constraints_takes_the_longest_step_that_pays():
    # The slopes of log cosh flatten out: full steps overshoot by far, more and more the further out.
    A, b = np.array([[1.0, 2.0, -1.0], [0.0, 1.0, 1.0]]), np.array([0.5, -0.2])
    grad, hess = lambda t: np.tanh(t) + 0.02 * t, lambda t: np.diag(1 / np.cosh(t) ** 2 + 0.02)
    rates = []
    for start in ([4.0, -2.5, 1.0], [6.0, 0.1, -5.0], [-3.0, 3.0, 3.0]):
        theta, nu = np.array(start), np.zeros(2)

        def miss(t, v):
            return np.linalg.norm(np.append(grad(t) + A.T @ v, A @ t - b))

        steps = newton_kkt(grad, hess, theta, A, b)
        for after in islice(steps, 12):
            if miss(theta, nu) < 1e-9:
                break
            kkt = np.block([[hess(theta), A.T], [A, np.zeros((2, 2))]])
            d, goal = np.split(np.linalg.solve(kkt, np.append(-grad(theta), b - A @ theta)), [3])
            alpha = 1.0
            while miss(theta + alpha * d, nu + alpha * (goal - nu)) > (1 - 0.01 * alpha) * miss(theta, nu):
                alpha /= 2
            rates.append(alpha)
            np.testing.assert_allclose(after, theta + alpha * d, rtol=1e-6, atol=1e-9)
            theta, nu = after, nu + alpha * (goal - nu)
            np.testing.assert_allclose(steps.state["nu"], nu, rtol=1e-6, atol=1e-9)
    assert len(set(rates)) >= 4
    for _ in (long := newton_kkt(grad, hess, theta, A, b)):
        pass
    assert long.reason in ("stalled", "solved")  # as rounding has it
    done = newton_kkt(lambda t: t, lambda t: np.eye(1), [0.0], [[1.0]], [0.0])
    assert list(islice(done, 3)) == []
    assert done.reason == "solved"


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("penalty", [None, 0.05, 300.0])
def test_prices_move_by_what_is_missed_and_penalties_grow_where_it_hardly_falls(penalty, sign):
    target = np.array([2.0, -1.0, 0.5])
    constraint = lambda t: sign * np.array([t @ t - 1, 3 * (t[0] + t[2]) + 1])  # noqa: E731
    jacobian = lambda t: sign * np.array([2 * t, [3.0, 0.0, 3.0]])  # noqa: E731
    given = {} if penalty is None else {"penalty": penalty}
    loss, grad = lambda t: np.sum((t - target) ** 2), lambda t: 2 * (t - target)
    steps = augmented_lagrangian(loss, grad, constraint, jacobian, np.array([1.0, 0.0, 0.0]), **given)
    nu, rho, missed, grown = np.zeros(2), penalty or 10.0, np.inf, 0
    for theta in islice(steps, 8):
        h = constraint(theta)
        pull = grad(theta) + jacobian(theta).T @ (nu + rho * h)
        assert np.abs(pull).max() <= 1e-5 * (1 + rho)
        nu = nu + rho * h
        np.testing.assert_allclose(steps.state["nu"], nu, rtol=1e-12)
        if np.abs(h).max() > max(0.25 * missed, 1e-8 * (1 + np.abs(theta).max())):
            rho, grown = 10 * rho, grown + 1
        assert steps.state["penalty"] == pytest.approx(rho, rel=1e-12)
        missed = steps.state["violation"]
        assert missed == np.abs(h).max()
    assert grown > 0 or penalty != 0.05


@pytest.mark.parametrize("C", [None, 0.3])
def test_the_svm_moves_the_pair_that_promises_most(C):
    # Fan, Chen and Lin's second-order choice, written with the kernel matrix and the gradient of ½ θᵀQθ − Σθ.
    rng = np.random.default_rng(2)
    y = rng.choice([-1.0, 1.0], 14)
    X = rng.normal(size=(14, 2)) + 0.6 * y[:, None]
    X[1] = X[0]
    steps = svm_dual(X, y) if C is None else svm_dual(X, y, C=C)
    K, C, theta, stops = X @ X.T, C or 1.0, np.zeros(14), set()
    for after in steps:
        m = -y * ((K * np.outer(y, y)) @ theta - 1)
        up = [t for t in range(14) if (theta[t] < C if y[t] == 1 else theta[t] > 0)]
        i = max(up, key=lambda t: m[t])
        low = [t for t in range(14) if (theta[t] > 0 if y[t] == 1 else theta[t] < C) and m[t] < m[i]]
        curvature = {t: max(K[i, i] + K[t, t] - 2 * K[i, t], 1e-12 * K.diagonal().max()) for t in low}
        j = max(low, key=lambda t: (m[i] - m[t]) ** 2 / curvature[t])
        ways = (
            (m[i] - m[j]) / curvature[j],
            C - theta[i] if y[i] == 1 else theta[i],
            theta[j] if y[j] == 1 else C - theta[j],
        )
        stops.add(int(np.argmin(ways)))
        theta = theta.copy()
        theta[i] += y[i] * min(ways)
        theta[j] -= y[j] * min(ways)
        np.testing.assert_allclose(after, theta, atol=1e-9)
        theta = after
        assert theta.min() >= 0
        assert theta.max() <= C
        np.testing.assert_allclose(steps.state["w"], X.T @ (theta * y), atol=1e-9)
    assert stops >= {0, 1}
    assert steps.reason == "optimal"


def test_the_svm_ends_at_once_where_nothing_is_violated_at_all_and_starts_where_it_is_told():
    X, y = [[0.0, 0.0], [2.0, 0.0], [3.0, 1.0]], [-1.0, 1.0, 1.0]
    exact = svm_dual(X, y, C=10.0, tol=0.0)
    np.testing.assert_array_equal(list(islice(exact, 5)), [[0.5, 0.5, 0.0]])
    assert (exact.reason, exact.state["bias"]) == ("optimal", -1.0)
    start = np.array([0.25, 0.25, 0.0])
    np.testing.assert_array_equal(next(svm_dual(X, y, C=10.0, theta=start)), [0.5, 0.5, 0.0])
    np.testing.assert_array_equal(start, [0.25, 0.25, 0.0])


@pytest.mark.parametrize(("violation", "steps"), [(0.9e-10, 0), (1.1e-10, 1)])
def test_unless_told_otherwise_a_ten_billionth_violates_nothing(violation, steps):
    start = np.array([0.5, 0.5, 0.0]) - violation / 4 * np.array([1.0, 1.0, 0.0])
    found = list(svm_dual([[0.0, 0.0], [2.0, 0.0], [3.0, 1.0]], [-1.0, 1.0, 1.0], C=10.0, theta=start))
    assert len(found) == steps


@pytest.mark.parametrize("name", ["constraint", "jacobian"])
def test_what_a_method_of_multipliers_cannot_work_with_is_refused_by_name(name):
    given = {"loss": lambda t: t @ t, "grad": lambda t: 2 * t, "theta": [1.0, 2.0]}
    given |= {"constraint": lambda t: t[:1], "jacobian": lambda t: np.eye(1, 2)}
    for bad in ({name: 3.0}, {"penalty": 0.0}, {"penalty": -1.0}):
        with pytest.raises(ValueError, match=f"^{next(iter(bad))} = "):
            augmented_lagrangian(**given | bad)
    for solver, rest in ((solve_equality_qp, ()), (active_set_qp, ([0.0],))):
        with pytest.raises(ValueError, match=r"^program = 3"):
            solver(3, *rest)


def test_each_subproblem_is_solved_in_every_coordinate():
    # The second is at its minimum from the start: it says nothing about the first.
    loss, grad = lambda t: (t[0] - 2) ** 2 + t[1] ** 2, lambda t: 2 * (t - [2, 0])
    steps = augmented_lagrangian(loss, grad, lambda t: t[:1] - 1, lambda t: np.eye(1, 2), [0.0, 0.0], penalty=10.0)
    np.testing.assert_allclose(next(steps), [7 / 6, 0], atol=1e-9)  # 2 (t − 2) + 10 (t − 1) = 0


@pytest.mark.parametrize("length", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize(("missed", "grown"), [(0.85e-7, False), (0.95e-7, True)])
def test_a_violation_of_the_size_of_rounding_makes_no_penalty_grow(missed, grown, length):
    # What slopes of one make of a θ of the sizes 4 and 5 is uncertain by 9e-8, whatever the units and signs.
    steps = augmented_lagrangian(
        lambda t: np.sum((t / length - [-4, -5]) ** 2),
        lambda t: 2 * (t / length - [-4, -5]) / length,
        lambda t: np.array([missed]),
        lambda t: np.array([[1.0, -1.0]]) / length,
        [0.0, 0.0],
        penalty=1.0,
    )
    list(islice(steps, 3))
    assert steps.state["penalty"] == (100 if grown else 1)


def test_a_wall_without_a_price_may_stay_in_the_working_set():
    # Towards (5, 5) the wall x ≤ 1 is met first, then x + y ≤ 2; at their corner the second bears all.
    program = QuadraticProgram(np.eye(2), [-5.0, -5.0], A_ub=[[1.0, 0.0], [1.0, 1.0]], b_ub=[1.0, 2.0])
    point = active_set_qp(program, [0.0, -5.0], max_steps=3)
    np.testing.assert_allclose(point.x, [1, 1], atol=1e-12)
    np.testing.assert_allclose(point.mu, [0, 4], atol=1e-12)


def test_a_start_may_miss_a_wall_and_a_row_by_exactly_a_billionth():
    wall = QuadraticProgram(np.eye(2), [0.0, 0.0], A_ub=[[1.0, 0.0]], b_ub=[-1e-9])
    row = QuadraticProgram(np.eye(2), [0.0, 0.0], [[1.0, 0.0]], [-1e-9])
    for program in (wall, row):
        np.testing.assert_allclose(active_set_qp(program, [0.0, 0.0]).x, [0, 0], atol=2e-9)


@pytest.mark.parametrize(("left", "first"), [(0.9895, 0.0), (0.99, 0.0), (0.9925, 0.5)])
def test_a_step_of_newton_must_shrink_the_residual_by_a_hundredth_of_what_it_promises(left, first):
    grad = lambda t: np.array([t[0] if t[0] > 0.25 else -left, 0.0])  # noqa: E731
    steps = newton_kkt(grad, lambda t: np.eye(2), [1.0, 0.0], [[0.0, 1.0]], [0.0])
    np.testing.assert_array_equal(next(steps), [first, 0])


def test_a_step_that_is_rounding_beside_the_largest_coordinate_is_none():
    rng = np.random.default_rng(0)
    for _ in range(20):
        root, goal = rng.normal(size=(3, 3)), np.array([1e7, -1e7, 0.0]) * rng.uniform(0.5, 1.5, 3)
        Q = root @ root.T + np.eye(3)
        program = QuadraticProgram(Q, -Q @ goal, A_ub=[[0.0, 0.0, 1.0]], b_ub=[5e7])
        # One step to the minimum; the next is found to be none.
        np.testing.assert_allclose(active_set_qp(program, np.zeros(3), max_steps=2).x, goal, atol=1e-6)


def test_a_wall_that_leaves_the_working_set_does_not_come_back_at_once():
    # In a corner the step is rounding; beside numbers so large it could seem to run into the wall just left.
    rng = np.random.default_rng(0)
    for _ in range(100):
        n = int(rng.integers(2, 6))
        m, root = int(rng.integers(n, 3 * n)), rng.normal(size=(n, n))
        A_ub, b_ub, c = rng.normal(size=(m, n)), 1e4 * rng.uniform(size=m), 3e4 * rng.normal(size=n)
        program = QuadraticProgram(root @ root.T + 0.1 * np.eye(n), c, A_ub=A_ub, b_ub=b_ub)
        assert residuals(program, active_set_qp(program, np.zeros(n), max_steps=60)).failing(1e-3) == []


def test_the_active_set_gives_up_after_a_thousand_changes(monkeypatch):
    program = QuadraticProgram(np.eye(1), [-1.0], A_ub=[[1.0]], b_ub=[2.0])
    monkeypatch.setitem(active_set_qp.__wrapped__.__globals__, "_ratio_test", lambda *given: (0.0, None))
    with pytest.raises(ValueError, match=r"^max_steps = 1000: was not enough"):
        active_set_qp(program, [0.0])


def test_newton_on_the_constraints_takes_as_short_a_step_as_it_must():
    # A slope of 1 and a curvature of 0.002: only a 64th of the step does not fly off to the other side.
    grad, hess = lambda t: np.tanh(t) + 0.001 * t, lambda t: np.diag(1 / np.cosh(t) ** 2 + 0.001)
    start, A, b = np.array([4.0, 0.0]), [[0.0, 1.0]], [0.0]
    steps = newton_kkt(grad, hess, start, A, b)
    np.testing.assert_allclose(next(steps), start - grad(start) / np.diag(hess(start)) / 64, rtol=1e-12)
    assert abs(run(newton_kkt(grad, hess, start, A, b), steps=30).theta).max() <= 1e-12


def test_the_strongest_pull_leaves_first():
    # Six changes of the working set; with the weakest first, or the first in order, it takes ten.
    rng = np.random.default_rng(5)
    root = rng.normal(size=(3, 3))
    Q, c, A_ub = root @ root.T + np.eye(3), 9 * rng.normal(size=3), rng.normal(size=(30, 3))
    program = QuadraticProgram(Q=Q, c=c, A_ub=A_ub, b_ub=np.full(30, 0.05))
    point = active_set_qp(program, np.zeros(3), max_steps=6)
    assert max(residuals(program, point)) <= 1e-12


def test_a_row_of_zeros_depends_on_all_others():
    program = QuadraticProgram(Q=np.eye(2), c=[1.0, 1.0], A_eq=[[0.0, 0.0]], b_eq=[0.0])
    with pytest.raises(ValueError, match="depend on others"):
        solve_equality_qp(program)


@pytest.mark.parametrize("seed", range(20))
def test_a_flat_direction_is_seen_through_rounding(seed):
    rng = np.random.default_rng(seed)
    root = np.zeros((4, 2))
    root[:3] = rng.normal(size=(3, 2))  # no curvature along one direction of three, nor along the fourth
    program = QuadraticProgram(Q=root @ root.T, c=rng.normal(size=4), A_eq=[[0.0, 0.0, 0.0, 1.0]], b_eq=[1.0])
    with pytest.raises(ValueError, match="no curvature"):
        solve_equality_qp(program)


def test_a_start_of_the_dual_may_lie_on_the_bounds_but_not_off_the_plane():
    X, y = np.array([[0.0], [1.0]]), np.array([-1.0, 1.0])
    assert next(svm_dual(X, y, C=0.5, theta=[0.5, 0.5]), None) is None
    for theta in ([0.5, 0.0], [0.0, 0.5]):
        with pytest.raises(ValueError, match="must be feasible"):
            svm_dual(X, y, C=0.5, theta=theta)


@pytest.mark.parametrize("loss", [1e-150, 1.0, 1e150])
def test_a_variable_without_curvature_is_measured_like_the_others(loss):
    # ½ loss · x² along x + z = 1: z makes up for what x = 0 leaves, and costs nothing.
    program = QuadraticProgram(np.diag([loss, 0.0]), np.zeros(2), [[1.0, 1.0]], [1.0])
    x, nu, _ = solve_equality_qp(program)
    np.testing.assert_allclose(x, [0, 1], atol=1e-12)
    assert abs(nu[0]) <= 1e-12 * loss


def test_a_variable_that_curves_downwards_is_measured_like_the_others():
    grad, hess = lambda t: np.array([-1e150 * t[0], t[1] - 2]), lambda t: np.diag([-1e150, 1.0])
    np.testing.assert_allclose(next(newton_kkt(grad, hess, [1.0, 0.0], [[1.0, 0.0]], [1.0])), [1, 2], rtol=1e-12)


@pytest.mark.parametrize("seed", range(20))
def test_a_flat_direction_among_downward_ones_is_seen_through_rounding(seed):
    root = np.random.default_rng(seed).uniform(size=(3, 2))
    H = -root @ root.T
    with pytest.raises(ValueError, match="no curvature"):
        next(newton_kkt(lambda t: H @ t + 1, lambda t: H, np.ones(3), np.zeros((0, 3)), np.zeros(0)))


def test_newton_on_the_constraints_halves_its_step_forty_times_before_it_gives_up():
    # A gradient that grows wherever one goes: no step pays, and there is one residual for each.
    grad = lambda t: t if t[0] == 1.0 and t[1] == 0.0 else 2 + np.abs(t)  # noqa: E731
    steps = newton_kkt(grad, lambda t: np.eye(2), [1.0, 0.0], [[0.0, 1.0]], [0.0])
    assert list(steps) == []
    assert steps.reason == "stalled"
    assert steps.evaluations["grad"] == 2 + 40


@pytest.mark.parametrize("seed", range(30))
def test_a_variable_that_nothing_pulls_on_hides_no_rounding_of_the_others(seed):
    Q, c, A = cone(seed)
    n = len(c)
    Q, c, A = np.pad(Q, (0, 1)), np.append(c, 0.0), np.pad(A, ((0, 0), (0, 1)))
    Q[n, n] = 1.0
    program = QuadraticProgram(Q, c, A_ub=A, b_ub=np.zeros(len(A)))
    assert max(shares(program, active_set_qp(program, np.zeros(n + 1)))) <= 1e-11


@pytest.mark.parametrize("seed", range(12))
def test_forces_that_cancel_within_the_quadratic_leave_their_rounding(seed):
    # Far out along a valley: Qx and c are a millionth of the terms that make up Qx.
    rng = np.random.default_rng(seed)
    across = rng.normal() * np.array([1.0, -1.0])
    Q, goal = np.outer(across, across) + 1e-6 * np.eye(2), 1e6 + rng.normal(size=2)
    start, A = goal - rng.normal(size=2), rng.normal(size=(3, 2))
    program = QuadraticProgram(Q, -Q @ goal, A_ub=A, b_ub=np.maximum(A @ goal, A @ start))
    assert max(shares(program, active_set_qp(program, start, max_steps=20))) <= 1e-12


@pytest.mark.parametrize("seed", [23, 29, 48, 51])
def test_prices_of_walls_that_are_nearly_one_leave_the_rounding_of_their_size(seed):
    rng = np.random.default_rng(seed)
    root, A = rng.normal(size=(3, 3)), rng.normal(size=(4, 3))
    A = np.vstack([A, A + 1e-7 * rng.normal(size=A.shape)])
    c = rng.normal(size=3) * (rng.uniform(size=3) < 0.6)
    program = QuadraticProgram(root @ root.T + np.eye(3), c, A_ub=A, b_ub=np.zeros(8))
    assert max(shares(program, active_set_qp(program, np.zeros(3), max_steps=20))) <= 1e-12
