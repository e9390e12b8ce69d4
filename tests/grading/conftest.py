"""The course's root, for tests of exercises."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def course() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course with the assignment released, and nobody in it: to be copied."""
    from submissions import open_course

    course = tmp_path_factory.mktemp("released")
    open_course(course)
    return course


@pytest.fixture
def classroom(released: Path, tmp_path: Path) -> Path:
    """A course of one's own with nobody in it."""
    copy = tmp_path / "classroom"
    shutil.copytree(released, copy)
    return copy
