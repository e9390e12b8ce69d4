"""Differential evolution against SciPy's on classical global functions, and on COCO's bbob where it is installed.

``PYTHONPATH=. python benchmarks/evolutionary.py`` prints, for each function and dimension, how many seeds each side
solves to 1e-6 within one budget of evaluations, and seconds of processor for each seed solved. SciPy's runs as it comes
(one candidate at a time), and vectorized (one generation at a time, as ours); neither polishes its answer.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from timing import interleaved, machine, table  # first: it fixes the number of threads

import numpy as np  # isort: skip

from optcourse import differential_evolution  # isort: skip
from tests.problem_sets.global_functions import BUDGETS, FUNCTIONS, solve, solve_with_scipy  # isort: skip

SEEDS = range(5)
SLOW_SEEDS = range(1)  # SciPy's default asks for one candidate at a time: ten times as long as all the rest
Search = Callable[..., tuple[bool, int]]
SEARCHES: dict[str, tuple[Search, range]] = {
    "ours": (solve, SEEDS),
    "scipy vectorized": (lambda *where: solve_with_scipy(*where, vectorized=True), SEEDS),
    "scipy default": (lambda *where: solve_with_scipy(*where, vectorized=False), SLOW_SEEDS),
}


class Score(NamedTuple):
    """How many seeds were tried and solved, and the median seconds of those solved (None if there is none)."""

    tried: int
    solved: int
    seconds: float | None

    def __str__(self) -> str:
        return f"{self.solved} / {self.tried}" + (f", {1e3 * self.seconds:.1f} ms" if self.seconds else "")


def measure(function: Any, n: int) -> dict[str, Score]:
    """Let all search one function; they take turns, seed by seed."""
    seconds: dict[str, list[float]] = {name: [] for name in SEARCHES}
    for seed in SEEDS:
        for name, (search, seeds) in SEARCHES.items():
            if seed not in seeds:
                continue
            before = time.thread_time()
            solved, _ = search(function, n, seed)
            if solved:
                seconds[name].append(time.thread_time() - before)
    return {
        name: Score(len(seeds), len(seconds[name]), statistics.median(seconds[name]) if seconds[name] else None)
        for name, (_, seeds) in SEARCHES.items()
    }


def ratio(scores: dict[str, Score], peer: str) -> float | None:
    ours, theirs = scores["ours"].seconds, scores[peer].seconds
    return ours / theirs if ours and theirs else None


def profile(rounds: int = 9) -> str:
    """Say what a generation of ours costs beyond its losses, which is what is left to save."""
    parts = []
    for n in BUDGETS:
        function, populations = FUNCTIONS["rastrigin"], []
        noting = function._replace(losses=lambda x, seen=populations, known=function: seen.append(x) or known.losses(x))
        solve(noting, n, 0)

        def replay(seen: list[Any] = populations, losses: Callable[[Any], Any] = function.losses) -> None:
            for population in seen:
                losses(population)

        found = interleaved({"all": lambda n=n: solve(FUNCTIONS["rastrigin"], n, 0), "losses": replay}, rounds)
        each = 1e6 / len(populations)
        parts.append(f"{each * (found['all'] - found['losses']):.0f} + {each * found['losses']:.0f} µs at n = {n}")
    return (
        f"A generation on rastrigin takes {', '.join(parts)}: the method's part and the losses'. What is left of the "
        "first is some 35 calls of NumPy, each of which costs 0.3 to 1 µs however small the population is."
    )


def main() -> None:
    print(machine("scipy"), "medians over the seeds solved\n")
    lines, ratios, solved = [], {peer: [] for peer in list(SEARCHES)[1:]}, dict.fromkeys(SEARCHES, 0)
    for n in BUDGETS:
        for name, function in FUNCTIONS.items():
            scores = measure(function, n)
            line = [f"{name}, n = {n}", str(scores["ours"])]
            for peer, seen in ratios.items():
                found = ratio(scores, peer)
                line.append(f"{scores[peer]}" + (f" = {found:.2f}×" if found else ""))
                seen += [found] if found else []
            lines.append(line)
            for search, score in scores.items():
                solved[search] += score.solved
    last = ["**all**", f"**{solved['ours']}**"]
    last += [f"**{solved[peer]}**, median **{statistics.median(seen):.2f}×**" for peer, seen in ratios.items()]
    print(table(["function", *SEARCHES], [*lines, last]))
    print(f"\n{profile()}")
    bbob()


def bbob(dimensions: tuple[int, ...] = (2, 5), budget: int = 2000) -> None:
    """Count the targets of COCO's bbob suite that ours hits; says so where ``coco-experiment`` is not installed."""
    try:
        import cocoex
    except ImportError:
        print("\nThe bbob suite needs `pip install coco-experiment`: left out.")
        return
    lines = []
    for n in dimensions:
        suite = cocoex.Suite("bbob", "instances: 1-3", f"dimensions: {n}")
        hits = []
        for problem in suite:
            losses = lambda population, one=problem: np.array([one(x) for x in population])  # noqa: E731
            rng = np.random.default_rng(0)
            stream = differential_evolution(losses, -5 * np.ones(n), 5 * np.ones(n), rng, variant=VARIANT)
            while stream.evaluations["losses"] < budget * n and not problem.final_target_hit:
                next(stream)
            hits.append(problem.final_target_hit)
        lines.append([str(n), f"{sum(hits)} / {len(hits)}"])
    print(
        f"\nbbob, 24 functions × 3 instances, {budget} n evaluations, final target 1e-8 (coco {cocoex.__version__}):\n"
    )
    print(table(["n", "solved"], lines))


VARIANT = "current-to-pbest/1/bin"

if __name__ == "__main__":
    main()
