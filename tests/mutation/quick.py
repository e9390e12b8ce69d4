"""Many mutants in one run of pytest: the tests are collected once, and each mutant is patched into a fork of that.

The unbroken module goes first, through the tests forwards and backwards, and has to pass both times: the order must not
matter, for a mutant meets the tests that killed the most a second first. On the way it is written down which test
enters which code of the module, and how long it takes: a mutant meets those that enter what it changes, and no
endless loop lasts.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn

import processes
from harness import Failures, run_pytest
from mutants import Mutant
from patching import Loaded, Watch
from processes import Say, limit_processor
from targets import source_of
from verdicts import Verdict, verdict

NOT_PATCHED = 5
WALL = 7200.0  # of the clock: only what sleeps gets there, if the machine is not too busy
TROUBLE = "trouble"


class Run(Failures):
    """A plugin of pytest that tries mutants where pytest would run the tests."""

    def __init__(
        self, mutants: list[Mutant], killers: dict[str, str], jobs: int, watch: Watch, tell: Callable[[Any], None]
    ):
        super().__init__()
        self.mutants, self.killers, self.jobs, self.watch, self.tell = mutants, killers, jobs, watch, tell
        self.kills: Counter[str] = Counter()
        self.trouble = ""

    def pytest_internalerror(self, excrepr: Any, excinfo: Any) -> None:
        # pytest keeps what ends its loop to itself, and tells no more than a code.
        self.trouble = str(excinfo.value if isinstance(excinfo.value, SystemExit) else excrepr)

    def pytest_runtestloop(self, session: Any) -> bool:
        ran = self.watch.seen()  # all is imported: what runs from here on runs in forks
        self.items = list(session.items)
        if self.failed or not self.items:
            raise SystemExit(f"the tests cannot be collected: {self.failed}")
        self.loaded = Loaded(source_of(self.mutants[0].module), self.watch.file, ran)
        self.seconds = self.unbroken(self.clocked, self.items)
        self.enter = self.unbroken(self.watched, self.items[::-1])
        gc.collect()
        gc.freeze()  # or else each fork's first collection copies every page
        for mutant, end in processes.each(self.mutants, self.attempt, self.jobs, WALL):
            self.kills[end.said] += 1
            # Whatever else went wrong, no test has noticed the mutant: the sure way will tell.
            if end.code == processes.DONE or end.code < 0 or end.said in self.seconds:
                self.tell(vars(verdict(mutant, end)))
        return True

    # ------------------------------------------------------------------------------------------ the unbroken module

    def unbroken(self, measure: Callable[[Any, Any], Any], items: list[Any]) -> dict[str, Any]:
        """Run all tests on the module as it is; return what was measured of each."""

        def work(items: list[Any], say: Say) -> int:
            found = {item.nodeid: measure(item, after) for item, after in in_turn(items)}
            say(json.dumps([found, self.failed]))
            return processes.DONE

        [(_, end)] = processes.each([items], work, jobs=1, wall=WALL)
        if end.code != processes.DONE:
            raise SystemExit(f"the tests cannot be run without any mutant: {end.said}")
        found, failed = json.loads(end.said)
        if failed:
            raise SystemExit(f"these fail without any mutant: {failed}")
        return dict(found)

    def clocked(self, item: Any, after: Any) -> float:
        since = time.process_time()
        run(item, after)
        return time.process_time() - since

    def watched(self, item: Any, after: Any) -> list[int]:
        watch = Watch(self.watch.file)
        run(item, after)
        return [self.loaded.number[code] for code in watch.seen()]

    # ------------------------------------------------------------------------------------------------- one mutant

    def order(self, mutant: Mutant) -> list[Any]:
        """The tests that can notice a mutant: its last killer, then those that killed the most others in a second."""
        changed = {self.loaded.number[code] for code in self.loaded.changed(mutant)}
        able = [item for item in self.items if changed & set(self.enter[item.nodeid])]

        def worth(item: Any) -> float:
            if item.nodeid == self.killers.get(str(mutant)):
                return float("inf")
            return (self.kills[item.nodeid] + 0.02) / (self.seconds[item.nodeid] + 0.003)

        return sorted(able, key=worth, reverse=True)

    def attempt(self, mutant: Mutant, say: Say) -> int:
        if not self.loaded.patch(mutant):
            return NOT_PATCHED
        items = self.order(mutant)
        limit_processor(3 + 2 * sum(self.seconds[item.nodeid] for item in items))
        for item, after in in_turn(items):
            run(item, after)
            if self.failed:
                say(self.failed[0])
                return processes.BROKE
        return processes.DONE


def in_turn(items: list[Any]) -> Iterator[tuple[Any, Any]]:
    """Each test with the one that comes after it."""
    return zip(items, [*items[1:], None], strict=True)


def run(item: Any, after: Any) -> None:
    item.ihook.pytest_runtest_protocol(item=item, nextitem=after)


def file_of(module: str) -> str:
    """The name that the module's code will bear; found without importing anything."""
    spec = find_spec("optcourse")
    assert spec is not None
    assert spec.origin is not None
    return str(Path(spec.origin).parent / (module.replace(".", "/") + ".py"))


def session(mutants: list[Mutant], tests: list[str], killers: dict[str, str], jobs: int, out: int) -> NoReturn:
    """Try the mutants in this process and end it; tell each verdict in a line."""

    def tell(what: Any) -> None:
        os.write(out, (json.dumps(what) + "\n").encode())

    try:
        module = mutants[0].module
        watch = Watch(file_of(module))
        importlib.import_module(f"optcourse.{module}")
        plugin = Run(mutants, killers, jobs, watch, tell)
        code = run_pytest(tests, plugin)
        if code:
            tell({TROUBLE: plugin.trouble or f"pytest ended with {code}, after {plugin.failed}"})
    except BaseException:
        tell({TROUBLE: traceback.format_exc()})
    finally:
        os._exit(0)


def tried(mutants: list[Mutant], tests: list[str], killers: dict[str, str], jobs: int) -> Iterator[Verdict]:
    """Patch each of a module's mutants in and run the tests; those that cannot be patched get no verdict.

    Of some mutants it may be known which test killed them last.
    """
    if not mutants:
        return
    heard, out = os.pipe()
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        session(mutants, tests, killers, jobs, out)
    os.close(out)
    try:
        with os.fdopen(heard) as lines:
            for line in map(json.loads, lines):
                if TROUBLE in line:
                    raise SystemExit(f"{mutants[0].module}, {' '.join(tests)}: {line[TROUBLE]}")
                yield Verdict(**line)
    finally:
        os.kill(pid, signal.SIGTERM)  # where nobody listens any more; else it has ended
        os.waitpid(pid, 0)
