/** What a hand can set in the lab: emotion, latent codes, the way from one utterance to another, truncation. */

import { choice, element, slider } from "./dom.js";
import { CODE_LIMIT } from "./lab_model.js";
import { codePad, emotionPad } from "./pads.js";

/**
 * @typedef {{now: () => import("./lab_model.js").Controls, data: () => import("./lab.js").LabData,
 *   model: () => import("./lab_model.js").LabModel, theme: () => import("./theme.js").Theme, moved: () => void,
 *   released: () => void, act: (what: string, more?: object) => void, grid: (pair: number[]) => Float32Array | null}} Lab what the
 *   controls change, and whom they tell
 * @typedef {{whole: HTMLElement, show: () => void}} Part
 */

const TRUNCATION_LIMIT = 2;
/** Steps of the codes while they snap, in sigma. */
const SNAP = 0.5;

/** @param {Lab} lab @returns {Part & {undo: HTMLButtonElement}} */
export function labControls(lab) {
  const undo = element("button", { type: "button", class: "quiet", text: "↶ Undo", title: "One change back (Ctrl+Z)" });
  undo.addEventListener("click", () => lab.act("undo"));
  const reset = element("button", { type: "button", class: "quiet", text: "↺ Reset all" });
  reset.title = "Every control as at the start; Undo brings them back";
  reset.addEventListener("click", () => lab.act("reset"));
  const emotions = emotionControls(lab);
  const codes = codeControls(lab);
  const truncation = slider(
    { label: "Truncation", help: lab.data().help.truncation, low: 0, high: TRUNCATION_LIMIT, step: 0.01, rest: 1, digits: 2, name: "truncation" },
    () => lab.now().truncation,
    (value) => {
      lab.now().truncation = value;
    },
    lab,
  );
  const whole = element("section", { class: "controls", "aria-label": "Controls" },
    element("div", { class: "line extra" }, undo, reset),
    element("h4", { text: "Emotion" }), emotions.whole,
    codes.whole,
    element("div", { class: "column extra" }, element("h4", { text: "Noise" }), truncation.whole));
  const show = () => [emotions, codes, truncation].forEach((part) => part.show());
  return { whole, show, undo };
}

/** One emotion, or shares of several. @param {Lab} lab @returns {Part} */
function emotionControls(lab) {
  const { now, model, theme } = lab;
  const { classes, colours, help } = lab.data();
  const changed = () => {
    lab.moved();
    lab.released();
  };
  const kind = choice("One emotion or a mixture", ["One emotion", "Mixture"], () => (now().mixture ? 1 : 0), (index) => {
    if (index === 1) now().mixture ??= model().shares(now());
    else Object.assign(now(), { emotion: model().asked(now()), mixture: null });
    changed();
  });
  const emotion = choice("Emotion", classes, () => now().emotion, (index) => {
    now().emotion = index;
    changed();
  }, colours);
  const pad = emotionPad({ names: classes, colours, theme }, () => model().shares(now()), (shares) => {
    now().mixture = shares;
  }, lab);
  const weights = classes.map((name, index) =>
    slider({ label: name, help: help.mixture, low: 0, high: 1, step: 0.01, rest: 0, digits: 2, name: `share-${index}` },
      () => now().mixture?.[index] ?? 0,
      (value) => {
        const mixture = [...(now().mixture ?? [])];
        mixture[index] = value;
        // A mixture of nothing is no mixture.
        if (mixture.some((weight) => weight > 0)) now().mixture = mixture;
      }, lab));
  const mixture = element("div", { class: "mixture" }, pad.canvas, ...weights.map(({ whole }) => whole));
  const show = () => {
    const mixed = now().mixture !== null;
    emotion.whole.hidden = mixed;
    mixture.hidden = !mixed;
    kind.show();
    if (!mixed) return emotion.show();
    pad.knob.fill = theme().accent;
    pad.show();
    weights.forEach((weight) => weight.show());
  };
  kind.whole.classList.add("extra");
  return { whole: element("div", { class: "column" }, kind.whole, emotion.whole, mixture), show };
}

/** Sliders, the pad over two codes, and the way between two utterances. @param {Lab} lab @returns {Part} */
function codeControls(lab) {
  const { now, theme } = lab;
  const { codes, colours, help } = lab.data();
  let [snapping, way] = [false, 0];
  const snapped = (/** @type {number} */ value) => (snapping ? Math.round(value / SNAP) * SNAP : value);
  const sliders = codes.map((name, index) =>
    slider({ label: `${name} (σ)`, help: help.code, low: -CODE_LIMIT, high: CODE_LIMIT, step: 0.01, rest: 0, digits: 2, name },
      () => now().codes[index],
      (value, typed) => {
        now().codes[index] = typed ? value : snapped(value);
      }, lab));
  const between = slider({ label: "A to B", help: help.between, low: 0, high: 1, step: 0.01, rest: 0, digits: 2, name: "between" },
    () => way,
    (share) => {
      const [from, to] = lab.data().ends ?? [];
      if (!from || !to) return;
      const mix = (/** @type {number[]} */ a, /** @type {number[]} */ b) => a.map((value, i) => value + share * (b[i] - value));
      Object.assign(now(), { mixture: mix(from.emotion, to.emotion), codes: mix(from.codes, to.codes) });
      way = share;
    }, lab);
  const named = directions(lab);
  const snap = element("input", { type: "checkbox" });
  snap.addEventListener("change", () => (snapping = snap.checked));
  const title = `Sliders and pad stop at every ${SNAP} sigma; a number may be anything`;
  const pair = [0, 1];
  const pad = codes.length < 2 ? null : codePad(
    { names: () => [codes[pair[0]], codes[pair[1]]], limit: CODE_LIMIT, theme, colours: colours.slice(0, -1), grid: () => lab.grid(pair) },
    () => [now().codes[pair[0]], now().codes[pair[1]]],
    (values) => values.forEach((value, axis) => (now().codes[pair[axis]] = snapped(value))), lab);
  const axes = pad ? axisChoices(codes, pair, pad.show) : [];
  const whole = element("div", { class: "column" },
    element("div", { class: "line" }, element("h4", { text: "Latent codes" }), element("label", { class: "line caption extra", title }, snap, `Snap to ${SNAP} σ`)),
    ...sliders.map((one) => one.whole), between.whole, named.whole,
    pad && element("div", { class: "line pads extra" }, pad.canvas, element("div", { class: "column" }, ...axes)));
  const show = () => {
    sliders.forEach((one) => one.show());
    between.whole.hidden = !lab.data().ends;
    between.show();
    named.show();
    if (!pad) return;
    pad.knob.fill = theme().accent;
    pad.show();
  };
  return { whole, show };
}

/**
 * Directions that a person has named: a slider moves all codes along one, by how far they lie along it now.
 *
 * @param {Lab} lab
 * @returns {Part}
 */
function directions(lab) {
  const { now } = lab;
  const list = element("div", { class: "column" });
  const name = element("input", { type: "text", maxlength: 30, placeholder: "name a direction", "aria-label": "Name of the direction" });
  const keep = element("button", { type: "button", class: "quiet", text: "Keep", title: lab.data().help.direction });
  const whole = element("div", { class: "column directions extra" }, list, element("div", { class: "line", title: lab.data().help.direction }, name, keep));
  keep.addEventListener("click", () => {
    if (name.value.trim()) lab.act("keep direction", { name: name.value.trim(), codes: now().codes });
    name.value = "";
  });
  name.addEventListener("keydown", (event) => {
    if (event.key === "Enter") keep.click();
  });
  let made = "";
  /** @type {Part[]} */
  let sliders = [];
  const show = () => {
    keep.disabled = now().codes.every((code) => code === 0);
    const held = lab.data().directions;
    const key = JSON.stringify(held);
    if (key !== made) {
      made = key;
      sliders = held.map(({ name: title, vector }, index) => {
        const along = () => Math.round(100 * vector.reduce((sum, part, i) => sum + part * now().codes[i], 0)) / 100;
        const one = slider({ label: title, help: lab.data().help.direction, low: -CODE_LIMIT, high: CODE_LIMIT, step: 0.01, rest: 0, digits: 2, name: `direction-${index}` },
          along,
          (value) => {
            const far = value - along();
            now().codes = now().codes.map((code, i) => Math.min(Math.max(code + far * vector[i], -CODE_LIMIT), CODE_LIMIT));
          }, lab);
        const forget = element("button", { type: "button", class: "quiet", text: "×", title: `Forget ${title}`, "aria-label": `Forget ${title}` });
        forget.addEventListener("click", () => lab.act("forget direction", { name: title }));
        return { whole: element("div", { class: "direction" }, one.whole, forget), show: one.show };
      });
      list.replaceChildren(...sliders.map((one) => one.whole));
    }
    sliders.forEach((one) => one.show());
  };
  return { whole, show };
}

/**
 * Which codes the pad moves.
 *
 * @param {string[]} codes
 * @param {number[]} pair is changed
 * @param {() => void} changed
 */
function axisChoices(codes, pair, changed) {
  const selects = ["across", "up"].map((way, axis) => {
    const title = `Code that the pad moves ${way}`;
    const select = element("select", { "aria-label": title, title });
    codes.forEach((name, index) => select.append(new Option(`${name} ${axis ? "↑" : "→"}`, String(index), false, index === axis)));
    select.addEventListener("change", () => {
      const chosen = Number(select.value);
      // Both axes on one code would be one slider.
      if (chosen === pair[1 - axis]) pair[1 - axis] = pair[axis];
      pair[axis] = chosen;
      selects.forEach((one, k) => (one.value = String(pair[k])));
      changed();
    });
    return select;
  });
  return selects;
}
