"""Test problems: losses with their gradients, Hessians and known answers.

Each function returns a `Problem`. Its ``loss`` takes θ in the last axis and any number of leading ones, so that a whole
grid is one call, and it is complex-analytic, so that the complex step can differentiate it. `GALLERY` lists those
with two parameters, ready to be drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from optcourse.arguments import Array, checked, count, generator, number, refuse

Window = tuple[tuple[float, float], tuple[float, float]]


def at_least_one(name: str, value: Any) -> float:
    """A condition number."""
    if (checked_value := number(name, value)) < 1:
        raise refuse(name, value, "must be a finite number, 1 or more")
    return checked_value


@dataclass(frozen=True, eq=False)
class Problem:
    """A loss to minimise, and what is known about it.

    Attributes
    ----------
    name : str
        As in code, e.g. ``"rosenbrock"``.
    title : str
        As in prose, e.g. ``"Rosenbrock's valley"``.
    formula : str
        L(θ) in LaTeX.
    loss : function
        Maps θ of shape (..., n) to L of shape (...).
    grad, hess : function
        Map θ of shape (n,) to ∇L (n,) and ∇²L (n, n).
    start : array, shape (n,)
        A start worth watching.
    minimisers : array, shape (k, n)
        All global minimisers (the shortest one, if there is a whole subspace of them).
    minimum : float
        L at the minimisers.
    window : pair of pairs
        ((left, right), (bottom, top)): what a picture of the first two coordinates should show.
    L_smooth : float or None
        The Lipschitz constant of ∇L; None if the curvature has no bound.
    mu : float or None
        For convex losses: the smallest curvature over all θ, ≥ 0; None if the loss is not convex.
    saddles : array, shape (k, n)
        Its saddle points, where they are known.
    reference : str
        Where the problem comes from.
    """

    name: str
    title: str
    formula: str
    loss: Callable[[Array], Any]
    grad: Callable[[Array], Array]
    hess: Callable[[Array], Array]
    start: Array
    minimisers: Array
    minimum: float
    window: Window = ((-2.0, 2.0), (-2.0, 2.0))
    L_smooth: float | None = None
    mu: float | None = None
    saddles: Array = field(default_factory=lambda: np.empty((0, 2)))
    reference: str = ""

    @property
    def dim(self) -> int:
        """How many parameters θ has."""
        return int(self.start.size)

    def __repr__(self) -> str:
        return f"<Problem {self.name}: {self.title}, {self.dim} parameters, minimum {self.minimum:.6g}>"


# ----------------------------------------------------------------------------------------- quadratics


@checked(kappa=at_least_one, dim=count)
def quadratic(kappa: float = 10.0, dim: int = 2) -> Problem:
    r"""Build a bowl with chosen condition number: :math:`\tfrac12 \sum_j \lambda_j \theta_j^2`, 1 = λ₁ ≤ … ≤ λ_n = κ.

    Parameters
    ----------
    kappa : float
        The condition number κ ≥ 1: the curvatures run from 1 to κ in equal ratios. With one parameter, its curvature.
    dim : int
        The number of parameters.

    Examples
    --------
    >>> bowl = quadratic(kappa=10)
    >>> bowl.grad(np.array([1.0, 1.0])), bowl.L_smooth, bowl.mu
    (array([ 1., 10.]), 10.0, 1.0)
    """
    curvature = np.geomspace(1.0, kappa, dim) if dim > 1 else np.array([kappa])
    return Problem(
        name="quadratic",
        title=f"Bowl, κ = {kappa:g}",
        formula=r"\tfrac12 \sum_j \lambda_j \theta_j^2",
        loss=lambda theta: 0.5 * np.sum(curvature * theta**2, axis=-1),
        grad=lambda theta: curvature * theta,
        hess=lambda theta: np.diag(curvature),
        start=np.where(np.arange(dim) % 2, 1.0, -1.8),
        minimisers=np.zeros((1, dim)),
        minimum=0.0,
        L_smooth=float(curvature.max()),
        mu=float(curvature.min()),
        reference="S. Boyd, L. Vandenberghe, Convex Optimization (2004), section 9.3.2",
    )


@checked(kappa=at_least_one, degrees=number)
def ravine(kappa: float = 50.0, degrees: float = 30.0) -> Problem:
    r"""Build a long narrow bowl that lies askew: :math:`\tfrac12 \theta^\top A \theta`, A's eigenvalues 1 and κ.

    Parameters
    ----------
    kappa : float
        The condition number κ ≥ 1: how much steeper it is across the ravine than along it.
    degrees : float
        The angle between its floor and the first axis.

    Examples
    --------
    >>> narrow = ravine(kappa=50)
    >>> np.linalg.eigvalsh(narrow.hess(narrow.start)).round(6)
    array([ 1., 50.])
    """
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    along, across = np.array([cos, sin]), np.array([-sin, cos])
    A = np.outer(along, along) + kappa * np.outer(across, across)
    return Problem(
        name="ravine",
        title=f"Ravine, κ = {kappa:g}",
        formula=r"\tfrac12\, \theta^\top A\, \theta",
        loss=lambda theta: 0.5 * np.sum(theta @ A * theta, axis=-1),
        grad=lambda theta: A @ theta,
        hess=lambda theta: A.copy(),
        start=-1.7 * along + 0.35 * across,
        minimisers=np.zeros((1, 2)),
        minimum=0.0,
        L_smooth=kappa,
        mu=1.0,
        reference="B. T. Polyak, Introduction to Optimization (1987), section 1.4",
    )


# ------------------------------------------------------------------------ curved valleys, several basins


def rosenbrock() -> Problem:
    r"""Build Rosenbrock's curved valley: :math:`(1 - x)^2 + 100 (y - x^2)^2`, minimum 0 at (1, 1).

    References
    ----------
    H. H. Rosenbrock, "An automatic method for finding the greatest or least value of a function", Comput. J. 3 (1960).

    Examples
    --------
    >>> valley = rosenbrock()
    >>> float(round(valley.loss(valley.start), 10))
    24.2
    """

    def loss(theta: Array) -> Any:
        x, y = theta[..., 0], theta[..., 1]
        return (1 - x) ** 2 + 100 * (y - x**2) ** 2

    def grad(theta: Array) -> Array:
        x, y = theta
        return np.array([-2 * (1 - x) - 400 * x * (y - x**2), 200 * (y - x**2)])

    def hess(theta: Array) -> Array:
        x, y = theta
        return np.array([[2 - 400 * (y - 3 * x**2), -400 * x], [-400 * x, 200.0]])

    return Problem(
        name="rosenbrock",
        title="Rosenbrock's valley",
        formula=r"(1 - x)^2 + 100\,(y - x^2)^2",
        loss=loss,
        grad=grad,
        hess=hess,
        start=np.array([-1.2, 1.0]),
        minimisers=np.array([[1.0, 1.0]]),
        minimum=0.0,
        window=((-2.0, 2.0), (-1.0, 3.0)),
        reference="H. H. Rosenbrock, Comput. J. 3 (1960), 175–184",
    )


def himmelblau() -> Problem:
    r"""Build Himmelblau's four basins: :math:`(x^2 + y - 11)^2 + (x + y^2 - 7)^2`, minimum 0 at four points.

    References
    ----------
    D. M. Himmelblau, *Applied Nonlinear Programming* (1972), p. 428.

    Examples
    --------
    >>> himmelblau().minimisers.round(3)
    array([[ 3.   ,  2.   ],
           [-2.805,  3.131],
           [-3.779, -3.283],
           [ 3.584, -1.848]])
    """

    def loss(theta: Array) -> Any:
        x, y = theta[..., 0], theta[..., 1]
        return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2

    def grad(theta: Array) -> Array:
        x, y = theta
        first, second = x**2 + y - 11, x + y**2 - 7
        return np.array([4 * x * first + 2 * second, 2 * first + 4 * y * second])

    def hess(theta: Array) -> Array:
        x, y = theta
        mixed = 4 * (x + y)
        return np.array([[12 * x**2 + 4 * y - 42, mixed], [mixed, 12 * y**2 + 4 * x - 26]])

    return Problem(
        name="himmelblau",
        title="Himmelblau's four basins",
        formula=r"(x^2 + y - 11)^2 + (x + y^2 - 7)^2",
        loss=loss,
        grad=grad,
        hess=hess,
        start=np.array([0.0, -4.0]),
        minimisers=np.array(
            [
                [3.0, 2.0],
                [-2.805118086952745, 3.131312518250573],
                [-3.779310253377747, -3.2831859912861696],
                [3.5844283403304917, -1.8481265269644036],
            ]
        ),
        minimum=0.0,
        window=((-5.5, 5.5), (-5.5, 5.5)),
        saddles=np.array(
            [
                [-3.0730257507643897, -0.08135304428796751],
                [-0.12796134673068005, -1.9537149802445766],
                [0.08667750455539634, 2.884254701174776],
                [3.385154183607021, 0.07385187983774928],
            ]
        ),
        reference="D. M. Himmelblau, Applied Nonlinear Programming (1972), p. 428",
    )


def beale() -> Problem:
    r"""Build Beale's plain with cliffs: :math:`\sum_{i=1}^3 (c_i - x (1 - y^i))^2`, minimum 0 at (3, ½).

    The constants are c = (1.5, 2.25, 2.625).

    References
    ----------
    E. M. L. Beale, "On an iterative method for finding a local minimum of a function of more than one variable",
    Tech. Rep. 25, Princeton (1958); J. J. Moré, B. S. Garbow, K. E. Hillstrom, ACM TOMS 7 (1981), problem 5.

    Examples
    --------
    >>> float(beale().loss(np.array([1.0, 1.0])))
    14.203125
    """

    def loss(theta: Array) -> Any:
        x, y = theta[..., 0], theta[..., 1]
        return (1.5 - x * (1 - y)) ** 2 + (2.25 - x * (1 - y**2)) ** 2 + (2.625 - x * (1 - y**3)) ** 2

    def parts(theta: Array) -> tuple[Array, Array, Array]:
        """The three residuals, their slopes (3, 2), and the curvatures of each (3, 2, 2)."""
        x, y = theta
        residual = np.array([1.5 - x * (1 - y), 2.25 - x * (1 - y**2), 2.625 - x * (1 - y**3)])
        slope = np.array([[y - 1, x], [y**2 - 1, 2 * x * y], [y**3 - 1, 3 * x * y**2]])
        bend = np.array([[[0, 1], [1, 0]], [[0, 2 * y], [2 * y, 2 * x]], [[0, 3 * y**2], [3 * y**2, 6 * x * y]]])
        return residual, slope, bend

    def grad(theta: Array) -> Array:
        residual, slope, _ = parts(theta)
        return 2 * slope.T @ residual

    def hess(theta: Array) -> Array:
        residual, slope, bend = parts(theta)
        return 2 * (slope.T @ slope + np.tensordot(residual, bend, axes=1))

    return Problem(
        name="beale",
        title="Beale's plain with cliffs",
        formula=r"\textstyle\sum_{i=1}^{3} \bigl(c_i - x\,(1 - y^i)\bigr)^2,\; c = (1.5,\, 2.25,\, 2.625)",
        loss=loss,
        grad=grad,
        hess=hess,
        start=np.array([1.0, 1.0]),
        minimisers=np.array([[3.0, 0.5]]),
        minimum=0.0,
        window=((-4.5, 4.5), (-4.5, 4.5)),
        saddles=np.array([[0.0, 1.0]]),
        reference="E. M. L. Beale (1958); Moré, Garbow, Hillstrom, ACM TOMS 7 (1981), problem 5",
    )


def saddle() -> Problem:
    r"""Build a saddle between two basins: :math:`\tfrac12 x^2 + \tfrac14 (y^2 - 1)^2`, minimum 0 at (0, ±1).

    At the origin the gradient is zero and the curvatures are 1 and −1: a descent that starts on the ridge y = 0
    ends there; any other start leaves for one of the two basins.

    References
    ----------
    Y. Nesterov, *Lectures on Convex Optimization*, 2nd ed. (2018), example 1.2.2 (the same with ¼y⁴ − ½y²).

    Examples
    --------
    >>> pass_between = saddle()
    >>> pass_between.hess(pass_between.saddles[0])
    array([[ 1.,  0.],
           [ 0., -1.]])
    """
    return Problem(
        name="saddle",
        title="Saddle between two basins",
        formula=r"\tfrac12 x^2 + \tfrac14 (y^2 - 1)^2",
        loss=lambda theta: 0.5 * theta[..., 0] ** 2 + 0.25 * (theta[..., 1] ** 2 - 1) ** 2,
        grad=lambda theta: np.array([theta[0], theta[1] * (theta[1] ** 2 - 1)]),
        hess=lambda theta: np.diag([1.0, 3 * theta[1] ** 2 - 1]),
        start=np.array([1.6, 0.02]),
        minimisers=np.array([[0.0, 1.0], [0.0, -1.0]]),
        minimum=0.0,
        saddles=np.array([[0.0, 0.0]]),
        reference="Y. Nesterov, Lectures on Convex Optimization (2018), example 1.2.2",
    )


@checked(dim=count)
def rastrigin(dim: int = 2) -> Problem:
    r"""Build Rastrigin's egg box: :math:`10 n + \sum_j (\theta_j^2 - 10 \cos 2\pi\theta_j)`, minimum 0 at the origin.

    Parameters
    ----------
    dim : int
        The number of parameters. Eleven local minima on each axis of [−5.12, 5.12]ⁿ.

    References
    ----------
    L. A. Rastrigin, *Systems of Extremal Control* (1974); H. Mühlenbein, M. Schomisch, J. Born, "The parallel genetic
    algorithm as function optimizer", Parallel Computing 17 (1991).

    Examples
    --------
    >>> float(rastrigin(dim=3).loss(np.ones(3)))
    3.0
    """
    return Problem(
        name="rastrigin",
        title="Rastrigin's egg box",
        formula=r"10 n + \sum_j \bigl(\theta_j^2 - 10 \cos 2\pi\theta_j\bigr)",
        loss=lambda theta: np.sum(theta**2 + 10 * (1 - np.cos(2 * np.pi * theta)), axis=-1),
        grad=lambda theta: 2 * theta + 20 * np.pi * np.sin(2 * np.pi * theta),
        hess=lambda theta: np.diag(2 + 40 * np.pi**2 * np.cos(2 * np.pi * theta)),
        start=np.where(np.arange(dim) % 2, -2.2, 3.3),
        minimisers=np.zeros((1, dim)),
        minimum=0.0,
        window=((-5.12, 5.12), (-5.12, 5.12)),
        L_smooth=2 + 40 * np.pi**2,
        saddles=np.empty((0, dim)),
        reference="L. A. Rastrigin (1974); Mühlenbein, Schomisch, Born, Parallel Computing 17 (1991)",
    )


@checked(dim=count)
def styblinski_tang(dim: int = 2) -> Problem:
    r"""Build Styblinski and Tang's 2ⁿ basins: :math:`\tfrac12 \sum_j (\theta_j^4 - 16\theta_j^2 + 5\theta_j)`.

    The basins differ in depth; the deepest lies at θ_j ≈ −2.9035 for every j, where L ≈ −39.1662 n.

    Parameters
    ----------
    dim : int
        The number of parameters.

    References
    ----------
    M. A. Styblinski, T.-S. Tang, "Experiments in nonconvex optimization: stochastic approximation with function
    smoothing and simulated annealing", Neural Networks 3 (1990).

    Examples
    --------
    >>> float(round(styblinski_tang(dim=1).minimum, 4))
    -39.1662
    """

    def loss(theta: Array) -> Any:
        return 0.5 * np.sum(theta**4 - 16 * theta**2 + 5 * theta, axis=-1)

    # L' = 0 along one axis is 4t³ − 32t + 5 = 0: three real roots, by Viète; the lowest is the deepest basin's.
    lowest = 2 * np.sqrt(8 / 3) * np.cos(np.arccos(-5 / 8 * np.sqrt(3 / 8) * 3 / 8) / 3 + 2 * np.pi / 3)
    minimiser = np.full(dim, lowest)
    return Problem(
        name="styblinski_tang",
        title="Styblinski and Tang's basins",
        formula=r"\tfrac12 \sum_j \bigl(\theta_j^4 - 16\,\theta_j^2 + 5\,\theta_j\bigr)",
        loss=loss,
        grad=lambda theta: 2 * theta**3 - 16 * theta + 2.5,
        hess=lambda theta: np.diag(6 * theta**2 - 16),
        start=np.where(np.arange(dim) % 2, -0.6, 0.4),
        minimisers=minimiser[None],
        minimum=float(loss(minimiser)),
        window=((-5.0, 5.0), (-5.0, 5.0)),
        saddles=np.empty((0, dim)),
        reference="M. A. Styblinski, T.-S. Tang, Neural Networks 3 (1990), 467–483",
    )


# ----------------------------------------------------------------------------------- learning from data


@checked(rng=generator, n=count, dim=count)
def least_squares(
    X: Array | None = None,
    y: Array | None = None,
    rng: np.random.Generator | None = None,
    n: int = 40,
    dim: int = 2,
) -> Problem:
    r"""Build the least-squares loss of a linear model: :math:`\tfrac1{2n} \lVert X\theta - y \rVert^2`.

    Parameters
    ----------
    X : array, shape (n, dim), optional
        One example a row. Without data, `n` examples are drawn: a constant column, and features around 1.
    y : array, shape (n,), optional
        The targets.
    rng : numpy.random.Generator, optional
        Draws the data when none is given; default ``numpy.random.default_rng(0)``.
    n, dim : int
        How many examples and parameters to draw.

    Raises
    ------
    ValueError
        If X comes without y, or their lengths differ.

    References
    ----------
    A. M. Legendre, *Nouvelles méthodes pour la détermination des orbites des comètes* (1805), appendix.

    Examples
    --------
    >>> line = least_squares(X=[[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]], y=[1.0, 3.0, 5.0])
    >>> line.minimisers.round(12)  # 1 + 2x
    array([[1., 2.]])
    """
    X, y = _data(X, y, rng, n, dim)
    n = len(y)
    curvature = X.T @ X / n
    minimiser = np.linalg.lstsq(X, y, rcond=None)[0]
    eigenvalues = np.linalg.eigvalsh(curvature)

    def loss(theta: Array) -> Any:
        return np.sum((theta @ X.T - y) ** 2, axis=-1) / (2 * n)

    return Problem(
        name="least_squares",
        title="Least squares",
        formula=r"\tfrac1{2n} \lVert X\theta - y \rVert^2",
        loss=loss,
        grad=lambda theta: X.T @ (X @ theta - y) / n,
        hess=lambda theta: curvature.copy(),
        start=minimiser + np.where(np.arange(len(minimiser)) % 2, 1.2, -1.6),
        minimisers=minimiser[None],
        minimum=float(loss(minimiser)),
        window=_around(minimiser),
        L_smooth=float(eigenvalues[-1]),
        mu=max(float(eigenvalues[0]), 0.0),
        saddles=np.empty((0, len(minimiser))),
        reference="A. M. Legendre, Nouvelles méthodes pour la détermination des orbites des comètes (1805)",
    )


def labels(name: str, value: Any) -> Array:
    """Classes, 0 or 1."""
    classes = np.asarray(value)
    if classes.ndim != 1 or not np.isin(classes, (0, 1)).all():
        raise refuse(name, value, "must be a vector of classes, each 0 or 1")
    return classes.astype(float)


@checked(y=labels, rng=generator, n=count, dim=count)
def logistic_regression(
    X: Array | None = None,
    y: Array | None = None,
    lam: float = 0.01,
    rng: np.random.Generator | None = None,
    n: int = 60,
    dim: int = 2,
) -> Problem:
    r"""Build logistic regression's loss: :math:`\tfrac1n \sum_i \log(1 + e^{z_i}) - y_i z_i` plus a ridge, z = Xθ.

    The ridge is ½λ‖θ‖². The slope of log(1 + eᶻ) is the sigmoid, so ∇L = Xᵀ(σ(z) − y)/n + λθ.

    Parameters
    ----------
    X : array, shape (n, dim), optional
        One example a row. Without data, `n` examples are drawn: a constant column, and features around 1.
    y : array of 0 and 1, shape (n,), optional
        The classes.
    lam : float
        The ridge λ ≥ 0. With λ = 0 and classes that a plane can separate there is no minimiser.
    rng : numpy.random.Generator, optional
        Draws the data when none is given; default ``numpy.random.default_rng(0)``.
    n, dim : int
        How many examples and parameters to draw.

    Raises
    ------
    ValueError
        If X comes without y, their lengths differ, a class is neither 0 nor 1, or there is no minimiser.

    References
    ----------
    D. R. Cox, "The regression analysis of binary sequences", J. R. Stat. Soc. B 20 (1958).

    Examples
    --------
    >>> coin = logistic_regression(X=[[1.0], [1.0], [1.0], [1.0]], y=[1, 1, 1, 0], lam=0.0)
    >>> bool(np.isclose(coin.minimisers[0, 0], np.log(3)))  # odds 3 to 1
    True
    """
    if X is None and y is None:
        X, score = _data(None, None, rng, n, dim)
        y = (score > np.median(score)).astype(float)
    X, y = _data(X, y, rng, n, dim)
    n = len(y)
    ridge = lam * np.eye(X.shape[1])

    def loss(theta: Array) -> Any:
        z = theta @ X.T
        return np.mean(softplus(z) - y * z, axis=-1) + 0.5 * lam * np.sum(theta**2, axis=-1)

    def grad(theta: Array) -> Array:
        return X.T @ (sigmoid(X @ theta) - y) / n + lam * theta

    def hess(theta: Array) -> Array:
        z = X @ theta
        scaled = np.sqrt(sigmoid(z) * sigmoid(-z))[:, None] * X
        return scaled.T @ scaled / n + ridge  # a matrix times its own transpose is symmetric to the last bit

    minimiser = _newton(loss, grad, hess, np.zeros(X.shape[1]))
    if minimiser is None:
        raise refuse("lam", lam, "leaves no minimiser: the classes can be separated (or columns of X are dependent)")
    return Problem(
        name="logistic_regression",
        title="Logistic regression",
        formula=r"\tfrac1n \sum_i \bigl[\log(1 + e^{z_i}) - y_i z_i\bigr] + \tfrac\lambda2 \lVert\theta\rVert^2",
        loss=loss,
        grad=grad,
        hess=hess,
        start=minimiser + np.where(np.arange(len(minimiser)) % 2, 2.0, -2.5),
        minimisers=minimiser[None],
        minimum=float(loss(minimiser)),
        window=_around(minimiser, 4.0),
        L_smooth=float(np.linalg.eigvalsh(X.T @ X / n)[-1] / 4 + lam),
        mu=lam,
        saddles=np.empty((0, len(minimiser))),
        reference="D. R. Cox, J. R. Stat. Soc. B 20 (1958), 215–242",
    )


def softplus(z: Array) -> Array:
    """log(1 + eᶻ), without overflow, for complex z too (so that the complex step may pass)."""
    positive = np.real(z) > 0
    return np.where(positive, z, 0.0) + np.log1p(np.exp(np.where(positive, -z, z)))


def sigmoid(z: Array) -> Array:
    """1 / (1 + e⁻ᶻ), the slope of `softplus`, without overflow and to full relative precision."""
    return np.exp(-softplus(-z))


def _data(X: Array | None, y: Array | None, rng: np.random.Generator | None, n: int, dim: int) -> tuple[Array, Array]:
    """The caller's data, or a draw whose true θ is (−1, 1, −1, …)."""
    if X is None and y is None:
        rng = np.random.default_rng(0) if rng is None else rng
        X = np.column_stack([np.ones(n), rng.normal(1.0, 1.0, (n, dim - 1))])
        return X, X @ np.where(np.arange(dim) % 2, 1.0, -1.0) + 0.5 * rng.normal(size=n)
    if X is None or y is None:
        raise refuse("X" if X is None else "y", None, "X and y come together, or not at all")
    if len(X) != len(y):
        raise refuse("y", y, f"must have one entry for each of the {len(X)} rows of X, not {len(y)}")
    if X.size == 0:
        raise refuse("X", X, "must have at least one row and one column")
    return X, y


def _around(centre: Array, reach: float = 2.5) -> Window:
    x, y = (float(round(centre[j], 1)) if j < len(centre) else 0.0 for j in range(2))
    return (x - reach, x + reach), (y - reach, y + reach)


def _newton(loss: Any, grad: Any, hess: Any, theta: Array) -> Array | None:
    """The minimiser of a strictly convex loss by damped Newton; None if the loss has none."""
    for _ in range(100):
        slope, curvature = grad(theta), hess(theta)
        if np.linalg.eigvalsh(curvature)[0] <= 1e-12 * np.trace(curvature):
            return None
        step = np.linalg.solve(curvature, slope)
        if np.abs(step).max() <= 1e-13 * (1 + np.abs(theta).max()):
            return theta - step
        damping = 1.0
        while damping > 1e-10 and loss(theta - damping * step) > loss(theta) - 1e-4 * damping * slope @ step + 1e-16:
            damping /= 2
        theta = theta - damping * step
    return None


GALLERY: tuple[Problem, ...] = (
    quadratic(),
    ravine(),
    rosenbrock(),
    himmelblau(),
    beale(),
    saddle(),
    rastrigin(),
    styblinski_tang(),
    least_squares(),
    logistic_regression(),
)
