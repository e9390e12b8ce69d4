// A convex problem on which Adam walks to the worst point: straight losses, one steep slope a round, and AMSGrad beside it.

/**
 * Positions and average regrets of one method; slopes do not depend on θ, so clipping the sum of the steps is projecting.
 * @param {{big: number, rounds: number, beta1: number, beta2: number, amsgrad: boolean}} settings
 */
export function onlineWalk({ big, rounds, beta1, beta2, amsgrad }) {
  const slope = (/** @type {number} */ k) => (k % rounds === 0 ? big : -1);
  const best = big > rounds - 1 ? -1 : 1;
  let k = 0;
  const settings = { lr: (/** @type {number} */ step) => RATE / Math.sqrt(step + 1), beta1, beta2, eps: EPS, amsgrad };
  const stream = FIRST_ORDER.adam(() => [slope(k++)], [0], settings);
  const [position, regret] = [new Float64Array(STEPS + 1), new Float64Array(STEPS)];
  let [free, sum] = [0, 0];
  for (let step = 0; step < STEPS; step++) {
    const next = /** @type {number[]} */ (stream.next().value)[0];
    sum += slope(step) * (position[step] - best);
    regret[step] = sum / (step + 1);
    position[step + 1] = Math.min(1, Math.max(-1, position[step] + (next - free)));
    free = next;
  }
  return { position, regret, best };
}

/** Points at the steps 1, 2, …, none below a floor. @param {Float64Array} values @param {number} floor */
function after(values, floor) {
  const points = new Float64Array(2 * values.length);
  for (let k = 0; k < values.length; k++) [points[2 * k], points[2 * k + 1]] = [k + 1, Math.max(floor, values[k])];
  return points;
}

/** The mean of the last entries. @param {Float64Array} values @param {number} count */
function lastMean(values, count) {
  return values.slice(-count).reduce((sum, value) => sum + value, 0) / count;
}

/**
 * Where each ends, in words; `OnlineTrap.text` says the same.
 * @param {{big: number, rounds: number, beta1: number, beta2: number}} settings @param {Record<string, ReturnType<typeof onlineWalk>>} walks
 */
export function told({ big, rounds, beta1, beta2 }, walks) {
  const ends = RUNNERS.map((/** @type {string[]} */ [name, label]) => `${label} stands at ${short(lastMean(walks[name].position, rounds))} with an average regret of ${short(walks[name].regret[STEPS - 1])}`).join(", ");
  return `One slope of ${short(big)} and ${rounds - 1} of −1 a round, β₁ = ${short(beta1)}, β₂ = ${short(beta2)}; the best place is ${short(walks.adam.best)}. After ${STEPS} steps ${ends}.`;
}

/** @param {Host} host */
export function render(host) {
  const { model } = host;
  const frame = new Frame(host, "A convex problem that leads Adam astray", draw);
  const slider = (/** @type {string} */ label, /** @type {string} */ name, /** @type {number[]} */ [min, max], /** @type {number} */ step) =>
    frame.slider({ label, read: () => model.get(name), write: (value) => frame.set({ [name]: value }), bounds: () => ({ min, max, step }), words: short });
  const row = html("div", { class: "oc-row" }, [
    slider("Steep slope", "big", BIG, 1),
    slider("Losses a round", "period", ROUND, 1),
    slider("Memory β₁", "beta1", [0, 0.99], 0.01),
    slider("Memory β₂", "beta2", [0, 0.999], 0.001),
    html("div", { class: "oc-buttons" }, [frame.button("Reset", () => frame.set({ big: 3, period: 3, beta1: 0, beta2: 0.1 }))]),
  ]);
  const panels = html("div", { class: "oc-panels oc-halves" });
  const [place, loss] = ["Position: where the method stands", "Average regret: how much worse than the best place"].map((title) => titled(frame, panels, title, { ratio: 0.68, margin: { left: 50 } }));
  const legend = frame.legend([
    ...RUNNERS.map((/** @type {string[]} */ [, text, colour]) => ({ mark: /** @type {"line"} */ ("line"), colour, text })),
    { mark: "dash", colour: "muted", text: "the best place" },
  ]);
  frame.add(row, panels, legend, frame.live);

  function draw() {
    const settings = { big: model.get("big"), rounds: Math.round(model.get("period")), beta1: model.get("beta1"), beta2: model.get("beta2") };
    /** @type {Record<string, ReturnType<typeof onlineWalk>>} */
    const walks = Object.fromEntries(RUNNERS.map((/** @type {string[]} */ [name]) => [name, onlineWalk({ ...settings, amsgrad: name === "amsgrad" })]));
    place.coordinates([1, STEPS], [-1.1, 1.1], { logX: true });
    place.axes({ xLabel: "step", xWords: power, yTicks: [-1, 0, 1] });
    place.backdrop(String(walks.adam.best), (context) => {
      place.gridlines(context);
      context.strokeStyle = frame.colours.muted;
      context.lineWidth = 1.5;
      context.setLineDash([6, 4]);
      place.line(context, [1, walks.adam.best, STEPS, walks.adam.best]);
      context.setLineDash([]);
    });
    const most = Math.max(...RUNNERS.map((/** @type {string[]} */ [name]) => walks[name].regret.reduce((high, value) => Math.max(high, value), 0.1)));
    const top = 10 ** Math.ceil(Math.log10(most));
    loss.coordinates([1, STEPS], [1e-3, top], { logX: true, logY: true });
    loss.axes({ xLabel: "step", xWords: power, yWords: power });
    loss.backdrop(String(top), (context) => loss.gridlines(context));
    /** @type {[Panel, (name: string) => Float64Array][]} */
    const drawings = [
      [place, (name) => after(walks[name].position.subarray(1), -1)],
      [loss, (name) => after(walks[name].regret, 1e-4)],
    ];
    for (const [panel, points] of drawings) {
      panel.move((context) => {
        context.lineWidth = 1.4;
        for (const [name, , colour] of RUNNERS) {
          context.strokeStyle = frame.colours[colour];
          panel.line(context, points(name));
        }
      });
    }
    frame.say(told(settings, walks));
    return Object.fromEntries(RUNNERS.map((/** @type {string[]} */ [name]) => [name, [walks[name].position, walks[name].regret]]));
  }

  frame.start(["big", "period", "beta1", "beta2"]);
}

export default { render };
