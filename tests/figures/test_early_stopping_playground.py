"""The early-stopping playground: its rule is the package's under node, and what a browser draws is what Python says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from host import FIGURE, Compute, play_until, settings

from optcourse import early_stopping
from optcourse.figures import EarlyStoppingPlayground
from optcourse.figures.early_stopping_playground import LAMS, MOST, STEPS


def test_the_rule_is_the_packages(compute: Compute) -> None:
    """Losses in whole tenths have ties in them; those of a walk go down for a while and up again."""
    rng = np.random.default_rng(5)
    walks = [np.round(np.abs(np.cumsum(rng.normal(size=60)) - 4), 1) for _ in range(60)]
    cases = [[walk.tolist(), int(rng.integers(1, 50))] for walk in walks]
    ended = compute(EarlyStoppingPlayground, "stopping(...c)", cases)
    for (losses, patience), found in zip(cases, ended, strict=True):
        steps = early_stopping(np.arange(60.0), lambda step, losses=losses: losses[int(step)], patience)
        *_, last = steps
        best, early = int(steps.state["best"]), steps.reason == "early"
        assert found == {"stop": int(last), "best": best, "early": early}
    assert {one["early"] for one in ended} == {True, False}


def test_decay_trades_training_for_validation() -> None:
    runs = [EarlyStoppingPlayground(lam=lam) for lam in LAMS]
    ends = np.array([[one.training[-1], one.validation[-1]] for one in runs])
    assert (np.diff(ends[:, 0]) > 0).all()
    assert ends[:, 1].argmin() not in (0, len(LAMS) - 1)


def agree(page: Any) -> EarlyStoppingPlayground:
    """Assert that the losses, the end and the words are Python's for the page's settings."""
    playground = EarlyStoppingPlayground(**settings(page))
    drawn = page.evaluate(
        f"""() => {{ const {{ training, validation, stop, best }} = {FIGURE}.drawn;
        return {{ losses: [[...training], [...validation]], stopped: [stop, best] }}; }}"""
    )
    assert np.array_equal(drawn["losses"], [playground.training, playground.validation])
    assert tuple(drawn["stopped"]) == playground.stopped
    assert page.inner_text(".oc-live") == playground.text
    return playground


def test_every_control_draws_what_python_computes(show: Callable[..., Any]) -> None:
    page = show(EarlyStoppingPlayground())
    assert agree(page).patience == 10
    page.get_by_label("Patience").press("ArrowRight")
    assert agree(page).patience == 11
    page.get_by_label("Patience").press("Home")
    assert agree(page).stopped == (20, 19)
    page.get_by_label("Patience").press("End")
    assert agree(page).patience == 60
    for lam in LAMS[1:]:
        page.get_by_label("Weight decay λ").press("ArrowRight")
        assert agree(page).lam == lam
    play_until(page, "true")
    page.get_by_role("button", name="Reset").click()
    assert (agree(page).patience, agree(page).lam) == (10, 0)


def test_patience_ends_every_run_that_can_be_chosen() -> None:
    for lam in LAMS:
        ends = [EarlyStoppingPlayground(lam=lam, patience=patience).stopped for patience in range(1, MOST + 1)]
        assert all(stop <= STEPS and stop - best == patience for patience, (stop, best) in enumerate(ends, start=1))
