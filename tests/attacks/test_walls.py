"""What each wall is good for: with it an attack is held back, without it the same attack gets through.

pytest -q -s tests/attacks/test_walls.py      prints the table
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from arena import HONEST, WON, Arena, Attack, assignment, families, outputs

from optcourse.grading import wire
from optcourse.grading.judge import Result, grade_notebook
from optcourse.grading.sandbox import NoSandboxError, Sandbox, Spec, Wall

MEETING = f"optcourse-attack-meeting-{os.getpid()}"  # all tests of a machine share its names
LEAVES = "kernel('shmget', 4711, 4096, 0o1666)"
FINDS = "attempt(lambda: kernel('shmget', 4711, 4096, 0))"
# It goes on holding them: how soon the watchdog has its turn is for the machine to say.
HOLDS = """
import time
held = []
for _ in range(8): held.append(bytearray(b'x') * (100 << 20))
time.sleep(4)
attempt(lambda: len(held))
"""


@dataclass(frozen=True)
class Removal:
    """One wall, and the attack that shows it.

    Attributes
    ----------
    wall : str
        What is removed.
    shown_by : str
        The attack, in words.
    attack : Attack
        The attack.
    behind : tuple of str
        Walls in front of it, that must be away already for it to be reached: it is the second to stand there.
    before : str
        A cell of another submission that is graded first.
    """

    wall: Wall
    shown_by: str
    attack: Attack
    behind: tuple[Wall, ...] = ()
    before: str = ""


def known(family: str, name: str) -> Attack:
    """An attack from its table."""
    return next(one for one in families()[f"test_attacks_{family}"].ATTACKS if one.name == name)


def cell(code: str) -> Attack:
    return Attack("shows a wall", "walls", cell=code)


REMOVALS = [
    Removal("seccomp", "a pair of sockets", known("network", "pairs of sockets")),
    Removal("seccomp", "a user namespace of its own", known("kernel", "a user namespace")),
    Removal("seccomp", "a file in memory, outside /tmp", known("bombs", "memory files")),
    Removal("remounts", "the list of processes in /proc", known("files", "reads processes")),
    Removal("limits", "a thousand open files", known("bombs", "descriptors")),
    Removal("watchdog", "800 MB where 512 are allowed", cell(HOLDS)),
    Removal("pids", "signals to processes that are not its own", known("kernel", "kill every number")),
    Removal(
        "net",
        "an abstract socket of the host",
        cell(f"import socket\nattempt(lambda: socket.socket(socket.AF_UNIX).connect('\\0{MEETING}'), lambda _: True)"),
        behind=("seccomp",),
    ),
    Removal("ipc", "memory shared with the submission before", cell(FINDS), behind=("seccomp",), before=LEAVES),
    Removal("uts", "the machine's name", known("kernel", "the machine's name, read")),
]


@contextlib.contextmanager
def listener() -> Iterator[None]:
    """Somebody in the host's network who waits to be called."""
    with socket.socket(socket.AF_UNIX) as waiting:
        waiting.bind(f"\0{MEETING}")
        waiting.listen()
        yield


def graded(arena: Arena, attack: Attack, *without: Wall, before: str = "") -> Result:
    """Grade an attack behind fewer walls."""
    spec = Spec(without=frozenset(without))
    limits = dataclasses.replace(HONEST, spec=spec)
    with Sandbox(spec) as sandbox:
        for one in ([cell(before)] if before else []) + [attack]:
            result = grade_notebook(assignment(), arena.submission(one), limits, "the term's seed", sandbox)
    return result


def through(result: Result) -> bool:
    return WON in outputs(result)


@pytest.mark.parametrize("removal", REMOVALS, ids=lambda one: f"{one.wall}: {one.shown_by}".replace(" ", "-"))
def test_with_the_wall_the_attack_is_held_back_and_without_it_gets_through(arena, removal):
    with listener():
        assert not through(graded(arena, removal.attack, *removal.behind, before=removal.before))
        gone = graded(arena, removal.attack, *removal.behind, removal.wall, before=removal.before)
    assert through(gone), outputs(gone)
    assert f"without {removal.wall}" in gone.isolation
    print(f"\nwithout {', '.join((*removal.behind, removal.wall)):20} → {removal.shown_by}")


def test_without_a_mount_namespace_nothing_is_graded(arena):
    """There the inner file systems would have to be mounted over everybody's: the kernel refuses, and so do we."""
    with pytest.raises(NoSandboxError):
        graded(arena, cell("pass"), "mounts")


def test_without_any_wall_the_same_notebooks_read_and_write_what_they_like(arena):
    """The attacks are real: where nothing holds them back, they get what they are after."""
    spec = Spec(unsafe=True)
    limits = dataclasses.replace(HONEST, spec=spec)
    with Sandbox(spec) as sandbox:
        for family, name in (
            ("files", "reads the gradebook"),
            ("files", "reads the key"),
            ("files", "reads a neighbour"),
            ("files", "reads the reference"),
            ("files", "reads own command line"),
            ("files", "reads processes"),
            ("inspection", "maps by /proc"),
            ("network", "pairs of sockets"),
            ("kernel", "a handle on a process"),
            ("bombs", "memory files"),
        ):
            result = grade_notebook(assignment(), arena.submission(known(family, name)), limits, "seed", sandbox)
            assert through(result), (name, outputs(result))
            assert result.isolation == "none"


# ----------------------------------------------------------------------------------------- bounds of a frame

ONE_LARGE_QUESTION = "def gradient_descent(grad, theta, lr, steps):\n    return grad(np.zeros(300_000))[: len(theta)]"
CHECKS = {
    "arguments": Attack("a gradient of 300 000 numbers", "walls", tasks={"gradient_descent": ONE_LARGE_QUESTION}),
    "asked": dataclasses.replace(known("bombs", "gradients of small arrays"), limits=HONEST),
    "pairs": known("wire", "for an answer: keys that collide"),
    "depth": known("wire", "for an answer: too deep"),
    "items": known("wire", "for an answer: too wide"),
    "text": Attack(
        "a long text", "walls", tasks={"largest_safe_step": "def largest_safe_step(A): return 'x' * 500_000"}
    ),
}


@pytest.mark.parametrize("bound", CHECKS)
def test_without_a_bound_the_judge_takes_what_it_refuses_with_it(arena, bound, monkeypatch):
    attack = CHECKS[bound]
    assert arena.grade(attack).kind == "output"
    wider = dataclasses.make_dataclass("Wider", [(bound, int, 1 << 40)], bases=(wire.Bounds,), frozen=True)
    monkeypatch.setattr(wire, "Bounds", wider)
    assert arena.grade(attack).kind != "output"
    print(f"\nwithout the bound on {bound:12} → {attack.name}")


def test_without_the_count_of_bytes_one_body_is_copied_many_times(monkeypatch):
    body, tree = bytes(1 << 20), ["l", [["a", "|u1", [1 << 20], 0]] * 50]

    def unpacked() -> list:
        return wire.Unpacker(body, wire.Bounds(), lambda *_: None, lambda _: None).unpack(tree)

    with pytest.raises(wire.WireError, match="share their bytes"):
        unpacked()
    monkeypatch.setattr(wire.Unpacker, "bytes", property(lambda self: 0, lambda self, value: None), raising=False)
    assert sum(array.nbytes for array in unpacked()) == 50 << 20
