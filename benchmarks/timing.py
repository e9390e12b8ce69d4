"""Fair timing: one thread, contestants interleaved, medians.

Import this before NumPy: the number of threads is fixed when the linear algebra library loads.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_variable] = "1"


def interleaved(contestants: Mapping[str, Callable[[], object]], rounds: int = 15) -> dict[str, float]:
    """Return each contestant's median seconds. They take turns, so that a slow moment of the machine hits all."""
    seen: dict[str, list[float]] = {name: [] for name in contestants}
    for run in contestants.values():  # warm up
        run()
    for _ in range(rounds):
        for name, run in contestants.items():
            before = time.perf_counter()
            run()
            seen[name].append(time.perf_counter() - before)
    return {name: statistics.median(seconds) for name, seconds in seen.items()}


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
