"""nbgrader's own `autograde`, and the formgrader's button, through the same judge and sandbox as `optcourse grade`.

nbgrader_config.py puts both classes in place: `Intake` keeps nbgrader from reading what was handed in, `Judge` stands
where the cells would be executed. What nbgrader does before and after (students, late submissions, the database) is its
own. It takes one notebook after the other and its time for each: for a class, `optcourse grade` is there.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbgrader.api import Gradebook as Database
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Float, Integer

from optcourse.grading.course import Course, Handed
from optcourse.grading.dispatch import grade_one
from optcourse.grading.gradebook import stamped, task
from optcourse.grading.judge import Limits
from optcourse.grading.runner import job_of
from optcourse.grading.sandbox import Spec


class Intake(NotebookExporter):
    """Reads no file that a learner wrote: the judge reads it, with more care, when its turn comes."""

    def from_filename(self, filename: str, resources: Any = None, **options: Any) -> Any:
        """Return an empty notebook for one that was handed in, and what is in the file for one of nbgrader's own."""
        converter: Any = self.parent
        if not converter._sanitizing:
            return super().from_filename(filename, resources, **options)
        metadata = {"name": Path(filename).stem, "path": str(Path(filename).parent)}
        convert: Any = self.from_notebook_node
        return convert(formatted({"cells": []}), dict(resources or {}, metadata=metadata), **options)


class Judge(NbGraderPreprocessor):  # type: ignore[misc]
    """Grades the notebook that was handed in, and puts the graded one in its place."""

    seconds = Float(Limits.seconds, help="seconds for one cell").tag(config=True)
    memory = Integer(Spec.memory >> 20, help="memory for one submission, in MB").tag(config=True)

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Return the autograded notebook. NoSandboxError, and no marks, where there is no sandbox."""
        names = resources["nbgrader"]
        student, assignment, notebook = names["student"], names["assignment"], names["notebook"]
        course = Course(Path(self.parent.parent.coursedir.root), self.parent.parent.coursedir)
        sources = _sources(course, assignment)
        folder = course.folder("submitted", student, assignment)
        limits = Limits(seconds=self.seconds, spec=Spec(memory=self.memory << 20))
        handed = Handed(student, notebook, folder, len(sources) == 1)
        result = json.loads(grade_one(job_of(handed, sources[notebook], limits, course.seed(assignment))))
        for line in (result["sentence"], *result["notes"]):
            if line:
                self.log.warning("%s: %s", student, line)
        with Database(course.database, course.folders.course_id) as database:
            checksums = task(database.find_notebook(notebook, assignment)).checksums
        return formatted(stamped(result["notebook"], checksums)), resources


def formatted(notebook: dict[str, Any]) -> Any:
    """Return a notebook as nbgrader handles it."""
    convert: Any = nbformat.from_dict
    return convert({"nbformat": 4, "nbformat_minor": 5, "metadata": {}} | notebook)


_KNOWN: dict[Path, tuple[tuple[float, ...], dict[str, bytes]]] = {}


def _sources(course: Course, assignment: str) -> dict[str, bytes]:
    """Return the source, made once for as long as nobody changes it: nbgrader asks anew for each submission."""
    folder = course.folder("source", ".", assignment)
    files = [course.root / "solutions" / f"{assignment}.md", *sorted(folder.glob("*.ipynb"))]
    age = tuple(file.stat().st_mtime for file in files if file.exists())
    if folder not in _KNOWN or _KNOWN[folder][0] != age:
        _KNOWN[folder] = (age, course.sources(assignment))
    return _KNOWN[folder][1]
