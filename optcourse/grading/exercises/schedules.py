"""Exercises of 3.6: five plans for the rate, a range test, early stopping, a decayed gradient, a plan of one's own."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

import optcourse
from optcourse.arguments import Array, Gradient, Loss
from optcourse.grading.drawing import curves
from optcourse.grading.exercise import Case, Exercise, Tolerance
from optcourse.grading.probes import evaluations
from optcourse.grading.references import agrees_with, any_answer, reaches, rippled_bowl

ROUNDING = Tolerance(1e-9, 1e-15, single=1e-5, why="a few roundings in another order; single precision has 7 digits")


def rates_at(t: Array, plan: Callable[[int], float]) -> Array:
    """The rates of a schedule of the package at the steps t."""
    return np.array([plan(int(step)) for step in t])


def some_steps(rng: np.random.Generator, end: int) -> Array:
    """A dozen different steps, in no order, from 0 to half as far again as `end`; 0 and `end` are among them."""
    others = rng.permutation(np.setdiff1d(np.arange(1, max(end + end // 2, 14)), [end]))[:10]
    return rng.permutation(np.array([0, end, *others]))


def drawn_plans(end: int, words: str, **plans: Callable[[Array], Array]) -> str:
    """Rates against steps, one or two plans on one paper."""
    t = np.arange(end + 1)
    lines = [(label, list(zip(t.tolist(), plan(t).tolist(), strict=True))) for label, plan in plans.items()]
    return curves(lines, ("step", "rate"), words)


# ----------------------------------------------------------------------------------------- step_decay


def draw_steps(rng: np.random.Generator) -> Case:
    """Cuts every few steps, and steps well beyond the first three cuts."""
    every = int(rng.integers(3, 9))
    lr, factor = float(rng.uniform(0.05, 1.0)), float(rng.uniform(0.2, 0.8))
    return Case("drawn", t=some_steps(rng, 4 * every), lr=lr, factor=factor, every=every)


def decay_in_steps(t: Array, lr: float, factor: float, every: int) -> Array:
    return rates_at(t, optcourse.step_decay(lr, factor, every))


step_decay = Exercise(
    name="step_decay",
    title="Step decay",
    section="3.6",
    points=1,
    signature="step_decay(t: (k,) of int, lr: number, factor: number, every: int) -> (k,)",
    reference=decay_in_steps,
    cases=[
        Case("halved every 2 steps", t=np.arange(5), lr=1.0, factor=0.5, every=2),
        Case("a tenth every 30 steps", t=np.array([0, 29, 30, 59, 60, 200]), lr=0.1, factor=0.1, every=30),
        Case("steps in any order", t=np.array([12, 0, 7, 3]), lr=0.4, factor=0.3, every=4),
    ],
    draw=draw_steps,
    tolerance=ROUNDING,
    target=lambda: drawn_plans(
        60,
        "Stairs: the rate is 1 for twenty steps, then a half, then a quarter.",
        rate=lambda t: decay_in_steps(t, 1.0, 0.5, 20),
    ),
)


@step_decay.mistake("The power is t/k, not its whole part: the rate falls a little at every step instead of in stairs.")
def no_whole_part(t: Array, lr: float, factor: float, every: int) -> Array:
    return lr * factor ** (t / every)


@step_decay.mistake("It is one step early: the first cut is at step k, and the steps are counted from 0.")
def a_step_early(t: Array, lr: float, factor: float, every: int) -> Array:
    return lr * factor ** ((t + 1) // every)


@step_decay.mistake("It cuts once and never again: count how often k goes into t.")
def one_cut(t: Array, lr: float, factor: float, every: int) -> Array:
    return np.where(t < every, lr, lr * factor)


@step_decay.mistake("The factor is multiplied by the number of cuts. Cut after cut makes a power.")
def product_for_power(t: Array, lr: float, factor: float, every: int) -> Array:
    return lr * factor * (t // every)


@step_decay.mistake("It cuts *by* the factor: what is left each time is `factor`, not 1 − `factor`.")
def cut_by_the_factor(t: Array, lr: float, factor: float, every: int) -> Array:
    return lr * (1 - factor) ** (t // every)


@step_decay.mistake("It divides by the factor, which lies below 1: the rate grows.")
def growing_stairs(t: Array, lr: float, factor: float, every: int) -> Array:
    return lr / factor ** (t // every)


@step_decay.mistake("The first rate η₀ is missing: these are the factors alone.")
def stairs_without_start(t: Array, lr: float, factor: float, every: int) -> Array:
    return factor ** (t // every)


@step_decay.mistake("`t % k` is how far you are into a stair. How many stairs you have come down is `t // k`.")
def remainder(t: Array, lr: float, factor: float, every: int) -> Array:
    return lr * factor ** (t % every)


@step_decay.mistake("It rounds t/k to the *nearest* whole number: each cut comes half a stair too early.")
def rounded(t: Array, lr: float, factor: float, every: int) -> Array:
    return lr * factor ** np.floor(t / every + 0.5)


@step_decay.alternative
def cut_after_cut(t: Array, lr: float, factor: float, every: int) -> list[float]:
    found = []
    for step in t:
        rate = lr
        while step >= every:
            rate, step = rate * factor, step - every
        found.append(float(rate))
    return found


@step_decay.alternative
def with_floor(t: Array, lr: float, factor: float, every: int) -> Array:
    return lr * np.power(factor, np.floor(t / every))


@step_decay.alternative
def through_logarithms(t: Array, lr: float, factor: float, every: int) -> Array:
    return np.exp(np.log(lr) + np.log(factor) * (t // every))


@step_decay.alternative
def from_a_table(t: Array, lr: float, factor: float, every: int) -> Array:
    stairs = np.repeat(lr * factor ** np.arange(max(t) // every + 1.0), every)
    return stairs[t]


@step_decay.alternative
def stairs_in_single_precision(t: Array, lr: float, factor: float, every: int) -> Array:
    return (np.float32(lr) * np.float32(factor) ** (t // every).astype(np.float32)).astype(np.float32)


# ---------------------------------------------------------------------------------- exponential_decay


def draw_exponential(rng: np.random.Generator) -> Case:
    """Rates that halve within a few steps."""
    return Case("drawn", t=some_steps(rng, 20), lr=float(rng.uniform(0.05, 0.9)), lam=float(rng.uniform(0.05, 0.4)))


exponential_decay = Exercise(
    name="exponential_decay",
    title="Exponential decay",
    section="3.6",
    points=1,
    signature="exponential_decay(t: (k,) of int, lr: number, lam: number) -> (k,)",
    reference=lambda t, lr, lam: rates_at(t, optcourse.exponential_decay(lr, lam)),
    cases=[
        Case("λ = 0.5, three steps", t=np.arange(3), lr=1.0, lam=0.5),
        Case("halved every 10 steps", t=np.array([0, 10, 20, 100]), lr=0.1, lam=np.log(2) / 10),
        Case("steps in any order", t=np.array([9, 0, 4]), lr=0.3, lam=0.2),
    ],
    draw=draw_exponential,
    tolerance=ROUNDING,
    target=lambda: drawn_plans(
        60,
        "A curve that falls from 1, fast at first: a half after 14 steps, a quarter after 28.",
        rate=lambda t: np.exp(-0.05 * t),
    ),
)


@exponential_decay.mistake("The exponent has the wrong sign: the rate grows.")
def growth(t: Array, lr: float, lam: float) -> Array:
    return lr * np.exp(lam * t)


@exponential_decay.mistake("The step does not enter: the rate is the same for ever.")
def one_factor(t: Array, lr: float, lam: float) -> Array:
    return np.full(len(t), lr * np.exp(-lam))


@exponential_decay.mistake("This is η₀/(1 + λt), which falls more slowly. It is called inverse time decay.")
def inverse_time(t: Array, lr: float, lam: float) -> Array:
    return lr / (1 + lam * t)


@exponential_decay.mistake("1 − λ is only near e^(−λ) when λ is small.")
def first_order(t: Array, lr: float, lam: float) -> Array:
    return lr * (1 - lam) ** t


@exponential_decay.mistake("It takes λ itself as the factor per step. The factor is e^(−λ).")
def lam_as_factor(t: Array, lr: float, lam: float) -> Array:
    return lr * lam**t


@exponential_decay.mistake("It is one step ahead: the rate of step 0 is η₀.")
def one_ahead(t: Array, lr: float, lam: float) -> Array:
    return lr * np.exp(-lam * (t + 1))


@exponential_decay.mistake("The first rate η₀ is missing: these are the factors alone.")
def factors_alone(t: Array, lr: float, lam: float) -> Array:
    return np.exp(-lam * t)


@exponential_decay.mistake("It divides by λ, as if λ were a time. The larger λ, the *faster* the rate falls.")
def lam_as_time(t: Array, lr: float, lam: float) -> Array:
    return lr * np.exp(-t / lam)


@exponential_decay.mistake("The base is 2 instead of e: it halves every 1/λ steps, not every (ln 2)/λ.")
def base_two(t: Array, lr: float, lam: float) -> Array:
    return lr * 2.0 ** (-lam * t)


@exponential_decay.alternative
def step_by_step(t: Array, lr: float, lam: float) -> list[float]:
    found = {0: lr}
    for step in range(int(max(t))):
        found[step + 1] = found[step] * float(np.exp(-lam))
    return [found[int(step)] for step in t]


@exponential_decay.alternative
def as_a_power(t: Array, lr: float, lam: float) -> Array:
    return lr * np.exp(-lam) ** t


@exponential_decay.alternative
def divided(t: Array, lr: float, lam: float) -> Array:
    return lr / np.exp(lam * t)


@exponential_decay.alternative
def all_in_the_exponent(t: Array, lr: float, lam: float) -> Array:
    return np.exp(np.log(lr) - lam * t)


@exponential_decay.alternative
def decay_in_single_precision(t: Array, lr: float, lam: float) -> Array:
    return np.float32(lr) * np.exp(-np.float32(lam) * t.astype(np.float32))


# ----------------------------------------------------------------------------------- cosine_annealing


def draw_cosine(rng: np.random.Generator) -> Case:
    """A short wave, and steps beyond it."""
    T, lr = int(rng.integers(6, 30)), float(rng.uniform(0.1, 0.9))
    return Case("drawn", t=some_steps(rng, T), lr=lr, T=T, lr_min=float(rng.uniform(0.05, 0.5)) * lr)


def annealed(t: Array, lr: float, T: int, lr_min: float) -> Array:
    return rates_at(t, optcourse.cosine_annealing(lr, T, lr_min))


def between(high: float, low: float, progress: Array) -> Array:
    return low + 0.5 * (high - low) * (1 + np.cos(np.pi * progress))


cosine_annealing = Exercise(
    name="cosine_annealing",
    title="Cosine annealing",
    section="3.6",
    points=2,
    signature="cosine_annealing(t: (k,) of int, lr: number, T: int, lr_min: number) -> (k,)",
    reference=annealed,
    cases=[
        Case("the start, the middle, the end", t=np.array([0, 500, 1000]), lr=0.1, T=1000, lr_min=0.02),
        Case("the quarters", t=np.array([0, 2, 4, 6, 8]), lr=1.0, T=8, lr_min=0.0),
        Case("beyond T: it stays", t=np.array([9, 10, 11, 15, 20]), lr=0.5, T=10, lr_min=0.1),
    ],
    draw=draw_cosine,
    tolerance=ROUNDING,
    target=lambda: drawn_plans(
        60,
        "Half a wave from 1 at step 0 down to 0.2 at step 40, flat at both ends; from there on level.",
        rate=lambda t: annealed(t, 1.0, 40, 0.2),
    ),
    equivalent_mutants={
        "np.minimum(t / T, 1) → np.minimum(1, t / T)": "the smaller of two does not depend on their order"
    },
)


@cosine_annealing.mistake("Past T the cosine climbs again. Hold the rate at its minimum: let t/T be at most 1.")
def climbs_back(t: Array, lr: float, T: int, lr_min: float) -> Array:
    return between(lr, lr_min, t / T)


@cosine_annealing.mistake("It is a whole wave: at T the rate is back at the top. Half a wave ends at cos π.")
def whole_wave(t: Array, lr: float, T: int, lr_min: float) -> Array:
    return between(lr, lr_min, 2 * np.minimum(t / T, 1))


@cosine_annealing.mistake("The ½ is missing: 1 + cos goes from 2 to 0.")
def no_half(t: Array, lr: float, T: int, lr_min: float) -> Array:
    return 2 * between(lr, lr_min, np.minimum(t / T, 1)) - lr_min


@cosine_annealing.mistake("It ends at 0, whatever the lowest rate is meant to be: `lr_min` is not used.")
def ends_at_zero(t: Array, lr: float, T: int, lr_min: float) -> Array:
    return between(lr, 0.0, np.minimum(t / T, 1))


@cosine_annealing.mistake("`lr_min` is added on top: the wave's height is η₀ − η_min, not η₀.")
def minimum_on_top(t: Array, lr: float, T: int, lr_min: float) -> Array:
    return lr_min + between(lr, 0.0, np.minimum(t / T, 1))


@cosine_annealing.mistake("1 − cos starts at the bottom: the rate climbs where it should fall.")
def upside_down(t: Array, lr: float, T: int, lr_min: float) -> Array:
    return between(lr_min, lr, np.minimum(t / T, 1))


@cosine_annealing.mistake("The π is missing: cos(t/T) is not even half-way down at T. Half a wave is cos(πt/T).")
def without_pi(t: Array, lr: float, T: int, lr_min: float) -> Array:
    return between(lr, lr_min, np.minimum(t / T, 1) / np.pi)


@cosine_annealing.mistake("`np.cos` takes radians: half a wave is π, not 180.")
def degrees(t: Array, lr: float, T: int, lr_min: float) -> Array:
    return between(lr, lr_min, np.minimum(t / T, 1) * 180 / np.pi)


@cosine_annealing.mistake("After T the rate is 0. It should stay at `lr_min`.")
def then_nothing(t: Array, lr: float, T: int, lr_min: float) -> Array:
    return np.where(t > T, 0.0, between(lr, lr_min, t / T))


@cosine_annealing.mistake("The wave ends a step early, at T − 1. Step T is the one that has the lowest rate.")
def ends_a_step_early(t: Array, lr: float, T: int, lr_min: float) -> Array:
    return between(lr, lr_min, np.minimum(t / (T - 1), 1))


@cosine_annealing.mistake("This is a straight line from η₀ to η_min: the cosine is missing.")
def straight_line(t: Array, lr: float, T: int, lr_min: float) -> Array:
    return lr + (lr_min - lr) * np.minimum(t / T, 1)


@cosine_annealing.mistake("It is a quarter of a wave, cos from 1 to 0: steep at its end, where it should be flat.")
def quarter_wave(t: Array, lr: float, T: int, lr_min: float) -> Array:
    return lr_min + (lr - lr_min) * np.cos(np.pi / 2 * np.minimum(t / T, 1))


@cosine_annealing.alternative
def one_step_after_the_other(t: Array, lr: float, T: int, lr_min: float) -> list[float]:
    found = []
    for step in t:
        if step >= T:
            found.append(float(lr_min))
        else:
            found.append(float(lr_min + (lr - lr_min) * (1 + np.cos(np.pi * step / T)) / 2))
    return found


@cosine_annealing.alternative
def with_a_squared_cosine(t: Array, lr: float, T: int, lr_min: float) -> Array:
    return lr_min + (lr - lr_min) * np.cos(np.pi / 2 * np.clip(t / T, 0, 1)) ** 2


@cosine_annealing.alternative
def with_where(t: Array, lr: float, T: int, lr_min: float) -> Array:
    return np.where(t < T, between(lr, lr_min, t / T), lr_min)


@cosine_annealing.alternative
def as_mean_and_swing(t: Array, lr: float, T: int, lr_min: float) -> Array:
    return (lr + lr_min) / 2 + (lr - lr_min) / 2 * np.cos(np.pi * np.minimum(t, T) / T)


@cosine_annealing.alternative
def annealed_in_single_precision(t: Array, lr: float, T: int, lr_min: float) -> Array:
    progress = np.minimum(t / np.float32(T), 1).astype(np.float32)
    return (np.float32(lr_min) + np.float32((lr - lr_min) / 2) * (1 + np.cos(np.float32(np.pi) * progress))).astype(
        np.float32
    )


# -------------------------------------------------------------------------------------- warmup_cosine


def draw_warm(rng: np.random.Generator) -> Case:
    """A plan with a warm-up of a third or so; its steps lie on the line, on the wave and beyond."""
    warmup = int(rng.integers(4, 9))
    T = warmup + int(rng.integers(8, 20))
    t = rng.permutation(np.array([0, 1, 2, warmup - 1, warmup, warmup + 3, (warmup + T) // 2, T - 1, T, T + 1, T + 7]))
    lr = float(rng.uniform(0.1, 0.9))
    return Case("drawn", t=t, lr=lr, T=T, warmup=warmup, lr_min=float(rng.uniform(0.05, 0.4)) * lr)


def warmed(t: Array, lr: float, T: int, warmup: int, lr_min: float) -> Array:
    return rates_at(t, optcourse.warmup_cosine(lr, T, warmup, lr_min))


def after(t: Array, T: int, warmup: int) -> Array:
    """How far the wave has come."""
    return np.clip((t - warmup) / (T - warmup), 0, 1)


warmup_cosine = Exercise(
    name="warmup_cosine",
    title="Warm-up and cosine",
    section="3.6",
    points=3,
    signature="warmup_cosine(t: (k,) of int, lr: number, T: int, warmup: int, lr_min: number) -> (k,)",
    reference=warmed,
    cases=[
        Case(
            "500 of 10000 steps, base rate 0.001",
            t=np.array([0, 250, 500, 5250, 10000]),
            lr=1e-3,
            T=10_000,
            warmup=500,
            lr_min=0.0,
        ),
        Case("every step of a short plan", t=np.arange(11), lr=1.0, T=10, warmup=4, lr_min=0.2),
        Case("beyond T: it stays", t=np.array([12, 13, 20, 30]), lr=0.6, T=12, warmup=3, lr_min=0.1),
        Case("a step before the peak, and the peak", t=np.array([3, 4]), lr=0.5, T=9, warmup=4, lr_min=0.1),
    ],
    draw=draw_warm,
    tolerance=ROUNDING,
    target=lambda: drawn_plans(
        60,
        "A straight rise from 0 to 1 in 10 steps, then half a wave down to 0.1 at step 50, then level.",
        rate=lambda t: warmed(t, 1.0, 50, 10, 0.1),
    ),
    equivalent_mutants={
        "np.minimum((t - warmup) / (T - warmup), 1) → np.minimum(1, (t - warmup) / (T - warmup))": (
            "the smaller of two does not depend on their order"
        ),
        "t < warmup → t <= warmup": "at step w the line and the wave have the same value",
    },
)


@warmup_cosine.mistake(
    "The wave is counted from step 0: at the end of the warm-up it is already on its way down. Count it from `warmup`, "
    "over the `T - warmup` steps that are left."
)
def wave_from_the_start(t: Array, lr: float, T: int, warmup: int, lr_min: float) -> Array:
    return np.where(t < warmup, lr * t / warmup, between(lr, lr_min, np.minimum(t / T, 1)))


@warmup_cosine.mistake("The wave begins in the right place but takes T steps. Only T − w are left.")
def wave_too_long(t: Array, lr: float, T: int, warmup: int, lr_min: float) -> Array:
    return np.where(t < warmup, lr * t / warmup, between(lr, lr_min, np.clip((t - warmup) / T, 0, 1)))


@warmup_cosine.mistake("There is no warm-up: before step w the rate is already at its peak.")
def no_warm_up(t: Array, lr: float, T: int, warmup: int, lr_min: float) -> Array:
    return between(lr, lr_min, after(t, T, warmup))


@warmup_cosine.mistake("The line is one step ahead: it is η₀ t/w, 0 at step 0, and meets the peak at step w.")
def line_one_ahead(t: Array, lr: float, T: int, warmup: int, lr_min: float) -> Array:
    return np.where(t < warmup, lr * (t + 1) / warmup, between(lr, lr_min, after(t, T, warmup)))


@warmup_cosine.mistake("The line begins at `lr_min`. It begins at 0; `lr_min` is where the wave *ends*.")
def line_from_the_minimum(t: Array, lr: float, T: int, warmup: int, lr_min: float) -> Array:
    return np.where(t < warmup, lr_min + (lr - lr_min) * t / warmup, between(lr, lr_min, after(t, T, warmup)))


@warmup_cosine.mistake("Past T the cosine climbs again. Hold the rate at its minimum.")
def climbs_after_all(t: Array, lr: float, T: int, warmup: int, lr_min: float) -> Array:
    return np.where(t < warmup, lr * t / warmup, between(lr, lr_min, (t - warmup) / (T - warmup)))


@warmup_cosine.mistake("Warm-up and wave are multiplied, the wave counted from step 0. One follows the other.")
def both_at_once(t: Array, lr: float, T: int, warmup: int, lr_min: float) -> Array:
    return np.minimum(t / warmup, 1) * between(lr, lr_min, np.minimum(t / T, 1))


@warmup_cosine.mistake("It ends at 0: `lr_min` is not used.")
def warm_to_zero(t: Array, lr: float, T: int, warmup: int, lr_min: float) -> Array:
    return np.where(t < warmup, lr * t / warmup, between(lr, 0.0, after(t, T, warmup)))


@warmup_cosine.mistake("After the warm-up it falls along a straight line. It should be half a cosine.")
def straight_down(t: Array, lr: float, T: int, warmup: int, lr_min: float) -> Array:
    return np.where(t < warmup, lr * t / warmup, lr + (lr_min - lr) * after(t, T, warmup))


@warmup_cosine.mistake("The warm-up rises along a cosine, as in the one-cycle plan. It should be a straight line.")
def curved_up(t: Array, lr: float, T: int, warmup: int, lr_min: float) -> Array:
    return np.where(t < warmup, between(0.0, lr, t / warmup), between(lr, lr_min, after(t, T, warmup)))


@warmup_cosine.alternative
def chosen_from_three(t: Array, lr: float, T: int, warmup: int, lr_min: float) -> Array:
    wave = lr_min + (lr - lr_min) / 2 * (1 + np.cos(np.pi * (t - warmup) / (T - warmup)))
    return np.select([t < warmup, t <= T], [lr * t / warmup, wave], default=lr_min)


@warmup_cosine.alternative
def in_three_pieces(t: Array, lr: float, T: int, warmup: int, lr_min: float) -> list[float]:
    found: list[float] = []
    for step in (int(one) for one in t):
        if step < warmup:
            found.append(lr * step / warmup)
        elif step < T:
            found.append(float(between(lr, lr_min, np.array((step - warmup) / (T - warmup)))))
        else:
            found.append(lr_min)
    return found


@warmup_cosine.alternative
def with_piecewise(t: Array, lr: float, T: int, warmup: int, lr_min: float) -> Array:
    pieces: list[Any] = [lambda s: lr * s / warmup, lambda s: between(lr, lr_min, (s - warmup) / (T - warmup)), lr_min]
    t = t.astype(float)
    return np.piecewise(t, [t < warmup, (t >= warmup) & (t < T), t >= T], pieces)


@warmup_cosine.alternative
def filled_by_masks(t: Array, lr: float, T: int, warmup: int, lr_min: float) -> Array:
    found = np.full(t.shape, float(lr_min))
    rising, falling = t < warmup, (t >= warmup) & (t < T)
    found[rising] = lr / warmup * t[rising]
    found[falling] += (lr - lr_min) * np.cos(np.pi / 2 * (t[falling] - warmup) / (T - warmup)) ** 2
    return found


@warmup_cosine.alternative
def as_the_lower_of_line_and_wave(t: Array, lr: float, T: int, warmup: int, lr_min: float) -> Array:
    # Before w the wave is held at the peak, after w the line is held there: the lower of the two is the plan.
    return np.minimum(np.minimum(lr * t / warmup, lr), between(lr, lr_min, after(t, T, warmup)))


@warmup_cosine.alternative
def warm_in_single_precision(t: Array, lr: float, T: int, warmup: int, lr_min: float) -> Array:
    return np.where(t < warmup, lr * t / warmup, between(lr, lr_min, after(t, T, warmup))).astype(np.float32)


# ------------------------------------------------------------------------------------------- cyclical


def draw_triangles(rng: np.random.Generator) -> Case:
    """Lopsided triangles, and steps in the first three of them."""
    up = int(rng.integers(3, 8))
    down = up + int(rng.integers(2, 6))
    low = float(rng.uniform(0.05, 0.3))
    t = np.concatenate([some_steps(rng, up), up + down + rng.permutation(up + down)[:4], [2 * (up + down)]])
    return Case("drawn", t=t, lr_min=low, lr_max=low + float(rng.uniform(0.2, 0.8)), up=up, down=down)


def triangles(t: Array, lr_min: float, lr_max: float, up: int, down: int) -> Array:
    return rates_at(t, optcourse.cyclical(lr_min, lr_max, up, down))


def height(t: Array, up: int, down: int) -> Array:
    """Between 0 at a foot and 1 at a peak."""
    position = t % (up + down)
    return np.where(position < up, position / up, (up + down - position) / down)


cyclical = Exercise(
    name="cyclical",
    title="Cyclical rates",
    section="3.6",
    points=2,
    signature="cyclical(t: (k,) of int, lr_min: number, lr_max: number, up: int, down: int) -> (k,)",
    reference=triangles,
    cases=[
        Case("two steps up, two down", t=np.arange(9), lr_min=0.0, lr_max=1.0, up=2, down=2),
        Case("slow up, fast down", t=np.arange(13), lr_min=0.1, lr_max=0.5, up=4, down=2),
        Case("far out", t=np.array([1000, 1003, 1007, 7]), lr_min=0.2, lr_max=1.0, up=3, down=7),
    ],
    draw=draw_triangles,
    tolerance=ROUNDING,
    target=lambda: drawn_plans(
        60,
        "Triangles between 0.1 and 1: up in 10 steps, down in 20, twice.",
        rate=lambda t: triangles(t, 0.1, 1.0, 10, 20),
    ),
    equivalent_mutants={
        "np.minimum(position / up, left / down) → np.minimum(left / down, position / up)": (
            "the smaller of two does not depend on their order"
        )
    },
)


@cyclical.mistake("The way down takes as long as the way up: `down` is not used.")
def even_triangles(t: Array, lr_min: float, lr_max: float, up: int, down: int) -> Array:
    return lr_min + (lr_max - lr_min) * height(t, up, up)


@cyclical.mistake("After the first triangle it stays at the foot. It should begin again, for ever: `t % (up + down)`.")
def one_triangle(t: Array, lr_min: float, lr_max: float, up: int, down: int) -> Array:
    return lr_min + (lr_max - lr_min) * np.where(t < up + down, height(t, up, down), 0.0)


@cyclical.mistake("From the peak it jumps to the foot: these are saw-teeth. It should walk down in `down` steps.")
def saw_teeth(t: Array, lr_min: float, lr_max: float, up: int, down: int) -> Array:
    return lr_min + (lr_max - lr_min) * (t % up) / up


@cyclical.mistake("On the way down it counts from the foot, not from the peak: the first `up` steps have led up there.")
def down_from_the_foot(t: Array, lr_min: float, lr_max: float, up: int, down: int) -> Array:
    position = t % (up + down)
    rise = lr_max - lr_min
    return np.where(position < up, lr_min + rise * position / up, lr_max - rise * position / down)


@cyclical.mistake(
    "The way down is as steep as the way up, whatever `down` is: it should take `down` steps from the peak."
)
def as_steep_as_up(t: Array, lr_min: float, lr_max: float, up: int, down: int) -> Array:
    position = t % (up + down)
    return lr_min + (lr_max - lr_min) * np.minimum(position, up + down - position) / up


@cyclical.mistake("It begins at the peak. Step 0 is a foot.")
def from_the_peak(t: Array, lr_min: float, lr_max: float, up: int, down: int) -> Array:
    return lr_min + (lr_max - lr_min) * height(t + up, up, down)


@cyclical.mistake("Its feet are at 0: `lr_min` is not used.")
def feet_at_zero(t: Array, lr_min: float, lr_max: float, up: int, down: int) -> Array:
    return lr_max * height(t, up, down)


@cyclical.mistake("Its peaks are at lr_min + lr_max: the height of a triangle is the *difference* of the two.")
def peaks_too_high(t: Array, lr_min: float, lr_max: float, up: int, down: int) -> Array:
    return lr_min + lr_max * height(t, up, down)


@cyclical.mistake("Each triangle is a step too long. From foot to foot it is up + down steps.")
def a_step_too_long(t: Array, lr_min: float, lr_max: float, up: int, down: int) -> Array:
    return lr_min + (lr_max - lr_min) * height(t, up, down + 1)


@cyclical.mistake("It is one step ahead: step 0 is a foot, and step `up` a peak.")
def ahead(t: Array, lr_min: float, lr_max: float, up: int, down: int) -> Array:
    return lr_min + (lr_max - lr_min) * height(t + 1, up, down)


@cyclical.mistake("The peaks are halved from one triangle to the next. Here all of them are equally high.")
def halved_peaks(t: Array, lr_min: float, lr_max: float, up: int, down: int) -> Array:
    return lr_min + (lr_max - lr_min) * height(t, up, down) * 0.5 ** (t // (up + down))


@cyclical.mistake("`up` and `down` have changed places.")
def fast_for_slow(t: Array, lr_min: float, lr_max: float, up: int, down: int) -> Array:
    return lr_min + (lr_max - lr_min) * height(t, down, up)


@cyclical.alternative
def walking(t: Array, lr_min: float, lr_max: float, up: int, down: int) -> list[float]:
    found = []
    for step in (int(one) % (up + down) for one in t):
        if step <= up:
            found.append(lr_min + (lr_max - lr_min) * step / up)
        else:
            found.append(lr_max - (lr_max - lr_min) * (step - up) / down)
    return found


@cyclical.alternative
def by_interpolation(t: Array, lr_min: float, lr_max: float, up: int, down: int) -> Array:
    return np.interp(t % (up + down), [0, up, up + down], [lr_min, lr_max, lr_min])


@cyclical.alternative
def lower_of_two_lines(t: Array, lr_min: float, lr_max: float, up: int, down: int) -> Array:
    position = np.mod(t, up + down)
    return lr_min + (lr_max - lr_min) * np.minimum(position / up, (up + down - position) / down)


@cyclical.alternative
def from_one_period(t: Array, lr_min: float, lr_max: float, up: int, down: int) -> Array:
    period = np.concatenate(
        [np.linspace(lr_min, lr_max, up, endpoint=False), np.linspace(lr_max, lr_min, down, endpoint=False)]
    )
    return period[t % len(period)]


@cyclical.alternative
def triangles_in_single_precision(t: Array, lr_min: float, lr_max: float, up: int, down: int) -> Array:
    return (np.float32(lr_min) + np.float32(lr_max - lr_min) * height(t, up, down)).astype(np.float32)


# -------------------------------------------------------------------------------------- lr_range_test


def seen(grad: Gradient, loss: Loss, theta: Array, rates: Array) -> list[float]:
    """The losses after steps with one rate after the other."""
    losses = []
    for rate in rates:
        theta = theta - rate * grad(theta)
        losses.append(float(loss(theta)))
    return losses


def suggestion(
    grad: Gradient, loss: Loss, theta: Array, lr_min: float, lr_max: float, steps: int, notch: float
) -> float:
    method = partial(optcourse.gradient_descent, grad, theta)
    return optcourse.lr_range_test(method, loss, lr_min, lr_max, steps, memory=0.0, notch=notch).lr


def grown(lr_min: float, lr_max: float, steps: int) -> Array:
    return np.geomspace(lr_min, lr_max, steps)


def draw_range(rng: np.random.Generator) -> Case:
    """A bowl, and rates that end where it explodes, or where it has only begun to climb: there the highest loss is the
    first one, and not that of the largest rate. The lowest loss is lowest by a clear margin.
    """
    explodes = bool(rng.uniform() < 0.5)
    while True:
        n = int(rng.integers(2, 5))
        A, theta = np.diag(rng.uniform(0.5, 4.0, size=n)), rng.choice([-1.0, 1.0], size=n) * rng.uniform(1, 3, size=n)
        lr_min = float(rng.uniform(0.01, 0.03))
        lr_max = float(rng.uniform(4.0, 8.0) if explodes else rng.uniform(2.4, 3.5) / np.max(A))
        steps, notch = int(rng.integers(14, 30)), float(rng.uniform(2.0, 4.0))

        def grad(theta: Array, A: Array = A) -> Array:
            return A @ theta

        def loss(theta: Array, A: Array = A) -> float:
            return float(theta @ A @ theta) / 2

        first, second = np.partition(losses := seen(grad, loss, theta, grown(lr_min, lr_max, steps)), 1)[:2]
        turning = grown(lr_min, lr_max, steps)[int(np.argmin(losses))]
        ends_as_meant = losses[-1] > losses[0] if explodes else first < losses[-1] < 0.9 * losses[0]
        if second > 1.01 * first and turning > notch * lr_min and ends_as_meant:
            given = {"lr_min": lr_min, "lr_max": lr_max, "steps": steps, "notch": notch}
            return Case("drawn", grad=grad, loss=loss, theta=theta, **given)


def slope_of_ravine(theta: Array) -> Array:
    return np.array([1.0, 10.0]) * theta


def height_of_ravine(theta: Array) -> float:
    return float(0.5 * theta[0] ** 2 + 5 * theta[1] ** 2)


def slope_of_parabola(theta: Array) -> Array:
    return 2 * theta


def bumpy(place: Array, depth: float, wave: float, coarse: float) -> Loss:
    """A loss with its minimum at `place`, ripples on the way, and, if asked for, in whole units."""

    def loss(theta: Array) -> float:
        far = float(np.linalg.norm(theta - place))
        value = far + depth * np.sin(wave * far)
        return float(np.round(value / coarse) * coarse) if coarse else float(value)

    return loss


def losses_against_rates() -> str:
    """What a range test sees on the ravine: the loss after each step against the rate, both in powers of ten."""
    rates = grown(1e-3, 0.4, 40)
    losses = seen(slope_of_ravine, height_of_ravine, np.array([3.0, 1.0]), rates)
    points = [(float(np.log10(rate)), float(np.log10(loss))) for rate, loss in zip(rates, losses, strict=True)]
    return curves(
        [("loss", points)],
        ("log₁₀ η", "log₁₀ L"),
        "The loss falls while the rate grows, is lowest where the rate is a little above 0.2, and then climbs steeply.",
    )


start = np.array([3.0, 1.0])
lr_range_test = Exercise(
    name="lr_range_test",
    title="The range test",
    section="3.6",
    points=3,
    signature=(
        "lr_range_test(grad, loss, theta: (n,), lr_min: number, lr_max: number, steps: int, notch: number) -> number"
    ),
    reference=suggestion,
    cases=[
        Case(
            "40 rates on a ravine",
            grad=slope_of_ravine,
            loss=height_of_ravine,
            theta=start,
            lr_min=1e-3,
            lr_max=0.4,
            steps=40,
            notch=10.0,
        ),
        Case(
            "25 rates, another notch",
            grad=slope_of_ravine,
            loss=height_of_ravine,
            theta=start,
            lr_min=4e-3,
            lr_max=0.5,
            steps=25,
            notch=3.0,
        ),
        Case(
            "on θ², from 4",
            grad=lambda theta: 2 * theta,
            loss=lambda theta: float(1 + theta @ theta),
            theta=np.array([4.0]),
            lr_min=0.01,
            lr_max=1.5,
            steps=16,
            notch=5.0,
        ),
        Case(
            "over a bump: the first rise is not the end",
            grad=slope_of_parabola,
            loss=bumpy(np.array([0.0]), 0.5, 3.0, 0.0),
            theta=np.array([4.0]),
            lr_min=0.01,
            lr_max=1.5,
            steps=16,
            notch=4.0,
        ),
    ],
    draw=draw_range,
    tolerance=Tolerance(1e-9, 0.0, single=1e-4, why="the rates are powers; single precision has 7 digits"),
    probes=[evaluations("grad", most=lambda case: int(case["steps"]), least=1)],
    target=losses_against_rates,
)


@lr_range_test.mistake(
    "The rates grow by equal differences. Small rates need as much room as large ones: equal ratios."
)
def equal_differences(
    grad: Gradient, loss: Loss, theta: Array, lr_min: float, lr_max: float, steps: int, notch: float
) -> Any:
    rates = np.linspace(lr_min, lr_max, steps)
    return rates[np.argmin(seen(grad, loss, theta, rates))] / notch


@lr_range_test.mistake(
    "Every rate is tried from the first θ. It is one run: each step begins where the last one ended."
)
def each_from_the_start(
    grad: Gradient, loss: Loss, theta: Array, lr_min: float, lr_max: float, steps: int, notch: float
) -> Any:
    rates = grown(lr_min, lr_max, steps)
    return rates[np.argmin([loss(theta - rate * grad(theta)) for rate in rates])] / notch


@lr_range_test.mistake("It returns the turning point itself. Go a notch below it: there the loss was still falling.")
def no_notch(grad: Gradient, loss: Loss, theta: Array, lr_min: float, lr_max: float, steps: int, notch: float) -> Any:
    rates = grown(lr_min, lr_max, steps)
    return rates[np.argmin(seen(grad, loss, theta, rates))]


@lr_range_test.mistake("It returns the lowest *loss*. Asked for is the rate at which the loss was lowest.")
def loss_for_rate(
    grad: Gradient, loss: Loss, theta: Array, lr_min: float, lr_max: float, steps: int, notch: float
) -> Any:
    return min(seen(grad, loss, theta, grown(lr_min, lr_max, steps))) / notch


@lr_range_test.mistake("It multiplies by the notch: that is above the turning point, where the loss climbs.")
def notch_upwards(
    grad: Gradient, loss: Loss, theta: Array, lr_min: float, lr_max: float, steps: int, notch: float
) -> Any:
    rates = grown(lr_min, lr_max, steps)
    return rates[np.argmin(seen(grad, loss, theta, rates))] * notch


@lr_range_test.mistake("It takes the largest rate, not the one with the lowest loss.")
def largest_rate(
    grad: Gradient, loss: Loss, theta: Array, lr_min: float, lr_max: float, steps: int, notch: float
) -> Any:
    seen(grad, loss, theta, grown(lr_min, lr_max, steps))
    return lr_max / notch


@lr_range_test.mistake("Each loss is taken *before* the step and paired with the rate after it: all are off by one.")
def loss_before_the_step(
    grad: Gradient, loss: Loss, theta: Array, lr_min: float, lr_max: float, steps: int, notch: float
) -> Any:
    rates = grown(lr_min, lr_max, steps)
    losses = [loss(theta), *seen(grad, loss, theta, rates)][:-1]
    return rates[np.argmin(losses)] / notch


@lr_range_test.mistake("The last rate is not `lr_max`: from the first to the last there are `steps - 1` ratios.")
def never_gets_there(
    grad: Gradient, loss: Loss, theta: Array, lr_min: float, lr_max: float, steps: int, notch: float
) -> Any:
    rates = np.geomspace(lr_min, lr_max, steps, endpoint=False)
    return rates[np.argmin(seen(grad, loss, theta, rates))] / notch


@lr_range_test.mistake("`theta -= …` changes the caller's array, not only yours. Write `theta = theta - …`.")
def range_in_place(
    grad: Gradient, loss: Loss, theta: Array, lr_min: float, lr_max: float, steps: int, notch: float
) -> Any:
    rates, losses = grown(lr_min, lr_max, steps), []
    for rate in rates:
        theta -= rate * grad(theta)
        losses.append(loss(theta))
    return rates[np.argmin(losses)] / notch


@lr_range_test.mistake("It takes the rate with the *highest* loss: use `argmin`.")
def highest_loss(
    grad: Gradient, loss: Loss, theta: Array, lr_min: float, lr_max: float, steps: int, notch: float
) -> Any:
    rates = grown(lr_min, lr_max, steps)
    return rates[np.argmax(seen(grad, loss, theta, rates))] / notch


@lr_range_test.alternative
def keeping_the_best(
    grad: Gradient, loss: Loss, theta: Array, lr_min: float, lr_max: float, steps: int, notch: float
) -> float:
    best, best_loss, rate = lr_min, np.inf, lr_min
    for _ in range(steps):
        theta = theta - rate * grad(theta)
        if loss(theta) < best_loss:
            best, best_loss = rate, loss(theta)
        rate *= (lr_max / lr_min) ** (1 / (steps - 1))
    return float(best / notch)


@lr_range_test.alternative
def in_powers_of_ten(
    grad: Gradient, loss: Loss, theta: Array, lr_min: float, lr_max: float, steps: int, notch: float
) -> Any:
    rates = 10 ** np.linspace(np.log10(lr_min), np.log10(lr_max), steps)
    return rates[np.argmin(seen(grad, loss, theta, rates))] / notch


@lr_range_test.alternative
def ending_when_it_has_exploded(
    grad: Gradient, loss: Loss, theta: Array, lr_min: float, lr_max: float, steps: int, notch: float
) -> float:
    tried: list[tuple[float, float]] = []
    for k in range(steps):
        rate = lr_min * (lr_max / lr_min) ** (k / (steps - 1))
        theta = theta - rate * grad(theta)
        tried.append((float(loss(theta)), rate))
        if tried[-1][0] > 10 * min(tried)[0]:
            break
    return min(tried)[1] / notch


@lr_range_test.alternative
def on_a_copy_in_place(
    grad: Gradient, loss: Loss, theta: Array, lr_min: float, lr_max: float, steps: int, notch: float
) -> Any:
    here, rates = np.array(theta, dtype=float), np.logspace(np.log2(lr_min), np.log2(lr_max), steps, base=2)
    losses = np.empty(steps)
    for k, rate in enumerate(rates):
        here -= rate * grad(here)
        losses[k] = loss(here)
    return rates[losses.argmin()] / notch


@lr_range_test.alternative
def suggested_in_single_precision(
    grad: Gradient, loss: Loss, theta: Array, lr_min: float, lr_max: float, steps: int, notch: float
) -> Any:
    return np.float32(
        grown(lr_min, lr_max, steps)[np.argmin(seen(grad, loss, theta, grown(lr_min, lr_max, steps)))]
    ) / (np.float32(notch))


# ------------------------------------------------------------------------------------- early_stopping


def stopped_early(grad: Gradient, loss: Loss, theta: Array, lr: float, patience: int, steps: int) -> Array:
    stopping = optcourse.early_stopping(optcourse.gradient_descent(grad, theta, lr), loss, patience)
    optcourse.run(stopping, steps=steps)
    best: Array = stopping.state["best"]
    return best


NEAR_A_TIE = 1e-4  # of the distance between two whole units, or of the descent: single precision moves θ by 1e-6


def decided(values: Array, unit: float, reach: float) -> bool:
    """Whether rounding can neither make a loss another whole unit nor a best of one that is none."""
    if unit:
        return bool(np.all(np.abs(values / unit % 1 - 0.5) > NEAR_A_TIE))
    best_before = np.minimum.accumulate(values)[:-1]
    return bool(np.all(np.abs(values[1:] - best_before) > NEAR_A_TIE * reach))


def draw_stopping(rng: np.random.Generator) -> Case:
    """A descent that passes the best place on its way; some losses have plateaus, some only get worse."""
    while True:
        grad, theta, curvature = rippled_bowl(rng)
        lr, steps = 0.12 / curvature, int(rng.integers(25, 45))
        path = optcourse.run(optcourse.gradient_descent(grad, theta, lr), steps=steps).iterates
        place = theta if rng.uniform() < 0.35 else path[int(rng.integers(steps // 3, steps // 2))]
        reach = float(np.linalg.norm(path[0] - path[-1]))
        wave, depth = 2 * np.pi * float(rng.uniform(4, 7)) / reach, reach * float(rng.uniform(0.08, 0.2))
        unit = reach / 8 if rng.uniform() < 0.6 else 0.0
        if decided(np.array([bumpy(place, depth, wave, 0.0)(one) for one in path]), unit, reach):
            given = {"lr": lr, "patience": int(rng.integers(2, 6)), "steps": steps}
            return Case("drawn", grad=grad, loss=bumpy(place, depth, wave, unit), theta=theta, **given)


def train_and_validation() -> str:
    """Validation losses along a descent, and the one that is kept."""
    loss = bumpy(np.array([1.5]), 0.25, 9.0, 0.0)
    path = optcourse.run(optcourse.gradient_descent(slope_of_parabola, np.array([4.0]), 0.04), steps=30).iterates
    points = [(float(k), loss(theta)) for k, theta in enumerate(path)]
    kept = min(points[:18], key=lambda point: point[1])
    return curves(
        [("validation loss", points), ("kept", [kept])],
        ("step", "loss"),
        "The validation loss falls, with bumps, is lowest on the way, and climbs again; a dot marks what is kept.",
        dots=True,
    )


early_stopping = Exercise(
    name="early_stopping",
    title="Early stopping",
    section="3.6",
    points=4,
    signature="early_stopping(grad, loss, theta: (n,), lr: number, patience: int, steps: int) -> (n,)",
    reference=stopped_early,
    cases=[
        Case(
            "down θ², judged by the distance from 1",
            grad=slope_of_parabola,
            loss=lambda theta: float(np.abs(theta[0] - 1)),
            theta=np.array([4.0]),
            lr=0.1,
            patience=3,
            steps=50,
        ),
        Case(
            "with bumps on the way",
            grad=slope_of_parabola,
            loss=bumpy(np.array([1.5]), 0.25, 9.0, 0.0),
            theta=np.array([4.0]),
            lr=0.04,
            patience=4,
            steps=60,
        ),
        Case(
            "losses in whole tenths: a tie is no improvement",
            grad=slope_of_parabola,
            loss=lambda theta: round(float(np.abs(theta[0] - 1)), 1),
            theta=np.array([3.0]),
            lr=0.02,
            patience=3,
            steps=60,
        ),
        Case(
            "training only hurts: keep the start",
            grad=slope_of_parabola,
            loss=lambda theta: float(-theta[0]),
            theta=np.array([4.0]),
            lr=0.1,
            patience=3,
            steps=20,
        ),
        Case(
            "the budget ends first",
            grad=slope_of_ravine,
            loss=lambda theta: float(theta @ theta),
            theta=start,
            lr=0.05,
            patience=3,
            steps=10,
        ),
        Case(
            "the budget ends while it waits",
            grad=slope_of_parabola,
            loss=lambda theta: float(np.abs(theta[0] - 1)),
            theta=np.array([4.0]),
            lr=0.1,
            patience=5,
            steps=8,
        ),
    ],
    draw=draw_stopping,
    tolerance=Tolerance(1e-9, 1e-12, single=2e-4, why="some forty steps in another order of additions"),
    probes=[evaluations("grad")],
    target=train_and_validation,
    equivalent_mutants={"waited == patience → waited >= patience": "it counts up by one, and ends when they are equal"},
)


def stopping(
    grad: Gradient,
    loss: Loss,
    theta: Array,
    lr: float,
    patience: int,
    steps: int,
    improves: Callable[[float, float, float], bool] = lambda new, best, last: new < best,
    fresh: bool = True,
    last: bool = False,
    start_counts: bool = True,
) -> Array:
    """A right solution, and with one setting changed a wrong one."""
    best, best_loss, waited = theta, loss(theta) if start_counts else np.inf, 0
    before = best_loss
    for _ in range(steps):
        theta = theta - lr * grad(theta)
        found = loss(theta)
        if improves(found, best_loss, before):
            best, best_loss, waited = theta, found, 0 if fresh else waited
        else:
            waited += 1
        before = found
        if waited >= patience:
            break
    return theta if last else best


@early_stopping.mistake("It returns the last iterate. Asked for is the best one: keep it when you see it.")
def returns_the_last(grad: Gradient, loss: Loss, theta: Array, lr: float, patience: int, steps: int) -> Array:
    return stopping(grad, loss, theta, lr, patience, steps, last=True)


@early_stopping.mistake("It never stops early: it takes all the steps, whatever the loss does.")
def takes_all_steps(grad: Gradient, loss: Loss, theta: Array, lr: float, patience: int, steps: int) -> Array:
    return stopping(grad, loss, theta, lr, steps + 1, steps)


@early_stopping.mistake(
    "It counts all failures together. Patience is about failures *in a row*: start anew at each best."
)
def never_patient_again(grad: Gradient, loss: Loss, theta: Array, lr: float, patience: int, steps: int) -> Array:
    return stopping(grad, loss, theta, lr, patience, steps, fresh=False)


@early_stopping.mistake("It stops one step too early: `patience` failures must have happened, not one less.")
def one_failure_too_few(grad: Gradient, loss: Loss, theta: Array, lr: float, patience: int, steps: int) -> Array:
    return stopping(grad, loss, theta, lr, patience - 1, steps)


@early_stopping.mistake("It stops one step too late: after `patience` failures in a row the run is over.")
def one_failure_too_many(grad: Gradient, loss: Loss, theta: Array, lr: float, patience: int, steps: int) -> Array:
    return stopping(grad, loss, theta, lr, patience + 1, steps)


@early_stopping.mistake("Each loss is compared with the one before. Compare it with the *best* so far.")
def compares_with_the_last(grad: Gradient, loss: Loss, theta: Array, lr: float, patience: int, steps: int) -> Array:
    return stopping(grad, loss, theta, lr, patience, steps, improves=lambda new, best, last: new < last)


@early_stopping.mistake("A loss that equals the best counts as an improvement. Only a lower one is.")
def tie_is_enough(grad: Gradient, loss: Loss, theta: Array, lr: float, patience: int, steps: int) -> Array:
    return stopping(grad, loss, theta, lr, patience, steps, improves=lambda new, best, last: new <= best)


@early_stopping.mistake("The start does not count. If training only hurts, the start is the best you have.")
def start_left_out(grad: Gradient, loss: Loss, theta: Array, lr: float, patience: int, steps: int) -> Array:
    return stopping(grad, loss, theta, lr, patience, steps, start_counts=False)


@early_stopping.mistake("It keeps the iterate with the *highest* loss: the comparison is turned round.")
def keeps_the_worst(grad: Gradient, loss: Loss, theta: Array, lr: float, patience: int, steps: int) -> Array:
    return stopping(grad, loss, theta, lr, patience, steps, improves=lambda new, best, last: new > best)


@early_stopping.mistake("The lowest loss is not renewed: every later one is compared with the loss at the start.")
def compares_with_the_start(grad: Gradient, loss: Loss, theta: Array, lr: float, patience: int, steps: int) -> Array:
    first = loss(theta)
    return stopping(grad, loss, theta, lr, patience, steps, improves=lambda new, best, last: new < first)


@early_stopping.mistake("It ends at the first failure, whatever the patience.")
def no_patience(grad: Gradient, loss: Loss, theta: Array, lr: float, patience: int, steps: int) -> Array:
    return stopping(grad, loss, theta, lr, 1, steps)


@early_stopping.mistake(
    "`theta -= …` changes one and the same array: the best, the last and the caller's start are all one object."
)
def best_is_the_same_array(grad: Gradient, loss: Loss, theta: Array, lr: float, patience: int, steps: int) -> Array:
    best, best_loss, waited = theta, loss(theta), 0
    for _ in range(steps):
        theta -= lr * grad(theta)
        waited += 1
        if loss(theta) < best_loss:
            best, best_loss, waited = theta, loss(theta), 0
        if waited >= patience:
            break
    return best


@early_stopping.alternative
def with_step_numbers(grad: Gradient, loss: Loss, theta: Array, lr: float, patience: int, steps: int) -> Array:
    kept, found_at, step = (loss(theta), theta), 0, 0
    while step < steps and step - found_at < patience:
        step += 1
        theta = theta - lr * grad(theta)
        if (now := loss(theta)) < kept[0]:
            kept, found_at = (now, theta), step
    return kept[1]


@early_stopping.alternative
def from_the_whole_history(grad: Gradient, loss: Loss, theta: Array, lr: float, patience: int, steps: int) -> Array:
    path, losses = [theta], [loss(theta)]
    for _ in range(steps):
        path.append(path[-1] - lr * grad(path[-1]))
        losses.append(loss(path[-1]))
        if len(losses) - 1 - int(np.argmin(losses)) >= patience:
            break
    return path[int(np.argmin(losses))]


@early_stopping.alternative
def in_place_with_a_copy(grad: Gradient, loss: Loss, theta: Array, lr: float, patience: int, steps: int) -> Array:
    theta = theta.astype(float).copy()
    best, best_loss, left = theta.copy(), loss(theta), patience
    for _ in range(steps):
        theta -= lr * grad(theta)
        left -= 1
        if loss(theta) < best_loss:
            best[:], best_loss, left = theta, loss(theta), patience
        if left == 0:
            return best
    return best


@early_stopping.alternative
def stopping_in_single_precision(
    grad: Gradient, loss: Loss, theta: Array, lr: float, patience: int, steps: int
) -> Array:
    def shortened(theta: Array) -> Array:
        return np.asarray(grad(theta), dtype=np.float32)

    return stopping(shortened, loss, theta.astype(np.float32), lr, patience, steps)


@early_stopping.alternative
def by_recursion(grad: Gradient, loss: Loss, theta: Array, lr: float, patience: int, steps: int) -> Array:
    def onward(here: Array, best: Array, best_loss: float, left: int, budget: int) -> Array:
        if left == 0 or budget == 0:
            return best
        here = here - lr * grad(here)
        now = loss(here)
        if now < best_loss:
            return onward(here, here, now, patience, budget - 1)
        return onward(here, best, best_loss, left - 1, budget - 1)

    return onward(theta, theta, loss(theta), patience, steps)


@early_stopping.alternative
def as_a_list(grad: Gradient, loss: Loss, theta: Array, lr: float, patience: int, steps: int) -> list[float]:
    return [float(value) for value in stopping(grad, loss, np.array(theta), lr, patience, steps)]


# ----------------------------------------------------------------------------------- decayed_gradient


def decayed_loss(theta: Array, X: Array, y: Array, lam: float) -> float:
    """Half the mean square plus the penalty ½λ‖θ‖² on all but the first parameter."""
    return float(np.mean((X @ theta - y) ** 2) / 2 + lam / 2 * theta[1:] @ theta[1:])


def right_gradient(theta: Array, X: Array, y: Array, lam: float) -> Array:
    return X.T @ (X @ theta - y) / len(y) + lam * np.append(0.0, theta[1:])


def draw_regression(rng: np.random.Generator) -> Case:
    """A line or plane with its constant column, and parameters of both signs."""
    n, d = int(rng.integers(5, 12)), int(rng.integers(3, 6))
    X = np.column_stack([np.ones(n), rng.normal(size=(n, d - 1))])
    theta = rng.choice([-1.0, 1.0], size=d) * rng.uniform(0.5, 2.0, size=d)
    return Case("drawn", theta=theta, X=X, y=rng.normal(size=n), lam=float(rng.uniform(0.1, 2.0)))


def penalty_and_slope() -> str:
    """The penalty ½θ² of one parameter and its slope θ."""
    theta = np.linspace(-2, 2, 41)
    lines = [("½θ²", theta**2 / 2), ("slope θ", theta)]
    return curves(
        [(label, list(zip(theta.tolist(), line.tolist(), strict=True))) for label, line in lines],
        ("θ", ""),
        "The penalty is a parabola; its slope is a straight line through 0.",
    )


four = np.array([[1.0, 0.5], [1.0, -1.0], [1.0, 2.0], [1.0, -0.5]])
decayed_gradient = Exercise(
    name="decayed_gradient",
    title="The gradient of a loss with weight decay",
    section="3.6",
    points=3,
    signature="decayed_gradient(theta: (d,), X: (n, d), y: (n,), lam: number) -> (d,)",
    reference=right_gradient,
    cases=[
        Case("one example", theta=np.array([1.0, 2.0]), X=np.array([[1.0, 3.0]]), y=np.array([5.0]), lam=0.5),
        Case("four examples", theta=np.array([0.5, -1.5]), X=four, y=np.array([1.0, 0.0, 2.0, -1.0]), lam=0.3),
        Case("no decay at all", theta=np.array([0.5, -1.5]), X=four, y=np.array([1.0, 0.0, 2.0, -1.0]), lam=0.0),
        Case(
            "residuals of zero: only the decay is left",
            theta=np.array([1.0, -2.0]),
            X=four,
            y=four @ np.array([1.0, -2.0]),
            lam=1.0,
        ),
    ],
    draw=draw_regression,
    tolerance=Tolerance(1e-9, 1e-12, single=1e-4, why="sums over the examples in another order"),
    probes=[agrees_with(lambda case, theta: decayed_loss(theta, case["X"], case["y"], case["lam"]))],
    target=penalty_and_slope,
    equivalent_mutants={
        "y → X (no. 2)": "len(X) is len(y)",
        "y → residual (no. 2)": "there are as many residuals as targets",
    },
)


def misfit(theta: Array, X: Array, y: Array) -> Array:
    return X.T @ (X @ theta - y) / len(y)


def spared(theta: Array) -> Array:
    return np.append(0.0, theta[1:])


@decayed_gradient.mistake("The constant is decayed too. The penalty leaves θ₀ out: its entry has no λ in it.")
def constant_too(theta: Array, X: Array, y: Array, lam: float) -> Array:
    return misfit(theta, X, y) + lam * theta


@decayed_gradient.mistake("The penalty is missing: this is the gradient of plain least squares.")
def no_penalty(theta: Array, X: Array, y: Array, lam: float) -> Array:
    return misfit(theta, X, y)


@decayed_gradient.mistake("The penalty's slope is 2λθ here. With ½λθ² the 2 cancels.")
def two_lam(theta: Array, X: Array, y: Array, lam: float) -> Array:
    return misfit(theta, X, y) + 2 * lam * spared(theta)


@decayed_gradient.mistake("The penalty is divided by the number of examples. Only the misfit is a mean.")
def penalty_in_the_mean(theta: Array, X: Array, y: Array, lam: float) -> Array:
    return misfit(theta, X, y) + lam * spared(theta) / len(y)


@decayed_gradient.mistake("It sums over the examples. The misfit is their mean: divide by their number.")
def summed(theta: Array, X: Array, y: Array, lam: float) -> Array:
    return len(y) * misfit(theta, X, y) + lam * spared(theta)


@decayed_gradient.mistake("The penalty has the wrong sign: descending it would make the weights *grow*.")
def pushed_outwards(theta: Array, X: Array, y: Array, lam: float) -> Array:
    return misfit(theta, X, y) - lam * spared(theta)


@decayed_gradient.mistake("λ sign(θ) is the slope of λ|θ|, the penalty of the LASSO. That of ½λθ² is λθ.")
def slope_of_absolute_values(theta: Array, X: Array, y: Array, lam: float) -> Array:
    return misfit(theta, X, y) + lam * np.sign(spared(theta))


@decayed_gradient.mistake("The misfit's sign is turned round: it is prediction minus target.")
def target_minus_prediction(theta: Array, X: Array, y: Array, lam: float) -> Array:
    return lam * spared(theta) - misfit(theta, X, y)


@decayed_gradient.mistake(
    "The misfit is twice too large: in the loss it has a ½ before it, which the 2 of the square meets."
)
def twice_the_misfit(theta: Array, X: Array, y: Array, lam: float) -> Array:
    return 2 * misfit(theta, X, y) + lam * spared(theta)


@decayed_gradient.mistake("Only θ₀ is decayed: it is the one that the penalty leaves out.")
def constant_only(theta: Array, X: Array, y: Array, lam: float) -> Array:
    return misfit(theta, X, y) + lam * (theta - spared(theta))


@decayed_gradient.mistake("`theta[0] = 0` writes into the caller's array, and the misfit is then taken at another θ.")
def constant_erased(theta: Array, X: Array, y: Array, lam: float) -> Array:
    theta[0] = 0
    return misfit(theta, X, y) + lam * theta


@decayed_gradient.alternative
def row_by_row(theta: Array, X: Array, y: Array, lam: float) -> list[float]:
    total = [0.0] * len(theta)
    for row, wanted in zip(X, y, strict=True):
        error = sum(x * t for x, t in zip(row, theta, strict=True)) - wanted
        for j, x in enumerate(row):
            total[j] += x * error / len(y)
    return [float(total[0]), *(float(total[j] + lam * theta[j]) for j in range(1, len(theta)))]


@decayed_gradient.alternative
def with_a_mask(theta: Array, X: Array, y: Array, lam: float) -> Array:
    return np.mean((X @ theta - y)[:, None] * X, axis=0) + lam * theta * (np.arange(len(theta)) > 0)


@decayed_gradient.alternative
def from_the_normal_equations(theta: Array, X: Array, y: Array, lam: float) -> Array:
    penalty = lam * np.eye(len(theta))
    penalty[0, 0] = 0
    return (X.T @ X / len(y) + penalty) @ theta - X.T @ y / len(y)


@decayed_gradient.alternative
def added_afterwards(theta: Array, X: Array, y: Array, lam: float) -> Array:
    slope = (X @ theta - y) @ X / X.shape[0]
    slope[1:] += lam * theta[1:]
    return slope


@decayed_gradient.alternative
def regression_in_single_precision(theta: Array, X: Array, y: Array, lam: float) -> Array:
    theta, X, y = theta.astype(np.float32), X.astype(np.float32), y.astype(np.float32)
    return right_gradient(theta, X, y, lam).astype(np.float32)


# ------------------------------------------------------------------------------------- planned_rates


def expected_losses(curvature: Array, start: Array, noise: float, plans: Array) -> Array:
    """The expected losses after all steps of each plan, a row, on a bowl with noisy gradients: exact, nothing drawn."""
    square = np.tile(np.asarray(start, dtype=float) ** 2, (len(plans), 1))
    with np.errstate(over="ignore", invalid="ignore"):
        for rates in np.asarray(plans, dtype=float).T[:, :, None]:
            square = (1 - rates * curvature) ** 2 * square + (rates * noise) ** 2
        losses: Array = 0.5 * square @ curvature
    return np.where(np.isfinite(losses), losses, np.inf)


def beside_the_best_constant(case: Case, rates: Any) -> float:
    """The expected loss of these rates, in units of what the best constant rate reaches."""
    constants = np.geomspace(0.005, 1.99, 60) / np.max(case["curvature"])
    plans = np.vstack([np.tile(constants[:, None], int(case["steps"])), rates])
    *others, found = expected_losses(case["curvature"], case["start"], case["noise"], plans)
    return float(found / min(others))


def half_wave(curvature: Array, start: Array, noise: float, steps: int) -> Array:
    return rates_at(np.arange(steps), optcourse.cosine_annealing(1 / float(np.max(curvature)), steps))


def draw_bowl(rng: np.random.Generator) -> Case:
    """A bowl twenty times as steep in one direction as in another, at any scale; noise that matters in the end."""
    steepest = float(10 ** rng.uniform(-1, 1))
    curvature = steepest * np.array([1.0, float(rng.uniform(0.3, 0.8)), 0.05])
    noise = float(rng.uniform(0.5, 2.0))
    start = rng.choice([-1.0, 1.0], size=3) * rng.uniform([1.0, 2.0, 8.0], [3.0, 6.0, 14.0]) * noise / steepest
    return Case("drawn", curvature=curvature, start=start, noise=noise, steps=int(rng.integers(180, 221)))


GOAL = 0.9
two = np.array([1.0, 0.05])
planned_rates = Exercise(
    name="planned_rates",
    title="Choose a plan, and defend it",
    section="3.6",
    points=3,
    signature="planned_rates(curvature: (n,), start: (n,), noise: number, steps: int) -> (steps,)",
    reference=half_wave,
    cases=[
        Case("the chapter's bowl, 200 steps", curvature=two, start=np.array([2.0, 10.0]), noise=1.0, steps=200),
        Case("ten times as steep", curvature=10 * two, start=np.array([0.2, 0.8]), noise=1.0, steps=200),
        Case("gentle and wide", curvature=0.2 * two, start=np.array([10.0, 60.0]), noise=1.0, steps=200),
    ],
    draw=draw_bowl,
    tolerance=Tolerance(1e-9, 1e-12, single=1e-5, why="any finite rates are compared with themselves; the goal judges"),
    probes=[
        reaches(beside_the_best_constant, GOAL, "the expected loss, in units of what the best constant rate leaves,")
    ],
    replay=any_answer(half_wave),
    target=lambda: drawn_plans(
        200,
        "A level line and half a wave: one rate for all steps, and one that falls to zero.",
        falling=lambda t: annealed(t, 1.0, 200, 0.0),
        level=lambda t: np.full(len(t), 0.25),
    ),
)


@planned_rates.mistake("This is one rate for all steps. However well it is chosen, its noise stays: let the rate fall.")
def one_rate(curvature: Array, start: Array, noise: float, steps: int) -> Array:
    return np.full(steps, 0.25 / np.max(curvature))


@planned_rates.mistake("The rates are above 2/curvature for most of the run: it explodes. Start at 1/curvature or so.")
def far_too_high(curvature: Array, start: Array, noise: float, steps: int) -> Array:
    return 5 * half_wave(curvature, start, noise, steps)


@planned_rates.mistake(
    "The rates do not know the curvature. What is right for one bowl is ten times too long for another."
)
def same_for_every_bowl(curvature: Array, start: Array, noise: float, steps: int) -> Array:
    return 0.5 * (1 + np.cos(np.pi * np.arange(steps) / steps))


@planned_rates.mistake("The plan runs backwards: it ends with its largest steps, and with their noise.")
def backwards(curvature: Array, start: Array, noise: float, steps: int) -> Array:
    return half_wave(curvature, start, noise, steps)[::-1]


@planned_rates.mistake("All rates are zero: there is no noise, and no journey either.")
def stands_still(curvature: Array, start: Array, noise: float, steps: int) -> Array:
    return np.zeros(steps)


@planned_rates.mistake("The rates fall so fast that together they are too short for the way in the flat direction.")
def over_too_soon(curvature: Array, start: Array, noise: float, steps: int) -> Array:
    return np.exp(-np.arange(steps) / 10) / np.max(curvature)


@planned_rates.mistake(
    "1/(a(t + 1)) with the *largest* curvature a: best for the steep direction, far too little for the flat one."
)
def averages_the_steep_direction(curvature: Array, start: Array, noise: float, steps: int) -> Array:
    return 1 / (np.max(curvature) * (np.arange(steps) + 1))


@planned_rates.mistake(
    "The peak is at 1/(smallest curvature): in the steep direction that is far beyond the last safe step."
)
def peak_for_the_flat_direction(curvature: Array, start: Array, noise: float, steps: int) -> Array:
    return half_wave(np.min(curvature), start, noise, steps)


@planned_rates.mistake("The wave is planned for ten times as many steps: the run ends before the rate has fallen.")
def planned_for_longer(curvature: Array, start: Array, noise: float, steps: int) -> Array:
    return half_wave(curvature, start, noise, 10 * steps)[:steps]


@planned_rates.alternative
def long_then_straight_down(curvature: Array, start: Array, noise: float, steps: int) -> Array:
    return np.minimum(1.0, 2 * (1 - np.arange(steps) / steps)) * 0.6 / np.max(curvature)


@planned_rates.alternative
def in_stairs(curvature: Array, start: Array, noise: float, steps: int) -> list[float]:
    peak = 0.8 / float(np.max(curvature))
    return [peak * 0.25 ** (4 * step // steps) for step in range(steps)]


@planned_rates.alternative
def warmed_up(curvature: Array, start: Array, noise: float, steps: int) -> Array:
    return rates_at(np.arange(steps), optcourse.warmup_cosine(0.8 / float(np.max(curvature)), steps, steps // 20))


@planned_rates.alternative
def exponentially(curvature: Array, start: Array, noise: float, steps: int) -> Array:
    return np.geomspace(1.4, 0.014, steps) / np.max(curvature)


@planned_rates.alternative
def straight_line_in_single_precision(curvature: Array, start: Array, noise: float, steps: int) -> Array:
    return (np.linspace(0.8, 0.0, steps) / np.max(curvature)).astype(np.float32)
