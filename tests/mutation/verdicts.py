"""What became of each mutant: told, remembered from one run to the next, and counted in a table."""

from __future__ import annotations

import ast
import hashlib
import json
import platform
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from functools import cache
from pathlib import Path

import processes
from mutants import Mutant
from targets import ROOT, allowed, rounds, source_of


@dataclass
class Verdict:
    """Whether a mutant was killed, by which test (or else by what), and the seconds of processor it took."""

    mutant: str
    killed: bool
    by: str
    seconds: float


CLOCK = "the clock"


def verdict(mutant: Mutant, end: processes.End) -> Verdict:
    """What the end of a mutant's process says about it."""
    by = end.said.split("\n")[0] if end.code > 0 else CLOCK if end.code < 0 else ""
    return Verdict(str(mutant), end.code != processes.DONE, by, round(end.seconds, 2))


@cache
def text(file: str) -> str:
    """A file's text, read once, or nothing if there is no such file."""
    path = ROOT / file
    return path.read_text() if file and path.is_file() else ""


@cache
def functions(file: str) -> dict[str, str]:
    """The functions of a file of tests, by name."""
    tree = ast.parse(text(file))
    return {node.name: ast.dump(node) for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@cache
def program(module: str) -> str:
    """What a module does: its text without the words, for a better docstring changes no verdict."""
    tree = ast.parse(source_of(module))
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            node.value = ast.Constant(...)
    return ast.dump(tree)


def stamp(module: str, verdict: Verdict) -> str:
    """What a verdict hangs on: the module, and the test that killed, or all tests that were outlived."""
    file, _, name = verdict.by.split("[")[0].rpartition("::")
    killer = functions(file).get(name) if file.startswith("tests/") else text(file)
    tests = [killer] if killer else [text(name) for tests in rounds(module) for name in tests]
    return hashlib.sha256("\0".join([program(module), *tests]).encode()).hexdigest()[:16]


class Memory:
    """The verdicts of earlier runs, in a file of JSON lines: one is forgotten when what it hangs on has changed."""

    def __init__(self, file: Path | None):
        self.file = file
        lines = file.read_text().splitlines() if file and file.exists() else []
        self.known = {line["mutant"]: line for line in map(json.loads, lines)}

    def recall(self, mutant: Mutant) -> Verdict | None:
        line = dict(self.known.get(str(mutant), {}))
        if not line:
            return None
        kept = line.pop("stamp")
        verdict = Verdict(**line)
        return verdict if kept == stamp(mutant.module, verdict) else None

    def killers(self) -> dict[str, str]:
        """The test that killed each mutant the last time, whatever has changed since."""
        return {name: line["by"] for name, line in self.known.items()}

    def keep(self, module: str, verdict: Verdict) -> None:
        if self.file:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            with self.file.open("a") as out:
                out.write(json.dumps(asdict(verdict) | {"stamp": stamp(module, verdict)}) + "\n")


# ------------------------------------------------------------------------------------------------------- the score


@dataclass
class Score:
    """A module's mutants, and what became of them."""

    module: str
    verdicts: list[Verdict]

    @property
    def survivors(self) -> list[str]:
        return sorted(verdict.mutant for verdict in self.verdicts if not verdict.killed)

    @property
    def fresh(self) -> list[str]:
        """The survivors that nobody has explained."""
        return [name for name in self.survivors if name not in allowed()]

    @property
    def listed_in_vain(self) -> list[str]:
        """The mutants that are listed as survivors, and are killed."""
        return sorted(verdict.mutant for verdict in self.verdicts if verdict.killed and verdict.mutant in allowed())

    def cells(self) -> list[str]:
        mutants, lived = len(self.verdicts), len(self.survivors)
        share = f"{100 * (mutants - lived) / mutants:.1f} %"
        by_clock = sum(verdict.by == CLOCK for verdict in self.verdicts)
        seconds = sum(verdict.seconds for verdict in self.verdicts)
        counts = (mutants, mutants - lived, by_clock, lived - len(self.fresh), len(self.fresh))
        return [self.module, *map(str, counts), share, f"{seconds:.0f} s"]

    def __str__(self) -> str:
        name, mutants, killed, by_clock, listed, fresh, share, seconds = self.cells()
        lived = f"{by_clock} by the clock; {listed} survivors listed, {fresh} not"
        return f"{name:<36}{killed:>4} of {mutants:>4} killed = {share}, {lived}; {seconds}"


def total(scores: Iterable[Score]) -> Score:
    return Score("all", [verdict for score in scores for verdict in score.verdicts])


OPENING = """# What the tests notice

Made by `make mutation` on {day}, with Python {python}: every mutant of every module of methods, and of those that all
of them stand on. The clock kills a mutant that takes more than twice the processor time of the unbroken module, and
three seconds; its kills are among the killed. The survivors that are listed stand in [survivors.json](survivors.json),
each with its reason. The time is the processor's, of the mutants alone, on a machine that may have been busy.

"""
HEAD = ["module", "mutants", "killed", "by the clock", "survivors, listed", "not listed", "score", "time"]


def table(scores: list[Score]) -> str:
    """The scores as a page."""
    whole = total(scores)
    rows = [HEAD, ["---"] * len(HEAD), *(score.cells() for score in scores), [f"**{one}**" for one in whole.cells()]]
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    opening = OPENING.format(day=date.today(), python=platform.python_version())
    fresh = "".join(f"\nNot listed: `{name}`\n" for name in whole.fresh)
    return opening + "\n".join(lines) + "\n" + fresh
