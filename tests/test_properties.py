"""What changing the problem does to the path: symmetries that theory promises, and those it does not."""

from __future__ import annotations

import inspect
from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from samples import good_arguments, parameters

import optcourse
from optcourse.catalogue import METHODS
from optcourse.streams import Stream

CENTRE = np.array([0.5, -1.0, 0.2])
CURVATURE = np.array([[3.0, 1.0, 0.0], [1.0, 2.0, 0.5], [0.0, 0.5, 1.0]])
START = np.array([2.0, 1.0, -1.5])
STEPS = 8


# A smooth, strongly convex loss that is no quadratic, so that nothing ends early or coincides by luck.
def loss(theta):
    return 0.5 * (theta - CENTRE) @ CURVATURE @ (theta - CENTRE) + np.sum(np.log(np.cosh(theta)))


def grad(theta):
    return CURVATURE @ (theta - CENTRE) + np.tanh(theta)


def hess(theta):
    return CURVATURE + np.diag(1 / np.cosh(theta) ** 2)


def losses(population):
    return np.array([loss(theta) for theta in population])


RATES = {"gradient_descent": 0.1, "newton": 1.0}


class Seen:
    """The problem in other coordinates: φ with θ = M φ + shift, and the loss multiplied by a factor."""

    def __init__(self, M=None, shift=0.0, factor=1.0):
        self.M = np.eye(3) if M is None else np.asarray(M)
        self.shift, self.factor = shift, factor

    def theta(self, phi):
        return self.M @ phi + self.shift

    def phi(self, theta):
        return np.linalg.solve(self.M, theta - self.shift)

    def arguments(self):
        return {
            "loss": lambda phi: self.factor * loss(self.theta(phi)),
            "grad": lambda phi: self.factor * self.M.T @ grad(self.theta(phi)),
            "hess": lambda phi: self.factor * self.M.T @ hess(self.theta(phi)) @ self.M,
            "losses": lambda population: self.factor * losses(np.array([self.theta(phi) for phi in population])),
            "theta": self.phi(START),
        }

    def path(self, name, **more):
        """The method's path on the problem as seen from here, told in θ."""
        method = getattr(optcourse, name)
        taken = inspect.signature(method).parameters
        given = {key: value for key, value in self.arguments().items() if key in taken}
        if name in RATES:
            more = {"lr": RATES[name], **more}
        if "rng" in taken:
            more = {"rng": np.random.default_rng(3), **more}
        return np.array([self.theta(phi) for phi in islice(method(**given, **more), STEPS)])


HERE = Seen()
PLAIN = ["gradient_descent", "momentum", "nesterov"]
CURVED = ["damped_newton", "bfgs", "lbfgs", "nonlinear_cg"]
NORMALISED = ["adagrad", "rmsprop", "adam", "adamax", "nadam"]
ADAPTIVE = [*NORMALISED, "adadelta", "adamw"]
CHANCE = ["evolution_strategy", "cma_es"]

seeds = st.integers(0, 2**32 - 1)


def named(*names):
    return pytest.mark.parametrize("name", names)


def orthogonal(seed):
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))[0]


def invertible(seed):
    """A matrix of condition 8, so that rounding stays small."""
    return orthogonal(seed) @ np.diag([0.5, 1.0, 4.0]) @ orthogonal(seed + 1)


# ------------------------------------------------------------------------------------------------ moved


# AdamW is not among them: its decay pulls towards 0, wherever the problem is.
@named(*PLAIN, "newton", *CURVED, *NORMALISED, "adadelta", *CHANCE)
@settings(max_examples=10, deadline=None)
@given(shift=arrays.arrays(float, 3, elements=st.floats(-8, 8)))
def test_moving_the_problem_moves_the_path(name, shift):
    assert Seen(shift=shift).path(name) == pytest.approx(HERE.path(name), abs=1e-6)


def test_weight_decay_is_not_moved_with_the_problem():
    options = {"weight_decay": 0.5, "lr": 0.1}
    assert np.abs(Seen(shift=3.0).path("adamw", **options) - HERE.path("adamw", **options)).max() > 0.1


# ------------------------------------------------------------------------------------------------ reordered


@named(*PLAIN, "newton", *CURVED, *ADAPTIVE)
@settings(max_examples=6, deadline=None)
@given(order=st.permutations(range(3)))
def test_reordering_the_parameters_reorders_the_path(name, order):
    assert Seen(M=np.eye(3)[list(order)]).path(name) == pytest.approx(HERE.path(name), abs=1e-7)


def test_coordinate_descent_depends_on_the_order_but_not_where_it_ends():
    def path(order):
        def minimise(theta, j):
            i = order[j]
            rest = sum(CURVATURE[i, order[k]] * theta[k] for k in range(3) if k != j)
            return (START[i] - rest) / CURVATURE[i, i]

        sweeps = islice(optcourse.coordinate_descent(minimise, np.zeros(3)), 300)
        return np.array([theta[np.argsort(order)] for theta in sweeps])

    straight, reversed_order = path([0, 1, 2]), path([2, 1, 0])
    assert np.abs(straight[0] - reversed_order[0]).max() > 0.1
    assert straight[-1] == pytest.approx(reversed_order[-1], abs=1e-9)


# ------------------------------------------------------------------------------------------------ turned


@named(*PLAIN, "newton", *CURVED)
@settings(max_examples=8, deadline=None)
@given(seed=seeds)
def test_turning_the_axes_turns_the_path_of_methods_that_know_only_lengths_and_angles(name, seed):
    assert Seen(M=orthogonal(seed)).path(name) == pytest.approx(HERE.path(name), abs=1e-6)


@named(*ADAPTIVE)
def test_the_methods_with_a_rate_for_each_parameter_see_the_axes(name):
    more = {} if name == "adadelta" else {"lr": 0.1}
    assert np.abs(Seen(M=orthogonal(5)).path(name, **more) - HERE.path(name, **more)).max() > 1e-3


# ------------------------------------------------------------------------------------------------ stretched


@settings(max_examples=20, deadline=None)
@given(seed=seeds)
def test_newton_does_not_see_a_change_of_coordinates(seed):
    assert Seen(M=invertible(seed), shift=1.0).path("newton") == pytest.approx(HERE.path("newton"), abs=1e-8)


@named(*PLAIN, "adam", "bfgs")
def test_the_other_methods_do(name):
    assert np.abs(Seen(M=invertible(1)).path(name) - HERE.path(name)).max() > 1e-3


@named(*NORMALISED)
@settings(max_examples=8, deadline=None)
@given(stretch=arrays.arrays(float, 3, elements=st.floats(0.01, 100)))
def test_a_parameter_in_other_units_takes_steps_of_the_same_number(name, stretch):
    # Each step is a pure number, whatever the units: in θ the step is stretched with them. With ε gone that is exact.
    flat = {"theta": np.zeros(3), "lr": 0.01, "eps": 1e-300}
    slope = np.array([1.0, -2.0, 0.5])
    one = list(islice(getattr(optcourse, name)(lambda theta: slope * (1 + 0.1 * theta), **flat), STEPS))
    other = list(islice(getattr(optcourse, name)(lambda theta: stretch * slope * (1 + 0.1 * theta), **flat), STEPS))
    assert np.array(other) == pytest.approx(np.array(one), rel=1e-9)


# ------------------------------------------------------------------------------------------------ a larger loss


@named("newton", *NORMALISED, *CHANCE)
@settings(max_examples=10, deadline=None)
@given(factor=st.sampled_from([2.0**-20, 0.125, 8.0, 2.0**20]))  # powers of two: products round as before
def test_multiplying_the_loss_leaves_the_path(name, factor):
    more = {"eps": 1e-300} if name in NORMALISED else {}
    assert Seen(factor=factor).path(name, **more) == pytest.approx(HERE.path(name, **more), abs=1e-9)


@named(*PLAIN)
def test_multiplying_the_loss_multiplies_the_plain_methods_steps(name):
    first, second = HERE.path(name, lr=0.02)[0] - START, Seen(factor=2.0).path(name, lr=0.02)[0] - START
    assert second == pytest.approx(2 * first, rel=1e-12)
    assert np.abs(Seen(factor=2.0).path(name, lr=0.02) - HERE.path(name, lr=0.02)).max() > 0.01
    assert Seen(factor=2.0).path(name, lr=0.01) == pytest.approx(HERE.path(name, lr=0.02), abs=1e-12)


@named(*NORMALISED)
def test_epsilon_is_what_a_small_loss_sees(name):
    small = {"lr": 0.01, "eps": 1e-3}
    assert np.abs(Seen(factor=1e-4).path(name, **small) - HERE.path(name, **small)).max() > 1e-3


@named(*CHANCE)
def test_the_methods_of_chance_see_only_the_order_of_the_losses(name):
    made = getattr(optcourse, name)

    def path(bent):
        return list(islice(made(lambda rows: bent(losses(rows)), START, np.random.default_rng(1)), STEPS))

    assert np.array_equal(path(lambda values: values), path(lambda values: np.arctan(values) - 7))


# ------------------------------------------------------------------------------------------------ chance

WITH_RNG = [row for row in METHODS if "rng" in parameters(row)]
with_rng = pytest.mark.parametrize("row", WITH_RNG, ids=lambda row: row.name)


def outcome(row, seed, **more):
    arguments = good_arguments(row) | {"rng": np.random.default_rng(seed)} | more
    made = row.function(**arguments)
    if isinstance(made, Stream) or inspect.isgenerator(made):
        return [np.copy(theta) for theta in islice(made, 5)]
    return [np.frombuffer(repr(made).encode(), np.uint8)]


@with_rng
def test_one_seed_is_one_stream_and_it_draws_from_nowhere_else(row):
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    for one, other in zip(outcome(row, 7), outcome(row, 7), strict=True):
        assert np.array_equal(one, other)
    assert np.array_equal(np.random.get_state()[1], before)  # noqa: NPY002


# The chord test says only yes or no, and the others measure: the drawn directions show in the last digits alone.
@pytest.mark.parametrize("row", [row for row in WITH_RNG if row.section in ("3.2", "3.13")], ids=lambda row: row.name)
def test_another_seed_is_another_stream(row):
    more = {"n": 40} if row.name in ("minibatches", "genetic_algorithm") else {}
    one, other = outcome(row, 1, **more), outcome(row, 2, **more)
    assert any(not np.array_equal(a, b) for a, b in zip(one, other, strict=True))


# ------------------------------------------------------------------------------------------------ shapes

FIRST_ORDER = [*PLAIN, *ADAPTIVE]


SHAPES = arrays.array_shapes(min_dims=0, max_dims=3, max_side=3)
starts = arrays.arrays(st.sampled_from([np.float32, np.float64]), SHAPES, elements=st.floats(-4, 4, width=32))


@named(*FIRST_ORDER)
@settings(max_examples=20, deadline=None)
@given(theta=starts)
def test_a_start_of_any_shape_keeps_shape_precision_and_value(name, theta):
    before = np.copy(theta)
    for iterate in islice(getattr(optcourse, name)(lambda theta: 2 * theta, theta), 3):
        assert np.shape(iterate) == theta.shape
        assert iterate.dtype == theta.dtype
    assert np.array_equal(theta, before)


@named(*FIRST_ORDER)
@settings(max_examples=20, deadline=None)
@given(theta=st.floats(-4, 4))
def test_a_number_goes_in_and_a_number_comes_out_as_from_a_vector_of_one(name, theta):
    method = getattr(optcourse, name)
    alone = list(islice(method(lambda theta: 2 * theta, theta), 5))
    row = list(islice(method(lambda theta: 2 * theta, [theta]), 5))
    assert all(isinstance(iterate, float) for iterate in alone)
    assert alone == [float(iterate[0]) for iterate in row]
