// Heavy ball and Nesterov in a ravine: η and β by slider or on the plane of all pairs, each step taken apart, and the eigenvalues behind it.

/** Trace and determinant of the iteration matrix along one curvature. @param {string} method @param {number} lr @param {number} beta @param {number} curvature */
export function polynomial(method, lr, beta, curvature) {
  const left = 1 - lr * curvature;
  return method === "momentum" ? [left + beta, beta] : [left * (1 + beta), left * beta];
}

/** Its two eigenvalues: real part, imaginary part, and size, the larger first. @param {string} method @param {number} lr @param {number} beta @param {number} curvature */
export function eigenvalues(method, lr, beta, curvature) {
  const [trace, determinant] = polynomial(method, lr, beta, curvature);
  const inside = trace * trace - 4 * determinant;
  if (inside < 0) {
    const [real, imaginary, size] = [trace / 2, Math.sqrt(-inside) / 2, Math.sqrt(determinant)];
    return [{ real, imaginary, size }, { real, imaginary: -imaginary, size }];
  }
  const size = (Math.abs(trace) + Math.sqrt(inside)) / 2;
  const large = trace < 0 ? -size : size;
  const small = large ? determinant / large : 0;
  return [{ real: large, imaginary: 0, size }, { real: small, imaginary: 0, size: Math.abs(small) }];
}

/** The largest ηλ at which both eigenvalues are real and none is negative. @param {string} method @param {number} beta */
export function glides(method, beta) {
  return method === "momentum" ? (1 - Math.sqrt(beta)) ** 2 : ((1 - beta) / (1 + beta)) ** 2;
}

/** The ηλ from which on the iterates do not converge. @param {string} method @param {number} beta */
export function stands(method, beta) {
  return (2 * (1 + beta)) / (method === "momentum" ? 1 : 1 + 2 * beta);
}

/** The size of the larger eigenvalue alone: the plane asks for it at thousands of pairs. @param {string} method @param {number} lr @param {number} beta @param {number} curvature */
function largest(method, lr, beta, curvature) {
  const left = 1 - lr * curvature;
  const trace = method === "momentum" ? left + beta : left * (1 + beta);
  const determinant = method === "momentum" ? beta : left * beta;
  const inside = trace * trace - 4 * determinant;
  return inside < 0 ? Math.sqrt(determinant) : (Math.abs(trace) + Math.sqrt(inside)) / 2;
}

/** The factor per step in the long run, for curvatures 1 and κ. @param {string} method @param {number} lr @param {number} beta @param {number} kappa */
export function rateOf(method, lr, beta, kappa) {
  return Math.max(largest(method, lr, beta, 1), largest(method, lr, beta, kappa));
}

/** What the iterates do, in a word of the palette. @param {string} method @param {number} lr @param {number} beta @param {number} kappa @param {number} [rate] if it is known */
export function behaves(method, lr, beta, kappa, rate = rateOf(method, lr, beta, kappa)) {
  if (!(rate < 1)) return "diverges";
  return lr * kappa <= glides(method, beta) ? "converges" : "oscillates";
}

/** The η and β with the smallest factor per step. @param {string} method @param {number} kappa @returns {Pair} */
export function best(method, kappa) {
  if (method === "nesterov") {
    const root = Math.sqrt(3 * kappa + 1);
    return [4 / (3 * kappa + 1), (root - 2) / (root + 2)];
  }
  const root = Math.sqrt(kappa);
  return [4 / (root + 1) ** 2, ((root - 1) / (root + 1)) ** 2];
}

/** Into how many levels factors between 0 and 1 are sorted to colour the plane. */
const LEVELS = 512;

/** Of how many dots the plane is made. */
const PLANE = [96, 72];

/** @typedef {{name: string, path: Float64Array, rows: number, reason: string, losses: Float64Array}} Roll */

/** How far a run got; `arrived` in `momentum_playground.py` says the same. @param {Roll} roll */
function arrived({ name, rows, reason, losses }) {
  const near = losses.findIndex((loss) => loss <= ARRIVED);
  if (near >= 0) return `${NAMES[name]}: ${near} steps to a loss within 10⁻⁶ of the minimum.`;
  if (reason !== "steps") return `${NAMES[name]}: runs away within ${rows - 1} steps.`;
  return `${NAMES[name]}: a loss of ${short(losses[rows - 1])} after ${rows - 1} steps.`;
}

/**
 * The whole figure in words; `text` in `momentum_playground.py` says the same.
 * @param {string} method @param {number} lr @param {number} beta @param {number} kappa @param {Roll[]} rolls
 */
function told(method, lr, beta, kappa, rolls) {
  const [bestRate, bestMemory] = best(method, kappa);
  const opening = `${NAMES[method]}, η = ${short(lr)}, β = ${short(beta)}: ${WORDS[behaves(method, lr, beta, kappa)]}`;
  const factor = `by a factor of ${short(rateOf(method, lr, beta, kappa))} per step in the long run.`;
  return `${opening}, ${factor} ${rolls.map(arrived).join(" ")} The best pair here is η = ${short(bestRate)}, β = ${short(bestMemory)}.`;
}

/** @param {Host} host */
export function render(host) {
  const { model } = host;
  const frame = new Frame(host, "Momentum playground", draw);
  const facts = () => ({ ...FACTS.ravine, window: VIEW });
  const [method, lr, beta, kappa] = [() => model.get("method"), () => model.get("lr"), () => model.get("beta"), () => model.get("kappa")];
  const last = () => model.get("steps");
  const theta0 = () => frame.vector("theta0");
  const player = new Player(frame, last);
  const change = (/** @type {Record<string, any>} */ values) => {
    player.rewind();
    frame.set(values);
  };
  // The plane ends where no heavy ball converges, unless η itself lies beyond.
  const widest = () => Math.max(WIDEST / kappa(), 1.05 * lr());
  const fine = () => niceStep(WIDEST / kappa() / 400);
  const put = (/** @type {number} */ rate, /** @type {number} */ memory) => change({ lr: Math.max(fine(), rate), beta: Math.min(0.99, Math.max(0, memory)) });
  const home = () => ({ lr: Number((1.2 / kappa()).toPrecision(3)), beta: 0.8 });

  const whose = frame.choice({ label: "Method", options: Object.entries(NAMES), read: method, write: (name) => change({ method: name }) });
  const both = frame.toggle({ text: "Draw both paths", read: () => model.get("both"), write: (on) => change({ both: on }) });
  const rate = frame.slider({
    label: "Step size η",
    read: lr,
    write: (value) => put(value, beta()),
    bounds: () => ({ min: 0, max: Math.ceil(widest() / fine()) * fine(), step: fine() }),
    words: () => short(lr()),
  });
  const memory = frame.slider({ label: "Memory β", read: beta, write: (value) => put(lr(), value), bounds: () => ({ min: 0, max: 0.99, step: 0.01 }), words: () => short(beta()) });
  // Where the point stands on the plane is a matter of ηκ: keep it there.
  const narrow = conditionSlider(frame, (value) => change({ kappa: value, lr: Number(((lr() * kappa()) / value).toPrecision(4)) }));
  const now = () => Math.floor(player.shown === null ? Math.min(model.get("at"), last()) : player.now());
  const step = frame.slider({
    label: "Step taken apart",
    read: () => Math.min(now(), last() - 1),
    write: (value) => change({ at: value }),
    bounds: () => ({ min: 0, max: last() - 1, step: 1 }),
    words: (value) => String(value),
    spoken: (value) => `step ${value}`,
  });
  const play = player.button();
  const star = frame.button("Best pair", () => put(...best(method(), kappa())), "Go to the best pair");
  const reset = frame.button("Reset", () => change({ ...home(), theta0: frame.bytes(facts().start), at: 2 }));

  const upper = html("div", { class: "oc-panels oc-halves" });
  const lower = html("div", { class: "oc-panels oc-halves" });
  const map = titled(frame, upper, "The ravine: curvature 1 along its floor, κ across", { ratio: 0.8 });
  const plane = titled(frame, upper, "Every pair of η and β, and what it does", { ratio: 0.8 });
  const curve = titled(frame, lower, "Loss, step by step", { ratio: 0.55, margin: { left: 50 } });
  const circle = titled(frame, lower, "Eigenvalues in the unit circle: ● along, □ across", { ratio: 0.55 });
  plane.cell.classList.add("oc-plane");

  const knob = startHandle(map, { label: "Start", change, home: () => facts().start });
  const point = handle(plane, {
    label: "Step size and memory",
    read: () => [lr(), beta()],
    write: put,
    home: () => change(home()),
    words: () => `η = ${short(lr())}, β = ${short(beta())}: ${WORDS[behaves(method(), lr(), beta(), kappa())]}`,
  });
  plane.onPlace((x, y) => put(plane.x.round(x), plane.y.round(y)));
  const legend = frame.legend([
    { mark: "line", colour: "momentum", text: "heavy ball" },
    { mark: "line", colour: "nesterov", text: "Nesterov" },
    { mark: "dash", colour: "ink", text: "memory alone, −ηβv: looks ahead" },
    { mark: "line", colour: "ink", text: "gradient, −ηg" },
    { mark: "open", colour: "ink", text: "where the gradient is taken" },
    { mark: "dot", colour: "converges", text: "converges steadily" },
    { mark: "dot", colour: "oscillates", text: "oscillates" },
    { mark: "dot", colour: "diverges", text: "diverges" },
    { mark: "star", colour: "ink", text: "best pair" },
  ]);
  frame.add(
    html("div", { class: "oc-row" }, [whose, both, html("div", { class: "oc-buttons" }, [play, star, reset])]),
    html("div", { class: "oc-row oc-four" }, [rate, memory, narrow, step]),
    upper,
    lower,
    legend,
    frame.live,
  );

  /** @type {Roll[]} */
  let rolls = [];
  function roll() {
    const { loss, grad } = problemOf("ravine", kappa());
    const other = method() === "momentum" ? "nesterov" : "momentum";
    rolls = (model.get("both") ? [method(), other] : [method()]).map((name) => {
      const found = run(FIRST_ORDER[name](grad, theta0(), { lr: lr(), beta: beta() }), theta0(), last());
      return { name, ...found, losses: lossesAlong(loss, found) };
    });
  }

  /** θ of the step taken apart, where its memory alone leads, and the next θ. */
  function parts() {
    const { path, rows } = rolls[0];
    const k = Math.max(0, Math.min(now(), rows - 2));
    const row = (/** @type {number} */ j) => Array.from(path.subarray(2 * j, 2 * j + 2));
    const [here, before, after] = [row(k), row(Math.max(0, k - 1)), row(Math.min(k + 1, rows - 1))];
    return { k, here, ahead: here.map((t, j) => t + beta() * (t - before[j])), after };
  }

  function draw() {
    if (!player.playing) roll();
    drawMap();
    drawPlane();
    drawCurve();
    drawCircle();
    for (const box of [rate, memory, step]) box.input.style.setProperty("--oc-accent", `var(--oc-${method()})`);
    knob.style.setProperty("--oc-accent", `var(--oc-${method()})`);
    knob.refresh();
    point.refresh();
    if (!player.playing) frame.say(told(method(), lr(), beta(), kappa(), rolls));
    const moduli = [1, kappa()].map((curvature) => eigenvalues(method(), lr(), beta(), curvature).map(({ size }) => size));
    return { rolls, arrows: parts(), moduli, behaviour: behaves(method(), lr(), beta(), kappa()) };
  }

  function drawMap() {
    const { colours } = frame;
    map.equal(facts().window);
    map.axes({ xLabel: "x", yLabel: "y" });
    map.backdrop(String(kappa()), (context) => {
      paintLandscape(map, context, problemOf("ravine", kappa()), facts());
      map.gridlines(context, false);
    });
    map.move((context) => {
      const upTo = player.shown === null ? last() + 1 : now() + 1;
      for (const { name, path, rows } of [...rolls].reverse()) {
        const count = Math.min(rows, upTo);
        context.strokeStyle = context.fillStyle = colours[name];
        context.lineWidth = 2;
        context.globalAlpha = name === method() ? 0.95 : 0.7;
        map.line(context, path, count);
        map.dots(context, map.sparse(path, count), 2.6);
        context.globalAlpha = 1;
      }
      drawParts(context);
    });
  }

  /** The step taken apart: on where the memory leads, then down the slope. @param {CanvasRenderingContext2D} context */
  function drawParts(context) {
    const { colours } = frame;
    const { here, ahead, after } = parts();
    const [p, q, r] = [here, ahead, after].map(([x, y]) => [map.x(x), map.y(y)]);
    if (![...p, ...q, ...r].every((pixel) => Math.abs(pixel) < 1e5)) return;
    const asked = method() === "momentum" ? p : q;
    context.fillStyle = colours.paper;
    context.strokeStyle = colours.ink;
    context.lineWidth = 2;
    context.beginPath();
    context.arc(asked[0], asked[1], 4, 0, 2 * Math.PI);
    context.fill();
    context.stroke();
    for (const [width, ink] of [[5, colours.paper], [2, colours.ink]]) {
      context.strokeStyle = context.fillStyle = String(ink);
      context.lineWidth = Number(width);
      context.setLineDash([5, 4]);
      map.arrow(context, p[0], p[1], q[0], q[1]);
      context.setLineDash([]);
      map.arrow(context, q[0], q[1], r[0], r[1]);
    }
  }

  function drawPlane() {
    const { colours } = frame;
    const most = widest();
    plane.coordinates([0, most], [0, 1]);
    // Each word within its region, left of, between and right of the two lines.
    const ripples = (glides(method(), 0.3) + stands(method(), 0.3)) / 2 / kappa();
    const words = /** @type {[string, number, number][]} */ ([["glides", 0, 0.04], ["ripples", ripples, 0.3], ["diverges", stands(method(), 0.05) / kappa() + 0.06 * most, 0.08]]);
    plane.axes({ xLabel: "η", yLabel: "β", words });
    plane.backdrop(`${method()}|${kappa()}|${most}`, (context) => {
      paintPlane(context, most);
      plane.gridlines(context, false);
    });
    plane.move(() => {});
  }

  const steep = new Float64Array(PLANE[0] * PLANE[1]);
  let steepFor = "";

  /** The colours of what a pair may do, by its factor per step: the slower, the stronger. @param {number} smallest the best factor */
  function inksOf(smallest) {
    const quickest = -Math.log(Math.max(1e-3, smallest));
    const ground = channels(frame.colours.paper);
    const strengths = Float64Array.from({ length: LEVELS + 1 }, (_, level) => {
      const speed = -Math.log((level + 0.5) / LEVELS) / quickest;
      return 0.15 + 0.55 * Math.min(1, Math.max(0, -Math.log10(Math.max(1e-9, speed))));
    });
    /** @type {Record<string, Uint32Array>} */
    const found = {};
    for (const word of Object.keys(WORDS)) {
      const ink = channels(frame.colours[word]);
      const bytes = new Uint8ClampedArray(4 * (LEVELS + 1));
      for (let level = 0; level <= LEVELS; level++) {
        const strength = word === "diverges" ? 0.8 : strengths[level];
        for (let k = 0; k < 3; k++) bytes[4 * level + k] = ground[k] + strength * (ink[k] - ground[k]);
        bytes[4 * level + 3] = 255;
      }
      found[word] = new Uint32Array(bytes.buffer);
    }
    return found;
  }

  /** Each pair in the colour of what it does, the stronger the slower. @param {CanvasRenderingContext2D} context @param {number} most */
  function paintPlane(context, most) {
    const { colours } = frame;
    const [across, up] = PLANE;
    const { paint, image } = sheet(across, up);
    const [who, curvature] = [method(), kappa()];
    const [bestRate, bestMemory] = best(who, curvature);
    const inks = inksOf(rateOf(who, bestRate, bestMemory, curvature));
    const pixels = new Uint32Array(image.data.buffer);
    // Along the steep direction all is a matter of ηκ: what was found at another κ still holds.
    const span = Number((most * curvature).toPrecision(9));
    if (steepFor !== `${who}|${span}`) {
      steepFor = `${who}|${span}`;
      for (let k = 0; k < steep.length; k++) steep[k] = largest(who, (((k % across) + 0.5) / across) * span, 1 - (Math.floor(k / across) + 0.5) / up, 1);
    }
    for (let j = 0; j < up; j++) {
      const memory = 1 - (j + 0.5) / up;
      const edge = glides(who, memory) / curvature;
      for (let i = 0; i < across; i++) {
        const rate = ((i + 0.5) / across) * most;
        const factor = Math.max(largest(who, rate, memory, 1), steep[j * across + i]);
        // What `behaves` says, with what is the same all along a row taken out.
        const ink = !(factor < 1) ? inks.diverges : rate <= edge ? inks.converges : inks.oscillates;
        pixels[j * across + i] = ink[Math.min(LEVELS, Math.floor(factor * LEVELS))];
      }
    }
    paint.putImageData(image, 0, 0);
    const [left, top, width, height] = plane.plotBox();
    context.save();
    context.beginPath();
    context.rect(left, top, width, height);
    context.clip();
    context.imageSmoothingEnabled = true;
    context.drawImage(paint.canvas, left, top, width, height);
    context.strokeStyle = colours.ink;
    context.lineWidth = 1;
    for (const edge of [glides, stands]) plane.line(context, Array.from({ length: 101 }, (_, k) => [edge(method(), k / 100) / kappa(), k / 100]).flat());
    context.fillStyle = colours.ink;
    context.strokeStyle = colours.paper;
    context.lineWidth = 2;
    const mark = new Path2D(starPath(plane.x(bestRate), plane.y(bestMemory), 10));
    context.stroke(mark);
    context.fill(mark);
    context.restore();
  }

  function drawCurve() {
    const { colours } = frame;
    const highest = rolls.reduce((most, { losses }) => losses.reduce((a, b) => Math.max(a, b), most), 1e-6);
    const top = 10 ** Math.ceil(Math.log10(Math.min(highest, 1e4 * Math.max(1e-6, rolls[0].losses[0]))));
    curve.coordinates([0, last()], [1e-12, top], { logY: true });
    curve.axes({ xLabel: "step", yWords: power, xTicks: curve.x.ticks(4).filter(Number.isInteger) });
    curve.backdrop(`${top}|${last()}`, (context) => curve.gridlines(context));
    curve.move((context) => {
      context.lineWidth = 2;
      for (const { name, losses } of [...rolls].reverse()) {
        context.strokeStyle = colours[name];
        curve.line(context, stepByStep(losses, 1e-16));
      }
      const { k } = parts();
      context.fillStyle = colours.ink;
      curve.dots(context, [k, Math.max(1e-16, rolls[0].losses[k])], 4);
    });
  }

  function drawCircle() {
    const { colours } = frame;
    circle.equal([[-1.25, 1.25], [-1.1, 1.1]]);
    circle.axes({ xLabel: "real part", yLabel: "imaginary", xTicks: [-1, 0, 1], yTicks: [-1, 0, 1] });
    circle.backdrop("", (context) => circle.gridlines(context));
    circle.move((context) => {
      const [x, y, unit] = [circle.x(0), circle.y(0), circle.x(1) - circle.x(0)];
      for (const [radius, ink, dash] of /** @type {[number, string, number[]][]} */ ([[1, colours.ink, []], [rateOf(method(), lr(), beta(), kappa()), colours[behaves(method(), lr(), beta(), kappa())], [4, 3]]])) {
        context.strokeStyle = ink;
        context.lineWidth = 1.5;
        context.setLineDash(dash);
        context.beginPath();
        context.arc(x, y, radius * unit, 0, 2 * Math.PI);
        context.stroke();
      }
      context.setLineDash([]);
      context.fillStyle = context.strokeStyle = colours[method()];
      context.lineWidth = 2;
      // Along the floor dots, across the ravine squares.
      circle.dots(context, eigenvalues(method(), lr(), beta(), 1).flatMap(({ real, imaginary }) => [real, imaginary]), 5);
      for (const { real, imaginary } of eigenvalues(method(), lr(), beta(), kappa())) context.strokeRect(circle.x(real) - 5, circle.y(imaginary) - 5, 10, 10);
    });
  }

  frame.start(["method", "both", "lr", "beta", "kappa", "steps", "at", "theta0"]);
  return () => player.stop();
}

export default { render };
