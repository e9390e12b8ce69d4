"""The losses that figures offer as landscapes: what Python's problems know of them, in the form the modules read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any

import numpy as np

from optcourse import problems
from optcourse.arguments import Array
from optcourse.problems import Problem


@dataclass(frozen=True)
class Landscape:
    """A problem as a figure offers it.

    Attributes
    ----------
    name : str
        The menu's value: the problem's name in `optcourse.problems`, or ``"parabola"`` for the bowl of one parameter.
    label : str
        The menu's text.
    formula : str
        L in Unicode.
    words : str
        What is to be seen there.
    make : function of the condition number
        Builds the problem.
    lr : float
        A step size that works from the problem's start.
    steps : int
        How many steps are worth watching.
    window : pair of pairs, optional
        What to show, if not the problem's own window.
    start : tuple, optional
        Where to start, if not at the problem's own.
    has_kappa : bool
        Whether its condition number can be chosen.
    closeup : float
        Which part of the window a thumbnail shows.
    """

    name: str
    label: str
    formula: str
    words: str
    make: Callable[[float], Problem]
    lr: float
    steps: int
    window: tuple[tuple[float, float], tuple[float, float]] | None = None
    start: tuple[float, ...] | None = None
    has_kappa: bool = False
    closeup: float = 1.0

    def minima(self) -> Array:
        """Every minimum worth a star: the global ones, and for few and known ones the local ones too."""
        problem = self.make(10.0)
        if self.name != "styblinski_tang":
            return problem.minimisers
        roots = np.roots([4.0, 0.0, -32.0, 5.0]).real
        return np.array(list(product(np.sort(roots)[[0, 2]], repeat=2)))

    def theta0(self) -> Array:
        """Where to start."""
        return np.array(self.start) if self.start is not None else self.make(10.0).start


LANDSCAPES: tuple[Landscape, ...] = (
    Landscape(
        "parabola",
        "Bowl, one parameter",
        "L(θ) = θ²",
        "One parameter. Every step multiplies θ by 1 − 2η.",
        lambda kappa: problems.quadratic(kappa=2.0, dim=1),
        lr=0.1,
        steps=20,
        window=((-5.0, 5.0), (-1.5, 26.0)),
        start=(4.0,),
    ),
    Landscape(
        "quadratic",
        "Bowl",
        "L(x, y) = ½ (x² + κ y²)",
        "Round for κ = 1; the larger κ, the steeper across than along.",
        lambda kappa: problems.quadratic(kappa=kappa),
        lr=0.18,
        steps=50,
        has_kappa=True,
    ),
    Landscape(
        "ravine",
        "Ravine",
        "L(θ) = ½ θᵀAθ, eigenvalues of A: 1 and κ",
        "A long narrow bowl that lies askew: steps short enough for its walls are too short for its floor.",
        lambda kappa: problems.ravine(kappa=kappa),
        lr=0.035,
        steps=100,
        has_kappa=True,
    ),
    Landscape(
        "rosenbrock",
        "Rosenbrock's valley",
        "L(x, y) = (1 − x)² + 100 (y − x²)²",
        "A curved valley: easy to reach, slow to follow.",
        lambda kappa: problems.rosenbrock(),
        lr=0.001,
        steps=1000,
    ),
    Landscape(
        "himmelblau",
        "Himmelblau's four basins",
        "L(x, y) = (x² + y − 11)² + (x + y² − 7)²",
        "Four equally deep minima: the start decides which one.",
        lambda kappa: problems.himmelblau(),
        lr=0.01,
        steps=50,
    ),
    Landscape(
        "beale",
        "Beale's plain with cliffs",
        "L(x, y) = (1.5 − x + xy)² + (2.25 − x + xy²)² + (2.625 − x + xy³)²",
        "A plain between cliffs: gradients span many orders of magnitude.",
        lambda kappa: problems.beale(),
        lr=0.01,
        steps=500,
    ),
    Landscape(
        "saddle",
        "Saddle between two basins",
        "L(x, y) = ½ x² + ¼ (y² − 1)²",
        "The gradient is zero at the saddle too: descent lingers there, then leaves for one side.",
        lambda kappa: problems.saddle(),
        lr=0.2,
        steps=60,
    ),
    Landscape(
        "rastrigin",
        "Rastrigin's egg box",
        "L(x, y) = 20 + x² − 10 cos 2πx + y² − 10 cos 2πy",
        "A minimum in every dent: descent finds the nearest, seldom the deepest.",
        lambda kappa: problems.rastrigin(),
        lr=0.002,
        steps=50,
        closeup=0.3,
    ),
    Landscape(
        "styblinski_tang",
        "Styblinski and Tang's basins",
        "L(x, y) = ½ (x⁴ − 16x² + 5x + y⁴ − 16y² + 5y)",
        "Four basins of different depths; one is the lowest.",
        lambda kappa: problems.styblinski_tang(),
        lr=0.02,
        steps=50,
    ),
)


def landscape(name: str) -> Landscape:
    """Return the landscape of a name."""
    return next(one for one in LANDSCAPES if one.name == name)


@cache
def facts(*names: str) -> dict[str, Any]:
    """Return what the figures' modules know of these landscapes besides their formulas, as plain data."""
    return {name: _facts(landscape(name)) for name in names}


def _facts(one: Landscape) -> dict[str, Any]:
    problem = one.make(10.0)
    return {
        "label": one.label,
        "formula": one.formula,
        "words": one.words,
        "window": one.window or problem.window,
        "start": one.theta0().tolist(),
        "lr": one.lr,
        "steps": one.steps,
        "minimum": problem.minimum,
        "minimisers": problem.minimisers.tolist(),
        "minima": one.minima().tolist(),
        "saddles": problem.saddles.tolist(),
        "quadratic": one.name in ("parabola", "quadratic", "ravine"),
        "hasKappa": one.has_kappa,
        "nick": one.label.split("'")[0].replace("Styblinski and Tang", "Styblinski–Tang").split(" between")[0],
        "closeup": [[edge * one.closeup for edge in side] for side in (one.window or problem.window)],
    }
