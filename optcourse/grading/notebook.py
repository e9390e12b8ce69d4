"""`optcourse check NOTEBOOK`: a learner's own notebook, cell by cell, here and now; every verdict in the terminal."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

from optcourse.grading.checking import WrongAnswerError, delivered_to
from optcourse.grading.verdict import Verdict


def add_to(commands: Any) -> None:
    """Add the subcommand."""
    parser: ArgumentParser = commands.add_parser("check", help="run your own notebook and show its verdicts")
    parser.add_argument("notebook", type=Path, help="an .ipynb file, or one in Jupytext's Markdown")
    parser.set_defaults(run=main)


def main(arguments: Namespace) -> int:
    """Check one notebook; return 0 if every check in it passes, 1 if not, 2 if there is nothing to check."""
    import jupytext

    try:
        notebook = jupytext.read(arguments.notebook)
    except Exception as error:
        print(f"check: {arguments.notebook} is not a notebook: {error}", file=sys.stderr)
        return 2
    cells = [cell["source"] for cell in notebook.cells if cell["cell_type"] == "code"]
    verdicts, troubles = run_cells(cells)
    for verdict in verdicts:
        print(verdict)
    for trouble in troubles:
        print(trouble, file=sys.stderr)
    if not verdicts:
        print("check: no check cell was reached", file=sys.stderr)
        return 2
    return int(bool(troubles) or not all(verdict.passed for verdict in verdicts))


def run_cells(cells: list[str]) -> tuple[list[Verdict], list[str]]:
    """Run code cells one after the other in one namespace; a cell that fails does not keep the next from running."""
    from IPython.core.inputtransformer2 import TransformerManager

    transformer: Any = TransformerManager()  # type: ignore[no-untyped-call]
    verdicts: list[Verdict] = []
    troubles: list[str] = []
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for number, cell in enumerate(cells, start=1):
        try:
            code = compile(transformer.transform_cell(cell), f"<cell {number}>", "exec")
            with delivered_to(verdicts.append):
                exec(code, namespace)
        except WrongAnswerError:
            pass  # the verdict says it
        except (Exception, SystemExit) as error:
            troubles.append(f"check: code cell {number} raised {type(error).__name__}: {error}")
    return verdicts, troubles
