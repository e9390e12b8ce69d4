"""The schedule explorer: its plans are the package's under node, and what a browser draws is what Python computes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from host import FIGURE, Compute, drag, play_until, settings, touch

import optcourse
from optcourse.figures import ScheduleExplorer
from optcourse.figures.schedule_explorer import CURVATURE, DRAWS, PLANS, START, STEPS, bounds

EXACT = 1e-12


# ------------------------------------------------------------------------------------------------ under node


def drawn_plan(rng: np.random.Generator, name: str) -> dict[str, float]:
    """Settings of a schedule as the package takes them, from all over their ranges."""
    lr, T = float(rng.uniform(0.01, 2)), int(rng.integers(12, 300))
    low = {"lr_min": float(rng.uniform(0, 1)) * lr}
    return {
        "step_decay": {"lr": lr, "factor": float(rng.uniform(0.05, 1)), "every": int(rng.integers(1, 80))},
        "exponential_decay": {"lr": lr, "lam": float(rng.uniform(0, 0.2))},
        "cosine_annealing": {"lr": lr, "T": T, **low},
        "warmup_cosine": {"lr": lr, "T": T, "warmup": int(rng.integers(0, T)), **low},
        "cyclical": {
            **low,
            "lr_max": lr,
            "up": int(rng.integers(1, 60)),
            "down": int(rng.integers(1, 60)),
            "factor": float(rng.uniform(0.2, 1)),
        },
        "cosine_restarts": {"lr": lr, "T": int(rng.integers(1, 60)), "growth": int(rng.integers(1, 4)), **low},
        "one_cycle": {"lr": lr, "T": T, "warmup": float(rng.uniform(0.1, 0.9)), "start": 25.0, "end": 1e4},
    }[name]


@pytest.mark.parametrize("name", [name for name in PLANS if name != "constant"])
def test_every_plan_has_the_packages_rates(compute: Compute, name: str) -> None:
    rng = np.random.default_rng(3)
    cases = [drawn_plan(rng, name) for _ in range(40)]
    expression = f"Array.from({{ length: 600 }}, (_, step) => SCHEDULE[{name!r}](c)(step))"
    for case, found in zip(cases, compute(ScheduleExplorer, expression, cases), strict=True):
        schedule = getattr(optcourse, name)(**case)
        np.testing.assert_allclose(found, [schedule(step) for step in range(600)], rtol=EXACT, atol=EXACT)


def drawn_explorer(rng: np.random.Generator, name: str) -> ScheduleExplorer:
    """The figure with random knobs, below the rate at which a last digit could grow."""
    knobs = {
        key: float(np.clip(dial.low + dial.step * rng.integers(1 + round((dial.high - dial.low) / dial.step)), 0, None))
        for key, dial in PLANS[name][1].items()
    }
    knobs = {
        key: min(int(value) if value == int(value) else value, PLANS[name][1][key].high) for key, value in knobs.items()
    }
    return ScheduleExplorer(
        schedule=name, lr=float(rng.uniform(0.02, 1.8)), noise=float(rng.uniform(0, 3)), settings={name: knobs}
    )


@pytest.mark.parametrize("name", PLANS)
def test_a_run_and_its_mean_are_pythons(compute: Compute, name: str) -> None:
    rng = np.random.default_rng(4)
    figures = [drawn_explorer(rng, name) for _ in range(12)]
    cases = [[one.lr, one.noise, one.settings_of.get(name, {})] for one in figures]
    expression = f"""(() => {{
      const rate = SCHEDULE[{name!r}](planOf({name!r}, c[0], c[2]));
      const given = [{list(CURVATURE)}, {list(START)}, c[1], {DRAWS.ravel().tolist()}];
      const {{ path, losses, expected }} = descend(rate, ...given);
      return {{ path: [...path], losses: [...losses], expected: [...expected], ends: bounds([expected]) }}; }})()"""
    for one, found in zip(figures, compute(ScheduleExplorer, expression, cases), strict=True):
        np.testing.assert_allclose(np.reshape(found["path"], (-1, 2)), one.path, rtol=EXACT, atol=EXACT * 10)
        np.testing.assert_allclose(found["losses"], one.losses, rtol=1e-11, atol=EXACT)
        np.testing.assert_allclose(found["expected"], one.expected, rtol=1e-11, atol=1e-300)
        assert tuple(found["ends"]) == pytest.approx(bounds([one.expected]), rel=1e-9)


# ------------------------------------------------------------------------------------------------- in Python


def test_the_mean_is_what_many_runs_average_to() -> None:
    explorer = ScheduleExplorer(schedule="warmup_cosine")
    rng, runs = np.random.default_rng(0), 4000
    curvature = np.array([1.0, 0.05])
    noisy = optcourse.gradient_descent(
        lambda theta: curvature * theta + rng.normal(size=theta.shape),
        np.tile([2.0, 10.0], (runs, 1)),
        lr=explorer.plan("warmup_cosine"),
    )
    path = optcourse.run(noisy, steps=STEPS).iterates
    measured = 0.5 * (path**2 @ curvature).mean(axis=1)
    np.testing.assert_allclose(measured, explorer.expected, rtol=0.1)  # four standard errors of 4000 runs


def test_the_settings_of_one_schedule_leave_the_others_alone() -> None:
    explorer = ScheduleExplorer(settings={"step_decay": {"every": 20}})
    assert explorer.chosen("step_decay")["every"] == 20
    assert explorer.chosen("cosine_annealing")["T"] == 200
    assert explorer.chosen("cyclical") == {"lr_max": 0.5, "lr_min": 0.05, "up": 25, "down": 25, "factor": 1}


# ----------------------------------------------------------------------------------------------- in a browser


def agree(page: Any) -> ScheduleExplorer:
    """Assert that the rates, the run, the mean and the words are Python's for the page's settings."""
    explorer = ScheduleExplorer(**settings(page))
    drawn = page.evaluate(
        f"""() => {{ const {{ rates, path, losses, expected, held, step }} = {FIGURE}.drawn;
        const plain = Object.entries({{ rates, path, losses, expected, held }}).map(([name, row]) => [name, [...row]]);
        return {{ ...Object.fromEntries(plain), step }}; }}"""
    )
    np.testing.assert_allclose(drawn["rates"], explorer.rates, rtol=EXACT, atol=EXACT)
    np.testing.assert_allclose(np.reshape(drawn["path"], (-1, 2)), explorer.path, rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(drawn["losses"], explorer.losses, rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(drawn["expected"], explorer.expected, rtol=1e-9)
    np.testing.assert_allclose(drawn["held"], explorer.mean("constant"), rtol=1e-9)
    assert drawn["step"] == explorer.step
    assert page.inner_text(".oc-live") == explorer.text
    return explorer


@pytest.mark.parametrize("name", PLANS)
def test_every_knob_of_every_schedule_draws_what_python_computes(show: Callable[..., Any], name: str) -> None:
    page = show(ScheduleExplorer(schedule="constant" if name != "constant" else "one_cycle"))
    page.get_by_label("Schedule", exact=True).select_option(name)
    assert agree(page).schedule == name
    shown = page.locator("[aria-label^='Knobs of'] input:visible")
    assert shown.count() == len(PLANS[name][1])
    for slider in shown.all():
        before = agree(page).rates
        slider.press("ArrowRight")
        slider.press("ArrowRight")
        if slider.get_attribute("max") == slider.input_value():
            slider.press("ArrowLeft")
        assert not np.array_equal(agree(page).rates, before) or "keeps" in slider.get_attribute("aria-label")


def test_peak_noise_and_reset(show: Callable[..., Any]) -> None:
    page = show(ScheduleExplorer())
    page.get_by_label("Peak rate").press("ArrowRight")
    assert agree(page).lr == 1
    page.get_by_label("Noise σ").press("ArrowLeft")
    assert agree(page).noise == pytest.approx(0.9)
    page.get_by_label("Noise σ").press("Home")
    assert agree(page).noise == 0
    for _ in range(2):
        page.get_by_label("Peak rate").press("ArrowRight")
    assert agree(page).lr == pytest.approx(2)  # 5 lies beyond what can be drawn
    page.get_by_role("button", name="Reset").click()
    explorer = agree(page)
    assert (explorer.lr, explorer.noise, explorer.step, explorer.settings_of) == (0.5, 1, 100, {})


def test_the_dot_rides_by_keys_mouse_finger_and_play(show: Callable[..., Any]) -> None:
    page = show(ScheduleExplorer(), has_touch=True)
    knob = page.locator(".oc-handle")
    knob.press("ArrowRight")
    assert agree(page).step > 100
    knob.press("Home")
    assert agree(page).step == 0
    drag(page, 60, 30)
    dragged = agree(page).step
    assert 0 < dragged < STEPS
    box = knob.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    touch(page, [(x, y), (x + 20, y), (x + 50, y)])
    page.wait_for_function(f"models[0].get('step') > {dragged}")
    assert agree(page).step > dragged
    knob.press("Home")
    play_until(page, "drawn.step > 20")
    page.get_by_label("Noise σ").press("ArrowLeft")  # whatever changes next leaves the dot where it is
    assert agree(page).step > 20
