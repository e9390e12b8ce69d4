"""Print every comparison with a library, and how far apart the two sides are: ``python tests/oracles/table.py``.

PyTorch's side is run where it is installed, and else read from `recorded/` (the first line says which).
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator

import numpy as np
from conventions import CONVENTIONS
from gradchecks import EPS, EXAMPLES
from libraries import LIBRARIES
from record_torch import RECORDED
from schedules import SCHEDULES
from test_conventions import deviation

from optcourse import check_gradient, numerical_gradient

Row = tuple[str, str, str, float, float]


def of_torch() -> Iterator[Row]:
    """The rows of the first-order family, the schedules and the gradient checker."""
    torch = importlib.import_module("torch") if importlib.util.find_spec("torch") else None
    for row in CONVENTIONS:
        theirs = row.their_iterates(torch) if torch else np.load(RECORDED / f"{row.name}.npz")["iterates"]
        apart = deviation(row.our_iterates(), theirs)
        yield row.name, f"torch.optim.{row.torch}", f"{row.steps} iterates", apart, 1e-12
    recorded = np.load(RECORDED / "rates" / "schedules.npz")
    for one in SCHEDULES:
        rates = one.their_rates(torch) if torch else recorded[one.name]
        apart = float(np.abs(one.our_rates() - rates).max())
        yield one.name, "torch.optim.lr_scheduler", f"{one.steps} rates", apart, 1e-12
    verdicts = json.loads((RECORDED / "gradcheck.json").read_text())["verdicts"]
    differ, apart = 0, 0.0
    for example in EXAMPLES:
        theta = np.array(example.theta, dtype=example.dtype)
        verdict = check_gradient(example.f, example.grad, theta).verdict == "almost surely right"
        differ += verdict != verdicts[example.name]["passes"]
        numerical = numerical_gradient(example.f, theta, eps=EPS) - verdicts[example.name]["numerical"]
        apart = max(apart, float(np.abs(numerical).max()) * EPS / float(np.finfo(example.dtype).eps))
    yield "check_gradient", "torch.autograd.gradcheck", f"verdicts that differ, of {len(EXAMPLES)}", differ, 0
    yield "numerical_gradient", "get_numerical_jacobian", "roundings of the loss over ε", apart, 16


def main() -> None:
    versions = {name: importlib.import_module(name).__version__ for name in ("scipy", "sklearn", "cvxpy")}
    torch = importlib.util.find_spec("torch")
    versions["torch"] = importlib.import_module("torch").__version__ if torch else "recorded"
    print(", ".join(f"{name} {version}" for name, version in versions.items()), end="\n\n")
    print("| ours | peer | compared | worst deviation | bound |\n| --- | --- | --- | --- | --- |")
    rows = [*of_torch(), *((one.method, one.peer, one.compared, one.deviation(), one.bound) for one in LIBRARIES)]
    for ours, peer, compared, apart, bound in rows:
        print(f"| {ours} | {peer} | {compared} | {apart:.1e} | {bound:.0e} |")


if __name__ == "__main__":
    main()
