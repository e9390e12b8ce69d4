"""The ε-explorer: its differences are `optcourse.numerical_gradient`'s under node, and so is what a browser draws.

Losses made of + − × ÷ round alike everywhere: the measured slopes must be the same to the last bit. Sines, exponentials
and logarithms may differ by a few units in the last place between two libraries, and a difference of losses divided by
ε multiplies that: `blur` says by how much.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from host import FIGURE, Compute, drag, settings, touch

from optcourse import numerical_gradient
from optcourse.figures import EpsilonExplorer
from optcourse.figures.epsilon_explorer import LOSSES, ORDER, right_digits
from optcourse.gradient_check import SCHEMES

BITWISE = ("cube", "bell", "lifted")
LIBRARY = ("wavy", "softplus")
RELATIVE = 1e-12


def blur(explorer: EpsilonExplorer, scheme: str, eps: float) -> float:
    """How far two honest computations of one slope may be apart."""
    if scheme == "complex":  # nothing is subtracted; a float32 rounds the answer once, perhaps to its other neighbour
        return (RELATIVE + 2.0**-23 * explorer.single) * max(abs(explorer.slope), eps**2)
    if explorer.loss in BITWISE:
        return 0.0
    # Two losses, each through two library functions, each of those off by 2 units in the last place here and there
    # (4 in single precision, where NumPy trades accuracy for speed).
    unit = 2.0**-23 if explorer.single else 2.0**-52
    largest = max(abs(float(LOSSES[explorer.loss].loss(explorer.theta + side * eps))) for side in (-1, 0, 1))
    off = 2 * 2 * (5 if explorer.single else 3) * unit * largest
    walked = eps * (2 if scheme == "central" else 1)
    return off / walked + 4 * unit * abs(explorer.slope)


def same(found: float | None, explorer: EpsilonExplorer, scheme: str, eps: float) -> None:
    """Assert that a slope from JavaScript (None stands for NaN in JSON) is Python's."""
    expected = explorer.measure(scheme, eps)
    if found is None or math.isnan(expected):
        assert found is None, (scheme, eps, found)
        assert math.isnan(expected), (scheme, eps, expected)
        return
    assert abs(found - expected) <= blur(explorer, scheme, eps), (explorer, scheme, eps, found, expected)


# ------------------------------------------------------------------------------------------------ under node


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("single", [False, True])
def test_measured_slopes_are_pythons(compute: Compute, loss: str, single: bool) -> None:
    rng = np.random.default_rng(4)
    thetas = rng.uniform(-4, 4, 150).tolist()
    steps = (10 ** rng.uniform(-20, 0, 150)).tolist()
    cases = [[scheme, theta, eps] for theta, eps in zip(thetas, steps, strict=True) for scheme in ORDER]
    what = f"measure(SMOOTH.{loss}, c[0], c[1], c[2], {json.dumps(single)})"
    for (scheme, theta, eps), found in zip(cases, compute(EpsilonExplorer, what, cases), strict=True):
        same(found, EpsilonExplorer(loss=loss, theta=theta, single=single), scheme, eps)


@pytest.mark.parametrize("loss", LOSSES)
def test_true_slopes_are_pythons(compute: Compute, loss: str) -> None:
    thetas = np.random.default_rng(5).uniform(-10, 10, 200).tolist()
    for theta, found in zip(thetas, compute(EpsilonExplorer, f"SMOOTH.{loss}.slopes(c)", thetas), strict=True):
        slopes = np.array(LOSSES[loss].slopes(theta))
        np.testing.assert_allclose(found, slopes, rtol=1e-11, atol=1e-13 * np.abs(slopes).max())


@pytest.mark.parametrize("single", [False, True])
def test_the_marked_steps_are_the_defaults_of_numerical_gradient(compute: Compute, single: bool) -> None:
    dtype = np.float32 if single else np.float64
    u = float(np.finfo(dtype).eps) / 2
    assert compute(EpsilonExplorer, "roundoff(c)", [single]) == [u]
    cases = [[scheme, theta] for scheme in ORDER for theta in (-7.0, 0.0, 0.3, 4.0)]
    found = compute(EpsilonExplorer, f"defaultStep(c[0], c[1], {json.dumps(single)})", cases)
    for (scheme, theta), eps in zip(cases, found, strict=True):
        assert eps == pytest.approx(SCHEMES[scheme][1](u) * max(1.0, abs(theta)), rel=RELATIVE)
        by_itself = numerical_gradient(lambda t: t * t * t, dtype(theta), scheme=scheme)
        # The same step to within rounding: the same slope to within the rounding of that slope.
        assert float(by_itself) == pytest.approx(
            EpsilonExplorer(loss="cube", theta=theta, single=single).measure(scheme, eps),
            abs=8 * u * max(1.0, abs(theta) ** 3) / (eps if scheme != "complex" else 1),
        )


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("scheme", ORDER)
def test_the_lines_of_theory_lie_where_the_errors_do(compute: Compute, loss: str, scheme: str) -> None:
    explorer = EpsilonExplorer(loss=loss, theta=LOSSES[loss].theta)
    grid = (10.0 ** np.arange(-15, -2, 0.1)).tolist()
    what = f"""(({{ bends, rounds }}) => [bends(c), rounds(c)])
      (expected(SMOOTH.{loss}, "{scheme}", {LOSSES[loss].theta}, false))"""
    bends, rounds = np.array(compute(EpsilonExplorer, what, grid)).T
    errors = explorer.errors(scheme, np.array(grid))
    # A loss is off by a few roundings, not by one; the third derivative drifts a little over ε < 0.01.
    assert (errors <= 1.1 * bends + 6 * rounds).all()
    clear = bends > 100 * rounds
    assert clear.sum() >= 5
    np.testing.assert_allclose(errors[clear], bends[clear], rtol=0.1)
    if scheme != "complex":  # and rounding is not a myth: on the left arm errors come within a factor of ten of it
        ruled = rounds > 1e3 * bends
        assert (errors[ruled] / rounds[ruled]).max() > 0.1


def test_right_digits_are_counted_alike(compute: Compute) -> None:
    rng = np.random.default_rng(6)
    slopes = rng.normal(size=300)
    pairs = [[float(s * (1 + off)), float(s)] for s, off in zip(slopes, 10 ** rng.uniform(-17, 1, 300), strict=True)]
    pairs += [[1.0, 0.0], [0.0, 0.0], [0.0, 1.0], [-1.0, 1.0], [2.0, 1.0], [1.0, 1.0]]
    assert compute(EpsilonExplorer, "rightDigits(c[0], c[1])", pairs) == [right_digits(*pair) for pair in pairs]


# --------------------------------------------------------------------------------------------------- Python


@pytest.mark.parametrize("loss", LOSSES)
def test_the_known_derivatives_are_the_derivatives(loss: str) -> None:
    one = LOSSES[loss]
    for theta in np.random.default_rng(7).uniform(-3, 3, 40):
        first, second, third = one.slopes(theta)
        assert first == pytest.approx(numerical_gradient(one.loss, theta, scheme="complex"), rel=1e-13)
        scale = 1 + max(abs(first), abs(second), abs(third))
        assert second == pytest.approx(numerical_gradient(lambda t: one.slopes(t)[0], theta), abs=1e-7 * scale)
        assert third == pytest.approx(numerical_gradient(lambda t: one.slopes(t)[1], theta), abs=1e-7 * scale)


def test_the_worked_example_of_the_chapter_is_measured() -> None:
    measured = EpsilonExplorer(loss="cube", theta=2.0, eps=0.1).measured
    assert {name: round(slope, 9) for name, slope in measured.items()} == {
        "forward": 12.61,
        "central": 12.01,
        "complex": 11.99,
    }


def test_the_questions_of_the_chapter_have_their_answers_in_the_figure() -> None:
    grid = 10.0 ** np.arange(-15, 0.01, 0.1)
    double, single = EpsilonExplorer(), EpsilonExplorer(single=True)
    best = {name: grid[double.errors(name, grid).argmin()] for name in ("forward", "central")}
    assert 1e-6 < best["central"] < 1e-4
    assert 1e-10 < best["forward"] < 1e-7
    assert right_digits(double.measure("central", best["central"]), double.slope) >= 10
    for eps, times in ((1e-2, 30), (1e-4, 3000)):
        ratio = double.errors("forward", [eps]) / double.errors("central", [eps])
        assert ratio > times
    assert right_digits(double.measure("forward", 1.2e-16), double.slope) == 0
    assert double.errors("complex", [1.2e-16])[0] < 1e-15
    assert math.isnan(double.measure("forward", 1e-17))
    smooth = grid[grid > 1e-7]
    assert smooth[single.errors("central", smooth).argmin()] > 30 * best["central"]


# ----------------------------------------------------------------------------------------------- in the browser


def agree(page: Any) -> EpsilonExplorer:
    """Assert that curves, numbers and words are Python's for the page's settings; return the figure."""
    explorer = EpsilonExplorer(**settings(page))
    drawn = page.evaluate(f"JSON.parse(JSON.stringify({FIGURE}.drawn))")
    assert drawn["slope"] == pytest.approx(explorer.slope, rel=RELATIVE)
    assert [one["scheme"] for one in drawn["now"]] == list(explorer.schemes) == [c["scheme"] for c in drawn["curves"]]
    for one in drawn["now"]:
        same(one["measured"], explorer, one["scheme"], explorer.eps)
    for curve in drawn["curves"]:
        for eps, found, error in zip(drawn["grid"][::7], curve["measured"][::7], curve["errors"][::7], strict=True):
            same(found, explorer, curve["scheme"], eps)
            assert error is found or error == abs(found - drawn["slope"])
    words = page.inner_text(".oc-live")
    if explorer.loss in BITWISE or explorer.eps > 1e-3 * (1 + 99 * explorer.single):
        assert words == explorer.text
    else:  # what rounding left may differ in its digits, not in its place
        assert words.split(" Off by")[0] == explorer.text.split(" Off by")[0]
    return explorer


def test_every_control_of_the_explorer_draws_what_python_computes(show: Callable[..., Any]) -> None:
    page = show(EpsilonExplorer())
    agree(page)
    for loss in LOSSES:
        page.get_by_label("Loss L(θ)").select_option(loss)
        assert agree(page).theta == LOSSES[loss].theta
        slider = page.get_by_label("Point θ")
        slider.focus()
        page.keyboard.press("ArrowRight")
        by_key = agree(page).theta
        assert by_key == pytest.approx(LOSSES[loss].theta + 0.1)
        box = slider.bounding_box()
        page.mouse.click(box["x"] + 0.35 * box["width"], box["y"] + box["height"] / 2)
        assert agree(page).theta < 0
    for precision in ("single", "double"):
        page.get_by_role("button", name=precision, exact=True).click()
        assert agree(page).single == (precision == "single")
    for name in ("forward", "central", "complex step"):
        switch = page.get_by_role("button", name=name, exact=True)
        switch.focus()
        page.keyboard.press("Space")
        assert switch.get_attribute("aria-pressed") == "false"
        agree(page)
    assert page.inner_text(".oc-live").endswith("No scheme is shown.")
    page.get_by_role("button", name="central", exact=True).click()
    assert agree(page).schemes == ("central",)


def test_epsilon_is_dragged_by_mouse_finger_and_keys_and_goes_home(show: Callable[..., Any]) -> None:
    page = show(EpsilonExplorer(loss="cube", theta=2.0), has_touch=True, viewport={"width": 900, "height": 900})
    drag(page, -90, 0)
    dragged = agree(page).eps
    assert 1e-7 < dragged < 1e-4
    box = page.locator(".oc-handle").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    touch(page, [(x, y), (x - 20, y), (x - 50, y)])
    page.wait_for_function(f"models[0].get('eps') < {dragged}")
    agree(page)
    knob = page.locator(".oc-handle")
    knob.focus()
    for key, factor in [("ArrowRight", 1.26), ("ArrowLeft", 0.79), ("Shift+ArrowRight", 10), ("Shift+ArrowLeft", 0.1)]:
        before = agree(page).eps
        page.keyboard.press(key)
        assert agree(page).eps / before == pytest.approx(
            factor, rel=0.15
        )  # to the nearest of ten steps a decade, of two digits
    page.keyboard.press("Home")
    assert agree(page).eps == 1e-2
    assert knob.get_attribute("aria-valuetext") == "ε = 0.01"
    for _ in range(18):
        page.keyboard.press("Shift+ArrowLeft")
    assert agree(page).eps == 1e-20
    assert "θ + ε rounds to θ" in page.inner_text(".oc-live")
    page.keyboard.press("ArrowLeft")
    assert agree(page).eps == 1e-20


def test_a_click_into_the_chart_puts_epsilon_there(show: Callable[..., Any]) -> None:
    page = show(EpsilonExplorer())
    box = page.locator(".oc-panel").bounding_box()
    page.mouse.click(box["x"] + 0.5 * box["width"], box["y"] + 0.3 * box["height"])
    assert 1e-13 < agree(page).eps < 1e-8


def test_right_digits_are_set_apart_from_wrong_ones(show: Callable[..., Any]) -> None:
    page = show(EpsilonExplorer(loss="cube", theta=2.0, eps=0.1))
    numbers = page.locator(".oc-number").all_inner_texts()
    assert numbers[0] == "12.000000000000000"
    wrong = page.locator(".oc-number i").all_inner_texts()
    assert [text[: len(text) - len(part)] for text, part in zip(numbers[1:], wrong, strict=True)] == [
        "12.0"[:1],  # 12.61: one digit
        "12.0",  # 12.01: three
        "11.9",  # 11.99: three
    ]
    assert "off by 0.61, 1 digit right" in page.inner_text(".oc-digits")


def test_the_kernel_moves_epsilon(show: Callable[..., Any]) -> None:
    page = show(EpsilonExplorer())
    page.evaluate("models[0].set('eps', 1e-8)")
    assert agree(page).eps == 1e-8
    assert page.locator(".oc-handle").get_attribute("aria-valuetext") == "ε = 1×10⁻⁸"
    page.evaluate("models[0].set('single', true)")
    agree(page)


@pytest.mark.parametrize("width", [320, 768, 1280])
def test_no_part_of_the_explorer_overflows(show: Callable[..., Any], width: int) -> None:
    for eps in (1e-5, 1e-17):
        page = show(EpsilonExplorer(theta=-3.3, eps=eps), viewport={"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        fits = (
            "[...document.querySelectorAll('.oc-panels > *, .oc-number')].every((e) => e.scrollWidth <= e.clientWidth)"
        )
        assert page.evaluate(fits)


def test_every_control_of_the_explorer_is_reached_by_tab(show: Callable[..., Any]) -> None:
    page = show(EpsilonExplorer())
    seen = []
    for _ in range(8):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.ariaLabel ?? document.activeElement.textContent"))
    assert seen == ["Loss L(θ)", "Point θ", "double", "single", "forward", "central", "complex step", "Step ε"]
