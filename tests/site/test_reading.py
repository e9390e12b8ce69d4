"""Reading: search, colours, paper, the keyboard, no scripts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from built import DRAWN, PAGES, VISIBLE, Visit, soup
from playwright.sync_api import expect

pytestmark = pytest.mark.site
CHAPTER = "book/03_01_gradient_descent.html"


def test_the_folder_opens_on_the_landing_page(open_page: Callable[..., Any]) -> None:
    page = open_page("search.html")
    page.goto(page.watch.address)
    page.wait_for_url("**/book/index.html")
    expect(page.locator("h1")).to_have_count(1)


@pytest.mark.parametrize(
    ("words", "chapter"),
    [
        ("bias correction", "03_05_adam"),
        ("warmup", "03_06_schedules"),
        ("early stopping", "03_06_schedules"),
        ("Nesterov", "03_03_momentum"),
        ("momentum", "03_03_momentum"),
        ("numerical gradients", "03_15_gradient_checking"),
    ],
)
def test_search_ranks_the_chapter_that_teaches_a_thing_first(
    open_page: Callable[..., Any], words: str, chapter: str
) -> None:
    assert found(open_page, words)[0].endswith(f"{chapter}.html")


def test_search_finds_the_learning_rate(open_page: Callable[..., Any]) -> None:
    assert any(path.endswith(CHAPTER) for path in found(open_page, "learning rate")[:3])


def found(open_page: Callable[..., Any], words: str) -> list[str]:
    """The addresses that a search lists, best first."""
    page = open_page(f"search.html?q={words.replace(' ', '+')}")
    page.wait_for_selector("#search-results li")
    page.wait_for_function("document.querySelector('.search-summary')?.textContent.includes('found')")
    return page.locator("#search-results ul.search > li > a").evaluate_all(
        "(links) => links.map((link) => link.pathname)"
    )


def test_search_is_reached_from_any_page_by_keys(open_page: Callable[..., Any]) -> None:
    page = open_page(CHAPTER)
    page.keyboard.press("Control+k")
    expect(page.locator("input[name=q]:focus")).to_have_count(1)
    page.keyboard.type("learning rate")
    page.keyboard.press("Enter")
    page.wait_for_selector("#search-results li")
    assert "learning" in page.url


def test_the_scheme_can_be_chosen_and_is_remembered(open_page: Callable[..., Any]) -> None:
    page = open_page(CHAPTER, color_scheme="light")
    theme = "document.documentElement.dataset.theme"
    assert page.evaluate(theme) == "light"
    button = page.get_by_role("button", name="Color mode").first
    for _ in range(3):
        if page.evaluate(theme) == "dark":
            break
        mode = page.evaluate("document.documentElement.dataset.mode")
        button.click()
        page.wait_for_function("(mode) => document.documentElement.dataset.mode !== mode", arg=mode)
    assert page.evaluate(theme) == "dark"
    page.goto(page.url)
    assert page.evaluate(theme) == "dark"


def test_pictures_that_cells_draw_have_a_dark_twin(open_page: Callable[..., Any]) -> None:
    drawn = [name for name in PAGES if soup(name).select("img.only-light")]
    assert drawn
    for name in drawn:
        pairs = len(soup(name).select("img.only-light"))
        assert len(soup(name).select("img.only-dark")) == pairs
        for scheme, other in (("light", "dark"), ("dark", "light")):
            page = open_page(name, color_scheme=scheme)
            page.evaluate("document.querySelectorAll('details').forEach((e) => { e.open = true; })")
            assert page.evaluate(VISIBLE, f"img.only-{scheme}") == pairs
            assert page.evaluate(VISIBLE, f"img.only-{other}") == 0


@pytest.mark.parametrize("seen", PAGES, indirect=True)
def test_paper_has_the_text_and_nothing_to_press(seen: Visit) -> None:
    assert seen.on_paper == {
        "scheme": "light",
        "headings": 1,
        "controls": 0,
        "menus": 0,
        "folded": 0,
        "live figures": 0,
        "dark pictures": 0,
        "pictures missing": 0,
        "afterwards": "dark",
    }


def test_paper_spells_out_where_links_lead(open_page: Callable[..., Any]) -> None:
    name = next(name for name in PAGES if soup(name).select(".bd-article a.external[href^=http]"))
    page = open_page(name)
    page.emulate_media(media="print")
    link = page.locator(".bd-article a.external[href^=http]").first
    said = link.evaluate("(e) => getComputedStyle(e, '::after').content")
    assert link.get_attribute("href") in said or "attr(href)" in said


def test_without_scripts_a_page_is_still_a_page(open_page: Callable[..., Any]) -> None:
    page = open_page(CHAPTER, java_script_enabled=False, color_scheme="dark")
    assert soup(CHAPTER).html["data-theme"] == "light"
    assert page.locator("h1").is_visible()
    assert not page.get_by_role("button", name="Color mode").first.is_visible()


def test_the_keyboard_starts_with_a_way_past_the_menus(open_page: Callable[..., Any]) -> None:
    page = open_page(CHAPTER)
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to main content")
    page.keyboard.press("Enter")
    page.wait_for_url("**/*#main-content")


def test_nothing_moves_for_those_who_do_not_want_it(open_page: Callable[..., Any]) -> None:
    page = open_page(CHAPTER, reduced_motion="reduce")
    moving = """() => [...document.querySelectorAll("body *")].filter((e) =>
        Math.max(...getComputedStyle(e).transitionDuration.split(",").map(parseFloat)) > 0.01).length"""
    assert page.evaluate(moving) == 0


def test_the_flow_chart_is_a_nested_list_that_says_yes_or_no_and_leads_to_chapters() -> None:
    chart = soup("book/03_05_adam.html").select_one(".chooser")
    assert chart is not None
    branches = chart.select("ul ul > li")
    assert len(branches) == 6
    assert [branch.find("em").get_text().startswith(("Yes", "No")) for branch in branches] == [True] * 6
    written = {page.removeprefix("book/") for page in PAGES}
    links = [link["href"].partition("#")[0] for link in chart.select("a")]
    assert set(links) <= written
    # A chapter is a link as soon as it is there; until then it is named, with an honest word that leads to the map.
    assert len(links) == 3
    assert links.count("index.html") == chart.get_text().count("(in preparation)") < 3


def test_a_chapter_to_come_is_named_with_an_honest_word_that_leads_to_the_map() -> None:
    named = soup("book/03_01_gradient_descent.html").find("a", string="in preparation")
    assert named["href"] == "index.html#the-map"
    assert "Newton’s method (3.7, in preparation)" in named.find_parent("p").get_text()


UNFOLD = """document.querySelectorAll(".bd-article details:not(.hide)").forEach((folded) => { folded.open = true; })"""
CUT = """() => {
    const wide = ".bd-article :is(mjx-container[display=true], .pst-scrollable-table-container)";
    return [...document.querySelectorAll(wide)].filter((e) => e.scrollWidth > e.clientWidth + 1)
        .map((e) => e.textContent.trim().slice(0, 80));
}"""


@pytest.mark.parametrize("chapter", [page for page in PAGES if page.startswith("book/03_")])
def test_formulas_and_tables_are_seen_whole_beside_the_contents(open_page: Callable[..., Any], chapter: str) -> None:
    """1200 pixels are the least width at which the contents stand beside the text: its column is narrowest there."""
    page = open_page(chapter, viewport={"width": 1200, "height": 900})
    page.evaluate(UNFOLD)
    page.evaluate(DRAWN)
    assert page.evaluate(CUT) == []


SIZES = "() => [...new Set([...document.querySelectorAll('mjx-container')].map((e) => e.style.fontSize))]"


def test_formulas_have_one_size_whatever_typeface_stood_there_when_they_were_set(
    open_page: Callable[..., Any],
) -> None:
    """Matched to a typeface that stood in for the book's own, they were a fifth too large, and stayed so."""
    assert open_page("book/03_03_momentum.html").evaluate(SIZES) == ["102.1%"]


SIGNS = """() => [...document.querySelectorAll(".bd-article *")]
    .filter((e) => e.scrollWidth > e.clientWidth + 1 && e.checkVisibility())
    .filter((e) => /auto|scroll/.test(getComputedStyle(e).overflowX))
    .map((e) => [e.tabIndex, e.role, e.ariaLabel, e.dataset.more, getComputedStyle(e).maskImage !== "none"])"""


@pytest.mark.parametrize("chapter", [page for page in PAGES if page.startswith("book/03_")])
def test_what_scrolls_sideways_on_a_phone_fades_out_has_a_name_and_is_reached_by_keys(
    open_page: Callable[..., Any], chapter: str
) -> None:
    page = open_page(chapter, viewport={"width": 360, "height": 780})
    page.evaluate(UNFOLD)
    page.wait_for_function("document.querySelectorAll('.bd-article [data-more=right]').length > 5")
    page.evaluate(DRAWN)
    signs = page.evaluate(SIGNS)
    assert len(signs) > 5
    for focus, role, name, more, faded in signs:
        assert (focus, role, more, faded) == (0, "group", "right", True), name
        assert name.endswith(", scrolls sideways")


def test_the_sign_changes_sides_with_what_is_left_to_see(open_page: Callable[..., Any]) -> None:
    page = open_page(CHAPTER, viewport={"width": 360, "height": 780})
    wide = page.locator("[data-more=right]").first
    wide.focus()
    assert wide.evaluate("(e) => getComputedStyle(e).maskImage") == "none"  # a mask would cut its focus ring off
    moved = wide.element_handle()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("(e) => e.dataset.more === 'left right'", arg=moved)
    moved.evaluate("(e) => e.scrollTo({ left: e.scrollWidth })")
    page.wait_for_function("(e) => e.dataset.more === 'left'", arg=moved)
    page.set_viewport_size({"width": 1920, "height": 900})
    page.wait_for_function("(e) => e.dataset.more === undefined && e.getAttribute('role') === null", arg=moved)
