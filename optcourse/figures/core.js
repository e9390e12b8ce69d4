// The drawing core that stands before every figure's own module. It knows scales, panels, controls, themes; no optimisation.

/**
 * @typedef {Record<string, string>} Colours
 * @typedef {{get(name: string): any, set(name: string, value: any): void, save_changes(): void,
 *   on(event: string, f: () => void): void, off(event: string, f: () => void): void}} Model
 * @typedef {{model: Model, el: HTMLElement, signal?: AbortSignal}} Host
 * @typedef {((value: number) => number) & {invert(pixel: number): number, domain: number[], range: number[], ticks(n: number): number[],
 *   round(value: number): number, move(value: number, steps: number): number, even(value: number): number}} Scale
 *   round: to what a hand can mean; move: by so many presses of an arrow key; even: as a number that grows evenly along the axis
 * @typedef {[number, number]} Pair
 * @typedef {[Record<string, string | number>, string]} Lettering the attributes of a text in a picture, and its words
 */

// ---------------------------------------------------------------------------------------------- numbers

/**
 * A number for people, to three digits; `optcourse.figures.base.short` has the same rule.
 * @param {number} value
 */
export function short(value) {
  if (Number.isNaN(value)) return "not a number";
  const sign = value < 0 ? "−" : "";
  const size = Math.abs(value);
  if (size === Infinity) return sign + "∞";
  if (size === 0) return "0";
  const [digits, exponent] = size.toExponential(2).split("e");
  const power = Number(exponent);
  const bare = (/** @type {string} */ text) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);
  if (power >= -3 && power < 3) return sign + bare(size.toFixed(2 - power));
  if (power >= 3 && power < 5) return sign + size.toFixed(0);
  const raised = String(power).replace(/./g, (c) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(c)]);
  return `${sign}${bare(digits)}×10${raised}`;
}

/** A power of ten as people write it, for the ticks of a logarithmic axis. @param {number} value */
export function power(value) {
  const exponent = Math.round(Math.log10(value));
  return exponent === 0 ? "1" : exponent === 1 ? "10" : `10${String(exponent).replace(/./g, (c) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(c)])}`;
}

/** Like `short`, with as many decimals as the step of a slider shows. @param {number} value @param {number} step */
export function decimals(value, step) {
  const places = Math.max(0, Math.min(12, -Math.floor(Math.log10(step) + 1e-9)));
  return (value < 0 ? "−" : "") + Math.abs(value).toFixed(places);
}

/** The largest of 1, 2, 5 × 10ⁿ that is at most `value`. @param {number} value */
export function niceStep(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  const lead = value / power;
  return Number(((lead >= 5 ? 5 : lead >= 2 ? 2 : 1) * power).toPrecision(6));
}

/** About n round numbers between two others. @param {number} low @param {number} high @param {number} n */
export function ticksBetween(low, high, n) {
  if (!(high > low) || !Number.isFinite(high - low)) return [];
  const rough = (high - low) / Math.max(1, n);
  const step = [1, 2, 5, 10].map((lead) => lead * 10 ** Math.floor(Math.log10(rough))).find((s) => s >= rough * 0.999) ?? rough;
  const found = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) found.push(Number((i * step).toPrecision(12)));
  return found;
}

/** The stop of a scale nearest to a value. @param {number[]} stops @param {number} value */
export function nearestStop(stops, value) {
  return stops.reduce((best, stop, k) => (Math.abs(Math.log(stop / value)) < Math.abs(Math.log(stops[best] / value)) ? k : best), 0);
}

/** 1, 2, 5 × 10ⁿ from one number to another. @param {number} low @param {number} high */
export function oneTwoFive(low, high) {
  const found = [];
  for (let power = Math.round(Math.log10(low)); 10 ** power <= high * 1.001; power++) for (const lead of [1, 2, 5]) found.push(Number(`${lead}e${power}`));
  return found.filter((stop) => stop >= low * 0.999 && stop <= high * 1.001);
}

// ----------------------------------------------------------------------------------------------- scales

/** A straight map from a domain to pixels. @param {number[]} domain @param {number[]} range @returns {Scale} */
export function linear(domain, range) {
  const [a, b] = domain;
  const [p, q] = range;
  const map = (/** @type {number} */ value) => p + ((value - a) / (b - a)) * (q - p);
  return Object.assign(map, {
    domain,
    range,
    invert: (/** @type {number} */ pixel) => a + ((pixel - p) / (q - p)) * (b - a),
    ticks: (/** @type {number} */ n) => ticksBetween(Math.min(a, b), Math.max(a, b), n),
    // Two pixels of a small screen are the finest a hand can mean: round to that, so that numbers stay readable.
    round: (/** @type {number} */ value) => {
      const step = niceStep(Math.abs(b - a) / 400);
      return Number((Math.round(value / step) * step).toPrecision(12));
    },
    move: (/** @type {number} */ value, /** @type {number} */ steps) => value + steps * niceStep(Math.abs(b - a) / 80),
    even: (/** @type {number} */ value) => value,
  });
}

/** A map in powers of ten. @param {number[]} domain @param {number[]} range @returns {Scale} */
export function logarithmic(domain, range) {
  const inner = linear(domain.map(Math.log10), range);
  return Object.assign((/** @type {number} */ value) => inner(Math.log10(value)), {
    domain,
    range,
    invert: (/** @type {number} */ pixel) => 10 ** inner.invert(pixel),
    ticks: (/** @type {number} */ n) => {
      const [low, high] = inner.domain;
      const step = Math.max(1, Math.ceil((high - low) / n));
      const found = [];
      for (let power = Math.ceil(low / step - 1e-9) * step; power <= high + 1e-9; power += step) found.push(Number(`1e${power}`));
      return found;
    },
    // Two digits; ten steps a decade: 1, 1.3, 1.6, 2, 2.5, 3.2, 4, 5, 6.3, 7.9.
    round: (/** @type {number} */ value) => Number(value.toPrecision(2)),
    move: (/** @type {number} */ value, /** @type {number} */ steps) => Number((10 ** ((Math.round(10 * Math.log10(value)) + steps) / 10)).toPrecision(2)),
    even: (/** @type {number} */ value) => Number(Math.log10(value).toFixed(4)),
  });
}

// --------------------------------------------------------------------------------------------- landscapes

/**
 * Values of a function of two numbers on a grid that spans a window, row by row from the bottom.
 * @param {(x: number, y: number) => number} f @param {number[]} across @param {number[]} up @param {number} n points a side
 */
export function grid(f, across, up, n) {
  const values = new Float64Array(n * n);
  for (let j = 0; j < n; j++) {
    const y = up[0] + ((up[1] - up[0]) * j) / (n - 1);
    for (let i = 0; i < n; i++) values[j * n + i] = f(across[0] + ((across[1] - across[0]) * i) / (n - 1), y);
  }
  return values;
}

/**
 * The lines of equal height by marching squares: x₀ y₀ x₁ y₁ of each piece, in steps of the grid.
 * @param {Float64Array} values @param {number} n points a side @param {number[]} levels ascending
 * @returns {number[]}
 */
export function contours(values, n, levels) {
  /** @type {number[]} */
  const pieces = [];
  /** @type {number[]} */
  const cuts = [];
  let first = 0;
  for (let j = 0; j + 1 < n; j++) {
    for (let i = 0; i + 1 < n; i++) {
      const a = values[j * n + i];
      const b = values[j * n + i + 1];
      const c = values[(j + 1) * n + i + 1];
      const d = values[(j + 1) * n + i];
      const low = Math.min(a, b, c, d);
      const high = Math.max(a, b, c, d);
      // From one cell to the next the lowest level that may cross it moves little.
      while (first > 0 && levels[first - 1] > low) first -= 1;
      while (first < levels.length && levels[first] <= low) first += 1;
      for (let at = first; at < levels.length && levels[at] <= high; at++) {
        const level = levels[at];
        cuts.length = 0;
        if (a < level !== b < level) cuts.push(i + (level - a) / (b - a), j);
        if (b < level !== c < level) cuts.push(i + 1, j + (level - b) / (c - b));
        if (c < level !== d < level) cuts.push(i + 1 - (level - c) / (d - c), j + 1);
        if (d < level !== a < level) cuts.push(i, j + 1 - (level - d) / (a - d));
        // At a saddle all four sides are cut: the height of the middle says which pairs belong together.
        if (cuts.length === 8 && (a + b + c + d) / 4 < level === a < level) pieces.push(cuts[0], cuts[1], cuts[2], cuts[3], cuts[4], cuts[5], cuts[6], cuts[7]);
        else if (cuts.length === 8) pieces.push(cuts[6], cuts[7], cuts[0], cuts[1], cuts[2], cuts[3], cuts[4], cuts[5]);
        else for (let k = 0; k < cuts.length; k++) pieces.push(cuts[k]);
      }
    }
  }
  return pieces;
}

/** @param {string} colour "#rrggbb" */
function channels(colour) {
  return [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
}

/** @type {Map<string, {paint: CanvasRenderingContext2D, image: ImageData}>} */
const sheets = new Map();

/** A small canvas to paint dot by dot, the same one for every picture of its size: to make one takes longer than to fill it. @param {number} width @param {number} height */
export function sheet(width, height) {
  const key = `${width}|${height}`;
  let found = sheets.get(key);
  if (!found) {
    const small = html("canvas", { width, height });
    const paint = /** @type {CanvasRenderingContext2D} */ (small.getContext("2d"));
    found = { paint, image: paint.createImageData(width, height) };
    sheets.set(key, found);
  }
  return found;
}

/**
 * Paint a grid of numbers in [0, 1] as a smooth shade from one colour to another.
 * @param {CanvasRenderingContext2D} context @param {Float64Array} shades @param {number} n
 * @param {string} low @param {string} high @param {number} x @param {number} y @param {number} width @param {number} height
 */
export function shade(context, shades, n, low, high, x, y, width, height) {
  const { paint, image } = sheet(n, n);
  const [from, to] = [channels(low), channels(high)];
  for (let j = 0; j < n; j++) {
    for (let i = 0; i < n; i++) {
      const t = shades[j * n + i];
      const at = ((n - 1 - j) * n + i) * 4;
      for (let k = 0; k < 3; k++) image.data[at + k] = from[k] + (to[k] - from[k]) * t;
      image.data[at + 3] = 255;
    }
  }
  paint.putImageData(image, 0, 0);
  context.imageSmoothingEnabled = true;
  context.imageSmoothingQuality = "high";
  // The outer points of the grid lie on the edge of the window, the outer pixels half a pixel inside it.
  context.drawImage(paint.canvas, 0.5, 0.5, n - 1, n - 1, x, y, width, height);
}

// ----------------------------------------------------------------------------------------------- elements

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag @param {Record<string, any>} [attributes] @param {(Node | string)[]} [children]
 * @returns {HTMLElementTagNameMap[T]}
 */
export function html(tag, attributes = {}, children = []) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : String(value));
  element.append(...children);
  return element;
}

/** @param {string} tag @param {Record<string, any>} [attributes] @param {(Node | string)[]} [children] @returns {SVGElement} */
export function svg(tag, attributes = {}, children = []) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

/** Change what an element says, if it says something else: to write the same again costs as much. @param {Node} element @param {string} text */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

let serial = 0;
/** An id that no other figure on the page has. @param {string} stem */
export function unique(stem) {
  serial += 1;
  return `oc-${stem}-${serial}-${Math.floor(performance.now())}`;
}

// ------------------------------------------------------------------------------------------------- themes

/** Is the page dark? The theme of the book says so, or JupyterLab's, or else the reader's system. */
export function isDark() {
  const book = document.documentElement.dataset.theme;
  if (book === "dark" || book === "light") return book === "dark";
  const lab = document.body.dataset.jpThemeLight;
  if (lab !== undefined) return lab === "false";
  if (document.body.dataset.vscodeThemeKind) return document.body.dataset.vscodeThemeKind.includes("dark");
  return matchMedia("(prefers-color-scheme: dark)").matches;
}

/** Call `change` whenever `isDark` may have changed. @param {() => void} change @param {AbortSignal} signal */
export function onTheme(change, signal) {
  const observer = new MutationObserver(change);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  observer.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light", "data-vscode-theme-kind"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", change, { signal });
  signal.addEventListener("abort", () => observer.disconnect());
}

/** Does the reader ask for stillness? */
export function still() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

// ------------------------------------------------------------------------------------------------- figures

/**
 * The frame of one figure: its root, its colours, its settings, its one way to redraw.
 *
 * `draw` is called after every change of a setting, size or theme. What it returns is kept as `root.drawn`: the very
 * arrays that were drawn, for whoever wants to check them.
 */
export class Frame {
  /** @param {Host} host @param {string} label what the figure is, for screen readers @param {() => any} draw */
  constructor({ model, el, signal }, label, draw) {
    this.model = model;
    this.draw = draw;
    this.signal = signal ?? new AbortController().signal;
    this.root = /** @type {HTMLElement & {drawn?: any, frame?: Frame}} */ (html("div", { class: "optcourse-figure", role: "group", "aria-label": label }));
    this.root.frame = this;
    this.live = html("p", { class: "oc-live", "aria-live": "polite" });
    /** @type {Panel[]} */
    this.panels = [];
    /** @type {(() => void)[]} */
    this.controls = [];
    this.ready = false;
    this.setting = false;
    this.colours = this.scheme();
    onTheme(() => {
      this.colours = this.scheme();
      for (const panel of this.panels) panel.stale = true;
      this.redraw();
    }, this.signal);
    this.sizes = new ResizeObserver((entries) => {
      let changed = false;
      for (const entry of entries) changed = this.panels.some((panel) => panel.box === entry.target && panel.measure()) || changed;
      if (changed) this.redraw();
    });
    this.signal.addEventListener("abort", () => this.sizes.disconnect());
    el.append(this.root);
  }

  /** @returns {Colours} */
  scheme() {
    const name = isDark() ? "dark" : "light";
    /** @type {Colours} */
    const colours = PALETTE[name];
    this.root.dataset.scheme = name;
    for (const [role, colour] of Object.entries(colours)) this.root.style.setProperty(`--oc-${role}`, colour);
    return colours;
  }

  /** All is in place: draw, and again whenever one of these settings changes from outside. @param {string[]} settings */
  start(settings) {
    for (const name of settings) {
      const change = () => {
        if (!this.setting) this.redraw();
      };
      this.model.on(`change:${name}`, change);
      this.signal.addEventListener("abort", () => this.model.off(`change:${name}`, change));
    }
    this.ready = true;
    for (const panel of this.panels) panel.measure();
    this.redraw();
  }

  /** Change settings and draw once. @param {Record<string, any>} values */
  set(values) {
    this.setting = true;
    for (const [name, value] of Object.entries(values)) this.model.set(name, value);
    this.model.save_changes();
    this.setting = false;
    this.redraw();
  }

  /** A setting that is a vector, of float64 unless it is said to be `single`. @param {string} name @param {boolean} [single] */
  vector(name, single = false) {
    const view = this.model.get(name);
    const bytes = view instanceof ArrayBuffer ? view : view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
    return Array.from(single ? new Float32Array(bytes) : new Float64Array(bytes));
  }

  /** The wire form of a vector. @param {ArrayLike<number>} values */
  bytes(values) {
    return new DataView(Float64Array.from(values).buffer);
  }

  redraw() {
    if (!this.ready || this.panels.some((panel) => !(panel.width > 0))) return;
    for (const refresh of this.controls) refresh();
    this.root.drawn = this.draw();
  }

  /** Say in words what is drawn. Readers of the screen hear it once it has settled. @param {string} text */
  say(text) {
    setText(this.live, text);
  }

  /** @param {...(Node | string)} children */
  add(...children) {
    this.root.append(...children);
    return this;
  }

  /**
   * A labelled range input bound to `read` and `write`.
   * @param {{label: string, read: () => number, write: (value: number) => void, bounds: () => {min: number, max: number, step: number},
   *   words?: (value: number) => string, spoken?: (value: number) => string}} options
   */
  slider({ label, read, write, bounds, words, spoken }) {
    const input = html("input", { type: "range", "aria-label": label });
    const output = html("output", { "aria-hidden": "true" });
    const box = html("div", { class: "oc-control" }, [html("div", { class: "oc-caption" }, [html("span", { "aria-hidden": "true" }, [label]), output]), input]);
    let shown = "";
    const refresh = () => {
      const { min, max, step } = bounds();
      const value = read();
      const told = words ? words(value) : decimals(value, step);
      const said = spoken ? spoken(value) : told;
      // To touch the page takes longer than to compute what stands there.
      const now = [min, max, step, value, told, said].join("|");
      if (now === shown && Number(input.value) === value) return;
      shown = now;
      input.min = String(min);
      input.max = String(max);
      input.step = String(step);
      if (Number(input.value) !== value) input.value = String(value);
      output.textContent = told;
      input.setAttribute("aria-valuetext", said);
    };
    this.controls.push(refresh);
    input.addEventListener("input", () => write(Number(input.value)), { signal: this.signal });
    return Object.assign(box, { input, output });
  }

  /**
   * A labelled menu.
   * @param {{label: string, options: [string, string][], read: () => string, write: (value: string) => void}} menu value and text of each option
   */
  select({ label, options, read, write }) {
    const input = html("select", { "aria-label": label }, options.map(([value, text]) => html("option", { value }, [text])));
    const box = html("div", { class: "oc-control oc-fit" }, [html("span", { class: "oc-caption", "aria-hidden": "true" }, [label]), input]);
    this.controls.push(() => {
      if (input.value !== read()) input.value = read();
    });
    input.addEventListener("change", () => write(input.value), { signal: this.signal });
    return Object.assign(box, { input });
  }

  /** @param {string} text @param {() => void} press @param {string} [label] */
  button(text, press, label) {
    const button = html("button", { type: "button", "aria-label": label }, [text]);
    button.addEventListener("click", press, { signal: this.signal });
    return button;
  }

  /**
   * A switch that is on or off: a button with, if it stands for a line, that line's colour.
   * @param {{text: string, read: () => boolean, write: (on: boolean) => void, colour?: string, label?: string}} options colour: by its name in the palette
   */
  toggle({ text, read, write, colour, label }) {
    const button = this.button(text, () => write(!read()), label);
    button.classList.add("oc-toggle");
    if (colour) button.prepend(html("span", { class: "oc-swatch", style: `--oc-accent: var(--oc-${colour})` }));
    this.controls.push(() => button.setAttribute("aria-pressed", String(read())));
    return button;
  }

  /**
   * Buttons of which one is pressed.
   * @param {{label: string, options: [string, string][], read: () => string, write: (value: string) => void}} choice value and text of each option
   */
  choice({ label, options, read, write }) {
    const buttons = options.map(([value, text]) => {
      const button = this.button(text, () => write(value));
      this.controls.push(() => button.setAttribute("aria-pressed", String(read() === value)));
      return button;
    });
    return html("div", { class: "oc-choice", role: "group", "aria-label": label }, buttons);
  }

  /**
   * A legend: the mark of each entry is a bit of SVG in a 22 × 14 box, or "line" or "dot" of a colour by its name in the palette.
   * @param {{mark: "line" | "thin" | "dot" | "ring" | "star" | "dash" | "dots" | "open" | "cross", colour: string, text: string}[]} entries
   */
  legend(entries) {
    const marks = {
      line: (/** @type {string} */ c) => svg("path", { d: "M1 7H21", stroke: c, "stroke-width": 2.5 }),
      thin: (/** @type {string} */ c) => svg("path", { d: "M1 9L5 4L9 10L13 5L17 9L21 6", stroke: c, "stroke-width": 1, fill: "none" }),
      dash: (/** @type {string} */ c) => svg("path", { d: "M1 7H21", stroke: c, "stroke-width": 2, "stroke-dasharray": "5 3" }),
      dots: (/** @type {string} */ c) => svg("path", { d: "M1 7H21", stroke: c, "stroke-width": 2, "stroke-dasharray": "2 3" }),
      dot: (/** @type {string} */ c) => svg("circle", { cx: 11, cy: 7, r: 4, fill: c }),
      ring: (/** @type {string} */ c) => svg("circle", { cx: 11, cy: 7, r: 5, fill: "var(--oc-paper)", stroke: c, "stroke-width": 3 }),
      open: (/** @type {string} */ c) => svg("circle", { cx: 11, cy: 7, r: 4, fill: "var(--oc-paper)", stroke: c, "stroke-width": 2 }),
      cross: (/** @type {string} */ c) => svg("path", { d: "M7 3L15 11M7 11L15 3", stroke: c, "stroke-width": 2 }),
      star: (/** @type {string} */ c) => svg("path", { d: starPath(11, 7, 7), fill: c }),
    };
    return html("ul", { class: "oc-legend" }, entries.map(({ mark, colour, text }) => html("li", {}, [svg("svg", { viewBox: "0 0 22 14", "aria-hidden": "true" }, [marks[mark](`var(--oc-${colour})`)]), text])));
  }
}

/** A five-pointed star as an SVG path. @param {number} x @param {number} y @param {number} r */
export function starPath(x, y, r) {
  const at = Array.from({ length: 10 }, (_, k) => {
    const size = k % 2 ? r * 0.42 : r;
    const turn = (Math.PI * k) / 5 - Math.PI / 2;
    return `${(x + size * Math.cos(turn)).toFixed(2)} ${(y + size * Math.sin(turn)).toFixed(2)}`;
  });
  return `M${at.join("L")}Z`;
}

/**
 * One coordinate system: a canvas for what seldom changes (`field`), one for what moves (`marks`), an SVG for letters.
 * Both canvases are scaled so that one unit is one CSS pixel.
 */
export class Panel {
  /**
   * @param {Frame} frame @param {HTMLElement} parent
   * @param {{ratio?: number, height?: number, tall?: boolean, margin?: {top?: number, right?: number, bottom?: number, left?: number}}} [options]
   *   ratio: height by width; height: in pixels, whatever the width; tall: a square on a narrow page
   */
  constructor(frame, parent, { ratio = 0.75, height, tall = false, margin = {} } = {}) {
    this.frame = frame;
    this.margin = { top: 10, right: 12, bottom: 36, left: 44, ...margin };
    this.box = html("div", { class: tall ? "oc-panel oc-tall" : "oc-panel", style: height ? `height: ${height}px` : `aspect-ratio: 1 / ${ratio}` });
    const [back, front] = [html("canvas", { "aria-hidden": "true" }), html("canvas", { "aria-hidden": "true" })];
    this.letters = svg("svg", { "aria-hidden": "true" });
    this.box.append(back, front, this.letters);
    parent.append(this.box);
    this.field = /** @type {CanvasRenderingContext2D} */ (back.getContext("2d"));
    this.marks = /** @type {CanvasRenderingContext2D} */ (front.getContext("2d"));
    this.width = 0;
    this.height = 0;
    this.stale = true;
    this.drawnFor = "";
    this.lettersFor = "";
    this.x = linear([0, 1], [0, 1]);
    this.y = linear([0, 1], [1, 0]);
    /** @type {[number[], number[]] | null} */
    this.ticks = null;
    frame.panels.push(this);
    frame.sizes.observe(this.box);
  }

  /** Take the size the page gives; tell whether it changed. */
  measure() {
    const { width, height } = this.box.getBoundingClientRect();
    const dense = Math.min(3, window.devicePixelRatio || 1);
    if (width === this.width && height === this.height && this.field.canvas.width === Math.round(width * dense)) return false;
    this.width = width;
    this.height = height;
    for (const context of [this.field, this.marks]) {
      context.canvas.width = Math.round(width * dense);
      context.canvas.height = Math.round(height * dense);
      context.setTransform(dense, 0, 0, dense, 0, 0);
      // Once, and not in a drawing: a browser that is given a font first settles the style of the whole page.
      context.font = `12px ${getComputedStyle(this.frame.root).fontFamily}`;
    }
    this.letters.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.stale = true;
    return true;
  }

  /** The pixels between the margins: left, top, right, bottom. */
  get plot() {
    const { top, right, bottom, left } = this.margin;
    return [left, top, this.width - right, this.height - bottom];
  }

  /** The same as left, top, width, height. @returns {[number, number, number, number]} */
  plotBox() {
    const [left, top, right, bottom] = this.plot;
    return [left, top, right - left, bottom - top];
  }

  /**
   * Set the coordinates.
   * @param {number[]} across @param {number[]} up @param {{logX?: boolean, logY?: boolean}} [kind]
   */
  coordinates(across, up, { logX = false, logY = false } = {}) {
    const [left, top, right, bottom] = this.plot;
    this.x = (logX ? logarithmic : linear)(across, [left, right]);
    this.y = (logY ? logarithmic : linear)(up, [bottom, top]);
  }

  /**
   * Coordinates with the same unit on both axes, so that right angles look right: all of a window, and more of one axis if there is room.
   * @param {[number, number][]} window across, up
   */
  equal([across, up]) {
    const [, , width, height] = this.plotBox();
    const unit = Math.max((across[1] - across[0]) / width, (up[1] - up[0]) / height);
    const around = (/** @type {number[]} */ [low, high], /** @type {number} */ pixels) => [(low + high - unit * pixels) / 2, (low + high + unit * pixels) / 2];
    this.coordinates(around(across, width), around(up, height));
  }

  /** Paint the field again only if `key`, the size or the theme has changed. @param {string} key @param {(context: CanvasRenderingContext2D) => void} paint */
  backdrop(key, paint) {
    if (!this.stale && this.drawnFor === key) return;
    this.field.clearRect(0, 0, this.width, this.height);
    paint(this.field);
    this.drawnFor = key;
    this.stale = false;
  }

  /** Wipe what moves, and draw it anew, clipped to the plot if asked. @param {(context: CanvasRenderingContext2D) => void} paint @param {boolean} [clip] */
  move(paint, clip = true) {
    const context = this.marks;
    context.clearRect(0, 0, this.width, this.height);
    context.save();
    if (clip) {
      const [left, top, right, bottom] = this.plot;
      context.beginPath();
      context.rect(left, top, right - left, bottom - top);
      context.clip();
    }
    context.lineJoin = context.lineCap = "round";
    paint(context);
    context.restore();
  }

  /**
   * Ticks and names of both axes, as SVG; rewritten only when they change.
   * @param {{xLabel?: string, yLabel?: string, xTicks?: number[], yTicks?: number[], xWords?: (v: number) => string, yWords?: (v: number) => string,
   *   words?: [string, number, number][]}} options words: to stand at places of the plot
   */
  axes({ xLabel = "", yLabel = "", xTicks, yTicks, xWords = short, yWords = short, words = [] }) {
    const [left, top, right, bottom] = this.plot;
    const [across, up] = this.ticks = [xTicks ?? this.x.ticks(Math.max(2, (right - left) / 70)), yTicks ?? this.y.ticks(Math.max(2, (bottom - top) / 45))];
    const key = [left, top, right, bottom, xLabel, yLabel, across, up, this.x.domain, this.y.domain, words].join("|");
    this.letter(key, () => [
      [{ x: (left + right) / 2, y: bottom + 31, "text-anchor": "middle", class: "oc-strong" }, xLabel],
      [{ x: 11, y: (top + bottom) / 2, transform: `rotate(-90 11 ${(top + bottom) / 2})`, "text-anchor": "middle", class: "oc-strong" }, yLabel],
      ...across.map((t) => /** @type {Lettering} */ ([{ x: this.x(t), y: bottom + 15, "text-anchor": "middle" }, xWords(t)])),
      ...up.map((t) => /** @type {Lettering} */ ([{ x: left - 6, y: this.y(t) + 4, "text-anchor": "end" }, yWords(t)])),
      ...words.map(([word, x, y]) => /** @type {Lettering} */ ([{ x: this.x(x) + 5, y: this.y(y), class: "oc-strong" }, word])),
    ]);
  }

  /**
   * Write the letters anew if `key` has changed. Their elements are kept: to make others costs more than to move these.
   * @param {string} key @param {() => Lettering[]} texts attributes and words of each
   */
  letter(key, texts) {
    if (key === this.lettersFor) return;
    this.lettersFor = key;
    const wanted = texts();
    while (this.letters.childElementCount < wanted.length) this.letters.append(svg("text"));
    while (this.letters.childElementCount > wanted.length) this.letters.lastElementChild?.remove();
    wanted.forEach(([attributes, text], k) => {
      const element = this.letters.children[k];
      for (const name of ["x", "y", "text-anchor", "class", "transform"]) {
        const value = attributes[name];
        if (value === undefined) element.removeAttribute(name);
        else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, String(value));
      }
      setText(element, text);
    });
  }

  /** Faint lines at the ticks of `axes` and a box, on the field. @param {CanvasRenderingContext2D} context @param {boolean} [lines] */
  gridlines(context, lines = true) {
    const [left, top, right, bottom] = this.plot;
    context.strokeStyle = this.frame.colours.grid;
    context.lineWidth = 1;
    context.beginPath();
    if (lines && this.ticks) {
      for (const t of this.ticks[0]) context.rect(Math.round(this.x(t)) + 0.5, top, 0, bottom - top);
      for (const t of this.ticks[1]) context.rect(left, Math.round(this.y(t)) + 0.5, right - left, 0);
    }
    context.rect(left + 0.5, top + 0.5, right - left - 1, bottom - top - 1);
    context.stroke();
  }

  /** A line through points given in the panel's coordinates, x₀ y₀ x₁ y₁ … @param {CanvasRenderingContext2D} context @param {ArrayLike<number>} points @param {number} [count] how many points */
  line(context, points, count = points.length / 2) {
    const { x, y } = this;
    context.beginPath();
    let [px, py] = [Infinity, Infinity];
    for (let k = 0; k < count; k++) {
      const qx = tame(x(points[2 * k]));
      const qy = tame(y(points[2 * k + 1]));
      // A corner less than half a pixel from the last one cannot be seen; where a line ends can.
      if (Math.abs(qx - px) + Math.abs(qy - py) < 0.5 && k < count - 1) continue;
      context.lineTo(qx, qy);
      px = qx;
      py = qy;
    }
    context.stroke();
  }

  /** Which points stand apart by some pixels, so that dots do not run into one another. @param {ArrayLike<number>} points @param {number} count @param {number} [apart] */
  sparse(points, count, apart = 6) {
    /** @type {number[]} */
    const kept = [];
    let [px, py] = [Infinity, Infinity];
    for (let k = 0; k < count; k++) {
      const [qx, qy] = [tame(this.x(points[2 * k])), tame(this.y(points[2 * k + 1]))];
      if (Math.abs(qx - px) + Math.abs(qy - py) < apart) continue;
      kept.push(points[2 * k], points[2 * k + 1]);
      [px, py] = [qx, qy];
    }
    return kept;
  }

  /** Dots at points. @param {CanvasRenderingContext2D} context @param {ArrayLike<number>} points @param {number} radius @param {number} [count] */
  dots(context, points, radius, count = points.length / 2) {
    context.beginPath();
    for (let k = 0; k < count; k++) {
      const [px, py] = [tame(this.x(points[2 * k])), tame(this.y(points[2 * k + 1]))];
      context.moveTo(px + radius, py);
      context.arc(px, py, radius, 0, 2 * Math.PI);
    }
    context.fill();
  }

  /** An arrow between two pixels. @param {CanvasRenderingContext2D} context @param {number} x0 @param {number} y0 @param {number} x1 @param {number} y1 @param {number} [head] */
  arrow(context, x0, y0, x1, y1, head = 8) {
    const turn = Math.atan2(y1 - y0, x1 - x0);
    const reach = Math.min(head, Math.hypot(x1 - x0, y1 - y0));
    context.beginPath();
    context.moveTo(x0, y0);
    context.lineTo(x1 - 0.7 * reach * Math.cos(turn), y1 - 0.7 * reach * Math.sin(turn));
    context.stroke();
    context.beginPath();
    context.moveTo(x1, y1);
    for (const side of [2.7, -2.7]) context.lineTo(x1 + reach * Math.cos(turn + side), y1 + reach * Math.sin(turn + side));
    context.fill();
  }

  /**
   * Hand every place the pointer drags over to `place`: at once for a mouse or a pen; for a finger on a tap only, since it may want to scroll.
   * @param {(x: number, y: number) => void} place in the panel's coordinates
   */
  onPlace(place) {
    const { box } = this;
    const { signal } = this.frame;
    const at = (/** @type {MouseEvent} */ event) => {
      const { left, top } = box.getBoundingClientRect();
      const [px, py] = [event.clientX - left, event.clientY - top];
      const [l, t, r, b] = this.plot;
      return { x: this.x.invert(Math.min(r, Math.max(l, px))), y: this.y.invert(Math.min(b, Math.max(t, py))), inside: px >= l && px <= r && py >= t && py <= b };
    };
    box.addEventListener("pointerdown", (event) => {
      const { x, y, inside } = at(event);
      if (event.pointerType === "touch" || event.button !== 0 || !inside || event.target !== box) return;
      box.setPointerCapture(event.pointerId);
      place(x, y);
    }, { signal });
    box.addEventListener("pointermove", (event) => {
      // A finger is captured by itself, also when it is about to scroll.
      if (event.pointerType === "touch" || !box.hasPointerCapture(event.pointerId)) return;
      const { x, y } = at(event);
      place(x, y);
    }, { signal });
    // A tap is a finger that comes and goes without the browser having taken it for a scroll.
    /** @type {PointerEvent | null} */
    let tap = null;
    box.addEventListener("pointerdown", (event) => {
      tap = event.pointerType === "touch" && event.isPrimary && event.target === box ? event : null;
    }, { signal });
    box.addEventListener("pointercancel", () => {
      tap = null;
    }, { signal });
    box.addEventListener("pointerup", (event) => {
      const { x, y, inside } = at(event);
      if (tap && inside && Math.hypot(event.clientX - tap.clientX, event.clientY - tap.clientY) < 10) place(x, y);
      tap = null;
    }, { signal });
  }
}

/**
 * A panel below its title, in a cell of its own at the end of a row.
 * @param {Frame} frame @param {HTMLElement} row @param {string} title @param {ConstructorParameters<typeof Panel>[2]} [options]
 */
export function titled(frame, row, title, options) {
  const heading = html("p", { class: "oc-title" }, [title]);
  const cell = html("div", {}, [heading]);
  row.append(cell);
  return Object.assign(new Panel(frame, cell, options), { heading, cell });
}

/** Points of a line through values at 0, 1, 2 …, none below the `lowest`: a logarithm has to be taken. @param {ArrayLike<number>} values @param {number} lowest @param {number} [each] of them to a unit */
export function stepByStep(values, lowest, each = 1) {
  const points = new Float64Array(2 * values.length);
  for (let k = 0; k < values.length; k++) {
    points[2 * k] = k / each;
    points[2 * k + 1] = Math.max(lowest, values[k]);
  }
  return points;
}

/** Canvas paths go astray beyond 2³¹: keep what is far outside far outside. @param {number} pixel */
function tame(pixel) {
  return Math.max(-1e6, Math.min(1e6, pixel));
}

/**
 * A point to drag, by mouse, finger or keys: arrows move it, Shift by more, Home puts it back.
 * @param {Panel} panel
 * @param {{label: string, read: () => number[], write: (x: number, y: number) => void, home: () => void, words: () => string,
 *   place?: () => number[], flat?: () => boolean}} options
 *   place: where it stands, if not at `read()`; flat: does it move sideways only?
 */
export function handle(panel, { label, read, write, home, words, place = read, flat = () => false }) {
  const { frame, box } = panel;
  const knob = html("div", { class: "oc-handle", tabindex: 0, role: "slider", "aria-label": label, "aria-roledescription": "draggable point" });
  box.append(knob);
  const limits = (/** @type {Scale} */ scale) => [Math.min(...scale.domain), Math.max(...scale.domain)];
  const held = (/** @type {number} */ value, /** @type {Scale} */ scale) => Math.min(limits(scale)[1], Math.max(limits(scale)[0], value));
  const rounded = (/** @type {number} */ value, /** @type {Scale} */ scale) => held(scale.round(value), scale);
  const go = (/** @type {number} */ x, /** @type {number} */ y) => write(rounded(x, panel.x), flat() ? y : rounded(y, panel.y));
  /** @type {number[]} */
  let grip = [0, 0];
  knob.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    const { left, top } = box.getBoundingClientRect();
    const [x, y] = place();
    grip = [event.clientX - left - panel.x(x), event.clientY - top - panel.y(y)];
    knob.setPointerCapture(event.pointerId);
    knob.classList.add("oc-dragging");
    knob.focus({ preventScroll: true });
    event.preventDefault();
  }, { signal: frame.signal });
  knob.addEventListener("pointermove", (event) => {
    if (!knob.hasPointerCapture(event.pointerId)) return;
    const { left, top } = box.getBoundingClientRect();
    go(panel.x.invert(event.clientX - left - grip[0]), panel.y.invert(event.clientY - top - grip[1]));
  }, { signal: frame.signal });
  for (const end of ["pointerup", "pointercancel"]) knob.addEventListener(end, () => knob.classList.remove("oc-dragging"), { signal: frame.signal });
  knob.addEventListener("keydown", (event) => {
    const [x, y] = read();
    const far = event.shiftKey ? 10 : 1;
    const across = (/** @type {number} */ steps) => go(panel.x.move(x, steps), y);
    const up = (/** @type {number} */ steps) => (flat() ? across(steps) : go(x, panel.y.move(y, steps)));
    /** @type {Record<string, () => void>} */
    const keys = {
      ArrowLeft: () => across(-far),
      ArrowRight: () => across(far),
      ArrowUp: () => up(far),
      ArrowDown: () => up(-far),
      Home: home,
    };
    if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    keys[event.key]();
  }, { signal: frame.signal });
  /** Put the knob where the data say. */
  const refresh = () => {
    const [px, py] = [panel.x(place()[0]), panel.y(place()[1])];
    const [l, t, r, b] = panel.plot;
    knob.style.left = `${Math.min(r, Math.max(l, px))}px`;
    knob.style.top = `${Math.min(b, Math.max(t, py))}px`;
    const [low, high] = limits(panel.x);
    knob.setAttribute("aria-valuemin", String(panel.x.even(low)));
    knob.setAttribute("aria-valuemax", String(panel.x.even(high)));
    knob.setAttribute("aria-valuenow", String(panel.x.even(held(read()[0], panel.x))));
    knob.setAttribute("aria-valuetext", words());
  };
  return Object.assign(knob, { refresh });
}

/**
 * The start of a path on a plane: a point to drag, and a place to tap.
 * @param {Panel} panel
 * @param {{label: string, change: (values: Record<string, any>) => void, home: () => ArrayLike<number>, names?: string[]}} options
 *   home: where Home puts it back to; names: of the two coordinates
 */
export function startHandle(panel, { label, change, home, names: [first, second] = ["x", "y"] }) {
  const { frame } = panel;
  const read = () => frame.vector("theta0");
  const put = (/** @type {ArrayLike<number>} */ theta) => change({ theta0: frame.bytes(theta) });
  panel.onPlace((x, y) => put([x, y]));
  return handle(panel, { label, read, write: (x, y) => put([x, y]), home: () => put(home()), words: () => `${first} = ${short(read()[0])}, ${second} = ${short(read()[1])}` });
}

/** Plays a run of so many steps in about eight seconds, or by jumps for readers who ask for stillness. */
export class Player {
  /** @param {Frame} frame @param {() => number} last @param {() => number} [speed] steps a second */
  constructor(frame, last, speed = () => Math.max(5, last() / 8)) {
    this.frame = frame;
    this.last = last;
    this.speed = speed;
    /** How much is shown: all of it if null. @type {number | null} */
    this.shown = null;
    this.playing = 0;
    frame.signal.addEventListener("abort", () => this.stop());
  }

  now() {
    return Math.min(this.last(), this.shown ?? this.last());
  }

  /** The button that starts and stops it. */
  button() {
    const button = this.frame.button("Play", () => this.toggle());
    this.frame.controls.push(() => setText(button, this.playing ? "Pause" : "Play"));
    return button;
  }

  toggle() {
    if (this.playing) this.stop();
    else this.start();
  }

  rewind() {
    this.stop();
    this.shown = null;
  }

  start() {
    const last = this.last();
    if (this.shown === null || this.shown >= last) this.shown = 0;
    const speed = this.speed();
    const jump = still();
    const pause = jump ? Math.max(400, 1000 / speed) : 0;
    let before = performance.now();
    const tick = (/** @type {number} */ time) => {
      if (!this.playing) return;
      if (time - before >= pause) {
        const at = this.shown ?? 0;
        // A machine that was held up goes on from there, and leaves out nothing.
        const seconds = Math.min(0.1, (time - before) / 1000);
        this.shown = jump ? Math.floor(at) + Math.max(1, Math.round(speed * 0.4)) : at + seconds * speed;
        before = time;
        if (this.shown >= last) {
          this.shown = last;
          this.stop();
          return;
        }
        this.frame.redraw();
      }
      this.playing = requestAnimationFrame(tick);
    };
    this.playing = requestAnimationFrame(tick);
    this.frame.redraw();
  }

  stop() {
    if (!this.playing) return;
    cancelAnimationFrame(this.playing);
    this.playing = 0;
    if (this.shown !== null) this.frame.redraw();
  }
}
