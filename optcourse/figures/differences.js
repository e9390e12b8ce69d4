// Numerical slopes of a loss of one number, in double or single precision: optcourse.numerical_gradient in the browser.

/**
 * @typedef {(value: number) => number} Rounding to the working precision, after every operation
 * @typedef {{loss(t: number, r: Rounding): number, complex(re: number, im: number): Pair, slopes(t: number): [number, number, number]}} Smooth
 *   loss: with every operation rounded; complex: the loss at a complex point, in double precision; slopes: L′, L″, L‴
 */

/** In double precision JavaScript rounds by itself. @type {Rounding} */
const double = (value) => value;

/** @param {Pair} z @param {Pair} w @returns {Pair} */
function times([a, b], [c, d]) {
  return [a * c - b * d, a * d + b * c];
}

/** 1 / z, by Smith's way. @param {Pair} z @returns {Pair} */
function inverse([a, b]) {
  if (Math.abs(a) >= Math.abs(b)) {
    const ratio = b / a;
    const scale = 1 / (a + b * ratio);
    return [scale, -ratio * scale];
  }
  const ratio = a / b;
  const scale = 1 / (a * ratio + b);
  return [ratio * scale, -scale];
}

/** @param {Pair} z @returns {Pair} */
function exponential([a, b]) {
  return [Math.exp(a) * Math.cos(b), Math.exp(a) * Math.sin(b)];
}

/** θ³ + c @param {number} constant @returns {Smooth} */
function cube(constant) {
  return {
    loss: (t, r) => r(r(r(t * t) * t) + constant),
    complex: (re, im) => {
      const [a, b] = times(times([re, im], [re, im]), [re, im]);
      return [a + constant, b];
    },
    slopes: (t) => [3 * t * t, 6 * t, 6],
  };
}

/** @type {Record<string, Smooth>} */
export const SMOOTH = {
  wavy: {
    loss: (t, r) => r(Math.exp(r(Math.sin(t)))),
    complex: (re, im) => exponential([Math.sin(re) * Math.cosh(im), Math.cos(re) * Math.sinh(im)]),
    slopes: (t) => {
      const [s, c] = [Math.sin(t), Math.cos(t)];
      const value = Math.exp(s);
      return [c * value, (c * c - s) * value, (c * c * c - 3 * s * c - c) * value];
    },
  },
  cube: cube(0),
  bell: {
    loss: (t, r) => r(1 / r(1 + r(25 * r(t * t)))),
    complex: (re, im) => {
      const [a, b] = times([re, im], [re, im]);
      return inverse([1 + 25 * a, 25 * b]);
    },
    slopes: (t) => {
      const q = 1 + 25 * (t * t);
      return [(-50 * t) / (q * q), (5000 * t * t - 50 * q) / (q * q * q), (15000 * t * q - 750000 * t * t * t) / (q * q * q * q)];
    },
  },
  softplus: {
    loss: (t, r) => r(Math.max(t, 0) + r(Math.log1p(r(Math.exp(-Math.abs(t)))))),
    complex: (re, im) => {
      // log(1 + eᶻ) = z + log(1 + e⁻ᶻ): the one whose power is small
      const side = re > 0 ? -1 : 1;
      const [a, b] = exponential([side * re, side * im]);
      const inner = [0.5 * Math.log1p(a * (2 + a) + b * b), Math.atan2(b, 1 + a)];
      return re > 0 ? [re + inner[0], im + inner[1]] : [inner[0], inner[1]];
    },
    slopes: (t) => {
      const small = Math.exp(-Math.abs(t));
      const [p, q] = t > 0 ? [1 / (1 + small), small / (1 + small)] : [small / (1 + small), 1 / (1 + small)];
      return [p, p * q, p * q * (q - p)];
    },
  },
  lifted: cube(1e6),
};

/** Half the distance from 1 to the next number. @param {boolean} single */
export function roundoff(single) {
  return single ? 2 ** -24 : 2 ** -53;
}

/**
 * The measured slope; NaN where θ + ε rounds to θ.
 * @param {Smooth} smooth @param {string} scheme @param {number} theta @param {number} eps @param {boolean} single
 */
export function measure(smooth, scheme, theta, eps, single) {
  const r = single ? Math.fround : double;
  const t = r(theta);
  if (scheme === "complex") return r(smooth.complex(t, eps)[1] / eps);
  const step = r(eps);
  const ahead = r(t + step);
  if (ahead === t) return NaN;
  const behind = scheme === "central" ? r(t - step) : t;
  // The quotient is taken in double precision, as Python's floats do it, and rounded once.
  return r((smooth.loss(ahead, r) - smooth.loss(behind, r)) / r(ahead - behind));
}

/**
 * The two parts of the error that theory expects near θ: the loss bends, rounding.
 * @param {Smooth} smooth @param {string} scheme @param {number} theta @param {boolean} single
 * @returns {{bends(eps: number): number, rounds(eps: number): number}}
 */
export function expected(smooth, scheme, theta, single) {
  const u = roundoff(single);
  const [first, second, third] = smooth.slopes(theta).map(Math.abs);
  const size = Math.abs(smooth.loss(theta, double));
  if (scheme === "forward") return { bends: (eps) => (second * eps) / 2, rounds: (eps) => (2 * u * size) / eps };
  return { bends: (eps) => (third * eps * eps) / 6, rounds: scheme === "central" ? (eps) => (u * size) / eps : () => u * first };
}

/** The default ε of optcourse.numerical_gradient. @param {string} scheme @param {number} theta @param {boolean} single */
export function defaultStep(scheme, theta, single) {
  const u = roundoff(single);
  const best = scheme === "central" ? Math.cbrt(3 * u) : scheme === "forward" ? Math.sqrt(u) : 1e-20;
  return best * Math.max(1, Math.abs(theta));
}

/** How many digits are right, 0 to 16; none can be counted against a slope of 0. @param {number} measured @param {number} slope */
export function rightDigits(measured, slope) {
  if (!(Math.abs(measured - slope) < Math.abs(slope))) return 0;
  return measured === slope ? 16 : Math.min(16, Math.floor(-Math.log10(Math.abs(measured - slope) / Math.abs(slope))));
}
