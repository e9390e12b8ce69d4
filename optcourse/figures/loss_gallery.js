// A gallery of losses: what a wrong prediction costs, how hard it pulls, and whom the mean gradient obeys.

/**
 * @typedef {{label: string, at: string, letter: string, axis: string, losses: string[], others: number[], home: number, window: [Pair, Pair, Pair]}} Family
 */

/** @param {Host} host */
export function render(host) {
  const { model } = host;
  const frame = new Frame(host, "Gallery of loss functions", draw);
  /** @returns {Family} */
  const family = () => FAMILIES[model.get("family")];
  const at = () => model.get(family().at);
  /** @param {string} name */
  const loss = (name) => lossOf(name, { delta: model.get("delta"), classes: model.get("classes") });
  const isShown = (/** @type {string} */ name) => model.get("shown").includes(name);
  const place = (/** @type {number} */ t) => frame.set({ [family().at]: t });

  const families = frame.choice({
    label: "Kind of loss",
    options: Object.keys(FAMILIES).map((name) => [name, FAMILIES[name].label]),
    read: () => model.get("family"),
    write: (name) => frame.set({ family: name }),
  });
  const toggles = Object.keys(LOSSES).map((name) => {
    const toggle = frame.toggle({
      text: LOSSES[name].label,
      colour: name,
      read: () => isShown(name),
      write: (on) => frame.set({ shown: Object.keys(LOSSES).filter((other) => (other === name ? on : isShown(other))) }),
    });
    return { name, toggle };
  });
  const delta = frame.slider({
    label: "Huber’s δ",
    read: () => model.get("delta"),
    write: (value) => frame.set({ delta: value }),
    bounds: () => ({ min: 0.1, max: 4, step: 0.1 }),
  });
  const classes = frame.slider({
    label: "Classes K",
    read: () => model.get("classes"),
    write: (value) => frame.set({ classes: value }),
    bounds: () => ({ min: 2, max: 50, step: 1 }),
  });

  for (const slider of [delta, classes]) slider.classList.add("oc-short");

  const panels = html("div", { class: "oc-panels oc-halves" });
  const curves = titled(frame, panels, "Loss ℓ of one example, and its tangent", { ratio: 0.74, tall: true, margin: { left: 36 } });
  const slopes = titled(frame, panels, "Slope ℓ′: how hard the example pulls", { ratio: 0.74, tall: true, margin: { left: 40 } });
  const knob = handle(curves, {
    label: "Your example",
    read: () => [at(), rail()],
    write: (t) => place(t),
    home: () => place(family().home),
    words: () => `${family().at} ${short(at())}`,
    flat: () => true,
  });
  knob.style.setProperty("--oc-accent", "var(--oc-ink)");
  for (const panel of [curves, slopes]) panel.onPlace((t) => place(panel.x.round(t)));

  const below = html("div", { class: "oc-panels oc-halves" });
  // No <table>: books and notebooks have their own ideas of how a table looks.
  const table = html("div", { class: "oc-losses", role: "table", "aria-label": "The losses at your example" });
  const pulls = html("div", { class: "oc-pulls" });
  below.append(html("div", {}, [table]), html("div", {}, [html("p", { class: "oc-title" }, ["Who rules the mean gradient: the eight others, or yours?"]), pulls]));
  const legend = frame.legend([
    { mark: "ring", colour: "ink", text: "your example (drag it)" },
    { mark: "dot", colour: "muted", text: "eight others" },
    { mark: "dash", colour: "ink", text: "tangent; a fan of them at a kink" },
    { mark: "open", colour: "muted", text: "kink" },
  ]);
  frame.add(
    html("div", { class: "oc-row" }, [families, html("div", { class: "oc-buttons", role: "group", "aria-label": "Losses shown" }, toggles.map(({ toggle }) => toggle)), delta, classes]),
    panels,
    legend,
    below,
    frame.live,
  );

  // The last of a family follows the others for a part of the way: it is drawn over them, and thinner, so that both are seen.
  const width = (/** @type {string} */ name) => (family().losses.indexOf(name) === 2 ? 2 : 3);

  /** Where the nine examples stand, below the curves. */
  function rail() {
    return curves.y.invert(curves.plot[3] - 15);
  }

  function draw() {
    const { colours } = frame;
    const { losses, others, window: view, axis, letter } = family();
    const names = losses.filter(isShown);
    for (const { name, toggle } of toggles) toggle.hidden = !losses.includes(name);
    delta.hidden = !names.includes("huber");
    classes.hidden = !names.includes("cross_entropy");
    const [across, up, steep] = view;
    const t = at();
    // Under the loss 0 a strip of 30 pixels is left for the rail.
    const room = 30 / (curves.plotBox()[3] - 30);
    curves.coordinates(across, [up[0] - room * (up[1] - up[0]), up[1]]);
    slopes.coordinates(across, steep);
    curves.axes({ xLabel: axis, xTicks: [-4, -2, 0, 2, 4], yTicks: [0, 2, 4, 6, 8] });
    slopes.axes({ xLabel: `${family().at} ${letter}`, xTicks: [-4, -2, 0, 2, 4], yTicks: steep[1] > 1 ? [-4, -2, 0, 2, 4] : [-1, -0.5, 0] });
    const key = [model.get("family"), names, model.get("delta"), model.get("classes")].join("|");
    const all = names.map((name) => ({ name, loss: loss(name), line: sample(loss(name), across) }));
    curves.backdrop(key, (context) => {
      curves.gridlines(context);
      const [l, , r] = curves.plot;
      context.fillStyle = colours.raised;
      context.fillRect(l + 1, curves.y(0), r - l - 2, curves.plot[3] - curves.y(0) - 1);
      clipped(curves, context, () => {
        for (const { name, line } of all) {
          context.strokeStyle = colours[name];
          context.lineWidth = width(name);
          for (const piece of line) curves.line(context, piece.values);
        }
        for (const { name, loss: one } of all) {
          context.strokeStyle = colours[name];
          for (const [kink] of one.kinks) open(context, curves, kink, one.value(kink));
        }
      });
      context.fillStyle = colours.muted;
      curves.dots(context, others.flatMap((other) => [other, rail()]), 3.5);
    });
    slopes.backdrop(key, (context) => {
      slopes.gridlines(context);
      context.strokeStyle = colours.edge;
      slopes.line(context, [across[0], 0, across[1], 0]);
      clipped(slopes, context, () => {
        for (const { name, loss: one, line } of all) {
          context.strokeStyle = context.fillStyle = colours[name];
          context.lineWidth = width(name);
          for (const piece of line) slopes.line(context, piece.slopes);
          context.globalAlpha = 0.55;
          slopes.dots(context, others.flatMap((other) => [other, one.slope(other)]), 3);
          context.globalAlpha = 1;
          for (const [kink, before, after] of one.kinks) breakAt(context, kink, before, after);
        }
      });
    });
    drawMarks(all, t);
    const rows = all.map(({ name, loss: one }) => {
      const strength = [...others, t].map((other) => Math.abs(one.slope(other)));
      const total = strength.reduce((sum, pull) => sum + pull, 0);
      return { name, value: one.value(t), slope: one.slope(t), curvature: one.curvature(t), strength, share: total > 0 ? strength[strength.length - 1] / total : 0, kink: one.kinks.find(([kink]) => kink === t) };
    });
    tell(rows);
    knob.refresh();
    const name = family().at;
    const said = rows.map(
      ({ name, value, slope, curvature, share, kink }) =>
        `${capital(LOSSES[name].label)}: loss ${short(value)}, ` +
        (kink ? `a kink, every slope from ${short(kink[1])} to ${short(kink[2])} supports it.` : `slope ${short(slope)}, curvature ${short(curvature)}, ${percent(share)} of all pull.`),
    );
    frame.say([`${capital(name)} ${short(t)}.`, ...(said.length ? said : ["No loss is shown."])].join(" "));
    return { at: t, rows: rows.map(({ kink, ...row }) => row), line: all.map(({ name, line }) => [name, line]) };
  }

  /** The slope jumps: both ends open, and between them what a subgradient may be. @param {CanvasRenderingContext2D} context @param {number} kink @param {number} before @param {number} after */
  function breakAt(context, kink, before, after) {
    context.lineWidth = 1.5;
    context.setLineDash([2, 4]);
    slopes.line(context, [kink, before, kink, after]);
    context.setLineDash([]);
    for (const end of [before, after]) open(context, slopes, kink, end);
  }

  /** A ring: here is a kink. @param {CanvasRenderingContext2D} context @param {Panel} panel @param {number} x @param {number} y */
  function open(context, panel, x, y) {
    context.beginPath();
    context.arc(panel.x(x), panel.y(y), 4, 0, 2 * Math.PI);
    context.fillStyle = frame.colours.paper;
    context.fill();
    context.lineWidth = 2;
    context.stroke();
  }

  /** @param {{name: string, loss: ExampleLoss}[]} all @param {number} t */
  function drawMarks(all, t) {
    const { colours } = frame;
    for (const panel of [curves, slopes]) {
      panel.move((context) => {
        context.strokeStyle = colours.edge;
        context.lineWidth = 1;
        context.setLineDash([3, 3]);
        const [, top, , bottom] = panel.plot;
        context.beginPath();
        context.moveTo(panel.x(t), top);
        context.lineTo(panel.x(t), bottom);
        context.stroke();
        context.setLineDash([]);
        for (const { name, loss: one } of all) {
          context.strokeStyle = context.fillStyle = colours[name];
          const kink = one.kinks.find(([place]) => place === t);
          if (panel === curves) {
            for (const slope of kink ? fan(kink) : [one.slope(t)]) tangent(context, t, one.value(t), slope);
            dot(context, panel, t, one.value(t));
          } else if (kink) {
            context.lineWidth = 5;
            panel.line(context, [t, kink[1], t, kink[2]]);
          } else {
            // The pull, from nothing to the curve.
            context.lineWidth = 2;
            panel.line(context, [t, 0, t, one.slope(t)]);
            dot(context, panel, t, one.slope(t));
          }
        }
      });
    }
  }

  /** @param {CanvasRenderingContext2D} context @param {Panel} panel @param {number} x @param {number} y */
  function dot(context, panel, x, y) {
    const hue = context.fillStyle;
    context.fillStyle = frame.colours.paper;
    panel.dots(context, [x, y], 6.5);
    context.fillStyle = hue;
    panel.dots(context, [x, y], 5);
  }

  /** A piece of a supporting line, as long on the screen whatever its slope. @param {CanvasRenderingContext2D} context @param {number} t @param {number} value @param {number} slope */
  function tangent(context, t, value, slope) {
    const [unitX, unitY] = [curves.x(1) - curves.x(0), curves.y(0) - curves.y(1)];
    const reach = 92 / Math.hypot(unitX, slope * unitY);
    context.lineWidth = 1.5;
    context.setLineDash([5, 4]);
    curves.line(context, [t - reach, value - reach * slope, t + reach, value + reach * slope]);
    context.setLineDash([]);
  }

  /** @param {{name: string, value: number, slope: number, curvature: number, strength: number[], share: number, kink?: [number, number, number]}[]} rows */
  function tell(rows) {
    const row = (/** @type {Node[]} */ cells) => html("div", { role: "row" }, cells);
    table.replaceChildren(
      row(["at your example", "loss", "slope", "curvature"].map((word) => html("div", { role: "columnheader" }, [word]))),
      ...rows.map(({ name, value, slope, curvature, kink }) => {
        const numbers = [short(value), kink ? `${short(kink[1])} … ${short(kink[2])}` : short(slope), kink ? "none" : short(curvature)];
        return row([
          html("div", { role: "rowheader" }, [label(name), html("small", {}, [LOSSES[name].formula])]),
          ...numbers.map((text) => html("div", { role: "cell" }, [text])),
        ]);
      }),
    );
    pulls.replaceChildren(...rows.map(({ name, strength, share }) => {
      const others = strength.length - 1;
      const total = strength.reduce((sum, pull) => sum + pull, 0);
      const bar = html("div", { class: "oc-bar", "aria-hidden": "true" }, strength.flatMap((pull, k) => (pull > 0 ? [html("span", { class: k === others ? "oc-yours" : false, style: `width: ${((100 * pull) / total).toFixed(3)}%` })] : [])));
      return html("div", { class: "oc-pull", style: `--oc-accent: var(--oc-${name})` }, [label(name), bar, html("b", {}, [percent(share)])]);
    }));
  }

  /** @param {string} name */
  function label(name) {
    return html("span", { class: "oc-name" }, [html("span", { class: "oc-swatch", style: `--oc-accent: var(--oc-${name})` }), LOSSES[name].label]);
  }

  frame.start(["family", "shown", "residual", "margin", "delta", "classes"]);
}

/**
 * A loss and its slope along a window, in pieces from kink to kink.
 * @param {ExampleLoss} loss @param {Pair} across
 */
export function sample(loss, [low, high]) {
  const edges = [low, ...loss.kinks.map(([kink]) => kink), high];
  return edges.slice(1).map((end, k) => {
    // Just inside the kinks, where the slope still belongs to this side.
    const [from, to] = [edges[k] + (k > 0 ? 1e-9 : 0), end - (k + 2 < edges.length ? 1e-9 : 0)];
    const places = Array.from({ length: 121 }, (_, i) => from + ((to - from) * i) / 120).concat(loss.bends.filter((bend) => bend > from && bend < to)).sort((a, b) => a - b);
    return { values: places.flatMap((t) => [t, loss.value(t)]), slopes: places.flatMap((t) => [t, loss.slope(t)]) };
  });
}

/** @param {Panel} panel @param {CanvasRenderingContext2D} context @param {() => void} paint */
function clipped(panel, context, paint) {
  context.save();
  context.beginPath();
  context.rect(...panel.plotBox());
  context.clip();
  paint();
  context.restore();
}

/** Some of a kink's subgradients, the outermost among them. @param {[number, number, number]} kink */
function fan([, before, after]) {
  return [0, 0.25, 0.5, 0.75, 1].map((part) => before + part * (after - before));
}

/** @param {string} word */
function capital(word) {
  return word[0].toUpperCase() + word.slice(1);
}

/** A share for people. @param {number} share */
export function percent(share) {
  return `${Math.floor(100 * share + 0.5)} %`;
}

export default { render };
