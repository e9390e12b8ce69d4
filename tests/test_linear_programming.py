"""Claims of section 3.12: corners, prices, rays, and how long the walk can be."""

from __future__ import annotations

import sys
from dataclasses import replace
from itertools import islice
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from optcourse import LinearProgram, interior_point, newton_kkt, simplex, vertices
from optcourse.certificates import lp_floor, lp_residuals
from optcourse.linear_programming import solution
from optcourse.linear_programming.interior_point import Point, optimal

RULES = ("steepest", "dantzig", "bland")
solvers = pytest.mark.parametrize("solver", [simplex, interior_point], ids=lambda solver: solver.__name__)
seeds = st.integers(0, 2**32 - 1)


def textbook():
    """Max 3x + 2y subject to x + y ≤ 4, x ≤ 3."""
    return LinearProgram(c=[-3.0, -2.0], A_ub=[[1.0, 1.0], [1.0, 0.0]], b_ub=[4.0, 3.0])


def klee_minty(n):
    """A cube so skewed that the steepest edges lead through all of its 2ⁿ corners."""
    powers = np.arange(n)
    rows = np.tril(2 * 10.0 ** (powers[:, None] - powers), -1) + np.eye(n)
    return LinearProgram(c=-(10.0 ** powers[::-1]), A_ub=rows, b_ub=100.0**powers)


def beale():
    return LinearProgram(
        c=[-0.75, 150.0, -0.02, 6.0],
        A_ub=[[0.25, -60.0, -0.04, 9.0], [0.5, -90.0, -0.02, 3.0], [0.0, 0.0, 1.0, 0.0]],
        b_ub=[0.0, 0.0, 1.0],
    )


def random_program(seed):
    """A program with every kind of row and bound, feasible and with an optimum by construction."""
    rng = np.random.default_rng(seed)
    n, m_ub, m_eq = (int(rng.integers(low, high)) for low, high in ((2, 9), (1, 9), (0, 3)))
    low = np.where(rng.uniform(size=n) < 0.3, -np.inf, rng.integers(-3, 2, n).astype(float))
    high = np.where(rng.uniform(size=n) < 0.5, np.inf, np.where(np.isinf(low), 0.0, low) + rng.integers(0, 5, n))
    inside = np.clip(rng.normal(size=n), low, high)
    A_ub, A_eq = rng.normal(size=(m_ub, n)).round(1), rng.normal(size=(m_eq, n)).round(1)
    y_ub, y_eq = np.minimum(rng.normal(size=m_ub), 0.0), rng.normal(size=m_eq)
    r = np.abs(rng.normal(size=n)) * (np.isfinite(low) * 1.0 - (np.isinf(low) & np.isfinite(high)))  # dual feasible
    return LinearProgram(
        c=A_ub.T @ y_ub + A_eq.T @ y_eq + r,
        A_ub=A_ub,
        b_ub=A_ub @ inside + rng.integers(0, 3, m_ub),
        A_eq=A_eq,
        b_eq=A_eq @ inside,
        bounds=np.column_stack([low, high]),
    )


powers = st.sampled_from([-12, -9, -3, 0, 3, 9, 12]).map(lambda power: 10.0**power)


@pytest.mark.parametrize("solve", [*RULES, "interior_point"])
@settings(max_examples=25, deadline=None)
@given(seed=seeds, cost=powers, length=powers, row=powers)
def test_the_answer_does_not_depend_on_the_units(solve, seed, cost, length, row):
    plain = random_program(seed)
    end = seed % 3  # every third has no feasible point, another third no least value
    if end == 1:
        rows, sides = np.vstack([plain.A_ub, -plain.A_ub[0]]), np.append(plain.b_ub, -9 - plain.b_ub[0])
        plain = replace(plain, A_ub=rows, b_ub=sides)
    if end == 2:
        plain = LinearProgram(
            np.append(plain.c, -1.0),
            *(np.hstack([plain.A_ub, np.zeros((len(plain.b_ub), 1))]), plain.b_ub),
            *(np.hstack([plain.A_eq, np.zeros((len(plain.b_eq), 1))]), plain.b_eq),
            bounds=np.vstack([plain.bounds, [0.0, np.inf]]),
        )
    seen = LinearProgram(
        cost * length * plain.c,
        *(row * length * plain.A_ub, row * plain.b_ub),
        *(row * length * plain.A_eq, row * plain.b_eq),
        bounds=plain.bounds / length,
    )
    found = solution(interior_point(seen) if solve == "interior_point" else simplex(seen, rule=solve))
    assert found.status == ("optimal", "infeasible", "unbounded")[end]
    if found.status == "optimal":
        prices = found.y_ub * row / cost, found.y_eq * row / cost
        assert max(lp_residuals(plain, found.x * length, *prices)) <= 1e-7


def highs(program):
    parts = {name: getattr(program, name) for name in ("c", "A_ub", "b_ub", "A_eq", "b_eq", "bounds")}
    return linprog(**parts, method="highs")


# ------------------------------------------------------------------------------------------ the page


def test_the_textbook_program_has_four_corners_its_best_and_two_prices():
    program = textbook()
    corners = vertices(program)
    np.testing.assert_array_equal(corners, [[0, 0], [3, 0], [3, 1], [0, 4]])
    np.testing.assert_array_equal(-corners @ program.c, [0, 9, 11, 8])
    found = solution(simplex(program))
    np.testing.assert_allclose(found.x, [3, 1])
    np.testing.assert_allclose(-found.y_ub, [2, 1])


def test_a_price_is_what_one_more_unit_of_a_limit_is_worth():
    program, prices = textbook(), solution(simplex(textbook())).y_ub
    for row in range(2):
        more = solution(simplex(replace(program, b_ub=program.b_ub + 0.5 * np.eye(2)[row])))
        assert more.value - program.value([3.0, 1.0]) == pytest.approx(0.5 * prices[row])


@pytest.mark.parametrize("rule", RULES)
def test_every_step_of_the_simplex_method_is_a_corner_and_none_costs_more(rule):
    program = LinearProgram(c=[-1.0, -2.0], A_ub=[[-1.0, -1.0], [1.0, 3.0], [3.0, 1.0]], b_ub=[-1.0, 9.0, 9.0])
    corners = {tuple(corner) for corner in vertices(program).round(9) + 0.0}
    walked = list(simplex(program, rule=rule))
    assert {tuple(x.round(9) + 0.0) for x in walked} <= corners
    assert (np.diff([program.value(x) for x in walked]) <= 1e-12).all()


@pytest.mark.parametrize("n", range(1, 10))
def test_dantzigs_rule_visits_every_corner_of_the_klee_minty_cube(n):
    walk = simplex(klee_minty(n), rule="dantzig")
    walked = [tuple(x) for x in walk]
    assert len(walked) == len(set(walked)) == 2**n
    assert walk.state["solution"].iterations == 2**n - 1
    assert walk.state["solution"].value == -(100.0 ** (n - 1))


def test_beales_example_cycles_under_dantzigs_rule_and_ends_under_blands():
    walk = simplex(beale(), rule="dantzig")
    bases = [frozenset(walk.state["basis"].columns.tolist()) for _ in islice(walk, 60)]
    assert len(bases) == 60
    assert bases[:54] == bases[6:]  # six pivots, all at the origin, and round again
    assert walk.reason is None
    for rule in ("bland", "steepest"):
        found = solution(simplex(beale(), rule=rule))
        assert max(lp_residuals(beale(), found.x, found.y_ub, found.y_eq)) <= 1e-15
        assert found.value == pytest.approx(-0.05)


def test_a_whole_edge_can_be_optimal_and_the_two_methods_end_at_different_points_of_it():
    program = replace(textbook(), c=[-1.0, -1.0])
    corner, middle = (solution(solver(program)) for solver in (simplex, interior_point))
    assert corner.value == pytest.approx(-4)
    assert middle.value == pytest.approx(-4)
    assert corner.x.tolist() in vertices(program).tolist()
    assert np.abs(vertices(program) - middle.x).max(axis=1).min() > 0.1


@pytest.mark.parametrize("rule", RULES)
def test_an_optimum_need_not_be_a_corner_where_the_polyhedron_has_none(rule):
    strip = LinearProgram(c=[1.0, 1.0], A_ub=[[-1.0, -1.0], [1.0, 1.0]], b_ub=[-1.0, 3.0], bounds=[(None, None)] * 2)
    assert len(vertices(strip)) == 0
    found = solution(simplex(strip, rule=rule))
    assert found.status == "optimal"
    assert max(lp_residuals(strip, found.x, found.y_ub, found.y_eq)) <= 1e-12
    assert found.value == pytest.approx(1.0)


# -------------------------------------------------------------------------- the three ways it can end


@solvers
@settings(max_examples=120, deadline=None)
@given(seeds)
def test_value_point_and_prices_are_certified_and_the_value_is_highs(solver, seed):
    program = random_program(seed)
    found, peer = solution(solver(program)), highs(program)
    assert peer.status == 0
    assert found.status == "optimal"
    assert max(lp_residuals(program, found.x, found.y_ub, found.y_eq)) <= 1e-8
    assert found.value == pytest.approx(peer.fun, rel=1e-8, abs=1e-8)


@solvers
def test_where_the_solution_is_unique_point_and_prices_are_highs(solver):
    for seed in range(40):
        rng = np.random.default_rng(seed)
        A, x, y = rng.normal(size=(6, 4)), rng.uniform(1, 2, size=4), np.append(-rng.uniform(1, 2, size=4), [0.0, 0.0])
        slack = np.append(np.zeros(4), rng.uniform(1, 2, size=2))
        program = LinearProgram(c=A.T @ y, A_ub=A, b_ub=A @ x + slack, bounds=[(None, None)] * 4)
        found, peer = solution(solver(program)), highs(program)
        np.testing.assert_allclose(found.x, peer.x, rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose(found.y_ub, peer.ineqlin.marginals, rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose(found.x, x, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("rule", RULES)
@settings(max_examples=60, deadline=None)
@given(seeds)
def test_every_rule_ends_at_the_same_value(rule, seed):
    program = random_program(seed)
    found = solution(simplex(program, rule=rule))
    assert max(lp_residuals(program, found.x, found.y_ub, found.y_eq)) <= 1e-8


@solvers
@settings(max_examples=60, deadline=None)
@given(seeds)
def test_an_unbounded_program_is_reported_with_a_ray(solver, seed):
    # A direction with A d < 0 and cᵀd < 0, put there by hand, is a way out of every such polyhedron.
    rng = np.random.default_rng(seed)
    n, m = int(rng.integers(2, 7)), int(rng.integers(1, 7))
    A, way_out = rng.normal(size=(m, n)), rng.uniform(0.5, 1.5, size=n)
    A -= np.outer(np.maximum(A @ way_out, 0) + 0.1, way_out) / (way_out @ way_out)
    c = rng.normal(size=n)
    c -= (max(c @ way_out, 0) + 0.1) * way_out / (way_out @ way_out)
    program = LinearProgram(c=c, A_ub=A, b_ub=rng.uniform(0, 1, size=m))
    found = solution(solver(program))
    assert found.status == "unbounded"
    assert found.value == -np.inf
    ray = found.ray / np.abs(found.ray).max()
    assert ray.min() >= -1e-7
    assert (A @ ray).max() <= 1e-7
    assert c @ ray < -1e-3
    if solver is simplex:
        assert program.violation(found.x) <= 1e-9
        assert program.violation(found.x + 1e3 * ray) <= 1e-6


@solvers
@settings(max_examples=60, deadline=None)
@given(seeds)
def test_an_infeasible_program_is_reported_with_prices_that_prove_it(solver, seed):
    # Rows that add up to 0 ≤ −1: nothing can meet them all.
    rng = np.random.default_rng(seed)
    n, m = int(rng.integers(2, 7)), int(rng.integers(2, 7))
    A, weights = rng.normal(size=(m, n)), rng.uniform(0.5, 1.5, size=m)
    A[-1] = -(weights[:-1] @ A[:-1]) / weights[-1]
    b = rng.normal(size=m)
    b -= (weights @ b + 1) / weights.sum()
    program = LinearProgram(c=rng.normal(size=n), A_ub=A, b_ub=b, bounds=[(None, None)] * n)
    found = solution(solver(program))
    assert found.status == "infeasible"
    assert found.value == np.inf
    floor, off = lp_floor(replace(program, c=np.zeros(n)), found.y_ub, found.y_eq)
    assert floor > 0
    assert off <= 1e-6 * floor


@solvers
def test_equalities_that_repeat_or_contradict_each_other_are_told_apart(solver):
    rows, c = [[1.0, 1.0, 0.0], [2.0, 2.0, 0.0], [0.0, 1.0, 1.0]], [1.0, 2.0, 3.0]
    repeated = LinearProgram(c=c, A_eq=rows, b_eq=[1.0, 2.0, 1.0])
    found = solution(solver(repeated))
    assert found.status == "optimal"
    assert max(lp_residuals(repeated, found.x, found.y_ub, found.y_eq)) <= 1e-8
    assert solution(solver(replace(repeated, b_eq=[1.0, 3.0, 1.0]))).status == "infeasible"


@solvers
def test_bounds_of_every_kind_and_no_rows_at_all(solver):
    program = LinearProgram(c=[1.0, -1.0, 0.0, 2.0], bounds=[(-2, 5), (-2, 5), (None, None), (3, 3)])
    found = solution(solver(program))
    np.testing.assert_allclose(found.x[[0, 1, 3]], [-2, 5, 3], atol=1e-7)
    assert found.value == pytest.approx(-1.0, abs=1e-7)
    assert solution(solver(LinearProgram(c=[1.0], bounds=[(None, 1)]))).status == "unbounded"


@solvers
@settings(max_examples=40, deadline=None)
@given(seeds, st.floats(0.01, 100.0))
@example(1, 9.0)  # the halves of a free variable ran away together, until no step led anywhere
@example(813, 9.0)  # drawn in too far, they hindered
@example(871, 0.03)  # everything is fixed: the rounding that is left of the sides was scaled up to one
def test_units_do_not_matter_and_neither_does_the_order(solver, seed, unit):
    program = random_program(seed)
    rng = np.random.default_rng(seed)
    columns, rows = rng.permutation(program.c.size), rng.permutation(len(program.b_ub))
    other = LinearProgram(
        c=unit * program.c[columns],
        A_ub=program.A_ub[rows][:, columns],
        b_ub=program.b_ub[rows],
        A_eq=unit * program.A_eq[:, columns],
        b_eq=unit * program.b_eq,
        bounds=program.bounds[columns],
    )
    expected = unit * solution(solver(program)).value
    assert solution(solver(other)).value == pytest.approx(expected, rel=1e-7, abs=1e-7 * unit)


# ------------------------------------------------------------------------------------------ the inside


def test_interior_points_are_inside_and_their_mean_product_falls_to_zero():
    path = interior_point(textbook())
    products = []
    for x in path:
        assert (x > 0).all()
        assert (path.state["z"] > 0).all()
        assert (path.state["s"] > 0).all()
        products.append(path.state["mu"])
    assert len(products) <= 12
    assert (np.diff(products) < 0).all()
    assert textbook().violation(x) <= 1e-9


def test_the_interior_point_method_needs_as_few_steps_for_a_thousand_corners_as_for_four():
    assert solution(interior_point(klee_minty(6))).iterations <= 25
    cube = LinearProgram(c=-np.ones(10), bounds=[(0, 1)] * 10)
    assert solution(interior_point(cube)).iterations <= 12


def test_the_largest_error_of_a_fit_is_least_where_both_methods_say():
    # min t subject to |Ax − b| ≤ t: dense, every variable free, more rows than columns.
    rng = np.random.default_rng(0)
    A, b, ones = rng.normal(size=(60, 5)), rng.normal(size=60), np.ones((60, 1))
    rows, sides = np.vstack([np.hstack([A, -ones]), np.hstack([-A, -ones])]), np.append(b, -b)
    program = LinearProgram(np.append(np.zeros(5), 1.0), rows, sides, bounds=[(None, None)] * 6)
    corner, inner = solution(simplex(program)), solution(interior_point(program))
    assert max(lp_residuals(program, corner.x, corner.y_ub, corner.y_eq)) <= 1e-12
    assert inner.value == pytest.approx(corner.value, rel=1e-8)
    errors = np.sort(np.abs(A @ corner.x[:5] - b))
    np.testing.assert_allclose(errors[-6:], corner.value)  # six errors share the maximum: that makes a corner


# Sides up to 7, costs up to 2, value 3: what may be missed at tol = 1e-3 is 8e-3, 3e-3, and 4e-3 of the value.
@pytest.mark.parametrize(
    ("missed", "price", "constant", "expected"),
    [
        ((0.0, 0.0, 0.0), 2.0, 0.0, True),
        ((7.9e-3, -7.9e-3, 2.9e-3), 2.0, 0.0, True),
        ((-8.1e-3, 0.0, 0.0), 2.0, 0.0, False),
        ((0.0, 8.1e-3, 0.0), 2.0, 0.0, False),
        ((0.0, 0.0, -3.1e-3), 2.0, 0.0, False),
        ((0.0, 0.0, 0.0), 2.0 + 0.9e-3, 0.0, True),
        ((0.0, 0.0, 0.0), 2.0 - 1.1e-3, 0.0, False),
        ((0.0, 0.0, 0.0), 2.0 + 0.9e-3, -3.0, False),  # the value is 0 with its constant
    ],
)
def test_the_interior_point_method_ends_when_all_that_is_missed_is_small_beside_the_numbers(
    missed, price, constant, expected
):
    primal, above, dual = missed
    problem = SimpleNamespace(b=np.array([-7.0, 4.0]), c=np.array([1.0, -2.0]), upper=np.array([5.0]))
    problem.residuals = lambda at: (np.array([primal, 0.0]), np.array([above]), np.array([0.0, dual]))
    at = Point(z=np.array([5.0, 1.0]), w=np.ones(1), s=np.ones(2), v=np.ones(1), y=np.array([0.0, price]))
    assert optimal(problem, at, tol=1e-3, constant=constant) == expected


def test_listing_pairs_and_multiplying_out_lead_along_the_same_path(monkeypatch):
    rng = np.random.default_rng(1)
    A, x = rng.normal(size=(12, 20)) * (rng.uniform(size=(12, 20)) < 0.4), rng.uniform(size=20)
    program = LinearProgram(rng.uniform(size=20), A_eq=A, b_eq=A @ x, bounds=[(0, 2)] * 20)
    listed = list(interior_point(program))
    monkeypatch.setattr(sys.modules["optcourse.linear_programming.interior_point"], "PAIRS", 0)
    multiplied = list(interior_point(program))
    assert len(listed) == len(multiplied)
    for one, other in zip(listed, multiplied, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-8)


# --------------------------------------------------------------------------------------- what it refuses


@pytest.mark.parametrize(
    ("parts", "named"),
    [
        ({"c": []}, "c = "),
        ({"c": [1.0, np.nan]}, "c = "),
        ({"c": [1.0], "A_ub": [[1.0, 2.0]], "b_ub": [1.0]}, "A_ub = "),
        ({"c": [1.0], "A_ub": [[1.0]], "b_ub": [np.inf]}, "b_ub = "),
        ({"c": [1.0], "A_eq": [[1.0]]}, "A_eq = "),
        ({"c": [1.0], "b_eq": [1.0]}, "A_eq = "),
        ({"c": [1.0], "bounds": [(2, 1)]}, "bounds = "),
        ({"c": [1.0], "bounds": [(0, np.nan)]}, "bounds = "),
        ({"c": [1.0], "bounds": [(0, 1), (0, 1)]}, "bounds = "),
        ({"c": [1.0], "bounds": [("a", 1)]}, "bounds = "),
        ({"c": [1.0], "bounds": [(np.inf, np.inf)]}, "bounds = "),
        ({"c": [1.0], "bounds": [(-np.inf, -np.inf)]}, "bounds = "),
    ],
)
def test_a_program_that_makes_no_sense_is_refused_by_name(parts, named):
    with pytest.raises(ValueError, match=f"^{named}"):
        LinearProgram(**parts)


@solvers
def test_a_solver_refuses_what_is_not_a_program(solver):
    with pytest.raises(ValueError, match=r"^program = 3: must be an optcourse\.LinearProgram"):
        solver(3)


def test_an_unknown_rule_and_a_stream_of_something_else_are_refused():
    with pytest.raises(ValueError, match=r"^rule = 'fastest': must be one of"):
        simplex(textbook(), rule="fastest")
    other = newton_kkt(lambda t: t, lambda t: np.eye(1), [0.0], [[1.0]], [0.0])  # solved from the start
    with pytest.raises(ValueError, match=r"^corners = .* must come from simplex or interior_point"):
        solution(other)


# ------------------------------------------------------------------------------------------- polygons


@settings(max_examples=80, deadline=None)
@given(seeds)
def test_the_best_corner_is_what_the_simplex_method_finds_and_corners_go_round_counter_clockwise(seed):
    rng = np.random.default_rng(seed)
    A = rng.normal(size=(int(rng.integers(1, 8)), 2))
    program = LinearProgram(c=rng.normal(size=2), A_ub=A, b_ub=rng.uniform(0.2, 1, len(A)), bounds=[(-2, 2)] * 2)
    corners = vertices(program)
    assert all(program.violation(corner) <= 1e-8 for corner in corners)
    assert (corners @ program.c).min() == pytest.approx(solution(simplex(program)).value)
    edges = np.roll(corners, -1, axis=0) - corners
    turns = edges[:, 0] * np.roll(edges, -1, axis=0)[:, 1] - edges[:, 1] * np.roll(edges, -1, axis=0)[:, 0]
    assert (turns > -1e-9).all()


def test_an_empty_polygon_has_no_corners_and_space_has_no_polygon():
    assert vertices(LinearProgram(c=[1.0, 1.0], A_ub=[[1.0, 1.0]], b_ub=[-1.0])).shape == (0, 2)
    with pytest.raises(ValueError, match=r"must have two variables, not 3"):
        vertices(LinearProgram(c=[1.0, 1.0, 1.0]))
