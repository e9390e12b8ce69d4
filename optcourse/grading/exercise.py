"""What an exercise is, declared once: everything else (checks, hidden tests, hints, the grader's own tests) follows.

>>> double = Exercise(
...     name="double", title="Twice", section="3.1", points=1, signature="double(x) -> number",
...     reference=lambda x: 2 * x, cases=[Case("one", x=1.0)], draw=lambda rng: Case("drawn", x=rng.normal()),
...     tolerance=Tolerance(why="one rounding"),
... )
>>> @double.mistake("This squares x instead of doubling it.")
... def square(x):
...     return x**2
>>> double.mistakes[0].name, double.mistakes[0].sentence
('square', 'This squares x instead of doubling it.')
"""

from __future__ import annotations

import copy
import functools
import importlib
import pkgutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from optcourse.arguments import refuse

if TYPE_CHECKING:
    from optcourse.grading.watch import Run

Function = TypeVar("Function", bound=Callable[..., Any])


class Case:
    """Arguments to call a learner's function with, in the order of its signature.

    Parameters
    ----------
    label : str
        What the learner reads about a public case; a drawn case is never described.
    **arguments
        Numbers, strings, arrays, lists, tuples and dicts of these, pure functions, and `numpy.random.Generator`. Each
        call gets its own copy; functions stay where they are and are watched.
    """

    def __init__(self, label: str, /, **arguments: Any):
        self.label, self.arguments = label, arguments

    def __getitem__(self, name: str) -> Any:
        return self.arguments[name]

    def __repr__(self) -> str:
        return f"Case({self.label!r}, {', '.join(self.arguments)})"

    def changed(self, **arguments: Any) -> Case:
        """The same case with some arguments replaced."""
        return Case(self.label, **{**self.arguments, **arguments})

    def copies(self) -> dict[str, Any]:
        """Arguments for one call: nothing a function does to them reaches the next call."""
        return {name: _copied(value) for name, value in self.arguments.items()}


def _copied(value: Any) -> Any:
    kind = type(value)
    if kind is float or kind is int or callable(value):
        return value
    if kind is np.ndarray and not value.dtype.hasobject:
        return value.copy(order="K")  # as `deepcopy` does in the end
    return copy.deepcopy(value)


@dataclass(frozen=True)
class Tolerance:
    """How near a right answer comes to the reference, and why it need not come nearer.

    Attributes
    ----------
    rtol, atol : float
        Entries may be off by ``atol + rtol · max |reference|``: right solutions add in another order, and round.
    single : float, optional
        The `rtol` for an answer in single precision; None where single precision is itself a mistake.
    why : str
        The reason for these numbers.
    """

    rtol: float = 1e-9
    atol: float = 1e-12
    single: float | None = None
    why: str = ""


@dataclass(frozen=True)
class Mistake:
    """A small wrong implementation, its name, and the sentence that its author reads."""

    name: str
    sentence: str
    function: Callable[..., Any]


@dataclass(frozen=True)
class Probe:
    """A question about behaviour, not about the value: where the gradient was asked for, how often, of which examples.

    Attributes
    ----------
    property : str
        What is broken when the answer is bad, one of `optcourse.grading.verdict.PROPERTIES`.
    ask : function of the case, the run and the reference's run
        Returns None if all is well, else a sentence about what was seen.
    """

    property: str
    ask: Callable[[Case, Run, Run], str | None]


@dataclass(eq=False)
class Exercise:
    """One function to write.

    Attributes
    ----------
    name : str
        The function's name, unique in the course.
    title, section, points
        As the learner and the gradebook see them.
    signature : str
        The plain form with its shapes, e.g. ``"descend(grad, theta: (n,), lr: number, steps: int) -> (n,)"``.
    reference : function
        The right answer, with the learner's own signature: a thin wrapper around the package.
    cases : sequence of Case
        Public ones: shown to the learner, with expected values.
    draw : function of a numpy.random.Generator
        Returns a fresh case; never shown.
    tolerance : Tolerance
        For the comparison with the reference.
    path : str, optional
        The argument that counts steps. Then the verdict can say at which step the iterates leave the reference.
    rows : bool
        Whether the function returns the whole path, one iterate a row.
    probes : sequence of Probe
        See `optcourse.grading.probes`.
    replay : function of the case and the run, optional
        Returns what a right function would have answered given what it asked for (a random method chooses its
        own examples). It stands in for the reference.
    chance : str, optional
        The argument that is a random generator on which the answer must depend: another one gives another answer.
    target : function, optional
        Returns the picture (SVG) of a right answer in the statement; by default the right path of the longest case.
    equivalent_mutants : dict
        For the test of the grader: mechanical changes of the solution that leave it right, each with the reason.
    """

    name: str
    title: str
    section: str
    points: int
    signature: str
    reference: Callable[..., Any]
    cases: Sequence[Case]
    draw: Callable[[np.random.Generator], Case]
    tolerance: Tolerance
    path: str | None = None
    rows: bool = False
    probes: Sequence[Probe] = ()
    replay: Callable[[Case, Run], Any] | None = None
    chance: str | None = None
    target: Callable[[], str] | None = None
    equivalent_mutants: dict[str, str] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)
    alternatives: list[Callable[..., Any]] = field(default_factory=list)

    def __repr__(self) -> str:
        return f"<exercise {self.name} of {self.section}>"

    def mistake(self, sentence: str) -> Callable[[Function], Function]:
        """Declare the decorated function as a known mistake, under its own name."""

        def declare(function: Function) -> Function:
            self.mistakes.append(Mistake(function.__name__, sentence, function))
            return function

        return declare

    def alternative(self, function: Function) -> Function:
        """Declare the decorated function as right, in another style: the grader's tests demand that it passes."""
        self.alternatives.append(function)
        return function


@functools.cache
def exercises() -> dict[str, Exercise]:
    """Every exercise of the course by name, in the order of the sections.

    Whatever stands in a module of `optcourse.grading.exercises` is found; there is no list to keep.
    """
    found: dict[str, Exercise] = {}
    for exercise in sorted(_declared(), key=lambda one: [int(part) for part in one.section.split(".")]):
        if exercise.name in found:
            raise refuse("name", exercise.name, "is declared twice: names are unique in the course")
        found[exercise.name] = exercise
    return found


def modules() -> list[str]:
    """Return the names of the modules that exercises are declared in."""
    package = importlib.import_module("optcourse.grading.exercises")
    return sorted(f"{package.__name__}.{info.name}" for info in pkgutil.iter_modules(package.__path__))


def _declared() -> Iterator[Exercise]:
    for module in modules():
        for value in vars(importlib.import_module(module)).values():
            if isinstance(value, Exercise):
                yield value


def find(name: str) -> Exercise:
    """Return an exercise by its name."""
    known = exercises()
    if not isinstance(name, str) or name not in known:
        raise refuse("name", name, f"must be an exercise of the course: {', '.join(known)}")
    return known[name]
