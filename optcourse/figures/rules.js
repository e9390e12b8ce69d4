// Update rules as streams of iterates, and the loop that consumes them: optcourse's own, in the browser.

const DIVERGED = 1e12;

/**
 * θ ← θ − η ∇L(θ)
 * @param {(theta: number[]) => number[]} grad @param {number[]} theta @param {number} lr
 * @returns {Generator<number[], void, void>}
 */
export function* gradientDescent(grad, theta, lr) {
  for (;;) {
    const slope = grad(theta);
    if (!slope.every(Number.isFinite)) return;
    theta = theta.map((t, j) => t - lr * slope[j]);
    yield theta;
  }
}

/**
 * The iterates θ₀, θ₁, … of a stream as one array, row after row, and why it ends; the rules are those of `optcourse.run`.
 * @param {Iterator<number[], void, void>} stream @param {number[]} start @param {number} steps
 * @returns {{path: Float64Array, rows: number, dim: number, reason: "steps" | "diverged" | "non-finite"}}
 */
export function run(stream, start, steps) {
  const dim = start.length;
  const path = new Float64Array((steps + 1) * dim);
  path.set(start);
  const bound = DIVERGED * (1 + Math.max(...start.map(Math.abs)));
  let rows = 1;
  /** @type {"steps" | "diverged" | "non-finite"} */
  let reason = "steps";
  while (rows <= steps) {
    const { value, done } = stream.next();
    if (done || !value) {
      reason = "non-finite";
      break;
    }
    let size = 0;
    for (const t of value) size = Math.max(size, Math.abs(t));
    if (!(size <= bound)) {
      reason = Number.isNaN(size) ? "non-finite" : "diverged";
      break;
    }
    for (let j = 0; j < dim; j++) path[rows * dim + j] = value[j]; // `set` takes longer for a few numbers
    rows += 1;
  }
  return { path: path.subarray(0, rows * dim), rows, dim, reason };
}

/** The loss at each iterate of a path. @param {(theta: number[]) => number} loss @param {{path: Float64Array, rows: number, dim: number}} run_ */
export function lossesAlong(loss, { path, rows, dim }) {
  const losses = new Float64Array(rows);
  const theta = Array.from(path.subarray(0, dim));
  for (let k = 0; k < rows; k++) {
    for (let j = 0; j < dim; j++) theta[j] = path[k * dim + j];
    losses[k] = loss(theta);
  }
  return losses;
}

/**
 * How often a path turns back: by more than a right angle, among its first 200 turns, steps too short to see left out.
 * @param {ArrayLike<number>} path @param {number} dim
 * @returns {{back: number, turns: number}}
 */
export function turnsBack(path, dim) {
  const rows = Math.min(path.length / dim, 202);
  let [back, turns] = [0, 0];
  for (let k = 2; k < rows; k++) {
    let [dot, before, after] = [0, 0, 0];
    for (let j = 0; j < dim; j++) {
      const first = path[(k - 1) * dim + j] - path[(k - 2) * dim + j];
      const second = path[k * dim + j] - path[(k - 1) * dim + j];
      dot += first * second;
      before += first * first;
      after += second * second;
    }
    if (before < 1e-12 || after < 1e-12) break;
    turns += 1;
    if (dot < 0) back += 1;
  }
  return { back, turns };
}
