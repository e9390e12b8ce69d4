"""Exercises of 3.4: the three methods, the gradient of a table of word vectors, and a loss of unknown scales."""

from __future__ import annotations

from typing import Any

import numpy as np

import optcourse
from optcourse.arguments import Array, Gradient
from optcourse.grading.drawing import curves
from optcourse.grading.exercise import Case, Exercise, Tolerance
from optcourse.grading.probes import evaluated_at, evaluations
from optcourse.grading.references import (
    agrees_with,
    any_answer,
    last_of,
    parabola,
    ravine,
    reaches,
    rippled_bowl,
    tilted,
)

START, FAR = np.array([4.0]), np.array([-4.0, 1.0])
SQUARES_AND_ROOTS = Tolerance(
    1e-9,
    1e-12,
    single=1e-3,
    why="a dozen squares and roots in another order; of 7 digits, a small slope over a small record leaves four",
)


def shapeless(*names: str, number: int = 1) -> dict[str, str]:
    """Mutants of ``np.zeros_like(theta)`` that are right all the same."""
    suffix = "" if number == 1 else f" (no. {number})"
    return {f"theta → {name}{suffix}": "a single zero takes θ's shape at the first sum" for name in names}


def slopes_on_one_axis(theta: Array) -> Array:
    """A loss that does not depend on its second parameter: a feature that has not been seen."""
    return np.array([2.0, 0.0]) * theta


def drawn(rng: np.random.Generator, **settings: float) -> Case:
    """A rippled bowl, and an ε large enough that its place can be seen."""
    grad, theta, _ = rippled_bowl(rng)
    eps = float(10 ** rng.uniform(-1.5, -0.3))
    return Case("drawn", grad=grad, theta=theta, **settings, eps=eps, steps=int(rng.integers(4, 12)))


# -------------------------------------------------------------------------------------------- adagrad


def summed(grad: Gradient, theta: Array, lr: float, eps: float, steps: int) -> Any:
    return last_of(optcourse.adagrad(grad, theta, lr, eps), theta, steps)


adagrad = Exercise(
    name="adagrad",
    title="AdaGrad",
    section="3.4",
    points=3,
    signature="adagrad(grad, theta: (n,), lr: number, eps: number, steps: int) -> (n,)",
    reference=summed,
    cases=[
        Case("one step down θ², from 4 with η = 0.5: η long", grad=parabola, theta=START, lr=0.5, eps=1e-8, steps=1),
        Case("two steps of the same", grad=parabola, theta=START, lr=0.5, eps=1e-8, steps=2),
        Case("three steps with a large ε", grad=parabola, theta=START, lr=0.5, eps=2.0, steps=3),
        Case("twelve steps in a ravine", grad=ravine, theta=FAR, lr=0.8, eps=1e-8, steps=12),
        Case("a feature not yet seen", grad=slopes_on_one_axis, theta=np.array([1.0, 3.0]), lr=0.3, eps=1e-8, steps=4),
        Case("a tilted bowl", grad=tilted, theta=np.array([3.0, -2.0, 1.0]), lr=0.5, eps=0.1, steps=8),
        Case("no step at all: θ stays", grad=ravine, theta=np.array([1.0, 2.0]), lr=0.1, eps=1e-8, steps=0),
    ],
    draw=lambda rng: drawn(rng, lr=float(rng.uniform(0.1, 0.8))),
    tolerance=SQUARES_AND_ROOTS,
    path="steps",
    probes=[evaluations("grad"), evaluated_at("grad", rtol=1e-3)],
    equivalent_mutants=shapeless("lr", "eps", "steps"),
)


@adagrad.mistake("ε stands inside the root. Here it is added to the root: √G + ε.")
def eps_inside(grad: Gradient, theta: Array, lr: float, eps: float, steps: int) -> Array:
    squares = np.zeros_like(theta)
    for _ in range(steps):
        g = grad(theta)
        squares = squares + g**2
        theta = theta - lr * g / np.sqrt(squares + eps)
    return theta


@adagrad.mistake("The root is missing: divide by √G, so that a slope is divided by a slope.")
def no_root(grad: Gradient, theta: Array, lr: float, eps: float, steps: int) -> Array:
    squares = np.zeros_like(theta)
    for _ in range(steps):
        g = grad(theta)
        squares = squares + g**2
        theta = theta - lr * g / (squares + eps)
    return theta


@adagrad.mistake("The step is taken before its own slope is recorded, so the first one is divided by ε alone.")
def records_too_late(grad: Gradient, theta: Array, lr: float, eps: float, steps: int) -> Array:
    squares = np.zeros_like(theta)
    for _ in range(steps):
        g = grad(theta)
        theta = theta - lr * g / (np.sqrt(squares) + eps)
        squares = squares + g**2
    return theta


@adagrad.mistake(
    "All coordinates share one record, the sum of all squares. Each needs its own: `g**2`, entry by entry."
)
def one_record_for_all(grad: Gradient, theta: Array, lr: float, eps: float, steps: int) -> Array:
    squares = 0.0
    for _ in range(steps):
        g = grad(theta)
        squares = squares + np.sum(g**2)
        theta = theta - lr * g / (np.sqrt(squares) + eps)
    return theta


@adagrad.mistake(
    "The record is made anew in every step, so it holds the last slope only. Make it once, before the loop."
)
def forgets(grad: Gradient, theta: Array, lr: float, eps: float, steps: int) -> Array:
    for _ in range(steps):
        g = grad(theta)
        theta = theta - lr * g / (np.sqrt(g**2) + eps)
    return theta


@adagrad.mistake("It divides by the root of the *mean* of the squares. AdaGrad's is their sum: it never stops growing.")
def mean_for_sum(grad: Gradient, theta: Array, lr: float, eps: float, steps: int) -> Array:
    squares = np.zeros_like(theta)
    for t in range(1, steps + 1):
        g = grad(theta)
        squares = squares + g**2
        theta = theta - lr * g / (np.sqrt(squares / t) + eps)
    return theta


@adagrad.mistake("It adds up the slopes' sizes, not their squares: G ← G + g².")
def sizes_for_squares(grad: Gradient, theta: Array, lr: float, eps: float, steps: int) -> Array:
    sizes = np.zeros_like(theta)
    for _ in range(steps):
        g = grad(theta)
        sizes = sizes + np.abs(g)
        theta = theta - lr * g / (np.sqrt(sizes) + eps)
    return theta


@adagrad.mistake("The step goes up the slope: subtract it.")
def uphill(grad: Gradient, theta: Array, lr: float, eps: float, steps: int) -> Array:
    squares = np.zeros_like(theta)
    for _ in range(steps):
        g = grad(theta)
        squares = squares + g**2
        theta = theta + lr * g / (np.sqrt(squares) + eps)
    return theta


@adagrad.mistake(
    "The slope is *multiplied* by the root of its record. Divide: large slopes in the past mean short steps."
)
def multiplied(grad: Gradient, theta: Array, lr: float, eps: float, steps: int) -> Array:
    squares = np.zeros_like(theta)
    for _ in range(steps):
        g = grad(theta)
        squares = squares + g**2
        theta = theta - lr * g * (np.sqrt(squares) + eps)
    return theta


@adagrad.mistake("ε is left out: a feature that has not been seen yet gives 0/0, which is NaN.")
def no_eps(grad: Gradient, theta: Array, lr: float, eps: float, steps: int) -> Array:
    squares = np.zeros_like(theta)
    for _ in range(steps):
        g = grad(theta)
        squares = squares + g**2
        theta = theta - lr * g / np.sqrt(squares)
    return theta


@adagrad.mistake("The step size is not used: multiply the quotient by `lr`.")
def no_step_size(grad: Gradient, theta: Array, lr: float, eps: float, steps: int) -> Any:
    return summed(grad, theta, 1.0, eps, steps)


@adagrad.mistake("It takes one step too many: `range(steps)` has `steps` numbers in it, 0 being the first.")
def one_step_too_many(grad: Gradient, theta: Array, lr: float, eps: float, steps: int) -> Any:
    return summed(grad, theta, lr, eps, steps + 1)


@adagrad.mistake("`theta -= …` changes the caller's array, not only yours. Write `theta = theta - …`, or copy θ first.")
def in_place(grad: Gradient, theta: Array, lr: float, eps: float, steps: int) -> Array:
    squares = np.zeros_like(theta)
    for _ in range(steps):
        g = grad(theta)
        squares += g**2
        theta -= lr * g / (np.sqrt(squares) + eps)
    return theta


@adagrad.alternative
def with_a_copy_in_place(grad: Gradient, theta: Array, lr: float, eps: float, steps: int) -> Array:
    theta, squares = np.array(theta, dtype=float), np.zeros(len(theta))
    for _ in range(steps):
        g = grad(theta)
        squares += g * g
        theta -= lr / (squares**0.5 + eps) * g
    return theta


@adagrad.alternative
def with_lists(grad: Gradient, theta: Array, lr: float, eps: float, steps: int) -> list[float]:
    here, squares = [float(value) for value in theta], [0.0] * len(theta)
    while steps > 0:
        for j, g in enumerate(float(slope) for slope in grad(np.array(here))):
            squares[j] += g**2
            here[j] -= lr * g / (squares[j] ** 0.5 + eps)
        steps -= 1
    return here


@adagrad.alternative
def from_all_slopes(grad: Gradient, theta: Array, lr: float, eps: float, steps: int) -> Array:
    seen: list[Array] = []
    for _ in range(steps):
        seen.append(grad(theta))
        theta = theta - lr * seen[-1] / (np.linalg.norm(seen, axis=0) + eps)
    return theta


@adagrad.alternative
def in_single_precision(grad: Gradient, theta: Array, lr: float, eps: float, steps: int) -> Array:
    theta, squares = theta.astype(np.float32), np.zeros(theta.shape, dtype=np.float32)
    for _ in range(steps):
        g = grad(theta).astype(np.float32)
        squares = squares + g**2
        theta = (theta - lr * g / (np.sqrt(squares) + eps)).astype(np.float32)
    return theta


@adagrad.alternative
def with_a_running_root(grad: Gradient, theta: Array, lr: float, eps: float, steps: int) -> Array:
    root = 0 * theta
    for _ in range(steps):
        g = grad(theta)
        root = np.hypot(root, g)
        theta = theta - np.divide(lr * g, root + eps)
    return theta


@adagrad.alternative
def by_recursion(grad: Gradient, theta: Array, lr: float, eps: float, steps: int) -> Array:
    def go(here: Array, squares: Any, left: int) -> Array:
        if left == 0:
            return here
        g = grad(here)
        return go(here - lr * g / (np.sqrt(squares + g * g) + eps), squares + g * g, left - 1)

    return go(theta, 0.0, steps)


# -------------------------------------------------------------------------------------------- rmsprop


def averaged(grad: Gradient, theta: Array, lr: float, rho: float, eps: float, steps: int) -> Any:
    return last_of(optcourse.rmsprop(grad, theta, lr, rho, eps), theta, steps)


rmsprop = Exercise(
    name="rmsprop",
    title="RMSProp",
    section="3.4",
    points=3,
    signature="rmsprop(grad, theta: (n,), lr: number, rho: number, eps: number, steps: int) -> (n,)",
    reference=averaged,
    cases=[
        Case("one step down θ² from 4", grad=parabola, theta=START, lr=0.1, rho=0.9, eps=1e-8, steps=1),
        Case("three steps of the same", grad=parabola, theta=START, lr=0.1, rho=0.9, eps=1e-8, steps=3),
        Case("no memory, ρ = 0", grad=parabola, theta=START, lr=0.5, rho=0.0, eps=1e-8, steps=3),
        Case("three steps with a large ε", grad=parabola, theta=START, lr=0.5, rho=0.6, eps=2.0, steps=3),
        Case("twelve steps in a ravine", grad=ravine, theta=FAR, lr=0.2, rho=0.8, eps=1e-8, steps=12),
        Case(
            "a feature not yet seen",
            grad=slopes_on_one_axis,
            theta=np.array([1.0, 3.0]),
            lr=0.1,
            rho=0.9,
            eps=1e-8,
            steps=4,
        ),
        Case("a tilted bowl", grad=tilted, theta=np.array([3.0, -2.0, 1.0]), lr=0.2, rho=0.7, eps=0.1, steps=8),
        Case("no step at all: θ stays", grad=ravine, theta=np.array([1.0, 2.0]), lr=0.1, rho=0.9, eps=1e-8, steps=0),
    ],
    draw=lambda rng: drawn(rng, lr=float(rng.uniform(0.05, 0.4)), rho=float(rng.uniform(0.55, 0.95))),
    tolerance=SQUARES_AND_ROOTS,
    path="steps",
    probes=[evaluations("grad"), evaluated_at("grad", rtol=1e-3)],
    equivalent_mutants=shapeless("grad", "lr", "rho", "eps", "steps"),
)


def _rmsprop_with(record: Any, divide: Any) -> Any:
    """RMSProp with another record of the slopes or another divisor."""

    def method(grad: Gradient, theta: Array, lr: float, rho: float, eps: float, steps: int) -> Array:
        average: Any = np.zeros_like(theta)
        for t in range(1, steps + 1):
            g = grad(theta)
            average = record(average, g, rho)
            theta = theta - lr * g / divide(average, rho, eps, t)
        return theta

    return method


def _average(average: Any, g: Array, rho: float) -> Any:
    return rho * average + (1 - rho) * g**2


def _root(average: Any, rho: float, eps: float, t: int) -> Any:
    return np.sqrt(average) + eps


@rmsprop.mistake("The squares are added up, which is AdaGrad. RMSProp averages: ρE + (1 − ρ)g².")
def adds_up(grad: Gradient, theta: Array, lr: float, rho: float, eps: float, steps: int) -> Any:
    return summed(grad, theta, lr, eps, steps)


@rmsprop.mistake("The weights are exchanged: ρ belongs to the old average, 1 − ρ to the new square.")
def weights_exchanged(grad: Gradient, theta: Array, lr: float, rho: float, eps: float, steps: int) -> Any:
    return averaged(grad, theta, lr, 1 - rho, eps, steps)


@rmsprop.mistake("The new square enters whole. It needs the weight 1 − ρ, or the record is no average.")
def no_weight(grad: Gradient, theta: Array, lr: float, rho: float, eps: float, steps: int) -> Any:
    return _rmsprop_with(lambda average, g, rho: rho * average + g**2, _root)(grad, theta, lr, rho, eps, steps)


@rmsprop.mistake("ε stands inside the root. Here it is added to the root: √E + ε.")
def eps_in_the_root(grad: Gradient, theta: Array, lr: float, rho: float, eps: float, steps: int) -> Any:
    inside = _rmsprop_with(_average, lambda average, rho, eps, t: np.sqrt(average + eps))
    return inside(grad, theta, lr, rho, eps, steps)


@rmsprop.mistake("The root is missing: divide by √E, so that a slope is divided by a slope.")
def without_root(grad: Gradient, theta: Array, lr: float, rho: float, eps: float, steps: int) -> Any:
    return _rmsprop_with(_average, lambda average, rho, eps, t: average + eps)(grad, theta, lr, rho, eps, steps)


@rmsprop.mistake("The average is divided by 1 − ρᵗ. That correction is Adam's; RMSProp has none.")
def corrected(grad: Gradient, theta: Array, lr: float, rho: float, eps: float, steps: int) -> Any:
    corrected_root = _rmsprop_with(_average, lambda average, rho, eps, t: np.sqrt(average / (1 - rho**t)) + eps)
    return corrected_root(grad, theta, lr, rho, eps, steps)


@rmsprop.mistake("The average begins with the first square. It begins with zero.")
def begins_full(grad: Gradient, theta: Array, lr: float, rho: float, eps: float, steps: int) -> Array:
    average = None
    for _ in range(steps):
        g = grad(theta)
        average = g**2 if average is None else rho * average + (1 - rho) * g**2
        theta = theta - lr * g / (np.sqrt(average) + eps)
    return theta


@rmsprop.mistake(
    "All coordinates share one average, the mean of all squares. Each needs its own: `g**2`, entry by entry."
)
def one_average_for_all(grad: Gradient, theta: Array, lr: float, rho: float, eps: float, steps: int) -> Any:
    mean = _rmsprop_with(lambda average, g, rho: rho * average + (1 - rho) * np.mean(g**2), _root)
    return mean(grad, theta, lr, rho, eps, steps)


@rmsprop.mistake("The slopes are averaged and then squared. Average the squares: slopes of both signs would cancel.")
def square_of_average(grad: Gradient, theta: Array, lr: float, rho: float, eps: float, steps: int) -> Any:
    mean = _rmsprop_with(
        lambda average, g, rho: rho * average + (1 - rho) * g, lambda average, rho, eps, t: np.abs(average) + eps
    )
    return mean(grad, theta, lr, rho, eps, steps)


@rmsprop.mistake("The step is taken before its own slope is averaged, so the first one is divided by ε alone.")
def averages_too_late(grad: Gradient, theta: Array, lr: float, rho: float, eps: float, steps: int) -> Array:
    average = np.zeros_like(theta)
    for _ in range(steps):
        g = grad(theta)
        theta = theta - lr * g / (np.sqrt(average) + eps)
        average = rho * average + (1 - rho) * g**2
    return theta


@rmsprop.mistake("The step goes up the slope: subtract it.")
def climbs(grad: Gradient, theta: Array, lr: float, rho: float, eps: float, steps: int) -> Any:
    return _rmsprop_with(_average, lambda *given: -_root(*given))(grad, theta, lr, rho, eps, steps)


@rmsprop.mistake("It takes one step too many: `range(steps)` has `steps` numbers in it, 0 being the first.")
def too_many_steps(grad: Gradient, theta: Array, lr: float, rho: float, eps: float, steps: int) -> Any:
    return averaged(grad, theta, lr, rho, eps, steps + 1)


@rmsprop.mistake("`theta -= …` changes the caller's array, not only yours. Write `theta = theta - …`, or copy θ first.")
def writes_into_theta(grad: Gradient, theta: Array, lr: float, rho: float, eps: float, steps: int) -> Array:
    average = np.zeros_like(theta)
    for _ in range(steps):
        g = grad(theta)
        average = rho * average + (1 - rho) * g**2
        theta -= lr * g / (np.sqrt(average) + eps)
    return theta


@rmsprop.alternative
def towards_the_square(grad: Gradient, theta: Array, lr: float, rho: float, eps: float, steps: int) -> Array:
    average: Any = 0.0
    for _ in range(steps):
        g = grad(theta)
        average = average + (1 - rho) * (g * g - average)
        theta = theta - lr * g / (eps + average**0.5)
    return theta


@rmsprop.alternative
def from_all_squares(grad: Gradient, theta: Array, lr: float, rho: float, eps: float, steps: int) -> Array:
    squares: list[Array] = []
    for k in range(steps):
        g = grad(theta)
        squares.append(g**2)
        weights = (1 - rho) * np.power(rho, np.arange(k, -1, -1.0))
        theta = theta - lr * g / (np.sqrt(weights @ np.array(squares)) + eps)
    return theta


@rmsprop.alternative
def with_lists_again(grad: Gradient, theta: Array, lr: float, rho: float, eps: float, steps: int) -> list[float]:
    here, average = [float(value) for value in theta], [0.0 for _ in theta]
    for _ in range(steps):
        slopes = [float(slope) for slope in grad(np.array(here))]
        average = [rho * e + (1 - rho) * g * g for e, g in zip(average, slopes, strict=True)]
        here = [t - lr * g / (e**0.5 + eps) for t, g, e in zip(here, slopes, average, strict=True)]
    return here


@rmsprop.alternative
def in_single_numbers(grad: Gradient, theta: Array, lr: float, rho: float, eps: float, steps: int) -> Array:
    theta, average = theta.astype(np.float32), np.zeros(theta.shape, dtype=np.float32)
    for _ in range(steps):
        g = grad(theta).astype(np.float32)
        average = (rho * average + (1 - rho) * g**2).astype(np.float32)
        theta = (theta - lr * g / (np.sqrt(average) + eps)).astype(np.float32)
    return theta


@rmsprop.alternative
def with_a_class(grad: Gradient, theta: Array, lr: float, rho: float, eps: float, steps: int) -> Array:
    class Optimizer:
        def __init__(self) -> None:
            self.average = np.zeros(theta.shape)

        def step(self, here: Array) -> Array:
            g = grad(here)
            self.average *= rho
            self.average += (1 - rho) * np.square(g)
            return np.asarray(here - lr * g / (np.sqrt(self.average) + eps))

    optimizer, here = Optimizer(), theta
    for _ in range(steps):
        here = optimizer.step(here)
    return here


# ------------------------------------------------------------------------------------------- adadelta


def unitless(grad: Gradient, theta: Array, rho: float, eps: float, steps: int) -> Any:
    return last_of(optcourse.adadelta(grad, theta, rho, eps), theta, steps)


adadelta = Exercise(
    name="adadelta",
    title="AdaDelta",
    section="3.4",
    points=4,
    signature="adadelta(grad, theta: (n,), rho: number, eps: number, steps: int) -> (n,)",
    reference=unitless,
    cases=[
        Case("one step down θ² from 4: √(ε/(1 − ρ)) long", grad=parabola, theta=START, rho=0.9, eps=1e-6, steps=1),
        Case("two steps of the same", grad=parabola, theta=START, rho=0.9, eps=1e-6, steps=2),
        Case("four steps with a large ε", grad=parabola, theta=START, rho=0.6, eps=0.5, steps=4),
        Case("no memory, ρ = 0", grad=parabola, theta=START, rho=0.0, eps=0.01, steps=3),
        Case("twelve steps in a ravine", grad=ravine, theta=FAR, rho=0.8, eps=0.01, steps=12),
        Case("a feature not yet seen", grad=slopes_on_one_axis, theta=np.array([1.0, 3.0]), rho=0.9, eps=1e-6, steps=4),
        Case("a tilted bowl", grad=tilted, theta=np.array([3.0, -2.0, 1.0]), rho=0.7, eps=0.1, steps=8),
        Case("no step at all: θ stays", grad=ravine, theta=np.array([1.0, 2.0]), rho=0.9, eps=1e-6, steps=0),
    ],
    draw=lambda rng: drawn(rng, rho=float(rng.uniform(0.55, 0.95))),
    tolerance=SQUARES_AND_ROOTS,
    path="steps",
    probes=[evaluations("grad"), evaluated_at("grad", rtol=1e-3)],
    equivalent_mutants={
        **shapeless("grad", "rho", "eps", "steps"),
        **shapeless("grad", "rho", "eps", "steps", number=2),
        "theta → of_slopes (no. 2)": "zeros of the same shape",
    },
)


def _adadelta_with(step: Any, weights: Any = lambda rho: (rho, 1 - rho)) -> Any:
    """AdaDelta with another step, made of both averages, ε and the slope; or with other weights in the averages."""

    def method(grad: Gradient, theta: Array, rho: float, eps: float, steps: int) -> Array:
        of_slopes = of_steps = np.zeros_like(theta)
        old, new = weights(rho)
        for _ in range(steps):
            g = grad(theta)
            of_slopes = old * of_slopes + new * g**2
            change = step(of_steps, of_slopes, eps, g)
            of_steps = old * of_steps + new * change**2
            theta = theta - change
        return theta

    return method


def _step(of_steps: Any, of_slopes: Any, eps: float, g: Array) -> Any:
    return np.sqrt(of_steps + eps) / np.sqrt(of_slopes + eps) * g


@adadelta.mistake("Without ε in the numerator the first step is zero, and so are all others. Add ε inside both roots.")
def never_starts(grad: Gradient, theta: Array, rho: float, eps: float, steps: int) -> Any:
    stuck = _adadelta_with(lambda d, e, eps, g: np.sqrt(d) / np.sqrt(e + eps) * g)
    return stuck(grad, theta, rho, eps, steps)


@adadelta.mistake("ε is added to the roots. In AdaDelta it stands inside both of them: √(E + ε).")
def eps_beside_the_roots(grad: Gradient, theta: Array, rho: float, eps: float, steps: int) -> Any:
    beside = _adadelta_with(lambda d, e, eps, g: (np.sqrt(d) + eps) / (np.sqrt(e) + eps) * g)
    return beside(grad, theta, rho, eps, steps)


@adadelta.mistake("The quotient is upside down: the root of the *steps* is above, that of the slopes below.")
def quotient_upside_down(grad: Gradient, theta: Array, rho: float, eps: float, steps: int) -> Any:
    return _adadelta_with(lambda d, e, eps, g: np.sqrt(e + eps) / np.sqrt(d + eps) * g)(grad, theta, rho, eps, steps)


@adadelta.mistake("The roots are missing: it takes the quotient of the averages, not of their roots.")
def roots_missing(grad: Gradient, theta: Array, rho: float, eps: float, steps: int) -> Any:
    return _adadelta_with(lambda d, e, eps, g: (d + eps) / (e + eps) * g)(grad, theta, rho, eps, steps)


@adadelta.mistake("The squares are added up. AdaDelta averages them: ρE + (1 − ρ)·square, for slopes and for steps.")
def sums_for_averages(grad: Gradient, theta: Array, rho: float, eps: float, steps: int) -> Any:
    return _adadelta_with(_step, weights=lambda rho: (1, 1))(grad, theta, rho, eps, steps)


@adadelta.mistake("The weights are exchanged: ρ belongs to the old average, 1 − ρ to the new square.")
def weights_the_wrong_way(grad: Gradient, theta: Array, rho: float, eps: float, steps: int) -> Any:
    return unitless(grad, theta, 1 - rho, eps, steps)


@adadelta.mistake(
    "The average of the steps is never renewed, so every numerator is √ε. Average the squares of the steps."
)
def steps_not_recorded(grad: Gradient, theta: Array, rho: float, eps: float, steps: int) -> Any:
    forgetful = _adadelta_with(lambda d, e, eps, g: np.sqrt(eps) / np.sqrt(e + eps) * g)
    return forgetful(grad, theta, rho, eps, steps)


@adadelta.mistake(
    "The step is taken before its own slope is averaged: renew E[g²] first, then divide by its root. Or both averages "
    "are one array, changed in place: make one for each."
)
def slopes_too_late(grad: Gradient, theta: Array, rho: float, eps: float, steps: int) -> Array:
    of_slopes = of_steps = np.zeros_like(theta)
    for _ in range(steps):
        g = grad(theta)
        change = _step(of_steps, of_slopes, eps, g)
        of_slopes = rho * of_slopes + (1 - rho) * g**2
        of_steps = rho * of_steps + (1 - rho) * change**2
        theta = theta - change
    return theta


@adadelta.mistake("Into the average of the steps go slopes. It is the *step* that is squared there.")
def slopes_for_steps(grad: Gradient, theta: Array, rho: float, eps: float, steps: int) -> Array:
    of_slopes = of_steps = np.zeros_like(theta)
    for _ in range(steps):
        g = grad(theta)
        of_slopes = rho * of_slopes + (1 - rho) * g**2
        theta = theta - _step(of_steps, of_slopes, eps, g)
        of_steps = rho * of_steps + (1 - rho) * g**2
    return theta


@adadelta.mistake("The step goes up the slope: Δ is *minus* the quotient times the slope.")
def goes_up(grad: Gradient, theta: Array, rho: float, eps: float, steps: int) -> Any:
    return _adadelta_with(lambda *given: -_step(*given))(grad, theta, rho, eps, steps)


@adadelta.mistake("All coordinates share their averages. Each needs its own: no sum or mean over the entries.")
def shared_averages(grad: Gradient, theta: Array, rho: float, eps: float, steps: int) -> Array:
    of_slopes = of_steps = 0.0
    for _ in range(steps):
        g = grad(theta)
        of_slopes = rho * of_slopes + (1 - rho) * float(np.mean(g**2))
        change = _step(of_steps, of_slopes, eps, g)
        of_steps = rho * of_steps + (1 - rho) * float(np.mean(change**2))
        theta = theta - change
    return theta


@adadelta.mistake("It takes one step too many: `range(steps)` has `steps` numbers in it, 0 being the first.")
def a_step_too_many(grad: Gradient, theta: Array, rho: float, eps: float, steps: int) -> Any:
    return unitless(grad, theta, rho, eps, steps + 1)


@adadelta.mistake(
    "`theta += …` changes the caller's array, not only yours. Write `theta = theta + …`, or copy θ first."
)
def writes_into_the_start(grad: Gradient, theta: Array, rho: float, eps: float, steps: int) -> Array:
    of_slopes = of_steps = np.zeros_like(theta)
    for _ in range(steps):
        g = grad(theta)
        of_slopes = rho * of_slopes + (1 - rho) * g**2
        change = _step(of_steps, of_slopes, eps, g)
        of_steps = rho * of_steps + (1 - rho) * change**2
        theta -= change
    return theta


@adadelta.alternative
def one_root_of_the_quotient(grad: Gradient, theta: Array, rho: float, eps: float, steps: int) -> Any:
    return _adadelta_with(lambda d, e, eps, g: g * ((d + eps) / (e + eps)) ** 0.5)(grad, theta, rho, eps, steps)


@adadelta.alternative
def with_lists_too(grad: Gradient, theta: Array, rho: float, eps: float, steps: int) -> list[float]:
    here, n = [float(value) for value in theta], range(len(theta))
    of_slopes, of_steps = [0.0 for _ in n], [0.0 for _ in n]
    for _ in range(steps):
        for j, g in enumerate(float(slope) for slope in grad(np.array(here))):
            of_slopes[j] = rho * of_slopes[j] + (1 - rho) * g * g
            change = g * (of_steps[j] + eps) ** 0.5 / (of_slopes[j] + eps) ** 0.5
            of_steps[j] = rho * of_steps[j] + (1 - rho) * change * change
            here[j] -= change
    return here


@adadelta.alternative
def with_a_helper(grad: Gradient, theta: Array, rho: float, eps: float, steps: int) -> Array:
    class Average:
        value: Any = 0.0

        def take(self, array: Array) -> None:
            self.value = self.value + (1 - rho) * (array**2 - self.value)

        def root(self) -> Any:
            return np.sqrt(self.value + eps)

    slopes, changes = Average(), Average()
    for _ in range(steps):
        g = grad(theta)
        slopes.take(g)
        change = -changes.root() / slopes.root() * g
        changes.take(change)
        theta = theta + change
    return theta


@adadelta.alternative
def in_single_steps(grad: Gradient, theta: Array, rho: float, eps: float, steps: int) -> Array:
    theta = theta.astype(np.float32)
    of_slopes = of_steps = np.zeros(theta.shape, dtype=np.float32)
    for _ in range(steps):
        g = grad(theta).astype(np.float32)
        of_slopes = (rho * of_slopes + (1 - rho) * g**2).astype(np.float32)
        change = (np.sqrt(of_steps + eps) / np.sqrt(of_slopes + eps) * g).astype(np.float32)
        of_steps = (rho * of_steps + (1 - rho) * change**2).astype(np.float32)
        theta = theta - change
    return theta


@adadelta.alternative
def in_place_on_copies(grad: Gradient, theta: Array, rho: float, eps: float, steps: int) -> Array:
    theta, averages = theta.copy(), np.zeros((2, len(theta)))
    for _ in range(steps):
        g = grad(theta)
        averages[0] *= rho
        averages[0] += (1 - rho) * g**2
        change = g * np.sqrt((averages[1] + eps) / (averages[0] + eps))
        averages[1] *= rho
        averages[1] += (1 - rho) * change**2
        theta -= change
    return theta


# ----------------------------------------------------------------------------------- embedding_gradient


def table_loss(E: Array, words: Array, X: Array, y: Array) -> float:
    """Half the mean squared error of E[word]ᵀx against y."""
    return float(np.mean((np.sum(E[words] * X, axis=1) - y) ** 2) / 2)


def table_slope(E: Array, words: Array, X: Array, y: Array) -> Array:
    slope = np.zeros_like(E)
    np.add.at(slope, words, (np.sum(E[words] * X, axis=1) - y)[:, None] * X / len(y))
    return slope


def draw_words(rng: np.random.Generator) -> Case:
    """A few words of a larger vocabulary, the first of them twice."""
    vocabulary, n, d = int(rng.integers(4, 8)), int(rng.integers(4, 9)), int(rng.integers(2, 4))
    words = rng.integers(0, vocabulary, size=n)
    words[-1] = words[0]
    X, y = rng.normal(size=(n, d)), rng.normal(size=n)
    return Case("drawn", E=rng.normal(size=(vocabulary, d)), words=words, X=X, y=y)


def rows_that_move() -> str:
    """How long the gradient of each row is for words of falling frequency, beside how often the words come."""
    rng = np.random.default_rng(0)
    words = np.repeat(np.arange(8), [128, 64, 32, 16, 8, 4, 2, 0])
    X, y = np.ones((len(words), 2)), 1 + 0.3 * rng.normal(size=len(words))
    lengths = np.linalg.norm(table_slope(np.zeros((8, 2)), words, X, y), axis=1)
    often = np.bincount(words, minlength=8) / len(words)
    return curves(
        [
            ("its gradient", list(enumerate(lengths.tolist()))),
            ("how often", list(enumerate(often.tolist()))),
        ],
        ("row", ""),
        "For eight rows of falling frequency: how often each word comes halves from row to row, and the length of its "
        "gradient falls, too, down to 0 for the word that never comes.",
        dots=True,
    )


TABLE = np.array([[1.0, 0.0], [0.5, -1.0], [2.0, 1.0], [0.0, 3.0]])
embedding_gradient = Exercise(
    name="embedding_gradient",
    title="The gradient of a table of word vectors",
    section="3.4",
    points=3,
    signature="embedding_gradient(E: (V, d), words: (n,) of int, X: (n, d), y: (n,)) -> (V, d)",
    reference=table_slope,
    cases=[
        Case(
            "one word, once: one row of the gradient",
            E=TABLE,
            words=np.array([2]),
            X=np.array([[1.0, 2.0]]),
            y=np.array([3.0]),
        ),
        Case(
            "three words, each once",
            E=TABLE,
            words=np.array([3, 0, 1]),
            X=np.array([[1.0, 0.5], [2.0, -1.0], [0.3, 1.0]]),
            y=np.array([1.0, 0.0, -1.0]),
        ),
        Case(
            "a word that comes three times among four",
            E=TABLE,
            words=np.array([1, 2, 1, 1]),
            X=np.array([[1.0, 0.5], [2.0, -1.0], [0.3, 1.0], [-1.0, 1.5]]),
            y=np.array([1.0, 0.0, -1.0, 2.0]),
        ),
    ],
    draw=draw_words,
    tolerance=Tolerance(1e-9, 1e-12, single=1e-4, why="sums over the examples in another order"),
    probes=[agrees_with(lambda case, E: table_loss(E, case["words"], case["X"], case["y"]), of="E")],
    target=rows_that_move,
    equivalent_mutants={
        f"y → {name} (no. 2)": "there are as many of them as targets" for name in ("words", "X", "error")
    },
)


def _error(E: Array, words: Array, X: Array, y: Array) -> Array:
    return np.sum(E[words] * X, axis=1) - y


@embedding_gradient.mistake(
    "`G[words] += …` counts a word that comes several times only once: the last one wins. `np.add.at(G, words, …)`, or "
    "a loop, adds them up."
)
def last_one_wins(E: Array, words: Array, X: Array, y: Array) -> Array:
    slope = np.zeros_like(E)
    slope[words] += _error(E, words, X, y)[:, None] * X / len(y)
    return slope


@embedding_gradient.mistake("It sums over the examples. The loss is their mean: divide by their number.")
def sum_for_mean(E: Array, words: Array, X: Array, y: Array) -> Array:
    return table_slope(E, words, X, y) * len(y)


@embedding_gradient.mistake("It is twice the gradient: the ½ of the loss cancels the 2 of the square.")
def twice(E: Array, words: Array, X: Array, y: Array) -> Array:
    return 2 * table_slope(E, words, X, y)


@embedding_gradient.mistake("The sign is turned round: it is prediction minus target, not target minus prediction.")
def target_minus_prediction(E: Array, words: Array, X: Array, y: Array) -> Array:
    return -table_slope(E, words, X, y)


@embedding_gradient.mistake("It divides by the number of rows of the table. The mean is over the examples: `len(y)`.")
def divided_by_rows(E: Array, words: Array, X: Array, y: Array) -> Array:
    return table_slope(E, words, X, y) * len(y) / len(E)


@embedding_gradient.mistake(
    "Each row is averaged over the sightings of *its* word. The loss averages over all examples: a rare word has a "
    "short slope. To make up for it is AdaGrad's task."
)
def mean_of_each_word(E: Array, words: Array, X: Array, y: Array) -> Array:
    often = np.bincount(words, minlength=len(E))
    return table_slope(E, words, X, y) * len(y) / np.maximum(often, 1)[:, None]


@embedding_gradient.mistake("The target is not subtracted: the error is prediction *minus target*.")
def no_target(E: Array, words: Array, X: Array, y: Array) -> Array:
    return table_slope(E, words, X, 0 * y)


@embedding_gradient.mistake(
    "The error is multiplied by the word's vector. Its partner is x: the slope of eᵀx in e is x."
)
def times_itself(E: Array, words: Array, X: Array, y: Array) -> Array:
    slope = np.zeros_like(E)
    np.add.at(slope, words, _error(E, words, X, y)[:, None] * E[words] / len(y))
    return slope


@embedding_gradient.mistake("The slope is added to every row. Only the row of the word that was looked up gets one.")
def every_row(E: Array, words: Array, X: Array, y: Array) -> Array:
    return np.zeros_like(E) + _error(E, words, X, y) @ X / len(y)


@embedding_gradient.mistake(
    "Only the sign of the error is used: that is the slope of the absolute error, not of its square."
)
def sign_of_the_error(E: Array, words: Array, X: Array, y: Array) -> Array:
    slope = np.zeros_like(E)
    np.add.at(slope, words, np.sign(_error(E, words, X, y))[:, None] * X / len(y))
    return slope


@embedding_gradient.alternative
def example_by_example(E: Array, words: Array, X: Array, y: Array) -> Array:
    slope = np.zeros(E.shape)
    for word, x, target in zip(words, X, y, strict=True):
        slope[word] += (E[word] @ x - target) * x / len(words)
    return slope


@embedding_gradient.alternative
def with_one_hot_rows(E: Array, words: Array, X: Array, y: Array) -> Array:
    hot = np.eye(len(E))[words]
    error = np.einsum("nv,vd,nd->n", hot, E, X) - y
    return np.asarray(hot.T @ (error[:, None] * X) / X.shape[0])


@embedding_gradient.alternative
def word_by_word(E: Array, words: Array, X: Array, y: Array) -> list[list[float]]:
    rows = []
    for word in range(len(E)):
        mine = words == word
        rows.append(((X[mine] @ E[word] - y[mine]) @ X[mine] / len(y)).tolist())
    return rows


@embedding_gradient.alternative
def with_counts_per_column(E: Array, words: Array, X: Array, y: Array) -> Array:
    error = ((E[words] * X).sum(axis=1) - y) / y.size
    columns = [np.bincount(words, weights=error * column, minlength=E.shape[0]) for column in X.T]
    return np.stack(columns, axis=1)


@embedding_gradient.alternative
def in_single_rows(E: Array, words: Array, X: Array, y: Array) -> Array:
    E, X, y = E.astype(np.float32), X.astype(np.float32), y.astype(np.float32)
    slope = np.zeros_like(E)
    np.add.at(slope, words, ((E[words] * X).sum(axis=1) - y)[:, None] * X / np.float32(len(y)))
    return slope


# ---------------------------------------------------------------------------------------- unknown_scales

GOAL = 1e-3  # of the slope at the start, in every coordinate
BUDGET = 200


def bowl_of_scales(scales: Array, middle: Array) -> Gradient:
    return lambda theta: scales * (theta - middle)


def draw_scales(rng: np.random.Generator) -> Case:
    """Curvatures over eight powers of ten, one to three units to go along every axis."""
    n = int(rng.integers(2, 6))
    middle = rng.normal(size=n)
    start = middle + rng.choice([-1.0, 1.0], size=n) * rng.uniform(1, 3, size=n)
    grad = bowl_of_scales(10 ** rng.uniform(-4, 4, size=n), middle)
    return Case("drawn", grad=grad, theta=start, budget=BUDGET)


def slope_left(case: Case, answer: Any) -> float:
    """How much of the slope at the start is left, in the coordinate that is worst off."""
    left = case["grad"](np.array(np.real(answer), dtype=float))
    return float(np.max(np.abs(left / case["grad"](case["theta"]))))


def unscaled(grad: Gradient, theta: Array, budget: int) -> Any:
    return last_of(optcourse.adagrad(grad, theta, 1.0, 1e-30), theta, budget)


def two_coordinates() -> str:
    """What is left of the way, in powers of ten, for AdaGrad and for the best constant η."""
    grad, start = bowl_of_scales(np.array([1e-4, 1e4]), np.zeros(2)), np.array([2.0, 2.0])
    right = optcourse.run(optcourse.adagrad(grad, start, 1.0, 1e-30), steps=60).iterates
    plain = optcourse.run(optcourse.gradient_descent(grad, start, 1e-4), steps=60).iterates
    lines = [
        (name, [(float(k), float(np.log10(np.max(np.abs(theta)) / 2 + 1e-6))) for k, theta in enumerate(path)])
        for name, path in (("a right one", right), ("one η for all", plain))
    ]
    return curves(
        lines,
        ("gradients", "log₁₀"),
        "The logarithm of what is left of the way in the worse coordinate: a right answer falls below −3 within sixty "
        "gradients, one step size for all stays at 0.",
    )


unknown_scales = Exercise(
    name="unknown_scales",
    title="Choose and defend: a loss whose scales nobody tells you",
    section="3.4",
    points=3,
    signature="unknown_scales(grad, theta: (n,), budget: int) -> (n,)",
    reference=unscaled,
    cases=[
        Case(
            "curvatures 1 and 1",
            grad=bowl_of_scales(np.ones(2), np.array([1.0, -2.0])),
            theta=np.array([3.0, 0.5]),
            budget=BUDGET,
        ),
        Case(
            "curvatures 0.0001 and 10000",
            grad=bowl_of_scales(np.array([1e-4, 1e4]), np.array([-1.0, 0.5])),
            theta=np.array([1.5, 2.0]),
            budget=BUDGET,
        ),
        Case(
            "three curvatures, all of them tiny",
            grad=bowl_of_scales(np.array([3e-4, 1e-4, 2e-3]), np.array([0.3, 1.0, 2.0])),
            theta=np.array([-2.0, 2.5, 0.2]),
            budget=BUDGET,
        ),
    ],
    draw=draw_scales,
    tolerance=Tolerance(1e-9, 1e-12, single=1e-4, why="an answer is compared with itself; the goal is what counts"),
    replay=any_answer(unscaled),
    probes=[
        evaluations("grad", most=lambda case: int(case["budget"]), least=0),
        reaches(slope_left, GOAL, "the part of the slope that is left along the worst axis"),
    ],
    target=two_coordinates,
    equivalent_mutants={
        **dict.fromkeys(
            ("1.0 → 2.0", "1.0 → 0.5", "lr → budget"), "another η that reaches the goal: any choice that does is right"
        ),
        **dict.fromkeys(
            ("1e-30 → 2e-30", "1e-30 → 5e-31", "1e-30 → -1e-30", "np.sqrt(squares) + eps → np.sqrt(squares) - eps"),
            "an ε too small to be seen beside any slope",
        ),
        **shapeless("budget", "lr", "eps"),
        "range(budget) → range(budget - 1)": "the goal is reached with gradients to spare",
        "np.sqrt(squares) + eps → np.sqrt(squares) * eps": "thrown out to 10³⁰ and back, it has a record that makes "
        "the third step exactly right: Newton's, by luck",
    },
)


@unknown_scales.mistake(
    "One η for all parameters: where curvatures span powers of ten it explodes along one or crawls along another."
)
def one_step_size(grad: Gradient, theta: Array, budget: int) -> Any:
    return last_of(optcourse.gradient_descent(grad, theta, 0.1), theta, budget)


@unknown_scales.mistake("Momentum still has one η for all parameters; memory does not give them scales of their own.")
def with_momentum(grad: Gradient, theta: Array, budget: int) -> Any:
    return last_of(optcourse.momentum(grad, theta, 0.1, 0.9), theta, budget)


@unknown_scales.mistake(
    "RMSProp with a constant η = 0.3 hovers at about η/2 from the minimum. It needs an η that falls, or another record."
)
def hovers(grad: Gradient, theta: Array, budget: int) -> Any:
    return last_of(optcourse.rmsprop(grad, theta, 0.3, 0.9), theta, budget)


@unknown_scales.mistake(
    "AdaDelta starts with steps of about √(ε/(1 − ρ)), 0.003: in 200 of them it does not get there."
)
def starts_too_slowly(grad: Gradient, theta: Array, budget: int) -> Any:
    return last_of(optcourse.adadelta(grad, theta), theta, budget)


@unknown_scales.mistake("An ε of 0.01 drowns small slopes: where the curvature is tiny, it *is* the divisor.")
def drowned_by_eps(grad: Gradient, theta: Array, budget: int) -> Any:
    return last_of(optcourse.adagrad(grad, theta, 1.0, 0.01), theta, budget)


@unknown_scales.mistake(
    "AdaGrad with η = 0.01 has taken steps that add up to 0.3 after 200: the way is longer. η is a length here."
)
def too_timid(grad: Gradient, theta: Array, budget: int) -> Any:
    return last_of(optcourse.adagrad(grad, theta, 0.01, 1e-30), theta, budget)


@unknown_scales.mistake("One record for all coordinates: the steepest one decides, and the others stand still.")
def one_record(grad: Gradient, theta: Array, budget: int) -> Any:
    return one_record_for_all(grad, theta, 1.0, 1e-30, budget)


@unknown_scales.mistake("Every step has the same length along every axis, so the iterates never come to rest.")
def signs_only(grad: Gradient, theta: Array, budget: int) -> Array:
    for _ in range(budget):
        theta = theta - 0.07 * np.sign(grad(theta))
    return theta


@unknown_scales.mistake("The gradient is divided by its length, which the steepest coordinate decides for all.")
def unit_gradient(grad: Gradient, theta: Array, budget: int) -> Array:
    for k in range(budget):
        g = grad(theta)
        theta = theta - g / (np.linalg.norm(g) + 1e-30) / (k + 1)
    return theta


@unknown_scales.mistake("It arrives, but it asks for more gradients than the budget holds.")
def over_budget(grad: Gradient, theta: Array, budget: int) -> Any:
    return unscaled(grad, theta, 2 * budget)


@unknown_scales.mistake("It gives up after three steps, and most of the way is still to go.")
def gives_up(grad: Gradient, theta: Array, budget: int) -> Any:
    return unscaled(grad, theta, 3)


@unknown_scales.mistake("It stays where it is: `theta` is returned as it came.")
def stays(grad: Gradient, theta: Array, budget: int) -> Array:
    return theta


@unknown_scales.alternative
def rmsprop_with_a_falling_rate(grad: Gradient, theta: Array, budget: int) -> Any:
    return last_of(optcourse.rmsprop(grad, theta, lambda k: 0.3 * 0.95**k, 0.9, 1e-30), theta, budget)


@unknown_scales.alternative
def adam_with_a_falling_rate(grad: Gradient, theta: Array, budget: int) -> Any:
    return last_of(optcourse.adam(grad, theta, lambda k: 0.4 * 0.96**k, 0.5, 0.9, 1e-30), theta, budget)


@unknown_scales.alternative
def secant_along_every_axis(grad: Gradient, theta: Array, budget: int) -> Array:
    g = grad(theta)
    curvature = (grad(theta + 1) - g) / 1.0
    return theta - g / curvature


@unknown_scales.alternative
def resilient_signs(grad: Gradient, theta: Array, budget: int) -> list[float]:
    here, step, before = [float(t) for t in theta], [0.5] * len(theta), [0.0] * len(theta)
    for _ in range(budget):
        for j, g in enumerate(np.sign(grad(np.array(here))).tolist()):
            step[j] *= 0.5 if g * before[j] < 0 else 1.2 if g * before[j] > 0 else 1.0
            before[j] = g
            here[j] -= g * step[j]
    return here


@unknown_scales.alternative
def adagrad_in_single_precision(grad: Gradient, theta: Array, budget: int) -> Array:
    theta, root = theta.astype(np.float32), np.zeros(theta.shape)
    for _ in range(budget // 2):
        g = grad(theta)
        root = np.hypot(root, g)
        theta = (theta - 0.7 * g / (root + 1e-30)).astype(np.float32)
    return theta


@unknown_scales.alternative
def until_it_is_flat(grad: Gradient, theta: Array, budget: int) -> Array:
    first = grad(theta)
    g, squares = first, first**2
    for _ in range(budget - 1):
        theta = theta - g / np.sqrt(squares)
        g = grad(theta)
        squares = squares + g**2
        if np.all(np.abs(g) < 1e-4 * np.abs(first)):
            break
    return theta
