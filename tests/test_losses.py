"""The losses of one example: their derivatives, their kinks, and what the book says about their pull."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from optcourse import losses, numerical_gradient, problems
from optcourse.losses import ExampleLoss

ALL = [
    losses.squared(),
    losses.absolute(),
    losses.huber(0.7),
    losses.logistic(),
    losses.hinge(),
    losses.cross_entropy(10),
]
names = [loss.name for loss in ALL]
every = pytest.mark.parametrize("loss", ALL, ids=names)


def smooth_points(loss: ExampleLoss) -> np.ndarray:
    """Points farther from kinks and bends than a central difference reaches."""
    points = np.random.default_rng(0).uniform(-6, 6, 200)
    corners = [kink[0] for kink in loss.kinks] + list(loss.bends)
    return np.array([t for t in points if all(abs(t - corner) > 1e-3 for corner in corners)])


@every
def test_slope_and_curvature_are_the_derivatives(loss):
    for t in smooth_points(loss):
        # Central differences are right to about u^⅔ times the size of the loss, 6 here.
        np.testing.assert_allclose(loss.slope(t), numerical_gradient(loss.value, t), rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(loss.curvature(t), numerical_gradient(loss.slope, t), rtol=1e-9, atol=1e-9)


@every
def test_numbers_and_arrays_give_the_same(loss):
    points = smooth_points(loss)
    for part in (loss.value, loss.slope, loss.curvature):
        assert part(points).tolist() == [float(part(float(t))) for t in points]


@every
def test_the_loss_is_convex_and_not_negative(loss):
    t = np.linspace(-8, 8, 1601)
    assert (loss.value(t) >= 0).all()
    assert (np.diff(loss.slope(t)) >= 0).all()


@every
def test_at_a_kink_the_slope_jumps_and_every_subgradient_supports_the_loss(loss):
    t = np.linspace(-8, 8, 1601)
    for kink, before, after in loss.kinks:
        assert (loss.slope(kink - 1e-9), loss.slope(kink + 1e-9)) == (before, after)
        assert before <= loss.slope(kink) <= after
        assert np.isnan(loss.curvature(kink))
        for subgradient in np.linspace(before, after, 5):
            assert (loss.value(t) >= loss.value(kink) + subgradient * (t - kink)).all()


@every
def test_away_from_its_kinks_the_slope_has_no_jump(loss):
    edges = [-8, *(kink[0] for kink in loss.kinks), 8]
    for low, high in pairwise(edges):
        t = np.linspace(low + 1e-9, high - 1e-9, 3001)
        # No curvature exceeds 1, so the slope changes by at most the spacing.
        assert np.abs(np.diff(loss.slope(t))).max() <= 1.01 * (t[1] - t[0])


@every
def test_only_the_squared_loss_pulls_without_bound(loss):
    far = np.abs(loss.slope(np.array([-1e6, 1e6]))).max()
    assert (far > 1) == (loss.name == "squared")


def test_huber_is_squared_near_zero_and_parallel_to_the_absolute_loss_far_away():
    near, far = np.linspace(-1, 1, 41), np.linspace(1, 9, 41)
    huber, squared, absolute = losses.huber(1.0), losses.squared(), losses.absolute()
    np.testing.assert_array_equal(huber.value(near), squared.value(near))
    np.testing.assert_allclose(huber.value(far), absolute.value(far) - 0.5)


@pytest.mark.parametrize("classes", [2, 3, 10])
def test_cross_entropy_is_minus_the_log_of_the_softmax(classes):
    for m in np.linspace(-5, 5, 21):
        scores = np.array([m, *[0.0] * (classes - 1)])
        chance = np.exp(scores) / np.exp(scores).sum()
        np.testing.assert_allclose(losses.cross_entropy(classes).value(m), -np.log(chance[0]), rtol=1e-12)


def test_the_logistic_loss_is_the_one_of_logistic_regression():
    X, y = np.array([[1.0], [2.0], [-0.5]]), np.array([1, 0, 1])
    regression = problems.logistic_regression(X=X, y=y, lam=0.1)
    margins = np.where(y == 1, 1, -1) * X[:, 0] * 0.8
    mean = losses.logistic().value(margins).mean() + 0.05 * 0.8**2
    np.testing.assert_allclose(regression.loss(np.array([0.8])), mean, rtol=1e-12)


def test_the_logistic_loss_bends_most_where_the_margin_is_zero():
    t = np.linspace(-8, 8, 1601)
    assert t[losses.logistic().curvature(t).argmax()] == pytest.approx(0, abs=1e-9)
    assert losses.logistic().curvature(0.0) == 0.25


@pytest.mark.parametrize("m", [-800.0, 800.0])
def test_far_away_nothing_overflows(m):
    with np.errstate(all="raise", under="ignore"):
        for loss in (losses.logistic(), losses.cross_entropy(10)):
            assert np.isfinite([loss.value(m), loss.slope(m), loss.curvature(m)]).all()


@pytest.mark.parametrize("delta", [0, -1.0, np.inf, "wide"])
def test_huber_refuses_a_bad_threshold(delta):
    with pytest.raises(ValueError, match=r"^delta = "):
        losses.huber(delta)


@pytest.mark.parametrize("classes", [1, 0, 2.5])
def test_cross_entropy_refuses_less_than_two_classes(classes):
    with pytest.raises(ValueError, match=r"^classes = "):
        losses.cross_entropy(classes)
