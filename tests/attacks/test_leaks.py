"""What a learner can read in a result: the reason, and nothing of what hidden tests hold."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from arena import HASTY, LIMITS, Arena, code_cell, outputs

import optcourse
from optcourse.grading.exercise import exercises
from optcourse.grading.judge import Limits, Result, grade_notebook
from optcourse.grading.sandbox import MODULES

HIDDEN = """
assert double(3) == 6
### BEGIN HIDDEN TESTS
reference = 2 * 4711
assert double(4711) == reference, f"expected {reference} for 4711"
### END HIDDEN TESTS
"""
RIGHT = "def double(x):\n    return 2 * x"


def source(test: str = HIDDEN, **more: str) -> dict[str, Any]:
    """An assignment of one function and its test, and of more of both."""
    made = []
    for name, text in {"double": test, **more}.items():
        made.append(code_cell("", grade=False, solution=True, grade_id=name))
        made.append(code_cell(text, grade=True, solution=False, points=1, grade_id=f"check_{name}"))
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": made}


def grade(
    arena: Arena, solutions: dict[str, str], given: dict[str, Any], limits: Limits = LIMITS, seed: str = "s"
) -> Result:
    handed = json.loads(json.dumps(given))
    for cell in handed["cells"]:
        name = cell["metadata"]["nbgrader"]["grade_id"]
        cell["source"] = solutions.get(name, cell["source"])
    return grade_notebook(given, json.dumps(handed).encode(), limits, seed, arena.sandbox)


def said(result: Result) -> str:
    """Everything but the source of the tests, which nobody shows."""
    return json.dumps([part.sentence for part in result.parts] + [result.sentence]) + outputs(result)


def test_a_right_answer_passes_hidden_tests_too(arena):
    assert grade(arena, {"double": RIGHT}, source()).score == 1


@pytest.mark.parametrize(
    "body",
    [
        "return 6",
        "print('given', x); return 6",
        "if x != 3: raise ValueError(f'given {x}')\n    return 6",
        "return 6 if x == 3 else f'given {x}'",
        "return 6 if x == 3 else type(f'given {x}', (), {})()",
    ],
)
def test_a_hidden_test_that_fails_says_no_more_than_that(arena, body):
    result = grade(arena, {"double": f"def double(x):\n    {body}"}, source())
    assert result.score == 0
    assert result.parts[0].sentence == "A hidden test does not pass."
    assert "4711" not in said(result)
    assert "9422" not in said(result)


def test_a_visible_test_says_what_it_has_to_say(arena):
    result = grade(arena, {"double": RIGHT}, source("assert double(3) == 7, 'twice 3 is not 7'"))
    assert result.parts[0].sentence == "twice 3 is not 7"


def test_after_a_cell_that_was_cut_off_the_test_names_the_clock(arena):
    result = grade(arena, {"double": f"while True: pass\n{RIGHT}"}, source(), dataclasses.replace(HASTY, total=60.0))
    assert result.parts[0].sentence == "double is not defined: its cell did not end within 0.7 s."


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("def double(x)\n    return 2 * x", "raised SyntaxError: expected ':' (<cell 1>, line 1)"),
        ("import nothing_at_all\n" + RIGHT, "raised ModuleNotFoundError: No module named 'nothing_at_all'"),
    ],
)
def test_after_a_cell_that_failed_the_test_names_the_error(arena, cell, reason):
    result = grade(arena, {"double": cell}, source())
    assert result.parts[0].sentence == f"double is not defined: its cell {reason}."


def test_the_next_version_of_a_notebook_is_asked_other_questions(arena):
    """So nothing that a notebook finds out about its fresh cases, and prints, is of use to the next."""
    given = source(
        'from optcourse.grading import check\ncheck("largest_safe_step", double, fresh=1)',
        told="import ast\nassert isinstance(told(), list)\nprint(told())",
    )
    answer = "asked = []\ndef double(A):\n    asked.append(float(A[0, 0]))\n    return 2 / np.linalg.eigvalsh(A)[-1]"
    tells = "def told(): return asked"

    def asked(comment: str, seed: str) -> str:
        result = grade(arena, {"double": f"import numpy as np\n{answer}{comment}", "told": tells}, given, seed=seed)
        assert result.score == 2, said(result)
        return outputs(result)

    assert asked("", "one seed") == asked("", "one seed")
    assert asked("", "one seed") != asked("", "another seed")
    assert asked("", "one seed") != asked("  # another version", "one seed")
    assert asked("", "") != asked("", "")


def test_a_function_that_a_test_hands_out_is_taken_back_when_the_test_ends(arena):
    given = source("assert double(lambda x: x * x) == 9", again="assert again() == 16")
    keeps = "kept = []\ndef double(f):\n    kept.append(f)\n    return f(3)"
    result = grade(arena, {"double": keeps, "again": "def again(): return kept[0](4)"}, given)
    assert [part.points for part in result.parts] == [1, 0]
    assert "belonged to another test" in result.parts[1].sentence


def reached(function: Any, seen: set[Any]) -> set[tuple[str, str]]:
    """What a declared reference uses of the package: (module, name), through helpers of its own module too."""
    if function in seen or not hasattr(function, "__code__"):
        return set()
    seen.add(function)
    found = set()
    for name in function.__code__.co_names:
        used = function.__globals__.get(name, getattr(optcourse, name, None))
        module = getattr(used, "__module__", "") or ""
        if module.startswith("optcourse.grading.exercises"):
            found |= reached(used, seen)
        elif module.startswith("optcourse."):
            found.add((module.removeprefix("optcourse."), name))
    return found


@pytest.mark.parametrize("name", sorted(exercises()))
def test_no_exercise_is_answered_by_what_notebooks_may_import(name):
    used = reached(exercises()[name].reference, set())
    # `run` is the loop around any method; what it runs is not there.
    assert {one for module, one in used if module in MODULES} <= {"run"}
