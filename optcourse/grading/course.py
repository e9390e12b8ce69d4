"""A course on disk: nbgrader's folders, where each assignment's source is, what was handed in, and what must stay here.

COURSE/nbgrader_config.py                 names the folders and the database
COURSE/submitted/STUDENT/ASSIGNMENT/      one notebook for each task
COURSE/.optcourse/seed                    what fresh cases are drawn from: never committed, never shown
COURSE/.optcourse/ASSIGNMENT/             the journal of a grading run
"""

from __future__ import annotations

import contextlib
import fnmatch
import glob
import hashlib
import os
import re
import secrets
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

from optcourse.grading.intake import BadFileError, read

STATE = ".optcourse"


class CourseError(Exception):
    """The course is not as it must be. The message says what to do."""


def printable(text: str) -> str:
    r"""Return a name in letters that do nothing to a terminal.

    >>> printable("anna\x1b[2J")
    'anna?[2J'
    """
    return "".join(one if one.isprintable() else "?" for one in text)


@dataclass(frozen=True, order=True)
class Handed:
    """One notebook that a student was to hand in.

    Attributes
    ----------
    student, notebook : str
        Whose, and which.
    folder : Path
        Where it should be.
    alone : bool
        Whether it is the assignment's only notebook, so that one file under another name can be nothing else.
    """

    student: str
    notebook: str
    folder: Path
    alone: bool = True

    def read(self) -> tuple[bytes, str]:
        """Return the bytes and a note about where they were found, or raise `BadFileError`."""
        for place in (self.folder.parent, self.folder):
            if place.is_symlink():
                raise BadFileError(f"{place.name} is a link, not a folder")
        if not self.folder.is_dir():
            raise BadFileError(f"{self.folder.name} is not a folder")
        wanted = self.folder / f"{self.notebook}.ipynb"
        if os.path.lexists(wanted):
            return read(wanted), ""
        others = sorted(name for name in os.listdir(self.folder) if name.endswith(".ipynb"))  # noqa: PTH208
        if self.alone and len(others) == 1:
            return read(self.folder / others[0]), f"the file is called {others[0]}, not {wanted.name}"
        there = f"; there is {', '.join(others[:3])}" if others else ""
        raise MissingError(f"there is no {wanted.name} in what was handed in{there}")

    @property
    def timestamp(self) -> str:
        """What nbgrader's collection noted about when it was handed in; empty if it did not, or if it is no time."""
        from nbgrader.utils import parse_utc

        try:
            text = read(self.folder / "timestamp.txt", largest=1000)[0:100].decode(errors="replace").strip()
            return text if text and parse_utc(text) else ""
        except (BadFileError, ValueError, ArithmeticError):  # dateutil counts some of what it reads in decimals
            return ""


def _as_text(name: str) -> str:
    r"""Return a student's id for a folder's name. Not every name is UTF-8, and the database takes nothing else.

    >>> _as_text(os.fsdecode(b"M\xfcller")), _as_text("Müller")
    ('M\\xfcller', 'Müller')
    """
    return os.fsencode(name).decode("utf-8", "backslashreplace")


class MissingError(BadFileError):
    """Nothing was handed in under the name of this notebook."""


@contextlib.contextmanager
def _slender() -> Iterator[None]:
    """Keep nbgrader, if it is loaded in here, from loading what has no part in grading: half of the time of a start.

    Its package begins with the pages that it adds to Jupyter, and these with a web server and all of nbconvert.
    jsonschema, if it finds the syntax of RFC 3987, compiles 39 grammars for formats that no notebook has. All of this
    can still be loaded afterwards by whoever asks for it.
    """
    stand_ins: dict[str, Any] = {"rfc3987_syntax": None}
    for name in ("assignment_list", "course_list", "validate_assignment", "formgrader"):
        module = ModuleType(f"nbgrader.server_extensions.{name}")
        vars(module)["load_jupyter_server_extension"] = None
        stand_ins[module.__name__] = module
    added = {name: module for name, module in stand_ins.items() if name not in sys.modules}
    sys.modules.update(added)
    try:
        yield
    finally:
        for name in added:
            del sys.modules[name]


class Course:
    """An nbgrader course.

    Parameters
    ----------
    root : Path
        The folder of nbgrader_config.py.
    folders : CourseDirectory, optional
        What nbgrader knows of its folders, if it is nbgrader that asks.
    """

    def __init__(self, root: Path, folders: Any = None):
        self.root = root.resolve()
        self._folders = folders
        if not self.root.is_dir():
            raise CourseError(f"{root} is not a folder")

    @cached_property
    def config(self) -> Any:
        """Settings of nbgrader, with this folder as the course's root."""
        from traitlets.config import Config
        from traitlets.config.loader import PyFileConfigLoader

        # nbgrader calls a bare `alembic`, which is where this Python is.
        os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        file = self.root / "nbgrader_config.py"
        config = PyFileConfigLoader(file.name, path=str(self.root)).load_config() if file.is_file() else Config()
        config.CourseDirectory.root = str(self.root)
        return config

    @cached_property
    def folders(self) -> Any:
        """What nbgrader knows of where everything is."""
        with _slender():
            from nbgrader.coursedir import CourseDirectory

        return self._folders or CourseDirectory(config=self.config)

    @property
    def database(self) -> str:
        """The ``db_url`` of nbgrader."""
        return str(self.folders.db_url)

    def folder(self, step: str, student: str, assignment: str) -> Path:
        """Where nbgrader keeps a step ("submitted", "autograded", "feedback", "source") of a student's work."""
        return Path(self.folders.format_path(getattr(self.folders, f"{step}_directory"), student, assignment))

    def sources(self, assignment: str) -> dict[str, bytes]:
        """The solved notebooks of an assignment by name, made anew where their text is in solutions/."""
        from optcourse.grading.release import write_source

        text = self.root / "solutions" / f"{assignment}.md"
        if text.is_file():
            with tempfile.TemporaryDirectory() as folder:
                file = write_source(text, Path(folder))
                return {file.stem: file.read_bytes()}
        files = sorted(self.folder("source", ".", assignment).glob("*.ipynb"))
        if not files:
            raise CourseError(f"there is no assignment {assignment} here: no solutions/{assignment}.md, and no source")
        return {file.stem: file.read_bytes() for file in files}

    def handed_in(self, assignment: str, notebooks: list[str], students: str = "*") -> list[Handed]:
        """Everything that was handed in for an assignment, by student."""
        # nbgrader looks the same way, whatever `directory_structure` is.
        places = glob.glob(str(self.folder("submitted", "*", assignment)))  # noqa: PTH207
        pattern = self.folders.format_path(
            self.folders.submitted_directory, "(?P<student>[^/]*)", re.escape(assignment), escape=True
        )
        named = [(_as_text(found["student"]), place) for place in places if (found := re.fullmatch(pattern, place))]
        return sorted(
            Handed(student, notebook, Path(place), len(notebooks) == 1)
            for student, place in named
            if fnmatch.fnmatchcase(student, students)
            for notebook in notebooks
        )

    def state(self, assignment: str) -> Path:
        """The folder of what a grading run has to remember."""
        folder = self.root / STATE / assignment
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def seed(self, assignment: str) -> str:
        """Return the assignment's secret, derived from the course's, which is made when it is first needed."""
        file = self.root / STATE / "seed"
        if not file.exists():
            file.parent.mkdir(exist_ok=True)
            # Linked into place whole: two runs that begin together must agree on one.
            draft = file.with_name(f"seed.{os.getpid()}")
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w") as out:
                out.write(secrets.token_hex(32) + "\n")
            try:
                os.link(draft, file)
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        secret = file.read_text().strip()
        if not secret:
            raise CourseError(f"{file} is empty: put the course's secret back, or delete the file for a new one")
        return hashlib.sha256(f"{secret}/{assignment}".encode()).hexdigest()[:32]
