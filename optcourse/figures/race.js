// The race: several methods on one landscape from one start. Choose who runs, tune each, drag the start.

/**
 * How the race went, in words; `optcourse.figures.race.told` says the same.
 * @param {string} label @param {number} steps @param {{name: string, reason: string, gaps: ArrayLike<number>, arrived: number}[]} runs
 */
export function told(label, steps, runs) {
  const name = (/** @type {{name: string}} */ run_) => RACERS[run_.name][0];
  const order = (/** @type {[number, string]} */ [a, first], /** @type {[number, string]} */ [b, second]) => a - b || (first < second ? -1 : 1);
  /** @type {[number, string][]} */
  const arrived = [];
  /** @type {[number, string][]} */
  const late = [];
  /** @type {string[]} */
  const lost = [];
  for (const one of runs) {
    const last = one.gaps[one.gaps.length - 1];
    if (one.arrived >= 0) arrived.push([one.arrived, name(one)]);
    else if (one.reason !== "steps" || !(last <= one.gaps[0])) lost.push(name(one));
    else late.push([last, name(one)]);
  }
  const parts = [];
  if (arrived.length) parts.push(`to a loss within 10⁻⁶ of the minimum: ${arrived.sort(order).map(([k, who]) => `${who} ${k} steps`).join(", ")}`);
  if (late.length) parts.push(`above the minimum after ${steps} steps: ${late.sort(order).map(([gap, who]) => `${who} ${short(gap)}`).join(", ")}`);
  if (lost.length) parts.push(`diverging: ${lost.join(", ")}`);
  return `Race, ${label}; ${parts.join("; ")}.`;
}

/** @param {Host} host */
export function render(host) {
  const { model } = host;
  const frame = new Frame(host, "Race of first-order methods", draw);
  const course = () => model.get("problem");
  const facts = () => FACTS[course()];
  const problem = () => problemOf(course(), model.get("kappa"));
  /** @returns {string[]} */
  const methods = () => model.get("methods");
  const player = new Player(frame, () => model.get("steps"));
  const change = (/** @type {Record<string, any>} */ values) => {
    player.rewind();
    frame.set(values);
  };
  const { menu, kappa, count } = courseControls(frame, change);
  const play = player.button();
  const reset = frame.button("Reset", () => change({ ...freshCourse(frame, course()), kappa: 30 }));

  // Who takes part: one button a method, in the method's colour.
  const field = html("div", { class: "oc-racers", role: "group", "aria-label": "Who takes part" });
  const entries = Object.keys(RACERS).map((name) => {
    const line = svg("svg", { viewBox: "0 0 20 10", "aria-hidden": "true" }, [svg("path", { d: "M1 5H19", stroke: `var(--oc-${name})`, "stroke-width": 3, ...(DASHED.includes(name) ? { "stroke-dasharray": "5 3" } : {}) })]);
    const button = frame.button("", () => {
      const there = methods();
      const next = there.includes(name) ? there.filter((one) => one !== name) : Object.keys(RACERS).filter((one) => one === name || there.includes(one));
      if (next.length) change({ methods: next, tuned: next.includes(name) ? name : next.includes(model.get("tuned")) ? model.get("tuned") : next[0] });
    });
    button.style.setProperty("--racer", `var(--oc-${name})`);
    button.append(line, RACERS[name][0]);
    field.append(button);
    return { name, button };
  });

  // The sliders of one racer.
  const tuning = html("div", { class: "oc-row", role: "group" });
  const picker = frame.select({
    label: "Tune",
    options: Object.keys(RACERS).map((name) => [name, RACERS[name][0]]),
    read: () => model.get("tuned"),
    write: (name) => frame.set({ tuned: name }),
  });
  const sliders = knobSliders(frame, { method: () => model.get("tuned"), change });
  tuning.append(...sliders.boxes);
  tuning.prepend(picker);

  const panels = html("div", { class: "oc-panels oc-wide-left" });
  const map = titled(frame, panels, "", { ratio: 0.75 });
  const curve = titled(frame, panels, "Loss above the minimum, step by step", { ratio: 0.7, margin: { left: 50 } });
  const body = html("tbody", {});
  curve.cell.append(
    html("table", { class: "oc-results" }, [
      html("thead", {}, [html("tr", {}, ["method", "steps to 10⁻⁶", "at the end"].map((head) => html("th", { scope: "col" }, [head])))]),
      body,
    ]),
  );
  const theta0 = () => frame.vector("theta0");
  const knob = startHandle(map, { label: "Start of the race", change, home: () => facts().start });
  frame.add(html("div", { class: "oc-row" }, [menu, kappa, count, html("div", { class: "oc-buttons" }, [play, reset])]), html("div", { class: "oc-row" }, [field]), panels, tuning, frame.live);

  /** @type {{name: string, path: Float64Array, rows: number, reason: string, losses: Float64Array, gaps: Float64Array, arrived: number}[]} */
  let runs = [];

  function compete() {
    const { loss, grad } = problem();
    const { minimum } = facts();
    const start = theta0();
    runs = methods().map((name) => {
      const found = run(FIRST_ORDER[name](grad, start, settingsHere(model, name)), start, model.get("steps"));
      const losses = lossesAlong(loss, found);
      const gaps = losses.map((one) => one - minimum);
      return { name, ...found, losses, gaps, arrived: gaps.findIndex((gap) => gap <= ARRIVED) };
    });
  }

  function draw() {
    if (!player.playing) compete();
    const last = model.get("steps");
    const now = player.now();
    kappa.hidden = !facts().hasKappa;
    map.heading.textContent = facts().formula;
    for (const { name, button } of entries) button.setAttribute("aria-pressed", String(methods().includes(name)));
    tuning.setAttribute("aria-label", `Settings of ${RACERS[model.get("tuned")][0]}`);
    sliders.refresh();
    drawMap(now);
    drawCurve(now);
    tabulate();
    knob.refresh();
    if (!player.playing) frame.say(told(facts().label, last, runs));
    return { runs: runs.map(({ name, path, losses, reason }) => ({ name, path, losses, reason })), shown: Math.floor(now) };
  }

  /** @param {CanvasRenderingContext2D} context @param {string} name */
  function pen(context, name) {
    context.strokeStyle = context.fillStyle = frame.colours[name];
    context.setLineDash(DASHED.includes(name) ? [7, 4] : []);
  }

  /** @param {number} now */
  function drawMap(now) {
    const { colours } = frame;
    map.equal(facts().window);
    map.axes({ xLabel: "x", yLabel: "y" });
    map.backdrop(`${course()}|${model.get("kappa")}`, (context) => {
      paintLandscape(map, context, problem(), facts());
      map.gridlines(context, false);
    });
    map.move((context) => {
      context.lineWidth = 2;
      for (const { name, path, rows } of runs) {
        const upTo = Math.min(rows, Math.floor(now) + 1);
        pen(context, name);
        context.globalAlpha = 0.9;
        map.line(context, path, upTo);
        context.globalAlpha = 1;
        context.setLineDash([]);
        const end = path.subarray(2 * upTo - 2, 2 * upTo);
        context.fillStyle = colours.paper;
        map.dots(context, end, 6.5);
        context.fillStyle = colours[name];
        map.dots(context, end, 5);
      }
    });
  }

  /** @param {number} now */
  function drawCurve(now) {
    const most = runs.reduce((high, { gaps }) => Math.max(high, gaps.reduce((a, b) => Math.max(a, b), 0)), 0);
    const start = runs[0].gaps[0];
    const top = 10 ** Math.ceil(Math.log10(Math.max(1e-8, Math.min(most, 1e3 * start))));
    const steps = model.get("steps");
    curve.coordinates([0, steps], [1e-9, top], { logY: true });
    curve.axes({ xLabel: "step", yWords: power, xTicks: curve.x.ticks(4).filter(Number.isInteger) });
    curve.backdrop(`${top}|${steps}`, (context) => curve.gridlines(context));
    curve.move((context) => {
      context.lineWidth = 2;
      for (const { name, gaps, rows } of runs) {
        pen(context, name);
        curve.line(context, stepByStep(gaps, 1e-16), Math.min(rows, Math.floor(now) + 1));
      }
    });
  }

  let tabled = "";
  function tabulate() {
    const who = methods().join();
    if (who !== tabled) {
      body.replaceChildren(
        ...runs.map(({ name }) => {
          const mark = html("i", { class: DASHED.includes(name) ? "oc-dashed" : "", "aria-hidden": "true" });
          const row = html("tr", {}, [html("th", { scope: "row" }, [mark, RACERS[name][0]]), html("td"), html("td")]);
          row.style.setProperty("--racer", `var(--oc-${name})`);
          return row;
        }),
      );
    }
    tabled = who;
    runs.forEach(({ arrived, gaps, reason }, k) => {
      const [, when, end] = body.rows[k].cells;
      setText(when, arrived >= 0 ? String(arrived) : "–");
      setText(end, reason !== "steps" ? "diverges" : short(Math.max(0, gaps[gaps.length - 1])));
    });
  }

  frame.start(["problem", "kappa", "steps", "theta0", "methods", "settings_of", "tuned"]);
  return () => player.stop();
}

export default { render };
