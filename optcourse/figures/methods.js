// What figures of first-order methods on a landscape share: the course's controls, one method's sliders.

const LENGTH_STOPS = [10, 20, 30, 40, 50, 60, 80, 100, 150, 200, 300, 400, 500, 700, 1000, 1500, 2000];
const ARRIVED = 1e-6;

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
  const kappa = conditionSlider(frame, (value) => change({ kappa: value }));
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
