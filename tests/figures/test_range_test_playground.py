"""The range test: under node it is the package's own, and what a browser draws is what Python computes."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Any

import numpy as np
import pytest
from host import FIGURE, Compute, play_until, settings

import optcourse
from optcourse.figures import RangeTestPlayground
from optcourse.figures.range_test_playground import (
    CURVATURE,
    EXAMPLES,
    FRESH,
    GRID,
    HELD,
    LARGEST,
    PICKS,
    PROBLEMS,
    SEEDS,
    SIZES,
    START,
    bounds,
    expected,
    network_grad,
    network_loss,
)

EXACT = 1e-12


# ------------------------------------------------------------------------------------------------ under node


def drawn(rng: np.random.Generator, problem: str) -> RangeTestPlayground:
    """The figure with random knobs."""
    return RangeTestPlayground(
        problem=problem,
        noise=float(rng.uniform(0, 3)),
        batch_size=int(rng.integers(1, 17)),
        lr_min=float(10 ** rng.uniform(-6, -2)),
        lr_max=float(10 ** rng.uniform(-1, 2)),
        steps=int(rng.integers(20, 201)),
        memory=float(rng.uniform(0, 0.98)),
        seed=int(rng.integers(SEEDS)),
    )


def knobs(one: RangeTestPlayground) -> dict[str, Any]:
    return {name: getattr(one, name) for name in one.settings()}


@pytest.mark.parametrize("problem", PROBLEMS)
def test_the_sweep_and_its_verdicts_are_the_packages(compute: Compute, problem: str) -> None:
    rng = np.random.default_rng(5)
    figures = [drawn(rng, problem) for _ in range(60)]
    expression = """(() => { const tried = growing(c.lr_min, c.lr_max, c.steps);
      return rangeTest(training(c, (step) => tried[step]), tried, c.memory); })()"""
    for one, found in zip(figures, compute(RangeTestPlayground, expression, [*map(knobs, figures)]), strict=True):
        test = one.found
        # Once the smoothed loss has turned, a last digit of the rate can grow as the loss does.
        for name in ("rates", "losses", "smoothed"):
            np.testing.assert_allclose(found[name], getattr(test, name), rtol=EXACT, atol=0, err_msg=repr(one))
        assert found["lr"] == pytest.approx(test.lr, rel=EXACT)
        assert found["turning"] == pytest.approx(one.turning, rel=EXACT)
        assert found["steepest"] == pytest.approx(one.steepest, rel=EXACT)
        assert found["rose"] == bool(test.smoothed[-1] > 4 * test.smoothed.min())


def test_the_network_is_pythons_to_the_last_bit(compute: Compute) -> None:
    rng = np.random.default_rng(6)
    thetas = [(np.array(FRESH) + rng.normal(scale=0.3, size=len(FRESH))).tolist() for _ in range(20)]
    batches = [rng.integers(0, EXAMPLES, rng.integers(1, 17)).tolist() for _ in thetas]
    cases = [*zip(thetas, batches, strict=True)]
    found = compute(RangeTestPlayground, "[networkLoss(c[0]), networkGrad(c[0], Uint8Array.from(c[1]))]", cases)
    for (theta, batch), (loss, grad) in zip(cases, found, strict=True):
        assert loss == network_loss(np.array(theta))
        assert grad == network_grad(np.array(theta), np.array(batch)).tolist()


def test_what_rates_are_worth_is_pythons(compute: Compute) -> None:
    rng = np.random.default_rng(7)
    figures = [drawn(rng, problem) for problem in PROBLEMS for _ in range(15)]
    rates = [float(rate) for rate in 10 ** rng.uniform(-4, 1, len(figures))]
    cases = [[knobs(one), rate] for one, rate in zip(figures, rates, strict=True)]
    for one, rate, found in zip(figures, rates, compute(RangeTestPlayground, "heldAt(c[0], c[1])", cases), strict=True):
        assert found == pytest.approx(one.held(rate), rel=EXACT)


# ------------------------------------------------------------------------------------------------- in Python


def test_the_networks_gradient_is_that_of_its_loss() -> None:
    everything = np.arange(EXAMPLES)
    report = optcourse.check_gradient(
        network_loss, lambda theta: network_grad(theta, everything), np.array(FRESH) + 0.01
    )
    assert report.verdict != "bug"


def test_the_mean_of_the_bowl_is_what_many_runs_average_to() -> None:
    rng, slope = np.random.default_rng(0), np.array(CURVATURE)
    noisy = optcourse.gradient_descent(
        lambda theta: slope * theta + rng.normal(size=theta.shape), np.tile(START, (4000, 1)), lr=0.3
    )
    *_, theta = islice(noisy, HELD)
    assert 0.5 * (theta**2 @ slope).mean() == pytest.approx(expected(np.array([0.3]), 1.0)[0], rel=0.1)


@pytest.mark.parametrize("size", SIZES)
def test_rates_held_together_are_rates_held_alone(size: int) -> None:
    one = RangeTestPlayground(batch_size=size, seed=1)
    for at in (12, 24, 28, 48):  # 10⁻⁴, 0.01, 0.05, 100
        assert one.held(GRID[at]) == pytest.approx(one.worth[at], rel=1e-6)
    assert one.worth[-1] == LARGEST


def test_the_bowl_turns_near_its_bound_if_noise_shows_it() -> None:
    for seed in range(SEEDS):
        assert 0.5 < RangeTestPlayground(problem="bowl", seed=seed).turning < 2.5
    # Without noise the steep coordinate has vanished by then, and takes its time to come back.
    assert RangeTestPlayground(problem="bowl", noise=0).turning > 4


def test_what_is_drawn_fits_its_window() -> None:
    rng = np.random.default_rng(1)
    for one in (drawn(rng, problem) for problem in PROBLEMS for _ in range(20)):
        low, high = bounds(one.worth, one.found.smoothed)
        assert low <= one.found.smoothed.min() < one.found.smoothed[0] < high
        assert len(PICKS[one.seed]) >= one.steps


# ----------------------------------------------------------------------------------------------- in a browser


def agree(page: Any) -> RangeTestPlayground:
    """Assert that the sweep, the verdicts and the words are Python's for the page's settings."""
    one = RangeTestPlayground(**settings(page))
    found = page.evaluate(f"{FIGURE}.drawn")
    np.testing.assert_allclose(found["rates"], one.found.rates, rtol=EXACT)
    np.testing.assert_allclose(found["losses"], one.found.losses, rtol=EXACT)
    np.testing.assert_allclose(found["smoothed"], one.found.smoothed, rtol=EXACT)
    np.testing.assert_allclose(found["worth"], one.worth, rtol=EXACT)
    assert found["lr"] == pytest.approx(one.found.lr, rel=EXACT)
    assert page.inner_text(".oc-live") == one.text
    return one


def test_every_control_draws_what_python_computes(show: Callable[..., Any]) -> None:
    page = show(RangeTestPlayground())
    assert agree(page).problem == "network"
    seen = [agree(page).found.lr]
    for label in ("Batch size B", "First rate", "Last rate", "Steps of the test", "Smoothing"):
        page.get_by_label(label, exact=True).press("ArrowRight")
        seen.append(agree(page).found.lr)
    assert len(set(seen)) > 3
    assert agree(page).batch_size == 8
    page.get_by_role("button", name="Draw again").click()
    assert agree(page).seed == 1
    assert page.get_by_label("Noise σ").is_hidden()
    page.get_by_label("Problem", exact=True).select_option("bowl")
    assert agree(page).problem == "bowl"
    assert page.get_by_label("Batch size B").is_hidden()
    page.get_by_label("Noise σ").press("Home")
    assert agree(page).noise == 0
    page.get_by_role("button", name="Reset").press("Enter")
    assert knobs(agree(page)) == knobs(RangeTestPlayground())


def test_playing_grows_the_rate_step_by_step(show: Callable[..., Any]) -> None:
    page = show(RangeTestPlayground())
    play_until(page, "drawn.shown > 10 && drawn.shown < drawn.rates.length")
    page.get_by_label("Smoothing").press("ArrowLeft")  # whatever changes next is shown whole
    agree(page)
    assert page.evaluate(f"{FIGURE}.drawn.shown === {FIGURE}.drawn.rates.length")
