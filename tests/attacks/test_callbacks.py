"""A function that a test hands out is the judge's own. What it is asked is not: it must not cost the judge its life."""

from __future__ import annotations

import dataclasses

import pytest
from arena import HASTY, LIMITS
from test_leaks import grade, source

QUESTIONS = {
    "a list of a length": ("lambda n: [0] * n", "10**9"),
    "a list that is squared": ("lambda theta: theta**2 * [3, -3]", "10**5"),
    "an array of a length": ("lambda n: np.ones(n)", "10**9"),
    "a text of a length": ("lambda n: 'x' * n", "10**10"),
    "a matrix of an array": ("lambda a: np.outer(a, a)", "np.zeros(100_000)"),
    "an array that grows": ("lambda a: np.kron(a, a)", "np.zeros(100_000)"),
    "a dict of a length": ("lambda n: dict.fromkeys(range(n))", "10**9"),
}
ENDLESS = {
    "a loop of a length": ("lambda n: sum(1 for _ in range(n))", "10**12"),
    "a list to be written down": ("lambda n: [[]] * n", "3 * 10**7"),
}


ASKING = """
import numpy as np
def double(f):
    for _ in range(3):
        try: f({question})
        except Exception: pass
    return 7
"""


def asking(function: str, question: str) -> tuple[dict, dict]:
    given = source(f"import numpy as np\nassert double({function}) == 6")
    return {"double": ASKING.format(question=question)}, given


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_that_needs_too_much_memory_is_no_answer(arena, name):
    result = grade(arena, *asking(*QUESTIONS[name]), dataclasses.replace(LIMITS, seconds=5.0))
    assert result.score == 0
    assert arena.witness() == arena.honest


@pytest.mark.parametrize("name", ENDLESS)
def test_a_question_that_takes_too_long_is_cut_off(arena, name):
    result = grade(arena, *asking(*ENDLESS[name]), HASTY)
    assert (result.score, result.kind) == (0, "timeout")
    assert arena.witness() == arena.honest
