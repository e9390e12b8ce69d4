"""A small class that hands in 3.1, each with the mark that it should get.

python tests/grading/submissions.py      grades all of them with stock nbgrader and prints the marks
"""

from __future__ import annotations

import ast
import csv
import inspect
import json
import os
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path
from typing import Any

from optcourse.grading import discernment, find
from optcourse.grading.release import dumped, release

ROOT = Path(__file__).resolve().parents[2]
ASSIGNMENT, TASK = "03_01_gradient_descent", "gradient_descent"
POINTS = {"gradient_descent": 4, "largest_safe_step": 2, "logistic_gradient": 4}

Sources = dict[str, str]


def source_of(function: Any, name: str) -> str:
    """A declared function as a learner would have typed it: under the exercise's name, without annotations."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.decorator_list, node.returns = [], None
            node.name = name if node.name == function.__name__ else node.name
        elif isinstance(node, ast.arg):
            node.annotation = None
        elif isinstance(node, ast.Name) and node.id == function.__name__:
            node.id = name
    return ast.unparse(tree)


def small_class() -> dict[str, tuple[Sources, float]]:
    """Every student by name: what they wrote in place of the released cells, and the points it deserves."""
    solved = {name: discernment.solutions(ROOT)[name] for name in POINTS}
    full = float(sum(POINTS.values()))
    made: dict[str, tuple[Sources, float]] = {"solved": (solved, full), "blank": ({}, 0.0)}
    for k in range(4):
        styles = {name: source_of(find(name).alternatives[k], name) for name in POINTS}
        made[f"style_{k + 1}"] = (styles, full)
    for mistake in find(TASK).mistakes:
        made[f"mistake_{mistake.name}"] = (solved | {TASK: source_of(mistake.function, TASK)}, full - POINTS[TASK])
    for name, source in {
        "syntax_error": "def gradient_descent(grad, theta, lr, steps)\n    return theta",
        "wrong_shape": "def gradient_descent(grad, theta, lr, steps):\n    return np.array([theta])",
        "ten_megabytes": solved[TASK].replace("    for _", "    print('x' * 10_000_000)\n    for _"),
        "never_ends": "def gradient_descent(grad, theta, lr, steps):\n    while True:\n        pass",
    }.items():
        made[name] = (solved | {TASK: source}, full - POINTS[TASK])
    made["first_task_only"] = ({TASK: solved[TASK]}, float(POINTS[TASK]))
    return made


def filled_in(course: Path, sources: Sources) -> dict[str, Any]:
    """The released notebook with some cells filled in."""
    notebook = json.loads((course / "exercises" / ASSIGNMENT / f"{TASK}.ipynb").read_text())
    for cell in notebook["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id")
        cell["source"] = sources.get(name, "".join(cell["source"]))
    return notebook


def hand_in(course: Path, student: str, sources: Sources) -> None:
    """Write a submission: the released notebook with some cells filled in."""
    folder = course / "submitted" / student / ASSIGNMENT
    folder.mkdir(parents=True)
    (folder / f"{TASK}.ipynb").write_text(dumped(filled_in(course, sources)))


def nbgrader(course: Path, *arguments: str) -> str:
    """Run a stock nbgrader command in a course."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    environment = os.environ | {"PATH": path, "OPTCOURSE_SEED": "a test", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=course,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"nbgrader {' '.join(arguments)}:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
    return done.stdout + done.stderr


STOCK = """
del c.Autograde, c.GenerateFeedback
c.Execute.timeout = 60  # seconds for one cell; a check ends a call of its own accord after five
"""


def open_course(course: Path, more: str = "") -> None:
    """Make a folder an nbgrader course with the assignment released in it, with `more` settings."""
    (course / "nbgrader_config.py").write_text((ROOT / "nbgrader_config.py").read_text() + more)
    release(ROOT, [ASSIGNMENT], course)


def grade(course: Path, students: dict[str, tuple[Sources, float]], more: str = STOCK) -> dict[str, float]:
    """Release, hand in, autograde, write feedback and export; return the marks by student.

    By default all of it with stock nbgrader, whose `Execute` runs every notebook in a kernel, without a sandbox.
    """
    open_course(course, more)
    for student, (sources, _) in students.items():
        hand_in(course, student, sources)
    nbgrader(course, "autograde", ASSIGNMENT)
    nbgrader(course, "generate_feedback", ASSIGNMENT)
    nbgrader(course, "export", "--to", "marks.csv")
    with (course / "marks.csv").open() as file:
        return {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}


def main() -> int:
    """Grade the whole class and print its marks."""
    students = small_class()
    with tempfile.TemporaryDirectory() as folder:
        marks = grade(Path(folder), students)
    for student, (_, deserved) in students.items():
        flag = "" if marks[student] == deserved else "   <- not what it deserves"
        print(f"{student:40}{marks[student]:6g} of 10, deserves {deserved:g}{flag}")
    return int(any(marks[student] != deserved for student, (_, deserved) in students.items()))


if __name__ == "__main__":
    sys.exit(main())
