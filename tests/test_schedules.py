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
