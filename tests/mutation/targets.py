"""What there is to break, and which tests should notice."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path

from mutants import Mutant, mutants

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SURVIVORS = HERE / "survivors.json"

# A module's own tests, where they do not simply bear its name.
OWN_TESTS = {
    "adam": ["tests/test_adaptive.py", "tests/oracles/test_conventions.py"],
    "adaptive": ["tests/test_adaptive.py", "tests/oracles/test_conventions.py"],
    "certificates": ["tests/test_certificates.py", "tests/test_convexity.py"],
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


@cache
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


@cache
def source_of(module: str) -> str:
    """The module's text, read once: an editor may be at work while a campaign runs."""
    return path_of(module).read_text()


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
    return [str(path_of(module).relative_to(ROOT)), *shared, *peers, "-k", f"{rows} or optcourse"]


def rounds(module: str) -> list[list[str]]:
    """What a mutant of a module has to outlive, one after the other."""
    return [tests for tests in (own_tests(module), second_chance(module)) if tests]


@cache
def all_mutants(module: str) -> list[Mutant]:
    return mutants(source_of(module), module)


@cache
def allowed() -> dict[str, str]:
    """The survivors that are known, and why each may live."""
    return dict(json.loads(SURVIVORS.read_text())) if SURVIVORS.exists() else {}


def by_chance(found: list[Mutant]) -> list[Mutant]:
    """The same mutants in an order that has nothing to do with where they stand, and is always the same."""
    return sorted(found, key=lambda mutant: hashlib.sha256(str(mutant).encode()).digest())
