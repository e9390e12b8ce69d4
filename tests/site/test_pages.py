"""Every page of the built book: whole, quiet, reachable by everybody, and complete in itself."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from urllib.parse import parse_qs, unquote, urlsplit

import nbformat
import pytest
from build import scars
from built import PAGES, SITE, WIDTHS, Visit, soup

pytestmark = pytest.mark.site
every_page = pytest.mark.parametrize("name", PAGES)
every_page_and_search = pytest.mark.parametrize("name", [*PAGES, "search.html"])
every_page_seen = pytest.mark.parametrize("seen", PAGES, indirect=True)
every_page_and_search_seen = pytest.mark.parametrize("seen", [*PAGES, "search.html"], indirect=True)


@every_page_and_search_seen
def test_a_page_asks_nothing_of_anybody_else(seen: Visit) -> None:
    assert seen.watch.elsewhere == []


@every_page_and_search_seen
def test_a_page_finds_all_that_it_asks_for(seen: Visit) -> None:
    assert seen.watch.missing == []


@every_page_and_search_seen
def test_a_page_has_no_javascript_errors(seen: Visit) -> None:
    assert seen.watch.errors == []


@pytest.mark.parametrize("scheme", ["light", "dark", f"{min(WIDTHS)} px"])
@every_page_and_search_seen
def test_axe_finds_nothing(seen: Visit, scheme: str) -> None:
    assert seen.axe[scheme] == []


@pytest.mark.parametrize("width", WIDTHS)
@every_page_and_search_seen
def test_a_page_never_scrolls_sideways(seen: Visit, width: int) -> None:
    assert seen.too_wide[width] == []


@every_page_seen
def test_every_formula_is_set(seen: Visit) -> None:
    assert seen.unread_maths == []


@every_page_seen
def test_every_widget_is_drawn(seen: Visit) -> None:
    assert seen.empty_widgets == 0


def test_no_page_shows_a_traceback_or_a_complaint() -> None:
    assert scars(SITE) == []


@every_page_and_search
def test_a_page_says_what_it_is(name: str) -> None:
    page = soup(name)
    assert page.html["lang"] == "en"
    assert len(page.title.string.strip()) > 5
    about = [meta["content"] for meta in page.find_all("meta", attrs={"name": "description"})]
    assert len(about) == 1
    assert 10 < len(about[0]) <= 160 or "myst" in name
    assert not re.search(r"[\\$]|\{\w+\}", about[0])
    assert page.find("meta", property="og:title")["content"]
    assert page.find("meta", property="og:description")["content"] == about[0]


def test_no_two_pages_have_the_same_title_or_description() -> None:
    for what in (
        lambda page: page.title.string,
        lambda page: page.find("meta", attrs={"name": "description"})["content"],
    ):
        said = [what(soup(name)) for name in PAGES]
        assert len(set(said)) == len(said)


@every_page_and_search
def test_a_page_has_one_heading_and_one_main_landmark(name: str) -> None:
    page = soup(name)
    assert len(page.find_all("h1")) == 1
    assert len(page.select("main, [role=main]")) == 1


@every_page_and_search
def test_every_picture_has_words(name: str) -> None:
    for picture in soup(name).find_all("img"):
        assert picture.has_attr("alt")
        if not picture.find_parent("nav"):  # there the words stand beside it
            assert len(picture["alt"]) > 15
            assert not re.search(r"\.(svg|png|jpg)$", picture["alt"])


@every_page_and_search
def test_every_link_inside_the_site_leads_somewhere(name: str) -> None:
    broken = []
    for link in soup(name).find_all(["a", "link"], href=True):
        target = urlsplit(link["href"])
        if target.scheme or target.netloc:
            continue
        inside = SITE / PurePosixPath(name).parent / unquote(target.path) if target.path else SITE / name
        if inside.is_dir():
            inside = inside / "index.html"
        if not inside.resolve().is_file():
            broken.append(link["href"])
        elif target.fragment and inside.suffix == ".html":
            other = inside.resolve().relative_to(SITE.resolve()).as_posix()
            if not soup(other).find(id=unquote(target.fragment)):
                broken.append(link["href"])
    assert broken == []


@every_page
def test_a_page_offers_its_notebook_without_outputs(name: str) -> None:
    source = (SITE.parents[1] / name).with_suffix(".md").read_text(encoding="utf8")
    links = {link["href"] for link in soup(name).find_all("a", download=True)}
    if "\njupytext:" not in source[:400]:
        assert links == set()
        return
    (link,) = links
    notebook = nbformat.read(SITE / PurePosixPath(name).parent / link, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert len(code) == len(re.findall(r"^```+\{code-cell\}", source, re.MULTILINE))
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)
    assert notebook.metadata.kernelspec.name == "python3"


@every_page
def test_reports_and_edits_are_prefilled_with_the_page(name: str) -> None:
    page = soup(name)
    links = {link.get_text(strip=True): link["href"] for link in page.select(".page-links a")}
    report = urlsplit(links["Report a problem"])
    assert report.path.endswith("/issues/new")
    fields = parse_qs(report.query)
    title = " ".join(page.h1.get_text(" ").replace("#", "").split())
    assert fields["title"][0].strip(" :") == title
    assert name.replace(".html", ".md") in fields["body"][0]
    assert links["Suggest an edit"].endswith("/edit/main/" + name.replace(".html", ".md"))


def test_previous_and_next_lead_through_the_whole_book() -> None:
    walked, name = [], "book/index.html"
    while name:
        assert name not in walked
        walked.append(name)
        following = soup(name).select_one(".prev-next-area a.right-next")
        if following:
            here = name
            name = (PurePosixPath(name).parent / following["href"]).as_posix()
            back = soup(name).select_one(".prev-next-area a.left-prev")
            assert (PurePosixPath(name).parent / back["href"]).as_posix() == here
        else:
            name = ""
    assert sorted(walked) == PAGES
