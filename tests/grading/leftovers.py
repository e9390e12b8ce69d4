"""What a grading run leaves behind in its temporary folder and among the processes: nothing, if all is well."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

LEAVING = 60.0  # seconds that ended processes may take to be gone: on a busy machine they wait for their turn


@contextmanager
def watched(temporary: Path) -> Iterator[None]:
    """Give everything that is started a temporary folder of its own, by which it can be told from others' processes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(temporary))
        patch.setattr(tempfile, "tempdir", str(temporary))
        yield


def left_behind(temporary: Path) -> list[str]:
    """Files in the folder, and processes that were started with it."""
    deadline = time.monotonic() + LEAVING
    while (found := _found(temporary)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


def _found(temporary: Path) -> list[str]:
    found = [str(path) for path in temporary.iterdir()]
    for process in Path("/proc").glob("[0-9]*"):
        try:
            told = (process / "environ").read_bytes() + (process / "cmdline").read_bytes()
            parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent == os.getpid() and b"resource_tracker" in told:  # Python's own, for as long as this process lives
            continue
        if str(temporary).encode() in told:
            found.append(f"{process.name}: {(process / 'cmdline').read_bytes()[:200]!r}")
    return found
