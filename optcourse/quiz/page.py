"""A quiz as a page shows it: plain HTML that reads on paper and without scripts, and one small script that answers."""

from __future__ import annotations

import base64
import hashlib
import json
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from optcourse.arguments import refuse, shown
from optcourse.quiz.markup import to_html
from optcourse.quiz.questions import Question

HERE = Path(__file__).parent
WIDTH = 88


@dataclass(frozen=True, repr=False)
class Quiz:
    """Questions that show themselves: as a form in a notebook and on a page, as text in a terminal.

    Attributes
    ----------
    questions : sequence of Question
        In the order in which they are asked.
    """

    questions: Sequence[Question]

    @property
    def name(self) -> str:
        """What the browser keeps the answers under. It changes with the questions: no answer outlives its question."""
        content = json.dumps([[question.text, question.body(), question.key()] for question in self.questions])
        return hashlib.sha256(content.encode()).hexdigest()[:16]

    def __repr__(self) -> str:
        parts = [f"{len(self.questions)} question{'s' if len(self.questions) > 1 else ''}"]
        for place, question in enumerate(self.questions, start=1):
            head = f"{place}. "
            margin = " " * len(head)
            asked = textwrap.fill(question.text, WIDTH, initial_indent=head, subsequent_indent=margin)
            parts.append("\n".join([asked, *(margin + line for line in question.plain())]))
        return "\n\n".join(parts)

    def _repr_html_(self) -> str:
        # Class names that MathJax of a Jupyter Book looks for; Jupyter's own looks everywhere. Jupyter's shortcuts
        # (arrow keys move between cells) must not take the radio buttons' keys.
        asked = "".join(self._form(place, question) for place, question in enumerate(self.questions, start=1))
        style, script = ((HERE / name).read_text(encoding="utf-8") for name in ("quiz.css", "quiz.js"))
        return (
            f'<div class="optcourse-quiz tex2jax_process mathjax_process" data-quiz="{self.name}" '
            f'data-lm-suppress-shortcuts="true">\n<style>\n{style}</style>\n{asked}'
            '<div class="oq-score"><p role="status"></p><button type="button">Start again</button></div>\n'
            f"<script>\n{script}</script>\n</div>"
        )

    def _form(self, place: int, question: Question) -> str:
        """One question: the script finds its key and feedback sealed in an attribute."""
        return (
            f'<form class="oq-question" data-sealed="{seal(question.key())}"><fieldset>'
            f'<legend><span class="oq-place">Question {place} of {len(self.questions)}</span> '
            f'<span class="oq-text">{to_html(question.text)}</span></legend>\n{question.body()}\n'
            '<div class="oq-actions"><button type="submit">Check</button>'
            '<button type="button" class="oq-give-up" hidden>Show the answer</button></div>'
            '<div class="oq-feedback" role="status"></div></fieldset></form>\n'
        )


def quiz(*questions: Question) -> Quiz:
    """Ask questions, one below the other.

    Parameters
    ----------
    *questions : Question
        Made by `choice`, `number`, `predict` and `bug`.

    Returns
    -------
    Quiz
        It shows itself. Answers are checked in the browser and kept there; nothing is sent anywhere.

    Raises
    ------
    ValueError
        If there is no question, or one stands there twice.

    Examples
    --------
    >>> quiz()
    Traceback (most recent call last):
    ValueError: questions = (): must be one or more
    """
    if not questions:
        raise refuse("questions", questions, "must be one or more")
    texts: set[str] = set()
    for question in questions:
        if not isinstance(question, Question):
            raise refuse("questions", question, "must be made by choice, number, predict or bug")
        content = question.text + question.body()
        if content in texts:
            raise ValueError(f"questions = {shown(question.text)}: stands there twice")
        texts.add(content)
    return Quiz(questions)


def seal(key: dict[str, Any]) -> str:
    """Write a key so that it cannot be read at a glance. It is no secret: whoever wants to know may open it.

    Examples
    --------
    >>> seal({"right": 2})
    'eyJyaWdodCI6IDJ9'
    >>> unseal(seal({"right": 2}))
    {'right': 2}
    """
    return base64.b64encode(json.dumps(key, ensure_ascii=False).encode()).decode()


def unseal(sealed: str) -> dict[str, Any]:
    """Read what `seal` has written."""
    key: dict[str, Any] = json.loads(base64.b64decode(sealed))
    return key
