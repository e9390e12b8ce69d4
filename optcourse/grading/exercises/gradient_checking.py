"""Exercises of 3.15: measure a gradient, compare two, and find the coordinate that is wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import optcourse
from optcourse.arguments import Array, Gradient, Loss
from optcourse.grading.drawing import curves
from optcourse.grading.exercise import Case, Exercise, Tolerance
from optcourse.grading.probes import evaluations
from optcourse.grading.watch import Run

# --------------------------------------------------------------------------------- numerical_gradient


def cubes(theta: Array) -> float:
    return float(np.sum(np.asarray(theta) ** 3))


def product(theta: Array) -> float:
    return float(np.exp(theta[0]) * theta[1] + np.sin(theta[2]))


def draw_function(rng: np.random.Generator) -> Case:
    """A smooth function with a third derivative, and an ε wide enough for its error to show."""
    n = int(rng.integers(2, 5))
    slopes, bends = rng.normal(size=n), rng.normal(size=(n, n))

    def f(theta: Array) -> float:
        return float(slopes @ theta + np.exp(0.3 * (bends @ theta)).sum())

    return Case("drawn", f=f, theta=rng.normal(size=n), eps=float(10 ** rng.uniform(-3, -1.3)))


def three_schemes() -> str:
    """The derivative of exp at 1, measured with every ε: the error of central and of forward differences."""
    exponents, one = np.linspace(-8, -0.5, 31), np.asarray(1.0)
    errors = {
        scheme: [
            float(np.log10(abs(optcourse.numerical_gradient(np.exp, one, eps=10**k, scheme=scheme) - np.e) + 1e-16))
            for k in exponents
        ]
        for scheme in ("central", "forward")
    }
    return curves(
        [(scheme, list(zip(exponents.tolist(), errors[scheme], strict=True))) for scheme in ("central", "forward")],
        ("log₁₀ ε", "log₁₀ error"),
        "Against ε, the error of the central difference falls twice as steeply as that of the forward difference.",
    )


numerical_gradient = Exercise(
    name="numerical_gradient",
    title="A gradient by central differences",
    section="3.15",
    points=4,
    signature="numerical_gradient(f, theta: (n,), eps: number) -> (n,)",
    reference=lambda f, theta, eps: optcourse.numerical_gradient(f, theta, eps),
    cases=[
        Case("θ³ at 2, with ε = 0.1", f=cubes, theta=np.array([2.0]), eps=0.1),
        Case("a sum of cubes in two dimensions", f=cubes, theta=np.array([1.0, -2.0]), eps=0.01),
        Case("e^θ₁ θ₂ + sin θ₃, with ε = 0.001", f=product, theta=np.array([0.5, -1.0, 2.0]), eps=1e-3),
        Case("the same with ε = 1e-5", f=product, theta=np.array([0.5, -1.0, 2.0]), eps=1e-5),
    ],
    draw=draw_function,
    tolerance=Tolerance(1e-8, 1e-9, why="f is rounded to 16 digits, and its differences are divided by ε ≥ 1e-5"),
    probes=[evaluations("f", most=lambda case: 2 * len(case["theta"]) + 1, least=lambda case: 2 * len(case["theta"]))],
    target=three_schemes,
    equivalent_mutants=dict.fromkeys(("theta → slopes (no. 2)", "theta → slopes (no. 3)"), "of the same length"),
)


def _one_by_one(theta: Array, slope: Callable[[Array], float], eps: float) -> Array:
    """Call `slope` with a step of ε along each axis."""
    return np.array([slope(eps * axis) for axis in np.eye(len(theta))])


@numerical_gradient.mistake(
    "This is the *forward* difference, (f(θ + ε) − f(θ)) / ε: its error shrinks like ε, not like ε²."
)
def forward(f: Loss, theta: Array, eps: float) -> Array:
    return _one_by_one(theta, lambda step: (f(theta + step) - f(theta)) / eps, eps)


@numerical_gradient.mistake("This is the *backward* difference, (f(θ) − f(θ − ε)) / ε. Step to both sides.")
def backward(f: Loss, theta: Array, eps: float) -> Array:
    return _one_by_one(theta, lambda step: (f(theta) - f(theta - step)) / eps, eps)


@numerical_gradient.mistake("It is twice too large: from θ − ε to θ + ε it is 2ε, so divide by 2ε.")
def divided_by_eps(f: Loss, theta: Array, eps: float) -> Array:
    return _one_by_one(theta, lambda step: (f(theta + step) - f(theta - step)) / eps, eps)


@numerical_gradient.mistake(
    "`… / 2 * eps` divides by 2 and then *multiplies* by ε. Brackets are needed: `… / (2 * eps)`."
)
def missing_brackets(f: Loss, theta: Array, eps: float) -> Array:
    return _one_by_one(theta, lambda step: (f(theta + step) - f(theta - step)) / 2 * eps, eps)


@numerical_gradient.mistake("The sign is turned round: it is f ahead minus f behind.")
def behind_minus_ahead(f: Loss, theta: Array, eps: float) -> Array:
    return _one_by_one(theta, lambda step: (f(theta - step) - f(theta + step)) / (2 * eps), eps)


@numerical_gradient.mistake(
    "All coordinates are moved at once, so every entry holds the slope along (1, 1, …, 1). Move one at a time."
)
def all_at_once(f: Loss, theta: Array, eps: float) -> Array:
    slope = (f(theta + eps) - f(theta - eps)) / (2 * eps)
    return np.full(len(theta), slope)


@numerical_gradient.mistake(
    "A coordinate that was moved stays moved: the later ones are measured at another θ. Put each back."
)
def not_put_back(f: Loss, theta: Array, eps: float) -> Array:
    theta, slopes = theta.copy(), np.zeros(len(theta))
    for j in range(len(theta)):
        theta[j] += eps
        ahead = f(theta)
        theta[j] -= 2 * eps
        slopes[j] = (ahead - f(theta)) / (2 * eps)
    return slopes


@numerical_gradient.mistake(
    "It moves the coordinates of the array it was given, which is the caller's. Work on a copy, one for each step."
)
def in_the_callers_array(f: Loss, theta: Array, eps: float) -> Array:
    slopes = np.zeros(len(theta))
    for j in range(len(theta)):
        theta[j] += eps
        ahead = f(theta)
        theta[j] -= 2 * eps
        slopes[j] = (ahead - f(theta)) / (2 * eps)
        theta[j] += eps / 2
    return slopes


@numerical_gradient.mistake(
    "The step is ε/2 to each side, and yet the difference is divided by 2ε: it is half of what it should be."
)
def half_the_step(f: Loss, theta: Array, eps: float) -> Array:
    return _one_by_one(theta, lambda step: (f(theta + step / 2) - f(theta - step / 2)) / (2 * eps), eps)


@numerical_gradient.mistake("The result is kept in single precision, which throws away half of its digits.")
def single_precision(f: Loss, theta: Array, eps: float) -> Array:
    slopes = _one_by_one(theta, lambda step: (f(theta + step) - f(theta - step)) / (2 * eps), eps)
    return slopes.astype(np.float32)


@numerical_gradient.alternative
def coordinate_by_coordinate(f: Loss, theta: Array, eps: float) -> Array:
    slopes = np.zeros_like(theta)
    for j in range(theta.size):
        ahead, behind = theta.copy(), theta.copy()
        ahead[j] += eps
        behind[j] -= eps
        slopes[j] = (f(ahead) - f(behind)) / (2 * eps)
    return slopes


@numerical_gradient.alternative
def rows_of_the_identity(f: Loss, theta: Array, eps: float) -> list[float]:
    return [float((f(theta + step) - f(theta - step)) / (2 * eps)) for step in eps * np.eye(len(theta))]


@numerical_gradient.alternative
def with_plain_lists(f: Loss, theta: Array, eps: float) -> list[float]:
    here, slopes = [float(value) for value in theta], []
    for j in range(len(here)):
        ahead = [*here[:j], here[j] + eps, *here[j + 1 :]]
        behind = [*here[:j], here[j] - eps, *here[j + 1 :]]
        slopes.append((f(np.array(ahead)) - f(np.array(behind))) / (ahead[j] - behind[j]))
    return slopes


@numerical_gradient.alternative
def putting_each_back_on_a_copy(f: Loss, theta: Array, eps: float) -> Array:
    here, slopes = np.array(theta, dtype=float), np.empty(len(theta))
    for j, kept in enumerate(theta):
        here[j] = kept + eps
        ahead = f(here)
        here[j] = kept - eps
        slopes[j] = 0.5 * (ahead - f(here)) / eps
        here[j] = kept
    return slopes


@numerical_gradient.alternative
def mean_of_forward_and_backward(f: Loss, theta: Array, eps: float) -> Array:
    here = f(theta)
    ahead = _one_by_one(theta, lambda step: (f(theta + step) - here) / eps, eps)
    behind = _one_by_one(theta, lambda step: (here - f(theta - step)) / eps, eps)
    return (ahead + behind) / 2


# -------------------------------------------------------------------------------------- relative_error

DELTA = 1e-12


def draw_pair(rng: np.random.Generator) -> Case:
    """Two gradients that nearly agree, or hardly, of a size at which δ counts every other time."""
    n = int(rng.integers(2, 6))
    scale = float(rng.choice([1.0, 1e-12]) * rng.uniform(0.5, 5))
    a = scale * rng.normal(size=n)
    off = scale * float(10 ** rng.uniform(-3, 0)) * rng.normal(size=n)
    return Case("drawn", a=a, b=a + off)


def against_delta() -> str:
    """Two numbers, one half as large again as the other: the quotient against their size."""
    sizes = np.linspace(-15, -8, 57)
    quotient = [optcourse.relative_error(one, 1.5 * one) for one in 10 ** sizes[:, None]]
    return curves(
        [("a and 1.5 a", list(zip(sizes.tolist(), quotient, strict=True)))],
        ("log₁₀ a", "error"),
        "The relative error of a and 1.5 a is 0.2 for every a above 1e-10, and falls to 0 where a is far below δ.",
    )


relative_error = Exercise(
    name="relative_error",
    title="Compare two gradients",
    section="3.15",
    points=2,
    signature="relative_error(a: (n,), b: (n,)) -> number",
    reference=lambda a, b: optcourse.relative_error(a, b, delta=DELTA),
    cases=[
        Case("(3, 4) and (3, 4.1)", a=np.array([3.0, 4.0]), b=np.array([3.0, 4.1])),
        Case("equal: no error", a=np.array([1.0, -2.0, 3.0]), b=np.array([1.0, -2.0, 3.0])),
        Case("opposite: as wrong as can be", a=np.array([1.0, 2.0]), b=np.array([-1.0, -2.0])),
        Case("both zero: no error, and no division by zero", a=np.zeros(3), b=np.zeros(3)),
        Case("so small that δ counts", a=np.array([1e-12, 0.0]), b=np.array([2e-12, 0.0])),
    ],
    draw=draw_pair,
    tolerance=Tolerance(1e-9, 1e-12, why="three norms, whose sums may be taken in another order"),
    target=against_delta,
)


def norm(a: Array) -> float:
    return float(np.linalg.norm(a))


@relative_error.mistake("This is the *absolute* error ‖a − b‖. Whether it is large depends on how large a and b are.")
def absolute(a: Array, b: Array) -> float:
    return norm(a - b)


@relative_error.mistake("It divides by ‖a‖ only. With both norms below, a and b may change places.")
def divided_by_one(a: Array, b: Array) -> float:
    return norm(a - b) / (norm(a) + DELTA)


@relative_error.mistake("δ is missing: where both gradients vanish it divides zero by zero.")
def no_delta(a: Array, b: Array) -> Any:
    return np.linalg.norm(a - b) / (np.linalg.norm(a) + np.linalg.norm(b))


@relative_error.mistake(
    "It divides by ‖a + b‖, which may be zero when a and b are not: add the norms, not the vectors."
)
def norm_of_the_sum(a: Array, b: Array) -> float:
    return norm(a - b) / (norm(a + b) + DELTA)


@relative_error.mistake("Only ‖a‖ is divided by, and the rest is added: put the denominator into brackets.")
def no_brackets(a: Array, b: Array) -> Any:
    return np.linalg.norm(a - b) / np.linalg.norm(a) + np.linalg.norm(b) + DELTA


@relative_error.mistake("The norms are squared: the root is missing.")
def squared_norms(a: Array, b: Array) -> float:
    return float(np.sum((a - b) ** 2) / (np.sum(a**2) + np.sum(b**2) + DELTA))


@relative_error.mistake("It subtracts the norms. Two gradients of one length may point in different directions.")
def difference_of_norms(a: Array, b: Array) -> float:
    return abs(norm(a) - norm(b)) / (norm(a) + norm(b) + DELTA)


@relative_error.mistake("It takes the larger of the norms where their sum is asked for: up to twice too large.")
def the_larger_norm(a: Array, b: Array) -> float:
    return norm(a - b) / (max(norm(a), norm(b)) + DELTA)


@relative_error.mistake("It averages the errors of the entries. Here there is one quotient, of norms over all entries.")
def mean_of_entries(a: Array, b: Array) -> float:
    return float(np.mean(np.abs(a - b) / (np.abs(a) + np.abs(b) + DELTA)))


@relative_error.mistake("It adds up absolute values (the 1-norm). ‖·‖ is the root of the sum of squares.")
def one_norm(a: Array, b: Array) -> float:
    return float(np.sum(np.abs(a - b)) / (np.sum(np.abs(a)) + np.sum(np.abs(b)) + DELTA))


@relative_error.mistake("It looks at the largest entry (the ∞-norm). ‖·‖ is the root of the sum of squares.")
def largest_entry(a: Array, b: Array) -> float:
    return float(np.max(np.abs(a - b)) / (np.max(np.abs(a)) + np.max(np.abs(b)) + DELTA))


@relative_error.alternative
def with_roots_of_sums(a: Array, b: Array) -> float:
    size = [float(np.sqrt(np.sum(one**2))) for one in (a - b, a, b)]
    return size[0] / (size[1] + size[2] + 1e-12)


@relative_error.alternative
def with_inner_products(a: Array, b: Array) -> Any:
    return np.sqrt((a - b) @ (a - b)) / (np.sqrt(a @ a) + np.sqrt(b @ b) + 1e-12)


@relative_error.alternative
def with_loops(a: Array, b: Array) -> float:
    apart = first = second = 0.0
    for one, other in zip(a, b, strict=True):
        apart += (one - other) ** 2
        first += one**2
        second += other**2
    return float(apart**0.5 / (first**0.5 + second**0.5 + 1e-12))


@relative_error.alternative
def with_the_standard_library(a: Array, b: Array) -> float:
    from math import dist, hypot

    return dist(a, b) / (hypot(*a) + hypot(*b) + 1e-12)


@relative_error.alternative
def with_nothing_if_equal(a: Array, b: Array) -> Any:
    return 0 if np.array_equal(a, b) else np.linalg.norm(b - a) / (1e-12 + np.linalg.norm(b) + np.linalg.norm(a))


# -------------------------------------------------------------------------------------- check_gradient

EPS = 1e-5
SURELY_RIGHT = 1e-7


def entries(f: Loss, grad: Gradient, theta: Array) -> Array:
    """The relative error of every coordinate."""
    analytic, numerical = np.asarray(grad(theta)), optcourse.numerical_gradient(f, theta, EPS)
    return np.abs(analytic - numerical) / (np.abs(analytic) + np.abs(numerical) + DELTA)


def worst_entry(f: Loss, grad: Gradient, theta: Array) -> tuple[float, int]:
    errors = entries(f, grad, theta)
    return float(np.max(errors)), int(np.argmax(errors))


def or_any_if_all_is_right(case: Case, run: Run) -> Any:
    """Of a right gradient only rounding is left: which coordinate has most of it means nothing, nor how much it is."""
    right = worst_entry(case["f"], case["grad"], case["theta"])
    if right[0] > SURELY_RIGHT or not isinstance(run.value, tuple | list) or len(run.value) != 2:
        return right
    error, index = run.value
    is_index = isinstance(index, int | np.integer) and 0 <= index < len(case["theta"])
    is_error = isinstance(error, float | int | np.floating) and 0 <= error <= SURELY_RIGHT
    return (float(error), int(index)) if is_index and is_error else right


def squares(theta: Array) -> float:
    return float(np.sum(np.asarray(theta) ** 2))


FLAT = 0.1  # f is some hundreds: of a slope below this, its difference leaves fewer digits than are compared


def draw_gradient(rng: np.random.Generator) -> Case:
    """A smooth loss with one wrong gradient, sometimes a second that is less wrong, now and then none."""
    while True:
        n = int(rng.integers(3, 6))
        bends, start = rng.normal(size=(n, n)), rng.normal(size=n)
        wrong, less = rng.permutation(n)[:2]
        factor = np.ones(n)
        if rng.uniform() < 0.85:
            factor[wrong] += rng.choice([-1, 1]) * rng.uniform(0.2, 0.6)
            factor[less] += rng.choice([-1, 1]) * rng.uniform(0.005, 0.02)
        # The coordinate that is less wrong is much larger: its absolute error leads astray.
        stretch = 2.0 * rng.choice([-1, 1], size=n)
        stretch[less] *= 100
        f, grad = stretched(stretch, bends, factor)
        if np.min(np.abs(grad(start))) > FLAT:
            return Case("drawn", f=f, grad=grad, theta=start)


def stretched(stretch: Array, bends: Array, factor: Array) -> tuple[Loss, Gradient]:
    """A smooth loss, and its gradient with every entry made wrong by a factor."""

    def f(theta: Array) -> float:
        return float(stretch @ theta + np.exp(0.3 * (bends @ theta)).sum() + np.sum(np.sin(theta)))

    def grad(theta: Array) -> Array:
        slope = stretch + 0.3 * bends.T @ np.exp(0.3 * (bends @ theta)) + np.cos(theta)
        return np.asarray(factor * slope)

    return f, grad


def bars_of_errors() -> str:
    """The errors of four coordinates, of which the third is wrong."""
    case = check_gradient.cases[1]
    errors = entries(case["f"], case["grad"], case["theta"])
    points = [(0.0, float(errors[0])), (1.0, float(errors[1])), (2.0, float(errors[2])), (3.0, float(errors[3]))]
    return curves(
        [("error of each coordinate", points)],
        ("coordinate", "error"),
        "The errors of coordinates 0, 1 and 3 are nearly zero; that of coordinate 2 is 0.2.",
        dots=True,
    )


check_gradient = Exercise(
    name="check_gradient",
    title="Find the wrong coordinate",
    section="3.15",
    points=4,
    signature="check_gradient(f, grad, theta: (n,)) -> (worst error: number, its index: int)",
    reference=worst_entry,
    cases=[
        Case("a right gradient", f=squares, grad=lambda theta: 2 * theta, theta=np.array([1.0, -3.0, 0.5])),
        Case(
            "coordinate 2 is half as large again",
            f=squares,
            grad=lambda theta: np.array([2.0, 2.0, 3.0, 2.0]) * theta,
            theta=np.array([5.0, -3.0, 0.5, 1.0]),
        ),
        Case(
            "coordinate 0 is off by 1 in 2000, coordinate 1 by 1 in 2",
            f=squares,
            grad=lambda theta: 2 * theta + np.array([1.0, 1.0]),
            theta=np.array([1000.0, 1.0]),
        ),
        Case(
            "the sign of one is wrong",
            f=cubes,
            grad=lambda theta: np.array([3, -3]) * theta**2,
            theta=np.array([1.0, 2.0]),
        ),
        Case(
            "a coordinate on which f does not depend: no division by zero",
            f=lambda theta: float(theta[0] ** 2),
            grad=lambda theta: np.array([3.0, 0.0]) * theta,
            theta=np.array([1.0, 2.0]),
        ),
        Case(
            "a kink within reach: |θ| at 1e-6",
            f=lambda theta: float(np.sum(np.abs(theta))),
            grad=np.sign,
            theta=np.array([1.0, 1e-6]),
        ),
    ],
    draw=draw_gradient,
    tolerance=Tolerance(1e-6, 1e-8, why="differences with ε = 1e-5 resolve ten digits; what remains is rounding"),
    replay=or_any_if_all_is_right,
    probes=[evaluations("grad", most=1)],
    target=bars_of_errors,
    equivalent_mutants={
        "1e-05 → -1e-05": "a central difference is the same from either side",
        "int(np.argmax(errors)) → np.argmax(errors)": "NumPy's integers are indices too",
        **dict.fromkeys(
            (
                "theta → slopes (no. 2)",
                "theta → slopes (no. 3)",
                "theta → errors (no. 3)",
                "theta → slopes (no. 4)",
                "theta → errors (no. 4)",
            ),
            "of the same length",
        ),
        **dict.fromkeys(
            (
                "abs(slopes[j]) + abs(measured) + 1e-12 → abs(slopes[j]) + abs(measured) - 1e-12",
                "1e-12 → 2e-12",
                "1e-12 → 5e-13",
                "1e-12 → -1e-12",
            ),
            "δ keeps 0/0 away; its size counts only below 1e-9, where central differences see nothing",
        ),
    },
)


@check_gradient.mistake(
    "The errors are absolute: a large coordinate that is nearly right beats a small one that is not."
)
def absolute_errors(f: Loss, grad: Gradient, theta: Array) -> tuple[float, int]:
    errors = np.abs(grad(theta) - optcourse.numerical_gradient(f, theta, EPS))
    return float(np.max(errors)), int(np.argmax(errors))


@check_gradient.mistake("It names the coordinate with the *smallest* error: `argmax` is wanted, not `argmin`.")
def best_entry(f: Loss, grad: Gradient, theta: Array) -> tuple[float, int]:
    errors = entries(f, grad, theta)
    return float(np.max(errors)), int(np.argmin(errors))


@check_gradient.mistake("The absolute value is missing above the bar: an error below zero is never the largest.")
def signed_errors(f: Loss, grad: Gradient, theta: Array) -> tuple[float, int]:
    analytic, numerical = grad(theta), optcourse.numerical_gradient(f, theta, EPS)
    errors = (analytic - numerical) / (np.abs(analytic) + np.abs(numerical) + DELTA)
    return float(np.max(errors)), int(np.argmax(errors))


@check_gradient.mistake("It returns the index first. The error comes first, then the index.")
def other_order(f: Loss, grad: Gradient, theta: Array) -> tuple[int, float]:
    error, index = worst_entry(f, grad, theta)
    return index, error


@check_gradient.mistake("It gives the mean of the errors: one wrong coordinate among many right ones is averaged away.")
def mean_error(f: Loss, grad: Gradient, theta: Array) -> tuple[float, int]:
    errors = entries(f, grad, theta)
    return float(np.mean(errors)), int(np.argmax(errors))


@check_gradient.mistake(
    "It gives the relative error of the whole vector. The error of the worst coordinate is asked for."
)
def whole_vector(f: Loss, grad: Gradient, theta: Array) -> tuple[float, int]:
    errors = entries(f, grad, theta)
    numerical = optcourse.numerical_gradient(f, theta, EPS)
    return optcourse.relative_error(np.asarray(grad(theta)), numerical), int(np.argmax(errors))


@check_gradient.mistake(
    "It measures with forward differences. Their error is about ε, larger than that of many gradients that are right."
)
def forward_differences(f: Loss, grad: Gradient, theta: Array) -> tuple[float, int]:
    analytic, numerical = grad(theta), optcourse.numerical_gradient(f, theta, EPS, scheme="forward")
    errors = np.abs(analytic - numerical) / (np.abs(analytic) + np.abs(numerical) + DELTA)
    return float(np.max(errors)), int(np.argmax(errors))


@check_gradient.mistake("It divides by the numerical side only. With both below, the error stays between 0 and 1.")
def divided_by_numerical(f: Loss, grad: Gradient, theta: Array) -> tuple[float, int]:
    analytic, numerical = grad(theta), optcourse.numerical_gradient(f, theta, EPS)
    errors = np.abs(analytic - numerical) / (np.abs(numerical) + DELTA)
    return float(np.max(errors)), int(np.argmax(errors))


@check_gradient.mistake("It returns a list of all errors. Two things are asked for: the worst error, and where it is.")
def every_error(f: Loss, grad: Gradient, theta: Array) -> Array:
    return entries(f, grad, theta)


@check_gradient.mistake("It counts coordinates from 1. The first has index 0.")
def from_one(f: Loss, grad: Gradient, theta: Array) -> tuple[float, int]:
    error, index = worst_entry(f, grad, theta)
    return error, index + 1


@check_gradient.alternative
def with_a_loop_and_a_record(f: Loss, grad: Gradient, theta: Array) -> tuple[float, int]:
    slopes = grad(theta)
    worst, where = -1.0, 0
    for j in range(len(theta)):
        ahead, behind = theta.copy(), theta.copy()
        ahead[j] += 1e-5
        behind[j] -= 1e-5
        measured = (f(ahead) - f(behind)) / 2e-5
        error = abs(slopes[j] - measured) / (abs(slopes[j]) + abs(measured) + 1e-12)
        if error > worst:
            worst, where = float(error), j
    return worst, where


@check_gradient.alternative
def to_and_fro_on_one_copy(f: Loss, grad: Gradient, theta: Array) -> tuple[float, int]:
    # One step ahead, two behind, and back: other roundings of the same places.
    here, slopes, worst = theta.copy(), grad(theta), (-1.0, 0)
    for j in range(len(here)):
        here[j] += 1e-5
        ahead = f(here)
        here[j] -= 2e-5
        measured = (ahead - f(here)) / 2e-5
        here[j] += 1e-5
        worst = max(worst, (abs(slopes[j] - measured) / (abs(slopes[j]) + abs(measured) + 1e-12), j))
    return worst


@check_gradient.alternative
def with_the_largest_pair(f: Loss, grad: Gradient, theta: Array) -> tuple[float, int]:
    errors = entries(f, grad, theta)
    return max((float(error), j) for j, error in enumerate(errors))


@check_gradient.alternative
def as_numpy_numbers(f: Loss, grad: Gradient, theta: Array) -> tuple[Any, Any]:
    errors = entries(f, grad, theta)
    index = np.argmax(errors)
    return errors[index], index


@check_gradient.alternative
def as_a_list(f: Loss, grad: Gradient, theta: Array) -> list[Any]:
    errors = entries(f, grad, theta).tolist()
    return [max(errors), errors.index(max(errors))]


@check_gradient.alternative
def by_sorting(f: Loss, grad: Gradient, theta: Array) -> tuple[float, int]:
    errors = entries(f, grad, theta)
    last = int(np.argsort(errors)[-1])
    return float(errors[last]), last
