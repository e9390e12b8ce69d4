"""Whole numbers by branch and bound: what it finds, what it may leave out, and that it says so."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp

from optcourse import LinearProgram, branch_and_bound, simplex
from optcourse.linear_programming import solution
from optcourse.linear_programming.branch_and_bound import promises


def solve(program, integers):
    search = branch_and_bound(program, integers)
    found = list(search)
    return (found[-1] if found else None), search


def peer(program, integers):
    whole = np.isin(np.arange(program.c.size), integers).astype(int)
    rows = [LinearConstraint(program.A_ub, -np.inf, program.b_ub), LinearConstraint(program.A_eq, *[program.b_eq] * 2)]
    used = [row for row in rows if len(row.A)]
    return milp(program.c, integrality=whole, bounds=Bounds(*program.bounds.T), constraints=used)


def random_program(rng):
    n, m = int(rng.integers(2, 7)), int(rng.integers(1, 6))
    A_ub = rng.integers(-4, 8, (m, n)).astype(float)
    b_ub = rng.integers(-2, 20, m).astype(float)
    high = rng.integers(1, 7, n).astype(float)
    integers = np.flatnonzero(rng.uniform(size=n) < 0.7)
    return LinearProgram(
        rng.integers(-9, 10, n), A_ub, b_ub, bounds=np.column_stack([-high * (high > 4), high])
    ), integers


@pytest.mark.parametrize("group", range(12))
def test_random_mixed_programs_end_as_milp_says(group):
    rng = np.random.default_rng(group)
    ends = []
    for _ in range(20):
        program, integers = random_program(rng)
        x, search = solve(program, integers)
        theirs = peer(program, integers)
        ends.append(search.reason)
        if theirs.status == 2:
            assert search.reason == "infeasible"
            assert x is None
            continue
        assert theirs.status == 0
        assert search.reason == "optimal"
        np.testing.assert_array_equal(x[integers], np.round(x[integers]))
        assert program.violation(x) <= 1e-9
        assert program.value(x) == pytest.approx(theirs.fun, abs=1e-5)  # milp calls 1 − 1e-6 whole
    assert "optimal" in ends


@pytest.mark.parametrize("seed", range(10))
def test_a_knapsack_is_packed_as_counting_all_packings_says(seed):
    rng = np.random.default_rng(seed)
    weight, worth = rng.integers(5, 40, 12), rng.integers(5, 40, 12)
    room = int(weight.sum() // 3)
    best = np.zeros(room + 1, dtype=int)  # dynamic programming over the room that is left
    for w, v in zip(weight, worth, strict=True):
        best[w:] = np.maximum(best[w:], best[:-w] + v)
    program = LinearProgram(-worth, [weight], [room], bounds=[(0, 1)] * 12)
    x, search = solve(program, range(12))
    assert -program.value(x) == best[-1]
    assert weight @ x <= room
    assert len(search.state["tree"]) < 2**12


def test_a_magic_square_of_order_three_is_completed():
    # x[cell, number] = 1: every cell one number, every number one cell, every line sums to 15; least in the corner.
    cells, numbers = np.divmod(np.arange(81), 9)
    lines = [(0, 1, 2), (3, 4, 5), (6, 7, 8), (0, 3, 6), (1, 4, 7), (2, 5, 8), (0, 4, 8), (2, 4, 6)]
    rows = [*(cells == i for i in range(9)), *(numbers == k for k in range(9))]
    sums = [np.isin(cells, line) * (numbers + 1) for line in lines]
    program = LinearProgram(
        c=(cells == 0) * (numbers + 1),
        A_eq=np.array(rows + sums, dtype=float),
        b_eq=[1.0] * 18 + [15.0] * 8,
        bounds=[(0, 1)] * 81,
    )
    x, search = solve(program, np.arange(81))
    square = (x.reshape(9, 9) @ np.arange(1, 10)).reshape(3, 3)
    assert search.reason == "optimal"
    assert sorted(square.ravel()) == list(range(1, 10))
    assert {*square.sum(axis=0), *square.sum(axis=1), np.trace(square), np.trace(square[::-1])} == {15}
    assert square[0, 0] == 2  # a one cannot stand in a corner


def test_the_tree_tells_every_branchs_fate_and_no_pruned_branch_could_have_won():
    program = LinearProgram([-10, -13, -7, -8], [[5, 7, 4, 3]], [14], bounds=[(0, 1)] * 4)
    x, search = solve(program, range(4))
    tree = search.state["tree"]
    assert [node.number for node in tree] == list(range(len(tree)))
    assert {node.fate for node in tree} <= {"branched", "integral", "infeasible", "pruned"}
    for node in tree:
        children = [child for child in tree if child.parent == node.number]
        assert len(children) == (2 if node.fate == "branched" else 0)
        assert all(child.bound >= node.bound - 1e-9 for child in children)
        if node.fate == "pruned":
            assert node.bound >= program.value(x) - 1e-9 * (1 + abs(program.value(x)))


def test_the_lowest_floor_first_never_solves_a_branch_that_could_not_win():
    # Best first: until the optimum is found, an open node with a floor below it is left, and taken before all others.
    spared = 0
    for seed in range(5):
        rng = np.random.default_rng(seed)
        program = LinearProgram(-rng.integers(3, 30, 7), rng.integers(1, 9, (3, 7)), [17.0] * 3, bounds=[(0, 3)] * 7)
        x, search = solve(program, range(7))
        tree, optimum = search.state["tree"], program.value(x)
        assert [tree[0].number, tree[0].parent, tree[0].branch] == [0, None, ""]
        assert min(node.bound for node in tree if node.fate == "integral") == pytest.approx(optimum)
        for node in tree[1:]:
            floor = tree[node.parent].bound
            if floor > optimum - 1e-9 and node.fate != "infeasible":
                spared += 1
                assert (node.fate, node.bound) == ("pruned", floor)
            if node.fate == "infeasible":
                assert node.bound == np.inf
    assert spared > 0


def test_the_most_fractional_variable_is_split_on_both_sides_of_its_value():
    # The relaxation's corner is (2.25, 3.75 − 0.125): 0.375 to the next whole number is more than 0.25.
    bounds = [(0, 2.25), (0, 3.625), (0, 1)]
    _, search = solve(LinearProgram([-1.0, -1.0, -1.0], bounds=bounds), [0, 1, 2])
    root, *born = search.state["tree"][:3]
    assert root.fate == "branched"
    assert [node.branch for node in born] == ["x1 ≤ 3", "x1 ≥ 4"]
    np.testing.assert_array_equal(born[0].bounds, [(0, 2.25), (0, 3), (0, 1)])
    assert born[1].fate == "infeasible"  # there is no whole number from 4 to 3.625


@pytest.mark.parametrize(("past", "nodes"), [(0.9e-6, 1), (1.1e-6, 3)])
def test_a_millionth_from_a_whole_number_is_whole(past, nodes):
    x, search = solve(LinearProgram([-1.0], A_ub=[[1.0]], b_ub=[2 + past]), [0])
    np.testing.assert_array_equal(x, [2])
    assert len(search.state["tree"]) == nodes


def test_exactly_a_millionth_is_still_whole_and_exactly_a_billionth_less_no_promise():
    x, search = solve(LinearProgram([-1.0], A_ub=[[1.0]], b_ub=[1e-6]), [0])
    np.testing.assert_array_equal(x, [0])
    assert len(search.state["tree"]) == 1
    assert not promises(3.0 - 4e-9, 3.0)


@pytest.mark.parametrize("best", [3.0, -3.0])
def test_a_branch_promises_more_if_its_floor_is_a_billionth_below_the_best(best):
    assert promises(best - 4.1e-9, best)
    assert not promises(best - 3.9e-9, best)
    assert not promises(best + 1, best)
    assert promises(best, np.inf)


def test_each_solution_on_the_way_is_whole_and_better_than_the_last():
    rng = np.random.default_rng(5)
    program = LinearProgram(-rng.integers(1, 30, 8), rng.integers(1, 9, (4, 8)), [20.0] * 4, bounds=[(0, 3)] * 8)
    values = [program.value(x) for x in branch_and_bound(program, range(8))]
    assert (np.diff(values) < 0).all()


def test_one_variable_is_enough():
    x, search = solve(LinearProgram([1.0], bounds=[(0.5, 3)]), [0])
    np.testing.assert_array_equal(x, [1])
    assert search.reason == "optimal"
    with pytest.raises(ValueError, match=r"^program = 3: must be an optcourse\.LinearProgram"):
        branch_and_bound(3, [0])


def test_without_integers_it_is_the_simplex_method():
    program = LinearProgram([-1.0, -1.0], [[2.0, 1.0], [1.0, 3.0]], [4.0, 5.0])
    for none in (np.array([], dtype=int), []):
        x, _ = solve(program, none)
        np.testing.assert_allclose(x, solution(simplex(program)).x)


def test_rounding_the_relaxation_can_miss_by_far():
    # The relaxation's corner (0, 4.5) rounds to infeasible or to worse than the best whole point.
    program = LinearProgram([-5.0, -8.0], [[1.0, 1.0], [5.0, 9.0]], [6.0, 45.0])
    corner = solution(simplex(program)).x
    x, _ = solve(program, [0, 1])
    np.testing.assert_allclose(corner, [2.25, 3.75])
    np.testing.assert_array_equal(x, [0, 5])
    assert program.violation(np.round(corner)) > 0
    assert program.value(np.floor(corner)) > program.value(x)


def test_an_unbounded_relaxation_is_reported():
    x, search = solve(LinearProgram([-1.0, 0.0], [[1.0, -1.0]], [0.5]), [0])
    assert search.reason == "unbounded"
    assert x is None


@pytest.mark.parametrize("integers", [[-1], [2], [0.5], ["x"], [-1, 0], [0, 2], [[0, 1]]])
def test_indices_that_name_no_variable_are_refused(integers):
    with pytest.raises(ValueError, match=r"^integers = "):
        list(branch_and_bound(LinearProgram([1.0, 1.0]), integers))
