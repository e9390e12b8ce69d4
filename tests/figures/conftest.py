"""A page that shows a figure, for the tests of figures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from host import open_figures


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
