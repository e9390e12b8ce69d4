"""Spread notebooks over processes: bytes in, verdict out, exactly one for each, whatever becomes of the processes.

`grade_one` is a pure function. Any `concurrent.futures.Executor` may run it: by default processes on this machine, each
with its own warm sandbox; with an address, the workers of a Dask cluster.
"""

from __future__ import annotations

import faulthandler
import gc
import importlib
import multiprocessing
import os
import signal
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, replace
from multiprocessing import connection, util
from typing import Any

from optcourse.grading.exercise import exercises
from optcourse.grading.judge import Limits, as_json, grade_notebook, not_run
from optcourse.grading.sandbox import NoSandboxError, warm

AHEAD = 3  # notebooks in flight for each worker, so that none waits for the next
PATIENCE = 60.0  # seconds beyond all limits after which a judge itself has hung


@dataclass(frozen=True)
class Job:
    """One notebook to be graded.

    Attributes
    ----------
    key : tuple of str
        Student and notebook.
    digest : str
        Of what was handed in.
    source, data : bytes
        The source assignment, and what was handed in.
    kind, sentence : str
        Why there is nothing to run; empty if there is.
    note : str
        What had to be put right before reading it.
    limits : Limits
        Time and sandbox.
    seed : str
        What fresh cases are drawn from.
    """

    key: tuple[str, str]
    digest: str
    source: bytes
    data: bytes
    kind: str
    sentence: str
    note: str
    limits: Limits
    seed: str

    def verdict(self, kind: str, sentence: str) -> str:
        """Return the verdict on a notebook that was not run."""
        return as_json(not_run(self.source, kind, sentence, self.limits, self.seed))


# Output of the tests is caught by replacing sys.stdout, which all threads share: a Dask worker may have several.
_ALONE = threading.Lock()


def grade_one(job: Job) -> str:
    """Return the verdict on one notebook as JSON text. The same job gives the same text, anywhere."""
    if job.kind:
        return job.verdict(job.kind, job.sentence)
    with _ALONE:
        # Learners' code is timed by the judge. Should the judge itself hang, its process ends and is replaced.
        faulthandler.dump_traceback_later(2 * job.limits.total + PATIENCE, exit=True, file=2)
        try:
            result = grade_notebook(job.source, job.data, job.limits, job.seed)
        finally:
            faulthandler.cancel_dump_traceback_later()
    return as_json(replace(result, notes=(job.note, *result.notes)) if job.note else result)


# ------------------------------------------------------------------------------------------- where it runs


class Processes:
    """Worker processes on this machine, replaced when they die.

    Parameters
    ----------
    workers : int
        How many.
    folder : str
        Where they keep temporary files: whoever started the run removes it, also after they were killed.
    limits : Limits
        Whose sandbox is closed when a worker ends.
    """

    def __init__(self, workers: int, folder: str, limits: Limits):
        self.workers, self.folder, self.limits = workers, folder, limits
        self.executor: Executor = self._new()

    def _new(self) -> Executor:
        # Not forked: this process has threads, an open journal and a database.
        fresh = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(self.workers, fresh, _settle, (self.folder, self.limits, fresh.Value("i")))

    def begin(self) -> Future[None]:
        """Let all of them load what they need. The answer raises `NoSandboxError` if nothing can be graded here."""
        first, *_ = [self.executor.submit(_ready, self.limits) for _ in range(self.workers)]
        return first

    def renew(self) -> None:
        """Put new processes in the place of a pool that broke."""
        self.executor.shutdown(wait=True, cancel_futures=True)
        self.executor = self._new()

    def close(self) -> None:
        """End the processes, in the middle of their work if they have any; their sandboxes go with them."""
        for process in list((getattr(self.executor, "_processes", None) or {}).values()):
            process.terminate()
        self.executor.shutdown(wait=True, cancel_futures=True)


def _settle(folder: str, limits: Limits, started: Any) -> None:
    """Make a new worker process leave nothing behind: neither when it ends, nor when the run is killed."""
    _stay(started)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C in the terminal is for the run, which then ends them
    tempfile.tempdir = folder
    util.Finalize(None, _close_sandbox, args=(limits,), exitpriority=10)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _stay(started: Any) -> None:
    """Keep to one processor, and with this process its sandbox: they take turns, thousands of times a notebook.

    Woken on another processor, the one would find nothing of the other's in its caches. What runs in the sandbox may
    not leave it (`seccomp`): sixteen busy threads there slow down their own notebook, and no neighbour's.
    """
    with started.get_lock():
        number, started.value = started.value, started.value + 1
    if sys.platform == "linux":
        mine = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {mine[number % len(mine)]})


def _ready(limits: Limits) -> None:
    """Have in this process what every notebook needs."""
    exercises()
    warm(limits.spec, os.getpid()).spawn().end()
    gc.collect()
    gc.freeze()  # what is there now stays: the collector need not walk through it for every notebook


def _end_with(sentinel: int) -> None:
    connection.wait([sentinel])
    os._exit(1)


def _close_sandbox(limits: Limits) -> None:
    if warm.cache_info().currsize:
        warm(limits.spec, os.getpid()).close()


class Cluster:
    """The workers of a Dask cluster. They need the same version of this package, and a working sandbox each."""

    def __init__(self, address: str):
        try:
            distributed: Any = importlib.import_module("distributed")
        except ImportError:
            raise NoClusterError("--cluster needs Dask: pip install 'optcourse[cluster]'") from None
        try:
            self._client = distributed.Client(address, timeout="20s")
        except (OSError, ValueError, TimeoutError) as error:
            raise NoClusterError(f"there is no Dask scheduler at {address} ({type(error).__name__})") from None
        self.executor: Executor = self._client.get_executor(pure=False, retries=0)

    @property
    def workers(self) -> int:
        """How many there are now, at least one."""
        return max(1, len(self._client.scheduler_info(n_workers=-1)["workers"]))

    def renew(self) -> None:
        """Dask replaces its workers itself."""

    def close(self) -> None:
        """Let go of the cluster."""
        self._client.close()


class NoClusterError(Exception):
    """There is no cluster to grade on."""


# --------------------------------------------------------------------------------- exactly one verdict each


def dispatch(
    jobs: Iterable[Job], pool: Processes | Cluster, grade: Callable[[Job], str] = grade_one
) -> Iterator[tuple[Job, str]]:
    """Grade every job and yield it with its verdict, in the order in which they end.

    When a worker process dies, it cannot be known over which notebook: all that were in flight are graded once more,
    one at a time. One that ends its process again gets the verdict ``crashed``.

    Raises
    ------
    NoSandboxError
        If there is no working sandbox where the work is done.
    """
    waiting = iter(jobs)
    running: dict[Future[str], Job] = {}
    suspects: deque[Job] = deque()
    while True:
        while not suspects and len(running) < AHEAD * pool.workers and (job := next(waiting, None)) is not None:
            try:
                running[pool.executor.submit(grade, job)] = job
            except BrokenExecutor:
                suspects.append(job)
        if running:
            # Once one process died, all that is in flight has ended or will not.
            done = wait(running, return_when=FIRST_COMPLETED).done if not suspects else wait(running).done
            for future in done:
                job = running.pop(future)
                if (error := future.exception()) is None:
                    yield job, future.result()
                elif isinstance(error, NoSandboxError | KeyboardInterrupt):
                    raise error
                else:
                    suspects.append(job)
        elif suspects:
            pool.renew()
            while suspects:
                job = suspects.popleft()
                yield job, _alone(job, pool, grade)
        else:
            return


def _alone(job: Job, pool: Processes | Cluster, grade: Callable[[Job], str]) -> str:
    """Grade one notebook while nothing else runs: whatever goes wrong now is its doing."""
    try:
        return pool.executor.submit(grade, job).result()
    except (NoSandboxError, KeyboardInterrupt):
        raise
    except BrokenExecutor:
        pool.renew()
        return job.verdict(
            "crashed", "Grading this notebook ended the grader's process twice; a person must look at it."
        )
    except Exception as error:
        what = f"Grading this notebook failed twice ({type(error).__name__}); a person must look at it."
        return job.verdict("crashed", what)
