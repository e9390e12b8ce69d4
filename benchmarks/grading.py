"""Grading against stock `nbgrader autograde`: the same submissions, taking turns.

Both start cold, as a teacher starts them, and write the same gradebook and autograded notebooks; `optcourse grade` also
writes its feedback pages. Each is given a class large enough that its start weighs less than a seventh: ours a larger
one, since it takes less for each. Time is what a teacher waits. (Processor time cannot stand in for it on a busy
machine: that of sandboxed grandchildren reaches nobody.)
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from timing import machine, table

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "grading"))

ROUNDS = 3
FEW, MANY = 16, 600
AIM = 50


def main(rounds: int = ROUNDS) -> None:
    """Print seconds for each submission, and the ratios round by round."""
    from submissions import STOCK, open_course

    print(machine("nbgrader"), f"classes of {FEW} and of {MANY}, median of {rounds} interleaved rounds\n")
    with tempfile.TemporaryDirectory(prefix="optcourse-bench-") as folder:
        stock, ours = Path(folder, "stock"), Path(folder, "ours")
        for course, more in ((stock, STOCK), (ours, "")):
            course.mkdir()
            with contextlib.redirect_stdout(io.StringIO()):
                open_course(course, more)
        seen = [(each(stock, autograde, FEW), each(ours, grade, MANY)) for _ in range(rounds)]
    theirs, mine = ([one[side] for one in seen] for side in (0, 1))
    ratios = [one / other for one, other in zip(theirs, mine, strict=True)]
    rows = [
        ["stock `nbgrader autograde`", *spread([1000 * one for one in theirs], " ms")],
        [f"`optcourse grade`, {os.cpu_count()} workers", *spread([1000 * one for one in mine], " ms")],
        ["ratio", *spread(ratios, "×")],
    ]
    print(table(["for each submission", "least", "median", "most"], rows))
    if statistics.median(ratios) < AIM:
        print(f"\nThe aim is {AIM}×. Where our time goes:\n\n{profile()}")


def spread(values: list[float], unit: str) -> list[str]:
    """Least, median and most."""
    return [f"{one:.0f}{unit}" for one in (min(values), statistics.median(values), max(values))]


def each(course: Path, run: Callable[[Path], None], size: int) -> float:
    """Seconds for each submission of a class."""
    people(course, size)
    start = time.perf_counter()
    run(course)
    return (time.perf_counter() - start) / size


def people(course: Path, size: int) -> None:
    """Let a class hand in, and nothing be graded yet."""
    from submissions import hand_in, small_class

    kinds = ("solved", "mistake_uphill", "style_1", "blank")
    everybody = small_class()
    for name in ("submitted", "autograded", "feedback", ".optcourse"):
        shutil.rmtree(course / name, ignore_errors=True)
    for k in range(size):
        hand_in(course, f"student_{k:03}", everybody[kinds[k % len(kinds)]][0])


def autograde(course: Path) -> None:
    """Stock nbgrader."""
    from submissions import ASSIGNMENT, nbgrader

    nbgrader(course, "autograde", ASSIGNMENT)


def grade(course: Path) -> None:
    """Ours, in a process of its own as theirs."""
    from submissions import ASSIGNMENT

    command = [sys.executable, "-m", "optcourse", "grade", ASSIGNMENT, "--course", str(course)]
    subprocess.run(command, check=True, capture_output=True)


def profile() -> str:
    """Where the judge's own time goes for one submission: the functions that take most."""
    import cProfile
    import pstats

    from submissions import ROOT, TASK, filled_in, open_course, small_class

    from optcourse.grading.judge import Limits, as_json, grade_notebook
    from optcourse.grading.release import dumped
    from optcourse.grading.sandbox import Sandbox

    with tempfile.TemporaryDirectory() as folder, Sandbox(Limits().spec) as sandbox:
        course = Path(folder)
        with contextlib.redirect_stdout(io.StringIO()):
            open_course(course)
        source = next((course / "_build" / "source").rglob(f"{TASK}.ipynb")).read_bytes()
        handed = dumped(filled_in(course, small_class()["solved"][0])).encode()
        grade_notebook(source, handed, seed="0", sandbox=sandbox)
        profiler, out = cProfile.Profile(), io.StringIO()
        profiler.enable()
        for _ in range(5):
            as_json(grade_notebook(source, handed, seed="0", sandbox=sandbox))
        profiler.disable()
    pstats.Stats(profiler, stream=out).strip_dirs().sort_stats("tottime").print_stats(12)
    return out.getvalue().replace(str(ROOT), "")


if __name__ == "__main__":
    main()
