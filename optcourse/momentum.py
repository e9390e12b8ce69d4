"""3.3 Momentum and Nesterov: keep some of the last step."""

from __future__ import annotations

import numpy as np

from optcourse.arguments import Array, Gradient
from optcourse.streams import Iterates, Rate, rates, stream


@stream()
def momentum(grad: Gradient, theta: Array, lr: Rate = 0.01, beta: float = 0.9) -> Iterates:
    r"""Polyak's heavy ball: :math:`v \leftarrow \beta v + \nabla L(\theta),\ \theta \leftarrow \theta - \eta v`.

    Parameters
    ----------
    grad : function of theta
        Returns ∇L(θ), of the shape of θ.
    theta : float or array
        The start θ₀, of any shape.
    lr : float or schedule
        The step size η > 0.
    beta : float
        The memory, in [0, 1); 0 is gradient descent.

    Yields
    ------
    theta : float or array
        θ₁, θ₂, …; ``state["velocity"]`` is v.

    Raises
    ------
    ValueError
        If an argument is not as above, or `grad` returns another shape, NaN or infinity.

    Notes
    -----
    The same rule as ``torch.optim.SGD(momentum=beta, dampening=0)``. The folded form v ← βv + ηg, θ ← θ − v differs
    from it whenever η changes in time.

    References
    ----------
    B. T. Polyak, "Some methods of speeding up the convergence of iteration methods", USSR Comput. Math. Math. Phys.
    4(5) (1964), eq. (9).

    Examples
    --------
    >>> from itertools import islice
    >>> [float(round(theta, 3)) for theta in islice(momentum(lambda theta: 2 * theta, 4.0, lr=0.1, beta=0.5), 3)]
    [3.2, 2.16, 1.208]
    """
    velocity = np.zeros_like(theta)
    for rate in rates(lr):
        velocity = beta * velocity + grad(theta)
        theta = theta - rate * velocity
        yield theta
