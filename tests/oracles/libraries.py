"""Our methods beside those of SciPy, scikit-learn, HiGHS, cvxpy and NumPy, as data: what is compared, how far apart.

PyTorch has tables of its own (`conventions.py`, `schedules.py`, `gradchecks.py`), since it need not be installed. Each
row here runs both sides on problems drawn from its own seed. `test_libraries.py` holds every row to its bound, and
every method of the catalogue to a row; `table.py` prints what is measured.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Any

import cvxpy as cp
import numpy as np
import scipy.differentiate
import scipy.optimize
import scipy.sparse.linalg
import scipy.spatial
import sklearn.linear_model
import sklearn.svm

import optcourse
from optcourse import LinearProgram, QuadraticProgram, problems, run
from optcourse.linear_programming import solution

EXACT = dict.fromkeys(("tol_gap_abs", "tol_gap_rel", "tol_feas"), 1e-12)  # Clarabel's, for cvxpy
SEEDS = range(6)


@dataclass(frozen=True)
class Comparison:
    """One method of ours beside a peer.

    Attributes
    ----------
    method : str
        Ours: ``optcourse.<method>``.
    peer : str
        The call it is compared with.
    compared : str
        What of the two answers.
    deviation : function
        Runs both sides; returns the worst deviation, relative to max(1, size) unless `compared` says otherwise.
    bound : float
        What the deviation may be: set by the peer's own accuracy where that is less than ours.
    """

    method: str
    peer: str
    compared: str
    deviation: Callable[[], float]
    bound: float


def apart(ours: Any, theirs: Any) -> float:
    """The largest difference of two answers, relative to max(1, size)."""
    ours, theirs = np.asarray(ours, float), np.asarray(theirs, float)
    assert ours.shape == theirs.shape
    assert np.isfinite(ours).all()
    return float(np.max(np.abs(ours - theirs), initial=0.0) / max(1.0, np.abs(theirs).max(initial=0.0)))


def worst(one: Callable[[np.random.Generator], float]) -> Callable[[], float]:
    """The worst of several problems, each from a seed of its own."""
    return lambda: max(one(np.random.default_rng(seed)) for seed in SEEDS)


def spd(rng: np.random.Generator, n: int = 6) -> Any:
    root = rng.normal(size=(n, n))
    return root @ root.T + np.eye(n)


def solved(variable: Any, objective: Any, constraints: Any = ()) -> Any:
    cp.Problem(cp.Minimize(objective), list(constraints)).solve(solver=cp.CLARABEL, **EXACT)
    return variable.value


# ------------------------------------------------------------------------------- 3.2, 3.7 and 3.8: smooth losses

VALLEYS = (problems.rosenbrock(), problems.beale(), problems.quadratic(100.0, 20), problems.logistic_regression())


def minimiser(ours: str, theirs: str, hess: bool = False) -> Callable[[], float]:
    def on(problem: Any) -> float:
        second = (problem.hess,) if hess else ()
        stream = getattr(optcourse, ours)(problem.loss, problem.grad, *second, problem.start)
        found = run(stream, steps=500, tol=1e-9, grad=problem.grad).theta
        peer = scipy.optimize.minimize(
            problem.loss,
            problem.start,
            jac=problem.grad,
            hess=problem.hess if hess else None,
            method=theirs,
            tol=1e-12,
            options={"maxiter": 5000},
        )
        return apart(found, peer.x)

    return lambda: max(on(problem) for problem in VALLEYS)


def newton(rng: np.random.Generator) -> float:
    root = float(rng.normal())
    ours = list(islice(optcourse.newton(lambda t: np.exp(t) - np.exp(root), np.exp, theta=root + 0.5), 8))[-1]
    return apart(ours, scipy.optimize.newton(lambda t: np.exp(t) - np.exp(root), root + 0.5, fprime=np.exp))


def conjugate_gradient(rng: np.random.Generator) -> float:
    A, b, theirs = spd(rng, 12), rng.normal(size=12), []
    scipy.sparse.linalg.cg(A, b, maxiter=8, rtol=0, callback=lambda x: theirs.append(x.copy()))
    return apart(list(islice(optcourse.conjugate_gradient(A, b), 8)), theirs)


def strong_wolfe(rng: np.random.Generator) -> float:
    """By how much our step misses the conditions with SciPy's c1 and c2, where SciPy's own search finds one."""
    problem, missed = problems.rosenbrock(), 0.0
    for _ in range(20):
        theta = rng.uniform(-2, 2, 2)
        d, slope = -problem.grad(theta), -float(problem.grad(theta) @ problem.grad(theta))
        theirs = scipy.optimize.line_search(problem.loss, problem.grad, theta, d, c1=1e-4, c2=0.9)
        if theirs[0] is None:
            continue
        ours = optcourse.strong_wolfe(problem.loss, problem.grad, theta, d, c1=1e-4, c2=0.9)
        for alpha in (theirs[0], ours.rate):
            there = theta + alpha * d
            ends = problem.loss(theta), slope, problem.loss(there), float(problem.grad(there) @ d)
            missed = max(missed, *optcourse.wolfe_conditions(*ends, alpha=float(alpha)))
    return missed


def sgd(rng: np.random.Generator) -> float:
    X, labels = rng.normal(size=(40, 3)), rng.integers(0, 2, 40)
    labels[:2] = 0, 1

    def grad_i(theta: Any, batch: Any) -> Any:
        return X[batch].T @ (1 / (1 + np.exp(-X[batch] @ theta)) - labels[batch])

    theirs = sklearn.linear_model.SGDClassifier(
        loss="log_loss", penalty=None, learning_rate="constant", eta0=0.1, fit_intercept=False, shuffle=False
    )
    stream, off = optcourse.sgd(grad_i, np.zeros(3), 40, 0.1, 1, rng), 0.0
    for theta in islice(stream, 500):  # one example at a time, in our order
        theirs.partial_fit(X[stream.state["batch"]], labels[stream.state["batch"]], classes=[0, 1])
        off = max(off, apart(theta, theirs.coef_[0]))
    return off


# ------------------------------------------------------------------------------------ 3.9 and 3.10: constraints


def quadratic(rng: np.random.Generator, inequalities: int = 0) -> tuple[Any, Any]:
    """A strictly convex program with two equalities, and a feasible point."""
    inside, A, G = rng.normal(size=5), rng.normal(size=(2, 5)), rng.normal(size=(inequalities, 5))
    program = QuadraticProgram(
        spd(rng, 5), 4 * rng.normal(size=5), A, A @ inside, G, G @ inside + rng.uniform(0, 1, inequalities)
    )
    return program, inside


def by_cvxpy(program: Any) -> tuple[Any, Any, Any]:
    x = cp.Variable(program.c.size)
    equal, below = program.A_eq @ x == program.b_eq, program.A_ub @ x <= program.b_ub
    rows = [equal, below] if len(program.b_ub) else [equal]
    solved(x, 0.5 * cp.quad_form(x, cp.psd_wrap(program.Q)) + program.c @ x, rows)
    return x.value, equal.dual_value, below.dual_value if len(program.b_ub) else np.zeros(0)


def solve_equality_qp(rng: np.random.Generator) -> float:
    program, _ = quadratic(rng)
    point, (x, nu, _) = optcourse.solve_equality_qp(program), by_cvxpy(program)
    return max(apart(point.x, x), apart(point.nu, nu))


def active_set_qp(rng: np.random.Generator) -> float:
    program, inside = quadratic(rng, inequalities=6)
    point, (x, nu, mu) = optcourse.active_set_qp(program, inside), by_cvxpy(program)
    return max(apart(point.x, x), apart(point.nu, nu), apart(point.mu, mu))


def dual(rng: np.random.Generator) -> float:
    program, _ = quadratic(rng, inequalities=6)
    x, nu, mu = by_cvxpy(program)
    mu = np.maximum(mu, 0)
    return apart(optcourse.lagrange_dual(program).value(nu, mu), program.value(x))


def gap(rng: np.random.Generator) -> float:
    program, inside = quadratic(rng, inequalities=6)
    _, nu, mu = by_cvxpy(program)
    ours = optcourse.active_set_qp(program, inside)  # feasible to rounding; cvxpy's is to its tolerance
    return abs(optcourse.duality_gap(program, ours.x, nu, np.maximum(mu, 0)))


def kkt_residuals(rng: np.random.Generator) -> float:
    program, _ = quadratic(rng, inequalities=6)
    x, nu, mu = by_cvxpy(program)
    return max(
        optcourse.kkt_residuals(
            program.grad(x),
            equality=program.A_eq @ x - program.b_eq,
            equality_jacobian=program.A_eq,
            nu=nu,
            inequality=program.A_ub @ x - program.b_ub,
            inequality_jacobian=program.A_ub,
            mu=mu,
        )
    )


def newton_kkt(rng: np.random.Generator) -> float:
    costs, A = rng.uniform(0.5, 2, 4), np.ones((1, 4))
    grad, hess = lambda t: costs * np.exp(t), lambda t: np.diag(costs * np.exp(t))
    ours = run(optcourse.newton_kkt(grad, hess, np.zeros(4), A, [1.0]), steps=30).theta
    theirs = scipy.optimize.minimize(
        lambda t: costs @ np.exp(t),
        np.zeros(4),
        jac=grad,
        hess=hess,
        method="trust-constr",
        constraints=scipy.optimize.LinearConstraint(A, 1.0, 1.0),
        options={"gtol": 1e-12, "xtol": 1e-14},
    )
    return apart(ours, theirs.x)


def augmented_lagrangian(rng: np.random.Generator) -> float:
    target = rng.normal(size=3) + 2
    loss, grad = lambda t: np.sum((t - target) ** 2), lambda t: 2 * (t - target)
    circle = {"type": "eq", "fun": lambda t: t @ t - 1, "jac": lambda t: 2 * t}
    steps = optcourse.augmented_lagrangian(
        loss, grad, lambda t: np.array([t @ t - 1]), lambda t: 2 * t[None], np.array([1.0, 0.0, 0.0])
    )
    theirs = scipy.optimize.minimize(
        loss, [1.0, 0.0, 0.0], jac=grad, method="SLSQP", constraints=circle, options={"ftol": 1e-15}
    )
    return apart(run(steps, steps=20).theta, theirs.x)


def projected_gradient(rng: np.random.Generator) -> float:
    A, b, x = rng.normal(size=(12, 5)), rng.normal(size=12), cp.Variable(5)
    grad, rate = (lambda t: A.T @ (A @ t - b)), 1 / np.linalg.norm(A, 2) ** 2
    ours = run(optcourse.projected_gradient(grad, optcourse.project_simplex, np.full(5, 0.2), rate), steps=5000).theta
    return apart(ours, solved(x, cp.sum_squares(A @ x - b), [x >= 0, cp.sum(x) == 1]))


def svm_dual(rng: np.random.Generator) -> float:
    y = np.where(np.arange(40) < 20, -1.0, 1.0)
    X = rng.normal(size=(40, 2)) + y[:, None]
    stream = optcourse.svm_dual(X, y, C=1.0)
    theta = list(stream)[-1]
    peer = sklearn.svm.SVC(kernel="linear", C=1.0, tol=1e-12).fit(X, y)
    assert set(peer.support_) == set(np.flatnonzero(theta > 1e-9))
    return max(apart(stream.state["w"], peer.coef_[0]), apart(stream.state["bias"], peer.intercept_[0]))


# ---------------------------------------------------------------------------------------- 3.11 and 3.14: LASSO


class Lasso:
    """Data, a penalty, and scikit-learn's answer with the gap that it leaves."""

    def __init__(self, rng: np.random.Generator):
        self.X = rng.normal(size=(60, 30)) * np.linspace(0.5, 2, 30)
        self.y = self.X[:, ::6] @ rng.normal(size=5) + 0.1 * rng.normal(size=60)
        self.lam = 0.05 * optcourse.lasso_lam_max(self.X, self.y)
        peer = sklearn.linear_model.Lasso(alpha=self.lam / 60, fit_intercept=False, tol=1e-14, max_iter=10**6)
        self.theirs = peer.fit(self.X, self.y).coef_

    def loss(self, theta: Any) -> float:
        return float(0.5 * np.sum((self.y - self.X @ theta) ** 2) + self.lam * np.abs(theta).sum())

    def behind(self, ours: Any) -> float:
        """Our gap, and what our loss is above theirs, relative to ½‖y‖²."""
        scale = 0.5 * float(self.y @ self.y)
        gap = optcourse.lasso_gap(self.X, self.y, self.lam, ours)
        return max(gap, self.loss(ours) - self.loss(self.theirs), 0.0) / scale

    def proximal(self) -> tuple[Any, ...]:
        X, y, lam = self.X, self.y, self.lam
        rate = 1 / np.linalg.norm(X, 2) ** 2
        return (lambda t: X.T @ (X @ t - y)), (lambda v, t: optcourse.prox_l1(v, lam * t)), np.zeros(30), rate

    def minimise(self, theta: Any, j: int) -> Any:
        column = self.X[:, j]
        square = column @ column
        pull = column @ (self.y - self.X @ theta)
        return optcourse.soft_threshold(theta[j] + pull / square, self.lam / square)


LASSO: dict[str, Callable[[Lasso], Any]] = {
    "coordinate_descent": lambda one: islice(optcourse.coordinate_descent(one.minimise, np.zeros(30)), 30 * 400),
    "lasso_cd": lambda one: islice(optcourse.lasso_cd(one.X, one.y, one.lam), 400),
    "lasso": lambda one: optcourse.lasso(one.X, one.y, one.lam),
    "proximal_gradient": lambda one: islice(optcourse.proximal_gradient(*one.proximal()), 5000),
    "fista": lambda one: islice(optcourse.fista(*one.proximal()), 2000),
}


def lasso_by(name: str) -> Callable[[], float]:
    def one(rng: np.random.Generator) -> float:
        problem = Lasso(rng)
        *_, theta = LASSO[name](problem)
        return problem.behind(theta)

    return worst(one)


def lasso_path(rng: np.random.Generator) -> float:
    one = Lasso(rng)
    ours = optcourse.lasso_path(one.X, one.y, n_lams=8, tol=1e-14)
    alphas = ours.lams / 60
    _, theirs, _ = sklearn.linear_model.lasso_path(one.X, one.y, alphas=alphas, tol=1e-14, max_iter=10**6)
    return apart(ours.thetas, theirs.T)


# --------------------------------------------------------------------------------------- 3.12: linear programs


def linear(rng: np.random.Generator) -> Any:
    """A program with rows and bounds of both kinds, whose solution and prices are unique."""
    n, x = 6, rng.uniform(1, 2, 6)
    A, E = rng.normal(size=(4, n)), rng.normal(size=(2, n))
    y_ub, y_eq = np.array([*-rng.uniform(1, 2, 2), 0.0, 0.0]), rng.normal(size=2)
    at_bound = np.array([1.0, 1.0, 0, 0, 0, 0])
    reduced = at_bound * rng.uniform(1, 2, n)  # two variables at their lower bounds
    bounds = np.column_stack([np.where(at_bound > 0, x, x - 1), np.full(n, 9.0)])
    slack = np.array([0.0, 0.0, *rng.uniform(1, 2, 2)])
    return LinearProgram(A.T @ y_ub + E.T @ y_eq + reduced, A, A @ x + slack, E, E @ x, bounds)


def linprog_by(ours: str, theirs: str) -> Callable[[], float]:
    def one(rng: np.random.Generator) -> float:
        program = linear(rng)
        found = solution(getattr(optcourse, ours)(program))
        parts = {name: getattr(program, name) for name in ("c", "A_ub", "b_ub", "A_eq", "b_eq", "bounds")}
        peer = scipy.optimize.linprog(**parts, method=theirs)
        return max(
            apart(found.value, peer.fun),
            apart(found.x, peer.x),
            apart(found.y_ub, peer.ineqlin.marginals),
            apart(found.y_eq, peer.eqlin.marginals),
        )

    return worst(one)


def branch_and_bound(rng: np.random.Generator) -> float:
    program = LinearProgram(-rng.integers(3, 30, 8), rng.integers(1, 9, (3, 8)), [17.0] * 3, bounds=[(0, 3)] * 8)
    *_, x = optcourse.branch_and_bound(program, range(8))
    rows = scipy.optimize.LinearConstraint(program.A_ub, -np.inf, program.b_ub)
    box = scipy.optimize.Bounds(*program.bounds.T)
    return apart(program.value(x), scipy.optimize.milp(program.c, integrality=1, bounds=box, constraints=rows).fun)


def vertices(rng: np.random.Generator) -> float:
    A, b = rng.normal(size=(5, 2)), rng.uniform(0.2, 1, 5)
    ours = optcourse.vertices(LinearProgram([1.0, 1.0], A, b, bounds=[(-2, 2)] * 2))
    walls = np.vstack([np.column_stack([A, -b]), [[1, 0, -2], [-1, 0, -2], [0, 1, -2], [0, -1, -2]]])
    theirs = scipy.spatial.HalfspaceIntersection(walls, np.zeros(2)).intersections
    distances = np.linalg.norm(ours[:, None] - theirs[None], axis=2)
    return float(max(distances.min(axis=0).max(), distances.min(axis=1).max()))


# ------------------------------------------------------------------------------------------- 3.13 to 3.15: the rest


def differential_evolution(rng: np.random.Generator) -> float:
    def both(v: Any) -> Any:
        return (v[..., 0] - 2) ** 2 + (v[..., 1] + 1) ** 2

    ours = run(optcourse.differential_evolution(both, [-5, -5], [5, 5], rng), steps=150).theta
    return apart(ours, scipy.optimize.differential_evolution(both, [(-5, 5), (-5, 5)], rng=rng).x)


GROUPS = [[0, 3], [1, 2, 5]]
PROXES: dict[str, tuple[Callable[[Any, float], Any], Callable[[Any], Any], tuple[int, ...]]] = {
    "prox_l1": (optcourse.prox_l1, cp.norm1, (6,)),
    "prox_l2": (optcourse.prox_l2, lambda u: 0.5 * cp.sum_squares(u), (6,)),
    "prox_group": (
        lambda v, t: optcourse.prox_group(v, t, GROUPS),
        lambda u: sum(cp.norm2(u[group]) for group in GROUPS),
        (6,),
    ),
    "prox_tv1d": (optcourse.prox_tv1d, cp.tv, (6,)),
    "prox_nuclear": (optcourse.prox_nuclear, cp.normNuc, (4, 3)),
}


def prox(name: str) -> Callable[[], float]:
    ours, penalty, shape = PROXES[name]

    def one(rng: np.random.Generator) -> float:
        v, t, u = 2 * rng.normal(size=shape), float(rng.uniform(0.1, 2)), cp.Variable(shape)
        return apart(ours(v, t), solved(u, t * penalty(u) + 0.5 * cp.sum_squares(u - v)))

    return worst(one)


def projection(ours: str) -> Callable[[], float]:
    def one(rng: np.random.Generator) -> float:
        v, u = 2 * rng.normal(size=7), cp.Variable(7)
        theirs = solved(u, cp.sum_squares(u - v), [u >= 0, cp.sum(u) == 1.5])
        return apart(getattr(optcourse, ours)(v, 1.5), theirs)

    return worst(one)


def prox_box(rng: np.random.Generator) -> float:
    v, low = rng.normal(size=50), -rng.uniform(size=50)
    return apart(optcourse.prox_box(v, low, 0.5), np.clip(v, low, 0.5))


def smoothness(rng: np.random.Generator) -> float:
    A = spd(rng, 12)
    return apart(optcourse.smoothness(A), scipy.sparse.linalg.eigsh(A, k=1, v0=np.ones(12))[0][0])


def is_psd(rng: np.random.Generator) -> float:
    """How many of twenty matrices it judges otherwise than Cholesky's factorisation."""
    wrong = 0
    for shift in np.linspace(-1, 1, 20):
        A = rng.normal(size=(5, 5))
        A = A + A.T
        A += (shift - np.linalg.eigvalsh(A)[0]) * np.eye(5)  # the least eigenvalue is the shift
        try:
            np.linalg.cholesky(A)
            theirs = True
        except np.linalg.LinAlgError:
            theirs = False
        wrong += optcourse.is_psd(A) != theirs
    return float(wrong)


def numerical_gradient(rng: np.random.Generator) -> float:
    eps, off = 2.0**-26, 0.0  # a power of two: both libraries walk exactly ε
    for problem in problems.GALLERY:
        theta = problem.start
        ours = optcourse.numerical_gradient(problem.loss, theta, eps=eps, scheme="forward")
        theirs = scipy.optimize.approx_fprime(theta, problem.loss, eps)
        off = max(off, float(np.max(np.abs(ours - theirs))) * eps / (2.0**-52 * abs(problem.loss(theta))))
    return off


def numerical_hessian(rng: np.random.Generator) -> float:
    def loss(x: Any) -> Any:
        return np.exp(x[0]) * x[1] ** 2 + np.cos(x[0] * x[1])

    theta = rng.normal(size=2)
    return apart(optcourse.numerical_hessian(loss, theta), scipy.differentiate.hessian(loss, theta).ddf)


def check_gradient(rng: np.random.Generator) -> float:
    """How many problems of the gallery, right and with a flipped sign, it judges otherwise than SciPy's check_grad."""
    wrong = 0
    for problem in problems.GALLERY:
        for sign in (1, -1):
            grad = lambda t, sign=sign, problem=problem: problem.grad(t) * np.array([1, sign])  # noqa: E731
            error = scipy.optimize.check_grad(problem.loss, grad, problem.start)
            size = np.linalg.norm(problem.grad(problem.start)) + np.linalg.norm(problem.hess(problem.start))
            ours = optcourse.check_gradient(problem.loss, grad, problem.start)
            wrong += bool(ours.passed) != bool(error <= 1e-6 * (1 + size))
    return float(wrong)


SAME_POINT = "minimiser"
PRICES = "value, point and prices"
LIBRARIES: tuple[Comparison, ...] = (
    Comparison("smoothness", "scipy.sparse.linalg.eigsh", "largest eigenvalue", worst(smoothness), 1e-12),
    Comparison("sgd", "sklearn SGDClassifier.partial_fit", "500 iterates, batches of one", worst(sgd), 1e-12),
    Comparison("newton", "scipy.optimize.newton", "root of the slope", worst(newton), 1e-12),
    Comparison("damped_newton", "scipy Newton-CG", SAME_POINT, minimiser("damped_newton", "Newton-CG", True), 1e-6),
    Comparison("bfgs", "scipy BFGS", SAME_POINT, minimiser("bfgs", "BFGS"), 1e-5),
    Comparison("lbfgs", "scipy L-BFGS-B", SAME_POINT, minimiser("lbfgs", "L-BFGS-B"), 1e-5),
    Comparison("nonlinear_cg", "scipy CG", SAME_POINT, minimiser("nonlinear_cg", "CG"), 1e-5),
    Comparison(
        "strong_wolfe", "scipy.optimize.line_search", "Wolfe's conditions at both steps", worst(strong_wolfe), 0.0
    ),
    Comparison("conjugate_gradient", "scipy.sparse.linalg.cg", "8 iterates", worst(conjugate_gradient), 1e-12),
    Comparison("is_psd", "numpy.linalg.cholesky", "verdicts that differ, of 120", worst(is_psd), 0),
    Comparison("lagrange_dual", "cvxpy (Clarabel)", "value at its prices", worst(dual), 1e-8),
    Comparison("duality_gap", "cvxpy (Clarabel)", "gap at its prices", worst(gap), 1e-8),
    Comparison("project_simplex", "cvxpy (Clarabel)", "point", projection("project_simplex"), 1e-6),
    Comparison("projected_gradient", "cvxpy (Clarabel)", SAME_POINT, worst(projected_gradient), 1e-6),
    Comparison("solve_equality_qp", "cvxpy (Clarabel)", "point and prices", worst(solve_equality_qp), 1e-7),
    Comparison("newton_kkt", "scipy trust-constr", SAME_POINT, worst(newton_kkt), 1e-6),
    Comparison("kkt_residuals", "cvxpy (Clarabel)", "its four residuals", worst(kkt_residuals), 1e-6),
    Comparison("active_set_qp", "cvxpy (Clarabel)", "point and prices", worst(active_set_qp), 1e-6),
    Comparison("augmented_lagrangian", "scipy SLSQP", SAME_POINT, worst(augmented_lagrangian), 1e-6),
    Comparison("svm_dual", "sklearn SVC(linear)", "support, w and bias", worst(svm_dual), 1e-6),
    *(
        Comparison(name, "sklearn Lasso", "gap and loss above, of ½‖y‖²", lasso_by(name), 1e-13)
        for name in ("coordinate_descent", "lasso_cd", "lasso", "proximal_gradient", "fista")
    ),
    Comparison("lasso_path", "sklearn lasso_path", "coefficients", worst(lasso_path), 1e-6),
    Comparison("simplex", "HiGHS dual simplex", PRICES, linprog_by("simplex", "highs-ds"), 1e-9),
    Comparison("interior_point", "HiGHS interior point", PRICES, linprog_by("interior_point", "highs-ipm"), 1e-6),
    Comparison("branch_and_bound", "scipy milp (HiGHS)", "value", worst(branch_and_bound), 1e-9),
    Comparison("vertices", "scipy HalfspaceIntersection", "corners", worst(vertices), 1e-9),
    Comparison("differential_evolution", "scipy", SAME_POINT, worst(differential_evolution), 1e-6),
    *(Comparison(name, "cvxpy (Clarabel)", "point", prox(name), 1e-6) for name in PROXES),
    Comparison("prox_simplex", "cvxpy (Clarabel)", "point", projection("prox_simplex"), 1e-6),
    Comparison("prox_box", "numpy.clip", "point", worst(prox_box), 0),
    Comparison(
        "numerical_gradient", "scipy approx_fprime", "roundings of the loss over ε", worst(numerical_gradient), 4
    ),
    Comparison("numerical_hessian", "scipy.differentiate.hessian", "matrix", worst(numerical_hessian), 1e-5),
    Comparison("check_gradient", "scipy check_grad", "verdicts that differ", worst(check_gradient), 0),
)

# Methods without a peer that does the same, and what holds them instead.
ALONE = {
    "minibatches": "the order comes from each library's own generator; permutations are tested",
    "optimal_momentum": "two formulas; tested against the roots of the characteristic polynomial",
    "lr_range_test": "no library of ours to compare has one; tested on losses given by hand",
    "early_stopping": "Keras has one; tested against the path it cuts short",
    "backtracking": "SciPy's (private) interpolates; tested by Armijo's condition",
    "is_convex_on": "a search for a counterexample; its witnesses prove themselves",
    "soft_threshold": "the same function as prox_l1",
    "genetic_algorithm": "chance of its own; each operator is tested by itself",
    "crossover": "one cut; tested by the page's example and by going back",
    "evolution_strategy": "chance of its own; a generation is tested against the page's formulas",
    "cma_es": "its parameters are tested against those of the authors' own code, recorded",
    "subgradient_descent": "gradient descent with another slope; tested by its bounds",
    "relative_error": "a quotient; tested by the page's formula",
    "check_directions": "as check_gradient, along directions",
    "check_hessian_vector": "as check_gradient, of gradients",
}
