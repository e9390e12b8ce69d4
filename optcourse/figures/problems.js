// Losses with their gradients and Hessians, as in optcourse/problems.py; a test holds each against it.

/**
 * @typedef {{loss(theta: number[]): number, grad(theta: number[]): number[], hess(theta: number[]): number[][]}} Problem
 */

/** ½ Σ λⱼ θⱼ² @param {number[]} curvature @returns {Problem} */
function bowl(curvature) {
  return {
    loss: (theta) => 0.5 * theta.reduce((sum, t, j) => sum + curvature[j] * t * t, 0),
    grad: (theta) => theta.map((t, j) => curvature[j] * t),
    hess: (theta) => theta.map((_, j) => theta.map((_, k) => (j === k ? curvature[j] : 0))),
  };
}

/** A bowl that lies askew. @param {number} kappa @param {number} degrees @returns {Problem} */
function ravine(kappa, degrees) {
  const [c, s] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
  const [a, b, d] = [c * c + kappa * s * s, c * s - kappa * s * c, s * s + kappa * c * c];
  return {
    loss: ([x, y]) => 0.5 * ((a * x + b * y) * x + (b * x + d * y) * y),
    grad: ([x, y]) => [a * x + b * y, b * x + d * y],
    hess: () => [[a, b], [b, d]],
  };
}

/** @type {Problem} */
const rosenbrock = {
  loss: ([x, y]) => (1 - x) ** 2 + 100 * (y - x * x) ** 2,
  grad: ([x, y]) => [-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)],
  hess: ([x, y]) => [[2 - 400 * (y - 3 * x * x), -400 * x], [-400 * x, 200]],
};

/** @type {Problem} */
const himmelblau = {
  loss: ([x, y]) => (x * x + y - 11) ** 2 + (x + y * y - 7) ** 2,
  grad: ([x, y]) => {
    const [first, second] = [x * x + y - 11, x + y * y - 7];
    return [4 * x * first + 2 * second, 2 * first + 4 * y * second];
  },
  hess: ([x, y]) => [[12 * x * x + 4 * y - 42, 4 * (x + y)], [4 * (x + y), 12 * y * y + 4 * x - 26]],
};

/** @type {Problem} */
const beale = {
  loss: ([x, y]) => [1.5, 2.25, 2.625].reduce((sum, c, i) => sum + (c - x * (1 - y ** (i + 1))) ** 2, 0),
  grad: ([x, y]) => {
    const total = [0, 0];
    for (const [i, c] of [1.5, 2.25, 2.625].entries()) {
      const power = i + 1;
      const residual = c - x * (1 - y ** power);
      total[0] += 2 * residual * (y ** power - 1);
      total[1] += 2 * residual * power * x * y ** i;
    }
    return total;
  },
  hess: ([x, y]) => {
    const h = [[0, 0], [0, 0]];
    for (const [i, c] of [1.5, 2.25, 2.625].entries()) {
      const power = i + 1;
      const residual = c - x * (1 - y ** power);
      const slope = [y ** power - 1, power * x * y ** i];
      const mixed = power * y ** i;
      const bend = [[0, mixed], [mixed, i === 0 ? 0 : power * i * x * y ** (i - 1)]];
      for (const j of [0, 1]) for (const k of [0, 1]) h[j][k] += 2 * (slope[j] * slope[k] + residual * bend[j][k]);
    }
    return h;
  },
};

/** @type {Problem} */
const saddle = {
  loss: ([x, y]) => 0.5 * x * x + 0.25 * (y * y - 1) ** 2,
  grad: ([x, y]) => [x, y * (y * y - 1)],
  hess: ([, y]) => [[1, 0], [0, 3 * y * y - 1]],
};

/** @type {Problem} */
const rastrigin = {
  loss: (theta) => theta.reduce((sum, t) => sum + t * t + 10 * (1 - Math.cos(2 * Math.PI * t)), 0),
  grad: (theta) => theta.map((t) => 2 * t + 20 * Math.PI * Math.sin(2 * Math.PI * t)),
  hess: (theta) => theta.map((t, j) => theta.map((_, k) => (j === k ? 2 + 40 * Math.PI * Math.PI * Math.cos(2 * Math.PI * t) : 0))),
};

/** @type {Problem} */
const styblinskiTang = {
  loss: (theta) => 0.5 * theta.reduce((sum, t) => sum + t ** 4 - 16 * t * t + 5 * t, 0),
  grad: (theta) => theta.map((t) => 2 * t ** 3 - 16 * t + 2.5),
  hess: (theta) => theta.map((t, j) => theta.map((_, k) => (j === k ? 6 * t * t - 16 : 0))),
};

/**
 * The problem of a name in Python. @param {string} name @param {number} [kappa] condition number, where it has one
 * @returns {Problem}
 */
export function problemOf(name, kappa = 10) {
  /** @type {Record<string, () => Problem>} */
  const problems = {
    parabola: () => bowl([2]),
    quadratic: () => bowl([1, kappa]),
    ravine: () => ravine(kappa, 30),
    rosenbrock: () => rosenbrock,
    himmelblau: () => himmelblau,
    beale: () => beale,
    saddle: () => saddle,
    rastrigin: () => rastrigin,
    styblinski_tang: () => styblinskiTang,
  };
  return problems[name]();
}

/** The smallest and the largest eigenvalue of a symmetric matrix with one or two rows. @param {number[][]} matrix */
export function extremes(matrix) {
  if (matrix.length === 1) return [matrix[0][0], matrix[0][0]];
  const [[a, b], [, d]] = matrix;
  const spread = Math.hypot((a - d) / 2, b);
  return [(a + d) / 2 - spread, (a + d) / 2 + spread];
}
