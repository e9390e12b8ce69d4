"""Exercises of 3.1: the method, its largest safe step, and a gradient to derive by hand."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np

import optcourse
from optcourse.arguments import Array, Gradient
from optcourse.grading.drawing import curves
from optcourse.grading.exercise import Case, Exercise, Tolerance
from optcourse.grading.probes import evaluated_at, evaluations
from optcourse.grading.references import agrees_with, last_of, parabola, ravine, rippled_bowl, tilted

# ----------------------------------------------------------------------------------- gradient_descent


def reference(grad: Gradient, theta: Array, lr: float, steps: int) -> Array:
    last: Array = last_of(optcourse.gradient_descent(grad, theta, lr), theta, steps)
    return last


def draw(rng: np.random.Generator) -> Case:
    """A bowl in a random direction, with a ripple on it, and a step that is safe."""
    grad, theta, L_smooth = rippled_bowl(rng)
    lr = float(rng.uniform(0.5, 1.2)) / L_smooth
    return Case("drawn", grad=grad, theta=theta, lr=lr, steps=int(rng.integers(3, 12)))


start = np.array([4.0])
gradient_descent = Exercise(
    name="gradient_descent",
    title="Gradient descent",
    section="3.1",
    points=4,
    signature="gradient_descent(grad, theta: (n,), lr: number, steps: int) -> (n,)",
    reference=reference,
    cases=[
        Case("one step down θ², from 4 with η = 0.1", grad=parabola, theta=start, lr=0.1, steps=1),
        Case("three steps of the same", grad=parabola, theta=start, lr=0.1, steps=3),
        Case("a step too long, η = 1.1: it must run away", grad=parabola, theta=start, lr=1.1, steps=3),
        Case("twelve steps in a ravine", grad=ravine, theta=np.array([-4.0, 1.0]), lr=0.18, steps=12),
        Case("eight steps in a tilted bowl", grad=tilted, theta=np.array([3.0, -2.0, 1.0]), lr=0.2, steps=8),
        Case("no step at all: θ stays", grad=ravine, theta=np.array([1.0, 2.0]), lr=0.1, steps=0),
    ],
    draw=draw,
    tolerance=Tolerance(
        1e-9,
        1e-12,
        single=1e-4,
        why="a dozen sums in another order; single precision has 7 digits, fewer of a θ near 0",
    ),
    path="steps",
    probes=[evaluations("grad"), evaluated_at("grad", rtol=1e-3)],
)


@gradient_descent.mistake(
    "The step goes up the slope: this is gradient *ascent*. The gradient points uphill; subtract it."
)
def uphill(grad: Gradient, theta: Array, lr: float, steps: int) -> Array:
    for _ in range(steps):
        theta = theta + lr * grad(theta)
    return theta


@gradient_descent.mistake(
    "The gradient is computed once, before the loop. It changes as θ moves: ask for it at every step."
)
def old_gradient(grad: Gradient, theta: Array, lr: float, steps: int) -> Array:
    slope = grad(theta)
    for _ in range(steps):
        theta = theta - lr * slope
    return theta


@gradient_descent.mistake("It returns after the first step: the `return` stands inside the loop.")
def returns_too_early(grad: Gradient, theta: Array, lr: float, steps: int) -> Any:
    for _ in range(steps):
        theta = theta - lr * grad(theta)
        return theta
    return theta


@gradient_descent.mistake("It takes one step too many: `range(steps)` has `steps` numbers in it, 0 being the first.")
def one_step_too_many(grad: Gradient, theta: Array, lr: float, steps: int) -> Array:
    for _ in range(steps + 1):
        theta = theta - lr * grad(theta)
    return theta


@gradient_descent.mistake("It takes one step too few: `range(1, steps)` has only `steps - 1` numbers in it.")
def one_step_too_few(grad: Gradient, theta: Array, lr: float, steps: int) -> Array:
    for _ in range(1, steps):
        theta = theta - lr * grad(theta)
    return theta


@gradient_descent.mistake("The step size is not used: subtract `lr` times the gradient.")
def no_step_size(grad: Gradient, theta: Array, lr: float, steps: int) -> Array:
    for _ in range(steps):
        theta = theta - grad(theta)
    return theta


@gradient_descent.mistake(
    "The coordinates move one after the other, each seeing the new values of those before it. "
    "All of them must move at once, by one gradient taken at the old θ."
)
def one_coordinate_after_the_other(grad: Gradient, theta: Array, lr: float, steps: int) -> Array:
    theta = theta.copy()
    for _ in range(steps):
        for j in range(len(theta)):
            theta[j] = theta[j] - lr * grad(theta)[j]
    return theta


@gradient_descent.mistake(
    "`theta -= …` changes the caller's array, not only yours. Write `theta = theta - …`, or copy θ first."
)
def in_place(grad: Gradient, theta: Array, lr: float, steps: int) -> Array:
    for _ in range(steps):
        theta -= lr * grad(theta)
    return theta


@gradient_descent.mistake(
    "The gradient is divided by its length, so every step has length `lr`. Gradient descent takes short steps on "
    "gentle slopes."
)
def unit_steps(grad: Gradient, theta: Array, lr: float, steps: int) -> Array:
    for _ in range(steps):
        slope = grad(theta)
        theta = theta - lr * slope / np.linalg.norm(slope)
    return theta


@gradient_descent.mistake("Every step begins again at the first θ. Begin where the step before ended.")
def from_the_start_each_time(grad: Gradient, theta: Array, lr: float, steps: int) -> Array:
    here = theta
    for _ in range(steps):
        here = theta - lr * grad(here)
    return here


@gradient_descent.mistake(
    "θ itself never moves: the new point gets another name, and the next step starts from the old θ again. Write "
    "`theta = theta - …`."
)
def new_point_forgotten(grad: Gradient, theta: Array, lr: float, steps: int) -> Array:
    new = theta
    for _ in range(steps):
        new = theta - lr * grad(theta)
    return new


@gradient_descent.alternative
def with_a_generator_of_iterates(grad: Gradient, theta: Array, lr: float, steps: int) -> Array:
    def descent(here: Array) -> Iterator[Array]:
        while True:
            yield here
            here = here - lr * grad(here)

    iterates = descent(theta)
    for _ in range(steps):
        next(iterates)
    return next(iterates)


@gradient_descent.alternative
def with_a_while_loop_and_lists(grad: Gradient, theta: Array, lr: float, steps: int) -> list[float]:
    here, taken = [float(value) for value in theta], 0
    while taken < steps:
        slope = grad(np.array(here))
        here = [value - lr * float(rise) for value, rise in zip(here, slope, strict=True)]
        taken += 1
    return here


@gradient_descent.alternative
def in_place_on_a_copy(grad: Gradient, theta: Array, lr: float, steps: int) -> Array:
    theta = np.array(theta, dtype=float)
    for _ in range(steps):
        theta -= lr * grad(theta)
    return theta


@gradient_descent.alternative
def by_recursion(grad: Gradient, theta: Array, lr: float, steps: int) -> Array:
    return theta if steps == 0 else by_recursion(grad, theta - lr * grad(theta), lr, steps - 1)


@gradient_descent.alternative
def in_single_precision(grad: Gradient, theta: Array, lr: float, steps: int) -> Array:
    theta = theta.astype(np.float32)
    for _ in range(steps):
        theta = (theta - lr * grad(theta)).astype(np.float32)
    return theta


@gradient_descent.alternative
def coordinate_by_coordinate_from_one_gradient(grad: Gradient, theta: Array, lr: float, steps: int) -> Array:
    for _ in range(steps):
        slope = grad(theta)
        theta = np.array([theta[j] - lr * slope[j] for j in range(len(theta))])
    return theta


# ---------------------------------------------------------------------------------- largest_safe_step


def draw_curvature(rng: np.random.Generator) -> Case:
    """A positive definite matrix whose two largest eigenvalues stand well apart, so that iterations find the first."""
    n = int(rng.integers(2, 6))
    basis = np.linalg.qr(rng.normal(size=(n, n)))[0]
    curvatures = np.append(rng.uniform(0.2, 3.0, size=n - 1), rng.uniform(4.0, 30.0))
    A = basis @ np.diag(curvatures) @ basis.T
    return Case("drawn", A=(A + A.T) / 2)


def below_and_above() -> str:
    """Two runs from one start on the bowl with curvatures 1 and 10, whose limit is 0.2: one on each side of it."""

    def descent(lr: float) -> list[tuple[float, float]]:
        start = np.array([2.0, 0.3])
        return [(0.0, 0.3), *((float(k), float(theta[1])) for k, theta in enumerate(_first(9, start, lr), start=1))]

    return curves(
        [("η = 0.19", descent(0.19)), ("η = 0.21", descent(0.21))],
        ("step", "θ₂"),
        "With a step of 0.19 the iterates jump from side to side and come nearer; with 0.21 they jump farther.",
        dots=True,
    )


def _first(steps: int, start: Array, lr: float) -> Iterator[Array]:
    return islice(optcourse.gradient_descent(ravine, start, lr), steps)


largest_safe_step = Exercise(
    name="largest_safe_step",
    title="The largest safe step",
    section="3.1",
    points=2,
    signature="largest_safe_step(A: (n, n)) -> number",
    reference=lambda A: 2 / optcourse.smoothness(A),
    cases=[
        Case("curvatures 1 and 10 along the axes", A=np.diag([1.0, 10.0])),
        Case("the parabola θ², whose curvature is 2", A=np.array([[2.0]])),
        Case("a bowl that lies across the axes", A=np.array([[2.0, 1.0], [1.0, 2.0]])),
        Case("three parameters", A=np.array([[4.0, 1.0, 0.0], [1.0, 3.0, -1.0], [0.0, -1.0, 2.0]])),
    ],
    draw=draw_curvature,
    tolerance=Tolerance(
        1e-8, 0.0, single=1e-4, why="an iteration may stop at 9 digits; eigenvalues in single precision have 5"
    ),
    target=below_and_above,
)


@largest_safe_step.mistake(
    "This is 1/L, the step with the best guarantee. The iterates still converge for every step below twice that, 2/L."
)
def one_over_curvature(A: Array) -> Any:
    return 1 / np.linalg.eigvalsh(A)[-1]


@largest_safe_step.mistake(
    "It divides by the *smallest* curvature. The steepest direction is the one that runs away first."
)
def smallest_curvature(A: Array) -> Any:
    return 2 / np.linalg.eigvalsh(A)[0]


@largest_safe_step.mistake("It is upside down: the larger the curvature, the shorter the step must be.")
def upside_down(A: Array) -> Any:
    return np.linalg.eigvalsh(A)[-1] / 2


@largest_safe_step.mistake(
    "It sees only the diagonal: curvatures along the axes. The largest is along an eigenvector, which may lie across."
)
def diagonal_only(A: Array) -> Any:
    return 2 / np.max(np.diag(A))


@largest_safe_step.mistake(
    "The trace is the *sum* of the curvatures: a step of 2/trace is safe, but not the largest that is."
)
def trace(A: Array) -> Any:
    return 2 / np.trace(A)


@largest_safe_step.mistake(
    "`np.linalg.norm(A)` is the Frobenius norm, the root of the sum of squares. The largest curvature is `norm(A, 2)`."
)
def frobenius(A: Array) -> Any:
    return 2 / np.linalg.norm(A)


@largest_safe_step.mistake(
    "This is 2/(L + μ), the step with the fastest rate on a quadratic. Longer ones still converge."
)
def fastest_step(A: Array) -> Any:
    curvatures = np.linalg.eigvalsh(A)
    return 2 / (curvatures[0] + curvatures[-1])


@largest_safe_step.mistake(
    "The largest row sum is an upper bound of the curvature: the step it gives is safe, but not the largest that is."
)
def row_sums(A: Array) -> Any:
    return 2 / np.max(np.sum(np.abs(A), axis=1))


@largest_safe_step.mistake(
    "The curvature is squared: for a symmetric A the eigenvalues of AᵀA are the squares of those of A."
)
def squared(A: Array) -> Any:
    return 2 / np.linalg.eigvalsh(A.T @ A)[-1]


@largest_safe_step.alternative
def with_the_spectral_norm(A: Array) -> Any:
    return 2.0 / np.linalg.norm(A, ord=2)


@largest_safe_step.alternative
def by_the_power_method(A: Array) -> float:
    direction = np.arange(1.0, len(A) + 1)
    for _ in range(400):
        direction = A @ direction
        direction = direction / np.sqrt(direction @ direction)
    return float(2 / (direction @ A @ direction))


@largest_safe_step.alternative
def from_general_eigenvalues(A: Array) -> Any:
    return 2 / max(abs(value) for value in np.linalg.eigvals(A).real)


@largest_safe_step.alternative
def as_the_smallest_of_all_limits(A: Array) -> Any:
    return np.min([2 / value for value in np.linalg.eigvalsh(A)])


@largest_safe_step.alternative
def with_singular_values_in_single_precision(A: Array) -> Any:
    return np.float32(2) / np.linalg.svd(A.astype(np.float32), compute_uv=False)[0]


# ---------------------------------------------------------------------------------- logistic_gradient


def loss(theta: Array, X: Array, y: Array) -> float:
    """The mean of log(1 + e^z) − y z over the examples, z = Xθ; nothing overflows."""
    z = X @ theta
    return float(np.mean(np.logaddexp(0, z) - y * z))


def sigmoid(z: Array) -> Array:
    return (1 + np.tanh(z / 2)) / 2


def slope_of_one_example() -> str:
    """The derivative of the loss of an example with label 1, against its z."""
    z = np.linspace(-6, 6, 61)
    return curves(
        [("y = 1", list(zip(z.tolist(), (sigmoid(z) - 1).tolist(), strict=True)))],
        ("z", "slope"),
        "A curve that rises from -1 on the left through -1/2 at z = 0 to 0 on the right.",
    )


def draw_examples(rng: np.random.Generator) -> Case:
    """Labels that no hyperplane separates; every other time with an example so far out that e^z overflows."""
    n, d = int(rng.integers(6, 15)), int(rng.integers(2, 5))
    X, theta = rng.normal(size=(n, d)), rng.normal(size=d)
    y = (rng.uniform(size=n) < sigmoid(X @ theta)).astype(float)
    y[:2] = 0.0, 1.0
    if rng.uniform() < 0.5:
        X[0] *= 1500 / (X[0] @ theta)
    return Case("drawn", theta=theta, X=X, y=y)


four = np.array([[1.0, 0.5], [1.0, -1.0], [1.0, 2.0], [1.0, -0.5]])
logistic_gradient = Exercise(
    name="logistic_gradient",
    title="The gradient of the logistic loss",
    section="3.1",
    points=4,
    signature="logistic_gradient(theta: (d,), X: (n, d), y: (n,) of 0 and 1) -> (d,)",
    reference=lambda theta, X, y: X.T @ (sigmoid(X @ theta) - y) / len(y),
    cases=[
        Case("four examples, θ = 0", theta=np.zeros(2), X=four, y=np.array([1.0, 0.0, 1.0, 0.0])),
        Case("the same at another θ", theta=np.array([0.3, -1.2]), X=four, y=np.array([1.0, 0.0, 1.0, 0.0])),
        Case("one example with y = 1", theta=np.array([1.0, 2.0, -1.0]), X=np.array([[0.5, 1.0, 2.0]]), y=np.ones(1)),
        Case("far out, where e^z is too large for a float", theta=np.array([0.0, 800.0]), X=four, y=np.zeros(4)),
    ],
    draw=draw_examples,
    tolerance=Tolerance(1e-9, 1e-12, single=1e-4, why="sums over the examples in another order"),
    probes=[agrees_with(lambda case, theta: loss(theta, case["X"], case["y"]))],
    target=slope_of_one_example,
    equivalent_mutants={
        "y → X (no. 2)": "len(X) is len(y)",
        "y → probability (no. 2)": "there are as many probabilities as labels",
    },
)


@logistic_gradient.mistake("It sums over the examples. The loss is their mean: divide by their number.")
def sum_for_mean(theta: Array, X: Array, y: Array) -> Array:
    return X.T @ (sigmoid(X @ theta) - y)


@logistic_gradient.mistake("The sign is turned round: it is prediction minus label, not label minus prediction.")
def label_minus_prediction(theta: Array, X: Array, y: Array) -> Array:
    return X.T @ (y - sigmoid(X @ theta)) / len(y)


@logistic_gradient.mistake("The sigmoid is missing: this is the gradient of least squares.")
def least_squares(theta: Array, X: Array, y: Array) -> Array:
    return X.T @ (X @ theta - y) / len(y)


@logistic_gradient.mistake(
    "It divides by the number of features. The mean is over the examples: `len(y)`, or `X.shape[0]`."
)
def divided_by_features(theta: Array, X: Array, y: Array) -> Array:
    return X.T @ (sigmoid(X @ theta) - y) / X.shape[1]


@logistic_gradient.mistake(
    "There is a factor p(1 − p) too many: that is the slope of the *squared* error of a sigmoid. In the logistic loss "
    "it cancels."
)
def squared_error(theta: Array, X: Array, y: Array) -> Array:
    p = sigmoid(X @ theta)
    return X.T @ ((p - y) * p * (1 - p)) / len(y)


@logistic_gradient.mistake("This is the formula for labels −1 and +1. Here they are 0 and 1.")
def labels_of_the_other_kind(theta: Array, X: Array, y: Array) -> Array:
    return -X.T @ (y * sigmoid(-y * (X @ theta))) / len(y)


@logistic_gradient.mistake(
    "The probability is rounded to a class before the difference is taken: this is the perceptron's rule."
)
def perceptron(theta: Array, X: Array, y: Array) -> Array:
    return X.T @ ((sigmoid(X @ theta) > 0.5) - y) / len(y)


@logistic_gradient.mistake(
    "e^z / (1 + e^z) becomes ∞/∞ = NaN when z is large. The same number written 1 / (1 + e^(−z)) does not."
)
def overflow(theta: Array, X: Array, y: Array) -> Array:
    e = np.exp(X @ theta)
    return X.T @ (e / (1 + e) - y) / len(y)


@logistic_gradient.mistake("It is twice the gradient: no square was differentiated here, so no 2 comes down.")
def twice(theta: Array, X: Array, y: Array) -> Array:
    return 2 * X.T @ (sigmoid(X @ theta) - y) / len(y)


@logistic_gradient.alternative
def example_by_example(theta: Array, X: Array, y: Array) -> list[float]:
    total = [0.0] * len(theta)
    for row, label in zip(X, y, strict=True):
        z = sum(x * t for x, t in zip(row, theta, strict=True))
        p = 1 / (1 + np.exp(-z))
        for j, x in enumerate(row):
            total[j] += (p - label) * x / len(y)
    return [float(value) for value in total]


@logistic_gradient.alternative
def class_by_class(theta: Array, X: Array, y: Array) -> Array:
    z = X @ theta
    weight = np.where(y == 1, -1 / (1 + np.exp(z)), 1 / (1 + np.exp(-z)))
    return (weight[:, None] * X).mean(axis=0)


@logistic_gradient.alternative
def from_log_odds(theta: Array, X: Array, y: Array) -> Array:
    z = X @ theta
    return np.einsum("ij,i->j", X, np.exp(-np.logaddexp(0, -z)) - y) / X.shape[0]


@logistic_gradient.alternative
def from_one_matrix_product(theta: Array, X: Array, y: Array) -> Array:
    p = np.exp(-np.log1p(np.exp(-np.clip(X @ theta, -700, None))))
    return np.dot(p - y, X) * (1 / y.size)


@logistic_gradient.alternative
def in_single_precision_too(theta: Array, X: Array, y: Array) -> Array:
    X, y = X.astype(np.float32), y.astype(np.float32)
    p = 1 / (1 + np.exp(-(X @ theta.astype(np.float32))))
    return (X.T @ (p - y) / np.float32(len(y))).astype(np.float32)
