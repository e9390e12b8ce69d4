"""The race: any set of first-order methods on one landscape, from the same start, each with settings of its own."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets

import optcourse
from optcourse.arguments import Array, one_of, refuse
from optcourse.figures.base import Figure, Point, Setting, short
from optcourse.figures.descent_playground import _draw_map, condition, few
from optcourse.figures.landscapes import LANDSCAPES, Landscape, facts, landscape
from optcourse.figures.palette import DASHED, scheme
from optcourse.problems import Problem
from optcourse.streams import run
from optcourse.trace import Trace

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture

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


def racers(name: str, value: Any) -> list[str]:
    """Names of methods, each once, in the order of the course."""
    if isinstance(value, str) or not all(one in RACERS for one in value) or not len(list(value)):
        raise refuse(name, value, "must be a list of one or more of " + ", ".join(map(repr, RACERS)))
    return [one for one in RACERS if one in value]


def own_settings(name: str, value: Any) -> dict[str, dict[str, float]]:
    """Settings that differ from a racer's own: ``{"momentum": {"beta": 0.5}}``."""
    for method, chosen in dict(value).items():
        known = RACERS[one_of(*RACERS)(name, method)][1]
        for knob, number in dict(chosen).items():
            if knob not in known or not isinstance(number, int | float) or not np.isfinite(number) or number < 0:
                raise refuse(name, value, f"{method} takes a number ≥ 0 for each of {', '.join(known)}")
    return {method: {knob: float(number) for knob, number in chosen.items()} for method, chosen in value.items()}


class Race(
    Figure,
    files=("problems.js", "rules.js", "landscape.js", "first_order.js", "race.js"),
    constants={
        "FACTS": facts(*COURSES),
        "RACERS": {name: [label, {k: asdict(v) for k, v in knobs.items()}] for name, (label, knobs) in RACERS.items()},
        "RATES": RATES,
        "LENGTHS": LENGTHS,
        "DASHED": list(DASHED),
    },
    css=("race.css",),
):
    """First-order methods side by side: their paths from one start, their losses, and how long each takes.

    Parameters
    ----------
    problem : str
        A landscape of `ObjectiveGallery`.
    methods : list of str
        Who takes part.
    settings : dict
        What differs from a racer's own settings: ``{"momentum": {"beta": 0.5}}``.
    tuned : str
        The racer whose sliders are shown.
    kappa, steps, theta0
        As for `DescentPlayground`.

    Examples
    --------
    >>> race = Race(problem="ravine", methods=["gradient_descent", "nesterov"], steps=150)
    >>> {name: trace.reason for name, trace in race.traces.items()}
    {'gradient_descent': 'steps', 'nesterov': 'steps'}
    """

    problem = Setting(one_of(*COURSES), "ravine")
    kappa = Setting(condition, 30.0)
    steps = Setting(few, 150)
    theta0 = Point([-1.0, 1.0])
    methods = Setting(racers, ["gradient_descent", "momentum", "nesterov", "rmsprop", "adam"])
    settings_of = Setting(own_settings, {})
    tuned = Setting(one_of(*RACERS), "momentum")

    def __init__(self, **chosen: Any):
        problem = self.traits()["problem"].rule("problem", chosen.get("problem", "ravine"))
        course = landscape(problem)
        start = {"theta0": course.theta0(), "steps": LENGTHS.get(problem, course.steps)}
        if "methods" in chosen and "tuned" not in chosen:
            start["tuned"] = racers("methods", chosen["methods"])[0]
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

    @traitlets.validate("theta0")
    def _right_length(self, proposal: Any) -> Array:
        theta: Array = np.atleast_1d(proposal["value"])
        if theta.shape != (2,):
            raise refuse("theta0", proposal["value"], "must have 2 entries")
        return theta

    @property
    def landscape(self) -> Landscape:
        """The landscape as the figure offers it."""
        return landscape(self.problem)

    @property
    def objective(self) -> Problem:
        """The landscape as a problem of `optcourse.problems`."""
        return self.landscape.make(self.kappa)

    def chosen(self, method: str) -> dict[str, float]:
        """Return the settings with which a method races here."""
        own = {knob: details.start for knob, details in RACERS[method][1].items()}
        if method in RATES[self.problem]:
            own["lr"] = RATES[self.problem][method]
        return own | self.settings_of.get(method, {})

    @property
    def traces(self) -> dict[str, Trace]:
        """The runs that the figure draws, by method."""
        problem = self.objective
        streams = {
            name: getattr(optcourse, name)(problem.grad, self.theta0, **self.chosen(name)) for name in self.methods
        }
        return {name: run(stream, steps=self.steps, loss=problem.loss) for name, stream in streams.items()}

    @property
    def text(self) -> str:
        """Who arrives, after how many steps, and how far the others get; ``told`` in ``race.js`` says the same."""
        return told(self.landscape.label, self.objective.minimum, self.steps, self.traces)

    def picture(self) -> Picture:
        """Draw all paths on the landscape, and all losses."""
        from matplotlib.figure import Figure as Picture

        problem, colours = self.objective, scheme("light")
        picture = Picture(figsize=(8, 3.9), layout="constrained")
        left, right = picture.subplots(1, 2, width_ratios=(3, 2))
        window = self.landscape.window or problem.window
        with np.errstate(over="ignore", invalid="ignore"):
            for at, (name, trace) in enumerate(self.traces.items()):
                line = {"color": colours[name], "lw": 1.3, "ls": "--" if name in DASHED else "-"}
                if at == 0:
                    _draw_map(left, problem, trace, window, colours)
                left.plot(*trace.iterates.T, **line)
                assert trace.losses is not None
                right.semilogy(np.maximum(trace.losses - problem.minimum, 1e-16), label=RACERS[name][0], **line)
        right.set(ylim=(1e-9, None), xlabel="step")
        right.set_title("Loss above the minimum", fontsize=9, color=colours["muted"], loc="left")
        right.grid(color=colours["grid"], lw=0.6)
        right.legend(fontsize=7)
        picture.supxlabel(self.text, fontsize=8, wrap=True)
        return picture


def told(label: str, minimum: float, steps: int, traces: dict[str, Trace]) -> str:
    """Say how the race went."""
    arrived, late, lost = [], [], []
    for name, trace in traces.items():
        assert trace.losses is not None
        gap = trace.losses - minimum
        near = np.flatnonzero(gap <= ARRIVED)
        if near.size:
            arrived.append((int(near[0]), RACERS[name][0]))
        elif trace.reason != "steps" or not gap[-1] <= gap[0]:
            lost.append(RACERS[name][0])
        else:
            late.append((float(gap[-1]), RACERS[name][0]))
    parts = []
    if arrived:
        parts.append(
            "to a loss within 10⁻⁶ of the minimum: " + ", ".join(f"{who} {k} steps" for k, who in sorted(arrived))
        )
    if late:
        parts.append(
            f"above the minimum after {steps} steps: " + ", ".join(f"{who} {short(gap)}" for gap, who in sorted(late))
        )
    if lost:
        parts.append("diverging: " + ", ".join(lost))
    return f"Race, {label}; " + "; ".join(parts) + "."
