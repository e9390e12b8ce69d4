// Early stopping to play with: how much patience, how much weight decay; where the run ends, and what it hands back.

/**
 * Where a run ends and which step was the best; `early_stopping` of `optcourse` does the same.
 * @param {ArrayLike<number>} losses on data that the method does not see @param {number} patience
 */
export function stopping(losses, patience) {
  let best = 0;
  for (let step = 1; step < losses.length; step++) {
    if (losses[step] < losses[best]) best = step;
    else if (step - best >= patience) return { stop: step, best, early: true };
  }
  return { stop: losses.length - 1, best, early: false };
}

/**
 * Where it stops and what that costs; `EarlyStoppingPlayground.text` says the same.
 * @param {number} patience @param {number} lam @param {ArrayLike<number>} losses
 */
export function told(patience, lam, losses) {
  const { stop, best } = stopping(losses, patience);
  const lowest = Array.from(losses).indexOf(Math.min(...Array.from(losses)));
  const verdict = best === lowest ? "the lowest of the run" : `step ${lowest} would have ${short(losses[lowest])}`;
  return `Patience ${patience}, weight decay ${short(lam)}: stops at step ${stop} and hands back step ${best}, validation loss ${short(losses[best])}; ${verdict}.`;
}

/** @param {Host} host */
export function render(host) {
  const { model } = host;
  const frame = new Frame(host, "Early stopping playground", draw);
  const player = new Player(frame, () => ended().stop);
  const all = Float64Array.from(frame.vector("_data", true));
  /** The losses of the chosen run: 0 training, 1 validation. @param {number} which */
  const losses = (which) => all.subarray((2 * LAMS.indexOf(model.get("lam")) + which) * (STEPS + 1)).subarray(0, STEPS + 1);
  const ended = () => stopping(losses(1), model.get("patience"));
  const change = (/** @type {Record<string, any>} */ values) => {
    player.rewind();
    frame.set(values);
  };
  const patience = frame.slider({
    label: "Patience",
    read: () => model.get("patience"),
    write: (value) => change({ patience: value }),
    bounds: () => ({ min: 1, max: MOST, step: 1 }),
    spoken: (value) => `${value} steps`,
  });
  const lam = frame.slider({
    label: "Weight decay λ",
    read: () => LAMS.indexOf(model.get("lam")),
    write: (at) => change({ lam: LAMS[at] }),
    bounds: () => ({ min: 0, max: LAMS.length - 1, step: 1 }),
    words: () => short(model.get("lam")),
  });
  const play = player.button();
  const reset = frame.button("Reset", () => change({ patience: 10, lam: 0 }));
  const panels = html("div", { class: "oc-panels" });
  const panel = titled(frame, panels, "Loss, step by step", { height: 300, margin: { left: 50 } });
  const legend = frame.legend([
    { mark: "line", colour: "blue", text: "training" },
    { mark: "line", colour: "vermilion", text: "validation" },
    { mark: "star", colour: "green", text: "handed back" },
    { mark: "cross", colour: "ink", text: "the run ends" },
  ]);
  frame.add(html("div", { class: "oc-row" }, [patience, lam, html("div", { class: "oc-buttons" }, [play, reset])]), panels, legend, frame.live);

  function draw() {
    const { stop, best } = ended();
    const now = Math.floor(player.now());
    drawLosses(now, stop, player.playing ? stopping(losses(1).subarray(0, now + 1), model.get("patience")).best : best);
    if (!player.playing) frame.say(told(model.get("patience"), model.get("lam"), losses(1)));
    return { training: losses(0), validation: losses(1), stop, best };
  }

  /** @param {number} now how far the run has come @param {number} stop where it ends @param {number} best so far */
  function drawLosses(now, stop, best) {
    const { colours } = frame;
    panel.coordinates([0, STEPS], [0, HIGHEST]);
    panel.axes({ xLabel: "step", yLabel: "loss" });
    panel.backdrop("losses", (context) => panel.gridlines(context));
    panel.move((context) => {
      const [, top, , bottom] = panel.plot;
      context.fillStyle = colours.high;
      context.globalAlpha = 0.45;
      context.fillRect(panel.x(best), top, panel.x(now) - panel.x(best), bottom - top);
      context.globalAlpha = 1;
      for (const [which, name] of [[0, "blue"], [1, "vermilion"]]) {
        const line = Float64Array.from({ length: 2 * (STEPS + 1) }, (_, k) => (k % 2 ? losses(Number(which))[(k - 1) / 2] : k / 2));
        context.strokeStyle = colours[name];
        context.lineWidth = 1;
        context.globalAlpha = 0.35;
        panel.line(context, line);
        context.globalAlpha = 1;
        context.lineWidth = 2.5;
        panel.line(context, line, now + 1);
      }
      const [x, y] = [panel.x(now), panel.y(losses(1)[now])];
      context.strokeStyle = colours.ink;
      context.lineWidth = 2.5;
      context.beginPath();
      for (const side of [1, -1]) {
        context.moveTo(x - 5, y - 5 * side);
        context.lineTo(x + 5, y + 5 * side);
      }
      if (now === stop) context.stroke();
      context.fillStyle = colours.green;
      context.fill(new Path2D(starPath(panel.x(best), panel.y(losses(1)[best]), 10)));
    });
  }

  frame.start(["patience", "lam"]);
  return () => player.stop();
}

export default { render };
