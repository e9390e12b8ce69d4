"""Run every comparison, or those named on the command line: `python -m benchmarks linear_programming`.

What they print goes to ``benchmarks/results.md`` too, each comparison to its own section, the others left as they were.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import sys
from pathlib import Path

HERE = Path(__file__).parent
RESULTS = HERE / "results.md"
NAMES = sorted(file.stem for file in HERE.glob("*.py") if file.stem not in ("__init__", "__main__", "timing"))
OPENING = """# Measured against the peers

Made by `make bench`. Ratios are ours / peer: below 1 ours is quicker. One thread, the contestants taking turns, medians
of the processor's time; each section says on which machine, how busy it was, and with which versions.
"""


def measured(name: str) -> str | None:
    """Run one comparison; return what it printed, or None if it needs what is not here."""
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            importlib.import_module(f"benchmarks.{name}").main()
    except SystemExit as missing:
        print(f"left out: {missing}")
        return None
    print(printed.getvalue())
    return printed.getvalue().strip()


def sections() -> dict[str, str]:
    """The sections of the last results."""
    if not RESULTS.exists():
        return {}
    parts = RESULTS.read_text().split("\n## ")[1:]
    return {name: text.strip() for name, text in (part.split("\n", 1) for part in parts)}


def write(found: dict[str, str]) -> None:
    body = "".join(f"\n## {name}\n\n{found[name]}\n" for name in sorted(found))
    RESULTS.write_text(OPENING + body)


if __name__ == "__main__":
    asked = sys.argv[1:] or NAMES
    unknown = set(asked) - set(NAMES)
    if unknown:
        sys.exit(f"benchmarks: there is no {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    sys.path.insert(0, str(HERE))  # the comparisons import `timing` before NumPy
    for name in asked:
        print(f"\n## {name}\n", flush=True)
        if text := measured(name):
            write(sections() | {name: text})
