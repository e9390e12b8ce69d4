"""What stands around a page's text: its description, its notebook to download, links to edit it and to report."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import jupytext
import nbformat
from docutils import nodes
from sphinx.application import Sphinx

from .cache import ROOT

LONGEST = 160
NOTEBOOKS = "_notebooks"
ENTRANCE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="0; url={root}.html">
<link rel="canonical" href="{root}.html">
<link rel="icon" href="data:,">
<title>{title}</title>
<p><a href="{root}.html">{title}</a></p>
</html>
"""


def description(doctree: nodes.document) -> str:
    """Return the first paragraph of a page that is long enough to say something, as plain text."""
    paragraphs = [paragraph for paragraph in doctree.findall(nodes.paragraph) if len(paragraph.astext()) > 40]
    plain = [paragraph for paragraph in paragraphs if not any(paragraph.findall(nodes.math))]
    text = re.sub(r"\s+", " ", (plain or paragraphs)[0].astext()).strip() if paragraphs else ""
    return text if len(text) <= LONGEST else text[: LONGEST - 1].rsplit(" ", 1)[0] + "…"


def is_notebook(pagename: str) -> bool:
    """Whether the page's text is a notebook (has a jupytext header)."""
    source = ROOT / f"{pagename}.md"
    return source.exists() and "\njupytext:" in source.read_text(encoding="utf8")[:400]


def mend(body: str) -> str:
    """Correct the roles that docutils gives to notes and citations: no landmarks inside the text, no retired roles."""
    body = body.replace('<aside class="footnote-list', '<aside role="none" class="footnote-list')
    return body.replace('role="doc-biblioentry"', 'role="listitem"')


def dress_the_page(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Add the description, and what the links above and below the page need."""
    site = app.config.html_title
    title = html.unescape(re.sub("<[^>]+>", "", context.get("title") or site))
    metatags = context.get("metatags") or ""
    about = (context.get("meta") or {}).get("description") or (description(doctree) if doctree else "")
    about = about or f"{title}: {site}"
    if 'name="description"' not in metatags:
        metatags += f'<meta name="description" content="{html.escape(about)}">\n'
    for name, content in {"title": title, "description": about, "type": "article", "site_name": site}.items():
        metatags += f'<meta property="og:{name}" content="{html.escape(content)}">\n'
    context["metatags"] = metatags
    context["body"] = mend(context.get("body", ""))
    if doctree is None:
        context["page_links"] = {}
        return
    options = app.config.html_theme_options
    issue = {"title": f"{title}: ", "body": f"Page: {pagename}.md\n\nWhat is wrong, or could be better?\n\n"}
    context["page_links"] = {
        "edit": f"{options['repository_url']}/edit/{options['repository_branch']}/{quote(pagename)}.md",
        "report": f"{options['repository_url']}/issues/new?{urlencode(issue, quote_via=quote)}",
    }
    if is_notebook(pagename):
        context["page_links"]["notebook"] = context["pathto"](f"{NOTEBOOKS}/{Path(pagename).name}.ipynb", 1)


def set_the_number_apart(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Mark the number in a chapter's heading, so that it can be styled."""
    title = next(doctree.findall(nodes.title), None)
    if app.builder.format == "html" and title and isinstance(title[0], nodes.Text):
        number, space, rest = title[0].astext().partition(" ")
        if re.fullmatch(r"\d+\.\d+", number):
            title[0:1] = [nodes.inline("", number + space, classes=["chapter-number"]), nodes.Text(rest)]


def tell_the_status_in_words(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Where the table of executed pages shows a sign, say it; where it shows a file's name, show the page's title."""
    words = {"✅": "passed", "❌": "failed"}
    for table in doctree.findall(nodes.table):
        for text in list(table.findall(nodes.Text)):
            said = words.get(str(text)) or (str(text) in app.env.titles and app.env.titles[str(text)].astext())
            if said:
                text.parent.replace(text, nodes.Text(said))


def write_notebooks(app: Sphinx, exception: Exception | None) -> None:
    """Put every page that is a notebook into the site as `.ipynb`, without outputs, ready to open anywhere."""
    if exception or app.builder.format != "html":
        return
    folder = Path(app.outdir) / NOTEBOOKS
    folder.mkdir(exist_ok=True)
    for pagename in sorted(filter(is_notebook, app.env.found_docs)):
        target, source = folder / f"{Path(pagename).name}.ipynb", ROOT / f"{pagename}.md"
        if target.exists() and target.stat().st_mtime > source.stat().st_mtime:
            continue
        notebook = jupytext.read(source)
        notebook.metadata.pop("jupytext", None)  # else saving it would look for a paired .md
        for number, cell in enumerate(notebook.cells):
            cell["id"] = f"cell-{number}"  # not a random one: the same text gives the same bytes
        target.write_text(nbformat.writes(notebook), encoding="utf8")


def write_entrance(app: Sphinx, exception: Exception | None) -> None:
    """Send whoever opens the site's folder to the landing page."""
    if not exception and app.builder.format == "html":
        text = ENTRANCE.format(root=app.config.root_doc, title=html.escape(app.config.html_title))
        (Path(app.outdir) / "index.html").write_text(text, encoding="utf8")


def sweep(app: Sphinx, exception: Exception | None) -> None:
    """Remove what is left of pages that are no longer in the book."""
    if exception or app.builder.format != "html":
        return
    site = Path(app.outdir)
    kept = {site / f"{page}.html" for page in [*app.env.found_docs, "index", "search"]}
    kept |= {site / NOTEBOOKS / f"{Path(page).name}.ipynb" for page in app.env.found_docs}
    for file in [*site.glob("*.html"), *(site / "book").rglob("*.html"), *(site / NOTEBOOKS).glob("*.ipynb")]:
        if file not in kept:
            file.unlink()


def setup(app: Sphinx) -> None:
    """Register the hooks."""
    app.connect("doctree-resolved", set_the_number_apart)
    app.connect("doctree-resolved", tell_the_status_in_words)
    app.connect("html-page-context", dress_the_page, priority=900)
    app.connect("build-finished", write_notebooks)
    app.connect("build-finished", write_entrance)
    app.connect("build-finished", sweep)
