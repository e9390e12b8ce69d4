"""The same verdicts from a Dask cluster as from this machine's own processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from submissions import ASSIGNMENT, hand_in, small_class

from optcourse.__main__ import main

pytest.importorskip("distributed")
pytestmark = pytest.mark.usefixtures("bubblewrapped")
PATIENCE = 120.0  # seconds for the scheduler to say where it is


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[str]:
    """The address of a cluster with two workers, in processes of their own."""
    file = tmp_path / "scheduler.json"
    parts = (
        ("scheduler", "--host", "127.0.0.1", "--port", "0"),
        ("worker", "--nworkers", "2", "--nthreads", "1"),
    )
    started = [
        subprocess.Popen(
            [
                sys.executable,
                "-m",
                f"distributed.cli.dask_{name}",
                "--scheduler-file",
                str(file),
                "--no-dashboard",
                *more,
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=tmp_path,
        )
        for name, *more in parts
    ]
    try:
        deadline = time.monotonic() + PATIENCE
        while not file.exists() or not file.read_text().endswith("}"):
            assert time.monotonic() < deadline, "the scheduler does not start"
            time.sleep(0.1)
        yield json.loads(file.read_text())["address"]
    finally:
        for process in reversed(started):
            process.terminate()
        for process in started:
            process.wait()


def test_a_cluster_gives_the_same_bytes(classroom: Path, scheduler: str, tmp_path: Path) -> None:
    for student in ("solved", "mistake_uphill", "blank"):
        hand_in(classroom, student, small_class()[student][0])
    base = [sys.executable, "-m", "optcourse", "grade", ASSIGNMENT, "--course", str(classroom), "--restart"]
    for name, more in (("here", ["--workers", "1"]), ("there", ["--cluster", scheduler])):
        subprocess.run([*base, *more, "--json", str(tmp_path / name)], check=True, capture_output=True)
    assert (tmp_path / "here").read_bytes() == (tmp_path / "there").read_bytes()


def test_a_worker_that_is_killed_midway_loses_nothing(classroom: Path, scheduler: str, tmp_path: Path) -> None:
    from distributed import Client

    for k in range(10):
        hand_in(classroom, f"student_{k}", small_class()["solved" if k % 2 else "mistake_uphill"][0])
    base = [sys.executable, "-m", "optcourse", "grade", ASSIGNMENT, "--course", str(classroom), "--restart"]
    with Client(scheduler) as client:
        client.wait_for_workers(2)
        # One stands still, with what it has been given, until it is killed: so the run cannot be over by then.
        pid = next(iter(client.run(os.getpid).values()))
        os.kill(pid, signal.SIGSTOP)
        command = [*base, "--cluster", scheduler, "--json", str(tmp_path / "there")]
        journal = classroom / ".optcourse" / ASSIGNMENT / "journal.jsonl"
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as run:
            while run.poll() is None and not (journal.exists() and journal.read_bytes().count(b"\n") > 2):
                time.sleep(0.02)
            assert run.poll() is None
            os.kill(pid, signal.SIGKILL)
        assert run.returncode == 0
    subprocess.run([*base, "--workers", "1", "--json", str(tmp_path / "here")], check=True, capture_output=True)
    assert json.loads((tmp_path / "there").read_text()) == json.loads((tmp_path / "here").read_text())
    assert len(json.loads((tmp_path / "there").read_text())) == 10


def test_no_cluster_is_a_sentence(classroom: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hand_in(classroom, "solved", small_class()["solved"][0])
    address = "no-such-scheme://nowhere"
    assert main(["grade", ASSIGNMENT, "--course", str(classroom), "--cluster", address]) == 2
    assert f"there is no Dask scheduler at {address}" in capsys.readouterr().err
