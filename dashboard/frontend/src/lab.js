/** The latent lab: its controls, its map and what is read from it, all moving in the browser. Python hears on release. */

import { choice, clamp, element, say, signed } from "./dom.js";
import { Frames } from "./frames.js";
import css from "./lab.css";
import { labControls } from "./lab_controls.js";
import { LabMap } from "./lab_map.js";
import { CODE_LIMIT, LabModel } from "./lab_model.js";
import { takePack } from "./packs.js";
import { codesChart, measure, posteriorBars } from "./readout.js";
import { traversal } from "./strip.js";
import { hostOf, themeOf } from "./theme.js";

/**
 * @typedef {{token: string, pack: string, inputs: string, run: string, classes: string[], colours: string[], codes: string[],
 *   prior: number[], typical: number, dim: number, frame: import("./camera.js").Frame, count: number, canUndo: boolean,
 *   controls: import("./lab_model.js").Controls, seen: number, kept: {name: string, x: number, y: number}[],
 *   ends: End[] | null, directions: {name: string, vector: number[]}[], words: {information: import("./readout.js").Words, novelty: import("./readout.js").Words},
 *   help: Record<string, string>, plain?: boolean}} LabData what dashboard/lab/component.py sends
 * @typedef {{name: string, emotion: number[], codes: number[], x: number | null, y: number | null}} End of the way between utterances
 * @typedef {(name: string, value: unknown) => void} Send
 */

/** A redraw that took longer leaves the path for when the finger rests, in milliseconds. */
const HURRY = 8;
const REST = 120;
/** Events that are sent again until Python has answered; more happen only while it does not answer at all. */
const UNHEARD = 200;

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
    /** @type {{seq: number, run?: string}[]} what was sent and not yet answered */
    this.waiting = [];
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
    /** @type {Float32Array | null} */
    this.grid = null;
    this.gridKey = "";
    /** @type {(() => void)[]} */
    this.shows = [];
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.resting = undefined;
    this.turn = 0;
  }

  /** @param {LabData} data @param {Send} send */
  async update(data, send) {
    const turn = ++this.turn;
    this.send = send;
    const [pack, inputs] = await Promise.all([takePack(data.pack), takePack(data.inputs)]);
    // Meanwhile something newer may have come.
    if (turn !== this.turn) return;
    this.theme = themeOf(this.host);
    this.map?.shade();
    if (this.data?.token !== data.token || this.data?.pack !== data.pack || !this.model) {
      this.map?.remove();
      this.model = new LabModel(pack, { ...data, codes: data.codes.length });
      this.controls = null;
      this.data = null;
      // Another run, or a server that has forgotten this page, counts from its own beginning.
      this.sent = data.seen;
      Object.assign(this, { waiting: [], gridKey: "", before: null, places: null, path: null, moving: false });
      this.#build(pack, data);
    }
    if (this.data?.inputs !== data.inputs) {
      this.model.setInputs(inputs);
      this.pathKey = "";
    }
    this.data = data;
    this.waiting = this.waiting.filter(({ seq }) => seq > data.seen);
    if (!this.controls || (!this.moving && data.seen >= this.sent)) {
      this.controls = structuredClone(data.controls);
      this.sent = Math.max(this.sent, data.seen);
    }
    this.panel?.undo.toggleAttribute("disabled", !data.canUndo);
    this.root.classList.toggle("plain", data.plain === true);
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
    this.turn += 1;
    clearTimeout(this.resting);
    this.frames.stop();
    this.map?.remove();
    this.frame.remove();
  }

  /** @param {import("./tensors.js").Packed} pack @param {LabData} data */
  #build(pack, data) {
    const theme = () => this.theme;
    const { classes, colours, codes, words, help } = data;
    const now = () => /** @type {import("./lab_model.js").Controls} */ (this.controls);
    const changed = () => {
      this.#moved();
      this.#released();
    };
    this.panel = labControls({
      now,
      theme,
      data: () => this.data ?? data,
      model: () => /** @type {LabModel} */ (this.model),
      moved: () => this.#moved(),
      released: () => this.#released(),
      act: (what, more) => this.#act(what, more),
      grid: (pair) => this.#grid(pair),
    });
    this.map = new LabMap(pack, data, theme, (sample) => {
      now().sample = sample;
      changed();
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

    const strips = choice("Code that the strip moves", codes, () => now().strip, (index) => {
      now().strip = index;
      changed();
    });
    this.root.onkeydown = (event) => {
      if ((event.ctrlKey || event.metaKey) && event.key === "z" && !(event.target instanceof HTMLInputElement && ["number", "text"].includes(event.target.type))) {
        event.preventDefault();
        this.#act("undo");
      }
    };
    const sample = element("input", { type: "number", min: 1, step: 1, "aria-label": "Sample looked at" });
    sample.addEventListener("change", () => {
      if (!Number.isFinite(sample.valueAsNumber)) return;
      now().sample = clamp(Math.round(sample.valueAsNumber) - 1, 0, (this.data?.count ?? 1) - 1);
      changed();
    });
    const many = element("span");

    this.root.replaceChildren(
      this.panel.whole,
      element("section", { class: "middle", "aria-label": "Map" }, this.map.view.whole,
        element("p", { class: "caption extra", text: help.map })),
      element("section", { class: "readout", "aria-label": "What the run reads from it" },
        element("div", {}, element("h4", { text: "Recognised as" }), this.bars.whole,
          element("label", { class: "line caption extra", title: "Ringed on the map; a click on a star chooses it too" }, "Rings: sample", sample, many)),
        element("div", { class: "extra" }, element("h4", { text: "Codes asked and read back" }), this.codes.whole),
        element("div", { class: "extra" }, this.information.whole, this.novelty.whole)),
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
      strips.show,
      this.panel.show,
    ];
  }

  /**
   * What two codes do to the posterior, found while the finger rests: it takes longer than a frame has.
   *
   * @param {number[]} pair
   */
  #grid(pair) {
    const { controls, model, data } = this;
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
    this.#tell({ what: "asked", ...structuredClone(this.controls) });
    this.#rest();
  }

  /** @param {string} what @param {object} more */
  #act(what, more = {}) {
    this.before = this.places?.slice() ?? null;
    this.#tell({ ...more, what });
  }

  /**
   * Tells Python, with all that it has not answered yet: Streamlit keeps the newest value alone while it is busy.
   *
   * @param {object} event
   */
  #tell(event) {
    this.sent += 1;
    this.waiting.push({ ...event, seq: this.sent, run: this.data?.run });
    this.send?.("events", this.waiting.slice(-UNHEARD));
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
      kept: [...data.kept, ...(data.ends ?? []).flatMap(({ name, x, y }) => (x === null || y === null ? [] : [{ name, x, y }]))],
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
