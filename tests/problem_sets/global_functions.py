"""Classical functions with many minima, or with one that is hard to reach, for methods that see nothing but losses.

Each takes a whole population, one candidate a row, in any number of dimensions. The formulas are those of the surveys
below, written so that nothing cancels near the minimum, which is 0 for every one.

`solve` and `solve_with_scipy` let differential evolution loose on them, ours and SciPy's, within one budget.

References
----------
M. M. Ali, C. Khompatraporn and Z. B. Zabinsky, "A numerical evaluation of several stochastic algorithms on selected
continuous global optimization test problems", J. Global Optim. 31 (2005). M. Jamil and X.-S. Yang, "A literature
survey of benchmark functions for global optimisation problems", Int. J. Math. Model. Numer. Optim. 4 (2013).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import scipy.optimize

from optcourse import differential_evolution, problems

GOAL = 1e-6  # how near the minimum a loss must come
BUDGETS = {2: 6_000, 5: 20_000, 10: 60_000}  # evaluations, by dimension


class GlobalFunction(NamedTuple):
    """Losses of a population (k, n), the box [low, high]ⁿ to search, and the minimiser in n dimensions."""

    losses: Callable
    low: float
    high: float
    minimiser: Callable


def everywhere(value):
    return lambda n: np.full(n, value)


def ackley(x):
    n = x.shape[-1]
    length = np.sqrt(np.sum(x**2, axis=-1) / n)
    waves = np.mean(np.cos(2 * np.pi * x), axis=-1)
    return 20 * -np.expm1(-0.2 * length) + np.e * -np.expm1(waves - 1)


def rastrigin(x):
    return np.sum(x**2 + 20 * np.sin(np.pi * x) ** 2, axis=-1)


def griewank(x):
    roots = np.sqrt(np.arange(1, x.shape[-1] + 1))
    return np.sum(x**2, axis=-1) / 4000 + 1 - np.prod(np.cos(x / roots), axis=-1)


def rosenbrock(x):
    return np.sum(100 * (x[..., 1:] - x[..., :-1] ** 2) ** 2 + (1 - x[..., :-1]) ** 2, axis=-1)


DEEPEST_WAVE = 420.96874636  # x > 0 with tan √x = −½ √x: Schwefel's deepest wave within the box


def schwefel(x):
    def wave(x):
        return x * np.sin(np.sqrt(np.abs(x)))

    return np.sum(wave(DEEPEST_WAVE) - wave(x), axis=-1)


def levy(x):
    w = 1 + (x - 1) / 4
    first, last = w[..., 0], w[..., -1]
    middle = (w[..., :-1] - 1) ** 2 * (1 + 10 * np.sin(np.pi * w[..., :-1] + 1) ** 2)
    end = (last - 1) ** 2 * (1 + np.sin(2 * np.pi * last) ** 2)
    return np.sin(np.pi * first) ** 2 + np.sum(middle, axis=-1) + end


def styblinski_tang(x):
    known = problems.styblinski_tang(x.shape[-1])
    return known.loss(x) - known.minimum


def zakharov(x):
    slope = np.sum(0.5 * np.arange(1, x.shape[-1] + 1) * x, axis=-1)
    return np.sum(x**2, axis=-1) + slope**2 + slope**4


def dixon_price(x):
    i = np.arange(2, x.shape[-1] + 1)
    return (x[..., 0] - 1) ** 2 + np.sum(i * (2 * x[..., 1:] ** 2 - x[..., :-1]) ** 2, axis=-1)


def salomon(x):
    length = np.sqrt(np.sum(x**2, axis=-1))
    return 2 * np.sin(np.pi * length) ** 2 + 0.1 * length


FUNCTIONS = {
    "ackley": GlobalFunction(ackley, -30.0, 30.0, everywhere(0.0)),
    "rastrigin": GlobalFunction(rastrigin, -5.12, 5.12, everywhere(0.0)),
    "griewank": GlobalFunction(griewank, -100.0, 100.0, everywhere(0.0)),
    "rosenbrock": GlobalFunction(rosenbrock, -30.0, 30.0, everywhere(1.0)),
    "schwefel": GlobalFunction(schwefel, -500.0, 500.0, everywhere(DEEPEST_WAVE)),
    "levy": GlobalFunction(levy, -10.0, 10.0, everywhere(1.0)),
    "styblinski_tang": GlobalFunction(styblinski_tang, -5.0, 5.0, lambda n: problems.styblinski_tang(n).minimisers[0]),
    "zakharov": GlobalFunction(zakharov, -5.0, 10.0, everywhere(0.0)),
    "dixon_price": GlobalFunction(dixon_price, -10.0, 10.0, lambda n: 2.0 ** (2.0 ** -np.arange(n) - 1)),
    "salomon": GlobalFunction(salomon, -100.0, 100.0, everywhere(0.0)),
}


class ReachedError(Exception):
    """A loss came near enough to the minimum."""


def solve(function, n, seed, variant="current-to-pbest/1/bin"):
    """Run our differential evolution; return whether it solved the function within its budget, and the evaluations."""
    spent = size = 0

    def losses(population):
        nonlocal spent, size
        size = len(population)
        spent += size
        found = function.losses(population)
        if found.min() <= GOAL:
            raise ReachedError
        return found

    low, high, rng = np.full(n, function.low), np.full(n, function.high), np.random.default_rng(seed)
    try:
        for _ in differential_evolution(losses, low, high, rng, variant=variant):
            if spent + size > BUDGETS[n]:
                break
    except ReachedError:
        return True, spent
    return False, spent


def solve_with_scipy(function, n, seed, vectorized=True):
    """Run SciPy's with its defaults, but for the local search that polishes its answer: neither of the two has one."""
    spent = 0

    def loss(x):
        nonlocal spent
        spent += x.shape[1] if vectorized else 1
        losses = function.losses(x.T)
        if np.min(losses) <= GOAL:
            raise ReachedError
        return losses

    generations = BUDGETS[n] // (15 * n) - 1
    updating = "deferred" if vectorized else "immediate"
    settings = {"vectorized": vectorized, "updating": updating, "polish": False, "tol": 0.0, "maxiter": generations}
    try:
        box = [(function.low, function.high)] * n
        scipy.optimize.differential_evolution(loss, box, rng=np.random.default_rng(seed), **settings)
    except ReachedError:
        return True, spent
    return False, spent
