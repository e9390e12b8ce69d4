"""Derive requirements.txt, fully pinned for Python 3.11 to 3.14 on every platform, from pyproject.toml.

python book/tools/lock.py          pin the newest that fit
python book/tools/lock.py --keep   keep the pins that still fit: no change unless pyproject.toml changed
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PINS = ROOT / "requirements.txt"
HEADER = "# Derived from pyproject.toml by `make lock`: what the Makefile, Binder and CI install. Do not edit.\n"


def resolve(output: Path, upgrade: bool) -> None:
    """Write the pins to `output`; pins already there are kept unless `upgrade`."""
    command = [sys.executable, "-m", "uv", "pip", "compile", "pyproject.toml", "--all-extras", "--universal", "--quiet"]
    command += ["--python-version", "3.11", "--no-header", "--no-annotate", "--output-file", str(output)]
    done = subprocess.run(command + (["--upgrade"] if upgrade else []), cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"lock: uv could not resolve the requirements:\n{done.stderr}")
    output.write_text(HEADER + "".join(line for line in output.read_text().splitlines(True) if line != HEADER))


def main() -> None:
    """Pin."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--keep", action="store_true")
    resolve(PINS, upgrade=not options.parse_args().keep)
    print(f"lock: {PINS.name} is up to date")


if __name__ == "__main__":
    main()
