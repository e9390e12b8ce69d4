// One method to play with: its path beside gradient descent's, and the effective rate of each coordinate, step by step.

const AXES = ["x", "y"];
const LINES = ["vermilion", "purple"]; // of the two coordinates
const RATE_LIMITS = [1e-6, 1e3];

/**
 * What the run did, in words; `optcourse.figures.adaptive_playground.told` says the same.
 * @param {{where: string, name: string, settings: Record<string, number>, steps: number, reason: string, gaps: ArrayLike<number>, rates: number[]}} run
 *   rates: those of the last step
 */
export function told({ where, name, settings, steps, reason, gaps, rates }) {
  const knobs = Object.entries(settings).map(([knob, value]) => `${RACERS[name][1][knob].label.split(" ").pop()} = ${short(value)}`);
  const gap = gaps[steps];
  let near = 0;
  while (near <= steps && !(gaps[near] <= ARRIVED)) near += 1;
  const end = `${short(gap)} above the minimum after ${steps} steps`;
  const did = reason !== "steps" || !(gap <= gaps[0]) ? `diverges, ${end}` : near <= steps && gap > ARRIVED ? `${near} steps to a loss within 10⁻⁶ of the minimum, but ${end}` : near <= steps ? `${near} steps to a loss within 10⁻⁶ of the minimum` : end;
  return `${where}, ${knobs.join(", ")}: ${did}. Effective rates at the last step: ${AXES.map((axis, j) => `${axis} ${short(rates[j])}`).join(", ")}.`;
}

/** @param {Host} host */
export function render(host) {
  const { model } = host;
  const frame = new Frame(host, `${TITLE} playground`, draw);
  const facts = () => FACTS[model.get("problem")];
  const problem = () => problemOf(model.get("problem"), model.get("kappa"));
  /** @returns {string} */
  const method = () => model.get("method");
  const theta0 = () => frame.vector("theta0");
  const player = new Player(frame, () => model.get("steps"));
  const change = (/** @type {Record<string, any>} */ values) => {
    player.rewind();
    frame.set(values);
  };

  const { menu, kappa, count } = courseControls(frame, change);
  const which = frame.choice({
    label: "Method",
    options: OFFERED.map((/** @type {string} */ name) => [name, RACERS[name][0]]),
    read: method,
    write: (name) => change({ method: name }),
  });
  const play = player.button();
  const reset = frame.button("Reset", () => change({ ...freshCourse(frame, model.get("problem")), kappa: 30, ...(CORRECTABLE.length ? { corrected: true } : {}) }));
  const sliders = knobSliders(frame, { method, change });
  const tuning = html("div", { class: "oc-row", role: "group", "aria-label": "Settings of the method" }, sliders.boxes);
  // Bias correction, where it can be left out.
  const mayCorrect = (/** @type {string} */ name) => CORRECTABLE.includes(name);
  const corrects = () => !mayCorrect(method()) || model.get("corrected");
  const correction = frame.toggle({ text: "Bias correction", read: () => model.get("corrected") ?? true, write: (on) => change({ corrected: on }) });
  if (CORRECTABLE.length) tuning.append(html("div", { class: "oc-buttons" }, [correction]));
  const who = () => RACERS[method()][0] + (corrects() ? "" : " without bias correction");

  const panels = html("div", { class: "oc-panels oc-halves" });
  const [left, right] = [html("div", {}), html("div", {})];
  panels.append(left, right);
  const formula = html("p", { class: "oc-title" });
  left.append(formula);
  const map = new Panel(frame, left, { ratio: 0.9 });
  const readout = html("p", { class: "oc-readout" });
  left.append(readout);
  right.append(html("p", { class: "oc-title" }, ["Effective rate of each coordinate"]));
  const gauge = new Panel(frame, right, { ratio: 0.66, margin: { left: 50 } });
  right.append(html("p", { class: "oc-title" }, ["Loss above the minimum"]));
  const curve = new Panel(frame, right, { ratio: 0.5, margin: { left: 50 } });
  const knob = startHandle(map, { label: "Start of the run", change, home: () => facts().start });
  const legends = Object.fromEntries(
    OFFERED.map((/** @type {string} */ name) => [
      name,
      frame.legend([
        { mark: "line", colour: name, text: RACERS[name][0] },
        { mark: "dash", colour: "gradient_descent", text: "gradient descent" },
        { mark: "line", colour: LINES[0], text: "rate along x" },
        { mark: "dots", colour: LINES[1], text: "rate along y" },
        { mark: "dash", colour: "muted", text: "2/curvature, along x and along y" },
      ]),
    ]),
  );
  frame.add(html("div", { class: "oc-row" }, [which]), html("div", { class: "oc-row" }, [menu, kappa, count, html("div", { class: "oc-buttons" }, [play, reset])]), tuning, panels, ...Object.values(legends), frame.live);

  /** @typedef {{path: Float64Array, rows: number, reason: string, gaps: Float64Array, rates: number[][]}} Seen */
  /** @type {Seen} */
  let seen;
  /** @type {Seen} */
  let plain;

  /** @param {string} name @returns {Seen} */
  function go(name) {
    const { loss, grad } = problem();
    /** @type {number[][]} */
    const rates = [];
    const settings = { ...settingsHere(model, name), ...(mayCorrect(name) ? { correct: corrects() } : {}), watch: (/** @type {number[]} */ now) => rates.push(now) };
    const found = run(FIRST_ORDER[name](grad, theta0(), settings), theta0(), model.get("steps"));
    const { minimum } = facts();
    return { ...found, gaps: lossesAlong(loss, found).map((one) => one - minimum), rates: rates.slice(0, found.rows - 1) };
  }

  function draw() {
    if (!player.playing) [seen, plain] = [go(method()), go("gradient_descent")];
    const now = Math.floor(player.now());
    kappa.hidden = !facts().hasKappa;
    formula.textContent = facts().formula;
    sliders.refresh();
    correction.hidden = !mayCorrect(method());
    for (const [name, legend] of Object.entries(legends)) {
      legend.hidden = name !== method();
      /** @type {HTMLElement} */ (legend.lastElementChild).hidden = model.get("problem") !== "quadratic";
    }
    drawMap(now);
    drawGauge(now);
    drawCurve(now);
    tell(now);
    knob.refresh();
    const last = seen.rows - 1;
    if (!player.playing) frame.say(told({ where: `${who()}, ${facts().label}`, name: method(), settings: settingsHere(model, method()), steps: last, reason: seen.reason, gaps: seen.gaps, rates: seen.rates[last - 1] ?? [] }));
    return { path: seen.path, reason: seen.reason, gaps: seen.gaps, rates: seen.rates.flat(), plain: plain.path, shown: now };
  }

  /** @param {number} now */
  function tell(now) {
    const at = Math.min(now, seen.rows - 1);
    const rates = seen.rates[Math.max(0, at - 1)] ?? [];
    const facts = [["step", String(at)], ...rates.map((rate, j) => [`rate along ${AXES[j]}`, short(rate)]), ["loss above the minimum", short(Math.max(0, seen.gaps[at]))]];
    readout.replaceChildren(...facts.map(([name, value]) => html("span", {}, [`${name} `, html("b", {}, [value])])));
  }

  /** @param {number} now */
  function drawMap(now) {
    const { colours } = frame;
    map.equal(facts().window);
    map.axes({ xLabel: "x", yLabel: "y" });
    map.backdrop(`${model.get("problem")}|${model.get("kappa")}`, (context) => {
      paintLandscape(map, context, problem(), facts());
      map.gridlines(context, false);
    });
    map.move((context) => {
      for (const [{ path, rows }, colour] of /** @type {[Seen, string][]} */ ([[plain, colours.gradient_descent], [seen, colours[method()]]])) {
        const upTo = Math.min(rows, now + 1);
        context.strokeStyle = context.fillStyle = colour;
        context.lineWidth = path === seen.path ? 2.2 : 1.5;
        context.setLineDash(path === seen.path ? [] : [6, 4]);
        map.line(context, path, upTo);
        context.setLineDash([]);
        if (path === seen.path) map.dots(context, map.sparse(path, upTo), 2.4);
        const end = path.subarray(2 * upTo - 2, 2 * upTo);
        context.fillStyle = colours.paper;
        map.dots(context, end, 6.5);
        context.fillStyle = colour;
        map.dots(context, end, 5);
      }
    });
  }

  /** @param {number} now */
  function drawGauge(now) {
    const { colours } = frame;
    const steps = model.get("steps");
    const constant = settingsHere(model, "gradient_descent").lr;
    const bowl = model.get("problem") === "quadratic" ? [2, 2 / model.get("kappa")] : [];
    const inside = (/** @type {number} */ rate) => Math.min(RATE_LIMITS[1], Math.max(RATE_LIMITS[0], rate));
    let [low, high] = [constant, constant];
    for (const rate of [...bowl, ...seen.rates.flat()]) [low, high] = [Math.min(low, inside(rate)), Math.max(high, inside(rate))];
    const [bottom, top] = [10 ** Math.floor(Math.log10(low) + 1e-9), 10 ** Math.ceil(Math.log10(high) - 1e-9)];
    gauge.coordinates([0, steps], [bottom, Math.max(top, 10 * bottom)], { logY: true });
    gauge.axes({ xLabel: "step", yWords: power, xTicks: gauge.x.ticks(4).filter(Number.isInteger) });
    gauge.backdrop(`${bottom}|${top}|${steps}|${constant}|${bowl}`, (context) => {
      gauge.gridlines(context);
      context.lineWidth = 1.2;
      context.setLineDash([6, 4]);
      for (const rate of bowl) {
        context.strokeStyle = colours.muted;
        gauge.line(context, [0, rate, steps, rate]);
      }
      context.lineWidth = 1.8;
      context.strokeStyle = colours.gradient_descent;
      gauge.line(context, [0, constant, steps, constant]);
      context.setLineDash([]);
    });
    gauge.move((context) => {
      context.lineWidth = 2.2;
      for (const [j, colour] of LINES.entries()) {
        const points = seen.rates.flatMap((rates, k) => [k + 1, Math.max(1e-16, rates[j])]);
        context.strokeStyle = context.fillStyle = colours[colour];
        context.setLineDash(j ? [2, 4] : []);
        const upTo = Math.min(seen.rates.length, now);
        gauge.line(context, points, upTo);
        context.setLineDash([]);
        if (upTo > 0) gauge.dots(context, points.slice(2 * upTo - 2, 2 * upTo), 4);
      }
    });
  }

  /** @param {number} now */
  function drawCurve(now) {
    const { colours } = frame;
    const steps = model.get("steps");
    const most = Math.min(1e3 * seen.gaps[0], Math.max(...seen.gaps));
    const top = 10 ** Math.ceil(Math.log10(Math.max(1e-8, most)));
    curve.coordinates([0, steps], [1e-9, top], { logY: true });
    curve.axes({ xLabel: "step", yWords: power, xTicks: curve.x.ticks(4).filter(Number.isInteger) });
    curve.backdrop(`${top}|${steps}`, (context) => curve.gridlines(context));
    curve.move((context) => {
      for (const [{ gaps, rows }, colour] of /** @type {[Seen, string][]} */ ([[plain, "gradient_descent"], [seen, method()]])) {
        const points = new Float64Array(2 * rows);
        for (let k = 0; k < rows; k++) [points[2 * k], points[2 * k + 1]] = [k, Math.max(1e-16, gaps[k])];
        context.strokeStyle = colours[colour];
        context.lineWidth = gaps === seen.gaps ? 2.2 : 1.5;
        context.setLineDash(gaps === seen.gaps ? [] : [6, 4]);
        curve.line(context, points, Math.min(rows, now + 1));
      }
    });
  }

  frame.start(["problem", "kappa", "steps", "theta0", "method", "settings_of", ...(CORRECTABLE.length ? ["corrected"] : [])]);
  return () => player.stop();
}

export default { render };
