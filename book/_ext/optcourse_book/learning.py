"""The learning map: what a chapter promises, where it teaches it, and which question and exercise ask for it.

A chapter says so in its header, one entry for each of its goals, in their order::

    objectives:
    - {sections: [The update rule, The code], questions: [1, 5], exercises: [gradient_descent]}

Headings, questions (by number) and exercises are the chapter's own; `orphans` names what nobody refers to.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from optcourse.grading.exercise import Exercise, exercises
from optcourse.sections import SECTIONS, Section

BOOK = Path(__file__).resolve().parents[2]
QUESTION = re.compile(r"^    (?:choice|number|predict|bug)\($", re.MULTILINE)
TEACHING = re.compile(r"^## (The (?:update )?rules?|A worked example.*|What theory promises)$")


@dataclass(frozen=True)
class Objective:
    """One promise of a chapter, and what keeps it."""

    goal: str
    sections: tuple[str, ...]
    questions: tuple[int, ...] = ()
    exercises: tuple[str, ...] = ()


@dataclass(frozen=True)
class Chapter:
    """A written chapter as the map sees it."""

    section: Section
    headings: tuple[str, ...]
    goals: tuple[str, ...]
    questions: int
    declared: tuple[dict[str, Any], ...]

    @property
    def objectives(self) -> list[Objective]:
        """Goals with what their entries in the header name."""
        lists = ({name: tuple(named) for name, named in entry.items()} for entry in self.declared)
        return [Objective(goal, **named) for goal, named in zip(self.goals, lists, strict=True)]

    @property
    def exercises(self) -> dict[str, Exercise]:
        """The exercises of its section."""
        return {one.name: one for one in exercises().values() if one.section == self.section.number}


def chapter(section: Section) -> Chapter:
    """Read a chapter's text."""
    text = (BOOK / f"{section.page}.md").read_text(encoding="utf8")
    header, _, body = text.removeprefix("---\n").partition("\n---\n")
    box = re.search(r"^:::\{goals\}\n(.*?)^:::$", body, re.DOTALL | re.MULTILINE)
    goals = re.findall(r"^- (.*?)[;.]?$", re.sub(r"\n  +", " ", box[1]), re.MULTILINE) if box else []
    without_cells = re.sub(r"^```.*?^```$", "", body, flags=re.DOTALL | re.MULTILINE)
    return Chapter(
        section,
        tuple(re.findall(r"^##+ (.+)$", without_cells, re.MULTILINE)),
        tuple(goals),
        len(QUESTION.findall(body)),
        tuple(yaml.safe_load(header).get("objectives", [])),
    )


def chapters() -> list[Chapter]:
    """All chapters that are written."""
    return [chapter(section) for section in SECTIONS if (BOOK / f"{section.page}.md").exists()]


def orphans(one: Chapter) -> list[str]:
    """What is promised and not kept, asked and not promised, or named and not there."""
    if len(one.declared) != len(one.goals):
        return [f"{len(one.goals)} goals, but {len(one.declared)} objectives in the header"]
    found = []
    for objective in one.objectives:
        if not objective.sections:
            found.append(f"taught nowhere: {objective.goal}")
        if not objective.questions + objective.exercises:
            found.append(f"asked nowhere: {objective.goal}")
        found += [f"no heading {name!r}" for name in objective.sections if name not in one.headings]
        found += [f"no exercise {name!r}" for name in objective.exercises if name not in one.exercises]
    asked = {number for objective in one.objectives for number in objective.questions}
    practised = {name for objective in one.objectives for name in objective.exercises}
    numbers = set(range(1, one.questions + 1))
    found += [f"question {number} asks for nothing that is promised" for number in sorted(numbers - asked)]
    found += [f"there is no question {number}" for number in sorted(asked - numbers)]
    found += [f"the exercise {name} practises nothing promised" for name in one.exercises if name not in practised]
    taught = {name for objective in one.objectives for name in objective.sections}
    main = [name for name in one.headings if TEACHING.match(f"## {name}")]
    return found + [f"{name!r} teaches nothing promised" for name in main if name not in taught]


class LearningMap(SphinxDirective):
    """A table for each chapter that is written: ``{learning-map}``."""

    def run(self) -> list[nodes.Node]:
        """Write the tables in MyST and let it read them."""
        lines: list[str] = []
        for one in filter(lambda one: one.declared, chapters()):
            self.env.note_dependency(str(BOOK / f"{one.section.page}.md"))
            lines += table(one)
        holder = nodes.Element()
        self.state.nested_parse(StringList(lines, source=self.env.docname), self.content_offset, holder, match_titles=1)
        return holder.children


def table(one: Chapter) -> list[str]:
    """One chapter's objectives, a row each, and the mistakes that its exercises know."""
    page = f"{one.section.page}.html"
    lines = [f"## {{doc}}`{one.section.number} {one.section.title} <{one.section.page}>`", ""]
    lines += ["| You will be able to | taught in | asked in | written by you in |", "|---|---|---|---|"]
    for objective in one.objectives:
        taught = ", ".join(_link(f"{page}#{_anchor(name)}", name) for name in objective.sections)
        asked = ", ".join(str(number) for number in objective.questions)
        asked = f"{_link(f'{page}#check-yourself', 'questions')} {asked}" if asked else ""
        written = ", ".join(f"`{name}`" for name in objective.exercises)
        lines.append(f"| {objective.goal} | {taught} | {asked} | {written} |")
    lines.append("")
    for name, exercise in one.exercises.items():
        known = "; ".join(mistake.name.replace("_", " ") for mistake in exercise.mistakes)
        lines.append(f"- `{name}` ({exercise.points} points) knows {len(exercise.mistakes)} mistakes by name: {known}.")
    return [*lines, ""]


def _anchor(heading: str) -> str:
    """The id of a heading: its apostrophes are typographic by the time Sphinx makes it, and fall out.

    Examples
    --------
    >>> _anchor("When do AdaGrad's steps die out?")
    'when-do-adagrads-steps-die-out'
    """
    return str(nodes.make_id(heading.replace("'", "")))


def _link(target: str, words: str) -> str:
    return f'<a href="{target}">{html.escape(words)}</a>'


def setup(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive("learning-map", LearningMap)
