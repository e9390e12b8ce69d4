"""The LASSO by a growing working set and by FISTA with restart, against scikit-learn's coordinate descent.

``PYTHONPATH=. python benchmarks/nonsmooth.py`` prints a table of milliseconds, gaps and ratios ours/scikit-learn. The
peer runs at ``tol=1e-10``. FISTA stops at the gap that the peer has reached, the working set at 1e-14 of ½‖y‖². FISTA
multiplies by XᵀX where that is smaller than X, and by the columns of the support where it is not. Its gap, looked at
every tenth step, is that of the point z where the gradient was asked for last: Xᵀr is known there.
"""

from __future__ import annotations

import statistics
import warnings
from collections.abc import Iterator
from typing import Any, NamedTuple

from timing import interleaved, machine, table  # first: it fixes the number of threads

import numpy as np  # isort: skip
import sklearn.linear_model  # isort: skip
from sklearn.datasets import load_breast_cancer, load_diabetes, make_regression  # isort: skip

from optcourse import fista, lasso, lasso_gap, lasso_lam_max, prox_l1  # isort: skip
from optcourse.certificates import lasso_gap_of  # isort: skip

ROUNDS = 7
SHARES = (0.5, 0.1, 0.02)  # of λ_max
LEAST_GAP = 1e-13  # relative: rounding in Xθ keeps FISTA's gap above


class Data(NamedTuple):
    """One data set, its columns as scikit-learn wants them."""

    name: str
    X: Any
    y: Any


def standardised(name: str, X: Any, y: Any) -> Data:
    return Data(f"{name}, {X.shape[0]} × {X.shape[1]}", np.asfortranarray((X - X.mean(0)) / X.std(0)), y - y.mean())


def sets() -> Iterator[Data]:
    """Two that come with scikit-learn, one tall and two wide."""
    yield standardised("diabetes", *load_diabetes(return_X_y=True))
    yield standardised("breast cancer", *load_breast_cancer(return_X_y=True))
    for n, p in ((1000, 100), (100, 1000), (200, 5000)):
        X, y = make_regression(n, p, n_informative=20, noise=5.0, random_state=0)
        yield standardised("drawn", X, y)


class Duel(NamedTuple):
    """One problem: median seconds and final gaps, as shares of ½‖y‖², by solver."""

    name: str
    seconds: dict[str, float]
    gaps: dict[str, float]


def measure(data: Data, share: float) -> Duel:
    """Let all three solve one problem."""
    _, X, y = data
    lam, scale = share * lasso_lam_max(X, y), 0.5 * float(y @ y)
    peer = sklearn.linear_model.Lasso(alpha=lam / len(y), fit_intercept=False, tol=1e-10, max_iter=100_000)

    def with_peer() -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # where it cannot reach its tolerance it says so
            return peer.fit(X, y).coef_

    goal = max(lasso_gap(X, y, lam, with_peer()), LEAST_GAP * scale)

    def with_working_set() -> Any:
        found = np.zeros(X.shape[1])
        for theta in lasso(X, y, lam):
            found = theta
        return found

    def with_fista() -> Any:
        tall = len(y) >= X.shape[1]
        gram, correlations = (X.T @ X if tall else X @ X.T), X.T @ y
        at, slope = np.zeros(X.shape[1]), -correlations  # where the gradient was asked for last, and what it was

        def residual(theta: Any) -> Any:
            support = theta.nonzero()[0]
            return y - X[:, support] @ theta[support]

        def grad(theta: Any) -> Any:
            nonlocal at, slope
            at, slope = theta, gram @ theta - correlations if tall else X.T @ -residual(theta)
            return slope

        rate = 1 / np.linalg.eigvalsh(gram)[-1]
        descent = fista(grad, lambda v, eta: prox_l1(v, eta * lam), at, rate)
        for step, _ in enumerate(descent):
            if step % 10 == 9 and lasso_gap_of(residual(at), -slope, lam, at) <= goal:
                return at

    solvers = {"lasso": with_working_set, "fista": with_fista, "peer": with_peer}
    seconds = interleaved(solvers, ROUNDS)
    gaps = {name: lasso_gap(X, y, lam, solve()) / scale for name, solve in solvers.items()}
    return Duel(f"{data.name}, λ = {share:g} λ_max", seconds, gaps)


def main() -> None:
    print(machine("sklearn"), f"ours / scikit-learn, median of {ROUNDS} interleaved rounds\n")
    duels = [measure(data, share) for data in sets() for share in SHARES]
    lines = []
    for duel in duels:
        theirs = duel.seconds["peer"]
        line = [duel.name, f"{1e3 * theirs:.2f} ms, gap {duel.gaps['peer']:.0e}"]
        for name in ("lasso", "fista"):
            ours = duel.seconds[name]
            line.append(f"{1e3 * ours:.2f} ms = {ours / theirs:.2f}×, gap {duel.gaps[name]:.0e}")
        lines.append(line)
    medians = [
        statistics.median(duel.seconds[name] / duel.seconds["peer"] for duel in duels) for name in ("lasso", "fista")
    ]
    lines.append(["**median**", "", *(f"**{ratio:.2f}×**" for ratio in medians)])
    print(table(["problem", "Lasso(tol=1e-10)", "lasso", "fista"], lines))


if __name__ == "__main__":
    main()
