"""Roles of the text: a chapter by its number, a link if it is written, else an honest word and where the map is.

``{chapter}`3.7``` gives its number and title, ``{chapter}`L-BFGS <3.7>``` other words and the number.
"""

from __future__ import annotations

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import ReferenceRole

from optcourse.sections import section

from .cache import ROOT

MAP = "the-map"  # the label above the map on the landing page


class Chapter(ReferenceRole):
    """A chapter by its number. A page may point to one that is still to come without breaking the strict build."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Make the link, or the words."""
        row = section(self.target)
        self.env.note_dependency(str(ROOT / "_toc.yml"))  # a chapter that is added is linked on the next build
        words, number = (self.title, row.number) if self.has_explicit_title else (f"{row.number} {row.title}", "")
        if (ROOT / "book" / f"{row.page}.md").exists():
            return [self.link("doc", f"/book/{row.page}", f"{words} ({number})" if number else words)], []
        before, link = f" ({number}, " if number else " (", self.link("ref", MAP, "in preparation")
        return [nodes.emphasis("", words), nodes.Text(before), link, nodes.Text(")")], []

    def link(self, kind: str, target: str, words: str) -> addnodes.pending_xref:
        """A link that Sphinx resolves, or complains of."""
        where = {"refdomain": "std", "reftype": kind, "reftarget": target, "refdoc": self.env.docname}
        return addnodes.pending_xref("", nodes.inline("", words), refexplicit=True, refwarn=True, **where)


def setup(app: Sphinx) -> None:
    """Register the role."""
    app.add_role("chapter", Chapter())
