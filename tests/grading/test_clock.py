"""A busy machine costs nobody marks, and threads of one's own buy nobody time."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from optcourse.grading import judge
from optcourse.grading.judge import Limits, Link
from optcourse.grading.sandbox import Sandbox

pytestmark = pytest.mark.usefixtures("bubblewrapped")
COMPUTES = "import time\nwhile time.process_time() < {seconds}: pass"
OTHERS = 4


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """A sandbox that shares one processor with us, as those of a grading run do."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        with Sandbox() as one:
            yield one
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def crowded() -> Iterator[None]:
    """Let others want the same processor, each in a session of its own: some systems share out by sessions."""
    with ExitStack() as stack:
        for _ in range(OTHERS):
            command = [sys.executable, "-c", "print(flush=True)\nwhile True: pass"]
            other = stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True))
            stack.callback(other.kill)
            assert other.stdout is not None
            other.stdout.readline()
        yield


def test_what_others_compute_meanwhile_is_not_counted(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judge, "BUSY", 1000)
    link = Link(sandbox.spawn(), Limits(seconds=1.5))
    try:
        with crowded():
            link.part(1.5)
            assert link.run(COMPUTES.format(seconds=0.5))["error"] is None
        assert link.held_up() > 0
        assert link.child.times()[1] >= 0.5
    finally:
        link.child.end()


def test_of_a_process_that_has_ended_no_time_is_told(sandbox: Sandbox) -> None:
    child = sandbox.spawn()
    child.end()
    assert child.times() == (0, 0)


@pytest.mark.parametrize(
    ("what", "passed", "waiting", "used", "granted"),
    [
        ("it had a processor all the time", 4.0, 0.0, 4.0, 0.0),
        ("it slept", 4.0, 0.0, 0.1, 0.0),
        ("others had the processor for three of four seconds", 4.0, 3.0, 1.0, 3.0),
        ("it slept for one second, and others had the processor for two", 4.0, 2.0, 1.0, 2.0),
        ("its own threads kept its first one waiting", 4.0, 3.5, 4.0, 0.0),
        ("its own threads, on two processors", 4.0, 3.5, 8.0, 0.0),
        ("others have it for ever", 400.0, 399.0, 1.0, 2.0 * (judge.BUSY - 1)),
    ],
)
def test_only_others_put_a_deadline_off(
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    what: str,
    passed: float,
    waiting: float,
    used: float,
    granted: float,
) -> None:
    link = Link(sandbox.spawn(), Limits())
    try:
        link.part(2.0)
        then = link.since
        now = tuple(one + more for one, more in zip(then, (passed, waiting, used), strict=True))
        monkeypatch.setattr(link, "_times", lambda: now)
        assert link.held_up() == pytest.approx(granted, rel=1e-6, abs=1e-6), what
    finally:
        link.child.end()
