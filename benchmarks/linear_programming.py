"""The simplex and interior-point methods against HiGHS on the published linear programs.

``PYTHONPATH=. python benchmarks/linear_programming.py`` prints a table of milliseconds, iterations and ratios
ours/HiGHS. The peer is ``scipy.optimize.linprog``, as a practitioner would call it. HiGHS simplifies a program before
it solves it (presolve) and ours does not, so its iterations are counted both ways; its time is that with presolve.
"""

from __future__ import annotations

import statistics
from typing import NamedTuple

from timing import interleaved, machine, table  # first: it fixes the number of threads

from scipy.optimize import linprog  # isort: skip

from optcourse import interior_point, simplex  # isort: skip
from optcourse.linear_programming import solution  # isort: skip
from tests import netlib  # isort: skip

ROUNDS = 7
PAIRS = {"simplex": (simplex, "highs-ds"), "interior_point": (interior_point, "highs-ipm")}
CLASSES = {"m < 150": (0, 150), "150 ≤ m < 350": (150, 350), "m ≥ 350": (350, 10_000)}


class Duel(NamedTuple):
    """One program solved by both: rows, median seconds, iterations, and HiGHS's iterations without presolve."""

    name: str
    rows: int
    ours: float
    theirs: float
    our_steps: int
    their_steps: int
    plain_steps: int


def measure(method: str, name: str) -> Duel:
    """Let both solve one program."""
    solver, peer = PAIRS[method]
    program = netlib.feasible(name)

    def call_peer(presolve: bool = True) -> int:
        return int(linprog(**vars(program), method=peer, options={"presolve": presolve}).nit)

    def call_ours() -> int:
        return int(solution(solver(program)).iterations)

    seconds = interleaved({"ours": call_ours, "theirs": call_peer}, ROUNDS)
    rows = len(program.b_ub) + len(program.b_eq)
    return Duel(name, rows, seconds["ours"], seconds["theirs"], call_ours(), call_peer(), call_peer(presolve=False))


def rows(method: str) -> list[list[str]]:
    """Return the table of one method: every program, then the median ratios of each size."""
    duels = [measure(method, name) for name in netlib.FEASIBLE]
    lines = []
    for duel in sorted(duels, key=lambda duel: duel.rows):
        time = f"{1e3 * duel.ours:.1f} / {1e3 * duel.theirs:.1f} ms = {duel.ours / duel.theirs:.2f}×"
        steps = f"{duel.our_steps} / {duel.their_steps} = {duel.our_steps / max(1, duel.their_steps):.2f}×"
        plain = f"{duel.plain_steps}: {duel.our_steps / max(1, duel.plain_steps):.2f}×"
        lines.append([duel.name, str(duel.rows), time, steps, plain])
    for label, (low, high) in {**CLASSES, "all": (0, 10_000)}.items():
        chosen = [duel for duel in duels if low <= duel.rows < high]
        ratios = [
            statistics.median(duel.ours / duel.theirs for duel in chosen),
            statistics.median(duel.our_steps / max(1, duel.their_steps) for duel in chosen),
            statistics.median(duel.our_steps / max(1, duel.plain_steps) for duel in chosen),
        ]
        lines.append([f"median, {label}", f"{len(chosen)} programs", *(f"{ratio:.2f}×" for ratio in ratios)])
    return lines


def main() -> None:
    if not netlib.DATA.is_dir():
        raise SystemExit(netlib.ABSENT)
    print(machine("scipy"), f"ours / HiGHS, median of {ROUNDS} interleaved rounds")
    for method, (_, peer) in PAIRS.items():
        print(f"\n{method} against {peer}\n")
        print(table(["program", "m", "time", "iterations", "iterations without presolve"], rows(method)))


if __name__ == "__main__":
    main()
