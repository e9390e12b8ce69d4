"""3.8 Conjugate gradients: never undo what an earlier step achieved."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from optcourse.arguments import Array, Gradient, Loss, matrix, one_of, power_of_two, refuse
from optcourse.line_search import first_trial, standing, wolfe_step
from optcourse.newton import first_step
from optcourse.streams import Counted, Iterates, stream

NEARLY_EXACT = 0.1  # c2: conjugacy asks for nearly exact steps, and Fletcher–Reeves descends only for c2 < 1/2
# Conjugate steps leave gradients orthogonal: more than this share of the new one in the last calls for a restart.
# Powell has 0.2, others 0.1; on the problems of `tests/test_mgh.py` the choice matters less than chance does.
NEARLY_ORTHOGONAL = 0.3
LOST = 20  # · eps²: a residual that has shrunk to this share changes no digit, unless A's condition is beyond 1e14


def linear_operator(name: str, value: Any) -> Any:
    """A symmetric matrix: dense, sparse, or anything that can be applied by ``@`` or called."""
    if callable(value) and not hasattr(value, "__matmul__"):
        return value
    if not hasattr(value, "__matmul__") or isinstance(value, np.ndarray):
        value = matrix(name, value)
    if value.ndim != 2 or value.shape[0] != value.shape[1]:
        raise refuse(name, value, f"must be square, not {value.shape}")
    if value.shape == (0, 0):
        raise refuse(name, value, "must have at least one row")
    in_sight = isinstance(value, np.ndarray) or hasattr(value, "nnz")
    if in_sight and abs(value - value.T).max() > 1e-10 * abs(value).max():
        raise refuse(name, value, "must be symmetric")
    return value


class Product:
    """A matrix as a function, which a message shows as the matrix that it is."""

    def __init__(self, matrix: Any):
        self.matrix = matrix

    def __call__(self, v: Array) -> Array:
        return self.matrix @ v

    def __repr__(self) -> str:
        return repr(self.matrix)


def _square_system(given: dict[str, Any]) -> None:
    """Let A and M be functions, start at 0 unless told otherwise, and check that everything has the length of b."""
    b = given["b"]
    if given["theta"] is None:
        given["theta"] = np.zeros_like(b)
    for name in ("A", "M"):
        value = given[name]
        if hasattr(value, "shape") and value.shape[0] != b.size:
            raise refuse(name, value, f"has {value.shape[0]} rows, but b has {b.size} entries")
        if value is not None and not (callable(value) and not hasattr(value, "__matmul__")):
            given[name] = Product(value)
    given["A"] = Counted("A", given["A"], b, kind="theta")
    if given["theta"].shape != b.shape:
        raise refuse("theta", given["theta"], f"must have the shape of b, {b.shape}")


@stream(prepare=_square_system, A=linear_operator, M=linear_operator)
def conjugate_gradient(
    A: Callable[[Array], Array], b: Array, theta: Array | None = None, M: Callable[[Array], Array] | None = None
) -> Iterates:
    r"""Solve Aθ = b, or minimise :math:`\tfrac12 \theta^\top A \theta - b^\top \theta`, along A-conjugate directions.

    .. math:: \alpha = \frac{r^\top z}{d^\top A d}, \quad \theta \leftarrow \theta + \alpha d, \quad
              r \leftarrow r - \alpha A d, \quad z = M r, \quad
              d \leftarrow z + \frac{r_{new}^\top z_{new}}{r^\top z}\, d

    Parameters
    ----------
    A : array or sparse matrix of shape (n, n), linear operator, or function
        Symmetric positive definite; only A @ d (or A(d)) is ever asked for.
    b : array, shape (n,)
        The right-hand side.
    theta : array, shape (n,), optional
        The start θ₀; zero if not given.
    M : like A, optional
        The preconditioner: an approximation of A⁻¹, symmetric positive definite.

    Yields
    ------
    theta : array, shape (n,)
        θ₁, θ₂, …; ``state["residual"]`` is b − Aθ (updated, not recomputed), ``state["direction"]`` the next direction.
        Returns ``"solved"`` when no entry of the residual is above 20 ε² of what the largest was at the start, 1e-30 in
        double precision: by then steps are far too short to change a digit of θ.

    Raises
    ------
    ValueError
        If A is not symmetric (where that can be seen), shapes do not fit, or a direction of non-positive curvature
        turns up: then A is not positive definite and the quadratic has no minimum. Likewise for M.

    Notes
    -----
    Ends within n steps in exact arithmetic only. ``scipy.sparse.linalg.cg(A, b, M=M)`` makes the same iterates.

    References
    ----------
    M. R. Hestenes and E. Stiefel, "Methods of conjugate gradients for solving linear systems", J. Res. Nat. Bur.
    Standards 49 (1952). J. Nocedal and S. Wright, *Numerical Optimization*, 2nd ed. (2006), algorithms 5.2 and 5.3.

    Examples
    --------
    >>> steps = list(conjugate_gradient([[4.0, 1.0], [1.0, 3.0]], [1.0, 2.0]))
    >>> len(steps), steps[-1].round(4)
    (2, array([0.0909, 0.6364]))
    """
    assert theta is not None  # `_square_system` has seen to it
    residual = b - A(theta)
    z = residual if M is None else M(residual)
    direction, rz, lost = z, inner(residual, z), LOST * np.finfo(b.dtype).eps ** 2 * np.abs(residual).max(initial=0.0)
    while not np.abs(residual).max(initial=0.0) <= lost:
        if not 0 < rz < np.inf:
            raise _without_length(b, M, rz)
        Ad = A(direction)
        curvature = inner(direction, Ad)
        if curvature == np.inf:
            raise _without_length(b, None, curvature)
        if curvature <= 0:
            raise refuse("A", A, f"must be positive definite, but the curvature along a direction is {curvature:.3g}")
        alpha = rz / curvature
        theta = theta + alpha * direction
        residual = residual - alpha * Ad
        z = residual if M is None else M(residual)
        rz, rz_before = inner(residual, z), rz
        direction = z + (rz / rz_before) * direction
        yield theta
    return "solved"


def inner(one: Array, other: Array) -> float:
    """Return the inner product in double precision, whose range holds the squares of all single precision has."""
    return float(np.vdot(one.astype(float, copy=False), other.astype(float, copy=False)))


def _without_length(b: Array, M: Any, square: float) -> ValueError:
    """Say why what is not zero has no length: M measures none, or its square is none that this precision can hold."""
    if M is None:
        return refuse("b", b, f"is too small or too large: a square of the method comes out as {square:g}, so scale it")
    return refuse("M", M, f"must be positive definite, but rᵀMr is {square:.3g} for the residual r")


@stream(as_vector=True, variant=one_of("FR", "PR+"))
def nonlinear_cg(loss: Loss, grad: Gradient, theta: Array, variant: str = "PR+") -> Iterates:
    r"""Conjugate gradients for any smooth loss: :math:`d \leftarrow -g + \beta d`, the step by a strong Wolfe search.

    .. math:: \beta_{FR} = \frac{g_{new}^\top g_{new}}{g^\top g}, \qquad
              \beta_{PR+} = \max\Bigl(0, \frac{g_{new}^\top (g_{new} - g)}{g^\top g}\Bigr)

    Parameters
    ----------
    loss, grad : functions of theta
        L(θ) and ∇L(θ).
    theta : float or array
        The start θ₀, of any shape.
    variant : {"PR+", "FR"}
        Polak–Ribière with restart (β cut off at 0), or Fletcher–Reeves. Equal on quadratics with exact search;
        elsewhere PR+ recovers from a bad direction by itself: a tiny step makes g_new ≈ g, hence β ≈ 0, a restart.
        It restarts, too, where the two are far from orthogonal,
        :math:`|g_{new}^\top g| \ge 0.3\, g_{new}^\top g_{new}`.

    Yields
    ------
    theta : float or array
        θ₁, θ₂, …; ``state["beta"]`` and ``state["direction"]``, which is d times ``state["unit"]``, a number that gives
        it the units of θ. Ends as `bfgs` does.

    Raises
    ------
    ValueError
        If an argument is not as above, or a function returns another shape or kind. A gradient of NaN or infinity
        raises a `NonFiniteError`; a loss of NaN or infinity is stepped back from.

    References
    ----------
    R. Fletcher and C. M. Reeves, "Function minimization by conjugate gradients", Comput. J. 7 (1964).
    J. C. Gilbert and J. Nocedal, "Global convergence properties of conjugate gradient methods", SIAM J. Optim. 2
    (1992).
    M. J. D. Powell, "Restart procedures for the conjugate gradient method", Math. Programming 12 (1977).
    J. Nocedal and S. Wright, *Numerical Optimization*, 2nd ed. (2006), algorithm 5.4, eq. (5.44), (5.45) and (5.52).

    Examples
    --------
    >>> from optcourse import problems, run
    >>> valley = problems.rosenbrock()
    >>> trace = run(nonlinear_cg(valley.loss, valley.grad, valley.start), tol=1e-8, grad=valley.grad)
    >>> trace.reason, trace.theta.round(6)
    ('converged', array([1., 1.]))
    """
    here = standing(loss, grad, theta)
    rate = first_step(theta, here.grad)
    unit = float(power_of_two(rate))
    g = unit * here.grad  # of the size of a step, so that squares of it are numbers
    gg = float(g.dot(g))
    direction, beta, rate, slope, last_slope = -g, 0.0, rate / unit, -gg, 0.0
    while gg:
        rate = first_trial(rate, last_slope, slope)
        step = wolfe_step(loss, grad, here, direction, lr=rate, c2=NEARLY_EXACT, thrifty=True)
        if step is None and beta == 0:
            return "stalled"
        if step is None:  # a bad direction: begin again with the steepest
            rate = first_step(here.theta, here.grad) / unit
            direction, beta, slope, last_slope = -g, 0.0, -gg, 0.0
            continue
        new_g = unit * step.grad
        new_gg, overlap = float(new_g.dot(new_g)), float(new_g.dot(g))
        if variant == "FR":
            beta = new_gg / gg
        else:  # nothing, too, where the directions have lost their conjugacy
            beta = max(0.0, (new_gg - overlap) / gg) if abs(overlap) < NEARLY_ORTHOGONAL * new_gg else 0.0
        here, g, gg, rate, last_slope = step, new_g, new_gg, step.rate, slope
        direction = beta * direction - g
        slope = float(g.dot(direction))
        if not slope < 0:
            direction, beta, slope = -g, 0.0, -gg
        yield here.theta
    return "stalled" if here.grad.any() else "stationary"
