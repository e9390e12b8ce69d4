"""A page carries the widgets that it shows, and not those that its cells only reckon with."""

from __future__ import annotations

import json
import re
from typing import Any

from docutils import nodes
from myst_nb.sphinx_ import NbMetadataCollector
from sphinx.application import Sphinx

STATE = "ipywidgets_state"  # what MyST-NB calls the script that holds every widget of the kernel
VIEW = re.compile(r'<script type="application/vnd\.jupyter\.widget-view\+json">(.*?)</script>', re.DOTALL)
REFERENCE = re.compile(r'"IPY_MODEL_(\w+)"')


def needed(models: dict[str, Any], shown: set[str]) -> dict[str, Any]:
    """Return those models that are shown, and those that these name.

    Examples
    --------
    >>> sorted(needed({"a": {"layout": "IPY_MODEL_b"}, "b": {}, "c": {}}, {"a"}))
    ['a', 'b']
    """
    found: set[str] = set()
    while new := shown - found:
        found |= new
        shown = {name for one in new & models.keys() for name in REFERENCE.findall(json.dumps(models[one]))}
    return {name: model for name, model in models.items() if name in found}


def keep_what_is_shown(app: Sphinx, doctree: nodes.document) -> None:
    """Leave everything else out of the page's state."""
    files = NbMetadataCollector.get_js_files(app.env, app.env.docname)
    if STATE not in files:
        return
    views = (view for raw in doctree.findall(nodes.raw) for view in VIEW.findall(raw.astext()))
    shown = {json.loads(view)["model_id"] for view in views}
    body = json.loads(files[STATE][1]["body"])
    body["state"] = needed(body["state"], shown)
    files[STATE][1]["body"] = json.dumps(body).replace("</", "<\\/")  # no text in it ends the script


def setup(app: Sphinx) -> None:
    """Register the hook."""
    app.connect("doctree-read", keep_what_is_shown)
