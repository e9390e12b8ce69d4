// The schedules of section 3.6: each takes the settings of its namesake in `optcourse`, and returns the rate of a step.

/** From one rate at progress 0 to another at 1, along half a cosine wave. @param {number} high @param {number} low @param {number} progress */
const cosineBetween = (high, low, progress) => low + 0.5 * (high - low) * (1 + Math.cos(Math.PI * progress));

/** @typedef {Record<string, number>} Plan */
/** @type {Record<string, (plan: Plan) => (step: number) => number>} */
export const SCHEDULE = {
  constant: ({ lr }) => () => lr,
  step_decay: ({ lr, factor, every }) => (step) => lr * factor ** Math.floor(step / every),
  exponential_decay: ({ lr, lam }) => (step) => lr * Math.exp(-lam * step),
  cosine_annealing: ({ lr, T, lr_min }) => (step) => cosineBetween(lr, lr_min, Math.min(step / T, 1)),
  warmup_cosine: ({ lr, T, warmup, lr_min }) => (step) => (step < warmup ? (lr * step) / warmup : cosineBetween(lr, lr_min, Math.min((step - warmup) / (T - warmup), 1))),
  cyclical: ({ lr_min, lr_max, up, down, factor }) => (step) => {
    const position = step % (up + down);
    const height = position <= up ? position / up : (up + down - position) / down;
    return lr_min + (lr_max - lr_min) * height * factor ** Math.floor(step / (up + down));
  },
  cosine_restarts: ({ lr, T, growth, lr_min }) => (step) => {
    let [at, length] = [growth === 1 ? step % T : step, T];
    while (at >= length) [at, length] = [at - length, length * growth];
    return cosineBetween(lr, lr_min, at / length);
  },
  one_cycle: ({ lr, T, warmup, start, end }) => (step) => {
    const [peak, last] = [warmup * T - 1, T - 1];
    return step <= peak ? cosineBetween(lr / start, lr, step / peak) : cosineBetween(lr, lr / start / end, Math.min((step - peak) / (last - peak), 1));
  },
};

/**
 * Stochastic gradient descent on a bowl with the given curvatures: θ after every step, row by row, and the mean of its squares over all noises.
 * @param {(step: number) => number} rate @param {number[]} curvature @param {number[]} start @param {number} noise its standard deviation
 * @param {number[]} draws what stands in for chance: one number for every step and coordinate
 */
export function descend(rate, curvature, start, noise, draws) {
  const dim = curvature.length;
  const steps = draws.length / dim;
  const path = Float64Array.from({ length: (steps + 1) * dim }, (_, k) => (k < dim ? start[k] : 0));
  const squares = path.map((theta) => theta * theta);
  for (let step = 0; step < steps; step++) {
    const eta = rate(step);
    for (let j = 0; j < dim; j++) {
      const [now, next] = [step * dim + j, (step + 1) * dim + j];
      path[next] = path[now] - eta * (curvature[j] * path[now] + noise * draws[now]);
      squares[next] = (1 - eta * curvature[j]) ** 2 * squares[now] + (eta * noise) ** 2;
    }
  }
  /** @param {ArrayLike<number>} of the squares */
  const losses = (of) => Float64Array.from({ length: steps + 1 }, (_, k) => 0.5 * curvature.reduce((sum, a, j) => sum + a * of[k * dim + j], 0));
  return { path, losses: losses(path.map((theta) => theta * theta)), expected: losses(squares) };
}
