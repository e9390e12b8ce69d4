"""The command line: ``optcourse COMMAND``, or ``python -m optcourse COMMAND``. Each command is a module of its own."""

from __future__ import annotations

import importlib
import sys
from argparse import ArgumentParser
from collections.abc import Sequence

# Each has `add_to(commands)`, which adds its parser and sets `run`, a function of the parsed arguments that returns the
# exit status.
COMMANDS = (
    "optcourse.grading.release",
    "optcourse.grading.notebook",
    "optcourse.grading.runner",
    "optcourse.grading.exports",
    "optcourse.grading.doctor",
)


def main(given: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    parser = ArgumentParser(prog="optcourse", description="Exercises of the course: release, check, grade.")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for module in COMMANDS:
        importlib.import_module(module).add_to(commands)
    arguments = parser.parse_args(given)
    return int(arguments.run(arguments))


if __name__ == "__main__":
    sys.exit(main())
