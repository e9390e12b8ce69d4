"""The built book as the tests see it: its pages, served below a prefix, and what is asked of each of them."""

from __future__ import annotations

import functools
import http.server
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup

ROOT = Path(__file__).parents[2]
SITE = ROOT / "_build" / "html"
PREFIX = "/optcourse/"
WIDTHS = (320, 768, 1920)
PAGES = sorted(page.relative_to(SITE).as_posix() for page in (SITE / "book").glob("*.html"))

SETTLED = """async () => {
    await document.fonts.ready;
    await window.MathJax?.startup?.promise;
    const placed = () => [...document.querySelectorAll("script[type='application/vnd.jupyter.widget-view+json']")]
        .every((script) => script.previousElementSibling?.matches(".widget-subarea:not(:empty)"));
    const patience = performance.now() + 120_000; // then go on: the tests say what is missing
    while (!placed() && performance.now() < patience) await new Promise((done) => setTimeout(done, 50));
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    await document.fonts.ready; // once more: formulas ask for their typefaces when they are first drawn
}"""
# Resize events are told just before a frame is drawn, and what they change is drawn in the next.
DRAWN = """async () => {
    await document.fonts.ready;
    for (let k = 0; k < 3; k += 1) await new Promise((done) => requestAnimationFrame(done));
}"""
# What sticks out to the right of the window, unless something around it scrolls or hides it.
TOO_WIDE = """() => document.documentElement.scrollWidth <= innerWidth ? [] :
    [...document.querySelectorAll("main *")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1)
        .map((e) => `${e.tagName}.${e.className}`.slice(0, 80)).concat("the page scrolls sideways").slice(0, 8)"""
AXE = """async (options) => (await axe.run(document, { preload: false, resultTypes: ["violations"], ...options }))
    .violations.flatMap(({ id, nodes }) => nodes.map((node) =>
        `${id}: ${node.target} ${node.html.slice(0, 120)} ${node.failureSummary}`))"""
VISIBLE = "(selector) => [...document.querySelectorAll(selector)].filter((e) => e.checkVisibility()).length"
ON_PAPER = {  # what to count when the page is printed
    "headings": "h1",
    "controls": "main :is(button, select, input:not(.sd-tab-set > input), a.headerlink)",
    "menus": ".bd-sidebar, .bd-header-article, .prev-next-footer",
    "folded": "details:not([open])",
    "live figures": ".optcourse-figure",
    "dark pictures": "img.only-dark",
}
# The whole of axe's rules once; in the other scheme only colours can differ, on a small screen all but colours.
COLOURS = ["color-contrast", "link-in-text-block"]
RULES = {
    "light": {},
    "dark": {"runOnly": COLOURS},
    "320 px": {"rules": {rule: {"enabled": False} for rule in COLOURS}},
}
UNREAD_MATHS = r"""() => [
    ...[...document.querySelectorAll(".math")].filter((e) => !e.querySelector("mjx-container")).map((e) => e.innerText),
    ...[...document.querySelectorAll("mjx-merror, [data-mjx-error]")].map((e) => e.outerHTML.slice(0, 120)),
    ...[...document.querySelectorAll(".bd-article :is(p, li, td, h1, h2, h3, dd, figcaption)")].filter((e) => {
        const plain = e.cloneNode(true);
        plain.querySelectorAll("code, pre, script, style, .optcourse-embed, mjx-container").forEach((c) => c.remove());
        return /\$|\\\(|\\\[|\\(frac|nabla|theta|eta)\b/.test(plain.textContent);
    }).map((e) => e.textContent.slice(0, 120))]"""


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serve the book below the prefix, and nothing anywhere else."""

    def translate_path(self, path: str) -> str:
        """Cut the prefix off."""
        inside = path.removeprefix(PREFIX) if path.startswith(PREFIX) else "outside-of-the-prefix"
        return super().translate_path("/" + inside)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@dataclass
class Watch:
    """What a browser's page asked for and complained of."""

    address: str
    elsewhere: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    weight: int = 0

    def attach(self, page: Any) -> None:
        """Listen."""
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda message: message.type == "error" and self.errors.append(message.text))
        page.on("request", lambda request: self.request(request.url))
        page.on("response", lambda response: response.status >= 400 and self.missing.append(response.url))

    def request(self, url: str) -> None:
        """Note a request that leaves the site."""
        if not url.startswith((self.address, "data:", "blob:")):
            self.elsewhere.append(url)


@dataclass
class Visit:
    """All that the tests want to know of a page, found in one visit."""

    watch: Watch
    axe: dict[str, list[str]] = field(default_factory=dict)
    too_wide: dict[int, list[str]] = field(default_factory=dict)
    on_paper: dict[str, int | str] = field(default_factory=dict)
    unread_maths: list[str] = field(default_factory=list)
    empty_widgets: int = 0


@functools.cache
def soup(name: str) -> BeautifulSoup:
    """Parse a page of the site."""
    return BeautifulSoup((SITE / name).read_text(encoding="utf8"), "html.parser")
