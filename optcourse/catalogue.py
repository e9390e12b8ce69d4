"""Every method of the course, listed once.

Whatever enumerates methods walks this list: the quick reference (3.16), the oracle tests, the exercises, the
benchmarks. A row is added where the method's section stands; tests hold the rows against the package.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Method:
    """One method of the course.

    Attributes
    ----------
    name : str
        Its public name: ``optcourse.<name>``.
    section : str
        Where the book teaches it, e.g. ``"3.1"``.
    home : str
        The module that defines it.
    title : str
        What people call it.
    summary : str
        One line: what it does.
    when : str
        One line: when to use it, and why.
    twin : str
        The call a practitioner would write.
    state : tuple of str
        For streams: the variables worth seeing in ``stream.state``.
    """

    name: str
    section: str
    home: str
    title: str
    summary: str
    when: str
    twin: str
    state: tuple[str, ...] = ()

    @property
    def function(self) -> Callable[..., Any]:
        """The method itself."""
        found: Callable[..., Any] = getattr(importlib.import_module(f"optcourse.{self.home}"), self.name)
        return found


METHODS: tuple[Method, ...] = (
    # ------------------------------------------------------------------------------ 3.1 gradient descent
    Method(
        name="gradient_descent",
        section="3.1",
        home="gradient_descent",
        title="Gradient descent",
        summary="Step against the gradient of the whole loss.",
        when="The loss is smooth and a full gradient is cheap; the baseline every other method is measured against.",
        twin="torch.optim.SGD(params, lr)",
    ),
    Method(
        name="smoothness",
        section="3.1",
        home="gradient_descent",
        title="Smoothness constant",
        summary="The largest curvature of a quadratic, hence its largest safe step.",
        when="Choosing a step size by calculation instead of trial.",
        twin="scipy.sparse.linalg.eigsh(A, k=1)",
    ),
    # --------------------------------------------------------------------------------- 3.2 stochastic
    # --------------------------------------------------------------------- 3.3 momentum and Nesterov
    Method(
        name="momentum",
        section="3.3",
        home="momentum",
        title="Momentum (heavy ball)",
        summary="Step along a decaying sum of all gradients so far.",
        when="Ravines: it glides along the floor where gradient descent zig-zags.",
        twin="torch.optim.SGD(params, lr, momentum=beta)",
        state=("velocity",),
    ),
    # -------------------------------------------------------------- 3.4 AdaGrad, RMSProp, AdaDelta
    # ------------------------------------------------------------------------- 3.5 the Adam family
    # ------------------------------------------------------------------------------ 3.6 schedules
    # ------------------------------------------------------------------ 3.7 Newton, quasi-Newton
    Method(
        name="newton",
        section="3.7",
        home="newton",
        title="Newton's method",
        summary="Jump to the minimum of the local quadratic model.",
        when="Few parameters, a cheap exact Hessian and a start near the minimum: the error is squared at every step.",
        twin="scipy.optimize.newton(grad, theta, fprime=hess)",
        state=("step",),
    ),
    Method(
        name="damped_newton",
        section="3.7",
        home="newton",
        title="Damped Newton",
        summary="Newton's step with every curvature made positive and a line search.",
        when="Newton far from the minimum or near saddles, where the plain step may climb.",
        twin='scipy.optimize.minimize(loss, theta, jac=grad, hess=hess, method="Newton-CG")',
        state=("curvature", "direction"),
    ),
    Method(
        name="bfgs",
        section="3.7",
        home="newton",
        title="BFGS",
        summary="Learn the inverse Hessian from successive gradients.",
        when="Smooth deterministic losses of up to a few thousand parameters: the default of scientific computing.",
        twin='scipy.optimize.minimize(loss, theta, jac=grad, method="BFGS")',
        state=("inverse_hessian", "direction"),
    ),
    Method(
        name="lbfgs",
        section="3.7",
        home="newton",
        title="L-BFGS",
        summary="BFGS from the last few pairs of steps and gradient changes, without the matrix.",
        when="Smooth full-batch losses of any size; not for noisy mini-batch gradients.",
        twin='scipy.optimize.minimize(loss, theta, jac=grad, method="L-BFGS-B")',
        state=("pairs", "direction"),
    ),
    # ------------------------------------------------ 3.8 line search and conjugate gradient
    Method(
        name="backtracking",
        section="3.8",
        home="line_search",
        title="Backtracking (Armijo)",
        summary="Shorten the step until it brings its share of the promised decrease.",
        when="A direction is given and only the loss is cheap to try.",
        twin="scipy.optimize.line_search(loss, grad, theta, direction)",
    ),
    Method(
        name="strong_wolfe",
        section="3.8",
        home="line_search",
        title="Strong Wolfe line search",
        summary="Find a step that pays and ends where the slope is flat.",
        when="Inside quasi-Newton and conjugate gradient methods, which need yᵀs > 0 or a nearly exact minimum.",
        twin="scipy.optimize.line_search(loss, grad, theta, direction, c1=c1, c2=c2)",
    ),
    Method(
        name="conjugate_gradient",
        section="3.8",
        home="conjugate_gradient",
        title="Conjugate gradients",
        summary="Solve a symmetric positive definite system along directions that do not undo each other.",
        when="Large sparse systems and quadratics: only products with A are needed.",
        twin="scipy.sparse.linalg.cg(A, b, M=M)",
        state=("residual", "direction"),
    ),
    Method(
        name="nonlinear_cg",
        section="3.8",
        home="conjugate_gradient",
        title="Nonlinear conjugate gradients",
        summary="Conjugate directions for any smooth loss, with a line search.",
        when="Large smooth losses when even L-BFGS's memory is too much.",
        twin='scipy.optimize.minimize(loss, theta, jac=grad, method="CG")',
        state=("direction", "beta"),
    ),
    # ------------------------------------------------------------------- 3.9 convexity and duality
    # --------------------------------------------------------------------- 3.10 Lagrange and KKT
    # ---------------------------------------------------------------------- 3.11 coordinate descent
    # ---------------------------------------------------------------------- 3.12 linear programming
    # ----------------------------------------------------------------------------- 3.13 evolutionary
    # ------------------------------------------------------------- 3.14 subgradient and proximal
    # ----------------------------------------------------------------------- 3.15 gradient checking
)


def method(name: str) -> Method:
    """Return the catalogue's row for a method.

    Raises
    ------
    ValueError
        If the course has no method of that name.

    Examples
    --------
    >>> method("momentum").twin
    'torch.optim.SGD(params, lr, momentum=beta)'
    """
    for row in METHODS:
        if row.name == name:
            return row
    raise ValueError(f"name = {name!r}: must be one of " + ", ".join(row.name for row in METHODS))


def section(number: str) -> tuple[Method, ...]:
    """Return the rows of one section, e.g. ``section("3.1")``."""
    return tuple(row for row in METHODS if row.section == number)
