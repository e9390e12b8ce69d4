// A strongly convex loss on which heavy ball may go round for ever: choose the start and the constants, see what comes of them.

/** The slope: curvature 25 up to 1, then 1 up to 2, then 25 again. @param {number} theta */
export function slope(theta) {
  return theta < 1 ? 25 * theta : theta < 2 ? theta + 24 : 25 * theta - 24;
}

/** The loss itself. @param {number} theta */
export function lossAt(theta) {
  return theta < 1 ? 12.5 * theta ** 2 : theta < 2 ? 0.5 * theta ** 2 + 24 * theta - 12 : 12.5 * theta ** 2 - 24 * theta + 36;
}

/** @typedef {{word: string, arrived: number, points: number[]}} Fate */

/** How a run of 600 steps ends; `fate` in `cycle_playground.py` says the same. @param {Float64Array} path @returns {Fate} */
export function fate(path) {
  const n = path.length;
  if (n <= STEPS || !(Math.abs(path[n - 1]) < 1e6)) return { word: "diverges", arrived: 0, points: [] };
  let last = n;
  while (last > 0 && Math.abs(path[last - 1]) <= ARRIVED) last -= 1;
  if (last < n) return { word: "converges", arrived: last, points: [] };
  for (let period = 1; period <= LONGEST; period++) {
    let apart = 0;
    for (let k = 1; k <= period; k++) apart = Math.max(apart, Math.abs(path[n - k] - path[n - k - period]));
    if (apart < 1e-9) return { word: "oscillates", arrived: 0, points: Array.from(path.subarray(n - period)) };
  }
  return { word: "oscillates", arrived: 0, points: [] };
}

/** How heavy ball ends from each start; the rule is written out, since a stream for each would be too slow. @param {number} lr @param {number} beta */
export function endsOf(lr, beta) {
  return Array.from({ length: STARTS }, (_, k) => {
    let [theta, velocity] = [-REACH + (2 * REACH * k) / (STARTS - 1), 0];
    for (let step = 0; step < STEPS; step++) {
      velocity = beta * velocity + slope(theta);
      theta -= lr * velocity;
    }
    if (Math.abs(theta) <= ARRIVED && Math.abs(lr * velocity) <= ARRIVED) return "converges";
    return Math.abs(theta) < 1e6 ? "oscillates" : "diverges";
  });
}

/** The three runs. @param {number} start @param {number} lr @param {number} beta @param {boolean} same @returns {Record<string, Float64Array>} */
export function pathsOf(start, lr, beta, same) {
  const grad = (/** @type {number[]} */ [theta]) => [slope(theta)];
  const others = same ? { lr, beta } : { lr: SAFE[0], beta: SAFE[1] };
  return Object.fromEntries(Object.keys(RUNNERS).map((name) => [name, run(FIRST_ORDER[name](grad, [start], name === "momentum" ? { lr, beta } : others), [start], STEPS).path]));
}

/** @param {Fate} fate_ */
function ending({ word, arrived, points }) {
  if (word === "diverges") return "runs away";
  if (word === "converges") return `comes within 10⁻⁶ of the minimum in ${arrived === 1 ? "1 step" : `${arrived} steps`}`;
  return points.length ? `goes round ${points.length} points for ever, ${points.map(short).join(", ")}` : `has not arrived after ${STEPS} steps`;
}

/** What the three do, and from how many starts; `CyclePlayground.text` says the same. @param {number[]} settings @param {Record<string, Fate>} fates @param {string[]} ends */
export function told([start, lr, beta], fates, ends) {
  const parts = Object.keys(RUNNERS).map((name) => `${RUNNERS[name]} ${ending(fates[name])}`).join("; ");
  const [arrives, on, away] = ["converges", "oscillates", "diverges"].map((word) => ends.filter((end) => end === word).length);
  return `From ${short(start)}, with η = ${short(lr)} and β = ${short(beta)}: ${parts}. Of ${STARTS} starts from −4 to 4, heavy ball arrives from ${arrives}, has not arrived after ${STEPS} steps from ${on}, and runs away from ${away}.`;
}

/** @param {Host} host */
export function render(host) {
  const { model } = host;
  const frame = new Frame(host, "Cycle playground", draw);
  const player = new Player(frame, () => SHOWN);
  const [start, lr, beta] = ["theta0", "lr", "beta"].map((name) => () => model.get(name));
  const change = (/** @type {Record<string, any>} */ values) => {
    player.rewind();
    frame.set(values);
  };
  const put = (/** @type {number} */ theta) => change({ theta0: Math.min(REACH, Math.max(-REACH, theta)) });
  const dial = (/** @type {string} */ label, /** @type {string} */ name, /** @type {number} */ min, /** @type {number} */ max, /** @type {number} */ step) =>
    frame.slider({ label, read: () => model.get(name), write: (value) => change({ [name]: value }), bounds: () => ({ min, max, step }), words: short });
  const place = dial("Start θ₀", "theta0", -REACH, REACH, 0.05);
  const rate = dial("Step size η", "lr", 0.001, 0.2, 0.001);
  const memory = dial("Memory β", "beta", 0, 0.95, 0.005);
  for (const box of [place, rate, memory]) box.input.style.setProperty("--oc-accent", "var(--oc-momentum)");
  const same = frame.toggle({ text: "These η and β for all", read: () => model.get("same"), write: (on) => change({ same: on }) });
  const play = player.button();
  const best = frame.button("Best for quadratics", () => change({ lr: BEST[0], beta: BEST[1] }));
  const reset = frame.button("Reset", () => change({ theta0: 3.3, lr: BEST[0], beta: BEST[1], same: false }));

  const upper = html("div", { class: "oc-panels oc-halves" });
  const valley = titled(frame, upper, "The loss: gentle between 1 and 2, steep elsewhere", { ratio: 0.8, margin: { left: 50 } });
  const curve = titled(frame, upper, "The iterates, step by step", { ratio: 0.8, margin: { left: 50 } });
  const lower = html("div", { class: "oc-panels" });
  const strip = titled(frame, lower, "Heavy ball, start by start: what comes of it", { height: 74, margin: { left: 50, top: 4 } });
  const legend = frame.legend([
    { mark: "line", colour: "momentum", text: "heavy ball" },
    { mark: "line", colour: "nesterov", text: "Nesterov" },
    { mark: "line", colour: "gradient_descent", text: "gradient descent" },
    { mark: "dot", colour: "converges", text: "arrives" },
    { mark: "dot", colour: "oscillates", text: "has not arrived after 600 steps" },
    { mark: "dot", colour: "diverges", text: "runs away" },
  ]);
  const knob = handle(valley, {
    label: "Start",
    read: () => [start(), lossAt(start())],
    write: put,
    home: () => put(3.3),
    words: () => `θ₀ = ${short(start())}`,
    flat: () => true,
  });
  knob.style.setProperty("--oc-accent", "var(--oc-momentum)");
  strip.onPlace((x) => put(strip.x.round(x)));
  frame.add(html("div", { class: "oc-row" }, [place, rate, memory]), html("div", { class: "oc-row" }, [same, html("div", { class: "oc-buttons" }, [play, best, reset])]), upper, lower, legend, frame.live);

  /** @type {Record<string, Float64Array>} */
  let paths = {};
  /** @type {Record<string, Fate>} */
  let fates = {};
  /** @type {string[]} */
  let ends = [];
  let weighed = "";

  function compute() {
    paths = pathsOf(start(), lr(), beta(), model.get("same"));
    fates = Object.fromEntries(Object.entries(paths).map(([name, path]) => [name, fate(path)]));
    const key = `${lr()}|${beta()}`;
    if (key !== weighed) [weighed, ends] = [key, endsOf(lr(), beta())];
  }

  function draw() {
    if (!player.playing) compute();
    const now = Math.floor(player.now());
    drawValley(now);
    drawCurve(now);
    drawStrip();
    knob.refresh();
    if (!player.playing) frame.say(told([start(), lr(), beta()], fates, ends));
    return { paths, fates, ends, now };
  }

  /** @param {number} now */
  function drawValley(now) {
    const { colours } = frame;
    valley.coordinates([-REACH, REACH], [-8, 215]);
    valley.axes({ xLabel: "θ", yLabel: "loss" });
    valley.backdrop("valley", (context) => {
      const [, top, , bottom] = valley.plot;
      context.fillStyle = colours.high;
      context.globalAlpha = 0.6;
      context.fillRect(valley.x(1), top, valley.x(2) - valley.x(1), bottom - top);
      context.globalAlpha = 1;
      valley.gridlines(context);
      context.strokeStyle = colours.edge;
      context.lineWidth = 2;
      valley.line(context, Array.from({ length: 201 }, (_, k) => [-REACH + (2 * REACH * k) / 200, lossAt(-REACH + (2 * REACH * k) / 200)]).flat());
    });
    valley.move((context) => {
      const ball = Array.from(paths.momentum.subarray(0, now + 1), (theta) => [theta, lossAt(theta)]).flat();
      context.strokeStyle = context.fillStyle = colours.momentum;
      context.lineWidth = 1;
      context.globalAlpha = 0.6;
      valley.line(context, ball);
      context.globalAlpha = 1;
      valley.dots(context, ball, 3);
      if (now < SHOWN) return;
      // Where it ends up, larger.
      valley.dots(context, fates.momentum.points.flatMap((theta) => [theta, lossAt(theta)]), 6);
    });
  }

  /** @param {number} now */
  function drawCurve(now) {
    const { colours } = frame;
    curve.coordinates([0, SHOWN], [-REACH, REACH]);
    curve.axes({ xLabel: "step", yLabel: "θ" });
    curve.backdrop("curve", (context) => curve.gridlines(context));
    curve.move((context) => {
      for (const name of Object.keys(RUNNERS).reverse()) {
        const row = Array.from(paths[name].subarray(0, now + 1), (theta, k) => [k, theta]).flat();
        context.strokeStyle = context.fillStyle = colours[name];
        context.lineWidth = 2;
        curve.line(context, row);
        curve.dots(context, row, 3);
      }
    });
  }

  function drawStrip() {
    const { colours } = frame;
    strip.coordinates([-REACH, REACH], [0, 1]);
    strip.axes({ xLabel: "start", xTicks: [-4, -2, 0, 2, 4], yTicks: [] });
    strip.backdrop(weighed, (context) => {
      const [, top, , bottom] = strip.plot;
      const half = (strip.x(REACH) - strip.x(-REACH)) / (STARTS - 1) / 2;
      ends.forEach((word, k) => {
        context.fillStyle = colours[word];
        const x = strip.x(-REACH + (2 * REACH * k) / (STARTS - 1));
        context.fillRect(Math.floor(x - half), top, Math.ceil(2 * half), bottom - top);
      });
    });
    strip.move((context) => {
      const [, top, , bottom] = strip.plot;
      for (const [width, colour] of /** @type {[number, string][]} */ ([[6, colours.paper], [3, colours.ink]])) {
        context.strokeStyle = colour;
        context.lineWidth = width;
        context.beginPath();
        context.moveTo(strip.x(start()), top);
        context.lineTo(strip.x(start()), bottom);
        context.stroke();
      }
    });
  }

  frame.start(["theta0", "lr", "beta", "same"]);
  return () => player.stop();
}

export default { render };
