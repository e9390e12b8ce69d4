"""Totals are the same on every platform, and what is hidden stays hidden."""

from __future__ import annotations

import csv
import json
import re
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from submissions import ASSIGNMENT, hand_in, nbgrader, small_class

from optcourse.__main__ import main

pytestmark = pytest.mark.usefixtures("bubblewrapped")
PEOPLE = ("solved", "mistake_uphill", "blank", "syntax_error")
FORMULAS = ("@SUM(1)", "=cmd|' /C calc'!A0", "x;+HYPERLINK(1)", "\t=1+1")


@pytest.fixture(scope="module")
def course(released: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four people who were graded, one of them corrected by hand and one late, and one who handed nothing in."""
    course = tmp_path_factory.mktemp("exports") / "course"
    shutil.copytree(released, course)
    for student in PEOPLE:
        hand_in(course, student, small_class()[student][0])
    assert main(["grade", ASSIGNMENT, "--course", str(course), "--workers", "1"]) == 0
    with sqlite3.connect(course / "gradebook.db") as database:
        database.execute(
            "update grade set manual_score = 3.5, extra_credit = 0.25, needs_manual_grade = 0 "
            "where id = (select id from grade where auto_score = 0 order by id limit 1)"
        )
        database.execute(
            "update submitted_notebook set late_submission_penalty = 1.5 where assignment_id = "
            "(select id from submitted_assignment where student_id = 'solved')"
        )
        database.execute(
            "insert into student (id, first_name, last_name, email, lms_user_id) "
            "values ('absent', 'A', 'B, \"C\"', 'a@b.example', '17')"
        )
        database.execute("insert into student (id, first_name, last_name, email) values (?, ?, ?, ?)", FORMULAS)
    database.close()
    return course


@pytest.fixture(scope="module")
def totals(course: Path) -> dict[str, float]:
    """What nbgrader itself counts."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "optcourse") as book:
        handed = {one.student_id: one for one in book.assignment_submissions(ASSIGNMENT)}
        return {
            student.id: handed[student.id].score - handed[student.id].late_submission_penalty
            if student.id in handed
            else 0.0
            for student in book.students
        }


def exported(course: Path, form: str) -> Path:
    place = course / f"out.{form}"
    assert main(["export", form, "--course", str(course), "--to", str(place)]) == 0
    return place


def table(file: Path) -> list[dict[str, str]]:
    with file.open(newline="") as lines:
        return list(csv.DictReader(lines))


def test_the_class_is_not_all_alike(totals: dict[str, float]) -> None:
    assert totals["solved"] == 8.5
    assert totals["absent"] == 0
    assert len(set(totals.values())) >= 3


def test_csv_has_nbgraders_totals(course: Path, totals: dict[str, float]) -> None:
    rows = table(exported(course, "csv"))
    assert {row["student_id"].lstrip("'"): float(row["score"]) for row in rows} == totals
    assert {row["last_name"] for row in rows} == {"", 'B, "C"', "x;'+HYPERLINK(1)"}


def test_canvas_has_the_same_totals_and_what_can_be_had(course: Path, totals: dict[str, float]) -> None:
    most, *rows = table(exported(course, "canvas"))
    assert most["Student"].strip() == "Points Possible"
    assert float(most[ASSIGNMENT]) == 10
    assert {row["SIS Login ID"].lstrip("'"): float(row[ASSIGNMENT]) for row in rows} == totals
    assert {row["ID"] for row in rows} == {"", "17"}


def test_moodle_has_the_same_totals(course: Path, totals: dict[str, float]) -> None:
    rows = table(exported(course, "moodle"))
    assert {row["username"].lstrip("'"): float(row[ASSIGNMENT]) for row in rows} == totals


@pytest.mark.parametrize("form", ["csv", "canvas", "moodle"])
def test_no_cell_of_a_table_is_a_formula(course: Path, form: str) -> None:
    text = exported(course, form).read_text()
    assert "'@SUM(1)" in text
    for cell in re.split(r"[,;\t\r\n]\"?", text):
        assert not cell.startswith(("=", "+", "-", "@")), cell


def test_a_student_who_is_called_like_a_path_gets_no_file_elsewhere(course: Path, capsys: Any) -> None:
    with sqlite3.connect(course / "gradebook.db") as database:
        database.execute("update student set id = '../../x' where id = 'blank'")
        database.execute("update submitted_assignment set student_id = '../../x' where student_id = 'blank'")
    database.close()
    try:
        assert main(["export", "gradescope", "--course", str(course), "--to", str(course / "deep" / "er")]) == 2
        assert "'../../x' is called what no folder can be" in capsys.readouterr().err
        assert not (course / "x").exists()
    finally:
        with sqlite3.connect(course / "gradebook.db") as database:
            database.execute("update student set id = 'blank' where id = '../../x'")
            database.execute("update submitted_assignment set student_id = 'blank' where student_id = '../../x'")
        database.close()


def test_gradescope_has_the_same_totals_and_hides_hidden_tests(course: Path, totals: dict[str, float]) -> None:
    place = exported(course, "gradescope") / ASSIGNMENT
    results = {file.parent.name: json.loads(file.read_text()) for file in place.glob("*/results.json")}
    assert {name: one["score"] for name, one in results.items()} == {name: totals[name] for name in PEOPLE}
    for one in results.values():
        tests = {test["name"]: test for test in one["tests"]}
        assert len(tests) == len(one["tests"]) == 6
        for name, test in tests.items():
            assert test["visibility"] == ("hidden" if name.endswith("hidden tests") else "visible")
            assert "fresh" not in test["output"] or test["visibility"] == "hidden"
            assert ("score" in test) is (test["visibility"] == "visible")
            assert test["status"] in ("passed", "failed")
    penalised = results.pop("solved")
    assert penalised["output"] == "For lateness, 1.5 points are taken off."
    for one in results.values():
        assert sum(test.get("score", 0) for test in one["tests"]) == one["score"]


TEXT, WORD = {"type": "string"}, {"enum": ["hidden", "after_due_date", "after_published", "visible"]}
FORM = {"enum": ["text", "html", "simple_format", "md", "ansi"]}
# https://gradescope-autograders.readthedocs.io/en/latest/specs/#output-format: all that may stand in results.json.
GRADESCOPE = {
    "type": "object",
    "additionalProperties": False,
    "required": ["score", "tests"],
    "properties": {
        "score": {"type": "number", "minimum": 0},
        "execution_time": {"type": "number"},
        "output": TEXT,
        "output_format": FORM,
        "test_output_format": FORM,
        "test_name_format": FORM,
        "visibility": WORD,
        "stdout_visibility": WORD,
        "extra_data": {"type": "object"},
        "leaderboard": {"type": "array"},
        "tests": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "score": {"type": "number", "minimum": 0},
                    "max_score": {"type": "number", "minimum": 0},
                    "status": {"enum": ["passed", "failed"]},
                    "name": TEXT,
                    "name_format": FORM,
                    "number": TEXT,
                    "output": TEXT,
                    "output_format": FORM,
                    "tags": {"type": "array", "items": TEXT},
                    "visibility": WORD,
                    "extra_data": {"type": "object"},
                },
            },
        },
    },
}


def test_gradescopes_file_holds_only_what_is_documented(course: Path) -> None:
    place = exported(course, "gradescope") / ASSIGNMENT
    files = [json.loads(file.read_text()) for file in place.glob("*/results.json")]
    assert len(files) == len(PEOPLE)
    for one in files:
        jsonschema.validate(one, GRADESCOPE)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(files[0] | {"visibility": "secret"}, GRADESCOPE)


def test_an_assignment_that_nobody_has_handed_in_is_left_out_unless_it_is_named(course: Path, tmp_path: Path) -> None:
    mine, file = tmp_path / "course", tmp_path / "named.csv"
    shutil.copytree(course, mine)
    with sqlite3.connect(mine / "gradebook.db") as database:
        database.execute("insert into assignment (id, name, course_id) select 'x', 'later', course_id from assignment")
    database.close()
    assert {row["assignment"] for row in table(exported(mine, "csv"))} == {ASSIGNMENT}
    assert "later" not in exported(mine, "canvas").read_text()
    assert main(["export", "csv", "--course", str(mine), "--assignment", "later", "--to", str(file)]) == 0
    assert {(row["assignment"], row["score"]) for row in table(file)} == {("later", "0")}


def test_nbgraders_own_export_still_agrees(course: Path, totals: dict[str, float]) -> None:
    nbgrader(course, "export", "--to", "own.csv")
    shown = {line.split(",")[3]: line for line in (course / "own.csv").read_text().splitlines()[1:]}
    for student in PEOPLE:
        assert float(shown[student].split(",")[-2]) == totals[student]


def test_without_marks_there_is_nothing_to_export(released: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "csv", "--course", str(released)]) == 2
    assert "there are no marks yet" in capsys.readouterr().err
