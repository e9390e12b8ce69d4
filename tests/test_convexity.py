"""Claims of section 3.9: chords, ceilings and floors."""

import cvxpy as cp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optcourse import (
    LinearProgram,
    QuadraticProgram,
    duality_gap,
    is_convex_on,
    is_psd,
    lagrange_dual,
    numerical_gradient,
    numerical_hessian,
    project_simplex,
    projected_gradient,
    run,
    simplex,
    solve_equality_qp,
)
from optcourse.certificates import prox_residual
from optcourse.linear_programming import solution


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def test_a_witness_proves_that_a_function_is_not_convex(rng):
    verdict = is_convex_on(np.sin, 0.0, 6.0, rng)
    a, b, t = verdict.witness
    assert np.sin((1 - t) * a + t * b) - (1 - t) * np.sin(a) - t * np.sin(b) == pytest.approx(verdict.excess)
    assert verdict.excess > 0
    assert not verdict.convex


def test_curvature_decides_convexity_of_a_quadratic(rng):
    for A in (np.diag([1.0, 0.0]), np.diag([1.0, -0.5]), np.array([[1.0, 2.0], [2.0, 1.0]])):
        assert is_psd(A) == is_convex_on(lambda x, A=A: x @ A @ x, -np.ones(2), np.ones(2), rng).convex


def models(rng):
    """Training losses: the course's models (often only the dual of the SVM is called convex), and one that is not."""
    X, y = rng.normal(size=(20, 2)), np.sign(rng.normal(size=20))
    squares = lambda w: 0.5 * np.sum((X @ w - y) ** 2)  # noqa: E731
    return {
        "linear": squares,
        "ridge": lambda w: squares(w) + w @ w,
        "logistic": lambda w: np.logaddexp(0, -y * (X @ w)).sum(),
        "LASSO": lambda w: squares(w) + 3 * np.abs(w).sum(),
        "SVM, the primal": lambda w: 0.5 * w @ w + np.maximum(0, 1 - y * (X @ w)).sum(),
        "a hidden unit": lambda w: 0.5 * np.sum((w[1] * np.tanh(X[:, 0] * w[0]) - y) ** 2),
    }


@pytest.mark.parametrize("name", models(np.random.default_rng(0)))
def test_every_model_is_convex_until_it_has_a_hidden_unit(rng, name):
    loss, convex = models(rng)[name], name != "a hidden unit"
    assert is_convex_on(loss, -3 * np.ones(2), 3 * np.ones(2), rng).convex == convex
    # ∇²f ⪰ 0 says the same; the kinks of the LASSO and of the SVM are nowhere near.
    away = rng.uniform(0.5, 3, size=(20, 2)) * rng.choice([-1, 1], size=(20, 2))
    assert all(is_psd(numerical_hessian(loss, theta), tol=1e-3) for theta in away) == convex
    # And so does f(b) ≥ f(a) + ∇f(a)ᵀ(b − a): every tangent is a floor.
    slopes = [numerical_gradient(loss, a) for a in away]
    floors = [loss(a) + slope @ (b - a) for a, slope in zip(away, slopes, strict=True) for b in away]
    heights = [loss(b) for _ in away for b in away]
    assert np.all(np.array(heights) >= np.array(floors) - 1e-6) == convex


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_dual_is_never_above_the_primal(seed):
    rng = np.random.default_rng(seed)
    L, x = rng.normal(size=(4, 4)), rng.normal(size=4)
    A_eq, A_ub = rng.normal(size=(1, 4)), rng.normal(size=(3, 4))
    program = QuadraticProgram(L @ L.T, rng.normal(size=4), A_eq, A_eq @ x, A_ub, A_ub @ x + rng.uniform(size=3))
    gap = duality_gap(program, x, nu=rng.normal(size=1), mu=rng.uniform(size=3))
    assert gap >= -1e-9 * (1 + abs(program.value(x)))


def test_the_gap_closes_at_cvxpys_solution_and_dual_values(rng):
    A, b, n = rng.normal(size=(12, 5)), rng.normal(size=12), 5
    program = QuadraticProgram(2 * A.T @ A, -2 * A.T @ b, np.ones((1, n)), [1.0], -np.eye(n), np.zeros(n))
    x = cp.Variable(n)
    total, sign = cp.sum(x) == 1, x >= 0
    cp.Problem(cp.Minimize(cp.sum_squares(A @ x - b)), [total, sign]).solve(solver=cp.CLARABEL)
    ours = project_simplex(x.value)
    assert abs(duality_gap(program, ours, nu=[total.dual_value], mu=np.maximum(sign.dual_value, 0))) <= 1e-5
    best = run(projected_gradient(program.grad, project_simplex, np.full(n, 0.2), lr=0.01), steps=3000).theta
    assert prox_residual(program.grad, lambda v, rate: project_simplex(v), best, lr=0.01) <= 1e-10
    np.testing.assert_allclose(best, x.value, atol=1e-5)


def test_the_gap_of_the_least_norm_problem_closes(rng):
    A, b = rng.normal(size=(2, 5)), rng.normal(size=2)
    program = QuadraticProgram(np.eye(5), np.zeros(5), A, b)
    point = solve_equality_qp(program)
    assert abs(duality_gap(program, point.x, nu=point.nu)) <= 1e-12
    np.testing.assert_allclose(point.x, np.linalg.pinv(A) @ b, atol=1e-12)


def test_the_dual_of_a_linear_program_is_finite_only_where_prices_match_costs():
    program = QuadraticProgram(np.zeros((2, 2)), [1.0, 2.0], A_ub=-np.eye(2), b_ub=[-1.0, -1.0])
    dual = lagrange_dual(program)
    assert dual.value(mu=[1.0, 2.0]) == 3.0 == program.value([1.0, 1.0])
    assert dual.value(mu=[1.0, 1.0]) == -np.inf


@pytest.mark.parametrize("seed", range(5))
def test_the_gap_of_a_linear_program_closes_at_the_simplex_methods_prices(seed):
    rng = np.random.default_rng(seed)
    A, x, y = rng.normal(size=(7, 3)), rng.normal(size=3), rng.uniform(0.5, 1, size=7)
    program = QuadraticProgram(np.zeros((3, 3)), -A.T @ y, A_ub=A, b_ub=A @ x + rng.uniform(size=7))
    found = solution(simplex(LinearProgram(program.c, A, program.b_ub, bounds=[(None, None)] * 3)))
    assert abs(duality_gap(program, found.x, mu=np.maximum(-found.y_ub, 0))) <= 1e-9  # prices are −μ


def test_the_gap_closes_while_a_dual_ascent_runs(rng):
    # Least norm on two equalities: the dual is smooth and concave, its gradient is Ax(ν) − b.
    A, b = rng.normal(size=(2, 5)), rng.normal(size=2)
    program, nu = QuadraticProgram(np.eye(5), np.zeros(5), A, b), np.zeros(2)
    dual, best = lagrange_dual(program), np.linalg.pinv(A) @ b
    gaps = []
    for _ in range(400):
        nu = nu + 1 / np.linalg.norm(A @ A.T, 2) * (A @ dual.minimiser(nu) - b)
        gaps.append(duality_gap(program, best, nu=nu))
    assert (np.diff(gaps) <= 1e-12).all()
    assert gaps[0] > 0
    assert abs(gaps[-1]) <= 1e-9


def test_a_gap_means_nothing_at_a_point_that_is_not_feasible():
    program = QuadraticProgram(np.eye(2), np.zeros(2), [[1.0, 1.0]], [2.0])
    with pytest.raises(ValueError, match=r"^x = .* misses a constraint by 2"):
        duality_gap(program, [0.0, 0.0], nu=[-1.0])
    assert duality_gap(program, [1.0, 1.0], nu=[0.0]) == 1.0


def test_a_negative_price_of_an_inequality_proves_nothing():
    program = QuadraticProgram(np.eye(1), [0.0], A_ub=[[-1.0]], b_ub=[-1.0])
    assert lagrange_dual(program).value(mu=[1.0]) == pytest.approx(0.5) == program.value([1.0])
    assert lagrange_dual(program).value(mu=[-1.0]) == -np.inf


def test_every_local_minimum_of_a_convex_function_is_global_and_of_another_need_not_be(rng):
    slope = lambda t: 4 * t**3 - 4 * t + 0.5  # noqa: E731 (of t⁴ − 2t² + t/2: two valleys, one deeper)
    ends = {
        round(float(run(projected_gradient(slope, lambda t: np.clip(t, -2, 2), start, lr=0.05), steps=500).theta), 6)
        for start in np.linspace(-2, 2, 9)
    }
    assert len(ends) == 2
    assert not is_convex_on(lambda t: t**4 - 2 * t**2 + t / 2, -2.0, 2.0, rng).convex
    slope = lambda t: 2 * t - 1  # noqa: E731
    bowl = {
        round(float(run(projected_gradient(slope, lambda t: np.clip(t, -2, 2), start), steps=500).theta), 6)
        for start in np.linspace(-2, 2, 9)
    }
    assert bowl == {0.5}


def test_without_slater_a_convex_problem_can_keep_a_gap(rng):
    # min e^(−x) subject to x²/y ≤ 0, y > 0: only x = 0 is feasible, so p* = 1. The Lagrangian e^(−x) + μ x²/y is
    # positive, and at y = x³ it falls to zero for every price μ: d* = 0.
    for price in (0.0, 1.0, 1e6):
        x = 1e12 * np.ones(1)
        assert 0 <= (np.exp(-x) + price * x**2 / x**3)[0] <= 1e-5
    assert is_convex_on(lambda p: np.exp(-p[0]), [-3.0, 0.1], [3.0, 3.0], rng).convex
    assert is_convex_on(lambda p: p[0] ** 2 / p[1], [-3.0, 0.1], [3.0, 3.0], rng).convex


@pytest.mark.parametrize("n", [1, 3, 10])
def test_projection_onto_the_simplex_is_cvxpys_idempotent_and_brings_points_no_further_apart(rng, n):
    v, w = 2 * rng.normal(size=(2, n))
    u = project_simplex(v)
    x = cp.Variable(n)
    cp.Problem(cp.Minimize(cp.sum_squares(x - v)), [x >= 0, cp.sum(x) == 1]).solve(solver=cp.CLARABEL)
    np.testing.assert_allclose(u, x.value, atol=1e-6)
    np.testing.assert_allclose(project_simplex(u), u, atol=1e-15)
    assert np.linalg.norm(u - project_simplex(w)) <= np.linalg.norm(v - w) * (1 + 1e-12)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.1, 10.0))
def test_the_projection_meets_the_obtuse_angle_that_makes_it_the_nearest_point(seed, radius):
    rng = np.random.default_rng(seed)
    v, other = 3 * rng.normal(size=(2, 6))
    u, inside = project_simplex(v, radius), project_simplex(other, radius)
    assert u.min() >= 0
    assert u.sum() == pytest.approx(radius)
    assert (v - u) @ (inside - u) <= 1e-9 * (1 + np.linalg.norm(v) * radius)


def test_what_makes_no_sense_is_refused_by_name(rng):
    with pytest.raises(ValueError, match=r"^low = "):
        is_convex_on(np.sum, [0.0, 1.0], [1.0, 1.0], rng)
    with pytest.raises(ValueError, match=r"^A = .* symmetric"):
        is_psd([[1.0, 2.0], [0.0, 1.0]])
    with pytest.raises(ValueError, match=r"^radius = -1"):
        project_simplex([1.0, 2.0], radius=-1)
    with pytest.raises(ValueError, match=r"^v = "):
        project_simplex([[1.0, 2.0]])
    with pytest.raises(ValueError, match=r"^A_ub = .* must have shape \(1, 2\)"):
        QuadraticProgram(np.eye(2), np.zeros(2), A_ub=[[1.0]], b_ub=[1.0])
    with pytest.raises(ValueError, match=r"^program = 3: must be a QuadraticProgram"):
        lagrange_dual(3)


# -------------------------------------------------------------------------------------- to the number, at the edges


def test_the_witness_is_the_chord_that_lies_deepest_below_of_those_that_were_drawn():
    low, high = np.array([-1.0, 0.0]), np.array([2.0, 5.0])
    f = lambda x: np.sin(x[0]) * x[1]  # noqa: E731
    verdict = is_convex_on(f, low, high, np.random.default_rng(3), samples=60)
    twin, chords = np.random.default_rng(3), []
    for _ in range(60):
        a, b, t = twin.uniform(low, high), twin.uniform(low, high), twin.uniform()
        chords.append((f((1 - t) * a + t * b) - (1 - t) * f(a) - t * f(b), a, b, t))
    excess, a, b, t = max(chords, key=lambda chord: chord[0])
    assert verdict.excess == pytest.approx(excess, rel=1e-12)
    for found, expected in zip(verdict.witness, (a, b, t), strict=True):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("f", [lambda x: 1e8 * x, lambda x: 1e8 - x, lambda x: -1e8 + x, lambda x: 1e-315 * x])
def test_rounding_is_no_witness(rng, f):
    assert is_convex_on(f, 0.0, 1.0, rng) == (True, None, 0.0)


def test_a_faint_bend_is_a_witness(rng):
    faint = is_convex_on(lambda x: 1 - 1e-12 * x**2, 0.0, 1.0, rng)
    assert not faint.convex
    assert 0 < faint.excess < 1e-12
    assert not is_convex_on(lambda x: -1e-9 * x**2, 0.0, 1.0, rng).convex


def test_chords_are_drawn_two_thousand_times_unless_told_otherwise(rng):
    asked = []
    is_convex_on(lambda x: asked.append(x) or 0.0, 0.0, 1.0, rng)
    assert len(asked) == 3 * 2000


def test_a_curvature_is_negative_below_the_tolerance_times_the_largest():
    assert is_psd(np.diag([1e6, -0.9e-6]))
    assert not is_psd(np.diag([1e6, -1.1e-6]))
    assert is_psd(np.diag([1.0, -0.5]), tol=0.5)
    assert is_psd(np.diag([-2.0, 1.0]), tol=1.0)
    assert not is_psd(np.diag([-2.0, 1.0]), tol=0.9)
    assert is_psd(np.zeros((2, 2)))


def test_a_matrix_is_symmetric_up_to_rounding():
    for scale in (1.0, -1e6):
        assert is_psd(scale * np.array([[1.0, 0.9e-12], [0.0, 1.0]])) == (scale > 0)
        assert is_psd(scale * np.array([[1.0, 0.5 + 4e-11], [0.5, 1.0]])) == (scale > 0)
        for off in ([[1.0, 1.2e-12], [0.0, 1.0]], [[1.0, 0.5 + 6e-11], [0.5, 1.0]], [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]):
            with pytest.raises(ValueError, match=r"^A = .* must be square and symmetric"):
                is_psd(scale * np.array(off))


def test_a_projection_does_not_lose_the_radius_beside_large_entries():
    assert project_simplex([1e17, 0.0]).tolist() == [1.0, 0.0]
    assert project_simplex([1e17, 1e17, -1e17], radius=3.0).tolist() == [1.5, 1.5, 0.0]
    assert project_simplex([7.0], radius=2.0).tolist() == [2.0]
    with pytest.raises(ValueError, match=r"^v = .*finite"):
        project_simplex([np.nan, 1.0])


def test_a_program_may_be_given_as_lists_and_holds_arrays():
    program = QuadraticProgram([[2, 0], [0, 4]], [1, -1], [[1, 1]], [2], [[1, 0]], [3])
    held = {name: getattr(program, name) for name in ("Q", "c", "A_eq", "b_eq", "A_ub", "b_ub")}
    assert all(isinstance(array, np.ndarray) and array.dtype == float for array in held.values())
    assert {name: array.shape for name, array in held.items()} == {
        "Q": (2, 2), "c": (2,), "A_eq": (1, 2), "b_eq": (1,), "A_ub": (1, 2), "b_ub": (1,)
    }  # fmt: skip
    assert program.value([1, 2]) == 0.5 * (2 + 16) + 1 - 2
    assert program.grad(np.array([1.0, 2.0])).tolist() == [3.0, 7.0]
    bare = QuadraticProgram(np.eye(2), [1.0, 1.0])
    assert (bare.A_eq.shape, bare.b_eq.shape, bare.A_ub.shape, bare.b_ub.shape) == ((0, 2), (0,), (0, 2), (0,))


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"Q": np.eye(3)}, r"^Q = .*must have shape \(2, 2\), like c, not \(3, 3\)"),
        ({"Q": np.diag([1.0, -1.0])}, r"^Q = .*must be positive semidefinite"),
        ({"Q": [1.0, 1.0]}, r"^Q = .*must be a matrix"),
        ({"c": [[1.0, 1.0]]}, r"^c = .*must be a vector"),
        ({"A_eq": [[1.0, 1.0]]}, r"^A_eq = .*must have shape \(0, 2\) to fit b_eq"),
        ({"b_ub": [1.0]}, r"^A_ub = .*must have shape \(1, 2\) to fit b_ub"),
        ({"A_ub": [1.0, 1.0], "b_ub": [1.0]}, r"^A_ub = .*must be a matrix"),
        ({"A_ub": [[1.0, 1.0]], "b_ub": 1.0}, r"^b_ub = .*must be a vector"),
    ],
)
def test_the_pieces_of_a_program_must_fit(changed, complaint):
    with pytest.raises(ValueError, match=complaint):
        QuadraticProgram(**({"Q": np.eye(2), "c": np.zeros(2)} | changed))


@pytest.mark.parametrize("scale", [1e-13, 1.0, 1e13])
def test_the_dual_is_that_of_the_page_at_every_scale_of_the_losses(scale):
    # min s(x₁² + ½ x₂²) − s x₁ with x₁ + x₂ = 2 and x₁ ≤ 1; at ν = s, μ = 2s: w = s(2, 1), so x = −(1, 1).
    program = QuadraticProgram(scale * np.diag([2.0, 1.0]), [-scale, 0.0], [[1.0, 1.0]], [2.0], [[1.0, 0.0]], [1.0])
    dual = lagrange_dual(program)
    assert dual.value([scale], [2 * scale]) == pytest.approx(scale * (-0.5 * (4 / 2 + 1) - 2 - 2), rel=1e-12, abs=0)
    assert dual.minimiser([scale], [2 * scale]) == pytest.approx([-1.0, -1.0], rel=1e-12)


@pytest.mark.parametrize("seed", range(6))
def test_a_flat_direction_is_found_though_rounding_bends_it(seed):
    rng = np.random.default_rng(seed)
    L = rng.normal(size=(4, 1))
    Q, outside = L @ L.T, rng.normal(size=4)
    assert lagrange_dual(QuadraticProgram(Q, outside)).value() == -np.inf
    inside = lagrange_dual(QuadraticProgram(Q, Q @ outside))
    assert inside.value() == pytest.approx(-0.5 * outside @ Q @ outside, rel=1e-9)
    assert inside.minimiser() == pytest.approx(-L[:, 0] * (L[:, 0] @ outside) / (L[:, 0] @ L[:, 0]), rel=1e-9)


def test_of_no_variables_there_is_no_program_and_no_curvature():
    with pytest.raises(ValueError, match=r"^c = \[\]: must have at least one entry"):
        QuadraticProgram(np.zeros((0, 0)), [])
    with pytest.raises(ValueError, match=r"^A = .*must have at least one entry"):
        is_psd(np.zeros((0, 0)))


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("cost", [1e-12, 1.0, 1e6])
def test_a_price_matches_a_cost_within_a_billionth_of_what_is_added_up(cost, sign):
    dual = lagrange_dual(QuadraticProgram(np.zeros((2, 2)), [-cost, 0.0], [[1.0, 0.0]], [1.0]))
    rounding = sign * 1e-9 * 2 * cost
    assert dual.value([cost + 0.9 * rounding]) == pytest.approx(-cost, rel=1e-8, abs=0)
    assert dual.value([cost + 1.1 * rounding]) == -np.inf
    wide = lagrange_dual(QuadraticProgram(np.zeros((1, 1)), [-cost], [[1e3], [-1e3]], [1.0, 1.0]))
    assert wide.value([cost, cost * (1 - 1e-3) + 0.9 * rounding]) > -np.inf  # a thousand costs cancel
    assert wide.value([cost, cost * (1 - 1e-3) + 1.1 * rounding]) == -np.inf


def test_of_nothing_any_price_is_too_much():
    dual = lagrange_dual(QuadraticProgram(np.zeros((2, 2)), [0.0, 0.0], [[1.0, 0.0]], [1.0], [[0.0, 1.0]], [1.0]))
    assert dual.value([0.0], [0.0]) == 0
    assert dual.value([1e-12], [0.0]) == dual.value([0.0], [1e-12]) == -np.inf


def test_one_negative_price_among_others_is_enough_and_zero_is_none():
    dual = lagrange_dual(QuadraticProgram(np.eye(2), [0.0, 0.0], A_ub=np.eye(2), b_ub=[1.0, 1.0]))
    assert dual.value(mu=[1.0, -1e-3]) == -np.inf
    assert dual.value(mu=[0.0, 0.0]) == 0.0
    assert dual.value(mu=[0.5, 0.0]) == pytest.approx(-0.125 - 0.5)


@pytest.mark.parametrize("x", [0.0, -1e6])
def test_a_point_is_feasible_within_a_hundred_millionth_of_its_size(x):
    program = QuadraticProgram(np.eye(2), np.zeros(2), [[1.0, 0.0]], [x], [[0.0, 1.0]], [0.0])
    rounding = 1e-8 * (1 + abs(x))
    for near, far in (
        ([x + 0.9 * rounding, 0.0], [x + 1.1 * rounding, 0.0]),
        ([x, 0.9 * rounding], [x, 1.1 * rounding]),
    ):
        assert np.isfinite(duality_gap(program, near, nu=[-x], mu=[0.0]))
        with pytest.raises(ValueError, match=r"^x = .*must be feasible"):
            duality_gap(program, far, nu=[-x], mu=[0.0])
    with pytest.raises(ValueError, match=r"^x = .*must be feasible, but misses a constraint by 0.5$"):
        duality_gap(program, [x - 0.5, -1.0], nu=[-x], mu=[0.0])
    assert np.isfinite(duality_gap(program, [x, -7.0], nu=[-x], mu=[0.0]))


@pytest.mark.parametrize("name", ["x", "nu", "mu"])
def test_what_a_gap_is_asked_about_must_fit_the_program(name):
    program = QuadraticProgram(np.eye(2), np.zeros(2), [[1.0, 0.0]], [0.0], [[0.0, 1.0]], [0.0])
    right = {"x": [0.0, 0.0], "nu": [1.0], "mu": [1.0]}
    assert duality_gap(program, **right) == 1.0
    for wrong in ([0.0, 0.0, 0.0], [], 0.0, np.full(len(right[name]), np.nan)):
        with pytest.raises(ValueError, match=rf"^{name} = "):
            duality_gap(program, **(right | {name: wrong}))
    with pytest.raises(ValueError, match=r"^program = 3: must be a QuadraticProgram"):
        duality_gap(3, **right)


def test_corners_of_another_shape_make_no_box(rng):
    for low, high in (([0.0, 0.0], 1.0), (0.0, [1.0]), ([0.0, 0.0], [1.0, 0.0]), (1.0, 0.0)):
        with pytest.raises(ValueError, match=r"^low = .* must lie below high"):
            is_convex_on(np.sum, low, high, rng)
    box = {"low": [0.0, 0.0], "high": [1.0, 1.0], "rng": rng}
    for name, wrong in (("low", [0.0, np.nan]), ("high", [1.0, np.inf]), ("rng", 0), ("samples", 0)):
        with pytest.raises(ValueError, match=rf"^{name} = .*: must be"):
            is_convex_on(np.sum, **(box | {name: wrong}))


def test_projected_gradient_steps_downhill_and_then_projects():
    grad = lambda theta: 4 * theta - np.array([8.0, 4.0])  # noqa: E731
    descent = projected_gradient(grad, lambda v: np.clip(v, 0, 1.0), [0.5, 0.5])
    assert next(descent).tolist() == pytest.approx([1.0, 0.7])  # 0.5 + 0.1 · 6 beyond the wall, 0.5 + 0.1 · 2
    with pytest.raises(ValueError, match=r"^project = 3: must be a function"):
        projected_gradient(grad, 3, [0.5, 0.5])
