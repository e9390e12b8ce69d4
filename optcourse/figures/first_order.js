// The first-order methods as streams of iterates: the package's own rules, in the browser. A rate is a number or a function of the step.
// The rules tell `settings.watch`, if there is one, the effective rate of each coordinate (not momentum's and Nesterov's): what multiplies g, or m̂ in Adam's family.

/**
 * @typedef {(theta: number[]) => number[]} Grad
 * @typedef {Generator<number[], void, void>} Iterates
 * @typedef {Record<string, any>} Settings
 */

/** η₀, η₁, … @param {number | ((step: number) => number)} lr */
function* rates(lr) {
  for (let step = 0; ; step++) yield typeof lr === "function" ? lr(step) : lr;
}

/** The gradient, or nothing where it is not finite. @param {Grad} grad @param {number[]} theta */
function slopeAt(grad, theta) {
  const g = grad(theta);
  for (let j = 0; j < g.length; j++) if (!Number.isFinite(g[j])) return null;
  return g;
}

/** @type {Record<string, (grad: Grad, theta: number[], settings: Settings) => Iterates>} */
export const FIRST_ORDER = {
  /** θ ← θ − η g */
  *gradient_descent(grad, theta, { lr, watch }) {
    for (const rate of rates(lr)) {
      const g = slopeAt(grad, theta);
      if (!g) return;
      theta = theta.map((t, j) => t - rate * g[j]);
      watch?.(g.map(() => rate));
      yield theta;
    }
  },

  /** v ← βv + g; θ ← θ − ηv */
  *momentum(grad, theta, { lr, beta }) {
    let velocity = theta.map(() => 0);
    for (const rate of rates(lr)) {
      const g = slopeAt(grad, theta);
      if (!g) return;
      velocity = velocity.map((v, j) => beta * v + g[j]);
      theta = theta.map((t, j) => t - rate * velocity[j]);
      yield theta;
    }
  },

  /** The same, with the gradient at θ − ηβv. */
  *nesterov(grad, theta, { lr, beta }) {
    let velocity = theta.map(() => 0);
    for (const rate of rates(lr)) {
      const g = slopeAt(grad, theta.map((t, j) => t - rate * beta * velocity[j]));
      if (!g) return;
      velocity = velocity.map((v, j) => beta * v + g[j]);
      theta = theta.map((t, j) => t - rate * velocity[j]);
      yield theta;
    }
  },

  /** G ← G + g²; θ ← θ − η g / (√G + ε) */
  *adagrad(grad, theta, { lr, eps, watch }) {
    let squares = theta.map(() => 0);
    for (const rate of rates(lr)) {
      const g = slopeAt(grad, theta);
      if (!g) return;
      squares = squares.map((s, j) => s + g[j] * g[j]);
      theta = theta.map((t, j) => t - (rate * g[j]) / (Math.sqrt(squares[j]) + eps));
      watch?.(squares.map((s) => rate / (Math.sqrt(s) + eps)));
      yield theta;
    }
  },

  /** E ← ρE + (1 − ρ)g²; θ ← θ − η g / (√E + ε) */
  *rmsprop(grad, theta, { lr, rho, eps, watch }) {
    let meanSquare = theta.map(() => 0);
    for (const rate of rates(lr)) {
      const g = slopeAt(grad, theta);
      if (!g) return;
      meanSquare = meanSquare.map((e, j) => rho * e + (1 - rho) * (g[j] * g[j]));
      theta = theta.map((t, j) => t - (rate * g[j]) / (Math.sqrt(meanSquare[j]) + eps));
      watch?.(meanSquare.map((e) => rate / (Math.sqrt(e) + eps)));
      yield theta;
    }
  },

  /** Δ = −√(E[Δ²] + ε) / √(E[g²] + ε) g; θ ← θ + Δ */
  *adadelta(grad, theta, { rho, eps, watch }) {
    let meanSquare = theta.map(() => 0);
    let meanSquareStep = meanSquare;
    for (;;) {
      const g = slopeAt(grad, theta);
      if (!g) return;
      meanSquare = meanSquare.map((e, j) => rho * e + (1 - rho) * (g[j] * g[j]));
      const step = g.map((slope, j) => (-Math.sqrt(meanSquareStep[j] + eps) / Math.sqrt(meanSquare[j] + eps)) * slope);
      watch?.(meanSquare.map((e, j) => Math.sqrt(meanSquareStep[j] + eps) / Math.sqrt(e + eps)));
      meanSquareStep = meanSquareStep.map((e, j) => rho * e + (1 - rho) * (step[j] * step[j]));
      theta = theta.map((t, j) => t + step[j]);
      yield theta;
    }
  },

  /** m, v: moving averages of g and g²; θ ← θ − η m̂ / (√v̂ + ε). `decay` is AdamW's, decoupled; `correct: false` leaves m and v as they are; `amsgrad` divides by the largest v so far. */
  *adam(grad, theta, { lr, beta1, beta2, eps, decay = 0, correct = true, amsgrad = false, watch }) {
    let first = theta.map(() => 0);
    let [second, largest] = [first, first];
    let t = 0;
    for (const rate of rates(lr)) {
      t += 1;
      const g = slopeAt(grad, theta);
      if (!g) return;
      first = first.map((m, j) => beta1 * m + (1 - beta1) * g[j]);
      second = second.map((v, j) => beta2 * v + (1 - beta2) * (g[j] * g[j]));
      largest = amsgrad ? largest.map((v, j) => Math.max(v, second[j])) : second;
      const [one, two] = correct ? [1 - beta1 ** t, 1 - beta2 ** t] : [1, 1];
      theta = theta.map((x, j) => (1 - rate * decay) * x - (rate * (first[j] / one)) / (Math.sqrt(largest[j] / two) + eps));
      watch?.(largest.map((v) => (rate * (correct ? 1 : 1 - beta1 ** t)) / (Math.sqrt(v / two) + eps)));
      yield theta;
    }
  },

  adamw: (grad, theta, settings) => FIRST_ORDER.adam(grad, theta, { ...settings, decay: settings.weight_decay }),

  /** u ← max(β₂u, |g| + ε) in place of √v̂ */
  *adamax(grad, theta, { lr, beta1, beta2, eps, watch }) {
    let first = theta.map(() => 0);
    let largest = first;
    let t = 0;
    for (const rate of rates(lr)) {
      t += 1;
      const g = slopeAt(grad, theta);
      if (!g) return;
      first = first.map((m, j) => beta1 * m + (1 - beta1) * g[j]);
      largest = largest.map((u, j) => Math.max(beta2 * u, Math.abs(g[j]) + eps));
      const one = 1 - beta1 ** t;
      theta = theta.map((x, j) => x - (rate * (first[j] / one)) / largest[j]);
      watch?.(largest.map((u) => rate / u));
      yield theta;
    }
  },

  /** Adam with m̄ = β₁ m / (1 − β₁ᵗ⁺¹) + (1 − β₁) g / (1 − β₁ᵗ) */
  *nadam(grad, theta, { lr, beta1, beta2, eps, watch }) {
    let first = theta.map(() => 0);
    let second = first;
    let [t, product] = [0, 1];
    for (const rate of rates(lr)) {
      t += 1;
      const g = slopeAt(grad, theta);
      if (!g) return;
      product *= beta1;
      first = first.map((m, j) => beta1 * m + (1 - beta1) * g[j]);
      second = second.map((v, j) => beta2 * v + (1 - beta2) * (g[j] * g[j]));
      const [ahead, now, two] = [beta1 / (1 - product * beta1), (1 - beta1) / (1 - product), 1 - beta2 ** t];
      theta = theta.map((x, j) => x - (rate * (ahead * first[j] + now * g[j])) / (Math.sqrt(second[j] / two) + eps));
      watch?.(second.map((v) => rate / (Math.sqrt(v / two) + eps)));
      yield theta;
    }
  },
};
