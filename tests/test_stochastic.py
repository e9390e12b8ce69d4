"""3.2: what the chapter says of stochastic gradient descent, asserted."""

from __future__ import annotations

import itertools
from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optcourse import gradient_descent, minibatches, sgd

RNG = np.random.default_rng(3)
N = 60
X = RNG.normal(size=(N, 2))
Y = X @ [1.0, -2.0] + RNG.normal(size=N)
BEST = np.linalg.lstsq(X, Y, rcond=None)[0]


def grad_i(theta, batch):
    return X[batch].T @ (X[batch] @ theta - Y[batch]) / len(batch)


def full(theta):
    return grad_i(theta, np.arange(N))


def rng(seed=0):
    return np.random.default_rng(seed)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 30), st.data())
def test_every_epoch_is_a_permutation_in_batches_and_the_last_holds_the_rest(n, data):
    size = data.draw(st.integers(1, n))
    stream = minibatches(n, size, rng())
    for _ in range(3):
        epoch = list(islice(stream, -(-n // size)))
        assert sorted(np.concatenate(epoch)) == list(range(n))
        assert [len(batch) for batch in epoch[:-1]] == [size] * (len(epoch) - 1)
        assert len(epoch[-1]) == (n % size or size)


def test_epochs_are_reshuffled_and_the_same_seed_gives_the_same_order():
    orders = [np.concatenate(list(islice(minibatches(40, 7, rng(5)), 12))).reshape(2, 40) for _ in range(2)]
    assert np.array_equal(orders[0], orders[1])
    assert not np.array_equal(orders[0][0], orders[0][1])


def test_a_batch_of_everything_is_gradient_descent():
    ours = list(islice(sgd(grad_i, np.zeros(2), N, 0.1, N, rng()), 20))
    assert ours == pytest.approx(np.array(list(islice(gradient_descent(full, np.zeros(2), lr=0.1), 20))), abs=1e-13)


def test_the_gradient_of_a_batch_is_unbiased_over_all_batches():
    theta, size = np.array([0.3, 0.7]), 2
    every = [grad_i(theta, np.array(batch)) for batch in itertools.combinations(range(12), size)]
    assert np.mean(every, axis=0) == pytest.approx(grad_i(theta, np.arange(12)), abs=1e-13)


@pytest.mark.parametrize("size", [1, 2, 5])
def test_the_variance_falls_as_one_over_b_with_the_correction_of_a_finite_population(size):
    theta, n = np.array([0.3, 0.7]), 10
    each = np.array([grad_i(theta, np.array([i])) for i in range(n)])
    every = np.array([grad_i(theta, np.array(batch)) for batch in itertools.combinations(range(n), size)])
    assert every.var(axis=0) == pytest.approx(each.var(axis=0) / size * (n - size) / (n - 1), rel=1e-12)


def test_the_batches_of_minibatches_have_that_variance():
    theta, size = np.array([0.3, 0.7]), 12
    seen = np.array([grad_i(theta, batch) for batch in islice(minibatches(N, size, rng(1)), 10_000)])
    each = np.array([grad_i(theta, np.array([i])) for i in range(N)])
    # 10 000 squares estimate a variance to about √(2/10 000) = 1.4 %; four times that.
    assert seen.var(axis=0) == pytest.approx(each.var(axis=0) / size * (N - size) / (N - 1), rel=0.057)


def test_a_constant_rate_ends_in_a_ball_of_noise_and_a_decaying_one_settles():
    def late_error(lr):
        thetas = np.array(list(islice(sgd(grad_i, np.zeros(2), N, lr, 1, rng(2)), 6000)))
        return np.sqrt(np.mean(np.sum((thetas[-1000:] - BEST) ** 2, axis=1)))

    loud, quiet = late_error(0.1), late_error(0.02)
    assert loud > 1.5 * quiet > 0.02
    assert late_error(lambda step: 1 / (10 + step)) < quiet / 4


def test_not_reshuffling_sorted_data_ends_elsewhere():
    def average(batches):
        theta, tail = 0.0, []
        for batch in batches:
            theta = theta - 0.1 * (theta - (batch[0] >= 50))
            tail.append(theta)
        return tail[-1]

    sorted_order = ([i] for _ in range(20) for i in range(100))
    assert average(sorted_order) > 0.99  # it believes what it saw last; the mean is ½
    ends = [average(islice(minibatches(100, 1, rng(seed)), 2000)) for seed in range(20)]
    assert np.mean(ends) == pytest.approx(0.5, abs=0.15)


def test_scikit_learns_classifier_updates_one_example_at_a_time():
    from sklearn.linear_model import SGDClassifier

    labels = (Y > 0).astype(int)

    def logistic(theta, batch):
        return X[batch].T @ (1 / (1 + np.exp(-X[batch] @ theta)) - labels[batch]) / len(batch)

    theirs = SGDClassifier(
        loss="log_loss", penalty=None, learning_rate="constant", eta0=0.1, fit_intercept=False, shuffle=False
    )
    one, mean = np.zeros(2), np.zeros(2)
    for batch in islice(minibatches(N, 8, rng(4)), 16):
        theirs.partial_fit(X[batch], labels[batch], classes=[0, 1])
        for i in batch:
            one = one - 0.1 * logistic(one, np.array([i]))
        mean = mean - 0.1 * logistic(mean, batch)
        assert theirs.coef_[0] == pytest.approx(one, abs=1e-12)
    assert np.abs(mean - one).max() > 0.3  # not the mini-batch rule


def test_two_streams_with_the_same_seed_are_the_same_and_do_not_disturb_each_other():
    first, second = (sgd(grad_i, np.zeros(2), N, 0.1, 7, rng(9)) for _ in range(2))
    pairs = [(next(first), next(second)) for _ in range(30)]
    assert all(np.array_equal(a, b) for a, b in pairs)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"batch_size": N + 1}, f"batch_size = {N + 1}"),
        ({"batch_size": 0}, "batch_size = 0"),
        ({"batch_size": 2.0}, r"batch_size = 2\.0"),
        ({"n": 0}, "n = 0"),
        ({"lr": 0.0}, r"lr = 0\.0"),
        ({"rng": 0}, "rng = 0"),
        ({"rng": np.random.RandomState(0)}, "rng = RandomState"),
        ({"theta": np.array([np.nan, 0])}, "theta = "),
    ],
)
def test_bad_arguments_are_refused_by_name_and_value_at_the_call(changes, complaint):
    good = {"grad_i": grad_i, "theta": np.zeros(2), "n": N, "lr": 0.1, "batch_size": 4, "rng": rng()}
    with pytest.raises(ValueError, match=complaint):
        sgd(**(good | changes))
    if not {"lr", "theta"} & set(changes):
        with pytest.raises(ValueError, match=complaint):
            minibatches(**({"n": N, "batch_size": 4, "rng": rng()} | changes))
