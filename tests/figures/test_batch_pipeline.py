"""From the data to a step: every stage's numbers are Python's, and the animation goes through them in order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from host import FIGURE, play_until, settings

from optcourse.figures import BatchPipeline
from optcourse.figures.base import short
from optcourse.figures.batch_pipeline import MOST, STAGES, STEPS
from optcourse.figures.minibatch_playground import PROBLEM, X, Y, grad_i

EXACT = 1e-12


def agree(page: Any) -> BatchPipeline:
    """Assert that path, batch, gradients, table and words are Python's for the page's settings."""
    one = BatchPipeline(**settings(page))
    drawn = page.evaluate(f"{FIGURE}.drawn")
    here = one.path[one.at]
    np.testing.assert_allclose(np.reshape(drawn["path"], (-1, 2)), one.path, rtol=EXACT, atol=EXACT)
    assert drawn["batch"] == one.batch.tolist()
    np.testing.assert_allclose(drawn["gradients"], one.gradients, rtol=EXACT, atol=EXACT)
    np.testing.assert_allclose(drawn["mean"], grad_i(here, one.batch), rtol=EXACT, atol=EXACT)
    np.testing.assert_allclose(drawn["exact"], PROBLEM.grad(here), rtol=EXACT, atol=EXACT)
    kind = (one.stage - 1) % 4
    assert drawn["done"] == [float(k <= kind) for k in range(4)]
    cells = [row.split("\t") for row in page.inner_text(".oc-results tbody").split("\n")]
    for row, i, gradient in zip(cells, one.batch, one.gradients, strict=False):
        known = [short(value) if kind >= 1 else "…" for value in gradient]
        assert row == [str(i + 1), short(X[i, 1]), short(Y[i]), *known]
    assert cells[-1][-2:] == [short(value) if kind == 3 else "…" for value in one.path[one.at + 1]]
    assert len(cells) == len(one.batch) + 2
    assert page.inner_text(".oc-live") == one.text
    return one


@pytest.mark.parametrize("size", range(1, MOST + 1))
def test_every_stage_of_every_batch_size_is_pythons(show: Callable[..., Any], size: int) -> None:
    page = show(BatchPipeline(batch_size=size, stage=1))
    for stage in range(1, 4 * STEPS + 1):
        assert agree(page).stage == stage
        if stage < 4 * STEPS:
            page.get_by_role("button", name="Next stage").click()
    assert page.get_by_role("button", name="Next stage").is_disabled()


def test_the_last_batch_of_an_epoch_is_shorter_and_still_a_mean() -> None:
    last = BatchPipeline(stage=32)
    assert len(last.batch) == 4
    assert sorted(np.concatenate([BatchPipeline(stage=4 * k).batch for k in range(1, 9)]).tolist()) == list(range(60))
    np.testing.assert_allclose(last.path[8], last.path[7] - 0.5 * last.gradients.mean(axis=0), rtol=EXACT)


def test_every_control_draws_what_python_computes(show: Callable[..., Any]) -> None:
    page = show(BatchPipeline())
    assert agree(page).stage == 4
    page.get_by_label("Batch size B").press("ArrowLeft")
    assert agree(page).batch_size == 7
    page.get_by_label("Step size η").press("ArrowRight")
    assert agree(page).lr == pytest.approx(0.51)
    page.get_by_label("Stage", exact=True).press("ArrowRight")
    assert agree(page).stage == 5
    page.get_by_role("button", name="Next stage").press("Enter")
    page.get_by_role("button", name="Back").press("Enter")
    assert agree(page).stage == 5
    page.get_by_role("button", name="Reset").press("Enter")
    assert (agree(page).batch_size, agree(page).lr, agree(page).stage) == (8, 0.5, 1)
    assert page.get_by_role("button", name="Back").is_disabled()


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_playing_goes_stage_by_stage_and_keeps_still_if_asked(show: Callable[..., Any], motion: str) -> None:
    page = show(BatchPipeline(), reduced_motion=motion)
    page.evaluate(
        f"""() => {{ window.seen = []; const frame = {FIGURE}.frame; const draw = frame.draw;
        frame.draw = () => {{ const drawn = draw(); seen.push([drawn.stage, ...drawn.done]); return drawn; }}; }}"""
    )
    play_until(page, "drawn.stage === 3")
    seen = page.evaluate("window.seen")
    assert [*dict.fromkeys(stage for stage, *_ in seen)] == [1, 2, 3]
    halfway = [one for one in seen if any(0 < part < 1 for part in one[1:])]
    assert bool(halfway) == (motion != "reduce")
    page.get_by_role("button", name="Next stage").click()  # what is pressed next goes on from there
    assert agree(page).stage == 4
    assert STAGES[3] in page.inner_text(".oc-live")
