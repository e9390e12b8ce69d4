"""The package's own source as a listing: what a page shows is what runs.

>>> from optcourse import gradient_descent
>>> listing(gradient_descent)
@stream()
def gradient_descent(grad: Gradient, theta: Array, lr: Rate = 0.1) -> Iterates:
    for rate in rates(lr):
        theta = theta - rate * grad(theta)
        yield theta
"""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from optcourse.arguments import refuse

PACKAGE = __name__.partition(".")[0]


@dataclass(frozen=True, eq=False)
class Listing:
    """Source text that shows itself: highlighted in a notebook and on a page, plain in a terminal.

    Attributes
    ----------
    code : str
        The source, without docstrings.
    home : str
        The file it stands in, from the project's root.
    """

    code: str
    home: str

    def __repr__(self) -> str:
        return self.code

    def _repr_markdown_(self) -> str:
        # Markdown, not HTML: every front end then highlights the block as it does its own code, in light and in dark.
        return f"```python\n{self.code}\n```\n\n*Source, without docstrings:* `{self.home}`"


def listing(subject: Callable[..., Any], *helpers: str) -> Listing:
    """Show the source of a function or class of this package, without its docstring.

    Parameters
    ----------
    subject : function or class of the package
        What to show.
    *helpers : str
        Names from the same module that belong to it, shown before it.

    Returns
    -------
    Listing

    Raises
    ------
    ValueError
        If `subject` is not defined in this package, or a helper is not in its module: other code is not the course's
        reference.

    Examples
    --------
    >>> print(listing(listing).code.splitlines()[0])
    def listing(subject: Callable[..., Any], *helpers: str) -> Listing:
    >>> listing(len)
    Traceback (most recent call last):
    ValueError: subject = <built-in function len>: must be a function or class of optcourse, in one module
    """
    original = _defined_here("subject", subject, subject)
    module = sys.modules[original.__module__]
    parts = [_defined_here("helpers", name, getattr(module, name, None)) for name in helpers]
    return Listing(
        code="\n\n\n".join(_without_docstrings(part) for part in [*parts, original]),
        home=original.__module__.replace(".", "/") + ".py",
    )


def _defined_here(argument: str, given: Any, found: Any) -> Any:
    """What `found` wraps, if this package defines it."""
    original = inspect.unwrap(found) if callable(found) else found
    is_code = inspect.isfunction(original) or inspect.isclass(original)
    if not is_code or original.__module__.partition(".")[0] != PACKAGE:
        raise refuse(argument, given, f"must be a function or class of {PACKAGE}, in one module")
    return original


def _without_docstrings(original: Any) -> str:
    """Cut every docstring's lines; comments stay."""
    source = textwrap.dedent(inspect.getsource(original))
    cut: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
            docstring = node.body[0]
            cut.update(range(docstring.lineno, (docstring.end_lineno or docstring.lineno) + 1))
            if isinstance(node, ast.ClassDef):
                cut.add(max(cut) + 1)  # the empty line below it
    kept = [line for number, line in enumerate(source.splitlines(), start=1) if number not in cut]
    return "\n".join(kept).rstrip()
