"""The momentum playground of section 3.3: η and β in a ravine, and the plane that says what each pair does."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

import optcourse
from optcourse.arguments import Array, flag, fraction, index, one_of, positive
from optcourse.figures.base import Figure, Point, Setting, entries, short
from optcourse.figures.descent_playground import condition, draw_map, few
from optcourse.figures.landscapes import facts, landscape
from optcourse.figures.methods import ARRIVED, METHOD_CONSTANTS, METHOD_FILES
from optcourse.figures.palette import scheme
from optcourse.problems import Problem
from optcourse.streams import run
from optcourse.trace import Trace

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture

NAMES = {"momentum": "Heavy ball", "nesterov": "Nesterov"}
WORDS = {"converges": "converges steadily", "oscillates": "oscillates and converges", "diverges": "diverges"}
VIEW = ((-2.0, 0.9), (-1.4, 0.8))  # from the start to the minimum, and what overshoots it
WIDEST = 4.0  # the plane's η goes so far, in units of 1/κ: no heavy ball converges beyond


def polynomial(method: str, lr: float, beta: float, curvature: float) -> tuple[float, float]:
    """Return trace and determinant of the iteration matrix along one curvature.

    The matrix takes (θₖ, θₖ₋₁) to (θₖ₊₁, θₖ): its first row is (trace, −determinant), its second (1, 0).
    """
    left = 1 - lr * curvature
    return (left + beta, beta) if method == "momentum" else (left * (1 + beta), left * beta)


def moduli(method: str, lr: float, beta: float, curvature: float) -> tuple[float, float]:
    """Return the sizes of the iteration matrix's two eigenvalues, the larger one first."""
    trace, determinant = polynomial(method, lr, beta, curvature)
    inside = trace**2 - 4 * determinant
    if inside < 0:
        return math.sqrt(determinant), math.sqrt(determinant)
    large = (abs(trace) + math.sqrt(inside)) / 2
    return large, abs(determinant) / large if large else 0.0


def behaviour(method: str, lr: float, beta: float, kappa: float) -> str:
    """Return what the iterates do on a quadratic with curvatures 1 and κ: a word of the palette."""
    if not moduli(method, lr, beta, kappa)[0] < 1 or not moduli(method, lr, beta, 1.0)[0] < 1:
        return "diverges"
    return "converges" if lr * kappa <= glides(method, beta) else "oscillates"


def glides(method: str, beta: float) -> float:
    """Return the largest ηλ at which both eigenvalues are real and none is negative."""
    return (1 - math.sqrt(beta)) ** 2 if method == "momentum" else ((1 - beta) / (1 + beta)) ** 2


def stands(method: str, beta: float) -> float:
    """Return the ηλ from which on the iterates do not converge."""
    return 2 * (1 + beta) / (1 if method == "momentum" else 1 + 2 * beta)


def best(method: str, kappa: float) -> tuple[float, float]:
    """Return the η and β with the smallest factor per step, for curvatures from 1 to κ.

    Nesterov's are those of Lessard, Recht and Packard (2016), proposition 1.
    """
    if method == "momentum":
        ball = optcourse.optimal_momentum(1.0, kappa)
        return ball.lr, ball.beta
    root = math.sqrt(3 * kappa + 1)
    return 4 / (3 * kappa + 1), (root - 2) / (root + 2)


class MomentumPlayground(
    Figure,
    files=(*METHOD_FILES, "momentum_playground.js"),
    constants={
        **METHOD_CONSTANTS,
        "FACTS": facts("ravine"),
        "NAMES": NAMES,
        "WORDS": WORDS,
        "WIDEST": WIDEST,
        "VIEW": VIEW,
    },
    css=("momentum_playground.css",),
):
    """Heavy ball and Nesterov in a ravine: two sliders, a plane of all pairs, and the parts of each step as arrows.

    Parameters
    ----------
    method : str
        ``"momentum"`` or ``"nesterov"``: whose plane, eigenvalues and arrows are shown.
    both : bool
        Whether the other method's path is drawn too.
    lr, beta : float
        The step size η > 0 and the memory β in [0, 1), of both methods.
    kappa : float
        The ravine's condition number, 1 to 1000; its curvatures are 1 and κ.
    steps : int
        How many steps to take.
    at : int
        The step whose parts are drawn as arrows: what the memory carries on, and what the gradient adds.
    theta0 : array
        The start.

    Examples
    --------
    >>> playground = MomentumPlayground(kappa=9.0, lr=0.25, beta=0.25)
    >>> playground.rate
    0.5
    >>> playground.method = "nesterov"
    >>> playground.text
    'Nesterov, η = 0.25, β = 0.25: diverges, by a factor of 1.74 per step in the long run. ...'
    """

    method = Setting(one_of(*NAMES), "momentum")
    both = Setting(flag, True)
    lr = Setting(positive, 0.04)
    beta = Setting(fraction, 0.8)
    kappa = Setting(condition, 30.0)
    steps = Setting(few, 100)
    at = Setting(index, 2)
    theta0 = Point(landscape("ravine").theta0(), entries(2))

    @property
    def objective(self) -> Problem:
        """The ravine as a problem of `optcourse.problems`."""
        return landscape("ravine").make(self.kappa)

    @property
    def traces(self) -> dict[str, Trace]:
        """The runs that the figure draws, the chosen method's first."""
        problem = self.objective
        other = "nesterov" if self.method == "momentum" else "momentum"
        return {
            name: run(
                getattr(optcourse, name)(problem.grad, self.theta0, lr=self.lr, beta=self.beta),
                steps=self.steps,
                loss=problem.loss,
            )
            for name in ((self.method, other) if self.both else (self.method,))
        }

    @property
    def rate(self) -> float:
        """The factor by which the error shrinks or grows per step in the long run: the largest modulus."""
        return max(moduli(self.method, self.lr, self.beta, curvature)[0] for curvature in (1.0, self.kappa))

    @property
    def text(self) -> str:
        """What the pair does and how far the runs get; ``told`` in ``momentum_playground.js`` says the same."""
        word = behaviour(self.method, self.lr, self.beta, self.kappa)
        lr, beta = best(self.method, self.kappa)
        runs = " ".join(arrived(name, trace) for name, trace in self.traces.items())
        return (
            f"{NAMES[self.method]}, η = {short(self.lr)}, β = {short(self.beta)}: {WORDS[word]}, "
            f"by a factor of {short(self.rate)} per step in the long run. {runs} "
            f"The best pair here is η = {short(lr)}, β = {short(beta)}."
        )

    def arrows(self) -> Array:
        """Return θ of the step shown, where its memory alone leads, and the next θ, one a row."""
        path = next(iter(self.traces.values())).iterates
        k = max(0, min(self.at, len(path) - 2))
        before = path[max(0, k - 1)]
        after = path[min(k + 1, len(path) - 1)]
        return np.array([path[k], path[k] + self.beta * (path[k] - before), after])

    def picture(self) -> Picture:
        """Draw the paths with the arrows of one step, the plane, the losses and the eigenvalues."""
        from matplotlib.figure import Figure as Picture

        colours, traces = scheme("light"), self.traces
        picture = Picture(figsize=(8, 6.6), layout="constrained")
        (left, right), (low, lower) = picture.subplots(2, 2)
        with np.errstate(over="ignore", invalid="ignore"):
            for name, trace in reversed(traces.items()):  # the chosen method's path last, over the other's
                inks = colours | {"gradient_descent": colours[name]}
                draw_map(left, self.objective, trace, VIEW, inks)
                assert trace.losses is not None
                low.semilogy(np.maximum(trace.losses, 1e-16), color=colours[name], lw=1.4, label=NAMES[name])
            here, lookahead, after = self.arrows()
            for start, end, style in ((here, lookahead, "--"), (lookahead, after, "-")):
                left.annotate("", end, start, arrowprops={"arrowstyle": "->", "ls": style, "color": colours["ink"]})
        low.set(xlabel="step", ylim=(1e-12, None))
        low.set_title("Loss", fontsize=9, color=colours["muted"], loc="left")
        low.legend(fontsize=7)
        self._draw_plane(right, colours)
        self._draw_eigenvalues(lower, colours)
        picture.supxlabel(self.text, fontsize=8, wrap=True)
        return picture

    def _draw_plane(self, axes: Any, colours: dict[str, str]) -> None:
        beta = np.linspace(0, 0.99, 100)
        inner = np.array([glides(self.method, one) for one in beta]) / self.kappa
        outer = np.array([stands(self.method, one) for one in beta]) / self.kappa
        most = max(WIDEST / self.kappa, 1.05 * self.lr)
        edges = (np.zeros(100), inner, outer, np.full(100, most))
        for role, begin, end in zip(("converges", "oscillates", "diverges"), edges, edges[1:], strict=False):
            axes.fill_betweenx(beta, begin, end, color=colours[role], alpha=0.35, lw=0)
        axes.plot(*best(self.method, self.kappa), "*", color=colours["ink"], ms=11)
        axes.plot(self.lr, self.beta, "o", color=colours[self.method], mfc="white", ms=9, mew=2)
        axes.set(xlim=(0, most), ylim=(0, 1), xlabel="η", ylabel="β")
        axes.set_title("What each pair does; ★ the best", fontsize=9, color=colours["muted"], loc="left")
        places = {"glides": (0.02, 0.03), "ripples": (0.3, 0.3), "diverges": (0.8, 0.1)}
        for word, place in places.items():
            axes.annotate(word, place, xycoords="axes fraction", fontsize=8, color=colours["ink"])

    def _draw_eigenvalues(self, axes: Any, colours: dict[str, str]) -> None:
        turn = np.linspace(0, 2 * np.pi, 100)
        axes.plot(np.cos(turn), np.sin(turn), color=colours["edge"], lw=1)
        for curvature, mark, name in ((1.0, "o", "flat"), (self.kappa, "s", "steep")):
            trace, determinant = polynomial(self.method, self.lr, self.beta, curvature)
            values = np.roots([1, -trace, determinant])
            axes.plot(values.real, values.imag, mark, color=colours[self.method], mfc="none", label=name)
        axes.set(aspect="equal", xlim=(-1.4, 1.4), ylim=(-1.2, 1.2))
        axes.set_title("Eigenvalues, and the unit circle", fontsize=9, color=colours["muted"], loc="left")
        axes.legend(fontsize=7)


def arrived(name: str, trace: Trace) -> str:
    """Say how far a run got."""
    assert trace.losses is not None
    near = np.flatnonzero(trace.losses <= ARRIVED)
    if near.size:
        return f"{NAMES[name]}: {near[0]} steps to a loss within 10⁻⁶ of the minimum."
    if trace.reason != "steps":
        return f"{NAMES[name]}: runs away within {trace.steps} steps."
    return f"{NAMES[name]}: a loss of {short(float(trace.losses[-1]))} after {trace.steps} steps."
