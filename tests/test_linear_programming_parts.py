"""Section 3.12 from the inside: the one form of all programs, corners, bases and directions, each against its rule."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from optcourse import LinearProgram, simplex, vertices
from optcourse.linear_programming import solution
from optcourse.linear_programming.program import standard_form
from optcourse.linear_programming.simplex import (
    Basis,
    Block,
    bland,
    dantzig,
    edge_lengths,
    first_block,
    steepest,
    triangular_start,
    update_lengths,
    walk,
)


def mixed_program(rng, n=6, m_ub=4, m_eq=3):
    """A program with variables bounded below, above, on both sides (two of them fixed) and not at all."""
    low = np.array([-2.0, -np.inf, 1.0, -np.inf, 0.5, 3.0])[np.arange(n) % 6]
    high = np.array([np.inf, 2.0, 4.5, np.inf, 0.5, 3.25])[np.arange(n) % 6]
    A_ub, A_eq = rng.normal(size=(m_ub, n)), rng.normal(size=(m_eq, n)) * (rng.uniform(size=(m_eq, n)) < 0.7)
    return LinearProgram(
        rng.normal(size=n), A_ub, rng.normal(size=m_ub), A_eq, rng.normal(size=m_eq), np.column_stack([low, high])
    )


# ------------------------------------------------------------------------------------------ programs


def diagonal():
    """A row, an equality, and bounds: (t + 1, t) meets the equality."""
    return LinearProgram([1.0, 2.0], [[0.5, -1.0]], [0.5], [[1.0, -1.0]], [1.0], [(0.5, 3), (-1, 4)])


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        ([2.0, 1.0], 0.0),
        ([0.5, -0.5], 0.25),  # the row
        ([2.0, 1.5], 0.5),  # the equality, from below
        ([2.0, 0.5], 0.5),  # and from above
        ([-2.0, -3.0], 2.5),  # the first lower bound
        ([5.0, 4.0], 2.0),  # the first upper bound
    ],
)
def test_a_violation_is_what_the_worst_row_or_bound_is_missed_by(x, expected):
    assert diagonal().violation(x) == expected
    assert diagonal().value(x) == x[0] + 2 * x[1]


def test_a_point_that_is_none_is_refused_by_value_and_violation():
    for measure in (diagonal().value, diagonal().violation):
        with pytest.raises(ValueError, match=r"^x = "):
            measure([np.nan, 1.0])
        with pytest.raises(ValueError, match=r"^x = "):
            measure("here")


@pytest.mark.parametrize(
    "bounds", [[(0, 1), (2, 1)], [(0, 1), (np.inf, np.inf)], [(0, 1), (-np.inf, -np.inf)], [(0, 1), (0, np.nan)], []]
)
def test_one_bound_that_makes_no_sense_is_enough_to_be_refused(bounds):
    with pytest.raises(ValueError, match=r"^bounds = "):
        LinearProgram(c=[1.0, 1.0], bounds=bounds)


@pytest.mark.parametrize("scaled", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_the_standard_form_says_the_same_as_the_program(seed, scaled):
    rng = np.random.default_rng(seed)
    program = mixed_program(rng, n=12)
    form = standard_form(program, scaled=scaled)
    m, n_z = len(form.b), len(form.c) - len(form.b)
    low, high = program.bounds.T
    own, slack = form.A[:, :n_z].toarray(), form.A[:, n_z:].toarray()
    np.testing.assert_array_equal(slack, np.eye(m))
    np.testing.assert_array_equal(form.upper[n_z:], [np.inf] * 4 + [0.0] * 3)
    assert (form.c[n_z:] == 0).all()

    z = np.minimum(rng.uniform(0, 3, n_z), form.upper[:n_z])
    at_low, at_high = np.zeros(n_z), np.where(np.isfinite(form.upper[:n_z]), form.upper[:n_z], 0.0)
    for part in (z, at_low, at_high):
        s = form.b - own @ part
        x = form.point(np.append(part, s))
        assert (low - 1e-12 <= x).all()
        assert (x <= high + 1e-12).all()
        rest = np.append(program.b_ub - program.A_ub @ x, program.b_eq - program.A_eq @ x)
        np.testing.assert_allclose(s / form.row_scale, rest, atol=1e-12)
        assert form.c[:n_z] @ part + program.c @ form.shift == pytest.approx(program.value(x))
    for j in np.flatnonzero(np.isinf(low) & np.isinf(high)):
        assert sorted(np.sign(form.map[[j]].data)) == [-1, 1]
    nearest = np.where(np.isfinite(low), low, np.where(np.isfinite(high), high, 0.0))
    np.testing.assert_array_equal(form.point(np.zeros(n_z + m)), nearest)
    boxed = np.isfinite(low) & np.isfinite(high)
    np.testing.assert_allclose(form.point(np.append(at_high, np.zeros(m)))[boxed], high[boxed])

    # Prices: what a column of the form costs per unit of its y is what the variable does per unit of the program's.
    y = rng.normal(size=m)
    y_ub, y_eq = form.prices(program, y)
    along = form.map.toarray()[:, :n_z].T @ (program.A_ub.T @ y_ub + program.A_eq.T @ y_eq)
    np.testing.assert_allclose(own.T @ y, along, atol=1e-12)
    if not scaled:
        np.testing.assert_array_equal(form.row_scale, np.ones(m))
        assert set(form.map.data) <= {-1.0, 1.0}


def test_scaling_takes_powers_of_two_and_leaves_alone_what_has_no_size():
    rows = np.diag([2.0**8, 2.0**-8, -(2.0**6), 0.0, 1.0])
    form = standard_form(LinearProgram(np.ones(5), A_eq=rows, b_eq=np.ones(5)))
    np.testing.assert_array_equal(form.A.toarray()[:, :5], np.diag([1.0, 1.0, -1.0, 0.0, 1.0]))
    np.testing.assert_array_equal(form.row_scale, [2.0**-4, 2.0**4, 2.0**-3, 1.0, 1.0])
    assert standard_form(LinearProgram(np.ones(5), A_eq=rows, b_eq=np.ones(5)), scaled=False).A[0, 0] == 2.0**8

    wild = 2.0 ** np.random.default_rng(0).integers(-40, 40, (7, 1)) * np.random.default_rng(1).uniform(1, 2, (7, 4))
    sizes = abs(standard_form(LinearProgram(np.ones(4), wild, np.ones(7))).A.toarray()[:, :4])
    assert sizes.max() / sizes.min() < 2.0**20 < wild.max() / wild.min()


# ------------------------------------------------------------------------------------------ polygons


@pytest.mark.parametrize("tol", [None, 1e-3])
def test_corners_closer_than_the_tolerance_are_one(tol):
    # The third wall cuts the corner (−3, 1) off, by d; what is near there is four times the tolerance.
    def count(d):
        program = LinearProgram([1.0, 1.0], [[-1.0, 1.0]], [4.0 - d], bounds=[(-3, 0), (0, 1)])
        return len(vertices(program) if tol is None else vertices(program, tol=tol))

    near = 4 * (tol or 1e-9)
    assert count(0.9 * near) == 4
    assert count(1.1 * near) == 5


def test_without_a_tolerance_three_walls_through_one_point_make_one_corner():
    program = LinearProgram([1.0, 1.0], [[1.0, 1.0]], [2.0], bounds=[(0, 1)] * 2)
    np.testing.assert_array_equal(vertices(program, tol=0.0), [[0, 0], [1, 0], [1, 1], [0, 1]])


@pytest.mark.parametrize("unit", [1e-13, 1.0, 1e13])
def test_the_units_of_the_walls_do_not_matter_to_the_corners(unit):
    rows = unit * np.array([[-1.0, 0.0], [0.0, -1.0], [1.0, 1.0]])
    program = LinearProgram([1.0, 1.0], rows, unit * np.array([0.0, 0.0, 1.0]), bounds=[(None, None)] * 2)
    corners = vertices(program)
    np.testing.assert_allclose(corners, [[0, 0], [1, 0], [0, 1]], atol=1e-12)
    assert not np.signbit(corners).any()  # or −0 would be printed


@pytest.mark.parametrize(("angle", "count"), [(0.75e-12, 0), (1.25e-12, 1)])
def test_walls_that_meet_only_beyond_the_horizon_are_parallel(angle, count):
    rows = [[-1.0, 0.0], [-1.0, -angle], [0.0, 0.0], [0.0, 0.0]]
    program = LinearProgram([1.0, 1.0], rows, [0.0, -1.0, 1.0, 1.0], bounds=[(None, None)] * 2)
    assert vertices(program).shape == (count, 2)


@pytest.mark.parametrize(
    "corners",
    [
        [[2.0, 5.0], [3.0, 5.0], [3.0, 7.0], [2.0, 7.0]],  # far from the origin
        [[2.0, 0.0], [2.5, 5.0], [0.0, 1.0]],  # the lowest is not the first on the way round from the left
        [[-4.0, -3.0], [-1.0, -2.0], [-2.0, 1.0], [-3.0, 1.5], [-5.0, 1.0]],
    ],
)
def test_corners_go_round_from_the_lowest(corners):
    corners = np.array(corners)
    along = np.roll(corners, -1, axis=0) - corners
    rows = np.column_stack([along[:, 1], -along[:, 0]])  # outwards, on the right of each edge
    program = LinearProgram([1.0, 1.0], rows, (rows * corners).sum(axis=1), bounds=[(None, None)] * 2)
    np.testing.assert_allclose(vertices(program), corners, atol=1e-12)


def test_a_segment_has_two_corners_and_the_left_one_comes_first():
    program = LinearProgram([1.0, 1.0], A_eq=[[0.0, 1.0]], b_eq=[2.0], bounds=[(1, 3), (0, 5)])
    np.testing.assert_array_equal(vertices(program), [[1.0, 2.0], [3.0, 2.0]])


def test_a_polygon_of_something_else_is_refused():
    with pytest.raises(ValueError, match=r"^program = 3: must be an optcourse\.LinearProgram"):
        vertices(3)


# ------------------------------------------------------------------------------------------ bases


def slack_basis(program, scaled=False):
    form = standard_form(program, scaled=scaled)
    m = len(form.b)
    return form, Basis(form, len(form.c) - m + np.arange(m))


def check_basis(form, basis):
    """Assert that all that a basis keeps follows from its columns and from who stands at an upper bound."""
    A, basic = form.A.toarray(), np.isin(np.arange(len(form.c)), basis.columns)
    assert basic.sum() == len(basis.columns)
    np.testing.assert_allclose(basis.inverse @ A[:, basis.columns], np.eye(len(form.b)), atol=1e-8)
    assert not basis.at_upper[basic].any()
    z = np.where(basis.at_upper, form.upper, 0.0)
    z[basis.columns] = basis.values
    np.testing.assert_allclose(A @ z, form.b, atol=1e-8)
    np.testing.assert_array_equal(basis.limits, form.upper[basis.columns])
    np.testing.assert_array_equal(basis.movable, ~basic & (form.upper > 0))
    z[basis.columns] = np.clip(basis.values, 0, basis.limits)
    np.testing.assert_array_equal(basis.point(), z)


@pytest.mark.parametrize("seed", range(4))
def test_a_basis_stays_true_to_itself_however_it_is_moved_and_edges_keep_their_lengths(seed):
    rng = np.random.default_rng(seed)
    form, basis = slack_basis(mixed_program(rng, n=12, m_ub=3, m_eq=3))
    assert (basis.updates, basis.pivots, basis.ray) == (0, 0, None)
    check_basis(form, basis)
    A, pivots = form.A.toarray(), 0
    lengths = edge_lengths(basis)
    np.testing.assert_allclose(lengths, 1 + np.square(A).sum(axis=0))
    for turn in range(25):
        j = int(rng.choice(np.flatnonzero(basis.movable)))
        inverse = np.linalg.inv(A[:, basis.columns])
        column = basis.column(j)
        np.testing.assert_allclose(column, inverse @ A[:, j], atol=1e-8)
        sign = -1.0 if basis.at_upper[j] else 1.0
        r = int(np.argmax(np.abs(column)))
        if turn % 3 == 0 and np.isfinite(form.upper[j]):
            block = Block(None, form.upper[j])
        else:
            goal = basis.limits[r] if turn % 2 and np.isfinite(basis.limits[r]) else 0.0
            block = Block(r, float((basis.values[r] - goal) / (sign * column[r])), goal > 0)
            row, left = basis.row(r), basis.columns[r]
            np.testing.assert_allclose(row, inverse[r] @ A, atol=1e-8)
            update_lengths(lengths, basis, column, row / row[j], j, left)
            pivots += 1
        before = column.copy()
        basis.move(j, column, block)
        np.testing.assert_array_equal(column, before)
        check_basis(form, basis)
        outside = ~np.isin(np.arange(len(form.c)), basis.columns)
        np.testing.assert_allclose(lengths[outside], edge_lengths(basis)[outside], rtol=1e-6)
        assert (basis.pivots, basis.updates) == (turn + 1, pivots)
    costs = rng.normal(size=len(form.b))
    np.testing.assert_allclose(basis.prices(costs) @ A[:, basis.columns], costs, atol=1e-8)
    basis.refactor()
    assert basis.updates == 0
    check_basis(form, basis)


def test_lengths_that_rounding_has_made_too_short_are_mended():
    form, basis = slack_basis(mixed_program(np.random.default_rng(0)))
    column, row, squares = basis.column(0), basis.row(1), np.zeros(len(form.c))
    ratio, left = row / row[0], basis.columns[1]
    update_lengths(squares, basis, column, ratio, 0, left)
    others = np.delete(np.arange(len(form.c)), left)
    assert (squares >= 1 + ratio**2 - 1e-12)[others].all()


def test_values_are_refined_where_the_columns_are_nearly_dependent():
    n = 9
    hilbert = 1 / (np.arange(n)[:, None] + np.arange(n) + 1.0)
    form = standard_form(LinearProgram(np.ones(n), A_eq=hilbert, b_eq=hilbert.sum(axis=1)), scaled=False)
    basis = Basis(form, np.arange(n))
    assert np.abs(hilbert @ basis.values - form.b).max() <= 1e-11
    assert np.abs(hilbert @ (basis.inverse @ form.b) - form.b).max() >= 1e-8


def test_a_billionth_beyond_a_bound_is_inside():
    _, basis = slack_basis(LinearProgram(np.ones(1), A_ub=np.ones((8, 1)), b_ub=np.ones(8)))
    basis.limits = np.array([np.inf, 2, 2, 2, 2, 2, 2, 2])
    basis.values = np.array([1e9, -1e-9, -1.1e-9, -0.9e-9, 2 + 1e-9, 2 + 1.1e-9, 2 + 0.9e-9, -5.0])
    np.testing.assert_array_equal(basis.outside(), [0, 0, -1, 0, 0, 1, 0, -1])


def test_each_rule_chooses_among_what_promises_more_than_a_billionth():
    gains, lengths = np.array([0.0, 0.9e-9, 1e-9, 0.2, 0.3, 0.1]), np.array([1.0, 1e-30, 1e-30, 1.0, 9.0, 0.5])
    assert bland(gains, lengths) == 3
    assert dantzig(gains, lengths) == 4
    assert steepest(gains, lengths) == 3
    assert bland(np.array([0.0, 1.1e-9]), lengths[:2]) == steepest(np.array([0.0, 1.1e-9]), np.ones(2)) == 1


def corner_like(rng, m):
    """What the ratio test looks at, in small whole numbers: ties abound."""
    values = rng.integers(0, 4, m).astype(float)
    limits = np.where(rng.uniform(size=m) < 0.3, np.inf, values + rng.integers(0, 4, m))
    falling = rng.integers(-3, 4, m).astype(float)
    falling[rng.uniform(size=m) < 0.1] = 0.9e-9  # nothing
    return SimpleNamespace(values=values, limits=limits, columns=rng.permutation(20)[:m]), falling


@pytest.mark.parametrize("smallest_index", [False, True])
def test_the_ratio_test_stops_at_the_first_bound_and_picks_the_largest_pivot_or_the_smallest_index(smallest_index):
    rng = np.random.default_rng(0)
    ends = set()
    for _ in range(400):
        m = int(rng.integers(1, 6))
        basis, falling = corner_like(rng, m)
        basis.values += rng.choice([0.0, -4e-10, 4e-10], m)
        own = float(rng.choice([np.inf, 1.0, 2.0, 0.5, 30.0]))
        room = {}
        for i in range(m):
            if abs(falling[i]) > 1e-9:
                room[i] = max(basis.values[i] if falling[i] > 0 else basis.limits[i] - basis.values[i], 0.0)
        times = {i: room[i] / abs(falling[i]) for i in room}
        if smallest_index:
            bound = min(times.values(), default=np.inf)
            row = min((i for i in times if times[i] == bound), key=lambda i: basis.columns[i], default=None)
        else:
            bound = min(((room[i] + 1e-9) / abs(falling[i]) for i in room), default=np.inf)
            row = max((i for i in times if times[i] <= bound), key=lambda i: abs(falling[i]), default=None)
        block = first_block(basis, falling, own, None, 1.0, smallest_index)
        if bound == np.inf:
            assert block == (None if own == np.inf else Block(None, own))
        elif own <= min(bound, times[row]):
            assert block == Block(None, own)
        else:
            assert block == Block(row, times[row], falling[row] < 0)
            ends.add(block.at_upper)
    assert ends == {False, True}


def test_an_entry_of_a_billionth_blocks_nothing_and_of_two_close_bounds_the_larger_pivot_is_chosen():
    basis = SimpleNamespace(values=np.zeros(2), limits=np.full(2, np.inf), columns=np.arange(2))
    assert first_block(basis, np.array([1e-9, 0.9e-9]), np.inf, None, 1.0, True) is None
    assert first_block(basis, np.array([1.1e-9, 0.9e-9]), np.inf, None, 1.0, True).row == 0
    basis.values = np.array([0.0, 0.9e-9])
    assert first_block(basis, np.array([1.0, 2.0]), np.inf, None, 1.0, False).row == 1
    basis.values = np.array([0.0, 2.1e-9])
    assert first_block(basis, np.array([1.0, 2.0]), np.inf, None, 1.0, False).row == 0
    assert first_block(basis, np.array([0.0, 0.0]), 0.5, None, 1.0, False) == Block(None, 0.5)


def test_phase_one_goes_on_while_the_sum_of_what_is_missed_falls():
    rng = np.random.default_rng(1)
    seen = []
    for _ in range(600):
        m = int(rng.integers(1, 6))
        basis, falling = corner_like(rng, m)
        falling = falling.round()
        basis.values = basis.values + rng.choice([0, 0, -5, 7], m)
        outside = (basis.values > basis.limits) - 1.0 * (basis.values < 0)

        def missed(t, basis=basis, falling=falling):
            v = basis.values - t * falling
            return (np.maximum(-v, 0) + np.maximum(v - basis.limits, 0)).sum()

        gain = float(outside @ falling)
        if gain <= 0:
            continue
        own = float(rng.choice([np.inf, 1.0, 2.0, 40.0]))
        kinks = {}  # time: rows that pass a bound then
        for i in np.flatnonzero(falling):
            for bound in (0.0, basis.limits[i]):
                time = (basis.values[i] - bound) / falling[i]
                leaves = bound == (0.0 if falling[i] > 0 else basis.limits[i])
                if np.isfinite(time) and (time > 0 or (time == 0 and leaves)):
                    kinks.setdefault(time, []).append((i, bound))
        times = sorted(kinks)
        best = min(times, key=lambda t: (round(missed(t), 9), t))
        block = first_block(basis, falling, own, outside, gain, False)
        first = first_block(basis, falling, own, outside, gain, True)
        if own <= best:
            assert block == Block(None, own)
        else:
            assert block.step == best
            assert (block.row, basis.limits[block.row] if block.at_upper else 0.0) in kinks[best]
        if own <= times[0]:
            assert first == Block(None, own)
        else:
            assert first.step == times[0]
            assert basis.columns[first.row] == min(basis.columns[i] for i, _ in kinks[times[0]])
        seen.append((block.row is None, block.at_upper))
    assert set(seen) == {(True, False), (False, False), (False, True)}


def test_phase_one_avoids_a_pivot_a_hundred_times_smaller_than_another():
    # Two variables come in from below, the second one later and slower; both are passed, for the gain is their sum.
    basis = SimpleNamespace(values=np.array([-1.0, -0.02]), limits=np.full(2, np.inf), columns=np.arange(2))
    below = -np.ones(2)
    for size, row in ((0.01, 1), (0.0075, 0)):
        block = first_block(basis, np.array([-1.0, -size]), np.inf, below, 1.0 + size, False)
        assert (block.row, block.at_upper) == (row, False)
        assert block.step == -basis.values[row] / (1.0, size)[row]
    nothing = np.zeros(2)
    assert first_block(basis, nothing, np.inf, below, 1e-8, False) is None
    assert first_block(basis, nothing, 3.0, below, 1e-8, False) == Block(None, 3.0)
    inside = SimpleNamespace(values=np.ones(2), limits=np.full(2, 2.0), columns=np.arange(2))
    assert first_block(inside, nothing, np.inf, nothing, 1e-8, False) is None


@pytest.mark.parametrize(
    ("c", "rows", "chosen"),
    [
        # The second row has one column; the third then has one left; the first takes the cheaper of two.
        ([3.0, 1.0, 2.0, 1.0], [[1, 1, 1, 0], [0, 0, 0, 1], [0, 1, 0, 1]], [2, 3, 1]),
        (
            [1.0, 1.0, 1.0, 1.0],
            [[1, 1, 0, 0], [0, 0, -1, 0], [1, 0, 1, 0]],
            [1, 2, "slack"],
        ),  # of equal costs, fewer entries
        ([1.0, 2.0, 3.0, 4.0], [[0, 0, 0, 1], [0, 0, 0, 2]], [3, "slack"]),
        ([2.0, 2.0, 1.0, 3.0], [[-1, 0, 0.5, -3], [0, 0, -10, 0]], [0, 2]),  # 0.5 is too small beside 10
        ([2.0, 2.0, 1.0, 3.0], [[0, 0, 1, 2], [5, 0, 10, 0], [7, 7, 0, 0]], [2, 0, 1]),  # a tenth is not
        ([2.0, 2.0, 1.0, 3.0], [[1, 0, 0.075, 1], [1, 1, 1, 1], [0, 1, 0, 1]], [0, "slack", 1]),
    ],
)
def test_equalities_start_from_a_triangle(c, rows, chosen):
    # With an inequality, which keeps its slack, and a fifth variable that is cheapest but fixed.
    m = len(rows)
    A_eq = np.column_stack([np.array(rows, dtype=float), np.ones(m)])
    bounds = [(0, None)] * 4 + [(1, 1)]
    program = LinearProgram([*c, -9.0], [[1.0, 1.0, 1.0, 1.0, 1.0]], [9.0], A_eq, np.ones(m), bounds)
    form = standard_form(program, scaled=False)
    start = triangular_start(form)
    assert start[0] == 5
    assert start[1:].tolist() == [6 + i if chosen[i] == "slack" else chosen[i] for i in range(m)]
    assert abs(np.linalg.det(form.A.toarray()[:, start])) > 1e-6


def test_a_large_entry_elsewhere_counts_whatever_its_sign():
    program = LinearProgram([1.0, 2.0], [[-4.0, 0.0]], [9.0], [[0.2, 1.0]], [1.0])
    assert triangular_start(standard_form(program, scaled=False)).tolist() == [2, 1]


@pytest.mark.parametrize("rule", ["steepest", "dantzig", "bland"])
def test_on_every_walk_reduced_costs_and_lengths_stay_those_of_the_basis(rule):
    phases = set()
    for seed in range(12):
        rng = np.random.default_rng(seed)
        program = mixed_program(rng, n=12, m_ub=6, m_eq=2)
        inside = np.clip(rng.normal(size=12), *program.bounds.T)
        program = replace(program, b_ub=program.A_ub @ inside + rng.uniform(size=6), b_eq=program.A_eq @ inside)
        form, basis = slack_basis(program, scaled=rule == "steepest")
        A, missed, value = form.A.toarray(), np.inf, np.inf
        steps = walk(basis, form.c, rule)
        for was_inside in steps:
            check_basis(form, basis)
            local = steps.gi_frame.f_locals
            apart = ~np.isin(np.arange(len(form.c)), basis.columns)
            phases.add(was_inside)
            if was_inside:
                y = basis.prices(form.c[basis.columns])
                np.testing.assert_allclose(local["costs"], form.c - A.T @ y, atol=1e-7)
                assert not basis.outside().any()
                assert form.c @ basis.point() <= value + 1e-9
                value = form.c @ basis.point()
            now = (np.maximum(-basis.values, 0) + np.maximum(basis.values - basis.limits, 0)).sum()
            assert now <= missed + 1e-9
            missed = now
            if rule == "steepest":
                np.testing.assert_allclose(local["weights"][apart], edge_lengths(basis)[apart], rtol=1e-6)
    assert phases == {False, True}


def test_what_could_only_be_met_by_dividing_by_noise_is_called_infeasible():
    # Each entry is nothing, though two of them together promise something.
    program = LinearProgram([1.0], A_ub=[[-0.9e-9], [-0.9e-9]], b_ub=[-1.0, -1.0])
    assert solution(simplex(program, rule="bland")).status == "infeasible"
