"""The kinds of questions, each with its key and an answer to every answer."""

from __future__ import annotations

import html
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from optcourse.arguments import count, index, positive, refuse, shown
from optcourse.arguments import number as finite
from optcourse.quiz.markup import to_html, words

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
NOTHING_WRONG = "That line does what it should."
LONGEST_PATH = 5  # iterates that a right answer still spells out in full


@dataclass(frozen=True)
class Question:
    """What all kinds have in common.

    Attributes
    ----------
    text : str
        The question itself, in the quiz's little markup: ``$TeX$``, ```code```, ``*emphasis*``.
    """

    text: str

    def body(self) -> str:
        """Return what stands below the question, as HTML: options or a field."""
        raise NotImplementedError

    def key(self) -> dict[str, Any]:
        """Return the key and the feedback, for the page's script."""
        raise NotImplementedError

    def plain(self) -> list[str]:
        """Return what stands below the question, as lines of text."""
        raise NotImplementedError


# --------------------------------------------------------------------------------------------- choose


@dataclass(frozen=True)
class Option:
    """One answer to choose, and what to say to whoever chooses it."""

    text: str
    why: str
    right: bool


def right(text: str, *, why: str) -> Option:
    """Make the right option of a `choice`; `why` says why it is right."""
    return Option(words("text", text), words("why", why), right=True)


def wrong(text: str, *, why: str) -> Option:
    """Make a wrong option of a `choice`; `why` says what is wrong with it."""
    return Option(words("text", text), words("why", why), right=False)


@dataclass(frozen=True)
class Choice(Question):
    """One right option among several."""

    options: tuple[Option, ...]

    @property
    def shuffled(self) -> list[Option]:
        """The options in the order in which they are shown: by chance, but the same in every build."""
        chance = random.Random(f"order {self.text}")
        return chance.sample(self.options, len(self.options))

    def body(self) -> str:
        """Return the options as a list with letters."""
        return _list(
            "oq-options",
            [(LETTERS[place], f"<span>{to_html(option.text)}</span>") for place, option in enumerate(self.shuffled)],
        )

    def key(self) -> dict[str, Any]:
        """Return the place of the right option, and what to say to each."""
        return {
            "right": [option.right for option in self.shuffled].index(True),
            "why": [to_html(option.why) for option in self.shuffled],
        }

    def plain(self) -> list[str]:
        """Return one line per option."""
        return [f"{LETTERS[place]}. {option.text}" for place, option in enumerate(self.shuffled)]


def choice(text: str, *options: Option) -> Choice:
    """Ask for the one right option.

    Parameters
    ----------
    text : str
        The question.
    *options : Option
        Made by `right` (exactly one) and `wrong` (one or more). They are shown in an order of their own.

    Raises
    ------
    ValueError
        If not exactly one option is right, two read the same, or there are fewer than two.

    Examples
    --------
    >>> choice("1 + 1 =", wrong("3", why="Count again."), wrong("1", why="Count again."))
    Traceback (most recent call last):
    ValueError: options = ['3', '1']: exactly one must be right(...), not 0
    """
    words("text", text)
    for option in options:
        if not isinstance(option, Option):
            raise refuse("options", option, "must be made by right(...) or wrong(...)")
    texts = [option.text for option in options]
    if not 2 <= len(options) <= len(LETTERS):
        raise refuse("options", texts, f"must be 2 to {len(LETTERS)}")
    if (found := sum(option.right for option in options)) != 1:
        raise refuse("options", texts, f"exactly one must be right(...), not {found}")
    for option in options:
        if texts.count(option.text) > 1:
            raise refuse("options", option.text, "stands there twice")
    return Choice(text, options)


# ----------------------------------------------------------------------------------------- find the bug


@dataclass(frozen=True)
class Bug(Question):
    """The one faulty line of a listing."""

    listing: str
    line: int
    why: Mapping[int, str]

    def _rows(self) -> list[tuple[int, str]]:
        return [(at, row) for at, row in enumerate(self.listing.splitlines(), start=1) if row.strip()]

    def body(self) -> str:
        """Return the listing, one numbered line to choose per line of code."""
        return _list(
            "oq-lines",
            [(f"line {at}", _code(row)) for at, row in self._rows()],
            [at for at, _ in self._rows()],
        )

    def key(self) -> dict[str, Any]:
        """Return the place of the faulty line, and what to say to each."""
        lines = [at for at, _ in self._rows()]
        return {
            "right": lines.index(self.line),
            "why": [to_html(self.why.get(at, NOTHING_WRONG)) for at in lines],
        }

    def plain(self) -> list[str]:
        """Return the listing with its numbers."""
        return [f"{at:2}  {row}" for at, row in self._rows()]


def bug(text: str, *, listing: str, line: int, why: Mapping[int, str]) -> Bug:
    r"""Ask for the faulty line of a listing.

    Parameters
    ----------
    text : str
        The question.
    listing : str
        The code, as it would be printed.
    line : int
        The faulty line; the first one is 1.
    why : dict
        What to say to whoever points at a line. The faulty one must be among them.

    Raises
    ------
    ValueError
        If a line is not in the listing, or is empty, or nothing is said about the faulty one.

    Examples
    --------
    >>> bug("Which?", listing="a = 1\nb = a + l", line=3, why={3: "That is an l."})
    Traceback (most recent call last):
    ValueError: line = 3: must be a line of the listing with code in it, one of 1, 2
    """
    question = Bug(words("text", text), _listing(listing), count("line", line), dict(why))
    lines = [at for at, _ in question._rows()]
    needed = f"must be a line of the listing with code in it, one of {', '.join(map(str, lines))}"
    if line not in lines:
        raise refuse("line", line, needed)
    for at, said in question.why.items():
        if at not in lines:
            raise refuse("why", at, needed)
        words(f"why[{at}]", said)
    if line not in question.why:
        raise refuse("why", question.why, f"must say what is wrong with line {line}")
    return question


def _listing(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise refuse("listing", value, "must be the text of a program")
    return value.expandtabs(4)


# ------------------------------------------------------------------------------------------ work it out


@dataclass(frozen=True)
class Number(Question):
    """A number, right within a tolerance."""

    answer: float
    tol: float
    hints: Mapping[float, str]
    why: str

    def body(self) -> str:
        """Return a field to type in."""
        field = '<input type="text" inputmode="decimal" autocomplete="off" spellcheck="false" size="10">'
        return f'<label class="oq-field"><span>Your answer</span> {field}</label>'

    def key(self) -> dict[str, Any]:
        """Return the answer, its tolerance, and what to say to known wrong ones."""
        return {
            "answer": self.answer,
            "tol": self.tol,
            "shown": _written(self.answer),
            "why": [to_html(self.why)] if self.why else [""],
            "hints": [[value, to_html(said)] for value, said in self.hints.items()],
        }

    def plain(self) -> list[str]:
        """Say what kind of answer is asked for."""
        return ["(a number)"]


def number(text: str, answer: float, *, tol: float, hints: Mapping[float, str] | None = None, why: str = "") -> Number:
    """Ask for a number.

    Parameters
    ----------
    text : str
        The question.
    answer : float
        The right answer: computed, not typed.
    tol : float
        How far off an answer may be.
    hints : dict, optional
        Wrong answers that a known slip leads to, and what to say to each.
    why : str, optional
        What to say to the right answer.

    Raises
    ------
    ValueError
        If a number is not finite, the tolerance is not positive, or a hint is for a right answer.

    Examples
    --------
    >>> number("1/3?", 1 / 3, tol=0.01, hints={0.33: "Close."})
    Traceback (most recent call last):
    ValueError: hints = 0.33: is a right answer, within tol = 0.01
    """
    # A float of NumPy's would be written as np.float64(…).
    question = Number(words("text", text), finite("answer", answer), positive("tol", tol), dict(hints or {}), why)
    if why:
        words("why", why)
    for value, said in question.hints.items():
        if abs(finite("hints", value) - question.answer) <= question.tol:
            raise refuse("hints", value, f"is a right answer, within tol = {tol}")
        words(f"hints[{shown(value)}]", said)
    return question


def predict(
    text: str,
    stream: Iterable[Any],
    step: int,
    *,
    tol: float,
    hints: Mapping[float, str] | None = None,
    coordinate: int | None = None,
) -> Number:
    """Ask for an iterate before it is computed. The key is computed, by running the method.

    Parameters
    ----------
    text : str
        The question.
    stream : Stream, or any iterable of iterates θ₁, θ₂, …
        The run; it is used up to `step`.
    step : int
        Which iterate is asked for; the first is 1.
    tol, hints
        As for `number`.
    coordinate : int, optional
        Which entry of the iterate is asked for, from 0; needed where there are several.

    Raises
    ------
    ValueError
        If the stream ends before `step`, or its iterate has several entries and none was named; also as `number`.

    Examples
    --------
    >>> from optcourse import gradient_descent
    >>> predict("θ₂?", gradient_descent(lambda theta: 2 * theta, 4.0, lr=0.25), step=2, tol=1e-6).answer
    1.0
    """
    words("text", text)
    last = count("step", step)
    if not isinstance(stream, Iterable):
        raise refuse("stream", stream, "must be a stream of iterates")
    start = getattr(stream, "start", None)
    iterates = list(islice(stream, last))
    if len(iterates) < last:
        raise refuse("step", step, f"the stream ends after {len(iterates)} steps")
    path = [_entry(iterate, coordinate) for iterate in [*([] if start is None else [start]), *iterates]]
    told = [_written(value) for value in path]
    if len(told) > LONGEST_PATH:
        told = [*told[:2], "…", *told[-2:]]
    return number(text, path[-1], tol=tol, hints=hints, why=f"The run: {' → '.join(told)}.")


def _entry(iterate: Any, coordinate: int | None) -> float:
    """Pick one number out of an iterate."""
    entries = np.ravel(iterate)
    if coordinate is None:
        if entries.size != 1:
            raise refuse("coordinate", coordinate, f"must name one of the iterate's {entries.size} entries")
        return float(entries[0])
    if index("coordinate", coordinate) >= entries.size:
        raise refuse("coordinate", coordinate, f"must be below {entries.size}, the number of the iterate's entries")
    return float(entries[coordinate])


# ------------------------------------------------------------------------------------------------ writing


def _written(value: float) -> str:
    """Write a number for people.

    >>> _written(-0.98019801), _written(4.0), _written(1e-7)
    ('−0.980198', '4', '1e−07')
    """
    return f"{value:.6g}".replace("-", "−")


def _code(line: str) -> str:
    """Write a line of code; nothing in it is markup. A narrow screen may halve its indentation, or hang what wraps."""
    code = line.strip()
    indent = len(line) - len(line.lstrip())
    return f'<code style="--oq-indent:{indent}"><span>{" " * indent}</span>{html.escape(code, quote=False)}</code>'


def _list(kind: str, options: list[tuple[str, str]], numbers: list[int] | None = None) -> str:
    """Make a list of labelled radio buttons. Without the script, and on paper, the list's own numbers stand for them.

    The mark is text, not a style sheet's: an option that is a formula and nothing else is called by it.
    """
    rows = []
    for place, (name, text) in enumerate(options):
        value = f' value="{numbers[place]}"' if numbers else ""
        radio = f'<input type="radio" name="answer" value="{place}" data-name="{name}">'
        mark = f'<b class="oq-mark">{numbers[place] if numbers else name} </b>'
        rows.append(f"<li{value}><label>{radio}{mark}{text}</label></li>")
    return f'<ol class="{kind}">{"".join(rows)}</ol>'
