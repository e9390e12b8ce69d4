// Brings every quiz of the page to life. It may stand in a page many times: a quiz that lives already is left alone.
(() => {
  /** @typedef {{ tried: string[], shown: boolean }} Record  What a learner has answered to one question, in order. */
  /** @typedef {{ right?: number, why: string[], answer?: number, tol?: number, shown?: string, hints?: [number, string][] }} Key */
  /** @typedef {{ kind: "right" | "wrong" | "note", lead: string, more: string | null }} Verdict */

  /** @param {string} sealed @returns {Key} */
  const unseal = (sealed) => JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(sealed), (c) => c.charCodeAt(0))));

  // ------------------------------------------------------------------------------------------------ judging

  /** Read a number as people type it: 0.25, 0,25, −1.5e-3, 99/101. `half`: half a unit of the last digit typed.
   * @param {string} typed @returns {{ value: number, half: number } | null} */
  function readNumber(typed) {
    const plain = typed.replace(/\s/g, "").replace(/[−–]/g, "-").replaceAll(",", ".");
    const one = "([+-]?(?:\\d+\\.?\\d*|\\.\\d+)(?:e[+-]?\\d+)?)";
    const parts = plain.match(new RegExp(`^${one}(?:/${one})?$`, "i"));
    if (!parts) return null;
    const value = Number(parts[1]) / (parts[2] ? Number(parts[2]) : 1);
    if (!Number.isFinite(value)) return null;
    const [mantissa, exponent = "0"] = parts[1].toLowerCase().split("e");
    const digits = mantissa.replace(/^[+-]?0*\.?0*/, "").replace(".", "").length;
    const decimals = (mantissa.split(".")[1] ?? "").length;
    return { value, half: parts[2] || digits < 2 ? 0 : 0.5 * 10 ** (Number(exponent) - decimals) };
  }

  /** @param {number} value */
  const written = (value) => String(Number(value.toPrecision(12))).replaceAll("-", "−");

  /** @param {Key} key @param {string} typed @returns {Verdict} */
  function judgeNumber(key, typed) {
    const read = readNumber(typed);
    if (!read) return { kind: "note", lead: "Type a number, such as 0.25, 1e-3 or 3/4.", more: null };
    const { value, half } = read;
    const answer = /** @type {number} */ (key.answer), tol = /** @type {number} */ (key.tol), hints = key.hints ?? [];
    // The key's own rounding error must not decide at the border.
    const within = (/** @type {number} */ other, /** @type {number} */ far) => Math.abs(value - other) <= far * (1 + 1e-9) + 1e-15;
    if (within(answer, tol)) return { kind: "right", lead: `Right: ${written(value)}.`, more: key.why[0] };
    const far = Math.max(tol, half);
    const [hint] = hints.filter(([other]) => within(other, far)).sort(([a], [b]) => Math.abs(a - value) - Math.abs(b - value));
    const rounded = within(answer, half);
    if (rounded && !(hint && Math.abs(hint[0] - value) < Math.abs(answer - value))) {
      return { kind: "note", lead: `Right as far as it goes: ${written(value)}. Give more digits.`, more: null };
    }
    const lead = `Not ${written(value)}.`;
    if (hint) return { kind: "wrong", lead, more: hint[1] };
    if (answer && within(-answer, tol)) return { kind: "wrong", lead, more: "The size is right, the sign is not." };
    return { kind: "wrong", lead, more: value > answer ? "That is too large." : "That is too small." };
  }

  /** @param {Key} key @param {number} place @param {string} name @returns {Verdict} */
  function judgeChoice(key, place, name) {
    return place === key.right
      ? { kind: "right", lead: `Right: ${name}.`, more: key.why[place] }
      : { kind: "wrong", lead: `Not ${name}.`, more: key.why[place] };
  }

  // ---------------------------------------------------------------------------------------------- remembering

  /** @param {string} name @param {number} count @returns {Record[]} */
  function recall(name, count) {
    /** @type {any} */
    let kept = null;
    try {
      kept = JSON.parse(localStorage.getItem(name) ?? "null");
    } catch {
      // A browser that keeps nothing, or something else under this name: begin anew.
    }
    return Array.from({ length: count }, (_, at) => {
      const { tried, shown } = kept?.[at] ?? {};
      return { tried: Array.isArray(tried) ? tried.map(String) : [], shown: shown === true };
    });
  }

  /** @param {string} name @param {Record[]} records */
  function keep(name, records) {
    try {
      if (records.some(({ tried }) => tried.length)) localStorage.setItem(name, JSON.stringify(records));
      else localStorage.removeItem(name);
    } catch {
      // A private window: the score lasts as long as the page.
    }
  }

  // --------------------------------------------------------------------------------------------------- asking

  /** @param {HTMLFormElement} form @param {Record} record @param {() => void} changed */
  function ask(form, record, changed) {
    const key = unseal(/** @type {string} */ (form.dataset.sealed));
    const find = (/** @type {string} */ selector) => /** @type {HTMLElement} */ (form.querySelector(selector));
    const radios = /** @type {HTMLInputElement[]} */ ([...form.querySelectorAll("input[type=radio]")]);
    const field = /** @type {HTMLInputElement | null} */ (form.querySelector("input[type=text]"));
    const feedback = find(".oq-feedback"), giveUp = /** @type {HTMLButtonElement} */ (find(".oq-give-up"));

    // All that may have to be said is written down now, out of sight, so that the page's MathJax sets it with the rest.
    const stash = form.appendChild(document.createElement("div"));
    stash.className = "oq-stash";
    stash.setAttribute("aria-hidden", "true");
    /** @type {Map<string, HTMLElement>} */
    const written = new Map();
    for (const text of [...key.why, ...(key.hints ?? []).map(([, text]) => text)]) {
      const line = stash.appendChild(document.createElement("div"));
      line.innerHTML = text;
      written.set(text, line);
    }

    /** @param {Verdict} verdict */
    function say({ kind, lead, more }) {
      const strong = document.createElement("strong");
      strong.textContent = lead;
      const set = written.get(more ?? "");
      feedback.dataset.verdict = kind;
      feedback.replaceChildren(strong, " ", ...(set ? [...set.cloneNode(true).childNodes] : [more ?? ""]));
    }

    /** @param {string} answer */
    const judge = (answer) =>
      field ? judgeNumber(key, answer) : judgeChoice(key, Number(answer), radios[Number(answer)]?.dataset.name ?? "");
    const reveal = () => say({ kind: "note", lead: `The answer is ${key.shown}.`, more: key.why[0] });
    const solvedAt = () => record.tried.findIndex((answer) => judge(answer).kind === "right");

    function show() {
      const last = record.tried.at(-1);
      for (const radio of radios) {
        const row = /** @type {HTMLElement} */ (radio.closest("li"));
        const tried = record.tried.includes(radio.value);
        if (tried) row.dataset.verdict = judge(radio.value).kind;
        else delete row.dataset.verdict;
        radio.checked = radio.value === last;
      }
      if (field) field.value = last ?? "";
      giveUp.hidden = !field || record.shown || record.tried.length < 2 || solvedAt() >= 0;
      if (solvedAt() >= 0) form.dataset.verdict = "right";
      else delete form.dataset.verdict;
      if (last === undefined) {
        feedback.replaceChildren();
        delete feedback.dataset.verdict;
      } else if (record.shown && solvedAt() < 0) reveal();
      else say(judge(last));
    }

    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const answer = field ? field.value.trim() : radios.find((radio) => radio.checked)?.value;
      if (answer === undefined) return say({ kind: "note", lead: "Choose an answer first.", more: null });
      const verdict = judge(answer);
      if (verdict.kind === "note") return say(verdict);
      if (record.tried.at(-1) !== answer) record.tried.push(answer);
      show();
      changed();
    });
    giveUp.addEventListener("click", () => {
      record.shown = true;
      field?.focus(); // the button is about to go
      show();
      changed();
    });
    show();
    return { show, solved: () => solvedAt() >= 0 && !record.shown, atOnce: () => solvedAt() === 0 && !record.shown };
  }

  /** @param {HTMLElement} root */
  function live(root) {
    const forms = /** @type {HTMLFormElement[]} */ ([...root.querySelectorAll(".oq-question")]);
    const name = `optcourse-quiz-${root.dataset.quiz}`;
    const records = recall(name, forms.length);
    const line = /** @type {HTMLElement} */ (root.querySelector(".oq-score p"));
    const score = () => {
      const solved = asked.filter((question) => question.solved()).length;
      const atOnce = asked.filter((question) => question.atOnce()).length;
      line.textContent = `Solved: ${solved} of ${forms.length}${atOnce ? `, ${atOnce} at the first try` : ""}.`;
    };
    const asked = forms.map((form, at) => ask(form, records[at], () => {
      keep(name, records);
      score();
    }));
    root.querySelector(".oq-score button")?.addEventListener("click", () => {
      for (const record of records) Object.assign(record, { tried: [], shown: false });
      keep(name, records);
      for (const question of asked) question.show();
      score();
    });
    // A notebook takes arrows and Enter for its own. Shortcuts of the page (Ctrl+K: search) still get through.
    root.addEventListener("keydown", (event) => {
      if (!event.ctrlKey && !event.metaKey) event.stopPropagation();
    });
    score();
    root.classList.add("oq-live");
  }

  for (const root of document.querySelectorAll(".optcourse-quiz:not(.oq-live)")) live(/** @type {HTMLElement} */ (root));
})();
