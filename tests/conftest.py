"""What every test may ask for."""

from __future__ import annotations

import importlib
import shutil
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest
from peers import go_without

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
def chromium() -> Iterator[Any]:
    """Give one headless browser to all tests of this process: the system's."""
    program = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if program is None:
        go_without("Chromium is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()
