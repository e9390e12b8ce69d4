"""A verdict as HTML: what passed, what did not, the name of the mistake, and a picture of both paths.

One block without script, ids or anything loaded from elsewhere. It reads in order with a screen reader, and in any
front end that strips its style sheet.
"""

from __future__ import annotations

import html
from functools import cache
from pathlib import Path

from optcourse.grading.drawing import path_picture
from optcourse.grading.verdict import CaseResult, Verdict

escaped = html.escape


@cache
def style() -> str:
    """The style sheet, one line long."""
    return " ".join(Path(__file__).with_name("card.css").read_text(encoding="utf8").split())


def card(verdict: Verdict) -> str:
    """Return the card of a verdict."""
    state = "passed" if verdict.passed else "failed"
    return (
        f"<style>{style()}</style>"
        f"<section class='oc-card oc-{state}' aria-label='Verdict on {escaped(verdict.exercise)}'>"
        f"{_head(verdict)}{_hint(verdict)}<div class='oc-body'>{_table(verdict)}{_figure(verdict)}</div>"
        f"{_fresh(verdict)}{_printed(verdict)}{_foot(verdict)}</section>"
    )


def _head(verdict: Verdict) -> str:
    mark, word = ("✓", "Right") if verdict.passed else ("✗", "Not right yet")
    return (
        f"<header><span class='oc-mark' aria-hidden='true'>{mark}</span><div><p class='oc-title'>"
        f"<strong>{word}</strong> <code>{escaped(verdict.exercise)}</code></p>"
        f"<p class='oc-tally'>{escaped(verdict.tally)}</p></div></header>"
    )


def _hint(verdict: Verdict) -> str:
    if not verdict.hint:
        return ""
    name = escaped(verdict.mistake.replace("_", " "))
    return f"<p class='oc-hint'><strong>This looks like: {name}.</strong> {_prose(verdict.hint)}</p>"


def _prose(text: str) -> str:
    """Text in which `code` and *stress* are marked as in Markdown."""
    parts = escaped(text).split("`")
    parts[1::2] = [f"<code>{part}</code>" for part in parts[1::2]]
    parts[::2] = [_stressed(part) for part in parts[::2]]
    return "".join(parts)


def _stressed(text: str) -> str:
    parts = text.split("*")
    parts[1::2] = [f"<em>{part}</em>" for part in parts[1::2]]
    return "".join(parts)


def _table(verdict: Verdict) -> str:
    rows = "".join(_row(result) for result in verdict.results if result.public)
    if not rows:
        return ""
    heads = "<tr><th scope='col'>Case</th><th scope='col'>Found</th></tr>"
    return f"<table><thead>{heads}</thead><tbody>{rows}</tbody></table>"


def _row(result: CaseResult) -> str:
    mark, word = ("✓", "passes") if result.passed else ("✗", _found(result))
    return (
        f"<tr class='oc-{'ok' if result.passed else 'bad'}'><th scope='row'><span aria-hidden='true'>{mark}</span> "
        f"{escaped(result.label)}</th><td>{word}</td></tr>"
    )


def _found(result: CaseResult) -> str:
    """What is wrong: both answers one below the other where that says it, sentences for the rest."""
    compared = [one for one in result.findings if one.property in COMPARED] if result.expected else []
    sentences = dict.fromkeys(one.sentence for one in result.findings if one not in compared[:1])
    lines = [f"<span class='oc-line'>{_prose(sentence)}</span>" for sentence in sentences]
    if result.step is not None:
        lines.insert(0, f"<span class='oc-line'>leaves the right path at <strong>step {result.step}</strong></span>")
    if compared:
        lines.append(
            f"<span class='oc-line oc-pair'>yours <code>{escaped(result.got)}</code></span>"
            f"<span class='oc-line oc-pair'>right <code>{escaped(result.expected)}</code></span>"
        )
    return "".join(lines)


COMPARED = {"value", "divergence", "finiteness"}


def _fresh(verdict: Verdict) -> str:
    failed = [result for result in verdict.failures if not result.public]
    if not failed:
        return ""
    kinds = dict.fromkeys(finding.sentence for result in failed for finding in result.findings)
    return f"<p class='oc-fresh'>On cases drawn at random: {escaped('; '.join(kinds))}.</p>"


def _figure(verdict: Verdict) -> str:
    if verdict.paths is None:
        return ""
    same = verdict.paths.learner == verdict.paths.reference
    yours = "" if same else "<span class='oc-key-yours'>yours</span>"
    word = "the right path, and yours" if same else "the right path"
    return (
        f"<figure>{path_picture(verdict.paths)}<figcaption>{escaped(verdict.paths.label)}: "
        f"<span class='oc-key-right'>{word}</span>{' ' if yours else ''}{yours}</figcaption></figure>"
    )


def _printed(verdict: Verdict) -> str:
    if not verdict.output:
        return ""
    return f"<details><summary>What it printed</summary><pre>{escaped(verdict.output[:1000])}</pre></details>"


def _foot(verdict: Verdict) -> str:
    return f"<p class='oc-foot'>isolation: {escaped(verdict.isolation)}</p>" if verdict.isolation else ""
