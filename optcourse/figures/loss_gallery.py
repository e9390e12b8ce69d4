"""The gallery of losses of section 3.1."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from optcourse import losses
from optcourse.arguments import Array, one_of, positive
from optcourse.figures.base import Figure, Setting, short, some_of, up_to, within
from optcourse.figures.palette import scheme
from optcourse.losses import ExampleLoss

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture

# The eight ordinary examples of each family; the ninth is the reader's.
FAMILIES: dict[str, dict[str, Any]] = {
    "regression": {
        "label": "Regression",
        "at": "residual",
        "letter": "r",
        "axis": "residual r = prediction − target",
        "losses": ["squared", "absolute", "huber"],
        "others": [-0.9, -0.6, -0.4, -0.2, 0.1, 0.3, 0.5, 0.8],
        "home": 3.0,
        "window": [[-4, 4], [0, 8], [-4.4, 4.4]],
    },
    "classification": {
        "label": "Classification",
        "at": "margin",
        "letter": "m",
        "axis": "margin m: lead of the right class",
        "losses": ["logistic", "hinge", "cross_entropy"],
        "others": [-0.4, 0.3, 0.6, 0.9, 1.4, 1.8, 2.3, 3.1],
        "home": -2.5,
        "window": [[-4, 4], [0, 8], [-1.2, 0.2]],
    },
}
LOSSES: dict[str, dict[str, str]] = {
    "squared": {"label": "squared", "formula": "½ r²"},
    "absolute": {"label": "absolute", "formula": "|r|"},
    "huber": {"label": "Huber", "formula": "½ r² up to |r| = δ, then δ|r| − ½ δ²"},
    "logistic": {"label": "logistic", "formula": "log(1 + e⁻ᵐ)"},
    "hinge": {"label": "hinge", "formula": "max(0, 1 − m)"},
    "cross_entropy": {"label": "cross-entropy", "formula": "log(1 + (K − 1) e⁻ᵐ)"},
}
REACH = 4.0
MOST_CLASSES = 50


def threshold(name: str, value: Any) -> float:
    """A δ that can be seen."""
    return within(0.1, REACH)(name, positive(name, value))


class Row(NamedTuple):
    """What one loss does to the reader's example: the numbers of one row of the figure."""

    name: str
    value: float
    slope: float
    curvature: float
    share: float  # of the pull of all nine examples


class LossGallery(
    Figure,
    files=("losses.js", "loss_gallery.js"),
    constants={"FAMILIES": FAMILIES, "LOSSES": LOSSES},
    css=("loss_gallery.css",),
):
    """Six losses of one example: their curves, their slopes, and whom among nine examples the mean gradient obeys.

    Parameters
    ----------
    family : str
        ``"regression"``: losses of the residual r; ``"classification"``: losses of the margin m.
    shown : list of str
        Which losses are drawn, out of ``"squared"``, ``"absolute"``, ``"huber"``, ``"logistic"``, ``"hinge"``,
        ``"cross_entropy"``.
    residual, margin : float
        Where the reader's example lies, between −4 and 4.
    delta : float
        Where Huber's loss turns straight, 0.1 to 4.
    classes : int
        The number of classes of the cross-entropy, 2 to 50.

    Examples
    --------
    >>> gallery = LossGallery(residual=4.0, shown=["squared", "absolute"])
    >>> for row in gallery.rows:
    ...     print(f"{row.name:8} slope {row.slope:.0f}, {row.share:.0%} of the pull of nine examples")
    squared  slope 4, 51% of the pull of nine examples
    absolute slope 1, 11% of the pull of nine examples
    """

    family = Setting(one_of(*FAMILIES), "regression")
    shown = Setting(some_of(*LOSSES), tuple(LOSSES))
    residual = Setting(within(-REACH, REACH), FAMILIES["regression"]["home"])
    margin = Setting(within(-REACH, REACH), FAMILIES["classification"]["home"])
    delta = Setting(threshold, 1.0)
    classes = Setting(up_to(MOST_CLASSES, least=2), 10)

    def loss(self, name: str) -> ExampleLoss:
        """Return one of the losses, with the figure's δ or K."""
        if name == "huber":
            return losses.huber(self.delta)
        if name == "cross_entropy":
            return losses.cross_entropy(self.classes)
        made: ExampleLoss = getattr(losses, name)()
        return made

    @property
    def at(self) -> float:
        """Where the reader's example lies: its residual or its margin."""
        return float(getattr(self, FAMILIES[self.family]["at"]))

    @property
    def drawn(self) -> list[str]:
        """The losses of the family that are shown."""
        return [name for name in FAMILIES[self.family]["losses"] if name in self.shown]

    def pulls(self, name: str) -> Array:
        """Return how hard each of the nine examples pulls, the reader's last: |ℓ′|."""
        return np.abs(self.loss(name).slope(np.array([*FAMILIES[self.family]["others"], self.at])))

    @property
    def rows(self) -> list[Row]:
        """Value, slope and curvature at the reader's example, and its share of all pull."""
        rows = []
        for name in self.drawn:
            loss, pulls = self.loss(name), self.pulls(name)
            value, slope, curvature = (float(part(self.at)) for part in (loss.value, loss.slope, loss.curvature))
            share = float(pulls[-1] / pulls.sum()) if pulls.any() else 0.0
            rows.append(Row(name, value, slope, curvature, share))
        return rows

    @property
    def text(self) -> str:
        """What the figure shows, in words."""
        family = FAMILIES[self.family]
        said = [f"{family['at'].capitalize()} {short(self.at)}."]
        for row in self.rows:
            label = LOSSES[row.name]["label"]
            opening = f"{label[0].upper()}{label[1:]}: loss {short(row.value)}, "
            kink = next((kink for kink in self.loss(row.name).kinks if kink[0] == self.at), None)
            if kink:
                said.append(f"{opening}a kink, every slope from {short(kink[1])} to {short(kink[2])} supports it.")
            else:
                slopes = f"slope {short(row.slope)}, curvature {short(row.curvature)}"
                said.append(f"{opening}{slopes}, {percent(row.share)} of all pull.")
        return " ".join(said) if len(said) > 1 else f"{said[0]} No loss is shown."

    def picture(self) -> Picture:
        """Draw the losses, their slopes, and the pulls of the nine examples."""
        from matplotlib.figure import Figure as Picture

        family, colours = FAMILIES[self.family], scheme("light")
        across, up, slopes = family["window"]
        picture = Picture(figsize=(8, 3.8), layout="constrained")
        left, middle, right = picture.subplots(1, 3, width_ratios=(3, 3, 2))
        for name in self.drawn:
            loss, colour = self.loss(name), colours[name]
            pieces = [across[0], *(kink[0] for kink in loss.kinks), across[1]]
            for low, high in pairwise(pieces):
                t = np.linspace(low + 1e-9, high - 1e-9, 81)
                left.plot(t, loss.value(t), color=colour, lw=1.8, label=LOSSES[name]["label"] if low < -3 else None)
                middle.plot(t, loss.slope(t), color=colour, lw=1.8)
            for place, below, above in loss.kinks:
                middle.plot([place, place], [below, above], "o:", color=colour, mfc="white", ms=5, lw=1.2)
            left.plot(self.at, loss.value(self.at), "o", color=colour, ms=6)
            middle.plot(self.at, loss.slope(self.at), "o", color=colour, ms=6)
            tangent = np.array([-0.8, 0.8])
            left.plot(self.at + tangent, loss.value(self.at) + tangent * loss.slope(self.at), "--", color=colour, lw=1)
        for axes, title, window in ((left, "loss", up), (middle, "slope of the loss", slopes)):
            axes.set_title(title, fontsize=9, color=colours["muted"], loc="left")
            axes.set(xlim=across, ylim=window, xlabel=f"{family['at']} {family['letter']}")
            axes.grid(color=colours["grid"], lw=0.6)
        if self.drawn:
            left.legend(fontsize=8, frameon=False)
        for row, name in enumerate(reversed(self.drawn)):
            pulls = self.pulls(name)
            shares = pulls / (pulls.sum() or 1)
            begins = np.concatenate([[0], np.cumsum(shares)[:-1]])
            alpha = [0.35] * 8 + [1.0]
            for begin, share, strong in zip(begins, shares, alpha, strict=True):
                right.barh(row, share, left=begin, color=colours[name], alpha=strong, ec="white", height=0.5)
        right.set_yticks(range(len(self.drawn)), [LOSSES[name]["label"] for name in reversed(self.drawn)], fontsize=8)
        right.set(xlim=(0, 1), xticks=[0, 0.5, 1], xticklabels=["0", "50 %", "100 %"])
        right.set_title("shares of all pull", fontsize=9, color=colours["muted"], loc="left")
        picture.supxlabel(self.text, fontsize=8, wrap=True)
        return picture


def percent(share: float) -> str:
    """Write a share for people; ``core.js`` has the same rule.

    Examples
    --------
    >>> percent(0.445)
    '45 %'
    """
    return f"{math.floor(100 * share + 0.5)} %"
