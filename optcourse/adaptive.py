"""3.4 AdaGrad, RMSProp, AdaDelta: a step size of its own for every parameter."""

from __future__ import annotations

import numpy as np

from optcourse.arguments import Array, Gradient
from optcourse.streams import Iterates, Rate, rates, stream


@stream(squares=True)
def adagrad(grad: Gradient, theta: Array, lr: Rate = 0.01, eps: float = 1e-10) -> Iterates:
    r"""Divide by the root of all squares: :math:`\theta \leftarrow \theta - \eta\, g / (\sqrt{G} + \varepsilon)`.

    The accumulator is :math:`G \leftarrow G + g^2`, entry by entry; it never shrinks, so the steps die out.

    Parameters
    ----------
    grad : function of theta
        Returns ∇L(θ), of the shape of θ.
    theta : float or array
        The start θ₀, of any shape.
    lr : float or schedule
        The step size η > 0, or a function of the step 0, 1, 2, … that returns it.
    eps : float
        The stabiliser ε > 0, added to the root.

    Yields
    ------
    theta : float or array
        θ₁, θ₂, …; ``state["squares"]`` is G.

    Raises
    ------
    ValueError
        If an argument is not as above, or `grad` returns another shape, NaN or infinity.

    Notes
    -----
    The same rule as ``torch.optim.Adagrad(lr=lr, eps=eps)`` with its other arguments at their defaults
    (``lr_decay=0``, ``initial_accumulator_value=0``). Rare features keep a long step: their G grows seldom.

    References
    ----------
    J. Duchi, E. Hazan and Y. Singer, "Adaptive subgradient methods for online learning and stochastic optimization",
    JMLR 12 (2011), figure 1 (diagonal form).

    Examples
    --------
    >>> thetas = adagrad(lambda theta: 1.0, theta=0.0, lr=0.1)
    >>> [float(round(next(thetas), 4)) for _ in range(3)]  # steps 0.1, 0.0707, 0.0577
    [-0.1, -0.1707, -0.2284]
    """
    squares = np.zeros_like(theta)  # G
    for rate in rates(lr):
        g = grad(theta)
        squares = squares + g * g
        theta = theta - rate * g / (np.sqrt(squares) + eps)
        yield theta


@stream(squares=True)
def rmsprop(grad: Gradient, theta: Array, lr: Rate = 0.01, rho: float = 0.99, eps: float = 1e-8) -> Iterates:
    r"""Divide by the recent root mean square: :math:`\theta \leftarrow \theta - \eta\, g / (\sqrt{E} + \varepsilon)`.

    The average is :math:`E \leftarrow \rho E + (1 - \rho) g^2`. It starts at 0, so the first step is
    :math:`\eta/\sqrt{1-\rho}` long, larger than the η it settles to: nothing corrects this bias (Adam does).

    Parameters
    ----------
    grad : function of theta
        Returns ∇L(θ), of the shape of θ.
    theta : float or array
        The start θ₀, of any shape.
    lr : float or schedule
        The step size η > 0, or a function of the step 0, 1, 2, … that returns it.
    rho : float
        The memory of the moving averages, in [0, 1).
    eps : float
        The stabiliser ε > 0, added to the root.

    Yields
    ------
    theta : float or array
        θ₁, θ₂, …; ``state["mean_square"]`` is E.

    Raises
    ------
    ValueError
        If an argument is not as above, or `grad` returns another shape, NaN or infinity.

    Notes
    -----
    The same rule as ``torch.optim.RMSprop(lr=lr, alpha=rho, eps=eps)``: the library calls ρ ``alpha``. TensorFlow's
    places ε inside the root.

    References
    ----------
    T. Tieleman and G. Hinton, "Lecture 6.5: RMSProp", Coursera: Neural Networks for Machine Learning (2012).

    Examples
    --------
    >>> thetas = rmsprop(lambda theta: 1.0, theta=0.0, lr=0.1, rho=0.9)
    >>> float(round(next(thetas), 3))
    -0.316
    """
    mean_square = np.zeros_like(theta)  # E
    for rate in rates(lr):
        g = grad(theta)
        mean_square = rho * mean_square + (1 - rho) * (g * g)
        theta = theta - rate * g / (np.sqrt(mean_square) + eps)
        yield theta


@stream(squares=True)
def adadelta(grad: Gradient, theta: Array, rho: float = 0.9, eps: float = 1e-6) -> Iterates:
    r"""Step as far as recent steps were, no η needed: :math:`\Delta = -\mathrm{RMS}(\Delta)/\mathrm{RMS}(g) \cdot g`.

    Both root mean squares are of moving averages, :math:`\mathrm{RMS}(x) = \sqrt{E[x^2] + \varepsilon}` with
    :math:`E[x^2] \leftarrow \rho E[x^2] + (1 - \rho) x^2`; the one of the steps is as it was before this step.

    Parameters
    ----------
    grad : function of theta
        Returns ∇L(θ), of the shape of θ.
    theta : float or array
        The start θ₀, of any shape.
    rho : float
        The memory of the moving averages, in [0, 1).
    eps : float
        The stabiliser ε > 0, inside both roots. It sets the first step, about √(ε/(1 − ρ)) long.

    Yields
    ------
    theta : float or array
        θ₁, θ₂, …; ``state["mean_square"]`` and ``state["mean_square_step"]`` are E[g²] and E[Δ²].

    Raises
    ------
    ValueError
        If an argument is not as above, or `grad` returns another shape, NaN or infinity.

    Notes
    -----
    The same rule as ``torch.optim.Adadelta(lr=1.0, rho=rho, eps=eps)``. The library keeps a global ``lr`` knob, 1 by
    default, that multiplies Δ where it is added to θ (but not where it is averaged); the paper's rule has none.

    References
    ----------
    M. Zeiler, "ADADELTA: an adaptive learning rate method", arXiv:1212.5701 (2012), algorithm 1.

    Examples
    --------
    >>> thetas = adadelta(lambda theta: 2 * theta, theta=4.0)
    >>> float(round(4 - next(thetas), 6))  # √(ε/(1 − ρ)), whatever the gradient
    0.003162
    """
    mean_square = mean_square_step = np.zeros_like(theta)  # E[g²], E[Δ²]
    while True:
        g = grad(theta)
        mean_square = rho * mean_square + (1 - rho) * (g * g)
        step = -np.sqrt(mean_square_step + eps) / np.sqrt(mean_square + eps) * g
        mean_square_step = rho * mean_square_step + (1 - rho) * (step * step)
        theta = theta + step
        yield theta
