"""What one run of a method left behind: its path, the record of it, and why it stopped."""

from __future__ import annotations

import html
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from optcourse.arguments import Array, norm, refuse, shown

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from optcourse.problems import Problem

# The palette of the course (Okabe–Ito), in the order a picture uses it: told apart by colour-blind readers too.
PATH, LOSS, SLOPE = "#0072b2", "#d55e00", "#009e73"


@dataclass(frozen=True, eq=False)
class Trace:
    """The record of a `run`.

    Attributes
    ----------
    method : str
        Who made the iterates.
    iterates : array, shape (k + 1, *theta.shape)
        θ₀, θ₁, …, θ_k.
    losses, grad_norms, certificates : array of shape (k + 1,), or None if not asked for
    kept : dict of arrays with k rows
        The method's own variables that `run` was asked to keep, after each step.
    evaluations : dict
        How often the method called each function it was given.
    seconds : float
        Wall time spent inside the method.
    reason : str
        Why the run stopped; see `optcourse.run`.
    message : str
        More about the reason, where there is more to say.
    """

    method: str
    iterates: Array
    losses: Array | None = None
    grad_norms: Array | None = None
    certificates: Array | None = None
    kept: dict[str, Array] = field(default_factory=dict)
    evaluations: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    reason: str = "steps"
    message: str = ""

    @property
    def steps(self) -> int:
        """How many steps were taken."""
        return len(self.iterates) - 1

    @property
    def theta(self) -> Array:
        """The last iterate.

        Raises
        ------
        ValueError
            If there is none: nothing was yielded, or the first was no number.
        """
        self._refuse_emptiness()
        return self.iterates[-1][()]

    def _refuse_emptiness(self) -> None:
        if self.steps < 0:
            ended = f"{self.reason} ({self.message})" if self.message else self.reason
            raise refuse("iterates", self.iterates, f"must hold at least one theta, but the run ended at once: {ended}")

    @property
    def converged(self) -> bool:
        """Whether the certificate reached the tolerance."""
        return self.reason == "converged"

    def _facts(self) -> dict[str, str]:
        facts = {"method": self.method, "stopped": self.reason + (f" ({self.message})" if self.message else "")}
        if self.steps < 0:
            return facts
        facts["steps"] = str(self.steps)
        facts["theta"] = np.array2string(np.asarray(self.theta), precision=6, threshold=8)
        for name, record in (("loss", self.losses), ("‖grad‖", self.grad_norms), ("certificate", self.certificates)):
            if record is not None:
                facts[name] = f"{record[0]:.6g} → {record[-1]:.6g}"
        if self.evaluations:
            facts["evaluations"] = ", ".join(f"{count} {name}" for name, count in self.evaluations.items())
        facts["time"] = f"{1e3 * self.seconds:.2f} ms"
        return facts

    def __repr__(self) -> str:
        return "\n".join(f"{name:>11}  {value}" for name, value in self._facts().items())

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th scope='row' style='text-align:left'>{html.escape(name)}</th>"
            f"<td style='text-align:left'>{html.escape(value)}</td></tr>"
            for name, value in self._facts().items()
        )
        return f"<table class='optcourse-trace'><tbody>{rows}</tbody></table>"

    def plot(self, problem: Problem | None = None) -> Figure:
        """Draw the path (over the problem's contours, if θ is a plane vector) and what was recorded against the step.

        Parameters
        ----------
        problem : Problem, optional
            Whose contours and window to draw below the path of a two-dimensional θ.

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        ValueError
            If there is no iterate to draw.
        """
        from matplotlib.figure import Figure

        self._refuse_emptiness()
        records = self._records()
        figure = Figure(figsize=(8, 3.4), layout="constrained")
        left, right = figure.subplots(1, 2)
        self._draw_path(left, problem)
        for (label, values), colour in zip(records.items(), (LOSS, SLOPE, PATH), strict=False):
            positive = np.where(values > 0, values, np.nan)
            right.semilogy(positive, color=colour, label=label)
        right.set(xlabel="step", title=f"{self.method}: {shown(self.reason, 40)}")
        if records:
            right.legend(frameon=False)
        return figure

    def _records(self) -> dict[str, Array]:
        named = {"loss": self.losses, "‖gradient‖": self.grad_norms, "certificate": self.certificates}
        found = {label: values for label, values in named.items() if values is not None}
        if found or self.steps == 0:
            return found
        moved = np.diff(self.iterates.reshape(len(self.iterates), -1), axis=0)
        return {"length of the step": np.array([norm(step) for step in moved])}

    def _draw_path(self, axes: Any, problem: Problem | None) -> None:
        path = self.iterates.reshape(len(self.iterates), -1)
        if path.shape[1] != 2:
            axes.plot(path[:, :10], lw=1)
            axes.set(xlabel="step", ylabel="θ")
            return
        if problem is not None:
            (x0, x1), (y0, y1) = problem.window
            x, y = np.meshgrid(np.linspace(x0, x1, 120), np.linspace(y0, y1, 120))
            values = problem.loss(np.stack([x, y], axis=-1))
            lifted = values - values.min()
            axes.contour(x, y, np.log1p(lifted), levels=18, linewidths=0.6, colors="0.6")
            axes.set(xlim=(x0, x1), ylim=(y0, y1))
        axes.plot(*path.T, ".-", color=PATH, ms=4, lw=1)
        axes.plot(*path[0], "o", color=PATH, mfc="white")
        axes.plot(*path[-1], "*", color=LOSS, ms=10)
        axes.set(xlabel="θ₁", ylabel="θ₂")
