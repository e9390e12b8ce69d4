// From the data to a step, one stage after the other: deal a batch, ask each of its examples, average, step.

/** @param {ArrayLike<number>} theta */
const pair = (theta) => `(${short(theta[0])}, ${short(theta[1])})`;

/** The run of which each step is taken apart. @param {number} size @param {number} lr */
export function pipeline(size, lr) {
  const batches = batchesOf(0, size, Math.ceil((STEPS * size) / N)).slice(0, STEPS);
  return { batches, path: sgdPath(BEGIN, lr, batches).path };
}

/**
 * One step in its parts: θ before and after, the batch, the gradient of each example, their mean and that of all.
 * @param {ReturnType<typeof pipeline>} run_ @param {number} at
 */
export function partsOf({ batches, path }, at) {
  const [here, after] = [at, at + 1].map((k) => Array.from(path.subarray(2 * k, 2 * k + 2)));
  const batch = Array.from(batches[at]);
  return { at, here, after, batch, gradients: batch.map((i) => meanGradient(here, [i])), mean: meanGradient(here, batch), exact: meanGradient(here, EVERYTHING) };
}

/** What a stage does, with its numbers; `BatchPipeline.text` says the same. @param {number} stage @param {number} lr @param {ReturnType<typeof partsOf>} parts */
export function told(stage, lr, { at, here, after, batch, gradients, mean, exact }) {
  const name = STAGES[(stage - 1) % 4];
  const lengths = gradients.map(([first, second]) => Math.hypot(first, second));
  /** @type {Record<string, string>} */
  const said = {
    deal: `the next ${batch.length} of the ${N} shuffled examples: ${batch.map((i) => i + 1).join(", ")}.`,
    ask: `each example answers with its own gradient at θ = ${pair(here)}, of length ${short(Math.min(...lengths))} to ${short(Math.max(...lengths))}.`,
    average: `${batch.length === 1 ? "its gradient" : `the mean of the ${batch.length} gradients`} is ${pair(mean)}; of all ${N} it would be ${pair(exact)}.`,
    step: `θ goes from ${pair(here)} to ${pair(here)} − ${short(lr)} · ${pair(mean)} = ${pair(after)}. The loss of all ${N} goes from ${short(lossAt(here))} to ${short(lossAt(after))}.`,
  };
  return `Step ${at + 1}, ${name}: ${said[name]}`;
}

/** @param {Host} host */
export function render(host) {
  const { model } = host;
  const frame = new Frame(host, "From the data to a step", draw);
  const ALL = 4 * STEPS;
  // While it plays, `shown` is the number of stages done; its fraction is how far the next one has come.
  const player = new Player(frame, () => ALL, () => 1.2);
  const stage = () => (player.shown === null ? model.get("stage") : Math.min(ALL, Math.floor(player.shown) + 1));
  const come = () => (!player.playing || player.shown === null || still() ? 1 : Math.min(1, 1.5 * (player.shown % 1)));
  const change = (/** @type {Record<string, any>} */ values) => {
    // What is changed on the way leaves the stage where it is.
    const here = stage();
    player.rewind();
    frame.set({ stage: here, ...values });
  };
  const go = (/** @type {number} */ to) => change({ stage: Math.min(ALL, Math.max(1, to)) });
  const size = frame.slider({
    label: "Batch size B",
    read: () => model.get("batch_size"),
    write: (value) => change({ batch_size: value }),
    bounds: () => ({ min: 1, max: MOST, step: 1 }),
  });
  const rate = frame.slider({ label: "Step size η", read: () => model.get("lr"), write: (value) => change({ lr: value }), bounds: () => ({ min: 0.01, max: 1, step: 0.01 }) });
  const stages = frame.slider({
    label: "Stage",
    read: stage,
    write: go,
    bounds: () => ({ min: 1, max: ALL, step: 1 }),
    words: (value) => `step ${Math.ceil(value / 4)}: ${STAGES[(value - 1) % 4]}`,
  });
  const play = player.button();
  const back = frame.button("Back", () => go(stage() - 1));
  const next = frame.button("Next stage", () => go(stage() + 1));
  const reset = frame.button("Reset", () => change({ batch_size: 8, lr: 0.5, stage: 1 }));
  const [upper, lower] = [0, 1].map(() => html("div", { class: "oc-panels oc-halves" }));
  const chart = (/** @type {HTMLElement} */ row, /** @type {string} */ title) => titled(frame, row, title, { ratio: 0.8, margin: { left: 50 } });
  const data = chart(upper, "1 · Deal: the next examples of the shuffle");
  const asked = chart(upper, "2 · Ask: each example's own gradient");
  const averaged = chart(lower, "3 · Average: their mean, beside that of all");
  const map = chart(lower, "4 · Step: against the mean");
  const charts = [data, asked, averaged, map];
  const rows = html("tbody", {});
  const table = html("table", { class: "oc-results" }, [
    html("caption", { class: "oc-title" }, ["The batch in numbers: an example's error is e = θ₁ + θ₂x − y, its gradient (e, e·x)"]),
    html("thead", {}, [html("tr", {}, ["no.", "x", "y", "∂/∂θ₁", "∂/∂θ₂"].map((head) => html("th", { scope: "col" }, [head])))]),
    rows,
  ]);
  const legend = frame.legend([
    { mark: "dot", colour: "sgd", text: "an example of the batch" },
    { mark: "line", colour: "sgd", text: "its gradient; their mean; the step" },
    { mark: "line", colour: "gradient_descent", text: "mean gradient of all 60" },
    { mark: "star", colour: "green", text: "minimum" },
  ]);
  frame.add(html("div", { class: "oc-row" }, [size, rate, stages]), html("div", { class: "oc-row" }, [html("div", { class: "oc-buttons" }, [next, back, play, reset])]), upper, lower, legend, table, frame.live);

  let [made, tabled] = ["", ""];
  /** @type {ReturnType<typeof pipeline>} */
  let whole;

  function draw() {
    const key = `${model.get("batch_size")}|${model.get("lr")}`;
    if (key !== made) [made, whole] = [key, pipeline(model.get("batch_size"), model.get("lr"))];
    const now = stage();
    const kind = (now - 1) % 4;
    const parts = partsOf(whole, Math.floor((now - 1) / 4));
    /** How far each of the four stages has come. */
    const done = STAGES.map((/** @type {string} */ _, /** @type {number} */ k) => (k < kind ? 1 : k === kind ? come() : 0));
    charts.forEach(({ heading }, k) => {
      heading.style.fontWeight = k === kind ? "600" : "";
      heading.style.color = k === kind ? "var(--oc-ink)" : "";
    });
    drawData(parts, done[0]);
    drawAsked(parts, done[1]);
    drawAveraged(parts, done[2]);
    drawMap(parts, done[3]);
    fillTable(parts, kind, key);
    back.disabled = now === 1;
    next.disabled = now === ALL;
    if (!player.playing) frame.say(told(now, model.get("lr"), parts));
    return { ...parts, path: Array.from(whole.path), stage: now, done };
  }

  /** @param {ReturnType<typeof partsOf>} parts @param {number} come_ */
  function drawData({ here, batch }, come_) {
    const [a, b] = here;
    drawFit(data, here, (context) => {
      // One after the other lights up, and with it its error: the distance to the line.
      batch.slice(0, Math.ceil(come_ * batch.length)).forEach((i) => {
        data.dots(context, [DATA.x[i], DATA.y[i]], 5.5);
        data.line(context, [DATA.x[i], DATA.y[i], DATA.x[i], a + b * DATA.x[i]]);
      });
    });
  }

  /** A square around the origin, as wide as what it holds. @param {Panel} panel @param {number[][]} held */
  function around(panel, held) {
    const reach = Number((1.2 * Math.max(0.05, ...held.flat().map(Math.abs))).toPrecision(2));
    panel.equal([[-reach, reach], [-reach, reach]]);
    panel.axes({ xLabel: "∂/∂θ₁", yLabel: "∂/∂θ₂" });
    panel.backdrop(`${reach}`, (context) => panel.gridlines(context));
  }

  /** @param {Panel} panel @param {CanvasRenderingContext2D} context @param {number[]} to @param {string} colour @param {number} width */
  function arrowTo(panel, context, [x, y], colour, width) {
    context.strokeStyle = context.fillStyle = colour;
    context.lineWidth = width;
    panel.arrow(context, panel.x(0), panel.y(0), panel.x(x), panel.y(y));
  }

  /** @param {ReturnType<typeof partsOf>} parts @param {number} come_ */
  function drawAsked({ gradients }, come_) {
    around(asked, gradients);
    asked.move((context) => {
      if (come_ > 0) for (const [x, y] of gradients) arrowTo(asked, context, [come_ * x, come_ * y], frame.colours.sgd, 1.5);
    });
  }

  /** @param {ReturnType<typeof partsOf>} parts @param {number} come_ */
  function drawAveraged({ gradients, mean, exact }, come_) {
    const { colours } = frame;
    around(averaged, come_ < 1 ? [...gradients, mean, exact] : [mean, exact]);
    averaged.move((context) => {
      if (!(come_ > 0)) return;
      arrowTo(averaged, context, exact, colours.gradient_descent, 3);
      // The gradients run together into their mean.
      if (come_ < 1) for (const [x, y] of gradients) arrowTo(averaged, context, [x + come_ * (mean[0] - x), y + come_ * (mean[1] - y)], colours.sgd, 1.5);
      else arrowTo(averaged, context, mean, colours.sgd, 3);
    });
  }

  /** @param {ReturnType<typeof partsOf>} parts @param {number} come_ */
  function drawMap({ at, here, after }, come_) {
    const { colours } = frame;
    drawBowl(map, (context) => {
      context.strokeStyle = context.fillStyle = colours.sgd;
      context.lineWidth = 1.5;
      map.line(context, whole.path, at + 1);
      map.dots(context, whole.path, 3, at + 1);
      const reached = here.map((t, j) => t + come_ * (after[j] - t));
      context.lineWidth = 3;
      if (come_ > 0) map.arrow(context, map.x(here[0]), map.y(here[1]), map.x(reached[0]), map.y(reached[1]));
      context.fillStyle = colours.paper;
      map.dots(context, come_ < 1 ? here : after, 6.5);
      context.fillStyle = colours.sgd;
      map.dots(context, come_ < 1 ? here : after, 4.5);
    });
  }

  /** The numbers, as far as they are known at this stage. @param {ReturnType<typeof partsOf>} parts @param {number} kind @param {string} key */
  function fillTable({ at, batch, gradients, mean }, kind, key) {
    const whose = [key, at, kind].join("|");
    if (whose === tabled) return;
    tabled = whose;
    const row = (/** @type {string} */ head, /** @type {string[]} */ cells) => html("tr", {}, [html("th", { scope: "row" }, [head]), ...cells.map((cell) => html("td", {}, [cell]))]);
    const known = (/** @type {number} */ from, /** @type {number} */ value) => (kind >= from ? short(value) : "…");
    rows.replaceChildren(
      ...batch.map((i, k) => row(String(i + 1), [short(DATA.x[i]), short(DATA.y[i]), known(1, gradients[k][0]), known(1, gradients[k][1])])),
      row("mean", ["", "", known(2, mean[0]), known(2, mean[1])]),
      row("new θ", ["", "", known(3, whole.path[2 * at + 2]), known(3, whole.path[2 * at + 3])]),
    );
  }

  frame.start(["batch_size", "lr", "stage"]);
  return () => player.stop();
}

export default { render };
