"""The playground of 3.5: Adam, Adamax or Nadam on a landscape, with bias correction on or off."""

from __future__ import annotations

import numpy as np

from optcourse.arguments import Array, Gradient, flag, one_of
from optcourse.figures.adaptive_playground import MethodPlayground, offering
from optcourse.figures.base import Setting
from optcourse.figures.methods import METHOD_CONSTANTS
from optcourse.streams import Iterates, run, stream
from optcourse.trace import Trace

FAMILY = ("adam", "adamax", "nadam")


@stream()
def without_correction(grad: Gradient, theta: Array, lr: float, beta1: float, beta2: float, eps: float) -> Iterates:
    """Adam with the mistake that the figure shows: both averages are used as they are."""
    first_moment = second_moment = np.zeros_like(theta)
    while True:
        g = grad(theta)
        first_moment = beta1 * first_moment + (1 - beta1) * g
        second_moment = beta2 * second_moment + (1 - beta2) * (g * g)
        theta = theta - lr * first_moment / (np.sqrt(second_moment) + eps)
        yield theta


class AdamPlayground(MethodPlayground, **offering(*FAMILY, title="Adam", correctable=("adam",))):
    """Adam, Adamax or Nadam: drag the start, move η, β₁, β₂ and ε, switch Adam's bias correction off and on.

    Parameters
    ----------
    problem : str
        A landscape of `ObjectiveGallery`.
    method : str
        ``"adam"``, ``"adamax"`` or ``"nadam"``.
    corrected : bool
        Whether Adam corrects its averages for their empty start.
    settings : dict
        What differs from a method's own settings here: ``{"adam": {"beta2": 0.9}}``.
    kappa, steps, theta0
        As for `DescentPlayground`.

    Examples
    --------
    >>> first = [abs(AdamPlayground(corrected=on, steps=10).trace.iterates[1] - [-1.8, 1.0]) for on in (True, False)]
    >>> (first[1] / first[0]).round(2)  # the uncorrected first step is too long
    array([3.16, 3.16])
    """

    problem = Setting(one_of(*METHOD_CONSTANTS["FACTS"]), "quadratic")
    method = Setting(one_of(*FAMILY), "adam")
    corrected = Setting(flag, True)

    @property
    def corrects(self) -> bool:
        """Whether the method shown corrects its averages."""
        return bool(self.corrected or self.method != "adam")

    @property
    def who(self) -> str:
        """What the method is called."""
        return super().who + ("" if self.corrects else " without bias correction")

    def race(self, method: str, keep: tuple[str, ...] = ()) -> Trace:
        """Run a method from the figure's start with its settings here."""
        if method != "adam" or self.corrects:
            return super().race(method, keep)
        problem, own = self.objective, self.chosen("adam")
        return run(without_correction(problem.grad, self.theta0, **own), steps=self.steps, loss=problem.loss, keep=keep)

    @property
    def rates(self) -> Array:
        """The effective rate of each coordinate, one row a step: what multiplies the corrected average."""
        if self.corrects:
            return super().rates
        own, second = self.chosen("adam"), self.trace.kept["second_moment"]
        weight = 1 - own["beta1"] ** np.arange(1, len(second) + 1)[:, None]
        rates: Array = own["lr"] * weight / (np.sqrt(second) + own["eps"])
        return rates
