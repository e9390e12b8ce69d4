"""What every test may ask for."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from types import ModuleType

import pytest


@pytest.fixture
def require() -> Callable[[str], ModuleType]:
    """Import an optional peer (``torch = require("torch")``): its absence skips at home and fails in CI."""

    def require(name: str) -> ModuleType:
        try:
            return importlib.import_module(name)
        except ImportError:
            reason = f"{name} is not installed"
            if os.environ.get("CI") == "true":
                pytest.fail(f"{reason}, and CI must not skip the comparison with it")
            pytest.skip(f"{reason}: the recorded comparison stands in for it; CI runs it live")

    return require
