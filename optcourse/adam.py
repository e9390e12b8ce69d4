"""3.5 Adam and its family: momentum and a step size for every parameter, both without the bias of their start."""

from __future__ import annotations

import numpy as np

from optcourse.arguments import Array, Gradient, flag, non_negative
from optcourse.streams import Iterates, Rate, rates, stream


@stream(squares=True, amsgrad=flag)
def adam(
    grad: Gradient,
    theta: Array,
    lr: Rate = 1e-3,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
    amsgrad: bool = False,
) -> Iterates:
    r"""Average, correct, normalise: :math:`\theta \leftarrow \theta - \eta\, \hat m / (\sqrt{\hat v} + \varepsilon)`.

    The moments are :math:`m \leftarrow \beta_1 m + (1-\beta_1) g` and :math:`v \leftarrow \beta_2 v + (1-\beta_2) g^2`,
    and :math:`\hat m = m/(1-\beta_1^t)`, :math:`\hat v = v/(1-\beta_2^t)` at step t = 1, 2, …

    Parameters
    ----------
    grad : function of theta
        Returns ∇L(θ), of the shape of θ.
    theta : float or array
        The start θ₀, of any shape.
    lr : float or schedule
        The step size η > 0, or a function of the step 0, 1, 2, … that returns it.
    beta1, beta2 : float
        The memories of the two moments, in [0, 1).
    eps : float
        The stabiliser ε > 0, added to the root, after the correction.
    amsgrad : bool
        Divide by the largest v so far instead of the current one.

    Yields
    ------
    theta : float or array
        θ₁, θ₂, …; ``state["first_moment"]`` and ``state["second_moment"]`` are m and v, ``state["largest"]`` is the
        v that was divided by (the same, unless `amsgrad`).

    Raises
    ------
    ValueError
        If an argument is not as above, or `grad` returns another shape, NaN or infinity.

    Notes
    -----
    The same rule as ``torch.optim.Adam(lr=lr, betas=(beta1, beta2), eps=eps, amsgrad=amsgrad)``. With `amsgrad` both
    take the largest v *before* the correction and correct it by today's 1 − β₂ᵗ; the paper of Reddi et al. has no
    correction. A penalty ½λ‖θ‖² in the loss is the library's ``weight_decay=λ``, and is not `adamw`.

    References
    ----------
    D. Kingma and J. Ba, "Adam: a method for stochastic optimization", ICLR (2015), algorithm 1.
    S. Reddi, S. Kale and S. Kumar, "On the convergence of Adam and beyond", ICLR (2018), algorithm 2.

    Examples
    --------
    >>> thetas = adam(lambda theta: 0.2, theta=1.0, lr=0.1)
    >>> float(round(next(thetas), 6)), float(round(thetas.state["first_moment"], 6))
    (0.9, 0.02)
    """
    first_moment = second_moment = largest = np.zeros_like(theta)  # m, v
    for t, rate in enumerate(rates(lr), start=1):
        g = grad(theta)
        first_moment = beta1 * first_moment + (1 - beta1) * g
        second_moment = beta2 * second_moment + (1 - beta2) * (g * g)
        largest = np.maximum(largest, second_moment) if amsgrad else second_moment
        m_hat = first_moment / (1 - beta1**t)
        v_hat = largest / (1 - beta2**t)
        theta = theta - rate * m_hat / (np.sqrt(v_hat) + eps)
        yield theta


@stream(squares=True)
def adamw(
    grad: Gradient,
    theta: Array,
    lr: Rate = 1e-3,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
    weight_decay: float = 0.01,
) -> Iterates:
    r"""Decay apart: :math:`\theta \leftarrow (1 - \eta\lambda)\theta - \eta\,\hat m / (\sqrt{\hat v} + \varepsilon)`.

    The decay is not divided by :math:`\sqrt{\hat v}`: every weight shrinks by the same share, which a penalty's
    gradient inside Adam would not do.

    Parameters
    ----------
    grad : function of theta
        Returns ∇L(θ), of the shape of θ.
    theta : float or array
        The start θ₀, of any shape.
    lr : float or schedule
        The step size η > 0, or a function of the step 0, 1, 2, … that returns it.
    beta1, beta2 : float
        The memories of the two moments, in [0, 1).
    eps : float
        The stabiliser ε > 0, added to the root, after the correction.
    weight_decay : float
        λ ≥ 0. The decay per step is ηλ, so a schedule for η drives it too; 0 is `adam`.

    Yields
    ------
    theta : float or array
        θ₁, θ₂, …; ``state["first_moment"]`` and ``state["second_moment"]`` are m and v.

    Raises
    ------
    ValueError
        If an argument is not as above, or `grad` returns another shape, NaN or infinity.

    Notes
    -----
    The same rule as ``torch.optim.AdamW(lr=lr, betas=(beta1, beta2), eps=eps, weight_decay=weight_decay)``. In the
    paper the decay is multiplied by the schedule's factor only, not by η: its λ is our ηλ.

    References
    ----------
    I. Loshchilov and F. Hutter, "Decoupled weight decay regularization", ICLR (2019), algorithm 2.

    Examples
    --------
    >>> thetas = adamw(lambda theta: 0.0, theta=2.0, lr=0.1, weight_decay=0.5)
    >>> [float(round(next(thetas), 4)) for _ in range(2)]  # no gradient: ×0.95 a step
    [1.9, 1.805]
    """
    first_moment = second_moment = np.zeros_like(theta)  # m, v
    for t, rate in enumerate(rates(lr), start=1):
        g = grad(theta)
        first_moment = beta1 * first_moment + (1 - beta1) * g
        second_moment = beta2 * second_moment + (1 - beta2) * (g * g)
        m_hat = first_moment / (1 - beta1**t)
        v_hat = second_moment / (1 - beta2**t)
        shrunk = (1 - rate * weight_decay) * theta
        theta = shrunk - rate * m_hat / (np.sqrt(v_hat) + eps)
        yield theta


@stream()
def adamax(
    grad: Gradient,
    theta: Array,
    lr: Rate = 2e-3,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
) -> Iterates:
    r"""Divide by the largest recent gradient: :math:`\theta \leftarrow \theta - \eta / (1 - \beta_1^t) \cdot m / u`.

    The running maximum is :math:`u \leftarrow \max(\beta_2 u, |g| + \varepsilon)`; it needs no correction of its start.

    Parameters
    ----------
    grad : function of theta
        Returns ∇L(θ), of the shape of θ.
    theta : float or array
        The start θ₀, of any shape.
    lr : float or schedule
        The step size η > 0, or a function of the step 0, 1, 2, … that returns it.
    beta1, beta2 : float
        The memories of the two moments, in [0, 1).
    eps : float
        The stabiliser ε > 0, added to |g|, so that u is never 0.

    Yields
    ------
    theta : float or array
        θ₁, θ₂, …; ``state["first_moment"]`` is m, ``state["largest"]`` is u.

    Raises
    ------
    ValueError
        If an argument is not as above, or `grad` returns another shape, NaN or infinity.

    Notes
    -----
    The same rule as ``torch.optim.Adamax(lr=lr, betas=(beta1, beta2), eps=eps)``, where ε stands inside the maximum;
    the paper has no ε and fails on a first gradient of 0.

    References
    ----------
    D. Kingma and J. Ba, "Adam: a method for stochastic optimization", ICLR (2015), algorithm 2.

    Examples
    --------
    >>> thetas = adamax(lambda theta: 0.2, theta=1.0, lr=0.1)
    >>> float(round(next(thetas), 6))
    0.9
    """
    first_moment = largest = np.zeros_like(theta)  # m, u
    for t, rate in enumerate(rates(lr), start=1):
        g = grad(theta)
        first_moment = beta1 * first_moment + (1 - beta1) * g
        largest = np.maximum(beta2 * largest, np.abs(g) + eps)
        theta = theta - rate / (1 - beta1**t) * first_moment / largest
        yield theta


@stream(squares=True, momentum_decay=non_negative)
def nadam(
    grad: Gradient,
    theta: Array,
    lr: Rate = 2e-3,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
    momentum_decay: float | None = None,
) -> Iterates:
    r"""Adam that looks ahead: :math:`\theta \leftarrow \theta - \eta\, \bar m / (\sqrt{\hat v} + \varepsilon)`.

    The first moment is taken one step ahead, as in `nesterov`:
    :math:`\bar m = \frac{\mu_{t+1}}{1 - \prod_{i \le t+1} \mu_i} m + \frac{1 - \mu_t}{1 - \prod_{i \le t} \mu_i} g`.
    Two forms of the weights μ are in use, chosen by `momentum_decay`.

    Parameters
    ----------
    grad : function of theta
        Returns ∇L(θ), of the shape of θ.
    theta : float or array
        The start θ₀, of any shape.
    lr : float or schedule
        The step size η > 0, or a function of the step 0, 1, 2, … that returns it.
    beta1, beta2 : float
        The memories of the two moments, in [0, 1).
    eps : float
        The stabiliser ε > 0, added to the root, after the correction.
    momentum_decay : float, optional
        None is the **constant form** of most textbooks, μₜ = β₁, so that the products are powers of β₁.
        A number ψ ≥ 0 is the **schedule form** of the libraries, μₜ = β₁(1 − ½·0.96^(tψ)), which warms the
        momentum up from ½β₁ to β₁; PyTorch's default is 0.004.

    Yields
    ------
    theta : float or array
        θ₁, θ₂, …; ``state["first_moment"]`` and ``state["second_moment"]`` are m and v, ``state["mu"]`` is μₜ.

    Raises
    ------
    ValueError
        If an argument is not as above, or `grad` returns another shape, NaN or infinity.

    Notes
    -----
    ``torch.optim.NAdam(lr=lr, betas=(beta1, beta2), eps=eps, momentum_decay=momentum_decay)`` is the schedule form.
    Its ``momentum_decay=0`` is not the constant form (μ stays at ½β₁); a huge value is.

    References
    ----------
    T. Dozat, "Incorporating Nesterov momentum into Adam", ICLR workshop (2016), algorithm 2 and its section on
    schedules.

    Examples
    --------
    >>> thetas = nadam(lambda theta: 0.2, theta=1.0, lr=0.1)
    >>> float(round(next(thetas), 4))  # a first step of η (1 + β₁/(1 + β₁)): the look-ahead counts g twice
    0.8526
    """

    def weight(t: int) -> float:
        return beta1 if momentum_decay is None else beta1 * (1 - 0.5 * 0.96 ** (t * momentum_decay))

    first_moment = second_moment = np.zeros_like(theta)  # m, v
    product = 1.0  # μ₁ μ₂ … μₜ
    for t, rate in enumerate(rates(lr), start=1):
        g = grad(theta)
        mu, mu_next = weight(t), weight(t + 1)
        product = product * mu
        first_moment = beta1 * first_moment + (1 - beta1) * g
        second_moment = beta2 * second_moment + (1 - beta2) * (g * g)
        m_bar = mu_next / (1 - product * mu_next) * first_moment + (1 - mu) / (1 - product) * g
        v_hat = second_moment / (1 - beta2**t)
        theta = theta - rate * m_bar / (np.sqrt(v_hat) + eps)
        yield theta
