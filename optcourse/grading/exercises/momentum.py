"""Exercises of 3.3: both methods, the best constants, a gradient to derive, and a budget to keep."""

from __future__ import annotations

from itertools import islice
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

# ------------------------------------------------------------------------------------------- momentum


def draw(rng: np.random.Generator) -> Case:
    """A rippled bowl, a step that is safe for both methods, and a memory that matters."""
    grad, theta, L_smooth = rippled_bowl(rng)
    lr, beta = float(rng.uniform(0.3, 1.0)) / L_smooth, float(rng.uniform(0.3, 0.9))
    return Case("drawn", grad=grad, theta=theta, lr=lr, beta=beta, steps=int(rng.integers(4, 12)))


def public_cases() -> list[Case]:
    start, far = np.array([4.0]), np.array([-4.0, 1.0])
    return [
        Case("one step down θ², from 4 with η = 0.1", grad=parabola, theta=start, lr=0.1, beta=0.5, steps=1),
        Case("two steps of the same, with β = 0.5", grad=parabola, theta=start, lr=0.1, beta=0.5, steps=2),
        Case("four steps of the same", grad=parabola, theta=start, lr=0.1, beta=0.5, steps=4),
        Case("no memory, β = 0: gradient descent", grad=ravine, theta=far, lr=0.1, beta=0.0, steps=5),
        Case("twelve steps in a ravine, β = 0.8", grad=ravine, theta=far, lr=0.06, beta=0.8, steps=12),
        Case("a tilted bowl", grad=tilted, theta=np.array([3.0, -2.0, 1.0]), lr=0.2, beta=0.6, steps=8),
        Case("no step at all: θ stays", grad=ravine, theta=np.array([1.0, 2.0]), lr=0.1, beta=0.9, steps=0),
    ]


def heavy_ball(grad: Gradient, theta: Array, lr: float, beta: float, steps: int) -> Any:
    return last_of(optcourse.momentum(grad, theta, lr, beta), theta, steps)


A_DOZEN_SUMS = Tolerance(
    1e-9, 1e-12, single=1e-4, why="a dozen sums in another order; single precision has 7 digits, fewer of a θ near 0"
)

SHAPELESS = {
    f"theta → {other}": "a single zero takes θ's shape at the first sum" for other in ("grad", "lr", "beta", "steps")
}

momentum = Exercise(
    name="momentum",
    title="Momentum",
    section="3.3",
    points=3,
    signature="momentum(grad, theta: (n,), lr: number, beta: number, steps: int) -> (n,)",
    reference=heavy_ball,
    cases=public_cases(),
    draw=draw,
    tolerance=A_DOZEN_SUMS,
    path="steps",
    probes=[evaluations("grad"), evaluated_at("grad", rtol=1e-3)],
    equivalent_mutants=SHAPELESS,
)


@momentum.mistake(
    "The velocity is made anew in every step, so nothing is remembered: this is gradient descent. Make it once, before "
    "the loop."
)
def no_memory(grad: Gradient, theta: Array, lr: float, beta: float, steps: int) -> Array:
    for _ in range(steps):
        theta = theta - lr * grad(theta)
    return theta


@momentum.mistake(
    "`beta * v + (1 - beta) * grad` is an average of the gradients. Momentum adds the whole gradient to what is left "
    "of the velocity."
)
def averaged(grad: Gradient, theta: Array, lr: float, beta: float, steps: int) -> Array:
    velocity = np.zeros_like(theta)
    for _ in range(steps):
        velocity = beta * velocity + (1 - beta) * grad(theta)
        theta = theta - lr * velocity
    return theta


@momentum.mistake("The step goes up the slope: subtract `lr` times the velocity.")
def uphill(grad: Gradient, theta: Array, lr: float, beta: float, steps: int) -> Array:
    velocity = np.zeros_like(theta)
    for _ in range(steps):
        velocity = beta * velocity + grad(theta)
        theta = theta + lr * velocity
    return theta


@momentum.mistake(
    "θ moves by the velocity of the step before: each gradient takes effect one step late. Renew the velocity first, "
    "then move."
)
def one_step_late(grad: Gradient, theta: Array, lr: float, beta: float, steps: int) -> Array:
    velocity = np.zeros_like(theta)
    for _ in range(steps):
        theta, velocity = theta - lr * velocity, beta * velocity + grad(theta)
    return theta


@momentum.mistake(
    "θ moves before the velocity is renewed: the first step leads nowhere. Change the order of the two lines."
)
def moves_first(grad: Gradient, theta: Array, lr: float, beta: float, steps: int) -> Array:
    velocity = np.zeros_like(theta)
    for _ in range(steps):
        theta = theta - lr * velocity
        velocity = beta * velocity + grad(theta)
    return theta


@momentum.mistake("Every step is multiplied by `lr` twice, once in the velocity and once in θ. Once is enough.")
def rate_twice(grad: Gradient, theta: Array, lr: float, beta: float, steps: int) -> Array:
    velocity = np.zeros_like(theta)
    for _ in range(steps):
        velocity = beta * velocity + lr * grad(theta)
        theta = theta - lr * velocity
    return theta


@momentum.mistake(
    "β weighs the gradient, and the velocity is kept whole. It is the other way round: `beta * velocity`."
)
def weighs_the_gradient(grad: Gradient, theta: Array, lr: float, beta: float, steps: int) -> Array:
    velocity = np.zeros_like(theta)
    for _ in range(steps):
        velocity = velocity + beta * grad(theta)
        theta = theta - lr * velocity
    return theta


@momentum.mistake("It keeps the share 1 − β of the velocity. β is what is *kept*: 0.9 is a long memory.")
def keeps_the_rest(grad: Gradient, theta: Array, lr: float, beta: float, steps: int) -> Array:
    velocity = np.zeros_like(theta)
    for _ in range(steps):
        velocity = (1 - beta) * velocity + grad(theta)
        theta = theta - lr * velocity
    return theta


@momentum.mistake("The velocity starts as zero, not as the first gradient: that one would count twice.")
def starts_moving(grad: Gradient, theta: Array, lr: float, beta: float, steps: int) -> Array:
    velocity = None
    for _ in range(steps):
        slope = grad(theta)
        velocity = slope + beta * (slope if velocity is None else velocity)
        theta = theta - lr * velocity
    return theta


@momentum.mistake("This is Nesterov's method: it asks for the gradient ahead of θ. Momentum asks at θ itself.")
def looks_ahead(grad: Gradient, theta: Array, lr: float, beta: float, steps: int) -> Any:
    return last_of(optcourse.nesterov(grad, theta, lr, beta), theta, steps)


@momentum.mistake("It takes one step too many: `range(steps)` has `steps` numbers in it, 0 being the first.")
def one_step_too_many(grad: Gradient, theta: Array, lr: float, beta: float, steps: int) -> Any:
    return heavy_ball(grad, theta, lr, beta, steps + 1)


@momentum.mistake("The step size is not used: subtract `lr` times the velocity.")
def no_step_size(grad: Gradient, theta: Array, lr: float, beta: float, steps: int) -> Array:
    velocity = np.zeros_like(theta)
    for _ in range(steps):
        velocity = beta * velocity + grad(theta)
        theta = theta - velocity
    return theta


@momentum.mistake(
    "`theta -= …` changes the caller's array, not only yours. Write `theta = theta - …`, or copy θ first."
)
def in_place(grad: Gradient, theta: Array, lr: float, beta: float, steps: int) -> Array:
    velocity = np.zeros_like(theta)
    for _ in range(steps):
        velocity = beta * velocity + grad(theta)
        theta -= lr * velocity
    return theta


@momentum.alternative
def from_the_last_step(grad: Gradient, theta: Array, lr: float, beta: float, steps: int) -> Array:
    before = theta
    for _ in range(steps):
        theta, before = theta - lr * grad(theta) + beta * (theta - before), theta
    return theta


@momentum.alternative
def in_the_folded_form(grad: Gradient, theta: Array, lr: float, beta: float, steps: int) -> Array:
    theta, step = np.array(theta, dtype=float), np.zeros(len(theta))
    for _ in range(steps):
        step *= beta
        step -= lr * grad(theta)
        theta += step
    return theta


@momentum.alternative
def from_all_gradients(grad: Gradient, theta: Array, lr: float, beta: float, steps: int) -> Array:
    seen: list[Array] = []
    for k in range(steps):
        seen.append(grad(theta))
        theta = theta - lr * sum(beta ** (k - j) * slope for j, slope in enumerate(seen))
    return theta


@momentum.alternative
def with_lists(grad: Gradient, theta: Array, lr: float, beta: float, steps: int) -> list[float]:
    here, velocity = [float(value) for value in theta], [0.0] * len(theta)
    while steps > 0:
        velocity = [beta * v + float(g) for v, g in zip(velocity, grad(np.array(here)), strict=True)]
        here = [value - lr * v for value, v in zip(here, velocity, strict=True)]
        steps -= 1
    return here


@momentum.alternative
def in_single_precision(grad: Gradient, theta: Array, lr: float, beta: float, steps: int) -> Array:
    theta, velocity = theta.astype(np.float32), np.zeros(theta.shape, dtype=np.float32)
    for _ in range(steps):
        velocity = (beta * velocity + grad(theta)).astype(np.float32)
        theta = (theta - lr * velocity).astype(np.float32)
    return theta


@momentum.alternative
def with_a_class(grad: Gradient, theta: Array, lr: float, beta: float, steps: int) -> Array:
    class Ball:
        velocity: Any = 0.0

        def roll(self, place: Array) -> Array:
            self.velocity = beta * self.velocity + grad(place)
            moved: Array = place - lr * self.velocity
            return moved

    ball = Ball()
    for _ in range(steps):
        theta = ball.roll(theta)
    return theta


# ------------------------------------------------------------------------------------------- nesterov


def ahead(grad: Gradient, theta: Array, lr: float, beta: float, steps: int) -> Any:
    return last_of(optcourse.nesterov(grad, theta, lr, beta), theta, steps)


nesterov = Exercise(
    name="nesterov",
    title="Nesterov's method",
    section="3.3",
    points=3,
    signature="nesterov(grad, theta: (n,), lr: number, beta: number, steps: int) -> (n,)",
    reference=ahead,
    cases=public_cases(),
    draw=draw,
    tolerance=A_DOZEN_SUMS,
    path="steps",
    probes=[evaluations("grad"), evaluated_at("grad", rtol=1e-3)],
    equivalent_mutants=SHAPELESS,
)


@nesterov.mistake("This is momentum: the gradient is taken at θ. Take it where the old velocity would lead, θ − ηβv.")
def no_look_ahead(grad: Gradient, theta: Array, lr: float, beta: float, steps: int) -> Any:
    return heavy_ball(grad, theta, lr, beta, steps)


@nesterov.mistake("It looks back: the step *subtracts* the velocity, so the point ahead is θ − ηβv, with a minus.")
def looks_back(grad: Gradient, theta: Array, lr: float, beta: float, steps: int) -> Array:
    velocity = np.zeros_like(theta)
    for _ in range(steps):
        velocity = beta * velocity + grad(theta + lr * beta * velocity)
        theta = theta - lr * velocity
    return theta


@nesterov.mistake("It looks too far ahead: the old velocity alone leads to θ − ηβv. The β is missing.")
def looks_too_far(grad: Gradient, theta: Array, lr: float, beta: float, steps: int) -> Array:
    velocity = np.zeros_like(theta)
    for _ in range(steps):
        velocity = beta * velocity + grad(theta - lr * velocity)
        theta = theta - lr * velocity
    return theta


@nesterov.mistake("The look-ahead is not multiplied by the step size: it is θ − ηβv, not θ − βv.")
def looks_without_rate(grad: Gradient, theta: Array, lr: float, beta: float, steps: int) -> Array:
    velocity = np.zeros_like(theta)
    for _ in range(steps):
        velocity = beta * velocity + grad(theta - beta * velocity)
        theta = theta - lr * velocity
    return theta


@nesterov.mistake("The step starts from the look-ahead point, so βv counts twice. Only the *gradient* is taken there.")
def steps_from_there(grad: Gradient, theta: Array, lr: float, beta: float, steps: int) -> Array:
    velocity = np.zeros_like(theta)
    for _ in range(steps):
        there = theta - lr * beta * velocity
        velocity = beta * velocity + grad(there)
        theta = there - lr * velocity
    return theta


@nesterov.mistake(
    "It returns the look-ahead point, which is what libraries store. The answer is θ itself, before looking ahead."
)
def returns_what_libraries_store(grad: Gradient, theta: Array, lr: float, beta: float, steps: int) -> Array:
    velocity = np.zeros_like(theta)
    for _ in range(steps):
        slope = grad(theta)
        velocity = beta * velocity + slope
        theta = theta - lr * (slope + beta * velocity)
    return theta


@nesterov.mistake(
    "β is applied to the velocity before looking ahead, and then once more: the look-ahead uses ηβ²v in place of ηβv."
)
def beta_twice(grad: Gradient, theta: Array, lr: float, beta: float, steps: int) -> Array:
    velocity = np.zeros_like(theta)
    for _ in range(steps):
        velocity = beta * velocity
        velocity = velocity + grad(theta - lr * beta * velocity)
        theta = theta - lr * velocity
    return theta


@nesterov.mistake("It asks for two gradients a step, at θ and ahead of it. Only the one ahead is needed.")
def asks_twice(grad: Gradient, theta: Array, lr: float, beta: float, steps: int) -> Array:
    velocity = np.zeros_like(theta)
    for _ in range(steps):
        grad(theta)
        velocity = beta * velocity + grad(theta - lr * beta * velocity)
        theta = theta - lr * velocity
    return theta


@nesterov.mistake("`beta * v + (1 - beta) * grad` is an average of the gradients. Add the whole gradient.")
def averaged_ahead(grad: Gradient, theta: Array, lr: float, beta: float, steps: int) -> Array:
    velocity = np.zeros_like(theta)
    for _ in range(steps):
        velocity = beta * velocity + (1 - beta) * grad(theta - lr * beta * velocity)
        theta = theta - lr * velocity
    return theta


@nesterov.mistake("The velocity is made anew in every step: without memory there is nothing to look ahead along.")
def forgets(grad: Gradient, theta: Array, lr: float, beta: float, steps: int) -> Any:
    return no_memory(grad, theta, lr, beta, steps)


@nesterov.mistake("It takes one step too few: `range(1, steps)` has only `steps - 1` numbers in it.")
def one_step_too_few(grad: Gradient, theta: Array, lr: float, beta: float, steps: int) -> Any:
    return ahead(grad, theta, lr, beta, max(0, steps - 1))


@nesterov.mistake("`theta -= …` changes the caller's array, not only yours. Write `theta = theta - …`, or copy θ.")
def changes_theta(grad: Gradient, theta: Array, lr: float, beta: float, steps: int) -> Array:
    velocity = np.zeros_like(theta)
    for _ in range(steps):
        velocity = beta * velocity + grad(theta - lr * beta * velocity)
        theta -= lr * velocity
    return theta


@nesterov.alternative
def in_two_sequences(grad: Gradient, theta: Array, lr: float, beta: float, steps: int) -> Array:
    point = theta
    for _ in range(steps):
        new = point - lr * grad(point)
        point, theta = new + beta * (new - theta), new
    return theta


@nesterov.alternative
def as_libraries_do_and_back(grad: Gradient, theta: Array, lr: float, beta: float, steps: int) -> Array:
    stored, velocity = theta.copy(), np.zeros(theta.shape)
    for _ in range(steps):
        slope = grad(stored)
        velocity = beta * velocity + slope
        stored = stored - lr * (slope + beta * velocity)
    return np.asarray(stored + lr * beta * velocity)


@nesterov.alternative
def with_the_sign_turned(grad: Gradient, theta: Array, lr: float, beta: float, steps: int) -> Array:
    step = 0 * theta
    for _ in range(steps):
        step = beta * step - lr * grad(theta + beta * step)
        theta = theta + step
    return theta


@nesterov.alternative
def coordinate_by_coordinate(grad: Gradient, theta: Array, lr: float, beta: float, steps: int) -> list[float]:
    here, velocity, n = list(map(float, theta)), [0.0] * len(theta), range(len(theta))
    for _ in range(steps):
        slope = grad(np.array([here[j] - lr * beta * velocity[j] for j in n]))
        for j in n:
            velocity[j] = beta * velocity[j] + float(slope[j])
            here[j] -= lr * velocity[j]
    return here


@nesterov.alternative
def in_single_precision_ahead(grad: Gradient, theta: Array, lr: float, beta: float, steps: int) -> Array:
    theta, velocity = theta.astype(np.float32), np.zeros(theta.shape, dtype=np.float32)
    for _ in range(steps):
        velocity = (beta * velocity + grad((theta - lr * beta * velocity).astype(np.float32))).astype(np.float32)
        theta = (theta - lr * velocity).astype(np.float32)
    return theta


@nesterov.alternative
def by_recursion(grad: Gradient, theta: Array, lr: float, beta: float, steps: int) -> Array:
    def go(here: Array, velocity: Any, left: int) -> Array:
        if left == 0:
            return here
        velocity = beta * velocity + grad(here - lr * beta * velocity)
        return go(here - lr * velocity, velocity, left - 1)

    return go(theta, np.zeros_like(theta), steps)


# ----------------------------------------------------------------------------------- optimal_momentum


def best_pair(mu: float, L_smooth: float) -> tuple[float, float]:
    best = optcourse.optimal_momentum(mu, L_smooth)
    return best.lr, best.beta


def draw_curvatures(rng: np.random.Generator) -> Case:
    """A smallest curvature that is not 1, and a condition number between 3 and 300."""
    mu = float(10 ** rng.uniform(-1, 1))
    return Case("drawn", mu=mu, L_smooth=mu * float(10 ** rng.uniform(0.5, 2.5)))


def flat_and_v() -> str:
    """The factor per step against the curvature: flat for the best pair, a V for gradient descent's best step."""
    best, curvature = optcourse.optimal_momentum(1.0, 9.0), np.linspace(1, 9, 33)
    flat = [(float(one), best.rate) for one in curvature]
    vee = [(float(one), float(abs(1 - 2 * one / 10))) for one in curvature]
    return curves(
        [("momentum", flat), ("no memory", vee)],
        ("curvature", "factor"),
        "For curvatures from 1 to 9 the factor per step of momentum is 0.5 throughout; without memory it is 0.8 at "
        "both ends and 0 in the middle.",
    )


optimal_momentum = Exercise(
    name="optimal_momentum",
    title="The best step size and memory for a quadratic",
    section="3.3",
    points=2,
    signature="optimal_momentum(mu: number, L_smooth: number) -> (number, number)",
    reference=best_pair,
    cases=[
        Case("curvatures from 1 to 9", mu=1.0, L_smooth=9.0),
        Case("curvatures from 1 to 100", mu=1.0, L_smooth=100.0),
        Case("four times as steep: from 4 to 36", mu=4.0, L_smooth=36.0),
        Case("a round bowl of curvature 2: one step, no memory", mu=2.0, L_smooth=2.0),
    ],
    draw=draw_curvatures,
    tolerance=Tolerance(1e-9, 1e-14, single=1e-5, why="half a dozen roundings"),
    target=flat_and_v,
)


@optimal_momentum.mistake("This β is the factor per step. β is its *square*: inside the band the factor is √β.")
def not_squared(mu: float, L_smooth: float) -> Any:
    lr, beta = best_pair(mu, L_smooth)
    return lr, beta**0.5


@optimal_momentum.mistake("The roots are missing in β: it takes √κ where this takes κ.")
def kappa_for_its_root(mu: float, L_smooth: float) -> Any:
    return best_pair(mu, L_smooth)[0], ((L_smooth - mu) / (L_smooth + mu)) ** 2


@optimal_momentum.mistake("The roots are missing in η: it is 4/(√L + √μ)², not 4/(L + μ).")
def no_roots_in_rate(mu: float, L_smooth: float) -> Any:
    return 4 / (L_smooth + mu), best_pair(mu, L_smooth)[1]


@optimal_momentum.mistake("This η is gradient descent's best, 2/(L + μ). With memory the best step is longer.")
def rate_of_gradient_descent(mu: float, L_smooth: float) -> Any:
    return 2 / (L_smooth + mu), best_pair(mu, L_smooth)[1]


@optimal_momentum.mistake("These are Nesterov's constants, η = 1/L and β = (√κ − 1)/(√κ + 1). Momentum's are others.")
def constants_of_nesterov(mu: float, L_smooth: float) -> Any:
    return 1 / L_smooth, best_pair(mu, L_smooth)[1] ** 0.5


@optimal_momentum.mistake("With η = 1/L the band is not centred on the curvatures: the flat end is left outside.")
def one_over_curvature(mu: float, L_smooth: float) -> Any:
    return 1 / L_smooth, best_pair(mu, L_smooth)[1]


@optimal_momentum.mistake("The two numbers are returned in the other order: first η, then β.")
def turned_round(mu: float, L_smooth: float) -> Any:
    lr, beta = best_pair(mu, L_smooth)
    return beta, lr


@optimal_momentum.mistake("η is right only for μ = 1: 4/(1 + √κ)² must still be divided by μ. A step has a unit.")
def right_for_one_only(mu: float, L_smooth: float) -> Any:
    lr, beta = best_pair(mu, L_smooth)
    return lr * mu, beta


@optimal_momentum.mistake("η is upside down: the larger the curvature, the shorter the step.")
def upside_down(mu: float, L_smooth: float) -> Any:
    lr, beta = best_pair(mu, L_smooth)
    return 1 / lr, beta


@optimal_momentum.mistake("The 4 is missing in η: the band ends at ηL = (1 + √β)², which can be nearly 4.")
def no_four(mu: float, L_smooth: float) -> Any:
    lr, beta = best_pair(mu, L_smooth)
    return lr / 4, beta


@optimal_momentum.alternative
def from_the_band(mu: float, L_smooth: float) -> Any:
    root = (L_smooth**0.5 - mu**0.5) / (L_smooth**0.5 + mu**0.5)
    return (1 + root) ** 2 / L_smooth, root**2


@optimal_momentum.alternative
def rate_first(mu: float, L_smooth: float) -> Any:
    lr = (2 / (np.sqrt(mu) + np.sqrt(L_smooth))) ** 2
    return [lr, (1 - np.sqrt(lr * mu)) ** 2]


@optimal_momentum.alternative
def with_logarithms(mu: float, L_smooth: float) -> Any:
    # (√κ − 1)/(√κ + 1) is the hyperbolic tangent of a quarter of log κ.
    beta = np.tanh(np.log(L_smooth / mu) / 4) ** 2
    return 2 * (1 + beta) / (L_smooth + mu), beta


@optimal_momentum.alternative
def in_single(mu: float, L_smooth: float) -> Any:
    low, high = np.sqrt(np.float32(mu)), np.sqrt(np.float32(L_smooth))
    return np.float32(4) / (high + low) ** 2, ((high - low) / (high + low)) ** 2


@optimal_momentum.alternative
def by_bisection(mu: float, L_smooth: float) -> Any:
    def band(root: float) -> float:
        return (1 + root) ** 2 / (1 - root) ** 2

    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if band(middle) < L_smooth / mu else (low, middle)
    return (1 - low) ** 2 / mu, low * low


# ------------------------------------------------------------------------------------- chain_gradient


def chain_loss(theta: Array, pull: float) -> float:
    """Energy of springs between beads, the first tied to 0 and the last to `pull`."""
    stretch = np.diff(np.concatenate([[0.0], theta, [pull]]))
    return float(np.sum(stretch**2 / 2 + stretch**4 / 4))


def chain_slope(theta: Array, pull: float) -> Array:
    stretch = np.diff(np.concatenate([[0.0], theta, [pull]]))
    force: Array = stretch + stretch**3
    return force[:-1] - force[1:]


def draw_chain(rng: np.random.Generator) -> Case:
    """Beads in no order, so that every spring is stretched or squeezed by another length."""
    return Case("drawn", theta=rng.normal(size=int(rng.integers(3, 8))), pull=float(rng.uniform(1, 3)))


def force_of_a_spring() -> str:
    """The slope of one spring's energy against its stretch, beside that of a linear spring."""
    stretch = np.linspace(-1.5, 1.5, 61)
    return curves(
        [
            ("this spring", list(zip(stretch.tolist(), (stretch + stretch**3).tolist(), strict=True))),
            ("a soft one", list(zip(stretch.tolist(), stretch.tolist(), strict=True))),
        ],
        ("stretch", "force"),
        "The force of one spring rises from −4.9 at a stretch of −1.5 through 0 to 4.9 at 1.5, steeper and steeper; "
        "that of a soft spring is a straight line of slope 1.",
    )


chain_gradient = Exercise(
    name="chain_gradient",
    title="The gradient of a chain of springs",
    section="3.3",
    points=3,
    signature="chain_gradient(theta: (n,), pull: number) -> (n,)",
    reference=chain_slope,
    cases=[
        Case("one bead half way: the two springs pull alike", theta=np.array([1.0]), pull=2.0),
        Case("one bead nearer to the wall", theta=np.array([0.5]), pull=2.0),
        Case("two beads", theta=np.array([1.0, 1.5]), pull=3.0),
        Case("four beads in disorder", theta=np.array([0.3, -1.2, 2.0, 0.4]), pull=1.5),
    ],
    draw=draw_chain,
    tolerance=Tolerance(1e-9, 1e-12, single=1e-5, why="a few sums and a cube, in another order"),
    probes=[agrees_with(lambda case, theta: chain_loss(theta, case["pull"]))],
    target=force_of_a_spring,
)


@chain_gradient.mistake("The sign is turned round: this is the force on the beads. The gradient points uphill.")
def force_for_gradient(theta: Array, pull: float) -> Array:
    return -chain_slope(theta, pull)


@chain_gradient.mistake(
    "Only the spring to the left of each bead is counted. A bead has two, and moving it stretches one and squeezes the "
    "other."
)
def left_springs_only(theta: Array, pull: float) -> Array:
    stretch = np.diff(np.concatenate([[0.0], theta]))
    return stretch + stretch**3


@chain_gradient.mistake("The spring from the last bead to `pull` is missing: there are n + 1 springs for n beads.")
def nobody_pulls(theta: Array, pull: float) -> Array:
    stretch = np.diff(np.concatenate([[0.0], theta]))
    force = np.append(stretch + stretch**3, 0.0)
    return force[:-1] - force[1:]


@chain_gradient.mistake("The spring from the wall at 0 to the first bead is missing: there are n + 1 springs.")
def no_wall(theta: Array, pull: float) -> Array:
    stretch = np.diff(np.concatenate([theta, [pull]]))
    force = np.concatenate([[0.0], stretch + stretch**3])
    return force[:-1] - force[1:]


@chain_gradient.mistake("The fourth power is not differentiated: this is the gradient of the squares alone.")
def squares_alone(theta: Array, pull: float) -> Array:
    stretch = np.diff(np.concatenate([[0.0], theta, [pull]]))
    return stretch[:-1] - stretch[1:]


@chain_gradient.mistake("The quarter is still there: the 4 that comes down from the power cancels it.")
def quarter_left(theta: Array, pull: float) -> Array:
    stretch = np.diff(np.concatenate([[0.0], theta, [pull]]))
    force = stretch + stretch**3 / 4
    return np.asarray(force[:-1] - force[1:])


@chain_gradient.mistake("The square gave a factor 2 that the ½ should have cancelled.")
def two_left(theta: Array, pull: float) -> Array:
    stretch = np.diff(np.concatenate([[0.0], theta, [pull]]))
    force = 2 * stretch + stretch**3
    return np.asarray(force[:-1] - force[1:])


@chain_gradient.mistake("It divides by the number of springs. The loss is their sum, not their mean.")
def mean_for_sum(theta: Array, pull: float) -> Array:
    return chain_slope(theta, pull) / (len(theta) + 1)


@chain_gradient.mistake("The forces of the two springs are added. They pull in opposite directions: subtract.")
def added(theta: Array, pull: float) -> Array:
    stretch = np.diff(np.concatenate([[0.0], theta, [pull]]))
    force = stretch + stretch**3
    return np.asarray(force[:-1] + force[1:])


@chain_gradient.mistake("The size of the stretch is cubed, so a squeezed spring pulls where it should push.")
def loses_the_sign(theta: Array, pull: float) -> Array:
    stretch = np.diff(np.concatenate([[0.0], theta, [pull]]))
    force = stretch + np.abs(stretch) ** 3
    return np.asarray(force[:-1] - force[1:])


@chain_gradient.alternative
def bead_by_bead(theta: Array, pull: float) -> list[float]:
    places = [0.0, *map(float, theta), float(pull)]
    slopes = []
    for j in range(1, len(places) - 1):
        left, right = places[j] - places[j - 1], places[j + 1] - places[j]
        slopes.append(left + left**3 - right - right**3)
    return slopes


@chain_gradient.alternative
def spring_by_spring(theta: Array, pull: float) -> Array:
    places = np.concatenate([[0.0], theta, [pull]])
    slope = np.zeros(len(places))
    for i in range(len(places) - 1):
        d = places[i + 1] - places[i]
        slope[i + 1] += d * (1 + d * d)
        slope[i] -= d * (1 + d * d)
    return slope[1:-1]


@chain_gradient.alternative
def with_a_matrix(theta: Array, pull: float) -> Array:
    n = len(theta)
    D = np.eye(n + 1, n) - np.eye(n + 1, n, k=-1)
    ends = np.zeros(n + 1)
    ends[-1] = pull
    stretch = D @ theta + ends
    return np.asarray(D.T @ (stretch + stretch**3))


@chain_gradient.alternative
def with_padded_neighbours(theta: Array, pull: float) -> Array:
    left = theta - np.r_[0.0, theta[:-1]]
    right = np.r_[theta[1:], pull] - theta
    return np.asarray((left - right) + np.power(left, 3) - np.power(right, 3))


@chain_gradient.alternative
def springs_in_single(theta: Array, pull: float) -> Array:
    stretch = np.diff(np.concatenate([[0.0], theta, [pull]]).astype(np.float32))
    return np.asarray(-np.diff(stretch + stretch**3)).astype(np.float32)


# -------------------------------------------------------------------------------------- within_budget

GOAL = 1e-5  # of the slope at the start


def walls(theta: Array) -> Array:
    """The slope of Lessard, Recht and Packard's loss: curvature 25, between 1 and 2 only 1, then 25 again."""
    return np.where(theta < 1, 25 * theta, np.where(theta < 2, theta + 24, 25 * theta - 24))


def bowl_of(curvatures: Array, middle: Array) -> Gradient:
    return lambda theta: curvatures * (theta - middle)


def walls_beside(curvatures: Array, scale: float) -> Gradient:
    """Walls along the first axis, a bowl along the others."""
    return lambda theta: scale * np.concatenate([walls(theta[:1]), curvatures * theta[1:]])


def budget(kappa: float) -> int:
    """Half as much again as Nesterov's method needs, and far less than gradient descent does."""
    return int(15 * np.sqrt(kappa))


def draw_budget(rng: np.random.Generator) -> Case:
    """Every other time an ill-conditioned bowl, else a valley with walls that is no quadratic."""
    mu, n = float(10 ** rng.uniform(-1.5, 1.5)), int(rng.integers(2, 5))
    if rng.uniform() < 0.5:
        kappa, middle = float(rng.uniform(80, 160)), rng.normal(size=n)
        curvatures = mu * np.concatenate([[1.0, kappa], rng.uniform(1, kappa, size=n - 2)])
        start = middle + rng.uniform(1, 3, size=n)
        case = {"grad": bowl_of(curvatures, middle), "theta": start}
    else:
        kappa = 25.0
        start = np.concatenate([[rng.uniform(3.1, 3.4)], rng.uniform(1, 3, size=n - 1)])
        case = {"grad": walls_beside(rng.uniform(1, 25, size=n - 1), mu), "theta": start}
    return Case("drawn", **case, mu=mu, L_smooth=mu * kappa, budget=budget(kappa))


def steepness_left(case: Case, answer: Any) -> float:
    """How much of the slope at the start is left."""
    grad = case["grad"]
    left = np.linalg.norm(grad(np.array(np.real(answer), dtype=float)))
    return float(left / np.linalg.norm(grad(case["theta"])))


def accelerated(grad: Gradient, theta: Array, mu: float, L_smooth: float, budget: int) -> Any:
    root = np.sqrt(L_smooth / mu)
    beta = (root - 1) / (root + 1)
    return last_of(optcourse.nesterov(grad, theta, 1 / L_smooth, beta), theta, budget)


def race_to_the_goal() -> str:
    """Powers of ten of the slope that is left, against gradients spent, on a bowl with condition number 100."""
    grad, start = bowl_of(np.array([1.0, 100.0]), np.zeros(2)), np.ones(2)
    streams = {
        "a right one": optcourse.nesterov(grad, start, 0.01, 9 / 11),
        "no memory": optcourse.gradient_descent(grad, start, 2 / 101),
    }
    lines = [
        (
            name,
            [
                (float(k), float(np.log10(np.linalg.norm(grad(theta)) / 100)))
                for k, theta in enumerate(islice(stream, 150))
            ],
        )
        for name, stream in streams.items()
    ]
    return curves(
        lines,
        ("gradients", "log₁₀"),
        "The logarithm of the slope that is left: a right answer is far below −5 after 150 gradients, gradient descent "
        "is still above −2.",
    )


within_budget = Exercise(
    name="within_budget",
    title="Choose and defend: down the valley within a budget",
    section="3.3",
    points=3,
    signature="within_budget(grad, theta: (n,), mu: number, L_smooth: number, budget: int) -> (n,)",
    reference=accelerated,
    cases=[
        Case(
            "a bowl, κ = 100",
            grad=bowl_of(np.array([1.0, 100.0]), np.array([1.0, -2.0])),
            theta=np.array([4.0, 1.0]),
            mu=1.0,
            L_smooth=100.0,
            budget=150,
        ),
        Case(
            "a bowl, κ = 400, curvatures of another unit",
            grad=bowl_of(np.array([0.5, 20.0, 200.0]), np.array([0.0, 1.0, 1.0])),
            theta=np.array([3.0, 3.0, -1.0]),
            mu=0.5,
            L_smooth=200.0,
            budget=300,
        ),
        Case(
            "a valley with walls: no quadratic, curvatures from 1 to 25",
            grad=walls_beside(np.array([1.0]), 1.0),
            theta=np.array([3.3, 2.0]),
            mu=1.0,
            L_smooth=25.0,
            budget=75,
        ),
    ],
    draw=draw_budget,
    tolerance=Tolerance(1e-9, 1e-12, single=1e-4, why="an answer is compared with itself; the goal is what counts"),
    replay=any_answer(accelerated),
    probes=[
        evaluations("grad", most=lambda case: int(case["budget"]), least=0),
        reaches(steepness_left, GOAL, "the part of the slope that is left"),
    ],
    target=race_to_the_goal,
    equivalent_mutants={
        **dict.fromkeys(
            ("root - 1 → root * 1", "root - 1 → root / 1", "1 → 0", "root + 1 → root * 1", "root + 1 → root / 1"),
            "a memory of nearly the same length: any choice that reaches the goal is right",
        ),
        "1 → 0 (no. 2)": "the same",
        "np.zeros_like(theta) → theta": "a push at the start has long died out at the goal",
        **{
            f"theta → {other}": "a single zero takes θ's shape at the first sum"
            for other in ("grad", "mu", "L_smooth", "budget", "root", "beta")
        },
        "range(budget) → range(budget - 1)": "the goal is reached with gradients to spare",
    },
)


@within_budget.mistake("Gradient descent pays for κ, and the budget is for √κ. It needs memory.")
def without_memory(grad: Gradient, theta: Array, mu: float, L_smooth: float, budget: int) -> Any:
    return last_of(optcourse.gradient_descent(grad, theta, 2 / (L_smooth + mu)), theta, budget)


@within_budget.mistake(
    "Momentum with the constants that are best for quadratics: on the valley with walls it goes round for ever."
)
def best_for_quadratics(grad: Gradient, theta: Array, mu: float, L_smooth: float, budget: int) -> Any:
    lr, beta, _ = optcourse.optimal_momentum(mu, L_smooth)
    return last_of(optcourse.momentum(grad, theta, lr, beta), theta, budget)


@within_budget.mistake("β = 0.99 remembers too much for these losses: each swing shrinks by less than 1 % a step.")
def too_much_memory(grad: Gradient, theta: Array, mu: float, L_smooth: float, budget: int) -> Any:
    return last_of(optcourse.nesterov(grad, theta, 1 / L_smooth, 0.99), theta, budget)


@within_budget.mistake("β is made of κ where it should be made of √κ: the memory is far too long.")
def memory_of_kappa(grad: Gradient, theta: Array, mu: float, L_smooth: float, budget: int) -> Any:
    beta = (L_smooth - mu) / (L_smooth + mu)
    return last_of(optcourse.nesterov(grad, theta, 1 / L_smooth, beta), theta, budget)


@within_budget.mistake("It arrives, but it asks for twenty times as many gradients as the budget holds.")
def over_budget(grad: Gradient, theta: Array, mu: float, L_smooth: float, budget: int) -> Any:
    return last_of(optcourse.gradient_descent(grad, theta, 1 / L_smooth), theta, 20 * budget)


@within_budget.mistake("It asks for two gradients a step, and so overdraws the budget.")
def two_a_step(grad: Gradient, theta: Array, mu: float, L_smooth: float, budget: int) -> Any:
    root = np.sqrt(L_smooth / mu)
    beta, point = (root - 1) / (root + 1), theta
    for _ in range(budget):
        if not np.any(grad(theta)):
            return theta
        new = point - grad(point) / L_smooth
        point, theta = new + beta * (new - theta), new
    return theta


@within_budget.mistake("It gives up after a quarter of the budget.")
def gives_up(grad: Gradient, theta: Array, mu: float, L_smooth: float, budget: int) -> Any:
    return accelerated(grad, theta, mu, L_smooth, budget // 4)


@within_budget.mistake(
    "Momentum's longest step in Nesterov's method, which is stable for shorter steps only: the iterates run away."
)
def step_too_long(grad: Gradient, theta: Array, mu: float, L_smooth: float, budget: int) -> Any:
    lr, beta, _ = optcourse.optimal_momentum(mu, L_smooth)
    return last_of(optcourse.nesterov(grad, theta, lr, beta), theta, budget)


@within_budget.mistake("It stays where it is: `theta` is returned as it came.")
def stays(grad: Gradient, theta: Array, mu: float, L_smooth: float, budget: int) -> Array:
    return theta


@within_budget.mistake(
    "Every step has the same length whatever the slope, so the iterates never come to rest at the bottom."
)
def unit_steps(grad: Gradient, theta: Array, mu: float, L_smooth: float, budget: int) -> Array:
    for _ in range(budget):
        slope = grad(theta)
        theta = theta - 0.1 * slope / (np.linalg.norm(slope) + 1e-12)
    return theta


@within_budget.alternative
def two_sequences(grad: Gradient, theta: Array, mu: float, L_smooth: float, budget: int) -> Array:
    point, beta = theta, (L_smooth**0.5 - mu**0.5) / (L_smooth**0.5 + mu**0.5)
    for _ in range(budget):
        new = point - grad(point) / L_smooth
        point, theta = new + beta * (new - theta), new
    return theta


@within_budget.alternative
def as_soon_as_it_may_stop(grad: Gradient, theta: Array, mu: float, L_smooth: float, budget: int) -> Array:
    beta = 1 - 2 / ((L_smooth / mu) ** 0.5 + 1)
    point, first = theta, None
    for _ in range(budget):
        slope = grad(point)
        first = np.linalg.norm(slope) if first is None else first
        if np.linalg.norm(slope) < 1e-6 * first:
            return point
        new = point - slope / L_smooth
        point, theta = new + beta * (new - theta), new
    return theta


@within_budget.alternative
def the_flattest_that_was_seen(grad: Gradient, theta: Array, mu: float, L_smooth: float, budget: int) -> Array:
    beta = 1 - 2 / (1 + (L_smooth / mu) ** 0.5)
    point, flattest, least = theta, theta, np.inf
    for _ in range(budget):
        slope = grad(point)
        if np.linalg.norm(slope) < least:
            flattest, least = point, float(np.linalg.norm(slope))
        new = point - slope / L_smooth
        point, theta = new + beta * (new - theta), new
    return flattest


@within_budget.alternative
def triple_momentum(grad: Gradient, theta: Array, mu: float, L_smooth: float, budget: int) -> Array:
    # Van Scoy, Freeman and Lynch (2018): the best rate that is known for this class.
    rho = 1 - (mu / L_smooth) ** 0.5
    beta, gamma = rho**2 / (2 - rho), rho**2 / ((1 + rho) * (2 - rho))
    here = before = theta
    for _ in range(budget):
        slope = grad(here + gamma * (here - before))
        here, before = here + beta * (here - before) - (1 + rho) / L_smooth * slope, here
    return np.asarray(here + rho**2 / (1 - rho**2) * (here - before))


@within_budget.alternative
def growing_memory_that_starts_afresh(grad: Gradient, theta: Array, mu: float, L_smooth: float, budget: int) -> Array:
    point, age = theta, 0
    for _ in range(budget):
        slope = grad(point)
        new = point - slope / L_smooth
        age = 0 if slope @ (new - theta) > 0 else age + 1
        point, theta = new + age / (age + 3) * (new - theta), new
    return theta


@within_budget.alternative
def in_lists_of_single_numbers(grad: Gradient, theta: Array, mu: float, L_smooth: float, budget: int) -> list[float]:
    beta = float((np.sqrt(L_smooth) - np.sqrt(mu)) / (np.sqrt(L_smooth) + np.sqrt(mu)))
    here, velocity = [float(t) for t in theta], [0.0 for _ in theta]
    for _ in range(budget - 1):
        slope = grad(np.array([t - beta * v / L_smooth for t, v in zip(here, velocity, strict=True)]))
        velocity = [beta * v + float(g) for v, g in zip(velocity, slope, strict=True)]
        here = [t - v / L_smooth for t, v in zip(here, velocity, strict=True)]
    return here


@within_budget.alternative
def within_single_precision(grad: Gradient, theta: Array, mu: float, L_smooth: float, budget: int) -> Array:
    root = np.float32(np.sqrt(L_smooth / mu))
    here, velocity = theta.astype(np.float32), np.zeros(theta.shape, np.float32)
    for _ in range(budget):
        step = (root - 1) / (root + 1) * velocity
        velocity = (step - grad(here + step) / L_smooth).astype(np.float32)
        here = here + velocity
    return here
