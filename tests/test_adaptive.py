"""3.4 and 3.5: what the chapters say of the adaptive methods, asserted."""

from __future__ import annotations

import inspect
from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optcourse import adadelta, adagrad, adam, adamax, adamw, gradient_descent, momentum, nadam, nesterov, rmsprop

ADAPTIVE = [adagrad, rmsprop, adadelta, adam, adamw, adamax, nadam]
FAMILY = [gradient_descent, momentum, nesterov, *ADAPTIVE]
RATED = [method for method in FAMILY if method is not adadelta]
methods = pytest.mark.parametrize("method", FAMILY, ids=lambda method: method.__name__)

TARGET = np.array([1.0, -2.0, 3.0])
H = np.array([1.0, 4.0, 0.5])


def bowl(theta):
    return H * (theta - TARGET)


def path(stream, steps=40):
    return np.array(list(islice(stream, steps)))


def lengths(stream, steps):
    return np.abs(np.diff(path(stream, steps), axis=0, prepend=0.0))


def one(theta):
    return 1.0


# ------------------------------------------------------------------------------------ the worked examples


def test_adagrads_steps_on_a_steady_slope_die_out_as_one_over_root_t():
    steps = lengths(adagrad(one, 0.0, lr=0.1), 100)
    assert steps[:3].round(4).tolist() == [0.1, 0.0707, 0.0577]
    assert steps == pytest.approx(0.1 / np.sqrt(np.arange(1, 101)), rel=1e-8)


def test_epsilon_is_added_to_the_root():
    assert next(adagrad(one, 0.0, lr=0.1, eps=1.0)) == pytest.approx(-0.1 / (1 + 1), rel=1e-15)
    assert next(rmsprop(one, 0.0, lr=0.1, rho=0.75, eps=0.5)) == pytest.approx(-0.1 / (0.5 + 0.5), rel=1e-15)
    assert next(adamax(one, 0.0, lr=0.1, eps=0.25)) == pytest.approx(-0.1 / (1 + 0.25), rel=1e-15)  # to |g|: no root
    for method in (adam, adamw, nadam):
        first = next(method(one, 0.0, lr=0.1, eps=1.0))
        assert first == pytest.approx(next(method(one, 0.0, lr=0.1, eps=1e-300)) / 2, rel=1e-12)


def test_rmsprop_starts_too_long_and_settles_to_the_rate():
    steps = lengths(rmsprop(one, 0.0, lr=0.1, rho=0.9), 200)
    assert round(steps[0], 3) == 0.316
    assert steps[-1] == pytest.approx(0.1, rel=1e-6)
    assert np.all(np.diff(steps) <= 1e-12)


def test_adadelta_needs_no_rate_and_keeps_epsilon_inside_both_roots():
    descent = adadelta(lambda theta: 3.0, 0.0, rho=0.9, eps=1e-6)
    assert next(descent) == pytest.approx(-np.sqrt(1e-6) / np.sqrt(0.1 * 9 + 1e-6) * 3, rel=1e-14)
    with pytest.raises(TypeError):
        adadelta(one, 0.0, lr=1.0)


@pytest.mark.parametrize("rho", [0.9, 0.99])
@pytest.mark.parametrize("curvature", [0.1, 1.0, 100.0])
def test_rmsprop_ends_up_half_a_step_to_either_side_whatever_the_curvature(curvature, rho):
    descent = rmsprop(lambda theta: curvature * theta, 1.0, lr=0.1, rho=rho)
    end = list(islice(descent, 5000))[-2:]
    assert sorted(end) == pytest.approx([-0.05, 0.05], rel=1e-4)
    assert 0.1 / np.sqrt(descent.state["mean_square"]) == pytest.approx(2 / curvature, rel=1e-4)


def test_adadelta_near_a_minimum_is_gradient_descent_with_rate_one():
    descent = adadelta(lambda theta: 1.9 * theta, 1.0)
    before, after = list(islice(descent, 4000))[-2:]
    assert after == pytest.approx((1 - 1.9) * before, rel=1e-9)


@pytest.mark.parametrize("curvature", [2.2, 4.0, 10.0])
def test_adadelta_swings_ever_wider_where_the_curvature_is_above_two(curvature):
    # First order in ε/a²: the amplitude's square grows by ε/4 · (1 − 4/λ²) a step.
    *_, end = islice(adadelta(lambda theta: curvature * theta, 1.0, eps=1e-6), 30_000)
    assert abs(end) == pytest.approx(np.sqrt(1e-6 * 30_000 * (1 - 4 / curvature**2) / 4), rel=0.02)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), lr=st.floats(0.01, 10))
def test_adagrads_regret_stays_below_its_bound_for_any_convex_losses(seed, lr):
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(60, 3)) * 10 ** rng.uniform(-2, 2, size=3), rng.normal(size=60)
    numbers = iter(range(60))

    def grad(theta):  # of |xᵀθ − y| for the next example
        i = next(numbers)
        return np.sign(X[i] @ theta - y[i]) * X[i]

    rival, theta, regret, reach = rng.normal(size=3), np.zeros(3), 0.0, 0.0
    descent = adagrad(grad, theta, lr=lr, eps=1e-300)
    for i in range(60):
        regret += abs(X[i] @ theta - y[i]) - abs(X[i] @ rival - y[i])
        reach = max(reach, float(np.max(np.abs(theta - rival))))
        theta = next(descent)
        roots = np.sqrt(descent.state["squares"]).sum()
        assert regret <= (reach**2 / (2 * lr) + lr) * roots * (1 + 1e-9)


def test_adams_first_moment_is_corrected_for_its_start():
    descent = adam(lambda theta: 0.2, 0.0, lr=0.1, beta1=0.9)
    next(descent)
    assert descent.state["first_moment"] == pytest.approx(0.02)
    assert descent.state["m_hat"] == pytest.approx(0.2)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e6])
@pytest.mark.parametrize("method", [adam, adamax, adamw])
def test_the_first_step_is_as_long_as_the_rate_whatever_the_gradients_scale(method, scale):
    assert abs(next(method(lambda theta: scale, 0.0, lr=0.01))) == pytest.approx(0.01, rel=2e-5)


def test_adamax_divides_by_the_largest_recent_gradient():
    gradients = iter([1.0, -8.0, 1.0, 1.0])
    descent = adamax(lambda theta: next(gradients), 0.0, beta2=0.5, eps=1e-12)
    seen = [(next(descent), float(descent.state["largest"]))[1] for _ in range(4)]
    assert seen == pytest.approx([1, 8, 4, 2])


def test_nadam_in_its_constant_form_is_adam_with_one_more_step_of_momentum():
    gradients = np.random.default_rng(0).normal(size=20)
    stream = iter(gradients)
    thetas, m, v, theta = nadam(lambda theta: next(stream), 0.0, lr=0.1), 0.0, 0.0, 0.0
    for t, g in enumerate(gradients, start=1):
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        ahead = 0.9 * m / (1 - 0.9 ** (t + 1)) + 0.1 * g / (1 - 0.9**t)
        theta -= 0.1 * ahead / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        assert next(thetas) == pytest.approx(theta, rel=1e-12)


def test_the_two_forms_of_nadam_differ_and_meet_where_the_schedule_has_ended():
    constant, schedule, limit = (path(nadam(bowl, np.zeros(3), 0.1, momentum_decay=d)) for d in (None, 0.004, 1e6))
    assert np.abs(constant - schedule).max() > 1e-2
    assert constant == pytest.approx(limit, abs=1e-12)


# ------------------------------------------------------------------------------ claims often told wrong


def test_a_penalty_in_the_gradient_is_not_decoupled_decay():
    lam, start = 0.1, np.array([1.0, 1.0])
    flat = np.array([10.0, 0.1])  # two weights, one with a hundred times the gradient

    def noise(theta):
        noise.sign *= -1
        return noise.sign * flat

    noise.sign = 1
    decayed = path(adamw(noise, start, lr=0.01, weight_decay=lam, beta1=0.0), 400)[-1]
    noise.sign = 1
    penalised = path(adam(lambda t: noise(t) + lam * t, start, lr=0.01, beta1=0.0), 400)[-1]
    assert decayed[0] == pytest.approx(decayed[1], abs=1e-6)  # the same share of both
    assert penalised[0] - penalised[1] > 0.1  # the large gradient shields its weight


def test_adamw_without_decay_is_adam():
    assert np.array_equal(path(adamw(bowl, np.zeros(3), weight_decay=0.0)), path(adam(bowl, np.zeros(3))))


def reddi(method, **options):
    """Gradients 3, −1, −1, 3, …: their mean is positive, so θ should go down."""
    turn = iter(range(10**6))
    return path(method(lambda theta: 3.0 if next(turn) % 3 == 0 else -1.0, 0.0, lr=0.1, beta1=0.0, **options), 3000)


def test_adam_walks_the_wrong_way_on_the_problem_of_reddi_and_amsgrad_mends_it():
    assert reddi(adam, beta2=0.1)[-1] > 10
    assert reddi(adam, beta2=0.1, amsgrad=True)[-1] < -10


def test_amsgrads_divisor_never_shrinks():
    descent = adam(lambda theta: np.cos(theta), 0.0, lr=0.5, beta2=0.5, amsgrad=True)
    largest = [(next(descent), float(descent.state["largest"]))[1] for _ in range(50)]
    assert np.all(np.diff(largest) >= 0)


def test_adagrad_serves_a_rare_feature_and_stalls_in_a_long_run():
    turn = iter(range(10**6))

    def sparse(theta):
        seen = np.array([1.0, next(turn) % 50 == 0])
        return seen * (theta - 1)

    assert path(adagrad(sparse, np.zeros(2), lr=0.5), 500)[-1, 1] > 0.9
    turn = iter(range(10**6))
    assert path(gradient_descent(sparse, np.zeros(2), lr=0.05), 500)[-1, 1] < 0.5
    steps = lengths(adagrad(lambda theta: np.sign(theta - 100), 0.0, lr=0.1), 2000)
    assert steps[-1] < 0.0023  # still 90 away from the minimum


def wilson(seed, n=60):
    """Two classes, more of the first; one feature tells them apart, two are on always, the rest are each example's own.

    Wilson, Roelofs, Stern, Srebro and Recht, "The marginal value of adaptive gradient methods" (2017), section 3.3.
    """
    rng = np.random.default_rng(seed)
    labels = np.where(rng.random(n) < 0.65, 1.0, -1.0)
    X = np.zeros((n, 3 + 5 * n))
    X[:, 0], X[:, 1:3] = labels, 1
    for i, label in enumerate(labels):
        X[i, 3 + 5 * i : 3 + 5 * i + (1 if label > 0 else 5)] = 1
    return X, labels


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_adam_fits_as_well_as_momentum_and_generalises_worse_at_every_rate(seed):
    X, labels = wilson(seed)
    truth = np.array([1.0, -1.0])
    # New examples share three features with the old ones; their own features were never seen, and weigh nothing.
    fresh = np.zeros((2, X.shape[1]))
    fresh[:, 0], fresh[:, 1:3] = truth, 1

    def slope(theta):
        return X.T @ (X @ theta - labels) / len(labels)

    def learned(stream):
        theta = path(stream, 3000)[-1]
        assert np.abs(X @ theta - labels).max() < 0.05  # the training set is learned by all of them
        return np.sign(fresh @ theta)

    assert np.array_equal(learned(momentum(slope, np.zeros(X.shape[1]), lr=0.05, beta=0.9)), truth)
    for lr in (1e-3, 3e-3, 1e-2):
        assert np.array_equal(learned(adam(slope, np.zeros(X.shape[1]), lr=lr)), [1.0, 1.0])  # everything is +1


# --------------------------------------------------------------------------------------- properties


# AdamW is not among them: its decay pulls towards 0, wherever the problem is.
@pytest.mark.parametrize("method", [m for m in FAMILY if m is not adamw], ids=lambda method: method.__name__)
@settings(max_examples=15, deadline=None)
@given(shift=st.floats(-5, 5))
def test_moving_the_problem_moves_the_path(method, shift):
    moved = path(method(lambda theta: bowl(theta - shift), np.zeros(3) + shift)) - shift
    assert moved == pytest.approx(path(method(bowl, np.zeros(3))), abs=1e-9)


@methods
@settings(max_examples=10, deadline=None)
@given(order=st.permutations(range(3)))
def test_reordering_the_parameters_reorders_the_path(method, order):
    order = np.array(order)
    back = np.argsort(order)
    mixed = path(method(lambda theta: bowl(theta[back])[order], np.zeros(3)))
    assert mixed == pytest.approx(path(method(bowl, np.zeros(3)))[:, order], abs=1e-14)


@pytest.mark.parametrize("scale", [1e-4, 1e4])
@pytest.mark.parametrize("method", [adagrad, rmsprop, adam, adamw, adamax, nadam], ids=lambda m: m.__name__)
def test_the_normalised_methods_do_not_see_the_losss_scale_as_epsilon_vanishes(method, scale):
    scaled = path(method(lambda theta: scale * bowl(theta), np.zeros(3), lr=0.01, eps=1e-300))
    assert scaled == pytest.approx(path(method(bowl, np.zeros(3), lr=0.01, eps=1e-300)), rel=1e-9)


@pytest.mark.parametrize("method", [gradient_descent, momentum, nesterov], ids=lambda m: m.__name__)
def test_the_plain_methods_do(method):
    once, twice = (path(method(lambda t, s=s: s * bowl(t), np.zeros(3), lr=0.01)) for s in (1, 2))
    assert np.abs(once - twice).max() > 0.01


@methods
@pytest.mark.parametrize("start", [4.0, np.float32(4), np.full((2, 3), 4.0), np.full(3, 4, dtype=np.float32), [4, 4]])
def test_shape_and_precision_of_the_start_are_kept(method, start):
    expected = np.asarray(start) if np.asarray(start).dtype.kind == "f" else np.asarray(start, dtype=float)
    for theta in islice(method(lambda theta: 2 * theta, start), 3):
        assert (np.shape(theta), theta.dtype) == (expected.shape, expected.dtype)


@methods
def test_nothing_given_is_changed_and_no_iterate_changes_later(method):
    start, answer = np.ones(3), np.array([1.0, 2.0, 3.0])
    stream = method(lambda theta: answer, start)
    kept = list(islice(stream, 5))
    copies = [np.copy(theta) for theta in kept]
    list(islice(stream, 5))
    assert np.array_equal(kept, copies)
    assert start.tolist() == [1, 1, 1]
    assert answer.tolist() == [1, 2, 3]


@methods
def test_two_streams_from_one_start_share_nothing(method):
    alone = path(method(bowl, np.zeros(3)), 10)
    first, second = method(bowl, np.zeros(3)), method(bowl, np.zeros(3))
    pairs = [(next(first), next(second)) for _ in range(10)]
    assert np.array_equal([a for a, _ in pairs], alone)
    assert np.array_equal([b for _, b in pairs], alone)


@methods
def test_a_nan_midway_stops_the_stream_with_a_word_about_it(method):
    turn = iter(range(100))
    stream = method(lambda theta: np.array([1.0, np.nan if next(turn) == 3 else 1.0]), np.zeros(2))
    assert all(np.isfinite(next(stream)).all() for _ in range(3))
    with pytest.raises(ValueError, match="grad returned"):
        next(stream)
    assert stream.reason == "non-finite"


BAD = [("lr", 0.0), ("lr", -1.0), ("lr", np.inf), ("theta", [np.nan]), ("theta", []), ("grad", 3), ("eps", 0.0)]
BAD += [("beta1", 1.0), ("beta2", -0.1), ("rho", 1.0), ("weight_decay", -1.0), ("momentum_decay", -1.0)]


APPLICABLE = [(m, name, value) for m in FAMILY for name, value in BAD if name in inspect.signature(m).parameters]


@pytest.mark.parametrize(("method", "name", "value"), APPLICABLE)
def test_bad_arguments_are_refused_by_name_and_value(method, name, value):
    with pytest.raises(ValueError, match=f"^{name} = "):
        method(**({"grad": bowl, "theta": np.zeros(3)} | {name: value}))


@pytest.mark.parametrize("method", RATED, ids=lambda method: method.__name__)
def test_a_schedule_stands_wherever_a_rate_does(method):
    asked = []
    path(method(bowl, np.zeros(3), lr=lambda step: asked.append(step) or 0.01), 4)
    assert asked == [0, 1, 2, 3]
