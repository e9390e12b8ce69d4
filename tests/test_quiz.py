"""Quizzes: what they refuse, what they show without a script, and what they answer in a browser."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bs4 import BeautifulSoup

import optcourse.quiz
from optcourse import gradient_descent
from optcourse.figures.palette import contrast
from optcourse.quiz import Choice, Number, bug, choice, number, predict, quiz, right, wrong
from optcourse.quiz.markup import to_html
from optcourse.quiz.page import seal, unseal

HERE = Path(optcourse.quiz.__file__).parent
CSS = (HERE / "quiz.css").read_text(encoding="utf-8")
LISTING = "def double(x):\n\n    y = x + x\n    return x"


def capital(*, text: str = "Which is the capital?") -> Choice:
    return choice(text, right("Bern", why="It is."), wrong("Zürich", why="Larger."), wrong("Basel", why="On the Rhine"))


def third(**changed: Any) -> Number:
    given: dict[str, Any] = {"answer": -1 / 3, "tol": 0.005, "hints": {0.5: "That is a half.", -3.0: "Turn it over."}}
    return number("Minus a third?", **given | changed, why="Indeed $-1/3$.")


def halves(lr: float = 0.25) -> Iterator[Any]:
    return gradient_descent(lambda theta: 2 * theta, 4.0, lr=lr)


def buggy(**changed: Any) -> Any:
    given = {"listing": LISTING, "line": 4, "why": {4: "It returns `x`.", 3: "That is the double."}}
    return bug("Which line?", **given | changed)


def soup(shown: Any) -> BeautifulSoup:
    return BeautifulSoup(shown._repr_html_(), "html.parser")


# ------------------------------------------------------------------------------------------------ keys


def test_the_key_of_a_prediction_is_what_the_method_yields():
    assert predict("θ₃?", halves(0.1), step=3, tol=1e-9).answer == pytest.approx(2.048)


def test_a_right_prediction_is_answered_by_the_run():
    assert predict("θ₂?", halves(), step=2, tol=1e-9).why == "The run: 4 → 2 → 1."
    assert predict("θ₉?", halves(), step=9, tol=1e-9).why == "The run: 4 → 2 → … → 0.015625 → 0.0078125."


def test_one_coordinate_of_many_can_be_asked_for():
    bowl = gradient_descent(lambda theta: np.array([1, 10]) * theta, np.array([3.0, 1.0]), lr=0.1)
    assert predict("y?", bowl, step=1, tol=1e-9, coordinate=0).answer == pytest.approx(2.7)


def test_any_iterable_of_iterates_can_be_predicted():
    assert predict("θ₂?", [np.array([5.0]), np.array([7.0])], step=2, tol=1e-9).answer == 7


def test_options_keep_their_feedback_when_they_are_shuffled():
    key = capital().key()
    said = dict(zip([option.text for option in capital().shuffled], key["why"], strict=True))
    assert said == {"Bern": "It is.", "Zürich": "Larger.", "Basel": "On the Rhine"}
    assert capital().shuffled[key["right"]].text == "Bern"


def test_every_place_is_the_right_one_about_equally_often():
    places = [capital(text=f"Question {at}?").key()["right"] for at in range(300)]
    # Binomial with n = 300 and p = 1/3: mean 100, deviation 8.2; the seeds are fixed, so this holds or it does not.
    assert all(abs(places.count(place) - 100) < 25 for place in range(3))


def test_two_builds_give_the_same_bytes():
    first, again = (quiz(capital(), third(), predict("θ?", halves(), 1, tol=1e-6), buggy()) for _ in range(2))
    assert first._repr_html_() == again._repr_html_()


def test_answers_are_kept_under_a_name_that_changes_with_the_questions():
    assert quiz(capital()).name != quiz(capital(text="And which is the capital?")).name
    assert quiz(third()).name != quiz(third(tol=0.001)).name


def test_every_line_of_a_listing_that_holds_code_is_answered():
    assert buggy().key() == {
        "right": 2,
        "why": ["That line does what it should.", "That is the double.", "It returns <code>x</code>."],
    }


def test_a_key_survives_sealing():
    key = third().key()
    assert unseal(seal(key)) == key


# ------------------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda: quiz(), r"questions = \(\): must be one or more"),
        (lambda: quiz("What?"), r"questions = 'What\?': must be made by choice, number, predict or bug"),
        (lambda: quiz(capital(), capital()), r"questions = 'Which is the capital\?': stands there twice"),
        (lambda: choice("?", wrong("1", why="no"), wrong("2", why="no")), r"options = .*exactly one .*not 0"),
        (lambda: choice("?", right("1", why="yes"), right("2", why="yes")), r"options = .*exactly one .*not 2"),
        (lambda: choice("?", right("1", why="yes")), r"options = \['1'\]: must be 2 to 26"),
        (lambda: choice("?", right("1", why="yes"), "2"), r"options = '2': must be made by right"),
        (lambda: choice("?", right("1", why="yes"), wrong("1", why="no")), r"options = '1': stands there twice"),
        (lambda: choice(" ", right("1", why="yes"), wrong("2", why="no")), r"text = ' ': must be a text"),
        (lambda: right("1", why=""), r"why = '': must be a text"),
        (lambda: wrong("$x", why="no"), r"text = '\$x': has a \$ without its other half"),
        (lambda: right("1", why="`x"), r"why = '`x': has a ` without"),
        (lambda: third(answer=np.nan), r"answer = nan: must be a finite number"),
        (lambda: third(answer=np.inf), r"answer = inf: must be a finite number"),
        (lambda: third(answer=None), r"answer = None: must be a finite number"),
        (lambda: third(tol=0), r"tol = 0: must be a positive number"),
        (lambda: third(tol=np.inf), r"tol = inf: must be a positive number"),
        (lambda: third(hints={-0.335: "no"}), r"hints = -0.335: is a right answer, within tol = 0.005"),
        (lambda: third(hints={np.nan: "no"}), r"hints = nan: must be a finite number"),
        (lambda: third(hints={1.0: ""}), r"hints\[1.0\] = '': must be a text"),
        (lambda: predict("?", halves(), 0, tol=0.1), r"step = 0: must be a whole number, 1 or more"),
        (lambda: predict("?", [1.0, 2.0], 3, tol=0.1), r"step = 3: the stream ends after 2 steps"),
        (lambda: predict("?", 4.0, 1, tol=0.1), r"stream = 4.0: must be a stream of iterates"),
        (lambda: predict("?", [np.ones(2)], 1, tol=0.1), r"coordinate = None: must name one of the iterate's 2"),
        (lambda: predict("?", [np.ones(2)], 1, tol=0.1, coordinate=2), r"coordinate = 2: must be below 2"),
        (lambda: predict("?", [np.inf], 1, tol=0.1), r"answer = inf: must be a finite number"),
        (lambda: buggy(line=5), r"line = 5: must be a line of the listing .* one of 1, 3, 4"),
        (lambda: buggy(line=0), r"line = 0: must be a whole number, 1 or more"),
        (lambda: buggy(line=2), r"line = 2: must be a line of the listing with code in it"),
        (lambda: buggy(why={3: "fine"}), r"why = \{3: 'fine'\}: must say what is wrong with line 4"),
        (lambda: buggy(why={4: "it", 9: "fine"}), r"why = 9: must be a line of the listing"),
        (lambda: buggy(why={4: ""}), r"why\[4\] = '': must be a text"),
        (lambda: buggy(listing=" \n"), r"listing = ' \\n': must be the text of a program"),
    ],
)
def test_nonsense_is_refused_by_name_and_value(make: Callable[[], Any], complaint: str):
    with pytest.raises(ValueError, match=f"^{complaint}"):
        make()


# ------------------------------------------------------------------------------- without a script


def test_markup_is_set_and_everything_else_is_escaped():
    assert to_html("$a<b$ & `x<y` *now*") == r"\(a&lt;b\) &amp; <code>x&lt;y</code> <em>now</em>"
    assert to_html("below ε*, 2 * 3 * 4") == "below ε*, 2 * 3 * 4"


def test_a_terminal_shows_questions_and_options_and_no_answers():
    shown = repr(quiz(capital(), third(), buggy()))
    assert shown.startswith("3 questions\n\n1. Which is the capital?\n   A. ")
    assert "\n3. Which line?\n    1  def double(x):\n    3      y = x + x\n    4      return x" in shown
    for secret in ("It is.", "Larger", "-0.33", "half", "It returns"):
        assert secret not in shown
    assert repr(quiz(capital())).startswith("1 question\n")


def test_the_source_of_a_page_gives_nothing_away_at_a_glance():
    source = quiz(capital(), third(), buggy())._repr_html_()
    for secret in ("It is.", "Larger", "0.333", "That is a half", "It returns"):
        assert secret not in source


def test_each_question_is_a_group_with_a_name_and_native_controls():
    page = soup(quiz(capital(), third(), buggy()))
    for form in page.find_all("form"):
        assert form.fieldset.find(recursive=False).name == "legend"
        assert form.find(attrs={"role": "status"})
        assert all(control.find_parent("label") for control in form.find_all("input"))
        assert form.find("button", type="submit")
    assert not page.find_all(id=True)  # the same quiz may stand twice in a page


def test_the_lines_of_a_listing_keep_their_numbers_and_their_indentation():
    assert [line["value"] for line in soup(quiz(buggy())).find_all("li")] == ["1", "3", "4"]
    lines = re.findall(r"<code[^>]*>(.*?)</code>", buggy().body())
    assert [re.sub("<.*?>", "", line) for line in lines] == ["def double(x):", "    y = x + x", "    return x"]


def test_a_page_loads_nothing_for_its_quiz():
    source = quiz(capital())._repr_html_()
    assert not re.search(r"https?:|import |fetch\(|XMLHttpRequest|sendBeacon| src=", source)
    assert len(source.encode()) < 30_000


@pytest.mark.parametrize(("place", "paper"), [(0, "#ffffff"), (1, "#14181e"), (1, "#111111")])
def test_what_is_said_in_colour_can_be_read(place: int, paper: str):
    schemes = re.findall(r"--oq-right: (#\w+); --oq-wrong: (#\w+); --oq-accent: (#\w+); --oq-focus: (#\w+)", CSS)
    assert len(schemes) == 2
    assert all(contrast(colour, paper) >= 4.5 for colour in schemes[place])


# ------------------------------------------------------------------------------------ in a browser


class Page:
    """A page with one quiz and nothing else."""

    def __init__(self, page: Any, shown: Any, address: str = "http://quiz.test/"):
        self.page, self.errors = page, []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        html = f"<!doctype html><html lang=en><title>Quiz</title><main>{shown._repr_html_()}</main></html>"
        page.route(address, lambda route: route.fulfill(body=html, content_type="text/html; charset=utf-8"))
        page.goto(address)

    def form(self, at: int = 0) -> Any:
        return self.page.locator("form").nth(at)

    def answer(self, answer: str, at: int = 0) -> str:
        """Choose the option of that text, or type the number; return what is said."""
        form = self.form(at)
        if form.locator("input[type=text]").count():
            form.get_by_label("Your answer").fill(answer)
        else:
            form.get_by_role("radio", name=answer).check()
        form.get_by_role("button", name="Check").click()
        return str(form.get_by_role("status").inner_text())

    @property
    def score(self) -> str:
        return str(self.page.locator(".oq-score p").inner_text())


@pytest.fixture
def opened(chromium: Any) -> Iterator[Callable[..., Page]]:
    pages: list[Page] = []

    def opened(shown: Any, **options: Any) -> Page:
        pages.append(Page(chromium.new_context(**options).new_page(), shown))
        return pages[-1]

    yield opened
    for page in pages:
        assert page.errors == []
        page.page.context.close()


def test_a_wrong_option_gets_its_own_answer_and_the_right_one_scores(opened: Callable[..., Page]):
    page = opened(quiz(capital(), third()))
    place = [option.text for option in capital().shuffled].index
    assert page.score == "Solved: 0 of 2."
    assert page.answer("Basel") == f"Not {'ABC'[place('Basel')]}. On the Rhine"
    assert page.answer("Zürich") == f"Not {'ABC'[place('Zürich')]}. Larger."
    assert page.answer("Bern") == f"Right: {'ABC'[place('Bern')]}. It is."
    assert page.score == "Solved: 1 of 2."  # not at the first try


def test_a_first_try_is_told_apart_and_later_curiosity_does_not_cost_it(opened: Callable[..., Page]):
    page = opened(quiz(capital()))
    page.answer("Bern")
    assert page.score == "Solved: 1 of 1, 1 at the first try."
    assert page.answer("Basel").endswith("On the Rhine")
    assert page.score == "Solved: 1 of 1, 1 at the first try."


def test_going_back_to_a_wrong_answer_does_not_turn_the_second_try_into_the_first(opened: Callable[..., Page]):
    page = opened(quiz(capital()))
    for answer in ("Basel", "Bern", "Basel"):
        page.answer(answer)
    assert page.score == "Solved: 1 of 1."


TYPED = [
    ("-0.333", "Right: −0.333. Indeed"),
    ("-0,333", "Right: −0.333. Indeed"),  # a decimal comma
    (" −.333 ", "Right: −0.333. Indeed"),  # a minus of the typesetter's
    ("-1/3", "Right: −0.333333333333. Indeed"),
    ("-3.33e-1", "Right: −0.333. Indeed"),
    ("-0.338", "Right: −0.338."),  # within the tolerance of 0.005
    ("-0.339", "Not −0.339. That is too small."),
    ("-0.32", "Not −0.32. That is too large."),
    ("0.333", "Not 0.333. The size is right, the sign is not."),
    ("0.5", "Not 0.5. That is a half."),
    ("1/2", "Not 0.5. That is a half."),
    ("-3", "Not −3. Turn it over."),
    ("-3.00", "Not −3. Turn it over."),
    ("0.75", "Not 0.75. That is too large."),
    ("", "Type a number, such as 0.25, 1e-3 or 3/4."),
    ("minus a third", "Type a number"),
    ("1.234,5", "Type a number"),  # a comma or a point, but which is which?
    ("1/0", "Type a number"),
]


def test_a_number_is_read_as_people_type_it(opened: Callable[..., Page]):
    page = opened(quiz(third()))
    for typed, said in TYPED:
        assert page.answer(typed).startswith(said), typed


def test_a_rounded_answer_is_asked_for_more_digits_and_costs_no_try(opened: Callable[..., Page]):
    page = opened(quiz(number("√2?", 2**0.5, tol=1e-4, hints={3**0.5: "That is √3."})))
    assert page.answer("1.41") == "Right as far as it goes: 1.41. Give more digits."
    assert page.answer("1.4142") == "Right: 1.4142."
    assert page.score == "Solved: 1 of 1, 1 at the first try."


def test_a_known_slip_is_recognised_as_far_as_it_was_typed(opened: Callable[..., Page]):
    page = opened(quiz(number("√2?", 2**0.5, tol=1e-4, hints={3**0.5: "That is √3."})))
    assert page.answer("1.73") == "Not 1.73. That is √3."
    assert page.answer("1.74") == "Not 1.74. That is too large."


def test_after_two_tries_the_answer_can_be_shown_and_does_not_score(opened: Callable[..., Page]):
    page = opened(quiz(third()))
    show = page.page.get_by_role("button", name="Show the answer")
    page.answer("1")
    assert not show.is_visible()
    page.answer("2")
    show.click()
    assert page.form().get_by_role("status").inner_text().startswith("The answer is −0.333333. Indeed")
    assert page.page.evaluate("document.activeElement.type") == "text"
    page.answer("-1/3")
    assert page.score == "Solved: 0 of 1."


def test_the_faulty_line_is_found_and_the_others_are_explained(opened: Callable[..., Page]):
    page = opened(quiz(buggy()))
    assert page.answer("y = x + x") == "Not line 3. That is the double."
    assert page.answer("def double") == "Not line 1. That line does what it should."
    assert page.answer("return x") == "Right: line 4. It returns x."


def test_no_answer_is_no_try(opened: Callable[..., Page]):
    page = opened(quiz(capital()))
    page.form().get_by_role("button", name="Check").click()
    assert page.form().get_by_role("status").inner_text() == "Choose an answer first."
    page.answer("Bern")
    assert page.score == "Solved: 1 of 1, 1 at the first try."


def test_the_keyboard_is_enough(opened: Callable[..., Page]):
    page = opened(quiz(capital(), third()))
    keys = page.page.keyboard
    keys.press("Tab")
    for _ in range(capital().key()["right"]):
        keys.press("ArrowDown")
    keys.press("Space")
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert page.page.evaluate(outline) == "solid"
    keys.press("Enter")
    assert page.form().get_by_role("status").inner_text().endswith("It is.")
    keys.press("Tab")  # the button of the first question
    assert page.page.evaluate("document.activeElement.textContent") == "Check"
    keys.press("Tab")
    keys.type("-0.333")
    keys.press("Enter")
    assert page.score == "Solved: 2 of 2, 2 at the first try."
    keys.press("Tab")
    keys.press("Tab")
    keys.press("Enter")  # start again
    assert page.score == "Solved: 0 of 2."


def test_a_notebook_does_not_take_the_keys_and_the_pages_shortcuts_still_work(opened: Callable[..., Page]):
    page = opened(quiz(capital())).page
    page.evaluate("window.heard = []; document.addEventListener('keydown', (event) => heard.push(event.key))")
    page.get_by_role("radio").first.focus()
    for key in ("ArrowDown", "Enter", "Control+k"):
        page.keyboard.press(key)
    assert page.evaluate("heard") == ["Control", "k"]


def test_answers_survive_a_reload_until_one_starts_again(opened: Callable[..., Page]):
    page = opened(quiz(capital(), third()))
    page.answer("Basel")
    page.answer("Bern")
    page.answer("0.5", at=1)
    page.page.reload()
    assert page.score == "Solved: 1 of 2."
    assert page.form(0).get_by_role("radio", name="Bern").is_checked()
    assert page.form(0).get_by_role("status").inner_text().endswith("It is.")
    assert page.form(1).get_by_role("status").inner_text() == "Not 0.5. That is a half."
    page.page.get_by_role("button", name="Start again").click()
    page.page.reload()
    assert page.score == "Solved: 0 of 2."
    assert page.page.locator("input:checked, li[data-verdict]").count() == 0
    assert page.page.evaluate("localStorage.length") == 0


def test_whatever_else_the_browser_keeps_does_no_harm(opened: Callable[..., Page]):
    shown = quiz(capital(), third())
    page = opened(shown)
    for kept in ("not JSON", "null", "7", '{"0": 3}', '[{"tried": "x"}, {"tried": [9]}]'):
        page.page.evaluate("(kept) => localStorage.setItem(kept[0], kept[1])", [f"optcourse-quiz-{shown.name}", kept])
        page.page.reload()
        assert page.score == "Solved: 0 of 2.", kept
    assert page.answer("Bern").endswith("It is.")


def test_a_browser_that_keeps_nothing_still_counts(opened: Callable[..., Page]):
    page = opened(quiz(capital()))
    page.page.add_init_script(
        "delete window.localStorage; Object.defineProperty(window, 'localStorage', {get() {throw 1}})"
    )
    page.page.reload()
    page.answer("Bern")
    assert page.score == "Solved: 1 of 1, 1 at the first try."


def test_the_same_quiz_may_stand_twice_and_its_script_may_run_again(opened: Callable[..., Page]):
    class Twice:
        def _repr_html_(self) -> str:
            return quiz(capital())._repr_html_() * 2

    page = opened(Twice())
    page.answer("Bern", at=1)
    assert page.form(0).get_by_role("status").inner_text() == ""
    assert page.form(1).get_by_role("status").inner_text().endswith("It is.")


def test_without_scripts_the_questions_are_a_list_to_read(opened: Callable[..., Page]):
    page = opened(quiz(capital(), third(), buggy()), java_script_enabled=False).page
    assert page.locator("li").first.is_visible()
    assert [control for control in page.locator("input, button").all() if control.is_visible()] == []
    assert page.locator("ol").first.evaluate("(e) => getComputedStyle(e).listStyleType") == "upper-alpha"


def test_paper_shows_no_answers_and_nothing_to_press(opened: Callable[..., Page]):
    page = opened(quiz(capital(), third(), buggy()))
    page.answer("Bern")
    page.page.emulate_media(media="print")
    assert [one for one in page.page.locator("input, button, .oq-feedback, .oq-score").all() if one.is_visible()] == []
    assert page.page.locator("li").first.evaluate("(e) => getComputedStyle(e.firstChild).backgroundColor") == (
        "rgba(0, 0, 0, 0)"
    )


def test_a_phone_does_not_scroll_sideways(opened: Callable[..., Page]):
    long = "measured[j] = (f(theta + shift) - f(theta - shift)) / (2 * eps) + a_rather_long_name_indeed"
    page = opened(
        quiz(capital(), third(), bug("Which?", listing=f"if x:\n        {long}", line=2, why={2: "It is long."})),
        viewport={"width": 320, "height": 800},
    )
    page.answer("measured", at=2)
    assert page.page.evaluate("document.documentElement.scrollWidth") <= 320
