"""The formgrader in a browser, on a course that `optcourse grade` has graded: what a teacher sees, and the button."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from peers import go_without
from playwright.sync_api import expect
from submissions import ASSIGNMENT, TASK, hand_in, small_class

from optcourse.__main__ import main
from optcourse.grading.judge import Limits
from optcourse.grading.sandbox import bubblewrap

PEOPLE = {name: small_class()[name] for name in ("solved", "mistake_uphill", "never_ends")}
SCRIPT = "<script>document.title = 'taken over'</script>"
NO_MATHJAX = "window.MathJax = new Proxy(() => 0, {get: () => window.MathJax, apply: () => window.MathJax})"
STARTING = 300.0  # seconds, on the slowest of machines
AGAIN = 300_000.0  # milliseconds in which nbgrader grades one submission, or writes its feedback


@pytest.fixture(scope="module")
def course(released: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    if bubblewrap() is None:
        go_without("bubblewrap is not installed")
    course = tmp_path_factory.mktemp("formgrader") / "course"
    shutil.copytree(released, course)
    for student, (sources, _) in PEOPLE.items():
        hand_in(course, student, sources | {"largest_safe_step": sources["largest_safe_step"] + f"\nprint({SCRIPT!r})"})
    assert main(["grade", ASSIGNMENT, "--course", str(course), "--workers", "1"]) == 0
    return course


@pytest.fixture(scope="module")
def formgrader(course: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Jupyter's server with nbgrader's extension, as a teacher starts it in the course's folder."""
    home = tmp_path_factory.mktemp("home")
    folders = {f"JUPYTER_{name}_DIR": str(home / name) for name in ("DATA", "CONFIG", "RUNTIME")}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    options = {"ip": "127.0.0.1", "port": 0, "root_dir": course, "open_browser": False, "allow_root": True}
    command = [
        sys.executable,
        "-m",
        "jupyter",
        "server",
        *(f"--ServerApp.{key}={value}" for key, value in options.items()),
    ]
    command += [
        "--IdentityProvider.token=",
        "--ServerApp.jpserver_extensions={'nbgrader.server_extensions.formgrader': True}",
    ]
    with (home / "log").open("w") as log:
        server = subprocess.Popen(
            command, cwd=course, stdout=log, stderr=log, env=os.environ | folders | {"PATH": path, "HOME": str(home)}
        )
        try:
            deadline = time.monotonic() + STARTING
            while server.poll() is None and time.monotonic() < deadline:
                try:  # it says where it listens, so that no port has to be guessed free
                    address = json.loads((home / "RUNTIME" / f"jpserver-{server.pid}.json").read_text())["url"]
                    with urllib.request.urlopen(f"{address}api/status", timeout=5):
                        break
                except (OSError, ValueError):  # not there yet, half written, not answering yet
                    time.sleep(0.1)
            else:
                raise AssertionError((home / "log").read_text()[-3000:])
            yield f"{address}formgrader"
        finally:
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


@pytest.fixture
def tab(chromium: Any, formgrader: str) -> Iterator[Any]:
    """A tab that loads nothing but what the server has: nbgrader asks for MathJax elsewhere, and gets nothing."""
    context = chromium.new_context()
    context.route(re.compile(r"^https?://(?!127\.0\.0\.1)"), lambda route: route.fulfill(body=NO_MATHJAX))
    page = context.new_page()
    page.wrong = []
    page.on("pageerror", lambda error: page.wrong.append(str(error)))
    page.on("response", lambda answer: page.wrong.append(answer.url) if answer.status >= 400 else None)
    yield page
    context.close()
    assert page.wrong == []


def row(tab: Any, student: str) -> Any:
    """A student's row in the table of submissions."""
    return tab.locator("tr", has=tab.locator(f"td.student-id >> text='{student}'"))


def test_the_tables_show_the_marks(tab: Any, formgrader: str) -> None:
    tab.goto(f"{formgrader}/manage_assignments")
    expect(tab.locator("tr", has_text=ASSIGNMENT).locator(".num-submissions")).to_have_text(str(len(PEOPLE)))
    tab.goto(f"{formgrader}/manage_submissions/{ASSIGNMENT}")
    for student, (_, deserved) in PEOPLE.items():
        expect(row(tab, student).locator(".score")).to_have_text(f"{deserved:g} / 10")
        expect(row(tab, student).locator(".status")).to_have_text("graded")
    tab.goto(f"{formgrader}/gradebook/{ASSIGNMENT}/{TASK}")
    for mark, people in Counter(f"{deserved:g} / 10" for _, deserved in PEOPLE.values()).items():
        expect(tab.locator("td.score").filter(has_text=re.compile(f"^{mark}$"))).to_have_count(people)


def opened(tab: Any, formgrader: str, course: Path, student: str) -> None:
    """Open what a student handed in."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "optcourse") as database:
        number = database.find_submission_notebook(TASK, ASSIGNMENT, student).id
    tab.goto(f"{formgrader}/submissions/{number}/?index=0")


def test_a_submission_shows_cards_and_folded_hints_and_runs_nobodys_script(
    tab: Any, formgrader: str, course: Path
) -> None:
    opened(tab, formgrader, course, "mistake_uphill")
    expect(tab.locator(".oc-card")).to_have_count(5)  # the first check fails before its hidden part
    expect(tab.locator(".oc-hint").first).to_contain_text("This looks like: uphill.")
    expect(tab.locator("details > summary", has_text="Hint")).not_to_have_count(0)
    expect(tab.locator("body")).not_to_contain_text("<details>", use_inner_text=True)
    places = tab.locator("input.score")
    expect(places).to_have_count(3)
    for place, earned in enumerate((0, 2, 4)):  # nbgrader's script asks the server for them when the page stands
        expect(places.nth(place)).to_have_attribute("placeholder", re.compile(rf"^{earned}(\.0)?$"))
    assert tab.title() == TASK  # when every script has run


def test_what_did_not_end_says_so_where_its_mark_is_given(tab: Any, formgrader: str, course: Path) -> None:
    opened(tab, formgrader, course, "never_ends")
    expect(tab.locator("body")).to_contain_text(f"did not end within {Limits.seconds:g} s", use_inner_text=True)


@pytest.mark.parametrize(("scheme", "width"), [("light", 1000), ("dark", 1000), ("light", 320)])
def test_a_page_of_feedback_can_be_read_by_everyone(
    chromium: Any, npm: Any, course: Path, scheme: Any, width: int
) -> None:
    axe = (npm("axe-core") / "axe.min.js").read_text(encoding="utf8")
    for student in PEOPLE:
        context = chromium.new_context(
            color_scheme=scheme, viewport={"width": width, "height": 900}, bypass_csp=True, reduced_motion="reduce"
        )
        page = context.new_page()
        page.goto((course / "feedback" / student / ASSIGNMENT / f"{TASK}.html").as_uri())
        page.evaluate(axe)
        found = page.evaluate("axe.run(document, {preload: false}).then((r) => r.violations.map((v) => v.id))")
        assert found == []
        assert page.evaluate("document.documentElement.scrollWidth") == width
        context.close()


# The last, since it puts nbgrader's page of feedback in the place of ours.
def test_the_button_grades_one_again_in_the_sandbox(tab: Any, formgrader: str, course: Path) -> None:
    notebook = course / "autograded" / "mistake_uphill" / ASSIGNMENT / f"{TASK}.ipynb"
    before = notebook.stat().st_mtime_ns
    tab.goto(f"{formgrader}/manage_submissions/{ASSIGNMENT}")
    row(tab, "mistake_uphill").locator(".autograde a").click()
    said = tab.locator(".modal-dialog", has_text="autograd")
    expect(said).to_contain_text(f"Successfully autograded '{ASSIGNMENT}' for student 'mistake_uphill'", timeout=AGAIN)
    assert notebook.stat().st_mtime_ns > before
    assert "isolation: bubblewrap" in notebook.read_text()
    tab.goto(f"{formgrader}/manage_submissions/{ASSIGNMENT}")
    expect(row(tab, "mistake_uphill").locator(".score")).to_have_text("6 / 10")
    row(tab, "mistake_uphill").locator(".generate-feedback a").click()
    said = tab.locator(".modal-dialog", has_text="feedback")
    expect(said).to_contain_text("Successfully generated feedback", timeout=AGAIN)
    page = (course / "feedback" / "mistake_uphill" / ASSIGNMENT / f"{TASK}.html").read_text()
    assert "This looks like: uphill." in page
