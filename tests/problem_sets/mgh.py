"""The test problems of Moré, Garbow and Hillstrom: sums of squares with published minima, derivatives by hand.

J. J. Moré, B. S. Garbow and K. E. Hillstrom, "Testing unconstrained optimization software", ACM TOMS 7 (1981),
section 3; the numbers of the problems are theirs. Each is L(θ) = Σ rᵢ(θ)², written as its residuals r and their
Jacobian J, whence ∇L = 2 Jᵀr (or with ∇L itself, where most of J is zero). All are complex-analytic, so that the
complex step gives the Hessian to rounding. Those that `benchmarks/curvature.py` asks for are written to cost little
beside the methods that are measured there.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

TINY = 1e-40  # the imaginary step: its square vanishes beside anything


@dataclass(frozen=True, eq=False)
class SumOfSquares:
    """One problem: residuals, Jacobian, the standard start, and the values of L at its published minima.

    A `gradient` takes the place of a Jacobian that is None.
    """

    number: int
    name: str
    residuals: Callable[[Any], Any]
    jacobian: Callable[[Any], Any] | None
    start: Any
    minima: tuple[float, ...]
    gradient: Callable[[Any], Any] | None = None

    def loss(self, theta):
        r = self.residuals(theta)
        return r.dot(r)

    def grad(self, theta):
        return self.gradient(theta) if self.gradient else 2 * self.residuals(theta).dot(self.jacobian(theta))

    def hess(self, theta):
        """Differentiate the gradient by complex steps."""
        along = [self.grad(theta + TINY * 1j * unit).imag / TINY for unit in np.eye(theta.size)]
        return (np.array(along) + np.array(along).T) / 2

    def is_reached(self, loss, digits=5):
        """Say whether a loss is that of a published minimum, which the paper prints to six digits."""
        return any(abs(loss - minimum) <= 10.0**-digits * minimum + 1e-10 for minimum in self.minima)

    def __str__(self):
        return f"{self.number:02d} {self.name}"


def columns(*entries):
    """Put functions of the data side by side: one column a parameter; numbers stand for constant columns."""
    return np.stack(np.broadcast_arrays(*entries), axis=-1)


def groups(t, size):
    """Return the first parameters of all groups of that size, the second, …: as plain numbers if there is one group.

    Those are several times quicker than arrays of one entry. They must not be raised to powers, which overflow loudly.
    """
    return t.tolist() if t.size == size else t.reshape(-1, size).T


def rosenbrock(n=2, number=1):
    def residuals(t):
        x, y = groups(t, 2)
        return np.array([10 * (y - x * x), 1 - x]).ravel()

    def gradient(t):
        x, y = groups(t, 2)
        above = y - x * x
        return np.array([2 * (x - 1) - 400 * x * above, 200 * above]).T.ravel()

    name, start = "Rosenbrock" if number == 1 else "extended Rosenbrock", np.tile([-1.2, 1.0], n // 2)
    return SumOfSquares(number, name, residuals, None, start, (0.0,), gradient)


def freudenstein_roth():
    def residuals(t):
        x, y = t
        return np.array([x - y**3 + 5 * y**2 - 2 * y - 13, x + y**3 + y**2 - 14 * y - 29])

    def jacobian(t):
        y = t[1]
        return np.array([[1, -3 * y**2 + 10 * y - 2], [1, 3 * y**2 + 2 * y - 14]])

    return SumOfSquares(2, "Freudenstein and Roth", residuals, jacobian, np.array([0.5, -2.0]), (0.0, 48.9842536792))


def powell_badly_scaled():
    def residuals(t):
        return np.array([1e4 * t[0] * t[1] - 1, np.exp(-t).sum() - 1.0001])

    def jacobian(t):
        return np.array([1e4 * t[::-1], -np.exp(-t)])

    return SumOfSquares(3, "Powell, badly scaled", residuals, jacobian, np.array([0.0, 1.0]), (0.0,))


def brown_badly_scaled():
    def residuals(t):
        return np.array([t[0] - 1e6, t[1] - 2e-6, t[0] * t[1] - 2])

    def jacobian(t):
        return np.array([[1, 0], [0, 1], [t[1], t[0]]])

    return SumOfSquares(4, "Brown, badly scaled", residuals, jacobian, np.array([1.0, 1.0]), (0.0,))


def beale():
    def residuals(t):
        x, y = t.tolist()
        return np.array([1.5 - x * (1 - y), 2.25 - x * (1 - y * y), 2.625 - x * (1 - y * y * y)])

    def gradient(t):
        x, y = t.tolist()
        a, b, c = residuals(t).tolist()
        along_x = a * (y - 1) + b * (y * y - 1) + c * (y * y * y - 1)
        return np.array([2 * along_x, 2 * x * (a + 2 * b * y + 3 * c * y * y)])

    return SumOfSquares(5, "Beale", residuals, None, np.array([1.0, 1.0]), (0.0,), gradient)


def jennrich_sampson():
    i = np.arange(1, 11)

    def residuals(t):
        return 2 + 2 * i - np.exp(i * t[0]) - np.exp(i * t[1])

    def jacobian(t):
        return columns(-i * np.exp(i * t[0]), -i * np.exp(i * t[1]))

    # At equal parameters, its other stationary value: 259.58 along one of them to −∞ with exp(0) left.
    return SumOfSquares(6, "Jennrich and Sampson", residuals, jacobian, np.array([0.3, 0.4]), (124.362182,))


def helical_valley():
    def residuals(t):
        x, y, z = t.tolist()
        turn = np.arctan(y / (x or TINY)) / (2 * np.pi) + (0.5 if x.real < 0 else 0.0)
        return np.array([10 * (z - 10 * turn), 10 * ((x * x + y * y) ** 0.5 - 1), z])

    def jacobian(t):
        x, y, _ = t.tolist()
        square = x * x + y * y
        per_turn, per_radius = 50 / math.pi / square, 10 / square**0.5
        return np.array([[per_turn * y, -per_turn * x, 10.0], [per_radius * x, per_radius * y, 0.0], [0.0, 0.0, 1.0]])

    return SumOfSquares(7, "helical valley", residuals, jacobian, np.array([-1.0, 0.0, 0.0]), (0.0,))


def bard():
    u = np.arange(1.0, 16.0)
    v, w = 16 - u, np.minimum(u, 16 - u)
    y = np.array([0.14, 0.18, 0.22, 0.25, 0.29, 0.32, 0.35, 0.39, 0.37, 0.58, 0.73, 0.96, 1.34, 2.10, 4.39])

    def residuals(t):
        return y - t[0] - u / (v * t[1] + w * t[2])

    def jacobian(t):
        slope = u / (v * t[1] + w * t[2]) ** 2
        return columns(-1, slope * v, slope * w)

    return SumOfSquares(8, "Bard", residuals, jacobian, np.ones(3), (8.21487e-3, 17.4286))


def gaussian():
    t_ = (8 - np.arange(1, 16)) / 2
    half = [0.0009, 0.0044, 0.0175, 0.0540, 0.1295, 0.2420, 0.3521]
    y = np.array([*half, 0.3989, *half[::-1]])

    def residuals(t):
        return t[0] * np.exp(-t[1] * (t_ - t[2]) ** 2 / 2) - y

    def jacobian(t):
        away = t_ - t[2]
        bell = np.exp(-t[1] * away**2 / 2)
        return columns(bell, -t[0] * bell * away**2 / 2, t[0] * bell * t[1] * away)

    return SumOfSquares(9, "Gaussian", residuals, jacobian, np.array([0.4, 1.0, 0.0]), (1.12793e-8,))


def meyer():
    t_ = 45 + 5 * np.arange(1, 17)
    y = np.array(
        [34780, 28610, 23650, 19630, 16370, 13720, 11540, 9744, 8261, 7030, 6005, 5147, 4427, 3820, 3307, 2872]
    )

    def residuals(t):
        return t[0] * np.exp(t[1] / (t_ + t[2])) - y

    def jacobian(t):
        grown = np.exp(t[1] / (t_ + t[2]))
        return columns(grown, t[0] * grown / (t_ + t[2]), -t[0] * grown * t[1] / (t_ + t[2]) ** 2)

    return SumOfSquares(10, "Meyer", residuals, jacobian, np.array([0.02, 4000.0, 250.0]), (87.9458,))


def gulf():
    t_ = np.arange(1, 100) / 100
    y = 25 + (-50 * np.log(t_)) ** (2 / 3)

    def parts(t):
        away = y - t[1]
        log = np.log(np.where(away.real < 0, -away, away))
        power = np.exp(t[2] * log)
        return away, log, power, np.exp(-power / t[0])

    def residuals(t):
        return parts(t)[3] - t_

    def jacobian(t):
        away, log, power, curve = parts(t)
        return curve[:, None] * columns(power / t[0] ** 2, t[2] * power / away / t[0], -power * log / t[0])

    # The paper's "y m i" is a misprint for y − x₂, as its minimiser (50, 25, 1.5) shows. For x₃ → 0 every term is
    # exp(−1/x₁) − tᵢ: a plateau whose lowest place, exp(−1/x₁) = ½, has L = Σ (½ − i/100)².
    return SumOfSquares(11, "Gulf", residuals, jacobian, np.array([5.0, 2.5, 0.15]), (0.0,))


def box():
    t_ = 0.1 * np.arange(1, 11)

    def residuals(t):
        return np.exp(-t_ * t[0]) - np.exp(-t_ * t[1]) - t[2] * (np.exp(-t_) - np.exp(-10 * t_))

    def jacobian(t):
        return columns(-t_ * np.exp(-t_ * t[0]), t_ * np.exp(-t_ * t[1]), np.exp(-10 * t_) - np.exp(-t_))

    return SumOfSquares(12, "Box", residuals, jacobian, np.array([0.0, 10.0, 20.0]), (0.0,))


def powell_singular(n=4, number=13):
    def parts(t):
        w, x, y, z = groups(t, 4)
        return w + 10 * x, y - z, x - 2 * y, w - z

    def residuals(t):
        first, second, inner, outer = parts(t)
        return np.array([first, 5**0.5 * second, inner * inner, 10**0.5 * outer * outer]).ravel()

    def gradient(t):
        first, second, inner, outer = parts(t)
        first, second, inner, outer = 2 * first, 10 * second, 4 * inner * inner * inner, 40 * outer * outer * outer
        return np.array([first + outer, 10 * first + inner, second - 2 * inner, -second - outer]).T.ravel()

    name = "Powell, singular" if number == 13 else "extended Powell, singular"
    return SumOfSquares(number, name, residuals, None, np.tile([3.0, -1.0, 0.0, 1.0], n // 4), (0.0,), gradient)


def wood():
    def parts(t):
        w, x, y, z = t.tolist()
        return x - w * w, 1 - w, z - y * y, 1 - y, x + z - 2, x - z

    def residuals(t):
        return np.array(parts(t)) * weights

    def gradient(t):
        w, _, y, _ = t.tolist()
        first, left, second, right, both, apart = parts(t)
        first, second, both, apart = 200 * first, 180 * second, 20 * both, 0.2 * apart
        return np.array(
            [-2 * w * first - 2 * left, first + both + apart, -2 * y * second - 2 * right, second + both - apart]
        )

    weights = np.sqrt([100, 1, 90, 1, 10, 0.1])
    return SumOfSquares(14, "Wood", residuals, None, np.array([-3.0, -1.0, -3.0, -1.0]), (0.0,), gradient)


def kowalik_osborne():
    y = np.array([0.1957, 0.1947, 0.1735, 0.1600, 0.0844, 0.0627, 0.0456, 0.0342, 0.0323, 0.0235, 0.0246])
    u = np.array([4.0, 2.0, 1.0, 0.5, 0.25, 0.167, 0.125, 0.1, 0.0833, 0.0714, 0.0625])

    def residuals(t):
        return y - t[0] * (u**2 + u * t[1]) / (u**2 + u * t[2] + t[3])

    def jacobian(t):
        above, below = u**2 + u * t[1], u**2 + u * t[2] + t[3]
        slope = t[0] * above / below**2
        return columns(-above / below, -t[0] * u / below, slope * u, slope)

    start = np.array([0.25, 0.39, 0.415, 0.39])
    return SumOfSquares(15, "Kowalik and Osborne", residuals, jacobian, start, (3.07505e-4, 1.02734e-3))


def brown_dennis():
    t_ = np.arange(1, 21) / 5
    line, exp = np.array([np.ones(20), t_]), np.exp(t_)
    wave, cos = np.array([np.ones(20), np.sin(t_)]), np.cos(t_)

    def parts(t):
        p, q = t[:2].dot(line) - exp, t[2:].dot(wave) - cos
        return p, q, p * p + q * q

    def gradient(t):
        p, q, r = parts(t)
        return 4 * np.concatenate((line.dot(r * p), wave.dot(r * q)))

    start = np.array([25.0, 5.0, -5.0, -1.0])
    return SumOfSquares(16, "Brown and Dennis", lambda t: parts(t)[2], None, start, (85822.2,), gradient)


def osborne_1():
    t_ = 10.0 * np.arange(33)
    y = [0.844, 0.908, 0.932, 0.936, 0.925, 0.908, 0.881, 0.850, 0.818, 0.784, 0.751]
    y += [0.718, 0.685, 0.658, 0.628, 0.603, 0.580, 0.558, 0.538, 0.522, 0.506, 0.490]
    y += [0.478, 0.467, 0.457, 0.448, 0.438, 0.431, 0.424, 0.420, 0.414, 0.411, 0.406]

    def residuals(t):
        return np.array(y) - t[0] - t[1] * np.exp(-t_ * t[3]) - t[2] * np.exp(-t_ * t[4])

    def jacobian(t):
        slow, fast = np.exp(-t_ * t[3]), np.exp(-t_ * t[4])
        return columns(-1, -slow, -fast, t[1] * t_ * slow, t[2] * t_ * fast)

    start = np.array([0.5, 1.5, -1.0, 0.01, 0.02])
    return SumOfSquares(17, "Osborne 1", residuals, jacobian, start, (5.46489e-5,))


def biggs():
    t_ = 0.1 * np.arange(1, 14)
    y = np.exp(-t_) - 5 * np.exp(-10 * t_) + 3 * np.exp(-4 * t_)

    def residuals(t):
        return t[2] * np.exp(-t_ * t[0]) - t[3] * np.exp(-t_ * t[1]) + t[5] * np.exp(-t_ * t[4]) - y

    def jacobian(t):
        a, b, c = np.exp(-t_ * t[0]), np.exp(-t_ * t[1]), np.exp(-t_ * t[4])
        return columns(-t_ * t[2] * a, t_ * t[3] * b, a, -b, -t_ * t[5] * c, c)

    start = np.array([1.0, 2.0, 1.0, 1.0, 1.0, 1.0])
    return SumOfSquares(18, "Biggs EXP6", residuals, jacobian, start, (0.0, 5.65565e-3))


def osborne_2():
    t_ = np.arange(65) / 10
    y = [1.366, 1.191, 1.112, 1.013, 0.991, 0.885, 0.831, 0.847, 0.786, 0.725, 0.746, 0.679, 0.608]
    y += [0.655, 0.616, 0.606, 0.602, 0.626, 0.651, 0.724, 0.649, 0.649, 0.694, 0.644, 0.624, 0.661]
    y += [0.612, 0.558, 0.533, 0.495, 0.500, 0.423, 0.395, 0.375, 0.372, 0.391, 0.396, 0.405, 0.428]
    y += [0.429, 0.523, 0.562, 0.607, 0.653, 0.672, 0.708, 0.633, 0.668, 0.645, 0.632, 0.591, 0.559]
    y += [0.597, 0.625, 0.739, 0.710, 0.729, 0.720, 0.636, 0.581, 0.428, 0.292, 0.162, 0.098, 0.054]

    def bells(t):
        decay = np.exp(-t_ * t[4])
        return decay, [np.exp(-((t_ - t[k + 8]) ** 2) * t[k + 5]) for k in range(3)]

    def residuals(t):
        decay, peaks = bells(t)
        return np.array(y) - t[0] * decay - sum(t[k + 1] * peak for k, peak in enumerate(peaks))

    def jacobian(t):
        decay, peaks = bells(t)
        away = [t_ - t[k + 8] for k in range(3)]
        widths = [t[k + 1] * away[k] ** 2 * peaks[k] for k in range(3)]
        places = [-2 * t[k + 1] * t[k + 5] * away[k] * peaks[k] for k in range(3)]
        return columns(-decay, *(-peak for peak in peaks), t[0] * t_ * decay, *widths, *places)

    start = np.array([1.3, 0.65, 0.65, 0.7, 0.6, 3.0, 5.0, 7.0, 2.0, 4.5, 5.5])
    return SumOfSquares(19, "Osborne 2", residuals, jacobian, start, (4.01377e-2,))


def watson(n=6):
    powers = (np.arange(1, 30) / 29)[:, None] ** np.arange(n)  # tᵢ to the power j
    slopes = np.arange(n) * np.hstack([np.zeros((29, 1)), powers[:, :-1]])  # the derivatives of those

    def residuals(t):
        return np.concatenate([slopes @ t - (powers @ t) ** 2 - 1, [t[0], t[1] - t[0] ** 2 - 1]])

    def jacobian(t):
        last = np.zeros((2, n), t.dtype)
        last[0, 0], last[1, 0], last[1, 1] = 1, -2 * t[0], 1
        return np.vstack([slopes - 2 * (powers @ t)[:, None] * powers, last])

    minimum = {6: 2.28767e-3, 9: 1.39976e-6}[n]
    return SumOfSquares(20, "Watson", residuals, jacobian, np.zeros(n), (minimum,))


def penalty_1(n=4):
    weight = 1e-5**0.5

    def residuals(t):
        return np.append(weight * (t - 1), t @ t - 0.25)

    def jacobian(t):
        return np.vstack([weight * np.eye(n), 2 * t])

    minimum = {4: 2.24997e-5, 10: 7.08765e-5}[n]
    return SumOfSquares(23, "penalty I", residuals, jacobian, np.arange(1.0, n + 1), (minimum,))


def penalty_2(n=4):
    weight, i = 1e-5**0.5, np.arange(2, n + 1)
    y, share = np.exp(i / 10) + np.exp((i - 1) / 10), np.arange(n, 0, -1.0)

    def residuals(t):
        grown = np.exp(t / 10)
        middle = [grown[1:] + grown[:-1] - y, grown[1:] - np.exp(-0.1)]
        return np.concatenate([[t[0] - 0.2], weight * middle[0], weight * middle[1], [share @ t**2 - 1]])

    def jacobian(t):
        slope = weight * np.diag(np.exp(t / 10) / 10)
        first = np.zeros((1, n), t.dtype)
        first[0, 0] = 1
        return np.vstack([first, slope[1:] + slope[:-1], slope[1:], 2 * share * t])

    minimum = {4: 9.37629e-6, 10: 2.93660e-4}[n]
    return SumOfSquares(24, "penalty II", residuals, jacobian, np.full(n, 0.5), (minimum,))


def variably_dimensioned(n=10):
    j = np.arange(1.0, n + 1)

    def residuals(t):
        total = j @ (t - 1)
        return np.concatenate([t - 1, [total, total**2]])

    def jacobian(t):
        return np.vstack([np.eye(n), j, 2 * (j @ (t - 1)) * j])

    return SumOfSquares(25, "variably dimensioned", residuals, jacobian, 1 - j / n, (0.0,))


def trigonometric(n=10):
    i = np.arange(1.0, n + 1)

    def residuals(t):
        return n - np.cos(t).sum() + i * (1 - np.cos(t)) - np.sin(t)

    def jacobian(t):
        return np.sin(t)[None, :] + np.diag(i * np.sin(t) - np.cos(t))

    # From the standard start most methods end at a local minimum; the paper gives 2.79506e-5 for n = 10.
    return SumOfSquares(26, "trigonometric", residuals, jacobian, np.full(n, 1 / n), (0.0, 2.79506e-5))


def brown_almost_linear(n=10):
    def residuals(t):
        return np.append((t + t.sum() - (n + 1))[:-1], np.prod(t) - 1)

    def jacobian(t):
        others = [np.prod(np.delete(t, k)) for k in range(n)]
        return np.vstack([(np.eye(n) + 1)[:-1], others])

    return SumOfSquares(27, "Brown, almost linear", residuals, jacobian, np.full(n, 0.5), (0.0, 1.0))


def discrete_boundary_value(n=10):
    h = 1 / (n + 1)
    t_ = h * np.arange(1, n + 1)
    second_difference = 2 * np.eye(n) - np.eye(n, k=1) - np.eye(n, k=-1)

    def residuals(t):
        return second_difference @ t + h**2 * (t + t_ + 1) ** 3 / 2

    def jacobian(t):
        return second_difference + np.diag(1.5 * h**2 * (t + t_ + 1) ** 2)

    return SumOfSquares(28, "discrete boundary value", residuals, jacobian, t_ * (t_ - 1), (0.0,))


def discrete_integral_equation(n=10):
    h = 1 / (n + 1)
    t_ = h * np.arange(1, n + 1)
    kernel = np.where(t_[:, None] >= t_, t_ * (1 - t_[:, None]), t_[:, None] * (1 - t_)) * h / 2

    def residuals(t):
        return t + kernel @ (t + t_ + 1) ** 3

    def jacobian(t):
        return np.eye(n) + kernel * (3 * (t + t_ + 1) ** 2)

    return SumOfSquares(29, "discrete integral equation", residuals, jacobian, t_ * (t_ - 1), (0.0,))


def broyden_tridiagonal(n=10):
    def residuals(t):
        r = (3 - 2 * t) * t + 1
        r[1:] -= t[:-1]
        r[:-1] -= 2 * t[1:]
        return r

    def gradient(t):
        r = 2 * residuals(t)
        g = (3 - 4 * t) * r
        g[:-1] -= r[1:]
        g[1:] -= 2 * r[:-1]
        return g

    return SumOfSquares(30, "Broyden, tridiagonal", residuals, None, -np.ones(n), (0.0,), gradient)


def broyden_banded(n=10):
    band = sum(np.eye(n, k=k) for k in (-5, -4, -3, -2, -1, 1))

    def residuals(t):
        return t * (2 + 5 * t**2) + 1 - band @ (t * (1 + t))

    def jacobian(t):
        return np.diag(2 + 15 * t**2) - band * (1 + 2 * t)

    return SumOfSquares(31, "Broyden, banded", residuals, jacobian, -np.ones(n), (0.0,))


def linear_full_rank(n=5, m=10):
    A = np.vstack([np.eye(n), np.zeros((m - n, n))]) - 2 / m
    return linear(32, "linear, full rank", A, n, m - n)


def linear_rank_one(n=5, m=10):
    A = np.outer(np.arange(1, m + 1), np.arange(1, n + 1))
    return linear(33, "linear, rank 1", A, n, m * (m - 1) / (2 * (2 * m + 1)))


def linear_rank_one_with_zeros(n=5, m=10):
    rows, entries = np.arange(m), np.arange(1.0, n + 1)
    entries[[0, -1]] = 0
    A = np.outer(np.where(rows < m - 1, rows, 0), entries)
    return linear(34, "linear, rank 1 with zero columns and rows", A, n, (m**2 + 3 * m - 6) / (2 * (2 * m - 3)))


def linear(number, name, A, n, minimum):
    return SumOfSquares(number, name, lambda t: A @ t - 1, lambda t: A, np.ones(n), (float(minimum),))


def chebyquad(n=8):
    degree = np.arange(1, n + 1)
    integral = np.where(degree % 2, 0.0, -1 / np.where(degree % 2, 1, degree**2 - 1))

    def shifted(t):
        """The Chebyshev polynomials T₁ … Tₙ of 2t − 1 and their slopes, by the recurrence: shape (n, len(t))."""
        z = 2 * t - 1
        values, slopes = [np.ones_like(z), z], [np.zeros_like(z), 2 * np.ones_like(z)]
        for _ in range(n - 1):
            slopes.append(4 * values[-1] + 2 * z * slopes[-1] - slopes[-2])
            values.append(2 * z * values[-1] - values[-2])
        return np.array(values[1:]), np.array(slopes[1:])

    def residuals(t):
        return shifted(t)[0].mean(axis=1) - integral

    def jacobian(t):
        return shifted(t)[1] / n

    minimum = {6: 0.0, 8: 3.51687e-3, 10: 6.50395e-3}[n]
    return SumOfSquares(35, "Chebyquad", residuals, jacobian, degree / (n + 1), (minimum,))


PROBLEMS = [
    rosenbrock(),
    freudenstein_roth(),
    powell_badly_scaled(),
    brown_badly_scaled(),
    beale(),
    jennrich_sampson(),
    helical_valley(),
    bard(),
    gaussian(),
    meyer(),
    gulf(),
    box(),
    powell_singular(),
    wood(),
    kowalik_osborne(),
    brown_dennis(),
    osborne_1(),
    biggs(),
    osborne_2(),
    watson(),
    rosenbrock(n=20, number=21),
    powell_singular(n=20, number=22),
    penalty_1(),
    penalty_2(),
    variably_dimensioned(),
    trigonometric(),
    brown_almost_linear(),
    discrete_boundary_value(),
    discrete_integral_equation(),
    broyden_tridiagonal(),
    broyden_banded(),
    linear_full_rank(),
    linear_rank_one(),
    linear_rank_one_with_zeros(),
    chebyquad(),
]
