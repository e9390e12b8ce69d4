"""`optcourse release`: from the solved text in solutions/ to the notebooks that learners open.

    solutions/NAME.md  →  _build/source/NAME/TASK.ipynb  →  exercises/NAME/TASK.ipynb

The second step is nbgrader's own generator. It keeps each task's checks in its database, for
`nbgrader autograde`. What it writes is made canonical, so that releasing again changes no byte.
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from optcourse.grading.exercise import exercises

ATTACHMENT = re.compile(r"\]\(attachment:(\w+)\.svg\)")
KEPT_METADATA = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}


def add_to(commands: Any) -> None:
    """Add the subcommand."""
    parser: ArgumentParser = commands.add_parser("release", help="make exercises/ from solutions/")
    parser.add_argument("assignment", nargs="*", help="e.g. 03_01_gradient_descent; default: all")
    parser.add_argument("--course", type=Path, default=Path(), help="the folder of nbgrader_config.py")
    parser.set_defaults(run=main)


def main(arguments: Namespace) -> int:
    """Release what was asked for; return the exit status."""
    course = arguments.course.resolve()
    names = arguments.assignment or assignments(course)
    for name in names:
        if not (course / "solutions" / f"{name}.md").is_file():
            print(f"release: there is no solutions/{name}.md", file=sys.stderr)
            return 2
    for file in release(course, names):
        print(f"release: {file.relative_to(course)}")
    return 0


def assignments(course: Path) -> list[str]:
    """Every assignment that has a source, by name."""
    return sorted(file.stem for file in (course / "solutions").glob("*.md"))


def release(course: Path, names: Iterable[str], into: Path | None = None, database: str | None = None) -> list[Path]:
    """Make the released notebooks.

    Parameters
    ----------
    course : Path
        Where nbgrader_config.py and solutions/ are.
    names : iterable of str
        Which assignments.
    into : Path, optional
        The course folder to write to, with its own database; by default `course` itself.
    database : str, optional
        nbgrader's ``db_url``; by default gradebook.db in the folder written to.

    Returns
    -------
    list of Path
        The files written.
    """
    into = course if into is None else into
    names = list(names)
    for name in names:
        write_source(course / "solutions" / f"{name}.md", into)
    generate(course, into, names, database)
    return [file for name in names for file in normalise(into / "exercises" / name)]


def write_source(text: Path, into: Path) -> Path:
    """Turn the text of one assignment into nbgrader's source notebook, alone in its folder."""
    folder = into / "_build" / "source" / text.stem
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    file = folder / f"{task(text.stem)}.ipynb"
    file.write_text(dumped(source(text)), encoding="utf8")
    return file


def task(assignment: str) -> str:
    """The notebook's name in its folder: ``"03_01_gradient_descent"`` → ``"gradient_descent"``."""
    return re.sub(r"^\d+_\d+_", "", assignment)


def source(text: Path) -> dict[str, Any]:
    """The solved notebook: ids that stay, pictures of the targets put in."""
    import jupytext

    notebook: dict[str, Any] = json.loads(jupytext.writes(jupytext.read(text), fmt="ipynb"))
    for number, cell in enumerate(notebook["cells"]):
        cell["id"] = cell["metadata"].get("nbgrader", {}).get("grade_id", f"cell-{number}")
        pictures = ATTACHMENT.findall("".join(cell["source"])) if cell["cell_type"] == "markdown" else []
        if pictures:
            cell["attachments"] = {f"{name}.svg": {"image/svg+xml": picture(name)} for name in pictures}
    notebook["metadata"] = KEPT_METADATA
    return notebook


def picture(name: str) -> str:
    """The target of an exercise, as an attachment's content."""
    from optcourse.grading.targets import target

    return base64.b64encode(target(exercises()[name]).encode()).decode()


def generate(course: Path, into: Path, names: Sequence[str], database: str | None = None) -> None:
    """Run nbgrader's generate_assignment on each source."""
    from nbgrader.apps import NbGraderAPI
    from traitlets.config.loader import PyFileConfigLoader

    # nbgrader calls a bare `alembic`, which is where this Python is.
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    config = PyFileConfigLoader("nbgrader_config.py", path=str(course)).load_config()
    config.CourseDirectory.root = str(into)
    config.CourseDirectory.db_url = database or f"sqlite:///{into / 'gradebook.db'}"
    api = NbGraderAPI(config=config)
    for name in names:
        shutil.rmtree(into / "exercises" / name, ignore_errors=True)
        done = api.generate_assignment(name, force=True, create=True)
        if not done["success"]:
            raise RuntimeError(f"nbgrader could not release {name}:\n{done.get('error') or done.get('log')}")


def normalise(folder: Path) -> list[Path]:
    """Write each released notebook the one way."""
    files = sorted(folder.rglob("*.ipynb"))
    for file in files:
        notebook = json.loads(file.read_text(encoding="utf8"))
        notebook["metadata"] = KEPT_METADATA
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                cell["outputs"], cell["execution_count"] = [], None
            for picture in cell.get("attachments", {}).values():
                picture.update({kind: "".join(content) for kind, content in picture.items()})
        file.write_text(dumped(notebook), encoding="utf8")
    return files


def dumped(notebook: dict[str, Any]) -> str:
    """A notebook's text, the same for the same content."""
    notebook = notebook | {"nbformat": 4, "nbformat_minor": 5}
    return json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def released_elsewhere(course: Path, names: Iterable[str]) -> dict[str, str]:
    """What a release would write, made in a folder that is gone again: for the test that nothing drifted."""
    with tempfile.TemporaryDirectory() as folder:
        into = Path(folder)
        return {
            file.relative_to(into).as_posix(): file.read_text(encoding="utf8") for file in release(course, names, into)
        }
