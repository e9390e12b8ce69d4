"""Our form of each first-order method beside PyTorch's: the convention table, as data.

A row says which call of ours and which call of PyTorch's make the same iterates, and what has to be changed where the
two libraries mean different things by one name. `record_torch.py` runs PyTorch's side and writes it to `recorded/`;
`test_conventions.py` holds ours against the recording, and, where PyTorch is installed, against PyTorch itself.

To add a method: add rows here, run the recorder (its docstring says how), commit both.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from optcourse import gradient_descent, problems
from optcourse.problems import Problem
from optcourse.streams import Stream

Array = np.ndarray


@dataclass(frozen=True)
class Convention:
    """One correspondence between a stream of ours and an optimiser of PyTorch's.

    Attributes
    ----------
    name : str
        Unique; also the recording's file name.
    ours : function of the problem
        Makes our stream, from ``problem.grad`` and ``problem.start``.
    torch : str
        The optimiser's name in ``torch.optim``.
    settings : dict
        Its keyword arguments.
    problem : function
        Makes the problem.
    steps : int
        How many iterates are compared.
    scheduler : tuple of str and dict, optional
        A class in ``torch.optim.lr_scheduler`` and its arguments; stepped after every optimiser step.
    shifted : function of the iterate, the stream and its step (1, 2, …), optional
        Turns our iterate into the variable that PyTorch stores, where that is another one.
    note : str
        The convention in words, for the table in the book.
    """

    name: str
    ours: Callable[[Problem], Stream]
    torch: str
    settings: dict[str, Any]
    problem: Callable[[], Problem] = problems.rosenbrock
    steps: int = 500
    scheduler: tuple[str, dict[str, Any]] | None = None
    shifted: Callable[[Array, Stream, int], Array] | None = None
    note: str = "the same"

    def fingerprint(self) -> str:
        """What a recording depends on: if it changes, the recording is stale."""
        problem = self.problem()
        facts = {
            "torch": self.torch,
            "settings": self.settings,
            "scheduler": self.scheduler,
            "steps": self.steps,
            "problem": problem.name,
            "start": problem.start.tolist(),
            "gradient at the start": problem.grad(problem.start).round(9).tolist(),
        }
        return json.dumps(facts, sort_keys=True)

    def our_iterates(self) -> Array:
        """Our side: θ₁ … θ_steps, in the variable that PyTorch stores."""
        stream = self.ours(self.problem())
        rows = []
        for step in range(1, self.steps + 1):
            theta = next(stream)
            rows.append(theta if self.shifted is None else self.shifted(theta, stream, step))
        return np.array(rows)

    def their_iterates(self, torch: Any) -> Array:
        """PyTorch's side. The gradient is ours on both sides, so that only the update rules are compared."""
        problem = self.problem()
        theta = torch.tensor(problem.start, dtype=torch.float64, requires_grad=True)
        optimiser = getattr(torch.optim, self.torch)([theta], **self.settings)
        scheduler = None
        if self.scheduler is not None:
            scheduler = getattr(torch.optim.lr_scheduler, self.scheduler[0])(optimiser, **self.scheduler[1])
        rows = []
        for _ in range(self.steps):
            theta.grad = torch.from_numpy(problem.grad(theta.detach().numpy().copy()))
            optimiser.step()
            if scheduler is not None:
                scheduler.step()
            rows.append(theta.detach().numpy().copy())
        return np.array(rows)


CONVENTIONS: tuple[Convention, ...] = (
    # ------------------------------------------------------------------------------ 3.1 gradient descent
    Convention(
        name="gradient_descent_on_a_ravine",
        ours=lambda problem: gradient_descent(problem.grad, problem.start, lr=0.03),
        torch="SGD",
        settings={"lr": 0.03},
        problem=problems.ravine,
    ),
    Convention(
        name="gradient_descent_on_rosenbrock",
        ours=lambda problem: gradient_descent(problem.grad, problem.start, lr=0.001),
        torch="SGD",
        settings={"lr": 0.001},
        problem=problems.rosenbrock,
        steps=1000,
    ),
    Convention(
        name="gradient_descent_on_logistic_regression",
        ours=lambda problem: gradient_descent(problem.grad, problem.start, lr=1.0),
        torch="SGD",
        settings={"lr": 1.0},
        problem=problems.logistic_regression,
    ),
    Convention(
        name="gradient_descent_with_a_decaying_rate",
        ours=lambda problem: gradient_descent(problem.grad, problem.start, lr=lambda step: 0.02 * 0.99**step),
        torch="SGD",
        settings={"lr": 0.02},
        scheduler=("ExponentialLR", {"gamma": 0.99}),
        problem=problems.ravine,
        note="our schedule is a function of the step; PyTorch's scheduler multiplies the rate after every step",
    ),
)
