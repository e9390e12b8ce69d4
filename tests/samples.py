"""Good and bad arguments for every method of the course, by name: tests over the catalogue draw from here.

One name means one thing in every method, so a new method is covered as soon as its row is in the catalogue. A method
with an argument of its own, or with another meaning of a name, adds an entry to `OWN`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from optcourse import gradient_descent
from optcourse.catalogue import Method
from optcourse.convexity import QuadraticProgram
from optcourse.linear_programming import LinearProgram

CURVATURE = np.array([[3.0, 1.0], [1.0, 2.0]])
THETA = np.array([1.0, -2.0])
DATA = np.array([[1.0, 0.5], [1.0, -1.0], [1.0, 2.0], [1.0, 0.0], [-1.0, 1.0]])


def loss(theta):
    return 0.5 * theta @ CURVATURE @ theta


def grad(theta):
    return CURVATURE @ theta


def polygon():
    return LinearProgram(c=[-3.0, -2.0], A_ub=[[1.0, 1.0], [2.0, 1.0]], b_ub=[4.0, 5.5])


def program():
    return QuadraticProgram(Q=CURVATURE, c=[-1.0, 0.0], A_eq=[[1.0, 1.0]], b_eq=[1.0])


# Each is made afresh, so that no test sees what another has done to it.
GOOD: dict[str, Callable[[], Any]] = {
    "theta": THETA.copy,
    "loss": lambda: loss,
    "losses": lambda: lambda population: np.sum(np.asarray(population) ** 2, axis=-1),
    "f": lambda: loss,
    "grad": lambda: grad,
    "grad_i": lambda: lambda theta, i: np.mean(DATA[i] @ theta) * np.ones(2),
    "hess": lambda: lambda theta: CURVATURE.copy(),
    "hvp": lambda: lambda theta, v: CURVATURE @ v,
    "lr": lambda: 0.05,
    "n": lambda: 5,
    "batch_size": lambda: 2,
    "T": lambda: 20,
    "warmup": lambda: 4,
    "lr_min": lambda: 0.01,
    "lr_max": lambda: 0.1,
    "mu": lambda: 1.0,
    "L_smooth": lambda: 9.0,
    "iterates": lambda: gradient_descent(grad, THETA, lr=0.05),
    "rng": lambda: np.random.default_rng(0),
    "A": CURVATURE.copy,
    "b": lambda: np.array([1.0, 2.0]),
    "X": DATA.copy,
    "y": lambda: np.array([1.0, -1.0, 2.0, 0.5, 0.0]),
    "lam": lambda: 0.1,
    "t": lambda: 0.5,
    "v": lambda: np.array([1.5, -0.2, 0.7]),
    "direction": lambda: -grad(THETA),
    "prox": lambda: lambda v, t: v / (1 + t),
    "project": lambda: lambda theta: np.clip(theta, -1, 1),
    "low": lambda: np.array([-1.0, -1.0]),
    "high": lambda: np.array([2.0, 2.0]),
    "program": program,
    "x": lambda: np.array([0.5, 0.5]),
}

OWN: dict[str, dict[str, Callable[[], Any]]] = {
    "one_cycle": {"warmup": lambda: 0.3},
    "lr_range_test": {"method": lambda: lambda lr: gradient_descent(grad, THETA, lr), "lr_min": lambda: 1e-3},
    "duality_gap": {"nu": lambda: np.array([0.3])},
    "prox_box": {"low": lambda: -np.ones(3), "high": lambda: np.ones(3)},
    "prox_nuclear": {"v": DATA.copy},
    "relative_error": {"a": lambda: np.array([1.0, 2.0]), "b": lambda: np.array([1.0, 2.1])},
    "svm_dual": {"y": lambda: np.array([1.0, -1.0, 1.0, 1.0, -1.0])},
    "newton_kkt": {"A": lambda: np.array([[1.0, 1.0]]), "b": lambda: np.array([1.0])},
    "kkt_residuals": {"gradient": lambda: np.array([0.0, 0.0])},
    "augmented_lagrangian": {
        "constraint": lambda: lambda theta: np.array([theta.sum() - 1]),
        "jacobian": lambda: lambda theta: np.array([[1.0, 1.0]]),
    },
    "simplex": {"program": polygon},
    "interior_point": {"program": polygon},
    "branch_and_bound": {"program": polygon, "integers": lambda: np.array([0, 1])},
    "vertices": {"program": polygon},
    "coordinate_descent": {"minimise": lambda: lambda theta, j: -CURVATURE[j, 1 - j] * theta[1 - j] / CURVATURE[j, j]},
    "is_convex_on": {"f": lambda: lambda theta: np.sum(np.asarray(theta) ** 2, axis=-1)},
    "crossover": {
        "parent": lambda: np.array([0, 0, 0, 0]),
        "other": lambda: np.array([1, 1, 1, 1]),
        "cut": lambda: 2,
    },
}


def alike(names: list[str], values: list[Any]) -> dict[str, list[Any]]:
    return dict.fromkeys(names, values)


NOT_NUMBERS = [np.nan, np.inf, "0.1", 1j, [0.1], 10**400]
NOT_POSITIVE = [0, -0.1, *NOT_NUMBERS]
NOT_COUNTS = [0, -1, 2.5, True, "3"]
WORDS = ["", "no such word", 3, None]
NONSENSE: dict[str, list[Any]] = {
    "theta": [np.nan, [1.0, np.inf], "start", [], 1j, [[1.0], [1.0, 2.0]]],
    "loss": [3, "loss"],
    "losses": [3],
    "f": [3, "f"],
    "grad": [3, np.ones(2)],
    "grad_i": [3],
    "hess": [3, CURVATURE],
    "hvp": [3],
    "lr": [0, 0.0, -0.1, True, *NOT_NUMBERS],
    "beta": [1.0, -0.1, *NOT_NUMBERS],
    "beta1": [1.0, -0.1, *NOT_NUMBERS],
    "beta2": [1.0, -0.1, *NOT_NUMBERS],
    "rho": [1.0, -0.1, *NOT_NUMBERS],
    "eps": [-1e-8, *NOT_NUMBERS],
    "weight_decay": [-0.1, *NOT_NUMBERS],
    "lam": [-0.1, *NOT_NUMBERS],
    "tol": [-1e-8, *NOT_NUMBERS],
    "n": [0, -1, 2.5, True],
    "batch_size": [0, -1, 2.5, True],
    "memory": [0, -1, 2.5],
    "rng": [0, np.random, np.random.RandomState(0)],
    "A": [[1.0, 2.0], np.nan, [[np.nan, 0.0], [0.0, 1.0]]],
    "b": [[np.nan, 1.0], "b"],
    "X": [[1.0, 2.0], [[np.inf, 1.0]], "X"],
    "y": [3.0, [np.nan, 1.0], "y"],
    "v": [np.nan, "v"],
    "t": [-0.5, np.nan, "t"],
    "warmup": [-1, True, *NOT_NUMBERS],
    "lr_min": [-0.1, *NOT_NUMBERS],
    "direction": [[np.nan, 1.0], "d"],
    "variant": WORDS,
    "rule": WORDS,
    "selection": WORDS,
    "restart": WORDS,
    "scheme": WORDS,
    "low": [[np.nan, 0.0], "low"],
    "high": [[np.nan, 0.0], "high"],
    "program": [3, "program", {"c": [1.0]}],
    "x": [[np.nan, 1.0], "x"],
    "nu": [[np.nan], "nu", 1j],
    "gradient": [[np.nan], "g", [[1.0]], 2.0],
    "equality": [[np.nan], "g", [[1.0]]],
    "equality_jacobian": [[[np.nan, 1.0]], "J", [[1.0, 2.0]], 3.0],
    "inequality": [[np.nan], "g", [[1.0]]],
    "inequality_jacobian": [[[np.nan, 1.0]], "J", [[1.0, 2.0]], 3.0],
    "lams": [[np.nan], "lams"],
    "integers": [[0.5], [-3], "x", [[0]]],
    "parent": [[], "01", np.nan],
    "other": [[], "01", [[0, 1]], [0, 1, 2, 3, 4]],
    "cut": [-1, 5, 2.5, "2"],
    "groups": [[[0, 0], [1, 2]], [[0], [1, 7]], [[-1]], [[0.5]], 3, "groups"],
    "a": [np.nan, "a"],
    **alike(["mu", "L_smooth", "lr_max", "least_curvature", "radius", "penalty", "C", "sigma"], NOT_POSITIVE),
    **alike(["decay", "momentum_decay", "min_delta", "delta"], [-0.1, *NOT_NUMBERS]),
    **alike(["start", "end", "notch"], [1, 0.5, -2, *NOT_NUMBERS]),
    **alike(["c1", "c2", "shrink"], [1.0, -0.1, *NOT_NUMBERS]),
    "factor": [0, -0.5, 1.1, *NOT_NUMBERS],
    "F": [-0.1, *NOT_NUMBERS],
    **alike(["CR", "mutation_rate"], [-0.1, 1.1, *NOT_NUMBERS]),
    **alike(["T", "every", "up", "down", "growth", "steps", "patience", "evaluations", "samples"], NOT_COUNTS),
    **alike(["max_steps", "n_lams", "sweeps", "directions"], NOT_COUNTS),
    **alike(["population_size", "pressure", "parents", "children"], NOT_COUNTS),
    "elite": [-1, 2.5, True],
    **alike(["method", "project", "prox", "constraint", "jacobian", "minimise", "M"], [3, "f"]),
    "iterates": [3],
    "amsgrad": ["yes", None, 2],
}

# Where a method means something else by a name.
OWN_NONSENSE: dict[str, dict[str, list[Any]]] = {
    "lr_range_test": {"memory": [1.0, -0.1, *NOT_NUMBERS]},
    "duality_gap": {"mu": [[np.nan], "mu", 1j]},
    "kkt_residuals": {"mu": [[np.nan], "mu", 1j]},
    "cma_es": {"children": [1, *NOT_COUNTS]},
}


def nonsense(method: Method, name: str) -> list[Any]:
    """What no method may take for this argument."""
    own = OWN_NONSENSE.get(method.name, {})
    return own[name] if name in own else NONSENSE.get(name, [])


def parameters(method: Method) -> dict[str, inspect.Parameter]:
    return dict(inspect.signature(method.function).parameters)


def good_arguments(method: Method) -> dict[str, Any]:
    """Values for every argument that has no default, and for those that `OWN` adds."""
    own = OWN.get(method.name, {})
    needed = [name for name, one in parameters(method).items() if one.default is inspect.Parameter.empty]
    missing = [name for name in needed if name not in own and name not in GOOD]
    assert not missing, f"add samples of {missing} for {method.name} to tests/samples.py"
    return {name: (own.get(name) or GOOD[name])() for name in [*needed, *(name for name in own if name not in needed)]}
