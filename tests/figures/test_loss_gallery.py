"""The gallery of losses: its mathematics is the package's under node, and what a browser draws is what Python says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from host import FIGURE, Compute, drag, settings, touch

from optcourse.figures import LossGallery
from optcourse.figures.loss_gallery import FAMILIES, LOSSES, percent

EXACT = 1e-12


# ------------------------------------------------------------------------------------------------ under node


@pytest.mark.parametrize("name", LOSSES)
def test_value_slope_and_curvature_are_pythons(compute: Compute, name: str) -> None:
    rng = np.random.default_rng(2)
    gallery = LossGallery(delta=0.7, classes=12)
    points = [*rng.uniform(-4, 4, 200), -700.0, 700.0, -0.7, 0.7]
    expression = f"""(() => {{ const loss = lossOf({name!r}, {{ delta: 0.7, classes: 12 }});
      return [loss.value(c), loss.slope(c), loss.curvature(c)]; }})()"""
    loss = gallery.loss(name)
    for t, found in zip(points, compute(LossGallery, expression, points), strict=True):
        np.testing.assert_allclose(found, [loss.value(t), loss.slope(t), loss.curvature(t)], rtol=EXACT, atol=1e-300)


@pytest.mark.parametrize("name", LOSSES)
def test_kinks_and_bends_are_pythons(compute: Compute, name: str) -> None:
    loss = LossGallery(delta=0.7).loss(name)
    expression = f"(({{ kinks, bends }}) => [kinks, bends])(lossOf({name!r}, {{ delta: 0.7, classes: 10 }}))"
    ((kinks, bends),) = compute(LossGallery, expression, [0])
    assert [tuple(kink) for kink in kinks] == list(loss.kinks)
    assert tuple(bends) == loss.bends
    for kink, *_ in kinks:  # JSON has no NaN
        what = f"Number.isNaN(lossOf({name!r}, {{}}).curvature(c))"
        assert compute(LossGallery, what, [kink]) == [bool(np.isnan(loss.curvature(kink)))] == [True]


def test_shares_are_written_alike(compute: Compute) -> None:
    shares = [0.0, 1.0, 1 / 9, 0.125, 0.005, 0.995, *np.random.default_rng(0).uniform(0, 1, 200)]
    assert compute(LossGallery, "percent(c)", shares) == [percent(share) for share in shares]


# --------------------------------------------------------------------------------------------------- Python


def test_an_outlier_rules_the_mean_gradient_of_the_squared_loss_only() -> None:
    shares = {row.name: row.share for row in LossGallery(residual=4.0).rows}
    assert shares["squared"] > 0.5
    assert shares["absolute"] == pytest.approx(1 / 9)
    assert shares["absolute"] < shares["huber"] < 0.25


def test_the_hinge_does_not_hear_an_example_that_is_safely_right() -> None:
    shares = {row.name: row.share for row in LossGallery(family="classification", margin=2.0).rows}
    assert shares["hinge"] == 0
    assert shares["logistic"] > 0


def test_with_two_classes_cross_entropy_is_the_logistic_loss() -> None:
    logistic, _, cross_entropy = LossGallery(family="classification", classes=2).rows
    assert logistic[1:] == cross_entropy[1:]


def test_the_words_name_a_kink() -> None:
    assert "Absolute: loss 0, a kink, every slope from −1 to 1 supports it." in LossGallery(residual=0.0).text
    hinge = LossGallery(family="classification", margin=1.0, shown=["hinge"])
    assert hinge.text == "Margin 1. Hinge: loss 0, a kink, every slope from −1 to 0 supports it."


# ----------------------------------------------------------------------------------------------- in the browser


def agree(page: Any) -> LossGallery:
    """Assert that rows, curves, bars and words are Python's for the page's settings; return the figure."""
    gallery = LossGallery(**settings(page))
    drawn = page.evaluate(f"{FIGURE}.drawn")
    assert drawn["at"] == gallery.at
    assert [row["name"] for row in drawn["rows"]] == gallery.drawn == [name for name, _ in drawn["line"]]
    for seen, row in zip(drawn["rows"], gallery.rows, strict=True):
        found = [seen["value"], seen["slope"], seen["share"]]
        np.testing.assert_allclose(found, [row.value, row.slope, row.share], rtol=EXACT, atol=EXACT)
        bent = np.nan if seen["curvature"] is None else seen["curvature"]
        np.testing.assert_allclose(bent, row.curvature, rtol=EXACT, atol=EXACT)
        np.testing.assert_allclose(seen["strength"], gallery.pulls(row.name), rtol=EXACT, atol=EXACT)
    for name, pieces in drawn["line"]:
        loss = gallery.loss(name)
        for part, what in (("values", loss.value), ("slopes", loss.slope)):
            t, height = np.reshape([x for piece in pieces for x in piece[part]], (-1, 2)).T
            assert (t[0], t[-1]) == (-4, 4)
            np.testing.assert_allclose(height, what(t), rtol=EXACT, atol=EXACT)
    assert page.locator(".oc-pull b").all_inner_texts() == [percent(row.share) for row in gallery.rows]
    wide = page.locator(".oc-bar").all()
    for bar, row in zip(wide, gallery.rows, strict=True):
        yours = bar.locator(".oc-yours")
        share = yours.bounding_box()["width"] / bar.bounding_box()["width"] if yours.count() else 0.0
        assert share == pytest.approx(row.share, abs=0.01)
    assert page.inner_text(".oc-live") == gallery.text
    return gallery


def test_every_control_of_the_gallery_draws_what_python_computes(show: Callable[..., Any]) -> None:
    page = show(LossGallery())
    agree(page)
    for family, facts in FAMILIES.items():
        page.get_by_role("button", name=facts["label"], exact=True).click()
        assert agree(page).family == family
        for slider in page.locator("input[type=range]:visible").all():
            slider.focus()
            page.keyboard.press("ArrowRight")
            by_key = agree(page)
            box = slider.bounding_box()
            page.mouse.click(box["x"] + 0.8 * box["width"], box["y"] + box["height"] / 2)
            assert (agree(page).delta, agree(page).classes) != (by_key.delta, by_key.classes)
        for name in facts["losses"]:
            switch = page.get_by_role("button", name=LOSSES[name]["label"], exact=True)
            switch.focus()
            page.keyboard.press("Enter")
            assert switch.get_attribute("aria-pressed") == "false"
            assert name not in agree(page).drawn
        assert page.inner_text(".oc-live").endswith("No loss is shown.")
        for name in reversed(facts["losses"]):
            page.get_by_role("button", name=LOSSES[name]["label"], exact=True).click()
        assert agree(page).drawn == facts["losses"]


def test_the_example_is_dragged_by_mouse_finger_and_keys_and_goes_home(show: Callable[..., Any]) -> None:
    page = show(LossGallery(), has_touch=True, viewport={"width": 900, "height": 900})
    drag(page, -60, 20)
    dragged = agree(page).residual
    assert dragged < 2.8
    box = page.locator(".oc-handle").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    touch(page, [(x, y), (x - 20, y), (x - 50, y)])
    page.wait_for_function(f"models[0].get('residual') < {dragged}")
    agree(page)
    knob = page.locator(".oc-handle")
    knob.focus()
    for key, sign in [("ArrowRight", 1), ("ArrowLeft", -1), ("ArrowUp", 1), ("ArrowDown", -1), ("Shift+ArrowLeft", -1)]:
        before = agree(page).residual
        page.keyboard.press(key)
        assert sign * (agree(page).residual - before) > 0
    page.keyboard.press("Home")
    assert agree(page).residual == 3
    assert knob.get_attribute("aria-valuetext") == "residual 3"


def test_a_click_into_either_panel_puts_the_example_there(show: Callable[..., Any]) -> None:
    page = show(LossGallery())
    for panel in page.locator(".oc-panel").all():
        box = panel.bounding_box()
        page.mouse.click(box["x"] + 0.3 * box["width"], box["y"] + 0.3 * box["height"])
        assert agree(page).residual < 0
        page.mouse.click(box["x"] + 0.8 * box["width"], box["y"] + 0.3 * box["height"])
        assert agree(page).residual > 1


@pytest.mark.parametrize(
    ("family", "key", "presses"), [("regression", "ArrowLeft", 30), ("classification", "ArrowRight", 35)]
)
def test_keys_reach_the_kink_and_its_fan_is_told(show: Callable[..., Any], family: str, key: str, presses: int) -> None:
    page = show(LossGallery(family=family))
    page.locator(".oc-handle").focus()
    for _ in range(presses):
        page.keyboard.press(key)
    gallery = agree(page)
    assert gallery.at == (0 if family == "regression" else 1)
    assert "a kink" in gallery.text
    assert any("…" in cell for cell in page.locator(".oc-losses [role=cell]").all_inner_texts())


def test_the_kernel_moves_the_example(show: Callable[..., Any]) -> None:
    page = show(LossGallery())
    page.evaluate("models[0].set('residual', -1.5)")
    assert agree(page).residual == -1.5
    page.evaluate("models[0].set('delta', 2.5)")
    assert page.get_by_label("Huber’s δ").input_value() == "2.5"
    agree(page)


@pytest.mark.parametrize("width", [320, 768, 1280])
def test_no_part_of_the_gallery_of_losses_overflows(show: Callable[..., Any], width: int) -> None:
    page = show(LossGallery(family="classification"), viewport={"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(
        "[...document.querySelectorAll('.oc-panels > *')].every((e) => e.scrollWidth <= e.clientWidth)"
    )


def test_every_control_of_the_gallery_is_reached_by_tab(show: Callable[..., Any]) -> None:
    page = show(LossGallery())
    seen = []
    for _ in range(7):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.ariaLabel ?? document.activeElement.textContent"))
    assert seen == ["Regression", "Classification", "squared", "absolute", "Huber", "Huber’s δ", "Your example"]
