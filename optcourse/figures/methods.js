// What figures of first-order methods on a landscape share: the course's controls, one method's sliders, the player.

const LENGTH_STOPS = [10, 20, 30, 40, 50, 60, 80, 100, 150, 200, 300, 400, 500, 700, 1000, 1500, 2000];
const ARRIVED = 1e-6;

/** The stop of a scale nearest to a value. @param {number[]} stops @param {number} value */
function nearestStop(stops, value) {
  return stops.reduce((best, stop, k) => (Math.abs(Math.log(stop / value)) < Math.abs(Math.log(stops[best] / value)) ? k : best), 0);
}

/** 1, 2, 5 × 10ⁿ from one number to another. @param {number} low @param {number} high */
function oneTwoFive(low, high) {
  const found = [];
  for (let power = Math.round(Math.log10(low)); 10 ** power <= high * 1.001; power++) for (const lead of [1, 2, 5]) found.push(Number(`${lead}e${power}`));
  return found.filter((stop) => stop >= low * 0.999 && stop <= high * 1.001);
}

/** A method's settings here: its own, the landscape's step size, what the reader chose. @param {Model} model @param {string} name @returns {Record<string, number>} */
function settingsHere(model, name) {
  const own = Object.fromEntries(Object.entries(RACERS[name][1]).map(([knob, { start }]) => [knob, start]));
  const rate = RATES[model.get("problem")][name];
  return { ...own, ...(rate ? { lr: rate } : {}), ...model.get("settings_of")[name] };
}

/** The settings with which a landscape begins. @param {Frame} frame @param {string} name */
function freshCourse(frame, name) {
  return { problem: name, theta0: frame.bytes(FACTS[name].start), steps: LENGTHS[name] ?? FACTS[name].steps, settings_of: {} };
}

/**
 * The landscape, its condition number, how many steps.
 * @param {Frame} frame @param {(values: Record<string, any>) => void} change
 */
function courseControls(frame, change) {
  const { model } = frame;
  const menu = frame.select({
    label: "Landscape",
    options: Object.keys(FACTS).map((name) => [name, FACTS[name].label]),
    read: () => model.get("problem"),
    write: (name) => change(freshCourse(frame, name)),
  });
  const kappa = frame.slider({
    label: "Condition number κ",
    read: () => model.get("kappa"),
    write: (value) => change({ kappa: value }),
    bounds: () => ({ min: 1, max: Math.max(100, model.get("kappa")), step: 1 }),
  });
  const count = frame.slider({
    label: "Steps",
    read: () => nearestStop(LENGTH_STOPS, model.get("steps")),
    write: (value) => change({ steps: LENGTH_STOPS[value] }),
    bounds: () => ({ min: 0, max: LENGTH_STOPS.length - 1, step: 1 }),
    words: () => String(model.get("steps")),
    spoken: () => `${model.get("steps")} steps`,
  });
  return { menu, kappa, count };
}

/**
 * The sliders of one method; those that it has not are hidden.
 * @param {Frame} frame @param {{method: () => string, change: (values: Record<string, any>) => void}} options
 */
function knobSliders(frame, { method, change }) {
  const { model } = frame;
  const made = ["lr", "beta", "rho", "beta1", "beta2", "eps", "weight_decay"].map((knob) => {
    const details = () => RACERS[method()][1][knob];
    const stops = () => oneTwoFive(details().low, details().high);
    const value = () => settingsHere(model, method())[knob];
    const tune = (/** @type {number} */ number) => {
      const all = model.get("settings_of");
      change({ settings_of: { ...all, [method()]: { ...all[method()], [knob]: number } } });
    };
    const label = Object.values(RACERS).map(([, own]) => own[knob]?.label).find(Boolean);
    const box = frame.slider({
      label,
      read: () => (!details() ? 0 : details().logarithmic ? nearestStop(stops(), value()) : value()),
      write: (at) => tune(details().logarithmic ? stops()[at] : at),
      bounds: () => (!details() ? { min: 0, max: 1, step: 1 } : details().logarithmic ? { min: 0, max: stops().length - 1, step: 1 } : { min: details().low, max: details().high, step: knob === "beta2" ? 0.001 : 0.01 }),
      words: () => (details() ? short(value()) : ""),
    });
    return { knob, box };
  });
  return {
    boxes: made.map(({ box }) => box),
    refresh: () => {
      for (const { knob, box } of made) {
        box.hidden = !RACERS[method()][1][knob];
        box.input.style.setProperty("--oc-accent", `var(--oc-${method()})`);
      }
    },
  };
}

/** Plays a run of so many steps in about eight seconds, or by jumps for readers who ask for stillness. */
class Player {
  /** @param {Frame} frame @param {() => number} last */
  constructor(frame, last) {
    this.frame = frame;
    this.last = last;
    /** How much is shown: all of it if null. @type {number | null} */
    this.shown = null;
    this.playing = 0;
    frame.signal.addEventListener("abort", () => this.stop());
  }

  now() {
    return Math.min(this.last(), this.shown ?? this.last());
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
    const speed = Math.max(5, last / 8);
    const jump = still();
    let before = performance.now();
    const tick = (/** @type {number} */ time) => {
      if (!this.playing) return;
      if (time - before >= (jump ? 400 : 0)) {
        const at = this.shown ?? 0;
        this.shown = jump ? Math.floor(at) + Math.max(1, Math.round(speed * 0.4)) : at + ((time - before) / 1000) * speed;
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
