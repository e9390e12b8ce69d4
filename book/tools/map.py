"""Write the map of the chapters into the landing page, from `optcourse.sections` and the chapters that exist.

python book/tools/map.py
"""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from optcourse.sections import SECTIONS, Section

BOOK = Path(__file__).resolve().parents[1]
BEGIN, END = "% map: made by book/tools/map.py, do not edit", "% end of the map"


def card(section: Section) -> list[str]:
    """One chapter: a link if it is written, else an honest word."""
    written = (BOOK / f"{section.page}.md").exists()
    link = [f":link: {section.page}", ":link-type: doc"] if written else [":class-card: in-preparation"]
    return [
        f":::{{grid-item-card}} {section.number} {section.title}",
        *link,
        "",
        section.summary,
        *([] if written else ["", "*In preparation.*"]),
        ":::",
        "",
    ]


def chapters() -> str:
    """The whole map, a grid of cards for every part."""
    lines = [BEGIN, ""]
    for part, sections in groupby(SECTIONS, key=lambda section: section.part):
        lines += [f"### {part}", "", "::::{grid} 1 2 2 3", ":gutter: 3", ""]
        lines += [line for section in sections for line in card(section)]
        lines += ["::::", ""]
    return "\n".join([*lines, END])


def mapped(text: str) -> str:
    """Replace the map in a page's text."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + chapters() + after


if __name__ == "__main__":
    page = BOOK / "index.md"
    page.write_text(mapped(page.read_text(encoding="utf8")), encoding="utf8")
