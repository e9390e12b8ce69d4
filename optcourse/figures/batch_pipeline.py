"""From the data to a step, section 3.2: deal a batch, ask each example, average, step; one stage after the other."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from optcourse.arguments import Array
from optcourse.figures.base import Figure, Setting, short, up_to, within
from optcourse.figures.minibatch_playground import POINTS_CONSTANTS, POINTS_FILES, PROBLEM, N, X, Y, grad_i
from optcourse.figures.palette import scheme
from optcourse.stochastic import minibatches, sgd

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture

STEPS, MOST = 8, 8  # with batches of 8 one epoch, whose last batch has 4
STAGES = ("deal", "ask", "average", "step")
BEGIN = (PROBLEM.minimisers[0] + [-1.6, 1.2]).round(3).tolist()


class BatchPipeline(
    Figure,
    files=(*POINTS_FILES, "batch_pipeline.js"),
    css=("race.css",),
    constants={**POINTS_CONSTANTS, "STEPS": STEPS, "MOST": MOST, "STAGES": STAGES, "BEGIN": BEGIN},
):
    """Eight steps of SGD on sixty points, each in four stages, with the numbers of the batch.

    Parameters
    ----------
    batch_size : int
        B, from 1 to 8.
    lr : float
        η, from 0.01 to 1.
    stage : int
        How many stages are done, 1 to 32, four a step: deal, ask, average, step.

    Examples
    --------
    >>> BatchPipeline(stage=3).text
    'Step 1, average: the mean of the 8 gradients is (−1.05, 0.562); of all 60 it would be (−0.904, 0.669).'
    """

    batch_size = Setting(up_to(MOST), 8)
    lr = Setting(within(0.01, 1.0), 0.5)
    stage = Setting(up_to(4 * STEPS), 4)

    @property
    def path(self) -> Array:
        """The iterates, shape (9, 2)."""
        descent = sgd(grad_i, np.array(BEGIN), N, self.lr, self.batch_size, np.random.default_rng(0))
        return np.array([BEGIN, *islice(descent, STEPS)])

    @property
    def at(self) -> int:
        """The step that is taken apart, from 0."""
        return (self.stage - 1) // 4

    @property
    def batch(self) -> Array:
        """The examples that are asked in this step."""
        dealt = minibatches(N, self.batch_size, np.random.default_rng(0))
        found: Array = next(islice(dealt, self.at, None))
        return found

    @property
    def gradients(self) -> Array:
        """The gradient of each of them, shape (B, 2)."""
        return np.array([grad_i(self.path[self.at], np.array([i])) for i in self.batch])

    @property
    def text(self) -> str:
        """What the present stage does, with its numbers; ``told`` in ``batch_pipeline.js`` says the same."""
        here, after, batch = self.path[self.at], self.path[self.at + 1], self.batch
        mean, exact = grad_i(here, batch), PROBLEM.grad(here)
        name = STAGES[(self.stage - 1) % 4]
        many = "its gradient" if len(batch) == 1 else f"the mean of the {len(batch)} gradients"
        lengths = np.hypot(*self.gradients.T)
        said = {
            "deal": f"the next {len(batch)} of the {N} shuffled examples: {', '.join(str(i + 1) for i in batch)}.",
            "ask": f"each example answers with its own gradient at θ = {_pair(here)}, of length "
            f"{short(lengths.min())} to {short(lengths.max())}.",
            "average": f"{many} is {_pair(mean)}; of all {N} it would be {_pair(exact)}.",
            "step": f"θ goes from {_pair(here)} to {_pair(here)} − {short(self.lr)} · {_pair(mean)} = {_pair(after)}. "
            f"The loss of all {N} goes from {short(PROBLEM.loss(here))} to {short(PROBLEM.loss(after))}.",
        }
        return f"Step {self.at + 1}, {name}: {said[name]}"

    def picture(self) -> Picture:
        """Draw the four stages of the step."""
        from matplotlib.figure import Figure as Picture

        colours, here, batch, each = scheme("light"), self.path[self.at], self.batch, self.gradients
        mean, exact = each.mean(axis=0), PROBLEM.grad(here)
        picture = Picture(figsize=(8, 7.2), layout="constrained")
        (data, ask), (average, step) = picture.subplots(2, 2)
        data.plot(X[:, 1], Y, ".", color=colours["edge"], ms=5)
        data.plot(X[batch, 1], Y[batch], "o", color=colours["sgd"], ms=7)
        data.set(xlabel="feature", ylabel="target")
        arrows = {"angles": "xy", "scale_units": "xy", "scale": 1}
        ask.quiver(*np.zeros((2, len(each))), *each.T, color=colours["sgd"], width=0.006, **arrows)
        average.quiver(0, 0, *exact, color=colours["gradient_descent"], width=0.012, **arrows)
        average.quiver(0, 0, *mean, color=colours["sgd"], width=0.012, **arrows)
        for axes, reach in ((ask, 1.15 * np.abs(each).max()), (average, 1.6 * np.abs([mean, exact]).max())):
            axes.set(xlim=(-reach, reach), ylim=(-reach, reach), xlabel="∂/∂θ₁", ylabel="∂/∂θ₂")
        (left, right), (low, high) = PROBLEM.window
        across, up = np.meshgrid(np.linspace(left, right, 60), np.linspace(low, high, 60))
        values = PROBLEM.loss(np.stack([across, up], -1))
        step.contour(across, up, values, 12, colors=colours["contour"], linewidths=0.6)
        step.plot(*self.path[: self.at + 2].T, "o-", color=colours["sgd"], ms=4)
        step.plot(*PROBLEM.minimisers.T, "*", color=colours["green"], ms=11)
        step.set(xlabel="θ₁", ylabel="θ₂")
        for number, (axes, title) in enumerate(zip((data, ask, average, step), STAGES, strict=True), start=1):
            axes.set_title(f"{number} · {title}", fontsize=9, color=colours["muted"], loc="left")
        picture.supxlabel(self.text, fontsize=8, wrap=True)
        return picture


def _pair(theta: Array) -> str:
    return f"({short(theta[0])}, {short(theta[1])})"
