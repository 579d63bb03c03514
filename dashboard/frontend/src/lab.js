/** The latent lab: its controls, its map and what is read from it, all moving in the browser. Python hears on release. */

import { choice, clamp, element, say, signed, slider } from "./dom.js";
import { Frames } from "./frames.js";
import css from "./lab.css";
import { LabMap } from "./lab_map.js";
import { CODE_LIMIT, LabModel } from "./lab_model.js";
import { takePack } from "./packs.js";
import { codePad, emotionPad } from "./pads.js";
import { codesChart, measure, posteriorBars } from "./readout.js";
import { traversal } from "./strip.js";
import { hostOf, themeOf } from "./theme.js";

/**
 * @typedef {{pack: string, inputs: string, run: string, classes: string[], colours: string[], codes: string[],
 *   prior: number[], typical: number, dim: number, frame: import("./camera.js").Frame, count: number, canUndo: boolean,
 *   controls: import("./lab_model.js").Controls, seen: number, kept: {name: string, x: number, y: number}[],
 *   ends: End[] | null, words: {information: import("./readout.js").Words, novelty: import("./readout.js").Words},
 *   help: Record<string, string>}} LabData what dashboard/lab/component.py sends
 * @typedef {{name: string, emotion: number[], codes: number[], x: number, y: number}} End of the way between utterances
 * @typedef {(name: string, value: unknown) => void} Send
 */

const TRUNCATION_LIMIT = 2;
/** A redraw that took longer leaves the path for when the finger rests, in milliseconds. */
const HURRY = 8;
const REST = 120;
/** Steps of the codes while they snap, in sigma. */
const SNAP = 0.5;

export class Lab {
  /** @param {ShadowRoot | HTMLElement} parent */
  constructor(parent) {
    this.host = hostOf(parent);
    this.root = element("div", { class: "lab" });
    this.frame = element("div", { class: "frame" }, this.root);
    parent.append(element("style", { text: css }), this.frame);
    this.theme = themeOf(this.host);
    this.frames = new Frames(() => this.#draw());
    /** Counts what was sent to Python; an answer to something older does not move the controls back. */
    this.sent = 0;
    this.moving = false;
    /** @type {LabData | null} */
    this.data = null;
    /** @type {LabModel | null} */
    this.model = null;
    /** @type {LabMap | null} */
    this.map = null;
    /** @type {import("./lab_model.js").Controls | null} */
    this.controls = null;
    /** Where the samples are, and where they were before the last change. */
    /** @type {Float32Array | null} */
    this.places = null;
    /** @type {Float32Array | null} */
    this.before = null;
    /** The last redraw with a new path was slow: while a finger moves, the path waits. */
    this.slow = false;
    /** @type {import("./lab_model.js").Path | null} */
    this.path = null;
    this.pathKey = "";
    this.pair = [0, 1];
    this.snap = false;
    /** How far from utterance A to utterance B. */
    this.way = 0;
    /** @type {Float32Array | null} */
    this.grid = null;
    this.gridKey = "";
    /** @type {(() => void)[]} */
    this.shows = [];
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.resting = undefined;
    this.turn = 0;
  }

  /** @param {LabData} data @param {{state: Send, trigger: Send}} send */
  async update(data, send) {
    const turn = ++this.turn;
    this.send = send;
    const [pack, inputs] = await Promise.all([takePack(data.pack), takePack(data.inputs)]);
    // Meanwhile something newer may have come.
    if (turn !== this.turn) return;
    this.theme = themeOf(this.host);
    if (this.data?.pack !== data.pack || !this.model) {
      this.map?.remove();
      this.model = new LabModel(pack, { ...data, codes: data.codes.length });
      this.controls = null;
      this.data = null;
      this.#build(pack, data);
    }
    if (this.data?.inputs !== data.inputs) {
      this.model.setInputs(inputs);
      this.pathKey = "";
    }
    this.data = data;
    if (!this.controls || (!this.moving && data.seen >= this.sent)) {
      this.controls = structuredClone(data.controls);
      this.sent = Math.max(this.sent, data.seen);
    }
    this.undo?.toggleAttribute("disabled", !data.canUndo);
    const first = !this.root.dataset.ready;
    this.frames.now();
    this.map?.view.drawBase();
    if (first) {
      this.map?.closeUp();
      this.root.dataset.ready = "1";
      performance.mark("mirage:ready");
    }
  }

  remove() {
    clearTimeout(this.resting);
    this.frames.stop();
    this.map?.remove();
    this.frame.remove();
  }

  /** @param {import("./tensors.js").Packed} pack @param {LabData} data */
  #build(pack, data) {
    const theme = () => this.theme;
    const { classes, colours, codes, words, help } = data;
    const listener = { moved: () => this.#moved(), released: () => this.#released() };
    const now = () => /** @type {import("./lab_model.js").Controls} */ (this.controls);
    this.map = new LabMap(pack, data, theme, (sample) => {
      now().sample = sample;
      this.#moved();
      this.#released();
    });
    this.bars = posteriorBars(classes, colours);
    this.codes = codesChart(codes, CODE_LIMIT);
    this.information = measure("Pointwise MI", "nats", help.information, words.information, (value) => signed(value, 2));
    this.novelty = measure("Novelty", "×", help.novelty, words.novelty, (value) => value.toFixed(2));
    this.strip = traversal(colours.slice(0, -1), theme, (value, done) => {
      now().codes[now().strip] = value;
      this.#moved();
      if (done) this.#released();
    });

    const kind = choice("One emotion or a mixture", ["One emotion", "Mixture"], () => (now().mixture ? 1 : 0), (index) => {
      if (index === 1 && !now().mixture) now().mixture = this.model?.shares(now()) ?? null;
      if (index === 0 && this.model) Object.assign(now(), { emotion: this.model.asked(now()), mixture: null });
      this.#moved();
      this.#released();
    });
    const emotion = choice("Emotion", classes, () => now().emotion, (index) => {
      now().emotion = index;
      this.#moved();
      this.#released();
    }, colours);
    const mixing = emotionPad({ names: classes, colours, theme }, () => this.model?.shares(now()) ?? [], (shares) => {
      now().mixture = shares;
    }, listener);
    const weights = classes.map((name, index) =>
      slider({ label: name, help: help.mixture, low: 0, high: 1, step: 0.01, rest: 0, digits: 2, name: `share-${index}` },
        () => now().mixture?.[index] ?? 0,
        (value) => {
          const mixture = [...(now().mixture ?? [])];
          mixture[index] = value;
          // A mixture of nothing is no mixture.
          if (mixture.some((weight) => weight > 0)) now().mixture = mixture;
        }, listener));
    const mixture = element("div", { class: "mixture" }, mixing.canvas, ...weights.map(({ whole }) => whole));

    const sliders = codes.map((name, index) =>
      slider({ label: `${name} (σ)`, help: help.code, low: -CODE_LIMIT, high: CODE_LIMIT, step: 0.01, rest: 0, digits: 2, name },
        () => now().codes[index],
        (value, typed) => {
          now().codes[index] = typed ? value : this.#snapped(value);
        }, listener));
    const truncation = slider(
      { label: "Truncation", help: help.truncation, low: 0, high: TRUNCATION_LIMIT, step: 0.01, rest: 1, digits: 2, name: "truncation" },
      () => now().truncation, (value) => {
        now().truncation = value;
      }, listener);
    const way = slider({ label: "A to B", help: help.between, low: 0, high: 1, step: 0.01, rest: 0, digits: 2, name: "between" },
      () => this.way,
      (value) => this.#goBetween(value), listener);
    const pad = codes.length < 2 ? null : codePad(
      { names: () => [codes[this.pair[0]], codes[this.pair[1]]], limit: CODE_LIMIT, theme, colours: colours.slice(0, -1), grid: () => this.#grid() },
      () => [now().codes[this.pair[0]], now().codes[this.pair[1]]],
      (values) => values.forEach((value, axis) => (now().codes[this.pair[axis]] = this.#snapped(value))), listener);
    const snap = element("input", { type: "checkbox" });
    snap.addEventListener("change", () => (this.snap = snap.checked));
    const snapping = element("label", { class: "line caption", title: `Sliders and pad stop at every ${SNAP} sigma; a number may be anything` }, snap, `Snap to ${SNAP} σ`);
    const axes = ["across", "up"].map((way, axis) => {
      const select = element("select", { "aria-label": `Code that the pad moves ${way}`, title: `Code that the pad moves ${way}` });
      codes.forEach((name, index) => select.append(new Option(`${name} ${axis ? "↑" : "→"}`, String(index), false, index === axis)));
      select.addEventListener("change", () => {
        const chosen = Number(select.value);
        // Both axes on one code would be one slider.
        if (chosen === this.pair[1 - axis]) this.pair[1 - axis] = this.pair[axis];
        this.pair[axis] = chosen;
        selects().forEach((one, k) => (one.value = String(this.pair[k])));
        pad?.show();
      });
      return select;
    });
    const selects = () => axes;
    const strips = choice("Code that the strip moves", codes, () => now().strip, (index) => {
      now().strip = index;
      this.#moved();
      this.#released();
    });
    this.undo = element("button", { type: "button", class: "quiet", text: "↶ Undo", title: "One change back (Ctrl+Z)", onclick: () => this.#act("undo") });
    const reset = element("button", { type: "button", class: "quiet", text: "↺ Reset all", title: "Every control as at the start; Undo brings them back", onclick: () => this.#act("reset") });
    this.root.onkeydown = (event) => {
      if ((event.ctrlKey || event.metaKey) && event.key === "z" && !(event.target instanceof HTMLInputElement && event.target.type === "number")) {
        event.preventDefault();
        this.#act("undo");
      }
    };
    const sample = element("input", { type: "number", min: 1, step: 1, "aria-label": "Sample looked at" });
    sample.addEventListener("change", () => {
      if (!Number.isFinite(sample.valueAsNumber)) return;
      now().sample = clamp(Math.round(sample.valueAsNumber) - 1, 0, (this.data?.count ?? 1) - 1);
      this.#moved();
      this.#released();
    });
    const many = element("span");

    this.root.replaceChildren(
      element("section", { class: "controls", "aria-label": "Controls" },
        element("div", { class: "line" }, this.undo, reset),
        element("h4", { text: "Emotion" }), kind.whole, emotion.whole, mixture,
        element("div", { class: "line" }, element("h4", { text: "Latent codes" }), snapping), ...sliders.map(({ whole }) => whole), way.whole,
        pad && element("div", { class: "line pads" }, pad.canvas, element("div", { class: "column" }, ...axes)),
        element("h4", { text: "Noise" }), truncation.whole),
      element("section", { class: "middle", "aria-label": "Map" }, this.map.view.whole,
        element("p", { class: "caption", text: help.map })),
      element("section", { class: "readout", "aria-label": "What the run reads from it" },
        element("div", {}, element("h4", { text: "Recognised as" }), this.bars.whole,
          element("label", { class: "line caption", title: "Ringed on the map; a click on a star chooses it too" }, "Rings: sample", sample, many)),
        element("div", {}, element("h4", { text: "Codes asked and read back" }), this.codes.whole),
        element("div", {}, this.information.whole, this.novelty.whole)),
      element("section", { class: "traversal", "aria-label": "Traversal" },
        element("div", { class: "line" }, element("h4", { text: "Traversal of" }), strips.whole), this.strip.canvas,
        element("p", { class: "caption", text: help.strip })));
    this.shows = [
      () => {
        const count = this.data?.count ?? 1;
        sample.max = String(count);
        if (/** @type {ShadowRoot | Document} */ (sample.getRootNode()).activeElement !== sample) sample.value = String(now().sample + 1);
        say(many, `of ${count}; bars: the mean of all`);
      },
      () => {
        way.whole.hidden = !this.data?.ends;
        way.show();
      },
      kind.show,
      strips.show,
      truncation.show,
      ...sliders.map(({ show }) => show),
      () => {
        const mixed = now().mixture !== null;
        emotion.whole.hidden = mixed;
        mixture.hidden = !mixed;
        if (!mixed) return emotion.show();
        mixing.knob.fill = this.theme.accent;
        mixing.show();
        weights.forEach(({ show }) => show());
      },
      () => {
        if (!pad) return;
        pad.knob.fill = this.theme.accent;
        pad.show();
      },
    ];
  }

  /** Emotions and codes a share of the way from utterance A to utterance B. @param {number} share */
  #goBetween(share) {
    const [from, to] = this.data?.ends ?? [];
    if (!from || !to || !this.controls) return;
    this.way = share;
    const mix = (/** @type {number[]} */ a, /** @type {number[]} */ b) => a.map((value, i) => value + share * (b[i] - value));
    this.controls.mixture = mix(from.emotion, to.emotion);
    this.controls.codes = mix(from.codes, to.codes);
  }

  /** @param {number} value in sigma */
  #snapped(value) {
    return this.snap ? Math.round(value / SNAP) * SNAP : value;
  }

  /** What the pad's two codes do to the posterior, found while the finger rests: it takes longer than a frame has. */
  #grid() {
    const { controls, model, data, pair } = this;
    if (!controls || !model || !data) return null;
    const others = controls.codes.map((code, index) => (pair.includes(index) ? 0 : code));
    const key = JSON.stringify([{ ...controls, codes: others, strip: 0 }, pair, data.inputs]);
    if (key !== this.gridKey && !this.moving) {
      this.grid = model.grid(controls, pair);
      this.gridKey = key;
    }
    return key === this.gridKey ? this.grid : null;
  }

  /** Something was changed by hand and is still held. */
  #moved() {
    if (!this.moving) {
      this.moving = true;
      this.before = this.places?.slice() ?? null;
    }
    this.frames.ask();
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.#rest(), REST);
  }

  #released() {
    this.moving = false;
    this.sent += 1;
    this.send?.state("asked", { ...this.controls, seq: this.sent, run: this.data?.run });
    this.#rest();
  }

  /** @param {string} what */
  #act(what) {
    this.before = this.places?.slice() ?? null;
    this.sent += 1;
    this.send?.trigger("act", { what, seq: this.sent });
  }

  /** The finger rests: what was left out in a hurry is done. */
  #rest() {
    clearTimeout(this.resting);
    this.slow = false;
    this.frames.ask();
  }

  #draw() {
    const { model, map, controls, data } = this;
    if (!model || !map || !controls || !data) return;
    const start = performance.now();
    const made = model.make(controls);
    controls.sample = Math.min(controls.sample, made.count - 1);
    // The path is that of the code which the strip moves: where this code stands does not change it.
    const others = controls.codes.map((code, index) => (index === controls.strip ? 0 : code));
    const key = JSON.stringify([{ ...controls, codes: others }, data.inputs]);
    if (key !== this.pathKey && !(this.moving && this.slow)) {
      // The networks write over what they gave.
      Object.assign(made, { places: made.places.slice(), posterior: made.posterior.slice(), h: made.h.slice() });
      this.path = model.path(controls);
      this.pathKey = key;
      this.slow = performance.now() - start > HURRY;
    }
    this.places = made.places;
    map.show({
      places: made.places,
      posterior: made.posterior,
      before: this.before,
      path: this.path,
      sample: controls.sample,
      pathName: data.codes[controls.strip],
      kept: [...data.kept, ...(data.ends ?? [])],
    });
    const look = model.look(made, controls);
    this.bars?.show(made.posterior, controls.sample);
    this.codes?.show(controls.codes, look.codes);
    this.information?.show(look.information);
    this.novelty?.show(look.novelty);
    this.strip?.show(this.path, controls.codes[controls.strip], data.codes[controls.strip]);
    for (const show of this.shows) show();
  }
}
