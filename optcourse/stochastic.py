"""3.2 Stochastic gradient descent: learn from a few examples at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from optcourse.arguments import Array, checked, refuse
from optcourse.streams import Iterates, Rate, rates, stream


@checked()
def minibatches(n: int, batch_size: int, rng: np.random.Generator) -> Iterator[Array]:
    """Deal the indices 0 … n−1 in batches, for ever: each epoch is a fresh shuffle of all of them.

    Parameters
    ----------
    n : int
        How many examples there are.
    batch_size : int
        How many indices a batch holds, 1 ≤ batch_size ≤ n. If it does not divide n, the last batch of each epoch
        holds the rest: every example is seen once an epoch, none is dropped.
    rng : numpy.random.Generator
        Shuffles; it is used once an epoch, when the epoch begins.

    Yields
    ------
    batch : array of int, shape (batch_size,) or fewer at the end of an epoch
        An epoch is ``math.ceil(n / batch_size)`` batches.

    Raises
    ------
    ValueError
        If an argument is not as above, at the call.

    Notes
    -----
    As ``torch.utils.data.DataLoader(data, batch_size, shuffle=True, drop_last=False)``, epoch after epoch.

    References
    ----------
    L. Bottou, F. E. Curtis and J. Nocedal, "Optimization methods for large-scale machine learning", SIAM Review 60
    (2018), section 3.3.

    Examples
    --------
    >>> from itertools import islice
    >>> epoch = list(islice(minibatches(n=5, batch_size=2, rng=np.random.default_rng(0)), 3))
    >>> [len(batch) for batch in epoch], sorted(int(i) for batch in epoch for i in batch)
    ([2, 2, 1], [0, 1, 2, 3, 4])
    """
    fits(locals())
    return _deal(n, batch_size, rng)


def _deal(n: int, batch_size: int, rng: np.random.Generator) -> Iterator[Array]:
    while True:
        order = rng.permutation(n)
        for first in range(0, n, batch_size):
            yield order[first : first + batch_size]


def fits(given: dict[str, Any]) -> None:
    """Refuse a batch that is larger than the data."""
    if given["batch_size"] > given["n"]:
        raise refuse("batch_size", given["batch_size"], f"must be at most n = {given['n']}, the number of examples")


@stream(prepare=fits)
def sgd(
    grad_i: Callable[[Array, Array], Array],
    theta: Array,
    n: int,
    lr: Rate,
    batch_size: int,
    rng: np.random.Generator,
) -> Iterates:
    r"""Step against a batch's mean: :math:`\theta \leftarrow \theta - \frac\eta B \sum_i \nabla \ell_i(\theta)`.

    Parameters
    ----------
    grad_i : function of theta and indices
        ``grad_i(theta, batch)`` returns the *mean* of the gradients ∇ℓᵢ(θ) over the indices i in `batch`
        (an integer array, of 1 to `batch_size` entries), of the shape of θ.
    theta : float or array
        The start θ₀, of any shape.
    n : int
        How many examples there are: L(θ) = (1/n) Σ ℓᵢ(θ).
    lr : float or schedule
        The step size η > 0; a function of the *step* (not of the epoch) if it is to decay.
    batch_size : int
        Examples a step, 1 ≤ batch_size ≤ n. With n every step is full-batch gradient descent.
    rng : numpy.random.Generator
        Shuffles the examples anew each epoch (see `minibatches`).

    Yields
    ------
    theta : float or array
        θ₁, θ₂, …, one a batch; ``state["batch"]`` are the indices that were used.

    Raises
    ------
    ValueError
        If an argument is not as above, or `grad_i` returns another shape, NaN or infinity.

    Notes
    -----
    A batch drawn from the n examples without replacement estimates ∇L without bias, with variance
    (σ²/B)·(n − B)/(n − 1). With constant η the iterates end in a ball of noise around the minimum; with
    Ση = ∞ and Ση² < ∞ (e.g. ``lambda step: 1 / (10 + step)``) they settle. ``sklearn.linear_model.SGDClassifier``
    updates after every *single* example, whatever the length of the data passed to ``partial_fit``.

    References
    ----------
    H. Robbins and S. Monro, "A stochastic approximation method", Ann. Math. Stat. 22 (1951).
    L. Bottou, F. Curtis and J. Nocedal, "Optimization methods for large-scale machine learning", SIAM Rev. 60 (2018).

    Examples
    --------
    The mean of four numbers, as the minimum of the mean of ½(θ − yᵢ)²:

    >>> y = np.array([1.0, 2.0, 3.0, 6.0])
    >>> descent = sgd(lambda theta, batch: theta - y[batch].mean(), theta=0.0, n=4,
    ...               lr=lambda step: 1 / (1 + step), batch_size=1, rng=np.random.default_rng(0))
    >>> epoch = [next(descent) for _ in range(4)]
    >>> float(round(epoch[-1], 12))  # the running mean of all four
    3.0
    """
    for rate, batch in zip(rates(lr), minibatches(n, batch_size, rng), strict=False):
        theta = theta - rate * grad_i(theta, batch)
        yield theta
