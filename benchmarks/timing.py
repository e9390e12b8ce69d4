"""Fair timing: one thread, contestants interleaved, medians.

What is measured is the processor's time of this one thread: what a clock on the wall shows where nothing else runs, and
the same where something does, so that a busy machine spoils no ratio.

Import this before NumPy: the number of threads is fixed when the linear algebra library loads.
"""

from __future__ import annotations

import importlib
import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_variable] = "1"


TURN = 5e-3  # seconds


def interleaved(contestants: Mapping[str, Callable[[], object]], rounds: int = 15) -> dict[str, float]:
    """Return each contestant's median seconds of processor. They take turns: a slow moment of the machine hits all.

    One run takes up the turn if it lasts; a short one is repeated until it does, as ``timeit`` has it. Else it would be
    measured with the other's code in the processor's caches, which can double a millisecond.
    """
    seen: dict[str, list[float]] = {name: [] for name in contestants}
    for run in contestants.values():  # warm up
        run()
    for _ in range(rounds):
        for name, run in contestants.items():
            runs, before = 0, time.thread_time()
            while (spent := time.thread_time() - before) < TURN:
                run()
                runs += 1
            seen[name].append(spent / runs)
    return {name: statistics.median(seconds) for name, seconds in seen.items()}


def machine(*libraries: str) -> str:
    """Return what the numbers depend on, in a sentence: cores, versions, and how busy the machine is."""
    versions = ", ".join(f"{name} {importlib.import_module(name).__version__}" for name in ("numpy", *libraries))
    busy = f"load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "load unknown"
    return f"{os.cpu_count()} cores ({busy}), one thread; Python {platform.python_version()}, {versions};"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
