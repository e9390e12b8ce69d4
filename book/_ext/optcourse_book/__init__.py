"""The book's Sphinx extension: what Jupyter Book's YAML cannot say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config

from . import boxes, cache, learning, pages, pictures, roles, widgets

HERE = Path(__file__).parent


def name_the_files(_: Sphinx, config: Config) -> None:
    """Tell Sphinx where things lie that its YAML names relative to wherever the build was started."""
    # Before the theme's own folders, so that a template here stands in for the theme's of the same name.
    config.templates_path.insert(0, str(HERE / "templates"))
    config.html_search_scorer = str(HERE / "scorer.js")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register everything."""
    for part in (boxes, cache, learning, pages, pictures, roles, widgets):
        part.setup(app)
    app.connect("config-inited", name_the_files)
    return {"version": "2", "parallel_read_safe": True, "parallel_write_safe": True}
