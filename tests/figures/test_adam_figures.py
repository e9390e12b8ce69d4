"""The figures of 3.5: paths, rates, weights, positions and words are Python's, whatever is moved."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from host import FIGURE, PUSHED, Compute, settings

import optcourse
from optcourse.figures import AdamPlayground, DecayPlayground, OnlineTrap
from optcourse.figures.adam_playground import without_correction

FIGURES = [AdamPlayground, DecayPlayground, OnlineTrap]


def drawn(page: Any, *names: str) -> list[Any]:
    """Arrays that were drawn, by their names."""
    parts = ", ".join(f"[...d.{name}].map((v) => v.length === undefined ? v : [...v])" for name in names)
    return page.evaluate(f"() => {{ const d = {FIGURE}.drawn; return [{parts}]; }}")


# ------------------------------------------------------------------------------------------------ the rules


def test_adam_without_correction_and_amsgrad_are_pythons_in_the_browser(compute: Compute) -> None:
    rng = np.random.default_rng(5)
    cases: list[dict[str, Any]] = []
    for variant in 3 * ("uncorrected", "amsgrad"):
        own = {"lr": rng.uniform(0.01, 0.2), "beta1": rng.uniform(0, 0.95), "beta2": rng.uniform(0.2, 0.999)}
        own["eps"] = 10 ** rng.uniform(-8, -2)
        cases.append({"variant": variant, "settings": own, "pushes": rng.normal(size=(200, 2)).tolist()})
    more = """c.variant === "amsgrad" ? { amsgrad: true } : { correct: false }"""
    answer = f"[...run(FIRST_ORDER.adam({PUSHED}, [1, -2], {{ ...c.settings, ...({more}) }}), [1, -2], 200).path]"
    for case, path in zip(cases, compute(AdamPlayground, answer, cases), strict=True):
        pushes = iter(np.array(case["pushes"]))
        grad = lambda theta, pushes=pushes: next(pushes) + 0.1 * theta  # noqa: E731
        start = np.array([1.0, -2.0])
        if case["variant"] == "amsgrad":
            stream = optcourse.adam(grad, start, **case["settings"], amsgrad=True)
        else:
            stream = without_correction(grad, start, **case["settings"])
        right = optcourse.run(stream, steps=200).iterates
        np.testing.assert_allclose(np.reshape(path, right.shape), right, rtol=1e-12, atol=1e-12)


def test_the_uncorrected_rate_is_what_multiplies_the_corrected_average() -> None:
    playground = AdamPlayground(corrected=False, problem="himmelblau")
    own, trace = playground.chosen("adam"), playground.trace
    m, rows = np.zeros(2), []
    for t, theta in enumerate(trace.iterates[:-1], start=1):
        m = own["beta1"] * m + (1 - own["beta1"]) * playground.objective.grad(theta)
        rows.append(m / (1 - own["beta1"] ** t))
    np.testing.assert_allclose(-np.diff(trace.iterates, axis=0), playground.rates * rows, rtol=1e-7, atol=1e-12)


def test_adamw_gives_both_weights_the_decay_that_was_asked_for_and_the_penalty_does_not() -> None:
    playground = DecayPlayground()
    # The first gradients push once, by about η, before their signs have cancelled.
    np.testing.assert_allclose(playground.paths["adamw"][-1], playground.asked[-1], atol=playground.lr)
    large, small = playground.paths["adam"][-1]
    assert large > 5 * playground.asked[-1] > 5 * 10 * small


@pytest.mark.parametrize(("beta2", "end"), [(0.1, 1), (0.999, -1)])
def test_a_short_memory_leads_adam_astray_and_a_long_one_does_not(beta2: float, end: float) -> None:
    trap = OnlineTrap(beta2=beta2)
    assert trap.best == -1
    np.testing.assert_allclose(trap.positions["adam"][-300:].mean(), end, atol=0.05)
    np.testing.assert_allclose(trap.positions["amsgrad"][-300:].mean(), -1, atol=0.05)


def test_the_best_place_changes_sides_when_the_steep_slope_no_longer_outweighs_the_others() -> None:
    assert OnlineTrap(big=3.0, period=5.0).best == 1
    assert OnlineTrap(big=5.0, period=5.0).best == -1


# --------------------------------------------------------------------------------------------- in a browser


def agree_on_adam(page: Any) -> AdamPlayground:
    playground = AdamPlayground(**settings(page))
    path, rates = drawn(page, "path", "rates")
    np.testing.assert_allclose(np.reshape(path, (-1, 2)), playground.trace.iterates, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(np.reshape(rates, (-1, 2)), playground.rates, rtol=1e-6)
    assert page.inner_text(".oc-live") == playground.text
    return playground


def test_adams_playground_draws_what_python_computes(show: Callable[..., Any]) -> None:
    page = show(AdamPlayground(steps=60))
    for label, knob in [("Step size η", "lr"), ("Memory β₁", "beta1"), ("Memory β₂", "beta2"), ("Stabiliser ε", "eps")]:
        before = agree_on_adam(page).chosen("adam")[knob]
        key = "ArrowRight" if knob == "eps" else "ArrowLeft"
        page.get_by_label(label, exact=True).press(key)
        assert agree_on_adam(page).chosen("adam")[knob] != before
    page.get_by_role("button", name="Bias correction").press("Enter")
    assert not agree_on_adam(page).corrected
    assert "without bias correction" in page.inner_text(".oc-live")
    for name in ("Adamax", "Nadam"):
        page.get_by_role("button", name=name, exact=True).click()
        assert agree_on_adam(page).method == name.lower()
        assert not page.get_by_role("button", name="Bias correction").is_visible()
    page.get_by_label("Start of the run").press("ArrowUp")
    agree_on_adam(page)
    page.get_by_role("button", name="Reset").click()
    assert agree_on_adam(page).corrected


def agree_on_decay(page: Any) -> DecayPlayground:
    playground = DecayPlayground(**settings(page))
    for name, path in zip(playground.paths, drawn(page, "adam", "adamw"), strict=True):
        np.testing.assert_allclose(np.reshape(path, (-1, 2)), playground.paths[name], rtol=1e-9, atol=1e-12)
    assert page.inner_text(".oc-live") == playground.text
    return playground


def test_the_decay_playground_draws_what_python_computes(show: Callable[..., Any]) -> None:
    page = show(DecayPlayground())
    labels = ("Weight decay λ", "Step size η", "Gradients of one weight", "Gradients of the other")
    for label, name in zip(labels, ("weight_decay", "lr", "large", "small"), strict=True):
        before = getattr(agree_on_decay(page), name)
        page.get_by_label(label, exact=True).press("ArrowLeft")
        assert getattr(agree_on_decay(page), name) < before
    page.get_by_role("button", name="Reset").click()
    assert agree_on_decay(page).large == 10


def agree_on_the_trap(page: Any) -> OnlineTrap:
    trap = OnlineTrap(**settings(page))
    for position, (at, regret) in zip(trap.positions.values(), drawn(page, "adam", "amsgrad"), strict=True):
        np.testing.assert_allclose(at, position, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(regret, trap.regret(position), rtol=1e-9, atol=1e-9)
    assert page.inner_text(".oc-live") == trap.text
    return trap


def test_the_trap_draws_what_python_computes(show: Callable[..., Any]) -> None:
    page = show(OnlineTrap())
    for label, name in (("Steep slope", "big"), ("Losses a round", "period"), ("Memory β₁", "beta1")):
        before = getattr(agree_on_the_trap(page), name)
        page.get_by_label(label, exact=True).press("ArrowRight")
        assert getattr(agree_on_the_trap(page), name) > before
    page.get_by_label("Memory β₂", exact=True).press("End")
    assert agree_on_the_trap(page).beta2 == 0.999
    page.get_by_role("button", name="Reset").click()
    assert agree_on_the_trap(page).big == 3
