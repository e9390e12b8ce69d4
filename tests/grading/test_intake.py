"""Whatever is handed in becomes a list of cells or a sentence; nothing of it decides what is graded."""

from __future__ import annotations

import contextlib
import html
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optcourse.grading import intake, judge

MANY = settings(max_examples=300, deadline=None)
NAMES = st.sampled_from(["setup", "double", "check_double", "essay", "", "another"])


def cell(kind: str, text: str, **marks: Any) -> dict[str, Any]:
    return {"cell_type": kind, "source": text, "metadata": {"nbgrader": marks} if marks else {}}


SOURCE = intake.assignment(
    {
        "cells": [
            cell("markdown", "Double it."),
            cell("code", "import numpy as np", grade_id="setup", locked=True),
            cell("code", "def double(x): ...", grade_id="double", solution=True),
            cell("code", "assert double(2) == 4", grade_id="check_double", grade=True, points=3),
            cell("markdown", "", grade_id="essay", grade=True, solution=True, points=2),
        ]
    }
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | NAMES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
MARKS = st.fixed_dictionaries(
    {},
    optional={
        "grade_id": NAMES | JSON,
        "grade": st.booleans() | JSON,
        "solution": st.booleans() | JSON,
        "points": st.integers() | JSON,
        "locked": st.booleans(),
    },
)
CELLS = st.fixed_dictionaries(
    {},
    optional={
        "cell_type": st.sampled_from(["code", "markdown", "raw", "heading"]) | JSON,
        "source": st.text(max_size=30) | st.lists(st.text(max_size=9) | JSON, max_size=3) | JSON,
        "metadata": st.fixed_dictionaries({}, optional={"nbgrader": MARKS | JSON}) | JSON,
        "outputs": JSON,
    },
)
NOTEBOOKS = st.fixed_dictionaries(
    {}, optional={"cells": st.lists(CELLS | JSON, max_size=8) | JSON, "worksheets": JSON, "metadata": JSON}
)


@MANY
@given(st.binary(max_size=400))
def test_bytes_are_a_notebook_or_a_sentence(data):
    with contextlib.suppress(intake.BadFileError):
        intake.parsed(data)


@MANY
@given(NOTEBOOKS | JSON)
def test_what_is_graded_comes_from_the_source_whatever_is_handed_in(notebook):
    try:
        submission = intake.parsed(json.dumps(notebook).encode())
    except intake.BadFileError:
        return
    merged = intake.merge(SOURCE, submission)
    graded = {one.grade_id: one for one in intake.grades(merged.cells)}
    assert set(graded) == {"check_double", "essay"}
    assert sum(one.grade_id in graded for one in merged.cells) == 2
    assert graded["check_double"].source == "assert double(2) == 4"
    assert (graded["check_double"].role, graded["check_double"].points) == ("test", 3)
    assert (graded["essay"].role, graded["essay"].points, graded["essay"].kind) == ("manual", 2, "markdown")
    assert [one.source for one in merged.cells if one.role == "locked"] == ["import numpy as np"]


PIECES = [*"javscript:;&#x0123456789\\\t <>[]()!", "javascript", "data", "&amp", "colon;"]
SPELLING = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)


@MANY
@given(SPELLING)
def test_no_tag_and_no_scheme_is_left_however_often_entities_are_decoded(text):
    shown = intake.harmless(text)
    assert re.search(r"<[A-Za-z/!?]", shown) is None
    for _ in range(3):
        assert intake.SCHEMES.search(shown) is None
        shown = html.unescape(shown)


def test_a_file_is_read_without_following_or_waiting_for_anything(tmp_path: Path):
    good = tmp_path / "good.ipynb"
    good.write_text("{}")
    assert intake.read(good) == b"{}"
    (tmp_path / "link").symlink_to(good)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").write_bytes(bytes(100))
    for name, word in {
        "link": "is a link",
        "pipe": "not a regular file",
        ".": "not a regular file",
        "nothing": "cannot be opened",
    }.items():
        with pytest.raises(intake.BadFileError, match=word):
            intake.read(tmp_path / name)
    with pytest.raises(intake.BadFileError, match="is not read"):
        intake.read(tmp_path / "large", largest=99)


def test_a_source_with_two_cells_of_one_name_is_the_teachers_mistake():
    twice = {"cells": [cell("code", "", grade_id="one", grade=True)] * 2}
    with pytest.raises(ValueError, match="two cells named one"):
        intake.assignment(twice)


def test_the_statements_keep_their_html_and_a_learners_text_does_not():
    told = "Do it.\n<details><summary>Hint</summary>Think.</details>\n![a path](attachment:path.svg)"
    source = intake.assignment({"cells": [cell("markdown", told)]})
    handed = [cell("markdown", told), cell("markdown", told + "<script>"), cell("raw", told), cell("code", told)]
    data = json.dumps({"nbformat": 4, "metadata": {}, "cells": handed}).encode()
    ours, edited, raw, code = intake.merge(source, intake.parsed(data)).cells
    assert [one.role for one in (ours, edited, raw, code)] == ["locked", "text", "locked", "extra"]
    assert ours == raw
    assert ours.kind == "markdown"
    assert "<details><summary>Hint</summary>" in ours.source
    assert "*(picture: a path)*" in ours.source
    blank = judge.not_run(source, "missing", "nothing").notebook["cells"]
    assert blank[0]["source"] == ours.source
