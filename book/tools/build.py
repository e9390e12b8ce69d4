"""Build the book, strictly: any warning, dangling reference or traceback fails.

    python book/tools/build.py [--all]

The site is `_build/html`. Only pages whose text, package or environment changed are executed; `--all` writes every
page again. The whole log is `_build/build.log`.
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
LOG = ROOT / "_build" / "build.log"
# What Sphinx knows of pages that it has read. After a failure it must forget, or it would not complain again.
MEMORY = ROOT / "_build" / ".doctrees" / "environment.pickle"
# What a failed cell, a broken reference or an unknown directive leaves behind in the HTML.
SCARS = re.compile(
    r"Traceback \(most recent call last\)|class=\"[^\"]*\b(?:problematic|system-message)\b|"
    r"<p>:::+|<p>\| |mystnb-exec-error"
)
# Sphinx tells much that is of no use to anybody who is waiting; warnings and errors are never among these.
NOISE = re.compile(
    r"\x1b\[01m|\x1b\[92m=|=+$|\s*$|Running Jupyter-Book|(Source Folder|Config Path|Output Path):|\[etoc\]|"
    r"Using jupyter-cache|Copying the source path .* will overwrite|checking bibtex|"
    r".*Kernel is running over TCP|.*: Cached executed notebook|Updating \d+ file|"
    r"done$|The HTML pages are|Finished generating|Your book's HTML|You can look|Or paste|\s+(_build|file:)"
)
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def scars(site: Path) -> list[str]:
    """List the pages that show a traceback, a complaint of Sphinx's or raw markup."""
    pages = sorted(site.rglob("*.html"))
    return [str(page.relative_to(site)) for page in pages if SCARS.search(page.read_text(encoding="utf8"))]


def kernel_settings() -> Path:
    """Return an IPython folder with the book's settings and nobody else's."""
    folder = ROOT / ".cache" / "ipython"
    settings = folder / "profile_default" / "ipython_kernel_config.py"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_bytes((ROOT / "book" / "_ext" / settings.name).read_bytes())
    return folder


def run(command: list[str]) -> int:
    """Run the builder; keep its whole log, show what somebody who waits wants to know."""
    environment = os.environ | {
        "IPYTHONDIR": str(kernel_settings()),
        "OPENBLAS_NUM_THREADS": "1",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }
    LOG.parent.mkdir(exist_ok=True)
    with (
        LOG.open("w", encoding="utf8") as log,
        subprocess.Popen(
            command, cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as builder,
    ):
        assert builder.stdout is not None
        for line in builder.stdout:
            plain = COLOUR.sub("", line).replace(f"{ROOT}/", "").removesuffix(" [mystnb]\n").rstrip()
            log.write(plain + "\n")
            if not NOISE.match(line):
                print(plain, flush=True)
    return builder.returncode


def main() -> None:
    """Fetch, build, look for scars."""
    if set(sys.argv[1:]) - {"--all"}:
        sys.exit(__doc__)
    began = time.perf_counter()
    everything = {"--all"} if vendor.main() else set()  # Sphinx copies no files anew while no page has changed
    print("build: reading the chapters; those that changed are executed", flush=True)
    command = [str(Path(sys.executable).with_name("jupyter-book")), "build", str(ROOT), "--path-output", str(ROOT)]
    failed = run([*command, "-W", "-n", "--keep-going", *(everything | set(sys.argv[1:]))])
    wounded = scars(SITE)
    if failed or wounded:
        MEMORY.unlink(missing_ok=True)
        if wounded:
            print(f"build: a traceback, a complaint or raw markup is left in {', '.join(wounded)}")
        sys.exit(f"build: the book has warnings or errors (above, and in {LOG.relative_to(ROOT)})")
    print(f"build: {SITE.relative_to(ROOT)} is up to date ({time.perf_counter() - began:.0f} s)")


if __name__ == "__main__":
    main()
