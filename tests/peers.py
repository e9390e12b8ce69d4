"""What to do where a test lacks something that is not part of the course."""

from __future__ import annotations

import os

import pytest


def go_without(reason: str) -> None:
    """Skip at home, fail in CI: there nothing may be left out silently."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{reason}, and CI must not skip what needs it")
    pytest.skip(reason)
