"""3.7 Newton and quasi-Newton: let the curvature choose the step."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from optcourse.arguments import Array, Gradient, Hessian, Loss, norm, positive, refuse
from optcourse.line_search import ROUNDING, Step, armijo_step, standing, wolfe_step
from optcourse.streams import Iterates, Rate, rates, stream

FAINT = 1e-280  # a product sᵀy below this is one of steps that underflow: the digits of it are lost
# c2 of `bfgs`: most codes have 0.9, which takes nearly any step. From ninety starts near those of `tests/test_mgh.py`,
# this saves two iterations in five and one evaluation in eight.
HALF_EXACT = 0.4


@stream(as_vector=True)
def newton(grad: Gradient, hess: Hessian, theta: Array, lr: Rate = 1.0) -> Iterates:
    r"""Jump to the minimum of the local quadratic: :math:`\theta \leftarrow \theta - \eta\, H^{-1} \nabla L(\theta)`.

    Parameters
    ----------
    grad, hess : functions of theta
        ∇L(θ), of the shape of θ, and the Hessian H = ∇²L(θ), shape (n, n) for a θ with n entries (for a number: a
        number).
    theta : float or array
        The start θ₀, of any shape.
    lr : float or schedule
        1 is Newton's method; less is the simplest form of damping.

    Yields
    ------
    theta : float or array
        θ₁, θ₂, …; ``state["step"]`` is the solution of H step = ∇L.

    Raises
    ------
    ValueError
        If an argument is not as above, or H is singular at an iterate.

    Notes
    -----
    Finds a stationary point, whatever its kind: where H is indefinite the step may climb or end at a saddle.
    `damped_newton` does not. Near a minimum with positive definite, Lipschitz H the error is squared at every step.

    References
    ----------
    J. Nocedal and S. Wright, *Numerical Optimization*, 2nd ed. (2006), eq. (2.15), theorem 3.5.

    Examples
    --------
    >>> next(newton(lambda theta: 4 * theta**3, lambda theta: 12 * theta**2, theta=3.0))
    np.float64(2.0)
    """
    for rate in rates(lr):
        try:
            step = np.linalg.solve(hess(theta), grad(theta))
        except np.linalg.LinAlgError:
            raise refuse("hess", hess(theta), f"is singular at theta = {theta}: use damped_newton") from None
        theta = theta - rate * step
        yield theta


@stream(as_vector=True, least_curvature=positive)
def damped_newton(loss: Loss, grad: Gradient, hess: Hessian, theta: Array, least_curvature: float = 1e-8) -> Iterates:
    r"""Newton's method made safe: :math:`\theta \leftarrow \theta - \alpha\, |H|^{-1} \nabla L(\theta)`.

    |H| has the eigenvectors of H and the absolute values of its eigenvalues (at least `least_curvature` of the
    largest), so the direction always points downhill, away from saddles and hilltops; α comes from `backtracking`.

    Parameters
    ----------
    loss, grad, hess : functions of theta
        L(θ), ∇L(θ), ∇²L(θ) as in `newton`.
    theta : float or array
        The start θ₀, of any shape.
    least_curvature : float
        The smallest curvature to believe in, as a share of the largest.

    Yields
    ------
    theta : float or array
        θ₁, θ₂, …; ``state["curvature"]`` holds the eigenvalues of H, ``state["direction"]`` the step before damping.
        Returns ``"stationary"`` when the gradient is exactly zero, ``"stalled"`` when no step decreases the loss.

    Raises
    ------
    ValueError
        If an argument is not as above, or a function returns another shape or kind. A gradient or Hessian of NaN or
        infinity raises a `NonFiniteError`, as does a loss of NaN at the start; elsewhere such a loss is stepped back
        from.

    References
    ----------
    J. Nocedal and S. Wright, *Numerical Optimization*, 2nd ed. (2006), section 3.4.
    Y. Dauphin et al., "Identifying and attacking the saddle point problem", NeurIPS (2014), eq. (4).

    Examples
    --------
    >>> saddle = dict(loss=lambda t: t[0]**2 - t[1]**2 + t[1]**4,
    ...               grad=lambda t: np.array([2*t[0], -2*t[1] + 4*t[1]**3]),
    ...               hess=lambda t: np.diag([2, -2 + 12*t[1]**2]))
    >>> descent = damped_newton(**saddle, theta=[1.0, 0.1])
    >>> [next(descent) for _ in range(8)][-1].round(6)
    array([0.      , 0.707107])
    """
    while True:
        gradient = grad(theta)
        if not gradient.any():
            return "stationary"
        curvature, vectors = np.linalg.eigh(hess(theta))
        size = np.maximum(np.abs(curvature), least_curvature * np.abs(curvature).max() or 1.0)
        direction = -vectors @ ((vectors.T @ gradient) / size)
        step = armijo_step(loss, theta, direction, slope=float(np.vdot(gradient, direction)))
        if step is None:
            return "stalled"
        theta = step.theta
        yield theta


@stream(as_vector=True)
def bfgs(loss: Loss, grad: Gradient, theta: Array) -> Iterates:
    r"""Learn the inverse Hessian from the gradients seen on the way (Broyden, Fletcher, Goldfarb, Shanno).

    .. math:: B \leftarrow (I - \rho s y^\top)\, B\, (I - \rho y s^\top) + \rho s s^\top, \qquad \rho = 1 / y^\top s

    with s the step just taken and y the change of the gradient along it, so that By = s (the secant condition).
    The direction is −B∇L; its length comes from `strong_wolfe`, which makes yᵀs > 0 and so keeps B positive definite.

    Parameters
    ----------
    loss, grad : functions of theta
        L(θ) and ∇L(θ).
    theta : float or array
        The start θ₀, of any shape.

    Yields
    ------
    theta : float or array
        θ₁, θ₂, …; ``state["inverse_hessian"]`` is B, shape (n, n). Returns ``"stationary"`` when the gradient is
        exactly zero, ``"stalled"`` when no step along the direction pays, or none has for long (at the minimum: the
        precision is used up).

    Raises
    ------
    ValueError
        If an argument is not as above, or a function returns another shape or kind. A gradient of NaN or infinity
        raises a `NonFiniteError`; a loss of NaN or infinity is stepped back from.

    Notes
    -----
    The same method as ``scipy.optimize.minimize(method="BFGS")`` with another line search, and with the first B scaled
    to the first curvature seen, which SciPy leaves at I. Of the two scalings at hand, sᵀs / sᵀy and sᵀy / yᵀy, this is
    the larger: where B is too large the next step is cut, but where it is too small B grows slowly. The update below is
    the product above multiplied out, a matrix of rank two: n² operations, not n³.

    .. math:: B \leftarrow B + \begin{pmatrix} s & By \end{pmatrix}
              \begin{pmatrix} \rho + \rho\, y^\top B y\, \rho & -\rho \\ -\rho & 0 \end{pmatrix}
              \begin{pmatrix} s & By \end{pmatrix}^\top

    References
    ----------
    J. Nocedal and S. Wright, *Numerical Optimization*, 2nd ed. (2006), algorithm 6.1, eq. (6.17).
    J. Barzilai and J. M. Borwein, "Two-point step size gradient methods", IMA J. Numer. Anal. 8 (1988): the scalings.

    Examples
    --------
    >>> from optcourse import problems, run
    >>> valley = problems.rosenbrock()
    >>> trace = run(bfgs(valley.loss, valley.grad, valley.start), tol=1e-8, grad=valley.grad)
    >>> trace.reason, trace.theta.round(6)
    ('converged', array([1., 1.]))
    """
    here = standing(loss, grad, theta)
    inverse_hessian, learned = first_step(theta, here.grad) * np.eye(theta.size), False
    direction, wandering = inverse_hessian.dot(-here.grad), Wandering()
    while not wandering.long and (step := wolfe_step(loss, grad, here, direction, c2=HALF_EXACT, thrifty=True)):
        s, y = step.theta - here.theta, step.grad - here.grad
        if (curvature := float(s.dot(y))) > FAINT:
            if not learned:
                inverse_hessian, learned = s.dot(s / curvature) * np.eye(theta.size), True
            rho, By = 1 / curvature, inverse_hessian.dot(y)
            pair, weights = np.array((s, By)), np.array(((rho + rho * float(y.dot(By)) * rho, -rho), (-rho, 0.0)))
            inverse_hessian += pair.T.dot(weights.dot(pair))
        wandering.after(here, step)
        here = step
        direction = inverse_hessian.dot(-here.grad)
        yield here.theta
    return "stalled" if here.grad.any() else "stationary"


@stream(as_vector=True)
def lbfgs(loss: Loss, grad: Gradient, theta: Array, memory: int = 10) -> Iterates:
    r"""BFGS without the matrix: remember the last `memory` pairs (s, y) and multiply through them.

    Parameters
    ----------
    loss, grad : functions of theta
        L(θ) and ∇L(θ).
    theta : float or array
        The start θ₀, of any shape.
    memory : int
        How many pairs to keep: 2 · memory · n numbers instead of n².

    Yields
    ------
    theta : float or array
        θ₁, θ₂, …; ``state["pairs"]`` holds the last (s, y), see `Pairs`. Ends as `bfgs` does.

    Raises
    ------
    ValueError
        If an argument is not as above, or a function returns another shape or kind. A gradient of NaN or infinity
        raises a `NonFiniteError`; a loss of NaN or infinity is stepped back from.

    Notes
    -----
    Made for full-batch losses: with noisy gradients y is noise and the direction useless.
    ``scipy.optimize.minimize(method="L-BFGS-B")`` is the same method with bounds.

    References
    ----------
    D. C. Liu and J. Nocedal, "On the limited memory BFGS method", Math. Programming 45 (1989).
    J. Nocedal and S. Wright, *Numerical Optimization*, 2nd ed. (2006), algorithms 7.4 and 7.5.

    Examples
    --------
    >>> from optcourse import problems, run
    >>> valley = problems.rosenbrock()
    >>> trace = run(lbfgs(valley.loss, valley.grad, valley.start, memory=5), tol=1e-8, grad=valley.grad)
    >>> trace.reason, trace.theta.round(6)
    ('converged', array([1., 1.]))
    """
    here = standing(loss, grad, theta)
    pairs = Pairs(memory, theta.size, first_step(theta, here.grad))
    direction, wandering = pairs.dot(-here.grad), Wandering()
    while not wandering.long and (step := wolfe_step(loss, grad, here, direction)):
        s, y = step.theta - here.theta, step.grad - here.grad
        if s.dot(y) > FAINT:
            pairs.remember(s, y)
        wandering.after(here, step)
        here = step
        direction = pairs.dot(-here.grad)
        yield here.theta
    return "stalled" if here.grad.any() else "stationary"


class Wandering:
    """Notices when a method walks to and fro between points that only rounding keeps apart.

    Where losses look alike a step may raise the loss by its last digit, for the sake of the gradient; the next may take
    it back. There, progress is a gradient shorter than any since losses last differed; some steps do without it.
    """

    PATIENCE = 20

    def __init__(self) -> None:
        self.idle, self.shortest = 0, math.inf

    @property
    def long(self) -> bool:
        return self.idle >= self.PATIENCE

    def after(self, here: Step, step: Step) -> None:
        """Look at one more step."""
        if here.loss - step.loss > ROUNDING * abs(here.loss):
            self.idle, self.shortest = 0, math.inf
        elif (length := float(np.abs(step.grad).max())) < self.shortest:
            self.idle, self.shortest = 0, length
        else:
            self.idle += 1


class Pairs:
    r"""The BFGS matrix B of the last pairs (s, y), stored as these 2 · memory vectors.

    `two_loop` is the same product on the page. Here all pairs are taken at once, so that NumPy's loops do the work:

    .. math:: B = (I - S^\top R^{-\top} Y)\, \gamma\, (I - Y^\top R^{-1} S) + S^\top R^{-\top} D R^{-1} S

    with the s in the rows of S, the y in those of Y, D = diag(sᵢᵀyᵢ), and R the products sᵢᵀyⱼ with i not newer
    than j: of one pair, this is the update of `bfgs`; of none, γI. A new pair takes the row of the oldest; R⁻¹ is kept,
    since forgetting the oldest pair removes a row and a column of it and a new one adds a column. γ = sᵀy / yᵀy of the
    newest pair, eq. (7.20).

    References
    ----------
    R. H. Byrd, J. Nocedal and R. B. Schnabel, "Representations of quasi-Newton matrices and their use in limited memory
    methods", Math. Programming 63 (1994), theorem 2.2.
    """

    def __init__(self, memory: int, n: int, gamma: float = 1.0):
        self.memory, self.seen, self.gamma = memory, 0, gamma
        self.S, self.Y = np.zeros((2, memory, n))
        self.D, self.R_inverse = np.zeros(memory), np.zeros((memory, memory))

    def __len__(self) -> int:
        return min(self.seen, self.memory)

    def remember(self, s: Array, y: Array) -> None:
        """Put a pair in the place of the oldest."""
        k = self.seen % self.memory
        self.S[k], self.Y[k] = s, y
        Sy = self.S.dot(y)
        self.D[k] = curvature = float(Sy[k])
        self.gamma = 1 / float(y.dot(y / curvature))
        self.R_inverse[k] = self.R_inverse[:, k] = 0.0
        self.R_inverse[:, k] = self.R_inverse.dot(Sy / -curvature)
        self.R_inverse[k, k] = 1 / curvature
        self.seen += 1

    def dot(self, gradient: Array) -> Array:
        """Return B g: from right to left through the formula."""
        p = self.R_inverse.dot(self.S.dot(gradient))
        v = self.gamma * (gradient - p.dot(self.Y))
        q = (self.D * p - self.Y.dot(v)).dot(self.R_inverse)
        return v + q.dot(self.S)


def two_loop(gradient: Array, pairs: Sequence[tuple[Array, Array, float]]) -> Array:
    """Return B g for the BFGS matrix B that the pairs (s, y, ρ) define (Nocedal & Wright, algorithm 7.4)."""
    q = gradient.copy()
    weights = []
    for s, y, rho in reversed(pairs):  # newest to oldest
        weight = rho * (s @ q)
        q -= weight * y
        weights.append(weight)
    if pairs:
        s, y, rho = pairs[-1]
        q /= rho * (y @ y)  # the first B, scaled to the newest curvature: eq. (7.20)
    for (s, y, rho), weight in zip(pairs, reversed(weights), strict=True):  # oldest to newest
        q += (weight - rho * (y @ q)) * s
    return q


def first_step(theta: Array, gradient: Array) -> float:
    """Return a first trial rate that moves θ by at most 1, and by the gradient's length if that is less.

    No curvature is known yet. All the same a step is comparable with θ: within eight orders of magnitude.
    """
    steepness, size = norm(gradient), float(np.abs(theta).max())
    if not steepness:
        return 1.0
    length = min(1.0, steepness)
    if size:
        length = min(max(length, 1e-8 * size), 1e8 * size)
    return length / steepness
