"""Our form of each first-order method beside PyTorch's: the convention table, as data.

A row says which call of ours and which call of PyTorch's make the same iterates, and what has to be changed where the
two libraries mean different things by one name. `record_torch.py` runs PyTorch's side and writes it to `recorded/`;
`test_conventions.py` holds ours against the recording, and, where PyTorch is installed, against PyTorch itself.

To add a method: add rows here, run the recorder (its docstring says how), commit both.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from optcourse import (
    adadelta,
    adagrad,
    adam,
    adamax,
    adamw,
    gradient_descent,
    minibatches,
    momentum,
    nadam,
    nesterov,
    one_cycle,
    problems,
    rmsprop,
    sgd,
)
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
            "start": problem.start.round(9).tolist(),  # a start may itself be computed, to the last bit or so
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
        # NAdam keeps its running product in PyTorch's default precision: without this it is right to 1e-7 only.
        default = torch.get_default_dtype()
        torch.set_default_dtype(torch.float64)
        try:
            return self._their_iterates(torch)
        finally:
            torch.set_default_dtype(default)

    def _their_iterates(self, torch: Any) -> Array:
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


def first_times(factor: float, grad: Callable[[Array], Array]) -> Callable[[Array], Array]:
    """The same gradient, but for a factor at its first call."""
    factors = itertools.chain([factor], itertools.repeat(1.0))
    return lambda theta: next(factors) * grad(theta)


def batch_gradient(theta: Array, batch: Array) -> Array:
    """The mean gradient of ½(xᵢᵀθ − yᵢ)² over a batch of 50 fixed examples."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 2))
    y = X @ [1.0, -2.0] + rng.normal(size=50)
    return X[batch].T @ (X[batch] @ theta - y[batch]) / len(batch)


def noisy_least_squares() -> Problem:
    """A problem whose gradient is of the next mini-batch at every call: the order that `sgd` takes with this rng."""
    batches = minibatches(50, 8, np.random.default_rng(7))
    return dataclasses.replace(
        problems.ravine(),
        name="noisy_least_squares",
        start=np.array([3.0, 3.0]),
        grad=lambda theta: batch_gradient(theta, next(batches)),
    )


LAM = 0.1  # the penalty of `adam_with_a_penalty`

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
    # ------------------------------------------------------------------------------------- 3.2 stochastic
    Convention(
        name="sgd_on_mini_batches",
        ours=lambda problem: sgd(batch_gradient, problem.start, 50, 0.05, 8, np.random.default_rng(7)),
        torch="SGD",
        settings={"lr": 0.05},
        problem=noisy_least_squares,
        note="the rule is the same; the order of the examples comes from each side's own generator (here: ours)",
    ),
    # ------------------------------------------------------------------------- 3.3 momentum and Nesterov
    Convention(
        name="momentum_on_rosenbrock",
        ours=lambda problem: momentum(problem.grad, problem.start, lr=3e-4, beta=0.9),
        torch="SGD",
        settings={"lr": 3e-4, "momentum": 0.9},
    ),
    Convention(
        name="momentum_with_one_cycle",
        ours=lambda problem: momentum(problem.grad, problem.start, lr=one_cycle(0.01, 502), beta=0.8),
        torch="SGD",
        settings={"lr": 0.01, "momentum": 0.8},
        scheduler=("OneCycleLR", {"max_lr": 0.01, "total_steps": 502, "cycle_momentum": False}),
        problem=problems.ravine,
        note="equal when η changes too: both multiply the velocity by today's η (not the folded form)",
    ),
    Convention(
        name="momentum_with_dampening",
        ours=lambda problem: momentum(first_times(1 / (1 - 0.9), problem.grad), problem.start, 0.1 * 3e-3, 0.9),
        torch="SGD",
        settings={"lr": 3e-3, "momentum": 0.9, "dampening": 0.9},
        note="a mean of gradients where ours is a sum; PyTorch takes the first gradient whole",
    ),
    Convention(
        name="nesterov_on_rosenbrock",
        ours=lambda problem: nesterov(problem.grad, problem.start, lr=3e-4, beta=0.9),
        torch="SGD",
        settings={"lr": 3e-4, "momentum": 0.9, "nesterov": True},
        shifted=lambda theta, stream, step: theta - 3e-4 * 0.9 * stream.state["velocity"],
        note="PyTorch stores θ − ηβv, our next look-ahead while η and β are constant",
    ),
    # ------------------------------------------------------------------ 3.4 AdaGrad, RMSProp, AdaDelta
    Convention(
        name="adagrad_on_rosenbrock",
        ours=lambda problem: adagrad(problem.grad, problem.start, lr=0.3),
        torch="Adagrad",
        settings={"lr": 0.3},
    ),
    Convention(
        name="rmsprop_on_himmelblau",
        ours=lambda problem: rmsprop(problem.grad, problem.start, lr=0.003, rho=0.95),
        torch="RMSprop",
        settings={"lr": 0.003, "alpha": 0.95},
        problem=problems.himmelblau,
        note="PyTorch calls ρ alpha; ε outside the root",
    ),
    Convention(
        name="adadelta_on_logistic_regression",
        ours=lambda problem: adadelta(problem.grad, problem.start, rho=0.9),
        torch="Adadelta",
        settings={"lr": 1.0, "rho": 0.9, "eps": 1e-6},
        problem=problems.logistic_regression,  # Rosenbrock's ravine grows one rounding to 1e-4 in 300 of these steps
        note="PyTorch keeps a global lr, here 1; ours has none",
    ),
    # ----------------------------------------------------------------------------- 3.5 the Adam family
    Convention(
        name="adam_on_rosenbrock",
        ours=lambda problem: adam(problem.grad, problem.start, lr=0.01),
        torch="Adam",
        settings={"lr": 0.01},
    ),
    Convention(
        name="adam_with_a_penalty",
        ours=lambda problem: adam(lambda theta: problem.grad(theta) + LAM * theta, problem.start, lr=0.01),
        torch="Adam",
        settings={"lr": 0.01, "weight_decay": LAM},
        note="PyTorch's weight_decay in Adam is a penalty in the gradient",
    ),
    Convention(
        name="adam_with_amsgrad",
        ours=lambda problem: adam(problem.grad, problem.start, lr=0.05, beta2=0.9, amsgrad=True),
        torch="Adam",
        settings={"lr": 0.05, "betas": (0.9, 0.9), "amsgrad": True},
        note="both correct the largest second moment by today's 1 − β₂ᵗ; the paper does not",
    ),
    Convention(
        name="adamw_with_warm_up",
        ours=lambda problem: adamw(problem.grad, problem.start, lr=one_cycle(0.02, 502), weight_decay=0.1),
        torch="AdamW",
        settings={"lr": 0.02, "weight_decay": 0.1},
        scheduler=("OneCycleLR", {"max_lr": 0.02, "total_steps": 502, "cycle_momentum": False}),
        note="the decay per step is ηλ, so the schedule drives it",
    ),
    Convention(
        name="adamax_on_rosenbrock",
        ours=lambda problem: adamax(problem.grad, problem.start, lr=0.01),
        torch="Adamax",
        settings={"lr": 0.01},
        note="ε inside the maximum",
    ),
    Convention(
        name="nadam_in_the_schedule_form",
        ours=lambda problem: nadam(problem.grad, problem.start, lr=0.01, momentum_decay=0.004),
        torch="NAdam",
        settings={"lr": 0.01},
        note="PyTorch's default, μₜ = β₁(1 − ½·0.96^(0.004 t))",
    ),
    Convention(
        name="nadam_in_the_constant_form",
        ours=lambda problem: nadam(problem.grad, problem.start, lr=0.01),
        torch="NAdam",
        settings={"lr": 0.01, "momentum_decay": 1e6},
        note="our default, μₜ = β₁; PyTorch has it as the limit of a huge momentum_decay",
    ),
)
