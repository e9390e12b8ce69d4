"""`optcourse export csv|gradescope|canvas|moodle`: the gradebook's marks in the form that another platform reads.

Every total comes from the same place, nbgrader's own accounting: what the tests gave, or what a person put in its
place, plus extra credit, minus the penalty for lateness.
"""

from __future__ import annotations

import csv
import json
import re
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from optcourse.grading.course import Course, CourseError, printable
from optcourse.grading.intake import hidden_lines

LONGEST = 10_000  # characters of one output in Gradescope


@dataclass(frozen=True)
class Line:
    """One student and one assignment.

    Attributes
    ----------
    student, first, last, email, lms : str
        Who; `lms` is the id that the platform knows them by, if nbgrader was told.
    assignment : str
        Which.
    score, penalty, most : float
        The total after the penalty, the penalty, and what can be had.
    submitted : str
        When, in UTC; empty if unknown or not at all.
    by_hand : bool
        Whether a person has still to look at it.
    parts : dict
        Points of each graded cell, by (notebook, cell): what was given, and what can be.
    """

    student: str
    first: str
    last: str
    email: str
    lms: str
    assignment: str
    score: float
    penalty: float
    most: float
    submitted: str
    by_hand: bool
    parts: dict[tuple[str, str], tuple[float, float]] = field(default_factory=dict)


def add_to(commands: Any) -> None:
    """Add the subcommand."""
    parser: ArgumentParser = commands.add_parser("export", help="write marks for another platform")
    parser.add_argument("form", choices=sorted(FORMS), help="which platform")
    parser.add_argument("--course", type=Path, default=Path(), metavar="DIR", help="the folder of nbgrader_config.py")
    parser.add_argument("--assignment", help="only this one")
    parser.add_argument("--to", type=Path, metavar="PATH", help="what to write: a file; for gradescope, a folder")
    parser.set_defaults(run=main)


def main(arguments: Namespace) -> int:
    """Write one export; return the exit status."""
    try:
        course = Course(arguments.course)
        lines = list(read(course, arguments.assignment))
        if not lines:
            raise CourseError("there are no marks yet: run `optcourse grade` first")
        form, place = FORMS[arguments.form]
        for file in form(course, lines, arguments.to or Path(place)):
            print(f"export: {printable(str(file))}")
    except (CourseError, OSError) as error:
        print(f"export: {error}", file=sys.stderr)
        return 2
    waiting = sum(line.by_hand for line in lines)
    if waiting:
        print(f"export: {waiting} still wait for a person's marks; their totals will change", file=sys.stderr)
    return 0


def read(course: Course, assignment: str | None = None) -> Iterator[Line]:
    """Yield every student's line for every assignment, by assignment and student; zero for what was not handed in.

    An assignment that nobody has handed in yet is left out, unless it is asked for by name: a platform would take its
    zeros for marks.
    """
    from nbgrader.api import Gradebook
    from sqlalchemy.exc import DatabaseError

    try:
        with Gradebook(course.database, course.folders.course_id) as book:
            students = sorted(book.students, key=lambda one: str(one.id))
            for given in sorted(book.assignments, key=lambda one: str(one.name)):
                handed = _handed_in(book.db, given) if assignment in (None, given.name) else {}
                if handed or assignment == given.name:
                    parts = _parts(book.db, given)
                    for student in students:
                        yield _line(student, given, handed.get(student.id), parts.get(student.id, {}))
    except DatabaseError as error:
        raise CourseError(f"the gradebook cannot be read ({error.orig})") from None


def _handed_in(session: Any, given: Any) -> dict[str, Any]:
    """Every student's submission, with its totals: one query, where nbgrader asks anew for each total."""
    from nbgrader.api import SubmittedAssignment as Table
    from sqlalchemy.orm import undefer

    totals = (Table.score, Table.late_submission_penalty, Table.needs_manual_grade)
    found = session.query(Table).options(*map(undefer, totals)).filter(Table.assignment_id == given.id)
    return {one.student_id: one for one in found}


def _parts(session: Any, given: Any) -> dict[str, dict[tuple[str, str], tuple[float, float]]]:
    """Every student's points by notebook and cell."""
    from nbgrader.api import BaseCell, Grade, Notebook, SubmittedAssignment, SubmittedNotebook

    parts: dict[str, dict[tuple[str, str], tuple[float, float]]] = {}
    columns = (SubmittedAssignment.student_id, Notebook.name, BaseCell.name, Grade.score, Grade.max_score)
    found = (
        session.query(*columns)
        .select_from(Grade)
        .join(SubmittedNotebook, SubmittedNotebook.id == Grade.notebook_id)
        .join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
        .join(Notebook, Notebook.id == SubmittedNotebook.notebook_id)
        .join(BaseCell, BaseCell.id == Grade.cell_id)
        .filter(SubmittedAssignment.assignment_id == given.id)
        .order_by(Notebook.name, BaseCell.name)
    )
    for student, notebook, cell, score, most in found:
        parts.setdefault(student, {})[notebook, cell] = (float(score), float(most))
    return parts


def _line(student: Any, given: Any, handed: Any, parts: dict[tuple[str, str], tuple[float, float]]) -> Line:
    score, penalty = (float(handed.score), float(handed.late_submission_penalty or 0)) if handed else (0.0, 0.0)
    return Line(
        student=student.id,
        first=student.first_name or "",
        last=student.last_name or "",
        email=student.email or "",
        lms=student.lms_user_id or "",
        assignment=given.name,
        score=max(0.0, score - penalty),
        penalty=penalty,
        most=float(given.max_score),
        submitted=handed.timestamp.isoformat() if handed and handed.timestamp else "",
        by_hand=bool(handed and handed.needs_manual_grade),
        parts=parts,
    )


# --------------------------------------------------------------------------------------------- tables


# Where a spreadsheet begins to compute: at the beginning of a cell, or behind what it may take for the end of one.
FORMULA = re.compile(r"(^|[;,\t\r\n])(?=[=+\-@\t\r\n＝＋－＠])")
NUMBER = re.compile(r"-?[\d.]+(e[+-]?\d+)?")


def harmless(cell: str) -> str:
    r"""Return a cell that a spreadsheet shows and does not compute: learners choose what they are called.

    >>> harmless("=1+1"), harmless("Anna;=1+1"), harmless("Anna-Lena"), harmless("-1.5")
    ("'=1+1", "Anna;'=1+1", 'Anna-Lena', '-1.5')
    """
    return cell if NUMBER.fullmatch(cell) else FORMULA.sub(r"\1'", cell)


@contextmanager
def _table(file: Path) -> Iterator[Callable[[Iterable[str]], Any]]:
    """Give a way to write rows to a file that spreadsheets and platforms read alike."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf8", newline="") as out:
        write = csv.writer(out).writerow
        yield lambda row: write(map(harmless, row))


def plain(course: Course, lines: list[Line], to: Path) -> Iterator[Path]:
    """One row for each student and assignment, in the columns of nbgrader's own export."""
    head = (
        "assignment timestamp student_id last_name first_name email raw_score late_submission_penalty score max_score"
    )
    with _table(to) as write:
        write(head.split())
        for one in lines:
            points = map(_number, (one.score + one.penalty, one.penalty, one.score, one.most))
            write([one.assignment, one.submitted, one.student, one.last, one.first, one.email, *points])
    yield to


def canvas(course: Course, lines: list[Line], to: Path) -> Iterator[Path]:
    """Canvas's gradebook: a row for each student, a column for each assignment, and what each is worth on top.

    Canvas finds a student by `ID` if nbgrader knows it (`lms_user_id`), else by `SIS Login ID`, for which nbgrader's id
    stands. A column of a name it does not know becomes a new assignment.
    """
    names = list(dict.fromkeys(one.assignment for one in lines))
    with _table(to) as write:
        write(["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *names])
        most = {one.assignment: one.most for one in lines}
        write(["    Points Possible", "", "", "", "", *(_number(most[name]) for name in names)])
        for student, scores in _by_student(lines).items():
            one = next(line for line in lines if line.student == student)
            name = ", ".join(part for part in (one.last, one.first) if part) or student
            write([name, one.lms, "", student, "", *(_number(scores[name]) for name in names)])
    yield to


def moodle(course: Course, lines: list[Line], to: Path) -> Iterator[Path]:
    """Moodle's grade import: `username` to find the student by, a column for each assignment."""
    names = list(dict.fromkeys(one.assignment for one in lines))
    with _table(to) as write:
        write(["username", "email", *names])
        email = {one.student: one.email for one in lines}
        for student, scores in _by_student(lines).items():
            write([student, email[student], *(_number(scores[name]) for name in names)])
    yield to


def _by_student(lines: list[Line]) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for one in lines:
        found.setdefault(one.student, {})[one.assignment] = one.score
    return found


def _number(value: float) -> str:
    return f"{value:.10g}"


# ----------------------------------------------------------------------------------------- Gradescope


def gradescope(course: Course, lines: list[Line], to: Path) -> Iterator[Path]:
    """A `results.json` for each submission, below TO/ASSIGNMENT/STUDENT/, as Gradescope reads it."""
    for one in lines:
        if one.parts:
            if Path(one.student).name != one.student:
                raise CourseError(f"the student {printable(one.student)!r} is called what no folder can be")
            file = to / one.assignment / one.student / "results.json"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(results(course, one), indent=1, ensure_ascii=False) + "\n", encoding="utf8")
            yield file


def results(course: Course, line: Line) -> dict[str, Any]:
    """Return what Gradescope is told: a visible test for each part, and a hidden one for its hidden tests."""
    tests: list[dict[str, Any]] = []
    folder = course.folder("autograded", line.student, line.assignment)
    for name in dict.fromkeys(notebook for notebook, _ in line.parts):
        try:
            cells = json.loads((folder / f"{name}.ipynb").read_bytes())["cells"]
        except FileNotFoundError:
            cells = []
        by_name = {cell["metadata"].get("nbgrader", {}).get("grade_id"): cell for cell in cells}
        for (notebook, part), (score, most) in line.parts.items():
            if notebook == name:
                tests += _tests(part, score, most, by_name.get(part))
    penalty = f"For lateness, {line.penalty:g} points are taken off." if line.penalty else ""
    return {
        "score": line.score,
        "output": penalty,
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "test_output_format": "text",
        "tests": tests,
    }


def _tests(name: str, score: float, most: float, cell: dict[str, Any] | None) -> Iterator[dict[str, Any]]:
    outputs = cell["outputs"] if cell and cell["cell_type"] == "code" else []
    verdicts = [one for one in outputs if one.get("metadata", {}).get("optcourse")]
    fresh = [one for one in verdicts if one["metadata"]["optcourse"]["fresh"]]
    public = [_text(one) for one in verdicts if one not in fresh]
    errors = [one["evalue"] for one in outputs if one["output_type"] == "error"]
    said = public or errors or (["marked by a person"] if cell and cell["metadata"]["nbgrader"].get("solution") else [])
    title = name.replace("_", " ")
    yield {
        "name": title,
        "score": score,
        "max_score": most,
        "status": "passed" if score >= most else "failed",
        "output": "\n".join(said)[:LONGEST],
        "visibility": "visible",
    }
    if cell and hidden_lines(cell["source"]):
        reached = bool(fresh) or not errors
        passed = reached and all(one["metadata"]["optcourse"]["passed"] for one in fresh)
        yield {
            "name": f"{title}: hidden tests",
            "status": "passed" if passed else "failed",
            "output": "\n".join(map(_text, fresh))[:LONGEST] if reached else "not reached",
            "visibility": "hidden",
        }


def _text(output: dict[str, Any]) -> str:
    return "".join(output["data"]["text/plain"])


Form = Callable[[Course, list[Line], Path], Iterator[Path]]
FORMS: dict[str, tuple[Form, str]] = {
    "csv": (plain, "marks.csv"),
    "gradescope": (gradescope, "gradescope"),
    "canvas": (canvas, "canvas.csv"),
    "moodle": (moodle, "moodle.csv"),
}
