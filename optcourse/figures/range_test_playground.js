// The range test to play with: a short run whose rate grows, where its loss turns, and what the rates are worth when held.

const LARGEST = 1e30;
const CHANCE = Uint8Array.from(atob(PICKS), (c) => c.charCodeAt(0));
const WIDEST = SIZES[SIZES.length - 1];

/** Half the mean squared error of the network on all examples. @param {number[]} theta */
export function networkLoss(theta) {
  let sum = 0;
  for (let i = 0; i < DATA.x.length; i++) {
    const error = answer(theta, i) - DATA.y[i];
    sum += error * error;
  }
  return sum / (2 * DATA.x.length);
}

/** What each hidden unit let through when `answer` was last asked: the gradient needs it, too. */
const through = new Float64Array(HIDDEN);

/** @param {number[]} theta slopes, offsets, outgoing weights, and one last offset @param {number} i the example */
function answer(theta, i) {
  const x = DATA.x[i];
  let sum = 0;
  for (let h = 0; h < HIDDEN; h++) {
    through[h] = Math.max(x * theta[h] + theta[HIDDEN + h], 0);
    sum += through[h] * theta[2 * HIDDEN + h];
  }
  return sum + theta[3 * HIDDEN];
}

/** The mean gradient of the examples in a batch. @param {number[]} theta @param {Uint8Array} batch */
export function networkGrad(theta, batch) {
  const found = theta.map(() => 0);
  for (const i of batch) {
    const error = (answer(theta, i) - DATA.y[i]) / batch.length;
    for (let h = 0; h < HIDDEN; h++) {
      found[2 * HIDDEN + h] += error * through[h];
      if (!(through[h] > 0)) continue;
      const back = error * theta[2 * HIDDEN + h];
      found[h] += back * DATA.x[i];
      found[HIDDEN + h] += back;
    }
    found[3 * HIDDEN] += error;
  }
  return found;
}

/**
 * Gradient descent on a problem with its noise, and the loss that is watched.
 * @param {{problem: string, noise: number, batch_size: number, seed: number}} chosen @param {number | ((step: number) => number)} lr
 */
export function training({ problem, noise, batch_size, seed }, lr) {
  let step = 0;
  const bowl = problem === "bowl";
  /** @type {Grad} */
  const grad = (theta) => {
    const at = seed * LONGEST + step;
    step += 1;
    return bowl ? theta.map((t, j) => CURVATURE[j] * t + noise * NORMALS[2 * at + j]) : networkGrad(theta, CHANCE.subarray(at * WIDEST, at * WIDEST + batch_size));
  };
  return {
    iterates: FIRST_ORDER.gradient_descent(grad, bowl ? START : FRESH, { lr }),
    loss: bowl ? (/** @type {number[]} */ theta) => 0.5 * theta.reduce((sum, t, j) => sum + t * t * CURVATURE[j], 0) : networkLoss,
  };
}

/**
 * The range test: `optcourse.lr_range_test`, and the rate at which the smoothed loss falls most steeply before it turns.
 * @param {{iterates: Iterates, loss: (theta: number[]) => number}} run @param {number[]} tried the rates @param {number} memory
 */
export function rangeTest({ iterates, loss }, tried, memory) {
  /** @type {number[]} */
  const losses = [];
  /** @type {number[]} */
  const smoothed = [];
  let [average, best, turning] = [0, Infinity, 0];
  for (const theta of iterates) {
    const observed = loss(theta);
    if (!Number.isFinite(observed)) break;
    average = memory * average + (1 - memory) * observed;
    losses.push(observed);
    smoothed.push(average / (1 - memory ** losses.length));
    const last = smoothed[smoothed.length - 1];
    if (last < best) [best, turning] = [last, losses.length - 1];
    if ((last > 4 * best && best > 0) || losses.length === tried.length) break;
  }
  let steepest = 0;
  for (let k = 1; k < turning; k++) if (steepest === 0 || smoothed[k + 1] - smoothed[k - 1] < smoothed[steepest + 1] - smoothed[steepest - 1]) steepest = k;
  return { rates: tried.slice(0, losses.length), losses, smoothed, turning: tried[turning], lr: Math.max(tried[turning] / NOTCH, tried[0]), steepest: tried[steepest], rose: smoothed[smoothed.length - 1] > 4 * best };
}

/** So many rates from one to another, each the same factor above the last. @param {number} low @param {number} high @param {number} steps */
export function growing(low, high, steps) {
  return Array.from({ length: steps }, (_, t) => low * (high / low) ** (t / (steps - 1)));
}

/** The expected loss on the bowl after so many steps at one rate. @param {number} rate @param {number} noise */
export function expectedAt(rate, noise) {
  let total = 0;
  for (let j = 0; j < CURVATURE.length; j++) {
    let square = START[j] ** 2;
    for (let step = 0; step < HELD; step++) square = (1 - rate * CURVATURE[j]) ** 2 * square + (rate * noise) ** 2;
    total += 0.5 * CURVATURE[j] * square;
  }
  return Math.min(total, LARGEST);
}

/** The loss after so many steps at one rate: expected on the bowl, of one run on the network. @param {any} chosen @param {number} rate */
export function heldAt(chosen, rate) {
  if (chosen.problem === "bowl") return expectedAt(rate, chosen.noise);
  const { iterates } = training(chosen, rate);
  for (let step = 1; step <= HELD; step++) {
    const { value, done } = iterates.next();
    if (done || !value) return LARGEST;
    if (step === HELD) {
      const loss = networkLoss(value);
      return loss < LARGEST ? loss : LARGEST;
    }
  }
  return LARGEST;
}

/** Whole powers of ten around what is drawn, up to ten times the first loss. @param {ArrayLike<number>} worth @param {number[]} smoothed */
export function bounds(worth, smoothed) {
  const lowest = Math.max(1e-9, Math.min(...Array.from(worth), ...smoothed));
  return [10 ** Math.floor(Math.log10(lowest)), 10 ** Math.ceil(Math.log10(4 * smoothed[0]))];
}

/**
 * What the test says and what that is worth; `RangeTestPlayground.text` says the same.
 * @param {any} chosen @param {ReturnType<typeof rangeTest>} found @param {number[]} worth the losses at the suggestion and at the turning rate
 */
export function told(chosen, found, worth) {
  const opening = chosen.problem === "bowl" ? `Noisy bowl, σ = ${short(chosen.noise)}` : `Small network, batches of ${chosen.batch_size}`;
  const tried = found.rates.length;
  const ending = tried < chosen.steps || found.rose ? `It ends after ${tried} steps, at rate ${short(found.rates[tried - 1])}: the loss is four times its best` : "It ends with its last step, and the loss has not grown fourfold";
  const [first, second] = worth.map((loss) => (loss > 1e6 ? "explodes" : `ends at ${short(loss)}`));
  return (
    `${opening}, ${chosen.steps} steps from ${short(chosen.lr_min)} to ${short(chosen.lr_max)}: the smoothed loss turns at rate ${short(found.turning)}, so the suggestion is ${short(found.lr)}; ` +
    `the steepest fall is at ${short(found.steepest)}. ${ending}. Held for ${HELD} steps, the suggestion ${first}, the turning rate ${second}.`
  );
}

const AS_MADE = { problem: "network", noise: 1, batch_size: 4, lr_min: 1e-4, lr_max: 10, steps: 100, memory: 0.9, seed: 0 };

/** @param {Host} host */
export function render(host) {
  const { model } = host;
  const frame = new Frame(host, "Range test playground", draw);
  const player = new Player(frame, () => found.rates.length);
  const heldByNetwork = Float64Array.from(frame.vector("_data"));
  const names = Object.keys(AS_MADE);
  const chosen = () => Object.fromEntries(names.map((name) => [name, model.get(name)]));
  const change = (/** @type {Record<string, any>} */ values) => {
    player.rewind();
    frame.set(values);
  };
  const bowl = () => model.get("problem") === "bowl";

  const menu = frame.select({ label: "Problem", options: Object.entries(PROBLEMS), read: () => model.get("problem"), write: (problem) => change({ problem }) });
  /** A slider along numbers of a list. @param {string} label @param {string} name @param {number[]} stops */
  const stopped = (label, name, stops) =>
    frame.slider({
      label,
      read: () => nearestStop(stops, model.get(name)),
      write: (at) => change({ [name]: stops[at] }),
      bounds: () => ({ min: 0, max: stops.length - 1, step: 1 }),
      words: () => short(model.get(name)),
    });
  /** A slider along even numbers. @param {string} label @param {string} name @param {number} min @param {number} max @param {number} step */
  const even = (label, name, min, max, step) => frame.slider({ label, read: () => model.get(name), write: (value) => change({ [name]: value }), bounds: () => ({ min, max, step }) });
  const noise = even("Noise σ", "noise", 0, 3, 0.1);
  const batch = stopped("Batch size B", "batch_size", SIZES);
  const lowest = stopped("First rate", "lr_min", [1e-6, 1e-5, 1e-4, 1e-3, 1e-2]);
  const highest = stopped("Last rate", "lr_max", [0.1, 1, 10, 100]);
  const steps = even("Steps of the test", "steps", 20, LONGEST, 10);
  const memory = even("Smoothing", "memory", 0, 0.98, 0.02);
  const play = player.button();
  const again = frame.button("Draw again", () => change({ seed: (model.get("seed") + 1) % SEEDS }));
  const reset = frame.button("Reset", () => change(AS_MADE));

  const panels = html("div", { class: "oc-panels oc-halves" });
  const sweep = titled(frame, panels, "The test: the loss while the rate grows", { ratio: 0.8, margin: { left: 50 } });
  const truth = titled(frame, panels, `The truth: the loss after ${HELD} steps at one rate`, { ratio: 0.8, margin: { left: 50 } });
  const legend = frame.legend([
    { mark: "thin", colour: "sgd", text: "loss" },
    { mark: "line", colour: "sgd", text: "smoothed, or held" },
    { mark: "dots", colour: "diverges", text: "where it turns" },
    { mark: "dash", colour: "converges", text: "a tenth of that: the suggestion" },
    { mark: "open", colour: "ink", text: "steepest fall" },
    { mark: "cross", colour: "ink", text: "the test ends" },
  ]);
  frame.add(
    html("div", { class: "oc-row" }, [menu, noise, batch, html("div", { class: "oc-buttons" }, [play, again, reset])]),
    html("div", { class: "oc-row" }, [lowest, highest, steps, memory]),
    panels,
    legend,
    frame.live,
  );

  /** @type {ReturnType<typeof rangeTest>} */
  let found;
  /** @type {ArrayLike<number>} */
  let worth;
  /** @type {number[]} the losses at the suggestion and at the turning rate */
  let ends;
  let [computed, weighed] = ["", ""];

  function compute() {
    const now = chosen();
    const key = JSON.stringify(now);
    if (key === computed) return;
    computed = key;
    const tried = growing(now.lr_min, now.lr_max, now.steps);
    found = rangeTest(training(/** @type {any} */ (now), (step) => tried[step]), tried, now.memory);
    // What is told is what is run: the rates as they are written, to three digits.
    const written = [found.lr, found.turning].map((rate) => Number(rate.toPrecision(3)));
    const whose = [now.problem, now.noise, now.batch_size, now.seed, ...written].join("|");
    if (whose === weighed) return;
    weighed = whose;
    ends = written.map((rate) => heldAt(now, rate));
    const which = SIZES.indexOf(SIZES.reduce((/** @type {number} */ a, /** @type {number} */ b) => (Math.abs(b - now.batch_size) < Math.abs(a - now.batch_size) ? b : a)));
    const row = (now.seed * SIZES.length + which) * GRID.length;
    worth = bowl() ? GRID.map((/** @type {number} */ rate) => expectedAt(rate, now.noise)) : heldByNetwork.subarray(row, row + GRID.length);
  }

  function draw() {
    compute();
    noise.hidden = !bowl();
    batch.hidden = bowl();
    const shown = player.shown === null ? found.rates.length : Math.max(1, Math.floor(player.now()));
    const ends_ = bounds(worth, found.smoothed);
    for (const panel of [sweep, truth]) {
      panel.coordinates([model.get("lr_min"), model.get("lr_max")], ends_, { logX: true, logY: true });
      panel.axes({ xLabel: "rate η", yLabel: "loss", xWords: power, yWords: power });
      panel.backdrop([panel.x.domain, ends_].join("|"), (context) => panel.gridlines(context));
    }
    sweep.move((context) => drawSweep(context, shown));
    truth.move((context) => drawTruth(context));
    if (!player.playing) frame.say(told(chosen(), found, ends));
    return { ...found, worth: Array.from(worth), ends, shown };
  }

  /** An upright line at a rate. @param {Panel} panel @param {CanvasRenderingContext2D} context @param {number} rate @param {string} colour @param {number[]} dash */
  function upright(panel, context, rate, colour, dash) {
    const [, top, , bottom] = panel.plot;
    context.strokeStyle = frame.colours[colour];
    context.lineWidth = 2;
    context.setLineDash(dash);
    context.beginPath();
    context.moveTo(panel.x(rate), top);
    context.lineTo(panel.x(rate), bottom);
    context.stroke();
    context.setLineDash([]);
  }

  /** @param {Panel} panel @param {CanvasRenderingContext2D} context */
  function verdicts(panel, context) {
    upright(panel, context, found.turning, "diverges", [2, 4]);
    upright(panel, context, found.lr, "converges", [7, 4]);
  }

  /** @param {CanvasRenderingContext2D} context @param {number} shown how many steps */
  function drawSweep(context, shown) {
    const { colours } = frame;
    const all = found.rates.length;
    if (shown >= all) verdicts(sweep, context);
    for (const [row, width, alpha] of /** @type {[number[], number, number][]} */ ([[found.losses, 1, 0.6], [found.smoothed, 2.5, 1]])) {
      context.strokeStyle = colours.sgd;
      context.lineWidth = width;
      context.globalAlpha = alpha;
      sweep.line(context, found.rates.slice(0, shown).flatMap((rate, k) => [rate, Math.max(1e-30, row[k])]));
    }
    context.globalAlpha = 1;
    context.strokeStyle = colours.ink;
    context.lineWidth = 2;
    const [x, y] = [sweep.x(found.rates[shown - 1]), Math.max(sweep.plot[1] + 6, sweep.y(found.smoothed[shown - 1]))];
    context.beginPath();
    for (const side of shown >= all ? [1, -1] : []) {
      context.moveTo(x - 5, y - 5 * side);
      context.lineTo(x + 5, y + 5 * side);
    }
    context.stroke();
    if (shown < all) return;
    const fall = found.rates.indexOf(found.steepest);
    ring(sweep, context, found.steepest, found.smoothed[fall]);
  }

  /** @param {Panel} panel @param {CanvasRenderingContext2D} context @param {number} rate @param {number} loss */
  function ring(panel, context, rate, loss) {
    context.beginPath();
    context.arc(panel.x(rate), panel.y(loss), 5, 0, 2 * Math.PI);
    context.fillStyle = frame.colours.paper;
    context.fill();
    context.strokeStyle = frame.colours.ink;
    context.lineWidth = 2;
    context.stroke();
  }

  /** @param {CanvasRenderingContext2D} context */
  function drawTruth(context) {
    const { colours } = frame;
    verdicts(truth, context);
    context.strokeStyle = context.fillStyle = colours.sgd;
    context.lineWidth = 2.5;
    truth.line(context, GRID.flatMap((/** @type {number} */ rate, /** @type {number} */ k) => [rate, worth[k]]));
    context.fillStyle = colours.converges;
    truth.dots(context, [found.lr, ends[0]], 5);
    context.fillStyle = colours.diverges;
    truth.dots(context, [found.turning, ends[1]], 5);
  }

  frame.start(names);
  return () => player.stop();
}

export default { render };
