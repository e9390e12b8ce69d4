"""The early-stopping playground: its rule is the package's under node, and what a browser draws is what Python says."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from host import settings

from optcourse import early_stopping
from optcourse.figures import EarlyStoppingPlayground
from optcourse.figures.base import compose
from optcourse.figures.early_stopping_playground import LAMS, MOST, STEPS

FIGURE = "document.querySelector('.optcourse-figure')"


def test_the_rule_is_the_packages(node: Callable[[str, Path], str], tmp_path: Path) -> None:
    """Losses in whole tenths have ties in them; those of a walk go down for a while and up again."""
    module = str(compose(EarlyStoppingPlayground.constants, EarlyStoppingPlayground.sources))
    (tmp_path / "figure.mjs").write_text(module, encoding="utf-8")
    rng = np.random.default_rng(5)
    walks = [np.round(np.abs(np.cumsum(rng.normal(size=60)) - 4), 1) for _ in range(60)]
    cases = [[walk.tolist(), int(rng.integers(1, 50))] for walk in walks]
    program = f"""import {{ stopping }} from "./figure.mjs";
    console.log(JSON.stringify({json.dumps(cases)}.map(([losses, patience]) => stopping(losses, patience))));"""
    ended = json.loads(node(program, tmp_path))
    for (losses, patience), found in zip(cases, ended, strict=True):
        steps = early_stopping(np.arange(60.0), lambda step, losses=losses: losses[int(step)], patience)
        *_, last = steps
        best, early = int(steps.state["best"]), steps.reason == "early"
        assert found == {"stop": int(last), "best": best, "early": early}
    assert {one["early"] for one in ended} == {True, False}


@pytest.mark.parametrize(
    ("name", "value"),
    [("patience", 0), ("patience", 61), ("patience", 1.5), ("lam", 0.02), ("lam", -1), ("lam", "none")],
)
def test_a_bad_setting_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=rf"^{name} = "):
        EarlyStoppingPlayground(**{name: value})


def test_decay_trades_training_for_validation() -> None:
    runs = [EarlyStoppingPlayground(lam=lam) for lam in LAMS]
    ends = np.array([[one.training[-1], one.validation[-1]] for one in runs])
    assert (np.diff(ends[:, 0]) > 0).all()
    assert ends[:, 1].argmin() not in (0, len(LAMS) - 1)


def agree(page: Any) -> EarlyStoppingPlayground:
    """Assert that the losses, the end and the words are Python's for the page's settings."""
    chosen = {name: value for name, value in settings(page).items() if not name.startswith("_")}
    playground = EarlyStoppingPlayground(**chosen)
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
    page.get_by_role("button", name="Play").click()
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Reset").click()
    assert (agree(page).patience, agree(page).lam) == (10, 0)


def test_patience_ends_every_run_that_can_be_chosen() -> None:
    for lam in LAMS:
        ends = [EarlyStoppingPlayground(lam=lam, patience=patience).stopped for patience in range(1, MOST + 1)]
        assert all(stop <= STEPS and stop - best == patience for patience, (stop, best) in enumerate(ends, start=1))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(show: Callable[..., Any], npm: Callable[[str], Path], theme: str) -> None:
    page = show(EarlyStoppingPlayground(), theme=theme, viewport={"width": 320, "height": 900})
    page.add_script_tag(path=str(npm("axe-core") / "axe.min.js"))
    assert page.evaluate("axe.run('.optcourse-figure').then((r) => r.violations.map((v) => v.id))") == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
