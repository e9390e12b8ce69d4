"""A page that shows a figure, for the tests of figures."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from host import Compute, open_figures

from optcourse.figures import Figure
from optcourse.figures.base import compose


@pytest.fixture
def compute(node: Callable[[str, Path], str], tmp_path: Path) -> Compute:
    """Evaluate an expression in ``c`` for every case, at the end of a figure's own module."""

    def compute(figure: type[Figure], expression: str, cases: list[Any]) -> list[Any]:
        module = compose(figure.constants, figure.sources)
        return json.loads(
            node(f"{module}\nconsole.log(JSON.stringify({json.dumps(cases)}.map((c) => {expression})));", tmp_path)
        )

    return compute


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
