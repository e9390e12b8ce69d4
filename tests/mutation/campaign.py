"""Break the package in thousands of small ways, and see whether the tests notice.

From the project's root::

    python tests/mutation/campaign.py                     # every mutant of every module
    python tests/mutation/campaign.py --every 4           # each module's every fourth
    python tests/mutation/campaign.py adam schedules      # these modules only
    python tests/mutation/campaign.py --slice 1           # the few that the test run tries

Each mutant lives in a process of its own, and meets its module's own tests until the first failure. If they all pass,
the module's doctests, its rows of the catalogue and the oracles get a second chance. There are two ways to do that: the
quick one patches a mutant into a fork of a process that has collected the tests (`quick`); the sure one imports it in a
fork of a process that has not loaded the package (`afresh`). What the quick way cannot do, or did not kill, goes the
sure way. A mutant that outlives that too is a survivor: `survivors.json` names those that are allowed to, and why.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent))

import afresh  # noqa: E402
import quick  # noqa: E402
from harness import warm_up  # noqa: E402
from mutants import Mutant  # noqa: E402
from targets import ROOT, all_mutants, allowed, by_chance, modules, rounds  # noqa: E402
from verdicts import Memory, Score, Verdict, table, total  # noqa: E402

FEW = 4  # up to here, collecting and measuring the tests takes longer than importing the mutants


def settled(
    mutants: list[Mutant], module: str, killers: dict[str, str], jobs: int, limit: float | None
) -> Iterator[Verdict]:
    """The verdict on each of a module's mutants, as they come.

    A survivor that is known need not outlive the sure way too: it counts against the tests as it is.
    """
    left = {str(mutant): mutant for mutant in mutants}
    spent: Counter[str] = Counter()
    outlived: Counter[str] = Counter()
    patched, all_rounds = mutants if len(mutants) > FEW else [], rounds(module)
    for tests in all_rounds:
        for verdict in quick.tried(patched, tests, killers, jobs):
            spent[verdict.mutant] += verdict.seconds
            outlived[verdict.mutant] += not verdict.killed
            if verdict.killed or (outlived[verdict.mutant] == len(all_rounds) and verdict.mutant in allowed()):
                del left[verdict.mutant]
                yield replace(verdict, seconds=spent[verdict.mutant])
        patched = [mutant for name, mutant in left.items() if outlived[name]]
    limits = [(tests, limit or afresh.measured(tests)) for tests in all_rounds] if left else []
    for verdict in afresh.tried(list(left.values()), limits, jobs):
        yield replace(verdict, seconds=spent[verdict.mutant] + verdict.seconds)


def choose(options: argparse.Namespace) -> dict[str, list[Mutant]]:
    chosen = {}
    for module in modules():
        if options.modules and not any(module.split(".")[0] == m or module == m for m in options.modules):
            continue
        found = all_mutants(module)
        if options.slice:
            found = [mutant for mutant in by_chance(found)[: options.slice] if str(mutant) not in allowed()]
        elif options.every > 1:
            found = by_chance(found)[:: options.every]
        if found:
            chosen[module] = found
    return chosen


def campaign(chosen: dict[str, list[Mutant]], memory: Memory, jobs: int, limit: float | None) -> list[Score]:
    """Try all that were chosen, but those whose verdict is remembered; print each module's score as it stands."""
    from tqdm import tqdm

    scores = []
    for module, mutants in chosen.items():
        remembered = {mutant: memory.recall(mutant) for mutant in mutants}
        verdicts = [verdict for verdict in remembered.values() if verdict]
        new = [mutant for mutant, verdict in remembered.items() if not verdict]
        with tqdm(
            settled(new, module, memory.killers(), jobs, limit), module, len(new), leave=False, disable=None
        ) as progress:
            for verdict in progress:
                memory.keep(module, verdict)
                verdicts.append(verdict)
        scores.append(Score(module, verdicts))
        print(scores[-1], flush=True)
    return scores


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("modules", nargs="*", help="adam, linear_programming, linear_programming.simplex, …")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="each module's every N-th mutant")
    parser.add_argument("--slice", type=int, default=0, metavar="N", help="N mutants a module, none a known survivor")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--resume", type=Path, metavar="FILE", help="remember the verdicts there, and begin with those")
    parser.add_argument("--table", type=Path, metavar="FILE", help="write the scores of a whole campaign there")
    options = parser.parse_args(arguments)
    os.chdir(ROOT)
    chosen = choose(options)
    warm_up()
    # The test run has the unbroken package's tests all around the slice: nothing to measure there.
    scores = campaign(chosen, Memory(options.resume), options.jobs, limit=20 if options.slice else None)
    for score in scores:
        for words, names in (("survived", score.fresh), ("is listed, but was killed", score.listed_in_vain)):
            for name in names:
                print(f"{words}: {name}")
    print(total(scores))
    if options.table and not (options.modules or options.slice or options.every > 1):
        options.table.write_text(table(scores))
    return 1 if any(score.fresh or score.listed_in_vain for score in scores) else 0


if __name__ == "__main__":
    sys.exit(main())
