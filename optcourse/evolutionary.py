"""3.13 Evolutionary and genetic optimization: a population, chance, and selection.

These methods see nothing but losses. They ask for a whole generation at once: ``losses`` maps a population of shape
(k, n), one candidate a row, to k losses. A loss of one θ becomes one by ``lambda population: np.array([loss(theta) for
theta in population])``. The iterate of each stream is the best candidate so far.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from optcourse.arguments import (
    Array,
    below,
    checked,
    count,
    index,
    iterate,
    non_negative,
    one_of,
    point,
    positive,
    power_of_two,
    probability,
    refuse,
)
from optcourse.streams import Iterates, stream

Losses: TypeAlias = Callable[[Array], Array]


@checked(parent=iterate, other=iterate, cut=index)
def crossover(parent: Array, other: Array, cut: int) -> tuple[Array, Array]:
    """Swap the tails of two strings after `cut` symbols (single-point crossover).

    Parameters
    ----------
    parent, other : arrays of one shape (n,)
        The parents.
    cut : int
        How many symbols each child keeps from its first parent, 0 … n.

    Returns
    -------
    first, second : arrays of shape (n,)
        The children: each keeps the head of one parent and takes the tail of the other.

    Raises
    ------
    ValueError
        If the parents are not two vectors of one length, or the cut is not within it.

    References
    ----------
    J. H. Holland, *Adaptation in Natural and Artificial Systems* (1975), section 6.2.

    Examples
    --------
    >>> first, second = [1, 1, 0, 1, 0, 0, 1, 0], [0, 0, 1, 1, 0, 1, 1, 1]
    >>> [child.astype(int).tolist() for child in crossover(first, second, cut=4)]
    [[1, 1, 0, 1, 0, 1, 1, 1], [0, 0, 1, 1, 0, 0, 1, 0]]
    """
    if parent.shape != other.shape or parent.ndim != 1:
        raise refuse("other", other, f"must be a vector as long as the other parent, {parent.shape}")
    if cut > parent.size:
        raise refuse("cut", cut, f"must be at most {parent.size}, the length of the strings")
    return np.concatenate([parent[:cut], other[cut:]]), np.concatenate([other[:cut], parent[cut:]])


def even(name: str, value: Any) -> int:
    """An even number of at least 4: parents come in pairs."""
    if count(name, value) < 4 or value % 2:
        raise refuse(name, value, "must be an even number, 4 or more")
    return int(value)


def _room_for_children(given: dict[str, Any]) -> None:
    if given["elite"] >= given["population_size"]:
        raise refuse("elite", given["elite"], f"must be smaller than the population of {given['population_size']}")


@stream(
    prepare=_room_for_children,
    population_size=even,
    mutation_rate=probability,
    selection=one_of("tournament", "roulette"),
    pressure=count,
    elite=index,
)
def genetic_algorithm(
    losses: Losses,
    n: int,
    rng: np.random.Generator,
    population_size: int = 50,
    mutation_rate: float | None = None,
    selection: str = "tournament",
    pressure: int = 2,
    elite: int = 1,
) -> Iterates:
    r"""Breed bit strings: select, cross over at one point, mutate, keep the best.

    Parameters
    ----------
    losses : function of a population
        Maps bit strings, shape (k, n) of 0 and 1, to k losses, which are *minimised*: return −fitness.
    n : int
        The length of the strings.
    rng : numpy.random.Generator
        The source of chance.
    population_size : int
        Even, ≥ 4.
    mutation_rate : float, optional
        The chance of each bit to flip; 1/n if not given.
    selection : {"tournament", "roulette"}
        The best of `pressure` drawn candidates, or a draw in proportion to the lead over the worst.
    pressure : int
        The size of a tournament: 1 is no selection at all.
    elite : int
        How many of the best survive unchanged.

    Yields
    ------
    best : array, shape (n,)
        The best string of the generation (of all generations, if `elite` ≥ 1); ``state["population"]`` (k, n) and
        ``state["scores"]`` (k,) are all of it.

    Raises
    ------
    ValueError
        If an argument is not as above, or `losses` returns another number of losses than candidates, or NaN.

    References
    ----------
    J. H. Holland, *Adaptation in Natural and Artificial Systems* (1975).
    D. E. Goldberg, *Genetic Algorithms in Search, Optimization, and Machine Learning* (1989), chapter 3.

    Examples
    --------
    >>> descent = genetic_algorithm(lambda bits: -bits.sum(axis=1), n=12, rng=np.random.default_rng(0))
    >>> best = [next(descent) for _ in range(30)][-1]
    >>> int(best.sum())
    12
    """
    flip = 1 / n if mutation_rate is None else mutation_rate
    population = rng.integers(0, 2, size=(population_size, n))
    scores = losses(population)
    while True:
        order = np.argsort(scores, kind="stable")
        population, scores = population[order], scores[order]
        parents = population[_select(scores, rng, population_size, selection, pressure)]
        cuts = rng.integers(1, max(n, 2), size=population_size // 2)  # a single bit is cut behind it
        tail = np.arange(n) >= cuts[:, None]
        mothers, fathers = parents[0::2], parents[1::2]
        children = np.vstack([np.where(tail, fathers, mothers), np.where(tail, mothers, fathers)])
        children ^= rng.random(children.shape) < flip
        children[population_size - elite :] = population[:elite]
        population, scores = children, losses(children)
        best = population[np.argmin(scores)].copy()
        yield best


def _select(scores: Array, rng: np.random.Generator, size: int, selection: str, pressure: int) -> Array:
    """Draw the indices of `size` parents from candidates sorted best first."""
    if selection == "tournament":
        winners: Array = rng.integers(len(scores), size=(size, pressure)).min(
            axis=1
        )  # sorted: the least index is the best
        return winners
    halves = 0.5 * np.nan_to_num(scores)  # ±∞ counts as the largest float, so that no lead is beyond all of them
    lead = halves.max() - halves
    lead = lead / power_of_two(lead.max())
    chances = lead / lead.sum() if lead.any() else np.full(len(scores), 1 / len(scores))
    return rng.choice(len(scores), size=size, p=chances)


def _enough_children(given: dict[str, Any]) -> None:
    if given["children"] < given["parents"]:
        raise refuse("children", given["children"], f"must be at least parents = {given['parents']}")


@stream(prepare=_enough_children, theta=point, sigma=positive, parents=count, children=count)
def evolution_strategy(
    losses: Losses,
    theta: Array,
    rng: np.random.Generator,
    sigma: float = 0.3,
    parents: int = 5,
    children: int = 35,
) -> Iterates:
    r"""The (μ, λ) strategy: every candidate carries its own step size, which is inherited and mutated first.

    .. math:: \sigma_i \leftarrow \sigma\, e^{\tau N_i(0, 1)}, \qquad \theta_i \leftarrow \theta + \sigma_i N_i(0, I),
              \qquad \tau = 1/\sqrt{2n}

    The best μ of λ children become parents, whatever the parents were; each child descends from their mean.

    Parameters
    ----------
    losses : function of a population
        Maps (k, n) to k losses.
    theta : array, shape (n,)
        The centre of the first generation.
    rng : numpy.random.Generator
        The source of chance.
    sigma : float
        The first step size.
    parents, children : int
        μ and λ; λ ≈ 7 μ is the rule of thumb.

    Yields
    ------
    best : array, shape (n,)
        The best candidate so far; ``state["population"]``, ``state["sigmas"]`` and ``state["scores"]`` of the parents.

    Raises
    ------
    ValueError
        If an argument is not as above, or `losses` returns another number of losses than candidates, or NaN.

    References
    ----------
    H.-P. Schwefel, *Numerical Optimization of Computer Models* (1981). H.-G. Beyer and H.-P. Schwefel, "Evolution
    strategies: a comprehensive introduction", Natural Computing 1 (2002), section 4.

    Examples
    --------
    >>> sphere = lambda population: (population**2).sum(axis=1)
    >>> descent = evolution_strategy(sphere, [3.0, -2.0], np.random.default_rng(0))
    >>> best = [next(descent) for _ in range(60)][-1]
    >>> bool(np.abs(best).max() < 1e-4)
    True
    """
    tau = 1 / np.sqrt(2 * theta.size)
    population, sigmas = theta[None, :], np.array([sigma])
    best, best_score = theta, float(losses(population)[0])
    while True:
        mutated = np.exp(np.log(sigmas).mean() + tau * rng.standard_normal(children))
        born = population.mean(axis=0) + mutated[:, None] * rng.standard_normal((children, theta.size))
        scores = losses(born)
        order = np.argsort(scores, kind="stable")[:parents]
        population, sigmas, scores = born[order], mutated[order], scores[order]
        if scores[0] < best_score:
            best, best_score = population[0].copy(), float(scores[0])
        yield best


def at_least_two(name: str, value: Any) -> int:
    """How many children: the better half become parents, and half of one is nobody."""
    if count(name, value) < 2:
        raise refuse(name, value, "must be a whole number, 2 or more")
    return int(value)


@stream(theta=point, sigma=positive, children=at_least_two)
def cma_es(
    losses: Losses, theta: Array, rng: np.random.Generator, sigma: float = 0.3, children: int | None = None
) -> Iterates:
    r"""Covariance matrix adaptation: learn the shape of the valley from the steps that succeeded.

    .. math:: x_i \sim m + \sigma N(0, C), \qquad m \leftarrow \sum_{i \le \mu} w_i x_{i:\lambda}

    C is pulled towards the successful steps (rank μ) and along the path of the mean (rank one); σ grows while
    successive steps of the mean agree, and shrinks while they cancel.

    Parameters
    ----------
    losses : function of a population
        Maps (k, n) to k losses.
    theta : array, shape (n,)
        The first mean m.
    rng : numpy.random.Generator
        The source of chance.
    sigma : float
        The first step size: about a third of the distance to where the optimum may be.
    children : int, optional
        λ; 4 + ⌊3 ln n⌋ if not given.

    Yields
    ------
    best : array, shape (n,)
        The best candidate so far; ``state["mean"]``, ``state["sigma"]``, ``state["C"]``.

    Raises
    ------
    ValueError
        If an argument is not as above, or `losses` returns another number of losses than candidates, or NaN.

    Notes
    -----
    Changes of the losses that keep their order change nothing, nor do rotations of the space. Returns ``"stalled"``
    when the steps are too small to move the mean, or a whole generation has one loss: no order, nothing to learn.

    References
    ----------
    N. Hansen, "The CMA evolution strategy: a tutorial", arXiv:1604.00772, figure 6 and table 1 (positive weights).

    Examples
    --------
    >>> from optcourse import problems
    >>> descent = cma_es(problems.rosenbrock().loss, [-1.2, 1.0], np.random.default_rng(1))
    >>> best = [next(descent) for _ in range(150)][-1]
    >>> best.round(6)
    array([1., 1.])
    """
    n = theta.size
    lam = children or 4 + int(3 * np.log(n))
    mu = lam // 2
    w = np.log((lam + 1) / 2) - np.log(np.arange(1, mu + 1))
    w /= w.sum()
    mu_eff = 1 / np.sum(w**2)
    c_sigma = (mu_eff + 2) / (n + mu_eff + 5)
    d_sigma = 1 + c_sigma + 2 * max(0.0, np.sqrt((mu_eff - 1) / (n + 1)) - 1)
    c_c = (4 + mu_eff / n) / (n + 4 + 2 * mu_eff / n)
    c_1 = 2 / ((n + 1.3) ** 2 + mu_eff)
    c_mu = min(1 - c_1, 2 * (mu_eff - 2 + 1 / mu_eff) / ((n + 2) ** 2 + mu_eff))
    expected = np.sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n**2))  # E‖N(0, I)‖
    mean, C, path_sigma, path_c = theta, np.eye(n), np.zeros(n), np.zeros(n)
    best, best_score = theta, float(losses(theta[None, :])[0])
    generation = 0
    while sigma * np.sqrt(C.max()) > 1e-15 * np.abs(mean).max():  # the largest entry of C is a variance
        generation += 1
        variances, axes = np.linalg.eigh(C)
        scale = np.sqrt(np.maximum(variances, 1e-300))
        steps = (rng.standard_normal((lam, n)) * scale) @ axes.T  # rows from N(0, C)
        born = mean + sigma * steps
        scores = losses(born)
        order = np.argsort(scores, kind="stable")[:mu]
        if scores[order[0]] < best_score:
            best, best_score = born[order[0]].copy(), float(scores[order[0]])
        if scores.max() == scores.min():
            break
        step = w @ steps[order]
        mean = mean + sigma * step
        whitened = axes @ ((axes.T @ step) / scale)
        path_sigma = (1 - c_sigma) * path_sigma + np.sqrt(c_sigma * (2 - c_sigma) * mu_eff) * whitened
        length = np.linalg.norm(path_sigma)
        steady = length / np.sqrt(1 - (1 - c_sigma) ** (2 * generation)) < (1.4 + 2 / (n + 1)) * expected
        path_c = (1 - c_c) * path_c + steady * np.sqrt(c_c * (2 - c_c) * mu_eff) * step
        rank_mu = (steps[order].T * w) @ steps[order]
        faded = 1 - c_1 - c_mu + (1 - steady) * c_1 * c_c * (2 - c_c)
        C = faded * C + c_1 * np.outer(path_c, path_c) + c_mu * rank_mu
        sigma = sigma * float(np.exp(min(1.0, (c_sigma / d_sigma) * (length / expected - 1))))
        yield best
    return "stalled"


CLASSIC, JADE = "rand/1/bin", "current-to-pbest/1/bin"


def _box(given: dict[str, Any]) -> None:
    low, high = given["low"], given["high"]
    if np.ndim(low) != 1:
        raise refuse("low", low, "must be a vector (1 dimension)")
    below(low, high)
    if given["population_size"] is None:
        given["population_size"] = max(20, 10 * low.size) if given["variant"] == CLASSIC else 20 + 3 * low.size
    if given["population_size"] < 4:
        raise refuse("population_size", given["population_size"], "must be at least 4: a mutant has three parents")


@stream(
    prepare=_box,
    low=iterate,
    high=iterate,
    population_size=count,
    F=non_negative,
    CR=probability,
    variant=one_of(CLASSIC, JADE),
)
def differential_evolution(
    losses: Losses,
    low: Array,
    high: Array,
    rng: np.random.Generator,
    population_size: int | None = None,
    F: float = 0.5,
    CR: float = 0.9,
    variant: str = "rand/1/bin",
) -> Iterates:
    r"""Mutate by the difference of two others, cross over coordinate by coordinate, keep the better one.

    .. math:: v_i = x_{r_1} + F (x_{r_2} - x_{r_3}), \qquad
              u_{ij} = v_{ij} \text{ with probability } CR \text{ (and for one random } j\text{), else } x_{ij}

    Parameters
    ----------
    losses : function of a population
        Maps (k, n) to k losses.
    low, high : arrays, shape (n,)
        The box to search; a mutant outside is set halfway between the wall and its parent.
    rng : numpy.random.Generator
        The source of chance.
    population_size : int, optional
        If not given, 10 n for the classic (20 at least) and 20 + 3 n for JADE, which gathers sooner.
    F, CR : float
        The scale of the differences and the crossover rate; in the second variant, where their adaptation begins.
    variant : {"rand/1/bin", "current-to-pbest/1/bin"}
        The classic, or JADE without its archive: v = x + F (x_pbest − x) + F (x_{r1} − x_{r2}) with one of the best
        fifth, where each candidate has its own F and CR, drawn around what was learned from the children that won.

    Yields
    ------
    best : array, shape (n,)
        The best candidate so far; ``state["population"]`` (k, n) and ``state["scores"]`` (k,).

    Raises
    ------
    ValueError
        If an argument is not as above, or `losses` returns another number of losses than candidates, or NaN.

    Notes
    -----
    JADE draws an F below 0 anew; here it changes its sign, which costs no loop.

    References
    ----------
    R. Storn and K. Price, "Differential evolution", J. Global Optim. 11 (1997). J. Zhang and A. C. Sanderson, "JADE:
    adaptive differential evolution with optional external archive", IEEE Trans. Evol. Comput. 13 (2009), table I.

    Examples
    --------
    >>> bowl = lambda v: (v[:, 0] - 2) ** 2 + (v[:, 1] + 1) ** 2
    >>> descent = differential_evolution(bowl, [-5.0, -5.0], [5.0, 5.0], np.random.default_rng(0))
    >>> [next(descent) for _ in range(80)][-1].round(6)
    array([ 2., -1.])
    """
    assert population_size is not None  # `_box` has seen to it
    n, size, adaptive = low.size, population_size, variant == JADE
    low, high = np.tile(low, (size, 1)), np.tile(high, (size, 1))  # of one shape with mutants, which is quickest
    population, ahead = rng.uniform(low, high), list[_Chance]()
    scores = losses(population)
    best = population[scores.argmin()].copy()
    while True:
        ahead = ahead or _throw_dice(rng, size, n, others=2 if adaptive else 3, spread=0.1 if adaptive else 0.0)
        chance = ahead.pop()
        if adaptive:
            Fs, CRs = np.minimum(np.abs(F + chance.F), 1.0), np.minimum(np.maximum(CR + chance.CR, 0.0), 1.0)
            guide = population.take(scores.argsort(kind="stable").take(chance.guides), axis=0)
            r1, r2 = chance.others
            difference = population.take(r1, axis=0) - population.take(r2, axis=0)
            mutants = population + Fs[:, None] * (guide - population + difference)
        else:
            r1, r2, r3 = chance.others
            mutants = population.take(r1, axis=0) + F * (population.take(r2, axis=0) - population.take(r3, axis=0))
        nearest = np.minimum(np.maximum(mutants, low), high)
        outside = mutants != nearest
        if np.count_nonzero(outside):
            mutants = np.where(outside, 0.5 * (nearest + population), mutants)
        crossed = chance.coordinates < CR
        trials = np.where(crossed, mutants, population)
        trial_scores = losses(trials)
        better = trial_scores < scores
        wins = np.count_nonzero(better)
        if adaptive and wins:
            won = better.astype(float)
            CR = 0.9 * CR + 0.1 * float(won.dot(CRs)) / wins
            F = 0.9 * F + 0.1 * float(won.dot(Fs * Fs) / won.dot(Fs))
        if wins:
            population = np.where(better[:, None], trials, population)
            scores = np.minimum(trial_scores, scores)
            best = population[scores.argmin()].copy()
        yield best


class _Chance(NamedTuple):
    """What chance decides in one generation, whatever the losses are."""

    others: tuple[Array, ...]  # r1, r2, …: whose differences to take
    guides: Array  # places among the best fifth
    F: Array  # by how much each candidate's F differs from the learned one,
    CR: Array  # and its CR
    coordinates: Array  # (size, n); the mutant's are those below the learned CR: uniform, less that difference


def _throw_dice(rng: np.random.Generator, size: int, n: int, others: int, spread: float) -> list[_Chance]:
    """Draw for many generations ahead: small populations cost NumPy's calls, not its numbers."""
    times = max(1, min(32, 2**14 // (size * n)))
    guides = rng.integers(max(2, size // 5), size=(times, size))
    F, CR = spread * rng.standard_cauchy((times, size)), spread * rng.standard_normal((times, size))
    coordinates = rng.random((times, size, n)) - CR[:, :, None]
    np.put_along_axis(coordinates, rng.integers(n, size=(times, size, 1)), -np.inf, axis=2)  # one is, for sure
    return list(map(_Chance, zip(*_others(rng, (times, size), others), strict=True), guides, F, CR, coordinates))


def _others(rng: np.random.Generator, shape: tuple[int, int], number: int) -> list[Array]:
    """For every candidate (the last axis) draw so many indices of others, all different."""
    _, size = shape
    others: list[Array] = []
    taken = [np.broadcast_to(np.arange(size), shape)]  # in ascending order
    while len(others) < number:
        drawn = rng.integers(size - len(taken), size=shape)
        for place in taken:
            drawn += drawn >= place  # counted past those that are taken
        others.append(drawn)
        for i, place in enumerate(taken):
            taken[i], drawn = np.minimum(place, drawn), np.maximum(place, drawn)
        taken.append(drawn)
    return others
