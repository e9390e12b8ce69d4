"""The journal of a grading run: one line for each verdict, on disk before the run goes on.

A run that is killed at any moment has lost nothing but what was being graded just then: the next one reads the journal,
cuts off a line that was not written to its end, and grades what is missing. The first line says what the verdicts
depend on (source, seed, limits, grader); lines under another heading are never mixed with it.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import json
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

VERSION = 2
Key = tuple[str, str]  # student, notebook


class JournalError(Exception):
    """The journal cannot be used. The message says why and what to do."""


@dataclass(frozen=True)
class Entry:
    """Where a verdict is, and of which bytes."""

    offset: int
    digest: str


class Journal:
    """An append-only file of verdicts, locked while it is open.

    Parameters
    ----------
    folder : Path
        Where it is kept.
    heading : dict
        What verdicts depend on. A journal with another heading is put aside, unless `same` is set.
    restart : bool
        Put aside what there is.
    same : bool
        Demand that the heading be the same; JournalError if it is not.

    Attributes
    ----------
    changed : tuple of str
        What of the heading is not as it was in the journal that was put aside; empty if none was.
    """

    def __init__(self, folder: Path, heading: dict[str, Any], restart: bool = False, same: bool = False):
        self.path = folder / "journal.jsonl"
        self.entries: dict[Key, Entry] = {}
        self.changed: tuple[str, ...] = ()
        self._lock = _locked(folder / "lock")
        try:
            before = self._heading()
            if before is not None and before != heading:
                self.changed = tuple(sorted(key for key in heading if before.get(key) != heading[key]))
                if same and not restart:
                    raise JournalError(
                        f"cannot resume: {', '.join(self.changed)} changed since; --restart grades everything again"
                    )
            if before is not None and (restart or before != heading):
                self.path.replace(self.path.with_name("journal.before.jsonl"))
            self._file: BinaryIO = self.path.open("a+b")
            try:
                if not self._read():
                    self._write(json.dumps({"journal": VERSION, "heading": heading}, sort_keys=True))
            except BaseException:
                self._file.close()
                raise
        except BaseException:
            os.close(self._lock)
            raise

    def close(self) -> None:
        """Close the file and let others have it."""
        self._file.close()
        os.close(self._lock)

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _heading(self) -> dict[str, Any] | None:
        """What stands in the first line, or None if there is none that was written to its end."""
        try:
            with self.path.open("rb") as file:
                first = file.readline()
        except FileNotFoundError:
            return None
        if not first.endswith(b"\n"):
            return None
        try:
            line = json.loads(first)
            return dict(line["heading"]) if line["journal"] == VERSION else {}
        except (ValueError, KeyError, TypeError):
            return {}

    def _read(self) -> bool:
        """Find every entry; cut off a last line that is not whole. Return whether there is a heading."""
        self._file.seek(0)
        end = 0
        for line in self._file:
            if not line.endswith(b"\n"):
                break
            if end:
                try:
                    entry = json.loads(line)
                    self.entries[entry["student"], entry["notebook"]] = Entry(end, entry["digest"])
                except (ValueError, KeyError, TypeError):
                    raise JournalError(f"{self.path} is damaged at byte {end}; --restart begins a new one") from None
            end += len(line)
        self._file.truncate(end)
        return end > 0

    def _write(self, line: str) -> int:
        offset = self._file.seek(0, os.SEEK_END)
        self._file.write(line.encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        return offset

    def append(self, key: Key, digest: str, result: str) -> None:
        """Write a verdict down; on return it is on disk."""
        student, notebook = key
        packed = base64.b64encode(zlib.compress(result.encode(), 1)).decode()
        line = {"student": student, "notebook": notebook, "digest": digest, "result": packed}
        self.entries[key] = Entry(self._write(json.dumps(line)), digest)

    def result(self, key: Key) -> dict[str, Any]:
        """Return a verdict as plain data."""
        self._file.seek(self.entries[key].offset)
        packed = json.loads(self._file.readline())["result"]
        return dict(json.loads(zlib.decompress(base64.b64decode(packed))))

    def results(self, keys: list[Key]) -> Iterator[tuple[Key, dict[str, Any]]]:
        """Return verdicts one by one, in the order asked for; never all in memory."""
        return ((key, self.result(key)) for key in keys)


def _locked(path: Path) -> int:
    """Hold a lock for as long as the descriptor is open: a process that is killed lets go of it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise JournalError(f"another run is grading this assignment (it holds {path})") from None
    return descriptor


def digest(*parts: bytes | str) -> str:
    """Return a digest in which no part can run into the next."""
    whole = hashlib.sha256()
    for part in parts:
        data = part if isinstance(part, bytes) else part.encode(errors="surrogateescape")
        whole.update(len(data).to_bytes(8, "big") + data)
    return whole.hexdigest()
