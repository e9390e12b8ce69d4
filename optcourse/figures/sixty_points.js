// A line fitted to the sixty points of section 3.2: gradients of batches, and the batches that `sgd` deals.

const [SEEDS, EPOCHS, N] = SHAPE;
const SHUFFLED = Uint8Array.from(atob(ORDERS), (c) => c.charCodeAt(0));

/** The mean gradient of the examples whose numbers stand in `batch`. @param {number[]} theta @param {ArrayLike<number>} batch @returns {[number, number]} */
export function meanGradient([a, b], batch) {
  let [first, second] = [0, 0];
  for (let k = 0; k < batch.length; k++) {
    const x = DATA.x[batch[k]];
    const residual = a + b * x - DATA.y[batch[k]];
    first += residual;
    second += residual * x;
  }
  return [first / batch.length, second / batch.length];
}

const EVERYTHING = Array.from({ length: N }, (_, i) => i);

/** Half the mean squared error. @param {number[]} theta */
export function lossAt([a, b]) {
  let sum = 0;
  for (let i = 0; i < N; i++) sum += (a + b * DATA.x[i] - DATA.y[i]) ** 2;
  return sum / (2 * N);
}

/** The batches of a run, as `sgd` deals them. @param {number} seed @param {number} size @param {number} epochs */
export function batchesOf(seed, size, epochs) {
  const dealt = [];
  for (let epoch = 0; epoch < epochs; epoch++) {
    const begin = (seed * EPOCHS + epoch) * N;
    for (let first = 0; first < N; first += size) dealt.push(SHUFFLED.subarray(begin + first, begin + Math.min(N, first + size)));
  }
  return dealt;
}

/** Where SGD goes: gradient descent's own rule, fed with a batch a step. @param {number[]} start @param {number} lr @param {Uint8Array[]} batches */
export function sgdPath(start, lr, batches) {
  let step = 0;
  return run(FIRST_ORDER.gradient_descent((theta) => meanGradient(theta, batches[step++]), start, { lr }), start, batches.length);
}
