"""3.6: what the chapter says of schedules, the range test and early stopping, asserted."""

from __future__ import annotations

import math
from itertools import islice

import numpy as np
import pytest

from optcourse import (
    adamw,
    cosine_annealing,
    cosine_restarts,
    cyclical,
    early_stopping,
    exponential_decay,
    gradient_descent,
    lr_range_test,
    one_cycle,
    run,
    step_decay,
    warmup_cosine,
)


def test_cosine_passes_its_three_points_and_stays_at_the_last():
    eta = cosine_annealing(0.1, T=1000, lr_min=0.02)
    assert [eta(t) for t in (0, 500, 1000)] == pytest.approx([0.1, 0.06, 0.02], rel=1e-12)
    assert eta(1001) == eta(10**6) == pytest.approx(0.02)


def test_warm_up_reaches_the_numbers_of_the_page():
    eta = warmup_cosine(1e-3, T=10_000, warmup=500)
    assert [eta(t) for t in (0, 250, 500, 10_000)] == pytest.approx([0, 5e-4, 1e-3, 0], abs=1e-18)
    assert eta(10_001) == eta(10_000)
    assert warmup_cosine(1e-3, T=100, warmup=0)(0) == 1e-3


def test_decays_never_end():
    assert [step_decay(1.0, 0.1, 10)(t) for t in (9, 10, 29, 30)] == pytest.approx([1, 0.1, 0.01, 0.001])
    assert exponential_decay(0.5, lam=math.log(2) / 10)(20) == pytest.approx(0.125)


def test_restarts_return_to_the_first_rate_after_every_cycle():
    eta = cosine_restarts(1.0, T=10, growth=2, lr_min=0.1)
    assert [eta(t) for t in (0, 10, 30, 70)] == [1.0] * 4
    assert all(eta(t - 1) < 0.15 for t in (10, 30, 70))
    assert cosine_restarts(1.0, T=10)(10**12) == 1.0


def test_a_triangle_is_even_or_lopsided_and_goes_on_for_ever():
    eta = cyclical(0.1, 1.0, up=10, down=30)
    assert [eta(t) for t in (0, 10, 25, 40, 50, 4010)] == pytest.approx([0.1, 1.0, 0.55, 0.1, 1.0, 1.0])


def test_one_cycle_climbs_to_its_peak_falls_and_stays():
    eta = one_cycle(1.0, T=101, warmup=31 / 101, start=25, end=100)
    assert [eta(t) for t in (0, 30, 100, 101, 10**6)] == pytest.approx([1 / 25, 1, 1 / 2500, 1 / 2500, 1 / 2500])
    rates = np.array([eta(t) for t in range(101)])
    assert np.all(np.diff(rates[:31]) > 0)
    assert np.all(np.diff(rates[30:]) < 0)


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda: step_decay(0.0), "lr = 0.0"),
        (lambda: step_decay(1.0, factor=1.5), "factor = 1.5"),
        (lambda: step_decay(1.0, every=0), "every = 0"),
        (lambda: exponential_decay(1.0, lam=-1), "lam = -1"),
        (lambda: cosine_annealing(1.0, T=0), "T = 0"),
        (lambda: cosine_annealing(1.0, T=10, lr_min=2.0), "lr_min = 2.0"),
        (lambda: cosine_restarts(1.0, T=10, growth=0), "growth = 0"),
        (lambda: warmup_cosine(1.0, T=10, warmup=10), "warmup = 10"),
        (lambda: cyclical(1.0, 0.5), "lr_min = 1.0"),
        (lambda: cyclical(0.0, 0.5, up=0), "up = 0"),
        (lambda: one_cycle(1.0, T=100, warmup=1.0), "warmup = 1.0"),
        (lambda: one_cycle(1.0, T=3, warmup=0.3), "warmup = 0.3"),
        (lambda: one_cycle(1.0, T=100, end=1.0), "end = 1.0"),
        (lambda: lr_range_test(None, abs), "method = None"),
        (lambda: lr_range_test(abs, abs, lr_min=20.0), "lr_min = 20.0"),
        (lambda: early_stopping(3, abs), "iterates = 3"),
        (lambda: early_stopping([], abs, patience=0), "patience = 0"),
        (lambda: cosine_annealing(lambda step: 1.0, T=5), "lr = <function"),
        (lambda: step_decay(lambda step: 1.0), "lr = <function"),  # a schedule of schedules is none
        (lambda: exponential_decay(lambda step: 1.0), "lr = <function"),
        (lambda: cosine_restarts(lambda step: 1.0, T=5), "lr = <function"),
        (lambda: warmup_cosine(lambda step: 1.0, T=5, warmup=1), "lr = <function"),
        (lambda: one_cycle(lambda step: 1.0, T=50), "lr = <function"),
    ],
)
def test_bad_arguments_are_refused_by_name_and_value(make, complaint):
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        make()
    assert str(caught.value).startswith(complaint)


def test_a_schedule_drives_adamws_decay_too():
    eta = cosine_annealing(0.1, T=50)
    theta = list(islice(adamw(lambda theta: 0.0, 1.0, lr=eta, weight_decay=0.5), 50))[-1]
    assert theta == pytest.approx(np.prod([1 - 0.5 * eta(t) for t in range(50)]), rel=1e-12)


# ------------------------------------------------------------------------------------- the range test


@pytest.mark.parametrize("curvature", [0.1, 1.0, 100.0])
def test_the_range_test_finds_a_rate_that_trains_whatever_the_curvature(curvature):
    found = lr_range_test(
        lambda lr: gradient_descent(lambda theta: curvature * theta, 4.0, lr),
        lambda theta: curvature * theta**2 / 2,
        lr_min=1e-6,
        lr_max=1e3,
        steps=300,
    )
    assert 0.02 / curvature < found.lr < 2 / curvature
    assert found.rates[0] == 1e-6
    assert len(found.rates) == len(found.losses) == len(found.smoothed) < 300  # it ended where the loss exploded
    assert np.diff(np.log(found.rates)) == pytest.approx(np.full(len(found.rates) - 1, math.log(1e9) / 299))


def test_the_range_test_does_not_hide_a_mistake_in_the_gradient():
    with pytest.raises(ValueError, match="must return shape"):
        lr_range_test(lambda lr: gradient_descent(lambda theta: np.ones(2), 4.0, lr), lambda theta: theta**2)


# -------------------------------------------------------------------------------------- early stopping


def training():
    return gradient_descent(lambda theta: 2 * theta, 4.0, lr=0.1)


def validation(theta):
    return (theta - 1) ** 2


def test_early_stopping_ends_after_the_patience_and_remembers_the_best():
    stopped = early_stopping(training(), validation, patience=4)
    thetas = list(stopped)
    path = list(islice(training(), len(thetas)))
    best = int(np.argmin([validation(theta) for theta in path]))
    assert stopped.reason == "early"
    assert thetas == path
    assert len(thetas) == best + 1 + 4
    assert (stopped.state["best"], stopped.state["best_step"]) == (path[best], best + 1)
    assert stopped.evaluations == {"grad": len(thetas), "validation": len(thetas) + 1}


def test_the_start_counts_as_the_best_if_training_only_hurts():
    stopped = early_stopping(training(), lambda theta: -theta, patience=3)
    assert len(list(stopped)) == 3
    assert (stopped.state["best"], stopped.state["best_step"]) == (4.0, 0)


def test_an_improvement_below_the_threshold_does_not_count():
    assert len(list(early_stopping(training(), abs, patience=2, min_delta=0.5))) < 20
    assert run(early_stopping(training(), abs, patience=2), steps=50).reason == "steps"


def test_a_stream_that_ends_by_itself_keeps_its_reason_and_any_iterable_will_do():
    stopped = early_stopping(np.array([3.0, 2.0, 1.0]), abs, patience=2)
    assert list(stopped) == [3, 2, 1]
    assert stopped.reason == "finished"


def test_a_validation_loss_of_nan_is_refused_and_infinity_is_not():
    with pytest.raises(ValueError, match="returned NaN at step 1"):
        next(early_stopping(training(), lambda theta: math.nan if theta < 4 else 1.0))
    assert len(list(early_stopping(training(), lambda theta: math.inf, patience=5))) == 5


# -------------------------------------------------------------------------------- to the number, at the edges


def test_the_ends_of_every_range_belong_to_it():
    assert step_decay(0.5, factor=1.0, every=1)(7) == 0.5
    assert exponential_decay(0.5, lam=0.0)(7) == 0.5
    assert cosine_annealing(0.1, T=1, lr_min=0.1)(0) == 0.1
    assert cosine_restarts(0.1, T=1, growth=1, lr_min=0.1)(5) == 0.1
    assert warmup_cosine(0.1, T=1, warmup=0, lr_min=0.1)(0) == 0.1
    assert cyclical(0.1, 0.1, up=1, down=1)(3) == 0.1
    for made in (lambda: one_cycle(0.1, T=10, start=1.0), lambda: one_cycle(0.1, T=10, end=1.0)):
        with pytest.raises(ValueError, match="must be above 1"):
            made()
    assert one_cycle(0.1, T=10, start=1.0001, end=1.0001)(0) == pytest.approx(0.1 / 1.0001)


def test_the_peak_of_one_cycle_lies_after_the_first_step():
    with pytest.raises(ValueError, match=r"^warmup = 0.125: puts the peak at step 0: .*between 0 and T - 1 = 7"):
        one_cycle(0.1, T=8, warmup=0.125)
    assert one_cycle(0.1, T=8, warmup=0.126)(0) == pytest.approx(0.1 / 25)


def test_restarts_with_growing_cycles_take_each_cycles_own_wave():
    eta = cosine_restarts(1.0, T=3, growth=3, lr_min=0.5)
    expected = [0.5 + 0.25 * (1 + math.cos(math.pi * k / 9)) for k in range(9)]
    assert [eta(t) for t in range(3, 12)] == pytest.approx(expected, rel=1e-14)
    assert eta(12) == 1.0
    assert eta(12 + 27 - 1) < 0.502


def test_a_triangle_whose_peaks_shrink_keeps_its_feet():
    eta = cyclical(0.2, 1.0, up=2, down=4, factor=0.5)
    assert [eta(t) for t in range(13)] == pytest.approx(
        [0.2, 0.6, 1.0, 0.8, 0.6, 0.4, 0.2, 0.4, 0.6, 0.5, 0.4, 0.3, 0.2], rel=1e-14
    )


def falling(*observed):
    """A method whose k-th iterate is k, and a loss that reads the k-th number: a range test on given losses."""
    asked = []

    def method(lr):
        for step in range(len(observed)):
            asked.append(lr(step))
            yield float(step)

    return method, (lambda theta: observed[int(theta)]), asked


def test_the_range_tries_rates_in_equal_ratios_from_the_first_to_the_last():
    method, loss, asked = falling(*[1.0] * 4)
    found = lr_range_test(method, loss, lr_min=1e-3, lr_max=1.0, steps=4)
    assert found.rates == pytest.approx([1e-3, 1e-2, 1e-1, 1.0])
    assert asked == found.rates.tolist()


def test_losses_are_smoothed_with_the_correction_of_the_start():
    method, loss, _ = falling(8.0, 4.0, 2.0)
    found = lr_range_test(method, loss, lr_min=1e-3, lr_max=1.0, steps=3, memory=0.5)
    assert found.losses.tolist() == [8.0, 4.0, 2.0]
    assert found.smoothed == pytest.approx([8.0, 4.0 / 0.75, 3.0 / 0.875])
    assert lr_range_test(*falling(8.0, 4.0, 2.0)[:2], steps=3, memory=0.0).smoothed.tolist() == [8.0, 4.0, 2.0]


def test_the_suggestion_is_a_notch_below_the_rate_with_the_lowest_smoothed_loss():
    def suggested(**options):
        method, loss, _ = falling(8.0, 4.0, 1.0, 2.0)
        return lr_range_test(method, loss, lr_min=1e-3, lr_max=1.0, steps=4, memory=0.0, **options).lr

    assert suggested() == pytest.approx(1e-2)
    assert suggested(notch=4.0) == pytest.approx(0.1 / 4)
    assert suggested(notch=1e6) == 1e-3  # but never below the first


@pytest.mark.parametrize(
    ("observed", "seen"),
    [
        ((1.0, 4.0, 4.1, 9.0), 3),  # the first that is more than four times the best
        ((4.0, 1.0, 4.0, 4.5, 1.0), 4),
        ((1.0, 2.0, math.inf, 1.0), 2),
        ((1.0, math.nan, 1.0), 1),
        ((-1.0, -0.5, 8.0, 8.0), 4),  # four times a best that is not positive means nothing
        ((0.0, 5.0, 5.0), 3),
    ],
)
def test_the_range_test_ends_where_the_loss_explodes_or_is_no_number(observed, seen):
    method, loss, _ = falling(*observed)
    found = lr_range_test(method, loss, lr_min=1e-3, lr_max=1.0, steps=len(observed), memory=0.0)
    assert found.losses.tolist() == list(observed[:seen])
    assert len(found.rates) == len(found.smoothed) == seen


def test_the_range_test_ends_with_the_method_and_with_a_gradient_that_overflows():
    method, loss, _ = falling(3.0, 2.0, 1.0)
    assert len(lr_range_test(method, loss, steps=10).losses) == 3

    def quartic(theta):
        return 4 * theta**3 * 1e100

    found = lr_range_test(lambda lr: gradient_descent(quartic, 4.0, lr), lambda theta: 0.0 * theta, 1e-3, 1e3, steps=9)
    assert 1 <= len(found.losses) < 9


def test_two_rates_make_a_range_and_one_does_not():
    assert len(lr_range_test(*falling(2.0, 1.0)[:2], steps=2).losses) == 2
    for wrong in ({"steps": 1}, {"lr_min": 10.0}):
        with pytest.raises(ValueError, match=f"^{next(iter(wrong))} = "):
            lr_range_test(*falling(2.0, 1.0)[:2], **wrong)


def test_patience_counts_iterates_since_the_best_and_a_tie_is_no_improvement():
    losses = {1: 5.0, 2: 3.0, 3: 3.0, 4: 3.5, 5: 2.0, 6: 2.0, 7: 2.0, 8: 2.0}
    stopped = early_stopping([float(k) for k in losses], lambda theta: losses[int(theta)], patience=3)
    seen = [(theta, stopped.state["best_step"], stopped.state["waited"]) for theta in stopped]
    assert seen == [(1, 1, 0), (2, 2, 0), (3, 2, 1), (4, 2, 2), (5, 5, 0), (6, 5, 1), (7, 5, 2), (8, 5, 3)]
    assert (stopped.reason, stopped.state["best"], stopped.state["best_loss"]) == ("early", 5.0, 2.0)
    assert len(list(early_stopping([1.0, 2.0, 3.0], lambda theta: 1.0, patience=1))) == 2


def test_an_improvement_must_exceed_the_threshold():
    losses = iter([4.0, 3.5, 3.4, 2.9])
    stopped = early_stopping([1.0, 2.0, 3.0, 4.0], lambda theta: next(losses), patience=9, min_delta=0.5)
    best = [(next(stopped), stopped.state["best_loss"])[1] for _ in range(4)]
    assert best == [4.0, 4.0, 3.4, 3.4]


def test_a_stopped_stream_passes_on_the_word_of_the_inner_one_and_counts_for_both():
    stopped = early_stopping(gradient_descent(lambda theta: 0.0 * theta, 4.0), abs, patience=3)
    assert stopped.start == 4.0
    assert len(list(stopped)) == 3
    assert stopped.evaluations == {"grad": 3, "validation": 4}


def test_a_loop_that_writes_into_one_array_is_listened_to_as_any_other():
    def in_place(theta=4.0):
        at = np.array([theta])
        while True:
            at -= 0.4 * at
            yield at

    stopped = early_stopping(in_place(), loss=lambda theta: (theta[0] - 1) ** 2, patience=3)
    seen = list(stopped)
    np.testing.assert_allclose(seen, [[4 * 0.6**k] for k in range(1, 7)])
    assert stopped.state["best"] == pytest.approx([4 * 0.6**3])
    assert lr_range_test(lambda lr: in_place(), lambda theta: theta[0] ** 2, steps=5).losses.tolist() == pytest.approx(
        [(4 * 0.6**k) ** 2 for k in range(1, 6)]
    )


def test_iterates_that_nobody_has_looked_at_are_refused_by_the_name_of_who_yields_them():
    with pytest.raises(ValueError, match=r"^method = nan: must be finite"):
        lr_range_test(lambda lr: iter([1.0, np.nan]), lambda theta: theta**2)
    frozen = np.array([1.0, 2.0])
    frozen.flags.writeable = False
    assert (
        lr_range_test(lambda lr: iter([frozen] * 3), lambda theta: theta @ theta, steps=3).losses.tolist() == [5.0] * 3
    )
