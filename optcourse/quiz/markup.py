"""The little markup that texts of a quiz may use: ``$TeX$``, ```code```, ``*emphasis*``."""

from __future__ import annotations

import html
import re
from typing import Any

from optcourse.arguments import refuse

# A star after a letter or digit is a star: ε*, 2*x.
MARKS = re.compile(r"\$(?P<tex>[^$]+)\$|`(?P<code>[^`]+)`|(?<![\w*])\*(?P<em>\S(?:[^*]*\S)?)\*(?![\w*])")


def words(name: str, value: Any) -> str:
    """Check that a text says something, and that every ``$`` and backtick has its other half."""
    if not isinstance(value, str) or not value.strip():
        raise refuse(name, value, "must be a text")
    for mark in "$`":
        if value.count(mark) % 2:
            raise refuse(name, value, f"has a {mark} without its other half")
    return value


def to_html(text: str) -> str:
    r"""Write a text as HTML. TeX goes between ``\(`` and ``\)``: every page's MathJax takes these, not all take $.

    Examples
    --------
    >>> to_html("*Not* below $\\mu < 1$, says `a < b`; see ε*.")
    '<em>Not</em> below \\(\\mu &lt; 1\\), says <code>a &lt; b</code>; see ε*.'
    """
    parts, at = [], 0
    for mark in MARKS.finditer(text):
        parts.append(html.escape(text[at : mark.start()], quote=False))
        tex, code, em = (html.escape(part, quote=False) if part else "" for part in mark.group("tex", "code", "em"))
        parts.append(rf"\({tex}\)" if tex else f"<code>{code}</code>" if code else f"<em>{em}</em>")
        at = mark.end()
    return "".join(parts) + html.escape(text[at:], quote=False)
