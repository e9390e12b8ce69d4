"""What a notebook's process is when it begins: the first of its kind, alone, and sure of who it is."""

from __future__ import annotations

import select
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from optcourse.grading import confine
from optcourse.grading.judge import Limits, Link
from optcourse.grading.sandbox import NoSandboxError, Sandbox, Spec

pytestmark = pytest.mark.usefixtures("bubblewrapped")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as one:
        yield one


def said(sandbox: Sandbox, code: str) -> str:
    """What code prints in a process of its own."""
    link = Link(sandbox.spawn(), Limits(seconds=60))
    link.part(60)
    answer = link.run(code)
    link.child.end()
    assert answer["error"] is None, answer["error"]
    return str(answer["text"]).strip()


def test_it_is_the_first_process_of_its_own_and_nobody_it_could_know(sandbox: Sandbox) -> None:
    told = "import os; print(os.getpid(), os.getuid(), os.getgid(), os.listdir('/proc'), os.listdir('/tmp'))"
    assert [said(sandbox, told) for _ in range(2)] == [f"1 {confine.INSIDE} {confine.INSIDE} [] []"] * 2


NUMBER = "import threading, time; print(~(time.pthread_getcpuclockid(threading.get_ident()) >> 3))"


def test_the_c_library_knows_which_thread_it_is(sandbox: Sandbox) -> None:
    """It notes a thread's number, to tell owners of locks apart: that of the parent would be somebody else's here.

    The number stands, inverted, in what it calls the clock of the thread.
    """
    assert said(sandbox, NUMBER) == "1"


def test_who_cannot_be_confined_is_not_run_and_does_not_stay() -> None:
    with Sandbox(Spec(without=frozenset(["mounts"]))) as one:
        assert one._process is not None
        before = descendants(one._process.pid)
        with pytest.raises(NoSandboxError, match="make mounts private"):
            one.spawn()
        assert descendants(one._process.pid) == before


def test_the_end_of_the_warm_process_is_the_end_of_one_submission_only() -> None:
    with Sandbox() as one:
        child = one.spawn()
        assert one._process is not None
        one._process.kill()
        select.select([child.pidfd], [], [])
        assert child.wait(0) == (-signal.SIGKILL, False)
        assert said(one, "print('here')") == "here"


def descendants(pid: int) -> list[str]:
    """Every process that comes from this one."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [*children, *(below for child in children for below in descendants(int(child)))]
