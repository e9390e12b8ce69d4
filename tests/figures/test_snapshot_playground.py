"""Snapshots: the runs, the answers and the errors are Python's, under node and in a browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from host import FIGURE, Compute, drag, play_until, settings

import optcourse
from optcourse.figures import SnapshotPlayground
from optcourse.figures.snapshot_playground import BUDGET, MOST, SEEDS, START, X, Y, answers, grad, half_square


def drawn(rng: np.random.Generator) -> SnapshotPlayground:
    """The figure with random settings."""
    return SnapshotPlayground(
        cycles=int(rng.integers(1, MOST + 1)),
        lr=float(rng.uniform(0.1, 10)),
        seed=int(rng.integers(SEEDS)),
        theta0=rng.uniform(-3, 3, 2),
    )


def same(found: dict[str, Any], one: SnapshotPlayground, exact: float) -> None:
    """Assert that what the module computed is what Python does."""
    for name, path in (("path", one.path), ("single", one.single)):
        np.testing.assert_allclose(np.reshape(found[name], (-1, 2)), path, rtol=exact, atol=exact, err_msg=repr(one))
    np.testing.assert_allclose(found["mean"], one.mean, rtol=exact, atol=exact)
    errors = one.errors
    np.testing.assert_allclose(found["members"], errors["members"], rtol=exact, atol=exact)
    np.testing.assert_allclose(
        [found["ensemble"], found["alone"], found["spread"]],
        [errors["ensemble"], errors["single"], one.spread],
        rtol=exact,
        atol=exact,
    )
    assert found["places"] == one.places


def test_runs_answers_and_errors_are_pythons(compute: Compute) -> None:
    rng = np.random.default_rng(8)
    figures = [drawn(rng) for _ in range(60)]
    cases = [[one.cycles, one.lr, one.seed, one.theta0.tolist()] for one in figures]
    answer = """(({ path, single, mean, ...rest }) =>
      ({ ...rest, path: [...path], single: [...single], mean: [...mean] }))(snapshotsOf(...c))"""
    for one, found in zip(figures, compute(SnapshotPlayground, answer, cases), strict=True):
        same(found, one, 1e-12)


def test_the_gradient_is_that_of_the_loss() -> None:
    report = optcourse.check_gradient(
        lambda theta: half_square(answers(theta, X), Y), lambda theta: grad(theta, np.arange(len(X))), np.array(START)
    )
    assert report.verdict != "bug"


def test_the_ensemble_gains_what_its_members_disagree() -> None:
    rng = np.random.default_rng(9)
    for one in (drawn(rng) for _ in range(30)):
        gain = one.errors["members"].mean() - one.errors["ensemble"]
        assert gain == pytest.approx(one.spread, abs=1e-14)


def test_one_cycle_is_the_long_cosine() -> None:
    one = SnapshotPlayground(cycles=1)
    np.testing.assert_array_equal(one.path, one.single)
    assert one.errors["ensemble"] == one.errors["single"]
    assert len(SnapshotPlayground(cycles=7).snapshots) == 7  # 57 steps each; the last step of 400 begins another


def agree(page: Any) -> SnapshotPlayground:
    """Assert that all that is drawn and told is Python's for the page's settings."""
    one = SnapshotPlayground(**settings(page))
    found = page.evaluate(
        f"""() => {{ const {{ path, single, mean, losses, ...rest }} = {FIGURE}.drawn;
        return {{ ...rest, path: [...path], single: [...single], mean: [...mean], last: losses[0].at(-1) }}; }}"""
    )
    same(found, one, 1e-12)
    assert found["last"] == pytest.approx(half_square(answers(one.path[-1], X), Y), rel=1e-12)
    assert page.inner_text(".oc-live") == one.text
    return one


def test_every_control_draws_what_python_computes(show: Callable[..., Any]) -> None:
    page = show(SnapshotPlayground())
    assert agree(page).cycles == 4
    page.get_by_label("Cycles").press("ArrowRight")
    assert agree(page).cycles == 5
    page.get_by_label("Peak rate").press("ArrowLeft")
    assert agree(page).lr == 4
    page.get_by_role("button", name="Draw again").click()
    assert agree(page).seed == 1
    knob = page.get_by_label("Start of both runs")
    knob.press("ArrowUp")
    assert agree(page).theta0[1] > START[1]
    drag(page, 30, 20)
    assert agree(page).theta0[0] > START[0]
    page.get_by_role("button", name="Reset").press("Enter")
    assert (agree(page).cycles, agree(page).lr, agree(page).seed) == (4, 5, 0)


def test_playing_takes_one_snapshot_after_the_other(show: Callable[..., Any]) -> None:
    page = show(SnapshotPlayground())
    play_until(page, "drawn.taken === 1")
    assert BUDGET / 4 <= page.evaluate(f"{FIGURE}.drawn.now") < BUDGET / 2
    page.get_by_label("Cycles").press("ArrowLeft")  # whatever changes next is shown whole
    assert page.evaluate(f"{FIGURE}.drawn.taken") == agree(page).cycles == 3
