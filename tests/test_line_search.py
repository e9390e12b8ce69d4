"""Claims of section 3.8 on how far to go."""

import sys

import numpy as np
import pytest

from optcourse import backtracking, strong_wolfe
from optcourse.certificates import wolfe_conditions
from optcourse.line_search import Step, _alike, _between, armijo_step, first_trial, wolfe_step


def square(theta):
    return theta**2


def test_armijo_refuses_the_full_step_and_takes_half_of_it():
    # φ(0) = 4, φ′(0) = −16: α = 1 would need φ ≤ 2.4 and has 4; α = ½ needs φ ≤ 3.2 and has 0.
    tried = []
    step = backtracking(lambda t: tried.append(float(t)) or t**2, lambda t: 2 * t, theta=2.0, direction=-4.0, c1=0.1)
    assert step[:3] == (0.5, 0.0, 0.0)
    assert tried[:3] == [2.0, -2.0, 0.0]
    assert wolfe_conditions(4.0, -16.0, square(-2.0), 0.0, alpha=1.0, c1=0.1)[0] == pytest.approx(4 - 2.4)
    assert wolfe_conditions(4.0, -16.0, square(0.0), 0.0, alpha=0.5, c1=0.1) == (0.0, 0.0)


def test_the_certificate_sees_a_step_that_is_too_short():
    decrease, flatness = wolfe_conditions(4.0, -16.0, square(1.96), -15.68, alpha=0.01, c1=0.1, c2=0.9)
    assert decrease == 0
    assert flatness == pytest.approx(15.68 - 14.4)


@pytest.mark.parametrize("search", [backtracking, strong_wolfe])
def test_lists_will_do_for_points_and_directions(search):
    step = search(lambda t: t @ t, lambda t: 2 * t, theta=[2.0, 1.0], direction=[-2.0, -1.0])
    assert step.theta == pytest.approx([0.0, 0.0], abs=1e-15)


@pytest.mark.parametrize("search", [backtracking, strong_wolfe])
def test_a_direction_of_another_shape_is_refused(search):
    with pytest.raises(ValueError, match=r"direction = .*-1\..*must have the shape of theta, \(2,\)"):
        search(lambda t: t @ t, lambda t: 2 * t, theta=[2.0, 1.0], direction=[-1.0])


def test_a_loss_that_falls_for_ever_has_no_strong_wolfe_step():
    with pytest.raises(ValueError, match=r"direction = .*gives no strong Wolfe step within 20 trials"):
        strong_wolfe(lambda t: -t, lambda t: np.float64(-1.0), theta=0.0, direction=1.0, evaluations=20)


@pytest.mark.parametrize("search", [backtracking, strong_wolfe])
@pytest.mark.parametrize(("theta", "direction"), [(2.0, 1.0), (0.0, 1.0), ([1.0, 0.0], [0.0, 1.0])])
def test_an_uphill_or_level_direction_is_refused(search, theta, direction):
    with pytest.raises(ValueError, match=r"^direction = .*must point downhill"):
        search(lambda t: np.vdot(t, t), lambda t: 2 * t, theta, direction)


@pytest.mark.parametrize("slope", [0.0, 0.5])
def test_inside_a_method_no_step_is_tried_uphill_or_on_the_level(slope):
    tried = []
    here = Step(0.0, np.zeros(1), 0.0, np.array([slope]))
    assert wolfe_step(tried.append, tried.append, here, np.ones(1)) is None
    assert tried == []


@pytest.mark.parametrize("search", [backtracking, strong_wolfe])
@pytest.mark.parametrize("bad", [{"lr": 0.0}, {"lr": lambda k: 0.1}, {"c1": 0.0}, {"c1": 1.0}, {"direction": "down"}])
def test_an_argument_that_makes_no_sense_is_refused_by_name(search, bad):
    with pytest.raises(ValueError, match=f"^{next(iter(bad))} = "):
        search(square, lambda t: 2 * t, **{"theta": 2.0, "direction": -1.0} | bad)


@pytest.mark.parametrize("bad", [{"shrink": 1.0}, {"shrink": 0.0}])
def test_a_step_must_shrink(bad):
    with pytest.raises(ValueError, match=r"^shrink = "):
        backtracking(square, lambda t: 2 * t, 2.0, -1.0, **bad)


@pytest.mark.parametrize("bad", [{"c2": 0.0}, {"c2": 1.0}, {"evaluations": 0}, {"evaluations": 2.5}])
def test_a_slope_must_flatten_within_some_trials(bad):
    with pytest.raises(ValueError, match=f"^{next(iter(bad))} = "):
        strong_wolfe(square, lambda t: 2 * t, 2.0, -1.0, **bad)


def test_the_share_of_the_slope_must_be_above_that_of_the_decrease():
    with pytest.raises(ValueError, match=r"^c1 = 0.5: must be below c2 = 0.5"):
        strong_wolfe(square, lambda t: 2 * t, 2.0, -1.0, c1=0.5, c2=0.5)


@pytest.mark.parametrize("c1", [0.125, 0.5, 0.625, 0.875, 0.96875])
def test_on_a_parabola_armijo_takes_the_first_half_not_beyond_what_its_share_leaves(c1):
    # φ(α) = (2 − 4α)² pays its share up to α = 1 − c1, and there exactly.
    rate = backtracking(square, lambda t: 2 * t, 2.0, -4.0, c1=c1).rate
    assert rate <= 1 - c1 < 2 * rate
    assert backtracking(square, lambda t: 2 * t, 2.0, -4.0, c1=c1, lr=1 - c1).rate == 1 - c1


@pytest.mark.parametrize(("left", "halved"), [(1.1e-4, False), (0.9e-4, True)])
def test_unless_told_otherwise_a_ten_thousandth_of_the_promise_is_asked_for(left, halved):
    lr = 1 - left
    for search, slope in ((backtracking, lambda t: 2 * t), (armijo_step, None)):
        rest = (slope, 2.0, -4.0) if slope else (2.0, -4.0, -16.0)
        assert search(square, *rest, lr=lr).rate == (lr / 2 if halved else lr)
    # A cubic that is flat at 1 and lower by what is left there than at 0, where it falls with slope −1.
    phi = lambda a: -a + (2 - 3 * left) * a**2 + (2 * left - 1) * a**3  # noqa: E731
    slope = lambda a: -1 + 2 * (2 - 3 * left) * a + 3 * (2 * left - 1) * a**2  # noqa: E731
    assert (float(strong_wolfe(phi, slope, 0.0, 1.0).rate) == 1) is not halved
    here = Step(0.0, np.zeros(1), 0.0, -np.ones(1))
    assert (wolfe_step(lambda a: phi(a[0]), slope, here, np.ones(1)).rate == 1) is not halved


def test_a_slope_is_flat_enough_where_it_is_exactly_the_share():
    assert strong_wolfe(square, lambda t: 2 * t, -1.0, 1.0, lr=0.5, c1=0.25, c2=0.5).rate == 0.5
    # Unless told otherwise the share is nine tenths.
    for first, enough in ((0.11, True), (0.09, False)):
        assert (strong_wolfe(square, lambda t: 2 * t, -1.0, 1.0, lr=first).rate == first) is enough
        here = Step(0.0, np.array([-1.0]), 1.0, np.array([-2.0]))
        found = wolfe_step(lambda t: float(t @ t), lambda t: 2 * t, here, np.ones(1), lr=first)
        assert (found.rate == first) is enough


def test_a_step_of_a_quintillionth_is_the_last_to_be_tried():
    dip = lambda t: -1.0 if 0 < t <= 1e-18 else abs(t)  # noqa: E731
    assert backtracking(dip, lambda t: -1.0, 0.0, 1.0, shrink=1e-18).rate == 1e-18
    tried = []
    with pytest.raises(ValueError, match=r"^direction = .*gives no decrease at any step: does grad belong to loss"):
        backtracking(lambda t: tried.append(t) or abs(t), lambda t: -1.0, 0.0, 1.0)
    assert 1e-18 <= tried[-1] < 2e-18


def test_a_search_ends_after_sixty_trials_unless_told_otherwise():
    tried = []
    falls = lambda t: tried.append(float(t)) or -float(t)  # noqa: E731
    with pytest.raises(ValueError, match="within 60 trials"):
        strong_wolfe(falls, lambda t: np.float64(-1.0), theta=0.0, direction=1.0)
    assert len(tried) == 61  # the start is one
    del tried[:]
    lowest = wolfe_step(
        lambda t: falls(t[0]), lambda t: -np.ones(1), Step(0.0, np.zeros(1), 0.0, -np.ones(1)), np.ones(1)
    )
    assert len(tried) == 60
    assert lowest.rate == max(tried)


@pytest.mark.parametrize("kink", [0.3, 1.0, 30.0])
def test_at_a_kink_the_search_ends_when_only_rounding_is_left_to_win(kink):
    tried = []
    loss = lambda t: tried.append(t) or abs(float(t[0]) - kink)  # noqa: E731
    grad = lambda t: np.where(t < kink, -1.0, 1.0)  # noqa: E731
    found = wolfe_step(loss, grad, Step(0.0, np.zeros(1), kink, -np.ones(1)), np.ones(1))
    assert found.theta == pytest.approx(kink, rel=1e-14)
    assert len(tried) < 60


@pytest.mark.parametrize("way", np.geomspace(1e-4, 0.9e-2, 12))
def test_near_by_the_search_goes_on_where_points_are_alike_but_losses_are_not(way):
    bottom = 1 + way
    grad = lambda t: np.where(t < bottom, -1.0, 1.0)  # noqa: E731
    here = Step(0.0, np.ones(1), abs(1 - bottom), -np.ones(1))
    found = wolfe_step(lambda t: abs(float(t[0]) - bottom), grad, here, np.ones(1))
    assert found.theta == bottom


def test_points_are_alike_within_four_roundings_of_the_largest_coordinate():
    eps = sys.float_info.epsilon
    point, off = np.array([1.0, -3.0]), np.array([eps, 0.0])
    assert _alike(point, point + 12 * off)
    assert not _alike(point, point + 13 * off)
    assert not _alike(point, point - 13 * off)
    assert _alike(np.zeros(2), np.zeros(2))


@pytest.mark.parametrize(
    ("slope", "rise", "far_slope", "share"),
    [
        (-1.0, 1.0, np.nan, 0.25),  # the parabola −α + 2α²
        (-1.0, -2.0, np.nan, 0.5),  # it bends down: no minimum
        (-1.0, -1.0, np.nan, 0.5),  # nor has a straight line one
        (-1.0, np.inf, np.nan, 0.5),
        (-1.0, 100.0, np.nan, 0.1),  # too near the end
        (-4.0, -2.1, np.nan, 0.9),
        (-3.0, -2.0, 0.0, 0.9),  # the cubic (1 − α)³ − 1 and its like have no minimum before the end
        (-3.0, 1.0, 7.0, (np.sqrt(22) - 2) / 6),  # −3α + 2α² + 2α³, of which 6α² + 4α − 3 is the slope
        (-3.0, -3.0, -12.0, 1 / 3),  # level in one point only
        (-1.0, -2 / 3, -1.0, 0.5),  # level nowhere
    ],
)
@pytest.mark.parametrize(("start", "width"), [(0.0, 1.0), (3.0, 2.0), (5.0, -4.0)])
def test_between_two_trials_the_next_is_where_a_curve_through_both_is_lowest(
    slope, rise, far_slope, share, start, width
):
    low = Step(start, np.zeros(1), 7.0, None, slope / width)
    high = Step(start + width, np.zeros(1), 7.0 + rise, None, far_slope / width)
    assert _between(low, high) == pytest.approx(start + share * width, rel=1e-12)


@pytest.mark.parametrize("unit", [2.0**-500, 2.0**500])
@pytest.mark.parametrize(("rise", "far_slope"), [(-1.0, 3.0), (1.0, 3.0), (0.5, np.nan)])
def test_between_slopes_too_steep_or_flat_to_square_the_next_trial_is_the_same(rise, far_slope, unit):
    one, other = (
        _between(Step(0.0, 0.0, 0.0, None, -u), Step(1.0, 1.0, u * rise, None, u * far_slope)) for u in (1.0, unit)
    )
    assert one == other
    assert one != 0.5


@pytest.mark.parametrize(
    ("slope", "rise", "far_slope", "width"),
    [
        (-1e-300, 0.0, -1e-300, 1e-30),  # the fall is too small for a number
        (-1.0, -1.0, -1.0, 1.0),  # a straight line
        (-1.0, 1e200, 1.0, 1.0),  # a square is too large for one
        (-1.0, np.nan, np.nan, 1.0),
    ],
)
def test_where_no_curve_has_a_bottom_the_next_trial_is_half_way(slope, rise, far_slope, width):
    assert _between(Step(0.0, 0.0, 0.0, None, slope), Step(width, 1.0, rise, None, far_slope)) == 0.5 * width


# J. J. Moré and D. J. Thuente, "Line search algorithms with guaranteed sufficient decrease", ACM TOMS 20 (1994),
# eq. (5.1)-(5.4); each function comes with its slope, derived here.


def rational(beta=2.0):
    return lambda a: -a / (a**2 + beta), lambda a: (a**2 - beta) / (a**2 + beta) ** 2


def quintic(beta=0.004):
    return (
        lambda a: (a + beta) ** 5 - 2 * (a + beta) ** 4,
        lambda a: 5 * (a + beta) ** 4 - 8 * (a + beta) ** 3,
    )


def wiggly(beta=0.01, waves=39):
    def base(a):
        if a <= 1 - beta:
            return 1 - a
        return a - 1 if a >= 1 + beta else (a - 1) ** 2 / (2 * beta) + beta / 2

    def base_slope(a):
        return float(np.clip((a - 1) / beta, -1, 1))

    k = waves * np.pi / 2
    return (
        lambda a: base(a) + 2 * (1 - beta) / (waves * np.pi) * np.sin(k * a),
        lambda a: base_slope(a) + (1 - beta) * np.cos(k * a),
    )


def two_scales(beta1, beta2):
    g1, g2 = (np.sqrt(1 + b**2) - b for b in (beta1, beta2))
    return (
        lambda a: g1 * np.hypot(1 - a, beta2) + g2 * np.hypot(a, beta1),
        lambda a: g1 * (a - 1) / np.hypot(1 - a, beta2) + g2 * a / np.hypot(a, beta1),
    )


HARD = {  # name: (function and slope, μ, η)
    "1 rational": (rational(), 1e-3, 1e-1),
    "2 quintic": (quintic(), 1e-1, 1e-1 + 1e-9),  # the paper has μ = η; ours wants μ < η
    "3 wiggly": (wiggly(), 1e-1, 1e-1 + 1e-9),
    "4 two scales": (two_scales(0.001, 0.001), 1e-3, 1e-3 + 1e-9),
    "5 two scales": (two_scales(0.01, 0.001), 1e-3, 1e-3 + 1e-9),
    "6 two scales": (two_scales(0.001, 0.01), 1e-3, 1e-3 + 1e-9),
}


@pytest.mark.parametrize("first", [1e-3, 1e-1, 10.0, 1e3])
@pytest.mark.parametrize("name", HARD)
def test_the_six_hard_functions_get_a_strong_wolfe_step_from_any_first_trial(name, first):
    (phi, slope), mu, eta = HARD[name]
    calls = []
    step = strong_wolfe(
        lambda a: calls.append(a) or phi(float(a)),
        lambda a: slope(float(a)),
        theta=0.0,
        direction=1.0,
        lr=first,
        c1=mu,
        c2=eta,
    )
    alpha = float(step.rate)
    assert wolfe_conditions(phi(0.0), slope(0.0), phi(alpha), slope(alpha), alpha, mu, eta) == (0.0, 0.0)
    assert len(calls) <= CEILING[name][STARTS.index(first)], (name, first, len(calls))


STARTS = (1e-3, 1e-1, 10.0, 1e3)
CEILING = {  # evaluations of the loss from each start: these may only fall
    "1 rational": (7, 4, 2, 7),
    "2 quintic": (16, 14, 11, 13),
    "3 wiggly": (15, 12, 3, 5),
    "4 two scales": (11, 2, 4, 6),
    "5 two scales": (11, 5, 8, 11),
    "6 two scales": (19, 14, 8, 10),
}


@pytest.mark.parametrize("name", HARD)
def test_the_slopes_belong_to_the_hard_functions(name):
    phi, slope = HARD[name][0]
    for a in (0.1, 0.5, 1.5, 3.0):
        assert slope(a) == pytest.approx((phi(a + 1e-6) - phi(a - 1e-6)) / 2e-6, rel=1e-4, abs=1e-6)


def asked(phi, slope, first, thrifty, c2=0.1):
    """Search along the line from 0; return the rate found, and where losses and slopes were asked for."""
    losses, slopes = [], []
    here = Step(0.0, np.zeros(1), phi(0.0), np.array([slope(0.0)]))
    found = wolfe_step(
        lambda a: losses.append(float(a[0])) or phi(float(a[0])),
        lambda a: slopes.append(float(a[0])) or np.array([slope(float(a[0]))]),
        here,
        np.ones(1),
        lr=first,
        c2=c2,
        thrifty=thrifty,
    )
    return found.rate, losses, slopes


def parabola(height=0.0):
    return lambda a: (a - 1) ** 2 + height, lambda a: 2 * (a - 1)


@pytest.mark.parametrize("first", [0.26, 0.8, 1.2, 1.9])
def test_a_thrifty_search_asks_for_no_slope_where_the_losses_say_that_it_is_steep(first):
    rate, losses, slopes = asked(*parabola(), first, thrifty=True)
    assert rate == pytest.approx(1.0)
    assert losses == [first, pytest.approx(1.0)]
    assert slopes == [pytest.approx(1.0)]
    assert asked(*parabola(), first, thrifty=False)[2][0] == first


def test_a_slope_that_by_the_losses_is_exactly_the_share_is_asked_for():
    assert asked(*parabola(), 0.5, thrifty=True, c2=0.5)[0::2] == (0.5, [0.5])


@pytest.mark.parametrize(
    ("phi", "first"),
    [
        (parabola(), 0.95),  # flat enough already
        (parabola(), 0.24),  # more than four times as far: a guess, not a measurement
        (parabola(), 0.25),  # four times as far
        ((lambda a: -a - 0.1 * a * a + a**4, lambda a: -1 - 0.2 * a + 4 * a**3), 0.1),  # bent down, not up
        (parabola(1e14), 0.5),  # the losses tell nothing apart here
        (parabola(2.25e12), 0.5),  # and here too little: the way down to go is 1, a thousand times their rounding 2
    ],
    ids=["flat", "far", "as far", "concave", "blurred", "coarse"],
)
def test_elsewhere_it_asks_at_once(phi, first):
    assert asked(*phi, first, thrifty=True)[2][0] == first


def test_the_first_trial_promises_what_the_last_step_did():
    assert first_trial(0.5, -4.0, -1.0) * -1.0 == 0.5 * -4.0
    assert first_trial(0.5, 0.0, -1.0) == 0.5  # there was no step yet
    assert first_trial(1.0, -1.0, -1e-300) == 1e10


@pytest.mark.parametrize("search", [backtracking, strong_wolfe])
@pytest.mark.parametrize("exponent", [-37, -27, 0, 27, 37])
def test_a_search_in_single_precision_squares_slopes_in_double_and_ends_in_single(search, exponent):
    theta = (np.array([[1.0, -2.0]]) * 10.0**exponent).astype(np.float32)
    step = search(lambda t: 0.5 * np.sum(t * t), lambda t: t, theta, -theta)
    assert (step.theta.dtype, step.theta.shape, step.rate) == (np.float32, (1, 2), 1.0)
    assert not step.theta.any()
    number = search(lambda t: 0.5 * t * t, lambda t: t, np.float32(3.0), np.float32(-3.0))
    assert isinstance(number.theta, np.float32)
