"""The same losses, right and wrong, for our gradient checker and for ``torch.autograd.gradcheck``."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

EPS = 1e-6  # gradcheck's default step


@dataclass(frozen=True)
class Example:
    """A loss and a derivative of it, right or wrong.

    Attributes
    ----------
    name : str
        Unique; a key of the recording.
    f, grad : function of theta
        The loss and its derivative, in NumPy.
    torch_f : function of the torch module and theta
        The same loss in PyTorch.
    torch_grad : function of the torch module and theta, optional
        The same derivative, where it is not autograd's own.
    theta : list
        Where to check.
    dtype : str
        The precision of the check.
    verdict : str
        What our checker should say.
    """

    name: str
    f: Callable[[Any], Any]
    grad: Callable[[Any], Any]
    torch_f: Callable[[Any, Any], Any]
    theta: list[float]
    verdict: str
    torch_grad: Callable[[Any, Any], Any] | None = None
    dtype: str = "float64"


EXAMPLES: tuple[Example, ...] = (
    Example(
        name="right",
        f=lambda theta: np.sum(theta**3) + theta[0] * theta[1],
        grad=lambda theta: 3 * theta**2 + np.array([theta[1], theta[0], 0.0]),
        torch_f=lambda torch, theta: (theta**3).sum() + theta[0] * theta[1],
        theta=[0.7, -1.3, 0.4],
        verdict="almost surely right",
    ),
    Example(
        name="wrong: a factor 2 in one coordinate",
        f=lambda theta: np.sum(theta**3),
        grad=lambda theta: 3 * theta**2 * np.array([1, 2, 1]),
        torch_f=lambda torch, theta: (theta**3).sum(),
        torch_grad=lambda torch, theta: 3 * theta**2 * torch.tensor([1, 2, 1]),
        theta=[0.7, -1.3, 0.4],
        verdict="bug",
    ),
    Example(
        name="kink: ReLU at 0",
        f=lambda theta: np.sum(np.maximum(theta, 0)),
        grad=lambda theta: (theta > 0) * 1.0,
        torch_f=lambda torch, theta: torch.relu(theta).sum(),
        theta=[1.0, 0.0, -1.0],
        verdict="look",
    ),
    Example(
        name="remedy: ReLU away from 0",
        f=lambda theta: np.sum(np.maximum(theta, 0)),
        grad=lambda theta: (theta > 0) * 1.0,
        torch_f=lambda torch, theta: torch.relu(theta).sum(),
        theta=[1.0, 0.1, -1.0],
        verdict="almost surely right",
    ),
    Example(
        name="float32",
        f=lambda theta: np.sum(theta**3) + theta[0] * theta[1],
        grad=lambda theta: 3 * theta**2 + np.array([theta[1], theta[0], 0], theta.dtype),
        torch_f=lambda torch, theta: (theta**3).sum() + theta[0] * theta[1],
        theta=[0.7, -1.3, 0.4],
        verdict="look",
        dtype="float32",
    ),
)


def torch_verdict(torch: Any, example: Example) -> dict[str, Any]:
    """What PyTorch says: does gradcheck pass, and the numerical gradient it compares with."""
    loss: Any = lambda theta: example.torch_f(torch, theta)  # noqa: E731
    if example.torch_grad is not None:
        derivative = example.torch_grad

        class Loss(torch.autograd.Function):  # type: ignore[misc, name-defined]
            @staticmethod
            def forward(context: Any, theta: Any) -> Any:
                context.save_for_backward(theta)
                return example.torch_f(torch, theta)

            @staticmethod
            def backward(context: Any, upstream: Any) -> Any:
                return upstream * derivative(torch, context.saved_tensors[0])

        loss = Loss.apply
    theta = torch.tensor(example.theta, dtype=getattr(torch, example.dtype), requires_grad=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # gradcheck warns of float32 in its own words; the getter is deprecated
        passes = torch.autograd.gradcheck(loss, (theta,), eps=EPS, raise_exception=False)
        numerical_jacobian = importlib.import_module("torch.autograd.gradcheck").get_numerical_jacobian
        jacobian = numerical_jacobian(lambda inputs: loss(inputs[0]), (theta,), eps=EPS)
    return {"passes": bool(passes), "numerical": jacobian[0].detach().double().numpy().ravel().tolist()}
