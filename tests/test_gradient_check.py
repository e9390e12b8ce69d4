"""3.15: numerical gradients, and the verdicts of the gradient checker."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optcourse import (
    check_directions,
    check_gradient,
    check_hessian_vector,
    numerical_gradient,
    numerical_hessian,
    problems,
    relative_error,
)
from optcourse.arguments import NonFiniteError

U = 2.0**-53  # the unit roundoff of float64


class Counting:
    """A function that counts its calls and remembers where it was asked."""

    def __init__(self, f):
        self.f, self.asked = f, []

    def __call__(self, theta):
        self.asked.append(np.copy(theta))
        return self.f(theta)


def cubes(theta):
    return np.sum(theta**3)


def cubes_grad(theta):
    return 3 * theta**2


# ------------------------------------------------------------------------------------- numerical gradient


@pytest.mark.parametrize(("scheme", "calls"), [("central", 10), ("forward", 6), ("complex", 5)])
def test_it_costs_as_many_evaluations_as_stated(scheme, calls):
    f = Counting(cubes)
    numerical_gradient(f, np.arange(1.0, 6.0), scheme=scheme)
    assert len(f.asked) == calls


@pytest.mark.parametrize("scheme", ["central", "forward", "complex"])
@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 3)])
def test_every_shape_is_kept(scheme, shape):
    theta = np.linspace(1, 2, int(np.prod(shape))).reshape(shape)
    slope = numerical_gradient(cubes, theta, scheme=scheme)
    assert np.shape(slope) == shape
    assert slope == pytest.approx(3 * theta**2, rel=1e-6)


def test_single_precision_stays_single():
    assert numerical_gradient(cubes, np.ones(2, np.float32)).dtype == np.float32


@pytest.mark.parametrize("theta", [np.float32(0.7), np.float32([0.7, -2.0])])
def test_the_complex_step_computes_in_double_precision_even_where_theta_is_single(theta):
    f = Counting(lambda at: np.sum(np.exp(at) / at))
    slope = numerical_gradient(f, theta, scheme="complex")
    assert {at.dtype for at in f.asked} == {np.dtype(complex)}
    exact = np.float64(theta)
    assert np.array_equal(slope, np.float32(np.exp(exact) * (exact - 1) / exact**2))  # every digit that single has


def test_the_default_steps_are_those_of_the_page():
    theta = np.array([0.5, -300.0])
    for scheme, best in (("central", (3 * U) ** (1 / 3)), ("forward", U**0.5)):
        f = Counting(cubes)
        numerical_gradient(f, theta, scheme=scheme)
        walked = np.max(np.abs(np.array(f.asked) - theta), axis=0)
        assert walked == pytest.approx(best * np.array([1, 300]), rel=1e-5)


def test_a_step_that_is_given_is_the_same_for_every_coordinate():
    f = Counting(cubes)
    numerical_gradient(f, [0.5, -300.0], eps=0.25)
    assert np.max(np.abs(np.array(f.asked) - [0.5, -300.0]), axis=0).tolist() == [0.25, 0.25]


def test_the_distance_walked_is_the_distance_divided_by():
    """At θ = 1e8 and ε = 1e-7, θ + ε rounds by a tenth of ε; dividing by 2ε would show it."""
    assert numerical_gradient(lambda theta: theta, 1e8, eps=1e-7) == 1.0
    assert numerical_gradient(lambda theta: theta, 1e8, eps=1e-7, scheme="forward") == 1.0


@pytest.mark.parametrize(("scheme", "order"), [("central", 2), ("forward", 1), ("complex", 2)])
def test_the_error_shrinks_with_the_order_of_the_scheme(scheme, order):
    steps = np.array([1e-1, 1e-2])
    errors = [abs(numerical_gradient(np.exp, 1.0, eps=eps, scheme=scheme) - np.e) for eps in steps]
    assert np.log10(errors[0] / errors[1]) == pytest.approx(order, abs=0.05)


def test_the_error_curve_of_central_differences_is_a_u_with_its_bottom_near_the_default_step():
    steps = np.logspace(-13, -1, 49)
    rng = np.random.default_rng(0)
    points = rng.uniform(0.5, 1.5, 40)
    errors = np.array(
        [np.mean([abs(numerical_gradient(np.exp, x, eps=eps) - np.exp(x)) for x in points]) for eps in steps]
    )
    bottom = steps[np.argmin(errors)]
    best = (3 * U) ** (1 / 3)
    assert best / 10 < bottom < best * 10
    assert errors[0] > 1e4 * errors.min()  # rounding, on the left
    assert errors[-1] > 1e4 * errors.min()  # the formula's own error, on the right


def test_the_complex_step_has_no_left_side():
    for eps in (1e-8, 1e-20, 1e-100, 1e-200):
        assert numerical_gradient(np.exp, 1.0, eps=eps, scheme="complex") == pytest.approx(np.e, rel=4 * U)


def test_central_differences_are_exact_for_parabolas_up_to_rounding():
    assert numerical_gradient(lambda theta: theta**2, 3.0, eps=0.5) == 6.0


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_it_is_linear_in_the_loss(seed):
    rng = np.random.default_rng(seed)
    theta, a, b = rng.normal(size=3), *rng.normal(size=2)
    bowl = problems.quadratic(dim=3)
    together = numerical_gradient(lambda at: a * bowl.loss(at) + b * np.sum(np.sin(at)), theta)
    apart = a * numerical_gradient(bowl.loss, theta) + b * numerical_gradient(lambda at: np.sum(np.sin(at)), theta)
    size = abs(a) * bowl.loss(theta) + 3 * abs(b) + 1
    assert together == pytest.approx(apart, abs=20 * U * size / (3 * U) ** (1 / 3))


def test_a_loss_that_scribbles_on_its_argument_does_no_harm():
    def scribbling(theta):
        value = np.sum(theta**2)
        theta[:] = 99
        return value

    theta = np.array([1.0, 2.0])
    assert numerical_gradient(scribbling, theta) == pytest.approx([2, 4], rel=1e-9)
    assert theta.tolist() == [1, 2]


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"f": 3}, "f"),
        ({"theta": np.nan}, "theta"),
        ({"theta": []}, "theta"),
        ({"theta": "one"}, "theta"),
        ({"eps": 0}, "eps"),
        ({"eps": -1e-6}, "eps"),
        ({"eps": np.nan}, "eps"),
        ({"eps": 1e-17}, "eps"),  # lost in rounding
        ({"scheme": "backward"}, "scheme"),
        ({"f": lambda theta: theta}, "f"),  # two numbers
        ({"f": lambda theta: None}, "f"),
        ({"f": lambda theta: "low"}, "f"),
        ({"f": lambda theta: 1j * theta[0]}, "f"),
        ({"f": lambda theta: float(theta[0].real), "scheme": "complex"}, "f"),
        ({"f": lambda theta: float(theta[0]), "scheme": "complex"}, "f"),
    ],
)
@pytest.mark.filterwarnings("ignore:Casting complex")
def test_nonsense_is_refused_by_name(arguments, name):
    with pytest.raises(ValueError, match=rf"^{name} = "):
        numerical_gradient(**{"f": cubes, "theta": [1.0, 2.0], **arguments})


def test_a_step_lost_in_rounding_is_named_with_its_coordinate():
    with pytest.raises(ValueError, match=r"^eps = 1e-09: .* theta\[1\]"):
        numerical_gradient(cubes, [1.0, 1e9], eps=1e-9)
    with pytest.raises(ValueError, match=r"^eps = "):
        numerical_gradient(cubes, np.ones(2, np.float32), eps=1e-9)


def test_a_loss_that_is_not_finite_raises_with_the_place():
    with pytest.raises(NonFiniteError, match=r"^f returned nan at theta = "):
        numerical_gradient(lambda theta: np.nan, 1.0)


# -------------------------------------------------------------------------------------- numerical Hessian


def test_the_numerical_hessian_is_symmetric_and_right():
    hessian = numerical_hessian(lambda theta: theta[0] ** 2 * theta[1] + np.sin(theta[2]), [1.0, 2.0, 0.5])
    assert np.array_equal(hessian, hessian.T)
    exact = [[4, 2, 0], [2, 0, 0], [0, 0, -np.sin(0.5)]]
    assert hessian == pytest.approx(np.array(exact), abs=1e-6)


def test_the_numerical_hessian_of_a_function_of_a_number_is_a_number():
    curvature = numerical_hessian(lambda theta: theta**4, 1.0)
    assert np.ndim(curvature) == 0
    assert curvature == pytest.approx(12, abs=1e-5)


def test_the_numerical_hessian_of_a_matrix_has_a_row_per_entry():
    hessian = numerical_hessian(lambda theta: np.sum(theta**2), np.ones((2, 3)))
    assert hessian == pytest.approx(2 * np.eye(6), abs=1e-6)


def test_the_numerical_hessian_costs_two_n_times_n_plus_one():
    f = Counting(cubes)
    numerical_hessian(f, np.ones(4))
    assert len(f.asked) == 2 * 4 * 5


# ----------------------------------------------------------------------------------------- relative error


def test_relative_error_is_the_quotient_of_the_page():
    a, b = np.array([1.0, 2.0, 2.0]), np.array([1.0, 2.0, 1.0])
    expected = np.linalg.norm(a - b) / (np.linalg.norm(a) + np.linalg.norm(b) + 1e-3)
    assert relative_error(a, b, delta=1e-3) == pytest.approx(expected, rel=1e-14)


@given(
    st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=5).map(np.array),
    st.floats(1e-3, 1e3),
    st.integers(0, 2**32 - 1),
)
def test_relative_error_is_symmetric_between_zero_and_one_and_blind_to_scale(a, scale, seed):
    b = np.random.default_rng(seed).normal(size=a.shape)
    error = relative_error(a, b)
    assert 0 <= error <= 1
    assert relative_error(b, a) == error
    assert relative_error(scale * a, scale * b, delta=scale * 1e-12) == pytest.approx(error, rel=1e-9)
    assert relative_error(a, a) == 0
    assert relative_error(b, -b) == pytest.approx(1)


def test_relative_error_is_quiet_at_zero_and_at_both_ends_of_the_floats():
    assert relative_error([0.0, 0.0], [0.0, 0.0]) == 0
    assert relative_error([0.0], [0.0], delta=0) == 0
    assert relative_error([0.0], [1e-15]) < 1e-2
    assert relative_error([1e300, 1e300], [-1e300, -1e300]) == pytest.approx(1)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"a": [np.nan, 1.0]}, "a"),
        ({"b": [np.inf, 1.0]}, "b"),
        ({"b": [1.0]}, "b"),
        ({"b": 1.0}, "b"),
        ({"delta": -1e-9}, "delta"),
        ({"delta": np.nan}, "delta"),
    ],
)
def test_relative_error_refuses_nonsense_by_name(arguments, name):
    with pytest.raises(ValueError, match=rf"^{name} = "):
        relative_error(**{"a": [1.0, 2.0], "b": [1.0, 2.0], **arguments})


# ------------------------------------------------------------------------------------------------ verdicts


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(problems.GALLERY), st.integers(0, 2**32 - 1))
def test_a_right_gradient_is_never_called_a_bug_and_a_wrong_one_never_right(problem, seed):
    rng = np.random.default_rng(seed)
    theta = rng.uniform(-2, 2, 2)
    assert check_gradient(problem.loss, problem.grad, theta).passed
    factor = 1 + rng.choice([-2, -1, -1e-2, 1e-2, 1])
    wrong = check_gradient(problem.loss, lambda at: factor * problem.grad(at), theta)
    assert wrong.verdict == "bug"


@pytest.mark.parametrize(
    ("factor", "verdict"), [(1 + 1e-10, "almost surely right"), (1 + 1e-5, "look"), (1.01, "bug"), (-1, "bug")]
)
def test_the_thresholds_are_those_of_the_page(factor, verdict):
    report = check_gradient(cubes, lambda theta: factor * cubes_grad(theta), [1.0, -0.5, 2.0])
    assert report.verdict == verdict
    assert report.passed == (verdict == "almost surely right")
    expected = abs(factor - 1) / (abs(factor) + 1)
    assert report.relative_error == pytest.approx(expected, rel=1e-3, abs=1e-9)


def test_the_worst_coordinate_is_named():
    def one_wrong(theta):
        slopes = cubes_grad(theta)
        slopes[1, 2] *= 1.5
        return slopes

    report = check_gradient(cubes, one_wrong, np.arange(1.0, 7.0).reshape(2, 3))
    assert report.worst == (1, 2)
    assert "worst coordinate [1, 2]" in repr(report)
    assert "<- worst" in next(line for line in repr(report).splitlines() if "[1, 2]" in line)


def test_a_bug_in_a_small_coordinate_does_not_hide_behind_a_large_one():
    report = check_gradient(
        lambda theta: 1e5 * theta[0] ** 2 + 1e-4 * theta[1] ** 2,
        lambda theta: np.array([2e5 * theta[0], 4e-4 * theta[1]]),
        [1e-3, 1.0],
    )
    assert report.verdict != "almost surely right"
    assert report.worst == (1,)


@pytest.mark.parametrize("factor", [2.0, -1.0, 7.0])
def test_a_lost_factor_is_called_so(factor):
    report = check_gradient(cubes, lambda theta: factor * cubes_grad(theta), [1.0, -0.5])
    assert f"{factor:g} times the measured one" in " ".join(report.notes)


def test_a_kink_under_the_point_is_suspected_and_moving_away_is_the_remedy():
    def relu(theta):
        return np.sum(np.maximum(theta, 0))

    def step(theta):
        return (theta > 0) * 1.0

    report = check_gradient(relu, step, [1.0, 0.0, -1.0])
    assert (report.verdict, report.kinks, report.worst) == ("look", ((1,),), (1,))
    assert "Kink suspected at [1]" in repr(report)
    assert check_gradient(relu, step, [1.0, 0.1, -1.0]).passed


@given(st.floats(-1, 1), st.floats(0.1, 10), st.floats(-3, 3))
def test_a_kink_anywhere_within_the_step_is_suspected(where, jump, curvature):
    at = where * (3 * U) ** (1 / 3)
    report = check_gradient(
        lambda theta: jump * abs(theta - at) + curvature * theta**2 + theta,
        lambda theta: jump * np.sign(theta - at) + 2 * curvature * theta + 1,
        0.0,
    )
    assert report.kinks == ((),)
    assert report.verdict == "look"


@pytest.mark.parametrize("power", [2, 3, 4, 5])
def test_flat_but_smooth_places_are_no_kinks(power):
    report = check_gradient(lambda theta: theta**power, lambda theta: power * theta ** (power - 1), 0.0)
    assert report.kinks == ()
    assert report.passed


def test_the_kink_of_the_l1_norm_is_suspected_though_both_sides_agree_on_zero():
    report = check_gradient(lambda theta: np.sum(np.abs(theta)), np.sign, [0.0, 2.0])
    assert report.kinks == ((0,),)
    assert not report.passed


def test_a_kink_does_not_excuse_a_bug_elsewhere():
    report = check_gradient(lambda theta: np.sum(np.abs(theta)), lambda theta: 2 * np.sign(theta), [0.0, 2.0])
    assert report.verdict == "bug"


def test_single_precision_is_warned_of_and_never_passes():
    for theta in (np.array([0.7, -1.3], np.float32), np.array([0.7, -1.3])):
        report = check_gradient(lambda at: np.float32(cubes(at)), lambda at: cubes_grad(at), theta)
        assert not report.passed
        assert "float32" in repr(report)
    assert check_gradient(cubes, cubes_grad, np.array([0.7, -1.3])).notes == ()


def test_nan_in_the_derived_gradient_is_a_bug_and_named():
    report = check_gradient(cubes, lambda theta: np.array([3.0, np.nan]), [1.0, 2.0])
    assert (report.verdict, report.worst) == ("bug", (1,))
    assert "not finite at [1]" in repr(report)
    assert np.isnan(report.relative_error)


def test_a_loss_that_ends_next_to_the_point_asks_to_look():
    report = check_gradient(lambda theta: np.sum(np.sqrt(theta)), lambda theta: 0.5 / np.sqrt(theta), [1.0, 1e-8])
    assert report.verdict == "look"
    assert "not finite next to theta at [1]" in repr(report)


def test_a_loss_that_is_not_finite_at_the_point_itself_raises():
    with pytest.raises(NonFiniteError, match="f returned nan"):
        check_gradient(lambda theta: theta * np.nan, lambda theta: theta, 1.0)


def test_a_stationary_point_passes_with_the_remark_that_it_proves_little():
    valley = problems.rosenbrock()
    report = check_gradient(valley.loss, valley.grad, valley.minimisers[0])
    assert report.passed
    assert "a wrong factor would not show here" in repr(report)


def test_a_huge_loss_that_drowns_the_gradient_asks_to_look():
    report = check_gradient(lambda theta: 1e10 + np.sum(theta**2), lambda theta: 2 * theta, [1.0, 3.0])
    assert report.verdict == "look"
    assert "resolve only" in repr(report)


@pytest.mark.parametrize("scheme", ["central", "forward", "complex"])
def test_every_scheme_passes_right_and_catches_wrong(scheme):
    assert check_gradient(cubes, cubes_grad, [0.5, 1.5], scheme=scheme).passed
    assert check_gradient(cubes, lambda theta: 2.9 * theta**2, [0.5, 1.5], scheme=scheme).verdict == "bug"


def test_the_numerical_side_of_the_report_is_numerical_gradient():
    valley = problems.rosenbrock()
    for scheme in ("central", "forward", "complex"):
        report = check_gradient(valley.loss, valley.grad, valley.start, scheme=scheme)
        assert report.numerical == pytest.approx(numerical_gradient(valley.loss, valley.start, scheme=scheme), rel=1e-9)
        assert report.relative_error == relative_error(report.analytic, report.numerical)


def test_the_evaluations_of_a_check_are_six_n_plus_one():
    f = Counting(cubes)
    report = check_gradient(f, cubes_grad, np.ones(5))
    assert report.evaluations == len(f.asked) == 31


def test_a_check_leaves_its_arguments_alone():
    theta = np.array([1.0, 2.0])

    def scribbling(at):
        slopes = cubes_grad(at)
        at[:] = 99
        return slopes

    assert check_gradient(cubes, scribbling, theta).passed
    assert theta.tolist() == [1, 2]


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        (np.ones(3), r"must return shape \(2,\)"),
        (1.0, r"must return shape \(2,\)"),
        (np.array([1j, 0]), "real numbers"),
    ],
)
def test_a_gradient_of_another_kind_is_refused_by_name(answer, complaint):
    with pytest.raises(ValueError, match=rf"^grad = .*{complaint}"):
        check_gradient(cubes, lambda theta: answer, [1.0, 2.0])


# ----------------------------------------------------------------------------------------------- the report


def test_the_plain_report_has_a_headline_and_a_row_per_coordinate():
    lines = repr(check_gradient(cubes, cubes_grad, [1.0, -2.0])).splitlines()
    assert lines[0].startswith("gradient: almost surely right (relative error ")
    assert [line.split()[0] for line in lines[2:4]] == ["[0]", "[1]"]


def test_a_long_report_shows_the_ten_worst_the_worst_first():
    report = check_gradient(cubes, lambda theta: 3 * theta**2 + (theta == 30), np.arange(1.0, 41.0))
    rows = report.rows()
    assert len(rows) == 10
    assert rows[0][0] == "[29]"
    assert "the 10 worst of 40 shown" in repr(report)


def test_the_html_report_says_the_same_in_a_table_with_headers():
    report = check_gradient(cubes, lambda theta: 2 * cubes_grad(theta), [1.0, -2.0])
    page = report._repr_html_()
    for part in ("gradient: bug", "<caption>", "scope='row'>[1]<", "scope='col'>analytic<", *report.notes):
        assert part in page
    assert len(re.findall("<tr", page)) == 3


# --------------------------------------------------------------------- directions, Hessian-vector products


def test_random_directions_check_a_large_gradient_at_a_small_price():
    theta = np.random.default_rng(1).normal(size=20_000)
    f = Counting(cubes)
    report = check_directions(f, cubes_grad, theta, directions=4)
    assert report.passed
    assert report.evaluations == len(f.asked) <= 4 * 4 + 1
    assert check_directions(cubes, lambda at: 3.01 * at**2, theta).verdict == "bug"


def test_random_directions_notice_one_wrong_coordinate_of_thousands():
    theta = np.random.default_rng(1).normal(size=5_000)

    def one_wrong(at):
        slopes = cubes_grad(at)
        slopes[77] += 1
        return slopes

    assert not check_directions(cubes, one_wrong, theta).passed


def test_the_same_rng_draws_the_same_directions():
    reports = [
        check_directions(cubes, cubes_grad, [1.0, 2.0, 3.0], rng=np.random.default_rng(seed)).analytic
        for seed in (5, 5, 6)
    ]
    assert np.array_equal(reports[0], reports[1])
    assert not np.array_equal(reports[0], reports[2])


@pytest.mark.parametrize("theta", [2.0, [2.0], [[1.0, 2.0], [3.0, 4.0]]])
def test_products_and_directions_take_every_shape(theta):
    assert check_directions(cubes, cubes_grad, theta).passed
    assert check_hessian_vector(cubes_grad, lambda at, v: 6 * at * v, theta).passed


def test_a_wrong_hessian_is_a_bug_and_an_asymmetric_one_is_called_so():
    valley = problems.rosenbrock()
    right = check_hessian_vector(valley.grad, lambda at, v: valley.hess(at) @ v, valley.start)
    assert right.passed
    assert right.evaluations == 20
    skewed = check_hessian_vector(
        valley.grad, lambda at, v: (valley.hess(at) + np.array([[0, 1], [0, 0]])) @ v, valley.start
    )
    assert skewed.verdict == "bug"
    assert "Not symmetric" in repr(skewed)
    assert "worst direction" in repr(skewed)


def test_a_product_of_another_shape_is_refused_by_name():
    with pytest.raises(ValueError, match=r"^hvp = .*must return shape \(2,\)"):
        check_hessian_vector(cubes_grad, lambda at, v: 1.0, [1.0, 2.0])
    with pytest.raises(ValueError, match=r"^directions = 0"):
        check_hessian_vector(cubes_grad, lambda at, v: v, [1.0, 2.0], directions=0)
