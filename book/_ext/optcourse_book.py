"""What Jupyter Book's YAML cannot say: the cache's key, descriptions, downloads, live widgets, static pictures."""

from __future__ import annotations

import hashlib
import html
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jupytext
import nbformat
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config

ROOT = Path(__file__).resolve().parents[2]


def environment_key() -> str:
    """Hash everything but the page itself that its outputs depend on: the package and the pins."""
    digest = hashlib.sha256((ROOT / "requirements.txt").read_bytes())
    for source in sorted([*(ROOT / "optcourse").rglob("*.py"), *(ROOT / "optcourse").rglob("*.js")]):
        digest.update(source.relative_to(ROOT).as_posix().encode() + b"\0" + source.read_bytes())
    return digest.hexdigest()[:16]


def key_the_cache(app: Sphinx, config: Config) -> None:
    """Give the execution cache a folder of its own for every state of the package."""
    config.nb_execution_cache_path = str(ROOT / ".cache" / "notebooks" / environment_key())


def reread_when_the_package_changed(app: Sphinx, env: Any, added: set, changed: set, removed: set) -> list[str]:
    """Read every executed page again if the package changed: Sphinx itself only looks at the pages' text."""
    key = environment_key()
    known, env.optcourse_key = getattr(env, "optcourse_key", key), key
    return [] if known == key else sorted(env.found_docs)


def description(doctree: nodes.document) -> str:
    """Return the first paragraph of a page as plain text, at most 160 characters."""
    for paragraph in doctree.findall(nodes.paragraph):
        text = re.sub(r"\s+", " ", paragraph.astext()).strip()
        if len(text) > 40:
            return text if len(text) <= 160 else text[:157].rsplit(" ", 1)[0] + "…"
    return ""


def dress_the_page(app: Sphinx, pagename: str, templatename: str, context: dict, doctree: Any) -> None:
    """Add the description, and a link to the page's notebook and to a prefilled issue."""
    if doctree is None:
        return
    title = re.sub("<[^>]+>", "", context.get("title", ""))
    about = html.escape(context.get("meta", {}).get("description", "") or description(doctree), quote=True)
    context["metatags"] = context.get("metatags", "") + (
        f'<meta name="description" content="{about}">\n'
        f'<meta property="og:title" content="{html.escape(title, quote=True)}">\n'
        f'<meta property="og:description" content="{about}">\n<meta property="og:type" content="article">\n'
    )
    url = app.config.html_theme_options["repository_url"]
    body = quote(f"Page: {pagename}\n\nWhat is wrong, or could be better?\n\n")
    issue = f"{url}/issues/new?title={quote(f'{title}: ')}&body={body}"
    edit = f"{url}/edit/{app.config.html_theme_options['repository_branch']}/{pagename}.md"
    links = [f'<a href="{edit}">Suggest an edit</a>', f'<a href="{issue}">Report a problem</a>']
    if is_notebook(pagename):
        depth = context["pathto"](f"_notebooks/{Path(pagename).name}.ipynb", 1)
        links.insert(0, f'<a href="{depth}" download>Download this page as a notebook</a>')
    context["body"] = context.get("body", "") + f'<p class="page-links">{" · ".join(links)}</p>'


def is_notebook(pagename: str) -> bool:
    """Whether the page's text is a notebook (has a jupytext header)."""
    source = ROOT / f"{pagename}.md"
    return source.exists() and "\njupytext:" in source.read_text(encoding="utf8")[:400]


def write_notebooks(app: Sphinx, exception: Exception | None) -> None:
    """Put every page that is a notebook into the site as `.ipynb`, ready to open anywhere."""
    if exception or app.builder.format != "html":
        return
    folder = Path(app.outdir) / "_notebooks"
    folder.mkdir(exist_ok=True)
    for pagename in sorted(app.env.found_docs):
        if is_notebook(pagename):
            notebook = jupytext.read(ROOT / f"{pagename}.md")
            for number, cell in enumerate(notebook.cells):
                cell["id"] = f"cell-{number}"
            (folder / f"{Path(pagename).name}.ipynb").write_text(nbformat.writes(notebook), encoding="utf8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the hooks."""
    app.connect("config-inited", key_the_cache, priority=100)
    app.connect("env-get-outdated", reread_when_the_package_changed)
    app.connect("html-page-context", dress_the_page, priority=900)
    app.connect("build-finished", write_notebooks)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
