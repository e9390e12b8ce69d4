"""What a check found, as data: for the card, for the terminal, for the exports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

# Every property a function can break, in the words used about a case that must stay hidden: they tell which property,
# and nothing of the case.
PROPERTIES: dict[str, str] = {
    "callable": "it is not a function",
    "blank": "it is not written yet",
    "arguments": "it does not take the arguments of the exercise",
    "exception": "it raises an exception",
    "time": "it does not end within the time limit",
    "memory": "it needs more memory than there is",
    "output": "it prints too much",
    "none": "it returns None",
    "type": "it returns another kind of object",
    "shape": "the result has another shape",
    "kind": "the result holds another kind of number",
    "finiteness": "the result has NaN or infinity in it",
    "divergence": "the result runs away",
    "value": "the value is wrong",
    "mutation": "it changes its arguments",
    "state": "it remembers earlier calls",
    "evaluations": "it evaluates a function a different number of times",
    "points": "it evaluates a function at other places",
    "order": "it goes through the examples in another order",
    "batches": "its batches have other sizes",
}


@dataclass(frozen=True)
class Finding:
    """One property broken, with a sentence about it."""

    property: str
    sentence: str


@dataclass(frozen=True)
class CaseResult:
    """What one case showed.

    Attributes
    ----------
    label : str
        The case, in words.
    public : bool
        Whether its numbers may be shown.
    findings : tuple of Finding
        Empty if the case passes.
    step : int or None
        The first step at which the iterates leave the reference.
    got, expected : str
        Both answers, short; empty for hidden cases.
    """

    label: str
    public: bool
    findings: tuple[Finding, ...] = ()
    step: int | None = None
    got: str = ""
    expected: str = ""

    @property
    def passed(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    @property
    def sentence(self) -> str:
        """All there is to say about the case, in one sentence."""
        if self.passed:
            return "passes"
        text = "; ".join(dict.fromkeys(finding.sentence for finding in self.findings))
        if self.step is not None:
            text += f"; the iterates leave the reference at step {self.step}"
        return text


@dataclass(frozen=True)
class Paths:
    """Iterates of the learner's function and of the reference in the plane, one a row, from a public case."""

    label: str
    reference: tuple[tuple[float, float], ...]
    learner: tuple[tuple[float, float], ...]
    axes: tuple[str, str] = ("θ₁", "θ₂")


@dataclass(frozen=True)
class Verdict:
    """The answer of a check.

    Attributes
    ----------
    exercise, title, section : str
        What was checked.
    results : tuple of CaseResult
        Public cases first, then drawn ones.
    mistake : str
        The name of the known mistake that the function makes, or nothing.
    hint : str
        The sentence that belongs to it.
    output : str
        The beginning of what the function printed on public cases.
    paths : Paths or None
        For the picture.
    isolation : str
        Where the function ran; empty for one's own.
    """

    exercise: str
    title: str
    section: str
    results: tuple[CaseResult, ...]
    mistake: str = ""
    hint: str = ""
    output: str = ""
    paths: Paths | None = None
    isolation: str = field(default="")

    @property
    def passed(self) -> bool:
        """Whether every case passes. Nothing checked is nothing passed."""
        return bool(self.results) and all(result.passed for result in self.results)

    @property
    def score(self) -> float:
        """The share of the cell's points: all or nothing, as nbgrader counts an error in a test cell."""
        return float(self.passed)

    @property
    def failures(self) -> tuple[CaseResult, ...]:
        """The cases that do not pass."""
        return tuple(result for result in self.results if not result.passed)

    @property
    def broken(self) -> tuple[str, ...]:
        """The properties broken anywhere, each once, in the order found."""
        return tuple(dict.fromkeys(finding.property for result in self.failures for finding in result.findings))

    @property
    def tally(self) -> str:
        """How many cases pass, in words."""
        parts = []
        for word, wanted in (("public", True), ("fresh", False)):
            of_it = [result for result in self.results if result.public is wanted]
            if of_it:
                passed = sum(result.passed for result in of_it)
                parts.append(f"{passed} of {len(of_it)} {word} case{'s' if len(of_it) != 1 else ''}")
        return " and ".join(parts) + (" pass" if len(self.results) != 1 else " passes") if parts else "nothing checked"

    @property
    def headline(self) -> str:
        """The verdict in one sentence."""
        if self.passed:
            return f"right: {self.tally}"
        if not self.failures:
            return "not yet: nothing checked"
        first = self.failures[0]
        subject = f"{first.label}: " if len(self.results) > 1 else ""
        return f"not yet: {subject}{first.sentence}"

    def __str__(self) -> str:
        lines = [f"{self.exercise} is {self.headline if self.passed else 'not right yet: ' + self.tally}"]
        if not self.passed:
            shown: Sequence[CaseResult] = [one for one in self.results if one.public or not one.passed]
            lines += [f"  {'✓' if one.passed else '✗'} {one.label}: {one.sentence}" for one in shown[:12]]
        if self.hint:
            lines.append(f"  It behaves like a known mistake ({self.mistake.replace('_', ' ')}). {self.hint}")
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from optcourse.grading.card import card

        return card(self)

    def to_json(self) -> dict[str, Any]:
        """Plain data: strings, numbers, lists and dicts."""
        # By hand, for `dataclasses.asdict` copies every number of the paths: a tenth of the time for a notebook.
        results = tuple(
            vars(one) | {"findings": tuple(vars(finding) | {} for finding in one.findings), "passed": one.passed}
            for one in self.results
        )
        own = {"paths": vars(self.paths) | {} if self.paths else None, "broken": list(self.broken)}
        return vars(self) | own | {"results": results, "passed": self.passed, "score": self.score}
