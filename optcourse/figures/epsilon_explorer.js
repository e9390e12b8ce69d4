// The error of a numerical gradient against ε, measured live: on the right the loss bends, on the left rounding rules.

const PER_DECADE = 10;

/** @param {Host} host */
export function render(host) {
  const { model } = host;
  const frame = new Frame(host, "Epsilon explorer", draw);
  const facts = () => FACTS[model.get("loss")];
  const smooth = () => SMOOTH[model.get("loss")];
  const single = () => model.get("single");
  const eps = () => model.get("eps");
  const isShown = (/** @type {string} */ scheme) => model.get("schemes").includes(scheme);

  const menu = frame.select({
    label: "Loss L(θ)",
    options: Object.keys(FACTS).map((name) => [name, FACTS[name].formula]),
    read: () => model.get("loss"),
    write: (loss) => frame.set({ loss, theta: FACTS[loss].theta }),
  });
  const theta = frame.slider({
    label: "Point θ",
    read: () => model.get("theta"),
    write: (value) => frame.set({ theta: value }),
    bounds: () => ({ min: -REACH, max: REACH, step: 0.1 }),
  });
  const toggles = Object.keys(WORDS).map((scheme) =>
    frame.toggle({
      text: WORDS[scheme],
      colour: scheme,
      read: () => isShown(scheme),
      write: (on) => frame.set({ schemes: Object.keys(WORDS).filter((other) => (other === scheme ? on : isShown(other))) }),
    }),
  );
  const precision = frame.choice({
    label: "Precision",
    options: [["double", "double"], ["single", "single"]],
    read: () => (single() ? "single" : "double"),
    write: (name) => frame.set({ single: name === "single" }),
  });

  const panels = html("div", { class: "oc-panels oc-wide-left" });
  const left = html("div", {}, [html("div", { class: "oc-buttons", role: "group", "aria-label": "Schemes shown" }, toggles)]);
  const right = html("div", { class: "oc-digits" });
  panels.append(left, right);
  const chart = new Panel(frame, left, { ratio: 0.76, tall: true, margin: { top: 26, left: 54 } });
  const knob = handle(chart, {
    label: "Step ε",
    read: () => [eps(), chart.y.invert(chart.plot[3] - 15)],
    write: (value) => frame.set({ eps: value }),
    home: () => frame.set({ eps: 1e-2 }),
    words: () => `ε = ${short(eps())}`,
    flat: () => true,
  });
  knob.style.setProperty("--oc-accent", "var(--oc-ink)");
  chart.onPlace((value) => frame.set({ eps: chart.x.round(value) }));
  const legend = frame.legend([
    { mark: "ring", colour: "ink", text: "ε (drag it)" },
    { mark: "dash", colour: "muted", text: "theory: bending on the right, rounding on the left" },
    { mark: "dots", colour: "muted", text: "default ε" },
    { mark: "line", colour: "vermilion", text: "wrong digits" },
  ]);
  frame.add(
    html("div", { class: "oc-row" }, [menu, theta, precision]),
    panels,
    legend,
    frame.live,
  );

  const [low, high] = EPS_RANGE.map(Math.log10).map(Math.round);
  const grid = Array.from({ length: (high - low) * PER_DECADE + 1 }, (_, k) => Math.min(1, 10 ** (low + k / PER_DECADE)));
  /** @type {{scheme: string, measured: number[], errors: number[]}[]} */
  let curves = [];
  let computedFor = "";

  function draw() {
    const { colours } = frame;
    const t = single() ? Math.fround(model.get("theta")) : model.get("theta");
    const [slope] = smooth().slopes(t);
    const schemes = Object.keys(WORDS).filter(isShown);
    const key = [model.get("loss"), model.get("theta"), single(), schemes].join("|");
    if (key !== computedFor) {
      curves = schemes.map((scheme) => {
        const measured = grid.map((step) => measure(smooth(), scheme, t, step, single()));
        return { scheme, measured, errors: measured.map((value) => Math.abs(value - slope)) };
      });
      computedFor = key;
    }
    // Under the errors a strip of 30 pixels is left for the knob.
    const room = (30 / (chart.plotBox()[3] - 30)) * Math.log10(HIGHEST / BENEATH);
    chart.coordinates(EPS_RANGE, [BENEATH / 10 ** room, HIGHEST], { logX: true, logY: true });
    chart.axes({
      xLabel: "step ε",
      yLabel: "error of the slope",
      xWords: power,
      yWords: (value) => (value === FLOOR ? "0" : power(value)),
      xTicks: [1e-20, 1e-16, 1e-12, 1e-8, 1e-4, 1],
      yTicks: [FLOOR, 1e-15, 1e-10, 1e-5, 1],
    });
    chart.backdrop(key, (context) => paint(context, t));
    const now = schemes.map((scheme) => {
      const measured = measure(smooth(), scheme, t, eps(), single());
      const parts = expected(smooth(), scheme, t, single());
      return { scheme, measured, error: Math.abs(measured - slope), digits: rightDigits(measured, slope), bends: parts.bends(eps()), rounds: parts.rounds(eps()) };
    });
    chart.move((context) => {
      context.strokeStyle = colours.ink;
      context.lineWidth = 1;
      chart.line(context, [eps(), chart.y.domain[0], eps(), HIGHEST]);
      for (const { scheme, error } of [...now].sort(complexFirst)) {
        if (Number.isNaN(error)) continue;
        const size = scheme === "complex" ? 8 : 4.5;
        context.fillStyle = colours.paper;
        chart.dots(context, [eps(), Math.max(FLOOR, error)], size + 1.2);
        context.fillStyle = colours[scheme];
        chart.dots(context, [eps(), Math.max(FLOOR, error)], size);
      }
    });
    tell(now, slope);
    knob.refresh();
    frame.say(describe(now, slope));
    return { slope, now, grid, curves };
  }

  /** What does not move with ε. @param {CanvasRenderingContext2D} context @param {number} t */
  function paint(context, t) {
    const { colours } = frame;
    const [l, top, r, bottom] = chart.plot;
    chart.gridlines(context);
    context.fillStyle = colours.raised;
    context.fillRect(l + 1, chart.y(BENEATH), r - l - 2, bottom - chart.y(BENEATH) - 1);
    context.save();
    context.beginPath();
    context.rect(l, top, r - l, chart.y(BENEATH) - top);
    context.clip();
    for (const { scheme, errors } of [...curves].sort(complexFirst)) {
      context.strokeStyle = context.fillStyle = colours[scheme];
      const { bends, rounds } = expected(smooth(), scheme, t, single());
      context.lineWidth = 1.3;
      context.setLineDash([6, 4]);
      for (const part of [bends, rounds]) if (part(1) > 0) chart.line(context, [EPS_RANGE[0], part(EPS_RANGE[0]), 1, part(1)]);
      context.setLineDash([]);
      context.lineWidth = 1.6;
      context.lineJoin = "round";
      const some = grid.flatMap((step, k) => (errors[k] > 0 ? [step, Math.max(FLOOR, errors[k])] : []));
      const none = grid.flatMap((step, k) => (errors[k] === 0 ? [step, FLOOR] : []));
      context.globalAlpha = 0.5;
      chart.line(context, some);
      chart.dots(context, none, 2);
      context.globalAlpha = 1;
      chart.dots(context, some, scheme === "complex" ? 2.8 : 1.8);
    }
    context.restore();
    for (const { scheme } of curves) {
      if (scheme === "complex") continue;
      const best = chart.x(defaultStep(scheme, t, single()));
      context.strokeStyle = colours[scheme];
      context.lineWidth = 1.5;
      context.setLineDash([1.5, 3.5]);
      context.beginPath();
      context.moveTo(best, top);
      context.lineTo(best, bottom);
      context.stroke();
      context.setLineDash([]);
      context.fillStyle = colours[scheme];
      // One label ends where the other begins: they cannot meet.
      const text = `${scheme === "central" ? "∛(3u)" : "√u"}${Math.abs(t) > 1 && r - l > 300 ? " |θ|" : ""}`;
      context.textAlign = scheme === "central" ? "left" : "right";
      context.fillText(text, scheme === "central" ? Math.min(best - 3, chart.width - context.measureText(text).width) : best + 3, top - 8);
    }
    // Where the step is lost before the loss has seen it.
    const lost = grid.filter((step) => Number.isNaN(measure(smooth(), "forward", t, step, single()))).pop();
    if (lost !== undefined) {
      context.fillStyle = colours.muted;
      context.globalAlpha = 0.14;
      context.fillRect(l, top, chart.x(lost) - l, bottom - top);
      context.globalAlpha = 1;
      context.textAlign = "center";
      context.save();
      context.translate((l + chart.x(lost)) / 2, chart.y(1e-8));
      if (chart.x(lost) - l < 72) context.rotate(-Math.PI / 2);
      context.fillText("θ + ε = θ", 0, 4);
      context.restore();
    }
  }

  /** @param {{scheme: string, measured: number, error: number, digits: number, bends: number, rounds: number}[]} now @param {number} slope */
  function tell(now, slope) {
    const places = single() ? 9 : 17;
    const blocks = now.map(({ scheme, measured, error, digits, bends, rounds }) => {
      const lost = Number.isNaN(measured);
      const text = lost ? "" : written(measured, places);
      const cut = error === 0 ? text.length : rightUpTo(text, digits);
      return html("div", { class: "oc-estimate", style: `--oc-accent: var(--oc-${scheme})` }, [
        html("p", { class: "oc-parts" }, [`${WORDS[scheme]}: `, html("b", {}, [lost ? "θ + ε rounds to θ" : `off by ${short(error)}`]), lost ? "" : `, ${counted(digits)} right`]),
        html("p", { class: "oc-number" }, lost ? ["–"] : [text.slice(0, cut), html("i", {}, [text.slice(cut)])]),
        html("p", { class: "oc-parts" }, [`bending ≈\u00a0${short(bends)}, rounding ≈\u00a0${short(rounds)}`]),
      ]);
    });
    right.replaceChildren(
      html("div", { class: "oc-estimate", style: "--oc-accent: var(--oc-ink)" }, [
        html("p", { class: "oc-parts" }, ["true slope L′(θ), at ", html("b", {}, [`ε = ${short(eps())}`])]),
        html("p", { class: "oc-number" }, [written(slope, places)]),
      ]),
      ...blocks,
    );
  }

  /** @param {{scheme: string, measured: number, error: number, digits: number}[]} now @param {number} slope */
  function describe(now, slope) {
    const opening = `${facts().formula} at θ = ${short(model.get("theta"))}${single() ? ", single precision" : ""}, slope ${short(slope)}, ε = ${short(eps())}.`;
    const told = now.map(({ scheme, measured, error, digits }) =>
      Number.isNaN(measured) ? `${WORDS[scheme]} everything (θ + ε rounds to θ)` : `${WORDS[scheme]} ${short(error)} (${counted(digits)} right)`,
    );
    return told.length ? `${opening} Off by: ${told.join(", ")}.` : `${opening} No scheme is shown.`;
  }

  frame.start(["loss", "theta", "eps", "schemes", "single"]);
}

const [BENEATH, HIGHEST] = [1e-19, 1e4];

/** The complex step bends like the central difference: it is drawn first, and larger, so that both are seen. @param {{scheme: string}} a @param {{scheme: string}} b */
function complexFirst(a, b) {
  return Number(b.scheme === "complex") - Number(a.scheme === "complex");
}

/** @param {number} digits */
function counted(digits) {
  return digits === 1 ? "1 digit" : digits ? `${digits} digits` : "no digit";
}

/** A number to so many significant digits, with a true minus. @param {number} value @param {number} places */
function written(value, places) {
  return value.toPrecision(places).replace("-", "−");
}

/** Where in a written number its first so many significant digits end. @param {string} text @param {number} digits */
function rightUpTo(text, digits) {
  let seen = 0;
  let started = false;
  for (let k = 0; k < text.length; k++) {
    if (!/\d/.test(text[k])) continue;
    started ||= text[k] !== "0";
    if (started) seen += 1;
    if (seen > digits) return k;
  }
  return text.length;
}

export default { render };
