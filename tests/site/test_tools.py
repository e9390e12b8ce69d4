"""The tools that build the book, on made-up input: they refuse, remember and forget as they promise."""

from __future__ import annotations

import json
import re
from pathlib import Path

import build
import pictures
import pytest
import vendor
from built import ROOT
from optcourse_book.cache import environment_key
from optcourse_book.pages import mend
from optcourse_book.pictures import dark_twin, darken

from optcourse.figures.palette import HUES, PAPER, contrast

CSS = (ROOT / "book" / "assets" / "book.css").read_text(encoding="utf8")


def test_a_download_with_another_hash_is_refused_and_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vendor, "CACHE", tmp_path)
    package = vendor.PACKAGES[0]
    kept = tmp_path / f"{package.name}-{package.version}.tgz"
    kept.write_bytes(b"not what was published")
    with pytest.raises(SystemExit, match=rf"{package.name} .* expected {package.sha256}; not used"):
        vendor.fetch(package)
    assert not kept.exists()


def test_a_second_run_fetches_nothing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    vendor.main()
    monkeypatch.setattr(vendor, "fetch", lambda package: pytest.fail(f"fetched {package.name} again"))
    capsys.readouterr()
    vendor.main()
    assert capsys.readouterr().out == ""


def test_every_typeface_that_the_style_names_is_there() -> None:
    vendor.main()
    for name in re.findall(r"url\((fonts/[^)]+)\)", CSS):
        assert (vendor.VENDOR / name).read_bytes()[:4] == b"wOF2"


@pytest.mark.parametrize(
    ("page", "wounded"),
    [
        ("<p>A Traceback is a list of calls.</p>", False),
        ("<pre>Traceback (most recent call last)</pre>", True),
        ('<span class="problematic" id="x">`y`</span>', True),
        ('<aside class="system-message">', True),
        ("<p>:::{mistake} never closed</p>", True),
        ("<p>a ::: b</p>", False),
        ("<p>| a table | that stayed text |</p>", True),
        ("<p>a | b</p>", False),
    ],
)
def test_scars_are_found_and_words_are_not_scars(tmp_path: Path, page: str, wounded: bool) -> None:
    (tmp_path / "page.html").write_text(page)
    assert build.scars(tmp_path) == (["page.html"] if wounded else [])


@pytest.mark.parametrize(
    "line",
    [
        "book/03_01.md:3: WARNING: undefined label: 'nowhere'",
        "\x1b[91mbook/03_01.md:3: WARNING: undefined label\x1b[39;49;00m",
        "ZeroDivisionError: division by zero",
        "book/03_01.md: Executing notebook using local CWD",
    ],
)
def test_what_matters_is_never_taken_for_noise(line: str) -> None:
    assert not build.NOISE.match(line)


def made_up_project(root: Path) -> Path:
    """Write the files that the key looks at."""
    for name in ("requirements.txt", "book/_ext/ipython_kernel_config.py", "optcourse/adam.py", "optcourse/quiz.js"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("one")
    return root


@pytest.mark.parametrize("name", ["requirements.txt", "optcourse/adam.py", "optcourse/quiz.js", "optcourse/new.py"])
def test_pages_are_executed_anew_when_the_package_or_the_pins_change(tmp_path: Path, name: str) -> None:
    before = environment_key(made_up_project(tmp_path))
    (tmp_path / name).write_text("two")
    assert environment_key(tmp_path) != before


def test_pages_are_not_executed_anew_for_anything_else(tmp_path: Path) -> None:
    before = environment_key(made_up_project(tmp_path))
    (tmp_path / "book" / "a.md").write_text("a chapter")
    (tmp_path / "optcourse" / "notes.txt").write_text("no code")
    assert environment_key(tmp_path) == before


def test_ink_of_the_palette_becomes_ink_of_the_dark_palette() -> None:
    assert dark_twin(HUES["blue"][0].upper()) == HUES["blue"][1]


@pytest.mark.parametrize("colour", ["#000000", "#333333", "#1f77b4", "#8b0000", "#00441b", "#4b0082"])
def test_any_dark_ink_can_be_read_on_dark_paper(colour: str) -> None:
    assert contrast(dark_twin(colour), PAPER["paper"][1]) > 3


def test_ink_without_a_colour_is_not_black_on_dark_paper() -> None:
    assert (
        darken('<svg width="1"><text>x</text></svg>') == f'<svg fill="{PAPER["ink"][1]}" width="1"><text>x</text></svg>'
    )


def test_notes_are_no_landmarks_and_citations_are_items_of_their_list() -> None:
    mended = mend('<aside class="footnote-list brackets"></aside><div class="citation" role="doc-biblioentry">')
    assert mended == '<aside role="none" class="footnote-list brackets"></aside><div class="citation" role="listitem">'


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("tone", ["blue", "vermilion", "green", "purple", "grey", "pst-color-text-muted"])
def test_text_in_the_books_colours_can_be_read(scheme: str, tone: str) -> None:
    block = re.search(rf'html\[data-theme="{scheme}"\] \{{(.*?)\}}', CSS, re.DOTALL)
    assert block
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block[1]))
    for paper in (PAPER["paper"][scheme == "dark"], colours["raised"]):
        assert contrast(colours[tone], paper) >= 4.5


# -------------------------------------------------------------------------------------- the README's pictures


def test_the_pictures_in_the_readme_show_what_the_code_makes_today() -> None:
    assert pictures.shown() == json.loads(pictures.MADE.read_text(encoding="utf8")), "run `make pictures`"
    for name in pictures.shown():
        assert (pictures.PICTURES / name).read_bytes()[:4] == b"\x89PNG"
        assert f"(book/assets/pictures/{name})" in (ROOT / "README.md").read_text(encoding="utf8")


def test_the_photographed_playground_is_the_landing_page_s() -> None:
    settings = ", ".join(f"{name}={json.dumps(value)}" for name, value in pictures.SETTINGS.items())
    assert f"\nDescentPlayground({settings})\n" in (ROOT / "book" / "index.md").read_text(encoding="utf8")
