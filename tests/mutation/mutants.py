r"""Small faults, one at a time: every way in which `mutants` breaks a module, for the tests to notice.

A mutant is the module's source with one thing changed: an operator, a comparison, a number, a statement left out, two
arguments swapped. What only words depend on is left alone: docstrings, annotations, messages of errors, f-strings.

>>> [str(mutant) for mutant in mutants("def half(x):\n    return x / 2\n", "demo")]
['demo.half: 2 → 3', 'demo.half: x / 2 → x * 2']
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.MatMult: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
# The boundary, and the other side.
COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
NAMES = {
    "maximum": "minimum",
    "minimum": "maximum",
    "max": "min",
    "min": "max",
    "argmax": "argmin",
    "argmin": "argmax",
    "all": "any",
    "any": "all",
    "ceil": "floor",
    "floor": "ceil",
    "zeros_like": "ones_like",
    "zeros": "ones",
    "flatnonzero": "ravel",
    "triu": "tril",
    "tril": "triu",
}
DROPPED_CALLS = {"abs", "sqrt", "exp", "log", "sign", "cumsum", "sort", "copy", "diag", "conj"}
SYMMETRIC = {"maximum", "minimum", "max", "min", "allclose", "array_equal", "isinstance", "zip", "vdot", "outer", "dot"}
SYMMETRIC |= {"multiply", "one_of"}  # the latter's order is that in which a complaint lists the words
WORDS_ONLY = {"dataclass", "wraps", "errstate", "refuse", "shown", "cast", "NonFiniteError", "catch_warnings"}
EQUIVALENT_KEYWORDS = {"strict", "repr", "eq", "frozen", "check_finite", "copy"}
SHOWS_ITSELF = {"__repr__", "_repr_html_"}


@dataclass(frozen=True)
class Mutant:
    """One fault.

    Attributes
    ----------
    module, scope : str
        Where: the module, and the function or class in it (empty at module level).
    before, after : str
        What was there, and what is there now.
    number : int
        Tells apart the same change at several places of one scope.
    line : int
        The line it is on today.
    index : int
        Which of the module's faults it is.
    """

    module: str
    scope: str
    before: str
    after: str
    number: int
    line: int
    index: int

    def __str__(self) -> str:
        again = f" (no. {self.number})" if self.number > 1 else ""
        return f"{self.module}{'.' if self.scope else ''}{self.scope}: {self.before} → {self.after}{again}"


class _Breaker(ast.NodeTransformer):
    """Walks a tree, writes down every fault it could make, and makes the one it was asked for."""

    def __init__(self, chosen: int | None = None):
        self.chosen = chosen
        self.met = 0
        self.found: list[tuple[str, str, str, int]] = []
        self.scope: list[str] = []

    def is_chosen(self, node: ast.AST, after: ast.AST) -> bool:
        self.met += 1
        if self.chosen is None:
            words = (ast.unparse(node), ast.unparse(after))
            self.found.append((".".join(self.scope), *words, getattr(node, "lineno", 0)))
        return self.met - 1 == self.chosen

    def visit(self, node: ast.AST) -> Any:
        if is_words(node):
            return node
        named = isinstance(node, ast.FunctionDef | ast.ClassDef)
        if named:
            self.scope.append(node.name)  # type: ignore[attr-defined]
        self.walk(node)
        if named:
            self.scope.pop()
        for other in others(node):
            if self.is_chosen(node, other):
                return ast.copy_location(other, node)
        return node

    def walk(self, node: ast.AST) -> None:
        for field, value in ast.iter_fields(node):
            if field in ("annotation", "returns", "ctx", "slice") and not isinstance(node, ast.Subscript):
                continue
            if field == "slice" and not isinstance(node.ctx, ast.Load | ast.Store):  # type: ignore[attr-defined]
                continue
            if isinstance(value, ast.AST):
                setattr(node, field, self.visit(value))
            elif isinstance(value, list):
                setattr(node, field, [self.entry(one, field) for one in value])

    def entry(self, one: Any, field: str) -> Any:
        if not isinstance(one, ast.AST):
            return one
        if isinstance(one, ast.stmt) and self.scope and can_go(one) and self.is_chosen(one, ast.Pass()):
            return ast.copy_location(ast.Pass(), one)
        return self.visit(one)


def called(node: ast.AST) -> str:
    """The last name of what is called: ``np.linalg.norm(x)`` calls ``norm``."""
    if not isinstance(node, ast.Call):
        return ""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def is_words(node: ast.AST) -> bool:
    """Whether nothing but words, types or the look of things depends on it."""
    if isinstance(node, ast.JoinedStr | ast.Import | ast.ImportFrom):
        return True
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return True
    if isinstance(node, ast.Raise) or called(node) in WORDS_ONLY:
        return True
    if isinstance(node, ast.AnnAssign) and "TypeAlias" in ast.unparse(node.annotation):
        return True
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        return True
    if isinstance(node, ast.keyword) and node.arg in EQUIVALENT_KEYWORDS:
        return True
    return isinstance(node, ast.FunctionDef) and node.name in SHOWS_ITSELF


def can_go(statement: ast.stmt) -> bool:
    """Whether to leave the statement out: not where that could only end in a NameError or an endless loop."""
    if isinstance(statement, ast.Raise | ast.AugAssign | ast.Continue):
        return True
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Call)
    if isinstance(statement, ast.Assign):
        target = statement.targets[0]
        if isinstance(target, ast.Subscript):
            return True
        taken = {name.id for name in ast.walk(statement.value) if isinstance(name, ast.Name)}
        return isinstance(target, ast.Name) and target.id in taken  # x = f(x): an update
    return False


def others(node: ast.AST) -> Iterator[ast.AST]:
    """What to put in a node's place, one after the other."""
    match node:
        case ast.BinOp(left, op, right) if type(op) in ARITHMETIC and not is_text(left) and not is_type(node):
            yield ast.BinOp(left, ARITHMETIC[type(op)](), right)
        case ast.AugAssign(target, op, value) if type(op) in ARITHMETIC:
            yield ast.AugAssign(target, ARITHMETIC[type(op)](), value)
        case ast.Compare(left, [op], [right]):
            for instead in COMPARISONS[type(op)]:
                yield ast.Compare(left, [instead()], [right])
        case ast.Compare(left, ops, rights):
            for k, op in enumerate(ops):
                for instead in COMPARISONS[type(op)]:
                    yield ast.Compare(left, [*ops[:k], instead(), *ops[k + 1 :]], rights)
        case ast.BoolOp(op, values):
            yield ast.BoolOp(ast.Or() if isinstance(op, ast.And) else ast.And(), values)
        case ast.UnaryOp(ast.USub() | ast.Not(), operand):
            yield operand
        case ast.Constant(value):
            yield from other_constants(value)
        case ast.If(test, body, orelse) | ast.IfExp(test, body, orelse) if isinstance(test, ast.Name | ast.Call):
            yield type(node)(ast.UnaryOp(ast.Not(), test), body, orelse)
        case ast.Return(ast.Constant(str() as word)):
            yield ast.Return(ast.Constant(word + " not"))
        case ast.Break():
            yield ast.Continue()
        case ast.Call():
            yield from other_calls(node)


def is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def is_type(node: ast.BinOp) -> bool:
    """``float | None``"""
    names = {"None", "float", "int", "str", "bool", "Array", "Schedule", "np.bool_"}
    return isinstance(node.op, ast.BitOr) and ast.unparse(node.right) in names


def other_constants(value: Any) -> Iterator[ast.Constant]:
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int):
        yield ast.Constant(value + 1)
    elif isinstance(value, float):
        yield ast.Constant(value / 2 if value else 1.0)  # half stays in [0, 1): no rule of an argument does the work


def other_calls(node: ast.Call) -> Iterator[ast.AST]:
    name = called(node)
    if name in NAMES:
        func: ast.expr = ast.Name(NAMES[name], ast.Load())
        if isinstance(node.func, ast.Attribute):
            func = ast.Attribute(node.func.value, NAMES[name], ast.Load())
        yield ast.Call(func, node.args, node.keywords)
    if name in DROPPED_CALLS and len(node.args) == 1 and not node.keywords:
        yield node.args[0]
    starred = any(isinstance(one, ast.Starred) for one in node.args)
    if len(node.args) == 2 and name not in SYMMETRIC and not starred:
        first, second = node.args
        if ast.unparse(first) != ast.unparse(second):
            yield ast.Call(node.func, [second, first], node.keywords)
    if name in ("stream", "checked"):  # a rule of an argument left out
        for k in range(len(node.keywords)):
            if node.keywords[k].arg is not None:
                yield ast.Call(node.func, node.args, node.keywords[:k] + node.keywords[k + 1 :])


def mutants(source: str, module: str) -> list[Mutant]:
    """Every fault of a module's source, in the order of the text."""
    breaker = _Breaker()
    breaker.visit(ast.parse(source))
    seen: Counter[tuple[str, str, str]] = Counter()
    found = []
    for index, (scope, before, after, line) in enumerate(breaker.found):
        before, after = (" ".join(text.split()) for text in (before, after))
        seen[scope, before, after] += 1
        found.append(Mutant(module, scope, before, after, seen[scope, before, after], line, index))
    return found


def broken(source: str, mutant: Mutant) -> ast.Module:
    """The module with that one fault in it."""
    tree = _Breaker(mutant.index).visit(ast.parse(source))
    return ast.fix_missing_locations(tree)
