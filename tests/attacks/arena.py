"""Where attacks are tried: on a course with canaries, by the engine as a teacher would run it.

An attack is a notebook in which one task is right at most (of 3.1 the first, for 4 of 10 points) and something else
that its author put in. It is contained if it gets no more than that task's points, leaves nothing behind that the
course, the machine or the next submission can see, and the next submission, an honest one, gets all of its own.

Code in an attack may call what `TOOLS` defines: `attempt(act)` runs something that a wall should refuse and tells the
arena if none did. `COURSE` and `REPOSITORY` are the real places of what it is after, `SECRET` stands in all of them.

    python tests/attacks/arena.py      writes README.md, the table of families
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
import importlib
import json
import os
import re
import resource
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from optcourse.grading.judge import Limits, Result, grade_notebook
from optcourse.grading.release import dumped, source
from optcourse.grading.sandbox import Sandbox, Spec

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
ASSIGNMENTS = sorted(file.stem for file in (ROOT / "solutions").glob("*.md"))
ASSIGNMENT, SOLVED = "03_01_gradient_descent", "gradient_descent"
DESERVED = 4.0
SECRET = "canary-5f1b9c"
BROKEN = re.compile(r"\b(SyntaxError|IndentationError|NameError)\b[^\"]{0,200}")
WON, HELD = "GOT THROUGH:", "held back by"
LIMITS = Limits(seconds=10.0, grace=0.3, total=40.0, restarts=1)
MEMORY = 4 << 30
HASTY = Limits(seconds=0.7, grace=0.2, total=4.0, restarts=1)  # for what never ends
HONEST = Limits(seconds=60.0)

TOOLS = """
import builtins, ctypes, os, platform, sys
import numpy as np

COURSE, REPOSITORY, SECRET = {course!r}, {repository!r}, {secret!r}

def attempt(act, worth=lambda result: True):
    try:
        result = act()
    except BaseException as error:
        print({held!r}, type(error).__name__, str(error)[:80])
        return None
    if worth(result):
        print({won!r}, repr(result)[:200])
    else:
        print({held!r}, "getting nothing of worth:", repr(result)[:80])
    return result

def kernel(name, *arguments):
    "A system call by its name, without the C library's help."
    from optcourse.grading import seccomp
    table = seccomp.numbers(seccomp.ALLOWED + seccomp.FORBIDDEN, platform.machine())
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    plain = [ctypes.c_long(one) if isinstance(one, int) else one for one in arguments]
    result = libc.syscall(ctypes.c_long(table[name]), *plain)
    if result == -1:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result

def wire_end():
    "The descriptor of our end of the wire."
    import stat
    for number in range(3, 64):
        try:
            if stat.S_ISSOCK(os.fstat(number).st_mode):
                return number
        except OSError:
            pass

def frame(header, body=b""):
    import json, struct
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("!II", len(text), len(body)) + text + body
"""


@dataclass(frozen=True)
class Attack:
    """One attack.

    Attributes
    ----------
    name, family : str
        What it is, and of which kind.
    cell : str
        Code that runs before everything else in the notebook.
    tasks : mapping of str to str
        Code that stands in place of a solution, by the task's name.
    assignment, solved : str
        Which assignment it is, and which of its tasks is right; none if that is empty.
    edit : function of the notebook
        What is done to the file itself.
    raw : function of bytes to bytes
        What is done to its bytes.
    limits : Limits
        What grading it may take.
    ends : str
        How the run must end (the result's `kind`), if that matters.
    naive : bool
        Whether it raises its mark where tests run in the learner's own process: `test_patching` tries it there.
    broken : bool
        Whether it is meant to hold names or syntax that do not exist.
    """

    name: str
    family: str
    cell: str = ""
    tasks: Mapping[str, str] = field(default_factory=dict)
    assignment: str = ASSIGNMENT
    solved: str = SOLVED
    edit: Callable[[dict[str, Any]], None] | None = None
    raw: Callable[[bytes], bytes] | None = None
    limits: Limits = LIMITS
    ends: str | None = None
    naive: bool = False
    broken: bool = False


def cells(family: str, codes: Mapping[str, str], **options: Any) -> list[Attack]:
    """Attacks that are a cell each."""
    return [Attack(name, family, cell=code, **options) for name, code in codes.items()]


def answers(family: str, codes: Mapping[str, str], task: str = "logistic_gradient", **options: Any) -> list[Attack]:
    """Attacks that are the solution of a task which they do not solve."""
    return [Attack(name, family, tasks={task: code}, **options) for name, code in codes.items()]


# --------------------------------------------------------------------------------------------- notebooks


@cache
def assignment(name: str = ASSIGNMENT) -> bytes:
    """The source of an assignment, with few fresh cases: it is graded some hundred times."""
    notebook = source(ROOT / "solutions" / f"{name}.md")
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"]).replace("fresh=8", "fresh=3")
    return json.dumps(notebook).encode()


@cache
def points(name: str = ASSIGNMENT) -> Mapping[str, float]:
    """What each task of an assignment is worth."""
    marks = [cell["metadata"].get("nbgrader", {}) for cell in json.loads(assignment(name))["cells"]]
    return {one["grade_id"].removeprefix("check_"): float(one["points"]) for one in marks if one.get("grade")}


@cache
def texts(name: str = ASSIGNMENT) -> tuple[str, Mapping[str, str]]:
    """The released notebook of an assignment, and the solution of each of its tasks."""
    (released,) = (ROOT / "exercises" / name).glob("*.ipynb")
    solved = {
        cell["metadata"]["nbgrader"]["grade_id"]: "".join(cell["source"])
        for cell in source(ROOT / "solutions" / f"{name}.md")["cells"]
        if cell["metadata"].get("nbgrader", {}).get("solution")
    }
    return released.read_text(encoding="utf8"), solved


def named(notebook: dict[str, Any], name: str) -> dict[str, Any]:
    """The cell with a grade_id."""
    return next(cell for cell in notebook["cells"] if cell["metadata"].get("nbgrader", {}).get("grade_id") == name)


def written(tasks: Mapping[str, str], first: tuple[str, ...] = (), name: str = ASSIGNMENT) -> dict[str, Any]:
    """The released notebook with some tasks filled in and some cells put before everything."""
    notebook: dict[str, Any] = json.loads(texts(name)[0])
    for cell in notebook["cells"]:
        task = cell["metadata"].get("nbgrader", {}).get("grade_id")
        cell["source"] = tasks.get(task, "".join(cell["source"]))
    extra = [code_cell(text) for text in first]
    notebook["cells"] = [*extra, *notebook["cells"]]
    return notebook


def code_cell(text: str, **marks: Any) -> dict[str, Any]:
    """A code cell; `marks` are nbgrader's metadata."""
    metadata = {"nbgrader": {"schema_version": 3, "locked": False, **marks}} if marks else {}
    return {"cell_type": "code", "execution_count": None, "metadata": metadata, "outputs": [], "source": text}


def text_cell(text: str) -> dict[str, Any]:
    """A Markdown cell."""
    return {"cell_type": "markdown", "metadata": {}, "source": text}


def outputs(result: Result) -> str:
    """All that the cells of a graded notebook printed, showed and raised."""
    return json.dumps([cell.get("outputs", []) for cell in result.notebook["cells"]], ensure_ascii=False)


def printed(result: Result) -> str:
    """All that its cells printed."""
    return "".join(
        output["text"]
        for cell in result.notebook["cells"]
        for output in cell.get("outputs", [])
        if output["output_type"] == "stream"
    )


# ------------------------------------------------------------------------------------------------- arena

WITNESS = """
import os, sys, threading, builtins
import numpy as np
print("witness", sorted(os.listdir("/tmp")), threading.active_count(), os.getpid(), len(os.listdir("/")),
      np.allclose(1, 2), isinstance(1, str), len(sys.meta_path), sys.gettrace(), np.random.rand(), len(dir(builtins)))
"""


class Arena:
    """A course with canaries, and one warm sandbox for all attacks."""

    def __init__(self, folder: Path, spec: Spec | None = None):
        self.folder = folder
        self.course = canary_course(folder / "course")
        self.spec = spec or Spec()
        self.sandbox = Sandbox(self.spec)
        self.tools = TOOLS.format(course=str(self.course), repository=str(ROOT), secret=SECRET, won=WON, held=HELD)
        self.temporary = folder / "temporary"
        self.temporary.mkdir()

    @contextlib.contextmanager
    def open(self) -> Iterator[Arena]:
        """Keep it open; temporary files made meanwhile go where they can be seen."""
        # An attack on the judge's memory must fail the test and not the machine. What other tests have loaded into this
        # process, PyTorch for one, is none of it.
        soft, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (held("VmSize") + MEMORY, hard))
        before, tempfile.tempdir = tempfile.tempdir, str(self.temporary)
        seed, os.environ["OPTCOURSE_SEED"] = os.environ.get("OPTCOURSE_SEED"), SECRET
        try:
            with self.sandbox:
                self.honest = self.witness()
                gc.collect()  # what other tests have left to the collector is not to be closed while this one counts
                self.clean = self.state()
                yield self
        finally:
            resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
            tempfile.tempdir = before
            os.environ.pop("OPTCOURSE_SEED")
            if seed is not None:
                os.environ["OPTCOURSE_SEED"] = seed

    def submission(self, attack: Attack) -> bytes:
        """The file that its author hands in."""
        solved = {attack.solved: texts(attack.assignment)[1][attack.solved]} if attack.solved else {}
        notebook = written(solved | dict(attack.tasks), (self.tools, attack.cell), attack.assignment)
        if attack.edit is not None:
            attack.edit(notebook)
        data = dumped(notebook).encode()
        return data if attack.raw is None else attack.raw(data)

    def grade(self, attack: Attack) -> Result:
        """Grade it."""
        given = assignment(attack.assignment)
        return grade_notebook(given, self.submission(attack), attack.limits, "the term's seed", self.sandbox)

    def witness(self, name: str = ASSIGNMENT) -> str:
        """Grade the honest notebook: it gets all its points, and tells what it found around itself."""
        notebook = dumped(written(texts(name)[1], (WITNESS,), name)).encode()
        result = grade_notebook(assignment(name), notebook, HONEST, "the term's seed", self.sandbox)
        assert result.score == sum(points(name).values()), outputs(result)
        found = printed(result)
        assert found.startswith("witness"), found
        return found

    def state(self) -> dict[str, Any]:
        """Everything outside that must be as it was."""
        return {
            "course": contents(self.course),
            "repository": stamps(ROOT / "optcourse") | stamps(ROOT / "solutions") | stamps(ROOT / "exercises"),
            "temporary files": len(list(self.temporary.iterdir())),
            "processes": len(descendants(self.sandbox._process.pid)),  # type: ignore[union-attr]
            "groups of control": groups(),
            "descriptors": len(list(Path("/proc/self/fd").iterdir())),
            "mounts": mounts(),
        }

    def withstand(self, attack: Attack) -> Result:
        """Grade an attack, and then an honest notebook; nothing may have been gained, broken or left."""
        result = self.grade(attack)
        deserved = points(attack.assignment).get(attack.solved, 0.0)
        assert result.score <= deserved, f"{attack.name} gets {result.score:g} points\n{outputs(result)}"
        assert result.max_score == sum(points(attack.assignment).values())
        assert WON not in outputs(result), printed(result)
        broken = BROKEN.search(outputs(result))
        assert broken is None or attack.broken, f"the attack itself is broken: {broken[0]}"
        assert SECRET not in outputs(result), "the secret got into the result"
        if attack.ends is not None:
            assert result.kind == attack.ends, (result.kind, result.sentence, outputs(result))
        assert self.witness(attack.assignment) == self.honest
        after = self.state()
        assert {name: after[name] for name in after if after[name] != self.clean[name]} == {}
        return result


def canary_course(folder: Path) -> Path:
    """A small course: a gradebook, a neighbour's submission, a source, a key, each with the secret in it."""
    for name in ("submitted/neighbour", "source", "solutions", "autograded/neighbour"):
        (folder / name).mkdir(parents=True)
        (folder / name / "notebook.ipynb").write_text(json.dumps({"cells": [], "secret": SECRET}))
    (folder / ".key").write_text(SECRET)
    with contextlib.closing(sqlite3.connect(folder / "gradebook.db")) as database, database:
        database.execute("create table grades (student text, points real)")
        database.execute("insert into grades values (?, 4.0)", [SECRET])
    return folder


def contents(folder: Path) -> dict[str, str]:
    """What every file under a folder holds, and whom it is for."""
    return {
        str(path.relative_to(folder)): f"{path.lstat().st_mode:o} "
        + (hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder")
        for path in sorted(folder.rglob("*"))
    }


def stamps(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Size, mode and time of every source under a folder."""
    return {
        str(path): (found.st_size, found.st_mode, found.st_mtime_ns)
        for pattern in ("*.py", "*.md", "*.ipynb")
        for path in sorted(folder.rglob(pattern))
        for found in (path.stat(),)
    }


def mounts() -> set[str]:
    """What is mounted, but for what a system's own services mount for themselves whenever one of them is started."""
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    return {line for line in lines if not line.split()[4].startswith(("/run/", "/snap/", "/var/lib/"))}


def held(kind: str) -> int:
    """Bytes that this process holds, or held at most (``VmHWM``), as the kernel counts them."""
    text = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) << 10 for line in text.splitlines() if line.startswith(f"{kind}:"))


@contextlib.contextmanager
def held_within(most: int) -> Iterator[None]:
    """Demand that this process at no time holds so many bytes more than it does now, whatever it held before."""
    Path("/proc/self/clear_refs").write_text("5")  # what it held at most (VmHWM) begins anew
    before = held("VmRSS")
    yield
    assert held("VmHWM") - before < most


def groups() -> list[str]:
    """The control group that this process is in, and those below it."""
    (*_, own) = Path("/proc/self/cgroup").read_text().splitlines()
    below = Path("/sys/fs/cgroup", own.partition("::")[2].lstrip("/")) if "::" in own else None
    found = [] if below is None or not below.is_dir() else [str(path) for path in below.iterdir() if path.is_dir()]
    return [own, *sorted(found)]


def descendants(pid: int) -> list[int]:
    """Every process that comes from this one."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    found, fringe = [pid], [pid]
    while fringe:
        fringe = [child for child, parent in parents.items() if parent in fringe]
        found += fringe
    return sorted(found)


# ------------------------------------------------------------------------------------------------- table


def families() -> dict[str, Any]:
    """Every family's module, by name."""
    sys.path.insert(0, str(HERE))
    return {path.stem: importlib.import_module(path.stem) for path in sorted(HERE.glob("test_attacks_*.py"))}


OPENING = """\
# What has been tried against the grader

{total} attacks, each a notebook in which one task is right at most: of the first assignment that is 4 of 10 points.
After each, its author has no more than that, the course, the machine and the gradebook are as they were, and the next
learner, graded by the same warm process, gets all points.
This page is made by `python tests/attacks/arena.py`.

| what a notebook tries | attacks | what contains it | tests |
|---|---|---|---|
{families}

Walls and bounds are taken away one at a time (`tests/attacks/test_walls.py`), and then something gets through:

| taken away | what then gets through |
|---|---|
{walls}
"""


def table() -> str:
    """The families as a table in Markdown: what is tried, what contains it, where it is tested."""
    rows = []
    for name, module in families().items():
        first = (module.__doc__ or "").splitlines()[0].rstrip(".")
        rows.append(f"| {first} | {len(module.ATTACKS)} | {module.CONTAINED} | `tests/attacks/{name}.py` |")
    walls = importlib.import_module("test_walls")
    gone = [f"| {', '.join((*one.behind, one.wall))} | {one.shown_by} |" for one in walls.REMOVALS]
    gone += [f"| the bound on {bound} | {attack.name} |" for bound, attack in walls.CHECKS.items()]
    total = sum(len(module.ATTACKS) for module in families().values())
    return OPENING.format(total=total, families="\n".join(rows), walls="\n".join(gone))


if __name__ == "__main__":
    (HERE / "README.md").write_text(table(), encoding="utf8")
