"""3.1 The losses of one example: what a wrong prediction costs, how hard it pulls, how its pull changes.

Losses of regression are functions of the residual r = prediction − target, those of classification of the margin m: how
far the score of the right class leads. A loss over data is the mean of them, and its gradient the mean of their slopes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from optcourse.arguments import Array, checked, count, positive, refuse
from optcourse.problems import sigmoid, softplus


@dataclass(frozen=True, eq=False)
class ExampleLoss:
    """The loss of one example, with its first two derivatives.

    Attributes
    ----------
    name : str
        As the literature calls it.
    value, slope, curvature : functions of a number or an array
        The loss ℓ, ℓ′ and ℓ″. At a kink `slope` is the middle of the subgradients for |r| and the flat side for the
        hinge, as libraries have it, and `curvature` is NaN.
    kinks : tuple of (float, float, float)
        Each kink, with the slopes to its left and to its right. All numbers between them are subgradients there.
    bends : tuple of float
        Where the slope is continuous and the curvature jumps.

    Examples
    --------
    >>> float(huber(delta=1.0).slope(7.0)), float(squared().slope(7.0))
    (1.0, 7.0)
    """

    name: str
    value: Callable[[Any], Array]
    slope: Callable[[Any], Array]
    curvature: Callable[[Any], Array]
    kinks: tuple[tuple[float, float, float], ...] = ()
    bends: tuple[float, ...] = ()


def squared() -> ExampleLoss:
    """½ r²: pulls as hard as it is wrong."""
    return ExampleLoss("squared", lambda r: 0.5 * np.square(r), lambda r: np.multiply(1.0, r), np.ones_like)


def absolute() -> ExampleLoss:
    """|r|: pulls equally hard everywhere, and has a kink at 0."""

    def curvature(r: Any) -> Array:
        return np.where(np.equal(r, 0), np.nan, 0.0)

    return ExampleLoss("absolute", np.abs, np.sign, curvature, kinks=((0.0, -1.0, 1.0),))


@checked(delta=positive)
def huber(delta: float = 1.0) -> ExampleLoss:
    """½ r² up to |r| = δ, then δ|r| − ½ δ²: squared near zero, absolute far away.

    References
    ----------
    P. J. Huber, "Robust estimation of a location parameter", Ann. Math. Statist. 35 (1964).
    """

    def value(r: Any) -> Array:
        return np.where(np.abs(r) <= delta, 0.5 * np.square(r), delta * np.abs(r) - 0.5 * delta * delta)

    def curvature(r: Any) -> Array:
        return np.where(np.abs(r) <= delta, 1.0, 0.0)

    return ExampleLoss("Huber", value, lambda r: np.clip(r, -delta, delta), curvature, bends=(-delta, delta))


def _shifted_logistic(name: str, shift: float) -> ExampleLoss:
    """log(1 + e^(shift − m))."""

    def curvature(m: Any) -> Array:
        return sigmoid(shift - np.asarray(m)) * sigmoid(np.asarray(m) - shift)

    return ExampleLoss(
        name,
        lambda m: softplus(shift - np.asarray(m)),
        lambda m: -sigmoid(shift - np.asarray(m)),
        curvature,
    )


def logistic() -> ExampleLoss:
    """log(1 + e⁻ᵐ): the cross-entropy of two classes."""
    return _shifted_logistic("logistic", 0.0)


def hinge() -> ExampleLoss:
    """max(0, 1 − m): stops caring once an example is right by a margin of 1, and has a kink there.

    References
    ----------
    C. Cortes, V. Vapnik, "Support-vector networks", Machine Learning 20 (1995).
    """
    return ExampleLoss(
        "hinge",
        lambda m: np.maximum(0.0, 1.0 - np.asarray(m)),
        lambda m: np.where(np.less(m, 1), -1.0, 0.0),
        lambda m: np.where(np.equal(m, 1), np.nan, 0.0),
        kinks=((1.0, -1.0, 0.0),),
    )


@checked(classes=count)
def cross_entropy(classes: int = 10) -> ExampleLoss:
    """log(1 + (K − 1) e⁻ᵐ): −log of the right class's softmax, where it leads K − 1 equal others by m.

    It is the logistic loss moved to the right by log(K − 1); for two classes it *is* the logistic loss.
    """
    if classes < 2:
        raise refuse("classes", classes, "must be 2 or more: one class needs no prediction")
    return _shifted_logistic("cross-entropy", float(np.log(classes - 1)))
