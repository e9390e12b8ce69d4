// Least squares on sixty points: data set, batch, mean gradient, step; and what the batch size changes.

/** The gradients at θ of all examples, added up along every shuffle: a batch's mean is then one subtraction. @param {number[]} theta */
function sumsAt(theta) {
  const each = EVERYTHING.map((i) => meanGradient(theta, [i]));
  const sums = new Float64Array(2 * (N + 1) * SEEDS * EPOCHS);
  for (let epoch = 0; epoch < SEEDS * EPOCHS; epoch++) {
    let to = 2 * (N + 1) * epoch;
    for (let k = 0; k < N; k++, to += 2) {
      const [first, second] = each[SHUFFLED[epoch * N + k]];
      sums[to + 2] = sums[to] + first;
      sums[to + 3] = sums[to + 1] + second;
    }
  }
  return sums;
}

/** Gradients of all whole batches of all shuffles, x₀ y₀ x₁ y₁ … @param {Float64Array} sums @param {number} size */
function cloudFrom(sums, size) {
  const whole = Math.floor(N / size);
  const found = new Float64Array(2 * whole * SEEDS * EPOCHS);
  let at = 0;
  for (let epoch = 0; epoch < SEEDS * EPOCHS; epoch++) {
    for (let k = 0; k < whole; k++) {
      const [from, to] = [2 * ((N + 1) * epoch + k * size), 2 * ((N + 1) * epoch + (k + 1) * size)];
      found[at++] = (sums[to] - sums[from]) / size;
      found[at++] = (sums[to + 1] - sums[from + 1]) / size;
    }
  }
  return found;
}

/** The cloud at θ. @param {number[]} theta @param {number} size */
export function cloudAt(theta, size) {
  return Array.from(cloudFrom(sumsAt(theta), size));
}

/** The mean squared distance of points from one. @param {Float64Array} points @param {number[]} centre */
function spread(points, [a, b]) {
  let sum = 0;
  for (let k = 0; k < points.length; k += 2) sum += (points[k] - a) ** 2 + (points[k + 1] - b) ** 2;
  return (2 * sum) / points.length;
}

/**
 * What is to be seen, in words; `MinibatchPlayground.text` says the same.
 * @param {{size: number, lr: number, epochs: number, updates: number, gaps: number[], step: number, measured: number, theory: number, squared: number}} seen
 */
export function told({ size, lr, epochs, updates, gaps, step, measured, theory, squared }) {
  return `B = ${size} of ${N}, η = ${short(lr)}: an epoch costs ${N} gradients and makes ${updates} updates; the full batch makes 1. Loss above the minimum after ${epochs} epochs: SGD ${short(gaps[0])}, full batch ${short(gaps[1])}. At step ${step} the variance of a batch's gradient is ${short(measured)}, in theory ${short(theory)}; the squared gradient is ${short(squared)}.`;
}

/** @param {Host} host */
export function render(host) {
  const { model } = host;
  const frame = new Frame(host, "Mini-batch playground", draw);
  const size = () => model.get("batch_size");
  const updates = () => Math.ceil(N / size());
  const steps = () => updates() * model.get("epochs");
  const theta0 = () => frame.vector("theta0");
  const player = new Player(frame, steps);
  const change = (/** @type {Record<string, any>} */ values) => {
    player.rewind();
    frame.set(values);
  };
  const nearest = (/** @type {number} */ value) => nearestStop(ETAS, value);
  const row = html("div", { class: "oc-row" }, [
    frame.slider({
      label: "Batch size B",
      read: () => nearestStop(SIZES, size()),
      write: (at) => change({ batch_size: SIZES[at], step: 0 }),
      bounds: () => ({ min: 0, max: SIZES.length - 1, step: 1 }),
      words: () => String(size()),
    }),
    frame.slider({
      label: "Step size η",
      read: () => nearest(model.get("lr")),
      write: (at) => change({ lr: ETAS[at] }),
      bounds: () => ({ min: 0, max: ETAS.length - 1, step: 1 }),
      words: () => short(model.get("lr")),
    }),
    frame.slider({
      label: "Epochs",
      read: () => model.get("epochs"),
      write: (value) => change({ epochs: value }),
      bounds: () => ({ min: 1, max: EPOCHS, step: 1 }),
    }),
    frame.slider({
      label: "Look at step",
      read: () => at(),
      write: (value) => change({ step: value }),
      bounds: () => ({ min: 0, max: steps(), step: 1 }),
    }),
    html("div", { class: "oc-buttons" }, []),
  ]);
  const play = player.button();
  const again = frame.button("Shuffle again", () => change({ seed: (model.get("seed") + 1) % SEEDS }));
  const reset = frame.button("Reset", () => change({ batch_size: 8, lr: 0.1, epochs: 5, step: 0, seed: 0, theta0: frame.bytes(START) }));
  row.lastElementChild?.append(play, again, reset);

  const upper = html("div", { class: "oc-panels oc-halves" });
  const middle = html("div", { class: "oc-panels oc-halves" });
  const lower = html("div", { class: "oc-panels oc-halves" });
  const data = titled(frame, upper, "1 · Data set: the next batch is dealt", { ratio: 0.72 });
  const cloud = titled(frame, upper, "2 · Mean gradients of batches, at the step looked at", { ratio: 0.72 });
  const map = titled(frame, middle, "3 · Step against the mean, again and again", { ratio: 0.72 });
  const curve = titled(frame, middle, "Loss above the minimum, at equal cost", { ratio: 0.72, margin: { left: 52 } });
  const line = titled(frame, lower, "Variance of the gradient against 1/B", { ratio: 0.72, margin: { left: 52 } });
  const costs = html("tbody", {});
  lower.append(
    html("div", {}, [
      html("p", { class: "oc-title" }, ["What an epoch costs"]),
      html("table", { class: "oc-results" }, [html("thead", {}, [html("tr", {}, ["cost", "SGD", "full batch"].map((head) => html("th", { scope: "col" }, [head])))]), costs]),
    ]),
  );
  const legend = frame.legend([
    { mark: "line", colour: "sgd", text: "SGD" },
    { mark: "line", colour: "gradient_descent", text: "full batch" },
    { mark: "dot", colour: "sgd", text: "a batch" },
    { mark: "open", colour: "ink", text: "the next batch" },
    { mark: "star", colour: "green", text: "minimum" },
  ]);
  const knob = startHandle(map, { label: "Start of both paths", change, home: () => START, names: ["θ₁", "θ₂"] });
  frame.add(row, upper, middle, lower, legend, frame.live);

  /** The step that is looked at. */
  function at() {
    return player.shown === null ? Math.min(model.get("step"), steps()) : Math.floor(player.now());
  }

  let costed = "";

  function draw() {
    const [lr, epochs, now] = [model.get("lr"), model.get("epochs"), at()];
    const batches = batchesOf(model.get("seed"), size(), epochs);
    const sgd = sgdPath(theta0(), lr, batches);
    const full = run(FIRST_ORDER.gradient_descent((theta) => meanGradient(theta, EVERYTHING), theta0(), { lr }), theta0(), epochs);
    const here = [sgd.path[2 * Math.min(now, sgd.rows - 1)], sgd.path[2 * Math.min(now, sgd.rows - 1) + 1]];
    const next = batches[Math.min(now, batches.length - 1)];
    const exact = meanGradient(here, EVERYTHING);
    const sums = sumsAt(here);
    const points = cloudFrom(sums, size());
    const variances = SIZES.map((/** @type {number} */ one) => spread(cloudFrom(sums, one), exact));
    const alone = variances[0];
    const theory = (/** @type {number} */ b) => ((alone / b) * (N - b)) / (N - 1);
    const gaps = [sgd, full].map(({ path, rows }) => Float64Array.from({ length: rows }, (_, k) => lossAt([path[2 * k], path[2 * k + 1]]) - BEST.loss));
    drawFit(data, here, (context) => data.dots(context, Array.from(next).flatMap((i) => [DATA.x[i], DATA.y[i]]), 5));
    drawCloud(here, alone, points, exact, next);
    drawMap(sgd.path, full.path, now);
    drawCurve(gaps, now);
    drawLine(variances, theory);
    const rows = [
      ["gradients a step", size(), N],
      ["steps an epoch", updates(), 1],
      ["gradients an epoch", N, N],
      ["loss above, at the end", short(gaps[0][gaps[0].length - 1]), short(gaps[1][gaps[1].length - 1])],
    ];
    if (rows.join() !== costed) costs.replaceChildren(...rows.map(([name, ...cells]) => html("tr", {}, [html("th", { scope: "row" }, [String(name)]), ...cells.map((cell) => html("td", {}, [String(cell)]))])));
    costed = rows.join();
    knob.refresh();
    const measured = spread(points, exact);
    if (!player.playing) frame.say(told({ size: size(), lr, epochs, updates: updates(), gaps: gaps.map((gap) => gap[gap.length - 1]), step: now, measured, theory: theory(size()), squared: exact[0] ** 2 + exact[1] ** 2 }));
    return { sgd: sgd.path, full: full.path, cloud: Array.from(points), variances, batch: Array.from(next), step: now };
  }

  /** @param {number[]} here @param {number} alone @param {Float64Array} points @param {number[]} exact @param {ArrayLike<number>} next */
  function drawCloud(here, alone, points, exact, next) {
    const { colours } = frame;
    // As wide as the bulk of the gradients of single examples, so that the cloud is seen to shrink.
    const rounded = Number((2 * Math.sqrt(Math.max(alone, exact[0] ** 2 + exact[1] ** 2, 1e-3))).toPrecision(2));
    cloud.equal([[-rounded, rounded], [-rounded, rounded]]);
    cloud.axes({ xLabel: "∂/∂θ₁", yLabel: "∂/∂θ₂" });
    cloud.backdrop(`${rounded}`, (context) => cloud.gridlines(context));
    cloud.move((context) => {
      context.fillStyle = colours.sgd;
      context.globalAlpha = 0.5;
      cloud.dots(context, points.subarray(0, 600), 2.5);
      context.globalAlpha = 1;
      context.lineWidth = 2.5;
      const arrow = (/** @type {number[]} */ [x, y], /** @type {string} */ colour) => {
        context.strokeStyle = context.fillStyle = colour;
        cloud.arrow(context, cloud.x(0), cloud.y(0), cloud.x(x), cloud.y(y));
      };
      const estimate = meanGradient(here, next);
      arrow(exact, colours.gradient_descent);
      arrow(estimate, colours.ink);
      context.fillStyle = colours.paper;
      cloud.dots(context, estimate, 4.5);
      context.strokeStyle = colours.ink;
      context.beginPath();
      context.arc(cloud.x(estimate[0]), cloud.y(estimate[1]), 4.5, 0, 2 * Math.PI);
      context.stroke();
    });
  }

  /** @param {Float64Array} sgd @param {Float64Array} full @param {number} now */
  function drawMap(sgd, full, now) {
    const { colours } = frame;
    drawBowl(map, (context) => {
      context.lineWidth = 1;
      context.strokeStyle = colours.sgd;
      context.globalAlpha = 0.55;
      map.line(context, sgd);
      context.globalAlpha = 1;
      context.lineWidth = 2;
      map.line(context, sgd, Math.min(sgd.length / 2, now + 1));
      context.strokeStyle = context.fillStyle = colours.gradient_descent;
      map.line(context, full);
      map.dots(context, full, 3);
      const end = Math.min(sgd.length / 2 - 1, now);
      context.fillStyle = colours.paper;
      map.dots(context, sgd.subarray(2 * end, 2 * end + 2), 6);
      context.fillStyle = colours.sgd;
      map.dots(context, sgd.subarray(2 * end, 2 * end + 2), 4.5);
    });
  }

  /** @param {Float64Array[]} gaps @param {number} now */
  function drawCurve(gaps, now) {
    const { colours } = frame;
    const epochs = model.get("epochs");
    const top = 10 ** Math.ceil(Math.log10(Math.max(1e-2, Math.min(1e3, Math.max(gaps[0][0], ...gaps.map((gap) => gap[gap.length - 1]))))));
    curve.coordinates([0, epochs], [1e-5, top], { logY: true });
    curve.axes({ xLabel: "epochs", yWords: power, xTicks: curve.x.ticks(5).filter(Number.isInteger) });
    curve.backdrop(`${top}|${epochs}`, (context) => curve.gridlines(context));
    curve.move((context) => {
      for (const [which, colour, each] of /** @type {[number, string, number][]} */ ([[0, colours.sgd, updates()], [1, colours.gradient_descent, 1]])) {
        context.strokeStyle = context.fillStyle = colour;
        context.lineWidth = which ? 2 : 1.2;
        const points = stepByStep(gaps[which], 1e-9, each);
        curve.line(context, points);
        if (which === 0) curve.dots(context, points.slice(2 * Math.min(now, gaps[0].length - 1), 2 * Math.min(now, gaps[0].length - 1) + 2), 4);
      }
    });
  }

  /** @param {number[]} variances @param {(b: number) => number} theory */
  function drawLine(variances, theory) {
    const { colours } = frame;
    const top = 10 ** Math.ceil(Math.log10(Math.max(variances[0], 1e-6) * 1.2));
    line.coordinates([1 / N, 1.15], [top / 1e5, top], { logX: true, logY: true });
    line.axes({ xLabel: "1 / B", yWords: power, xTicks: [1, 0.5, 0.25, 0.1, 0.05, 0.02], xWords: (v) => (v === 1 ? "1" : `1/${Math.round(1 / v)}`) });
    line.backdrop(`${top}`, (context) => line.gridlines(context));
    line.move((context) => {
      context.strokeStyle = colours.muted;
      context.lineWidth = 1.5;
      context.setLineDash([6, 4]);
      line.line(context, [1 / N, variances[0] / N, 1, variances[0]]);
      context.setLineDash([]);
      context.strokeStyle = colours.ink;
      line.line(context, EVERYTHING.slice(0, N - 1).flatMap((i) => [1 / (i + 1), theory(i + 1)]));
      context.fillStyle = colours.sgd;
      const there = SIZES.flatMap((/** @type {number} */ one, /** @type {number} */ k) => (one < N ? [1 / one, Math.max(1e-12, variances[k])] : []));
      line.dots(context, there, 3.5);
      if (size() < N) {
        context.lineWidth = 2.5;
        context.strokeStyle = colours.ink;
        context.beginPath();
        context.arc(line.x(1 / size()), line.y(theory(size())), 7, 0, 2 * Math.PI);
        context.stroke();
      }
    });
  }

  frame.start(["batch_size", "lr", "epochs", "step", "seed", "theta0"]);
  return () => player.stop();
}

export default { render };
