"""One arena for all attacks of a module; a test that asks for `attack` gets each of its module's `ATTACKS`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from arena import Arena
from peers import go_without

from optcourse.grading.sandbox import bubblewrap


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "attack" in metafunc.fixturenames:
        metafunc.parametrize("attack", metafunc.module.ATTACKS, ids=lambda attack: attack.name.replace(" ", "-"))


@pytest.fixture(scope="module")  # it changes the environment: tests of other modules must not see that
def arena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    if bubblewrap() is None:
        go_without("bubblewrap is not installed")
    with Arena(tmp_path_factory.mktemp("arena")).open() as opened:
        yield opened
