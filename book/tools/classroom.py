"""Record what the teacher's page shows: a small class graded, exported and told what was wrong.

    python book/tools/classroom.py

Grading needs a sandbox, which not every machine that builds the book has; so the outputs are recorded, and a test
records them again and demands the same text.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import tempfile
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parents[2]
RECORDED = ROOT / "book" / "assets" / "recorded"
sys.path.insert(0, str(ROOT / "tests" / "grading"))

CLASS = ("solved", "style_1", "style_3", "mistake_uphill", "mistake_in_place", "syntax_error", "blank")
ODD = ("renamed", "a_test_edited", "a_test_deleted", "a_solution_deleted", "no_metadata", "not_json", "big", "symlink")


def recorded(folder: Path) -> dict[str, str]:
    """Grade the class in a folder and return the text of every file."""
    from broken import hand_in_broken
    from submissions import ASSIGNMENT, hand_in, open_course, small_class

    everybody = small_class()
    with contextlib.redirect_stdout(io.StringIO()):
        open_course(folder)
    for student in CLASS:
        hand_in(folder, student, everybody[student][0])
    for name in ODD:
        hand_in_broken(folder, everybody["solved"][0], name, name)
    graded = said("grade", ASSIGNMENT, "--fresh-seed", "1", "--json", "results.json", folder=folder)
    said("export", "canvas", folder=folder)
    lines = (folder / "canvas.csv").read_text().splitlines()
    return {"grade.txt": graded, "sentences.txt": sentences(folder), "canvas.csv": "\n".join(lines[:5]) + "\n"}


def said(*arguments: str, folder: Path) -> str:
    """What a command prints in a course."""
    from optcourse.__main__ import main

    out = io.StringIO()
    page = mock.patch.dict(os.environ, COLUMNS="88")  # its width
    with page, contextlib.chdir(folder), contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        status = main(arguments)
    if status != 0:
        raise RuntimeError(f"optcourse {' '.join(arguments)} ended with {status}:\n{out.getvalue()}")
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())


def sentences(folder: Path) -> str:
    """What the owners of odd files are told, as a table."""
    results = {one["student"]: one["result"] for one in json.loads((folder / "results.json").read_text())}
    rows = ["| what was handed in | points | what its owner is told |", "|---|---|---|"]
    for name in ODD:
        one = results[name]
        told = "; ".join([*([one["sentence"]] if one["sentence"] else []), *one["notes"]])
        rows.append(f"| {name.replace('_', ' ')} | {one['score']:g} of {one['max_score']:g} | {told} |")
    return "\n".join(rows) + "\n"


def main() -> int:
    """Write the files."""
    RECORDED.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for name, text in recorded(Path(folder)).items():
            (RECORDED / name).write_text(text, encoding="utf8")
            print(f"classroom: {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
