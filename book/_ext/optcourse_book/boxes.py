"""Boxes that every chapter uses: ``{goals}``, ``{mistake}``, ``{claim}``, ``{tryit}``, and the folded ``{proof}``."""

from __future__ import annotations

from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx_design.dropdown import DropdownDirective


class Box(SphinxDirective):
    """An admonition whose heading starts with a fixed label; the argument, if any, follows it."""

    kind = ""
    label = ""
    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar = {"name": directives.unchanged, "class": directives.class_option}

    def run(self) -> list[nodes.Node]:
        """Make the box."""
        self.assert_has_content()
        heading = nodes.title("", "", nodes.inline("", self.label, classes=["box-label"]))
        messages: list[nodes.system_message] = []
        if self.arguments:
            words, messages = self.state.inline_text(self.arguments[0], self.lineno)
            heading.extend([nodes.Text(" "), *words])
        box = nodes.admonition("", heading, *messages, classes=["box", self.kind, *self.options.get("class", [])])
        self.set_source_info(box)
        self.add_name(box)
        self.state.nested_parse(self.content, self.content_offset, box)
        return [box]


class Goals(Box):
    """What the reader will be able to do."""

    kind, label = "goals", "What you will be able to do"


class Mistake(Box):
    """A mistake people make; beside it the chapter shows it failing."""

    kind, label = "mistake", "Common mistake"


class Claim(Box):
    """A claim that is often told wrong, told right."""

    kind, label = "claim", "Often told wrong"


class TryIt(Box):
    """Something to do with the figure above."""

    kind, label = "tryit", "Try it"


class Proof(DropdownDirective):
    """A proof, folded away until asked for (and unfolded on paper)."""

    def run_with_defaults(self) -> list[nodes.Node]:
        """Name the summary, then do as any dropdown."""
        self.arguments = [f"Proof: {self.arguments[0]}" if self.arguments else "Proof"]
        self.options["class-container"] = [*self.options.get("class-container", []), "proof"]
        return super().run_with_defaults()


def setup(app: Sphinx) -> None:
    """Register the directives."""
    for name, box in {"goals": Goals, "mistake": Mistake, "claim": Claim, "tryit": TryIt, "proof": Proof}.items():
        app.add_directive(name, box)
