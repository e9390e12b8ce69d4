"""`check`: the one call in a learner's notebook, in nbgrader's tests, and in the judge of a grading run."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from typing import Any

import numpy as np

from optcourse.arguments import refuse, shown
from optcourse.grading.compare import brief, difference
from optcourse.grading.exercise import Case, Exercise, Mistake, find
from optcourse.grading.verdict import PROPERTIES, CaseResult, Finding, Paths, Verdict
from optcourse.grading.watch import Run, limited, run, same

Function = Callable[..., Any]

SEED = "OPTCOURSE_SEED"
# After one of these every further case would say the same, some of them slowly.
HOPELESS = {"callable", "blank", "arguments", "time", "memory", "output"}
# A mistake is named if it agrees on so many drawn cases, and is wrong on so many of them. Two that are alike on these
# are told apart by more, up to so many.
COMPARISONS, TELLING, MOST_COMPARISONS = 8, 2, 16
DRAWN_STEPS = 30
MOST_ROWS = 2_000  # of a path that is returned whole: a wrong one may have millions
ANOTHER = 2718  # the seed of a generator that no case has
FRESH = "fresh case {}"
FIRST_FRESH = FRESH.format(1)
UNREADABLE = {"none", "type", "shape", "kind", "finiteness"}


class WrongAnswerError(AssertionError):
    """The function is not right yet. Its message is the verdict."""

    def _render_traceback_(self) -> list[str]:
        # IPython's own would show the lines of the check, hidden ones among them, and bury the sentence.
        return [f"AssertionError: {self}"]


_SEED: ContextVar[str | None] = ContextVar("seed", default=None)
_RECEIVER: ContextVar[Callable[[Verdict], None] | None] = ContextVar("receiver", default=None)
_PASSED: ContextVar[dict[tuple[str, int], tuple[Function, Verdict]] | None] = ContextVar("passed", default=None)


@contextlib.contextmanager
def delivered_to(receiver: Callable[[Verdict], None]) -> Iterator[None]:
    """Hand verdicts to `receiver` for a while instead of showing them."""
    token = _RECEIVER.set(receiver)
    try:
        yield
    finally:
        _RECEIVER.reset(token)


@contextlib.contextmanager
def drawn_from(seed: str) -> Iterator[None]:
    """Draw fresh cases from `seed` for a while, wherever a check does not name its own."""
    token = _SEED.set(seed)
    try:
        yield
    finally:
        _SEED.reset(token)


@contextlib.contextmanager
def asked_once() -> Iterator[None]:
    """For a while, do not ask a function about the public cases again once it has passed them all.

    A test cell asks about them for the learner to see, and its hidden line asks about them and about fresh ones.
    """
    token = _PASSED.set({})
    try:
        yield
    finally:
        _PASSED.reset(token)


def check(name: str, function: Function, *, fresh: int = 0, seed: int | str | None = None) -> None:
    """Compare a function with the exercise's reference, show the verdict, and raise if it is not right.

    Parameters
    ----------
    name : str
        Which exercise, e.g. ``"gradient_descent"``.
    function : function
        The learner's.
    fresh : int
        How many random cases to draw besides the public ones.
    seed : int or str, optional
        What they are drawn from; by default what `drawn_from` says, else the environment's OPTCOURSE_SEED, else the
        system's entropy.

    Raises
    ------
    AssertionError
        If a case does not pass; the message says which and why.
    ValueError
        If there is no such exercise, or `fresh` is not a count.
    """
    verdict = examine(name, function, fresh=fresh, seed=seed)
    _show(verdict)
    if not verdict.passed:
        raise WrongAnswerError(str(verdict))


def _show(verdict: Verdict) -> None:
    receiver = _RECEIVER.get()
    if receiver is not None:
        receiver(verdict)
    elif "IPython" in sys.modules and sys.modules["IPython"].get_ipython() is not None:
        from IPython.display import display

        display(verdict)  # type: ignore[no-untyped-call]
    else:
        print(verdict)


def examine(name: str, function: Function, *, fresh: int = 0, seed: int | str | None = None) -> Verdict:
    """Do what `check` does, and return the verdict instead of showing it."""
    exercise = find(name)
    if isinstance(fresh, bool) or not isinstance(fresh, int) or fresh < 0:
        raise refuse("fresh", fresh, "must be a count of cases, 0 or more")
    given: Any = function
    if not callable(given):
        what = f"is {shown(function, 40)} ({type(function).__name__}), not a function"
        return _verdict(exercise, [CaseResult(exercise.name, True, (Finding("callable", what),))])
    secret = _secret(seed)
    drawn = _generator(secret, name, "cases")
    passed = _PASSED.get()
    before = None if passed is None else passed.get((name, id(function)))
    cases = [(case, True) for case in exercise.cases if before is None]
    cases += [(_drawn(exercise, drawn, number), False) for number in range(1, fresh + 1)]
    examination = _Examination(exercise, function, None if before is None else before[1])
    verdict = examination.verdict(cases, _generator(secret, name, "mistakes"))
    if passed is not None and not fresh and verdict.passed:
        passed[name, id(function)] = function, verdict  # the function too, or another might get its id
    return verdict


def _verdict(exercise: Exercise, results: list[CaseResult], **more: Any) -> Verdict:
    return Verdict(exercise.name, exercise.title, exercise.section, tuple(results), **more)


def _secret(seed: int | str | None) -> str:
    if seed is None:
        seed = _SEED.get() or os.environ.get(SEED) or os.urandom(16).hex()
    return str(seed)


def _generator(secret: str, name: str, purpose: str) -> np.random.Generator:
    """Independent draws for every exercise and purpose from one secret, from which nobody gets back to it."""
    digest = hashlib.sha256(f"{secret}/{name}/{purpose}".encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "big"))


def _drawn(exercise: Exercise, rng: np.random.Generator, number: int) -> Case:
    return Case(FRESH.format(number), **exercise.draw(rng).arguments)


# ------------------------------------------------------------------------------------------- one case


def model(exercise: Exercise, case: Case) -> Run:
    """Run the reference on a case. It has no time limit and makes no mistakes."""
    with limited(seconds=None, output=None):
        seen = run(exercise.reference, case)
    if seen.failure is not None:
        raise RuntimeError(f"the reference of {exercise.name} {seen.failure.sentence} ({case.label})")
    return seen


@functools.lru_cache(maxsize=1024)
def known(exercise: Exercise, case: Case) -> Run:
    """The reference's run on a public case, which is the same for a whole class."""
    return model(exercise, case)


def judge(exercise: Exercise, case: Case, seen: Run, right: Run) -> list[Finding]:
    """Everything that is wrong with one run, the most telling first."""
    if seen.failure is not None:
        return [Finding(seen.failure.property, f"it {seen.failure.sentence}")]
    expected = right.value if exercise.replay is None else exercise.replay(case, seen)
    wrong = difference(seen.value, expected, exercise.tolerance)
    found = [] if wrong is None else [wrong]
    if seen.changed:
        names = " and ".join(seen.changed)
        found.append(Finding("mutation", f"it changes the {names} it was given: work on a copy, `{names[:20]}.copy()`"))
    for probe in exercise.probes:
        if wrong is not None and (probe.property == "points" or wrong.property in UNREADABLE):
            continue  # other values lead to other places; and of no value there is nothing to ask
        if (sentence := probe.ask(case, seen, right)) is not None:
            found.append(Finding(probe.property, sentence))
    return found


# ------------------------------------------------------------------------------------- all cases together


class _Examination:
    """One function against one exercise; `before` is the verdict on the public cases, if they have been asked."""

    def __init__(self, exercise: Exercise, function: Function, before: Verdict | None = None):
        self.exercise, self.function = exercise, function
        self.results: list[CaseResult] = list(before.results) if before else []
        self.output = before.output if before else ""
        self.paths: Paths | None = None

    def verdict(self, cases: list[tuple[Case, bool]], rng: np.random.Generator) -> Verdict:
        for number, (case, public) in enumerate(cases):
            result, seen = self.result(case, public)
            self.results.append(result)
            if public and number == 0 and seen.failure is None:
                self.again(case, seen)
            elif case.label == FIRST_FRESH and self.exercise.chance is not None and result.passed:
                # With a generator that nobody can have heard of: that of the public case is always the same.
                self.by_chance(case, seen, self.exercise.chance, np.random.default_rng(int(rng.integers(1 << 32))))
            if HOPELESS & {finding.property for finding in result.findings}:
                break
        failed = [one for one in self.results if not one.passed]
        mistake = None
        if failed and not HOPELESS & {finding.property for one in failed for finding in one.findings}:
            mistake = known_mistake(self.exercise, self.function, rng)
        if not failed:
            self.paths = success(self.exercise)
        return _verdict(
            self.exercise,
            self.results,
            mistake=mistake.name if mistake else "",
            hint=mistake.sentence if mistake else "",
            output=self.output,
            paths=self.paths,
        )

    def result(self, case: Case, public: bool) -> tuple[CaseResult, Run]:
        right = known(self.exercise, case) if public else model(self.exercise, case)
        seen = run(self.function, case)
        found = judge(self.exercise, case, seen, right)
        if not public:
            return CaseResult(case.label, False, tuple(_discreet(finding) for finding in found)), seen
        self.output = self.output or seen.output
        step = None
        if {finding.property for finding in found} & {"value", "divergence", "finiteness"}:
            step = self.first_step(case, seen)
        got = "" if seen.failure else brief(seen.value)
        return CaseResult(case.label, True, tuple(found), step, got, brief(right.value)), seen

    def again(self, case: Case, first: Run) -> None:
        """Call with the same arguments once more: the answer must be the same."""
        if any(finding.property == "type" for finding in self.results[0].findings):
            return  # two objects of any other kind differ, and that is not what is wrong
        second = run(self.function, case)
        if second.failure is None and same(first.value, second.value):
            if self.exercise.chance is not None and self.results[0].passed:
                self.by_chance(case, first, self.exercise.chance, np.random.default_rng(ANOTHER))
            return
        sentence = (
            "two calls with the same arguments give different results: it keeps something from one call to the next, "
            "or draws its own random numbers"
        )
        self.results.insert(0, CaseResult("the first case twice", True, (Finding("state", sentence),)))

    def by_chance(self, case: Case, first: Run, name: str, another: np.random.Generator) -> None:
        """Call with another generator: what it answers, or what it asks for, must be something else."""
        other = run(self.function, case.changed(**{name: another}))
        if other.failure is None and not same((first.value, _asked(first)), (other.value, _asked(other))):
            return
        sentence = f"another {name} makes no difference to it: draw from the generator that it is given"
        finding, public = Finding("order", sentence), case.label != FIRST_FRESH
        label = f"{'the first' if public else 'a fresh'} case with another {name}"
        self.results.insert(0, CaseResult(label, public, (finding if public else _discreet(finding),)))

    def first_step(self, case: Case, seen: Run) -> int | None:
        """Find the first step at which the iterates leave the reference; keep both paths for the picture."""
        mine: Iterable[Any] = iterates(self.exercise, case, self.function, seen)
        theirs = _right_path(self.exercise, case)
        if self.paths is None or len(theirs) > len(self.paths.reference):
            mine = list(mine)
            self.paths = _paths(case, theirs, mine)
        for step, (one, other) in enumerate(zip(mine, theirs, strict=False)):
            if difference(one, other, self.exercise.tolerance) is not None:
                return step
        return None


def _asked(seen: Run) -> list[Any]:
    """Everything that was asked of the functions passed in."""
    return [call.arguments for calls in seen.calls.values() for call in calls]


def iterates(exercise: Exercise, case: Case, function: Function, seen: Run) -> Iterator[Any]:
    """The iterates of a case from its start; none if the exercise has none. They end where a call fails."""
    if exercise.rows:
        rows = seen.value
        if isinstance(rows, list) or (isinstance(rows, np.ndarray) and rows.ndim):
            yield from rows[:MOST_ROWS]
    elif exercise.path is not None and "theta" in case.arguments:
        yield case["theta"]
        # Each is a call of its own, made only when it is asked for; the last is the one that was seen.
        for steps in range(1, min(case[exercise.path], DRAWN_STEPS) + 1):
            one = seen if steps == case[exercise.path] else run(function, case.changed(**{exercise.path: steps}))
            if one.failure is not None:
                return
            yield one.value


@functools.cache
def success(exercise: Exercise) -> Paths | None:
    """The right path of the public case with the most steps, if the exercise has paths: it is also the learner's."""
    if exercise.path is None and not exercise.rows:
        return None
    case = max(exercise.cases, key=lambda one: one.arguments.get(exercise.path or "", 0))
    made = _right_path(exercise, case)
    return _paths(case, made, made)


@functools.lru_cache(maxsize=1024)
def _right_path(exercise: Exercise, case: Case) -> list[Any]:
    """The reference's iterates, the same for a whole class: of public cases, and of those drawn from its seed."""
    return list(iterates(exercise, case, exercise.reference, known(exercise, case)))


def _discreet(finding: Finding) -> Finding:
    """The property alone: not a digit of a hidden case."""
    return Finding(finding.property, PROPERTIES[finding.property])


def _paths(case: Case, reference: list[Any], learner: list[Any]) -> Paths | None:
    if len(reference) < 2:
        return None
    axes = ("θ₁", "θ₂") if np.size(reference[0]) > 1 else ("step", "θ")
    return Paths(case.label, _points(reference), _points(learner), axes)


def _points(iterates: list[Any]) -> tuple[tuple[float, float], ...]:
    """The first two coordinates, or the step and the only one; up to the first that cannot be drawn."""
    points = []
    for step, theta in enumerate(iterates):
        try:
            row = np.ravel(np.asarray(theta, dtype=float))
        except (TypeError, ValueError):
            break
        if not row.size or not np.isfinite(row[:2]).all():
            break
        points.append(
            (float(row[0]), float(row[1])) if np.size(iterates[0]) > 1 < row.size else (float(step), float(row[0]))
        )
    return tuple(points)


# -------------------------------------------------------------------------------------- names of mistakes


def known_mistake(exercise: Exercise, function: Function, rng: np.random.Generator) -> Mistake | None:
    """The declared mistake that behaves like `function` on drawn cases, if there is one.

    It must agree on all of them and be wrong on several: on a case where the mistake does no harm anybody agrees.
    Where the two agree on nothing but NaN, they must also break the same on every public case.
    """
    candidates = {mistake.name: 0 for mistake in exercise.mistakes}
    in_numbers = set()
    for number in range(MOST_COMPARISONS):
        if number >= COMPARISONS and len(candidates) == 1 and max(candidates.values()) >= TELLING:
            break
        case = _drawn(exercise, rng, number)
        right = model(exercise, case)
        mine = run(function, case)
        my_findings = judge(exercise, case, mine, right)
        for mistake in exercise.mistakes:
            if mistake.name in candidates:
                theirs = run(mistake.function, case)
                their_findings = judge(exercise, case, theirs, right)
                if not _alike(exercise, mine, my_findings, theirs, their_findings):
                    del candidates[mistake.name]
                elif their_findings:
                    candidates[mistake.name] += 1
                    if "finiteness" not in {finding.property for finding in their_findings}:
                        in_numbers.add(mistake.name)
        if not candidates:
            return None
    told = [one for one in exercise.mistakes if candidates.get(one.name, 0) >= TELLING]
    return next((one for one in told if one.name in in_numbers or _fail_alike(exercise, function, one)), None)


def _fail_alike(exercise: Exercise, function: Function, mistake: Mistake) -> bool:
    """Whether both break the same on every public case."""

    def broken(one: Function) -> list[set[str]]:
        runs = [(case, run(one, case)) for case in exercise.cases]
        return [{it.property for it in judge(exercise, case, seen, known(exercise, case))} for case, seen in runs]

    return broken(function) == broken(mistake.function)


def _alike(exercise: Exercise, mine: Run, my: list[Finding], theirs: Run, their: list[Finding]) -> bool:
    if {finding.property for finding in my} != {finding.property for finding in their}:
        return False
    if mine.failure is not None or theirs.failure is not None:
        return mine.failure is not None and theirs.failure is not None and mine.failure.kind == theirs.failure.kind
    return difference(mine.value, _as_expected(theirs.value), exercise.tolerance) is None


def _as_expected(value: Any) -> Any:
    if isinstance(value, list):
        try:
            return np.asarray(value, dtype=float)
        except (TypeError, ValueError):
            return tuple(value)
    return value
