"""Questions about behaviour that a value cannot answer. Each returns a `Probe` for an exercise's declaration."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from optcourse.arguments import Array
from optcourse.grading.exercise import Case, Probe
from optcourse.grading.watch import Call, Run

Count = int | Callable[[Case], int]


def _times(count: Count, case: Case) -> int:
    return count(case) if callable(count) else count


def _points(call: Call, case: Case) -> int:
    """How many points a call asks about: a function of NumPy takes an array of them at once, and each has its price.

    So has every answer to a point that is spread out over the others, and what a step into the complex tells besides.
    """
    asked, one = call.arguments[0], max(np.size(case.arguments.get("theta", call.arguments[0])), 1)
    many = max(-(-np.size(asked) // one), -(-np.size(call.answer) // one), 1)
    return 2 * many if np.iscomplexobj(asked) else many


def evaluations(name: str, most: Count | None = None, least: Count | None = None) -> Probe:
    """The function `name` is called as often as the reference calls it, or from `least` to `most` times.

    A call with several points at once counts as so many calls.
    """

    def ask(case: Case, run: Run, model: Run) -> str | None:
        upper = len(model.calls[name]) if most is None else _times(most, case)
        lower = upper if least is None else _times(least, case)
        called, points = len(run.calls[name]), sum(_points(call, case) for call in run.calls[name])
        if lower <= points <= upper:
            return None
        needed = f"{upper}" if lower == upper else f"{lower} to {upper}"
        many = f" with {points} points in all" if points > called else ""
        verb = f"{'is' if needed == '1' else 'are'} {'needed' if points < lower else 'enough'}"
        return f"it calls {name} {_often(called)}{many}, where {needed} {verb}"

    return Probe("evaluations", ask)


def _often(called: int) -> str:
    return {0: "not at all", 1: "once", 2: "twice"}.get(called, f"{called} times")


def evaluated_at(name: str, position: int = 0, rtol: float = 1e-9, atol: float = 1e-12) -> Probe:
    """The function `name` is called where the reference calls it, in the same order."""

    def ask(case: Case, run: Run, model: Run) -> str | None:
        for number, (call, right) in enumerate(zip(run.calls[name], model.calls[name], strict=False), start=1):
            asked, point = np.asarray(call.arguments[position]), np.asarray(right.arguments[position])
            if asked.shape == point.shape and (asked == point).all():
                continue  # the usual case, told at a tenth of the cost
            # Beside the largest coordinate, as answers are: a small one has no digits of its own in single precision.
            near = atol + rtol * float(np.max(np.abs(point[np.isfinite(point)]), initial=0.0))
            if asked.shape != point.shape or not np.allclose(asked, point, rtol=0, atol=near, equal_nan=True):
                return f"call {number} of {name} is at another place than the method's"
        return None

    return Probe("points", ask)


Indices = str | Callable[[Run], Array]


def _asked(indices: Indices, position: int, run: Run) -> Array:
    """All indices in the order of their use: those that a function was asked for, or what a rule finds in the run."""
    if callable(indices):
        return indices(run)
    return np.concatenate([np.ravel(call.arguments[position]) for call in run.calls[indices]] or [np.zeros(0)])


def _epochs(asked: Array, size: int) -> list[tuple[float, ...]]:
    """The order of every whole epoch."""
    return [tuple(asked[start : start + size].tolist()) for start in range(0, len(asked) - size + 1, size)]


def passes_over(indices: Indices, examples: Callable[[Case], Array | int], position: int = 1) -> Probe:
    """Indices go through all examples (or 0, …, n − 1) once each before any of them comes again."""

    def ask(case: Case, run: Run, model: Run) -> str | None:
        known = examples(case)
        every = sorted(range(known) if isinstance(known, int) else known.tolist())
        for epoch, order in enumerate(_epochs(_asked(indices, position, run), len(every)), start=1):
            if sorted(order) != every:
                return f"in epoch {epoch} it does not use every example exactly once"
        return None

    return Probe("order", ask)


# Two shuffles of four agree by chance once in 24: ask only where chance is out of the question.
ENOUGH_TO_TELL = 8
ENOUGH_FOR_TURNS = 12  # 24 orders of twelve are the stored one from somewhere on, of 479 million
# A shuffle leaves one pair of neighbours together on average, two epochs two: fourteen pairs by chance once in 10⁸.
NEIGHBOURS, SHARE = 14, 0.6


def reshuffles(indices: Indices, n: Callable[[Case], int], position: int = 1) -> Probe:
    """The order in which the examples are used changes from one epoch to the next."""

    def ask(case: Case, run: Run, model: Run) -> str | None:
        if n(case) < ENOUGH_TO_TELL:
            return None
        epochs = _epochs(_asked(indices, position, run), n(case))
        if len(set(epochs)) < len(epochs):
            return "it goes through the examples in the same order in two epochs"
        if _hardly_shuffled(zip(epochs[1:], epochs, strict=False)):
            return "it hardly shuffles again: most examples come right behind those of the epoch before"
        return None

    return Probe("order", ask)


def _as_stored(order: tuple[float, ...]) -> bool:
    """Whether an order is that of the numbers, forwards or backwards, wherever it begins."""
    for line in (sorted(order), sorted(order, reverse=True)):
        first = line.index(order[0]) if len(line) >= ENOUGH_FOR_TURNS else 0
        if list(order) == line[first:] + line[:first]:
            return True
    return False


def _hardly_shuffled(shuffled: Iterable[tuple[Sequence[float], Sequence[float]]]) -> bool:
    """Whether most examples still stand behind the same one as before, over all pairs of an order and that before."""
    pairs = together = 0
    for order, line in shuffled:
        behind = dict(itertools.pairwise(line))
        steps = list(itertools.pairwise(order))
        forwards = sum(behind.get(one) == other for one, other in steps)
        backwards = sum(behind.get(other) == one for one, other in steps)
        pairs, together = pairs + len(steps), together + max(forwards, backwards)
    return together >= max(NEIGHBOURS, SHARE * pairs)


def shuffles(indices: Indices, n: Callable[[Case], int], position: int = 1) -> Probe:
    """No epoch goes through the examples in the order of their numbers, forwards, backwards or from the middle on."""

    def ask(case: Case, run: Run, model: Run) -> str | None:
        if n(case) < ENOUGH_TO_TELL:
            return None
        epochs = _epochs(_asked(indices, position, run), n(case))
        if any(map(_as_stored, epochs)):
            return "it goes through the examples in the order in which they are stored"
        if _hardly_shuffled((order, sorted(order)) for order in epochs):
            return "it hardly shuffles: most examples come right behind those that they are stored behind"
        return None

    return Probe("order", ask)


ENOUGH_WAYS = 8.0  # ten to this power: of so many ways to deal, two deals are the same by chance once


def regroups(indices: Indices, n: Callable[[Case], int], position: int = 1) -> Probe:
    """No epoch has the batches of another, nor those of the file, in whatever order.

    With few examples there are so few ways to deal them that only several repetitions together tell.
    """

    def ask(case: Case, run: Run, model: Run) -> str | None:
        size = case["batch_size"]
        epochs = _epochs(_asked(indices, position, run), n(case))
        deals = [_dealt(order, size) for order in epochs]
        known = {_dealt(sorted(order), size) for order in epochs}
        repeated = len(known) + len(deals) - len(known.union(deals))
        if repeated * _ways(n(case), size) < ENOUGH_WAYS:
            return None
        return "its batches hold the same examples again: deal them from all examples anew in each epoch"

    return Probe("order", ask)


def _dealt(order: Sequence[float], size: int) -> frozenset[frozenset[float]]:
    """The batches of an epoch, whatever their order and that in them."""
    return frozenset(frozenset(order[first : first + size]) for first in range(0, len(order), size))


def _ways(n: int, size: int) -> float:
    """In how many ways so many examples can be dealt, as a power of ten."""
    whole, rest = divmod(n, size)
    orders = math.lgamma(n + 1) - whole * math.lgamma(size + 1) - math.lgamma(rest + 1) - math.lgamma(whole + 1)
    return orders / math.log(10)


def batches_of(name: str, sizes: Callable[[Case], list[int]], position: int = 1) -> Probe:
    """The function `name` is called once a batch, with batches of these sizes."""

    def ask(case: Case, run: Run, model: Run) -> str | None:
        right = sizes(case)
        for number, (call, size) in enumerate(zip(run.calls[name], right, strict=False), start=1):
            if (asked := np.size(call.arguments[position])) != size:
                return f"batch {number} of {name} has {asked} example{'s' * (asked != 1)}, not {size}"
        return None

    return Probe("batches", ask)


def within_budget(name: str, budget: Callable[[Case], int], position: int = 1) -> Probe:
    """All calls of `name` together ask for at most so many examples, at one point each."""

    def ask(case: Case, run: Run, model: Run) -> str | None:
        spent = sum(np.size(call.arguments[position]) * _points(call, case) for call in run.calls[name])
        if spent <= budget(case):
            return None
        return f"it asks {name} for {spent} examples in all, where the budget is {budget(case)}"

    return Probe("evaluations", ask)
