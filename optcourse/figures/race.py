"""The race: any set of first-order methods on one landscape, from the same start, each with settings of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from optcourse.arguments import one_of, refuse
from optcourse.figures.base import Setting, short
from optcourse.figures.descent_playground import draw_map
from optcourse.figures.methods import ARRIVED, METHOD_CONSTANTS, METHOD_FILES, RACERS, OnLandscape
from optcourse.figures.palette import DASHED, scheme
from optcourse.trace import Trace

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture


def racers(name: str, value: Any) -> list[str]:
    """Names of methods, each once, in the order of the course."""
    if isinstance(value, str) or not all(one in RACERS for one in value) or not len(list(value)):
        raise refuse(name, value, "must be a list of one or more of " + ", ".join(map(repr, RACERS)))
    return [one for one in RACERS if one in value]


class Race(
    OnLandscape,
    files=(*METHOD_FILES, "race.js"),
    constants={**METHOD_CONSTANTS, "DASHED": list(DASHED)},
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

    methods = Setting(racers, ["gradient_descent", "momentum", "nesterov", "rmsprop", "adam"])
    tuned = Setting(one_of(*RACERS), "momentum")

    def __init__(self, **chosen: Any):
        if "methods" in chosen and "tuned" not in chosen:
            chosen["tuned"] = racers("methods", chosen["methods"])[0]
        super().__init__(**chosen)

    @property
    def traces(self) -> dict[str, Trace]:
        """The runs that the figure draws, by method."""
        return {name: self.race(name) for name in self.methods}

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
                    draw_map(left, problem, trace, window, colours)
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
