"""Break a module that is already loaded: put a mutant's code into the functions that live.

To the tests that is the mutant, as long as nothing it changes has run before. What ran while the module and its tests
were imported (its own lines, the bodies of classes, defaults, decorators, whatever a table of tests called) has left
its results behind: such a mutant cannot be put in, it must be imported afresh.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from cProfile import Profile
from types import CodeType, FunctionType

from mutants import Mutant, broken

Pairs = tuple[tuple[CodeType, CodeType], ...]


class Watch:
    """Finds which code of a file is entered from now on until it is asked."""

    def __init__(self, file: str):
        self.file = file
        self.profile = Profile(subcalls=False, builtins=False)
        self.profile.enable()

    def seen(self) -> set[CodeType]:
        self.profile.disable()
        codes = [entry.code for entry in self.profile.getstats() if isinstance(entry.code, CodeType)]
        return {code for code in codes if code.co_filename == self.file}


def inner(code: CodeType) -> list[CodeType]:
    """The functions, classes and comprehensions that a piece of code holds."""
    return [one for one in code.co_consts if isinstance(one, CodeType)]


def within(code: CodeType) -> Iterator[CodeType]:
    """A piece of code and all that it holds, at any depth."""
    yield code
    for one in inner(code):
        yield from within(one)


def own(code: CodeType) -> CodeType:
    """The same code, holding none."""
    return code.replace(co_consts=tuple(None if isinstance(one, CodeType) else one for one in code.co_consts))


def partings(whole: CodeType, other: CodeType, above: Pairs = ()) -> Iterator[Pairs]:
    """Each place where two versions of a text part: the two pieces of code, last, after those they lie in."""
    path = (*above, (whole, other))
    if own(whole) != own(other):
        yield path
    elif whole != other:
        for pair in zip(inner(whole), inner(other), strict=True):
            yield from partings(*pair, path)


class Loaded:
    """A module in memory, and what a mutant would change there.

    Parameters
    ----------
    source, file : str
        Its text, and the file that its code bears as its name.
    ran : set of code
        What has run already.
    """

    def __init__(self, source: str, file: str, ran: set[CodeType]):
        self.source, self.file, self.ran = source, file, ran
        self.whole = compile(source, file, "exec", dont_inherit=True)
        objects = [one for one in gc.get_objects() if isinstance(one, FunctionType)]
        self.functions = [function for function in objects if function.__code__.co_filename == file]
        self.number = {code: k for k, code in enumerate(within(self.whole))}
        self.live = {function.__code__ for function in self.functions}

    def partings(self, mutant: Mutant) -> list[Pairs]:
        return list(partings(self.whole, compile(broken(self.source, mutant), self.file, "exec", dont_inherit=True)))

    def changed(self, mutant: Mutant) -> set[CodeType]:
        """The pieces of code that say something else in the mutant."""
        return {path[-1][0] for path in self.partings(mutant)}

    def swaps(self, mutant: Mutant) -> list[tuple[FunctionType, CodeType]] | None:
        """The functions to change, with their new code; None if that would not be the mutant."""
        paths = self.partings(mutant)
        has_run = any(path[-1][0] in self.ran for path in paths)
        lives = all(any(old in self.live for old, _ in path) for path in paths)
        if has_run or not lives or not paths:
            return None
        new = {old: other for path in paths for old, other in path}
        return [(function, new[function.__code__]) for function in self.functions if function.__code__ in new]

    def patch(self, mutant: Mutant) -> bool:
        """Put a mutant in; return whether that was possible."""
        swaps = self.swaps(mutant)
        for function, code in swaps or []:
            function.__code__ = code
        return swaps is not None
