"""How the tests are run on mutants: what is imported beforehand, and with which settings of pytest and hypothesis."""

from __future__ import annotations

import importlib
import sys
from typing import Any

LIBRARIES = (
    *("pytest", "hypothesis", "hypothesis.strategies", "numpy", "numpy.testing", "scipy.optimize", "scipy.linalg"),
    *("scipy.sparse.linalg", "sklearn.linear_model", "sklearn.svm", "cvxpy", "matplotlib.figure", "_pytest.doctest"),
)
QUIET = ["-qq", "--no-header", "-x", "--tb=line", "--assert=plain", "-p", "no:cacheprovider", "-p", "no:xdist"]
NOT_RUN = ["-m", "not site and not torch"]
FINE, FAILED, INTERRUPTED = 0, 1, 2  # exit codes of pytest; the last: tests could not be imported


class Failures:
    """A plugin of pytest that keeps the names of what failed."""

    def __init__(self) -> None:
        self.failed: list[str] = []

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed:
            self.failed.append(report.nodeid)

    def pytest_collectreport(self, report: Any) -> None:
        self.pytest_runtest_logreport(report)


def warm_up() -> None:
    """Import what all tests need, so that a mutant's process begins with it; but nothing of the package."""
    for library in LIBRARIES:
        importlib.import_module(library)
    loaded = [name for name in sys.modules if name.split(".")[0] == "optcourse"]
    for name in loaded:  # the catalogue was asked for names: forget it again
        del sys.modules[name]


def run_pytest(arguments: list[str], plugin: Any) -> int:
    """Run tests the same way each time, whatever the machine is doing; return pytest's exit code."""
    import hypothesis

    every = hypothesis.Phase
    hypothesis.settings.register_profile(
        "mutation",
        derandomize=True,
        database=None,
        deadline=None,
        phases=[every.explicit, every.generate, every.target],  # the first failure will do, it need not be the smallest
        suppress_health_check=[hypothesis.HealthCheck.too_slow],
    )
    hypothesis.settings.load_profile("mutation")
    import pytest

    return int(pytest.main([*QUIET, *NOT_RUN, *arguments], plugins=[plugin]))
