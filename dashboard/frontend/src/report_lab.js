/** The report's lab: the run's generator in the page, moved by an emotion pad and a pad over two codes. */

import { choice, element, say } from "./dom.js";
import { Frames } from "./frames.js";
import look from "./lab.css";
import { LabMap } from "./lab_map.js";
import { CODE_LIMIT, LabModel } from "./lab_model.js";
import { codePad, emotionPad } from "./pads.js";
import { calmWheel } from "./report_map.js";
import { measure, posteriorBars } from "./readout.js";
import css from "./report_part.css";
import { floats, Unreadable } from "./tensors.js";
import { themeOf } from "./theme.js";

/**
 * @typedef {{classes: string[], colours: string[], codes: string[], pair: number[], prior: number[], typical: number,
 *   dim: number, frame: import("./camera.js").Frame, shown: import("./camera.js").Frame, noise: number, count: number,
 *   words: {information: import("./readout.js").Words, novelty: import("./readout.js").Words},
 *   help: {information: string, novelty: string}}} LabData what dashboard/report/lab_part.py writes; ``pair`` are the codes
 *   that the pad begins with
 */

export class ReportLab {
  /**
   * @param {HTMLElement} host
   * @param {import("./tensors.js").Packed} pack networks, ``reference``, ``places`` and ``paint`` as the dashboard's lab has
   *   them; ``z`` (count, noise); where text is an input, ``texts`` (k * m, d): m of each class, one after another
   * @param {LabData} data
   */
  constructor(host, pack, data) {
    this.host = host;
    this.data = data;
    this.theme = themeOf(host);
    this.model = new LabModel(pack, { ...data, codes: data.codes.length });
    this.texts = pack.tensors.has("texts") ? floats(pack, "texts") : null;
    this.noise = floats(pack, "z");
    if (this.noise.length !== data.count * data.noise) throw new Unreadable("the noise is not as much as the samples");
    /** Which of the texts each sample takes, the same in every class. */
    this.turns = Array.from({ length: data.count }, (_, i) => i);
    /** @type {import("./lab_model.js").Controls} */
    this.controls = { emotion: 0, mixture: data.classes.map((_, i) => Number(i === 0)), codes: data.codes.map(() => 0), truncation: 1, sample: 0, strip: 0 };
    this.asked = -1;
    this.frames = new Frames(() => this.#draw());
    this.map = new LabMap(pack, data, () => this.theme, (sample) => {
      this.controls.sample = sample;
      this.#changed();
    });
    // Transcripts are not on this map: it need not be as large as all.
    const { camera } = this.map.view;
    camera.whole = data.shown;
    camera.fit(data.shown);
    /** @type {(() => void)[]} */
    this.shows = [];
    this.moving = false;
    /** @type {Float32Array | null} */
    this.grid = null;
    this.gridKey = "";
    /** @type {import("./lab_model.js").Made | null} */
    this.made = null;
    /** Where the stars were before the last change. @type {Float32Array | null} */
    this.before = null;
    const root = element("div", { class: "lab report" }, this.#panel(), this.#middle(), this.#readout());
    host.attachShadow({ mode: "open" }).append(element("style", { text: look + css }), element("div", { class: "frame" }, root));
    calmWheel(root, this.map.view.whole);
    this.frames.now();
    this.#tell();
    root.dataset.ready = "1";
  }

  /** The page has become light or dark. */
  shade() {
    this.theme = themeOf(this.host);
    this.map.shade();
    this.map.view.redraw();
    this.frames.ask();
  }

  #panel() {
    const { data, controls } = this;
    const theme = () => this.theme;
    const listener = { moved: () => this.#moved(), released: () => this.#tell() };
    const shares = () => /** @type {number[]} */ (controls.mixture);
    const pad = emotionPad({ names: data.classes, colours: data.colours, theme }, shares, (found) => (controls.mixture = found), listener);
    const pure = choice("One emotion alone", data.classes, () => shares().indexOf(1), (index) => {
      controls.mixture = data.classes.map((_, i) => Number(i === index));
      this.#changed();
    }, data.colours);
    this.shows.push(() => {
      pad.knob.fill = this.theme.accent;
      pad.show();
      pure.show();
    });
    const fresh = element("button", { type: "button", text: "Draw anew" });
    fresh.addEventListener("click", () => this.#drawNoise());
    const reset = element("button", { type: "button", class: "quiet", text: "Back to the start" });
    reset.addEventListener("click", () => {
      Object.assign(controls, { mixture: data.classes.map((_, i) => Number(i === 0)), sample: 0 });
      controls.codes.fill(0);
      this.#changed();
    });
    return element("section", { class: "controls", "aria-label": "Controls" },
      element("h3", { text: "Emotion" }), pad.canvas, pure.whole,
      ...this.#codes(listener),
      element("div", { class: "line" }, fresh, reset));
  }

  /** @param {import("./dom.js").Listener} listener @returns {HTMLElement[]} */
  #codes(listener) {
    const { data, controls } = this;
    if (data.codes.length < 2) return [];
    const pair = [...data.pair];
    const pad = codePad(
      { names: () => [data.codes[pair[0]], data.codes[pair[1]]], limit: CODE_LIMIT, theme: () => this.theme, colours: data.colours.slice(0, -1), grid: () => this.#grid(pair) },
      () => [controls.codes[pair[0]], controls.codes[pair[1]]],
      (values) => values.forEach((value, axis) => (controls.codes[pair[axis]] = value)), listener);
    const selects = ["across", "up"].map((way, axis) => {
      const select = element("select", { "aria-label": `Code that the pad moves ${way}` });
      data.codes.forEach((name, index) => select.append(new Option(`${name} ${axis ? "↑" : "→"}`, String(index), false, index === pair[axis])));
      select.addEventListener("change", () => {
        const chosen = Number(select.value);
        // Both axes on one code would be one line.
        if (chosen === pair[1 - axis]) pair[1 - axis] = pair[axis];
        pair[axis] = chosen;
        selects.forEach((one, k) => (one.value = String(pair[k])));
        this.#changed();
      });
      return select;
    });
    this.shows.push(() => {
      pad.knob.fill = this.theme.accent;
      pad.show();
    });
    return [element("h3", { text: "Two codes" }), element("div", { class: "line pads" }, pad.canvas, element("div", { class: "column" }, ...selects)),
      element("p", { class: "caption", text: "Colour: which emotion is recognised there, the stronger the surer." })];
  }

  #middle() {
    return element("section", { class: "middle", "aria-label": "Map of what is generated" }, this.map.view.whole,
      element("p", { class: "caption", text: "★ generated now, coloured by what the classifier recognises; ● real utterances. A click on a star chooses the one that is looked at (ringed)." }));
  }

  #readout() {
    const { data } = this;
    this.bars = posteriorBars(data.classes, data.colours);
    this.information = measure("Pointwise MI", "nats", data.help.information, data.words.information, (value) => value.toFixed(2));
    this.novelty = measure("Novelty", "×", data.help.novelty, data.words.novelty, (value) => value.toFixed(2));
    this.told = element("p", { class: "told", "aria-live": "polite" });
    return element("section", { class: "readout", "aria-label": "What the run reads from it" },
      element("div", {}, element("h3", { text: "Recognised as" }), this.bars.whole,
        element("p", { class: "caption", text: "Bars: the mean of all stars. Ring: the star looked at." })),
      element("div", {}, this.information.whole, this.novelty.whole), this.told);
  }

  /** @param {number[]} pair @returns {Float32Array | null} what is drawn behind the pad; while a finger moves, as it was */
  #grid(pair) {
    const others = this.controls.codes.map((code, index) => (pair.includes(index) ? 0 : code));
    const key = JSON.stringify([{ ...this.controls, codes: others }, pair, this.turns]);
    if (key !== this.gridKey && !this.moving) {
      this.grid = this.model.grid(this.controls, pair);
      this.gridKey = key;
    }
    return key === this.gridKey ? this.grid : null;
  }

  #moved() {
    if (!this.moving) this.before = this.made?.places ?? null;
    this.moving = true;
    this.frames.ask();
  }

  #changed() {
    this.#moved();
    this.#tell();
  }

  #drawNoise() {
    for (let i = 0; i < this.noise.length; i++) this.noise[i] = Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
    for (let i = 0; i < this.turns.length; i++) this.turns[i] = Math.floor(Math.random() * 1e6);
    this.asked = -1;
    this.#changed();
  }

  /** The inputs of the samples: texts are those of the emotion that is asked for, as the dashboard takes them. */
  #inputs() {
    const asked = this.model.asked(this.controls);
    if (asked === this.asked) return;
    this.asked = asked;
    const { count, noise, dim, classes } = this.data;
    /** @type {Map<string, import("./tensors.js").Tensor>} */
    const tensors = new Map([["z", { shape: [count, noise], values: this.noise }]]);
    if (this.texts) {
      const each = this.texts.length / dim / classes.length;
      const values = new Float32Array(count * dim);
      this.turns.forEach((turn, row) => {
        const from = (asked * each + (turn % each)) * dim;
        values.set(/** @type {Float32Array} */ (this.texts).subarray(from, from + dim), row * dim);
      });
      tensors.set("t", { shape: [count, dim], values });
    }
    this.model.setInputs({ tensors, metadata: {} });
  }

  #draw() {
    const { controls, model } = this;
    this.#inputs();
    this.made = model.make(controls);
    this.map.show({ places: this.made.places, posterior: this.made.posterior, before: this.before, path: null, sample: controls.sample, pathName: "", kept: [] });
    const { information, novelty } = model.look(this.made, controls);
    this.bars?.show(this.made.posterior, controls.sample);
    this.information?.show(information);
    this.novelty?.show(novelty);
    for (const show of this.shows) show();
  }

  /** What came of it in words, once the hand rests. */
  #tell() {
    this.moving = false;
    this.frames.now();
    if (!this.told || !this.made) return;
    const { classes } = this.data;
    const { posterior, count } = this.made;
    const percent = (/** @type {number} */ share) => `${Math.round(100 * share)} %`;
    const asked = this.model.shares(this.controls).map((share, i) => ({ share, name: classes[i] })).filter(({ share }) => share >= 0.005).sort((a, b) => b.share - a.share);
    const means = classes.map((_, k) => Array.from({ length: count }, (_, row) => posterior[row * classes.length + k]).reduce((a, b) => a + b, 0) / count);
    const best = means.indexOf(Math.max(...means));
    say(this.told, `Asked for ${asked.map(({ share, name }) => `${percent(share)} ${name}`).join(", ")}; the classifier recognises ${classes[best]} (${percent(means[best])} on average).`);
  }
}
