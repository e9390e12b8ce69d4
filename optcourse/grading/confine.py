"""Inside the sandbox: shut one process in before it runs a learner's code.

The bubble around us (see `sandbox`) is the first wall; this is the second, new for every submission. In the order in
which they take effect: namespaces of its own (user, mount, pid, net, ipc, uts, cgroup), fresh small file systems over
`/tmp` and an empty one over `/proc`, limits, no capability and no way to gain one, and the filter of system calls.
`without` leaves one of them out, so that the tests can show what each is good for.
"""

from __future__ import annotations

import ctypes
import functools
import os
import platform
import resource
import signal
import struct
from typing import Any

from optcourse.grading import seccomp

NAMESPACES = {
    "user": 0x10000000,
    "mounts": 0x00020000,
    "pids": 0x20000000,
    "net": 0x40000000,
    "ipc": 0x08000000,
    "uts": 0x04000000,
    "cgroup": 0x02000000,
}
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REC, MS_PRIVATE = 1, 2, 4, 8, 1 << 14, 1 << 18
PR_SET_SECCOMP, SECCOMP_MODE_FILTER, PR_SET_NO_NEW_PRIVS, PR_CAPBSET_DROP, PR_CAP_AMBIENT = 22, 2, 38, 24, 47
PR_CAP_AMBIENT_CLEAR_ALL, LAST_CAPABILITY, CAPABILITY_VERSION = 4, 63, 0x20080522
INSIDE = 1000  # the uid and gid that a learner's code sees itself as

CLONE_CHILD_CLEARTID, CLONE_CHILD_SETTID, PR_GET_TID_ADDRESS = 0x00200000, 0x01000000, 40

_libc = ctypes.CDLL(None, use_errno=True)
_held = ctypes.PyDLL(None, use_errno=True)  # keeps Python's lock during the call, as `os.fork` does
_held.syscall.restype = ctypes.c_long
for _hook in ("PyOS_BeforeFork", "PyOS_AfterFork_Parent", "PyOS_AfterFork_Child"):
    getattr(ctypes.pythonapi, _hook).restype = None


def _checked(result: int, what: str) -> None:
    if result != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{what}: {os.strerror(error)}")


def apart(without: frozenset[str] = frozenset()) -> int:
    """Fork like `os.fork`, but into namespaces of its own, of which the child is the first process.

    One call instead of three (fork, leave the namespaces, fork again into that of the pids): the process that does it
    has NumPy loaded, and to copy its tables takes as long as to make all the namespaces. Python is told as `os.fork`
    tells it, and the kernel corrects the C library's note of which thread this is, as in that library's own `fork`.
    """
    flags = sum(flag for name, flag in NAMESPACES.items() if name not in without) | signal.SIGCHLD
    note = ctypes.c_void_p()
    if _libc.prctl(PR_GET_TID_ADDRESS, ctypes.byref(note), 0, 0, 0) == 0:
        flags |= CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID
    ctypes.pythonapi.PyOS_BeforeFork()
    # x86-64 and aarch64 have the address in different places; in the other one is nothing that this call looks at.
    child = int(_held.syscall(_clone(), ctypes.c_ulong(flags), None, None, note, note))
    if child == 0:
        ctypes.pythonapi.PyOS_AfterFork_Child()
        return 0
    error = ctypes.get_errno()
    ctypes.pythonapi.PyOS_AfterFork_Parent()
    if child < 0:
        raise OSError(error, f"clone: {os.strerror(error)}")
    return child


@functools.cache
def _clone() -> ctypes.c_long:
    return ctypes.c_long(seccomp.numbers(seccomp.ALLOWED, platform.machine())["clone"])


def own_user(uid: int, gid: int) -> None:
    """Be somebody in the new user namespace, who in the one outside is `uid` and `gid`."""
    for path, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{INSIDE} {uid} 1"),
        ("gid_map", f"{INSIDE} {gid} 1"),
    ):
        with open(f"/proc/self/{path}", "w") as file:  # noqa: PTH123 (pathlib is not loaded here)
            file.write(text)


def own_files(bytes_: int, inodes: int) -> None:
    """Put an empty, small, writable file system over `/tmp`, and nothing over `/proc`."""
    _checked(_libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None), "make mounts private")
    options = f"size={bytes_},nr_inodes={inodes},mode=700".encode()
    _checked(_libc.mount(b"tmpfs", b"/tmp", b"tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, options), "mount /tmp")
    _checked(
        _libc.mount(b"tmpfs", b"/proc", b"tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, b"size=4k"),
        "cover /proc",
    )


def limit(memory: int, seconds: int, processes: int, file_size: int, files: int) -> None:
    """Set the limits of this process and of its children, for good."""
    for kind, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_NPROC, processes),
        (resource.RLIMIT_FSIZE, file_size),
        (resource.RLIMIT_NOFILE, files),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
        (resource.RLIMIT_STACK, 8 << 20),
    ):
        resource.setrlimit(kind, (most, most))


def drop_privileges() -> None:
    """Give up every capability of the namespace, and all ways to a new one."""
    for capability in range(LAST_CAPABILITY + 1):
        if _libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
            break  # past the kernel's last one
    _libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    _checked(_libc.capset(struct.pack("=Ii", CAPABILITY_VERSION, 0), bytes(24)), "capset")
    _checked(_libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no-new-privs")


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def filter_calls() -> None:
    """From here on, only the system calls of `seccomp.ALLOWED`."""
    code = seccomp.compiled(platform.machine())
    buffer = ctypes.create_string_buffer(code, len(code))
    program = _Program(len(code) // 8, ctypes.cast(buffer, ctypes.c_void_p))
    _checked(_libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0), "seccomp")


def keep_only(*descriptors: int) -> None:
    """Close every descriptor but these; input is empty, output goes nowhere."""
    null = os.open("/dev/null", os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    below = 2
    for descriptor in (*sorted(descriptors), 4096):
        if below + 1 < descriptor:  # told to close nothing, `closerange` closes everything
            os.closerange(below + 1, descriptor)
        below = descriptor


def confine(wire: int, report: int, order: dict[str, Any], uid: int, gid: int) -> None:
    """Apply, in the process that will run the learner's code and that `apart` has made, all the other walls."""
    without = frozenset(order["without"])
    own_user(uid, gid)
    if "remounts" not in without:
        own_files(order["file_size"], order["inodes"])
    keep_only(wire, report)
    os.setsid()
    os.chdir("/tmp")
    if "limits" not in without:
        limit(order["address_space"], order["cpu_seconds"], order["processes"], order["file_size"], order["files"])
    drop_privileges()
    if "seccomp" not in without:
        filter_calls()
    os.close(report)
