"""Certificates of optimality: numbers that are zero at a solution and only there, one home for all of them.

Each takes what defines the problem and a candidate, and returns how far the candidate is from being optimal, without
knowing the answer. Tests assert them before they compare with any peer; `optcourse.run` stops on them.
"""

from __future__ import annotations

import numpy as np

from optcourse.arguments import Array, Gradient, checked


@checked()
def gradient_norm(grad: Gradient, theta: Array) -> float:
    r"""Return :math:`\|\nabla L(\theta)\|_2`: zero exactly at stationary points, which for convex L are the minima.

    Examples
    --------
    >>> gradient_norm(lambda theta: 2 * theta, [3.0, 4.0])
    10.0
    """
    return float(np.linalg.norm(np.ravel(grad(theta))))


@checked()
def lasso_gap(X: Array, y: Array, lam: float, theta: Array) -> float:
    r"""Return the duality gap of the LASSO :math:`\tfrac12 \|y - X\theta\|^2 + \lambda \|\theta\|_1` at θ.

    The residual r = y − Xθ, scaled down until ‖Xᵀν‖∞ ≤ λ, is a feasible dual point ν with value
    ½‖y‖² − ½‖y − ν‖²; the gap bounds how far L(θ) is above the minimum, and is zero exactly there.

    References
    ----------
    S.-J. Kim, K. Koh, M. Lustig, S. Boyd and D. Gorinevsky, "An interior-point method for large-scale ℓ1-regularized
    least squares", IEEE J. Sel. Top. Signal Process. 1 (2007), section III.B.

    Examples
    --------
    >>> lasso_gap([[2.0, 0.0], [0.0, 1.0]], [4.0, 1.5], 1.0, [1.75, 0.5])
    0.0
    """
    residual = y - X @ theta
    steepest = float(np.abs(X.T @ residual).max(initial=0.0))
    dual = residual * min(1.0, lam / steepest if steepest > 0 else 1.0)
    primal_value = 0.5 * residual @ residual + lam * np.abs(theta).sum()
    dual_value = 0.5 * y @ y - 0.5 * (y - dual) @ (y - dual)
    return max(0.0, float(primal_value - dual_value))
