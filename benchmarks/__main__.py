"""Run every comparison, or those named on the command line: `python -m benchmarks linear_programming`."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

HERE = Path(__file__).parent
NAMES = sorted(file.stem for file in HERE.glob("*.py") if file.stem not in ("__init__", "__main__", "timing"))

if __name__ == "__main__":
    asked = sys.argv[1:] or NAMES
    unknown = set(asked) - set(NAMES)
    if unknown:
        sys.exit(f"benchmarks: there is no {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    sys.path.insert(0, str(HERE))  # the comparisons import `timing` before NumPy
    for name in asked:
        print(f"\n## {name}\n", flush=True)
        importlib.import_module(f"benchmarks.{name}").main()
