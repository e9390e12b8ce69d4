"""The early-stopping playground of section 3.6: when patience ends a run, what it hands back, what decay changes."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from optcourse.arguments import Array, number, refuse
from optcourse.figures.base import Figure, Point, Setting, short, up_to
from optcourse.figures.palette import scheme
from optcourse.schedules import early_stopping
from optcourse.stochastic import sgd
from optcourse.streams import run

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture

STEPS, MOST = 240, 60
LAMS = (0.0, 0.003, 0.01, 0.03, 0.1, 0.3)
HIGHEST = 0.4  # of the losses that are drawn


def bumps(x: Array) -> Array:
    """25 narrow bumps side by side, a column each."""
    found: Array = np.exp(-(((x[:, None] - np.linspace(-1.2, 1.2, 25)) / 0.15) ** 2))
    return found


@cache
def curves() -> Array:
    """Return the training and the validation loss at every step for each decay, shape (6, 2, 241).

    Twenty noisy points of a sine are fitted by SGD, and forty others judge the fit. The losses are rounded to single
    precision, in which the page carries them, so that both sides compare the same numbers.
    """
    rng = np.random.default_rng(2)
    (X, y), (V, w) = ((bumps(x := rng.uniform(-1, 1, n)), np.sin(3 * x) + 0.4 * rng.normal(size=n)) for n in (20, 40))
    found = []
    for lam in LAMS:

        def slope(theta: Array, batch: Array, lam: float = lam) -> Array:
            residual = X[batch] @ theta - y[batch]
            decayed: Array = X[batch].T @ residual / len(batch) + lam * theta
            return decayed

        descent = sgd(slope, np.zeros(25), n=20, lr=0.1, batch_size=4, rng=np.random.default_rng(1))
        path = run(descent, steps=STEPS).iterates
        found.append([((path @ X.T - y) ** 2).mean(axis=1) / 2, ((path @ V.T - w) ** 2).mean(axis=1) / 2])
    return np.array(found).astype(np.float32).astype(float)


def decay(name: str, value: Any) -> float:
    """A weight decay for which the run is there."""
    if number(name, value) not in LAMS:
        raise refuse(name, value, f"must be one of {', '.join(map(str, LAMS))}")
    return float(value)


class EarlyStoppingPlayground(
    Figure,
    files=("early_stopping_playground.js",),
    constants={"STEPS": STEPS, "MOST": MOST, "LAMS": LAMS, "HIGHEST": HIGHEST},
):
    """Training and validation loss of one run, where early stopping ends it, and the iterate that it hands back.

    Parameters
    ----------
    patience : int
        How many steps in a row may bring no improvement, 1 to 60.
    lam : float
        The weight decay: 0, 0.003, 0.01, 0.03, 0.1 or 0.3.

    Examples
    --------
    >>> EarlyStoppingPlayground(patience=1).stopped, EarlyStoppingPlayground(patience=30).stopped
    ((20, 19), (94, 64))
    """

    patience = Setting(up_to(MOST), 10)
    lam = Setting(decay, 0.0)
    _data = Point(np.zeros(0), single=True)

    def __init__(self, **chosen: Any):
        super().__init__(**({"_data": curves().ravel()} | chosen))

    @property
    def training(self) -> Array:
        """The training loss at every step, shape (241,)."""
        found: Array = curves()[LAMS.index(self.lam), 0]
        return found

    @property
    def validation(self) -> Array:
        """The validation loss at every step, shape (241,)."""
        found: Array = curves()[LAMS.index(self.lam), 1]
        return found

    @property
    def stopped(self) -> tuple[int, int]:
        """At which step the run ends, and which it hands back."""
        steps = early_stopping(np.arange(STEPS + 1.0), lambda step: float(self.validation[int(step)]), self.patience)
        *_, last = steps
        return int(last), int(steps.state["best"])

    @property
    def text(self) -> str:
        """Where it stops and what that costs; ``told`` in ``early_stopping_playground.js`` says the same."""
        stop, best = self.stopped
        lowest = int(np.argmin(self.validation))
        other = f"step {lowest} would have {short(self.validation[lowest])}"
        return (
            f"Patience {self.patience}, weight decay {short(self.lam)}: stops at step {stop} and hands back step "
            f"{best}, validation loss {short(self.validation[best])}; "
            f"{'the lowest of the run' if best == lowest else other}."
        )

    def picture(self) -> Picture:
        """Draw both losses, the end and what is handed back."""
        from matplotlib.figure import Figure as Picture

        colours, (stop, best) = scheme("light"), self.stopped
        picture = Picture(figsize=(8, 3.4), layout="constrained")
        axes = picture.subplots()
        axes.axvspan(best, stop, color=colours["grid"], label="waiting")
        for losses, name, label in ((self.training, "blue", "training"), (self.validation, "vermilion", "validation")):
            axes.plot(losses, color=colours[name], lw=1, alpha=0.35)
            axes.plot(losses[: stop + 1], color=colours[name], lw=1.8, label=label)
        axes.plot(best, self.validation[best], "*", color=colours["green"], ms=13, label="handed back")
        axes.set(xlim=(0, STEPS), ylim=(0, HIGHEST), xlabel="step", ylabel="loss")
        axes.grid(color=colours["grid"], lw=0.6)
        axes.legend(fontsize=8)
        picture.supxlabel(self.text, fontsize=8, wrap=True)
        return picture
