"""A process for each piece of work, with limits, a few at a time."""

from __future__ import annotations

import os
import resource
import signal
import tempfile
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, BinaryIO, TypeVar

Task = TypeVar("Task")
Say = Callable[[str], None]
DONE, BROKE = 0, 1


@dataclass
class End:
    """How a process ended: its exit code (below zero: the signal), what it said, the seconds of processor it took."""

    code: int
    said: str
    seconds: float


def limit_processor(seconds: float) -> None:
    """Let this process have so many seconds of the processor from now on."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    ends = int(used.ru_utime + used.ru_stime + seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (ends, resource.RLIM_INFINITY))


def child(work: Callable[[Task, Say], int], task: Task, out: BinaryIO) -> None:
    """Do the work in this process, unheard and with limits, and end it."""

    def say(words: str) -> None:
        os.write(out.fileno(), words.encode())

    code = BROKE
    try:
        os.setpgid(0, 0)
        resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        code = work(task, say)
    except BaseException:
        say(traceback.format_exc())
    finally:
        os._exit(code)


def each(tasks: Iterable[Task], work: Callable[[Task, Say], int], jobs: int, wall: float) -> Iterator[tuple[Task, End]]:
    """Do each task in a process of its own; yield the tasks as they end, with how.

    Parameters
    ----------
    tasks : iterable
        What there is to do; asked for the next one when a process is free.
    work : callable
        Does it, in the new process: ``work(task, say)`` returns the exit code and may say something.
    jobs : int
        How many processes at a time.
    wall : float
        Seconds after which one is killed.
    """
    running: dict[int, tuple[Task, float, Any]] = {}
    try:
        for task in tasks:
            while len(running) >= jobs:
                yield one_end(running, wall)
            out = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - open until the process has ended
            pid = os.fork()
            if pid == 0:
                child(work, task, out)
            with suppress(OSError):  # the child does it too: whoever comes first
                os.setpgid(pid, pid)
            running[pid] = (task, time.monotonic(), out)
        while running:
            yield one_end(running, wall)
    finally:
        for pid in running:
            os.killpg(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def one_end(running: dict[int, tuple[Task, float, Any]], wall: float) -> tuple[Task, End]:
    """Wait until one of the processes has ended."""
    while True:
        for pid, (task, since, out) in running.items():
            ended, status, used = os.wait4(pid, os.WNOHANG)
            if not ended and time.monotonic() - since > wall:
                os.killpg(pid, signal.SIGKILL)
                ended, status, used = os.wait4(pid, 0)
            if ended:
                del running[pid]
                with out:
                    out.seek(0)
                    said = out.read().decode()
                return task, End(os.waitstatus_to_exitcode(status), said, used.ru_utime + used.ru_stime)
        time.sleep(0.002)
