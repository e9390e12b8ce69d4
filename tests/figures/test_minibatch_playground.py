"""The mini-batch playground: what is drawn in a browser is what `sgd` computes, shuffle by shuffle."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from host import FIGURE, Compute, play_until, settings

from optcourse.figures import MinibatchPlayground
from optcourse.figures.minibatch_playground import SEEDS, SIZES


def test_paths_batches_and_clouds_are_pythons(compute: Compute) -> None:
    rng = np.random.default_rng(3)
    made = [
        MinibatchPlayground(
            batch_size=int(rng.choice([*SIZES, 7, 13])),
            lr=float(rng.uniform(0.01, 0.3)),
            epochs=int(rng.integers(1, 11)),
            seed=int(rng.integers(SEEDS)),
            theta0=rng.normal(size=2),
        )
        for _ in range(20)
    ]
    cases = [[one.batch_size, one.lr, one.epochs, one.seed, one.theta0.tolist()] for one in made]
    answer = """(([size, lr, epochs, seed, start]) => ({
      path: [...sgdPath(start, lr, batchesOf(seed, size, epochs)).path], cloud: cloudAt(start, size) }))(c)"""
    for one, drawn in zip(made, compute(MinibatchPlayground, answer, cases), strict=True):
        path, cloud = one.traces["sgd"].iterates, one.cloud(one.batch_size, one.theta0)
        np.testing.assert_allclose(np.reshape(drawn["path"], path.shape), path, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(np.reshape(drawn["cloud"], cloud.shape), cloud, rtol=1e-12, atol=1e-12)


def test_the_full_batch_is_gradient_descent_and_has_no_cloud() -> None:
    whole = MinibatchPlayground(batch_size=60, epochs=4)
    traces = whole.traces
    np.testing.assert_allclose(traces["sgd"].iterates, traces["gradient_descent"].iterates, atol=1e-12)
    assert whole.variances(whole.theta0)[60] < 1e-24


def test_the_measured_variance_is_the_theorys() -> None:
    made = MinibatchPlayground()
    measured = made.variances(made.theta0)
    for size in SIZES[:-1]:
        # 40 · ⌊60/B⌋ batches: at B = 50 forty squares of about two degrees of freedom, to 1/√40 = 16 %; thrice that.
        assert measured[size] == pytest.approx(made.expected(size, made.theta0), rel=0.5), size


def agree(page: Any) -> MinibatchPlayground:
    """Assert that paths, batch, cloud and words are Python's for the page's settings; return the figure."""
    made = MinibatchPlayground(**settings(page))
    drawn = page.evaluate(
        f"() => {{ const d = {FIGURE}.drawn; return {{ ...d, sgd: [...d.sgd], full: [...d.full] }}; }}"
    )
    traces = made.traces
    for name, method in (("sgd", "sgd"), ("full", "gradient_descent")):
        path = traces[method].iterates
        np.testing.assert_allclose(np.reshape(drawn[name], path.shape), path, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(np.reshape(drawn["cloud"], (-1, 2)), made.cloud(made.batch_size, made.here), atol=1e-9)
    np.testing.assert_allclose(drawn["variances"], list(made.variances(made.here).values()), rtol=1e-9, atol=1e-20)
    assert page.inner_text(".oc-live") == made.text
    return made


def test_every_control_draws_what_python_computes(show: Callable[..., Any]) -> None:
    page = show(MinibatchPlayground())
    assert agree(page).batch_size == 8
    page.get_by_label("Batch size B").press("ArrowLeft")
    assert agree(page).batch_size == 6
    page.get_by_label("Step size η").press("ArrowRight")
    assert agree(page).lr == 0.2
    page.get_by_label("Epochs").press("ArrowLeft")
    assert agree(page).epochs == 4
    page.get_by_label("Look at step").press("ArrowRight")
    assert agree(page).step == 1
    page.get_by_role("button", name="Shuffle again").click()
    assert agree(page).seed == 1
    before = agree(page).theta0
    page.get_by_label("Start of both paths").press("ArrowUp")
    assert agree(page).theta0[1] > before[1]
    page.get_by_role("button", name="Reset").press("Enter")
    assert agree(page).seed == 0


def test_playing_deals_one_batch_after_the_other(show: Callable[..., Any]) -> None:
    page = show(MinibatchPlayground(batch_size=20, epochs=2))
    play_until(page, "drawn.step >= 3")
    assert len(page.evaluate(f"{FIGURE}.drawn.batch")) == 20
