"""First-order methods as figures offer them: each with its knobs, on a landscape, from a start that can be dragged."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import traitlets

import optcourse
from optcourse.arguments import one_of, refuse
from optcourse.figures.base import Figure, Point, Setting, entries
from optcourse.figures.descent_playground import condition, few
from optcourse.figures.landscapes import LANDSCAPES, Landscape, facts, landscape
from optcourse.problems import Problem
from optcourse.streams import run
from optcourse.trace import Trace

COURSES = tuple(one.name for one in LANDSCAPES if one.name != "parabola")
ARRIVED = 1e-6  # above the minimum: here a racer's steps are counted


@dataclass(frozen=True)
class Knob:
    """One setting of a racer, as a slider: its ends, and its value unless a landscape says otherwise.

    A logarithmic one moves along 1, 2, 5 × 10ⁿ.
    """

    label: str
    low: float
    high: float
    start: float
    logarithmic: bool = False


ETA = Knob("Step size η", 1e-5, 10.0, 0.1, logarithmic=True)
BETA = Knob("Momentum β", 0.0, 0.99, 0.9)
BETA1, BETA2 = Knob("Memory β₁", 0.0, 0.99, 0.9), Knob("Memory β₂", 0.5, 0.999, 0.999)
RHO = Knob("Memory ρ", 0.0, 0.99, 0.9)
EPS = Knob("Stabiliser ε", 1e-10, 1.0, 1e-8, logarithmic=True)
ADAM = {"lr": ETA, "beta1": BETA1, "beta2": BETA2, "eps": EPS}

RACERS: dict[str, tuple[str, dict[str, Knob]]] = {
    "gradient_descent": ("gradient descent", {"lr": ETA}),
    "momentum": ("momentum", {"lr": ETA, "beta": BETA}),
    "nesterov": ("Nesterov", {"lr": ETA, "beta": BETA}),
    "adagrad": ("AdaGrad", {"lr": ETA, "eps": EPS}),
    "rmsprop": ("RMSProp", {"lr": ETA, "rho": RHO, "eps": EPS}),
    "adadelta": ("AdaDelta", {"rho": RHO, "eps": Knob("Stabiliser ε", 1e-10, 1.0, 1e-6, logarithmic=True)}),
    "adam": ("Adam", ADAM),
    "adamw": ("AdamW", {**ADAM, "weight_decay": Knob("Weight decay λ", 1e-4, 1.0, 1e-2, logarithmic=True)}),
    "adamax": ("Adamax", ADAM),
    "nadam": ("Nadam", ADAM),
}

# A step size for each kind of method on each landscape: none is the best for its own, all are of the right order.
_KINDS: dict[str, tuple[str, ...]] = {
    "plain": ("gradient_descent",),
    "moving": ("momentum", "nesterov"),
    "summed": ("adagrad",),
    "averaged": ("rmsprop",),
    "both": ("adam", "adamw", "adamax", "nadam"),
}
_RATES: dict[str, tuple[float, ...]] = {  # in the order of the kinds
    "quadratic": (0.05, 0.02, 0.5, 0.05, 0.2),
    "ravine": (0.05, 0.02, 0.5, 0.02, 0.1),
    "rosenbrock": (0.001, 0.001, 0.5, 0.01, 0.05),
    "himmelblau": (0.01, 0.005, 0.5, 0.05, 0.2),
    "beale": (0.01, 0.005, 0.5, 0.01, 0.1),
    "saddle": (0.2, 0.1, 0.5, 0.05, 0.2),
    "rastrigin": (0.002, 0.001, 0.2, 0.02, 0.1),
    "styblinski_tang": (0.01, 0.01, 0.5, 0.1, 0.2),
}
RATES = {
    course: {name: rate for names, rate in zip(_KINDS.values(), row, strict=True) for name in names}
    for course, row in _RATES.items()
}
LENGTHS = {"ravine": 150, "quadratic": 150, "saddle": 80, "rastrigin": 80, "styblinski_tang": 60, "himmelblau": 60}

# What the ES module of a figure of methods stands on, before its own file.
METHOD_FILES = ("problems.js", "rules.js", "landscape.js", "first_order.js", "methods.js")
METHOD_CONSTANTS: dict[str, Any] = {
    "FACTS": facts(*COURSES),
    "RACERS": {name: [label, {k: asdict(v) for k, v in knobs.items()}] for name, (label, knobs) in RACERS.items()},
    "RATES": RATES,
    "LENGTHS": LENGTHS,
}


def own_settings(name: str, value: Any) -> dict[str, dict[str, float]]:
    """Settings that differ from a racer's own: ``{"momentum": {"beta": 0.5}}``."""
    for method, chosen in dict(value).items():
        known = RACERS[one_of(*RACERS)(name, method)][1]
        for knob, number in dict(chosen).items():
            if knob not in known or not isinstance(number, int | float) or not np.isfinite(number) or number < 0:
                raise refuse(name, value, f"{method} takes a number ≥ 0 for each of {', '.join(known)}")
    return {method: {knob: float(number) for knob, number in chosen.items()} for method, chosen in value.items()}


class OnLandscape(Figure):
    """What figures of first-order methods share: a landscape, a start, a number of steps, settings of each method.

    A step size is the landscape's own unless ``settings`` names another: ``settings={"adam": {"lr": 0.1}}``.
    """

    problem = Setting(one_of(*COURSES), "ravine")
    kappa = Setting(condition, 30.0)
    steps = Setting(few, 150)
    theta0 = Point([-1.0, 1.0], entries(2))
    settings_of = Setting(own_settings, {})

    def __init__(self, **chosen: Any):
        trait = self.traits()["problem"]
        course = landscape(trait.rule("problem", chosen.get("problem", trait.default_value)))
        start = {"theta0": course.theta0(), "steps": LENGTHS.get(course.name, course.steps)}
        if "settings" in chosen:
            chosen["settings_of"] = chosen.pop("settings")
        super().__init__(**(start | chosen))

    @traitlets.observe("problem")
    def _begin_anew(self, change: Any) -> None:
        """Another landscape: its own start, and step sizes of its own."""
        if change["old"] in COURSES:
            course = landscape(change["new"])
            with self.hold_sync():
                self.settings_of = {}
                self.steps = LENGTHS.get(course.name, course.steps)
                self.theta0 = course.theta0()

    @property
    def landscape(self) -> Landscape:
        """The landscape as the figure offers it."""
        return landscape(self.problem)

    @property
    def objective(self) -> Problem:
        """The landscape as a problem of `optcourse.problems`."""
        return self.landscape.make(self.kappa)

    def chosen(self, method: str) -> dict[str, float]:
        """Return the settings with which a method runs here."""
        own = {knob: details.start for knob, details in RACERS[method][1].items()}
        if method in RATES[self.problem]:
            own["lr"] = RATES[self.problem][method]
        return own | self.settings_of.get(method, {})

    def race(self, method: str, keep: tuple[str, ...] = ()) -> Trace:
        """Run a method from the figure's start with its settings here."""
        problem = self.objective
        stream = getattr(optcourse, method)(problem.grad, self.theta0, **self.chosen(method))
        return run(stream, steps=self.steps, loss=problem.loss, keep=keep)
