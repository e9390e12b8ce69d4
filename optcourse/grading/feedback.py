"""A learner's page: the mark, each test's verdict card, what they wrote. One file, no script, nothing from elsewhere.

Everything that a learner wrote or printed is shown as text and cut where it is long. Hidden tests are left out. Only
the cards are HTML, and they are made by the judge. The page forbids scripts and requests, in case all this fails.
"""

from __future__ import annotations

import html
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from optcourse.grading import card
from optcourse.grading.intake import visible

UNREAD = ("bad file", "missing")
MOST_CELL, MOST_OUTPUT, MOST_PAGE = 20_000, 5_000, 1_000_000  # characters
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'"

escaped = html.escape


@cache
def style() -> str:
    """The style sheet, one line long. A card is dark where its host says so; here that is the browser."""
    dark = card.style().partition("body.vscode-dark .oc-card {")[2].partition("}")[0]
    own = " ".join(Path(__file__).with_name("feedback.css").read_text(encoding="utf8").split())
    return f"{own} {card.style()} @media (prefers-color-scheme: dark) {{ main .oc-card {{{dark}}} }}"


def page(notebook: str, result: dict[str, Any]) -> str:
    """Return the page for one result, given as plain data."""
    title = f"{notebook.replace('_', ' ')}: {result['score']:g} of {result['max_score']:g} points"
    policy = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    head = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">{policy}'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{escaped(title)}</title>'
        f"<style>{style()}</style></head><body><main><h1>{escaped(title)}</h1>"
    )
    end = f"<footer>isolation: {escaped(result['isolation'])}</footer></main></body></html>\n"
    pieces, length = [head, _warning(result), _marks(result), _remarks(result)], 0
    for piece in _cells(result):
        length += len(piece)
        if length > MOST_PAGE:
            pieces.append("<p class='cut'>The rest of the notebook is left out: it is too long to show.</p>")
            break
        pieces.append(piece)
    return "".join((*pieces, end)).encode("utf-8", "replace").decode()


def _warning(result: dict[str, Any]) -> str:
    if result["isolation"] != "none":
        return ""
    return "<p class='alarm'>isolation: none. This was run without a sandbox; the mark is not official.</p>"


def _marks(result: dict[str, Any]) -> str:
    rows = "".join(_mark(part) for part in result["parts"])
    heads = "".join(f"<th scope='col'>{word}</th>" for word in ("Part", "Points", "Why"))
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"


def _mark(part: dict[str, Any]) -> str:
    name = f"<a href='#{escaped(part['grade_id'])}'>{escaped(part['grade_id'].replace('_', ' '))}</a>"
    if part["manual"] and not part["kind"]:
        return f"<tr><th scope='row'>{name}</th><td>– of {part['max_points']:g}</td><td>marked by a person</td></tr>"
    why = part["sentence"].splitlines()[0] if part["sentence"] else "right"
    points = f"{part['points']:g} of {part['max_points']:g}"
    return f"<tr><th scope='row'>{name}</th><td>{points}</td><td>{escaped(_cut(why, 300))}</td></tr>"


def _remarks(result: dict[str, Any]) -> str:
    lines = ([result["sentence"]] if result["sentence"] else []) + list(result["notes"])
    items = "".join(f"<li>{escaped(_cut(line, 300))}</li>" for line in lines[:50])
    return f"<ul class='remarks'>{items}</ul>" if items else ""


def _cells(result: dict[str, Any]) -> Iterator[str]:
    if result["kind"] in UNREAD:
        return  # nothing here is the learner's
    for cell in result["notebook"]["cells"]:
        marks = cell["metadata"].get("nbgrader", {})
        if cell["cell_type"] != "code":
            # The task's own words are in the notebook; only what learners wrote is shown.
            if marks.get("solution") or marks.get("task"):
                yield f"<section id='{escaped(marks['grade_id'])}'>{_text(cell['source'], MOST_CELL)}</section>"
            continue
        source = visible(cell["source"]).strip()
        shown = "".join(map(_output, _telling(cell["outputs"][:50])))
        name = f" id='{escaped(marks['grade_id'])}'" if marks.get("grade_id") else ""
        code = f"<div class='code'>{_text(source, MOST_CELL)}</div>" if source else ""
        if code or shown:
            yield f"<section{name}>{code}{shown}</section>"


def _telling(outputs: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Leave out what is told twice: a card that passed and that a later one repeats, and an error that repeats one."""
    later: list[dict[str, Any]] = []
    kept: list[dict[str, Any]] = []
    texts = [output["data"]["text/plain"] for output in outputs if _about(output)]
    for output in reversed(outputs):
        about = _about(output)
        again = about and about["passed"] and about["exercise"] in [one["exercise"] for one in later]
        if about:
            later.append(about)
        if not again and not (output["output_type"] == "error" and _starts(texts, output["evalue"])):
            kept.append(output)
    return reversed(kept)


def _about(output: dict[str, Any]) -> dict[str, Any]:
    """What the judge noted of a card; nothing where the output is none."""
    return dict(output.get("metadata", {}).get("optcourse", {}))


def _starts(texts: list[str], beginning: str) -> bool:
    return bool(beginning) and any(text.startswith(beginning) for text in texts)


def _output(output: dict[str, Any]) -> str:
    if output["output_type"] == "error":
        said = f"{output['ename']}: {output['evalue']}"
        return f"<div class='error'>{_text(said, MOST_OUTPUT)}</div>"
    if output["output_type"] == "stream":
        return _text(output["text"], MOST_OUTPUT)
    data = output["data"]
    if "text/html" in data:  # a card: only the judge writes these. Its style stands in the head.
        return str(data["text/html"]).replace(f"<style>{card.style()}</style>", "")
    return _text(data.get("text/plain", ""), MOST_OUTPUT)


def _text(text: str, most: int) -> str:
    return f"<pre>{escaped(_cut(text, most))}</pre>"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}\n… {len(text) - most} characters more"
