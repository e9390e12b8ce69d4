"""What is written: nbgrader's database, its folders, learners' pages; and what happens when it cannot be written."""

from __future__ import annotations

import errno
import os
import re
import shutil
import sqlite3
from pathlib import Path

import pytest
from submissions import ASSIGNMENT, TASK, hand_in, nbgrader, small_class

from optcourse.__main__ import main
from optcourse.grading import feedback, gradebook, judge
from optcourse.grading.course import Course, CourseError, Handed
from optcourse.grading.gradebook import Gradebook, GradebookError, Graded

pytestmark = pytest.mark.usefixtures("bubblewrapped")
PEOPLE = {name: small_class()[name][0] for name in ("solved", "mistake_uphill", "blank")}


@pytest.fixture(scope="module")
def graded(released: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three people, graded."""
    course = tmp_path_factory.mktemp("three") / "course"
    shutil.copytree(released, course)
    for student, sources in PEOPLE.items():
        hand_in(course, student, sources)
    assert grade(course) == 0
    return course


@pytest.fixture
def mine(graded: Path, tmp_path: Path) -> Path:
    """A copy of the three that was graded, but for the database."""
    copy = tmp_path / "mine"
    shutil.copytree(graded, copy)
    shutil.rmtree(copy / "autograded")
    with sqlite3.connect(copy / "gradebook.db") as database:
        for table in ("grade", "comment", "submitted_notebook", "submitted_assignment", "student"):
            database.execute(f"delete from {table}")
    database.close()
    return copy


def grade(course: Path, *more: str) -> int:
    return main(["grade", ASSIGNMENT, "--course", str(course), "--workers", "1", *more])


def rows(course: Path, what: str = "select name, auto_score from grade join base_cell on cell_id = base_cell.id"):
    with sqlite3.connect(course / "gradebook.db") as database:
        found = sorted(database.execute(what))
    database.close()
    return found


def state(course: Path) -> list[str]:
    """Everything in the database but the ids."""
    with sqlite3.connect(course / "gradebook.db") as database:
        lines = sorted(re.sub(r"'[0-9a-f]{32}'", "id", line) for line in database.iterdump())
    database.close()
    return lines


def test_the_database_is_the_one_that_nbgrader_itself_writes(mine: Path, graded: Path) -> None:
    nbgrader(mine, "autograde", ASSIGNMENT)
    assert state(mine) == state(graded)


def test_a_late_submission_gets_the_penalty_that_nbgrader_gives(mine: Path, tmp_path: Path) -> None:
    with (mine / "nbgrader_config.py").open("a") as config:
        config.write('\nc.LateSubmissionPlugin.penalty_method = "zero"\n')
    for student, stamp in (("solved", "2026-03-02 12:00:00 UTC"), ("mistake_uphill", "2026-02-27 12:00:00 UTC")):
        (mine / "submitted" / student / ASSIGNMENT / "timestamp.txt").write_text(stamp)
    with sqlite3.connect(mine / "gradebook.db") as database:
        database.execute("update assignment set duedate = '2026-03-01 00:00:00.000000'")
    database.close()
    other = tmp_path / "other"
    shutil.copytree(mine, other)
    assert grade(mine) == 0
    nbgrader(other, "autograde", ASSIGNMENT)
    assert state(mine) == state(other)
    assert rows(mine, "select late_submission_penalty from submitted_notebook where late_submission_penalty > 0")


@pytest.mark.parametrize("stamp", ["yesterday", "2026-13-01", "1" * 30 + "h", "2026-03-01 00:00 " + "9" * 20, "\x00"])
def test_a_time_that_is_none_stops_nobody(mine: Path, stamp: str) -> None:
    (mine / "submitted" / "solved" / ASSIGNMENT / "timestamp.txt").write_text(stamp)
    assert grade(mine) == 0
    assert len(rows(mine)) == 9
    assert rows(mine, "select * from submitted_assignment where timestamp is not null") == []
    assert not (mine / "autograded" / "solved" / ASSIGNMENT / "timestamp.txt").exists()


def test_a_class_whose_assignment_was_never_released_is_released_into_the_database(mine: Path) -> None:
    shutil.copytree(Path(__file__).resolve().parents[2] / "solutions", mine / "solutions")
    (mine / "gradebook.db").unlink()
    assert grade(mine) == 0
    assert len(rows(mine)) == 9


def test_a_result_without_isolation_is_refused(mine: Path) -> None:
    course = Course(mine)
    sources = course.sources(ASSIGNMENT)
    limits = judge.Limits(spec=judge.Spec(unsafe=True))
    result = judge.not_run(sources[TASK], "missing", "nothing", limits).to_json()
    handed = Handed("eve", TASK, course.folder("submitted", "eve", ASSIGNMENT))
    book, graded = Gradebook(course, ASSIGNMENT, sources), Graded(handed, result)
    with pytest.raises(ValueError, match="isolation"):
        book.files(graded)
    with pytest.raises(ValueError, match="isolation"):
        book.marks([graded])
    assert rows(mine) == []


# -------------------------------------------------------------------------------------- when it cannot be written


def test_a_learners_name_in_an_error_does_nothing_to_a_terminal(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hand_in(mine, "\x1b[2Jeve", {})
    (mine / "autograded").mkdir()
    (mine / "autograded" / "\x1b[2Jeve").touch()
    assert grade(mine) == 4
    said = capsys.readouterr().err.rpartition("grade:")[2]
    assert "?[2Jeve" in said
    assert "\x1b" not in said


def test_a_locked_database_is_waited_for_then_named_and_nothing_is_lost(
    mine: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(gradebook, "LOCKED_FOR", 0.1)
    other = sqlite3.connect(mine / "gradebook.db", isolation_level=None)
    other.execute("begin immediate")
    assert grade(mine) == 4
    said = capsys.readouterr().err
    assert "locked by another program" in said
    assert "Every verdict is kept: run the same command again." in said
    other.execute("rollback")
    other.close()
    assert rows(mine) == []
    assert grade(mine, "--resume") == 0
    assert len(rows(mine)) == 9


def test_a_database_that_cannot_be_written_says_so(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = f"sqlite:///file:{mine / 'gradebook.db'}?mode=ro&uri=true"
    with (mine / "nbgrader_config.py").open("a") as config:
        config.write(f"\nc.CourseDirectory.db_url = {url!r}\n")
    assert grade(mine) == 4
    assert "it can be read but not written" in capsys.readouterr().err


def test_a_full_disk_leaves_the_database_as_it_was(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    pages = rows(mine, "pragma page_count")[0][0]

    def full(connection, record):
        connection.execute(f"pragma max_page_count = {pages}")

    before = state(mine)
    for k in range(60):
        shutil.copytree(mine / "submitted" / "blank", mine / "submitted" / f"more_{k}")
    event.listen(Engine, "connect", full)
    try:
        assert grade(mine) == 4
    finally:
        event.remove(Engine, "connect", full)
    assert "there is no room to write" in capsys.readouterr().err
    assert state(mine) == before
    assert grade(mine, "--resume") == 0
    assert len(rows(mine)) == 9 + 60 * 3


def test_a_journal_that_cannot_be_written_ends_the_run_and_the_next_goes_on(
    mine: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    written = []

    def full(descriptor: int) -> None:
        written.append(descriptor)
        if len(written) > 2:  # the heading and one verdict
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr("optcourse.grading.journal.os.fsync", full)
        assert grade(mine, "--restart") == 4
    assert "No space left on device" in capsys.readouterr().err
    assert grade(mine, "--resume") == 0
    assert len(rows(mine)) == 9


def test_two_runs_at_once_are_refused(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import fcntl

    with (mine / ".optcourse" / ASSIGNMENT / "lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert grade(mine) == 2
    assert "another run is grading this assignment" in capsys.readouterr().err


def test_an_unknown_version_of_the_database_says_what_to_do(mine: Path) -> None:
    with sqlite3.connect(mine / "gradebook.db") as database:
        database.execute("alter table grade drop column extra_credit")
    database.close()
    course = Course(mine)
    book = Gradebook(course, ASSIGNMENT, course.sources(ASSIGNMENT))
    result = judge.not_run(course.sources(ASSIGNMENT)[TASK], "missing", "nothing").to_json()
    handed = Handed("eve", TASK, course.folder("submitted", "eve", ASSIGNMENT))
    with pytest.raises(GradebookError, match="nbgrader db upgrade"):
        book.marks([Graded(handed, result)])


# ------------------------------------------------------------------------------------------------ the secret


def test_the_secret_is_kept_for_oneself_and_differs_for_every_assignment(tmp_path: Path) -> None:
    course = Course(tmp_path)
    first = course.seed("3.1")
    assert Course(tmp_path).seed("3.1") == first
    assert course.seed("3.2") != first
    assert (tmp_path / ".optcourse" / "seed").stat().st_mode & 0o077 == 0


def test_an_empty_secret_is_not_taken_for_one(tmp_path: Path) -> None:
    Course(tmp_path).seed("3.1")
    (tmp_path / ".optcourse" / "seed").write_text("")
    with pytest.raises(CourseError, match="is empty"):
        Course(tmp_path).seed("3.1")


def test_no_page_and_no_notebook_tells_the_secret(graded: Path) -> None:
    seed = Course(graded).seed(ASSIGNMENT)
    for folder in ("feedback", "autograded"):
        for file in (graded / folder).rglob("*.*"):
            assert file.is_dir() or seed not in file.read_text()


# ------------------------------------------------------------------------------------------- learners' pages


def test_a_page_shows_the_cards_and_no_hidden_test(graded: Path) -> None:
    page = (graded / "feedback" / "mistake_uphill" / ASSIGNMENT / f"{TASK}.html").read_text()
    assert "<title>gradient descent: 6 of 10 points</title>" in page
    assert "This looks like: uphill." in page
    assert "fresh=" not in page
    assert "HIDDEN TESTS" not in page
    assert "isolation: bubblewrap" in page


def test_a_page_tells_nothing_twice(graded: Path) -> None:
    def page(name: str) -> str:
        return (graded / "feedback" / name / ASSIGNMENT / f"{TASK}.html").read_text()

    assert page("solved").count("aria-label='Verdict on gradient_descent'") == 1
    assert page("solved").count("6 of 6 public cases and 8 of 8 fresh cases pass") == 1
    assert page("mistake_uphill").count("aria-label='Verdict on gradient_descent'") == 1
    assert "AssertionError" not in page("mistake_uphill")
    assert page("blank").count("replace the line that raises NotImplementedError") == 3


def test_a_page_is_dark_with_its_cards_where_the_browser_is(graded: Path) -> None:
    page = (graded / "feedback" / "solved" / ASSIGNMENT / f"{TASK}.html").read_text()
    (dark,) = re.findall(r"@media \(prefers-color-scheme: dark\) \{ main \.oc-card \{([^}]*)\}", page)
    assert "--oc-paper: #14181e" in dark


def test_of_a_file_that_was_not_read_the_page_tells_why_and_shows_no_cells(graded: Path) -> None:
    result = judge.not_run(Course(graded).sources(ASSIGNMENT)[TASK], "bad file", "the file is empty")
    page = feedback.page(TASK, result.to_json())
    assert "the file is empty" in page
    assert "<section" not in page


def test_what_a_learner_wrote_and_printed_stays_text_and_is_cut(graded: Path) -> None:
    course = Course(graded)
    result = judge.not_run(course.sources(ASSIGNMENT)[TASK], "timeout", "<script>alert(1)</script>").to_json()
    evil = "<img src=x onerror=alert(1)>"
    cell = {"cell_type": "code", "metadata": {}, "source": evil + "\n" * 100_000}
    outputs = [{"output_type": "stream", "name": "stdout", "text": evil * 100_000}]
    answer = {"cell_type": "markdown", "metadata": {"nbgrader": {"grade_id": "a", "solution": True}}, "source": evil}
    result["notebook"]["cells"] = [cell | {"outputs": outputs}, answer] * 200
    page = feedback.page(TASK, result)
    assert "<img" not in page
    assert "<script" not in page
    assert len(page) < 2 * feedback.MOST_PAGE
    assert "The rest of the notebook is left out" in page
