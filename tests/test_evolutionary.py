"""Claims of section 3.13: what a population, chance and selection can do, and what that costs."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
import scipy.optimize
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from optcourse import (
    bfgs,
    cma_es,
    crossover,
    differential_evolution,
    evolution_strategy,
    genetic_algorithm,
    problems,
    run,
)
from optcourse.evolutionary import _others, _select, _throw_dice

BOX = {"low": [-2.0, -1.0, -4.0], "high": [1.0, 3.0, 4.0]}
VARIANTS = ("rand/1/bin", "current-to-pbest/1/bin")
each_variant = pytest.mark.parametrize("variant", VARIANTS)


def bowl(population):
    return np.sum((population - [0.5, 2.9, -1.0]) ** 2 * [1, 10, 100], axis=-1)


def ones(bits):
    """One-max: the more ones the better."""
    return -bits.sum(axis=1)


STREAMS = {
    "genetic_algorithm": lambda rng, losses=ones, **own: genetic_algorithm(losses, 24, rng, **own),
    "evolution_strategy": lambda rng, losses=bowl, **own: evolution_strategy(losses, [0.0, 0.0, 0.0], rng, **own),
    "cma_es": lambda rng, losses=bowl, **own: cma_es(losses, [0.0, 0.0, 0.0], rng, **own),
    "differential_evolution": lambda rng, losses=bowl, **own: differential_evolution(losses, **BOX, rng=rng, **own),
    "jade": lambda rng, losses=bowl, **own: differential_evolution(losses, **BOX, rng=rng, variant=VARIANTS[1], **own),
}
each_method = pytest.mark.parametrize("name", STREAMS)


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def bits(text):
    return np.array([int(bit) for bit in text])


# ---------------------------------------------------------------------------------------------- what all have in common


@each_method
def test_the_same_chance_gives_the_same_stream_and_another_gives_another(name):
    first, second, other = (list(islice(STREAMS[name](np.random.default_rng(seed)), 12)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, other)


@each_method
@pytest.mark.parametrize("change", [np.arctan, lambda losses: 1e6 * losses + 7.0])
def test_only_the_order_of_the_losses_matters(name, change):
    losses = ones if name == "genetic_algorithm" else bowl
    plain = list(islice(STREAMS[name](np.random.default_rng(1)), 12))
    changed = list(islice(STREAMS[name](np.random.default_rng(1), lambda p: change(0.01 * losses(p))), 12))
    np.testing.assert_array_equal(plain, changed)


@each_method
def test_the_best_so_far_is_never_lost(name, rng):
    losses = ones if name == "genetic_algorithm" else bowl
    seen = []
    stream = STREAMS[name](rng, lambda population: seen.append(losses(population).min()) or losses(population))
    for best in islice(stream, 30):
        assert losses(best[None])[0] == min(seen)


@pytest.mark.parametrize("name", [name for name in STREAMS if name != "genetic_algorithm"])
def test_a_candidate_that_is_no_better_takes_nobodys_place(name, rng):
    # Flat where the search begins, and worse somewhere: many are equally good, and the first of them stays.
    plateau = lambda population: np.where(population[:, 0] < 0.2, 0.0, population[:, 0])  # noqa: E731
    stream = STREAMS[name](rng, plateau)
    first = stream.start if stream.start is not None else next(stream)
    for best in islice(stream, 12):
        np.testing.assert_array_equal(best, first)
    if stream.start is None:
        kept = stream.state["population"][stream.state["scores"] == 0]
        next(stream)
        together = stream.state["population"]
        assert all(any(np.array_equal(one, other) for other in together) for one in kept)


@each_method
def test_an_iterate_is_not_changed_by_what_follows(name, rng):
    stream = STREAMS[name](rng)
    kept = [(best, best.copy()) for best in islice(stream, 15)]
    assert all(np.array_equal(now, then) for now, then in kept)


@each_method
@pytest.mark.parametrize("size", [1e-300, 1e154, 1e200, 1e306])
def test_losses_whose_squares_no_float_holds_are_losses_like_others(name, size):
    losses = ones if name == "genetic_algorithm" else lambda population: np.tanh(bowl(population))
    plain = list(islice(STREAMS[name](np.random.default_rng(1), losses), 12))
    scaled = list(islice(STREAMS[name](np.random.default_rng(1), lambda p: size * losses(p)), 12))
    np.testing.assert_array_equal(scaled, plain)


@each_method
def test_losses_may_all_be_written_into_one_array(name):
    losses, buffers = ones if name == "genetic_algorithm" else bowl, {}

    def buffered(population):
        buffer = buffers.setdefault(len(population), np.empty(len(population)))
        buffer[:] = losses(population)
        return buffer

    expected = list(islice(STREAMS[name](np.random.default_rng(1)), 12))
    np.testing.assert_array_equal(list(islice(STREAMS[name](np.random.default_rng(1), buffered), 12)), expected)


@each_method
def test_a_loss_without_a_value_is_named(name, rng):
    stream = STREAMS[name](rng, lambda population: np.full(len(population), np.nan))
    with pytest.raises(ValueError, match="losses returned NaN"):
        next(stream)


# --------------------------------------------------------------------------------------------------- genetic algorithms


def test_the_worked_example_cuts_after_the_fourth_bit():
    first, second = bits("11010010"), bits("00110111")
    assert (first.sum(), second.sum()) == (4, 5)
    children = crossover(first, second, cut=4)
    assert np.array_equal(children, [bits("11010111"), bits("00110010")])
    assert [child.sum() for child in children] == [6, 3]


@settings(max_examples=60, deadline=None)
@given(data=st.data(), n=st.integers(1, 12))
def test_crossover_gives_away_what_it_takes(data, n):
    parent, other = (data.draw(arrays.arrays(np.int64, n, elements=st.integers(0, 1))) for _ in range(2))
    cut = data.draw(st.integers(0, n))
    first, second = crossover(parent, other, cut)
    assert np.array_equal(first[:cut], parent[:cut])
    assert np.array_equal(first + second, parent + other)  # at every place
    assert np.array_equal(crossover(first, second, cut), [parent, other])  # and back


def test_cutting_at_the_ends_swaps_all_or_nothing():
    assert np.array_equal(crossover([1, 0], [0, 0], cut=0), [[0, 0], [1, 0]])
    assert np.array_equal(crossover([1, 0], [0, 0], cut=2), [[1, 0], [0, 0]])
    with pytest.raises(ValueError, match="cut = 3: must be at most 2"):
        crossover([1, 0], [0, 0], cut=3)
    with pytest.raises(ValueError, match=r"other = .*as long as the other parent, \(2,\)"):
        crossover([1, 0], [0, 0, 1], cut=1)
    with pytest.raises(ValueError, match="other = "):
        crossover([[1, 0]], [[0, 0]], cut=1)
    with pytest.raises(ValueError, match="cut = -1"):
        crossover([1, 0], [0, 0], cut=-1)


@pytest.mark.parametrize("selection", ["tournament", "roulette"])
def test_a_population_stays_what_it_is(selection, rng):
    stream = genetic_algorithm(ones, 9, rng, population_size=14, selection=selection)
    for _ in range(20):
        next(stream)
        population, scores = stream.state["population"], stream.state["scores"]
        assert population.shape == (14, 9)
        assert np.isin(population, (0, 1)).all()
        np.testing.assert_array_equal(scores, ones(population))
    assert stream.evaluations == {"losses": 14 * 21}


@pytest.mark.parametrize("elite", [1, 3])
def test_the_elite_survive_unchanged(elite, rng):
    stream = genetic_algorithm(ones, 30, rng, population_size=10, elite=elite, mutation_rate=0.3)
    next(stream)
    for _ in range(20):
        before = stream.state
        best = before["population"][np.argsort(before["scores"], kind="stable")[:elite]]
        next(stream)
        np.testing.assert_array_equal(stream.state["population"][-elite:], best)


def test_without_an_elite_the_best_can_be_lost(rng):
    scores = [ones(best[None])[0] for best in islice(genetic_algorithm(ones, 30, rng, 10, 0.3, elite=0), 40)]
    assert np.diff(scores).max() > 0


def test_without_mutation_what_all_share_stays_and_children_mix_neighbouring_parents(rng):
    stream = genetic_algorithm(ones, 16, rng, population_size=6, mutation_rate=0.0, elite=0)
    before = None
    for _ in range(12):
        next(stream)
        population = stream.state["population"]
        if before is not None:
            settled = (before == before[0]).all(axis=0)
            np.testing.assert_array_equal(population[:, settled], before[:, settled][:1].repeat(6, axis=0))
        parents, cuts = stream.state["parents"], stream.state["cuts"]
        assert np.all((cuts >= 1) & (cuts <= 15))
        for i, cut in enumerate(cuts):
            pair = crossover(parents[2 * i], parents[2 * i + 1], int(cut))
            np.testing.assert_array_equal(population[[i, i + 3]], pair)
        before = population


@pytest.mark.parametrize("n", [2, 3, 5])
def test_every_cut_between_two_bits_is_equally_likely(n, rng):
    stream = genetic_algorithm(ones, n, rng, population_size=2000)
    next(stream)
    each = 1000 / (n - 1)
    times = np.bincount(stream.state["cuts"], minlength=n)
    assert times[1:] == pytest.approx(np.full(n - 1, each), abs=5 * np.sqrt(each))
    assert (times[0], times.sum()) == (0, 1000)


@pytest.mark.parametrize(("rate", "expected"), [(None, 1 / 25), (0.0, 0.0), (0.3, 0.3), (1.0, 1.0)])
def test_each_bit_flips_with_the_chance_it_was_given(rate, expected, rng):
    flat = lambda population: np.zeros(len(population))  # noqa: E731
    stream = genetic_algorithm(flat, 25, rng, population_size=2000, mutation_rate=rate, elite=0)
    next(stream)
    tail, mothers, fathers = (stream.state[key] for key in ("tail", "mothers", "fathers"))
    unflipped = np.vstack([np.where(tail, fathers, mothers), np.where(tail, mothers, fathers)])
    share = np.mean(stream.state["population"] != unflipped)
    assert share == pytest.approx(expected, abs=5 * np.sqrt(expected * (1 - expected) / 50_000))


def test_strings_of_one_bit_have_nowhere_to_be_cut(rng):
    assert [best.tolist() for best in islice(genetic_algorithm(ones, 1, rng, population_size=4), 5)][-1] == [1]


@pytest.mark.parametrize("pressure", [1, 2, 5])
def test_the_best_wins_a_tournament_if_it_takes_part(pressure, rng):
    draws = 40_000
    chosen = np.bincount(_select(np.arange(10.0), rng, draws, "tournament", pressure), minlength=10) / draws
    beaten = 1 - np.arange(11) / 10  # the chance that a candidate is no better than the i-th
    assert chosen == pytest.approx(-np.diff(beaten**pressure), abs=5 * np.sqrt(0.25 / draws))


def test_roulette_draws_in_proportion_to_the_lead_over_the_worst(rng):
    draws, scores = 40_000, np.array([-6.0, -3.0, -1.0, 0.0])
    chosen = np.bincount(_select(scores, rng, draws, "roulette", 2), minlength=4) / draws
    assert chosen == pytest.approx([0.6, 0.3, 0.1, 0.0], abs=5 * np.sqrt(0.25 / draws))
    assert chosen[3] == 0
    unit = np.bincount(_select(1e-3 * scores, rng, draws, "roulette", 2), minlength=4) / draws
    assert unit == pytest.approx(chosen, abs=5 * np.sqrt(0.25 / draws))  # whatever the losses are measured in
    alike = np.bincount(_select(np.full(4, 2.0), rng, draws, "roulette", 2), minlength=4) / draws
    assert alike == pytest.approx([0.25] * 4, abs=5 * np.sqrt(0.25 / draws))


@pytest.mark.parametrize(
    ("scores", "shares"),
    [
        ([-1e308, 0.0, 1e308], [2 / 3, 1 / 3, 0]),  # the leads add up to more than any float
        ([1.0, 2.0, np.inf, np.inf], [1 / 2, 1 / 2, 0, 0]),  # the longer the lead, the less do two of them differ
        ([-np.inf, -np.inf, 0.0, 1.0], [1 / 2, 1 / 2, 0, 0]),
        ([-np.inf, 1.0, np.inf], [2 / 3, 1 / 3, 0]),
        ([np.inf, np.inf], [1 / 2, 1 / 2]),
        ([1e-300, 2e-300, 3e-300], [2 / 3, 1 / 3, 0]),
    ],
)
def test_roulette_makes_shares_of_all_losses_that_there_are(scores, shares, rng):
    drawn = _select(np.array(scores), rng, 20_000, "roulette", 1)
    np.testing.assert_allclose(np.bincount(drawn, minlength=len(scores)) / 20_000, shares, atol=0.015)


def test_selection_is_what_improves_a_population(rng):
    def mean_after(pressure):
        stream = genetic_algorithm(ones, 40, np.random.default_rng(3), 200, 0.0, pressure=pressure, elite=0)
        list(islice(stream, 15))
        return -stream.state["scores"].mean()

    drift, gentle, hard = mean_after(1), mean_after(2), mean_after(5)
    assert drift == pytest.approx(20, abs=2)  # chance alone: no better than at the start
    assert drift + 8 < gentle < hard


@pytest.mark.parametrize("selection", ["tournament", "roulette"])
def test_one_max_of_sixty_bits_is_solved(selection):
    stream = genetic_algorithm(ones, 60, np.random.default_rng(0), population_size=60, selection=selection)
    assert max(best.sum() for best in islice(stream, 400)) == 60


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"population_size": 7}, "population_size = 7: must be an even number, 4 or more"),
        ({"population_size": 2}, "population_size = 2: must be an even number"),
        ({"population_size": 6, "elite": 6}, "elite = 6: must be smaller than the population of 6"),
        ({"mutation_rate": 1.5}, "mutation_rate = 1.5"),
        ({"selection": "rank"}, "selection = 'rank'"),
        ({"pressure": 0}, "pressure = 0"),
        ({"elite": -1}, "elite = -1"),
    ],
)
def test_a_genetic_algorithm_that_makes_no_sense_is_refused(arguments, complaint, rng):
    with pytest.raises(ValueError, match=complaint):
        genetic_algorithm(ones, 8, rng, **arguments)
    genetic_algorithm(ones, 8, rng, population_size=4, elite=3)  # the least that makes sense


# ------------------------------------------------------------------------------------------------- evolution strategies


def test_a_generation_of_the_strategy_is_that_of_the_page(rng):
    stream = evolution_strategy(bowl, [0.0, 1.0, 0.0], np.random.default_rng(5), sigma=0.2, parents=3, children=12)
    twin, n = np.random.default_rng(5), 3
    centre, log_sigma, best = np.array([0.0, 1.0, 0.0]), np.log(0.2), np.inf
    for _ in range(10):
        own = np.exp(log_sigma + twin.standard_normal(12) / np.sqrt(2 * n))
        born = centre + np.stack([own[i] * row for i, row in enumerate(twin.standard_normal((12, n)))])
        order = np.argsort(bowl(born))[:3]
        centre, log_sigma = born[order].mean(axis=0), np.log(own[order]).mean()
        theta = next(stream)
        np.testing.assert_allclose(stream.state["population"], born[order], rtol=1e-12)
        np.testing.assert_allclose(stream.state["sigmas"], own[order], rtol=1e-12)
        np.testing.assert_allclose(stream.state["scores"], np.sort(bowl(born))[:3], rtol=1e-9)
        best = min(best, bowl(born).min())
        assert bowl(theta) == pytest.approx(min(best, bowl(np.array([0.0, 1.0, 0.0]))), rel=1e-9)


def test_parents_are_forgotten_even_when_their_children_are_worse(rng):
    stream = evolution_strategy(bowl, [0.5, 2.9, -1.0], rng, sigma=0.1)  # the start is the minimum
    for best in islice(stream, 10):
        assert best.tolist() == [0.5, 2.9, -1.0]
        assert stream.state["scores"].min() > 0


def test_step_sizes_grow_far_away_and_shrink_at_the_minimum():
    sphere = lambda population: np.sum(population**2, axis=1)  # noqa: E731
    far = evolution_strategy(sphere, np.full(4, 1e4), np.random.default_rng(1), sigma=0.1)
    list(islice(far, 30))
    assert far.state["sigmas"].min() > 10
    near = evolution_strategy(sphere, np.full(4, 1.0), np.random.default_rng(1), sigma=1.0)
    assert sphere(list(islice(near, 150))[-1][None])[0] < 1e-12
    assert near.state["sigmas"].max() < 1e-5


def test_children_are_at_least_as_many_as_parents(rng):
    with pytest.raises(ValueError, match="children = 4: must be at least parents = 5"):
        evolution_strategy(bowl, np.zeros(3), rng, children=4)
    next(evolution_strategy(bowl, np.zeros(3), rng, children=5))


@pytest.mark.parametrize("arguments", [{"sigma": 0.0}, {"parents": 0}, {"parents": 2, "children": 7.5}])
def test_a_strategy_that_makes_no_sense_is_refused(arguments, rng):
    *_, name = arguments
    with pytest.raises(ValueError, match=f"^{name} = {arguments[name]}"):
        evolution_strategy(bowl, np.zeros(3), rng, **arguments)


# --------------------------------------------------------------------------------------------------------------- CMA-ES

# Computed by the authors' own code (cma 4.5.0, cma.more_algorithms.purecma, positive weights): children, then the rest.
STRATEGY = ("mu_eff", "c_c", "c_sigma", "c_1", "c_mu")
PUBLISHED = {
    2: (6, 2.0286114646100617, 0.6245545390268264, 0.44620498737831715, 0.1548153998964136, 0.057859085071916304),
    10: (10, 3.1672992814107035, 0.29499038303562225, 0.2844285879463675, 0.015283824524751714, 0.02015428276120839),
    40: (15, 4.5409152090759575, 0.09300921663424917, 0.1320305687020827, 0.0011694327252618397, 0.0031225007109974075),
}


@pytest.mark.parametrize("n", PUBLISHED)
def test_the_strategy_parameters_are_the_published_ones(n, rng):
    children, *expected = PUBLISHED[n]
    stream = cma_es(lambda population: np.sum(population**2, axis=1), np.ones(n), rng)
    next(stream)
    assert stream.evaluations["losses"] == 1 + children
    assert [stream.state[name] for name in STRATEGY] == pytest.approx(expected, rel=1e-12)
    assert stream.state["w"].sum() == pytest.approx(1, rel=1e-15)
    assert np.all(np.diff(stream.state["w"]) < 0)
    # The tutorial's damping: 1 + c_σ while μ_eff ≤ n + 2, which small populations keep.
    assert stream.state["d_sigma"] == pytest.approx(1 + expected[2], rel=1e-14)
    lengths = np.linalg.norm(np.random.default_rng(0).normal(size=(100_000, n)), axis=1)
    assert stream.state["expected"] == pytest.approx(lengths.mean(), rel=0.02 if n == 2 else 5e-3)


def test_a_large_population_is_damped_more_and_its_rates_stay_below_one(rng):
    stream = cma_es(lambda population: np.sum(population**2, axis=1), np.ones(2), rng, children=400)
    next(stream)
    mu_eff, c_sigma = stream.state["mu_eff"], stream.state["c_sigma"]
    assert stream.state["d_sigma"] == pytest.approx(1 + c_sigma + 2 * (np.sqrt((mu_eff - 1) / 3) - 1), rel=1e-14)
    assert stream.state["c_1"] + stream.state["c_mu"] <= 1


# Seeds at which the path of the mean is sometimes too long to be learned from, early and late; at the last two it is
# the correction for its first steps that decides.
@pytest.mark.parametrize(
    ("theta", "sigma", "seed"),
    [([0, 0, 0], 0.5, 1), ([0.4, 2.5, -1], 0.02, 2), ([50] * 3, 0.1, 0), ([50] * 3, 0.1, 39), ([0, 0, 0], 0.5, 54)],
)
def test_a_generation_of_cma_es_is_that_of_the_tutorial(theta, sigma, seed):
    n, twin = 3, np.random.default_rng(seed)
    stream = cma_es(bowl, theta, np.random.default_rng(seed), sigma=sigma)
    mean, C, p_sigma, p_c = np.array(theta, dtype=float), np.eye(n), np.zeros(n), np.zeros(n)
    steady_seen = set()
    for generation in range(1, 30):
        next(stream)
        now = stream.state
        w, c_1, c_mu, c_c, c_sigma, mu_eff = (now[key] for key in ("w", "c_1", "c_mu", "c_c", "c_sigma", "mu_eff"))
        values, B = np.linalg.eigh(C)
        y = [B @ (np.sqrt(values) * z) for z in twin.standard_normal((now["lam"], n))]
        best = sorted(y, key=lambda step: bowl(mean + sigma * step))[: len(w)]
        y_w = sum(weight * step for weight, step in zip(w, best, strict=True))
        mean = mean + sigma * y_w
        root = B @ np.diag(values**-0.5) @ B.T
        p_sigma = (1 - c_sigma) * p_sigma + np.sqrt(c_sigma * (2 - c_sigma) * mu_eff) * root @ y_w
        chi = np.sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n**2))
        unbiased = np.linalg.norm(p_sigma) / np.sqrt(1 - (1 - c_sigma) ** (2 * generation))
        h = 1.0 if unbiased < (1.4 + 2 / (n + 1)) * chi else 0.0
        p_c = (1 - c_c) * p_c + h * np.sqrt(c_c * (2 - c_c) * mu_eff) * y_w
        learned = sum(weight * np.outer(step, step) for weight, step in zip(w, best, strict=True))
        delta = (1 - h) * c_c * (2 - c_c)
        C = (1 + c_1 * delta - c_1 - c_mu) * C + c_1 * np.outer(p_c, p_c) + c_mu * learned
        sigma *= np.exp(min(1.0, c_sigma / now["d_sigma"] * (np.linalg.norm(p_sigma) / chi - 1)))
        np.testing.assert_allclose(now["mean"], mean, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(now["C"], C, rtol=1e-8, atol=1e-12)
        assert now["sigma"] == pytest.approx(sigma, rel=1e-9)
        steady_seen.add(h)
    assert steady_seen == {0.0, 1.0}


def ellipsoid(n, kappa, turned):
    scales = np.geomspace(1, kappa, n)
    Q = np.linalg.qr(np.random.default_rng(11).normal(size=(n, n)))[0] if turned else np.eye(n)
    H = (Q.T * scales) @ Q
    return (lambda population: 0.5 * np.einsum("ki,ij,kj->k", population, H, population)), H


def spent(stream, losses, goal):
    return next(stream.evaluations["losses"] for best in islice(stream, 5000) if losses(best[None])[0] <= goal)


def test_cma_es_does_not_care_how_an_ill_conditioned_valley_lies():
    def price(turned, seed):
        losses, _ = ellipsoid(6, 1e6, turned)
        return spent(cma_es(losses, np.ones(6), np.random.default_rng(seed), sigma=0.5), losses, 1e-10)

    upright, turned = (np.median([price(turned, seed) for seed in range(5)]) for turned in (False, True))
    assert turned == pytest.approx(upright, rel=0.2)


def test_cma_es_learns_the_inverse_hessian_up_to_a_factor():
    losses, H = ellipsoid(5, 1e4, turned=True)
    stream = cma_es(losses, np.ones(5), np.random.default_rng(0), sigma=0.5)
    list(islice(stream, 400))
    C = stream.state["C"]
    np.testing.assert_allclose(C, C.T, rtol=1e-12)
    assert np.linalg.cond(C) > 1e3
    whitened = np.linalg.eigvals(C @ H).real  # all alike, were C the inverse of H
    assert whitened.max() / whitened.min() < 20  # of H alone: 10⁴


def test_a_strategy_with_one_step_size_crawls_where_cma_es_has_learned_the_valley():
    losses, _ = ellipsoid(6, 1e6, turned=True)
    learned = cma_es(losses, np.ones(6), np.random.default_rng(0), sigma=0.5)
    cost = spent(learned, losses, 1e-8)
    blind = evolution_strategy(losses, np.ones(6), np.random.default_rng(0), sigma=0.5)
    best = next(best for best in blind if blind.evaluations["losses"] >= cost)
    assert losses(best[None])[0] > 1e-3


def test_two_children_are_the_fewest(rng):
    stream = cma_es(bowl, [0.0, 0.0, 0.0], rng, children=2)
    next(stream)
    assert stream.state["w"].tolist() == [1.0]  # half of them are parents
    with pytest.raises(ValueError, match="children = 1: must be a whole number, 2 or more"):
        cma_es(bowl, [0.0, 0.0, 0.0], rng, children=1)
    with pytest.raises(ValueError, match=r"sigma = 0\.0"):
        cma_es(bowl, [0.0, 0.0, 0.0], rng, sigma=0.0)


def test_cma_es_ends_where_there_is_nothing_to_learn(rng):
    flat = cma_es(lambda population: np.zeros(len(population)), np.ones(3), rng)
    assert list(flat) == []
    assert flat.reason == "stalled"


@pytest.mark.parametrize("side", [1, -1])
def test_cma_es_ends_when_its_longest_step_is_lost_in_the_roundings_of_the_mean(side, rng):
    stream = cma_es(lambda population: bowl(side * population), [0.0, 0.0, 0.0], rng)
    steps = []
    for _ in islice(stream, 5000):
        now = stream.state
        steps.append(now["sigma"] * np.sqrt(np.diag(now["C"]).max()) / np.abs(now["mean"]).max())
    assert stream.reason == "stalled"
    np.testing.assert_allclose(stream.state["best"], np.multiply(side, [0.5, 2.9, -1.0]), atol=1e-7)
    assert steps[-1] <= 1e-15
    assert min(steps[:-1]) > 1e-15


def test_a_step_size_grows_e_fold_a_generation_at_most():
    stream = cma_es(lambda population: -population[:, 0], [0.0], np.random.default_rng(0), children=10)
    sizes = [stream.state["sigma"] for _ in islice(stream, 40)]  # ever downhill, the same way every time
    growth = np.exp(np.diff(np.log(sizes)))
    assert growth.max() == pytest.approx(np.e, rel=1e-12)
    assert np.count_nonzero(growth < np.e - 1e-3) > 5


# ----------------------------------------------------------------------------------------------- differential evolution


@each_variant
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), F=st.floats(0, 3), CR=st.floats(0, 1))
def test_nobody_leaves_the_box_and_nobody_gets_worse(variant, seed, F, CR):
    asked = []
    losses = lambda population: asked.append(population) or bowl(population)  # noqa: E731
    stream = differential_evolution(
        losses, **BOX, rng=np.random.default_rng(seed), population_size=30, F=F, CR=CR, variant=variant
    )
    scores = None
    for best in islice(stream, 25):
        assert stream.state["population"].shape == (30, 3)
        np.testing.assert_array_equal(stream.state["scores"], bowl(stream.state["population"]))
        assert scores is None or np.all(stream.state["scores"] <= scores)
        scores = stream.state["scores"]
        assert bowl(best) == scores.min()
    together = np.vstack(asked)
    assert np.all((together >= BOX["low"]) & (together <= BOX["high"]))
    assert len(together) == 30 * 26


@pytest.mark.parametrize(
    ("variant", "n", "size"),
    [
        *((VARIANTS[0], n, size) for n, size in [(1, 20), (2, 20), (3, 30), (7, 70)]),
        *((VARIANTS[1], n, size) for n, size in [(1, 23), (2, 26), (7, 41)]),
    ],
)
def test_a_population_is_ten_times_the_dimension_or_twenty_and_three_times_the_dimension(variant, n, size, rng):
    stream = differential_evolution(lambda p: np.sum(p**2, axis=1), -np.ones(n), np.ones(n), rng, variant=variant)
    next(stream)
    assert stream.state["population"].shape == (size, n)
    given_size = differential_evolution(lambda p: np.sum(p**2, axis=1), -np.ones(n), np.ones(n), rng, population_size=5)
    next(given_size)
    assert given_size.state["population"].shape == (5, n)


def test_the_first_generation_fills_the_box(rng):
    asked = []
    losses = lambda population: asked.append(population) or bowl(population)  # noqa: E731
    next(differential_evolution(losses, **BOX, rng=rng, population_size=4000))
    low, high = np.array(BOX["low"]), np.array(BOX["high"])
    unit = (asked[0] - low) / (high - low)
    assert unit.mean(axis=0) == pytest.approx(np.full(3, 0.5), abs=0.03)
    assert unit.std(axis=0) == pytest.approx(np.full(3, 1 / np.sqrt(12)), abs=0.02)


def trial_generation(rng, **options):
    """One generation on a loss that nobody can improve: what was tried, and the stream that tried it."""
    asked = []

    def losses(population):
        asked.append(population.copy())
        return np.full(len(population), float(len(asked)))

    stream = differential_evolution(losses, **BOX, rng=rng, **options)
    next(stream)
    return asked[0], asked[1], stream.state


def test_a_classic_mutant_is_one_candidate_moved_by_the_difference_of_two_others(rng):
    before, trials, state = trial_generation(rng, F=0.1, CR=1.0)
    r1, r2, r3 = state["r1"], state["r2"], state["r3"]
    mutants = before[r1] + 0.1 * (before[r2] - before[r3])
    inside = np.all((mutants >= BOX["low"]) & (mutants <= BOX["high"]), axis=1)
    assert inside.sum() > 20
    np.testing.assert_allclose(trials[inside], mutants[inside], rtol=1e-14)
    np.testing.assert_array_equal(state["population"], before)  # nobody improved: nobody moved


def test_a_jade_mutant_moves_towards_one_of_the_best_and_by_a_difference(rng):
    # Every loss is 1 at first, so the order of the best is that of their numbers: a fifth of 30 is 6.
    before, trials, state = trial_generation(rng, CR=1.0, population_size=30, variant=VARIANTS[1])
    r1, r2, Fs = state["r1"], state["r2"], state["Fs"][:, None]
    mutants = before + Fs * (state["guide"] - before + before[r1] - before[r2])
    inside = np.all((mutants >= BOX["low"]) & (mutants <= BOX["high"]), axis=1)
    whole = inside & state["crossed"].all(axis=1)
    assert whole.sum() >= 5
    np.testing.assert_allclose(trials[whole], mutants[whole], rtol=1e-14)
    guides = {tuple(guide) for guide in state["guide"]}
    assert guides == {tuple(one) for one in before[:6]}
    assert (state["CR"], state["F"]) == (1.0, 0.5)  # nothing won, nothing learned


@pytest.mark.parametrize(("size", "best"), [(5, 2), (14, 2), (20, 4)])
def test_the_best_fifth_has_two_members_at_least(size, best, rng):
    before, _, state = trial_generation(rng, population_size=size, variant=VARIANTS[1])
    assert {tuple(guide) for guide in state["guide"]} == {tuple(one) for one in before[:best]}


def test_a_mutant_that_would_leave_is_set_halfway_between_the_wall_and_its_parent(rng):
    before, trials, state = trial_generation(rng, F=50.0, CR=1.0)
    mutants = before[state["r1"]] + 50 * (before[state["r2"]] - before[state["r3"]])
    low, high = (np.broadcast_to(BOX[side], before.shape) for side in ("low", "high"))
    below, above = mutants < low, mutants > high
    assert below.sum() > 10
    assert above.sum() > 10
    np.testing.assert_allclose(trials[below], (low + before)[below] / 2, rtol=1e-14)
    np.testing.assert_allclose(trials[above], (high + before)[above] / 2, rtol=1e-14)


@pytest.mark.parametrize(("CR", "changed"), [(0.0, 1.0), (1.0, 3.0), (0.6, 1 + 2 * 0.6)])
def test_at_least_one_coordinate_is_the_mutants_and_each_other_with_its_chance(CR, changed, rng):
    before, trials, _ = trial_generation(rng, CR=CR, population_size=3000)
    per_candidate = np.sum(before != trials, axis=1)
    assert per_candidate.min() >= 1
    assert per_candidate.mean() == pytest.approx(changed, abs=0.06)
    at = np.argmax(before != trials, axis=1)[per_candidate == 1]
    if CR == 0:
        assert np.bincount(at, minlength=3) / 3000 == pytest.approx(np.full(3, 1 / 3), abs=0.05)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), size=st.integers(4, 12))
def test_the_three_others_differ_from_each_other_and_from_the_candidate(seed, size):
    others = _others(np.random.default_rng(seed), (3, size), 3)
    together = np.stack([np.tile(np.arange(size), (3, 1)), *others])
    assert len(others) == 3
    assert np.all(np.diff(np.sort(together, axis=0), axis=0) > 0)
    assert together.min() >= 0
    assert together.max() < size


def test_every_other_candidate_is_equally_likely(rng):
    first, second = (drawn[:, 1] for drawn in _others(rng, (20_000, 5), 2))  # for candidate 1
    pairs = np.bincount(5 * first + second, minlength=25).reshape(5, 5) / 20_000
    possible = np.ones((5, 5)) - np.eye(5)
    possible[1], possible[:, 1] = 0, 0
    assert pairs == pytest.approx(possible / 12, abs=0.01)
    assert np.all(pairs[possible == 0] == 0)


def test_jades_rates_are_drawn_around_what_was_learned(rng):
    _, _, state = trial_generation(rng, population_size=100_000, variant=VARIANTS[1])
    Fs, CRs = state["Fs"], state["CRs"]
    assert np.all((Fs > 0) & (Fs <= 1))
    assert np.all((CRs >= 0) & (CRs <= 1))
    # A Cauchy draw of scale 0.1 around 0.5; what is beyond 1 is 1, and what is below 0 changes its sign.
    below = lambda F: 0.5 + np.arctan((F - 0.5) / 0.1) / np.pi  # noqa: E731
    assert np.mean(Fs == 1) == pytest.approx(1 - below(1.0) + below(-1.0), abs=0.005)
    for F in (0.1, 0.4, 0.5, 0.6, 0.9):
        assert np.mean(Fs < F) == pytest.approx(below(F) - below(-F), abs=0.01)
    assert np.mean(CRs == 1) == pytest.approx(0.1587, abs=0.01)  # a normal draw, one deviation up
    assert np.mean(CRs < 0.8) == pytest.approx(0.1587, abs=0.01)


@pytest.mark.parametrize("CR", [0.0, 0.5, 1.0])
def test_jades_candidates_cross_over_at_their_own_rates(CR, rng):
    _, _, state = trial_generation(rng, CR=CR, population_size=100_000, variant=VARIANTS[1])
    assert state["crossed"].any(axis=1).all()
    for rates in (state["CRs"] < CR, state["CRs"] >= CR):
        own = state["CRs"][rates]
        expected = np.mean(1 / 3 + 2 / 3 * own) if own.size else 0  # one of three for sure
        share = np.mean(state["crossed"][rates]) if own.size else 0
        assert share == pytest.approx(expected, abs=0.01)


def test_jade_learns_from_the_children_that_won():
    rng = np.random.default_rng(3)
    stream = differential_evolution(bowl, **BOX, rng=rng, population_size=30, variant=VARIANTS[1])
    F, CR = 0.5, 0.9
    for _ in range(40):
        next(stream)
        now = stream.state
        won = now["better"]
        if won.any():
            F = 0.9 * F + 0.1 * np.mean(now["Fs"][won] ** 2) / np.mean(now["Fs"][won])  # Lehmer's mean
            CR = 0.9 * CR + 0.1 * np.mean(now["CRs"][won])
        assert (now["F"], now["CR"]) == pytest.approx((F, CR), rel=1e-12)
    assert F != 0.5


@each_variant
def test_on_the_textbook_bowl_the_answer_is_scipys(variant):
    both = lambda v: (v[..., 0] - 2) ** 2 + (v[..., 1] + 1) ** 2  # noqa: E731
    rng = np.random.default_rng(0)
    ours = run(differential_evolution(both, [-5, -5], [5, 5], rng, variant=variant), steps=150).theta
    theirs = scipy.optimize.differential_evolution(both, [(-5, 5), (-5, 5)], rng=np.random.default_rng(0)).x
    np.testing.assert_allclose(ours, [2, -1], atol=1e-7)
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"high": [0.0, -1.0, 4.0]}, r"low = .*below high"),
        ({"high": [0.0, 4.0]}, "low = "),
        ({"low": -1.0, "high": 1.0}, "low = "),
        ({"population_size": 3}, "population_size = 3: must be at least 4"),
        ({"high": [1.0, -1.0, 4.0]}, "low = "),
        ({"high": [1.0, 3.0, np.inf]}, "high = "),
        ({"low": [-2.0, -1.0, np.nan]}, "low = "),
        ({"population_size": 4.5}, "population_size = 4.5"),
        ({"F": -0.1}, "F = -0.1"),
        ({"CR": 1.1}, "CR = 1.1"),
        ({"variant": "best/1/bin"}, "variant = 'best/1/bin'"),
    ],
)
def test_a_search_that_makes_no_sense_is_refused(arguments, complaint, rng):
    with pytest.raises(ValueError, match=complaint):
        differential_evolution(bowl, **(BOX | arguments), rng=rng)
    next(differential_evolution(bowl, **BOX, rng=rng, population_size=4))


@each_variant
def test_if_no_child_wins_the_best_is_the_best_of_the_first_population(variant, rng):
    asked = []

    def losses(population):
        asked.append(population.copy())
        return np.roll(np.arange(len(population)), 7) + 1e9 * (len(asked) - 1)

    stream = differential_evolution(losses, **BOX, rng=rng, variant=variant)
    for best in islice(stream, 3):
        np.testing.assert_array_equal(best, asked[0][7])


@pytest.mark.parametrize(("size", "n", "times"), [(4, 1, 32), (20, 3, 32), (2**9, 2, 16), (2**13, 2, 1), (2**14, 2, 1)])
def test_dice_are_thrown_for_32_generations_at_once_but_for_no_more_than_16384_numbers(size, n, times, rng):
    thrown = _throw_dice(rng, size, n, 2, 0.1)
    assert len(thrown) == times
    for chance in thrown:
        assert chance.coordinates.shape == (size, n)
        assert (np.isinf(chance.coordinates).sum(axis=1) == 1).all()  # one coordinate of each is the mutant's for sure
        assert [r.shape for r in chance.others] == [(size,), (size,)]
        assert chance.guides.shape == chance.F.shape == chance.CR.shape == (size,)


def test_classic_dice_leave_the_rates_alone(rng):
    for chance in _throw_dice(rng, 20, 3, 3, 0.0):
        assert len(chance.others) == 3
        assert not chance.F.any()
        assert not chance.CR.any()
        drawn = chance.coordinates[np.isfinite(chance.coordinates)]
        assert np.all((drawn >= 0) & (drawn < 1))


@each_variant
def test_dice_are_thrown_once_for_many_generations_and_never_used_twice(variant):
    stream = differential_evolution(bowl, **BOX, rng=np.random.default_rng(3), variant=variant)
    next(stream)
    assert len(stream.state["ahead"]) == 31
    seen = [stream.state["crossed"].tobytes() for _ in islice(stream, 70)]
    assert len(set(seen)) == 70


# ---------------------------------------------------------------------------------------------------- what it all costs


def test_without_gradients_the_same_minimum_costs_tens_to_hundreds_of_times_the_samples_and_ever_more():
    def prices(n):
        valley = problems.quadratic(kappa=100.0, dim=n)
        slope = run(bfgs(valley.loss, valley.grad, valley.start), steps=200, tol=1e-5, grad=valley.grad)
        assert valley.loss(slope.theta) <= 1e-6
        genes = differential_evolution(valley.loss, -5 * np.ones(n), 5 * np.ones(n), np.random.default_rng(0))
        blind = cma_es(valley.loss, valley.start, np.random.default_rng(0), sigma=1.0)
        samples = [spent(stream, valley.loss, 1e-6) for stream in (genes, blind)]
        return np.array(samples) / slope.evaluations["grad"]

    small, large = prices(3), prices(12)
    assert np.all(small > 10)
    assert np.all(large > 30)
    assert large[0] > 300  # differential evolution
    assert np.all(large > 1.3 * small)
