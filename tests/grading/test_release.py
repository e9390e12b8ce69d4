"""From the text in solutions/ to what learners open, twice with the same bytes."""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path

import pytest

from optcourse.__main__ import main
from optcourse.grading.notebook import run_cells
from optcourse.grading.release import assignments, released_elsewhere, source, task

ROOT = Path(__file__).resolve().parents[2]
NAMES = assignments(ROOT)


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    return released_elsewhere(ROOT, NAMES)


def test_releasing_again_changes_no_byte_of_what_is_committed(made):
    there = {
        file.relative_to(ROOT).as_posix(): file.read_text()
        for file in sorted((ROOT / "exercises").rglob("*"))
        if file.is_file() and ".ipynb_checkpoints" not in file.parts
    }
    assert made.keys() == there.keys(), "run `make exercises`"
    assert [name for name in made if made[name] != there[name]] == [], "run `make exercises`"


def test_only_notebooks_are_released(made):
    assert {Path(name).suffix for name in made} == {".ipynb"}
    assert sorted(made) == [f"exercises/{name}/{task(name)}.ipynb" for name in NAMES]


def test_every_task_has_a_picture_of_its_target_and_hints_that_are_folded(made):
    for name, text in made.items():
        cells = json.loads(text)["cells"]
        graded = [cell for cell in cells if cell["metadata"].get("nbgrader", {}).get("grade")]
        pictures = [one for cell in cells for one in cell.get("attachments", {}).values()]
        assert len(pictures) == len(graded) > 0, name
        for picture in pictures:
            assert base64.b64decode(picture["image/svg+xml"]).startswith(b"<svg xmlns=")
        hints = "\n".join("".join(cell["source"]) for cell in cells).count("<details><summary>Hint")
        assert hints >= 2 * len(graded)


def test_a_task_fails_in_its_body_only_so_that_nothing_else_does(made):
    for text in made.values():
        cells = ["".join(cell["source"]) for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
        verdicts, troubles = run_cells(cells)
        assert troubles == []
        assert len(verdicts) == len([cell for cell in cells if cell.startswith("check(")])
        assert {verdict.broken for verdict in verdicts} == {("blank",)}


def test_ids_stay_the_same_and_are_unique():
    for file in sorted((ROOT / "solutions").glob("*.md")):
        ids = [cell["id"] for cell in source(file)["cells"]]
        assert ids == [cell["id"] for cell in source(file)["cells"]]
        assert len(set(ids)) == len(ids)


def test_nothing_solved_is_left_where_git_sees_it():
    seen = subprocess.run(
        ["git", "check-ignore", "_build/source/x.ipynb", "gradebook.db"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert seen.stdout.split() == ["_build/source/x.ipynb", "gradebook.db"]


# -------------------------------------------------------------------------------------- the command line


def test_checking_the_solved_text_passes_and_tells_every_verdict(capsys):
    assert main(["check", str(ROOT / "solutions" / "03_01_gradient_descent.md")]) == 0
    told = capsys.readouterr().out
    assert told.count("is right") == 6


def test_checking_the_released_notebook_says_what_is_not_written_and_fails(capsys):
    assert main(["check", str(ROOT / "exercises" / "03_01_gradient_descent" / "gradient_descent.ipynb")]) == 1
    assert capsys.readouterr().out.count("is not written yet") == 3


def test_checking_what_is_not_there_or_holds_no_check_is_told(capsys, tmp_path):
    assert main(["check", str(tmp_path / "none.ipynb")]) == 2
    assert "none.ipynb is not a notebook" in capsys.readouterr().err
    (tmp_path / "empty.md").write_text("# Nothing\n")
    assert main(["check", str(tmp_path / "empty.md")]) == 2
    assert "no check cell was reached" in capsys.readouterr().err


def test_a_cell_that_fails_is_told_and_the_next_ones_run():
    verdicts, troubles = run_cells(
        ["1 / 0", "from optcourse.grading import check", "exit()", "check('largest_safe_step', None)"]
    )
    assert [verdict.broken for verdict in verdicts] == [("callable",)]
    assert len(troubles) == 2
    assert "code cell 1 raised ZeroDivisionError" in troubles[0]


def test_releasing_what_has_no_source_is_refused(capsys):
    assert main(["release", "03_99_nothing", "--course", str(ROOT)]) == 2
    assert "there is no solutions/03_99_nothing.md" in capsys.readouterr().err


def test_the_command_line_lists_its_commands(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    told = capsys.readouterr().out
    assert "release" in told
    assert "check" in told
