// The losses of one example, as in optcourse/losses.py; a test holds each against it.

/**
 * @typedef {{value(t: number): number, slope(t: number): number, curvature(t: number): number,
 *   kinks: [number, number, number][], bends: number[]}} ExampleLoss
 *   kinks: where, with the slopes to the left and to the right; bends: where the curvature jumps
 */

/** 1 / (1 + e⁻ᶻ) @param {number} z */
function sigmoid(z) {
  return Math.exp(-softplus(-z));
}

/** log(1 + eᶻ), without overflow @param {number} z */
function softplus(z) {
  return Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
}

/** log(1 + e^(shift − m)) @param {number} shift @returns {ExampleLoss} */
function shiftedLogistic(shift) {
  return {
    value: (m) => softplus(shift - m),
    slope: (m) => -sigmoid(shift - m),
    curvature: (m) => sigmoid(shift - m) * sigmoid(m - shift),
    kinks: [],
    bends: [],
  };
}

/** @type {ExampleLoss} */
const squared = { value: (r) => 0.5 * r * r, slope: (r) => r, curvature: () => 1, kinks: [], bends: [] };

/** @type {ExampleLoss} */
const absolute = { value: Math.abs, slope: Math.sign, curvature: (r) => (r === 0 ? NaN : 0), kinks: [[0, -1, 1]], bends: [] };

/** @param {number} delta @returns {ExampleLoss} */
function huber(delta) {
  return {
    value: (r) => (Math.abs(r) <= delta ? 0.5 * r * r : delta * Math.abs(r) - 0.5 * delta * delta),
    slope: (r) => Math.max(-delta, Math.min(delta, r)),
    curvature: (r) => (Math.abs(r) <= delta ? 1 : 0),
    kinks: [],
    bends: [-delta, delta],
  };
}

/** @type {ExampleLoss} */
const hinge = {
  value: (m) => Math.max(0, 1 - m),
  slope: (m) => (m < 1 ? -1 : 0),
  curvature: (m) => (m === 1 ? NaN : 0),
  kinks: [[1, -1, 0]],
  bends: [],
};

/** @param {string} name @param {{delta: number, classes: number}} shape @returns {ExampleLoss} */
export function lossOf(name, { delta, classes }) {
  switch (name) {
    case "squared":
      return squared;
    case "absolute":
      return absolute;
    case "huber":
      return huber(delta);
    case "logistic":
      return shiftedLogistic(0);
    case "hinge":
      return hinge;
    default:
      return shiftedLogistic(Math.log(classes - 1));
  }
}
