"""Section 3.12 from the inside: the one form of all programs, corners, bases and directions, each against its rule."""

from __future__ import annotations

import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import sparse

from optcourse import LinearProgram, interior_point, simplex, vertices
from optcourse.certificates import lp_floor
from optcourse.linear_programming import solution
from optcourse.linear_programming.interior_point import (
    NormalEquations,
    Point,
    Problem,
    banded,
    diverging,
    drawn_in,
    explain,
    longest,
    optimal,
    starting_point,
)
from optcourse.linear_programming.program import moderate, standard_form
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

# The functions have taken their modules' names.
MODULE = sys.modules["optcourse.linear_programming.interior_point"]
SIMPLEX = sys.modules["optcourse.linear_programming.simplex"]


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


def test_scaling_takes_powers_of_two_and_their_mean_for_what_has_no_size():
    rows = np.diag([2.0**8, 2.0**-8, -(2.0**6), 0.0, 1.0])
    form = standard_form(LinearProgram(np.ones(5), A_eq=rows, b_eq=np.ones(5)))
    np.testing.assert_array_equal(form.A.toarray()[:, :5], np.diag([1.0, 1.0, -1.0, 0.0, 1.0]))
    np.testing.assert_array_equal(form.row_scale, [2.0**-4, 2.0**4, 2.0**-3, 0.5, 1.0])
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


@pytest.mark.parametrize("length", [1e-100, 1e-9, 1.0, 1e9, 1e100])
@pytest.mark.parametrize("seed", range(4))
def test_the_units_of_the_plane_and_of_each_wall_do_not_matter_to_the_corners(seed, length):
    rng = np.random.default_rng(seed)
    rows, sides = rng.integers(-3, 4, (5, 2)).astype(float), rng.integers(0, 5, 5).astype(float)
    plain = vertices(LinearProgram([1.0, 1.0], rows, sides))
    units = 10.0 ** rng.integers(-15, 16, 5)
    seen = vertices(LinearProgram([1.0, 1.0], rows * units[:, None] / length, sides * units))
    assert seen.shape == plain.shape
    np.testing.assert_allclose(seen / length, plain, atol=1e-12)


def test_a_wall_through_no_point_leaves_no_corner():
    for row, side in (([[0.0, 0.0]], [-1e-3]), ([[1e-9, 0.0]], [-1e-9])):
        assert vertices(LinearProgram([1.0, 1.0], row, side, bounds=[(0, 1)] * 2)).shape == (0, 2)
    assert len(vertices(LinearProgram([1.0, 1.0], A_eq=[[0.0, 0.0]], b_eq=[0.0], bounds=[(0, 1)] * 2))) == 4


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
    # What a basic variable's length has become by then is forgotten when it leaves.
    basis.move(0, column, Block(1, 0.0))
    assert squares[left] == pytest.approx(edge_lengths(basis)[left], rel=1e-9)


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
    basis.values = np.array([0.0, 2e-9])
    assert first_block(basis, np.array([1.0, 2.0]), np.inf, None, 1.0, False).row == 1  # a billionth is close enough
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
    for unit in (1.0, 0.25, 16.0):
        for size, row in ((0.01, 1), (0.0075, 0)):
            block = first_block(basis, -unit * np.array([1.0, size]), np.inf, below, unit * (1.0 + size), False)
            assert (block.row, block.at_upper) == (row, False)
            assert block.step == -basis.values[row] / (unit * (1.0, size)[row])
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


def test_a_narrow_variable_can_start_a_triangle():
    program = LinearProgram([1.0, 2.0], A_eq=[[1.0, 1.0]], b_eq=[1.0], bounds=[(0, 0.5), (0, None)])
    assert triangular_start(standard_form(program, scaled=False)).tolist() == [0]


def test_the_first_rule_starts_from_a_triangle_and_the_others_from_the_slacks():
    program = LinearProgram([1.0, 2.0], A_eq=[[1.0, 1.0]], b_eq=[1.0])
    pivots = {rule: solution(simplex(program, rule)).iterations for rule in SIMPLEX.RULES}
    assert pivots == {"steepest": 0, "dantzig": 1, "bland": 1}


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


def test_when_two_steps_a_row_have_led_nowhere_blands_rule_takes_over_until_one_leads_somewhere(monkeypatch):
    # The least promising edge instead of the steepest: a walk that dawdles where more walls meet than it takes.
    asked = []

    def dawdle(gains, _):
        asked.append("steepest")
        return int(np.argmin(np.where(gains > 1e-9, gains, np.inf)))

    monkeypatch.setitem(SIMPLEX.RULES, "steepest", dawdle)
    monkeypatch.setitem(SIMPLEX.RULES, "bland", lambda gains, _: asked.append("bland") or bland(gains, _))
    turns = set()
    for seed in range(60):
        rng = np.random.default_rng(seed)
        A, b = rng.integers(-2, 3, (2, 12)), rng.integers(0, 2, 2) * rng.integers(0, 2)
        form, basis = slack_basis(LinearProgram(rng.normal(size=12), A, b, bounds=[(0, 1)] * 12))
        asked.clear()
        nowhere, steps = 0, walk(basis, form.c, "steepest")
        for _ in steps:
            assert asked[-1] == ("steepest" if nowhere < 4 else "bland")
            nowhere = nowhere + 1 if steps.gi_frame.f_locals["block"].step <= 1e-9 else 0
            turns.add(tuple(asked[-2:]))
    assert ("steepest", "bland") in turns
    assert ("bland", "steepest") in turns


def test_a_basis_is_factorised_afresh_after_a_hundred_updates():
    n = 104  # a cube: a pivot for every variable
    form, basis = slack_basis(LinearProgram(-np.ones(n), np.eye(n), np.ones(n)))
    assert [basis.updates for _ in walk(basis, form.c, "dantzig")] == [k % 100 for k in range(1, n + 1)]


@pytest.mark.parametrize(
    ("sizes", "factor"),
    [
        ([], 1),
        ([0.0, 0.0], 1),
        ([1.0, 1e6, 0.0], 1),
        ([2.0**-20, 2.0**-40], 2.0**-20),
        ([2.0**10, 2.0**30], 2.0**10),
        ([2.0**9, 2.0**9], 2.0**9),
        ([1e12, 0.5], 1),
    ],
)
def test_numbers_that_all_are_tiny_or_large_are_brought_near_a_size_that_solvers_tell_from_zero(sizes, factor):
    assert moderate(np.array(sizes)) == factor


def test_what_could_only_be_met_by_dividing_by_noise_is_called_infeasible():
    # Each entry is nothing beside the last row's, though two of them together promise something.
    program = LinearProgram([1.0, 0.0], A_ub=[[-0.9e-9, 0.0], [-0.9e-9, 0.0], [0.0, 1.0]], b_ub=[-1.0, -1.0, 1.0])
    assert solution(simplex(program, rule="bland")).status == "infeasible"


# ------------------------------------------------------------------------------------------ the inside


def with_gaps(rng, m, n):
    """A matrix whose third row and second column are empty, in the form that the solver works with."""
    A = rng.normal(size=(m, n)) * (rng.uniform(size=(m, n)) < 0.4)
    A[2], A[:, 1] = 0.0, 0.0
    return sparse.csc_array(A)


def equations(A):
    return NormalEquations(A, A.T.tocsr())


def from_band(band):
    """The symmetric matrix whose diagonals, from the main one down, are the rows of `band`."""
    m = band.shape[1]
    lower = sum(np.diag(diagonal[: m - k], -k) for k, diagonal in enumerate(band))
    return lower + np.tril(lower, -1).T


@pytest.mark.parametrize(
    "rows",
    [  # of what is left once x is fixed: nothing, which no y can make fit
        {"A_ub": [[-2.0], [2.0]], "b_ub": [-8.859569719467453, -2.345870601259133]},
        {"A_ub": [[1.0], [3.0], [-1.0]], "b_ub": [-2.0, -3.0, 0.5]},
    ],
)
def test_equations_that_nothing_solves_do_not_grow_beyond_all_floats(rows):
    program = LinearProgram(c=[-2.0], A_eq=[[-1.0], [-2.0]], b_eq=[-1.0, -2.0], bounds=[[0.0, 0.0]], **rows)
    found = solution(interior_point(program))  # NumPy's warnings are errors here
    assert found.status == "infeasible"
    assert np.isfinite(found.x).all()


def test_of_equations_without_a_solution_the_best_is_returned_that_was_met():
    A = sparse.csc_array(np.array([[1.0, 2.0], [0.0, 0.0], [2.0, 1.0]]))
    normal = NormalEquations(A, A.T.tocsr())
    normal.factorise(np.array([1.0, 1e6]))
    right = np.array([1.0, 1e-3, -1.0])
    y = normal.solve(right)
    left = right - A @ (np.array([1.0, 1e6]) * (A.T @ y))
    assert np.abs(left).max() <= np.abs(right).max()
    assert np.isfinite(y).all()


def test_normal_equations_are_solved_alike_in_all_units():
    A = sparse.csc_array(np.array([[1.0, 2.0, 0.5], [0.0, 1.0, -1.0], [2.0, 1.0, 3.0]]))
    normal = NormalEquations(A, A.T.tocsr())
    normal.factorise(np.array([1e-9, 2e-9, 1e-10]))  # so small that the regularised factor is far off: steps are needed
    right = np.array([1.0, -2.0, 0.5])
    y = normal.solve(right)
    for unit in (2.0**60, 2.0**-60):
        np.testing.assert_array_equal(normal.solve(unit * right), unit * y)


@pytest.mark.parametrize("pairs", [None, 0])
def test_the_normal_equations_are_those_of_the_matrix(monkeypatch, pairs):
    if pairs is not None:
        monkeypatch.setattr(MODULE, "PAIRS", pairs)
    rng = np.random.default_rng(0)
    for m, n in ((5, 9), (7, 4), (8, 8)):
        A, D = with_gaps(rng, m, n), rng.uniform(0.1, 10, n)
        normal = equations(A)
        expected = A.toarray() @ np.diag(D) @ A.toarray().T
        band = normal.band(D)
        np.testing.assert_allclose(from_band(band), expected, atol=1e-12)
        if pairs is None:
            reached = np.abs(np.subtract(*np.nonzero(expected))).max()
            assert band.shape == (reached + 1, m)
    assert (normal.pairs is None) == (pairs == 0)


def test_pairs_are_listed_while_they_are_not_too_many(monkeypatch):
    A = sparse.csc_array(np.tril(np.ones((4, 4))))  # 16 + 9 + 4 + 1 pairs
    for most, listed in ((30, True), (29, False)):
        monkeypatch.setattr(MODULE, "PAIRS", most)
        assert (equations(A).pairs is not None) == listed
    monkeypatch.undo()
    columns = [1414, 24, 5, 2]  # two million and one
    triangle = sparse.csc_array(np.arange(1414)[:, None] < columns, dtype=float)
    assert equations(triangle).pairs is None
    assert equations(triangle[:, 1:]).pairs is not None
    empty = equations(sparse.csc_array((3, 2)))
    np.testing.assert_array_equal(empty.band(np.ones(2)), np.zeros((1, 3)))


@pytest.mark.parametrize("signs", [[[1.0, 1.0], [1.0, -1.0]], [[1.0, -1.0], [-1.0, 1.0]], [[1.0, -1.0], [1.0, 1.0]]])
def test_rows_of_a_chain_come_to_stand_side_by_side_whatever_their_signs(signs):
    # Link k ties rows k and k + 1 by two columns, whose products may add up to nothing.
    m = 8
    A = np.zeros((m, 2 * (m - 1)))
    for k in range(m - 1):
        A[k, 2 * k : 2 * k + 2], A[k + 1, 2 * k : 2 * k + 2] = signs
    shuffled = np.random.default_rng(0).permutation(m)
    order = banded(sparse.csc_array(A[shuffled]))
    assert set(np.abs(np.diff(shuffled[order]))) == {1}


@pytest.mark.parametrize(
    ("entry", "D", "expected"),
    [
        (0.0, 1.0, 1e-9),
        (2.0, 1.0, 4 + 4e-9),
        (0.5, 1.0, 0.25 + 1e-9),
        (1.0, -1e-8, 9e-8),  # the first boost leaves it negative, the second a hundred times larger does not
        (1.0, -1e-4, 1e-3 - 1e-4),
    ],
)
def test_the_factor_is_that_of_a_matrix_made_a_billionth_larger_or_as_much_as_it_takes(entry, D, expected):
    normal = equations(sparse.csc_array([[entry, 0.0]]))
    normal.factorise(np.array([D, 1.0]))
    assert normal.factor[0, 0] ** 2 == pytest.approx(expected, rel=1e-9 if D < 0 else 1e-13)


@pytest.mark.parametrize("size", [1e-3, 1.0, 1e6])
def test_directions_are_solved_for_to_ten_digits(size):
    rng = np.random.default_rng(0)
    for m in (1, 2, 2, 2, 2, 2, 6):
        A, D = sparse.csc_array(rng.normal(size=(m, m + 3))), 10.0 ** rng.uniform(-6, 2, m + 3)
        normal = equations(A)
        normal.factorise(D)
        for right in (-rng.uniform(1, 2, m), rng.uniform(1, 2, m), np.append(np.zeros(m - 1), 1.0)):
            y = normal.solve(size * right)
            assert np.abs(A @ (D * (A.T @ y)) - size * right).max() <= 1.01e-10 * size * right.max(initial=2.0)


class Followed:
    """Normal equations with a diagonal K, and no preconditioner: plain conjugate gradients, whose steps are counted."""

    def __init__(self, K):
        K = np.asarray(K, dtype=float)
        self.normal, self.steps = equations(sparse.csc_array(np.eye(len(K)))), 0
        self.normal.factorise(K)
        self.normal.substitute = self.substitute

    def substitute(self, factor, r, lower):
        self.steps += 1
        return r.copy(), 0

    def solve(self, right):
        return self.normal.solve(np.array(right, dtype=float))


def test_as_many_steps_of_conjugate_gradients_are_taken_as_there_are_curvatures_and_ten_at_most():
    rng = np.random.default_rng(0)
    for n in (1, 2, 4, 6):
        K, right = np.linspace(1, 2, n), rng.uniform(1, 2, n)
        followed = Followed(K)
        np.testing.assert_allclose(followed.solve(right), right / K, rtol=1e-9)
        assert followed.steps == n
    many = Followed(np.geomspace(1, 1e6, 40))
    many.solve(np.ones(40))
    assert many.steps == 10


@pytest.mark.parametrize(("off", "steps"), [(0.9e-10, 1), (1.1e-10, 2)])
def test_a_step_is_enough_when_it_leaves_the_tenth_digit(off, steps):
    followed = Followed([1.0, 1.0 + 2 * off])  # the first step leaves a residual of off in both
    followed.solve([1.0, 1.0])
    assert followed.steps == steps


def test_nothing_is_asked_where_there_are_no_entries():
    normal = equations(sparse.csc_array((2, 3)))
    normal.factorise(np.ones(3))
    np.testing.assert_array_equal(normal.solve(np.array([1.0, 0.0])), np.zeros(2))


def inner_problem(rng, m=4, n=9):
    """A problem in the solver's form, with two of three variables bounded above, and a point inside."""
    A, box = sparse.csc_array(rng.normal(size=(m, n))), np.flatnonzero(np.arange(n) % 3)
    problem = Problem(
        A, A.T.tocsr(), rng.normal(size=m), rng.normal(size=n), rng.uniform(1, 3, len(box)), box, equations(A)
    )
    z, w, s, v = (rng.uniform(0.2, 3, size) for size in (n, len(box), n, len(box)))
    return problem, Point(z, w, s, v, rng.normal(size=m))


def dense_direction(problem, at, rest, zs, wv):
    """Newton's five equations, written out as one matrix."""
    A, (m, n), k = problem.A.toarray(), problem.A.shape, len(problem.box)
    E = np.eye(n)[problem.box]
    big = np.zeros((m + 2 * k + 2 * n,) * 2)
    iz, iw, js, jv, iy = np.split(np.arange(len(big)), np.cumsum([n, k, n, k]))
    big[np.ix_(range(m), iz)] = A
    big[np.ix_(range(m, m + k), iz)], big[np.ix_(range(m, m + k), iw)] = E, np.eye(k)
    rows = np.arange(m + k, m + k + n)
    big[np.ix_(rows, iy)], big[np.ix_(rows, js)], big[np.ix_(rows, jv)] = A.T, np.eye(n), -E.T
    rows = rows[-1] + 1 + np.arange(n)
    big[rows, iz], big[rows, js] = at.s, at.z
    rows = rows[-1] + 1 + np.arange(k)
    big[rows, iw], big[rows, jv] = at.v, at.w
    found = np.linalg.solve(big, np.concatenate([*rest, zs, wv]))
    return Point(*(found[part] for part in (iz, iw, js, jv, iy)))


@pytest.mark.parametrize("seed", range(4))
def test_a_direction_solves_newtons_equations(seed):
    problem, at = inner_problem(np.random.default_rng(seed))
    rest = problem.residuals(at)
    A = problem.A.toarray()
    extra = np.zeros(9)
    extra[problem.box] = at.v
    np.testing.assert_allclose(rest[0], problem.b - A @ at.z)
    np.testing.assert_allclose(rest[1], problem.upper - at.z[problem.box] - at.w)
    np.testing.assert_allclose(rest[2], problem.c - A.T @ at.y - at.s + extra)
    problem.factorise(at)
    zs, wv = 0.1 - at.z * at.s, 0.1 - at.w * at.v
    d, expected = problem.direction(at, rest, zs, wv), dense_direction(problem, at, rest, zs, wv)
    for part, other in zip(d, expected, strict=True):
        np.testing.assert_allclose(part, other, atol=1e-6)
    # Regularised by a billionth, and by no more: what is left of the dual residual is that part of dz.
    dual = problem.residuals(at.towards(d, 1.0, 1.0))[2]
    np.testing.assert_allclose(dual, -1e-9 * d.z, atol=1e-13)


def test_the_mean_product_the_way_to_the_wall_and_a_step_along_it():
    at = Point(*(np.array(part) for part in ([1.0, 2.0], [4.0], [3.0, 0.5], [2.0], [7.0])))
    d = Point(*(np.array(part) for part in ([-2.0, 1.0], [-5.0], [1.0, 1.0], [-8.0], [-1.0])))
    assert at.mu() == 4.0
    assert at.steps(d) == (0.5, 0.25)
    assert at.steps(d._replace(z=np.array([-0.5, -1.0]))) == (0.8, 0.25)
    assert at.steps(d._replace(s=np.array([-9.0, 1.0]), v=np.array([1.0]))) == (0.5, 1 / 3)
    ahead = at.towards(d, 0.5, 0.25)
    for part, other in zip(ahead, ([0.0, 2.5], [1.5], [3.25, 0.75], [0.0], [6.75]), strict=True):
        np.testing.assert_array_equal(part, other)
    assert longest(np.ones(2), np.array([3.0, -0.9])) == longest(np.zeros(0), np.zeros(0)) == 1.0


def test_a_direction_is_bent_towards_equal_products_where_that_lengthens_the_steps(monkeypatch):
    # Gondzio: products are looked at a bit further on; too small ones are to grow to a tenth of the target, too large
    # ones to shrink to ten times it, but by no more than that; residuals stay as they are.
    monkeypatch.setattr(MODULE, "CORRECTORS", 1)
    bent = []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        problem, at = inner_problem(rng)
        at = at._replace(z=at.z * 10.0 ** rng.uniform(-2, 1, 9), s=at.s * 10.0 ** rng.uniform(-2, 1, 9))
        problem.factorise(at)
        target = 0.05 * at.mu()
        d = problem.direction(at, problem.residuals(at), target - at.z * at.s, target - at.w * at.v)
        got = problem.centred(at, d, target)
        ahead = at.towards(d, *(min(1.0, step + 0.3) for step in at.steps(d)))
        wanted = []
        for products in (ahead.z * ahead.s, ahead.w * ahead.v):
            low, high = target / 10 - products, 10 * target - products
            wanted.append(np.where(low > 0, low, np.where(high < 0, np.maximum(high, -10 * target), 0.0)))
        nothing = np.zeros(4), np.zeros(len(problem.box)), np.zeros(9)
        more = dense_direction(problem, at, nothing, *wanted)
        longer = at.steps(Point(*(one + other for one, other in zip(d, more, strict=True))))
        bent.append(sum(longer) >= sum(at.steps(d)) + 0.03)
        for part, one, other in zip(got, d, more, strict=True):
            np.testing.assert_allclose(part, one + other if bent[-1] else one, rtol=1e-5, atol=1e-5)
    assert 5 <= sum(bent) <= 25


def test_bending_ends_when_it_lengthens_the_steps_no_more(monkeypatch):
    problem, at = inner_problem(np.random.default_rng(5))
    problem.factorise(at)
    d = problem.direction(at, problem.residuals(at), 0.1 - at.z * at.s, 0.1 - at.w * at.v)
    lengths = []
    for most in range(8):
        monkeypatch.setattr(MODULE, "CORRECTORS", most)
        lengths.append(sum(at.steps(problem.centred(at, d, 0.1))))
    assert (np.diff(lengths) >= 0).all()
    assert all(step == 0 or step >= 0.03 - 1e-12 for step in np.diff(lengths))


def start_of_the_book(problem):
    """Least-norm z, w that meet the rows and bounds, least-norm s, v that meet the costs, pushed inside twice."""
    A, (m, n), k = problem.A.toarray(), problem.A.shape, len(problem.box)
    E = np.eye(n)[problem.box]
    rows = np.block([[A, np.zeros((m, k))], [E, np.eye(k)]])
    z, w = np.split(np.linalg.lstsq(rows, np.append(problem.b, problem.upper))[0], [n])
    weights = np.where(np.isin(np.arange(n), problem.box), np.sqrt(0.5), 1.0)
    y = np.linalg.lstsq(weights[:, None] * A.T, weights * problem.c)[0]
    slack = problem.c - A.T @ y
    s, v = slack.copy(), np.zeros(k)
    for i, j in enumerate(problem.box):
        s[j], v[i] = max(slack[j], 0.0), max(-slack[j], 0.0)
    up, more = 1.5 * max(0, -z.min(), -w.min(initial=0)), 1.5 * max(0, -s.min())
    z, w, s, v = z + up, w + up, s + more, v + more
    product = max(z @ s + w @ v, 1e-8)
    up = max(0.5 * product / max(s.sum() + v.sum(), 1e-8), 1e-3)
    more = max(0.5 * product / max(z.sum() + w.sum(), 1e-8), 1e-3)
    return Point(z + up, w + up, s + more, v + more, y)


@pytest.mark.parametrize("seed", range(6))
def test_the_start_is_the_least_squares_answer_pushed_inside(seed):
    rng = np.random.default_rng(seed)
    problem, _ = inner_problem(rng)
    inside = 0.5 + rng.uniform(size=9)
    zero = np.zeros_like
    for b, c, upper in (
        (problem.b, problem.c, problem.upper),
        (10 * problem.b, problem.c, problem.upper),  # far outside the bounds
        (problem.A @ inside, np.abs(problem.c), problem.upper + 2),  # hardly anything to push
        (zero(problem.b), zero(problem.c), problem.upper),
        (1e4 * problem.b, zero(problem.c), 1e4 * problem.upper),
        (zero(problem.b), zero(problem.c), zero(problem.upper)),
        (zero(problem.b), 1e4 * problem.c, zero(problem.upper)),
    ):
        other = problem._replace(b=b, c=c, upper=upper)
        for part, expected in zip(starting_point(other), start_of_the_book(other), strict=True):
            np.testing.assert_allclose(part, expected, rtol=1e-6, atol=1e-8)


def outlook(z=(1.0, 1.0), v=(0.0,), y=(0.0, 0.0), c=(1.0, 1.0), b=(1.0, 1.0), upper=(4.0,), first=(1.0, 1.0)):
    """Whether two variables, the second bounded above, in x + y and x − y, are on their way to nowhere."""
    A = sparse.csc_array([first, (1.0, -1.0)])
    parts = (np.array(part, dtype=float) for part in (b, c, upper))
    b, c, upper = parts
    problem = Problem(A, A.T.tocsr(), b, c, upper, np.array([1]), None)
    return diverging(problem, Point(np.array(z), np.ones(1), np.ones(2), np.array(v), np.array(y)))


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({}, False),
        ({"y": (-3.0, 1.0), "b": (-1.0, 1.0), "upper": (0.0,)}, True),  # Aᵀy = (−2, −4) and bᵀy = 4: nothing fits
        ({"y": (-3.0, 1.0), "b": (1.0, 1.0), "upper": (0.0,)}, False),
        ({"y": (3.0, -3.0), "b": (1.0, 0.0), "v": (6.0,), "upper": (0.1,)}, True),  # Aᵀy − v = (0, 0), floor 2.4
        ({"y": (3.0, -3.0), "b": (1.0, 0.0), "v": (6.0,), "upper": (0.4,)}, True),  # 0.6
        ({"y": (3.0, -3.0), "b": (1.0, 0.0), "v": (6.0,), "upper": (0.6,)}, False),  # the floor is −0.6
        ({"y": (3.0, -3.0), "b": (1.0, 0.0), "v": (0.0,), "upper": (0.1,)}, False),
        ({"y": (0.0, 0.0), "b": (1.0, 0.0)}, False),  # no floor at all
        ({"y": (1.0, 1.0), "b": (1.0, 1.0)}, False),  # rising
        ({"y": (0.9, 0.0), "b": (0.9e6, 0.0), "upper": (0.0,)}, False),  # a millionth of the floor and a bit
        ({"y": (0.9, 0.0), "b": (1.1e6, 0.0), "upper": (0.0,)}, True),
        ({"z": (0.9, 0.0), "c": (-0.9e6, 0.0)}, False),  # misses the rows by 0.9, beside 0.81
        ({"z": (0.9, 0.0), "c": (-1.1e6, 0.0)}, True),
        ({"z": (0.9, 0.0), "c": (1.1e6, 0.0)}, False),
        ({"z": (0.9, 0.1), "c": (-1.1e6, 0.0)}, False),  # 1.0 beside 0.99
        ({"z": (-0.45, 0.45), "c": (1e6, 0.0)}, False),  # −0.9 in the second row
        ({"z": (0.4, 0.45), "c": (-2e6, 0.0)}, False),  # 0.85 in the first
        ({"z": (-0.5, 0.5), "c": (2.2e6, 0.0)}, True),  # 0, −1, and half a bounded variable, beside 1.1
        ({"z": (0.0, 2.0), "c": (0.0, -1.05e6)}, True),
        ({"z": (-2.0, 2.0), "c": (1e6, -0.99e6)}, False),
        ({"z": (0.0, 0.0), "c": (-1.0, 0.0)}, False),
        ({"y": (1.0, 0.0), "b": (1e6, 0.0), "upper": (0.0,)}, True),  # a millionth is enough
        ({"z": (1.0, 0.0), "c": (-1e6, 0.0)}, True),
        ({"z": (1.0, 1.0), "c": (-0.9e6, 0.0), "first": (2.0, -2.0)}, False),  # keeps the rows, but not the bound
        ({"z": (1.0, 1.0), "c": (-1.1e6, 0.0), "first": (2.0, -2.0)}, True),
    ],
)
def test_a_path_leads_nowhere_when_a_proof_or_a_ray_is_nearly_one(where, expected):
    assert outlook(**where) is expected


@pytest.mark.parametrize(
    ("missed", "price", "expected"),
    [
        ((1.3e-3, -1.3e-3, -1.5e-3), 0.0, True),  # beside sides up to 0.4 and costs up to 0.6
        ((1.5e-3, 0.0, 0.0), 0.0, False),
        ((0.0, -1.5e-3, 0.0), 0.0, False),
        ((0.0, 0.0, 1.7e-3), 0.0, False),
        ((0.0, 0.0, 0.0), 4.8e-3, True),  # a gap of 0.96e-3 beside a value of nothing
        ((0.0, 0.0, 0.0), -5.2e-3, False),
    ],
)
def test_beside_numbers_below_one_it_is_one_that_counts(missed, price, expected):
    problem = SimpleNamespace(b=np.array([-0.2, 0.1]), c=np.array([0.6, -0.5]), upper=np.array([0.4]))
    problem.residuals = lambda at: (np.array([missed[0], 0.0]), np.array([missed[1]]), np.array([0.0, missed[2]]))
    at = Point(z=np.zeros(2), w=np.ones(1), s=np.ones(2), v=np.zeros(1), y=np.array([price, 0.0]))
    assert optimal(problem, at, tol=1e-3, constant=0.0) is expected


def test_every_step_is_mehrotras():
    program = mixed_program(np.random.default_rng(3), n=12, m_ub=4, m_eq=2)
    inside = np.clip(np.random.default_rng(4).normal(size=12), *program.bounds.T)
    y = np.array([-0.5, -1.0, 0.0, -0.2, 0.7, -0.3])
    sides = {"b_ub": program.A_ub @ inside + 0.5, "b_eq": program.A_eq @ inside}
    program = replace(
        program, c=np.vstack([program.A_ub, program.A_eq]).T @ y + np.isfinite(program.bounds[:, 0]), **sides
    )
    path, before, count = interior_point(program), None, 0
    for x in path:
        count += 1
        state = path.state
        problem, d = state["problem"], state["d"]
        before = starting_point(problem) if before is None else before
        if count <= 5:
            rest, mu = problem.residuals(before), before.mu()
            problem.factorise(before)
            zs, wv = before.z * before.s, before.w * before.v
            first = dense_direction(problem, before, rest, -zs, -wv)
            sigma = (before.towards(first, *before.steps(first)).mu() / mu) ** 3
            assert state["sigma"] == pytest.approx(sigma, rel=1e-4)
            second = sigma * mu - zs - first.z * first.s, sigma * mu - wv - first.w * first.v
            expected = problem.centred(before, dense_direction(problem, before, rest, *second), sigma * mu)
            for part, other in zip(d, expected, strict=True):
                np.testing.assert_allclose(part, other, rtol=1e-3, atol=1e-4)
        primal, dual = (min(1.0, 0.9995 * step) for step in before.steps(d))
        for part, other in zip(state["at"], drawn_in(before.towards(d, primal, dual), state["halves"]), strict=True):
            np.testing.assert_array_equal(part, other)
        before = state["at"]
        assert state["iterations"] == count
        assert (program.bounds[:, 0] <= x).all()
        assert (x <= program.bounds[:, 1]).all()
    assert path.reason == "optimal"
    assert path.state["solution"].iterations == count


@pytest.mark.parametrize(
    ("halves", "expected"),
    [
        ((2000.0, 2001.0), (30.0, 31.0)),
        ((2001.0, 2000.0), (31.0, 30.0)),
        ((20.0, 20.0), (20.0, 20.0)),  # no further out than thirty
        ((2000.0, 2100.0), (2000.0, 2100.0)),  # nor than thirty times their difference
    ],
)
def test_halves_of_a_free_variable_that_stand_far_out_are_drawn_in_by_the_same(halves, expected):
    z, other = np.array([halves[0], 7.0, halves[1]]), np.ones(3)
    at = drawn_in(Point(z, other[:0], other, other[:0], other), np.array([[0], [2]]))
    np.testing.assert_array_equal(at.z, [expected[0], 7.0, expected[1]])


def test_a_step_costs_one_factorisation_and_a_solve_for_each_of_four_directions_at_most(monkeypatch):
    counts = {"factorise": 0, "direction": 0}
    for name in counts:
        true = getattr(Problem, name)

        def counted(*arguments, name=name, true=true):
            counts[name] += 1
            return true(*arguments)

        monkeypatch.setattr(Problem, name, counted)
    rng = np.random.default_rng(0)
    A = rng.normal(size=(10, 20))
    program = LinearProgram(rng.uniform(size=20), A_eq=A, b_eq=A @ rng.uniform(size=20), bounds=[(0, 2)] * 20)
    directions = []
    for _ in interior_point(program):
        assert counts["factorise"] == 1
        directions.append(counts["direction"])
        counts |= dict.fromkeys(counts, 0)
    assert set(directions) <= {3, 4}  # two of Mehrotra's, and one or two bends, of which the last may be for nothing
    assert 4 in directions


def ends(program):
    """How the interior-point method ends, after how many steps, and what it says."""
    path = interior_point(program)
    for _ in path:
        pass
    return path.reason, path.state["solution"].iterations


def roomy():
    return LinearProgram([-3000.0, -2000.0], [[1.0, 1.0], [1.0, 0.0]], [4.0, 3.0])


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([(0.9e-4, 0.9e-4)] * 300, 5),
        ([(0.9e-4, 0.9e-4)] * 4 + [(1e-6, 1.1e-4)] + [(0.9e-4, 0.9e-4)] * 300, 10),
        ([(1e-6, 1.1e-4)] * 300, 200),
    ],
)
def test_a_path_that_hardly_moves_is_given_up_after_five_steps_and_any_after_two_hundred(monkeypatch, steps, expected):
    monkeypatch.setattr(MODULE, "CORRECTORS", 0)
    calls = iter([step for step in steps for _ in range(2)])  # a step is asked for twice
    monkeypatch.setattr(Point, "steps", lambda self, d: next(calls))
    assert ends(roomy()) == ("stalled", expected)


def test_a_path_to_numbers_too_large_is_given_up_and_so_is_one_whose_products_have_vanished(monkeypatch):
    priced = LinearProgram([-3000.0, -2000.0], A_eq=[[1.0, 1.0], [1.0, 0.0]], b_eq=[4.0, 3.0])
    path = interior_point(priced)
    sizes = [max(np.abs(part).max(initial=0.0) for part in path.state["at"]) for _ in path]
    assert sizes[-1] == np.abs(path.state["y"]).max()  # it is a price that is large, and below zero
    for share, end in ((1.001, ("optimal", len(sizes))), (0.999, ("stalled", 1 + int(np.argmax(sizes))))):
        monkeypatch.setattr(MODULE, "HUGE", share * max(sizes))
        assert ends(priced) == end
    monkeypatch.undo()
    monkeypatch.setattr(MODULE, "optimal", lambda *args, **more: False)
    path = interior_point(roomy())
    products = [path.state["at"].mu() for _ in path]
    assert path.reason == "stalled"
    assert products[-1] <= 1e-20 * path.state["first"] < products[-2]


def test_a_suspicion_is_looked_into_once_and_the_path_goes_on(monkeypatch):
    asked, true = [], MODULE.explain
    monkeypatch.setattr(MODULE, "explain", lambda program: asked.append(program) or true(program))
    monkeypatch.setattr(MODULE, "diverging", lambda *args: True)
    assert ends(roomy())[0] == "optimal"
    assert len(asked) == 1
    monkeypatch.setattr(MODULE, "diverging", lambda *args: False)
    assert ends(roomy())[0] == "optimal"
    assert len(asked) == 1  # no suspicion, no question
    assert ends(LinearProgram([1.0, 1.0], [[1.0, 1.0]], [-1.0]))[0] == "infeasible"


def test_the_reason_is_a_proof_that_nothing_fits_or_a_ray_that_keeps_every_row():
    # x₀ = −2 cannot be; of x₁ = 3, its double, and x₀ + x₁ ≤ −1, not all can.
    rows, sides = [[1.0, 0.0], [0.0, 1.0], [0.0, 2.0]], [-2.0, 3.0, 6.0]
    program = LinearProgram([1.0, 1.0], [[1.0, 1.0]], [-1.0], rows, sides)
    found = explain(program)
    assert (found.status, found.ray) == ("infeasible", None)
    floor, off = lp_floor(replace(program, c=np.zeros(2)), found.y_ub, found.y_eq)
    assert floor > 0
    assert off <= 1e-12
    # x₀ may rise only with x₁ and, by the equality, with −x₂, which is bounded above only.
    program = LinearProgram(
        [-2.0, 0.5, 0.25, 1.0],
        [[1.0, -1.0, 0.0, 0.0]],
        [5.0],
        [[1.0, 0.0, 1.0, 0.0]],
        [2.0],
        [*[(0, None)] * 2, (None, 3), (1, 2)],
    )
    found = explain(program)
    assert found.status == "unbounded"
    np.testing.assert_allclose(found.ray / found.ray.max(), [1, 1, -1, 0], atol=1e-12)


@pytest.mark.parametrize(("entry", "at"), [(0.1, -3.0), (-0.1, 3.0)])
def test_the_rounding_that_fixed_variables_leave_of_a_side_is_nothing(entry, at):
    program = LinearProgram(c=[1.0, 1.0], A_eq=[[entry, 0.0]], b_eq=[-0.3], bounds=[(at, at), (0.0, 1.0)])
    assert -0.3 - entry * at != 0
    assert (standard_form(program).b == 0).all()


def test_numbers_below_zero_are_brought_up_to_one_like_those_above():
    tiny = LinearProgram(c=[-1e-12], A_ub=[[-1e-12]], b_ub=[1.0])
    assert 0.5 <= -standard_form(tiny).c.min() <= 2
    assert 0.5 <= -standard_form(tiny, scaled=False).A.min() <= 2
    below = LinearProgram(c=[1.0], A_ub=[[-1.0]], b_ub=[-1e-12])
    assert 1 <= -standard_form(below).b[0] < 2


@pytest.mark.parametrize("scaled", [True, False])
def test_a_program_without_rows_is_given_one_that_says_nothing(scaled):
    form = standard_form(LinearProgram(c=[1.0, -1.0], bounds=[(0, 1)] * 2), scaled=scaled)
    assert (form.A.shape, form.b.tolist()) == ((1, 3), [0.0])


@pytest.mark.parametrize("solver", [simplex, interior_point])
@pytest.mark.parametrize(("side", "status"), [(3.0, "optimal"), (4.0, "infeasible")])
def test_where_the_bounds_leave_one_point_it_is_the_answer_or_there_is_none(solver, side, status):
    program = LinearProgram([1.0, 2.0], A_eq=[[1.0, 1.0]], b_eq=[side], bounds=[(1, 1), (2, 2)])
    stream = solver(program)
    found = solution(stream)
    assert found.status == stream.reason == status
    if status == "optimal":
        np.testing.assert_array_equal(found.x, [1.0, 2.0])


def test_costs_that_all_are_thousands_are_brought_down_to_one():
    # Beside rows of 10¹⁰ Bland's rule once took the rounding of such costs for a gain, along an edge without end.
    for given in ([600.0, -4e4], [-600.0, -4e4]):
        costs = standard_form(LinearProgram(given, [[1.0, 1.0]], [1.0]), scaled=False).c
        np.testing.assert_array_equal(costs, np.array([*given, 0.0]) / 512)


@pytest.mark.parametrize("solver", [simplex, interior_point])
@pytest.mark.parametrize("length", [1e-12, 1e-10, 1.0, 1e10, 1e12])
def test_a_box_alone_may_be_of_any_length(solver, length):
    program = LinearProgram([1.5, -1.25, 2.0], bounds=np.array([[-1.0, 1.0], [-3.0, 0.0], [0.0, 2.0]]) * length)
    np.testing.assert_allclose(solution(solver(program)).x / length, [-1, 0, 0], atol=1e-8)


def test_where_nothing_is_missed_no_tolerance_is_needed():
    problem = SimpleNamespace(b=np.ones(1), c=np.ones(1), upper=np.ones(1))
    problem.residuals = lambda at: (np.zeros(1), np.zeros(1), np.zeros(1))
    at = Point(z=np.ones(1), w=np.ones(1), s=np.ones(1), v=np.zeros(1), y=np.ones(1))
    assert optimal(problem, at, tol=0.0, constant=0.0)


def test_the_unit_of_costs_changes_no_step():
    program = LinearProgram([1.0, 1.5], [[1.0, 2.0]], [40.0], [[1.0, -1.0]], [1.0], bounds=[(7, 30), (5, 20)])
    plain = list(interior_point(program))
    for unit in (2.0**-20, 2.0**20):
        np.testing.assert_array_equal(list(interior_point(replace(program, c=unit * program.c))), plain)
