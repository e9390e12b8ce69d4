"""Pictures that cells draw: each SVG gets a twin in the dark scheme's colours, and must say what it shows."""

from __future__ import annotations

import colorsys
import re
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

from optcourse.figures.palette import HUES, PAPER

logger = logging.getLogger(__name__)

TWINS = dict([*HUES.values(), *PAPER.values()])
# Matplotlib's own black and white are ink and paper too.
TWINS |= {"#000000": PAPER["ink"][1], "#ffffff": PAPER["paper"][1]}


def dark_twin(colour: str) -> str:
    """Return a colour for dark paper: the palette's own, else the same hue with its lightness mirrored.

    Examples
    --------
    >>> dark_twin("#0072b2"), dark_twin("#404040")
    ('#4fb0e8', '#c4c4c4')
    """
    if colour.lower() in TWINS:
        return TWINS[colour.lower()]
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    hue, lightness, saturation = colorsys.rgb_to_hls(red, green, blue)
    mirrored = colorsys.hls_to_rgb(hue, 0.08 + 0.92 * (1 - lightness), saturation)
    return "#" + "".join(f"{round(255 * part):02x}" for part in mirrored)


def darken(svg: str) -> str:
    """Return the picture in the dark scheme's colours."""
    svg = re.sub(r"#[0-9a-fA-F]{6}\b", lambda match: dark_twin(match[0]), svg)
    return svg.replace("<svg ", f'<svg fill="{PAPER["ink"][1]}" ', 1)  # what says no colour is black, unless told


def pair_pictures(app: Sphinx, doctree: nodes.document) -> None:
    """Put a dark twin beside every picture that a cell drew as SVG; complain of pictures without words."""
    for image in list(doctree.findall(nodes.image)):
        if "alt" not in image:
            logger.warning(
                "a picture has no words for those who cannot see it: set `mystnb: {image: {alt: …}}` in the cell's "
                "header (or :alt: in the directive)",
                location=image,
                type="optcourse",
                subtype="alt",
            )
        source = Path(app.srcdir) / image["uri"].lstrip("/") if image["uri"].startswith("/") else None
        source = source or (Path(app.srcdir) / app.env.docname).parent / image["uri"]
        if "jupyter_execute" not in source.parts or source.suffix != ".svg":
            continue
        dark = source.with_name(f"{source.stem}-dark.svg")
        dark.write_text(darken(source.read_text(encoding="utf8")), encoding="utf8")
        twin = image.deepcopy()
        twin["uri"] = image["uri"].removesuffix(".svg") + "-dark.svg"
        image["classes"] = [*image["classes"], "only-light"]
        twin["classes"] = [*twin["classes"], "only-dark"]
        image.parent.insert(image.parent.index(image) + 1, twin)


def setup(app: Sphinx) -> None:
    """Register the hook, before Sphinx collects the pictures to copy."""
    app.connect("doctree-read", pair_pictures, priority=400)
