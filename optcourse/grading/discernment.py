"""How well the grader tells right from wrong: every exercise against everything that is known to be right or wrong.

The tests demand these figures, and that they are the recorded ones, which the teacher's page prints. Record them anew::

    python -m optcourse.grading.discernment
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from optcourse.grading.checking import Function, examine, judge, model
from optcourse.grading.exercise import Exercise, exercises
from optcourse.grading.mutants import Mutant, mutants
from optcourse.grading.oddities import breaks, oddity, patience
from optcourse.grading.watch import limited, run

RECORD = Path("tests") / "grading" / "discernment.json"
QUICK = {"seconds": 0.5, "evaluations": 2_000}
DRAWN = 8


def solutions(course: Path) -> dict[str, str]:
    """The solved source of every exercise, from the course's own notebooks."""
    from optcourse.grading.release import source

    found: dict[str, str] = {}
    for text in sorted((course / "solutions").glob("*.md")):
        for cell in source(text)["cells"]:
            grading = cell["metadata"].get("nbgrader", {})
            if grading.get("solution") and cell["cell_type"] == "code":
                found[grading["grade_id"]] = "".join(cell["source"])
    return found


class Panel:
    """The cases of an exercise with the reference's runs on them, made once for many functions."""

    def __init__(self, exercise: Exercise, seed: int = 0):
        rng = np.random.default_rng(seed)
        self.exercise = exercise
        self.cases = [*exercise.cases, *(exercise.draw(rng) for _ in range(DRAWN))]
        self.models = [model(exercise, case) for case in self.cases]

    def passes(self, function: Function) -> bool:
        """Whether no case finds anything: the bare mark, without names and pictures."""
        with limited(**QUICK):
            return not any(
                judge(self.exercise, case, run(function, case), right)
                for case, right in zip(self.cases, self.models, strict=True)
            )


def survivors(exercise: Exercise, solution: str) -> tuple[list[Mutant], int]:
    """The mutants of a solution that keep their marks without being listed as harmless, and how many there are."""
    made, panel = mutants(solution), Panel(exercise)
    alive = [
        mutant
        for mutant in made
        if str(mutant) not in exercise.equivalent_mutants and panel.passes(mutant.function(exercise.name))
    ]
    return alive, len(made)


@dataclass(frozen=True)
class Row:
    """What one exercise caught: of every kind, how many of how many."""

    exercise: str
    mistakes: tuple[int, int]
    mutants: tuple[int, int]
    harmless: int
    alternatives: tuple[int, int]
    oddities: tuple[int, int]
    leaks: int


def row(exercise: Exercise, solution: str, released: str) -> Row:
    """Try everything on one exercise."""
    named = sum(examine(exercise.name, one.function, seed=0).mistake == one.name for one in exercise.mistakes)
    passed = [examine(exercise.name, one, fresh=DRAWN, seed=0) for one in exercise.alternatives]
    alive, total = survivors(exercise, solution)
    harmless = len(exercise.equivalent_mutants)
    met, odd = breaks(exercise), 0
    for name, broken in met.items():
        with limited(seconds=patience(name)):
            odd += broken in examine(exercise.name, oddity(name, exercise), seed=0).broken
    return Row(
        exercise.name,
        (named, len(exercise.mistakes)),
        (total - harmless - len(alive), total - harmless),
        harmless,
        (sum(verdict.passed and not verdict.mistake for verdict in passed), len(passed)),
        (odd, len(met)),
        len(leaks(solution, released)),
    )


def leaks(solution: str, released: str) -> list[str]:
    """Lines of a solution that stand in the released notebook: as text, or as the same syntax in another dress."""
    body = next(node for node in ast.parse(solution).body if isinstance(node, ast.FunctionDef)).body
    statements = [part for node in body if not _is_docstring(node) for part in ast.walk(node) if _tells(part)]
    there = {ast.unparse(node) for node in _parsed(released) if _tells(node)}
    text = " ".join(released.split())
    told = dict.fromkeys(ast.unparse(part) for part in statements)
    return [line for line in told if line in there or line in text]


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _tells(node: ast.AST) -> bool:
    """Whether a piece of a program gives something away: a whole statement, or a computation of some length."""
    if isinstance(node, ast.Assign | ast.AugAssign | ast.Return):
        return len(ast.unparse(node)) > len("return theta")
    return isinstance(node, ast.BinOp) and len(ast.unparse(node)) > len("lr * grad(")


def _parsed(released: str) -> Iterator[ast.AST]:
    for cell in released.split("\n\n\n"):
        try:
            yield from ast.walk(ast.parse(cell))
        except SyntaxError:
            continue


@dataclass(frozen=True)
class Table:
    """All rows; prints itself for a terminal and for a page."""

    rows: tuple[Row, ...]

    HEADS = (
        "exercise",
        "mistakes named",
        "mutants rejected",
        "harmless",
        "right ones passed",
        "odd ones caught",
        "leaks",
    )

    def cells(self) -> list[tuple[str, ...]]:
        """The table's text."""
        return [
            (
                one.exercise,
                *(f"{caught} of {count}" for caught, count in (one.mistakes, one.mutants)),
                str(one.harmless),
                *(f"{caught} of {count}" for caught, count in (one.alternatives, one.oddities)),
                str(one.leaks),
            )
            for one in self.rows
        ]

    def __repr__(self) -> str:
        table = [self.HEADS, *self.cells()]
        widths = [max(len(line[column]) for line in table) for column in range(len(self.HEADS))]
        return "\n".join(
            "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)) for line in table
        )

    def _repr_markdown_(self) -> str:
        lines = [
            self.HEADS,
            ("---",) * len(self.HEADS),
            *(("`" + cells[0] + "`", *cells[1:]) for cells in self.cells()),
        ]
        return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def table(course: Path | None = None) -> Table:
    """The recorded rows of a course: to try everything anew takes minutes."""
    rows = json.loads(((root() if course is None else course) / RECORD).read_text(encoding="utf8"))
    return Table(tuple(Row(**{name: _pair(value) for name, value in one.items()}) for one in rows))


def record(course: Path) -> None:
    """Try everything on every exercise of the course, and write down what came out."""
    from tqdm import tqdm

    solved, released = solutions(course), notebooks(course)
    rows = [asdict(row(one, solved[one.name], released)) for one in tqdm(exercises().values(), unit=" exercises")]
    lines = ",\n".join(json.dumps(one) for one in rows)
    (course / RECORD).write_text(f"[\n{lines}\n]\n", encoding="utf8")


def _pair(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def root() -> Path:
    """The course that the working directory is in: the nearest folder with nbgrader's settings."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "nbgrader_config.py").is_file():
            return folder
    raise FileNotFoundError(f"{here} is not inside a course: no nbgrader_config.py in it or above it")


def notebooks(course: Path) -> str:
    """All that learners get, as one text: cells with blank lines between them."""
    cells: list[dict[str, Any]] = []
    for file in sorted((course / "exercises").rglob("*.ipynb")):
        cells += json.loads(file.read_text(encoding="utf8"))["cells"]
    return "\n\n\n".join("".join(cell["source"]) for cell in cells)


if __name__ == "__main__":
    record(root())
