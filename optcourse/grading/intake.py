"""Take in whatever was handed in: nothing that a file holds can do more than make its own verdict bad.

`read` opens a path without following or waiting for anything; `merge` lays the submission over the source assignment.
Of the submission only the text of cells is kept. What is graded, for how many points, by which tests: all of that comes
from the source, by `grade_id`; outputs, attachments, metadata and kernels of the submission are not looked at.
"""

from __future__ import annotations

import functools
import json
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

LARGEST = 20 << 20
CELLS, CELL_TEXT = 2_000, 1 << 20
SCHEMES = re.compile(
    r"(?i)((java|vb|live)script|attachment)[\s\\]*:|data[\s\\]*:(?=[\s\\]*[a-z]+/)(?![\s\\]*image/(png|jpeg|gif)\b)"
)
# A picture that holds itself; and what makes MathJax and Mermaid run, load or restyle something.
OWN_PICTURE = r"!\[[^\[\]\n]*\]\(data:image/(?:png|jpeg|gif);base64,[A-Za-z0-9+/=]+\)"
COMMANDS = re.compile(r"\\(?=(?:href|url|style|class|cssId|data|require|csname|includegraphics|html\w*)(?![A-Za-z]))")
DIAGRAM = re.compile(r"(?<![`~])([`~]{3,}+(?:[^\S\n]|\ufeff)*+)mermaid")
BEGIN_HIDDEN, END_HIDDEN = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"

Role = Literal["test", "locked", "solution", "manual", "extra", "text"]


class BadFileError(Exception):
    """A file that cannot be graded. Its message is the sentence for the learner."""


@dataclass
class Cell:
    """One cell of the notebook to be graded.

    Attributes
    ----------
    role : str
        ``test`` (from the source, run by the judge), ``locked`` (from the source, run by the worker), ``solution`` and
        ``extra`` (the learner's, run by the worker), ``manual`` (the learner's, marked by a person), ``text``.
    source : str
        What is in it.
    grade_id : str
        Its name in the source assignment, or nothing.
    points : float
        What it is worth.
    metadata : dict
        nbgrader's, from the source.
    kind : str
        ``code``, ``markdown`` or ``raw``.
    """

    role: Role
    source: str
    grade_id: str = ""
    points: float = 0.0
    metadata: dict[str, Any] = field(default_factory=dict)
    kind: str = "code"

    @property
    def graded(self) -> bool:
        """Whether it is worth points."""
        return self.role == "test" or (self.role == "manual" and bool(self.metadata.get("grade")))


def read(path: str | os.PathLike[str], largest: int = LARGEST) -> bytes:
    """Return the bytes of a submitted file, or raise `BadFileError`. Links are not followed, pipes not waited for."""
    name = Path(path).name
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        what = "is a link, not a file" if Path(path).is_symlink() else f"cannot be opened ({error.strerror})"
        raise BadFileError(f"{name} {what}") from None
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        os.close(descriptor)
        raise BadFileError(f"{name} is not a regular file")
    with os.fdopen(descriptor, "rb") as file:
        if found.st_size > largest:
            raise BadFileError(f"{name} has {found.st_size / 1e6:.0f} MB; more than {largest / 1e6:.0f} MB is not read")
        return file.read(largest + 1)


def parsed(data: bytes, largest: int = LARGEST) -> list[dict[str, Any]]:
    """Return the cells of a notebook as plain dicts, or raise `BadFileError`."""
    if len(data) > largest:
        raise BadFileError(f"the file has {len(data) / 1e6:.0f} MB; more than {largest / 1e6:.0f} MB is not read")
    if not data.strip():
        raise BadFileError("the file is empty")
    try:
        notebook = json.loads(_decoded(data))
    except (ValueError, RecursionError, MemoryError):
        raise BadFileError(
            "the file is not a notebook: it is not JSON. Was it exported as a script or a page, or cut off?"
        ) from None
    if not isinstance(notebook, dict):
        raise BadFileError("the file is not a notebook: it holds no cells")
    cells = notebook.get("cells")
    if cells is None and isinstance(notebook.get("worksheets"), list):  # nbformat 3, before 2015
        sheets = [sheet.get("cells") for sheet in notebook["worksheets"] if isinstance(sheet, dict)]
        cells = [cell for sheet in sheets if isinstance(sheet, list) for cell in sheet]
    if not isinstance(cells, list):
        raise BadFileError("the file is not a notebook that can be read: it has no list of cells")
    if len(cells) > CELLS:
        raise BadFileError(f"the notebook has {len(cells)} cells; more than {CELLS} are not read")
    return [cell for cell in map(_cell, cells) if cell is not None]


def _decoded(data: bytes) -> str:
    """Text in UTF-8, as notebooks are written; also in what other editors make of it."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _cell(cell: Any) -> dict[str, Any] | None:
    if not isinstance(cell, dict):
        return None
    source = cell.get("source", cell.get("input", ""))
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    if not isinstance(source, str):
        source = ""
    metadata = cell.get("metadata")
    marks = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    grade_id = marks.get("grade_id") if isinstance(marks, dict) else None
    kind = cell.get("cell_type")
    return {
        "kind": kind if kind in ("code", "markdown", "raw") else "raw",
        "source": _plain(source)[:CELL_TEXT],
        "grade_id": grade_id if isinstance(grade_id, str) else "",
        "marks": marks if isinstance(marks, dict) else {},
    }


def _plain(text: str) -> str:
    """Unix line ends, and nothing that cannot be written as UTF-8."""
    return text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace").decode("utf-8")


def assignment(source: bytes | dict[str, Any]) -> list[Cell]:
    """Return the cells of a source assignment. It is the teacher's: a fault in it is a ValueError."""
    return list(_assignment(source if isinstance(source, bytes) else json.dumps(source).encode()))


@functools.lru_cache(maxsize=8)
def _assignment(data: bytes) -> tuple[Cell, ...]:
    """The same for a whole class."""
    try:
        cells = parsed(data)
    except BadFileError as error:
        raise ValueError(f"the source assignment cannot be read: {error}") from None
    found = [_of_the_source(cell) for cell in cells]
    names = [cell.grade_id for cell in found if cell.grade_id]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"the source assignment has two cells named {', '.join(twice)}")
    return tuple(found)


def _of_the_source(cell: dict[str, Any]) -> Cell:
    marks = cell["marks"]
    grade, solution = bool(marks.get("grade")), bool(marks.get("solution"))
    role: Role
    if cell["kind"] != "code":
        role = "manual" if solution or marks.get("task") else "text"
    elif grade and not solution:
        role = "test"
    elif solution:
        role = "manual" if grade else "solution"
    else:
        role = "locked"
    points = float(marks.get("points") or 0)
    return Cell(role, cell["source"], cell["grade_id"], points, marks, cell["kind"])


@dataclass
class Merged:
    """What will be run, and sentences about what had to be put right."""

    cells: list[Cell]
    notes: list[str]


def merge(source: list[Cell], submission: list[dict[str, Any]]) -> Merged:
    """Lay a submission over its source: order and solutions are the learner's, everything else the source's."""
    named = {cell.grade_id: cell for cell in source if cell.grade_id}
    statements = {cell.source: cell for cell in source if cell.role == "text"}
    notes: list[str] = []
    placed: list[Cell] = []
    seen: set[str] = set()
    for cell in submission:
        original = named.get(cell["grade_id"])
        if original is None:
            told = statements.get(cell["source"]) if cell["kind"] != "code" else None
            placed.append(_learners(cell) if told is None else as_written(told))
        elif original.role in ("solution", "manual"):
            # A second copy runs too, as it did in the learner's own notebook, but stands under no name.
            again = original.grade_id in seen
            placed.append(
                _learners(cell)
                if again
                else Cell(
                    original.role, cell["source"], original.grade_id, original.points, original.metadata, original.kind
                )
            )
            if again:
                notes.append(f"the cell {original.grade_id} is there more than once")
        elif original.grade_id in seen:
            notes.append(f"the cell {original.grade_id} is there more than once; the first counts")
        else:
            placed.append(original)
            if original.role == "test" and _visible(cell["source"]) != _visible(original.source):
                notes.append(f"the test {original.grade_id} was edited; the original was used")
        seen.add(original.grade_id if original else "")
    missing = [cell for cell in named.values() if cell.grade_id not in seen and cell.role != "text"]
    if missing and not seen - {""}:
        notes.append("the notebook has lost the names of its cells (its metadata); the tests were run after all of it")
    else:
        notes += [f"the cell {cell.grade_id} is missing" for cell in missing if cell.role != "locked"]
    if missing:
        _insert(placed, source, {cell.grade_id for cell in missing})
    return Merged(placed, notes)


def as_written(cell: Cell) -> Cell:
    """Return a text of the source as it is shown in a graded notebook: its HTML is ours and may fold and align."""
    return replace(cell, role="locked", source=_in_words(cell.source))


def _learners(cell: dict[str, Any]) -> Cell:
    return Cell("extra" if cell["kind"] == "code" else "text", cell["source"], kind=cell["kind"])


def _visible(text: str) -> str:
    return "".join(visible(text).split())


def hidden_lines(text: str) -> set[int]:
    """Return the numbers (from 1) of the lines of all hidden parts that have an end, with the lines that mark them.

    Line by line, since it may be a learner's text: searched for by an expression, a thousand beginnings without an
    end would be a thousand searches of all that follows.
    """
    hidden: set[int] = set()
    begun = 0
    for number, line in enumerate(text.split("\n"), start=1):
        if not begun and line.lstrip(" \t").startswith(BEGIN_HIDDEN):
            begun = number
        if begun and line.rstrip(" \t").endswith(END_HIDDEN):
            hidden.update(range(begun, number + 1))
            begun = 0
    return hidden


def visible(text: str) -> str:
    r"""Return a cell's text without its hidden tests.

    >>> visible("check(f)\n### BEGIN HIDDEN TESTS\ncheck(f, fresh=20)\n### END HIDDEN TESTS")
    'check(f)'
    """
    hidden = hidden_lines(text)
    return "\n".join(line for number, line in enumerate(text.split("\n"), start=1) if number not in hidden)


def _insert(placed: list[Cell], source: list[Cell], missing: set[str]) -> None:
    """Put missing cells of the source behind their nearest neighbour that is there; tests behind everything else.

    Set-up cells go to the front when nothing is left of what stood before them.
    """
    before: str | None = None
    nothing_left = not any(cell.grade_id for cell in placed)
    for cell in source:
        if cell.grade_id in missing and cell.grade_id:
            blank = (
                cell
                if cell.role in ("test", "locked")
                else Cell(cell.role, "", cell.grade_id, cell.points, cell.metadata, cell.kind)
            )
            if nothing_left and cell.role != "locked":
                at = len(placed)
            else:
                at = next((index + 1 for index, one in enumerate(placed) if before and one.grade_id == before), 0)
            placed.insert(at, blank)
        if cell.grade_id:
            before = cell.grade_id


def harmless(markdown: str) -> str:
    r"""Return a learner's text with its HTML shown instead of obeyed: teachers look at it in their browser.

    Entities are shown, too, for they can spell what is looked for here. Of a picture from elsewhere a link is left:
    merely looking at it would tell its owner who looks, and when. Of an attachment only its words are left: they are
    not taken over, and nbconvert gives up on a page that misses one. Formulas may not link, load or restyle anything;
    with macros they could spell what no search finds.

    >>> harmless("<b>a < b</b>, &lt; and [a link](java&#115;cript:alert(1))")
    '&lt;b>a < b&lt;/b>, &\u2060lt; and [a link](java&\u2060#115;cript:alert(1))'
    >>> harmless(r"[one](javascript:x), [two](vbscript\:x), [three](data:text/html,x)")
    '[one](unsafe:x), [two](unsafe:x), [three](unsafe:text/html,x)'
    >>> harmless(r"![x](https://…/seen.png), $\href{…}{x}$")
    '!\u2060[x](https://…/seen.png), $\\\u2060href{…}{x}$'
    """
    # In the target of a link Markdown takes off backslashes and decodes entities, nbconvert's even twice, and so would
    # let a scheme reappear: an ampersand written as an entity does not help there, one that is torn off does.
    shown = re.sub(r"&(?=#|\w+;|(?i:amp))", "&\u2060", markdown)
    shown = re.sub(r"<(?=[A-Za-z/!?])", "&lt;", shown)
    shown = re.sub(rf"({OWN_PICTURE})|!(?=\[)", lambda found: found[1] or "!\u2060", _in_words(shown))
    shown = DIAGRAM.sub(r"\1text", COMMANDS.sub("\\\\\u2060", shown))
    return re.sub(SCHEMES, "unsafe:", shown)


def _in_words(markdown: str) -> str:
    return re.sub(r"!\[([^\[\]\n]*)\]\(attachment:[^()\[\]\s]*\)", r"*(picture: \1)*", markdown)


def grades(cells: list[Cell]) -> Iterator[Cell]:
    """The cells worth points."""
    return (cell for cell in cells if cell.graded)
