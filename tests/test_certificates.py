"""Certificates: zero at a solution and only there, and as large as what is missing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

import optcourse
from optcourse import LinearProgram, QuadraticProgram, certificates
from optcourse.arguments import shown
from optcourse.certificates import (
    KKTResiduals,
    conjugacy,
    duality_gap,
    gradient_norm,
    kkt_residuals,
    lasso_gap,
    lp_floor,
    lp_residuals,
    prox_residual,
    wolfe_conditions,
)

seeds = st.integers(0, 2**32 - 1)

# ----------------------------------------------------------------------------------------------- the gradient


def test_the_norm_of_a_gradient_is_euclidean_whatever_its_shape():
    assert gradient_norm(lambda theta: theta, 3.0) == 3.0
    assert gradient_norm(lambda theta: theta, [[3.0, 0.0], [0.0, -4.0]]) == 5.0


# ------------------------------------------------------------------------------------------------- the LASSO


def lasso(seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(12, 4))
    return X, X @ [2.0, 0.0, -1.0, 0.0] + rng.normal(size=12)


def value(X, y, lam, theta):
    return 0.5 * np.sum((y - X @ theta) ** 2) + lam * np.sum(np.abs(theta))


@settings(max_examples=25, deadline=None)
@given(seed=seeds, lam=st.floats(0.1, 20))
def test_the_gap_bounds_how_far_the_loss_is_above_the_minimum(seed, lam):
    from sklearn.linear_model import Lasso

    X, y = lasso(seed)
    best = Lasso(alpha=lam / 12, fit_intercept=False, tol=1e-12, max_iter=100_000).fit(X, y).coef_
    assert lasso_gap(X, y, lam, best) <= 1e-8 * (1 + value(X, y, lam, best))
    for theta in (np.zeros(4), best + 0.1, np.array([5.0, -5.0, 1.0, 0.0])):
        above = value(X, y, lam, theta) - value(X, y, lam, best)
        assert lasso_gap(X, y, lam, theta) >= above - 1e-9 * (1 + above)


def test_the_gap_is_the_one_of_the_scaled_residual():
    # By hand: r = (4, 1.5), ‖Xᵀr‖∞ = 8, so ν = r/8; primal ½(16 + 2.25), dual ½·18.25 − ½‖r − ν‖².
    X, y = np.diag([2.0, 1.0]), np.array([4.0, 1.5])
    assert lasso_gap(X, y, 1.0, np.zeros(2)) == pytest.approx(0.5 * 18.25 * (7 / 8) ** 2, rel=1e-14)


def test_without_a_penalty_the_gap_is_zero_where_the_normal_equations_hold():
    assert lasso_gap(np.eye(2), np.array([1.0, 2.0]), 0.0, np.array([1.0, 2.0])) == 0.0
    assert lasso_gap(np.eye(2), np.array([1.0, 2.0]), 0.0, np.array([1.0, 0.0])) > 0
    assert lasso_gap(np.eye(2), np.zeros(2), 1.0, np.zeros(2)) == 0.0


def test_the_gap_is_never_below_zero_though_rounding_would_have_it_so():
    X, y = lasso(3)
    theta = np.linalg.lstsq(X, y, rcond=None)[0]
    assert all(lasso_gap(X, y, lam, theta) >= 0 for lam in np.geomspace(1e-18, 1e-6, 30))


def test_data_that_do_not_fit_are_refused():
    for X, y, theta in ((np.eye(2), np.ones(3), np.ones(2)), (np.eye(2), np.ones(2), np.ones(3))):
        with pytest.raises(ValueError, match=r"^X = .*must have shape"):
            lasso_gap(X, y, 1.0, theta)


# --------------------------------------------------------------------------------------- the four conditions

# Minimise (x₁ − 3)² + x₂² subject to x₁ + x₂ = 2 and x₁ ≤ 1, x₂ ≤ 5: x = (1, 1), ν = −2, μ = (6, 0).
SOLVED = {
    "gradient": [-4.0, 2.0],
    "equality": [0.0],
    "equality_jacobian": [[1.0, 1.0]],
    "nu": [-2.0],
    "inequality": [0.0, -4.0],
    "inequality_jacobian": [[1.0, 0.0], [0.0, 1.0]],
    "mu": [6.0, 0.0],
}


def residuals(**changed):
    return kkt_residuals(**(SOLVED | changed))


def test_all_four_residuals_are_zero_at_the_solution():
    assert residuals() == KKTResiduals(0.0, 0.0, 0.0, 0.0)
    assert residuals().failing(tol=0.0) == []


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"gradient": [-4.0, 2.5]}, KKTResiduals(0.5, 0.0, 0.0, 0.0)),
        ({"nu": [-1.0]}, KKTResiduals(1.0, 0.0, 0.0, 0.0)),
        ({"equality": [-0.25]}, KKTResiduals(0.0, 0.25, 0.0, 0.0)),
        ({"inequality": [0.5, -4.0]}, KKTResiduals(0.0, 0.5, 0.0, 3.0)),
        ({"inequality": [-0.5, -4.0]}, KKTResiduals(0.0, 0.0, 0.0, 3.0)),
        ({"mu": [6.0, -0.5]}, KKTResiduals(0.5, 0.0, 0.5, 2.0)),
        ({"equality": [0.1], "inequality": [0.3, -4.0]}, KKTResiduals(0.0, 0.3, 0.0, pytest.approx(1.8))),
    ],
)
def test_each_residual_is_as_large_as_what_is_missing(changed, expected):
    assert residuals(**changed) == expected


def test_the_conditions_that_fail_are_named():
    assert residuals(mu=[6.0, -0.5]).failing() == ["stationarity", "dual", "complementarity"]
    assert residuals(gradient=[-4.0, 2.0 + 1e-7]).failing() == ["stationarity"]
    assert residuals(gradient=[-4.0, 2.0 + 5e-9]).failing() == []
    assert residuals(gradient=[-4.0, 2.0 + 1e-7]).failing(tol=1e-6) == []
    assert KKTResiduals(np.nan, 0.0, 1.0, 0.0).failing(tol=1.0) == ["stationarity"]


def test_without_constraints_only_the_slope_is_left():
    assert kkt_residuals([0.5, -3.0]) == KKTResiduals(3.0, 0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"nu": [1.0, 2.0]}, "equality_jacobian"),
        ({"equality_jacobian": [[1.0, 1.0, 1.0]]}, "equality_jacobian"),
        ({"equality_jacobian": None}, "equality_jacobian"),
        ({"mu": [6.0]}, "inequality_jacobian"),
        ({"inequality": [0.0]}, "inequality_jacobian"),
        ({"gradient": [[1.0]]}, "gradient"),
        ({"mu": [np.nan, 0.0]}, "mu"),
        ({"equality": ["x"]}, "equality"),
    ],
)
def test_pieces_that_do_not_fit_are_refused_by_name(changed, name):
    with pytest.raises(ValueError, match=rf"^{name} = "):
        residuals(**changed)


# ----------------------------------------------------------------------------------------- linear programs

# One variable of each kind: x₁ ≥ 0, x₂ free, x₃ ≤ 2, x₄ in [−1, 1].
PROGRAM = LinearProgram(
    c=[1.0, 2.0, -3.0, 1.0],
    A_ub=[[-1.0, -1.0, 1.0, 0.0]],
    b_ub=[1.0],
    A_eq=[[1.0, 2.0, 0.0, 1.0]],
    b_eq=[3.0],
    bounds=[(0, None), (None, None), (None, 2), (-1, 1)],
)


def test_the_floor_is_the_least_of_the_lagrangian_within_the_bounds():
    # y_ub = 0, y_eq = 1: r = (0, 0, −3, 0), least −3·2 at x₃ = 2; the floor is 3 − 6.
    assert lp_floor(PROGRAM, [0.0], [1.0]) == (-3.0, 0.0)
    # y_eq = 0.5: r = (0.5, 1, −3, 0.5), x₂ has no bound: off by 1; x₄ = −1.
    assert lp_floor(PROGRAM, [0.0], [0.5]) == (1.5 - 6 - 0.5, 1.0)
    # y_eq = 2: r = (−1, −2, −3, −1): x₁ has no upper bound and x₂ none at all; x₄ = +1.
    assert lp_floor(PROGRAM, [0.0], [2.0]) == (6 - 6 - 1, 2.0)
    # A positive price of an inequality is none.
    assert lp_floor(PROGRAM, [0.25], [1.0])[1] == pytest.approx(0.25)
    assert lp_floor(PROGRAM, [5.0], [1.0])[1] == 5.0
    two = LinearProgram(c=[0.0], A_ub=[[1.0], [-1.0]], b_ub=[1.0, 1.0], bounds=[(-1, 1)])
    assert lp_floor(two, [-1.0, 0.25], [])[1] == 0.25


def random_program(seed):
    rng = np.random.default_rng(seed)
    A = rng.normal(size=(4, 5))
    return LinearProgram(
        c=rng.normal(size=5), A_ub=A[:3], b_ub=rng.random(3), A_eq=A[3:], b_eq=[0.1], bounds=[(-1.0, 2.0)] * 5
    )


@settings(max_examples=25, deadline=None)
@given(seed=seeds)
def test_any_prices_prove_a_floor_and_the_best_prices_reach_the_value(seed):
    program = random_program(seed)
    best = linprog(program.c, program.A_ub, program.b_ub, program.A_eq, program.b_eq, program.bounds)
    found = lp_residuals(program, best.x, best.ineqlin.marginals, best.eqlin.marginals)
    assert max(found) <= 1e-9
    rng = np.random.default_rng(seed)
    floor, off = lp_floor(program, -rng.random(3), rng.normal(size=1))
    assert off == 0
    assert floor <= best.fun + 1e-9


def test_residuals_are_relative_to_the_numbers_of_the_program():
    program = LinearProgram(c=[-3.0, -2.0], A_ub=[[1.0, 1.0], [1.0, 0.0]], b_ub=[4.0, 3.0])
    assert lp_residuals(program, [3.0, 2.0], [-2.0, -1.0], []).primal == pytest.approx(1 / 5)
    assert lp_residuals(program, [3.0, 1.0], [-1.0, -1.0], []).dual == pytest.approx(1 / 4)
    assert lp_residuals(program, [3.0, 0.0], [-2.0, -1.0], []).gap == pytest.approx(2 / 10)
    assert lp_residuals(program, [3.0, 1.5], [-2.0, -1.0], []).gap == pytest.approx(1 / 13)
    wide = LinearProgram(c=[1.0], bounds=[(-9.0, None)])
    assert lp_residuals(wide, [-11.0], [], []).primal == pytest.approx(2 / 10)


# --------------------------------------------------------------------------------- conjugacy and Wolfe steps


def test_conjugacy_is_the_largest_cosine_as_the_matrix_measures_it():
    A = np.diag([1.0, 4.0])
    assert conjugacy(A, [[1.0, 0.0], [0.0, 3.0]]) == 0.0
    assert conjugacy(A, [[1.0, 0.0], [1.0, 1.0]]) == pytest.approx(1 / np.sqrt(5))
    assert conjugacy(A, [[1.0, 0.0], [-1.0, 1.0], [0.0, 1.0]]) == pytest.approx(4 / np.sqrt(5 * 4))
    assert conjugacy(A, [[1.0, 1.0]]) == 0.0
    assert conjugacy(A, [[1.0, 0.0], [-1.0, 1.0]]) == pytest.approx(1 / np.sqrt(5))


def test_wolfe_conditions_say_by_how_much_a_step_misses():
    # φ(0) = 4, φ′(0) = −16 of the page; c₁ = 0.1 asks for 4 − 1.6 α, c₂ = 0.9 for |φ′| ≤ 14.4.
    assert wolfe_conditions(4.0, -16.0, 4.0, 16.0, alpha=1.0, c1=0.1) == pytest.approx((1.6, 1.6))
    assert wolfe_conditions(4.0, -16.0, 3.9, -15.0, alpha=0.01, c1=0.1) == pytest.approx((0.0, 0.6))
    assert wolfe_conditions(4.0, -16.0, 2.4, -14.4, alpha=1.0, c1=0.1)[1] == pytest.approx(0.0, abs=1e-14)
    assert wolfe_conditions(1.0, -1.0, 1.0 - 1e-4, 0.9, alpha=1.0) == pytest.approx((0.0, 0.0), abs=1e-15)
    assert wolfe_conditions(1.0, -1.0, 1.0, 0.95, alpha=1.0) == pytest.approx((1e-4, 0.05))


# ------------------------------------------------------------------------------------------------ at the edges


def test_a_proximal_step_without_a_penalty_moves_by_the_gradient_whatever_the_rate():
    for lr in (0.1, 0.5, 4.0):
        residual = prox_residual(lambda theta: 3 * theta, lambda v, rate: v, [[1.0, -2.0], [0.0, 2.0]], lr)
        assert residual == pytest.approx(9.0, rel=1e-14)


def test_the_proximal_residual_is_the_distance_that_a_step_walks_over_its_rate():
    def soft(v, rate):
        return np.sign(v) * np.maximum(np.abs(v) - 2 * rate, 0)

    # θ − ηg = (1, 3) − ½ (4, −1) = (−1, 3.5), shrunk by 2 · ½ to (0, 2.5): a step of (1, ½) in half a unit of time.
    residual = prox_residual(lambda theta: np.array([4.0, -1.0]), soft, [1.0, 3.0], lr=0.5)
    assert residual == pytest.approx(np.hypot(1.0, 0.5) / 0.5, rel=1e-14)
    for name, wrong in (("prox", 3), ("lr", 0.0), ("lr", abs), ("grad", None)):
        with pytest.raises(ValueError, match=f"^{name} = "):
            prox_residual(**({"grad": soft, "prox": soft, "theta": [1.0], "lr": 0.5} | {name: wrong}))


@pytest.mark.parametrize("size", [1e-6, 1e-3, 1.0, 1e6])
def test_the_gap_grows_with_the_square_of_the_data(size):
    X, y = np.diag([2.0, 1.0]), np.array([4.0, 1.5])
    for theta in (np.zeros(2), np.array([1.0, -0.5])):
        once = lasso_gap(X, y, 1.0, theta)
        assert lasso_gap(X, size * y, size, size * theta) == pytest.approx(size**2 * once, rel=1e-12, abs=0)


def test_where_the_data_pull_at_nothing_zero_is_the_answer():
    assert lasso_gap([[1.0], [0.0]], [0.0, 3.0], 1.0, [0.0]) == 0.0
    assert lasso_gap([[1.0], [0.0]], [0.0, 3.0], 0.0, [0.0]) == 0.0


def test_the_default_tolerance_of_a_condition_is_a_hundred_millionth():
    assert KKTResiduals(0.9e-8, 1e-8, 1.1e-8, -0.0).failing() == ["dual"]


def test_a_program_whose_numbers_are_small_is_measured_against_one():
    small = LinearProgram(c=[0.25], bounds=[(0.0, 0.125)])
    assert lp_residuals(small, [-0.5], [], []).primal == pytest.approx(0.5 / 1.125)
    assert lp_residuals(LinearProgram(c=[0.25], bounds=[(None, None)]), [0.0], [], []) == (0.0, 0.25 / 1.25, 0.0)


def test_a_steep_slope_either_way_misses_wolfes_second_condition():
    assert wolfe_conditions(1.0, -1.0, 0.0, -2.0, alpha=0.5, c1=0.1, c2=0.5) == (0.0, 1.5)
    assert wolfe_conditions(1.0, -2.0, 1.0, 2.0, alpha=3.0, c1=0.1, c2=0.5) == pytest.approx((0.6, 1.0))


# ------------------------------------------------------------------------------------- nothing certifies nonsense

SMALL = LinearProgram(c=[-3.0, -2.0], A_ub=[[1.0, 1.0], [1.0, 0.0]], b_ub=[4.0, 3.0])
LEAST_NORM = QuadraticProgram(Q=np.eye(2), c=[0.0, 0.0], A_eq=[[1.0, 1.0]], b_eq=[2.0])
# Each certificate at a solution: it is zero there.
AT_THE_SOLUTION = {
    gradient_norm: {"grad": lambda theta: theta, "theta": [0.0, 0.0]},
    prox_residual: {"grad": lambda theta: theta, "prox": lambda v, rate: v, "theta": [0.0, 0.0], "lr": 0.5},
    lasso_gap: {"X": np.diag([2.0, 1.0]), "y": [4.0, 1.5], "lam": 1.0, "theta": [1.75, 0.5]},
    duality_gap: {"program": LEAST_NORM, "x": [1.0, 1.0], "nu": [-1.0], "mu": []},
    kkt_residuals: SOLVED,
    lp_floor: {"program": SMALL, "y_ub": [-2.0, -1.0], "y_eq": []},
    lp_residuals: {"program": SMALL, "x": [3.0, 1.0], "y_ub": [-2.0, -1.0], "y_eq": []},
    conjugacy: {"A": np.diag([2.0, 1.0]), "directions": [[1.0, 0.0], [0.0, 1.0]]},
    wolfe_conditions: {
        "here": 4.0,
        "slope": -16.0,
        "there": 0.0,
        "slope_there": 0.0,
        "alpha": 0.5,
        "c1": 0.1,
        "c2": 0.9,
    },
}
nan = np.nan
NONSENSE = {
    "grad": [3, lambda theta: nan * theta, lambda theta: np.zeros(5), lambda theta: None, lambda theta: "0"],
    "prox": [3, lambda v, rate: nan * v, lambda v, rate: np.zeros(5), lambda v, rate: None],
    "theta": [[nan, 0.0], "theta", [], [[0.0], [0.0, 1.0]]],
    "X": [[[nan, 0.0], [0.0, 1.0]], [1.0, 2.0], np.eye(3)],
    "program": [3, None, "program", {"c": [1.0]}],
    "A": [[[nan, 0.0], [0.0, 1.0]], np.eye(3), 1.0],
    "directions": [[[nan, 0.0]], [1.0, 0.0], [[0.0, 0.0], [1.0, 0.0]]],
    "gradient": [[nan, 0.0], [], 1.0],
    **{name: [nan, -1.0, "1", None] for name in ("lr", "lam")},
    **{name: [[nan], "x", [[1.0]], [1.0] * 7, 3.0] for name in ("y", "x", "nu", "mu", "y_ub", "y_eq")},
    **{name: [[nan], "g", [[1.0]]] for name in ("equality", "inequality")},
    **{name: [[[nan, 1.0]], "J", 3.0] for name in ("equality_jacobian", "inequality_jacobian")},
    **{name: [nan, "0", None, [1.0, 2.0]] for name in ("there", "slope_there")},
    "here": [nan, np.inf, "0", None],
    "slope": [nan, 0.0, 1.0, -np.inf, "down"],
    "alpha": [nan, 0.0, -0.5, np.inf],
    **{name: [nan, 0.0, 1.0, -0.1] for name in ("c1", "c2")},
}


def test_each_certificate_is_one_public_function_of_one_module_and_of_the_package():
    public = {
        one
        for name, one in vars(certificates).items()
        if callable(one) and getattr(one, "__module__", "") == certificates.__name__ and name in optcourse.__all__
    }
    assert public == set(AT_THE_SOLUTION)
    assert all(getattr(optcourse, one.__name__) is one for one in public)


@pytest.mark.parametrize("certificate", AT_THE_SOLUTION, ids=lambda one: one.__name__)
def test_at_a_solution_each_certificate_is_zero(certificate):
    found = certificate(**AT_THE_SOLUTION[certificate])
    expected = (-11.0, 0.0) if certificate is lp_floor else np.zeros_like(found)
    assert found == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize(
    ("certificate", "name", "value"),
    [
        pytest.param(one, name, value, id=f"{one.__name__}-{name}-{shown(value, 16)}")
        for one, arguments in AT_THE_SOLUTION.items()
        for name in arguments
        for value in NONSENSE[name]
    ],
)
def test_nonsense_is_never_certified_but_refused_by_name(certificate, name, value):
    # A number that is none compares with nothing: max(0, NaN) is 0, and zero means solved.
    blamed = {"y": "y|X", "nu": "nu|equality_jacobian", "mu": "mu|inequality_jacobian"}.get(name, name)
    blamed = {"equality": "equality.*", "inequality": "inequality.*", "theta": "theta|X"}.get(name, blamed)
    with pytest.raises(ValueError, match=rf"^({blamed})( = | returned )"):
        certificate(**(AT_THE_SOLUTION[certificate] | {name: value}))


def test_a_step_out_of_the_domain_misses_the_conditions_by_infinity():
    assert wolfe_conditions(1.0, -1.0, np.inf, np.inf, alpha=1.0) == (np.inf, np.inf)


def test_a_program_of_the_other_kind_is_named_though_it_shares_some_parts():
    linear = LinearProgram([1.0, 1.0], A_ub=[[-1.0, -1.0]], b_ub=[-1.0])
    with pytest.raises(ValueError, match=r"must be a QuadraticProgram"):
        certificates.duality_gap(linear, [0.5, 0.5])
