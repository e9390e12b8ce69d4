"""The figures in the built book: alive without a kernel or a network, a picture on paper and without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from built import DRAWN, ROOT, SITE
from playwright.sync_api import expect

from optcourse.figures import DescentPlayground, ObjectiveGallery

pytestmark = pytest.mark.site

CHAPTER = "book/03_01_gradient_descent.html"
PLAYGROUND = "Gradient descent playground"
GALLERY = "Gallery of objective functions"


@pytest.fixture
def chapter(open_page: Callable[..., Any]) -> Callable[..., Any]:
    """Open the chapter and wait for its figures; whatever leaves this machine fails the test."""

    def chapter(**options: Any) -> Any:
        page = open_page(CHAPTER, **options)
        if options.get("java_script_enabled", True):
            page.wait_for_function("document.querySelectorAll('.optcourse-figure').length > 0")
            page.wait_for_function("[...document.querySelectorAll('.optcourse-figure')].every((f) => f.frame.ready)")
        return page

    return chapter


def state(figure: Any) -> dict[str, Any]:
    """Read a figure's settings, and the arrays that its drawing used."""
    return figure.evaluate(
        """(root) => { const { model } = root.frame; const has = (name) => model.get(name) !== undefined;
        const plain = ["problem", "kappa", "lr", "steps"].filter(has).map((name) => [name, model.get(name)]);
        const settings = { ...Object.fromEntries(plain), theta0: root.frame.vector("theta0") };
        return { settings, path: [...root.drawn.path], losses: [...root.drawn.losses] }; }"""
    )


def agree(figure: Any, kind: type) -> dict[str, Any]:
    """Assert that what is drawn is what Python computes for the same settings; return those settings."""
    seen = state(figure)
    trace = kind(**seen["settings"]).trace
    path = np.reshape(seen["path"], (-1, trace.iterates.shape[1]))
    assert path.shape == trace.iterates.shape
    np.testing.assert_allclose(path, trace.iterates, rtol=1e-12, atol=1e-12 * np.abs(trace.iterates).max())
    return seen["settings"]


@pytest.mark.parametrize(("label", "kind"), [(PLAYGROUND, DescentPlayground), (GALLERY, ObjectiveGallery)])
def test_every_control_draws_what_python_computes(chapter: Callable[..., Any], label: str, kind: type) -> None:
    page = chapter(has_touch=True)
    figure = page.get_by_role("group", name=label).first
    figure.scroll_into_view_if_needed()
    settings = agree(figure, kind)
    for slider in figure.locator("input[type=range]:visible").all():  # by keys and by mouse
        slider.focus()
        page.keyboard.press("ArrowRight")
        by_key = agree(figure, kind)
        assert by_key != settings
        box = slider.bounding_box()
        page.mouse.click(box["x"] + 0.25 * box["width"], box["y"] + box["height"] / 2)
        settings = agree(figure, kind)
        assert settings != by_key
    for name in kind.constants["FACTS"]:  # by menu or by card
        if kind is DescentPlayground:
            figure.get_by_label("Landscape").select_option(name)
        else:
            figure.get_by_role("button", name=kind.constants["FACTS"][name]["nick"], exact=True).click()
        settings = agree(figure, kind)
        assert settings["problem"] == name
    knob = figure.locator(".oc-handle")  # the start: by keys, by mouse, by a finger
    knob.focus()
    page.keyboard.press("Shift+ArrowRight")
    moved = agree(figure, kind)
    assert moved["theta0"] != settings["theta0"]
    knob.scroll_into_view_if_needed()
    box = knob.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 25, y - 12, steps=4)
    page.mouse.up()
    dragged = agree(figure, kind)
    assert dragged["theta0"] != moved["theta0"]
    client = page.context.new_cdp_session(page)
    for kind_of_touch, at in [("touchStart", 0), ("touchMove", -15), ("touchMove", -40)]:
        points = [{"x": x + 25 + at, "y": y - 12 + at / 2}]
        client.send("Input.dispatchTouchEvent", {"type": kind_of_touch, "touchPoints": points})
    client.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.evaluate(DRAWN)
    assert agree(figure, kind)["theta0"] != dragged["theta0"]


def test_paper_shows_the_pictures_and_no_controls(chapter: Callable[..., Any]) -> None:
    page = chapter()
    pictures = page.locator(".figure-static")
    expect(pictures.filter(visible=True)).to_have_count(0)
    page.emulate_media(media="print")
    assert pictures.count() > 0
    expect(pictures.filter(visible=True)).to_have_count(pictures.count())  # the page unfolds what is folded
    page.wait_for_function("[...document.querySelectorAll('.figure-static')].every((e) => e.clientHeight > 100)")
    expect(page.locator(".optcourse-figure").filter(visible=True)).to_have_count(0)


def test_figures_wait_for_their_scripts_however_slow_the_network(chapter: Callable[..., Any]) -> None:
    assert chapter().evaluate("require.s.contexts._.config.waitSeconds") == 0  # never, says its documentation


def test_without_javascript_the_pictures_stand_with_their_words(chapter: Callable[..., Any]) -> None:
    page = chapter(java_script_enabled=False)
    pictures = page.locator(".figure-static").all()
    assert pictures
    assert all(picture.is_visible() and len(picture.get_attribute("alt")) > 20 for picture in pictures)


@pytest.mark.parametrize("chapter", sorted(path.name for path in (ROOT / "book").glob("03_*.md")))
def test_the_figures_of_a_page_weigh_less_than_300_kilobytes(chapter: str) -> None:
    text = (SITE / "book" / chapter).with_suffix(".html").read_text(encoding="utf-8")
    states = re.findall(r'<script type="application/vnd.jupyter.widget-state\+json">(.*?)</script>', text, re.DOTALL)
    assert states
    assert sum(len(one.encode()) for one in states) < 300_000
