"""Our schedules beside PyTorch's, step for step, as data."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import optcourse

STEPS = 501


@dataclass(frozen=True)
class ScheduleRow:
    """One schedule of ours, and a function of (torch, optimiser) that makes PyTorch's."""

    name: str
    ours: Callable[[int], float]
    theirs: Callable[[Any, Any], Any]
    base: float = 0.1
    steps: int = STEPS

    def our_rates(self) -> np.ndarray:
        return np.array([self.ours(step) for step in range(self.steps)])

    def their_rates(self, torch: Any) -> np.ndarray:
        optimiser = torch.optim.SGD([torch.zeros(1, dtype=torch.float64)], lr=self.base, momentum=0.9)
        rates = []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # PyTorch's own SequentialLR uses an argument PyTorch deprecates
            scheduler = self.theirs(torch.optim.lr_scheduler, optimiser)
            for _ in range(self.steps):
                rates.append(float(optimiser.param_groups[0]["lr"]))
                optimiser.step()
                scheduler.step()
        return np.array(rates)


def warm_up_and_cosine(lib: Any, optimiser: Any) -> Any:
    return lib.SequentialLR(
        optimiser,
        [lib.LinearLR(optimiser, 1e-300, total_iters=50), lib.CosineAnnealingLR(optimiser, T_max=460)],
        milestones=[50],
    )


SCHEDULES: tuple[ScheduleRow, ...] = (
    ScheduleRow(
        "step_decay", optcourse.step_decay(0.1, 0.7, 60), lambda lib, o: lib.StepLR(o, step_size=60, gamma=0.7)
    ),
    ScheduleRow(
        "exponential_decay",
        optcourse.exponential_decay(0.1, 0.003),
        lambda lib, o: lib.ExponentialLR(o, gamma=math.exp(-0.003)),
    ),
    ScheduleRow(
        "cosine_annealing",
        optcourse.cosine_annealing(0.1, STEPS - 1, 0.01),
        lambda lib, o: lib.CosineAnnealingLR(o, T_max=STEPS - 1, eta_min=0.01),
    ),
    ScheduleRow(
        "cosine_restarts",
        optcourse.cosine_restarts(0.1, 40, 2, 0.01),
        lambda lib, o: lib.CosineAnnealingWarmRestarts(o, T_0=40, T_mult=2, eta_min=0.01),
    ),
    ScheduleRow("warmup_cosine", optcourse.warmup_cosine(0.1, 510, 50), warm_up_and_cosine),
    ScheduleRow(
        "cyclical",
        optcourse.cyclical(0.01, 0.1, 30, 45),
        lambda lib, o: lib.CyclicLR(o, 0.01, 0.1, step_size_up=30, step_size_down=45, cycle_momentum=False),
    ),
    ScheduleRow(
        "cyclical_with_halved_peaks",
        optcourse.cyclical(0.01, 0.1, 30, factor=0.5),
        lambda lib, o: lib.CyclicLR(o, 0.01, 0.1, step_size_up=30, mode="triangular2", cycle_momentum=False),
    ),
    ScheduleRow(
        "one_cycle",
        optcourse.one_cycle(0.1, STEPS + 1, 0.25, 20.0, 1e3),
        lambda lib, o: lib.OneCycleLR(
            o, 0.1, STEPS + 1, pct_start=0.25, div_factor=20.0, final_div_factor=1e3, cycle_momentum=False
        ),
    ),
)
