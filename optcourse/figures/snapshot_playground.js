// Snapshots to play with: a run that restarts, the minima that it visits, and what the mean of their answers is worth.

const CHANCE = Uint8Array.from(atob(PICKS), (c) => c.charCodeAt(0));

/** A bump of height 1 around 0. @param {number} u */
function bump(u) {
  const q = 1 / (1 + (u * u) / WIDTH2);
  return q * q;
}

/** What the model says: two bumps, at θ₁ and at θ₂. @param {ArrayLike<number>} theta @param {number[]} x */
export function answers(theta, x) {
  return Float64Array.from(x, (at) => bump(at - theta[0]) + bump(at - theta[1]));
}

/** Half the mean squared difference. @param {ArrayLike<number>} answer @param {ArrayLike<number>} wanted */
export function halfSquare(answer, wanted) {
  let sum = 0;
  for (let i = 0; i < wanted.length; i++) sum += (answer[i] - wanted[i]) * (answer[i] - wanted[i]);
  return sum / (2 * wanted.length);
}

/** The training loss. @param {number} a @param {number} b */
function lossAt(a, b) {
  let sum = 0;
  for (let i = 0; i < DATA.x.length; i++) {
    const error = bump(DATA.x[i] - a) + bump(DATA.x[i] - b) - DATA.y[i];
    sum += error * error;
  }
  return sum / (2 * DATA.x.length);
}

/** The gradient of half the mean squared error on a batch. @param {number[]} theta @param {Uint8Array} batch */
export function gradOf(theta, batch) {
  const found = [0, 0];
  for (const i of batch) {
    const error = (bump(DATA.x[i] - theta[0]) + bump(DATA.x[i] - theta[1]) - DATA.y[i]) / batch.length;
    for (let j = 0; j < 2; j++) {
      const u = DATA.x[i] - theta[j];
      const q = 1 / (1 + (u * u) / WIDTH2);
      found[j] += error * (((4 * u) / WIDTH2) * q * q * q);
    }
  }
  return found;
}

/** The iterates of a run under a schedule, row after row; rates to nine decimals, as `SnapshotPlayground.descend` has them. @param {number[]} start @param {number} seed @param {(step: number) => number} lr */
export function descendUnder(start, seed, lr) {
  let at = seed * BUDGET * BATCH;
  const grad = (/** @type {number[]} */ theta) => gradOf(theta, CHANCE.subarray(at, (at += BATCH)));
  const rounded = (/** @type {number} */ step) => Math.floor(lr(step) * 1e9 + 0.5) / 1e9;
  return run(FIRST_ORDER.gradient_descent(grad, start, { lr: rounded }), start, BUDGET).path;
}

/**
 * The run with restarts and the run with one long cosine; of the first the snapshots, their answers and the errors.
 * @param {number} cycles @param {number} lr @param {number} seed @param {number[]} start
 */
export function snapshotsOf(cycles, lr, seed, start) {
  const cycle = Math.floor(BUDGET / cycles);
  const path = descendUnder(start, seed, SCHEDULE.cosine_restarts({ lr, T: cycle, growth: 1, lr_min: 0 }));
  const single = descendUnder(start, seed, SCHEDULE.cosine_annealing({ lr, T: BUDGET, lr_min: 0 }));
  const snapshots = Array.from({ length: cycles }, (_, k) => path.subarray(2 * cycle * (k + 1), 2 * cycle * (k + 1) + 2));
  const said = snapshots.map((theta) => answers(theta, TEST.x));
  const mean = Float64Array.from(TEST.x, (_, i) => said.reduce((sum, one) => sum + one[i], 0) / cycles);
  const average = (/** @type {number[]} */ values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const members = said.map((one) => halfSquare(one, TEST.y));
  /** @type {number[][]} */
  const places = [];
  for (const theta of snapshots) {
    const [low, high] = [Math.min(...theta), Math.max(...theta)];
    if (places.every(([a, b]) => Math.hypot(low - a, high - b) > APART)) places.push([low, high]);
  }
  return {
    cycle, path, single, snapshots, said, mean, members,
    places: places.length,
    average: average(members),
    spread: average(said.map((one) => halfSquare(one, mean))),
    ensemble: halfSquare(mean, TEST.y),
    alone: halfSquare(answers(single.subarray(2 * BUDGET), TEST.x), TEST.y),
  };
}

/** What the run found and what that is worth; `SnapshotPlayground.text` says the same. @param {number} lr @param {ReturnType<typeof snapshotsOf>} found */
export function told(lr, { cycle, members, places, average, spread, ensemble, alone }) {
  const cycles = members.length === 1 ? "1 cycle" : `${members.length} cycles`;
  return (
    `${cycles} of ${cycle} steps, η_max = ${short(lr)}: the snapshots lie in ${places === 1 ? "one place" : `${places} places`}. Test error of the members: ${short(average)} on average, ${short(Math.min(...members))} the best. ` +
    `Their answers spread by ${short(spread)}, and so the ensemble has ${short(ensemble)}. One cosine of ${BUDGET} steps: ${short(alone)}.`
  );
}

/** @param {Host} host */
export function render(host) {
  const { model } = host;
  const frame = new Frame(host, "Snapshot playground", draw);
  const player = new Player(frame, () => BUDGET);
  const theta0 = () => frame.vector("theta0");
  const change = (/** @type {Record<string, any>} */ values) => {
    player.rewind();
    frame.set(values);
  };
  const cycles = frame.slider({
    label: "Cycles",
    read: () => model.get("cycles"),
    write: (value) => change({ cycles: value }),
    bounds: () => ({ min: 1, max: MOST, step: 1 }),
    spoken: (value) => (value === 1 ? "1 cycle" : `${value} cycles`),
  });
  const peak = frame.slider({
    label: "Peak rate η_max",
    read: () => nearestStop(PEAKS, model.get("lr")),
    write: (at) => change({ lr: PEAKS[at] }),
    bounds: () => ({ min: 0, max: PEAKS.length - 1, step: 1 }),
    words: () => short(model.get("lr")),
  });
  const play = player.button();
  const again = frame.button("Draw again", () => change({ seed: (model.get("seed") + 1) % SEEDS }));
  const reset = frame.button("Reset", () => change({ cycles: 4, lr: 5, seed: 0, theta0: frame.bytes(START) }));
  const upper = html("div", { class: "oc-panels oc-halves" });
  const lower = html("div", { class: "oc-panels oc-halves" });
  const map = titled(frame, upper, "The path through the landscape of the training loss", { ratio: 0.9, margin: { left: 50 } });
  const curve = titled(frame, upper, "Answers: of each snapshot, and their mean", { ratio: 0.9, margin: { left: 50 } });
  const losses = titled(frame, lower, "Training loss, step by step", { ratio: 0.55, margin: { left: 50 } });
  const bars = titled(frame, lower, "Test error: of snapshots, of all together, of one long cosine", { ratio: 0.55, margin: { left: 50 } });
  const legend = frame.legend([
    { mark: "line", colour: "cosine_restarts", text: "restarts, each snapshot" },
    { mark: "star", colour: "ink", text: "snapshot" },
    { mark: "line", colour: "ink", text: "all: the mean of the snapshots" },
    { mark: "line", colour: "cosine_annealing", text: "one: one long cosine" },
    { mark: "dash", colour: "muted", text: "truth; mean error of the snapshots" },
  ]);
  const knob = startHandle(map, { label: "Start of both runs", change, home: () => START, names: ["θ₁", "θ₂"] });
  frame.add(html("div", { class: "oc-row" }, [cycles, peak, html("div", { class: "oc-buttons" }, [play, again, reset])]), upper, lower, legend, frame.live);

  /** @type {ReturnType<typeof snapshotsOf>} */
  let found;
  /** @type {Float64Array[]} the losses of both runs */
  let rows = [];

  function draw() {
    if (!player.playing) {
      found = snapshotsOf(model.get("cycles"), model.get("lr"), model.get("seed"), theta0());
      rows = [found.path, found.single].map((path) => Float64Array.from({ length: path.length / 2 }, (_, k) => lossAt(path[2 * k], path[2 * k + 1])));
    }
    const now = Math.floor(player.now());
    const taken = Math.min(found.members.length, Math.floor(now / found.cycle));
    drawMap(now, taken);
    drawCurve(taken);
    drawLosses(now, taken);
    drawBars(taken);
    knob.refresh();
    if (!player.playing) frame.say(told(model.get("lr"), found));
    return { ...found, losses: rows, now, taken };
  }

  /** @param {number} now the step that is shown @param {number} taken how many snapshots */
  function drawMap(now, taken) {
    const { colours } = frame;
    map.equal([WINDOW, WINDOW]);
    map.axes({ xLabel: "θ₁", yLabel: "θ₂" });
    map.backdrop("map", (context) => {
      const none = /** @type {number[][]} */ ([]);
      paintLandscape(map, context, /** @type {any} */ ({ loss: (/** @type {number[]} */ [a, b]) => lossAt(a, b) }), /** @type {any} */ ({ minimum: 0.05, minima: none, minimisers: none, saddles: none, hasKappa: true }));
      map.gridlines(context, false);
    });
    map.move((context) => {
      context.strokeStyle = colours.cosine_restarts;
      context.lineWidth = 1.5;
      map.line(context, found.path, now + 1);
      context.strokeStyle = colours.paper;
      context.fillStyle = colours.ink;
      context.lineWidth = 1.5;
      const [l, t, r, b] = map.plot;
      for (const [x, y] of found.snapshots.slice(0, taken)) {
        // What lies beyond the window is marked at its edge.
        const star = new Path2D(starPath(Math.min(r - 6, Math.max(l + 6, map.x(x))), Math.min(b - 6, Math.max(t + 6, map.y(y))), 9));
        context.stroke(star);
        context.fill(star);
      }
      context.fillStyle = colours.cosine_restarts;
      if (now < BUDGET) map.dots(context, found.path.subarray(2 * now, 2 * now + 2), 5);
    });
  }

  /** Points of a line over the test points. @param {ArrayLike<number>} heights */
  const over = (heights) => TEST.x.flatMap((/** @type {number} */ x, /** @type {number} */ i) => [x, heights[i]]);

  /** @param {number} taken */
  function drawCurve(taken) {
    const { colours } = frame;
    curve.coordinates(WINDOW, [-0.5, 2.2]);
    curve.axes({ xLabel: "x", yLabel: "answer" });
    curve.backdrop("answers", (context) => {
      curve.gridlines(context);
      context.fillStyle = colours.edge;
      curve.dots(context, DATA.x.flatMap((/** @type {number} */ x, /** @type {number} */ i) => [x, DATA.y[i]]), 2);
      context.strokeStyle = colours.muted;
      context.lineWidth = 1.5;
      context.setLineDash([6, 4]);
      curve.line(context, over(TEST.y));
      context.setLineDash([]);
    });
    curve.move((context) => {
      context.strokeStyle = colours.cosine_restarts;
      context.lineWidth = 1;
      for (const one of found.said.slice(0, taken)) curve.line(context, over(one));
      if (taken < found.said.length) return;
      context.strokeStyle = colours.ink;
      context.lineWidth = 2.5;
      curve.line(context, over(found.mean));
    });
  }

  /** @param {number} now @param {number} taken */
  function drawLosses(now, taken) {
    const { colours } = frame;
    losses.coordinates([0, BUDGET], [0, 0.4]);
    losses.axes({ xLabel: "step", yLabel: "loss" });
    losses.backdrop("losses", (context) => losses.gridlines(context));
    losses.move((context) => {
      for (const [which, name] of /** @type {[number, string][]} */ ([[1, "cosine_annealing"], [0, "cosine_restarts"]])) {
        context.strokeStyle = colours[name];
        context.lineWidth = which ? 1 : 1.5;
        losses.line(context, Array.from({ length: 2 * rows[which].length }, (_, k) => (k % 2 ? rows[which][(k - 1) / 2] : k / 2)), now + 1);
      }
      context.fillStyle = colours.ink;
      for (let k = 1; k <= taken; k++) context.fill(new Path2D(starPath(Math.min(losses.plot[2] - 6, losses.x(k * found.cycle)), losses.y(Math.min(0.39, rows[0][k * found.cycle])), 8)));
    });
  }

  /** @param {number} taken */
  function drawBars(taken) {
    const { colours } = frame;
    const { members, average, ensemble, alone } = found;
    const count = members.length;
    const top = Math.max(0.2, ...members, alone) * 1.1;
    bars.coordinates([0, count + 5], [0, top]);
    const words = (/** @type {number} */ at) => (at === count + 2 ? "all" : at === count + 4 ? "one" : String(at));
    bars.axes({ yLabel: "error", xTicks: [...members.map((_, k) => k + 1), count + 2, count + 4], xWords: words });
    bars.backdrop(`${count}|${top}`, (context) => bars.gridlines(context, false));
    bars.move((context) => {
      const bar = (/** @type {number} */ at, /** @type {number} */ height, /** @type {string} */ colour) => {
        context.fillStyle = colour;
        context.fillRect(bars.x(at - 0.38), bars.y(height), bars.x(0.76) - bars.x(0), bars.y(0) - bars.y(height));
      };
      for (let k = 0; k < taken; k++) bar(k + 1, members[k], colours.cosine_restarts);
      if (taken < count) return;
      bar(count + 2, ensemble, colours.ink);
      bar(count + 4, alone, colours.cosine_annealing);
      context.strokeStyle = colours.muted;
      context.lineWidth = 1.5;
      context.setLineDash([6, 4]);
      bars.line(context, [0.4, average, count + 2.6, average]);
      context.setLineDash([]);
    });
  }

  frame.start(["cycles", "lr", "seed", "theta0"]);
  return () => player.stop();
}

export default { render };
