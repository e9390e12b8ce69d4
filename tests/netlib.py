"""The published linear programs, for tests and benchmarks: found at ../shared/data, or where OPTCOURSE_DATA points."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np

from optcourse import LinearProgram

DATA = Path(os.environ.get("OPTCOURSE_DATA") or Path(__file__).parents[2] / "shared" / "data")
ABSENT = f"the published linear programs are not at {DATA}: point OPTCOURSE_DATA to them"

# Named here, so that a missing file is missed. SciPy's benchmark suite has them all.
FEASIBLE = [
    *("AFIRO", "SC50B", "SC50A", "SC105", "STOCFOR1", "ADLITTLE", "SHARE2B", "LOTFI", "SCTAP1", "ISRAEL"),
    *("SCAGR25", "SCSD1", "BORE3D", "STANDATA", "BEACONFD", "CAPRI", "E226", "AGG", "GFRD-PNC", "SCFXM1"),
]
INFEASIBLE = ["bgprtr", "itest2", "itest6"]


def load(path: Path) -> LinearProgram:
    """Read one program; empty arrays stand for what is not there."""
    with np.load(path, allow_pickle=True) as file:
        parts = {name: file[name] for name in ("c", "A_ub", "b_ub", "A_eq", "b_eq", "bounds") if file[name].size}
    if "bounds" in parts:
        parts["bounds"] = parts["bounds"].reshape(-1, 2)
    return LinearProgram(**parts)


def feasible(name: str) -> LinearProgram:
    """Return one of `FEASIBLE`."""
    return load(DATA / "netlib" / f"{name}.npz")


def infeasible(name: str) -> LinearProgram:
    """Return one of `INFEASIBLE`."""
    return load(DATA / "netlib_infeasible" / f"{name}.npz")


def optima() -> dict[str, float]:
    """Return the certified optimal value of each feasible program."""
    with (DATA / "netlib" / "optima.csv").open(encoding="utf-8") as table:
        return {row["name"]: float(row["certified_obj"]) for row in csv.DictReader(table)}
