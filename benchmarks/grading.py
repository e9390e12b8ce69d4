"""Grading against stock `nbgrader autograde`: the same submissions, taking turns.

Both start cold, as a teacher starts them, and write the same gradebook and autograded notebooks; `optcourse grade` also
writes its feedback pages. What counts is the wall time for one more submission: a small class and a larger one are
graded, and the difference divided by the number of people more, so that neither pays for imports.
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
from pathlib import Path

from timing import table

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "grading"))

ROUNDS = 3
FEW, MANY = 2, 6  # submissions for nbgrader
CROWD = 8  # times as many for us: one more takes too little to be seen in a few
AIM = 50


def main(rounds: int = ROUNDS) -> None:
    """Print seconds for one more submission, and the ratios round by round."""
    from submissions import STOCK, open_course

    with tempfile.TemporaryDirectory(prefix="optcourse-bench-") as folder:
        stock, ours = Path(folder, "stock"), Path(folder, "ours")
        for course, more in ((stock, STOCK), (ours, "")):
            course.mkdir()
            with contextlib.redirect_stdout(io.StringIO()):
                open_course(course, more)
        seen = [(one_more(stock, autograde, 1), one_more(ours, grade, CROWD)) for _ in range(rounds)]
    ratios = sorted(theirs / mine for theirs, mine in seen)
    rows = [
        [name, *(f"{1000 * one:.0f}" for one in (min(times), statistics.median(times), max(times)))]
        for name, times in (
            ("stock `nbgrader autograde`", [theirs for theirs, _ in seen]),
            (f"`optcourse grade`, {os.cpu_count()} workers", [mine for _, mine in seen]),
        )
    ]
    rows.append(["ratio", *(f"{one:.0f}×" for one in (ratios[0], statistics.median(ratios), ratios[-1]))])
    print(table(["ms for one more submission", "least", "median", "most"], rows))
    if statistics.median(ratios) < AIM:
        print(f"\nThe aim is {AIM}×. Where our time goes:\n\n{profile()}")


def one_more(course: Path, run: object, times: int) -> float:
    """Seconds that one more submission takes: from the wall times of a small class and of a larger one."""
    assert callable(run)
    seconds = []
    for size in (FEW * times, MANY * times):
        people(course, size)
        before = time.perf_counter()
        run(course)
        seconds.append(time.perf_counter() - before)
    return (seconds[1] - seconds[0]) / ((MANY - FEW) * times)


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
