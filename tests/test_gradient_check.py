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
    gradient_check,
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


def test_the_numerical_hessian_refuses_what_the_numerical_gradient_refuses():
    with pytest.raises(NonFiniteError, match="f returned nan at theta = "):
        numerical_hessian(lambda theta: np.nan, [1.0, 2.0])
    with pytest.raises(ValueError, match=r"^f = .*must return one number, not shape \(2,\)"):
        numerical_hessian(lambda theta: theta, [1.0, 2.0])


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
        lambda theta: 1e7 * theta[0] ** 2 + 1e-4 * theta[1] ** 2,
        lambda theta: np.array([2e7 * theta[0], 4e-4 * theta[1]]),
        [1e-3, 1.0],
    )
    assert report.relative_error < 1e-7  # beside the large coordinate it is nothing
    assert report.verdict == "look"
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


def test_where_every_coordinate_has_a_kink_there_is_nothing_to_judge():
    report = check_gradient(lambda theta: np.abs(theta).sum(), lambda theta: theta + 7, np.zeros(2))
    assert report.kinks == ((0,), (1,))
    assert report.verdict == "look"


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


@pytest.mark.parametrize("unit", [1e-9, 1e12])
def test_whether_products_are_symmetric_does_not_depend_on_the_unit_of_the_loss(unit):
    even, skewed = unit * np.array([[2.0, 1.0], [1.0, 3.0]]), unit * np.array([[2.0, 1.0], [0.0, 3.0]])
    for H, said in ((even, False), (skewed, True)):
        report = check_hessian_vector(lambda at, H=H: H @ at, lambda at, v, H=H: H @ v, [1.0, -2.0])
        assert ("Not symmetric" in repr(report)) == said
        assert report.passed  # it is the derivative of that gradient
    flat = check_hessian_vector(lambda at: unit * np.ones(2), lambda at, v: 0 * v, [1.0, -2.0])
    assert "Not symmetric" not in repr(flat)


def test_two_sides_of_a_number_that_is_not_finite_are_named_and_nothing_is_computed_from_them():
    with np.errstate(all="raise"):
        report = check_gradient(cubes, lambda theta: np.array([np.inf, 3.0, -3.0]), [1.0, 1.0, 1.0])
        measured = findings([1.0, 1.0], [np.inf, 1.0], 0.0, "bug")
    assert report.verdict == "bug"
    assert report.notes == ("The derived gradient is not finite at [0].",)
    assert measured.startswith("The function is not finite next to theta at [0]: ")


@pytest.mark.parametrize(("kind", "said"), [(np.float64, False), (np.float32, True)])
def test_whoever_computes_in_single_precision_is_told(kind, said):
    theta = np.array([1.0, -2.0])
    reports = (
        check_gradient(cubes, lambda at: cubes_grad(at).astype(kind), theta),
        check_directions(cubes, lambda at: cubes_grad(at).astype(kind), theta),
        check_hessian_vector(cubes_grad, lambda at, v: 6 * at * v, theta.astype(kind)),
    )
    assert [any("Single precision" in note for note in report.notes) for report in reports] == [said] * 3
    assert check_gradient(np.sum, lambda at: np.ones(2, int), theta).notes == ()  # whole numbers are exact


def test_the_precision_is_the_coarsest_that_was_seen():
    theta = np.ones(2)
    for kinds, roundoff in (
        ([np.float64], 2.0**-53),
        ([np.float64, np.float32, np.float64], 2.0**-24),
        ([np.float32, np.float16], 2.0**-11),
        ([np.int64], 2.0**-53),  # whole numbers are exact
    ):
        answers = iter([kind(3) for kind in kinds])
        calls = gradient_check._one_number(lambda at, answers=answers: next(answers))
        for _ in kinds:
            calls(theta)
        assert calls.unit_roundoff(theta) == roundoff
        assert calls.unit_roundoff(theta.astype(np.float32)) == max(roundoff, 2.0**-24)


def test_a_product_of_another_shape_is_refused_by_name():
    with pytest.raises(ValueError, match=r"^hvp = .*must return shape \(2,\)"):
        check_hessian_vector(cubes_grad, lambda at, v: 1.0, [1.0, 2.0])
    with pytest.raises(ValueError, match=r"^directions = 0"):
        check_hessian_vector(cubes_grad, lambda at, v: v, [1.0, 2.0], directions=0)


# ------------------------------------------------------------------------------------- to the number, at the edges


def one_row(analytic, numerical, blur=0.0):
    return np.array([analytic]), np.array([numerical]), np.array([blur])


@pytest.mark.parametrize(
    ("row", "verdict"),
    [
        (one_row(1.0, 1 - 1.9e-7), "almost surely right"),  # the sizes add up to 2
        (one_row(1.0, 1 - 2.1e-7), "look"),
        (one_row(-1.0, -1 + 1.9e-4), "look"),
        (one_row(-1.0, -1 + 2.1e-4), "bug"),
        (one_row(1.0, 1 - 1.15e-6, 1e-6), "almost surely right"),  # what cannot be resolved is allowed for once
        (one_row(1.0, 1 - 1.25e-6, 1e-6), "look"),
        (one_row(1.0, 1 - 1.01e-2, 1e-3), "look"),  # and a bug must exceed it tenfold
        (one_row(1.0, 1 - 1.03e-2, 1e-3), "bug"),
        (one_row(1.0, 1.0, 1.9e-6), "almost surely right"),
        (one_row(1.0, 1.0, 2.1e-6), "look"),  # too blurred to judge
        (one_row(1.0, 1.0, 0.99), "look"),
        (one_row(1.0, 1.0, 1.0), "almost surely right"),  # nothing is there, as far as differences can see
        (one_row(0.0, 0.0), "almost surely right"),
        (one_row(np.nan, 1.0), "bug"),
        (one_row(1.0, np.nan), "look"),
        (one_row(1.0, 1.0, np.inf), "look"),
        ((np.array([1.0, np.inf]), np.ones(2), np.zeros(2)), "bug"),
        ((np.array([1.0, 2.0]), np.array([np.nan, 1.0]), np.zeros(2)), "bug"),
        ((np.array([2.0, 1.0]), np.ones(2), np.array([np.nan, 0.0])), "look"),
        ((np.array([1.0, 1.0]), np.array([np.nan, 1.0]), np.zeros(2)), "look"),
    ],
)
def test_a_difference_is_judged_by_its_size_and_by_what_could_be_seen(row, verdict):
    assert gradient_check._verdict(*row) == verdict


def test_the_worst_row_is_the_one_that_exceeds_its_allowance_the_most():
    assert gradient_check._excess(*one_row(3.0, 1.0, 1e-6)) == pytest.approx(2 / (4e-7 + 1e-6))
    assert gradient_check._excess(*one_row(3.0, 3.0)) == 0.0
    assert gradient_check._excess(*one_row(3.0, 3.0, 1.0)) == 0.0
    assert gradient_check._excess(*one_row(np.nan, 3.0)) == np.inf


def findings(analytic, numerical, blur, verdict="look", kinked=False):
    sides = tuple(np.array(side, float) for side in (analytic, numerical, np.broadcast_to(blur, np.shape(analytic))))
    return " ".join(gradient_check._findings("gradient", sides, np.array(verdict), np.array(kinked), verdict))


def test_a_remark_is_made_where_it_helps_and_only_there():
    assert findings([1.0], [1.0], 1.9e-6) == ""
    assert "resolve only +-2e-06 here" in findings([1.0], [1.0], 2.1e-6)
    assert "resolve only" in findings([1.0], [1.0], 0.99)
    assert findings([1.0], [1.0], 1.0).startswith("Both sides are zero as far as differences can see")
    assert findings([0.0], [0.0], 0.0).startswith("Both sides are zero")
    kinked = findings([1.0, 1.0], [1.0, 1.0], 0.1, kinked=[True, False])
    assert kinked.startswith("Kink suspected at [0]: ")
    assert "resolve only" not in kinked
    assert findings([1.0, np.nan], [1.0, np.nan], 1.0) == (
        "The derived gradient is not finite at [1]. The function is not finite next to theta at [1]: the edge of its "
        "domain? Move away from it."
    )
    assert findings([1.0, 1.0], [1.0, 1.0], [np.inf, 1.0]) == ""
    assert findings(1.0, np.nan, 1.0).startswith("The function is not finite next to theta at theta: ")


@pytest.mark.parametrize(("aside", "blur", "said"), [(0.9e-5, 0.0, True), (1.1e-5, 0.0, False), (1.5e-5, 0.6e-5, True)])
def test_a_lost_factor_is_named_if_nothing_else_is_wrong(aside, blur, said):
    measured = np.array([3.0, 4.0])
    derived = -2 * measured + 10 * aside * np.array([-0.8, 0.6])
    assert ("-2 times the measured one" in findings(derived, measured, [10 * blur, 0.0], "bug")) == said
    assert "times" not in findings(derived, measured, 0.0, "look")


def test_a_lost_factor_is_named_though_some_slopes_are_zero_but_not_where_all_are():
    assert "The derived one is 3 times the measured one" in findings([3.0, 0.0], [1.0, 0.0], 0.0, "bug")
    assert "times" not in findings([3.0, 1.0], [0.0, 0.0], 0.0, "bug")
    assert "times" not in findings([0.0, 1.0], [1.0, 0.0], 0.0, "bug")
    assert "times" not in findings([0.0, 0.0], [1.0, 2.0], 0.0, "bug")


def test_more_than_five_places_are_counted():
    names = gradient_check._names
    assert names(np.array([True] * 5)) == "[0], [1], [2], [3], [4]"
    assert names(np.array([False] + [True] * 7)) == "[1], [2], [3], [4], [5] and 2 more"
    assert names(np.array([[False, True]])) == "[0, 1]"
    assert names(np.array(True)) == "theta"


def test_products_that_are_not_symmetric_are_noticed_between_neighbours():
    asymmetry, axes = gradient_check._asymmetry, list(np.eye(3))
    for sign in (1, -1):
        skewed = [[[0.0, 1.0 + sign * off, 0.0], [1.0, 0.0, 0.0]] for off in (1.9e-6, 2.1e-6)]
        assert asymmetry(axes[:2], np.array(skewed[0])) == []
        assert asymmetry(axes[:2], np.array(skewed[1])) != []
    H = np.array([[1.0, 2.0, 0.0], [2.0, 5.0, 3.0], [0.0, 4.0, 6.0]])
    assert asymmetry(axes, H.T) == ["Not symmetric: <w, Hv> = 4 but <v, Hw> = 3."]


# ε = ¼ and small whole numbers: every value below is exact, so that only the formula of the resolution is left.


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize(("slope", "largest"), [(3.0, 11.5), (-3.0, 10.75)])
def test_what_central_differences_resolve_is_their_rounding_and_the_change_from_one_step_to_two(sign, slope, largest):
    at = np.sign(slope)  # the loss is 10 there; read at ±ε and 2ε
    line = check_gradient(lambda t: sign * (slope * t + 7), lambda t: sign * slope, at, eps=0.25)
    assert line.numerical == sign * slope
    assert line.resolution == pytest.approx(8 * U * largest / 0.25, rel=1e-12, abs=0)
    peak = check_gradient(lambda t: sign * (16 - (t - 1.25) ** 2), lambda t: sign * (2.5 - 2 * t), 1.0, eps=0.25)
    assert peak.resolution == pytest.approx(8 * U * 16 / 0.25, rel=1e-12, abs=0)  # the largest is one step ahead
    cube = check_gradient(lambda t: sign * t**3, lambda t: sign * 3 * t**2, 1.0, eps=0.25)
    assert cube.numerical == sign * (3 + 1 / 16)
    assert cube.resolution == pytest.approx(3 / 16, rel=1e-12, abs=0)  # ε² at one step, 4 ε² at two
    ahead = check_gradient(lambda t: sign * t**2, lambda t: sign * 2 * t, 1.0, eps=0.25, scheme="forward")
    assert ahead.numerical == sign * 2.25
    assert ahead.resolution == pytest.approx(0.25, rel=1e-12, abs=0)


@pytest.mark.parametrize(("at", "terms"), [(-3.0, 6 + 2 * 3), (0.5, 1 + 2)])
def test_what_the_complex_step_resolves_is_the_roundings_of_the_slope_and_of_theta(at, terms):
    f = Counting(lambda t: t**2)
    report = check_gradient(f, lambda t: 2 * t, at, scheme="complex")
    assert report.resolution == pytest.approx(8 * U * terms, rel=1e-4, abs=0)
    assert (report.kinks, report.passed) == ((), True)
    assert report.evaluations == len(f.asked) == 8
    many = Counting(cubes)
    assert check_gradient(many, cubes_grad, np.ones(3), scheme="complex").evaluations == len(many.asked) == 22


def test_what_directions_resolve_is_their_rounding_and_the_change_from_one_step_to_two():
    line = check_directions(lambda t: 3 * t + 7, lambda t: 3.0, 1.0, directions=1, eps=0.25)
    last = 10 - 0.5 * line.analytic[0]  # the loss at two steps back
    assert line.numerical == line.analytic
    assert line.resolution == pytest.approx(8 * U * last / 0.25, rel=1e-12, abs=0)
    below = check_directions(lambda t: -3 * t - 7, lambda t: -3.0, 1.0, directions=1, eps=0.25)
    assert below.resolution == pytest.approx(line.resolution, rel=1e-12, abs=0)
    for sign in (1.0, -1.0):
        through = check_directions(
            lambda t, sign=sign: sign * t, lambda t, sign=sign: sign, 0.0, directions=1, eps=0.25
        )
        assert through.resolution == pytest.approx(8 * U * 0.5 / 0.25, rel=1e-12, abs=0)
        flat = check_directions(lambda t, sign=sign: sign * t, lambda t, sign=sign: sign, 0.5, directions=2, eps=0.25)
        assert set(flat.resolution) <= {8 * U, 8 * U * 4}  # the loss two steps back is 0 or 1; a step changes it by ¼
        cube = check_directions(lambda t, s=sign: s * t**3, lambda t, s=sign: 3 * s * t**2, 1.0, directions=1, eps=0.25)
        assert cube.resolution == pytest.approx(3 / 16, rel=1e-12, abs=0)


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("at", [1.0, -1.0])  # the larger of the two gradients is ahead, or behind
def test_what_differences_of_gradients_resolve_is_their_rounding_and_the_change_from_one_step_to_two(sign, at):
    parabola = check_hessian_vector(
        lambda t: sign * 3 * t**2, lambda t, v: sign * 6 * t * v, [at], directions=1, eps=0.25
    )
    assert np.abs(parabola.numerical) == 6.0
    assert parabola.resolution == pytest.approx(8 * U * 3 * 1.25**2 / 0.25, rel=1e-12, abs=0)
    cube = check_hessian_vector(lambda t: sign * t**3, lambda t, v: sign * 3 * t**2 * v, [at], directions=1, eps=0.25)
    assert cube.resolution == pytest.approx(3 / 16, rel=1e-12, abs=0)


@pytest.mark.parametrize("slope", [1.0, -1.0])
def test_a_kink_is_one_that_shows_beside_the_slope_and_does_not_grow_with_the_step(slope):
    def kinks(jump, curvature):
        f = lambda t: jump * abs(t) + curvature * t**2 + slope * t  # noqa: E731
        return check_gradient(f, lambda t: jump * np.sign(t) + 2 * curvature * t + slope, 0.0, eps=2.0**-10).kinks

    for sign in (1, -1):  # the bottom of a valley, or the top of a ridge
        assert kinks(sign * 0.9e-4, 0.0) == ()
        assert kinks(sign * 1.1e-4, 0.0) == ((),)
    # The slopes of the two sides are 2 jump + 2 k ε curvature apart over k steps: 2.5 times as far at 8 as at 2
    # if ε curvature is half the jump.
    assert kinks(0.5, 0.45 * 0.5 * 2**10) == ((),)
    assert kinks(0.5, 0.55 * 0.5 * 2**10) == ()


def test_a_kink_that_rounding_could_have_made_is_none():
    def kinks(jump):
        return check_gradient(lambda t: 1 + jump * abs(t), lambda t: jump * np.sign(t), 0.0, eps=2.0**-10).kinks

    rounding = 8 * U * 2**10
    assert kinks(49.75 * rounding) == ()
    assert kinks(50.25 * rounding) == ((),)  # the two sides are twice that apart: a hundred roundings


def test_the_steps_that_nobody_gave_are_those_of_the_page():
    hessian, spread = Counting(cubes), Counting(cubes)
    numerical_hessian(hessian, -300.0)
    assert np.max(np.abs(np.array(hessian.asked) + 300)) == pytest.approx(2 * 300 * (3 * U) ** 0.25, rel=1e-6)
    for size, step in ((0.0, 1.0), (100.0, 100.0)):
        spread = Counting(cubes)
        check_directions(spread, cubes_grad, np.full(4, size), directions=1)
        walked = np.linalg.norm(np.array(spread.asked) - size, axis=1)
        assert walked == pytest.approx(step * (3 * U) ** (1 / 3) * np.array([1, 1, 2, 2]), rel=1e-6)
    f = Counting(cubes)
    numerical_gradient(f, [0.5, -300.0], scheme="complex")
    assert np.max(np.imag(f.asked), axis=0) == pytest.approx([1e-20, 3e-18], abs=0)


def test_directions_are_ten_and_products_five_and_drawn_from_seed_zero_unless_told_otherwise():
    theta, rng = [1.0, -2.0, 0.5], np.random.default_rng
    drawn = check_directions(cubes, cubes_grad, theta)
    assert drawn.errors.shape == (10,)
    assert np.array_equal(drawn.analytic, check_directions(cubes, cubes_grad, theta, rng=rng(0)).analytic)
    product = check_hessian_vector(cubes_grad, lambda at, v: 6 * at * v, theta)
    again = check_hessian_vector(cubes_grad, lambda at, v: 6 * at * v, theta, rng=rng(0))
    assert product.errors.shape == (5,)
    assert np.array_equal(product.analytic, again.analytic)
    assert not np.array_equal(
        product.analytic, check_hessian_vector(cubes_grad, lambda at, v: v, theta, rng(1)).analytic
    )


def test_a_step_that_only_moves_down_is_lost_in_rounding():
    with pytest.raises(ValueError, match=r"^eps = 1e-16: is lost in rounding: theta \+ eps equals theta$"):
        numerical_gradient(cubes, 1.0, eps=1e-16)  # 1 − 1e-16 is another number, 1 + 1e-16 is not


def test_relative_error_at_the_ends_of_its_range():
    assert relative_error([0.0], [1e-12]) == pytest.approx(0.5)
    assert relative_error([300.0], [400.0], delta=300.0) == pytest.approx(0.1)
    for large in ([-1e300, 1.0], [1.0, -1e300]):
        assert relative_error(large, [1.0, 1.0]) == pytest.approx(1.0)
        assert relative_error([1.0, 1.0], large) == pytest.approx(1.0)


def wrong_at(n, *places):
    """A check of n coordinates, wrong at these."""
    at = np.isin(np.arange(n), places)
    return check_gradient(cubes, lambda theta: cubes_grad(theta) * (1 + 0.1 * at), np.linspace(1, 2, n))


def test_ten_rows_are_shown_in_their_order_and_of_eleven_the_ten_worst():
    assert [row[0] for row in wrong_at(10, 7).rows()] == [f"[{j}]" for j in range(10)]
    eleven = [row[0] for row in wrong_at(11, 3, 9).rows()]
    assert len(eleven) == 10
    assert set(eleven[:2]) == {"[3]", "[9]"}
    assert eleven[0] == f"[{wrong_at(11, 3, 9).worst[0]}]"
    assert [row[0] for row in wrong_at(4, 2, 1).rows(most=1)] == [f"[{wrong_at(4, 2, 1).worst[0]}]"]


def test_a_row_shows_its_two_numbers_with_their_signs_or_the_lengths_of_its_two_vectors():
    [(name, *sides, error)] = check_gradient(lambda t: -2 * t, lambda t: -3.0, 1.0).rows()
    assert (name, *sides) == ("", -3.0, pytest.approx(-2.0))
    assert error == pytest.approx(0.2)
    H = np.array([[3.0, 0.0], [0.0, 3.0]])  # takes every direction to three times itself
    for _, *lengths, _ in check_hessian_vector(lambda at: H @ at, lambda at, v: -2 * v, [1.0, 2.0]).rows():
        assert lengths == pytest.approx([2.0, 3.0])


def test_the_last_line_says_what_was_compared_how_much_is_shown_and_what_it_cost():
    captions = {
        "one coordinate; 7 evaluations": check_gradient(cubes, cubes_grad, 1.0),
        "worst coordinate [1]; 13 evaluations": wrong_at(2, 1),
        "worst coordinate [7]; 61 evaluations": wrong_at(10, 7),
        "worst coordinate [7], the 10 worst of 11 shown; 67 evaluations": wrong_at(11, 7),
        "one direction; 4 evaluations": check_directions(cubes, cubes_grad, 1.0, directions=1),
    }
    for caption, report in captions.items():
        assert caption in repr(report).splitlines()
    product = repr(check_hessian_vector(cubes_grad, lambda at, v: 6 * at * v, [1.0], directions=1))
    assert "one direction; 4 evaluations" in product.splitlines()
    assert "<- worst" not in repr(captions["one coordinate; 7 evaluations"])


def test_a_loss_that_ends_next_to_the_point_is_no_error_along_directions_either():
    report = check_directions(lambda t: np.sum(np.sqrt(t)), lambda t: 0.5 / np.sqrt(t), [1.0, 1e-8])
    assert report.verdict in ("look", "bug")
    assert "The function is not finite next to theta at [0]" in repr(report)


@pytest.mark.parametrize(
    ("f", "scheme", "complaint"),
    [
        (
            lambda t: t % 2,
            "complex",
            r"fails for a complex theta \(.*\): the complex step needs a loss made of analytic",
        ),
        (lambda t: 1.0, "complex", "returned a real number for a complex theta: the complex step needs a loss made of"),
        (lambda t: np.ones(2), "central", r"must return one number, not shape \(2,\)"),
        (lambda t: np.complex128(t), "central", "must return a real number, not complex128"),
        (lambda t: "low", "central", "must return a real number, not <U3"),
    ],
)
def test_a_loss_that_will_not_do_is_refused_with_what_is_wrong_with_it(f, scheme, complaint):
    with pytest.raises(ValueError, match=rf"^f = .*: {complaint}"):
        numerical_gradient(f, 1.0, scheme=scheme)


def test_a_hessian_far_from_the_origin_is_measured_though_its_steps_cannot_be_multiplied():
    assert numerical_hessian(lambda theta: 1e-300 * theta * theta, 1e200) == pytest.approx(2e-300, rel=1e-5, abs=0)


@pytest.mark.parametrize("measure", [numerical_gradient, numerical_hessian])
def test_a_derivative_too_steep_for_the_precision_of_theta_is_refused(measure):
    with pytest.raises(NonFiniteError, match=r"^f is too steep for float32"):
        measure(lambda theta: 1e50 * float(theta) ** 2, np.float32(1.0))


def test_one_entry_too_steep_for_the_precision_of_theta_is_enough():
    with pytest.raises(NonFiniteError, match=r"^f is too steep for float32"):
        numerical_gradient(lambda theta: 1e50 * float(theta[0]) ** 2 + float(theta[1]), np.ones(2, np.float32))
