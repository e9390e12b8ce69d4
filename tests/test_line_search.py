"""Claims of section 3.8 on how far to go."""

import numpy as np
import pytest

from optcourse import backtracking, strong_wolfe
from optcourse.certificates import wolfe_conditions
from optcourse.line_search import Step, first_trial, wolfe_step


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


def test_an_uphill_direction_is_refused():
    for search in (backtracking, strong_wolfe):
        with pytest.raises(ValueError, match="downhill"):
            search(square, lambda t: 2 * t, theta=2.0, direction=1.0)


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


@pytest.mark.parametrize(
    ("phi", "first"),
    [
        (parabola(), 0.95),  # flat enough already
        (parabola(), 0.24),  # more than four times as far: a guess, not a measurement
        ((lambda a: -a - 0.1 * a * a + a**4, lambda a: -1 - 0.2 * a + 4 * a**3), 0.1),  # bent down, not up
        (parabola(1e14), 0.5),  # the losses tell nothing apart here
    ],
    ids=["flat", "far", "concave", "blurred"],
)
def test_elsewhere_it_asks_at_once(phi, first):
    assert asked(*phi, first, thrifty=True)[2][0] == first


def test_the_first_trial_promises_what_the_last_step_did():
    assert first_trial(0.5, -4.0, -1.0) * -1.0 == 0.5 * -4.0
    assert first_trial(0.5, 0.0, -1.0) == 0.5  # there was no step yet
    assert first_trial(1.0, -1.0, -1e-300) == 1e10
