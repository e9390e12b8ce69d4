"""When is a page executed again: its cells, the package or the pinned environment changed."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config

ROOT = Path(__file__).resolve().parents[3]
STATES = 8  # of the package, whose outputs are kept: going back to a branch costs nothing


def environment_key(root: Path = ROOT) -> str:
    """Hash everything but the page itself that its outputs depend on: the package, the pins, the kernel's settings."""
    package = [path for path in (root / "optcourse").rglob("*") if path.suffix in {".py", ".js", ".css", ".json"}]
    digest = hashlib.sha256()
    for source in sorted([root / "requirements.txt", root / "book" / "_ext" / "ipython_kernel_config.py", *package]):
        digest.update(source.relative_to(root).as_posix().encode() + b"\0" + source.read_bytes())
    return digest.hexdigest()[:16]


def key_the_cache(app: Sphinx, config: Config) -> None:
    """Give the execution cache a folder of its own for every state of the package."""
    caches = ROOT / ".cache" / "notebooks"
    current = caches / environment_key()
    current.mkdir(parents=True, exist_ok=True)
    os.utime(current)
    for old in sorted(caches.iterdir(), key=lambda folder: folder.stat().st_mtime)[:-STATES]:
        shutil.rmtree(old, ignore_errors=True)
    config.nb_execution_cache_path = str(current)


def reread_when_the_package_changed(app: Sphinx, env: Any, added: set, changed: set, removed: set) -> list[str]:
    """Read every page again if the package or this extension changed: Sphinx itself only looks at the pages' text."""
    extension = hashlib.sha256(b"\0".join(file.read_bytes() for file in sorted(Path(__file__).parent.glob("*.py"))))
    key = environment_key() + extension.hexdigest()
    known, env.optcourse_key = getattr(env, "optcourse_key", key), key
    return [] if known == key else sorted(env.found_docs)


def setup(app: Sphinx) -> None:
    """Register the hooks."""
    app.connect("config-inited", key_the_cache, priority=100)
    app.connect("env-get-outdated", reread_when_the_package_changed)
