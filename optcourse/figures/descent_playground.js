// Gradient descent to play with: a landscape, the path on it, the loss along the path, and what the step size does.

const STOPS = [1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 80, 100, 150, 200, 300, 400, 500, 700, 1000, 1500, 2000];

/** Where on the scale of stops a number of steps lies. @param {number} steps */
function stopOf(steps) {
  let best = 0;
  for (const [k, stop] of STOPS.entries()) if (Math.abs(stop - steps) < Math.abs(STOPS[best] - steps)) best = k;
  return best;
}

/** @param {Host} host */
export function render(host) {
  const { model } = host;
  const frame = new Frame(host, "Gradient descent playground", draw);
  const facts = () => FACTS[model.get("problem")];
  const problem = () => problemOf(model.get("problem"), model.get("kappa"));
  const steps = () => model.get("steps");

  // A landscape and its start may arrive one after the other: until both have, the landscape's own start stands in.
  const theta0 = () => {
    const given = frame.vector("theta0");
    return given.length === facts().start.length ? given : facts().start;
  };

  const last = () => run_.rows - 1;
  const player = new Player(frame, last, () => Math.max(2.5, last() / 8));
  const change = (/** @type {Record<string, any>} */ values) => {
    player.rewind();
    frame.set(values);
  };

  const menu = frame.select({
    label: "Landscape",
    options: Object.keys(FACTS).map((name) => [name, FACTS[name].label]),
    read: () => model.get("problem"),
    write: (name) => change({ problem: name, theta0: frame.bytes(FACTS[name].start), lr: FACTS[name].lr, steps: FACTS[name].steps }),
  });
  const kappa = conditionSlider(frame, (value) => change({ kappa: value }));
  const count = frame.slider({
    label: "Steps",
    read: () => stopOf(steps()),
    write: (value) => change({ steps: STOPS[value] }),
    bounds: () => ({ min: 0, max: STOPS.length - 1, step: 1 }),
    words: () => String(steps()),
    spoken: () => `${steps()} steps`,
  });
  const play = player.button();
  const one = frame.button("Step", () => {
    player.stop();
    player.shown = player.shown === null || player.shown >= last() ? Math.min(1, last()) : Math.floor(player.shown) + 1;
    frame.redraw();
  });
  const reset = frame.button("Reset", () => change({ theta0: frame.bytes(facts().start), lr: facts().lr, steps: facts().steps, kappa: 10 }));
  const panels = html("div", { class: "oc-panels oc-wide-left" });
  const map = titled(frame, panels, "", { ratio: 0.72 });
  const curve = titled(frame, panels, "Loss above the minimum, step by step", { ratio: 0.85, margin: { left: 50 } });
  const readout = html("p", { class: "oc-readout" });
  curve.cell.append(readout);
  const knob = handle(map, {
    label: "Start of the descent",
    read: () => {
      const [x, y] = theta0();
      return [x, y ?? problem().loss([x])];
    },
    write: (x, y) => change({ theta0: frame.bytes(flat() ? [x] : [x, y]) }),
    home: () => change({ theta0: frame.bytes(facts().start) }),
    words: () => (flat() ? `θ = ${short(theta0()[0])}` : `x = ${short(theta0()[0])}, y = ${short(theta0()[1])}`),
    flat: () => flat(),
  });
  map.onPlace((x, y) => change({ theta0: frame.bytes(flat() ? [x] : [x, y]) }));
  const rate = stepSize(frame, { read: () => model.get("lr"), write: (lr) => change({ lr }), natural: () => axisEnd(facts(), problem()) });
  const legend = frame.legend([
    { mark: "ring", colour: "gradient_descent", text: "start (drag it)" },
    { mark: "dot", colour: "gradient_descent", text: "iterates" },
    { mark: "star", colour: "green", text: "minimum" },
    { mark: "dash", colour: "ink", text: "tangent, of slope L′(θ)" },
    { mark: "line", colour: "vermilion", text: "next step, −η L′(θ)" },
  ]);
  const [, , star, ...slopes] = /** @type {HTMLElement[]} */ ([...legend.children]);
  frame.add(
    html("div", { class: "oc-row" }, [menu, kappa, count, html("div", { class: "oc-buttons" }, [play, one, reset])]),
    panels,
    rate,
    legend,
    frame.live,
  );

  const flat = () => facts().start.length === 1;
  /** @type {ReturnType<typeof run>} */
  let run_;
  /** @type {Float64Array} */
  let losses;

  /** Compute the path and its losses. */
  function descend() {
    const { loss, grad } = problem();
    run_ = run(gradientDescent(grad, theta0(), model.get("lr")), theta0(), steps());
    losses = lossesAlong(loss, run_);
  }
  /** @param {number} k */
  function row(k) {
    return Array.from(run_.path.subarray(k * run_.dim, (k + 1) * run_.dim));
  }

  function draw() {
    if (!player.playing) descend();
    const known = facts();
    const { grad, hess } = problem();
    const now = player.now();
    const end = row(last());
    const minimum = nearest(known, run_.reason === "steps" ? end : row(0));
    const steepest = extremes(hess(minimum))[1];
    kappa.hidden = !known.hasKappa;
    map.heading.textContent = known.formula;
    star.hidden = flat();
    for (const entry of slopes) entry.hidden = !flat();
    rate.refresh(steepest, known.quadratic);
    if (flat()) drawBowl(now);
    else drawMap(now);
    drawCurve(now);
    knob.refresh();
    const at = Math.floor(now);
    tell(at);
    if (!player.playing) {
      const text = describe({ facts: known, lr: model.get("lr"), path: run_.path, dim: run_.dim, reason: run_.reason, losses, slope: Math.hypot(...grad(end)), curvatures: extremes(hess(end)) });
      frame.say(player.shown === null ? text : `Step ${at} of ${last()}: ${flat() ? "θ" : "(x, y)"} = ${point(at)}, loss ${short(losses[at])}.`);
    }
    return { path: run_.path, rows: run_.rows, dim: run_.dim, reason: run_.reason, losses, shown: at, steepest };
  }

  /** @param {number} k */
  function point(k) {
    return flat() ? short(run_.path[k]) : `(${row(k).map(short).join(", ")})`;
  }

  /** The numbers beside the curve. @param {number} k */
  function tell(k) {
    const facts = [
      ["step", String(k)],
      [flat() ? "θ" : "(x, y)", point(k)],
      ["loss", short(losses[k])],
    ];
    if (flat()) facts.push(["each step: θ ×", short(1 - 2 * model.get("lr"))]);
    readout.replaceChildren(...facts.map(([name, value]) => html("span", {}, [`${name} `, html("b", {}, [value])])));
  }

  /** The path as far as `now`: whole steps, and the part of the next. @param {number} now */
  function partial(now) {
    const whole = Math.floor(now);
    const points = Array.from(run_.path.subarray(0, (whole + 1) * 2));
    if (now > whole) for (const j of [0, 1]) points.push(points[2 * whole + j] + (now - whole) * (run_.path[2 * whole + 2 + j] - points[2 * whole + j]));
    return points;
  }

  /** @param {number} now */
  function drawMap(now) {
    const { window: view } = facts();
    const { colours } = frame;
    map.equal(view);
    map.axes({ xLabel: "x", yLabel: "y" });
    map.backdrop(`${model.get("problem")}|${model.get("kappa")}`, (context) => {
      paintLandscape(map, context, problem(), facts());
      map.gridlines(context, false);
    });
    const points = partial(now);
    map.move((context) => {
      context.strokeStyle = colours.paper;
      context.globalAlpha = 0.6;
      context.lineWidth = 5;
      map.line(context, points);
      context.globalAlpha = 1;
      context.strokeStyle = context.fillStyle = colours.gradient_descent;
      context.lineWidth = 2;
      map.line(context, points);
      map.dots(context, map.sparse(run_.path, Math.floor(now) + 1), 2.6);
      const [x, y] = points.slice(-2);
      context.fillStyle = colours.paper;
      map.dots(context, [x, y], 6.5);
      context.fillStyle = colours.gradient_descent;
      map.dots(context, [x, y], 5);
    });
  }

  /** @param {number} now */
  function drawBowl(now) {
    const { window: view } = facts();
    const { colours } = frame;
    const { loss } = problem();
    map.coordinates(view[0], view[1]);
    map.axes({ xLabel: "θ", yLabel: "L" });
    map.backdrop(model.get("problem"), (context) => {
      map.gridlines(context);
      const [low, high] = view[0];
      const wall = Array.from({ length: 161 }, (_, k) => low + ((high - low) * k) / 160).flatMap((t) => [t, loss([t])]);
      const [l, , , bottom] = map.plot;
      context.save();
      context.beginPath();
      context.rect(...map.plotBox());
      context.clip();
      context.beginPath();
      context.moveTo(l, bottom);
      for (let k = 0; k < wall.length; k += 2) context.lineTo(map.x(wall[k]), map.y(wall[k + 1]));
      context.lineTo(map.plot[2], bottom);
      context.fillStyle = colours.high;
      context.globalAlpha = 0.45;
      context.fill();
      context.globalAlpha = 1;
      context.strokeStyle = colours.edge;
      context.lineWidth = 2.5;
      map.line(context, wall);
      context.restore();
    });
    const whole = Math.floor(now);
    const hops = Array.from(run_.path.subarray(0, whole + 1)).flatMap((t) => [t, loss([t])]);
    map.move((context) => {
      context.strokeStyle = context.fillStyle = colours.gradient_descent;
      context.lineWidth = 1.5;
      context.globalAlpha = 0.75;
      map.line(context, hops);
      context.globalAlpha = 1;
      map.dots(context, map.sparse(hops, whole + 1), 3.5);
      rollBall(context, whole, now - whole);
    });
  }

  /** The ball stands on the curve, and turns as it rolls. @param {CanvasRenderingContext2D} context @param {number} k @param {number} part of the way to the next iterate */
  function rollBall(context, k, part) {
    const { loss, grad } = problem();
    const { colours } = frame;
    const here = run_.path[k];
    const t = part > 0 ? here + part * (run_.path[k + 1] - here) : here;
    const [px, py] = [map.x(t), map.y(loss([t]))];
    const [unitX, unitY] = [map.x(1) - map.x(0), map.y(0) - map.y(1)];
    const tilt = (grad([t])[0] * unitY) / unitX;
    const size = Math.hypot(1, tilt);
    const radius = 10;
    const [bx, by] = [px - (radius * tilt) / size, py - radius / size];
    // The tangent, whose slope is the derivative, and the step it leads to.
    const next = run_.path[Math.min(k + 1, run_.rows - 1)];
    if (part === 0) {
      context.setLineDash([5, 4]);
      context.strokeStyle = colours.ink;
      context.lineWidth = 1.3;
      context.beginPath();
      context.moveTo(px - 70 / size, py + (70 * tilt) / size);
      context.lineTo(px + 70 / size, py - (70 * tilt) / size);
      context.stroke();
      context.setLineDash([]);
      context.strokeStyle = context.fillStyle = colours.vermilion;
      context.lineWidth = 2;
      const floor = map.y(0) + 8;
      if (Math.abs(map.x(next) - px) > 2) map.arrow(context, px, floor, map.x(next), floor);
    }
    context.save();
    context.translate(bx, by);
    context.rotate((px - map.x(0)) / radius);
    context.beginPath();
    context.arc(0, 0, radius, 0, 2 * Math.PI);
    context.fillStyle = colours.gradient_descent;
    context.fill();
    context.lineWidth = 2;
    context.strokeStyle = colours.paper;
    context.stroke();
    context.beginPath();
    context.moveTo(-radius + 3, 0);
    context.lineTo(radius - 3, 0);
    context.moveTo(0, -radius + 3);
    context.lineTo(0, radius - 3);
    context.stroke();
    context.restore();
  }

  /** @param {number} now */
  function drawCurve(now) {
    const { colours } = frame;
    const known = facts();
    const gaps = losses.map((loss) => Math.max(1e-16, loss - known.minimum));
    let [low, high] = [Infinity, 0];
    for (const gap of gaps) {
      if (gap < low) low = gap;
      if (gap > high) high = gap;
    }
    const bottom = 10 ** Math.max(-12, Math.floor(Math.log10(low)));
    const top = 10 ** Math.min(24, Math.max(Math.ceil(Math.log10(high)), Math.log10(bottom) + 1));
    curve.coordinates([0, steps()], [bottom, top], { logY: true });
    curve.axes({ xLabel: "step", yLabel: "", yWords: power, xTicks: curve.x.ticks(4).filter(Number.isInteger) });
    curve.backdrop(`${bottom}|${top}|${steps()}`, (context) => curve.gridlines(context));
    const points = new Float64Array(2 * gaps.length);
    for (const [k, gap] of gaps.entries()) {
      points[2 * k] = k;
      points[2 * k + 1] = gap;
    }
    const at = Math.floor(now);
    curve.move((context) => {
      context.strokeStyle = colours.gradient_descent;
      context.lineWidth = 2;
      context.globalAlpha = 0.3;
      curve.line(context, points);
      context.globalAlpha = 1;
      curve.line(context, points, at + 1);
      context.fillStyle = colours.gradient_descent;
      if (steps() <= 60) curve.dots(context, points, 2.5, at + 1);
    });
    curve.marks.fillStyle = colours.gradient_descent;
    if (points[2 * at + 1] >= bottom) curve.dots(curve.marks, points.subarray(2 * at, 2 * at + 2), 5);
  }

  frame.start(["problem", "kappa", "lr", "steps", "theta0"]);
  return () => player.stop();
}

export default { render };
