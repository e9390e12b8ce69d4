"""What people hand in that is not the notebook they were given: each with the marks it deserves and a word of why."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from submissions import ASSIGNMENT, TASK, Sources, dumped, filled_in

Notebook = dict[str, Any]


def named(notebook: Notebook, name: str) -> Notebook:
    return next(cell for cell in notebook["cells"] if cell["metadata"].get("nbgrader", {}).get("grade_id") == name)


def without(notebook: Notebook, name: str) -> Notebook:
    return notebook | {"cells": [cell for cell in notebook["cells"] if cell is not named(notebook, name)]}


def twice(notebook: Notebook, name: str) -> Notebook:
    return notebook | {"cells": [*notebook["cells"], named(notebook, name)]}


def edited(notebook: Notebook) -> Notebook:
    named(notebook, "check_gradient_descent")["source"] = "pass"
    named(notebook, "gradient_descent")["source"] = "def gradient_descent(grad, theta, lr, steps):\n    return theta"
    return notebook


def anonymous(notebook: Notebook) -> Notebook:
    for cell in notebook["cells"]:
        cell["metadata"] = {}
    return notebook


def of_2014(notebook: Notebook) -> Notebook:
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell |= {"input": cell.pop("source"), "language": "python"}
    return {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": notebook["cells"]}]}


def from_colab(notebook: Notebook) -> Notebook:
    for number, cell in enumerate(notebook["cells"]):
        del cell["id"]
        cell["metadata"] |= {"id": f"x{number}", "colab": {"base_uri": "https://localhost"}, "outputId": "a"}
        cell["source"] = cell["source"].splitlines(keepends=True)
    return notebook | {"nbformat_minor": 0, "metadata": {"colab": {"provenance": []}, "accelerator": "GPU"}}


def from_vscode(notebook: Notebook) -> Notebook:
    for cell in notebook["cells"]:
        cell["metadata"]["vscode"] = {"languageId": "python"}
    return notebook | {"metadata": {"language_info": {"name": "python"}, "orig_nbformat": 4}}


# How a whole solution is changed before it is saved: (change, marks, a word of what is said about it).
CHANGED: dict[str, tuple[Callable[[Notebook], Notebook], float, str]] = {
    "a_test_twice": (lambda book: twice(book, "check_gradient_descent"), 10, "more than once"),
    "a_solution_twice": (lambda book: twice(book, "gradient_descent"), 10, "more than once"),
    "a_test_deleted": (lambda book: without(book, "check_gradient_descent"), 10, "is missing"),
    "a_solution_deleted": (lambda book: without(book, "gradient_descent"), 6, "is missing"),
    "a_test_edited": (edited, 6, "was edited; the original was used"),
    "no_metadata": (anonymous, 10, "has lost the names of its cells"),
    "nbformat_3": (of_2014, 10, ""),
    "nbformat_99": (lambda book: book | {"nbformat": 99}, 10, ""),
    "colab": (from_colab, 10, ""),
    "vscode": (from_vscode, 10, ""),
    "no_cells": (lambda book: {"nbformat": 4}, 0, "no list of cells"),
    "too_many_cells": (lambda book: book | {"cells": book["cells"] * 300}, 0, "cells; more than"),
}


def big(file: Path, text: str) -> None:
    with file.open("wb") as out:
        out.truncate(200_000_000)


def renamed(file: Path, text: str) -> None:
    file.with_name("gradient_descent (1).ipynb").write_text(text)


def two_others(file: Path, text: str) -> None:
    for name in ("a.ipynb", "b.ipynb"):
        file.with_name(name).write_text(text)


def linked_folder(file: Path, text: str) -> None:
    file.parent.rmdir()
    file.parent.symlink_to("/etc")


def not_a_folder(file: Path, text: str) -> None:
    file.parent.rmdir()
    file.parent.write_text(text)


# How the text of a whole solution comes into its file.
SAVED: dict[str, tuple[Callable[[Path, str], Any], float, str]] = {
    "not_json": (lambda file, text: file.write_text("print('hello')"), 0, "it is not JSON"),
    "cut_off": (lambda file, text: file.write_text(text[: len(text) // 2]), 0, "it is not JSON"),
    "empty": (lambda file, text: file.write_text(""), 0, "is empty"),
    "nested": (lambda file, text: file.write_text("[" * 200_000), 0, "it is not JSON"),
    "a_list": (lambda file, text: file.write_text("[1, 2]"), 0, "holds no cells"),
    "binary": (lambda file, text: file.write_bytes(bytes(range(256)) * 40), 0, "it is not JSON"),
    "big": (big, 0, "200 MB"),
    "symlink": (lambda file, text: file.symlink_to("/etc/passwd"), 0, "is a link"),
    "fifo": (lambda file, text: os.mkfifo(file), 0, "is not a regular file"),
    "folder": (lambda file, text: file.mkdir(), 0, "is not a regular file"),
    "linked_folder": (linked_folder, 0, "is a link, not a folder"),
    "not_a_folder": (not_a_folder, 0, "is not a folder"),
    "nothing": (lambda file, text: None, 0, "there is no gradient_descent.ipynb"),
    "two_others": (two_others, 0, "there is no gradient_descent.ipynb"),
    "renamed": (renamed, 10, "the file is called gradient_descent (1).ipynb"),
    "crlf": (lambda file, text: file.write_text(text.replace("\\n", "\\r\\n"), newline="\r\n"), 10, ""),
    "utf_16": (lambda file, text: file.write_text(text, encoding="utf-16"), 10, ""),
    "utf_8_bom": (lambda file, text: file.write_text(text, encoding="utf-8-sig"), 10, ""),
    "windows_1252": (lambda file, text: file.write_bytes(text.encode("cp1252", "replace")), 10, ""),
}

EXPECTED = {name: (marks, word) for name, (_, marks, word) in (CHANGED | SAVED).items()}


def hand_in_broken(course: Path, solved: Sources, name: str, student: str) -> None:
    """Hand in a whole solution, broken in the named way."""
    notebook = filled_in(course, solved)
    text = json.dumps(CHANGED[name][0](notebook)) if name in CHANGED else dumped(notebook)
    folder = course / "submitted" / student / ASSIGNMENT
    folder.mkdir(parents=True)
    file = folder / f"{TASK}.ipynb"
    if name in SAVED:
        SAVED[name][0](file, text)
    else:
        file.write_text(text)
