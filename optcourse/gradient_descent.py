"""3.1 Gradient descent: walk downhill, a step at a time."""

from __future__ import annotations

import numpy as np

from optcourse.arguments import Array, Gradient, checked, refuse
from optcourse.streams import Iterates, Rate, rates, stream


@stream()
def gradient_descent(grad: Gradient, theta: Array, lr: Rate = 0.1) -> Iterates:
    r"""Step against the gradient: :math:`\theta \leftarrow \theta - \eta \nabla L(\theta)`.

    Parameters
    ----------
    grad : function of theta
        Returns ∇L(θ), of the shape of θ.
    theta : float or array
        The start θ₀, of any shape.
    lr : float or schedule
        The step size η > 0, or a function of the step 0, 1, 2, … that returns it.

    Yields
    ------
    theta : float or array
        θ₁, θ₂, …

    Raises
    ------
    ValueError
        If an argument is not as above, or `grad` returns another shape, NaN or infinity.

    Notes
    -----
    The same rule as ``torch.optim.SGD(params, lr)`` without momentum. For a loss whose gradient is
    L_smooth-Lipschitz the loss decreases at every step while η < 2/L_smooth; for convex losses
    η = 1/L_smooth guarantees L(θ_k) − L* ≤ L_smooth ‖θ₀ − θ*‖² / (2k).

    References
    ----------
    A. Cauchy, "Méthode générale pour la résolution des systèmes d'équations simultanées", C. R. Acad. Sci. 25 (1847).
    Y. Nesterov, *Lectures on Convex Optimization*, 2nd ed. (2018), theorem 2.1.14 and corollary 2.1.2.

    Examples
    --------
    >>> from itertools import islice
    >>> [float(round(theta, 3)) for theta in islice(gradient_descent(lambda theta: 2 * theta, 4.0, lr=0.1), 3)]
    [3.2, 2.56, 2.048]
    """
    for rate in rates(lr):
        theta = theta - rate * grad(theta)
        yield theta


@checked()
def smoothness(A: Array) -> float:
    r"""Return the smoothness constant of :math:`\tfrac12 \theta^\top A \theta`: the largest eigenvalue of A.

    The gradient Aθ changes at most this many times faster than θ, so gradient descent converges for every
    step size 0 < η < 2 / smoothness(A) when A is positive definite.

    Parameters
    ----------
    A : array, shape (n, n)
        Symmetric, with at least one positive eigenvalue or none (then the largest in magnitude counts).

    Returns
    -------
    float
        max |eigenvalue|, the Lipschitz constant of θ ↦ Aθ in the Euclidean norm.

    Raises
    ------
    ValueError
        If A is not square or not symmetric.

    References
    ----------
    Y. Nesterov, *Lectures on Convex Optimization*, 2nd ed. (2018), lemma 1.2.2.

    Examples
    --------
    >>> smoothness([[1.0, 0.0], [0.0, 10.0]])
    10.0
    """
    if A.shape[0] != A.shape[1]:
        raise refuse("A", A, f"must be square, not {A.shape}")
    if A.size == 0:
        raise refuse("A", A, "must have at least one row")
    if not np.allclose(A, A.T, rtol=1e-10, atol=1e-12 * np.abs(A).max()):
        raise refuse("A", A, "must be symmetric: pass (A + A.T) / 2, which has the same quadratic form")
    return float(np.abs(np.linalg.eigvalsh(A)).max())
