"""Ten classical functions with many minima: differential evolution solves as many of them as SciPy's does."""

from __future__ import annotations

import numpy as np
import pytest
from problem_sets.global_functions import FUNCTIONS, solve, solve_with_scipy


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_classical_functions_are_zero_at_their_minimiser_and_above_it_elsewhere(name):
    function, rng = FUNCTIONS[name], np.random.default_rng(7)
    for n in (2, 5, 10):
        at = function.minimiser(n)
        assert np.all((at > function.low) & (at < function.high))
        assert abs(function.losses(at[None])[0]) <= 1e-10
        nearby = function.losses(at + 1e-3 * rng.normal(size=(300, n)))
        anywhere = function.losses(rng.uniform(function.low, function.high, size=(3000, n)))
        assert min(nearby.min(), anywhere.min()) > 0


# Measured: 197 against 180 of 200, 86 against 76 of 100, 16 against 10 of 20. By function, and with the times taken, it
# is `python -m benchmarks evolutionary`.
@pytest.mark.parametrize(("n", "seeds"), [(2, 20), (5, 10), (10, 2)])
def test_at_equal_budgets_no_fewer_searches_of_ten_functions_succeed_than_scipys(n, seeds):
    ours, theirs = (
        sum(race(function, n, seed)[0] for function in FUNCTIONS.values() for seed in range(seeds))
        for race in (solve, solve_with_scipy)
    )
    assert ours >= theirs
    assert ours >= 0.7 * len(FUNCTIONS) * seeds
