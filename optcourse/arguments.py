"""What a good argument is, decided once, by name.

The course uses one name for one thing everywhere (``theta``, ``lr``, ``beta``), so an argument can be checked
by its name alone. `checked` and `optcourse.streams.stream` apply the rules below before a method's first line
runs; the bodies of the methods stay as short as the page of the book.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable
from numbers import Integral, Real
from typing import Any, ParamSpec, TypeAlias, TypeVar, cast

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]
Gradient: TypeAlias = Callable[[Array], Array]
Loss: TypeAlias = Callable[[Array], float]
Hessian: TypeAlias = Callable[[Array], Array]
Rule: TypeAlias = Callable[[str, Any], Any]

P = ParamSpec("P")
R = TypeVar("R")


class NonFiniteError(ValueError):
    """A callable returned NaN or infinity where a method cannot go on."""


def shown(value: Any, limit: int = 60) -> str:
    """Return `value` as a short text for an error message."""
    text = " ".join(repr(value).split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def refuse(name: str, value: Any, needed: str) -> ValueError:
    """Build the one form of complaint the package makes: which argument, what it was, what it should be."""
    return ValueError(f"{name} = {shown(value)}: {needed}")


def power_of_two(sizes: Any) -> Any:
    """Return the powers of two at or just below the sizes: scales that change no digit and bring each into [1, 2).

    Of nothing it is one half: that stays nothing in any unit.
    """
    return np.ldexp(0.5, np.frexp(sizes)[1])


def norm(entries: Any) -> float:
    """Return the root of the sum of all squares, also where floats do not hold the squares."""
    entries = np.asarray(entries, dtype=float)
    square = float(np.vdot(entries, entries))
    if np.finfo(float).tiny / np.finfo(float).eps < square < np.inf:
        return math.sqrt(square)
    unit = power_of_two(np.abs(entries).max(initial=0.0))
    entries = entries / unit
    return float(unit * math.sqrt(np.vdot(entries, entries)))


# ---------------------------------------------------------------------------------------------- rules


def _floats(name: str, value: Any) -> Array:
    """Finite floats of any shape; a copy, so that the caller's stays untouched."""
    try:
        theta = np.array(value)
    except ValueError:
        raise refuse(name, value, "must be a number or an array of numbers of one shape") from None
    if theta.dtype.kind in "iub":
        theta = theta.astype(np.float64)
    if theta.dtype.kind != "f":
        raise refuse(name, value, f"must hold real numbers, not {theta.dtype}")
    # The sum of squares is finite unless an entry is not, or squares overflow: look closer only then.
    entries = theta.ravel(order="K")
    if not math.isfinite(np.vdot(entries, entries)) and not np.isfinite(theta).all():
        raise refuse(name, value, "must be finite: no NaN, no infinity")
    return theta[()]  # a 0-d array becomes a NumPy float: float in, float out


def table(name: str, value: Any, needed: str) -> Array:
    """Whatever NumPy makes of it, if its rows are of one length."""
    try:
        return np.asarray(value)
    except ValueError:
        raise refuse(name, value, needed) from None


def iterate(name: str, value: Any) -> Array:
    """A point of the parameter space: one finite float or more, of any shape."""
    theta = _floats(name, value)
    if theta.size == 0:
        raise refuse(name, value, "must hold at least one number")
    return theta


def point(name: str, value: Any) -> Array:
    """A point that is a vector of one entry or more: for methods that draw or list its coordinates."""
    theta = iterate(name, value)
    if np.ndim(theta) != 1:
        raise refuse(name, value, "must be a vector (1 dimension)")
    return theta


def matrix(name: str, value: Any) -> Array:
    """A finite 2-d float array."""
    table = _floats(name, value)
    if np.ndim(table) != 2:
        raise refuse(name, value, f"must be a matrix (2 dimensions), not {np.ndim(table)}")
    return table


def vector(name: str, value: Any) -> Array:
    """A finite 1-d float array."""
    row = _floats(name, value)
    if np.ndim(row) != 1:
        raise refuse(name, value, f"must be a vector (1 dimension), not {np.ndim(row)}")
    return row


def fitting(name: str, value: Any, other: Array) -> Array:
    """A vector with one entry for each of another's."""
    row = vector(name, value)
    if row.shape != other.shape:
        raise refuse(name, value, f"must have shape {other.shape}, not {row.shape}")
    return row


def below(low: Array, high: Array) -> None:
    """Refuse the corners of a box unless one lies below the other, entry by entry, and no side is infinitely long."""
    if np.shape(low) != np.shape(high) or not np.all(low < high):
        raise refuse("low", low, f"must lie below high = {high}, entry by entry")
    if np.max(0.5 * high - 0.5 * low) > 0.5 * np.finfo(float).max:
        raise refuse("low", low, f"is so far below high = {high} that no float tells how far")


def squares_fit(name: str, data: Array) -> None:
    """Refuse data of which floats do not hold the squares."""
    squares = float(np.vdot(data.ravel(order="K"), data.ravel(order="K")))
    if squares == np.inf or (squares < np.finfo(float).tiny and data.any()):
        raise refuse(name, data, "must lie between about 1e-150 and 1e150 in size: floats do not hold its squares")


def function(name: str, value: Any) -> Any:
    """Anything that can be called."""
    if not callable(value):
        raise refuse(name, value, "must be a function of theta")
    return value


def _number(name: str, value: Any, needed: str) -> float:
    if isinstance(value, float) and math.isfinite(value):  # the usual case, several times quicker than what follows
        return float(value)
    try:
        finite = isinstance(value, Real) and math.isfinite(value)
    except OverflowError:  # a whole number beyond all floats
        finite = False
    if isinstance(value, bool | np.bool_) or not finite:
        raise refuse(name, value, needed)
    return float(value)


def number(name: str, value: Any) -> float:
    """A finite real number."""
    return _number(name, value, "must be a finite number")


def positive(name: str, value: Any) -> float:
    """A finite number above zero."""
    needed = "must be a positive number"
    if (checked_value := _number(name, value, needed)) <= 0:
        raise refuse(name, value, needed)
    return checked_value


def non_negative(name: str, value: Any) -> float:
    """A finite number, zero or above."""
    needed = "must be zero or a positive number"
    if (checked_value := _number(name, value, needed)) < 0:
        raise refuse(name, value, needed)
    return checked_value


def fraction(name: str, value: Any) -> float:
    """A number in [0, 1): the memory of a moving average."""
    needed = "must lie in [0, 1)"
    if not 0 <= (checked_value := _number(name, value, needed)) < 1:
        raise refuse(name, value, needed)
    return checked_value


def open_fraction(name: str, value: Any) -> float:
    """A number strictly between 0 and 1."""
    needed = "must lie strictly between 0 and 1"
    if not 0 < (checked_value := _number(name, value, needed)) < 1:
        raise refuse(name, value, needed)
    return checked_value


def probability(name: str, value: Any) -> float:
    """A number in [0, 1]."""
    needed = "must lie in [0, 1]"
    if not 0 <= (checked_value := _number(name, value, needed)) <= 1:
        raise refuse(name, value, needed)
    return checked_value


def flag(name: str, value: Any) -> bool:
    """Yes or no."""
    if not isinstance(value, bool | np.bool_):
        raise refuse(name, value, "must be True or False")
    return bool(value)


def count(name: str, value: Any) -> int:
    """A whole number, one or above."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
        raise refuse(name, value, "must be a whole number, 1 or more")
    return int(value)


def index(name: str, value: Any) -> int:
    """A whole number, zero or above."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 0:
        raise refuse(name, value, "must be a whole number, 0 or more")
    return int(value)


def generator(name: str, value: Any) -> np.random.Generator:
    """A NumPy random generator: the one source of chance."""
    if not isinstance(value, np.random.Generator):
        raise refuse(name, value, "must be a numpy.random.Generator, e.g. numpy.random.default_rng(0)")
    return value


def defined(name: str, value: float, theta: Any) -> float:
    """What a function returned at θ, unless it is NaN: nothing can be compared with that."""
    if math.isnan(value):
        raise NonFiniteError(f"{name} returned nan at theta = {shown(theta)}")
    return value


def rate(name: str, value: Any) -> Any:
    """A positive number, or a schedule: a function of the step 0, 1, 2, …"""
    return value if callable(value) else positive(name, value)


def one_of(*choices: str) -> Rule:
    """Make a rule that admits the given words."""

    def rule(name: str, value: Any) -> str:
        if not isinstance(value, str) or value not in choices:
            raise refuse(name, value, "must be one of " + ", ".join(map(repr, choices)))
        return str(value)

    return rule


# One name, one meaning, in every method of the course. A method with a word of its own adds it by
# `checked(name=rule)` or `stream(name=rule)`.
RULES: dict[str, Rule] = {
    "theta": iterate,
    "loss": function,
    "losses": function,
    "grad": function,
    "hess": function,
    "grad_i": function,
    "f": function,
    "prox": function,
    "project": function,
    "lr": rate,
    "beta": fraction,
    "beta1": fraction,
    "beta2": fraction,
    "rho": fraction,
    "eps": positive,
    "weight_decay": non_negative,
    "lam": non_negative,
    "tol": non_negative,
    "n": count,
    "batch_size": count,
    "memory": count,
    "rng": generator,
    "A": matrix,
    "b": vector,
    "X": matrix,
    "y": vector,
}


def check_all(bound: inspect.BoundArguments, rules: dict[str, Rule]) -> None:
    """Replace every argument by its checked form, in place. `None` stands for "not given" where it is the default."""
    for name, value in bound.arguments.items():
        rule = rules.get(name)
        if rule is None or (value is None and bound.signature.parameters[name].default is None):
            continue
        bound.arguments[name] = rule(name, value)


def checked(**own: Rule) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Check a function's arguments by their names before it runs.

    Parameters
    ----------
    **own
        Rules for names that `RULES` does not know, or that mean something else in this function.

    Raises
    ------
    ValueError
        From the decorated function, naming the first bad argument, its value, and what was needed.

    Examples
    --------
    >>> @checked(alpha=positive)
    ... def shrink(theta, alpha):
    ...     return theta / alpha
    >>> shrink([2, 4], alpha=2)
    array([1., 2.])
    >>> shrink(1.0, alpha=-3)
    Traceback (most recent call last):
    ValueError: alpha = -3: must be a positive number
    """

    def decorate(body: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(body)
        rules = RULES | own
        asked = signature.parameters.values()
        ruled = [
            (place, one.name, rules[one.name], one.default) for place, one in enumerate(asked) if one.name in rules
        ]
        plain = all(one.kind is one.POSITIONAL_OR_KEYWORD for one in asked)
        as_given = cast("Callable[..., R]", body)

        @functools.wraps(body)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            if plain and not kwargs and len(args) == len(asked):  # several times quicker than what follows
                given: list[Any] = list(args)
                for place, name, rule, default in ruled:
                    if given[place] is not None or default is not None:
                        given[place] = rule(name, given[place])
                return as_given(*given)
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            check_all(bound, rules)
            return body(*bound.args, **bound.kwargs)

        return call

    return decorate
