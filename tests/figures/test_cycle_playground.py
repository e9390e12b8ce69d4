"""The counterexample: paths, fates and words are Python's to the last bit, under node and in a browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from host import FIGURE, Compute, drag, play_until, settings

import optcourse
from optcourse.figures import CyclePlayground
from optcourse.figures.cycle_playground import BEST, REACH, STARTS, STEPS, fate, loss, slope

PLAIN = """({ paths, ...rest }) =>
  ({ ...rest, paths: Object.fromEntries(Object.entries(paths).map(([name, row]) => [name, [...row]])) })"""


def same(found: dict[str, Any], one: CyclePlayground) -> None:
    """Assert that the three runs, their fates and the strip are Python's."""
    for name, path in one.paths.items():
        np.testing.assert_array_equal(found["paths"][name], path.ravel(), err_msg=repr(one))
    for name, end in one.fates.items():
        assert found["fates"][name] == end._asdict(), repr(one)
    assert found["ends"] == one.ends, repr(one)


def test_runs_fates_and_starts_are_pythons(compute: Compute) -> None:
    rng = np.random.default_rng(2)
    figures = [CyclePlayground(), CyclePlayground(same=True)] + [
        CyclePlayground(
            theta0=float(rng.uniform(-REACH, REACH)),
            lr=float(rng.uniform(0.005, 0.15)),
            beta=float(rng.uniform(0, 0.95)),
            same=bool(rng.integers(2)),
        )
        for _ in range(60)
    ]
    cases = [[one.theta0, one.lr, one.beta, one.same] for one in figures]
    answer = f"""(([start, lr, beta, same]) => {{
      const paths = pathsOf(start, lr, beta, same);
      const fates = Object.fromEntries(Object.entries(paths).map(([name, path]) => [name, fate(path)]));
      return ({PLAIN})({{ paths, fates, ends: endsOf(lr, beta) }}); }})(c)"""
    for one, found in zip(figures, compute(CyclePlayground, answer, cases), strict=True):
        same(found, one)


def test_the_slope_is_that_of_the_loss_and_bent_by_1_to_25() -> None:
    theta = np.linspace(-REACH, REACH, 4001)
    np.testing.assert_allclose(np.gradient(loss(theta), theta)[1:-1], slope(theta)[1:-1], atol=0.03)
    bends = np.diff(slope(theta)) / np.diff(theta)
    assert bends.min() == pytest.approx(1)
    assert bends.max() == pytest.approx(25)
    assert loss(np.zeros(1)) == slope(np.zeros(1)) == 0


def test_the_strip_is_what_single_runs_do() -> None:
    one = CyclePlayground(lr=0.11, beta=0.5)
    for at in range(0, STARTS, 8):
        start = -REACH + 2 * REACH * at / (STARTS - 1)
        stream = optcourse.momentum(slope, start, lr=0.11, beta=0.5)
        assert one.ends[at] == fate(optcourse.run(stream, steps=STEPS).iterates).word


def test_the_guaranteed_constants_arrive_from_everywhere() -> None:
    for start in np.linspace(-REACH, REACH, 33):
        fates = CyclePlayground(theta0=float(start)).fates
        assert fates["nesterov"].word == fates["gradient_descent"].word == "converges"


def agree(page: Any) -> CyclePlayground:
    """Assert that all that is drawn and told is Python's for the page's settings."""
    one = CyclePlayground(**settings(page))
    same(page.evaluate(f"({PLAIN})({FIGURE}.drawn)"), one)
    assert page.inner_text(".oc-live") == one.text
    return one


def test_every_control_draws_what_python_computes(show: Callable[..., Any]) -> None:
    page = show(CyclePlayground())
    assert agree(page).fates["momentum"].word == "oscillates"
    page.get_by_label("Start θ₀").press("ArrowLeft")
    assert agree(page).theta0 == pytest.approx(3.25)
    page.get_by_label("Step size η").press("ArrowLeft")
    assert agree(page).lr < BEST[0]
    page.get_by_label("Memory β").press("ArrowRight")
    assert agree(page).beta > BEST[1]
    page.get_by_role("button", name="Best for quadratics").click()
    assert (agree(page).lr, agree(page).beta) == BEST
    page.get_by_role("button", name="These η and β for all").press("Enter")
    assert agree(page).fates["nesterov"].word == "diverges"
    knob = page.get_by_label("Start", exact=True)
    knob.press("ArrowLeft")
    assert agree(page).theta0 < 3.25
    before = agree(page).theta0
    drag(page, -60, 0)
    assert agree(page).theta0 < before
    strip = page.locator(".oc-panel").nth(2)
    strip.click(position={"x": 60, "y": 20})
    assert agree(page).theta0 < -3
    page.get_by_role("button", name="Reset").press("Enter")
    assert (agree(page).theta0, agree(page).same) == (3.3, False)


def test_playing_goes_step_by_step(show: Callable[..., Any]) -> None:
    page = show(CyclePlayground())
    play_until(page, "drawn.now > 3 && drawn.now < 40")
    page.get_by_label("Memory β").press("ArrowRight")
    agree(page)
    assert page.evaluate(f"{FIGURE}.drawn.now") == 40
