// Two weights whose gradients pull nowhere, one pulled hard, one gently: how fast a penalty shrinks them, and how fast a decay.

/**
 * What is left of the weights, in words; `DecayPlayground.text` says the same.
 * @param {{lam: number, lr: number, sizes: number[], asked: number, ends: Record<string, number[]>}} seen
 */
export function told({ lam, lr, sizes, asked, ends }) {
  const left = (/** @type {string} */ name) => ends[name].map(short).join(" and ");
  return `λ = ${short(lam)}, η = ${short(lr)}, gradients ±${short(sizes[0])} and ±${short(sizes[1])}. Of a weight of 1 there should be left ${short(asked)} after ${STEPS} steps. Adam with the penalty leaves ${left("adam")}, AdamW ${left("adamw")}.`;
}

/** Both weights by method, x₀ y₀ x₁ y₁ … @param {number} lam @param {number} lr @param {number[]} sizes @returns {Record<string, Float64Array>} */
export function decayPaths(lam, lr, sizes) {
  const go = (/** @type {number} */ penalty, /** @type {number} */ decay) => {
    let sign = -1;
    const grad = (/** @type {number[]} */ theta) => {
      sign = -sign;
      return theta.map((t, j) => sign * sizes[j] + penalty * t);
    };
    return run(FIRST_ORDER.adam(grad, [1, 1], { lr, ...BETAS, decay }), [1, 1], STEPS).path;
  };
  return { adam: go(lam, 0), adamw: go(0, lam) };
}

/** @param {Host} host */
export function render(host) {
  const { model } = host;
  const frame = new Frame(host, "Weight decay playground", draw);
  const slider = (/** @type {string} */ label, /** @type {string} */ name) => {
    const stops = oneTwoFive(SCALES[name][0], SCALES[name][1]);
    return frame.slider({
      label,
      read: () => nearestStop(stops, model.get(name)),
      write: (at) => frame.set({ [name]: stops[at] }),
      bounds: () => ({ min: 0, max: stops.length - 1, step: 1 }),
      words: () => short(model.get(name)),
    });
  };
  const row = html("div", { class: "oc-row" }, [
    slider("Weight decay λ", "weight_decay"),
    slider("Step size η", "lr"),
    slider("Gradients of one weight", "large"),
    slider("Gradients of the other", "small"),
    html("div", { class: "oc-buttons" }, [frame.button("Reset", () => frame.set({ weight_decay: 0.5, lr: 0.01, large: 10, small: 0.1 }))]),
  ]);
  const panels = html("div", { class: "oc-panels oc-halves" });
  const charts = Object.entries(TITLES).map(([name, title]) => ({ name, chart: titled(frame, panels, title, { ratio: 0.72 }) }));
  const legend = frame.legend([
    { mark: "line", colour: WEIGHTS[0][1], text: "gradients of one weight" },
    { mark: "dots", colour: WEIGHTS[1][1], text: "gradients of the other" },
    { mark: "dash", colour: "muted", text: "asked for: (1 − ηλ)ᵏ" },
  ]);
  frame.add(row, panels, legend, frame.live);

  function draw() {
    const [lam, lr, sizes] = [model.get("weight_decay"), model.get("lr"), [model.get("large"), model.get("small")]];
    const paths = decayPaths(lam, lr, sizes);
    const asked = Array.from({ length: STEPS + 1 }, (_, k) => (1 - lr * lam) ** k);
    const all = [...paths.adam, ...paths.adamw];
    const low = Math.min(0, ...all);
    const high = Math.max(1.05, ...all);
    for (const { name, chart } of charts) paint(chart, paths[name], asked, low, high);
    const ends = Object.fromEntries(Object.entries(paths).map(([name, path]) => [name, [...path.slice(-2)]]));
    frame.say(told({ lam, lr, sizes, asked: asked[STEPS], ends }));
    return { adam: paths.adam, adamw: paths.adamw, asked };
  }

  /** @param {Panel} chart @param {Float64Array} path @param {number[]} asked @param {number} low @param {number} high */
  function paint(chart, path, asked, low, high) {
    const { colours } = frame;
    chart.coordinates([0, STEPS], [low, high]);
    chart.axes({ xLabel: "step", yLabel: "weight" });
    chart.backdrop(`${low}|${high}`, (context) => chart.gridlines(context));
    chart.move((context) => {
      for (const [j, [, colour]] of WEIGHTS.entries()) {
        context.strokeStyle = colours[colour];
        context.lineWidth = 2.2;
        context.setLineDash(j ? [2, 4] : []);
        chart.line(context, Array.from(path).flatMap((t, at) => (at % 2 === j ? [(at - j) / 2, t] : [])));
      }
      context.strokeStyle = colours.muted;
      context.lineWidth = 1.5;
      context.setLineDash([6, 4]);
      chart.line(context, asked.flatMap((left, k) => [k, left]));
      context.setLineDash([]);
    });
  }

  frame.start(["weight_decay", "lr", "large", "small"]);
}

export default { render };
