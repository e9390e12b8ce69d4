"""The book's Sphinx extension: what Jupyter Book's YAML cannot say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

from . import boxes, cache, learning, pages, pictures, roles


def setup(app: Sphinx) -> dict[str, Any]:
    """Register everything."""
    for part in (boxes, cache, learning, pages, pictures, roles):
        part.setup(app)
    # Before the theme's own folders, so that a template here stands in for the theme's of the same name.
    app.connect(
        "config-inited", lambda _, config: config.templates_path.insert(0, str(Path(__file__).parent / "templates"))
    )
    return {"version": "2", "parallel_read_safe": True, "parallel_write_safe": True}
