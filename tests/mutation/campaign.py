"""Break the package in thousands of small ways, and see whether the tests notice.

From the project's root::

    python tests/mutation/campaign.py                     # every mutant of every module (hours)
    python tests/mutation/campaign.py --every 4           # each module's every fourth
    python tests/mutation/campaign.py adam schedules      # these modules only
    python tests/mutation/campaign.py --slice             # the few that the test run tries

Each mutant lives in a process of its own, forked from one that has the libraries imported, and runs its module's own
tests until the first failure. If they all pass, the module's doctests, its rows of the catalogue and the oracles get a
second chance. A mutant that outlives both is a survivor: `survivors.json` names those that are allowed to, and why.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import json
import os
import resource
import signal
import sys
import time
import traceback
from dataclasses import dataclass, field
from functools import cache
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(ROOT / "tests"))

from mutants import Mutant, broken, mutants  # noqa: E402

LIBRARIES = (
    *(
        "pytest",
        "hypothesis",
        "hypothesis.strategies",
        "numpy",
        "numpy.testing",
        "scipy.optimize",
        "scipy.sparse.linalg",
    ),
    *("scipy.linalg", "sklearn.linear_model", "sklearn.svm", "cvxpy", "matplotlib.figure", "_pytest.doctest"),
)
QUIET = ["-qq", "--no-header", "-x", "--tb=line", "--assert=plain", "-p", "no:cacheprovider", "-p", "no:xdist"]
NOT_RUN = ["-m", "not site and not torch"]
SURVIVORS = HERE / "survivors.json"

# A module's own tests, where they do not simply bear its name.
OWN_TESTS = {
    "adam": ["tests/test_adaptive.py", "tests/oracles/test_conventions.py"],
    "adaptive": ["tests/test_adaptive.py", "tests/oracles/test_conventions.py"],
    "coordinate_descent": ["tests/test_coordinate_descent.py", "tests/test_lasso.py"],
    "line_search": ["tests/test_line_search.py", "tests/test_newton.py"],
    "momentum": ["tests/test_momentum.py", "tests/oracles/test_conventions.py"],
    "newton": ["tests/test_newton.py", "tests/test_rates.py"],
    "schedules": ["tests/test_schedules.py", "tests/oracles/test_schedules_of_torch.py"],
}
# Modules that the classical problems of Moré, Garbow and Hillstrom try too.
CLASSICAL = {"newton", "line_search", "conjugate_gradient"}
# Modules that no section is about, but that every method stands on.
FOUNDATION = ["arguments", "certificates", "streams"]


@cache
def methods() -> list[tuple[str, str]]:
    """Each method's module and name; asked for once, so that the package can be forgotten before the forks."""
    from optcourse.catalogue import METHODS

    return [(row.home, row.name) for row in METHODS]


def modules() -> list[str]:
    """The modules to break: those of methods, and those that all of them stand on."""
    homes = sorted({home for home, _ in methods()} | set(FOUNDATION))
    found: list[str] = []
    for home in homes:
        folder = ROOT / "optcourse" / home
        inside = sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__") if folder.is_dir() else []
        found += [f"{home}.{name}" for name in inside] or [home]
    return found


def path_of(module: str) -> Path:
    return ROOT / "optcourse" / (module.replace(".", "/") + ".py")


def own_tests(module: str) -> list[str]:
    """The files whose subject the module is."""
    if module in OWN_TESTS:
        return OWN_TESTS[module]
    home, name = module.split(".")[0], module.split(".")[-1]
    patterns = [f"test_{name}*.py", f"test_{home}*.py", f"{home}/test_*.py", f"test_{home}/test_*.py"]
    found = [path for pattern in patterns for path in sorted((ROOT / "tests").glob(pattern))]
    return [str(path.relative_to(ROOT)) for path in dict.fromkeys(found)]


def second_chance(module: str) -> list[str]:
    """What else could notice: the module's doctests, and what every method promises."""
    names = [name for home, name in methods() if home == module.split(".")[0]]
    shared = [f"tests/test_{name}.py" for name in ("catalogue", "properties", "bad_input")]
    peers = ["tests/test_mgh.py"] if module in CLASSICAL else []
    rows = " or ".join([*names, "mgh"]) if names else "test"
    return [str(path_of(module)), *shared, *peers, "-k", f"{rows} or optcourse"]


@cache
def source_of(module: str) -> str:
    """The module's text, read once: an editor may be at work while a campaign runs."""
    return path_of(module).read_text()


def all_mutants(module: str) -> list[Mutant]:
    return mutants(source_of(module), module)


def allowed() -> dict[str, str]:
    """The survivors that are known, and why each may live."""
    return dict(json.loads(SURVIVORS.read_text())) if SURVIVORS.exists() else {}


def by_chance(found: list[Mutant]) -> list[Mutant]:
    """The same mutants in an order that has nothing to do with where they stand, and is always the same."""
    return sorted(found, key=lambda mutant: hashlib.sha256(str(mutant).encode()).digest())


# ------------------------------------------------------------------------------------------- one mutant, one process


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
                return compile(broken(source_of(mutant.module), mutant), file, "exec")

        return spec_from_file_location(name, file, loader=Loader(name, file))


def notices(arguments: list[str]) -> bool:
    """Whether pytest has something to say. Ends the process with a message if it could not even try."""
    import pytest

    code = pytest.main([*QUIET, *NOT_RUN, *arguments])
    if code not in (0, 1, 2):  # 2: a module of tests could not be imported
        print(f"pytest ended with {code!r} on {arguments}", file=sys.__stderr__)
        os._exit(3)
    return code != 0


Rounds = list[tuple[list[str], int]]  # tests, and how many seconds of processor they may have


def live(mutant: Mutant | None, rounds: Rounds) -> None:
    """Run the tests in this process, and end it: 0 if nothing was noticed, 1 if something was."""
    os.setpgid(0, 0)
    resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if mutant is not None:  # the unbroken module's tests may speak: they should have nothing to say
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
    import hypothesis

    hypothesis.settings.register_profile("mutation", derandomize=True, database=None, deadline=None)
    hypothesis.settings.load_profile("mutation")
    finder = MutantFinder(mutant) if mutant is not None else None
    if finder is not None:
        sys.meta_path.insert(0, finder)  # type: ignore[arg-type]
    for tests, seconds in rounds:
        used = resource.getrusage(resource.RUSAGE_SELF)
        ends = int(used.ru_utime + used.ru_stime) + seconds
        resource.setrlimit(resource.RLIMIT_CPU, (ends, resource.RLIM_INFINITY))
        noticed = notices(tests)
        if finder is not None and not finder.used:
            os._exit(4)
        if noticed:
            os._exit(1)
    os._exit(0)


@dataclass
class Campaign:
    """Mutants on their way through the tests, a few at a time."""

    jobs: int = 2
    wall: float = 600.0
    limit: int | None = None  # seconds of processor for a mutant; measured if not given
    running: dict[int, tuple[Mutant | None, float]] = field(default_factory=dict)
    survivors: list[Mutant] = field(default_factory=list)
    killed: int = 0
    slow: int = 0

    def start(self, mutant: Mutant | None, rounds: Rounds) -> None:
        while len(self.running) >= self.jobs:
            self.wait()
        sys.stdout.flush()
        pid = os.fork()
        if pid == 0:
            try:
                live(mutant, rounds)
            except BaseException:  # whatever broke out of pytest itself, the mutant did it
                if mutant is None:
                    traceback.print_exc()
                os._exit(1)
        self.running[pid] = (mutant, time.monotonic())

    def wait(self) -> int:
        """Wait until one process has ended; return how."""
        while True:
            for pid, (mutant, since) in list(self.running.items()):
                ended, status = os.waitpid(pid, os.WNOHANG)
                if not ended and time.monotonic() - since > self.wall:
                    os.killpg(pid, signal.SIGKILL)
                    ended, status = os.waitpid(pid, 0)
                if ended:
                    del self.running[pid]
                    return self.count(mutant, os.waitstatus_to_exitcode(status))
            time.sleep(0.01)

    def count(self, mutant: Mutant | None, code: int) -> int:
        if code in (3, 4):
            why = {3: "could not be run on", 4: "never met"}[code]
            raise SystemExit(f"the tests {why} {mutant}")
        if mutant is not None and code == 0:
            self.survivors.append(mutant)
        elif mutant is not None:
            self.killed += 1
            self.slow += code < 0
        return code

    def seconds(self, tests: list[str]) -> int:
        """Run tests on the unbroken package; return how many seconds of processor a mutant may have for them."""
        if self.limit is not None:
            return self.limit
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.start(None, [(tests, 600)])
        if self.wait() != 0:
            raise SystemExit(f"these tests fail without any mutant: {tests}")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return int(2 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)) + 3

    def run(self, chosen: dict[str, list[Mutant]]) -> None:
        for module, found in chosen.items():
            if not found:
                continue
            since, before = time.monotonic(), (self.killed, self.slow)
            rounds = [(tests, self.seconds(tests)) for tests in (own_tests(module), second_chance(module)) if tests]
            if len(rounds) < 2:
                print(f"{module} has no tests under its name: only doctests and the catalogue's try its mutants")
            for mutant in found:
                self.start(mutant, rounds)
            while self.running:
                self.wait()
            killed, slow = self.killed - before[0], self.slow - before[1]
            took = time.monotonic() - since
            for mutant in self.survivors:
                if mutant.module == module:
                    print("   lived:", mutant)
            print(f"{module:<36}{killed:>4} of {len(found):>4} killed, {slow} by the clock, {took:4.0f} s", flush=True)


def warm_up() -> None:
    """Import what all tests need, so that a mutant's process begins with it; but nothing of the package."""
    for library in LIBRARIES:
        importlib.import_module(library)
    loaded = [name for name in sys.modules if name.split(".")[0] == "optcourse"]
    for name in loaded:  # the catalogue was asked for names: forget it again
        del sys.modules[name]


def choose(options: argparse.Namespace) -> dict[str, list[Mutant]]:
    known = allowed()
    chosen = {}
    for module in modules():
        if options.modules and not any(module.split(".")[0] == m or module == m for m in options.modules):
            continue
        found = all_mutants(module)
        if options.slice:
            found = [mutant for mutant in by_chance(found)[: options.slice] if str(mutant) not in known]
        elif options.every > 1:
            found = by_chance(found)[:: options.every]
        chosen[module] = found
    return chosen


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("modules", nargs="*", help="adam, linear_programming, linear_programming.simplex, …")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="each module's every N-th mutant")
    parser.add_argument("--slice", type=int, default=0, metavar="N", help="N mutants a module, none a known survivor")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--write", type=Path, help="write the survivors and the score there, as JSON")
    options = parser.parse_args(arguments)
    os.chdir(ROOT)
    chosen = choose(options)
    warm_up()
    # The test run has the unbroken package's tests all around the slice: nothing to measure there.
    campaign = Campaign(jobs=options.jobs, limit=20 if options.slice else None)
    campaign.run(chosen)
    known = allowed()
    fresh = [str(mutant) for mutant in campaign.survivors if str(mutant) not in known]
    total = campaign.killed + len(campaign.survivors)
    for name in fresh:
        print("survived:", name)
    print(f"{campaign.killed} of {total} killed: {100 * campaign.killed / max(total, 1):.1f} %; ", end="")
    print(f"{len(campaign.survivors)} survived, {len(fresh)} of them not in {SURVIVORS.name}")
    if options.write:
        lived = sorted(map(str, campaign.survivors))
        options.write.write_text(json.dumps({"killed": campaign.killed, "survivors": lived}, indent=1) + "\n")
    return 1 if fresh else 0


if __name__ == "__main__":
    sys.exit(main())
