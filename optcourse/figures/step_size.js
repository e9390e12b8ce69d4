// The step-size axis: a slider whose track says what each step size does.

const KNOB = 10;

/**
 * @param {Frame} frame
 * @param {{read: () => number, write: (lr: number) => void, natural: () => number}} options
 *   natural: where the axis ends, unless η itself lies beyond
 */
export function stepSize(frame, { read, write, natural }) {
  const input = html("input", { type: "range", "aria-label": "Step size η" });
  const output = html("output", { "aria-hidden": "true" });
  const strip = html("div", { class: "oc-strip" });
  const panel = new Panel(frame, strip, { height: 66, margin: { top: 24, right: KNOB, bottom: 24, left: KNOB } });
  strip.append(input);
  const box = html("div", { class: "oc-control" }, [html("div", { class: "oc-caption" }, [html("span", { "aria-hidden": "true" }, ["Step size η"]), output]), strip]);
  let stretched = 0;
  const end = () => {
    if (read() > Math.max(natural(), stretched)) stretched = read() * 1.1;
    return Math.max(natural(), stretched);
  };
  const step = () => niceStep(natural() / 200);
  input.addEventListener("input", () => write(Math.max(step(), Number(input.value))), { signal: frame.signal });
  input.addEventListener("change", () => {
    stretched = 0;
    frame.redraw();
  }, { signal: frame.signal });

  /**
   * Draw the axis for a largest curvature, and the place of η on it.
   * @param {number} steepest @param {boolean} everywhere is the curvature the same all over, or only that of the nearest minimum?
   */
  const refresh = (steepest, everywhere) => {
    const { colours } = frame;
    const lr = read();
    const most = end();
    const word = behaviour(lr, steepest);
    const edges = [0, 1 / steepest, 2 / steepest].map((edge) => Math.min(edge, most)).concat(most);
    panel.coordinates([0, most], [0, 1]);
    const [left, top, right, bottom] = panel.plot;
    const zones = [
      { name: "converges", text: "converges steadily" },
      { name: "oscillates", text: "oscillates, converges" },
      { name: "diverges", text: "diverges" },
    ];
    panel.backdrop(`${steepest}|${most}`, (context) => {
      context.save();
      context.beginPath();
      context.roundRect(0, top + 5, panel.width, bottom - top - 10, 5);
      context.clip();
      for (const [k, zone] of zones.entries()) {
        context.fillStyle = colours[zone.name];
        const from = k === 0 ? 0 : panel.x(edges[k]);
        context.fillRect(from, top, (k === 2 ? panel.width : panel.x(edges[k + 1])) - from, bottom - top);
      }
      context.restore();
      context.strokeStyle = colours.paper;
      context.lineWidth = 2;
      context.beginPath();
      for (const edge of edges.slice(1, 3)) context.rect(panel.x(edge), top, 0, bottom - top);
      context.stroke();
    });
    const key = `${panel.width}|${steepest}|${most}|${word}`;
    panel.letter(key, () => {
      /** @type {Lettering[]} */
      const letters = zones.flatMap((zone, k) => {
        const [from, to] = [panel.x(edges[k]), panel.x(edges[k + 1])];
        const long = to - from > 130;
        const fits = to - from > 62;
        const text = long ? zone.text : zone.text.split(/[ ,]/)[0];
        return fits ? [[{ x: (from + to) / 2, y: top - 6, "text-anchor": "middle", class: zone.name === word ? "oc-strong" : "" }, text]] : [];
      });
      const wide = panel.x(1 / steepest) - panel.x(0) > 90;
      const ticks = [[0, "0"], [1 / steepest, wide ? `1/λ = ${short(1 / steepest)}` : short(1 / steepest)], [2 / steepest, wide ? `2/λ = ${short(2 / steepest)}` : short(2 / steepest)]];
      letters.push(...ticks.filter(([at]) => Number(at) <= most).map(([at, text]) => /** @type {Lettering} */ ([{ x: panel.x(Number(at)), y: bottom + 15, "text-anchor": at === 0 ? "start" : "middle" }, String(text)])));
      const room = panel.x(most) - panel.x(Math.min(most, 2 / steepest)) > 260;
      if (room) letters.push([{ x: right + KNOB - 2, y: bottom + 15, "text-anchor": "end" }, `λ = ${short(steepest)}: largest curvature`]);
      return letters;
    });
    const spacing = step();
    input.min = "0";
    input.max = String(Math.ceil(most / spacing) * spacing);
    input.step = String(spacing);
    // The track must end where the axis ends: the last step may lie a little beyond it.
    panel.x.domain[1] = Number(input.max);
    if (Number(input.value) !== lr) input.value = String(lr);
    input.style.setProperty("--oc-accent", colours[word]);
    const told = decimals(lr, Math.min(spacing, niceStep(lr)));
    const means = { converges: "converges steadily", oscillates: "oscillates but converges", diverges: "diverges" }[word];
    const verdict = `${told} · ${everywhere ? "" : "near the minimum: "}${means}`;
    output.textContent = verdict;
    input.setAttribute("aria-valuetext", verdict);
  };
  return Object.assign(box, { input, panel, refresh });
}
