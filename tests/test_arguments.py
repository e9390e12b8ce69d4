"""The rules by which arguments are accepted or refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optcourse import arguments
from optcourse.arguments import checked, refuse, shown

GOOD = {
    "iterate": [0, -1.5, True, [1, 2], np.ones((2, 3), np.float32), ((1.0,), (2.0,))],
    "matrix": [[[1, 2]], np.ones((3, 3))],
    "vector": [[1, 2], np.ones(1), ()],
    "function": [abs, np.sin, lambda theta: theta],
    "number": [0, -1, 2.5, np.float32(1), np.int64(3)],
    "positive": [1e-300, 1, np.float64(2)],
    "non_negative": [0, 0.0, 3],
    "fraction": [0, 0.5, 0.999],
    "open_fraction": [0.5, 1e-300, 0.999],
    "flag": [True, False, np.bool_(True)],
    "probability": [0, 0.5, 1, 1.0],
    "count": [1, 7, np.int64(3)],
    "index": [0, 7, np.int64(3)],
    "generator": [np.random.default_rng(0)],
    "rate": [0.1, 1, lambda step: 0.1],
}
ODD_NUMBERS = [np.nan, np.inf, -np.inf, "1", None, 1j, [1], True, np.bool_(True)]
BAD = {
    "iterate": [np.nan, [1, np.inf], "4", None, 1j, [[1], [1, 2]], [], {}, np.array(["a"])],
    "matrix": [[1, 2], 3, [[np.nan]], np.ones((2, 2, 2))],
    "vector": [3, [[1]], [np.inf], "ab"],
    "function": [3, None, "abs", np.ones(2)],
    "number": ODD_NUMBERS,
    "positive": [*ODD_NUMBERS, 0, -1],
    "non_negative": [*ODD_NUMBERS, -1e-300],
    "fraction": [*ODD_NUMBERS, 1, 1.5, -0.1],
    "open_fraction": [*ODD_NUMBERS, 0, 1, 1.5, -0.1],
    "flag": ["yes", None, 0, 1, [True]],
    "probability": [*ODD_NUMBERS, 1.5, -0.1],
    "count": [*ODD_NUMBERS, 0, -1, 2.0],
    "index": [*ODD_NUMBERS, -1, 2.0],
    "generator": [0, None, np.random, np.random.RandomState(0), np.random.default_rng],
    "rate": [*(odd for odd in ODD_NUMBERS), 0, -1],
}


def cases(table):
    return [
        pytest.param(rule, value, id=f"{rule}-{shown(value, 20)}") for rule, values in table.items() for value in values
    ]


@pytest.mark.parametrize(("rule", "value"), cases(GOOD))
def test_sense_is_accepted(rule, value):
    checked_value = getattr(arguments, rule)("x", value)
    if not callable(value) and not isinstance(value, np.random.Generator):
        assert np.array_equal(checked_value, value)


@pytest.mark.parametrize(("rule", "value"), cases(BAD))
def test_nonsense_is_refused_with_name_and_value(rule, value):
    with pytest.raises(ValueError, match=r"^momentum_of_x = ") as refusal:
        getattr(arguments, rule)("momentum_of_x", value)
    assert str(refusal.value).startswith(str(refuse("momentum_of_x", value, "")))


def test_every_rule_of_the_course_is_tried_here():
    tried = {getattr(arguments, name) for name in GOOD}
    assert {rule for rule in arguments.RULES.values() if rule.__module__ == arguments.__name__} <= tried
    assert GOOD.keys() == BAD.keys()


def test_an_iterate_is_a_copy_and_keeps_its_precision():
    given_array = np.ones(2, np.float32)
    copy = arguments.iterate("theta", given_array)
    copy[0] = 5
    assert given_array[0] == 1
    assert copy.dtype == np.float32


def test_one_of_names_the_choices():
    with pytest.raises(ValueError, match=r"^scheme = 'up': must be one of 'left', 'right'$"):
        arguments.one_of("left", "right")("scheme", "up")


@pytest.mark.parametrize("odd", [[], {}, np.ones(2), None, 3])
def test_one_of_refuses_what_is_not_even_a_word(odd):
    with pytest.raises(ValueError, match=r"^scheme = "):
        arguments.one_of("left", "right")("scheme", odd)


def test_checked_looks_at_defaults_and_keywords_alike_and_lets_an_absent_none_pass():
    @checked(alpha=arguments.positive)
    def f(theta, alpha=None, *, lr=0.1):
        return theta, alpha, lr

    assert f(1) == (1.0, None, 0.1)
    assert f(theta=1, alpha=2, lr=3) == (1.0, 2.0, 3.0)
    with pytest.raises(ValueError, match=r"^lr = 0"):
        f(1, lr=0)
    with pytest.raises(ValueError, match=r"^theta = None"):
        f(None)
    with pytest.raises(TypeError, match="missing a required argument: 'theta'"):
        f()

    @checked()
    def g(lr=1):
        return lr

    assert isinstance(g(), float)  # a default is converted as what is given is


@given(st.text(max_size=300))
def test_a_shown_value_is_one_short_line(text):
    line = shown(text)
    assert len(line) <= 60
    assert "\n" not in line


def test_a_value_is_cut_only_where_it_would_not_fit():
    assert shown("x" * 58) == "'" + "x" * 58 + "'"  # with its quotes exactly 60
    assert shown("x" * 59) == "'" + "x" * 58 + "…"
    assert shown([1, 2], limit=6) == "[1, 2]"
    assert shown([1, 2], limit=5) == "[1, …"


def test_arguments_are_checked_by_position_as_by_name():
    @checked(low=arguments.positive, high=arguments.positive)
    def span(low, high=None):
        return low, high

    assert span(2, 3) == span(2, high=3) == span(low=2, high=3) == (2, 3)
    assert span(2, None) == span(2) == (2, None)  # None is what stands for "not given" here
    for call in (lambda: span(2, -3), lambda: span(2, high=-3)):
        with pytest.raises(ValueError, match="high = -3"):
            call()
    for call in (lambda: span(None, 3), lambda: span(None)):
        with pytest.raises(ValueError, match="low = None"):
            call()
    with pytest.raises(TypeError):
        span(2, 3, 4)
    with pytest.raises(TypeError, match="multiple values for argument 'high'"):
        span(2, 3, high=4)


@pytest.mark.parametrize("order", ["C", "F"])
def test_entries_whose_squares_overflow_are_finite_nevertheless(order):
    table = np.array([[1e200, -1e300], [0.0, 1.0]], order=order)
    np.testing.assert_array_equal(arguments.matrix("A", table), table)
    table[1, 0] = np.inf
    with pytest.raises(ValueError, match=r"A = .*must be finite"):
        arguments.matrix("A", table)


def test_a_vector_fits_another_of_the_same_length():
    assert arguments.fitting("x", [1, 2], np.zeros(2)).tolist() == [1.0, 2.0]
    for wrong, complaint in (([1, 2, 3], r"must have shape \(2,\), not \(3,\)"), ([[1, 2]], "must be a vector")):
        with pytest.raises(ValueError, match=rf"^x = .*: {complaint}"):
            arguments.fitting("x", wrong, np.zeros(2))


def test_what_a_function_returned_may_be_infinite_but_not_nan():
    assert arguments.defined("loss", 2.5, 1.0) == 2.5
    assert arguments.defined("loss", np.inf, 1.0) == np.inf
    with pytest.raises(arguments.NonFiniteError, match=r"^loss returned nan at theta = 1\.0$"):
        arguments.defined("loss", np.nan, 1.0)


@pytest.mark.parametrize("rule", ["number", "positive", "probability", "rate"])
def test_a_whole_number_beyond_all_floats_is_refused(rule):
    with pytest.raises(ValueError, match=r"^x = 1000"):
        getattr(arguments, rule)("x", 10**400)


def test_a_power_of_two_brings_every_size_between_one_and_two_and_keeps_its_digits():
    sizes = np.array([5e-324, 1e-310, 2.0**-30, 0.7, 1.0, 1.5, 2.0, 3.0, 2.0**30, 1.7e308])
    units = arguments.power_of_two(sizes)
    assert (sizes / units >= 1).all()
    assert (sizes / units < 2).all()
    np.testing.assert_array_equal(sizes / units * units, sizes)
    assert set(np.frexp(units)[0]) == {0.5}
    assert 0.0 / arguments.power_of_two(0.0) == 0.0


@pytest.mark.parametrize("unit", [5e-324, 2.0**-1000, 1e-160, 1e-140, 1.0, 1e140, 2.0**1000])
def test_the_norm_is_that_of_the_entries_in_any_units(unit):
    assert arguments.norm([3 * unit, -4 * unit]) == pytest.approx(5 * unit, rel=1e-15, abs=0)
    assert arguments.norm([-3 * unit, -4 * unit]) == pytest.approx(5 * unit, rel=1e-15, abs=0)
    assert arguments.norm([[3 * unit, 0.0], [0.0, 4 * unit]]) == pytest.approx(5 * unit, rel=1e-15, abs=0)


def test_the_norm_of_nothing_is_zero_and_what_is_not_finite_shows():
    assert arguments.norm([]) == arguments.norm(0.0) == arguments.norm([0.0, 0.0]) == 0
    assert arguments.norm([1.0, -np.inf]) == np.inf
    assert np.isnan(arguments.norm([1.0, np.nan]))
    assert arguments.norm(np.array([3e30, 4e30], np.float32)) == pytest.approx(5e30)  # single precision has no 1e60
    tenths = np.array([0.1, 0.2], np.float32)
    assert arguments.norm(tenths) == pytest.approx(np.linalg.norm(tenths.astype(float)), rel=1e-15)


@given(st.lists(st.floats(-1e100, 1e100), min_size=1, max_size=6))
def test_the_norm_is_numpys_where_squares_are_floats(entries):
    assert arguments.norm(entries) == pytest.approx(np.linalg.norm(entries), rel=1e-15, abs=1e-150)


def test_squares_fit_where_the_least_is_a_whole_float_and_zeros_stand_beside():
    arguments.squares_fit("X", np.array([0.0, np.sqrt(np.finfo(float).tiny)]))
    with pytest.raises(ValueError, match=r"^X = .* floats do not hold its squares$"):
        arguments.squares_fit("X", np.array([0.0, 1e-200]))


def test_a_box_may_be_as_wide_as_a_float_can_tell():
    most = np.finfo(float).max
    arguments.below(np.array([-0.5 * most, 0.0]), np.array([0.5 * most, 1.0]))
    with pytest.raises(ValueError, match=r"^low = .*: is so far below high = .* that no float tells how far$"):
        arguments.below(np.array([-0.51 * most, 0.0]), np.array([0.5 * most, 1.0]))
    for high in ([0.0, 1.0], [1.0, -1.0], [1.0, 1.0, 1.0]):
        with pytest.raises(ValueError, match=r"^low = .*: must lie below high = .*, entry by entry$"):
            arguments.below(np.zeros(2), np.array(high))


@pytest.mark.parametrize("data", [[0.0, 0.0], [1e-153, 0.0], [1e153, 0.0], [[1.0, 2.0], [3.0, 4.0]]])
def test_data_that_can_be_squared_are_let_through(data):
    arguments.squares_fit("X", np.asarray(data))
    for unit in (1e-200, 1e200):
        if np.max(data) == 4:
            with pytest.raises(ValueError, match=r"^X = .*floats do not hold its squares$"):
                arguments.squares_fit("X", unit * np.asarray(data))
