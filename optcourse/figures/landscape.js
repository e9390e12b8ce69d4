// A loss of two parameters as a landscape, and what gradient descent does there, in numbers and in words.

/**
 * @typedef {{label: string, formula: string, words: string, window: [Pair, Pair], start: number[], lr: number, steps: number, minimum: number,
 *   minimisers: number[][], minima: number[][], saddles: number[][], quadratic: boolean, hasKappa: boolean,
 *   nick: string, closeup: [Pair, Pair]}} Facts
 */

/** Turn values into heights between 0 and 1 that show both the floor and the far walls. @param {Float64Array} values @param {number} minimum */
export function heights(values, minimum) {
  let most = 0;
  for (let k = 0; k < values.length; k++) {
    values[k] = Math.max(0, values[k] - minimum);
    most = Math.max(most, values[k]);
  }
  const sample = Float64Array.from({ length: Math.ceil(values.length / 13) }, (_, k) => values[13 * k]).sort();
  const soft = sample[Math.floor(0.12 * sample.length)] || 1e-9;
  const top = Math.log1p(most / soft);
  for (let k = 0; k < values.length; k++) values[k] = Math.log1p(values[k] / soft) / top;
  return values;
}

/**
 * Paint a landscape on a panel's field: shade, lines of equal height, stars at the minima, crosses at saddles.
 * @param {Panel} panel @param {CanvasRenderingContext2D} context @param {Problem} problem @param {Facts} facts
 */
export function paintLandscape(panel, context, problem, facts) {
  const { colours } = panel.frame;
  const [left, top, right, bottom] = panel.plot;
  const small = right - left < 160;
  // Coarse where a slider repaints it at every move, fine where valleys are narrow.
  const side = small ? 61 : facts.hasKappa ? 81 : 161;
  const at = [0, 0];
  const height = (/** @type {number} */ x, /** @type {number} */ y) => {
    at[0] = x;
    at[1] = y;
    return problem.loss(at);
  };
  const shades = heights(grid(height, panel.x.domain, panel.y.domain, side), facts.minimum);
  context.save();
  context.beginPath();
  context.rect(left, top, right - left, bottom - top);
  context.clip();
  shade(context, shades, side, colours.low, colours.high, left, top, right - left, bottom - top);
  const count = small ? 6 : 14;
  const pieces = contours(shades, side, Array.from({ length: count }, (_, k) => (k + 0.6) / count));
  const [across, up] = [(right - left) / (side - 1), (bottom - top) / (side - 1)];
  context.strokeStyle = colours.contour;
  context.lineWidth = small ? 0.6 : 0.8;
  context.beginPath();
  for (let k = 0; k < pieces.length; k += 4) {
    context.moveTo(left + pieces[k] * across, bottom - pieces[k + 1] * up);
    context.lineTo(left + pieces[k + 2] * across, bottom - pieces[k + 3] * up);
  }
  context.stroke();
  if (!small) {
    context.fillStyle = colours.green;
    context.strokeStyle = colours.paper;
    context.lineWidth = 2;
    for (const [x, y] of facts.minima) {
      const lowest = facts.minimisers.some(([p, q]) => Math.hypot(p - x, q - y) < 1e-6);
      const star = new Path2D(starPath(panel.x(x), panel.y(y), lowest ? 10 : 7));
      context.stroke(star);
      context.fill(star);
    }
    context.strokeStyle = colours.ink;
    for (const [x, y] of facts.saddles) {
      const [px, py] = [panel.x(x), panel.y(y)];
      context.beginPath();
      for (const side of [-1, 1]) {
        context.moveTo(px - 4, py - 4 * side);
        context.lineTo(px + 4, py + 4 * side);
      }
      context.stroke();
    }
  }
  context.restore();
}

/**
 * The minimum nearest to a point. @param {Facts} facts @param {number[]} theta
 */
export function nearest(facts, theta) {
  const far = (/** @type {number[]} */ minimum) => Math.hypot(...minimum.map((m, j) => m - theta[j]));
  return facts.minima.reduce((best, minimum) => (far(minimum) < far(best) ? minimum : best));
}

/** What a path does, in one word of the palette. @param {number} lr @param {number} steepest the largest curvature @returns {"converges" | "oscillates" | "diverges"} */
export function behaviour(lr, steepest) {
  return lr <= 1 / steepest ? "converges" : lr < 2 / steepest ? "oscillates" : "diverges";
}

/**
 * What gradient descent did, in words; `optcourse.figures.words.descent` says the same.
 * @param {{facts: Facts, lr: number, path: ArrayLike<number>, dim: number, reason: string, losses: ArrayLike<number>, slope: number, curvatures: number[]}} run
 *   slope: ‖∇L‖ at the last iterate; curvatures: smallest and largest, there
 */
export function describe({ facts, lr, path, dim, reason, losses, slope, curvatures }) {
  const steps = losses.length - 1;
  const last = Array.from({ length: dim }, (_, j) => path[steps * dim + j]);
  const gap = losses[steps] - facts.minimum;
  const { back, turns } = turnsBack(path, dim);
  const manner = back === 0 ? "no step turns back on the one before" : 2 * back >= turns ? "the iterates zig-zag" : "the iterates zig-zag part of the way";
  let arrived = 0;
  while (arrived <= steps && !(losses[arrived] - facts.minimum <= 1e-6)) arrived += 1;
  const place = dim === 1 ? `θ = ${short(last[0])}` : `(${last.map(short).join(", ")})`;
  const counted = (/** @type {number} */ n) => (n === 1 ? "1 step" : `${n} steps`);
  const opening = `Gradient descent, η = ${short(lr)}`;
  if (reason !== "steps") return `${opening}: diverges. Within ${counted(steps)} the loss grew from ${short(losses[0])} to ${short(losses[steps])}.`;
  if (arrived <= steps) return `${opening}: ${counted(arrived)} to a loss within 10⁻⁶ of the minimum, near ${place}; ${manner}.`;
  if (losses[steps] > losses[0]) return `${opening}: diverges. After ${counted(steps)} the loss has grown from ${short(losses[0])} to ${short(losses[steps])}; ${manner}.`;
  if (slope < 1e-3 && curvatures[0] < 0) return `${opening}: lingers at a saddle near ${place} after ${counted(steps)}, ${short(gap)} above the minimum.`;
  if (slope < 1e-5 * (1 + curvatures[1])) return `${opening}: comes to rest near ${place} after ${counted(steps)}, ${short(gap)} above the minimum; ${manner}.`;
  return `${opening}: after ${counted(steps)} the loss is ${short(gap)} above the minimum, at ${place}; ${manner}.`;
}

/** Where the step-size axis of a landscape ends: beyond the last step size that is stable at its flattest minimum. @param {Facts} facts @param {Problem} problem */
export function axisEnd(facts, problem) {
  return 2.5 / Math.min(...facts.minima.map((minimum) => extremes(problem.hess(minimum))[1]));
}

/** The slider of a landscape's condition number; its axis grows with it. @param {Frame} frame @param {(kappa: number) => void} write */
export function conditionSlider(frame, write) {
  const read = () => frame.model.get("kappa");
  return frame.slider({ label: "Condition number κ", read, write, bounds: () => ({ min: 1, max: Math.max(100, read()), step: 1 }) });
}
