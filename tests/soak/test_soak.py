"""A slice of the soak: `make soak` grades ten thousand."""

from __future__ import annotations

from pathlib import Path

import pytest
from soak import soak


@pytest.mark.usefixtures("bubblewrapped")
def test_a_class_with_hostile_and_broken_submissions_gets_exactly_one_verdict_each(tmp_path: Path) -> None:
    figures = soak(tmp_path, 80, workers=2)
    assert figures.status == 0
    assert figures.verdicts == figures.rows == 80
    assert figures.wrong == []
    assert figures.left == []
