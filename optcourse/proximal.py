"""3.14 Subgradient and proximal methods: when the loss has kinks."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from optcourse.arguments import (
    Array,
    Gradient,
    Loss,
    NonFiniteError,
    checked,
    iterate,
    matrix,
    non_negative,
    norm,
    one_of,
    refuse,
    table,
    vector,
)
from optcourse.convexity import project_simplex
from optcourse.coordinate_descent import soft_threshold
from optcourse.streams import Iterates, Rate, rates, stream

Prox: TypeAlias = Callable[[Array, float], Array]


@stream()
def subgradient_descent(loss: Loss, grad: Gradient, theta: Array, lr: Rate) -> Iterates:
    r"""Step against any subgradient: :math:`\theta \leftarrow \theta - \eta_k g,\ g \in \partial L(\theta)`.

    Parameters
    ----------
    loss : function of theta
        L(θ), to know the best iterate: the loss need not fall at every step.
    grad : function of theta
        Any one subgradient of L at θ, of the shape of θ.
    theta : float or array
        The start θ₀.
    lr : float or schedule
        Must decay to reach the minimum, e.g. ``lambda step: 1 / (step + 1) ** 0.5``; a constant one ends nearby.

    Yields
    ------
    theta : float or array
        θ₁, θ₂, …; ``state["best"]`` is the iterate of least loss so far, ``state["best_loss"]`` its loss.

    Raises
    ------
    ValueError
        If an argument is not as above, a subgradient has another shape or is not finite, or a loss is NaN.

    Notes
    -----
    For a convex L with ‖g‖ ≤ G and ‖θ₀ − θ*‖ ≤ R, the best of k iterates is within (R² + G²Ση²) / (2Ση) of the minimum:
    O(1/√k) for η_k ∝ 1/√k. What falls at every small step is the distance to the minimiser, not the loss.

    References
    ----------
    N. Z. Shor, *Minimization Methods for Non-Differentiable Functions* (1985), section 2.
    Y. Nesterov, *Lectures on Convex Optimization*, 2nd ed. (2018), theorem 3.2.2.

    Examples
    --------
    >>> descent = subgradient_descent(abs, np.sign, theta=1.0, lr=lambda step: 0.8 / (step + 1))
    >>> [round(float(next(descent)), 3) for _ in range(3)]
    [0.2, -0.2, 0.067]
    """
    best, best_loss = theta, loss(theta)
    for rate in rates(lr):
        theta = theta - rate * grad(theta)
        if np.isnan(here := loss(theta)):
            raise NonFiniteError(f"loss returned nan at theta = {theta}")
        if here < best_loss:
            best, best_loss = theta, here
        yield theta


@stream()
def proximal_gradient(grad: Gradient, prox: Prox, theta: Array, lr: Rate) -> Iterates:
    r"""ISTA: a gradient step on the smooth part, then the prox of the other:
    :math:`\theta \leftarrow \mathrm{prox}_{\eta h}(\theta - \eta \nabla f(\theta))`.

    Parameters
    ----------
    grad : function of theta
        ∇f(θ), the gradient of the smooth part of L = f + h.
    prox : function of (v, rate)
        argmin_u h(u) + ‖u − v‖² / (2 rate), e.g. ``lambda v, rate: prox_l1(v, lam * rate)``.
    theta : float or array
        The start θ₀.
    lr : float or schedule
        η ≤ 1/L_smooth of f guarantees descent at every step.

    Yields
    ------
    theta : float or array
        θ₁, θ₂, …

    Raises
    ------
    ValueError
        If an argument is not as above, or a function returns another shape, NaN or infinity.

    Notes
    -----
    L(θ_k) − L* ≤ ‖θ₀ − θ*‖² / (2ηk) for convex f and h and η ≤ 1/L_smooth.

    References
    ----------
    A. Beck and M. Teboulle, "A fast iterative shrinkage-thresholding algorithm for linear inverse problems",
    SIAM J. Imaging Sci. 2 (2009), eq. (3.1) and theorem 3.1.

    Examples
    --------
    >>> descent = proximal_gradient(lambda theta: theta - 3, lambda v, rate: prox_l1(v, rate), theta=0.0, lr=0.5)
    >>> [float(next(descent)) for _ in range(3)]
    [1.0, 1.5, 1.75]
    """
    for rate in rates(lr):
        theta = prox(theta - rate * grad(theta), rate)
        yield theta


@stream(restart=one_of("never", "gradient"))
def fista(grad: Gradient, prox: Prox, theta: Array, lr: Rate, restart: str = "gradient") -> Iterates:
    r"""Make ISTA fast by a look-ahead that grows with a sequence t_k.

    .. math:: \theta_k = \mathrm{prox}_{\eta h}(z_k - \eta \nabla f(z_k)), \quad
              t_{k+1} = \tfrac12\bigl(1 + \sqrt{1 + 4 t_k^2}\bigr), \quad
              z_{k+1} = \theta_k + \frac{t_k - 1}{t_{k+1}} (\theta_k - \theta_{k-1})

    Parameters
    ----------
    grad, prox, theta, lr
        As in `proximal_gradient`.
    restart : {"gradient", "never"}
        ``"gradient"`` forgets the momentum (t = 1) when the last step points uphill: no ripples, and a linear rate
        where the loss is strongly convex near the minimum.

    Yields
    ------
    theta : float or array
        θ₁, θ₂, …; ``state["ahead"]`` is z, ``state["t"]`` the sequence.

    Raises
    ------
    ValueError
        If an argument is not as above, or a function returns another shape, NaN or infinity.

    Notes
    -----
    L(θ_k) − L* ≤ 2 ‖θ₀ − θ*‖² / (η (k + 1)²) without restart, for convex f and h and η ≤ 1/L_smooth. Not monotone.

    References
    ----------
    A. Beck and M. Teboulle (2009), eq. (4.1)–(4.3) and theorem 4.4. B. O'Donoghue and E. Candès, "Adaptive restart for
    accelerated gradient schemes", Found. Comput. Math. 15 (2015), section 3.2.

    Examples
    --------
    >>> descent = fista(lambda theta: theta - 3, lambda v, rate: prox_l1(v, rate), theta=0.0, lr=0.5)
    >>> [round(float(next(descent)), 3) for _ in range(3)]
    [1.0, 1.5, 1.82]
    """
    ahead, t = theta, 1.0
    for rate in rates(lr):
        before, theta = theta, prox(ahead - rate * grad(ahead), rate)
        step = theta - before
        if restart == "gradient" and np.vdot(ahead - theta, step) > 0:
            t = 1.0
        t_next = 0.5 * (1 + math.sqrt(1 + 4 * t**2))
        ahead = theta + (t - 1) / t_next * step
        t = t_next
        yield theta


# ------------------------------------------------------------------------------------ proximal operators


@checked(v=iterate, t=non_negative)
def prox_l1(v: Array, t: float) -> Array:
    r"""Return :math:`\arg\min_u\ t \|u\|_1 + \tfrac12 \|u - v\|^2`: every entry moves towards 0 by t, and stops there.

    That is `soft_threshold`, written as Moreau has it: v less its projection onto the box of radius t.

    Parameters
    ----------
    v : float or array
        The point.
    t : float
        The weight, ≥ 0.

    Returns
    -------
    array
        Of the shape and precision of v.

    Raises
    ------
    ValueError
        If v is not finite, or t < 0.

    References
    ----------
    N. Parikh and S. Boyd, "Proximal algorithms", Found. Trends Optim. 1 (2014), section 6.5.2.

    Examples
    --------
    >>> prox_l1([3.0, -0.5, -2.0], 1.0)
    array([ 2.,  0., -1.])
    """
    return v - v.clip(-t, t)


@checked(v=iterate, t=non_negative)
def prox_l2(v: Array, t: float) -> Array:
    r"""Return :math:`\arg\min_u\ \tfrac{t}{2} \|u\|_2^2 + \tfrac12 \|u - v\|^2 = v / (1 + t)`: ridge's shrinkage.

    For the norm without the square, whose prox can be exactly zero, use `prox_group` with one group.

    Parameters
    ----------
    v : float or array
        The point.
    t : float
        The weight, ≥ 0.

    Returns
    -------
    array
        Of the shape and precision of v.

    Raises
    ------
    ValueError
        If v is not finite, or t < 0.

    References
    ----------
    N. Parikh and S. Boyd, "Proximal algorithms", Found. Trends Optim. 1 (2014), section 6.1.1.

    Examples
    --------
    >>> prox_l2([3.0, -1.0], 1.0)
    array([ 1.5, -0.5])
    """
    return v / (1 + t)


def _disjoint(groups: Sequence[Sequence[int]], n: int) -> list[Array]:
    """Each group as an array of indices."""
    try:
        members = [np.asarray(group) for group in groups]
        together = np.concatenate(members)
    except (TypeError, ValueError):  # not lists
        together = np.array([n])
    if (
        together.dtype.kind not in "iu"
        or np.unique(together).size != together.size
        or together.min() < 0
        or together.max() >= n
    ):
        raise refuse("groups", groups, f"must be disjoint lists of indices below {n}")
    return members


@checked(v=vector, t=non_negative)
def prox_group(v: Array, t: float, groups: Sequence[Sequence[int]] | None = None) -> Array:
    r"""Return :math:`\arg\min_u\ t \sum_g \|u_g\|_2 + \tfrac12 \|u - v\|^2`: a group shrinks as one, or vanishes.

    Parameters
    ----------
    v : array, shape (n,)
        The point.
    t : float
        The weight, ≥ 0.
    groups : sequences of indices, optional
        Disjoint; entries in no group are left alone. One group of all entries if not given.

    Returns
    -------
    array
        Of the shape and precision of v.

    Raises
    ------
    ValueError
        If v is not a finite vector, t < 0, or groups overlap or reach beyond v.

    References
    ----------
    M. Yuan and Y. Lin, "Model selection and estimation in regression with grouped variables", J. R. Stat. Soc. B 68
    (2006). N. Parikh and S. Boyd, "Proximal algorithms", Found. Trends Optim. 1 (2014), section 6.5.4.

    Examples
    --------
    >>> prox_group([3.0, 4.0, 0.3, 0.4], 1.0, groups=[[0, 1], [2, 3]])
    array([2.4, 3.2, 0. , 0. ])
    """
    shrunk = v.copy()
    members = [np.arange(shrunk.size)] if groups is None else _disjoint(groups, shrunk.size)
    for group in members:
        length = norm(shrunk[group])
        shrunk[group] *= 1 - t / length if length > t else 0.0
    return shrunk


@checked(v=iterate)
def prox_box(v: Array, low: Any, high: Any) -> Array:
    r"""Return the nearest point with low ≤ u ≤ high, entry by entry: the prox of the box's indicator.

    Parameters
    ----------
    v : float or array
        The point.
    low, high : float or array
        The box; each a number, or an array of the shape of v.

    Returns
    -------
    array
        Of the shape and precision of v.

    Raises
    ------
    ValueError
        If v is not finite, low > high somewhere, or a wall is of another shape than v.

    References
    ----------
    N. Parikh and S. Boyd, "Proximal algorithms", Found. Trends Optim. 1 (2014), section 1.2 (the prox of an indicator
    is a projection).

    Examples
    --------
    >>> prox_box([-2.0, 0.5, 7.0], low=0.0, high=1.0)
    array([0. , 0.5, 1. ])
    """
    for name, bound in (("low", low), ("high", high)):
        needed = "must be a number, or an array of numbers"
        if table(name, bound, needed).dtype.kind not in "fiu" or np.isnan(bound).any():
            raise refuse(name, bound, needed)
        if np.ndim(bound) and np.shape(bound) != np.shape(v):
            raise refuse(name, bound, f"must be a number, or an array of the shape of v, {np.shape(v)}")
    if not np.all(np.asarray(low) <= np.asarray(high)):
        raise refuse("low", low, f"must not exceed high = {high}")
    nearest: Array = np.clip(v.astype(float), low, high).astype(v.dtype)  # walls may be too far for single precision
    return nearest


def prox_simplex(v: Array, radius: float = 1.0) -> Array:
    r"""Return the nearest point with u ≥ 0 and Σu = radius: the prox of the simplex's indicator.

    Parameters
    ----------
    v : array, shape (n,)
        The point.
    radius : float
        The sum > 0.

    Returns
    -------
    array
        Of the shape and precision of v.

    Raises
    ------
    ValueError
        If v is not a finite vector, or the radius is not above zero.

    References
    ----------
    As for `optcourse.project_simplex`: Held, Wolfe and Crowder (1974); Duchi et al. (2008), figure 1.

    Examples
    --------
    >>> prox_simplex([0.5, 1.5, -1.0])
    array([0., 1., 0.])
    """
    nearest: Array = project_simplex(v, radius)
    return nearest


@checked(v=matrix)
def prox_nuclear(v: Array, t: float) -> Array:
    r"""Return :math:`\arg\min_U\ t \|U\|_* + \tfrac12 \|U - V\|_F^2`: soft-threshold the singular values.

    Parameters
    ----------
    v : array, shape (m, n)
        The matrix V.
    t : float
        The weight, ≥ 0.

    Returns
    -------
    array, shape (m, n)
        In the precision of v.

    Raises
    ------
    ValueError
        If v is not finite or not of that shape, or t < 0.

    References
    ----------
    J.-F. Cai, E. Candès and Z. Shen, "A singular value thresholding algorithm for matrix completion", SIAM J. Optim. 20
    (2010), theorem 2.1.

    Examples
    --------
    >>> prox_nuclear([[3.0, 0.0], [0.0, 0.5]], 1.0)
    array([[2., 0.],
           [0., 0.]])
    """
    left, singular, right = np.linalg.svd(v, full_matrices=False)
    return (left * soft_threshold(singular, t)) @ right


@checked(v=vector, t=non_negative)
def prox_tv1d(v: Array, t: float) -> Array:
    r"""Return :math:`\arg\min_u\ t \sum_i |u_{i+1} - u_i| + \tfrac12 \|u - v\|^2`: the signal as a few flat pieces.

    The taut string: the running sums of u are the shortest path from end to end within a tube of radius t around the
    running sums of v. A funnel of straight sight lines from the last knot is narrowed until it closes; exact, O(n) in
    practice.

    Parameters
    ----------
    v : array, shape (n,)
        The signal.
    t : float
        The weight, ≥ 0.

    Returns
    -------
    array
        Of the shape and precision of v.

    Raises
    ------
    ValueError
        If v is not finite or not of that shape, or t < 0.

    References
    ----------
    P. L. Davies and A. Kovac, "Local extremes, runs, strings and multiresolution", Ann. Statist. 29 (2001).
    L. Condat, "A direct algorithm for 1-D total variation denoising", IEEE Signal Process. Lett. 20 (2013).

    Examples
    --------
    >>> prox_tv1d([1.0, 1.2, 0.8, 5.0, 5.2, 4.8], 0.3)
    array([1.1, 1.1, 1.1, 4.9, 4.9, 4.9])
    """
    n = v.size
    sums = np.concatenate([[0.0], np.cumsum(v, dtype=float)])
    floor, ceiling = sums - t, sums + t
    floor[n] = ceiling[n] = sums[n]
    signal = np.empty_like(v)
    knot, height = 0, 0.0
    while knot < n:
        end, height_there = _taut_piece(floor, ceiling, knot, height)
        signal[knot:end] = (height_there - height) / (end - knot)
        knot, height = end, height_there
    return signal


def _taut_piece(floor: Array, ceiling: Array, knot: int, height: float) -> tuple[int, float]:
    """Follow the string from a knot to where it next touches the tube's wall; return that point."""
    least, most, at_least, at_most = -math.inf, math.inf, knot, knot
    for i in range(knot + 1, len(floor)):
        to_floor, to_ceiling = (floor[i] - height) / (i - knot), (ceiling[i] - height) / (i - knot)
        if to_floor > most:
            return at_most, float(ceiling[at_most])
        if to_ceiling < least:
            return at_least, float(floor[at_least])
        if to_floor >= least:
            least, at_least = to_floor, i
        if to_ceiling <= most:
            most, at_most = to_ceiling, i
    return len(floor) - 1, float(floor[-1])
