"""Roles of the text: ``{chapter}`3.7```, a link to a chapter if it is written, else its name and an honest word."""

from __future__ import annotations

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxRole

from optcourse.sections import section

from .cache import ROOT


class Chapter(SphinxRole):
    """A chapter by its number. A page may point to one that is still to come without breaking the strict build."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Make the link, or the words."""
        row = section(self.text)
        self.env.note_dependency(str(ROOT / "_toc.yml"))  # a chapter that is added is linked on the next build
        title = f"{row.number} {row.title}"
        if not (ROOT / "book" / f"{row.page}.md").exists():
            return [nodes.emphasis("", f"{title} (in preparation)")], []
        link = addnodes.pending_xref(
            "",
            nodes.inline("", title),
            refdomain="std",
            reftype="doc",
            reftarget=f"/book/{row.page}",
            refexplicit=True,
            refwarn=True,
            refdoc=self.env.docname,
        )
        return [link], []


def setup(app: Sphinx) -> None:
    """Register the role."""
    app.add_role("chapter", Chapter())
