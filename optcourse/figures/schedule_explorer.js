// The schedule explorer: choose a plan and its knobs, ride along it, and watch the training that it causes.

/**
 * A schedule's settings as the package takes them; `ScheduleExplorer.chosen` does the same.
 * @param {string} name @param {number} lr the peak @param {Record<string, number>} [changed] what differs from the schedule's own knobs
 * @returns {Plan}
 */
export function planOf(name, lr, changed = {}) {
  const { low, ...own } = { ...Object.fromEntries(Object.entries(PLANS[name][1]).map(([dial, { start }]) => [dial, start])), ...changed };
  if (name === "warmup_cosine") own.warmup = Math.min(own.warmup, own.T - 1);
  if (name === "one_cycle") Object.assign(own, { start: 25, end: 1e4 });
  return { ...own, [name === "cyclical" ? "lr_max" : "lr"]: lr, ...(low === undefined ? {} : { lr_min: low * lr }) };
}

/** Whole powers of ten around all curves, from 10⁻⁹ to 10⁶ at the most. @param {Float64Array[]} curves */
export function bounds(curves) {
  let [lowest, highest] = [Infinity, 0];
  for (const curve of curves) for (const loss of curve) [lowest, highest] = [Math.min(lowest, loss), Math.max(highest, loss)];
  return [10 ** Math.floor(Math.log10(Math.max(1e-9, lowest) / 2)), 10 ** Math.ceil(Math.log10(Math.min(1e6, highest)))];
}

/**
 * The rate and the loss where the dot stands, and at the end; `ScheduleExplorer.text` says the same.
 * @param {string} name @param {number} lr @param {number} step @param {number} rate @param {Float64Array} expected @param {Float64Array} held
 */
export function told(name, lr, step, rate, expected, held) {
  const beside = name === "constant" ? "" : ` (with the peak held: ${short(held[STEPS])})`;
  return `${PLANS[name][0]}, peak ${short(lr)}: at step ${step} the rate is ${short(rate)} and the expected loss ${short(expected[step])}. After ${STEPS} steps it is ${short(expected[STEPS])}${beside}.`;
}

/** @param {Host} host */
export function render(host) {
  const { model } = host;
  const frame = new Frame(host, "Schedule explorer", draw);
  /** @returns {string} */
  const name = () => model.get("schedule");
  /** @returns {number} */
  const peak = () => model.get("lr");
  const own = () => model.get("settings_of")[name()];
  const player = new Player(frame, () => STEPS);
  const step = () => (player.shown === null ? model.get("step") : Math.floor(player.shown));
  const change = (/** @type {Record<string, any>} */ values) => {
    // What is changed on the way leaves the dot where it is.
    const here = step();
    player.rewind();
    frame.set({ step: here, ...values });
  };
  const peaks = oneTwoFive(0.01, HIGHEST);

  const menu = frame.select({
    label: "Schedule",
    options: Object.keys(PLANS).map((plan) => [plan, PLANS[plan][0]]),
    read: name,
    write: (plan) => change({ schedule: plan }),
  });
  const height = frame.slider({
    label: "Peak rate",
    read: () => nearestStop(peaks, peak()),
    write: (at) => change({ lr: peaks[at] }),
    bounds: () => ({ min: 0, max: peaks.length - 1, step: 1 }),
    words: () => short(peak()),
  });
  const noise = frame.slider({
    label: "Noise σ",
    read: () => model.get("noise"),
    write: (value) => change({ noise: value }),
    bounds: () => ({ min: 0, max: LOUDEST, step: 0.1 }),
  });
  const play = player.button();
  const reset = frame.button("Reset", () => change({ lr: 0.5, noise: 1, step: 100, settings_of: {} }));

  // The knobs of every schedule, of which one schedule's are shown.
  const dials = Object.keys(PLANS).flatMap((plan) =>
    Object.entries(PLANS[plan][1]).map(([dial, { label, low, high, start, step: by }]) => {
      const box = frame.slider({
        label,
        read: () => model.get("settings_of")[plan]?.[dial] ?? start,
        write: (value) => change({ settings_of: { ...model.get("settings_of"), [plan]: { ...model.get("settings_of")[plan], [dial]: value } } }),
        bounds: () => ({ min: low, max: high, step: by }),
      });
      box.input.style.setProperty("--oc-accent", `var(--oc-${plan})`);
      return { plan, box };
    }),
  );
  const knobs = html("div", { class: "oc-row", role: "group" }, dials.map(({ box }) => box));

  const panels = html("div", { class: "oc-panels oc-halves" });
  const plan = titled(frame, panels, "The plan: the rate, step by step", { ratio: 0.72, margin: { left: 50 } });
  const curve = titled(frame, panels, "What it causes: the loss, step by step", { ratio: 0.72, margin: { left: 50 } });
  const ride = (/** @type {number} */ x) => change({ step: Math.min(STEPS, Math.max(0, Math.round(x))) });
  const knob = handle(plan, {
    label: "Step",
    read: () => [step(), rates[step()]],
    write: ride,
    home: () => ride(0),
    words: () => `step ${step()}, rate ${short(rates[step()])}`,
    flat: () => true,
  });
  plan.onPlace(ride);
  curve.onPlace(ride);
  const legend = frame.legend([
    { mark: "line", colour: "plan", text: "mean over all noises, exact" },
    { mark: "thin", colour: "plan", text: "one noisy run" },
    { mark: "dash", colour: "constant", text: "mean, with the peak held" },
    { mark: "dots", colour: "edge", text: "end of the plan" },
  ]);
  const [, , ghost, ending] = /** @type {HTMLElement[]} */ ([...legend.children]);
  frame.add(html("div", { class: "oc-row" }, [menu, height, noise, html("div", { class: "oc-buttons" }, [play, reset])]), knobs, panels, legend, frame.live);

  /** @type {Float64Array} */
  let rates = new Float64Array(STEPS + 1);
  /** @type {ReturnType<typeof descend>} */
  let run_;
  /** @type {ReturnType<typeof descend>} */
  let held;

  function compute() {
    const rate = SCHEDULE[name()](planOf(name(), peak(), own()));
    rates = Float64Array.from({ length: STEPS + 1 }, (_, k) => rate(k));
    run_ = descend(rate, CURVATURE, START, model.get("noise"), DRAWS);
    held = descend(() => peak(), CURVATURE, START, model.get("noise"), DRAWS);
  }

  function draw() {
    if (!player.playing) compute();
    frame.root.style.setProperty("--oc-plan", `var(--oc-${name()})`);
    height.input.style.setProperty("--oc-accent", `var(--oc-${name()})`);
    for (const { plan: whose, box } of dials) box.hidden = whose !== name();
    knobs.hidden = !dials.some((one) => one.plan === name());
    knobs.setAttribute("aria-label", `Knobs of ${PLANS[name()][0]}`);
    knob.style.setProperty("--oc-accent", `var(--oc-${name()})`);
    ghost.hidden = name() === "constant";
    ending.hidden = !end();
    drawPlan();
    drawCurve();
    knob.refresh();
    if (!player.playing) frame.say(told(name(), peak(), step(), rates[step()], run_.expected, held.expected));
    return { rates, ...run_, held: held.expected, step: step() };
  }

  /** The step at which the plan ends, if it does. */
  function end() {
    const { T } = planOf(name(), peak(), own());
    return name() === "cosine_restarts" ? 0 : T;
  }

  /** A dotted upright line where the plan ends. @param {Panel} panel @param {CanvasRenderingContext2D} context */
  function drawEnd(panel, context) {
    if (!end()) return;
    const [, top, , bottom] = panel.plot;
    context.strokeStyle = frame.colours.edge;
    context.lineWidth = 1.5;
    context.setLineDash([2, 3]);
    context.beginPath();
    context.moveTo(panel.x(end()), top);
    context.lineTo(panel.x(end()), bottom);
    context.stroke();
    context.setLineDash([]);
  }

  function drawPlan() {
    const top = peak() * 1.08;
    plan.coordinates([0, STEPS], [0, top]);
    plan.axes({ xLabel: "step t", yLabel: "η" });
    plan.backdrop(String(top), (context) => plan.gridlines(context));
    plan.move((context) => {
      drawEnd(plan, context);
      context.strokeStyle = frame.colours[name()];
      context.lineWidth = 2.5;
      plan.line(context, stepByStep(rates, 1e-30));
    });
  }

  function drawCurve() {
    const { colours } = frame;
    const [bottom, top] = bounds([run_.expected, held.expected]);
    curve.coordinates([0, STEPS], [bottom, top], { logY: true });
    curve.axes({ xLabel: "step t", yLabel: "loss", yWords: power });
    curve.backdrop(`${bottom}|${top}`, (context) => curve.gridlines(context));
    curve.move((context) => {
      drawEnd(curve, context);
      context.strokeStyle = context.fillStyle = colours[name()];
      context.lineWidth = 1;
      context.globalAlpha = 0.5;
      curve.line(context, stepByStep(run_.losses, 1e-30));
      context.globalAlpha = 1;
      if (name() !== "constant") {
        context.strokeStyle = colours.constant;
        context.lineWidth = 1.5;
        context.setLineDash([6, 4]);
        curve.line(context, stepByStep(held.expected, 1e-30));
        context.setLineDash([]);
        context.strokeStyle = colours[name()];
      }
      context.lineWidth = 2.5;
      curve.line(context, stepByStep(run_.expected, 1e-30));
      const here = [step(), Math.max(1e-30, run_.expected[step()])];
      context.fillStyle = colours.paper;
      curve.dots(context, here, 7.5);
      context.fillStyle = colours[name()];
      curve.dots(context, here, 5.5);
    });
  }

  frame.start(["schedule", "lr", "noise", "step", "settings_of"]);
  return () => player.stop();
}

export default { render };
