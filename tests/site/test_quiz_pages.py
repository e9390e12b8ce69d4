"""The quizzes of the built book: every answer of every question is answered, without a kernel or a network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from built import AXE, PAGES, ROOT, SETTLED, TOO_WIDE, UNREAD_MATHS, soup
from playwright.sync_api import expect

from optcourse.quiz.page import unseal

pytestmark = pytest.mark.site

ASKING = [name for name in PAGES if soup(name).select(".optcourse-quiz")]
every_quiz = pytest.mark.parametrize("name", ASKING)


def questions(page: Any) -> list[tuple[Any, dict[str, Any]]]:
    """Return every question's form with its key."""
    return [(form, unseal(form.get_attribute("data-sealed"))) for form in page.locator(".oq-question").all()]


def give(form: Any, answer: str | int) -> str:
    """Choose an option by its place, or type; return what is said."""
    if isinstance(answer, int):
        form.get_by_role("radio").nth(answer).check()
    else:
        form.get_by_label("Your answer").fill(answer)
    form.get_by_role("button", name="Check").click()
    return str(form.get_by_role("status").inner_text())


def is_choice(key: dict[str, Any]) -> bool:
    return isinstance(key.get("right"), int)


def answer_rightly(form: Any, key: dict[str, Any]) -> str:
    return give(form, key["right"] if is_choice(key) else repr(key["answer"]))


def answer_wrongly(form: Any, key: dict[str, Any]) -> str:
    return give(form, (key["right"] + 1) % len(key["why"]) if is_choice(key) else repr(key["hints"][0][0]))


def score(page: Any) -> str:
    return str(page.locator(".oq-score p").inner_text())


def test_the_finished_chapters_ask() -> None:
    assert {"book/03_01_gradient_descent.html", "book/03_15_gradient_checking.html"} <= set(ASKING)


@every_quiz
def test_each_answer_is_answered_in_its_own_words_and_the_right_one_scores(
    name: str, open_page: Callable[..., Any]
) -> None:
    page = open_page(name)
    asked = questions(page)
    assert len(asked) >= 6
    for form, key in asked:
        said = []
        if is_choice(key):
            wrong = [place for place in range(len(key["why"])) if place != key["right"]]
            said = [give(form, place) for place in wrong]
        else:
            said = [give(form, repr(value)) for value, _ in key["hints"]]
        assert len(set(said)) == len(said) >= 1
        assert all(one.startswith("Not ") and len(one) > 15 for one in said)
        assert answer_rightly(form, key).startswith("Right: ")
    assert score(page) == f"Solved: {len(asked)} of {len(asked)}."
    assert page.evaluate(UNREAD_MATHS) == []
    assert page.locator(".oq-feedback mjx-container").count() > 0


@every_quiz
def test_a_number_is_right_within_its_tolerance_and_a_comma_is_a_decimal_point(
    name: str, open_page: Callable[..., Any]
) -> None:
    page = open_page(name)
    for form, key in questions(page):
        if not is_choice(key):
            answer, tol = key["answer"], key["tol"]
            assert give(form, f"{answer + 0.9 * tol:.12f}").startswith("Right: ")
            assert give(form, f"{answer - 0.9 * tol:.12f}".replace(".", ",")).startswith("Right: ")
            assert not give(form, f"{answer + 1.1 * tol:.12f}").startswith("Right: ")


@every_quiz
def test_the_keyboard_is_enough(name: str, open_page: Callable[..., Any]) -> None:
    page = open_page(name)
    asked = questions(page)
    page.locator(".oq-question").first.locator("input").first.focus()
    for form, key in asked:
        assert form.evaluate("(form) => form.contains(document.activeElement)")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        if is_choice(key):
            page.keyboard.press("Space")
            for _ in range(key["right"]):
                page.keyboard.press("ArrowDown")
        else:
            page.keyboard.type(repr(key["answer"]))
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")  # to the button …
        page.keyboard.press("Tab")  # … and to the next question
    assert score(page) == f"Solved: {len(asked)} of {len(asked)}, {len(asked)} at the first try."


@every_quiz
def test_the_score_survives_a_reload_and_can_be_cleared(name: str, open_page: Callable[..., Any]) -> None:
    page = open_page(name)
    (first, key), *_, (last, last_key) = questions(page)
    answer_rightly(first, key)
    said = answer_wrongly(last, last_key)
    page.reload()
    page.evaluate(SETTLED)  # what was said may hold formulas, which are words until they are set
    assert score(page).startswith("Solved: 1 of ")
    assert last.get_by_role("status").inner_text() == said
    page.get_by_role("button", name="Start again").click()
    page.reload()
    assert score(page).startswith("Solved: 0 of ")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@every_quiz
def test_axe_finds_nothing_in_an_answered_quiz(name: str, scheme: str, open_page: Callable[..., Any]) -> None:
    page = open_page(name, color_scheme=scheme, reduced_motion="reduce", viewport={"width": 320, "height": 800})
    for at, (form, key) in enumerate(questions(page)):
        (answer_rightly if at % 2 else answer_wrongly)(form, key)
    assert page.evaluate(TOO_WIDE) == []
    page.evaluate((ROOT / "_build" / "test-assets" / "axe.min.js").read_text(encoding="utf8"))
    assert page.evaluate(AXE.replace("axe.run(document,", "axe.run('.optcourse-quiz',"), {}) == []


@every_quiz
def test_without_scripts_the_questions_can_be_read_and_their_answers_cannot(
    name: str, open_page: Callable[..., Any]
) -> None:
    page = open_page(name, java_script_enabled=False)
    shown = page.locator(".optcourse-quiz")
    read = shown.inner_text()
    for form, key in questions(page):
        assert form.locator("legend").is_visible()
        assert all(option.is_visible() for option in form.locator("li").all())
        assert not any(why in read for why in key["why"] if why)
    assert not any(control.is_visible() for control in shown.locator("input, button").all())


@every_quiz
def test_paper_has_the_questions_and_no_answers(name: str, open_page: Callable[..., Any]) -> None:
    page = open_page(name)
    for form, key in questions(page):
        answer_rightly(form, key)
    page.emulate_media(media="print")
    expect(page.locator(".oq-question li").first).to_be_visible()
    expect(page.locator(".oq-feedback").filter(visible=True)).to_have_count(0)
