"""The package reads like its table of contents: one module a section, short bodies, layers that point one way."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import optcourse
from optcourse.catalogue import METHODS
from optcourse.sections import SECTIONS

PACKAGE = Path(optcourse.__file__).parent
LONGEST_BODY = 60

HOMES = sorted({row.home for row in METHODS} - {"certificates"})
# What the methods stand on. A method may know these and other methods; nothing here knows a method, except the last
# three, which are about methods or about their answers.
FOUNDATION = {"arguments", "streams", "trace", "problems", "certificates", "sections"}
ABOVE = ("figures", "grading", "catalogue", "conventions", "listing", "trace", "__main__")


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


FILES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}


@cache
def tree(module: str) -> ast.Module:
    return ast.parse(FILES[module].read_text())


def run_nodes(node: ast.AST, inside: bool) -> Iterator[ast.AST]:
    """All nodes of a tree, but for what only type checkers read, and for functions' bodies if not `inside`."""
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        return
    if isinstance(node, ast.FunctionDef) and not inside:
        return
    yield node
    for child in ast.iter_child_nodes(node):
        yield from run_nodes(child, inside)


def imported(module: str, inside: bool = True) -> set[str]:
    """The package's own modules that a module imports: anywhere, or only when it is itself imported."""
    found = set()
    for node in run_nodes(tree(module), inside):
        names = []
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] == "optcourse" and (inner := ".".join(parts[1:])) in FILES:
                found.add(inner)
    return found - {module}


def is_in(module: str, places: tuple[str, ...] | set[str] | list[str]) -> bool:
    return module.split(".")[0] in places


METHOD_MODULES = [module for module in FILES if is_in(module, HOMES)]


# ------------------------------------------------------------------------------------- one module a section


def test_each_module_of_methods_belongs_to_one_section_and_says_which():
    for home in HOMES:
        numbers = {row.section for row in METHODS if row.home == home}
        assert len(numbers) == 1, f"{home} serves {numbers}"
        opening = ast.get_docstring(tree(home))
        assert opening is not None
        assert opening.startswith(f"{numbers.pop()} "), f"{home} does not open with its section"


def test_every_section_that_teaches_methods_has_a_module():
    taught = {row.section for row in METHODS}
    numbers = [section.number for section in SECTIONS]
    assert taught == set(numbers[:15]) == {f"3.{k}" for k in range(1, 16)}


# -------------------------------------------------------------------------------------------------- short bodies


def bodies(module: str) -> dict[str, int]:
    """How many lines each function's body has, docstring and nested functions' docstrings left out."""
    lengths = {}
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.FunctionDef):
            documented = ast.get_docstring(node) is not None
            statements = node.body[1:] if documented else node.body
            lines = statements[-1].end_lineno - statements[0].lineno + 1 if statements else 0
            lengths[node.name] = max(lines, lengths.get(node.name, 0))  # of the same name, e.g. methods of two classes
    return lengths


@pytest.mark.parametrize("module", FILES)
def test_no_body_is_longer_than_a_page(module):
    assert {name: lines for name, lines in bodies(module).items() if lines > LONGEST_BODY} == {}


# ------------------------------------------------------------------------------------------- layers, one way


@pytest.mark.parametrize("module", METHOD_MODULES)
def test_methods_know_nothing_of_what_stands_above_them(module):
    assert {name for name in imported(module) if is_in(name, ABOVE)} == set()
    assert {name for name in imported(module) if not is_in(name, FOUNDATION | set(HOMES))} == set()


def names_taken_from(module: str, source: str) -> set[str]:
    return {
        alias.name
        for node in ast.walk(tree(module))
        if isinstance(node, ast.ImportFrom) and node.module == source
        for alias in node.names
    }


@pytest.mark.parametrize("module", METHOD_MODULES)
def test_no_method_runs_a_stream_for_its_caller_to_find_a_trace_in(module):
    assert "Trace" not in names_taken_from(module, "optcourse.streams")


@pytest.mark.parametrize("module", sorted(FOUNDATION - {"streams"}))
def test_the_foundation_knows_no_method(module):
    assert {name for name in imported(module) if is_in(name, HOMES)} == set()


def test_figures_and_grading_know_methods_and_nobody_but_the_command_line_knows_them():
    for module in FILES:
        if not is_in(module, ("figures", "grading", "__main__")):
            assert {name for name in imported(module) if is_in(name, ("figures", "grading"))} == set(), module


def test_imports_run_in_no_circle():
    # When modules are imported: a view that is asked for later (`_repr_html_`) may know what it shows.
    graph = {module: imported(module, inside=False) for module in FILES if module}
    order = [*TopologicalSorter(graph).static_order()]
    assert set(order) >= set(FILES) - {""}


def test_nothing_in_the_package_knows_the_book():
    for module, path in FILES.items():
        for node in ast.walk(tree(module)):
            modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            modules += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            assert not [name for name in modules if name.split(".")[0] in ("book", "tests", "benchmarks")], path


# ------------------------------------------------------------------------------------------------- a light import


def modules_after(statement: str) -> set[str]:
    code = f"{statement}; import sys; print(*sys.modules)"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


def test_importing_the_package_brings_numpy_and_the_standard_library_only():
    # SciPy and matplotlib take longer to import than everything else together: they wait until they are asked for.
    brought = {name.split(".")[0] for name in modules_after("import optcourse") - modules_after("import numpy")}
    assert brought - sys.stdlib_module_names - {"numpy"} == {"optcourse"}


@pytest.mark.parametrize("module", [module for module in FILES if not is_in(module, ("figures", "grading"))])
def test_scipy_and_matplotlib_are_imported_where_they_are_used_and_not_before(module):
    heavy = ("scipy", "matplotlib")
    at_import_time = [node for node in tree(module).body if isinstance(node, ast.Import | ast.ImportFrom)]
    names = [node.module or "" for node in at_import_time if isinstance(node, ast.ImportFrom)]
    names += [alias.name for node in at_import_time if isinstance(node, ast.Import) for alias in node.names]
    assert [name for name in names if name.split(".")[0] in heavy] == []
