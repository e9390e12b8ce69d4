"""What every figure promises."""

from __future__ import annotations

import math
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from optcourse import figures
from optcourse.figures import DescentPlayground, Figure
from optcourse.figures.base import WIDGET_VIEW, compose
from optcourse.figures.early_stopping_playground import curves
from optcourse.figures.loss_gallery import FAMILIES
from optcourse.figures.methods import RACERS
from optcourse.figures.palette import BEHAVIOURS, HUES, METHODS, SCHEMES, SERIES, contrast, scheme
from optcourse.figures.range_test_playground import PROBLEMS

FIGURES = [
    made
    for name in figures.__all__
    if isinstance(made := getattr(figures, name), type) and issubclass(made, Figure) and made is not Figure
]


@pytest.mark.parametrize("figure", FIGURES)
def test_the_module_passes_the_type_checker(npm: Callable[[str], Path], tmp_path: Path, figure: type[Figure]) -> None:
    tsc = npm("typescript") / "bin" / "tsc"
    module = tmp_path / f"{figure.__name__}.js"
    module.write_text(compose(figure.constants, figure.sources, bare=False), encoding="utf-8")
    options = "--allowJs --checkJs --noEmit --strict --target es2022 --module es2022 --lib es2022,dom,dom.iterable"
    checked = subprocess.run(
        ["node", str(tsc), *options.split(), str(module)], capture_output=True, text=True, timeout=120, cwd=tmp_path
    )
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("figure", FIGURES)
def test_the_module_has_no_imports_and_loads_nothing(figure: type[Figure]) -> None:
    module = compose(figure.constants, figure.sources)
    for word in ("import ", "import(", "fetch(", "XMLHttpRequest", "https://"):
        assert word not in module
    assert module.count("http://") == module.count("http://www.w3.org/2000/svg")


@pytest.mark.parametrize("figure", FIGURES)
def test_a_figure_adds_little_to_its_page(figure: type[Figure]) -> None:
    made = figure()
    state = made.get_state()
    weight = sum(
        len(value.encode() if isinstance(value, str) else bytes(value))
        for value in state.values()
        if isinstance(value, str | bytes | memoryview)
    )
    assert weight < 90_000  # three or four figures and their quiz stay within 300 kB


@pytest.mark.parametrize("figure", FIGURES)
def test_the_static_picture_is_the_same_every_time_and_small(figure: type[Figure]) -> None:
    first, second = figure().static(), figure().static()
    assert first == second
    assert first.startswith("<svg")
    assert len(first.encode()) < 150_000


def test_the_static_picture_carries_the_text_alternative_letter_by_letter() -> None:
    playground = DescentPlayground(problem="parabola")
    letters = re.sub(r"<[^>]*>|\s", "", playground.static())
    assert "at θ = 0.0461" in playground.text
    assert re.sub(r"\s", "", playground.text) in letters


@pytest.mark.parametrize("figure", FIGURES)
def test_a_page_gets_the_widget_and_its_picture_with_the_text_alternative(figure: type[Figure]) -> None:
    made = figure()
    data, _ = made._repr_mimebundle_()  # type: ignore[misc]
    assert data[WIDGET_VIEW]["model_id"] == made.model_id
    assert made.model_id in data["text/html"]
    assert '<img class="figure-static" alt="' in data["text/html"]
    assert made.text in data["text/plain"]


# What each figure must refuse, setting by setting.
DESCENT: dict[str, list[Any]] = {
    "lr": [0, -0.1, math.nan, "fast"],
    "steps": [0, 2.5, 10**6],
    "theta0": [[1.0, np.inf], [1.0, 2.0, 3.0], "here"],
    "problem": ["banana", None],
}
REFUSED: dict[str, dict[str, list[Any]]] = {
    "AdamPlayground": {"method": ["adagrad"], "corrected": ["yes"]},
    "AdaptivePlayground": {"method": ["adam"], "problem": ["parabola"], "settings_of": [{"rmsprop": {"beta": 0.9}}]},
    "BatchPipeline": {"batch_size": [0, 9], "lr": [0, 2], "stage": [0, 33]},
    "CyclePlayground": {"theta0": [5, "here"], "lr": [0, 1], "beta": [1, -0.1], "same": [3]},
    "DecayPlayground": {"lr": [0.0], "weight_decay": [2.0]},
    "DescentPlayground": DESCENT | {"kappa": [0.5, 2000.0, "ten"]},
    "EarlyStoppingPlayground": {"patience": [0, 61, 1.5], "lam": [0.02, -1, "none"]},
    "EpsilonExplorer": {
        "loss": ["banana"],
        "theta": [11.0, math.nan],
        "eps": [0.0, -1e-3, 2.0],
        "schemes": ["central", ["sideways"]],
        "single": ["yes", 1],
    },
    "LossGallery": {
        "family": ["banana"],
        "shown": ["squared", ["banana"]],
        "residual": [4.1, math.nan],
        "margin": ["wide"],
        "delta": [0, 9.0],
        "classes": [1, 2.5, 1000],
    },
    "MinibatchPlayground": {
        "batch_size": [0, 61, 2.0],
        "lr": [0],
        "epochs": [11],
        "seed": [4],
        "step": [-1],
        "theta0": [[1.0]],
    },
    "MomentumPlayground": {
        "method": ["adam"],
        "lr": [0],
        "beta": [1.0],
        "kappa": [0.5],
        "at": [-1],
        "both": ["yes"],
        "theta0": [[1.0]],
    },
    "ObjectiveGallery": DESCENT,
    "OnlineTrap": {"beta2": [1.0], "period": [1.0]},
    "Race": {
        "methods": [[], ["banana"], "adam"],
        "settings_of": [{"adam": {"rho": 0.5}}, {"banana": {}}, {"adam": {"lr": -1}}],
        "tuned": ["banana"],
        "theta0": [[1.0]],
    },
    "RangeTestPlayground": {
        "problem": ["banana"],
        "noise": [-1],
        "batch_size": [17, 1.5],
        "lr_min": [0, 0.1],
        "lr_max": [0.01],
        "steps": [10, 201],
        "memory": [1],
        "seed": [3],
    },
    "ScheduleExplorer": {
        "schedule": ["banana"],
        "lr": [0, 5.0],
        "noise": [-1, 10],
        "step": [301, 1.5],
        "settings_of": [
            {"banana": {}},
            {"cosine_annealing": {"every": 3}},
            {"cosine_annealing": {"T": 5}},
            {"constant": {"T": 100}},
        ],
    },
    "SnapshotPlayground": {"cycles": [0, 9, 2.5], "lr": [0, 11], "seed": [4], "theta0": [[1.0]]},
}


@pytest.mark.parametrize("figure", FIGURES)
def test_a_bad_setting_is_refused_by_name(figure: type[Figure]) -> None:
    made = figure()
    before = repr(made)
    for name, values in REFUSED[figure.__name__].items():
        for value in values:
            with pytest.raises(ValueError, match=rf"^{name} = "):
                figure(**{name: value})
            with pytest.raises(ValueError, match=rf"^{name} = "):
                setattr(made, name, value)
    assert repr(made) == before


# As each figure is made, and with more to be seen.
SHOWN: list[tuple[type[Figure], dict[str, Any]]] = [
    *((figure, {}) for figure in FIGURES),
    *((figures.LossGallery, {"family": family}) for family in FAMILIES),
    *((figures.RangeTestPlayground, {"problem": problem}) for problem in PROBLEMS),
    *((figures.ScheduleExplorer, {"schedule": schedule}) for schedule in ("warmup_cosine", "cyclical")),
    (figures.Race, {"methods": list(RACERS)}),
]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("figure", "settings"), SHOWN)
def test_axe_finds_nothing_and_nothing_is_too_wide_for_a_phone(
    show: Callable[..., Any], npm: Callable[[str], Path], figure: type[Figure], settings: dict[str, Any], theme: str
) -> None:
    page = show(figure(**settings), theme=theme, viewport={"width": 320, "height": 900})
    page.add_script_tag(path=str(npm("axe-core") / "axe.min.js"))
    violations = "axe.run('.optcourse-figure').then((r) => r.violations.map((v) => [v.id, v.nodes.map((n) => n.html)]))"
    assert page.evaluate(violations) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_settings_from_the_page_arrive_in_python() -> None:
    playground = DescentPlayground()
    playground.set_state({"theta0": memoryview(np.array([0.5, -0.25]).tobytes()), "lr": 0.05, "steps": 7})
    assert playground.theta0.tolist() == [0.5, -0.25]
    assert (playground.lr, playground.steps) == (0.05, 7)
    assert playground.trace.iterates.shape == (8, 2)


def test_many_numbers_leave_in_single_precision_and_are_the_same_on_both_sides() -> None:
    sent = np.frombuffer(figures.EarlyStoppingPlayground().get_state("_data")["_data"], dtype="<f4")
    assert np.array_equal(sent, curves().ravel())


def test_settings_leave_for_the_page_as_bytes() -> None:
    state = DescentPlayground(theta0=[1.0, 2.0]).get_state("theta0")
    assert np.frombuffer(state["theta0"]).tolist() == [1.0, 2.0]


def test_changing_a_setting_sends_it_and_calls_observers() -> None:
    playground = DescentPlayground()
    seen: list[str] = []
    playground.observe(lambda change: seen.append(change["name"]), names=["lr", "theta0"])
    playground.lr = 0.3
    playground.theta0 = [1.0, 1.0]
    assert seen == ["lr", "theta0"]


def test_another_landscape_brings_its_own_start_and_step_size() -> None:
    playground = DescentPlayground()
    playground.problem = "rosenbrock"
    assert playground.theta0.tolist() == [-1.2, 1.0]
    assert playground.lr == 0.001
    playground.problem = "parabola"
    assert playground.theta0.tolist() == [4.0]


def test_a_landscape_and_a_start_may_come_together() -> None:
    playground = DescentPlayground(problem="parabola", theta0=3.0, lr=0.2, steps=2)
    assert playground.trace.iterates.ravel().tolist() == pytest.approx([3.0, 1.8, 1.08])


def test_the_trace_is_the_worked_example_of_the_chapter() -> None:
    path = DescentPlayground(problem="parabola", lr=0.1, steps=20).trace.iterates.ravel()
    assert path[:4].tolist() == pytest.approx([4.0, 3.2, 2.56, 2.048])
    assert round(path[-1], 4) == 0.0461


@pytest.mark.parametrize("name", SCHEMES)
def test_every_line_stands_out_from_the_paper(name: str) -> None:
    colours = scheme(name)
    for role in [*HUES, *METHODS, *BEHAVIOURS, *SERIES, "edge", "focus"]:
        assert contrast(colours[role], colours["paper"]) >= 3, role
    for role in ("ink", "muted"):
        assert contrast(colours[role], colours["paper"]) >= 4.5, role
        assert contrast(colours[role], colours["raised"]) >= 4.5, role


@pytest.mark.parametrize("name", SCHEMES)
@pytest.mark.parametrize("ground", ["low", "high"])
def test_a_path_stands_out_from_the_landscape(name: str, ground: str) -> None:
    colours = scheme(name)
    for role in ("gradient_descent", "green", "ink"):
        assert contrast(colours[role], colours[ground]) >= (2.5 if role == "green" else 3), role


def test_leaving_out_comments_leaves_out_no_code(tmp_path: Path) -> None:
    """A line may begin with a cast, which looks like a comment that ends at the next one."""
    module = tmp_path / "figure.js"
    module.write_text("/** @type {any} */ (a).b = 1;\nconst c = 2;\n/** Three.\n * @type {number} */\nconst d = 3;\n")
    assert compose({}, [module]).lstrip("\n") == "(a).b = 1;\nconst c = 2;\nconst d = 3;\n"
