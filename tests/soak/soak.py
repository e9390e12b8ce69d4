"""Grade a large class, a tenth of it hostile or broken, and count: verdicts, memory, what is left behind.

python tests/soak/soak.py [--students 10000] [--workers 2] [--timeout 10]      make soak
"""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from argparse import ArgumentParser
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "grading"))

from broken import EXPECTED, hand_in_broken
from leftovers import left_behind
from submissions import ASSIGNMENT, TASK, hand_in, open_course, small_class

SETTLED = 1_000  # submissions after which memory must not grow any more
GROWTH = 50  # MB
EVERY = 0.25  # seconds between two looks at the memory

# In place of gradient_descent, those that take little time first: a short soak has only them. Whatever else they reach,
# they must not get its points.
HOSTILE = {
    "never_ends": """
def gradient_descent(*arguments):
    while True: pass
""",
    "exits": """
import os
os._exit(0)
""",
    "kills_everybody": """
import os, signal
os.kill(-1, signal.SIGKILL)
""",
    "eats_memory": """
def gradient_descent(*arguments):
    kept = []
    while True: kept.append(bytearray(1 << 24))
""",
    "full_marks": """
import optcourse.grading
optcourse.grading.check = check = lambda *a, **k: None
def gradient_descent(*arguments): return None
""",
    "equals_everything": """
class Yes:
    def __eq__(self, other): return True
    def __array__(self, *a, **k): return self
def gradient_descent(*arguments): return Yes()
""",
    "huge_answer": """
def gradient_descent(*arguments): return np.zeros(1 << 28)
""",
    "kills_itself": """
import os, signal
os.kill(os.getpid(), signal.SIGSEGV)
""",
    "closes": """
import os
os.closerange(0, 4096)
""",
    "fork_bomb": """
import os
while True:
    try: os.fork()
    except OSError: pass
""",
    "sleeps": """
import time
time.sleep(10_000)
""",
    "ignores_interrupts": """
def gradient_descent(*arguments):
    while True:
        try:
            while True: pass
        except BaseException: pass
""",
    "prints": """
def gradient_descent(*arguments):
    while True: print('x' * 100_000)
""",
    "recurses": """
import sys
sys.setrecursionlimit(10**9)
def gradient_descent(*arguments): return gradient_descent(*arguments)
""",
    "fills_the_disk": """
k = 0
while True:
    open(f'/tmp/{k}', 'wb').write(bytes(1 << 20))
    k += 1
""",
}


@dataclass
class Figures:
    """What a soak has shown."""

    students: int
    seconds: float = 0.0
    verdicts: int = 0
    wrong: list[str] = field(default_factory=list)
    rows: int = 0
    settled: float = 0.0
    largest: float = 0.0
    left: list[str] = field(default_factory=list)
    status: int = -1

    @property
    def growth(self) -> float:
        """MB by which the run's processes grew after they had settled."""
        return self.largest - self.settled

    def __str__(self) -> str:
        return (
            f"{self.verdicts} verdicts on {self.students} submissions in {self.seconds:.0f} s "
            f"({1000 * self.seconds / self.students:.0f} ms each, gradebook and feedback included); "
            f"memory {self.settled:.0f} MB when settled, {self.growth:+.0f} MB at most after; "
            f"left behind: {self.left or 'nothing'}; wrong: {self.wrong or 'none'}"
        )

    @property
    def good(self) -> bool:
        """Whether all is as it must be."""
        whole = self.students == self.verdicts == self.rows
        return self.status == 0 and whole and self.growth < GROWTH and not self.left and not self.wrong


def populate(course: Path, students: int) -> dict[str, float]:
    """Hand in for a class; return the most marks that each may get, negative (−m − 1) where it must be exactly m."""
    open_course(course)
    draw = random.Random(0)
    fine = {name: one for name, one in small_class().items() if name not in ("never_ends", "ten_megabytes")}
    solved, full = fine["solved"]
    deserved: dict[str, float] = {}
    for number in range(students):
        if number % 10:
            kind = draw.choice(list(fine))
            student = f"{number:06}_{kind}"
            hand_in(course, student, fine[kind][0])
            deserved[student] = -fine[kind][1] - 1
        elif (number // 10) % 2:
            kind = draw.choice(list(EXPECTED))
            student = f"{number:06}_{kind}"
            hand_in_broken(course, solved, kind, student)
            deserved[student] = -EXPECTED[kind][0] - 1
        else:
            kind = list(HOSTILE)[(number // 20) % len(HOSTILE)]
            student = f"{number:06}_{kind}"
            hand_in(course, student, solved | {TASK: HOSTILE[kind]})
            deserved[student] = full - 4
    return deserved


def soak(folder: Path, students: int, workers: int, timeout: float = 10.0) -> Figures:
    """Run one soak in a folder."""
    course, temporary, file = folder / "course", folder / "temporary", folder / "results.json"
    course.mkdir()
    temporary.mkdir()
    deserved = populate(course, students)
    figures = Figures(students)
    command = [sys.executable, "-m", "optcourse", "grade", ASSIGNMENT, "--course", str(course), "--json", str(file)]
    command += ["--workers", str(workers), "--timeout", str(timeout)]
    begin = time.monotonic()
    process = subprocess.Popen(command, env=os.environ | {"TMPDIR": str(temporary)})
    watch = threading.Thread(target=_watch, args=(process, course, figures), daemon=True)
    watch.start()
    figures.status = process.wait()
    figures.seconds = time.monotonic() - begin
    watch.join()
    _count(figures, deserved, file, course / "gradebook.db")
    figures.left = left_behind(temporary)
    return figures


def _count(figures: Figures, deserved: dict[str, float], file: Path, database: Path) -> None:
    if not file.exists():
        return
    seen = set()
    with file.open() as lines:  # a result in each: never all in memory
        for one in (json.loads(line.rstrip(",\n")) for line in lines if line.startswith("{")):
            if one["student"] in seen:
                figures.wrong.append(f"{one['student']} has two verdicts")
            seen.add(one["student"])
            most, score = deserved[one["student"]], one["result"]["score"]
            if not (score == -most - 1 if most < 0 else score <= most):
                figures.wrong.append(f"{one['student']}: {score:g} ({one['result']['kind']})")
    figures.verdicts = len(seen)
    with sqlite3.connect(database) as connection:
        figures.rows = connection.execute("select count(*) from submitted_notebook").fetchone()[0]
    connection.close()


def _watch(process: subprocess.Popen[bytes], course: Path, figures: Figures) -> None:
    """Note the memory of the run's own processes: the one that writes, and the workers; not the sandboxes."""
    journal = course / ".optcourse" / ASSIGNMENT / "journal.jsonl"
    seen = lines = 0
    while process.poll() is None:
        with (journal if journal.exists() else Path(os.devnull)).open("rb") as file:
            file.seek(seen)
            data = file.read()
        seen, lines = seen + len(data), lines + data.count(b"\n")
        memory = _memory(process.pid)
        if lines <= min(SETTLED, figures.students // 2):
            figures.settled = max(figures.settled, memory)
        figures.largest = max(figures.largest, memory)
        time.sleep(EVERY)


def _memory(pid: int) -> float:
    """MB held by a process and its Python workers."""
    total = 0.0
    for one in (pid, *_children(pid)):
        try:
            text = Path(f"/proc/{one}/status").read_text()
            command = Path(f"/proc/{one}/cmdline").read_bytes()
        except OSError:
            continue
        if one == pid or b"multiprocessing" in command:
            total += next((int(line.split()[1]) for line in text.splitlines() if line.startswith("RssAnon")), 0) / 1024
    return total


def _children(pid: int) -> list[int]:
    try:
        return [int(name) for name in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def main() -> int:
    """Soak, and say what came of it."""
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--students", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--timeout", type=float, default=10.0)
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="optcourse-soak-"))
    try:
        figures = soak(folder, asked.students, asked.workers, asked.timeout)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(figures)
    return 0 if figures.good else 1


if __name__ == "__main__":
    sys.exit(main())
