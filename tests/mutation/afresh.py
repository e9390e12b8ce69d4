"""A mutant that is imported: each in a process of its own, forked before the package was loaded.

It is slow, for every mutant's process collects the tests anew, and it is right whatever the mutant changes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from types import CodeType
from typing import Any

import processes
from harness import FAILED, FINE, INTERRUPTED, Failures, run_pytest
from mutants import Mutant, broken
from processes import Say, limit_processor
from targets import path_of, source_of
from verdicts import Verdict, verdict

NOT_RUN, NEVER_MET = 3, 4
WALL = 7200.0  # of the clock: only what sleeps gets there, if the machine is not too busy

Rounds = list[tuple[list[str], float]]  # tests, and how many seconds of processor they may have


class MutantFinder:
    """Makes `import` find the broken module in place of the whole one."""

    def __init__(self, mutant: Mutant):
        self.name = f"optcourse.{mutant.module}"
        self.path = path_of(mutant.module)
        self.mutant = mutant
        self.used = False

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if name != self.name:
            return None
        self.used = True
        mutant, file = self.mutant, str(self.path)

        class Loader(SourceFileLoader):
            def get_code(self, fullname: str) -> CodeType:
                return compile(broken(source_of(mutant.module), mutant), file, "exec", dont_inherit=True)

        return spec_from_file_location(name, file, loader=Loader(name, file))


def live(mutant: Mutant | None, rounds: Rounds, say: Say) -> int:
    """Run the tests in this process; return 0 if nothing was noticed, 1 if something was."""
    finder = MutantFinder(mutant) if mutant is not None else None
    if finder is not None:
        sys.meta_path.insert(0, finder)  # type: ignore[arg-type]
    for tests, seconds in rounds:
        limit_processor(seconds)
        heard = Failures()
        code = run_pytest(tests, heard)
        say(" ".join(heard.failed))
        if code not in (FINE, FAILED, INTERRUPTED):
            return NOT_RUN
        if finder is not None and not finder.used:
            return NEVER_MET
        if code != FINE:
            return processes.BROKE
    return processes.DONE


def measured(tests: list[str]) -> float:
    """Run tests on the unbroken package; return how many seconds of processor a mutant may have for them."""
    work = processes.each([tests], lambda tests, say: live(None, [(tests, 600)], say), jobs=1, wall=WALL)
    for _, end in work:
        if end.code != processes.DONE:
            raise SystemExit(f"these fail without any mutant: {end.said or tests}")
        return 2 * end.seconds + 3
    raise AssertionError


def tried(mutants: list[Mutant], rounds: Rounds, jobs: int) -> Iterator[Verdict]:
    """Import each mutant in a process of its own and run the tests there, round after round, until one notices."""
    for mutant, end in processes.each(mutants, lambda one, say: live(one, rounds, say), jobs, WALL):
        if end.code in (NOT_RUN, NEVER_MET):
            why = {NOT_RUN: "could not be run on", NEVER_MET: "never met"}[end.code]
            raise SystemExit(f"the tests {why} {mutant}")
        yield verdict(mutant, end)
