"""A figure of 3.5: a penalty inside Adam's gradient, and AdamW's decay, on two weights."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from optcourse.adam import adam, adamw
from optcourse.arguments import Array
from optcourse.figures.base import Figure, Setting, short, within
from optcourse.figures.palette import scheme

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture

STEPS = 400
BETA1, BETA2, EPS = 0.9, 0.999, 1e-8
WEIGHTS = (("large", "vermilion"), ("small", "purple"))  # the size of whose gradients, the line's colour
TITLES = {"adam": "Adam, penalty in the gradient", "adamw": "AdamW"}
SCALES = {"weight_decay": (1e-3, 1.0), "lr": (1e-4, 1e-1), "large": (1e-2, 1e2), "small": (1e-2, 1e2)}


class DecayPlayground(
    Figure,
    files=("problems.js", "rules.js", "first_order.js", "decay_playground.js"),
    constants={
        "STEPS": STEPS,
        "BETAS": {"beta1": BETA1, "beta2": BETA2, "eps": EPS},
        "WEIGHTS": WEIGHTS,
        "TITLES": TITLES,
        "SCALES": SCALES,
    },
):
    """Two weights begin at 1. Their gradients pull nowhere, those of one hard, those of the other gently.

    Adam with a penalty and AdamW are asked for the same decay; only one of them gives both weights what was asked for.

    Parameters
    ----------
    weight_decay : float
        λ, from 0.001 to 1.
    lr : float
        η, from 0.0001 to 0.1.
    large, small : float
        The sizes of the two weights' gradients, from 0.01 to 100; their signs alternate.

    Examples
    --------
    >>> playground = DecayPlayground(weight_decay=0.5, lr=0.01)
    >>> playground.paths["adamw"][-1].round(2), playground.paths["adam"][-1].round(2)
    (array([0.13, 0.13]), array([0.8, 0. ]))
    """

    weight_decay = Setting(within(*SCALES["weight_decay"]), 0.5)
    lr = Setting(within(*SCALES["lr"]), 0.01)
    large = Setting(within(*SCALES["large"]), 10.0)
    small = Setting(within(*SCALES["small"]), 0.1)

    @property
    def asked(self) -> Array:
        """What is left of a weight if it loses the share ηλ at every step."""
        left: Array = (1 - self.lr * self.weight_decay) ** np.arange(STEPS + 1)
        return left

    @property
    def paths(self) -> dict[str, Array]:
        """Both weights by method, one row a step."""
        sizes, lam, begin = np.array([self.large, self.small]), self.weight_decay, np.ones(2)
        pull = itertools.cycle((sizes, -sizes))
        penalised = adam(lambda theta: next(pull) + lam * theta, begin, self.lr, BETA1, BETA2, EPS)
        rows = {"adam": np.array([begin, *itertools.islice(penalised, STEPS)])}
        pull = itertools.cycle((sizes, -sizes))
        decayed = adamw(lambda theta: next(pull), begin, self.lr, BETA1, BETA2, EPS, lam)
        return rows | {"adamw": np.array([begin, *itertools.islice(decayed, STEPS)])}

    @property
    def text(self) -> str:
        """What is left of the weights; ``told`` in ``decay_playground.js`` says the same."""
        ends = {name: " and ".join(map(short, path[-1])) for name, path in self.paths.items()}
        return (
            f"λ = {short(self.weight_decay)}, η = {short(self.lr)}, gradients ±{short(self.large)} and "
            f"±{short(self.small)}. Of a weight of 1 there should be left {short(self.asked[-1])} after {STEPS} steps. "
            f"Adam with the penalty leaves {ends['adam']}, AdamW {ends['adamw']}."
        )

    def picture(self) -> Picture:
        """Draw both weights, once a method."""
        from matplotlib.figure import Figure as Picture

        colours = scheme("light")
        picture = Picture(figsize=(8, 3.4), layout="constrained")
        panels = picture.subplots(1, 2, sharey=True)
        for axes, (name, path) in zip(panels, self.paths.items(), strict=True):
            for (size, colour), weight in zip(WEIGHTS, path.T, strict=True):
                axes.plot(weight, color=colours[colour], lw=1.5, label=f"gradients ±{short(getattr(self, size))}")
            axes.plot(self.asked, "--", color=colours["muted"], lw=1, label="asked for")
            axes.set(xlabel="step")
            axes.set_title(TITLES[name], fontsize=9, color=colours["muted"], loc="left")
            axes.grid(color=colours["grid"], lw=0.6)
        panels[0].legend(fontsize=7)
        picture.supxlabel(self.text, fontsize=8, wrap=True)
        return picture
