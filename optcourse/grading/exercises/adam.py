"""Exercises of 3.5: Adam and its three relatives, a layer's gradient to derive, and slopes without a common unit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

import optcourse
from optcourse.arguments import Array, Gradient
from optcourse.grading.drawing import curves
from optcourse.grading.exercise import Case, Exercise, Tolerance
from optcourse.grading.probes import evaluated_at, evaluations
from optcourse.grading.references import agrees_with, any_answer, last_of, reaches, rippled_bowl

# ---------------------------------------------------------------------------------- what the four share


def parabola(theta: Array) -> Array:
    return 2 * theta


def ravine(theta: Array) -> Array:
    return np.array([1.0, 100.0]) * theta


def slanted(theta: Array) -> Array:
    return np.array([[2.0, 1.0, 0.0], [1.0, 3.0, 0.5], [0.0, 0.5, 1.0]]) @ theta - np.array([1.0, 0.0, 2.0])


def draw(rng: np.random.Generator, **more: Any) -> Case:
    """A rippled bowl, memories that differ, and a stabiliser that is small or large."""
    grad, theta, _ = rippled_bowl(rng)
    settings = {
        "lr": float(rng.uniform(0.05, 0.4)),
        "beta1": float(rng.uniform(0.3, 0.9)),
        "beta2": float(rng.uniform(0.6, 0.99)),
        "eps": float(10 ** rng.uniform(-3, -0.5)),
    }
    # Now and then no step at all: that tells a method whose first division fails from a function that returns NaN.
    steps = 0 if rng.uniform() < 0.2 else int(rng.integers(4, 12))
    return Case("drawn", grad=grad, theta=theta, **settings, **more, steps=steps)


def public_cases(**more: Any) -> list[Case]:
    usual = {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8, **more}
    own = {"beta1": 0.5, "beta2": 0.9, "eps": 0.1, **more}
    one, far, three = np.array([4.0]), np.array([-4.0, 1.0]), np.array([3.0, -2.0, 1.0])
    return [
        Case("one step down θ², from 4 with η = 0.1", grad=parabola, theta=one, lr=0.1, **usual, steps=1),
        Case("two steps of the same", grad=parabola, theta=one, lr=0.1, **usual, steps=2),
        Case("two steps with short memories, large ε", grad=parabola, theta=one, lr=0.1, **own, steps=2),
        Case("slopes a hundred times apart", grad=ravine, theta=far, lr=0.5, **usual, steps=12),
        Case("a slanted bowl", grad=slanted, theta=three, lr=0.3, **own, steps=8),
        Case("no step at all: θ stays", grad=ravine, theta=np.array([1.0, 2.0]), lr=0.1, **own, steps=0),
    ]


A_DOZEN_STEPS = Tolerance(
    1e-9, 1e-12, single=2e-4, why="a dozen steps in another order; in single precision the fraction has 5 digits"
)
WATCHED = [evaluations("grad"), evaluated_at("grad", rtol=1e-3, atol=1e-3)]

Moved = tuple[Any, Any, Array]


@dataclass(frozen=True)
class Settings:
    """The numbers that a method was called with."""

    lr: float
    beta1: float
    beta2: float
    eps: float
    weight_decay: float = 0.0


def by_steps(step: Callable[[Settings, int, Array, Any, Any, Array], Moved]) -> Callable[..., Array]:
    """Make a learner's function of what it does in one step: from two memories and θ to new ones."""

    def function(grad: Gradient, theta: Array, *numbers: Any) -> Array:
        *settings, steps = numbers
        first = second = np.zeros_like(theta)
        with np.errstate(all="ignore"):
            for t in range(1, steps + 1):
                first, second, theta = step(Settings(*settings), t, grad(theta), first, second, theta)
        return theta

    function.__name__ = step.__name__
    return function


def averages(m: Array, v: Array, g: Array, s: Settings) -> tuple[Array, Array]:
    return s.beta1 * m + (1 - s.beta1) * g, s.beta2 * v + (1 - s.beta2) * g * g


def fraction(m: Array, v: Array, t: int, s: Settings) -> Array:
    """Both averages corrected, the first over the root of the second."""
    return np.asarray(m / (1 - s.beta1**t) / (np.sqrt(v / (1 - s.beta2**t)) + s.eps))


# ----------------------------------------------------------------------------------------------- adam


def right_adam(grad: Gradient, theta: Array, lr: float, beta1: float, beta2: float, eps: float, steps: int) -> Any:
    return last_of(optcourse.adam(grad, theta, lr, beta1, beta2, eps), theta, steps)


adam = Exercise(
    name="adam",
    title="Adam",
    section="3.5",
    points=4,
    signature="adam(grad, theta: (n,), lr: number, beta1: number, beta2: number, eps: number, steps: int) -> (n,)",
    reference=right_adam,
    cases=public_cases(),
    draw=draw,
    tolerance=A_DOZEN_STEPS,
    path="steps",
    probes=WATCHED,
)


@adam.mistake("There is no bias correction: divide m by 1 − β₁ᵗ and v by 1 − β₂ᵗ before the step.")
@by_steps
def no_correction(s: Settings, t: int, g: Array, m: Array, v: Array, here: Array) -> Moved:
    m, v = averages(m, v, g, s)
    return m, v, here - s.lr * m / (np.sqrt(v) + s.eps)


@adam.mistake("t begins at 0, and 1 − β⁰ is 0: the first division has no result. Count from 1.")
@by_steps
def counts_from_zero(s: Settings, t: int, g: Array, m: Array, v: Array, here: Array) -> Moved:
    m, v = averages(m, v, g, s)
    return m, v, here - s.lr * m / (1 - s.beta1 ** (t - 1)) / (np.sqrt(v / (1 - s.beta2 ** (t - 1))) + s.eps)


@adam.mistake("m and v are one and the same array, and each change of one changes both: `m = v = …` makes only one.")
def one_array_for_both(
    grad: Gradient, theta: Array, lr: float, beta1: float, beta2: float, eps: float, steps: int
) -> Array:
    m = v = np.zeros_like(theta)
    for t in range(1, steps + 1):
        g = grad(theta)
        m *= beta1
        m += (1 - beta1) * g
        v *= beta2
        v += (1 - beta2) * g**2
        theta = theta - lr * m / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + eps)
    return theta


@adam.mistake("It divides by 1 − β, not by 1 − βᵗ: right in the first step, and too much in every later one.")
@by_steps
def corrects_for_ever(s: Settings, t: int, g: Array, m: Array, v: Array, here: Array) -> Moved:
    m, v = averages(m, v, g, s)
    return m, v, here - s.lr * m / (1 - s.beta1) / (np.sqrt(v / (1 - s.beta2)) + s.eps)


@adam.mistake("Only m is corrected. v began at zero too: divide it by 1 − β₂ᵗ.")
@by_steps
def corrects_the_first_only(s: Settings, t: int, g: Array, m: Array, v: Array, here: Array) -> Moved:
    m, v = averages(m, v, g, s)
    return m, v, here - s.lr * m / (1 - s.beta1**t) / (np.sqrt(v) + s.eps)


@adam.mistake(
    "The corrected averages are fed back: the next step averages them, and corrects them again. Keep m and v as they "
    "are, and correct copies."
)
@by_steps
def fed_back(s: Settings, t: int, g: Array, m: Array, v: Array, here: Array) -> Moved:
    m, v = averages(m, v, g, s)
    m, v = m / (1 - s.beta1**t), v / (1 - s.beta2**t)
    return m, v, here - s.lr * m / (np.sqrt(v) + s.eps)


@adam.mistake("ε stands inside the root. It is added to the root: √v̂ + ε.")
@by_steps
def eps_inside(s: Settings, t: int, g: Array, m: Array, v: Array, here: Array) -> Moved:
    m, v = averages(m, v, g, s)
    return m, v, here - s.lr * m / (1 - s.beta1**t) / np.sqrt(v / (1 - s.beta2**t) + s.eps)


@adam.mistake("ε is added to the root of v before the correction, and so corrected with it. Add it to √v̂.")
@by_steps
def eps_too_early(s: Settings, t: int, g: Array, m: Array, v: Array, here: Array) -> Moved:
    m, v = averages(m, v, g, s)
    return m, v, here - s.lr * np.sqrt(1 - s.beta2**t) / (1 - s.beta1**t) * m / (np.sqrt(v) + s.eps)


@adam.mistake("β₁ and β₂ have changed places: β₁ is the memory of the gradient, β₂ that of its square.")
def memories_swapped(
    grad: Gradient, theta: Array, lr: float, beta1: float, beta2: float, eps: float, steps: int
) -> Any:
    return right_adam(grad, theta, lr, beta2, beta1, eps, steps)


@adam.mistake("v averages the gradient, not its square. A negative average has no root.")
@by_steps
def not_squared(s: Settings, t: int, g: Array, m: Array, v: Array, here: Array) -> Moved:
    m, v = s.beta1 * m + (1 - s.beta1) * g, s.beta2 * v + (1 - s.beta2) * g
    return m, v, here - s.lr * m / (1 - s.beta1**t) / (np.sqrt(v / (1 - s.beta2**t)) + s.eps)


@adam.mistake("It divides by v̂, not by its root: a square has another unit than the gradient above it.")
@by_steps
def no_root(s: Settings, t: int, g: Array, m: Array, v: Array, here: Array) -> Moved:
    m, v = averages(m, v, g, s)
    return m, v, here - s.lr * m / (1 - s.beta1**t) / (v / (1 - s.beta2**t) + s.eps)


@adam.mistake("The gradient itself stands above the line, not its average: this is RMSProp with a correction.")
def no_first_moment(grad: Gradient, theta: Array, lr: float, beta1: float, beta2: float, eps: float, steps: int) -> Any:
    return right_adam(grad, theta, lr, 0.0, beta2, eps, steps)


@adam.mistake("m is a sum, as in momentum. In Adam it is an average: `beta1 * m + (1 - beta1) * g`.")
def a_sum_for_the_average(
    grad: Gradient, theta: Array, lr: float, beta1: float, beta2: float, eps: float, steps: int
) -> Any:
    return right_adam(grad, theta, lr / (1 - beta1), beta1, beta2, eps, steps)


@adam.mistake(
    "All coordinates share one v, made of the squared length of the gradient. Square entry by entry: `g * g`, "
    "not `g @ g`."
)
@by_steps
def one_for_all(s: Settings, t: int, g: Array, m: Array, v: Array, here: Array) -> Moved:
    m, v = s.beta1 * m + (1 - s.beta1) * g, s.beta2 * v + (1 - s.beta2) * (g @ g)
    return m, v, here - s.lr * m / (1 - s.beta1**t) / (np.sqrt(v / (1 - s.beta2**t)) + s.eps)


@adam.mistake("The step goes up the slope: subtract it.")
@by_steps
def uphill(s: Settings, t: int, g: Array, m: Array, v: Array, here: Array) -> Moved:
    m, v = averages(m, v, g, s)
    return m, v, here + s.lr * m / (1 - s.beta1**t) / (np.sqrt(v / (1 - s.beta2**t)) + s.eps)


@adam.mistake("`theta -= …` changes the caller's array, not only yours. Write `theta = theta - …`, or copy θ first.")
def in_place(grad: Gradient, theta: Array, lr: float, beta1: float, beta2: float, eps: float, steps: int) -> Array:
    m = v = np.zeros_like(theta)
    for t in range(1, steps + 1):
        m, v = averages(m, v, grad(theta), Settings(lr, beta1, beta2, eps))
        theta -= lr * m / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + eps)
    return theta


@adam.alternative
def with_lists(
    grad: Gradient, theta: Array, lr: float, beta1: float, beta2: float, eps: float, steps: int
) -> list[float]:
    here = [float(value) for value in theta]
    m, v = [0.0] * len(here), [0.0] * len(here)
    for t in range(1, steps + 1):
        for j, g in enumerate(grad(np.array(here)).tolist()):
            m[j] += (1 - beta1) * (g - m[j])
            v[j] += (1 - beta2) * (g**2 - v[j])
            here[j] -= lr * (m[j] / (1 - beta1**t)) / ((v[j] / (1 - beta2**t)) ** 0.5 + eps)
    return here


@adam.alternative
def in_the_folded_form(
    grad: Gradient, theta: Array, lr: float, beta1: float, beta2: float, eps: float, steps: int
) -> Array:
    theta, m, v = theta.copy(), 0 * theta, 0 * theta
    for t in range(steps):
        g = grad(theta)
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * np.square(g)
        root = np.sqrt(1 - beta2 ** (t + 1))
        theta -= lr * root / (1 - beta1 ** (t + 1)) * m / (np.sqrt(v) + eps * root)
    return theta


@adam.alternative
def from_all_gradients(
    grad: Gradient, theta: Array, lr: float, beta1: float, beta2: float, eps: float, steps: int
) -> Array:
    seen: list[Array] = []
    for _ in range(steps):
        seen.append(grad(theta))
        age = np.arange(len(seen))[::-1]
        m = np.average(seen, axis=0, weights=beta1**age)
        v = np.average(np.square(seen), axis=0, weights=beta2**age)
        theta = theta - lr * m / (np.sqrt(v) + eps)
    return theta


@adam.alternative
def in_single_precision(
    grad: Gradient, theta: Array, lr: float, beta1: float, beta2: float, eps: float, steps: int
) -> Array:
    here, m, v = theta.astype(np.float32), np.zeros(theta.shape, np.float32), np.zeros(theta.shape, np.float32)
    for t in range(1, steps + 1):
        g = grad(here).astype(np.float32)
        m, v = (one.astype(np.float32) for one in averages(m, v, g, Settings(lr, beta1, beta2, eps)))
        here = (here - lr * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps)).astype(np.float32)
    return here


@adam.alternative
def with_a_class(grad: Gradient, theta: Array, lr: float, beta1: float, beta2: float, eps: float, steps: int) -> Array:
    class Average:
        def __init__(self, beta: float):
            self.beta, self.total, self.weight = beta, np.zeros(len(theta)), 0.0

        def of(self, value: Array) -> Array:
            self.total = self.beta * self.total + value
            self.weight = self.beta * self.weight + 1
            return self.total / self.weight

    first, second = Average(beta1), Average(beta2)
    for _ in range(steps):
        g = grad(theta)
        theta = theta - lr * first.of(g) / (second.of(g * g) ** 0.5 + eps)
    return theta


@adam.alternative
def by_recursion(grad: Gradient, theta: Array, lr: float, beta1: float, beta2: float, eps: float, steps: int) -> Array:
    def go(here: Array, m: Any, v: Any, t: int) -> Array:
        if t > steps:
            return here
        m, v = averages(m, v, grad(here), Settings(lr, beta1, beta2, eps))
        return go(here - lr * m / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + eps), m, v, t + 1)

    return go(theta, 0.0, 0.0, 1)


# --------------------------------------------------------------------------------------------- adamax


def right_adamax(grad: Gradient, theta: Array, lr: float, beta1: float, beta2: float, eps: float, steps: int) -> Any:
    return last_of(optcourse.adamax(grad, theta, lr, beta1, beta2, eps), theta, steps)


adamax = Exercise(
    name="adamax",
    title="Adamax",
    section="3.5",
    points=2,
    signature="adamax(grad, theta: (n,), lr: number, beta1: number, beta2: number, eps: number, steps: int) -> (n,)",
    reference=right_adamax,
    cases=public_cases(),
    draw=draw,
    tolerance=A_DOZEN_STEPS,
    path="steps",
    probes=WATCHED,
    equivalent_mutants={
        "np.maximum(beta2 * u, np.abs(g) + eps) → np.maximum(np.abs(g) + eps, beta2 * u)": "the larger of two is that "
        "in any order",
    },
)


@adamax.mistake("This is Adam. Adamax divides by a running *maximum* of |g|, with no squares and no root.")
def this_is_adam(grad: Gradient, theta: Array, lr: float, beta1: float, beta2: float, eps: float, steps: int) -> Any:
    return right_adam(grad, theta, lr, beta1, beta2, eps, steps)


@adamax.mistake("u is corrected by 1 − β₂ᵗ. A maximum is not pulled towards its empty start: leave it as it is.")
@by_steps
def corrects_the_maximum(s: Settings, t: int, g: Array, m: Array, u: Array, here: Array) -> Moved:
    m, u = s.beta1 * m + (1 - s.beta1) * g, np.maximum(s.beta2 * u, np.abs(g) + s.eps)
    return m, u, here - s.lr * m / (1 - s.beta1**t) / (u / (1 - s.beta2**t))


@adamax.mistake("The corrected m is fed back: the next step averages it, and corrects it again. Keep m as it is.")
@by_steps
def feeds_back_the_first(s: Settings, t: int, g: Array, m: Array, u: Array, here: Array) -> Moved:
    m = (s.beta1 * m + (1 - s.beta1) * g) / (1 - s.beta1**t)
    u = np.maximum(s.beta2 * u, np.abs(g) + s.eps)
    return m, u, here - s.lr * m / u


@adamax.mistake("The maximum never fades: multiply the old u by β₂ before comparing.")
def never_fades(grad: Gradient, theta: Array, lr: float, beta1: float, beta2: float, eps: float, steps: int) -> Any:
    return right_adamax(grad, theta, lr, beta1, 1 - 1e-15, eps, steps)


@adamax.mistake("It takes the larger of β₂u and g *with its sign*: a large negative slope is overlooked. Use |g|.")
@by_steps
def keeps_the_sign(s: Settings, t: int, g: Array, m: Array, u: Array, here: Array) -> Moved:
    m, u = s.beta1 * m + (1 - s.beta1) * g, np.maximum(s.beta2 * u, g + s.eps)
    return m, u, here - s.lr * m / (1 - s.beta1**t) / u


@adamax.mistake("It averages |g|. Adamax keeps the larger one: `np.maximum(beta2 * u, np.abs(g) + eps)`.")
@by_steps
def averages_the_sizes(s: Settings, t: int, g: Array, m: Array, u: Array, here: Array) -> Moved:
    m, u = s.beta1 * m + (1 - s.beta1) * g, s.beta2 * u + (1 - s.beta2) * np.abs(g) + s.eps
    return m, u, here - s.lr * m / (1 - s.beta1**t) / u


@adamax.mistake("β₂ multiplies the new |g|, and the old maximum is kept whole. It is the old one that fades.")
@by_steps
def fades_the_new(s: Settings, t: int, g: Array, m: Array, u: Array, here: Array) -> Moved:
    m, u = s.beta1 * m + (1 - s.beta1) * g, np.maximum(u, s.beta2 * (np.abs(g) + s.eps))
    return m, u, here - s.lr * m / (1 - s.beta1**t) / u


@adamax.mistake("All coordinates share one maximum. Each keeps its own: `np.maximum`, not `max`.")
@by_steps
def one_maximum_for_all(s: Settings, t: int, g: Array, m: Array, u: Array, here: Array) -> Moved:
    m, u = s.beta1 * m + (1 - s.beta1) * g, np.maximum(s.beta2 * u, np.max(np.abs(g)) + s.eps)
    return m, u, here - s.lr * m / (1 - s.beta1**t) / u


@adamax.mistake("ε is added after the maximum. Here it stands inside, beside |g|, so that it is compared too.")
@by_steps
def eps_outside(s: Settings, t: int, g: Array, m: Array, u: Array, here: Array) -> Moved:
    m, u = s.beta1 * m + (1 - s.beta1) * g, np.maximum(s.beta2 * u, np.abs(g))
    return m, u, here - s.lr * m / (1 - s.beta1**t) / (u + s.eps)


@adamax.mistake("m is not corrected: it began at zero, so divide it by 1 − β₁ᵗ.")
@by_steps
def first_not_corrected(s: Settings, t: int, g: Array, m: Array, u: Array, here: Array) -> Moved:
    m, u = s.beta1 * m + (1 - s.beta1) * g, np.maximum(s.beta2 * u, np.abs(g) + s.eps)
    return m, u, here - s.lr * m / u


@adamax.mistake("The memories have changed places: β₁ belongs to the average, β₂ to the maximum.")
def places_changed(grad: Gradient, theta: Array, lr: float, beta1: float, beta2: float, eps: float, steps: int) -> Any:
    return right_adamax(grad, theta, lr, beta2, beta1, eps, steps)


@adamax.mistake("The gradient itself stands above the line. Its average belongs there.")
def no_average(grad: Gradient, theta: Array, lr: float, beta1: float, beta2: float, eps: float, steps: int) -> Any:
    return right_adamax(grad, theta, lr, 0.0, beta2, eps, steps)


@adamax.alternative
def maximum_of_all(
    grad: Gradient, theta: Array, lr: float, beta1: float, beta2: float, eps: float, steps: int
) -> Array:
    seen: list[Array] = []
    for _ in range(steps):
        seen.append(grad(theta))
        age = np.arange(len(seen))[::-1]
        u = np.max((np.abs(seen) + eps) * beta2 ** age[:, None], axis=0)
        theta = theta - lr * np.average(seen, axis=0, weights=beta1**age) / u
    return theta


@adamax.alternative
def entry_by_entry(
    grad: Gradient, theta: Array, lr: float, beta1: float, beta2: float, eps: float, steps: int
) -> list[float]:
    here, m, u = theta.tolist(), [0.0] * len(theta), [0.0] * len(theta)
    for t in range(1, steps + 1):
        for j, g in enumerate(grad(np.array(here)).tolist()):
            m[j] = beta1 * m[j] + (1 - beta1) * g
            u[j] = max(beta2 * u[j], abs(g) + eps)
            here[j] = here[j] - lr / (1 - beta1**t) * m[j] / u[j]
    return [float(value) for value in here]


@adamax.alternative
def on_a_copy(grad: Gradient, theta: Array, lr: float, beta1: float, beta2: float, eps: float, steps: int) -> Array:
    theta, m, u, left = theta.copy(), np.zeros(len(theta)), np.zeros(len(theta)), 1.0
    while steps > 0:
        g = grad(theta)
        left *= beta1
        m *= beta1
        m += (1 - beta1) * g
        u = np.where(beta2 * u > abs(g) + eps, beta2 * u, abs(g) + eps)
        theta -= lr / (1 - left) * m / u
        steps -= 1
    return theta


@adamax.alternative
def adamax_in_single(
    grad: Gradient, theta: Array, lr: float, beta1: float, beta2: float, eps: float, steps: int
) -> Array:
    here, m, u = theta.astype(np.float32), np.zeros(theta.shape, np.float32), np.zeros(theta.shape, np.float32)
    for t in range(1, steps + 1):
        g = grad(here).astype(np.float32)
        m = (beta1 * m + (1 - beta1) * g).astype(np.float32)
        u = np.maximum(beta2 * u, np.abs(g) + eps).astype(np.float32)
        here = (here - lr * m / (1 - beta1**t) / u).astype(np.float32)
    return here


@adamax.alternative
def with_a_closure(
    grad: Gradient, theta: Array, lr: float, beta1: float, beta2: float, eps: float, steps: int
) -> Array:
    m, u = np.zeros_like(theta), np.zeros_like(theta)

    def direction(t: int, g: Array) -> Array:
        nonlocal m, u
        m = m + (1 - beta1) * (g - m)
        u = np.fmax(beta2 * u, np.absolute(g) + eps)
        return np.asarray(np.divide(m, u) / (1 - beta1**t))

    for t in range(1, steps + 1):
        theta = theta - lr * direction(t, grad(theta))
    return theta


# ---------------------------------------------------------------------------------------------- nadam


def right_nadam(grad: Gradient, theta: Array, lr: float, beta1: float, beta2: float, eps: float, steps: int) -> Any:
    return last_of(optcourse.nadam(grad, theta, lr, beta1, beta2, eps), theta, steps)


nadam = Exercise(
    name="nadam",
    title="Nadam, in the constant form",
    section="3.5",
    points=3,
    signature="nadam(grad, theta: (n,), lr: number, beta1: number, beta2: number, eps: number, steps: int) -> (n,)",
    reference=right_nadam,
    cases=public_cases(),
    draw=draw,
    tolerance=A_DOZEN_STEPS,
    path="steps",
    probes=WATCHED,
)


@nadam.mistake("This is Adam: nothing looks ahead. Put m̄ in the place of m̂.")
def no_look_ahead(grad: Gradient, theta: Array, lr: float, beta1: float, beta2: float, eps: float, steps: int) -> Any:
    return right_adam(grad, theta, lr, beta1, beta2, eps, steps)


@nadam.mistake("The look-ahead is corrected with t. m stands in for the *next* average: its factor is 1 − β₁ᵗ⁺¹.")
@by_steps
def corrected_for_today(s: Settings, t: int, g: Array, m: Array, v: Array, here: Array) -> Moved:
    m, v = averages(m, v, g, s)
    ahead = s.beta1 / (1 - s.beta1**t) * m + (1 - s.beta1) / (1 - s.beta1**t) * g
    return m, v, here - s.lr * ahead / (np.sqrt(v / (1 - s.beta2**t)) + s.eps)


@nadam.mistake("Both parts are corrected with t + 1. That of the gradient belongs to today: 1 − β₁ᵗ.")
@by_steps
def both_for_tomorrow(s: Settings, t: int, g: Array, m: Array, v: Array, here: Array) -> Moved:
    m, v = averages(m, v, g, s)
    ahead = s.beta1 / (1 - s.beta1 ** (t + 1)) * m + (1 - s.beta1) / (1 - s.beta1 ** (t + 1)) * g
    return m, v, here - s.lr * ahead / (np.sqrt(v / (1 - s.beta2**t)) + s.eps)


@nadam.mistake("The gradient's own part is missing: m̄ is a share of m *and* a share of g.")
@by_steps
def gradient_forgotten(s: Settings, t: int, g: Array, m: Array, v: Array, here: Array) -> Moved:
    m, v = averages(m, v, g, s)
    ahead = s.beta1 / (1 - s.beta1 ** (t + 1)) * m + 0.0 * g
    return m, v, here - s.lr * ahead / (np.sqrt(v / (1 - s.beta2**t)) + s.eps)


@nadam.mistake("The shares are exchanged: β₁ goes with m, and 1 − β₁ with g.")
@by_steps
def shares_exchanged(s: Settings, t: int, g: Array, m: Array, v: Array, here: Array) -> Moved:
    m, v = averages(m, v, g, s)
    ahead = (1 - s.beta1) / (1 - s.beta1 ** (t + 1)) * m + s.beta1 / (1 - s.beta1**t) * g
    return m, v, here - s.lr * ahead / (np.sqrt(v / (1 - s.beta2**t)) + s.eps)


@nadam.mistake("m̄ is not corrected at all: divide the share of m by 1 − β₁ᵗ⁺¹ and that of g by 1 − β₁ᵗ.")
@by_steps
def look_ahead_not_corrected(s: Settings, t: int, g: Array, m: Array, v: Array, here: Array) -> Moved:
    m, v = averages(m, v, g, s)
    ahead = s.beta1 * m + (1 - s.beta1) * g
    return m, v, here - s.lr * ahead / (np.sqrt(v / (1 - s.beta2**t)) + s.eps)


@nadam.mistake("The power lost its brackets: `beta1 ** t + 1` is β₁ᵗ plus 1. Write `beta1 ** (t + 1)`.")
@by_steps
def power_plus_one(s: Settings, t: int, g: Array, m: Array, v: Array, here: Array) -> Moved:
    m, v = averages(m, v, g, s)
    ahead = s.beta1 / (1 - s.beta1**t + 1) * m + (1 - s.beta1) / (1 - s.beta1**t) * g
    return m, v, here - s.lr * ahead / (np.sqrt(v / (1 - s.beta2**t)) + s.eps)


@nadam.mistake("The whole m is used beside the gradient's share: it must be multiplied by β₁ first.")
@by_steps
def all_of_the_average(s: Settings, t: int, g: Array, m: Array, v: Array, here: Array) -> Moved:
    m, v = averages(m, v, g, s)
    ahead = 1 / (1 - s.beta1 ** (t + 1)) * m + (1 - s.beta1) / (1 - s.beta1**t) * g
    return m, v, here - s.lr * ahead / (np.sqrt(v / (1 - s.beta2**t)) + s.eps)


@nadam.mistake("This is the schedule form of the libraries, in which β₁ warms up. The task asks for the constant form.")
def the_schedule_form(
    grad: Gradient, theta: Array, lr: float, beta1: float, beta2: float, eps: float, steps: int
) -> Any:
    return last_of(optcourse.nadam(grad, theta, lr, beta1, beta2, eps, momentum_decay=0.004), theta, steps)


@nadam.mistake("v is not corrected: divide it by 1 − β₂ᵗ.")
@by_steps
def second_not_corrected(s: Settings, t: int, g: Array, m: Array, v: Array, here: Array) -> Moved:
    m, v = averages(m, v, g, s)
    ahead = s.beta1 * m / (1 - s.beta1 ** (t + 1)) + (1 - s.beta1) * g / (1 - s.beta1**t)
    return m, v, here - s.lr * ahead / (np.sqrt(v) + s.eps)


@nadam.mistake("ε stands inside the root. It is added to the root.")
@by_steps
def stabiliser_inside(s: Settings, t: int, g: Array, m: Array, v: Array, here: Array) -> Moved:
    m, v = averages(m, v, g, s)
    ahead = s.beta1 * m / (1 - s.beta1 ** (t + 1)) + (1 - s.beta1) * g / (1 - s.beta1**t)
    return m, v, here - s.lr * ahead / np.sqrt(v / (1 - s.beta2**t) + s.eps)


@nadam.mistake("The memories have changed places: β₁ looks ahead, β₂ averages the squares.")
def memories_exchanged(
    grad: Gradient, theta: Array, lr: float, beta1: float, beta2: float, eps: float, steps: int
) -> Any:
    return right_nadam(grad, theta, lr, beta2, beta1, eps, steps)


@nadam.alternative
def from_the_next_average(
    grad: Gradient, theta: Array, lr: float, beta1: float, beta2: float, eps: float, steps: int
) -> Array:
    m, v = np.zeros_like(theta), np.zeros_like(theta)
    for t in range(1, steps + 1):
        g = grad(theta)
        m, v = averages(m, v, g, Settings(lr, beta1, beta2, eps))
        bar = beta1 * (m / (1 - beta1 ** (t + 1))) + (1 - beta1) * (g / (1 - beta1**t))
        theta = theta - lr * bar / (np.sqrt(v / (1 - beta2**t)) + eps)
    return theta


@nadam.alternative
def with_running_products(
    grad: Gradient, theta: Array, lr: float, beta1: float, beta2: float, eps: float, steps: int
) -> Array:
    here, m, v, one, two = theta.copy(), 0.0 * theta, 0.0 * theta, 1.0, 1.0
    for _ in range(steps):
        one, two = one * beta1, two * beta2
        g = grad(here)
        m += (1 - beta1) * (g - m)
        v += (1 - beta2) * (g * g - v)
        here -= lr * (beta1 / (1 - one * beta1) * m + (1 - beta1) / (1 - one) * g) / ((v / (1 - two)) ** 0.5 + eps)
    return here


@nadam.alternative
def with_plain_numbers(
    grad: Gradient, theta: Array, lr: float, beta1: float, beta2: float, eps: float, steps: int
) -> list[float]:
    here, m, v = theta.tolist(), [0.0] * len(theta), [0.0] * len(theta)
    for t in range(1, steps + 1):
        for j, g in enumerate(grad(np.array(here)).tolist()):
            m[j] = beta1 * m[j] + (1 - beta1) * g
            v[j] = beta2 * v[j] + (1 - beta2) * g * g
            bar = beta1 * m[j] / (1 - beta1 ** (t + 1)) + (1 - beta1) * g / (1 - beta1**t)
            here[j] -= lr * bar / ((v[j] / (1 - beta2**t)) ** 0.5 + eps)
    return [float(value) for value in here]


@nadam.alternative
def nadam_in_single(
    grad: Gradient, theta: Array, lr: float, beta1: float, beta2: float, eps: float, steps: int
) -> Array:
    return np.asarray(from_the_next_average(grad, theta, lr, beta1, beta2, eps, steps)).astype(np.float32)


@nadam.alternative
def as_the_limit_of_the_library(
    grad: Gradient, theta: Array, lr: float, beta1: float, beta2: float, eps: float, steps: int
) -> Any:
    return last_of(optcourse.nadam(grad, theta, lr, beta1, beta2, eps, momentum_decay=1e6), theta, steps)


# ---------------------------------------------------------------------------------------------- adamw


def right_adamw(
    grad: Gradient, theta: Array, lr: float, beta1: float, beta2: float, eps: float, weight_decay: float, steps: int
) -> Any:
    return last_of(optcourse.adamw(grad, theta, lr, beta1, beta2, eps, weight_decay), theta, steps)


adamw = Exercise(
    name="adamw",
    title="AdamW",
    section="3.5",
    points=3,
    signature="adamw(grad, theta: (n,), lr: number, beta1: number, beta2: number, eps: number, "
    "weight_decay: number, steps: int) -> (n,)",
    reference=right_adamw,
    cases=[
        *public_cases(weight_decay=0.1)[:1],
        *public_cases(weight_decay=0.5)[1:-1],
        Case(
            "no gradient at all: only the decay moves θ",
            grad=lambda theta: 0 * theta,
            theta=np.array([2.0, -4.0]),
            lr=0.1,
            beta1=0.9,
            beta2=0.999,
            eps=1e-8,
            weight_decay=0.5,
            steps=2,
        ),
        *public_cases(weight_decay=0.5)[-1:],
    ],
    draw=lambda rng: draw(rng, weight_decay=float(rng.uniform(0.1, 1.0))),
    tolerance=A_DOZEN_STEPS,
    path="steps",
    probes=WATCHED,
)


@adamw.mistake(
    "The decay is added to the gradient, so it is averaged and divided by the root too: this is Adam with a penalty, "
    "which AdamW was made to replace."
)
def penalty_in_the_gradient(
    grad: Gradient, theta: Array, lr: float, beta1: float, beta2: float, eps: float, weight_decay: float, steps: int
) -> Any:
    return right_adam(lambda here: grad(here) + weight_decay * here, theta, lr, beta1, beta2, eps, steps)


@adamw.mistake("The decay is not multiplied by the step size: the share is ηλ per step, not λ.")
@by_steps
def decay_without_rate(s: Settings, t: int, g: Array, m: Array, v: Array, here: Array) -> Moved:
    m, v = averages(m, v, g, s)
    return m, v, (1 - s.weight_decay) * here - s.lr * fraction(m, v, t, s)


@adamw.mistake("θ decays after Adam's step, and the step decays with it. Shrink the *old* θ.")
@by_steps
def decays_afterwards(s: Settings, t: int, g: Array, m: Array, v: Array, here: Array) -> Moved:
    m, v = averages(m, v, g, s)
    return m, v, (1 - s.lr * s.weight_decay) * (here - s.lr * fraction(m, v, t, s))


@adamw.mistake("There is no decay: this is Adam.")
def no_decay(
    grad: Gradient, theta: Array, lr: float, beta1: float, beta2: float, eps: float, weight_decay: float, steps: int
) -> Any:
    return right_adam(grad, theta, lr, beta1, beta2, eps, steps)


@adamw.mistake("θ grows by ηλθ in every step. The decay is subtracted.")
@by_steps
def grows(s: Settings, t: int, g: Array, m: Array, v: Array, here: Array) -> Moved:
    m, v = averages(m, v, g, s)
    return m, v, (1 + s.lr * s.weight_decay) * here - s.lr * fraction(m, v, t, s)


@adamw.mistake("The decay is halved. It is ηλθ; the ½ belongs to the penalty whose gradient it is not.")
def halved(
    grad: Gradient, theta: Array, lr: float, beta1: float, beta2: float, eps: float, weight_decay: float, steps: int
) -> Any:
    return right_adamw(grad, theta, lr, beta1, beta2, eps, weight_decay / 2, steps)


@adamw.mistake(
    "Only the signs of θ enter the decay, as in the penalty of the LASSO. Every weight loses a share of itself."
)
@by_steps
def by_signs(s: Settings, t: int, g: Array, m: Array, v: Array, here: Array) -> Moved:
    m, v = averages(m, v, g, s)
    return m, v, here - s.lr * s.weight_decay * np.sign(here) - s.lr * fraction(m, v, t, s)


@adamw.mistake("The decay always takes its share of the *first* θ. Take it of the θ of the step.")
def share_of_the_start(
    grad: Gradient, theta: Array, lr: float, beta1: float, beta2: float, eps: float, weight_decay: float, steps: int
) -> Array:
    settings, m, v, start = Settings(lr, beta1, beta2, eps), np.zeros_like(theta), np.zeros_like(theta), theta
    for t in range(1, steps + 1):
        m, v = averages(m, v, grad(theta), settings)
        theta = theta - lr * weight_decay * start - lr * fraction(m, v, t, settings)
    return theta


@adamw.mistake("η multiplies the decay twice: the share of a step is ηλ, not η²λ.")
def rate_twice(
    grad: Gradient, theta: Array, lr: float, beta1: float, beta2: float, eps: float, weight_decay: float, steps: int
) -> Any:
    return right_adamw(grad, theta, lr, beta1, beta2, eps, weight_decay * lr, steps)


@adamw.mistake("There is no bias correction: divide m by 1 − β₁ᵗ and v by 1 − β₂ᵗ.")
@by_steps
def moments_not_corrected(s: Settings, t: int, g: Array, m: Array, v: Array, here: Array) -> Moved:
    m, v = averages(m, v, g, s)
    return m, v, (1 - s.lr * s.weight_decay) * here - s.lr * m / (np.sqrt(v) + s.eps)


@adamw.mistake("The gradient is taken at the decayed θ. Ask for it first, at θ as the step before left it.")
def gradient_after_the_decay(
    grad: Gradient, theta: Array, lr: float, beta1: float, beta2: float, eps: float, weight_decay: float, steps: int
) -> Array:
    m = v = np.zeros_like(theta)
    for t in range(1, steps + 1):
        theta = (1 - lr * weight_decay) * theta
        m, v = averages(m, v, grad(theta), Settings(lr, beta1, beta2, eps))
        theta = theta - lr * m / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + eps)
    return theta


@adamw.alternative
def decay_as_its_own_line(
    grad: Gradient, theta: Array, lr: float, beta1: float, beta2: float, eps: float, weight_decay: float, steps: int
) -> Array:
    m, v = np.zeros(len(theta)), np.zeros(len(theta))
    for t in range(1, steps + 1):
        m, v = averages(m, v, grad(theta), Settings(lr, beta1, beta2, eps))
        theta = theta - lr * weight_decay * theta
        theta = theta - lr * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps)
    return theta


@adamw.alternative
@by_steps
def both_in_one_bracket(s: Settings, t: int, g: Array, m: Array, v: Array, here: Array) -> Moved:
    m, v = averages(m, v, g, s)
    return m, v, here - s.lr * (fraction(m, v, t, s) + s.weight_decay * here)


@adamw.alternative
def weights_as_numbers(
    grad: Gradient, theta: Array, lr: float, beta1: float, beta2: float, eps: float, weight_decay: float, steps: int
) -> list[float]:
    here, m, v = theta.tolist(), [0.0] * len(theta), [0.0] * len(theta)
    for t in range(1, steps + 1):
        for j, g in enumerate(grad(np.array(here)).tolist()):
            m[j] = beta1 * m[j] + (1 - beta1) * g
            v[j] = beta2 * v[j] + (1 - beta2) * g * g
            here[j] *= 1 - lr * weight_decay
            here[j] -= lr * m[j] / (1 - beta1**t) / ((v[j] / (1 - beta2**t)) ** 0.5 + eps)
    return [float(value) for value in here]


@adamw.alternative
def adamw_in_single(
    grad: Gradient, theta: Array, lr: float, beta1: float, beta2: float, eps: float, weight_decay: float, steps: int
) -> Array:
    here, m, v = theta.astype(np.float32), np.zeros(theta.shape, np.float32), np.zeros(theta.shape, np.float32)
    for t in range(1, steps + 1):
        m, v = (one.astype(np.float32) for one in averages(m, v, grad(here), Settings(lr, beta1, beta2, eps)))
        step = lr * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps)
        here = ((1 - lr * weight_decay) * here - step).astype(np.float32)
    return here


@adamw.alternative
def as_weighted_means(
    grad: Gradient, theta: Array, lr: float, beta1: float, beta2: float, eps: float, weight_decay: float, steps: int
) -> Array:
    seen: list[Array] = []
    while len(seen) < steps:
        seen.append(grad(theta))
        age = np.arange(len(seen))[::-1]
        m = np.average(seen, axis=0, weights=beta1**age)
        v = np.average(np.square(seen), axis=0, weights=beta2**age)
        theta = theta * (1 - lr * weight_decay) - lr * m / (np.sqrt(v) + eps)
    return theta


# ------------------------------------------------------------------------------------- layer_gradient


def network_loss(V: Array, w: Array, X: Array, y: Array) -> float:
    """Half the mean squared error of w · tanh(Vx)."""
    return float(np.mean((np.tanh(X @ V.T) @ w - y) ** 2) / 2)


def layer_slope(V: Array, w: Array, X: Array, y: Array) -> Array:
    hidden = np.tanh(X @ V.T)
    off = hidden @ w - y
    slope: Array = (off[:, None] * w * (1 - hidden**2)).T @ X / len(y)
    return slope


def draw_network(rng: np.random.Generator) -> Case:
    h, d, n = int(rng.integers(2, 5)), int(rng.integers(2, 4)), int(rng.integers(5, 9))
    return Case(
        "drawn",
        V=rng.normal(size=(h, d)),
        w=rng.normal(size=h),
        X=rng.normal(size=(n, d)),
        y=rng.normal(size=n),
    )


def slope_of_tanh() -> str:
    """The activation and its derivative, which the chain rule multiplies by."""
    z = np.linspace(-3, 3, 61)
    lines = {"tanh z": np.tanh(z), "its slope": 1 - np.tanh(z) ** 2}
    return curves(
        [(name, list(zip(z.tolist(), value.tolist(), strict=True))) for name, value in lines.items()],
        ("z", ""),
        "tanh rises from −1 through 0 to 1; its slope is 1 at z = 0 and falls towards 0 on both sides.",
    )


two_rows = np.array([[1.0, 0.5], [-1.0, 2.0]])
layer_gradient = Exercise(
    name="layer_gradient",
    title="The gradient of a hidden layer",
    section="3.5",
    points=4,
    signature="layer_gradient(V: (h, d), w: (h,), X: (n, d), y: (n,)) -> (h, d)",
    reference=layer_slope,
    cases=[
        Case("one unit, one example", V=np.array([[0.5]]), w=np.array([2.0]), X=np.array([[1.0]]), y=np.array([0.0])),
        Case("V = 0: tanh is its own tangent", V=np.zeros((2, 2)), w=np.array([1.0, -2.0]), X=two_rows, y=np.ones(2)),
        Case(
            "three units, two features, two examples",
            V=np.array([[0.3, -0.4], [1.0, 0.2], [-0.5, 0.8]]),
            w=np.array([1.0, -1.0, 0.5]),
            X=two_rows,
            y=np.array([0.5, -0.5]),
        ),
    ],
    draw=draw_network,
    tolerance=Tolerance(1e-9, 1e-12, single=1e-4, why="sums over the examples in another order"),
    probes=[agrees_with(lambda case, V: network_loss(V, case["w"], case["X"], case["y"]), of="V")],
    target=slope_of_tanh,
    equivalent_mutants={
        f"y → {other} (no. 2)": f"there are as many rows in {other} as labels in y"
        for other in ("X", "hidden", "error", "back")
    },
)


@layer_gradient.mistake("The slope of tanh is missing: the chain rule passes through it, as a factor 1 − tanh².")
def no_slope_of_tanh(V: Array, w: Array, X: Array, y: Array) -> Array:
    off = np.tanh(X @ V.T) @ w - y
    return np.asarray((off[:, None] * w).T @ X / len(y))


@layer_gradient.mistake("The slope of tanh is 1 − tanh², with a square.")
def square_missing(V: Array, w: Array, X: Array, y: Array) -> Array:
    hidden = np.tanh(X @ V.T)
    off = hidden @ w - y
    return np.asarray((off[:, None] * w * (1 - hidden)).T @ X / len(y))


@layer_gradient.mistake("The slope of tanh is 1 − tanh(z)², not 1 − z².")
def square_of_the_input(V: Array, w: Array, X: Array, y: Array) -> Array:
    z = X @ V.T
    off = np.tanh(z) @ w - y
    return np.asarray((off[:, None] * w * (1 - z**2)).T @ X / len(y))


@layer_gradient.mistake("This is the slope of the sigmoid, h(1 − h). That of tanh is 1 − h².")
def slope_of_the_sigmoid(V: Array, w: Array, X: Array, y: Array) -> Array:
    hidden = np.tanh(X @ V.T)
    off = hidden @ w - y
    return np.asarray((off[:, None] * w * hidden * (1 - hidden)).T @ X / len(y))


@layer_gradient.mistake("w is missing: a unit's output reaches the loss through its weight in w.")
def no_outer_weight(V: Array, w: Array, X: Array, y: Array) -> Array:
    hidden = np.tanh(X @ V.T)
    off = hidden @ w - y
    return np.asarray((off[:, None] * (1 - hidden**2)).T @ X / len(y))


@layer_gradient.mistake("It sums over the examples. The loss is their mean: divide by their number.")
def sum_for_mean(V: Array, w: Array, X: Array, y: Array) -> Array:
    return layer_slope(V, w, X, y) * len(y)


@layer_gradient.mistake("It is twice the gradient: the ½ in the loss cancels the 2 that comes down.")
def twice(V: Array, w: Array, X: Array, y: Array) -> Array:
    return 2 * layer_slope(V, w, X, y)


@layer_gradient.mistake("The sign is turned round: it is prediction minus label.")
def label_minus_prediction(V: Array, w: Array, X: Array, y: Array) -> Array:
    return -layer_slope(V, w, X, y)


@layer_gradient.mistake("The label is missing: the error is prediction minus label, not the prediction.")
def no_label(V: Array, w: Array, X: Array, y: Array) -> Array:
    return layer_slope(V, w, X, 0 * y)


@layer_gradient.mistake("The prediction skips tanh: it is w · tanh(Vx), not w · Vx.")
def linear_prediction(V: Array, w: Array, X: Array, y: Array) -> Array:
    z = X @ V.T
    return np.asarray(((z @ w - y)[:, None] * w * (1 - np.tanh(z) ** 2)).T @ X / len(y))


@layer_gradient.alternative
def example_by_example(V: Array, w: Array, X: Array, y: Array) -> Array:
    total = np.zeros(V.shape)
    for x, label in zip(X, y, strict=True):
        hidden = np.tanh(V @ x)
        total += np.outer((w @ hidden - label) * w / np.cosh(V @ x) ** 2, x)
    return total / len(y)


@layer_gradient.alternative
def entry_by_entry_in_lists(V: Array, w: Array, X: Array, y: Array) -> list[list[float]]:
    n = len(y)
    hidden = [[float(np.tanh(sum(a * b for a, b in zip(row, x, strict=True)))) for row in V] for x in X]
    off = [sum(a * b for a, b in zip(w, hidden[i], strict=True)) - y[i] for i in range(n)]
    return [
        [float(sum(off[i] * w[k] * (1 - hidden[i][k] ** 2) * X[i][j] for i in range(n)) / n) for j in range(len(X[0]))]
        for k in range(len(w))
    ]


@layer_gradient.alternative
def with_einsum(V: Array, w: Array, X: Array, y: Array) -> Array:
    hidden = np.tanh(np.einsum("kj,ij->ik", V, X))
    off = np.einsum("k,ik->i", w, hidden) - y
    return np.asarray(np.einsum("i,k,ik,ij->kj", off, w, (1 - hidden) * (1 + hidden), X) / y.size)


@layer_gradient.alternative
def by_a_complex_step(V: Array, w: Array, X: Array, y: Array) -> Array:
    slope = np.zeros(V.shape)
    for entry in np.ndindex(*V.shape):
        moved = V.astype(complex)
        moved[entry] += 1e-30j
        off = np.tanh(X @ moved.T) @ w - y
        slope[entry] = np.sum(off**2).imag / 1e-30 / (2 * len(y))
    return slope


@layer_gradient.alternative
def back_through_the_columns(V: Array, w: Array, X: Array, y: Array) -> Array:
    hidden = np.tanh(V @ X.T)
    delta = np.outer(w, (w @ hidden - y) / X.shape[0]) * (1 - np.square(hidden))
    return np.asarray(delta @ X)


@layer_gradient.alternative
def layer_in_single(V: Array, w: Array, X: Array, y: Array) -> Array:
    V, w, X, y = (one.astype(np.float32) for one in (V, w, X, y))
    return layer_slope(V, w, X, y).astype(np.float32)


# ------------------------------------------------------------------------------------------ any_units

GOAL = 1e-3  # of each slope at the start
BUDGET = 200


def slopes_of(units: Array, middle: Array) -> Gradient:
    """Along each axis √(1 + distance²), in a unit of its own: steep walls, a round floor."""
    return lambda theta: units * (theta - middle) / np.sqrt(1 + (theta - middle) ** 2)


def draw_units(rng: np.random.Generator) -> Case:
    """Units between a thousandth and a thousand, and a minimum that nobody knows."""
    n = int(rng.integers(3, 6))
    units = 10 ** np.concatenate([[-3.0, 3.0], rng.uniform(-3, 3, size=n - 2)])
    middle = rng.normal(size=n)
    side = np.where(rng.uniform(size=n) < 0.5, -1.0, 1.0)
    start = middle + side * rng.uniform(2, 8, size=n)
    return Case("drawn", grad=slopes_of(rng.permutation(units), middle), theta=start, budget=BUDGET)


def steepest_left(case: Case, answer: Any) -> float:
    """The largest part of any coordinate's slope that is left."""
    grad = case["grad"]
    left = np.abs(grad(np.array(np.real(answer), dtype=float)))
    return float(np.max(left / np.abs(grad(case["theta"]))))


def by_adam(grad: Gradient, theta: Array, budget: int) -> Any:
    return last_of(optcourse.adam(grad, theta, lambda k: 0.3 * (1 - k / budget), beta2=0.99), theta, budget)


def two_ways_down() -> str:
    """Powers of ten of the steepest slope that is left, against gradients spent."""
    grad, start = slopes_of(np.array([0.001, 1.0, 1000.0]), np.zeros(3)), np.array([4.0, 4.0, 4.0])
    case = Case("shown", grad=grad, theta=start, budget=BUDGET)
    streams = {
        "a right one": optcourse.adam(grad, start, lambda k: 0.3 * (1 - k / BUDGET), beta2=0.99),
        "gradient descent": optcourse.gradient_descent(grad, start, 1e-3),
    }
    lines = [
        (
            name,
            [
                (float(k), float(np.log10(steepest_left(case, theta) + 1e-8)))
                for k, theta in enumerate(islice(stream, BUDGET))
            ],
        )
        for name, stream in streams.items()
    ]
    return curves(
        lines,
        ("gradients", "log₁₀"),
        "The logarithm of the steepest slope that is left: a right answer falls below −3 within 200 gradients; that of "
        "gradient descent stays near 0, since its step suits the steepest coordinate only.",
    )


any_units = Exercise(
    name="any_units",
    title="Choose and defend: slopes in unknown units",
    section="3.5",
    points=4,
    signature="any_units(grad, theta: (n,), budget: int) -> (n,)",
    reference=by_adam,
    cases=[
        Case(
            "slopes a million times apart",
            grad=slopes_of(np.array([0.001, 1.0, 1000.0]), np.array([1.0, -2.0, 0.5])),
            theta=np.array([5.0, 2.0, -4.0]),
            budget=BUDGET,
        ),
        Case(
            "all of them tiny",
            grad=slopes_of(np.array([0.001, 0.002]), np.array([0.0, 1.0])),
            theta=np.array([-6.0, 4.0]),
            budget=BUDGET,
        ),
        Case(
            "all of them huge",
            grad=slopes_of(np.array([1000.0, 500.0]), np.array([-1.0, 1.0])),
            theta=np.array([2.0, -3.5]),
            budget=BUDGET,
        ),
    ],
    draw=draw_units,
    tolerance=Tolerance(1e-9, 1e-12, single=1e-4, why="an answer is compared with itself; the goal is what counts"),
    replay=any_answer(by_adam),
    probes=[
        evaluations("grad", most=lambda case: int(case["budget"]), least=0),
        reaches(steepest_left, GOAL, "the largest part of a slope that is left"),
    ],
    target=two_ways_down,
    equivalent_mutants={
        "range(budget) → range(budget - 1)": "a gradient fewer is enough",
        "1.0 → 2.0": "the steps add up to 66: far enough, and they end as short",
        "1.0 → 0.5": "the steps add up to 16: still twice as far as it is",
        "length * np.sign(grad(theta)) → length / np.sign(grad(theta))": "1 and −1 are their own reciprocals",
    },
)


@any_units.mistake("Adam with its default step, 0.001: in 200 steps no coordinate comes farther than about 0.2.")
def default_step(grad: Gradient, theta: Array, budget: int) -> Any:
    return last_of(optcourse.adam(grad, theta), theta, budget)


@any_units.mistake(
    "Every step has the same length, so the iterates swing about the goal for ever: let the length shrink."
)
def constant_length(grad: Gradient, theta: Array, budget: int) -> Array:
    for _ in range(budget):
        theta = theta - 0.1 * np.sign(grad(theta))
    return theta


@any_units.mistake("Gradient descent with a step for the steepest coordinate: the flattest has not moved.")
def for_the_steepest(grad: Gradient, theta: Array, budget: int) -> Any:
    return last_of(optcourse.gradient_descent(grad, theta, 1e-3), theta, budget)


@any_units.mistake("Gradient descent with a step of 1: it suits slopes near 1 and throws the steep ones about.")
def for_units_near_one(grad: Gradient, theta: Array, budget: int) -> Any:
    return last_of(optcourse.gradient_descent(grad, theta, 1.0), theta, budget)


@any_units.mistake("Momentum has one step size for all coordinates, as gradient descent has: units still matter to it.")
def momentum_alone(grad: Gradient, theta: Array, budget: int) -> Any:
    return last_of(optcourse.momentum(grad, theta, 1e-3, 0.9), theta, budget)


@any_units.mistake("The whole gradient is divided by its length: the steepest coordinate takes the step for all.")
def of_unit_length(grad: Gradient, theta: Array, budget: int) -> Array:
    for k in range(budget):
        slope = grad(theta)
        theta = theta - 0.97**k * slope / np.linalg.norm(slope)
    return theta


@any_units.mistake("ε = 1 is larger than the small slopes: for them this is gradient descent with a tiny step.")
def stabiliser_too_large(grad: Gradient, theta: Array, budget: int) -> Any:
    return last_of(optcourse.adam(grad, theta, lambda k: 0.3 * (1 - k / budget), eps=1.0), theta, budget)


@any_units.mistake("It would arrive, but it asks for ten times as many gradients as the budget holds.")
def over_budget(grad: Gradient, theta: Array, budget: int) -> Any:
    return last_of(optcourse.adam(grad, theta, lambda k: 0.03), theta, 10 * budget)


@any_units.mistake("The step shrinks so fast that the farther coordinates are not reached: its sum is below 2.")
def shrinks_too_fast(grad: Gradient, theta: Array, budget: int) -> Any:
    return last_of(optcourse.adam(grad, theta, lambda k: 0.3 * 0.8**k), theta, budget)


@any_units.mistake("It stays where it is: `theta` is returned as it came.")
def stays(grad: Gradient, theta: Array, budget: int) -> Array:
    return theta


@any_units.alternative
def adam_with_a_cosine(grad: Gradient, theta: Array, budget: int) -> Any:
    rate = optcourse.cosine_annealing(0.3, budget)
    return last_of(optcourse.adam(grad, theta, rate, beta2=0.99), theta, budget)


@any_units.alternative
def by_halving_intervals(grad: Gradient, theta: Array, budget: int) -> Array:
    low, high = theta - 10.0, theta + 10.0
    for _ in range(min(budget, 50)):
        middle = (low + high) / 2
        uphill = grad(middle) > 0
        high[uphill], low[~uphill] = middle[uphill], middle[~uphill]
    return (low + high) / 2


@any_units.alternative
def nadam_on_a_line(grad: Gradient, theta: Array, budget: int) -> Any:
    return last_of(optcourse.nadam(grad, theta, lambda k: 0.3 * (1 - k / budget), beta2=0.99), theta, budget)


@any_units.alternative
def rmsprop_that_cools(grad: Gradient, theta: Array, budget: int) -> Any:
    return last_of(optcourse.rmsprop(grad, theta, lambda k: 0.5 * 0.97**k, eps=1e-10), theta, budget)


@any_units.alternative
def adagrad_with_a_long_step(grad: Gradient, theta: Array, budget: int) -> Any:
    return last_of(optcourse.adagrad(grad, theta, lr=3.0), theta, budget)


@any_units.alternative
def halving_on_a_change_of_sign(grad: Gradient, theta: Array, budget: int) -> Array:
    length, before = np.ones_like(theta), np.zeros_like(theta)
    for _ in range(budget):
        side = np.sign(grad(theta))
        length = np.where(side * before < 0, length / 2, length)
        theta, before = theta - length * side, side
    return theta


@any_units.alternative
def in_lists_of_numbers(grad: Gradient, theta: Array, budget: int) -> list[float]:
    here = [float(value) for value in theta]
    for k in range(budget - 1):
        slopes = grad(np.array(here))
        here = [value - 0.96**k * (1 if slope > 0 else -1) for value, slope in zip(here, slopes, strict=True)]
    return here
