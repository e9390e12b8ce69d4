"""The schedule explorer of section 3.6: a plan for the rate, and beside it the training that the plan causes."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

import optcourse
from optcourse.arguments import Array, number, one_of, positive, refuse
from optcourse.figures.base import Figure, Setting, short, up_to, within
from optcourse.figures.palette import scheme
from optcourse.streams import Schedule

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture

STEPS = 300
CURVATURE, START = (1.0, 0.05), (2.0, 10.0)  # the chapter's bowl
DRAWS = np.random.default_rng(36).normal(size=(STEPS, 2)).round(3)  # one run's noise, the same wherever it is drawn
HIGHEST, LOUDEST = 4.0, 3.0  # rate and noise


@dataclass(frozen=True)
class Dial:
    """One setting of a schedule, as a slider."""

    label: str
    low: float
    high: float
    start: float
    step: float


LENGTH = Dial("Planned length T", 20, 280, 200, 5)
LOWEST = Dial("Lowest rate / peak", 0, 0.5, 0, 0.01)
PLANS: dict[str, tuple[str, dict[str, Dial]]] = {
    "constant": ("Constant rate", {}),
    "step_decay": (
        "Step decay",
        {"factor": Dial("Factor f", 0.05, 0.95, 0.35, 0.05), "every": Dial("Cut every k steps", 10, 150, 50, 5)},
    ),
    "exponential_decay": ("Exponential decay", {"lam": Dial("Decay λ", 0, 0.1, 0.022, 0.002)}),
    "cosine_annealing": ("Cosine annealing", {"T": LENGTH, "low": LOWEST}),
    "warmup_cosine": (
        "Warm-up and cosine",
        {"T": LENGTH, "warmup": Dial("Warm-up w", 0, 100, 20, 5), "low": LOWEST},
    ),
    "cyclical": (
        "Cyclical rates",
        {
            "low": Dial(LOWEST.label, 0, 0.5, 0.1, 0.01),
            "up": Dial("Steps up", 5, 100, 25, 5),
            "down": Dial("Steps down", 5, 100, 25, 5),
            "factor": Dial("What a peak keeps", 0.3, 1, 1, 0.05),
        },
    ),
    "cosine_restarts": (
        "Cosine restarts",
        {"T": Dial("First cycle T", 10, 150, 50, 5), "growth": Dial("Growth m", 1, 3, 1, 1), "low": LOWEST},
    ),
    "one_cycle": ("One cycle", {"T": LENGTH, "warmup": Dial("Share that climbs", 0.1, 0.9, 0.3, 0.05)}),
}


def peak(name: str, value: Any) -> float:
    """A peak rate that can be drawn."""
    if positive(name, value) > HIGHEST:
        raise refuse(name, value, f"must be at most {HIGHEST:g}: the steep direction explodes above 2")
    return float(value)


def dialled(name: str, value: Any) -> dict[str, dict[str, float]]:
    """Settings that differ from a schedule's own: ``{"cosine_annealing": {"T": 100}}``."""
    for schedule, chosen in dict(value).items():
        known = PLANS[one_of(*PLANS)(name, schedule)][1]
        for dial, set_to in dict(chosen).items():
            if dial not in known or not known[dial].low <= number(name, set_to) <= known[dial].high:
                ranges = ", ".join(f"{key} in [{one.low:g}, {one.high:g}]" for key, one in known.items())
                raise refuse(name, value, f"{schedule} takes {ranges or 'none'}")
    return {schedule: dict(chosen) for schedule, chosen in value.items()}


class ScheduleExplorer(
    Figure,
    files=("schedules.js", "schedule_explorer.js"),
    constants={
        "PLANS": {name: [label, {k: asdict(v) for k, v in dials.items()}] for name, (label, dials) in PLANS.items()},
        "STEPS": STEPS,
        "CURVATURE": CURVATURE,
        "START": START,
        "DRAWS": DRAWS.ravel().tolist(),
        "HIGHEST": HIGHEST,
        "LOUDEST": LOUDEST,
    },
):
    """A schedule with its knobs, the rate at every step, and the training curve that it causes.

    Stochastic gradient descent on a bowl with curvatures 1 and 0.05, 300 steps long. Drawn are one noisy run, always
    with the same noise, and the mean over all noises, which is known exactly.

    Parameters
    ----------
    schedule : str
        ``"constant"`` or one of the section's schedules.
    lr : float
        The peak rate, in (0, 4].
    noise : float
        The standard deviation of the gradient's noise, 0 to 3.
    step : int
        Where the dot stands, 0 to 300.
    settings : dict
        What differs from a schedule's own knobs: ``{"warmup_cosine": {"warmup": 50}}``.

    Examples
    --------
    >>> explorer = ScheduleExplorer(schedule="cosine_annealing", lr=0.5)
    >>> explorer.rates[[0, 100, 200, 300]].round(3)
    array([0.5 , 0.25, 0.  , 0.  ])
    >>> float(explorer.expected[-1].round(4)), float(ScheduleExplorer(schedule="constant").expected[-1].round(3))
    (0.0806, 0.293)
    """

    schedule = Setting(one_of(*PLANS), "cosine_annealing")
    lr = Setting(peak, 0.5)
    noise = Setting(within(0, LOUDEST), 1.0)
    step = Setting(up_to(STEPS, least=0), 100)
    settings_of = Setting(dialled, {})

    def __init__(self, **chosen: Any):
        if "settings" in chosen:
            chosen["settings_of"] = chosen.pop("settings")
        super().__init__(**chosen)

    def chosen(self, schedule: str) -> dict[str, float]:
        """Return a schedule's settings as the package takes them."""
        own = {name: dial.start for name, dial in PLANS[schedule][1].items()} | self.settings_of.get(schedule, {})
        lowest = {"lr_min": own.pop("low") * self.lr} if "low" in own else {}
        if schedule == "warmup_cosine":
            own["warmup"] = min(own["warmup"], own["T"] - 1)
        if schedule == "one_cycle":
            own |= {"start": 25.0, "end": 1e4}
        return {"lr_max" if schedule == "cyclical" else "lr": self.lr} | lowest | own

    def plan(self, schedule: str) -> Schedule:
        """Return a schedule with the present settings, as a function of the step."""
        if schedule == "constant":
            return lambda step: self.lr
        made: Schedule = getattr(optcourse, schedule)(**self.chosen(schedule))
        return made

    @property
    def rates(self) -> Array:
        """The rate at every step, shape (301,)."""
        eta = self.plan(self.schedule)
        return np.array([eta(step) for step in range(STEPS + 1)])

    @property
    def path(self) -> Array:
        """The iterates of the one run that is drawn, shape (301, 2)."""
        draws = iter(DRAWS)
        slope = np.array(CURVATURE)
        descent = optcourse.gradient_descent(
            lambda theta: slope * theta + self.noise * next(draws), np.array(START), lr=self.plan(self.schedule)
        )
        return np.array([START, *islice(descent, STEPS)])

    @property
    def losses(self) -> Array:
        """The losses of that run, shape (301,)."""
        found: Array = 0.5 * self.path**2 @ np.array(CURVATURE)
        return found

    def mean(self, schedule: str) -> Array:
        """Return the expected loss after every step of a schedule: the mean over all noises, exactly."""
        eta, curvature, square, found = self.plan(schedule), np.array(CURVATURE), np.array(START) ** 2, []
        for step in range(STEPS + 1):
            found.append(0.5 * curvature @ square)
            square = (1 - eta(step) * curvature) ** 2 * square + (eta(step) * self.noise) ** 2
        return np.array(found)

    @property
    def expected(self) -> Array:
        """The expected loss after every step, shape (301,)."""
        return self.mean(self.schedule)

    @property
    def text(self) -> str:
        """The rate and the loss where the dot stands, and at the end; ``told`` in ``schedule_explorer.js`` agrees."""
        expected, step = self.expected, self.step
        beside = "" if self.schedule == "constant" else f" (with the peak held: {short(self.mean('constant')[-1])})"
        return (
            f"{PLANS[self.schedule][0]}, peak {short(self.lr)}: at step {step} the rate is {short(self.rates[step])} "
            f"and the expected loss {short(expected[step])}. After {STEPS} steps it is {short(expected[-1])}{beside}."
        )

    def picture(self) -> Picture:
        """Draw the plan and the training it causes."""
        from matplotlib.figure import Figure as Picture

        colours = scheme("light")
        colour, expected, steps = colours[self.schedule], self.expected, np.arange(STEPS + 1)
        picture = Picture(figsize=(8, 3.4), layout="constrained")
        left, right = picture.subplots(1, 2)
        left.plot(steps, self.rates, color=colour, lw=1.8)
        left.plot(self.step, self.rates[self.step], "o", color=colour, ms=7)
        left.set_title("Rate", fontsize=9, color=colours["muted"], loc="left")
        right.semilogy(steps, self.losses, color=colour, lw=0.6, alpha=0.6, label="one run")
        right.semilogy(steps, expected, color=colour, lw=1.8, label="mean of all runs")
        right.semilogy(steps, self.mean("constant"), "--", color=colours["constant"], lw=1.2, label="peak held")
        right.plot(self.step, expected[self.step], "o", color=colour, ms=7)
        right.set_ylim(*bounds([expected, self.mean("constant")]))
        right.set_title("Loss", fontsize=9, color=colours["muted"], loc="left")
        right.legend(fontsize=7)
        for axes in (left, right):
            axes.set_xlabel("step")
            axes.grid(color=colours["grid"], lw=0.6)
        picture.supxlabel(self.text, fontsize=8, wrap=True)
        return picture


def bounds(curves: list[Array]) -> tuple[float, float]:
    """Whole powers of ten around all curves, from 10⁻⁹ to 10⁶ at the most; ``schedule_explorer.js`` has the same."""
    lowest = max(1e-9, min(float(curve.min()) for curve in curves))
    highest = min(1e6, max(float(curve.max()) for curve in curves))
    return 10.0 ** np.floor(np.log10(lowest / 2)), 10.0 ** np.ceil(np.log10(highest))
