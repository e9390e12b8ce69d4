"""The playground of adaptive methods: its paths, rates and words are Python's, whatever is moved."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from host import FIGURE, Compute, drag, play_until, settings, touch

from optcourse.figures import AdaptivePlayground
from optcourse.figures.adaptive_playground import ADAPTIVE, EFFECTIVE
from optcourse.figures.methods import COURSES, RACERS, OnLandscape

# ------------------------------------------------------------------------------------------ effective rates


@pytest.mark.parametrize("method", ["adagrad", "rmsprop", "adadelta"])
def test_an_effective_rate_is_what_multiplies_the_slope(method: str) -> None:
    playground = AdaptivePlayground(problem="himmelblau", method=method)
    path, rates = playground.trace.iterates, playground.rates
    slopes = np.array([playground.objective.grad(theta) for theta in path[:-1]])
    assert len(rates) == playground.steps
    np.testing.assert_allclose(-np.diff(path, axis=0), rates * slopes, rtol=1e-9, atol=1e-12)


def test_the_rules_in_the_browser_tell_pythons_rates(compute: Compute) -> None:
    rng = np.random.default_rng(3)
    cases = [
        {"name": name, "settings": OnLandscape(problem=problem).chosen(name), "problem": problem, "kappa": 30.0}
        | {"start": rng.uniform(-1, 1, 2).tolist()}
        for name in EFFECTIVE
        for problem in ("quadratic", "saddle")
    ]
    answer = """(() => {
      const rates = [];
      const settings = { ...c.settings, watch: (now) => rates.push(now) };
      const stream = FIRST_ORDER[c.name](problemOf(c.problem, c.kappa).grad, c.start, settings);
      for (let k = 0; k < 60; k++) stream.next();
      return rates; })()"""
    for case, told in zip(cases, compute(AdaptivePlayground, answer, cases), strict=True):
        figure = OnLandscape(problem=case["problem"], theta0=case["start"], steps=60)
        records, rates = EFFECTIVE[case["name"]]
        kept = figure.race(case["name"], keep=records).kept
        # Near a minimum slopes are differences of nearly equal numbers, and rounding errors in them are amplified.
        np.testing.assert_allclose(told, rates(case["settings"], kept), rtol=1e-9, err_msg=str(case))


def test_rmsprop_drives_its_rates_to_two_over_the_curvature() -> None:
    playground = AdaptivePlayground(method="rmsprop", kappa=10.0, steps=1000)
    np.testing.assert_allclose(playground.rates[-1], [2, 0.2], rtol=1e-4)


def test_the_picture_for_print_holds_the_words() -> None:
    for method in ADAPTIVE:
        playground = AdaptivePlayground(problem="ravine", method=method)
        drawn = playground.static()
        assert "rate along y" in drawn
        assert RACERS[method][0] in playground.text


# --------------------------------------------------------------------------------------------- in a browser


def agree(page: Any) -> AdaptivePlayground:
    """Assert that path, rates and words are Python's for the page's settings; return the figure."""
    playground = AdaptivePlayground(**settings(page))
    drawn = page.evaluate(
        f"() => {{ const d = {FIGURE}.drawn; return {{ path: [...d.path], rates: d.rates, reason: d.reason }}; }}"
    )
    trace = playground.trace
    assert drawn["reason"] == trace.reason
    np.testing.assert_allclose(np.reshape(drawn["path"], (-1, 2)), trace.iterates, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(np.reshape(drawn["rates"], (-1, 2)), playground.rates, rtol=1e-6)
    assert page.inner_text(".oc-live") == playground.text
    return playground


def test_every_control_draws_what_python_computes(show: Callable[..., Any]) -> None:
    page = show(AdaptivePlayground(steps=60), has_touch=True)
    assert agree(page).method == "rmsprop"
    for label, knob in [("Step size η", "lr"), ("Memory ρ", "rho"), ("Stabiliser ε", "eps")]:
        before = agree(page).chosen("rmsprop")[knob]
        page.get_by_label(label, exact=True).press("ArrowRight")
        assert agree(page).chosen("rmsprop")[knob] > before
    for name in ("AdaGrad", "AdaDelta"):
        page.get_by_role("button", name=name, exact=True).press("Enter")
        assert RACERS[agree(page).method][0] == name
    assert not page.get_by_label("Step size η", exact=True).is_visible()
    page.get_by_label("Condition number κ").press("ArrowRight")
    assert agree(page).kappa == 31
    page.get_by_label("Steps", exact=True).press("ArrowRight")
    assert agree(page).steps == 80
    start = agree(page).theta0
    page.get_by_label("Start of the run").press("ArrowUp")
    assert agree(page).theta0[1] > start[1]
    drag(page, 40, -30)
    dragged = agree(page).theta0
    assert dragged[0] > start[0]
    box = page.locator(".oc-panel").first.bounding_box()
    touch(page, [(box["x"] + 0.5 * box["width"], box["y"] + 0.3 * box["height"])])
    page.wait_for_function(f"models[0].get('theta0').getFloat64(0, true) !== {dragged[0]}")  # a tap, in its own time
    assert agree(page).theta0.tolist() != dragged.tolist()
    page.get_by_role("button", name="Reset").click()
    assert agree(page).settings_of == {}
    play_until(page, "drawn.shown < 150")
    assert page.evaluate(f"{FIGURE}.drawn.shown") < 150


@pytest.mark.parametrize("problem", COURSES)
def test_every_landscape_draws_what_python_computes(show: Callable[..., Any], problem: str) -> None:
    page = show(AdaptivePlayground(problem="saddle", method="adagrad"))
    page.get_by_label("Landscape").select_option(problem)
    page.get_by_label("Steps", exact=True).press("Home")  # ten steps: no landscape amplifies a last digit in them
    assert agree(page).problem == problem


def test_a_start_with_no_slope_along_one_axis_is_drawn(show: Callable[..., Any]) -> None:
    page = show(AdaptivePlayground(problem="saddle", method="adagrad", theta0=[1.5, 0.0]))
    assert agree(page).rates[0, 1] > 1e6  # η/ε: nothing has been recorded
