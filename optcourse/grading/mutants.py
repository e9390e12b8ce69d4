r"""Small faults in a solution, one at a time: each must cost marks, or be listed as harmless with the reason.

>>> [str(mutant) for mutant in mutants("def half(x):\n    return x / 2\n")][:4]
['return x / 2 → return -(x / 2)', 'return x / 2 → return', 'return x / 2 → pass', 'x / 2 → x + 2']
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

OPERATORS: tuple[type[ast.operator], ...] = (ast.Add, ast.Sub, ast.Mult, ast.Div)
RARE: dict[type[ast.operator], tuple[type[ast.operator], ...]] = {
    ast.Pow: (ast.Mult, ast.Add),
    ast.MatMult: (ast.Mult, ast.Add),
    ast.FloorDiv: (ast.Div, ast.Mult),
    ast.Mod: (ast.FloorDiv, ast.Mult),
}
COMPARISONS: tuple[type[ast.cmpop], ...] = (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq)


@dataclass(frozen=True)
class Mutant:
    """A solution with one thing changed.

    Attributes
    ----------
    before, after : str
        What was there and what is there now.
    number : int
        Tells apart the same change in several places.
    source : str
        The changed solution.
    """

    before: str
    after: str
    number: int
    source: str

    def __str__(self) -> str:
        return f"{self.before} → {self.after}" + (f" (no. {self.number})" if self.number > 1 else "")

    def function(self, name: str) -> Callable[..., Any]:
        """The changed function."""
        namespace: dict[str, Any] = {"np": np}
        exec(compile(self.source, "<mutant>", "exec"), namespace)
        found: Callable[..., Any] = namespace[name]
        return found


class _Breaker(ast.NodeTransformer):
    """Walks the tree, notes every fault it could make, and makes the one it was asked for."""

    def __init__(self, names: list[str], chosen: int | None = None):
        self.names, self.chosen = names, chosen
        self.found: list[tuple[str, str]] = []
        self.passed = -1

    def is_chosen(self, before: ast.AST, after: ast.AST) -> bool:
        self.passed += 1
        if self.chosen is None:  # only now: turning syntax into text is what takes time
            self.found.append((ast.unparse(before), ast.unparse(ast.copy_location(after, before))))
        return self.passed == self.chosen

    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, ast.arguments | ast.Import | ast.ImportFrom) or _is_words(node):
            return node
        for other in self.others(node):
            if self.is_chosen(node, other):
                return ast.copy_location(other, node)
        if isinstance(node, ast.stmt) and not isinstance(node, ast.FunctionDef) and self.is_chosen(node, ast.Pass()):
            return ast.copy_location(ast.Pass(), node)
        return self.generic_visit(node)

    def others(self, node: ast.AST) -> Iterator[ast.AST]:
        match node:
            case ast.BinOp(left, op, right):
                for kind in RARE.get(type(op), OPERATORS):
                    if kind is not type(op):
                        yield ast.BinOp(left, kind(), right)
            case ast.AugAssign(target, op, value):
                for kind in RARE.get(type(op), OPERATORS):
                    if kind is not type(op):
                        yield ast.AugAssign(target, kind(), value)
                yield ast.Assign([target], value)
            case ast.Compare(left, [op], [right]):
                for one in COMPARISONS:
                    if one is not type(op):
                        yield ast.Compare(left, [one()], [right])
            case ast.UnaryOp(_, operand):
                yield operand
            case ast.Constant(value) if isinstance(value, int | float) and not isinstance(value, bool):
                yield from (ast.Constant(other) for other in _other_numbers(value))
            case ast.Name(name, ast.Load()) if name in self.names:
                yield from (ast.Name(other, ast.Load()) for other in self.names if other != name)
            case ast.Attribute(value, "T", ast.Load()):
                yield value
            case ast.Subscript(value, index, ast.Load()) if not isinstance(index, ast.Slice | ast.Tuple):
                yield ast.Subscript(value, ast.BinOp(index, ast.Sub(), ast.Constant(1)), ast.Load())
            case ast.Call():
                yield from _other_calls(node)
            case ast.Return(ast.expr() as value):
                yield ast.Return(ast.UnaryOp(ast.USub(), value))
                yield ast.Return(None)


def _is_words(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _other_numbers(value: float) -> tuple[float, ...]:
    if isinstance(value, int):
        return (value + 1, value - 1)
    return (2 * value, value / 2, -value) if value else (1.0,)


def _other_calls(node: ast.Call) -> Iterator[ast.AST]:
    if len(node.args) == 1 and not node.keywords:
        yield node.args[0]
    if len(node.args) == 2 and not any(isinstance(one, ast.Starred) for one in node.args):
        yield ast.Call(node.func, node.args[::-1], node.keywords)
    if isinstance(node.func, ast.Name) and node.func.id == "range" and len(node.args) == 1:
        for change in (ast.Add(), ast.Sub()):
            yield ast.Call(node.func, [ast.BinOp(node.args[0], change, ast.Constant(1))], [])


def _names(tree: ast.AST) -> list[str]:
    """Arguments and local variables: what a slip of the pen can put in each other's place."""
    arguments = [node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)]
    local = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    return list(dict.fromkeys(name for name in (*arguments, *local) if name != "_"))


def mutants(source: str) -> list[Mutant]:
    """Every fault that can be made in a function's source, in the order of the text."""
    names = _names(ast.parse(source))
    scout = _Breaker(names)
    scout.visit(ast.parse(source))
    seen: Counter[tuple[str, str]] = Counter()
    made = []
    for index, (before, after) in enumerate(scout.found):
        before, after = " ".join(before.split()), " ".join(after.split())
        seen[before, after] += 1
        tree = _Breaker(names, index).visit(ast.parse(source))
        made.append(Mutant(before, after, seen[before, after], ast.unparse(ast.fix_missing_locations(tree))))
    return made
