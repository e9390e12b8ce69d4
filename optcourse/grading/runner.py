"""`optcourse grade ASSIGNMENT`: grade a class, many at once, and write nbgrader's gradebook.

    submitted/ → intake → processes, each with a sandbox → journal → gradebook, autograded notebooks, feedback

Every submission gets exactly one verdict. Verdicts depend on the submission, the source, the seed and the limits, and
on nothing else: not on how many workers there are, nor on their order. A run that was killed goes on where it was.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import shutil
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import optcourse
from optcourse.grading.course import Course, CourseError, Handed, MissingError, printable
from optcourse.grading.dispatch import Cluster, Job, NoClusterError, Processes, dispatch
from optcourse.grading.gradebook import Gradebook, GradebookError, Graded, write_feedback
from optcourse.grading.intake import BadFileError
from optcourse.grading.journal import Journal, JournalError, Key, digest
from optcourse.grading.judge import Limits
from optcourse.grading.sandbox import NoSandboxError, Spec

DONE, WITHOUT_VERDICT, USAGE, NO_SANDBOX, NOT_WRITTEN = range(5)  # exit statuses
TEMPORARY = "optcourse-grade-"
BATCH = 50  # submissions for each transaction; all of them in memory, a quarter of a megabyte each
PATIENT = 3.0  # seconds of writing the gradebook before a bar says how far it is
NAMED = 4  # students in a line of the summary
ENDINGS = {
    "timeout": "over its time",
    "memory": "over its memory",
    "exit": "ended Python",
    "crash": "crashed Python",
    "output": "gave too much",
    "wire": "wrote to the judge",
    "bad file": "unreadable",
    "missing": "another notebook",
    "crashed": "the grader failed",
}


def add_to(commands: Any) -> None:
    """Add the subcommand."""
    parser: ArgumentParser = commands.add_parser(
        "grade",
        help="grade what was handed in, in a sandbox, and write nbgrader's gradebook",
        description="Grade submitted/*/ASSIGNMENT. A run that was ended goes on where it was. Exit status: 0 every "
        "submission has its verdict, 1 some have none, 2 something is missing, 3 there is no sandbox, 4 graded, but "
        "the gradebook or the journal could not be written.",
    )
    parser.add_argument("assignment", help="e.g. 03_01_gradient_descent")
    parser.add_argument("--course", type=Path, default=Path(), metavar="DIR", help="the folder of nbgrader_config.py")
    parser.add_argument("--student", default="*", metavar="GLOB", help="only these students")
    parser.add_argument("--workers", type=_count, default=os.cpu_count(), metavar="N", help="default: all processors")
    parser.add_argument("--cluster", metavar="ADDRESS", help="grade on this Dask scheduler's workers instead")
    parser.add_argument("--timeout", type=_seconds, default=Limits.seconds, metavar="S", help="seconds for one cell")
    parser.add_argument("--memory", type=_count, default=512, metavar="MB", help="memory for one submission")
    parser.add_argument("--fresh-seed", metavar="N", help="draw fresh cases from this, not from the course's secret")
    again = parser.add_mutually_exclusive_group()
    again.add_argument("--resume", action="store_true", help="go on with the last run, or refuse if it cannot be")
    again.add_argument("--restart", action="store_true", help="grade everything again")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every result as JSON")
    parser.add_argument(
        "--unsafe-no-sandbox",
        action="store_true",
        help="run other people's code as you, with your files and network; the gradebook is not written",
    )
    parser.set_defaults(run=main)


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def _seconds(text: str) -> float:
    number = float(text)
    if not 0 < number < float("inf"):
        raise ValueError
    return number


def main(arguments: Namespace) -> int:
    """Grade one assignment; return the exit status."""
    try:
        return _grade(arguments)
    except (CourseError, JournalError, NoClusterError) as error:
        print(f"grade: {error}", file=sys.stderr)
        return USAGE
    except NoSandboxError as error:
        print(f"grade: {error}", file=sys.stderr)
        return NO_SANDBOX
    except GradebookError as error:
        print(f"grade: {error}\nEvery verdict is kept: run the same command again.", file=sys.stderr)
        return NOT_WRITTEN
    except OSError as error:
        where = f" ({printable(str(error.filename))})" if error.filename else ""
        print(f"grade: {error.strerror}{where}. What was graded is kept: run the same command again.", file=sys.stderr)
        return NOT_WRITTEN
    except KeyboardInterrupt:
        print("\ngrade: stopped. What was graded is kept: the same command goes on from here.", file=sys.stderr)
        return WITHOUT_VERDICT


def _grade(arguments: Namespace) -> int:
    spec = Spec(memory=arguments.memory << 20, unsafe=arguments.unsafe_no_sandbox)
    limits = replace(Limits(), seconds=arguments.timeout, spec=spec)
    with contextlib.ExitStack() as stack:
        # They take as long to load what they need as this process does, so they begin first.
        here = None if arguments.cluster else stack.enter_context(processes(arguments.workers, limits))
        # Hundreds of modules are loaded now and stay: the collector would walk through them again and again.
        gc.disable()
        stack.callback(gc.enable)
        course, assignment = Course(arguments.course), arguments.assignment
        sources = course.sources(assignment)
        handed = course.handed_in(assignment, sorted(sources), arguments.student)
        if not handed:
            raise CourseError(f"nothing is in {course.folder('submitted', arguments.student, assignment)}")
        seed = arguments.fresh_seed or course.seed(assignment)
        gradebook = None if spec.unsafe else Gradebook(course, assignment, sources)
        about = {"source": digest(*sorted(sources.values())), "seed": seed, "limits": _plain(limits)}
        about["grader"] = grader()
        journal = stack.enter_context(Journal(course.state(assignment), about, arguments.restart, arguments.resume))
        if journal.changed and not arguments.restart:
            print(f"grade: everything is graded again, since this changed: {', '.join(journal.changed)}")
        files = gradebook.files if gradebook else partial(write_feedback, course, assignment)
        run = Run(handed, sources, limits, seed, journal, files)
        gc.freeze()
        stack.callback(gc.unfreeze)
        gc.enable()
        if here is not None:
            run_here(run, course.state(assignment), *here)
        else:
            run.grade(stack.enter_context(contextlib.closing(Cluster(arguments.cluster))))
        keys = [one for one in run.keys if one in journal.entries]
        if arguments.json:
            write_json(arguments.json, journal, keys)
        tally = Tally()
        for batch in run.batches(keys):
            for one in batch:
                tally.add(one.handed.student, one.result)
            if gradebook is not None:
                gradebook.marks(batch)
        tally.show(len(run.keys), run.before)
        pages = f"a page for each learner in {course.folders.feedback_directory}/"
        print(f"Marks are in the gradebook, {pages}" if gradebook else f"No marks were written down; there is {pages}")
    return DONE if len(keys) == len(run.keys) else WITHOUT_VERDICT


def _plain(limits: Limits) -> dict[str, Any]:
    plain = asdict(limits)
    plain["spec"]["without"] = sorted(limits.spec.without)
    return dict(json.loads(json.dumps(plain)))


def grader() -> str:
    """Return a digest of this package: another grader may find otherwise."""
    package = Path(optcourse.__file__).parent
    files = sorted(path for pattern in ("*.py", "*.css") for path in package.rglob(pattern))
    return digest(*(part for path in files for part in (str(path.relative_to(package)), path.read_bytes())))


@dataclass
class Run:
    """What is to be graded, and what is known already."""

    handed: list[Handed]
    sources: dict[str, bytes]
    limits: Limits
    seed: str
    journal: Journal
    files: Callable[[Graded], None]  # writes what belongs to one submission alone
    before: int = 0
    written: set[Key] = field(default_factory=set)

    @property
    def keys(self) -> list[Key]:
        """Everything that must end with a verdict, in the order of every report."""
        return [(one.student, one.notebook) for one in self.handed]

    def jobs(self) -> Iterator[Job]:
        """What has no verdict yet. Files are read here, one ahead of the workers, and never all at once."""
        for one in self.handed:
            job = job_of(one, self.sources[one.notebook], self.limits, self.seed)
            known = self.journal.entries.get(job.key)
            if known is not None and known.digest == job.digest:
                self.before += 1
            else:
                yield job

    def grade(self, pool: Processes | Cluster) -> None:
        """Grade what is left and write every verdict down."""
        from tqdm import tqdm

        every = 0.2 if sys.stderr.isatty() else 30.0
        with tqdm(total=len(self.handed), unit=" notebook", mininterval=every, dynamic_ncols=True) as bar:
            for job, verdict in dispatch(self.jobs(), pool):
                self.journal.append(job.key, job.digest, verdict)
                self._write(job.key, verdict)
                # What was known before counts in the bar and not in the rate.
                bar.n, bar.initial = bar.n + self.before - bar.initial, self.before
                bar.update()
            bar.n = bar.n + self.before - bar.initial

    def _write(self, key: Key, verdict: str) -> None:
        """Write the files of one verdict, while the workers are busy with the next.

        What cannot be written now is tried once more at the end, by when everybody has a verdict.
        """
        with contextlib.suppress(OSError):
            self.files(Graded(self._places[key], json.loads(verdict)))
            self.written.add(key)

    @cached_property
    def _places(self) -> dict[Key, Handed]:
        return {(one.student, one.notebook): one for one in self.handed}

    def batches(self, keys: list[Key]) -> Iterator[list[Graded]]:
        """Yield what has a verdict, in the order of every report, a transaction's worth at a time; its files stand."""
        from tqdm import tqdm

        with tqdm(total=len(keys), desc="gradebook", unit=" notebook", delay=PATIENT, dynamic_ncols=True) as bar:
            for start in range(0, len(keys), BATCH):
                some = keys[start : start + BATCH]
                batch = [Graded(self._places[key], result) for key, result in self.journal.results(some)]
                for key, one in zip(some, batch, strict=True):
                    if key not in self.written:
                        self.files(one)
                yield batch
                bar.update(len(batch))


def job_of(one: Handed, source: bytes, limits: Limits, seed: str) -> Job:
    """Read what was handed in; a file that cannot be read is a job, too."""
    data, note, kind, sentence = b"", "", "", ""
    try:
        data, note = one.read()
    except MissingError as error:
        kind, sentence = "missing", str(error)
    except BadFileError as error:
        kind, sentence = "bad file", str(error)
    except OSError as error:
        kind, sentence = "bad file", f"what was handed in cannot be read ({error.strerror})"
    return Job(
        (one.student, one.notebook), digest(data, note, sentence), source, data, kind, sentence, note, limits, seed
    )


@contextlib.contextmanager
def processes(workers: int, limits: Limits) -> Iterator[tuple[Processes, Future[None]]]:
    """Start them, and say when they are ready. Their temporary files have one folder, which goes with them."""
    folder = tempfile.mkdtemp(prefix=TEMPORARY)
    try:
        pool = Processes(workers, folder, limits)
        try:
            yield pool, pool.begin()
        finally:
            pool.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run_here(run: Run, state: Path, pool: Processes, ready: Future[None]) -> None:
    """Grade on this machine, and note where the temporary files are, for the next run if this one is killed."""
    note = state / "temporary"
    with contextlib.suppress(FileNotFoundError):
        left = Path(note.read_text().strip())
        if left.name.startswith(TEMPORARY) and left.parent == Path(tempfile.gettempdir()):
            shutil.rmtree(left, ignore_errors=True)  # of a run that was killed: we hold its lock
    note.write_text(pool.folder + "\n")
    try:
        ready.result()  # no run begins without walls
        run.grade(pool)
    finally:
        note.unlink(missing_ok=True)


def write_json(file: Path, journal: Journal, keys: list[Key]) -> None:
    """Write all results, one a line, whole or not at all."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with draft.open("w", encoding="utf8") as out:
            for number, ((student, notebook), result) in enumerate(journal.results(keys)):
                line = {"student": student, "notebook": notebook, "result": result}
                out.write(("[\n" if number == 0 else ",\n") + json.dumps(line, sort_keys=True))
            out.write("\n]\n")
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)


# ------------------------------------------------------------------------------------------------ at the end


class Tally:
    """What a run found, counted."""

    def __init__(self) -> None:
        self.marks: Counter[float] = Counter()
        self.mistakes: Counter[tuple[str, str]] = Counter()
        self.kinds: dict[str, list[str]] = {}
        self.most = 0.0
        self.isolation: set[str] = set()

    def add(self, student: str, result: dict[str, Any]) -> None:
        """Count one result."""
        self.marks[result["score"]] += 1
        self.most = max(self.most, result["max_score"])
        self.isolation.add(result["isolation"])
        if result["kind"]:
            self.kinds.setdefault(result["kind"], []).append(student)
        for part in result["parts"]:
            self.mistakes.update(
                (one["exercise"], one["mistake"].replace("_", " ")) for one in part["verdicts"] if one["mistake"]
            )

    def show(self, expected: int, before: int) -> None:
        """Print it."""
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        graded = sum(self.marks.values())
        console = Console(highlight=False)
        already = f" ({before} of them before)" if before else ""
        console.print(f"{graded} of {expected} have their verdict{already}; isolation: {', '.join(self.isolation)}")
        marks = Table("marks", "how many", "", title=f"Marks, of {self.most:g}", title_justify="left")
        widest = max(self.marks.values(), default=1)
        for mark, count in sorted(self.marks.items()):
            marks.add_row(f"{mark:g}", str(count), "█" * max(1, round(40 * count / widest)))
        console.print(marks)
        mistakes = Table("what", "how many", title="Most frequent mistakes", title_justify="left")
        for (name, what), count in self.mistakes.most_common(10):
            mistakes.add_row(f"{name}: {what}", str(count))
        ended = Table("what", "how many", "who", title="Not run to the end", title_justify="left")
        for what, students in sorted(self.kinds.items(), key=lambda one: -len(one[1])):
            ended.add_row(ENDINGS.get(what, what), str(len(students)), Text(_some(students)))
        for table in (mistakes, ended):
            if table.row_count:
                console.print(table)
        if expected > graded:
            console.print(f"[bold]{expected - graded} have no verdict.[/] Run the same command again.")


def _some(students: list[str]) -> str:
    """The first names of a list, in letters that do nothing to a terminal."""
    more = f" and {len(students) - NAMED} more" if len(students) > NAMED else ""
    return ", ".join(printable(student)[:40] for student in students[:NAMED]) + more
