"""A gradebook on a PostgreSQL server, which is started for it: the same marks as in a file, and the same words."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from peers import go_without
from submissions import ASSIGNMENT, TASK, hand_in, nbgrader, small_class

from optcourse.__main__ import main
from optcourse.grading.sandbox import bubblewrap

PEOPLE = {name: small_class()[name] for name in ("solved", "mistake_uphill", "blank")}
PASSWORD = "not-to-be-shown"
QUESTIONS = {
    "marks": """select student.id, base_cell.name, auto_score, needs_manual_grade from grade
        join base_cell on cell_id = base_cell.id join submitted_notebook on grade.notebook_id = submitted_notebook.id
        join submitted_assignment on submitted_notebook.assignment_id = submitted_assignment.id
        join student on student_id = student.id""",
    "comments": "select base_cell.name, auto_comment from comment join base_cell on cell_id = base_cell.id",
    "assignments": "select name, duedate from assignment",
}


def programs() -> Path | None:
    """Where PostgreSQL's programs are: Debian keeps them out of the way."""
    places = [Path(found).resolve().parent for found in [shutil.which("initdb")] if found]
    places += sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda place: float(place.parent.name), reverse=True
    )
    return next((place for place in places if (place / "initdb").exists() and (place / "postgres").exists()), None)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A server that only this test can reach, through a socket in a folder; yields its URL without a database."""
    place = programs()
    if place is None or importlib.util.find_spec("psycopg") is None:
        go_without("PostgreSQL, or its driver psycopg, is not installed")
    if bubblewrap() is None:
        go_without("bubblewrap is not installed")
    with tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as folder:
        who: dict[str, Any] = {"cwd": folder, "check": True, "capture_output": True}
        if os.geteuid() == 0:  # the server refuses to run as root
            user = pwd.getpwnam("postgres")
            os.chown(folder, user.pw_uid, user.pw_gid)
            who |= {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        data = f"{folder}/data"
        options = f"-k {folder} -c listen_addresses= -c fsync=off -c shared_buffers=16MB"
        subprocess.run([place / "initdb", "-D", data, "-U", "teacher", "-A", "trust", "-E", "UTF8", "-N"], **who)
        control = [str(place / "pg_ctl"), "-D", data, "-w", "-t", "300"]
        subprocess.run([*control, "-l", f"{folder}/log", "-o", options, "start"], **who | {"capture_output": False})
        try:
            yield f"postgresql+psycopg://teacher:{PASSWORD}@/{{}}?host={folder}"
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], **who)


@pytest.fixture(scope="module")
def url(server: str) -> str:
    """An empty database."""
    from sqlalchemy import create_engine, text

    engine = create_engine(server.format("postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("create database gradebook"))
    engine.dispose()
    return server.format("gradebook")


def asked(url: str) -> dict[str, list[str]]:
    """What a database holds, but for ids and the way in which it writes true and false."""
    from sqlalchemy import create_engine, text

    engine = create_engine(url)
    with engine.connect() as connection:
        found = {
            name: sorted(
                str([int(one) if isinstance(one, bool) else one for one in row])
                for row in connection.execute(text(question))
            )
            for name, question in QUESTIONS.items()
        }
    engine.dispose()
    return found


@pytest.fixture(scope="module")
def courses(url: str, released: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two courses with the same submissions, graded: one keeps its marks in a file, one on the server."""
    made = {}
    for name in ("file", "server"):
        course = tmp_path_factory.mktemp("postgres") / name
        shutil.copytree(released, course)
        if name == "server":
            (course / "gradebook.db").unlink()
            with (course / "nbgrader_config.py").open("a") as config:
                config.write(f"\nc.CourseDirectory.db_url = {url!r}\n")
            shutil.copytree(Path(__file__).resolve().parents[2] / "solutions", course / "solutions")
        for student, (sources, _) in PEOPLE.items():
            hand_in(course, student, sources)
        assert main(["grade", ASSIGNMENT, "--course", str(course), "--workers", "1"]) == 0
        made[name] = course
    return made


def test_the_server_holds_what_the_file_holds(courses, url):
    assert not (courses["server"] / "gradebook.db").exists()
    there = asked(url)
    assert there == asked(f"sqlite:///{courses['file']}/gradebook.db")
    assert len(there["marks"]) == 3 * len(PEOPLE)


def test_grading_again_changes_nothing(courses, url):
    before = asked(url)
    assert main(["grade", ASSIGNMENT, "--course", str(courses["server"]), "--workers", "1", "--restart"]) == 0
    assert asked(url) == before


def test_nbgrader_reads_and_writes_the_same_database(courses, url):
    before = asked(url)
    nbgrader(courses["server"], "autograde", ASSIGNMENT, "--student", "mistake_uphill", "--force")
    assert asked(url) == before


def test_the_formgraders_tables_can_be_asked_for(courses, url):
    from nbgrader.api import Gradebook

    with Gradebook(url, "optcourse") as database:
        marks = {one["id"]: one["score"] for one in database.student_dicts()}
        handed = {one["student"]: one["score"] for one in database.submission_dicts(ASSIGNMENT)}
        tasks = {one["student"]: one["score"] for one in database.notebook_submission_dicts(TASK, ASSIGNMENT)}
        assert database.average_assignment_score(ASSIGNMENT) > 0
    assert marks == handed == tasks == {student: deserved for student, (_, deserved) in PEOPLE.items()}


def no_gradebook(course: Path, url: str, capsys: pytest.CaptureFixture[str]) -> str:
    """What is said where the marks cannot be written down."""
    with (course / "nbgrader_config.py").open("a") as config:
        config.write(f"\nc.CourseDirectory.db_url = {url!r}\n")
    capsys.readouterr()
    assert main(["grade", ASSIGNMENT, "--course", str(course), "--workers", "1"]) == 4
    said: str = capsys.readouterr().err
    assert PASSWORD not in said
    assert "Every verdict is kept" in said
    return said


def test_a_database_that_is_not_there_is_named_in_a_sentence_without_the_password(classroom, server, capsys):
    hand_in(classroom, "blank", {})
    said = no_gradebook(classroom, server.format("elsewhere"), capsys)
    assert 'database "elsewhere" does not exist' in said
    assert "create it, empty" in said
    nobody_there = f"postgresql+psycopg://teacher:{PASSWORD}@/gradebook?host=/nowhere"
    assert "server running locally" in no_gradebook(classroom, nobody_there, capsys)


def test_a_driver_that_is_not_there_is_asked_for(classroom, capsys, monkeypatch):
    hand_in(classroom, "blank", {})
    monkeypatch.setitem(sys.modules, "psycopg2", None)
    said = no_gradebook(classroom, f"postgresql+psycopg2://teacher@/gradebook?password={PASSWORD}", capsys)
    assert "pip install 'psycopg[binary]'" in said
    assert "look at db_url" in no_gradebook(classroom, f"postgrad://teacher:{PASSWORD}@/gradebook", capsys)
