"""Functions that no exercise should take for right, made from its own reference, each with the property it breaks."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from optcourse.grading.exercise import Exercise

Function = Callable[..., Any]

# What an oddity breaks, by its name. The same names are rows of the teacher's table.
BREAKS: dict[str, str] = {
    "blank": "blank",
    "returns nothing": "none",
    "takes no argument": "arguments",
    "takes one argument too many": "arguments",
    "changes its arguments": "mutation",
    "remembers": "state",
    "empty": "shape",
    "one axis too many": "shape",
    "NaN": "finiteness",
    "complex": "kind",
    "words": "type",
    "raises": "exception",
    "exits": "exception",
    "prints ten megabytes": "output",
    "never ends": "time",
}


def breaks(exercise: Exercise) -> dict[str, str]:
    """Return what of `BREAKS` an exercise can meet: numbers cannot be changed by whoever they are given to."""
    changeable = any(isinstance(value, np.ndarray | list | dict) for value in exercise.cases[0].arguments.values())
    return {name: broken for name, broken in BREAKS.items() if broken != "mutation" or changeable}


def patience(name: str) -> float:
    """Seconds for one call: few where it never ends, enough for a busy machine where the answer is what is odd."""
    return 0.2 if BREAKS[name] == "time" else 5.0


def oddity(name: str, exercise: Exercise) -> Function:
    """Return the function called `name` in `BREAKS`, for one exercise."""
    right = exercise.reference

    def blank(*given: Any) -> Any:
        raise NotImplementedError

    def changes(*given: Any) -> Any:
        answer = right(*given)
        for value in given:
            if isinstance(value, np.ndarray) and value.size:
                value += 1
        return answer

    calls: list[int] = []

    def remembers(*given: Any) -> Any:
        calls.append(1)
        return _changed(right(*given), lambda number: number + 0.01 * (len(calls) - 1))

    def raises(*given: Any) -> Any:
        raise ZeroDivisionError("division by zero")

    def prints(*given: Any) -> Any:
        for _ in range(10_000):
            print("x" * 1_000)
        return right(*given)

    def never_ends(*given: Any) -> Any:
        while True:
            pass

    made: dict[str, Function] = {
        "blank": blank,
        "returns nothing": lambda *given: None,
        "takes no argument": lambda: None,
        "takes one argument too many": _with_more(right, len(exercise.cases[0].arguments)),
        "changes its arguments": changes,
        "remembers": remembers,
        "empty": lambda *given: _changed(right(*given), lambda number: np.zeros((0, *np.shape(number)[1:]))),
        "one axis too many": lambda *given: _changed(right(*given), lambda number: np.asarray(number)[..., None]),
        "NaN": lambda *given: _changed(right(*given), lambda number: np.full(np.shape(number), np.nan)[()]),
        "complex": lambda *given: _changed(right(*given), lambda number: number + 0j),
        "words": lambda *given: _changed(right(*given), lambda number: "the answer"),
        "raises": raises,
        "exits": lambda *given: sys.exit(0),
        "prints ten megabytes": prints,
        "never ends": never_ends,
    }
    return made[name]


def _with_more(right: Function, count: int) -> Function:
    """A function that wants one argument more than it is given."""
    names = ", ".join(f"a{k}" for k in range(count + 1))
    function: Function = eval(f"lambda {names}: right({', '.join(f'a{k}' for k in range(count))})", {"right": right})
    return function


def _changed(answer: Any, change: Callable[[Any], Any]) -> Any:
    """Change the answer, or the first part of an answer in parts."""
    return (change(answer[0]), *answer[1:]) if isinstance(answer, tuple) else change(answer)
