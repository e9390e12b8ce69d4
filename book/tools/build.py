"""Build the book, strictly: any warning, nitpick or traceback fails.

    python book/tools/build.py [--all]

The site is `_build/html`. Only pages whose text, package or environment changed are executed and written again.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import vendor

ROOT = vendor.ROOT
SITE = ROOT / "_build" / "html"
# What a failed cell or a broken reference leaves behind in the HTML. The word alone is allowed in prose.
SCARS = re.compile(r"Traceback \(most recent call last\)|<span class=\"problematic\"|class=\"system-message\"")


def scars() -> list[str]:
    """List the pages that show a traceback or a Sphinx complaint."""
    pages = sorted(SITE.rglob("*.html"))
    return [str(page.relative_to(SITE)) for page in pages if SCARS.search(page.read_text(encoding="utf8"))]


def kernel_settings() -> Path:
    """Return an IPython folder with the book's settings and nobody else's."""
    folder = ROOT / ".cache" / "ipython"
    settings = folder / "profile_default" / "ipython_kernel_config.py"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_bytes((ROOT / "book" / "_ext" / settings.name).read_bytes())
    return folder


def main() -> None:
    """Fetch, build, look for scars."""
    began = time.perf_counter()
    vendor.main()
    command = [str(Path(sys.executable).with_name("jupyter-book")), "build", str(ROOT), "--path-output", str(ROOT)]
    command += ["-W", "-n", "--keep-going", *(["--all"] if "--all" in sys.argv[1:] else [])]
    environment = os.environ | {
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "IPYTHONDIR": str(kernel_settings()),
    }
    if subprocess.run(command, env=environment, cwd=ROOT).returncode:
        sys.exit("build: the book has warnings or errors (above)")
    if wounded := scars():
        sys.exit("build: tracebacks or complaints in " + ", ".join(wounded))
    print(f"build: {SITE.relative_to(ROOT)} is up to date ({time.perf_counter() - began:.0f} s)")


if __name__ == "__main__":
    main()
