"""The race: its rules are the package's under node, and what it draws in a browser is what Python computes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from host import FIGURE, PUSHED, Compute, settings

import optcourse
from optcourse.figures import Race
from optcourse.figures.methods import COURSES, RACERS


def test_every_rule_makes_pythons_iterates(compute: Compute) -> None:
    """Fed with the same gradients, so that no rounding error is amplified by a landscape; θ enters them a little."""
    rng = np.random.default_rng(11)
    cases: list[dict[str, Any]] = []
    for name, (_, knobs) in 4 * list(RACERS.items()):
        own = {"lr": rng.uniform(0.001, 0.1), "beta": rng.uniform(0, 0.95), "beta1": rng.uniform(0, 0.95)}
        own |= {"beta2": rng.uniform(0.8, 0.999), "rho": rng.uniform(0.5, 0.95), "eps": 10 ** rng.uniform(-8, -3)}
        settings = {knob: value for knob, value in (own | {"weight_decay": rng.uniform(0, 1)}).items() if knob in knobs}
        pushes = rng.normal(size=(300, 3)).tolist()
        cases.append({"name": name, "settings": settings, "start": rng.normal(size=3).tolist(), "pushes": pushes})
    answer = f"[...run(FIRST_ORDER[c.name]({PUSHED}, c.start, c.settings), c.start, 300).path]"
    for case, drawn in zip(cases, compute(Race, answer, cases), strict=True):
        pushes = iter(np.array(case["pushes"]))
        stream = getattr(optcourse, case["name"])(
            lambda theta, pushes=pushes: next(pushes) + 0.1 * theta, case["start"], **case["settings"]
        )
        path = optcourse.run(stream, steps=300).iterates
        np.testing.assert_allclose(np.reshape(drawn, path.shape), path, rtol=1e-12, atol=1e-12, err_msg=case["name"])


def test_every_racer_gets_ahead_with_its_own_settings() -> None:
    for problem in COURSES:
        race = Race(problem=problem, methods=list(RACERS))
        for name, trace in race.traces.items():
            assert trace.reason == "steps", (problem, name)
            assert trace.losses is not None
            assert trace.losses[-1] < trace.losses[0], (problem, name)


def agree(page: Any) -> Race:
    """Assert that the paths and the words are Python's for the page's settings; return the figure."""
    race = Race(**settings(page))
    drawn = page.evaluate(f"() => {FIGURE}.drawn.runs.map((r) => ({{ ...r, path: [...r.path] }}))")
    traces = race.traces
    assert [one["name"] for one in drawn] == list(traces)
    for one in drawn:
        path = traces[one["name"]].iterates
        np.testing.assert_allclose(np.reshape(one["path"], path.shape), path, rtol=1e-9, atol=1e-9)
    assert page.inner_text(".oc-live") == race.text
    return race


def test_every_control_draws_what_python_computes(show: Callable[..., Any]) -> None:
    # Without RMSProp, which bounces about the floor of a ravine and amplifies the last digit of a cosine.
    steady = ["gradient_descent", "momentum", "nesterov", "adam"]
    page = show(Race(methods=steady))
    assert agree(page).methods == steady
    page.get_by_role("button", name="AdaGrad", exact=True).press("Enter")
    assert "adagrad" in agree(page).methods
    page.get_by_role("button", name="Adam", exact=True).click()
    assert "adam" not in agree(page).methods
    page.get_by_label("Tune").select_option("momentum")
    for label, knob in [("Step size η", "lr"), ("Momentum β", "beta")]:
        before = agree(page).chosen("momentum")[knob]
        page.get_by_label(label, exact=True).press("ArrowLeft")
        assert agree(page).chosen("momentum")[knob] < before
    page.get_by_label("Condition number κ").press("ArrowRight")
    assert agree(page).kappa == 31
    page.get_by_label("Steps", exact=True).press("ArrowLeft")
    assert agree(page).steps == 100
    page.get_by_label("Start of the race").press("ArrowUp")
    agree(page)
    page.get_by_label("Landscape").select_option("himmelblau")
    assert agree(page).problem == "himmelblau"
    page.get_by_role("button", name="Reset").click()
    assert agree(page).settings_of == {}


def test_the_last_racer_cannot_be_sent_away(show: Callable[..., Any]) -> None:
    page = show(Race(methods=["adam"]))
    page.get_by_role("button", name="Adam", exact=True).click()
    assert agree(page).methods == ["adam"]
