"""Asking the kernel itself: tracing, mounting, namespaces, keys, rings, other people's processes."""

from __future__ import annotations

from arena import cells

CONTAINED = (
    "no capability and no way to one, namespaces of its own, and a list of allowed system calls; all others fail"
)

CALLS = {
    "ptrace of the parent": "kernel('ptrace', 16, os.getppid(), 0, 0)",
    "ptrace of oneself": "kernel('ptrace', 0, 0, 0, 0)",
    "another's memory, read": "kernel('process_vm_readv', 1, 0, 0, 0, 0, 0)",
    "another's memory, written": "kernel('process_vm_writev', 1, 0, 0, 0, 0, 0)",
    "another's descriptors": "kernel('pidfd_getfd', 3, 0, 0)",
    "a handle on a process": "kernel('pidfd_open', 1, 0)",
    "mount": "kernel('mount', b'proc', b'/tmp', b'proc', 0, 0)",
    "mount by descriptors": "kernel('fsopen', b'tmpfs', 0)",
    "copy a tree of mounts": "kernel('open_tree', -100, b'/', 1)",
    "unmount": "kernel('umount2', b'/proc', 2)",
    "pivot the root": "kernel('pivot_root', b'/tmp', b'/tmp')",
    "change the root": "kernel('chroot', b'/tmp')",
    "a user namespace": "kernel('unshare', 0x10000000)",
    "a mount namespace": "kernel('unshare', 0x00020000)",
    "a namespace by clone": "kernel('clone', 0x10000000 | 17, 0, 0, 0, 0)",
    "a namespace and a thread by clone": "kernel('clone', 0x10000000 | 0x10000 | 0x900, 0, 0, 0, 0)",
    "join a namespace": "kernel('setns', 3, 0)",
    "keys": "kernel('keyctl', 0, -3, 1)",
    "a key": "kernel('add_key', b'user', b'x', b'x', 1, -3)",
    "a ring": "kernel('io_uring_setup', 8, ctypes.create_string_buffer(256))",
    "asynchronous reading": "kernel('io_setup', 8, ctypes.create_string_buffer(8))",
    "programs in the kernel": "kernel('bpf', 5, ctypes.create_string_buffer(128), 128)",
    "performance counters": "kernel('perf_event_open', ctypes.create_string_buffer(128), 0, -1, -1, 0)",
    "page faults": "kernel('userfaultfd', 1)",
    "the user's number": "kernel('setuid', 0)",
    "the group's number": "kernel('setresgid', 0, 0, 0)",
    "groups": "kernel('setgroups', 0, 0)",
    "capabilities": """
kernel('capset', ctypes.create_string_buffer(b'\\x22\\x05\\x08\\x20' + bytes(4)),
    ctypes.create_string_buffer(b'\\xff' * 24))
""",
    "the machine's name": "kernel('sethostname', b'evil', 4)",
    "the clock": "kernel('settimeofday', ctypes.create_string_buffer(16), 0)",
    "the log": "kernel('syslog', 3, ctypes.create_string_buffer(64), 64)",
    "reboot": "kernel('reboot', 0, 0, 0, 0)",
    "a module": "kernel('finit_module', 0, b'', 0)",
    "personality": "kernel('personality', 0x0040000)",
    "ports": "kernel('iopl', 3)",
    "a filter over the filter": "kernel('seccomp', 0, 0, 0)",
    "listening to files": "kernel('inotify_init1', 0)",
    "real time": "kernel('sched_setscheduler', 0, 1, ctypes.create_string_buffer(b'\\x01' + bytes(3)))",
    "another processor, where a neighbour is graded": "os.sched_setaffinity(0, range(os.cpu_count()))",
    "typing into the terminal": "__import__('fcntl').ioctl(1, 0x5412, b'x')",
    "pages moved": "kernel('move_pages', 0, 0, 0, 0, 0, 0)",
}

CODES = {
    "kill everybody": "def kill():\n    os.kill(-1, 9)\nattempt(kill)",
    "kill the parent": "attempt(lambda: os.kill(os.getppid(), 9), lambda _: os.getppid() > 0)",
    "kill every number": """
def kill():
    reached = []
    for pid in range(2, 5000):
        try: os.kill(pid, 0); reached.append(pid)
        except OSError: pass
    return reached
attempt(kill, bool)
""",
    "kill the group": "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nos.killpg(0, signal.SIGTERM)",
    "signals through the wire": """
import fcntl, signal
attempt(lambda: fcntl.fcntl(wire_end(), fcntl.F_SETOWN, os.getppid() or 1), lambda r: os.getppid() > 0)
""",
    "the second table of calls": """
number = 0x40000000 | 39
def x32():
    libc = ctypes.CDLL(None)
    return libc.syscall(ctypes.c_long(number))
if platform.machine() == 'x86_64': attempt(x32, lambda pid: pid > 0)
""",
    "the calls of 32 bits": """
import mmap
code = bytes.fromhex('b814000000' 'cd80' 'c3')  # mov eax, 20 (getpid); int 0x80; ret
if platform.machine() == 'x86_64':
    page = mmap.mmap(-1, 4096, prot=7); page.write(code)
    address = ctypes.addressof(ctypes.c_char.from_buffer(page))
    attempt(lambda: ctypes.CFUNCTYPE(ctypes.c_int)(address)(), lambda pid: pid > 0)
""",
    "every refused call": """
from optcourse.grading import seccomp
def every():
    through = []
    for name in seccomp.numbers(seccomp.FORBIDDEN, platform.machine()):
        try: kernel(name, 0, 0, 0, 0, 0, 0); through.append(name)
        except OSError as error:
            if error.errno != 1: through.append((name, error.errno))
    return through
attempt(every, bool)
""",
    "every call there may ever be": """
from optcourse.grading import seccomp
known = set(seccomp.numbers(seccomp.ALLOWED, platform.machine()).values()) | set(
    seccomp.numbers(seccomp.FORBIDDEN, platform.machine()).values())
libc = ctypes.CDLL(None, use_errno=True)
def every():
    return [n for n in range(1024) if n not in known and not (
        libc.syscall(ctypes.c_long(n), *[ctypes.c_long(0)] * 6) == -1 and ctypes.get_errno() == 38)]
attempt(every, bool)
""",
    "capabilities that are left": """
data = ctypes.create_string_buffer(24)
kernel('capget', ctypes.create_string_buffer(b'\\x22\\x05\\x08\\x20' + bytes(4)), data)
attempt(lambda: data.raw, lambda raw: raw != bytes(24))
attempt(lambda: [c for c in range(41) if kernel('prctl', 23, c, 0, 0, 0) == 1], bool)
attempt(lambda: kernel('prctl', 39, 0, 0, 0, 0), lambda no_new: no_new != 1)
""",
    "who it is": """
attempt(lambda: (os.getuid(), os.getgid(), os.getgroups()),
    lambda ids: 0 in ids[:2] or ids[2] not in ([], [65534]))
""",
    "the first process": "attempt(os.getpid, lambda pid: pid != 1)",
    "the machine's name, read": "import socket\nattempt(lambda: os.uname().nodename, lambda name: name != 'sandbox')",
}

ATTACKS = [
    *cells("kernel", {name: f"attempt(lambda: {code})" for name, code in CALLS.items()}),
    *cells("kernel", CODES),
]


def test_nothing_is_gained_and_nothing_is_left(attack, arena):
    arena.withstand(attack)
