"""Script in what a teacher's browser shows: texts, outputs, errors, names, cards."""

from __future__ import annotations

import re
import warnings
from html.parser import HTMLParser
from typing import Any

import pytest
from arena import Attack, answers, cells, code_cell, text_cell

from optcourse.grading.feedback import page

CONTAINED = (
    "outputs are kept as text only, and escaped where they are shown; of a learner's Markdown neither HTML nor a "
    "scheme is left, and nothing that is fetched by looking at it"
)

MARK = "alert(4711)"
HTML = [
    f"<script>{MARK}</script>",
    f"<SCRIPT\n>{MARK}</SCRIPT\t>",
    f"<<script>script>{MARK}</script>",
    f"<img src=x onerror={MARK}>",
    f"<img/src='x'/onerror='{MARK}'/>",
    f"<svg/onload={MARK}>",
    f"<svg><script>{MARK}</script></svg>",
    f"<math><mtext></mtext><script>{MARK}</script></math>",
    f"<details open ontoggle={MARK}>",
    f"<iframe srcdoc='<script>{MARK}</script>'></iframe>",
    f"<iframe src='javascript:{MARK}'></iframe>",
    f"<object data='javascript:{MARK}'></object>",
    f"<a href='javascript:{MARK}'>x</a>",
    f"<form action='javascript:{MARK}'><button>x</button></form>",
    f"<meta http-equiv=refresh content='0;url=javascript:{MARK}'>",
    f"<base href='javascript:{MARK}//'>",
    f"<style>@import 'javascript:{MARK}';</style>",
    f"</pre></code></div><script>{MARK}</script>",
    f"</style></title></textarea><script>{MARK}</script>",
    f"--><script>{MARK}</script>",
    f"]]><script>{MARK}</script>",
    f"<!--><script>{MARK}</script>-->",
    f"<?xml?><script>{MARK}</script>",
    f"'\"><script>{MARK}</script>",
    f"&lt;script&gt;{MARK}&lt;/script&gt;",
    f"&#60;script&#62;{MARK}&#60;/script&#62;",
    f"\x1b[31m<script>{MARK}</script>\x1b[0m",
    f"\x1b]8;;javascript:{MARK}\x1b\\x\x1b]8;;\x1b\\",
    f"<scr\x00ipt>{MARK}</script>",
    f"\u2028<script>{MARK}</script>\u202e",
    f"{{{{ '<script>{MARK}</script>' }}}}{{% raw %}}",
]
TARGETS = [
    f"javascript:{MARK}",
    f"JaVaScRiPt:{MARK}",
    f"javascript\\:{MARK}",
    f"java&#115;cript:{MARK}",
    f"java&#x73;cript:{MARK}",
    f"java&#0000115cript:{MARK}",
    f"&#106avascript:{MARK}",
    f"javascript&colon;{MARK}",
    f"javascript&#58;{MARK}",
    f"javascript&amp;colon;{MARK}",
    f"javascript&amp#58;{MARK}",
    f"javascript&ampcolon;{MARK}",
    f"javascript&#38;#58;{MARK}",
    f"javascript&amp;amp;amp;colon;{MARK}",
    f"java&Tab;script:{MARK}",
    f"java&NewLine;script:{MARK}",
    f"\x01javascript:{MARK}",
    f"vbscript:{MARK}",
    f"data:text/html,<script>{MARK}</script>",
    f"data:text/html;base64,{MARK}",
    f"data&colon;text/html,{MARK}",
    f"data:image/svg+xml,<svg onload={MARK}>",
    f"data:application/xhtml+xml,{MARK}",
    f"%6Aavascript:{MARK}",
    f"//javascript:{MARK}",
]
# What a page would fetch while it is looked at; and what formulas would run, load or restyle, spelt by macros.
ELSEWHERE = ["https://elsewhere.example/seen.png", "//elsewhere.example/seen.png", "/logout", "../../../../api/status"]
COMMANDS = [
    f"\\def\\x#1{{\\href{{java#1:{MARK}}}{{x}}}}\\x{{script}}",
    f"\\newcommand{{\\x}}[1]{{\\href{{java#1:{MARK}}}{{x}}}}\\x{{script}}",
    f"\\let\\x=\\href \\x{{javascript:{MARK}}}{{x}}",
    f"\\style{{background: url({ELSEWHERE[0]})}}{{x}}",
    "\\class{oc-card oc-passed}{x} \\cssId{check_gradient_descent}{x} \\require{html}",
    f"\\includegraphics{{{ELSEWHERE[0]}}} \\data{{x=1}}{{x}}",
]
MARKDOWN = [
    *HTML,
    *[f"[x]({target})" for target in TARGETS],
    *[f"[x](<{target}>)" for target in TARGETS],
    *[f"![x]({target})" for target in TARGETS],
    *[f"[x]\n\n[x]: {target}" for target in TARGETS],
    *[f"<{target}>" for target in TARGETS],
    f'[x](y "z\\" onmouseover={MARK} \\"")',
    f"[x](y 'z\" onmouseover=\"{MARK}')",
    f'![x" onerror="{MARK}](y)',
    f'![x](y"onerror="{MARK})',
    f'```"><script>{MARK}</script>\ncode\n```',
    f'```mermaid\ngraph TD; A[<img src=x onerror={MARK}>] --> B; click A href "javascript:{MARK}"\n```',
    f'# title "onclick="{MARK}\n## <script>{MARK}</script>',
    f"|a|b|\n|-|-|\n|<script>{MARK}</script>|[x](javascript:{MARK})|",
    f"$\\href{{javascript:{MARK}}}{{x}}$ and $$\\text{{<script>{MARK}</script>}}$$",
    *[f"![x]({target})" for target in ELSEWHERE],
    *[f"![x][1]\n\n[1]: {target}" for target in ELSEWHERE],
    *[f"[![x]({target})](y)" for target in ELSEWHERE],
    f"![x](data:image/png;base64,AA==]({ELSEWHERE[0]}))",
    f"![ ![x](data:image/png;base64,AA==) ]({ELSEWHERE[0]})",
    f"![x\n]({ELSEWHERE[0]})",
    f"&#33;[x]({ELSEWHERE[0]})",
    *[f"$${command}$$" for command in COMMANDS],
    f"```mermaid\ngraph TD; A@{{ img: '{ELSEWHERE[0]}' }}\n```",
    f"> ~~~~ \t\ufeffmermaid\ngraph TD; A@{{ img: '{ELSEWHERE[0]}' }}\n~~~~",
    f"`<script>{MARK}</script>`",
    f"    <script>{MARK}</script>",
    f"> - 1. <script>{MARK}</script>",
    f"[^1]: <script>{MARK}</script>\n\nx[^1]",
]


def text_cells(notebook: dict[str, Any]) -> None:
    notebook["cells"] += [text_cell(text) for text in MARKDOWN]


def raw_cells(notebook: dict[str, Any]) -> None:
    notebook["cells"] += [
        {"cell_type": "raw", "metadata": {"raw_mimetype": "text/html", "format": "text/html"}, "source": text}
        for text in HTML
    ]


def forged_outputs(notebook: dict[str, Any]) -> None:
    for text in HTML:
        cell = code_cell("pass")
        data = {"text/html": text, "image/svg+xml": text, "application/javascript": MARK, "text/markdown": text}
        cell["outputs"] = [{"output_type": "display_data", "data": data, "metadata": {}}]
        notebook["cells"].append(cell)


def forged_marks(notebook: dict[str, Any]) -> None:
    for text in HTML:
        marks = {"grade_id": text, "grade": True, "solution": True, "points": 1, "cell_type": text, "checksum": text}
        notebook["cells"].append(code_cell("pass", **marks))
    notebook["metadata"] = {"title": HTML[0], "authors": [{"name": HTML[0]}], "language_info": {"name": HTML[0]}}


def code_comments(notebook: dict[str, Any]) -> None:
    notebook["cells"] += [code_cell(f"# {text!r}") for text in HTML]


ALL = f"HTML = {HTML!r}\n"
IN_CALLS = {
    "printed in a call": "print(''.join(HTML)); return 0.1",
    "raised in a call": "raise ValueError(''.join(HTML))",
    "the type of an error in a call": "raise type(HTML[0], (Exception,), {})(HTML[3])",
    "the line of an error in a call": f"return A['{HTML[0]}']",
    "returned": "return ''.join(HTML)",
    "the type of what is returned": "return type(HTML[0], (), {})()",
    "the name of a function": "pass\nlargest_safe_step = type(HTML[0], (), {})()",
    "not a function": "pass\nlargest_safe_step = ''.join(HTML)",
}
ATTACKS = [
    *cells(
        "markup",
        {
            "printed": ALL + "for text in HTML: print(text)",
            "shown": ALL + "class R:\n    def __repr__(self): return ''.join(HTML)\ndisplay(R())\nR()",
            "raised": ALL + "raise ValueError(''.join(HTML))",
            "the type of an error": ALL + "raise type(HTML[0], (Exception,), {})(HTML[3])",
            "the line of an error": ALL + f"assert not '{HTML[0]}', HTML",
            "kinds of display": ALL
            + """
class R:
    def _repr_html_(self): return HTML[0]
    _repr_svg_ = _repr_markdown_ = _repr_latex_ = _repr_javascript_ = _repr_json_ = _repr_html_
    def _repr_mimebundle_(self, *a, **k): return {'text/html': HTML[0], 'application/javascript': 'alert(4711)'}
    def __repr__(self): return HTML[5]
display(R())
R()
""",
        },
    ),
    *answers(
        "markup",
        {name: f"{ALL}def largest_safe_step(A):\n    {body}" for name, body in IN_CALLS.items()},
        task="largest_safe_step",
    ),
    *[
        Attack(edit.__name__.replace("_", " "), "markup", edit=edit)
        for edit in (text_cells, raw_cells, forged_outputs, forged_marks, code_comments)
    ],
]

SCHEMES = re.compile(
    r"^[\x00-\x20]*(j\s*a\s*v\s*a\s*s\s*c\s*r\s*i\s*p\s*t|v\s*b\s*s\s*c\s*r\s*i\s*p\s*t|data)\s*:", re.I
)
LINKS = {"href", "src", "action", "formaction", "data", "srcdoc", "xlink:href", "content", "poster", "background"}
PICTURE = re.compile(r"^data:image/(png|jpeg|gif|svg\+xml)[;,]", re.I)


RUNNING = "href|style|class|cssId|require|includegraphics|data"


class Live(HTMLParser):
    """Collects whatever a browser would run and that holds the mark, would fetch, or MathJax and Mermaid would obey."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.open = ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.open = tag
        for name, value in attributes:
            runs = name.startswith("on") or name == "srcdoc"
            leads = name in LINKS and SCHEMES.match(value or "") and not (tag == "img" and PICTURE.match(value or ""))
            draws = name == "class" and "mermaid" in (value or "").lower()
            fetches = name == "src" and tag == "img" and not (value or "").startswith("data:")
            if draws or fetches or (runs and (MARK in (value or "") or tag == "img")) or (leads and MARK in value):
                self.found.append(f"<{tag} {name}={value!r}>")

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attributes)
        self.open = ""

    def handle_endtag(self, tag: str) -> None:
        self.open = ""

    def handle_data(self, data: str) -> None:
        self.found += re.findall(rf"\\(?:{RUNNING})\b[^$]{{0,60}}", data) if self.open != "script" else []
        if self.open in ("script", "style") and MARK in data:
            self.found.append(f"<{self.open}>{data[:80]}")


def live(document: str) -> list[str]:
    parser = Live()
    parser.feed(document)
    parser.close()
    return parser.found


def rendered(notebook: dict[str, Any], template: str) -> str:
    """A notebook as nbgrader's formgrader and JupyterLab's export show it."""
    import nbformat
    from nbconvert import HTMLExporter

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return HTMLExporter(template_name=template).from_notebook_node(nbformat.from_dict(notebook))[0]


RUNS = [text for text in HTML if re.match(r"</?(script|img|svg|iframe|details|a|pre|style)\b", text)]


@pytest.mark.parametrize("text", RUNS)
def test_the_search_finds_what_is_live(text):
    assert live(text) != []


def test_without_care_the_export_would_be_live():
    made = [text_cell(text) | {"id": f"cell-{number}"} for number, text in enumerate(MARKDOWN[::5])]
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": made}
    assert len(live(rendered(notebook, "lab"))) > 10


def test_nothing_is_gained_nothing_is_left_and_nothing_is_live(attack, arena):
    result = arena.withstand(attack)
    assert live(page("exercise", result.to_json())) == []
    assert live(rendered(result.notebook, "lab")) == []
    if attack.edit is text_cells:
        assert live(rendered(result.notebook, "classic")) == []
