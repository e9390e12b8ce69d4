"""The warm process inside the sandbox: it has NumPy loaded and makes a child for each submission.

It runs no learner's code. One order at a time comes over a private socket, with the learner's end of the wire. Then a
child is born into namespaces of its own, and shut in until it holds that end and nothing else (`confine`); this one
keeps watch over the memory of all processes there are, and reports how it ended. The child is the first process (pid
1) of its pid namespace, so when it ends, the kernel ends whatever it has started.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import json
import os
import platform
import select
import signal
import socket
import sys
from typing import Any

from optcourse.grading import confine, seccomp, worker

PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER = 4, 36
TICK = 0.01
HELD = (b"RssAnon:", b"RssShmem:", b"VmSwap:", b"HugetlbPages:")  # lines of /proc/PID/status that count
LOADED = """
    numpy.random numpy.linalg numpy.fft numpy.polynomial numpy.testing math cmath statistics fractions decimal itertools
    functools operator collections dataclasses typing copy time datetime textwrap re string json heapq bisect warnings
    traceback contextlib inspect enum abc
"""


def main(descriptor: int, uid: int | None, modules: tuple[str, ...]) -> None:
    """Serve orders until the other end is closed."""
    for name in (*LOADED.split(), *(f"optcourse.{module}" for module in modules)):
        importlib.import_module(name)  # once, here, and not in every child
    if (
        uid is not None and os.getuid() == 0
    ):  # started by root: a limit on processes does not bind root, and nothing here needs root
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)  # changing the uid took our own files in /proc from us
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    control = socket.socket(fileno=descriptor)
    with contextlib.suppress(OSError):  # on another machine: each child says so
        seccomp.compiled(platform.machine())
    gc.collect()
    gc.freeze()  # the collector must not touch, and so copy, the pages that children share
    own = _kilobytes(os.getpid())
    control.send(json.dumps({"ready": list(sys.version_info[:3])}).encode())
    while True:
        data, descriptors, _, _ = socket.recv_fds(control, 1 << 16, 1)
        if not data:
            return
        _serve(control, json.loads(data), descriptors[0], own)


def _serve(control: socket.socket, order: dict[str, Any], wire: int, own: int) -> None:
    try:
        child = _launch(order, wire)
    except OSError as error:
        control.send(json.dumps({"refused": str(error)}).encode())
        return
    finally:
        os.close(wire)
    pidfd = os.pidfd_open(child)
    socket.send_fds(control, [json.dumps({"started": child}).encode()], [pidfd])
    most = None if "watchdog" in order["without"] else order["memory"] // 1024
    # In a bubble all processes but ours are the submission's. Without one, only the first is known to be.
    over = _watch(control, child, pidfd, own, most, [child] if order["unsafe"] else None)
    _, status = os.waitpid(child, 0)
    os.close(pidfd)
    control.send(json.dumps({"ended": os.waitstatus_to_exitcode(status), "memory": over}).encode())


def _launch(order: dict[str, Any], wire: int) -> int:
    """Return the pid of the confined child, as seen from here."""
    reading, writing = os.pipe()
    outside = os.getuid(), os.getgid()
    child = os.fork() if order["unsafe"] else confine.apart(frozenset(order["without"]))
    if child == 0:
        _become_worker(order, wire, writing, outside)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        # Read to the end: the child closes its end when it is confined, and writes to it only if it is not.
        trouble = pipe.read(1 << 12).decode(errors="replace").strip()
    if trouble:
        os.waitpid(child, 0)
        raise OSError(trouble.splitlines()[0])
    return child


def _become_worker(order: dict[str, Any], wire: int, writing: int, outside: tuple[int, int]) -> None:
    try:
        if order["unsafe"]:
            confine.keep_only(wire)
        else:
            confine.confine(wire, writing, order, *outside)
    except BaseException as error:
        os.write(writing, f"{error}\n".encode())
        os._exit(1)
    worker.main(wire, order["output"])
    os._exit(0)


def _watch(
    control: socket.socket, child: int, pidfd: int, own: int, most: int | None, watched: list[int] | None
) -> bool:
    """Wait for the end of the child; end it when all processes together hold too much, or when nobody asks any more."""
    waiting = select.poll()
    waiting.register(pidfd, select.POLLIN)
    waiting.register(control, 0)  # only its hang-up is of interest
    while True:
        for descriptor, _ in waiting.poll(TICK * 1000):
            if descriptor == pidfd:
                return False
            os.kill(child, signal.SIGKILL)
            os._exit(0)
        if most is not None and _total(own, watched) > most:
            os.kill(child, signal.SIGKILL)
            return True


def _total(own: int, watched: list[int] | None) -> int:
    """Kilobytes held by these processes, or by all here but this one, beyond what each shares with this one."""
    if watched is None:
        names = os.listdir("/proc")  # noqa: PTH208 (pathlib is not loaded here)
        watched = [int(name) for name in names if name.isdigit() and int(name) not in (1, os.getpid())]
    return sum(max(_kilobytes(pid) - own, 0) for pid in watched)


def _kilobytes(process: int | str) -> int:
    """Memory of one process that no file backs; 0 for one that is gone.

    Where its first thread has ended before the others, only these tell of it.
    """
    try:
        with open(f"/proc/{process}/status", "rb") as file:  # noqa: PTH123
            found = held(file.read())
        threads = [] if found else os.listdir(f"/proc/{process}/task")  # noqa: PTH208
    except OSError:
        return 0
    return max((_kilobytes(f"{process}/task/{thread}") for thread in threads), default=found)


def held(status: bytes) -> int:
    r"""Kilobytes of memory in a process's status that no file backs, also where they were moved out of sight.

    A process chooses the name in its first line. The kernel lets no newline into it, but all else that ends a line
    for `splitlines`.

    >>> held(b"Name:\t\rRssAnon: -9\nRssAnon:\t  12 kB\nRssFile:\t 900 kB\nRssShmem:\t   3 kB\nVmSwap:\t 7 kB\n")
    22
    """
    return sum(int(line.split()[1]) for line in status.split(b"\n") if line.startswith(HELD))
