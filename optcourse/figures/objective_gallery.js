// A gallery of objectives: choose a landscape, read its formula, feel its slope, set gradient descent loose in it.

/** @param {Host} host */
export function render(host) {
  const { model } = host;
  const frame = new Frame(host, "Gallery of objective functions", draw);
  const name = () => model.get("problem");
  const facts = () => FACTS[name()];
  const theta0 = () => frame.vector("theta0");
  const choose = (/** @type {string} */ problem) => frame.set({ problem, theta0: frame.bytes(FACTS[problem].start), lr: FACTS[problem].lr, steps: FACTS[problem].steps });

  // The shelf: one small map a landscape.
  const shelf = html("div", { class: "oc-shelf", role: "group", "aria-label": "Landscapes" });
  const cards = Object.keys(FACTS).map((problem) => {
    const card = frame.button("", () => choose(problem));
    card.className = "oc-card";
    const thumb = new Panel(frame, card, { ratio: 0.72, margin: { top: 0, right: 0, bottom: 0, left: 0 } });
    card.append(html("span", {}, [FACTS[problem].nick]));
    shelf.append(card);
    return { problem, card, thumb };
  });

  const panels = html("div", { class: "oc-panels oc-wide-left" });
  const left = html("div", {});
  const right = html("div", { class: "oc-facts" });
  panels.append(left, right);
  const map = new Panel(frame, left, { ratio: 0.8 });
  const title = html("p", { class: "oc-heading" });
  const formula = html("p", { class: "oc-formula" });
  const words = html("p", {});
  const minima = html("p", { class: "oc-title" });
  const slope = html("p", { class: "oc-readout" });
  const rate = stepSize(frame, { read: () => model.get("lr"), write: (lr) => frame.set({ lr }), natural: () => axisEnd(facts(), problemOf(name())) });
  const legend = frame.legend([
    { mark: "ring", colour: "gradient_descent", text: "start (drag it)" },
    { mark: "line", colour: "gradient_descent", text: "gradient descent" },
    { mark: "line", colour: "vermilion", text: "−∇L, downhill" },
    { mark: "star", colour: "green", text: "minimum (small: local)" },
    { mark: "cross", colour: "ink", text: "saddle" },
  ]);
  right.append(title, formula, words, minima, slope, legend);
  const knob = startHandle(map, { label: "Start of the descent", change: (values) => frame.set(values), home: () => facts().start });

  // Where the arrow of steepest descent is shown: under a resting mouse, or else at the start.
  /** @type {number[] | null} */
  let probe = null;
  map.box.addEventListener("pointermove", (event) => {
    if (event.pointerType !== "mouse" || event.buttons) return;
    const { left: x0, top: y0 } = map.box.getBoundingClientRect();
    const [px, py] = [event.clientX - x0, event.clientY - y0];
    const [l, t, r, b] = map.plot;
    probe = px > l && px < r && py > t && py < b && event.target === map.box ? [map.x.invert(px), map.y.invert(py)] : null;
    drawMarks();
  }, { signal: frame.signal });
  map.box.addEventListener("pointerleave", () => {
    probe = null;
    drawMarks();
  }, { signal: frame.signal });

  frame.add(shelf, panels, rate, frame.live);

  /** @type {ReturnType<typeof run>} */
  let descent;

  function draw() {
    const known = facts();
    const problem = problemOf(name());
    descent = run(gradientDescent(problem.grad, theta0(), model.get("lr")), theta0(), model.get("steps"));
    const { path, rows, dim, reason } = descent;
    const losses = lossesAlong(problem.loss, descent);
    const end = [path[2 * rows - 2], path[2 * rows - 1]];
    const minimum = nearest(known, reason === "steps" ? end : theta0());
    for (const { problem: other, card, thumb } of cards) {
      card.setAttribute("aria-pressed", String(other === name()));
      thumb.equal(FACTS[other].closeup);
      thumb.backdrop(other, (context) => paintLandscape(thumb, context, problemOf(other), FACTS[other]));
    }
    map.equal(known.window);
    map.axes({ xLabel: "x", yLabel: "y" });
    map.backdrop(name(), (context) => {
      paintLandscape(map, context, problem, known);
      map.gridlines(context, false);
    });
    title.textContent = known.label;
    formula.textContent = known.formula;
    words.textContent = known.words;
    minima.textContent = `Lowest: ${short(known.minimum)} at ${known.minimisers.map((/** @type {number[]} */ at) => `(${at.map(short).join(", ")})`).join(", ")}`;
    rate.refresh(extremes(problem.hess(minimum))[1], known.quadratic);
    drawMarks();
    knob.refresh();
    frame.say(describe({ facts: known, lr: model.get("lr"), path, dim, reason, losses, slope: Math.hypot(...problem.grad(end)), curvatures: extremes(problem.hess(end)) }));
    return { path, rows, dim, reason, losses };
  }

  function drawMarks() {
    const { colours } = frame;
    const { loss, grad } = problemOf(name());
    const at = probe ?? theta0();
    const downhill = grad(at).map((part) => -part);
    const size = Math.hypot(...downhill);
    const reach = 22 + 22 * Math.min(2, Math.log10(1 + size));
    map.move((context) => {
      context.strokeStyle = colours.paper;
      context.globalAlpha = 0.6;
      context.lineWidth = 5;
      map.line(context, descent.path);
      context.globalAlpha = 1;
      context.strokeStyle = context.fillStyle = colours.gradient_descent;
      context.lineWidth = 2;
      map.line(context, descent.path);
      map.dots(context, map.sparse(descent.path, descent.rows), 2.6);
      map.dots(context, descent.path.subarray(2 * descent.rows - 2), 5);
      if (size > 1e-9) {
        const [px, py] = [map.x(at[0]), map.y(at[1])];
        context.strokeStyle = context.fillStyle = colours.vermilion;
        context.lineWidth = 2.5;
        map.arrow(context, px, py, px + (reach * downhill[0]) / size, py - (reach * downhill[1]) / size, 10);
      }
    });
    slope.replaceChildren(
      ...[[probe ? "pointer" : "start", `(${at.map(short).join(", ")})`], ["L", short(loss(at))], ["‖∇L‖", short(size)]].map(([what, value]) => html("span", {}, [`${what} `, html("b", {}, [value])])),
    );
  }

  frame.start(["problem", "lr", "steps", "theta0"]);
}

export default { render };
