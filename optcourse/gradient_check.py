"""3.15 Gradient checking and numerical gradients: is the gradient you derived the slope of the loss you wrote?"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from optcourse.arguments import (
    Array,
    Gradient,
    Loss,
    NonFiniteError,
    checked,
    count,
    function,
    iterate,
    non_negative,
    norm,
    one_of,
    refuse,
    shown,
)

HessianVector = Callable[[Array, Array], Array]

# --------------------------------------------------------------------------------- numerical derivatives


def _central(f: Loss, theta: Array, shift: Array, here: float) -> float:
    """(f(θ + ε) − f(θ − ε)) / 2ε: the error is O(ε²)."""
    ahead, behind = theta + shift, theta - shift
    return (f(ahead) - f(behind)) / float(np.sum(ahead - behind))  # θ ± ε rounds: divide by the distance really walked


def _forward(f: Loss, theta: Array, shift: Array, here: float) -> float:
    """(f(θ + ε) − f(θ)) / ε: the error is O(ε)."""
    ahead = theta + shift
    return (f(ahead) - here) / float(np.sum(ahead - theta))


def _complex(f: Callable[[Array], complex], theta: Array, shift: Array, here: float) -> float:
    """Im f(θ + iε) / ε: the error is O(ε²), and nothing is subtracted, so ε may be as small as one likes."""
    step = np.multiply(1j, shift)  # 1j * shift of one number is Python's complex: a float32 θ would become complex64
    return f(theta + step).imag / np.sum(shift)


# Each scheme with the ε at which its two errors balance: that of the formula, which shrinks with ε, and that of
# rounding (u, the unit roundoff), which grows as ε shrinks.
SCHEMES: dict[str, tuple[Callable[..., float], Callable[[float], float]]] = {
    "central": (_central, lambda u: (3 * u) ** (1 / 3)),
    "forward": (_forward, lambda u: u ** (1 / 2)),
    "complex": (_complex, lambda u: 1e-20),
}


@checked(scheme=one_of(*SCHEMES))
def numerical_gradient(f: Loss, theta: Array, eps: float | None = None, scheme: str = "central") -> Array:
    r"""Measure ∇f(θ) coordinate by coordinate, by differences of the loss.

    Central: :math:`\frac{f(\theta + \varepsilon e_j) - f(\theta - \varepsilon e_j)}{2\varepsilon}`, forward:
    :math:`\frac{f(\theta + \varepsilon e_j) - f(\theta)}{\varepsilon}`, complex step:
    :math:`\frac{\operatorname{Im} f(\theta + i \varepsilon e_j)}{\varepsilon}`.

    Parameters
    ----------
    f : function of theta
        Returns the loss, one number. For ``scheme="complex"`` it must be complex-analytic: no ``abs``, ``max``,
        ``float`` or comparison on the way.
    theta : float or array
        Where to measure; any shape.
    eps : float, optional
        The step ε > 0, the same for every coordinate. By default it suits the scheme and the precision of θ (u is
        its unit roundoff, 1.1e-16 for float64) and grows with the coordinate: (3u)^⅓ max(1, \|θ_j\|) for
        ``"central"``, u^½ max(1, \|θ_j\|) for ``"forward"``, 1e-20 max(1, \|θ_j\|) for ``"complex"``.
    scheme : {"central", "forward", "complex"}
        Central: 2n evaluations, about 10 right digits. Forward: n + 1 evaluations, 7 digits. Complex: n, all digits.

    Returns
    -------
    float or array
        The gradient, of the shape and precision of θ.

    Raises
    ------
    ValueError
        If an argument is not as above, `eps` is so small that θ + ε rounds to θ, or `f` returns NaN or infinity.

    Notes
    -----
    ``scipy.optimize.approx_fprime`` is the forward scheme, by default with ε = √(2u) = 1.5e-8 whatever θ is;
    ``torch.autograd.gradcheck`` uses the central scheme with ε = 1e-6.

    References
    ----------
    J. Nocedal, S. J. Wright, *Numerical Optimization*, 2nd ed. (2006), eqs. (8.3), (8.7).
    W. Squire, G. Trapp, "Using complex variables to estimate derivatives of real functions", SIAM Rev. 40 (1998).

    Examples
    --------
    >>> numerical_gradient(lambda theta: np.sum(theta**3), [1.0, 2.0]).round(8)
    array([ 3., 12.])
    >>> float(numerical_gradient(np.exp, 0.0, scheme="complex"))
    1.0
    """
    difference, _ = SCHEMES[scheme]
    f = _one_number(f, is_complex=scheme == "complex")
    here = f(theta) if scheme == "forward" else np.nan
    slopes = [difference(f, theta, shift, here) for shift in _shifts(theta, eps, scheme)]
    return _in_the_precision_of(theta, np.reshape(slopes, np.shape(theta)))


def _in_the_precision_of(theta: Array, derivatives: Array) -> Array:
    with np.errstate(over="ignore"):
        rounded = derivatives.astype(theta.dtype)[()]
    if not np.isfinite(rounded).all():
        raise NonFiniteError(f"f is too steep for {theta.dtype}, its differences come out as {shown(derivatives)}")
    return rounded


@checked()
def numerical_hessian(f: Loss, theta: Array, eps: float | None = None) -> Array:
    r"""Measure ∇²f(θ) from values of f alone, by the central difference of a central difference.

    :math:`H_{jk} = \bigl[f(\theta + \varepsilon_j + \varepsilon_k) - f(\theta + \varepsilon_j - \varepsilon_k)
    - f(\theta - \varepsilon_j + \varepsilon_k) + f(\theta - \varepsilon_j - \varepsilon_k)\bigr]
    / 4 \varepsilon_j \varepsilon_k`

    Parameters
    ----------
    f : function of theta
        Returns the loss, one number.
    theta : float or array
        Where to measure; n numbers in any shape.
    eps : float, optional
        The step ε > 0; by default (3u)^¼ max(1, \|θ_j\|), u the unit roundoff of θ's precision.

    Returns
    -------
    float or array, shape (n, n)
        Symmetric; about 7 right digits, after 2n(n + 1) evaluations.

    Raises
    ------
    ValueError
        If an argument is not as above, `eps` is so small that θ + ε rounds to θ, or `f` returns NaN or infinity.

    Notes
    -----
    With a gradient at hand, differences of it are cheaper and give 10 digits: see `check_hessian_vector`.

    References
    ----------
    J. Nocedal, S. J. Wright, *Numerical Optimization*, 2nd ed. (2006), section 8.1, eq. (8.21).

    Examples
    --------
    >>> numerical_hessian(lambda theta: theta[0] ** 2 * theta[1], [1.0, 2.0]).round(6)
    array([[4., 2.],
           [2., 0.]])
    """
    f = _one_number(f)
    n = np.size(theta)
    shifts = list(_shifts(theta, eps, "hessian"))
    hessian = np.empty((n, n))
    for j in range(n):
        for k in range(j + 1):
            along, aside = shifts[j], shifts[k]
            rise = f(theta + along + aside) - f(theta + along - aside)
            fall = f(theta - along + aside) - f(theta - along - aside)
            hessian[j, k] = hessian[k, j] = (rise - fall) / float(4 * np.sum(along)) / float(np.sum(aside))
    return _in_the_precision_of(theta, hessian if np.ndim(theta) else hessian[0, 0])


@checked(a=iterate, b=iterate, delta=non_negative)
def relative_error(a: Array, b: Array, delta: float = 1e-12) -> float:
    r"""Compare two gradients: :math:`\lVert a - b \rVert / (\lVert a \rVert + \lVert b \rVert + \delta)`.

    Parameters
    ----------
    a, b : float or array
        The gradients, of one shape; the norm is over all entries.
    delta : float
        δ ≥ 0 keeps the quotient quiet where both gradients vanish.

    Returns
    -------
    float
        In [0, 1]: below 1e-7 almost surely right, above 1e-4 a bug, between: look.

    Raises
    ------
    ValueError
        If the shapes differ, or an entry is NaN or infinite.

    References
    ----------
    A. Karpathy et al., *CS231n: Convolutional Neural Networks for Visual Recognition*, notes "Gradient checks"
    (2015): the same quotient, one coordinate at a time.

    Examples
    --------
    >>> round(relative_error([3.0, 4.0], [3.0, 4.1]), 6)
    0.00992
    """
    if np.shape(a) != np.shape(b):
        raise refuse("b", b, f"must have the shape of a, {np.shape(a)}, not {np.shape(b)}")
    scale = max(np.max(np.abs(a)), np.max(np.abs(b)), 1.0)  # so that no square overflows
    a, b, delta = np.ravel(a) / scale, np.ravel(b) / scale, delta / scale
    distance = norm(a - b)
    return float(distance and distance / (norm(a) + norm(b) + delta))


# ---------------------------------------------------------------------------------------------- checks

RIGHT, LOOK, BUG = "almost surely right", "look", "bug"
SURELY_RIGHT, SURELY_WRONG = 1e-7, 1e-4  # relative errors
BLURRED = 1e-6  # differences that resolve no better than this, relative to the gradient, prove nothing


@dataclass(frozen=True, eq=False)
class GradientReport:
    """What a check found, one row per coordinate (or per direction).

    Attributes
    ----------
    subject : str
        What was checked: ``"gradient"``, ``"gradient along random directions"``, ``"Hessian-vector product"``.
    verdict : str
        ``"almost surely right"``, ``"look"`` or ``"bug"``.
    relative_error : float
        ‖analytic − numerical‖ / (‖analytic‖ + ‖numerical‖ + δ) over everything; NaN if an entry is.
    analytic, numerical : array
        The two sides.
    errors : array
        The relative error of every row by itself.
    resolution : array
        How far off the numerical side may be by its own rounding and truncation, estimated.
    worst : tuple of int
        The index of the row with the largest error.
    kinks : tuple of tuples of int
        Where the loss seems to have a kink.
    notes : tuple of str
        What else there is to say, a sentence each.
    evaluations : int
        How often the function was called.
    """

    subject: str
    verdict: str
    relative_error: float
    analytic: Array
    numerical: Array
    errors: Array
    resolution: Array
    worst: tuple[int, ...]
    kinks: tuple[tuple[int, ...], ...]
    notes: tuple[str, ...]
    evaluations: int

    @property
    def passed(self) -> bool:
        """Whether the verdict is "almost surely right"."""
        return self.verdict == RIGHT

    def rows(self, most: int = 10) -> list[tuple[str, float, float, float]]:
        """Return (name, analytic, numerical, relative error) of each row; of the worst `most`, if there are more."""
        indices = list(np.ndindex(np.shape(self.errors)))
        if len(indices) > most:
            indices.sort(key=lambda index: (index != self.worst, -_or_infinity(self.errors[index])))
        return [
            (_name(index), _size(self.analytic[index]), _size(self.numerical[index]), float(self.errors[index]))
            for index in indices[:most]
        ]

    def _headline(self) -> str:
        return f"{self.subject}: {self.verdict} (relative error {self.relative_error:.2g})"

    def _caption(self) -> str:
        worst, n = _name(self.worst), np.size(self.errors)
        rows = "direction" if "direction" in self.subject or "product" in self.subject else "coordinate"
        which = f"worst {rows} {worst}" if n > 1 else f"one {rows}"
        cut = f", the 10 worst of {n} shown" if n > 10 else ""
        return f"{which}{cut}; {self.evaluations} evaluations"

    def __repr__(self) -> str:
        lines = [self._headline(), f"{'':>12}{'analytic':>16}{'numerical':>16}{'rel. error':>12}"]
        for name, analytic, numerical, error in self.rows():
            mark = "  <- worst" if name == _name(self.worst) and np.size(self.errors) > 1 else ""
            lines.append(f"{name:>12}{analytic:>16.9g}{numerical:>16.9g}{error:>12.2g}{mark}")
        return "\n".join([*lines, self._caption(), *self.notes])

    def _repr_html_(self) -> str:
        bold = " style='font-weight:bold'"
        cell = "<td style='text-align:right'>{}</td>".format
        rows = "".join(
            f"<tr{bold if name == _name(self.worst) else ''}><th scope='row'>{name or 'θ'}</th>"
            + cell(f"{analytic:.9g}")
            + cell(f"{numerical:.9g}")
            + cell(f"{error:.2g}")
            + "</tr>"
            for name, analytic, numerical, error in self.rows()
        )
        heads = "".join(
            f"<th scope='col'>{head}</th>" for head in ("coordinate", "analytic", "numerical", "relative error")
        )
        notes = "".join(f"<p>{html.escape(note)}</p>" for note in self.notes)
        return (
            f"<div class='optcourse-report'><p><strong>{html.escape(self._headline())}</strong></p>"
            f"<table><caption>{html.escape(self._caption())}</caption>"
            f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>{notes}</div>"
        )


@checked(scheme=one_of(*SCHEMES))
def check_gradient(
    f: Loss, grad: Gradient, theta: Array, eps: float | None = None, scheme: str = "central"
) -> GradientReport:
    r"""Compare a derived gradient with a measured one, coordinate by coordinate, and say what the difference means.

    Parameters
    ----------
    f : function of theta
        The loss: one number.
    grad : function of theta
        The gradient under test.
    theta : float or array
        Where to compare: a small random point in double precision, away from kinks and stationary points.
    eps, scheme
        As in `numerical_gradient`.

    Returns
    -------
    GradientReport
        ``"almost surely right"`` if the relative error is below 1e-7, ``"bug"`` if it is above 1e-4, else ``"look"``:
        always after allowing for what differences can resolve here. ``report.passed`` is True for the first only.

    Raises
    ------
    ValueError
        If an argument is not as above, `grad` returns another shape than θ's, or f(θ) itself is not a finite number.
        (NaN in the gradient, or in f near θ, does not raise: the report names it.)

    Notes
    -----
    Besides ±ε the loss is read at ±2ε and ±8ε, 6n + 1 evaluations in all. From ε to 2ε the error of the formula
    grows fourfold, so the change tells its size. From 2ε to 8ε the slopes to the left and to the right of a smooth
    loss drift four times as far apart, while across a kink their distance stays: that is how a kink is suspected.

    ``torch.autograd.gradcheck`` compares entry by entry with atol = 1e-5, rtol = 1e-3 at ε = 1e-6 and raises;
    ``scipy.optimize.check_grad`` returns the absolute ‖a − b‖ of the forward scheme.

    References
    ----------
    J. Nocedal and S. Wright, *Numerical Optimization*, 2nd ed. (2006), section 8.1.

    Examples
    --------
    >>> check_gradient(lambda theta: np.sum(theta**2), lambda theta: 2 * theta, [1.0, -3.0]).verdict
    'almost surely right'
    >>> check_gradient(lambda theta: np.sum(theta**2), lambda theta: theta * [2, 3], [1.0, -3.0]).worst
    (1,)
    >>> check_gradient(lambda theta: abs(theta), np.sign, 0.0).verdict  # a kink
    'look'
    """
    shape = np.shape(theta)
    calls = _one_number(f, may_fail=True)
    analytic = _derivative("grad", grad, grad(_copy(theta)), shape)
    values = {0: calls(theta)}
    if not np.isfinite(values[0]):
        raise NonFiniteError(f"f returned {values[0]} at theta = {shown(theta)}")
    shifts = list(_shifts(theta, eps, "forward" if scheme == "forward" else "central"))
    steps = np.array([np.sum(theta + shift - theta) for shift in shifts])
    for multiple in (-8, -2, -1, 1, 2, 8):
        values[multiple] = np.array([calls(theta + multiple * shift) for shift in shifts])

    right = {k: (values[k] - values[0]) / (k * steps) for k in (1, 2, 8)}
    left = {k: (values[0] - values[-k]) / (k * steps) for k in (1, 2, 8)}
    gap = {k: np.abs(right[k] - left[k]) for k in (2, 8)}
    slope = right if scheme == "forward" else {k: (right[k] + left[k]) / 2 for k in (1, 2)}
    rounding = 8 * calls.unit_roundoff(theta) * np.max(np.abs([values[k] for k in (-1, 1, 2)]), axis=0) / steps
    visible = 1e-4 * (np.abs(right[2]) + np.abs(left[2])) + 100 * rounding
    kinks = (gap[2] > visible) & (gap[8] < 2.5 * gap[2])  # a smooth loss has gap[8] = 4 gap[2]

    resolution = rounding + np.abs(slope[2] - slope[1])
    numerical = slope[1]
    if scheme == "complex":
        numerical = np.ravel(numerical_gradient(f, theta, eps, scheme)).astype(float)
        curvature = np.nan_to_num(gap[2] / (2 * steps))  # θ_j itself is known to u |θ_j|, ∇f to u |θ_j| times this
        terms = np.abs(numerical) + curvature * np.maximum(1.0, np.abs(np.ravel(theta)))
        resolution, kinks = 8 * calls.unit_roundoff(theta) * terms, np.zeros_like(kinks)
    notes = _precision_notes(theta, analytic, calls)
    return _report(
        "gradient",
        analytic,
        np.reshape(numerical, shape),
        np.reshape(resolution, shape),
        notes,
        calls.calls + (scheme == "complex") * np.size(theta),
        np.reshape(kinks, shape),
    )


@checked(directions=count)
def check_directions(
    f: Loss,
    grad: Gradient,
    theta: Array,
    rng: np.random.Generator | None = None,
    directions: int = 10,
    eps: float | None = None,
) -> GradientReport:
    r"""Compare ⟨∇f(θ), v⟩ with the slope of f along a few random directions v: for a θ too large to go through.

    Parameters
    ----------
    f, grad : function of theta
        The loss and the gradient under test.
    theta : float or array
        Where to compare; n numbers in any shape.
    rng : numpy.random.Generator, optional
        Draws the directions, uniform on the unit sphere; by default ``numpy.random.default_rng(0)``.
    directions : int
        How many.
    eps : float, optional
        The step ε > 0 along v; by default (3u)^⅓ max(1, ‖θ‖/√n).

    Returns
    -------
    GradientReport
        One row per direction; 4 evaluations of `f` each, whatever n is. A mistake in a single coordinate weighs only
        1/√n of a mistake everywhere: after a "look", go through a part of θ with `check_gradient`.

    Raises
    ------
    ValueError
        If an argument is not as above, `grad` returns another shape than θ's, or f(θ) itself is not a finite number.

    Notes
    -----
    ``torch.autograd.gradcheck(fast_mode=True)`` and ``scipy.optimize.check_grad(direction="random")`` compare along
    one random direction.

    References
    ----------
    J. Nocedal and S. Wright, *Numerical Optimization*, 2nd ed. (2006), section 8.1 (differences along a direction).

    Examples
    --------
    >>> theta = np.linspace(-1, 1, 10_000)
    >>> check_directions(lambda theta: np.sum(theta**4), lambda theta: 4 * theta**3, theta).verdict
    'almost surely right'
    """
    calls = _one_number(f, may_fail=True)
    shape = np.shape(theta)
    slopes = _derivative("grad", grad, grad(_copy(theta)), shape)
    analytic, numerical, resolution = np.empty((3, directions))
    for row, (v, step) in enumerate(_directions(theta, rng, directions, eps)):
        analytic[row] = np.sum(slopes * v)
        near, far = ((calls(theta + k * step * v) - calls(theta - k * step * v)) / (2 * k * step) for k in (1, 2))
        size = max(abs(calls.last), abs(near * step))
        numerical[row] = near
        resolution[row] = 8 * calls.unit_roundoff(theta) * size / step + abs(far - near)
    notes = _precision_notes(theta, slopes, calls)
    return _report("gradient along directions", analytic, numerical, resolution, notes, calls.calls)


@checked(hvp=function, directions=count)
def check_hessian_vector(
    grad: Gradient,
    hvp: HessianVector,
    theta: Array,
    rng: np.random.Generator | None = None,
    directions: int = 5,
    eps: float | None = None,
) -> GradientReport:
    r"""Compare a Hessian-vector product with a difference of gradients along random directions v.

    :math:`\nabla^2 f(\theta)\, v \approx \frac{\nabla f(\theta + \varepsilon v) - \nabla f(\theta - \varepsilon v)}
    {2\varepsilon}`

    Parameters
    ----------
    grad : function of theta
        The gradient, already checked.
    hvp : function of theta and v
        Returns ∇²f(θ)v, of the shape of θ. To check a whole Hessian pass ``lambda theta, v: hess(theta) @ v``.
    theta : float or array
        Where to compare; any shape.
    rng : numpy.random.Generator, optional
        Draws the directions v, uniform on the unit sphere; by default ``numpy.random.default_rng(0)``.
    directions : int
        How many.
    eps : float, optional
        The step ε > 0 along v; by default (3u)^⅓ max(1, ‖θ‖/√n).

    Returns
    -------
    GradientReport
        One row per direction, with the lengths of the two vectors; 4 gradients each, no Hessian. It also says if
        ⟨w, Hv⟩ ≠ ⟨v, Hw⟩: no Hessian of a smooth loss does that.

    Raises
    ------
    ValueError
        If an argument is not as above, or `grad` or `hvp` return another shape than θ's.

    References
    ----------
    B. A. Pearlmutter, "Fast exact multiplication by the Hessian", Neural Computation 6 (1994).

    Examples
    --------
    >>> cube = lambda theta: 3 * theta**2
    >>> check_hessian_vector(cube, lambda theta, v: 6 * theta * v, [1.0, -2.0]).verdict
    'almost surely right'
    """
    shape, u = np.shape(theta), _unit_roundoff(theta)
    calls = 0

    def slopes(point: Array) -> Array:
        nonlocal calls
        calls += 1
        return _derivative("grad", grad, grad(_copy(point)), shape)

    drawn = list(_directions(theta, rng, directions, eps))
    analytic, numerical, resolution = np.empty((3, directions, *shape))
    for row, (v, step) in enumerate(drawn):
        analytic[row] = _derivative("hvp", hvp, hvp(_copy(theta), _copy(v)), shape)
        ahead, behind = slopes(theta + step * v), slopes(theta - step * v)
        numerical[row] = (ahead - behind) / (2 * step)
        far = (slopes(theta + 2 * step * v) - slopes(theta - 2 * step * v)) / (4 * step)
        resolution[row] = 8 * u * np.maximum(np.abs(ahead), np.abs(behind)) / step + np.abs(far - numerical[row])
    notes = [FLOAT32] if u > 1e-15 else []
    notes += _asymmetry([v for v, _ in drawn], analytic)
    return _report("Hessian-vector product", analytic, numerical, resolution, notes, calls, rows=1)


# --------------------------------------------------------------------------------------- what they share

FLOAT32 = (
    "Single precision: float32 differences carry an error of about 1e-3, so right looks wrong. "
    "Check in float64 (theta.astype(float), and no float32 inside the loss)."
)


class _Calls:
    """A loss under test: counts its calls, insists on one number, hands over a copy that may be scribbled on."""

    def __init__(self, f: Loss, is_complex: bool, may_fail: bool):
        self.f, self.is_complex, self.may_fail = f, is_complex, may_fail
        self.calls, self.coarsest = 0, 0.0
        self.last: Any = None

    def __call__(self, theta: Array) -> Any:
        self.calls += 1
        with np.errstate(**dict.fromkeys(("divide", "over", "invalid"), "ignore" if self.may_fail else None)):
            value = np.asarray(self._value(theta))
        if value.ndim != 0:
            raise refuse("f", self.f, f"must return one number, not shape {value.shape}")
        if self.is_complex and value.dtype.kind != "c":
            raise refuse("f", self.f, "returned a real number for a complex theta: the complex step needs " + ANALYTIC)
        if value.dtype.kind not in ("c" if self.is_complex else "fiub"):
            raise refuse("f", self.f, f"must return a real number, not {value.dtype}")
        if not self.may_fail and not np.isfinite(value):
            raise NonFiniteError(f"f returned {value} at theta = {shown(theta)}")
        if value.dtype.kind == "f":
            self.coarsest = max(self.coarsest, float(np.finfo(value.dtype).eps) / 2)
        self.last = complex(value) if self.is_complex else float(value)
        return self.last

    def _value(self, theta: Array) -> Any:
        if not self.is_complex:
            return self.f(_copy(theta))
        try:
            return self.f(_copy(theta))
        except TypeError as error:
            raise refuse(
                "f", self.f, f"fails for a complex theta ({error}): the complex step needs {ANALYTIC}"
            ) from error

    def unit_roundoff(self, theta: Array) -> float:
        """The coarser of the loss's precision and θ's."""
        return max(self.coarsest, _unit_roundoff(theta))


ANALYTIC = "a loss made of analytic operations (no abs, max, float or comparison)"


def _one_number(f: Loss, is_complex: bool = False, may_fail: bool = False) -> _Calls:
    return _Calls(f, is_complex, may_fail)


def _unit_roundoff(theta: Array) -> float:
    return float(np.finfo(theta.dtype).eps) / 2


def _copy(theta: Array) -> Array:
    return np.array(theta)[()]


def _shifts(theta: Array, eps: float | None, scheme: str) -> Iterator[Array]:
    """ε e_1, ε e_2, …, each of the shape of θ."""
    u = _unit_roundoff(theta)
    best = (3 * u) ** 0.25 if scheme == "hessian" else SCHEMES[scheme][1](u)
    steps = best * np.maximum(1.0, np.abs(theta)) if eps is None else np.full(np.shape(theta), eps)
    for index in np.ndindex(np.shape(theta)):
        shift = np.zeros(np.shape(theta), np.promote_types(theta.dtype, float) if scheme == "complex" else theta.dtype)
        shift[index] = steps[index]
        if scheme != "complex" and np.all(theta + shift == theta):
            raise refuse("eps", eps, f"is lost in rounding: theta{_name(index)} + eps equals theta{_name(index)}")
        yield shift


def _directions(
    theta: Array, rng: np.random.Generator | None, directions: int, eps: float | None
) -> Iterator[tuple[Array, float]]:
    """Random unit vectors of the shape of θ, each with the step to take along it."""
    rng = np.random.default_rng(0) if rng is None else rng
    spread = norm(theta) / np.sqrt(np.size(theta))
    step = SCHEMES["central"][1](_unit_roundoff(theta)) * max(1.0, spread) if eps is None else eps
    for _ in range(directions):
        v = rng.standard_normal(np.shape(theta))
        yield (v / norm(v)).astype(theta.dtype)[()], step


def _derivative(name: str, function: Any, answer: Any, shape: tuple[int, ...]) -> Array:
    """The answer of a function under test, as floats of the right shape; NaN is the report's business."""
    found = np.asarray(answer)
    if found.shape != shape:
        raise refuse(name, function, f"must return shape {shape}, not {found.shape}")
    if found.dtype.kind not in "fiub":
        raise refuse(name, function, f"must return real numbers, not {found.dtype}")
    return found


def _report(
    subject: str,
    analytic: Array,
    numerical: Array,
    resolution: Array,
    notes: list[str],
    evaluations: int,
    kinks: Array | None = None,
    rows: int | None = None,
) -> GradientReport:
    """Weigh the two sides. The first `rows` axes are rows of the table; the norm is over the others."""
    precise = np.asarray(analytic, float), np.asarray(numerical, float), np.asarray(resolution, float)
    shape = np.shape(analytic)[: np.ndim(analytic) if rows is None else rows]
    by_row = list(zip(*(list(side.reshape((int(np.prod(shape)), -1))) for side in precise), strict=True))
    errors = np.array([_error(a, b) for a, b, _ in by_row]).reshape(shape)
    levels = np.array([_verdict(*row) for row in by_row]).reshape(shape)
    kinked = np.zeros(shape, bool) if kinks is None else kinks
    worst = tuple(int(i) for i in np.unravel_index(int(np.argmax([_excess(*row) for row in by_row])), shape))

    verdict = _verdict(*(side[~kinked] for side in precise))
    if verdict == RIGHT and (np.any(levels == BUG) or kinked.any()):
        verdict = LOOK  # a bug in a small coordinate hides behind large ones; a kink was left out
    findings = _findings(subject, precise, levels, kinked, verdict)
    return GradientReport(
        subject=subject,
        verdict=verdict,
        relative_error=_error(precise[0], precise[1]),
        analytic=precise[0],
        numerical=precise[1],
        errors=errors,
        resolution=precise[2],
        worst=worst,
        kinks=tuple(tuple(int(i) for i in index) for index in np.argwhere(kinked)),
        notes=(*findings, *notes),
        evaluations=evaluations,
    )


def _verdict(analytic: Array, numerical: Array, resolution: Array) -> str:
    """Judge a difference against the gradient's size, after allowing for what differences can resolve."""
    if not np.isfinite(analytic).all():
        return BUG
    known = np.isfinite(numerical) & np.isfinite(resolution)
    analytic, numerical, blur = analytic[known], numerical[known], norm(resolution[known])
    distance, size = norm(analytic - numerical), norm(analytic) + norm(numerical)
    if distance > SURELY_WRONG * size + 10 * blur:
        return BUG
    blind = blur > BLURRED * size and size > 2 * blur  # something is there, but too blurred to judge
    return RIGHT if known.all() and not blind and distance <= SURELY_RIGHT * size + blur else LOOK


def _excess(analytic: Array, numerical: Array, resolution: Array) -> float:
    """How many times larger the difference is than it may be."""
    allowed = SURELY_RIGHT * (norm(analytic) + norm(numerical)) + norm(resolution)
    distance = norm(analytic - numerical)
    return _or_infinity(distance / allowed) if distance else 0.0


def _findings(subject: str, sides: tuple[Array, Array, Array], levels: Array, kinked: Array, verdict: str) -> list[str]:
    """What a colleague would remark on."""
    analytic, numerical, resolution = sides
    notes = []
    if not np.isfinite(analytic).all():
        notes.append(f"The derived {subject} is not finite at {_names(~np.isfinite(analytic))}.")
    if not np.isfinite(numerical).all():
        where = _names(~np.isfinite(numerical))
        notes.append(f"The function is not finite next to theta at {where}: the edge of its domain? Move away from it.")
    if kinked.any():
        notes.append(
            f"Kink suspected at {_names(kinked)}: the slopes to the left and to the right differ however small the "
            "step is. Compare at a point where no |.|, max or ReLU switches."
        )
    if not (np.isfinite(analytic).all() and np.isfinite(numerical).all() and np.isfinite(resolution).all()):
        return notes
    size, blur = norm(analytic) + norm(numerical), norm(resolution)
    if size <= 2 * blur:
        notes.append("Both sides are zero as far as differences can see: a wrong factor would not show here.")
    elif blur > BLURRED * size and not kinked.any():
        notes.append(
            f"Differences resolve only +-{blur:.1g} here: subtract a constant from the loss, choose another eps, or "
            "use the complex step."
        )
    if verdict == BUG and np.any(numerical):
        factor = np.sum(analytic * numerical) / np.sum(numerical**2)
        if factor and norm(analytic - factor * numerical) < 1e-5 * norm(analytic) + blur:
            notes.append(f"The derived one is {factor:.6g} times the measured one throughout: a lost factor or sign.")
    return notes


def _precision_notes(theta: Array, slopes: Array, calls: _Calls) -> list[str]:
    single = calls.unit_roundoff(theta) > 1e-15 or (slopes.dtype.kind == "f" and np.finfo(slopes.dtype).eps > 1e-15)
    return [FLOAT32] if single else []


def _asymmetry(directions: list[Array], products: Array) -> list[str]:
    """⟨w, Hv⟩ = ⟨v, Hw⟩ for every pair of neighbours, or a remark."""
    for v, w, product_v, product_w in zip(directions, directions[1:], products, products[1:], strict=False):
        one, other = float(np.sum(w * product_v)), float(np.sum(v * product_w))
        if abs(one - other) > 1e-6 * (norm(product_v) + norm(product_w)):
            return [f"Not symmetric: <w, Hv> = {one:.6g} but <v, Hw> = {other:.6g}."]
    return []


def _error(a: Array, b: Array) -> float:
    finite = np.isfinite(a).all() and np.isfinite(b).all()
    return relative_error(a, b) if finite else float("nan")


def _size(entry: Array) -> float:
    return float(entry) if np.ndim(entry) == 0 else norm(entry)


def _or_infinity(error: Any) -> float:
    return float(error) if error == error else float("inf")


def _name(index: tuple[int, ...]) -> str:
    return f"[{', '.join(map(str, index))}]" if index else ""


def _names(mask: Array, most: int = 5) -> str:
    found = [_name(tuple(int(i) for i in index)) or "theta" for index in np.argwhere(mask)]
    return ", ".join(found[:most]) + (f" and {len(found) - most} more" if len(found) > most else "")
