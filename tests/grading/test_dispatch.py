"""Exactly one verdict for each job, whatever becomes of the processes that grade."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest
from submissions import ROOT

from optcourse.grading.dispatch import Job, Processes, dispatch
from optcourse.grading.judge import Limits
from optcourse.grading.release import dumped, source
from optcourse.grading.sandbox import NoSandboxError

SOURCE = dumped(source(ROOT / "solutions" / "03_01_gradient_descent.md")).encode()


def job(name: str, note: str = "") -> Job:
    return Job((name, "gradient_descent"), "", SOURCE, b"", "", "", note, Limits(), "")


def graded(job: Job) -> str:
    """A stand-in for the judge: what it does is in the student's name."""
    what = job.key[0].partition("_")[0]
    if what == "dies":
        os._exit(3)
    if what == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "raises":
        raise RuntimeError("a fault in the judge")
    if what == "unsafe":
        raise NoSandboxError("the sandbox does not work here")
    if what == "once" and not Path(job.note).exists():
        Path(job.note).touch()
        os._exit(3)
    return json.dumps(what)


def verdicts(jobs: list[Job], folder: Path, workers: int = 2) -> list[tuple[str, dict | str]]:
    pool = Processes(workers, str(folder), Limits())
    try:
        return [(job.key[0], json.loads(text)) for job, text in dispatch(jobs, pool, graded)]
    finally:
        pool.close()


def test_a_process_that_dies_takes_nobody_elses_verdict_along(tmp_path: Path) -> None:
    names = [f"well_{k}" for k in range(20)]
    names[3:3], names[15:15] = ["dies", "raises"], ["killed"]
    found = verdicts([job(name) for name in names], tmp_path)
    assert sorted(name for name, _ in found) == sorted(names)
    for name, verdict in found:
        if name.startswith("well"):
            assert verdict == "well"
        else:
            assert verdict["kind"] == "crashed"
            assert "a person must look at it" in verdict["sentence"]
            assert [part["points"] for part in verdict["parts"]] == [0, 0, 0]


def test_a_notebook_whose_process_died_once_is_graded_again(tmp_path: Path) -> None:
    mark = tmp_path / "was here"
    found = verdicts([job("once", str(mark)), job("well")], tmp_path, workers=1)
    assert sorted(found) == [("once", "once"), ("well", "well")]
    assert mark.exists()


def test_a_worker_without_a_sandbox_ends_the_run(tmp_path: Path) -> None:
    with pytest.raises(NoSandboxError):
        verdicts([job("well"), job("unsafe")], tmp_path)


def test_no_more_is_read_ahead_than_the_workers_need(tmp_path: Path) -> None:
    taken: list[int] = []

    def jobs():
        for k in range(50):
            taken.append(k)
            yield job(f"well_{k}")

    pool = Processes(1, str(tmp_path), Limits())
    try:
        for number, _ in enumerate(dispatch(jobs(), pool, graded), start=1):
            assert len(taken) <= number + 2
    finally:
        pool.close()
