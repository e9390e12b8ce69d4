"""nbgrader from end to end: stock, as others use it, and with the course's own settings, which let the judge grade."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from submissions import ASSIGNMENT, TASK, grade, hand_in, nbgrader, small_class

from optcourse.grading.sandbox import bubblewrap

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


# ------------------------------------------------------------------------------- with the course's own settings

INTRUDER = """
import os, pathlib
pathlib.Path({place!r}).write_text("I was here")
os.environ["HOME"] = "elsewhere"
"""


@pytest.fixture(scope="module")
def judged(tmp_path_factory) -> tuple[Path, dict[str, float]]:
    if bubblewrap() is None:
        pytest.skip("bubblewrap is not installed")
    course = tmp_path_factory.mktemp("judged")
    everybody = {name: small_class()[name] for name in FEW}
    solved, full = everybody["solved"]
    place = str(course / "intruder.txt")
    everybody["intruder"] = (solved | {TASK: INTRUDER.format(place=place) + solved[TASK]}, full - 4)
    return course, grade(course, everybody, more="")


@pytest.mark.parametrize("student", FEW)
def test_autograde_goes_through_the_judge_and_gives_the_same_marks(judged, graded, student):
    course, marks = judged
    assert marks[student] == graded[1][student]
    for cell in cells(course, student):
        points = cell["metadata"].get("nbgrader", {}).get("points")
        assert not (points and cell["outputs"] == []), "nbgrader gives full marks for silence"


def test_autograde_keeps_a_notebook_from_the_machine_it_runs_on(judged):
    course, marks = judged
    assert marks["intruder"] == 6
    assert not (course / "intruder.txt").exists()


def test_the_feedback_shows_cards_and_no_hidden_tests(judged):
    course, _ = judged
    page = (course / "feedback" / "mistake_uphill" / ASSIGNMENT / f"{TASK}.html").read_text()
    assert "This looks like: uphill." in page
    assert "fresh=" not in page.replace(" ", "")
    assert "HIDDEN TESTS" not in page


def test_autograde_without_a_sandbox_gives_no_marks(judged):
    course, _ = judged
    hand_in(course, "late", small_class()["solved"][0])
    config = course / "nbgrader_config.py"
    before = config.read_text()
    config.write_text(before + "import optcourse.grading.sandbox as s\ns.bubblewrap = lambda: None\n")
    with pytest.raises(RuntimeError, match="bubblewrap"):
        nbgrader(course, "autograde", ASSIGNMENT)
    config.write_text(before)
    assert not (course / "autograded" / "late" / ASSIGNMENT).exists()
