"""The momentum playground: its eigenvalues are the iteration matrix's, and what it draws is what Python computes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from host import FIGURE, Compute, play_until, settings

import optcourse
from optcourse.figures import MomentumPlayground
from optcourse.figures.momentum_playground import NAMES, behaviour, best, glides, moduli, polynomial, stands

METHODS = tuple(NAMES)
each_method = pytest.mark.parametrize("method", METHODS)


def pairs(rng: np.random.Generator, n: int) -> list[tuple[float, float, float]]:
    """Step sizes, memories and condition numbers, from steady to divergent."""
    kappas = 10 ** rng.uniform(0, 2.5, n)
    return [(float(rng.uniform(0.001, 4.5) / k), float(rng.uniform(0, 0.99)), float(k)) for k in kappas]


# ----------------------------------------------------------------------------------- the mathematics


@each_method
def test_moduli_are_those_of_the_iteration_matrix(method: str) -> None:
    for lr, beta, curvature in pairs(np.random.default_rng(1), 300):
        trace, determinant = polynomial(method, lr, beta, curvature)
        sizes = np.sort(np.abs(np.linalg.eigvals([[trace, -determinant], [1, 0]])))[::-1]
        # Near a double root an error of the last digit enters by its square root.
        np.testing.assert_allclose(moduli(method, lr, beta, curvature), sizes, atol=1e-7)


@each_method
def test_the_matrix_moves_the_iterates_as_the_method_does(method: str) -> None:
    rng = np.random.default_rng(2)
    for lr, beta, curvature in pairs(rng, 50):
        stream = getattr(optcourse, method)(lambda theta, h=curvature: h * theta, 1.0, lr=lr, beta=beta)
        trace, determinant = polynomial(method, lr, beta, curvature)
        before = now = 1.0
        for _ in range(8):
            before, now = now, trace * now - determinant * before
            assert next(stream) == pytest.approx(now, rel=1e-9, abs=1e-9)


@each_method
def test_the_borders_of_the_plane_are_where_behaviour_changes(method: str) -> None:
    for beta in np.linspace(0, 0.98, 50):
        for kappa in (1.0, 7.0, 300.0):
            inner, outer = glides(method, beta) / kappa, stands(method, beta) / kappa
            assert behaviour(method, inner * 0.999, beta, kappa) == "converges"
            assert behaviour(method, inner * 1.001, beta, kappa) == "oscillates"
            assert behaviour(method, outer * 0.999, beta, kappa) == "oscillates"
            assert behaviour(method, outer * 1.001, beta, kappa) == "diverges"


@each_method
def test_behaviour_is_what_the_iterates_do(method: str) -> None:
    for lr, beta, kappa in pairs(np.random.default_rng(3), 60):
        stream = getattr(optcourse, method)(lambda t, k=kappa: np.array([1.0, k]) * t, np.ones(2), lr=lr, beta=beta)
        path = optcourse.run(stream, steps=3000).iterates
        word = behaviour(method, lr, beta, kappa)
        if word == "diverges":
            assert np.abs(path[-1]).max() > 1
        else:
            assert np.abs(path[-1]).max() < np.abs(path[0]).max()
        if word == "converges":
            assert (path >= 0).all()  # from rest no step crosses the minimum


@each_method
@pytest.mark.parametrize("kappa", [1.0, 10.0, 100.0])
def test_no_pair_is_better_than_the_starred_one(method: str, kappa: float) -> None:
    lr, beta = best(method, kappa)

    def rate(eta: float, memory: float) -> float:
        return max(moduli(method, eta, memory, curvature)[0] for curvature in (1.0, kappa))

    starred = rate(lr, beta)
    others = [rate(e, b) for e in np.linspace(0.001, 4, 200) / kappa for b in np.linspace(0, 0.99, 100)]
    assert starred <= min(others) + 1e-6
    expected = (np.sqrt(kappa) - 1) / (np.sqrt(kappa) + 1) if method == "momentum" else 1 - 2 / np.sqrt(3 * kappa + 1)
    assert starred == pytest.approx(expected, abs=1e-6)


def test_the_arrows_of_a_step_add_up_to_it() -> None:
    figure = MomentumPlayground(at=4)
    path = figure.traces["momentum"].iterates
    here, ahead, after = figure.arrows()
    assert np.array_equal(here, path[4])
    assert np.array_equal(after, path[5])
    np.testing.assert_allclose(after - ahead, -figure.lr * figure.objective.grad(here))
    figure.method = "nesterov"
    _, ahead, after = figure.arrows()
    np.testing.assert_allclose(after - ahead, -figure.lr * figure.objective.grad(ahead), atol=1e-15)


def test_the_module_computes_the_same(compute: Compute) -> None:
    cases = [[method, *pair] for method in METHODS for pair in pairs(np.random.default_rng(4), 200)]
    answer = """(([m, lr, beta, k]) => [
      eigenvalues(m, lr, beta, k).map((e) => [e.size, Math.hypot(e.real, e.imaginary)]),
      behaves(m, lr, beta, k), best(m, k), glides(m, beta), stands(m, beta)])(c)"""
    for (method, lr, beta, kappa), (sizes, word, pair, inner, outer) in zip(
        cases, compute(MomentumPlayground, answer, cases), strict=True
    ):
        wanted = moduli(method, lr, beta, kappa)
        np.testing.assert_allclose(sizes, np.column_stack([wanted, wanted]), rtol=1e-12, atol=1e-12)
        assert word == behaviour(method, lr, beta, kappa)
        assert [*pair, inner, outer] == pytest.approx(
            [*best(method, kappa), glides(method, beta), stands(method, beta)], rel=1e-12
        )


# --------------------------------------------------------------------------------------- in a browser


def agree(page: Any) -> MomentumPlayground:
    """Assert that paths, arrows, moduli and words are Python's for the page's settings; return the figure."""
    figure = MomentumPlayground(**settings(page))
    drawn = page.evaluate(
        f"""() => {{ const {{ rolls, arrows, moduli, behaviour }} = {FIGURE}.drawn;
        return {{ rolls: rolls.map((r) => ({{ name: r.name, path: [...r.path] }})), arrows, moduli, behaviour }}; }}"""
    )
    traces = figure.traces
    assert [one["name"] for one in drawn["rolls"]] == list(traces)
    for one in drawn["rolls"]:
        path = traces[one["name"]].iterates
        size = np.abs(path).max()
        np.testing.assert_allclose(np.reshape(one["path"], path.shape), path, rtol=1e-9, atol=1e-9 * size)
    shown = [drawn["arrows"][part] for part in ("here", "ahead", "after")]
    np.testing.assert_allclose(shown, figure.arrows(), rtol=1e-9, atol=1e-9 * np.abs(figure.arrows()).max())
    wanted = [moduli(figure.method, figure.lr, figure.beta, curvature) for curvature in (1.0, figure.kappa)]
    np.testing.assert_allclose(drawn["moduli"], wanted, atol=1e-7)
    assert drawn["behaviour"] == behaviour(figure.method, figure.lr, figure.beta, figure.kappa)
    assert page.inner_text(".oc-live") == figure.text
    return figure


def test_every_control_draws_what_python_computes(show: Callable[..., Any]) -> None:
    page = show(MomentumPlayground())
    before = agree(page)
    page.get_by_label("Step size η", exact=True).press("ArrowRight")
    assert agree(page).lr > before.lr
    page.get_by_label("Memory β", exact=True).press("ArrowLeft")
    assert agree(page).beta == pytest.approx(0.79)
    page.get_by_role("button", name="Nesterov").click()
    assert agree(page).method == "nesterov"
    page.get_by_role("button", name="Draw both paths").click()
    assert list(agree(page).traces) == ["nesterov"]
    page.get_by_label("Step taken apart").press("ArrowRight")
    assert agree(page).at == 3
    product = agree(page).lr * agree(page).kappa
    page.get_by_label("Condition number κ").press("ArrowRight")
    after = agree(page)
    assert after.kappa == 31
    assert after.lr * after.kappa == pytest.approx(product, rel=1e-3)
    page.get_by_label("Start", exact=True).press("ArrowUp")
    assert agree(page).theta0[1] != before.theta0[1]
    page.get_by_role("button", name="Go to the best pair").click()
    figure = agree(page)
    assert (figure.lr, figure.beta) == pytest.approx(best("nesterov", 31.0), rel=1e-12)
    page.get_by_role("button", name="Reset").click()
    assert agree(page).beta == 0.8


def test_the_point_on_the_plane_moves_by_keys_mouse_and_tap(show: Callable[..., Any]) -> None:
    page = show(MomentumPlayground(), viewport={"width": 900, "height": 1400}, has_touch=True)
    point = page.get_by_label("Step size and memory")
    before = agree(page)
    point.press("ArrowRight")
    point.press("ArrowUp")
    moved = agree(page)
    assert moved.lr > before.lr
    assert moved.beta > before.beta
    box = point.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y + 50)
    page.mouse.move(x + 120, y + 90)
    page.mouse.up()
    dragged = agree(page)
    assert dragged.lr > moved.lr
    assert dragged.beta < moved.beta
    assert "diverges" in point.get_attribute("aria-valuetext") or dragged.lr * dragged.kappa < 4
    page.touchscreen.tap(x - 20, y + 40)
    page.wait_for_function(f"models[0].get('lr') < {dragged.lr}")  # a tap becomes a click in its own time
    assert agree(page).lr < dragged.lr
    point.press("Home")
    assert agree(page).beta == 0.8


def test_it_plays_to_the_end_and_can_be_stopped(show: Callable[..., Any]) -> None:
    page = show(MomentumPlayground(steps=10), reduced_motion="reduce")
    play_until(page, "true")
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("[...document.querySelectorAll('button')].some((b) => b.textContent === 'Play')")
    page.get_by_label("Step taken apart").press("Home")
    assert agree(page).at == 0
