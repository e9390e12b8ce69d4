r"""3.6 Learning rates and schedules: how long a step should be, and when.

A schedule is a function of the step t = 0, 1, 2, … (the t-th rate makes the iterate t + 1), and stands wherever a
method takes ``lr``. Every function here returns one. None of them ends: each says what it does past its last step.

Weight decay is driven by the schedule too: `optcourse.adamw` shrinks θ by the share ηλ a step, so the total shrinkage
is about exp(−λ Ση), and halving all rates halves the decay.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from optcourse.arguments import (
    Array,
    Loss,
    NonFiniteError,
    checked,
    count,
    fraction,
    function,
    index,
    iterate,
    non_negative,
    open_fraction,
    positive,
    refuse,
    shown,
)
from optcourse.streams import Counted, Iterates, Schedule, Stream


def share(name: str, value: Any) -> float:
    """A number in (0, 1]."""
    if positive(name, value) > 1:
        raise refuse(name, value, "must lie in (0, 1]")
    return float(value)


def above_one(name: str, value: Any) -> float:
    """A number above 1."""
    if positive(name, value) <= 1:
        raise refuse(name, value, "must be above 1")
    return float(value)


def in_order(lr_min: float, lr: float, name: str = "lr") -> None:
    """Refuse a lowest rate above the highest."""
    if lr_min > lr:
        raise refuse("lr_min", lr_min, f"must be at most {name} = {lr}")


def cosine_between(high: float, low: float, progress: float) -> float:
    """From `high` at progress 0 to `low` at 1 along half a cosine wave."""
    return low + 0.5 * (high - low) * (1 + math.cos(math.pi * progress))


@checked(lr=positive, factor=share, every=count)
def step_decay(lr: float, factor: float = 0.1, every: int = 30) -> Schedule:
    r"""Cut the rate by a factor every so many steps: :math:`\eta_t = \eta_0 \cdot f^{\lfloor t/k \rfloor}`.

    Parameters
    ----------
    lr : float
        η₀ > 0.
    factor : float
        f in (0, 1].
    every : int
        k ≥ 1 steps between two cuts; the rate goes on falling for ever.

    Returns
    -------
    Schedule
        A function of the step 0, 1, 2, … that returns η_t, in the units of η₀.

    Raises
    ------
    ValueError
        If an argument is not as above.

    Notes
    -----
    ``torch.optim.lr_scheduler.StepLR(optimizer, step_size=every, gamma=factor)``.

    References
    ----------
    K. He, X. Zhang, S. Ren and J. Sun, "Deep residual learning for image recognition", CVPR (2016), section 3.4: the
    rate is divided by 10 when the error stays.

    Examples
    --------
    >>> eta = step_decay(lr=1.0, factor=0.5, every=2)
    >>> [eta(t) for t in range(5)]
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """
    return lambda step: lr * factor ** (step // every)


@checked(lr=positive)
def exponential_decay(lr: float, lam: float = 0.01) -> Schedule:
    r"""Cut the rate by the same share at every step: :math:`\eta_t = \eta_0 e^{-\lambda t}`.

    Parameters
    ----------
    lr : float
        η₀ > 0.
    lam : float
        λ ≥ 0 per step; the rate goes on falling for ever, halving every (ln 2)/λ steps.

    Returns
    -------
    Schedule
        A function of the step 0, 1, 2, … that returns η_t, in the units of η₀.

    Raises
    ------
    ValueError
        If an argument is not as above.

    Notes
    -----
    ``torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma)`` with gamma = e^(−λ).

    References
    ----------
    C. Darken, J. Chang and J. Moody, "Learning rate schedules for faster stochastic gradient search", NNSP (1992), on
    schedules that fall for ever; here with the exponential for their 1/t.

    Examples
    --------
    >>> eta = exponential_decay(lr=1.0, lam=0.5)
    >>> [round(eta(t), 4) for t in range(3)]
    [1.0, 0.6065, 0.3679]
    """
    return lambda step: lr * math.exp(-lam * step)


@checked(lr=positive, T=count, lr_min=non_negative)
def cosine_annealing(lr: float, T: int, lr_min: float = 0.0) -> Schedule:
    r"""Half a cosine wave down: :math:`\eta_t = \eta_{\min} + \tfrac12(\eta_0 - \eta_{\min})(1 + \cos(\pi t/T))`.

    Parameters
    ----------
    lr : float
        η₀ > 0, at t = 0.
    T : int
        The step, ≥ 1, at which the rate reaches `lr_min`; it stays there for ever after.
    lr_min : float
        The last rate, 0 ≤ lr_min ≤ lr.

    Returns
    -------
    Schedule
        A function of the step 0, 1, 2, … that returns η_t, in the units of η₀.

    Raises
    ------
    ValueError
        If an argument is not as above.

    Notes
    -----
    ``torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=T, eta_min=lr_min)`` up to t = T; beyond it the
    library's rate climbs the wave back to η₀, ours stays.

    References
    ----------
    I. Loshchilov and F. Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR (2017), eq. (5).

    Examples
    --------
    >>> eta = cosine_annealing(lr=1.0, T=100, lr_min=0.2)
    >>> [round(eta(t), 12) for t in (0, 50, 100, 1000)]
    [1.0, 0.6, 0.2, 0.2]
    """
    in_order(lr_min, lr)
    return lambda step: cosine_between(lr, lr_min, min(step / T, 1.0))


@checked(lr=positive, T=count, growth=count, lr_min=non_negative)
def cosine_restarts(lr: float, T: int, growth: int = 1, lr_min: float = 0.0) -> Schedule:
    r"""Cosine annealing that starts again at η₀ when it ends, each time `growth` times longer.

    Parameters
    ----------
    lr : float
        η₀ > 0, at the start of every cycle.
    T : int
        Steps, ≥ 1, in the first cycle. Cycles follow each other for ever.
    growth : int
        How many times longer than the last the next cycle is, ≥ 1.
    lr_min : float
        The rate each cycle falls towards, 0 ≤ lr_min ≤ lr.

    Returns
    -------
    Schedule
        A function of the step 0, 1, 2, … that returns η_t, in the units of η₀.

    Raises
    ------
    ValueError
        If an argument is not as above.

    Notes
    -----
    ``torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=T, T_mult=growth, eta_min=lr_min)``.
    The iterates at the ends of the cycles are different good models: averaging their answers is a *snapshot ensemble*.

    References
    ----------
    I. Loshchilov and F. Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR (2017).
    G. Huang et al., "Snapshot ensembles: train 1, get M for free", ICLR (2017).

    Examples
    --------
    >>> eta = cosine_restarts(lr=1.0, T=2, growth=2)
    >>> [round(eta(t), 4) for t in range(7)]
    [1.0, 0.5, 1.0, 0.8536, 0.5, 0.1464, 1.0]
    """
    in_order(lr_min, lr)

    def schedule(step: int) -> float:
        length = T
        if growth == 1:
            step %= T
        while step >= length:
            step, length = step - length, length * growth
        return cosine_between(lr, lr_min, step / length)

    return schedule


@checked(lr=positive, T=count, warmup=index, lr_min=non_negative)
def warmup_cosine(lr: float, T: int, warmup: int, lr_min: float = 0.0) -> Schedule:
    r"""A straight line up to η₀, then half a cosine wave down.

    :math:`\eta_t = \eta_0\, t/w` for t < w, then `cosine_annealing` from step w to step T.

    Parameters
    ----------
    lr : float
        η₀ > 0, reached at t = warmup.
    T : int
        The step at which the rate reaches `lr_min`; it stays there for ever after.
    warmup : int
        w, 0 ≤ w < T. The rate at t = 0 is 0 if w > 0: that step does not move θ, but fills Adam's moments.
    lr_min : float
        The last rate, 0 ≤ lr_min ≤ lr.

    Returns
    -------
    Schedule
        A function of the step 0, 1, 2, … that returns η_t, in the units of η₀.

    Raises
    ------
    ValueError
        If an argument is not as above.

    Notes
    -----
    ``torch.optim.lr_scheduler.SequentialLR`` of ``LinearLR(start_factor≈0, total_iters=warmup)`` and
    ``CosineAnnealingLR(T_max=T - warmup)``; ``transformers.get_cosine_schedule_with_warmup``.
    Why: Adam's second moment is an average of few squares at first, so early steps have the wrong length.

    References
    ----------
    P. Goyal et al., "Accurate, large minibatch SGD: training ImageNet in 1 hour", arXiv:1706.02677 (2017), section 2.2.

    Examples
    --------
    >>> eta = warmup_cosine(lr=1e-3, T=10_000, warmup=500)
    >>> [eta(t) for t in (0, 250, 500, 10_000, 20_000)]
    [0.0, 0.0005, 0.001, 0.0, 0.0]
    """
    in_order(lr_min, lr)
    if warmup >= T:
        raise refuse("warmup", warmup, f"must be less than T = {T}")

    def schedule(step: int) -> float:
        if step < warmup:
            return lr * step / warmup
        return cosine_between(lr, lr_min, min((step - warmup) / (T - warmup), 1.0))

    return schedule


@checked(lr_min=non_negative, lr_max=positive, up=count, down=count, factor=share)
def cyclical(lr_min: float, lr_max: float, up: int = 2000, down: int | None = None, factor: float = 1.0) -> Schedule:
    r"""Straight up and straight down between two rates, for ever.

    Parameters
    ----------
    lr_min, lr_max : float
        The rates at the feet and at the peaks, 0 ≤ lr_min ≤ lr_max.
    up : int
        Steps, ≥ 1, from a foot to a peak.
    down : int, optional
        Steps back, ≥ 1; as many as `up` if not given.
    factor : float
        The share in (0, 1] of its height above `lr_min` that each peak keeps of the last.

    Returns
    -------
    Schedule
        A function of the step 0, 1, 2, … that returns η_t, in the units of η₀.

    Raises
    ------
    ValueError
        If an argument is not as above.

    Notes
    -----
    ``torch.optim.lr_scheduler.CyclicLR(optimizer, lr_min, lr_max, step_size_up=up, step_size_down=down)``:
    ``mode="triangular"`` for factor 1, ``"triangular2"`` for ½. The library cycles momentum too unless told
    ``cycle_momentum=False``.

    References
    ----------
    L. Smith, "Cyclical learning rates for training neural networks", WACV (2017), section 3.1.

    Examples
    --------
    >>> eta = cyclical(lr_min=0.0, lr_max=1.0, up=2, factor=0.5)
    >>> [eta(t) for t in range(9)]
    [0.0, 0.5, 1.0, 0.5, 0.0, 0.25, 0.5, 0.25, 0.0]
    """
    in_order(lr_min, lr_max, "lr_max")
    back = up if down is None else down

    def schedule(step: int) -> float:
        cycle, position = divmod(step, up + back)
        height = position / up if position <= up else (up + back - position) / back
        return lr_min + (lr_max - lr_min) * height * factor**cycle

    return schedule


@checked(lr=positive, T=count, warmup=open_fraction, start=above_one, end=above_one)
def one_cycle(lr: float, T: int, warmup: float = 0.3, start: float = 25.0, end: float = 1e4) -> Schedule:
    r"""One wave: up from η/start to η, then down to almost nothing, both along half a cosine.

    Parameters
    ----------
    lr : float
        The peak η > 0.
    T : int
        How many steps the wave has, t = 0 … T−1; from T−1 on the rate is η/(start·end).
    warmup : float
        The share of the steps, in (0, 1), that climb: the peak is at t = warmup·T − 1, which must be above 0 and
        below T − 1.
    start, end : float
        Above 1: how many times below the peak the first rate is, and below the first rate the last.

    Returns
    -------
    Schedule
        A function of the step 0, 1, 2, … that returns η_t, in the units of η₀.

    Raises
    ------
    ValueError
        If an argument is not as above.

    Notes
    -----
    ``torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=lr, total_steps=T, pct_start=warmup, div_factor=start,
    final_div_factor=end, cycle_momentum=False)``, which raises past T where ours stays.

    References
    ----------
    L. Smith and N. Topin, "Super-convergence: very fast training of neural networks using large learning rates",
    arXiv:1708.07120 (2017).

    Examples
    --------
    >>> eta = one_cycle(lr=1.0, T=11, warmup=2 / 11 * 3, start=10.0, end=100.0)
    >>> [round(eta(t), 6) for t in (0, 5, 10, 99)]
    [0.1, 1.0, 0.001, 0.001]
    """
    peak, last = warmup * T - 1, T - 1
    if not 0 < peak < last:
        raise refuse("warmup", warmup, f"puts the peak at step {peak:g}: it must lie between 0 and T - 1 = {last}")

    def schedule(step: int) -> float:
        if step <= peak:
            return cosine_between(lr / start, lr, step / peak)
        return cosine_between(lr, lr / start / end, min((step - peak) / (last - peak), 1.0))

    return schedule


@dataclass(frozen=True)
class RangeTest:
    """What a learning-rate range test saw.

    Attributes
    ----------
    rates, losses : array, shape (k,)
        Each rate tried, and the loss after the step made with it.
    smoothed : array, shape (k,)
        The running average of the losses, its start corrected as in Adam.
    lr : float
        The suggestion: a notch below the rate from which the smoothed loss only climbs.
    """

    rates: Array = field(repr=False)
    losses: Array = field(repr=False)
    smoothed: Array = field(repr=False)
    lr: float


@checked(method=function, lr_min=positive, lr_max=positive, steps=count, memory=fraction, notch=above_one)
def lr_range_test(
    method: Callable[[Schedule], Iterable[Array]],
    loss: Loss,
    lr_min: float = 1e-6,
    lr_max: float = 10.0,
    steps: int = 100,
    memory: float = 0.9,
    notch: float = 10.0,
) -> RangeTest:
    r"""Train while the rate grows exponentially, and pick a notch below where the loss climbs.

    :math:`\eta_t = \eta_{\min} (\eta_{\max}/\eta_{\min})^{t/(T-1)}`.

    Parameters
    ----------
    method : function of a schedule
        Starts a method with it: ``lambda lr: sgd(grad_i, theta, n, lr, batch_size, rng)``.
    loss : function of theta
        What to watch.
    lr_min, lr_max : float
        The first and the last rate, 0 < lr_min < lr_max.
    steps : int
        T ≥ 2. The test ends early once the smoothed loss is four times the best, or not finite.
    memory : float
        Of the running average of the losses, in [0, 1); 0 takes them as they are.
    notch : float
        Above 1: how far below the turning point the suggestion is.

    Returns
    -------
    RangeTest

    Raises
    ------
    ValueError
        If an argument is not as above, or the loss is not finite after the first step.

    References
    ----------
    L. Smith, "Cyclical learning rates for training neural networks", WACV (2017), section 3.3.

    Examples
    --------
    >>> from optcourse import gradient_descent
    >>> found = lr_range_test(lambda lr: gradient_descent(lambda theta: theta, 4.0, lr), lambda theta: theta**2, 1e-3)
    >>> 0.1 < found.lr < 2  # the bound for this loss is 2
    True
    """
    if steps < 2:
        raise refuse("steps", steps, "must be at least 2")
    if lr_min >= lr_max:
        raise refuse("lr_min", lr_min, f"must be below lr_max = {lr_max}")

    tried = lr_min * (lr_max / lr_min) ** (np.arange(steps) / (steps - 1))
    started = method(lambda step: float(tried[step]))
    if not isinstance(started, Iterable):
        raise refuse("method", method, f"must return a stream of iterates, not {shown(started)}")
    iterates, loss = _looked_at(started, "method"), Counted("loss", loss, getattr(started, "start", None))
    losses: list[float] = []
    smoothed: list[float] = []
    average, best = 0.0, math.inf
    for t in range(1, steps + 1):
        try:
            with np.errstate(over="ignore", invalid="ignore"):
                observed = loss(next(iterates))
        except (NonFiniteError, OverflowError, StopIteration):  # a gradient that overflows ends the test as a loss does
            break
        if not math.isfinite(observed):
            break
        average = memory * average + (1 - memory) * observed
        losses.append(observed)
        smoothed.append(average / (1 - memory**t))
        best = min(best, smoothed[-1])
        if smoothed[-1] > 4 * best > 0:
            break
    if not losses:
        raise refuse("loss", loss, "is not finite after the first step, at the smallest rate")
    turning = float(tried[int(np.argmin(smoothed))])
    return RangeTest(tried[: len(losses)], np.array(losses), np.array(smoothed), max(turning / notch, lr_min))


@checked(patience=count, min_delta=non_negative)
def early_stopping(iterates: Iterable[Array], loss: Loss, patience: int = 10, min_delta: float = 0.0) -> Stream:
    r"""Pass a stream on until the validation loss has not improved for `patience` iterates.

    Parameters
    ----------
    iterates : Stream or iterable of arrays
        Any method.
    loss : function of theta
        The loss on data that the method does not see; +∞ is a loss like another, NaN is refused.
    patience : int
        How many iterates in a row may fail to improve, ≥ 1.
    min_delta : float
        How much lower than the best a loss must be to count as an improvement, ≥ 0.

    Yields
    ------
    theta : float or array
        The iterates, unchanged. The stream ends as ``"early"``, or as the inner one does. ``state["best"]`` is the
        iterate with the lowest validation loss (the start counts), ``state["best_loss"]`` its loss,
        ``state["best_step"]`` its number, and ``state["waited"]`` how long ago that was.

    Raises
    ------
    ValueError
        If an argument is not as above, or the loss is NaN.

    Notes
    -----
    ``keras.callbacks.EarlyStopping(patience=patience, min_delta=min_delta, restore_best_weights=True)``; there the
    loss is looked at once an epoch, here at every iterate.

    References
    ----------
    L. Prechelt, "Early stopping — but when?", Neural Networks: Tricks of the Trade (1998).

    Examples
    --------
    >>> from optcourse import gradient_descent, run
    >>> training = gradient_descent(lambda theta: 2 * theta, 4.0, lr=0.1)
    >>> stopped = early_stopping(training, loss=lambda theta: (theta - 1) ** 2, patience=3)
    >>> run(stopped).reason, float(round(stopped.state["best"], 3)), stopped.state["best_step"]
    ('early', 1.049, 6)
    """
    if not isinstance(iterates, Iterable) or (isinstance(iterates, np.ndarray) and iterates.ndim == 0):
        raise refuse("iterates", iterates, "must be a stream, or anything else that yields iterates")
    start: Any = getattr(iterates, "start", None)
    validation = Counted("loss", loss, start)
    counted = {**getattr(iterates, "_counted", {}), "validation": validation}
    body = _stop_early(iterates, start, validation, patience, min_delta)
    return Stream("early_stopping", start, body, counted, as_vector=False)


def _looked_at(iterates: Iterable[Array], name: str) -> Iterator[Array]:
    """Yield what a stream yields; of other iterables copies, each found to be finite: they may yield one buffer."""
    return iter(iterates) if isinstance(iterates, Stream) else (iterate(name, theta) for theta in iterates)


def _stop_early(iterates: Iterable[Array], start: Any, loss: Any, patience: int, min_delta: float) -> Iterates:
    best, best_step, waited = start, 0, 0
    best_loss = math.inf if start is None else loss(start)
    for step, theta in enumerate(_looked_at(iterates, "iterates"), start=1):
        observed = loss(theta)
        if math.isnan(observed):
            raise refuse("loss", loss.function, f"returned NaN at step {step}")
        waited += 1
        if observed < best_loss - min_delta:
            best, best_loss, best_step, waited = theta, observed, step, 0
        yield theta
        if waited >= patience:
            return "early"
    return getattr(iterates, "reason", None)
