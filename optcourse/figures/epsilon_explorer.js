// The error of a numerical gradient against ε, measured live: on the right the loss bends, on the left rounding rules.

const PER_DECADE = 16;

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
    options: Object.keys(FACTS).map((name) => [name, `${FACTS[name].formula}  (${FACTS[name].label})`]),
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
  const left = html("div", {}, [html("p", { class: "oc-title" }, ["Error of the measured slope, for every ε"])]);
  const right = html("div", { class: "oc-digits" });
  panels.append(left, right);
  const chart = new Panel(frame, left, { ratio: 0.74, margin: { top: 26, left: 54 } });
  const knob = handle(chart, {
    label: "Step ε",
    read: () => [eps(), RAIL],
    write: (value) => frame.set({ eps: value }),
    home: () => frame.set({ eps: 1e-2 }),
    words: () => `ε = ${short(eps())}`,
    flat: () => true,
  });
  chart.onPlace((value) => frame.set({ eps: chart.x.round(value) }));
  const legend = frame.legend([
    { mark: "ring", colour: "blue", text: "ε (drag it)" },
    { mark: "dash", colour: "muted", text: "theory: bending on the right, rounding on the left" },
    { mark: "dots", colour: "muted", text: "default ε" },
  ]);
  frame.add(
    html("div", { class: "oc-row" }, [menu, theta, html("div", { class: "oc-buttons", role: "group", "aria-label": "Schemes shown" }, toggles), precision]),
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
    chart.coordinates(EPS_RANGE, [LOWEST, HIGHEST], { logX: true, logY: true });
    const ups = [-16, -12, -8, -4, 0, 4].map((exponent) => Number(`1e${exponent}`));
    chart.axes({ xLabel: "step ε", yLabel: "error", xWords: power, yWords: power, yTicks: ups });
    chart.backdrop(key, (context) => paint(context, t));
    const now = schemes.map((scheme) => {
      const measured = measure(smooth(), scheme, t, eps(), single());
      const parts = expected(smooth(), scheme, t, single());
      return { scheme, measured, error: Math.abs(measured - slope), digits: rightDigits(measured, slope), bends: parts.bends(eps()), rounds: parts.rounds(eps()) };
    });
    chart.move((context) => {
      context.strokeStyle = colours.ink;
      context.lineWidth = 1;
      chart.line(context, [eps(), LOWEST, eps(), HIGHEST]);
      for (const { scheme, error } of now) {
        if (Number.isNaN(error)) continue;
        context.fillStyle = colours.paper;
        chart.dots(context, [eps(), Math.max(FLOOR, error)], 7);
        context.fillStyle = colours[scheme];
        chart.dots(context, [eps(), Math.max(FLOOR, error)], 5.5);
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
    context.save();
    context.beginPath();
    context.rect(...chart.plotBox());
    context.clip();
    for (const { scheme, errors } of curves) {
      context.strokeStyle = context.fillStyle = colours[scheme];
      const { bends, rounds } = expected(smooth(), scheme, t, single());
      context.lineWidth = 1.3;
      context.setLineDash([6, 4]);
      for (const part of [bends, rounds]) if (part(1) > 0) chart.line(context, [EPS_RANGE[0], part(EPS_RANGE[0]), 1, part(1)]);
      context.setLineDash([]);
      context.lineWidth = 1.6;
      context.lineJoin = "round";
      const points = grid.flatMap((step, k) => (Number.isNaN(errors[k]) ? [] : [step, Math.max(FLOOR, errors[k])]));
      chart.line(context, points);
      chart.dots(context, points, 1.8);
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
      context.font = `600 12px ${getComputedStyle(frame.root).fontFamily}`;
      context.textAlign = "center";
      context.fillText(`${scheme === "central" ? "(3u)^⅓" : "√u"}${Math.abs(t) > 1 ? " |θ|" : ""}`, best, top - 8);
    }
    // Where the step is lost before the loss has seen it.
    const lost = grid.filter((step) => Number.isNaN(measure(smooth(), "forward", t, step, single()))).pop();
    if (lost !== undefined) {
      context.fillStyle = colours.muted;
      context.globalAlpha = 0.14;
      context.fillRect(l, top, chart.x(lost) - l, bottom - top);
      context.globalAlpha = 1;
      context.textAlign = "left";
      context.font = `12px ${getComputedStyle(frame.root).fontFamily}`;
      context.fillText("θ + ε rounds to θ", l + 8, top + 18);
    }
  }

  /** @param {{scheme: string, measured: number, error: number, digits: number, bends: number, rounds: number}[]} now @param {number} slope */
  function tell(now, slope) {
    const places = single() ? 9 : 17;
    const blocks = now.map(({ scheme, measured, error, digits, bends, rounds }) => {
      const lost = Number.isNaN(measured);
      const text = lost ? "" : written(measured, places);
      const cut = lost ? 0 : rightUpTo(text, digits);
      return html("div", { class: "oc-estimate", style: `--oc-accent: var(--oc-${scheme})` }, [
        html("p", { class: "oc-parts" }, [`${WORDS[scheme]}: `, html("b", {}, [lost ? "θ + ε rounds to θ" : `off by ${short(error)}`]), lost ? "" : `, ${counted(digits)} right`]),
        html("p", { class: "oc-number" }, lost ? ["–"] : [text.slice(0, cut), html("i", {}, [text.slice(cut)])]),
        html("p", { class: "oc-parts" }, [`bending ${short(bends)}, rounding ${short(rounds)}`]),
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

const [LOWEST, HIGHEST, RAIL] = [1e-20, 1e4, 1e-19];

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
