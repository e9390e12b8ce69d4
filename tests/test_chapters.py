"""The chapters: whole, honest, and of a piece with the package. (The strict build executes them.)"""

from __future__ import annotations

import ast
import re
import sys
from functools import cache
from pathlib import Path

import pytest

import optcourse
from optcourse import catalogue
from optcourse.listing import listing
from optcourse.sections import SECTIONS, Section, section

ROOT = Path(__file__).parents[1]
BOOK = ROOT / "book"
CHAPTERS = [row for row in SECTIONS if (BOOK / f"{row.page}.md").exists()]
each_chapter = pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda row: row.page)
each_page = pytest.mark.parametrize("page", sorted(BOOK.glob("*.md")), ids=lambda page: page.stem)

# Headings of the syllabus's skeleton, in its order. What stands between them may vary.
SKELETON = (
    ":::{goals}",
    "## The idea",
    "## The (update )?rule",
    "## A worked example, by hand",
    "## The picture",
    "## The code",
    "## What theory promises",
    "## Common mistakes",
    "## The library twins?",
    "## Check yourself",
    "## Exercise",
    "## References",
    r"\*\*(Next|Back)\*\*: ",
)
HEADER = """---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
    format_version: 0.13
    jupytext_version: """
WORDS = (2500, 4500)
QUESTIONS = {"choice", "number", "predict", "bug"}


@cache
def text(page: Path) -> str:
    return page.read_text(encoding="utf8")


def source(chapter: Section) -> str:
    return text(BOOK / f"{chapter.page}.md")


CELL = re.compile(r"^```\{code-cell\}[^\n]*\n(?:---\n.*?^---\n|(?::[^\n]*\n)*)(.*?)^```", re.DOTALL | re.MULTILINE)


def cells(page_text: str) -> list[str]:
    """The code of every cell, without its options."""
    return CELL.findall(page_text)


def alternatives(page_text: str) -> list[str]:
    """What the pictures say to those who cannot see them."""
    return re.findall(r"^    alt: \"(.*)\"$", page_text, re.MULTILINE)


def prose(page_text: str) -> str:
    """The text that is read: no header, no code, no roles' targets."""
    body = page_text.split("\n---\n", 1)[1]
    body = re.sub(r"^```.*?^```", "", body, flags=re.DOTALL | re.MULTILINE)
    body = re.sub(r"\{(doc|eq|ref|cite:\w+)\}`[^`]*`", "", body)
    body = re.sub(r"\{term\}`([^`<]*)(<[^>]*>)?`", r"\1", body)
    return re.sub(r"^(:::.*|\([\w-]+\)=|%.*)$", "", body, flags=re.MULTILINE)


def calls(page_text: str, *names: str) -> list[ast.Call]:
    """Every call of the named functions in the cells."""
    trees = (ast.parse(cell.rstrip().rstrip(";")) for cell in cells(page_text))
    found = (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call))
    return [call for call in found if isinstance(call.func, ast.Name) and call.func.id in names]


# ------------------------------------------------------------------------------------------ whole


@each_page
def test_a_page_carries_the_full_header(page):
    assert text(page).startswith(HEADER)
    assert "  name: python3\n---\n" in text(page)


@each_chapter
def test_a_chapter_has_every_part_of_the_skeleton_in_order(chapter):
    places = []
    for heading in SKELETON:
        found = re.search(f"^{heading}", source(chapter), re.MULTILINE)
        assert found, f"no {heading!r}"
        places.append(found.start())
    assert places == sorted(places)


@each_chapter
def test_a_chapter_is_called_what_the_list_of_sections_calls_it(chapter):
    assert f"\n# {chapter.number} {chapter.title}\n" in source(chapter)


@each_chapter
def test_a_chapter_has_a_readable_length(chapter):
    words = len(re.findall(r"[A-Za-zΑ-ω]{2,}", re.sub(r"\$[^$]*\$", "", prose(source(chapter)))))
    assert WORDS[0] <= words <= WORDS[1]


@each_chapter
def test_a_chapter_asks_six_questions_or_more_of_several_kinds(chapter):
    asked = [call.func.id for call in calls(source(chapter), *QUESTIONS)]
    assert len(asked) >= 6
    assert set(asked) == QUESTIONS


@each_chapter
def test_every_wrong_answer_is_told_why(chapter):
    for call in calls(source(chapter), "right", "wrong"):
        assert {"why"} <= {keyword.arg for keyword in call.keywords}, ast.unparse(call)
    for call in calls(source(chapter), "number", "predict"):
        assert "hints" in {keyword.arg for keyword in call.keywords}, ast.unparse(call)


@each_chapter
def test_a_chapter_has_a_claim_put_right_mistakes_shown_and_something_to_try(chapter):
    for box, least in (("goals", 1), ("claim", 1), ("mistake", 4), ("tryit", 1), ("proof", 1)):
        assert source(chapter).count(f":::{{{box}}}") >= least, box


@each_chapter
def test_every_mistake_and_claim_is_followed_by_a_cell_that_shows_it(chapter):
    for box in re.finditer(r"^:::\{(mistake|claim)\} (.*?)\n.*?^:::\n", source(chapter), re.DOTALL | re.MULTILINE):
        following = source(chapter)[box.end() :]
        shown = following.find("```{code-cell}")
        heading = re.search(r"^(#|:::\{)", following, re.MULTILINE)
        assert 0 <= shown < heading.start(), box[2]


# ------------------------------------------------------------------------------------------ honest

# A number in the prose that says something: with a decimal point, or of three digits and more.
NUMBER = re.compile(r"(?<![\w.])(\d+\.\d+|\d{3,})(?![\w]|\.\d)")
# Not results: versions, shapes, sections of this course and of books, and the years of sources.
PLAIN = {row.number for row in SECTIONS} | {"3.11", "2.1.15", "8.1", "11.5", "4.0"}


@each_page
def test_every_number_in_the_prose_stands_in_a_cell_too(page):
    code = "\n".join(cells(text(page)))
    held = set(NUMBER.findall(code)) | {str(value) for value in _numbers(code)}
    for number in NUMBER.findall(prose(text(page)) + "\n".join(alternatives(text(page)))):
        assert number in PLAIN or number in held, f"{number} is asserted nowhere"


def _numbers(code: str) -> set[float]:
    return {float(number) if "." in number else int(number) for number in re.findall(r"\d+\.?\d*", code)}


@each_chapter
def test_a_cell_that_draws_or_shows_something_asserts_something(chapter):
    """A picture whose claim nothing holds may drift; those of the package's own figures hold themselves."""
    for cell in cells(source(chapter)):
        if "plt.subplots" in cell:
            assert re.search(r"\bassert|\bassert_allclose", cell), cell[:200]


@each_chapter
def test_every_picture_says_what_it_shows(chapter):
    drawn = sum("plt.subplots" in cell for cell in cells(source(chapter)))
    assert drawn
    assert len(alternatives(source(chapter))) == drawn
    assert all(len(words) > 80 for words in alternatives(source(chapter)))


def test_nothing_hides_a_failure():
    for page in BOOK.glob("*.md"):
        assert "raises-exception" not in text(page)
        assert "allow_errors" not in text(page)


# ------------------------------------------------------------------------- of a piece with the package


@each_chapter
def test_every_listing_shows_a_method_of_the_chapter(chapter):
    names = [call.args[0].id for call in calls(source(chapter), "listing")]
    rows = {row.name for row in catalogue.section(chapter.number)}
    assert names
    assert set(names) <= rows
    for call in calls(source(chapter), "listing"):
        assert listing(getattr(optcourse, call.args[0].id), *(helper.value for helper in call.args[1:])).code


@each_chapter
def test_reference_code_is_shown_and_never_retyped(chapter):
    """No three lines in a row of a method's body stand in a page."""
    lines = [line.strip() for line in source(chapter).splitlines()]
    windows = set(zip(lines, lines[1:], lines[2:], strict=False))
    for row in catalogue.section(chapter.number):
        body = [line.strip() for line in listing(row.function).code.splitlines()[1:]]
        for window in zip(body, body[1:], body[2:], strict=False):
            if all(len(line) > 8 for line in window):
                assert window not in windows, row.name


@each_chapter
def test_code_fits_the_column(chapter):
    """Code that can be seen without unfolding it does not have to be scrolled."""
    for match in CELL.finditer(source(chapter)):
        if "hide-input" in match[0]:
            continue
        for line in match[1].splitlines():
            assert len(line) <= 78, line


@each_chapter
def test_the_methods_of_the_section_are_all_named(chapter):
    for row in catalogue.section(chapter.number):
        assert row.name in source(chapter), row.name


# --------------------------------------------------------------------- bibliography, glossary, map, contents


def cited() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for page in BOOK.glob("*.md"):
        for keys in re.findall(r"\{cite:\w+\}`([^`]*)`", text(page)):
            for key in keys.split(","):
                found.setdefault(key.strip(), []).append(page.name)
    return found


def test_every_citation_is_in_the_bibliography_and_every_entry_is_cited():
    entries = re.findall(r"^@\w+\{(\w+),", text_of_bibliography(), re.MULTILINE)
    assert len(entries) == len(set(entries))
    assert set(cited()) <= set(entries)
    assert set(entries) <= set(cited()), "never cited"


def test_an_entry_of_the_bibliography_is_whole():
    parts = re.split(r"^@", text_of_bibliography(), flags=re.MULTILINE)[1:]
    for part in parts:
        entry, _, rest = part.partition("\n}\n")
        fields = re.findall(r"^  (\w+)\s*= \{.*\},$", entry, re.MULTILINE)
        assert {"author", "title", "year"} <= set(fields), entry
        assert len(fields) == len(set(fields)) == entry.count("\n"), entry
        assert not rest.strip() or rest.lstrip().startswith("%"), rest


WHERE_TO_READ = {  # what a link is made of, without the address before it
    "doi": r"10\.\d{4,5}/[^\s{}]+",
    "eprint": r"\d{4}\.\d{4,5}",
    "url": r"https://[^\s{}]+",
}


def test_an_entry_says_where_to_read_it_in_one_form():
    entries = text_of_bibliography()
    for field, form in WHERE_TO_READ.items():
        given = re.findall(rf"^  {field}\s*= \{{(.*)\}},$", entries, re.MULTILINE)
        assert given, field
        assert len(given) == len({place.lower() for place in given}), field
        assert not [place for place in given if not re.fullmatch(form, place)], field
    for entry in re.findall(r"^@(?:article|inproceedings)\{(.*?)^\}", entries, re.MULTILINE | re.DOTALL):
        key = entry.partition(",")[0]
        assert bool(re.search(r"^  (doi|eprint|url)\s*=", entry, re.MULTILINE)) is (key not in ON_PAPER), key


ON_PAPER = {"cauchy1847", "nesterov1983", "krogh1992", "krogh1994"}  # no DOI, no lasting address


def text_of_bibliography() -> str:
    return (BOOK / "references.bib").read_text(encoding="utf8")


def test_every_term_is_in_the_glossary_which_is_in_order():
    entries = re.findall(r"^([a-zA-Z].*)$\n  \S", text(BOOK / "glossary.md").partition("{glossary}")[2], re.MULTILINE)
    assert entries == sorted(entries, key=str.lower)
    for page in BOOK.glob("*.md"):
        for said, target in re.findall(r"\{term\}`([^`<]*?)\s*(?:<([^>]*)>)?`", text(page)):
            assert (target or said) in entries, f"{page.name}: {target or said}"


def test_the_map_on_the_landing_page_is_fresh(monkeypatch):
    monkeypatch.syspath_prepend(str(BOOK / "tools"))
    import map as chapter_map

    page = text(BOOK / "index.md")
    assert chapter_map.BEGIN in page
    assert chapter_map.mapped(page) == page, "run: python book/tools/map.py"
    sys.modules.pop("map", None)


def test_the_contents_list_every_page_once():
    listed = re.findall(r"book/(\w+)", (ROOT / "_toc.yml").read_text(encoding="utf8"))
    assert sorted(listed) == sorted(page.stem for page in BOOK.glob("*.md"))


def test_there_are_seventeen_sections_and_every_method_has_one():
    assert [row.number for row in SECTIONS] == [f"3.{number}" for number in range(1, 18)]
    assert len({row.page for row in SECTIONS}) == 17
    for row in SECTIONS:
        assert re.fullmatch(rf"03_{int(row.number[2:]):02}_[a-z_]+", row.page)
        assert row.summary.endswith((".", "?"))
    for method in catalogue.METHODS:
        assert section(method.section)


# --------------------------------------------------------------------------------------------- listings


def test_a_listing_is_the_source_without_its_docstring():
    code = listing(optcourse.gradient_descent).code
    assert code.splitlines()[0] == "@stream()"
    assert "theta = theta - rate * grad(theta)" in code
    assert '"""' not in code


def test_a_listing_is_plain_in_a_terminal_and_highlighted_in_a_notebook():
    shown = listing(optcourse.relative_error)
    assert repr(shown) == shown.code
    assert shown._repr_markdown_().startswith("```python\n" + shown.code)
    assert "optcourse/gradient_check.py" in shown._repr_markdown_()


def test_a_listing_of_a_class_drops_its_methods_docstrings_too():
    code = listing(optcourse.Trace).code
    assert '"""' not in code
    assert "\n\n    method: str" not in code
    assert "def converged(self)" in code
    ast.parse(code)


@pytest.mark.parametrize("foreign", [len, 3, "gradient_descent", pytest.raises, lambda: 0, None])
def test_a_listing_of_something_else_is_refused(foreign):
    with pytest.raises(ValueError, match="subject = "):
        listing(foreign)


@pytest.mark.parametrize("helper", ["nothing_of_that_name", "np", "Array"])
def test_a_helper_that_is_not_in_the_module_is_refused(helper):
    with pytest.raises(ValueError, match="helpers = "):
        listing(optcourse.numerical_gradient, helper)
