"""The learning map: every promise of a chapter is taught and asked for, and nothing is asked that is not promised."""

from __future__ import annotations

from dataclasses import replace

import pytest
from optcourse_book.learning import Chapter, chapters, orphans

MAPPED = [one for one in chapters() if one.declared]


@pytest.mark.parametrize("chapter", MAPPED, ids=lambda one: one.section.page)
def test_no_promise_no_question_and_no_exercise_stands_alone(chapter: Chapter) -> None:
    assert orphans(chapter) == []
    assert len(chapter.goals) >= 3


def changed(chapter: Chapter, place: int, **entry: list[str] | list[int]) -> Chapter:
    declared = list(chapter.declared)
    declared[place] = {**declared[place], **entry}
    return replace(chapter, declared=tuple(declared))


def test_an_orphan_of_any_kind_is_found() -> None:
    first = MAPPED[0]
    assert orphans(changed(first, 0, sections=["The update rule", "Nowhere"]))[0] == "no heading 'Nowhere'"
    assert any("taught nowhere" in found for found in orphans(changed(first, 4, sections=[])))
    assert any("asked nowhere" in found for found in orphans(changed(first, 4, questions=[])))
    assert "question 6 asks for nothing that is promised" in orphans(changed(first, 4, questions=[]))
    assert "there is no question 99" in orphans(changed(first, 4, questions=[6, 99]))
    assert "no exercise 'juggling'" in orphans(changed(first, 4, exercises=["juggling"]))
    without = orphans(changed(first, 0, exercises=["gradient_descent"]))
    assert without == ["the exercise logistic_gradient practises nothing promised"]
    assert orphans(replace(first, declared=first.declared[1:])) == ["5 goals, but 4 objectives in the header"]
