"""The figures, moved by mouse, finger and keys in a browser without a network, draw what Python computes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from host import drag, play_until, settings, touch

from optcourse.figures import DescentPlayground, ObjectiveGallery

ROOT = ".optcourse-figure"
LAST = "document.querySelector('.optcourse-figure')"


def drawn(page: Any) -> dict[str, Any]:
    """Read the arrays that the drawing used."""
    return page.evaluate(
        f"() => {{ const d = {LAST}.drawn; return {{ ...d, path: [...d.path], losses: [...d.losses] }}; }}"
    )


def agree(page: Any, figure: type) -> Any:
    """Assert that the drawn path, its losses and the words are Python's for the page's settings; return the trace."""
    python = figure(**settings(page))
    trace, seen = python.trace, drawn(page)
    path = np.reshape(seen["path"], (-1, trace.iterates.shape[1]))
    assert path.shape == trace.iterates.shape
    np.testing.assert_allclose(path, trace.iterates, rtol=1e-12, atol=1e-12 * np.abs(trace.iterates).max())
    np.testing.assert_allclose(seen["losses"], trace.losses, rtol=1e-9, atol=1e-12 * np.abs(trace.losses).max())
    assert page.inner_text(".oc-live") == python.text
    return trace


@pytest.mark.parametrize("problem", list(DescentPlayground.constants["FACTS"]))
def test_every_landscape_is_drawn_as_python_computes_it(show: Callable[..., Any], problem: str) -> None:
    page = show(DescentPlayground())
    page.select_option("select", problem)
    assert settings(page)["problem"] == problem
    agree(page, DescentPlayground)


def test_every_slider_moves_by_mouse_and_by_keys(show: Callable[..., Any]) -> None:
    page = show(DescentPlayground(problem="ravine"))
    for label, name in [("Step size η", "lr"), ("Steps", "steps"), ("Condition number κ", "kappa")]:
        slider = page.get_by_label(label, exact=True)
        before = settings(page)[name]
        slider.focus()
        page.keyboard.press("ArrowRight")
        by_key = settings(page)[name]
        assert by_key > before
        agree(page, DescentPlayground)
        box = slider.bounding_box()
        page.mouse.click(box["x"] + 0.3 * box["width"], box["y"] + box["height"] / 2)
        assert settings(page)[name] not in (before, by_key)
        agree(page, DescentPlayground)


@pytest.mark.parametrize("figure", [DescentPlayground, ObjectiveGallery])
def test_the_start_is_dragged_by_mouse(show: Callable[..., Any], figure: type) -> None:
    page = show(figure(problem="himmelblau"))
    before = settings(page)["theta0"]
    drag(page, 60, -90)
    x, y = settings(page)["theta0"]
    assert x > before[0] + 0.5
    assert y > before[1] + 0.5
    agree(page, figure)


@pytest.mark.parametrize("figure", [DescentPlayground, ObjectiveGallery])
def test_the_start_is_dragged_by_a_finger_and_put_by_a_tap(show: Callable[..., Any], figure: type) -> None:
    page = show(figure(problem="himmelblau"), has_touch=True, viewport={"width": 390, "height": 1400})
    before = settings(page)["theta0"]
    box = page.locator(".oc-handle").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    touch(page, [(x, y), (x + 20, y - 10), (x + 40, y - 30)])
    page.wait_for_function(f"models[0].get('theta0').getFloat64(0, true) > {before[0]}")
    assert settings(page)["theta0"][1] > before[1]
    agree(page, figure)
    page.touchscreen.tap(x - 50, y - 60)
    page.wait_for_function("models[0].get('theta0').getFloat64(0, true) < 0")  # a tap becomes a click in its own time
    agree(page, figure)


@pytest.mark.parametrize("figure", [DescentPlayground, ObjectiveGallery])
def test_the_start_moves_by_keys_and_goes_home(show: Callable[..., Any], figure: type) -> None:
    page = show(figure(problem="himmelblau"))
    home = settings(page)["theta0"]
    handle = page.locator(".oc-handle")
    handle.focus()
    for key, axis, sign in [("ArrowRight", 0, 1), ("ArrowUp", 1, 1), ("ArrowLeft", 0, -1), ("ArrowDown", 1, -1)]:
        before = settings(page)["theta0"]
        page.keyboard.press(key)
        near = settings(page)["theta0"][axis] - before[axis]
        assert sign * near > 0
        page.keyboard.press(f"Shift+{key}")
        assert sign * (settings(page)["theta0"][axis] - before[axis]) > 5 * sign * near
        agree(page, figure)
    page.keyboard.press("Home")
    assert settings(page)["theta0"] == home
    assert handle.get_attribute("aria-valuetext") == "x = 0, y = −4"


def test_the_ball_is_dragged_along_its_bowl_only(show: Callable[..., Any]) -> None:
    page = show(DescentPlayground(problem="parabola"))
    drag(page, -300, -40)
    assert len(settings(page)["theta0"]) == 1
    assert settings(page)["theta0"][0] < 2
    agree(page, DescentPlayground)


def test_the_player_steps_plays_and_stops(show: Callable[..., Any]) -> None:
    page = show(DescentPlayground(problem="parabola", steps=4))
    page.get_by_role("button", name="Step", exact=True).click()
    assert drawn(page)["shown"] == 1
    assert page.inner_text(".oc-live") == "Step 1 of 4: θ = 3.2, loss 10.2."
    page.get_by_role("button", name="Step", exact=True).click()
    assert drawn(page)["shown"] == 2
    play_until(page, "drawn.shown === 3")
    page.get_by_role("button", name="Play").click()
    page.wait_for_function(f"{LAST}.drawn.shown === 4")
    page.wait_for_function("[...document.querySelectorAll('button')].some((b) => b.textContent === 'Play')")
    page.get_by_role("button", name="Reset").click()
    assert settings(page)["steps"] == 20
    agree(page, DescentPlayground)


def test_nothing_moves_by_itself_and_stillness_is_respected(show: Callable[..., Any]) -> None:
    page = show(DescentPlayground(problem="parabola", steps=4), reduced_motion="reduce")
    before = page.locator(ROOT).screenshot()
    page.wait_for_timeout(300)
    assert page.locator(ROOT).screenshot() == before
    page.evaluate(
        f"""() => {{ window.seen = []; const {{ frame }} = {LAST}; const {{ draw }} = frame;
        frame.draw = () => {{ const drawn = draw(); seen.push(drawn.shown); return drawn; }}; }}"""
    )
    page.get_by_role("button", name="Play").click()
    page.wait_for_function(f"{LAST}.drawn.shown === 4")
    seen = page.evaluate("window.seen")
    assert seen == [0, 1, 2, 3, 4]  # nothing is drawn in between: it waits, then jumps to an iterate


def test_the_gallery_changes_its_landscape_by_click_and_by_key(show: Callable[..., Any]) -> None:
    page = show(ObjectiveGallery())
    for name, facts in ObjectiveGallery.constants["FACTS"].items():
        card = page.get_by_role("button", name=facts["nick"], exact=True)
        card.focus()
        page.keyboard.press("Enter")
        assert settings(page)["problem"] == name
        assert card.get_attribute("aria-pressed") == "true"
        agree(page, ObjectiveGallery)


def test_the_arrow_follows_the_pointer(show: Callable[..., Any]) -> None:
    page = show(ObjectiveGallery(problem="quadratic"))
    box = page.locator(".oc-panels .oc-panel").first.bounding_box()
    page.mouse.move(box["x"] + 0.7 * box["width"], box["y"] + 0.3 * box["height"])
    assert page.inner_text(".oc-readout").startswith("pointer (")
    page.mouse.move(2, 2)
    assert page.inner_text(".oc-readout").startswith("start (−1.8, 1)")


def test_a_setting_changed_by_the_kernel_moves_slider_and_drawing(show: Callable[..., Any]) -> None:
    page = show(DescentPlayground())
    page.evaluate("models[0].set('lr', 0.21)")
    assert page.get_by_label("Step size η").input_value() == "0.21"
    assert "diverges" in page.get_by_label("Step size η").get_attribute("aria-valuetext")
    agree(page, DescentPlayground)
    page.evaluate("models[0].set('lr', 3)")  # beyond the axis: the axis grows
    assert float(page.get_by_label("Step size η").input_value()) == 3
    agree(page, DescentPlayground)


def test_the_axis_says_where_descent_converges_oscillates_and_diverges(show: Callable[..., Any]) -> None:
    page = show(DescentPlayground(problem="quadratic", kappa=20.0))
    verdicts = {}
    for lr in (0.049, 0.051, 0.099, 0.101):
        page.evaluate(f"models[0].set('lr', {lr})")
        verdicts[lr] = page.get_by_label("Step size η").get_attribute("aria-valuetext").split(" · ")[1]
    assert list(verdicts.values()) == ["converges steadily", *["oscillates but converges"] * 2, "diverges"]
    letters = page.locator(".oc-strip text").all_text_contents()
    assert "1/λ = 0.05" in letters
    assert "2/λ = 0.1" in letters


@pytest.mark.parametrize("figure", [DescentPlayground, ObjectiveGallery])
def test_the_theme_is_followed_while_the_page_lives(show: Callable[..., Any], figure: type) -> None:
    page = show(figure())
    scheme = f"{LAST}.dataset.scheme"
    colour = f"{LAST}.querySelector('.oc-panels canvas').getContext('2d').getImageData(80, 40, 1, 1).data[0]"
    light = page.evaluate(colour)
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.wait_for_function(f"{scheme} === 'dark'")
    assert page.evaluate(colour) < light - 60
    page.evaluate("delete document.documentElement.dataset.theme; document.body.dataset.jpThemeLight = 'true'")
    page.wait_for_function(f"{scheme} === 'light'")
    page.evaluate("delete document.body.dataset.jpThemeLight")
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"{scheme} === 'dark'")


@pytest.mark.parametrize("figure", [DescentPlayground, ObjectiveGallery])
@pytest.mark.parametrize("width", [320, 768, 1280])
def test_nothing_overflows(show: Callable[..., Any], figure: type, width: int) -> None:
    for problem in ("ravine", "rosenbrock", "styblinski_tang"):
        page = show(figure(problem=problem), viewport={"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_every_control_has_a_name_and_shows_its_focus(show: Callable[..., Any]) -> None:
    page = show(DescentPlayground())
    seen = []
    for _ in range(9):
        page.keyboard.press("Tab")
        seen.append(
            page.evaluate(
                """() => { const a = document.activeElement; const s = getComputedStyle(a);
                return [a.ariaLabel ?? a.textContent, s.outlineStyle, parseFloat(s.outlineWidth)]; }"""
            )
        )
    assert [name for name, *_ in seen[:8]] == [
        "Landscape",
        "Condition number κ",
        "Steps",
        "Play",
        "Step",
        "Reset",
        "Start of the descent",
        "Step size η",
    ]
    assert all(style == "solid" and width >= 2 for _, style, width in seen[:8])
