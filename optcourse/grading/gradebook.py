"""The one writer of nbgrader's gradebook: marks in the database, autograded notebooks, feedback pages.

What nbgrader does notebook by notebook through its object mapper is done here for a batch in one transaction, with the
same outcome: `nbgrader.utils.determine_grade` says what each cell is worth, what people marked by hand stays, late
submissions get the configured penalty. Rows made here have ids derived from what they are about, so writing twice, or
in two halves with a kill between them, gives the same database.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from optcourse.grading.course import Course, Handed
from optcourse.grading.feedback import page
from optcourse.grading.release import dumped

DRIVER = "the driver is not installed: `pip install 'psycopg[binary]'`, and let db_url begin with postgresql+psycopg://"
LOCKED_FOR = 30  # seconds to wait for another program to let go of the database


class GradebookError(Exception):
    """The gradebook cannot be written. The message says why and what to do; nothing of it was written by halves."""


@dataclass(frozen=True)
class Graded:
    """A submission and its result as plain data."""

    handed: Handed
    result: dict[str, Any]


@dataclass(frozen=True)
class Task:
    """What the database knows of one notebook of the assignment: ids by name of cell."""

    id: str
    grades: dict[str, str]
    comments: dict[str, str]
    by_hand: frozenset[str]
    checksums: dict[str, str]
    points: dict[str, float]

    def untouched(self, name: str, cell: dict[str, Any]) -> bool:
        """Whether a solution still is what was released."""
        import nbformat
        from nbgrader.utils import compute_checksum, is_task

        plain: Any = nbformat.NotebookNode
        node = plain(cell | {"metadata": plain(nbgrader=plain(cell["metadata"]["nbgrader"]))})
        return not is_task(node) and self.checksums.get(name) == compute_checksum(node)


class Gradebook:
    """nbgrader's database and folders, for one assignment.

    Parameters
    ----------
    course : Course
        Where.
    assignment : str
        Which. It is released into the database if it is not there or not as its source is.
    sources : dict
        The source notebooks by name.
    """

    def __init__(self, course: Course, assignment: str, sources: Mapping[str, bytes]):
        self.course, self.assignment = course, assignment
        wanted = {name: points_of(source) for name, source in sources.items()}
        with self._readable():
            if self._known(wanted) is None:
                self._release()
            known = self._known(wanted)
        if known is None:
            raise GradebookError(f"the database's {assignment} is not that of its source: release it again")
        self.id, self.duedate, self.tasks = known

    @cached_property
    def penalties(self) -> Any:
        """The configured rule for late submissions; loaded when one is late, for all of nbconvert comes with it."""
        from nbgrader.preprocessors import AssignLatePenalties

        rule = AssignLatePenalties(config=self.course.config)
        rule.init_plugin()
        return rule

    @contextlib.contextmanager
    def _readable(self) -> Iterator[None]:
        """Say in one sentence what a database complains about."""
        from sqlalchemy.exc import ArgumentError, DatabaseError

        try:
            yield
        except DatabaseError as error:
            raise GradebookError(f"{self._name}: {_plainly(' '.join(str(error.orig).split()))}") from None
        except ArgumentError as error:  # no URL, or none of a kind that is known
            raise GradebookError(f"{self._name}: {error}; look at db_url in nbgrader_config.py") from None
        except ModuleNotFoundError as error:
            raise GradebookError(f"{self._name}: {DRIVER if 'psycopg' in str(error) else error}") from None

    @property
    def _name(self) -> str:
        # Without a password, wherever it stands.
        return re.sub(r"(?<=password=)[^&]*", "…", re.sub(r"//[^/@]*@", "//", self.course.database))

    def _known(self, wanted: dict[str, dict[str, float]]) -> tuple[str, Any, dict[str, Task]] | None:
        """Return (assignment's id, due date, tasks), or None if the database does not have it as its source is."""
        from nbgrader.api import Gradebook as Database
        from nbgrader.api import MissingEntry

        with Database(self.course.database, self.course.folders.course_id) as database:
            try:
                found = database.find_assignment(self.assignment)
            except MissingEntry:
                return None
            tasks = {notebook.name: task(notebook) for notebook in found.notebooks}
            if {name: task.points for name, task in tasks.items()} != wanted:
                return None
            return found.id, found.duedate, tasks

    def _release(self) -> None:
        """Put the assignment into the database; the released notebooks themselves are left alone."""
        from optcourse.grading.release import release

        if not (self.course.root / "solutions" / f"{self.assignment}.md").is_file():
            raise GradebookError(
                f"{self.assignment} is not in {self._name} as its source is: run `nbgrader generate_assignment` first"
            )
        with tempfile.TemporaryDirectory() as folder:
            try:
                release(self.course.root, [self.assignment], Path(folder), self.course.database)
            except RuntimeError as error:
                raise GradebookError(
                    f"{error}\nIf tests were added or taken away after people handed in, nbgrader wants the old "
                    f"marks out of the way first: `nbgrader db assignment remove {self.assignment} --force`"
                ) from None

    # -------------------------------------------------------------------------------------------- one batch

    def files(self, one: Graded) -> None:
        """Write the autograded notebook and the learner's page.

        Raises
        ------
        ValueError
            If it was graded without isolation: its marks mean nothing.
        """
        _isolated(one)
        folder = self.course.folder("autograded", one.handed.student, self.assignment)
        notebook = stamped(one.result["notebook"], self.tasks[one.handed.notebook].checksums)
        put(folder / f"{one.handed.notebook}.ipynb", dumped(notebook), 0o444)
        if stamp := one.handed.timestamp:
            put(folder / "timestamp.txt", stamp + "\n", 0o444)
        write_feedback(self.course, self.assignment, one)

    def marks(self, batch: list[Graded]) -> None:
        """Write the marks of a batch in one transaction.

        Raises
        ------
        GradebookError
            If the database is locked, read-only, full or of another version.
        ValueError
            If one was graded without isolation.
        """
        for one in batch:
            _isolated(one)
        with self._readable(), self._engine.begin() as connection:
            Rows(connection, self).write(batch)

    @cached_property
    def _engine(self) -> Any:
        """One for all batches, since it remembers how statements are written; between them nothing is open."""
        from sqlalchemy import NullPool, create_engine

        options = {"timeout": LOCKED_FOR} if self.course.database.startswith("sqlite") else {}
        return create_engine(self.course.database, future=True, connect_args=options, poolclass=NullPool)


def _isolated(one: Graded) -> None:
    if one.result["isolation"] == "none":
        raise ValueError("results graded without isolation do not go into the gradebook")


def write_feedback(course: Course, assignment: str, one: Graded) -> None:
    """Write a learner's page."""
    folder = course.folder("feedback", one.handed.student, assignment)
    put(folder / f"{one.handed.notebook}.html", page(one.handed.notebook, one.result), 0o644)


def put(file: Path, text: str, mode: int) -> None:
    """Write a file whole, in place of the one that may be there; a draft that a killed run left is taken over."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.draft")
    try:
        draft.write_text(text, encoding="utf8")
        draft.chmod(mode)
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)


def stamped(notebook: dict[str, Any], checksums: Mapping[str, str]) -> dict[str, Any]:
    """Write into a graded notebook what nbgrader keeps with its cells, by which it sees whether an answer was given."""
    for cell in notebook["cells"]:
        marks = cell["metadata"].get("nbgrader", {})
        if marks.get("grade_id") in checksums:
            marks |= {"checksum": checksums[marks["grade_id"]], "cell_type": cell["cell_type"]}
    return notebook


def points_of(source: bytes) -> dict[str, float]:
    """What each graded cell of a source notebook is worth, by name."""
    marks = [cell["metadata"].get("nbgrader", {}) for cell in json.loads(source)["cells"]]
    return {one["grade_id"]: float(one.get("points") or 0) for one in marks if one.get("grade") or one.get("task")}


def task(notebook: Any) -> Task:
    """Return what is needed of a notebook of the database, given as nbgrader's object."""
    graded, by_hand = [*notebook.grade_cells, *notebook.task_cells], [*notebook.task_cells]
    return Task(
        id=notebook.id,
        grades={cell.name: cell.id for cell in graded},
        comments={cell.name: cell.id for cell in (*notebook.solution_cells, *by_hand)},
        by_hand=frozenset(cell.name for cell in by_hand),
        checksums={cell.name: cell.checksum for cell in notebook.source_cells if cell.checksum},
        points={cell.name: float(cell.max_score) for cell in graded},
    )


def _plainly(trouble: str) -> str:
    """What a database says, with what to do about it."""
    lower = trouble.lower()
    if "database" in lower and "does not exist" in lower:
        return f"there is no such database on the server ({trouble}); create it, empty: nbgrader fills it"
    if "locked" in lower:
        return "locked by another program for longer than we wait; is another nbgrader or the formgrader writing?"
    if "readonly" in lower or "read-only" in lower:
        return "it can be read but not written; look at who owns the file and its folder"
    if "full" in lower or "disk i/o" in lower:
        return f"there is no room to write ({trouble})"
    if "no such column" in lower or "does not exist" in lower:
        return f"it is from another version of nbgrader ({trouble}); back it up, then run `nbgrader db upgrade`"
    return trouble


# ------------------------------------------------------------------------------------------------- the rows


class Rows:
    """The rows of one batch, in one transaction."""

    def __init__(self, connection: Any, book: Gradebook):
        self.connection, self.book = connection, book

    def write(self, batch: list[Graded]) -> None:
        """Insert what is missing, update what is there."""
        from nbgrader import api

        students = sorted({one.handed.student for one in batch})
        known = self._known(api.Student, api.Student.id, students)
        self._insert(api.Student, [{"id": name} for name in students if name not in known])
        handed = self._handed_in(batch, students)
        notebooks = self._notebooks(batch, handed)
        self._comments(batch, notebooks)
        scores = self._grades(batch, notebooks)
        self._late(batch, handed, notebooks, scores)

    def _handed_in(self, batch: list[Graded], students: list[str]) -> dict[str, Any]:
        """Return each student's row of submitted_assignment, made if need be."""
        from nbgrader.api import SubmittedAssignment as Table
        from nbgrader.utils import parse_utc

        rows = {row.student_id: dict(row._mapping) for row in self._rows(Table, Table.student_id, students)}
        rows = {name: row for name, row in rows.items() if row["assignment_id"] == self.book.id}
        times = {one.handed.student: one.handed.timestamp for one in batch}
        new, changed = [], []
        for student in students:
            time = parse_utc(times[student]) if times[student] else None
            if student not in rows:
                rows[student] = {
                    "id": self._id("submission", student),
                    "assignment_id": self.book.id,
                    "student_id": student,
                    "timestamp": time,
                    "extension": None,
                }
                new.append(rows[student])
            elif time is not None and rows[student]["timestamp"] != time:
                rows[student]["timestamp"] = time
                changed.append({"key": rows[student]["id"], "timestamp": time})
        self._insert(Table, new)
        self._update(Table, changed, "timestamp")
        return rows

    def _notebooks(self, batch: list[Graded], handed: dict[str, Any]) -> dict[tuple[str, str], str]:
        """Return the id of each (student, notebook) in submitted_notebook."""
        from nbgrader.api import SubmittedNotebook as Table

        owners = {row["id"]: student for student, row in handed.items()}
        names = {task.id: name for name, task in self.book.tasks.items()}
        rows = self._rows(Table, Table.assignment_id, list(owners))
        ids = {(owners[row.assignment_id], names.get(row.notebook_id, "")): row.id for row in rows}
        new = []
        # nbgrader wants a row for each notebook of the assignment, handed in or not.
        for student, row in handed.items():
            for name, task in self.book.tasks.items():
                if (student, name) not in ids:
                    ids[student, name] = self._id("notebook", student, name)
                    plain = {"id": ids[student, name], "assignment_id": row["id"], "notebook_id": task.id}
                    new.append(plain | {"flagged": False, "late_submission_penalty": None})
        self._insert(Table, new)
        return ids

    def _comments(self, batch: list[Graded], notebooks: dict[tuple[str, str], str]) -> None:
        """Say "No response." where a solution is as it was released."""
        from nbgrader.api import Comment as Table

        there = {(row.notebook_id, row.cell_id): row.id for row in self._rows(Table, Table.notebook_id, notebooks)}
        new: list[dict[str, Any]] = []
        changed: list[dict[str, Any]] = []
        for one in batch:
            cells = dict(_cells(one.result))
            key = (one.handed.student, one.handed.notebook)
            task = self.book.tasks[one.handed.notebook]
            for name, cell in task.comments.items():
                comment = "No response." if name in cells and task.untouched(name, cells[name]) else None
                if (row := there.get((notebooks[key], cell))) is not None:
                    changed.append({"key": row, "auto_comment": comment})
                else:
                    plain = {"id": self._id("comment", *key, name), "cell_id": cell, "notebook_id": notebooks[key]}
                    new.append(plain | {"auto_comment": comment, "manual_comment": None})
        self._insert(Table, new)
        self._update(Table, changed, "auto_comment")

    def _grades(self, batch: list[Graded], notebooks: dict[tuple[str, str], str]) -> dict[tuple[str, str], float]:
        """Write the marks, and return what each notebook has in all; what people gave stays."""
        from nbgrader.api import Grade as Table

        there = {(row.notebook_id, row.cell_id): row for row in self._rows(Table, Table.notebook_id, notebooks)}
        totals, new, changed = {}, [], []
        for one in batch:
            key, total = (one.handed.student, one.handed.notebook), 0.0
            task = self.book.tasks[one.handed.notebook]
            for name, cell in task.grades.items():
                auto, by_hand = mark(one.result, name, task)
                row = there.get((notebooks[key], cell))
                manual, extra = (row.manual_score, row.extra_credit) if row is not None else (None, None)
                total += (manual if manual is not None else auto or 0.0) + (extra or 0.0)
                values = {"auto_score": auto, "needs_manual_grade": by_hand or manual is not None}
                if row is not None:
                    changed.append({"key": row.id, **values})
                else:
                    plain = {"id": self._id("grade", *key, name), "cell_id": cell, "notebook_id": notebooks[key]}
                    new.append(plain | values | {"manual_score": None, "extra_credit": None})
            totals[key] = total
        self._insert(Table, new)
        self._update(Table, changed, "auto_score", "needs_manual_grade")
        return totals

    def _late(
        self,
        batch: list[Graded],
        handed: dict[str, Any],
        notebooks: dict[tuple[str, str], str],
        scores: dict[tuple[str, str], float],
    ) -> None:
        """Take off what nbgrader's configured plugin takes off for lateness."""
        from nbgrader.api import SubmittedNotebook as Table

        penalties = []
        for one in batch:
            key, row = (one.handed.student, one.handed.notebook), handed[one.handed.student]
            penalty, due = None, self.book.duedate
            if due is not None and row["timestamp"] is not None:
                late = (row["timestamp"] - due).total_seconds() - (
                    row["extension"].total_seconds() if row["extension"] else 0.0
                )
                if late > 0:
                    rule = self.book.penalties
                    penalty = rule.plugin_inst.late_submission_penalty(key[0], scores[key], late)
                    if penalty is not None:
                        penalty = rule._check_late_penalty(SimpleNamespace(score=scores[key]), penalty)
            penalties.append({"key": notebooks[key], "late_submission_penalty": penalty})
        self._update(Table, penalties, "late_submission_penalty")

    # ---------------------------------------------------------------------------------------- statements

    def _id(self, *what: str) -> str:
        return hashlib.md5(json.dumps([self.book.id, *what]).encode(), usedforsecurity=False).hexdigest()

    def _known(self, table: Any, column: Any, keys: list[str]) -> set[str]:
        return {row.id for row in self._rows(table, column, keys)}

    def _rows(self, table: Any, column: Any, keys: Iterable[Any]) -> list[Any]:
        from sqlalchemy import select

        wanted = list(keys.values() if isinstance(keys, Mapping) else keys)
        return list(self.connection.execute(select(table.__table__).where(column.in_(wanted))))

    def _insert(self, table: Any, rows: list[dict[str, Any]]) -> None:
        if rows:
            self.connection.execute(table.__table__.insert(), rows)

    def _update(self, table: Any, rows: list[dict[str, Any]], *columns: str) -> None:
        from sqlalchemy import bindparam

        if rows:
            statement = table.__table__.update().where(table.__table__.c.id == bindparam("key"))
            self.connection.execute(statement.values({name: bindparam(name) for name in columns}), rows)


def _cells(result: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for cell in result["notebook"]["cells"]:
        if name := cell["metadata"].get("nbgrader", {}).get("grade_id"):
            yield name, cell


def mark(result: dict[str, Any], name: str, task: Task) -> tuple[float | None, bool]:
    """Return what a cell earns by itself (None: a person must say), and whether a person must look at it.

    Raises
    ------
    ValueError
        If nbgrader would count the notebook's cell otherwise than the judge did.
    """
    if name in task.by_hand:
        return None, True
    part = next(one for one in result["parts"] if one["grade_id"] == name)
    cell = next((cell for found, cell in _cells(result) if found == name), None)
    if cell is None:  # an answer in words that was not there to be read
        return 0.0, result["kind"] == "crashed"
    if part["manual"]:
        return (0.0, False) if task.untouched(name, cell) else (None, True)
    failed = any(
        one["output_type"] == "error" or (one["output_type"] == "stream" and one["name"] == "stderr")
        for one in cell["outputs"]
    )
    counted = 0.0 if failed else part["max_points"]
    if counted != part["points"]:
        raise ValueError(f"{name}: nbgrader would give {counted:g}, the judge gave {part['points']:g}")
    return counted, result["kind"] == "crashed"
