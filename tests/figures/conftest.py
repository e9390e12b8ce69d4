"""What the tests of figures need: node, npm's TypeScript and axe, a page that shows a figure."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from host import open_figures

ROOT = Path(__file__).parents[2]
TOOLS = ROOT / ".cache" / "figures"  # ignored; npm fills it once
PACKAGES = {"typescript": "5.9.3", "axe-core": "4.11.0"}


def missing(what: str) -> None:
    """Skip at home, fail in CI."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what} is missing, and CI must not skip the tests that need it")
    pytest.skip(f"{what} is missing")


@pytest.fixture(scope="session")
def node() -> Callable[[str, Path], str]:
    """Run a program of JavaScript in a folder; return what it prints."""
    if not shutil.which("node"):
        missing("node")

    def run(program: str, folder: Path) -> str:
        file = folder / "program.mjs"
        file.write_text(program, encoding="utf-8")
        ran = subprocess.run(["node", str(file)], capture_output=True, text=True, timeout=120)
        assert ran.returncode == 0, ran.stderr[-3000:]
        return ran.stdout

    return run


@pytest.fixture(scope="session")
def npm() -> Callable[[str], Path]:
    """Give the folder of an npm package, installed once into the cache."""

    def package(name: str) -> Path:
        folder = TOOLS / f"{name}-{PACKAGES[name]}"
        home = folder / "node_modules" / name
        if not home.exists():
            if not shutil.which("npm"):
                missing("npm")
            folder.mkdir(parents=True, exist_ok=True)
            command = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"]
            ran = subprocess.run(
                [*command, "--prefix", str(folder), f"{name}@{PACKAGES[name]}"], capture_output=True, timeout=180
            )
            if ran.returncode != 0:
                missing(f"the npm package {name}")
        return home

    return package


@pytest.fixture
def show(chromium: Any, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Open a page with a figure; when the test ends there must have been no error in it."""
    pages: list[Any] = []

    def show(*figures: Any, **options: Any) -> Any:
        pages.append(open_figures(chromium, tmp_path, *figures, **options))
        return pages[-1]

    yield show
    for page in pages:
        assert page.problems == []
        page.context.close()
