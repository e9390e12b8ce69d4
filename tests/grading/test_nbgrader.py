"""Stock nbgrader from end to end: what a teacher gets who uses nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from submissions import ASSIGNMENT, TASK, grade, small_class

FEW = ("solved", "mistake_uphill", "blank", "syntax_error", "wrong_shape")


@pytest.fixture(scope="module")
def graded(tmp_path_factory) -> tuple[Path, dict[str, float]]:
    course = tmp_path_factory.mktemp("course")
    everybody = small_class()
    return course, grade(course, {name: everybody[name] for name in FEW})


@pytest.mark.parametrize("student", FEW)
def test_every_submission_gets_the_mark_it_deserves(graded, student):
    _, marks = graded
    assert marks[student] == small_class()[student][1]


def cells(course: Path, student: str) -> list[dict]:
    text = (course / "autograded" / student / ASSIGNMENT / f"{TASK}.ipynb").read_text()
    return [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]


def failed(cell: dict) -> bool:
    return any(output["output_type"] == "error" for output in cell["outputs"])


def test_an_unfilled_notebook_fails_exactly_its_graded_cells_and_nothing_cascades(graded):
    course, _ = graded
    for cell in cells(course, "blank"):
        is_graded = cell["metadata"].get("nbgrader", {}).get("grade", False)
        assert failed(cell) is is_graded


def test_the_others_parts_survive_a_syntax_error(graded):
    course, _ = graded
    wrong = [cell["metadata"]["nbgrader"]["grade_id"] for cell in cells(course, "syntax_error") if failed(cell)]
    assert wrong == ["gradient_descent", "check_gradient_descent"]


def test_the_card_and_the_name_of_the_mistake_are_in_the_feedback(graded):
    course, _ = graded
    page = (course / "feedback" / "mistake_uphill" / ASSIGNMENT / f"{TASK}.html").read_text()
    assert "oc-card" in page
    assert "This looks like: uphill." in page
    assert "fresh=" not in page.split("oc-card", 1)[1].split("check_largest")[0].replace("BEGIN HIDDEN", "")[:4000]


def test_the_traceback_shows_the_sentence_and_not_the_checks_inside(graded):
    course, _ = graded
    for cell in cells(course, "mistake_uphill"):
        for output in cell["outputs"]:
            if output["output_type"] == "error":
                assert len(output["traceback"]) == 1
                assert output["traceback"][0].startswith("AssertionError: gradient_descent is not right yet")
