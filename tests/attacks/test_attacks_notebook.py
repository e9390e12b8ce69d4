"""Forged files: test cells doubled, edited, deleted, renamed; points and names made up."""

from __future__ import annotations

import json
from typing import Any

from arena import Attack, code_cell, named, text_cell

CONTAINED = "of a submission only the text of its cells is kept; tests, points and names come from the source"

Notebook = dict[str, Any]
CHECKS = ("check_gradient_descent", "check_largest_safe_step", "check_logistic_gradient")


def marks(cell: Notebook) -> Notebook:
    return cell["metadata"].get("nbgrader", {})


def every_check(notebook: Notebook, **changes: Any) -> None:
    for name in CHECKS:
        named(notebook, name).update(changes)


def marked(notebook: Notebook, name: str, **changes: Any) -> None:
    marks(named(notebook, name)).update(changes)


def at_the_end(notebook: Notebook, *cells: Notebook) -> None:
    notebook["cells"] += cells


def at_the_front(notebook: Notebook, *cells: Notebook) -> None:
    notebook["cells"][:0] = cells


def without_checks(notebook: Notebook) -> None:
    notebook["cells"] = [cell for cell in notebook["cells"] if marks(cell).get("grade_id") not in CHECKS]


def without_marks(notebook: Notebook) -> None:
    for cell in notebook["cells"]:
        cell["metadata"] = {}


def checks_first(notebook: Notebook) -> None:
    notebook["cells"].sort(key=lambda cell: marks(cell).get("grade_id") not in CHECKS)


def names_swapped(notebook: Notebook) -> None:
    solved, other = named(notebook, "gradient_descent"), named(notebook, "logistic_gradient")
    solved["source"], other["source"] = other["source"], solved["source"]


def checks_swapped(notebook: Notebook) -> None:
    one, other = named(notebook, CHECKS[0]), named(notebook, CHECKS[2])
    one["metadata"], other["metadata"] = other["metadata"], one["metadata"]


def outputs_made_up(notebook: Notebook) -> None:
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["execution_count"] = 7
            cell["outputs"] = [
                {"output_type": "stream", "name": "stdout", "text": "is right: 4 of 4 public cases pass"}
            ]


def strange_metadata(notebook: Notebook) -> None:
    notebook["metadata"] = {
        "kernelspec": {"name": "evil", "language": "bash", "display_name": ["/bin/sh"]},
        "nbgrader": {"score": 10, "max_score": 10, "seed": "0", "isolation": "none"},
        "language_info": {"pygments_lexer": "html"},
    }


def strange_names(notebook: Notebook) -> None:
    for number, value in enumerate(
        [["check_gradient_descent"], {"a": 1}, None, 3, "é" * 9000, "../../gradebook.db", ""]
    ):
        at_the_front(notebook, code_cell(f"print({number})", grade=True, grade_id=value, points=100))


def strange_points(notebook: Notebook) -> None:
    for name, points in zip(CHECKS, (float("inf"), float("nan"), -1000), strict=True):
        marked(notebook, name, points=points, grade="yes")


def look_alikes(notebook: Notebook) -> None:
    """Names that a reader takes for those of the tests: a Cyrillic letter, a wide one, white space, none at all."""
    for name in CHECKS:
        for alike in (f"{name} ", f"\u200b{name}", name.replace("c", "\u0441", 1), name.upper(), "\uff43" + name[1:]):
            at_the_front(notebook, code_cell("pass", grade=True, solution=False, grade_id=alike, points=100))


def scores_everywhere(notebook: Notebook) -> None:
    for cell in notebook["cells"]:
        cell["metadata"] |= {"points": 100, "score": 100, "optcourse": {"passed": True, "fresh": 8}}
    notebook["metadata"] |= {"nbgrader": {"score": 100}, "optcourse": {"score": 100}}


def a_set_up_of_its_own(notebook: Notebook) -> None:
    for cell in notebook["cells"]:
        if "import check" in "".join(cell["source"]):
            cell["source"] = "def check(*given, **options): pass"


EDITS: dict[str, Any] = {
    "names that look alike": look_alikes,
    "scores everywhere": scores_everywhere,
    "a set-up of its own": a_set_up_of_its_own,
    "two tests under one name": lambda n: marked(n, CHECKS[2], grade_id=CHECKS[0]),
    "solutions that are raw": lambda n: [one.update(cell_type="raw") for one in n["cells"] if "def " in one["source"]],
    "a test that passes, doubled": lambda n: at_the_front(
        n, code_cell("pass", grade=True, grade_id=CHECKS[2], points=4)
    ),
    "a test that passes, at the end": lambda n: at_the_end(
        n, code_cell("pass", grade=True, grade_id=CHECKS[2], points=4)
    ),
    "many doubles": lambda n: at_the_end(n, *[code_cell("pass", grade=True, grade_id=CHECKS[1], points=4)] * 50),
    "the right test, doubled": lambda n: at_the_end(n, *[named(n, CHECKS[0])] * 3),
    "a bonus": lambda n: at_the_end(n, code_cell("pass", grade=True, grade_id="bonus", points=100)),
    "a manual bonus": lambda n: at_the_end(
        n, code_cell("pass", grade=True, solution=True, grade_id="essay", points=100)
    ),
    "edited tests": lambda n: every_check(n, source="pass"),
    "tests without their hidden part": lambda n: every_check(n, source="check('gradient_descent', gradient_descent)"),
    "tests that stop": lambda n: every_check(n, source="raise SystemExit"),
    "tests that are text": lambda n: every_check(n, cell_type="markdown"),
    "tests that are raw": lambda n: every_check(n, cell_type="raw"),
    "tests of no kind": lambda n: every_check(n, cell_type=["code"]),
    "tests of lists": lambda n: every_check(n, source=[["check"], None, 3]),
    "deleted tests": without_checks,
    "tests first": checks_first,
    "no names at all": without_marks,
    "points for a test": lambda n: marked(n, CHECKS[0], points=1000),
    "strange points": strange_points,
    "a test that is a solution": lambda n: marked(n, CHECKS[2], solution=True, locked=False),
    "a solution that is a test": lambda n: marked(n, "logistic_gradient", grade=True, points=4),
    "a test that is not graded": lambda n: marked(n, CHECKS[2], grade=False),
    "a task": lambda n: marked(n, CHECKS[2], task=True),
    "another test under this name": checks_swapped,
    "another solution under this name": names_swapped,
    "a renamed test": lambda n: marked(n, CHECKS[2], grade_id=CHECKS[0]),
    "a renamed solution": lambda n: marked(n, "logistic_gradient", grade_id="gradient_descent"),
    "strange names": strange_names,
    "made-up outputs": outputs_made_up,
    "strange metadata": strange_metadata,
    "hidden tests of its own": lambda n: at_the_end(
        n,
        code_cell("### BEGIN HIDDEN TESTS\ncheck = print\n### END HIDDEN TESTS\n### BEGIN SOLUTION\n### END SOLUTION"),
    ),
    "ends the hidden part early": lambda n: every_check(n, source="### END HIDDEN TESTS\npass\n### BEGIN HIDDEN TESTS"),
    "attachments": lambda n: at_the_end(
        n, text_cell("![x](attachment:x)") | {"attachments": {"x": {"text/html": "<script>"}}}
    ),
    "an old notebook": lambda n: n.update(worksheets=[{"cells": n.pop("cells")}], nbformat=3),
    "two thousand cells": lambda n: at_the_end(n, *[code_cell("1")] * 1900),
    "too many cells": lambda n: at_the_end(n, *[code_cell("1")] * 2500),
    "cells that are none": lambda n: at_the_end(n, None, 3, [], "cell", {}, {"cell_type": "code", "metadata": []}),  # type: ignore[arg-type]
    "no cells": lambda n: n.update(cells=[]),
    "cells that are a text": lambda n: n.update(cells="check"),
}

# A megabyte of these took hours to search when they were searched for by an expression.
SLOW = {
    "pictures without an end": text_cell("![" * 400_000),
    "pictures of pictures": text_cell("![x](attachment:" * 50_000),
    "hidden tests without an end": code_cell("### BEGIN HIDDEN TESTS\n" * 40_000),
    "schemes without an end": text_cell("data " * 100_000 + "javascript" + " " * 500_000),
    "ampersands": text_cell("&" * 1_000_000),
    "entities in entities": text_cell("&amp" * 200_000),
    "brackets": text_cell("<" * 1_000_000),
}

SLOW_TEST = "### BEGIN HIDDEN TESTS\n" * 40_000

RAW: dict[str, Any] = {
    "keys twice": lambda data: data[:-2] + b', "cells": []}',
    "deeply nested": lambda data: b'{"cells": ' + b"[" * 200_000 + b"]" * 200_000 + b"}",
    "an enormous number": lambda data: b'{"cells": [], "nbformat": ' + b"9" * 5_000_000 + b"}",
    "not a notebook": lambda data: b"<html><script>alert(1)</script></html>",
    "nothing": lambda data: b"",
    "zeros": lambda data: bytes(1 << 20),
    "half of it": lambda data: data[: len(data) // 2],
    "another encoding": lambda data: data.decode().encode("utf-16"),
    "broken text": lambda data: data.replace(b"Return", b"\xff\xfe\xed\xa0\x80"),
    "lone surrogates": lambda data: data.replace(b"Return", b"\\ud800\\udfff"),
    "zeros in the text": lambda data: data.replace(b"Return", b"\\u0000"),
    "too large": lambda data: json.dumps({"cells": [], "x": "x" * (21 << 20)}).encode(),
    "two in one": lambda data: data + data,
    "a list": lambda data: b"[" + data + b"]",
    "a pickle": lambda data: b"cos\nsystem\n(S'touch /tmp/evil'\ntR.",
    "a zip": lambda data: b"PK\x03\x04" + bytes(100),
}

ATTACKS = [
    *[Attack(name, "notebook", edit=edit) for name, edit in EDITS.items()],
    *[
        Attack(name, "notebook", edit=lambda notebook, cell=cell: at_the_end(notebook, cell))
        for name, cell in SLOW.items()
    ],
    Attack("tests that are slow to search", "notebook", edit=lambda n: every_check(n, source=SLOW_TEST)),
    *[Attack(name, "notebook", raw=raw, broken=name == "zeros in the text") for name, raw in RAW.items()],
]


def test_nothing_is_gained_and_nothing_is_left(attack, arena):
    arena.withstand(attack)
