// A line fitted to the sixty points of section 3.2: gradients of batches, the batches that `sgd` deals, and the pictures of both.

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

/**
 * The sixty points, the line of θ, and in SGD's colour what `mark` adds.
 * @param {Panel} panel @param {number[]} theta @param {(context: CanvasRenderingContext2D) => void} mark
 */
export function drawFit(panel, [a, b], mark) {
  const { colours } = panel.frame;
  panel.coordinates([-2.6, 3.2], [-4.5, 4]);
  panel.axes({ xLabel: "feature x", yLabel: "target y" });
  panel.backdrop("data", (context) => {
    panel.gridlines(context);
    context.fillStyle = colours.edge;
    panel.dots(context, EVERYTHING.flatMap((i) => [DATA.x[i], DATA.y[i]]), 2.5);
  });
  panel.move((context) => {
    context.strokeStyle = colours.muted;
    context.lineWidth = 1.5;
    panel.line(context, [-3, a - 3 * b, 4, a + 4 * b]);
    context.fillStyle = context.strokeStyle = colours.sgd;
    mark(context);
  });
}

/** The loss as a landscape of θ, and what `paint` puts on it. @param {Panel} panel @param {(context: CanvasRenderingContext2D) => void} paint */
export function drawBowl(panel, paint) {
  panel.equal(BEST.window);
  panel.axes({ xLabel: "θ₁", yLabel: "θ₂" });
  panel.backdrop("bowl", (context) => {
    const best = [BEST.theta];
    paintLandscape(panel, context, /** @type {any} */ ({ loss: lossAt }), /** @type {any} */ ({ minimum: BEST.loss, minima: best, minimisers: best, saddles: [], hasKappa: false }));
    panel.gridlines(context, false);
  });
  panel.move(paint);
}
